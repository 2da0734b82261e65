//! Moving a whole database into another one.

use super::{Store, StoreResult};
use crate::moving::{Part, Row};
use crate::provenance::Noted;
use async_trait::async_trait;

/// A store that can be moved, from and to. Nobody else works on the database meanwhile: see
/// [`super::MaintenanceStore::hold_alone`]. Sweeps and later marks are no part: they are worked off before.
#[async_trait]
pub trait MovingStore: Store {
    /// The next rows of a part, at most so many, in an order of the store's own; and after which row to go on, `None` where
    /// there are none left.
    async fn moved_rows(
        &self,
        part: Part,
        after: Option<&str>,
        rows_max: usize,
    ) -> StoreResult<(Vec<Row>, Option<String>)>;

    /// Writes rows of one part that are not there yet, with all that is kept of them (counts, what people are found by), and
    /// notes how far the move has come, in one transaction.
    async fn put_rows(&self, rows: Vec<Row>, noted: &Noted) -> StoreResult<()>;
}
