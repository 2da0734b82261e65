//! Values that pass the library's validation and are none of their type all the same: whole numbers beyond 32 bits, and what is
//! no object where one is wanted. The library fails at them without saying where; here each is told at its place, all at once.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet};
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use async_graphql::{Name, Variables};
use async_graphql_value::{ConstValue, Value};
use sync_core::fault::{Fault, PathPart};

/// What is wrong with the arguments of a document, with paths from the argument on. The document must be sound in size.
pub(crate) fn faults(document: &ExecutableDocument, variables: &Variables, registry: &Registry) -> Vec<Fault> {
    let mut fitting = Fitting { registry, variables, path: Vec::new(), faults: Vec::new() };
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
    fitting.faults
}

struct Fitting<'a> {
    registry: &'a Registry,
    variables: &'a Variables,
    path: Vec<PathPart>,
    faults: Vec<Fault>,
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
                if is_whole && number.as_i64().is_none_or(|number| i32::try_from(number).is_err()) {
                    self.fault(format!("is {number}; give a whole number from {} to {}", i32::MIN, i32::MAX));
                }
            }
            _ => self.object(value, name),
        }
    }

    fn object(&mut self, value: &ConstValue, name: &str) {
        let Some(MetaType::InputObject { input_fields, oneof, .. }) = self.registry.types.get(name) else { return };
        let ConstValue::Object(members) = value else {
            let fields: Vec<&str> = input_fields.keys().take(5).map(String::as_str).collect();
            let with = if *oneof { "exactly one of" } else { "members such as" };
            return self.fault(format!("is no object; give one with {with} {}", fields.join(", ")));
        };
        for (name, member) in members {
            if let Some(field) = input_fields.get(name.as_str()) {
                self.within(name.as_str(), member, &field.ty);
            }
        }
    }

    fn within(&mut self, part: impl Into<PathPart>, value: &ConstValue, ty: &'a str) {
        self.path.push(part.into());
        self.value(value, ty);
        self.path.pop();
    }

    fn fault(&mut self, message: String) {
        self.faults.push(Fault { path: self.path.clone(), ..Fault::here(message) });
    }
}
