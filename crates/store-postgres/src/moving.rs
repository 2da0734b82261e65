//! The database as rows to be moved, from and to.

use crate::alerts::{BookRow, write_book};
use crate::batch::Batch;
use crate::columns::{Time, time, time_opt};
use crate::directory::ChangeRow;
use crate::error::Fault;
use crate::keys::{self, KeyRow, write_account, write_key};
use crate::link_row::{self, LinkRow};
use crate::links::{self, Shard, with_extras};
use crate::logs::CountedRow;
use crate::people::{self, ChangeOf, PersonRow};
use crate::remembered::{self, RememberedRow};
use crate::sql::{Sql, sql_query};
use crate::syncs::{self, SyncRow, as_json, governor_of};
use crate::{Conn, PostgresStore, logs, provenance};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use sync_core::claim::ChangedPerson;
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::key::Account;
use sync_core::moving::{MovedAlerts, Part, Row};
use sync_core::plan::LinkWrite;
use sync_core::ports::{MovingStore, StoreError, StoreResult};
use sync_core::provenance::Noted;
use sync_core::stats::{CounterKey, CounterRow};
use sync_core::time::Timestamp;
use uuid::Uuid;

/// The row after which to go on: of each part, those that its key has.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    account: Uuid,
    /// A sync's, a key's, an entry's.
    id: Uuid,
    person: String,
    /// A version; a width in seconds.
    number: i64,
    /// In microseconds.
    at: i64,
    operation: i16,
    kind: i16,
    bucket: i16,
}

impl Default for Cursor {
    /// Before all rows.
    fn default() -> Self {
        let id = Uuid::nil();
        Self {
            account: id,
            id,
            person: String::new(),
            number: -1,
            at: -EPOCH_MICROS,
            operation: -1,
            kind: -1,
            bucket: -1,
        }
    }
}

/// No row is older than this many microseconds before 1970.
const EPOCH_MICROS: i64 = 1 << 55;

#[async_trait]
impl MovingStore for PostgresStore {
    async fn moved_rows(
        &self,
        part: Part,
        after: Option<&str>,
        rows_max: usize,
    ) -> StoreResult<(Vec<Row>, Option<String>)> {
        const OPERATION: &str = "read rows to be moved";
        let bad = |source: serde_json::Error| StoreError::Internal { operation: OPERATION, source: Box::new(source) };
        let from: Cursor = after.map(serde_json::from_str).transpose().map_err(bad)?.unwrap_or_default();
        let rows =
            self.read(OPERATION, move |c| Box::pin(async move { page(c, part, &from, rows_max as i64).await })).await?;
        let last = rows.last().filter(|_| rows.len() == rows_max).map(cursor_of);
        let last = last.map(|last| serde_json::to_string(&last)).transpose().map_err(bad)?;
        Ok((rows, last))
    }

    async fn put_rows(&self, rows: Vec<Row>, noted: &Noted) -> StoreResult<()> {
        let given = Arc::new((rows, noted.clone()));
        self.transact("write moved rows", move |c| {
            let given = given.clone();
            Box::pin(async move {
                put(c, given.0.clone()).await?;
                provenance::write(c, &given.1).await
            })
        })
        .await
    }
}

fn cursor_of(row: &Row) -> Cursor {
    let at = |account: AccountId| Cursor { account: account.0, ..Cursor::default() };
    match row {
        Row::Account { account, .. } => at(account.id),
        Row::Key(key) => Cursor { id: key.id.0, ..at(key.account) },
        Row::Sync { config, .. } => Cursor { id: config.id.0, ..at(config.account) },
        Row::SyncId(known) => Cursor { id: known.id.0, ..at(known.account) },
        Row::Alerts(alerts) => at(alerts.account),
        Row::Book { account, sync, .. } => Cursor { id: sync.0, ..at(*account) },
        Row::Person { account, person } => Cursor { person: person.id.as_str().to_owned(), ..at(*account) },
        Row::Change { account, person, change } => {
            Cursor { person: person.as_str().to_owned(), number: change.version, ..at(*account) }
        }
        Row::Link(link) => {
            Cursor { id: link.id.sync.0, person: link.id.person.as_str().to_owned(), ..at(link.id.account) }
        }
        Row::Counter { account, sync, start, is_hour, key, .. } => Cursor {
            id: sync.0,
            number: width(*is_hour).into(),
            at: start.as_micros(),
            operation: key.operation.code(),
            kind: key.kind.code(),
            bucket: key.bucket,
            ..at(*account)
        },
        Row::Log(entry) => Cursor { id: entry.id.0, ..at(entry.account) },
    }
}

