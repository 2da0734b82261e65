//! From a path's text to the path, in one pass: no step is taken back, so that no text can take long.

use super::model::{Comparable, Comparison, Condition, Query, Segment, Selector};
use super::pattern::{self, Pattern};
use crate::digits::is_number;

/// How deep filters, parentheses and functions may nest.
const NESTING_MAX: usize = 32;
/// The largest index, either way (RFC 9535, 2.1).
const INDEX_MAX: i64 = (1 << 53) - 1;

/// What is wrong with a path, and before which character, from 1.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) at: usize,
    pub(super) message: String,
}

/// Parses a whole path.
pub(super) fn parse(text: &str) -> Result<Query, Flaw> {
    let mut parser = Parser { text, at: 0, nesting: 0, descendants: 0 };
    if !parser.took("$") {
        return Err(parser.flaw("must be $, the answer's root"));
    }
    let query = Query::new(true, parser.segments()?);
    match parser.peek() {
        None => Ok(query),
        Some(_) => Err(parser.flaw("is none that may stand here")),
    }
}

/// What stands where a value or a condition may begin.
enum Operand {
    Comparable(Comparable),
    /// A query of several nodes.
    Nodes(Query),
    /// `match` and `search`.
    Condition(Condition),
}

struct Parser<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    nesting: usize,
    descendants: usize,
}

type Parsed<T> = Result<T, Flaw>;

impl<'t> Parser<'t> {
    fn flaw(&self, message: impl Into<String>) -> Flaw {
        Self::flaw_at(self.text, self.at, message)
    }

    fn flaw_at(text: &str, at: usize, message: impl Into<String>) -> Flaw {
        Flaw { at: text[..at].chars().count() + 1, message: message.into() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn took(&mut self, token: &str) -> bool {
        let there = self.rest().starts_with(token);
        if there {
            self.at += token.len();
        }
        there
    }

    fn expect(&mut self, token: &str) -> Parsed<()> {
        if self.took(token) { Ok(()) } else { Err(self.flaw(format!("must be {token}"))) }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|c| !wanted(c)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn blanks(&mut self) {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting == NESTING_MAX {
            return Err(self.flaw(format!("is nested more than {NESTING_MAX} deep")));
        }
        self.nesting += 1;
        let parsed = inner(self);
        self.nesting -= 1;
        parsed
    }

    fn segments(&mut self) -> Parsed<Vec<Segment>> {
        let mut segments = Vec::new();
        loop {
            let before = self.at;
            self.blanks();
            let start = self.at;
            let descendant = self.took("..");
            self.descendants += usize::from(descendant);
            if self.descendants > 1 {
                let message = "begins a second descendant segment (..); name the members in between";
                return Err(Self::flaw_at(self.text, start, message));
            }
            let selectors = if self.took("[") {
                self.bracketed()?
            } else if descendant || self.took(".") {
                vec![if self.took("*") { Selector::Wildcard } else { Selector::Name(self.name()?) }]
            } else {
                // White space behind the path is not part of it.
                self.at = before;
                return Ok(segments);
            };
            segments.push(Segment { descendant, selectors });
        }
    }

    /// A name without quotes.
    fn name(&mut self) -> Parsed<String> {
        let start = self.at;
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii());
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Self::flaw_at(
                self.text,
                start,
                "begins no name; write other names in brackets, as in ['first-name']",
            ));
        }
        Ok(name.to_owned())
    }

    /// From behind the opening bracket to behind the closing one.
    fn bracketed(&mut self) -> Parsed<Vec<Selector>> {
        let mut selectors = Vec::new();
        loop {
            self.blanks();
            selectors.push(self.selector()?);
            self.blanks();
            if self.took("]") {
                return Ok(selectors);
            }
            if !self.took(",") {
                return Err(self.flaw("must be ] or a comma"));
            }
        }
    }

    fn selector(&mut self) -> Parsed<Selector> {
        match self.peek() {
            Some('\'' | '"') => Ok(Selector::Name(self.string()?)),
            Some('*') => {
                self.at += 1;
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.at += 1;
                self.blanks();
                let condition = self.nested(Self::any)?;
                Ok(Selector::Filter(Box::new(condition)))
            }
            Some(':' | '-' | '0'..='9') => self.index_or_slice(),
            _ => Err(self.flaw("must be a name in quotes, an index, a slice, * or ?; write names as in ['name']")),
        }
    }

