//! Values, paths, filters and conditions.

use super::{Allowed, Checker};
use crate::filters;
use crate::lexer::{Kind, Token};
use crate::limits::BRACKETS_MAX;
use crate::runtime::LOCAL;
use crate::sink::{Output, Place};
use crate::tokens::{self, Shape, WITH_UNIQUE_ID};
use sync_core::ports::IdTokens;
use sync_core::sync::Operation;

/// The tokens of one tag, as they are read.
pub(super) struct Cursor<'a, 't> {
    tokens: &'a [Token<'t>],
    next: usize,
    end: usize,
}

/// What cannot be read on; it is told already.
pub(super) struct Unreadable;

type Read<T> = Result<T, Unreadable>;

impl<'a, 't> Cursor<'a, 't> {
    pub(super) fn new(tokens: &'a [Token<'t>], end: usize) -> Self {
        Self { tokens, next: 0, end: end.saturating_sub(2) }
    }

    pub(super) fn peek(&self) -> Option<Kind<'t>> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    fn peek_second(&self) -> Option<Kind<'t>> {
        self.tokens.get(self.next + 1).map(|token| token.kind)
    }

    pub(super) fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |token| token.at)
    }

    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    pub(super) fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Kind::Symbol(found)) if found == symbol)
    }

    pub(super) fn take(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.next += usize::from(found);
        found
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Kind::Word(found)) if found == word);
        self.next += usize::from(found);
        found
    }
}

/// One step of a path behind its root.
enum Step {
    Name(String),
    /// A whole number.
    Index,
    /// A value that is known only when it is rendered.
    Computed,
}

const LITERALS: [&str; 6] = ["true", "false", "nil", "null", "empty", "blank"];
const COMPARISONS: [&str; 7] = ["==", "!=", "<>", ">=", "<=", ">", "<"];
const FORLOOP: [&str; 7] = ["index", "index0", "rindex", "rindex0", "first", "last", "length"];

impl Checker {
    /// Tells that something else is expected.
    pub(super) fn expected(&mut self, cursor: &Cursor<'_, '_>, what: &str) -> Unreadable {
        let message = match cursor.peek() {
            Some(kind) => format!("{what} is expected here, not {}", kind.describe()),
            None => format!("{what} is missing"),
        };
        self.flaw(cursor.at(), message);
        Unreadable
    }

    pub(super) fn expect_end(&mut self, cursor: &Cursor<'_, '_>) -> Read<()> {
        let Some(kind) = cursor.peek() else { return Ok(()) };
        self.flaw(cursor.at(), format!("unexpected {}; remove it", kind.describe()));
        Err(Unreadable)
    }

    /// A literal or a path.
    pub(super) fn value(&mut self, cursor: &mut Cursor<'_, '_>, out: &mut String, depth: usize) -> Read<()> {
        let at = cursor.at();
        match cursor.peek() {
            Some(Kind::Text(text) | Kind::Whole(text) | Kind::Fraction(text)) => out.push_str(text),
            Some(Kind::Word(word)) if LITERALS.contains(&word) => out.push_str(word),
            Some(Kind::Word(word)) => {
                cursor.advance();
                return self.path(at, word, cursor, out, depth);
            }
            _ => return Err(self.expected(cursor, "a token, text or number")),
        }
        cursor.advance();
        Ok(())
    }

    fn path(&mut self, at: usize, root: &str, cursor: &mut Cursor<'_, '_>, out: &mut String, depth: usize) -> Read<()> {
        if depth > BRACKETS_MAX {
            self.flaw(at, format!("brackets nest deeper than {BRACKETS_MAX}; assign the inner value to a name first"));
            return Err(Unreadable);
        }
        let local = self.is_local(root);
        if local {
            out.push_str(LOCAL);
        }
        out.push_str(root);
        let mut steps = Vec::new();
        loop {
            if cursor.take(".") {
                let Some(Kind::Word(name)) = cursor.peek() else {
                    return Err(self.expected(cursor, "a name behind the dot"));
                };
                cursor.advance();
                out.push('.');
                out.push_str(name);
                steps.push(Step::Name(name.to_owned()));
            } else if cursor.take("[") {
                out.push('[');
                steps.push(match cursor.peek() {
                    Some(Kind::Text(text)) => Step::Name(text[1..text.len() - 1].to_owned()),
                    Some(Kind::Whole(_)) => Step::Index,
                    _ => Step::Computed,
                });
                self.value(cursor, out, depth + 1)?;
                if !cursor.take("]") {
                    return Err(self.expected(cursor, "`]`"));
                }
                out.push(']');
            } else {
                break;
            }
        }
        if !local {
            self.token(at, root, &steps);
        }
        Ok(())
    }

    fn is_local(&self, name: &str) -> bool {
        self.assigned.contains(name) || self.open.iter().any(|open| open.name.as_deref() == Some(name))
    }

