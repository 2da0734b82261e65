//! Leasing what the intake's transaction has just written.

use super::world::people_of;
use super::{StoreFixture, World};
use crate::reply::Reply;
use sync_core::decide::Decision;
use sync_core::ports::SweepKind;
use sync_core::sync::Operation;
use sync_core::sync::SyncConfig;

async fn nothing_is_handed_off<F: StoreFixture>(world: &World<F>, sync: &SyncConfig) {
    let recorded = world.upsert_handing_off(&["new"], 10).await;
    assert!(recorded.leased.is_empty(), "{:?}", recorded.leased);
    assert!(recorded.due);
    let link = world.link(sync, "new").await;
    assert!(link.is_owed() && link.lease.is_none());
}

/// The rest stays due.
pub async fn fresh_links_are_handed_off_up_to_the_bound<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let recorded = world.upsert_handing_off(&["c", "a", "b", "d"], 3).await;
    assert_eq!(people_of(&recorded.leased), ["a", "b", "c"]);
    assert!(recorded.due);
    let leased = &recorded.leased[0];
    assert_eq!(leased.decision, Decision::Send(Operation::Create));
    assert_eq!((leased.revision, leased.probe, leased.lease_duration), (1, false, sync.lease_duration()));
    assert_eq!(leased.person.as_ref().map(|person| person.version), Some(1));
    assert!(leased.link.key.is_some());
    assert_eq!(world.link(&sync, "a").await, leased.link);
    assert!(world.link(&sync, "d").await.lease.is_none());
    let all = world.upsert_handing_off(&["e"], 10).await;
    assert!(all.leased.is_empty(), "d is due and has its turn first");
    world.drain().await;
    let all = world.upsert_handing_off(&["d", "e"], 10).await;
    assert_eq!(people_of(&all.leased), ["d", "e"]);
    assert_eq!(all.leased[0].decision, Decision::Send(Operation::Update));
    assert!(!all.due);
}

/// It settles like any other lease.
pub async fn what_is_handed_off_is_not_claimed<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let recorded = world.upsert_handing_off(&["a"], 3).await;
    assert!(world.claim(10).await.leased.is_empty());
    world.reply(&recorded.leased[0], Reply::Created("7".to_owned())).await;
    let link = world.link(&sync, "a").await;
    assert_eq!(link.state.unique_id().map(ToString::to_string).as_deref(), Some("7"));
    assert!(!link.is_owed());
}

/// No sync takes it all.
pub async fn the_bound_is_spread_over_syncs<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (one, two) = (world.sync().await, world.sync().await);
    let recorded = world.upsert_handing_off(&["a", "b", "c", "d"], 4).await;
    for sync in [&one, &two] {
        assert_eq!(recorded.leased.iter().filter(|leased| leased.link.id.sync == sync.id).count(), 2);
    }
}

/// Paused.
pub async fn a_paused_sync_takes_no_hand_off<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.pause(&sync, true).await;
    nothing_is_handed_off(&world, &sync).await;
}

/// A rate limit's exactness needs the claim.
pub async fn a_rate_limited_sync_takes_no_hand_off<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.limits.requests_per_second = Some(1000.0)).await;
    nothing_is_handed_off(&world, &sync).await;
}

/// What is due already has its turn first.
pub async fn a_backlog_goes_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["old"]).await;
    nothing_is_handed_off(&world, &sync).await;
}

/// The breaker is open.
pub async fn a_suspended_sync_takes_no_hand_off<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.suspend(&sync, &["1", "2", "3", "4", "5"]).await;
    nothing_is_handed_off(&world, &sync).await;
}

/// Links of another origin are being forgotten.
pub async fn a_sync_that_forgets_takes_no_hand_off<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.edit(&sync, &[SweepKind::Forget], |_| {}).await;
    nothing_is_handed_off(&world, &sync).await;
    world.sweep(10).await;
    world.drain().await;
    assert_eq!(people_of(&world.upsert_handing_off(&["new"], 10).await.leased), ["new"]);
}

/// A `Retry-After` holds it.
pub async fn a_held_sync_takes_no_hand_off<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    world.reply(&leased, Reply::RetryAfter(3600)).await;
    nothing_is_handed_off(&world, &sync).await;
}

/// Leases count over claims and hand-offs.
pub async fn leases_out_take_the_room<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.limits.max_concurrency = 3).await;
    let first = world.upsert_handing_off(&["a", "b"], 10).await;
    assert_eq!(first.leased.len(), 2);
    let second = world.upsert_handing_off(&["c", "d"], 10).await;
    assert_eq!(people_of(&second.leased), ["c"]);
    assert!(second.due);
    assert!(world.claim(10).await.leased.is_empty());
    world.reply(&first.leased[0], Reply::Created("1".to_owned())).await;
    assert_eq!(people_of(&world.claim(10).await.leased), ["d"]);
    nothing_is_handed_off(&world, &sync).await;
}

/// Retries, uncertain and parked links are the claim's.
pub async fn links_with_a_history_go_through_the_claim<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["deferred", "uncertain", "fine"]).await;
    for leased in world.claim(10).await.leased {
        let reply = match leased.link.id.person.as_str() {
            "deferred" => Reply::Refused,
            "uncertain" => Reply::Lost,
            _ => Reply::Created("1".to_owned()),
        };
        world.reply(&leased, reply).await;
    }
    let recorded = world.upsert_handing_off(&["deferred", "uncertain", "fine"], 10).await;
    assert_eq!(people_of(&recorded.leased), ["fine"]);
    assert!(recorded.due);
    assert!(world.link(&sync, "uncertain").await.is_owed());
}

/// Nodes that do not dispatch ask for none.
pub async fn without_a_hand_off_nothing_is_leased<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    assert!(world.upsert(&["a"]).await.leased.is_empty());
    world.drain().await;
    assert!(world.upsert_handing_off(&["a"], 0).await.leased.is_empty());
    assert!(world.link(&sync, "a").await.lease.is_none());
}
