//! Traces: the spans of `sync_engine::trace`, exported by OTLP over HTTP.

use crate::config::Traces as Settings;
use anyhow::{Context, Result};
use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData};
use opentelemetry_sdk::{Resource, trace};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tracing::{Span, debug_span, level_filters::LevelFilter, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// How long one export may take, and the last one at the end.
const EXPORT_WITHIN: Duration = Duration::from_secs(5);

/// Traces that are being exported.
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Exports what is left, for a few seconds at most.
    pub(crate) async fn end(self) {
        let Some(provider) = self.0 else { return };
        // It blocks its thread until the exporter, which runs here, is done.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(EXPORT_WITHIN)).await;
        if !matches!(ended, Ok(Ok(()))) {
            warn!("the last traces could not be exported");
        }
    }
}

/// Begins to export, where that is asked for. Must be called within a tokio runtime.
pub(crate) fn begin<S>(settings: Option<&Settings>) -> Result<(Traces, impl Layer<S>)>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let Some(settings) = settings else { return Ok((Traces(None), None)) };
    let provider = provider(settings)?;
    let tracer = provider.tracer("crm-sync");
    // Nothing but the spans of a change: other crates' spans and events may hold what must not leave.
    let only = Targets::new().with_target(sync_engine::trace::TARGET, LevelFilter::DEBUG);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(only);
    Ok((Traces(Some(provider)), Some(layer)))
}

fn provider(settings: &Settings) -> Result<SdkTracerProvider> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .context("--otlp-endpoint: TLS cannot be set up")?
        .https_or_http()
        .enable_http1()
        .build();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(HyperClient::new(connector, EXPORT_WITHIN, None))
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(EXPORT_WITHIN)
        .with_endpoint(settings.endpoint.as_str())
        .build()
        .context("--otlp-endpoint: cannot export there")?;
    let resource =
        Resource::builder().with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    // A name in the environment wins.
    let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => resource,
        None => resource.with_service_name("crm-sync"),
    };
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio)));
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(OnRuntime { exporter: Arc::new(exporter), runtime: Handle::current() })
        .with_sampler(sampler)
        .with_resource(resource.build())
        .build())
}

/// Exports on the server's runtime: the batches come from a thread that has none, and hyper needs one.
#[derive(Debug)]
struct OnRuntime {
    exporter: Arc<SpanExporter>,
    runtime: Handle,
}

impl trace::SpanExporter for OnRuntime {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (exporter, spans) = (self.exporter.clone(), batch.len());
        let exported = self.runtime.spawn(async move { exporter.export(batch).await }).await;
        let exported = exported.unwrap_or_else(|failed| Err(OTelSdkError::InternalFailure(failed.to_string())));
        if let Err(error) = &exported {
            warn!(spans, error = sync_engine::chain(error), "traces could not be exported, they are dropped");
        }
        exported
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

/// `traceparent` and `tracestate` (W3C Trace Context) of the present span, for requests to external systems.
pub(crate) const HEADERS: Option<dispatch_http::TraceHeaders> = Some(headers);

fn headers() -> Vec<(String, String)> {
    struct Headers(Vec<(String, String)>);
    impl Injector for Headers {
        fn set(&mut self, name: &str, value: String) {
            if !value.is_empty() {
                self.0.push((name.to_owned(), value));
            }
        }
    }
    let mut headers = Headers(Vec::new());
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut headers);
    headers.0
}

/// The span of a call of the API, which goes on with the caller's trace where it sent a `traceparent`.
pub(crate) fn of_call(headers: &HeaderMap, operation: &'static str) -> Span {
    struct Headers<'a>(&'a HeaderMap);
    impl Extractor for Headers<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.get(name)?.to_str().ok()
        }
        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(axum::http::HeaderName::as_str).collect()
        }
    }
    let span = debug_span!(
        target: sync_engine::trace::TARGET,
        "graphql",
        otel.name = format!("graphql {operation}"),
        otel.kind = "server",
        graphql.operation.type = operation,
        otel.status_code = tracing::field::Empty,
    );
    if !span.is_disabled() {
        // Where no layer exports, there is nothing to be continued.
        let _no_layer = span.set_parent(TraceContextPropagator::new().extract(&Headers(headers)));
    }
    span
}
