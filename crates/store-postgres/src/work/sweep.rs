//! Sweeps and retries: bounded batches that only mark.

use crate::columns::Time;
use crate::error::Fault;
use crate::link_row::{self, LinkRow};
use crate::links::{self, Shard, with_extras};
use crate::signals::notify;
use crate::sql::{given, sql_query};
use crate::syncs::change_governor;
use crate::work::later;
use crate::{Conn, PostgresStore, people};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::governor::Governor;
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::plan::LinkWrite;
use sync_core::plan::later::Turn;
use sync_core::plan::sweep::{Reach, Sweep, reach, retry_link, sweep_link};
use sync_core::ports::{RETRY_AT_ONCE, Retried, RetryFilter, Signal, StoreError, SweepKind};
use uuid::Uuid;

/// The links `l` of the people named by `$3`, in the sync `s`.
const NAMED: &str = "(SELECT DISTINCT k.id FROM UNNEST($3) AS k(id)) AS k JOIN links l ON l.person = k.id";

pub(super) async fn retry(
    store: &PostgresStore,
    c: &mut Conn,
    account: AccountId,
    filter: &RetryFilter,
    after: Option<LinkId>,
) -> Result<Retried, Fault> {
    let people = filter.people.as_ref().map(|ids| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>());
    let one_sync = given(filter.sync.is_some(), "AND s.id = $2");
    // Sync by sync, in order of key from where the last batch ended: named people are looked up, all others read once.
    let rows: Vec<LinkRow> = sql_query(format!(
        "SELECT l.* FROM (SELECT s.account, s.id FROM syncs s WHERE s.account = $1 {one_sync} AND s.id >= $4 \
             AND s.deleted_at IS NULL ORDER BY s.id OFFSET 0) AS s CROSS JOIN LATERAL (SELECT {} FROM {} \
             WHERE l.account = s.account AND l.sync = s.id AND (l.due_at IS NOT NULL OR l.parked IS NOT NULL) \
             AND l.person > CASE WHEN s.id = $4 THEN $5 ELSE '' END ORDER BY l.person LIMIT $6 FOR UPDATE OF l) AS l LIMIT $6",
        link_row::COLUMNS,
        if people.is_some() { NAMED } else { "links l" },
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<Nullable<SqlUuid>, _>(filter.sync.map(|sync| sync.0))
    .bind::<Nullable<Array<Text>>, _>(people)
    .bind::<SqlUuid, _>(after.as_ref().map_or(Uuid::nil(), |after| after.sync.0))
    .bind::<Text, _>(after.as_ref().map_or("", |after| after.person.as_str()).to_owned())
    .bind::<BigInt, _>(RETRY_AT_ONCE as i64)
    .get_results(c)
    .await?;
    let now = store.clock_now(c).await?;
    let found = with_extras(c, rows).await?;
    let last = found.last().map(|link| link.id.clone()).filter(|_| found.len() == RETRY_AT_ONCE);
    let writes: Vec<LinkWrite> = found.into_iter().filter_map(|link| retry_link(link, filter, now)).collect();
    let marked = writes.len();
    if marked > 0 {
        links::write(c, writes, Shard::Other).await?;
        notify(c, &Signal::Due).await?;
    }
    Ok(Retried { marked, last })
}

#[derive(diesel::QueryableByName)]
struct SweepRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Bool)]
    force: bool,
    #[diesel(sql_type = Nullable<Text>)]
    cursor: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    since: Option<Time>,
}

impl SweepRow {
    fn sweep(self) -> Result<Sweep, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "sweeps", column, key: self.id.to_string() };
        Ok(Sweep {
            account: AccountId(self.account),
            sync: SyncId(self.sync),
            id: self.id,
            kind: SweepKind::from_code(self.kind, self.force, self.since.map(|at| at.0))
                .ok_or_else(|| corrupt("kind"))?,
            cursor: match &self.cursor {
                None => None,
                Some(person) => Some(PersonId::new(person.clone()).map_err(|_| corrupt("cursor"))?),
            },
        })
    }
}

