//! The governor's state as stores keep it: breaker, probes, holds.

use super::world::accepted;
use super::{StoreFixture, World};
use crate::reply::Reply;
use std::time::Duration;
use sync_core::governor::brake::BrakeKind;
use sync_core::governor::{Breaker, Granted, Wish};
use sync_core::link::{Link, ParkReason};
use sync_core::ports::DirectoryStore;

/// Different people; one person's failures are that person's.
pub async fn five_failing_people_suspend_a_sync<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let other = world.sync().await;
    world.upsert(&["1", "2", "3", "4", "5", "6"]).await;
    let mut failed = 0;
    for leased in world.claim(100).await.leased {
        if leased.link.id.sync == other.id {
            world.reply(&leased, accepted(&leased)).await;
        } else if failed < 5 {
            assert!(!world.governor(&sync).await.is_suspended());
            world.reply(&leased, Reply::Status(500)).await;
            failed += 1;
        } else {
            world.reply(&leased, Reply::Released).await;
        }
    }
    assert!(matches!(world.governor(&sync).await.breaker, Breaker::Open { failed_probes: 0, .. }));
    assert!(!world.governor(&other).await.is_suspended());
    let claimed = world.claim(10).await;
    assert!(claimed.leased.is_empty(), "the first probe waits");
    assert!(claimed.next_in.is_some_and(|next| next <= Duration::from_secs(5)), "somebody fresh is tried before");
}

/// A lease that ends by itself.
pub async fn one_probe_goes_at_a_time<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.suspend(&sync, &["1", "2", "3", "4", "5"]).await;
    world.pass(31).await;
    let probe = world.claim_one().await;
    assert!(probe.probe);
    world.pass(5).await;
    assert!(world.claim(10).await.leased.is_empty(), "a probe is under way");
    let tries = probe.link.tries;
    world.reply(&probe, Reply::Status(500)).await;
    assert_eq!(world.link(&sync, probe.link.id.person.as_str()).await.tries, tries, "a probe uses up no tries");
    assert!(matches!(world.governor(&sync).await.breaker, Breaker::Open { failed_probes: 1, probing: None, .. }));
    assert!(world.claim(10).await.leased.is_empty(), "the next probe waits longer");
    world.pass(61).await;
    let lost = world.claim_one().await;
    assert!(lost.probe);
    world.pass(120).await;
    let next = world.claim(10).await;
    assert!(next.leased.len() <= 1, "a lost probe's lease ended");
}

/// So that one poisoned person is not probed for ever.
pub async fn probes_take_oldest_and_newest_in_turn<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.suspend(&sync, &["1", "2", "3", "4", "5"]).await;
    world.pass(20).await;
    world.upsert(&["6"]).await;
    world.pass(5).await;
    world.upsert(&["7"]).await;
    world.pass(6).await;
    let oldest = world.claim_one().await;
    assert!(oldest.link.deferrals > 0);
    world.reply(&oldest, Reply::Status(500)).await;
    world.pass(61).await;
    let newest = world.claim_one().await;
    assert_eq!(newest.link.id.person.as_str(), "7");
    world.reply(&newest, Reply::Status(500)).await;
    world.pass(121).await;
    let oldest_again = world.claim_one().await;
    assert_ne!(oldest_again.link.id, oldest.link.id, "a failed probe goes behind the others");
    assert_ne!(oldest_again.link.id, newest.link.id);
}

