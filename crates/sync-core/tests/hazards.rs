//! The sequences that broke an earlier draft of the rules, each as a case: the name's beginning is the hazard's number.
//! What a store, the engine, the dispatcher or the template engine must hold is tested there.

mod world;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::{Call, CallResult, ChangedPerson, HandOff, UpsertOutcome, fold, ids_of};
use sync_core::digest::Digest;
use sync_core::governor::{Governor, Observed, Signal, Trouble};
use sync_core::id::{LeaseToken, LinkId, PersonId};
use sync_core::link::{Lease, Link, LinkState, ParkReason, UniqueId};
use sync_core::log::{LogEntry, LogOutcome};
use sync_core::outcome::{Request, RequestHeader};
use sync_core::person::{Patch, Person, PersonPatch};
use sync_core::plan::intake::{HandOffSync, hand_off, leaves_due, mark_changed, takes_hand_off};
use sync_core::plan::sweep::{INCLUDE_EXISTING, resyncs, retry_link, sweep_link};
use sync_core::plan::{giving_up_first, may_purge};
use sync_core::ports::{ResyncScope, RetryFilter, SweepKind};
use sync_core::settle::{Next, Settled, settle_released};
use sync_core::sync::{
    BodyFormat, LEASE_MARGIN, LEASE_RESERVE, Limits, Method, OnMissing, Operation, Settings, SyncConfig,
};
use sync_core::time::Timestamp;
use sync_core::transition::{
    self, BatchInput, BatchOutput, Mark, SettleResult, Settlement, SyncView, forget, settle_batch,
};
use sync_core::wait::Wait;
use uuid::Uuid;
use world::{Fate, Kind, Means, World, link_id};

const RESOLVING: [Means; 4] = [Means::ChosenPost, Means::ChosenPut, Means::Key, Means::LookupById];

/// Everything that may come of a request.
const FATES: [Fate; 10] = [
    Fate::Answered,
    Fate::Refused(400),
    Fate::Refused(403),
    Fate::Refused(500),
    Fate::RefusedAfter(500),
    Fate::Refused(503),
    Fate::LostAfter,
    Fate::LostBefore,
    Fate::NotSent,
    Fate::Released,
];

fn person_id(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn unique(id: &str) -> UniqueId {
    UniqueId::text(id).unwrap()
}

// ---------------------------------------------------------------------------------------------------------------- S1.1

#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Change,
    Delete,
    ResyncForced,
    Retry,
    Edit,
}

/// A world with this operation in flight.
fn in_flight(means: Means, operation: Operation) -> World {
    let mut world = World::new(means);
    world.upsert("A");
    match operation {
        Operation::Create => {}
        Operation::Update => {
            world.run();
            world.upsert("C");
        }
        Operation::Delete => {
            world.run();
            world.delete();
        }
        Operation::Lookup => {
            world.step(Fate::LostAfter);
        }
    }
    assert!(world.next().starts_with(operation.as_str()));
    world
}

fn happen(world: &mut World, event: Event) {
    assert!(match event {
        Event::Change => world.upsert("B"),
        Event::Delete => world.delete(),
        Event::ResyncForced => world.mark(Mark::Resync { force: true }),
        Event::Retry => world.mark(Mark::Retry),
        // Its sweep leaves alone what is not parked.
        Event::Edit => !world.edit(|_| {}),
    });
}

/// An event during an attempt is never wiped out by what comes of the attempt.
fn survives(event: Event, operation: Operation) {
    for means in Means::ALL.into_iter().filter(|means| means.resolves()) {
        if operation == Operation::Lookup && !means.rules().lookup {
            continue;
        }
        for fate in FATES {
            let mut world = in_flight(means, operation);
            let said = format!("{event:?} during {operation:?}, {fate:?}, {means:?}");
            happen(&mut world, event);
            assert_eq!(world.finish(fate), SettleResult::Applied, "{said}");
            let removed = operation == Operation::Delete && event == Event::Edit && fate == Fate::Answered;
            if removed {
                assert_eq!(world.link, None, "{said}");
            } else {
                assert!(world.link().is_owed() && world.parked().is_none(), "{said}: {:?}", world.link);
            }
            let requests = world.crm.requests;
            world.run();
            world.assert_in_step();
            let answered_again = matches!(operation, Operation::Create | Operation::Update) && fate == Fate::Answered;
            if event == Event::ResyncForced && answered_again {
                assert_eq!(world.crm.requests, requests + 1, "an equal request is sent too: {said}");
            }
        }
        // And a crash, before or after the request was carried out.
        for carried_out in [false, true] {
            let mut world = in_flight(means, operation);
            happen(&mut world, event);
            world.crash(carried_out);
            world.run();
            world.assert_in_step();
        }
    }
}

macro_rules! s1_01 {
    ($($name:ident: $event:ident, $operation:ident;)*) => {$(
        #[test]
        fn $name() {
            survives(Event::$event, Operation::$operation);
        }
    )*};
}

s1_01! {
    s1_01_a_change_during_a_create_is_sent: Change, Create;
    s1_01_a_change_during_an_update_is_sent: Change, Update;
    s1_01_a_re_creation_during_a_delete_is_sent: Change, Delete;
    s1_01_a_change_during_a_lookup_is_sent: Change, Lookup;
    s1_01_a_deletion_during_a_create_is_sent: Delete, Create;
    s1_01_a_deletion_during_an_update_is_sent: Delete, Update;
    s1_01_a_deletion_during_a_lookup_is_sent: Delete, Lookup;
    s1_01_a_forced_resync_during_a_create_is_done: ResyncForced, Create;
    s1_01_a_forced_resync_during_an_update_is_done: ResyncForced, Update;
    s1_01_a_forced_resync_during_a_delete_is_done: ResyncForced, Delete;
    s1_01_a_forced_resync_during_a_lookup_is_done: ResyncForced, Lookup;
    s1_01_a_retry_during_a_create_is_done: Retry, Create;
    s1_01_a_retry_during_an_update_is_done: Retry, Update;
    s1_01_a_retry_during_a_delete_is_done: Retry, Delete;
    s1_01_a_retry_during_a_lookup_is_done: Retry, Lookup;
    s1_01_an_edit_during_a_create_leaves_it_owed: Edit, Create;
    s1_01_an_edit_during_an_update_leaves_it_owed: Edit, Update;
    s1_01_an_edit_during_a_delete_leaves_it_owed: Edit, Delete;
    s1_01_an_edit_during_a_lookup_leaves_it_owed: Edit, Lookup;
}

#[test]
fn s1_01_a_deleted_row_stays_where_the_person_was_created_again_meanwhile() {
    let mut world = in_flight(Means::LookupById, Operation::Delete);
    world.upsert("B");
    world.finish(Fate::Answered);
    assert_eq!(*world.state(), LinkState::Unlinked);
    assert_eq!(world.step(Fate::Answered), "create B");
    world.assert_in_step();
}

#[test]
fn s1_01_a_row_is_removed_only_if_the_person_was_deleted_in_the_claimed_snapshot() {
    for deleted in [false, true] {
        let (link, settlement) =
            leased("a", LinkState::Linked(unique("7")), Operation::Delete, LinkState::Unlinked, Next::Remove);
        let output = settle_all(vec![link], vec![Settlement { person_deleted: deleted, ..settlement }]);
        assert_eq!(output.removed.len(), usize::from(deleted));
        assert!(output.updated.iter().all(|row| row.state == LinkState::Unlinked && row.is_owed()));
        assert_eq!(output.updated.len(), usize::from(!deleted));
    }
}

#[test]
fn s1_01_a_backoff_does_not_outlast_the_change_that_came_meanwhile() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    world.link.as_mut().unwrap().tries = 9;
    world.flight.as_mut().unwrap().leased.link.tries = 9;
    world.upsert("B");
    world.finish(Fate::Refused(500));
    let due = world.link().due_at.unwrap();
    assert!(due <= world.now.plus(Duration::from_secs(30)), "not in half a day: {due}");
}

// ---------------------------------------------------------------------------------------------------------------- S1.2

#[test]
fn s1_02_a_mark_raises_the_generation_of_a_link_that_is_due_already() {
    let mut world = World::new(Means::LookupById);
    world.upsert("A");
    let due = world.link().clone();
    world.upsert("B");
    assert_eq!(world.link().generation, due.generation + 1);
    world.claim();
    world.upsert("C");
    assert_eq!(world.link().generation, due.generation + 2, "also while a lease is out");
    assert!(world.link().is_owed());
}

#[test]
fn s1_02_a_settle_of_an_older_generation_keeps_what_it_learnt_and_stays_due() {
    let mut world = World::new(Means::LookupById);
    world.upsert("A");
    world.claim();
    world.upsert("B");
    world.finish(Fate::Answered);
    let link = world.link();
    assert!(matches!(link.state, LinkState::Linked(_)));
    assert_eq!(link.sent.as_ref().unwrap().version, 1);
    assert!(link.is_owed());
}

// ---------------------------------------------------------------------------------------------------------------- S1.3

#[test]
fn s1_03_a_create_whose_process_died_is_uncertain_and_not_sent_blindly() {
    for (means, next) in [
        (Means::ChosenPost, "repeat A"),
        (Means::ChosenPut, "repeat A"),
        (Means::Key, "repeat A"),
        (Means::LookupById, "lookup A"),
        (Means::LookupByValue, "lookup A"),
        (Means::Resend, "repeat A"),
        (Means::Park, "park Uncertain"),
    ] {
        let mut world = in_flight(means, Operation::Create);
        let key = world.key_in_flight();
        world.crash(true);
        assert_eq!(world.next(), next);
        assert_eq!(*world.state(), LinkState::Uncertain);
        if next == "repeat A" {
            assert_eq!(world.key_in_flight(), key, "the same key");
        }
    }
}

