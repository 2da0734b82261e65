//! JSON text at the edge: what comes in, and what goes out.

use super::{MARK, marked};
use std::borrow::Cow;
use sync_core::digits::{is_held, is_number};

/// The JSON text of a request, with each number that a JSON value cannot hold as a text with a mark. Whoever reads a request must
/// pass its text through here, and its answer through [`give_out`]. What is no JSON stays what it is.
pub fn take_in(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while at < json.len() {
        match json[at] {
            b'"' => at += string_len(&json[at..]),
            b'-' | b'0'..=b'9' => {
                let len = json[at..].iter().position(|byte| !is_of_number(*byte)).unwrap_or(json.len() - at);
                // Only bytes of ASCII are counted above.
                let digits = std::str::from_utf8(&json[at..at + len]).unwrap_or_default();
                if is_number(digits) && !is_held(digits) {
                    out.extend_from_slice(&json[copied..at]);
                    out.push(b'"');
                    out.extend_from_slice(marked(digits).as_bytes());
                    out.push(b'"');
                    copied = at + len;
                }
                at += len;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.extend_from_slice(&json[copied..]);
    Cow::Owned(out)
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

/// Bytes of the string that a text begins with; all of it, where the string is not closed.
fn string_len(json: &[u8]) -> usize {
    let mut at = 1;
    while let Some(next) = json.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))) {
        at += next;
        match json[at] {
            b'"' => return at + 1,
            _ => at += 2,
        }
    }
    json.len()
}

/// The JSON text of an answer, with numbers in place of the texts with a mark.
pub fn give_out(json: String) -> String {
    let begin = format!("\"{}", *MARK);
    if !json.contains(&begin) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    let mut parts = json.split(&begin);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // Digits, the quotation mark behind them, and all up to the next number.
        let (digits, rest) = part.split_once('"').unwrap_or((part, ""));
        out.push_str(digits);
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(json: &str) -> String {
        let taken = take_in(json.as_bytes());
        let value: serde_json::Value = serde_json::from_slice(&taken).unwrap();
        give_out(serde_json::to_string(&value).unwrap())
    }

    /// Case `number_beyond_64_bits_rounded`.
    #[test]
    fn any_number_comes_out_as_it_went_in() {
        for json in [
            "89014103211118510720",
            "123456789012345678901234567890",
            "-0",
            "1.10",
            "1e400",
            "[1,2.50,-1E-7,18446744073709551615,18446744073709551616]",
            r#"{"a":1.0e1,"b":"1.0e1","c\"1.10":[{"1.10":1.10}],"d":"\\","e":0.10}"#,
        ] {
            assert_eq!(through(json), json);
        }
    }

    #[test]
    fn what_is_held_is_not_copied() {
        for json in [r#"{"a": [1, 2.5, "89014103211118510720", "\"1.10"], "b": -1e-7}"#, "", "\"", "\"\\", "\"\\\""] {
            assert!(matches!(take_in(json.as_bytes()), Cow::Borrowed(_)), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        let read = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json);
        for json in ["01", "1.", "1e", "+1", "--1", "1.10.1", "1.10 1.10", "0x1", "[1.10", "1.10]", "1-1", "1.10e"] {
            assert!(read(json.as_bytes()).is_err() && read(&take_in(json.as_bytes())).is_err(), "{json}");
        }
        assert!(read(&take_in(b"[1.10, \xFF]")).is_err());
    }

    #[test]
    fn a_text_that_looks_like_one_with_a_mark_stays_a_text() {
        let json = "[\"\u{FDD0}1.10\",\"\u{FDD0}0123456789abcdef0123456789abcdef:1.10\"]";
        assert_eq!(through(json), json);
    }
}
