//! What keeps the store healthy.

use crate::columns::{Time, time};
use crate::error::{Fault, store_error};
use crate::link_row::{self, LinkRow};
use crate::links::{self, Shard, with_extras};
use crate::logs::{CLOCKS_APART, least_id};
use crate::people::{self, PersonRow};
use crate::presence::{self, NotHeld};
use crate::sql::sql_query;
use crate::syncs::{COUNTS, CountsRow, governor_of};
use crate::{Conn, NoAnswer, PostgresStore};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncMigrationHarness, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;
use std::time::Duration;
use sync_core::id::AccountId;
use sync_core::link::{Link, LinkState};
use sync_core::plan::{LinkWrite, may_purge};
use sync_core::ports::{Backlog, MaintenanceStore, PoolStatus, Retention, StoreError, StoreResult, StoreTotals};
use sync_core::stats::{HOUR_MICROS, MINUTES_KEPT, span_start};
use sync_core::time::Timestamp;
use uuid::Uuid;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
/// Held while migrating, so that two nodes may start at once. Any number that nobody else uses: "crm-sync" in ASCII.
const MIGRATION_LOCK: i64 = 0x63_72_6d_2d_73_79_6e_63;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many days of log partitions are made ahead.
const DAYS_AHEAD: u32 = 3;

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Exists {
    #[diesel(sql_type = Bool)]
    found: bool,
}

fn embedded_versions() -> StoreResult<BTreeSet<String>> {
    use diesel::migration::MigrationSource;
    let migrations = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS)
        .map_err(|source| StoreError::Internal { operation: "read the embedded migrations", source })?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// The migrations that the database has; none where it has no schema yet.
async fn applied_versions(c: &mut Conn) -> Result<BTreeSet<String>, Fault> {
    let table: Exists =
        sql_query("SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found").get_result(c).await?;
    if !table.found {
        return Ok(BTreeSet::new());
    }
    let rows: Vec<Version> = sql_query("SELECT version FROM __diesel_schema_migrations").get_results(c).await?;
    Ok(rows.into_iter().map(|row| row.version).collect())
}

fn refuse_newer(applied: &BTreeSet<String>, embedded: &BTreeSet<String>) -> StoreResult<()> {
    match applied.difference(embedded).next() {
        None => Ok(()),
        Some(version) => Err(StoreError::Schema(format!(
            "the database has migration {version}, which this program does not know: it was used by a newer crm-sync; \
             run that one"
        ))),
    }
}

impl PostgresStore {
    async fn be_present(&self, operation: &'static str, purpose: &str, alone: bool) -> StoreResult<()> {
        let most = self.inner.operation_max;
        let held = self.inner.presence.hold(&self.inner.connector, purpose, alone);
        match tokio::time::timeout(most, held).await {
            Ok(held) => held.map_err(|fault| not_held(operation, fault)),
            Err(_) => Err(StoreError::Unavailable { operation, source: Box::new(NoAnswer(most)) }),
        }
    }
}

fn not_held(operation: &'static str, fault: NotHeld) -> StoreError {
    match fault {
        NotHeld::By(others) => StoreError::Held(format!("({others})")),
        NotHeld::Fault(source) => StoreError::Unavailable { operation, source },
    }
}

