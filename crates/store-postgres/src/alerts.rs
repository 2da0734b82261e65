//! Alerts: whoever writes locks the account's row of `alert_settings` first, and nothing else.

use crate::columns::{Time, time, time_opt};
use crate::error::Fault;
use crate::sql::sql_query;
use crate::syncs::{COUNTS, CountsRow, as_json, governor_of};
use crate::{Conn, PostgresStore};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use sync_core::alert::{AlertSettings, AlertStatus, Book, BookWrites, ClaimedAlert, Standing, Verdict, look};
use sync_core::id::{AccountId, LeaseToken, SyncId};
use sync_core::ports::{AlertStore, Reseal, StoreError, StoreResult};
use uuid::Uuid;

/// What waits for syncs that are not deleted; its alias is `w`.
const LIVE: &str = "alerts w JOIN syncs s ON s.account = w.account AND s.id = w.sync AND s.deleted_at IS NULL";

#[derive(QueryableByName)]
struct SettingsRow {
    #[diesel(sql_type = Jsonb)]
    settings: Value,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    lease_token: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_sent_at: Option<Time>,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_error_at: Option<Time>,
}

impl SettingsRow {
    /// Reads an account's row; `lock` is how, such as `FOR UPDATE`.
    async fn find(c: &mut Conn, account: AccountId, lock: &str) -> Result<Option<Self>, Fault> {
        let rows: Vec<Self> = sql_query(format!(
            "SELECT settings, lease_token, last_sent_at, last_error, last_error_at FROM alert_settings \
             WHERE account = $1 {lock}"
        ))
        .bind::<SqlUuid, _>(account.0)
        .get_results(c)
        .await?;
        Ok(rows.into_iter().next())
    }

    fn settings(&self, account: AccountId) -> Result<AlertSettings, Fault> {
        serde_json::from_value(self.settings.clone()).map_err(|_| {
            StoreError::Corrupt { table: "alert_settings", column: "settings", key: account.to_string() }.into()
        })
    }

    fn status(self, waiting: i64) -> AlertStatus {
        AlertStatus {
            last_sent_at: self.last_sent_at.map(|at| at.0),
            last_error: self.last_error,
            last_error_at: self.last_error_at.map(|at| at.0),
            waiting,
        }
    }
}

#[derive(QueryableByName)]
pub(crate) struct BookRow {
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Jsonb)]
    book: Value,
}

impl BookRow {
    pub(crate) fn book(self) -> Result<(SyncId, Book), Fault> {
        let corrupt = |_| StoreError::Corrupt { table: "alerts", column: "book", key: self.sync.to_string() };
        Ok((SyncId(self.sync), serde_json::from_value(self.book).map_err(corrupt)?))
    }
}

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    friendly_name: String,
    #[diesel(sql_type = Jsonb)]
    governor: Value,
    #[diesel(embed)]
    counts: CountsRow,
}

#[derive(QueryableByName)]
struct AccountRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
}

#[derive(QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

async fn books(c: &mut Conn, account: AccountId) -> Result<BTreeMap<SyncId, Book>, Fault> {
    let rows: Vec<BookRow> = sql_query("SELECT sync, book FROM alerts WHERE account = $1")
        .bind::<SqlUuid, _>(account.0)
        .get_results(c)
        .await?;
    rows.into_iter().map(BookRow::book).collect()
}

async fn standings(c: &mut Conn, account: AccountId) -> Result<BTreeMap<SyncId, Standing>, Fault> {
    let rows: Vec<StandingRow> = sql_query(format!(
        "SELECT s.id, s.friendly_name, r.governor, {COUNTS} FROM syncs s \
         JOIN sync_runtime r ON r.account = s.account AND r.sync = s.id \
         LEFT JOIN link_counts n ON n.account = s.account AND n.sync = s.id \
         WHERE s.account = $1 AND s.deleted_at IS NULL GROUP BY s.id, s.friendly_name, r.governor"
    ))
    .bind::<SqlUuid, _>(account.0)
    .get_results(c)
    .await?;
    let standing = |row: StandingRow| {
        let governor = governor_of(row.governor, account.0, row.id)?;
        Ok((SyncId(row.id), Standing::of(row.friendly_name, &governor, row.counts.counts())))
    };
    rows.into_iter().map(standing).collect()
}

