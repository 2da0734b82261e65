//! The sequences that broke a draft of the rules' second edition, where the governor and the clock suffice: the name's beginning
//! is the sequence's number. Those from a change to its request are the engine's (`crates/sync-engine/tests/engine`), those of
//! the learned pace stand in `tests/pace`.

mod world;

use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::governor::{Governor, Observed, Signal, Trouble};
use sync_core::id::{LeaseToken, PersonId};
use sync_core::link::{Link, LinkState, ParkReason, Parked};
use sync_core::outcome::{Answer, BodyRead};
use sync_core::plan::sweep::sweep_link;
use sync_core::ports::SweepKind;
use sync_core::sync::{AdoptedRecords, Limits, LookupWhen, OnExisting, OnUncertain, Operation};
use sync_core::time::Timestamp;
use sync_core::transition::Mark;
use sync_core::wait::{self, Wait};
use uuid::Uuid;
use world::{Fate, Means, World, link_id};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const WORKS: Signal = Signal::Works { operation: Operation::Update, accepted: true };

fn limited(seconds: u64, certain: bool) -> Signal {
    let wait = Some(Wait { wait: Duration::from_secs(seconds), certain });
    Signal::Limited { wait, reason: "answered 429".to_owned() }
}

/// What a request that was leased then is answered.
fn answered(governor: &mut Governor, signal: &Signal, sent_at: Timestamp, now: Timestamp) {
    let person = PersonId::new("p").unwrap();
    let observed = Observed { token: LeaseToken(Uuid::nil()), person: &person, owed: 100, sent_at };
    governor.observe(signal, &observed, &Policy::default(), now);
}

/// How many requests may go, with none under way.
fn may_go(governor: &Governor, now: Timestamp) -> usize {
    governor.grant(now, &Limits::default(), 0, 100).links
}

// ------------------------------------------------------------------------------------------------------------------ H14

/// With one or two people owed the breaker does not open by 502: they are not given up for that, nor asked about all day.
#[test]
fn h14_who_is_owed_alone_through_a_long_outage_is_sent_when_it_is_over() {
    for owed in [1, 2] {
        for means in [Means::LookupById, Means::Key, Means::Resend] {
            let mut world = World::with_a(means);
            world.owed = owed;
            world.upsert("B");
            let began = world.now;
            let mut tries = Vec::new();
            while world.now.since(began) < DAY * 9 {
                world.step(Fate::Refused(502));
                tries.push(world.now);
                assert_eq!(world.parked(), None, "after {:?}", world.now.since(began));
            }
            let in_the_end = tries.iter().filter(|at| at.since(began) > DAY * 5).count();
            assert!((3..=6).contains(&in_the_end), "once a day: {in_the_end}");
            let over = world.now;
            world.run();
            world.assert_in_step();
            assert!(world.now.since(over) <= DAY.mul_f64(1.3), "{:?}", world.now.since(over));
        }
    }
}

/// What fails for one person while others are accepted is that person's.
#[test]
fn h14_beside_accepted_people_the_schedule_comes_to_its_end() {
    let mut world = World::with_a(Means::LookupById);
    world.upsert("B");
    for _ in 0..12 {
        assert_eq!(world.parked(), None);
        world.step(Fate::Refused(502));
        let now = world.now;
        answered(&mut world.governor, &WORKS, now, now);
    }
    assert_eq!(world.parked(), Some(ParkReason::RetriesSpent));
}

/// The sweep of a recovery: one try each, and only for those who were parked since the trouble began; else people whom the
/// system cannot take fail in a row at each recovery, and open the breaker again.
#[test]
fn h14_a_recovery_gives_one_try_to_those_parked_meanwhile() {
    let policy = Policy::default();
    let link = |at| {
        let parked = Parked { reason: ParkReason::RetriesSpent, detail: String::new(), at };
        let state = LinkState::Uncertain;
        Link { state, parked: Some(parked), tries: policy.last_try() + 1, ..Link::new(link_id(), START) }
    };
    let since = START.plus(DAY);
    let swept = |at: Timestamp| {
        let kind = SweepKind::Recovered { since: Some(since) };
        sweep_link(kind, link_id(), None, Some(link(at)), START.plus(DAY * 2)).and_then(|write| write.after)
    };
    assert_eq!(swept(START), None, "given up long before");
    let after = swept(since).expect("parked since then");
    assert!(after.parked.is_none() && after.is_owed());
    assert_eq!(policy.retry_delay(after.tries, 0.5), Some(DAY), "the schedule's last step");
    assert_eq!(policy.retry_delay(after.tries + 1, 0.5), None, "and its end");
}

