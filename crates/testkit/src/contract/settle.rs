//! Settling leases.

use super::world::accepted;
use super::{StoreFixture, World};
use crate::build::{lookup, person_id};
use crate::reply::Reply;
use std::sync::Arc;
use sync_core::claim::{Call, Leased};
use sync_core::link::{KeptAnswer, LinkState, ParkReason, StateName, UniqueId};
use sync_core::log::LogOutcome;
use sync_core::ports::{CounterFilter, DirectoryStore, LinkFilter, LogStore};
use sync_core::settle::{Next, settle_taken};
use sync_core::stats::{CounterKind, sum};
use sync_core::sync::{Operation, UniqueIdSource};
use sync_core::time::Timestamp;
use sync_core::transition::SettleResult::{AlreadyDone, Applied, Gone, TakenOver};
use sync_core::transition::Settlement;

fn all_counters() -> CounterFilter {
    CounterFilter { sync: None, operation: None, since: Timestamp::MIN, until: Timestamp::MAX }
}

/// Everything that one settlement writes.
pub async fn an_accepted_create_is_linked_counted_and_logged<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    let settlement = world.settlement(&leased, &Reply::Created("51".to_owned())).await;
    let entry = settlement.log.clone().unwrap();
    assert_eq!(world.settle(vec![settlement]).await, [Applied]);
    let link = world.link(&sync, "a").await;
    assert_eq!(link.state.unique_id().map(ToString::to_string).as_deref(), Some("51"));
    assert_eq!((link.due_at, &link.lease, &link.key), (None, &None, &None));
    assert_eq!(link.settled_token, leased.link.lease.map(|lease| lease.token));
    assert!(link.last_decision.unwrap().contains("51"));
    assert_eq!(world.log().await, [entry]);
    let counters = world.store().counters(world.account, &all_counters()).await.unwrap();
    assert_eq!(counters.len(), 1);
    assert_eq!((counters[0].key.operation, counters[0].key.kind), (Operation::Create, CounterKind::Succeeded));
    assert_eq!(counters[0].count, 1);
    let runtime = world.store().runtimes(world.account, &[sync.id]).await.unwrap().remove(0).1;
    assert_eq!((runtime.counts.of(StateName::Linked), runtime.counts.owed), (1, 0));
    assert!(world.claim(10).await.leased.is_empty());
}

/// S1.1: nothing that came meanwhile is wiped out.
pub async fn a_change_during_the_attempt_stays_owed<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    world.upsert(&["a"]).await;
    assert_eq!(world.reply(&leased, Reply::Created("1".to_owned())).await, Applied);
    let link = world.link(&sync, "a").await;
    assert!(matches!(link.state, LinkState::Linked(_)));
    assert!(link.is_owed());
    let next = world.claim_one().await;
    assert_eq!(next.person.as_ref().map(|person| person.version), Some(2));
    world.delete(&["a"]).await;
    world.reply(&next, Reply::Accepted).await;
    let delete = world.claim_one().await;
    assert!(delete.person.as_ref().is_some_and(sync_core::person::Person::is_deleted));
    world.upsert(&["a"]).await;
    world.reply(&delete, Reply::Accepted).await;
    let link = world.link(&sync, "a").await;
    assert_eq!((link.state.clone(), link.is_owed()), (LinkState::Unlinked, true), "the row stays for the re-create");
}

/// A mend that came meanwhile has its turn.
pub async fn a_parked_attempt_does_not_park_a_newer_generation<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b"]).await;
    let claimed = world.claim(10).await;
    world.upsert(&["a"]).await;
    for leased in &claimed.leased {
        world.reply(leased, Reply::Status(422)).await;
    }
    let mended = world.link(&sync, "a").await;
    assert!(mended.is_owed() && mended.parked.is_none());
    let parked = world.link(&sync, "b").await;
    assert!(!parked.is_owed());
    let parked = parked.parked.unwrap();
    assert_eq!(parked.reason, ParkReason::Refused);
    assert!(parked.detail.contains("422"));
}

