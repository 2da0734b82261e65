//! The endpoint governor of one sync, as pure state: concurrency, rate limit, breaker and `Retry-After` hold.
//!
//! Its state stands in the sync's runtime row. Grants are taken in the transaction that leases, observations are made in
//! the transaction that settles; both hold the row's lock, so that limits are exact over all nodes.

use crate::backoff::Policy;
use crate::id::{LeaseToken, PersonId};
use crate::sync::{Header, HeaderValue, Limits, Operation, Origin, Rule, Settings};
use crate::time::Timestamp;
use crate::wait::Wait;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Different people that must fail in a row before the breaker opens (fewer where fewer are owed).
pub const FAILING_PEOPLE: usize = 5;
/// Different people that must get a 403 in a row before it counts as the sync's.
pub const FORBIDDEN_PEOPLE: usize = 3;
/// Deletes answered 404 or 410 in a row, with none accepted between, that suspend: a wrong URL looks the same.
pub const MISSING_DELETES: u32 = 20;

/// What one settled attempt says about the endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing: no request was made, or its answer says nothing about the endpoint.
    Nothing,
    /// It works.
    Works {
        /// For which kind of request.
        operation: Operation,
        /// Whether the request was accepted, or only answered with sense.
        accepted: bool,
    },
    /// It works, and refuses this request: for a reason of this person's, or because the rule is wrong.
    Refuses {
        /// Which kind of request.
        operation: Operation,
        /// Equal for answers that are alike: the status, and where it leads.
        alike: String,
    },
    /// A create was accepted and told no unique id.
    Silent,
    /// It fails.
    Fails {
        /// In words, for the status reason.
        reason: String,
        /// Whose trouble it may be.
        trouble: Trouble,
    },
    /// A 403: the sync's only if different people get it.
    Forbidden,
    /// A delete was answered 404 or 410.
    DeleteMissing,
    /// Too many requests: nothing is sent for a while.
    Limited {
        /// The wait that was named.
        wait: Option<Wait>,
        /// In words.
        reason: String,
    },
}

/// Whose trouble a failure may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Whoever asks: no connection, or the credentials are not taken.
    Everybodys,
    /// The endpoint's, or this person's data's: only different people tell.
    Persons,
    /// As [`Trouble::Persons`]: a web page came instead of an answer.
    Page,
}

/// What an administrator asks of a governor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A test of the saved lookup found somebody: the rule is proven.
    LookupProven {
        /// The revision that was tested.
        revision: i32,
    },
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// It is done.
    Done,
    /// There is nothing that it speaks of.
    Nothing,
}

/// Whether a rule has been seen to work since its last edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proof {
    /// The sync's revision at its last edit; what was rendered before it proves nothing.
    pub since: i32,
    /// Whether it was.
    pub proven: bool,
    /// Whether a control was sent for it: one is enough.
    pub controlled: bool,
}

/// The proofs of a sync's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proofs {
    /// A create was accepted.
    pub create: Proof,
    /// An update was accepted.
    pub update: Proof,
    /// A delete was accepted.
    pub delete: Proof,
    /// A lookup found a record.
    pub lookup: Proof,
}

impl Proofs {
    /// Of a sync of an older edition, where nothing was written down: what worked goes on.
    fn unknown() -> Self {
        let seen = Proof { since: 0, proven: true, controlled: false };
        Self { create: seen, update: seen, delete: seen, lookup: Proof::default() }
    }

    fn of(&mut self, operation: Operation) -> &mut Proof {
        match operation {
            Operation::Create => &mut self.create,
            Operation::Update => &mut self.update,
            Operation::Delete => &mut self.delete,
            Operation::Lookup => &mut self.lookup,
        }
    }
}

/// Whether requests flow.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// They flow.
    #[default]
    Closed,
    /// Suspended: one probe at a time.
    Open {
        /// Since when.
        since: Timestamp,
        /// Why, in words.
        reason: String,
        /// When the next probe may go.
        probe_at: Timestamp,
        /// Probes that failed so far.
        failed_probes: i16,
        /// The probe under way: a lease that ends by itself.
        probing: Option<(LeaseToken, Timestamp)>,
        /// Whether the next probe takes the newest change (else the oldest debt): in turn.
        newest_next: bool,
    },
}

