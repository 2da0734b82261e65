//! Claiming: sync_runtime is locked first, then due links that nobody else has locked; people are read after that.

use crate::batch::Batch;
use crate::columns::{Time, time};
use crate::error::Fault;
use crate::link_row::{self, LinkRow};
use crate::links::{self, FRESH, RETRYING, Shard, with_extras};
use crate::sql::sql_query;
use crate::syncs::{self, SyncRow, governor_of, governor_writes};
use crate::transaction::{Committed, begin};
use crate::{Conn, PostgresStore, people};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures_util::future::{try_join, try_join3};
use std::collections::HashMap;
use sync_core::claim::{ClaimRequest, Claimed};
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::news::{NewsOf, of_the_day};
use sync_core::person::Person;
use sync_core::plan::lease::{Candidate, Share, lease_share, leaves_more, next_in, pick, shares, waits_until};
use sync_core::time::Timestamp;
use uuid::Uuid;

type SyncKey = (AccountId, SyncId);

pub(super) async fn claim(
    store: &PostgresStore,
    c: &mut Conn,
    request: &ClaimRequest,
) -> Result<((Claimed, NewsOf), Committed), Fault> {
    let (begun, now) = try_join(begin(c), store.clock_now(c)).await?;
    let due: Vec<SyncKey> =
        waiting(c, now).await?.into_iter().map(|sync| (AccountId(sync.account), SyncId(sync.id))).collect();
    if due.is_empty() {
        let (next, committed) = try_join(next_claimable(c, now), begun.commit(Batch::new(c))).await?;
        let claimed = Claimed { leased: Vec::new(), more: false, next_in: next_in(now, next) };
        return Ok(((claimed, Vec::new()), committed));
    }
    let mut times = Vec::new();
    let (mut candidates, has_retries) = candidates(c, &due, request, now).await?;
    let shares = shares(&candidates, request, now);
    let picks = picks(c, &candidates, &shares, has_retries, now).await?;
    let mut claimed = Claimed::default();
    let mut writes = Vec::new();
    let (mut fresh, mut retrying) = picks;
    let keys: Vec<(AccountId, PersonId)> = fresh
        .values()
        .chain(retrying.values())
        .flatten()
        .map(|link| (link.id.account, link.id.person.clone()))
        .collect();
    let people = people::read_of_links(c, &keys).await?;
    let mut by_account: HashMap<AccountId, HashMap<PersonId, Person>> = HashMap::new();
    for ((account, id), person) in people {
        by_account.entry(account).or_default().insert(id, person);
    }
    let nobody = HashMap::new();
    let (mut governors, mut news) = (Vec::new(), Vec::new());
    for (candidate, share) in candidates.iter_mut().zip(shares) {
        let key = (candidate.config.account, candidate.config.id);
        let mut taken = 0;
        if share.links > 0 {
            let fresh = fresh.remove(&key).unwrap_or_default();
            let retrying = retrying.remove(&key).unwrap_or_default();
            let picked = pick(fresh, retrying, share, request.token);
            let before = candidate.governor.clone();
            let people = by_account.get(&key.0).unwrap_or(&nobody);
            let out = lease_share(candidate, share, picked, people, request, now);
            taken = out.writes.len();
            claimed.leased.extend(out.leased);
            writes.extend(out.writes);
            if candidate.governor != before {
                let limits = &candidate.config.settings.limits;
                news.extend(of_the_day(&before, &candidate.governor, limits, now).map(|news| (key.1, news)));
                governors.push((key, candidate.governor.clone()));
            }
        }
        claimed.more |= leaves_more(candidate, share, taken);
        times.extend(waits_until(candidate, share, taken));
    }
    let mut batch = Batch::new(c);
    batch.extend(governor_writes(&governors)?);
    if !writes.is_empty() {
        links::add_writes(&mut batch, writes, Shard::Claim);
    }
    let ((), next, committed) = try_join3(batch.run(), next_claimable(c, now), begun.commit(Batch::new(c))).await?;
    times.extend(next);
    claimed.next_in = next_in(now, times);
    Ok(((claimed, news), committed))
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Active syncs that owe something, as `s`: the index is leapt through from queue to queue, so that those that owe nothing
/// cost nothing.
const OWING: &str = "WITH RECURSIVE owing (queue) AS ( \
     (SELECT l.queue FROM links l WHERE l.claimable_at IS NOT NULL ORDER BY l.queue LIMIT 1) \
     UNION ALL SELECT n.queue FROM owing o CROSS JOIN LATERAL (SELECT l.queue FROM links l \
         WHERE l.claimable_at IS NOT NULL AND l.queue > o.queue ORDER BY l.queue LIMIT 1) AS n), \
     s AS (SELECT s.account, s.id, r.blocked_until > $1 AS blocked, r.blocked_until FROM owing o CROSS JOIN LATERAL \
         (SELECT s.account, s.id FROM syncs s \
             WHERE s.id = o.queue AND NOT s.paused AND s.deleted_at IS NULL OFFSET 0) AS s \
         CROSS JOIN LATERAL (SELECT r.blocked_until FROM sync_runtime r \
             WHERE r.account = s.account AND r.sync = s.id OFFSET 0) AS r) ";

/// The syncs of [`OWING`] with claimable links that are not blocked, without a lock.
async fn waiting(c: &mut Conn, now: Timestamp) -> Result<Vec<Waiting>, Fault> {
    let sql = format!(
        "{OWING} SELECT s.account, s.id FROM s WHERE s.blocked IS NOT TRUE AND {}",
        links::has_claimable("s.account", "s.id", "$1")
    );
    Ok(sql_query(sql).bind::<Timestamptz, _>(time(now)).get_results(c).await?)
}

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    next: Option<Time>,
}

