//! Outputs, tags and blocks.

use super::expression::{Cursor, Unreadable, list};
use super::{Checker, Open};
use crate::blocks::PieceKind;
use crate::lexer::{Kind, Token};
use crate::limits::{BRANCHES_MAX, NESTING_MAX};
use crate::runtime::LOCAL;
use crate::sink::Place;
use crate::tokens::nearest;

const TAGS: [&str; 10] = ["if", "unless", "case", "for", "assign", "capture", "comment", "raw", "break", "continue"];
/// What stands for a value or block that could not be read: nothing of it is parsed, the fault is told already.
const UNREADABLE: &str = "nil";
/// Names that cannot be assigned: tokens and literals.
const RESERVED: [&str; 13] = [
    "person",
    "user",
    "unique_id",
    "operation",
    "idempotency_key",
    "sync",
    "forloop",
    "true",
    "false",
    "nil",
    "null",
    "empty",
    "blank",
];

impl Checker {
    pub(super) fn output(&mut self, at: usize, end: usize, tokens: &[Token<'_>]) {
        let mut cursor = Cursor::new(tokens, end);
        let mut chain = String::new();
        let read = self.chain(&mut cursor, &mut chain, true).and_then(|output| {
            self.expect_end(&cursor)?;
            Ok(output)
        });
        if let Ok(output) = read {
            if self.place == Place::Json && self.string.inside && !output.json && !self.captured() {
                self.inner.token(at);
            }
            if self.place == Place::Url && !self.captured() {
                self.query.output(at, tokens);
            }
            self.note_written();
            let piece = self.piece(at, PieceKind::Output(output));
            self.own_tag("__value", piece, &chain);
        }
    }

    pub(super) fn tag(&mut self, at: usize, end: usize, name: &str, tokens: &[Token<'_>]) {
        let mut cursor = Cursor::new(tokens, end);
        if self.open.last().is_some_and(|open| open.before_when) && !matches!(name, "when" | "else" | "endcase") {
            self.flaw(at, "nothing can stand between `case` and its first `when`; move it");
        }
        // Whether the tag could be read is of no more use: what could not is told.
        let _: Result<(), Unreadable> = match name {
            "if" | "unless" | "case" => {
                let mut condition = String::new();
                let read = match name {
                    "case" => self.value(&mut cursor, &mut condition, 0).and_then(|()| self.expect_end(&cursor)),
                    _ => self.condition(&mut cursor, &mut condition),
                };
                self.begin(at, name, &condition, None);
                read
            }
            "for" => self.begin_for(at, &mut cursor),
            "capture" => self.begin_capture(at, &mut cursor),
            "elsif" | "else" | "when" => self.branch(at, name, &mut cursor),
            "assign" => self.assign(at, tokens, &mut cursor),
            "break" | "continue" => self.interrupt(at, name, &cursor),
            _ => match name.strip_prefix("end") {
                Some(kind) if TAGS.contains(&kind) => self.end(at, kind, &cursor),
                _ => {
                    let message = match nearest(name, TAGS) {
                        Some(nearest) => format!("unknown tag {name}; did you mean {nearest}?"),
                        None => format!("unknown tag {name}; the tags are {}", list(&TAGS)),
                    };
                    self.flaw(at, message);
                    Ok(())
                }
            },
        };
    }

    fn begin(&mut self, at: usize, kind: &str, arguments: &str, name: Option<String>) {
        let kind = TAGS.into_iter().find(|tag| *tag == kind).unwrap_or_default();
        if self.open.len() == NESTING_MAX {
            self.flaw(at, format!("blocks nest deeper than {NESTING_MAX}; write the template flatter"));
        }
        let piece = self.piece(at, PieceKind::Block);
        self.own_tag("__at", piece, "");
        self.write_tag(kind, piece, arguments);
        let (string, xml) = (self.string, self.xml.clone());
        let (before_when, blanks) = (kind == "case", (kind != "capture").then(Vec::new));
        self.open.push(Open { kind, at, string, xml, name, branches: 0, has_else: false, before_when, blanks });
    }

    /// `for name in value-or-range`, and `limit:`, `offset:` and `reversed` in any order.
    fn begin_for(&mut self, at: usize, cursor: &mut Cursor<'_, '_>) -> Result<(), Unreadable> {
        let mut out = String::new();
        let mut name = None;
        let read = self.for_arguments(cursor, &mut out, &mut name);
        self.begin(at, "for", &out, name);
        read
    }

    fn for_arguments(
        &mut self,
        cursor: &mut Cursor<'_, '_>,
        out: &mut String,
        name: &mut Option<String>,
    ) -> Result<(), Unreadable> {
        let given = self.new_name(cursor)?;
        out.push_str(LOCAL);
        out.push_str(&given);
        *name = Some(given);
        if !cursor.take_word("in") {
            return Err(self.expected(cursor, "`in`"));
        }
        out.push_str(" in ");
        if cursor.take("(") {
            out.push('(');
            self.value(cursor, out, 0)?;
            if !cursor.take("..") {
                return Err(self.expected(cursor, "`..`"));
            }
            out.push_str("..");
            self.value(cursor, out, 0)?;
            if !cursor.take(")") {
                return Err(self.expected(cursor, "`)`"));
            }
            out.push(')');
        } else {
            self.value(cursor, out, 0)?;
        }
        loop {
            cursor.take(",");
            let Some(Kind::Word(word @ ("limit" | "offset" | "reversed"))) = cursor.peek() else {
                return self.expect_end(cursor);
            };
            cursor.advance();
            out.push(' ');
            out.push_str(word);
            if word != "reversed" {
                if !cursor.take(":") {
                    return Err(self.expected(cursor, "`:`"));
                }
                out.push(':');
                self.value(cursor, out, 0)?;
            }
        }
    }

    fn begin_capture(&mut self, at: usize, cursor: &mut Cursor<'_, '_>) -> Result<(), Unreadable> {
        let name = self.new_name(cursor).and_then(|name| self.expect_end(cursor).map(|()| name));
        let local = name.as_ref().map_or_else(|_| UNREADABLE.to_owned(), |name| format!("{LOCAL}{name}"));
        self.begin(at, "capture", &local, None);
        // The name is known once the block has ended, but there is no use in being strict within it.
        self.assigned.insert(name?);
        Ok(())
    }

    /// A name that the template gives.
    fn new_name(&mut self, cursor: &mut Cursor<'_, '_>) -> Result<String, Unreadable> {
        let at = cursor.at();
        let Some(Kind::Word(name)) = cursor.peek() else {
            return Err(self.expected(cursor, "a name"));
        };
        cursor.advance();
        if RESERVED.contains(&name) {
            self.flaw(at, format!("`{name}` is taken; choose another name"));
            return Err(Unreadable);
        }
        Ok(name.to_owned())
    }

    fn assign(&mut self, at: usize, tokens: &[Token<'_>], cursor: &mut Cursor<'_, '_>) -> Result<(), Unreadable> {
        let name = self.new_name(cursor)?;
        self.query.assigned(&name, tokens.get(2..).unwrap_or_default());
        if !cursor.take("=") {
            return Err(self.expected(cursor, "`=`"));
        }
        let mut out = format!("{LOCAL}{name} = ");
        let read = self.chain(cursor, &mut out, false).and_then(|_| self.expect_end(cursor));
        // Known also if it could not be read, so that its uses are no faults of their own.
        self.assigned.insert(name);
        read?;
        let piece = self.piece(at, PieceKind::Tag);
        self.own_tag("__at", piece, "");
        self.write_tag("assign", piece, &out);
        Ok(())
    }

    fn branch(&mut self, at: usize, name: &str, cursor: &mut Cursor<'_, '_>) -> Result<(), Unreadable> {
        let allowed = match self.open.last() {
            Some(open) if open.has_else => false,
            Some(open) => match name {
                "elsif" => open.kind == "if",
                "when" => open.kind == "case",
                _ => matches!(open.kind, "if" | "unless" | "for") || (open.kind == "case" && !open.before_when),
            },
            None => false,
        };
        if !allowed {
            self.flaw(at, format!("`{name}` has no block here that it could belong to"));
            return Err(Unreadable);
        }
        self.end_of_branch(at);
        let mut out = String::new();
        let read = match name {
            "elsif" => self.condition(cursor, &mut out),
            "when" => self.when(cursor, &mut out),
            _ => self.expect_end(cursor),
        };
        let deep: usize = self.open.iter().map(|open| 1 + open.branches).sum();
        let piece = self.piece(at, PieceKind::Tag);
        if let Some(open) = self.open.last_mut() {
            open.has_else = name == "else";
            open.before_when = false;
            // Only `elsif` nests; see BRANCHES_MAX.
            open.branches += usize::from(name == "elsif");
        }
        if name == "elsif" && deep >= BRANCHES_MAX {
            self.flaw(at, format!("more than {BRANCHES_MAX} blocks and `elsif`s stand in one another; use `case`"));
        }
        self.write_tag(name, piece, &out);
        read
    }

    fn when(&mut self, cursor: &mut Cursor<'_, '_>, out: &mut String) -> Result<(), Unreadable> {
        loop {
            self.value(cursor, out, 0)?;
            if cursor.take(",") || cursor.take_word("or") {
                out.push_str(" , ");
            } else {
                return self.expect_end(cursor);
            }
        }
    }

    fn interrupt(&mut self, at: usize, name: &str, cursor: &Cursor<'_, '_>) -> Result<(), Unreadable> {
        self.expect_end(cursor)?;
        let Some(looped) = self.open.iter().rev().find(|open| open.kind == "for") else {
            self.flaw(at, format!("`{name}` means something only inside of a `for` block"));
            return Err(Unreadable);
        };
        if self.place == Place::Json && looped.string != self.string {
            let at = self.string_at;
            self.flaw(at, STRING_IN_BLOCK);
        } else if looped.xml != self.xml {
            self.flaw(at, TAG_IN_BLOCK);
        }
        self.note_written();
        let piece = self.piece(at, PieceKind::Tag);
        self.write_tag(name, piece, "");
        Ok(())
    }

    fn end(&mut self, at: usize, kind: &str, cursor: &Cursor<'_, '_>) -> Result<(), Unreadable> {
        self.expect_end(cursor)?;
        let Some(open) = self.open.last() else {
            self.flaw(at, format!("`end{kind}` ends nothing; remove it"));
            return Err(Unreadable);
        };
        if open.kind != kind {
            let message = format!("`end{kind}` stands where `end{}` is expected", open.kind);
            // The block that is meant, where there is one, is closed, so that one slip is told once.
            if let Some(meant) = self.open.iter().rposition(|open| open.kind == kind) {
                self.open.truncate(meant);
            }
            self.flaw(at, message);
            return Err(Unreadable);
        }
        if open.before_when {
            self.flaw(at, "a `case` needs a `when`");
        }
        self.end_of_branch(at);
        let piece = self.piece(at, PieceKind::Tag);
        self.write_tag(&format!("end{kind}"), piece, "");
        if let Some(blanks) = self.open.pop().and_then(|open| open.blanks) {
            self.leave_out(blanks);
        }
        Ok(())
    }

    /// A string that is opened in a branch must be closed in it: what comes behind would stand inside of a string for
    /// some people and outside for others.
    fn end_of_branch(&mut self, at: usize) {
        let Some(open) = self.open.last() else { return };
        let (began, xml) = (open.string, open.xml.clone());
        let captured = open.kind == "capture" || self.captured();
        if self.place == Place::Json && !captured && began != self.string {
            let at = if self.string.inside && !self.string.escaped { self.string_at } else { at };
            self.flaw(at, STRING_IN_BLOCK);
        }
        self.string = began;
        if !captured && xml != self.xml {
            self.flaw(at, TAG_IN_BLOCK);
        }
        self.xml = xml;
    }
}

const TAG_IN_BLOCK: &str = "an XML tag, attribute value or comment that is opened in a block must be closed in it, and one opened before it behind it";
const STRING_IN_BLOCK: &str =
    "a string that is opened in a block must be closed in it, and one opened before it behind it";
