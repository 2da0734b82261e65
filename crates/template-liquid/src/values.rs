//! Values as templates see them, and how they are written as text and as JSON.

use liquid_core::model::{DisplayCow, KString, KStringCow, Object, ObjectView, State, Value, ValueCow, ValueView};
use std::borrow::Cow;
use std::fmt;
pub(crate) use sync_core::digits::is_number;
use sync_core::digits::{Kept, kept};
use sync_core::text::without_nul;

/// Leads a scalar that is a number whose digits the engine's own numbers cannot hold. U+0000 is in no value and in no
/// template, so nobody can write one; what follows it is checked again where it is written.
const EXACT: char = '\0';

/// A number by its digits: one of the engine's own where that loses nothing.
pub(crate) fn number(digits: &str) -> Value {
    match digits.parse::<i64>() {
        Ok(whole) if whole.to_string() == digits => Value::scalar(whole),
        _ => Value::scalar(format!("{EXACT}{digits}")),
    }
}

/// A text, without U+0000.
pub(crate) fn text(text: &str) -> Value {
    Value::scalar(without_nul(text).into_owned())
}

/// A list of texts.
pub(crate) fn texts(items: &[String]) -> Value {
    Value::Array(items.iter().map(|item| text(item)).collect())
}

/// A JSON value, as a person keeps it.
pub(crate) fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::scalar(*value),
        serde_json::Value::Number(value) => match (value.as_i64(), value.as_f64()) {
            (Some(whole), _) => Value::scalar(whole),
            (None, Some(fraction)) if value.is_f64() => Value::scalar(fraction),
            _ => number(&value.to_string()),
        },
        serde_json::Value::String(value) => match kept(value) {
            Kept::Number(digits) => number(digits),
            Kept::Text(value) => text(value),
        },
        serde_json::Value::Array(items) => Value::Array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(members) => Value::Object(object(members)),
    }
}

/// The members of a JSON object.
pub(crate) fn object(members: &serde_json::Map<String, serde_json::Value>) -> Object {
    members.iter().map(|(key, value)| (KString::from_ref(&without_nul(key)), from_json(value))).collect()
}

/// What a scalar is.
pub(crate) enum Plain<'v> {
    Whole(i64),
    Fraction(f64),
    /// A number by its digits.
    Exact(Cow<'v, str>),
    Truth(bool),
    Text(Cow<'v, str>),
}

/// Looks into a scalar; `None` for nil, lists and objects.
pub(crate) fn plain(value: &dyn ValueView) -> Option<Plain<'_>> {
    let scalar = value.as_scalar()?;
    Some(match value.type_name() {
        "whole number" => Plain::Whole(scalar.to_integer().unwrap_or_default()),
        "fractional number" => Plain::Fraction(scalar.to_float().unwrap_or_default()),
        "boolean" => Plain::Truth(scalar.to_bool().unwrap_or_default()),
        _ => {
            let text = scalar.into_cow_str();
            if text.strip_prefix(EXACT).is_some_and(is_number) {
                Plain::Exact(match text {
                    Cow::Borrowed(text) => Cow::Borrowed(&text[1..]),
                    Cow::Owned(text) => Cow::Owned(text[1..].to_owned()),
                })
            } else if text.contains('\0') {
                Plain::Text(Cow::Owned(text.replace('\0', "")))
            } else {
                Plain::Text(text)
            }
        }
    })
}

/// A value for conditions: numbers as the engine compares them, which may have fewer digits.
pub(crate) fn comparable(value: ValueCow<'_>) -> ValueCow<'_> {
    if has_exact(value.as_view()) { ValueCow::Owned(without_exact(value.into_owned())) } else { value }
}

fn has_exact(value: &dyn ValueView) -> bool {
    if let Some(array) = value.as_array() {
        return array.values().any(has_exact);
    }
    if let Some(object) = value.as_object() {
        return object.values().any(has_exact);
    }
    matches!(plain(value), Some(Plain::Exact(_)))
}

fn without_exact(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(without_exact).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(key, value)| (key, without_exact(value))).collect())
        }
        value => {
            let fraction = match plain(&value) {
                Some(Plain::Exact(digits)) => fraction_of(&digits),
                _ => None,
            };
            fraction.map_or(value, Value::scalar)
        }
    }
}

/// The nearest that floating point has; `None` where it is beyond that.
pub(crate) fn fraction_of(digits: &str) -> Option<f64> {
    digits.parse().ok().filter(|fraction: &f64| fraction.is_finite())
}

/// Whether a value is nil, or a text, list or object with nothing in it.
pub(crate) fn is_empty(value: &dyn ValueView) -> bool {
    if value.is_nil() || value.is_state() {
        return true;
    }
    if let Some(array) = value.as_array() {
        return array.size() == 0;
    }
    if let Some(object) = value.as_object() {
        return object.size() == 0;
    }
    matches!(plain(value), Some(Plain::Text(text)) if text.is_empty())
}

