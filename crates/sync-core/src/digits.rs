//! Numbers by their digits.
//!
//! A JSON value holds numbers of 64 bits, whole or floating point: of `89014103211118510720` or `1.10` it would not give back
//! what it was given. Such numbers of a person's `custom` and `contact` are kept as text that begins with [`MARK`], so that
//! stores, which keep JSON, need not know of them; a text that begins with it is kept with one more. Whoever shows a kept
//! value asks [`kept`] what it is.

use crate::fault::{Fault, PathPart};
use serde_json::{Number, Value};
use std::borrow::Cow;

/// Leads a text that is a number, or one that begins with this character. It is no character of any script: Unicode keeps it
/// for the inner use of programs.
pub const MARK: char = '\u{FDD0}';
/// The most digits that a number may have, before and behind the point.
pub const DIGITS_MAX: usize = 100;
/// The largest exponent that may be written, with either sign.
pub const EXPONENT_MAX: u32 = 308;

/// What a kept text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<'v> {
    /// A number that a JSON value cannot hold, by its digits.
    Number(&'v str),
    /// A text.
    Text(&'v str),
}

/// What a kept text is.
pub fn kept(text: &str) -> Kept<'_> {
    match text.strip_prefix(MARK) {
        Some(rest) if rest.starts_with(MARK) => Kept::Text(rest),
        Some(rest) if is_number(rest) && !is_held(rest) => Kept::Number(rest),
        _ => Kept::Text(text),
    }
}

/// A number as it is kept: as one of the value's own, where that gives back the same digits. `None` where it is no JSON number.
pub fn number(digits: &str) -> Option<Value> {
    if !is_number(digits) {
        return None;
    }
    let own = is_held(digits).then(|| serde_json::from_str::<Number>(digits).ok()).flatten();
    Some(own.map_or_else(|| Value::String(format!("{MARK}{digits}")), Value::Number))
}

/// A text as it is kept.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.starts_with(MARK) { Cow::Owned(format!("{MARK}{text}")) } else { Cow::Borrowed(text) }
}

/// Whether a JSON value gives back the digits of a number.
pub fn is_held(digits: &str) -> bool {
    let whole = digits.strip_prefix('-').unwrap_or(digits);
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        // -0 would come back as -0.0.
        return digits != "-0" && (whole.len() <= 18 || digits.parse::<i64>().is_ok() || digits.parse::<u64>().is_ok());
    }
    serde_json::from_str::<Number>(digits).is_ok_and(|number| number.to_string() == digits)
}

/// Whether a text is a JSON number.
pub fn is_number(text: &str) -> bool {
    let count = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = text.strip_prefix('-').unwrap_or(text);
    let whole = count(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = count(fraction);
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && count(exponent) == exponent.len()
        }
        None => rest.is_empty(),
    }
}

/// Adds a fault, with its path, for each number of a value that has more digits or a larger exponent than it may.
pub(crate) fn check(value: &Value, path: &mut Vec<PathPart>, faults: &mut Vec<Fault>) {
    let mut under = |part: PathPart, value: &Value, faults: &mut Vec<Fault>| {
        path.push(part);
        check(value, path, faults);
        path.pop();
    };
    match value {
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                under(PathPart::Index(n), item, faults);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                under(PathPart::Field(key.clone()), member, faults);
            }
        }
        Value::String(text) => {
            if let Kept::Number(digits) = kept(text)
                && let Some(fault) = fault(digits)
            {
                faults.push(Fault { path: path.clone(), message: fault, position: None });
            }
        }
        // One whose digits floating point gives back just so, as it does some of below 1e-308, is judged as those that are kept.
        Value::Number(number) if number.is_f64() => {
            if let Some(fault) = fault(&number.to_string()) {
                faults.push(Fault { path: path.clone(), message: fault, position: None });
            }
        }
        _ => {}
    }
}

