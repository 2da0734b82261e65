//! Recording changes.

use crate::error::Fault;
use crate::links::{self, Shard};
use crate::signals::notify;
use crate::sql::sql_query;
use crate::syncs::{self, SyncRow, governor_of};
use crate::{Conn, PostgresStore, columns, people};
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use sync_core::claim::{ChangedPerson, RecordRequest, Recorded, fold, ids_of};
use sync_core::id::{AccountId, LinkId};
use sync_core::link::Link;
use sync_core::plan::intake::{HandOffSync, hand_off, leaves_due, mark_changed, takes_hand_off};
use sync_core::ports::{Signal, StoreError};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;
use uuid::Uuid;

#[derive(diesel::QueryableByName)]
struct Floor {
    #[diesel(sql_type = BigInt)]
    version_floor: i64,
}

pub(super) async fn record(store: &PostgresStore, c: &mut Conn, request: &RecordRequest) -> Result<Recorded, Fault> {
    let account = request.account;
    // Shared: no sync is made or deleted meanwhile.
    let floor: Vec<Floor> = sql_query("SELECT version_floor FROM accounts WHERE id = $1 FOR SHARE")
        .bind::<SqlUuid, _>(account.0)
        .get_results(c)
        .await?;
    let floor = floor.into_iter().next().ok_or_else(|| StoreError::Internal {
        operation: "record changes",
        source: "there is no such account".into(),
    })?;
    let held = people::read(c, account, &ids_of(&request.calls), true).await?;
    let now = store.clock_now(c).await?;
    let folded = fold(&request.calls, held, floor.version_floor, now);
    if folded.changed.is_empty() {
        return Ok(Recorded { results: folded.results, leased: Vec::new(), due: false });
    }
    if !people::write(c, account, &folded.changed).await? {
        return Err(Error::RollbackTransaction.into());
    }
    add_people(c, account, present_difference(&folded.changed)).await?;
    let rows: Vec<SyncRow> = sql_query(format!(
        "SELECT {} FROM syncs s WHERE s.account = $1 AND s.deleted_at IS NULL ORDER BY s.id",
        syncs::COLUMNS
    ))
    .bind::<SqlUuid, _>(account.0)
    .get_results(c)
    .await?;
    let configs = syncs::configs(rows)?;
    if configs.is_empty() {
        return Ok(Recorded { results: folded.results, leased: Vec::new(), due: false });
    }
    let held = lock_links(c, account, &configs, &folded.changed).await?;
    let mut writes = mark_changed(&folded.changed, &configs, held, &request.policy, now);
    let mut leased = Vec::new();
    if let Some(wanted) = &request.hand_off {
        let taking: Vec<SyncConfig> = configs.into_iter().filter(takes_hand_off).collect();
        if !taking.is_empty() {
            let loads = load(c, account, taking, now).await?;
            leased = hand_off(&mut writes, &folded.changed, &loads, wanted, &request.policy, now);
        }
    }
    let due = leaves_due(&writes);
    if !links::write(c, writes, Shard::Intake).await? {
        return Err(Error::RollbackTransaction.into());
    }
    if due {
        notify(c, &Signal::Due).await?;
    }
    Ok(Recorded { results: folded.results, leased, due })
}

fn present_difference(changed: &[ChangedPerson]) -> i64 {
    let present = |person: &sync_core::person::Person| i64::from(!person.is_deleted());
    changed.iter().map(|c| present(&c.after) - c.before.as_ref().map_or(0, present)).sum()
}

async fn add_people(c: &mut Conn, account: AccountId, difference: i64) -> Result<(), Fault> {
    if difference != 0 {
        sql_query(
            "INSERT INTO people_counts AS n VALUES ($1, $2) \
             ON CONFLICT (account) DO UPDATE SET people = n.people + excluded.people",
        )
        .bind::<SqlUuid, _>(account.0)
        .bind::<BigInt, _>(difference)
        .execute(c)
        .await?;
    }
    Ok(())
}

async fn lock_links(
    c: &mut Conn,
    account: AccountId,
    syncs: &[SyncConfig],
    changed: &[ChangedPerson],
) -> Result<HashMap<LinkId, Link>, Fault> {
    let ids: Vec<LinkId> = syncs
        .iter()
        .flat_map(|sync| {
            changed.iter().map(|person| LinkId { account, sync: sync.id, person: person.after.id.clone() })
        })
        .collect();
    links::lock(c, &ids).await
}

#[derive(diesel::QueryableByName)]
struct Runtime {
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
}

#[derive(diesel::QueryableByName)]
struct Load {
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = BigInt)]
    leased: i64,
    #[diesel(sql_type = Bool)]
    backlog: bool,
}

/// The syncs as the hand-off sees them: their runtime rows locked, and what is leased counted after that. Those that have a
/// backlog already are left out without waiting for their lock.
async fn load(
    c: &mut Conn,
    account: AccountId,
    configs: Vec<SyncConfig>,
    now: Timestamp,
) -> Result<Vec<HandOffSync>, Fault> {
    let ids: Vec<Uuid> = configs.iter().map(|sync| sync.id.0).collect();
    let runtimes: Vec<Runtime> = sql_query(format!(
        "SELECT r.sync, r.governor FROM UNNEST($2) AS k(sync) \
         JOIN sync_runtime r ON r.account = $1 AND r.sync = k.sync WHERE NOT {} \
         ORDER BY r.sync FOR UPDATE OF r",
        links::has_claimable("$1", "r.sync", "$3")
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Timestamptz, _>(columns::time(now))
    .get_results(c)
    .await?;
    if runtimes.is_empty() {
        return Ok(Vec::new());
    }
    let loads: Vec<Load> = sql_query(format!(
        "SELECT k.sync, {} AS leased, {} AS backlog FROM UNNEST($2) AS k(sync)",
        links::leased("$1", "k.sync", "$3"),
        links::has_claimable("$1", "k.sync", "$3")
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<Array<SqlUuid>, _>(runtimes.iter().map(|row| row.sync).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(columns::time(now))
    .get_results(c)
    .await?;
    let mut governors = HashMap::new();
    for row in runtimes {
        governors.insert(row.sync, governor_of(row.governor, account.0, row.sync)?);
    }
    let loads: HashMap<Uuid, Load> = loads.into_iter().map(|load| (load.sync, load)).collect();
    Ok(configs
        .into_iter()
        .filter_map(|config| {
            let (governor, load) = (governors.remove(&config.id.0)?, loads.get(&config.id.0)?);
            Some(HandOffSync {
                config,
                governor,
                leased: usize::try_from(load.leased).unwrap_or(usize::MAX),
                backlog: load.backlog,
            })
        })
        .collect())
}
