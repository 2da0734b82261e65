//! Accounts and keys.

use crate::columns::{Time, time, time_opt};
use crate::error::Fault;
use crate::signals::notify;
use crate::sql::sql_query;
use crate::syncs::lock_account;
use crate::{Conn, PostgresStore};
use async_trait::async_trait;
use diesel::sql_types::{Binary, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::sync::Arc;
use sync_core::chosen::MadeKey;
use sync_core::id::{AccountId, KeyId};
use sync_core::key::{Account, ApiKey, Role};
use sync_core::ports::{KeyStore, SetResult, Signal, StoreError, StoreResult};
use sync_core::time::Timestamp;
use uuid::Uuid;

/// The columns of a key.
pub(crate) const COLUMNS: &str = "account, id, name, role, prefix, hash, created_at, last_used_at, revoked_at";

#[derive(diesel::QueryableByName)]
pub(crate) struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = SmallInt)]
    role: i16,
    #[diesel(sql_type = Text)]
    prefix: String,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    created_at: Time,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_used_at: Option<Time>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    revoked_at: Option<Time>,
}

impl KeyRow {
    pub(crate) fn key(self) -> Result<ApiKey, Fault> {
        let corrupt =
            |column| StoreError::Corrupt { table: "api_keys", column, key: format!("{} {}", self.account, self.id) };
        Ok(ApiKey {
            account: AccountId(self.account),
            id: KeyId(self.id),
            role: Role::from_code(self.role).ok_or_else(|| corrupt("role"))?,
            hash: self.hash.as_slice().try_into().map_err(|_| corrupt("hash"))?,
            name: self.name,
            prefix: self.prefix,
            created_at: self.created_at.0,
            last_used_at: self.last_used_at.map(|at| at.0),
            revoked_at: self.revoked_at.map(|at| at.0),
        })
    }
}

#[derive(diesel::QueryableByName)]
struct AccountRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
}

pub(crate) async fn write_key(c: &mut Conn, key: &ApiKey) -> Result<(), Fault> {
    sql_query("DELETE FROM api_keys WHERE hash = $1").bind::<Binary, _>(key.hash.to_vec()).execute(c).await?;
    sql_query(format!("INSERT INTO api_keys ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"))
        .bind::<SqlUuid, _>(key.account.0)
        .bind::<SqlUuid, _>(key.id.0)
        .bind::<Text, _>(&key.name)
        .bind::<SmallInt, _>(key.role.code())
        .bind::<Text, _>(&key.prefix)
        .bind::<Binary, _>(key.hash.to_vec())
        .bind::<Timestamptz, _>(time(key.created_at))
        .bind::<Nullable<Timestamptz>, _>(time_opt(key.last_used_at))
        .bind::<Nullable<Timestamptz>, _>(time_opt(key.revoked_at))
        .execute(c)
        .await?;
    Ok(())
}

/// Gives a key another secret.
async fn write_secret(c: &mut Conn, key: &ApiKey) -> Result<(), Fault> {
    sql_query("UPDATE api_keys SET prefix = $3, hash = $4 WHERE account = $1 AND id = $2")
        .bind::<SqlUuid, _>(key.account.0)
        .bind::<SqlUuid, _>(key.id.0)
        .bind::<Text, _>(&key.prefix)
        .bind::<Binary, _>(key.hash.to_vec())
        .execute(c)
        .await?;
    Ok(())
}

/// Makes an account's row.
pub(crate) async fn write_account(c: &mut Conn, account: &Account) -> Result<(), Fault> {
    sql_query("INSERT INTO accounts (id, name) VALUES ($1, $2)")
        .bind::<SqlUuid, _>(account.id.0)
        .bind::<Text, _>(&account.name)
        .execute(c)
        .await?;
    Ok(())
}

