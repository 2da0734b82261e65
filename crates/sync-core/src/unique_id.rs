//! Reading unique ids from answers: by JSONPath (RFC 9535), from a header, or chosen by us; and what an answer without
//! any is worth.

mod body;
mod decimal;
mod proof;

pub use body::{is_json, is_web_page};
pub use proof::Scalar;

use crate::link::{KeptAnswer, UniqueId};
use crate::log::LOGGED_BODY_BYTES_MAX;
use crate::outcome::{Answer, BodyRead};
use crate::person::kind_of;
use crate::text;
use jsonpath_rust::parser::model::{JpQuery, Segment};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// The most characters of a path.
pub const PATH_CHARACTERS_MAX: usize = 256;

/// A checked JSONPath. Its text is kept because the parsed form cannot be written back.
#[derive(Clone, Debug)]
pub struct JsonPath {
    text: String,
    query: JpQuery,
}

impl JsonPath {
    /// Parses a path. Bounded, so that no answer can make it explode: at most [`PATH_CHARACTERS_MAX`] characters and
    /// one descendant segment. The error says what is wrong and how to mend it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("is empty; write a JSONPath such as $.id".to_owned());
        }
        if text.chars().count() > PATH_CHARACTERS_MAX {
            return Err(format!("has more than {PATH_CHARACTERS_MAX} characters; write a shorter path"));
        }
        if !text.starts_with('$') {
            return Err(format!("does not begin with $; write $.{} instead", text.trim_start_matches('.')));
        }
        let query = parse_json_path(text)
            .map_err(|_| "is not a JSONPath by RFC 9535; write one such as $.id or $.data.id".to_owned())?;
        let descendants = query.segments.iter().filter(|segment| matches!(segment, Segment::Descendant(_))).count();
        if descendants > 1 || text.matches("..").count() > 1 {
            return Err("has more than one descendant segment (..); name the members in between".to_owned());
        }
        Ok(Self { text: text.to_owned(), query })
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The values that it selects.
    pub(crate) fn select<'v>(&self, value: &'v Value) -> Result<Vec<&'v Value>, IdFault> {
        let found = js_path_process(&self.query, value).map_err(|_| IdFault::Unreadable)?;
        Ok(found.into_iter().map(|found| found.val).collect())
    }
}

/// Where ids are read from, checked.
#[derive(Clone, Debug)]
pub enum IdSource {
    /// By a path on the body.
    Path(JsonPath),
    /// From a header; its name in lower case.
    Header(String),
    /// The id that we chose, rendered for this person.
    Chosen(UniqueId),
    /// Nowhere.
    None,
}

/// Why no id could be read. Displayed in words for the administrator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdFault {
    /// Not configured.
    #[error("no unique id is configured")]
    NotConfigured,
    /// The body is not JSON, or was cut.
    #[error("the answer's body is not whole JSON")]
    Unreadable,
    /// The path or header selects nothing.
    #[error("the answer holds nothing at the unique id's place")]
    Nothing,
    /// Several different values.
    #[error("the answer holds {0} values at the unique id's place")]
    Several(usize),
    /// Not a string or number.
    #[error("the answer holds {0} at the unique id's place, not a string or a number")]
    WrongKind(&'static str),
    /// Empty, too long, or with control characters.
    #[error("the value at the unique id's place is empty, longer than 512 bytes, or holds control characters")]
    Unfit,
}

/// Reads the one unique id from a create's answer. Numbers keep their digits exactly.
pub fn read(source: &IdSource, answer: &Answer) -> Result<UniqueId, IdFault> {
    match source {
        IdSource::None => Err(IdFault::NotConfigured),
        IdSource::Chosen(id) => Ok(id.clone()),
        IdSource::Header(name) => from_header(answer.header(name).ok_or(IdFault::Nothing)?),
        IdSource::Path(path) => {
            let mut ids = read_all(path, answer)?;
            match ids.len() {
                0 => Err(IdFault::Nothing),
                1 => Ok(ids.remove(0)),
                several => Err(IdFault::Several(several)),
            }
        }
    }
}

