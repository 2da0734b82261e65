//! `Retry-After` (RFC 9110, section 10.2.3): seconds or an HTTP date.

use crate::time::Timestamp;
use std::time::{Duration, UNIX_EPOCH};

/// The longest hold that a `Retry-After` can ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);

/// How long a `Retry-After` value asks to wait, capped at [`RETRY_AFTER_MAX`]; a date in the past asks for nothing.
/// `None` where it is neither seconds nor a date.
pub fn parse(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds are still "a long time".
        let seconds = value.parse::<u64>().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds.min(RETRY_AFTER_MAX.as_secs())));
    }
    // Some servers send fractions, which the RFC does not know.
    if let Ok(seconds) = value.parse::<f64>()
        && seconds.is_finite()
        && seconds >= 0.0
    {
        return Some(Duration::from_secs_f64(seconds.min(RETRY_AFTER_MAX.as_secs_f64())));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let micros = at.duration_since(UNIX_EPOCH).ok()?.as_micros();
    let at = Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
    Some(at.since(now).min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_capped() {
        let now = Timestamp::parse("2026-11-24T06:00:00Z").unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("1.5", Some(1)),
            ("99999999999999999999999", Some(86_400)),
            ("Tue, 24 Nov 2026 06:01:00 GMT", Some(60)),
            ("Tue, 24 Nov 2026 05:00:00 GMT", Some(0)),
            ("Fri, 24 Nov 2028 05:00:00 GMT", Some(86_400)),
            ("-3", None),
            ("soon", None),
            ("", None),
            ("NaN", None),
            ("inf", None),
        ] {
            assert_eq!(parse(value, now).map(|d| d.as_secs()), seconds, "{value:?}");
        }
    }
}
