//! What an administrator is told, and when.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use sync_core::alert::{
    ASKED_WAIT_MAX, Alert, AlertKind, AlertSettings, Book, Standing, Suspension, TRIES_MAX, Verdict,
    check_parked_above, check_url, look,
};
use sync_core::backoff::Policy;
use sync_core::counts::LinkCounts;
use sync_core::id::SyncId;
use sync_core::outcome::{Answer, BodyRead, NoAnswer, Outcome};
use sync_core::sync::Sealed;
use sync_core::time::Timestamp;
use uuid::Uuid;

const SYNC: SyncId = SyncId(Uuid::from_u128(7));

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_769_851_815_000_000).plus(Duration::from_secs(seconds))
}

fn settings(parked_above: Option<i64>) -> AlertSettings {
    let secret = Sealed { key_id: String::new(), ciphertext: String::new() };
    AlertSettings { url: "https://a.test/".to_owned(), secret, parked_above }
}

/// One sync with a receiver of its alerts.
struct Scene {
    settings: AlertSettings,
    books: BTreeMap<SyncId, Book>,
    seconds: u64,
    looks: u128,
}

impl Scene {
    fn new(parked_above: Option<i64>) -> Self {
        Self { settings: settings(parked_above), books: BTreeMap::new(), seconds: 0, looks: 0 }
    }

    fn look(&mut self, suspended: bool, parked: i64) {
        let suspension = Suspension { since: at(self.seconds), reason: "the key is wrong".to_owned() };
        let standing = Standing {
            friendly_name: "CRM".to_owned(),
            suspended: suspended.then_some(suspension),
            counts: LinkCounts { owed: 3, parked, ..LinkCounts::default() },
        };
        self.look_at(BTreeMap::from([(SYNC, standing)]));
    }

    fn look_at(&mut self, standings: BTreeMap<SyncId, Standing>) {
        self.looks += 1;
        let seed = Uuid::from_u128(self.looks);
        for (sync, book) in look(&self.settings, &self.books, &standings, at(self.seconds), seed) {
            match book {
                Some(book) => self.books.insert(sync, book),
                None => self.books.remove(&sync),
            };
        }
    }

    fn claim(&mut self) -> Option<(Alert, i16)> {
        self.books.get_mut(&SYNC)?.claim(at(self.seconds))
    }

    fn settle(&mut self, (alert, tries): &(Alert, i16), verdict: &Verdict) {
        if let Some(book) = self.books.get_mut(&SYNC) {
            book.settle(alert, *tries, verdict, at(self.seconds));
        }
    }

    /// Everything that is due is heard. Returns what.
    fn hear(&mut self) -> Vec<AlertKind> {
        let mut heard = Vec::new();
        while let Some(claimed) = self.claim() {
            self.settle(&claimed, &Verdict::Heard);
            heard.push(claimed.0.kind);
            assert!(heard.len() < 10, "it does not come to an end");
        }
        heard
    }
}

fn again() -> Verdict {
    Verdict::Again { after: Duration::from_secs(5), error: "down".to_owned() }
}

#[test]
fn each_news_is_told_once() {
    use AlertKind::{Parked, Recovered, Suspended};
    let mut scene = Scene::new(Some(10));
    for (suspended, parked, told) in [
        (false, 0, vec![]),
        (true, 0, vec![Suspended]),
        (true, 0, vec![]),
        (false, 0, vec![Recovered]),
        (false, 10, vec![]),
        (false, 11, vec![Parked]),
        (false, 12, vec![]),
        // It dances about the threshold.
        (false, 9, vec![]),
        (false, 500, vec![]),
        (false, 6, vec![]),
        (false, 11, vec![]),
        // It falls to half, and rises anew.
        (false, 5, vec![]),
        (false, 10, vec![]),
        (false, 11, vec![Parked]),
        (true, 0, vec![Suspended]),
        (false, 11, vec![Recovered, Parked]),
    ] {
        scene.look(suspended, parked);
        assert_eq!(scene.hear(), told, "{suspended} {parked}");
    }
}

#[test]
fn what_stands_badly_when_an_address_is_set_is_told() {
    let mut scene = Scene::new(Some(0));
    scene.look(true, 1);
    assert_eq!(scene.hear(), [AlertKind::Suspended, AlertKind::Parked]);
}

#[test]
fn without_a_threshold_parked_links_are_not_told() {
    let mut scene = Scene::new(None);
    scene.look(false, 1_000_000);
    assert_eq!(scene.hear(), []);
    // A threshold given later, and raised above what was told.
    scene.settings = settings(Some(10));
    scene.look(false, 100);
    assert_eq!(scene.hear(), [AlertKind::Parked]);
    scene.settings = settings(Some(1000));
    scene.look(false, 100);
    scene.look(false, 1001);
    assert_eq!(scene.hear(), [AlertKind::Parked]);
}

