//! Which sweeps there are: durable work over all links of a sync. What each does to a link is [`crate::plan::sweep`]'s.

use crate::time::Timestamp;

/// Which links a resync marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResyncScope {
    /// All people, and tombstones that still have a link.
    All,
    /// People of whom the sync holds no record yet: no row, or an Unlinked one; never an Uncertain or Unaddressable one.
    Unlinked,
    /// Parked links.
    Parked,
}

/// What a sweep does to each of a sync's links, in bounded batches. Durable: made in the transaction that acknowledges
/// the command, it survives a crash and goes on from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SweepKind {
    /// Marks links as [`crate::transition::Mark::Resync`]; makes rows for people who have none (scopes All, Unlinked).
    Resync {
        /// Which.
        scope: ResyncScope,
        /// Whether equal requests are sent too.
        force: bool,
    },
    /// [`crate::transition::Mark::Edit`].
    Edit,
    /// [`crate::transition::Mark::Recovered`], for links that were parked since then; `None`: for all.
    Recovered {
        /// Since when the trouble was.
        since: Option<Timestamp>,
    },
    /// [`crate::transition::forget`], and rows for people who have none are not made.
    Forget,
    /// Removes links, counters, counts and log entries, then the sync's row.
    Delete,
    /// [`crate::transition::forget_here`]: the external system was emptied.
    ForgetHere,
    /// [`crate::transition::Mark::Disturbed`], for links parked *conflict*: an id that one of them waits for is free.
    Conflicts,
    /// [`crate::transition::distrust`]: an older copy of the database was restored.
    Restored,
    /// Links that wait for a brake that is lifted are due at once.
    Lifted,
    /// [`crate::transition::Mark::Reconsider`]: made by the upgrade of a database in which answers were judged otherwise.
    Reconsider,
}

impl SweepKind {
    /// The stored number and whether it is forced.
    pub const fn code(self) -> (i16, bool) {
        match self {
            Self::Resync { scope, force } => (scope as i16, force),
            Self::Edit => (3, false),
            Self::Recovered { .. } => (4, false),
            Self::Forget => (5, false),
            Self::Delete => (6, false),
            Self::ForgetHere => (7, false),
            Self::Conflicts => (8, false),
            Self::Restored => (9, false),
            Self::Lifted => (10, false),
            Self::Reconsider => (11, false),
        }
    }

    /// What was parked before is left alone.
    pub const fn since(self) -> Option<Timestamp> {
        match self {
            Self::Recovered { since } => since,
            _ => None,
        }
    }

    /// From the stored number.
    pub const fn from_code(code: i16, force: bool, since: Option<Timestamp>) -> Option<Self> {
        Some(match code {
            0 => Self::Resync { scope: ResyncScope::All, force },
            1 => Self::Resync { scope: ResyncScope::Unlinked, force },
            2 => Self::Resync { scope: ResyncScope::Parked, force },
            3 => Self::Edit,
            4 => Self::Recovered { since },
            5 => Self::Forget,
            6 => Self::Delete,
            7 => Self::ForgetHere,
            8 => Self::Conflicts,
            9 => Self::Restored,
            10 => Self::Lifted,
            11 => Self::Reconsider,
            _ => return None,
        })
    }
}
