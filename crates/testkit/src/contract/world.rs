use super::StoreFixture;
use crate::build;
use crate::random::SeededRandom;
use crate::reply::{Reply, Sender};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::{Call, ClaimRequest, Claimed, HandOff, Leased, RecordRequest, Recorded};
use sync_core::governor::Governor;
use sync_core::id::{AccountId, LinkId, SyncId};
use sync_core::key::{Account, Role};
use sync_core::link::Link;
use sync_core::log::{LogEntry, LogFilter};
use sync_core::page::PageRequest;
use sync_core::person::Person;
use sync_core::plan::later::MARKS_MAX;
use sync_core::ports::{
    DirectoryStore, KeyStore, LinkFilter, LogStore, MaintenanceStore, PeopleFilter, SetResult, SweepKind, WorkStore,
};
use sync_core::sync::{Settings, SyncConfig};
use sync_core::time::Timestamp;
use sync_core::transition::{SettleResult, Settlement};

/// A store with one account, and short ways to do what tests do.
pub struct World<F> {
    /// The store's fixture.
    pub fixture: F,
    /// The first account.
    pub account: AccountId,
    /// Ids and tokens.
    pub random: SeededRandom,
    /// The delays.
    pub policy: Arc<Policy>,
    configs: Mutex<HashMap<SyncId, SyncConfig>>,
}

impl<F: StoreFixture> World<F> {
    /// A fresh store with one account.
    pub async fn new() -> Self {
        let random = SeededRandom::new(7);
        let world = Self {
            fixture: F::fresh().await,
            account: random.account(),
            random,
            policy: Arc::default(),
            configs: Mutex::default(),
        };
        let account = Account { id: world.account, name: "first".to_owned() };
        let key = build::key(world.account, world.random.key(), Role::Admin, world.now().await);
        assert!(world.store().create_first_account(&account, &key).await.unwrap());
        world
    }

    /// The store.
    pub fn store(&self) -> &F::Store {
        self.fixture.store()
    }

    /// The store's time.
    pub async fn now(&self) -> Timestamp {
        self.store().now().await.unwrap()
    }

    /// Moves the store's clock by seconds.
    pub async fn pass(&self, seconds: u64) {
        self.fixture.advance(Duration::from_secs(seconds)).await;
    }

    /// Makes a plain sync.
    pub async fn sync(&self) -> SyncConfig {
        self.sync_with(|_| {}).await
    }

    /// Makes a sync that differs from the plain one.
    pub async fn sync_with(&self, edit: impl FnOnce(&mut SyncConfig)) -> SyncConfig {
        let mut sync = build::sync(self.account, self.random.sync(), self.now().await);
        edit(&mut sync);
        self.store().create_sync(&sync, false).await.unwrap();
        self.remember(&sync);
        sync
    }

    /// Lets settlements of the sync be made by this configuration.
    pub fn remember(&self, sync: &SyncConfig) {
        self.configs.lock().unwrap().insert(sync.id, sync.clone());
    }

    /// Edits a sync, with sweeps.
    pub async fn edit(&self, sync: &SyncConfig, sweeps: &[SweepKind], edit: impl FnOnce(&mut Settings)) -> SyncConfig {
        let mut settings = sync.settings.clone();
        edit(&mut settings);
        let update = self.store().update_sync(self.account, sync.id, sync.revision, "edited", &settings, sweeps);
        let SetResult::Set(after) = update.await.unwrap() else { panic!("the sync was changed by somebody else") };
        self.remember(&after);
        after
    }

    /// Pauses or resumes.
    pub async fn pause(&self, sync: &SyncConfig, paused: bool) {
        let set = self.store().set_paused(self.account, sync.id, paused).await.unwrap();
        assert!(matches!(set, SetResult::Set(_)));
    }

    /// Records calls.
    pub async fn record(&self, calls: Vec<Call>, hand_off: Option<usize>) -> Recorded {
        self.store().record_changes(self.record_request(calls, hand_off)).await.unwrap()
    }

    /// A request to record calls.
    pub fn record_request(&self, calls: Vec<Call>, hand_off: Option<usize>) -> RecordRequest {
        let hand_off = hand_off.map(|links_max| HandOff { token: self.random.token(), links_max });
        RecordRequest { account: self.account, calls, hand_off, marks_max: MARKS_MAX, policy: self.policy.clone() }
    }

    /// Records calls in a transaction that marks no more links than these. No hand-off.
    pub async fn record_marking(&self, calls: Vec<Call>, marks_max: usize) -> Recorded {
        let request = RecordRequest { marks_max, ..self.record_request(calls, None) };
        self.store().record_changes(request).await.unwrap()
    }

    /// Upserts people, each with a first name never given before. No hand-off.
    pub async fn upsert(&self, ids: &[&str]) -> Recorded {
        self.record(vec![self.upsert_call(ids)], None).await
    }

    /// Upserts people with a hand-off of at most `links_max`.
    pub async fn upsert_handing_off(&self, ids: &[&str], links_max: usize) -> Recorded {
        self.record(vec![self.upsert_call(ids)], Some(links_max)).await
    }

    /// A call that gives people first names never given before.
    pub fn upsert_call(&self, ids: &[&str]) -> Call {
        Call::Upsert(ids.iter().map(|id| build::patch(id, &format!("Name {:x}", self.random.next()))).collect())
    }

    /// Deletes people. No hand-off.
    pub async fn delete(&self, ids: &[&str]) -> Recorded {
        self.record(vec![Call::Delete(ids.iter().map(|id| build::person_id(id)).collect())], None).await
    }

    /// Claims.
    pub async fn claim(&self, links_max: usize) -> Claimed {
        self.store().claim(self.claim_request(links_max)).await.unwrap()
    }

