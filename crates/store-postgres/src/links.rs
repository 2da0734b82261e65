//! Rows of `links` and `link_extras`: read, and written in bulk by UNNEST.

use crate::Conn;
use crate::batch::Batch;
use crate::error::Fault;
use crate::link_row::{COLUMNS, LinkRow};
use crate::link_write;
use crate::sql::{Sql, sql_query};
use diesel::sql_types::{Array, BigInt, Json, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::collections::{BTreeMap, HashMap};
use sync_core::counts::LinkCounts;
use sync_core::id::{AccountId, LinkId, SyncId};
use sync_core::link::{Extras, KeptAnswer, Link, Notes};
use sync_core::person::Person;
use sync_core::plan::{LinkWrite, counts_of, giving_up_first};
use sync_core::ports::StoreError;
use uuid::Uuid;

/// Fresh links and retries of `l`, each as the index on claimable_at keeps them.
pub(crate) const FRESH: &str = "NOT l.retrying";
pub(crate) const RETRYING: &str = "l.retrying";

/// That a link stands in a sync's queue, as the indexes of queues keep it: the account is only looked at. Asked for as a key,
/// it would lead through all of its links by primary key, once a table that was analysed while it was small has grown.
pub(crate) fn in_queue(account: &str, sync: &str) -> String {
    format!("l.queue = {sync} AND (l.account = {account}) IS TRUE")
}

/// That a sync has links that are claimable at `now`: an expression over what the statement calls these.
pub(crate) fn has_claimable(account: &str, sync: &str, now: &str) -> String {
    // Not EXISTS, which the planner may answer by hashing what all syncs of the account have claimable.
    let queue = in_queue(account, sync);
    let exists = |kind| {
        format!("(SELECT true FROM links l WHERE {queue} AND {kind} AND l.claimable_at <= {now} LIMIT 1) IS NOT NULL")
    };
    format!("({} OR {})", exists(FRESH), exists(RETRYING))
}

/// How many of a sync's links are leased at `now`.
pub(crate) fn leased(account: &str, sync: &str, now: &str) -> String {
    format!(
        "(SELECT count(*) FROM links l WHERE {} AND l.lease_token IS NOT NULL AND l.lease_until > {now})",
        in_queue(account, sync)
    )
}

/// When the first link of the sync `s` becomes claimable, of those of which `which` holds (it has to speak of
/// `l.claimable_at`).
pub(crate) fn first_claimable(which: &str) -> String {
    let first = |kind| {
        format!(
            "(SELECT l.claimable_at FROM links l WHERE {} AND {kind} AND {which} ORDER BY l.claimable_at LIMIT 1)",
            in_queue("s.account", "s.id")
        )
    };
    format!("LEAST({}, {})", first(FRESH), first(RETRYING))
}

/// The keys of links as three arrays.
pub(crate) struct Keys {
    pub(crate) accounts: Vec<Uuid>,
    pub(crate) syncs: Vec<Uuid>,
    pub(crate) people: Vec<String>,
}

impl Keys {
    pub(crate) fn of<'a>(ids: impl IntoIterator<Item = &'a LinkId>) -> Self {
        let mut keys = Self { accounts: Vec::new(), syncs: Vec::new(), people: Vec::new() };
        for id in ids {
            keys.accounts.push(id.account.0);
            keys.syncs.push(id.sync.0);
            keys.people.push(id.person.as_str().to_owned());
        }
        keys
    }
}

#[derive(diesel::QueryableByName)]
struct ExtrasRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Nullable<Json>)]
    first_snapshot: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Json>)]
    answer: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Json>)]
    notes: Option<serde_json::Value>,
}

/// Links of rows, with their extras read where there are some.
pub(crate) async fn with_extras(c: &mut Conn, rows: Vec<LinkRow>) -> Result<Vec<Link>, Fault> {
    with(c, rows, "e.*").await
}

/// As [`with_extras`], without the snapshots that creates in doubt carried: they are fat.
pub(crate) async fn with_notes(c: &mut Conn, rows: Vec<LinkRow>) -> Result<Vec<Link>, Fault> {
    with(c, rows, "e.account, e.sync, e.person, NULL::json AS first_snapshot, e.answer, e.notes").await
}