/// Reads the distinct ids that a lookup's answer holds.
pub fn read_all(path: &JsonPath, answer: &Answer) -> Result<Vec<UniqueId>, IdFault> {
    let value = document(answer)?;
    let mut ids: Vec<UniqueId> = Vec::new();
    for found in path.select(&value)? {
        let id = id_of(found)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Reads the id from the answer that an Unaddressable link keeps.
pub fn read_kept(source: &IdSource, kept: &KeptAnswer) -> Result<UniqueId, IdFault> {
    let answer = Answer {
        status: kept.status,
        headers: kept.headers.clone(),
        body: kept.body.clone().into_bytes().into(),
        body_read: BodyRead::Whole,
    };
    read(source, &answer)
}

/// What an Unaddressable link keeps of its create's answer.
pub fn keep(answer: &Answer, looked_at_revision: i32) -> KeptAnswer {
    let body = answer.text();
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| name != "set-cookie")
        .map(|(name, value)| (name.clone(), text::cut(value, UniqueId::BYTES_MAX * 4).0.to_owned()));
    KeptAnswer {
        status: answer.status,
        headers: headers.collect(),
        body: text::cut(&body, LOGGED_BODY_BYTES_MAX).0.to_owned(),
        looked_at_revision,
    }
}

/// The answer's body as JSON, the digits of its numbers being kept.
fn document(answer: &Answer) -> Result<Value, IdFault> {
    if answer.body_read != BodyRead::Whole {
        return Err(IdFault::Unreadable);
    }
    parse_exact(&answer.text()).ok_or(IdFault::Unreadable)
}

/// The digits of a number, as the answer wrote them; `None` where the value is no number.
fn digits_of(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        Value::String(text) => text.strip_prefix(EXACT).filter(|digits| decimal::is_number(digits)).map(Into::into),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// Prefix of numbers whose digits a float would not keep; they are parsed as strings that begin with it.
const EXACT: char = '\u{1}';

/// Parses JSON with every number that is no 64-bit integer as a marked string, so that its digits survive.
fn parse_exact(text: &str) -> Option<Value> {
    let mut marked = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let start = at;
                while at < bytes.len() && matches!(bytes[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
                    at += 1;
                }
                let digits = &text[start..at];
                if digits.parse::<i64>().is_err() && serde_json::from_str::<serde_json::Number>(digits).is_ok() {
                    marked.push_str(&text[copied..start]);
                    marked.push('"');
                    marked.push_str("\\u0001");
                    marked.push_str(digits);
                    marked.push('"');
                    copied = at;
                }
            }
            _ => at += 1,
        }
    }
    marked.push_str(text.get(copied..)?);
    serde_json::from_str(&marked).ok()
}

fn id_of(value: &Value) -> Result<UniqueId, IdFault> {
    if let Some(digits) = digits_of(value) {
        return UniqueId::number(digits).ok_or(IdFault::Unfit);
    }
    match value {
        Value::String(text) => UniqueId::text(text.as_str()).ok_or(IdFault::Unfit),
        other => Err(IdFault::WrongKind(kind_of(other))),
    }
}