    fn index_or_slice(&mut self) -> Parsed<Selector> {
        let start = self.index()?;
        let before = self.at;
        self.blanks();
        if !self.took(":") {
            self.at = before;
            return start.map(Selector::Index).ok_or_else(|| self.flaw("must be an index"));
        }
        self.blanks();
        let end = self.index()?;
        self.blanks();
        let mut step = None;
        if self.took(":") {
            self.blanks();
            step = self.index()?;
        }
        Ok(Selector::Slice { start, end, step: step.unwrap_or(1) })
    }

    /// A whole number, where one stands.
    fn index(&mut self) -> Parsed<Option<i64>> {
        let start = self.at;
        let negative = self.took("-");
        let digits = self.take_while(|c| c.is_ascii_digit());
        if digits.is_empty() && !negative {
            return Ok(None);
        }
        let fits = digits == "0" && !negative || !digits.is_empty() && !digits.starts_with('0');
        let index = digits.parse::<i64>().ok().filter(|&index| fits && index <= INDEX_MAX).ok_or_else(|| {
            Self::flaw_at(
                self.text,
                start,
                "begins no index; write a whole number without leading zeros, up to 2^53 - 1",
            )
        })?;
        Ok(Some(if negative { -index } else { index }))
    }

    /// A text in quotes.
    fn string(&mut self) -> Parsed<String> {
        let start = self.at;
        let quote = if self.took("'") { '\'' } else { self.expect("\"").map(|()| '"')? };
        let mut string = String::new();
        loop {
            let Some(character) = self.peek() else {
                return Err(Self::flaw_at(self.text, start, "begins a text that does not end; close the quotes"));
            };
            match character {
                '\\' => {
                    string.push(self.escaped(quote)?);
                    continue;
                }
                '\0'..='\u{1f}' => return Err(self.flaw(r"is a control character; write it as in \u001f")),
                _ => self.at += character.len_utf8(),
            }
            if character == quote {
                return Ok(string);
            }
            string.push(character);
        }
    }

    fn escaped(&mut self, quote: char) -> Parsed<char> {
        let start = self.at;
        let unknown = |of: &Self| Self::flaw_at(of.text, start, "begins no escape that JSON knows");
        self.expect("\\")?;
        let escape = self.peek().ok_or_else(|| unknown(self))?;
        self.at += escape.len_utf8();
        Ok(match escape {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '/' | '\\' => escape,
            'u' => {
                let unit = self.hex().ok_or_else(|| unknown(self))?;
                let mut units = vec![unit];
                if (0xD800..0xDC00).contains(&unit) && self.took("\\u") {
                    units.push(self.hex().ok_or_else(|| unknown(self))?);
                }
                let decoded = String::from_utf16(&units).map_err(|_| unknown(self))?;
                decoded.chars().next().ok_or_else(|| unknown(self))?
            }
            _ if escape == quote => quote,
            _ => return Err(unknown(self)),
        })
    }

    /// Four hexadecimal digits.
    fn hex(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        self.at += 4;
        u16::from_str_radix(digits, 16).ok()
    }

    /// Conditions between `||`.
    fn any(&mut self) -> Parsed<Condition> {
        self.joined("||", Self::all, Condition::Any)
    }

    /// Conditions between `&&`.
    fn all(&mut self) -> Parsed<Condition> {
        self.joined("&&", Self::condition, Condition::All)
    }

    fn joined(
        &mut self,
        by: &str,
        part: fn(&mut Self) -> Parsed<Condition>,
        joined: fn(Vec<Condition>) -> Condition,
    ) -> Parsed<Condition> {
        let first = part(self)?;
        let mut parts = vec![first];
        loop {
            let before = self.at;
            self.blanks();
            if !self.took(by) {
                self.at = before;
                break;
            }
            self.blanks();
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { joined(parts) })
    }

