//! API keys, and who is calling with one.

use crate::enums::Role;
use crate::errors::{ApiError, Result};
use crate::guard::{caller, engine};
use crate::limits::query_cost;
use crate::scalars::{DateTime, SafeInt};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use sync_core::id::AccountId;
use sync_core::key;

/// An API key as it is kept: never the key itself
#[derive(SimpleObject)]
pub(crate) struct ApiKey {
    id: ID,
    name: String,
    role: Role,
    /// The beginning of the key, by which it is recognised
    prefix: String,
    created_at: DateTime,
    /// To the minute
    last_used_at: Option<DateTime>,
    revoked_at: Option<DateTime>,
}

impl From<key::ApiKey> for ApiKey {
    fn from(key: key::ApiKey) -> Self {
        Self {
            id: key.id.into(),
            name: key.name,
            role: key.role.into(),
            prefix: key.prefix,
            created_at: key.created_at.into(),
            last_used_at: key.last_used_at.map(DateTime::from),
            revoked_at: key.revoked_at.map(DateTime::from),
        }
    }
}

/// A new API key
#[derive(InputObject)]
pub(crate) struct ApiKeyInput {
    /// 1 to 200 characters
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// The secret is shown this once
#[derive(SimpleObject)]
pub(crate) struct CreatedApiKey {
    pub(crate) key: ApiKey,
    pub(crate) secret: String,
}

/// Who is calling.
pub(crate) struct Viewer;

/// Who is calling
#[Object]
impl Viewer {
    async fn account(&self, ctx: &Context<'_>) -> Result<Account> {
        Ok(Account(caller(ctx)?.account()))
    }

    async fn role(&self, ctx: &Context<'_>) -> Result<Role> {
        Ok(caller(ctx)?.key().role.into())
    }

    async fn key_name(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(caller(ctx)?.key().name.clone())
    }

    async fn key_id(&self, ctx: &Context<'_>) -> Result<ID> {
        Ok(caller(ctx)?.key().id.into())
    }

    /// When the console session ends; null when the key itself was sent
    async fn session_expires_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(caller(ctx)?.session_end().map(DateTime::from))
    }
}

/// The caller's account.
pub(crate) struct Account(AccountId);

/// One customer: its directory, syncs, keys and logs
#[Object]
impl Account {
    async fn id(&self) -> ID {
        self.0.into()
    }

    #[graphql(complexity = "query_cost(child_complexity)")]
    async fn name(&self, ctx: &Context<'_>) -> Result<String> {
        let accounts = engine(ctx).store().accounts().await?;
        let found = accounts.into_iter().find(|account| account.id == self.0);
        found.map(|account| account.name).ok_or_else(|| ApiError::not_found("account"))
    }

    /// People that are not deleted
    #[graphql(complexity = "query_cost(child_complexity)")]
    async fn people_count(&self, ctx: &Context<'_>) -> Result<SafeInt> {
        Ok(engine(ctx).store().people_count(self.0).await?.into())
    }
}
