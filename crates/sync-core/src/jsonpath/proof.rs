//! What an answer proves besides the ids in it: that a list is there and empty, that a member says so, or nothing.

use super::document::{Document, Kind, Node};
use super::model::{Segment, Selector};
use super::{JsonPath, Selected, TooMuchWork, decimal, visit_nodes};
use crate::digits::is_number;
use crate::outcome::Answer;
use crate::unique_id::document;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::ControlFlow;

/// The members of an answer's root that tell of errors, in lower case.
const ERROR_MEMBERS: [&str; 2] = ["error", "errors"];

/// A text, number, boolean or null that a member of an answer is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, with its digits as they were written. What is no JSON number equals nothing.
    Number(String),
    /// A text.
    Text(String),
}

impl Scalar {
    /// From a JSON value; `None` for lists and objects. A number that serde_json read has at most the digits of 64 bits: give
    /// [`Scalar::number`] the text where there are more.
    pub fn of_json(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Bool(value) => Some(Self::Bool(*value)),
            Value::Number(number) => Some(Self::Number(number.to_string())),
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A number by its digits; `None` where they are none that JSON would take.
    pub fn number(digits: &str) -> Option<Self> {
        is_number(digits).then(|| Self::Number(digits.to_owned()))
    }
}

impl JsonPath {
    /// Whether the answer shows the list in which the path looks, so that finding nothing in it proves that there is
    /// nothing. The path up to its first index, slice, wildcard, filter or descendant must select exactly one list (an
    /// object only where `.*` or `[*]` follows, and not as the root), and the root must hold no `error` or `errors` (in any
    /// case) that says something. `false` for a path that names members only, such as `$.id`, and for a body that is cut
    /// or not JSON.
    pub fn container_is_there(&self, answer: &Answer) -> bool {
        let Some(at) = self.query.segments.iter().position(|segment| !segment.names_members()) else { return false };
        let Ok(document) = document(answer) else { return false };
        if tells_of_errors(&document) {
            return false;
        }
        match only_node(&document, &self.query.segments[..at]).map(|node| document.kind(node)) {
            Some(Kind::List) => true,
            Some(Kind::Object) => at > 0 && self.query.segments[at].is_wildcard(),
            _ => false,
        }
    }

    /// Whether the path selects exactly one value, and that is equal to `value`. Numbers are compared by their value and to
    /// the last digit: `1.0` equals `1`; a number never equals a text. `false` for a body that is cut or not JSON.
    pub fn equals(&self, answer: &Answer, value: &Scalar) -> bool {
        let Ok(document) = document(answer) else { return false };
        let Some(node) = only_node(&document, &self.query.segments) else { return false };
        match (value, document.selected(node)) {
            (Scalar::Number(digits), Selected::Number(found)) => {
                decimal::compare(digits, found).is_some_and(std::cmp::Ordering::is_eq)
            }
            (Scalar::Text(text), Selected::Text(found)) => *text == found,
            (Scalar::Bool(value), Selected::Bool(found)) => *value == found,
            (Scalar::Null, Selected::Null) => true,
            _ => false,
        }
    }

    /// What an administrator should know of a lookup's path that is right, but proves less than it seems to. One sentence
    /// each, to stand behind the name of the field.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for segment in &self.query.segments {
            if segment.descendant {
                warnings.push(
                    "looks everywhere (..): an empty list cannot be told from an answer that holds no list, and an id found in \
                     another place counts too; name the way to the list, such as $.results[*].id"
                        .to_owned(),
                );
            }
            warnings.extend(segment.selectors.iter().filter_map(|selector| match selector {
                Selector::Index(index) => Some(index_warning(*index)),
                _ => None,
            }));
        }
        warnings.dedup();
        warnings
    }

    /// Whether the path, read as a unique id's, can select something within the `error` or `errors` of an answer, which
    /// would then be taken for the id of a record: `$..id`, `$.*.id`, `$.errors[*].id`.
    pub fn can_match_error(&self) -> bool {
        self.query.segments.first().is_some_and(|first| {
            first.descendant
                || first.selectors.iter().any(|selector| match selector {
                    Selector::Name(name) => is_error_member(name),
                    Selector::Wildcard | Selector::Filter(_) => true,
                    Selector::Index(_) | Selector::Slice { .. } => false,
                })
        })
    }
}

