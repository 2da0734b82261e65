//! The database as rows to be moved, from and to.

use crate::SqliteStore;
use crate::alerts::{self, write_book};
use crate::error::Fault;
use crate::provenance;
use crate::records::{insert_key, read_keys};
use crate::sql::{Db, Value, values};
use crate::tables::{from_json, links, logs, people, remembered, small, sound, syncs, to_json, uuid};
use crate::writer::Afterwards;
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use std::fmt::Write as _;
use sync_core::alert::Book;
use sync_core::claim::ChangedPerson;
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::key::Account;
use sync_core::moving::{MovedAlerts, Part, Row};
use sync_core::person::Person;
use sync_core::plan::LinkWrite;
use sync_core::ports::{MovingStore, StoreResult};
use sync_core::provenance::Noted;
use sync_core::stats::{CounterKey, CounterKind, HOUR_MICROS, MINUTE_MICROS};
use sync_core::sync::Operation;
use sync_core::time::Timestamp;

#[async_trait]
impl MovingStore for SqliteStore {
    async fn moved_rows(
        &self,
        part: Part,
        after: Option<&str>,
        rows_max: usize,
    ) -> StoreResult<(Vec<Row>, Option<String>)> {
        let after = after.map(str::to_owned);
        self.readers.run("read rows to be moved", move |db| page(db, part, after.as_deref(), rows_max)).await
    }

    async fn put_rows(&self, rows: Vec<Row>, noted: &Noted) -> StoreResult<()> {
        let noted = noted.clone();
        let work = move |db: &mut Db, _: &mut Afterwards| {
            put(db, rows)?;
            provenance::write(db, &noted)
        };
        self.writer.run("write moved rows", work).await
    }
}

/// Rows stand by number here, so that is what they are read by.
fn page(db: &mut Db, part: Part, after: Option<&str>, rows_max: usize) -> Result<(Vec<Row>, Option<String>), Fault> {
    let key = |columns: &str| -> Result<Vec<Value>, Fault> {
        let Some(after) = after else { return Ok(vec![Value::Null; columns.split(',').count()]) };
        cursor(after)
    };
    let (rows, last): (Vec<Row>, Option<Vec<Value>>) = match part {
        Part::Accounts => accounts(db, &key("1")?, rows_max)?,
        Part::Keys => {
            let found = read_keys(db, &after_key("account, id", after, rows_max), &key("account, id")?)?;
            let last = found.last().map(|key| values![key.account.0, key.id.0].to_vec());
            (found.into_iter().map(Row::Key).collect(), last)
        }
        Part::Syncs => {
            let found = syncs::read(db, &after_key("s.account, s.id", after, rows_max), &key("s.account, s.id")?)?;
            let last = found.last().map(|sync| values![sync.config.account.0, sync.config.id.0].to_vec());
            let row = |sync: syncs::LiveSync| Row::Sync { config: sync.config.into(), governor: sync.governor.into() };
            (found.into_iter().map(row).collect(), last)
        }
        Part::SyncIds => {
            let found = remembered::read(db, &after_key("account, sync", after, rows_max), &key("account, sync")?)?;
            let last = found.last().map(|known| values![known.account.0, known.id.0].to_vec());
            (found.into_iter().map(Row::SyncId).collect(), last)
        }
        Part::Alerts => settings(db, &after_key("account", after, rows_max), &key("account")?)?,
        Part::Books => books(db, &after_key("account, sync", after, rows_max), &key("account, sync")?)?,
        Part::People => people(db, &after_key("account, id", after, rows_max), &key("account, id")?)?,
        Part::Changes => {
            let columns = "account, person, version";
            changes(db, &after_key(columns, after, rows_max), &key(columns)?)?
        }
        Part::Links => {
            let columns = "l.account, l.sync, l.person";
            let found = links::read(db, &after_key(columns, after, rows_max), &key(columns)?)?;
            let last = found.last().map(|link| values![link.id.account.0, link.id.sync.0, &link.id.person].to_vec());
            (found.into_iter().map(|link| Row::Link(link.into())).collect(), last)
        }
        Part::Counters => {
            let columns = "account, sync, start, width, operation, kind, bucket";
            counters(db, &after_key(columns, after, rows_max), &key(columns)?)?
        }
        Part::Logs => {
            let found = logs::read(db, &after_key("account, id", after, rows_max), &key("account, id")?)?;
            let last = found.last().map(|entry| values![entry.account.0, entry.id.0].to_vec());
            (found.into_iter().map(|entry| Row::Log(entry.into())).collect(), last)
        }
    };
    let more = rows.len() == rows_max;
    Ok((rows, last.filter(|_| more).map(|last| written(&last))))
}

/// The condition, order and bound of a page, by a unique key.
fn after_key(columns: &str, after: Option<&str>, rows_max: usize) -> String {
    let marks = vec!["?"; columns.split(',').count()].join(", ");
    // The values are bound in either case.
    let beyond = match after {
        Some(_) => format!("({columns}) > ({marks})"),
        None => format!("coalesce({marks}, NULL) IS NULL"),
    };
    format!("WHERE {beyond} ORDER BY {columns} LIMIT {rows_max}")
}

