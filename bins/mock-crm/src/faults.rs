//! Which requests get a fault without asking for one.

use crate::fault::{Fault, FaultError};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::str::FromStr;

/// Most faults that wait in [`Faults::next`], and most [`Faults::rates`].
pub const FAULTS_MAX: usize = 10_000;

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
    /// For every request, where the request's own fault does not say otherwise.
    #[serde(skip_serializing_if = "Fault::is_none")]
    pub always: Fault,
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
    Share(f64, String),
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
            return Err(FaultsError::Share(bad.share, bad.fault.to_string()));
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

    /// What every request gets.
    pub(crate) fn always(&self) -> &Fault {
        &self.faults.always
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
    fn a_share_of_no_fault_and_no_share_are_refused() {
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
