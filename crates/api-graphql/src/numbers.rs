//! Numbers of people keep their digits on the way in and out.
//!
//! The library's numbers are those of `serde_json`: `89014103211118510720` would come out of them as `8.901410321111851e19`. So a
//! number that they cannot hold is a text with a mark between the edge, where there is JSON text, and the scalar [`Json`], which
//! knows how a person keeps it. Literals get the mark in the parsed document, variables in the JSON text that they come in, and
//! answers lose it where they are written. Outside of a person's `custom` and `contact`, what was marked is made a number
//! again before anything else looks at it.
//!
//! [`Json`]: crate::scalars

mod document;
mod text;

pub use text::{give_out, take_in};

use async_graphql::parser::types::{BaseType, ExecutableDocument, Type};
use async_graphql::{Name, Request, ServerError, Value};
use std::collections::HashSet;
use std::sync::LazyLock;
use sync_core::digits::{self, Kept};
use uuid::Uuid;

pub(crate) use document::in_document;

/// Leads a number in place of which there is a text. It is drawn anew by each process, so that nobody can write one.
static MARK: LazyLock<String> = LazyLock::new(|| format!("\u{FDD0}{}:", Uuid::new_v4().simple()));

/// The members whose values are any JSON.
const ANY_JSON: [&str; 2] = ["contact", "custom"];

fn is_any_json(name: &str) -> bool {
    ANY_JSON.contains(&name)
}

/// Whether a variable is any JSON by itself.
fn is_json_type(declared: &Type) -> bool {
    match &declared.base {
        BaseType::Named(name) => name == "JSON",
        BaseType::List(items) => is_json_type(items),
    }
}

fn marked(digits: &str) -> String {
    format!("{}{digits}", *MARK)
}

/// A number of a request, as the library has it; the error is what it says of one that it cannot hold.
fn unmarked(digits: &str) -> Result<Value, String> {
    digits.parse().map(Value::Number).map_err(|fault: serde_json::Error| format!("invalid number {digits}: {fault}"))
}

/// Makes what is marked in a request's variables numbers again, where it is not any JSON. The document must be parsed.
pub(crate) fn in_variables(request: &mut Request) -> Result<(), ServerError> {
    if request.variables.is_empty() {
        return Ok(());
    }
    let json = json_variables(request.parsed_query()?);
    for (name, value) in request.variables.iter_mut().filter(|(name, _)| !json.contains(*name)) {
        unmark(value, false).map_err(|fault| ServerError::new(format!("Variable \"${name}\": {fault}"), None))?;
    }
    Ok(())
}

/// The variables that are any JSON by themselves, whichever operation runs.
fn json_variables(document: &ExecutableDocument) -> HashSet<Name> {
    let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    definitions
        .filter(|definition| is_json_type(&definition.node.var_type.node))
        .map(|definition| definition.node.name.node.clone())
        .collect()
}

fn unmark(value: &mut Value, is_json: bool) -> Result<(), String> {
    match value {
        Value::String(text) if !is_json => {
            if let Some(digits) = text.strip_prefix(MARK.as_str()) {
                *value = unmarked(digits)?;
            }
        }
        Value::List(items) => items.iter_mut().try_for_each(|item| unmark(item, is_json))?,
        Value::Object(members) => {
            for (name, member) in members {
                unmark(member, is_json || is_any_json(name))?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Any JSON of a request, as a person keeps it.
pub(crate) fn to_kept(value: &mut serde_json::Value) {
    walk(value, &mut |text| match text.strip_prefix(MARK.as_str()) {
        Some(digits) => digits::number(digits),
        None if text.starts_with(digits::MARK) => Some(digits::text(text).into_owned().into()),
        None => None,
    });
}

/// What a person keeps, for an answer.
pub(crate) fn from_kept(value: &mut serde_json::Value) {
    walk(value, &mut |text| match digits::kept(text) {
        Kept::Number(digits) => Some(marked(digits).into()),
        Kept::Text(plain) => (plain.len() < text.len()).then(|| plain.into()),
    });
}

/// Puts something else in the place of texts.
fn walk(value: &mut serde_json::Value, instead: &mut impl FnMut(&str) -> Option<serde_json::Value>) {
    match value {
        serde_json::Value::String(text) => {
            if let Some(other) = instead(text) {
                *value = other;
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| walk(item, instead)),
        serde_json::Value::Object(members) => members.values_mut().for_each(|member| walk(member, instead)),
        _ => {}
    }
}
