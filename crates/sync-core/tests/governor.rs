//! The endpoint's state: concurrency, rate, breaker, probes and holds.

use proptest::prelude::*;
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::governor::brake::{ALIKE_PEOPLE, ALIKE_PEOPLE_NEW, BrakeKind, MISSING_DELETES};
use sync_core::governor::{
    Breaker, Change, FAILING_PEOPLE, FORBIDDEN_PEOPLE, Fresh, Governor, Grant, Granted, Observed, Signal, Trouble, Wish,
};
use sync_core::id::{LeaseToken, PersonId};
use sync_core::sync::{Authentication, Limits, Operation, Settings};
use sync_core::time::Timestamp;
use sync_core::wait::Wait;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// One endpoint, at its time.
struct Endpoint {
    governor: Governor,
    policy: Policy,
    limits: Limits,
    now: Timestamp,
    tokens: u128,
}

fn works() -> Signal {
    Signal::Works { operation: Operation::Update, accepted: true }
}

fn fails() -> Signal {
    Signal::Fails { reason: "answered 500".to_owned(), trouble: Trouble::Persons }
}

fn held(seconds: u64, reason: &str) -> Signal {
    let wait = Wait { wait: Duration::from_secs(seconds), certain: true };
    Signal::Limited { wait: Some(wait), reason: reason.to_owned() }
}

fn unreachable() -> Signal {
    Signal::Fails { reason: "not sent: no such name".to_owned(), trouble: Trouble::Everybodys }
}

fn refuses(status: u16) -> Signal {
    Signal::Refuses { operation: Operation::Update, alike: format!("answered {status}") }
}

impl Endpoint {
    fn new() -> Self {
        Self {
            governor: Governor::default(),
            policy: Policy::default(),
            limits: Limits { max_concurrency: 10, requests_per_second: None, requests_per_day: None },
            now: START,
            tokens: 0,
        }
    }

