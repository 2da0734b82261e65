use super::{from_json, small, sound, to_json};
use crate::error::Fault;
use crate::sql::{Db, json_texts, values};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::collections::HashMap;
use sync_core::claim::ChangedPerson;
use sync_core::id::{AccountId, PersonId};
use sync_core::person::{ChangeKind, Person, PersonChange};
use sync_core::plan::next::outline;
use sync_core::plan::search;
use sync_core::time::Timestamp;

#[derive(QueryableByName)]
pub(crate) struct PersonRow {
    #[diesel(sql_type = Text)]
    person: String,
}

impl PersonRow {
    pub(crate) fn person(&self) -> Result<Person, Fault> {
        from_json(&self.person, "people", "person", "of an account")
    }
}

/// Those of some people that exist, tombstones too.
pub(crate) fn read(db: &mut Db, account: AccountId, ids: &[PersonId]) -> Result<HashMap<PersonId, Person>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<PersonRow> = db.rows(
        "SELECT p.person FROM json_each(?) j CROSS JOIN people p ON p.account = ? AND p.id = j.value",
        &values![json_texts(ids.iter().map(PersonId::as_str)), account.0],
    )?;
    rows.iter().map(|row| row.person().map(|person| (person.id.clone(), person))).collect()
}

/// Those of some people that exist, tombstones too, as far as counting what they need next looks at them.
pub(crate) fn outlines(db: &mut Db, account: AccountId, ids: &[PersonId]) -> Result<HashMap<PersonId, Person>, Fault> {
    #[derive(QueryableByName)]
    struct Outline {
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = BigInt)]
        version: i64,
        #[diesel(sql_type = Nullable<BigInt>)]
        deleted_at: Option<i64>,
    }
    let rows: Vec<Outline> = db.rows(
        "SELECT p.id, p.version, p.deleted_at FROM json_each(?) j CROSS JOIN people p ON p.account = ? AND p.id = j.value",
        &values![json_texts(ids.iter().map(PersonId::as_str)), account.0],
    )?;
    let person = |row: Outline| {
        let id = sound(PersonId::new(row.id.as_str()).ok(), "people", "id", &row.id)?;
        let deleted_at = row.deleted_at.map(Timestamp::from_micros);
        Ok((id.clone(), outline(id, row.version, deleted_at)))
    };
    rows.into_iter().map(person).collect()
}

/// Writes changed people, what they are found by, and their changes; keeps the number of people.
pub(crate) fn write(db: &mut Db, account: AccountId, changed: &[ChangedPerson]) -> Result<(), Fault> {
    let mut difference = 0;
    for ChangedPerson { before, after, changes } in changed {
        difference += i64::from(!after.is_deleted()) - i64::from(before.as_ref().is_some_and(|p| !p.is_deleted()));
        db.run(
            "INSERT INTO people (account, id, version, deleted_at, person) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (account, id) DO UPDATE SET version = excluded.version, deleted_at = excluded.deleted_at, \
             person = excluded.person",
            &values![account.0, &after.id, after.version, after.deleted_at, to_json(after)?],
        )?;
        let old = before.as_ref().map(search::terms).unwrap_or_default();
        let new = search::terms(after);
        for term in old.iter().filter(|term| !new.contains(term)) {
            db.run(
                "DELETE FROM people_search WHERE account = ? AND term = ? AND person = ?",
                &values![account.0, term.as_str(), &after.id],
            )?;
        }
        for term in new.iter().filter(|term| !old.contains(term)) {
            db.run(
                "INSERT INTO people_search (account, term, person) VALUES (?, ?, ?)",
                &values![account.0, term.as_str(), &after.id],
            )?;
        }
        for change in changes {
            db.run(
                "INSERT INTO person_changes (account, person, version, kind, at, fields) VALUES (?, ?, ?, ?, ?, ?)",
                &values![account.0, &after.id, change.version, change.kind.code(), change.at, to_json(&change.fields)?],
            )?;
        }
    }
    if difference != 0 {
        db.run("UPDATE accounts SET people = people + ? WHERE account = ?", &values![difference, account.0])?;
    }
    Ok(())
}

/// Removes a tombstone with what it is found by.
pub(crate) fn remove(db: &mut Db, account: AccountId, person: &Person) -> Result<(), Fault> {
    for term in search::terms(person) {
        db.run(
            "DELETE FROM people_search WHERE account = ? AND term = ? AND person = ?",
            &values![account.0, term, &person.id],
        )?;
    }
    db.run("DELETE FROM people WHERE account = ? AND id = ?", &values![account.0, &person.id])?;
    Ok(())
}

#[derive(QueryableByName)]
pub(crate) struct ChangeRow {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    kind: i64,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    fields: String,
}

impl ChangeRow {
    pub(crate) fn change(self) -> Result<PersonChange, Fault> {
        const TABLE: &str = "person_changes";
        let kind = small(self.kind, TABLE, "kind", self.version)?;
        Ok(PersonChange {
            version: self.version,
            kind: sound(ChangeKind::from_code(kind), TABLE, "kind", self.version)?,
            at: Timestamp::from_micros(self.at),
            fields: from_json(&self.fields, TABLE, "fields", self.version)?,
        })
    }
}
