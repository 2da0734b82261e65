//! `if`, `unless` and `case` as Shopify's Liquid has them: read from the right, without conversions, and with a fault where a text is
//! put in order with a number.

use crate::decimal::Number;
use crate::runtime::exactly;
use crate::values::{self, Plain, plain};
use liquid_core::model::{State, Value, ValueView};
use liquid_core::parser::{BlockElement, TagToken};
use liquid_core::runtime::InterruptRegister;
use liquid_core::{
    BlockReflection, Error, Expression, Language, ParseBlock, Renderable, Result, Runtime, TagBlock, TagTokenIter,
    Template,
};
use std::cmp::Ordering;
use std::io::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

impl Comparison {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "==" => Self::Equal,
            "!=" | "<>" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "contains" => Self::Contains,
            _ => return None,
        })
    }

    fn holds(self, left: &dyn ValueView, right: &dyn ValueView) -> Result<bool> {
        Ok(match self {
            Self::Equal => equal(left, right),
            Self::Unequal => !equal(left, right),
            Self::Contains => contains(left, right)?,
            Self::Less => order(left, right)?.is_some_and(Ordering::is_lt),
            Self::LessOrEqual => order(left, right)?.is_some_and(Ordering::is_le),
            Self::Greater => order(left, right)?.is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => order(left, right)?.is_some_and(Ordering::is_ge),
        })
    }
}

/// Whether two values are the same. Nothing is converted: 1 is neither true nor "1".
fn equal(left: &dyn ValueView, right: &dyn ValueView) -> bool {
    match (state(left), state(right)) {
        (Some(state), None) => is_in(right, state),
        (None, Some(state)) => is_in(left, state),
        (Some(_), Some(_)) => false,
        (None, None) => same(left, right),
    }
}

fn state(value: &dyn ValueView) -> Option<State> {
    value.as_state().filter(|_| value.is_state())
}

/// Whether a value is `empty` or `blank`.
fn is_in(value: &dyn ValueView, state: State) -> bool {
    let is_blank = state == State::Blank;
    if value.is_nil() {
        return is_blank;
    }
    if let Some(array) = value.as_array() {
        return array.size() == 0;
    }
    if let Some(object) = value.as_object() {
        return object.size() == 0;
    }
    match plain(value) {
        Some(Plain::Text(text)) => text.is_empty() || (is_blank && text.trim().is_empty()),
        Some(Plain::Truth(truth)) => is_blank && !truth,
        _ => false,
    }
}

fn same(left: &dyn ValueView, right: &dyn ValueView) -> bool {
    if left.is_nil() || right.is_nil() {
        return left.is_nil() && right.is_nil();
    }
    if let (Some(left), Some(right)) = (left.as_array(), right.as_array()) {
        return left.size() == right.size() && left.values().zip(right.values()).all(|(left, right)| same(left, right));
    }
    if let (Some(left), Some(right)) = (left.as_object(), right.as_object()) {
        let is_there = |key: &str, value| right.get(key).is_some_and(|other| same(value, other));
        return left.size() == right.size() && left.iter().all(|(key, value)| is_there(key.as_str(), value));
    }
    match (plain(left), plain(right)) {
        (Some(Plain::Text(left)), Some(Plain::Text(right))) => left == right,
        (Some(Plain::Truth(left)), Some(Plain::Truth(right))) => left == right,
        _ => match (Number::of(left), Number::of(right)) {
            (Some(left), Some(right)) => left.compare(&right).is_eq(),
            _ => false,
        },
    }
}

/// How two values stand to each other; `None` where there is no order and nothing holds.
fn order(left: &dyn ValueView, right: &dyn ValueView) -> Result<Option<Ordering>> {
    if let (Some(left), Some(right)) = (Number::of(left), Number::of(right)) {
        return Ok(Some(left.compare(&right)));
    }
    let text = |value| match plain(value) {
        Some(Plain::Text(text)) => Some(text),
        _ => None,
    };
    match (text(left), text(right)) {
        (Some(left), Some(right)) => Ok(Some(left.cmp(&right))),
        (None, None) => Ok(None),
        (Some(_), None) if Number::of(right).is_none() => Ok(None),
        (None, Some(_)) if Number::of(left).is_none() => Ok(None),
        _ => Err(Error::with_msg(
            "a text is compared with a number: make a number of it first, such as {% assign age = person.custom.age | number %}",
        )),
    }
}

