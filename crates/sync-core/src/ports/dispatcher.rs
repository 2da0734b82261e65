use crate::outcome::{Exchange, Request};
use async_trait::async_trait;

/// Sends one rendered request and says what happened.
///
/// Every adapter MUST
/// - return an outcome and never panic: *not sent* ([`crate::outcome::Outcome::NotSent`]) only where certainly no byte
///   of the request reached the external system, everything doubtful as *sent, no answer*;
/// - keep `request.timeout` as one deadline over DNS, connect, TLS, headers and body;
/// - never follow a redirect;
/// - never send a request again by itself;
/// - connect only to addresses that it has checked against what is allowed;
/// - bound what it reads of an answer;
/// - hold nothing for one request that makes another wait, except its own connection.
#[async_trait]
pub trait Dispatcher: Send + Sync {
    /// Sends `request`.
    async fn send(&self, request: &Request) -> Exchange;
}
