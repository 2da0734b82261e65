//! Rows of `remembered_syncs`.

use crate::Conn;
use crate::columns::{Time, time, time_opt};
use crate::error::Fault;
use crate::sql::sql_query;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::chosen::{REMEMBERED, RememberedSync};
use sync_core::id::{AccountId, SyncId};
use sync_core::time::Timestamp;
use uuid::Uuid;

/// The columns, for SELECT lists.
pub(crate) const COLUMNS: &str = "account, sync, input, deleted_at";

#[derive(QueryableByName)]
pub(crate) struct RememberedRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    input: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deleted_at: Option<Time>,
}

impl From<RememberedRow> for RememberedSync {
    fn from(row: RememberedRow) -> Self {
        Self {
            account: AccountId(row.account),
            id: SyncId(row.sync),
            input: row.input,
            deleted_at: row.deleted_at.map(|at| at.0),
        }
    }
}

/// What is remembered of an id.
pub(crate) async fn find(c: &mut Conn, account: AccountId, id: SyncId) -> Result<Option<RememberedSync>, Fault> {
    let rows: Vec<RememberedRow> =
        sql_query(format!("SELECT {COLUMNS} FROM remembered_syncs WHERE account = $1 AND sync = $2"))
            .bind::<SqlUuid, _>(account.0)
            .bind::<SqlUuid, _>(id.0)
            .get_results(c)
            .await?;
    Ok(rows.into_iter().next().map(Into::into))
}

/// Writes what is remembered of an id, new or changed.
pub(crate) async fn write(c: &mut Conn, known: &RememberedSync) -> Result<(), Fault> {
    sql_query(format!(
        "INSERT INTO remembered_syncs ({COLUMNS}) VALUES ($1, $2, $3, $4) ON CONFLICT (account, sync) DO UPDATE SET \
         input = excluded.input, deleted_at = excluded.deleted_at"
    ))
    .bind::<SqlUuid, _>(known.account.0)
    .bind::<SqlUuid, _>(known.id.0)
    .bind::<Nullable<Text>, _>(known.input.clone())
    .bind::<Nullable<Timestamptz>, _>(time_opt(known.deleted_at))
    .execute(c)
    .await?;
    Ok(())
}

/// Removes at most so many that are too old. Returns how many.
pub(crate) async fn forget(c: &mut Conn, now: Timestamp, rows_max: usize) -> Result<usize, Fault> {
    let deleted = sql_query(
        "DELETE FROM remembered_syncs WHERE (account, sync) IN (SELECT account, sync FROM remembered_syncs \
         WHERE deleted_at <= $1 ORDER BY deleted_at LIMIT $2)",
    )
    .bind::<Timestamptz, _>(time(now.minus(REMEMBERED)))
    .bind::<BigInt, _>(rows_max as i64)
    .execute(c)
    .await?;
    Ok(deleted)
}
