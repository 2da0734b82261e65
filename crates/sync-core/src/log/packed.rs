//! How a log entry's request and response are kept: packed as one value, two fifths of their text or less.
//!
//! The first byte says how the rest is to be read: 0 is JSON, 1 is LZ4 (block format, the size before it) over JSON with
//! the dictionary below. The JSON is a list of two: the request or null, the response or null.

use super::{LoggedRequest, LoggedResponse};

const PLAIN: u8 = 0;
const LZ4_WITH_DICTIONARY: u8 = 1;

/// The most bytes that a value unpacks to: two bodies and a few hundred headers, each byte escaped, fit many times over.
const UNPACKED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What requests and answers are made of most often. Values are packed against these very bytes: to change them, add a
/// kind and keep this one.
const DICTIONARY: &[u8] = br#"{"name":"retry-after","value":"x-ratelimit-remaining","etag":"W/ true,false,null,"transfer-encoding","value":"chunked"connection","value":"keep-alive"},{"name":"server","value":"nginx"cloudflare"vary","value":"accept-encoding"cache-control","value":"no-cache, no-store, max-age=0, private, must-revalidate"},{"name":"location","value":"https://x-request-id","value":"{\"errors\":[{\"message\":\"error\":\"detail\":\"status\":\"code\":\"data\":{\"attributes\":{\"contact\":{\"properties\":{\"user\":{\"person\":{\"first_name\":\"last_name\":\"firstname\":\"lastname\":\"name\":\"email\":\"emails\":[{\"value\":\"phone\":\"phones\":[\"external_id\":\"created_at\":\"updated_at\":\"2026-11-24T00:00:00Z\",\"@example.com\"}"[{"method":"DELETE","method":"PATCH","method":"PUT","method":"GET","url":"http://127.0.0.1:[{"method":"POST","url":"https://api./v1/v2/users/contacts/people","headers":[{"name":"accept","value":"application/json"},{"name":"user-agent","value":"crm-sync/0.1.0"},{"name":"authorization","value":"[redacted]"},{"name":"idempotency-key","value":"},{"name":"content-type","value":"application/json"}],"body":"{\"},"body":null,"body_truncated":false},null]{"status":404,"headers":[{"status":200,"headers":[{"status":201,"headers":[{"name":"content-type","value":"application/json; charset=utf-8"},{"name":"content-length","value":"},{"name":"date","value":"Mon, Tue, Wed, Thu, Fri, Sat, Sun, 00:00:00 GMT"}],"body":"{\"id\":\"\"}","body_truncated":false}]"#;

/// A kept value that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packed request and response cannot be read")]
pub struct Unreadable;

/// Packs what is kept; `None` where there is nothing.
pub fn pack(request: Option<&LoggedRequest>, response: Option<&LoggedResponse>) -> Option<Vec<u8>> {
    if request.is_none() && response.is_none() {
        return None;
    }
    // Plain structs of strings and numbers: writing them as JSON cannot fail.
    let json = serde_json::to_vec(&(request, response)).ok()?;
    let packed = lz4_flex::block::compress_prepend_size_with_dict(&json, DICTIONARY);
    let (kind, rest) = if packed.len() < json.len() { (LZ4_WITH_DICTIONARY, packed) } else { (PLAIN, json) };
    let mut value = Vec::with_capacity(rest.len() + 1);
    value.push(kind);
    value.extend(rest);
    Some(value)
}

/// Unpacks what [`pack`] made.
///
/// # Errors
/// [`Unreadable`] for anything else.
pub fn unpack(value: &[u8]) -> Result<(Option<LoggedRequest>, Option<LoggedResponse>), Unreadable> {
    let (kind, rest) = value.split_first().ok_or(Unreadable)?;
    match *kind {
        PLAIN => serde_json::from_slice(rest).map_err(|_| Unreadable),
        LZ4_WITH_DICTIONARY => {
            let (size, _) = rest.split_first_chunk().ok_or(Unreadable)?;
            // The size is allocated before anything is read.
            if usize::try_from(u32::from_le_bytes(*size)).is_ok_and(|size| size > UNPACKED_BYTES_MAX) {
                return Err(Unreadable);
            }
            let json =
                lz4_flex::block::decompress_size_prepended_with_dict(rest, DICTIONARY).map_err(|_| Unreadable)?;
            serde_json::from_slice(&json).map_err(|_| Unreadable)
        }
        _ => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LoggedHeader;
    use crate::sync::Method;
    use proptest::prelude::*;

    fn header(name: &str, value: &str) -> LoggedHeader {
        LoggedHeader { name: name.to_owned(), value: value.to_owned() }
    }

    fn request() -> LoggedRequest {
        LoggedRequest {
            method: Method::Post,
            url: "https://crm.example.test/api/contacts".to_owned(),
            headers: vec![
                header("content-type", "application/json"),
                header("accept", "application/json"),
                header("authorization", "[redacted]"),
                header("user-agent", "crm-sync/0.1.0"),
                header("idempotency-key", "0192f1c0-3b57-7cc1-8f5e-6a3f2f1f8f10"),
            ],
            body: Some(r#"{"external_id":"u-7","name":"Ada Lovelace","email":"ada@lovelace.test"}"#.to_owned()),
            body_truncated: false,
        }
    }

    fn response() -> LoggedResponse {
        LoggedResponse {
            status: 201,
            headers: vec![
                header("content-type", "application/json"),
                header("content-length", "15"),
                header("date", "Tue, 24 Nov 2026 11:07:40 GMT"),
            ],
            body: Some(r#"{"id":"c-10007"}"#.to_owned()),
            body_truncated: false,
        }
    }

    #[test]
    fn an_everyday_exchange_takes_two_fifths_of_its_text() {
        let (request, response) = (request(), response());
        let text = serde_json::to_vec(&(&request, &response)).unwrap().len();
        let packed = pack(Some(&request), Some(&response)).unwrap();
        assert!(packed.len() * 5 <= text * 2, "{} of {text} bytes", packed.len());
        assert_eq!(unpack(&packed), Ok((Some(request), Some(response))));
    }

    #[test]
    fn what_earlier_versions_kept_as_json_is_read() {
        let mut value = vec![PLAIN];
        value.extend(serde_json::to_vec(&(Some(request()), None::<LoggedResponse>)).unwrap());
        assert_eq!(unpack(&value), Ok((Some(request()), None)));
    }

    #[test]
    fn nothing_is_kept_of_nothing() {
        assert_eq!(pack(None, None), None);
    }

    #[test]
    fn a_size_that_no_exchange_has_is_refused_before_it_is_allocated() {
        let value = [&[LZ4_WITH_DICTIONARY][..], &u32::MAX.to_le_bytes(), b"x"].concat();
        assert_eq!(unpack(&value), Err(Unreadable));
    }

    proptest! {
        #[test]
        fn everything_comes_back(url in ".{0,60}", values in prop::collection::vec(".{0,40}", 0..8), body in prop::option::of("(?s).{0,3000}"), answered: bool) {
            let headers: Vec<_> = values.iter().map(|value| header("x-any", value)).collect();
            let request = LoggedRequest { url, headers: headers.clone(), body: body.clone(), ..request() };
            let response = answered.then(|| LoggedResponse { headers, body, ..response() });
            let packed = pack(Some(&request), response.as_ref()).unwrap();
            prop_assert_eq!(unpack(&packed), Ok((Some(request), response)));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), lz4: bool) {
            let mut bytes = bytes;
            if let Some(kind) = bytes.first_mut() {
                *kind = u8::from(lz4);
            }
            let _any = unpack(&bytes);
        }
    }
}
