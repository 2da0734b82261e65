//! Sweeps: durable work over all links of a sync, one bounded batch at a time.

use super::LinkWrite;
use super::lease::{TURN_MAX, turn};
use crate::backoff::Policy;
use crate::id::{AccountId, LinkId, PersonId, SyncId};
use crate::link::{Link, LinkState, ParkReason};
use crate::person::Person;
use crate::ports::{ResyncScope, RetryFilter, SweepKind};
use crate::time::Timestamp;
use crate::transition::{Mark, distrust, forget, forget_here, mark};

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

/// What the batches of a sweep read.
pub const fn reach(kind: SweepKind) -> Reach {
    match kind {
        SweepKind::Resync { scope: ResyncScope::All | ResyncScope::Unlinked, .. } => Reach::PeopleAndLinks,
        SweepKind::Resync { scope: ResyncScope::Parked, .. }
        | SweepKind::Edit
        | SweepKind::Recovered { .. }
        | SweepKind::Forget
        | SweepKind::ForgetHere
        | SweepKind::Conflicts
        | SweepKind::Restored
        | SweepKind::Lifted
        | SweepKind::Reconsider => Reach::Links,
        SweepKind::Delete => Reach::Everything,
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
        // Nothing was ever sent for it: it may be there already.
        after.extras.notes.existing |= matches!(why, Mark::Resync { .. }) && never_tried(&after);
        // None of these marks depends on the delays.
        mark(&mut after, why, &Policy::default(), now).then_some(LinkWrite { before, after: Some(after) })
    };
    match kind {
        SweepKind::Resync { scope, force } => {
            resyncs(scope, person, before.as_ref()).then(|| marked(before, Mark::Resync { force }))?
        }
        SweepKind::Edit => {
            let before = before?;
            let is_left = person.is_none_or(Person::is_deleted)
                && before.state.unique_id().is_some()
                && before.due_at.is_none()
                && before.parked.is_none();
            marked(Some(before), if is_left { Mark::LeftBehind } else { Mark::Edit })
        }
        SweepKind::Reconsider => marked(Some(before?), Mark::Reconsider),
        SweepKind::Recovered { since } => {
            let before = before?;
            let parked_before = |since| before.parked.as_ref().is_some_and(|parked| parked.at < since);
            (!since.is_some_and(parked_before)).then(|| marked(Some(before), Mark::Recovered))?
        }
        SweepKind::Conflicts => {
            let before = before?;
            let waits = before.parked.as_ref().is_some_and(|parked| parked.reason == ParkReason::Conflict);
            waits.then(|| marked(Some(before), Mark::Disturbed))?
        }
        SweepKind::ForgetHere => {
            let before = before?;
            if before.state == LinkState::Unlinked && before.lease.is_none() {
                return None;
            }
            let gone = person.is_none_or(Person::is_deleted) && before.lease.is_none();
            let mut after = before.clone();
            forget_here(&mut after, now);
            Some(LinkWrite { before: Some(before), after: (!gone).then_some(after) })
        }
        SweepKind::Restored => {
            let before = before?;
            let mut after = before.clone();
            distrust(&mut after, now);
            Some(LinkWrite { before: Some(before), after: Some(after) })
        }
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
        SweepKind::Lifted => {
            let before = before?;
            // Who waits for something else waits on.
            let notes = before.notes();
            // Whoever used up tries before may wait for the brake all the same: which of both it is cannot be told.
            let waits_for_a_brake = notes.asking.is_none() && !notes.none_for_deleted;
            (waits_for_a_brake && before.due_at.is_some_and(|due| due > now)).then(|| {
                // All are due, in the order in which they have their turn: a release lets one through only. Who backs off does so no
                // less for it.
                let in_turn = now.minus(TURN_MAX).plus(turn(&before, person, now));
                let due_at =
                    before.due_at.map(|due| due.min(backs_off_until(&before).map_or(in_turn, |at| at.max(in_turn))));
                let after = Link { due_at, updated_at: now, ..before.clone() };
                LinkWrite { before: Some(before), after: Some(after) }
            })
        }
        SweepKind::Delete => Some(LinkWrite { before: Some(before?), after: None }),
    }
}