    fn suspended() -> Self {
        let mut endpoint = Self::new();
        assert_eq!(endpoint.observe("p", &unreachable(), 1), Change::None);
        assert_eq!(endpoint.observe("p", &unreachable(), 1), Change::Opened);
        endpoint
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    fn grant(&self) -> Grant {
        self.governor.grant(self.now, &self.limits, 0, 100)
    }

    /// What an attempt that was no probe says.
    fn observe(&mut self, person: &str, signal: &Signal, owed: i64) -> Change {
        self.settle(LeaseToken(Uuid::nil()), person, signal, owed)
    }

    fn settle(&mut self, token: LeaseToken, person: &str, signal: &Signal, owed: i64) -> Change {
        let person = PersonId::new(person).unwrap();
        let observed = Observed { token, person: &person, owed, sent_at: self.now.minus(Duration::from_secs(1)) };
        self.governor.observe(signal, &observed, &self.policy, self.now)
    }

    /// Somebody fresh is looked for, and nobody is found.
    fn nobody_is_fresh(&mut self) {
        let grant = self.grant();
        assert!(grant.fresh.is_some());
        self.governor.take(self.now, &self.limits, grant, 0, None, false);
    }

    /// Waits until a probe may go, and lets it go. Returns its token and whether it took the newest change.
    fn probe(&mut self) -> (LeaseToken, bool) {
        self.now = self.now.max(self.probe_at());
        if let Some(at) = self.grant().again_at.filter(|_| self.grant().links == 0) {
            self.now = at;
        }
        let grant = self.grant();
        assert_eq!((grant.links, grant.probe, grant.fresh), (1, true, None), "{:?}", self.governor);
        self.tokens += 1;
        let token = LeaseToken(Uuid::from_u128(self.tokens));
        let until = self.now.plus(Duration::from_secs(40));
        self.governor.take(self.now, &self.limits, grant, 1, Some((token, until)), false);
        (token, grant.newest_first)
    }

    fn probe_at(&self) -> Timestamp {
        match &self.governor.breaker {
            Breaker::Open { probe_at, .. } => *probe_at,
            Breaker::Closed => panic!("it is closed"),
        }
    }
}

// -------------------------------------------------------------------------------------------- concurrency and rate

#[test]
fn no_more_is_granted_than_leases_over_all_nodes_leave_room_for() {
    let endpoint = Endpoint::new();
    for (leased, want, links) in [(0, 100, 10), (0, 3, 3), (7, 100, 3), (10, 100, 0), (12, 100, 0), (0, 0, 0)] {
        let grant = endpoint.governor.grant(START, &endpoint.limits, leased, want);
        assert_eq!(
            grant,
            Grant { links, probe: false, newest_first: false, ends_hold: false, fresh: None, again_at: None },
            "{leased} {want}"
        );
    }
}

#[test]
fn a_rate_lets_a_tenth_of_a_second_go_at_once_and_then_one_by_one() {
    let mut endpoint = Endpoint::new();
    endpoint.limits = Limits { max_concurrency: 256, requests_per_second: Some(50.0), requests_per_day: None };
    let grant = endpoint.grant();
    assert_eq!(grant.links, 5);
    endpoint.governor.take(START, &endpoint.limits, grant, 5, None, false);
    let none = endpoint.grant();
    assert_eq!((none.links, none.again_at), (0, Some(START.plus(Duration::from_millis(20)))));
    endpoint.now = none.again_at.unwrap();
    assert_eq!(endpoint.grant().links, 1);
    endpoint.wait(60);
    assert_eq!(endpoint.grant().links, 5, "what was not used is not saved up");
    let grant = endpoint.grant();
    endpoint.governor.take(endpoint.now, &endpoint.limits, grant, 0, None, false);
    assert_eq!(endpoint.grant().links, 5, "what was not leased is not taken");
}

#[test]
fn a_rate_below_one_a_second_waits_as_long_as_it_says() {
    let mut endpoint = Endpoint::new();
    endpoint.limits.requests_per_second = Some(0.1);
    let grant = endpoint.grant();
    assert_eq!(grant.links, 1);
    endpoint.governor.take(endpoint.now, &endpoint.limits, grant, 1, None, false);
    endpoint.wait(9);
    let grant = endpoint.grant();
    assert_eq!((grant.links, grant.again_at), (0, Some(START.plus(Duration::from_secs(10)))), "asking moves nothing");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// In any span of time at most the burst and what the rate gives; and whoever asks when told gets something.
    #[test]
    fn the_rate_is_exact_over_any_window(
        rate in prop_oneof![0.5..20.0, 20.0..1000.0, 1000.0..10_000.0, (1u32..100).prop_map(f64::from)],
        steps in prop::collection::vec((0u64..200_000, 1usize..40, 0usize..40, any::<bool>()), 1..80),
    ) {
        let limits = Limits { max_concurrency: 256, requests_per_second: Some(rate), requests_per_day: None };
        let burst = (rate / 10.0).floor().max(1.0);
        let mut governor = Governor::default();
        let mut now = START;
        let mut granted: Vec<(Timestamp, usize)> = Vec::new();
        for (micros, want, used, when_told) in steps {
            let told = governor.grant(now, &limits, 0, 256).again_at.filter(|_| when_told);
            now = told.unwrap_or_else(|| now.plus(Duration::from_micros(micros)));
            let grant = governor.grant(now, &limits, 0, want);
            prop_assert!(told.is_none() || grant.links > 0, "told to come at {now}, and sent away");
            if let Some(at) = grant.again_at {
                prop_assert!(at > now && at.since(now).as_secs_f64() <= 1.0 / rate + 2e-6);
            }
            let leased = used.min(grant.links);
            governor.take(now, &limits, grant, leased, None, false);
            granted.push((now, leased));
        }
        for from in 0..granted.len() {
            let mut sum = 0.0;
            for &(at, leased) in &granted[from..] {
                sum += leased as f64;
                let span = at.since(granted[from].0).as_secs_f64();
                prop_assert!(sum <= burst + rate * span + 1e-3, "{sum} in {span} s at {rate} a second");
            }
        }
    }
}

// ----------------------------------------------------------------------------------------------------------- breaker

#[test]
fn it_opens_after_endpoint_failures_of_five_different_people() {
    let mut endpoint = Endpoint::new();
    for person in ["a", "b", "a", "c", "b", "d", "d"] {
        assert_eq!(endpoint.observe(person, &fails(), 100), Change::None);
    }
    assert_eq!(endpoint.observe("e", &fails(), 100), Change::Opened);
    assert!(endpoint.governor.is_suspended());
    assert_eq!(endpoint.governor.reason(endpoint.now).as_deref(), Some("answered 500"));
    assert_eq!(FAILING_PEOPLE, 5);
    assert_eq!(endpoint.observe("f", &fails(), 100), Change::None, "once");
}

#[test]
fn where_few_are_owed_three_different_people_within_an_hour_open_it() {
    let mut endpoint = Endpoint::new();
    endpoint.observe("a", &fails(), 4);
    endpoint.observe("b", &fails(), 4);
    assert_eq!(endpoint.observe("c", &fails(), 4), Change::Opened);
    let mut slow = Endpoint::new();
    slow.observe("a", &fails(), 4);
    slow.wait(3601);
    slow.observe("b", &fails(), 4);
    assert_eq!(slow.observe("c", &fails(), 4), Change::None, "not within an hour");
    let mut many = Endpoint::new();
    for person in ["a", "b", "c", "d"] {
        assert_eq!(many.observe(person, &fails(), 5), Change::None);
    }
}

#[test]
fn one_persons_failures_open_nothing() {
    for owed in [1, 2, 9] {
        let mut endpoint = Endpoint::new();
        for _ in 0..50 {
            assert_eq!(endpoint.observe("poison", &fails(), owed), Change::None);
        }
    }
}

#[test]
fn no_connection_and_401_open_it_after_two_tries_whoevers() {
    let mut endpoint = Endpoint::new();
    endpoint.observe("p", &unreachable(), 9);
    endpoint.observe("q", &works(), 9);
    assert_eq!(endpoint.observe("p", &unreachable(), 9), Change::None, "a success lies between");
    assert_eq!(endpoint.observe("p", &unreachable(), 9), Change::Opened);
}

#[test]
fn one_poisoned_person_among_healthy_ones_does_not_open_it() {
    let mut endpoint = Endpoint::new();
    for n in 0..100 {
        assert_eq!(endpoint.observe("poisoned", &fails(), 50), Change::None);
        if n % 3 == 0 {
            assert_eq!(endpoint.observe(&format!("healthy {n}"), &works(), 50), Change::None);
        }
    }
    // Nor do several, each among healthy ones.
    for n in 0..100 {
        endpoint.observe(&format!("bad {n}"), &fails(), 50);
        endpoint.observe(&format!("good {n}"), &works(), 50);
    }
    assert!(!endpoint.governor.is_suspended());
}

#[test]
fn a_403_is_the_syncs_only_if_three_different_people_get_it_in_a_row() {
    let mut endpoint = Endpoint::new();
    for _ in 0..50 {
        assert_eq!(endpoint.observe("a", &Signal::Forbidden, 1), Change::None, "one person's own");
    }
    endpoint.observe("b", &Signal::Forbidden, 9);
    endpoint.observe("c", &works(), 9);
    endpoint.observe("a", &Signal::Forbidden, 9);
    assert_eq!(endpoint.observe("b", &Signal::Forbidden, 9), Change::None, "a success lies between");
    assert_eq!(endpoint.observe("c", &Signal::Forbidden, 9), Change::Opened);
    assert!(endpoint.governor.reason(endpoint.now).unwrap().contains("403"));
    assert_eq!(FORBIDDEN_PEOPLE, 3);
}

// ------------------------------------------------------------------------------------------------------------ brakes

fn held_back(endpoint: &Endpoint, operation: Operation) -> Option<u64> {
    let until = endpoint.governor.holds_back(operation, endpoint.now)?;
    Some(until.since(endpoint.now).as_secs())
}

#[test]
fn twenty_missing_deletes_hold_back_deletes_only_until_released_or_edited() {
    let mut endpoint = Endpoint::new();
    let accepted = Signal::Works { operation: Operation::Delete, accepted: true };
    for _ in 1..MISSING_DELETES {
        endpoint.observe("p", &Signal::DeleteMissing, 1);
    }
    endpoint.observe("p", &accepted, 1);
    for n in 1..MISSING_DELETES {
        endpoint.observe("p", &Signal::DeleteMissing, 1);
        if n % 2 == 0 {
            endpoint.observe("q", &works(), 1);
        }
    }
    assert_eq!(held_back(&endpoint, Operation::Delete), None, "an accepted delete begins anew");
    endpoint.observe("p", &Signal::DeleteMissing, 1);
    assert!(held_back(&endpoint, Operation::Delete).is_some(), "other successes do not count");
    assert!(!endpoint.governor.is_suspended() && held_back(&endpoint, Operation::Update).is_none());
    assert!(endpoint.governor.reason(endpoint.now).unwrap().contains("release the hold"));
    endpoint.governor.probe_now(endpoint.now);
    assert!(held_back(&endpoint, Operation::Delete).is_some(), "a resume never releases it");
    let wish = Wish::Release(BrakeKind::MissingDeletes);
    assert_eq!(endpoint.governor.grant_wish(&wish, endpoint.now), Granted::Done);
    assert_eq!(endpoint.governor.grant_wish(&wish, endpoint.now), Granted::Nothing);
    for _ in 0..100 {
        endpoint.observe("p", &Signal::DeleteMissing, 1);
    }
    assert_eq!(held_back(&endpoint, Operation::Delete), None, "one release for this revision");
}

#[test]
fn a_rule_that_answers_everybody_the_same_is_held_and_one_is_let_through_now_and_then() {
    let mut endpoint = Endpoint::new();
    for person in 1..ALIKE_PEOPLE_NEW {
        endpoint.observe(&person.to_string(), &refuses(404), 9);
        endpoint.observe("the same", &refuses(404), 9);
        endpoint.observe("the same", &refuses(404), 9);
        if person == 2 {
            // Another answer begins anew.
            endpoint.observe("1", &refuses(422), 9);
        }
    }
    assert_eq!(held_back(&endpoint, Operation::Update), None);
    for person in 0..ALIKE_PEOPLE_NEW {
        endpoint.observe(&format!("p{person}"), &refuses(404), 9);
    }
    let mut waits = Vec::new();
    for _ in 0..8 {
        let wait = held_back(&endpoint, Operation::Update).unwrap();
        waits.push(wait);
        endpoint.wait(wait);
        assert_eq!(held_back(&endpoint, Operation::Update), None, "one goes");
        endpoint.governor.let_through(Operation::Update, endpoint.now);
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300]);
    assert!(endpoint.governor.answers_everybody(Operation::Update, &refuses(404)), "whoever gets it stays owed");
    endpoint.observe("p", &works(), 9);
    assert_eq!(held_back(&endpoint, Operation::Update), None, "one acceptance lifts it");
    // Of a rule that has worked since its last edit, more are needed.
    endpoint.governor.prove(Operation::Update, 1);
    for person in 1..ALIKE_PEOPLE {
        endpoint.observe(&person.to_string(), &refuses(404), 9);
    }
    assert_eq!(held_back(&endpoint, Operation::Update), None);
    endpoint.observe("one more", &refuses(404), 9);
    assert!(held_back(&endpoint, Operation::Update).is_some());
}

