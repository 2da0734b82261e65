//! The language that templates are parsed with: the Liquid blocks that are safe, and our own tags and `for`.
//!
//! `__text N`, `__value N chain` and `__at N` are written by [`crate::check`] in place of literal text, outputs and the
//! beginnings of blocks; N is the piece of the template.

use crate::conditions::{Case, Conditional};
use crate::filters;
use crate::runtime::{LoopScope, exactly};
use crate::sink::{Output, Sink, burn};
use crate::values::{self, Plain};
use liquid_core::model::{Value, ValueCow, ValueView};
use liquid_core::parser::{BlockElement, FilterChain, TryMatchToken};
use liquid_core::runtime::{Interrupt, InterruptRegister};
use liquid_core::{
    BlockReflection, Error, Expression, Language, ParseBlock, ParseTag, Renderable, Result, Runtime, TagBlock,
    TagReflection, TagTokenIter, Template,
};
use liquid_lib::stdlib;
use std::io::Write;
use std::sync::Arc;
use sync_core::sync::Edition;

/// What a piece of a template is.
#[derive(Clone, Debug)]
pub(crate) enum PieceKind {
    /// Literal text.
    Text(Arc<str>),
    /// An output.
    Output(Output),
    /// The beginning of a block: what comes behind it depends on the person.
    Block,
    /// Any other tag.
    Tag,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Its byte offset.
    pub(crate) at: usize,
    pub(crate) kind: PieceKind,
    /// Whether it stands in a `capture`, whose text goes into a name and not to the output.
    pub(crate) captured: bool,
}

/// The language of an edition, for a template of these pieces.
pub(crate) fn language(pieces: &Arc<[Piece]>, edition: Edition) -> Language {
    let mut language = Language::empty();
    let conditions: [Box<dyn ParseBlock>; 3] = match edition {
        Edition::First => [Box::new(stdlib::IfBlock), Box::new(stdlib::UnlessBlock), Box::new(stdlib::CaseBlock)],
        Edition::Second => [Box::new(Conditional::If), Box::new(Conditional::Unless), Box::new(Case)],
    };
    let others: [Box<dyn ParseBlock>; 2] = [Box::new(stdlib::CaptureBlock), Box::new(ForBlock(edition))];
    let blocks = conditions.into_iter().chain(others);
    for block in blocks {
        language.blocks.register(block.reflection().start_tag().to_owned(), block);
    }
    let own = |name| Box::new(PieceTag { name, pieces: Arc::clone(pieces) });
    let tags: [Box<dyn ParseTag>; 6] = [
        Box::new(Assign),
        Box::new(stdlib::BreakTag),
        Box::new(stdlib::ContinueTag),
        own("__text"),
        own("__value"),
        own("__at"),
    ];
    for tag in tags {
        language.tags.register(tag.reflection().tag().to_owned(), tag);
    }
    filters::register(&mut language, edition);
    language
}

#[derive(Clone)]
struct PieceTag {
    name: &'static str,
    pieces: Arc<[Piece]>,
}

impl TagReflection for PieceTag {
    fn tag(&self) -> &str {
        self.name
    }
    fn description(&self) -> &'static str {
        "a piece of the template"
    }
}

