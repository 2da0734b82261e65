//! Statements sent one behind the other, none waiting for the answers of those before it. A transaction over a network takes
//! as long as it waits for answers.
//!
//! The database carries out what comes over one connection in the order in which it comes, so locks are taken and rows read
//! as if each statement had been waited for. What keeps the order is that the futures are polled in it: each puts its
//! statement on the wire at its first poll, or, where it is prepared first, holds the connection's statements until then, and
//! those behind it queue. So only futures of a single statement are polled together, and only in order: `try_join` of
//! `futures_util` does, tokio's macro (without `biased`), `try_join_all` and `FuturesUnordered` do not.

use crate::Conn;
use crate::error::Fault;
use crate::sql::Sql;
use diesel::QueryResult;
use diesel::result::DatabaseErrorKind::UniqueViolation;
use diesel::result::Error::{DatabaseError, RollbackTransaction};
use diesel_async::RunQueryDsl;
use futures_util::future::BoxFuture;
use std::future::poll_fn;
use std::task::Poll;

/// Statements that write, in their order.
pub(crate) struct Batch<'c> {
    c: &'c Conn,
    statements: Vec<Statement<'c>>,
}

struct Statement<'c> {
    answer: BoxFuture<'c, QueryResult<usize>>,
    /// What it writes must not be there yet.
    is_new: bool,
    is_done: bool,
}

/// Why a batch was not carried out.
pub(crate) struct Stopped {
    /// Whether it was its last statement that failed.
    pub(crate) is_last: bool,
    /// How.
    pub(crate) fault: Fault,
}

impl<'c> Batch<'c> {
    pub(crate) fn new(c: &'c Conn) -> Self {
        Self { c, statements: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// Adds a statement.
    pub(crate) fn add(&mut self, statement: Sql<'_>) {
        self.push(statement, false);
    }

    /// Adds a statement, if there is one.
    pub(crate) fn extend(&mut self, statement: Option<Sql<'_>>) {
        if let Some(statement) = statement {
            self.add(statement);
        }
    }

    /// Adds an insertion of rows that were not there when they were looked for.
    pub(crate) fn add_new(&mut self, statement: Sql<'_>) {
        self.push(statement, true);
    }

    fn push(&mut self, statement: Sql<'_>, is_new: bool) {
        let mut c = self.c;
        self.statements.push(Statement { answer: statement.execute(&mut c), is_new, is_done: false });
    }

    /// Sends them all. Where what should be new is there, somebody else made it meanwhile: the fault is one for which the
    /// transaction is repeated.
    pub(crate) async fn run(self) -> Result<(), Fault> {
        self.run_until().await.map_err(|stopped| stopped.fault)
    }

    /// As [`Self::run`]; a fault comes with the statement that it was the answer to.
    pub(crate) async fn run_until(mut self) -> Result<(), Stopped> {
        let count = self.statements.len();
        poll_fn(|context| {
            let mut pending = false;
            for (at, statement) in self.statements.iter_mut().enumerate().filter(|(_, statement)| !statement.is_done) {
                let fault = match statement.answer.as_mut().poll(context) {
                    Poll::Ready(Ok(_)) => {
                        statement.is_done = true;
                        continue;
                    }
                    Poll::Pending => {
                        pending = true;
                        continue;
                    }
                    Poll::Ready(Err(DatabaseError(UniqueViolation, _))) if statement.is_new => RollbackTransaction,
                    Poll::Ready(Err(fault)) => fault,
                };
                return Poll::Ready(Err(Stopped { is_last: at + 1 == count, fault: fault.into() }));
            }
            if pending { Poll::Pending } else { Poll::Ready(Ok(())) }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::cluster;
    use crate::sql::ran::of_a_test as sql_query;
    use crate::sqlstate::code_of;
    use crate::{Options, PostgresStore};
    use diesel::sql_types::Text;
    use futures_util::TryFutureExt;
    use futures_util::future::try_join;

    #[derive(diesel::QueryableByName)]
    struct Seen {
        #[diesel(sql_type = Text)]
        seen: String,
    }

    /// Notes a number behind those that were noted before. Each is a text of its own, which has to be prepared.
    fn note(n: usize) -> Sql<'static> {
        sql_query(format!("SELECT set_config('seen.numbers', current_setting('seen.numbers', true) || ' {n}', false)"))
    }

    async fn store() -> PostgresStore {
        PostgresStore::connect(&cluster().into(), Options { connections_max: 1, ..Options::default() }).await.unwrap()
    }

    /// Notes 200 numbers, and reads them behind that.
    async fn noted(c: &Conn) -> Result<String, Fault> {
        let (mut reset, mut read) = (c, c);
        sql_query("SELECT set_config('seen.numbers', '', false)").execute(&mut reset).await?;
        let mut batch = Batch::new(c);
        (0..200).for_each(|n| batch.add(note(n)));
        let seen = sql_query("SELECT current_setting('seen.numbers') AS seen").get_result::<Seen>(&mut read);
        let ((), seen) = try_join(batch.run(), seen.map_err(Fault::from)).await?;
        Ok(seen.seen)
    }

    #[tokio::test]
    async fn statements_are_carried_out_in_their_order_prepared_or_not() {
        let store = store().await;
        let expected = (0..200).fold(String::new(), |seen, n| format!("{seen} {n}"));
        // Once they are prepared on the way, and once they are.
        for _ in 0..2 {
            let seen = store.read("test", |c| Box::pin(async move { noted(c).await })).await.unwrap();
            assert_eq!(seen, expected);
        }
    }

    #[tokio::test]
    async fn the_first_fault_is_told_and_the_connection_goes_on() {
        let store = store().await;
        let fault = store
            .read("test", |c| {
                Box::pin(async move {
                    let mut batch = Batch::new(c);
                    batch.add(sql_query("SELECT 1"));
                    batch.add(sql_query("SELECT 1 / (SELECT 0)"));
                    batch.add(sql_query("SELECT sqrt((SELECT -1))"));
                    Ok(batch.run().await)
                })
            })
            .await
            .unwrap()
            .unwrap_err();
        assert!(
            matches!(&fault, Fault::Database(DatabaseError(_, info)) if code_of(info.message()) == Some("22012")),
            "{fault:?}"
        );
        store.read("test", |c| Box::pin(async move { Batch::new(c).run().await })).await.unwrap();
    }

    #[tokio::test]
    async fn a_row_that_should_be_new_and_is_not_has_the_transaction_repeated() {
        let store = store().await;
        let insertion = "INSERT INTO accounts (id, name) VALUES ('00000000-0000-0000-0000-0000000000ff', 'x')";
        let run = |is_new| {
            store.read("test", move |c| {
                Box::pin(async move {
                    sql_query("CREATE TEMP TABLE IF NOT EXISTS accounts (id uuid PRIMARY KEY, name text)")
                        .execute(c)
                        .await?;
                    let mut batch = Batch::new(c);
                    batch.push(sql_query(insertion), is_new);
                    Ok(batch.run().await)
                })
            })
        };
        assert!(run(true).await.unwrap().is_ok());
        let fault = run(true).await.unwrap().unwrap_err();
        assert!(matches!(fault, Fault::Database(RollbackTransaction)) && fault.is_repeatable(), "{fault:?}");
        let fault = run(false).await.unwrap().unwrap_err();
        assert!(matches!(fault, Fault::Database(DatabaseError(UniqueViolation, _))), "{fault:?}");
    }
}