/// In seconds.
const fn width(is_hour: bool) -> i32 {
    if is_hour { 3600 } else { 60 }
}

#[derive(QueryableByName)]
struct AccountRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    version_floor: i64,
}

#[derive(QueryableByName)]
struct GovernedRow {
    #[diesel(embed)]
    sync: SyncRow,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
}

#[derive(QueryableByName)]
struct AlertsRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = Jsonb)]
    settings: serde_json::Value,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_sent_at: Option<Time>,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_error_at: Option<Time>,
}

#[derive(QueryableByName)]
struct BookOf {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(embed)]
    book: BookRow,
}

#[derive(QueryableByName)]
struct ChangeOfPerson {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(embed)]
    change: ChangeRow,
}

#[derive(QueryableByName)]
struct CountedOf {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Integer)]
    span: i32,
    #[diesel(embed)]
    counted: CountedRow,
}

async fn page(c: &mut Conn, part: Part, from: &Cursor, most: i64) -> Result<Vec<Row>, Fault> {
    let by_id = |text: String| {
        sql_query(text).bind::<SqlUuid, _>(from.account).bind::<SqlUuid, _>(from.id).bind::<BigInt, _>(most)
    };
    let by_account = |text: String| sql_query(text).bind::<SqlUuid, _>(from.account).bind::<BigInt, _>(most);
    match part {
        Part::Accounts => {
            let text = "SELECT id, name, version_floor FROM accounts WHERE id > $1 ORDER BY id LIMIT $2";
            let rows: Vec<AccountRow> = by_account(text.to_owned()).get_results(c).await?;
            let row = |row: AccountRow| {
                let account = Account { id: AccountId(row.id), name: row.name };
                Row::Account { account, version_floor: row.version_floor }
            };
            Ok(rows.into_iter().map(row).collect())
        }
        Part::Keys => {
            let text = format!(
                "SELECT {} FROM api_keys WHERE (account, id) > ($1, $2) ORDER BY account, id LIMIT $3",
                keys::COLUMNS
            );
            let rows: Vec<KeyRow> = by_id(text).get_results(c).await?;
            rows.into_iter().map(|row| Ok(Row::Key(row.key()?))).collect()
        }
        Part::Syncs => {
            let text = format!(
                "SELECT {}, r.governor FROM syncs s JOIN sync_runtime r ON r.account = s.account AND r.sync = s.id \
                 WHERE (s.account, s.id) > ($1, $2) ORDER BY s.account, s.id LIMIT $3",
                syncs::COLUMNS
            );
            let rows: Vec<GovernedRow> = by_id(text).get_results(c).await?;
            let row = |row: GovernedRow| {
                let config = row.sync.config()?;
                let governor = governor_of(row.governor, config.account.0, config.id.0)?;
                Ok(Row::Sync { config: config.into(), governor: governor.into() })
            };
            rows.into_iter().map(row).collect()
        }
        Part::SyncIds => {
            let text = format!(
                "SELECT {} FROM remembered_syncs WHERE (account, sync) > ($1, $2) ORDER BY account, sync LIMIT $3",
                remembered::COLUMNS
            );
            let rows: Vec<RememberedRow> = by_id(text).get_results(c).await?;
            Ok(rows.into_iter().map(|row| Row::SyncId(row.into())).collect())
        }
        Part::Alerts => {
            let text = "SELECT account, settings, last_sent_at, last_error, last_error_at FROM alert_settings \
                        WHERE account > $1 ORDER BY account LIMIT $2";
            let rows: Vec<AlertsRow> = by_account(text.to_owned()).get_results(c).await?;
            rows.into_iter().map(moved_alerts).collect()
        }
        Part::Books => {
            let text = "SELECT account, sync, book FROM alerts WHERE (account, sync) > ($1, $2) \
                        ORDER BY account, sync LIMIT $3";
            let rows: Vec<BookOf> = by_id(text.to_owned()).get_results(c).await?;
            let row = |row: BookOf| {
                let (sync, book) = row.book.book()?;
                Ok(Row::Book { account: AccountId(row.account), sync, book: book.into() })
            };
            rows.into_iter().map(row).collect()
        }
        Part::People => {
            let rows: Vec<PersonRow> = sql_query(format!(
                "SELECT {} FROM people p WHERE (p.account, p.id) > ($1, $2) ORDER BY p.account, p.id LIMIT $3",
                people::COLUMNS
            ))
            .bind::<SqlUuid, _>(from.account)
            .bind::<Text, _>(&from.person)
            .bind::<BigInt, _>(most)
            .get_results(c)
            .await?;
            let row = |row: PersonRow| {
                let account = AccountId(row.account);
                Ok(Row::Person { account, person: row.person()?.into() })
            };
            rows.into_iter().map(row).collect()
        }
        Part::Changes => {
            let rows: Vec<ChangeOfPerson> = sql_query(
                "SELECT account, person, version, kind, at, fields FROM person_changes \
                 WHERE (account, person, version) > ($1, $2, $3) ORDER BY account, person, version LIMIT $4",
            )
            .bind::<SqlUuid, _>(from.account)
            .bind::<Text, _>(&from.person)
            .bind::<BigInt, _>(from.number)
            .bind::<BigInt, _>(most)
            .get_results(c)
            .await?;
            rows.into_iter().map(change).collect()
        }
        Part::Links => {
            let rows: Vec<LinkRow> = sql_query(format!(
                "SELECT {} FROM links l WHERE (l.account, l.sync, l.person) > ($1, $2, $3) \
                 ORDER BY l.account, l.sync, l.person LIMIT $4",
                link_row::COLUMNS
            ))
            .bind::<SqlUuid, _>(from.account)
            .bind::<SqlUuid, _>(from.id)
            .bind::<Text, _>(&from.person)
            .bind::<BigInt, _>(most)
            .get_results(c)
            .await?;
            Ok(with_extras(c, rows).await?.into_iter().map(|link| Row::Link(link.into())).collect())
        }
        Part::Counters => {
            let rows: Vec<CountedOf> = sql_query(
                "SELECT account, sync, span, start, operation, kind, bucket, n FROM counters \
                 WHERE (account, sync, span, start, operation, kind, bucket) > ($1, $2, $3, $4, $5, $6, $7) \
                 ORDER BY account, sync, span, start, operation, kind, bucket LIMIT $8",
            )
            .bind::<SqlUuid, _>(from.account)
            .bind::<SqlUuid, _>(from.id)
            .bind::<Integer, _>(i32::try_from(from.number).unwrap_or(i32::MAX))
            .bind::<Timestamptz, _>(time(Timestamp::from_micros(from.at)))
            .bind::<SmallInt, _>(from.operation)
            .bind::<SmallInt, _>(from.kind)
            .bind::<SmallInt, _>(from.bucket)
            .bind::<BigInt, _>(most)
            .get_results(c)
            .await?;
            rows.into_iter().map(counter).collect()
        }
        Part::Logs => {
            let text = format!(
                "SELECT {} FROM log_entries WHERE (account, id) > ($1, $2) ORDER BY account, id LIMIT $3",
                logs::COLUMNS
            );
            let rows: Vec<logs::LogRow> = by_id(text).get_results(c).await?;
            Ok(logs::entries(rows)?.into_iter().map(|entry| Row::Log(entry.into())).collect())
        }
    }
}

