//! Statements as text, their values and rows: the thin layer over diesel that everything here goes through.
//!
//! Texts are constants wherever they can be: a prepared statement is kept for each text. Several rows are read by one
//! statement (`json_each` over the list of their keys); they are written by one prepared statement run for each, which in
//! an embedded database costs less than making and taking apart a JSON document.

use crate::error::Fault;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Untyped};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{QueryResult, QueryableByName, RunQueryDsl};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// A value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}
impl From<i16> for Value {
    fn from(value: i16) -> Self {
        Self::Integer(value.into())
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}
impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}
impl From<sync_core::time::Timestamp> for Value {
    fn from(value: sync_core::time::Timestamp) -> Self {
        Self::Integer(value.as_micros())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}
impl From<&sync_core::id::PersonId> for Value {
    fn from(value: &sync_core::id::PersonId) -> Self {
        Self::Text(value.as_str().to_owned())
    }
}
impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Blob(value.as_bytes().to_vec())
    }
}
impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Blob(value.to_vec())
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Values of a statement, each of its own type.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// A list of texts, for `json_each`.
pub(crate) fn json_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().collect::<serde_json::Value>().to_string()
}

/// A list of UUIDs as hexadecimal texts, for `unhex(value)` over `json_each`.
pub(crate) fn json_uuids(ids: impl IntoIterator<Item = Uuid>) -> String {
    ids.into_iter().map(|id| id.simple().to_string()).collect::<serde_json::Value>().to_string()
}

/// A statement whose values stand where its text has question marks.
struct Statement<'a> {
    text: &'a str,
    values: &'a [Value],
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for (at, part) in self.text.split('?').enumerate() {
            if at > 0 {
                match values.next().unwrap_or(&Value::Null) {
                    Value::Null => out.push_bind_param::<Nullable<BigInt>, _>(&None::<i64>)?,
                    Value::Integer(value) => out.push_bind_param::<BigInt, _>(value)?,
                    Value::Text(value) => out.push_bind_param::<Text, _>(value)?,
                    Value::Blob(value) => out.push_bind_param::<Binary, _>(value)?,
                }
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    // Kept by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Statement<'_> {}

/// One connection.
pub(crate) struct Db {
    connection: SqliteConnection,
    statements: Arc<AtomicU64>,
}

type Transactions = AnsiTransactionManager;

/// Every text that was run in this process, for the test of their plans.
#[cfg(test)]
pub(crate) static TEXTS: std::sync::Mutex<std::collections::BTreeSet<String>> =
    std::sync::Mutex::new(std::collections::BTreeSet::new());

impl Db {
    pub(crate) fn new(connection: SqliteConnection, statements: Arc<AtomicU64>) -> Self {
        Self { connection, statements }
    }

    /// The bare connection, for migrations.
    pub(crate) fn bare(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Runs texts without values, such as PRAGMAs.
    pub(crate) fn batch(&mut self, text: &str) -> Result<(), Fault> {
        Ok(self.connection.batch_execute(text)?)
    }

    fn note(&self, text: &str, values: &[Value]) {
        debug_assert_eq!(text.matches('?').count(), values.len(), "{text}");
        self.statements.fetch_add(1, Ordering::Relaxed);
        #[cfg(test)]
        TEXTS.lock().unwrap().insert(text.to_owned());
    }

    /// Reads rows.
    pub(crate) fn rows<T: QueryableByName<Sqlite> + 'static>(
        &mut self,
        text: &str,
        values: &[Value],
    ) -> Result<Vec<T>, Fault> {
        self.note(text, values);
        Ok(Statement { text, values }.load::<T>(&mut self.connection)?)
    }

    /// Reads the first row.
    pub(crate) fn row<T: QueryableByName<Sqlite> + 'static>(
        &mut self,
        text: &str,
        values: &[Value],
    ) -> Result<Option<T>, Fault> {
        Ok(self.rows(text, values)?.into_iter().next())
    }

    /// Reads one number, the column `n`; 0 where there is no row.
    pub(crate) fn number(&mut self, text: &str, values: &[Value]) -> Result<i64, Fault> {
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = BigInt)]
            n: i64,
        }
        Ok(self.row::<Number>(text, values)?.map_or(0, |row| row.n))
    }

    /// Runs a statement. Returns how many rows it changed.
    pub(crate) fn run(&mut self, text: &str, values: &[Value]) -> Result<usize, Fault> {
        self.note(text, values);
        Ok(Statement { text, values }.execute(&mut self.connection)?)
    }

    /// Does something as a whole or not at all: a transaction, or a savepoint within one.
    pub(crate) fn atomically<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        Transactions::begin_transaction(&mut self.connection)?;
        self.end(work, Fault::Sql)
    }

    /// As [`Self::atomically`], waiting for the right to write first, so that a read is never followed by a write that
    /// comes too late.
    pub(crate) fn write<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        Transactions::begin_transaction_sql(&mut self.connection, "BEGIN IMMEDIATE")?;
        self.end(work, Fault::of_commit)
    }

    fn end<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
        uncommitted: fn(DieselError) -> Fault,
    ) -> Result<T, Fault> {
        match work(self) {
            Ok(value) => {
                Transactions::commit_transaction(&mut self.connection).map_err(uncommitted)?;
                Ok(value)
            }
            Err(fault) => {
                // Where SQLite has rolled back by itself (full, I/O error), the whole group is over.
                match Transactions::rollback_transaction(&mut self.connection) {
                    Ok(()) => Err(fault),
                    Err(error) => Err(Fault::Unavailable(format!("{fault}, and it could not be undone: {error}"))),
                }
            }
        }
    }
}
