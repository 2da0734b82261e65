//! Faults: how a test or an administrator asks for them, and which of them a request gets.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Longest `delay`.
pub const DELAY_MAX: Duration = Duration::from_secs(600);
/// Most faults that wait in [`Faults::next`], and most [`Faults::rates`].
pub const FAULTS_MAX: usize = 10_000;

/// Before or after the record is stored.
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
}

/// Why a text is no fault.
#[derive(Debug, thiserror::Error)]
#[error(
    "{text:?} is no fault; it takes status=200..599, retry-after=SECONDS, redirect, delay=[before:|after:]250ms, \
     hangup=before|after, hang[=before|after], huge, malformed, cut, or several with commas"
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
            ("hang", "") => self.hang = Some(Phase::Before),
            ("hang", _) => self.hang = Some(parse_phase(value)?),
            ("huge", "") => self.body = Some(Distortion::Huge),
            ("malformed", "") => self.body = Some(Distortion::Malformed),
            ("cut", "") => self.body = Some(Distortion::Cut),
            _ => return None,
        }
        Some(())
    }

    /// Names of what it does, as they are counted.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        [
            self.status.map(|_| "status"),
            self.retry_after.map(|_| "retry-after"),
            self.redirect.then_some("redirect"),
            self.delay.map(|_| "delay"),
            self.hangup.map(|phase| if phase == Phase::Before { "hangup=before" } else { "hangup=after" }),
            self.hang.map(|_| "hang"),
            self.body.map(|body| match body {
                Distortion::Huge => "huge",
                Distortion::Malformed => "malformed",
                Distortion::Cut => "cut",
            }),
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

fn parse_duration(text: &str) -> Option<Duration> {
    let duration = match text.strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.parse().ok()?),
        None => Duration::from_secs(text.strip_suffix('s')?.parse().ok()?),
    };
    Some(duration).filter(|duration| *duration <= DELAY_MAX)
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Before { "before" } else { "after" })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = [
            self.status.map(|status| format!("status={status}")),
            self.retry_after.map(|seconds| format!("retry-after={seconds}")),
            self.redirect.then(|| "redirect".to_owned()),
            self.delay.map(|(phase, duration)| format!("delay={phase}:{}ms", duration.as_millis())),
            self.hangup.map(|phase| format!("hangup={phase}")),
            self.hang.map(|phase| format!("hang={phase}")),
            self.body.map(|body| format!("{body:?}").to_lowercase()),
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

/// A fault for a share of all requests. Written `status=500:0.1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRate {
    /// What goes wrong.
    pub fault: Fault,
    /// For how many of the requests, 0 to 1.
    pub share: f64,
}

/// Why a text is no fault with a share.
#[derive(Debug, thiserror::Error)]
pub enum FaultRateError {
    /// The fault is not known.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// The share is missing or not a number.
    #[error("{0:?} does not end in a share of the requests, such as :0.1")]
    Share(String),
}

impl FromStr for FaultRate {
    type Err = FaultRateError;

    fn from_str(text: &str) -> Result<Self, FaultRateError> {
        let bad_share = || FaultRateError::Share(text.to_owned());
        let (fault, share) = text.rsplit_once(':').ok_or_else(bad_share)?;
        Ok(Self { fault: fault.parse()?, share: share.parse().map_err(|_| bad_share())? })
    }
}

/// Which requests get a fault without asking for one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// One for each of the next requests, in order, before `rates` is looked at.
    pub next: VecDeque<Fault>,
    /// Shares of all requests; together at most 1.
    pub rates: Vec<FaultRate>,
    /// The same seed gives the same faults to the same sequence of requests.
    pub seed: u64,
}

/// Why faults cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// A share is not a share.
    #[error("rates: the share {0} of {1} is not between 0 and 1")]
    Share(f64, Fault),
    /// The shares exceed the whole.
    #[error("rates: the shares are {0} together, more than 1")]
    Sum(f64),
    /// Too many.
    #[error("next and rates hold at most {FAULTS_MAX} faults each")]
    TooMany,
}

