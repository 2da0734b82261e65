//! A rendered request as hyper takes it.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HeaderName};
use http::{HeaderMap, HeaderValue, Request, Uri};
use http_body_util::Full;
use sync_core::outcome;
use sync_core::sync::Method;

/// What this dispatcher can decode.
const ENCODINGS: HeaderValue = HeaderValue::from_static("gzip, deflate, br");

/// Headers that say how the message is framed or what becomes of the connection (RFC 9110, section 7.6.1). They are the
/// client's to set: a rule's would make the message unreadable, or lead the server to read two out of one.
const FRAMING: [&str; 8] =
    ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/// Builds the request. `Err`, in words, only for what a checked rule cannot render.
pub(crate) fn build(request: &outcome::Request) -> Result<Request<Full<Bytes>>, String> {
    let body = request.body.clone();
    let mut outgoing = Request::new(Full::new(body.clone().unwrap_or_default()));
    *outgoing.method_mut() = method(request.method);
    *outgoing.uri_mut() = uri(&request.url)?;
    let headers = outgoing.headers_mut();
    for header in &request.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| format!("the header name {:?} cannot be sent", header.name))?;
        // The value may be a secret and is not shown.
        let mut value = HeaderValue::from_bytes(header.value.as_bytes())
            .map_err(|_| format!("the value of the header {} cannot be sent", header.name))?;
        value.set_sensitive(header.secret);
        if !FRAMING.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    headers.entry(ACCEPT_ENCODING).or_insert(ENCODINGS);
    // Said even where it is 0: several servers answer 411 to a POST without (RFC 9110, section 8.6).
    if let Some(length) = body.map(|body| body.len()).or(expects_content(request.method).then_some(0)) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(outgoing)
}

/// Adds what carries a trace on. A rule's own `traceparent` stays as it is.
pub(crate) fn carry_trace(headers: &mut HeaderMap, trace: Vec<(String, String)>) {
    if headers.contains_key("traceparent") {
        return;
    }
    for (name, value) in trace {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.entry(name).or_insert(value);
        }
    }
}

/// The URL without user info (credentials travel in headers) and without its fragment.
fn uri(url: &url::Url) -> Result<Uri, String> {
    let mut url = url.clone();
    url.set_fragment(None);
    let stripped = url.set_username("").and_then(|()| url.set_password(None));
    let uri = stripped.ok().and_then(|()| Uri::try_from(url.as_str()).ok());
    uri.filter(|uri| uri.authority().is_some()).ok_or_else(|| "the URL cannot be sent".to_owned())
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

/// Whether servers expect content with it, and so want to be told that there is none.
const fn expects_content(method: Method) -> bool {
    matches!(method, Method::Post | Method::Put | Method::Patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use sync_core::outcome::RequestHeader;
    use sync_core::sync::BodyFormat;

    fn request(method: Method, url: &str, headers: &[(&str, &str)], body: Option<&'static str>) -> outcome::Request {
        outcome::Request {
            method,
            url: url.parse().unwrap(),
            headers: headers
                .iter()
                .map(|(name, value)| RequestHeader { name: (*name).into(), value: (*value).into(), secret: true })
                .collect(),
            body: body.map(Bytes::from),
            format: BodyFormat::Json,
            ssl_verification: true,
            timeout: Duration::from_secs(1),
        }
    }

    fn length(method: Method, body: Option<&'static str>) -> Option<String> {
        let built = build(&request(method, "http://crm.example/", &[], body)).unwrap();
        built.headers().get(CONTENT_LENGTH).map(|length| length.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_length_is_said_wherever_content_is_sent_or_expected() {
        assert_eq!(length(Method::Post, Some("{}")).as_deref(), Some("2"));
        assert_eq!(length(Method::Post, None).as_deref(), Some("0"));
        assert_eq!(length(Method::Patch, Some("")).as_deref(), Some("0"));
        assert_eq!(length(Method::Delete, Some("{}")).as_deref(), Some("2"));
        assert_eq!(length(Method::Delete, None), None);
        assert_eq!(length(Method::Get, None), None);
    }

    #[test]
    fn headers_go_out_in_order_but_framing_stays_ours() {
        let headers = [
            ("X-B", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Content-Length", "999"),
            ("x-b", "Zo\u{eb}"),
            ("Connection", "close"),
        ];
        let built = build(&request(Method::Put, "http://crm.example/a?b=c", &headers, Some("{}"))).unwrap();
        let values: Vec<_> = built.headers().get_all("x-b").iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(values, ["1".as_bytes(), "Zo\u{eb}".as_bytes()]);
        assert_eq!(built.headers()[CONTENT_LENGTH], "2");
        assert_eq!(built.headers()[ACCEPT_ENCODING], "gzip, deflate, br");
        assert!(built.headers().get("transfer-encoding").is_none() && built.headers().get("connection").is_none());
    }

    #[test]
    fn user_info_and_fragment_stay_here() {
        let built = build(&request(Method::Get, "https://u:p@crm.example/a%20b?q=%7B{|}#top", &[], None)).unwrap();
        assert_eq!(built.uri().to_string(), "https://crm.example/a%20b?q=%7B{|}");
    }

    #[test]
    fn a_trace_is_carried_on_but_never_over_a_rules_own() {
        let trace =
            || vec![("traceparent".to_owned(), "00-1-2-01".to_owned()), ("tracestate".to_owned(), "a=b".into())];
        let mut bare = build(&request(Method::Get, "http://crm.example/", &[], None)).unwrap();
        carry_trace(bare.headers_mut(), trace());
        assert_eq!(
            (&bare.headers()["traceparent"], &bare.headers()["tracestate"]),
            (&"00-1-2-01".parse().unwrap(), &"a=b".parse().unwrap())
        );
        let own = [("Traceparent", "mine")];
        let mut own = build(&request(Method::Get, "http://crm.example/", &own, None)).unwrap();
        carry_trace(own.headers_mut(), trace());
        assert_eq!(own.headers()["traceparent"], "mine");
        assert!(own.headers().get("tracestate").is_none());
    }

    #[test]
    fn what_cannot_be_sent_is_named_without_its_value() {
        let fault = build(&request(Method::Get, "http://crm.example/", &[("X-Key", "s3cret\n")], None)).unwrap_err();
        assert_eq!(fault, "the value of the header X-Key cannot be sent");
        let fault = build(&request(Method::Get, "http://crm.example/", &[("X Key", "1")], None)).unwrap_err();
        assert_eq!(fault, "the header name \"X Key\" cannot be sent");
    }
}
