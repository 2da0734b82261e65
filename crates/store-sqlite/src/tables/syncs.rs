use super::{from_json, small, to_json, uuid};
use crate::error::Fault;
use crate::sql::{Db, values};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sync_core::counts::LinkCounts;
use sync_core::governor::Governor;
use sync_core::id::{AccountId, SyncId};
use sync_core::ports::SweepKind;
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;

/// The columns of a sync and its runtime row.
pub(crate) const SELECT: &str = "SELECT s.account, s.id, s.friendly_name, s.revision, s.unique_id_revision, s.paused, \
     s.settings, s.created_at, s.updated_at, s.deleted_at, r.governor, r.unlinked, r.uncertain, r.linked, r.leaving, \
     r.unaddressable, r.owed, r.parked, r.kept \
     FROM syncs s JOIN sync_runtime r ON r.account = s.account AND r.sync = s.id ";

#[derive(QueryableByName)]
pub(crate) struct SyncRow {
    #[diesel(sql_type = Binary)]
    account: Vec<u8>,
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Text)]
    friendly_name: String,
    #[diesel(sql_type = BigInt)]
    revision: i64,
    #[diesel(sql_type = BigInt)]
    unique_id_revision: i64,
    #[diesel(sql_type = BigInt)]
    paused: i64,
    #[diesel(sql_type = Text)]
    settings: String,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = BigInt)]
    updated_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    deleted_at: Option<i64>,
    #[diesel(sql_type = Text)]
    governor: String,
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

/// A sync with its runtime row.
#[derive(Clone)]
pub(crate) struct LiveSync {
    pub(crate) config: SyncConfig,
    pub(crate) governor: Governor,
    pub(crate) counts: LinkCounts,
}

impl SyncRow {
    pub(crate) fn sync(self) -> Result<LiveSync, Fault> {
        const TABLE: &str = "syncs";
        let id = SyncId(uuid(&self.id, TABLE, "id")?);
        let config = SyncConfig {
            account: AccountId(uuid(&self.account, TABLE, "account")?),
            id,
            friendly_name: self.friendly_name,
            revision: small(self.revision, TABLE, "revision", id)?,
            unique_id_revision: small(self.unique_id_revision, TABLE, "unique_id_revision", id)?,
            paused: self.paused != 0,
            settings: from_json(&self.settings, TABLE, "settings", id)?,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
            deleted_at: self.deleted_at.map(Timestamp::from_micros),
        };
        let counts = LinkCounts {
            by_state: [self.unlinked, self.uncertain, self.linked, self.leaving, self.unaddressable],
            owed: self.owed,
            parked: self.parked,
            kept: self.kept,
        };
        Ok(LiveSync { config, governor: from_json(&self.governor, "sync_runtime", "governor", id)?, counts })
    }
}

/// Reads syncs; `rest` follows the FROM clause.
pub(crate) fn read(db: &mut Db, rest: &str, values: &[crate::sql::Value]) -> Result<Vec<LiveSync>, Fault> {
    db.rows::<SyncRow>(&format!("{SELECT}{rest}"), values)?.into_iter().map(SyncRow::sync).collect()
}

/// A sync that is not deleted.
pub(crate) fn find(db: &mut Db, account: AccountId, id: SyncId) -> Result<Option<LiveSync>, Fault> {
    let found = read(db, "WHERE s.account = ? AND s.id = ? AND s.deleted_at IS NULL", &values![account.0, id.0])?;
    Ok(found.into_iter().next())
}

/// An account's syncs that are not deleted, in order of id.
pub(crate) fn live(db: &mut Db, account: AccountId) -> Result<Vec<LiveSync>, Fault> {
    read(db, "WHERE s.account = ? AND s.deleted_at IS NULL ORDER BY s.id", &values![account.0])
}

pub(crate) fn insert(db: &mut Db, sync: &SyncConfig) -> Result<(), Fault> {
    db.run(
        "INSERT INTO syncs (account, id, friendly_name, revision, unique_id_revision, paused, settings, created_at, \
         updated_at, deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &values![
            sync.account.0,
            sync.id.0,
            sync.friendly_name.as_str(),
            sync.revision,
            sync.unique_id_revision,
            sync.paused,
            to_json(&sync.settings)?,
            sync.created_at,
            sync.updated_at,
            sync.deleted_at
        ],
    )?;
    db.run(
        "INSERT INTO sync_runtime (account, sync, governor) VALUES (?, ?, ?)",
        &values![sync.account.0, sync.id.0, to_json(&Governor::default())?],
    )?;
    Ok(())
}

pub(crate) fn update(db: &mut Db, sync: &SyncConfig) -> Result<(), Fault> {
    db.run(
        "UPDATE syncs SET friendly_name = ?, revision = ?, unique_id_revision = ?, paused = ?, settings = ?, \
         updated_at = ?, deleted_at = ? WHERE account = ? AND id = ?",
        &values![
            sync.friendly_name.as_str(),
            sync.revision,
            sync.unique_id_revision,
            sync.paused,
            to_json(&sync.settings)?,
            sync.updated_at,
            sync.deleted_at,
            sync.account.0,
            sync.id.0
        ],
    )?;
    Ok(())
}

pub(crate) fn write_governor(db: &mut Db, account: AccountId, sync: SyncId, governor: &Governor) -> Result<(), Fault> {
    db.run(
        "UPDATE sync_runtime SET governor = ? WHERE account = ? AND sync = ?",
        &values![to_json(governor)?, account.0, sync.0],
    )?;
    Ok(())
}

/// Adds differences to a sync's link counts.
pub(crate) fn add_counts(db: &mut Db, account: AccountId, sync: SyncId, add: &LinkCounts) -> Result<(), Fault> {
    let [unlinked, uncertain, linked, leaving, unaddressable] = add.by_state;
    db.run(
        "UPDATE sync_runtime SET unlinked = unlinked + ?, uncertain = uncertain + ?, linked = linked + ?, \
         leaving = leaving + ?, unaddressable = unaddressable + ?, owed = owed + ?, parked = parked + ?, \
         kept = kept + ? WHERE account = ? AND sync = ?",
        &values![
            unlinked,
            uncertain,
            linked,
            leaving,
            unaddressable,
            add.owed,
            add.parked,
            add.kept,
            account.0,
            sync.0
        ],
    )?;
    Ok(())
}

/// Adds a sweep, unless an equal one has not begun yet.
pub(crate) fn add_sweep(
    db: &mut Db,
    account: AccountId,
    sync: SyncId,
    kind: SweepKind,
    now: Timestamp,
) -> Result<(), Fault> {
    let (code, force) = kind.code();
    let waits = db.number(
        "SELECT count(*) AS n FROM sweeps WHERE account = ? AND sync = ? AND kind = ? AND force = ? AND cursor IS NULL",
        &values![account.0, sync.0, code, force],
    )?;
    if waits == 0 {
        db.run(
            "INSERT INTO sweeps (account, sync, id, kind, force, since, created_at) \
             VALUES (?, ?, (SELECT coalesce(max(id), 0) + 1 FROM sweeps), ?, ?, ?, ?)",
            &values![account.0, sync.0, code, force, kind.since(), now],
        )?;
    }
    Ok(())
}
