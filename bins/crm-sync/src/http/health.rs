//! `/healthz`: the process lives. `/readyz`: its database can be reached and its schema is current.

use super::Served;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use tracing::warn;

pub(super) fn routes() -> Router<Served> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(served): State<Served>) -> impl IntoResponse {
    match served.engine.store().ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            warn!(error = sync_engine::chain(&error), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: the database cannot be used, see the log\n")
        }
    }
}