fn fault(number: &str) -> Option<String> {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, ""));
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    if digits > DIGITS_MAX {
        return Some(format!("is a number of {digits} digits, more than {DIGITS_MAX}; write it as a string"));
    }
    let exponent = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    let is_small = exponent.is_empty() || exponent.parse::<u32>().is_ok_and(|exponent| exponent <= EXPONENT_MAX);
    (!is_small).then(|| format!("is a number whose exponent is beyond {EXPONENT_MAX}; write it as a string"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Digits that a value does not give back.
    const EXACT: [&str; 12] = [
        "89014103211118510720",
        "-9223372036854775809",
        "18446744073709551616",
        "1.10",
        "1e5",
        "1E+2",
        "-0",
        "1e400",
        "0.1234567890123456789",
        "123456789012345678901234567890",
        "1e-400",
        "100000000000000000000.0",
    ];

    #[test]
    fn digits_come_back() {
        for digits in EXACT {
            let Some(Value::String(kept_as)) = number(digits) else { panic!("{digits} is held") };
            assert_eq!(kept(&kept_as), Kept::Number(digits));
        }
        for digits in ["0", "-1", "18446744073709551615", "-9223372036854775808", "1.5", "0.1", "1e+30", "-2.5e-8"] {
            let value = number(digits).unwrap();
            assert!(value.is_number(), "{digits}");
            assert_eq!(value.to_string(), digits);
        }
        for none in ["", "01", "1.", ".5", "+1", "1e", "0x1", "1 ", "NaN", "--1", "1e+", "1.5.5"] {
            assert_eq!(number(none), None, "{none}");
        }
    }

    #[test]
    fn a_text_that_begins_with_the_mark_stays_a_text() {
        for given in ["", "1e5", "\u{FDD0}", "\u{FDD0}1e5", "\u{FDD0}\u{FDD0}1e5", "\u{FDD0}x"] {
            assert_eq!(kept(&text(given)), Kept::Text(given));
        }
        // From before there was the mark.
        for given in ["\u{FDD0}", "\u{FDD0}x", "\u{FDD0}15", "x\u{FDD0}1e5"] {
            assert_eq!(kept(given), Kept::Text(given));
        }
    }

    #[test]
    fn too_many_digits_are_told_where_they_stand() {
        let at_most = format!("{}.{}e-308", "1".repeat(50), "2".repeat(50));
        let long = format!("{}.{}", "1".repeat(50), "2".repeat(51));
        let of = |digits: &str| number(digits).unwrap();
        let value = json!({
            "fine": [of(&at_most), of("1e+0308"), of("0e-00000000000000000000")],
            "long": { "a": [0, of(&long)] },
            "large": of("1e309"), "small": of("-1.0E-309"), "huge": of("1e99999999999999999999"),
            // Floating point holds it, digit by digit; it is none the less beyond.
            "tiny": of("1e-309"), "least": of("2.5e-308"),
        });
        let mut faults = Vec::new();
        check(&value, &mut vec![PathPart::Field("custom".to_owned())], &mut faults);
        let mut told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        told.sort();
        assert_eq!(
            told,
            [
                "custom.huge: is a number whose exponent is beyond 308; write it as a string",
                "custom.large: is a number whose exponent is beyond 308; write it as a string",
                "custom.long.a.1: is a number of 101 digits, more than 100; write it as a string",
                "custom.small: is a number whose exponent is beyond 308; write it as a string",
                "custom.tiny: is a number whose exponent is beyond 308; write it as a string",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_number_gives_back_its_digits(digits in r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
            let shown = match number(&digits).unwrap() {
                Value::Number(number) => number.to_string(),
                Value::String(text) => match kept(&text) {
                    Kept::Number(digits) => digits.to_owned(),
                    Kept::Text(text) => panic!("{text}"),
                },
                other => panic!("{other}"),
            };
            prop_assert_eq!(shown, digits);
        }

        #[test]
        fn any_text_comes_back(given in "\u{FDD0}{0,3}(1e5|[a-z]{0,3})") {
            let as_kept = text(&given);
            prop_assert_eq!(kept(&as_kept), Kept::Text(given.as_str()));
        }
    }
}
