//! Threads that read beside the writer.

use crate::connection::Opener;
use crate::error::Fault;
use crate::sql::Db;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Instant;
use sync_core::ports::{PoolStatus, StoreResult, measures};
use tokio::sync::{Semaphore, oneshot};

/// A few connections, each on a thread of its own: begun when it is needed, kept until the store goes. On the runtime's
/// threads for blocking work, more of which come and go, the allocator would keep some MiB for each.
pub(crate) struct Readers {
    opener: Arc<Opener>,
    /// The one that read last is asked first: what it read is in its cache.
    idle: Arc<Mutex<Vec<Reader>>>,
    places: Arc<Semaphore>,
    most: usize,
}

/// A thread that reads. It ends when this is dropped.
struct Reader(mpsc::Sender<Job>);

/// What is done on a thread with its connection, which is opened by the first.
type Job = Box<dyn FnOnce(&mut Option<Db>) + Send>;

impl Reader {
    fn begin() -> Result<Self, Fault> {
        let (reader, jobs) = mpsc::channel::<Job>();
        let work = move || {
            let mut connection = None;
            while let Ok(job) = jobs.recv() {
                job(&mut connection);
            }
        };
        std::thread::Builder::new()
            .name("sqlite-reader".to_owned())
            .spawn(work)
            .map_err(|error| Fault::Unavailable(format!("cannot begin a reader's thread: {error}")))?;
        Ok(Self(reader))
    }
}

impl Readers {
    pub(crate) fn new(opener: Arc<Opener>, most: usize) -> Self {
        Self { opener, idle: Arc::default(), places: Arc::new(Semaphore::new(most)), most }
    }

    /// How the connections stand. Who waits is not known here: the semaphore does not say.
    pub(crate) fn status(&self) -> PoolStatus {
        PoolStatus { connections_max: self.most, in_use: self.most - self.places.available_permits(), waiting: 0 }
    }

    /// Reads from one snapshot; to its end where this future is dropped.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Db) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let gone = || Fault::Unavailable("the store is stopping".to_owned()).told(operation);
        let asked_at = Instant::now();
        let place = self.places.clone().acquire_owned().await.map_err(|_| gone())?;
        metrics::histogram!(measures::POOL_WAIT_SECONDS).record(asked_at.elapsed());
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = idle.map_or_else(Reader::begin, Ok).map_err(|fault| fault.told(operation))?;
        let (opener, idle, jobs) = (self.opener.clone(), self.idle.clone(), reader.0.clone());
        let (reply, answer) = oneshot::channel();
        let job = move |connection: &mut Option<Db>| {
            let done = read(connection, &opener, work);
            // Idle before its place is free: who comes next finds it.
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            drop(place);
            // An error says that the caller is gone.
            let _ = reply.send(done);
        };
        jobs.send(Box::new(job)).map_err(|_| gone())?;
        // No answer: it panicked, and with it ended its thread.
        let done = answer.await.map_err(|_| gone()).and_then(|done| done.map_err(|fault| fault.told(operation)));
        measured(operation, asked_at, done)
    }
}

fn read<T>(
    connection: &mut Option<Db>,
    opener: &Opener,
    work: impl FnOnce(&mut Db) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut db = connection.take().map_or_else(|| opener.reader(), Ok)?;
    let done = db.atomically(work);
    if done.as_ref().err().is_none_or(|fault| !fault.is_of_the_database()) {
        *connection = Some(db);
    }
    done
}

/// Measures a call that is over.
pub(crate) fn measured<T>(operation: &'static str, asked_at: Instant, done: StoreResult<T>) -> StoreResult<T> {
    metrics::histogram!(measures::CALL_SECONDS, "operation" => operation).record(asked_at.elapsed());
    // 0 too: a series that begins with its first failure has no rate.
    metrics::counter!(measures::FAILURES, "operation" => operation).increment(u64::from(done.is_err()));
    done
}

#[cfg(test)]
mod tests {
    use crate::{Options, SqliteStore};
    use futures_util::future::join_all;
    use std::collections::HashSet;
    use std::sync::{Arc, Barrier};
    use sync_core::ports::StoreError;

    const READERS: usize = 3;

    fn store() -> SqliteStore {
        SqliteStore::temporary(Options { readers: READERS, ..Options::default() }).unwrap()
    }

    #[tokio::test]
    async fn threads_are_as_many_as_read_at_the_same_time() {
        let store = store();
        let mut threads = HashSet::new();
        for _ in 0..10 {
            threads.insert(store.readers.run("test", |_| Ok(std::thread::current().id())).await.unwrap());
        }
        assert_eq!(threads.len(), 1, "one is enough for one after the other");
        for _ in 0..10 {
            // Each waits for all others.
            let all = Arc::new(Barrier::new(READERS));
            let reads = (0..READERS).map(|_| {
                let all = all.clone();
                store.readers.run("test", move |_| {
                    all.wait();
                    Ok(std::thread::current().id())
                })
            });
            threads.extend(join_all(reads).await.into_iter().map(Result::unwrap));
        }
        assert_eq!(threads.len(), READERS);
    }

    #[tokio::test]
    async fn a_read_that_panics_is_told_and_costs_the_others_nothing() {
        let store = store();
        for _ in 0..=READERS {
            let panicked = store.readers.run::<()>("test", |_| panic!("on purpose")).await;
            assert!(matches!(panicked, Err(StoreError::Unavailable { .. })), "{panicked:?}");
        }
        assert_eq!(store.readers.run("test", |_| Ok(1)).await.unwrap(), 1);
        assert_eq!(store.readers.status().in_use, 0);
    }
}
