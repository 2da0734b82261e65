//! Reading unique ids from answers: by JSONPath (RFC 9535), from a header, or chosen by us; and what an answer without
//! any is worth.

mod body;

pub use crate::jsonpath::{JsonPath, Scalar};
pub use body::{is_json, is_web_page};

use crate::jsonpath::{Document, Selected, TooMuchWork};
use crate::link::{KeptAnswer, UniqueId};
use crate::log::LOGGED_BODY_BYTES_MAX;
use crate::outcome::{Answer, BodyRead};
use crate::text;
use std::ops::ControlFlow;

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
    #[error("the answer holds several values at the unique id's place")]
    Several,
    /// Not a string or number.
    #[error("the answer holds {0} at the unique id's place, not a string or a number")]
    WrongKind(&'static str),
    /// Empty, too long, or with control characters.
    #[error("the value at the unique id's place is empty, longer than 512 bytes, or holds control characters")]
    Unfit,
    /// The path multiplies what the answer holds.
    #[error("{TooMuchWork}; write it without unions, filters within filters, or functions that count")]
    TooMuchWork,
}

impl From<TooMuchWork> for IdFault {
    fn from(_: TooMuchWork) -> Self {
        Self::TooMuchWork
    }
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
                _ => Err(IdFault::Several),
            }
        }
    }
}

/// Reads the distinct ids that a lookup's answer holds: none, one, or the first two of several. In time linear in the answer.
pub fn read_all(path: &JsonPath, answer: &Answer) -> Result<Vec<UniqueId>, IdFault> {
    let document = document(answer)?;
    let mut ids: Vec<UniqueId> = Vec::new();
    let mut fault = None;
    path.visit(&document, |selected| match id_of(selected) {
        Ok(id) if ids.contains(&id) => ControlFlow::Continue(()),
        Ok(id) => {
            ids.push(id);
            if ids.len() < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
        Err(found) => {
            fault = Some(found);
            ControlFlow::Break(())
        }
    })?;
    fault.map_or(Ok(ids), Err)
}

/// The answer's body as JSON. Nothing is taken out of it: U+0000 within it is no JSON.
pub(crate) fn document(answer: &Answer) -> Result<Document<'_>, IdFault> {
    if answer.body_read != BodyRead::Whole {
        return Err(IdFault::Unreadable);
    }
    Document::parse(answer.decoded()).ok_or(IdFault::Unreadable)
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

/// Behind a kept body of which something is missing: what is in front of it is not JSON any more, and no id is read from it.
const MISSING: char = '…';

/// What an Unaddressable link keeps of its create's answer.
pub fn keep(answer: &Answer, looked_at_revision: i32) -> KeptAnswer {
    let decoded = answer.decoded();
    let decoded = decoded.trim_end_matches('\0');
    let kept = text::without_nul(decoded);
    let whole = answer.body_read == BodyRead::Whole && kept.len() == decoded.len();
    let (kept, was_cut) = text::cut(&kept, LOGGED_BODY_BYTES_MAX - MISSING.len_utf8());
    let mut body = kept.to_owned();
    if !body.is_empty() && (was_cut || !whole) {
        body.push(MISSING);
    }
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| name != "set-cookie")
        .map(|(name, value)| (name.clone(), text::cut(value, UniqueId::BYTES_MAX * 4).0.to_owned()));
    KeptAnswer { status: answer.status, headers: headers.collect(), body, looked_at_revision }
}

