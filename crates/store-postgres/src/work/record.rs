//! Recording changes.

use crate::batch::Batch;
use crate::error::Fault;
use crate::links::{self, Shard};
use crate::signals::notification;
use crate::sql::sql_query;
use crate::syncs::{self, SyncRow, governor_of};
use crate::transaction::{Committed, begin};
use crate::work::later::Left;
use crate::{Conn, PostgresStore, columns, people};
use diesel::sql_types::{Array, BigInt, Jsonb, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures_util::future::{try_join, try_join3, try_join5};
use std::collections::HashMap;
use sync_core::claim::{ChangedPerson, RecordRequest, Recorded, fold, ids_of};
use sync_core::id::{AccountId, LinkId, SyncId};
use sync_core::plan::intake::{HandOffSync, hand_off, leaves_due, mark_changed, takes_hand_off};
use sync_core::plan::later::marked_at_once;
use sync_core::ports::{Signal, StoreError};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;
use uuid::Uuid;

pub(super) async fn record(
    store: &PostgresStore,
    c: &mut Conn,
    request: &RecordRequest,
) -> Result<(Recorded, Committed), Fault> {
    let account = request.account;
    let ids = ids_of(&request.calls);
    let (begun, floor, held, now, configs) = try_join5(
        begin(c),
        floor(c, account),
        people::read(c, account, &ids, true),
        store.clock_now(c),
        configs(c, account),
    )
    .await?;
    let folded = fold(&request.calls, held, floor, now);
    let nothing_owed = Recorded { results: folded.results, leased: Vec::new(), due: false, syncs: 0, later: false };
    if folded.changed.is_empty() {
        return Ok((nothing_owed, begun.commit(Batch::new(c)).await?));
    }
    let mut batch = Batch::new(c);
    people::add_writes(&mut batch, account, &folded.changed);
    batch.extend(people::count(account, present_difference(&folded.changed)));
    if configs.is_empty() {
        return Ok((nothing_owed, begun.commit(batch).await?));
    }
    let syncs = configs.len();
    let mut configs = configs;
    let later = configs.split_off(marked_at_once(folded.changed.len(), request.marks_max).min(syncs));
    let links = link_ids(account, &configs, &folded.changed);
    let taking: Vec<SyncConfig> = match &request.hand_off {
        Some(_) => configs.iter().filter(|sync| takes_hand_off(sync)).cloned().collect(),
        None => Vec::new(),
    };
    let left = Left { account, syncs: &later, changed: &folded.changed };
    let (locked, unresolved, loads) = if later.is_empty() {
        let ((), locked, loads) =
            try_join3(batch.run(), links::lock(c, &links), loads(c, account, taking, now)).await?;
        (locked, Vec::new(), loads)
    } else {
        // Links before runtime rows, as a settlement takes them; what a claim leases in between is found below.
        let ((), locked) = try_join(batch.run(), links::lock(c, &links)).await?;
        let unresolved = left.unresolved(c, &request.policy, now).await?;
        (locked, unresolved, loads(c, account, taking, now).await?)
    };
    let held = links::by_id(c, locked).await?;
    let mut writes = mark_changed(&folded.changed, &configs, held, &request.policy, now);
    let leased = match &request.hand_off {
        Some(wanted) => hand_off(&mut writes, &folded.changed, &loads, wanted, &request.policy, now),
        None => Vec::new(),
    };
    writes.extend(unresolved);
    let is_later = !later.is_empty();
    let mut due = leaves_due(&writes);
    if is_later {
        let mut batch = Batch::new(c);
        links::add_writes(&mut batch, writes, Shard::Intake);
        batch.run().await?;
        left.lock_runtimes(c).await?;
        writes = left.unresolved(c, &request.policy, now).await?;
        due |= leaves_due(&writes);
    }
    let mut batch = Batch::new(c);
    links::add_writes(&mut batch, writes, Shard::Intake);
    if is_later {
        left.add(&mut batch);
    }
    if due {
        batch.extend(notification(&[Signal::Due]));
    }
    let committed = begun.commit(batch).await?;
    Ok((Recorded { leased, due, syncs, later: is_later, ..nothing_owed }, committed))
}

#[derive(diesel::QueryableByName)]
struct Floor {
    #[diesel(sql_type = BigInt)]
    version_floor: i64,
}

/// The account's row, locked shared: no sync is made or deleted meanwhile.
async fn floor(mut c: &Conn, account: AccountId) -> Result<i64, Fault> {
    let floor: Vec<Floor> = sql_query("SELECT version_floor FROM accounts WHERE id = $1 FOR SHARE")
        .bind::<SqlUuid, _>(account.0)
        .get_results(&mut c)
        .await?;
    let floor = floor.into_iter().next().ok_or_else(|| StoreError::Internal {
        operation: "record changes",
        source: "there is no such account".into(),
    })?;
    Ok(floor.version_floor)
}

async fn configs(mut c: &Conn, account: AccountId) -> Result<Vec<SyncConfig>, Fault> {
    let rows: Vec<SyncRow> = sql_query(format!(
        "SELECT {} FROM syncs s WHERE s.account = $1 AND s.deleted_at IS NULL ORDER BY s.id",
        syncs::COLUMNS
    ))
    .bind::<SqlUuid, _>(account.0)
    .get_results(&mut c)
    .await?;
    syncs::configs(rows)
}

fn present_difference(changed: &[ChangedPerson]) -> i64 {
    let present = |person: &sync_core::person::Person| i64::from(!person.is_deleted());
    changed.iter().map(|c| present(&c.after) - c.before.as_ref().map_or(0, present)).sum()
}

fn link_ids(account: AccountId, syncs: &[SyncConfig], changed: &[ChangedPerson]) -> Vec<LinkId> {
    let of_sync = |sync: SyncId| changed.iter().map(move |p| LinkId { account, sync, person: p.after.id.clone() });
    syncs.iter().flat_map(|sync| of_sync(sync.id)).collect()
}

#[derive(diesel::QueryableByName)]
struct Runtime {
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
}

#[derive(diesel::QueryableByName)]
struct Leased {
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = BigInt)]
    leased: i64,
}

