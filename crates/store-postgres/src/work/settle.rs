//! Settling: links locked in order, then sync_runtime; the log with the rest, or row by row where that failed.

use crate::batch::Batch;
use crate::columns::time;
use crate::error::{Fault, store_error};
use crate::links::{self, Shard};
use crate::logs;
use crate::news;
use crate::signals::notification;
use crate::sql::{Sql, sql_query};
use crate::syncs::{governor_of, governor_writes, sweep_insertion};
use crate::transaction::{Begun, Committed, begin};
use crate::{Conn, PostgresStore};
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::{BoxFuture, try_join5};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use sync_core::backoff::Policy;
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::log::LogEntry;
use sync_core::news::NewsOf;
use sync_core::plan::LinkWrite;
use sync_core::ports::{Signal, StoreError, StoreResult};
use sync_core::stats::{CounterKey, MINUTE_MICROS, span_start};
use sync_core::time::Timestamp;
use sync_core::transition::{
    BatchInput, BatchOutput, SettleResult, Settlement, SyncView, UniqueKey, disturbed, settle_batch, unique_keys,
    unsure_entries,
};
use tracing::{error, warn};
use uuid::Uuid;

/// Settles a batch; one that fails on its data is halved down to the row, so that one row never stops the others. What cannot
/// be written for a reason that is not known is not halved: the engine repeats it first.
pub(super) fn settle(
    store: &PostgresStore,
    settlements: Vec<Settlement>,
) -> BoxFuture<'_, StoreResult<Vec<SettleResult>>> {
    Box::pin(async move {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        let mut settled = settle_once(store, &settlements, Log::WithTheRest).await;
        if let Err(error) = &settled
            && (is_of_the_data(error) || matches!(error, StoreError::Unknown { .. }))
        {
            warn!(
                settlements = settlements.len(),
                ?error,
                "a batch could not be settled, its log is written row by row"
            );
            settled = settle_once(store, &settlements, Log::RowByRow).await;
        }
        match settled {
            Err(error) if is_of_the_data(&error) => {
                warn!(settlements = settlements.len(), ?error, "a batch could not be settled, it is halved");
                if settlements.len() > 1 {
                    let mut first = settlements;
                    let second = first.split_off(first.len() / 2);
                    let mut results = settle(store, first).await?;
                    results.extend(settle(store, second).await?);
                    return Ok(results);
                }
                settle_bare(store, settlements, error).await
            }
            done => done,
        }
    })
}

/// Whether it will be refused again, and other rows need not be.
fn is_of_the_data(error: &StoreError) -> bool {
    matches!(error, StoreError::Internal { .. } | StoreError::Corrupt { .. })
}

/// A single bad row: without its log, then without its answer.
async fn settle_bare(
    store: &PostgresStore,
    mut settlements: Vec<Settlement>,
    error: StoreError,
) -> StoreResult<Vec<SettleResult>> {
    let mut last = error;
    for strip in [strip_log, strip_answer] {
        settlements.iter_mut().for_each(strip);
        match settle_once(store, &settlements, Log::WithTheRest).await {
            Err(error) if is_of_the_data(&error) => last = error,
            done => return done,
        }
    }
    // Its lease ends by time, and then it counts as sent without an answer.
    let link = settlements.iter().map(|settlement| &settlement.link).next();
    error!(?link, error = ?last, "a settlement is refused");
    Ok(vec![SettleResult::Gone; settlements.len()])
}

fn strip_log(settlement: &mut Settlement) {
    settlement.log = None;
}

fn strip_answer(settlement: &mut Settlement) {
    settlement.settled.answer = None;
}

/// How the log is written.
#[derive(Clone, Copy)]
enum Log {
    /// At once: a row that cannot be written fails the batch.
    WithTheRest,
    /// What can be written of it: a log that cannot be written never fails a settlement.
    RowByRow,
}

async fn settle_once(store: &PostgresStore, settlements: &[Settlement], log: Log) -> StoreResult<Vec<SettleResult>> {
    let (this, settlements) = (store.clone(), Arc::new(settlements.to_vec()));
    let settled = store.transact_ahead("settle", move |c| {
        let (store, settlements) = (this.clone(), settlements.clone());
        Box::pin(async move { settle_in(&store, c, &settlements, log).await })
    });
    let (results, news) = settled.await?;
    news::tell(news);
    Ok(results)
}