/// Until when a link backs off at least, whatever else it waits for.
fn backs_off_until(link: &Link) -> Option<Timestamp> {
    let policy = Policy::default();
    let delay = match (link.tries, link.deferrals) {
        (0, 0) => return None,
        (0, deferrals) => policy.deferral_delay(deferrals, 0.0),
        (tries, _) => policy.retry_delay(tries, 0.0).unwrap_or_default(),
    };
    link.last_tried_at.map(|tried| tried.plus(delay))
}

fn never_tried(link: &Link) -> bool {
    link.state == LinkState::Unlinked && link.last_tried_at.is_none() && link.lease.is_none()
}

/// Marks a link for an administrator's retry: owed and parked ones only, as the filter says.
pub fn retry_link(before: Link, filter: &RetryFilter, now: Timestamp) -> Option<LinkWrite> {
    let reason = before.parked.as_ref().map(|parked| parked.reason);
    let asked = |reasons: &Vec<ParkReason>| reason.is_some_and(|reason| reasons.contains(&reason));
    if (before.due_at.is_none() && reason.is_none()) || !filter.reasons.as_ref().is_none_or(asked) {
        return None;
    }
    let mut after = before.clone();
    let why = if filter.create_again { Mark::CreateAgain } else { Mark::Retry };
    mark(&mut after, why, &Policy::default(), now).then_some(LinkWrite { before: Some(before), after: Some(after) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Asking;
    use std::time::Duration;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    /// A release lets one through: whoever was not tried yet comes first, then who was tried the longest ago.
    #[test]
    fn a_lifted_brake_keeps_the_order_of_turns() {
        let ago = |seconds| NOW.minus(Duration::from_secs(seconds));
        let due = |name: &str, tried: Option<u64>| {
            let person = PersonId::new(name).unwrap();
            let id = LinkId { account: AccountId(Uuid::nil()), sync: SyncId(Uuid::nil()), person: person.clone() };
            let person = Person { updated_at: ago(100), ..Person::empty(person, 1, ago(100)) };
            let due_at = Some(NOW.plus(Duration::from_secs(300)));
            let held = Link { due_at, last_tried_at: tried.map(ago), ..Link::new(id.clone(), NOW) };
            sweep_link(SweepKind::Lifted, id, Some(&person), Some(held), NOW).unwrap().after.unwrap().due_at.unwrap()
        };
        let order = [due("new", None), due("b", Some(60)), due("a", Some(5))];
        assert!(order.is_sorted_by(|a, b| a < b) && order[2] <= NOW, "{order:?}");
    }

    /// What is asked once more after a while is not asked sooner because a brake on others was lifted.
    #[test]
    fn a_lifted_brake_ends_no_other_wait() {
        let person = PersonId::new("p").unwrap();
        let id = LinkId { account: AccountId(Uuid::nil()), sync: SyncId(Uuid::nil()), person };
        let held = Link { due_at: Some(NOW.plus(Duration::from_secs(300))), ..Link::new(id.clone(), NOW) };
        let lifted = |link: &Link| sweep_link(SweepKind::Lifted, id.clone(), None, Some(link.clone()), NOW);
        let is_due = |link: &Link| lifted(link).unwrap().after.unwrap().due_at.is_some_and(|due| due <= NOW);
        assert!(is_due(&held));
        let tried = Link { tries: 2, ..held.clone() };
        assert!(is_due(&tried), "a brake held it after its tries");
        let mut waits = Link { state: LinkState::Uncertain, ..held };
        waits.extras.notes.none_for_deleted = true;
        assert!(lifted(&waits).is_none(), "the second \"none\" for a deleted person");
        waits.extras.notes.none_for_deleted = false;
        waits.extras.notes.asking = Some(Asking::Refused("answered 422".to_owned(), 1));
        assert!(lifted(&waits).is_none(), "the \"none\" that makes a refusal definite");
    }
}