    fn condition(&mut self) -> Parsed<Condition> {
        let negated = self.took("!");
        if negated {
            self.blanks();
        }
        let condition = if self.took("(") {
            self.blanks();
            let inner = self.nested(Self::any)?;
            self.blanks();
            self.expect(")")?;
            inner
        } else {
            self.test_or_comparison(negated)?
        };
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn test_or_comparison(&mut self, negated: bool) -> Parsed<Condition> {
        let start = self.at;
        let left = self.operand()?;
        let before = self.at;
        self.blanks();
        let operator = if negated { None } else { self.comparison() };
        if let Some(operator) = operator {
            self.blanks();
            let right_at = self.at;
            let right = self.operand()?;
            return Ok(Condition::Compare(self.comparable(left, start)?, operator, self.comparable(right, right_at)?));
        }
        self.at = before;
        match left {
            Operand::Condition(condition) => Ok(condition),
            Operand::Nodes(query) | Operand::Comparable(Comparable::Query(query)) => Ok(Condition::Exists(query)),
            Operand::Comparable(_) => Err(Self::flaw_at(
                self.text,
                start,
                "begins a value that is compared with nothing; write a comparison, as in == 1",
            )),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ]
        .into_iter()
        .find_map(|(token, comparison)| self.took(token).then_some(comparison))
    }

    /// What has one value; `start` is where it began.
    fn comparable(&self, operand: Operand, start: usize) -> Parsed<Comparable> {
        match operand {
            Operand::Comparable(comparable) => Ok(comparable),
            Operand::Nodes(_) => Err(Self::flaw_at(
                self.text,
                start,
                "begins a query that may select several values, where one value must stand; name members and indexes only",
            )),
            Operand::Condition(_) => Err(Self::flaw_at(
                self.text,
                start,
                "begins a condition, which cannot stand for a value; leave the comparison out",
            )),
        }
    }

    fn operand(&mut self) -> Parsed<Operand> {
        Ok(Operand::Comparable(match self.peek() {
            Some('\'' | '"') => Comparable::Text(self.string()?),
            Some('-' | '0'..='9') => Comparable::Number(self.number()?),
            Some('@' | '$') => {
                let query = self.query()?;
                if !query.singular {
                    return Ok(Operand::Nodes(query));
                }
                Comparable::Query(query)
            }
            Some('a'..='z') => return self.word(),
            _ => return Err(self.flaw("must be @, $, a text in quotes, a number, true, false, null or a function")),
        }))
    }

    fn number(&mut self) -> Parsed<String> {
        let start = self.at;
        let number = self.take_while(|c| matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
        if !is_number(number) {
            return Err(Self::flaw_at(self.text, start, "begins no number as JSON writes it"));
        }
        Ok(number.to_owned())
    }

    fn query(&mut self) -> Parsed<Query> {
        let from_root = self.took("$");
        if !from_root {
            self.expect("@")?;
        }
        Ok(Query::new(from_root, self.segments()?))
    }

    /// `true`, `false`, `null` or a function with its arguments.
    fn word(&mut self) -> Parsed<Operand> {
        let start = self.at;
        let word = self.take_while(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
        if !self.took("(") {
            return Ok(Operand::Comparable(match word {
                "true" => Comparable::Bool(true),
                "false" => Comparable::Bool(false),
                "null" => Comparable::Null,
                _ => {
                    return Err(Self::flaw_at(
                        self.text,
                        start,
                        format!("begins {word}, which is no value; write texts in quotes"),
                    ));
                }
            }));
        }
        let function = self.nested(|parser| parser.function(word, start))?;
        self.blanks();
        self.expect(")")?;
        Ok(function)
    }

    /// A function from behind its opening parenthesis to before its closing one.
    fn function(&mut self, name: &str, start: usize) -> Parsed<Operand> {
        Ok(match name {
            "length" => Operand::Comparable(Comparable::Length(Box::new(self.value_argument()?))),
            "count" => Operand::Comparable(Comparable::Count(self.query_argument()?)),
            "value" => Operand::Comparable(Comparable::Value(self.query_argument()?)),
            "match" | "search" => {
                let whole = name == "match";
                let text = self.value_argument()?;
                self.blanks();
                self.expect(",")?;
                self.blanks();
                let pattern_at = self.at;
                let pattern = match self.value_argument()? {
                    Comparable::Text(written) => {
                        Pattern::Written(pattern::written(&written, whole).ok_or_else(|| {
                            Self::flaw_at(
                                self.text,
                                pattern_at,
                                "begins a pattern that is no regular expression (RFC 9485), or too large",
                            )
                        })?)
                    }
                    found => Pattern::Found(found),
                };
                Operand::Condition(Condition::Matches { text, pattern, whole })
            }
            _ => {
                let message = format!("begins {name}, which is no function; use length, count, value, match or search");
                return Err(Self::flaw_at(self.text, start, message));
            }
        })
    }

    fn value_argument(&mut self) -> Parsed<Comparable> {
        self.blanks();
        let start = self.at;
        let operand = self.operand()?;
        self.comparable(operand, start)
    }

    fn query_argument(&mut self) -> Parsed<Query> {
        self.blanks();
        let start = self.at;
        match self.operand()? {
            Operand::Nodes(query) | Operand::Comparable(Comparable::Query(query)) => Ok(query),
            _ => Err(Self::flaw_at(self.text, start, "must be a query, such as @.items[*]")),
        }
    }
}