/// The state of one sync's endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Governor {
    /// Whether requests flow.
    pub breaker: Breaker,
    /// What a `Retry-After` asked for.
    pub held_until: Option<Timestamp>,
    /// Why it is held, in words.
    pub held_reason: Option<String>,
    /// Theoretical arrival time of the rate limit (GCRA).
    pub rate_until: Option<Timestamp>,
    /// People who failed in a row, as short hashes: different ones only, at most [`FAILING_PEOPLE`].
    pub failing: Vec<u64>,
    /// People who got a 403 in a row, as short hashes.
    pub forbidden: Vec<u64>,
    /// Deletes answered 404 or 410 in a row.
    pub missing_deletes: u32,
    /// Of an older edition: whether a lookup was ever answered with a record. An edit of the lookup forgets it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lookup_has_found: bool,
    /// Whether links may be parked *conflict*: where one gives its id up, these are looked at again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflicts: bool,
    /// Which rules have been seen to work since their last edit.
    #[serde(default = "Proofs::unknown")]
    pub proofs: Proofs,
}

/// What may be leased now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// At most this many links.
    pub links: usize,
    /// Whether it is the probe of a suspended sync.
    pub probe: bool,
    /// Take the newest change instead of the oldest debt.
    pub newest_first: bool,
    /// When to ask again, where time alone will allow more.
    pub again_at: Option<Timestamp>,
}

impl Grant {
    const fn none(again_at: Option<Timestamp>) -> Self {
        Self { links: 0, probe: false, newest_first: false, again_at }
    }
}

/// What an observation changed beside the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// The breaker opened.
    Opened,
    /// The breaker closed: links parked *retries spent* are marked by a sweep.
    Closed,
}

/// When a suspended sync may be probed: not while a probe is out.
fn next_probe(probe_at: Timestamp, probing: Option<&(LeaseToken, Timestamp)>) -> Timestamp {
    probing.map_or(probe_at, |(_, until)| (*until).max(probe_at))
}

impl Governor {
    /// How many links may be leased at `now`, with `leased` leases out over all nodes and `want` wished for.
    pub fn grant(&self, now: Timestamp, limits: &Limits, leased: usize, want: usize) -> Grant {
        if let Some(until) = self.held_until
            && until > now
        {
            return Grant::none(Some(until));
        }
        let room = usize::from(limits.max_concurrency).saturating_sub(leased).min(want);
        if room == 0 {
            return Grant::none(None);
        }
        let (rate, again_at) = self.rate_allows(now, limits, room);
        match &self.breaker {
            Breaker::Closed => Grant { links: rate, probe: false, newest_first: false, again_at },
            Breaker::Open { probe_at, probing, newest_next, .. } => {
                let wait_until = next_probe(*probe_at, probing.as_ref());
                if wait_until > now {
                    return Grant::none(Some(wait_until));
                }
                Grant { links: rate.min(1), probe: true, newest_first: *newest_next, again_at }
            }
        }
    }

    /// Until when nothing at all is granted: held, or suspended with its next probe ahead or under way. A store may leave a
    /// sync alone until then.
    pub fn blocked_until(&self) -> Option<Timestamp> {
        let probe = match &self.breaker {
            Breaker::Closed => None,
            Breaker::Open { probe_at, probing, .. } => Some(next_probe(*probe_at, probing.as_ref())),
        };
        self.held_until.max(probe)
    }

    fn rate_allows(&self, now: Timestamp, limits: &Limits, want: usize) -> (usize, Option<Timestamp>) {
        let Some((interval, burst)) = rate_of(limits) else { return (want, None) };
        let ahead = self.rate_until.map_or(Duration::ZERO, |until| until.since(now));
        // A millionth of an interval is rounding, not a request.
        let used = (ahead.as_secs_f64() / interval - 1e-6).ceil() as usize;
        let free = burst.saturating_sub(used);
        // One more is free as soon as what is ahead is a whole number of intervals less.
        let wait = ahead.as_secs_f64() - (used.min(burst) as f64 - 1.0) * interval;
        let again_at = (free < want).then(|| now.plus(whole_micros(wait).max(Duration::from_micros(1))));
        (free.min(want), again_at)
    }

    /// Takes what was leased out of the grant, in the transaction that leases.
    pub fn take(
        &mut self,
        now: Timestamp,
        limits: &Limits,
        grant: Grant,
        leased: usize,
        probe: Option<(LeaseToken, Timestamp)>,
    ) {
        if leased == 0 {
            return;
        }
        if let Some((interval, _)) = rate_of(limits) {
            let from = self.rate_until.filter(|&until| until > now).unwrap_or(now);
            self.rate_until = Some(from.plus(whole_micros(interval * leased as f64)));
        }
        if let (Breaker::Open { probing, newest_next, .. }, true) = (&mut self.breaker, grant.probe) {
            *probing = probe;
            *newest_next = !*newest_next;
        }
    }

