//! What keeps a store healthy, and retries.

use super::world::accepted;
use super::{StoreFixture, World};
use crate::build::person_id;
use crate::reply::Reply;
use std::time::Duration;
use sync_core::link::{LinkState, StateName};
use sync_core::log::LogOutcome;
use sync_core::page::PageRequest;
use sync_core::ports::{Backlog, DirectoryStore, MaintenanceStore, RETRY_AT_ONCE, Retention, RetryFilter, WorkStore};

/// And a fresh store is ready.
pub async fn migrating_again_changes_nothing<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    let before = world.links(&sync).await;
    world.store().migrate().await.unwrap();
    world.store().ready().await.unwrap();
    assert_eq!(world.links(&sync).await, before);
    let first = world.now().await;
    assert!(world.now().await >= first);
}

/// Where the store can know them: they count as *sent, no answer*, from now on. Where it cannot, they end by time.
pub async fn stale_leases_end<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b"]).await;
    assert_eq!(world.claim(10).await.leased.len(), 2);
    let ended = world.store().end_stale_leases().await.unwrap();
    assert!(ended == 2 || ended == 0);
    assert_eq!(world.store().end_stale_leases().await.unwrap(), 0);
    if ended == 0 {
        world.pass(41).await;
    }
    assert!(world.claim(10).await.leased.is_empty(), "the quiet time runs");
    assert_eq!(world.link(&sync, "a").await.state, LinkState::Uncertain);
    world.pass(31).await;
    assert_eq!(world.claim(10).await.leased.len(), 2);
}

/// Successes go before failures.
pub async fn old_entries_are_pruned_by_outcome<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.upsert(&["ok", "bad"]).await;
    for leased in world.claim(10).await.leased {
        let reply = if leased.link.id.person.as_str() == "ok" { accepted(&leased) } else { Reply::Status(422) };
        world.reply(&leased, reply).await;
    }
    let day = Duration::from_secs(86_400);
    let retention = Retention { successes: day, failures: 3 * day };
    let changes = async || {
        let page = PageRequest::first(10);
        world.store().person_changes(world.account, &person_id("ok"), page).await.unwrap().items.len()
    };
    assert_eq!(world.store().prune_logs(&retention, 100).await.unwrap(), 0);
    world.pass(2 * 86_400).await;
    assert_eq!(world.store().prune_logs(&retention, 100).await.unwrap(), 3, "one success and two changes");
    let outcomes: Vec<LogOutcome> = world.log().await.iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [LogOutcome::Parked]);
    assert_eq!(changes().await, 0);
    world.pass(2 * 86_400).await;
    world.store().prune_logs(&retention, 100).await.unwrap();
    assert!(world.log().await.is_empty());
    assert!(world.find_person("ok").await.is_some(), "people are no log");
}

/// Fewer than asked for: done.
pub async fn pruning_is_bounded<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.link_people(&["a", "b", "c"]).await;
    world.pass(86_400 * 100).await;
    let mut pruned = Vec::new();
    loop {
        let rows = world.store().prune_logs(&Retention::default(), 4).await.unwrap();
        pruned.push(rows);
        if rows < 4 {
            break;
        }
    }
    assert_eq!(pruned, [4, 2], "three entries and three changes");
}

/// Owed, leased or parked.
pub async fn tombstones_stay_while_something_is_open<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["owed", "leased", "parked", "done"]).await;
    world.delete(&["leased", "parked", "done"]).await;
    for leased in world.claim(10).await.leased {
        let reply = match leased.link.id.person.as_str() {
            "leased" => continue,
            "parked" => Reply::Status(422),
            _ => Reply::Accepted,
        };
        world.reply(&leased, reply).await;
    }
    world.delete(&["owed"]).await;
    assert_eq!(world.store().purge_tombstones(100).await.unwrap(), 1);
    assert!(world.find_person("done").await.is_none());
    for person in ["owed", "leased", "parked"] {
        assert!(world.find_person(person).await.is_some_and(|person| person.is_deleted()), "{person}");
        assert!(world.find_link(&sync, person).await.is_some());
    }
    // A lease whose time is over is the sign of a crash: it is not settled.
    world.pass(3600).await;
    assert_eq!(world.store().purge_tombstones(100).await.unwrap(), 0);
}

/// S1.9: purging raises the account's floor.
pub async fn versions_never_restart_after_a_purge<F: StoreFixture>() {
    let world = World::<F>::new().await;
    for _ in 0..5 {
        world.upsert(&["a"]).await;
    }
    world.upsert(&["b"]).await;
    world.delete(&["a", "b"]).await;
    assert_eq!(world.store().purge_tombstones(100).await.unwrap(), 2);
    assert!(
        world.people_where(sync_core::ports::PeopleFilter { search: None, include_deleted: true }).await.is_empty()
    );
    world.upsert(&["a", "c"]).await;
    for person in ["a", "c"] {
        assert_eq!(world.find_person(person).await.unwrap().version, 7, "{person}");
    }
    let page = world.store().person_changes(world.account, &person_id("a"), PageRequest::first(10)).await.unwrap();
    assert!(page.items.windows(2).all(|pair| pair[0].version > pair[1].version));
    assert_eq!(page.items[0].version, 7);
}

