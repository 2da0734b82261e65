use std::collections::{BTreeMap, HashMap};
use sync_core::alert::{AlertSettings, AlertStatus, Book};
use sync_core::chosen::RememberedSync;
use sync_core::claim::ChangedPerson;
use sync_core::counts::LinkCounts;
use sync_core::governor::Governor;
use sync_core::id::{AccountId, KeyId, LeaseToken, LinkId, LogId, PersonId, SyncId};
use sync_core::key::{Account, ApiKey};
use sync_core::link::Link;
use sync_core::log::LogEntry;
use sync_core::person::{Person, PersonChange, Version};
use sync_core::plan::later::{LaterMarks, Turns};
use sync_core::plan::sweep::Sweep;
use sync_core::plan::{LinkWrite, counts_of};
use sync_core::ports::SweepKind;
use sync_core::provenance::Noted;
use sync_core::stats::CounterKey;
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;

/// All tables.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: Vec<AccountRow>,
    pub(crate) people: BTreeMap<(AccountId, PersonId), Person>,
    pub(crate) changes: BTreeMap<(AccountId, PersonId, Version), PersonChange>,
    pub(crate) syncs: BTreeMap<(AccountId, SyncId), SyncRow>,
    pub(crate) links: BTreeMap<LinkId, Link>,
    pub(crate) sweeps: BTreeMap<i64, Sweep>,
    /// By account, number and sync.
    pub(crate) later_marks: BTreeMap<(AccountId, i64, SyncId), LaterMarks>,
    pub(crate) turns: Turns,
    pub(crate) logs: BTreeMap<(AccountId, LogId), LogEntry>,
    pub(crate) counters: BTreeMap<CounterId, i64>,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) sessions: BTreeMap<[u8; 32], SessionRow>,
    pub(crate) alert_settings: BTreeMap<AccountId, AlertRow>,
    pub(crate) alerts: BTreeMap<(AccountId, SyncId), Book>,
    pub(crate) remembered_syncs: BTreeMap<(AccountId, SyncId), RememberedSync>,
    pub(crate) noted: Noted,
    last_sweep: i64,
    last_later_marks: i64,
}

pub(crate) struct AccountRow {
    pub(crate) account: Account,
    pub(crate) version_floor: Version,
    pub(crate) people: i64,
}

pub(crate) struct SyncRow {
    pub(crate) config: SyncConfig,
    pub(crate) governor: Governor,
    pub(crate) counts: LinkCounts,
}

/// Where an account's alerts go, and what came of them.
pub(crate) struct AlertRow {
    pub(crate) settings: AlertSettings,
    /// Without what waits, which stands in the books.
    pub(crate) status: AlertStatus,
    /// No alert is taken before then.
    pub(crate) held_until: Timestamp,
    pub(crate) lease: Option<LeaseToken>,
}

/// A session, without its key.
pub(crate) struct SessionRow {
    pub(crate) account: AccountId,
    pub(crate) key: KeyId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Under what a counter is kept: account, sync, beginning and width of the span, what is counted.
pub(crate) type CounterId = (AccountId, SyncId, Timestamp, i64, CounterKey);

impl State {
    pub(crate) fn account(&mut self, id: AccountId) -> Option<&mut AccountRow> {
        self.accounts.iter_mut().find(|row| row.account.id == id)
    }

    pub(crate) fn create_account(&mut self, account: &Account) -> bool {
        let free = self.account(account.id).is_none();
        if free {
            self.accounts.push(AccountRow { account: account.clone(), version_floor: 0, people: 0 });
        }
        free
    }

    /// A sync that is not deleted.
    pub(crate) fn sync(&mut self, account: AccountId, id: SyncId) -> Option<&mut SyncRow> {
        self.syncs.get_mut(&(account, id)).filter(|row| row.config.deleted_at.is_none())
    }

    /// An account's syncs that are not deleted, in order of id.
    pub(crate) fn live_syncs(&self, account: AccountId) -> impl DoubleEndedIterator<Item = &SyncRow> {
        self.syncs
            .range((account, SyncId(uuid::Uuid::nil()))..=(account, SyncId(uuid::Uuid::max())))
            .map(|(_, row)| row)
            .filter(|row| row.config.deleted_at.is_none())
    }

