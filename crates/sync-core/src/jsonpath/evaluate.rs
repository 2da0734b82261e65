//! What a path selects of a document, one node after the other, within a bound of work.

use super::decimal;
use super::document::{Document, Kind, Node};
use super::model::{Comparable, Comparison, Condition, Query, Segment, Selector};
use super::pattern::{self, Pattern, Regex};
use super::work::{self, Stop, Work};
use regex_automata::hybrid::dfa::Cache;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The most bytes of a text that a pattern is matched against.
const MATCHED_BYTES_MAX: usize = 64 * 1024;

/// Where a selected node goes; counts its own work.
pub(super) type Sink<'s> = &'s mut dyn FnMut(&mut Work, Node) -> Result<(), Stop>;

/// Hands each node that a query selects from the root to `sink`, in the order of RFC 9535.
pub(super) fn select(document: &Document<'_>, segments: &[Segment], sink: Sink<'_>) -> Result<(), Stop> {
    let mut work = Work::on(document);
    Evaluation { document, patterns: HashMap::new(), states: HashMap::new() }.walk(
        segments,
        Document::ROOT,
        &mut work,
        sink,
    )
}

struct Evaluation<'d, 't> {
    document: &'d Document<'t>,
    /// Patterns found in the document; `None`: it is none.
    patterns: HashMap<(String, bool), Option<Regex>>,
    /// The states of each pattern that was matched.
    states: HashMap<usize, Cache>,
}

