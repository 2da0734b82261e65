//! What changes about how a sync stands, for the log of the server: once for each change, not for each request.

use crate::governor::brake::BrakeKind;
use crate::governor::pace::Hold;
use crate::governor::{Breaker, Governor};
use crate::id::SyncId;
use crate::sync::{Limits, Operation};
use crate::time::Timestamp;
use std::time::Duration;

/// Shorter holds after "too many requests" are how a limit is kept, and no news: one comes and goes every few seconds.
const HOLD_TOLD: Duration = Duration::from_secs(60);

/// One change. What it says besides its message is `None` where there is nothing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Always the same words for the same kind of change.
    pub message: &'static str,
    /// Whether requests flow again.
    pub is_good: bool,
    /// The kind of hold, as the API names it.
    pub hold: Option<&'static str>,
    /// Which requests are held; `None`: all of them.
    pub operation: Option<&'static str>,
    /// In words.
    pub reason: Option<String>,
    /// When a request goes next, where that is known.
    pub until: Option<Timestamp>,
}

impl News {
    const fn good(message: &'static str) -> Self {
        Self { message, is_good: true, hold: None, operation: None, reason: None, until: None }
    }

    fn bad(message: &'static str, reason: &str, until: Option<Timestamp>) -> Self {
        Self { is_good: false, reason: Some(reason.to_owned()), until, ..Self::good(message) }
    }
}

/// News of several syncs.
pub type NewsOf = Vec<(SyncId, News)>;

/// What a change of a sync's governor is worth telling.
pub fn between(before: &Governor, after: &Governor) -> Vec<News> {
    let mut news = Vec::new();
    match (&before.breaker, &after.breaker) {
        (Breaker::Closed, Breaker::Open { reason, probe_at, .. }) => {
            news.push(News::bad("a sync is suspended", reason, Some(*probe_at)));
        }
        (Breaker::Open { .. }, Breaker::Closed) => news.push(News::good("a sync is active again")),
        _ => {}
    }
    match (long_hold(before), long_hold(after)) {
        (None, Some(hold)) => {
            news.push(News { hold: Some("LIMIT"), ..News::bad("a hold begins", &hold.reason, Some(hold.until)) });
        }
        // One that is shorter now has begun anew since.
        (Some(_), None) => news.push(News { hold: Some("LIMIT"), ..News::good("a hold ends") }),
        _ => {}
    }
    for (operation, brake) in after.brakes() {
        if !before.brakes().any(|(other, was)| other == operation && was.kind == brake.kind) {
            let begins = News::bad("a hold begins", &brake.reason, brake.lets_at);
            news.push(of_brake(begins, brake.kind, operation));
        }
    }
    for (operation, brake) in before.brakes() {
        if !after.brakes().any(|(other, is)| other == operation && is.kind == brake.kind) {
            news.push(of_brake(News::good("a hold ends"), brake.kind, operation));
        }
    }
    news
}

/// That the requests of a day are used up by what was leased now. That they are free again is not told: time does it.
pub fn of_the_day(before: &Governor, after: &Governor, limits: &Limits, now: Timestamp) -> Option<News> {
    let used_up = after.day_used_up(now, limits).filter(|_| before.day_used_up(now, limits).is_none())?;
    Some(News { hold: Some("DAILY_LIMIT"), ..News::bad("a hold begins", &used_up.reason, Some(used_up.until)) })
}

fn long_hold(governor: &Governor) -> Option<&Hold> {
    governor.pace.hold.as_ref().filter(|hold| hold.until.since(hold.since) >= HOLD_TOLD)
}

fn of_brake(news: News, kind: BrakeKind, operation: Operation) -> News {
    let hold = match kind {
        BrakeKind::Alike => "ALIKE",
        BrakeKind::MissingDeletes => "MISSING_DELETES",
        BrakeKind::SilentCreates => "SILENT_CREATES",
        BrakeKind::Pages => "PAGES",
        BrakeKind::Restored => "RESTORED",
    };
    News { hold: Some(hold), operation: Some(operation.as_str()), ..news }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::governor::{Observed, Signal, Trouble};
    use crate::id::{LeaseToken, PersonId};
    use crate::wait::Wait;
    use uuid::Uuid;

    struct Sync {
        governor: Governor,
        now: Timestamp,
    }

    impl Sync {
        /// What is told of an answer to a person.
        fn answers(&mut self, person: &str, signal: &Signal) -> Vec<(&'static str, Option<&'static str>)> {
            let before = self.governor.clone();
            let person = PersonId::new(person).unwrap();
            let token = LeaseToken(Uuid::nil());
            let observed = Observed { token, person: &person, owed: 100, sent_at: self.now };
            self.governor.observe(signal, &observed, &crate::backoff::Policy::default(), self.now);
            self.now = self.now.plus(Duration::from_secs(1));
            let news = between(&before, &self.governor);
            assert!(news.iter().all(|news| news.is_good == news.reason.is_none()), "{news:?}");
            news.iter().map(|news| (news.message, news.hold)).collect()
        }
    }

    fn sync() -> Sync {
        Sync { governor: Governor::default(), now: Timestamp::from_micros(1_800_000_000_000_000) }
    }

    const WORKS: Signal = Signal::Works { operation: Operation::Update, accepted: true };

    #[test]
    fn a_suspension_and_its_end_are_told_once_each() {
        let fails = Signal::Fails { reason: "connection refused".to_owned(), trouble: Trouble::Everybodys };
        let mut sync = sync();
        let told: Vec<_> = ["a", "b", "c"].iter().flat_map(|person| sync.answers(person, &fails)).collect();
        assert_eq!(told, [("a sync is suspended", None)]);
        assert_eq!(sync.answers("d", &WORKS), [("a sync is active again", None)]);
        assert_eq!(sync.answers("d", &WORKS), []);
    }

    #[test]
    fn a_hold_on_one_kind_of_request_is_told_once() {
        let refuses = Signal::Refuses { operation: Operation::Update, alike: "answered 400".to_owned() };
        let mut sync = sync();
        let told: Vec<_> = (0..12).flat_map(|n| sync.answers(&n.to_string(), &refuses)).collect();
        assert_eq!(told, [("a hold begins", Some("ALIKE"))]);
        assert_eq!(sync.answers("x", &WORKS), [("a hold ends", Some("ALIKE"))]);
    }

    #[test]
    fn a_hold_after_too_many_requests_is_told_where_it_is_long() {
        let limited = |seconds| Signal::Limited {
            wait: Some(Wait { wait: Duration::from_secs(seconds), certain: true }),
            reason: "answered 429: too many requests".to_owned(),
        };
        let mut sync = sync();
        assert_eq!(sync.answers("a", &limited(5)), []);
        sync.now = sync.now.plus(Duration::from_secs(10));
        assert_eq!(sync.answers("a", &WORKS), []);
        assert_eq!(sync.answers("a", &limited(600)), [("a hold begins", Some("LIMIT"))]);
        assert_eq!(sync.answers("b", &limited(600)), []);
        sync.now = sync.now.plus(Duration::from_secs(700));
        assert_eq!(sync.answers("a", &WORKS), [("a hold ends", Some("LIMIT"))]);
    }
}
