//! A template that is compiled once and rendered often.

use crate::blocks::{Piece, PieceKind, language};
use crate::check::{Allowed, Checked, Reading, Used, check};
use crate::lexer::Flaw;
use crate::runtime::Scope;
use crate::sink::{Mark, Place, Sink};
use liquid_core::{Error, Renderable, Runtime};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use sync_core::fault::{Fault, Position};
use sync_core::ports::RenderContext;
use sync_core::sync::Operation;

/// A compiled template.
pub(crate) struct Template {
    source: Box<str>,
    liquid: liquid_core::Template,
    pieces: Arc<[Piece]>,
    place: Place,
    operation: Option<Operation>,
    pub(crate) used: Used,
    /// What can hardly be meant.
    pub(crate) objections: Vec<Fault>,
    /// What should be known of it.
    pub(crate) warnings: Vec<Fault>,
}

/// What a template rendered.
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// See [`crate::json::compact`].
    pub(crate) omits: Vec<usize>,
    marks: Vec<Mark>,
}

const ENGINE_FAULT: &str = "the template engine failed on this template; write it differently";

impl Template {
    /// Compiles a template with the white space around it.
    pub(crate) fn new(source: &str, place: Place, reading: Reading) -> Result<Self, Vec<Fault>> {
        Self::of_range(source, (0, source.len()), place, reading)
    }

    /// Compiles a template without the ASCII white space around it.
    pub(crate) fn trimmed(source: &str, place: Place, reading: Reading) -> Result<Self, Vec<Fault>> {
        let start = source.len() - source.trim_ascii_start().len();
        Self::of_range(source, (start, start + source.trim_ascii().len()), place, reading)
    }

    fn of_range(source: &str, range: (usize, usize), place: Place, reading: Reading) -> Result<Self, Vec<Fault>> {
        let fault = |flaw: Flaw| Fault::here(flaw.message).with_position(Position::of(source, flaw.at));
        let checked = check(source, range, place, reading);
        let Checked { code, lines, pieces, used } =
            checked.map_err(|flaws| flaws.into_iter().map(fault).collect::<Vec<_>>())?;
        let pieces: Arc<[Piece]> = pieces.into();
        let language = language(&pieces, reading.edition);
        let parsed = catch_unwind(AssertUnwindSafe(|| liquid_core::parser::parse(&code, &language)));
        let elements = match parsed {
            Ok(Ok(elements)) => elements,
            Ok(Err(error)) => {
                let (line, message) = parse_error(&error);
                let piece = lines.get(line.saturating_sub(1)).and_then(|&piece| pieces.get(piece));
                return Err(vec![fault(Flaw::new(piece.map_or(0, |piece| piece.at), message))]);
            }
            Err(_) => return Err(vec![Fault::here(ENGINE_FAULT)]),
        };
        let operation = match reading.allowed {
            Allowed::Rule(operation) => Some(operation),
            Allowed::UniqueId(_) => None,
        };
        let objections = used.objections.iter().cloned().map(fault).collect();
        let warnings = used.warnings.iter().cloned().map(fault).collect();
        Ok(Self {
            objections,
            warnings,
            source: source.into(),
            liquid: liquid_core::Template::new(elements),
            pieces,
            place,
            operation,
            used,
        })
    }

    /// Renders it.
    pub(crate) fn render(&self, context: &RenderContext<'_>) -> Result<Rendered, Fault> {
        let scope = Scope::new(context, self.operation);
        *scope.registers().get_mut::<Sink>() = Sink::new(self.place);
        let result = catch_unwind(AssertUnwindSafe(|| self.liquid.render_to(&mut std::io::sink(), &scope)));
        let sink = std::mem::take(&mut *scope.registers().get_mut::<Sink>());
        match result {
            Ok(Ok(())) => Ok(Rendered { text: sink.out, omits: sink.omits, marks: sink.marks }),
            Ok(Err(error)) => Err(self.fault_at_piece(sink.piece, message(&error))),
            Err(_) => Err(self.fault_at_piece(sink.piece, ENGINE_FAULT.to_owned())),
        }
    }

    fn fault_at_piece(&self, piece: u32, message: String) -> Fault {
        let fault = Fault::here(message);
        match self.pieces.get(piece as usize) {
            Some(piece) => fault.with_position(Position::of(&self.source, piece.at)),
            None => fault,
        }
    }

    /// A fault of what was rendered, told where it comes from in the template.
    pub(crate) fn fault_at(&self, rendered: &Rendered, at: usize, message: impl Into<String>) -> Fault {
        let fault = Fault::here(message);
        let mark =
            rendered.marks.partition_point(|mark| mark.out <= at).checked_sub(1).and_then(|n| rendered.marks.get(n));
        let Some((mark, piece)) = mark.and_then(|mark| Some((mark, self.pieces.get(mark.piece as usize)?))) else {
            return fault;
        };
        let within = match &piece.kind {
            PieceKind::Text(text) => (at - mark.out).min(text.len()),
            _ => 0,
        };
        fault.with_position(Position::of(&self.source, piece.at + within))
    }

    /// Whether what was rendered between two places, both included, depends on the person.
    pub(crate) fn is_dynamic(&self, rendered: &Rendered, from: usize, to: usize) -> bool {
        let first = rendered.marks.partition_point(|mark| mark.out < from);
        rendered.marks[first..].iter().take_while(|mark| mark.out <= to).any(|mark| {
            let piece = self.pieces.get(mark.piece as usize);
            piece.is_some_and(|piece| matches!(piece.kind, PieceKind::Output(_) | PieceKind::Block))
        })
    }
}

/// What the engine says first.
fn message(error: &Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("liquid: ").unwrap_or(first).to_owned()
}

/// The line of the code, and what the parser says of it.
fn parse_error(error: &Error) -> (usize, String) {
    let text = error.to_string();
    let line = text.split("--> ").nth(1).and_then(|place| place.split(':').next()?.parse().ok()).unwrap_or(0);
    let said =
        text.lines().find_map(|line| line.trim().strip_prefix("= ")).map_or_else(|| message(error), str::to_owned);
    (line, format!("the tag cannot be read: {said}"))
}
