//! What a claim and a hand-off give out: links that are leased, with everything that sending needs.

use crate::backoff::Policy;
use crate::decide::Decision;
use crate::id::{AccountId, LeaseToken, PersonId, SyncId};
use crate::link::Link;
use crate::person::{Person, PersonChange, PersonPatch, Upserted, Version};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Asks for links to send.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// A fresh random token: it becomes the lease's token of every link that this claim leases.
    pub token: LeaseToken,
    /// At most this many links in all: the node's free permits.
    pub links_max: usize,
    /// The delays of the rules.
    pub policy: Arc<Policy>,
}

/// A leased link with everything that sending needs.
#[derive(Clone, Debug)]
pub struct Leased {
    /// The link as it stands after leasing (state recovered, key drawn, lease written).
    pub link: Link,
    /// The person's newest snapshot, a tombstone if deleted; `None` if purged.
    pub person: Option<Person>,
    /// The sync's revision in the leasing transaction.
    pub revision: i32,
    /// What to do.
    pub decision: Decision,
    /// Whether this is the probe of a suspended sync.
    pub probe: bool,
    /// What is known of the rules, for judging.
    pub known: Known,
    /// How long the lease lasts, counted from before the claim was asked.
    pub lease_duration: Duration,
}

/// What is known of a sync's rules and of a link, as far as an answer's worth hangs on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Known {
    /// Whether the lookup rule is proven: it has found a record since its last edit.
    pub lookup_proven: bool,
    /// Whether a control of the lookup rule may still be sent.
    pub lookup_uncontrolled: bool,
    /// Whether an update was accepted since the update rule's last edit: only then is a missing record believed to be missing.
    pub update_proven: bool,
    /// Whether an older copy of the database was restored, and that still counts: who was deleted since is back in it.
    pub restored: bool,
    /// How long before the claim the link's create, or an update that may have moved its record, was last tried.
    pub since_doubt: Option<Duration>,
}

/// What a claim gave.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// The leased links.
    pub leased: Vec<Leased>,
    /// Whether links that are due were left for want of the claim's bound or of a sync's room: worth another claim as
    /// soon as something is settled.
    pub more: bool,
    /// In how long something may become claimable by time alone, as far as the store can tell; at most a minute ahead.
    pub next_in: Option<Duration>,
}

/// One call's changes: all or nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Creates or changes people.
    Upsert(Vec<PersonPatch>),
    /// Deletes people.
    Delete(Vec<PersonId>),
}

/// What one upsert of a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpsertResult {
    /// Who.
    pub id: PersonId,
    /// What happened.
    pub outcome: UpsertOutcome,
    /// The version held now.
    pub version: Version,
}

/// What an upsert did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpsertOutcome {
    /// The person is new, or new again.
    Created,
    /// The person differs now.
    Updated,
    /// Nothing given differs from what is held.
    Unchanged,
}

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// Of an upsert, in the order given.
    Upserted(Vec<UpsertResult>),
    /// Of a delete.
    Deleted {
        /// Who was deleted.
        deleted: Vec<PersonId>,
        /// Who was unknown or already deleted.
        unknown: Vec<PersonId>,
    },
}

/// Lets the intake's transaction lease what it has just written.
#[derive(Clone, Debug)]
pub struct HandOff {
    /// A fresh random token.
    pub token: LeaseToken,
    /// At most this many links in all: the node's free permits.
    pub links_max: usize,
}

/// Changes of one account, recorded in one transaction.
#[derive(Clone, Debug)]
pub struct RecordRequest {
    /// The account.
    pub account: AccountId,
    /// The calls, in the order of their acceptance.
    pub calls: Vec<Call>,
    /// `None` on nodes that do not dispatch.
    pub hand_off: Option<HandOff>,
    /// The most links to mark in this transaction; see [`crate::plan::later`].
    pub marks_max: usize,
    /// The delays of the rules.
    pub policy: Arc<Policy>,
}

