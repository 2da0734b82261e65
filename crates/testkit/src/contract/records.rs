//! The log, the counters, keys and accounts.

use super::world::accepted;
use super::{StoreFixture, World};
use crate::build::{key, person_id};
use crate::reply::Reply;
use std::time::Duration;
use sync_core::key::{Account, Role};
use sync_core::log::{FailureKind, LogEntry, LogFilter, LogOutcome};
use sync_core::page::PageRequest;
use sync_core::ports::{CounterFilter, KeyStore, LogStore, MaintenanceStore, SetResult};
use sync_core::stats::{CounterKind, HOUR_MICROS, MINUTE_MICROS, span_start, sum};
use sync_core::sync::Operation;
use sync_core::time::Timestamp;

/// Has a variety of replies logged.
async fn busy<F: StoreFixture>(world: &World<F>) -> [sync_core::sync::SyncConfig; 2] {
    let syncs = [world.sync().await, world.sync().await];
    world.upsert(&["a", "b", "c"]).await;
    let claimed = world.claim(10).await;
    // Somebody else is owed, so that one failure does not suspend a sync.
    world.upsert(&["d"]).await;
    for leased in claimed.leased {
        let reply = match leased.link.id.person.as_str() {
            "a" => accepted(&leased),
            "b" => Reply::Status(422),
            _ => Reply::Refused,
        };
        world.reply(&leased, reply).await;
        world.pass(1).await;
    }
    world.delete(&["a"]).await;
    for leased in world.claim(10).await.leased {
        world.reply(&leased, accepted(&leased)).await;
    }
    syncs
}

/// Every field.
pub async fn log_entries_come_back_as_they_were_given<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.upsert(&["a", "b"]).await;
    let mut settlements = Vec::new();
    for leased in world.claim(10).await.leased {
        settlements.push(world.settlement(&leased, &Reply::Created(format!("{}-1", leased.link.id.person))).await);
    }
    let plain = settlements[1].log.as_mut().unwrap();
    *plain = LogEntry {
        unique_id: sync_core::link::UniqueId::number("12345678901234567890"),
        attempt: None,
        duration_ms: None,
        request: None,
        response: None,
        failure: Some(FailureKind::Template),
        outcome: LogOutcome::Skipped,
        operation: Operation::Lookup,
        ..plain.clone()
    };
    let entries: Vec<LogEntry> = settlements.iter().filter_map(|settlement| settlement.log.clone()).collect();
    world.settle(settlements).await;
    let mut read =
        world.store().logs_by_ids(world.account, &[entries[0].id, entries[1].id, world.random.log()]).await.unwrap();
    read.sort_by_key(|entry| entry.id);
    assert_eq!(read, entries);
}

/// All that are given must hold.
pub async fn the_log_is_filtered_by_everything<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let syncs = busy(&world).await;
    let all = world.log().await;
    assert_eq!(all.len(), 10);
    let middle = all[4].at;
    let none = LogFilter::default;
    let filters = [
        LogFilter { sync: Some(syncs[1].id), ..none() },
        LogFilter { person: Some(person_id("b")), ..none() },
        LogFilter { operations: Some(vec![Operation::Delete]), ..none() },
        LogFilter { operations: Some(vec![Operation::Delete, Operation::Create]), ..none() },
        LogFilter { outcomes: Some(vec![LogOutcome::Parked, LogOutcome::Retrying]), ..none() },
        LogFilter { failures: Some(vec![FailureKind::Connection]), ..none() },
        LogFilter { status_at_least: Some(400), ..none() },
        LogFilter { status_at_most: Some(299), ..none() },
        LogFilter { status_at_least: Some(201), status_at_most: Some(201), ..none() },
        LogFilter { since: Some(middle), ..none() },
        LogFilter { until: Some(middle), ..none() },
        LogFilter {
            sync: Some(syncs[0].id),
            person: Some(person_id("a")),
            operations: Some(vec![Operation::Create]),
            outcomes: Some(vec![LogOutcome::Succeeded]),
            ..none()
        },
    ];
    for filter in filters {
        let expected: Vec<LogEntry> = all.iter().filter(|entry| filter.matches(entry)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() <= 10, "{filter:?} finds something");
        let found = world.store().logs(world.account, &filter, PageRequest::first(100)).await.unwrap();
        assert_eq!(found.items, expected, "{filter:?}");
        let page = world.store().logs(world.account, &filter, PageRequest::first(1)).await.unwrap();
        assert_eq!((page.items.as_slice(), page.has_next), (&expected[..1], expected.len() > 1), "{filter:?}");
    }
    let nothing = LogFilter { person: Some(person_id("nobody")), ..none() };
    assert!(world.store().logs(world.account, &nothing, PageRequest::first(1)).await.unwrap().items.is_empty());
}

