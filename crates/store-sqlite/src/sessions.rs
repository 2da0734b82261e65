//! The sessions' port.

use crate::SqliteStore;
use crate::records::{KeyRow, read_keys};
use crate::sql::{Db, values};
use crate::writer::Afterwards;
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use sync_core::ports::{SessionStore, Signal, StoreResult};
use sync_core::session::{NewSession, SESSIONS_PER_KEY_MAX, Session};
use sync_core::time::Timestamp;

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    key: KeyRow,
    #[diesel(sql_type = BigInt)]
    begun_at: i64,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn open_session(&self, session: &NewSession) -> StoreResult<Option<Session>> {
        let (shared, new) = (self.shared.clone(), session.clone());
        let work = move |db: &mut Db, after: &mut Afterwards| {
            let now = shared.now();
            let (account, id) = (new.account.0, new.key.0);
            let found = read_keys(db, "WHERE account = ? AND id = ? AND revoked_at IS NULL", &values![account, id])?;
            let Some(key) = found.into_iter().next() else { return Ok(None) };
            db.run(
                "DELETE FROM sessions WHERE account = ? AND api_key = ? AND expires_at <= ?",
                &values![account, id, now],
            )?;
            let removed = db.run(
                "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE account = ? AND api_key = ? \
                 ORDER BY created_at DESC, hash DESC LIMIT -1 OFFSET ?)",
                &values![account, id, SESSIONS_PER_KEY_MAX - 1],
            )?;
            if removed > 0 {
                after.signals.push(Signal::Changed);
            }
            let expires_at = now.plus(new.lasts);
            db.run(
                "INSERT INTO sessions (hash, account, api_key, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
                &values![new.hash.as_slice(), account, id, now, expires_at],
            )?;
            Ok(Some(Session { key, created_at: now, expires_at }))
        };
        self.writer.run("open a session", work).await
    }

    async fn session(&self, hash: &[u8; 32]) -> StoreResult<Option<Session>> {
        let (shared, hash) = (self.shared.clone(), *hash);
        let read = move |db: &mut Db| {
            let row: Option<Row> = db.row(
                "SELECT k.*, s.created_at AS begun_at, s.expires_at FROM sessions s \
                 JOIN api_keys k ON k.account = s.account AND k.id = s.api_key \
                 WHERE s.hash = ? AND s.expires_at > ? AND k.revoked_at IS NULL",
                &values![hash.as_slice(), shared.now()],
            )?;
            let session = |row: Row| {
                Ok(Session {
                    key: row.key.key()?,
                    created_at: Timestamp::from_micros(row.begun_at),
                    expires_at: Timestamp::from_micros(row.expires_at),
                })
            };
            row.map(session).transpose()
        };
        self.readers.run("read a session", read).await
    }

    async fn close_session(&self, hash: &[u8; 32]) -> StoreResult<bool> {
        let hash = *hash;
        let work = move |db: &mut Db, after: &mut Afterwards| {
            let was_there = db.run("DELETE FROM sessions WHERE hash = ?", &values![hash.as_slice()])? > 0;
            if was_there {
                after.signals.push(Signal::Changed);
            }
            Ok(was_there)
        };
        self.writer.run("close a session", work).await
    }

    async fn prune_sessions(&self, rows_max: usize) -> StoreResult<usize> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut Afterwards| {
            db.run(
                "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE expires_at <= ? \
                 ORDER BY expires_at LIMIT ?)",
                &values![shared.now(), rows_max],
            )
        };
        self.writer.run("prune sessions", work).await
    }
}
