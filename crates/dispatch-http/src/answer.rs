//! Reads an answer: its head as text, its body up to a cap and no longer than the deadline.

use crate::decode::decode;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, HeaderMap};
use http::{HeaderValue, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::error::Error;
use std::io;
use sync_core::outcome::{Answer, BodyRead};
use sync_core::text::lossy;
use tokio::time::{Instant, timeout_at};

/// Reads what is left of `response` until `deadline`. Neither what is read nor what it decodes to exceeds `bytes_max`.
pub(crate) async fn read(response: Response<Incoming>, deadline: Instant, bytes_max: usize) -> Answer {
    let (head, body) = response.into_parts();
    let (wire, wire_read) = read_body(body, deadline, bytes_max).await;
    let encodings = head.headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let encodings: Vec<&str> = encodings.flat_map(|list| list.split(',')).collect();
    let (body, decoded) = decode(encodings.into_iter(), wire, bytes_max);
    let body_read = match decoded {
        // Why the start of a stream does not decode to an end is told by what ended it.
        BodyRead::Whole | BodyRead::Cut if wire_read != BodyRead::Whole => wire_read,
        decoded => decoded,
    };
    Answer { status: head.status.as_u16(), headers: headers(&head.headers), body, body_read }
}

/// hyper gives names in lower case, and has bounded how many there are and how long they are together.
fn headers(map: &HeaderMap<HeaderValue>) -> Vec<(String, String)> {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), lossy(value.as_bytes()))).collect()
}

async fn read_body(mut body: Incoming, deadline: Instant, bytes_max: usize) -> (Bytes, BodyRead) {
    let mut wire = BytesMut::new();
    let read = loop {
        match timeout_at(deadline, body.frame()).await {
            Err(_) => break BodyRead::Late,
            Ok(None) => break BodyRead::Whole,
            Ok(Some(Err(fault))) => break if is_bad_framing(&fault) { BodyRead::Malformed } else { BodyRead::Cut },
            Ok(Some(Ok(frame))) => {
                // What is not data is trailers, of no use here.
                let Ok(data) = frame.into_data() else { continue };
                let room = bytes_max - wire.len();
                wire.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    break BodyRead::TooLarge;
                }
            }
        }
    };
    (wire.freeze(), read)
}

/// Whether a chunk's length or end was not as RFC 9112, section 7.1 has it, rather than missing.
fn is_bad_framing(fault: &hyper::Error) -> bool {
    let beneath = fault.source().and_then(|source| source.downcast_ref::<io::Error>());
    beneath.is_some_and(|io| io.kind() == io::ErrorKind::InvalidInput || io.kind() == io::ErrorKind::InvalidData)
}
