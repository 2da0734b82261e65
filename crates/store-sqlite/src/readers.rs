//! Connections that read beside the writer.

use crate::connection::Opener;
use crate::error::Fault;
use crate::sql::Db;
use std::sync::{Arc, Mutex, PoisonError};
use sync_core::ports::StoreResult;
use tokio::sync::Semaphore;

/// A few connections, each used by one reader at a time.
pub(crate) struct Readers {
    opener: Arc<Opener>,
    idle: Arc<Mutex<Vec<Db>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(opener: Arc<Opener>, most: usize) -> Self {
        Self { opener, idle: Arc::default(), places: Arc::new(Semaphore::new(most)) }
    }

    /// Reads from one snapshot.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Db) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let gone = || Fault::Unavailable("the store is stopping".to_owned()).told(operation);
        let place = self.places.clone().acquire_owned().await.map_err(|_| gone())?;
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
        read.await.map_err(|_| gone())?.map_err(|fault: Fault| fault.told(operation))
    }
}
