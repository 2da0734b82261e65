//! Whether a connection's handshake is known to have come to its end.
//!
//! With TLS 1.3 a client is done, and may write, before the server has looked at the client's certificate (or at the lack of one). A
//! server that refuses it says so by an alert that comes instead of an answer: what was written until then was thrown away
//! unread. Which of both a connection came to is noted here, where its bytes are read.

use crate::tls;
use hyper_util::client::legacy::connect::{Connected, Connection};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a connection's first reading came to: data, or the refusal of the handshake in words. Clones speak of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshake(Arc<OnceLock<Result<(), String>>>);

impl Handshake {
    /// What is known of the connection that a request was given to.
    pub(crate) fn of(connected: &Connected) -> Option<Self> {
        let mut extras = http::Extensions::new();
        connected.get_extras(&mut extras);
        extras.remove()
    }

    /// Why the server refused the handshake before it sent anything, in words; then it has read nothing, either.
    pub(crate) fn refused(&self) -> Option<&str> {
        self.0.get()?.as_ref().err().map(String::as_str)
    }

    fn note(&self, read: &Poll<io::Result<()>>, has_bytes: bool) {
        match read {
            Poll::Ready(Ok(())) if has_bytes => _ = self.0.set(Ok(())),
            Poll::Ready(Err(fault)) => {
                if let Some(words) = tls::refusal(fault) {
                    _ = self.0.set(Err(words));
                }
            }
            _ => {}
        }
    }
}

/// A connection that notes what came of its handshake.
pub(crate) struct Noting<S> {
    stream: S,
    handshake: Handshake,
}

impl<S> Noting<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, handshake: Handshake::default() }
    }
}

impl<S: Connection> Connection for Noting<S> {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.handshake.clone())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noting<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if this.handshake.0.get().is_none() {
            this.handshake.note(&read, buffer.filled().len() > before);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noting<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::AlertDescription;
    use std::collections::VecDeque;
    use tokio::io::AsyncReadExt;

    /// Gives bytes, and fails.
    struct Scripted(VecDeque<Result<&'static [u8], AlertDescription>>);

    impl AsyncRead for Scripted {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(match self.0.pop_front() {
                Some(Ok(bytes)) => {
                    buffer.put_slice(bytes);
                    Ok(())
                }
                Some(Err(alert)) => Err(io::Error::other(rustls::Error::AlertReceived(alert))),
                None => Ok(()),
            })
        }
    }

    #[tokio::test]
    async fn only_an_alert_of_the_handshake_that_comes_before_any_byte_is_its_refusal() {
        use AlertDescription as Alert;
        let refusals = [
            Alert::CertificateRequired,
            Alert::BadCertificate,
            Alert::UnknownCA,
            Alert::AccessDenied,
            Alert::HandshakeFailure,
        ];
        let alerts = refusals.into_iter().chain([Alert::CloseNotify, Alert::InternalError, Alert::UnexpectedMessage]);
        for alert in alerts {
            for bytes in [None, Some("HTTP/1.1 100 Continue\r\n\r\n".as_bytes())] {
                let script = bytes.into_iter().map(Ok).chain([Err(alert)]).collect();
                let mut noting = Noting::new(Scripted(script));
                let mut read = Vec::new();
                assert!(noting.read_to_end(&mut read).await.is_err());
                let refused = noting.handshake.refused().is_some();
                assert_eq!(refused, bytes.is_none() && refusals.contains(&alert), "{alert:?} {bytes:?}");
            }
        }
        let mut noting = Noting::new(Scripted(VecDeque::new()));
        noting.read_to_end(&mut Vec::new()).await.unwrap();
        assert_eq!(noting.handshake.refused(), None, "closed without a word");
    }
}
