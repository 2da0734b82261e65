//! The log and the counters.

use crate::columns::{Time, time, time_opt};

use crate::error::Fault;
use crate::sql::{Sql, given, sql_query};
use crate::{Conn, PostgresStore};
use async_trait::async_trait;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use sync_core::id::{AccountId, LogId, PersonId, SyncId};
use sync_core::link::UniqueId;
use sync_core::log::{FailureKind, LogEntry, LogFilter, LogOutcome, packed};
use sync_core::page::{Page, PageRequest};
use sync_core::ports::{CounterFilter, LogStore, StoreError, StoreResult};
use sync_core::stats::{CounterKey, CounterKind, CounterRow};
use sync_core::sync::Operation;
use sync_core::time::Timestamp;
use sync_core::transition::EntryKey;
use uuid::Uuid;

pub(crate) const COLUMNS: &str = "account, id, at, sync, person, person_version, operation, outcome, failure, message, unique_id, \
    unique_id_number, attempt, duration_ms, exchange, next_attempt_at";

#[derive(diesel::QueryableByName)]
pub(crate) struct LogRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    at: Time,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = BigInt)]
    person_version: i64,
    #[diesel(sql_type = SmallInt)]
    operation: i16,
    #[diesel(sql_type = SmallInt)]
    outcome: i16,
    #[diesel(sql_type = Nullable<SmallInt>)]
    failure: Option<i16>,
    #[diesel(sql_type = Text)]
    message: String,
    #[diesel(sql_type = Nullable<Text>)]
    unique_id: Option<String>,
    #[diesel(sql_type = Bool)]
    unique_id_number: bool,
    #[diesel(sql_type = Nullable<Integer>)]
    attempt: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    duration_ms: Option<i32>,
    #[diesel(sql_type = Nullable<Binary>)]
    exchange: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next_attempt_at: Option<Time>,
}

impl LogRow {
    fn entry(self) -> Result<LogEntry, StoreError> {
        let corrupt =
            |column| StoreError::Corrupt { table: "log_entries", column, key: format!("{} {}", self.account, self.id) };
        let failure = match self.failure {
            None => None,
            Some(code) => Some(FailureKind::from_code(code).ok_or_else(|| corrupt("failure"))?),
        };
        let (request, response) = match &self.exchange {
            None => (None, None),
            Some(value) => packed::unpack(value).map_err(|_| corrupt("exchange"))?,
        };
        Ok(LogEntry {
            account: AccountId(self.account),
            id: LogId(self.id),
            at: self.at.0,
            sync: SyncId(self.sync),
            person: PersonId::new(self.person.clone()).map_err(|_| corrupt("person"))?,
            person_version: self.person_version,
            operation: Operation::from_code(self.operation).ok_or_else(|| corrupt("operation"))?,
            outcome: LogOutcome::from_code(self.outcome).ok_or_else(|| corrupt("outcome"))?,
            failure,
            unique_id: self.unique_id.clone().and_then(|id| UniqueId::from_parts(id, self.unique_id_number)),
            message: self.message,
            attempt: self.attempt,
            duration_ms: self.duration_ms,
            request: request.map(Arc::new),
            response: response.map(Arc::new),
            next_attempt_at: self.next_attempt_at.map(|at| at.0),
        })
    }
}

pub(crate) fn entries(rows: Vec<LogRow>) -> Result<Vec<LogEntry>, Fault> {
    rows.into_iter().map(|row| row.entry().map_err(Fault::from)).collect()
}

