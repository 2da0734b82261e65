//! An answer before it becomes bytes, and how faults distort it.

use crate::fault::Distortion;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{Either, Full, StreamBody};
use hyper::body::Frame;
use serde::Serialize;
use serde_json::json;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How long a `huge` body is.
pub(crate) const HUGE_BYTES: usize = 64 * 1024 * 1024;
const HUGE_CHUNK_BYTES: usize = 64 * 1024;

type Frames = Pin<Box<dyn stream::Stream<Item = io::Result<Frame<Bytes>>> + Send>>;
/// What goes out: all at once, or piece by piece where a fault wants it so.
pub(crate) type Body = Either<Full<Bytes>, StreamBody<Frames>>;

/// A status, headers and a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// `None`: no body.
    pub(crate) body: Option<Bytes>,
}

impl Answer {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self { status, headers: Vec::new(), body: Some(body.into()) },
            Err(_) => Self::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// A refusal with its reason.
    pub(crate) fn error(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "error": message }))
    }

    /// A web page where data was asked for: a login, a maintenance.
    pub(crate) fn page() -> Self {
        let body =
            "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body>We are back soon.</body></html>\n";
        let page = Self { body: Some(Bytes::from_static(body.as_bytes())), ..Self::empty(StatusCode::OK) };
        page.with(CONTENT_TYPE, "text/html; charset=utf-8")
    }

    /// 200 with an error in its body.
    pub(crate) fn error_inside() -> Self {
        Self::json(StatusCode::OK, &json!({ "errors": [{ "message": "something went wrong" }] }))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn into_response(self, distortion: Option<Distortion>) -> Response<Body> {
        let Self { status, headers, body } = self;
        let mut response = Response::new(Either::Left(Full::default()));
        *response.status_mut() = status;
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        if (body.is_some() || distortion.is_some()) && !response.headers().contains_key(CONTENT_TYPE) {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let Some(distortion) = distortion else {
            *response.body_mut() = Either::Left(Full::new(body.unwrap_or_default()));
            return response;
        };
        if status == StatusCode::NO_CONTENT {
            *response.status_mut() = StatusCode::OK;
        }
        let body = body.unwrap_or_else(|| Bytes::from_static(b"{\"done\":true}"));
        match distortion {
            Distortion::Malformed => {
                let end = body.len().saturating_sub(1);
                *response.body_mut() = Either::Left(Full::new(body.slice(..end)));
            }
            Distortion::Cut => {
                response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
                let half = body.len() / 2;
                *response.body_mut() = Either::Right(StreamBody::new(Box::pin(CutStream::of(body.slice(..half)))));
            }
            Distortion::Huge => *response.body_mut() = Either::Right(StreamBody::new(huge(&body))),
        }
        response
    }
}

/// The same JSON object with one field more, 64 MiB long.
fn huge(body: &Bytes) -> Frames {
    let open = body.strip_suffix(b"}").unwrap_or(b"{\"body\":null");
    let open = Bytes::from([open, b",\"filler\":\""].concat());
    let chunk = Bytes::from(vec![b'x'; HUGE_CHUNK_BYTES]);
    let filler = std::iter::repeat_n(chunk, HUGE_BYTES / HUGE_CHUNK_BYTES);
    let pieces = std::iter::once(open).chain(filler).chain([Bytes::from_static(b"\"}")]);
    Box::pin(stream::iter(pieces.map(|piece| Ok(Frame::data(piece)))))
}

/// A piece of a body, then the end of the connection.
enum CutStream {
    Piece(Bytes),
    Flush,
    End,
}

impl CutStream {
    fn of(piece: Bytes) -> Self {
        Self::Piece(piece)
    }
}

impl stream::Stream for CutStream {
    type Item = io::Result<Frame<Bytes>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match std::mem::replace(&mut *self, Self::End) {
            Self::Piece(piece) => {
                *self = Self::Flush;
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            // hyper writes out what it has when a body has nothing more to give for now, and drops it on an error.
            Self::Flush => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::End => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
        }
    }
}
