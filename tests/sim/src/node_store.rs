//! The store as one node sees it: through the node's life, with what goes wrong on the way, and each commit told to the
//! oracle.

use crate::Sabotage;
use crate::oracle::Oracle;
use crate::scenario::{Millis, Trouble};
use crate::world::Life;
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use sync_core::alert::{AlertSettings, AlertStatus, ClaimedAlert, Verdict};
use sync_core::chosen::{MadeKey, MadeSync};
use sync_core::claim::{Call, CallResult, ClaimRequest, Claimed, RecordRequest, Recorded, UpsertOutcome, UpsertResult};
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
use uuid::Uuid;

/// The store of one life of a node.
pub(crate) struct NodeStore {
    life: Arc<Life>,
}

impl NodeStore {
    /// Through this life.
    pub(crate) fn of(life: Arc<Life>) -> Self {
        Self { life }
    }

    fn store(&self) -> &dyn Store {
        self.life.world.store.as_ref()
    }

    /// One call, with its latency and what goes wrong. `commit` tells the oracle of what was committed.
    async fn through<T>(
        &self,
        method: &'static str,
        call: impl Future<Output = StoreResult<T>> + Send,
        commit: impl FnOnce(&mut Oracle, Millis, &T) + Send,
    ) -> StoreResult<T> {
        let life = &self.life;
        const FAULT: &str = "a fault of the simulation";
        life.gate().await;
        life.may_crash(Life::before(method)).await;
        let latency = life.world.draw();
        if latency.is_multiple_of(4) {
            tokio::time::sleep(Duration::from_millis(1 + latency / 4 % 5)).await;
        }
        let trouble = life.trouble();
        if trouble.is_some() {
            life.world.oracle().all_doubtful();
        }
        match trouble {
            Some(Trouble::Unavailable) => {
                return Err(StoreError::Unavailable { operation: method, source: FAULT.into() });
            }
            Some(Trouble::Slow(lasts)) => tokio::time::sleep(Duration::from_millis(lasts)).await,
            Some(Trouble::Unheard) | None => {}
        }
        life.gate().await;
        let result = life.world.at_once(call);
        if let Ok(done) = &result {
            let now = life.world.now();
            commit(&mut life.world.oracle(), now, done);
        }
        life.may_crash(Life::after(method)).await;
        if latency.is_multiple_of(8) {
            tokio::time::sleep(Duration::from_millis(1 + latency / 8 % 5)).await;
        }
        life.gate().await;
        match trouble {
            Some(Trouble::Unheard) => Err(StoreError::Lost { operation: method, source: FAULT.into() }),
            _ => result,
        }
    }
}

/// What a store would say that did nothing at all.
fn done_in_words_only(calls: &[Call]) -> Recorded {
    let said = |call: &Call| match call {
        Call::Upsert(patches) => CallResult::Upserted(
            patches
                .iter()
                .map(|patch| UpsertResult { id: patch.id.clone(), outcome: UpsertOutcome::Updated, version: 1 })
                .collect(),
        ),
        Call::Delete(ids) => CallResult::Deleted { deleted: ids.clone(), unknown: Vec::new() },
    };
    Recorded { results: calls.iter().map(said).collect(), leased: Vec::new(), due: false, syncs: 0, later: false }
}

fn nothing_to_tell<T>(_: &mut Oracle, _: Millis, _: &T) {}

/// Calls that go through as they are.
macro_rules! pass {
    ($port:ident { $(fn $name:ident($($arg:ident: $of:ty),*) -> $gives:ty;)* }) => {
        #[async_trait]
        impl $port for NodeStore {
            $(async fn $name(&self $(, $arg: $of)*) -> StoreResult<$gives> {
                self.through(stringify!($name), self.store().$name($($arg),*), nothing_to_tell).await
            })*
        }
    };
}

#[async_trait]
impl WorkStore for NodeStore {
    async fn record_changes(&self, request: RecordRequest) -> StoreResult<Recorded> {
        let (calls, node, incarnation) = (request.calls.clone(), self.life.node, self.life.incarnation);
        if self.life.world.sabotage == Some(Sabotage::LoseChange) && self.life.world.draw().is_multiple_of(3) {
            self.life.world.oracle().recorded(self.life.world.now(), &calls);
            return Ok(done_in_words_only(&calls));
        }
        let commit = |oracle: &mut Oracle, at: Millis, recorded: &Recorded| {
            oracle.recorded(at, &calls);
            oracle.leased(at, node, incarnation, &recorded.leased);
        };
        self.through("record_changes", self.store().record_changes(request), commit).await
    }

