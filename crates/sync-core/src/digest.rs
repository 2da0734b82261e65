//! The digest of a request: what makes two requests equal, so that the second is not sent.

use crate::outcome::Request;
use sha2::{Digest as _, Sha256};
use std::fmt;

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
