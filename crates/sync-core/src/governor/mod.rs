//! The endpoint governor of one sync, as pure state: concurrency, rate limits, breaker, holds ([`pace`]) and brakes on one
//! kind of request ([`brake`]).
//!
//! Its state stands in the sync's runtime row. Grants are taken in the transaction that leases, observations are made in
//! the transaction that settles; both hold the row's lock, so that limits are exact over all nodes.

pub mod brake;
pub mod pace;

use crate::backoff::Policy;
use crate::id::{LeaseToken, PersonId};
use crate::sweeps::SweepKind;
use crate::sync::{Header, HeaderValue, Limits, Operation, Origin, Rule, Settings};
use crate::time::Timestamp;
use crate::wait::Wait;
use brake::{Brake, BrakeKind, Brakes};
use pace::Pace;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Different people that must fail in a row before the breaker opens (fewer where fewer are owed).
pub const FAILING_PEOPLE: usize = 5;
/// How many people are remembered to whom "too many requests" was said.
const LIMITED_PEOPLE: usize = 32;
/// Different people that must get a 403 in a row before it counts as the sync's.
pub const FORBIDDEN_PEOPLE: usize = 3;
/// Different people that must fail where fewer than [`FAILING_PEOPLE`] are owed, within [`FEW_WITHIN`].
pub const FAILING_FEW: usize = 3;
/// See [`FAILING_FEW`].
pub const FEW_WITHIN: Duration = Duration::from_secs(3600);
/// Tries in a row that must fail for whoever asks (no connection, 401) before the breaker opens.
pub const UNREACHABLE_TRIES: u32 = 2;
/// When a sync whose links are being forgotten is looked at again, if nothing tells of their end.
const FORGETS_AGAIN: Duration = Duration::from_secs(1);
/// Beside its schedule, a suspended sync is probed with fresh people: at once, then so often in its first minute, and later.
const FRESH_EVERY: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(10)];
/// And with a create, which may make a record whose answer never comes, after this at first, and twice as long each time.
const FRESH_CREATE_FIRST: Duration = Duration::from_secs(5);
const FRESH_CREATE_LAST: Duration = Duration::from_secs(60);
/// Requests of a day are counted by the hour.
const HOUR: Duration = Duration::from_secs(3600);

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
    /// A lookup has found a record.
    Finds,
    /// It works, and refuses this request: for a reason of this person's, or because the rule is wrong.
    Refuses {
        /// Which kind of request.
        operation: Operation,
        /// Equal for answers that are alike: the status, and where it leads.
        alike: String,
    },
    /// A create was accepted and told no unique id.
    Silent,
    /// Of such a create a lookup finds no record.
    Vanished,
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
    /// The hold of a limit is over.
    ReleaseLimit,
    /// The brakes of this kind are released.
    Release(BrakeKind),
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
        /// Whether that is of somebody fresh, beside the schedule.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        probing_fresh: bool,
        /// Whether the next probe takes the newest change (else the oldest debt): in turn.
        newest_next: bool,
        /// When somebody fresh may be tried beside the schedule.
        #[serde(default)]
        fresh_at: Option<Timestamp>,
        /// And when that may be a create.
        #[serde(default)]
        fresh_creates_at: Option<Timestamp>,
        /// How many were.
        #[serde(default)]
        fresh_creates: u8,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The state of one sync's endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Governor {
    /// Whether requests flow.
    pub breaker: Breaker,
    /// Theoretical arrival time of the rate limit (GCRA).
    pub rate_until: Option<Timestamp>,
    /// Holds after "too many requests", and the pace learned from them.
    #[serde(default, skip_serializing_if = "Pace::is_free")]
    pub pace: Pace,
    /// Brakes on one kind of request.
    #[serde(default, skip_serializing_if = "Brakes::is_empty")]
    pub brakes: Brakes,
    /// Requests by the hour, where a day's are limited: the hours since 1970, and how many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub day: Vec<(i64, u32)>,
    /// People who failed in a row, as short hashes: different ones only, at most [`FAILING_PEOPLE`].
    pub failing: Vec<u64>,
    /// Since when nothing was accepted and something failed.
    #[serde(default)]
    pub trouble_since: Option<Timestamp>,
    /// Tries in a row that failed for whoever asks.
    #[serde(default)]
    pub unreachable: u32,
    /// People who got a 403 in a row, as short hashes.
    pub forbidden: Vec<u64>,
    /// Whose last request was answered "too many", as short hashes, the newest last: at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limited: Vec<u64>,
    /// Of an older edition: whether a lookup was ever answered with a record. An edit of the lookup forgets it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lookup_has_found: bool,
    /// Whether links may be parked *conflict*: where one gives its id up, these are looked at again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conflicts: bool,
    /// How many sweeps are still to forget links of another origin. Until then nothing is leased: a link that is not forgotten yet
    /// has an id that means another record at the new one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub forgetting: u32,
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
    /// The one request at the end of a hold: take somebody who was not refused, where there is one, since "too many requests"
    /// may have been said of one record alone.
    pub ends_hold: bool,
    /// Take somebody who has not failed yet, whose last request was accepted first, then the newest change; and whether a
    /// create may be taken. The probe beside the schedule.
    pub fresh: Option<Fresh>,
    /// When to ask again, where time alone will allow more.
    pub again_at: Option<Timestamp>,
}

