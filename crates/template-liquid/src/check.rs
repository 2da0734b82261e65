//! Reads a template strictly: every token, filter, tag and block, with each fault at its place; and writes it afresh for
//! the Liquid parser.

mod expression;
mod query;
mod tag;

use crate::blocks::{Piece, PieceKind};
use crate::json::{InnerJson, StringState};
use crate::lexer::{self, Chunk, Flaw};
use crate::limits::{FAULTS_MAX, TEMPLATE_BYTES_MAX};
use crate::sink::Place;
use crate::xml::XmlState;
use std::collections::{BTreeSet, HashSet};
use sync_core::ports::{IdTokens, TokensUsed};
use sync_core::sync::{Edition, Operation};

/// Which tokens a template may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Those of a rule.
    Rule(Operation),
    /// Those of a unique id template.
    UniqueId(IdTokens),
}

/// How a template is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) allowed: Allowed,
    /// What it means.
    pub(crate) edition: Edition,
}

/// A template that was read.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The template, written afresh for the Liquid parser.
    pub(crate) code: String,
    /// The piece that each line of the code belongs to.
    pub(crate) lines: Vec<usize>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) used: Used,
}

/// What a template uses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Used {
    pub(crate) tokens: TokensUsed,
    /// Paths into the open families, such as `custom`, `address`, `city`.
    pub(crate) open: BTreeSet<Vec<String>>,
    /// What can hardly be meant.
    pub(crate) objections: Vec<Flaw>,
    /// What may be meant, but should be known.
    pub(crate) warnings: Vec<Flaw>,
}

/// Reads `template[start..end]`, what stands around it being white space.
pub(crate) fn check(
    template: &str,
    (start, end): (usize, usize),
    place: Place,
    Reading { allowed, edition }: Reading,
) -> Result<Checked, Vec<Flaw>> {
    if template.len() > TEMPLATE_BYTES_MAX {
        let message = format!(
            "the template has {} bytes, more than the {TEMPLATE_BYTES_MAX} allowed; write it shorter",
            template.len()
        );
        return Err(vec![Flaw::new(0, message)]);
    }
    let (chunks, flaws) = lexer::split(template, start, end);
    let mut checker = Checker {
        place,
        allowed,
        edition,
        flaws,
        code: String::with_capacity(template.len() * 2),
        lines: Vec::new(),
        pieces: Vec::new(),
        used: Used::default(),
        open: Vec::new(),
        assigned: HashSet::new(),
        string: StringState::default(),
        string_at: 0,
        inner: InnerJson::default(),
        xml: XmlState::default(),
        query: query::QueryValues::default(),
    };
    for chunk in &chunks {
        if checker.flaws.len() >= FAULTS_MAX {
            break;
        }
        checker.chunk(chunk);
    }
    checker.finish()
}

/// An open block.
struct Open {
    kind: &'static str,
    at: usize,
    /// Where the JSON was when it began: each of its branches must begin and end so.
    string: StringState,
    /// The same of XML.
    xml: XmlState,
    /// The loop's name.
    name: Option<String>,
    /// How many branches it has so far, besides its first.
    branches: usize,
    /// Whether `else` was seen.
    has_else: bool,
    /// A `case` before its first `when`.
    before_when: bool,
    /// White space in it, as long as nothing else was seen that is written.
    blanks: Option<Vec<usize>>,
}

const IN_INNER_JSON: &str = "this token stands in JSON that is itself a string: a name with a quotation mark could add members to it. Use the filter \
     json, without quotation marks around the token: {{ person.last_name | json }}";

struct Checker {
    place: Place,
    allowed: Allowed,
    edition: Edition,
    flaws: Vec<Flaw>,
    code: String,
    lines: Vec<usize>,
    pieces: Vec<Piece>,
    used: Used,
    open: Vec<Open>,
    assigned: HashSet<String>,
    string: StringState,
    /// Where the last string was opened.
    string_at: usize,
    inner: InnerJson,
    xml: XmlState,
    query: query::QueryValues,
}

impl Checker {
    fn flaw(&mut self, at: usize, message: impl Into<String>) {
        self.flaws.push(Flaw::new(at, message));
    }

    fn object(&mut self, at: usize, message: impl Into<String>) {
        self.used.objections.push(Flaw::new(at, message));
    }

    fn captured(&self) -> bool {
        self.open.iter().any(|open| open.kind == "capture")
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) {
        let before_when = self.open.last().is_some_and(|open| open.before_when);
        match chunk {
            Chunk::Text { text, .. } if before_when && text.trim().is_empty() => {}
            Chunk::Text { at, .. } | Chunk::Output { at, .. } if before_when => {
                self.flaw(*at, "nothing can stand between `case` and its first `when`; move it");
            }
            Chunk::Text { at, text } => self.text(*at, text),
            Chunk::Output { at, end, tokens } => {
                if self.string.escaped && self.place == Place::Json && !self.captured() {
                    self.flaw(*at, "an output stands right behind a backslash; write `\\\\` for a backslash");
                }
                if let Some(objection) = self.xml.objection().filter(|_| !self.captured()) {
                    self.flaw(*at, objection);
                }
                self.output(*at, *end, tokens);
            }
            Chunk::Tag { at, end, name, tokens } => self.tag(*at, *end, name, tokens),
        }
    }

