//! The store on Postgres: diesel over tokio-postgres, no libpq. Idiomatic jsonb, timestamptz, uuid, partitions.
//!
//! Every method is one transaction, on a task of its own: a caller that goes away never leaves one half open. Locks are
//! taken in one order: account, people, links (in order of sync and person), sync_runtime; a claim takes sync_runtime
//! first, and then skips links that are locked. Rows are read under their locks by one statement and what belongs to them
//! by a later one, so that a new generation is never paired with an old person.

#[cfg(test)]
extern crate self as store_postgres;

mod alerts;
mod batch;
mod clock;
mod coded;
mod columns;
mod connect;
mod directory;
mod error;
#[cfg(test)]
#[path = "../tests/fixture/mod.rs"]
mod fixture;
mod keys;
mod link_row;
mod link_write;
mod links;
mod logs;
mod maintenance;
mod moving;
mod news;
mod next;
mod people;
#[cfg(test)]
mod plans;
mod presence;
mod provenance;
mod remembered;
mod sessions;
mod signals;
mod sql;
mod sqlstate;
mod syncs;
mod tls;
mod transaction;
mod work;

use crate::batch::Batch;
use crate::clock::TestClock;
use crate::connect::Connector;
use crate::error::{Fault, store_error};
use crate::presence::Presence;
use crate::provenance::Home;
use crate::signals::Signals;
use crate::sql::sql_query;
use crate::transaction::{CommitSent, Committed, begin, roll_back};
use diesel::ConnectionError;
use diesel::sql_types::Timestamptz;
use diesel_async::pooled_connection::deadpool::{self, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use sync_core::backoff::Policy;
use sync_core::id::AccountId;
use sync_core::plan::later::{Turn, Turns};
use sync_core::ports::{StoreError, StoreResult, measures};
use sync_core::time::Timestamp;

/// How a store connects.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections of the pool.
    pub connections_max: usize,
    /// How long to wait for a connection before the store counts as unavailable.
    pub wait: Duration,
    /// How long an operation may take, beyond the wait for its connection. A database that takes longer (frozen, cut off
    /// without a word) counts as unavailable, and the connection is dropped, which ends the transaction: rolled back, unless
    /// its COMMIT was on its way already.
    pub operation_max: Duration,
    /// The delays that settlements take.
    pub policy: Arc<Policy>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections_max: 10,
            wait: Duration::from_secs(5),
            operation_max: OPERATION_MAX,
            policy: Arc::new(Policy::default()),
        }
    }
}

/// How long an operation may take unless [`Options`] say otherwise.
pub const OPERATION_MAX: Duration = Duration::from_secs(30);

/// A store on Postgres. Cheap to clone, all clones are one.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool<AsyncPgConnection>,
    signals: Signals,
    policy: Arc<Policy>,
    operation_max: Duration,
    clock: TestClock,
    statements: Arc<AtomicU64>,
    /// Whose sweep comes next from this node.
    turns: Mutex<Turns>,
    connector: Connector,
    home: Arc<Home>,
    presence: Presence,
}

/// How often a transaction that the database aborted is repeated.
const REPEATS_MAX: u32 = 10;

/// A connection within a transaction.
pub(crate) type Conn = AsyncPgConnection;