#[test]
fn creates_that_tell_no_id_hold_back_creates_until_an_edit_or_a_release_lets_one_through() {
    let mut endpoint = Endpoint::new();
    for person in ["a", "b", "b", "c"] {
        assert_eq!(held_back(&endpoint, Operation::Create), None);
        endpoint.observe(person, &Signal::Silent, 9);
    }
    assert!(held_back(&endpoint, Operation::Create).is_some() && held_back(&endpoint, Operation::Delete).is_none());
    endpoint.wait(86_400);
    assert!(held_back(&endpoint, Operation::Create).is_some(), "without probes");
    let wish = Wish::Release(BrakeKind::SilentCreates);
    endpoint.governor.grant_wish(&wish, endpoint.now);
    assert_eq!(held_back(&endpoint, Operation::Create), None);
    endpoint.governor.let_through(Operation::Create, endpoint.now);
    assert!(held_back(&endpoint, Operation::Create).is_some(), "one went");
    endpoint.observe("d", &Signal::Works { operation: Operation::Create, accepted: true }, 9);
    assert_eq!(held_back(&endpoint, Operation::Create), None);
}

/// Answers that are cut tell no id either; the lookup finds their records.
#[test]
fn an_id_that_a_lookup_finds_lifts_the_hold_of_creates_that_tell_none() {
    let mut endpoint = Endpoint::new();
    for person in ["a", "b", "c"] {
        endpoint.observe(person, &Signal::Silent, 9);
    }
    assert!(held_back(&endpoint, Operation::Create).is_some());
    endpoint.observe("a", &Signal::Works { operation: Operation::Lookup, accepted: true }, 9);
    assert!(held_back(&endpoint, Operation::Create).is_some(), "none was found");
    endpoint.observe("a", &Signal::Finds, 9);
    assert_eq!(held_back(&endpoint, Operation::Create), None);
}