/// Stable while entries are added.
pub async fn the_log_is_paged_newest_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.link_people(&["a", "b", "c", "d"]).await;
    let all = world.log().await;
    assert!(all.windows(2).all(|pair| pair[0].id > pair[1].id));
    let first = world.store().logs(world.account, &LogFilter::default(), PageRequest::first(2)).await.unwrap();
    assert!(first.has_next);
    world.link_people(&["e"]).await;
    let request = PageRequest { first: 2, after: first.items.last().map(|entry| entry.id) };
    let second = world.store().logs(world.account, &LogFilter::default(), request).await.unwrap();
    assert!(!second.has_next);
    assert_eq!([first.items, second.items].concat(), all);
}

/// By the minute of the store's clock.
pub async fn counters_are_summed_by_minute_and_key<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let now = span_start(world.now().await, MINUTE_MICROS);
    world.fixture.freeze(now).await;
    let sync = world.sync().await;
    world.upsert(&["a", "b", "c"]).await;
    let claimed = world.claim(10).await.leased;
    world.reply(&claimed[0], accepted(&claimed[0])).await;
    world.reply(&claimed[1], accepted(&claimed[1])).await;
    world.fixture.freeze(now.plus(Duration::from_secs(60))).await;
    world.reply(&claimed[2], Reply::Status(422)).await;
    let filter = CounterFilter { sync: None, operation: None, since: now, until: now.plus(Duration::from_secs(61)) };
    let rows = world.store().counters(world.account, &filter).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.start, row.key.kind, row.count)).collect();
    let expected = [(now, CounterKind::Succeeded, 2), (now.plus(Duration::from_secs(60)), CounterKind::Failed, 1)];
    assert_eq!(seen, expected);
    let counted = |filter: CounterFilter| {
        let world = &world;
        async move { sum(&world.store().counters(world.account, &filter).await.unwrap()).sent() }
    };
    assert_eq!(counted(CounterFilter { until: now.plus(Duration::from_secs(60)), ..filter.clone() }).await, 2);
    assert_eq!(counted(CounterFilter { since: now.plus(Duration::from_micros(1)), ..filter.clone() }).await, 1);
    assert_eq!(counted(CounterFilter { sync: Some(sync.id), ..filter.clone() }).await, 3);
    assert_eq!(counted(CounterFilter { sync: Some(world.random.sync()), ..filter.clone() }).await, 0);
    assert_eq!(counted(CounterFilter { operation: Some(Operation::Delete), ..filter.clone() }).await, 0);
}

/// After a day; each event stays in exactly one row.
pub async fn old_counters_are_folded_into_hours<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let hour = span_start(world.now().await, HOUR_MICROS);
    let at = |minutes: u64| hour.plus(Duration::from_secs(60 * minutes));
    world.fixture.freeze(hour).await;
    world.sync().await;
    for (minute, person) in [(1, "a"), (59, "b"), (60, "c"), (180, "d")] {
        world.fixture.freeze(at(minute)).await;
        world.link_people(&[person]).await;
    }
    let filter = CounterFilter { sync: None, operation: None, since: Timestamp::MIN, until: Timestamp::MAX };
    let starts = async || {
        let rows = world.store().counters(world.account, &filter).await.unwrap();
        rows.iter().map(|row| (row.start, row.count)).collect::<Vec<_>>()
    };
    world.store().fold_counters().await.unwrap();
    assert_eq!(starts().await, [(at(1), 1), (at(59), 1), (at(60), 1), (at(180), 1)], "nothing is a day old");
    world.fixture.freeze(at(24 * 60 + 90)).await;
    world.store().fold_counters().await.unwrap();
    assert_eq!(starts().await, [(at(0), 2), (at(60), 1), (at(180), 1)], "whole hours only");
    world.fixture.freeze(at(24 * 60 + 130)).await;
    world.store().fold_counters().await.unwrap();
    world.store().fold_counters().await.unwrap();
    assert_eq!(starts().await, [(at(0), 2), (at(60), 1), (at(180), 1)]);
}

