//! Sends one rendered request over hyper and rustls, and says what happened.
//!
//! [`HttpDispatcher`] implements [`sync_core::ports::Dispatcher`]. It pools connections (HTTP/1.1 keep-alive, and
//! HTTP/2 where ALPN agrees on it), verifies certificates or, where a rule says so, not (in a pool of its own), follows no redirect
//! and repeats nothing.
//!
//! # Where to find what
//! - `guard`: which addresses may be connected to. `connect`: resolve, check, connect, TLS. `tls`: roots and
//!   verification. `handshake`: refusals that come late.
//! - `outgoing`: the request as hyper takes it. `answer`: head and body as text and bytes. `decode`: gzip, deflate, br.
//! - `classify`: what a failure is called.
//!
//! # What counts as sent
//! hyper's pool tells when a request is given to a connection. Whatever fails before is *not sent*. After that, only a
//! request that hyper hands back untouched is *not sent*, and one whose connection the server refused by an alert of the
//! handshake before it sent a byte (TLS 1.3 lets a client write before the server has judged its certificate); all else is
//! *sent, no answer*, though at times nothing had been written yet: to call it unsent might duplicate a record.

mod answer;
mod classify;
mod connect;
mod decode;
mod guard;
mod handshake;
mod outgoing;
mod resolver;
mod tls;

pub use guard::{AddressGuard, RangeName};

use async_trait::async_trait;
use bytes::Bytes;
use connect::Connector;
use handshake::Handshake;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ipnet::IpNet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use sync_core::outcome::{Exchange, NoAnswer, NotSent, Outcome, Request};
use sync_core::ports::Dispatcher;
use tokio::time::{Instant, timeout_at};

/// How much of an answer is read unless [`Options`] says otherwise: 1 MiB.
pub const RESPONSE_BODY_BYTES_MAX: usize = 1024 * 1024;
/// A deadline further off than this is not kept apart from it; no rule may ask for one.
const TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// Servers close idle connections after a few seconds, some without a word. A request written to such a connection just
/// then has no answer, and a create becomes *uncertain* for nothing. So connections are kept for a burst, not for the
/// next one; a handshake every few seconds is cheap.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// Idle connections kept to one host and port.
const IDLE_PER_HOST_MAX: usize = 64;
/// An answer's head: count of headers, and bytes of all of it.
const HEAD_HEADERS_MAX: usize = 100;
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// An HTTP/2 connection that does not answer a ping within this long after being quiet for this long is given up, so that a
/// dead one does not swallow request after request.
const HTTP2_PING: Duration = Duration::from_secs(10);
/// How often a request is given to the pool again after the connection that it waited for did not come about since another
/// request gave up. It was never written.
const POOL_TRIES: usize = 4;

/// How an [`HttpDispatcher`] is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Networks that may be connected to although they are not public, such as `127.0.0.0/8`.
    pub allow_networks: Vec<IpNet>,
    /// Addresses with their ports that may be connected to although they are not public, each for itself.
    pub allow_sockets: Vec<SocketAddr>,
    /// How much of an answer's body is read, and of what it decodes to. Bytes.
    pub response_body_bytes_max: usize,
    /// Also trusts the system's roots: those of `SSL_CERT_FILE` and `SSL_CERT_DIR` where set, else the platform's.
    pub native_roots: bool,
    /// Also trusts these certificates (PEM, one or more).
    pub extra_roots_pem: Option<Vec<u8>>,
    /// Asked at each request for the headers that carry its trace on (W3C Trace Context). A rule that sends a
    /// `traceparent` of its own keeps it.
    pub trace_headers: Option<TraceHeaders>,
}

/// Says which headers carry the present span's trace on: names and values.
pub type TraceHeaders = fn() -> Vec<(String, String)>;

impl Default for Options {
    fn default() -> Self {
        Self {
            allow_networks: Vec::new(),
            allow_sockets: Vec::new(),
            response_body_bytes_max: RESPONSE_BODY_BYTES_MAX,
            native_roots: false,
            extra_roots_pem: None,
            trace_headers: None,
        }
    }
}

