//! The log: attempts, and decisions not to send.

pub mod packed;

use crate::id::{AccountId, LogId, PersonId, SyncId};
use crate::link::UniqueId;
use crate::outcome::{Answer, Outcome, REDACTED, Request};
use crate::person::Version;
use crate::sync::{Method, Operation};
use crate::text;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most bytes of a body that the log keeps.
pub const LOGGED_BODY_BYTES_MAX: usize = 16 * 1024;
/// The most bytes of a header value that the log keeps.
pub const LOGGED_HEADER_BYTES_MAX: usize = 4 * 1024;

/// What an entry's attempt or decision came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogOutcome {
    /// Accepted.
    Succeeded,
    /// Failed; tried again later.
    Retrying,
    /// Failed or not to be sent, and nothing more happens until somebody mends it.
    Parked,
    /// Rightly not sent.
    Skipped,
}

impl LogOutcome {
    /// All, in the order of their stored numbers.
    pub const ALL: [Self; 4] = [Self::Succeeded, Self::Retrying, Self::Parked, Self::Skipped];
    /// The stored number.
    pub const fn code(self) -> i16 {
        self as i16
    }
    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// What went wrong, as a fixed word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// Not sent: a template could not be rendered.
    Template,
    /// Not sent: the address is not allowed.
    AddressRefused,
    /// Not sent: the name does not resolve.
    Dns,
    /// Not sent: no connection.
    Connection,
    /// Not sent: the TLS handshake failed.
    Tls,
    /// The deadline passed.
    Timeout,
    /// Sent; the connection ended before a whole answer came.
    NoAnswer,
    /// The answer is larger than is read.
    TooLarge,
    /// The answer is not HTTP, or its encoding is broken.
    Malformed,
    /// The status says that it was not accepted.
    Status,
    /// A redirect, which is never followed.
    Redirect,
    /// Accepted, but without a usable unique id.
    NoUniqueId,
    /// The lookup found several records.
    Ambiguous,
    /// The unique id already belongs to another person of this sync.
    Conflict,
    /// The answer is not JSON, where JSON was to be read.
    NotJson,
    /// A web page came instead of an answer.
    Page,
}

impl FailureKind {
    /// All, in the order of their stored numbers.
    pub const ALL: [Self; 16] = [
        Self::Template,
        Self::AddressRefused,
        Self::Dns,
        Self::Connection,
        Self::Tls,
        Self::Timeout,
        Self::NoAnswer,
        Self::TooLarge,
        Self::Malformed,
        Self::Status,
        Self::Redirect,
        Self::NoUniqueId,
        Self::Ambiguous,
        Self::Conflict,
        Self::NotJson,
        Self::Page,
    ];
    /// The stored number.
    pub const fn code(self) -> i16 {
        self as i16
    }
    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// A header as it is shown: secrets are [`REDACTED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedHeader {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A request as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedRequest {
    /// HTTP method.
    pub method: Method,
    /// URL.
    pub url: String,
    /// Headers, secrets redacted.
    pub headers: Vec<LoggedHeader>,
    /// Body, cut to [`LOGGED_BODY_BYTES_MAX`].
    pub body: Option<String>,
    /// Whether the body was cut.
    pub body_truncated: bool,
}

/// A response as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedResponse {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<LoggedHeader>,
    /// Body, cut to [`LOGGED_BODY_BYTES_MAX`].
    pub body: Option<String>,
    /// Whether the body was cut, here or on the way.
    pub body_truncated: bool,
}

impl LoggedRequest {
    /// What the log keeps of a request.
    pub fn of(request: &Request) -> Self {
        let headers = request.headers.iter().map(|header| LoggedHeader {
            name: header.name.clone(),
            value: if header.secret { REDACTED.to_owned() } else { cut_header(&header.value) },
        });
        let body = request.body.as_ref().map(|body| text::lossy(body));
        let (body, body_truncated) = cut_body(body);
        Self {
            method: request.method,
            url: text::without_nul(request.url.as_str()).into_owned(),
            headers: headers.collect(),
            body,
            body_truncated,
        }
    }
}