#[async_trait]
impl KeyStore for PostgresStore {
    async fn create_first_account(&self, account: &Account, key: &ApiKey) -> StoreResult<bool> {
        let wanted = Arc::new((account.clone(), key.clone()));
        self.transact("make the first account", move |c| {
            let wanted = wanted.clone();
            Box::pin(async move {
                // Two nodes may start at once.
                sql_query("LOCK TABLE accounts IN EXCLUSIVE MODE").execute(c).await?;
                if sql_query("SELECT id FROM accounts LIMIT 1").execute(c).await? > 0 {
                    return Ok(false);
                }
                write_account(c, &wanted.0).await?;
                write_key(c, &wanted.1).await?;
                notify(c, &Signal::Changed).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn create_key(&self, key: &ApiKey) -> StoreResult<()> {
        let key = Arc::new(key.clone());
        self.transact("make a key", move |c| {
            let key = key.clone();
            Box::pin(async move {
                let found = sql_query("SELECT id FROM accounts WHERE id = $1 FOR SHARE")
                    .bind::<SqlUuid, _>(key.account.0)
                    .execute(c)
                    .await?;
                if found == 0 {
                    let source = "there is no such account".into();
                    return Err(StoreError::Internal { operation: "make a key", source }.into());
                }
                write_key(c, &key).await?;
                Ok(notify(c, &Signal::Changed).await?)
            })
        })
        .await
    }

    async fn create_key_once(&self, key: &ApiKey) -> StoreResult<MadeKey> {
        let (store, key) = (self.clone(), Arc::new(key.clone()));
        self.transact("make a key", move |c| {
            let (store, key) = (store.clone(), key.clone());
            Box::pin(async move {
                // Calls with the same id come here one after the other.
                lock_account(c, key.account).await?;
                let text = format!("SELECT {COLUMNS} FROM api_keys WHERE account = $1 AND id = $2 FOR UPDATE");
                let rows: Vec<KeyRow> = sql_query(text)
                    .bind::<SqlUuid, _>(key.account.0)
                    .bind::<SqlUuid, _>(key.id.0)
                    .get_results(c)
                    .await?;
                let made = match rows.into_iter().next() {
                    None => {
                        write_key(c, &key).await?;
                        MadeKey::Made(ApiKey::clone(&key))
                    }
                    Some(row) => {
                        let made = MadeKey::again(row.key()?, &key, store.clock_now(c).await?);
                        if let MadeKey::Made(key) = &made {
                            write_secret(c, key).await?;
                        }
                        made
                    }
                };
                if matches!(made, MadeKey::Made(_)) {
                    notify(c, &Signal::Changed).await?;
                }
                Ok(made)
            })
        })
        .await
    }

    async fn key_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<ApiKey>> {
        let hash = hash.to_vec();
        self.read("read a key", |c| {
            Box::pin(async move {
                let rows: Vec<KeyRow> = sql_query(format!("SELECT {COLUMNS} FROM api_keys WHERE hash = $1"))
                    .bind::<Binary, _>(hash)
                    .get_results(c)
                    .await?;
                rows.into_iter().next().map(KeyRow::key).transpose()
            })
        })
        .await
    }

    async fn keys(&self, account: AccountId) -> StoreResult<Vec<ApiKey>> {
        self.read("read keys", |c| {
            Box::pin(async move {
                let rows: Vec<KeyRow> = sql_query(format!(
                    "SELECT {COLUMNS} FROM api_keys WHERE account = $1 ORDER BY created_at DESC, id DESC"
                ))
                .bind::<SqlUuid, _>(account.0)
                .get_results(c)
                .await?;
                rows.into_iter().map(KeyRow::key).collect()
            })
        })
        .await
    }

    async fn revoke_key(&self, account: AccountId, id: KeyId) -> StoreResult<SetResult<ApiKey>> {
        let store = self.clone();
        self.transact("revoke a key", move |c| {
            let store = store.clone();
            Box::pin(async move {
                // All keys of the account: two admins must not revoke each other's last key at once.
                let rows: Vec<KeyRow> =
                    sql_query(format!("SELECT {COLUMNS} FROM api_keys WHERE account = $1 ORDER BY id FOR UPDATE"))
                        .bind::<SqlUuid, _>(account.0)
                        .get_results(c)
                        .await?;
                let keys: Vec<ApiKey> = rows.into_iter().map(KeyRow::key).collect::<Result<_, _>>()?;
                let is_admin = |key: &ApiKey| key.role == Role::Admin && key.revoked_at.is_none();
                let admins = keys.iter().filter(|key| is_admin(key)).count();
                let Some(mut key) = keys.into_iter().find(|key| key.id == id) else { return Ok(SetResult::NotFound) };
                if is_admin(&key) && admins == 1 {
                    return Ok(SetResult::Conflict(key));
                }
                if key.revoked_at.is_none() {
                    let now = store.clock_now(c).await?;
                    key.revoked_at = Some(now);
                    sql_query("UPDATE api_keys SET revoked_at = $3 WHERE account = $1 AND id = $2")
                        .bind::<SqlUuid, _>(account.0)
                        .bind::<SqlUuid, _>(id.0)
                        .bind::<Timestamptz, _>(time(now))
                        .execute(c)
                        .await?;
                    notify(c, &Signal::Changed).await?;
                }
                Ok(SetResult::Set(key))
            })
        })
        .await
    }

    async fn touch_key(&self, account: AccountId, id: KeyId, at: Timestamp) -> StoreResult<()> {
        self.transact("note a key's use", move |c| {
            Box::pin(async move {
                sql_query("UPDATE api_keys SET last_used_at = $3 WHERE account = $1 AND id = $2")
                    .bind::<SqlUuid, _>(account.0)
                    .bind::<SqlUuid, _>(id.0)
                    .bind::<Timestamptz, _>(time(at))
                    .execute(c)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    async fn accounts(&self) -> StoreResult<Vec<Account>> {
        self.read("read accounts", |c| {
            Box::pin(async move {
                let rows: Vec<AccountRow> =
                    sql_query("SELECT id, name FROM accounts ORDER BY created_at, id").get_results(c).await?;
                Ok(rows.into_iter().map(|row| Account { id: AccountId(row.id), name: row.name }).collect())
            })
        })
        .await
    }
}
