//! What a database says of itself, and what follows a restore. The rules are [`crate::provenance`]'s.

use super::StoreResult;
use crate::provenance::{Cluster, Noted};
use async_trait::async_trait;

/// What the beginning of a restore changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RestoreBegun {
    /// Sessions of the console that were ended.
    pub sessions: usize,
    /// Syncs whose links are to be marked.
    pub syncs: usize,
}

/// Copies, restores and moves of a database.
#[async_trait]
pub trait ProvenanceStore: Send + Sync {
    /// What is noted of the database, and where it is found. `None`: an embedded one, which is a file wherever it lies. What
    /// the server does not tell this role is no error.
    async fn provenance(&self) -> StoreResult<(Noted, Option<Cluster>)>;

    /// Notes it. From then on a store whose connections may come to lead elsewhere, as after a failover, MUST refuse to work
    /// on a database that is found [elsewhere](Cluster::is_elsewhere) than noted.
    async fn note_provenance(&self, noted: &Noted) -> StoreResult<()>;

    /// An older copy of the database was restored: ends all sessions, tells the governor of each sync that is not deleted
    /// ([`crate::governor::Governor::restore`]), begins a sweep over its links ([`super::SweepKind::Restored`]), and
    /// notes [`Noted::restoring`]; all in one transaction. For all accounts. Nobody else may work on the database: see
    /// [`super::MaintenanceStore::hold_alone`].
    async fn begin_restore(&self) -> StoreResult<RestoreBegun>;
}
