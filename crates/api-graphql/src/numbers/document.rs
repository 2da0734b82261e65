//! Literals in documents. The parser's numbers have lost digits, so the tokens of the text are laid beside them, in their order.

use super::{is_any_json, is_json_type, marked, unmarked};
use crate::limits::{block_length, string_length};
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, Request, ServerError, Value as ConstValue};
use async_graphql_value::Value;
use sync_core::digits::is_held;
use sync_core::fault::Position;

/// A number in a document's text.
struct Token<'t> {
    at: usize,
    digits: &'t str,
}

/// Parses a request's document. Numbers that the parser cannot hold come as texts with a mark where they are any JSON; elsewhere they
/// are what the parser makes of them. The document must not nest without bound.
pub(crate) fn in_document(request: &mut Request) -> Result<(), ServerError> {
    let text = std::mem::take(&mut request.query);
    let tokens = tokens(&text);
    if tokens.iter().all(|token| is_held(token.digits)) {
        request.query = text;
        return request.parsed_query().map(drop);
    }
    // They are left out of what is parsed: the parser has no place for some. All else stays where it is, line and column.
    request.query = without(&text, &tokens);
    let mut document = request.parsed_query()?.clone();
    let mut numbers = Numbers { text: &text, tokens: tokens.iter() };
    numbers.document(&mut document)?;
    if numbers.tokens.next().is_some() {
        // The parser keeps one of them, so that it is not known which number is whose.
        let message = "A field of an input object is given twice; give each once";
        return Err(ServerError::new(message, None));
    }
    request.set_parsed_query(document);
    Ok(())
}

/// The numbers of a document, in their order; those in strings, comments and names are none.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut at, mut has_blocks) = (Vec::new(), 0, true);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let rest = &text[at..];
        at += match bytes[at] {
            b'#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            b'"' if has_blocks && rest.starts_with("\"\"\"") => block_length(rest).unwrap_or_else(|| {
                has_blocks = false;
                2
            }),
            b'"' => match string_length(rest) {
                Some(length) => length,
                // The parser will not get any further.
                None => return tokens,
            },
            b'-' | b'0'..=b'9' => {
                let length = number_length(rest);
                tokens.push(Token { at, digits: &rest[..length] });
                length
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            // Of a character of several bytes, all of them.
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    tokens
}

/// Bytes of the number that a text begins with, at least one.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = usize::from(bytes[0] == b'-');
    length += digits(length);
    if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        if digits(length + 1 + sign) > 0 {
            length += 1 + sign + digits(length + 1 + sign);
        }
    }
    length
}

/// The text with 0 for each number that the parser cannot hold, and as many spaces as it takes.
fn without(text: &str, tokens: &[Token<'_>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for Token { at, digits } in tokens.iter().filter(|token| !is_held(token.digits)) {
        out.push_str(&text[copied..*at]);
        out.push('0');
        out.extend(std::iter::repeat_n(' ', digits.len() - 1));
        copied = at + digits.len();
    }
    out.push_str(&text[copied..]);
    out
}

/// Lays the tokens beside the numbers of a document, in the order of the text.
struct Numbers<'t, I> {
    text: &'t str,
    tokens: I,
}

/// A definition of a document.
enum Definition<'d> {
    Operation(&'d mut OperationDefinition),
    Fragment(&'d mut Vec<Positioned<Directive>>, &'d mut SelectionSet),
}

