//! What is wrong with an input, told at its place: the field, the value's fault and the mend.

use std::fmt;

/// One step of a path to an input field, as GraphQL writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathPart {
    /// A field's name, in lower camel case as in the GraphQL schema.
    Field(String),
    /// A position in a list, from 0.
    Index(usize),
}

impl From<&str> for PathPart {
    fn from(name: &str) -> Self {
        Self::Field(name.to_owned())
    }
}
impl From<usize> for PathPart {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}
impl fmt::Display for PathPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// One fault of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, from the outermost part that is known here (the API puts its argument's name in front).
    pub path: Vec<PathPart>,
    /// What is wrong with the value and how to mend it.
    pub message: String,
    /// Line and column, both from 1, where the fault stands in a template or JSON text.
    pub position: Option<Position>,
}

/// A place in a text: line and column in characters, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The position of the byte offset `at` in `text`.
    pub fn of(text: &str, at: usize) -> Self {
        let before = &text.as_bytes()[..at.min(text.len())];
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        // Bytes that begin a character, so that an offset inside one never panics.
        let column = before[line_start..].iter().filter(|&&b| b & 0xC0 != 0x80).count() + 1;
        Self { line: u32::try_from(line).unwrap_or(u32::MAX), column: u32::try_from(column).unwrap_or(u32::MAX) }
    }
}

impl Fault {
    /// A fault at a path.
    pub fn at<P: Into<PathPart>>(path: impl IntoIterator<Item = P>, message: impl Into<String>) -> Self {
        Self { path: path.into_iter().map(Into::into).collect(), message: message.into(), position: None }
    }

    /// A fault of the whole value.
    pub fn here(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into(), position: None }
    }

    /// The same fault with a position.
    pub fn with_position(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// The same fault, seen from one level further out.
    pub fn under(mut self, part: impl Into<PathPart>) -> Self {
        self.path.insert(0, part.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.path.iter().enumerate() {
            if n > 0 {
                f.write_str(".")?;
            }
            part.fmt(f)?;
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, " (line {line}, column {column})")?;
        }
        Ok(())
    }
}