/// The probe with somebody who has not failed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// Whether a create may be taken.
    pub creates: bool,
}

impl Grant {
    const fn none(again_at: Option<Timestamp>) -> Self {
        Self { links: 0, probe: false, newest_first: false, ends_hold: false, fresh: None, again_at }
    }
}

/// That a day's requests are used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayUsedUp {
    /// The beginning of the hour of the last one.
    pub since: Timestamp,
    /// When one may go again: the hour of the oldest ones counts no more.
    pub until: Timestamp,
    /// In words.
    pub reason: String,
}

/// A settled attempt, as the governor sees it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Its lease's token.
    pub token: LeaseToken,
    /// Whose it was.
    pub person: &'a PersonId,
    /// How many links of the sync are owed now (this one included), so that a sync of few people can be suspended too.
    pub owed: i64,
    /// When it was leased, and so not sent before.
    pub sent_at: Timestamp,
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

impl Governor {
    /// How many links may be leased at `now`, with `leased` leases out over all nodes and `want` wished for.
    pub fn grant(&self, now: Timestamp, limits: &Limits, leased: usize, want: usize) -> Grant {
        if self.forgetting > 0 {
            return Grant::none(Some(now.plus(FORGETS_AGAIN)));
        }
        let room = usize::from(limits.max_concurrency).saturating_sub(leased).min(want);
        if room == 0 {
            return Grant::none(self.pace.blocked_until().filter(|&until| until > now));
        }
        let (room, again_at) = self.pace.allows(now, leased, room);
        if room == 0 {
            return Grant::none(again_at);
        }
        let (room, again_at) = self.day_allows(now, limits, room);
        if room == 0 {
            return Grant::none(again_at);
        }
        let (rate, again_at) = self.rate_allows(now, limits, room);
        let ends_hold = self.pace.hold.is_some();
        let Breaker::Open { newest_next, fresh_creates_at, fresh_creates, .. } = &self.breaker else {
            return Grant { links: rate, ends_hold, again_at, ..Grant::none(None) };
        };
        let (scheduled, fresh) = self.next_probes();
        if scheduled > now && fresh.is_none_or(|fresh| fresh > now) {
            return Grant::none(Some(fresh.map_or(scheduled, |fresh| fresh.min(scheduled))));
        }
        let creates = fresh_creates_at.is_none_or(|at| at <= now);
        let fresh = (scheduled > now).then_some(Fresh { creates });
        let again_at = fresh.map(|_| scheduled).or(again_at);
        // The newest is whom somebody waits for. Where all who come are bad, the oldest would never have a turn.
        let is_oldest_create = creates && fresh_creates % 2 == 1;
        let newest_first = if fresh.is_some() { !is_oldest_create } else { *newest_next };
        Grant { links: rate.min(1), probe: true, newest_first, ends_hold, fresh, again_at }
    }

