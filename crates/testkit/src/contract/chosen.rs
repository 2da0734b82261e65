//! Ids that clients choose: a call that is repeated makes nothing twice.

use super::{StoreFixture, World};
use crate::build::{key, sync};
use futures_util::future::join_all;
use sync_core::chosen::{KeyTaken, MadeKey, MadeSync, REMEMBERED, SECRET_SHOWN_AGAIN};
use sync_core::id::{KeyId, SyncId};
use sync_core::key::{Account, ApiKey, Role};
use sync_core::page::{PageRequest, SyncPlace};
use sync_core::ports::{DirectoryStore, KeyStore, SetResult, WorkStore};
use sync_core::sync::SyncConfig;
use uuid::Uuid;

const INPUT: &str = "{\"key\":\"1\",\"parts\":{}}";
const ANOTHER: &str = "{\"key\":\"1\",\"parts\":{\"friendlyName\":\"x\"}}";

fn chosen(number: u128) -> Uuid {
    Uuid::from_u128(0x8f4c_de0a_8e0f_4f0c_9a53_0d6d_3f2c_0000 + number)
}

async fn new_sync<F: StoreFixture>(world: &World<F>, number: u128) -> SyncConfig {
    sync(world.account, SyncId(chosen(number)), world.now().await)
}

async fn all<F: StoreFixture>(world: &World<F>) -> Vec<SyncConfig> {
    world.store().syncs(world.account, PageRequest::first(10)).await.unwrap().items
}

fn taken(sync: &SyncConfig, input: Option<&str>) -> MadeSync {
    MadeSync::Taken(sync.clone().into(), input.map(str::to_owned))
}

/// It is found as it stands by then, with what it was made of.
pub async fn a_sync_is_made_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = new_sync(&world, 1).await;
    assert_eq!(world.store().create_sync_once(&sync, false, INPUT).await.unwrap(), MadeSync::Made);
    assert_eq!(world.store().create_sync_once(&sync, false, INPUT).await.unwrap(), taken(&sync, Some(INPUT)));
    let edited = world.edit(&sync, &[], |settings| settings.follow_unique_id = true).await;
    assert_eq!(world.store().create_sync_once(&sync, false, ANOTHER).await.unwrap(), taken(&edited, Some(INPUT)));
    assert_eq!(all(&world).await, [edited]);
}

/// One makes it, the others find it.
pub async fn calls_at_once_make_one_sync<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = new_sync(&world, 1).await;
    let made = join_all((0..8).map(|_| world.store().create_sync_once(&sync, false, INPUT))).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    assert_eq!(made.iter().filter(|made| **made == MadeSync::Made).count(), 1, "{made:?}");
    assert_eq!(made.iter().filter(|made| **made == taken(&sync, Some(INPUT))).count(), 7, "{made:?}");
    assert_eq!(all(&world).await, [sync]);
}

/// As with any new sync; and a repeated call begins no second sweep.
pub async fn existing_people_are_swept_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.upsert(&["a"]).await;
    let sync = new_sync(&world, 1).await;
    world.store().create_sync_once(&sync, true, INPUT).await.unwrap();
    world.remember(&sync);
    while world.store().work_sweep(10).await.unwrap() {}
    let marked = world.link(&sync, "a").await;
    assert!(marked.is_owed());
    world.store().create_sync_once(&sync, true, INPUT).await.unwrap();
    assert!(!world.store().work_sweep(10).await.unwrap());
    assert_eq!(world.link(&sync, "a").await, marked);
}

/// For 400 days, before and after its rows are gone, and whoever chose it.
pub async fn the_id_of_a_deleted_sync_is_remembered<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (mine, plain) = (new_sync(&world, 1).await, world.sync().await);
    world.store().create_sync_once(&mine, false, INPUT).await.unwrap();
    for deleted in [&mine, &plain] {
        assert!(world.store().delete_sync(world.account, deleted.id).await.unwrap());
        assert_eq!(world.store().create_sync_once(deleted, false, INPUT).await.unwrap(), MadeSync::Deleted);
    }
    while world.store().work_sweep(10).await.unwrap() {}
    let remembered = async || {
        for deleted in [&mine, &plain] {
            let again = SyncConfig { created_at: world.now().await, ..deleted.clone() };
            assert_eq!(world.store().create_sync_once(&again, false, ANOTHER).await.unwrap(), MadeSync::Deleted);
        }
    };
    remembered().await;
    world.pass(REMEMBERED.as_secs() - 3600).await;
    assert_eq!(world.store().forget_ids(10).await.unwrap(), 0);
    remembered().await;
    let alive = new_sync(&world, 2).await;
    world.store().create_sync_once(&alive, false, INPUT).await.unwrap();
    world.pass(3600).await;
    assert_eq!(world.store().forget_ids(1).await.unwrap(), 1);
    assert_eq!(world.store().forget_ids(10).await.unwrap(), 1);
    assert_eq!(world.store().forget_ids(10).await.unwrap(), 0, "those of syncs that are there stay");
    assert_eq!(world.store().create_sync_once(&alive, false, INPUT).await.unwrap(), taken(&alive, Some(INPUT)));
    assert_eq!(world.store().create_sync_once(&mine, false, INPUT).await.unwrap(), MadeSync::Made);
}

/// What it was made of is not known.
pub async fn a_sync_whose_id_was_not_chosen_is_not_made_again<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    assert_eq!(world.store().create_sync_once(&sync, false, INPUT).await.unwrap(), taken(&sync, None));
    assert_eq!(all(&world).await, [sync]);
}