/// The id in a header: of a URL the last path segment (percent-decoded), or what its last parentheses hold.
fn from_header(value: &str) -> Result<UniqueId, IdFault> {
    let value = value.trim();
    let looks_like_url = value.contains("://") || value.starts_with('/');
    if !looks_like_url {
        return UniqueId::text(value.trim_matches('"')).ok_or(IdFault::Unfit);
    }
    let path = value.split(['?', '#']).next().unwrap_or(value).trim_end_matches('/');
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let segment = path.rsplit('/').next().unwrap_or(path);
    // OData: …/contacts(00aa-11bb)
    let inner = match (segment.rfind('('), segment.rfind(')')) {
        (Some(open), Some(close)) if open < close => segment[open + 1..close].trim_matches('\''),
        _ => segment,
    };
    UniqueId::text(percent_decode(inner)).ok_or(IdFault::Unfit)
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |b: u8| char::from(b).to_digit(16).map(|digit| digit as u8);
        if bytes[at] == b'%'
            && let (Some(high), Some(low)) =
                (bytes.get(at + 1).copied().and_then(hex), bytes.get(at + 2).copied().and_then(hex))
        {
            decoded.push(high * 16 + low);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Answer {
        Answer { status: 201, headers: vec![], body: body.to_owned().into(), body_read: BodyRead::Whole }
    }

    #[test]
    fn one_string_or_number_is_an_id_and_nothing_else_is() {
        for (path, body, expected) in [
            ("$.id", r#"{"id":"51"}"#, Ok(("51", false))),
            ("$.id", r#"{"id":51}"#, Ok(("51", true))),
            ("$.id", r#"{"id":12345678901234567890}"#, Ok(("12345678901234567890", true))),
            ("$.id", r#"{"id":123456789012345678901234567890}"#, Ok(("123456789012345678901234567890", true))),
            ("$.id", r#"{"n":1.50,"id":1.50}"#, Ok(("1.50", true))),
            ("$.data[0].Id", r#"{"data":[{"Id":"a\"b"}]}"#, Ok(("a\"b", false))),
            ("$..hs_id", r#"{"a":{"hs_id":7}}"#, Ok(("7", true))),
            ("$[*].id", r#"[{"id":1},{"id":1}]"#, Ok(("1", true))),
            ("$[*].id", r#"[{"id":1},{"id":2}]"#, Err(IdFault::Several(2))),
            ("$.id", r"{}", Err(IdFault::Nothing)),
            ("$.id", r#"{"id":null}"#, Err(IdFault::WrongKind("null"))),
            ("$.id", r#"{"id":true}"#, Err(IdFault::WrongKind("a boolean"))),
            ("$.id", r#"{"id":{}}"#, Err(IdFault::WrongKind("an object"))),
            ("$.id", r#"{"id":[]}"#, Err(IdFault::WrongKind("a list"))),
            ("$.id", r#"{"id":""}"#, Err(IdFault::Unfit)),
            ("$.id", "{\"id\":\"a\\u0007\"}", Err(IdFault::Unfit)),
            ("$.id", "\u{feff}{\"id\":\"x\"}", Ok(("x", false))),
            ("$.id", "<xml/>", Err(IdFault::Unreadable)),
            ("$.id", "", Err(IdFault::Unreadable)),
            ("$.id", r#"{"id":"5"#, Err(IdFault::Unreadable)),
        ] {
            let source = IdSource::Path(JsonPath::parse(path).unwrap());
            let read = read(&source, &answer(body));
            let read = read.as_ref().map(|id| (id.as_str(), id.is_number())).map_err(Clone::clone);
            assert_eq!(read, expected, "{path} on {body}");
        }
    }

    #[test]
    fn an_id_has_at_most_512_bytes() {
        let source = IdSource::Path(JsonPath::parse("$.id").unwrap());
        let with = |length: usize| read(&source, &answer(&format!("{{\"id\":\"{}\"}}", "é".repeat(length))));
        assert!(with(256).is_ok());
        assert_eq!(with(257), Err(IdFault::Unfit));
    }

    #[test]
    fn headers_give_the_last_path_segment_or_what_the_parentheses_hold() {
        for (value, expected) in [
            ("https://crm.example/contacts/42", Some("42")),
            ("/contacts/42/", Some("42")),
            ("/contacts/a%20b?x=1#y", Some("a b")),
            ("https://org.crm.example/api/contacts(00aa-11bb)", Some("00aa-11bb")),
            ("https://org.crm.example/api/contacts('k')", Some("k")),
            ("\"42\"", Some("42")),
            ("42", Some("42")),
            ("https://crm.example/", None),
            ("https://crm.example", None),
            ("", None),
        ] {
            let answer = Answer { headers: vec![("location".into(), value.into())], ..answer("") };
            let read = read(&IdSource::Header("location".into()), &answer);
            assert_eq!(read.ok().as_ref().map(UniqueId::as_str), expected, "{value}");
        }
    }

    #[test]
    fn paths_are_bounded_and_their_faults_name_the_mend() {
        for (path, part) in [
            ("", "is empty"),
            ("id", "write $.id"),
            ("$.[", "not a JSONPath"),
            ("$..a..b", "descendant"),
            (&format!("$.{}", "a".repeat(300)), "256 characters"),
        ] {
            let fault = JsonPath::parse(path).unwrap_err();
            assert!(fault.contains(part), "{path}: {fault}");
        }
    }

    #[test]
    fn a_deep_or_cut_body_is_no_id_and_no_panic() {
        let source = IdSource::Path(JsonPath::parse("$.id").unwrap());
        assert_eq!(read(&source, &answer(&"[".repeat(100_000))), Err(IdFault::Unreadable));
        let cut = Answer { body_read: BodyRead::Cut, ..answer(r#"{"id":"5"}"#) };
        assert_eq!(read(&source, &cut), Err(IdFault::Unreadable));
    }
}