/// A key as text: each value with its type.
fn written(key: &[Value]) -> String {
    let text = |value: &Value| match value {
        Value::Null => "n".to_owned(),
        Value::Integer(number) => format!("i{number}"),
        Value::Text(text) => format!("t{text}"),
        Value::Blob(bytes) => bytes.iter().fold("b".to_owned(), |mut hex, byte| {
            let _infallible = write!(hex, "{byte:02x}");
            hex
        }),
    };
    key.iter().map(text).collect::<serde_json::Value>().to_string()
}

fn cursor(text: &str) -> Result<Vec<Value>, Fault> {
    let bad = || Fault::Refused("the place to go on from is none of this database's".to_owned());
    let parts: Vec<String> = serde_json::from_str(text).map_err(|_| bad())?;
    let value = |part: &String| -> Option<Value> {
        let rest = part.get(1..)?;
        match part.get(..1)? {
            "n" => Some(Value::Null),
            "i" => Some(Value::Integer(rest.parse().ok()?)),
            "t" => Some(Value::Text(rest.to_owned())),
            "b" => {
                let byte = |at: usize| u8::from_str_radix(rest.get(at..at + 2)?, 16).ok();
                (0..rest.len()).step_by(2).map(byte).collect::<Option<_>>().map(Value::Blob)
            }
            _ => None,
        }
    };
    parts.iter().map(value).collect::<Option<_>>().ok_or_else(bad)
}

type Page = (Vec<Row>, Option<Vec<Value>>);

fn accounts(db: &mut Db, after: &[Value], rows_max: usize) -> Result<Page, Fault> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        number: i64,
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = BigInt)]
        version_floor: i64,
    }
    // In the order in which they were made.
    let found: Vec<Found> = db.rows(
        &format!(
            "SELECT rowid AS number, account, name, version_floor FROM accounts WHERE rowid > coalesce(?, 0) \
             ORDER BY rowid LIMIT {rows_max}"
        ),
        after,
    )?;
    let last = found.last().map(|row| values![row.number].to_vec());
    let row = |row: Found| {
        let account = Account { id: AccountId(uuid(&row.account, "accounts", "account")?), name: row.name };
        Ok(Row::Account { account, version_floor: row.version_floor })
    };
    Ok((found.into_iter().map(row).collect::<Result<_, Fault>>()?, last))
}

fn settings(db: &mut Db, rest: &str, after: &[Value]) -> Result<Page, Fault> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
        #[diesel(sql_type = Text)]
        settings: String,
        #[diesel(sql_type = Nullable<BigInt>)]
        last_sent_at: Option<i64>,
        #[diesel(sql_type = Nullable<Text>)]
        last_error: Option<String>,
        #[diesel(sql_type = Nullable<BigInt>)]
        last_error_at: Option<i64>,
    }
    let found: Vec<Found> = db.rows(
        &format!("SELECT account, settings, last_sent_at, last_error, last_error_at FROM alert_settings {rest}"),
        after,
    )?;
    let last = found.last().map(|row| vec![Value::Blob(row.account.clone())]);
    let row = |row: Found| {
        let account = AccountId(uuid(&row.account, "alert_settings", "account")?);
        Ok(Row::Alerts(MovedAlerts {
            account,
            settings: from_json(&row.settings, "alert_settings", "settings", account)?,
            last_sent_at: row.last_sent_at.map(Timestamp::from_micros),
            last_error: row.last_error,
            last_error_at: row.last_error_at.map(Timestamp::from_micros),
        }))
    };
    Ok((found.into_iter().map(row).collect::<Result<_, Fault>>()?, last))
}

fn books(db: &mut Db, rest: &str, after: &[Value]) -> Result<Page, Fault> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
        #[diesel(sql_type = Binary)]
        sync: Vec<u8>,
        #[diesel(sql_type = Text)]
        book: String,
    }
    let found: Vec<Found> = db.rows(&format!("SELECT account, sync, book FROM alerts {rest}"), after)?;
    let last = found.last().map(|row| vec![Value::Blob(row.account.clone()), Value::Blob(row.sync.clone())]);
    let row = |row: Found| {
        let sync = SyncId(uuid(&row.sync, "alerts", "sync")?);
        let book: Book = from_json(&row.book, "alerts", "book", sync)?;
        Ok(Row::Book { account: AccountId(uuid(&row.account, "alerts", "account")?), sync, book: book.into() })
    };
    Ok((found.into_iter().map(row).collect::<Result<_, Fault>>()?, last))
}

fn people(db: &mut Db, rest: &str, after: &[Value]) -> Result<Page, Fault> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
        #[diesel(sql_type = Text)]
        id: String,
        #[diesel(sql_type = Text)]
        person: String,
    }
    let found: Vec<Found> = db.rows(&format!("SELECT account, id, person FROM people {rest}"), after)?;
    let last = found.last().map(|row| vec![Value::Blob(row.account.clone()), Value::Text(row.id.clone())]);
    let row = |row: Found| {
        let account = AccountId(uuid(&row.account, "people", "account")?);
        let person: Person = from_json(&row.person, "people", "person", &row.id)?;
        Ok(Row::Person { account, person: person.into() })
    };
    Ok((found.into_iter().map(row).collect::<Result<_, Fault>>()?, last))
}