    /// Checks that a path begins with a token that may be used here, and notes it.
    fn token(&mut self, at: usize, root: &str, steps: &[Step]) {
        match root {
            "person" | "user" => return self.person_token(at, root, steps),
            "forloop" if self.open.iter().any(|open| open.kind == "for") => {
                let known = matches!(steps, [Step::Name(name)] if FORLOOP.contains(&name.as_str()));
                if !known {
                    self.flaw(at, format!("`forloop` has {}", list(&FORLOOP)));
                }
                return;
            }
            "forloop" => return self.flaw(at, "`forloop` means something only inside of a `for` block"),
            _ => {}
        }
        let known = matches!((root, steps), ("unique_id" | "operation" | "idempotency_key", []))
            || matches!((root, steps), ("sync", [Step::Name(name)]) if name == "name");
        if !known {
            return self.unknown_token(at, root, steps);
        }
        let operation = match self.allowed {
            Allowed::Rule(operation) => operation,
            Allowed::UniqueId(tokens) => return self.flaw(at, id_tokens(tokens)),
        };
        match root {
            "unique_id" => {
                self.used.tokens.unique_id = true;
                if !WITH_UNIQUE_ID.contains(&operation) {
                    let why = if operation == Operation::Create {
                        "the external system gives it in its answer; where you choose it by a template, write what that template holds here, \
                         too"
                    } else {
                        "the lookup is what finds it"
                    };
                    self.flaw(at, format!("`unique_id` is not known in a {} rule: {why}", operation.as_str()));
                }
            }
            "idempotency_key" => self.used.tokens.idempotency_key = true,
            _ => {}
        }
    }

    fn person_token(&mut self, at: usize, root: &str, steps: &[Step]) {
        let Some((first, rest)) = steps.split_first() else {
            self.used.tokens.person.insert(String::new());
            if let Allowed::UniqueId(tokens) = self.allowed {
                self.flaw(at, id_tokens(tokens));
            }
            return;
        };
        let Step::Name(name) = first else {
            return self
                .flaw(at, format!("which token of `{root}` this is must be written out, such as `{root}.first_name`"));
        };
        let Some(field) = tokens::person_field(name) else {
            return self.unknown_token(at, root, steps);
        };
        if self.allowed == Allowed::UniqueId(IdTokens::Lasting) && field.name != "id" {
            return self.flaw(at, id_tokens(IdTokens::Lasting));
        }
        match field.shape {
            Shape::Open => return self.open_token(field.name, rest),
            Shape::One if !matches!(rest, []) && !matches!(rest, [Step::Name(name)] if name == "size") => {
                self.flaw(at, format!("`{root}.{name}` is one text: nothing but `.size` can stand behind it"));
            }
            Shape::List if !list_step(rest) => {
                self.flaw(
                    at,
                    format!("`{root}.{name}` is a list: `.first`, `.last`, `.size` or `[0]` can stand behind it"),
                );
            }
            Shape::One | Shape::List => {}
        }
        self.used.tokens.person.insert(field.name.to_owned());
    }

    fn open_token(&mut self, family: &str, steps: &[Step]) {
        let names = steps.iter().map_while(|step| match step {
            Step::Name(name) => Some(name.clone()),
            Step::Index | Step::Computed => None,
        });
        let mut path = vec![family.to_owned()];
        path.extend(names);
        self.used.tokens.person.insert(path[..path.len().min(2)].join("."));
        if path.len() > 1 {
            self.used.open.insert(path);
        }
    }

    fn unknown_token(&mut self, at: usize, root: &str, steps: &[Step]) {
        let mut name = root.to_owned();
        for step in steps {
            match step {
                Step::Name(step) => {
                    name.push('.');
                    name.push_str(step);
                }
                Step::Index | Step::Computed => break,
            }
        }
        let mut locals: Vec<String> = self.assigned.iter().cloned().collect();
        locals.extend(self.open.iter().filter_map(|open| open.name.clone()));
        locals.sort();
        let message = match tokens::nearest_token(&name, &locals) {
            Some(nearest) => format!("unknown token {name}; did you mean {nearest}?"),
            None => format!("unknown token {name}; a person's tokens are written like person.first_name"),
        };
        self.flaw(at, message);
    }

    /// A value and its filters. Says how an output of it is written; `in_output` is whether it is one.
    pub(super) fn chain(&mut self, cursor: &mut Cursor<'_, '_>, out: &mut String, in_output: bool) -> Read<Output> {
        let mut output = Output::default();
        self.value(cursor, out, 0)?;
        while cursor.take("|") {
            let at = cursor.at();
            let Some(Kind::Word(name)) = cursor.peek() else {
                return Err(self.expected(cursor, "a filter's name"));
            };
            cursor.advance();
            if output.or_omit {
                self.flaw(at, "`or_omit` must be the last filter");
            }
            // `json` at the end says how to write the value; elsewhere it makes a text of it.
            let at_end = cursor.peek().is_none()
                || (cursor.is("|") && matches!(cursor.peek_second(), Some(Kind::Word("or_omit"))));
            match name {
                "or_omit" => {
                    output.or_omit = true;
                    if !in_output || self.place != Place::Json || self.captured() {
                        self.flaw(
                            at,
                            "`or_omit` can only stand at the end of an output of JSON data: it drops a member or an item; elsewhere put \
                             what is to be left out between {% if person.phone %} and {% endif %}",
                        );
                    }
                    if cursor.is(":") {
                        self.flaw(cursor.at(), "`or_omit` takes no arguments");
                        return Err(Unreadable);
                    }
                }
                "json" if in_output && at_end => output.json = true,
                name => self.filter(at, name, cursor, out)?,
            }
        }
        Ok(output)
    }

