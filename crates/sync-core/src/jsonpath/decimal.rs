//! Comparing numbers by their digits, however many there are.

use crate::digits::is_number;
use std::cmp::Ordering;

/// Compares two JSON numbers by their value, exactly: `1.10` equals `1.1`, and no digit is rounded away. `None` where one
/// of them is no JSON number, or has an exponent beyond 64 bits and is not written like the other.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (Some(left), Some(right)) = (Decimal::of(left), Decimal::of(right)) else {
        return (left == right && is_number(left)).then_some(Ordering::Equal);
    };
    Some(match (left.negative, right.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => left.compare_size(&right),
        (true, true) => right.compare_size(&left),
    })
}

/// A number as 0.d1d2d3… × 10^point, d1 not being 0; zero has no digits and is never negative.
struct Decimal<'t> {
    negative: bool,
    /// The digits before and behind the point, from the first that is not 0.
    whole: &'t [u8],
    fraction: &'t [u8],
    point: i64,
}

impl<'t> Decimal<'t> {
    fn of(text: &'t str) -> Option<Self> {
        if !is_number(text) {
            return None;
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(mantissa) => (true, mantissa),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction);
        let zeros = if whole.is_empty() { fraction.len() - fraction.trim_start_matches('0').len() } else { 0 };
        let fraction = &fraction[zeros..];
        let zero = whole.is_empty() && fraction.is_empty();
        let shift = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        let point = if zero { i64::MIN } else { exponent.checked_add(shift)? };
        Some(Self { negative: negative && !zero, whole: whole.as_bytes(), fraction: fraction.as_bytes(), point })
    }

    fn compare_size(&self, other: &Self) -> Ordering {
        let digits = |of: &Self| of.whole.len() + of.fraction.len();
        let digit = |of: &Self, at: usize| {
            let behind = at.wrapping_sub(of.whole.len());
            of.whole.get(at).or_else(|| of.fraction.get(behind)).copied().unwrap_or(b'0')
        };
        self.point.cmp(&other.point).then_with(|| {
            (0..digits(self).max(digits(other)))
                .map(|at| digit(self, at).cmp(&digit(other, at)))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_their_value_and_to_the_last_digit() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, expected) in [
            ("1", "1.0", Equal),
            ("1.10", "1.1", Equal),
            ("1e2", "100", Equal),
            ("1E+2", "100.00", Equal),
            ("-0", "0", Equal),
            ("-0.0e7", "0", Equal),
            ("0e99", "0.0", Equal),
            ("120e-1", "12", Equal),
            ("0.00120", "1.2e-3", Equal),
            ("0.5", "0.93", Less),
            ("-0.5", "-0.93", Greater),
            ("-1", "0", Less),
            ("9007199254740993", "9007199254740992", Greater),
            ("12345678901234567890", "12345678901234567891", Less),
            ("0.1000000000000000055511151231257827", "0.1", Greater),
            ("1e400", "1e401", Less),
            ("-1e400", "-1e401", Greater),
            ("10", "9", Greater),
            ("100", "99.999999999999999999999", Greater),
            ("1e-400", "0", Greater),
            ("1e99999999999999999999", "1e99999999999999999999", Equal),
        ] {
            assert_eq!(compare(left, right), Some(expected), "{left} and {right}");
            assert_eq!(compare(right, left), Some(expected.reverse()), "{right} and {left}");
        }
        for (left, right) in
            [("1", "x"), ("01", "1"), ("1.", "1"), ("+1", "1"), ("", "0"), ("1e99999999999999999999", "1")]
        {
            assert_eq!(compare(left, right), None, "{left} and {right}");
        }
    }

    #[test]
    fn a_number_is_what_json_calls_one() {
        for text in ["0", "-0", "10", "-1.5", "1e5", "1E-5", "0.0", "12345678901234567890"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1 ", "NaN", "1.5.5", "1e5e5", "--1"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
