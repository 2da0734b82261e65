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
