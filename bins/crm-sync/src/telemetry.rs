//! Structured logs, on standard error.

use crate::config::LogFormat;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Begins to log. Levels by `RUST_LOG`; left out: `info`. Never logged: bodies, header values, people's fields, query
/// strings.
pub(crate) fn init(format: LogFormat, default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call (tests, demo) finds the first one's logger: nothing to be done.
    let _already = match format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}
