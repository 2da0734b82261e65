//! Claiming due links.

use super::world::people_of;
use super::{StoreFixture, World};
use crate::reply::Reply;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use sync_core::claim::{Claimed, Leased};
use sync_core::decide::Decision;
use sync_core::link::LinkState;
use sync_core::ports::DirectoryStore;
use sync_core::sync::{Operation, SyncConfig};
use sync_core::transition::SettleResult;

fn of_sync<'a>(claimed: &'a Claimed, sync: &SyncConfig) -> Vec<&'a Leased> {
    claimed.leased.iter().filter(|leased| leased.link.id.sync == sync.id).collect()
}

/// By the time since which they are owed.
pub async fn the_oldest_debt_comes_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    for person in ["c", "a", "b"] {
        world.upsert(&[person]).await;
        world.pass(1).await;
    }
    // A change of what is owed already does not send it to the end.
    world.upsert(&["c"]).await;
    assert_eq!(people_of(&world.claim(2).await.leased), ["a", "c"]);
    assert_eq!(people_of(&world.claim(2).await.leased), ["b"]);
}

/// And what it leaves is told.
pub async fn the_bound_of_a_call_is_kept<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.upsert(&["a", "b", "c"]).await;
    let none = world.claim(0).await;
    assert!(none.leased.is_empty() && none.more);
    let some = world.claim(2).await;
    assert_eq!((some.leased.len(), some.more), (2, true));
    let rest = world.claim(2).await;
    assert_eq!((rest.leased.len(), rest.more), (1, false));
    let token = |claimed: &Claimed| claimed.leased[0].link.lease.as_ref().map(|lease| lease.token);
    assert_ne!(token(&some), token(&rest));
}

/// Leases out over all nodes.
pub async fn room_counts_leases_over_all_claims<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync_with(|sync| sync.settings.limits.max_concurrency = 2).await;
    world.upsert(&["a", "b", "c"]).await;
    let first = world.claim(10).await;
    assert_eq!((first.leased.len(), first.more), (2, true));
    assert!(world.claim(10).await.leased.is_empty());
    world.reply(&first.leased[0], Reply::Created("1".to_owned())).await;
    assert_eq!(world.claim(10).await.leased.len(), 1);
}

/// The share of a call is spread.
pub async fn no_sync_takes_the_room_of_another<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let crowded = world.sync().await;
    world.upsert(&["a", "b", "c", "d", "e", "f"]).await;
    let late = world.sync().await;
    world.upsert(&["g", "h"]).await;
    let claimed = world.claim(4).await;
    assert_eq!(of_sync(&claimed, &crowded).len(), 2);
    assert_eq!(of_sync(&claimed, &late).len(), 2);
    // What one does not need is the other's.
    let claimed = world.claim(4).await;
    assert_eq!(of_sync(&claimed, &crowded).len(), 4);
}

/// Of each share, where there is fresh work.
pub async fn retries_leave_half_to_fresh_work<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.upsert(&["r1", "r2", "r3", "r4"]).await;
    let first = world.claim(10).await;
    world.upsert(&["calm"]).await;
    for leased in first.leased {
        world.reply(&leased, Reply::Status(503)).await;
    }
    world.drain().await;
    world.pass(7200).await;
    world.upsert(&["f1", "f2", "f3"]).await;
    let claimed = world.claim(4).await;
    let people = people_of(&claimed.leased);
    assert_eq!(people.iter().filter(|person| person.starts_with('f')).count(), 2, "{people:?}");
    assert_eq!(people.iter().filter(|person| person.starts_with('r')).count(), 2, "{people:?}");
    let claimed = world.claim(4).await;
    assert_eq!(people_of(&claimed.leased).len(), 3, "what fresh work does not need, retries take");
}

/// Until it is resumed.
pub async fn a_paused_sync_leases_nothing<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    world.pause(&sync, true).await;
    let claimed = world.claim(10).await;
    assert!(claimed.leased.is_empty());
    assert!(!claimed.more);
    world.pause(&sync, false).await;
    assert_eq!(world.claim(10).await.leased.len(), 1);
}

/// From the moment it is deleted.
pub async fn a_deleted_sync_leases_nothing<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    assert!(world.store().delete_sync(world.account, sync.id).await.unwrap());
    assert!(world.claim(10).await.leased.is_empty());
    assert!(world.upsert_handing_off(&["b"], 5).await.leased.is_empty());
}

/// Over all claims, and what it leaves is claimable again by time alone.
pub async fn a_rate_limit_is_exact<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let now = world.now().await;
    world.fixture.freeze(now).await;
    world.sync_with(|sync| sync.settings.limits.requests_per_second = Some(0.1)).await;
    world.upsert(&["a", "b", "c"]).await;
    let first = world.claim(10).await;
    assert_eq!(first.leased.len(), 1);
    assert!(first.next_in.is_some_and(|next| next <= Duration::from_secs(10)));
    assert!(world.claim(10).await.leased.is_empty());
    world.fixture.advance(Duration::from_secs(9)).await;
    assert!(world.claim(10).await.leased.is_empty());
    world.fixture.advance(Duration::from_secs(1)).await;
    assert_eq!(world.claim(10).await.leased.len(), 1);
    assert!(world.claim(10).await.leased.is_empty());
}

