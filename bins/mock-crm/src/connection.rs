//! One connection: how it is ended, and the GOAWAY frame that hyper does not send at a moment of our choice.

use futures_util::task::AtomicWaker;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// Length, type, flags and stream of an HTTP/2 frame (RFC 9113, section 4.1).
const FRAME_HEAD_BYTES: usize = 9;

/// What a connection's requests and its stream share.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    hang_up: Notify,
    state: Mutex<Requests>,
    /// Wakes the task that reads, so that a waiting frame is written.
    reader: AtomicWaker,
}

#[derive(Debug, Default)]
struct Requests {
    /// How many came.
    came: u32,
    /// The number of the last one that was begun.
    begun: u32,
    /// The number of the last one that GOAWAY spoke of: later ones are not done.
    last: Option<u32>,
    /// GOAWAY, to be written.
    frame: Option<Vec<u8>>,
}

impl Connection {
    fn state(&self) -> MutexGuard<'_, Requests> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a request that comes, from 1 on.
    pub(crate) fn comes(&self) -> u32 {
        let mut state = self.state();
        state.came += 1;
        state.came
    }

    /// Begins a request. False where GOAWAY said that it is not done.
    pub(crate) fn begins(&self, number: u32) -> bool {
        let mut state = self.state();
        let begins = state.last.is_none_or(|last| number <= last);
        if begins {
            state.begun = state.begun.max(number);
        }
        begins
    }

    /// Whether GOAWAY's last stream is this request's or a later one's.
    pub(crate) fn spoke_of(&self, number: u32) -> bool {
        self.state().last.is_some_and(|last| number <= last)
    }

    /// Sends GOAWAY: nothing is done beyond what was begun.
    pub(crate) fn go_away(&self) {
        let mut state = self.state();
        if state.last.is_none() {
            state.last = Some(state.begun);
            // Clients number their streams 1, 3, 5.
            let stream = state.begun.saturating_mul(2).saturating_sub(1) & 0x7fff_ffff;
            let head = [0, 0, 8, 7, 0, 0, 0, 0, 0];
            // The reason is 0: NO_ERROR.
            state.frame = Some([&head[..], &stream.to_be_bytes(), &[0; 4]].concat());
            self.reader.wake();
        }
    }

    /// Ends the connection without another word.
    pub(crate) fn hang_up(&self) {
        self.hang_up.notify_one();
    }

    /// Returns when it is to be ended.
    pub(crate) async fn hung_up(&self) {
        self.hang_up.notified().await;
    }
}

/// A connection's bytes, with its GOAWAY written between two frames.
pub(crate) struct Stream<S> {
    inner: S,
    connection: Arc<Connection>,
    /// What is left to write of GOAWAY.
    waiting: Vec<u8>,
    /// The beginning of a frame's head.
    head: Vec<u8>,
    /// What is still to come of a frame's payload.
    payload: usize,
}

impl<S: AsyncWrite + Unpin> Stream<S> {
    pub(crate) fn new(inner: S, connection: Arc<Connection>) -> Self {
        Self { inner, connection, waiting: Vec::new(), head: Vec::new(), payload: 0 }
    }

    /// Notes what was written, to know where frames end.
    fn written(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let taken = self.payload.min(bytes.len());
                self.payload -= taken;
                bytes = &bytes[taken..];
                continue;
            }
            let taken = (FRAME_HEAD_BYTES - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.head.len() == FRAME_HEAD_BYTES {
                self.payload = self.head[..3].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                self.head.clear();
            }
        }
    }

    /// Writes GOAWAY where it waits and a frame has just ended.
    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waiting.is_empty() && self.payload == 0 && self.head.is_empty() {
            self.waiting = self.connection.state().frame.take().unwrap_or_default();
        }
        while !self.waiting.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.waiting.drain(..written);
            if self.waiting.is_empty() {
                // TLS keeps it back otherwise.
                let _later = Pin::new(&mut self.inner).poll_flush(context)?;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.connection.reader.register(context.waker());
        if let Poll::Ready(Err(error)) = this.poll_waiting(context) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut this.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_waiting(context))?;
        let written = ready!(Pin::new(&mut this.inner).poll_write(context, bytes))?;
        this.written(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_waiting(context))?;
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}
