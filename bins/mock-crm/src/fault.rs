//! Faults: how a test or an administrator asks for what goes wrong with one request.

use crate::manner::{KeyStore, Lag, Manner};
use crate::quota::Quota;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Longest `delay`, `lock` and `search-lag`.
pub const DELAY_MAX: Duration = Duration::from_secs(600);

/// Before or after the request is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is stored.
    Before,
    /// It is stored; the client does not learn of it.
    After,
}

/// What becomes of an answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distortion {
    /// 64 MiB long.
    Huge,
    /// JSON without its end.
    Malformed,
    /// The connection ends in the middle of it.
    Cut,
}

/// What goes wrong with one request. Written as a list with commas, e.g. `status=503,retry-after=3`:
///
/// | text | effect |
/// | --- | --- |
/// | `status=500` | answered so (200 to 599), nothing stored |
/// | `retry-after=3` | 429 (or the `status` beside it) with `Retry-After`, nothing stored |
/// | `redirect` | 307 to another path, nothing stored |
/// | `delay=250ms`, `delay=after:2s` | waits before or after storing. It stores even if the client has gone meanwhile |
/// | `hangup=before`, `hangup=after` | closes the connection without an answer, before or after storing |
/// | `hang`, `hang=after` | never answers, before or after storing |
/// | `huge`, `malformed`, `cut` | stores, and answers with such a body |
/// | `page`, `page=after` | 200 with a web page, before or after storing |
/// | `error`, `error=after` | 200 with `{"errors":[..]}`, before or after storing |
/// | `goaway` | HTTP/2: GOAWAY, whose last stream lies before this request; else as `hangup=before` |
/// | `refused-stream` | HTTP/2: RST_STREAM with REFUSED_STREAM; else as `hangup=before` |
/// | `quota=sliding:100:10s` | a [`Quota`]: 429 to what exceeds it. Each text has a count of its own |
/// | `search-lag=2s`, `search-lag=never` | searches find what was written so long ago, or nothing |
/// | `keys=replay`, `keys=check`, `keys=refuse` | what an `Idempotency-Key` seen before does; see [`KeyStore`] |
/// | `lock=2s` | 423 to PUT, PATCH and DELETE of a record that was written since |
/// | `upsert` | a POST with the email of a record changes that one (200) |
/// | `poison=TEXT` | 500 to whatever is about the person with this `external_id` or email |
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fault {
    /// The status to answer with.
    pub status: Option<u16>,
    /// Seconds in `Retry-After`.
    pub retry_after: Option<u32>,
    /// Whether to redirect.
    pub redirect: bool,
    /// How long to wait, and when.
    pub delay: Option<(Phase, Duration)>,
    /// When to close the connection.
    pub hangup: Option<Phase>,
    /// When to stop answering.
    pub hang: Option<Phase>,
    /// What becomes of the body.
    pub body: Option<Distortion>,
    /// When to answer with a web page.
    pub page: Option<Phase>,
    /// When to answer 200 with an error in the body.
    pub error: Option<Phase>,
    /// Whether to take leave of the client, without having done this request.
    pub goaway: bool,
    /// Whether to refuse the request's stream.
    pub refused_stream: bool,
    /// What is let through.
    pub quota: Option<Quota>,
    /// How the records behave.
    pub manner: Manner,
}

/// Why a text is not a fault.
#[derive(Debug, thiserror::Error)]
#[error(
    "{text:?} is not a fault; it takes status=200..599, retry-after=SECONDS, redirect, delay=[before:|after:]250ms, \
     hangup=before|after, hang[=before|after], huge, malformed, cut, page[=before|after], error[=before|after], goaway, \
     refused-stream, quota=fixed|sliding|bucket:COUNT:SPAN[:retry-after|ratelimit|reset|503], quota=daily:COUNT, \
     search-lag=2s|never, keys=replay|check|refuse, lock=2s, upsert, poison=TEXT, or several with commas"
)]
pub struct FaultError {
    text: String,
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut fault = Self::default();
        for item in text.split(',') {
            fault.add(item.trim()).ok_or_else(|| FaultError { text: text.chars().take(200).collect() })?;
        }
        Ok(fault)
    }
}

