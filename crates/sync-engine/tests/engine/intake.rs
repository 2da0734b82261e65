//! Intake: calls that come together go into one transaction, and answer each for itself.

use crate::support::{ACCOUNT, OTHER_ACCOUNT, World, link_is, push, world};
use sync_core::ports::DirectoryStore;
use sync_engine::{EngineError, EngineResult};
use testkit::build;
use testkit::staged::Trouble;
use tokio::task::JoinHandle;

/// Calls that all wait while another is recorded, so that they go into the next transaction together.
async fn together(world: &World, calls: &[&[&str]]) -> Vec<EngineResult<()>> {
    let recorded = world.store.calls("record_changes");
    let gate = world.store.hold("record_changes");
    let calling = |ids: &[&str]| -> JoinHandle<_> {
        let (engine, ids) = (world.engine.clone(), ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        tokio::spawn(async move {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            push(&engine, ACCOUNT, &ids).await
        })
    };
    let first = calling(&["first"]);
    world.store.called("record_changes", recorded + 1).await;
    let calls: Vec<_> = calls.iter().map(|ids| calling(ids)).collect();
    // Each has sent its call.
    tokio::task::yield_now().await;
    drop(gate);
    first.await.unwrap().unwrap();
    let mut results = Vec::new();
    for call in calls {
        results.push(call.await.unwrap());
    }
    results
}

#[tokio::test(start_paused = true)]
async fn calls_that_come_together_share_a_transaction() {
    let world = world().await;
    let results = together(&world, &[&["ada"], &["bob"], &["eve"]]).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(world.store.calls("record_changes"), 2);
}

#[tokio::test(start_paused = true)]
async fn one_bad_call_does_not_fail_the_others() {
    let world = world().await;
    world.store.unrecordable(build::person_id("bob"), Trouble::Internal);
    let results = together(&world, &[&["ada"], &["bob", "dan"], &["eve"]]).await;
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(matches!(results[1], Err(EngineError::Internal(_))), "{results:?}");
    // All together, then each by itself.
    assert_eq!(world.store.calls("record_changes"), 1 + 1 + 3);
    let there: Vec<_> = ["ada", "bob", "dan", "eve"].into_iter().map(build::person_id).collect();
    let mut found: Vec<_> = world
        .store
        .people_by_ids(ACCOUNT, &there)
        .await
        .unwrap()
        .into_iter()
        .map(|person| person.id.to_string())
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["ada", "eve"], "a call is all or nothing");
}

#[tokio::test(start_paused = true)]
async fn where_the_database_is_away_all_are_told_and_nothing_is_repeated() {
    let world = world().await;
    world.store.unrecordable(build::person_id("bob"), Trouble::Unavailable);
    let results = together(&world, &[&["ada"], &["bob"], &["eve"]]).await;
    assert!(results.iter().all(|result| matches!(result, Err(EngineError::Unavailable(_)))), "{results:?}");
    assert_eq!(world.store.calls("record_changes"), 2);
    world.push(&["ada"]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_has_its_change_recorded_all_the_same() {
    let mut world = world().await;
    let gate = world.store.hold("record_changes");
    let engine = world.engine.clone();
    let call = tokio::spawn(async move { push(&engine, ACCOUNT, &["ada"]).await });
    world.store.called("record_changes", 1).await;
    call.abort();
    drop(gate);
    world.arrivals.next().await.created("7");
    link_is(&world, "ada", |link| !link.is_owed()).await;
}

#[tokio::test(start_paused = true)]
async fn accounts_do_not_share_transactions() {
    let world = world().await;
    push(&world.engine, OTHER_ACCOUNT, &["ada"]).await.unwrap();
    assert!(world.link("ada").await.is_none());
    assert_eq!(world.store.people_count(ACCOUNT).await.unwrap(), 0);
    assert_eq!(world.store.people_count(OTHER_ACCOUNT).await.unwrap(), 1);
}

/// On the code before, one loop recorded for all accounts, one after the other.
#[tokio::test(start_paused = true)]
async fn an_account_whose_transaction_waits_delays_nobody_else() {
    let mut world = world().await;
    let gate = world.store.hold_account(ACCOUNT);
    let engine = world.engine.clone();
    let waiting = tokio::spawn(async move { push(&engine, ACCOUNT, &["ada"]).await });
    world.store.called("record_changes", 1).await;
    for n in 0..5 {
        push(&world.engine, OTHER_ACCOUNT, &[&format!("bob{n}")]).await.unwrap();
    }
    assert!(!waiting.is_finished());
    drop(gate);
    waiting.await.unwrap().unwrap();
    world.arrivals.next().await.created("7");
    world.stop().await;
}

/// Nor does it hold what all requests of the node share.
#[tokio::test(start_paused = true)]
async fn nor_does_it_keep_requests_of_others_from_being_sent() {
    let stage = crate::support::stage().await;
    let (engine, runner) = stage.builder().in_flight_max(4).build();
    let mut world = World::of(stage, engine, runner);
    // The account is known from now on.
    world.push(&["ada"]).await.unwrap();
    world.arrivals.next().await.created("7");
    link_is(&world, "ada", |link| !link.is_owed()).await;
    let gate = world.store.hold_account(OTHER_ACCOUNT);
    let engine = world.engine.clone();
    let waiting = tokio::spawn(async move { push(&engine, OTHER_ACCOUNT, &["eve"]).await });
    world.store.called("record_changes", 2).await;
    world.push(&["bob"]).await.unwrap();
    // Handed off at once, not claimed a second later.
    let began = tokio::time::Instant::now();
    world.arrivals.next().await.created("8");
    assert!(began.elapsed().is_zero());
    drop(gate);
    waiting.await.unwrap().unwrap();
    world.stop().await;
}

/// On the code before, nobody's changes were taken in after that.
#[tokio::test(start_paused = true)]
async fn a_call_that_the_store_panics_over_costs_itself_alone() {
    let world = world().await;
    world.store.unrecordable(build::person_id("bob"), Trouble::Panic);
    let results = together(&world, &[&["ada"], &["bob"], &["eve"]]).await;
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(matches!(results[1], Err(EngineError::Internal(_))), "{results:?}");
    world.push(&["dan"]).await.unwrap();
    assert_eq!(*world.engine.standing().borrow(), sync_engine::Standing::Running);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_comes_back_after_a_while_is_taken_in_as_before() {
    let world = world().await;
    for (at, pause) in [59, 60, 61, 600].into_iter().enumerate() {
        world.push(&[&format!("p{at}")]).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(pause)).await;
    }
    world.push(&["last"]).await.unwrap();
    assert_eq!(world.store.people_count(ACCOUNT).await.unwrap(), 5);
}

/// What is beyond a transaction's bound is marked behind it, at once.
#[tokio::test(start_paused = true)]
async fn what_is_left_for_later_waits_for_no_clock() {
    let stage = crate::support::stage().await;
    let (engine, runner) = stage.builder().marks_max(0).build();
    let mut world = World::of(stage, engine, runner);
    world.store.called("work_sweep", 1).await;
    let began = tokio::time::Instant::now();
    world.push(&["ada", "bob"]).await.unwrap();
    for id in ["7", "8"] {
        world.arrivals.next().await.created(id);
    }
    assert!(began.elapsed() < std::time::Duration::from_millis(100), "{:?}", began.elapsed());
    world.stop().await;
}
