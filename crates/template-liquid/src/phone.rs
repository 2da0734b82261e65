//! Telephone numbers, read as people of a region write them.

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, format, parse};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The most characters that are read; no number is as long.
const CHARACTERS_MAX: usize = 64;

/// A region by its two letters, such as GB, in capital or small letters.
pub(crate) fn region(name: &str) -> Option<Id> {
    let name = name.trim().to_ascii_uppercase();
    // The library knows more names than it has numbering plans for, and panics without one.
    DATABASE.by_id(&name)?;
    name.parse().ok()
}

/// A number as E.164 writes it, +442079460001; `None` where the text is no valid number. Without a region, only what begins with `+`
/// can be one. An extension is no part of it.
pub(crate) fn e164(text: &str, region: Option<Id>) -> Option<String> {
    let plain = plain(text)?;
    // The library unwraps what it takes for granted.
    catch_unwind(AssertUnwindSafe(|| {
        let number = parse(region, &plain).ok().filter(phonenumber::is_valid)?;
        Some(format(&number).mode(Mode::E164).to_string())
    }))
    .ok()
    .flatten()
    .filter(|number| number.len() <= 16 && number.starts_with('+'))
}

/// The digits and signs of a number; `None` where there is anything else.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let lower = text.to_ascii_lowercase();
    let end = ["ext", "x", "#", ";", ","].into_iter().filter_map(|mark| lower.find(mark)).min();
    let text = &text[..end.unwrap_or(text.len())];
    if text.chars().count() > CHARACTERS_MAX {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' => plain.push(c),
            '+' if plain.is_empty() => plain.push(c),
            // As `(0)` in +49 (0)89: the library knows what it means.
            '(' | ')' | '-' | '.' | '/' | ' ' => plain.push(c),
            '\u{2010}'..='\u{2015}' => plain.push('-'),
            '\u{A0}' | '\u{202F}' | '\u{2009}' => plain.push(' '),
            // Signs of writing direction.
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {}
            '\u{FF0B}' if plain.is_empty() => plain.push('+'),
            _ => return None,
        }
    }
    plain.bytes().any(|byte| byte.is_ascii_digit()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_a_region_writes_them() {
        for (region_name, text, expected) in [
            ("DE", "089 1234567", Some("+49891234567")),
            ("de", "+49 (0)89 1234567", Some("+49891234567")),
            ("GB", "020 7946 0001", Some("+442079460001")),
            ("GB", "0044 20 7946 0001", Some("+442079460001")),
            ("GB", "+1 (415) 555-2671", Some("+14155552671")),
            ("US", "(415) 555\u{2011}2671 ext. 42", Some("+14155552671")),
            ("US", "tel:+1-415-555-2671;ext=42", Some("+14155552671")),
            ("US", "\u{202A}+1 415 555 2671\u{202C}", Some("+14155552671")),
            ("IT", "06 1234 5678", Some("+390612345678")),
            ("GB", "12345", None),
            ("GB", "call me", None),
            ("GB", "", None),
            ("GB", "+", None),
            ("GB", "++44 20 7946 0001", None),
            ("GB", "020 7946 0001 or 020 7946 0002", None),
        ] {
            assert_eq!(e164(text, region(region_name)).as_deref(), expected, "{text} in {region_name}");
        }
        assert_eq!(e164("+44 20 7946 0001", None).as_deref(), Some("+442079460001"));
        assert_eq!(e164("020 7946 0001", None), None);
        assert_eq!(e164(&"1".repeat(1_000_000), region("GB")), None);
        for name in ["", "UK", "XX", "G", "GBR", "001", "AN", "\u{1F1EC}"] {
            assert!(region(name).is_none(), "{name}");
        }
    }
}
