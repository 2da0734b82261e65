//! What went wrong in the database, and what that means.

use crate::sqlstate::{Meaning, code_of, refuses_commit, refuses_statement};
use diesel::result::{DatabaseErrorKind, Error};
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

impl Fault {
    /// Whether the transaction is to be repeated at once: the database aborted it only because of others.
    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self, Self::Database(error) if meaning(error) == Meaning::Repeat)
    }

    /// Whether a statement of a transaction was refused with it, so that the COMMIT behind commits nothing, as long as the session
    /// goes on.
    pub(crate) fn is_refusal_of_a_statement(&self) -> bool {
        // A row that should be new and is not.
        matches!(self, Self::Database(Error::RollbackTransaction)) || self.code().is_some_and(refuses_statement)
    }

    /// Whether COMMIT itself was refused with it, as long as the session goes on.
    pub(crate) fn is_refusal_of_commit(&self) -> bool {
        self.code().is_some_and(refuses_commit)
    }

    /// What the server answered with; `None`: it is a fault of the driver, or no answer came.
    fn code(&self) -> Option<&str> {
        match self {
            Self::Database(Error::DatabaseError(_, information)) => code_of(information.message()),
            _ => None,
        }
    }

    /// Whether the connection may be at fault too, and is better made anew: a server that became read-only, a statement that it
    /// no longer knows as prepared, a proxy whose other side is gone.
    pub(crate) fn spoils_connection(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(meaning(error), Meaning::Outage | Meaning::Unknown))
    }
}

fn meaning(error: &Error) -> Meaning {
    match error {
        Error::DatabaseError(kind, information) => {
            code_of(information.message()).map_or_else(|| meaning_without_code(kind), Meaning::of)
        }
        // Two transactions made the same new person: the repeated one finds it.
        Error::RollbackTransaction => Meaning::Repeat,
        // It cannot be written as a value of the database, or read from one.
        Error::InvalidCString(_)
        | Error::NotFound
        | Error::QueryBuilderError(_)
        | Error::DeserializationError(_)
        | Error::SerializationError(_) => Meaning::Data,
        _ => Meaning::Unknown,
    }
}

/// An error of the driver, or one of the server that was too long to be given its code. The driver makes kinds of codes, too.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "diesel does not let it be copied")]
fn meaning_without_code(kind: &DatabaseErrorKind) -> Meaning {
    match kind {
        DatabaseErrorKind::ClosedConnection
        | DatabaseErrorKind::UnableToSendCommand
        | DatabaseErrorKind::ReadOnlyTransaction => Meaning::Outage,
        DatabaseErrorKind::SerializationFailure => Meaning::Repeat,
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::RestrictViolation
        | DatabaseErrorKind::ExclusionViolation => Meaning::Data,
        _ => Meaning::Unknown,
    }
}

/// The store's error of a failed operation.
pub(crate) fn store_error(operation: &'static str, fault: Fault) -> StoreError {
    let error = match fault {
        Fault::Store(error) => return error,
        Fault::Database(error) => error,
    };
    let meaning = meaning(&error);
    let source: BoxError = Box::new(error);
    match meaning {
        Meaning::Repeat | Meaning::Outage => StoreError::Unavailable { operation, source },
        Meaning::Unknown => StoreError::Unknown { operation, source },
        Meaning::Data => StoreError::Internal { operation, source },
        Meaning::Schema => {
            StoreError::Schema(format!("tables or columns are missing, run `crm-sync migrate` ({source})"))
        }
    }
}

/// An error with its causes.
pub(crate) fn in_words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