#[test]
fn what_is_over_before_it_was_sent_is_never_told() {
    let mut scene = Scene::new(Some(10));
    scene.look(true, 11);
    scene.look(false, 0);
    assert_eq!(scene.hear(), []);
    // So is a recovery that does not last.
    scene.look(true, 0);
    assert_eq!(scene.hear(), [AlertKind::Suspended]);
    scene.look(false, 0);
    scene.look(true, 0);
    assert_eq!(scene.hear(), []);
}

#[test]
fn what_may_have_been_heard_is_taken_back() {
    let mut scene = Scene::new(None);
    scene.look(true, 0);
    let claimed = scene.claim().unwrap();
    scene.settle(&claimed, &again());
    scene.look(false, 0);
    let (alert, tries) = scene.claim().unwrap();
    assert_eq!((alert.kind, tries), (AlertKind::Recovered, 0));
    let about = alert.about.unwrap();
    assert_eq!(about.suspension.unwrap().reason, "the key is wrong", "it says what is over");
}

#[test]
fn a_change_while_one_is_under_way_is_told_after_it() {
    for first in [Verdict::Heard, again(), Verdict::GivenUp { error: String::new() }] {
        let mut scene = Scene::new(None);
        scene.look(true, 0);
        let claimed = scene.claim().unwrap();
        scene.look(false, 0);
        scene.settle(&claimed, &first);
        assert_eq!(scene.hear(), [AlertKind::Recovered], "{first:?}");
        scene.look(false, 0);
        assert_eq!(scene.hear(), []);
    }
}

#[test]
fn the_same_alert_is_tried_again_until_it_is_given_up() {
    let mut scene = Scene::new(None);
    scene.look(true, 0);
    let first = scene.claim().unwrap();
    scene.settle(&first, &again());
    assert_eq!(scene.claim(), None, "it backs off");
    assert_eq!(scene.books[&SYNC].waiting(), 1);
    scene.seconds += 5;
    scene.look(true, 0);
    let second = scene.claim().unwrap();
    assert_eq!(second, (first.0.clone(), 1), "id and body stay");
    scene.settle(&second, &Verdict::GivenUp { error: "down".to_owned() });
    scene.look(true, 0);
    assert_eq!(scene.hear(), [], "given up is not begun anew");
    scene.look(false, 0);
    assert_eq!(scene.hear(), [AlertKind::Recovered]);
}

#[test]
fn a_mended_address_is_tried_at_once() {
    let mut scene = Scene::new(None);
    scene.look(true, 0);
    let claimed = scene.claim().unwrap();
    scene.settle(&claimed, &again());
    scene.books.get_mut(&SYNC).unwrap().hurry(at(1));
    scene.seconds = 1;
    assert_eq!(scene.claim(), Some((claimed.0, 0)));
}

#[test]
fn a_sync_that_is_gone_is_forgotten() {
    let mut scene = Scene::new(None);
    scene.look(true, 0);
    scene.look_at(BTreeMap::new());
    assert!(scene.books.is_empty());
}