impl PostgresStore {
    /// Connects. Does not look at the schema: see `MaintenanceStore::migrate` and `ready`.
    pub async fn connect(url: &SecretString, options: Options) -> StoreResult<Self> {
        let connector = Connector::new(url)?;
        let statements = Arc::new(AtomicU64::new(0));
        let mut manager = ManagerConfig::default();
        manager.recycling_method = RecyclingMethod::Fast;
        let home = Arc::new(Home::default());
        let setup = (connector.clone(), statements.clone(), home.clone());
        manager.custom_setup = Box::new(move |_| {
            let (connector, counter, home) = setup.clone();
            async move {
                let mut connection = connector.connect().await?;
                match home.refuses(&mut connection).await {
                    Some(why) => Err(ConnectionError::BadConnection(why)),
                    None => Ok(counting(connection, counter)),
                }
            }
            .boxed()
        });
        // The URL is used by the set-up above, which has it parsed already.
        let manager = AsyncDieselConnectionManager::new_with_config("postgres", manager);
        let pool = Pool::builder(manager)
            .max_size(options.connections_max)
            .runtime(::deadpool::Runtime::Tokio1)
            .wait_timeout(Some(options.wait))
            .create_timeout(Some(options.wait))
            .recycle_timeout(Some(options.wait))
            .build()
            .map_err(|source| StoreError::Internal { operation: "make a connection pool", source: Box::new(source) })?;
        let signals = Signals::start(connector.clone());
        let store = Self {
            inner: Arc::new(Inner {
                pool,
                signals,
                policy: options.policy,
                operation_max: options.operation_max,
                clock: TestClock::default(),
                turns: Mutex::default(),
                statements,
                connector,
                home,
                presence: Presence::default(),
            }),
        };
        // A database that cannot be reached is told at once.
        store.read("connect", |c| Box::pin(async move { now(c).await })).await?;
        Ok(store)
    }

    /// For tests: moves the store's clock forward.
    #[doc(hidden)]
    pub fn advance_clock(&self, by: Duration) {
        self.inner.clock.advance(by);
    }

    /// For tests: makes the store's clock stand at `at` until it is moved.
    #[doc(hidden)]
    pub fn freeze_clock(&self, at: Timestamp) {
        self.inner.clock.freeze(at);
    }

    pub(crate) fn statement_count(&self) -> u64 {
        clock::read_counter(&self.inner.statements)
    }

    /// Whose sweep comes next from this node.
    pub(crate) fn next_turn(&self, sweeps: &[AccountId], later_marks: &[AccountId]) -> Option<Turn> {
        self.inner.turns.lock().unwrap_or_else(PoisonError::into_inner).next(sweeps, later_marks)
    }

    /// The database's clock, moved as tests wish: one statement.
    pub(crate) async fn clock_now(&self, c: &Conn) -> Result<Timestamp, Fault> {
        let clock = &self.inner.clock;
        match clock.frozen() {
            Some(now) => Ok(now),
            None => Ok(clock.moved(now(c).await?)),
        }
    }

    /// Runs statements without a transaction.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, Fault>> + Send,
    ) -> StoreResult<T> {
        let asked_at = Instant::now();
        let done = match self.connection(operation).await {
            Ok(connection) => {
                let work = async |c: &mut Conn| sound(body(c).await);
                in_time(operation, self.inner.operation_max, connection, work).await
            }
            Err(error) => Err(error),
        };
        let done = done.and_then(|done| done.map_err(|fault| store_error(operation, fault)));
        measured(operation, asked_at, done)
    }

    /// Runs a transaction on a task of its own; repeats it where the database aborted it for others.
    pub(crate) async fn transact<T, F>(&self, operation: &'static str, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<T, Fault>> + Send + Sync + 'static,
    {
        let body = Arc::new(body);
        self.transact_ahead(operation, move |c| {
            let body = body.clone();
            Box::pin(async move {
                let begun = begin(c).await?;
                let done = body(c).await?;
                Ok((done, begun.commit(Batch::new(c)).await?))
            })
        })
        .await
    }

    /// Runs a transaction as [`PostgresStore::transact`] does, whose body sends BEGIN along with its first statements and
    /// COMMIT along with its last.
    pub(crate) async fn transact_ahead<T, F>(&self, operation: &'static str, body: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Conn) -> BoxFuture<'c, Result<(T, Committed), Fault>> + Send + Sync + 'static,
    {
        let (this, asked_at) = (self.clone(), Instant::now());
        let task = tokio::spawn(async move {
            let mut repeats = 0;
            loop {
                let connection = this.connection(operation).await?;
                let commit = CommitSent::default();
                let transaction = async |c: &mut Conn| {
                    let done = commit.watch(body(c)).await;
                    let Err(fault) = done else { return Ok(done) };
                    let is_refusal = commit.is_refused_by(&fault);
                    if is_refusal || !fault.spoils_connection() {
                        roll_back(c).await?;
                    }
                    if is_refusal {
                        // The session goes on: it was a statement that was refused, and with it the COMMIT behind it.
                        commit.was_refused();
                    }
                    sound(Err(fault))
                };
                let done = in_time(operation, this.inner.operation_max, connection, transaction).await;
                let done = done.map_err(|error| if commit.is_open() { lost(error) } else { error });
                match done? {
                    Ok((done, Committed { .. })) => return Ok(done),
                    Err(fault) if fault.is_repeatable() && repeats < REPEATS_MAX => {
                        repeats += 1;
                        tracing::debug!(operation, repeats, "a transaction was aborted for others, it is repeated");
                    }
                    Err(fault) => return Err(store_error(operation, fault)),
                }
            }
        });
        let done = task.await.map_err(|source| StoreError::Internal { operation, source: Box::new(source) });
        measured(operation, asked_at, done.and_then(|done| done))
    }

    async fn connection(&self, operation: &'static str) -> StoreResult<Pooled> {
        let asked_at = Instant::now();
        let connection = self.inner.pool.get().await;
        metrics::histogram!(measures::POOL_WAIT_SECONDS).record(asked_at.elapsed());
        connection.map_err(|source| StoreError::Unavailable { operation, source: Box::new(source) })
    }
}

/// An error after COMMIT was sent.
fn lost(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable { operation, source }
        | StoreError::Unknown { operation, source }
        | StoreError::Internal { operation, source } => StoreError::Lost { operation, source },
        error => error,
    }
}

