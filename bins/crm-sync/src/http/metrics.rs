//! `/metrics`, on an address of its own: what it tells is the operator's, not the API clients'.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use metrics_process::Collector;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync_engine::Engine;
use tokio::sync::Mutex;

/// The store is asked what waits at most this often, whoever scrapes.
const MEASURE_EVERY: Duration = Duration::from_secs(2);
/// How long a scrape waits for the store: less than any scraper waits for the whole.
const STORE_WITHIN: Duration = Duration::from_secs(3);

struct Exporter {
    handle: PrometheusHandle,
    engine: Engine,
    process: Collector,
    measured_at: Mutex<Option<Instant>>,
}

/// `/metrics`, and nothing else.
pub(crate) fn metrics_router(handle: PrometheusHandle, engine: Engine) -> Router {
    let process = Collector::default();
    process.describe();
    let exporter = Exporter { handle, engine, process, measured_at: Mutex::new(None) };
    Router::new().route("/metrics", get(metrics)).with_state(Arc::new(exporter))
}

async fn metrics(State(exporter): State<Arc<Exporter>>) -> impl IntoResponse {
    {
        let mut measured_at = exporter.measured_at.lock().await;
        if measured_at.is_none_or(|at| at.elapsed() >= MEASURE_EVERY) {
            exporter.engine.measure(STORE_WITHIN).await;
            *measured_at = Some(Instant::now());
        }
    }
    exporter.process.collect();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exporter.handle.render())
}