    /// When a suspended sync may be probed by its schedule, and with somebody fresh: not while a probe is out.
    fn next_probes(&self) -> (Timestamp, Option<Timestamp>) {
        match &self.breaker {
            Breaker::Closed => (Timestamp::MIN, None),
            Breaker::Open { probe_at, probing, fresh_at, .. } => {
                let out = probing.as_ref().map_or(Timestamp::MIN, |(_, until)| *until);
                (out.max(*probe_at), fresh_at.map(|at| at.max(out)))
            }
        }
    }

    /// Until when nothing at all is granted: held, or suspended with its next probe ahead or under way. A store may leave a
    /// sync alone until then.
    pub fn blocked_until(&self) -> Option<Timestamp> {
        let probe = self.is_suspended().then(|| {
            let (scheduled, fresh) = self.next_probes();
            fresh.map_or(scheduled, |fresh| fresh.min(scheduled))
        });
        self.pace.blocked_until().max(probe)
    }

    /// What the requests of the last 24 hours leave of a day's.
    fn day_allows(&self, now: Timestamp, limits: &Limits, want: usize) -> (usize, Option<Timestamp>) {
        let Some(limit) = limits.requests_per_day else { return (want, None) };
        let hour = hour_of(now);
        let used: u64 = self.day.iter().filter(|(at, _)| *at > hour - 24).map(|(_, n)| u64::from(*n)).sum();
        let free = usize::try_from(u64::from(limit).saturating_sub(used)).unwrap_or(usize::MAX);
        // The oldest hour that counts is over in the next one.
        let next = Timestamp::from_micros((hour + 1).saturating_mul(HOUR.as_micros() as i64));
        (free.min(want), (free < want).then_some(next))
    }

    /// The requests of a day (`requestsPerDay`), where they are used up at `now`.
    pub fn day_used_up(&self, now: Timestamp, limits: &Limits) -> Option<DayUsedUp> {
        let limit = limits.requests_per_day?;
        let counted: Vec<_> = self.day.iter().filter(|(at, sent)| *at > hour_of(now) - 24 && *sent > 0).collect();
        let used: u64 = counted.iter().map(|(_, sent)| u64::from(*sent)).sum();
        let mut over = used.checked_sub(limit.into())?;
        let starts = |hour: i64| Timestamp::from_micros(hour.saturating_mul(HOUR.as_micros() as i64));
        // So many hours must be over that one request is free.
        let frees = counted.iter().find(|(_, sent)| {
            let enough = u64::from(*sent) > over;
            over = over.saturating_sub((*sent).into());
            enough
        });
        let until = starts(frees?.0 + 24);
        let reason =
            format!("the {limit} requests of a day (requestsPerDay) are used up: raise limits.requestsPerDay, or wait");
        Some(DayUsedUp { since: starts(counted.last()?.0), until, reason })
    }

    fn count_day(&mut self, now: Timestamp, limits: &Limits, requests: usize) {
        if limits.requests_per_day.is_none() {
            self.day.clear();
            return;
        }
        let (hour, requests) = (hour_of(now), u32::try_from(requests).unwrap_or(u32::MAX));
        self.day.retain(|(at, _)| *at > hour - 24);
        match self.day.last_mut() {
            Some((at, n)) if *at == hour => *n = n.saturating_add(requests),
            _ => self.day.push((hour, requests)),
        }
    }

    /// Whether every request is counted, so that only a claim may lease.
    pub fn needs_claim(&self) -> bool {
        !self.pace.is_free() || self.brakes.all().next().is_some()
    }

    fn rate_allows(&self, now: Timestamp, limits: &Limits, want: usize) -> (usize, Option<Timestamp>) {
        let Some((interval, burst)) = rate_of(limits, &self.pace) else { return (want, None) };
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
        waits: bool,
    ) {
        if leased == 0 {
            // Nobody is fresh: they are looked for again later.
            if let (Breaker::Open { since, fresh_at, .. }, Some(_)) = (&mut self.breaker, grant.fresh) {
                *fresh_at = Some(next_fresh(*since, now));
            }
            return;
        }
        self.pace.taken(now, waits);
        self.count_day(now, limits, leased);
        if let Some((interval, _)) = rate_of(limits, &self.pace) {
            let from = self.rate_until.filter(|&until| until > now).unwrap_or(now);
            self.rate_until = Some(from.plus(whole_micros(interval * leased as f64)));
        }
        if let (Breaker::Open { since, probing, probing_fresh, newest_next, fresh_at, .. }, true) =
            (&mut self.breaker, grant.probe)
        {
            *probing = probe;
            *probing_fresh = grant.fresh.is_some();
            if grant.fresh.is_none() {
                *newest_next = !*newest_next;
            }
            *fresh_at = Some(next_fresh(*since, now));
        }
    }

