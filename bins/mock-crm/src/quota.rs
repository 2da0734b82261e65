//! Limits on the number of requests. No clock: times are seconds since the store began.

use crate::answer::Answer;
use crate::fault::parse_span;
use http::StatusCode;
use http::header::{HeaderName, RETRY_AFTER};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(86_400);
/// Quotas that are counted at once; beyond them, counts begin anew.
const QUOTAS_MAX: usize = 1000;
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// So many requests in each span. Written `fixed:100:10s`, `sliding:100:10s`, `bucket:10:1s` or `daily:5000`, and with what a
/// refusal says at its end: `sliding:100:10s:retry-after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// How they are counted.
    pub window: Window,
    /// How many.
    pub count: u32,
    /// In how long.
    pub span: Duration,
    /// What a refusal says.
    pub says: Says,
}

/// How a [`Quota`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// Spans follow each other from the store's beginning on.
    Fixed,
    /// The span before each request.
    Sliding,
    /// As many tokens as the count, which come back at a steady rate.
    Bucket,
    /// A fixed span of a day.
    Daily,
}

/// What a refusal of a [`Quota`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Says {
    /// 429, and nothing more.
    Nothing,
    /// 429 with `Retry-After`.
    RetryAfter,
    /// 429 with `RateLimit: "default";r=0;t=SECONDS`.
    RateLimit,
    /// 429 with `X-RateLimit-Reset`, the end of the wait in seconds since 1970.
    Reset,
    /// 503 with `Retry-After`.
    Unavailable,
}

impl Says {
    const ALL: [(Self, &str); 4] = [
        (Self::RetryAfter, "retry-after"),
        (Self::RateLimit, "ratelimit"),
        (Self::Reset, "reset"),
        (Self::Unavailable, "503"),
    ];
}

impl Quota {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let window = match parts.next()? {
            "fixed" => Window::Fixed,
            "sliding" => Window::Sliding,
            "bucket" => Window::Bucket,
            "daily" => Window::Daily,
            _ => return None,
        };
        let count = parts.next()?.parse().ok().filter(|count| *count > 0)?;
        let span = if window == Window::Daily { DAY } else { parse_span(parts.next()?)? };
        let says = match parts.next() {
            None => Says::Nothing,
            Some(text) => Says::ALL.iter().find(|(_, name)| *name == text)?.0,
        };
        let is_whole = parts.next().is_none() && !span.is_zero() && span <= DAY;
        is_whole.then_some(Self { window, count, span, says })
    }

    /// The answer to a request that exceeds it and may come again after `wait` seconds.
    pub(crate) fn refusal(self, wait: f64) -> Answer {
        let status = if self.says == Says::Unavailable {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::TOO_MANY_REQUESTS
        };
        let answer = Answer::error(status, "too many requests");
        let seconds = wait.ceil().max(1.0);
        match self.says {
            Says::Nothing => answer,
            Says::RetryAfter | Says::Unavailable => answer.with(RETRY_AFTER, seconds.to_string()),
            Says::RateLimit => answer.with(RATE_LIMIT, format!("\"default\";r=0;t={seconds}")),
            Says::Reset => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
                answer.with(RATE_LIMIT_RESET, (now + wait).ceil().to_string())
            }
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, span) = (self.count, self.span.as_millis());
        match self.window {
            Window::Fixed => write!(f, "fixed:{count}:{span}ms")?,
            Window::Sliding => write!(f, "sliding:{count}:{span}ms")?,
            Window::Bucket => write!(f, "bucket:{count}:{span}ms")?,
            Window::Daily => write!(f, "daily:{count}")?,
        }
        match Says::ALL.iter().find(|(says, _)| *says == self.says) {
            Some((_, name)) => write!(f, ":{name}"),
            None => Ok(()),
        }
    }
}

/// What each quota has counted.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    counted: HashMap<Quota, Counted>,
}

