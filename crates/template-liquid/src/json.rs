//! JSON text (RFC 8259): where strings begin and end while it is written, and how it is read over afterwards.

use crate::limits::JSON_DEPTH_MAX;
use sync_core::digits::is_number;

/// Whether a place in JSON text is inside a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StringState {
    /// Inside a string.
    pub(crate) inside: bool,
    /// Right behind a backslash.
    pub(crate) escaped: bool,
}

impl StringState {
    /// Goes on over literal text. Returns the offset of the last quote that opened a string.
    pub(crate) fn feed(&mut self, text: &str) -> Option<usize> {
        let mut opened = None;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.inside => self.escaped = true,
                b'"' => {
                    self.inside = !self.inside;
                    if self.inside {
                        opened = Some(at);
                    }
                }
                _ => {}
            }
        }
        opened
    }
}

/// Finds tokens in JSON that is itself a string, while the text around them is read.
#[derive(Debug, Default)]
pub(crate) struct InnerJson {
    /// What the string says so far, without its tokens.
    said: String,
    /// Where bare tokens stand in it.
    tokens: Vec<usize>,
}

impl InnerJson {
    /// A token that is written as part of the string stands here.
    pub(crate) fn token(&mut self, at: usize) {
        self.tokens.push(at);
    }

    /// Goes on over literal text, from such a state. Returns where tokens stood in strings that ended in it and are JSON
    /// objects or lists with texts in them.
    pub(crate) fn feed(&mut self, mut state: StringState, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for (at, c) in text.char_indices() {
            let was_inside = state.inside;
            let end = at + c.len_utf8();
            state.feed(&text[at..end]);
            match (was_inside, state.inside) {
                (true, true) => self.said.push(c),
                (true, false) => {
                    let tokens = std::mem::take(&mut self.tokens);
                    let said = std::mem::take(&mut self.said);
                    if is_inner_json(&said) {
                        found.extend(tokens);
                    }
                }
                _ => {
                    self.said.clear();
                    self.tokens.clear();
                }
            }
        }
        found
    }
}

/// Whether a string, as it is written in JSON, looks like JSON with texts in it.
fn is_inner_json(said: &str) -> bool {
    let said = said.trim();
    let is_wrapped = |open, close| said.starts_with(open) && said.ends_with(close);
    (is_wrapped('{', '}') || is_wrapped('[', ']')) && said.contains("\\\"")
}

/// What is wrong with a JSON text, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JsonFault {
    pub(crate) at: usize,
    pub(crate) message: &'static str,
}

/// Reads JSON text over and writes it without white space. Texts and numbers are copied as they stand, so that no digit
/// is lost. A comma behind the last member or item is forgiven. A member or item is left out if its value (or its key)
/// is empty and stands at one of the offsets `omits`, which ascend.
pub(crate) fn compact(text: &str, omits: &[usize]) -> Result<String, JsonFault> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, omits, out: String::with_capacity(text.len()) };
    reader.space();
    if reader.at == text.len() {
        return Err(reader.fault(EMPTY));
    }
    if reader.value(0)? {
        return Err(JsonFault {
            at: 0,
            message: "`or_omit` leaves nothing here: it drops a member or an item, not all of the data",
        });
    }
    reader.space();
    if reader.at < text.len() {
        return Err(reader.fault("something stands behind the end of the JSON; remove it"));
    }
    Ok(reader.out)
}

/// What is said of data that renders to white space.
pub(crate) const EMPTY: &str = "the data renders empty; give JSON, or leave the data out";

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    omits: &'t [usize],
    out: String,
}

