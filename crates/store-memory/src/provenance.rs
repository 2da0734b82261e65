//! What the store says of itself, and what follows a restore.

use crate::MemoryStore;
use async_trait::async_trait;
use sync_core::ports::{ProvenanceStore, RestoreBegun, Signal, StoreResult, SweepKind};
use sync_core::provenance::{Cluster, Noted};

#[async_trait]
impl ProvenanceStore for MemoryStore {
    async fn provenance(&self) -> StoreResult<(Noted, Option<Cluster>)> {
        Ok((self.lock().noted.clone(), None))
    }

    async fn note_provenance(&self, noted: &Noted) -> StoreResult<()> {
        self.lock().noted = noted.clone();
        Ok(())
    }

    async fn begin_restore(&self) -> StoreResult<RestoreBegun> {
        let now = self.clock_now();
        let mut state = self.lock();
        let sessions = std::mem::take(&mut state.sessions).len();
        let mut syncs = Vec::new();
        for ((account, sync), row) in &mut state.syncs {
            if row.config.deleted_at.is_none() {
                row.governor.restore(now);
                syncs.push((*account, *sync));
            }
        }
        for (account, sync) in &syncs {
            state.add_sweep(*account, *sync, SweepKind::Restored);
        }
        state.noted.restoring = true;
        drop(state);
        self.publish(Signal::Changed);
        Ok(RestoreBegun { sessions, syncs: syncs.len() })
    }
}
