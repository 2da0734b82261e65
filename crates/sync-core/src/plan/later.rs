//! Marks that a change leaves for later. A transaction of the intake marks a bounded number of links; the syncs beyond are
//! left to be marked in batches, by rows that are written in the same transaction, so that a crash loses none of them.
//!
//! Until then such a link is as it was, and whatever is sent for it is rendered from the newest person. What cannot wait is
//! [told](crate::transition::overwrites_snapshot): where a create is unresolved, the person whom it carried is kept at the
//! moment of the change.

use super::LinkWrite;
use crate::backoff::Policy;
use crate::id::{AccountId, LinkId, PersonId, SyncId};
use crate::link::Link;
use crate::person::Person;
use crate::time::Timestamp;
use crate::transition::{Mark, mark};

/// The most links that a transaction of the intake marks, unless the engine is told otherwise. One thousand people and ten
/// syncs are marked at once.
pub const MARKS_MAX: usize = 10_000;

/// How many of an account's live syncs, in order of id, a transaction marks that changes so many people.
pub fn marked_at_once(people: usize, marks_max: usize) -> usize {
    marks_max / people.max(1)
}

/// One sync that is to be marked yet for the people of one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaterMarks {
    /// The account.
    pub account: AccountId,
    /// The transaction's number: of an account's, the lowest is worked first, and of that the sync with the lowest id.
    pub id: i64,
    /// The sync.
    pub sync: SyncId,
    /// Whom it changed, in order of id.
    pub people: Vec<PersonId>,
    /// How many of them are done.
    pub done: usize,
}

impl LaterMarks {
    /// The next people, at most so many.
    pub fn batch(&self, rows_max: usize) -> &[PersonId] {
        let from = self.done.min(self.people.len());
        &self.people[from..self.people.len().min(from.saturating_add(rows_max))]
    }

    /// How many are done after a batch; `None`: all are.
    pub fn done_after(&self, batch: usize) -> Option<usize> {
        let done = self.done + batch;
        (done < self.people.len()).then_some(done)
    }
}

/// Marks one link, as the change would have. `person` and `link` as they are now: who has no row gets one, unless deleted or
/// purged meanwhile.
pub fn mark_later(
    id: LinkId,
    person: Option<&Person>,
    link: Option<Link>,
    policy: &Policy,
    now: Timestamp,
) -> Option<LinkWrite> {
    if link.is_none() && person.is_none_or(Person::is_deleted) {
        return None;
    }
    let mut after = link.clone().unwrap_or_else(|| Link::new(id, now));
    // Whom an unresolved create carried was kept when the change was made. One that began since carried the newer person.
    mark(&mut after, Mark::Change(None), policy, now);
    Some(LinkWrite { before: link, after: Some(after) })
}

/// Whose turn it is to have a batch worked: accounts in order of id, each one batch; and within an account, sweeps and later
/// marks alternate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turns {
    last: Option<AccountId>,
    sweeps_were_last: bool,
}

/// What is worked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A sweep of this account.
    Sweep(AccountId),
    /// Later marks of this account.
    LaterMarks(AccountId),
}

impl Turns {
    /// The next one, among accounts that have sweeps and accounts that have later marks, each in any order. `None`: there is
    /// nothing to do.
    pub fn next(&mut self, sweeps: &[AccountId], later_marks: &[AccountId]) -> Option<Turn> {
        let all = || sweeps.iter().chain(later_marks).copied();
        let account = all().filter(|account| self.last.is_none_or(|last| *account > last)).min().or(all().min())?;
        let turn = match (sweeps.contains(&account), later_marks.contains(&account)) {
            (true, true) if self.sweeps_were_last => Turn::LaterMarks(account),
            (true, _) => Turn::Sweep(account),
            (false, _) => Turn::LaterMarks(account),
        };
        *self = Self { last: Some(account), sweeps_were_last: matches!(turn, Turn::Sweep(_)) };
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn account(number: u128) -> AccountId {
        AccountId(Uuid::from_u128(number))
    }

    #[test]
    fn accounts_take_turns() {
        let mut turns = Turns::default();
        let all = [account(3), account(1), account(2)];
        let taken: Vec<_> = (0..5).map(|_| turns.next(&all, &[]).unwrap()).collect();
        assert_eq!(taken, [1, 2, 3, 1, 2].map(|number| Turn::Sweep(account(number))));
        // One that comes and goes takes nobody's turn.
        assert_eq!(turns.next(&[account(1)], &[account(9)]), Some(Turn::LaterMarks(account(9))));
        assert_eq!(turns.next(&[account(1)], &[]), Some(Turn::Sweep(account(1))));
        assert_eq!(turns.next(&[], &[]), None);
    }

    #[test]
    fn within_an_account_both_kinds_go_on() {
        let mut turns = Turns::default();
        let one = [account(1)];
        let taken: Vec<_> = (0..4).map(|_| turns.next(&one, &one).unwrap()).collect();
        let (sweep, later) = (Turn::Sweep(account(1)), Turn::LaterMarks(account(1)));
        assert_eq!(taken, [sweep, later, sweep, later]);
    }

    #[test]
    fn a_batch_goes_on_where_the_last_one_ended() {
        let people = ["a", "b", "c"].map(|id| PersonId::new(id).unwrap()).to_vec();
        let mut marks = LaterMarks { account: account(1), id: 1, sync: SyncId(Uuid::nil()), people, done: 0 };
        assert_eq!((marks.batch(2).len(), marks.done_after(2)), (2, Some(2)));
        marks.done = 2;
        assert_eq!((marks.batch(2)[0].as_str(), marks.done_after(1)), ("c", None));
        marks.done = 7;
        assert!(marks.batch(2).is_empty() && marks.done_after(0).is_none());
    }

    #[test]
    fn many_people_leave_few_syncs_at_once() {
        assert_eq!(marked_at_once(1000, MARKS_MAX), 10);
        assert_eq!(marked_at_once(1, MARKS_MAX), MARKS_MAX);
        assert_eq!((marked_at_once(0, 3), marked_at_once(4, 3)), (3, 0));
    }
}
