//! A request as it goes out, and what can come of sending it.

use crate::sync::{BodyFormat, Method};
use bytes::Bytes;
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// One header of a request, rendered.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestHeader {
    /// Its name, as the administrator wrote it.
    pub name: String,
    /// Its value: visible characters, spaces and tabs, no line break.
    pub value: String,
    /// Whether the value is a secret, to be redacted wherever it is shown.
    pub secret: bool,
}

impl fmt::Debug for RequestHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, if self.secret { REDACTED } else { &self.value })
    }
}

/// What stands for a secret wherever it would be shown.
pub const REDACTED: &str = "[redacted]";

/// One rendered request, ready to be sent. Everything that is sent is in here but `Content-Length`, `Host` and
/// `Accept-Encoding`, and where traces are on `traceparent` and `tracestate`, which the dispatcher adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// An absolute http or https URL without user info.
    pub url: url::Url,
    /// Headers in order: the rule's, then those that crm-sync adds.
    pub headers: Vec<RequestHeader>,
    /// The body; `None`: none is sent.
    pub body: Option<Bytes>,
    /// What the body is.
    pub format: BodyFormat,
    /// Whether the server's certificate is verified.
    pub ssl_verification: bool,
    /// One deadline over DNS, connect, TLS, headers and body.
    pub timeout: Duration,
}

/// Why a request was certainly not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotSent {
    /// The address is in a range that is not allowed.
    AddressRefused,
    /// The name does not resolve.
    Dns,
    /// No connection: refused, unreachable, or ended before anything was written.
    Connection,
    /// The deadline passed before anything was written.
    ConnectTimeout,
    /// The TLS handshake failed.
    Tls,
    /// The system said over HTTP/2 that it did not begin the request: REFUSED_STREAM, or a GOAWAY whose last stream lies
    /// before it (RFC 9113, section 8.7). It lives.
    Unprocessed,
    /// The dispatcher is stopping, or what is left of the lease is too short.
    Released,
}

/// Why no whole answer came to a request that may have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoAnswer {
    /// The deadline passed.
    Timeout,
    /// The connection ended before the answer's head was complete.
    Cut,
    /// The answer's head is not HTTP.
    Malformed,
    /// The process crashed or lost its database while the request was under way.
    Crashed,
}

/// How much of an answer's body could be read. The head is always complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyRead {
    /// All of it.
    Whole,
    /// It ended early.
    Cut,
    /// The deadline passed within it.
    Late,
    /// It is larger than is read.
    TooLarge,
    /// Its encoding is broken.
    Malformed,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status, 100 to 999.
    pub status: u16,
    /// Headers; names in lower case, values as text (invalid UTF-8 replaced, U+0000 removed).
    pub headers: Vec<(String, String)>,
    /// The body after content decoding, up to the dispatcher's cap.
    pub body: Bytes,
    /// How much of the body that is.
    pub body_read: BodyRead,
}

impl Answer {
    /// The first header of a name (given in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text that can be kept: [`Answer::decoded`] without U+0000.
    pub fn text(&self) -> String {
        crate::text::without_nul(&self.decoded()).into_owned()
    }

    /// The body as text: UTF-8 (a byte-order mark dropped), else UTF-16 by its mark, else Latin-1. U+0000 is left where
    /// it is.
    pub fn decoded(&self) -> Cow<'_, str> {
        let bytes: &[u8] = &self.body;
        let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units).into()
        };
        match bytes {
            [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
            [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => text.into(),
                // A character that was cut is not Latin-1.
                Err(fault) if fault.error_len().is_none() && self.body_read != BodyRead::Whole => {
                    String::from_utf8_lossy(bytes)
                }
                Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
            },
        }
    }
}

/// What came of sending. Never an error: *not sent* and *sent, no answer* are different outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was written to the external system.
    NotSent(NotSent, String),
    /// It may have been carried out. The text says in words what was seen.
    NoAnswer(NoAnswer, String),
    /// An answer came.
    Answered(Answer),
}

/// An outcome with how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What came of it.
    pub outcome: Outcome,
    /// From the first step (DNS) to the last byte read.
    pub duration: Duration,
}

impl Exchange {
    /// How many bytes of an answer's body there are.
    pub fn body_bytes(&self) -> usize {
        if let Outcome::Answered(answer) = &self.outcome { answer.body.len() } else { 0 }
    }

    /// The duration in whole milliseconds, as it is logged.
    pub fn duration_ms(&self) -> i32 {
        i32::try_from(self.duration.as_millis()).unwrap_or(i32::MAX)
    }
}