#[test]
fn pages_hold_back_creates_and_any_acceptance_lifts_it() {
    let page = Signal::Fails { reason: "a page".into(), trouble: Trouble::Page };
    let mut endpoint = Endpoint::new();
    for person in ["a", "b", "c"] {
        endpoint.observe(person, &page, 9);
    }
    assert_eq!(held_back(&endpoint, Operation::Create), Some(60));
    endpoint.observe("d", &works(), 9);
    assert_eq!(held_back(&endpoint, Operation::Create), None);
}

#[test]
fn an_edit_goes_on_at_once_and_has_to_be_proven_again() {
    let mut endpoint = Endpoint::new();
    endpoint.governor.prove(Operation::Update, 1);
    endpoint.governor.prove(Operation::Lookup, 1);
    for person in 0..ALIKE_PEOPLE {
        endpoint.observe(&person.to_string(), &refuses(404), 9);
    }
    assert!(held_back(&endpoint, Operation::Update).is_some());
    let before = Settings::default();
    let bearer = Authentication::Bearer { token: None };
    let after = Settings { authentication: bearer, ..Settings::default() };
    endpoint.governor.edited(&before, &after, 2, endpoint.now);
    assert_eq!(held_back(&endpoint, Operation::Update), None);
    assert!(!endpoint.governor.lookup_proven() && !endpoint.governor.proofs.update.proven);
    endpoint.governor.prove(Operation::Update, 1);
    assert!(!endpoint.governor.proofs.update.proven, "what was rendered before the edit proves nothing");
    endpoint.governor.prove(Operation::Update, 2);
    assert!(endpoint.governor.proofs.update.proven);
    // A suspended sync is probed at once.
    let mut suspended = Endpoint::suspended();
    suspended.nobody_is_fresh();
    suspended.governor.edited(&before, &before, 2, suspended.now);
    assert_eq!(suspended.grant().links, 0);
    suspended.governor.edited(&before, &after, 3, suspended.now);
    assert_eq!(suspended.grant().links, 1);
}