    /// A sync's links in order of person, after one.
    pub(crate) fn links_of(
        &self,
        account: AccountId,
        sync: SyncId,
        after: Option<&PersonId>,
    ) -> impl Iterator<Item = &Link> {
        let after = after.cloned();
        self.links
            .iter()
            .skip_while(move |(id, _)| (id.account, id.sync) < (account, sync))
            .take_while(move |(id, _)| (id.account, id.sync) == (account, sync))
            .filter(move |(id, _)| after.as_ref().is_none_or(|after| id.person > *after))
            .map(|(_, link)| link)
    }

    /// An account's people in order of id, after one, tombstones too.
    pub(crate) fn people_of(&self, account: AccountId, after: Option<&PersonId>) -> impl Iterator<Item = &Person> {
        let after = after.cloned();
        self.people
            .iter()
            .filter(move |((of, id), _)| *of == account && after.as_ref().is_none_or(|after| id > after))
            .map(|(_, person)| person)
    }

    pub(crate) fn person(&self, account: AccountId, id: &PersonId) -> Option<&Person> {
        self.people.get(&(account, id.clone()))
    }

    /// Those of some people that exist.
    pub(crate) fn people_among<'a>(
        &self,
        account: AccountId,
        ids: impl IntoIterator<Item = &'a PersonId>,
    ) -> HashMap<PersonId, Person> {
        ids.into_iter().filter_map(|id| Some((id.clone(), self.person(account, id)?.clone()))).collect()
    }

    /// How many of a sync's leases are out.
    pub(crate) fn leased(&self, sync: &SyncConfig, now: Timestamp) -> usize {
        self.links_of(sync.account, sync.id, None).filter(|link| link.is_leased(now)).count()
    }

    /// Writes links and keeps their counts.
    pub(crate) fn write_links(&mut self, writes: Vec<LinkWrite>) {
        for (id, difference) in counts_of(&writes) {
            if let Some(row) = self.syncs.get_mut(&id) {
                row.counts.add(&difference);
            }
        }
        for LinkWrite { before, after } in writes {
            match (before, after) {
                (_, Some(after)) => {
                    self.links.insert(after.id.clone(), after);
                }
                (Some(before), None) => {
                    self.links.remove(&before.id);
                }
                (None, None) => {}
            }
        }
    }

    /// The links of changed people with a sync, as far as there are rows.
    pub(crate) fn links_among(&self, sync: &SyncConfig, changed: &[ChangedPerson]) -> impl Iterator<Item = Link> {
        let (account, sync) = (sync.account, sync.id);
        changed.iter().filter_map(move |changed| {
            self.links.get(&LinkId { account, sync, person: changed.after.id.clone() }).cloned()
        })
    }

    /// Leaves marks of some syncs for later.
    pub(crate) fn add_later_marks(&mut self, account: AccountId, syncs: &[SyncConfig], people: Vec<PersonId>) {
        self.last_later_marks += 1;
        let id = self.last_later_marks;
        for sync in syncs {
            let marks = LaterMarks { account, id, sync: sync.id, people: people.clone(), done: 0 };
            self.later_marks.insert((account, id, sync.id), marks);
        }
    }

    /// Adds a sweep, unless an equal one has not begun yet.
    pub(crate) fn add_sweep(&mut self, account: AccountId, sync: SyncId, kind: SweepKind) {
        let waits =
            |row: &Sweep| row.sync == sync && row.account == account && row.kind == kind && row.cursor.is_none();
        if !self.sweeps.values().any(waits) {
            self.last_sweep += 1;
            self.sweeps.insert(self.last_sweep, Sweep { account, sync, id: self.last_sweep, kind, cursor: None });
        }
    }
}

/// When a link may be claimed next, if that is after `now`.
pub(crate) fn claimable_after(link: &Link, now: Timestamp) -> Option<Timestamp> {
    link.claimable_at().filter(|&at| at > now)
}

/// Whether a link may be claimed at `now`.
pub(crate) fn is_claimable(link: &Link, now: Timestamp) -> bool {
    link.claimable_at().is_some_and(|at| at <= now)
}
