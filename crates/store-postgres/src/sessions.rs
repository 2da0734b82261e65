//! Sessions of the console.

use crate::PostgresStore;
use crate::columns::{Time, time};
use crate::keys::{COLUMNS, KeyRow};
use crate::signals::notify;
use crate::sql::sql_query;
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::sync::Arc;
use sync_core::ports::{SessionStore, Signal, StoreResult};
use sync_core::session::{NewSession, SESSIONS_PER_KEY_MAX, Session};
use uuid::Uuid;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    api_key: Uuid,
    #[diesel(sql_type = Timestamptz)]
    created_at: Time,
    #[diesel(sql_type = Timestamptz)]
    expires_at: Time,
}

#[async_trait]
impl SessionStore for PostgresStore {
    async fn open_session(&self, session: &NewSession) -> StoreResult<Option<Session>> {
        let (store, new) = (self.clone(), Arc::new(session.clone()));
        self.transact("open a session", move |c| {
            let (store, new) = (store.clone(), new.clone());
            Box::pin(async move {
                let (account, id) = (new.account.0, new.key.0);
                let keys: Vec<KeyRow> = sql_query(format!(
                    "SELECT {COLUMNS} FROM api_keys WHERE account = $1 AND id = $2 AND revoked_at IS NULL FOR UPDATE"
                ))
                .bind::<SqlUuid, _>(account)
                .bind::<SqlUuid, _>(id)
                .get_results(c)
                .await?;
                let Some(key) = keys.into_iter().next() else { return Ok(None) };
                let now = store.clock_now(c).await?;
                sql_query("DELETE FROM sessions WHERE account = $1 AND api_key = $2 AND expires_at <= $3")
                    .bind::<SqlUuid, _>(account)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Timestamptz, _>(time(now))
                    .execute(c)
                    .await?;
                let removed = sql_query(
                    "DELETE FROM sessions WHERE hash = ANY(ARRAY(SELECT hash FROM sessions \
                     WHERE account = $1 AND api_key = $2 ORDER BY created_at DESC, hash DESC OFFSET $3))",
                )
                .bind::<SqlUuid, _>(account)
                .bind::<SqlUuid, _>(id)
                .bind::<BigInt, _>(SESSIONS_PER_KEY_MAX as i64 - 1)
                .execute(c)
                .await?;
                if removed > 0 {
                    notify(c, &Signal::Changed).await?;
                }
                let expires_at = now.plus(new.lasts);
                sql_query(
                    "INSERT INTO sessions (hash, account, api_key, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
                )
                .bind::<Binary, _>(new.hash.to_vec())
                .bind::<SqlUuid, _>(account)
                .bind::<SqlUuid, _>(id)
                .bind::<Timestamptz, _>(time(now))
                .bind::<Timestamptz, _>(time(expires_at))
                .execute(c)
                .await?;
                Ok(Some(Session { key: key.key()?, created_at: now, expires_at }))
            })
        })
        .await
    }

    async fn session(&self, hash: &[u8; 32]) -> StoreResult<Option<Session>> {
        let (store, hash) = (self.clone(), hash.to_vec());
        self.read("read a session", |c| {
            Box::pin(async move {
                // One after the other: a plan of both together might begin with all keys, or all sessions.
                let found: Vec<Row> =
                    sql_query("SELECT account, api_key, created_at, expires_at FROM sessions WHERE hash = $1")
                        .bind::<Binary, _>(hash)
                        .get_results(c)
                        .await?;
                let Some(row) = found.into_iter().next() else { return Ok(None) };
                if row.expires_at.0 <= store.clock_now(c).await? {
                    return Ok(None);
                }
                let keys: Vec<KeyRow> = sql_query(format!(
                    "SELECT {COLUMNS} FROM api_keys WHERE account = $1 AND id = $2 AND revoked_at IS NULL"
                ))
                .bind::<SqlUuid, _>(row.account)
                .bind::<SqlUuid, _>(row.api_key)
                .get_results(c)
                .await?;
                let Some(key) = keys.into_iter().next() else { return Ok(None) };
                Ok(Some(Session { key: key.key()?, created_at: row.created_at.0, expires_at: row.expires_at.0 }))
            })
        })
        .await
    }

    async fn close_session(&self, hash: &[u8; 32]) -> StoreResult<bool> {
        let hash = *hash;
        self.transact("close a session", move |c| {
            Box::pin(async move {
                let removed = sql_query("DELETE FROM sessions WHERE hash = $1")
                    .bind::<Binary, _>(hash.to_vec())
                    .execute(c)
                    .await?;
                if removed > 0 {
                    notify(c, &Signal::Changed).await?;
                }
                Ok(removed > 0)
            })
        })
        .await
    }

    async fn prune_sessions(&self, rows_max: usize) -> StoreResult<usize> {
        let store = self.clone();
        self.transact("prune sessions", move |c| {
            let store = store.clone();
            Box::pin(async move {
                let now = store.clock_now(c).await?;
                let removed = sql_query(
                    "DELETE FROM sessions WHERE hash = ANY(ARRAY(SELECT hash FROM sessions WHERE expires_at <= $1 \
                     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
                )
                .bind::<Timestamptz, _>(time(now))
                .bind::<BigInt, _>(rows_max as i64)
                .execute(c)
                .await?;
                Ok(removed)
            })
        })
        .await
    }
}
