//! What owed links need next, and how many of them a brake keeps waiting.

use super::lease::newest_first;
use crate::backoff::Policy;
use crate::decide::{decide, makes_no_second};
use crate::governor::Governor;
use crate::governor::brake::BrakeKind;
use crate::id::{LeaseToken, PersonId};
use crate::link::Link;
use crate::person::{Person, Version};
use crate::sync::{Operation, SyncConfig};
use crate::time::Timestamp;
use crate::transition::{LeaseTerms, suspect};
use std::collections::HashMap;
use uuid::Uuid;

/// Of how many owed links of a sync it is found out what they need next.
pub const NEXT_LOOKED_AT: usize = 1000;

/// The request that a link needs next, as the brakes see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextRequest {
    /// Which; `None`: none is sent.
    pub(crate) operation: Option<Operation>,
    /// Whether it is a create that nothing would tell from one of before an older copy of the database was restored.
    pub(crate) is_doubtful: bool,
}

/// What an owed link needs next. Notes on the link what a restored database makes of it. `person` is `None` where it was
/// purged.
pub(crate) fn next_request(
    link: &mut Link,
    person: Option<&Person>,
    terms: &LeaseTerms,
    now: Timestamp,
) -> NextRequest {
    suspect(link, terms);
    let operation = decide(person, link, &terms.rules, now).operation_sent(&terms.rules.for_link(link));
    let version = person.map_or(0, |person| person.version);
    let is_doubtful = operation == Some(Operation::Create) && !makes_no_second(link, version, &terms.rules, now);
    NextRequest { operation, is_doubtful }
}

/// How many of a sync's owed links need which request next.
///
/// No such numbers are kept: rules, people and the clock change what a link needs, for all of a sync's links at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NextRequests {
    /// In the order of [`Operation::ALL`].
    by_operation: [i64; 4],
    /// Of the creates: those that nothing would tell from one of before an older copy of the database was restored.
    doubtful_creates: i64,
    /// Whether there are links that were not looked at.
    is_cut: bool,
}

impl NextRequests {
    /// Counts. `owed` are the sync's first [`NEXT_LOOKED_AT`] owed links in the order of [`furthest`], and one more where there
    /// are more; `people` are theirs, tombstones too, as far as they were not purged. Of a person no more is looked at than
    /// [`outline`] has.
    pub fn count(
        config: &SyncConfig,
        governor: &Governor,
        owed: Vec<Link>,
        people: &HashMap<PersonId, Person>,
        now: Timestamp,
    ) -> Self {
        // Nothing is leased: token and delays say nothing of what is needed.
        let terms = LeaseTerms::of(config, governor, LeaseToken(Uuid::nil()), &Policy::default(), false);
        let mut counted = Self { is_cut: owed.len() > NEXT_LOOKED_AT, ..Self::default() };
        for mut link in owed.into_iter().take(NEXT_LOOKED_AT) {
            let person = people.get(&link.id.person);
            let next = next_request(&mut link, person, &terms, now);
            if let Some(operation) = next.operation {
                counted.by_operation[operation as usize] += 1;
            }
            counted.doubtful_creates += i64::from(next.is_doubtful);
        }
        counted
    }

    /// How many a brake on a kind of request keeps waiting: at least so many where links were [not looked at](Self::is_cut).
    pub fn behind(&self, operation: Operation, brake: BrakeKind) -> i64 {
        if brake == BrakeKind::Restored { self.doubtful_creates } else { self.by_operation[operation as usize] }
    }

    /// Whether there are owed links that were not looked at.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// Of owed links those that [`NextRequests::count`] looks at: whoever becomes claimable last comes first, since a brake puts
/// those off whom it holds, and what only waits for its turn does not hide them. `fresh` and `retrying` need have no more
/// than `NEXT_LOOKED_AT + 1` each, in this order.
pub fn furthest(fresh: Vec<Link>, retrying: Vec<Link>) -> Vec<Link> {
    let mut owed: Vec<Link> = fresh.into_iter().chain(retrying).collect();
    owed.sort_by(newest_first);
    owed.truncate(NEXT_LOOKED_AT + 1);
    owed
}

/// A person as far as [`NextRequests::count`] looks at one: so that nobody's data is read to be counted.
pub fn outline(id: PersonId, version: Version, deleted_at: Option<Timestamp>) -> Person {
    Person { deleted_at, ..Person::empty(id, version, Timestamp::MIN) }
}
