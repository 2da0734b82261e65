//! Syncs.

use crate::enums::{Operation, Pages, ResyncScope, SyncStatus};
use crate::errors::Result;
use crate::guard::{engine, scope};
use crate::holds::Hold;
use crate::limits::{page_cost, query_cost};
use crate::links::{LinkFilter, LinkNode};
use crate::loaders::{RuntimeKey, load};
use crate::logs::{LogEntryNode, LogFilter};
use crate::page::{Connection, Node};
use crate::rules::{Authentication, Limits, LookupRule, Rule, UniqueIdSource};
use crate::scalars::{DateTime, SafeInt};
use crate::stats::Stats;
use async_graphql::{Context, ID, Object};
use std::sync::Arc;
use sync_core::id::{AccountId, SyncId};
use sync_core::page::SyncPlace;
use sync_core::ports::SyncRuntime;
use sync_core::sync::SyncConfig;

#[derive(Clone)]
pub(crate) struct SyncNode(pub(crate) Arc<SyncConfig>);

impl From<SyncConfig> for SyncNode {
    fn from(config: SyncConfig) -> Self {
        Self(Arc::new(config))
    }
}

impl Node for SyncNode {
    type Key = SyncPlace;
    // 1 was by id.
    const ORDER: u8 = 6;
    fn key(&self) -> SyncPlace {
        SyncPlace::from(&*self.0)
    }
}

impl SyncNode {
    fn account_and_id(&self) -> (AccountId, SyncId) {
        (self.0.account, self.0.id)
    }

    fn rule(&self, operation: sync_core::sync::Operation) -> Option<Rule> {
        self.0.settings.rule(operation).map(|rule| Rule::of(operation, rule))
    }

    async fn runtime(&self, ctx: &Context<'_>) -> Result<Option<Arc<SyncRuntime>>> {
        load(ctx, RuntimeKey(self.0.account, self.0.id)).await
    }
}

/// The configuration that keeps one external system in step, and how it stands
#[Object(name = "Sync")]
impl SyncNode {
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn friendly_name(&self) -> &str {
        &self.0.friendly_name
    }

    /// Raised by each change of the configuration, from 1
    async fn revision(&self) -> i32 {
        self.0.revision
    }

    async fn status(&self, ctx: &Context<'_>) -> Result<SyncStatus> {
        if self.0.paused {
            return Ok(SyncStatus::Paused);
        }
        let suspended = self.runtime(ctx).await?.is_some_and(|runtime| runtime.governor.is_suspended());
        Ok(if suspended { SyncStatus::Suspended } else { SyncStatus::Active })
    }

    /// Why it is paused, suspended or held, or sends nothing yet, in words; times are in heldUntil, not in here
    async fn status_reason(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let mut reasons = Vec::new();
        if self.0.paused {
            reasons.push("paused by an administrator".to_owned());
        }
        if let Some(runtime) = self.runtime(ctx).await? {
            let now = engine(ctx).now();
            reasons.extend(runtime.governor.reason(now));
            reasons.extend(runtime.governor.day_used_up(now, &self.0.settings.limits).map(|day| day.reason));
        }
        let missing = match &self.0.settings.dropped_secrets {
            Some(dropped) => Some(dropped.clone()),
            None => scope(ctx)?.blocked(&self.0).await,
        };
        // What is missing may be why it is suspended.
        reasons.extend(missing.filter(|why| !reasons.iter().any(|reason| reason.contains(why))));
        if self.0.settings.create.is_none() {
            reasons.push("sends nothing yet: set up Create Users".to_owned());
        }
        Ok((!reasons.is_empty()).then(|| reasons.join("; ")))
    }

    /// What holds requests back beside a pause or a suspension, each for its reason; see releaseHold
    async fn holds(&self, ctx: &Context<'_>) -> Result<Vec<Hold>> {
        let runtime = self.runtime(ctx).await?;
        let all = |runtime: Arc<SyncRuntime>| Hold::all(&self.0, &runtime.governor, engine(ctx).now());
        Ok(runtime.map_or_else(Vec::new, all))
    }

