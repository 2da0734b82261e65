//! Sessions of the console: opened with an API key, checked at each request, ended.

use crate::error::EngineResult;
use crate::keys::hash;
use crate::{Engine, vault};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sync_core::session::{NewSession, SESSION_LASTS, Session};

impl Engine {
    /// Opens a session with an API key. Returns it with its token, 256 random bits of which only the hash is kept; `None` where
    /// the key is unknown or revoked. It lasts [`SESSION_LASTS`], and no longer than its key.
    pub async fn open_session(&self, key: &SecretString) -> EngineResult<Option<(Session, SecretString)>> {
        let Some(key) = self.authenticate(key).await? else { return Ok(None) };
        let mut token = [0; 32];
        vault::fill(&mut token);
        let token = SecretString::from(URL_SAFE_NO_PAD.encode(token));
        let wanted = NewSession { account: key.account, key: key.id, hash: hash(&token), lasts: SESSION_LASTS };
        let opened = self.store().open_session(&wanted).await?;
        Ok(opened.map(|session| (session, token)))
    }

    /// The session that a token opens, if it has not ended; notes the use of its key, to the minute.
    pub async fn session(&self, token: &SecretString) -> EngineResult<Option<Session>> {
        let hash = hash(token);
        if let Some(session) = self.inner.known_sessions.get(&hash).filter(|known| known.expires_at > self.now()) {
            return Ok(Some(session));
        }
        let seen = self.change_number();
        let Some(mut session) = self.store().session(&hash).await? else { return Ok(None) };
        self.note_use(&mut session.key).await?;
        // One that ended while it was read is not to be remembered as valid.
        self.inner.known_sessions.put(hash, session.clone(), || seen == self.change_number());
        Ok(Some(session))
    }

    /// Ends a session, at once, on every node. False where it had ended already.
    pub async fn close_session(&self, token: &SecretString) -> EngineResult<bool> {
        let closed = self.store().close_session(&hash(token)).await?;
        if closed {
            self.changed();
        }
        Ok(closed)
    }
}
