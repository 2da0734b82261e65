//! Limits that a system has and does not tell: a hold after each "too many requests", then a pace that is learned.
//!
//! What the numbers are meant for: few refused requests, and most of what is allowed used, with nothing configured.

use crate::time::Timestamp;
use crate::wait::Wait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The first hold where no wait is named; each one after it twice as long.
const HOLD_FIRST: Duration = Duration::from_secs(1);
/// The longest wait that is not named.
const HOLD_MAX: Duration = Duration::from_secs(15 * 60);
/// And once a hold has lasted for [`LONG`]: what is spent is a day's quota, which a look each 15 min would ask a hundred times.
const HOLD_MAX_LONG: Duration = Duration::from_secs(20 * 60);
/// See [`HOLD_MAX_LONG`].
const LONG: Duration = Duration::from_secs(3600);
/// So many accepted requests in a row begin anew with [`HOLD_FIRST`].
const ACCEPTED_FOR_FIRST: u32 = 20;
/// And so many times the length of a hold after it.
const QUIET_HOLDS: u32 = 10;
/// A hold that lasted longer was a quota's, and tells nothing of a rate.
const QUOTA: Duration = Duration::from_secs(120);
/// After a hold no longer than this, the pace that was refused is the limit.
const SHORT: Duration = Duration::from_secs(16);
/// The share of the limit at which requests go.
const SHARE: f64 = 0.95;
/// The share of the limit, or of the pace beyond it, by which it rises at first.
const STEP: f64 = 0.02;
/// The most by which it rises beyond the limit at once.
const STEP_MAX: f64 = 0.25;
/// How often it rises, while something waits.
const EVERY: Duration = Duration::from_secs(10);
/// Steps that were not taken in time are made up for no longer than this.
const MADE_UP_MAX: Duration = Duration::from_secs(60);
/// Never slower than once a minute.
const SLOWEST: f64 = 1.0 / 60.0;
/// Faster than this is no pace any more.
const FASTEST: f64 = 10_000.0;
/// Requests in flight at which slow start ends.
const WIDTH_MAX: u32 = 64;
/// A wait longer than this that is no `Retry-After` is tried in between, so often.
const GUESS_TRIED_EVERY: Duration = Duration::from_secs(5 * 60);

/// Requests a second, as millionths: a state that can be compared.
type MicroHz = u64;

fn to_micro(hertz: f64) -> MicroHz {
    (hertz * 1e6) as MicroHz
}

fn to_hertz(micro: MicroHz) -> f64 {
    micro as f64 / 1e6
}

/// Nothing is sent for a while: the system said "too many requests".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// When it began.
    pub since: Timestamp,
    /// The newest refusal within it: only answers to requests sent after it end the hold.
    pub cut_at: Timestamp,
    /// Until when nothing is sent; then one request is.
    pub until: Timestamp,
    /// Why, in words.
    pub reason: String,
    /// The pace that was refused.
    was: Option<MicroHz>,
    /// Whether anything had had to wait shortly before: else the limit was used up by others.
    waited: bool,
    /// When one request goes although the wait is not over, since nobody knows what it means.
    tried_at: Option<Timestamp>,
}

/// What is learned of an endpoint's limit.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// The hold under way.
    pub hold: Option<Hold>,
    /// The learned pace, in millionths of requests a second.
    pace: Option<MicroHz>,
    /// The limit that it was learned from.
    limit: MicroHz,
    /// Steps taken beyond the limit.
    beyond: u32,
    /// When it last rose.
    raised_at: Option<Timestamp>,
    /// When something last had to wait.
    waited_at: Option<Timestamp>,
    /// Since when acceptances are counted: the end of the last hold.
    counted_since: Option<Timestamp>,
    accepted: u64,
    /// Accepted since the last refusal.
    in_a_row: u32,
    /// How often the hold was doubled.
    doubled: u32,
    /// Slow start: so many may be in flight.
    width: Option<u32>,
}