impl Fault {
    /// Whether nothing goes wrong.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, item: &str) -> Option<()> {
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        match (name, value) {
            ("status", _) => self.status = Some(value.parse().ok().filter(|status| (200..600).contains(status))?),
            ("retry-after", _) => self.retry_after = Some(value.parse().ok()?),
            ("redirect", "") => self.redirect = true,
            ("delay", _) => {
                let (phase, text) = value.split_once(':').unwrap_or(("before", value));
                self.delay = Some((parse_phase(phase)?, parse_duration(text)?));
            }
            ("hangup", _) => self.hangup = Some(parse_phase(value)?),
            ("hang", _) => self.hang = Some(phase_or_before(value)?),
            ("huge", "") => self.body = Some(Distortion::Huge),
            ("malformed", "") => self.body = Some(Distortion::Malformed),
            ("cut", "") => self.body = Some(Distortion::Cut),
            ("page", _) => self.page = Some(phase_or_before(value)?),
            ("error", _) => self.error = Some(phase_or_before(value)?),
            ("goaway", "") => self.goaway = true,
            ("refused-stream", "") => self.refused_stream = true,
            ("quota", _) => self.quota = Some(Quota::parse(value)?),
            ("search-lag", "never") => self.manner.search_lag = Some(Lag::Never),
            ("search-lag", _) => self.manner.search_lag = Some(Lag::For(parse_duration(value)?)),
            ("keys", _) => self.manner.keys = Some(KeyStore::parse(value)?),
            ("lock", _) => self.manner.lock = Some(parse_duration(value)?),
            ("upsert", "") => self.manner.upsert = true,
            ("poison", _) if !value.is_empty() => self.manner.poison = Some(value.to_owned()),
            _ => return None,
        }
        Some(())
    }

    /// What this one leaves open is as another says.
    pub(crate) fn over(self, beneath: &Self) -> Self {
        Self {
            status: self.status.or(beneath.status),
            retry_after: self.retry_after.or(beneath.retry_after),
            redirect: self.redirect || beneath.redirect,
            delay: self.delay.or(beneath.delay),
            hangup: self.hangup.or(beneath.hangup),
            hang: self.hang.or(beneath.hang),
            body: self.body.or(beneath.body),
            page: self.page.or(beneath.page),
            error: self.error.or(beneath.error),
            goaway: self.goaway || beneath.goaway,
            refused_stream: self.refused_stream || beneath.refused_stream,
            quota: self.quota.or(beneath.quota),
            manner: self.manner.over(&beneath.manner),
        }
    }

    /// Names of what it does, as they are counted. What a quota and the records' manner do shows in the statuses.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        let phased = |phase, before, after| if phase == Phase::Before { before } else { after };
        [
            self.status.map(|_| "status"),
            self.retry_after.map(|_| "retry-after"),
            self.redirect.then_some("redirect"),
            self.delay.map(|_| "delay"),
            self.hangup.map(|phase| phased(phase, "hangup=before", "hangup=after")),
            self.hang.map(|_| "hang"),
            self.body.map(|body| match body {
                Distortion::Huge => "huge",
                Distortion::Malformed => "malformed",
                Distortion::Cut => "cut",
            }),
            self.page.map(|phase| phased(phase, "page=before", "page=after")),
            self.error.map(|phase| phased(phase, "error=before", "error=after")),
            self.goaway.then_some("goaway"),
            self.refused_stream.then_some("refused-stream"),
        ]
        .into_iter()
        .flatten()
    }
}

fn parse_phase(text: &str) -> Option<Phase> {
    match text {
        "before" => Some(Phase::Before),
        "after" => Some(Phase::After),
        _ => None,
    }
}

fn phase_or_before(text: &str) -> Option<Phase> {
    if text.is_empty() { Some(Phase::Before) } else { parse_phase(text) }
}

/// `250ms` or `2s`, at most [`DELAY_MAX`].
fn parse_duration(text: &str) -> Option<Duration> {
    parse_span(text).filter(|duration| *duration <= DELAY_MAX)
}

