//! The same random list of operations on two stores with the same clock: every answer, and everything that is held at
//! the end, must be the same. The memory store is the oracle.

use crate::build::{self, patch, person_id};
use crate::contract::StoreFixture;
use crate::memory::MemoryFixture;
use crate::random::SeededRandom;
use crate::reply::{Reply, Sender};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::{Call, ClaimRequest, HandOff, Leased, RecordRequest};
use sync_core::id::{AccountId, SyncId};
use sync_core::key::{Account, Role};
use sync_core::log::LogFilter;
use sync_core::page::PageRequest;
use sync_core::person::{Patch, PersonPatch};
use sync_core::ports::{
    CounterFilter, DirectoryStore, KeyStore, LinkFilter, LogStore, MaintenanceStore, PeopleFilter, ResyncScope,
    Retention, RetryFilter, SetResult, Store, SweepKind, WorkStore,
};
use sync_core::sync::{OnMissing, OnUncertain, SyncConfig, UniqueIdSource};
use sync_core::time::Timestamp;
use sync_core::transition::Settlement;

/// Runs `steps` random operations, drawn from `seed`, on a fresh store and on the oracle.
///
/// # Panics
/// Where an answer differs, naming seed, step and operation.
pub async fn compare<F: StoreFixture>(seed: u64, steps: usize) {
    let (oracle, other) = (MemoryFixture::fresh().await, F::fresh().await);
    let mut run = Run {
        random: SeededRandom::new(seed),
        policy: Arc::default(),
        now: Timestamp::from_micros(1_769_851_815_123_456),
        accounts: Vec::new(),
        syncs: BTreeMap::new(),
        leased: Vec::new(),
        settled: Vec::new(),
        at: format!("seed {seed}"),
    };
    run.begin(&oracle, &other).await;
    for step in 0..steps {
        run.at = format!("seed {seed}, step {step}");
        run.step(&oracle, &other).await;
    }
    run.at = format!("seed {seed}, at the end");
    run.compare_everything(&oracle, &other).await;
}

struct Run {
    random: SeededRandom,
    policy: Arc<Policy>,
    now: Timestamp,
    accounts: Vec<AccountId>,
    syncs: BTreeMap<(AccountId, SyncId), SyncConfig>,
    leased: Vec<Leased>,
    settled: Vec<Settlement>,
    at: String,
}

const PEOPLE: [&str; 9] = ["a", "B", "c", "d'", "é", "f%", "g", "h", "i"];

/// Asks both stores the same and compares; the answer is the oracle's.
macro_rules! both {
    ($run:expr, $oracle:expr, $other:expr, $method:ident ( $($argument:expr),* )) => {{
        let what = concat!(stringify!($method));
        let expected = $oracle.store().$method($($argument),*).await.expect(what);
        let answered = $other.store().$method($($argument),*).await.unwrap_or_else(|error| {
            panic!("{}: {what} failed: {error}: {:?}", $run.at, std::error::Error::source(&error).map(ToString::to_string))
        });
        $run.same(what, &expected, &answered);
        expected
    }};
}

impl Run {
    fn same<T: Debug>(&self, what: &str, expected: &T, answered: &T) {
        let (expected, answered) = (format!("{expected:#?}"), format!("{answered:#?}"));
        assert!(expected == answered, "{}: {what} differs.\n{}", self.at, difference(&expected, &answered));
    }

    async fn begin<F: StoreFixture>(&mut self, oracle: &MemoryFixture, other: &F) {
        self.freeze(oracle, other, Duration::ZERO).await;
        let account = Account { id: self.random.account(), name: "one".to_owned() };
        let key = build::key(account.id, self.random.key(), Role::Admin, self.now);
        both!(self, oracle, other, create_first_account(&account, &key));
        let second = Account { id: self.random.account(), name: "two".to_owned() };
        oracle.create_account(&second).await;
        other.create_account(&second).await;
        self.accounts = vec![account.id, second.id];
    }

    async fn freeze<F: StoreFixture>(&mut self, oracle: &MemoryFixture, other: &F, by: Duration) {
        self.now = self.now.plus(by);
        oracle.freeze(self.now).await;
        other.freeze(self.now).await;
    }

