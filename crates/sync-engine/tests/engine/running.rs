//! Running: changes go in, requests go out, and what comes back is kept.

use crate::support::{ACCOUNT, World, link_is, push, stage, world};
use std::task::Poll;
use sync_core::link::LinkState;
use sync_core::person::{Patch, PersonPatch};
use sync_engine::{EngineError, Standing};
use testkit::build;

fn is_linked(link: &sync_core::link::Link) -> bool {
    matches!(link.state, LinkState::Linked(_)) && link.lease.is_none()
}

#[tokio::test(start_paused = true)]
async fn a_change_is_sent_at_once_and_its_answer_is_kept() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    assert_eq!((create.request.method.as_str(), create.body().as_str()), ("POST", "{\"name\":\"ada\"}"));
    create.created("7");
    link_is(&world, "ada", is_linked).await;

    world.scope().upsert_people(vec![build::patch("ada", "Augusta")]).await.unwrap();
    let update = world.arrivals.next().await;
    assert_eq!((update.request.method.as_str(), update.request.url.path()), ("PATCH", "/contacts/7"));
    update.answer(200, "{}");
    link_is(&world, "ada", |link| !link.is_owed() && link.lease.is_none()).await;

    world.scope().delete_people(vec![build::person_id("ada")]).await.unwrap();
    world.arrivals.next().await.answer(204, "");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn how_it_stands_is_told() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().build();
    let mut standing = engine.standing();
    assert_eq!(*standing.borrow_and_update(), Standing::NotRunning);
    let mut world = World::of(stage, engine, runner);
    standing.wait_for(|standing| *standing == Standing::Running).await.unwrap();
    world.push(&["ada"]).await.unwrap();
    let create = world.arrivals.next().await;
    world.tell_to_stop();
    standing.wait_for(|standing| *standing == Standing::Stopping).await.unwrap();
    create.created("7");
    world.running.await.unwrap().unwrap();
    assert_eq!(*standing.borrow(), Standing::Stopped);
}

#[tokio::test(start_paused = true)]
async fn calls_that_come_before_it_runs_wait_for_it() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().build();
    let mut early = Box::pin(push(&engine, ACCOUNT, &["ada"]));
    assert!(matches!(futures_util::poll!(&mut early), Poll::Pending));
    assert_eq!(stage.store.calls("record_changes"), 0);
    let mut world = World::of(stage, engine.clone(), runner);
    early.await.unwrap();
    world.arrivals.next().await.created("7");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_its_runner_it_takes_no_change_in() {
    let stage = stage().await;
    let (engine, runner) = stage.builder().build();
    let early = tokio::spawn({
        let engine = engine.clone();
        async move { push(&engine, ACCOUNT, &["ada"]).await }
    });
    tokio::task::yield_now().await;
    drop(runner);
    for refused in [early.await.unwrap(), push(&engine, ACCOUNT, &["bob"]).await] {
        assert!(matches!(refused, Err(EngineError::Unavailable(None))), "{refused:?}");
    }
    assert_eq!(*engine.standing().borrow(), Standing::Stopped);
    // What needs no loop goes on.
    assert!(engine.account(ACCOUNT).sync(crate::support::SYNC).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_dispatch_leaves_the_sending_to_others() {
    let stage = stage().await;
    let (taking, runner) = stage.builder().dispatches(false).build();
    let (_stop_taking, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(runner.run(stopped));
    push(&taking, ACCOUNT, &["ada"]).await.unwrap();
    assert_eq!((stage.store.calls("claim"), stage.store.calls("end_stale_leases")), (0, 0));
    let mut world = stage.run();
    world.arrivals.next().await.created("7");
    link_is(&world, "ada", is_linked).await;
    world.stop().await;
}

/// Wake-ups may be lost: the table is looked at all the same.
#[tokio::test(start_paused = true)]
async fn what_another_node_wrote_without_a_word_is_found() {
    let stage = stage().await;
    let mut world = stage.run();
    world.store.called("claim", 1).await;
    // Around the engine.
    let request = sync_core::claim::RecordRequest {
        account: ACCOUNT,
        calls: vec![sync_core::claim::Call::Upsert(vec![build::patch("ada", "Ada")])],
        hand_off: None,
        marks_max: sync_core::plan::later::MARKS_MAX,
        policy: std::sync::Arc::default(),
    };
    sync_core::ports::WorkStore::record_changes(world.store.as_ref(), request).await.unwrap();
    world.arrivals.next().await.created("7");
    world.stop().await;
}

/// A change that says nothing else is not sent; the person stays parked, with what was answered before.
#[tokio::test(start_paused = true)]
async fn a_request_that_was_refused_is_not_sent_again_and_tells_why() {
    let mut world = world().await;
    world.push(&["ada"]).await.unwrap();
    world.arrivals.next().await.answer(415, "only forms");
    link_is(&world, "ada", |link| link.parked.is_some()).await;
    let version = world.link("ada").await.unwrap().generation;
    let language = PersonPatch { language: Patch::Set("fr".to_owned()), ..PersonPatch::new(build::person_id("ada")) };
    world.scope().upsert_people(vec![language]).await.unwrap();
    let link = link_is(&world, "ada", |link| link.parked.is_some() && link.generation > version).await;
    let detail = link.parked.unwrap().detail;
    assert!(detail.contains("refused this very request before (answered 415: only forms)"), "{detail}");
    assert!(world.arrivals.is_empty());
    world.stop().await;
}
