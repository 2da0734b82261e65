//! Sweeps and retries: marking many links, a bounded batch at a time.

use crate::error::Fault;
use crate::later;
use crate::sql::{Db, Value, json_texts, values};
use crate::tables::{links, people, small, sound, syncs, uuid};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use std::collections::HashMap;
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::plan::LinkWrite;
use sync_core::plan::sweep::{Reach, Sweep, reach, retry_link, sweep_link};
use sync_core::ports::{RETRY_AT_ONCE, Retried, RetryFilter, SweepKind};
use sync_core::time::Timestamp;

#[derive(QueryableByName)]
struct SweepRow {
    #[diesel(sql_type = Binary)]
    account: Vec<u8>,
    #[diesel(sql_type = Binary)]
    sync: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    kind: i64,
    #[diesel(sql_type = BigInt)]
    force: i64,
    #[diesel(sql_type = Nullable<Text>)]
    cursor: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    since: Option<i64>,
}

impl SweepRow {
    fn sweep(self) -> Result<Sweep, Fault> {
        const TABLE: &str = "sweeps";
        let kind = small(self.kind, TABLE, "kind", self.id)?;
        let cursor = self.cursor.map(|person| sound(PersonId::new(person).ok(), TABLE, "cursor", self.id));
        Ok(Sweep {
            account: AccountId(uuid(&self.account, TABLE, "account")?),
            sync: SyncId(uuid(&self.sync, TABLE, "sync")?),
            id: self.id,
            kind: sound(
                SweepKind::from_code(kind, self.force != 0, self.since.map(Timestamp::from_micros)),
                TABLE,
                "kind",
                self.id,
            )?,
            cursor: cursor.transpose()?,
        })
    }
}

/// Works one batch of an account's oldest sweep. `None`: there is none; else whether it marked any link.
pub(crate) fn work(db: &mut Db, account: AccountId, rows_max: usize, now: Timestamp) -> Result<Option<bool>, Fault> {
    let row: Option<SweepRow> = db.row(
        "SELECT account, sync, id, kind, force, cursor, since FROM sweeps WHERE account = ? ORDER BY id LIMIT 1",
        &values![account.0],
    )?;
    let Some(sweep) = row.map(SweepRow::sweep).transpose()? else { return Ok(None) };
    match reach(sweep.kind) {
        Reach::Everything => {
            delete_batch(db, &sweep, rows_max)?;
            Ok(Some(false))
        }
        reach => mark_batch(db, &sweep, reach, rows_max, now).map(Some),
    }
}

/// Who has sweeps.
pub(crate) fn accounts(db: &mut Db) -> Result<Vec<AccountId>, Fault> {
    later::accounts_of(db, "SELECT DISTINCT account FROM sweeps", "sweeps")
}

fn mark_batch(db: &mut Db, sweep: &Sweep, reach: Reach, rows_max: usize, now: Timestamp) -> Result<bool, Fault> {
    let (account, sync) = (sweep.account, sweep.sync);
    let batch = next_people(db, sweep, reach, rows_max)?;
    let mut rows: HashMap<PersonId, _> =
        links::of_people(db, account, sync, &batch)?.into_iter().map(|link| (link.id.person.clone(), link)).collect();
    let people = people::read(db, account, &batch)?;
    let writes: Vec<LinkWrite> = batch
        .iter()
        .filter_map(|person| {
            let id = LinkId { account, sync, person: person.clone() };
            sweep_link(sweep.kind, id, people.get(person), rows.remove(person), now)
        })
        .collect();
    links::write(db, &writes)?;
    if batch.len() < rows_max {
        db.run("DELETE FROM sweeps WHERE account = ? AND sync = ? AND id = ?", &values![account.0, sync.0, sweep.id])?;
        if let (SweepKind::Forget, Some(mut row)) = (sweep.kind, syncs::find(db, account, sync)?) {
            row.governor.forgot();
            syncs::write_governor(db, account, sync, &row.governor)?;
            return Ok(true);
        }
    } else {
        db.run(
            "UPDATE sweeps SET cursor = ? WHERE account = ? AND sync = ? AND id = ?",
            &values![batch.last(), account.0, sync.0, sweep.id],
        )?;
    }
    Ok(!writes.is_empty())
}