fn id_of(selected: Selected<'_>) -> Result<UniqueId, IdFault> {
    let id = match selected {
        Selected::Number(digits) => UniqueId::number(digits),
        Selected::Text(text) => UniqueId::text(text),
        Selected::Null => return Err(IdFault::WrongKind("null")),
        Selected::Bool(_) => return Err(IdFault::WrongKind("a boolean")),
        Selected::List(_) => return Err(IdFault::WrongKind("a list")),
        Selected::Object(_) => return Err(IdFault::WrongKind("an object")),
    };
    id.ok_or(IdFault::Unfit)
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
            ("$[*].id", r#"[{"id":1},{"id":2}]"#, Err(IdFault::Several)),
            ("$.id", r"{}", Err(IdFault::Nothing)),
            ("$.id", r#"{"id":null}"#, Err(IdFault::WrongKind("null"))),
            ("$.id", r#"{"id":true}"#, Err(IdFault::WrongKind("a boolean"))),
            ("$.id", r#"{"id":{}}"#, Err(IdFault::WrongKind("an object"))),
            ("$.id", r#"{"id":[]}"#, Err(IdFault::WrongKind("a list"))),
            ("$.id", r#"{"id":""}"#, Err(IdFault::Unfit)),
            ("$.id", "{\"id\":\"a\\u0007\"}", Err(IdFault::Unfit)),
            ("$.id", "{\"id\":\"a\\u0000b\"}", Err(IdFault::Unfit)),
            ("$.id", "{\"id\":\"a\0b\"}", Err(IdFault::Unreadable)),
            ("$.id", "{\"id\":5\u{0}1}", Err(IdFault::Unreadable)),
            ("$.id", "{\"id\":\"ab\"}\0", Ok(("ab", false))),
            ("$.id", r#"{"id":-0}"#, Ok(("-0", true))),
            ("$.id", r#"{"id":1E2}"#, Ok(("1E2", true))),
            ("$.id", r#"{"id":1e999}"#, Ok(("1e999", true))),
            ("$.results[?@.score > 0.5].id", r#"{"results":[{"id":"r1","score":0.93}]}"#, Ok(("r1", false))),
            (
                "$[?@.id==12345678901234567890].id",
                "[{\"id\":12345678901234567890}]",
                Ok(("12345678901234567890", true)),
            ),
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

    /// garbled_lookup_answer_parks_for_good.json
    #[test]
    fn half_a_json_text_is_unreadable_and_not_an_empty_list() {
        let path = JsonPath::parse("$.data[*].id").unwrap();
        let whole = r#"{"data":[{"id":"r1"}]}"#;
        for end in 0..whole.len() {
            assert_eq!(read_all(&path, &answer(&whole[..end])), Err(IdFault::Unreadable), "{}", &whole[..end]);
        }
        assert_eq!(read_all(&path, &answer(whole)).map(|ids| ids.len()), Ok(1));
    }

    /// path_comparison_with_fractions.json: a NUL byte in an answer is not dropped into an id.
    #[test]
    fn a_kept_answer_of_which_something_is_missing_gives_no_id() {
        let source = IdSource::Path(JsonPath::parse("$").unwrap());
        let kept_id = |answer: &Answer| read_kept(&source, &keep(answer, 1));
        assert_eq!(kept_id(&answer("\"ab\"")).as_ref().map(UniqueId::as_str), Ok("ab"));
        assert_eq!(kept_id(&answer("\"ab\"\0")).as_ref().map(UniqueId::as_str), Ok("ab"));
        assert_eq!(kept_id(&answer("\"a\0b\"")), Err(IdFault::Unreadable));
        let cut = Answer { body_read: BodyRead::Cut, ..answer("512") };
        assert_eq!(kept_id(&cut), Err(IdFault::Unreadable));
        let long = answer(&format!("[{}]", "7,".repeat(LOGGED_BODY_BYTES_MAX)));
        let kept = keep(&long, 1);
        assert!(kept.body.len() <= LOGGED_BODY_BYTES_MAX && kept.body.ends_with(MISSING));
    }

    #[test]
    fn utf_16_and_latin_1_are_read() {
        let path = JsonPath::parse("$.id").unwrap();
        let json = "{\"id\":\"é\"}";
        let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain(json.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        let latin1 = json.chars().map(|c| c as u8).collect::<Vec<u8>>();
        for body in [utf16([0xFF, 0xFE], u16::to_le_bytes), utf16([0xFE, 0xFF], u16::to_be_bytes), latin1] {
            let answer = Answer { body: body.into(), ..answer("") };
            assert_eq!(read_all(&path, &answer), Ok(vec![UniqueId::text("é").unwrap()]));
        }
    }

    #[test]
    fn reading_stops_at_the_second_id_and_is_linear_before() {
        let path = JsonPath::parse("$[*]").unwrap();
        let list = |item: fn(usize) -> String| {
            let items = (0..150_000).map(item).collect::<Vec<_>>();
            answer(&format!("[{}]", items.join(",")))
        };
        // The first two, whatever comes behind.
        let several = read_all(&path, &list(|n| if n < 10 { format!("\"r{n}\"") } else { "null".to_owned() }));
        assert_eq!(several.unwrap().iter().map(UniqueId::as_str).collect::<Vec<_>>(), ["r0", "r1"]);
        let same = read_all(&path, &list(|_| "12345".to_owned()));
        assert_eq!(same, Ok(vec![UniqueId::number("12345").unwrap()]));
        let multiplied = JsonPath::parse("$[?count($[*])>5]").unwrap();
        let fault = read_all(&multiplied, &list(|_| "1".to_owned())).unwrap_err();
        assert_eq!(fault, IdFault::TooMuchWork);
        assert!(fault.to_string().contains("too much work on this answer; write it without"), "{fault}");
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
            ("$.[", "not a JSONPath by RFC 9535: character 3"),
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
