//! Variables that were not given.
//!
//! An optional variable that a client leaves unset is as if what it stands for had been left out: the argument, or the
//! field of an input. The library keeps to that when it resolves, but not when it validates (an input that holds an unset
//! variable is not looked at, so that an unknown field in it would be lost) nor when it counts costs (an unset variable
//! is an error there). So unset variables are written out of the document before either.

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};
use async_graphql::{Name, Positioned, Request, ServerError, Value as ConstValue};
use async_graphql_value::Value;
use std::collections::HashSet;

/// Writes the unset variables of the operation that will run out of the request's document. The error: a variable that
/// must be given was not. The document must be parsed already, and must not nest without bound.
pub(crate) fn write_out_unset(request: &mut Request) -> Result<(), ServerError> {
    let operation_name = request.operation_name.clone();
    let variables = std::mem::take(&mut request.variables);
    let unset = unset_of(request.parsed_query()?, operation_name.as_deref(), |name| variables.get(name));
    request.variables = variables;
    let unset = unset?;
    if !unset.is_empty() {
        let mut document = request.parsed_query()?.clone();
        // Other operations are not run; they are written alike so that they stay valid with the fragments that they share.
        match &mut document.operations {
            DocumentOperations::Single(operation) => write_operation(&mut operation.node, &unset),
            DocumentOperations::Multiple(operations) => {
                for operation in operations.values_mut() {
                    write_operation(&mut operation.node, &unset);
                }
            }
        }
        for fragment in document.fragments.values_mut() {
            write_directives(&mut fragment.node.directives, &unset);
            write_selections(&mut fragment.node.selection_set.node, &unset);
        }
        request.set_parsed_query(document);
    }
    Ok(())
}

fn unset_of<'v>(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    given: impl Fn(&Name) -> Option<&'v ConstValue>,
) -> Result<HashSet<Name>, ServerError> {
    let operation = match (&document.operations, operation_name) {
        (DocumentOperations::Single(operation), None) => operation,
        (DocumentOperations::Multiple(operations), Some(name)) if operations.contains_key(name) => &operations[name],
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next().expect("there is one")
        }
        // Which one is meant is not known: the library says so.
        _ => return Ok(HashSet::new()),
    };
    let mut unset = HashSet::new();
    for Positioned { node: VariableDefinition { name, var_type, default_value, .. }, pos } in
        &operation.node.variable_definitions
    {
        let must_be_given = !var_type.node.nullable && default_value.is_none();
        match given(&name.node) {
            None if must_be_given => {
                let message = format!("Variable \"${}\" of type \"{}\" is missing; give it", name.node, var_type.node);
                return Err(ServerError::new(message, Some(*pos)));
            }
            Some(ConstValue::Null) if !var_type.node.nullable => {
                let message = format!("Variable \"${}\" of type \"{}\" must not be null", name.node, var_type.node);
                return Err(ServerError::new(message, Some(*pos)));
            }
            None if default_value.is_none() => {
                unset.insert(name.node.clone());
            }
            _ => {}
        }
    }
    Ok(unset)
}

fn write_operation(operation: &mut OperationDefinition, unset: &HashSet<Name>) {
    operation.variable_definitions.retain(|definition| !unset.contains(&definition.node.name.node));
    write_directives(&mut operation.directives, unset);
    write_selections(&mut operation.selection_set.node, unset);
}

fn write_selections(selections: &mut SelectionSet, unset: &HashSet<Name>) {
    for selection in &mut selections.items {
        match &mut selection.node {
            Selection::Field(field) => {
                write_directives(&mut field.node.directives, unset);
                write_arguments(&mut field.node.arguments, unset);
                write_selections(&mut field.node.selection_set.node, unset);
            }
            Selection::InlineFragment(fragment) => {
                write_directives(&mut fragment.node.directives, unset);
                write_selections(&mut fragment.node.selection_set.node, unset);
            }
            Selection::FragmentSpread(spread) => write_directives(&mut spread.node.directives, unset),
        }
    }
}

fn write_directives(directives: &mut [Positioned<Directive>], unset: &HashSet<Name>) {
    for directive in directives {
        write_arguments(&mut directive.node.arguments, unset);
    }
}

fn write_arguments(arguments: &mut Vec<(Positioned<Name>, Positioned<Value>)>, unset: &HashSet<Name>) {
    arguments.retain_mut(|(_, value)| is_left(&mut value.node, unset));
}

/// Whether anything is left of a value. A list keeps its places: what is unset in it is null, by the specification.
fn is_left(value: &mut Value, unset: &HashSet<Name>) -> bool {
    match value {
        Value::Variable(name) => return !unset.contains(name),
        Value::List(items) => {
            for item in items {
                if !is_left(item, unset) {
                    *item = Value::Null;
                }
            }
        }
        Value::Object(members) => members.retain(|_, member| is_left(member, unset)),
        _ => {}
    }
    true
}