/// COMMIT unknown: the node sends the batch again.
pub async fn settling_twice_changes_nothing<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b"]).await;
    let claimed = world.claim(10).await;
    let mut settlements = Vec::new();
    for leased in &claimed.leased {
        settlements.push(world.settlement(leased, &accepted(leased)).await);
    }
    assert_eq!(world.settle(settlements.clone()).await, [Applied, Applied]);
    let seen = (world.links(&sync).await, world.log().await.len());
    assert_eq!(world.settle(settlements).await, [AlreadyDone, AlreadyDone]);
    assert_eq!((world.links(&sync).await, world.log().await.len()), seen);
    let counters = world.store().counters(world.account, &all_counters()).await.unwrap();
    assert_eq!(sum(&counters).succeeded, 2);
    assert_eq!(world.settle(vec![]).await, []);
}

/// What removed a row took with it what the row said of earlier settlements. Nothing is linked again to a record that was deleted
/// meanwhile, whether the person stays deleted or is back.
pub async fn settling_twice_changes_nothing_though_the_row_went_meanwhile<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    let create = world.settlement(&leased, &accepted(&leased)).await;
    assert_eq!(world.settle(vec![create.clone()]).await, [Applied]);
    world.delete(&["a"]).await;
    world.drain().await;
    assert!(world.find_link(&sync, "a").await.is_none());
    let logged = world.log().await.len();
    assert_eq!(world.settle(vec![create.clone()]).await, [AlreadyDone]);
    assert!(world.find_link(&sync, "a").await.is_none());
    world.upsert(&["a"]).await;
    let fresh = world.link(&sync, "a").await;
    assert_eq!(world.settle(vec![create.clone()]).await, [AlreadyDone]);
    assert_eq!((world.link(&sync, "a").await, world.log().await.len()), (fresh, logged));
    // Nor may one batch hold it beside what is settled for the first time.
    let leased = world.claim_one().await;
    let settlement = world.settlement(&leased, &accepted(&leased)).await;
    assert_eq!(world.settle(vec![create, settlement]).await, [AlreadyDone, Applied]);
    let counters = world.store().counters(world.account, &all_counters()).await.unwrap();
    assert_eq!(sum(&counters).succeeded, 3);
}

/// The second is found done.
pub async fn one_batch_may_hold_a_settlement_twice<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    let settlement = world.settlement(&leased, &accepted(&leased)).await;
    assert_eq!(world.settle(vec![settlement.clone(), settlement]).await, [Applied, AlreadyDone]);
    assert_eq!(world.log().await.len(), 1);
}

/// The state is another's to change; what the late request did is overwritten.
pub async fn a_lease_taken_over_does_not_touch_the_state<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    world.upsert(&["a"]).await;
    let late = world.claim_one().await;
    world.pass(41).await;
    world.claim(10).await;
    world.pass(31).await;
    let second = world.claim_one().await;
    assert_eq!(world.reply(&second, Reply::Accepted).await, Applied);
    let settled = world.link(&sync, "a").await;
    assert!(!settled.is_owed());
    assert_eq!(world.reply(&late, Reply::Status(404)).await, TakenOver);
    let link = world.link(&sync, "a").await;
    assert_eq!(link.state, settled.state);
    assert!(link.is_owed() && link.generation > settled.generation);
    assert_eq!(link.sent.and_then(|sent| sent.digest), None);
    // The same batch again changes nothing.
    assert_eq!(link.settled_token, late.link.lease.map(|lease| lease.token));
}

/// Nobody else would know of the record.
pub async fn a_late_create_finds_its_row_gone<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.lookup = Some(lookup())).await;
    world.upsert(&["a"]).await;
    let late = world.claim_one().await;
    world.delete(&["a"]).await;
    world.pass(41).await;
    world.claim(10).await;
    for _ in 0..4 {
        // For a deleted person it is asked once more, an hour later.
        world.pass(3700).await;
        world.drain().await;
    }
    assert!(world.find_link(&sync, "a").await.is_none(), "looked up, nothing found, forgotten");
    assert_eq!(world.reply(&late, Reply::Created("9".to_owned())).await, TakenOver);
    let link = world.link(&sync, "a").await;
    assert_eq!(link.state.unique_id().map(ToString::to_string).as_deref(), Some("9"));
    assert!(link.is_owed());
    world.drain().await;
    assert!(world.find_link(&sync, "a").await.is_none(), "deleted there too");
    let counts = world.store().runtimes(world.account, &[sync.id]).await.unwrap().remove(0).1.counts;
    assert!(counts.is_zero(), "{counts:?}");
}

