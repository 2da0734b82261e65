//! API keys: made, checked, revoked.

use crate::error::{EngineError, EngineResult};
use crate::system::uuid_v7;
use crate::{Engine, vault};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use sync_core::fault::Fault;
use sync_core::id::{AccountId, KeyId};
use sync_core::key::{Account, ApiKey, Role};
use sync_core::patch::name_fault;
use sync_core::ports::SetResult;
use tokio::time::Instant;

/// What every key that the server makes begins with, so that scanners for leaked secrets find it.
pub const KEY_PREFIX: &str = "crms_";
/// The fewest characters of a key that a script chooses.
pub const CHOSEN_KEY_CHARACTERS_MIN: usize = 32;
/// Characters of a key by which people recognise it.
const SHOWN: usize = 9;
/// A key's last use is noted no more often than this.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// SHA-256 of a key or a session's token. They are 256 random bits (or 32 characters and more chosen by a script): no slow
/// hash is needed, and a lookup by hash tells nothing by its timing.
pub(crate) fn hash(secret: &SecretString) -> [u8; 32] {
    Sha256::digest(secret.expose_secret().as_bytes()).into()
}

pub(crate) fn new_secret() -> SecretString {
    let mut bytes = [0; 32];
    vault::fill(&mut bytes);
    format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
}

/// Valid keys, or sessions, that were looked up a moment ago, so that a request does not cost a query each. Forgotten at
/// every signal that something changed, and after a second in any case.
pub(crate) struct Known<T>(Mutex<HashMap<[u8; 32], Found<T>>>);

struct Found<T> {
    value: T,
    at: Instant,
}

/// How long what was found is taken to be as it was.
const FRESH: Duration = Duration::from_secs(1);
/// The most kept.
const KEPT_MAX: usize = 1000;

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Known<T> {
    pub(crate) fn get(&self, hash: &[u8; 32]) -> Option<T> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(hash).filter(|found| found.at.elapsed() < FRESH).map(|found| found.value.clone())
    }

    /// Remembers what was found, if that is `sound` still: nothing is forgotten between the question and the answer.
    pub(crate) fn put(&self, hash: [u8; 32], value: T, sound: impl FnOnce() -> bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !sound() {
            return;
        }
        if known.len() >= KEPT_MAX {
            known.clear();
        }
        known.insert(hash, Found { value, at: Instant::now() });
    }

    pub(crate) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Engine {
    /// Makes the default account with an admin key, unless there is an account already. Returns the key: it is shown
    /// this once. `chosen`: the key that a script wants, at least [`CHOSEN_KEY_CHARACTERS_MIN`] characters; where the
    /// account exists already, the script's key is added to the oldest one.
    pub async fn bootstrap(&self, chosen: Option<SecretString>) -> EngineResult<Option<SecretString>> {
        if let Some(chosen) = &chosen
            && chosen.expose_secret().chars().count() < CHOSEN_KEY_CHARACTERS_MIN
        {
            let message = format!("has fewer than {CHOSEN_KEY_CHARACTERS_MIN} characters; choose a longer key");
            return Err(EngineError::invalid(Fault::at(["CRM_SYNC_BOOTSTRAP_ADMIN_KEY"], message)));
        }
        let is_chosen = chosen.is_some();
        let secret = chosen.unwrap_or_else(new_secret);
        let account = Account { id: AccountId(self.new_id()), name: "default".to_owned() };
        let name = if is_chosen { "bootstrap" } else { "first admin key" };
        let mut key = self.key(account.id, name, Role::Admin, &secret);
        if self.store().create_first_account(&account, &key).await? {
            return Ok(Some(secret).filter(|_| !is_chosen));
        }
        if is_chosen
            && let Some(oldest) = self.store().accounts().await?.first()
            && self.store().key_by_hash(&key.hash).await?.is_none()
        {
            key.account = oldest.id;
            self.store().create_key(&key).await?;
        }
        Ok(None)
    }

    /// Makes a key. Its secret is shown this once.
    pub async fn create_key(&self, account: AccountId, name: &str, role: Role) -> EngineResult<(ApiKey, SecretString)> {
        let secret = new_secret();
        let key = self.checked_key(account, name, role, &secret)?;
        self.store().create_key(&key).await?;
        self.changed();
        Ok((key, secret))
    }

    /// A new key, not saved yet.
    pub(crate) fn checked_key(
        &self,
        account: AccountId,
        name: &str,
        role: Role,
        secret: &SecretString,
    ) -> EngineResult<ApiKey> {
        let name = name.trim();
        match name_fault(name) {
            Some(message) => Err(EngineError::invalid(Fault::at(["name"], message))),
            None => Ok(self.key(account, name, role, secret)),
        }
    }

    /// Revokes a key, at once. The last ADMIN key is refused with a conflict; revoking twice is no error.
    pub async fn revoke_key(&self, account: AccountId, id: KeyId) -> EngineResult<ApiKey> {
        match self.store().revoke_key(account, id).await? {
            SetResult::Set(key) => {
                self.changed();
                Ok(key)
            }
            SetResult::NotFound => Err(EngineError::NotFound("API key")),
            SetResult::Conflict(_) => Err(EngineError::Conflict(
                "this is the last ADMIN key, and without one nobody could make another: make a second one first"
                    .to_owned(),
            )),
        }
    }

    /// The key that a secret opens, if it is not revoked; notes its use, to the minute.
    pub async fn authenticate(&self, secret: &SecretString) -> EngineResult<Option<ApiKey>> {
        let hash = hash(secret);
        if let Some(key) = self.inner.known_keys.get(&hash) {
            return Ok(Some(key));
        }
        let seen = self.change_number();
        let Some(mut key) = self.store().key_by_hash(&hash).await?.filter(|key| key.revoked_at.is_none()) else {
            return Ok(None);
        };
        self.note_use(&mut key).await?;
        // A key that was revoked while it was read is not to be remembered as valid.
        self.inner.known_keys.put(hash, key.clone(), || seen == self.change_number());
        Ok(Some(key))
    }

    /// Notes that a key is used, to the minute.
    pub(crate) async fn note_use(&self, key: &mut ApiKey) -> EngineResult<()> {
        let now = self.now();
        if key.last_used_at.is_none_or(|used| now.since(used) >= TOUCH_EVERY) {
            self.store().touch_key(key.account, key.id, now).await?;
            key.last_used_at = Some(now);
        }
        Ok(())
    }

    fn key(&self, account: AccountId, name: &str, role: Role, secret: &SecretString) -> ApiKey {
        ApiKey {
            account,
            id: KeyId(self.new_id()),
            name: name.to_owned(),
            role,
            prefix: secret.expose_secret().chars().take(SHOWN).collect(),
            hash: hash(secret),
            created_at: self.now(),
            last_used_at: None,
            revoked_at: None,
        }
    }

    pub(crate) fn new_id(&self) -> uuid::Uuid {
        uuid_v7(self.now(), self.random())
    }
}
