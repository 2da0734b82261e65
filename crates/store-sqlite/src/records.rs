//! The log's and the keys' ports.

use crate::SqliteStore;
use crate::directory::Where;
use crate::error::Fault;
use crate::sql::{Db, json_uuids, values};
use crate::tables::{logs, small, sound, uuid};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sync_core::chosen::MadeKey;
use sync_core::id::{AccountId, KeyId, LogId};
use sync_core::key::{Account, ApiKey, Role};
use sync_core::log::{FailureKind, LogEntry, LogFilter, LogOutcome};
use sync_core::page::{Page, PageRequest};
use sync_core::ports::{CounterFilter, KeyStore, LogStore, SetResult, Signal, StoreResult};
use sync_core::stats::{CounterKey, CounterKind, CounterRow};
use sync_core::sync::Operation;
use sync_core::time::Timestamp;

#[async_trait]
impl LogStore for SqliteStore {
    async fn logs(
        &self,
        account: AccountId,
        filter: &LogFilter,
        page: PageRequest<LogId>,
    ) -> StoreResult<Page<LogEntry>> {
        let (text, values) = logs_wanted(account, filter, page.after).finish("id DESC", page.first + 1);
        let read = move |db: &mut Db| logs::read(db, &text, &values);
        Ok(Page::of(self.readers.run("read the log", read).await?, page.first))
    }

    async fn logs_by_ids(&self, account: AccountId, ids: &[LogId]) -> StoreResult<Vec<LogEntry>> {
        let ids = json_uuids(ids.iter().map(|id| id.0));
        let read = move |db: &mut Db| {
            logs::read(
                db,
                "WHERE account = ? AND id IN (SELECT unhex(value) FROM json_each(?))",
                &values![account.0, ids],
            )
        };
        self.readers.run("read log entries", read).await
    }

    async fn counters(&self, account: AccountId, filter: &CounterFilter) -> StoreResult<Vec<CounterRow>> {
        let mut wanted =
            Where::new("account = ? AND start >= ? AND start < ?", values![account.0, filter.since, filter.until]);
        if let Some(sync) = filter.sync {
            wanted.and("sync = ?", values![sync.0]);
        }
        if let Some(operation) = filter.operation {
            wanted.and("operation = ?", values![operation.code()]);
        }
        let (text, values) = wanted.grouped("start, operation, kind, bucket");
        let read = move |db: &mut Db| {
            let text = format!("SELECT start, operation, kind, bucket, sum(count) AS count FROM counters {text}");
            db.rows::<CountedRow>(&text, &values)?.into_iter().map(CountedRow::row).collect()
        };
        self.readers.run("read counters", read).await
    }
}

fn logs_wanted(account: AccountId, filter: &LogFilter, after: Option<LogId>) -> Where {
    let mut wanted = Where::new("account = ?", values![account.0]);
    if let Some(after) = after {
        wanted.and("id < ?", values![after.0]);
    }
    if let Some(sync) = filter.sync {
        wanted.and("sync = ?", values![sync.0]);
    }
    if let Some(person) = &filter.person {
        wanted.and("person = ?", values![person]);
    }
    // Codes stand in the text, so that the index of failures can be used; there are few.
    let one_of = |column: &str, codes: &mut dyn Iterator<Item = i16>| {
        let mut codes: Vec<i16> = codes.collect();
        codes.sort_unstable();
        codes.dedup();
        let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
        format!("{column} IN ({})", codes.join(", "))
    };
    if let Some(operations) = &filter.operations {
        wanted.and(&one_of("operation", &mut operations.iter().map(|o| o.code())), []);
    }
    if let Some(outcomes) = &filter.outcomes {
        let failed = |outcome: &LogOutcome| matches!(outcome, LogOutcome::Retrying | LogOutcome::Parked);
        if outcomes.iter().all(failed) {
            wanted.and("outcome IN (1, 2)", []);
        }
        wanted.and(&one_of("outcome", &mut outcomes.iter().map(|o| o.code())), []);
    }
    if let Some(failures) = &filter.failures {
        wanted.and(&one_of("failure", &mut failures.iter().map(|f: &FailureKind| f.code())), []);
    }
    if let Some(least) = filter.status_at_least {
        wanted.and("status >= ?", values![least]);
    }
    if let Some(most) = filter.status_at_most {
        wanted.and("status <= ?", values![most]);
    }
    if let Some(since) = filter.since {
        wanted.and("at >= ?", values![since]);
    }
    if let Some(until) = filter.until {
        wanted.and("at < ?", values![until]);
    }
    wanted
}

