//! A store that notes which of its methods are called.

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store_memory::MemoryStore;
use sync_core::alert::{AlertSettings, AlertStatus, ClaimedAlert, Verdict};
use sync_core::claim::{ClaimRequest, Claimed, RecordRequest, Recorded};
use sync_core::governor::{Granted, Wish};
use sync_core::id::{AccountId, KeyId, LeaseToken, LinkId, LogId, PersonId, SyncId};
use sync_core::key::{Account, ApiKey};
use sync_core::link::Link;
use sync_core::log::{LogEntry, LogFilter};
use sync_core::page::{Page, PageRequest};
use sync_core::person::{Person, PersonChange, Version};
use sync_core::ports::{
    AlertStore, Backlog, CounterFilter, DirectoryStore, KeyStore, LinkFilter, LogStore, MaintenanceStore, PeopleFilter,
    PoolStatus, Reseal, ResyncScope, Retention, Retried, RetryFilter, SessionStore, SetResult, Signal, StoreError,
    StoreResult, StoreTotals, SweepKind, SyncRuntime, WorkStore,
};
use sync_core::session::{NewSession, Session};
use sync_core::stats::CounterRow;
use sync_core::sync::{Settings, SyncConfig};
use sync_core::time::Timestamp;
use sync_core::transition::{SettleResult, Settlement};
use tokio::sync::broadcast;
use uuid::Uuid;

/// A store in memory that notes calls.
pub(crate) struct Counting {
    inner: MemoryStore,
    calls: Mutex<Vec<&'static str>>,
    signals: broadcast::Sender<Signal>,
    failing: Mutex<Option<(&'static str, Failure)>>,
}

/// How a method fails.
#[derive(Clone, Copy)]
pub(crate) enum Failure {
    Unavailable,
    Internal,
}

impl Counting {
    pub(crate) fn new(inner: MemoryStore) -> Self {
        Self { inner, calls: Mutex::default(), signals: broadcast::channel(64).0, failing: Mutex::default() }
    }

    /// Lets a method fail from now on.
    pub(crate) fn fail(&self, operation: &'static str, failure: Failure) {
        *self.failing.lock().unwrap() = Some((operation, failure));
    }

    fn failure(&self, operation: &'static str) -> Option<StoreError> {
        let (_, failure) = self.failing.lock().unwrap().filter(|(failing, _)| *failing == operation)?;
        let source = "password authentication failed for user \"crm\"".into();
        Some(match failure {
            Failure::Unavailable => StoreError::Unavailable { operation, source },
            Failure::Internal => StoreError::Internal { operation, source },
        })
    }

    /// Says that something happened, beside what really does.
    pub(crate) fn signal(&self, signal: Signal) {
        self.signals.send(signal).expect("the engine runs");
    }

    /// The calls since the last time, sorted.
    pub(crate) fn take_calls(&self) -> Vec<&'static str> {
        let mut calls = std::mem::take(&mut *self.calls.lock().unwrap());
        calls.sort_unstable();
        calls
    }
}

