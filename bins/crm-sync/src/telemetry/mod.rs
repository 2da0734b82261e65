//! What operators see of the server: structured logs on standard error, metrics, traces.

pub(crate) mod metrics;
#[cfg(feature = "otel")]
pub(crate) mod traces;
#[cfg(not(feature = "otel"))]
#[path = "no_traces.rs"]
pub(crate) mod traces;

use crate::config::{Config, LogFormat};
use anyhow::Result;
use std::io::IsTerminal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, registry};

/// Begins to log, and to trace where the configuration says so. Levels by `RUST_LOG`; left out: `default`. Never logged:
/// bodies, header values, people's fields, query strings.
pub(crate) fn init(config: &Config, default: &str) -> Result<traces::Traces> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = fmt::layer().with_writer(std::io::stderr).with_ansi(has_colours());
    let logs: Box<dyn Layer<Registry> + Send + Sync> = match config.log_format {
        LogFormat::Text => logs.with_filter(filter).boxed(),
        LogFormat::Json => logs.json().with_filter(filter).boxed(),
    };
    let (traces, layer) = traces::begin(config.traces.as_ref())?;
    // A second call finds the first one's subscriber: nothing to be done.
    let _already = registry().with(logs).with(layer).try_init();
    Ok(traces)
}

/// In a file the codes of colours hide what is looked for. On a terminal `NO_COLOR` turns them off (no-color.org).
fn has_colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