/// The one value of a comparable.
enum Item<'v> {
    /// No value at all, which equals only another none.
    Nothing,
    Null,
    Bool(bool),
    Number(Cow<'v, str>),
    Text(Cow<'v, str>),
    /// A list or an object.
    Node(Node),
}

impl<'d> Evaluation<'d, '_> {
    /// Recurses once for each segment: a path has no more than characters.
    fn walk(&mut self, segments: &[Segment], from: Node, work: &mut Work, sink: Sink<'_>) -> Result<(), Stop> {
        let Some((segment, rest)) = segments.split_first() else {
            return sink(work, from);
        };
        let end = if segment.descendant { self.document.next(from) } else { from + 1 };
        for at in from..end {
            work.spend(1)?;
            for selector in &segment.selectors {
                self.children(selector, at, &mut |this, child, work| this.walk(rest, child, work, sink), work)?;
            }
        }
        Ok(())
    }

    /// Hands each child of a node that a selector selects to `then`.
    fn children(
        &mut self,
        selector: &Selector,
        of: Node,
        then: &mut dyn FnMut(&mut Self, Node, &mut Work) -> Result<(), Stop>,
        work: &mut Work,
    ) -> Result<(), Stop> {
        let document = self.document;
        let kind = document.kind(of);
        match selector {
            Selector::Name(name) => {
                if kind == Kind::Object
                    && let Some(member) = self.member(of, name, work)?
                {
                    work.spend(work::VISIT)?;
                    then(self, member, work)?;
                }
            }
            Selector::Wildcard => {
                for child in document.children(of) {
                    work.spend(work::VISIT)?;
                    then(self, child, work)?;
                }
            }
            Selector::Index(index) => {
                if kind == Kind::List
                    && let Some(item) = self.item(of, *index, work)?
                {
                    work.spend(work::VISIT)?;
                    then(self, item, work)?;
                }
            }
            Selector::Slice { start, end, step } => {
                if kind == Kind::List {
                    for item in self.slice(of, (*start, *end, *step), work)? {
                        work.spend(work::VISIT)?;
                        then(self, item, work)?;
                    }
                }
            }
            Selector::Filter(condition) => {
                for child in document.children(of) {
                    work.spend(work::VISIT)?;
                    if self.holds(condition, child, work)? {
                        then(self, child, work)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The member of a name; of several the last one, as most readers of JSON do.
    fn member(&self, of: Node, name: &str, work: &mut Work) -> Result<Option<Node>, Stop> {
        let mut found = None;
        for child in self.document.children(of) {
            let written = self.document.name(child);
            work.spend(1)?;
            if written.may_say(name) {
                work.spend_read(written)?;
                if written.said() == name {
                    found = Some(child);
                }
            }
        }
        Ok(found)
    }

    fn items(&self, of: Node, work: &mut Work) -> Result<usize, Stop> {
        let items = self.document.children(of).count();
        work.spend(items as u64 * work::ITEM)?;
        Ok(items)
    }

    fn item(&self, of: Node, index: i64, work: &mut Work) -> Result<Option<Node>, Stop> {
        let behind = if index < 0 { i64::try_from(self.items(of, work)?).unwrap_or(i64::MAX) } else { 0 };
        let Ok(place) = usize::try_from(index + behind) else { return Ok(None) };
        for (at, item) in self.document.children(of).enumerate() {
            work.spend(work::ITEM)?;
            if at == place {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    fn slice(
        &self,
        of: Node,
        (start, end, step): (Option<i64>, Option<i64>, i64),
        work: &mut Work,
    ) -> Result<Vec<Node>, Stop> {
        let items: Vec<Node> = self.document.children(of).collect();
        work.spend(work::LIST + 2 * work::ITEM * items.len() as u64)?;
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let place = |index: i64| if index < 0 { index + length } else { index };
        let at = |place: i64| usize::try_from(place).ok().and_then(|place| items.get(place)).copied();
        let mut selected = Vec::new();
        if step > 0 {
            let mut next = place(start.unwrap_or(0)).clamp(0, length);
            let end = place(end.unwrap_or(length)).clamp(0, length);
            while next < end {
                selected.extend(at(next));
                next = next.saturating_add(step);
            }
        } else if step < 0 {
            let mut next = start.map_or(length - 1, place).clamp(-1, length - 1);
            let end = end.map_or(-1, |end| place(end).clamp(-1, length - 1));
            while next > end {
                selected.extend(at(next));
                next = next.saturating_add(step);
            }
        }
        Ok(selected)
    }

    fn holds(&mut self, condition: &Condition, current: Node, work: &mut Work) -> Result<bool, Stop> {
        work.spend(work::CONDITION)?;
        match condition {
            Condition::Any(conditions) => {
                for condition in conditions {
                    if self.holds(condition, current, work)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::All(conditions) => {
                for condition in conditions {
                    if !self.holds(condition, current, work)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Not(condition) => Ok(!self.holds(condition, current, work)?),
            Condition::Exists(query) if query.singular => Ok(self.single(query, current, work)?.is_some()),
            Condition::Exists(query) => Ok(self.nodes(query, current, 1, work)?.0 > 0),
            Condition::Compare(left, comparison, right) => {
                let left = self.item_of(left, current, work)?;
                let right = self.item_of(right, current, work)?;
                self.compare(&left, *comparison, &right, work)
            }
            Condition::Matches { text, pattern, whole } => {
                let Item::Text(text) = self.item_of(text, current, work)? else { return Ok(false) };
                self.matches(&text, pattern, *whole, current, work)
            }
        }
    }

    /// How many nodes a query selects, counted up to `enough`, and the first of them.
    fn nodes(
        &mut self,
        query: &Query,
        current: Node,
        enough: usize,
        work: &mut Work,
    ) -> Result<(usize, Option<Node>), Stop> {
        let from = if query.from_root { Document::ROOT } else { current };
        let (mut count, mut first) = (0, None);
        let walked = self.walk(&query.segments, from, work, &mut |_, node| {
            first = first.or(Some(node));
            count += 1;
            if count < enough { Ok(()) } else { Err(Stop::Enough) }
        });
        match walked {
            Err(Stop::TooMuchWork) => Err(Stop::TooMuchWork),
            Ok(()) | Err(Stop::Enough) => Ok((count, first)),
        }
    }

    /// The node of a query that names members and indexes only, straight on: filters ask for little else.
    fn single(&self, query: &Query, current: Node, work: &mut Work) -> Result<Option<Node>, Stop> {
        let mut node = if query.from_root { Document::ROOT } else { current };
        for segment in &query.segments {
            let next = match (segment.selectors.first(), self.document.kind(node)) {
                (Some(Selector::Name(name)), Kind::Object) => self.member(node, name, work)?,
                (Some(Selector::Index(index)), Kind::List) => self.item(node, *index, work)?,
                _ => None,
            };
            let Some(next) = next else { return Ok(None) };
            node = next;
        }
        Ok(Some(node))
    }

    /// The only node that a query selects; `None` where it selects none or several.
    fn only(&mut self, query: &Query, current: Node, work: &mut Work) -> Result<Option<Node>, Stop> {
        if query.singular {
            return self.single(query, current, work);
        }
        let (count, first) = self.nodes(query, current, 2, work)?;
        Ok(first.filter(|_| count == 1))
    }

    fn item_of<'v>(&mut self, comparable: &'v Comparable, current: Node, work: &mut Work) -> Result<Item<'v>, Stop>
    where
        'd: 'v,
    {
        Ok(match comparable {
            Comparable::Null => Item::Null,
            Comparable::Bool(value) => Item::Bool(*value),
            Comparable::Number(digits) => Item::Number(digits.into()),
            Comparable::Text(text) => Item::Text(text.into()),
            Comparable::Query(query) | Comparable::Value(query) => match self.only(query, current, work)? {
                Some(node) => self.item_at(node, work)?,
                None => Item::Nothing,
            },
            Comparable::Count(query) => {
                let (count, _) = self.nodes(query, current, usize::MAX, work)?;
                Item::Number(count.to_string().into())
            }
            Comparable::Length(of) => match self.item_of(of, current, work)? {
                Item::Text(text) => {
                    work.spend_bytes(text.len())?;
                    Item::Number(text.chars().count().to_string().into())
                }
                Item::Node(node) => Item::Number(self.items(node, work)?.to_string().into()),
                _ => Item::Nothing,
            },
        })
    }

    fn item_at(&self, node: Node, work: &mut Work) -> Result<Item<'d>, Stop> {
        let document = self.document;
        Ok(match document.kind(node) {
            Kind::Null => Item::Null,
            Kind::Bool => Item::Bool(document.written(node).text == "true"),
            Kind::Number => Item::Number(document.written(node).text.into()),
            Kind::Text => {
                work.spend_read(document.written(node))?;
                Item::Text(document.written(node).said())
            }
            Kind::List | Kind::Object => Item::Node(node),
        })
    }

    fn compare(
        &self,
        left: &Item<'_>,
        comparison: Comparison,
        right: &Item<'_>,
        work: &mut Work,
    ) -> Result<bool, Stop> {
        Ok(match comparison {
            Comparison::Equal => self.equal(left, right, work)?,
            Comparison::NotEqual => !self.equal(left, right, work)?,
            Comparison::Less => order(left, right, work)? == Some(Ordering::Less),
            Comparison::Greater => order(left, right, work)? == Some(Ordering::Greater),
            Comparison::LessOrEqual => {
                order(left, right, work)? == Some(Ordering::Less) || self.equal(left, right, work)?
            }
            Comparison::GreaterOrEqual => {
                order(left, right, work)? == Some(Ordering::Greater) || self.equal(left, right, work)?
            }
        })
    }

    fn equal(&self, left: &Item<'_>, right: &Item<'_>, work: &mut Work) -> Result<bool, Stop> {
        Ok(match (left, right) {
            (Item::Nothing, Item::Nothing) | (Item::Null, Item::Null) => true,
            (Item::Bool(left), Item::Bool(right)) => left == right,
            (Item::Node(left), Item::Node(right)) => self.equal_nodes(*left, *right, work)?,
            _ => order(left, right, work)? == Some(Ordering::Equal),
        })
    }

    /// Recurses as deep as the document nests.
    fn equal_nodes(&self, left: Node, right: Node, work: &mut Work) -> Result<bool, Stop> {
        work.spend(1)?;
        if left == right {
            return Ok(true);
        }
        let document = self.document;
        let kind = document.kind(left);
        if kind != document.kind(right) {
            return Ok(false);
        }
        match kind {
            Kind::List => {
                let (mut left, mut right) = (document.children(left), document.children(right));
                loop {
                    match (left.next(), right.next()) {
                        (Some(left), Some(right)) if self.equal_nodes(left, right, work)? => {}
                        (left, right) => return Ok(left.is_none() && right.is_none()),
                    }
                }
            }
            Kind::Object => {
                if self.items(left, work)? != self.items(right, work)? {
                    return Ok(false);
                }
                for member in document.children(left) {
                    work.spend_read(document.name(member))?;
                    match self.member(right, &document.name(member).said(), work)? {
                        Some(other) if self.equal_nodes(member, other, work)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            _ => {
                let (left, right) = (self.item_at(left, work)?, self.item_at(right, work)?);
                self.equal(&left, &right, work)
            }
        }
    }

    fn matches(
        &mut self,
        text: &str,
        pattern: &Pattern,
        whole: bool,
        current: Node,
        work: &mut Work,
    ) -> Result<bool, Stop> {
        let found;
        let regex = match pattern {
            Pattern::Written(regex) => regex,
            Pattern::Found(comparable) => {
                let Item::Text(pattern) = self.item_of(comparable, current, work)? else { return Ok(false) };
                work.spend_bytes(pattern.len())?;
                let Some(regex) = self.compiled(pattern.into_owned(), whole, work)? else { return Ok(false) };
                found = regex;
                &found
            }
        };
        if text.len() > MATCHED_BYTES_MAX {
            return Err(Stop::TooMuchWork);
        }
        work.spend(work::MATCH + text.len() as u64)?;
        let states = self.states.entry(regex.address()).or_insert_with(|| regex.states());
        let before = states.memory_usage();
        let matches = regex.is_match(states, text).map_err(|_| Stop::TooMuchWork)?;
        work.spend(states.memory_usage().saturating_sub(before) as u64 * work::STATE_BYTE)?;
        Ok(matches)
    }

    /// A pattern that the document holds; `None` where it is none.
    fn compiled(&mut self, pattern: String, whole: bool, work: &mut Work) -> Result<Option<Regex>, Stop> {
        let key = (pattern, whole);
        if let Some(compiled) = self.patterns.get(&key) {
            return Ok(compiled.clone());
        }
        work.spend(work::COMPILE + work::COMPILE_BYTE * key.0.len() as u64)?;
        let compiled = pattern::found(&key.0, whole);
        self.patterns.insert(key, compiled.clone());
        Ok(compiled)
    }
}

/// How two numbers or two texts stand to each other; `None` for all else.
fn order(left: &Item<'_>, right: &Item<'_>, work: &mut Work) -> Result<Option<Ordering>, Stop> {
    Ok(match (left, right) {
        (Item::Number(left), Item::Number(right)) => {
            work.spend(work::NUMBERS + (left.len() + right.len()) as u64 / work::DIGITS_PER_UNIT)?;
            decimal::compare(left, right)
        }
        (Item::Text(left), Item::Text(right)) => {
            work.spend_bytes(left.len().min(right.len()))?;
            Some(left.cmp(right))
        }
        _ => None,
    })
}