#[async_trait]
impl MaintenanceStore for PostgresStore {
    async fn migrate(&self) -> StoreResult<()> {
        let embedded = embedded_versions()?;
        let mut connection = self.connection("migrate").await?;
        let applied = applied_versions(&mut connection).await.map_err(|fault| store_error("migrate", fault))?;
        refuse_newer(&applied, &embedded)?;
        let failed = |error: diesel::result::Error| store_error("migrate", error.into());
        connection.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})")).await.map_err(failed)?;
        // The harness blocks its thread: it must not hold others up.
        let task = tokio::task::spawn_blocking(move || {
            let mut harness = AsyncMigrationHarness::new(connection);
            let ran = harness.run_pending_migrations(MIGRATIONS).map(|_| ());
            (ran, harness.into_inner())
        });
        let (ran, mut connection) =
            task.await.map_err(|source| StoreError::Internal { operation: "migrate", source: Box::new(source) })?;
        let unlocked = connection.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})")).await;
        ran.map_err(|source| StoreError::Internal { operation: "migrate", source })?;
        unlocked.map_err(failed)?;
        drop(connection);
        self.fold_counters().await
    }

    async fn ready(&self) -> StoreResult<()> {
        let embedded = embedded_versions()?;
        let applied = self
            .read("look whether the database is ready", |c| {
                Box::pin(async move {
                    let applied = applied_versions(c).await?;
                    let read_only: Exists = sql_query(
                        "SELECT current_setting('transaction_read_only')::boolean OR pg_is_in_recovery() AS found",
                    )
                    .get_result(c)
                    .await?;
                    if read_only.found {
                        let source = "the database is read-only".into();
                        return Err(StoreError::Unavailable { operation: "look whether it is ready", source }.into());
                    }
                    Ok(applied)
                })
            })
            .await?;
        refuse_newer(&applied, &embedded)?;
        match embedded.difference(&applied).next() {
            None => Ok(()),
            Some(version) => Err(StoreError::Schema(format!("migration {version} is missing: run `crm-sync migrate`"))),
        }
    }

    async fn hold(&self, purpose: &str) -> StoreResult<()> {
        // Several nodes may share it.
        self.be_present("hold", purpose, false).await
    }

    async fn hold_alone(&self, purpose: &str) -> StoreResult<()> {
        self.be_present("hold alone", purpose, true).await
    }

    async fn holder(&self) -> StoreResult<Option<String>> {
        presence::holders(&self.inner.connector).await.map_err(|fault| not_held("say who holds the database", fault))
    }

    async fn checkpoint(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn end_stale_leases(&self) -> StoreResult<usize> {
        // Other nodes may hold leases: whose process crashed cannot be known here, so they run out by their time.
        Ok(0)
    }

    async fn prune_logs(&self, retention: &Retention, rows_max: usize) -> StoreResult<usize> {
        let (store, retention) = (self.clone(), *retention);
        self.transact("prune the log", move |c| {
            let store = store.clone();
            Box::pin(async move { prune(&store, c, &retention, rows_max).await })
        })
        .await
    }

    async fn fold_counters(&self) -> StoreResult<()> {
        let store = self.clone();
        self.transact("fold counters", move |c| {
            let store = store.clone();
            Box::pin(async move {
                let now = store.clock_now(c).await?;
                make_partitions(c, now).await?;
                fold(c, now).await
            })
        })
        .await
    }

    async fn purge_tombstones(&self, rows_max: usize) -> StoreResult<usize> {
        self.transact("purge tombstones", move |c| Box::pin(async move { purge(c, rows_max).await })).await
    }

    async fn totals(&self) -> StoreResult<StoreTotals> {
        self.read("say what the database holds", |c| {
            Box::pin(async move {
                let sum: Sum = sql_query(
                    "SELECT (SELECT count(*) FROM accounts) AS accounts, \
                     (SELECT coalesce(sum(people), 0)::bigint FROM people_counts) AS people, \
                     (SELECT count(*) FROM syncs WHERE deleted_at IS NULL) AS syncs, \
                     (SELECT count(*) FROM log_entries) AS log_entries",
                )
                .get_result(c)
                .await?;
                let counts: CountsRow = sql_query(format!(
                    "SELECT {COUNTS} FROM link_counts n JOIN syncs s ON s.account = n.account AND s.id = n.sync \
                     WHERE s.deleted_at IS NULL"
                ))
                .get_result(c)
                .await?;
                Ok(StoreTotals {
                    accounts: sum.accounts,
                    people: sum.people,
                    syncs: sum.syncs,
                    links: counts.counts(),
                    log_entries: sum.log_entries,
                })
            })
        })
        .await
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        let store = self.clone();
        self.read("say what waits", |c| Box::pin(async move { backlog(&store, c).await })).await
    }

    fn pool(&self) -> Option<PoolStatus> {
        let status = self.inner.pool.status();
        // A connection that is being opened is in use too.
        let in_use = status.size.saturating_sub(status.available);
        Some(PoolStatus { connections_max: status.max_size, in_use, waiting: status.waiting })
    }

    async fn now(&self) -> StoreResult<Timestamp> {
        let store = self.clone();
        self.read("read the clock", |c| Box::pin(async move { store.clock_now(c).await })).await
    }

    fn statements(&self) -> Option<u64> {
        Some(self.statement_count())
    }
}