#[test]
fn a_days_requests_are_counted_by_the_hour() {
    let mut endpoint = Endpoint::new();
    endpoint.limits = Limits { max_concurrency: 256, requests_per_second: None, requests_per_day: Some(100) };
    let grant = endpoint.grant();
    assert_eq!(grant.links, 100);
    endpoint.governor.take(endpoint.now, &endpoint.limits, grant, 60, None, true);
    endpoint.wait(3600);
    let grant = endpoint.grant();
    assert_eq!(grant.links, 40);
    endpoint.governor.take(endpoint.now, &endpoint.limits, grant, 40, None, true);
    let grant = endpoint.grant();
    assert_eq!(grant.links, 0);
    assert!(grant.again_at.unwrap().since(endpoint.now) <= Duration::from_secs(3600));
    endpoint.wait(23 * 3600);
    assert_eq!(endpoint.grant().links, 60, "what was sent a day ago is free again");
}

// ------------------------------------------------------------------------------------------------------------ probes

#[test]
fn a_suspended_sync_is_probed_one_link_at_a_time() {
    let mut endpoint = Endpoint::suspended();
    let first = endpoint.now.plus(Duration::from_secs(30));
    assert_eq!(endpoint.grant().fresh, Some(Fresh { creates: false }), "somebody fresh is tried at once");
    endpoint.nobody_is_fresh();
    let fresh = endpoint.now.plus(Duration::from_secs(5));
    let none =
        Grant { links: 0, probe: false, newest_first: false, ends_hold: false, fresh: None, again_at: Some(fresh) };
    assert_eq!(endpoint.grant(), none, "somebody fresh is tried before the schedule");
    let (token, _) = endpoint.probe();
    assert_eq!(endpoint.now, first);
    let until = endpoint.now.plus(Duration::from_secs(40));
    assert_eq!((endpoint.grant().links, endpoint.grant().again_at), (0, Some(until)), "one is under way");
    endpoint.settle(token, "p", &works(), 1);
    assert_eq!(endpoint.grant().links, 10, "a success closes it");
}

