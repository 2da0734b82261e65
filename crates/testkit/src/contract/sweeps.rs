//! Sweeps: durable work over all links of a sync.

use super::world::people_of;
use super::{StoreFixture, World};
use crate::reply::Reply;
use sync_core::link::{LinkState, StateName};
use sync_core::ports::{DirectoryStore, LogStore, ResyncScope, SweepKind, WorkStore};
use sync_core::sync::{SyncConfig, UniqueIdSource};

async fn owed<F: StoreFixture>(world: &World<F>, sync: &SyncConfig) -> Vec<String> {
    let links = world.links(sync).await;
    links.iter().filter(|link| link.is_owed()).map(|link| link.id.person.to_string()).collect()
}

async fn resync<F: StoreFixture>(world: &World<F>, sync: &SyncConfig, scope: ResyncScope, force: bool) -> i64 {
    let foretold = world.store().resync_count(world.account, sync.id, scope).await.unwrap();
    let marked = world.store().resync(world.account, sync.id, scope, force).await.unwrap().unwrap();
    assert_eq!(marked, foretold);
    marked
}

/// In batches.
pub async fn a_new_sync_includes_existing_people<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.upsert(&["a", "b", "c", "gone"]).await;
    world.delete(&["gone"]).await;
    let sync = crate::build::sync(world.account, world.random.sync(), world.now().await);
    world.store().create_sync(&sync, true).await.unwrap();
    world.remember(&sync);
    assert!(world.links(&sync).await.is_empty());
    world.sweep(2).await;
    assert_eq!(owed(&world, &sync).await, ["a", "b", "c"]);
    world.drain().await;
    let counts = world.store().runtimes(world.account, &[sync.id]).await.unwrap().remove(0).1.counts;
    assert_eq!((counts.of(StateName::Linked), counts.owed), (3, 0));
}

/// Including existing people is for those who have no record yet.
pub async fn people_marked_by_changes_are_not_swept_again<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.upsert(&["a", "b"]).await;
    let sync = crate::build::sync(world.account, world.random.sync(), world.now().await);
    world.store().create_sync(&sync, true).await.unwrap();
    world.remember(&sync);
    world.link_people(&["a"]).await;
    let before = world.link(&sync, "a").await;
    world.sweep(10).await;
    assert_eq!(world.link(&sync, "a").await, before);
    assert_eq!(owed(&world, &sync).await, ["b"]);
}

/// And tombstones that still have a link.
pub async fn resync_all_marks_everybody<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.upsert(&["new", "gone"]).await;
    world.delete(&["gone"]).await;
    let sync = world.sync_with(|sync| sync.settings.delete = None).await;
    world.link_people(&["linked", "kept"]).await;
    world.upsert(&["parked"]).await;
    world.reply(&world.claim_one().await, Reply::Status(422)).await;
    world.delete(&["kept"]).await;
    world.drain().await;
    assert!(owed(&world, &sync).await.is_empty());
    assert_eq!(resync(&world, &sync, ResyncScope::All, false).await, 4);
    world.sweep(10).await;
    assert_eq!(owed(&world, &sync).await, ["kept", "linked", "new", "parked"]);
    let link = world.link(&sync, "linked").await;
    assert!(link.asked && !link.force);
    assert!(world.link(&sync, "parked").await.parked.is_none());
}

/// No row, or an Unlinked one.
pub async fn resync_unlinked_leaves_records_alone<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.upsert(&["new"]).await;
    let sync = world
        .sync_with(|sync| sync.settings.create.as_mut().unwrap().on_uncertain = sync_core::sync::OnUncertain::Park)
        .await;
    world.link_people(&["linked"]).await;
    world.upsert(&["parked", "uncertain"]).await;
    for leased in world.claim(10).await.leased {
        let uncertain = leased.link.id.person.as_str() == "uncertain";
        world.reply(&leased, if uncertain { Reply::Lost } else { Reply::Status(422) }).await;
    }
    world.pass(3600).await;
    world.drain().await;
    assert_eq!(resync(&world, &sync, ResyncScope::Unlinked, false).await, 2);
    world.sweep(1).await;
    assert_eq!(owed(&world, &sync).await, ["new", "parked"]);
    assert_eq!(world.link(&sync, "uncertain").await.state, LinkState::Uncertain);
}

