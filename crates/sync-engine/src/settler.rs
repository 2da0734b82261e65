//! Settlements are gathered while the last batch commits, and written together.

use crate::dispatch::Dispatching;
use crate::error::chain;
use crate::gather::{gather, receive};
use crate::metrics::Stage;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sync_core::id::{AccountId, LogId};
use sync_core::ports::StoreError;
use sync_core::transition::{SettleResult, Settlement};
use tokio::sync::{mpsc, watch};
use tracing::{error, warn};

/// The most settlements of one transaction.
const BATCH_MAX: usize = 1000;
/// How long settlements are gathered while others are in flight. Nothing waits for it but the room of busy syncs: what
/// arrives alone is settled at once.
const GATHER: Duration = Duration::from_millis(8);
/// Waits between attempts to settle while the database is unavailable; the last one repeats.
const WAITS_MS: [u64; 5] = [50, 200, 500, 1000, 2000];

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
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while receive(&mut outcomes, &mut batch, BATCH_MAX, &mut stop).await {
        gather(&mut outcomes, &mut batch, BATCH_MAX, GATHER, || dispatching.in_flight() > 0).await;
        let written = batch.len();
        dispatching.metrics.batch(Stage::Settle, written);
        // Before they are written: they may be heard of before the store's answer is.
        dispatching.unheard.expect(&batch);
        write(&dispatching, std::mem::take(&mut batch)).await;
        dispatching.unsettled.send_modify(|outcomes| *outcomes -= written);
        dispatching.settled.notify_one();
    }
}

async fn write(dispatching: &Dispatching, batch: Vec<Settlement>) {
    let mut failures = 0;
    loop {
        match dispatching.store.settle(batch.clone()).await {
            Ok(results) => {
                if results.iter().any(|result| *result != SettleResult::Applied) {
                    // What is not applied may not be logged either.
                    dispatching.unheard.clear();
                }
                return;
            }
            Err(error @ (StoreError::Unavailable { .. } | StoreError::Schema(_))) => {
                warn!(settlements = batch.len(), error = chain(&error), "settling failed, it is tried again");
                let wait = WAITS_MS[failures.min(WAITS_MS.len() - 1)];
                failures += 1;
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            Err(error) => {
                dispatching.unheard.clear();
                // The store has halved the batch down to the row already: what is left cannot be written at all. The
                // leases run out, and the links count as sent without an answer.
                error!(settlements = batch.len(), error = chain(&error), "settlements could not be written");
                return;
            }
        }
    }
}
