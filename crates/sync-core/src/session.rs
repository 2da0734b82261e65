//! Sessions of the console: a browser that an API key was given to, once.

use crate::id::{AccountId, KeyId};
use crate::key::ApiKey;
use crate::time::Timestamp;
use std::time::Duration;

/// For how long a session lasts, from its beginning, however much it is used.
pub const SESSION_LASTS: Duration = Duration::from_secs(12 * 3600);
/// The most sessions of one key; the oldest makes room.
pub const SESSIONS_PER_KEY_MAX: usize = 100;

/// A session that is to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The account of the key.
    pub account: AccountId,
    /// The key that it was opened with.
    pub key: KeyId,
    /// SHA-256 of the session's token, 256 random bits, which only the browser has.
    pub hash: [u8; 32],
    /// For how long it lasts.
    pub lasts: Duration,
}

/// A session that lasts, with the key that it was opened with: what it may do is what the key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The key; not revoked.
    pub key: ApiKey,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}