impl Faults {
    /// Checks shares and counts.
    pub fn check(&self) -> Result<(), FaultsError> {
        if self.next.len() > FAULTS_MAX || self.rates.len() > FAULTS_MAX {
            return Err(FaultsError::TooMany);
        }
        if let Some(bad) = self.rates.iter().find(|rate| !(0.0..=1.0).contains(&rate.share)) {
            return Err(FaultsError::Share(bad.share, bad.fault.clone()));
        }
        let sum: f64 = self.rates.iter().map(|rate| rate.share).sum();
        if sum > 1.0 + 1e-9 { Err(FaultsError::Sum(sum)) } else { Ok(()) }
    }
}

/// Hands out faults in order of requests.
#[derive(Debug, Default)]
pub(crate) struct Injector {
    faults: Faults,
    drawn: u64,
}

impl Injector {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { faults, drawn: 0 }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The fault of the next request, if it gets one.
    pub(crate) fn draw(&mut self) -> Option<Fault> {
        if let Some(next) = self.faults.next.pop_front() {
            return Some(next);
        }
        if self.faults.rates.is_empty() {
            return None;
        }
        self.drawn += 1;
        let mut point = unit(self.faults.seed, self.drawn);
        self.faults.rates.iter().find_map(|rate| {
            point -= rate.share;
            (point < 0.0).then(|| rate.fault.clone())
        })
    }
}

/// The `n`th number of a seed, evenly spread over 0 to 1 (splitmix64).
fn unit(seed: u64, n: u64) -> f64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
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
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), canonical);
            assert_eq!(canonical.parse::<Fault>().unwrap(), fault);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in
            ["", "status", "status=700", "status=x", "delay=5", "delay=99999s", "hangup", "hang=never", "huge=1", "x"]
        {
            assert!(text.parse::<Fault>().unwrap_err().to_string().starts_with(&format!("{text:?} is no fault")));
        }
        assert!(matches!("status=500".parse::<FaultRate>(), Err(FaultRateError::Share(_))));
        assert!(matches!("x:0.5".parse::<FaultRate>(), Err(FaultRateError::Fault(_))));
    }

    #[test]
    fn shares_are_checked() {
        let faults = |shares: &[f64]| Faults {
            rates: shares.iter().map(|share| FaultRate { fault: Fault::default(), share: *share }).collect(),
            ..Faults::default()
        };
        assert!(faults(&[0.5, 0.5]).check().is_ok());
        assert!(matches!(faults(&[0.7, 0.5]).check(), Err(FaultsError::Sum(_))));
        assert!(matches!(faults(&[-0.1]).check(), Err(FaultsError::Share(..))));
        assert!(matches!(faults(&[f64::NAN]).check(), Err(FaultsError::Share(..))));
    }

    #[test]
    fn a_seed_gives_its_shares_in_the_same_order_each_time() {
        let rates = vec!["status=500:0.1".parse().unwrap(), "hangup=after:0.05".parse().unwrap()];
        let faults = Faults { rates, seed: 7, ..Faults::default() };
        let draw = |faults: &Faults| {
            let mut injector = Injector::new(faults.clone());
            (0..10_000).map(|_| injector.draw()).collect::<Vec<_>>()
        };
        let drawn = draw(&faults);
        assert_eq!(drawn, draw(&faults));
        assert_ne!(drawn, draw(&Faults { seed: 8, ..faults.clone() }));
        let count = |fault: &Fault| drawn.iter().filter(|drawn| drawn.as_ref() == Some(fault)).count();
        assert!((900..1100).contains(&count(&faults.rates[0].fault)));
        assert!((400..600).contains(&count(&faults.rates[1].fault)));
    }

    #[test]
    fn scripted_faults_come_first_and_once() {
        let mut injector = Injector::new(Faults { next: ["huge".parse().unwrap()].into(), ..Faults::default() });
        assert_eq!(injector.draw(), Some("huge".parse().unwrap()));
        assert_eq!(injector.draw(), None);
    }
}
