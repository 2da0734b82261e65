//! The alerts' port.

use crate::SqliteStore;
use crate::error::Fault;
use crate::sql::{Db, values};
use crate::tables::{from_json, syncs, to_json, uuid};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use sync_core::alert::{AlertSettings, AlertStatus, Book, BookWrites, ClaimedAlert, Standing, Verdict, look};
use sync_core::id::{AccountId, LeaseToken, SyncId};
use sync_core::moving::MovedAlerts;
use sync_core::ports::{AlertStore, Reseal, StoreResult};
use sync_core::time::Timestamp;
use uuid::Uuid;

/// What waits for syncs that are not deleted; its alias is `w`.
const LIVE: &str = "alerts w JOIN syncs s ON s.account = w.account AND s.id = w.sync AND s.deleted_at IS NULL";

#[derive(QueryableByName)]
struct SettingsRow {
    #[diesel(sql_type = Text)]
    settings: String,
    #[diesel(sql_type = Nullable<Binary>)]
    lease_token: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_sent_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_error_at: Option<i64>,
}

impl SettingsRow {
    fn find(db: &mut Db, account: AccountId) -> Result<Option<Self>, Fault> {
        db.row(
            "SELECT settings, lease_token, last_sent_at, last_error, last_error_at FROM alert_settings WHERE account = ?",
            &values![account.0],
        )
    }

    fn settings(&self, account: AccountId) -> Result<AlertSettings, Fault> {
        from_json(&self.settings, "alert_settings", "settings", account)
    }

    fn status(self, waiting: i64) -> AlertStatus {
        AlertStatus {
            last_sent_at: self.last_sent_at.map(Timestamp::from_micros),
            last_error: self.last_error,
            last_error_at: self.last_error_at.map(Timestamp::from_micros),
            waiting,
        }
    }
}

#[derive(QueryableByName)]
struct BookRow {
    #[diesel(sql_type = Binary)]
    sync: Vec<u8>,
    #[diesel(sql_type = Text)]
    book: String,
}

impl BookRow {
    fn book(&self) -> Result<(SyncId, Book), Fault> {
        let sync = SyncId(uuid(&self.sync, "alerts", "sync")?);
        Ok((sync, from_json(&self.book, "alerts", "book", sync)?))
    }
}

fn books(db: &mut Db, account: AccountId) -> Result<BTreeMap<SyncId, Book>, Fault> {
    let rows: Vec<BookRow> = db.rows("SELECT sync, book FROM alerts WHERE account = ?", &values![account.0])?;
    rows.iter().map(BookRow::book).collect()
}

pub(crate) fn write_book(db: &mut Db, account: AccountId, sync: SyncId, book: Option<&Book>) -> Result<(), Fault> {
    let Some(book) = book else {
        db.run("DELETE FROM alerts WHERE account = ? AND sync = ?", &values![account.0, sync.0])?;
        return Ok(());
    };
    db.run(
        "INSERT INTO alerts (account, sync, book, waiting, due_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, sync) \
         DO UPDATE SET book = excluded.book, waiting = excluded.waiting, due_at = excluded.due_at",
        &values![account.0, sync.0, to_json(book)?, book.waiting(), book.due_at()],
    )?;
    Ok(())
}

/// Makes an account's settings as they were elsewhere. Its next alert goes when it is due.
pub(crate) fn insert_settings(db: &mut Db, alerts: &MovedAlerts) -> Result<(), Fault> {
    db.run(
        "INSERT INTO alert_settings (account, settings, held_until, last_sent_at, last_error, last_error_at) \
         VALUES (?, ?, 0, ?, ?, ?)",
        &values![
            alerts.account.0,
            to_json(&alerts.settings)?,
            alerts.last_sent_at,
            alerts.last_error.as_deref(),
            alerts.last_error_at
        ],
    )?;
    Ok(())
}

fn write_settings(db: &mut Db, account: AccountId, settings: &AlertSettings) -> Result<(), Fault> {
    db.run("UPDATE alert_settings SET settings = ? WHERE account = ?", &values![to_json(settings)?, account.0])?;
    Ok(())
}