#[test]
fn s1_03_a_person_deleted_after_the_crash_of_its_create_does_not_live_on() {
    for means in RESOLVING {
        let mut world = in_flight(means, Operation::Create);
        world.crash(true);
        world.delete();
        world.run();
        world.assert_in_step();
        assert_eq!(world.link, None);
    }
}

#[test]
fn s1_03_an_update_whose_process_died_empties_the_digest_and_a_delete_makes_leaving() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    world.crash(true);
    assert_eq!(world.next(), "update C");
    assert_eq!(world.digest(), None);

    let mut world = in_flight(Means::LookupById, Operation::Delete);
    world.crash(true);
    assert_eq!(world.next(), "delete r1");
    assert_eq!(*world.state(), LinkState::Leaving(unique("r1")));
}

#[test]
fn s1_03_a_released_lease_or_one_that_sends_nothing_leaves_no_doubt() {
    let mut world = in_flight(Means::LookupById, Operation::Create);
    world.finish(Fate::Released);
    assert_eq!(*world.state(), LinkState::Unlinked);
    assert_eq!(world.next(), "create A");

    // Create is off, so that the lease may send nothing; then the process dies.
    let mut world = World::new(Means::LookupById);
    world.rules.create_on = false;
    world.upsert("A");
    assert_eq!(world.next(), "nothing sent: create is off");
    world.crash(false);
    world.rules.create_on = true;
    assert_eq!(world.next(), "create A");
}

// ---------------------------------------------------------------------------------------------------------------- S1.4

#[test]
fn s1_04_a_b_lost_a_is_not_unchanged() {
    let lost = [Fate::LostAfter, Fate::LostBefore].into_iter();
    for fate in lost.chain([500, 502, 504, 408].map(Fate::RefusedAfter)) {
        let mut world = World::with_a(Means::LookupById);
        world.upsert("B");
        assert_eq!(world.step(fate), "update B");
        world.upsert("A");
        assert_eq!(world.step(Fate::Answered), "update A", "after {fate:?}");
        world.assert_in_step();
    }
    let mut world = World::with_a(Means::LookupById);
    world.upsert("B");
    world.claim();
    world.crash(true);
    world.upsert("A");
    assert_eq!(world.step(Fate::Answered), "update A");
    world.assert_in_step();
}

#[test]
fn s1_04_a_b_certainly_not_carried_out_a_is_unchanged() {
    for fate in [Fate::NotSent, Fate::Released, Fate::Refused(429), Fate::Refused(503), Fate::RetryAfter(503, 5)] {
        let mut world = World::with_a(Means::LookupById);
        world.upsert("B");
        world.step(fate);
        world.upsert("A");
        let requests = world.crm.requests;
        assert_eq!(world.step(Fate::Answered), "unchanged, the request equals the one accepted before", "{fate:?}");
        assert_eq!(world.crm.requests, requests);
        world.assert_in_step();
    }
}

#[test]
fn s1_04_a_lost_delete_and_the_same_data_again_is_not_unchanged() {
    let mut world = World::with_a(Means::LookupById);
    world.delete();
    world.step(Fate::LostAfter);
    world.upsert("A");
    world.run();
    world.assert_in_step();
}

// ---------------------------------------------------------------------------------------------------------------- S1.5

/// Of a create in doubt, too: where ids of ours move, its repetition made the deleted record anew, as it was before the delete.
#[test]
fn s1_05_a_delete_of_a_create_in_doubt_is_finished_first_after_a_crash() {
    for means in [Means::ChosenPost, Means::ChosenPut] {
        for carried_out in [true, false] {
            let mut world = World::new(means);
            world.rules.follow_id = true;
            world.upsert("A");
            world.step(Fate::LostAfter);
            world.delete();
            let next = world.next();
            assert!(next.starts_with("delete"), "{next}");
            world.crash(carried_out);
            world.upsert("B");
            assert_eq!(world.step(Fate::Answered), next);
            assert_eq!(world.step(Fate::Answered), "create B");
            world.run();
            world.assert_in_step();
        }
    }
}

#[test]
fn s1_05_a_delete_that_may_have_been_carried_out_is_finished_first() {
    for (again, fate) in
        [("A", Fate::LostAfter), ("B", Fate::LostAfter), ("B", Fate::LostBefore), ("B", Fate::RefusedAfter(502))]
    {
        let mut world = World::with_a(Means::LookupById);
        world.delete();
        assert_eq!(world.step(fate), "delete r1");
        world.upsert(again);
        assert_eq!(world.step(Fate::Answered), "delete r1");
        assert_eq!(world.step(Fate::Answered), format!("create {again}"));
        world.assert_in_step();
    }
}

#[test]
fn s1_05_with_delete_off_by_then_an_updates_404_means_create_again() {
    for (fate, steps) in
        [(Fate::LostAfter, ["update B", "create B"]), (Fate::LostBefore, ["update B", "nothing is owed"])]
    {
        let mut world = World::with_a(Means::LookupById);
        // Else its URL may be wrong.
        world.governor.proofs.update.proven = true;
        world.delete();
        world.step(fate);
        world.edit(|rules| rules.delete_on = false);
        world.upsert("B");
        assert_eq!(steps.map(|_| world.step(Fate::Answered)), steps);
        world.assert_in_step();
        assert!(matches!(world.state(), LinkState::Linked(_)));
    }
}

#[test]
fn s1_05_a_re_creation_before_any_delete_was_sent_updates_the_same_record() {
    let mut world = World::with_a(Means::LookupById);
    world.delete();
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "update B");
    world.assert_in_step();
    assert_eq!(world.crm.next, 1, "no second record");
}

// ---------------------------------------------------------------------------------------------------------------- S1.6

#[test]
fn s1_06_an_answer_replayed_by_the_key_speaks_of_the_first_request() {
    let mut world = in_flight(Means::Key, Operation::Create);
    world.finish(Fate::LostAfter);
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "repeat A", "the first bytes, under a key that is honoured");
    assert_eq!(world.records(), ["A"], "the CRM answered with what it kept");
    assert_eq!(world.link().sent.as_ref().unwrap().version, 1, "the version of the key's first use");
    assert_eq!(world.digest(), None);
    assert_eq!(world.step(Fate::Answered), "update B");
    world.assert_in_step();
}

#[test]
fn s1_06_a_replayed_create_of_a_person_deleted_since_is_followed_by_its_delete() {
    let mut world = in_flight(Means::Key, Operation::Create);
    world.finish(Fate::LostAfter);
    world.delete();
    assert_eq!(world.step(Fate::Answered), "repeat A");
    assert_eq!(world.step(Fate::Answered), "delete r1");
    world.assert_in_step();
}

#[test]
fn s1_06_a_refused_repeat_is_still_uncertain_and_keeps_its_key() {
    // Of these an answer may speak of the repetition; of all others, nothing tells the first bytes under an honoured key.
    for (means, statuses) in [(Means::Key, &[409, 412, 422][..]), (Means::Resend, &[400, 404, 409, 412, 422])] {
        for &status in statuses {
            let mut world = in_flight(means, Operation::Create);
            let key = world.key_in_flight();
            world.finish(Fate::LostAfter);
            world.step(Fate::Refused(status));
            assert_eq!(world.parked(), Some(ParkReason::Uncertain), "{status}");
            assert_eq!(*world.state(), LinkState::Uncertain);
            world.upsert("B");
            assert_eq!(world.next(), "repeat B", "what was refused is not sent again and again");
            assert_eq!(world.key_in_flight(), key, "{status}");
        }
    }
}

#[test]
fn s1_06_an_administrators_retry_allows_one_create() {
    let retried = || {
        let mut world = in_flight(Means::Park, Operation::Create);
        world.finish(Fate::LostBefore);
        assert_eq!(world.next(), "park Uncertain");
        world.run();
        assert!(world.mark(Mark::Retry));
        assert_eq!(world.next(), "repeat A");
        world
    };
    // It may have been carried out: whoever looked into the external system has to look again.
    for lost in [Fate::LostAfter, Fate::LostBefore, Fate::Refused(500)] {
        let mut world = retried();
        world.finish(lost);
        world.run();
        assert_eq!(world.parked(), Some(ParkReason::Uncertain), "{lost:?}");
        assert!(world.records().len() <= 1, "{lost:?}");
    }
    for carried_out in [false, true] {
        let mut world = retried();
        world.crash(carried_out);
        world.run();
        assert_eq!(world.parked(), Some(ParkReason::Uncertain), "a crash, {carried_out}");
    }
    // It was certainly not.
    for unsent in [Fate::NotSent, Fate::Released, Fate::Refused(429), Fate::Refused(503)] {
        let mut world = retried();
        world.finish(unsent);
        world.run();
        world.assert_in_step();
    }
}

#[test]
fn s1_06_an_id_chosen_by_us_and_posted_twice_is_linked_by_its_409() {
    let mut world = in_flight(Means::ChosenPost, Operation::Create);
    world.finish(Fate::LostAfter);
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "repeat B");
    assert_eq!(*world.state(), LinkState::Linked(unique("X")));
    assert_eq!(world.step(Fate::Answered), "update B");
    world.assert_in_step();

    let mut world = in_flight(Means::ChosenPost, Operation::Create);
    world.finish(Fate::LostAfter);
    world.step(Fate::Refused(412));
    assert_eq!(*world.state(), LinkState::Linked(unique("X")));
    assert!(world.link().is_owed() && world.digest().is_none());
}