impl Quotas {
    /// Counts a request at `now`. An error is the wait in seconds after which the next one fits.
    pub(crate) fn take(&mut self, quota: Quota, now: f64) -> Result<(), f64> {
        if self.counted.len() >= QUOTAS_MAX && !self.counted.contains_key(&quota) {
            self.counted.clear();
        }
        let tokens = f64::from(quota.count);
        self.counted.entry(quota).or_insert_with(|| Counted { tokens, ..Counted::default() }).take(quota, now)
    }
}

#[derive(Debug, Default)]
struct Counted {
    /// The fixed span that `used` is of.
    current: u64,
    used: u32,
    /// When those of a sliding span came.
    recent: VecDeque<f64>,
    tokens: f64,
    /// When `tokens` was right.
    at: f64,
}

impl Counted {
    fn take(&mut self, quota: Quota, now: f64) -> Result<(), f64> {
        let span = quota.span.as_secs_f64();
        match quota.window {
            Window::Fixed | Window::Daily => {
                let window = (now / span) as u64;
                if window != self.current {
                    (self.current, self.used) = (window, 0);
                }
                if self.used >= quota.count {
                    return Err((window + 1) as f64 * span - now);
                }
                self.used += 1;
            }
            Window::Sliding => {
                while self.recent.front().is_some_and(|first| *first <= now - span) {
                    self.recent.pop_front();
                }
                if let Some(first) = self.recent.front().filter(|_| self.recent.len() >= quota.count as usize) {
                    return Err(first + span - now);
                }
                self.recent.push_back(now);
            }
            Window::Bucket => {
                let rate = f64::from(quota.count) / span;
                self.tokens = (self.tokens + (now - self.at) * rate).min(f64::from(quota.count));
                self.at = now;
                if self.tokens < 1.0 {
                    return Err((1.0 - self.tokens) / rate);
                }
                self.tokens -= 1.0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of ten requests at each of some instants are let through.
    fn through(quota: &str, instants: [f64; 4]) -> [usize; 4] {
        let (quota, mut quotas) = (Quota::parse(quota).unwrap(), Quotas::default());
        instants.map(|now| (0..10).filter(|_| quotas.take(quota, now).is_ok()).count())
    }

    #[test]
    fn each_window_lets_through_what_it_says() {
        assert_eq!(through("fixed:4:10s", [9.0, 9.9, 10.0, 19.0]), [4, 0, 4, 0]);
        assert_eq!(through("sliding:4:10s", [9.0, 10.0, 18.9, 19.0]), [4, 0, 0, 4]);
        assert_eq!(through("bucket:4:10s", [0.0, 2.5, 7.6, 100.0]), [4, 1, 2, 4]);
        assert_eq!(through("daily:4", [0.0, 86_399.0, 86_400.0, 90_000.0]), [4, 0, 4, 0]);
    }

    #[test]
    fn a_refusal_names_the_wait_until_the_next_one_fits() {
        for (quota, wait) in [("fixed:1:10s", 9.0), ("sliding:1:10s", 10.0), ("bucket:1:10s", 10.0)] {
            let (quota, mut quotas) = (Quota::parse(quota).unwrap(), Quotas::default());
            assert_eq!(quotas.take(quota, 1.0), Ok(()));
            assert!((quotas.take(quota, 1.0).unwrap_err() - wait).abs() < 1e-6, "{quota}");
        }
        let quota = Quota::parse("fixed:1:10s:ratelimit").unwrap();
        assert_eq!(quota.refusal(8.2).headers, [(RATE_LIMIT, "\"default\";r=0;t=9".to_owned())]);
    }

    #[test]
    fn quotas_are_counted_apart() {
        let mut quotas = Quotas::default();
        for quota in ["fixed:1:10s", "fixed:1:11s"].map(|text| Quota::parse(text).unwrap()) {
            assert_eq!(quotas.take(quota, 0.0), Ok(()));
            assert!(quotas.take(quota, 0.0).is_err());
        }
    }
}