#[derive(QueryableByName)]
struct CountedRow {
    #[diesel(sql_type = BigInt)]
    start: i64,
    #[diesel(sql_type = BigInt)]
    operation: i64,
    #[diesel(sql_type = BigInt)]
    kind: i64,
    #[diesel(sql_type = BigInt)]
    bucket: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl CountedRow {
    fn row(self) -> Result<CounterRow, Fault> {
        const TABLE: &str = "counters";
        let code = |value, column| small::<i16>(value, TABLE, column, self.start);
        let operation = Operation::from_code(code(self.operation, "operation")?);
        let kind = CounterKind::from_code(code(self.kind, "kind")?);
        Ok(CounterRow {
            start: Timestamp::from_micros(self.start),
            key: CounterKey {
                operation: sound(operation, TABLE, "operation", self.start)?,
                kind: sound(kind, TABLE, "kind", self.start)?,
                bucket: code(self.bucket, "bucket")?,
            },
            count: self.count,
        })
    }
}

#[derive(QueryableByName)]
pub(crate) struct KeyRow {
    #[diesel(sql_type = Binary)]
    account: Vec<u8>,
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    role: i64,
    #[diesel(sql_type = Text)]
    prefix: String,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_used_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    revoked_at: Option<i64>,
}

impl KeyRow {
    pub(crate) fn key(self) -> Result<ApiKey, Fault> {
        const TABLE: &str = "api_keys";
        let id = KeyId(uuid(&self.id, TABLE, "id")?);
        Ok(ApiKey {
            account: AccountId(uuid(&self.account, TABLE, "account")?),
            id,
            name: self.name,
            role: sound(Role::from_code(small(self.role, TABLE, "role", id)?), TABLE, "role", id)?,
            prefix: self.prefix,
            hash: sound(self.hash.try_into().ok(), TABLE, "hash", id)?,
            created_at: Timestamp::from_micros(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp::from_micros),
            revoked_at: self.revoked_at.map(Timestamp::from_micros),
        })
    }
}

pub(crate) fn read_keys(db: &mut Db, rest: &str, values: &[crate::sql::Value]) -> Result<Vec<ApiKey>, Fault> {
    db.rows::<KeyRow>(&format!("SELECT * FROM api_keys {rest}"), values)?.into_iter().map(KeyRow::key).collect()
}

pub(crate) fn insert_key(db: &mut Db, key: &ApiKey) -> Result<(), Fault> {
    db.run(
        "INSERT INTO api_keys (account, id, name, role, prefix, hash, created_at, last_used_at, revoked_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &values![
            key.account.0,
            key.id.0,
            key.name.as_str(),
            key.role.code(),
            key.prefix.as_str(),
            key.hash.as_slice(),
            key.created_at,
            key.last_used_at,
            key.revoked_at
        ],
    )?;
    Ok(())
}