#[test]
fn s1_06_a_409_on_a_first_create_parks_also_with_an_id_chosen_by_us() {
    for status in [409, 412] {
        let mut world = in_flight(Means::ChosenPost, Operation::Create);
        world.finish(Fate::Refused(status));
        assert_eq!(world.parked(), Some(ParkReason::Refused));
        assert_eq!(*world.state(), LinkState::Unlinked);
    }
}

#[test]
fn s1_06_the_key_lives_through_changes_and_retries_and_ends_with_the_definite_answer() {
    let mut world = in_flight(Means::Key, Operation::Create);
    let key = world.key_in_flight();
    world.finish(Fate::LostBefore);
    world.upsert("B");
    world.mark(Mark::Retry);
    world.next();
    assert_eq!(world.key_in_flight(), key);
    world.finish(Fate::Refused(500));
    world.next();
    assert_eq!(world.key_in_flight(), key);
    world.finish(Fate::Answered);
    assert_eq!(world.link().key, None);
    // A new record is another operation.
    world.run();
    world.delete();
    world.run();
    world.upsert("A");
    assert_eq!(world.next(), "create A");
    assert_ne!(world.key_in_flight(), key);

    let mut world = in_flight(Means::Key, Operation::Create);
    let key = world.key_in_flight();
    world.finish(Fate::Refused(400));
    assert_eq!(world.link().key, None, "a refusal is definite too");
    world.upsert("B");
    world.next();
    assert_ne!(world.key_in_flight(), key);
}

#[test]
fn a_fresh_create_drops_the_snapshot_of_a_refused_one() {
    let mut world = World::new(Means::LookupByValue);
    world.upsert("A");
    assert_eq!(world.next(), "create A");
    world.upsert("B");
    world.finish(Fate::Refused(503));
    assert_eq!(world.next(), "create B");
    world.finish(Fate::LostAfter);
    assert_eq!(world.step(Fate::Answered), "lookup B", "not A, which no create carries any longer");
    world.run();
    world.assert_in_step();
}

// ---------------------------------------------------------------------------------------------------------------- S1.7

#[test]
fn s1_07_deleting_an_uncertain_person_creates_no_record() {
    for (means, next) in [
        (Means::ChosenPost, "delete X"),
        (Means::ChosenPut, "delete X"),
        (Means::LookupById, "lookup A"),
        (Means::LookupByValue, "lookup A"),
        (Means::Resend, "park Uncertain"),
        (Means::Park, "park Uncertain"),
    ] {
        for fate in [Fate::LostAfter, Fate::LostBefore] {
            let mut world = in_flight(means, Operation::Create);
            world.finish(fate);
            world.delete();
            let created = world.crm.next;
            assert_eq!(world.step(Fate::Answered), next, "{means:?}");
            world.run();
            assert_eq!(world.crm.next, created, "{means:?}");
            if means.resolves() {
                world.assert_in_step();
            }
        }
    }
}

#[test]
fn s1_07_a_key_older_than_a_day_is_not_used_for_a_deleted_person() {
    for (hours, next) in [(23, "repeat A"), (25, "park Uncertain")] {
        let mut world = in_flight(Means::Key, Operation::Create);
        world.finish(Fate::LostAfter);
        world.delete();
        world.now = world.now.plus(Duration::from_secs(hours * 3600));
        assert_eq!(world.next(), next);
    }
}

#[test]
fn s1_07_the_switches_hold_for_uncertain_links_too() {
    for means in Means::ALL {
        let mut world = in_flight(means, Operation::Create);
        world.finish(Fate::LostAfter);
        world.delete();
        world.rules.delete_on = false;
        assert_eq!(world.step(Fate::Answered), "nothing sent: delete is off");
        assert!(!world.link().is_owed() && *world.state() == LinkState::Uncertain && world.parked().is_none());

        let mut world = in_flight(means, Operation::Create);
        world.finish(Fate::LostAfter);
        world.rules.create_on = false;
        let next = if means.rules().lookup { "lookup A" } else { "nothing sent: create is off" };
        assert_eq!(world.next(), next);
    }
}

// ---------------------------------------------------------------------------------------------------------------- S1.8

#[test]
fn s1_08_a_lease_outlasts_the_longest_request_with_its_reserve() {
    for seconds in [1, 10, 120] {
        let mut sync = sync_config();
        sync.settings.update.as_mut().unwrap().timeout_seconds = seconds;
        let longest = sync.settings.timeout_max();
        assert_eq!(sync.lease_duration(), longest + Duration::from_secs(30));
        assert!(sync.lease_duration() > longest + LEASE_RESERVE);
    }
    assert!(LEASE_MARGIN > LEASE_RESERVE);
}

#[test]
fn s1_08_after_no_answer_nothing_is_sent_before_the_quiet_time_is_over() {
    // A search changes nothing there: it has no quiet time.
    for operation in [Operation::Create, Operation::Update, Operation::Delete] {
        let mut world = in_flight(Means::LookupById, operation);
        world.finish(Fate::LostAfter);
        let ended = world.now;
        world.mark(Mark::Retry);
        world.upsert("B");
        assert!(world.link().due_at.unwrap() <= ended.plus(Duration::from_secs(30)));
        assert_eq!(world.link().claimable_at().unwrap(), ended.plus(Duration::from_secs(30)), "{operation:?}");
        world.claim();
        world.finish(Fate::Answered);
        assert_eq!(world.link.as_ref().and_then(|link| link.quiet_until), None, "an answer ends it");
    }
    let policy = Policy::default();
    assert_eq!(policy.quiet_after(Duration::from_secs(90)), Duration::from_secs(90));
    assert_eq!(policy.quiet_after(Duration::from_secs(10)), Duration::from_secs(30));
}

#[test]
fn s1_08_after_a_crash_too_nothing_is_sent_before_the_quiet_time_is_over() {
    for operation in [Operation::Create, Operation::Update, Operation::Delete] {
        let mut world = in_flight(Means::LookupById, operation);
        let until = world.link().lease.as_ref().unwrap().until;
        world.crash(true);
        world.claim();
        assert!(world.now >= until.plus(Duration::from_secs(30)), "{operation:?}");
    }
}

#[test]
fn s1_08_an_expired_lease_that_nobody_took_over_may_still_settle() {
    let mut world = in_flight(Means::LookupById, Operation::Create);
    world.now = world.now.plus(Duration::from_secs(3600));
    assert_eq!(world.finish(Fate::Answered), SettleResult::Applied);
    world.assert_in_step();
}

/// The flight is held back while its lease is taken over by another. Returns the late settlement.
fn overtaken(world: &mut World, fate: Fate) -> Settlement {
    let late = world.settlement(fate);
    assert!(world.claim());
    late
}

#[test]
fn s1_08_a_settle_after_a_takeover_leaves_the_state_and_marks_the_link() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    let late = overtaken(&mut world, Fate::Answered);
    let before = world.link().clone();
    assert_eq!(world.settle(late.clone()), SettleResult::TakenOver);
    let after = world.link().clone();
    assert_eq!((&after.state, &after.lease), (&before.state, &before.lease));
    assert_eq!(after.sent.as_ref().unwrap().digest, None);
    assert!(after.is_owed() && after.generation > before.generation);

    assert_eq!(world.settle(late), SettleResult::AlreadyDone, "the same batch settled twice");
    assert_eq!(*world.link(), after);
    world.finish(Fate::Answered);
    assert!(world.link().is_owed(), "what the late request did is overwritten");
    world.run();
    world.assert_in_step();
}

#[test]
fn s1_08_the_id_of_a_late_create_is_linked_if_nobody_knows_better() {
    let mut world = in_flight(Means::Park, Operation::Create);
    let late = world.settlement(Fate::Answered);
    // Another node finds the lost lease, and parks.
    assert_eq!(world.step(Fate::Answered), "park Uncertain");
    assert_eq!(world.settle(late), SettleResult::TakenOver);
    assert_eq!(*world.state(), LinkState::Linked(unique("r1")));
    assert_eq!(world.parked(), None);
    world.run();
    world.assert_in_step();
}

#[test]
fn s1_08_the_id_of_a_late_create_is_an_orphan_where_another_is_linked() {
    let mut world = in_flight(Means::Resend, Operation::Create);
    let late = world.settlement(Fate::Answered);
    world.run();
    assert_eq!(*world.state(), LinkState::Linked(unique("r2")));
    let entry = log_entry(Operation::Create);
    let (output, result) = settle_one(Some(world.link().clone()), Settlement { log: Some(entry), ..late });
    assert_eq!(result, SettleResult::TakenOver);
    assert!(output.log[0].message.contains("created the record r1") && output.log[0].message.contains("orphan"));
    assert_eq!(output.updated[0].state, LinkState::Linked(unique("r2")));
}

#[test]
fn s1_08_the_id_of_a_late_create_makes_a_row_where_it_is_gone() {
    let mut world = in_flight(Means::Resend, Operation::Create);
    let late = world.settlement(Fate::Answered);
    world.delete();
    world.link = None;
    let (output, result) = settle_one(None, late.clone());
    assert_eq!(result, SettleResult::TakenOver);
    let row = output.updated[0].clone();
    assert_eq!(row.state, LinkState::Linked(unique("r1")));
    assert!(row.is_owed());
    assert_eq!(settle_one(Some(row.clone()), late).1, SettleResult::AlreadyDone);
    world.link = Some(row);
    assert_eq!(world.step(Fate::Answered), "delete r1");
    world.assert_in_step();
}

