//! What goes on behind everything else: sweeps, retention, counters, tombstones.

use crate::Engine;
use crate::error::chain;
use std::time::Duration;
use sync_core::ports::StoreError;
use tokio::sync::watch;
use tracing::{debug, warn};

/// Rows of one batch: small enough that no transaction holds others up.
const SWEEP_ROWS: usize = 500;
const PRUNE_ROWS: usize = 1000;
/// How often sweeps are looked for although nothing said that there are some.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How often logs, sessions and remembered ids are pruned, counters folded and tombstones purged.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Works sweeps until `stop`.
pub(crate) async fn sweep(engine: Engine, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match engine.store().work_sweep(SWEEP_ROWS).await {
            Ok(true) => {
                engine.wake();
                continue;
            }
            Ok(false) => {}
            Err(error) => warn!(error = chain(&error), "a sweep failed, it is tried again"),
        }
        tokio::select! {
            biased;
            _ = stop.changed() => {}
            () = engine.inner.sweeps.notified() => {}
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
    }
}

/// Keeps the store tidy until `stop`.
pub(crate) async fn tidy(engine: Engine, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = tidy_once(&engine, &stop).await {
            warn!(error = chain(&error), "tidying failed, it is tried again");
        }
        tokio::select! {
            biased;
            _ = stop.changed() => {}
            () = tokio::time::sleep(TIDY_EVERY) => {}
        }
    }
}

async fn tidy_once(engine: &Engine, stop: &watch::Receiver<bool>) -> Result<(), StoreError> {
    let store = engine.store();
    store.fold_counters().await?;
    while !*stop.borrow() {
        let pruned = store.prune_logs(&engine.inner.retention, PRUNE_ROWS).await?;
        debug!(rows = pruned, "pruned");
        if pruned < PRUNE_ROWS {
            break;
        }
    }
    while !*stop.borrow() {
        if store.purge_tombstones(PRUNE_ROWS).await? < PRUNE_ROWS {
            break;
        }
    }
    while !*stop.borrow() {
        if store.prune_sessions(PRUNE_ROWS).await? < PRUNE_ROWS {
            break;
        }
    }
    while !*stop.borrow() {
        if store.forget_ids(PRUNE_ROWS).await? < PRUNE_ROWS {
            break;
        }
    }
    Ok(())
}