// ----------------------------------------------------------------------------------------------------------------- S2.9

/// `Retry-After: 0` while a day's quota is spent.
#[test]
fn s209_a_wait_that_nothing_is_accepted_after_is_doubled() {
    for named in [0, 1] {
        let mut governor = Governor::default();
        let (mut now, mut requests) = (START, 0);
        while now.since(START) < DAY {
            match governor.blocked_until().filter(|&until| until > now) {
                Some(until) => now = until,
                None => {
                    assert!(may_go(&governor, now) > 0);
                    requests += 1;
                    answered(&mut governor, &limited(named, true), now, now);
                }
            }
        }
        assert!(requests < 120, "{requests} requests against a quota that is spent");
    }
}

/// A clock that is not ours, and a header that means milliseconds.
#[test]
fn s209_resets_are_read_against_the_answers_own_date_and_never_believed_for_hours() {
    let reset = |value: &str, date: Option<&str>| {
        let mut headers = vec![("x-ratelimit-reset".to_owned(), value.to_owned())];
        headers.extend(date.map(|date| ("date".to_owned(), date.to_owned())));
        let answer = Answer { status: 429, headers, body: bytes::Bytes::new(), body_read: BodyRead::Whole };
        let wait = wait::read(&answer, START).unwrap();
        (wait.wait, wait.certain)
    };
    let epoch = START.as_micros() / 1_000_000;
    // Their clock is an hour ahead: in 30 s, all the same.
    let ahead = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(epoch as u64 + 3600));
    assert_eq!(reset(&(epoch + 3630).to_string(), Some(&ahead)), (Duration::from_secs(30), false));
    assert_eq!(reset("10800000", None), (Duration::from_secs(10_800), false));
    assert_eq!(reset("5000", None), (Duration::from_secs(5), false), "no hour and a half");
    // A long wait that is only a guess lets one through every five minutes, one by Retry-After none.
    for certain in [false, true] {
        let mut governor = Governor::default();
        answered(&mut governor, &limited(10_800, certain), START, START);
        let (mut now, mut went) = (START, 0);
        while now.since(START) < HOUR {
            now = now.plus(Duration::from_secs(1));
            let grant = governor.grant(now, &Limits::default(), 0, 100);
            if grant.links > 0 {
                assert_eq!(grant.links, 1);
                governor.take(now, &Limits::default(), grant, 1, None, true);
                went += 1;
            }
        }
        assert_eq!(went, if certain { 0 } else { 12 });
    }
}

// ---------------------------------------------------------------------------------------------------------------- S2.10

/// Sixteen requests are under way when the first 429 comes.
#[test]
fn s210_only_what_was_sent_after_a_hold_began_ends_it_or_doubles_it() {
    let at = |milliseconds| START.plus(Duration::from_millis(milliseconds));
    let no_wait = Signal::Limited { wait: None, reason: "answered 429".to_owned() };
    let mut governor = Governor::default();
    answered(&mut governor, &no_wait, START, at(100));
    let until = governor.pace.hold.as_ref().unwrap().until;
    assert_eq!(until, at(1100));
    // The others: some accepted, some refused.
    for n in 0..15 {
        let signal = if n % 2 == 0 { &WORKS } else { &no_wait };
        answered(&mut governor, signal, START, at(110 + n));
        let hold = governor.pace.hold.as_ref().expect("it goes on");
        assert_eq!((hold.until, hold.since), (until, at(100)), "one event");
        assert_eq!(may_go(&governor, at(120 + n)), 0);
    }
    // One request at its end: refused, it doubles once.
    assert_eq!(may_go(&governor, until), 1);
    answered(&mut governor, &no_wait, until, until.plus(Duration::from_millis(50)));
    let doubled = governor.pace.hold.as_ref().unwrap().until;
    assert_eq!(doubled, until.plus(Duration::from_millis(2050)));
    answered(&mut governor, &WORKS, doubled, doubled.plus(Duration::from_millis(50)));
    assert!(governor.pace.hold.is_none(), "accepted, it ends it");
    assert!(governor.pace.per_second().is_none_or(|pace| pace > 1.0), "and no pace was driven to nothing");
}

