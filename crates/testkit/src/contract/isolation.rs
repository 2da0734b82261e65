//! Every method is scoped by account: two accounts that hold people, syncs and ids of the same names do not meet.

use super::{StoreFixture, World};
use crate::build::{key, person_id, sync};
use crate::reply::Reply;
use sync_core::claim::{Call, CallResult};
use sync_core::id::{AccountId, LinkId};
use sync_core::key::{Account, Role};
use sync_core::log::LogFilter;
use sync_core::page::PageRequest;
use sync_core::ports::{
    CounterFilter, DirectoryStore, KeyStore, LinkFilter, LogStore, PeopleFilter, ResyncScope, RetryFilter, SetResult,
    WorkStore,
};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;

/// A world with a second account that knows nobody.
async fn two_accounts<F: StoreFixture>() -> (World<F>, AccountId) {
    let world = World::<F>::new().await;
    let other = Account { id: world.random.account(), name: "other".to_owned() };
    world.fixture.create_account(&other).await;
    (world, other.id)
}

/// A sync of the other account with the very id of the first one's.
async fn twin<F: StoreFixture>(world: &World<F>, other: AccountId, of: &SyncConfig) -> SyncConfig {
    let twin = sync(other, of.id, world.now().await);
    world.store().create_sync(&twin, false).await.unwrap();
    twin
}

/// Changes, claims, settlements, retries.
pub async fn work_stays_within_its_account<F: StoreFixture>() {
    let (world, other) = two_accounts::<F>().await;
    let mine = world.sync().await;
    let theirs = twin(&world, other, &mine).await;
    world.upsert(&["a"]).await;
    let their_link = LinkId { account: other, sync: theirs.id, person: person_id("a") };
    assert!(world.store().links_by_ids(std::slice::from_ref(&their_link)).await.unwrap().is_empty());
    let mut request = world.record_request(vec![world.upsert_call(&["a"])], None);
    request.account = other;
    let recorded = world.store().record_changes(request).await.unwrap();
    let CallResult::Upserted(results) = &recorded.results[0] else { panic!("an upsert was recorded") };
    assert_eq!(results[0].version, 1, "another account's person is another person");
    let claimed = world.claim(10).await;
    assert_eq!(claimed.leased.len(), 2);
    for leased in &claimed.leased {
        let of_mine = leased.person.as_ref().map(|person| person.first_name.clone());
        let account = leased.link.id.account;
        let held = world.store().people_by_ids(account, &[person_id("a")]).await.unwrap().remove(0);
        assert_eq!(of_mine, Some(held.first_name));
        // One unique id in both.
        world.reply(leased, Reply::Created("1".to_owned())).await;
    }
    for id in [LinkId { account: world.account, ..their_link.clone() }, their_link] {
        let link = world.store().links_by_ids(&[id]).await.unwrap().remove(0);
        assert_eq!(link.state.unique_id().map(ToString::to_string).as_deref(), Some("1"));
    }
    world.upsert(&["a"]).await;
    assert_eq!(world.store().retry(other, &RetryFilter::default(), None).await.unwrap().marked, 0);
    let filter = RetryFilter { sync: Some(mine.id), people: Some(vec![person_id("a")]), ..RetryFilter::default() };
    assert_eq!(world.store().retry(other, &filter, None).await.unwrap().marked, 0);
}

