//! A parsed path.

use super::pattern::Pattern;

/// A path from the root or, in filters, from the current node.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) from_root: bool,
    /// Whether it can select one node at most: it names members and indexes only.
    pub(super) singular: bool,
    pub(super) segments: Vec<Segment>,
}

/// One step from each node to others.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Whether it starts from the node and everything below it.
    pub(super) descendant: bool,
    pub(super) selectors: Vec<Selector>,
}

#[derive(Clone, Debug)]
pub(super) enum Selector {
    Name(String),
    Wildcard,
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    Filter(Box<Condition>),
}

/// What a filter asks of a node.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
    Exists(Query),
    Compare(Comparable, Comparison, Comparable),
    Matches { text: Comparable, pattern: Pattern, whole: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What has one value, or none.
#[derive(Clone, Debug)]
pub(super) enum Comparable {
    Null,
    Bool(bool),
    /// Its digits as they were written.
    Number(String),
    Text(String),
    /// A query that can select one node at most.
    Query(Query),
    Length(Box<Comparable>),
    Count(Query),
    /// The value of the only node that a query selects.
    Value(Query),
}

impl Query {
    pub(super) fn new(from_root: bool, segments: Vec<Segment>) -> Self {
        let singular = segments.iter().all(|segment| {
            !segment.descendant && matches!(segment.selectors.as_slice(), [Selector::Name(_) | Selector::Index(_)])
        });
        Self { from_root, singular, segments }
    }
}

impl Segment {
    /// Whether it goes to members by their names only.
    pub(super) fn names_members(&self) -> bool {
        !self.descendant && self.selectors.iter().all(|selector| matches!(selector, Selector::Name(_)))
    }

    /// Whether it goes to every child.
    pub(super) fn is_wildcard(&self) -> bool {
        !self.descendant && matches!(self.selectors.as_slice(), [Selector::Wildcard])
    }
}