// ------------------------------------------------------------------------------------------------------------------ H10

/// A system that answers one person's data with 503 and 505, and one whose credentials lost their rights.
#[test]
fn h10_what_one_persons_data_may_cause_suspends_nobody_and_what_everybody_gets_does() {
    for trouble in [Trouble::Persons, Trouble::Page, Trouble::Everybodys] {
        let mut governor = Governor::default();
        for _ in 0..9 {
            let fails = Signal::Fails { reason: "answered 503".to_owned(), trouble };
            answered(&mut governor, &fails, START, START);
        }
        assert_eq!(governor.is_suspended(), trouble == Trouble::Everybodys, "{trouble:?}");
    }
    let mut governor = Governor::default();
    for person in ["a", "b", "c"] {
        assert!(!governor.is_suspended());
        let person = PersonId::new(person).unwrap();
        let observed = Observed { token: LeaseToken(Uuid::nil()), person: &person, owed: 100, sent_at: START };
        governor.observe(&Signal::Forbidden, &observed, &Policy::default(), START);
    }
    assert!(governor.is_suspended());
}

// ------------------------------------------------------------------------------------------ found by a stranger's sequences

/// What a lookup said before the first create is of the person as they were: once changed, they are looked for again, and what is
/// found then was there before.
#[test]
fn a_none_is_of_the_search_that_was_made() {
    let mut world = World::new(Means::LookupByValue);
    world.rules.lookup_when = LookupWhen::Always;
    world.rules.adopted = AdoptedRecords::Keep;
    world.made_before("B");
    world.upsert("A");
    assert_eq!(world.step(Fate::Answered), "lookup A");
    assert_eq!(world.step(Fate::RetryAfter(429, 3)), "create A");
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "lookup B");
    assert!(world.link().notes().adopted);
    world.run();
    world.delete();
    world.run();
    assert_eq!(world.records(), ["B"], "it existed before");

    // Changed while the lookup was under way.
    let mut world = World::new(Means::LookupByValue);
    world.rules.lookup_when = LookupWhen::Always;
    world.made_before("B");
    world.upsert("A");
    assert_eq!(world.next(), "lookup A");
    world.upsert("B");
    world.finish(Fate::Answered);
    assert_eq!(world.step(Fate::Answered), "lookup B");
}

/// Nobody is refused for what they were.
#[test]
fn that_a_record_exists_is_said_of_the_person_as_they_were() {
    let mut world = World::new(Means::LookupByValue);
    world.habits.unique = true;
    world.rules.on_existing = OnExisting::Adopt;
    world.made_before("A");
    world.upsert("A");
    assert_eq!(world.step(Fate::Answered), "create A");
    assert_eq!(world.step(Fate::Refused(500)), "lookup A");
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "create B");
    assert_eq!(world.records(), ["A", "B"]);
}

/// An id that is chosen since a create is in doubt tells nothing of what that made.
#[test]
fn an_id_that_is_chosen_since_resolves_nothing() {
    for deleted in [false, true] {
        let mut world = World::new(Means::Park);
        world.upsert("A");
        assert_eq!(world.step(Fate::LostAfter), "create A");
        assert_eq!(world.next(), "park Uncertain");
        world.finish(Fate::Answered);
        if deleted {
            world.delete();
        }
        world.edit(|rules| (rules.chosen_id, rules.chosen_of_person) = (true, true));
        world.run();
        assert_eq!(world.parked(), Some(ParkReason::Uncertain));
        assert_eq!(world.records(), ["A"]);
    }
}

/// Records that were left as their people were deleted go once a rule says so.
#[test]
fn an_edit_marks_whoever_was_left_behind() {
    let mut world = World::with_a(Means::LookupById);
    world.rules.delete_on = false;
    world.delete();
    world.run();
    assert!(!world.edit(|rules| rules.delete_on = true), "the mark alone does not know of the person");
    let (link, person) = (world.link().clone(), world.person.clone());
    let swept = sweep_link(SweepKind::Edit, link.id.clone(), person.as_ref(), Some(link), world.now).unwrap();
    world.link = swept.after;
    assert_eq!(world.step(Fate::Answered), "delete r1");
    assert_eq!(world.records(), [""; 0]);
}