impl Reader<'_> {
    fn fault(&self, message: &'static str) -> JsonFault {
        JsonFault { at: self.at, message }
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Whether what was read from `start` on is empty and marked: a whole value, or all of a string between its quotes.
    fn is_omitted(&self, start: usize) -> bool {
        let marked = |at| self.omits.binary_search(&at).is_ok();
        marked(start) || (self.at == start + 2 && self.bytes[start] == b'"' && marked(start + 1))
    }

    /// Copies a value. Returns whether it is to be left out.
    fn value(&mut self, depth: usize) -> Result<bool, JsonFault> {
        if depth > JSON_DEPTH_MAX {
            return Err(self.fault("the JSON nests too deep"));
        }
        self.space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => {
                let word = ["true", "false", "null"].into_iter().find(|word| self.text[start..].starts_with(word));
                let word = word.ok_or_else(|| {
                    self.fault(if self.peek().is_none() {
                        "the JSON ends too early: a value is missing"
                    } else {
                        "not JSON: a value is expected here"
                    })
                })?;
                self.at += word.len();
                self.out.push_str(word);
            }
        }
        Ok(self.is_omitted(start))
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.list(
            b'}',
            |reader, depth| {
                if reader.peek() != Some(b'"') {
                    return Err(reader.fault("not JSON: a member's name in double quotes is expected here"));
                }
                let start = reader.at;
                reader.string()?;
                let nameless = reader.is_omitted(start);
                reader.space();
                if reader.peek() != Some(b':') {
                    return Err(reader.fault("not JSON: a colon is expected behind a member's name"));
                }
                reader.at += 1;
                reader.out.push(':');
                Ok(reader.value(depth)? || nameless)
            },
            depth,
        )
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.list(b']', Self::value, depth)
    }

    /// Copies an object or array whose elements `element` copies, saying whether they are to be left out.
    fn list(
        &mut self,
        close: u8,
        element: impl Fn(&mut Self, usize) -> Result<bool, JsonFault>,
        depth: usize,
    ) -> Result<(), JsonFault> {
        self.out.push(char::from(self.bytes[self.at]));
        self.at += 1;
        let start = self.out.len();
        loop {
            self.space();
            if self.peek() == Some(close) {
                break;
            }
            let before = self.out.len();
            if before > start {
                self.out.push(',');
            }
            if element(self, depth + 1)? {
                self.out.truncate(before);
            }
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => break,
                None => return Err(self.fault("the JSON ends too early: a bracket or brace is not closed")),
                Some(_) if close == b'}' => return Err(self.fault("not JSON: a comma or `}` is expected here")),
                Some(_) => return Err(self.fault("not JSON: a comma or `]` is expected here")),
            }
        }
        self.at += 1;
        self.out.push(char::from(close));
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonFault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => {
                    return Err(JsonFault { at: start, message: "the JSON ends too early: a string is not closed" });
                }
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0..0x20) => {
                    return Err(
                        self.fault("a string holds a line break or control character; write it as `\\n` or the like")
                    );
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.out.push_str(&self.text[start..self.at]);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), JsonFault> {
        const BAD: &str =
            "not JSON: a backslash needs one of `\"\\/bfnrt`, or `u` and four hexadecimal digits, behind it";
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = |at: usize| {
                    let digits = self.bytes.get(at..at + 6).filter(|unit| unit.starts_with(b"\\u"))?;
                    let digits = std::str::from_utf8(&digits[2..]).ok()?;
                    let all_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                    all_hex.then(|| u16::from_str_radix(digits, 16).ok())?
                };
                let first = unit(self.at).ok_or_else(|| self.fault(BAD))?;
                // Halves of a surrogate pair only make a character together.
                self.at += match first {
                    0xD800..0xDC00 if unit(self.at + 6).is_some_and(|second| (0xDC00..0xE000).contains(&second)) => 12,
                    0xD800..0xE000 => return Err(self.fault("not JSON: half of a surrogate pair stands alone")),
                    _ => 6,
                };
            }
            _ => return Err(self.fault(BAD)),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        let length = self.bytes[self.at..]
            .iter()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .count();
        let text = &self.text[self.at..self.at + length];
        if !is_number(text) {
            return Err(self.fault("not JSON: this is no number"));
        }
        self.out.push_str(text);
        self.at += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_compacted_as_it_stands() {
        for (text, expected) in [
            (r#" { "a" : 1 , "b" : [ 1 , 2 ] } "#, r#"{"a":1,"b":[1,2]}"#),
            (r#"{"a":1,}"#, r#"{"a":1}"#),
            (r"[1,2,]", "[1,2]"),
            ("12345678901234567890.100e+5", "12345678901234567890.100e+5"),
            (r#""\ud83d\ude00\u00e9""#, r#""\ud83d\ude00\u00e9""#),
            ("[]", "[]"),
            ("-0", "-0"),
        ] {
            assert_eq!(compact(text, &[]).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_at_its_place() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            (r#"{"a"}"#, 4),
            ("[1 2]", 3),
            ("[,1]", 1),
            ("[1,,2]", 3),
            ("{a:1}", 1),
            ("01", 0),
            ("1.", 0),
            ("tru", 0),
            ("1 2", 2),
            (r#""\x""#, 1),
            (r#""\ud800""#, 1),
            ("\"a\nb\"", 2),
            ("\"a", 0),
        ] {
            assert_eq!(compact(text, &[]).unwrap_err().at, at, "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        }
        assert!(compact(&"[".repeat(100_000), &[]).unwrap_err().message.contains("too deep"));
    }

    #[test]
    fn empty_values_that_are_marked_are_left_out() {
        assert_eq!(compact(r#"{"a":null,"b":"","c":null}"#, &[5, 15]).as_deref(), Ok(r#"{"c":null}"#));
        assert_eq!(compact(r#"["",1,[],{},null,]"#, &[2, 6, 9, 12]).as_deref(), Ok("[1]"));
        assert_eq!(compact(r#"{"":1,"a":2}"#, &[2]).as_deref(), Ok(r#"{"a":2}"#));
        assert!(compact("null", &[0]).is_err());
    }
}
