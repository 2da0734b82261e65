//! Settlements are gathered while the last batch commits, and written together.

mod aside;
mod persist;
#[cfg(test)]
mod tests;

use crate::dispatch::Dispatching;
use crate::gather::{gather, receive};
use crate::metrics::Stage;
use persist::{Ledger, Persister};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sync_core::id::{AccountId, LogId};
use sync_core::ports::{StoreError, StoreResult};
use sync_core::transition::{SettleResult, Settlement};
use tokio::sync::{mpsc, watch};

/// The most settlements of one transaction.
const BATCH_MAX: usize = 1000;
/// How long settlements are gathered while others are in flight. Nothing waits for it but the room of busy syncs: what
/// arrives alone is settled at once.
const GATHER: Duration = Duration::from_millis(8);

/// Log entries that were written and are not heard of yet, of the last batch only: signals come in the order of commits.
#[derive(Default)]
pub(crate) struct Unheard(Mutex<HashSet<LogId>>);

impl Unheard {
    fn lock(&self) -> MutexGuard<'_, HashSet<LogId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expect(&self, batch: &[Settlement]) {
        *self.lock() = batch.iter().filter_map(|settlement| Some(settlement.log.as_ref()?.id)).collect();
    }

    /// These were heard of.
    pub(crate) fn heard(&self, ids: &[(AccountId, LogId)]) {
        let mut unheard = self.lock();
        for (_, id) in ids {
            unheard.remove(id);
        }
    }

    /// Nothing more is expected.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

/// Writes what comes in, until it is told to stop, and then all that has come. Settlements are never
/// dropped while the database is unavailable: without them, leases would run out and creates become uncertain.
pub(crate) async fn run(
    dispatching: Arc<Dispatching>,
    mut outcomes: mpsc::Receiver<Settlement>,
    mut stop: watch::Receiver<bool>,
) {
    let persister = Persister::new(&*dispatching);
    let (aside, refused) = mpsc::channel(aside::ROWS_MAX);
    let batches = async {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while receive(&mut outcomes, &mut batch, BATCH_MAX, &mut stop).await {
            gather(&mut outcomes, &mut batch, BATCH_MAX, GATHER, || dispatching.in_flight() > 0).await;
            dispatching.metrics.batch(Stage::Settle, batch.len());
            persister.persist(std::mem::take(&mut batch), &mut outcomes, &aside).await;
        }
        drop(aside);
    };
    tokio::join!(biased; batches, aside::run(&persister, refused));
}

impl Ledger for Dispatching {
    async fn settle(&self, batch: &[Settlement]) -> StoreResult<()> {
        // Before they are written: they may be heard of before the store's answer is.
        self.unheard.expect(batch);
        let settled = self.store.settle(batch.to_vec()).await;
        let all_applied = |results: &Vec<SettleResult>| results.iter().all(|result| *result == SettleResult::Applied);
        if !settled.as_ref().is_ok_and(all_applied) {
            // What is not applied may not be logged either.
            self.unheard.clear();
        }
        settled.map(drop)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.store.ready().await
    }

    fn is_done_with(&self, settlements: usize) {
        self.unsettled.send_modify(|outcomes| *outcomes -= settlements);
        self.settled.notify_one();
    }
}