/// `250ms` or `2s`.
pub(crate) fn parse_span(text: &str) -> Option<Duration> {
    Some(match text.strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.parse().ok()?),
        None => Duration::from_secs(text.strip_suffix('s')?.parse().ok()?),
    })
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Before { "before" } else { "after" })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manner { search_lag, keys, lock, upsert, poison } = &self.manner;
        let items = [
            self.status.map(|status| format!("status={status}")),
            self.retry_after.map(|seconds| format!("retry-after={seconds}")),
            self.redirect.then(|| "redirect".to_owned()),
            self.delay.map(|(phase, duration)| format!("delay={phase}:{}ms", duration.as_millis())),
            self.hangup.map(|phase| format!("hangup={phase}")),
            self.hang.map(|phase| format!("hang={phase}")),
            self.body.map(|body| format!("{body:?}").to_lowercase()),
            self.page.map(|phase| format!("page={phase}")),
            self.error.map(|phase| format!("error={phase}")),
            self.goaway.then(|| "goaway".to_owned()),
            self.refused_stream.then(|| "refused-stream".to_owned()),
            self.quota.map(|quota| format!("quota={quota}")),
            search_lag.map(|lag| match lag {
                Lag::Never => "search-lag=never".to_owned(),
                Lag::For(lag) => format!("search-lag={}ms", lag.as_millis()),
            }),
            keys.map(|keys| format!("keys={}", keys.as_str())),
            lock.map(|lock| format!("lock={}ms", lock.as_millis())),
            upsert.then(|| "upsert".to_owned()),
            poison.as_ref().map(|person| format!("poison={person}")),
        ];
        f.write_str(&items.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl TryFrom<String> for Fault {
    type Error = FaultError;

    fn try_from(text: String) -> Result<Self, FaultError> {
        text.parse()
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_reads_as_it_is_written() {
        for (text, canonical) in [
            ("status=500", "status=500"),
            ("status=503, retry-after=3", "status=503,retry-after=3"),
            ("retry-after=3", "retry-after=3"),
            ("redirect", "redirect"),
            ("delay=250ms", "delay=before:250ms"),
            ("delay=after:2s", "delay=after:2000ms"),
            ("hangup=before", "hangup=before"),
            ("hangup=after", "hangup=after"),
            ("hang", "hang=before"),
            ("hang=after", "hang=after"),
            ("huge", "huge"),
            ("malformed", "malformed"),
            ("delay=1s,cut", "delay=before:1000ms,cut"),
            ("page", "page=before"),
            ("page=after", "page=after"),
            ("error", "error=before"),
            ("error=after", "error=after"),
            ("goaway", "goaway"),
            ("refused-stream", "refused-stream"),
            ("quota=fixed:100:10s", "quota=fixed:100:10000ms"),
            ("quota=sliding:180:60s:retry-after", "quota=sliding:180:60000ms:retry-after"),
            ("quota=bucket:10:1s:503", "quota=bucket:10:1000ms:503"),
            ("quota=daily:5000:reset", "quota=daily:5000:reset"),
            ("search-lag=never", "search-lag=never"),
            ("search-lag=2s,keys=check", "search-lag=2000ms,keys=check"),
            ("keys=replay", "keys=replay"),
            ("lock=1s,upsert,keys=refuse", "keys=refuse,lock=1000ms,upsert"),
            ("poison=p13", "poison=p13"),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), canonical);
            assert_eq!(canonical.parse::<Fault>().unwrap(), fault);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in [
            "",
            "status",
            "status=700",
            "status=x",
            "delay=5",
            "delay=99999s",
            "hangup",
            "hang=never",
            "huge=1",
            "x",
            "page=x",
            "quota=100",
            "quota=fixed:0:1s",
            "quota=fixed:1:0s",
            "quota=daily:5:1s",
            "quota=bucket:1:1s:x",
            "search-lag=x",
            "keys=x",
            "lock=99999s",
            "upsert=1",
            "poison=",
        ] {
            assert!(text.parse::<Fault>().unwrap_err().to_string().starts_with(&format!("{text:?} is not a fault")));
        }
    }
}
