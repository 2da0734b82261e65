//! Where a transaction begins and where it ends. BEGIN and COMMIT are statements like the others: each goes out with those
//! next to it.

use crate::Conn;
use crate::batch::{Batch, Stopped};
use crate::error::Fault;
use crate::sql::sql_query;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A transaction that has begun: only such a one is committed.
pub(crate) struct Begun(());

/// A transaction that is known to be committed.
pub(crate) struct Committed(());

tokio::task_local! {
    /// Of the transaction that the task works on. Not an argument: it is of no concern to what is between BEGIN and COMMIT.
    static COMMIT: CommitSent;
}

/// Whether COMMIT may have been sent, and what became of it is open. It outlives a transaction that is given up.
#[derive(Clone, Default)]
pub(crate) struct CommitSent(Arc<AtomicU8>);

const NOT_SENT: u8 = 0;
const SENT: u8 = 1;
/// Sent, and answered with a fault of its own; any other fault is that of a statement before it.
const FAILED: u8 = 2;

impl CommitSent {
    /// Of a transaction that a future works on.
    pub(crate) async fn watch<T>(&self, transaction: impl Future<Output = T>) -> T {
        COMMIT.scope(self.clone(), transaction).await
    }

    /// Notes it of the transaction that this task works on. Where nobody watches, nobody asks.
    fn note(state: u8) {
        let _watched = COMMIT.try_with(|commit| commit.0.store(state, Ordering::SeqCst));
    }

    fn state(&self) -> u8 {
        AtomicU8::load(&self.0, Ordering::SeqCst)
    }

    /// Nobody has heard yet what became of it.
    pub(crate) fn is_open(&self) -> bool {
        self.state() != NOT_SENT
    }

    /// Whether a fault says that nothing was committed, as long as its session goes on.
    pub(crate) fn is_refused_by(&self, fault: &Fault) -> bool {
        match self.state() {
            NOT_SENT => false,
            FAILED => fault.is_refusal_of_commit(),
            // Answers come in the order of the statements: who refuses one has not come to COMMIT, whatever the reason.
            _ => fault.is_refusal_of_a_statement(),
        }
    }

    /// It is known that nothing was committed.
    pub(crate) fn was_refused(&self) {
        self.0.store(NOT_SENT, Ordering::SeqCst);
    }
}

/// Begins a transaction: to be polled together with its first statements, before them. They may read and lock, but not
/// write: if BEGIN is refused, they are carried out all the same.
pub(crate) async fn begin(mut c: &Conn) -> Result<Begun, Fault> {
    sql_query("BEGIN").execute(&mut c).await?;
    Ok(Begun(()))
}

impl Begun {
    /// Sends the last statements, and COMMIT behind them. That is no error where one of the transaction's statements failed,
    /// Postgres rolls back then; the statement right before it tells, for it is refused.
    pub(crate) async fn commit(self, mut last: Batch<'_>) -> Result<Committed, Fault> {
        if last.is_empty() {
            last.add(sql_query("SELECT 1"));
        }
        last.add(sql_query("COMMIT"));
        // From the first poll on it may be on its way.
        CommitSent::note(SENT);
        match last.run_until().await {
            Ok(()) => Ok(Committed(())),
            Err(Stopped { is_last, fault }) => {
                if is_last {
                    CommitSent::note(FAILED);
                }
                Err(fault)
            }
        }
    }
}

