//! The web console: its files under `/assets/`, and its page at every address that a browser navigates to.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use console::{Asset, Encoding};

/// Nothing from elsewhere, nothing inline, in nobody's frame. `'self'` in `connect-src` is the WebSocket too.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// What every answer to a browser says.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
];

/// Whatever no other route answers.
pub(super) async fn handle(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let wanted = Wanted::of(uri.path(), &headers);
    // Reads from disk in debug builds, and compresses what is asked for the first time.
    let found = tokio::task::spawn_blocking(move || match wanted {
        Wanted::Nothing => nothing(),
        _ if method != Method::GET && method != Method::HEAD => {
            (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response()
        }
        Wanted::File(path) => console::asset(&path).map_or_else(nothing, |file| of_asset(&file, &headers)),
        Wanted::Page => console::index().map_or_else(nothing, |page| of_asset(&page, &headers)),
    });
    secured(found.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
}

/// Adds what every answer to a browser says.
pub(super) fn secured(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What a path means.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    File(String),
    /// The page finds out itself what its address means.
    Page,
    Nothing,
}

impl Wanted {
    fn of(path: &str, headers: &HeaderMap) -> Self {
        if let Some(file) = path.strip_prefix("/assets/") {
            return Self::File(file.to_owned());
        }
        // Browsers that navigate say that they take a page; whoever looks for a picture, a feed or metrics does not, and is
        // not to be told that there is one.
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
        if path == "/" || accept.contains("text/html") { Self::Page } else { Self::Nothing }
    }
}

fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing here; the API is at /graphql\n").into_response()
}

fn of_asset(asset: &Asset, headers: &HeaderMap) -> Response {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (encoding, bytes) = asset.coded(Encoding::accepted(text(header::ACCEPT_ENCODING)));
    let etag = match encoding.name() {
        Some(name) => format!("\"{}-{name}\"", asset.etag),
        None => format!("\"{}\"", asset.etag),
    };
    let is_known = text(header::IF_NONE_MATCH).is_some_and(|known| is_among(&asset.etag, known));
    let mut response = Response::builder()
        .status(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK })
        .header(header::ETAG, etag)
        // Kept, and asked for each time: an old module beside a new one would be a console that never was.
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::VARY, "accept-encoding");
    if is_known {
        return response.body(Body::empty()).unwrap_or_default();
    }
    if let Some(name) = encoding.name() {
        response = response.header(header::CONTENT_ENCODING, name);
    }
    response.header(header::CONTENT_TYPE, &asset.content_type).body(Body::from(bytes)).unwrap_or_default()
}

/// Whether an `If-None-Match` (RFC 9110, 13.1.2) names this content, in whichever coding.
fn is_among(etag: &str, known: &str) -> bool {
    known.split(',').map(str::trim).any(|known| {
        let opaque = known.trim_start_matches("W/").trim_matches('"');
        known == "*" || opaque.split('-').next() == Some(etag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_for_whoever_navigates() {
        let accepting =
            |accept: &'static str| HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
        let browser = accepting("text/html,application/xhtml+xml,*/*;q=0.8");
        for (path, headers, expected) in [
            ("/", HeaderMap::new(), Wanted::Page),
            ("/syncs/1/create", browser.clone(), Wanted::Page),
            ("/people/a.b%2Fc", browser.clone(), Wanted::Page),
            ("/syncs/1/create", accepting("*/*"), Wanted::Nothing),
            ("/metrics", accepting("application/openmetrics-text;version=1.0.0,*/*;q=0.1"), Wanted::Nothing),
            ("/favicon.ico", accepting("image/avif,image/webp,*/*;q=0.8"), Wanted::Nothing),
            ("/assets/app/main.js", browser, Wanted::File("app/main.js".to_owned())),
        ] {
            assert_eq!(Wanted::of(path, &headers), expected, "{path}");
        }
    }

    #[test]
    fn what_is_known_is_known_in_every_coding() {
        for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc-br\"", "*"] {
            assert!(is_among("abc", known), "{known}");
        }
        for other in ["", "\"abd\"", "\"x-abc\""] {
            assert!(!is_among("abc", other), "{other}");
        }
    }
}
