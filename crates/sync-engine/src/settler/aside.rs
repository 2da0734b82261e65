//! Rows that were refused alone, while others could be written. They are tried again one by one, beside the batches: what
//! refuses them may pass, or may be theirs.

use super::persist::{Ledger, Persister, is_repeated};
use crate::error::chain;
use std::collections::VecDeque;
use std::time::Duration;
use sync_core::ports::StoreError;
use sync_core::transition::Settlement;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

/// The most rows that are tried at a time, and that wait for it: beyond, batches wait for them as for a database that is away.
pub(super) const ROWS_MAX: usize = 100;
/// How often they are tried.
const EVERY: Duration = Duration::from_secs(2);
/// So many times that a row was refused here for an unknown reason, and it is given up, if others were written since.
pub(super) const TRIES: u32 = 5;

/// A row that was refused.
pub(super) struct Refused {
    settlement: Settlement,
    tries: u32,
    /// How many settlements were written when it was refused first.
    written: u64,
}

impl Refused {
    /// A row that was refused when so many had been written.
    pub(super) fn new(settlement: Settlement, written: u64) -> Self {
        Self { settlement, tries: 0, written }
    }

    pub(super) fn into_settlement(self) -> Settlement {
        self.settlement
    }
}

/// Tries rows until every sender is gone, and once more then.
pub(super) async fn run<L: Ledger>(persister: &Persister<'_, L>, mut incoming: mpsc::Receiver<Refused>) {
    let mut rows: VecDeque<Refused> = VecDeque::new();
    let (mut next, mut is_open) = (Instant::now(), true);
    while is_open || !rows.is_empty() {
        tokio::select! {
            biased;
            row = incoming.recv(), if is_open && rows.len() < ROWS_MAX => {
                let Some(row) = row else {
                    is_open = false;
                    continue;
                };
                if rows.is_empty() {
                    next = Instant::now() + EVERY;
                }
                rows.push_back(row);
            }
            () = sleep_until(next), if !rows.is_empty() => {
                again(persister, &mut rows).await;
                if !is_open {
                    return;
                }
                next = Instant::now() + EVERY;
            }
        }
    }
}

/// Tries each row once, until the database is away.
async fn again<L: Ledger>(persister: &Persister<'_, L>, rows: &mut VecDeque<Refused>) {
    for _ in 0..rows.len() {
        let Some(mut row) = rows.pop_front() else { return };
        let mut tried = persister.write(std::slice::from_ref(&row.settlement)).await;
        if let Err(error @ StoreError::Unknown { .. }) = &tried {
            row.tries += 1;
            if row.tries >= TRIES && persister.written() > row.written {
                tried = bare(persister, &row.settlement, error).await;
                if let Err(error @ StoreError::Unknown { .. }) = &tried {
                    persister.give_up(&[row.settlement], error);
                    continue;
                }
            }
        }
        match tried {
            Ok(()) => {}
            Err(StoreError::Unknown { .. }) => rows.push_back(row),
            Err(error) if is_repeated(&error) => {
                warn!(error = chain(&error), "settling what was set aside failed, it is tried again");
                // Another one first, the next time.
                rows.push_back(row);
                return;
            }
            Err(error) => persister.give_up(&[row.settlement], &error),
        }
    }
}

/// The last try: without its log and its answer, which may be why it is refused.
async fn bare<L: Ledger>(
    persister: &Persister<'_, L>,
    settlement: &Settlement,
    error: &StoreError,
) -> Result<(), StoreError> {
    let mut bare = settlement.clone();
    bare.log = None;
    bare.settled.answer = None;
    persister.write(std::slice::from_ref(&bare)).await?;
    warn!(
        sync.id = %bare.link.sync, person.id = %bare.link.person, error = chain(error),
        "a settlement was written without its log and its answer"
    );
    Ok(())
}
