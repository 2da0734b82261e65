//! Values between quotes in the query of a URL: `?q=… WHERE Email = '{{ person.email }}'`.

use crate::lexer::{Kind, Token};
use std::collections::HashSet;

/// Filters behind which no quote is left that could end the value.
const SAFE: [&str; 10] =
    ["soql", "odata", "number", "digits", "e164", "md5", "sha256", "hmac_sha256", "base64", "size"];
/// Tokens that hold none.
const PLAIN: [&str; 2] = ["idempotency_key", "operation"];

pub(super) const IN_QUOTES: &str = "this token stands between quotes in a query: a value with an apostrophe, such as O'Hara, ends it, and may ask for other records. \
     Add the filter soql where the query is Salesforce's, or odata where it is OData: {{ person.email | odata }}";

/// Finds tokens between single quotes in a parameter, while the text around them is read.
#[derive(Debug, Default)]
pub(super) struct QueryValues {
    in_query: bool,
    in_quotes: bool,
    /// Where tokens stand in the quotes that are open.
    tokens: Vec<usize>,
    /// Names that were assigned such that no quote is left in them.
    safe: HashSet<String>,
}

impl QueryValues {
    /// Goes on over literal text. Returns where tokens stood in quotes that were closed in it.
    pub(super) fn feed(&mut self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for (at, c) in text.char_indices() {
            match c {
                '?' if !self.in_query => self.in_query = true,
                '&' => {
                    self.in_quotes = false;
                    self.tokens.clear();
                }
                '\'' | '%' if self.in_query && (c == '\'' || text[at..].starts_with("%27")) => {
                    if self.in_quotes {
                        found.append(&mut self.tokens);
                    }
                    self.in_quotes = !self.in_quotes;
                }
                _ => {}
            }
        }
        found
    }

    /// An output stands here.
    pub(super) fn output(&mut self, at: usize, tokens: &[Token<'_>]) {
        if self.in_quotes && !self.is_safe(tokens) {
            self.tokens.push(at);
        }
    }

    /// A value was assigned to a name.
    pub(super) fn assigned(&mut self, name: &str, tokens: &[Token<'_>]) {
        if self.is_safe(tokens) {
            self.safe.insert(name.to_owned());
        } else {
            self.safe.remove(name);
        }
    }

    /// Whether a value, by its last filter or its token, holds no quote.
    fn is_safe(&self, tokens: &[Token<'_>]) -> bool {
        let last = tokens.iter().rposition(|token| token.kind == Kind::Symbol("|"));
        match (last, tokens.first().map(|token| token.kind)) {
            (Some(last), _) => {
                matches!(tokens.get(last + 1).map(|token| token.kind), Some(Kind::Word(name)) if SAFE.contains(&name))
            }
            (None, Some(Kind::Word(root))) => self.safe.contains(root) || PLAIN.contains(&root),
            (None, first) => matches!(first, Some(Kind::Whole(_) | Kind::Fraction(_))),
        }
    }
}