async fn with(c: &mut Conn, rows: Vec<LinkRow>, extras: &str) -> Result<Vec<Link>, Fault> {
    let mut links = Vec::with_capacity(rows.len());
    let mut fat = Vec::new();
    for row in rows {
        let (link, has_extras) = row.link()?;
        if has_extras {
            fat.push(link.id.clone());
        }
        links.push(link);
    }
    if fat.is_empty() {
        return Ok(links);
    }
    let keys = Keys::of(&fat);
    let rows: Vec<ExtrasRow> = sql_query(format!(
        "SELECT {extras} FROM UNNEST($1, $2, $3) AS k(account, sync, person) \
         JOIN link_extras e ON e.account = k.account AND e.sync = k.sync AND e.person = k.person"
    ))
    .bind::<Array<SqlUuid>, _>(keys.accounts)
    .bind::<Array<SqlUuid>, _>(keys.syncs)
    .bind::<Array<Text>, _>(keys.people)
    .get_results(c)
    .await?;
    let mut extras: HashMap<(Uuid, Uuid, String), Extras> = HashMap::new();
    for row in rows {
        let corrupt = |column| StoreError::Corrupt {
            table: "link_extras",
            column,
            key: format!("{} {} {:?}", row.account, row.sync, row.person),
        };
        let first_snapshot: Option<Box<Person>> = match row.first_snapshot.clone() {
            None => None,
            Some(value) => Some(serde_json::from_value(value).map_err(|_| corrupt("first_snapshot"))?),
        };
        let answer: Option<Box<KeptAnswer>> = match row.answer.clone() {
            None => None,
            Some(value) => Some(serde_json::from_value(value).map_err(|_| corrupt("answer"))?),
        };
        let notes: Option<Notes> = match row.notes.clone() {
            None => None,
            Some(value) => Some(serde_json::from_value(value).map_err(|_| corrupt("notes"))?),
        };
        let notes = notes.unwrap_or_default();
        extras.insert((row.account, row.sync, row.person), Extras { first_snapshot, answer, notes });
    }
    for link in &mut links {
        let key = (link.id.account.0, link.id.sync.0, link.id.person.as_str().to_owned());
        if let Some(found) = extras.remove(&key) {
            link.extras = found;
        }
    }
    Ok(links)
}

/// Reads and locks links in order of (account, sync, person): one statement.
pub(crate) async fn lock(mut c: &Conn, ids: &[LinkId]) -> Result<Vec<LinkRow>, Fault> {
    let keys = Keys::of(ids);
    let rows = sql_query(format!(
        "SELECT l.* FROM (SELECT * FROM UNNEST($1, $2, $3) AS k(account, sync, person) \
             ORDER BY k.account, k.sync, k.person COLLATE \"C\") AS k CROSS JOIN LATERAL (SELECT {COLUMNS} FROM links l \
             WHERE l.account = k.account AND l.sync = k.sync AND l.person = k.person FOR UPDATE OF l) AS l"
    ))
    .bind::<Array<SqlUuid>, _>(keys.accounts)
    .bind::<Array<SqlUuid>, _>(keys.syncs)
    .bind::<Array<Text>, _>(keys.people)
    .get_results(&mut c)
    .await?;
    Ok(rows)
}

/// Locked links by their ids.
pub(crate) async fn by_id(c: &mut Conn, rows: Vec<LinkRow>) -> Result<HashMap<LinkId, Link>, Fault> {
    Ok(with_extras(c, rows).await?.into_iter().map(|link| (link.id.clone(), link)).collect())
}

/// Which transaction changes link counts: each kind has rows of its own, so that they do not wait for each other.
#[derive(Clone, Copy)]
pub(crate) enum Shard {
    Intake = 0,
    Settle = 1,
    Claim = 2,
    Other = 3,
}

/// Writes links and their counts.
pub(crate) async fn write(c: &mut Conn, writes: Vec<LinkWrite>, shard: Shard) -> Result<(), Fault> {
    let mut batch = Batch::new(c);
    add_writes(&mut batch, writes, shard);
    batch.run().await
}

/// Writes links and their counts. Rows that go are removed first, then rows that give up a unique id are written.
pub(crate) fn add_writes(batch: &mut Batch<'_>, writes: Vec<LinkWrite>, shard: Shard) {
    let counts = counts_of(&writes);
    let (mut removed, mut inserted, mut updated) = (Vec::new(), Vec::new(), Vec::new());
    let mut before_of = HashMap::new();
    for LinkWrite { before, after } in writes {
        match (before, after) {
            (Some(before), None) => removed.push(before.id),
            (None, Some(after)) => inserted.push(after),
            (Some(before), Some(after)) => {
                before_of.insert(before.id.clone(), before);
                updated.push(after);
            }
            (None, None) => {}
        }
    }
    add_removal(batch, &removed);
    if !inserted.is_empty() {
        add_insertion(batch, &inserted);
    }
    if !updated.is_empty() {
        let rows = giving_up_first(updated, &before_of);
        let takes = |link: &Link| {
            let had = before_of.get(&link.id).and_then(|before| before.state.unique_id());
            link.state.unique_id().is_some() && link.state.unique_id() != had
        };
        let first = rows.iter().position(takes).unwrap_or(rows.len());
        for part in [&rows[..first], &rows[first..]] {
            if !part.is_empty() {
                add_update(batch, part, &before_of);
            }
        }
    }
    add_counts(batch, shard, &counts);
}

/// Removes links with their extras.
pub(crate) async fn remove(c: &mut Conn, ids: &[LinkId]) -> Result<(), Fault> {
    let mut batch = Batch::new(c);
    add_removal(&mut batch, ids);
    batch.run().await
}