/// What a look says now.
fn news(db: &mut Db, account: AccountId, now: Timestamp, seed: Uuid) -> Result<BookWrites, Fault> {
    let Some(row) = SettingsRow::find(db, account)? else { return Ok(Vec::new()) };
    let standing =
        |sync: syncs::LiveSync| (sync.config.id, Standing::of(sync.config.friendly_name, &sync.governor, sync.counts));
    let standings = syncs::live(db, account)?.into_iter().map(standing).collect();
    Ok(look(&row.settings(account)?, &books(db, account)?, &standings, now, seed))
}

fn claim(db: &mut Db, now: Timestamp, token: LeaseToken, lease: Duration) -> Result<Option<ClaimedAlert>, Fault> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
    }
    let found: Option<Row> = db.row(
        &format!(
            "SELECT a.account FROM alert_settings a WHERE a.held_until <= ? AND EXISTS \
             (SELECT 1 FROM {LIVE} WHERE w.account = a.account AND w.due_at <= ?) ORDER BY a.held_until, a.account LIMIT 1"
        ),
        &values![now, now],
    )?;
    let Some(row) = found else { return Ok(None) };
    let account = AccountId(uuid(&row.account, "alert_settings", "account")?);
    let due: Option<BookRow> = db.row(
        &format!(
            "SELECT w.sync, w.book FROM {LIVE} WHERE w.account = ? AND w.due_at <= ? ORDER BY w.due_at, w.sync LIMIT 1"
        ),
        &values![account.0, now],
    )?;
    let (Some(due), Some(row)) = (due, SettingsRow::find(db, account)?) else { return Ok(None) };
    let (sync, mut book) = due.book()?;
    let Some((alert, tries)) = book.claim(now) else { return Ok(None) };
    write_book(db, account, sync, Some(&book))?;
    db.run(
        "UPDATE alert_settings SET held_until = ?, lease_token = ? WHERE account = ?",
        &values![now.plus(lease), token.0, account.0],
    )?;
    Ok(Some(ClaimedAlert { account, settings: row.settings(account)?, alert, tries }))
}

fn settle(
    db: &mut Db,
    now: Timestamp,
    token: LeaseToken,
    claimed: &ClaimedAlert,
    verdict: &Verdict,
    gap: Duration,
) -> Result<(), Fault> {
    let account = claimed.account;
    let Some(row) = SettingsRow::find(db, account)? else { return Ok(()) };
    if row.lease_token.as_deref() != Some(token.0.as_bytes()) {
        return Ok(());
    }
    let mut status = row.status(0);
    status.note(verdict, now);
    db.run(
        "UPDATE alert_settings SET held_until = ?, lease_token = NULL, last_sent_at = ?, last_error = ?, \
         last_error_at = ? WHERE account = ?",
        &values![now.plus(gap), status.last_sent_at, status.last_error, status.last_error_at, account.0],
    )?;
    let Some(sync) = claimed.alert.about.as_ref().map(|about| about.sync) else { return Ok(()) };
    let row: Option<BookRow> =
        db.row("SELECT sync, book FROM alerts WHERE account = ? AND sync = ?", &values![account.0, sync.0])?;
    let Some(row) = row else { return Ok(()) };
    let (_, mut book) = row.book()?;
    book.settle(&claimed.alert, claimed.tries, verdict, now);
    write_book(db, account, sync, Some(&book))
}

#[async_trait]
impl AlertStore for SqliteStore {
    async fn alerts(&self, account: AccountId) -> StoreResult<Option<(AlertSettings, AlertStatus)>> {
        let read = move |db: &mut Db| {
            let Some(row) = SettingsRow::find(db, account)? else { return Ok(None) };
            let waiting = db.number(
                &format!(
                    "SELECT coalesce(sum(w.waiting), 0) AS n FROM {LIVE} WHERE w.account = ? AND w.due_at IS NOT NULL"
                ),
                &values![account.0],
            )?;
            Ok(Some((row.settings(account)?, row.status(waiting))))
        };
        self.readers.run("read alert settings", read).await
    }

