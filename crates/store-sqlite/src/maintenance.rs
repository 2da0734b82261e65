//! The maintenance port.

use crate::connection::Opener;
use crate::error::Fault;
use crate::sql::{Db, values};
use crate::tables::{links, people, syncs, uuid};
use crate::{SqliteStore, schema};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Text};
use std::sync::atomic::Ordering;
use sync_core::id::AccountId;
use sync_core::link::LinkState;
use sync_core::person::Person;
use sync_core::plan::{LinkWrite, may_purge};
use sync_core::ports::{Backlog, MaintenanceStore, PoolStatus, Retention, StoreResult, StoreTotals};
use sync_core::stats::{HOUR_MICROS, MINUTES_KEPT, span_start};
use sync_core::time::Timestamp;

#[async_trait]
impl MaintenanceStore for SqliteStore {
    async fn migrate(&self) -> StoreResult<()> {
        // On a connection of its own: a migration is its own transaction.
        self.blocking("migrate", |opener| {
            let mut db = opener.writer()?;
            if schema::is_current(&mut db)? {
                return Ok(());
            }
            // No server works on while its tables change.
            opener.hold.alone("crm-sync, bringing the schema up to date", || schema::migrate(&mut db))
        })
        .await
    }

    async fn hold(&self, purpose: &str) -> StoreResult<()> {
        let purpose = purpose.to_owned();
        self.blocking("hold", move |opener| opener.hold.take(&purpose)).await
    }

    async fn hold_alone(&self, purpose: &str) -> StoreResult<()> {
        self.hold(purpose).await
    }

    async fn holder(&self) -> StoreResult<Option<String>> {
        self.blocking("say who holds the database", |opener| opener.hold.holder()).await
    }

    async fn checkpoint(&self) -> StoreResult<()> {
        self.blocking("checkpoint", |opener| {
            #[derive(QueryableByName)]
            struct Row {
                #[diesel(sql_type = BigInt)]
                busy: i64,
            }
            // A connection that reads or writes is waited for, as long as for any lock.
            let row: Option<Row> = opener.writer()?.row("PRAGMA wal_checkpoint(TRUNCATE)", &[])?;
            match row {
                Some(Row { busy: 0 }) => Ok(()),
                _ => Err(Fault::Unavailable("another connection works on the database".to_owned())),
            }
        })
        .await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.readers.run("check the schema", schema::check).await?;
        // Writable, all the way to the disk. SQLite leaves out the write of a row that stays as it is, but not that of the
        // file's header.
        let write = |db: &mut Db, _: &mut crate::writer::Afterwards| db.batch("PRAGMA user_version = 0");
        self.writer.run("check that the database can be written", write).await
    }

    async fn end_stale_leases(&self) -> StoreResult<usize> {
        const OPERATION: &str = "end stale leases";
        self.hold("crm-sync").await?;
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            let now = shared.now();
            let mut ended = 0;
            loop {
                let stale = links::read(db, "WHERE l.lease_until > ? LIMIT 500", &values![now])?;
                if stale.is_empty() {
                    return Ok(ended);
                }
                ended += stale.len();
                let end = |before: sync_core::link::Link| {
                    let mut after = before.clone();
                    if let Some(lease) = &mut after.lease {
                        lease.until = now;
                    }
                    LinkWrite { before: Some(before), after: Some(after) }
                };
                links::write(db, &stale.into_iter().map(end).collect::<Vec<_>>())?;
            }
        };
        self.writer.run(OPERATION, work).await
    }

    async fn prune_logs(&self, retention: &Retention, rows_max: usize) -> StoreResult<usize> {
        let (shared, retention) = (self.shared.clone(), *retention);
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            let now = shared.now();
            let (successes, failures) = (now.minus(retention.successes), now.minus(retention.failures));
            let mut pruned = 0;
            for (outcomes, before) in [("outcome IN (0, 3)", successes), ("outcome IN (1, 2)", failures)] {
                pruned += db.run(
                    &format!(
                        "DELETE FROM log_entries WHERE rowid IN (SELECT rowid FROM log_entries \
                         WHERE {outcomes} AND at < ? ORDER BY at, account, id LIMIT ?)"
                    ),
                    &values![before, rows_max - pruned],
                )?;
            }
            pruned += db.run(
                "DELETE FROM person_changes WHERE (account, person, version) IN (SELECT account, person, version \
                 FROM person_changes WHERE at < ? ORDER BY at, account, person, version LIMIT ?)",
                &values![successes, rows_max - pruned],
            )?;
            Ok(pruned)
        };
        self.writer.run("prune the log", work).await
    }

    async fn fold_counters(&self) -> StoreResult<()> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            // Whole hours only, so that no hour stands in both.
            let before = span_start(shared.now().minus(MINUTES_KEPT), HOUR_MICROS);
            db.run(
                // Times lie after 1970 here: an hour's beginning is the remainder taken off.
                "INSERT INTO counters (account, sync, start, width, operation, kind, bucket, count) \
                 SELECT account, sync, start - start % 3600000000, 3600000000, operation, kind, bucket, sum(count) \
                 FROM counters WHERE width = 60000000 AND start < ? GROUP BY 1, 2, 3, 5, 6, 7 \
                 ON CONFLICT (account, sync, start, width, operation, kind, bucket) \
                 DO UPDATE SET count = count + excluded.count",
                &values![before],
            )?;
            db.run("DELETE FROM counters WHERE width = 60000000 AND start < ?", &values![before])
        };
        self.writer.run("fold counters", work).await.map(drop)
    }

    async fn purge_tombstones(&self, rows_max: usize) -> StoreResult<usize> {
        self.writer.run("purge tombstones", move |db, _| purge(db, rows_max)).await
    }

    async fn totals(&self) -> StoreResult<StoreTotals> {
        let read = |db: &mut Db| {
            let mut totals = StoreTotals {
                accounts: db.number("SELECT count(*) AS n FROM accounts", &[])?,
                people: db.number("SELECT coalesce(sum(people), 0) AS n FROM accounts", &[])?,
                // An estimate: what was pruned in the middle is counted too.
                // Each end is asked for by itself: both at once, SQLite looks at all.
                log_entries: db.number(
                    "SELECT coalesce((SELECT max(rowid) FROM log_entries) - (SELECT min(rowid) FROM log_entries) + 1, 0) AS n",
                    &[],
                )?,
                ..StoreTotals::default()
            };
            for sync in syncs::read(db, "WHERE s.deleted_at IS NULL", &[])? {
                totals.syncs += 1;
                totals.links.add(&sync.counts);
            }
            Ok(totals)
        };
        self.readers.run("add up totals", read).await
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        let shared = self.shared.clone();
        self.readers.run("say what waits", move |db| backlog(db, shared.now())).await
    }

    fn pool(&self) -> Option<PoolStatus> {
        Some(self.readers.status())
    }

    async fn now(&self) -> StoreResult<Timestamp> {
        Ok(self.shared.now())
    }

    fn statements(&self) -> Option<u64> {
        Some(self.shared.opener.statements.load(Ordering::Relaxed))
    }
}

