//! Secrets at rest: XChaCha20-Poly1305 with a random nonce, bound to the id of the sync or
//! account that they are of, the key's id beside the ciphertext.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use sync_core::id::{AccountId, SyncId};
use sync_core::ports::{BoxError, Reseal};
use sync_core::sync::{Authentication, HeaderValue, Sealed, Settings, SyncConfig};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A secret key: 32 random bytes.
#[derive(Clone)]
pub struct SecretKey {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

/// Why a text is no secret key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret key is 32 bytes in base64 (44 characters); make one with: openssl rand -base64 32")]
pub struct SecretKeyError;

impl SecretKey {
    /// Reads a key: 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        let bytes = Zeroizing::new(BASE64.decode(text.trim()).map_err(|_| SecretKeyError)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| SecretKeyError)?;
        Ok(Self::from_bytes(bytes))
    }

    /// Draws a new key from the operating system.
    pub fn generate() -> Self {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        Self::from_bytes(bytes)
    }

    fn from_bytes(bytes: [u8; 32]) -> Self {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let id = format!("{:08x}", u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]));
        Self { id, bytes: Zeroizing::new(bytes) }
    }

    /// The key in base64, to be kept in a file that nobody else can read.
    pub fn to_base64(&self) -> SecretString {
        BASE64.encode(self.bytes.as_slice()).into()
    }

    /// A short name of the key, made of its hash.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

/// Fills with random bytes of the operating system.
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

/// Seals and opens secrets. New ones are sealed with the first key; the others only open (rotation).
#[derive(Clone, Debug)]
pub struct Vault {
    keys: Vec<SecretKey>,
}

/// Why a sealed secret could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// None of the keys has this id.
    #[error("it was sealed with the secret key {0}, which is not given to this server")]
    UnknownKey(String),
    /// The ciphertext was changed, or belongs to another sync or account.
    #[error("its ciphertext is damaged or belongs to another sync or account")]
    Damaged,
}

impl Vault {
    /// A vault that seals with `key` and also opens with `previous` ones.
    pub fn new(key: SecretKey, previous: impl IntoIterator<Item = SecretKey>) -> Self {
        let mut keys = vec![key];
        keys.extend(previous);
        Self { keys }
    }

    /// One that opens what this one opens, and seals with another key.
    #[must_use]
    pub fn sealing_with(&self, key: SecretKey) -> Self {
        Self::new(key, self.keys.iter().cloned())
    }

    /// Puts in the place of each secret of a sync what is equal for equal ones, whichever key sealed them, and tells nothing of
    /// them: so that two databases can be compared. Such settings are of no other use.
    ///
    /// # Errors
    /// Where one cannot be opened.
    pub fn mark_secrets(&self, sync: SyncId, settings: &mut Settings) -> Result<(), OpenError> {
        sealed_in(settings).into_iter().try_for_each(|sealed| self.mark_secret(sync.0, sealed))
    }

    /// As [`Self::mark_secrets`], of an account's secret.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn mark_secret_of_account(&self, account: AccountId, sealed: &mut Sealed) -> Result<(), OpenError> {
        self.mark_secret(account.0, sealed)
    }

    fn mark_secret(&self, owner: Uuid, sealed: &mut Sealed) -> Result<(), OpenError> {
        let hash = Sha256::digest(self.open_for(owner, sealed)?.expose_secret());
        *sealed = Sealed { key_id: String::new(), ciphertext: BASE64.encode(hash) };
        Ok(())
    }

    /// Tags texts with the key that seals.
    pub(crate) fn tagger(&self) -> Tagger<'_> {
        Tagger { key: &self.keys[0] }
    }

    /// Tags texts with a key by its id; `None` where it is not given.
    pub(crate) fn tagger_of(&self, key_id: &str) -> Option<Tagger<'_>> {
        self.keys.iter().find(|key| key.id == key_id).map(|key| Tagger { key })
    }

    /// Seals a secret of a sync.
    pub fn seal(&self, sync: SyncId, secret: &SecretString) -> Sealed {
        self.seal_for(sync.0, secret)
    }

    /// Seals a secret of an account.
    pub fn seal_of_account(&self, account: AccountId, secret: &SecretString) -> Sealed {
        self.seal_for(account.0, secret)
    }

    /// Opens a secret of an account.
    pub fn open_of_account(&self, account: AccountId, sealed: &Sealed) -> Result<SecretString, OpenError> {
        self.open_for(account.0, sealed)
    }

    fn seal_for(&self, owner: Uuid, secret: &SecretString) -> Sealed {
        let key = &self.keys[0];
        let mut nonce = [0_u8; 24];
        fill(&mut nonce);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: owner.as_bytes() };
        let sealed =
            cipher(key).encrypt(&XNonce::from(nonce), payload).expect("a secret is far below the cipher's limit");
        let ciphertext = BASE64.encode([nonce.as_slice(), &sealed].concat());
        Sealed { key_id: key.id.clone(), ciphertext }
    }

    /// Opens a secret of a sync.
    pub fn open(&self, sync: SyncId, sealed: &Sealed) -> Result<SecretString, OpenError> {
        self.open_for(sync.0, sealed)
    }

    fn open_for(&self, owner: Uuid, sealed: &Sealed) -> Result<SecretString, OpenError> {
        let key = self
            .keys
            .iter()
            .find(|key| key.id == sealed.key_id)
            .ok_or_else(|| OpenError::UnknownKey(sealed.key_id.clone()))?;
        let bytes = BASE64.decode(&sealed.ciphertext).map_err(|_| OpenError::Damaged)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<24>().ok_or(OpenError::Damaged)?;
        let payload = Payload { msg: ciphertext, aad: owner.as_bytes() };
        let opened = cipher(key).decrypt(&XNonce::from(*nonce), payload).map_err(|_| OpenError::Damaged)?;
        String::from_utf8(opened).map(Into::into).map_err(|_| OpenError::Damaged)
    }
}