#[test]
fn s1_08_the_same_settlement_twice_changes_nothing() {
    for operation in [Operation::Create, Operation::Update, Operation::Delete, Operation::Lookup] {
        for fate in FATES {
            let mut world = in_flight(Means::LookupById, operation);
            let settlement = world.settlement(fate);
            assert_eq!(world.settle(settlement.clone()), SettleResult::Applied);
            let (link, governor) = (world.link.clone(), world.governor.clone());
            let again = world.settle(settlement);
            assert_eq!(again, if link.is_some() { SettleResult::AlreadyDone } else { SettleResult::Gone });
            assert_eq!((world.link, world.governor), (link, governor), "{operation:?}, {fate:?}");
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------- S1.9

#[test]
fn s1_09_versions_never_restart_after_a_purge() {
    let mut world = World::with_a(Means::Key);
    world.upsert("B");
    world.run();
    world.delete();
    world.run();
    assert!(world.purge());
    world.upsert("A");
    assert_eq!(world.person.as_ref().unwrap().version, 4, "after 1 created, 2 updated, 3 deleted");
    world.run();
    world.assert_in_step();
}

#[test]
fn s1_09_a_link_that_outlives_the_purge_goes_on_to_newer_versions() {
    let mut world = World::with_a(Means::LookupById);
    world.rules.delete_on = false;
    world.delete();
    world.run();
    assert!(world.purge());
    assert_eq!(*world.state(), LinkState::Linked(unique("r1")), "kept, or a second record would come of it");
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "update B");
    assert!(world.link().sent.as_ref().unwrap().version > 1);
    world.assert_in_step();
}

#[test]
fn s1_09_a_re_created_person_starts_from_empty_fields_and_goes_on_counting() {
    let mut world = World::with_a(Means::LookupById);
    world.delete();
    let now = world.now.plus(Duration::from_secs(5));
    let patch = PersonPatch { last_name: Patch::Set("L".to_owned()), ..PersonPatch::new(person_id("p")) };
    let sync_core::person::Upserted::Created(person, _) =
        sync_core::person::upsert(world.person.as_ref(), 0, &patch, now)
    else {
        panic!("created again")
    };
    assert_eq!((person.version, person.first_name, person.created_at), (3, None, now));
}

// --------------------------------------------------------------------------------------------------------------- S1.10

fn sync_config() -> SyncConfig {
    let rule = |method| sync_core::sync::Rule {
        enabled: true,
        method,
        url: "https://crm.test/contacts".to_owned(),
        headers: vec![],
        data: None,
        format: BodyFormat::Json,
        ssl_verification: true,
        timeout_seconds: 10,
        on_missing: OnMissing::Park,
        on_uncertain: sync_core::sync::OnUncertain::Resend,
        on_existing: sync_core::sync::OnExisting::Park,
        adopted: sync_core::sync::AdoptedRecords::Keep,
        edition: sync_core::sync::Edition::CURRENT,
    };
    let now = World::new(Means::Park).now;
    SyncConfig {
        account: link_id().account,
        id: link_id().sync,
        friendly_name: "CRM".to_owned(),
        revision: 1,
        unique_id_revision: 1,
        paused: false,
        settings: Settings {
            unique_id: Some(sync_core::sync::UniqueIdSource::Path("$.id".to_owned())),
            create: Some(rule(Method::Post)),
            update: Some(rule(Method::Patch)),
            delete: Some(rule(Method::Delete)),
            ..Settings::default()
        },
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}

fn log_entry(operation: Operation) -> LogEntry {
    LogEntry {
        account: link_id().account,
        id: sync_core::id::LogId(Uuid::from_u128(77)),
        at: Timestamp::from_micros(0),
        sync: link_id().sync,
        person: link_id().person,
        person_version: 1,
        operation,
        outcome: LogOutcome::Succeeded,
        failure: None,
        message: "created".to_owned(),
        unique_id: None,
        attempt: Some(1),
        duration_ms: Some(5),
        request: None,
        response: None,
        next_attempt_at: None,
    }
}

fn settle_all(links: Vec<Link>, settlements: Vec<Settlement>) -> BatchOutput {
    let id = link_id();
    let mut input = BatchInput::default();
    for link in links {
        if let Some(unique_id) = link.state.unique_id() {
            let key = (id.account, id.sync, unique_id.to_string());
            assert!(input.holders.insert(key, link.id.person.clone()).is_none());
        }
        input.links.insert(link.id.clone(), link);
    }
    let view = SyncView { revision: 1, governor: Governor::default(), owed: 9 };
    input.syncs.insert((id.account, id.sync), view);
    settle_batch(input, settlements, &Policy::default(), World::new(Means::Park).now)
}

fn settle_one(link: Option<Link>, settlement: Settlement) -> (BatchOutput, SettleResult) {
    let output = settle_all(link.into_iter().collect(), vec![settlement]);
    let result = output.results[0].clone();
    (output, result)
}

/// A leased link of a person in a state, with the settlement that makes another state of it.
fn leased(person: &str, state: LinkState, operation: Operation, after: LinkState, next: Next) -> (Link, Settlement) {
    let now = World::new(Means::Park).now;
    let token = LeaseToken(Uuid::from_u128(9));
    let mut link = Link::new(LinkId { person: person_id(person), ..link_id() }, now);
    link.state = state;
    link.generation = 1;
    link.due_at = Some(now);
    link.lease = Some(Lease { token, until: now, operation: Some(operation), version: 1 });
    let settled = Settled { state: after, tried: true, next, ..settle_released(&link, "settled") };
    let settlement = Settlement {
        link: link.id.clone(),
        token,
        generation: 1,
        operation,
        person_deleted: operation == Operation::Delete,
        revision: 1,
        settled,
        lease_duration: Duration::from_secs(40),
        log: None,
        counter: None,
    };
    (link, settlement)
}

fn created(person: &str, id: &str) -> (Link, Settlement) {
    leased(person, LinkState::Unlinked, Operation::Create, LinkState::Linked(unique(id)), Next::Done)
}

#[test]
fn s1_10_two_people_with_one_id_in_a_batch_harm_nobody_else() {
    let (links, settlements): (Vec<_>, Vec<_>) =
        [created("a", "7"), created("b", "7"), created("c", "8")].into_iter().unzip();
    let output = settle_all(links, settlements);
    assert!(output.results.iter().all(|result| *result == SettleResult::Applied));
    let state = |person: &str| output.updated.iter().find(|link| link.id.person.as_str() == person).unwrap();
    assert_eq!(state("a").state, LinkState::Linked(unique("7")));
    assert_eq!(state("c").state, LinkState::Linked(unique("8")));
    let second = state("b");
    assert_eq!(second.state, LinkState::Unaddressable, "it was accepted once: never back to create");
    assert!(second.is_owed());
    assert!(second.last_decision.as_ref().unwrap().contains("already belongs to the person a"));
}

#[test]
fn s1_10_an_id_that_another_person_holds_parks_that_row_alone() {
    let (mut link, settlement) = created("b", "7");
    link.tries = 3;
    let (holder, _) = leased("a", LinkState::Linked(unique("7")), Operation::Update, LinkState::Unlinked, Next::Done);
    let output = settle_all(vec![link, holder], vec![settlement]);
    let [holder, row] = [&output.updated[0], &output.updated[1]];
    let parked = row.parked.as_ref().unwrap();
    assert_eq!(parked.reason, ParkReason::Conflict);
    assert!(parked.detail.contains('7') && parked.detail.contains("person a"));
    assert!(holder.parked.is_none() && holder.is_owed(), "its record was written by another: it is sent again");
    assert_eq!(holder.state, LinkState::Linked(unique("7")));
}

#[test]
fn s1_10_a_lookup_that_finds_another_persons_record_stays_uncertain() {
    let mut world = in_flight(Means::LookupById, Operation::Lookup);
    world.held_by_other = Some("r1".to_owned());
    for _ in 0..4 {
        world.finish(Fate::Answered);
        assert_eq!(*world.state(), LinkState::Uncertain);
        if world.parked().is_some() {
            break;
        }
        world.next();
    }
    assert_eq!(world.parked(), Some(ParkReason::Conflict));
    assert!(world.link().key.is_some(), "nothing is resolved");
}

#[test]
fn s1_10_ids_that_no_index_or_text_column_holds_are_no_ids() {
    assert!(UniqueId::text("x".repeat(512)).is_some());
    for id in ["x".repeat(513), "x".repeat(9000), "a\0b".to_owned(), "a\nb".to_owned(), String::new()] {
        assert_eq!(UniqueId::text(id.clone()), None);
        assert_eq!(UniqueId::number(id), None);
    }
}

#[test]
fn s1_10_answers_lose_u0000_and_broken_utf8() {
    let answer = |body: &'static [u8]| sync_core::outcome::Answer {
        status: 400,
        headers: vec![],
        body: bytes::Bytes::from_static(body),
        body_read: sync_core::outcome::BodyRead::Whole,
    };
    assert_eq!(answer(b"a\0b").text(), "ab");
    assert_eq!(answer(b"caf\xe9").text(), "café", "Latin-1");
    assert_eq!(answer(b"\xff\xfea\0b\0").text(), "ab", "UTF-16");
    let kept = sync_core::unique_id::keep(&answer(b"{\"id\":\"a\0b\"}"), 1);
    assert!(!kept.body.contains('\0'));
}

// --------------------------------------------------------------------------------------------------------------- S1.11

#[test]
fn s1_11_a_404_on_every_update_re_creates_once() {
    let mut world = World::with_a(Means::LookupById);
    world.rules.on_missing = OnMissing::Recreate;
    world.upsert("B");
    world.step(Fate::Answered);
    world.upsert("A");
    world.step(Fate::Refused(404));
    assert!(world.link().recreated);
    assert_eq!(world.step(Fate::Answered), "create A");
    for value in ["B", "A", "B"] {
        world.upsert(value);
        assert_eq!(world.step(Fate::Refused(404)), format!("update {value}"));
        assert_eq!(world.parked(), Some(ParkReason::Missing));
    }
    assert_eq!(world.crm.next, 2, "one record more, not one for each change");
}

#[test]
fn s1_11_only_an_accepted_update_allows_another_re_creation() {
    let mut world = World::with_a(Means::LookupById);
    world.rules.on_missing = OnMissing::Recreate;
    world.upsert("C");
    world.step(Fate::Answered);
    world.crm.records.clear();
    for value in ["B", "A"] {
        world.upsert(value);
        assert_eq!(world.step(Fate::Answered), format!("update {value}"));
        assert_eq!(world.step(Fate::Answered), format!("create {value}"));
        assert!(world.link().recreated, "a create does not clear it");
        world.upsert("C");
        assert_eq!(world.step(Fate::Answered), "update C");
        assert!(!world.link().recreated);
        world.crm.records.clear();
    }
}

// --------------------------------------------------------------------------------------------------------------- S1.12

#[test]
fn s1_12_a_unique_id_path_that_comes_late_links_and_re_creates_nobody() {
    for configured_before in [false, true] {
        let mut world = World::new(Means::Resend);
        world.rules.unique_id = configured_before;
        world.upsert("A");
        world.step(Fate::Unread);
        assert_eq!(*world.state(), LinkState::Unaddressable);
        assert_eq!(world.parked(), configured_before.then_some(ParkReason::NoUniqueId));
        assert!(world.edit(|rules| {
            rules.unique_id = true;
            rules.unique_id_revision += 1;
        }));
        assert_eq!(world.step(Fate::Answered), "the record's unique id is known now: r1");
        world.run();
        world.assert_in_step();
        assert_eq!(world.crm.next, 1);
        world.upsert("B");
        world.run();
        world.assert_in_step();
    }
}

#[test]
fn s1_12_an_unaddressable_link_is_linked_by_an_id_chosen_now_or_by_a_lookup() {
    let mut world = World::new(Means::Resend);
    world.upsert("A");
    world.step(Fate::CutBody);
    world.edit(|rules| rules.lookup = true);
    world.means = Means::LookupById;
    assert_eq!(world.step(Fate::Answered), "lookup A");
    world.run();
    world.assert_in_step();
    assert_eq!(world.crm.next, 1);

    let mut world = World::new(Means::Resend);
    world.upsert("A");
    world.step(Fate::Unread);
    world.edit(|rules| rules.chosen_id = true);
    assert_eq!(world.step(Fate::Answered), "the record's unique id is known now: X");
    assert!(world.link().is_owed() && world.digest().is_none());
}

#[test]
fn s1_12_an_unaddressable_link_is_never_created_again() {
    let mut world = World::new(Means::Resend);
    world.upsert("A");
    world.step(Fate::CutBody);
    for _ in 0..3 {
        world.mark(Mark::Retry);
        world.run();
        world.upsert("B");
        world.run();
        world.mark(Mark::Resync { force: true });
        world.run();
        world.edit(|rules| rules.unique_id_revision += 1);
        world.run();
        world.delete();
        world.run();
        world.upsert("A");
        world.run();
    }
    assert_eq!(world.crm.next, 1);
    assert_eq!(world.parked(), Some(ParkReason::NoUniqueId));
}

#[test]
fn s1_12_with_the_rule_off_an_unaddressable_link_is_not_parked() {
    for deleted in [false, true] {
        let mut world = World::new(Means::Resend);
        world.upsert("A");
        world.step(Fate::Unread);
        world.rules.update_on = false;
        world.rules.delete_on = false;
        assert!(if deleted { world.delete() } else { world.upsert("B") });
        let word = if deleted { "delete" } else { "update" };
        assert_eq!(world.step(Fate::Answered), format!("nothing sent: {word} is off"));
        assert_eq!((world.parked(), world.link().is_owed()), (None, false));
    }
}

#[test]
fn s1_12_a_create_in_flight_under_the_old_path_is_looked_at_again() {
    let mut world = in_flight(Means::Resend, Operation::Create);
    assert!(!world.edit(|rules| rules.unique_id_revision += 1), "the sweep passes by before it is settled");
    world.finish(Fate::Unread);
    assert_eq!(world.parked(), None);
    world.run();
    world.assert_in_step();
    assert_eq!(world.crm.next, 1);
}

// --------------------------------------------------------------------------------------------------------------- S1.13

fn person(id: &str, deleted: bool) -> Person {
    let now = World::new(Means::Park).now;
    Person { deleted_at: deleted.then_some(now), ..Person::empty(person_id(id), 1, now) }
}

fn changed(id: &str, deleted: bool) -> ChangedPerson {
    ChangedPerson { before: None, after: person(id, deleted), changes: vec![] }
}

#[test]
fn s1_13_a_change_makes_a_row_for_every_live_sync_also_while_paused_or_suspended() {
    let now = World::new(Means::Park).now;
    let mut second = sync_config();
    second.id = sync_core::id::SyncId(Uuid::from_u128(1));
    second.paused = true;
    let syncs = [sync_config(), second];
    let writes =
        mark_changed(&[changed("a", false), changed("b", true)], &syncs, HashMap::new(), &Policy::default(), now);
    let names: Vec<_> = writes.iter().map(|w| w.after.as_ref().unwrap().id.clone()).collect();
    assert_eq!(names.len(), 2, "nobody who was deleted before any system heard of them");
    assert!(names.is_sorted(), "rows are locked and written in one order");
    assert!(writes.iter().all(|w| w.after.as_ref().unwrap().is_owed()) && leaves_due(&writes));
}

#[test]
fn s1_13_including_existing_people_makes_rows_and_only_marks() {
    let now = World::new(Means::Park).now;
    let id = link_id();
    let write = sweep_link(INCLUDE_EXISTING, id.clone(), Some(&person("p", false)), None, now).unwrap();
    assert!(write.before.is_none() && write.after.as_ref().unwrap().is_owed());
    // A batch repeated after a crash does no harm: the row is only marked again.
    let again = sweep_link(INCLUDE_EXISTING, id.clone(), Some(&person("p", false)), write.after.clone(), now).unwrap();
    assert_eq!(again.after.unwrap().state, LinkState::Unlinked);
    assert!(sweep_link(INCLUDE_EXISTING, id.clone(), Some(&person("p", true)), None, now).is_none());
    assert!(sweep_link(INCLUDE_EXISTING, id, None, None, now).is_none());
}

#[test]
fn s1_13_a_sweep_marks_a_leased_link_without_touching_its_state() {
    let world = in_flight(Means::LookupById, Operation::Create);
    let kind = SweepKind::Resync { scope: ResyncScope::All, force: true };
    let before = world.link().clone();
    let write = sweep_link(kind, link_id(), world.person.as_ref(), world.link.clone(), world.now).unwrap();
    let after = write.after.unwrap();
    assert_eq!((after.generation, after.force), (before.generation + 1, true));
    assert_eq!((after.state, after.lease), (before.state, before.lease));
    let gone = sweep_link(SweepKind::Delete, link_id(), world.person.as_ref(), world.link.clone(), world.now).unwrap();
    assert!(gone.after.is_none());
}

// --------------------------------------------------------------------------------------------------------------- S1.14

#[test]
fn s1_14_a_5xx_on_a_create_leaves_it_uncertain_but_for_three() {
    for (status, state) in [
        (408, LinkState::Uncertain),
        (500, LinkState::Uncertain),
        (501, LinkState::Unlinked),
        (502, LinkState::Uncertain),
        (503, LinkState::Unlinked),
        (504, LinkState::Uncertain),
        (505, LinkState::Unlinked),
        (507, LinkState::Uncertain),
    ] {
        let mut world = in_flight(Means::LookupById, Operation::Create);
        world.finish(Fate::RefusedAfter(status));
        assert_eq!(*world.state(), state, "{status}");
        let next = if state == LinkState::Uncertain { "lookup A" } else { "create A" };
        assert_eq!(world.next(), next, "{status}");
    }
}

// --------------------------------------------------------------------------------------------------------------- S1.15

#[test]
fn s1_15_one_owed_person_and_a_crm_down_for_five_days_is_sent_at_last() {
    for fate in [Fate::NotSent, Fate::Refused(502), Fate::Refused(503), Fate::LostBefore, Fate::Refused(401)] {
        let mut world = World::new(Means::LookupById);
        world.owed = 1;
        world.upsert("A");
        let start = world.now;
        while world.now.since(start) < Duration::from_secs(5 * 86_400) {
            let said = world.step(fate);
            assert!(said.starts_with("create") || said.starts_with("lookup"), "{fate:?}: {said}");
        }
        let unreachable = matches!(fate, Fate::NotSent | Fate::Refused(401));
        assert_eq!(world.governor.is_suspended(), unreachable, "one person's failures open nothing: {fate:?}");
        assert_eq!(world.parked(), None, "nothing at all was accepted: {fate:?}");
        world.run();
        world.assert_in_step();
        assert!(!world.governor.is_suspended(), "a success closes it");
        assert!(
            world.now.since(start) < Duration::from_secs(7 * 86_400),
            "once a day at least: {fate:?} {:?} {:?}",
            world.now.since(start).as_secs_f64() / 86_400.0,
            world.link
        );
    }
}

#[test]
fn s1_15_the_endpoints_faults_use_up_no_tries_whatever_the_breaker_says() {
    for fate in [Fate::NotSent, Fate::Refused(401), Fate::Refused(429), Fate::Refused(503)] {
        let mut world = in_flight(Means::LookupById, Operation::Update);
        for _ in 0..200 {
            world.finish(fate);
            assert_eq!((world.link().tries, world.parked()), (0, None), "{fate:?}");
            let wait = world.link().due_at.unwrap().since(world.now);
            assert!(wait <= Duration::from_secs(4500), "at most hourly: {wait:?}");
            world.next();
        }
    }
}

#[test]
fn s1_15_a_failed_probe_uses_no_try_and_goes_behind_the_others() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    world.owed = 1;
    world.finish(Fate::Refused(401));
    world.step(Fate::Refused(401));
    assert!(world.governor.is_suspended());
    let tries = world.link().tries;
    world.next();
    assert!(world.flight.as_ref().unwrap().leased.probe);
    world.finish(Fate::Refused(500));
    assert_eq!(world.link().tries, tries);
    assert!(world.link().due_at.unwrap() > world.now.plus(Duration::from_secs(30)));
}

#[test]
fn s1_15_one_persons_403_is_refused_after_the_schedule() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    for _ in 0..12 {
        world.finish(Fate::Refused(403));
        assert!(!world.governor.is_suspended());
        world.next();
    }
    assert_eq!(world.parked(), Some(ParkReason::Refused));
    assert!(world.flight.is_none());
}