/// A rough size in bytes, for the work that handling a value is.
pub(crate) fn weigh(value: &dyn ValueView) -> usize {
    if value.is_nil() {
        return 1;
    }
    if let Some(array) = value.as_array() {
        return 16 + array.values().map(weigh).sum::<usize>();
    }
    if let Some(object) = value.as_object() {
        return 16 + object.iter().map(|(key, value)| key.len() + weigh(value)).sum::<usize>();
    }
    16 + value.as_scalar().map_or(0, |scalar| match scalar.into_cow_str() {
        Cow::Borrowed(text) => text.len(),
        Cow::Owned(text) => text.len(),
    })
}

/// A value as text: nil is empty, the items of a list are joined by a comma and a space, an object is its JSON.
pub(crate) fn to_text(value: &dyn ValueView) -> Cow<'_, str> {
    if value.is_nil() || value.is_state() {
        return Cow::Borrowed("");
    }
    if let Some(array) = value.as_array() {
        let mut text = String::new();
        for (n, item) in array.values().enumerate() {
            if n > 0 {
                text.push_str(", ");
            }
            text.push_str(&to_text(item));
        }
        return Cow::Owned(text);
    }
    match plain(value) {
        None => Cow::Owned(to_json(value)),
        Some(Plain::Text(text) | Plain::Exact(text)) => text,
        Some(Plain::Whole(whole)) => Cow::Owned(whole.to_string()),
        Some(Plain::Fraction(fraction)) => Cow::Owned(fraction_digits(fraction)),
        Some(Plain::Truth(truth)) => Cow::Borrowed(if truth { "true" } else { "false" }),
    }
}

/// A value as JSON.
pub(crate) fn to_json(value: &dyn ValueView) -> String {
    let mut out = String::new();
    write_json(value, &mut out);
    out
}

/// Writes a value as JSON. Members come in the order of their names, so that the same value is the same text.
pub(crate) fn write_json(value: &dyn ValueView, out: &mut String) {
    if value.is_nil() || value.is_state() {
        out.push_str("null");
    } else if let Some(array) = value.as_array() {
        out.push('[');
        for (n, item) in array.values().enumerate() {
            if n > 0 {
                out.push(',');
            }
            write_json(item, out);
        }
        out.push(']');
    } else if let Some(object) = value.as_object() {
        let mut members: Vec<_> = object.iter().collect();
        members.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
        out.push('{');
        for (n, (key, value)) in members.into_iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push('"');
            escape_json(&without_nul(key.as_str()), out);
            out.push_str("\":");
            write_json(value, out);
        }
        out.push('}');
    } else {
        match plain(value) {
            None => out.push_str("null"),
            Some(Plain::Text(text)) => {
                out.push('"');
                escape_json(&text, out);
                out.push('"');
            }
            Some(Plain::Exact(digits)) => out.push_str(&digits),
            Some(Plain::Whole(whole)) => out.push_str(&whole.to_string()),
            Some(Plain::Fraction(fraction)) => out.push_str(&fraction_digits(fraction)),
            Some(Plain::Truth(truth)) => out.push_str(if truth { "true" } else { "false" }),
        }
    }
}

/// The shortest digits that read back as the same number; `null` for what JSON has no number for.
fn fraction_digits(fraction: f64) -> String {
    serde_json::Number::from_f64(fraction).map_or_else(|| "null".to_owned(), |number| number.to_string())
}

/// Writes text as the contents of a JSON string.
pub(crate) fn escape_json(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\' | 0x7F)) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => {
                // Only control characters of one byte come here.
                out.push_str("\\u00");
                out.extend([byte >> 4, byte & 0xF].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// What is known but unset: nil, and yet an object without members, so that `contains` and further names find nothing
/// in it where the engine would fail on plain nil.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unset;

/// The one of its kind, to be borrowed.
pub(crate) static UNSET: Unset = Unset;

impl ValueView for Unset {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }
    fn render(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(&"")
    }
    fn source(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(&"nil")
    }
    fn type_name(&self) -> &'static str {
        "nil"
    }
    fn query_state(&self, state: State) -> bool {
        match state {
            State::Truthy => false,
            State::DefaultValue | State::Empty | State::Blank => true,
        }
    }
    fn to_kstr(&self) -> KStringCow<'_> {
        KStringCow::from_static("")
    }
    fn to_value(&self) -> Value {
        Value::Nil
    }
    fn as_object(&self) -> Option<&dyn ObjectView> {
        Some(self)
    }
    fn is_nil(&self) -> bool {
        true
    }
}

impl ObjectView for Unset {
    fn as_value(&self) -> &dyn ValueView {
        self
    }
    fn size(&self) -> i64 {
        0
    }
    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(std::iter::empty())
    }
    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(std::iter::empty())
    }
    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        Box::new(std::iter::empty())
    }
    fn contains_key(&self, _: &str) -> bool {
        false
    }
    fn get<'s>(&'s self, _: &str) -> Option<&'s dyn ValueView> {
        None
    }
}