    fn account(&self) -> AccountId {
        // Mostly one, so that much happens to the same people.
        if self.random.once_in(6) { self.accounts[1] } else { self.accounts[0] }
    }

    fn some_sync(&self) -> Option<SyncConfig> {
        let syncs: Vec<&SyncConfig> = self.syncs.values().collect();
        (!syncs.is_empty()).then(|| syncs[self.random.below(syncs.len())].clone())
    }

    fn people(&self, most: usize) -> Vec<&'static str> {
        (0..=self.random.below(most)).map(|_| self.random.one_of(&PEOPLE)).collect()
    }

    fn call(&self) -> Call {
        if self.random.once_in(4) {
            return Call::Delete(self.people(3).into_iter().map(person_id).collect());
        }
        let patches = self.people(4).into_iter().map(|id| PersonPatch {
            last_name: if self.random.once_in(3) {
                Patch::Clear
            } else {
                Patch::Set(format!("L{}", self.random.below(3)))
            },
            custom: Patch::Set(serde_json::json!({ "plan": self.random.below(3) })),
            ..patch(id, &format!("F{}", self.random.below(3)))
        });
        Call::Upsert(patches.collect())
    }

    async fn step<F: StoreFixture>(&mut self, oracle: &MemoryFixture, other: &F) {
        let pause = [0, 0, 1, 5, 31, 45, 130, 3600, 90_000];
        let by = Duration::from_micros(1 + self.random.below(999) as u64);
        let by = by + Duration::from_secs(self.random.one_of(&pause));
        self.freeze(oracle, other, by).await;
        match self.random.below(24) {
            0..6 => {
                let hand_off = self
                    .random
                    .once_in(2)
                    .then(|| HandOff { token: self.random.token(), links_max: self.random.below(6) });
                let calls = (0..=self.random.below(2)).map(|_| self.call()).collect();
                // Often less than there is to mark.
                let marks_max = self.random.one_of(&[0, 1, 2, 3, 5, 100]);
                let (account, policy) = (self.account(), self.policy.clone());
                let request = RecordRequest { account, calls, hand_off, marks_max, policy };
                let recorded = both!(self, oracle, other, record_changes(request.clone()));
                self.leased.extend(recorded.leased);
            }
            6..10 => {
                let links_max = self.random.below(8);
                let request = ClaimRequest { token: self.random.token(), links_max, policy: self.policy.clone() };
                let claimed = both!(self, oracle, other, claim(request.clone()));
                self.leased.extend(claimed.leased);
            }
            10..15 => self.settle(oracle, other).await,
            15 => {
                let account = self.account();
                if self.syncs.keys().filter(|(of, _)| *of == account).count() < 3 {
                    let sync = self.new_sync(account);
                    let include_existing = self.random.once_in(2);
                    both!(self, oracle, other, create_sync(&sync, include_existing));
                    self.syncs.insert((account, sync.id), sync);
                }
            }
            16 => self.edit(oracle, other).await,
            17 => {
                if let Some(sync) = self.some_sync() {
                    let paused = self.random.once_in(3);
                    both!(self, oracle, other, set_paused(sync.account, sync.id, paused));
                }
            }
            18 => {
                if let (Some(sync), true) = (self.some_sync(), self.random.once_in(3)) {
                    both!(self, oracle, other, delete_sync(sync.account, sync.id));
                    self.syncs.remove(&(sync.account, sync.id));
                }
            }
            19 => {
                if let Some(sync) = self.some_sync() {
                    let scope = self.random.one_of(&[ResyncScope::All, ResyncScope::Unlinked, ResyncScope::Parked]);
                    let force = self.random.once_in(2);
                    both!(self, oracle, other, resync(sync.account, sync.id, scope, force));
                }
            }
            20 => {
                let people = self.random.once_in(2).then(|| self.people(4).into_iter().map(person_id).collect());
                let sync = self.some_sync().filter(|_| self.random.once_in(2)).map(|sync| sync.id);
                let (account, filter) = (self.account(), RetryFilter { sync, people, ..RetryFilter::default() });
                both!(self, oracle, other, retry(account, &filter, None));
            }
            21 => {
                for _ in 0..=self.random.below(4) {
                    let rows_max = 1 + self.random.below(4);
                    both!(self, oracle, other, work_sweep(rows_max));
                }
            }
            22 => {
                let rows_max = 1 + self.random.below(5);
                let day = Duration::from_secs(86_400);
                let retention = Retention { successes: day, failures: 3 * day };
                both!(self, oracle, other, prune_logs(&retention, rows_max));
                both!(self, oracle, other, purge_tombstones(rows_max));
                both!(self, oracle, other, fold_counters());
                if self.random.once_in(4) && F::ENDS_STALE_LEASES {
                    both!(self, oracle, other, end_stale_leases());
                }
            }
            _ => self.compare_everything(oracle, other).await,
        }
    }

    async fn settle<F: StoreFixture>(&mut self, oracle: &MemoryFixture, other: &F) {
        let mut batch = Vec::new();
        for leased in std::mem::take(&mut self.leased) {
            // Some are answered later, when others may have taken over.
            if self.random.once_in(4) {
                self.leased.push(leased);
                continue;
            }
            let id = &leased.link.id;
            let Some(sync) = self.syncs.get(&(id.account, id.sync)) else { continue };
            let reply = match self.random.below(12) {
                0 => Reply::Lost,
                1 => Reply::Refused,
                2 => Reply::Status(500),
                3 => Reply::Status(self.random.one_of(&[404, 422, 403, 301, 409, 410])),
                4 => Reply::RetryAfter(20),
                5 => Reply::Released,
                // Few ids, so that they meet.
                6 => Reply::Created(self.random.below(4).to_string()),
                7 => Reply::Found((0..self.random.below(3)).map(|id| id.to_string()).collect()),
                8 => Reply::Accepted,
                _ => crate::contract::accepted(&leased),
            };
            let sender = Sender { sync, policy: &self.policy, now: self.now, log: self.random.log() };
            batch.push(sender.settlement(&leased, &reply));
        }
        if self.random.once_in(3)
            && let Some(again) = self.settled.pop()
        {
            batch.push(again);
        }
        self.settled.extend(batch.iter().take(1).cloned());
        both!(self, oracle, other, settle(batch.clone()));
    }

    fn new_sync(&self, account: AccountId) -> SyncConfig {
        let mut sync = build::sync(account, self.random.sync(), self.now);
        sync.settings.limits.max_concurrency = 1 + self.random.below(6) as u16;
        if self.random.once_in(5) {
            sync.settings.limits.requests_per_second = Some(self.random.one_of(&[0.05, 1.0, 40.0]));
        }
        if self.random.once_in(3) {
            sync.settings.lookup = Some(build::lookup());
        }
        if self.random.once_in(4) {
            sync.settings.delete = None;
        }
        if self.random.once_in(4) {
            sync.settings.unique_id = Some(UniqueIdSource::Template("our-{{ person.id }}".to_owned()));
        }
        sync.settings.create.as_mut().expect("there is a create rule").on_uncertain =
            self.random.one_of(&[OnUncertain::Resend, OnUncertain::Park]);
        sync.settings.update.as_mut().expect("there is an update rule").on_missing =
            self.random.one_of(&[OnMissing::Recreate, OnMissing::Park]);
        sync
    }

    async fn edit<F: StoreFixture>(&mut self, oracle: &MemoryFixture, other: &F) {
        let Some(sync) = self.some_sync() else { return };
        let mut settings = sync.settings.clone();
        settings.limits.max_concurrency = 1 + self.random.below(6) as u16;
        if self.random.once_in(3) {
            settings.unique_id = Some(UniqueIdSource::Path(self.random.one_of(&["$.id", "$.nope"]).to_owned()));
        }
        let sweeps = self.random.one_of(&[vec![], vec![SweepKind::Edit], vec![SweepKind::Edit, SweepKind::Forget]]);
        // Sometimes another administrator was faster.
        let expected = sync.revision - i32::from(self.random.once_in(5));
        let name = "edited".to_owned();
        let set = both!(self, oracle, other, update_sync(sync.account, sync.id, expected, &name, &settings, &sweeps));
        if let SetResult::Set(after) = set {
            self.syncs.insert((after.account, after.id), after);
        }
    }

    /// Reads everything through the ports, with filters and pages drawn anew.
    async fn compare_everything<F: StoreFixture>(&self, oracle: &MemoryFixture, other: &F) {
        let first = 1 + self.random.below(20);
        for account in self.accounts.clone() {
            let filter = PeopleFilter {
                search: self
                    .random
                    .once_in(2)
                    .then(|| self.random.one_of(&["f", "F1 l", "É", "d'@", "l0", "g%"]).to_owned()),
                include_deleted: self.random.once_in(2),
            };
            both!(self, oracle, other, people(account, &filter, PageRequest::first(first)));
            both!(self, oracle, other, people_count(account));
            let everybody: Vec<_> = PEOPLE.into_iter().map(person_id).collect();
            let who = person_id(self.random.one_of(&PEOPLE));
            both!(self, oracle, other, person_changes(account, &who, PageRequest::first(first)));
            both!(self, oracle, other, syncs(account, PageRequest::first(first)));
            let filter = LogFilter::default();
            both!(self, oracle, other, logs(account, &filter, PageRequest::first(500)));
            let filter = CounterFilter { sync: None, operation: None, since: Timestamp::MIN, until: Timestamp::MAX };
            both!(self, oracle, other, counters(account, &filter));
            both!(self, oracle, other, keys(account));
            self.compare_unordered(oracle.store(), other.store(), account, &everybody).await;
        }
        for sync in self.syncs.values().cloned() {
            let (account, id) = (sync.account, sync.id);
            both!(self, oracle, other, links(account, id, &LinkFilter::default(), PageRequest::first(100)));
            let filter = LinkFilter {
                owed: self.random.once_in(2).then(|| self.random.once_in(2)),
                parked: self.random.once_in(4).then(|| self.random.once_in(2)),
                search: self.random.once_in(4).then(|| "f".to_owned()),
                ..LinkFilter::default()
            };
            both!(self, oracle, other, links(account, id, &filter, PageRequest::first(2)));
            for scope in [ResyncScope::All, ResyncScope::Unlinked, ResyncScope::Parked] {
                both!(self, oracle, other, resync_count(account, id, scope));
            }
        }
        let (mut expected, mut held) =
            (oracle.store().totals().await.expect("totals"), other.store().totals().await.expect("totals"));
        // It may be an estimate.
        (expected.log_entries, held.log_entries) = (0, 0);
        self.same("totals", &expected, &held);
        both!(self, oracle, other, backlog());
    }

    /// What comes in any order.
    async fn compare_unordered(
        &self,
        oracle: &impl Store,
        other: &impl Store,
        account: AccountId,
        people: &[sync_core::id::PersonId],
    ) {
        let mut read = Vec::new();
        let syncs: Vec<SyncId> = self.syncs.keys().map(|(_, id)| *id).collect();
        for store in [oracle as &dyn Store, other as &dyn Store] {
            let mut everybody = store.people_by_ids(account, people).await.expect("people by ids");
            everybody.sort_by(|a, b| a.id.cmp(&b.id));
            let mut links = store.links_of_people(account, people).await.expect("links of people");
            links.sort_by(|a, b| a.id.cmp(&b.id));
            let mut configs = store.syncs_by_ids(account, &syncs).await.expect("syncs by ids");
            configs.sort_by_key(|sync| sync.id);
            let mut runtimes = store.runtimes(account, &syncs).await.expect("runtimes");
            runtimes.sort_by_key(|(id, _)| *id);
            let mut next = store.next_requests(account, &syncs).await.expect("next requests");
            next.sort_by_key(|(id, _)| *id);
            read.push((everybody, links, configs, runtimes, next));
        }
        self.same("what comes in any order", &read[0], &read[1]);
    }
}

/// The first lines that differ, with what stands around them.
fn difference(expected: &str, answered: &str) -> String {
    let (expected, answered): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), answered.lines().collect());
    let at = expected.iter().zip(&answered).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str]| lines[at.saturating_sub(25).min(lines.len())..(at + 6).min(lines.len())].join("\n");
    format!("expected:\n{}\nanswered:\n{}", around(&expected), around(&answered))
}