pub(crate) async fn write_book(
    c: &mut Conn,
    account: AccountId,
    sync: SyncId,
    book: Option<&Book>,
) -> Result<(), Fault> {
    let Some(book) = book else {
        sql_query("DELETE FROM alerts WHERE account = $1 AND sync = $2")
            .bind::<SqlUuid, _>(account.0)
            .bind::<SqlUuid, _>(sync.0)
            .execute(c)
            .await?;
        return Ok(());
    };
    sql_query(
        "INSERT INTO alerts (account, sync, book, waiting, due_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account, sync) DO UPDATE SET book = excluded.book, waiting = excluded.waiting, \
         due_at = excluded.due_at",
    )
    .bind::<SqlUuid, _>(account.0)
    .bind::<SqlUuid, _>(sync.0)
    .bind::<Jsonb, _>(as_json(book)?)
    .bind::<SmallInt, _>(book.waiting() as i16)
    .bind::<Nullable<Timestamptz>, _>(time_opt(book.due_at()))
    .execute(c)
    .await?;
    Ok(())
}

async fn write_settings(c: &mut Conn, account: AccountId, settings: &AlertSettings) -> Result<(), Fault> {
    sql_query("UPDATE alert_settings SET settings = $2 WHERE account = $1")
        .bind::<SqlUuid, _>(account.0)
        .bind::<Jsonb, _>(as_json(settings)?)
        .execute(c)
        .await?;
    Ok(())
}

/// What a look says now.
async fn news(
    store: &PostgresStore,
    c: &mut Conn,
    account: AccountId,
    seed: Uuid,
    lock: &str,
) -> Result<BookWrites, Fault> {
    let Some(row) = SettingsRow::find(c, account, lock).await? else { return Ok(Vec::new()) };
    let now = store.clock_now(c).await?;
    let (books, standings) = (books(c, account).await?, standings(c, account).await?);
    Ok(look(&row.settings(account)?, &books, &standings, now, seed))
}

async fn note(store: &PostgresStore, c: &mut Conn, account: AccountId, seed: Uuid) -> Result<usize, Fault> {
    let writes = news(store, c, account, seed, "FOR UPDATE").await?;
    for (sync, book) in &writes {
        write_book(c, account, *sync, book.as_ref()).await?;
    }
    Ok(writes.len())
}

