use super::{small, sound, uuid};
use crate::error::Fault;
use crate::sql::{Db, Value, values};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use std::sync::Arc;
use sync_core::id::{AccountId, LogId, PersonId, SyncId};
use sync_core::link::UniqueId;
use sync_core::log::{FailureKind, LogEntry, LogOutcome, packed};
use sync_core::sync::Operation;
use sync_core::time::Timestamp;

#[derive(QueryableByName)]
struct LogRow {
    #[diesel(sql_type = Binary)]
    account: Vec<u8>,
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Binary)]
    sync: Vec<u8>,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = BigInt)]
    person_version: i64,
    #[diesel(sql_type = BigInt)]
    operation: i64,
    #[diesel(sql_type = BigInt)]
    outcome: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    failure: Option<i64>,
    #[diesel(sql_type = Text)]
    message: String,
    #[diesel(sql_type = Nullable<Text>)]
    unique_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    unique_id_number: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    attempt: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    duration_ms: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    exchange: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    next_attempt_at: Option<i64>,
}

const TABLE: &str = "log_entries";

impl LogRow {
    fn entry(self) -> Result<LogEntry, Fault> {
        let id = LogId(uuid(&self.id, TABLE, "id")?);
        let (request, response) = match &self.exchange {
            None => (None, None),
            Some(value) => sound(packed::unpack(value).ok(), TABLE, "exchange", id)?,
        };
        let code = |value, column| small::<i16>(value, TABLE, column, id);
        Ok(LogEntry {
            account: AccountId(uuid(&self.account, TABLE, "account")?),
            id,
            at: Timestamp::from_micros(self.at),
            sync: SyncId(uuid(&self.sync, TABLE, "sync")?),
            person: sound(PersonId::new(self.person).ok(), TABLE, "person", id)?,
            person_version: self.person_version,
            operation: sound(Operation::from_code(code(self.operation, "operation")?), TABLE, "operation", id)?,
            outcome: sound(LogOutcome::from_code(code(self.outcome, "outcome")?), TABLE, "outcome", id)?,
            failure: self
                .failure
                .map(|failure| sound(FailureKind::from_code(code(failure, "failure")?), TABLE, "failure", id))
                .transpose()?,
            message: self.message,
            unique_id: self
                .unique_id
                .map(|text| sound(UniqueId::from_parts(text, self.unique_id_number != 0), TABLE, "unique_id", id))
                .transpose()?,
            attempt: self.attempt.map(|attempt| small(attempt, TABLE, "attempt", id)).transpose()?,
            duration_ms: self.duration_ms.map(|ms| small(ms, TABLE, "duration_ms", id)).transpose()?,
            request: request.map(Arc::new),
            response: response.map(Arc::new),
            next_attempt_at: self.next_attempt_at.map(Timestamp::from_micros),
        })
    }
}

/// Reads entries; `rest` follows the FROM clause.
pub(crate) fn read(db: &mut Db, rest: &str, values: &[Value]) -> Result<Vec<LogEntry>, Fault> {
    db.rows::<LogRow>(&format!("SELECT * FROM log_entries {rest}"), values)?.into_iter().map(LogRow::entry).collect()
}

/// Whether there is an entry.
pub(crate) fn exists(db: &mut Db, account: AccountId, id: LogId) -> Result<bool, Fault> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Integer)]
        found: i32,
    }
    let text = "SELECT EXISTS (SELECT 1 FROM log_entries WHERE account = ? AND id = ?) AS found";
    let row: Option<Found> = db.row(text, &values![account.0, id.0])?;
    Ok(row.is_some_and(|row| row.found != 0))
}

/// Writes an entry, unless there is one of its id.
pub(crate) fn insert(db: &mut Db, entry: &LogEntry) -> Result<(), Fault> {
    db.run(
        "INSERT INTO log_entries (account, id, at, sync, person, person_version, operation, outcome, failure, message, \
         unique_id, unique_id_number, attempt, duration_ms, status, exchange, next_attempt_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, id) DO NOTHING",
        &values![
            entry.account.0,
            entry.id.0,
            entry.at,
            entry.sync.0,
            &entry.person,
            entry.person_version,
            entry.operation.code(),
            entry.outcome.code(),
            entry.failure.map(FailureKind::code),
            entry.message.as_str(),
            entry.unique_id.as_ref().map(UniqueId::as_str),
            entry.unique_id.as_ref().is_some_and(UniqueId::is_number),
            entry.attempt,
            entry.duration_ms,
            entry.response.as_ref().map(|response| i32::from(response.status)),
            packed::pack(entry.request.as_deref(), entry.response.as_deref()).as_deref(),
            entry.next_attempt_at
        ],
    )?;
    Ok(())
}
