//! Dropping: nothing that an engine began outlives what runs it.

use crate::support::{ACCOUNT, World, push, stage, world};
use std::sync::Arc;
use sync_engine::{EngineError, Standing};

/// On the code before, two tasks that nobody owned held the store for ever.
#[tokio::test(start_paused = true)]
async fn one_that_was_never_run_lets_the_store_go() {
    let stage = stage().await;
    let built = stage.builder().build();
    let store = Arc::downgrade(&stage.store);
    drop((stage, built));
    assert_eq!(store.strong_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_stopped_lets_the_store_go() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    world.arrivals.next().await.created("7");
    let stage = world.stop().await;
    let store = Arc::downgrade(&stage.store);
    drop(stage);
    assert_eq!(store.strong_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cut_off_ends_its_requests_and_lets_the_store_go() {
    let mut world = world().await;
    world.push(&["ada", "bob"]).await.unwrap();
    let requests = [world.arrivals.next().await, world.arrivals.next().await];
    let gate = world.store.hold("record_changes");
    let engine = world.engine.clone();
    let call = tokio::spawn(async move { push(&engine, ACCOUNT, &["eve"]).await });
    world.store.called("record_changes", 2).await;
    world.running.abort();
    assert!((&mut world.running).await.unwrap_err().is_cancelled());
    for request in requests {
        request.given_up().await;
    }
    // It may or may not be recorded: as after a crash, nobody can tell.
    let call = call.await.unwrap();
    assert!(matches!(call, Err(EngineError::Lost(None))), "{call:?}");
    assert_eq!(*world.engine.standing().borrow(), Standing::Stopped);
    let store = Arc::downgrade(&world.store);
    drop((world, gate));
    // Tasks that were cut off are dropped by the runtime, in its next turns.
    while store.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

/// It is the future that runs: one that is polled by its owner's task ends with it.
#[tokio::test(start_paused = true)]
async fn a_runner_within_another_task_ends_with_it() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().build();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    tokio::select! {
        biased;
        ran = runner.run(stopped) => panic!("{ran:?}"),
        () = stage.store.called("claim", 3) => {}
    }
    assert_eq!(*engine.standing().borrow(), Standing::Stopped);
    let store = Arc::downgrade(&stage.store);
    drop((stage, engine));
    while store.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_engine_takes_up_where_one_was_cut_off() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    let cut_off = world.arrivals.next().await;
    world.running.abort();
    cut_off.given_up().await;
    let World { store, clock, crm, arrivals, .. } = world;
    let mut world = crate::support::Stage { store, clock, crm, arrivals }.run();
    // Uncertain; this sync resends.
    world.arrivals.next().await.created("7");
    world.stop().await;
}
