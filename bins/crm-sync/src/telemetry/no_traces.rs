//! Stands for `traces` in a build without the feature `otel`.

use crate::config::Traces as Settings;
use anyhow::{Result, bail};
use axum::http::HeaderMap;
use tracing::Span;
use tracing_subscriber::layer::{Identity, Layer};

/// Nothing that would have to be ended.
pub(crate) struct Traces;

impl Traces {
    /// Nothing is left to be exported.
    #[expect(clippy::unused_async, reason = "as where there are traces")]
    pub(crate) async fn end(self) {}
}

/// Refuses to trace.
pub(crate) fn begin<S: tracing::Subscriber>(settings: Option<&Settings>) -> Result<(Traces, impl Layer<S>)> {
    if settings.is_some() {
        bail!(
            "--otlp-endpoint: this crm-sync was built without traces; leave the option out, or build it with the feature \
             `otel`"
        );
    }
    Ok((Traces, Identity::new()))
}

/// Nothing is sent on.
pub(crate) const HEADERS: Option<dispatch_http::TraceHeaders> = None;

/// The span of a call of the API.
pub(crate) fn of_call(_: &HeaderMap, _: &'static str) -> Span {
    Span::none()
}
