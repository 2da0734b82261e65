//! JSONPath (RFC 9535) on answers, in bounded time and memory, whatever the path and whatever the answer.
//!
//! Parsing goes over a path once. Evaluation hands on one value after the other and keeps none of them, does no more work
//! than a document of that size may cost, and never rounds a number. `docs/adr/0012-our-own-jsonpath.md` says why it is
//! written here.

mod decimal;
mod document;
mod evaluate;
mod model;
mod parse;
mod pattern;
mod proof;
#[cfg(test)]
mod tests;
mod work;

pub use document::Document;
pub use proof::Scalar;

use document::{Kind, Node};
use evaluate::select;
use model::{Query, Segment};
use std::borrow::Cow;
use std::ops::ControlFlow;
use work::{Stop, Work};

/// The most characters of a path.
pub const PATH_CHARACTERS_MAX: usize = 256;

/// A checked JSONPath.
#[derive(Clone, Debug)]
pub struct JsonPath {
    text: String,
    query: Query,
}

/// A value that a path selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected<'d> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(&'d str),
    /// A text.
    Text(Cow<'d, str>),
    /// A list, as it is written.
    List(&'d str),
    /// An object, as it is written.
    Object(&'d str),
}

/// A path takes more work on a document than it may: its unions, filters or repetitions multiply what the document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path takes too much work on this answer")]
pub struct TooMuchWork;

impl JsonPath {
    /// Parses a path of at most [`PATH_CHARACTERS_MAX`] characters with at most one descendant segment. The error says
    /// what is wrong and how to mend it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("is empty; write a JSONPath such as $.id".to_owned());
        }
        let characters = text.chars().count();
        if characters > PATH_CHARACTERS_MAX {
            return Err(format!("has more than {PATH_CHARACTERS_MAX} characters; write a shorter path"));
        }
        if !text.starts_with('$') {
            return Err(format!("does not begin with $; write $.{} instead", text.trim_start_matches('.')));
        }
        let query = parse::parse(text).map_err(|parse::Flaw { at, message }| {
            let place = if at > characters {
                "it ends early, the next character".to_owned()
            } else {
                format!("character {at}")
            };
            format!("is not a JSONPath by RFC 9535: {place} {message}")
        })?;
        Ok(Self { text: text.to_owned(), query })
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Hands each value that the path selects to `visit`, in the order of RFC 9535, until it breaks off. Of members of one
    /// name the last counts.
    pub fn visit<'d>(
        &self,
        document: &'d Document<'_>,
        mut visit: impl FnMut(Selected<'d>) -> ControlFlow<()>,
    ) -> Result<(), TooMuchWork> {
        visit_nodes(document, &self.query.segments, &mut |node| visit(document.selected(node)))
    }
}

fn visit_nodes(
    document: &Document<'_>,
    segments: &[Segment],
    visit: &mut dyn FnMut(Node) -> ControlFlow<()>,
) -> Result<(), TooMuchWork> {
    let walked = select(document, segments, &mut |work: &mut Work, node| {
        // What is made of the value: a path can select one value many times.
        if !matches!(document.kind(node), Kind::List | Kind::Object) {
            work.spend_read(document.written(node))?;
        }
        if visit(node).is_break() { Err(Stop::Enough) } else { Ok(()) }
    });
    match walked {
        Ok(()) | Err(Stop::Enough) => Ok(()),
        Err(Stop::TooMuchWork) => Err(TooMuchWork),
    }
}

impl Document<'_> {
    fn selected(&self, node: Node) -> Selected<'_> {
        let written = self.written(node);
        match self.kind(node) {
            Kind::Null => Selected::Null,
            Kind::Bool => Selected::Bool(written.text == "true"),
            Kind::Number => Selected::Number(written.text),
            Kind::Text => Selected::Text(written.said()),
            Kind::List => Selected::List(written.text),
            Kind::Object => Selected::Object(written.text),
        }
    }
}
