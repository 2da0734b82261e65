//! Rows of `remembered_syncs`.

use super::uuid;
use crate::error::Fault;
use crate::sql::{Db, Value, values};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sync_core::chosen::{REMEMBERED, RememberedSync};
use sync_core::id::{AccountId, SyncId};
use sync_core::time::Timestamp;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    account: Vec<u8>,
    #[diesel(sql_type = Binary)]
    sync: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    input: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    deleted_at: Option<i64>,
}

/// Reads what is remembered; `rest` follows the FROM clause.
pub(crate) fn read(db: &mut Db, rest: &str, values: &[Value]) -> Result<Vec<RememberedSync>, Fault> {
    const TABLE: &str = "remembered_syncs";
    let rows: Vec<Row> =
        db.rows(&format!("SELECT account, sync, input, deleted_at FROM remembered_syncs {rest}"), values)?;
    let row = |row: Row| {
        Ok(RememberedSync {
            account: AccountId(uuid(&row.account, TABLE, "account")?),
            id: SyncId(uuid(&row.sync, TABLE, "sync")?),
            input: row.input,
            deleted_at: row.deleted_at.map(Timestamp::from_micros),
        })
    };
    rows.into_iter().map(row).collect()
}

/// Writes what is remembered of an id, new or changed.
pub(crate) fn write(db: &mut Db, known: &RememberedSync) -> Result<(), Fault> {
    db.run(
        "INSERT OR REPLACE INTO remembered_syncs (account, sync, input, deleted_at) VALUES (?, ?, ?, ?)",
        &values![known.account.0, known.id.0, known.input.clone(), known.deleted_at],
    )?;
    Ok(())
}

/// Removes at most so many that are too old. Returns how many.
pub(crate) fn forget(db: &mut Db, now: Timestamp, rows_max: usize) -> Result<usize, Fault> {
    db.run(
        "DELETE FROM remembered_syncs WHERE (account, sync) IN (SELECT account, sync FROM remembered_syncs \
         WHERE deleted_at <= ? ORDER BY deleted_at LIMIT ?)",
        &values![now.minus(REMEMBERED), rows_max],
    )
}