#[derive(QueryableByName)]
struct LiveSync {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    paused: bool,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    first_claimable: Option<Time>,
    #[diesel(embed)]
    counts: CountsRow,
}

async fn backlog(store: &PostgresStore, c: &mut Conn) -> Result<Backlog, Fault> {
    let now = store.clock_now(c).await?;
    let rows: Vec<LiveSync> = sql_query(format!(
        "SELECT s.account, s.id, s.paused, r.governor, {} AS first_claimable, n.* \
         FROM syncs s JOIN sync_runtime r ON r.account = s.account AND r.sync = s.id \
         CROSS JOIN LATERAL (SELECT {COUNTS} FROM link_counts n WHERE n.account = s.account AND n.sync = s.id) AS n \
         WHERE s.deleted_at IS NULL",
        links::first_claimable("l.claimable_at IS NOT NULL")
    ))
    .get_results(c)
    .await?;
    let mut backlog = Backlog::default();
    for row in rows {
        let governor = governor_of(row.governor, row.account, row.id)?;
        backlog.add(row.paused, &governor, &row.counts.counts(), row.first_claimable.map(|at| at.0), now);
    }
    Ok(backlog)
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = BigInt)]
    syncs: i64,
    #[diesel(sql_type = BigInt)]
    log_entries: i64,
}

/// Removes the oldest entries and changes that are too old; partitions that are empty and past go whole.
async fn prune(store: &PostgresStore, c: &mut Conn, retention: &Retention, rows_max: usize) -> Result<usize, Fault> {
    let now = store.clock_now(c).await?;
    let mut pruned = 0;
    for (outcomes, kept) in [("0, 3", retention.successes), ("1, 2", retention.failures)] {
        let before = now.minus(kept);
        pruned += sql_query(format!(
            "DELETE FROM log_entries WHERE (account, id) IN (SELECT account, id FROM log_entries WHERE id < $1 AND at < $2 \
             AND outcome IN ({outcomes}) ORDER BY at, account, id LIMIT $3)"
        ))
        // Ids are near their time, give or take the clocks of nodes: they tell the partitions, and the time decides.
        .bind::<SqlUuid, _>(least_id(before.plus(CLOCKS_APART)))
        .bind::<Timestamptz, _>(time(before))
        .bind::<BigInt, _>(rows_max.saturating_sub(pruned) as i64)
        .execute(c)
        .await?;
    }
    // What is old is found by the ranges of blocks that it lies in.
    c.batch_execute("SET LOCAL enable_bitmapscan = on").await?;
    pruned += sql_query(
        "DELETE FROM person_changes WHERE (account, person, version) IN \
         (SELECT account, person, version FROM person_changes WHERE at < $1 LIMIT $2)",
    )
    .bind::<Timestamptz, _>(time(now.minus(retention.successes)))
    .bind::<BigInt, _>(rows_max.saturating_sub(pruned) as i64)
    .execute(c)
    .await?;
    if pruned < rows_max {
        drop_empty_partitions(c, now).await?;
    }
    Ok(pruned)
}

