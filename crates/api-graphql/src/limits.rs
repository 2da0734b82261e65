//! What a document may cost. All of it is known before anything is read.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use std::collections::HashMap;
use sync_core::page::{PAGE_DEFAULT, PAGE_MAX};

/// Fields within fields. The standard introspection query has 15.
pub(crate) const DEPTH_MAX: usize = 24;
/// Fields, fragments and inline fragments within each other.
pub(crate) const NESTING_MAX: usize = 48;
/// What a document may cost, where each field that is answered costs 1 and each query beyond batched look-ups
/// [`QUERY_COST`]: a page of 1000 log entries with all that belongs to each, or 100 rows of 100 rows of 90 fields.
pub(crate) const COMPLEXITY_MAX: usize = 1_000_000;
/// Brackets within each other, in a document's text.
const BRACKETS_MAX: usize = 100;
/// Directives on one field.
pub(crate) const DIRECTIVES_MAX: usize = 8;
/// Aliases in a document.
pub(crate) const ALIASES_MAX: usize = 1000;
/// Selections in a document, each fragment counted where it is spread.
const SELECTIONS_MAX: usize = 10_000;

/// What a query of its own costs, in fields: a document makes at most 2000.
const QUERY_COST: usize = 500;
/// Rows that a list without pages is taken to have.
const LIST_ROWS: usize = 10;
/// No single field counts more, so that sums of costs cannot overflow.
const COST_MAX: usize = 1_000_000_000;

/// The cost of a page; an absurd `first` counts as the largest, since it is refused only when it is resolved.
pub(crate) fn page_cost(first: Option<i32>, child: usize) -> usize {
    let rows = first.map_or(PAGE_DEFAULT, |first| usize::try_from(first).map_or(1, |first| first.clamp(1, PAGE_MAX)));
    QUERY_COST.saturating_add(rows.saturating_mul(child)).min(COST_MAX)
}

/// The cost of a short list.
pub(crate) fn list_cost(child: usize) -> usize {
    LIST_ROWS.saturating_mul(child.saturating_add(1)).min(COST_MAX)
}

/// The cost of a field that asks the store for itself alone.
pub(crate) fn query_cost(child: usize) -> usize {
    QUERY_COST.saturating_add(child).min(COST_MAX)
}

/// Refuses a text whose brackets nest too deep: the library's parser follows them on the stack, and would overflow it.
/// Brackets in strings and comments are none.
pub(crate) fn check_brackets(text: &str) -> Result<(), String> {
    let (mut depth, mut rest, mut has_blocks) = (0_usize, text, true);
    while let Some(at) = rest.find(['(', '[', '{', ')', ']', '}', '"', '#']) {
        rest = &rest[at..];
        let length = match rest.as_bytes()[0] {
            b'(' | b'[' | b'{' => {
                depth += 1;
                1
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                1
            }
            b'#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            _ if has_blocks && rest.starts_with(BLOCK_QUOTE) => block_length(rest).unwrap_or_else(|| {
                // The parser takes it as an empty string with another one behind it, and so is every later one.
                has_blocks = false;
                2
            }),
            _ => match string_length(rest) {
                Some(length) => length,
                // The parser will not get any further.
                None => return Ok(()),
            },
        };
        if depth > BRACKETS_MAX {
            return Err(format!("The document nests more than {BRACKETS_MAX} brackets."));
        }
        rest = &rest[length..];
    }
    Ok(())
}

const BLOCK_QUOTE: &str = "\"\"\"";

/// Bytes of the block string that a text begins with; `None`: it is not closed.
pub(crate) fn block_length(text: &str) -> Option<usize> {
    let mut from = BLOCK_QUOTE.len();
    loop {
        let at = from + text[from..].find(BLOCK_QUOTE)?;
        let is_escaped = at > BLOCK_QUOTE.len() && text.as_bytes()[at - 1] == b'\\';
        from = at + BLOCK_QUOTE.len();
        if !is_escaped {
            return Some(from);
        }
    }
}

/// Bytes of the string that a text begins with; `None`: it is not closed on its line.
pub(crate) fn string_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            b'\n' | b'\r' => return None,
            _ => {}
        }
    }
    None
}

/// Refuses a document that is too large with all its fragments spread out: the library walks it so, several times. Each
/// fragment is looked at once, however often it is spread.
pub(crate) fn check_size(document: &ExecutableDocument) -> Result<(), String> {
    let mut known = HashMap::new();
    let mut size = 0_usize;
    for (_, operation) in document.operations.iter() {
        size = size.saturating_add(selections(document, &operation.node.selection_set.node, &mut known, 0)?);
    }
    if size > SELECTIONS_MAX {
        return Err(format!("The document has {size} selections with its fragments; the most is {SELECTIONS_MAX}."));
    }
    Ok(())
}

fn selections<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    known: &mut HashMap<&'d str, usize>,
    depth: usize,
) -> Result<usize, String> {
    if depth > NESTING_MAX {
        // A cycle of fragments too.
        return Err(format!("The document nests more than {NESTING_MAX} selections."));
    }
    let mut size = 0_usize;
    for item in &set.items {
        let inner = match &item.node {
            Selection::Field(field) => selections(document, &field.node.selection_set.node, known, depth + 1)?,
            Selection::InlineFragment(fragment) => {
                selections(document, &fragment.node.selection_set.node, known, depth + 1)?
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                match (known.get(name.as_str()), document.fragments.get_key_value(name)) {
                    (Some(size), _) => *size,
                    (None, Some((name, fragment))) => {
                        let size = selections(document, &fragment.node.selection_set.node, known, depth + 1)?;
                        known.insert(name.as_str(), size);
                        size
                    }
                    // Validation says so.
                    (None, None) => 0,
                }
            }
        };
        size = size.saturating_add(inner).saturating_add(1);
    }
    Ok(size)
}