async fn claim(
    store: &PostgresStore,
    c: &mut Conn,
    token: LeaseToken,
    lease: Duration,
) -> Result<Option<ClaimedAlert>, Fault> {
    let now = store.clock_now(c).await?;
    let found: Vec<AccountRow> = sql_query(format!(
        "SELECT a.account FROM alert_settings a WHERE a.held_until <= $1 AND EXISTS \
         (SELECT 1 FROM {LIVE} WHERE w.account = a.account AND w.due_at <= $1) \
         ORDER BY a.held_until, a.account LIMIT 1 FOR UPDATE OF a SKIP LOCKED"
    ))
    .bind::<Timestamptz, _>(time(now))
    .get_results(c)
    .await?;
    let Some(account) = found.into_iter().next().map(|row| AccountId(row.account)) else { return Ok(None) };
    let due: Vec<BookRow> = sql_query(format!(
        "SELECT w.sync, w.book FROM {LIVE} WHERE w.account = $1 AND w.due_at <= $2 ORDER BY w.due_at, w.sync LIMIT 1"
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<Timestamptz, _>(time(now))
    .get_results(c)
    .await?;
    let row = SettingsRow::find(c, account, "").await?;
    let (Some(due), Some(row)) = (due.into_iter().next(), row) else { return Ok(None) };
    let (sync, mut book) = due.book()?;
    let Some((alert, tries)) = book.claim(now) else { return Ok(None) };
    write_book(c, account, sync, Some(&book)).await?;
    sql_query("UPDATE alert_settings SET held_until = $2, lease_token = $3 WHERE account = $1")
        .bind::<SqlUuid, _>(account.0)
        .bind::<Timestamptz, _>(time(now.plus(lease)))
        .bind::<SqlUuid, _>(token.0)
        .execute(c)
        .await?;
    Ok(Some(ClaimedAlert { account, settings: row.settings(account)?, alert, tries }))
}

async fn settle(
    store: &PostgresStore,
    c: &mut Conn,
    token: LeaseToken,
    claimed: &ClaimedAlert,
    verdict: &Verdict,
    gap: Duration,
) -> Result<(), Fault> {
    let account = claimed.account;
    let Some(row) = SettingsRow::find(c, account, "FOR UPDATE").await? else { return Ok(()) };
    if row.lease_token != Some(token.0) {
        return Ok(());
    }
    let now = store.clock_now(c).await?;
    let mut status = row.status(0);
    status.note(verdict, now);
    sql_query(
        "UPDATE alert_settings SET held_until = $2, lease_token = NULL, last_sent_at = $3, last_error = $4, \
         last_error_at = $5 WHERE account = $1",
    )
    .bind::<SqlUuid, _>(account.0)
    .bind::<Timestamptz, _>(time(now.plus(gap)))
    .bind::<Nullable<Timestamptz>, _>(time_opt(status.last_sent_at))
    .bind::<Nullable<Text>, _>(status.last_error.map(|text| sync_core::text::without_nul(&text).into_owned()))
    .bind::<Nullable<Timestamptz>, _>(time_opt(status.last_error_at))
    .execute(c)
    .await?;
    let Some(sync) = claimed.alert.about.as_ref().map(|about| about.sync) else { return Ok(()) };
    let rows: Vec<BookRow> = sql_query("SELECT sync, book FROM alerts WHERE account = $1 AND sync = $2")
        .bind::<SqlUuid, _>(account.0)
        .bind::<SqlUuid, _>(sync.0)
        .get_results(c)
        .await?;
    let Some(row) = rows.into_iter().next() else { return Ok(()) };
    let (_, mut book) = row.book()?;
    book.settle(&claimed.alert, claimed.tries, verdict, now);
    write_book(c, account, sync, Some(&book)).await
}

async fn set(store: &PostgresStore, c: &mut Conn, account: AccountId, settings: &AlertSettings) -> Result<(), Fault> {
    let now = store.clock_now(c).await?;
    // Whether it is new or not, the row is locked from here on.
    sql_query(
        "INSERT INTO alert_settings (account, settings, held_until) VALUES ($1, $2, $3) ON CONFLICT (account) \
         DO UPDATE SET settings = excluded.settings, last_error = NULL, last_error_at = NULL",
    )
    .bind::<SqlUuid, _>(account.0)
    .bind::<Jsonb, _>(as_json(settings)?)
    .bind::<Timestamptz, _>(time(now))
    .execute(c)
    .await?;
    for (sync, mut book) in books(c, account).await? {
        if book.waiting() > 0 {
            book.hurry(now);
            write_book(c, account, sync, Some(&book)).await?;
        }
    }
    Ok(())
}

#[async_trait]
impl AlertStore for PostgresStore {
    async fn alerts(&self, account: AccountId) -> StoreResult<Option<(AlertSettings, AlertStatus)>> {
        self.read("read alert settings", |c| {
            Box::pin(async move {
                let Some(row) = SettingsRow::find(c, account, "").await? else { return Ok(None) };
                let waiting: Sum = sql_query(format!(
                    "SELECT coalesce(sum(w.waiting), 0)::bigint AS n FROM {LIVE} \
                     WHERE w.account = $1 AND w.due_at IS NOT NULL"
                ))
                .bind::<SqlUuid, _>(account.0)
                .get_result(c)
                .await?;
                Ok(Some((row.settings(account)?, row.status(waiting.n))))
            })
        })
        .await
    }

    async fn alert_accounts(&self) -> StoreResult<Vec<AccountId>> {
        self.read("read who has alerts", |c| {
            Box::pin(async move {
                let rows: Vec<AccountRow> =
                    sql_query("SELECT account FROM alert_settings ORDER BY account").get_results(c).await?;
                Ok(rows.into_iter().map(|row| AccountId(row.account)).collect())
            })
        })
        .await
    }

    async fn set_alerts(&self, account: AccountId, settings: &AlertSettings) -> StoreResult<()> {
        let wanted = Arc::new((self.clone(), settings.clone()));
        self.transact("set alerts", move |c| {
            let wanted = wanted.clone();
            Box::pin(async move { set(&wanted.0, c, account, &wanted.1).await })
        })
        .await
    }

    async fn remove_alerts(&self, account: AccountId) -> StoreResult<bool> {
        self.transact("remove alerts", move |c| {
            Box::pin(async move {
                let removed = sql_query("DELETE FROM alert_settings WHERE account = $1")
                    .bind::<SqlUuid, _>(account.0)
                    .execute(c)
                    .await?;
                sql_query("DELETE FROM alerts WHERE account = $1").bind::<SqlUuid, _>(account.0).execute(c).await?;
                Ok(removed > 0)
            })
        })
        .await
    }

    async fn note_alerts(&self, account: AccountId, seed: Uuid) -> StoreResult<usize> {
        const OPERATION: &str = "note alerts";
        let store = self.clone();
        // Almost always nothing is new: nothing is locked then.
        let nothing = self
            .read(OPERATION, |c| Box::pin(async move { Ok(news(&store, c, account, seed, "").await?.is_empty()) }))
            .await?;
        if nothing {
            return Ok(0);
        }
        let store = self.clone();
        self.transact(OPERATION, move |c| {
            let store = store.clone();
            Box::pin(async move { note(&store, c, account, seed).await })
        })
        .await
    }

    async fn claim_alert(&self, token: LeaseToken, lease: Duration) -> StoreResult<Option<ClaimedAlert>> {
        let store = self.clone();
        self.transact("claim an alert", move |c| {
            let store = store.clone();
            Box::pin(async move { claim(&store, c, token, lease).await })
        })
        .await
    }

    async fn settle_alert(
        &self,
        token: LeaseToken,
        claimed: &ClaimedAlert,
        verdict: &Verdict,
        gap: Duration,
    ) -> StoreResult<()> {
        let wanted = Arc::new((self.clone(), claimed.clone(), verdict.clone()));
        self.transact("settle an alert", move |c| {
            let wanted = wanted.clone();
            Box::pin(async move { settle(&wanted.0, c, token, &wanted.1, &wanted.2, gap).await })
        })
        .await
    }
}

async fn reseal_one(c: &mut Conn, account: AccountId, reseal: &dyn Reseal) -> Result<usize, Fault> {
    let Some(row) = SettingsRow::find(c, account, "FOR UPDATE").await? else { return Ok(0) };
    let settings = row.settings(account)?;
    let sealed = reseal
        .reseal_alerts(account, &settings.secret)
        .map_err(|source| StoreError::Internal { operation: "seal an alert secret anew", source })?;
    let Some(secret) = sealed else { return Ok(0) };
    write_settings(c, account, &AlertSettings { secret, ..settings }).await?;
    Ok(1)
}

impl PostgresStore {
    /// Seals the secrets of all accounts' alerts anew, one account a transaction. Returns how many were written.
    pub(crate) async fn reseal_alerts(&self, reseal: &Arc<dyn Reseal>) -> StoreResult<usize> {
        let mut written = 0;
        for account in self.alert_accounts().await? {
            let reseal = reseal.clone();
            written += self
                .transact("seal an alert secret anew", move |c| {
                    let reseal = reseal.clone();
                    Box::pin(async move { reseal_one(c, account, reseal.as_ref()).await })
                })
                .await?;
        }
        Ok(written)
    }
}
