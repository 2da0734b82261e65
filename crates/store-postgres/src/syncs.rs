//! Rows of `syncs` and `sync_runtime`.

use crate::Conn;
use crate::columns::{Time, time, time_opt};
use crate::error::Fault;
use crate::signals::notify;
use crate::sql::{Sql, sql_query};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use sync_core::counts::LinkCounts;
use sync_core::governor::Governor;
use sync_core::id::{AccountId, SyncId};
use sync_core::news::{NewsOf, between};
use sync_core::plan::sweep::INCLUDE_EXISTING;
use sync_core::ports::{ResyncScope, Signal, StoreError, SweepKind};
use sync_core::sync::SyncConfig;
use uuid::Uuid;

/// The columns of `syncs`, for SELECT lists; its alias is `s`.
pub(crate) const COLUMNS: &str = "s.account, s.id, s.friendly_name, s.revision, s.unique_id_revision, s.paused, s.settings, \
    s.created_at, s.updated_at, s.deleted_at";

#[derive(QueryableByName)]
pub(crate) struct SyncRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    friendly_name: String,
    #[diesel(sql_type = Integer)]
    revision: i32,
    #[diesel(sql_type = Integer)]
    unique_id_revision: i32,
    #[diesel(sql_type = Bool)]
    paused: bool,
    #[diesel(sql_type = Jsonb)]
    settings: Value,
    #[diesel(sql_type = Timestamptz)]
    created_at: Time,
    #[diesel(sql_type = Timestamptz)]
    updated_at: Time,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deleted_at: Option<Time>,
}

