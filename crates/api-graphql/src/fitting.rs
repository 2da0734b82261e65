//! Values that pass the library's validation and are none of their type all the same: whole numbers beyond 32 bits, and what is
//! no object where one is wanted. The library fails at them without saying where; here each is told at its place, all at once.
//! What the library does find it tells without the mend: here that is added to its words.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Variables};
use async_graphql_value::{ConstValue, Value};
use sync_core::fault::{Fault, PathPart};

/// What is found in the arguments of a document.
#[derive(Default)]
pub(crate) struct Found {
    /// What is wrong and passes the library's validation, with paths from the argument on.
    pub(crate) faults: Vec<Fault>,
    /// How to mend what the library will refuse.
    pub(crate) mends: Vec<Mend>,
}

/// How to mend a value that the library refuses.
pub(crate) struct Mend {
    /// The value's path from the argument on, as the library writes it.
    path: String,
    /// What the library says there.
    said: String,
    /// What to do.
    words: String,
}

impl Mend {
    /// Adds the mend to the library's message, where it is of this value.
    pub(crate) fn add_to(&self, message: &mut String) {
        let (Some(at), true) = (message.find(&self.said), message.contains(&format!("\"{}\"", self.path))) else {
            return;
        };
        if self.said == ONE_OF {
            // Its own words name neither what is wrong nor which there are.
            message.replace_range(at.., &self.words);
        } else if !message.ends_with(&self.words) {
            *message = format!("{message}; {}", self.words);
        }
    }
}

/// How the library's words begin where not exactly one member of an object is given that wants that.
const ONE_OF: &str = "Oneof ";
const WRONG_INT: &str = "expected type \"Int\"";
/// No more mends than these are kept: the library refuses the first wrong value of an argument.
const MENDS_MAX: usize = 1000;

/// What is wrong with the arguments of a document. The document must be sound in size.
pub(crate) fn find(document: &ExecutableDocument, variables: &Variables, registry: &Registry) -> Found {
    let mut fitting = Fitting { registry, variables, path: Vec::new(), description: None, found: Found::default() };
    let operations: Vec<_> = match &document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values().collect(),
    };
    for operation in operations {
        let root = match operation.node.ty {
            OperationType::Query => Some(registry.query_type.as_str()),
            OperationType::Mutation => registry.mutation_type.as_deref(),
            OperationType::Subscription => registry.subscription_type.as_deref(),
        };
        fitting.selections(&operation.node.selection_set.node, root);
    }
    // Each by itself, and not where it is spread: so that nothing is walked twice.
    for fragment in document.fragments.values() {
        let on = fragment.node.type_condition.node.on.node.as_str();
        fitting.selections(&fragment.node.selection_set.node, Some(on));
    }
    fitting.found
}

struct Fitting<'a> {
    registry: &'a Registry,
    variables: &'a Variables,
    path: Vec<PathPart>,
    /// What the schema says of the field or argument that the value is of.
    description: Option<&'a str>,
    found: Found,
}

