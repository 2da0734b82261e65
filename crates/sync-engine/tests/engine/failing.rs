//! Failing: a loop that panics or ends by itself ends the engine, and is told.

use crate::support::{SYNC, World, link_is, stage, world};
use std::time::Duration;
use sync_core::link::LinkState;
use sync_core::ports::DirectoryStore;
use sync_engine::{EngineError, Part, RunError, Standing};
use testkit::staged::Trouble;

fn panicked(part: Part, method: &str) -> RunError {
    RunError::Panicked { part, message: format!("{method} panics on purpose") }
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_panics_ends_the_engine_with_its_words() {
    for (method, part) in [
        ("claim", Part::Dispatcher),
        ("work_sweep", Part::Sweeps),
        ("prune_sessions", Part::Housekeeping),
        ("alert_accounts", Part::Alerts),
    ] {
        let stage = stage().await;
        stage.store.trouble(method, Trouble::Panic, None);
        let world = stage.run();
        let failure = panicked(part, method);
        let mut standing = world.engine.standing();
        standing.wait_for(|standing| *standing == Standing::Failed(failure.clone())).await.unwrap();
        assert_eq!(world.running.await.unwrap(), Err(failure.clone()), "{method}");
        assert_eq!(*standing.borrow(), Standing::Failed(failure), "it stays so");
    }
}

#[tokio::test(start_paused = true)]
async fn so_does_the_settler() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    world.store.trouble("settle", Trouble::Panic, None);
    world.arrivals.next().await.created("7");
    assert_eq!((&mut world.running).await.unwrap(), Err(panicked(Part::Settler, "settle")));
    // As after a crash: the lease runs out, and the create counts as sent, without an answer.
    assert!(world.link("ada").await.unwrap().lease.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_ends_by_itself_ends_the_engine() {
    let world = world().await;
    world.store.called("claim", 1).await;
    world.store.end_signals();
    assert_eq!(world.running.await.unwrap(), Err(RunError::Ended { part: Part::Signals }));
}

/// It is told at once; what is in flight is finished first.
#[tokio::test(start_paused = true)]
async fn what_is_in_flight_is_finished_all_the_same() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.store.trouble("work_sweep", Trouble::Panic, None);
    let mut standing = world.engine.standing();
    standing.wait_for(|standing| matches!(standing, Standing::Failed(_))).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!world.running.is_finished());
    create.created("7");
    assert_eq!((&mut world.running).await.unwrap(), Err(panicked(Part::Sweeps, "work_sweep")));
    assert!(matches!(world.link("ada").await.unwrap().state, LinkState::Linked(_)));
    let late = world.push(&["bob"]).await;
    assert!(matches!(late, Err(EngineError::Unavailable(None))), "{late:?}");
}

/// The first failure is told, whatever fails while the engine stops for it.
#[tokio::test(start_paused = true)]
async fn the_first_failure_is_told() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.store.trouble("work_sweep", Trouble::Panic, None);
    world.engine.standing().wait_for(|standing| matches!(standing, Standing::Failed(_))).await.unwrap();
    world.store.trouble("settle", Trouble::Panic, None);
    create.created("7");
    assert_eq!(world.running.await.unwrap(), Err(panicked(Part::Sweeps, "work_sweep")));
}

/// A panic while it stops is no clean end.
#[tokio::test(start_paused = true)]
async fn a_panic_while_it_stops_is_told() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.tell_to_stop();
    world.store.trouble("settle", Trouble::Panic, None);
    create.created("7");
    assert_eq!(world.running.await.unwrap(), Err(panicked(Part::Settler, "settle")));
}

/// A request that panics, which no dispatcher may, costs its own link an answer and nobody else anything.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_panics_hurts_nobody_else() {
    let mut world = world().await;
    world.crm.panic_at("eve");
    world.push(&["eve", "ada", "bob"]).await.unwrap();
    for id in ["7", "8"] {
        world.arrivals.next().await.created(id);
    }
    for person in ["ada", "bob"] {
        link_is(&world, person, |link| matches!(link.state, LinkState::Linked(_))).await;
    }
    assert_eq!(*world.engine.standing().borrow(), Standing::Running);
    // Its place is free again: as many may be in flight as before.
    world.engine.measure(Duration::from_secs(1)).await;
    world.stop().await;
}

/// Stopping for a failure, it is a stop: nothing is claimed any more.
#[tokio::test(start_paused = true)]
async fn nothing_is_begun_any_more() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().in_flight_max(1).build();
    let mut world = World::of(stage, engine, runner);
    world.push(&["ada", "bob"]).await.unwrap();
    let first = world.arrivals.next().await;
    world.store.trouble("prune_sessions", Trouble::Panic, None);
    world.engine.standing().wait_for(|standing| matches!(standing, Standing::Failed(_))).await.unwrap();
    first.created("7");
    assert!((&mut world.running).await.unwrap().is_err());
    assert!(world.arrivals.is_empty());
    let owed = world.store.runtimes(crate::support::ACCOUNT, &[SYNC]).await.unwrap()[0].1.counts.owed;
    assert_eq!(owed, 1);
}

/// Two processes on one embedded database would end each other's leases.
#[tokio::test(start_paused = true)]
async fn a_database_that_another_process_works_on_is_left_alone() {
    let stage = stage().await;
    stage.store.trouble("hold", Trouble::Held, None);
    let mut world = stage.run();
    let Err(RunError::NotHeld(why)) = (&mut world.running).await.unwrap() else { panic!("it is held by another") };
    assert!(why.contains("x.db: `another`, process 7") && why.contains("stop it"), "{why}");
    for method in ["end_stale_leases", "claim", "work_sweep", "fold_counters"] {
        assert_eq!(world.store.calls(method), 0, "{method}");
    }
    assert!(matches!(*world.engine.standing().borrow(), Standing::Failed(RunError::NotHeld(_))));
    assert!(matches!(world.push(&["ada"]).await, Err(EngineError::Unavailable(None))));
}