/// Writes entries in bulk.
pub(crate) fn insertion<'q>(log: &[LogEntry]) -> Sql<'q> {
    fn all<T>(log: &[LogEntry], of: impl Fn(&LogEntry) -> T) -> Vec<T> {
        log.iter().map(of).collect()
    }
    let text = |text: &str| sync_core::text::without_nul(text).into_owned();
    sql_query(
        "INSERT INTO log_entries (account, id, at, sync, person, person_version, operation, outcome, failure, message, \
         unique_id, unique_id_number, attempt, duration_ms, status, exchange, next_attempt_at) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind::<Array<SqlUuid>, _>(all(log, |e| e.account.0))
    .bind::<Array<SqlUuid>, _>(all(log, |e| e.id.0))
    .bind::<Array<Timestamptz>, _>(all(log, |e| time(e.at)))
    .bind::<Array<SqlUuid>, _>(all(log, |e| e.sync.0))
    .bind::<Array<Text>, _>(all(log, |e| e.person.as_str().to_owned()))
    .bind::<Array<BigInt>, _>(all(log, |e| e.person_version))
    .bind::<Array<SmallInt>, _>(all(log, |e| e.operation.code()))
    .bind::<Array<SmallInt>, _>(all(log, |e| e.outcome.code()))
    .bind::<Array<Nullable<SmallInt>>, _>(all(log, |e| e.failure.map(FailureKind::code)))
    .bind::<Array<Text>, _>(all(log, |e| text(&e.message)))
    .bind::<Array<Nullable<Text>>, _>(all(log, |e| e.unique_id.as_ref().map(ToString::to_string)))
    .bind::<Array<Bool>, _>(all(log, |e| e.unique_id.as_ref().is_some_and(UniqueId::is_number)))
    .bind::<Array<Nullable<Integer>>, _>(all(log, |e| e.attempt))
    .bind::<Array<Nullable<Integer>>, _>(all(log, |e| e.duration_ms))
    .bind::<Array<Nullable<SmallInt>>, _>(all(log, |e| {
        e.response.as_ref().map(|response| i16::try_from(response.status).unwrap_or(i16::MAX))
    }))
    .bind::<Array<Nullable<Binary>>, _>(all(log, |e| packed::pack(e.request.as_deref(), e.response.as_deref())))
    .bind::<Array<Nullable<Timestamptz>>, _>(all(log, |e| time_opt(e.next_attempt_at)))
}

/// Which of these entries there are.
pub(crate) async fn standing(mut c: &Conn, keys: Vec<EntryKey>) -> Result<HashSet<EntryKey>, Fault> {
    #[derive(diesel::QueryableByName)]
    struct Key {
        #[diesel(sql_type = SqlUuid)]
        account: Uuid,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let (accounts, ids): (Vec<Uuid>, Vec<Uuid>) = keys.into_iter().map(|(account, id)| (account.0, id.0)).unzip();
    let rows: Vec<Key> = sql_query(
        "SELECT l.account, l.id FROM log_entries l WHERE (l.account, l.id) IN (SELECT * FROM UNNEST($1, $2))",
    )
    .bind::<Array<SqlUuid>, _>(accounts)
    .bind::<Array<SqlUuid>, _>(ids)
    .get_results(&mut c)
    .await?;
    Ok(rows.into_iter().map(|row| (AccountId(row.account), LogId(row.id))).collect())
}

/// How far the clocks of nodes may be apart.
pub(crate) const CLOCKS_APART: Duration = Duration::from_secs(24 * 3600);

/// The least id of entries at a time: ids are UUIDs version 7, whose first 48 bits are milliseconds. Entries made within
/// the same millisecond are told apart by their time.
pub(crate) fn least_id(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millis()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    Uuid::from_u128(millis << 80)
}

#[async_trait]
impl LogStore for PostgresStore {
    async fn logs(
        &self,
        account: AccountId,
        filter: &LogFilter,
        page: PageRequest<LogId>,
    ) -> StoreResult<Page<LogEntry>> {
        let filter = filter.clone();
        self.read("read the log", |c| {
            Box::pin(async move {
                let codes = |codes: Option<Vec<i16>>| codes;
                // Only what is asked for is named: so that an index on it is of use.
                let conditions = [
                    given(page.after.is_some(), "AND id < $2"),
                    given(filter.sync.is_some(), "AND sync = $3"),
                    given(filter.person.is_some(), "AND person = $4"),
                    given(filter.operations.is_some(), "AND operation = ANY($5)"),
                    given(filter.outcomes.is_some(), "AND outcome = ANY($6)"),
                    given(filter.failures.is_some(), "AND failure = ANY($7)"),
                    given(filter.status_at_least.is_some(), "AND status >= $8"),
                    given(filter.status_at_most.is_some(), "AND status <= $9"),
                    given(filter.since.is_some(), "AND at >= $10"),
                    given(filter.until.is_some(), "AND at < $11"),
                ]
                .join(" ");
                let rows: Vec<LogRow> = sql_query(format!(
                    "SELECT {COLUMNS} FROM log_entries WHERE account = $1 {conditions} ORDER BY id DESC LIMIT $12"
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<Nullable<SqlUuid>, _>(page.after.map(|id| id.0))
                .bind::<Nullable<SqlUuid>, _>(filter.sync.map(|id| id.0))
                .bind::<Nullable<Text>, _>(filter.person.map(String::from))
                .bind::<Nullable<Array<SmallInt>>, _>(codes(
                    filter.operations.map(|all| all.into_iter().map(Operation::code).collect()),
                ))
                .bind::<Nullable<Array<SmallInt>>, _>(codes(
                    filter.outcomes.map(|all| all.into_iter().map(LogOutcome::code).collect()),
                ))
                .bind::<Nullable<Array<SmallInt>>, _>(codes(
                    filter.failures.map(|all| all.into_iter().map(FailureKind::code).collect()),
                ))
                .bind::<Nullable<Integer>, _>(filter.status_at_least)
                .bind::<Nullable<Integer>, _>(filter.status_at_most)
                .bind::<Nullable<Timestamptz>, _>(time_opt(filter.since))
                .bind::<Nullable<Timestamptz>, _>(time_opt(filter.until))
                .bind::<BigInt, _>(page.first as i64 + 1)
                .get_results(c)
                .await?;
                Ok(Page::of(entries(rows)?, page.first))
            })
        })
        .await
    }

    async fn logs_by_ids(&self, account: AccountId, ids: &[LogId]) -> StoreResult<Vec<LogEntry>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.read("read the log", |c| {
            Box::pin(async move {
                let rows: Vec<LogRow> =
                    sql_query(format!("SELECT {COLUMNS} FROM log_entries WHERE account = $1 AND id = ANY($2)"))
                        .bind::<SqlUuid, _>(account.0)
                        .bind::<Array<SqlUuid>, _>(ids)
                        .get_results(c)
                        .await?;
                entries(rows)
            })
        })
        .await
    }

    async fn counters(&self, account: AccountId, filter: &CounterFilter) -> StoreResult<Vec<CounterRow>> {
        let filter = filter.clone();
        self.read("read counters", |c| {
            Box::pin(async move {
                let rows: Vec<CountedRow> = sql_query(format!(
                    "SELECT n.start, n.operation, n.kind, n.bucket, sum(n.n)::bigint AS n \
                     FROM (SELECT s.account, s.id, k.span FROM syncs s CROSS JOIN UNNEST(ARRAY[60, 3600]) AS k(span) \
                         WHERE s.account = $1 {} OFFSET 0) AS s \
                     JOIN counters n ON n.account = s.account AND n.sync = s.id AND n.span = s.span \
                         AND n.start >= $4 AND n.start < $5 {} \
                     GROUP BY n.start, n.operation, n.kind, n.bucket ORDER BY n.start, n.operation, n.kind, n.bucket",
                    given(filter.sync.is_some(), "AND s.id = $2"),
                    given(filter.operation.is_some(), "AND n.operation = $3"),
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<Nullable<SqlUuid>, _>(filter.sync.map(|id| id.0))
                .bind::<Nullable<SmallInt>, _>(filter.operation.map(Operation::code))
                .bind::<Timestamptz, _>(time(filter.since))
                .bind::<Timestamptz, _>(time(filter.until))
                .get_results(c)
                .await?;
                rows.into_iter().map(|row| row.counted().map_err(Fault::from)).collect()
            })
        })
        .await
    }
}

#[derive(diesel::QueryableByName)]
pub(crate) struct CountedRow {
    #[diesel(sql_type = Timestamptz)]
    start: Time,
    #[diesel(sql_type = SmallInt)]
    operation: i16,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = SmallInt)]
    bucket: i16,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl CountedRow {
    pub(crate) fn counted(self) -> Result<CounterRow, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "counters", column, key: self.start.0.to_string() };
        let key = CounterKey {
            operation: Operation::from_code(self.operation).ok_or_else(|| corrupt("operation"))?,
            kind: CounterKind::from_code(self.kind).ok_or_else(|| corrupt("kind"))?,
            bucket: self.bucket,
        };
        Ok(CounterRow { start: self.start.0, key, count: self.n })
    }
}
