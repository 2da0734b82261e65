//! How long an answer asks to wait: `Retry-After` (RFC 9110, section 10.2.3), `RateLimit` and `RateLimit-Reset` (the IETF's
//! drafts), and the `X-RateLimit-Reset` that many systems send, each in a form of its own.

use crate::outcome::Answer;
use crate::retry_after::{self, RETRY_AFTER_MAX};
use crate::time::Timestamp;
use std::time::{Duration, UNIX_EPOCH};

/// The shortest wait that is believed.
const WAIT_MIN: Duration = Duration::from_secs(1);

/// A named wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// For how long: 1 s to [`RETRY_AFTER_MAX`].
    pub wait: Duration,
    /// Whether `Retry-After` said so. What other headers say is a guess, so that a long wait is tried in between.
    pub certain: bool,
}

/// The wait that an answer names; `None` where it names none. Dates and epochs are compared with the answer's own `Date`,
/// and with `now` where it has none.
pub fn read(answer: &Answer, now: Timestamp) -> Option<Wait> {
    let now = answer.header("date").and_then(date).unwrap_or(now);
    let bounded = |wait: Duration, certain| Wait { wait: wait.clamp(WAIT_MIN, RETRY_AFTER_MAX), certain };
    if let Some(wait) = answer.header("retry-after").and_then(|value| retry_after::parse(value, now)) {
        return Some(bounded(wait, true));
    }
    let listed = answer.header("ratelimit").and_then(reset_of);
    let seconds = listed.or_else(|| answer.header("ratelimit-reset").and_then(number)).map(Duration::from_secs_f64);
    let guess = || RESET_HEADERS.iter().find_map(|name| answer.header(name)).and_then(|value| reset(value, now));
    seconds.or_else(guess).map(|wait| bounded(wait, false))
}

/// What systems call the time at which their limit begins anew.
const RESET_HEADERS: [&str; 6] = [
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "x-ratelimit-reset-after",
    "x-ratelimit-reset-ms",
    "x-rate-limit-reset-ms",
    "x-retry-after",
];

/// Epochs begin here, in seconds: smaller numbers are waits. 2001-09-09.
const EPOCH_SECONDS_MIN: f64 = 1e9;
/// And in milliseconds from here.
const EPOCH_MILLISECONDS_MIN: f64 = 1e12;
/// A wait of more seconds than this is taken for milliseconds.
const SECONDS_MAX: f64 = 3600.0;

/// A reset: small numbers are seconds, and milliseconds where seconds would exceed an hour; large ones are an epoch in
/// seconds or milliseconds; or a date.
fn reset(value: &str, now: Timestamp) -> Option<Duration> {
    let Some(number) = number(value) else { return date(value).map(|at| at.since(now)) };
    let at = |micros: f64| Timestamp::from_micros(micros as i64).since(now);
    Some(if number >= EPOCH_MILLISECONDS_MIN {
        at(number * 1e3)
    } else if number >= EPOCH_SECONDS_MIN {
        at(number * 1e6)
    } else if number > SECONDS_MAX {
        Duration::from_secs_f64(number / 1e3)
    } else {
        Duration::from_secs_f64(number)
    })
}

/// `RateLimit: "default";r=0;t=30`, or in an earlier draft `limit=100, remaining=0, reset=30`.
fn reset_of(value: &str) -> Option<f64> {
    let members = value.split([';', ',']);
    members.filter_map(|member| member.trim().split_once('=')).find_map(|(name, value)| {
        let is_reset = name.eq_ignore_ascii_case("t") || name.eq_ignore_ascii_case("reset");
        number(value).filter(|_| is_reset)
    })
}

fn number(value: &str) -> Option<f64> {
    let value = value.trim();
    let digits = value.starts_with(|first: char| first.is_ascii_digit());
    value.parse::<f64>().ok().filter(|number| digits && number.is_finite()).map(|number| number.min(1e15))
}

fn date(value: &str) -> Option<Timestamp> {
    if let Ok(at) = httpdate::parse_http_date(value.trim()) {
        let micros = at.duration_since(UNIX_EPOCH).ok()?.as_micros();
        return Some(Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)));
    }
    Timestamp::parse(value.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::BodyRead;

    fn answer(headers: &[(&str, &str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status: 429, headers, body: bytes::Bytes::new(), body_read: BodyRead::Whole }
    }

    #[test]
    fn waits_are_read_from_whatever_names_them() {
        let now = Timestamp::parse("2026-11-24T06:00:00Z").unwrap();
        let date = ("date", "Tue, 24 Nov 2026 06:10:00 GMT");
        for (headers, seconds, certain) in [
            (&[("retry-after", "30")][..], 30, true),
            (&[("retry-after", "0")], 1, true),
            (&[("retry-after", "Tue, 24 Nov 2026 06:11:00 GMT"), date], 60, true),
            (&[("retry-after", "999999")], 86_400, true),
            (&[("retry-after", "soon"), ("ratelimit-reset", "7")], 7, false),
            (&[("ratelimit", "\"default\";r=0;t=12")], 12, false),
            (&[("ratelimit", "limit=100, remaining=0, reset=9")], 9, false),
            (&[("x-ratelimit-reset", "42")], 42, false),
            // More than an hour of seconds: milliseconds.
            (&[("x-ratelimit-reset", "10000")], 10, false),
            (&[("x-ratelimit-reset", "1795500900"), date], 300, false),
            (&[("x-ratelimit-reset", "1795500900000"), date], 300, false),
            (&[("x-rate-limit-reset", "2026-11-24T06:00:20Z")], 20, false),
        ] {
            let wait = read(&answer(headers), now).unwrap_or_else(|| panic!("{headers:?}"));
            assert_eq!((wait.wait.as_secs(), wait.certain), (seconds, certain), "{headers:?}");
        }
        for headers in [&[][..], &[("retry-after", "")], &[("x-ratelimit-reset", "-5")], &[("ratelimit", "r=3")]] {
            assert_eq!(read(&answer(headers), now), None, "{headers:?}");
        }
    }
}