/// The people of the next batch, in order of id.
fn next_people(db: &mut Db, sweep: &Sweep, reach: Reach, rows_max: usize) -> Result<Vec<PersonId>, Fault> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        person: String,
    }
    let (account, sync) = (sweep.account.0, sweep.sync.0);
    // No id is empty: all come after the empty text.
    let after = sweep.cursor.as_ref().map_or("", PersonId::as_str);
    let rows: Vec<Row> = match reach {
        Reach::PeopleAndLinks => db.rows(
            "SELECT person FROM (\
             SELECT person FROM (SELECT person FROM links WHERE account = ? AND sync = ? AND person > ? ORDER BY person LIMIT ?) \
             UNION \
             SELECT id FROM (SELECT id FROM people WHERE account = ? AND id > ? AND deleted_at IS NULL ORDER BY id LIMIT ?)) \
             ORDER BY person LIMIT ?",
            &values![account, sync, after, rows_max, account, after, rows_max, rows_max],
        )?,
        Reach::Links | Reach::Everything => db.rows(
            "SELECT person FROM links WHERE account = ? AND sync = ? AND person > ? ORDER BY person LIMIT ?",
            &values![account, sync, after, rows_max],
        )?,
    };
    rows.into_iter().map(|row| sound(PersonId::new(row.person.as_str()).ok(), "links", "person", &row.person)).collect()
}

/// Removes some rows of a deleted sync; when nothing is left, its own.
fn delete_batch(db: &mut Db, sweep: &Sweep, rows_max: usize) -> Result<(), Fault> {
    let (account, sync) = (sweep.account.0, sweep.sync.0);
    let batch = next_people(db, sweep, Reach::Everything, rows_max)?;
    let doomed = json_texts(batch.iter().map(PersonId::as_str));
    for table in ["links", "link_extras"] {
        db.run(
            &format!(
                "DELETE FROM {table} WHERE account = ? AND sync = ? AND person IN (SELECT value FROM json_each(?))"
            ),
            &values![account, sync, doomed.as_str()],
        )?;
    }
    let mut left = rows_max - batch.len();
    left -= db.run(
        "DELETE FROM log_entries WHERE account = ? AND id IN \
         (SELECT id FROM log_entries WHERE account = ? AND sync = ? ORDER BY id LIMIT ?)",
        &values![account, account, sync, left],
    )?;
    left -= db.run(
        "DELETE FROM counters WHERE account = ? AND sync = ? AND (start, width, operation, kind, bucket) IN \
         (SELECT start, width, operation, kind, bucket FROM counters WHERE account = ? AND sync = ? LIMIT ?)",
        &values![account, sync, account, sync, left],
    )?;
    if left > 0 {
        for text in [
            "DELETE FROM sync_runtime WHERE account = ? AND sync = ?",
            "DELETE FROM syncs WHERE account = ? AND id = ?",
            "DELETE FROM sweeps WHERE account = ? AND sync = ?",
        ] {
            db.run(text, &values![account, sync])?;
        }
    }
    Ok(())
}

/// Marks owed and parked links for an administrator's retry.
pub(crate) fn retry(
    db: &mut Db,
    account: AccountId,
    filter: &RetryFilter,
    after: Option<&LinkId>,
    now: Timestamp,
) -> Result<Retried, Fault> {
    let mut writes: Vec<LinkWrite> = Vec::new();
    let (mut looked_at, mut last) = (0, None);
    for sync in syncs::live(db, account)?.into_iter().map(|sync| sync.config.id) {
        let passed = after.is_some_and(|after| sync < after.sync);
        if passed || filter.sync.is_some_and(|wanted| wanted != sync) {
            continue;
        }
        let beyond = after.filter(|after| after.sync == sync).map_or("", |after| after.person.as_str());
        let mut values: Vec<Value> = values![account.0, sync.0, beyond].into();
        let mut among = "";
        if let Some(people) = &filter.people {
            among = "AND l.person IN (SELECT value FROM json_each(?)) ";
            values.push(json_texts(people.iter().map(PersonId::as_str)).into());
        }
        values.push((RETRY_AT_ONCE - looked_at).into());
        let found = links::read(
            db,
            &format!(
                "WHERE l.account = ? AND l.sync = ? AND l.person > ? {among}\
                 AND (l.due_at IS NOT NULL OR l.parked IS NOT NULL) ORDER BY l.person LIMIT ?"
            ),
            &values,
        )?;
        looked_at += found.len();
        last = found.last().map(|link| link.id.clone()).or(last);
        writes.extend(found.into_iter().filter_map(|link| retry_link(link, filter, now)));
    }
    links::write(db, &writes)?;
    Ok(Retried { marked: writes.len(), last: last.filter(|_| looked_at == RETRY_AT_ONCE) })
}
