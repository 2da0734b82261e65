//! Settling: what came of requests is written, however long the database is away.

use crate::support::{link_is, world};
use std::time::Duration;
use sync_core::link::LinkState;
use testkit::staged::Trouble;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn while_the_database_is_away_it_is_asked_less_and_less_often_and_nothing_is_dropped() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    world.store.trouble("settle", Trouble::Unavailable, Some(8));
    world.arrivals.next().await.created("7");
    world.store.called("settle", 1).await;
    let mut waits = Vec::new();
    for call in 2..=9 {
        let asked_at = Instant::now();
        world.store.called("settle", call).await;
        waits.push(asked_at.elapsed().as_millis());
    }
    // tokio's timers are exact to a millisecond.
    let expected = [50, 200, 500, 1000, 2000, 2000, 2000, 2000];
    assert!(waits.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 1), "{waits:?}");
    link_is(&world, "ada", |link| matches!(link.state, LinkState::Linked(_)) && link.lease.is_none()).await;
    world.stop().await;
}

/// What comes meanwhile is written with the next batch.
#[tokio::test(start_paused = true)]
async fn outcomes_that_come_meanwhile_share_the_next_transaction() {
    let mut world = world().await;
    world.push(&["ada", "bob", "eve"]).await.unwrap();
    let requests = [world.arrivals.next().await, world.arrivals.next().await, world.arrivals.next().await];
    let gate = world.store.hold("settle");
    let [first, second, third] = requests;
    first.created("7");
    world.store.called("settle", 1).await;
    second.created("8");
    third.created("9");
    tokio::task::yield_now().await;
    drop(gate);
    for person in ["ada", "bob", "eve"] {
        link_is(&world, person, |link| matches!(link.state, LinkState::Linked(_))).await;
    }
    assert_eq!(world.store.calls("settle"), 2);
}

/// A batch that can never be written is given up: its leases run out, and others' outcomes are written.
#[tokio::test(start_paused = true)]
async fn what_can_never_be_written_holds_nobody_up() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    world.store.trouble("settle", Trouble::Internal, Some(1));
    world.arrivals.next().await.created("7");
    world.store.called("settle", 1).await;
    world.push(&["bob"]).await.unwrap();
    world.arrivals.next().await.created("8");
    link_is(&world, "bob", |link| matches!(link.state, LinkState::Linked(_))).await;
    assert!(world.link("ada").await.unwrap().lease.is_some());
    // Its create counts as sent without an answer; this sync resends it, with the same key.
    let again = world.arrivals.next().await;
    assert_eq!(again.body(), "{\"name\":\"ada\"}");
    again.created("7");
    // What a repeated create carried is not known for sure: an update follows.
    world.arrivals.next().await.answer(200, "{}");
    link_is(&world, "ada", |link| matches!(link.state, LinkState::Linked(_)) && !link.is_owed()).await;
    let began = Instant::now();
    world.stop().await;
    assert!(began.elapsed() < Duration::from_secs(2), "nothing counts as unsettled: {:?}", began.elapsed());
}