/// Makes tags of texts: equal for equal ones, and telling nothing of them without the key.
pub(crate) struct Tagger<'v> {
    key: &'v SecretKey,
}

impl Tagger<'_> {
    /// Which key makes them.
    pub(crate) fn key_id(&self) -> &str {
        &self.key.id
    }

    /// The tag of some parts: 128 bits of HMAC-SHA-256, base64.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> String {
        let mac = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        // A key of its own, made of the one that seals.
        let own = hmac::Mac::chain_update(mac(self.key.bytes.as_slice()), b"crm-sync: tags of inputs").finalize();
        let mut tag = mac(&own.into_bytes());
        for part in parts {
            tag.update(&(part.len() as u64).to_be_bytes());
            tag.update(part);
        }
        BASE64.encode(&tag.finalize().into_bytes()[..16])
    }
}

fn cipher(key: &SecretKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.bytes).into())
}

impl Reseal for Vault {
    fn reseal(&self, sync: &SyncConfig) -> Result<Option<Settings>, BoxError> {
        let mut settings = sync.settings.clone();
        let mut changed = false;
        for sealed in sealed_in(&mut settings) {
            if sealed.key_id != self.keys[0].id {
                *sealed = self.seal(sync.id, &self.open(sync.id, sealed)?);
                changed = true;
            }
        }
        Ok(changed.then_some(settings))
    }

    fn reseal_alerts(&self, account: AccountId, secret: &Sealed) -> Result<Option<Sealed>, BoxError> {
        if secret.key_id == self.keys[0].id {
            return Ok(None);
        }
        Ok(Some(self.seal_of_account(account, &self.open_of_account(account, secret)?)))
    }
}

/// The ids of the keys that sealed the secrets of a sync; empty where it has none.
pub fn sealing_keys(settings: &Settings) -> BTreeSet<String> {
    sealed_in(&mut settings.clone()).into_iter().map(|sealed| sealed.key_id.clone()).collect()
}

fn sealed_in(settings: &mut Settings) -> Vec<&mut Sealed> {
    let mut all = Vec::new();
    match &mut settings.authentication {
        Authentication::Basic { password: sealed, .. } | Authentication::Bearer { token: sealed } => all.extend(sealed),
        Authentication::None => {}
    }
    let rules = [&mut settings.create, &mut settings.update, &mut settings.delete].into_iter().flatten();
    for rule in rules.chain(settings.lookup.as_mut().map(|lookup| &mut lookup.request)) {
        for header in &mut rule.headers {
            if let HeaderValue::Secret(Some(sealed)) = &mut header.value {
                all.push(sealed);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::id::SyncId;

    fn sync(n: u8) -> SyncId {
        SyncId(uuid::Uuid::from_bytes([n; 16]))
    }

    #[test]
    fn a_secret_opens_only_for_its_sync_and_with_its_key() {
        let old = SecretKey::generate();
        let vault = Vault::new(old.clone(), []);
        let sealed = vault.seal(sync(1), &"pass:word \"x\"".into());
        assert_eq!(vault.open(sync(1), &sealed).unwrap().expose_secret(), "pass:word \"x\"");
        assert_eq!(vault.open(sync(2), &sealed).unwrap_err(), OpenError::Damaged);
        let rotated = Vault::new(SecretKey::generate(), [old]);
        assert!(rotated.open(sync(1), &sealed).is_ok());
        let other = Vault::new(SecretKey::generate(), []);
        assert!(matches!(other.open(sync(1), &sealed), Err(OpenError::UnknownKey(_))));
        let shown = format!("{sealed:?} {vault:?}");
        assert!(!shown.contains(&sealed.ciphertext) && !shown.contains("pass"));
    }

    #[test]
    fn the_secret_of_an_accounts_alerts_takes_part_in_rotation() {
        let (old, account) = (SecretKey::generate(), AccountId(uuid::Uuid::from_u128(1)));
        let sealed = Vault::new(old.clone(), []).seal_of_account(account, &"whsec_x".into());
        let rotated = Vault::new(SecretKey::generate(), [old]);
        let anew = rotated.reseal_alerts(account, &sealed).unwrap().expect("it was sealed with the former key");
        assert_eq!(rotated.open_of_account(account, &anew).unwrap().expose_secret(), "whsec_x");
        assert_eq!(rotated.reseal_alerts(account, &anew).unwrap(), None);
        assert!(rotated.reseal_alerts(AccountId(uuid::Uuid::from_u128(2)), &sealed).is_err(), "another account's");
    }

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        let key = SecretKey::generate();
        assert_eq!(SecretKey::parse(key.to_base64().expose_secret()).unwrap().id(), key.id());
        for wrong in ["", "abc", "not base64!", &BASE64.encode([0; 31])] {
            assert!(SecretKey::parse(wrong).is_err(), "{wrong}");
        }
    }
}