macro_rules! noted {
    ($store:ident { $(fn $name:ident($($argument:ident: $ty:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $store for Counting {
            $(async fn $name(&self, $($argument: $ty),*) -> $answer {
                self.calls.lock().unwrap().push(stringify!($name));
                if let Some(failure) = self.failure(stringify!($name)) {
                    return Err(failure);
                }
                self.inner.$name($($argument),*).await
            })*
        }
    };
}

#[async_trait]
impl WorkStore for Counting {
    async fn record_changes(&self, request: RecordRequest) -> StoreResult<Recorded> {
        self.inner.record_changes(request).await
    }
    async fn claim(&self, request: ClaimRequest) -> StoreResult<Claimed> {
        self.inner.claim(request).await
    }
    async fn settle(&self, settlements: Vec<Settlement>) -> StoreResult<Vec<SettleResult>> {
        self.inner.settle(settlements).await
    }
    async fn retry(&self, account: AccountId, filter: &RetryFilter, after: Option<&LinkId>) -> StoreResult<Retried> {
        self.inner.retry(account, filter, after).await
    }
    async fn work_sweep(&self, rows_max: usize) -> StoreResult<bool> {
        self.inner.work_sweep(rows_max).await
    }
    fn signals(&self) -> BoxStream<'static, Signal> {
        let said = stream::unfold(self.signals.subscribe(), |mut said| async move {
            said.recv().await.ok().map(|signal| (signal, said))
        });
        stream::select(self.inner.signals(), said).boxed()
    }
}

noted!(DirectoryStore {
    fn people(account: AccountId, filter: &PeopleFilter, page: PageRequest<PersonId>) -> StoreResult<Page<Person>>;
    fn people_by_ids(account: AccountId, ids: &[PersonId]) -> StoreResult<Vec<Person>>;
    fn people_count(account: AccountId) -> StoreResult<i64>;
    fn person_changes(account: AccountId, person: &PersonId, page: PageRequest<Version>) -> StoreResult<Page<PersonChange>>;
    fn create_sync(sync: &SyncConfig, include_existing: bool) -> StoreResult<()>;
    fn update_sync(
        account: AccountId,
        id: SyncId,
        expected: i32,
        friendly_name: &str,
        settings: &Settings,
        sweeps: &[SweepKind]
    ) -> StoreResult<SetResult<SyncConfig>>;
    fn set_paused(account: AccountId, id: SyncId, paused: bool) -> StoreResult<SetResult<SyncConfig>>;
    fn sweep(account: AccountId, id: SyncId, kind: SweepKind) -> StoreResult<bool>;
    fn govern(account: AccountId, id: SyncId, wish: &Wish) -> StoreResult<Option<Granted>>;
    fn delete_sync(account: AccountId, id: SyncId) -> StoreResult<bool>;
    fn resync(account: AccountId, id: SyncId, scope: ResyncScope, force: bool) -> StoreResult<Option<i64>>;
    fn resync_count(account: AccountId, id: SyncId, scope: ResyncScope) -> StoreResult<i64>;
    fn syncs(account: AccountId, page: PageRequest<SyncId>) -> StoreResult<Page<SyncConfig>>;
    fn syncs_by_ids(account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<SyncConfig>>;
    fn runtimes(account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, SyncRuntime)>>;
    fn links(account: AccountId, sync: SyncId, filter: &LinkFilter, page: PageRequest<PersonId>) -> StoreResult<Page<Link>>;
    fn links_of_people(account: AccountId, people: &[PersonId]) -> StoreResult<Vec<Link>>;
    fn links_by_ids(ids: &[LinkId]) -> StoreResult<Vec<Link>>;
    fn reseal(reseal: Arc<dyn Reseal>) -> StoreResult<usize>;
});

noted!(LogStore {
    fn logs(account: AccountId, filter: &LogFilter, page: PageRequest<LogId>) -> StoreResult<Page<LogEntry>>;
    fn logs_by_ids(account: AccountId, ids: &[LogId]) -> StoreResult<Vec<LogEntry>>;
    fn counters(account: AccountId, filter: &CounterFilter) -> StoreResult<Vec<CounterRow>>;
});

noted!(KeyStore {
    fn create_first_account(account: &Account, key: &ApiKey) -> StoreResult<bool>;
    fn create_key(key: &ApiKey) -> StoreResult<()>;
    fn key_by_hash(hash: &[u8; 32]) -> StoreResult<Option<ApiKey>>;
    fn keys(account: AccountId) -> StoreResult<Vec<ApiKey>>;
    fn revoke_key(account: AccountId, id: KeyId) -> StoreResult<SetResult<ApiKey>>;
    fn touch_key(account: AccountId, id: KeyId, at: Timestamp) -> StoreResult<()>;
    fn accounts() -> StoreResult<Vec<Account>>;
});

noted!(SessionStore {
    fn open_session(session: &NewSession) -> StoreResult<Option<Session>>;
    fn session(hash: &[u8; 32]) -> StoreResult<Option<Session>>;
    fn close_session(hash: &[u8; 32]) -> StoreResult<bool>;
    fn prune_sessions(rows_max: usize) -> StoreResult<usize>;
});

#[async_trait]
impl AlertStore for Counting {
    async fn alerts(&self, account: AccountId) -> StoreResult<Option<(AlertSettings, AlertStatus)>> {
        self.inner.alerts(account).await
    }
    async fn alert_accounts(&self) -> StoreResult<Vec<AccountId>> {
        self.inner.alert_accounts().await
    }
    async fn set_alerts(&self, account: AccountId, settings: &AlertSettings) -> StoreResult<()> {
        self.inner.set_alerts(account, settings).await
    }
    async fn remove_alerts(&self, account: AccountId) -> StoreResult<bool> {
        self.inner.remove_alerts(account).await
    }
    async fn note_alerts(&self, account: AccountId, seed: Uuid) -> StoreResult<usize> {
        self.inner.note_alerts(account, seed).await
    }
    async fn claim_alert(&self, token: LeaseToken, lease: Duration) -> StoreResult<Option<ClaimedAlert>> {
        self.inner.claim_alert(token, lease).await
    }
    async fn settle_alert(
        &self,
        token: LeaseToken,
        claimed: &ClaimedAlert,
        verdict: &Verdict,
        gap: Duration,
    ) -> StoreResult<()> {
        self.inner.settle_alert(token, claimed, verdict, gap).await
    }
}

#[async_trait]
impl MaintenanceStore for Counting {
    async fn migrate(&self) -> StoreResult<()> {
        self.inner.migrate().await
    }
    async fn ready(&self) -> StoreResult<()> {
        self.inner.ready().await
    }
    async fn end_stale_leases(&self) -> StoreResult<usize> {
        self.inner.end_stale_leases().await
    }
    async fn prune_logs(&self, retention: &Retention, rows_max: usize) -> StoreResult<usize> {
        self.inner.prune_logs(retention, rows_max).await
    }
    async fn fold_counters(&self) -> StoreResult<()> {
        self.inner.fold_counters().await
    }
    async fn purge_tombstones(&self, rows_max: usize) -> StoreResult<usize> {
        self.inner.purge_tombstones(rows_max).await
    }
    async fn totals(&self) -> StoreResult<StoreTotals> {
        self.inner.totals().await
    }
    async fn backlog(&self) -> StoreResult<Backlog> {
        self.inner.backlog().await
    }
    fn pool(&self) -> Option<PoolStatus> {
        self.inner.pool()
    }
    async fn now(&self) -> StoreResult<Timestamp> {
        self.inner.now().await
    }
    fn statements(&self) -> Option<u64> {
        self.inner.statements()
    }
}