impl ParseTag for PieceTag {
    fn parse(&self, mut arguments: TagTokenIter<'_>, options: &Language) -> Result<Box<dyn Renderable>> {
        let number = arguments.expect_next("the piece's number")?.expect_literal().into_result()?;
        let number = number.as_scalar().and_then(|number| number.to_integer()).and_then(|n| u32::try_from(n).ok());
        let number = number.ok_or_else(|| Error::with_msg("the piece's number"))?;
        let piece = self.pieces.get(number as usize).ok_or_else(|| Error::with_msg("the piece"))?;
        let captured = piece.captured;
        Ok(match &piece.kind {
            PieceKind::Text(text) => Box::new(TextPiece { number, text: Arc::clone(text), captured }),
            PieceKind::Output(output) => {
                let chain = arguments.expect_next("a value is expected")?.expect_filter_chain(options).into_result()?;
                arguments.expect_nothing()?;
                Box::new(OutputPiece { number, output: *output, captured, chain })
            }
            PieceKind::Block | PieceKind::Tag => Box::new(Beginning { number }),
        })
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

#[derive(Debug)]
struct TextPiece {
    number: u32,
    text: Arc<str>,
    captured: bool,
}

impl Renderable for TextPiece {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        if self.captured {
            return capture(writer, runtime, self.number, &self.text);
        }
        runtime.registers().get_mut::<Sink>().text(self.number, &self.text)
    }
}

#[derive(Debug)]
struct OutputPiece {
    number: u32,
    output: Output,
    captured: bool,
    chain: FilterChain,
}

impl Renderable for OutputPiece {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        runtime.registers().get_mut::<Sink>().piece = self.number;
        let value = exactly(runtime, || self.chain.evaluate(runtime))?;
        if self.captured {
            return capture(writer, runtime, self.number, &values::to_text(value.as_view()));
        }
        runtime.registers().get_mut::<Sink>().value(self.number, self.output, value.as_view())
    }
}

fn capture(writer: &mut dyn Write, runtime: &dyn Runtime, piece: u32, text: &str) -> Result<()> {
    let mut sink = runtime.registers().get_mut::<Sink>();
    sink.piece = piece;
    sink.burn(text.len())?;
    writer.write_all(text.as_bytes()).map_err(|fault| Error::with_msg(fault.to_string()))
}

/// The engine's `assign`; numbers keep their digits.
#[derive(Clone)]
struct Assign;

impl ParseTag for Assign {
    fn parse(&self, arguments: TagTokenIter<'_>, options: &Language) -> Result<Box<dyn Renderable>> {
        Ok(Box::new(Assignment(stdlib::AssignTag.parse(arguments, options)?)))
    }

    fn reflection(&self) -> &dyn TagReflection {
        stdlib::AssignTag.reflection()
    }
}

#[derive(Debug)]
struct Assignment(Box<dyn Renderable>);

impl Renderable for Assignment {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        exactly(runtime, || self.0.render_to(writer, runtime))
    }
}

#[derive(Debug)]
struct Beginning {
    number: u32,
}

impl Renderable for Beginning {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let mut sink = runtime.registers().get_mut::<Sink>();
        sink.mark(self.number);
        sink.burn(0)
    }
}

/// `for`, which never holds a range in memory and counts each turn.
#[derive(Clone)]
struct ForBlock(Edition);

impl BlockReflection for ForBlock {
    fn start_tag(&self) -> &'static str {
        "for"
    }
    fn end_tag(&self) -> &'static str {
        "endfor"
    }
    fn description(&self) -> &'static str {
        "goes over a list or range"
    }
}

