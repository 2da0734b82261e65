//! A stream between the driver and the wire, which puts the code of each of the server's errors in front of its message.
//!
//! diesel-async keeps the message of an error, in the server's language, and drops the code. Behind this stream each message
//! begins with `[53100] `, in any language, and [`sqlstate`](crate::sqlstate) reads it there. All frames but errors pass as they
//! are, in the buffer that they were read into: a frame costs a look at its first five bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

/// What a message is given where the server named no code: not a code, and so known to nobody.
pub(crate) const NO_CODE: &[u8; 5] = b"-----";
/// The most bytes of an error that are held back until it is whole. A longer one passes as it is, without its code.
const ERROR_MAX: usize = 1 << 20;
/// Type and length.
const HEADER: usize = 5;
/// The type of an error: `ErrorResponse`.
const ERROR: u8 = b'E';
/// What is kept of a buffer between two errors.
const KEPT_MAX: usize = 4096;

/// A connection from the first of the server's frames on: what is agreed on before (whether there is TLS) is done already.
#[derive(Debug)]
pub(crate) struct Coded<S> {
    inner: S,
    frames: Frames,
}

impl<S> Coded<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, frames: Frames::default() }
    }
}

/// Where in the server's frames the connection is.
#[derive(Debug, Default)]
struct Frames {
    /// Bytes of the frame under way that pass as they come.
    passing: usize,
    /// The beginning of a frame that passes, as far as it came.
    header: [u8; HEADER],
    header_len: usize,
    /// The beginning of an error, as far as it came.
    held: Vec<u8>,
    /// What goes to the driver before anything else, and how much of it went already.
    ready: Vec<u8>,
    given: usize,
}

impl Frames {
    /// How many of the bytes pass as they are: all of them, or those in front of an error.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            if self.passing > 0 {
                let passing = self.passing.min(bytes.len() - at);
                self.passing -= passing;
                at += passing;
            } else if self.header_len == 0 && bytes[at] == ERROR {
                return at;
            } else {
                let taken = (HEADER - self.header_len).min(bytes.len() - at);
                self.header[self.header_len..self.header_len + taken].copy_from_slice(&bytes[at..at + taken]);
                self.header_len += taken;
                at += taken;
                if self.header_len == HEADER {
                    self.header_len = 0;
                    self.passing = frame_len(self.header) - HEADER;
                }
            }
        }
        at
    }

    /// Takes bytes from the beginning of an error on: what is whole of them becomes ready.
    fn hold(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            if self.held.is_empty() {
                let passing = self.pass(&bytes[at..]);
                self.ready.extend_from_slice(&bytes[at..at + passing]);
                at += passing;
                if at == bytes.len() {
                    return;
                }
            }
            let wanted = self.held.first_chunk().map_or(HEADER, |header| frame_len(*header));
            let taken = (wanted - self.held.len()).min(bytes.len() - at);
            self.held.extend_from_slice(&bytes[at..at + taken]);
            at += taken;
            let Some(len) = self.held.first_chunk().map(|header| frame_len(*header)) else { continue };
            if len > ERROR_MAX {
                self.passing = len - self.held.len();
                self.ready.append(&mut self.held);
            } else if self.held.len() == len {
                coded(&self.held, &mut self.ready);
                self.held.clear();
                self.held.shrink_to(KEPT_MAX);
            }
        }
    }

    /// Gives what is ready, as far as there is room.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let left = &self.ready[self.given..];
        let given = left.len().min(buffer.remaining());
        buffer.put_slice(&left[..given]);
        self.given += given;
        if self.given == self.ready.len() {
            self.ready.clear();
            self.ready.shrink_to(KEPT_MAX);
            self.given = 0;
        }
    }
}

/// The length of a frame by its header. One that says less than its header's own length is passed to the driver, which refuses
/// it.
fn frame_len(header: [u8; HEADER]) -> usize {
    let [_, length @ ..] = header;
    // The type does not count.
    HEADER.max(1 + u32::from_be_bytes(length) as usize)
}

/// Adds an error to `out`, its code in front of its message. One that is not made of fields is added as it is.
fn coded(error: &[u8], out: &mut Vec<u8>) {
    let (mut code, mut message) = (None, None);
    let mut at = HEADER;
    while let Some(&field) = error.get(at).filter(|&&field| field != 0) {
        let value = at + 1;
        let Some(len) = error[value..].iter().position(|&byte| byte == 0) else { break };
        match field {
            b'C' => code = code.or_else(|| a_code(&error[value..value + len])),
            b'M' => message = message.or(Some(value)),
            _ => {}
        }
        at = value + len + 1;
    }
    let Some(message) = message else { return out.extend_from_slice(error) };
    let code = code.unwrap_or(NO_CODE);
    // As long as the code, brackets and space. It is at most `ERROR_MAX` and these.
    let len = (error.len() - 1 + code.len() + 3) as u32;
    out.push(ERROR);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&error[HEADER..message]);
    out.push(b'[');
    out.extend_from_slice(code);
    out.extend_from_slice(b"] ");
    out.extend_from_slice(&error[message..]);
}

/// Five letters and digits.
fn a_code(value: &[u8]) -> Option<&[u8; 5]> {
    let code: &[u8; 5] = value.try_into().ok()?;
    code.iter().all(u8::is_ascii_alphanumeric).then_some(code)
}

impl<S: AsyncRead + Unpin> AsyncRead for Coded<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { inner, frames } = self.get_mut();
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if !frames.ready.is_empty() {
                frames.give(buffer);
                return Poll::Ready(Ok(()));
            }
            let begin = buffer.filled().len();
            ready!(Pin::new(&mut *inner).poll_read(context, buffer))?;
            let read = &buffer.filled()[begin..];
            if read.is_empty() {
                if frames.held.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                // It ends within an error: what came of it is the driver's.
                frames.ready.append(&mut frames.held);
                continue;
            }
            let passed = if frames.held.is_empty() { frames.pass(read) } else { 0 };
            if passed < read.len() {
                frames.hold(&read[passed..]);
                buffer.set_filled(begin + passed);
            }
            if passed > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Coded<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Coded<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

#[cfg(test)]
mod tests;