/// Only where the person was deleted in the claimed snapshot and nothing came since.
pub async fn a_delete_removes_the_row_unless_the_person_is_back<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a", "b"]).await;
    world.delete(&["a", "b"]).await;
    let claimed = world.claim(10).await;
    world.upsert(&["b"]).await;
    for leased in &claimed.leased {
        assert_eq!(world.reply(leased, Reply::Accepted).await, Applied);
    }
    assert!(world.find_link(&sync, "a").await.is_none());
    let back = world.link(&sync, "b").await;
    assert_eq!((back.state.clone(), back.is_owed()), (LinkState::Unlinked, true));
    world.drain().await;
    assert!(matches!(world.link(&sync, "b").await.state, LinkState::Linked(_)));
}

/// What removed its row took the token with it: given again, it is neither counted nor logged again.
pub async fn a_delete_settled_twice_is_counted_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    world.delete(&["a"]).await;
    let leased = world.claim_one().await;
    let settlement = world.settlement(&leased, &Reply::Accepted).await;
    assert_eq!(world.settle(vec![settlement.clone()]).await, [Applied]);
    let counted = world.store().counters(world.account, &all_counters()).await.unwrap();
    let seen = (sum(&counted).sent(), world.log().await.len());
    assert_eq!(world.settle(vec![settlement]).await, [AlreadyDone]);
    let counted = world.store().counters(world.account, &all_counters()).await.unwrap();
    assert_eq!((sum(&counted).sent(), world.log().await.len()), seen);
    assert!(world.find_link(&sync, "a").await.is_none());
}

/// Its links are on their way out.
pub async fn a_deleted_sync_settles_into_nothing<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    world.store().delete_sync(world.account, sync.id).await.unwrap();
    assert_eq!(world.reply(&leased, Reply::Created("1".to_owned())).await, Gone);
    world.sweep(100).await;
    assert_eq!(world.reply(&leased, Reply::Created("1".to_owned())).await, Gone);
    assert!(world.find_link(&sync, "a").await.is_none());
}

/// That row alone; the create's answer is kept.
pub async fn an_id_of_another_person_parks_after_three_tries<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    world.reply(&world.claim_one().await, Reply::Created("1".to_owned())).await;
    world.upsert(&["b", "c"]).await;
    let mut settlements = Vec::new();
    for leased in world.claim(10).await.leased {
        let id = if leased.link.id.person == person_id("b") { "1" } else { "3" };
        settlements.push(world.settlement(&leased, &Reply::Created(id.to_owned())).await);
    }
    assert_eq!(world.settle(settlements).await, [Applied, Applied]);
    assert!(matches!(world.link(&sync, "a").await.state, LinkState::Linked(_)));
    assert!(matches!(world.link(&sync, "c").await.state, LinkState::Linked(_)));
    let conflicting = world.link(&sync, "b").await;
    assert_eq!((&conflicting.state, conflicting.tries), (&LinkState::Unaddressable, 1));
    assert!(conflicting.is_owed(), "the other's removal may be on its way");
    assert!(conflicting.extras.answer.is_some());
    let entry = world.log().await.into_iter().find(|entry| entry.person == person_id("b")).unwrap();
    assert_eq!((entry.outcome, entry.failure), (LogOutcome::Retrying, Some(sync_core::log::FailureKind::Conflict)));
    assert!(entry.next_attempt_at.is_some());
}

