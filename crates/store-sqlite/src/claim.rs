//! Claiming due links.

use crate::error::Fault;
use crate::sql::{Db, values};
use crate::tables::{links, people, syncs, uuid};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary};
use sync_core::claim::{ClaimRequest, Claimed};
use sync_core::id::{AccountId, SyncId};
use sync_core::link::Link;
use sync_core::news::{NewsOf, of_the_day};
use sync_core::plan::lease::{Candidate, Share, lease_share, leaves_more, next_in, pick, shares, waits_until};
use sync_core::time::Timestamp;

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = Binary)]
    account: Vec<u8>,
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
}

#[derive(QueryableByName)]
struct NextRow {
    #[diesel(sql_type = BigInt)]
    claimable_at: i64,
}

pub(crate) fn claim(db: &mut Db, request: &ClaimRequest, now: Timestamp, news: &mut NewsOf) -> Result<Claimed, Fault> {
    let mut candidates = candidates(db, request, now)?;
    let mut claimed = Claimed::default();
    let mut times = Vec::new();
    let shares = shares(&candidates, request, now);
    for (candidate, share) in candidates.iter_mut().zip(shares) {
        let taken = if share.links > 0 { lease(db, candidate, share, request, now, &mut claimed, news)? } else { 0 };
        claimed.more |= leaves_more(candidate, share, taken);
        times.extend(waits_until(candidate, share, taken));
    }
    let next: Vec<NextRow> = db.rows(
        "SELECT min(next) AS claimable_at FROM (SELECT (SELECT min(l.claimable_at) FROM links l \
         WHERE l.account = s.account AND l.sync = s.id AND l.retrying = k.column1 AND l.claimable_at > ?) AS next \
         FROM syncs s, (VALUES (0), (1)) AS k WHERE s.paused = 0 AND s.deleted_at IS NULL) \
         WHERE next IS NOT NULL HAVING min(next) IS NOT NULL",
        &values![now],
    )?;
    times.extend(next.iter().map(|next| Timestamp::from_micros(next.claimable_at)));
    claimed.next_in = next_in(now, times);
    Ok(claimed)
}

/// Active syncs that have due links, in order of account and id.
fn candidates(db: &mut Db, request: &ClaimRequest, now: Timestamp) -> Result<Vec<Candidate>, Fault> {
    let rows: Vec<DueRow> = db.rows(
        "SELECT s.account, s.id FROM syncs s WHERE s.paused = 0 AND s.deleted_at IS NULL AND EXISTS (SELECT 1 \
         FROM links l WHERE l.account = s.account AND l.sync = s.id AND l.retrying IN (0, 1) AND l.claimable_at <= ?) \
         ORDER BY s.account, s.id",
        &values![now],
    )?;
    let mut candidates = Vec::with_capacity(rows.len());
    for row in rows {
        let account = AccountId(uuid(&row.account, "syncs", "account")?);
        let id = SyncId(uuid(&row.id, "syncs", "id")?);
        if let Some(sync) = syncs::find(db, account, id)? {
            candidates.push(Candidate {
                leased: links::leased(db, account, id, now)?,
                due: links::claimable(db, account, id, now, request.links_max + 1)?,
                config: sync.config,
                governor: sync.governor,
            });
        }
    }
    Ok(candidates)
}

/// Leases a candidate's share. Returns how many links were taken.
fn lease(
    db: &mut Db,
    candidate: &mut Candidate,
    share: Share,
    request: &ClaimRequest,
    now: Timestamp,
    claimed: &mut Claimed,
    news: &mut NewsOf,
) -> Result<usize, Fault> {
    let (account, sync) = (candidate.config.account, candidate.config.id);
    let fresh = due(db, account, sync, false, share, now)?;
    let retrying = due(db, account, sync, true, share, now)?;
    let picked = pick(fresh, retrying, share, request.token);
    let people: Vec<_> = picked.iter().map(|link| link.id.person.clone()).collect();
    let people = people::read(db, account, &people)?;
    let before = candidate.governor.clone();
    let out = lease_share(candidate, share, picked, &people, request, now);
    links::write(db, &out.writes)?;
    if candidate.governor != before {
        let limits = &candidate.config.settings.limits;
        news.extend(of_the_day(&before, &candidate.governor, limits, now).map(|news| (sync, news)));
        syncs::write_governor(db, account, sync, &candidate.governor)?;
    }
    claimed.leased.extend(out.leased);
    Ok(out.writes.len())
}

/// The oldest due links of a kind (or the newest, where the grant says so), at most a share.
fn due(
    db: &mut Db,
    account: AccountId,
    sync: SyncId,
    retrying: bool,
    share: Share,
    now: Timestamp,
) -> Result<Vec<Link>, Fault> {
    let order =
        if share.grant.newest_first { "l.claimable_at DESC, l.person DESC" } else { "l.claimable_at, l.person" };
    links::read(
        db,
        &format!(
            "WHERE l.account = ? AND l.sync = ? AND l.retrying = ? AND l.claimable_at <= ? ORDER BY {order} LIMIT ?"
        ),
        &values![account.0, sync.0, retrying, now, share.rows()],
    )
}
