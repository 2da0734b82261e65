//! What listeners are told.

use super::world::accepted;
use super::{StoreFixture, World};
use crate::build::key;
use futures_util::StreamExt;
use std::time::Duration;
use sync_core::id::{AccountId, LogId};
use sync_core::key::Role;
use sync_core::ports::{DirectoryStore, KeyStore, RetryFilter, Signal, WorkStore};

/// How long a signal may take: only a broken store waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until a listener hears what is looked for; other signals may come before.
pub(super) async fn hears(
    signals: &mut futures_util::stream::BoxStream<'static, Signal>,
    wanted: impl Fn(&Signal) -> bool,
) {
    let heard = async {
        while let Some(signal) = signals.next().await {
            if wanted(&signal) {
                return;
            }
        }
        panic!("the signals ended");
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("the signal was to come");
}

/// After changes, retries and sweeps that leave links due.
pub async fn due_links_are_told<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let is_due = |signal: &Signal| *signal == Signal::Due;
    let mut signals = world.store().signals();
    world.upsert(&["a"]).await;
    hears(&mut signals, is_due).await;
    let mut signals = world.store().signals();
    world.store().retry(world.account, &RetryFilter::default(), None).await.unwrap();
    hears(&mut signals, is_due).await;
    world.store().resync(world.account, sync.id, sync_core::ports::ResyncScope::All, false).await.unwrap();
    let mut signals = world.store().signals();
    world.sweep(10).await;
    hears(&mut signals, is_due).await;
    let leased = world.claim_one().await;
    world.upsert(&["a"]).await;
    let mut signals = world.store().signals();
    world.reply(&leased, accepted(&leased)).await;
    hears(&mut signals, is_due).await;
}

/// Ids only.
pub async fn log_entries_are_told_by_id<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync_with(|sync| sync.settings.limits.max_concurrency = 256).await;
    let people: Vec<String> = (0..150).map(|n| format!("p{n}")).collect();
    world.upsert(&people.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut settlements = Vec::new();
    for leased in world.claim(150).await.leased {
        settlements.push(world.settlement(&leased, &accepted(&leased)).await);
    }
    let mut expected: Vec<(AccountId, LogId)> =
        settlements.iter().filter_map(|s| Some((world.account, s.log.as_ref()?.id))).collect();
    let mut signals = world.store().signals();
    world.settle(settlements).await;
    let heard = async {
        while !expected.is_empty() {
            if let Signal::Logged(ids) = signals.next().await.expect("the signals go on") {
                assert!(ids.len() <= 100);
                assert!(!ids.is_empty(), "nothing was missed");
                expected.retain(|id| !ids.contains(id));
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("every entry is told");
}

/// What is cached of syncs and keys is to be read again.
pub async fn edits_are_told<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let changed = |signal: &Signal| *signal == Signal::Changed;
    let mut signals = world.store().signals();
    let sync = world.sync().await;
    hears(&mut signals, changed).await;
    let mut signals = world.store().signals();
    world.edit(&sync, &[], |_| {}).await;
    hears(&mut signals, changed).await;
    let mut signals = world.store().signals();
    world.pause(&sync, true).await;
    hears(&mut signals, changed).await;
    let mut signals = world.store().signals();
    let key = key(world.account, world.random.key(), Role::Reader, world.now().await);
    world.store().create_key(&key).await.unwrap();
    hears(&mut signals, changed).await;
    let mut signals = world.store().signals();
    world.store().revoke_key(world.account, key.id).await.unwrap();
    hears(&mut signals, changed).await;
    let mut signals = world.store().signals();
    world.store().delete_sync(world.account, sync.id).await.unwrap();
    hears(&mut signals, changed).await;
}

/// Reading, and changes that change nothing, wake nobody.
pub async fn a_quiet_store_tells_nothing_of_reads<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let call = world.upsert_call(&["a"]);
    world.record(vec![call.clone()], None).await;
    world.drain().await;
    // Whatever is on its way is over once a later signal is heard.
    let mut signals = world.store().signals();
    world.pause(&sync, true).await;
    world.pause(&sync, false).await;
    hears(&mut signals, |signal| *signal == Signal::Due).await;
    world.record(vec![call], None).await;
    world.links(&sync).await;
    world.log().await;
    world.claim(10).await;
    world.pause(&sync, true).await;
    let next = tokio::time::timeout(PATIENCE, signals.next()).await.expect("pausing is told");
    assert_eq!(next, Some(Signal::Changed));
}