/// H18: the id that was chosen for a request is another person's, so that it was not sent. Whether it still is, is looked at while
/// that is settled.
pub async fn a_chosen_id_of_another_person_is_a_conflict_before_anything_is_sent<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    let held = LinkFilter { unique_id: Some("crm-a".to_owned()), ..LinkFilter::default() };
    let holders: Vec<_> = world.links_where(&sync, held).await.into_iter().map(|link| link.id.person).collect();
    assert_eq!(holders, [person_id("a")], "asked before the request");
    let unsent = async |leased: &Leased| {
        let settled = settle_taken(&leased.link, UniqueId::text("crm-a").unwrap());
        Settlement { settled, ..world.settlement(leased, &Reply::Released).await }
    };
    world.upsert(&["b"]).await;
    for tries in 1..=4 {
        let leased = world.claim_one().await;
        let settlement = unsent(&leased).await;
        assert_eq!(world.settle(vec![settlement]).await, [Applied]);
        let link = world.link(&sync, "b").await;
        assert_eq!((&link.state, link.tries), (&LinkState::Unlinked, tries));
        assert_eq!(link.parked.is_some(), tries == 4, "the other's removal may be on its way");
        world.pass(600).await;
    }
    let link = world.link(&sync, "b").await;
    assert_eq!(link.parked.unwrap().reason, ParkReason::Conflict);
    assert!(!world.link(&sync, "a").await.is_owed(), "nobody wrote its record");
    // The id is free: whoever waits for it is due.
    world.delete(&["a"]).await;
    let delete = world.claim_one().await;
    world.reply(&delete, Reply::Accepted).await;
    world.sweep(100).await;
    let leased = world.claim_one().await;
    assert_eq!(leased.link.id.person, person_id("b"));
    // Found free while it is settled, it goes on.
    let settlement = unsent(&leased).await;
    assert_eq!(world.settle(vec![settlement]).await, [Applied]);
    let link = world.link(&sync, "b").await;
    assert!(link.is_owed() && link.parked.is_none() && link.state == LinkState::Unlinked);
    world.drain().await;
    assert!(matches!(world.link(&sync, "b").await.state, LinkState::Linked(_)));
}

/// Found within the batch.
pub async fn two_rows_of_a_batch_cannot_take_one_id<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b", "c"]).await;
    let mut settlements = Vec::new();
    for leased in world.claim(10).await.leased {
        let id = if leased.link.id.person == person_id("c") { "2" } else { "1" };
        settlements.push(world.settlement(&leased, &Reply::Created(id.to_owned())).await);
    }
    assert_eq!(world.settle(settlements).await, [Applied, Applied, Applied]);
    let states: Vec<StateName> = world.links(&sync).await.iter().map(|link| link.state.name()).collect();
    assert_eq!(states.iter().filter(|state| **state == StateName::Linked).count(), 2, "{states:?}");
    assert_eq!(states.iter().filter(|state| **state == StateName::Unaddressable).count(), 1, "{states:?}");
}

/// Removals first, wherever they stand in the batch.
pub async fn an_id_passes_from_a_deleted_person_in_one_batch<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["z"]).await;
    world.delete(&["z"]).await;
    world.upsert(&["a"]).await;
    let mut settlements = Vec::new();
    for leased in world.claim(10).await.leased {
        let reply =
            if leased.link.id.person == person_id("z") { Reply::Accepted } else { Reply::Created("crm-z".into()) };
        settlements.push(world.settlement(&leased, &reply).await);
    }
    // The one who takes it first.
    settlements.sort_by(|a, b| a.link.cmp(&b.link));
    assert_eq!(world.settle(settlements).await, [Applied, Applied]);
    assert!(world.find_link(&sync, "z").await.is_none());
    let link = world.link(&sync, "a").await;
    assert_eq!(link.state.unique_id().map(ToString::to_string).as_deref(), Some("crm-z"));
}

/// Ids are unique within one sync only.
pub async fn an_id_of_one_sync_is_free_in_another<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (one, two) = (world.sync().await, world.sync().await);
    world.upsert(&["a"]).await;
    for leased in world.claim(10).await.leased {
        assert_eq!(world.reply(&leased, Reply::Created("1".to_owned())).await, Applied);
    }
    for sync in [&one, &two] {
        assert!(matches!(world.link(sync, "a").await.state, LinkState::Linked(_)));
    }
}

/// What was rendered by older rules is sent again.
pub async fn an_old_revision_stays_owed<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    let edited = world.edit(&sync, &[], |settings| settings.limits.max_concurrency = 9).await;
    world.reply(&leased, Reply::Created("1".to_owned())).await;
    assert!(world.link(&sync, "a").await.is_owed());
    let again = world.claim_one().await;
    assert_eq!(again.revision, edited.revision);
    world.reply(&again, Reply::Accepted).await;
    assert!(!world.link(&sync, "a").await.is_owed());
}