/// Links kept because delete is off stay, so that a re-create makes no second record.
pub async fn a_purge_takes_unlinked_rows_and_leaves_kept_ones<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let keeps = world.sync_with(|sync| sync.settings.delete = None).await;
    let never = world.sync_with(|sync| sync.settings.create.as_mut().unwrap().enabled = false).await;
    world.link_people(&["a"]).await;
    let unlinked = world.link(&never, "a").await;
    assert_eq!((unlinked.state.clone(), unlinked.is_owed()), (LinkState::Unlinked, false), "create is off");
    world.pause(&never, true).await;
    world.delete(&["a"]).await;
    world.drain().await;
    assert_eq!(world.store().purge_tombstones(100).await.unwrap(), 0, "the paused sync still owes");
    world.pause(&never, false).await;
    world.drain().await;
    assert_eq!(world.store().purge_tombstones(100).await.unwrap(), 1);
    assert!(world.find_link(&never, "a").await.is_none());
    let kept = world.link(&keeps, "a").await;
    assert!(matches!(kept.state, LinkState::Linked(_)));
    let runtimes = world.store().runtimes(world.account, &[keeps.id, never.id]).await.unwrap();
    for (sync, runtime) in runtimes {
        assert_eq!(runtime.counts.of(StateName::Linked), i64::from(sync == keeps.id));
        assert_eq!(runtime.counts.of(StateName::Unlinked), 0);
    }
    // Back again: the kept record is updated, not created anew.
    world.upsert(&["a"]).await;
    let back = world.claim(10).await.leased.into_iter().find(|leased| leased.link.id.sync == keeps.id).unwrap();
    assert_eq!(back.decision, sync_core::decide::Decision::Send(sync_core::sync::Operation::Update));
}

/// Kept because delete is off, an Uncertain link may still have to be resolved: what resolves it is rendered from the
/// tombstone. It holds up no other tombstone.
pub async fn a_tombstone_stays_while_its_link_is_uncertain<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.delete = None).await;
    world.upsert(&["a"]).await;
    let lost = world.claim_one().await;
    world.reply(&lost, Reply::Lost).await;
    world.delete(&["a"]).await;
    world.pass(60).await;
    world.drain().await;
    let link = world.link(&sync, "a").await;
    assert_eq!((&link.state, link.is_owed(), &link.parked), (&LinkState::Uncertain, false, &None), "delete is off");
    world.link_people(&["b"]).await;
    world.delete(&["b"]).await;
    world.drain().await;
    assert_eq!(world.store().purge_tombstones(1).await.unwrap(), 1, "that of b, whose link is Linked");
    assert_eq!(world.store().purge_tombstones(1).await.unwrap(), 0);
    assert_eq!(world.store().people_by_ids(world.account, &[person_id("a")]).await.unwrap().len(), 1);
}

/// And goes on where it ended.
pub async fn a_purge_is_bounded<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.upsert(&["a", "b", "c"]).await;
    world.delete(&["a", "b", "c"]).await;
    assert_eq!(world.store().purge_tombstones(2).await.unwrap(), 2);
    assert_eq!(world.store().purge_tombstones(2).await.unwrap(), 1);
    assert_eq!(world.store().purge_tombstones(2).await.unwrap(), 0);
}

/// Now, with all tries back.
pub async fn retry_marks_owed_and_parked_links<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["fine", "waits"]).await;
    world.upsert(&["parked", "waits"]).await;
    let claimed = world.claim(10).await;
    // Somebody else is owed, so that one failure does not suspend the sync.
    world.upsert(&["calm"]).await;
    for leased in claimed.leased {
        let waits = leased.link.id.person.as_str() == "waits";
        world.reply(&leased, if waits { Reply::Status(500) } else { Reply::Status(422) }).await;
    }
    assert_eq!(world.link(&sync, "waits").await.tries, 1);
    let fine = world.link(&sync, "fine").await;
    let retried = world.store().retry(world.account, &RetryFilter::default(), None).await.unwrap();
    assert_eq!((retried.marked, retried.last), (3, None));
    assert_eq!(world.link(&sync, "fine").await, fine);
    let waits = world.link(&sync, "waits").await;
    assert_eq!((waits.tries, waits.asked), (0, true));
    assert!(world.link(&sync, "parked").await.parked.is_none());
    assert_eq!(world.claim(10).await.leased.len(), 3);
}