fn add_removal(batch: &mut Batch<'_>, ids: &[LinkId]) {
    if ids.is_empty() {
        return;
    }
    for table in ["links", "link_extras"] {
        let sql = format!("DELETE FROM {table} WHERE (account, sync, person) IN (SELECT * FROM UNNEST($1, $2, $3))");
        batch.add(bind_keys(&sql, Keys::of(ids)));
    }
}

fn bind_keys<'q>(sql: &str, keys: Keys) -> Sql<'q> {
    sql_query(sql)
        .bind::<Array<SqlUuid>, _>(keys.accounts)
        .bind::<Array<SqlUuid>, _>(keys.syncs)
        .bind::<Array<Text>, _>(keys.people)
}

fn add_insertion(batch: &mut Batch<'_>, links: &[Link]) {
    batch.add_new(link_write::insertion(links));
    add_extras(batch, links.iter().filter(|link| !link.extras.is_empty()));
}

fn add_update(batch: &mut Batch<'_>, links: &[Link], before: &HashMap<LinkId, Link>) {
    batch.add(link_write::update(links, before));
    let changed = |link: &&Link| before.get(&link.id).is_none_or(|before| before.extras != link.extras);
    add_extras(batch, links.iter().filter(changed));
}

fn add_extras<'a>(batch: &mut Batch<'_>, links: impl Iterator<Item = &'a Link>) {
    let (fat, thin): (Vec<&Link>, Vec<&Link>) = links.partition(|link| !link.extras.is_empty());
    if !thin.is_empty() {
        let sql = "DELETE FROM link_extras WHERE (account, sync, person) IN (SELECT * FROM UNNEST($1, $2, $3))";
        batch.add(bind_keys(sql, Keys::of(thin.iter().map(|link| &link.id))));
    }
    if fat.is_empty() {
        return;
    }
    let json = |value: serde_json::Result<serde_json::Value>| value.unwrap_or_default();
    let keys = Keys::of(fat.iter().map(|link| &link.id));
    let snapshots: Vec<_> =
        fat.iter().map(|link| link.extras.first_snapshot.as_ref().map(|p| json(serde_json::to_value(p)))).collect();
    let answers: Vec<_> =
        fat.iter().map(|link| link.extras.answer.as_ref().map(|answer| json(serde_json::to_value(answer)))).collect();
    let notes = fat.iter().map(|link| {
        let notes = link.notes();
        (*notes != Notes::default()).then(|| json(serde_json::to_value(notes)))
    });
    let notes: Vec<_> = notes.collect();
    let sql = "INSERT INTO link_extras (account, sync, person, first_snapshot, answer, notes) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6) ON CONFLICT (account, sync, person) DO UPDATE \
         SET first_snapshot = excluded.first_snapshot, answer = excluded.answer, notes = excluded.notes";
    batch.add(
        bind_keys(sql, keys)
            .bind::<Array<Nullable<Json>>, _>(snapshots)
            .bind::<Array<Nullable<Json>>, _>(answers)
            .bind::<Array<Nullable<Json>>, _>(notes),
    );
}

/// Adds differences of link counts.
fn add_counts(batch: &mut Batch<'_>, shard: Shard, differences: &BTreeMap<(AccountId, SyncId), LinkCounts>) {
    if differences.is_empty() {
        return;
    }
    let of = |count: fn(&LinkCounts) -> i64| differences.values().map(count).collect::<Vec<_>>();
    let statement = sql_query(
        "INSERT INTO link_counts AS n (account, sync, shard, unlinked, uncertain, linked, leaving, unaddressable, owed, \
         parked, kept) SELECT o.account, o.sync, $1, o.a, o.b, o.c, o.d, o.e, o.f, o.g, o.h \
         FROM UNNEST($2, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS o(account, sync, a, b, c, d, e, f, g, h) \
         ON CONFLICT (account, sync, shard) DO UPDATE SET unlinked = n.unlinked + excluded.unlinked, \
         uncertain = n.uncertain + excluded.uncertain, linked = n.linked + excluded.linked, \
         leaving = n.leaving + excluded.leaving, unaddressable = n.unaddressable + excluded.unaddressable, \
         owed = n.owed + excluded.owed, parked = n.parked + excluded.parked, kept = n.kept + excluded.kept",
    )
    .bind::<SmallInt, _>(shard as i16)
    .bind::<Array<SqlUuid>, _>(differences.keys().map(|(account, _)| account.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(differences.keys().map(|(_, sync)| sync.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(of(|n| n.by_state[0]))
    .bind::<Array<BigInt>, _>(of(|n| n.by_state[1]))
    .bind::<Array<BigInt>, _>(of(|n| n.by_state[2]))
    .bind::<Array<BigInt>, _>(of(|n| n.by_state[3]))
    .bind::<Array<BigInt>, _>(of(|n| n.by_state[4]))
    .bind::<Array<BigInt>, _>(of(|n| n.owed))
    .bind::<Array<BigInt>, _>(of(|n| n.parked))
    .bind::<Array<BigInt>, _>(of(|n| n.kept));
    batch.add(statement);
}