    fn filter(&mut self, at: usize, name: &str, cursor: &mut Cursor<'_, '_>, out: &mut String) -> Read<()> {
        let spec = filters::find(name);
        if spec.is_none() {
            let meant = filters::of_other_engines(name).or_else(|| tokens::nearest(name, filters::names()));
            let meant = meant.map_or_else(String::new, |meant| format!("did you mean {meant}? "));
            let names = filters::names().collect::<Vec<_>>().join(", ");
            let message = format!("unknown filter {name}; {meant}the filters are {names}");
            self.flaw(at, message);
        }
        if name == "url_encode" && self.place == Place::Url && !self.captured() {
            self.object(at, "values in URLs are encoded anyway, and would be encoded twice: remove url_encode");
        }
        if name == "escape" && self.place == Place::Xml && !self.captured() {
            self.object(at, "values in XML are encoded anyway, and would be encoded twice: remove escape");
        }
        out.push('|');
        out.push_str(name);
        let mut given = 0;
        if cursor.take(":") {
            out.push(':');
            loop {
                match (cursor.peek(), cursor.peek_second()) {
                    (Some(Kind::Word(keyword)), Some(Kind::Symbol(":"))) => {
                        if spec.is_some_and(|spec| !spec.keywords.contains(&keyword)) {
                            self.flaw(cursor.at(), format!("the filter {name} takes no `{keyword}:`"));
                        }
                        cursor.advance();
                        cursor.advance();
                        out.push_str(keyword);
                        out.push(':');
                    }
                    (Some(Kind::Text(text)), _) if given == 0 => {
                        let wrong = spec.and_then(|spec| spec.literal?(&text[1..text.len() - 1]).err());
                        if let Some(wrong) = wrong {
                            self.flaw(cursor.at(), format!("the filter {name}: {wrong}"));
                        }
                        given += 1;
                    }
                    _ => given += 1,
                }
                self.value(cursor, out, 0)?;
                if !cursor.take(",") {
                    break;
                }
                out.push(',');
            }
        }
        if let Some(spec) = spec
            && !(spec.least..=spec.most).contains(&given)
        {
            let takes = match (spec.least, spec.most) {
                (_, 0) => "none".to_owned(),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            self.flaw(
                at,
                format!("the filter {name} has {given} arguments, but takes {takes}; an example: {}", spec.example.0),
            );
        }
        Ok(())
    }

    /// `value [comparison value]`, joined by `and` and `or`.
    pub(super) fn condition(&mut self, cursor: &mut Cursor<'_, '_>, out: &mut String) -> Read<()> {
        loop {
            self.value(cursor, out, 0)?;
            let comparison = match cursor.peek() {
                Some(Kind::Symbol(symbol)) if COMPARISONS.contains(&symbol) => Some(symbol),
                Some(Kind::Word("contains")) => Some("contains"),
                Some(Kind::Symbol("=")) => {
                    self.flaw(cursor.at(), "`=` assigns; write `==` to compare");
                    return Err(Unreadable);
                }
                Some(Kind::Symbol("|")) => {
                    self.flaw(cursor.at(), "filters cannot stand in a condition; `assign` the value to a name first");
                    return Err(Unreadable);
                }
                _ => None,
            };
            if let Some(comparison) = comparison {
                cursor.advance();
                out.push(' ');
                out.push_str(comparison);
                out.push(' ');
                self.value(cursor, out, 0)?;
            }
            match cursor.peek() {
                None => return Ok(()),
                Some(Kind::Word(join @ ("and" | "or"))) => {
                    cursor.advance();
                    out.push(' ');
                    out.push_str(join);
                    out.push(' ');
                }
                Some(_) => return Err(self.expected(cursor, "a comparison, `and` or `or`")),
            }
        }
    }
}

/// What a unique id template may be made of, in words.
const fn id_tokens(tokens: IdTokens) -> &'static str {
    match tokens {
        IdTokens::Lasting => {
            "a unique id template may use person.id, texts and filters only: anything else can change, and the id would too; \
             set followUniqueId where the record moves with it"
        }
        IdTokens::OfPerson => "a unique id template may use the person's tokens, texts and filters only",
    }
}

/// What can stand behind a list: an element or its size, and the size of an element.
fn list_step(steps: &[Step]) -> bool {
    match steps {
        [] | [Step::Index | Step::Computed] => true,
        [Step::Name(name)] => matches!(name.as_str(), "first" | "last" | "size"),
        [element, Step::Name(size)] if size == "size" => {
            matches!(element, Step::Index | Step::Computed)
                || matches!(element, Step::Name(name) if matches!(name.as_str(), "first" | "last"))
        }
        _ => false,
    }
}

/// Names in words.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}