/// Parked ones only.
pub async fn resync_parked_unparks<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.upsert(&["new"]).await;
    let sync = world.sync().await;
    world.link_people(&["linked"]).await;
    world.upsert(&["parked", "parked2"]).await;
    for leased in world.claim(10).await.leased {
        world.reply(&leased, Reply::Status(422)).await;
    }
    assert_eq!(resync(&world, &sync, ResyncScope::Parked, false).await, 2);
    world.sweep(1).await;
    assert_eq!(owed(&world, &sync).await, ["parked", "parked2"]);
    assert_eq!(world.store().resync_count(world.account, sync.id, ResyncScope::Parked).await.unwrap(), 0);
    let unknown = world.random.sync();
    assert_eq!(world.store().resync(world.account, unknown, ResyncScope::All, false).await.unwrap(), None);
}

/// Equal requests are sent too, also where a lease was out.
pub async fn force_is_kept<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    resync(&world, &sync, ResyncScope::All, true).await;
    world.sweep(10).await;
    world.reply(&leased, Reply::Accepted).await;
    let link = world.link(&sync, "a").await;
    assert!(link.is_owed() && link.force && link.asked);
    world.drain().await;
    let link = world.link(&sync, "a").await;
    assert!(!link.is_owed() && !link.force && !link.asked);
}

/// One bounded batch a call.
pub async fn sweeps_go_on_from_their_cursor<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a", "b", "c", "d", "e"]).await;
    let before = world.link(&sync, "a").await.generation;
    resync(&world, &sync, ResyncScope::All, false).await;
    assert!(world.store().work_sweep(2).await.unwrap());
    assert_eq!(owed(&world, &sync).await, ["a", "b"]);
    // Who is added behind the cursor is owed by the change itself.
    world.upsert(&["aa"]).await;
    assert!(world.store().work_sweep(2).await.unwrap());
    assert_eq!(owed(&world, &sync).await, ["a", "aa", "b", "c", "d"]);
    assert!(world.store().work_sweep(2).await.unwrap());
    assert!(!world.store().work_sweep(2).await.unwrap());
    assert_eq!(world.link(&sync, "a").await.generation, before + 1);
    assert_eq!(world.link(&sync, "e").await.generation, before + 1);
}

/// And looks at Unaddressable links again; others are left alone.
pub async fn an_edit_unparks<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.unique_id = Some(UniqueIdSource::Path("$.nope".to_owned()))).await;
    world.upsert(&["a", "b"]).await;
    for leased in world.claim(10).await.leased {
        let refused = leased.link.id.person.as_str() == "b";
        world.reply(&leased, if refused { Reply::Status(422) } else { Reply::Created("1".into()) }).await;
    }
    let edited = world
        .edit(&sync, &[SweepKind::Edit], |settings| {
            settings.unique_id = Some(UniqueIdSource::Path("$.id".to_owned()));
        })
        .await;
    assert_eq!((edited.revision, edited.unique_id_revision), (2, 2));
    assert!(owed(&world, &sync).await.is_empty());
    world.sweep(1).await;
    assert_eq!(owed(&world, &sync).await, ["a", "b"]);
    let link = world.link(&sync, "a").await;
    assert_eq!((link.state.name(), link.parked), (StateName::Unaddressable, None));
    world.drain().await;
    world.edit(&edited, &[SweepKind::Edit], |settings| settings.limits.max_concurrency = 3).await;
    world.sweep(10).await;
    assert!(!owed(&world, &sync).await.contains(&"b".to_owned()), "what is settled is left alone");
}

/// The rules moved to another origin.
pub async fn forget_makes_everybody_new<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a", "b"]).await;
    world.upsert(&["a"]).await;
    let under_way = world.claim_one().await;
    world.edit(&sync, &[SweepKind::Forget], |_| {}).await;
    world.upsert(&["b", "c"]).await;
    assert_eq!(people_of(&world.claim(10).await.leased), [""; 0], "an id of the old origin means another record");
    assert!(world.store().work_sweep(1).await.unwrap());
    assert_eq!(people_of(&world.claim(10).await.leased), [""; 0], "some are not forgotten yet");
    world.sweep(1).await;
    for link in world.links(&sync).await {
        assert_eq!((&link.state, &link.sent, &link.lease), (&LinkState::Unlinked, &None, &None));
        assert!(link.is_owed());
    }
    let result = world.reply(&under_way, Reply::Accepted).await;
    assert_eq!(result, sync_core::transition::SettleResult::AlreadyDone, "it was sent to the old origin");
    assert_eq!(world.link(&sync, "a").await.state, LinkState::Unlinked);
    assert_eq!(people_of(&world.claim(10).await.leased), ["a", "b", "c"]);
}