/// By a sweep made in the settling transaction.
pub async fn a_success_closes_and_tries_spent_links_again<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["spent", "refused", "1", "2", "3", "4", "5"]).await;
    world.upsert(&["refused"]).await;
    world.reply(&world.claim_one().await, Reply::Status(422)).await;
    // One person's tries are used up; a neighbour that works keeps the breaker closed.
    world.upsert(&["spent"]).await;
    let parked = |link: &Link| link.parked.as_ref().map(|parked| parked.reason);
    while parked(&world.link(&sync, "spent").await).is_none() {
        world.pass(40 * 3600).await;
        world.upsert(&["1"]).await;
        let mut claimed = world.claim(10).await.leased;
        // Last: whoever was parked before the trouble began is left alone.
        claimed.sort_by_key(|leased| leased.link.id.person.as_str() == "spent");
        for leased in claimed {
            let fails = leased.link.id.person.as_str() == "spent";
            let reply = if fails { Reply::Status(500) } else { Reply::Accepted };
            world.reply(&leased, reply).await;
        }
        if world.governor(&sync).await.is_suspended() {
            world.pause(&sync, false).await;
        }
        world.sweep(100).await;
    }
    assert_eq!(parked(&world.link(&sync, "spent").await), Some(ParkReason::RetriesSpent));
    world.upsert(&["1", "2", "3", "4", "5"]).await;
    for leased in world.claim(10).await.leased {
        world.reply(&leased, Reply::Refused).await;
    }
    assert!(world.governor(&sync).await.is_suspended());
    world.pass(31).await;
    let probe = world.claim_one().await;
    world.reply(&probe, Reply::Accepted).await;
    assert!(!world.governor(&sync).await.is_suspended());
    assert!(world.sweep(2).await > 0);
    let spent = world.link(&sync, "spent").await;
    assert!(spent.is_owed());
    assert_eq!((parked(&spent), spent.tries), (None, 11), "one try");
    assert_eq!(parked(&world.link(&sync, "refused").await), Some(ParkReason::Refused), "the others stay parked");
}

/// An administrator's resume.
pub async fn resume_probes_at_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.suspend(&sync, &["1", "2", "3", "4", "5"]).await;
    world.upsert(&["6"]).await;
    world.pause(&sync, true).await;
    assert!(world.claim(10).await.leased.is_empty());
    world.pause(&sync, false).await;
    let probe = world.claim_one().await;
    assert!(probe.probe);
    world.pause(&sync, true).await;
    world.reply(&probe, Reply::Created("1".to_owned())).await;
    let held = world.store_sync(&sync).await;
    assert!(held.paused, "a settle never resumes a sync");
    assert!(!world.governor(&sync).await.is_suspended());
}

/// What a `Retry-After` asks for.
pub async fn a_hold_ends_by_time<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b"]).await;
    let claimed = world.claim(1).await;
    world.reply(&claimed.leased[0], Reply::RetryAfter(50)).await;
    let held = world.claim(10).await;
    assert!(held.leased.is_empty());
    assert!(!held.more);
    assert!(held.next_in.is_some_and(|next| next > Duration::from_secs(3) && next <= Duration::from_secs(50)));
    assert!(world.governor(&sync).await.pace.hold.is_some());
    world.pass(51).await;
    let first = world.claim(10).await;
    assert_eq!(first.leased.len(), 1, "one request tells whether it is over");
    assert!(world.claim(10).await.leased.is_empty());
    world.reply(&first.leased[0], accepted(&first.leased[0])).await;
    assert_eq!(world.claim(10).await.leased.len(), 1, "it is");
}

/// A brake holds one kind of request back for everybody. Its release makes those who wait due; the edit of a name does not.
pub async fn a_released_brake_lets_one_through<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["1", "2", "3", "4", "5"]).await;
    for leased in world.claim(3).await.leased {
        world.reply(&leased, Reply::Accepted).await;
    }
    assert!(world.claim(10).await.leased.is_empty(), "three creates told no unique id");
    world.edit(&sync, &[], |_| {}).await;
    assert_eq!(world.sweep(10).await, 0, "it lifts no brake");
    assert!(world.claim(10).await.leased.is_empty());
    let wish = Wish::Release(BrakeKind::SilentCreates);
    let granted = world.store().govern(world.account, sync.id, &wish).await.unwrap();
    assert_eq!(granted, Some(Granted::Done));
    world.sweep(10).await;
    assert_eq!(world.claim(10).await.leased.len(), 1);
    let nothing = world.store().govern(world.account, sync.id, &Wish::Release(BrakeKind::Pages)).await.unwrap();
    assert_eq!(nothing, Some(Granted::Nothing));
    let unknown = world.random.sync();
    assert_eq!(world.store().govern(world.account, unknown, &wish).await.unwrap(), None);
}