/// When the next link of an active sync becomes claimable by time, or a blocked sync with claimable links is asked again.
async fn next_claimable(mut c: &Conn, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let sql = format!(
        "{OWING} SELECT min(LEAST({}, CASE WHEN s.blocked AND {} THEN s.blocked_until END)) AS next FROM s",
        links::first_claimable("l.claimable_at > $1"),
        links::has_claimable("s.account", "s.id", "$1")
    );
    let row: Next = sql_query(sql).bind::<Timestamptz, _>(time(now)).get_result(&mut c).await?;
    Ok(row.next.map(|at| at.0))
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
}

#[derive(QueryableByName)]
struct Load {
    #[diesel(embed)]
    sync: SyncRow,
    #[diesel(sql_type = BigInt)]
    leased: i64,
    #[diesel(sql_type = BigInt)]
    fresh: i64,
    #[diesel(sql_type = BigInt)]
    retrying: i64,
}

/// The syncs, their runtime rows locked; configuration, leases and debts are read after that. Also whether any of the debts
/// is a retry.
async fn candidates(
    c: &Conn,
    due: &[SyncKey],
    request: &ClaimRequest,
    now: Timestamp,
) -> Result<(Vec<Candidate>, bool), Fault> {
    let accounts: Vec<Uuid> = due.iter().map(|(account, _)| account.0).collect();
    let ids: Vec<Uuid> = due.iter().map(|(_, sync)| sync.0).collect();
    let (mut first, mut second) = (c, c);
    let locked = sql_query(
        "SELECT account, sync, governor FROM sync_runtime WHERE (account, sync) IN (SELECT * FROM UNNEST($1, $2)) \
         ORDER BY account, sync FOR UPDATE",
    )
    .bind::<Array<SqlUuid>, _>(accounts.clone())
    .bind::<Array<SqlUuid>, _>(ids.clone())
    .get_results(&mut first);
    let claimable = |kind| {
        format!(
            "(SELECT count(*) FROM (SELECT 1 FROM links l WHERE {} AND {kind} AND l.claimable_at <= $1 LIMIT $2) AS d)",
            links::in_queue("s.account", "s.id")
        )
    };
    let loads = sql_query(format!(
        "SELECT {}, {} AS leased, {} AS fresh, {} AS retrying FROM syncs s WHERE (s.account, s.id) IN (SELECT * FROM UNNEST($3, $4)) AND NOT s.paused \
             AND s.deleted_at IS NULL ORDER BY s.account, s.id",
        syncs::COLUMNS,
        links::leased("s.account", "s.id", "$1"),
        claimable(FRESH),
        claimable(RETRYING)
    ))
    .bind::<Timestamptz, _>(time(now))
    .bind::<BigInt, _>(request.links_max as i64 + 1)
    .bind::<Array<SqlUuid>, _>(accounts)
    .bind::<Array<SqlUuid>, _>(ids)
    .get_results(&mut second);
    let (locked, loads): (Vec<Locked>, Vec<Load>) = try_join(locked, loads).await?;
    let mut governors = HashMap::new();
    for row in locked {
        governors.insert((row.account, row.sync), governor_of(row.governor, row.account, row.sync)?);
    }
    let mut candidates = Vec::with_capacity(loads.len());
    let retrying = loads.iter().any(|load| load.retrying > 0);
    for load in loads {
        let config = load.sync.config()?;
        if let Some(governor) = governors.remove(&(config.account.0, config.id.0)) {
            candidates.push(Candidate {
                config,
                governor,
                leased: usize::try_from(load.leased).unwrap_or(usize::MAX),
                due: usize::try_from(load.fresh + load.retrying).unwrap_or(0),
            });
        }
    }
    Ok((candidates, retrying))
}