impl<'a> Fitting<'a> {
    fn selections(&mut self, selections: &SelectionSet, parent: Option<&str>) {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => {
                    let parent = parent.and_then(|parent| self.registry.types.get(parent));
                    let Some(meta) = parent.and_then(|parent| parent.field_by_name(&field.node.name.node)) else {
                        continue;
                    };
                    for (name, value) in &field.node.arguments {
                        if let Some(argument) = meta.args.get(name.node.as_str()) {
                            self.path.push(name.node.as_str().into());
                            self.description = argument.description.as_deref();
                            self.argument(&value.node, &argument.ty);
                            self.path.pop();
                        }
                    }
                    let given = MetaTypeName::concrete_typename(&meta.ty);
                    self.selections(&field.node.selection_set.node, Some(given));
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    self.selections(&fragment.node.selection_set.node, on.or(parent));
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn argument(&mut self, value: &Value, ty: &'a str) {
        let given = |name: &Name| self.variables.get(name);
        match value {
            // As it is: it may be large.
            Value::Variable(name) => {
                if let Some(value) = given(name) {
                    self.value(value, ty);
                }
            }
            literal => {
                let with = |name: Name| Ok::<_, ()>(given(&name).cloned().unwrap_or_default());
                if let Ok(value) = literal.clone().into_const_with(with) {
                    self.value(&value, ty);
                }
            }
        }
    }

    fn value(&mut self, value: &ConstValue, ty: &'a str) {
        let name = match MetaTypeName::create(ty) {
            MetaTypeName::NonNull(inner) => return self.value(value, inner),
            MetaTypeName::List(inner) => {
                let ConstValue::List(items) = value else { return self.value(value, inner) };
                for (index, item) in items.iter().enumerate() {
                    self.within(index, item, inner);
                }
                return;
            }
            MetaTypeName::Named(name) => name,
        };
        match (name, value) {
            (_, ConstValue::Null) | ("String" | "ID" | "Boolean" | "Float" | "DateTime" | "JSON", _) => {}
            ("Int", ConstValue::Number(number)) => {
                let is_whole = !number.to_string().contains(['.', 'e', 'E']);
                if !is_whole {
                    self.mend(WRONG_INT, self.whole_number());
                } else if number.as_i64().is_none_or(|number| i32::try_from(number).is_err()) {
                    self.fault(format!("is {number}; {}", self.whole_number()));
                }
            }
            ("Int", _) => self.mend(WRONG_INT, self.whole_number()),
            _ => self.object(value, name),
        }
    }

    fn object(&mut self, value: &ConstValue, name: &str) {
        let Some(MetaType::InputObject { input_fields, oneof, .. }) = self.registry.types.get(name) else { return };
        let names = || input_fields.keys().map(String::as_str);
        let ConstValue::Object(members) = value else {
            let fields: Vec<&str> = names().take(5).collect();
            let with = if *oneof { "exactly one of" } else { "members such as" };
            return self.fault(format!("is no object; give one with {with} {}", fields.join(", ")));
        };
        if *oneof && !matches!(members.values().collect::<Vec<_>>().as_slice(), [one] if **one != ConstValue::Null) {
            self.mend(ONE_OF, format!("give exactly one of {}", names().collect::<Vec<_>>().join(", ")));
        }
        for (name, member) in members {
            if let Some(field) = input_fields.get(name.as_str()) {
                self.description = field.description.as_deref();
                self.within(name.as_str(), member, &field.ty);
            } else {
                let mend = match nearest(name, names()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("its fields are {}", names().collect::<Vec<_>>().join(", ")),
                };
                self.mend(format!("unknown field \"{name}\""), mend);
            }
        }
    }

    fn within(&mut self, part: impl Into<PathPart>, value: &ConstValue, ty: &'a str) {
        self.path.push(part.into());
        self.value(value, ty);
        self.path.pop();
    }

    /// In the range that the schema tells of the field, else in that of the type.
    fn whole_number(&self) -> String {
        match self.description.and_then(range) {
            Some((least, most)) => format!("give a whole number from {least} to {most}"),
            None => format!("give a whole number from {} to {}", i32::MIN, i32::MAX),
        }
    }

    fn mend(&mut self, said: impl Into<String>, words: String) {
        if self.found.mends.len() == MENDS_MAX {
            return;
        }
        let path = self.path.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
        self.found.mends.push(Mend { path, said: said.into(), words });
    }

    fn fault(&mut self, message: String) {
        self.found.faults.push(Fault { path: self.path.clone(), ..Fault::here(message) });
    }
}

/// The first range in words of the schema, such as `1 to 120. Left out: 10`.
fn range(words: &str) -> Option<(&str, &str)> {
    let digits = |char: char| char.is_ascii_digit() || char == ',';
    words.match_indices(" to ").find_map(|(at, to)| {
        let (before, behind) = (&words[..at], &words[at + to.len()..]);
        let least = &before[before.rfind(|char| !digits(char)).map_or(0, |at| at + 1)..];
        let most = &behind[..behind.find(|char| !digits(char)).unwrap_or(behind.len())];
        let most = most.trim_end_matches(',');
        (!least.is_empty() && !least.ends_with(',') && !most.is_empty()).then_some((least, most))
    })
}

/// The name that is most like an unknown one, where one is like it at all.
fn nearest<'n>(unknown: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if unknown.len() > 100 {
        return None;
    }
    let far = (unknown.chars().count() / 3).max(2);
    let near = names.map(|name| (strsim::damerau_levenshtein(unknown, name), name));
    near.filter(|(distance, _)| *distance <= far).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_field_is_read_from_its_words() {
        for (words, expected) in [
            ("1 to 120. Left out: 10", Some(("1", "120"))),
            (
                "1 to 1,000,000,000 in any 24 hours, counted by whole hours; null: no limit",
                Some(("1", "1,000,000,000")),
            ),
            ("How long after a create's last try a \"none\" is no proof: 0 to 3600. Left out: 30", Some(("0", "3600"))),
            ("This status: 200 to 499, but 401, 403 and 429", Some(("200", "499"))),
            ("Above 0, to 10,000; null: no limit", None),
            ("Left out: as saved, to be sent to 5", None),
        ] {
            assert_eq!(range(words), expected, "{words}");
        }
    }
}
