//! The digest of a request: what makes two requests equal, so that the second is not sent.

use crate::outcome::Request;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::fmt::{self, Write as _};

/// SHA-256 over method, URL, format, non-secret header names and values, and body, with the idempotency key constant;
/// without authentication, secret headers, `User-Agent` and `traceparent`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0[..4] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…")
    }
}

/// As 64 hexadecimal digits.
impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes: Option<Vec<u8>> = (0..text.len().min(64))
            .step_by(2)
            .map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        bytes
            .and_then(|bytes| Self::from_slice(&bytes))
            .ok_or_else(|| D::Error::custom("no digest: 64 hexadecimal digits"))
    }
}

impl Digest {
    /// From stored bytes; `None` unless there are 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Of a request that was rendered with the idempotency key [`CONSTANT_KEY`].
    pub fn of(request: &Request) -> Self {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            // Lengths before contents, so that no two lists of parts read alike.
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(request.method.as_str().as_bytes());
        part(request.url.as_str().as_bytes());
        part(&[request.format as u8]);
        for header in &request.headers {
            let name = header.name.to_ascii_lowercase();
            let left_out = header.secret || matches!(name.as_str(), "authorization" | "user-agent" | "traceparent");
            if !left_out && name != "idempotency-key" {
                part(name.as_bytes());
                part(header.value.as_bytes());
            }
        }
        part(request.body.as_deref().unwrap_or_default());
        Self(hash.finalize().into())
    }
}

/// What stands for `{{ idempotency_key }}` while a request is rendered for its digest.
pub const CONSTANT_KEY: uuid::Uuid = uuid::Uuid::nil();
