//! Marks that a change leaves for later: written with it, worked in batches.

use crate::error::Fault;
use crate::sql::{Db, json_texts, values};
use crate::tables::{from_json, links, people, sound, uuid};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Text};
use std::collections::HashMap;
use sync_core::backoff::Policy;
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::plan::LinkWrite;
use sync_core::plan::later::{LaterMarks, mark_later};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;

/// Leaves marks of some syncs for later.
pub(crate) fn add<'a>(
    db: &mut Db,
    account: AccountId,
    syncs: &[SyncConfig],
    people: impl IntoIterator<Item = &'a PersonId>,
    now: Timestamp,
) -> Result<(), Fault> {
    let id =
        1 + db.number("SELECT coalesce(max(id), 0) AS n FROM later_people WHERE account = ?", &values![account.0])?;
    db.run(
        "INSERT INTO later_people (account, id, people, created_at) VALUES (?, ?, ?, ?)",
        &values![account.0, id, json_texts(people.into_iter().map(PersonId::as_str)), now],
    )?;
    for sync in syncs {
        db.run(
            "INSERT INTO later_marks (account, id, sync, done) VALUES (?, ?, ?, 0)",
            &values![account.0, id, sync.id.0],
        )?;
    }
    Ok(())
}

/// Those links of a sync with some people among which some may be whose snapshot a change overwrites.
pub(crate) fn unresolved<'a>(
    db: &mut Db,
    account: AccountId,
    sync: SyncId,
    people: impl IntoIterator<Item = &'a PersonId>,
) -> Result<Vec<Link>, Fault> {
    let people = json_texts(people.into_iter().map(PersonId::as_str));
    let (account, sync) = (account.0, sync.0);
    // What is leased is little, and what is kept beside links mostly too: each is asked for by an index of its own.
    links::read(
        db,
        "WHERE l.account = ? AND l.sync = ? AND (l.state NOT IN (2, 3) OR l.lease_operation = 0) AND l.person IN (\
         SELECT u.person FROM links u WHERE u.account = ? AND u.sync = ? AND u.state IN (1, 3, 4) AND u.state <> 3 \
         AND u.person IN (SELECT value FROM json_each(?)) \
         UNION ALL SELECT c.person FROM links c WHERE c.account = ? AND c.sync = ? AND c.lease_until IS NOT NULL \
         AND c.lease_operation = 0 AND +c.person IN (SELECT value FROM json_each(?)) \
         UNION ALL SELECT x.person FROM link_extras x WHERE x.account = ? AND x.sync = ? \
         AND x.person IN (SELECT value FROM json_each(?))) ORDER BY l.person",
        &values![account, sync, account, sync, people.as_str(), account, sync, people.as_str(), account, sync, people],
    )
}

/// Whose links are left to be marked.
pub(crate) fn accounts(db: &mut Db) -> Result<Vec<AccountId>, Fault> {
    accounts_of(db, "SELECT DISTINCT account FROM later_marks", "later_marks")
}

/// The accounts that a statement finds.
pub(crate) fn accounts_of(db: &mut Db, text: &str, table: &'static str) -> Result<Vec<AccountId>, Fault> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
    }
    let rows: Vec<Row> = db.rows(text, &[])?;
    rows.into_iter().map(|row| Ok(AccountId(uuid(&row.account, table, "account")?))).collect()
}

/// Nothing more is owed to a sync.
pub(crate) fn forget_sync(db: &mut Db, account: AccountId, sync: SyncId) -> Result<(), Fault> {
    db.run("DELETE FROM later_marks WHERE account = ? AND sync = ?", &values![account.0, sync.0])?;
    tidy(db, account)
}

fn tidy(db: &mut Db, account: AccountId) -> Result<(), Fault> {
    db.run(
        "DELETE FROM later_people AS p WHERE p.account = ? AND NOT EXISTS \
         (SELECT 1 FROM later_marks m WHERE m.account = p.account AND m.id = p.id)",
        &values![account.0],
    )?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Binary)]
    sync: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = Text)]
    people: String,
}

impl Row {
    fn marks(self, account: AccountId) -> Result<LaterMarks, Fault> {
        let ids: Vec<String> = from_json(&self.people, "later_people", "people", self.id)?;
        let person = |id: String| sound(PersonId::new(id).ok(), "later_people", "people", self.id);
        Ok(LaterMarks {
            account,
            id: self.id,
            sync: SyncId(uuid(&self.sync, "later_marks", "sync")?),
            people: ids.into_iter().map(person).collect::<Result<_, _>>()?,
            done: sound(usize::try_from(self.done).ok(), "later_marks", "done", self.id)?,
        })
    }
}

/// Marks the next people of an account. Returns whether it marked any.
pub(crate) fn work(
    db: &mut Db,
    account: AccountId,
    rows_max: usize,
    policy: &Policy,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<Row> = db.row(
        "SELECT m.id, m.sync, m.done, p.people FROM later_marks m JOIN later_people p ON p.account = m.account AND p.id = m.id \
         WHERE m.account = ? ORDER BY m.id, m.sync LIMIT 1",
        &values![account.0],
    )?;
    let Some(marks) = row.map(|row| row.marks(account)).transpose()? else { return Ok(false) };
    let (sync, batch) = (marks.sync, marks.batch(rows_max));
    let mut rows: HashMap<PersonId, Link> =
        links::of_people(db, account, sync, batch)?.into_iter().map(|link| (link.id.person.clone(), link)).collect();
    let people = people::read(db, account, batch)?;
    let writes: Vec<LinkWrite> = batch
        .iter()
        .filter_map(|person| {
            let id = LinkId { account, sync, person: person.clone() };
            mark_later(id, people.get(person), rows.remove(person), policy, now)
        })
        .collect();
    links::write(db, &writes)?;
    match marks.done_after(batch.len()) {
        Some(done) => {
            db.run(
                "UPDATE later_marks SET done = ? WHERE account = ? AND id = ? AND sync = ?",
                &values![done, account.0, marks.id, sync.0],
            )?;
        }
        None => {
            db.run(
                "DELETE FROM later_marks WHERE account = ? AND id = ? AND sync = ?",
                &values![account.0, marks.id, sync.0],
            )?;
            tidy(db, account)?;
        }
    }
    Ok(!writes.is_empty())
}