    /// Learns from a settled attempt. `owed` is how many links of the sync are owed now (this one included), so that a
    /// sync with one owed person can be suspended too.
    pub fn observe(
        &mut self,
        signal: &Signal,
        token: LeaseToken,
        person: &PersonId,
        owed: i64,
        policy: &Policy,
        now: Timestamp,
    ) -> Change {
        let was_probe = matches!(&self.breaker, Breaker::Open { probing: Some((probe, _)), .. } if *probe == token);
        match signal {
            Signal::Nothing | Signal::Limited { wait: None, .. } => self.end_probe(was_probe, now),
            Signal::Limited { wait: Some(wait), reason } => {
                let until = now.plus(wait.wait);
                if self.held_until.is_none_or(|held| held < until) {
                    self.held_until = Some(until);
                    self.held_reason = Some(reason.clone());
                }
                self.end_probe(was_probe, now);
            }
            Signal::Works { .. } | Signal::Refuses { .. } | Signal::Silent => {
                self.failing.clear();
                self.forbidden.clear();
                if matches!(signal, Signal::Works { operation: Operation::Delete, accepted: true }) {
                    self.missing_deletes = 0;
                }
                if self.held_until.is_some_and(|until| until <= now) {
                    self.held_until = None;
                    self.held_reason = None;
                }
                if self.is_suspended() {
                    self.missing_deletes = 0;
                    return self.close();
                }
            }
            Signal::DeleteMissing => {
                self.missing_deletes = self.missing_deletes.saturating_add(1);
                if self.missing_deletes < MISSING_DELETES {
                    // Already gone is as good as deleted: whatever it was suspended for, the endpoint works again.
                    if was_probe {
                        return self.close();
                    }
                } else if was_probe {
                    self.fail_probe(policy, now, None);
                } else {
                    let reason = format!(
                        "{MISSING_DELETES} deletes in a row were answered 404 or 410 and none was accepted: \
                         check the URL of Delete Users, then resume"
                    );
                    return self.open(reason, policy, now);
                }
            }
            Signal::Fails { reason, .. } => {
                note_person(&mut self.failing, person, FAILING_PEOPLE);
                if was_probe {
                    self.fail_probe(policy, now, Some(reason));
                } else if self.failing.len() >= FAILING_PEOPLE || self.failing.len() as i64 >= owed.max(1) {
                    return self.open(reason.clone(), policy, now);
                }
            }
            Signal::Forbidden => {
                note_person(&mut self.forbidden, person, FORBIDDEN_PEOPLE);
                let reason = "requests of different people are answered 403: check the credentials and their rights";
                if was_probe {
                    self.fail_probe(policy, now, Some(reason));
                } else if self.forbidden.len() >= FORBIDDEN_PEOPLE {
                    return self.open(reason.to_owned(), policy, now);
                }
            }
        }
        Change::None
    }

    /// Whether the lookup rule has found a record since its last edit: only then is its 404 a "none".
    pub fn lookup_proven(&self) -> bool {
        self.proofs.lookup.proven || self.lookup_has_found
    }

    /// Notes that a rule was seen to work, unless it was rendered before the rule's last edit.
    pub fn prove(&mut self, operation: Operation, revision: i32) {
        let proof = self.proofs.of(operation);
        proof.proven |= revision >= proof.since;
    }

    /// Does what an administrator asks.
    pub fn grant_wish(&mut self, wish: &Wish) -> Granted {
        match wish {
            Wish::LookupProven { revision } => {
                self.prove(Operation::Lookup, *revision);
                Granted::Done
            }
        }
    }

    /// Notes that a control of the lookup rule was sent: one is enough for each edit.
    pub fn controlled(&mut self, revision: i32) {
        self.proofs.lookup.controlled |= revision >= self.proofs.lookup.since;
    }