/// By sync and by people.
pub async fn retry_is_filtered<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (one, two) = (world.sync().await, world.sync().await);
    world.upsert(&["a", "b"]).await;
    for leased in world.claim(10).await.leased {
        world.reply(&leased, Reply::Status(422)).await;
    }
    let only = RetryFilter {
        sync: Some(one.id),
        people: Some(vec![person_id("b"), person_id("nobody")]),
        ..RetryFilter::default()
    };
    assert_eq!(world.store().retry(world.account, &only, None).await.unwrap().marked, 1);
    assert!(world.link(&one, "b").await.is_owed());
    assert!(!world.link(&one, "a").await.is_owed());
    let person = RetryFilter { sync: None, people: Some(vec![person_id("a")]), ..RetryFilter::default() };
    assert_eq!(world.store().retry(world.account, &person, None).await.unwrap().marked, 2);
    assert!(world.link(&two, "a").await.is_owed());
    assert!(!world.link(&two, "b").await.is_owed());
    let nobody = RetryFilter { sync: Some(world.random.sync()), people: None, ..RetryFilter::default() };
    assert_eq!(world.store().retry(world.account, &nobody, None).await.unwrap().marked, 0);
    world.store().delete_sync(world.account, two.id).await.unwrap();
    let of_deleted = RetryFilter { sync: Some(two.id), people: None, ..RetryFilter::default() };
    assert_eq!(world.store().retry(world.account, &of_deleted, None).await.unwrap().marked, 0);
}

/// A bounded number in one transaction.
pub async fn retry_goes_on_after_the_last_one<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.pause(&sync, true).await;
    let people: Vec<String> = (0..RETRY_AT_ONCE + 5).map(|n| format!("p{n:05}")).collect();
    world.upsert(&people.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let first = world.store().retry(world.account, &RetryFilter::default(), None).await.unwrap();
    assert_eq!(first.marked, RETRY_AT_ONCE);
    let last = first.last.expect("there are more");
    let second = world.store().retry(world.account, &RetryFilter::default(), Some(&last)).await.unwrap();
    assert_eq!((second.marked, second.last), (5, None));
    assert_eq!(world.link(&sync, "p00000").await.generation, 2);
    assert_eq!(world.link(&sync, people.last().unwrap()).await.generation, 2);
}

/// Of all accounts.
pub async fn totals_add_up<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    let doomed = world.sync().await;
    world.link_people(&["a", "b"]).await;
    world.delete(&["b"]).await;
    world.store().delete_sync(world.account, doomed.id).await.unwrap();
    let totals = world.store().totals().await.unwrap();
    assert_eq!((totals.accounts, totals.people, totals.syncs), (1, 1, 1));
    assert_eq!((totals.links.of(StateName::Linked), totals.links.owed), (2, 1));
    assert!(totals.log_entries >= 0);
}

/// The age of the oldest debt; what waits behind a pause, a suspension or for its next try has none.
pub async fn the_backlog_is_what_waits_for_active_syncs<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let backlog = async || world.store().backlog().await.unwrap();
    assert_eq!(backlog().await, Backlog::default());
    let suspended = world.sync().await;
    world.suspend(&suspended, &["1", "2", "3", "4", "5"]).await;
    let paused = world.sync().await;
    world.pause(&paused, true).await;
    let doomed = world.sync().await;
    world.upsert(&["1"]).await;
    world.store().delete_sync(world.account, doomed.id).await.unwrap();
    world.pass(3600).await;
    let before = backlog().await;
    assert_eq!((before.active, before.paused, before.suspended, before.oldest_due), (0, 1, 1, None));
    let active = world.sync().await;
    world.upsert(&["2", "3"]).await;
    world.pass(60).await;
    let waits = backlog().await;
    assert_eq!((waits.active, waits.paused, waits.suspended), (1, 1, 1));
    let age = waits.oldest_due.expect("two are due");
    assert!(age >= Duration::from_secs(60) && age < Duration::from_secs(120), "{age:?}");
    let mut owed = 0;
    for sync in [&suspended, &paused, &active] {
        owed += world.links(sync).await.iter().filter(|link| link.is_owed()).count();
    }
    assert_eq!(waits.links.owed, owed as i64);
    // One is accepted, one refused for good, and nothing is due.
    for leased in world.claim(10).await.leased {
        let reply = match leased.link.id.person.as_str() {
            // The suspended sync's probe.
            _ if leased.link.id.sync == suspended.id => Reply::Refused,
            "2" => accepted(&leased),
            _ => Reply::Status(422),
        };
        world.reply(&leased, reply).await;
    }
    let after = backlog().await;
    assert_eq!((after.oldest_due, after.links.parked, after.links.owed), (None, 1, waits.links.owed - 2));
    // A retry that waits is owed and not due; then it is due.
    world.upsert(&["6", "7"]).await;
    let leased = world.claim(1).await.leased.remove(0);
    world.reply(&leased, Reply::Status(500)).await;
    let other = world.claim_one().await;
    world.reply(&other, accepted(&other)).await;
    let retrying = backlog().await;
    assert_eq!(
        (retrying.oldest_due, retrying.links.owed),
        (None, after.links.owed + 1 + 4),
        "4 behind pause and suspension"
    );
    world.pass(600).await;
    assert!(backlog().await.oldest_due.is_some_and(|age| age > Duration::from_secs(500)));
}