/// The syncs that have no backlog as the hand-off sees them: their runtime rows locked, and what is leased counted after that.
/// Those that have one are left out without waiting for their lock, and those that have got one until it was locked, too.
async fn loads(
    c: &Conn,
    account: AccountId,
    syncs: Vec<SyncConfig>,
    now: Timestamp,
) -> Result<Vec<HandOffSync>, Fault> {
    if syncs.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = syncs.iter().map(|sync| sync.id.0).collect();
    let of_syncs = |sql: String| {
        sql_query(sql)
            .bind::<SqlUuid, _>(account.0)
            .bind::<Array<SqlUuid>, _>(ids.clone())
            .bind::<Timestamptz, _>(columns::time(now))
    };
    let runtimes = of_syncs(format!(
        "SELECT r.sync, r.governor FROM UNNEST($2) AS k(sync) \
         JOIN sync_runtime r ON r.account = $1 AND r.sync = k.sync WHERE NOT {} ORDER BY r.sync FOR UPDATE OF r",
        links::has_claimable("$1", "r.sync", "$3")
    ));
    let leased = of_syncs(format!(
        "SELECT k.sync, {} AS leased FROM UNNEST($2) AS k(sync) WHERE NOT {}",
        links::leased("$1", "k.sync", "$3"),
        links::has_claimable("$1", "k.sync", "$3")
    ));
    let (mut first, mut second) = (c, c);
    let (runtimes, leased): (Vec<Runtime>, Vec<Leased>) =
        try_join(runtimes.get_results(&mut first), leased.get_results(&mut second)).await?;
    let leased: HashMap<Uuid, i64> = leased.into_iter().map(|row| (row.sync, row.leased)).collect();
    let mut governors = HashMap::new();
    for row in runtimes {
        governors.insert(row.sync, governor_of(row.governor, account.0, row.sync)?);
    }
    Ok(syncs
        .into_iter()
        .filter_map(|config| {
            let (governor, leased) = (governors.remove(&config.id.0)?, leased.get(&config.id.0)?);
            let leased = usize::try_from(*leased).unwrap_or(usize::MAX);
            Some(HandOffSync { config, governor, leased, backlog: false })
        })
        .collect())
}
