//! The cache of keys: a request does not cost a query each, and a key that was revoked opens nothing.

use crate::support::{ACCOUNT, World, world};
use secrecy::SecretString;
use std::time::Duration;
use sync_core::key::{ApiKey, Role};
use sync_core::ports::Signal;

async fn key(world: &World, name: &str) -> (ApiKey, SecretString) {
    world.engine.create_key(ACCOUNT, name, Role::Admin).await.unwrap()
}

async fn opens(world: &World, secret: &SecretString) -> bool {
    world.engine.authenticate(secret).await.unwrap().is_some()
}

fn looked_up(world: &World) -> usize {
    world.store.calls("key_by_hash")
}

#[tokio::test(start_paused = true)]
async fn a_key_is_looked_up_once_a_second() {
    let world = world().await;
    let (_, secret) = key(&world, "one").await;
    for _ in 0..100 {
        assert!(opens(&world, &secret).await);
    }
    assert_eq!(looked_up(&world), 1);
    tokio::time::sleep(Duration::from_millis(1001)).await;
    assert!(opens(&world, &secret).await);
    assert_eq!(looked_up(&world), 2);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_not_remembered() {
    let world = world().await;
    let wrong = SecretString::from("crms_wrong");
    for _ in 0..2 {
        assert!(!opens(&world, &wrong).await);
    }
    assert_eq!(looked_up(&world), 2);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_opens_nothing_at_once() {
    let world = world().await;
    let (one, secret) = key(&world, "one").await;
    let (_, other) = key(&world, "other").await;
    assert!(opens(&world, &secret).await && opens(&world, &other).await);
    world.engine.revoke_key(ACCOUNT, one.id).await.unwrap();
    assert!(!opens(&world, &secret).await);
    assert!(opens(&world, &other).await);
}

#[tokio::test(start_paused = true)]
async fn what_another_node_changed_is_looked_up_again() {
    let world = world().await;
    let (_, secret) = key(&world, "one").await;
    world.store.called("claim", 1).await;
    assert!(opens(&world, &secret).await);
    let mut changes = world.engine.changes();
    world.store.signal(Signal::Changed);
    changes.changed().await.unwrap();
    assert!(opens(&world, &secret).await);
    assert_eq!(looked_up(&world), 2);
}

/// Between the question to the store and its answer.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_revoked_while_it_is_looked_up_is_not_remembered() {
    let world = world().await;
    let (one, secret) = key(&world, "one").await;
    key(&world, "other").await;
    let gate = world.store.hold("touch_key");
    let looking = tokio::spawn({
        let (engine, secret) = (world.engine.clone(), secret.clone());
        async move { engine.authenticate(&secret).await.unwrap().is_some() }
    });
    world.store.called("touch_key", 1).await;
    world.engine.revoke_key(ACCOUNT, one.id).await.unwrap();
    drop(gate);
    assert!(looking.await.unwrap(), "it was sound when it was asked for");
    assert!(!opens(&world, &secret).await, "and is not any more");
}

#[tokio::test(start_paused = true)]
async fn its_use_is_noted_once_a_minute() {
    let world = world().await;
    let (_, secret) = key(&world, "one").await;
    for _ in 0..30 {
        assert!(opens(&world, &secret).await);
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    // 116 seconds.
    assert_eq!(world.store.calls("touch_key"), 2);
}