    /// A request to claim.
    pub fn claim_request(&self, links_max: usize) -> ClaimRequest {
        ClaimRequest { token: self.random.token(), links_max, policy: self.policy.clone() }
    }

    /// Claims exactly one link.
    pub async fn claim_one(&self) -> Leased {
        let mut claimed = self.claim(2).await;
        assert_eq!(claimed.leased.len(), 1, "one link was to be claimed");
        claimed.leased.remove(0)
    }

    /// The settlement of a leased link.
    pub async fn settlement(&self, leased: &Leased, reply: &Reply) -> Settlement {
        let now = self.now().await;
        let sync = self.configs.lock().unwrap()[&leased.link.id.sync].clone();
        Sender { sync: &sync, policy: &self.policy, now, log: self.random.log() }.settlement(leased, reply)
    }

    /// Settles.
    pub async fn settle(&self, settlements: Vec<Settlement>) -> Vec<SettleResult> {
        self.store().settle(settlements).await.unwrap()
    }

    /// Settles one leased link.
    pub async fn reply(&self, leased: &Leased, reply: Reply) -> SettleResult {
        let settlement = self.settlement(leased, &reply).await;
        self.settle(vec![settlement]).await.remove(0)
    }

    /// Claims what is due and answers everything, each create with the id `crm-` and the person's; until nothing is due.
    pub async fn drain(&self) {
        for _ in 0..1000 {
            let claimed = self.claim(100).await;
            if claimed.leased.is_empty() {
                return;
            }
            let mut settlements = Vec::new();
            for leased in &claimed.leased {
                settlements.push(self.settlement(leased, &accepted(leased)).await);
            }
            self.settle(settlements).await;
        }
        panic!("it does not come to an end");
    }

    /// As [`Self::drain`], where another account's sync owes too.
    pub async fn drain_all(&self, other: &SyncConfig) {
        self.remember(other);
        self.drain().await;
    }

    /// Upserts people and has them accepted everywhere.
    pub async fn link_people(&self, ids: &[&str]) {
        self.upsert(ids).await;
        self.drain().await;
    }

    /// Works sweeps until there is nothing to do. Returns the number of batches.
    pub async fn sweep(&self, rows_max: usize) -> usize {
        let mut batches = 0;
        while self.store().work_sweep(rows_max).await.unwrap() {
            batches += 1;
            assert!(batches < 1000, "it does not come to an end");
        }
        batches
    }

    /// A link, if there is a row.
    pub async fn find_link(&self, sync: &SyncConfig, person: &str) -> Option<Link> {
        let id = LinkId { account: self.account, sync: sync.id, person: build::person_id(person) };
        self.store().links_by_ids(&[id]).await.unwrap().pop()
    }

    /// A link.
    pub async fn link(&self, sync: &SyncConfig, person: &str) -> Link {
        self.find_link(sync, person).await.unwrap_or_else(|| panic!("{person} has no link"))
    }

    /// All links of a sync.
    pub async fn links(&self, sync: &SyncConfig) -> Vec<Link> {
        self.links_where(sync, LinkFilter::default()).await
    }

    /// The links of a sync that a filter finds.
    pub async fn links_where(&self, sync: &SyncConfig, filter: LinkFilter) -> Vec<Link> {
        self.store().links(self.account, sync.id, &filter, PageRequest::first(1000)).await.unwrap().items
    }

    /// A person, tombstones too.
    pub async fn find_person(&self, id: &str) -> Option<Person> {
        self.store().people_by_ids(self.account, &[build::person_id(id)]).await.unwrap().pop()
    }

    /// The ids of the people that a filter finds.
    pub async fn people_where(&self, filter: PeopleFilter) -> Vec<String> {
        let page = self.store().people(self.account, &filter, PageRequest::first(1000)).await.unwrap();
        page.items.into_iter().map(|person| person.id.to_string()).collect()
    }

    /// The whole log, newest first.
    pub async fn log(&self) -> Vec<LogEntry> {
        self.store().logs(self.account, &LogFilter::default(), PageRequest::first(1000)).await.unwrap().items
    }

    /// A sync as the store holds it.
    pub async fn store_sync(&self, sync: &SyncConfig) -> SyncConfig {
        self.store().syncs_by_ids(self.account, &[sync.id]).await.unwrap().remove(0)
    }

    /// A sync's governor.
    pub async fn governor(&self, sync: &SyncConfig) -> Governor {
        self.store().runtimes(self.account, &[sync.id]).await.unwrap().remove(0).1.governor
    }

    /// Suspends a sync: five of its people, who must be new, fail.
    pub async fn suspend(&self, sync: &SyncConfig, people: &[&str; 5]) {
        self.upsert(people).await;
        for leased in self.claim(100).await.leased {
            if leased.link.id.sync == sync.id {
                self.reply(&leased, Reply::Refused).await;
            } else {
                self.reply(&leased, accepted(&leased)).await;
            }
        }
        assert!(self.governor(sync).await.is_suspended());
    }
}

/// The reply that accepts a leased link's request.
pub fn accepted(leased: &Leased) -> Reply {
    use sync_core::decide::Decision;
    use sync_core::sync::Operation;
    match &leased.decision {
        Decision::Send(Operation::Create) | Decision::Repeat => {
            Reply::Created(format!("crm-{}", leased.link.id.person))
        }
        Decision::Send(Operation::Lookup) => Reply::Found(vec![]),
        _ => Reply::Accepted,
    }
}

/// The people of leased links, in order of id.
pub(super) fn people_of(leased: &[Leased]) -> Vec<String> {
    let mut people: Vec<String> = leased.iter().map(|leased| leased.link.id.person.to_string()).collect();
    people.sort();
    people
}
