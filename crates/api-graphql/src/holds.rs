//! What holds requests of a sync back.

use crate::enums::{HoldKind, Operation};
use crate::errors::Result;
use crate::limits::query_cost;
use crate::loaders::{NextKey, RuntimeKey, load};
use crate::scalars::{DateTime, SafeInt};
use async_graphql::{ComplexObject, Context, SimpleObject};
use sync_core::fault::Fault;
use sync_core::governor::Governor;
use sync_core::governor::brake::BrakeKind;
use sync_core::id::{AccountId, SyncId};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;

/// Requests of one kind, or all of them, are held back; people stay owed, and nothing is lost
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Hold {
    kind: HoldKind,
    /// Which requests; null: all of them
    operation: Option<Operation>,
    /// In words
    reason: String,
    /// Of DAILY_LIMIT the beginning of the hour of the last request
    since: DateTime,
    /// When a request goes next; null: not before an edit or releaseHold
    until: Option<DateTime>,
    #[graphql(skip)]
    sync: (AccountId, SyncId),
    /// What is held; `None`: all requests.
    #[graphql(skip)]
    brake: Option<(sync_core::sync::Operation, BrakeKind)>,
}

impl Hold {
    /// Everything that holds requests of a sync back at `now`, beside a suspension.
    pub(crate) fn all(config: &SyncConfig, governor: &Governor, now: Timestamp) -> Vec<Self> {
        let sync = (config.account, config.id);
        let day = governor.day_used_up(now, &config.settings.limits).map(|day| Self {
            kind: HoldKind::DailyLimit,
            operation: None,
            reason: day.reason,
            since: day.since.into(),
            until: Some(day.until.into()),
            sync,
            brake: None,
        });
        let limit = governor.pace.hold.as_ref().filter(|hold| hold.until > now).map(|hold| Self {
            kind: HoldKind::Limit,
            operation: None,
            reason: hold.reason.clone(),
            since: hold.since.into(),
            until: Some(hold.until.into()),
            sync,
            brake: None,
        });
        let brakes = governor.brakes().map(|(operation, brake)| Self {
            kind: match brake.kind {
                BrakeKind::Alike => HoldKind::Alike,
                BrakeKind::MissingDeletes => HoldKind::MissingDeletes,
                BrakeKind::SilentCreates => HoldKind::SilentCreates,
                BrakeKind::Pages => HoldKind::Pages,
                BrakeKind::Restored => HoldKind::Restored,
            },
            operation: Some(operation.into()),
            reason: brake.reason.clone(),
            since: brake.since.into(),
            until: brake.lets_at.map(Into::into),
            sync,
            brake: Some((operation, brake.kind)),
        });
        limit.into_iter().chain(day).chain(brakes).collect()
    }

    /// How many people wait, and whether there may be more.
    async fn waiting(&self, ctx: &Context<'_>) -> Result<(i64, bool)> {
        let (account, sync) = self.sync;
        Ok(match self.brake {
            None => {
                let runtime = load(ctx, RuntimeKey(account, sync)).await?;
                (runtime.map_or(0, |runtime| runtime.counts.owed), false)
            }
            Some((operation, kind)) => {
                let next = load(ctx, NextKey(account, sync)).await?.unwrap_or_default();
                (next.behind(operation, kind), next.is_cut())
            }
        })
    }
}

#[ComplexObject]
impl Hold {
    /// How many people it keeps waiting now: who are owed, and whose next request is one of those that are held, as their
    /// data and the rules are now. It may turn out for some that nothing is to be sent. Of LIMIT and DAILY_LIMIT: all who are owed. Of
    /// RESTORED: those whose create nothing tells from one of before
    #[graphql(complexity = "query_cost(child_complexity)")]
    async fn people(&self, ctx: &Context<'_>) -> Result<SafeInt> {
        Ok(self.waiting(ctx).await?.0.into())
    }

    /// Whether more may wait than people says: of a sync that owes more than 1000 people, it is found out of 1000 what they need
    /// next, those first whose next try is furthest ahead. Never of LIMIT and DAILY_LIMIT
    #[graphql(complexity = "query_cost(child_complexity)")]
    async fn people_at_least(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.waiting(ctx).await?.1)
    }
}

impl HoldKind {
    /// The brake that it names; `None`: the hold of a limit.
    ///
    /// # Errors
    /// Where nothing but time, or another limit, ends such a hold.
    pub(crate) fn brake(self) -> std::result::Result<Option<BrakeKind>, Fault> {
        Ok(Some(match self {
            Self::Limit => return Ok(None),
            Self::DailyLimit => {
                let message =
                    "is DAILY_LIMIT, which time ends, or a larger limits.requestsPerDay: it cannot be released";
                return Err(Fault::at(["kind"], message));
            }
            Self::Alike => BrakeKind::Alike,
            Self::MissingDeletes => BrakeKind::MissingDeletes,
            Self::SilentCreates => BrakeKind::SilentCreates,
            Self::Pages => BrakeKind::Pages,
            Self::Restored => BrakeKind::Restored,
        }))
    }
}