/// Ends a transaction that failed, however far it came.
pub(crate) async fn roll_back(c: &mut Conn) -> Result<(), Fault> {
    Ok(c.batch_execute("ROLLBACK").await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{client, cluster};
    use crate::sql::Sql;
    use crate::sql::ran::of_a_test as sql_query;
    use crate::{Options, PostgresStore};
    use diesel::pg::Pg;
    use diesel::serialize::{self, Output, ToSql};
    use diesel::sql_types::{BigInt, Integer};
    use futures_util::future::{poll_immediate, try_join};
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use sync_core::ports::{StoreError, StoreResult};

    /// A store of a single connection, on which there is a table for the time that it lives.
    async fn store() -> PostgresStore {
        let options = Options { connections_max: 1, ..Options::default() };
        let store = PostgresStore::connect(&cluster().into(), options).await.unwrap();
        store
            .read("test", |c| Box::pin(async move { run(c, "CREATE TEMP TABLE seen (id int PRIMARY KEY)").await }))
            .await
            .unwrap();
        store
    }

    async fn run(c: &mut Conn, statement: &str) -> Result<(), Fault> {
        sql_query(statement).execute(c).await?;
        Ok(())
    }

    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }

    /// How many rows are seen on the store's connection: a fault, where it is not the one of before.
    async fn seen(store: &PostgresStore) -> StoreResult<i64> {
        let read = store.read("test", |c| {
            Box::pin(async move { Ok(sql_query("SELECT count(*) AS n FROM seen").get_result::<Count>(c).await?) })
        });
        Ok(read.await?.n)
    }

    #[tokio::test]
    async fn what_fails_is_rolled_back_and_its_connection_goes_on() {
        let store = store().await;
        let fault: StoreResult<()> = store
            .transact("test", |c| {
                Box::pin(async move {
                    run(c, "INSERT INTO seen VALUES (1)").await?;
                    Err(StoreError::Schema("x".to_owned()).into())
                })
            })
            .await;
        let fault = fault.unwrap_err();
        assert!(matches!(fault, StoreError::Schema(_)), "{fault:?}");
        assert_eq!(seen(&store).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_goes_on_after_a_fault_is_not_taken_for_committed() {
        let store = store().await;
        let fault: StoreResult<()> = store
            .transact("test", |c| {
                Box::pin(async move {
                    run(c, "INSERT INTO seen VALUES (1)").await?;
                    let _ = run(c, "SELECT 1 / (SELECT 0)").await;
                    Ok(())
                })
            })
            .await;
        let fault = fault.unwrap_err();
        assert!(matches!(fault, StoreError::Unknown { .. }), "{fault:?}");
        assert!(
            matches!(seen(&store).await.unwrap_err(), StoreError::Schema(_)),
            "another connection has no such table"
        );
    }

    #[tokio::test]
    async fn what_panics_takes_its_connection_with_it() {
        let store = store().await;
        let fault: StoreResult<()> = store
            .transact("test", |c| {
                Box::pin(async move {
                    run(c, "INSERT INTO seen VALUES (1)").await?;
                    panic!("as a test wants it");
                })
            })
            .await;
        let fault = fault.unwrap_err();
        assert!(matches!(fault, StoreError::Internal { .. }), "{fault:?}");
        let fault = seen(&store).await.unwrap_err();
        assert!(matches!(fault, StoreError::Schema(_)), "another connection has no such table: {fault:?}");
    }

    #[tokio::test]
    async fn what_ends_its_connection_leaves_the_store_another() {
        let store = store().await;
        let fault = store
            .transact("test", |c| {
                Box::pin(async move { run(c, "SELECT pg_terminate_backend(pg_backend_pid())").await })
            })
            .await
            .unwrap_err();
        assert!(matches!(fault, StoreError::Unavailable { .. }), "{fault:?}");
        assert!(matches!(seen(&store).await.unwrap_err(), StoreError::Schema(_)));
    }

    fn insertion(n: i32) -> Sql<'static> {
        sql_query("INSERT INTO seen VALUES ($1)").bind::<Integer, _>(n)
    }

    /// Runs a transaction whose BEGIN and COMMIT are sent with others. Its last statements are a row, and what is `added` for
    /// the try.
    async fn ahead(store: &PostgresStore, added: fn(usize, &mut Batch<'_>)) -> (StoreResult<()>, usize) {
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = tries.clone();
        let done = store.transact_ahead("test", move |c| {
            let no = counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                let mut read = &*c;
                let read = sql_query("SELECT 1").execute(&mut read);
                let (begun, _) = try_join(begin(c), async { Ok(read.await?) }).await?;
                let mut batch = Batch::new(c);
                batch.add(insertion(1));
                added(no, &mut batch);
                Ok(((), begun.commit(batch).await?))
            })
        });
        (done.await, AtomicUsize::load(&tries, Ordering::SeqCst))
    }

    #[derive(diesel::QueryableByName)]
    struct Backend {
        #[diesel(sql_type = Integer)]
        pid: i32,
    }

    /// Waits until all that was sent to a backend is carried out, which ends with a statement.
    async fn until_done(observer: &tokio_postgres::Client, backend: &Backend, state: &str, statement: &str) {
        let sql = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = $2 AND query = $3";
        for _ in 0..10_000 {
            if !observer.query(sql, &[&backend.pid, &state, &statement]).await.unwrap().is_empty() {
                return;
            }
        }
        panic!("the backend never was {state} after {statement}");
    }

    /// BEGIN with the first statement, and then COMMIT with the last: each pair is sent when it is polled once.
    async fn in_pairs(c: &Conn, observer: &tokio_postgres::Client) -> Result<(), Fault> {
        let (mut read, statement) = (c, "SELECT pg_backend_pid() AS pid");
        let backend: Backend = sql_query(statement).get_result(&mut read).await?;
        for is_prepared in [false, true] {
            let read = sql_query(statement).execute(&mut read);
            let mut first = pin!(try_join(begin(c), async { Ok(read.await?) }));
            if is_prepared {
                assert!(poll_immediate(&mut first).await.is_none());
                until_done(observer, &backend, "idle in transaction", statement).await;
            }
            let (begun, _) = first.await?;
            let mut last = pin!(begun.commit(Batch::new(c)));
            if is_prepared {
                assert!(poll_immediate(&mut last).await.is_none());
                until_done(observer, &backend, "idle", "COMMIT").await;
            }
            last.await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn begin_and_commit_are_not_waited_for_alone() {
        let (store, observer) = (store().await, client("postgres").await);
        store.read("test", |c| Box::pin(async move { in_pairs(c, &observer).await })).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_sent_with_commit_is_committed() {
        let store = store().await;
        // Once they are prepared on the way, and once they are.
        for n in 1..=2 {
            let (done, tries) = ahead(&store, |_, batch| batch.add(insertion(2))).await;
            assert!(done.is_ok() && tries == 1, "{done:?}");
            assert_eq!(seen(&store).await.unwrap(), 2, "the {n}th time");
            store.read("test", |c| Box::pin(async move { run(c, "TRUNCATE seen").await })).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_fails_before_commit_leaves_nothing_and_is_told() {
        let store = store().await;
        for _ in 0..2 {
            let (done, tries) = ahead(&store, |_, batch| {
                batch.add(sql_query("SELECT 1 / (SELECT 0)"));
                batch.add(insertion(2));
            })
            .await;
            let Err(StoreError::Internal { source, .. }) = done else { panic!("{done:?}") };
            assert!(source.to_string().starts_with("[22012] "), "{source}");
            assert_eq!((tries, seen(&store).await.unwrap()), (1, 0));
        }
    }

    /// COMMIT comes behind it, and was not reached. A proxy that lost its server, or a server that ends the session, says
    /// nothing of that.
    #[tokio::test]
    async fn what_is_refused_before_commit_is_known_to_be_undone() {
        let (done, _) = ahead(&store().await, |_, batch| {
            batch.add(sql_query("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"));
        })
        .await;
        assert!(matches!(done, Err(StoreError::Unavailable { .. })), "{done:?}");
        let (done, _) = ahead(&store().await, |_, batch| {
            batch.add(sql_query("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'XX000'; END $$"));
        })
        .await;
        assert!(matches!(done, Err(StoreError::Unknown { .. })), "{done:?}");
        let (done, tries) = ahead(&store().await, |_, batch| {
            batch.add(sql_query("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '08006'; END $$"));
        })
        .await;
        assert!(matches!(done, Err(StoreError::Lost { .. })) && tries == 1, "{done:?}");
    }

    /// COMMIT's own answer: by a constraint that is checked only then it is refused, and the session goes on.
    #[tokio::test]
    async fn what_commit_itself_refuses_is_known_to_be_undone() {
        let store = store().await;
        store
            .read("test", |c| {
                Box::pin(async move { run(c, "ALTER TABLE seen ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED").await })
            })
            .await
            .unwrap();
        let twice: fn(usize, &mut Batch<'_>) = |_, batch| {
            batch.add(sql_query("ALTER TABLE seen DROP CONSTRAINT seen_pkey"));
            batch.add(insertion(1));
        };
        let (done, tries) = ahead(&store, twice).await;
        assert!(matches!(done, Err(StoreError::Internal { .. })) && tries == 1, "{done:?}");
        assert_eq!(seen(&store).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_others_are_the_cause_of_is_repeated() {
        let store = store().await;
        let causes: [fn(usize, &mut Batch<'_>); 2] = [
            |no, batch| batch.add_new(insertion(if no == 0 { 1 } else { 2 })),
            |no, batch| {
                if no == 0 {
                    batch.add(sql_query("DO $$ BEGIN RAISE serialization_failure; END $$"));
                }
                batch.add(insertion(2));
            },
        ];
        for cause in causes {
            let (done, tries) = ahead(&store, cause).await;
            assert!(done.is_ok(), "{done:?}");
            assert_eq!((tries, seen(&store).await.unwrap()), (2, 2));
            store.read("test", |c| Box::pin(async move { run(c, "TRUNCATE seen").await })).await.unwrap();
        }
    }

    /// What cannot be sent.
    #[derive(Debug)]
    struct Unsendable;

    impl ToSql<Integer, Pg> for Unsendable {
        fn to_sql<'b>(&'b self, _: &mut Output<'b, '_, Pg>) -> serialize::Result {
            Err("it cannot be sent".into())
        }
    }

    #[tokio::test]
    async fn what_cannot_be_sent_keeps_commit_back() {
        let store = store().await;
        for _ in 0..2 {
            let (done, _) = ahead(&store, |_, batch| {
                batch.add(sql_query("INSERT INTO seen VALUES ($1)").bind::<Integer, _>(Unsendable));
            })
            .await;
            let Err(StoreError::Internal { source, .. }) = done else { panic!("{done:?}") };
            assert!(source.to_string().contains("cannot be sent"), "{source}");
            assert_eq!(seen(&store).await.unwrap(), 0);
        }
    }
}