/// What comes from outside stops nothing: quotes, long texts, letters of all planes. (U+0000 is removed by the core.)
pub async fn odd_texts_settle<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let odd = "'\";--\\ %_ \u{1}\u{7f}\u{fffd}\u{10ffff} 😀 \r\n\t";
    let ids = ["it's \"id\" \\ %_😀".to_owned(), "é".repeat(256)];
    world.upsert(&["a", "b", "c"]).await;
    let mut settlements = Vec::new();
    for (at, leased) in world.claim(10).await.leased.iter().enumerate() {
        let reply = ids.get(at).map_or(Reply::Status(422), |id| Reply::Created(id.clone()));
        let mut settlement = world.settlement(leased, &reply).await;
        settlement.settled.message = odd.repeat(20);
        if let Some(entry) = &mut settlement.log {
            entry.message = odd.repeat(20);
            Arc::make_mut(entry.response.as_mut().unwrap()).body = Some(odd.repeat(600));
        }
        settlements.push(settlement);
    }
    let entries: Vec<_> = settlements.iter().rev().filter_map(|settlement| settlement.log.clone()).collect();
    assert_eq!(world.settle(settlements).await, [Applied, Applied, Applied]);
    assert_eq!(world.log().await, entries);
    let links = world.links(&sync).await;
    for id in &ids {
        assert!(links.iter().any(|link| link.state.unique_id().is_some_and(|held| held.as_str() == id)));
    }
    assert!(links.iter().all(|link| link.last_decision == Some(odd.repeat(20))));
}

/// A log entry that cannot be written never fails a settlement.
pub async fn a_log_id_used_twice_does_not_fail_a_settlement<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b", "c"]).await;
    let mut settlements = Vec::new();
    for leased in world.claim(10).await.leased {
        settlements.push(world.settlement(&leased, &accepted(&leased)).await);
    }
    let first = settlements[0].log.as_ref().unwrap().id;
    settlements[1].log.as_mut().unwrap().id = first;
    let person = settlements[0].link.person.clone();
    assert_eq!(world.settle(settlements).await, [Applied, Applied, Applied]);
    assert!(world.links(&sync).await.iter().all(|link| !link.is_owed()));
    let log = world.log().await;
    assert_eq!(log.len(), 2, "the second of one id is left out, the third is there");
    assert!(log.iter().any(|entry| entry.id == first && entry.person == person));
}

/// For the time when somebody corrects the path.
pub async fn the_kept_answer_survives<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.unique_id = Some(UniqueIdSource::Path("$.wrong".to_owned()))).await;
    world.upsert(&["a"]).await;
    world.reply(&world.claim_one().await, Reply::Created("77".to_owned())).await;
    let link = world.link(&sync, "a").await;
    assert_eq!(link.parked.as_ref().map(|parked| parked.reason), Some(ParkReason::NoUniqueId));
    let KeptAnswer { status, body, looked_at_revision, .. } = *link.extras.answer.clone().unwrap();
    assert_eq!((status, looked_at_revision), (201, 1));
    assert!(body.contains("77"));
    assert_eq!(world.links(&sync).await, [link]);
    world.upsert(&["a"]).await;
    assert!(world.link(&sync, "a").await.extras.answer.is_some(), "a mark keeps it");
}

/// As many as a node may have under way.
pub async fn large_batches_settle<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.limits.max_concurrency = 256).await;
    let people: Vec<String> = (0..256).map(|n| format!("person-{n}")).collect();
    let calls: Vec<Call> = people.iter().map(|id| world.upsert_call(&[id])).collect();
    world.record(calls, None).await;
    let claimed = world.claim(1000).await;
    assert_eq!(claimed.leased.len(), 256);
    let mut settlements = Vec::new();
    for (at, leased) in claimed.leased.iter().enumerate() {
        let reply = if at % 8 == 0 { Reply::Status(422) } else { accepted(leased) };
        settlements.push(world.settlement(leased, &reply).await);
    }
    assert!(settlements.iter().any(|settlement| matches!(settlement.settled.next, Next::Park(..))));
    assert!(world.settle(settlements).await.iter().all(|result| *result == Applied));
    let counts = world.store().runtimes(world.account, &[sync.id]).await.unwrap().remove(0).1.counts;
    assert_eq!((counts.of(StateName::Linked), counts.of(StateName::Unlinked)), (224, 32));
    assert_eq!((counts.parked, counts.owed), (32, 0));
    assert_eq!(world.log().await.len(), 256);
}
