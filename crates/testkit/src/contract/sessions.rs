//! Sessions of the console.

use super::signals::hears;
use super::{StoreFixture, World};
use crate::build::key;
use futures_util::StreamExt;
use std::time::Duration;
use sync_core::key::{Account, ApiKey, Role};
use sync_core::ports::{KeyStore, SessionStore, SetResult, Signal, WorkStore};
use sync_core::session::{NewSession, SESSIONS_PER_KEY_MAX, Session};

const LASTS: Duration = Duration::from_secs(3600);

/// A key beside the first one.
async fn new_key<F: StoreFixture>(world: &World<F>, role: Role) -> ApiKey {
    let key = key(world.account, world.random.key(), role, world.now().await);
    world.store().create_key(&key).await.unwrap();
    key
}

/// What a session of a key is opened by; the hash is made of a number.
fn wanted(key: &ApiKey, number: u16) -> NewSession {
    let mut hash = [7; 32];
    hash[..2].copy_from_slice(&number.to_be_bytes());
    NewSession { account: key.account, key: key.id, hash, lasts: LASTS }
}

async fn opened<F: StoreFixture>(world: &World<F>, key: &ApiKey, number: u16) -> Session {
    world.store().open_session(&wanted(key, number)).await.unwrap().expect("the key is not revoked")
}

async fn found<F: StoreFixture>(world: &World<F>, number: u16) -> Option<Session> {
    let mut hash = [7; 32];
    hash[..2].copy_from_slice(&number.to_be_bytes());
    world.store().session(&hash).await.unwrap()
}

/// From its beginning, however much it is used; to the microsecond.
pub async fn a_session_lasts_its_time<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let begun = world.now().await;
    world.fixture.freeze(begun).await;
    let key = new_key(&world, Role::Writer).await;
    let session = opened(&world, &key, 1).await;
    assert_eq!(session, Session { key, created_at: begun, expires_at: begun.plus(LASTS) });
    assert_eq!(found(&world, 1).await, Some(session.clone()));
    assert_eq!(found(&world, 2).await, None);
    world.fixture.freeze(begun.plus(LASTS).minus(Duration::from_micros(1))).await;
    assert_eq!(found(&world, 1).await, Some(session));
    world.fixture.freeze(begun.plus(LASTS)).await;
    assert_eq!(found(&world, 1).await, None);
}

/// At once, and with a key that takes its place.
pub async fn a_session_ends_with_its_key<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (revoked, replaced) = (new_key(&world, Role::Reader).await, new_key(&world, Role::Reader).await);
    opened(&world, &revoked, 1).await;
    opened(&world, &replaced, 2).await;
    assert!(matches!(world.store().revoke_key(world.account, revoked.id).await.unwrap(), SetResult::Set(_)));
    assert_eq!(found(&world, 1).await, None);
    assert!(found(&world, 2).await.is_some());
    let mut other = key(world.account, world.random.key(), Role::Admin, world.now().await);
    other.hash = replaced.hash;
    world.store().create_key(&other).await.unwrap();
    assert_eq!(found(&world, 2).await, None);
}

/// Of the account that is named.
pub async fn a_session_needs_a_key_that_is_not_revoked<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let key = new_key(&world, Role::Reader).await;
    let other = Account { id: world.random.account(), name: "other".to_owned() };
    world.fixture.create_account(&other).await;
    let elsewhere = NewSession { account: other.id, ..wanted(&key, 1) };
    assert_eq!(world.store().open_session(&elsewhere).await.unwrap(), None);
    let unknown = NewSession { key: world.random.key(), ..wanted(&key, 1) };
    assert_eq!(world.store().open_session(&unknown).await.unwrap(), None);
    world.store().revoke_key(world.account, key.id).await.unwrap();
    assert_eq!(world.store().open_session(&wanted(&key, 1)).await.unwrap(), None);
    assert_eq!(found(&world, 1).await, None);
}

/// And no other.
pub async fn a_closed_session_is_gone<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let key = new_key(&world, Role::Reader).await;
    opened(&world, &key, 1).await;
    opened(&world, &key, 2).await;
    assert!(world.store().close_session(&wanted(&key, 1).hash).await.unwrap());
    assert!(!world.store().close_session(&wanted(&key, 1).hash).await.unwrap());
    assert_eq!((found(&world, 1).await, found(&world, 2).await.is_some()), (None, true));
}

/// Expired ones first; another key's stay.
pub async fn the_oldest_session_of_a_key_makes_room<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (key, other) = (new_key(&world, Role::Reader).await, new_key(&world, Role::Reader).await);
    let most = SESSIONS_PER_KEY_MAX as u16;
    opened(&world, &other, 5000).await;
    for number in 0..most {
        opened(&world, &key, number).await;
        world.pass(1).await;
    }
    for number in [0, most - 1] {
        assert!(found(&world, number).await.is_some(), "{number}");
    }
    // A minute, since clocks of databases go on while the test runs.
    world.pass(60).await;
    let mut signals = world.store().signals();
    opened(&world, &key, most).await;
    hears(&mut signals, |signal| *signal == Signal::Changed).await;
    assert_eq!(found(&world, 0).await, None);
    for number in [1, most, 5000] {
        assert!(found(&world, number).await.is_some(), "{number}");
    }
    // All but the last one expire, so there is room.
    world.pass(LASTS.as_secs() - 30).await;
    for number in 6000..6000 + most - 1 {
        opened(&world, &key, number).await;
    }
    for number in [most, 6000, 6000 + most - 2] {
        assert!(found(&world, number).await.is_some(), "{number}");
    }
}

/// In batches; those that last stay.
pub async fn expired_sessions_are_pruned<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let key = new_key(&world, Role::Reader).await;
    let keys = [new_key(&world, Role::Reader).await, new_key(&world, Role::Reader).await];
    for (number, key) in (0..).zip(keys.iter().chain(&keys)) {
        opened(&world, key, number).await;
    }
    assert_eq!(world.store().prune_sessions(10).await.unwrap(), 0);
    world.pass(LASTS.as_secs() + 1).await;
    opened(&world, &key, 9).await;
    assert_eq!(world.store().prune_sessions(3).await.unwrap(), 3);
    assert_eq!(world.store().prune_sessions(3).await.unwrap(), 1);
    assert_eq!(world.store().prune_sessions(3).await.unwrap(), 0);
    assert!(found(&world, 9).await.is_some());
}

/// Opening one, or looking for it, wakes nobody.
pub async fn only_ended_sessions_are_told<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let key = new_key(&world, Role::Reader).await;
    world.sync().await;
    // Whatever is on its way is over once a later signal is heard.
    let mut signals = world.store().signals();
    world.upsert(&["z"]).await;
    hears(&mut signals, |signal| *signal == Signal::Due).await;
    opened(&world, &key, 1).await;
    found(&world, 1).await;
    world.store().close_session(&wanted(&key, 2).hash).await.unwrap();
    world.store().prune_sessions(10).await.unwrap();
    world.upsert(&["a"]).await;
    let next = tokio::time::timeout(Duration::from_secs(20), signals.next()).await.expect("a debt is told");
    assert_eq!(next, Some(Signal::Due));
    world.store().close_session(&wanted(&key, 1).hash).await.unwrap();
    hears(&mut signals, |signal| *signal == Signal::Changed).await;
}