#[async_trait]
impl KeyStore for SqliteStore {
    async fn create_first_account(&self, account: &Account, key: &ApiKey) -> StoreResult<bool> {
        let (account, key) = (account.clone(), key.clone());
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            if db.number("SELECT count(*) AS n FROM accounts", &[])? > 0 {
                return Ok(false);
            }
            db.run("INSERT INTO accounts (account, name) VALUES (?, ?)", &values![account.id.0, account.name])?;
            insert_key(db, &key)?;
            after.signals.push(Signal::Changed);
            Ok(true)
        };
        self.writer.run("create the first account", work).await
    }

    async fn create_key(&self, key: &ApiKey) -> StoreResult<()> {
        let key = key.clone();
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            db.run("DELETE FROM api_keys WHERE hash = ?", &values![key.hash.as_slice()])?;
            insert_key(db, &key)?;
            after.signals.push(Signal::Changed);
            Ok(())
        };
        self.writer.run("create a key", work).await
    }

    async fn create_key_once(&self, key: &ApiKey) -> StoreResult<MadeKey> {
        let (shared, key) = (self.shared.clone(), key.clone());
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            let id = values![key.account.0, key.id.0];
            let made = match read_keys(db, "WHERE account = ? AND id = ?", &id)?.pop() {
                None => {
                    insert_key(db, &key)?;
                    MadeKey::Made(key)
                }
                Some(held) => MadeKey::again(held, &key, shared.now()),
            };
            if let MadeKey::Made(key) = &made {
                db.run(
                    "UPDATE api_keys SET prefix = ?, hash = ? WHERE account = ? AND id = ?",
                    &values![key.prefix.as_str(), key.hash.as_slice(), key.account.0, key.id.0],
                )?;
                after.signals.push(Signal::Changed);
            }
            Ok(made)
        };
        self.writer.run("create a key", work).await
    }

    async fn key_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<ApiKey>> {
        let hash = *hash;
        let read = move |db: &mut Db| read_keys(db, "WHERE hash = ?", &values![hash.as_slice()]);
        Ok(self.readers.run("read a key", read).await?.pop())
    }

    async fn keys(&self, account: AccountId) -> StoreResult<Vec<ApiKey>> {
        let read = move |db: &mut Db| {
            read_keys(db, "WHERE account = ? ORDER BY created_at DESC, id DESC", &values![account.0])
        };
        self.readers.run("read keys", read).await
    }

    async fn revoke_key(&self, account: AccountId, id: KeyId) -> StoreResult<SetResult<ApiKey>> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            let found = read_keys(db, "WHERE account = ? AND id = ?", &values![account.0, id.0])?;
            let Some(mut key) = found.into_iter().next() else { return Ok(SetResult::NotFound) };
            if key.revoked_at.is_some() {
                return Ok(SetResult::Set(key));
            }
            let admins = db.number(
                "SELECT count(*) AS n FROM api_keys WHERE account = ? AND role = ? AND revoked_at IS NULL",
                &values![account.0, Role::Admin.code()],
            )?;
            if key.role == Role::Admin && admins == 1 {
                return Ok(SetResult::Conflict(key));
            }
            let now = shared.now();
            db.run("UPDATE api_keys SET revoked_at = ? WHERE account = ? AND id = ?", &values![now, account.0, id.0])?;
            key.revoked_at = Some(now);
            after.signals.push(Signal::Changed);
            Ok(SetResult::Set(key))
        };
        self.writer.run("revoke a key", work).await
    }

    async fn touch_key(&self, account: AccountId, id: KeyId, at: Timestamp) -> StoreResult<()> {
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            db.run("UPDATE api_keys SET last_used_at = ? WHERE account = ? AND id = ?", &values![at, account.0, id.0])
        };
        self.writer.run("note a key's use", work).await.map(drop)
    }

    async fn accounts(&self) -> StoreResult<Vec<Account>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Binary)]
            account: Vec<u8>,
            #[diesel(sql_type = Text)]
            name: String,
        }
        let read = |db: &mut Db| {
            // In the order in which they were made.
            let rows: Vec<Row> = db.rows("SELECT account, name FROM accounts ORDER BY rowid", &[])?;
            let account =
                |row: Row| Ok(Account { id: AccountId(uuid(&row.account, "accounts", "account")?), name: row.name });
            rows.into_iter().map(account).collect()
        };
        self.readers.run("read accounts", read).await
    }
}