    /// Notes that a probe is a create: the next such one only later.
    pub fn note_created(&mut self, now: Timestamp) {
        if let Breaker::Open { fresh_creates_at, fresh_creates, .. } = &mut self.breaker {
            *fresh_creates = fresh_creates.saturating_add(1);
            let wait = FRESH_CREATE_FIRST.saturating_mul(1 << (*fresh_creates).min(6));
            *fresh_creates_at = Some(now.plus(wait.min(FRESH_CREATE_LAST)));
        }
    }

    /// Until when a kind of request waits, the others going on; `None`: it may go.
    pub fn holds_back(&self, operation: Operation, now: Timestamp) -> Option<Timestamp> {
        self.brakes.waits_until(operation, now)
    }

    /// Until when a create waits that nothing would tell from one that the external system has carried out already, an older
    /// copy of the database having been restored; `None`: none has, or that is over.
    pub fn holds_doubtful_creates(&self, now: Timestamp) -> Option<Timestamp> {
        self.brakes.restored_until(now)
    }

    /// An older copy of the database was restored: until [`Wish::Release`] of [`BrakeKind::Restored`], the external system may
    /// hold records that this copy does not know.
    pub fn restore(&mut self, now: Timestamp) {
        self.brakes.restore(now);
    }

    /// Whether it was, and still counts.
    pub fn is_restored(&self) -> bool {
        self.brakes.is_restored()
    }

    /// Somebody's request of a kind that is held back is let through.
    pub fn let_through(&mut self, operation: Operation, now: Timestamp) {
        self.brakes.let_through(operation, now);
    }

    /// Whether an answer is the one that everybody gets, so that whoever gets it stays owed.
    pub fn answers_everybody(&self, operation: Operation, signal: &Signal) -> bool {
        let held = self.brakes.on(operation).is_some_and(|brake| brake.kind == BrakeKind::Alike);
        held && matches!(signal, Signal::Refuses { .. })
    }

    /// Whether nothing has been accepted for so long that what failed meanwhile need not be this person's.
    pub fn is_in_trouble_for(&self, time: Duration, now: Timestamp) -> bool {
        self.trouble_since.is_some_and(|since| now.since(since) >= time)
    }

