//! Recording changes: which links are marked, and which of them go straight to the dispatcher.

use super::LinkWrite;
use super::lease::spread;
use crate::backoff::Policy;
use crate::claim::{ChangedPerson, HandOff, Leased};
use crate::governor::Governor;
use crate::id::{LinkId, PersonId};
use crate::link::Link;
use crate::person::Person;
use crate::sync::SyncConfig;
use crate::time::Timestamp;
use crate::transition::{LeaseTerms, Leasing, Mark, lease, mark, may_hand_off, overwrites_snapshot};
use std::collections::HashMap;

/// Marks the links of changed people with the account's live syncs, unconditionally. People who have no row get one,
/// unless they are deleted. `links` has every row of these pairs. The writes are in order of (sync, person).
pub fn mark_changed(
    changed: &[ChangedPerson],
    syncs: &[SyncConfig],
    mut links: HashMap<LinkId, Link>,
    policy: &Policy,
    now: Timestamp,
) -> Vec<LinkWrite> {
    let mut syncs: Vec<&SyncConfig> = syncs.iter().collect();
    syncs.sort_by_key(|sync| sync.id);
    let mut writes = Vec::new();
    for sync in syncs {
        for person in changed {
            let id = LinkId { account: sync.account, sync: sync.id, person: person.after.id.clone() };
            let before = links.remove(&id);
            if before.is_none() && person.after.is_deleted() {
                continue;
            }
            let mut after = before.clone().unwrap_or_else(|| Link::new(id, now));
            mark(&mut after, Mark::Change(person.before.as_ref()), policy, now);
            writes.push(LinkWrite { before, after: Some(after) });
        }
    }
    writes
}

/// Marks those of some links whose [snapshot](overwrites_snapshot) the change overwrites: they are of syncs that are left to be
/// marked [later](super::later). The writes are in the order of the links.
pub fn mark_unresolved(
    changed: &[ChangedPerson],
    links: impl IntoIterator<Item = Link>,
    policy: &Policy,
    now: Timestamp,
) -> Vec<LinkWrite> {
    let before: HashMap<&PersonId, Option<&Person>> =
        changed.iter().map(|changed| (&changed.after.id, changed.before.as_ref())).collect();
    let marked = |link: Link| {
        let person = before.get(&link.id.person)?;
        let mut after = link.clone();
        mark(&mut after, Mark::Change(*person), policy, now);
        Some(LinkWrite { before: Some(link), after: Some(after) })
    };
    links.into_iter().filter(overwrites_snapshot).filter_map(marked).collect()
}

/// A sync as the hand-off sees it, its runtime row locked.
#[derive(Clone, Debug)]
pub struct HandOffSync {
    /// Its configuration.
    pub config: SyncConfig,
    /// Its governor.
    pub governor: Governor,
    /// Leases out over all nodes: links whose lease has not ended.
    pub leased: usize,
    /// Whether any of its links was claimable before this transaction: those have their turn first.
    pub backlog: bool,
}

/// Whether a sync takes part in hand-offs at all: not while it is paused, and never with a rate limit, whose exactness
/// needs the claim.
pub fn takes_hand_off(sync: &SyncConfig) -> bool {
    let limits = &sync.settings.limits;
    let counts = limits.requests_per_second.is_some() || limits.requests_per_day.is_some();
    !sync.paused && sync.deleted_at.is_none() && !counts
}

/// Leases what was just marked, where it is fresh and its sync has room, no backlog, no hold and no open breaker. Leased
/// links are changed within `writes`.
pub fn hand_off(
    writes: &mut [LinkWrite],
    changed: &[ChangedPerson],
    syncs: &[HandOffSync],
    request: &HandOff,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Leased> {
    let people: HashMap<&PersonId, &Person> = changed.iter().map(|c| (&c.after.id, &c.after)).collect();
    let fresh = |write: &LinkWrite, sync: &HandOffSync| {
        write.after.as_ref().is_some_and(|link| link.id.sync == sync.config.id && may_hand_off(link, now))
    };
    let wants: Vec<usize> = syncs
        .iter()
        .map(|sync| {
            if sync.backlog
                || sync.governor.is_suspended()
                || sync.governor.needs_claim()
                || !takes_hand_off(&sync.config)
            {
                return 0;
            }
            let fresh = writes.iter().filter(|write| fresh(write, sync)).count();
            sync.governor.grant(now, &sync.config.settings.limits, sync.leased, fresh).links
        })
        .collect();
    let shares = spread(&wants, request.links_max, request.token);
    let mut leased = Vec::new();
    for (sync, share) in syncs.iter().zip(shares) {
        let terms = LeaseTerms::of(&sync.config, &sync.governor, request.token, policy, false);
        let mut left = share;
        for write in writes.iter_mut() {
            if left == 0 {
                break;
            }
            if !fresh(write, sync) {
                continue;
            }
            let Some(link) = &mut write.after else { continue };
            let person = people.get(&link.id.person).copied();
            if let Leasing::Leased(out) = lease(link, person, &terms, now) {
                leased.push(*out);
                left -= 1;
            }
        }
    }
    leased
}

/// Whether a marked link is owed and was not handed off.
pub fn leaves_due(writes: &[LinkWrite]) -> bool {
    writes.iter().filter_map(|write| write.after.as_ref()).any(|link| link.is_owed() && link.lease.is_none())
}
