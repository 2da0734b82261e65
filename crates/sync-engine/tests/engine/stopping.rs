//! Stopping: nothing is claimed any more, what is under way is finished, and who listens hears of it.

use crate::support::{ACCOUNT, World, link_is, push, stage, world};
use std::time::Duration;
use sync_core::link::LinkState;
use sync_engine::{EngineError, Logged, Standing};
use testkit::staged::Trouble;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_is_finished_and_nothing_else_is_begun() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.tell_to_stop();
    world.engine.standing().wait_for(|standing| *standing == Standing::Stopping).await.unwrap();
    // Recorded, but not sent.
    world.push(&["bob"]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(world.arrivals.is_empty());
    assert!(!world.running.is_finished());
    create.created("7");
    assert_eq!(world.store.calls("checkpoint"), 0);
    (&mut world.running).await.unwrap().unwrap();
    assert_eq!(world.store.calls("checkpoint"), 1, "the last thing that it does");
    let ada = world.link("ada").await.unwrap();
    assert!(matches!(ada.state, LinkState::Linked(_)) && ada.lease.is_none(), "{ada:?}");
    let bob = world.link("bob").await.unwrap();
    assert!(bob.is_owed() && bob.lease.is_none(), "{bob:?}");
    let late = world.push(&["eve"]).await;
    assert!(matches!(late, Err(EngineError::Unavailable(None))), "{late:?}");
}

/// On the code before, they heard nothing from the moment in which it was told to stop.
#[tokio::test(start_paused = true)]
async fn subscribers_hear_what_is_settled_while_it_stops() {
    let mut world = world().await;
    let mut logged = world.engine.logged();
    world.push(&["ada", "bob"]).await.unwrap();
    let (first, second) = (world.arrivals.next().await, world.arrivals.next().await);
    world.tell_to_stop();
    world.engine.standing().wait_for(|standing| *standing == Standing::Stopping).await.unwrap();
    first.created("7");
    assert!(matches!(logged.recv().await.unwrap(), Logged::Entries(ids) if ids.len() == 1));
    second.created("8");
    (&mut world.running).await.unwrap().unwrap();
    // All was told before it ended.
    assert!(matches!(logged.try_recv().unwrap(), Logged::Entries(ids) if ids.len() == 1));
}

/// As over Postgres: the store's word comes a moment after its answer.
#[tokio::test(start_paused = true)]
async fn subscribers_hear_of_it_where_the_store_tells_later() {
    let stage = stage().await;
    let told = stage.store.hold_signals();
    let mut world = stage.run();
    let mut logged = world.engine.logged();
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.tell_to_stop();
    create.created("7");
    world.store.called("settle", 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!world.running.is_finished(), "it waits for the store's word");
    drop(told);
    (&mut world.running).await.unwrap().unwrap();
    assert!(matches!(logged.try_recv().unwrap(), Logged::Entries(ids) if ids.len() == 1));
}

#[tokio::test(start_paused = true)]
async fn where_the_store_never_tells_it_stops_all_the_same() {
    let stage = stage().await;
    let _never_told = stage.store.hold_signals();
    let mut world = stage.run();
    world.push(&["ada"]).await.unwrap();
    world.arrivals.next().await.created("7");
    let began = Instant::now();
    world.stop().await;
    assert!(began.elapsed() <= Duration::from_millis(1100), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_grace_period() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().grace(Duration::from_secs(7)).build();
    let mut world = World::of(stage, engine, runner);
    world.push(&["ada"]).await.unwrap();
    let never_answered = world.arrivals.next().await;
    let began = Instant::now();
    world.tell_to_stop();
    (&mut world.running).await.unwrap().unwrap();
    assert_eq!(began.elapsed().as_secs(), 7);
    // The request ends with its engine, and its lease is left to run out: it counts as sent, without an answer.
    never_answered.given_up().await;
    let ada = world.link("ada").await.unwrap();
    assert!(ada.lease.is_some(), "{ada:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_left_in_flight_is_taken_up_by_the_next_one() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().grace(Duration::from_secs(1)).build();
    let mut world = World::of(stage, engine, runner);
    world.push(&["ada"]).await.unwrap();
    let never_answered = world.arrivals.next().await;
    let stage = world.stop().await;
    never_answered.given_up().await;
    let mut world = stage.run();
    let again = world.arrivals.next().await;
    assert_eq!(again.request.method.as_str(), "POST", "the create is repeated, with its key");
    again.created("7");
    link_is(&world, "ada", |link| matches!(link.state, LinkState::Linked(_))).await;
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn outcomes_are_written_once_the_database_is_back_within_the_grace_period() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.store.trouble("settle", Trouble::Unavailable, Some(4));
    world.tell_to_stop();
    create.created("7");
    (&mut world.running).await.unwrap().unwrap();
    assert_eq!(world.store.calls("settle"), 5);
    assert!(matches!(world.link("ada").await.unwrap().state, LinkState::Linked(_)));
}

#[tokio::test(start_paused = true)]
async fn a_database_that_stays_away_does_not_hold_the_exit_up_for_ever() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().grace(Duration::from_secs(3)).build();
    let mut world = World::of(stage, engine, runner);
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.store.trouble("settle", Trouble::Unavailable, None);
    let began = Instant::now();
    world.tell_to_stop();
    create.created("7");
    (&mut world.running).await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(3 * 4), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_are_recorded_first() {
    let world = world().await;
    let gate = world.store.hold("record_changes");
    let calls: Vec<_> = ["ada", "bob", "eve"]
        .into_iter()
        .map(|id| {
            let engine = world.engine.clone();
            tokio::spawn(async move { push(&engine, ACCOUNT, &[id]).await })
        })
        .collect();
    world.store.called("record_changes", 1).await;
    world.tell_to_stop();
    world.engine.standing().wait_for(|standing| *standing == Standing::Stopping).await.unwrap();
    drop(gate);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    world.running.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_stops_where_nobody_can_tell_it_to_any_more() {
    let world = world().await;
    world.store.called("claim", 1).await;
    drop(world.stop);
    world.running.await.unwrap().unwrap();
}