/// The one node that a path selects; `None` where it selects none, several, or takes too much work.
fn only_node(document: &Document<'_>, segments: &[Segment]) -> Option<Node> {
    let (mut only, mut several) = (None, false);
    let visited: Result<(), TooMuchWork> = visit_nodes(document, segments, &mut |node| {
        several = only.is_some();
        only = Some(node);
        if several { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    only.filter(|_| visited.is_ok() && !several)
}

fn index_warning(index: i64) -> String {
    format!(
        "takes the entry at [{index}] alone: an empty list cannot be told from one that is too short, and a second record that \
         is found goes unseen; write [*] for all entries"
    )
}

fn is_error_member(name: &str) -> bool {
    ERROR_MEMBERS.iter().any(|member| name.eq_ignore_ascii_case(member))
}

/// Whether the root holds an error that says something: more than `null`, `false`, 0, `""`, `[]` or `{}`.
fn tells_of_errors(document: &Document<'_>) -> bool {
    let says_something = |node: Node| match document.selected(node) {
        Selected::Null => false,
        Selected::Bool(value) => value,
        Selected::Number(digits) => decimal::compare(digits, "0").is_none_or(std::cmp::Ordering::is_ne),
        Selected::Text(text) => !text.is_empty(),
        Selected::List(_) | Selected::Object(_) => document.children(node).next().is_some(),
    };
    document.kind(Document::ROOT) == Kind::Object
        && document
            .children(Document::ROOT)
            .any(|member| is_error_member(&document.name(member).said()) && says_something(member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::BodyRead;

    fn answer(body: &str) -> Answer {
        Answer { status: 200, headers: vec![], body: body.to_owned().into(), body_read: BodyRead::Whole }
    }

    fn path(text: &str) -> JsonPath {
        JsonPath::parse(text).unwrap()
    }

    #[test]
    fn an_empty_list_proves_that_nobody_is_there_and_nothing_else_does() {
        for (text, body, proves) in [
            ("$.results[*].id", r#"{"results":[]}"#, true),
            ("$.results[*].id", r#"{"results":[{"id":1}]}"#, true),
            ("$.results[?@.score > 0.5].id", r#"{"results":[{"score":0.1,"id":1}]}"#, true),
            ("$.results[0].id", r#"{"results":[]}"#, true),
            ("$.results[0:2].id", r#"{"results":[]}"#, true),
            ("$.data.people[*].id", r#"{"data":{"people":[]}}"#, true),
            ("$['data']['people'][*].id", r#"{"data":{"people":[]}}"#, true),
            ("$[*].id", "[]", true),
            ("$[*]", "[]", true),
            ("$..id", "[]", true),
            ("$.results..id", r#"{"results":[]}"#, true),
            ("$.results[0,1].id", r#"{"results":[]}"#, true),
            // Not there, or no list.
            ("$.results[*].id", r"{}", false),
            ("$.results[*].id", r#"{"results":null}"#, false),
            ("$.results[*].id", r#"{"results":""}"#, false),
            ("$.results[*].id", r#"{"results":0}"#, false),
            ("$.results[*].id", "null", false),
            ("$.results[*].id", "[]", false),
            ("$.data.people[*].id", r#"{"data":{}}"#, false),
            ("$.data.people[*].id", r#"{"data":[]}"#, false),
            // Objects are lists only where all members are asked for, and not as the root.
            ("$.people.*.id", r#"{"people":{}}"#, true),
            ("$.people[*].id", r#"{"people":{}}"#, true),
            ("$.people[?@.id].id", r#"{"people":{}}"#, false),
            ("$.people[0].id", r#"{"people":{}}"#, false),
            ("$.people..id", r#"{"people":{}}"#, false),
            ("$.*.id", r"{}", false),
            ("$[*].id", r#"{"message":"slow down"}"#, false),
            ("$..id", r#"{"results":[]}"#, false),
            ("$..id", r#"{"errors":[{"message":"slow down"}]}"#, false),
            // Exactly one list.
            ("$['a','b'][*].id", r#"{"a":[],"b":[]}"#, false),
            ("$['a','b'][*].id", r#"{"a":[]}"#, true),
            // No place where a list would be.
            ("$.id", r#"{"id":null}"#, false),
            ("$.data.id", r#"{"data":[]}"#, false),
            ("$", "[]", false),
            // Errors at the root.
            ("$.data.people[*].id", r#"{"data":{"people":[]},"errors":[{"message":"slow down"}]}"#, false),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"error":"slow down"}"#, false),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"Error":{"code":7}}"#, false),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"error":true}"#, false),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"error":429}"#, false),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"error":0.5}"#, false),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"errors":[]}"#, true),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"errors":null,"error":""}"#, true),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"errors":{},"error":false}"#, true),
            ("$.data.people[*].id", r#"{"data":{"people":[]},"error":0,"errors":-0.0}"#, true),
            ("$.data.people[*].id", r#"{"data":{"people":[],"errors":["of another place"]}}"#, true),
            // Not JSON.
            ("$[*].id", "", false),
            ("$[*].id", "[", false),
            ("$[*].id", "<html></html>", false),
        ] {
            assert_eq!(path(text).container_is_there(&answer(body)), proves, "{text} on {body}");
        }
        let cut = Answer { body_read: BodyRead::Cut, ..answer("[]") };
        assert!(!path("$[*].id").container_is_there(&cut), "a body that was cut proves nothing");
    }

    /// lookup_answer_without_list_is_no_proof.json
    #[test]
    fn an_answer_without_the_list_is_no_proof() {
        let refused = answer(r#"{"errors":[{"message":"slow down"}]}"#);
        assert!(!path("$.results[*].id").container_is_there(&refused));
    }

    #[test]
    fn one_equal_value_is_equal() {
        let number = |digits: &str| Scalar::number(digits).unwrap();
        let text = |text: &str| Scalar::Text(text.to_owned());
        for (at, body, value, equal) in [
            ("$.total", r#"{"total":0}"#, number("0"), true),
            ("$.total", r#"{"total":0.0}"#, number("0"), true),
            ("$.total", r#"{"total":-0}"#, number("0"), true),
            ("$.total", r#"{"total":1e2}"#, number("100"), true),
            ("$.total", r#"{"total":"0"}"#, number("0"), false),
            ("$.total", r#"{"total":0}"#, text("0"), false),
            ("$.total", r#"{"total":12345678901234567890}"#, number("12345678901234567890"), true),
            ("$.total", r#"{"total":12345678901234567891}"#, number("12345678901234567890"), false),
            ("$.total", r#"{"total":9007199254740993}"#, number("9007199254740992"), false),
            ("$.total", r#"{"total":0.1}"#, number("0.10"), true),
            ("$.total", r#"{"total":0.1}"#, Scalar::Number("x".to_owned()), false),
            ("$.code", r#"{"code":"NOT_FOUND"}"#, text("NOT_FOUND"), true),
            ("$.code", r#"{"code":"not_found"}"#, text("NOT_FOUND"), false),
            ("$.found", r#"{"found":false}"#, Scalar::Bool(false), true),
            ("$.found", r#"{"found":true}"#, Scalar::Bool(false), false),
            ("$.found", r#"{"found":null}"#, Scalar::Bool(false), false),
            ("$.person", r#"{"person":null}"#, Scalar::Null, true),
            ("$.person", r"{}", Scalar::Null, false),
            ("$.person", r#"{"person":{}}"#, Scalar::Null, false),
            ("$.total", r#"{"total":[]}"#, number("0"), false),
            ("$.a[*]", r#"{"a":[0]}"#, number("0"), true),
            ("$.a[*]", r#"{"a":[0,0]}"#, number("0"), false),
            ("$.total", "", number("0"), false),
        ] {
            assert_eq!(path(at).equals(&answer(body), &value), equal, "{at} of {body} and {value:?}");
        }
        let cut = Answer { body_read: BodyRead::Cut, ..answer(r#"{"total":0}"#) };
        assert!(!path("$.total").equals(&cut, &number("0")));
    }

    #[test]
    fn scalars_are_what_json_writes_in_one_piece() {
        for (json, scalar) in [
            ("null", Some(Scalar::Null)),
            ("true", Some(Scalar::Bool(true))),
            ("5", Scalar::number("5")),
            ("\"5\"", Some(Scalar::Text("5".to_owned()))),
            ("[]", None),
            ("{}", None),
        ] {
            assert_eq!(Scalar::of_json(&serde_json::from_str(json).unwrap()), scalar, "{json}");
        }
        assert_eq!(Scalar::number("5 "), None);
        let kept = serde_json::to_string(&Scalar::number("12345678901234567890")).unwrap();
        assert_eq!(kept, r#"{"number":"12345678901234567890"}"#);
        assert_eq!(serde_json::from_str::<Scalar>(&kept).ok(), Scalar::number("12345678901234567890"));
    }

    #[test]
    fn paths_that_prove_little_are_warned_of() {
        for (text, parts) in [
            ("$.results[*].id", &[][..]),
            ("$.results[?@.a[0] == 1].id", &[]),
            ("$.id", &[]),
            ("$.results[0].id", &["[0]"]),
            ("$.results[-1].id", &["[-1]"]),
            ("$.results[0,1].id", &["[0]", "[1]"]),
            ("$..id", &["(..)"]),
            ("$..results[0].id", &["(..)", "[0]"]),
        ] {
            let warnings = path(text).warnings();
            assert_eq!(warnings.len(), parts.len(), "{text}: {warnings:?}");
            for (warning, part) in warnings.iter().zip(parts) {
                assert!(
                    warning.contains(part) && warning.contains("an empty list cannot be told from"),
                    "{text}: {warning}"
                );
            }
        }
    }

    #[test]
    fn paths_that_may_take_an_error_for_a_record_are_known() {
        for text in [
            "$..id",
            "$.*.id",
            "$[*].id",
            "$[?@.id].id",
            "$.errors[*].id",
            "$.error.id",
            "$['Errors'][0].id",
            "$['data','error'].id",
        ] {
            assert!(path(text).can_match_error(), "{text}");
        }
        for text in
            ["$", "$.id", "$.data.id", "$.data..id", "$.data.*.id", "$[0].id", "$[0:1].id", "$.data.errors[*].id"]
        {
            assert!(!path(text).can_match_error(), "{text}");
        }
    }
}