/// Where an update of an id that is not there makes a record, an update whose answer was lost may have moved the record: the
/// lookup by the person's own id is asked before anything else is sent.
#[test]
fn where_a_record_may_have_moved_a_lookup_by_the_persons_id_is_asked_first() {
    let moving = || {
        let mut world = World::new(Means::LookupById);
        (world.habits.keyed, world.habits.upserts, world.rules.follow_id) = (true, true, true);
        world.upsert("A");
        world.run();
        world.upsert("B");
        world
    };
    for fate in [Fate::LostAfter, Fate::RefusedAfter(500), Fate::PageAfter] {
        let mut world = moving();
        assert_eq!(world.step(fate), "update B");
        assert_eq!(world.step(Fate::Answered), "lookup B");
        world.run();
        world.assert_in_step();
    }
    // A node that died with the update on its way.
    let mut world = moving();
    assert_eq!(world.next(), "update B");
    world.crash(true);
    assert_eq!(world.step(Fate::Answered), "lookup B");
    world.run();
    world.assert_in_step();
    // It was not carried out: the id is as it was, and the update goes out again.
    let mut world = moving();
    assert_eq!(world.step(Fate::LostBefore), "update B");
    assert_eq!(world.step(Fate::Answered), "lookup B");
    assert_eq!(world.step(Fate::Answered), "update B");
    world.assert_in_step();
    // Deleted meanwhile: at the id where the record is.
    let mut world = moving();
    world.step(Fate::LostAfter);
    world.delete();
    assert_eq!(world.step(Fate::Answered), "lookup B");
    assert_eq!(world.step(Fate::Answered), "delete B");
    assert_eq!(world.records(), [""; 0]);
    // A search that finds nobody tells nothing of an update: nothing is sent into the dark, until somebody says so.
    let mut world = moving();
    world.habits.blind = true;
    world.step(Fate::LostAfter);
    world.run();
    assert_eq!((world.records(), world.parked()), (vec!["B"], Some(ParkReason::Missing)));
    world.mark(Mark::Retry);
    assert_eq!(world.step(Fate::Released), "update B");
    // A record that no search finds is deleted all the same.
    let mut world = moving();
    world.habits.blind = true;
    world.step(Fate::LostBefore);
    world.delete();
    assert_eq!(world.step(Fate::Answered), "lookup B");
    assert_eq!(world.step(Fate::Answered), "delete A");
    assert_eq!(world.records(), [""; 0]);
    // Following no id any longer ends no doubt.
    let mut world = moving();
    world.step(Fate::LostAfter);
    world.edit(|rules| rules.follow_id = false);
    assert_eq!(world.step(Fate::Answered), "lookup B");
    // Nor does a retry of somebody who was not looked for yet.
    let mut world = moving();
    world.step(Fate::LostAfter);
    world.mark(Mark::Retry);
    assert_eq!(world.step(Fate::Answered), "lookup B");
    // Another person's record is found: where this one went is not known yet.
    let mut world = moving();
    world.step(Fate::LostAfter);
    world.held_by_other = Some("B".to_owned());
    assert_eq!(world.step(Fate::Answered), "lookup B");
    assert_eq!(world.step(Fate::Answered), "lookup B");
}

/// At an id that we choose a create is repeated as often as pages come: it makes no second record.
#[test]
fn pages_park_nobody_whose_id_is_chosen() {
    let mut world = World::new(Means::ChosenPut);
    (world.rules.lookup, world.rules.lookup_names_person) = (true, true);
    world.governor.prove(Operation::Lookup, 1);
    world.upsert("A");
    let steps: Vec<String> = (0..8)
        .map(|_| {
            let next = world.next();
            if world.flight.is_some() {
                world.finish(if next.starts_with("lookup") { Fate::Answered } else { Fate::PageBefore });
            }
            next
        })
        .collect();
    assert_eq!(world.parked(), None, "{steps:?}");
    world.run();
    world.assert_in_step();
}