fn changes(db: &mut Db, rest: &str, after: &[Value]) -> Result<Page, Fault> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
        #[diesel(sql_type = Text)]
        person: String,
        #[diesel(embed)]
        change: people::ChangeRow,
    }
    let found: Vec<Found> =
        db.rows(&format!("SELECT account, person, version, kind, at, fields FROM person_changes {rest}"), after)?;
    let mut last = None;
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let account = AccountId(uuid(&row.account, "person_changes", "account")?);
        let person = sound(PersonId::new(row.person.as_str()).ok(), "person_changes", "person", &row.person)?;
        let change = row.change.change()?;
        last = Some(values![account.0, &person, change.version].to_vec());
        rows.push(Row::Change { account, person, change });
    }
    Ok((rows, last))
}

fn counters(db: &mut Db, rest: &str, after: &[Value]) -> Result<Page, Fault> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Binary)]
        account: Vec<u8>,
        #[diesel(sql_type = Binary)]
        sync: Vec<u8>,
        #[diesel(sql_type = BigInt)]
        start: i64,
        #[diesel(sql_type = BigInt)]
        width: i64,
        #[diesel(sql_type = BigInt)]
        operation: i64,
        #[diesel(sql_type = BigInt)]
        kind: i64,
        #[diesel(sql_type = BigInt)]
        bucket: i64,
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    const TABLE: &str = "counters";
    let found: Vec<Found> = db.rows(
        &format!("SELECT account, sync, start, width, operation, kind, bucket, count FROM counters {rest}"),
        after,
    )?;
    let last = found.last().map(|row| {
        let (account, sync) = (Value::Blob(row.account.clone()), Value::Blob(row.sync.clone()));
        let numbers = [row.start, row.width, row.operation, row.kind, row.bucket];
        [account, sync].into_iter().chain(numbers.map(Value::Integer)).collect()
    });
    let row = |row: Found| {
        let operation = Operation::from_code(small(row.operation, TABLE, "operation", row.start)?);
        let kind = CounterKind::from_code(small(row.kind, TABLE, "kind", row.start)?);
        Ok(Row::Counter {
            account: AccountId(uuid(&row.account, TABLE, "account")?),
            sync: SyncId(uuid(&row.sync, TABLE, "sync")?),
            start: Timestamp::from_micros(row.start),
            is_hour: row.width == HOUR_MICROS,
            key: CounterKey {
                operation: sound(operation, TABLE, "operation", row.start)?,
                kind: sound(kind, TABLE, "kind", row.start)?,
                bucket: small(row.bucket, TABLE, "bucket", row.start)?,
            },
            count: row.count,
        })
    };
    Ok((found.into_iter().map(row).collect::<Result<_, Fault>>()?, last))
}

fn put(db: &mut Db, rows: Vec<Row>) -> Result<(), Fault> {
    let mut new_links = Vec::new();
    for row in rows {
        match row {
            Row::Account { account, version_floor } => {
                db.run(
                    "INSERT INTO accounts (account, name, version_floor) VALUES (?, ?, ?)",
                    &values![account.id.0, account.name, version_floor],
                )?;
            }
            Row::Key(key) => insert_key(db, &key)?,
            Row::Sync { config, governor } => {
                syncs::insert(db, &config)?;
                syncs::write_governor(db, config.account, config.id, &governor)?;
            }
            Row::SyncId(known) => remembered::write(db, &known)?,
            Row::Alerts(alerts) => alerts::insert_settings(db, &alerts)?,
            Row::Book { account, sync, book } => write_book(db, account, sync, Some(&book))?,
            Row::Person { account, person } => {
                people::write(db, account, &[ChangedPerson { before: None, after: *person, changes: Vec::new() }])?;
            }
            Row::Change { account, person, change } => {
                db.run(
                    "INSERT INTO person_changes (account, person, version, kind, at, fields) VALUES (?, ?, ?, ?, ?, ?)",
                    &values![
                        account.0,
                        &person,
                        change.version,
                        change.kind.code(),
                        change.at,
                        to_json(&change.fields)?
                    ],
                )?;
            }
            Row::Link(link) => new_links.push(LinkWrite { before: None, after: Some(*link) }),
            Row::Counter { account, sync, start, is_hour, key, count } => {
                let width = if is_hour { HOUR_MICROS } else { MINUTE_MICROS };
                db.run(
                    "INSERT INTO counters (account, sync, start, width, operation, kind, bucket, count) \
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    &values![account.0, sync.0, start, width, key.operation.code(), key.kind.code(), key.bucket, count],
                )?;
            }
            Row::Log(entry) => logs::insert(db, &entry)?,
        }
    }
    links::write(db, &new_links)
}
