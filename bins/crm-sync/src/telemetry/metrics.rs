//! Metrics: the recorder behind the facade, in Prometheus' text format. What they mean is said in `sync_engine::metrics`
//! and, for those of the API, here.

use anyhow::{Context, Result};
use metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::time::Duration;
use sync_engine::metrics::{BATCH_BUCKETS, DURATION_BUCKETS, LAG_BUCKETS};

/// Samples of histograms are folded this often: they must not pile up where nobody asks.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

const API_SECONDS: &str = "crm_sync_api_request_duration_seconds";
const WEBSOCKETS: &str = "crm_sync_api_websockets";
const BUILD: &str = "crm_sync_build_info";

/// Installs the recorder of this process (once; a second call gives the first one's). To be called before the engine is
/// built, and within a tokio runtime.
pub(crate) fn install() -> Result<PrometheusHandle> {
    static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = INSTALLED.get() {
        return Ok(handle.clone());
    }
    let suffix = |end: &str| Matcher::Suffix(end.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(suffix("_duration_seconds"), &DURATION_BUCKETS)
        .and_then(|builder| builder.set_buckets_for_metric(suffix("_wait_seconds"), &DURATION_BUCKETS))
        .and_then(|builder| builder.set_buckets_for_metric(suffix("_lag_seconds"), &LAG_BUCKETS))
        .and_then(|builder| builder.set_buckets_for_metric(suffix("_batch_size"), &BATCH_BUCKETS))
        .and_then(PrometheusBuilder::install_recorder)
        .context("cannot set up metrics")?;
    describe_histogram!(API_SECONDS, Unit::Seconds, "Requests to the API over HTTP, by type of operation and outcome");
    describe_gauge!(WEBSOCKETS, Unit::Count, "WebSocket connections to the API that are open");
    describe_gauge!(BUILD, Unit::Count, "Always 1; the label says which version runs");
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    gauge!(WEBSOCKETS).set(0.0);
    let upkept = handle.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP_EVERY);
        loop {
            ticks.tick().await;
            upkept.run_upkeep();
        }
    });
    Ok(INSTALLED.get_or_init(|| handle).clone())
}

/// What became of a request to the API.
#[derive(Clone, Copy)]
pub(crate) enum Answered {
    /// Answered without an error.
    Ok,
    /// Answered with errors, or refused.
    Error,
}

/// A request to the API was answered. `kind` is the type of its operation; `unknown` where it has none.
pub(crate) fn api_answered(kind: &'static str, answered: Answered, took: Duration) {
    let outcome = match answered {
        Answered::Ok => "ok",
        Answered::Error => "error",
    };
    histogram!(API_SECONDS, "type" => kind, "outcome" => outcome).record(took);
}

/// An open WebSocket connection: counted until it is dropped.
pub(crate) struct OpenWebSocket;

impl OpenWebSocket {
    /// One more.
    pub(crate) fn open() -> Self {
        gauge!(WEBSOCKETS).increment(1.0);
        Self
    }
}

impl Drop for OpenWebSocket {
    fn drop(&mut self) {
        gauge!(WEBSOCKETS).decrement(1.0);
    }
}
