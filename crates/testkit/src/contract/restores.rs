//! What a database says of itself, and what follows the restore of an older copy.

use super::{StoreFixture, World, accepted};
use crate::build::{self, key};
use crate::reply::Reply;
use std::time::Duration;
use sync_core::governor::brake::BrakeKind;
use sync_core::governor::{Granted, Wish};
use sync_core::key::Role;
use sync_core::moving::{Moving, Part};
use sync_core::ports::{DirectoryStore, KeyStore, ProvenanceStore, SessionStore};
use sync_core::provenance::{Cluster, Noted};
use sync_core::session::NewSession;
use sync_core::sync::Operation;

/// As it was given, the last one only.
pub async fn what_is_noted_comes_back<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (nothing, found) = world.store().provenance().await.unwrap();
    assert_eq!((nothing.clone(), nothing.obstacle(found.as_ref())), (Noted::default(), None));
    let noted = Noted {
        copied_at: Some(world.now().await),
        restoring: true,
        restored_at: Some(world.now().await),
        cluster: Some(Cluster { system: Some("7713500755587058609".to_owned()), timeline: None, database: Some(5) }),
        moved_to: Some("there".to_owned()),
        moving: Some(Moving { from: "x".to_owned(), logs: true, part: Some(Part::Links), after: Some("y".to_owned()) }),
    };
    world.store().note_provenance(&Noted::default()).await.unwrap();
    world.store().note_provenance(&noted).await.unwrap();
    assert_eq!(world.store().provenance().await.unwrap().0, noted);
    let home = noted.at_home(found);
    world.store().note_provenance(&home).await.unwrap();
    let (home, found) = world.store().provenance().await.unwrap();
    assert_eq!(Noted { moved_to: None, moving: None, ..home }.obstacle(found.as_ref()), None);
}

/// In all accounts, of syncs that are paused too; once, however often it is begun.
pub async fn a_restore_marks_everything<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (sync, paused, deleted) = (world.sync().await, world.sync().await, world.sync().await);
    world.upsert(&["linked"]).await;
    for leased in world.claim(10).await.leased {
        world.reply(&leased, accepted(&leased)).await;
    }
    world.pause(&paused, true).await;
    assert!(world.store().delete_sync(world.account, deleted.id).await.unwrap());
    world.upsert(&["owed"]).await;
    let key = key(world.account, world.random.key(), Role::Admin, world.now().await);
    world.store().create_key(&key).await.unwrap();
    let session = NewSession { account: world.account, key: key.id, hash: [7; 32], lasts: Duration::from_secs(60) };
    world.store().open_session(&session).await.unwrap().unwrap();
    let before = world.link(&sync, "linked").await;
    for sessions in [1, 0] {
        let begun = world.store().begin_restore().await.unwrap();
        assert_eq!((begun.sessions, begun.syncs), (sessions, 2));
    }
    assert!(world.store().session(&[7; 32]).await.unwrap().is_none());
    assert!(world.store().provenance().await.unwrap().0.restoring);
    while world.sweep(100).await > 0 {}
    for sync in [&sync, &paused] {
        assert!(world.governor(sync).await.is_restored());
        let linked = world.link(sync, "linked").await;
        assert!(linked.is_owed() && linked.sent.unwrap().digest.is_none(), "it is sent once");
        let owed = world.link(sync, "owed").await;
        assert!(owed.is_owed() && owed.notes().restored);
    }
    assert_eq!(world.link(&sync, "linked").await.generation, before.generation + 1, "swept once");
}

/// Whom the copy does not know to be linked, or does not know at all: no create before the lookup says that nobody is there.
pub async fn after_a_restore_the_lookup_is_asked_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync_with(|sync| sync.settings.lookup = Some(build::lookup())).await;
    world.upsert(&["known"]).await;
    world.store().begin_restore().await.unwrap();
    world.sweep(100).await;
    let handed_off = world.upsert_handing_off(&["unknown"], 10).await;
    assert!(handed_off.leased.is_empty());
    let leased = world.claim(10).await.leased;
    assert_eq!(leased.len(), 2);
    for leased in &leased {
        assert_eq!(leased.link.lease.as_ref().unwrap().operation, Some(Operation::Lookup));
        world.reply(leased, Reply::Found(Vec::new())).await;
    }
    for leased in world.claim(10).await.leased {
        assert_eq!(leased.link.lease.as_ref().unwrap().operation, Some(Operation::Create));
        world.reply(&leased, accepted(&leased)).await;
    }
    world.upsert(&["known"]).await;
    let update = world.claim(10).await.leased;
    assert_eq!(update[0].link.lease.as_ref().unwrap().operation, Some(Operation::Update));
}

/// Where nothing tells such creates from those of before, they wait for an administrator; the others go on.
pub async fn after_a_restore_doubtful_creates_are_held<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["linked"]).await;
    let leased = world.claim_one().await;
    world.reply(&leased, accepted(&leased)).await;
    world.upsert(&["owed"]).await;
    world.store().begin_restore().await.unwrap();
    world.sweep(100).await;
    world.upsert(&["unknown"]).await;
    let leased = world.claim(10).await.leased;
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].link.lease.as_ref().unwrap().operation, Some(Operation::Update));
    world.reply(&leased[0], accepted(&leased[0])).await;
    assert!(world.claim(10).await.leased.is_empty());
    let held: Vec<_> = world.governor(&sync).await.brakes().map(|(operation, brake)| (operation, brake.kind)).collect();
    assert_eq!(held, [(Operation::Create, BrakeKind::Restored)]);
    let wish = Wish::Release(BrakeKind::Restored);
    for granted in [Granted::Done, Granted::Nothing] {
        let came_to = world.store().govern(world.account, sync.id, &wish).await.unwrap();
        assert_eq!(came_to, Some(granted));
    }
    world.sweep(100).await;
    assert_eq!(world.claim(10).await.leased.len(), 2, "at once");
}
