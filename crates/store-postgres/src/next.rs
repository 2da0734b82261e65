//! What owed links need next: read by the index of queues, judged by [`NextRequests::count`].

use crate::Conn;
use crate::error::Fault;
use crate::link_row::{self, LinkRow};
use crate::links::{FRESH, RETRYING, in_queue, with_notes};
use crate::people::outlines;
use crate::sql::sql_query;
use crate::syncs::{self, SyncRow, governor_of};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Jsonb, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;
use sync_core::governor::Governor;
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::plan::next::{NEXT_LOOKED_AT, NextRequests, furthest};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;
use uuid::Uuid;

/// Of how many syncs links are read at once: a bound on what is held of them.
const SYNCS_AT_ONCE: usize = 8;

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    sync: SyncRow,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
}

/// Counts for those of the syncs that are not deleted.
pub(crate) async fn count(
    c: &mut Conn,
    account: AccountId,
    ids: &[SyncId],
    now: Timestamp,
) -> Result<Vec<(SyncId, NextRequests)>, Fault> {
    let mut counted = Vec::with_capacity(ids.len());
    for ids in ids.chunks(SYNCS_AT_ONCE) {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let syncs = read_syncs(c, account, ids.clone()).await?;
        let mut owed = read_owed(c, account, ids).await?;
        let people: Vec<PersonId> = owed.values().flatten().map(|link| link.id.person.clone()).collect();
        let people = outlines(c, account, &people).await?;
        for (config, governor) in syncs {
            let owed = owed.remove(&config.id).unwrap_or_default();
            counted.push((config.id, NextRequests::count(&config, &governor, owed, &people, now)));
        }
    }
    Ok(counted)
}

async fn read_syncs(c: &mut Conn, account: AccountId, ids: Vec<Uuid>) -> Result<Vec<(SyncConfig, Governor)>, Fault> {
    let rows: Vec<Row> = sql_query(format!(
        "SELECT {}, r.governor FROM syncs s JOIN sync_runtime r ON r.account = s.account AND r.sync = s.id \
         WHERE s.account = $1 AND s.id = ANY($2) AND r.account = $1 AND r.sync = ANY($2) AND s.deleted_at IS NULL",
        syncs::COLUMNS
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<Array<SqlUuid>, _>(ids)
    .get_results(c)
    .await?;
    let sync = |row: Row| {
        let config = row.sync.config()?;
        let governor = governor_of(row.governor, config.account.0, config.id.0)?;
        Ok((config, governor))
    };
    rows.into_iter().map(sync).collect()
}

/// Of each sync its [`furthest`] owed links.
async fn read_owed(c: &mut Conn, account: AccountId, ids: Vec<Uuid>) -> Result<HashMap<SyncId, Vec<Link>>, Fault> {
    let kind = |kind| {
        format!(
            "(SELECT {} FROM links l WHERE {} AND {kind} AND l.claimable_at IS NOT NULL \
             ORDER BY l.claimable_at DESC, l.person DESC LIMIT $3)",
            link_row::COLUMNS,
            in_queue("$1", "k.sync")
        )
    };
    let rows: Vec<LinkRow> = sql_query(format!(
        "SELECT o.* FROM UNNEST($2) AS k(sync) CROSS JOIN LATERAL ({} UNION ALL {}) AS o",
        kind(FRESH),
        kind(RETRYING)
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<BigInt, _>(NEXT_LOOKED_AT as i64 + 1)
    .get_results(c)
    .await?;
    let mut owed: HashMap<SyncId, Vec<Link>> = HashMap::new();
    for link in with_notes(c, rows).await? {
        owed.entry(link.id.sync).or_default().push(link);
    }
    Ok(owed.into_iter().map(|(id, links)| (id, furthest(links, Vec::new()))).collect())
}
