//! Connections that read beside the writer.

use crate::connection::Opener;
use crate::error::Fault;
use crate::sql::Db;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use sync_core::ports::{PoolStatus, StoreResult, measures};
use tokio::sync::Semaphore;

/// A few connections, each used by one reader at a time.
pub(crate) struct Readers {
    opener: Arc<Opener>,
    idle: Arc<Mutex<Vec<Db>>>,
    places: Arc<Semaphore>,
    most: usize,
}

impl Readers {
    pub(crate) fn new(opener: Arc<Opener>, most: usize) -> Self {
        Self { opener, idle: Arc::default(), places: Arc::new(Semaphore::new(most)), most }
    }

    /// How the connections stand. Who waits is not known here: the semaphore does not say.
    pub(crate) fn status(&self) -> PoolStatus {
        PoolStatus { connections_max: self.most, in_use: self.most - self.places.available_permits(), waiting: 0 }
    }

    /// Reads from one snapshot.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Db) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let gone = || Fault::Unavailable("the store is stopping".to_owned()).told(operation);
        let asked_at = Instant::now();
        let place = self.places.clone().acquire_owned().await.map_err(|_| gone())?;
        metrics::histogram!(measures::POOL_WAIT_SECONDS).record(asked_at.elapsed());
        let (opener, idle) = (self.opener.clone(), self.idle.clone());
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            let held = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut db = held.map_or_else(|| opener.reader(), Ok)?;
            let read = db.atomically(work);
            if read.as_ref().err().is_none_or(|fault| !fault.is_of_the_database()) {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
            }
            read
        });
        let read = read.await.map_err(|_| gone()).and_then(|read| read.map_err(|fault: Fault| fault.told(operation)));
        measured(operation, asked_at, read)
    }
}

/// Measures a call that is over.
pub(crate) fn measured<T>(operation: &'static str, asked_at: Instant, done: StoreResult<T>) -> StoreResult<T> {
    metrics::histogram!(measures::CALL_SECONDS, "operation" => operation).record(asked_at.elapsed());
    // 0 too: a series that begins with its first failure has no rate.
    metrics::counter!(measures::FAILURES, "operation" => operation).increment(u64::from(done.is_err()));
    done
}