#[test]
fn s1_15_links_whose_retries_are_spent_are_marked_when_the_breaker_closes() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    for _ in 0..12 {
        world.finish(Fate::Refused(500));
        // Others are accepted meanwhile.
        world.governor.trouble_since = None;
        world.next();
    }
    assert_eq!(world.parked(), Some(ParkReason::RetriesSpent));
    let write = sweep_link(
        SweepKind::Recovered { since: None },
        link_id(),
        world.person.as_ref(),
        world.link.clone(),
        world.now,
    );
    world.link = write.unwrap().after;
    assert_eq!(world.link().tries, 11, "one try, not a new schedule");
    world.run();
    world.assert_in_step();
    // Others are left alone.
    world.upsert("B");
    world.step(Fate::Refused(400));
    assert!(!world.mark(Mark::Recovered));
}

// ------------------------------------------------------------------------------------------------------------------ S2

#[test]
fn s2_01_a_lookup_renders_the_snapshot_that_the_create_carried() {
    for fate in [Fate::LostAfter, Fate::RefusedAfter(502)] {
        for during in [false, true] {
            let mut world = in_flight(Means::LookupByValue, Operation::Create);
            if during {
                world.upsert("B");
                world.upsert("C");
            }
            world.finish(fate);
            world.upsert("B");
            assert_eq!(world.step(Fate::Answered), "lookup A");
            assert_eq!(world.step(Fate::Answered), "update B");
            world.assert_in_step();
            assert_eq!(world.link().extras.first_snapshot, None, "dropped on resolution");
        }
    }
    let mut world = in_flight(Means::LookupByValue, Operation::Create);
    world.finish(Fate::LostAfter);
    world.upsert("B");
    world.delete();
    assert_eq!(world.step(Fate::Answered), "lookup A");
    assert_eq!(world.step(Fate::Answered), "delete r1");
    world.assert_in_step();
}