#[test]
fn beside_the_schedule_fresh_people_are_tried_and_creates_less_often() {
    let mut endpoint = Endpoint::suspended();
    let begun = endpoint.now;
    let (mut tried, mut creates) = (0, 0);
    while endpoint.now.since(begun) < Duration::from_secs(7200) {
        let grant = endpoint.grant();
        let Some(fresh) = grant.fresh else {
            endpoint.now = grant.again_at.unwrap_or(endpoint.now.plus(Duration::from_secs(1)));
            if grant.links > 0 {
                let (token, _) = endpoint.probe();
                endpoint.settle(token, "old", &fails(), 99);
            }
            continue;
        };
        tried += 1;
        endpoint.tokens += 1;
        let token = LeaseToken(Uuid::from_u128(endpoint.tokens));
        let until = endpoint.now.plus(Duration::from_secs(40));
        endpoint.governor.take(endpoint.now, &endpoint.limits, grant, 1, Some((token, until)), true);
        if fresh.creates {
            creates += 1;
            endpoint.governor.note_created(endpoint.now);
        }
        endpoint.settle(token, &format!("new {tried}"), &fails(), 99);
    }
    assert!((600..=800).contains(&tried), "every 5 s at first, then every 10: {tried}");
    assert!((110..=125).contains(&creates), "less and less often, and once a minute at last: {creates}");
}

#[test]
fn probes_take_the_oldest_debt_and_the_newest_change_in_turn() {
    let mut endpoint = Endpoint::suspended();
    for n in 0..6 {
        let (token, newest) = endpoint.probe();
        assert_eq!(newest, n % 2 == 1);
        endpoint.settle(token, "p", &fails(), 9);
    }
}

#[test]
fn a_failed_probe_backs_off_by_the_schedule() {
    let mut endpoint = Endpoint::suspended();
    let mut waits = vec![endpoint.probe_at().since(endpoint.now).as_secs()];
    for n in 0..7 {
        let (token, _) = endpoint.probe();
        let signal = if n == 3 { Signal::Forbidden } else { fails() };
        assert_eq!(endpoint.settle(token, "p", &signal, 9), Change::None);
        waits.push(endpoint.probe_at().since(endpoint.now).as_secs());
    }
    assert_eq!(waits, [30, 60, 120, 300, 900, 3600, 3600, 3600]);
}