impl SyncRow {
    pub(crate) fn config(self) -> Result<SyncConfig, StoreError> {
        let settings = serde_json::from_value(self.settings).map_err(|_| StoreError::Corrupt {
            table: "syncs",
            column: "settings",
            key: format!("{} {}", self.account, self.id),
        })?;
        Ok(SyncConfig {
            account: AccountId(self.account),
            id: SyncId(self.id),
            friendly_name: self.friendly_name,
            revision: self.revision,
            unique_id_revision: self.unique_id_revision,
            paused: self.paused,
            settings,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }
}

pub(crate) fn configs(rows: Vec<SyncRow>) -> Result<Vec<SyncConfig>, Fault> {
    rows.into_iter().map(|row| row.config().map_err(Fault::from)).collect()
}

/// A governor as it is kept.
pub(crate) fn governor_of(value: Value, account: Uuid, sync: Uuid) -> Result<Governor, StoreError> {
    serde_json::from_value(value).map_err(|_| StoreError::Corrupt {
        table: "sync_runtime",
        column: "governor",
        key: format!("{account} {sync}"),
    })
}

/// Writes governors; `None` where there are none.
pub(crate) fn governor_writes<'q>(governors: &[((AccountId, SyncId), Governor)]) -> Result<Option<Sql<'q>>, Fault> {
    if governors.is_empty() {
        return Ok(None);
    }
    let values: Vec<Value> = governors.iter().map(|(_, governor)| as_json(governor)).collect::<Result<_, _>>()?;
    let statement = sql_query(
        "UPDATE sync_runtime r SET governor = o.governor, blocked_until = o.blocked_until \
         FROM UNNEST($1, $2, $3, $4) AS o(account, sync, governor, blocked_until) \
         WHERE r.account = o.account AND r.sync = o.sync",
    )
    .bind::<Array<SqlUuid>, _>(governors.iter().map(|((account, _), _)| account.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(governors.iter().map(|((_, sync), _)| sync.0).collect::<Vec<_>>())
    .bind::<Array<Jsonb>, _>(values)
    .bind::<Array<Nullable<Timestamptz>>, _>(
        governors.iter().map(|(_, governor)| time_opt(governor.blocked_until())).collect::<Vec<_>>(),
    );
    Ok(Some(statement))
}

/// A value as JSON without U+0000, which jsonb cannot hold.
pub(crate) fn as_json(value: &impl serde::Serialize) -> Result<Value, Fault> {
    let mut value = serde_json::to_value(value)
        .map_err(|source| StoreError::Internal { operation: "write JSON", source: Box::new(source) })?;
    sync_core::text::clean_json(&mut value);
    Ok(value)
}

/// Writes a sync's row, new or changed.
pub(crate) async fn write(c: &mut Conn, sync: &SyncConfig) -> Result<(), Fault> {
    sql_query(
        "INSERT INTO syncs VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (account, id) DO UPDATE SET \
         friendly_name = excluded.friendly_name, revision = excluded.revision, \
         unique_id_revision = excluded.unique_id_revision, paused = excluded.paused, settings = excluded.settings, \
         updated_at = excluded.updated_at, deleted_at = excluded.deleted_at",
    )
    .bind::<SqlUuid, _>(sync.account.0)
    .bind::<SqlUuid, _>(sync.id.0)
    .bind::<Text, _>(sync_core::text::without_nul(&sync.friendly_name).into_owned())
    .bind::<Integer, _>(sync.revision)
    .bind::<Integer, _>(sync.unique_id_revision)
    .bind::<Bool, _>(sync.paused)
    .bind::<Jsonb, _>(as_json(&sync.settings)?)
    .bind::<Timestamptz, _>(time(sync.created_at))
    .bind::<Timestamptz, _>(time(sync.updated_at))
    .bind::<Nullable<Timestamptz>, _>(time_opt(sync.deleted_at))
    .execute(c)
    .await?;
    Ok(())
}

/// Writes a new sync with what belongs to it, its account locked.
pub(crate) async fn make(c: &mut Conn, sync: &SyncConfig, include_existing: bool) -> Result<(), Fault> {
    write(c, sync).await?;
    sql_query("INSERT INTO sync_runtime (account, sync, governor) VALUES ($1, $2, $3)")
        .bind::<SqlUuid, _>(sync.account.0)
        .bind::<SqlUuid, _>(sync.id.0)
        .bind::<Jsonb, _>(as_json(&Governor::default())?)
        .execute(c)
        .await?;
    if include_existing {
        sweep_insertion(sync.account, sync.id, INCLUDE_EXISTING).execute(c).await?;
    }
    Ok(notify(c, &Signal::Changed).await?)
}

/// Adds a sweep, unless an equal one has not begun yet.
pub(crate) fn sweep_insertion<'q>(account: AccountId, sync: SyncId, kind: SweepKind) -> Sql<'q> {
    let (code, force) = kind.code();
    sql_query(
        "INSERT INTO sweeps (account, sync, kind, force, since) SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM sweeps w \
         WHERE w.account = $1 AND w.sync = $2 AND w.kind = $3 AND w.force = $4 AND w.cursor IS NULL)",
    )
    .bind::<SqlUuid, _>(account.0)
    .bind::<SqlUuid, _>(sync.0)
    .bind::<SmallInt, _>(code)
    .bind::<Bool, _>(force)
    .bind::<Nullable<Timestamptz>, _>(time_opt(kind.since()))
}

/// Link counts of a grouped join of `link_counts n`.
pub(crate) const COUNTS: &str = "coalesce(sum(n.unlinked), 0)::bigint AS unlinked, \
    coalesce(sum(n.uncertain), 0)::bigint AS uncertain, coalesce(sum(n.linked), 0)::bigint AS linked, \
    coalesce(sum(n.leaving), 0)::bigint AS leaving, coalesce(sum(n.unaddressable), 0)::bigint AS unaddressable, \
    coalesce(sum(n.owed), 0)::bigint AS owed, coalesce(sum(n.parked), 0)::bigint AS parked, \
    coalesce(sum(n.kept), 0)::bigint AS kept";

#[derive(QueryableByName)]
pub(crate) struct CountsRow {
    #[diesel(sql_type = BigInt)]
    unlinked: i64,
    #[diesel(sql_type = BigInt)]
    uncertain: i64,
    #[diesel(sql_type = BigInt)]
    linked: i64,
    #[diesel(sql_type = BigInt)]
    leaving: i64,
    #[diesel(sql_type = BigInt)]
    unaddressable: i64,
    #[diesel(sql_type = BigInt)]
    owed: i64,
    #[diesel(sql_type = BigInt)]
    parked: i64,
    #[diesel(sql_type = BigInt)]
    kept: i64,
}

impl CountsRow {
    pub(crate) fn counts(&self) -> LinkCounts {
        LinkCounts {
            by_state: [self.unlinked, self.uncertain, self.linked, self.leaving, self.unaddressable],
            owed: self.owed,
            parked: self.parked,
            kept: self.kept,
        }
    }
}

/// Takes the account exclusively: no intake is under way meanwhile.
pub(crate) async fn lock_account(c: &mut Conn, account: AccountId) -> Result<(), Fault> {
    let found =
        sql_query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE").bind::<SqlUuid, _>(account.0).execute(c).await?;
    if found == 0 {
        let source = "there is no such account".into();
        return Err(StoreError::Internal { operation: "lock an account", source }.into());
    }
    Ok(())
}

/// A sync, a deleted one too.
pub(crate) async fn find(c: &mut Conn, account: AccountId, id: SyncId) -> Result<Option<SyncConfig>, Fault> {
    let rows: Vec<SyncRow> = sql_query(format!("SELECT {COLUMNS} FROM syncs s WHERE s.account = $1 AND s.id = $2"))
        .bind::<SqlUuid, _>(account.0)
        .bind::<SqlUuid, _>(id.0)
        .get_results(c)
        .await?;
    Ok(configs(rows)?.pop())
}

/// Reads and locks a sync that is not deleted.
pub(crate) async fn lock_sync(c: &mut Conn, account: AccountId, id: SyncId) -> Result<Option<SyncConfig>, Fault> {
    let rows: Vec<SyncRow> = sql_query(format!(
        "SELECT {COLUMNS} FROM syncs s WHERE s.account = $1 AND s.id = $2 AND s.deleted_at IS NULL FOR UPDATE OF s"
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<SqlUuid, _>(id.0)
    .get_results(c)
    .await?;
    Ok(configs(rows)?.pop())
}

#[derive(QueryableByName)]
struct GovernorRow {
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
}

/// Changes a sync's governor, its runtime row locked, and begins the sweep that the change calls for. `None`: no such row.
pub(crate) async fn change_governor<T: Send>(
    c: &mut Conn,
    account: AccountId,
    id: SyncId,
    change: impl FnOnce(&mut Governor) -> T + Send,
) -> Result<Option<(T, NewsOf)>, Fault> {
    let rows: Vec<GovernorRow> =
        sql_query("SELECT governor FROM sync_runtime WHERE account = $1 AND sync = $2 FOR UPDATE")
            .bind::<SqlUuid, _>(account.0)
            .bind::<SqlUuid, _>(id.0)
            .get_results(c)
            .await?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let mut governor = governor_of(row.governor, account.0, id.0)?;
    let before = governor.clone();
    let (given, sweep) = governor.change(change);
    let news = between(&before, &governor).into_iter().map(|news| (id, news)).collect();
    if let Some(write) = governor_writes(&[((account, id), governor)])? {
        write.execute(c).await?;
    }
    if let Some(kind) = sweep {
        sweep_insertion(account, id, kind).execute(c).await?;
    }
    Ok(Some((given, news)))
}

/// How many people and links a resync marks as things stand: the same as `plan::sweep::resyncs` says of each.
pub(crate) async fn count_resync(
    c: &mut Conn,
    account: AccountId,
    sync: SyncId,
    scope: ResyncScope,
) -> Result<i64, Fault> {
    let live = "EXISTS (SELECT 1 FROM syncs s WHERE s.account = $1 AND s.id = $2 AND s.deleted_at IS NULL)";
    let sql = match scope {
        ResyncScope::Parked => format!(
            "SELECT count(*) AS n FROM links l WHERE l.account = $1 AND l.sync = $2 AND l.parked IS NOT NULL AND {live}"
        ),
        ResyncScope::Unlinked => format!(
            "SELECT count(*) AS n FROM people p WHERE p.account = $1 AND p.deleted_at IS NULL AND {live} \
             AND coalesce((SELECT l.state FROM links l WHERE l.account = p.account AND l.sync = $2 AND l.person = p.id), 0) = 0"
        ),
        ResyncScope::All => format!(
            "SELECT (SELECT count(*) FROM links l WHERE l.account = $1 AND l.sync = $2 AND {live}) \
             + (SELECT count(*) FROM people p WHERE p.account = $1 AND p.deleted_at IS NULL AND {live} \
                 AND (SELECT true FROM links l WHERE l.account = p.account AND l.sync = $2 AND l.person = p.id) IS NULL) AS n"
        ),
    };
    let count: Count = sql_query(sql).bind::<SqlUuid, _>(account.0).bind::<SqlUuid, _>(sync.0).get_result(c).await?;
    Ok(count.n)
}

#[derive(QueryableByName)]
pub(crate) struct Count {
    #[diesel(sql_type = BigInt)]
    pub(crate) n: i64,
}