/// Another account's id says nothing, whether its sync or key is there, or was.
pub async fn an_id_means_something_within_its_account_alone<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let other = Account { id: world.random.account(), name: "other".to_owned() };
    world.fixture.create_account(&other).await;
    let mine = new_sync(&world, 1).await;
    let theirs = SyncConfig { account: other.id, ..mine.clone() };
    assert_eq!(world.store().create_sync_once(&mine, false, INPUT).await.unwrap(), MadeSync::Made);
    assert_eq!(world.store().create_sync_once(&theirs, false, ANOTHER).await.unwrap(), MadeSync::Made);
    assert!(world.store().delete_sync(world.account, mine.id).await.unwrap());
    assert_eq!(world.store().create_sync_once(&theirs, false, INPUT).await.unwrap(), taken(&theirs, Some(ANOTHER)));
    assert_eq!(world.store().create_sync_once(&mine, false, INPUT).await.unwrap(), MadeSync::Deleted);
    let my_key = key(world.account, KeyId(chosen(1)), Role::Reader, world.now().await);
    let their_key = ApiKey { account: other.id, hash: [9; 32], name: "theirs".to_owned(), ..my_key.clone() };
    for key in [my_key, their_key] {
        assert_eq!(world.store().create_key_once(&key).await.unwrap(), MadeKey::Made(key.clone()));
        assert_eq!(world.store().key_by_hash(&key.hash).await.unwrap(), Some(key));
    }
}

/// A cursor holds where a list goes on also when the row that it was of is gone.
pub async fn ids_that_do_not_sort_by_time_are_paged_newest_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let mut made = Vec::new();
    for number in [5, 1, 9, 3] {
        let sync = new_sync(&world, number).await;
        world.store().create_sync_once(&sync, false, INPUT).await.unwrap();
        made.push(sync);
        world.pass(1).await;
    }
    made.reverse();
    let page = world.store().syncs(world.account, PageRequest::first(2)).await.unwrap();
    assert_eq!((page.items.as_slice(), page.has_next), (&made[..2], true));
    assert!(world.store().delete_sync(world.account, made[1].id).await.unwrap());
    while world.store().work_sweep(10).await.unwrap() {}
    let request = PageRequest { first: 2, after: Some(SyncPlace::from(&made[1])) };
    let page = world.store().syncs(world.account, request).await.unwrap();
    assert_eq!((page.items.as_slice(), page.has_next), (&made[2..], false));
}

async fn new_key<F: StoreFixture>(world: &World<F>, hash: u8) -> ApiKey {
    ApiKey { hash: [hash; 32], ..key(world.account, KeyId(chosen(1)), Role::Writer, world.now().await) }
}

/// Of a repeated call the former secret opens nothing any more.
pub async fn a_key_is_made_once_with_the_last_secret<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let first = new_key(&world, 1).await;
    assert_eq!(world.store().create_key_once(&first).await.unwrap(), MadeKey::Made(first.clone()));
    world.pass(60).await;
    let second = ApiKey { prefix: "crms_abcd".to_owned(), ..new_key(&world, 2).await };
    let expected = ApiKey { created_at: first.created_at, ..second.clone() };
    assert_eq!(world.store().create_key_once(&second).await.unwrap(), MadeKey::Made(expected.clone()));
    assert_eq!(world.store().key_by_hash(&first.hash).await.unwrap(), None);
    assert_eq!(world.store().key_by_hash(&second.hash).await.unwrap(), Some(expected));
    assert_eq!(world.store().keys(world.account).await.unwrap().len(), 2);
}

/// Otherwise it says why, and stays as it is.
pub async fn a_key_is_made_again_only_young_and_unused<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let first = new_key(&world, 1).await;
    world.store().create_key_once(&first).await.unwrap();
    let again = new_key(&world, 2).await;
    for other in [ApiKey { role: Role::Admin, ..again.clone() }, ApiKey { name: "other".to_owned(), ..again.clone() }] {
        let made = world.store().create_key_once(&other).await.unwrap();
        assert_eq!(made, MadeKey::Taken(KeyTaken::OtherInput));
    }
    world.pass(SECRET_SHOWN_AGAIN.as_secs() + 1).await;
    assert_eq!(world.store().create_key_once(&again).await.unwrap(), MadeKey::Taken(KeyTaken::Old));
    world.store().touch_key(world.account, first.id, world.now().await).await.unwrap();
    assert_eq!(world.store().create_key_once(&again).await.unwrap(), MadeKey::Taken(KeyTaken::Used));
    let revoked = world.store().revoke_key(world.account, first.id).await.unwrap();
    assert!(matches!(revoked, SetResult::Set(_)));
    assert_eq!(world.store().create_key_once(&again).await.unwrap(), MadeKey::Taken(KeyTaken::Revoked));
    assert_eq!(world.store().key_by_hash(&again.hash).await.unwrap(), None);
}

/// Whoever comes last has the secret that opens.
pub async fn calls_at_once_make_one_key<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let mut wanted = Vec::new();
    for hash in 1..=8 {
        wanted.push(new_key(&world, hash).await);
    }
    let made = join_all(wanted.iter().map(|key| world.store().create_key_once(key))).await;
    assert!(made.into_iter().all(|made| matches!(made.unwrap(), MadeKey::Made(_))));
    assert_eq!(world.store().keys(world.account).await.unwrap().len(), 2);
    let opening = join_all(wanted.iter().map(|key| world.store().key_by_hash(&key.hash))).await;
    assert_eq!(opening.into_iter().filter(|found| found.as_ref().unwrap().is_some()).count(), 1);
}