fn contains(left: &dyn ValueView, right: &dyn ValueView) -> Result<bool> {
    let is_false = matches!(plain(right), Some(Plain::Truth(false)));
    if left.is_nil() || right.is_nil() || is_false || left.is_state() || right.is_state() {
        return Ok(false);
    }
    if let Some(array) = left.as_array() {
        return Ok(array.values().any(|item| same(item, right)));
    }
    if let Some(object) = left.as_object() {
        return Ok(matches!(plain(right), Some(Plain::Text(key)) if object.contains_key(&key)));
    }
    match plain(left) {
        Some(Plain::Text(_)) if right.as_scalar().is_none() => {
            Err(Error::with_msg("a text cannot contain a list or an object; name one item of it, or `join` it"))
        }
        Some(Plain::Text(text)) => Ok(text.contains(&*values::to_text(right))),
        _ => Ok(false),
    }
}

/// Everything but nil and false.
fn is_true(value: &dyn ValueView) -> bool {
    !value.is_nil() && !matches!(plain(value), Some(Plain::Truth(false)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

#[derive(Debug)]
struct Term {
    left: Expression,
    comparison: Option<(Comparison, Expression)>,
    /// What stands behind it.
    join: Option<Join>,
}

/// `a and b or c`, which is `a and (b or c)`.
#[derive(Debug)]
struct Condition(Vec<Term>);

impl Condition {
    fn parse(arguments: &mut TagTokenIter<'_>) -> Result<Self> {
        let value = |arguments: &mut TagTokenIter<'_>| {
            arguments.expect_next("a value is expected")?.expect_value().into_result()
        };
        let mut terms = Vec::new();
        loop {
            let left = value(arguments)?;
            let mut next = arguments.next();
            let comparison = match next.as_ref().map(TagToken::as_str).and_then(Comparison::of) {
                Some(comparison) => {
                    let right = value(arguments)?;
                    next = arguments.next();
                    Some((comparison, right))
                }
                None => None,
            };
            let join = match next.as_ref().map(TagToken::as_str) {
                None => None,
                Some("and") => Some(Join::And),
                Some("or") => Some(Join::Or),
                Some(_) => return Err(Error::with_msg("a comparison, `and` or `or` is expected")),
            };
            terms.push(Term { left, comparison, join });
            if join.is_none() {
                return Ok(Self(terms));
            }
        }
    }

    fn holds(&self, runtime: &dyn Runtime) -> Result<bool> {
        let mut holds = false;
        for term in &self.0 {
            holds = exactly(runtime, || term.holds(runtime))?;
            // What stands behind is one condition, whatever joins its own terms.
            if matches!((term.join, holds), (Some(Join::And), false) | (Some(Join::Or), true)) {
                break;
            }
        }
        Ok(holds)
    }
}

impl Term {
    fn holds(&self, runtime: &dyn Runtime) -> Result<bool> {
        let Some((comparison, right)) = &self.comparison else {
            return Ok(self.left.try_evaluate(runtime).is_some_and(|value| is_true(value.as_view())));
        };
        let (left, right) = (self.left.evaluate(runtime)?, right.evaluate(runtime)?);
        comparison.holds(left.as_view(), right.as_view())
    }
}

/// `if` and `unless`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conditional {
    If,
    Unless,
}

impl BlockReflection for Conditional {
    fn start_tag(&self) -> &'static str {
        match self {
            Self::If => "if",
            Self::Unless => "unless",
        }
    }
    fn end_tag(&self) -> &'static str {
        match self {
            Self::If => "endif",
            Self::Unless => "endunless",
        }
    }
    fn description(&self) -> &'static str {
        "renders what a condition says"
    }
}