/// A second one needs another way.
pub async fn only_the_first_account_is_made<F: StoreFixture>() {
    let fixture = F::fresh().await;
    let random = crate::random::SeededRandom::new(1);
    let store = fixture.store();
    assert!(store.accounts().await.unwrap().is_empty());
    let now = store.now().await.unwrap();
    let account = Account { id: random.account(), name: "first".to_owned() };
    let first = key(account.id, random.key(), Role::Admin, now);
    assert!(store.create_first_account(&account, &first).await.unwrap());
    let other = Account { id: random.account(), name: "second".to_owned() };
    let second = key(other.id, random.key(), Role::Admin, now);
    assert!(!store.create_first_account(&other, &second).await.unwrap());
    assert!(!store.create_first_account(&account, &first).await.unwrap());
    assert_eq!(store.accounts().await.unwrap(), std::slice::from_ref(&account));
    assert_eq!(store.key_by_hash(&first.hash).await.unwrap(), Some(first));
    assert_eq!(store.key_by_hash(&second.hash).await.unwrap(), None);
    fixture.create_account(&other).await;
    assert_eq!(store.accounts().await.unwrap(), [account, other]);
}

/// Revoked ones too.
pub async fn keys_are_listed_newest_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let mut made = Vec::new();
    for (at, role) in [Role::Reader, Role::Writer, Role::Admin].into_iter().enumerate() {
        let created = world.now().await.plus(Duration::from_secs(at as u64 + 1));
        let mut key = key(world.account, world.random.key(), role, created);
        key.name = format!("key's {at} 😀");
        world.store().create_key(&key).await.unwrap();
        made.push(key);
    }
    let revoked = world.store().revoke_key(world.account, made[0].id).await.unwrap();
    let SetResult::Set(revoked) = revoked else { panic!("a reader's key may be revoked") };
    assert!(revoked.revoked_at.is_some());
    let again = world.store().revoke_key(world.account, made[0].id).await.unwrap();
    assert_eq!(again, SetResult::Set(revoked.clone()), "revoking twice is no error and keeps the first time");
    let used = world.now().await.plus(Duration::from_secs(99));
    world.store().touch_key(world.account, made[1].id, used).await.unwrap();
    world.store().touch_key(world.account, world.random.key(), used).await.unwrap();
    made[0] = revoked;
    made[1].last_used_at = Some(used);
    let keys = world.store().keys(world.account).await.unwrap();
    assert_eq!(keys[..3], [made[2].clone(), made[1].clone(), made[0].clone()]);
    assert_eq!(keys.len(), 4);
    assert_eq!(world.store().key_by_hash(&made[0].hash).await.unwrap().as_ref(), Some(&made[0]));
}

/// A script's bootstrap key given again.
pub async fn a_key_with_the_same_hash_is_replaced<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let now = world.now().await;
    let first = key(world.account, world.random.key(), Role::Admin, now);
    world.store().create_key(&first).await.unwrap();
    world.store().revoke_key(world.account, first.id).await.unwrap();
    let mut second = key(world.account, world.random.key(), Role::Writer, now);
    second.hash = first.hash;
    world.store().create_key(&second).await.unwrap();
    assert_eq!(world.store().key_by_hash(&first.hash).await.unwrap().as_ref(), Some(&second));
    assert_eq!(world.store().keys(world.account).await.unwrap().len(), 2);
    let nobody = key(world.random.account(), world.random.key(), Role::Admin, now);
    assert!(world.store().create_key(&nobody).await.is_err(), "there is no such account");
}

/// Nobody could make another.
pub async fn the_last_admin_key_cannot_be_revoked<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let first = world.store().keys(world.account).await.unwrap().remove(0);
    let conflict = world.store().revoke_key(world.account, first.id).await.unwrap();
    assert_eq!(conflict, SetResult::Conflict(first.clone()));
    let writer = key(world.account, world.random.key(), Role::Writer, first.created_at);
    world.store().create_key(&writer).await.unwrap();
    assert!(matches!(world.store().revoke_key(world.account, first.id).await.unwrap(), SetResult::Conflict(_)));
    let second = key(world.account, world.random.key(), Role::Admin, first.created_at);
    world.store().create_key(&second).await.unwrap();
    assert!(matches!(world.store().revoke_key(world.account, first.id).await.unwrap(), SetResult::Set(_)));
    assert!(matches!(world.store().revoke_key(world.account, second.id).await.unwrap(), SetResult::Conflict(_)));
    let unknown = world.store().revoke_key(world.account, world.random.key()).await.unwrap();
    assert_eq!(unknown, SetResult::NotFound);
}