/// A create may have been carried out at one id, and its repetition there is refused: the newest state would make a second record
/// at another one.
#[test]
fn a_create_in_doubt_that_is_refused_goes_to_no_other_id() {
    let mut world = World::new(Means::ChosenPost);
    (world.habits.keyed, world.rules.follow_id, world.rules.chosen_of_person) = (true, true, false);
    world.upsert("A");
    assert_eq!(world.step(Fate::LostAfter), "create A");
    world.upsert("B");
    assert_eq!(world.step(Fate::Refused(400)), "repeat A");
    assert_eq!(world.step(Fate::Answered), "park Uncertain");
    assert_eq!(world.records(), ["A"]);
    // Nor after a crash, where only the repetition tells which id that was.
    let mut died = World::new(Means::ChosenPost);
    (died.habits.keyed, died.rules.follow_id, died.rules.chosen_of_person) = (true, true, false);
    died.upsert("A");
    assert_eq!(died.next(), "create A");
    died.upsert("B");
    died.crash(true);
    assert_eq!(died.step(Fate::Refused(400)), "repeat A");
    assert_eq!(died.step(Fate::Answered), "park Uncertain");
    // Who has looked says so.
    world.crm.records.clear();
    world.mark(Mark::Retry);
    world.run();
    world.assert_in_step();
}

/// After a crash nobody knows which id an update went to: today's is tried.
#[test]
fn an_update_that_moved_the_record_before_a_crash_is_found_at_the_id_that_is_chosen_now() {
    for carried_out in [true, false] {
        let mut world = World::new(Means::ChosenPost);
        (world.habits.keyed, world.rules.follow_id, world.rules.chosen_of_person) = (true, true, false);
        world.upsert("A");
        world.run();
        world.upsert("B");
        assert_eq!(world.next(), "update B");
        world.crash(carried_out);
        world.run();
        assert_eq!((world.records(), world.parked()), (vec!["B"], None));
    }
}

/// Records are keyed by the person's value, which others may have, too: the id that we choose.
fn keyed_by_value() -> World {
    let mut world = World::new(Means::ChosenPost);
    (world.habits.keyed, world.rules.follow_id, world.rules.chosen_of_person) = (true, true, false);
    world
}

/// An id that others may have is deleted unseen only where records from before are deleted, too.
#[test]
fn a_deleted_persons_create_in_doubt_deletes_nobody_elses_record() {
    for fate in [Fate::Refused(500), Fate::LostBefore] {
        for again in [None, Some(409)] {
            let mut world = keyed_by_value();
            world.upsert("A");
            assert_eq!(world.step(fate), "create A");
            if let Some(status) = again {
                assert_eq!(world.step(Fate::Refused(status)), "repeat A");
            }
            world.delete();
            assert_eq!(world.step(Fate::Answered), "park Uncertain", "{fate:?} {again:?}");
            let detail = world.link.as_ref().and_then(|link| link.parked.clone()).unwrap().detail;
            assert!(detail.contains("\"adopted\" of Delete Users is DELETE"), "{detail}");
        }
    }
    let mut world = keyed_by_value();
    world.rules.adopted = AdoptedRecords::Delete;
    world.upsert("A");
    world.step(Fate::LostAfter);
    world.delete();
    assert_eq!(world.step(Fate::Answered), "delete A");
    assert_eq!(world.records(), [""; 0]);
}

/// An update to an id that is taken is refused: the record that is there is not ours.
#[test]
fn an_id_that_was_refused_is_not_where_the_record_went() {
    let mut world = keyed_by_value();
    world.upsert("A");
    world.run();
    world.upsert("X");
    assert_eq!(world.step(Fate::LostBefore), "update X");
    assert_eq!(world.step(Fate::Refused(422)), "update X");
    world.upsert("C");
    assert_eq!(world.step(Fate::LostAfter), "update C");
    world.delete();
    assert_eq!(world.step(Fate::Answered), "delete A");
    assert_eq!(world.step(Fate::Answered), "delete C");
    assert_eq!(world.records(), [""; 0]);
}

/// Who chose PARK decides each repetition of a create that a page answered.
#[test]
fn after_a_page_a_change_repeats_no_create_under_park() {
    for (on_uncertain, next) in [(OnUncertain::Park, "park Uncertain"), (OnUncertain::Resend, "repeat B")] {
        let mut world = World::new(Means::Resend);
        world.rules.on_uncertain = on_uncertain;
        world.upsert("A");
        assert_eq!(world.step(Fate::PageAfter), "create A");
        assert_eq!(world.step(Fate::Answered), "park Uncertain");
        world.upsert("B");
        assert_eq!(world.step(Fate::Answered), next);
        if on_uncertain == OnUncertain::Park {
            world.mark(Mark::Retry);
            assert_eq!(world.step(Fate::Answered), "repeat B");
        }
    }
}
