//! Variables that were not given.
//!
//! An optional variable that a client leaves unset is as if what it stands for had been left out: the argument, or the
//! field of an input. The library keeps to that when it resolves, but neither when it validates (an input that holds an
//! unset variable is not looked at) nor when it counts costs (an unset one is an error). So unset variables are written
//! out of the document before either.

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};
use async_graphql::{Name, Positioned, Request};
use async_graphql_value_of_documents::Value;
use std::collections::HashSet;

/// A value as it stands in a document.
mod async_graphql_value_of_documents {
    pub(super) use async_graphql::parser::types::*;
}