async fn settle_in(
    store: &PostgresStore,
    c: &mut Conn,
    settlements: &[Settlement],
    log: Log,
) -> Result<((Vec<SettleResult>, NewsOf), Committed), Fault> {
    let ids: BTreeSet<LinkId> = settlements.iter().map(|settlement| settlement.link.clone()).collect();
    let ids: Vec<LinkId> = ids.into_iter().collect();
    let (begun, locked, holders, now, views) = try_join5(
        begin(c),
        links::lock(c, &ids),
        holders(c, unique_keys(settlements)),
        store.clock_now(c),
        views(c, &ids, Runtime::Read),
    )
    .await?;
    let before = links::by_id(c, locked).await?;
    let logged = logs::standing(c, unsure_entries(settlements, &before)).await?;
    // Most batches leave the governors as they are, and need not wait for those that claim.
    let settle = |syncs| {
        let input = BatchInput { links: before.clone(), holders: holders.clone(), syncs, logged: logged.clone() };
        settle_batch(input, settlements.to_vec(), &store.inner.policy, now)
    };
    let mut output = settle(views);
    if !output.governors.is_empty() {
        output = settle(self::views(c, &ids, Runtime::Lock).await?);
    }
    let news = std::mem::take(&mut output.news);
    let (results, committed) = write(c, begun, before, output, &store.inner.policy, now, log).await?;
    Ok(((results, news), committed))
}

#[derive(diesel::QueryableByName)]
struct View {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Integer)]
    revision: i32,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
    #[diesel(sql_type = BigInt)]
    owed: i64,
}

/// How the runtime rows are read.
#[derive(Clone, Copy)]
enum Runtime {
    Read,
    Lock,
}

async fn views(
    mut c: &Conn,
    ids: &[LinkId],
    runtime: Runtime,
) -> Result<HashMap<(AccountId, SyncId), SyncView>, Fault> {
    let syncs: BTreeSet<(AccountId, SyncId)> = ids.iter().map(|id| (id.account, id.sync)).collect();
    let lock = match runtime {
        Runtime::Read => "",
        Runtime::Lock => "FOR UPDATE OF r",
    };
    let rows: Vec<View> = sql_query(format!(
        "SELECT s.account, s.id, s.revision, r.governor, (SELECT coalesce(sum(n.owed), 0)::bigint FROM link_counts n \
             WHERE n.account = s.account AND n.sync = s.id) AS owed \
         FROM syncs s JOIN sync_runtime r ON r.account = s.account AND r.sync = s.id \
         WHERE (s.account, s.id) IN (SELECT * FROM UNNEST($1, $2)) AND s.deleted_at IS NULL \
         ORDER BY s.account, s.id FOR SHARE OF s {lock}"
    ))
    .bind::<Array<SqlUuid>, _>(syncs.iter().map(|(account, _)| account.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(syncs.iter().map(|(_, sync)| sync.0).collect::<Vec<_>>())
    .get_results(&mut c)
    .await?;
    let mut views = HashMap::new();
    for row in rows {
        let governor = governor_of(row.governor, row.account, row.id)?;
        let view = SyncView { revision: row.revision, governor, owed: row.owed };
        views.insert((AccountId(row.account), SyncId(row.id)), view);
    }
    Ok(views)
}

#[derive(diesel::QueryableByName)]
struct Holder {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Text)]
    unique_id: String,
    #[diesel(sql_type = Text)]
    person: String,
}