#[test]
fn s2_02_a_lookups_404_is_none_only_where_the_rule_was_seen_to_find_something() {
    let mut world = in_flight(Means::LookupById, Operation::Lookup);
    world.finish(Fate::Refused(404));
    assert_eq!((world.parked(), world.link().tries), (None, 2), "never none: tried later");
    assert_eq!(*world.state(), LinkState::Uncertain);
    world.mark(Mark::Retry);
    assert_eq!(world.step(Fate::Answered), "lookup A");
    assert!(world.governor.proofs.lookup.proven);

    let mut world = World::new(Means::LookupById);
    world.governor.proofs.lookup.proven = true;
    world.upsert("A");
    world.step(Fate::LostBefore);
    world.step(Fate::Refused(404));
    assert_eq!(*world.state(), LinkState::Unlinked);
    assert_eq!(world.next(), "repeat A", "the same operation, under the same key");
}

#[test]
fn s2_02_a_lookup_with_several_matches_parks_ambiguous() {
    let mut world = in_flight(Means::LookupById, Operation::Lookup);
    world.made_before("A");
    world.crm.records.get_mut("before").unwrap().names_person = true;
    world.finish(Fate::Answered);
    assert_eq!(world.parked(), Some(ParkReason::Ambiguous));
    assert_eq!(*world.state(), LinkState::Uncertain);
}

#[test]
fn s2_03_the_digest_after_a_create_is_of_the_claimed_snapshot() {
    let mut world = in_flight(Means::LookupById, Operation::Create);
    world.upsert("B");
    world.finish(Fate::Answered);
    assert_eq!(world.digest(), Some(world::digest(Operation::Update, "A")));
    assert_eq!(world.step(Fate::Answered), "update B");
}

#[test]
fn s2_03_a_create_that_says_less_than_the_update_leaves_no_digest() {
    let mut world = World::new(Means::LookupById);
    world.create_covers_update = false;
    world.upsert("A");
    world.step(Fate::Answered);
    assert_eq!(world.digest(), None);
    world.mark(Mark::Resync { force: false });
    assert_eq!(world.step(Fate::Answered), "update A", "what the create did not say arrives");
    // Nothing repeated says anything either.
    let mut world = in_flight(Means::Key, Operation::Create);
    world.finish(Fate::LostBefore);
    world.step(Fate::Answered);
    assert_eq!(world.digest(), None);
}

#[test]
fn s2_04_the_digest_is_of_what_the_person_says() {
    let request = |url: &str, headers: &[(&str, &str, bool)], body: &'static str| Request {
        method: Method::Patch,
        url: url::Url::parse(url).unwrap(),
        headers: headers
            .iter()
            .map(|(name, value, secret)| RequestHeader {
                name: (*name).into(),
                value: (*value).into(),
                secret: *secret,
            })
            .collect(),
        body: Some(bytes::Bytes::from_static(body.as_bytes())),
        format: BodyFormat::Json,
        ssl_verification: true,
        timeout: Duration::from_secs(10),
    };
    let plain = request("https://crm.test/1", &[("X-Source", "desk", false)], "{}");
    let digest = Digest::of(&plain);
    let with = |name, value, secret| {
        Digest::of(&request("https://crm.test/1", &[("X-Source", "desk", false), (name, value, secret)], "{}"))
    };
    for (name, secret) in [
        ("Authorization", false),
        ("X-Api-Key", true),
        ("User-Agent", false),
        ("traceparent", false),
        ("Idempotency-Key", false),
    ] {
        assert_eq!(with(name, "1", secret), digest, "{name} is left out");
    }
    assert_eq!(Digest::of(&request("https://crm.test/1", &[("x-source", "desk", false)], "{}")), digest);
    assert_eq!(
        Digest::of(&Request { timeout: Duration::from_secs(5), ssl_verification: false, ..plain.clone() }),
        digest
    );
    for other in [
        request("https://crm.test/2", &[("X-Source", "desk", false)], "{}"),
        request("https://crm.test/1", &[("X-Source", "shop", false)], "{}"),
        request("https://crm.test/1", &[("X-Sourced", "esk", false)], "{}"),
        request("https://crm.test/1", &[], "{}"),
        request("https://crm.test/1", &[("X-Source", "desk", false)], "{ }"),
        Request { method: Method::Put, ..plain.clone() },
        Request { format: BodyFormat::Text, ..plain },
    ] {
        assert_ne!(Digest::of(&other), digest, "{other:?}");
    }
}

#[test]
fn s2_05_a_settle_of_an_older_revision_leaves_the_link_owed() {
    for fate in [Fate::Answered, Fate::Refused(400), Fate::Refused(404), Fate::Refused(302)] {
        let mut world = in_flight(Means::LookupById, Operation::Update);
        world.edit(|rules| rules.on_missing = OnMissing::Recreate);
        world.finish(fate);
        assert_eq!(world.parked(), None, "what it is parked for may have been mended: {fate:?}");
        assert!(world.link().is_owed());
        world.run();
        world.assert_in_step();
    }
}

#[test]
fn s2_06_with_delete_off_the_link_is_kept_and_a_re_creation_updates_it() {
    let mut world = World::with_a(Means::Resend);
    world.rules.delete_on = false;
    world.delete();
    assert_eq!(world.step(Fate::Answered), "nothing sent: delete is off");
    assert_eq!(*world.state(), LinkState::Linked(unique("r1")));
    assert!(!world.link().is_owed() && world.parked().is_none());
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "update B");
    world.assert_in_step();
}