fn moved_alerts(row: AlertsRow) -> Result<Row, Fault> {
    let corrupt = |_| StoreError::Corrupt { table: "alert_settings", column: "settings", key: row.account.to_string() };
    Ok(Row::Alerts(MovedAlerts {
        account: AccountId(row.account),
        settings: serde_json::from_value(row.settings).map_err(corrupt)?,
        last_sent_at: row.last_sent_at.map(|at| at.0),
        last_error: row.last_error,
        last_error_at: row.last_error_at.map(|at| at.0),
    }))
}

fn change(row: ChangeOfPerson) -> Result<Row, Fault> {
    let person = PersonId::new(row.person.as_str()).map_err(|_| StoreError::Corrupt {
        table: "person_changes",
        column: "person",
        key: format!("{} {:?}", row.account, row.person),
    })?;
    Ok(Row::Change { account: AccountId(row.account), person, change: row.change.change(&row.person)? })
}

fn counter(row: CountedOf) -> Result<Row, Fault> {
    let (account, sync) = (AccountId(row.account), SyncId(row.sync));
    let CounterRow { start, key, count } = row.counted.counted()?;
    Ok(Row::Counter { account, sync, start, is_hour: row.span == width(true), key, count })
}

async fn put(c: &mut Conn, rows: Vec<Row>) -> Result<(), Fault> {
    let (mut new_links, mut log, mut counters) = (Vec::new(), Vec::new(), Vec::new());
    let mut new_people: BTreeMap<AccountId, Vec<ChangedPerson>> = BTreeMap::new();
    let mut changes: BTreeMap<AccountId, Vec<ChangeOf>> = BTreeMap::new();
    for row in rows {
        match row {
            Row::Account { account, version_floor } => {
                write_account(c, &account).await?;
                sql_query("UPDATE accounts SET version_floor = $2 WHERE id = $1")
                    .bind::<SqlUuid, _>(account.id.0)
                    .bind::<BigInt, _>(version_floor)
                    .execute(c)
                    .await?;
            }
            Row::Key(key) => write_key(c, &key).await?,
            Row::Sync { config, governor } => {
                syncs::write(c, &config).await?;
                sql_query("INSERT INTO sync_runtime (account, sync, governor, blocked_until) VALUES ($1, $2, $3, $4)")
                    .bind::<SqlUuid, _>(config.account.0)
                    .bind::<SqlUuid, _>(config.id.0)
                    .bind::<Jsonb, _>(as_json(&governor)?)
                    .bind::<Nullable<Timestamptz>, _>(time_opt(governor.blocked_until()))
                    .execute(c)
                    .await?;
            }
            Row::SyncId(known) => remembered::write(c, &known).await?,
            Row::Alerts(alerts) => write_alerts(c, alerts).await?,
            Row::Book { account, sync, book } => write_book(c, account, sync, Some(&book)).await?,
            Row::Person { account, person } => {
                let changed = ChangedPerson { before: None, after: *person, changes: Vec::new() };
                new_people.entry(account).or_default().push(changed);
            }
            Row::Change { account, person, change } => {
                changes.entry(account).or_default().push(ChangeOf { person, change });
            }
            Row::Link(link) => new_links.push(LinkWrite { before: None, after: Some(*link) }),
            Row::Counter { account, sync, start, is_hour, key, count } => {
                counters.push((account, sync, start, is_hour, key, count));
            }
            Row::Log(entry) => log.push(*entry),
        }
    }
    let mut batch = Batch::new(c);
    for (account, people) in &new_people {
        people::add_writes(&mut batch, *account, people);
        let here = people.iter().filter(|changed| !changed.after.is_deleted()).count();
        batch.extend(people::count(*account, here as i64));
    }
    for (account, changes) in &changes {
        people::add_changes_of(&mut batch, *account, changes);
    }
    if !new_links.is_empty() {
        links::add_writes(&mut batch, new_links, Shard::Other);
    }
    if !counters.is_empty() {
        batch.add(counted(&counters));
    }
    if !log.is_empty() {
        batch.add(logs::insertion(&log));
    }
    batch.run().await
}

