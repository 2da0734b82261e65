//! Identifiers. A type of its own for each, so that none is passed for another.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// A UUID made of these parts, one behind the other: of the same parts always the same one, and as hard to guess as they are.
pub fn uuid_of(parts: &[&[u8]]) -> Uuid {
    let hash = parts.iter().fold(Sha256::new(), Digest::chain_update).finalize();
    let bytes: [u8; 16] = hash[..16].try_into().expect("SHA-256 has 32 bytes");
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// One customer: its directory, syncs, keys and logs.
    AccountId
);
uuid_id!(
    /// One sync.
    SyncId
);
uuid_id!(
    /// One API key.
    KeyId
);
uuid_id!(
    /// One log entry: a UUID version 7 (RFC 9562), so that ids sort by time.
    LogId
);
uuid_id!(
    /// One alert: a UUID version 7 (RFC 9562), the same at each of its tries.
    AlertId
);
uuid_id!(
    /// What a claim writes on the links it leases, and what a settlement must show. One token a claim: it is unique
    /// for each lease of a link, because a claim leases a link once.
    LeaseToken
);

/// The id that the source system gave a person: 1 to 255 characters, no control characters, compared byte by byte.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonId(String);

/// Why a text is no person id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonIdError {
    /// Empty.
    #[error("the id is empty; give the id that the source system uses, 1 to 255 characters")]
    Empty,
    /// Longer than [`PersonId::CHARACTERS_MAX`].
    #[error("the id has more than 255 characters; give 1 to 255 characters")]
    TooLong,
    /// Holds a control character (Unicode category Cc).
    #[error("the id holds a control character; remove it")]
    ControlCharacter,
}

impl PersonId {
    /// The most characters (Unicode scalar values) that an id may have.
    pub const CHARACTERS_MAX: usize = 255;

    /// Checks and wraps an id.
    pub fn new(id: impl Into<String>) -> Result<Self, PersonIdError> {
        let id = id.into();
        if id.is_empty() {
            Err(PersonIdError::Empty)
        } else if id.len() > Self::CHARACTERS_MAX && id.chars().count() > Self::CHARACTERS_MAX {
            Err(PersonIdError::TooLong)
        } else if id.chars().any(char::is_control) {
            Err(PersonIdError::ControlCharacter)
        } else {
            Ok(Self(id))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonId {
    type Error = PersonIdError;
    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(id)
    }
}
impl From<PersonId> for String {
    fn from(id: PersonId) -> Self {
        id.0
    }
}
impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonId({:?})", self.0)
    }
}

/// Names one link: the (sync, person) pair within an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkId {
    /// The account that both belong to.
    pub account: AccountId,
    /// The sync.
    pub sync: SyncId,
    /// The person.
    pub person: PersonId,
}
