//! What holds requests of a sync back.

use crate::enums::{HoldKind, Operation};
use crate::scalars::DateTime;
use async_graphql::SimpleObject;
use sync_core::governor::Governor;
use sync_core::governor::brake::BrakeKind;
use sync_core::time::Timestamp;

/// Requests of one kind, or all of them, are held back; people stay owed, and nothing is lost
#[derive(SimpleObject)]
pub(crate) struct Hold {
    kind: HoldKind,
    /// Which requests; null: all of them
    operation: Option<Operation>,
    /// In words
    reason: String,
    since: DateTime,
    /// When a request goes next; null: not before an edit or releaseHold
    until: Option<DateTime>,
}

impl Hold {
    /// Everything that holds requests of a sync back at `now`, beside a suspension.
    pub(crate) fn all(governor: &Governor, now: Timestamp) -> Vec<Self> {
        let limit = governor.pace.hold.as_ref().filter(|hold| hold.until > now).map(|hold| Self {
            kind: HoldKind::Limit,
            operation: None,
            reason: hold.reason.clone(),
            since: hold.since.into(),
            until: Some(hold.until.into()),
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
        });
        limit.into_iter().chain(brakes).collect()
    }
}

impl HoldKind {
    /// The brake that it names; `None`: the hold of a limit.
    pub(crate) fn brake(self) -> Option<BrakeKind> {
        Some(match self {
            Self::Limit => return None,
            Self::Alike => BrakeKind::Alike,
            Self::MissingDeletes => BrakeKind::MissingDeletes,
            Self::SilentCreates => BrakeKind::SilentCreates,
            Self::Pages => BrakeKind::Pages,
            Self::Restored => BrakeKind::Restored,
        })
    }
}
