//! `/healthz`: the process lives, and its engine can go on. `/readyz`: it takes requests, its database can be reached and its
//! schema is current.

use super::Served;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use std::time::Duration;
use sync_engine::Standing;
use tracing::warn;

pub(super) fn routes() -> Router<Served> {
    Router::new().route("/healthz", get(healthy)).route("/readyz", get(ready))
}

async fn healthy(State(served): State<Served>) -> impl IntoResponse {
    match *served.engine.standing().borrow() {
        // Why is not for everybody.
        Standing::Failed(_) => (StatusCode::SERVICE_UNAVAILABLE, "failed: the engine cannot go on, see the log\n"),
        _ => (StatusCode::OK, "ok\n"),
    }
}

/// A database that has not answered by then cannot be worked with: whoever asks is told before giving up by himself.
const READY_WITHIN: Duration = Duration::from_secs(3);

async fn ready(State(served): State<Served>) -> impl IntoResponse {
    if *served.engine.standing().borrow() != Standing::Running {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready: the server begins, or stops\n");
    }
    match tokio::time::timeout(READY_WITHIN, served.engine.store().ready()).await {
        Ok(Ok(())) => return (StatusCode::OK, "ready\n"),
        Ok(Err(error)) => warn!(error = sync_engine::chain(&error), "not ready"),
        Err(_) => warn!("not ready: the database does not answer"),
    }
    (StatusCode::SERVICE_UNAVAILABLE, "not ready: the database cannot be used, see the log\n")
}