async fn holders(mut c: &Conn, keys: Vec<UniqueKey>) -> Result<HashMap<UniqueKey, PersonId>, Fault> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<Holder> = sql_query(
        "SELECT l.account, l.sync, l.unique_id, l.person FROM links l \
         WHERE (l.account, l.sync, l.unique_id) IN (SELECT * FROM UNNEST($1, $2, $3))",
    )
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|key| key.0.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(keys.iter().map(|key| key.1.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(keys.into_iter().map(|key| key.2).collect::<Vec<_>>())
    .get_results(&mut c)
    .await?;
    let mut holders = HashMap::new();
    for row in rows {
        let key = format!("{} {} {:?}", row.account, row.sync, row.person);
        let person =
            PersonId::new(row.person).map_err(|_| StoreError::Corrupt { table: "links", column: "person", key })?;
        holders.insert((AccountId(row.account), SyncId(row.sync), row.unique_id), person);
    }
    Ok(holders)
}

async fn write(
    c: &mut Conn,
    begun: Begun,
    mut before: HashMap<LinkId, sync_core::link::Link>,
    output: BatchOutput,
    policy: &Policy,
    now: Timestamp,
    log: Log,
) -> Result<(Vec<SettleResult>, Committed), Fault> {
    let removed = output.removed.into_iter().map(|id| LinkWrite { before: before.remove(&id), after: None });
    let mut writes: Vec<LinkWrite> = removed.collect();
    writes.extend(
        output.updated.into_iter().map(|link| LinkWrite { before: before.remove(&link.id), after: Some(link) }),
    );
    if !output.disturbed.is_empty() {
        let rows = links::lock(c, &output.disturbed).await?;
        let held = links::by_id(c, rows).await?;
        writes.extend(held.into_values().map(|link| {
            let after = Some(disturbed(&link, policy, now));
            LinkWrite { before: Some(link), after }
        }));
    }
    let mut batch = Batch::new(c);
    links::add_writes(&mut batch, writes, Shard::Settle);
    batch.extend(governor_writes(&output.governors.into_iter().collect::<Vec<_>>())?);
    for (account, sync, kind) in &output.sweeps {
        batch.add(sweep_insertion(*account, *sync, *kind));
    }
    if !output.counters.is_empty() {
        batch.add(counters(output.counters, now));
    }
    if output.due_now || !output.sweeps.is_empty() || !output.disturbed.is_empty() {
        batch.extend(notification(&[Signal::Due]));
    }
    match log {
        Log::WithTheRest => add_log(&mut batch, &output.log),
        Log::RowByRow => {
            batch.run().await?;
            let written = log_row_by_row(c, &output.log).await?;
            batch = Batch::new(c);
            batch.extend(told(written));
        }
    }
    Ok((output.results, begun.commit(batch).await?))
}

fn counters<'q>(counters: BTreeMap<(AccountId, SyncId, CounterKey), i64>, now: Timestamp) -> Sql<'q> {
    let start = span_start(now, MINUTE_MICROS);
    let rows: Vec<_> = counters.into_iter().collect();
    sql_query(
        "INSERT INTO counters AS n (account, sync, span, start, operation, kind, bucket, n) \
         SELECT o.account, o.sync, 60, $1, o.operation, o.kind, o.bucket, o.n \
         FROM UNNEST($2, $3, $4, $5, $6, $7) AS o(account, sync, operation, kind, bucket, n) \
         ON CONFLICT (account, sync, span, start, operation, kind, bucket) DO UPDATE SET n = n.n + excluded.n",
    )
    .bind::<Timestamptz, _>(time(start))
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|((account, ..), _)| account.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(rows.iter().map(|((_, sync, _), _)| sync.0).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|((.., key), _)| key.operation.code()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|((.., key), _)| key.kind.code()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|((.., key), _)| key.bucket).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|(_, n)| *n).collect::<Vec<_>>())
}

/// Writes the log and tells of it.
fn add_log(batch: &mut Batch<'_>, log: &[LogEntry]) {
    if log.is_empty() {
        return;
    }
    batch.add(logs::insertion(log));
    batch.extend(told(log));
}

/// Tells of entries that are written.
fn told<'q, 'e>(log: impl IntoIterator<Item = &'e LogEntry>) -> Option<Sql<'q>> {
    let mut ids: Vec<_> = log.into_iter().map(|entry| (entry.account, entry.id)).collect();
    ids.sort_unstable();
    notification(&[Signal::Logged(ids)])
}

/// Writes what can be written of a log, each row within a savepoint. Returns that.
async fn log_row_by_row<'e>(c: &mut Conn, log: &'e [LogEntry]) -> Result<Vec<&'e LogEntry>, Fault> {
    let mut written = Vec::new();
    for entry in log {
        let mut batch = Batch::new(c);
        batch.add(sql_query("SAVEPOINT log"));
        batch.add(logs::insertion(std::slice::from_ref(entry)));
        batch.add(sql_query("RELEASE SAVEPOINT log"));
        match batch.run().await {
            Ok(()) => written.push(entry),
            Err(fault) => {
                let error = store_error("log", fault);
                if matches!(error, StoreError::Unavailable { .. }) {
                    return Err(error.into());
                }
                warn!(account = %entry.account, id = %entry.id, ?error, "a log entry could not be written");
                c.batch_execute("ROLLBACK TO SAVEPOINT log").await?;
            }
        }
    }
    Ok(written)
}