    fn text(&mut self, at: usize, text: &str) {
        let captured = self.captured();
        let text = if captured { text.into() } else { self.literal(at, text) };
        if text.is_empty() {
            return;
        }
        if self.place == Place::Json && !captured {
            for at in self.inner.feed(self.string, &text) {
                self.object(at, IN_INNER_JSON);
            }
            let opened = self.string.feed(&text);
            self.string_at = opened.map_or(self.string_at, |opened| at + opened);
        }
        if self.place == Place::Url && !captured {
            let found = self.query.feed(&text).into_iter().map(|at| Flaw::new(at, query::IN_QUOTES));
            self.used.warnings.extend(found);
        }
        if self.place == Place::Xml && self.edition >= Edition::Second && !captured {
            self.xml.feed(&text);
        }
        let piece = self.piece(at, PieceKind::Text(text.as_ref().into()));
        if text.trim().is_empty() {
            self.note_blank(piece);
        } else {
            self.note_written();
        }
        self.own_tag("__text", piece, "");
    }

    /// White space was written.
    fn note_blank(&mut self, piece: usize) {
        if let Some(blanks) = self.open.last_mut().and_then(|open| open.blanks.as_mut()) {
            blanks.push(piece);
        }
    }

    /// Something was written that is no white space, or may be none. What is captured is written elsewhere.
    fn note_written(&mut self) {
        for open in self.open.iter_mut().rev() {
            if open.kind == "capture" {
                break;
            }
            open.blanks = None;
        }
    }

    /// A block has ended in which nothing but white space stands: Liquid leaves that out.
    fn leave_out(&mut self, blanks: Vec<usize>) {
        if self.edition >= Edition::Second {
            for piece in blanks {
                self.pieces[piece].kind = PieceKind::Text("".into());
            }
        }
    }

    /// Checks literal text for its place, and makes of it what is sent.
    fn literal<'t>(&mut self, at: usize, text: &'t str) -> std::borrow::Cow<'t, str> {
        match self.place {
            Place::Form => {
                // Line breaks are layout: none can stand in form data.
                let lines: Vec<&str> = text.split(['\r', '\n']).collect();
                let last = lines.len() - 1;
                let trimmed = lines.iter().enumerate().map(|(n, line)| {
                    let line = if n > 0 { line.trim_start() } else { line };
                    if n < last { line.trim_end() } else { line }
                });
                return trimmed.collect::<String>().into();
            }
            Place::Header => {
                if let Some(control) = text.find(|c: char| c.is_control() && c != '\t') {
                    self.flaw(
                        at + control,
                        "a header's value stands on one line; remove the line break or control character",
                    );
                }
            }
            Place::Url => {
                if let Some(bad) = text.find(|c: char| c.is_whitespace() || c.is_control()) {
                    self.flaw(at + bad, "a URL holds no white space or control characters; write a space as %20");
                } else if let Some(bad) = text.find('\\') {
                    self.flaw(at + bad, "a URL holds no backslash; write `/`, or %5C");
                } else if let Some(bad) = text.find('#') {
                    self.flaw(at + bad, "what stands behind `#` in a URL is never sent; remove it, or write %23");
                }
            }
            Place::Json | Place::Text | Place::Xml => {}
        }
        text.into()
    }

    fn piece(&mut self, at: usize, kind: PieceKind) -> usize {
        let captured = self.captured();
        self.pieces.push(Piece { at, kind, captured });
        self.pieces.len() - 1
    }

    /// Writes one of our own tags; see [`crate::blocks`].
    fn own_tag(&mut self, name: &str, piece: usize, arguments: &str) {
        self.write_tag(name, piece, &format!("{piece} {arguments}"));
    }

    /// Writes a tag. Each has one line break in it, so that a line number tells the piece.
    fn write_tag(&mut self, name: &str, piece: usize, arguments: &str) {
        self.code.push_str("{%");
        self.code.push_str(name);
        self.code.push('\n');
        self.code.push_str(arguments);
        // A name may end in a dash, which must not become white space control.
        self.code.push_str(" %}");
        self.lines.push(piece);
        // Texts in the arguments may hold line breaks too.
        self.lines.extend(arguments.matches('\n').map(|_| piece));
    }

    fn finish(mut self) -> Result<Checked, Vec<Flaw>> {
        for open in std::mem::take(&mut self.open) {
            self.flaw(open.at, format!("`{0}` is not closed; end it with `{{% end{0} %}}`", open.kind));
        }
        if self.flaws.is_empty() && self.place == Place::Json && self.string.inside {
            self.flaw(self.string_at, "a string is opened here and not closed; close it with `\"`");
        }
        if self.flaws.is_empty() {
            return Ok(Checked { code: self.code, lines: self.lines, pieces: self.pieces, used: self.used });
        }
        self.flaws.sort_by_key(|flaw| flaw.at);
        self.flaws.truncate(FAULTS_MAX);
        Err(self.flaws)
    }
}