#[derive(QueryableByName)]
struct Partition {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Log partitions of days that are past, named `log_entries_YYYYMMDD`.
async fn drop_empty_partitions(c: &mut Conn, now: Timestamp) -> Result<(), Fault> {
    let rows: Vec<Partition> = sql_query(
        "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = 'log_entries'::regclass AND c.relname < $1 AND c.relname ~ '^log_entries_[0-9]{8}$'",
    )
    .bind::<Text, _>(partition_name(now.minus(DAY)))
    .get_results(c)
    .await?;
    for Partition { name } in rows {
        let left: Exists = sql_query(format!("SELECT EXISTS (SELECT 1 FROM {name}) AS found")).get_result(c).await?;
        if !left.found {
            c.batch_execute(&format!("DROP TABLE {name}")).await?;
        }
    }
    Ok(())
}

fn partition_name(day: Timestamp) -> String {
    let date: String = day.to_rfc3339().chars().take(10).filter(char::is_ascii_digit).collect();
    format!("log_entries_{date}")
}

/// Makes the log partitions of today and some days ahead. A day whose entries lie in the default partition already stays
/// there.
async fn make_partitions(c: &mut Conn, now: Timestamp) -> Result<(), Fault> {
    let today = span_start(now, 24 * HOUR_MICROS);
    for ahead in 0..=DAYS_AHEAD {
        let day = today.plus(DAY * ahead);
        let name = partition_name(day);
        let (from, until) = (least_id(day), least_id(day.plus(DAY)));
        let there: Exists = sql_query(
            "SELECT to_regclass($1) IS NOT NULL \
             OR EXISTS (SELECT 1 FROM log_entries_default WHERE id >= $2 AND id < $3) AS found",
        )
        .bind::<Text, _>(&name)
        .bind::<SqlUuid, _>(from)
        .bind::<SqlUuid, _>(until)
        .get_result(c)
        .await?;
        if !there.found {
            let make = format!(
                "CREATE TABLE IF NOT EXISTS {name} PARTITION OF log_entries FOR VALUES FROM ('{from}') TO ('{until}')"
            );
            c.batch_execute(&make).await?;
        }
    }
    Ok(())
}

/// Folds minutes of whole hours that are past into hours.
async fn fold(c: &mut Conn, now: Timestamp) -> Result<(), Fault> {
    let before = span_start(now.minus(MINUTES_KEPT), HOUR_MICROS);
    sql_query(
        "WITH old AS (DELETE FROM counters WHERE span = 60 AND start < $1 RETURNING *) \
         INSERT INTO counters AS n (account, sync, span, start, operation, kind, bucket, n) \
         SELECT account, sync, 3600, date_trunc('hour', start, 'UTC'), operation, kind, bucket, sum(n) FROM old \
         GROUP BY 1, 2, 4, 5, 6, 7 \
         ON CONFLICT (account, sync, span, start, operation, kind, bucket) DO UPDATE SET n = n.n + excluded.n",
    )
    .bind::<Timestamptz, _>(time(before))
    .execute(c)
    .await?;
    Ok(())
}

/// Removes tombstones that nothing waits for, person locked first.
async fn purge(c: &mut Conn, rows_max: usize) -> Result<usize, Fault> {
    let tombstones: Vec<PersonRow> = sql_query(format!(
        "SELECT {} FROM people p WHERE p.deleted_at IS NOT NULL \
             AND NOT EXISTS (SELECT 1 FROM later_marks m WHERE m.account = p.account) AND \
             (SELECT true FROM (SELECT s.account, s.id FROM syncs s WHERE s.account = p.account OFFSET 0) AS s \
              CROSS JOIN LATERAL (SELECT FROM links l WHERE l.account = s.account AND l.sync = s.id AND l.person = p.id AND \
                  (l.due_at IS NOT NULL OR l.lease_token IS NOT NULL OR l.parked IS NOT NULL OR l.state IN (1, 4)) OFFSET 0) \
              AS l LIMIT 1) IS NULL \
         ORDER BY p.deleted_at, p.account, p.id LIMIT $1 FOR UPDATE OF p SKIP LOCKED",
        people::COLUMNS
    ))
    .bind::<BigInt, _>(rows_max as i64)
    .get_results(c)
    .await?;
    let mut purged = 0;
    for tombstone in tombstones {
        let account = tombstone.account;
        let person = tombstone.person()?;
        let rows: Vec<LinkRow> = sql_query(format!(
            "SELECT l.* FROM (SELECT s.account, s.id FROM syncs s WHERE s.account = $1 ORDER BY s.id OFFSET 0) AS s \
                 CROSS JOIN LATERAL (SELECT {} FROM links l WHERE l.account = s.account AND l.sync = s.id AND l.person = $2 \
                 FOR UPDATE OF l) AS l",
            link_row::COLUMNS
        ))
        .bind::<SqlUuid, _>(account)
        .bind::<Text, _>(person.id.as_str())
        .get_results(c)
        .await?;
        // Looked at again under the person's lock.
        let held: Vec<Link> = with_extras(c, rows).await?;
        if !may_purge(&held) {
            continue;
        }
        let gone = held.into_iter().filter(|link| link.state == LinkState::Unlinked);
        let writes = gone.map(|link| LinkWrite { before: Some(link), after: None }).collect();
        links::write(c, writes, Shard::Other).await?;
        people::remove(c, AccountId(account), &person).await?;
        sql_query("UPDATE accounts SET version_floor = GREATEST(version_floor, $2) WHERE id = $1")
            .bind::<SqlUuid, _>(account)
            .bind::<BigInt, _>(person.version)
            .execute(c)
            .await?;
        purged += 1;
    }
    Ok(purged)
}