#[test]
fn who_is_fresh_is_tried_beside_the_schedule_and_moves_it_never() {
    let mut endpoint = Endpoint::suspended();
    let first = endpoint.probe_at();
    // One every five seconds, until nobody is fresh any more.
    for n in 0..5 {
        let grant = endpoint.grant();
        assert!(grant.fresh.is_some(), "{:?}", endpoint.governor);
        let token = LeaseToken(Uuid::from_u128(1000 + n));
        let until = endpoint.now.plus(Duration::from_secs(40));
        endpoint.governor.take(endpoint.now, &endpoint.limits, grant, 1, Some((token, until)), false);
        endpoint.settle(token, &format!("fresh{n}"), &fails(), 30);
        endpoint.wait(5);
    }
    endpoint.nobody_is_fresh();
    assert_eq!(endpoint.probe_at(), first);
    let (token, _) = endpoint.probe();
    assert_eq!(endpoint.now, first);
    endpoint.settle(token, "p", &fails(), 30);
    assert_eq!(endpoint.probe_at().since(endpoint.now).as_secs(), 60);
}

#[test]
fn a_failed_probe_tells_the_newest_reason() {
    let mut endpoint = Endpoint::suspended();
    let (token, _) = endpoint.probe();
    endpoint.settle(
        token,
        "p",
        &Signal::Fails { reason: "not sent: no such name".into(), trouble: Trouble::Everybodys },
        9,
    );
    assert_eq!(endpoint.governor.reason(endpoint.now).as_deref(), Some("not sent: no such name"));
    assert_eq!(endpoint.governor.no_request_before(endpoint.now), Some(endpoint.probe_at()));
}

#[test]
fn a_lost_probe_ends_by_its_lease() {
    let mut endpoint = Endpoint::suspended();
    let (lost, _) = endpoint.probe();
    endpoint.wait(39);
    assert_eq!(endpoint.grant().links, 0);
    endpoint.wait(1);
    assert_eq!(endpoint.grant().links, 1);
    let (second, _) = endpoint.probe();
    // The lost one comes late: it is no probe any longer.
    let probe_at = endpoint.probe_at();
    endpoint.settle(lost, "p", &fails(), 9);
    assert_eq!(endpoint.probe_at(), probe_at);
    assert_eq!(endpoint.settle(second, "q", &works(), 9), Change::Closed);
}

#[test]
fn a_probe_that_says_nothing_is_followed_by_the_next_at_once() {
    let mut endpoint = Endpoint::suspended();
    let (token, _) = endpoint.probe();
    endpoint.settle(token, "p", &Signal::Nothing, 9);
    assert_eq!(endpoint.grant().links, 1);
    let before = endpoint.governor.clone();
    endpoint.observe("q", &Signal::Nothing, 9);
    assert_eq!(endpoint.governor, before, "of any other attempt nothing is learnt");
}

#[test]
fn a_success_of_a_request_that_was_under_way_closes_it_too() {
    let mut endpoint = Endpoint::suspended();
    assert_eq!(endpoint.observe("q", &works(), 9), Change::Closed);
    assert!(endpoint.governor.failing.is_empty());
    assert_eq!(endpoint.observe("q", &works(), 9), Change::None);
}

#[test]
fn an_administrators_resume_probes_now_and_forgets_a_hold() {
    let mut endpoint = Endpoint::suspended();
    for _ in 0..5 {
        let (token, _) = endpoint.probe();
        endpoint.settle(token, "p", &fails(), 9);
    }
    endpoint.observe("p", &held(9000, "429"), 9);
    assert_eq!(endpoint.grant().links, 0);
    endpoint.governor.probe_now(endpoint.now);
    let grant = endpoint.grant();
    assert_eq!((grant.links, grant.probe), (1, true), "a probe, not all at once");
    let (token, _) = endpoint.probe();
    endpoint.settle(token, "p", &fails(), 9);
    assert_eq!(endpoint.probe_at().since(endpoint.now), Duration::from_secs(60), "the schedule begins again");
    let mut closed = Endpoint::new();
    closed.governor.probe_now(closed.now);
    assert_eq!(closed.governor, Governor::default());
}