type Picks = HashMap<SyncKey, Vec<Link>>;

/// For each share its oldest (or newest) claimable links, fresh ones and retries apart, locked; locked ones are skipped.
async fn picks(
    c: &mut Conn,
    candidates: &[Candidate],
    shares: &[Share],
    has_retries: bool,
    now: Timestamp,
) -> Result<(Picks, Picks), Fault> {
    let (mut fresh, mut retrying) = (Picks::new(), Picks::new());
    for newest_first in [false, true] {
        let (mut accounts, mut syncs, mut limits) = (Vec::new(), Vec::new(), Vec::new());
        for (candidate, share) in candidates.iter().zip(shares) {
            if share.links > 0 && share.grant.newest_first == newest_first {
                accounts.push(candidate.config.account.0);
                syncs.push(candidate.config.id.0);
                limits.push(i32::try_from(share.rows()).unwrap_or(i32::MAX));
            }
        }
        if accounts.is_empty() {
            continue;
        }
        for (kind, picks) in [(FRESH, &mut fresh), (RETRYING, &mut retrying)] {
            if kind == RETRYING && !has_retries {
                continue;
            }
            let order = if newest_first { "DESC" } else { "ASC" };
            let sql = format!(
                "SELECT p.* FROM UNNEST($2, $3, $4) AS k(account, sync, links_max) CROSS JOIN LATERAL ( \
                     SELECT {} FROM links l WHERE {} AND {kind} AND l.claimable_at <= $1 \
                     ORDER BY l.claimable_at {order}, l.person {order} LIMIT k.links_max FOR UPDATE OF l SKIP LOCKED) AS p",
                link_row::COLUMNS,
                links::in_queue("k.account", "k.sync")
            );
            let rows: Vec<LinkRow> = sql_query(sql)
                .bind::<Timestamptz, _>(time(now))
                .bind::<Array<SqlUuid>, _>(accounts.clone())
                .bind::<Array<SqlUuid>, _>(syncs.clone())
                .bind::<Array<Integer>, _>(limits.clone())
                .get_results(c)
                .await?;
            for link in with_extras(c, rows).await? {
                picks.entry((link.id.account, link.id.sync)).or_default().push(link);
            }
        }
    }
    Ok((fresh, retrying))
}