/// Why [`Options`] make no dispatcher.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The system's roots were asked for, and there are none.
    #[error("native_roots: no certificate could be read; check SSL_CERT_FILE and SSL_CERT_DIR")]
    NativeRoots(#[source] Option<rustls_native_certs::Error>),
    /// The extra roots are not PEM.
    #[error("extra_roots_pem: not a PEM file of certificates")]
    ExtraRootsPem(#[source] rustls::pki_types::pem::Error),
    /// One of the extra roots is no certificate.
    #[error("extra_roots_pem: holds a certificate that cannot be used as a root")]
    ExtraRoot(#[source] rustls::Error),
    /// There is no certificate among the extra roots.
    #[error("extra_roots_pem: holds no certificate")]
    ExtraRootsEmpty,
    /// The TLS library offers no protocol version.
    #[error("TLS cannot be set up")]
    Provider(#[source] rustls::Error),
}

type HyperClient = Client<Connector, Full<Bytes>>;

/// Sends requests over HTTP. Cheap to share; needs a tokio runtime with time and I/O.
pub struct HttpDispatcher {
    verified: HyperClient,
    unverified: HyperClient,
    response_body_bytes_max: usize,
    trace_headers: Option<TraceHeaders>,
}

impl HttpDispatcher {
    /// A dispatcher with empty pools.
    ///
    /// # Errors
    /// The roots asked for cannot be read.
    #[expect(clippy::needless_pass_by_value, reason = "options are made for one dispatcher")]
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        let guard =
            Arc::new(AddressGuard::new(options.allow_networks.clone()).and_sockets(options.allow_sockets.clone()));
        Ok(Self {
            verified: client(Connector::new(guard.clone(), tls::verified(&options)?)),
            unverified: client(Connector::new(guard, tls::unverified()?)),
            response_body_bytes_max: options.response_body_bytes_max,
            trace_headers: options.trace_headers,
        })
    }

    async fn exchange(&self, request: &Request, deadline: Instant) -> Outcome {
        let mut outgoing = match outgoing::build(request) {
            Ok(outgoing) => outgoing,
            Err(text) => return Outcome::NotSent(NotSent::Connection, text),
        };
        if let Some(trace_headers) = self.trace_headers {
            outgoing::carry_trace(outgoing.headers_mut(), trace_headers());
        }
        let target = connect::target(outgoing.uri());
        let client = if request.ssl_verification { &self.verified } else { &self.unverified };
        for _ in 0..POOL_TRIES {
            let mut outgoing = outgoing.clone();
            let captured = capture_connection(&mut outgoing);
            let sent = timeout_at(deadline, client.request(outgoing)).await;
            let connection = captured.connection_metadata().as_ref().map(Handshake::of);
            let had_connection = connection.is_some();
            let handshake = connection.flatten();
            let seconds = request.timeout.as_secs_f32();
            match sent {
                Ok(Ok(response)) => {
                    return Outcome::Answered(answer::read(response, deadline, self.response_body_bytes_max).await);
                }
                Ok(Err(error)) if had_connection => {
                    return match handshake.as_ref().and_then(Handshake::refused) {
                        Some(why) => Outcome::NotSent(NotSent::Tls, why.to_owned()),
                        None => classify::connected(&error, &target),
                    };
                }
                Ok(Err(error)) => {
                    if let Some(outcome) = classify::unconnected(&error, &target) {
                        return outcome;
                    }
                }
                Err(_) if had_connection => {
                    return Outcome::NoAnswer(NoAnswer::Timeout, format!("no answer of {target} within {seconds} s"));
                }
                Err(_) => {
                    let text = format!("no connection to {target} within {seconds} s");
                    return Outcome::NotSent(NotSent::ConnectTimeout, text);
                }
            }
        }
        Outcome::NotSent(NotSent::Connection, format!("no connection to {target} came about"))
    }
}

impl fmt::Debug for HttpDispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpDispatcher")
            .field("response_body_bytes_max", &self.response_body_bytes_max)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Dispatcher for HttpDispatcher {
    async fn send(&self, request: &Request) -> Exchange {
        let started = Instant::now();
        let outcome = self.exchange(request, started + request.timeout.min(TIMEOUT_MAX)).await;
        Exchange { outcome, duration: started.elapsed() }
    }
}

fn client(connector: Connector) -> HyperClient {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .retry_canceled_requests(false)
        // As people write them, for servers that mistake case for meaning.
        .http1_title_case_headers(true)
        .http1_max_headers(HEAD_HEADERS_MAX)
        .http1_max_buf_size(HEAD_BYTES_MAX)
        .http2_max_header_list_size(HEAD_BYTES_MAX as u32)
        .http2_keep_alive_interval(HTTP2_PING)
        .http2_keep_alive_timeout(HTTP2_PING)
        .build(connector)
}