#[test]
fn s2_07_a_change_during_backoff_waits_thirty_seconds_and_a_retry_does_not() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    for _ in 0..5 {
        world.finish(Fate::Refused(500));
        world.next();
    }
    world.finish(Fate::Refused(500));
    let (tried, tries) = (world.now, world.link().tries);
    assert_eq!(tries, 6);
    let soon = tried.plus(Duration::from_secs(30));
    assert!(world.link().due_at.unwrap() > soon);
    world.now = tried.plus(Duration::from_secs(10));
    world.upsert("B");
    assert_eq!((world.link().due_at, world.link().tries), (Some(soon), 6), "tries stay");
    world.now = tried.plus(Duration::from_secs(60));
    world.link.as_mut().unwrap().due_at = Some(tried.plus(Duration::from_secs(3600)));
    world.upsert("A");
    assert_eq!(world.link().due_at, Some(world.now), "the thirty seconds are over");
    world.link.as_mut().unwrap().due_at = Some(tried.plus(Duration::from_secs(3600)));
    world.mark(Mark::Resync { force: false });
    assert_eq!(world.link().due_at, Some(tried.plus(Duration::from_secs(3600))), "a resync does not hurry");
    world.mark(Mark::Retry);
    assert_eq!((world.link().due_at, world.link().tries), (Some(world.now), 0));
}

#[test]
fn s2_08_settling_gives_delays_and_the_store_adds_its_own_clock() {
    for ahead in [0, 3600, -3600] {
        let mut world = in_flight(Means::LookupById, Operation::Update);
        let settlement = world.settlement(Fate::Refused(500));
        // The store's clock is not the node's.
        world.now = Timestamp::from_micros(world.now.as_micros() + ahead * 1_000_000);
        world.settle(settlement);
        assert_eq!(world.link().due_at.unwrap(), world.now.plus(Duration::from_secs(5)), "{ahead}");
    }
}

#[test]
fn s2_09_only_fresh_links_go_past_the_claim() {
    let now = World::new(Means::Park).now;
    let later = now.plus(Duration::from_secs(1));
    let fresh = {
        let mut link = Link::new(link_id(), now);
        transition::mark(&mut link, Mark::Change(None), &Policy::default(), now);
        link
    };
    assert!(transition::may_hand_off(&fresh, now));
    let lease = Lease { token: LeaseToken(Uuid::nil()), until: now, operation: None, version: 1 };
    let parked = sync_core::link::Parked { reason: ParkReason::Refused, detail: String::new(), at: now };
    for other in [
        Link { lease: Some(lease), ..fresh.clone() },
        Link { parked: Some(parked), ..fresh.clone() },
        Link { tries: 1, ..fresh.clone() },
        Link { deferrals: 1, ..fresh.clone() },
        Link { quiet_until: Some(later), ..fresh.clone() },
        Link { state: LinkState::Uncertain, ..fresh.clone() },
        Link { state: LinkState::Leaving(unique("1")), ..fresh.clone() },
        Link { state: LinkState::Unaddressable, ..fresh.clone() },
    ] {
        assert!(!transition::may_hand_off(&other, now), "{other:?}");
    }
}

#[test]
fn s2_09_only_active_syncs_with_room_and_no_backlog_hand_off() {
    let now = World::new(Means::Park).now;
    let base = HandOffSync { config: sync_config(), governor: Governor::default(), leased: 0, backlog: false };
    let count = |sync: &HandOffSync, links_max: usize| {
        let people = ["a", "b", "c"].map(|id| changed(id, false));
        let syncs = [sync.config.clone()];
        let mut writes = mark_changed(&people, &syncs, HashMap::new(), &Policy::default(), now);
        let request = HandOff { token: LeaseToken(Uuid::from_u128(5)), links_max };
        let leased = hand_off(&mut writes, &people, std::slice::from_ref(sync), &request, &Policy::default(), now);
        let out = writes.iter().filter(|write| write.after.as_ref().unwrap().lease.is_some()).count();
        assert_eq!(leased.len(), out);
        assert_eq!(leaves_due(&writes), out < 3);
        out
    };
    assert_eq!(count(&base, 10), 3);
    assert_eq!(count(&base, 2), 2, "the node's free permits");
    assert_eq!(count(&HandOffSync { leased: 15, ..base.clone() }, 10), 1, "the sync's concurrency");
    assert_eq!(count(&HandOffSync { backlog: true, ..base.clone() }, 10), 0);
    let with = |change: fn(&mut SyncConfig)| {
        let mut sync = base.clone();
        change(&mut sync.config);
        assert!(!takes_hand_off(&sync.config));
        sync
    };
    assert_eq!(count(&with(|sync| sync.paused = true), 10), 0);
    assert_eq!(count(&with(|sync| sync.deleted_at = Some(sync.created_at)), 10), 0);
    let limit = |sync: &mut SyncConfig| sync.settings.limits.requests_per_second = Some(1000.0);
    assert_eq!(count(&with(limit), 10), 0, "exactness needs the shared bucket");
    let mut held = base.clone();
    observe(
        &mut held.governor,
        &Signal::Limited { wait: Some(Wait { wait: Duration::from_secs(9), certain: true }), reason: "429".into() },
        9,
        now,
    );
    assert_eq!(count(&held, 10), 0);
    let mut suspended = base.clone();
    for _ in 0..2 {
        let down = Signal::Fails { reason: "down".into(), trouble: Trouble::Everybodys };
        observe(&mut suspended.governor, &down, 1, now);
    }
    suspended.governor.probe_now(now);
    assert_eq!(count(&suspended, 10), 0, "a probe goes through the claim");
}

fn observe(governor: &mut Governor, signal: &Signal, owed: i64, now: Timestamp) {
    let person = person_id("p");
    let observed = Observed { token: LeaseToken(Uuid::nil()), person: &person, owed, sent_at: now };
    governor.observe(signal, &observed, &Policy::default(), now);
}

#[test]
fn s2_10_one_person_twice_in_a_call_is_folded_and_each_call_has_its_own_version() {
    let now = World::new(Means::Park).now;
    let named = |name: &str| PersonPatch { first_name: Patch::Set(name.into()), ..PersonPatch::new(person_id("p")) };
    let calls = [
        Call::Upsert(vec![PersonPatch::new(person_id("z")), named("A"), named("B")]),
        Call::Delete(vec![person_id("p")]),
        Call::Upsert(vec![named("C"), named("C")]),
    ];
    assert_eq!(ids_of(&calls), [person_id("p"), person_id("z")], "locked in one order, each once");
    let folded = fold(&calls, HashMap::new(), 0, now);
    let versions = |result: &CallResult| match result {
        CallResult::Upserted(results) => results.iter().map(|r| (r.outcome, r.version)).collect::<Vec<_>>(),
        CallResult::Deleted { .. } => vec![],
    };
    use UpsertOutcome::{Created, Unchanged, Updated};
    assert_eq!(versions(&folded.results[0]), [(Created, 1), (Created, 1), (Updated, 2)]);
    assert_eq!(folded.results[1], CallResult::Deleted { deleted: vec![person_id("p")], unknown: vec![] });
    assert_eq!(versions(&folded.results[2]), [(Created, 4), (Unchanged, 4)]);
    assert_eq!(folded.changed.len(), 2);
    assert_eq!(folded.changed[0].changes.iter().map(|change| change.version).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn s2_11_a_retry_of_a_link_parked_uncertain_allows_one_create_with_the_same_key() {
    let mut world = in_flight(Means::Park, Operation::Create);
    let key = world.key_in_flight();
    world.finish(Fate::LostBefore);
    assert_eq!(world.step(Fate::Answered), "park Uncertain");
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "park Uncertain", "a change does not allow it");
    world.mark(Mark::Retry);
    assert_eq!(world.next(), "repeat B");
    assert_eq!(world.key_in_flight(), key);
    world.finish(Fate::Refused(400));
    assert_eq!(world.parked(), Some(ParkReason::Uncertain));
    assert!(!world.link().allow_resend, "one, not all that follow");
    world.mark(Mark::Retry);
    world.run();
    world.assert_in_step();
}

#[test]
fn s2_12_a_change_that_renders_the_refused_request_again_stays_parked_without_a_call() {
    let mut world = World::with_a(Means::LookupById);
    world.upsert("B");
    world.step(Fate::Refused(422));
    world.upsert("A");
    world.step(Fate::Refused(422));
    let requests = world.crm.requests;
    // A change of something that the rule does not render.
    let before = world.person.clone();
    world.person.as_mut().unwrap().version += 1;
    world.mark(Mark::Change(before.as_ref()));
    assert_eq!(world.step(Fate::Answered), "park Refused");
    assert_eq!(world.crm.requests, requests);
    for allowed in [Mark::Retry, Mark::Edit, Mark::Resync { force: true }] {
        let mut world = world.clone();
        world.mark(allowed);
        assert_eq!(world.next(), "update A", "{allowed:?}");
    }
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "update B", "renders differently");
}

#[test]
fn s2_13_a_conflict_that_the_batch_itself_resolves_is_none() {
    // A's delete and B's create with A's id, in one batch, in either order.
    for reversed in [false, true] {
        let gone = leased("a", LinkState::Linked(unique("7")), Operation::Delete, LinkState::Unlinked, Next::Remove);
        let mut pairs = vec![gone, created("b", "7")];
        if reversed {
            pairs.reverse();
        }
        let (links, settlements): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let output = settle_all(links, settlements);
        assert_eq!(output.removed.len(), 1);
        assert_eq!(output.updated[0].state, LinkState::Linked(unique("7")));
        assert!(!output.updated[0].is_owed() && output.updated[0].parked.is_none());
    }
}

