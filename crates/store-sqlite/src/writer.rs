//! The one thread that writes. What has gathered while it committed goes into the next transaction, each operation with
//! a savepoint of its own, so that one that fails undoes nothing of the others.

use crate::connection::Opener;
use crate::error::Fault;
use crate::news;
use crate::readers::measured;
use crate::signals::Signals;
use crate::sql::Db;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;
use sync_core::news::NewsOf;
use sync_core::ports::{Signal, StoreError, StoreResult};
use tokio::sync::{mpsc, oneshot};

/// The most operations of one transaction.
const GROUP_MAX: usize = 256;
/// The most operations that wait; callers beyond wait for a place.
const QUEUE_MAX: usize = 1024;

/// Takes operations to the writer's thread. The thread ends when the last of these is dropped.
pub(crate) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
}

/// What an operation may do besides writing.
#[derive(Default)]
pub(crate) struct Afterwards {
    pub(crate) signals: Vec<Signal>,
    pub(crate) news: NewsOf,
}

impl Writer {
    /// Begins a thread on an open connection.
    pub(crate) fn begin(db: Db, opener: Arc<Opener>, signals: Arc<Signals>) -> Result<Self, Fault> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || work(db, &opener, &signals, jobs))
            .map_err(|error| Fault::Unavailable(format!("cannot begin the writer's thread: {error}")))?;
        Ok(Self { queue })
    }

    /// Runs an operation in a transaction. It is durable, and its signals are on their way, when this returns `Ok`; it
    /// goes on to its end where this future is dropped.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Db, &mut Afterwards) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let gone = || Fault::Unavailable("the store is stopping".to_owned()).told(operation);
        let asked_at = Instant::now();
        let (reply, answer) = oneshot::channel();
        let task = Task { operation, work: Some(work), done: None, afterwards: Afterwards::default(), reply };
        self.queue.send(Box::new(task)).await.map_err(|_| gone())?;
        // No answer: the thread ended with it in its hands.
        let lost = |_| Fault::Lost("the store is stopping".to_owned()).told(operation);
        measured(operation, asked_at, answer.await.map_err(lost).and_then(|done| done))
    }
}

/// One operation, whatever it returns.
trait Job: Send {
    /// Runs it within the group's transaction. An error is that of the group.
    fn run(&mut self, db: &mut Db) -> Result<(), Fault>;
    /// Answers, once the group is committed or not.
    fn finish(self: Box<Self>, committed: Result<(), &Uncommitted>, signals: &Signals);
}

/// Why a group was not committed.
enum Uncommitted {
    /// Nothing of it is kept.
    Undone(String),
    /// It may be, as a whole.
    Lost(String),
}

impl From<Fault> for Uncommitted {
    fn from(fault: Fault) -> Self {
        let why = fault.to_string();
        if matches!(fault, Fault::Lost(_)) { Self::Lost(why) } else { Self::Undone(why) }
    }
}

struct Task<T, F> {
    operation: &'static str,
    work: Option<F>,
    done: Option<Result<T, Fault>>,
    afterwards: Afterwards,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Db, &mut Afterwards) -> Result<T, Fault> + Send,
{
    fn run(&mut self, db: &mut Db) -> Result<(), Fault> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let afterwards = &mut self.afterwards;
        let done = db.atomically(|db| work(db, afterwards));
        let fatal = done.as_ref().err().is_some_and(Fault::is_of_the_database);
        self.done = Some(done);
        if fatal { Err(Fault::Unavailable("the transaction was given up".to_owned())) } else { Ok(()) }
    }

    fn finish(self: Box<Self>, committed: Result<(), &Uncommitted>, signals: &Signals) {
        let undone = |why: &str| Fault::Unavailable(format!("not committed: {why}")).told(self.operation);
        let answer: Result<T, StoreError> = match (self.done, committed) {
            (Some(Err(fault)), _) => Err(fault.told(self.operation)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(Uncommitted::Undone(why))) => Err(undone(why)),
            (_, Err(Uncommitted::Lost(why))) => Err(Fault::Lost(why.clone()).told(self.operation)),
            (None, Ok(())) => Err(undone("it was not run")),
        };
        if answer.is_ok() {
            for signal in self.afterwards.signals {
                signals.publish(signal);
            }
            news::tell(self.afterwards.news);
        }
        // An error says that the caller is gone.
        let _ = self.reply.send(answer);
    }
}

fn work(db: Db, opener: &Opener, signals: &Signals, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut connection = Some(db);
    let mut group: Vec<Box<dyn Job>> = Vec::with_capacity(GROUP_MAX);
    while let Some(first) = jobs.blocking_recv() {
        group.push(first);
        while group.len() < GROUP_MAX
            && let Ok(next) = jobs.try_recv()
        {
            group.push(next);
        }
        let committed = commit(&mut connection, opener, &mut group);
        if let Err(Uncommitted::Undone(why) | Uncommitted::Lost(why)) = &committed {
            tracing::warn!(error = %why, operations = group.len(), "a group of writes was not committed");
        }
        for job in group.drain(..) {
            job.finish(committed.as_ref().copied(), signals);
        }
    }
}

/// Runs a group in one transaction. After an error that is not one operation's own, the connection is made anew: its
/// transaction may be in any state.
fn commit(connection: &mut Option<Db>, opener: &Opener, group: &mut [Box<dyn Job>]) -> Result<(), Uncommitted> {
    let mut db = match connection.take() {
        Some(db) => db,
        None => opener.writer()?,
    };
    let run = catch_unwind(AssertUnwindSafe(|| {
        db.write(|db| {
            for job in &mut *group {
                job.run(db)?;
            }
            Ok(())
        })
    }));
    match run {
        Ok(Ok(())) => {
            *connection = Some(db);
            Ok(())
        }
        Ok(Err(fault)) => Err(fault.into()),
        Err(_) => Err(Uncommitted::Undone("an operation panicked".to_owned())),
    }
}