type Counted = (AccountId, SyncId, Timestamp, bool, CounterKey, i64);

fn counted<'q>(rows: &[Counted]) -> Sql<'q> {
    fn all<T>(rows: &[Counted], of: impl Fn(&Counted) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    sql_query(
        "INSERT INTO counters (account, sync, span, start, operation, kind, bucket, n) \
         SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind::<Array<SqlUuid>, _>(all(rows, |row| row.0.0))
    .bind::<Array<SqlUuid>, _>(all(rows, |row| row.1.0))
    .bind::<Array<Integer>, _>(all(rows, |row| width(row.3)))
    .bind::<Array<Timestamptz>, _>(all(rows, |row| time(row.2)))
    .bind::<Array<SmallInt>, _>(all(rows, |row| row.4.operation.code()))
    .bind::<Array<SmallInt>, _>(all(rows, |row| row.4.kind.code()))
    .bind::<Array<SmallInt>, _>(all(rows, |row| row.4.bucket))
    .bind::<Array<BigInt>, _>(all(rows, |row| row.5))
}

async fn write_alerts(c: &mut Conn, alerts: MovedAlerts) -> Result<(), Fault> {
    sql_query(
        "INSERT INTO alert_settings (account, settings, held_until, last_sent_at, last_error, last_error_at) \
         VALUES ($1, $2, 'epoch', $3, $4, $5)",
    )
    .bind::<SqlUuid, _>(alerts.account.0)
    .bind::<Jsonb, _>(as_json(&alerts.settings)?)
    .bind::<Nullable<Timestamptz>, _>(time_opt(alerts.last_sent_at))
    .bind::<Nullable<Text>, _>(alerts.last_error)
    .bind::<Nullable<Timestamptz>, _>(time_opt(alerts.last_error_at))
    .execute(c)
    .await?;
    Ok(())
}