/// What was recorded.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// One result for each call.
    pub results: Vec<CallResult>,
    /// What was handed off.
    pub leased: Vec<Leased>,
    /// Whether links are due that were not handed off.
    pub due: bool,
    /// The account's live syncs; 0 where nobody changed.
    pub syncs: usize,
    /// Whether marks were left for later: there is something to work for [`crate::ports::WorkStore::work_sweep`].
    pub later: bool,
}

/// The people that calls touch, before and after, folded so that each stands once.
#[derive(Debug, Default)]
pub struct Folded {
    /// Each changed person in order of id: what the directory held before the first call, and holds now.
    pub changed: Vec<ChangedPerson>,
    /// One result for each call.
    pub results: Vec<CallResult>,
}

/// One changed person.
#[derive(Debug)]
pub struct ChangedPerson {
    /// Before the first call; `None` where the person was unknown.
    pub before: Option<Person>,
    /// After the last call.
    pub after: Person,
    /// Each version's change, in order.
    pub changes: Vec<PersonChange>,
}

/// The ids that calls touch, sorted and without repetition: the order in which stores lock people.
pub fn ids_of(calls: &[Call]) -> Vec<PersonId> {
    let mut ids: Vec<PersonId> = calls
        .iter()
        .flat_map(|call| match call {
            Call::Upsert(patches) => patches.iter().map(|patch| patch.id.clone()).collect::<Vec<_>>(),
            Call::Delete(ids) => ids.clone(),
        })
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Applies calls to what the directory holds, in order. `held` has every person of [`ids_of`] that exists, tombstones
/// too; `floor` is the account's version floor.
pub fn fold(
    calls: &[Call],
    mut held: HashMap<PersonId, Person>,
    floor: Version,
    now: crate::time::Timestamp,
) -> Folded {
    let mut changed: HashMap<PersonId, ChangedPerson> = HashMap::new();
    let mut note = |held: &mut HashMap<PersonId, Person>, after: Person, change: PersonChange| {
        let before = held.insert(after.id.clone(), after.clone());
        match changed.entry(after.id.clone()) {
            std::collections::hash_map::Entry::Occupied(mut entry) => {
                entry.get_mut().after = after;
                entry.get_mut().changes.push(change);
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(ChangedPerson { before, after, changes: vec![change] });
            }
        }
    };
    let mut results = Vec::with_capacity(calls.len());
    for call in calls {
        results.push(match call {
            Call::Upsert(patches) => CallResult::Upserted(
                patches
                    .iter()
                    .map(|patch| {
                        let (outcome, version) = match crate::person::upsert(held.get(&patch.id), floor, patch, now) {
                            Upserted::Created(person, change) => {
                                let version = person.version;
                                note(&mut held, person, change);
                                (UpsertOutcome::Created, version)
                            }
                            Upserted::Updated(person, change) => {
                                let version = person.version;
                                note(&mut held, person, change);
                                (UpsertOutcome::Updated, version)
                            }
                            Upserted::Unchanged(version) => (UpsertOutcome::Unchanged, version),
                        };
                        UpsertResult { id: patch.id.clone(), outcome, version }
                    })
                    .collect(),
            ),
            Call::Delete(ids) => {
                let (mut deleted, mut unknown) = (Vec::new(), Vec::new());
                for id in ids {
                    match crate::person::delete(held.get(id), now) {
                        Some((tombstone, change)) => {
                            note(&mut held, tombstone, change);
                            deleted.push(id.clone());
                        }
                        None => unknown.push(id.clone()),
                    }
                }
                CallResult::Deleted { deleted, unknown }
            }
        });
    }
    let mut changed: Vec<ChangedPerson> = changed.into_values().collect();
    changed.sort_by(|a, b| a.after.id.cmp(&b.after.id));
    Folded { changed, results }
}

/// A set of syncs, as signals name them.
pub type SyncRef = (AccountId, SyncId);