impl ParseBlock for ForBlock {
    /// `name in source [limit: value] [offset: value] [reversed]`, in this order: [`crate::check`] writes it so.
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("a name is expected")?.expect_identifier().into_result()?.to_owned();
        arguments.expect_next("`in` is expected")?.expect_str("in").into_result()?;
        let source = match arguments.expect_next("a list or range is expected")?.expect_value() {
            TryMatchToken::Matches(value) => Source::Value(value),
            TryMatchToken::Fails(token) => {
                let (from, to) = token.expect_range().into_result()?;
                Source::Range(from, to)
            }
        };
        let (mut limit, mut offset, mut reversed) = (None, None, false);
        while let Some(token) = arguments.next() {
            let word = token.as_str().to_owned();
            if word == "reversed" {
                reversed = true;
                continue;
            }
            arguments.expect_next("`:` is expected")?.expect_str(":").into_result()?;
            let value = arguments.expect_next("a value is expected")?.expect_value().into_result()?;
            *(if word == "limit" { &mut limit } else { &mut offset }) = Some(value);
        }
        let (mut body, mut otherwise) = (Vec::new(), None);
        while let Some(element) = block.next()? {
            match element {
                BlockElement::Tag(tag) if tag.name() == "else" => otherwise = Some(block.parse_all(options)?),
                BlockElement::Tag(tag) => body.push(tag.parse(&mut block, options)?),
                element => body.push(element.parse(&mut block, options)?),
            }
        }
        block.assert_empty();
        let (body, otherwise) = (Template::new(body), otherwise.map(Template::new));
        Ok(Box::new(For { edition: self.0, name, source, limit, offset, reversed, body, otherwise }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
enum Source {
    Value(Expression),
    Range(Expression, Expression),
}

#[derive(Debug)]
struct For {
    edition: Edition,
    name: String,
    source: Source,
    limit: Option<Expression>,
    offset: Option<Expression>,
    reversed: bool,
    body: Template,
    otherwise: Option<Template>,
}

fn whole(expression: &Expression, runtime: &dyn Runtime) -> Result<i64> {
    let value = expression.evaluate(runtime)?;
    let whole = value.as_scalar().and_then(|scalar| scalar.to_integer());
    whole.ok_or_else(|| Error::with_msg("a whole number is expected for the loop's range, limit or offset"))
}

impl For {
    /// Which turns are made of `count`: the first, and how many.
    fn turns(&self, count: i64, runtime: &dyn Runtime) -> Result<(i64, i64)> {
        let bound = |expression: &Option<Expression>, default| {
            let Some(expression) = expression else { return Ok(default) };
            if self.edition >= Edition::Second && expression.evaluate(runtime)?.is_nil() {
                return Ok(default);
            }
            Ok(whole(expression, runtime)?.max(0))
        };
        let first = bound(&self.offset, 0)?.min(count);
        Ok((first, bound(&self.limit, count)?.min(count - first)))
    }

    /// Makes the turns, `item` being what the nth one of all is about.
    fn run<'v>(
        &self,
        writer: &mut dyn Write,
        runtime: &dyn Runtime,
        count: i64,
        item: impl Fn(i64) -> Option<ValueCow<'v>>,
    ) -> Result<()> {
        let (first, turns) = self.turns(count, runtime)?;
        if turns == 0 {
            return self.otherwise.as_ref().map_or(Ok(()), |otherwise| otherwise.render_to(writer, runtime));
        }
        for turn in 0..turns {
            burn(runtime, 0)?;
            let at = if self.reversed { first + turns - 1 - turn } else { first + turn };
            let item = item(at).unwrap_or(ValueCow::Owned(Value::Nil));
            let scope = LoopScope { parent: runtime, name: &self.name, item: item.as_view(), turn, turns };
            self.body.render_to(writer, &scope)?;
            if matches!(runtime.registers().get_mut::<InterruptRegister>().reset(), Some(Interrupt::Break)) {
                break;
            }
        }
        Ok(())
    }
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        match &self.source {
            Source::Range(from, to) => {
                let (from, to) = (whole(from, runtime)?, whole(to, runtime)?);
                let count = to.saturating_sub(from).saturating_add(1).max(0);
                self.run(writer, runtime, count, |at| Some(ValueCow::Owned(Value::scalar(from + at))))
            }
            Source::Value(value) => {
                let value = exactly(runtime, || value.evaluate(runtime))?;
                let value = value.as_view();
                if value.is_nil() || value.is_state() {
                    self.run(writer, runtime, 0, |_| None)
                } else if let Some(array) = value.as_array() {
                    self.run(writer, runtime, array.size(), |at| array.get(at).map(ValueCow::Borrowed))
                } else if let Some(object) = value.as_object() {
                    let mut keys: Vec<String> = object.keys().map(|key| key.as_str().to_owned()).collect();
                    keys.sort();
                    self.run(writer, runtime, object.size(), |at| {
                        let key = keys.get(usize::try_from(at).ok()?)?;
                        let member = object.get(key)?.to_value();
                        Some(ValueCow::Owned(Value::Array(vec![values::text(key), member])))
                    })
                } else if self.edition >= Edition::Second
                    && !matches!(values::plain(value), Some(Plain::Text(text)) if !text.is_empty())
                {
                    // An empty text, a number or a truth has no items.
                    self.run(writer, runtime, 0, |_| None)
                } else {
                    self.run(writer, runtime, 1, |_| Some(ValueCow::Borrowed(value)))
                }
            }
        }
    }
}