impl ParseBlock for Conditional {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let mut condition = Condition::parse(&mut arguments)?;
        let (mut branches, mut body, mut otherwise) = (Vec::new(), Vec::new(), None);
        while let Some(element) = block.next()? {
            match element {
                BlockElement::Tag(mut tag) if tag.name() == "elsif" => {
                    let next = Condition::parse(tag.tokens())?;
                    let before = std::mem::replace(&mut condition, next);
                    branches.push((before, Template::new(std::mem::take(&mut body))));
                }
                BlockElement::Tag(tag) if tag.name() == "else" => {
                    otherwise = Some(Template::new(block.parse_all(options)?));
                    break;
                }
                BlockElement::Tag(tag) => body.push(tag.parse(&mut block, options)?),
                element => body.push(element.parse(&mut block, options)?),
            }
        }
        block.assert_empty();
        branches.push((condition, Template::new(body)));
        Ok(Box::new(Branches { negates: matches!(self, Self::Unless), branches, otherwise }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
struct Branches {
    /// Whether the first condition must not hold.
    negates: bool,
    branches: Vec<(Condition, Template)>,
    otherwise: Option<Template>,
}

impl Renderable for Branches {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        for (n, (condition, body)) in self.branches.iter().enumerate() {
            if condition.holds(runtime)? != (self.negates && n == 0) {
                return body.render_to(writer, runtime);
            }
        }
        self.otherwise.as_ref().map_or(Ok(()), |body| body.render_to(writer, runtime))
    }
}

/// `case`. Each value of each `when` that is the same renders its part: one that is named twice renders it twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case;

impl BlockReflection for Case {
    fn start_tag(&self) -> &'static str {
        "case"
    }
    fn end_tag(&self) -> &'static str {
        "endcase"
    }
    fn description(&self) -> &'static str {
        "renders what goes with a value"
    }
}

impl ParseBlock for Case {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut block: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let target = arguments.expect_next("a value is expected")?.expect_value().into_result()?;
        arguments.expect_nothing()?;
        let (mut cases, mut otherwise): (Vec<(Vec<Expression>, Vec<_>)>, _) = (Vec::new(), None);
        while let Some(element) = block.next()? {
            match element {
                BlockElement::Tag(mut tag) if tag.name() == "when" => cases.push((whens(tag.tokens())?, Vec::new())),
                BlockElement::Tag(tag) if tag.name() == "else" => {
                    otherwise = Some(Template::new(block.parse_all(options)?));
                    break;
                }
                element => {
                    let part = match element {
                        BlockElement::Tag(tag) => tag.parse(&mut block, options)?,
                        element => element.parse(&mut block, options)?,
                    };
                    // Before the first `when` nothing but white space can stand.
                    if let Some((_, body)) = cases.last_mut() {
                        body.push(part);
                    }
                }
            }
        }
        block.assert_empty();
        let cases = cases.into_iter().map(|(values, body)| (values, Template::new(body))).collect();
        Ok(Box::new(Cases { target, cases, otherwise }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

/// The values of a `when`, joined by commas: [`crate::check`] writes it so.
fn whens(arguments: &mut TagTokenIter<'_>) -> Result<Vec<Expression>> {
    let mut values = Vec::new();
    loop {
        values.push(arguments.expect_next("a value is expected")?.expect_value().into_result()?);
        match arguments.next() {
            Some(token) => token.expect_str(",").into_result()?,
            None => return Ok(values),
        }
    }
}

#[derive(Debug)]
struct Cases {
    target: Expression,
    cases: Vec<(Vec<Expression>, Template)>,
    otherwise: Option<Template>,
}

impl Renderable for Cases {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let target: Value = exactly(runtime, || Ok(self.target.evaluate(runtime)?.to_value()))?;
        let mut found = false;
        for (values, body) in &self.cases {
            for value in values {
                if exactly(runtime, || Ok(equal(&target, value.evaluate(runtime)?.as_view())))? {
                    found = true;
                    body.render_to(writer, runtime)?;
                    if runtime.registers().get_mut::<InterruptRegister>().interrupted() {
                        return Ok(());
                    }
                }
            }
        }
        match &self.otherwise {
            Some(body) if !found => body.render_to(writer, runtime),
            _ => Ok(()),
        }
    }
}