/// Nobody is there to be new.
pub async fn forget_removes_deleted_people<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.delete = None).await;
    world.link_people(&["kept", "here"]).await;
    world.delete(&["kept"]).await;
    world.drain().await;
    assert!(world.find_link(&sync, "kept").await.is_some());
    let current = world.store_sync(&sync).await;
    world.edit(&current, &[SweepKind::Forget], |_| {}).await;
    world.sweep(10).await;
    assert!(world.find_link(&sync, "kept").await.is_none());
    assert_eq!(owed(&world, &sync).await, ["here"]);
}

/// Its links, extras, counters and log entries; its own row last. Others' stay.
pub async fn a_deleted_sync_goes_in_batches<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (doomed, other) = (world.sync().await, world.sync().await);
    world.link_people(&["a", "b", "c"]).await;
    let everything = sync_core::ports::CounterFilter {
        sync: Some(doomed.id),
        operation: None,
        since: sync_core::time::Timestamp::MIN,
        until: sync_core::time::Timestamp::MAX,
    };
    assert!(!world.store().counters(world.account, &everything).await.unwrap().is_empty());
    assert!(world.store().delete_sync(world.account, doomed.id).await.unwrap());
    assert!(world.sweep(2).await >= 4, "six rows and the counters go in batches of two");
    assert!(world.links(&doomed).await.is_empty());
    assert!(world.find_link(&doomed, "a").await.is_none());
    assert!(world.store().counters(world.account, &everything).await.unwrap().is_empty());
    assert!(world.log().await.iter().all(|entry| entry.sync == other.id));
    assert_eq!(world.log().await.len(), 3);
    assert_eq!(world.links(&other).await.len(), 3);
    // The id is free again: nothing of it is left.
    world.store().create_sync(&doomed, false).await.unwrap();
    let runtime = world.store().runtimes(world.account, &[doomed.id]).await.unwrap().remove(0).1;
    assert!(runtime.counts.is_zero());
    assert_eq!(runtime.governor, sync_core::governor::Governor::default());
}

/// Pressing a button twice makes no work twice.
pub async fn equal_sweeps_that_wait_are_one<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    let before = world.link(&sync, "a").await.generation;
    resync(&world, &sync, ResyncScope::All, false).await;
    resync(&world, &sync, ResyncScope::All, false).await;
    resync(&world, &sync, ResyncScope::All, true).await;
    world.sweep(10).await;
    assert_eq!(world.link(&sync, "a").await.generation, before + 2);
}

/// The oldest first; deleting a sync drops what was still to be done to it.
pub async fn sweeps_are_worked_in_order<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (one, two) = (world.sync().await, world.sync().await);
    world.link_people(&["a", "b"]).await;
    resync(&world, &two, ResyncScope::All, false).await;
    resync(&world, &one, ResyncScope::All, false).await;
    assert!(world.store().work_sweep(1).await.unwrap());
    assert_eq!((owed(&world, &two).await.len(), owed(&world, &one).await.len()), (1, 0));
    assert!(world.store().delete_sync(world.account, two.id).await.unwrap());
    world.sweep(10).await;
    assert_eq!(owed(&world, &one).await, ["a", "b"]);
    assert!(world.find_link(&two, "a").await.is_none());
}

/// So that the engine may sleep.
pub async fn nothing_to_sweep_is_told<F: StoreFixture>() {
    let world = World::<F>::new().await;
    assert!(!world.store().work_sweep(10).await.unwrap());
    let sync = world.sync().await;
    resync(&world, &sync, ResyncScope::All, false).await;
    assert!(world.store().work_sweep(10).await.unwrap(), "a sweep over nobody ends at once");
    assert!(!world.store().work_sweep(10).await.unwrap());
}