impl<'t, I: Iterator<Item = &'t Token<'t>>> Numbers<'t, I> {
    fn document(&mut self, document: &mut ExecutableDocument) -> Result<(), ServerError> {
        let mut definitions: Vec<(Pos, Definition<'_>)> = Vec::new();
        match &mut document.operations {
            DocumentOperations::Single(one) => definitions.push((one.pos, Definition::Operation(&mut one.node))),
            DocumentOperations::Multiple(all) => {
                definitions.extend(all.values_mut().map(|one| (one.pos, Definition::Operation(&mut one.node))));
            }
        }
        definitions.extend(document.fragments.values_mut().map(|one| {
            let fragment = &mut one.node;
            (one.pos, Definition::Fragment(&mut fragment.directives, &mut fragment.selection_set.node))
        }));
        definitions.sort_by_key(|(pos, _)| (pos.line, pos.column));
        definitions.into_iter().try_for_each(|(_, definition)| match definition {
            Definition::Operation(operation) => self.operation(operation),
            Definition::Fragment(directives, selections) => {
                self.directives(directives)?;
                self.selections(selections)
            }
        })
    }

    fn operation(&mut self, operation: &mut OperationDefinition) -> Result<(), ServerError> {
        for Positioned { node: definition, .. } in &mut operation.variable_definitions {
            // In the library's grammar, directives stand before the default.
            self.directives(&mut definition.directives)?;
            let is_json = is_json_type(&definition.var_type.node);
            if let Some(default) = &mut definition.default_value {
                self.constant(&mut default.node, is_json)?;
            }
        }
        self.directives(&mut operation.directives)?;
        self.selections(&mut operation.selection_set.node)
    }

    fn selections(&mut self, selections: &mut SelectionSet) -> Result<(), ServerError> {
        selections.items.iter_mut().try_for_each(|selection| match &mut selection.node {
            Selection::Field(field) => {
                self.arguments(&mut field.node.arguments)?;
                self.directives(&mut field.node.directives)?;
                self.selections(&mut field.node.selection_set.node)
            }
            Selection::InlineFragment(fragment) => {
                self.directives(&mut fragment.node.directives)?;
                self.selections(&mut fragment.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => self.directives(&mut spread.node.directives),
        })
    }

    fn directives(&mut self, directives: &mut [Positioned<Directive>]) -> Result<(), ServerError> {
        directives.iter_mut().try_for_each(|directive| self.arguments(&mut directive.node.arguments))
    }

    fn arguments(&mut self, arguments: &mut [(Positioned<Name>, Positioned<Value>)]) -> Result<(), ServerError> {
        arguments.iter_mut().try_for_each(|(name, value)| self.value(&mut value.node, is_any_json(&name.node)))
    }

    fn value(&mut self, value: &mut Value, is_json: bool) -> Result<(), ServerError> {
        match value {
            Value::Number(_) => {
                if let Some(number) = self.number(is_json)? {
                    *value = number.into();
                }
                Ok(())
            }
            Value::List(items) => items.iter_mut().try_for_each(|item| self.value(item, is_json)),
            Value::Object(members) => {
                members.iter_mut().try_for_each(|(name, member)| self.value(member, is_json || is_any_json(name)))
            }
            _ => Ok(()),
        }
    }

    fn constant(&mut self, value: &mut ConstValue, is_json: bool) -> Result<(), ServerError> {
        match value {
            ConstValue::Number(_) => {
                if let Some(number) = self.number(is_json)? {
                    *value = number;
                }
                Ok(())
            }
            ConstValue::List(items) => items.iter_mut().try_for_each(|item| self.constant(item, is_json)),
            ConstValue::Object(members) => {
                members.iter_mut().try_for_each(|(name, member)| self.constant(member, is_json || is_any_json(name)))
            }
            _ => Ok(()),
        }
    }

    /// What the next number really is, where the parser has 0 for it.
    fn number(&mut self, is_json: bool) -> Result<Option<ConstValue>, ServerError> {
        let Some(Token { at, digits }) = self.tokens.next() else { return Ok(None) };
        if is_held(digits) {
            return Ok(None);
        }
        if is_json {
            return Ok(Some(ConstValue::String(marked(digits))));
        }
        unmarked(digits).map(Some).map_err(|fault| {
            let Position { line, column } = Position::of(self.text, *at);
            ServerError::new(fault, Some(Pos { line: line as usize, column: column as usize }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.digits).collect()
    }

    #[test]
    fn numbers_are_told_from_names_strings_and_comments() {
        let text =
            "query a1($b2: Int = 1.10) { c3(d: [-1, 2e5] e: \"6\\\"7\", f: \"\"\"8 \\\"\"\" 9\"\"\") # 10\n g(h: 11) }";
        assert_eq!(digits(text), ["1.10", "-1", "2e5", "11"]);
        assert_eq!(digits("{ a(b: 1E+5, ü: \"ü1\", c: -0.50) }"), ["1E+5", "-0.50"]);
        assert_eq!(digits("- -a 1..2 3.e 4e 5e+"), ["-", "-", "1", "2", "3", "4", "5"]);
        assert_eq!(digits("1 \"2\n3"), ["1"]);
    }

    #[test]
    fn what_is_parsed_stands_where_the_text_does() {
        let text = "{ a(b: 1.10, c: 5) d(e: 1e400) }";
        assert_eq!(without(text, &tokens(text)), "{ a(b: 0   , c: 5) d(e: 0    ) }");
    }
}