#[test]
fn a_body_is_that_of_the_specification() {
    let mut scene = Scene::new(Some(10));
    scene.look(true, 11);
    let body = |alert: Alert| serde_json::from_str::<serde_json::Value>(&alert.body()).unwrap();
    let suspended = scene.claim().unwrap();
    scene.settle(&suspended, &Verdict::Heard);
    let found = body(suspended.0);
    assert_eq!(found["type"], "sync.suspended");
    assert_eq!(found["timestamp"], at(0).to_rfc3339());
    let data = serde_json::json!({
        "syncId": SYNC.to_string(), "friendlyName": "CRM", "reason": "the key is wrong",
        "suspendedAt": at(0).to_rfc3339(), "owed": 3, "parked": 11
    });
    assert_eq!(found["data"], data);
    let parked = body(scene.claim().unwrap().0);
    assert_eq!(parked["type"], "sync.parked");
    assert_eq!(parked["data"]["parkedAbove"], 10);
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Outcome {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Outcome::Answered(Answer { status, headers, body: "".into(), body_read: BodyRead::Whole })
}

#[test]
fn what_an_answer_means() {
    let policy = Policy::default();
    let verdict = |outcome: &Outcome, tries| Verdict::of(outcome, tries, &policy, 0.5, at(0));
    for status in [200, 202, 204, 299] {
        assert_eq!(verdict(&answer(status, &[]), 0), Verdict::Heard);
    }
    let after = |outcome: &Outcome, tries| match verdict(outcome, tries) {
        Verdict::Again { after, .. } => Some(after.as_secs()),
        Verdict::GivenUp { .. } => None,
        Verdict::Heard => panic!("it was not accepted"),
    };
    let lost = Outcome::NoAnswer(NoAnswer::Timeout, "no answer within 15 s".to_owned());
    for outcome in [lost, answer(302, &[]), answer(404, &[]), answer(500, &[])] {
        assert_eq!(after(&outcome, 0), Some(5), "{outcome:?}");
        assert_eq!(after(&outcome, TRIES_MAX - 2), Some(12 * 3600), "{outcome:?}");
        assert_eq!(after(&outcome, TRIES_MAX - 1), None, "{outcome:?}");
    }
    assert_eq!(after(&answer(410, &[]), 0), None);
    assert_eq!(after(&answer(429, &[("retry-after", "90")]), 0), Some(90));
    assert_eq!(after(&answer(503, &[("retry-after", "1")]), 1), Some(30));
    assert_eq!(after(&answer(503, &[("retry-after", "9999999")]), 0), Some(ASKED_WAIT_MAX.as_secs()));
}

#[test]
fn addresses_and_thresholds_are_checked() {
    for right in ["https://a.example/hook?token=1", "http://10.0.0.1:8080", "https://xn--bcher-kva.example/"] {
        assert!(check_url(right).is_ok(), "{right}");
    }
    let long = format!("https://a.example/{}", "a".repeat(2048));
    for (wrong, told) in [
        ("", "no URL"),
        ("a.example/hook", "no URL"),
        ("ftp://a.example", "http://"),
        ("https://", "no URL"),
        ("https://me@a.example", "user name"),
        ("https://:secret@a.example", "user name"),
        ("https://a.example/#x", "fragment"),
        (long.as_str(), "2048"),
    ] {
        let fault = check_url(wrong).unwrap_err();
        assert!(fault.message.contains(told) && !fault.message.contains("secret"), "{wrong}: {fault}");
    }
    assert!(check_parked_above(0).is_ok() && check_parked_above(-1).is_err());
    assert!(check_parked_above(1_000_000_000).is_ok() && check_parked_above(1_000_000_001).is_err());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Look(bool, i64),
    Claim,
    Settle(u8),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<bool>(), 0..30_i64).prop_map(|(suspended, parked)| Step::Look(suspended, parked)),
        Just(Step::Claim),
        (0..4_u8).prop_map(Step::Settle),
        Just(Step::Wait),
    ]
}

proptest! {
    /// Whatever is lost on the way: a receiver that answers in the end knows how the sync stands, has heard of no news
    /// that nobody saw, and of each only once, as far as it acknowledged what it heard.
    #[test]
    fn the_receiver_ends_with_the_truth(steps in prop::collection::vec(step(), 1..60)) {
        let mut scene = Scene::new(Some(10));
        let (mut suspended, mut changes, mut parked) = (false, 0, 0);
        // What reached the receiver, acknowledged or not, in order.
        let mut reached: Vec<Alert> = Vec::new();
        let mut under_way: Option<(Alert, i16)> = None;
        let settle = |scene: &mut Scene, claimed: &(Alert, i16), how: u8, reached: &mut Vec<Alert>| match how {
            0 => { reached.push(claimed.0.clone()); scene.settle(claimed, &Verdict::Heard); }
            1 => { reached.push(claimed.0.clone()); scene.settle(claimed, &again()); }
            2 => scene.settle(claimed, &again()),
            // The node is gone: nobody settles.
            _ => {}
        };
        for step in steps {
            match step {
                Step::Look(now_suspended, now_parked) => {
                    changes += usize::from(suspended != now_suspended);
                    (suspended, parked) = (now_suspended, now_parked);
                    scene.look(suspended, parked);
                }
                Step::Claim => if under_way.is_none() { under_way = scene.claim() },
                Step::Settle(how) => if let Some(claimed) = under_way.take() {
                    settle(&mut scene, &claimed, how, &mut reached);
                },
                Step::Wait => scene.seconds += 6,
            }
            prop_assert!(scene.books.values().all(|book| book.waiting() <= 2));
        }
        if let Some(claimed) = under_way { settle(&mut scene, &claimed, 0, &mut reached); }
        for _ in 0..3 {
            scene.look(suspended, parked);
            scene.seconds += 6;
            while let Some(claimed) = scene.claim() { settle(&mut scene, &claimed, 0, &mut reached); }
        }
        scene.look(suspended, parked);
        scene.seconds += 1000;
        prop_assert_eq!(scene.claim(), None, "nothing is left to tell");
        let mut standing: Vec<&Alert> = reached.iter().filter(|alert| alert.kind != AlertKind::Parked).collect();
        standing.dedup_by_key(|alert| alert.id);
        prop_assert!(standing.len() <= changes, "{} news of {} changes", standing.len(), changes);
        let known = standing.last().is_some_and(|alert| alert.kind == AlertKind::Suspended);
        prop_assert_eq!(known, suspended);
        if parked > 10 {
            prop_assert!(reached.iter().any(|alert| alert.kind == AlertKind::Parked));
        }
    }
}
