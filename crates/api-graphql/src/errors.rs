//! What resolvers fail with. Codes are given at the edge, see `coding`.

use std::sync::Arc;
use sync_core::fault::{Fault, PathPart};
use sync_core::key::Role;
use sync_core::ports::StoreError;
use sync_engine::EngineError;

/// Why a field could not be resolved.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Nobody is calling.
    #[error("no API key was given: send it as Authorization: Bearer KEY")]
    Unauthenticated,
    /// The caller's role is too low.
    #[error("this needs an API key with the role {}", role_name(*.0))]
    Forbidden(Role),
    /// A subscriber fell behind, or entries may have been missed.
    #[error("{0}: ask logs for what was missed, then subscribe again")]
    Behind(&'static str),
    /// What the engine says; shared, since one failed batch fails many fields.
    #[error(transparent)]
    Engine(Arc<EngineError>),
}

/// What resolvers answer with.
pub(crate) type Result<T> = std::result::Result<T, ApiError>;

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Arc::new(error))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        EngineError::invalid(fault).into()
    }
}

impl ApiError {
    /// There is no such thing in the caller's account.
    pub(crate) fn not_found(what: &'static str) -> Self {
        EngineError::NotFound(what).into()
    }

    /// All faults at once; `None` where there is none.
    pub(crate) fn of_faults(faults: Vec<Fault>) -> Result<()> {
        if faults.is_empty() { Ok(()) } else { Err(EngineError::Invalid(faults).into()) }
    }
}

/// Puts an argument's name before the paths of faults.
pub(crate) fn under<P: Into<PathPart> + Clone>(path: &[P]) -> impl FnOnce(EngineError) -> ApiError {
    move |error| match error {
        EngineError::Invalid(faults) => {
            let outer = |fault: Fault| path.iter().rev().cloned().fold(fault, Fault::under);
            EngineError::Invalid(faults.into_iter().map(outer).collect()).into()
        }
        other => other.into(),
    }
}

/// A role as the schema names it.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Reader => "READER",
        Role::Writer => "WRITER",
        Role::Admin => "ADMIN",
    }
}