/// Measures a call that is over.
fn measured<T>(operation: &'static str, asked_at: Instant, done: StoreResult<T>) -> StoreResult<T> {
    metrics::histogram!(measures::CALL_SECONDS, "operation" => operation).record(asked_at.elapsed());
    // 0 too: a series that begins with its first failure has no rate.
    metrics::counter!(measures::FAILURES, "operation" => operation).increment(u64::from(done.is_err()));
    done
}

/// What was done on a connection that may be used again; a fault that may be the connection's own takes it along.
fn sound<T>(done: Result<T, Fault>) -> Result<Result<T, Fault>, Fault> {
    match done {
        Err(fault) if fault.spoils_connection() => Err(fault),
        done => Ok(done),
    }
}

/// Works on a connection for so long at most. One that does not answer in time, or whose caller has gone meanwhile, is
/// dropped: an answer may still be on its way to it. So is one that the work could not leave in order, which is its fault.
async fn in_time<T>(
    operation: &'static str,
    most: Duration,
    connection: Pooled,
    work: impl AsyncFnOnce(&mut Conn) -> Result<T, Fault>,
) -> StoreResult<T> {
    let mut held = Held(Some(connection));
    let Some(connection) = &mut held.0 else { unreachable!("it was put there above") };
    match tokio::time::timeout(most, work(connection)).await {
        Ok(Ok(done)) => {
            // Back into the pool.
            held.0 = None;
            Ok(done)
        }
        Ok(Err(fault)) => Err(store_error(operation, fault)),
        Err(_) => Err(StoreError::Unavailable { operation, source: Box::new(NoAnswer(most)) }),
    }
}

type Pooled = deadpool::Object<AsyncPgConnection>;

/// A connection that is dropped, not given back to the pool, unless it is taken out before.
struct Held(Option<Pooled>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Pooled::take(connection));
        }
    }
}

/// The database did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer within {0:?}")]
pub(crate) struct NoAnswer(Duration);

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

/// Counts the statements of a connection.
fn counting(mut connection: AsyncPgConnection, statements: Arc<AtomicU64>) -> AsyncPgConnection {
    connection.set_instrumentation(move |event: diesel::connection::InstrumentationEvent<'_>| {
        if matches!(event, diesel::connection::InstrumentationEvent::StartQuery { .. }) {
            statements.fetch_add(1, Ordering::Relaxed);
        }
    });
    connection
}

#[derive(diesel::QueryableByName)]
struct Now {
    #[diesel(sql_type = Timestamptz)]
    now: columns::Time,
}

/// The database's clock.
async fn now(mut c: &Conn) -> Result<Timestamp, Fault> {
    let row: Now = sql_query("SELECT clock_timestamp() AS now").get_result(&mut c).await?;
    Ok(row.now.0)
}
