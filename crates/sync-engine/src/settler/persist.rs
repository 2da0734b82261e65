//! How a batch of settlements is written, whatever becomes of the database.
//!
//! None is dropped while the database is unavailable. One row that the database refuses for a reason that is not known must
//! not hold up the others, though: after some repeats of one batch, while the store is ready, the batch is halved until what
//! can be written is; rows that are refused alone are set [`aside`](super::aside).

use super::BATCH_MAX;
use super::aside::Refused;
use crate::error::chain;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use sync_core::ports::{StoreError, StoreResult};
use sync_core::transition::Settlement;
use tokio::sync::mpsc;
use tracing::{error, warn};

/// Waits between attempts to settle while the database is unavailable; the last one repeats.
const WAITS_MS: [u64; 5] = [50, 200, 500, 1000, 2000];
/// So many repeats of one batch, and it is looked whether some of its rows can be written.
pub(super) const REPEATS: usize = 5;
/// So many rows that are refused alone, with nothing written: it is not a matter of rows.
pub(super) const REFUSED_MAX: usize = 8;

/// What settlements are written to.
pub(super) trait Ledger: Sync {
    /// Writes them, in one transaction.
    fn settle(&self, batch: &[Settlement]) -> impl Future<Output = StoreResult<()>> + Send;

    /// Whether it can be used, as far as can be told without writing.
    fn ready(&self) -> impl Future<Output = StoreResult<()>> + Send;

    /// So many were written, or given up.
    fn is_done_with(&self, settlements: usize);
}

/// Writes settlements, and counts them.
pub(super) struct Persister<'l, L> {
    ledger: &'l L,
    written: AtomicU64,
}

impl<'l, L: Ledger> Persister<'l, L> {
    pub(super) fn new(ledger: &'l L) -> Self {
        Self { ledger, written: AtomicU64::new(0) }
    }

    /// How many were written so far.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Writes a batch, however long that takes. What comes in meanwhile joins it.
    pub(super) async fn persist(
        &self,
        mut batch: Vec<Settlement>,
        incoming: &mut mpsc::Receiver<Settlement>,
        aside: &mpsc::Sender<Refused>,
    ) {
        let mut repeats = 0;
        while !batch.is_empty() {
            let Err(error) = self.write(&batch).await else { return };
            if !is_repeated(&error) {
                return self.give_up(&batch, &error);
            }
            warn!(settlements = batch.len(), error = chain(&error), "settling failed, it is tried again");
            if repeats >= REPEATS && batch.len() > 1 && self.ledger.ready().await.is_ok() {
                batch = self.sift(batch, aside).await;
                if batch.is_empty() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(WAITS_MS[repeats.min(WAITS_MS.len() - 1)])).await;
            repeats += 1;
            while batch.len() < BATCH_MAX
                && let Ok(settlement) = incoming.try_recv()
            {
                batch.push(settlement);
            }
        }
    }

    /// Writes what can be written of a batch that was refused as a whole, by halves. Rows that are refused alone are set aside
    /// where others could be written, as far as there is room. Returns what is left, in the order in which it is tried next.
    async fn sift(&self, batch: Vec<Settlement>, aside: &mpsc::Sender<Refused>) -> Vec<Settlement> {
        let mut pieces = Vec::from(halves(batch));
        let (mut refused, mut is_written) = (Vec::new(), false);
        while let Some(piece) = pieces.pop() {
            match self.write(&piece).await {
                Ok(()) => is_written = true,
                Err(error) if !is_repeated(&error) => self.give_up(&piece, &error),
                Err(_) if piece.len() > 1 => pieces.extend(halves(piece)),
                Err(_) => refused.extend(piece.into_iter().map(|row| Refused::new(row, self.written()))),
            }
            if !is_written && refused.len() >= REFUSED_MAX {
                break;
            }
        }
        let mut left: Vec<Settlement> = pieces.into_iter().rev().flatten().collect();
        for row in refused {
            if !is_written {
                left.push(row.into_settlement());
            } else if let Err(full) = aside.try_send(row) {
                left.push(full.into_inner().into_settlement());
            }
        }
        left
    }

    /// One transaction.
    pub(super) async fn write(&self, batch: &[Settlement]) -> StoreResult<()> {
        self.ledger.settle(batch).await?;
        self.written.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.ledger.is_done_with(batch.len());
        Ok(())
    }

    /// What cannot be written at all. The leases run out, and the links count as sent without an answer.
    pub(super) fn give_up(&self, batch: &[Settlement], error: &StoreError) {
        for Settlement { link, .. } in batch {
            error!(
                sync.id = %link.sync, person.id = %link.person, error = chain(error),
                "a settlement could not be written: its lease runs out"
            );
        }
        self.ledger.is_done_with(batch.len());
    }
}

/// Whether a failed settlement is tried again: the database is away, or failed for a reason that is not known. Where it is the
/// data's fault, the store has halved the batch down to the row already.
pub(super) fn is_repeated(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unavailable { .. } | StoreError::Lost { .. } | StoreError::Unknown { .. } | StoreError::Schema(_)
    )
}

/// The second half, and the first.
fn halves(mut batch: Vec<Settlement>) -> [Vec<Settlement>; 2] {
    let second = batch.split_off(batch.len() / 2);
    [second, batch]
}