impl LoggedResponse {
    /// What the log keeps of an answer. `Set-Cookie` and the like are secrets of the session and are redacted.
    pub fn of(answer: &Answer) -> Self {
        let headers = answer.headers.iter().map(|(name, value)| LoggedHeader {
            name: name.clone(),
            value: match name.as_str() {
                "set-cookie" | "authorization" | "proxy-authorization" => REDACTED.to_owned(),
                _ => cut_header(value),
            },
        });
        let (body, cut_here) = cut_body((!answer.body.is_empty()).then(|| answer.text()));
        let body_truncated = cut_here || answer.body_read != crate::outcome::BodyRead::Whole;
        Self { status: answer.status, headers: headers.collect(), body, body_truncated }
    }

    /// What the log keeps of what came back; `None` where nothing did.
    pub fn of_outcome(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Answered(answer) => Some(Self::of(answer)),
            Outcome::NotSent(..) | Outcome::NoAnswer(..) => None,
        }
    }
}

fn cut_header(value: &str) -> String {
    text::without_nul(text::cut(value, LOGGED_HEADER_BYTES_MAX).0).into_owned()
}

fn cut_body(body: Option<String>) -> (Option<String>, bool) {
    let Some(mut body) = body else { return (None, false) };
    let (kept, was_cut) = text::cut(&body, LOGGED_BODY_BYTES_MAX);
    let kept = kept.len();
    body.truncate(kept);
    (Some(body), was_cut)
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The account it belongs to.
    pub account: AccountId,
    /// UUID version 7: sorts by time.
    pub id: LogId,
    /// When, by the clock of the node that made it.
    pub at: Timestamp,
    /// The sync.
    pub sync: SyncId,
    /// The person.
    pub person: PersonId,
    /// The version that was sent or decided on.
    pub person_version: Version,
    /// The operation.
    pub operation: Operation,
    /// What it came to.
    pub outcome: LogOutcome,
    /// What went wrong.
    pub failure: Option<FailureKind>,
    /// In words: what happened and, where something is to be done, what.
    pub message: String,
    /// The id used, or read from this answer.
    pub unique_id: Option<UniqueId>,
    /// Which try this was, from 1; `None` when nothing was sent.
    pub attempt: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// `None` when nothing was sent.
    pub request: Option<Arc<LoggedRequest>>,
    /// `None` when nothing came back.
    pub response: Option<Arc<LoggedResponse>>,
    /// When it is tried again; filled in by the store, whose clock counts.
    pub next_attempt_at: Option<Timestamp>,
}

/// Which entries are asked for: all that are given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LogFilter {
    /// Of this sync.
    pub sync: Option<SyncId>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// Of one of these operations; not empty.
    pub operations: Option<Vec<Operation>>,
    /// With one of these outcomes; not empty.
    pub outcomes: Option<Vec<LogOutcome>>,
    /// With one of these failures; not empty.
    pub failures: Option<Vec<FailureKind>>,
    /// With a response whose status is at least this.
    pub status_at_least: Option<i32>,
    /// With a response whose status is at most this.
    pub status_at_most: Option<i32>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

impl LogFilter {
    /// Whether an entry is asked for.
    pub fn matches(&self, entry: &LogEntry) -> bool {
        fn one_of<T: PartialEq>(allowed: Option<&Vec<T>>, value: &T) -> bool {
            allowed.is_none_or(|allowed| allowed.contains(value))
        }
        let status = entry.response.as_ref().map(|response| i32::from(response.status));
        self.sync.is_none_or(|sync| sync == entry.sync)
            && self.person.as_ref().is_none_or(|person| *person == entry.person)
            && one_of(self.operations.as_ref(), &entry.operation)
            && one_of(self.outcomes.as_ref(), &entry.outcome)
            && self.failures.as_ref().is_none_or(|failures| entry.failure.is_some_and(|f| failures.contains(&f)))
            && self.status_at_least.is_none_or(|least| status.is_some_and(|status| status >= least))
            && self.status_at_most.is_none_or(|most| status.is_some_and(|status| status <= most))
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
    }
}
