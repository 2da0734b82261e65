//! A JSON text with an index of its values: nothing of it is copied, and no digit is lost.

use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::ops::Range;

/// How deep lists and objects may nest.
const DEPTH_MAX: usize = 128;

/// A JSON text, and where its values stand in it, each list and object before what it holds.
pub struct Document<'t> {
    text: Cow<'t, str>,
    values: Vec<Value>,
}

/// One value of a [`Document`], by its place in the index.
pub(super) type Node = u32;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

/// Offsets are of bytes. 28 bytes for a value of two bytes or more.
struct Value {
    start: u32,
    end: u32,
    /// What the value is called in its object, in quotes; of no length in lists.
    name_start: u32,
    name_end: u32,
    /// The first value behind this one and everything in it.
    next: Node,
    kind: Kind,
    /// Whether name and text are to be unescaped.
    name_escaped: bool,
    text_escaped: bool,
}

impl<'t> Document<'t> {
    /// Reads a text; `None` where it is not JSON as a whole, nests more than 128 deep, or has 4 GiB and more. A
    /// byte-order mark in front, and U+0000 behind it, are left out.
    pub fn parse(text: impl Into<Cow<'t, str>>) -> Option<Self> {
        let text = text.into();
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let json = text[start..].trim_end_matches('\0');
        u32::try_from(text.len()).ok()?;
        serde_json::from_str::<IgnoredAny>(json).ok()?;
        let mut index = Index { text: &text, values: Vec::new(), open: Vec::new(), name: None };
        index.fill(start..start + json.len())?;
        let values = index.values;
        Some(Self { text, values })
    }

    /// The whole value.
    pub(super) const ROOT: Node = 0;

    /// How many bytes the text has.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    fn value(&self, node: Node) -> &Value {
        &self.values[node as usize]
    }

    pub(super) fn kind(&self, node: Node) -> Kind {
        self.value(node).kind
    }

    /// The first value behind a value and everything in it.
    pub(super) fn next(&self, node: Node) -> Node {
        self.value(node).next
    }

    /// The items of a list or the members of an object; none of anything else.
    pub(super) fn children(&self, node: Node) -> impl Iterator<Item = Node> + use<'_, 't> {
        let end = self.next(node);
        let mut at = node + 1;
        std::iter::from_fn(move || {
            let child = (at < end).then_some(at)?;
            at = self.next(child);
            Some(child)
        })
    }

    /// How a value is written.
    pub(super) fn written(&self, node: Node) -> Written<'_> {
        let value = self.value(node);
        Written { text: &self.text[value.start as usize..value.end as usize], escaped: value.text_escaped }
    }

    /// How the name of a member is written; empty for what is no member.
    pub(super) fn name(&self, node: Node) -> Written<'_> {
        let value = self.value(node);
        Written { text: &self.text[value.name_start as usize..value.name_end as usize], escaped: value.name_escaped }
    }
}

/// A value or a name as it is written in the text, texts in their quotes.
#[derive(Clone, Copy)]
pub(super) struct Written<'d> {
    pub(super) text: &'d str,
    /// Whether a text has to be unescaped.
    pub(super) escaped: bool,
}

impl<'d> Written<'d> {
    /// What a text or a name says.
    pub(super) fn said(self) -> Cow<'d, str> {
        if self.escaped {
            // It was decoded once before: see `Index::quoted`.
            return serde_json::from_str::<String>(self.text).unwrap_or_default().into();
        }
        self.text.get(1..self.text.len().saturating_sub(1)).unwrap_or_default().into()
    }

    /// Whether it may say that, by its length.
    pub(super) fn may_say(self, text: &str) -> bool {
        // An escape makes one byte at least of six at most.
        let longest = self.text.len().saturating_sub(2);
        if self.escaped { (longest / 6..longest).contains(&text.len()) } else { longest == text.len() }
    }
}

/// Makes the index of a text that is known to be well formed.
struct Index<'t> {
    text: &'t str,
    values: Vec<Value>,
    /// The lists and objects that are not closed yet.
    open: Vec<Node>,
    /// The name of the member whose value comes next.
    name: Option<(Range<usize>, bool)>,
}

impl Index<'_> {
    fn fill(&mut self, range: Range<usize>) -> Option<()> {
        let bytes = self.text.as_bytes();
        let mut at = range.start;
        while at < range.end {
            let start = at;
            at += 1;
            match bytes[start] {
                b'{' => self.open(Kind::Object, start)?,
                b'[' => self.open(Kind::List, start)?,
                b'}' | b']' => {
                    let opened = self.open.pop()?;
                    let next = u32::try_from(self.values.len()).ok()?;
                    let value = self.values.get_mut(opened as usize)?;
                    (value.end, value.next) = (u32::try_from(at).ok()?, next);
                }
                b'"' => {
                    let mut escaped = false;
                    while bytes[at] != b'"' {
                        escaped |= bytes[at] == b'\\';
                        at += if bytes[at] == b'\\' { 2 } else { 1 };
                    }
                    at += 1;
                    self.quoted(start..at, escaped)?;
                }
                b'-' | b'0'..=b'9' => {
                    while at < range.end && matches!(bytes[at], b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
                        at += 1;
                    }
                    self.push(Kind::Number, start..at, false)?;
                }
                letter @ (b't' | b'f' | b'n') => {
                    at = start + if letter == b'f' { 5 } else { 4 };
                    self.push(if letter == b'n' { Kind::Null } else { Kind::Bool }, start..at, false)?;
                }
                _ => {}
            }
        }
        Some(())
    }

    fn open(&mut self, kind: Kind, start: usize) -> Option<()> {
        if self.open.len() == DEPTH_MAX {
            return None;
        }
        let node = u32::try_from(self.values.len()).ok()?;
        self.push(kind, start..start + 1, false)?;
        self.open.push(node);
        Some(())
    }

    /// A name or a text.
    fn quoted(&mut self, range: Range<usize>, escaped: bool) -> Option<()> {
        if escaped {
            // Half of a surrogate pair is found only now.
            serde_json::from_str::<String>(&self.text[range.clone()]).ok()?;
        }
        let in_object = self.open.last().is_some_and(|&open| self.values[open as usize].kind == Kind::Object);
        if in_object && self.name.is_none() {
            self.name = Some((range, escaped));
            return Some(());
        }
        self.push(Kind::Text, range, escaped)
    }

    fn push(&mut self, kind: Kind, range: Range<usize>, text_escaped: bool) -> Option<()> {
        let offset = |at: usize| u32::try_from(at).ok();
        let (name, name_escaped) = self.name.take().unwrap_or((0..0, false));
        let next = offset(self.values.len() + 1)?;
        self.values.push(Value {
            start: offset(range.start)?,
            end: offset(range.end)?,
            name_start: offset(name.start)?,
            name_end: offset(name.end)?,
            next,
            kind,
            name_escaped,
            text_escaped,
        });
        Some(())
    }
}
