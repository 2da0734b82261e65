//! What a rendering writes into: literal text goes in as it is, values are encoded for the place where they stand.
//!
//! Values are never looked at again once they are in, so nothing that a person holds can become template text, end a
//! JSON string or leave its URL segment.

use crate::json::StringState;
use crate::limits::{OUTPUT_BYTES_MAX, STEP_WORK, WORK_MAX};
use crate::values;
use liquid_core::{Error, Result, Runtime, ValueView};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;

/// What a template makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// JSON data.
    Json,
    /// `application/x-www-form-urlencoded` data.
    Form,
    /// Text as it is.
    #[default]
    Text,
    /// A URL.
    Url,
    /// A header's value.
    Header,
    /// XML data.
    Xml,
}

/// Everything but RFC 3986's unreserved characters: what is left means the same in path and query.
const NOT_UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How an output is to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    /// `or_omit`: the member or item goes where this is empty.
    pub(crate) or_omit: bool,
    /// `json`: within a string, the value's JSON text.
    pub(crate) json: bool,
}

/// Where in the output a piece of the template was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) out: usize,
    pub(crate) piece: u32,
}

/// The output of one rendering.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    place: Place,
    pub(crate) out: String,
    state: StringState,
    /// Ascending by `out`.
    pub(crate) marks: Vec<Mark>,
    /// Where values that are empty and marked `or_omit` stand. Ascending.
    pub(crate) omits: Vec<usize>,
    /// The piece under way, for the place of a fault.
    pub(crate) piece: u32,
    /// Whether numbers are wanted by their digits, and not as the engine compares them.
    pub(crate) is_exact: bool,
    work: u64,
}

impl Sink {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, ..Self::default() }
    }

    /// Counts work.
    pub(crate) fn burn(&mut self, bytes: usize) -> Result<()> {
        self.work = self.work.saturating_add(STEP_WORK).saturating_add(bytes as u64);
        if self.work > WORK_MAX {
            return Err(Error::with_msg(
                "the template does too much work; write it with fewer turns and shorter texts",
            ));
        }
        Ok(())
    }

    /// Notes that a piece begins here.
    pub(crate) fn mark(&mut self, piece: u32) {
        self.piece = piece;
        self.marks.push(Mark { out: self.out.len(), piece });
    }

    /// Writes literal text.
    pub(crate) fn text(&mut self, piece: u32, text: &str) -> Result<()> {
        self.mark(piece);
        self.burn(text.len())?;
        if self.place == Place::Json {
            self.state.feed(text);
        }
        self.out.push_str(text);
        self.check_length()
    }

    /// Writes a value.
    pub(crate) fn value(&mut self, piece: u32, output: Output, value: &dyn ValueView) -> Result<()> {
        self.mark(piece);
        self.burn(values::weigh(value))?;
        if self.place == Place::Json {
            return self.json_value(output, value);
        }
        let text = if output.json { values::to_json(value).into() } else { values::to_text(value) };
        match self.place {
            Place::Form => self.out.extend(form_urlencoded::byte_serialize(text.as_bytes())),
            Place::Url => self.out.extend(utf8_percent_encode(&text, NOT_UNRESERVED)),
            Place::Header => one_line(&text, &mut self.out),
            Place::Xml => escape_xml(&text, &mut self.out),
            Place::Text | Place::Json => self.out.push_str(&text),
        }
        self.check_length()
    }

    fn json_value(&mut self, output: Output, value: &dyn ValueView) -> Result<()> {
        if self.state.escaped {
            return Err(Error::with_msg("an output stands right behind a backslash; write `\\\\` for a backslash"));
        }
        if output.or_omit && values::is_empty(value) {
            self.omits.push(self.out.len());
        }
        match (self.state.inside, output.json) {
            (false, _) => values::write_json(value, &mut self.out),
            (true, false) => values::escape_json(&values::to_text(value), &mut self.out),
            (true, true) => values::escape_json(&values::to_json(value), &mut self.out),
        }
        self.check_length()
    }

    fn check_length(&self) -> Result<()> {
        if self.out.len() > OUTPUT_BYTES_MAX {
            return Err(Error::with_msg(format!("the template renders more than {OUTPUT_BYTES_MAX} bytes")));
        }
        Ok(())
    }
}

/// Writes text so that it is text wherever it stands in XML, in an element or an attribute. Characters that XML 1.0 (section
/// 2.2) forbids are left out.
fn escape_xml(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // An attribute's value would lose them.
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c if c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
}

/// Writes text with each run of control characters as one space, so that it stays on one line.
pub(crate) fn one_line(text: &str, out: &mut String) {
    let mut in_run = false;
    for c in text.chars() {
        if !c.is_control() {
            out.push(c);
        } else if !in_run {
            out.push(' ');
        }
        in_run = c.is_control();
    }
}

/// Counts one step of work on that many bytes.
pub(crate) fn burn(runtime: &dyn Runtime, bytes: usize) -> Result<()> {
    runtime.registers().get_mut::<Sink>().burn(bytes)
}