impl Pace {
    /// Whether nothing was ever refused, so that there is nothing to keep.
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }

    /// Requests a second, where a pace was learned.
    pub fn per_second(&self) -> Option<f64> {
        self.pace.map(to_hertz)
    }

    /// How many of `room` may go at `now`, with `in_flight` on their way, and when to ask again where time alone tells.
    pub(super) fn allows(&self, now: Timestamp, in_flight: usize, room: usize) -> (usize, Option<Timestamp>) {
        if let Some(hold) = &self.hold {
            let opens = hold.tried_at.map_or(hold.until, |tried| tried.min(hold.until));
            if opens > now {
                return (0, Some(opens));
            }
            // One request tells whether it is over.
            return (usize::from(in_flight == 0).min(room), None);
        }
        match self.width {
            Some(width) => ((width as usize).saturating_sub(in_flight).min(room), None),
            None => (room, None),
        }
    }

    /// Until when nothing goes.
    pub fn held_until(&self) -> Option<Timestamp> {
        self.hold.as_ref().map(|hold| hold.until)
    }

    /// Until when nothing is granted: where a wait is a guess, one request goes before its end.
    pub fn blocked_until(&self) -> Option<Timestamp> {
        self.hold.as_ref().map(|hold| hold.tried_at.map_or(hold.until, |tried| tried.min(hold.until)))
    }

    /// Notes that requests go, and whether others have to wait.
    pub(super) fn taken(&mut self, now: Timestamp, waits: bool) {
        if let Some(hold) = &mut self.hold
            && hold.tried_at.is_some()
        {
            hold.tried_at = Some(now.plus(GUESS_TRIED_EVERY));
        }
        if self.pace.is_none() && self.width.is_none() {
            return;
        }
        // Written down now and then: a row that changes costs.
        if waits && self.waited_at.is_none_or(|at| now.since(at) >= Duration::from_secs(1)) {
            self.waited_at = Some(now);
        }
        self.rise(now);
    }

    /// Rises once for each span in which something waited.
    fn rise(&mut self, now: Timestamp) {
        let (Some(mut pace), Some(raised)) = (self.pace, self.raised_at) else { return };
        let mut raised = raised.max(now.minus(MADE_UP_MAX));
        while now.since(raised) >= EVERY {
            let waited = self.waited_at.is_some_and(|at| at >= raised);
            raised = raised.plus(EVERY);
            if !waited {
                continue;
            }
            if pace < self.limit {
                pace = (pace + to_micro(STEP * to_hertz(self.limit))).min(self.limit);
            } else {
                let step = (STEP * f64::from(1_u32 << self.beyond.min(10))).min(STEP_MAX);
                self.beyond += 1;
                pace = to_micro(to_hertz(pace) * (1.0 + step));
            }
        }
        self.raised_at = Some(raised);
        self.pace = (to_hertz(pace) <= FASTEST).then_some(pace);
        if self.pace.is_none() {
            *self = Self::default();
        }
    }

    /// A request was answered "too many". `sent_at`: when it was sent.
    pub(super) fn refused(&mut self, now: Timestamp, sent_at: Timestamp, wait: Option<Wait>, reason: &str) {
        let named = wait.map(|wait| wait.wait);
        if let Some(hold) = &mut self.hold
            && sent_at < hold.cut_at
        {
            // On its way when the hold began: the same event.
            hold.until = hold.until.max(named.map_or(hold.until, |wait| now.plus(wait)));
            return;
        }
        // So long after such a hold another one has nothing to do with it.
        let last = (HOLD_FIRST * (1 << self.doubled.saturating_sub(1).min(12))).min(HOLD_MAX);
        if self.hold.is_none() && self.counted_since.is_some_and(|ended| now.since(ended) >= last * QUIET_HOLDS) {
            self.doubled = 0;
        }
        let is_long = self.hold.as_ref().is_some_and(|hold| now.since(hold.since) >= LONG);
        let most = if is_long { HOLD_MAX_LONG } else { HOLD_MAX };
        let doubled = (HOLD_FIRST * (1 << self.doubled.min(12))).min(most);
        let wait_for = match named {
            None => doubled,
            // A wait that nothing was accepted after is not believed.
            Some(named) if self.in_a_row == 0 && self.hold.is_some() => named.max(doubled),
            Some(named) => named,
        };
        self.doubled = (self.doubled + 1).min(12);
        self.in_a_row = 0;
        let waited = self.waited_at.is_some_and(|at| now.since(at) <= EVERY + Duration::from_secs(1));
        let guess = wait.is_some_and(|wait| !wait.certain && wait.wait > GUESS_TRIED_EVERY);
        let (until, pace) = (now.plus(wait_for), self.pace);
        let hold = self.hold.get_or_insert_with(|| Hold {
            since: now,
            cut_at: now,
            until,
            reason: String::new(),
            was: pace,
            waited,
            tried_at: None,
        });
        hold.cut_at = now;
        hold.until = hold.until.max(until);
        hold.tried_at = guess.then(|| now.plus(GUESS_TRIED_EVERY));
        reason.clone_into(&mut hold.reason);
    }

    /// A request was answered otherwise.
    pub(super) fn passed(&mut self, now: Timestamp, sent_at: Timestamp) {
        if self.is_free() {
            return;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.accepted += 1;
        self.width = self.width.map(|width| width + 1).filter(|width| *width < WIDTH_MAX);
        if self.in_a_row >= ACCEPTED_FOR_FIRST {
            self.doubled = 0;
        }
        let Some(hold) = self.hold.take_if(|hold| sent_at >= hold.cut_at) else { return };
        self.doubled = 0;
        let lasted = now.since(hold.since);
        if lasted <= QUOTA
            && hold.waited
            && let Some(limit) = self.limit_after(now, lasted, hold.was)
        {
            self.limit = to_micro(limit);
            self.pace = Some(to_micro(limit * SHARE));
            self.beyond = 0;
        }
        self.raised_at = Some(now);
        self.counted_since = Some(now);
        self.accepted = 1;
        self.width = Some(1);
    }

    /// The limit that a hold tells of.
    fn limit_after(&self, now: Timestamp, lasted: Duration, was: Option<MicroHz>) -> Option<f64> {
        let counted = || {
            let span = now.since(self.counted_since?).as_secs_f64().max(1.0);
            Some(self.accepted as f64 / span)
        };
        let limit = match was.map(to_hertz) {
            None => counted()?,
            Some(was) if lasted <= SHORT => was,
            Some(was) => counted().unwrap_or(was).clamp(was / 2.0, was),
        };
        Some(limit.max(SLOWEST))
    }

    /// An administrator's resume: the hold is over.
    pub(super) fn release(&mut self) {
        self.hold = None;
    }
}