    /// Learns from a settled attempt.
    pub fn observe(&mut self, signal: &Signal, observed: &Observed<'_>, policy: &Policy, now: Timestamp) -> Change {
        let Observed { token, person, owed, sent_at } = *observed;
        let was_probe = matches!(&self.breaker, Breaker::Open { probing: Some((probe, _)), .. } if *probe == token);
        let person = short(person);
        if let Signal::Limited { wait, reason } = signal {
            // Said to one person again, while others were accepted since, and no wait is asked for: it is of that record, and holds
            // nobody else.
            let is_persons = wait.is_none() && self.limited.contains(&person) && self.pace.hold.is_none();
            if !is_persons {
                self.note_limited(person);
                self.pace.refused(now, sent_at, *wait, reason);
            }
            // It lives.
            self.unreachable = 0;
            self.end_probe(was_probe, now);
            return Change::None;
        }
        if !matches!(signal, Signal::Nothing | Signal::Fails { .. }) {
            self.pace.passed(now, sent_at);
            self.limited.retain(|limited| *limited != person);
        }
        match signal {
            Signal::Nothing | Signal::Limited { .. } => self.end_probe(was_probe, now),
            Signal::Finds => {
                self.brakes.accepted(Operation::Lookup);
                self.brakes.found(person);
                self.trouble_since = None;
                return self.works();
            }
            Signal::Works { operation, accepted } => {
                if *accepted {
                    self.brakes.accepted(*operation);
                    self.trouble_since = None;
                }
                return self.works();
            }
            Signal::Refuses { operation, alike } => {
                let proven = self.proofs.of(*operation).proven;
                self.brakes.refused(*operation, alike, person, proven, now);
                return self.works();
            }
            Signal::Silent => {
                self.brakes.silent(person, now);
                self.trouble_since = None;
                return self.works();
            }
            Signal::Vanished => {
                self.brakes.accepted(Operation::Lookup);
                self.brakes.vanished(person, now);
                return self.works();
            }
            Signal::DeleteMissing => {
                self.brakes.missing(now);
                return self.works();
            }
            Signal::Fails { reason, trouble } => {
                self.trouble_since.get_or_insert(now);
                if *trouble == Trouble::Page {
                    self.brakes.page(person, now);
                }
                return self.fails(reason, *trouble, person, owed, was_probe, policy, now);
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

    fn note_limited(&mut self, person: u64) {
        self.limited.retain(|limited| *limited != person);
        if self.limited.len() == LIMITED_PEOPLE {
            self.limited.remove(0);
        }
        self.limited.push(person);
    }

    /// An answer that makes sense: whatever it was suspended for, the endpoint works again.
    fn works(&mut self) -> Change {
        self.failing.clear();
        self.forbidden.clear();
        self.unreachable = 0;
        if self.is_suspended() { self.close() } else { Change::None }
    }

    fn fails(
        &mut self,
        reason: &str,
        trouble: Trouble,
        person: u64,
        owed: i64,
        was_probe: bool,
        policy: &Policy,
        now: Timestamp,
    ) -> Change {
        if trouble == Trouble::Everybodys {
            self.unreachable = self.unreachable.saturating_add(1);
        } else {
            note_person(&mut self.failing, person, FAILING_PEOPLE);
        }
        if was_probe {
            self.fail_probe(policy, now, Some(reason));
            return Change::None;
        }
        let few = owed < FAILING_PEOPLE as i64
            && self.failing.len() >= FAILING_FEW
            && self.trouble_since.is_some_and(|since| now.since(since) <= FEW_WITHIN);
        if self.unreachable >= UNREACHABLE_TRIES || self.failing.len() >= FAILING_PEOPLE || few {
            return self.open(reason.to_owned(), policy, now);
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
    pub fn grant_wish(&mut self, wish: &Wish, now: Timestamp) -> Granted {
        let done = match wish {
            Wish::ReleaseLimit => {
                let held = self.pace.hold.is_some();
                self.pace.release();
                held
            }
            Wish::Release(kind) => self.brakes.release(*kind, now),
            Wish::LookupProven { revision } => {
                self.prove(Operation::Lookup, *revision);
                true
            }
        };
        if done { Granted::Done } else { Granted::Nothing }
    }

    /// Changes it, and says which sweep the change calls for: whoever waited for a brake that is lifted, or that lets somebody
    /// through sooner, is due.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> (T, Option<SweepKind>) {
        let before = self.brakes.clone();
        let given = change(self);
        (given, self.brakes.eased_since(&before).then_some(SweepKind::Lifted))
    }

    /// Notes that a control of the lookup rule was sent: one is enough for each edit.
    pub fn controlled(&mut self, revision: i32) {
        self.proofs.lookup.controlled |= revision >= self.proofs.lookup.since;
    }

    /// An edit has begun these sweeps.
    pub fn sweeps_begun(&mut self, sweeps: &[SweepKind]) {
        let forgetting = sweeps.iter().filter(|kind| **kind == SweepKind::Forget).count();
        self.forgetting = self.forgetting.saturating_add(u32::try_from(forgetting).unwrap_or(u32::MAX));
    }

    /// A sweep that forgets links has been over all of them.
    pub fn forgot(&mut self) {
        self.forgetting = self.forgetting.saturating_sub(1);
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
                self.brakes.edited(operation);
            }
        }
        if before.unique_id != after.unique_id || before.lookup != after.lookup {
            self.brakes.edited(Operation::Create);
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
        self.pace.release();
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
    pub fn reason(&self, now: Timestamp) -> Option<String> {
        let mut reasons: Vec<&str> = Vec::new();
        match (&self.breaker, &self.pace.hold) {
            (Breaker::Open { reason, .. }, _) => reasons.push(reason),
            (Breaker::Closed, Some(hold)) if hold.until > now => reasons.push(&hold.reason),
            (Breaker::Closed, _) => {}
        }
        reasons.extend(self.brakes.all().map(|(_, brake)| brake.reason.as_str()));
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// The brakes on one kind of request each.
    pub fn brakes(&self) -> impl Iterator<Item = (Operation, &Brake)> {
        self.brakes.all()
    }

    /// No request before then: the next probe, or what a "too many requests" asked for. `None` where nothing holds it.
    pub fn no_request_before(&self, now: Timestamp) -> Option<Timestamp> {
        let probe = match &self.breaker {
            Breaker::Open { probe_at, .. } => Some(*probe_at),
            Breaker::Closed => None,
        };
        probe.max(self.pace.held_until()).filter(|&until| until > now)
    }

    /// When something that is claimable `at` goes at the earliest: not before the wait after a "too many requests" is over.
    pub fn not_before(&self, at: Timestamp, now: Timestamp) -> Timestamp {
        self.pace.held_until().filter(|&until| until > now).map_or(at, |until| until.max(at))
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
            probing_fresh: false,
            newest_next: false,
            // At once: whose data is bad came first perhaps, and nobody else is to wait for them.
            fresh_at: Some(now),
            fresh_creates_at: Some(now.plus(FRESH_CREATE_FIRST)),
            fresh_creates: 0,
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
        if let Breaker::Open { probe_at, failed_probes, probing, probing_fresh, reason, .. } = &mut self.breaker {
            // Fresh people come every few seconds: were they counted, the schedule would be at its end within a minute, and
            // hold back those who are left when nobody is fresh any more.
            if !*probing_fresh {
                *failed_probes = failed_probes.saturating_add(1);
                *probe_at = now.plus(policy.probe_delay(*failed_probes));
            }
            (*probing, *probing_fresh) = (None, false);
            if let Some(newest) = newest {
                newest.clone_into(reason);
            }
        }
    }

    /// A probe that said nothing about the endpoint is over: the next one may go at once.
    fn end_probe(&mut self, was_probe: bool, now: Timestamp) {
        if let (Breaker::Open { probe_at, probing, probing_fresh, .. }, true) = (&mut self.breaker, was_probe) {
            if !*probing_fresh {
                *probe_at = (*probe_at).min(now);
            }
            (*probing, *probing_fresh) = (None, false);
        }
    }
}

/// When somebody fresh may be tried after one was, or nobody was there.
fn next_fresh(since: Timestamp, now: Timestamp) -> Timestamp {
    let young = now.since(since) < Duration::from_secs(60);
    now.plus(FRESH_EVERY[usize::from(!young)])
}

/// Seconds between requests and how many may go at once; `None`: no limit. The burst is a tenth of a second's worth, so
/// that in any second at most a tenth more than the limit goes. Of a pace that is only learned two may go at least: whoever
/// asks late on a busy machine makes up for it.
fn rate_of(limits: &Limits, pace: &Pace) -> Option<(f64, usize)> {
    let configured = limits.requests_per_second.filter(|rate| *rate > 0.0);
    let learned = pace.per_second();
    let rate = configured.into_iter().chain(learned).reduce(f64::min)?;
    let least = if configured.is_some() { 1 } else { 2 };
    Some((1.0 / rate, ((rate / 10.0) as usize).max(least)))
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(HOUR.as_micros() as i64)
}

/// Rounded up to what timestamps hold, so that rounding never lets a request go early.
fn whole_micros(seconds: f64) -> Duration {
    Duration::from_micros((seconds * 1e6 - 1e-3).ceil() as u64)
}

fn short(person: &PersonId) -> u64 {
    let hash = Sha256::digest(person.as_str().as_bytes());
    u64::from_be_bytes(hash[..8].try_into().expect("SHA-256 has 32 bytes"))
}

fn note_person(people: &mut Vec<u64>, person: u64, max: usize) {
    if !people.contains(&person) && people.len() < max {
        people.push(person);
    }
}