    async fn claim(&self, request: ClaimRequest) -> StoreResult<Claimed> {
        let (node, incarnation) = (self.life.node, self.life.incarnation);
        let commit = |oracle: &mut Oracle, at: Millis, claimed: &Claimed| {
            oracle.leased(at, node, incarnation, &claimed.leased);
        };
        self.through("claim", self.store().claim(request), commit).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> StoreResult<Vec<SettleResult>> {
        let mut settlements = settlements;
        if self.life.world.sabotage == Some(Sabotage::IgnoreGeneration) {
            for settlement in &mut settlements {
                let ids = [settlement.link.clone()];
                let held = self.life.world.at_once(self.store().links_by_ids(&ids))?;
                settlement.generation = held.first().map_or(settlement.generation, |link| link.generation);
            }
        }
        let told = settlements.clone();
        let commit = |oracle: &mut Oracle, at: Millis, results: &Vec<SettleResult>| oracle.settled(at, &told, results);
        self.through("settle", self.store().settle(settlements), commit).await
    }

    async fn retry(&self, account: AccountId, filter: &RetryFilter, after: Option<&LinkId>) -> StoreResult<Retried> {
        self.through("retry", self.store().retry(account, filter, after), nothing_to_tell).await
    }

    async fn work_sweep(&self, rows_max: usize) -> StoreResult<bool> {
        self.through("work_sweep", self.store().work_sweep(rows_max), nothing_to_tell).await
    }

    fn signals(&self) -> BoxStream<'static, Signal> {
        let life = self.life.clone();
        let alive = self.store().signals().take_while(move |_| std::future::ready(!life.is_over()));
        alive.chain(stream::pending()).boxed()
    }
}