    /// The rules were edited: what an edit touches has to be proven again, and what failed is tried at once.
    pub fn edited(&mut self, before: &Settings, after: &Settings, revision: i32, now: Timestamp) {
        let authentication = before.authentication != after.authentication;
        for operation in Operation::ALL {
            let rule =
                |settings: &Settings| settings.rule(operation).map(|rule| Rule { timeout_seconds: 0, ..rule.clone() });
            let path = |settings: &Settings| {
                let lookup = settings.lookup.as_ref().filter(|_| operation == Operation::Lookup)?;
                Some((lookup.path.clone(), lookup.empty_when.clone()))
            };
            if authentication || rule(before) != rule(after) || path(before) != path(after) {
                *self.proofs.of(operation) = Proof { since: revision, ..Proof::default() };
                if operation == Operation::Lookup {
                    self.lookup_has_found = false;
                }
            }
        }
        let touches = |settings: &Settings| {
            let rules = settings.rules().map(|(_, rule)| {
                let secret = |header: &&Header| matches!(header.value, HeaderValue::Secret(_));
                let secrets: Vec<Header> = rule.headers.iter().filter(secret).cloned().collect();
                (Origin::of_template(&rule.url), rule.ssl_verification, secrets)
            });
            rules.collect::<Vec<_>>()
        };
        if self.is_suspended() && (authentication || touches(before) != touches(after)) {
            self.probe_now(now);
        }
    }

    /// An administrator's resume of a suspended sync: probe now, and forget a hold.
    pub fn probe_now(&mut self, now: Timestamp) {
        self.held_until = None;
        self.held_reason = None;
        self.missing_deletes = 0;
        if let Breaker::Open { probe_at, failed_probes, probing, .. } = &mut self.breaker {
            *probe_at = now;
            *failed_probes = 0;
            *probing = None;
        }
    }

    /// Whether it is suspended.
    pub fn is_suspended(&self) -> bool {
        matches!(self.breaker, Breaker::Open { .. })
    }

    /// Why it is suspended or held at `now`, in words without times.
    pub fn reason(&self, now: Timestamp) -> Option<&str> {
        match &self.breaker {
            Breaker::Open { reason, .. } => Some(reason),
            Breaker::Closed if self.held_until.is_some_and(|until| until > now) => self.held_reason.as_deref(),
            Breaker::Closed => None,
        }
    }

    /// No request before then: the next probe, or what a `Retry-After` asked for. `None` where nothing holds it.
    pub fn no_request_before(&self, now: Timestamp) -> Option<Timestamp> {
        let probe = match &self.breaker {
            Breaker::Open { probe_at, .. } => Some(*probe_at),
            Breaker::Closed => None,
        };
        probe.max(self.held_until).filter(|&until| until > now)
    }

    fn open(&mut self, reason: String, policy: &Policy, now: Timestamp) -> Change {
        if self.is_suspended() {
            return Change::None;
        }
        self.breaker = Breaker::Open {
            since: now,
            reason,
            probe_at: now.plus(policy.probe_delay(0)),
            failed_probes: 0,
            probing: None,
            newest_next: false,
        };
        Change::Opened
    }

    fn close(&mut self) -> Change {
        self.failing.clear();
        self.forbidden.clear();
        self.breaker = Breaker::Closed;
        Change::Closed
    }

    fn fail_probe(&mut self, policy: &Policy, now: Timestamp, newest: Option<&str>) {
        if let Breaker::Open { probe_at, failed_probes, probing, reason, .. } = &mut self.breaker {
            *failed_probes = failed_probes.saturating_add(1);
            *probe_at = now.plus(policy.probe_delay(*failed_probes));
            *probing = None;
            if let Some(newest) = newest {
                newest.clone_into(reason);
            }
        }
    }

    /// A probe that said nothing about the endpoint is over: the next one may go at once.
    fn end_probe(&mut self, was_probe: bool, now: Timestamp) {
        if let (Breaker::Open { probe_at, probing, .. }, true) = (&mut self.breaker, was_probe) {
            *probing = None;
            *probe_at = (*probe_at).min(now);
        }
    }
}

/// Seconds between requests and how many may go at once; `None`: no limit. The burst is a tenth of a second's worth, so
/// that in any second at most a tenth more than the limit goes.
fn rate_of(limits: &Limits) -> Option<(f64, usize)> {
    let rate = limits.requests_per_second.filter(|rate| *rate > 0.0)?;
    Some((1.0 / rate, ((rate / 10.0) as usize).max(1)))
}

/// Rounded up to what timestamps hold, so that rounding never lets a request go early.
fn whole_micros(seconds: f64) -> Duration {
    Duration::from_micros((seconds * 1e6 - 1e-3).ceil() as u64)
}

fn note_person(people: &mut Vec<u64>, person: &PersonId, max: usize) {
    let hash = Sha256::digest(person.as_str().as_bytes());
    let short = u64::from_be_bytes(hash[..8].try_into().expect("SHA-256 has 32 bytes"));
    if !people.contains(&short) && people.len() < max {
        people.push(short);
    }
}