/// Reading.
pub async fn the_directory_stays_within_its_account<F: StoreFixture>() {
    let (world, other) = two_accounts::<F>().await;
    let mine = world.sync().await;
    world.link_people(&["a"]).await;
    let (store, a) = (world.store(), person_id("a"));
    let everybody = PeopleFilter { search: None, include_deleted: true };
    assert!(store.people(other, &everybody, PageRequest::first(10)).await.unwrap().items.is_empty());
    let search = PeopleFilter { search: Some("a".to_owned()), include_deleted: true };
    assert!(store.people(other, &search, PageRequest::first(10)).await.unwrap().items.is_empty());
    assert!(store.people_by_ids(other, std::slice::from_ref(&a)).await.unwrap().is_empty());
    assert_eq!(store.people_count(other).await.unwrap(), 0);
    assert!(store.person_changes(other, &a, PageRequest::first(10)).await.unwrap().items.is_empty());
    assert!(store.syncs(other, PageRequest::first(10)).await.unwrap().items.is_empty());
    assert!(store.syncs_by_ids(other, &[mine.id]).await.unwrap().is_empty());
    assert!(store.runtimes(other, &[mine.id]).await.unwrap().is_empty());
    assert!(store.next_requests(other, &[mine.id]).await.unwrap().is_empty());
    let links = store.links(other, mine.id, &LinkFilter::default(), PageRequest::first(10)).await.unwrap();
    assert!(links.items.is_empty());
    assert!(store.links_of_people(other, std::slice::from_ref(&a)).await.unwrap().is_empty());
    let id = LinkId { account: other, sync: mine.id, person: a };
    assert!(store.links_by_ids(&[id]).await.unwrap().is_empty());
    assert_eq!(store.resync_count(other, mine.id, ResyncScope::All).await.unwrap(), 0);
}

/// Log, counters, keys.
pub async fn records_stay_within_their_account<F: StoreFixture>() {
    let (world, other) = two_accounts::<F>().await;
    let mine = world.sync().await;
    world.link_people(&["a"]).await;
    let store = world.store();
    let entry = world.log().await.remove(0);
    assert!(store.logs(other, &LogFilter::default(), PageRequest::first(10)).await.unwrap().items.is_empty());
    let filter = LogFilter { sync: Some(mine.id), ..LogFilter::default() };
    assert!(store.logs(other, &filter, PageRequest::first(10)).await.unwrap().items.is_empty());
    assert!(store.logs_by_ids(other, &[entry.id]).await.unwrap().is_empty());
    let filter = CounterFilter { sync: Some(mine.id), operation: None, since: Timestamp::MIN, until: Timestamp::MAX };
    assert!(store.counters(other, &filter).await.unwrap().is_empty());
    assert!(store.keys(other).await.unwrap().is_empty());
    let mine = store.keys(world.account).await.unwrap().remove(0);
    assert_eq!(store.revoke_key(other, mine.id).await.unwrap(), SetResult::NotFound);
    store.touch_key(other, mine.id, world.now().await).await.unwrap();
    assert_eq!(store.keys(world.account).await.unwrap(), [mine]);
    // The last ADMIN of one account is not another's.
    let theirs = key(other, world.random.key(), Role::Admin, world.now().await);
    store.create_key(&theirs).await.unwrap();
    assert!(matches!(store.revoke_key(other, theirs.id).await.unwrap(), SetResult::Conflict(_)));
}

/// Writing, with ids of the first account.
pub async fn writes_do_not_reach_another_account<F: StoreFixture>() {
    let (world, other) = two_accounts::<F>().await;
    let mine = world.sync().await;
    world.link_people(&["a"]).await;
    let (store, before) = (world.store(), world.links(&mine).await);
    let update = store.update_sync(other, mine.id, 1, "stolen", &mine.settings, &[]).await.unwrap();
    assert_eq!(update, SetResult::NotFound);
    assert_eq!(store.set_paused(other, mine.id, true).await.unwrap(), SetResult::NotFound);
    assert!(!store.delete_sync(other, mine.id).await.unwrap());
    assert_eq!(store.resync(other, mine.id, ResyncScope::All, true).await.unwrap(), None);
    let mut request = world.record_request(vec![Call::Delete(vec![person_id("a")])], None);
    request.account = other;
    let recorded = store.record_changes(request).await.unwrap();
    assert_eq!(recorded.results, [CallResult::Deleted { deleted: vec![], unknown: vec![person_id("a")] }]);
    assert!(!store.work_sweep(10).await.unwrap());
    assert_eq!(world.store_sync(&mine).await, mine);
    assert_eq!(world.links(&mine).await, before);
    assert!(world.find_person("a").await.is_some_and(|person| !person.is_deleted()));
    // Deleting a twin leaves the other one's rows.
    let theirs = twin(&world, other, &mine).await;
    assert!(store.delete_sync(other, theirs.id).await.unwrap());
    world.sweep(1).await;
    assert_eq!(world.links(&mine).await, before);
    assert_eq!(world.log().await.len(), 1);
}
