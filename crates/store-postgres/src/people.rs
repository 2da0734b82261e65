//! Rows of `people`, `people_terms` and `person_changes`: read, and written in bulk.

use crate::Conn;
use crate::batch::Batch;
use crate::columns::{Time, time, time_opt};
use crate::error::Fault;
use crate::sql::{Sql, sql_query};
use diesel::sql_types::{Array, BigInt, Json, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use sync_core::claim::ChangedPerson;
use sync_core::id::{AccountId, PersonId};
use sync_core::person::{Person, PersonChange};
use sync_core::plan::next::outline;
use sync_core::plan::search;
use sync_core::ports::StoreError;
use uuid::Uuid;

/// The columns of `people`, for SELECT lists; its alias is `p`.
pub(crate) const COLUMNS: &str = "p.account, p.id, p.version, p.first_name, p.last_name, p.name, p.emails, p.phones, \
    p.organizations, p.labels, p.summary, p.timezone, p.language, p.contact, p.custom, p.last_logged_in, p.created_at, \
    p.updated_at, p.deleted_at";

#[derive(diesel::QueryableByName)]
pub(crate) struct PersonRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) account: Uuid,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    emails: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    phones: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    organizations: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    labels: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    summary: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    timezone: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    language: Option<String>,
    #[diesel(sql_type = Json)]
    contact: Value,
    #[diesel(sql_type = Json)]
    custom: Value,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_logged_in: Option<Time>,
    #[diesel(sql_type = Timestamptz)]
    created_at: Time,
    #[diesel(sql_type = Timestamptz)]
    updated_at: Time,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deleted_at: Option<Time>,
}

