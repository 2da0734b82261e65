//! What the server answers over HTTP: the API, the console and the health checks.

mod console;
mod credential;
mod graphql;
mod health;
mod home;
mod metrics;
mod session;
mod websocket;

pub(crate) use home::Home;
pub(crate) use metrics::metrics_router;

use api_graphql::Schema;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, header};
use axum::routing::{any, get};
use secrecy::SecretString;
use sync_engine::Engine;
use tokio::sync::watch;

/// The most bytes of a request's body: 1000 people.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Served {
    pub(crate) engine: Engine,
    pub(crate) schema: Schema,
    /// Where browsers find the console; `None`: it is off.
    pub(crate) console: Option<Home>,
    /// Turns true when open WebSockets are to be closed.
    pub(crate) closing: watch::Receiver<bool>,
}

/// The API, the console if it is on, and the health checks.
pub(crate) fn router(served: Served) -> Router {
    let mut routes = Router::new()
        .route("/graphql", any(graphql::handle))
        .route("/graphql/ws", get(websocket::handle))
        .merge(health::routes());
    if served.console.is_some() {
        routes = routes.route("/session", any(session::handle)).fallback(console::handle);
    }
    routes.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(served)
}

/// The health checks alone, for nodes that only send.
pub(crate) fn health_router(served: Served) -> Router {
    health::routes().with_state(served)
}

/// Whether a body is JSON in UTF-8, as its `Content-Type` says. A form of another site cannot say so.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .all(|(_, charset)| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    is_json && is_utf8
}

/// The key of an `Authorization: Bearer` header (RFC 6750).
fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    bearer_of(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// The key of a `Bearer` credential.
fn bearer_of(value: &str) -> Option<SecretString> {
    let (scheme, key) = value.trim().split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then(|| key.to_owned().into())
}
