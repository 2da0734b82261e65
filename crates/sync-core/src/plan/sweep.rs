//! Sweeps: durable work over all links of a sync, one bounded batch at a time.

use super::LinkWrite;
use crate::backoff::Policy;
use crate::id::{AccountId, LinkId, PersonId, SyncId};
use crate::link::{Link, LinkState};
use crate::person::Person;
use crate::ports::{ResyncScope, SweepKind};
use crate::time::Timestamp;
use crate::transition::{Mark, forget, mark};

/// A sweep as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The account.
    pub account: AccountId,
    /// The sync.
    pub sync: SyncId,
    /// Its number: the lowest is worked first.
    pub id: i64,
    /// What it does.
    pub kind: SweepKind,
    /// The last person done; `None`: nobody yet. A batch goes on with the people after, in order of id.
    pub cursor: Option<PersonId>,
}

/// What the next batch of a sweep reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// People that are not deleted, and links: the union of their person ids.
    PeopleAndLinks,
    /// Links.
    Links,
    /// Everything that is kept of the sync.
    Everything,
}

impl SweepKind {
    /// The stored number and whether it is forced.
    pub const fn code(self) -> (i16, bool) {
        match self {
            Self::Resync { scope, force } => (scope as i16, force),
            Self::Edit => (3, false),
            Self::Recovered => (4, false),
            Self::Forget => (5, false),
            Self::Delete => (6, false),
        }
    }

    /// From the stored number.
    pub const fn from_code(code: i16, force: bool) -> Option<Self> {
        Some(match code {
            0 => Self::Resync { scope: ResyncScope::All, force },
            1 => Self::Resync { scope: ResyncScope::Unlinked, force },
            2 => Self::Resync { scope: ResyncScope::Parked, force },
            3 => Self::Edit,
            4 => Self::Recovered,
            5 => Self::Forget,
            6 => Self::Delete,
            _ => return None,
        })
    }

    /// What its batches read.
    pub const fn reach(self) -> Reach {
        match self {
            Self::Resync { scope: ResyncScope::All | ResyncScope::Unlinked, .. } => Reach::PeopleAndLinks,
            Self::Resync { scope: ResyncScope::Parked, .. } | Self::Edit | Self::Recovered | Self::Forget => {
                Reach::Links
            }
            Self::Delete => Reach::Everything,
        }
    }
}

/// The sweep that a new sync makes over existing people: rows for all who have none.
pub const INCLUDE_EXISTING: SweepKind = SweepKind::Resync { scope: ResyncScope::Unlinked, force: false };

/// Whether a resync marks a person with this link.
pub fn resyncs(scope: ResyncScope, person: Option<&Person>, link: Option<&Link>) -> bool {
    let present = person.is_some_and(|person| !person.is_deleted());
    match scope {
        ResyncScope::All => present || link.is_some(),
        ResyncScope::Unlinked => present && link.is_none_or(|link| link.state == LinkState::Unlinked),
        ResyncScope::Parked => link.is_some_and(|link| link.parked.is_some()),
    }
}

/// What a sweep does to one pair. `None`: it is left alone.
pub fn sweep_link(
    kind: SweepKind,
    id: LinkId,
    person: Option<&Person>,
    link: Option<Link>,
    now: Timestamp,
) -> Option<LinkWrite> {
    let before = link;
    let marked = |before: Option<Link>, why: Mark<'_>| {
        let mut after = before.clone().unwrap_or_else(|| Link::new(id.clone(), now));
        // None of these marks depends on the delays.
        mark(&mut after, why, &Policy::default(), now).then_some(LinkWrite { before, after: Some(after) })
    };
    match kind {
        SweepKind::Resync { scope, force } => {
            resyncs(scope, person, before.as_ref()).then(|| marked(before, Mark::Resync { force }))?
        }
        SweepKind::Edit => marked(Some(before?), Mark::Edit),
        SweepKind::Recovered => marked(Some(before?), Mark::Recovered),
        SweepKind::Forget => {
            let before = before?;
            // A request under way may link it to the old origin yet.
            if before.state == LinkState::Unlinked && before.lease.is_none() {
                return None;
            }
            // A deleted person's row goes; while a lease is out it stays to say so, and is removed by its next claim.
            let gone = person.is_none_or(Person::is_deleted) && before.lease.is_none();
            let after = (!gone).then(|| {
                let mut after = before.clone();
                forget(&mut after, now);
                after
            });
            Some(LinkWrite { before: Some(before), after })
        }
        SweepKind::Delete => Some(LinkWrite { before: Some(before?), after: None }),
    }
}

/// Marks a link for an administrator's retry: owed and parked ones only.
pub fn retry_link(before: Link, now: Timestamp) -> Option<LinkWrite> {
    if before.due_at.is_none() && before.parked.is_none() {
        return None;
    }
    let mut after = before.clone();
    mark(&mut after, Mark::Retry, &Policy::default(), now);
    Some(LinkWrite { before: Some(before), after: Some(after) })
}