    async fn alert_accounts(&self) -> StoreResult<Vec<AccountId>> {
        self.readers.run("read who has alerts", accounts).await
    }

    async fn set_alerts(&self, account: AccountId, settings: &AlertSettings) -> StoreResult<()> {
        let (shared, settings) = (self.shared.clone(), settings.clone());
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            let now = shared.now();
            db.run(
                "INSERT INTO alert_settings (account, settings, held_until) VALUES (?, ?, ?) ON CONFLICT (account) \
                 DO UPDATE SET settings = excluded.settings, last_error = NULL, last_error_at = NULL",
                &values![account.0, to_json(&settings)?, now],
            )?;
            for (sync, mut book) in books(db, account)? {
                if book.waiting() > 0 {
                    book.hurry(now);
                    write_book(db, account, sync, Some(&book))?;
                }
            }
            Ok(())
        };
        self.writer.run("set alerts", work).await
    }

    async fn remove_alerts(&self, account: AccountId) -> StoreResult<bool> {
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            db.run("DELETE FROM alerts WHERE account = ?", &values![account.0])?;
            Ok(db.run("DELETE FROM alert_settings WHERE account = ?", &values![account.0])? > 0)
        };
        self.writer.run("remove alerts", work).await
    }

    async fn note_alerts(&self, account: AccountId, seed: Uuid) -> StoreResult<usize> {
        const OPERATION: &str = "note alerts";
        let shared = self.shared.clone();
        // Almost always nothing is new: the writer is not asked then.
        let read = move |db: &mut Db| Ok(news(db, account, shared.now(), seed)?.is_empty());
        if self.readers.run(OPERATION, read).await? {
            return Ok(0);
        }
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            let writes = news(db, account, shared.now(), seed)?;
            for (sync, book) in &writes {
                write_book(db, account, *sync, book.as_ref())?;
            }
            Ok(writes.len())
        };
        self.writer.run(OPERATION, work).await
    }

    async fn claim_alert(&self, token: LeaseToken, lease: Duration) -> StoreResult<Option<ClaimedAlert>> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| claim(db, shared.now(), token, lease);
        self.writer.run("claim an alert", work).await
    }

    async fn settle_alert(
        &self,
        token: LeaseToken,
        claimed: &ClaimedAlert,
        verdict: &Verdict,
        gap: Duration,
    ) -> StoreResult<()> {
        let (shared, claimed, verdict) = (self.shared.clone(), claimed.clone(), verdict.clone());
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            settle(db, shared.now(), token, &claimed, &verdict, gap)
        };
        self.writer.run("settle an alert", work).await
    }
}

fn accounts(db: &mut Db) -> Result<Vec<AccountId>, Fault> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
    }
    let rows: Vec<Row> = db.rows("SELECT account FROM alert_settings ORDER BY account", &[])?;
    rows.iter().map(|row| uuid(&row.account, "alert_settings", "account").map(AccountId)).collect()
}

impl SqliteStore {
    /// Seals the secrets of all accounts' alerts anew, one account a transaction. Returns how many were written.
    pub(crate) async fn reseal_alerts(&self, reseal: &Arc<dyn Reseal>) -> StoreResult<usize> {
        let mut written = 0;
        for account in self.alert_accounts().await? {
            let reseal = reseal.clone();
            let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
                let Some(row) = SettingsRow::find(db, account)? else { return Ok(0) };
                let settings = row.settings(account)?;
                let sealed = reseal.reseal_alerts(account, &settings.secret).map_err(Fault::Caller)?;
                let Some(secret) = sealed else { return Ok(0) };
                write_settings(db, account, &AlertSettings { secret, ..settings })?;
                Ok(1)
            };
            written += self.writer.run("seal an alert secret anew", work).await?;
        }
        Ok(written)
    }
}