#[test]
fn s2_13_a_conflict_is_tried_later_three_times_before_it_parks() {
    let mut world = World::new(Means::Resend);
    world.held_by_other = Some("r1".to_owned());
    world.upsert("A");
    world.next();
    let mut settlement = world.settlement(Fate::Answered);
    let mut entry = log_entry(Operation::Create);
    entry.response = Some(Arc::new(sync_core::log::LoggedResponse {
        status: 201,
        headers: vec![],
        body: Some("r1".to_owned()),
        body_truncated: false,
    }));
    settlement.log = Some(entry);
    world.settle(settlement);
    for tries in 1..=3 {
        assert_eq!((world.link().tries, world.parked()), (tries, None));
        assert_eq!(world.step(Fate::Answered), "the record's unique id is known now: r1");
    }
    assert_eq!(world.parked(), Some(ParkReason::Conflict));
    assert_eq!(*world.state(), LinkState::Unaddressable);
    // The other's removal arrives.
    world.held_by_other = None;
    world.mark(Mark::Retry);
    world.run();
    world.assert_in_step();
    assert_eq!(world.crm.next, 1);
}

#[test]
fn s2_13_rows_that_give_up_an_id_are_written_before_those_that_take_it() {
    let now = World::new(Means::Park).now;
    let link =
        |person: &str, state| Link { state, ..Link::new(LinkId { person: person_id(person), ..link_id() }, now) };
    let before = HashMap::from([
        (link("b", LinkState::Unlinked).id, link("b", LinkState::Linked(unique("7")))),
        (link("c", LinkState::Unlinked).id, link("c", LinkState::Linked(unique("9")))),
    ]);
    let rows = vec![
        link("a", LinkState::Linked(unique("7"))),
        link("b", LinkState::Unlinked),
        link("c", LinkState::Linked(unique("9"))),
    ];
    let order: Vec<_> = giving_up_first(rows, &before).into_iter().map(|row| row.id.person.to_string()).collect();
    assert_eq!(order, ["b", "c", "a"]);
}

#[test]
fn s2_14_ids_of_another_origin_are_forgotten_and_a_request_under_way_changes_nothing() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    let generation = world.link().generation;
    let now = world.now;
    forget(world.link.as_mut().unwrap(), now);
    assert_eq!((world.state(), world.link().generation), (&LinkState::Unlinked, generation + 1));
    assert_eq!(world.finish(Fate::Answered), SettleResult::AlreadyDone);
    assert_eq!(world.next(), "create C", "everybody is new there");
}

#[test]
fn s2_15_a_tombstone_is_purged_only_when_no_link_is_owed_leased_or_parked() {
    let mut world = World::with_a(Means::Park);
    world.delete();
    assert!(!world.purge(), "owed");
    world.claim();
    let link = world.link.as_mut().unwrap();
    link.due_at = None;
    assert!(!may_purge([&*link]), "leased, also by a lease that was never settled");
    world.finish(Fate::Refused(400));
    assert_eq!(world.parked(), Some(ParkReason::Refused));
    assert!(!world.purge(), "parked");
    world.mark(Mark::Retry);
    world.run();
    assert!(world.purge());
    assert_eq!((world.link, world.person), (None, None));
}

#[test]
fn s2_16_twenty_deletes_answered_404_with_none_accepted_between_hold_back_deletes() {
    let mut world = World::new(Means::LookupById);
    for n in 1..=20 {
        world.upsert("A");
        world.run();
        world.crm.records.clear();
        world.delete();
        assert!(!world.governor.is_suspended());
        assert!(world.next().starts_with("delete"));
        world.finish(Fate::Answered);
        assert_eq!(world.link, None, "already gone is accepted: {n}");
    }
    assert!(!world.governor.is_suspended() && world.governor.holds_back(Operation::Delete, world.now).is_some());
    assert!(world.governor.reason(world.now).unwrap().contains("Delete Users"));
}

// ------------------------------------------------------------------------------------------- readings of the draft

#[test]
fn s4_01_a_resync_decides_about_equal_versions() {
    let mut world = World::with_a(Means::LookupById);
    world.mark(Mark::Resync { force: false });
    assert_eq!(world.step(Fate::Answered), "unchanged, the request equals the one accepted before");
    world.mark(Mark::Resync { force: true });
    assert_eq!(world.step(Fate::Answered), "update A");
    assert!(!world.link().force && !world.link().is_owed());
}

#[test]
fn s4_02_a_key_counts_as_honoured_only_where_the_create_rule_mentions_it() {
    let mut world = in_flight(Means::Resend, Operation::Create);
    assert!(world.key_in_flight().is_some(), "sent always");
    world.finish(Fate::LostAfter);
    world.delete();
    assert_eq!(world.next(), "park Uncertain");
}

#[test]
fn s4_16_unlinked_never_means_uncertain_or_unaddressable() {
    let now = World::new(Means::Park).now;
    let present = person("p", false);
    let with = |state| Link { state, ..Link::new(link_id(), now) };
    let unlinked = ResyncScope::Unlinked;
    assert!(resyncs(unlinked, Some(&present), None));
    assert!(resyncs(unlinked, Some(&present), Some(&with(LinkState::Unlinked))));
    for state in [LinkState::Uncertain, LinkState::Unaddressable, LinkState::Linked(unique("1"))] {
        assert!(!resyncs(unlinked, Some(&present), Some(&with(state))));
    }
    let tombstone = person("p", true);
    assert!(resyncs(ResyncScope::All, Some(&tombstone), Some(&with(LinkState::Linked(unique("1"))))));
    assert!(!resyncs(ResyncScope::All, Some(&tombstone), None));
    assert!(!resyncs(ResyncScope::Parked, Some(&present), Some(&with(LinkState::Unlinked))));
}

#[test]
fn s4_16_a_retry_pulls_links_in_backoff_too_and_leaves_settled_ones_alone() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    world.finish(Fate::Refused(500));
    let retried = retry_link(world.link().clone(), &RetryFilter::default(), world.now).unwrap().after.unwrap();
    assert_eq!((retried.tries, retried.due_at), (0, Some(world.now)));
    world.run();
    assert!(retry_link(world.link().clone(), &RetryFilter::default(), world.now).is_none());
}

#[test]
fn s4_17_an_update_of_a_person_who_existed_before_the_sync_is_sent_as_a_create() {
    let mut world = World::new(Means::LookupById);
    world.person = Some(Person { version: 7, ..person("p", false) });
    world.upsert("B");
    assert_eq!(world.step(Fate::Answered), "create B");
    world.assert_in_step();
}

#[test]
fn s4_18_a_cut_body_accepts_an_update_and_makes_a_create_unaddressable() {
    let mut world = in_flight(Means::Resend, Operation::Update);
    world.finish(Fate::CutBody);
    world.assert_in_step();
    assert!(!world.link().is_owed());

    let mut world = in_flight(Means::LookupById, Operation::Create);
    world.finish(Fate::CutBody);
    assert_eq!(*world.state(), LinkState::Unaddressable);
    let waits = world.link().due_at.unwrap().since(world.now);
    assert_eq!(waits, Duration::from_secs(30), "searches may not find it at once");
    assert_eq!(world.step(Fate::Answered), "lookup A");
    world.run();
    world.assert_in_step();
    assert_eq!(world.crm.next, 1);
}

// ------------------------------------------------------------------------------------------------------- simulation

#[test]
fn s5_kill_9_at_every_instant_of_every_operation() {
    for means in Means::ALL.into_iter().filter(|means| means.resolves()) {
        for operation in Operation::ALL {
            if operation == Operation::Lookup && !means.rules().lookup {
                continue;
            }
            for instant in ["leased", "written", "answered", "queued for settle", "settled but unknown"] {
                let mut world = in_flight(means, operation);
                match instant {
                    "leased" => world.crash(false),
                    "written" | "answered" => world.crash(true),
                    "queued for settle" => {
                        // Its settlement is lost with the process.
                        assert!(world.settlement(Fate::Answered).settled.tried);
                    }
                    _ => {
                        let settlement = world.settlement(Fate::Answered);
                        world.settle(settlement.clone());
                        world.settle(settlement);
                    }
                }
                world.run();
                world.assert_in_step();
                world.upsert("B");
                world.run();
                world.assert_in_step();
            }
        }
    }
}

#[test]
fn s5_a_key_is_replayed_after_a_change_a_delete_and_a_purge() {
    for event in ["change", "delete", "delete, purge, again"] {
        let mut world = in_flight(Means::Key, Operation::Create);
        world.finish(Fate::LostAfter);
        if event == "change" {
            world.upsert("B");
        } else {
            world.delete();
        }
        world.run();
        world.assert_in_step();
        if event == "delete, purge, again" {
            assert!(world.purge());
            world.upsert("A");
            world.run();
            world.assert_in_step();
        }
    }
}

#[test]
fn s5_a_process_stopped_for_longer_than_its_lease_overwrites_nothing() {
    for operation in [Operation::Create, Operation::Update, Operation::Delete] {
        for means in RESOLVING {
            let mut world = in_flight(means, operation);
            let late = world.settlement(Fate::Answered);
            world.upsert("B");
            world.run();
            world.assert_in_step();
            let result = world.settle(late);
            assert!(matches!(result, SettleResult::TakenOver | SettleResult::Gone), "{result:?}");
            world.run();
            world.assert_in_step();
        }
    }
}

#[test]
fn s5_a_request_settled_without_being_tried_changes_nothing_after_a_takeover() {
    let mut world = in_flight(Means::LookupById, Operation::Update);
    let late = overtaken(&mut world, Fate::Released);
    let before = world.link().clone();
    assert_eq!(world.settle(late), SettleResult::TakenOver);
    assert_eq!(*world.link(), before);
    assert!(matches!(world.flight.as_ref().unwrap().kind, Kind::Request { .. }));
}

#[test]
fn s5_limits_of_a_new_sync_are_the_defaults() {
    assert_eq!(
        sync_config().settings.limits,
        Limits { max_concurrency: 16, requests_per_second: None, requests_per_day: None }
    );
}
