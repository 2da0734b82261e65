//! What owed links need next, as holds tell how many people they keep waiting.

use super::{StoreFixture, World, accepted};
use crate::build;
use crate::reply::Reply;
use std::time::Duration;
use sync_core::governor::brake::BrakeKind;
use sync_core::plan::next::{NEXT_LOOKED_AT, NextRequests};
use sync_core::ports::{DirectoryStore, ProvenanceStore};
use sync_core::sync::{LookupWhen, Operation, SyncConfig};

async fn next<F: StoreFixture>(world: &World<F>, sync: &SyncConfig) -> NextRequests {
    let mut counted = world.store().next_requests(world.account, &[sync.id]).await.unwrap();
    assert_eq!(counted.len(), 1, "one sync was asked for");
    let (id, next) = counted.remove(0);
    assert_eq!(id, sync.id);
    next
}

/// Creates, updates, deletes and lookups.
async fn needs<F: StoreFixture>(world: &World<F>, sync: &SyncConfig) -> [i64; 4] {
    let next = next(world, sync).await;
    assert!(!next.is_cut());
    Operation::ALL.map(|operation| next.behind(operation, BrakeKind::Alike))
}

/// By what is held of them, what the person is by now, and the rules as they are now.
pub async fn owed_links_are_counted_by_what_they_need<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    assert_eq!(needs(&world, &sync).await, [0; 4]);
    world.link_people(&["u1", "d1", "d2", "d3"]).await;
    assert_eq!(needs(&world, &sync).await, [0; 4], "nothing is owed");
    world.upsert(&["u1", "c1", "c2", "gone"]).await;
    world.delete(&["d1", "d2", "d3", "gone"]).await;
    assert_eq!(needs(&world, &sync).await, [2, 1, 3, 0], "who was never created needs no delete");

    // One on its way is owed yet, one that failed waits for its next try, one that is parked is not owed.
    let leased = world.claim(10).await.leased;
    assert_eq!(needs(&world, &sync).await, [2, 1, 3, 0]);
    for leased in &leased {
        match leased.link.id.person.as_str() {
            "c1" => world.reply(leased, Reply::Status(422)).await,
            "d1" => world.reply(leased, Reply::Status(503)).await,
            "d2" => world.reply(leased, accepted(leased)).await,
            _ => continue,
        };
    }
    assert_eq!(needs(&world, &sync).await, [1, 1, 2, 0]);

    // The rules as they are now say what comes next.
    let other = world.sync_with(|sync| sync.settings.lookup = Some(build::lookup())).await;
    world.upsert(&["c1", "c2", "c3"]).await;
    assert_eq!(needs(&world, &other).await, [3, 0, 0, 0]);
    let other = world.edit(&other, &[], |settings| settings.lookup.as_mut().unwrap().when = LookupWhen::Always).await;
    assert_eq!(needs(&world, &other).await, [0, 0, 0, 3]);
    world.edit(&other, &[], |settings| settings.create.as_mut().unwrap().enabled = false).await;
    assert_eq!(needs(&world, &other).await, [0; 4]);

    let both = world.store().next_requests(world.account, &[sync.id, other.id, world.random.sync()]).await.unwrap();
    assert_eq!(both.len(), 2, "one of them is not there");
    assert!(world.store().delete_sync(world.account, other.id).await.unwrap());
    assert!(world.store().next_requests(world.account, &[other.id]).await.unwrap().is_empty());
    assert!(world.store().next_requests(world.account, &[]).await.unwrap().is_empty());
}

/// Of the creates after a restore, those that nothing tells from one of before: by the rules and by the keys that links hold.
pub async fn doubtful_creates_are_counted_apart<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let plain = world.sync().await;
    let found = world.sync_with(|sync| sync.settings.lookup = Some(build::lookup())).await;
    let replayed = world
        .sync_with(|sync| {
            let create = sync.settings.create.as_mut().unwrap();
            create.data = Some(r#"{"name":"{{ person.name }}","key":"{{ idempotency_key }}"}"#.to_owned());
        })
        .await;
    world.upsert(&["a"]).await;
    for leased in world.claim(10).await.leased {
        world.reply(&leased, Reply::Lost).await;
    }
    world.upsert(&["b", "c"]).await;
    world.store().begin_restore().await.unwrap();
    while world.sweep(100).await > 0 {}
    // Long enough for what came of the creates to be tried again, by far not so long that keys are forgotten.
    world.fixture.advance(Duration::from_secs(60)).await;
    for (sync, needs_next, doubtful) in
        [(&plain, [3, 0, 0, 0], 3), (&found, [0, 0, 0, 3], 0), (&replayed, [3, 0, 0, 0], 2)]
    {
        assert_eq!(needs(&world, sync).await, needs_next);
        let next = next(&world, sync).await;
        assert_eq!(next.behind(Operation::Create, BrakeKind::Restored), doubtful);
    }
}

/// And where there are more, those that a brake has put off come before those that only wait for their turn.
pub async fn no_more_links_are_looked_at_than_the_bound<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["d1", "d2"]).await;
    let ids: Vec<String> = (0..NEXT_LOOKED_AT - 2).map(|number| format!("p{number:04}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    world.upsert(&ids).await;
    world.pass(10).await;
    world.delete(&["d1", "d2"]).await;
    let creates = NEXT_LOOKED_AT as i64 - 2;
    assert_eq!(needs(&world, &sync).await, [creates, 0, 2, 0], "as many as the bound are all there are");
    world.pass(10).await;
    world.upsert(&["last"]).await;
    let next = next(&world, &sync).await;
    assert!(next.is_cut());
    assert_eq!(next.behind(Operation::Delete, BrakeKind::MissingDeletes), 2);
    assert_eq!(next.behind(Operation::Create, BrakeKind::Pages), creates);
    // Whoever failed waits longest, and comes first.
    for leased in world.claim(2).await.leased {
        world.reply(&leased, Reply::Status(503)).await;
    }
    world.upsert(&["very last"]).await;
    let next = self::next(&world, &sync).await;
    assert_eq!(next.behind(Operation::Delete, BrakeKind::MissingDeletes), 2);
    assert_eq!(next.behind(Operation::Create, BrakeKind::Pages), creates);
}
