//! What can go wrong within the store, and what is told outside.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use sync_core::ports::StoreError;

/// What went wrong, before it is known in which operation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// SQLite or diesel.
    #[error(transparent)]
    Sql(#[from] DieselError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] diesel::ConnectionError),
    /// The database cannot be used.
    #[error("{0}")]
    Unavailable(String),
    /// COMMIT failed in a way that leaves open whether the database has it.
    #[error("{0}, and whether it was committed is not known")]
    Lost(String),
    /// A row that no correct program wrote.
    #[error("a corrupt row: table {table}, column {column}, key {key}")]
    Corrupt { table: &'static str, column: &'static str, key: String },
    /// Another process works on the database: which, in words.
    #[error("{0}")]
    Held(String),
    /// The schema is not this program's.
    #[error("{0}")]
    Schema(String),
    /// What no correct caller asks for.
    #[error("{0}")]
    Refused(String),
    /// A cause that a caller gave.
    #[error(transparent)]
    Caller(sync_core::ports::BoxError),
}

impl Fault {
    /// Whether the same would fail for any row: the database is full, locked, gone.
    pub(crate) fn is_of_the_database(&self) -> bool {
        match self {
            Self::Open(_) | Self::Unavailable(_) | Self::Lost(_) => true,
            Self::Sql(DieselError::DatabaseError(kind, information)) => match kind {
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction => true,
                DatabaseErrorKind::Unknown => is_unavailable(information.message()),
                _ => false,
            },
            Self::Sql(DieselError::BrokenTransactionManager | DieselError::RollbackErrorOnCommit { .. }) => true,
            _ => false,
        }
    }

    /// Of a COMMIT that failed. Where the disk is full or the database is locked, its last page was not written, and nothing is
    /// committed. After any other error of the system it may have been, all of it: what was not flushed can be found by
    /// whoever opens the file next.
    pub(crate) fn of_commit(error: DieselError) -> Self {
        let first = match &error {
            DieselError::RollbackErrorOnCommit { commit_error, .. } => commit_error,
            error => error,
        };
        match first {
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, information)
                if !UNCOMMITTED.iter().any(|known| information.message().starts_with(known)) =>
            {
                Self::Lost(information.message().to_owned())
            }
            DieselError::DatabaseError(..) => Self::Sql(error),
            _ => Self::Lost(error.to_string()),
        }
    }

    pub(crate) fn told(self, operation: &'static str) -> StoreError {
        if matches!(self, Self::Lost(_)) {
            return StoreError::Lost { operation, source: Box::new(self) };
        }
        if self.is_of_the_database() {
            return StoreError::Unavailable { operation, source: Box::new(self) };
        }
        match self {
            Self::Corrupt { table, column, key } => StoreError::Corrupt { table, column, key },
            Self::Schema(what) => StoreError::Schema(what),
            Self::Held(by) => StoreError::Held(by),
            Self::Caller(source) => StoreError::Internal { operation, source },
            other => StoreError::Internal { operation, source: Box::new(other) },
        }
    }
}

/// Whether a message is one of those that the database's surroundings are the cause of, or a schema that is not this program's.
/// diesel tells these result codes by SQLite's own messages only, which are part of its sources, and in one language. All that
/// are not the statement's or its rows' own are here.
fn is_unavailable(message: &str) -> bool {
    UNAVAILABLE.iter().any(|known| message.starts_with(known))
}

/// The beginnings of messages of a COMMIT that did not take place.
const UNCOMMITTED: [&str; 3] = ["database or disk is full", "database is locked", "database table is locked"];

/// The beginnings of those messages.
const UNAVAILABLE: [&str; 18] = [
    "database is locked",
    "database table is locked",
    "disk I/O error",
    "database or disk is full",
    "attempt to write a readonly database",
    "unable to open database file",
    "out of memory",
    "file is not a database",
    "database disk image is malformed",
    "locking protocol",
    "large file support is disabled",
    "access permission denied",
    "authorization denied",
    "query aborted",
    "interrupted",
    "database schema has changed",
    "no such table",
    "no such column",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> StoreError {
        let error = DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()));
        Fault::of_commit(error).told("test")
    }

    #[test]
    fn a_commit_that_failed_may_have_been_one_unless_it_is_known_not_to() {
        for message in ["database or disk is full", "database is locked"] {
            assert!(matches!(told(message), StoreError::Unavailable { .. }), "{message}");
        }
        for message in ["disk I/O error", "database disk image is malformed", "interrupted", "anything else"] {
            assert!(matches!(told(message), StoreError::Lost { .. }), "{message}");
        }
    }
}
