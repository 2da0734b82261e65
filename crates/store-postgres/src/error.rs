//! What went wrong in the database, and what that means.

use diesel::result::{DatabaseErrorKind, Error};
use std::error::Error as _;
use sync_core::ports::{BoxError, StoreError};

/// What a transaction's body fails with.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database's error.
    Database(Error),
    /// An error that is finished already.
    Store(StoreError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Whether the database aborted a transaction only because of others: it is to be repeated.
pub(crate) fn is_repeatable(fault: &Fault) -> bool {
    match fault {
        Fault::Database(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        // 40P01 has no kind of its own.
        Fault::Database(Error::DatabaseError(DatabaseErrorKind::Unknown, info)) => info.message().contains("deadlock"),
        // Two transactions made the same new person: the repeated one finds it.
        Fault::Database(Error::RollbackTransaction) => true,
        _ => false,
    }
}

/// Whether nothing can be done with the database now.
fn is_unavailable(error: &Error) -> bool {
    let Error::DatabaseError(kind, info) = error else { return false };
    match kind {
        DatabaseErrorKind::ClosedConnection
        | DatabaseErrorKind::UnableToSendCommand
        | DatabaseErrorKind::ReadOnlyTransaction
        | DatabaseErrorKind::SerializationFailure => true,
        DatabaseErrorKind::Unknown => UNAVAILABLE.iter().any(|text| info.message().contains(text)),
        _ => false,
    }
}

/// Messages of conditions that pass or that an operator mends: shutting down, starting, full, cancelled, deadlocked.
const UNAVAILABLE: [&str; 12] = [
    "terminating connection",
    "shutting down",
    "starting up",
    "not accepting commands",
    "recovery mode",
    "No space left",
    "could not extend file",
    "could not write",
    "too many clients",
    "canceling statement",
    "out of memory",
    "deadlock",
];

/// The store's error of a failed operation.
pub(crate) fn store_error(operation: &'static str, fault: Fault) -> StoreError {
    match fault {
        Fault::Store(error) => error,
        Fault::Database(error) => {
            let unavailable = is_unavailable(&error);
            let missing_table = matches!(&error, Error::DatabaseError(DatabaseErrorKind::Unknown, info)
                if info.message().contains("relation") && info.message().contains("does not exist"));
            let source: BoxError = Box::new(error);
            match (unavailable, missing_table) {
                (true, _) => StoreError::Unavailable { operation, source },
                (_, true) => StoreError::Schema("it has no tables of crm-sync: run `crm-sync migrate`".to_owned()),
                _ => StoreError::Internal { operation, source },
            }
        }
    }
}

/// An error with its causes.
pub(crate) fn in_words(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