#[test]
fn a_pause_is_no_part_of_it() {
    // A probe is under way; an administrator pauses, which this state does not know; the probe succeeds.
    let mut endpoint = Endpoint::suspended();
    let (token, _) = endpoint.probe();
    assert_eq!(endpoint.settle(token, "p", &works(), 1), Change::Closed);
    let kept = serde_json::to_value(&endpoint.governor).unwrap();
    assert!(!kept.to_string().contains("paused"), "a settle writes no pause: {kept}");
}

#[test]
fn a_probe_keeps_the_rate_and_the_concurrency() {
    let mut endpoint = Endpoint::suspended();
    endpoint.wait(30);
    assert_eq!(endpoint.governor.grant(endpoint.now, &endpoint.limits, 10, 5).links, 0);
    endpoint.limits.requests_per_second = Some(0.01);
    let (token, _) = endpoint.probe();
    endpoint.settle(token, "p", &Signal::Nothing, 1);
    let grant = endpoint.grant();
    assert_eq!((grant.links, grant.again_at), (0, Some(endpoint.now.plus(Duration::from_secs(100)))));
}

// ------------------------------------------------------------------------------------------------------------- holds

#[test]
fn a_retry_after_holds_the_whole_sync_until_then() {
    let mut endpoint = Endpoint::new();
    let hold = |seconds| held(seconds, "answered 429 with Retry-After");
    let until = endpoint.now.plus(Duration::from_secs(90));
    assert_eq!(endpoint.observe("p", &hold(90), 9), Change::None);
    let none =
        Grant { links: 0, probe: false, newest_first: false, ends_hold: false, fresh: None, again_at: Some(until) };
    assert_eq!(endpoint.grant(), none);
    assert_eq!(endpoint.governor.reason(endpoint.now).as_deref(), Some("answered 429 with Retry-After"));
    assert_eq!(endpoint.governor.no_request_before(endpoint.now), Some(until));
    // A shorter one, or a success of what was under way, does not end it.
    endpoint.observe("q", &hold(5), 9);
    endpoint.observe("q", &works(), 9);
    assert_eq!(endpoint.grant().again_at, Some(until));
    endpoint.wait(90);
    assert_eq!(endpoint.grant().links, 1, "one request tells whether it is over");
    assert_eq!(endpoint.governor.grant(endpoint.now, &endpoint.limits, 1, 100).links, 0);
    assert_eq!(
        (endpoint.governor.reason(endpoint.now), endpoint.governor.no_request_before(endpoint.now)),
        (None, None)
    );
    endpoint.observe("q", &works(), 9);
    assert_eq!(endpoint.grant().links, 1, "then one more at a time");
    endpoint.observe("q", &works(), 9);
    assert_eq!(endpoint.grant().links, 2);
    for _ in 0..80 {
        endpoint.observe("q", &works(), 9);
    }
    assert_eq!(endpoint.grant().links, 10);
}

#[test]
fn a_hold_ends_a_probe_and_the_next_goes_after_it() {
    let mut endpoint = Endpoint::suspended();
    let (token, _) = endpoint.probe();
    endpoint.settle(token, "p", &held(600, "503"), 9);
    let until = endpoint.now.plus(Duration::from_secs(600));
    assert!(endpoint.governor.is_suspended());
    assert_eq!(endpoint.grant().again_at, Some(until));
    endpoint.now = until;
    let (_, _) = endpoint.probe();
    assert_eq!(endpoint.now, until);
}

#[test]
fn its_state_is_kept_whole_in_the_runtime_row() {
    let mut endpoint = Endpoint::suspended();
    endpoint.probe();
    endpoint.observe("p", &held(600, "503"), 9);
    endpoint.observe("p", &Signal::Forbidden, 9);
    let kept = serde_json::to_string(&endpoint.governor).unwrap();
    assert_eq!(serde_json::from_str::<Governor>(&kept).unwrap(), endpoint.governor);
}
