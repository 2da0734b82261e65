//! A store whose calls tests watch, hold, and let fail or panic.

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sync_core::alert::{AlertSettings, AlertStatus, ClaimedAlert, Verdict};
use sync_core::chosen::{MadeKey, MadeSync};
use sync_core::claim::{ClaimRequest, Claimed, RecordRequest, Recorded, ids_of};
use sync_core::governor::{Granted, Wish};
use sync_core::id::{AccountId, KeyId, LeaseToken, LinkId, LogId, PersonId, SyncId};
use sync_core::key::{Account, ApiKey};
use sync_core::link::Link;
use sync_core::log::{LogEntry, LogFilter};
use sync_core::page::{Page, PageRequest, SyncPlace};
use sync_core::person::{Person, PersonChange, Version};
use sync_core::plan::next::NextRequests;
use sync_core::ports::{
    AlertStore, Backlog, CounterFilter, DirectoryStore, KeyStore, LinkFilter, LogStore, MaintenanceStore, PeopleFilter,
    PoolStatus, ProvenanceStore, Reseal, RestoreBegun, ResyncScope, Retention, Retried, RetryFilter, SessionStore,
    SetResult, Signal, Store, StoreError, StoreResult, StoreTotals, SweepKind, SyncRuntime, WorkStore,
};
use sync_core::provenance::{Cluster, Noted};
use sync_core::session::{NewSession, Session};
use sync_core::stats::CounterRow;
use sync_core::sync::{Settings, SyncConfig};
use sync_core::time::Timestamp;
use sync_core::transition::{SettleResult, Settlement};
use tokio::sync::{Semaphore, broadcast, watch};
use uuid::Uuid;

/// What happens to a call instead of what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// [`StoreError::Unavailable`].
    Unavailable,
    /// [`StoreError::Lost`].
    Lost,
    /// [`StoreError::Internal`].
    Internal,
    /// [`StoreError::Held`].
    Held,
    /// It panics, with the method's name.
    Panic,
}

/// Stands among the methods for the signals.
const SIGNALS: &str = "signals";

/// A store that does as another one does, unless it is told otherwise. Methods go by their names.
pub struct StagedStore {
    inner: Arc<dyn Store>,
    stage: Arc<Mutex<Stage>>,
    /// Changes with every call.
    begun: watch::Sender<()>,
    signals: broadcast::Sender<Option<Signal>>,
}

#[derive(Default)]
struct Stage {
    calls: Vec<&'static str>,
    counts: HashMap<&'static str, usize>,
    /// What is wrong with a method, and for how many calls yet; `None`: for all.
    troubles: HashMap<&'static str, (Trouble, Option<usize>)>,
    held: HashMap<&'static str, Arc<Semaphore>>,
    held_account: Option<(AccountId, Arc<Semaphore>)>,
    /// Whom the store cannot record, and how.
    unrecordable: Option<(PersonId, Trouble)>,
}

/// Calls of one method wait behind it, until it is dropped.
#[must_use = "calls go through once this is dropped"]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// Lets so many calls through.
    pub fn let_through(&self, calls: usize) {
        self.0.add_permits(calls);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl StagedStore {
    /// Before another store.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, stage: Arc::default(), begun: watch::channel(()).0, signals: broadcast::channel(64).0 }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.stage)
    }

    /// Lets the next `calls` of a method go wrong (`None`: all).
    pub fn trouble(&self, method: &'static str, trouble: Trouble, calls: Option<usize>) {
        self.stage().troubles.insert(method, (trouble, calls));
    }

    /// Lets each `record_changes` go wrong that touches this person.
    pub fn unrecordable(&self, person: PersonId, trouble: Trouble) {
        self.stage().unrecordable = Some((person, trouble));
    }

    /// Lets calls of a method wait from now on.
    pub fn hold(&self, method: &'static str) -> Gate {
        let gate = Arc::new(Semaphore::new(0));
        self.stage().held.insert(method, gate.clone());
        Gate(gate)
    }

    /// Lets changes of one account wait from now on, as where a row of it is locked.
    pub fn hold_account(&self, account: AccountId) -> Gate {
        let gate = Arc::new(Semaphore::new(0));
        self.stage().held_account = Some((account, gate.clone()));
        Gate(gate)
    }

    /// Lets signals wait from now on, as where they come from another machine.
    pub fn hold_signals(&self) -> Gate {
        self.hold(SIGNALS)
    }

    /// How often a method was called.
    pub fn calls(&self, method: &'static str) -> usize {
        self.stage().counts.get(method).copied().unwrap_or(0)
    }

    /// Waits until a method was called so often in all; the call itself may go on yet.
    pub async fn called(&self, method: &'static str, times: usize) {
        let mut begun = self.begun.subscribe();
        while self.calls(method) < times {
            begun.changed().await.expect("its sender is this store");
        }
    }

    /// The calls of directory, log, keys and sessions since the last time, sorted. (What an engine's loops ask for by themselves
    /// is of the other ports.)
    pub fn take_calls(&self) -> Vec<&'static str> {
        let mut calls = std::mem::take(&mut self.stage().calls);
        calls.sort_unstable();
        calls
    }

    /// Says that something happened, beside what really does.
    pub fn signal(&self, signal: Signal) {
        let _nobody_listens = self.signals.send(Some(signal));
    }

    /// Ends the signals of all who listen.
    pub fn end_signals(&self) {
        let _nobody_listens = self.signals.send(None);
    }

    /// A call begins: it is noted, waits where it is held, and goes wrong where it is to.
    async fn begin(&self, method: &'static str) -> StoreResult<()> {
        let held = {
            let mut stage = self.stage();
            *stage.counts.entry(method).or_default() += 1;
            stage.held.get(method).cloned()
        };
        self.begun.send_replace(());
        if let Some(held) = held {
            pass(&held).await;
        }
        let trouble = {
            let mut stage = self.stage();
            stage.troubles.get_mut(method).and_then(|(trouble, calls)| match calls {
                Some(0) => None,
                Some(left) => {
                    *left -= 1;
                    Some(*trouble)
                }
                None => Some(*trouble),
            })
        };
        trouble.map_or(Ok(()), |trouble| goes_wrong(method, trouble))
    }
}

fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until a gate lets one through.
async fn pass(gate: &Semaphore) {
    // Closed: nothing is held any more.
    if let Ok(permit) = gate.acquire().await {
        permit.forget();
    }
}

fn goes_wrong(operation: &'static str, trouble: Trouble) -> StoreResult<()> {
    let source = "password authentication failed for user \"crm\"".into();
    match trouble {
        Trouble::Unavailable => Err(StoreError::Unavailable { operation, source }),
        Trouble::Lost => Err(StoreError::Lost { operation, source }),
        Trouble::Internal => Err(StoreError::Internal { operation, source }),
        Trouble::Held => Err(StoreError::Held("x.db: `another`, process 7".to_owned())),
        Trouble::Panic => panic!("{operation} panics on purpose"),
    }
}

/// The ports whose calls are listed one by one.
const IS_READ: [&str; 4] = ["DirectoryStore", "LogStore", "KeyStore", "SessionStore"];

macro_rules! staged {
    ($port:ident { $(fn $name:ident($($argument:ident: $ty:ty),* $(,)?) -> $gives:ty;)* }) => {
        #[async_trait]
        impl $port for StagedStore {
            $(async fn $name(&self $(, $argument: $ty)*) -> StoreResult<$gives> {
                if IS_READ.contains(&stringify!($port)) {
                    self.stage().calls.push(stringify!($name));
                }
                self.begin(stringify!($name)).await?;
                self.inner.$name($($argument),*).await
            })*
        }
    };
}

#[async_trait]
impl WorkStore for StagedStore {
    async fn record_changes(&self, request: RecordRequest) -> StoreResult<Recorded> {
        self.begin("record_changes").await?;
        let held = self.stage().held_account.clone();
        if let Some((_, gate)) = held.filter(|(account, _)| *account == request.account) {
            pass(&gate).await;
        }
        let unrecordable = self.stage().unrecordable.clone();
        if let Some((person, trouble)) = unrecordable
            && ids_of(&request.calls).contains(&person)
        {
            goes_wrong("record_changes", trouble)?;
        }
        self.inner.record_changes(request).await
    }

    async fn claim(&self, request: ClaimRequest) -> StoreResult<Claimed> {
        self.begin("claim").await?;
        self.inner.claim(request).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> StoreResult<Vec<SettleResult>> {
        self.begin("settle").await?;
        self.inner.settle(settlements).await
    }

    async fn retry(&self, account: AccountId, filter: &RetryFilter, after: Option<&LinkId>) -> StoreResult<Retried> {
        self.begin("retry").await?;
        self.inner.retry(account, filter, after).await
    }

    async fn work_sweep(&self, rows_max: usize) -> StoreResult<bool> {
        self.begin("work_sweep").await?;
        self.inner.work_sweep(rows_max).await
    }

    fn signals(&self) -> BoxStream<'static, Signal> {
        let said = stream::unfold(self.signals.subscribe(), |mut said| async move {
            said.recv().await.ok().map(|signal| (signal, said))
        });
        let both = stream::select(self.inner.signals().map(Some), said);
        let stage = self.stage.clone();
        let both = both.then(move |signal| {
            let held = lock(&stage).held.get(SIGNALS).cloned();
            async move {
                if let Some(held) = held {
                    pass(&held).await;
                }
                signal
            }
        });
        both.take_while(|signal| std::future::ready(signal.is_some())).filter_map(std::future::ready).boxed()
    }
}

