//! The steps of the stores' transactions that are the same everywhere: what was read goes in, what is to be written comes
//! out. A store is then nothing but locks, rows and statements.
//!
//! - [`intake`]: marking the links of changed people, and the hand-off;
//! - [`later`]: what of these marks is beyond a transaction's bound, and whose turn it is;
//! - [`lease`]: how a claim is shared out and what it leases;
//! - [`next`]: what owed links need next, and whom a brake keeps waiting;
//! - [`sweep`]: what a sweep does to one link;
//! - [`search`]: what people are found by;
//! - [`revise`]: what editing a sync raises.

pub mod intake;
pub mod later;
pub mod lease;
pub mod next;
pub mod revise;
pub mod search;
pub mod sweep;

use crate::counts::LinkCounts;
use crate::id::{AccountId, LinkId, SyncId};
use crate::link::{Link, LinkState};
use std::collections::{BTreeMap, HashMap};

/// One row of links before and after.
#[derive(Clone, Debug)]
pub struct LinkWrite {
    /// As it was read; `None`: there was no row.
    pub before: Option<Link>,
    /// As it is to be written; `None`: the row goes.
    pub after: Option<Link>,
}

/// The differences of link counts that writes make, without those that are zero.
pub fn counts_of(writes: &[LinkWrite]) -> BTreeMap<(AccountId, SyncId), LinkCounts> {
    let mut counts: BTreeMap<(AccountId, SyncId), LinkCounts> = BTreeMap::new();
    for write in writes {
        if let Some(link) = write.after.as_ref().or(write.before.as_ref()) {
            counts
                .entry((link.id.account, link.id.sync))
                .or_default()
                .note(write.before.as_ref(), write.after.as_ref());
        }
    }
    counts.retain(|_, difference| !difference.is_zero());
    counts
}

/// Orders rows so that those which give up a unique id are written before those which may take it.
pub fn giving_up_first(mut rows: Vec<Link>, before: &HashMap<LinkId, Link>) -> Vec<Link> {
    let takes = |link: &Link| {
        let had = before.get(&link.id).and_then(|before| before.state.unique_id());
        let has = link.state.unique_id();
        has.is_some() && has != had
    };
    rows.sort_by_cached_key(|link| (takes(link), link.id.clone()));
    rows
}

/// Whether a tombstone with these links may be purged: none is owed, leased (also by a lease that was never settled) or
/// parked, and none is Uncertain or Unaddressable: what resolves those, once delete is on again, is rendered from the
/// tombstone. Of its links, the Unlinked ones go with it.
pub fn may_purge<'a>(links: impl IntoIterator<Item = &'a Link>) -> bool {
    links.into_iter().all(|link| {
        link.due_at.is_none()
            && link.lease.is_none()
            && link.parked.is_none()
            && !matches!(link.state, LinkState::Uncertain | LinkState::Unaddressable)
    })
}
