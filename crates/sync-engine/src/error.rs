//! What the use cases answer with where they cannot do what was asked.

use sync_core::fault::Fault;
use sync_core::ports::StoreError;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The input is wrong: every fault at its place.
    #[error(
        "the input has {}: {}",
        match .0.len() { 1 => "a fault".to_owned(), several => format!("{several} faults") },
        .0.first().map(ToString::to_string).unwrap_or_default()
    )]
    Invalid(Vec<Fault>),
    /// There is no such thing in this account.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It does not fit what stands now.
    #[error("{0}")]
    Conflict(String),
    /// The engine or its database cannot serve now; nothing was changed.
    #[error("not available now, nothing was changed: try again later")]
    Unavailable(#[source] Option<StoreError>),
    /// It may have been carried out, as a whole or (where it takes several transactions) in part: the answer was lost.
    #[error(
        "the answer was lost: it may have been carried out. Ask whether it was, or repeat the call, a creating one with the \
         same id"
    )]
    Lost(#[source] Option<StoreError>),
    /// A fault of this program; its causes are for the log.
    #[error("an internal error")]
    Internal(#[source] StoreError),
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. }
            | StoreError::Unknown { .. }
            | StoreError::Schema(_)
            | StoreError::Held(_) => Self::Unavailable(Some(error)),
            StoreError::Lost { .. } => Self::Lost(Some(error)),
            StoreError::Corrupt { .. } | StoreError::Internal { .. } => Self::Internal(error),
        }
    }
}

impl EngineError {
    /// One fault of an input.
    pub fn invalid(fault: Fault) -> Self {
        Self::Invalid(vec![fault])
    }

    /// Said of a use case whose earlier transactions are carried out.
    #[must_use]
    pub(crate) fn after_a_part(self) -> Self {
        match self {
            Self::Unavailable(why) => Self::Lost(why),
            other => other,
        }
    }
}

/// What use cases answer with.
pub type EngineResult<T> = Result<T, EngineError>;

/// An error with its causes, for one log line at the edge.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
