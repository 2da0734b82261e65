//! Ids that clients choose, so that a call whose answer was lost can be repeated and makes nothing twice.

use crate::id::{AccountId, SyncId};
use crate::key::ApiKey;
use crate::sync::SyncConfig;
use crate::time::Timestamp;
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

/// How long the ids of deleted syncs are remembered, from their deletion on.
pub const REMEMBERED: Duration = Duration::from_secs(400 * 24 * 3600);
/// How long after it was made a key that nobody used may be given a new secret by a repeated call.
pub const SECRET_SHOWN_AGAIN: Duration = Duration::from_secs(10 * 60);

/// Why a text is no id that a client may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no UUID that was drawn; give 36 characters such as uuidgen or crypto.randomUUID() makes them, anew for each thing that is \
     made, and the same again where a call is repeated"
)]
pub struct ChosenIdError;

/// An id that a client chose: a UUID of any version, but none of those that are constants, with hyphens, in either case.
///
/// # Errors
/// Where it is none.
pub fn chosen_id(text: &str) -> Result<Uuid, ChosenIdError> {
    const CHARACTERS: usize = 36;
    let id = Uuid::try_parse(text).ok().filter(|id| text.len() == CHARACTERS && !id.is_nil() && !id.is_max());
    id.ok_or(ChosenIdError)
}

/// What is remembered of the id of a sync: one that a client chose, or of a sync that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedSync {
    /// The account within which the id means something.
    pub account: AccountId,
    /// The id.
    pub id: SyncId,
    /// What tells the input that it was made of from others, see `sync-engine`; `None`: a client chose no id, or it is deleted.
    pub input: Option<String>,
    /// When the sync was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// What came of making a sync under an id that a client chose.
#[derive(Clone, Debug, PartialEq)]
pub enum MadeSync {
    /// It was made.
    Made,
    /// There is one with this id: as it stands now, and [`RememberedSync::input`].
    Taken(Box<SyncConfig>, Option<String>),
    /// One with this id was deleted.
    Deleted,
}

impl MadeSync {
    /// What stands in the way of a new sync, from what is there with its id in the account; `None`: nothing.
    pub fn of(remembered: Option<RememberedSync>, sync: Option<SyncConfig>) -> Option<Self> {
        let (input, deleted) = remembered.map_or((None, false), |known| (known.input, known.deleted_at.is_some()));
        match sync {
            Some(sync) if sync.deleted_at.is_none() => Some(Self::Taken(sync.into(), input)),
            Some(_) => Some(Self::Deleted),
            None => deleted.then_some(Self::Deleted),
        }
    }
}

/// What came of making a key under an id that a client chose.
#[derive(Clone, Debug, PartialEq)]
pub enum MadeKey {
    /// It was made, or given a new secret: as it stands now.
    Made(ApiKey),
    /// There is one with this id.
    Taken(KeyTaken),
}

/// Why a key with an id that is there is given no new secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTaken {
    /// Its name or role is another one.
    OtherInput,
    /// It was revoked.
    Revoked,
    /// Somebody has used it, so its secret was heard.
    Used,
    /// It is older than [`SECRET_SHOWN_AGAIN`].
    Old,
}

impl fmt::Display for KeyTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherInput => {
                "an API key with this id was made with another name or role: choose another id, to make another key"
            }
            Self::Revoked => "the API key with this id was made and revoked: choose another id, to make another key",
            Self::Used => {
                "the API key with this id was made and is in use, so its secret stays: revoke it and choose another id, to have \
                 another one"
            }
            Self::Old => {
                "the API key with this id was made over 10 minutes ago, so its secret is not shown again: revoke it and choose \
                 another id, to have another one"
            }
        })
    }
}

impl MadeKey {
    /// What becomes of a key that is there, where one with its id and the secret of `wanted` is asked for.
    pub fn again(mut held: ApiKey, wanted: &ApiKey, now: Timestamp) -> Self {
        let taken = if held.revoked_at.is_some() {
            KeyTaken::Revoked
        } else if (&held.name, held.role) != (&wanted.name, wanted.role) {
            KeyTaken::OtherInput
        } else if held.last_used_at.is_some() {
            KeyTaken::Used
        } else if now.since(held.created_at) >= SECRET_SHOWN_AGAIN {
            KeyTaken::Old
        } else {
            held.prefix.clone_from(&wanted.prefix);
            held.hash = wanted.hash;
            return Self::Made(held);
        };
        Self::Taken(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_that_was_drawn() {
        for text in [
            "8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7e",
            "8F4CDE0A-8E0F-4F0C-9A53-0D6D3F2C1B7E",
            "018f0000-0000-7000-8000-000000000000",
        ] {
            assert_eq!(chosen_id(text).unwrap().to_string(), text.to_lowercase());
        }
        for text in [
            "",
            "1",
            "8f4cde0a8e0f4f0c9a530d6d3f2c1b7e",
            "{8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7e}",
            "urn:uuid:8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7e",
            " 8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7e",
            "8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7g",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ] {
            assert_eq!(chosen_id(text), Err(ChosenIdError), "{text}");
        }
    }
}
