//! Whether there is TLS, and what carries the server's frames then.
//!
//! rustls with the system's roots and Mozilla's. Whether it is used, `sslmode` in the URL says. That is agreed on here, not by
//! the driver: only so does what carries the frames become a stream of ours without TLS, too.

use crate::coded::Coded;
use futures_util::future::BoxFuture;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use sync_core::ports::BoxError;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Asks for TLS; the server answers with one byte.
const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// The answer of a server that speaks TLS.
const SPEAKS_TLS: u8 = b'S';

type Rustls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
type RustlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// What makes a [`Wire`] of a socket, for [`Config::connect`].
#[derive(Clone)]
pub(crate) struct Negotiator<T = MakeRustlsConnect> {
    mode: SslMode,
    negotiation: SslNegotiation,
    rustls: T,
}

impl Negotiator {
    /// Takes over what the configuration says of TLS: the driver is told to leave it to this, which it does where TLS is
    /// required and begins without a question.
    pub(crate) fn of(config: &mut Config) -> Result<Self, BoxError> {
        let negotiator = Self {
            mode: config.get_ssl_mode(),
            negotiation: config.get_ssl_negotiation(),
            rustls: MakeRustlsConnect::new(trusting(roots())?),
        };
        config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        Ok(negotiator)
    }
}

#[cfg(test)]
impl Negotiator {
    /// Trusts these authorities, and no others.
    pub(crate) fn trust(&mut self, roots: RootCertStore) {
        self.rustls = MakeRustlsConnect::new(trusting(roots).unwrap());
    }
}

/// Mozilla's roots and the system's.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    // A database's own CA is usually among the system's, or named by SSL_CERT_FILE.
    for certificate in rustls_native_certs::load_native_certs().certs {
        // One that rustls cannot use is not the one that was meant.
        let _unusable = roots.add(certificate);
    }
    roots
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, BoxError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

impl MakeTlsConnect<Socket> for Negotiator {
    type Stream = Coded<Wire>;
    type TlsConnect = Negotiator<Rustls>;
    type Error = BoxError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Negotiator<Rustls>, BoxError> {
        let rustls = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.rustls, host)?;
        Ok(Negotiator { mode: self.mode, negotiation: self.negotiation, rustls })
    }
}

impl TlsConnect<Socket> for Negotiator<Rustls> {
    type Stream = Coded<Wire>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Coded<Wire>, BoxError>>;

    fn connect(self, mut socket: Socket) -> Self::Future {
        Box::pin(async move {
            let is_tls = match (self.mode, self.negotiation) {
                (SslMode::Disable, _) => false,
                (SslMode::Require, SslNegotiation::Direct) => true,
                (_, SslNegotiation::Direct) => return Err("sslnegotiation=direct needs sslmode=require".into()),
                (SslMode::Prefer, _) => speaks_tls(&mut socket).await?,
                _ if speaks_tls(&mut socket).await? => true,
                _ => return Err("the server does not speak TLS, and sslmode=require asks for it".into()),
            };
            let wire =
                if is_tls { Wire::Tls(Box::new(self.rustls.connect(socket).await?)) } else { Wire::Plain(socket) };
            Ok(Coded::new(wire))
        })
    }
}

async fn speaks_tls(socket: &mut Socket) -> io::Result<bool> {
    socket.write_all(&REQUEST).await?;
    Ok(socket.read_u8().await? == SPEAKS_TLS)
}

/// What carries the server's frames.
pub(crate) enum Wire {
    Plain(Socket),
    Tls(Box<RustlsStream>),
}

/// Calls a method of whichever it is.
macro_rules! carried {
    ($wire:expr, $method:ident($($argument:expr),*)) => {
        match $wire.get_mut() {
            Wire::Plain(socket) => Pin::new(socket).$method($($argument),*),
            Wire::Tls(stream) => Pin::new(stream.as_mut()).$method($($argument),*),
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        carried!(self, poll_read(context, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        carried!(self, poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        carried!(self, poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(self, poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(self, poll_shutdown(context))
    }
}

impl TlsStream for Wire {
    fn channel_binding(&self) -> ChannelBinding {
        match self {
            Self::Plain(_) => ChannelBinding::none(),
            Self::Tls(stream) => stream.channel_binding(),
        }
    }
}