staged! { DirectoryStore {
    fn people(account: AccountId, filter: &PeopleFilter, page: PageRequest<PersonId>) -> Page<Person>;
    fn people_by_ids(account: AccountId, ids: &[PersonId]) -> Vec<Person>;
    fn people_count(account: AccountId) -> i64;
    fn person_changes(account: AccountId, person: &PersonId, page: PageRequest<Version>) -> Page<PersonChange>;
    fn create_sync(sync: &SyncConfig, include_existing: bool) -> ();
    fn create_sync_once(sync: &SyncConfig, include_existing: bool, input: &str) -> MadeSync;
    fn forget_ids(rows_max: usize) -> usize;
    fn update_sync(
        account: AccountId,
        id: SyncId,
        expected: i32,
        friendly_name: &str,
        settings: &Settings,
        sweeps: &[SweepKind],
    ) -> SetResult<SyncConfig>;
    fn set_paused(account: AccountId, id: SyncId, paused: bool) -> SetResult<SyncConfig>;
    fn sweep(account: AccountId, id: SyncId, kind: SweepKind) -> bool;
    fn govern(account: AccountId, id: SyncId, wish: &Wish) -> Option<Granted>;
    fn delete_sync(account: AccountId, id: SyncId) -> bool;
    fn resync(account: AccountId, id: SyncId, scope: ResyncScope, force: bool) -> Option<i64>;
    fn resync_count(account: AccountId, id: SyncId, scope: ResyncScope) -> i64;
    fn syncs(account: AccountId, page: PageRequest<SyncPlace>) -> Page<SyncConfig>;
    fn syncs_by_ids(account: AccountId, ids: &[SyncId]) -> Vec<SyncConfig>;
    fn runtimes(account: AccountId, ids: &[SyncId]) -> Vec<(SyncId, SyncRuntime)>;
    fn next_requests(account: AccountId, ids: &[SyncId]) -> Vec<(SyncId, NextRequests)>;
    fn links(account: AccountId, sync: SyncId, filter: &LinkFilter, page: PageRequest<PersonId>) -> Page<Link>;
    fn links_of_people(account: AccountId, people: &[PersonId]) -> Vec<Link>;
    fn links_by_ids(ids: &[LinkId]) -> Vec<Link>;
    fn reseal(reseal: Arc<dyn Reseal>) -> usize;
} }

crate::plain_ports!(staged);

#[async_trait]
impl MaintenanceStore for StagedStore {
    async fn migrate(&self) -> StoreResult<()> {
        self.begin("migrate").await?;
        self.inner.migrate().await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.begin("ready").await?;
        self.inner.ready().await
    }

    async fn hold(&self, purpose: &str) -> StoreResult<()> {
        self.begin("hold").await?;
        self.inner.hold(purpose).await
    }

    async fn hold_alone(&self, purpose: &str) -> StoreResult<()> {
        self.begin("hold_alone").await?;
        self.inner.hold_alone(purpose).await
    }

    async fn holder(&self) -> StoreResult<Option<String>> {
        self.begin("holder").await?;
        self.inner.holder().await
    }

    async fn checkpoint(&self) -> StoreResult<()> {
        self.begin("checkpoint").await?;
        self.inner.checkpoint().await
    }

    async fn end_stale_leases(&self) -> StoreResult<usize> {
        self.begin("end_stale_leases").await?;
        self.inner.end_stale_leases().await
    }

    async fn prune_logs(&self, retention: &Retention, rows_max: usize) -> StoreResult<usize> {
        self.begin("prune_logs").await?;
        self.inner.prune_logs(retention, rows_max).await
    }

    async fn fold_counters(&self) -> StoreResult<()> {
        self.begin("fold_counters").await?;
        self.inner.fold_counters().await
    }

    async fn purge_tombstones(&self, rows_max: usize) -> StoreResult<usize> {
        self.begin("purge_tombstones").await?;
        self.inner.purge_tombstones(rows_max).await
    }

    async fn totals(&self) -> StoreResult<StoreTotals> {
        self.begin("totals").await?;
        self.inner.totals().await
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        self.begin("backlog").await?;
        self.inner.backlog().await
    }

    fn pool(&self) -> Option<PoolStatus> {
        self.inner.pool()
    }

    async fn now(&self) -> StoreResult<Timestamp> {
        self.begin("now").await?;
        self.inner.now().await
    }

    fn statements(&self) -> Option<u64> {
        self.inner.statements()
    }
}

#[async_trait]
impl ProvenanceStore for StagedStore {
    async fn provenance(&self) -> StoreResult<(Noted, Option<Cluster>)> {
        self.begin("provenance").await?;
        self.inner.provenance().await
    }

    async fn note_provenance(&self, noted: &Noted) -> StoreResult<()> {
        self.begin("note_provenance").await?;
        self.inner.note_provenance(noted).await
    }

    async fn begin_restore(&self) -> StoreResult<RestoreBegun> {
        self.begin("begin_restore").await?;
        self.inner.begin_restore().await
    }
}
