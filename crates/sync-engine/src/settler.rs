//! Settlements are gathered while the last batch commits, and written together.

use crate::dispatch::Dispatching;
use crate::error::chain;
use crate::gather::gather;
use crate::metrics::Stage;
use std::sync::Arc;
use std::time::Duration;
use sync_core::ports::{Store, StoreError};
use sync_core::transition::Settlement;
use tokio::sync::mpsc;
use tracing::{error, warn};

/// The most settlements of one transaction.
const BATCH_MAX: usize = 1000;
/// How long settlements are gathered while others are in flight. Nothing waits for it but the room of busy syncs: what
/// arrives alone is settled at once.
const GATHER: Duration = Duration::from_millis(8);
/// Waits between attempts to settle while the database is unavailable; the last one repeats.
const WAITS_MS: [u64; 5] = [50, 200, 500, 1000, 2000];

/// Writes what comes in, until every sender is gone. Settlements are never
/// dropped while the database is unavailable: without them, leases would run out and creates become uncertain.
pub(crate) async fn run(dispatching: Arc<Dispatching>, mut outcomes: mpsc::Receiver<Settlement>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while outcomes.recv_many(&mut batch, BATCH_MAX).await > 0 {
        gather(&mut outcomes, &mut batch, BATCH_MAX, GATHER, || dispatching.in_flight() > 0).await;
        let written = batch.len();
        dispatching.metrics.batch(Stage::Settle, written);
        write(&dispatching.store, std::mem::take(&mut batch)).await;
        dispatching.unsettled.send_modify(|outcomes| *outcomes -= written);
        dispatching.settled.notify_one();
    }
}

async fn write(store: &Arc<dyn Store>, batch: Vec<Settlement>) {
    let mut failures = 0;
    loop {
        match store.settle(batch.clone()).await {
            Ok(_) => return,
            Err(error @ (StoreError::Unavailable { .. } | StoreError::Schema(_))) => {
                warn!(settlements = batch.len(), error = chain(&error), "settling failed, it is tried again");
                let wait = WAITS_MS[failures.min(WAITS_MS.len() - 1)];
                failures += 1;
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            Err(error) => {
                // The store has halved the batch down to the row already: what is left cannot be written at all. The
                // leases run out, and the links count as sent without an answer.
                error!(settlements = batch.len(), error = chain(&error), "settlements could not be written");
                return;
            }
        }
    }
}