    /// The next probe of a suspended sync, beside which people who have not failed yet are tried one by one; or what a
    /// Retry-After asked for, before which nothing is sent; or when requests of the day are available again
    async fn held_until(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let runtime = self.runtime(ctx).await?;
        let now = engine(ctx).now();
        let until = runtime.and_then(|runtime| {
            let day = runtime.governor.day_used_up(now, &self.0.settings.limits).map(|day| day.until);
            runtime.governor.no_request_before(now).max(day)
        });
        Ok(until.map(DateTime::from))
    }

    /// What is right, but costs more requests than one may expect, in words
    async fn warnings(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(scope(ctx)?.warnings(&self.0).await)
    }

    async fn authentication(&self) -> Authentication {
        (&self.0.settings.authentication).into()
    }

    /// null: no unique id is read from creates. Without a lookup people are only created; a lookup finds the id of those that it is asked
    /// for, and links that have an id are updated and deleted
    async fn unique_id(&self) -> Option<UniqueIdSource> {
        self.0.settings.unique_id.as_ref().map(Into::into)
    }

    /// null until it is set up
    async fn create_users(&self) -> Option<Rule> {
        self.rule(sync_core::sync::Operation::Create)
    }

    /// null until it is set up
    async fn update_users(&self) -> Option<Rule> {
        self.rule(sync_core::sync::Operation::Update)
    }

    /// null until it is set up
    async fn delete_users(&self) -> Option<Rule> {
        self.rule(sync_core::sync::Operation::Delete)
    }

    async fn lookup(&self) -> Option<LookupRule> {
        self.0.settings.lookup.as_ref().map(Into::into)
    }

    /// What a web page with a status of 2xx is worth
    async fn pages(&self) -> Pages {
        self.0.settings.pages().into()
    }

    /// Whether the unique id is read again from accepted updates
    async fn follow_unique_id(&self) -> bool {
        self.0.settings.follow_unique_id
    }

    /// How many links of deleted people are kept, since their record existed before (deleteUsers.adopted is KEEP)
    async fn kept(&self, ctx: &Context<'_>) -> Result<SafeInt> {
        Ok(self.runtime(ctx).await?.map_or(0, |runtime| runtime.counts.kept).into())
    }

    async fn limits(&self) -> Limits {
        self.0.settings.limits.into()
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    /// since left out: 24 hours ago; until left out: now; operation left out: all
    #[graphql(complexity = "query_cost(child_complexity)")]
    async fn stats(
        &self,
        ctx: &Context<'_>,
        since: Option<DateTime>,
        until: Option<DateTime>,
        operation: Option<Operation>,
    ) -> Result<Stats> {
        Stats::read(ctx, Some(self.0.id), (since, until), operation).await
    }

    /// How many people resync would mark now
    #[graphql(complexity = "query_cost(child_complexity)")]
    async fn resync_count(&self, ctx: &Context<'_>, scope: ResyncScope) -> Result<SafeInt> {
        let (account, id) = self.account_and_id();
        Ok(engine(ctx).store().resync_count(account, id, scope.into()).await?.into())
    }

    /// In order of the person's id
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn links(
        &self,
        ctx: &Context<'_>,
        filter: Option<LinkFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<LinkNode>> {
        LinkNode::page(ctx, self.account_and_id(), filter, first, after).await
    }

    /// Newest first. filter.syncId must be left out
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn logs(
        &self,
        ctx: &Context<'_>,
        filter: Option<LogFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<LogEntryNode>> {
        let mut filter = filter.unwrap_or_default().without_sync()?.checked()?;
        filter.sync = Some(self.0.id);
        LogEntryNode::page(ctx, &filter, first, after).await
    }
}
