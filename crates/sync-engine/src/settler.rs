//! Settlements are gathered while the last batch commits, and written together.

mod aside;
mod persist;
#[cfg(test)]
mod tests;

use crate::dispatch::Dispatching;
use crate::gather::gather;
use crate::metrics::Stage;
use persist::{Ledger, Persister};
use std::sync::Arc;
use std::time::Duration;
use sync_core::ports::{StoreError, StoreResult};
use sync_core::transition::Settlement;
use tokio::sync::mpsc;

/// The most settlements of one transaction.
const BATCH_MAX: usize = 1000;
/// How long settlements are gathered while others are in flight. Nothing waits for it but the room of busy syncs: what
/// arrives alone is settled at once.
const GATHER: Duration = Duration::from_millis(8);

/// Writes what comes in, until every sender is gone. Settlements are never
/// dropped while the database is unavailable: without them, leases would run out and creates become uncertain.
pub(crate) async fn run(dispatching: Arc<Dispatching>, mut outcomes: mpsc::Receiver<Settlement>) {
    let persister = Persister::new(&*dispatching);
    let (aside, refused) = mpsc::channel(aside::ROWS_MAX);
    let batches = async {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while outcomes.recv_many(&mut batch, BATCH_MAX).await > 0 {
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
        self.store.settle(batch.to_vec()).await?;
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.store.ready().await
    }

    fn is_done_with(&self, settlements: usize) {
        self.unsettled.send_modify(|outcomes| *outcomes -= settlements);
        self.settled.notify_one();
    }
}
