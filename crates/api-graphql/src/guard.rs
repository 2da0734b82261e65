//! Who is calling, and what they may do.

use crate::errors::{ApiError, Result};
use async_graphql::{Context, Guard};
use sync_core::id::AccountId;
use sync_core::key::{ApiKey, Role};
use sync_core::time::Timestamp;
use sync_engine::{AccountScope, Engine};

/// Who is calling: an API key that was checked. Put into a request's data, or into a connection's. Everything is read and
/// written for its account.
#[derive(Clone, Debug)]
pub struct Caller {
    key: ApiKey,
    session_end: Option<Timestamp>,
}

impl Caller {
    /// A caller who sent the key itself.
    pub fn new(key: ApiKey) -> Self {
        Self { key, session_end: None }
    }

    /// The same caller within a session that was opened with the key and ends at `end`.
    pub fn in_session(self, end: Timestamp) -> Self {
        Self { session_end: Some(end), ..self }
    }

    pub(crate) fn key(&self) -> &ApiKey {
        &self.key
    }

    pub(crate) fn account(&self) -> AccountId {
        self.key.account
    }

    pub(crate) fn session_end(&self) -> Option<Timestamp> {
        self.session_end
    }
}

/// The caller of a request.
pub(crate) fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Caller> {
    ctx.data_opt::<Caller>().ok_or(ApiError::Unauthenticated)
}

/// The caller's account.
pub(crate) fn account(ctx: &Context<'_>) -> Result<AccountId> {
    caller(ctx).map(Caller::account)
}

/// The engine.
pub(crate) fn engine<'a>(ctx: &Context<'a>) -> &'a Engine {
    ctx.data_unchecked::<Engine>()
}

/// The use cases of the caller's account.
pub(crate) fn scope(ctx: &Context<'_>) -> Result<AccountScope> {
    Ok(engine(ctx).account(account(ctx)?))
}

/// Lets callers through who have at least this role.
pub(crate) struct Needs(pub(crate) Role);

impl Guard for Needs {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        Ok(self.of(ctx)?)
    }
}

impl Needs {
    /// As the guard, for a field whose arguments say what it needs.
    pub(crate) fn of(&self, ctx: &Context<'_>) -> Result<()> {
        if caller(ctx)?.key().role < self.0 { Err(ApiError::Forbidden(self.0)) } else { Ok(()) }
    }
}

/// Whoever has a key.
pub(crate) const READER: Needs = Needs(Role::Reader);
/// Who also writes people and retries.
pub(crate) const WRITER: Needs = Needs(Role::Writer);
/// Who also configures, tests, pauses, resyncs and manages keys.
pub(crate) const ADMIN: Needs = Needs(Role::Admin);