#[async_trait]
impl DirectoryStore for NodeStore {
    async fn people(
        &self,
        account: AccountId,
        filter: &PeopleFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Person>> {
        self.through("people", self.store().people(account, filter, page), nothing_to_tell).await
    }

    async fn people_by_ids(&self, account: AccountId, ids: &[PersonId]) -> StoreResult<Vec<Person>> {
        self.through("people_by_ids", self.store().people_by_ids(account, ids), nothing_to_tell).await
    }

    async fn people_count(&self, account: AccountId) -> StoreResult<i64> {
        self.through("people_count", self.store().people_count(account), nothing_to_tell).await
    }

    async fn person_changes(
        &self,
        account: AccountId,
        person: &PersonId,
        page: PageRequest<Version>,
    ) -> StoreResult<Page<PersonChange>> {
        self.through("person_changes", self.store().person_changes(account, person, page), nothing_to_tell).await
    }

    async fn create_sync(&self, sync: &SyncConfig, include_existing: bool) -> StoreResult<()> {
        let commit = |oracle: &mut Oracle, at: Millis, (): &()| oracle.made(at, sync);
        self.through("create_sync", self.store().create_sync(sync, include_existing), commit).await
    }

    async fn create_sync_once(&self, sync: &SyncConfig, include_existing: bool, input: &str) -> StoreResult<MadeSync> {
        let commit = |oracle: &mut Oracle, at: Millis, made: &MadeSync| {
            if *made == MadeSync::Made {
                oracle.made(at, sync);
            }
        };
        self.through("create_sync_once", self.store().create_sync_once(sync, include_existing, input), commit).await
    }

    async fn forget_ids(&self, rows_max: usize) -> StoreResult<usize> {
        // No scenario lasts 400 days. It draws nothing, so that each seed stays the run that it was.
        self.life.gate().await;
        self.life.world.at_once(self.store().forget_ids(rows_max))
    }

    async fn update_sync(
        &self,
        account: AccountId,
        id: SyncId,
        expected: i32,
        friendly_name: &str,
        settings: &Settings,
        sweeps: &[SweepKind],
    ) -> StoreResult<SetResult<SyncConfig>> {
        let commit = |oracle: &mut Oracle, at: Millis, set: &SetResult<SyncConfig>| {
            if let SetResult::Set(config) = set {
                oracle.changed(at, config);
            }
        };
        let call = self.store().update_sync(account, id, expected, friendly_name, settings, sweeps);
        self.through("update_sync", call, commit).await
    }

    async fn set_paused(&self, account: AccountId, id: SyncId, paused: bool) -> StoreResult<SetResult<SyncConfig>> {
        let commit = |oracle: &mut Oracle, at: Millis, set: &SetResult<SyncConfig>| {
            if let SetResult::Set(config) = set {
                oracle.changed(at, config);
                if !paused {
                    oracle.resumed(id);
                }
            }
        };
        self.through("set_paused", self.store().set_paused(account, id, paused), commit).await
    }

    async fn sweep(&self, account: AccountId, id: SyncId, kind: SweepKind) -> StoreResult<bool> {
        self.through("sweep", self.store().sweep(account, id, kind), nothing_to_tell).await
    }

    async fn govern(&self, account: AccountId, id: SyncId, wish: &Wish) -> StoreResult<Option<Granted>> {
        self.through("govern", self.store().govern(account, id, wish), nothing_to_tell).await
    }

    async fn delete_sync(&self, account: AccountId, id: SyncId) -> StoreResult<bool> {
        let commit = |oracle: &mut Oracle, at: Millis, deleted: &bool| {
            if *deleted {
                oracle.deleted(at, id);
            }
        };
        self.through("delete_sync", self.store().delete_sync(account, id), commit).await
    }

    async fn resync(
        &self,
        account: AccountId,
        id: SyncId,
        scope: ResyncScope,
        force: bool,
    ) -> StoreResult<Option<i64>> {
        let commit = |oracle: &mut Oracle, _: Millis, _: &Option<i64>| {
            if let Some(sync) = oracle.sync(id).filter(|_| force) {
                oracle.forced(sync);
            }
        };
        self.through("resync", self.store().resync(account, id, scope, force), commit).await
    }

    async fn resync_count(&self, account: AccountId, id: SyncId, scope: ResyncScope) -> StoreResult<i64> {
        self.through("resync_count", self.store().resync_count(account, id, scope), nothing_to_tell).await
    }

    async fn syncs(&self, account: AccountId, page: PageRequest<SyncPlace>) -> StoreResult<Page<SyncConfig>> {
        self.through("syncs", self.store().syncs(account, page), nothing_to_tell).await
    }

    async fn syncs_by_ids(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<SyncConfig>> {
        self.through("syncs_by_ids", self.store().syncs_by_ids(account, ids), nothing_to_tell).await
    }

    async fn runtimes(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, SyncRuntime)>> {
        self.through("runtimes", self.store().runtimes(account, ids), nothing_to_tell).await
    }

    async fn next_requests(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, NextRequests)>> {
        self.through("next_requests", self.store().next_requests(account, ids), nothing_to_tell).await
    }

    async fn links(
        &self,
        account: AccountId,
        sync: SyncId,
        filter: &LinkFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Link>> {
        self.through("links", self.store().links(account, sync, filter, page), nothing_to_tell).await
    }

    async fn links_of_people(&self, account: AccountId, people: &[PersonId]) -> StoreResult<Vec<Link>> {
        self.through("links_of_people", self.store().links_of_people(account, people), nothing_to_tell).await
    }

    async fn links_by_ids(&self, ids: &[LinkId]) -> StoreResult<Vec<Link>> {
        self.through("links_by_ids", self.store().links_by_ids(ids), nothing_to_tell).await
    }

    async fn reseal(&self, reseal: Arc<dyn Reseal>) -> StoreResult<usize> {
        self.through("reseal", self.store().reseal(reseal), nothing_to_tell).await
    }
}

testkit::plain_ports!(pass);

#[async_trait]
impl MaintenanceStore for NodeStore {
    async fn migrate(&self) -> StoreResult<()> {
        self.through("migrate", self.store().migrate(), nothing_to_tell).await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.through("ready", self.store().ready(), nothing_to_tell).await
    }

    // Of the whole process, which all nodes of a run share.
    async fn hold(&self, _: &str) -> StoreResult<()> {
        Ok(())
    }

    async fn hold_alone(&self, _: &str) -> StoreResult<()> {
        Ok(())
    }

    async fn holder(&self) -> StoreResult<Option<String>> {
        Ok(None)
    }

    async fn checkpoint(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn end_stale_leases(&self) -> StoreResult<usize> {
        // With several nodes it is a store that cannot know whose leases are stale.
        if self.life.world.scenario.nodes > 1 {
            return Ok(0);
        }
        self.through("end_stale_leases", self.store().end_stale_leases(), nothing_to_tell).await
    }

    async fn prune_logs(&self, retention: &Retention, rows_max: usize) -> StoreResult<usize> {
        self.through("prune_logs", self.store().prune_logs(retention, rows_max), nothing_to_tell).await
    }

    async fn fold_counters(&self) -> StoreResult<()> {
        self.through("fold_counters", self.store().fold_counters(), nothing_to_tell).await
    }

    async fn purge_tombstones(&self, rows_max: usize) -> StoreResult<usize> {
        self.through("purge_tombstones", self.store().purge_tombstones(rows_max), nothing_to_tell).await
    }

    async fn totals(&self) -> StoreResult<StoreTotals> {
        self.through("totals", self.store().totals(), nothing_to_tell).await
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        self.through("backlog", self.store().backlog(), nothing_to_tell).await
    }

    fn pool(&self) -> Option<PoolStatus> {
        self.store().pool()
    }

    async fn now(&self) -> StoreResult<Timestamp> {
        self.through("now", self.store().now(), nothing_to_tell).await
    }

    fn statements(&self) -> Option<u64> {
        self.store().statements()
    }
}

#[async_trait]
impl ProvenanceStore for NodeStore {
    async fn provenance(&self) -> StoreResult<(Noted, Option<Cluster>)> {
        self.through("provenance", self.store().provenance(), nothing_to_tell).await
    }

    async fn note_provenance(&self, noted: &Noted) -> StoreResult<()> {
        self.through("note_provenance", self.store().note_provenance(noted), nothing_to_tell).await
    }

    async fn begin_restore(&self) -> StoreResult<RestoreBegun> {
        self.through("begin_restore", self.store().begin_restore(), nothing_to_tell).await
    }
}