/// At most a minute ahead.
pub async fn next_in_tells_when_backoff_ends<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    assert_eq!(world.claim(10).await.next_in, None, "nothing is owed");
    world.link_people(&["a", "other"]).await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    let lease_ends = world.claim(10).await.next_in.expect("a lease ends by time");
    assert!(lease_ends > Duration::from_secs(30) && lease_ends <= sync.lease_duration());
    // A neighbour works, so that one failure does not suspend the sync.
    world.upsert(&["other"]).await;
    world.reply(&leased, Reply::Status(500)).await;
    let next = world.claim(10).await.next_in.expect("backoff ends by time");
    assert!(next > Duration::from_secs(1) && next <= Duration::from_secs(7), "{next:?}");
    world.pass(7).await;
    assert_eq!(people_of(&world.claim(10).await.leased), ["a"]);
}

/// A new generation is never paired with an old person.
pub async fn the_newest_person_comes_with_the_lease<F: StoreFixture>() {
    let world = Arc::new(World::<F>::new().await);
    let sync = world.sync_with(|sync| sync.settings.limits.max_concurrency = 1).await;
    let writer = {
        let world = world.clone();
        tokio::spawn(async move {
            for _ in 0..60 {
                world.upsert(&["a"]).await;
            }
        })
    };
    let mut seen = 0;
    while seen < 60 {
        for leased in world.claim(5).await.leased {
            let version = leased.person.as_ref().expect("a is in the directory").version;
            // Each change raises both by one, and nothing else does.
            assert_eq!(leased.link.generation, version);
            assert!(version >= seen, "never back to an older version");
            seen = version;
            let accepted = super::world::accepted(&leased);
            assert_eq!(world.reply(&leased, accepted).await, SettleResult::Applied);
        }
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    assert!(!world.link(&sync, "a").await.is_owed());
}

/// Nodes claim side by side.
pub async fn concurrent_claims_lease_each_link_once<F: StoreFixture>() {
    let world = Arc::new(World::<F>::new().await);
    world.sync_with(|sync| sync.settings.limits.max_concurrency = 40).await;
    let people: Vec<String> = (0..60).map(|n| format!("p{n:02}")).collect();
    world.upsert(&people.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { world.claim(9).await.leased })
        })
        .collect();
    let mut leased = Vec::new();
    for task in tasks {
        leased.extend(task.await.unwrap());
    }
    // Locked rows may be skipped; what was leased is leased once, and never more than the room.
    leased.extend(world.claim(60).await.leased);
    let once: HashSet<_> = leased.iter().map(|leased| leased.link.id.clone()).collect();
    assert_eq!((once.len(), leased.len()), (40, 40));
}

/// It counts as *sent, no answer*: crash, or a node that lost its database.
pub async fn a_lost_lease_is_recovered_and_waits_out_its_quiet_time<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let lost = world.claim_one().await;
    world.pass(39).await;
    assert!(world.claim(10).await.leased.is_empty(), "the lease is out for 40 s");
    world.pass(2).await;
    let quiet = world.claim(10).await;
    assert!(quiet.leased.is_empty(), "the request may still be at work");
    assert!(quiet.next_in.is_some_and(|next| next > Duration::from_secs(20)));
    let link = world.link(&sync, "a").await;
    assert_eq!((&link.state, &link.lease), (&LinkState::Uncertain, &None));
    assert_eq!(link.key, lost.link.key);
    assert_eq!(link.extras.first_snapshot.map(|person| person.version), Some(1));
    world.pass(31).await;
    let again = world.claim_one().await;
    assert_eq!(again.decision, Decision::Repeat);
    assert_eq!(again.link.key, lost.link.key);
}

/// Whatever the person is by now.
pub async fn a_lost_delete_is_finished_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    world.delete(&["a"]).await;
    world.claim_one().await;
    world.upsert(&["a"]).await;
    world.pass(80).await;
    assert!(world.claim(10).await.leased.len() <= 1);
    world.pass(80).await;
    let link = world.link(&sync, "a").await;
    assert!(matches!(link.state, LinkState::Leaving(_)), "{link:?}");
    world.pass(80).await;
    let leased = world.claim(10).await.leased;
    if let Some(leased) = leased.first() {
        assert_eq!(leased.decision, Decision::Send(Operation::Delete));
        world.reply(leased, Reply::Accepted).await;
    }
    world.pass(200).await;
    world.drain().await;
    world.pass(200).await;
    world.drain().await;
    let link = world.link(&sync, "a").await;
    assert!(matches!(link.state, LinkState::Linked(_)), "{link:?}");
    assert!(!link.is_owed());
}

/// Not sent is not lost.
pub async fn a_released_lease_may_be_claimed_at_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    assert_eq!(world.reply(&leased, Reply::Released).await, SettleResult::Applied);
    let link = world.link(&sync, "a").await;
    assert_eq!((&link.state, &link.lease, link.tries), (&LinkState::Unlinked, &None, 0));
    assert_eq!(world.claim_one().await.decision, Decision::Send(Operation::Create));
}

/// Through changes.
pub async fn a_repeated_create_keeps_its_key<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let first = world.claim_one().await;
    world.reply(&first, Reply::Lost).await;
    world.upsert(&["a"]).await;
    world.pass(60).await;
    let second = world.claim_one().await;
    assert_eq!(second.decision, Decision::Repeat);
    assert_eq!(second.link.key, first.link.key);
    world.reply(&second, Reply::Created("1".to_owned())).await;
    let link = world.link(&sync, "a").await;
    assert!(link.key.is_none());
    assert!(link.is_owed(), "an answer replayed by the key speaks of the first request");
    assert_eq!(link.sent.map(|sent| (sent.version, sent.digest)), Some((1, None)));
}
