//! Sessions of the console.

use crate::MemoryStore;
use crate::state::{SessionRow, State};
use async_trait::async_trait;
use sync_core::id::{AccountId, KeyId};
use sync_core::key::ApiKey;
use sync_core::ports::{SessionStore, Signal, StoreResult};
use sync_core::session::{NewSession, SESSIONS_PER_KEY_MAX, Session};

#[async_trait]
impl SessionStore for MemoryStore {
    async fn open_session(&self, session: &NewSession) -> StoreResult<Option<Session>> {
        let now = self.clock_now();
        let mut state = self.lock();
        let Some(key) = live_key(&state, session.account, session.key).cloned() else { return Ok(None) };
        state.sessions.retain(|_, row| row.key != key.id || row.account != key.account || row.expires_at > now);
        let mut others: Vec<_> = state
            .sessions
            .iter()
            .filter(|(_, row)| row.account == key.account && row.key == key.id)
            .map(|(hash, row)| (row.created_at, *hash))
            .collect();
        others.sort_unstable();
        let surplus = (others.len() + 1).saturating_sub(SESSIONS_PER_KEY_MAX);
        for (_, hash) in &others[..surplus] {
            state.sessions.remove(hash);
        }
        let expires_at = now.plus(session.lasts);
        let row = SessionRow { account: key.account, key: key.id, created_at: now, expires_at };
        state.sessions.insert(session.hash, row);
        drop(state);
        if surplus > 0 {
            self.publish(Signal::Changed);
        }
        Ok(Some(Session { key, created_at: now, expires_at }))
    }

    async fn session(&self, hash: &[u8; 32]) -> StoreResult<Option<Session>> {
        let now = self.clock_now();
        let state = self.lock();
        Ok(state.sessions.get(hash).filter(|row| row.expires_at > now).and_then(|row| {
            let key = live_key(&state, row.account, row.key)?.clone();
            Some(Session { key, created_at: row.created_at, expires_at: row.expires_at })
        }))
    }

    async fn close_session(&self, hash: &[u8; 32]) -> StoreResult<bool> {
        let was_there = self.lock().sessions.remove(hash).is_some();
        if was_there {
            self.publish(Signal::Changed);
        }
        Ok(was_there)
    }

    async fn prune_sessions(&self, rows_max: usize) -> StoreResult<usize> {
        let now = self.clock_now();
        let mut state = self.lock();
        let expired = state.sessions.iter().filter(|(_, row)| row.expires_at <= now).take(rows_max);
        let expired: Vec<_> = expired.map(|(hash, _)| *hash).collect();
        for hash in &expired {
            state.sessions.remove(hash);
        }
        Ok(expired.len())
    }
}

fn live_key(state: &State, account: AccountId, id: KeyId) -> Option<&ApiKey> {
    state.keys.iter().find(|key| key.account == account && key.id == id && key.revoked_at.is_none())
}
