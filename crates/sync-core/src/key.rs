//! API keys and roles.

use crate::id::{AccountId, KeyId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a key may do; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Sees.
    Reader,
    /// Also writes people and retries.
    Writer,
    /// Also configures, tests, pauses, resyncs and manages keys.
    Admin,
}

impl Role {
    /// All, in the order of their stored numbers.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Writer, Self::Admin];

    /// The stored number.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// One API key as it is kept: its hash, never the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The account it opens.
    pub account: AccountId,
    /// Its id.
    pub id: KeyId,
    /// A name given by an administrator, 1 to 200 characters.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The beginning of the key, by which people recognise it.
    pub prefix: String,
    /// SHA-256 of the whole key. A key is 256 random bits (or chosen by a script, 32 characters or more), so no slow
    /// hash is needed.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
}