impl PersonRow {
    pub(crate) fn person(self) -> Result<Person, StoreError> {
        let corrupt =
            |column| StoreError::Corrupt { table: "people", column, key: format!("{} {:?}", self.account, self.id) };
        let object = |value: &Value, column| match value {
            Value::Object(map) => Ok(map.clone()),
            _ => Err(corrupt(column)),
        };
        let (contact, custom): (Map<_, _>, Map<_, _>) =
            (object(&self.contact, "contact")?, object(&self.custom, "custom")?);
        let id = PersonId::new(self.id.clone()).map_err(|_| corrupt("id"))?;
        Ok(Person {
            id,
            version: self.version,
            first_name: self.first_name,
            last_name: self.last_name,
            name: self.name,
            emails: self.emails,
            phones: self.phones,
            organizations: self.organizations,
            labels: self.labels,
            summary: self.summary,
            timezone: self.timezone,
            language: self.language,
            contact,
            custom,
            last_logged_in: self.last_logged_in.map(|at| at.0),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }
}

pub(crate) fn people_of(rows: Vec<PersonRow>) -> Result<Vec<Person>, Fault> {
    rows.into_iter().map(|row| row.person().map_err(Fault::from)).collect()
}

#[derive(diesel::QueryableByName)]
struct Outline {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deleted_at: Option<Time>,
}

/// Those of some people that exist, tombstones too, as far as counting what they need next looks at them.
pub(crate) async fn outlines(
    c: &mut Conn,
    account: AccountId,
    ids: &[PersonId],
) -> Result<HashMap<PersonId, Person>, Fault> {
    let ids: Vec<&str> = ids.iter().map(PersonId::as_str).collect();
    let rows: Vec<Outline> = sql_query(
        "SELECT p.* FROM UNNEST($2) AS k(id) CROSS JOIN LATERAL (SELECT p.id, p.version, p.deleted_at FROM people p \
         WHERE p.account = $1 AND p.id = k.id OFFSET 0) AS p",
    )
    .bind::<SqlUuid, _>(account.0)
    .bind::<Array<Text>, _>(ids)
    .get_results(c)
    .await?;
    let person = |row: Outline| {
        let corrupt =
            |_| StoreError::Corrupt { table: "people", column: "id", key: format!("{} {:?}", account.0, row.id) };
        let id = PersonId::new(row.id.clone()).map_err(corrupt)?;
        Ok((id.clone(), outline(id, row.version, row.deleted_at.map(|at| at.0))))
    };
    rows.into_iter().map(person).collect()
}

/// Reads people of one account; locks them in order of id where asked for. One statement.
pub(crate) async fn read(
    mut c: &Conn,
    account: AccountId,
    ids: &[PersonId],
    lock: bool,
) -> Result<HashMap<PersonId, Person>, Fault> {
    let ids: Vec<&str> = ids.iter().map(PersonId::as_str).collect();
    let lock = if lock { "FOR UPDATE OF p" } else { "OFFSET 0" };
    // Row by row, in order of the keys: told to sort people, the planner reads the whole account in the order of its index.
    let rows: Vec<PersonRow> = sql_query(format!(
        "SELECT p.* FROM (SELECT k.id FROM UNNEST($2) AS k(id) ORDER BY k.id COLLATE \"C\") AS k CROSS JOIN LATERAL \
         (SELECT {COLUMNS} FROM people p WHERE p.account = $1 AND p.id = k.id {lock}) AS p"
    ))
    .bind::<SqlUuid, _>(account.0)
    .bind::<Array<Text>, _>(ids)
    .get_results(&mut c)
    .await?;
    Ok(people_of(rows)?.into_iter().map(|person| (person.id.clone(), person)).collect())
}

/// Reads people by (account, id).
pub(crate) async fn read_of_links(
    c: &mut Conn,
    keys: &[(AccountId, PersonId)],
) -> Result<HashMap<(AccountId, PersonId), Person>, Fault> {
    let accounts: Vec<Uuid> = keys.iter().map(|(account, _)| account.0).collect();
    let ids: Vec<&str> = keys.iter().map(|(_, id)| id.as_str()).collect();
    let rows: Vec<PersonRow> = sql_query(format!(
        "SELECT p.* FROM UNNEST($1, $2) AS k(account, id) CROSS JOIN LATERAL \
         (SELECT {COLUMNS} FROM people p WHERE p.account = k.account AND p.id = k.id OFFSET 0) AS p"
    ))
    .bind::<Array<SqlUuid>, _>(accounts)
    .bind::<Array<Text>, _>(ids)
    .get_results(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            let account = AccountId(row.account);
            let person = row.person()?;
            Ok(((account, person.id.clone()), person))
        })
        .collect()
}

/// Writes changed people with their terms and changes.
pub(crate) fn add_writes(batch: &mut Batch<'_>, account: AccountId, changed: &[ChangedPerson]) {
    let (new, known): (Vec<&ChangedPerson>, Vec<&ChangedPerson>) = changed.iter().partition(|c| c.before.is_none());
    if !new.is_empty() {
        batch.add_new(insertion(account, &new));
    }
    if !known.is_empty() {
        batch.add(update(account, &known));
    }
    add_terms(batch, account, changed);
    add_changes(batch, account, changed);
}

/// The columns after the account, with the types that UNNEST gives them; lists come as their text.
const WRITTEN: &str = "id, version, first_name, last_name, name, emails, phones, organizations, labels, summary, timezone, \
    language, contact, custom, last_logged_in, created_at, updated_at, deleted_at";

/// A list as Postgres writes it: UNNEST takes lists of lists apart to their last item. (Read faster than JSON, too.)
fn list(items: &[String]) -> String {
    let quoted = |item: &String| format!("\"{}\"", item.replace('\\', r"\\").replace('"', r#"\""#));
    format!("{{{}}}", items.iter().map(quoted).collect::<Vec<_>>().join(","))
}

fn values() -> String {
    WRITTEN
        .split(", ")
        .map(|column| match column.trim() {
            column @ ("emails" | "phones" | "organizations" | "labels") => format!("o.{column}::text[]"),
            column => format!("o.{column}"),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

const PARAMETERS: &str = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19";

fn insertion<'q>(account: AccountId, people: &[&ChangedPerson]) -> Sql<'q> {
    let sql = format!(
        "INSERT INTO people (account, {WRITTEN}) SELECT o.account, {} FROM UNNEST({PARAMETERS}) AS o(account, {WRITTEN})",
        values()
    );
    bind(&sql, account, people)
}

fn update<'q>(account: AccountId, people: &[&ChangedPerson]) -> Sql<'q> {
    let columns: Vec<&str> = WRITTEN.split(", ").map(str::trim).skip(1).collect();
    let values = values();
    let values: Vec<&str> = values.split(", ").skip(1).collect();
    let sets: Vec<String> = columns.iter().zip(values).map(|(column, value)| format!("{column} = {value}")).collect();
    let sql = format!(
        "UPDATE people p SET {} FROM UNNEST({PARAMETERS}) AS o(account, {WRITTEN}) \
         WHERE p.account = o.account AND p.id = o.id",
        sets.join(", ")
    );
    bind(&sql, account, people)
}

fn bind<'q>(sql: &str, account: AccountId, people: &[&ChangedPerson]) -> Sql<'q> {
    fn all<T>(people: &[&ChangedPerson], of: impl Fn(&Person) -> T) -> Vec<T> {
        people.iter().map(|changed| of(&changed.after)).collect()
    }
    sql_query(sql)
        .bind::<Array<SqlUuid>, _>(vec![account.0; people.len()])
        .bind::<Array<Text>, _>(all(people, |p| p.id.as_str().to_owned()))
        .bind::<Array<BigInt>, _>(all(people, |p| p.version))
        .bind::<Array<Nullable<Text>>, _>(all(people, |p| p.first_name.clone()))
        .bind::<Array<Nullable<Text>>, _>(all(people, |p| p.last_name.clone()))
        .bind::<Array<Nullable<Text>>, _>(all(people, |p| p.name.clone()))
        .bind::<Array<Text>, _>(all(people, |p| list(&p.emails)))
        .bind::<Array<Text>, _>(all(people, |p| list(&p.phones)))
        .bind::<Array<Text>, _>(all(people, |p| list(&p.organizations)))
        .bind::<Array<Text>, _>(all(people, |p| list(&p.labels)))
        .bind::<Array<Nullable<Text>>, _>(all(people, |p| p.summary.clone()))
        .bind::<Array<Nullable<Text>>, _>(all(people, |p| p.timezone.clone()))
        .bind::<Array<Nullable<Text>>, _>(all(people, |p| p.language.clone()))
        .bind::<Array<Json>, _>(all(people, |p| Value::Object(p.contact.clone())))
        .bind::<Array<Json>, _>(all(people, |p| Value::Object(p.custom.clone())))
        .bind::<Array<Nullable<Timestamptz>>, _>(all(people, |p| time_opt(p.last_logged_in)))
        .bind::<Array<Timestamptz>, _>(all(people, |p| time(p.created_at)))
        .bind::<Array<Timestamptz>, _>(all(people, |p| time(p.updated_at)))
        .bind::<Array<Nullable<Timestamptz>>, _>(all(people, |p| time_opt(p.deleted_at)))
}

/// Terms are written only where they differ.
fn add_terms(batch: &mut Batch<'_>, account: AccountId, changed: &[ChangedPerson]) {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for ChangedPerson { before, after, .. } in changed {
        let id = after.id.as_str();
        let (old, now) = (before.as_ref().map(terms).unwrap_or_default(), terms(after));
        new.extend(now.iter().filter(|term| !old.contains(term)).map(|term| (term.clone(), id)));
        gone.extend(old.into_iter().filter(|term| !now.contains(term)).map(|term| (term, id)));
    }
    add_removal_of_terms(batch, account, gone);
    if !new.is_empty() {
        let (terms, people): (Vec<String>, Vec<&str>) = new.into_iter().unzip();
        batch.add(
            sql_query(
                "INSERT INTO people_terms (account, term, person) SELECT $1, * FROM UNNEST($2, $3) ON CONFLICT DO NOTHING",
            )
            .bind::<SqlUuid, _>(account.0)
            .bind::<Array<Text>, _>(terms)
            .bind::<Array<Text>, _>(people),
        );
    }
}

/// Removes a tombstone, locked by the caller, with what it is found by.
pub(crate) async fn remove(c: &mut Conn, account: AccountId, person: &Person) -> Result<(), Fault> {
    let mut batch = Batch::new(c);
    // Nothing is said of `deleted_at`: the index on it would be read from end to end.
    batch.add(
        sql_query("DELETE FROM people WHERE account = $1 AND id = $2")
            .bind::<SqlUuid, _>(account.0)
            .bind::<Text, _>(person.id.as_str()),
    );
    let gone = terms(person).into_iter().map(|term| (term, person.id.as_str())).collect();
    add_removal_of_terms(&mut batch, account, gone);
    batch.run().await
}

fn add_removal_of_terms(batch: &mut Batch<'_>, account: AccountId, gone: Vec<(String, &str)>) {
    if gone.is_empty() {
        return;
    }
    let (terms, people): (Vec<String>, Vec<&str>) = gone.into_iter().unzip();
    batch.add(
        sql_query("DELETE FROM people_terms WHERE (account, term, person) IN (SELECT * FROM UNNEST($1, $2, $3))")
            .bind::<Array<SqlUuid>, _>(vec![account.0; terms.len()])
            .bind::<Array<Text>, _>(terms)
            .bind::<Array<Text>, _>(people),
    );
}

/// The terms of a person as they are indexed. An index entry is bounded: longer beginnings tell nothing more.
fn terms(person: &Person) -> Vec<String> {
    let mut terms = search::terms(person);
    for term in &mut terms {
        let cut = sync_core::text::cut(term, TERM_BYTES_MAX).0.len();
        term.truncate(cut);
    }
    terms.dedup();
    terms
}

/// The most bytes of a term that are indexed.
pub(crate) const TERM_BYTES_MAX: usize = 512;

fn add_changes(batch: &mut Batch<'_>, account: AccountId, changed: &[ChangedPerson]) {
    let of = |changed: &ChangedPerson| {
        let person = changed.after.id.clone();
        changed.changes.iter().map(move |change| ChangeOf { person: person.clone(), change: change.clone() }).collect()
    };
    let rows: Vec<ChangeOf> = changed.iter().flat_map(|changed| -> Vec<ChangeOf> { of(changed) }).collect();
    add_changes_of(batch, account, &rows);
}

/// What happened to a person once.
pub(crate) struct ChangeOf {
    pub(crate) person: PersonId,
    pub(crate) change: PersonChange,
}

/// Writes changes.
pub(crate) fn add_changes_of(batch: &mut Batch<'_>, account: AccountId, rows: &[ChangeOf]) {
    if rows.is_empty() {
        return;
    }
    let statement = sql_query(
        "INSERT INTO person_changes (account, person, version, kind, at, fields) \
         SELECT $1, * FROM UNNEST($2, $3, $4, $5, $6)",
    )
    .bind::<SqlUuid, _>(account.0)
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.person.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(rows.iter().map(|row| row.change.version).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(rows.iter().map(|row| row.change.kind.code()).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(rows.iter().map(|row| time(row.change.at)).collect::<Vec<_>>())
    .bind::<Array<Json>, _>(rows.iter().map(|row| json!(row.change.fields)).collect::<Vec<_>>());
    batch.add(statement);
}

/// Adds to the number of people of an account.
pub(crate) fn count<'q>(account: AccountId, difference: i64) -> Option<Sql<'q>> {
    (difference != 0).then(|| {
        sql_query(
            "INSERT INTO people_counts AS n VALUES ($1, $2) \
             ON CONFLICT (account) DO UPDATE SET people = n.people + excluded.people",
        )
        .bind::<SqlUuid, _>(account.0)
        .bind::<BigInt, _>(difference)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::cluster;
    use crate::{Options, PostgresStore};

    #[derive(diesel::QueryableByName)]
    struct Lists {
        #[diesel(sql_type = Array<Text>)]
        list: Vec<String>,
    }

    #[tokio::test]
    async fn postgres_reads_a_list_as_it_was() {
        let store = PostgresStore::connect(&cluster().into(), Options::default()).await.unwrap();
        let lists: Vec<Vec<String>> = vec![
            vec![],
            vec![String::new()],
            ["ada@example.com", "NULL", "null", "", " ", "a b", "ä😀", "\u{7f}\u{1}"].map(String::from).to_vec(),
            ["\"", "\\", "\\\"", "\"\"", "\\\\", "a,b", "{a}", "{\"a\",b}", "'", "\n\r\t", "$1"]
                .map(String::from)
                .to_vec(),
        ];
        for expected in lists {
            let text = list(&expected);
            let read: Lists = store
                .read("test", |c| {
                    let statement = sql_query("SELECT $1::text[] AS list").bind::<Text, _>(text);
                    Box::pin(async move { Ok(statement.get_result(c).await?) })
                })
                .await
                .unwrap();
            assert_eq!(read.list, expected);
        }
    }
}