/// Works one batch of whose turn it is, so far as no other node is at it. Returns whether there was one.
pub(super) async fn work(store: &PostgresStore, c: &mut Conn, rows_max: usize) -> Result<bool, Fault> {
    let (sweeps, later) = later::accounts(c).await?;
    // Each account has two kinds at most.
    for _ in 0..sweeps.len() + later.len() {
        let worked = match store.next_turn(&sweeps, &later) {
            None => return Ok(false),
            Some(Turn::Sweep(account)) => work_oldest(store, c, account, rows_max).await?,
            Some(Turn::LaterMarks(account)) => later::work(store, c, account, rows_max).await?,
        };
        if worked {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Works one batch of an account's oldest sweep that no other node is at. Returns whether there was one.
async fn work_oldest(store: &PostgresStore, c: &mut Conn, account: AccountId, rows_max: usize) -> Result<bool, Fault> {
    let rows: Vec<SweepRow> =
        sql_query("SELECT * FROM sweeps WHERE account = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
            .bind::<SqlUuid, _>(account.0)
            .get_results(c)
            .await?;
    let Some(row) = rows.into_iter().next() else { return Ok(false) };
    let sweep = row.sweep()?;
    match reach(sweep.kind) {
        Reach::Everything => delete_batch(c, &sweep, rows_max).await?,
        reach => mark_batch(store, c, &sweep, reach, rows_max).await?,
    }
    Ok(true)
}

#[derive(diesel::QueryableByName)]
struct PersonKey {
    #[diesel(sql_type = Text)]
    person: String,
}

/// Marks the next people of a sweep.
async fn mark_batch(
    store: &PostgresStore,
    c: &mut Conn,
    sweep: &Sweep,
    reach: Reach,
    rows_max: usize,
) -> Result<(), Fault> {
    let of_people = "UNION (SELECT p.id AS person FROM people p WHERE p.account = $1 AND p.deleted_at IS NULL \
         AND p.id > $3 ORDER BY p.id LIMIT $4)";
    let of_people = if reach == Reach::PeopleAndLinks { of_people } else { "" };
    let rows: Vec<PersonKey> = sql_query(format!(
        "SELECT person FROM ((SELECT l.person FROM links l WHERE l.account = $1 AND l.sync = $2 \
             AND l.person > $3 ORDER BY l.person LIMIT $4) {of_people}) AS k \
         ORDER BY person LIMIT $4"
    ))
    .bind::<SqlUuid, _>(sweep.account.0)
    .bind::<SqlUuid, _>(sweep.sync.0)
    // No id is empty: all come after that.
    .bind::<Text, _>(sweep.cursor.as_ref().map_or("", PersonId::as_str).to_owned())
    .bind::<BigInt, _>(rows_max as i64)
    .get_results(c)
    .await?;
    let mut ids = Vec::with_capacity(rows.len());
    for row in rows {
        let key = format!("{} {} {:?}", sweep.account, sweep.sync, row.person);
        let person =
            PersonId::new(row.person).map_err(|_| StoreError::Corrupt { table: "links", column: "person", key })?;
        ids.push(LinkId { account: sweep.account, sync: sweep.sync, person });
    }
    let people_ids: Vec<PersonId> = ids.iter().map(|id| id.person.clone()).collect();
    // People first, as intake locks them: a person deleted meanwhile gets no row.
    let people = people::read(c, sweep.account, &people_ids, true).await?;
    let rows = links::lock(c, &ids).await?;
    let mut held = links::by_id(c, rows).await?;
    let now = store.clock_now(c).await?;
    let writes: Vec<LinkWrite> = ids
        .iter()
        .filter_map(|id| {
            let link = held.remove(id);
            sweep_link(sweep.kind, id.clone(), people.get(&id.person), link, now)
        })
        .collect();
    let mut marked = !writes.is_empty();
    if marked {
        links::write(c, writes, Shard::Other).await?;
    }
    if ids.len() < rows_max {
        end(c, sweep).await?;
        if sweep.kind == SweepKind::Forget {
            change_governor(c, sweep.account, sweep.sync, Governor::forgot).await?;
            marked = true;
        }
    } else if let Some(last) = ids.last() {
        sql_query("UPDATE sweeps SET cursor = $4 WHERE account = $1 AND sync = $2 AND id = $3")
            .bind::<SqlUuid, _>(sweep.account.0)
            .bind::<SqlUuid, _>(sweep.sync.0)
            .bind::<BigInt, _>(sweep.id)
            .bind::<Text, _>(last.person.as_str().to_owned())
            .execute(c)
            .await?;
    }
    if marked {
        notify(c, &Signal::Due).await?;
    }
    Ok(())
}

async fn end(c: &mut Conn, sweep: &Sweep) -> Result<(), Fault> {
    sql_query("DELETE FROM sweeps WHERE account = $1 AND sync = $2 AND id = $3")
        .bind::<SqlUuid, _>(sweep.account.0)
        .bind::<SqlUuid, _>(sweep.sync.0)
        .bind::<BigInt, _>(sweep.id)
        .execute(c)
        .await?;
    Ok(())
}

/// Removes some rows of a deleted sync; when nothing is left, its own.
async fn delete_batch(c: &mut Conn, sweep: &Sweep, rows_max: usize) -> Result<(), Fault> {
    let mut left = rows_max;
    let rows: Vec<LinkRow> = sql_query(format!(
        "SELECT {} FROM links l WHERE l.account = $1 AND l.sync = $2 ORDER BY l.person LIMIT $3 FOR UPDATE OF l",
        link_row::COLUMNS
    ))
    .bind::<SqlUuid, _>(sweep.account.0)
    .bind::<SqlUuid, _>(sweep.sync.0)
    .bind::<BigInt, _>(left as i64)
    .get_results(c)
    .await?;
    left -= rows.len();
    let ids: Vec<LinkId> = with_extras(c, rows).await?.into_iter().map(|link| link.id).collect();
    links::remove(c, &ids).await?;
    // In one order, so that what is left at any time does not depend on where rows lie.
    for (table, order, key) in [
        ("log_entries", "id", "account, id"),
        ("counters", "start, span, operation, kind, bucket", "account, sync, span, start, operation, kind, bucket"),
    ] {
        if left == 0 {
            return Ok(());
        }
        let removed = sql_query(format!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE account = $1 AND sync = $2 \
             ORDER BY {order} LIMIT $3)"
        ))
        .bind::<SqlUuid, _>(sweep.account.0)
        .bind::<SqlUuid, _>(sweep.sync.0)
        .bind::<BigInt, _>(left as i64)
        .execute(c)
        .await?;
        left -= removed.min(left);
    }
    if left > 0 {
        for (table, column) in [("link_counts", "sync"), ("sync_runtime", "sync"), ("syncs", "id"), ("sweeps", "sync")]
        {
            sql_query(format!("DELETE FROM {table} WHERE account = $1 AND {column} = $2"))
                .bind::<SqlUuid, _>(sweep.account.0)
                .bind::<SqlUuid, _>(sweep.sync.0)
                .execute(c)
                .await?;
        }
    }
    Ok(())
}