impl SqliteStore {
    /// Does what may wait for files and locks, on a thread that may.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Opener) -> Result<T, Fault> + Send + 'static,
    ) -> StoreResult<T> {
        let opener = self.shared.opener.clone();
        let done = tokio::task::spawn_blocking(move || work(&opener)).await;
        done.unwrap_or_else(|_| Err(Fault::Unavailable("the store is stopping".to_owned())))
            .map_err(|fault| fault.told(operation))
    }
}

fn backlog(db: &mut Db, now: Timestamp) -> Result<Backlog, Fault> {
    let mut backlog = Backlog::default();
    for sync in syncs::read(db, "WHERE s.deleted_at IS NULL", &[])? {
        let first = links::first_claimable(db, sync.config.account, sync.config.id)?;
        backlog.add(sync.config.paused, &sync.governor, &sync.counts, first, now);
    }
    Ok(backlog)
}

fn purge(db: &mut Db, rows_max: usize) -> Result<usize, Fault> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
        #[diesel(sql_type = Text)]
        person: String,
    }
    let rows: Vec<Row> = db.rows(
        "SELECT p.account, p.person FROM people p WHERE p.deleted_at IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM later_marks m WHERE m.account = p.account) AND NOT EXISTS (SELECT 1 FROM links l \
         WHERE l.account = p.account AND l.sync IN (SELECT s.id FROM syncs s WHERE s.account = p.account) AND l.person = p.id \
         AND (l.due_at IS NOT NULL OR l.lease_token IS NOT NULL OR l.parked IS NOT NULL OR l.state IN (1, 4))) \
         ORDER BY p.deleted_at, p.account, p.id LIMIT ?",
        &values![rows_max],
    )?;
    let mut purged = 0;
    for row in rows {
        let account = AccountId(uuid(&row.account, "people", "account")?);
        let person: Person = crate::tables::from_json(&row.person, "people", "person", account)?;
        let rows = links::read(
            db,
            "WHERE l.account = ? AND l.sync IN (SELECT s.id FROM syncs s WHERE s.account = l.account) AND l.person = ?",
            &values![account.0, &person.id],
        )?;
        if !may_purge(&rows) {
            continue;
        }
        let gone = rows.into_iter().filter(|link| link.state == LinkState::Unlinked);
        let writes: Vec<LinkWrite> = gone.map(|link| LinkWrite { before: Some(link), after: None }).collect();
        links::write(db, &writes)?;
        people::remove(db, account, &person)?;
        db.run(
            "UPDATE accounts SET version_floor = max(version_floor, ?) WHERE account = ?",
            &values![person.version, account.0],
        )?;
        purged += 1;
    }
    Ok(purged)
}
