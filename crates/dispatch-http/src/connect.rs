//! From a URL to a connection: resolve, check each address, connect, TLS. Each step's failure has a type of its own, so
//! that the outcome can tell them apart.

use crate::guard::{AddressGuard, RangeName, allowing};
use crate::handshake::Noting;
use crate::resolver::Resolver;
use crate::tls;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use sync_core::outcome::NotSent;
use tokio::net::TcpStream;
use tower::Service;

/// The next address is tried beside the earlier ones after this long without a connection (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// More addresses of a name than these are not tried.
const ADDRESSES_MAX: usize = 8;
/// No connection takes longer, not even one that the pool finishes in the background after its request was served by
/// another; no request's deadline is longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);

/// Why no connection came about. Its text is for the administrator, and names what stands in the URL, never what a name
/// resolved to: that would show the inside of the operator's network.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectFault {
    #[error("{host} leads to {range}, which is not allowed: {}", allowing(.host, *.range))]
    AddressRefused { host: String, range: RangeName },
    #[error("the name {host} does not resolve")]
    Dns { host: String },
    #[error("{what} by {target}")]
    Refused { target: String, what: &'static str },
    #[error("{target} cannot be reached: {what}")]
    Unreachable { target: String, what: String },
    #[error("no connection to {target} within {} s", CONNECT_TIMEOUT.as_secs())]
    Timeout { target: String },
    #[error("{what}")]
    Tls { what: String },
}

impl ConnectFault {
    pub(crate) fn reason(&self) -> NotSent {
        match self {
            Self::AddressRefused { .. } => NotSent::AddressRefused,
            Self::Dns { .. } => NotSent::Dns,
            Self::Refused { .. } | Self::Unreachable { .. } => NotSent::Connection,
            Self::Timeout { .. } => NotSent::ConnectTimeout,
            Self::Tls { .. } => NotSent::Tls,
        }
    }

    fn tcp(target: String, fault: &io::Error) -> Self {
        match fault.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { target, what: "connection refused" },
            io::ErrorKind::ConnectionReset => Self::Refused { target, what: "connection reset" },
            io::ErrorKind::TimedOut => Self::Timeout { target },
            kind => Self::Unreachable { target, what: kind.to_string() },
        }
    }
}

/// Host and port of a URI as a person would write them.
pub(crate) fn target(uri: &Uri) -> String {
    format!("{}:{}", uri.host().unwrap_or_default(), port(uri))
}

fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 })
}

/// Makes connections for hyper's pool: plain, or TLS with HTTP/2 or HTTP/1.1 by ALPN.
#[derive(Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<TcpConnector>,
}

impl Connector {
    pub(crate) fn new(guard: Arc<AddressGuard>, tls: rustls::ClientConfig) -> Self {
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(TcpConnector { guard, resolver: Resolver::system() });
        Self { https }
    }
}

/// A connection as the pool holds it.
type Stream = TokioIo<Noting<TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>>>;

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectFault;
    type Future = BoxFuture<'static, Result<Self::Response, ConnectFault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let target = target(&uri);
        let connecting = self.https.call(uri);
        Box::pin(async move {
            match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
                Ok(Ok(stream)) => Ok(TokioIo::new(Noting::new(TokioIo::new(stream)))),
                // What is not a fault of the inner connector is one of the handshake over it.
                Ok(Err(fault)) => Err(match fault.downcast::<ConnectFault>() {
                    Ok(fault) => *fault,
                    Err(fault) => ConnectFault::Tls { what: tls::handshake_words(&target, &*fault) },
                }),
                Err(_) => Err(ConnectFault::Timeout { target }),
            }
        })
    }
}

/// Resolves, checks and connects.
#[derive(Clone)]
struct TcpConnector {
    guard: Arc<AddressGuard>,
    resolver: Resolver,
}

impl Service<Uri> for TcpConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectFault;
    type Future = BoxFuture<'static, Result<Self::Response, ConnectFault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (guard, resolver) = (self.guard.clone(), self.resolver.clone());
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
            let resolved = resolve(&resolver, host, port(&uri)).await?;
            let checked = checked(&guard, host, resolved)?;
            let stream = connect_first(&checked).await.map_err(|fault| ConnectFault::tcp(target(&uri), &fault))?;
            // Without it a request in two writes waits for the first one's acknowledgement.
            let _ = stream.set_nodelay(true);
            Ok(TokioIo::new(stream))
        })
    }
}

async fn resolve(resolver: &Resolver, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectFault> {
    if let Ok(literal) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(literal, port)]);
    }
    let found = resolver.look_up(host).await;
    if found.is_empty() {
        return Err(ConnectFault::Dns { host: host.to_owned() });
    }
    Ok(found.iter().map(|&address| SocketAddr::new(address, port)).collect())
}

/// Leaves the addresses that may be connected to, IPv6 and IPv4 in turn.
fn checked(guard: &AddressGuard, host: &str, resolved: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ConnectFault> {
    let mut refused = None;
    let (v6, v4): (Vec<_>, Vec<_>) = resolved
        .into_iter()
        .filter(|address| guard.check_socket(*address).map_err(|range| refused = Some(range)).is_ok())
        .partition(SocketAddr::is_ipv6);
    let (mut v6, mut v4) = (v6.into_iter(), v4.into_iter());
    let mut in_turn = Vec::new();
    while in_turn.len() < ADDRESSES_MAX {
        let before = in_turn.len();
        in_turn.extend(v6.next());
        in_turn.extend(v4.next());
        if in_turn.len() == before {
            break;
        }
    }
    match refused {
        Some(range) if in_turn.is_empty() => Err(ConnectFault::AddressRefused { host: host.to_owned(), range }),
        _ => Ok(in_turn),
    }
}

/// The first connection that comes about, the attempts starting one after another.
async fn connect_first(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut attempts = FuturesUnordered::new();
    let mut waiting = addresses.iter();
    let mut last_fault = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(TcpStream::connect(address));
        }
        let more = waiting.len() > 0;
        tokio::select! {
            attempt = attempts.next() => match attempt {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(fault)) => last_fault = fault,
                None => return Err(last_fault),
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if more => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|address| address.parse().unwrap()).collect()
    }

    #[test]
    fn refused_addresses_are_left_out_and_families_take_turns() {
        let guard = AddressGuard::default();
        let resolved = addresses(&[
            "8.8.8.8:80",
            "10.0.0.1:80",
            "1.1.1.1:80",
            "[2606:4700::1]:80",
            "[::1]:80",
            "[2606:4700::2]:80",
        ]);
        assert_eq!(
            checked(&guard, "crm.example", resolved).unwrap(),
            addresses(&["[2606:4700::1]:80", "8.8.8.8:80", "[2606:4700::2]:80", "1.1.1.1:80"])
        );
    }

    #[test]
    fn a_name_with_refused_addresses_only_is_refused_without_telling_them() {
        let fault = checked(&AddressGuard::default(), "crm.example", addresses(&["10.0.0.1:80"])).unwrap_err();
        assert_eq!(fault.reason(), NotSent::AddressRefused);
        assert_eq!(
            fault.to_string(),
            "crm.example leads to a private address, which is not allowed: restart the server with `--allow-network` and that address \
             to allow it"
        );
    }

    #[tokio::test]
    async fn a_refusing_address_does_not_keep_from_the_next() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let open = listener.local_addr().unwrap();
        assert_eq!(connect_first(&[closed, open]).await.unwrap().peer_addr().unwrap(), open);
        assert_eq!(connect_first(&[closed]).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect_first(&[]).await.is_err());
    }
}
