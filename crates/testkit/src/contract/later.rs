//! Marks that a change leaves for later, and whose turn it is.

use super::world::people_of;
use super::{StoreFixture, World};
use crate::build::{patch, person_id, sync};
use crate::reply::Reply;
use sync_core::claim::{Call, HandOff, RecordRequest};
use sync_core::id::{AccountId, LinkId};
use sync_core::key::Account;
use sync_core::link::{Link, LinkState};
use sync_core::ports::{DirectoryStore, MaintenanceStore, ResyncScope, WorkStore};
use sync_core::sync::SyncConfig;

async fn owed<F: StoreFixture>(world: &World<F>, sync: &SyncConfig) -> Vec<String> {
    let links = world.links(sync).await;
    links.iter().filter(|link| link.is_owed()).map(|link| link.id.person.to_string()).collect()
}

/// A person's link with a sync, without what the time and the number of its marks say.
async fn timeless<F: StoreFixture>(world: &World<F>, sync: &SyncConfig, person: &str) -> Link {
    let at = sync_core::time::Timestamp::from_micros(0);
    let link = world.link(sync, person).await;
    Link {
        updated_at: at,
        generation: 0,
        due_at: link.due_at.map(|_| at),
        last_tried_at: link.last_tried_at.map(|_| at),
        id: LinkId { sync: sync.id, ..link.id },
        ..link
    }
}

/// In the transaction of the change, so that nothing is lost by a crash.
pub async fn what_is_beyond_the_bound_is_marked_later<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let syncs = [world.sync().await, world.sync().await, world.sync().await];
    let recorded = world.record_marking(vec![world.upsert_call(&["a", "b"])], 3).await;
    assert!(recorded.later && recorded.due);
    assert_eq!(recorded.syncs, 3);
    assert_eq!(owed(&world, &syncs[0]).await, ["a", "b"], "as many syncs as the bound has room for all people");
    assert!(world.links(&syncs[1]).await.is_empty() && world.links(&syncs[2]).await.is_empty());
    assert!(world.store().work_sweep(1).await.unwrap());
    assert_eq!((owed(&world, &syncs[1]).await.len(), owed(&world, &syncs[2]).await.len()), (1, 0));
    assert_eq!(world.sweep(1).await, 3, "in batches");
    for sync in &syncs {
        assert_eq!(owed(&world, sync).await, ["a", "b"]);
    }
    // Nobody changed: nothing is left.
    let unchanged = Call::Upsert(vec![sync_core::person::PersonPatch::new(person_id("a"))]);
    let recorded = world.record_marking(vec![unchanged], 0).await;
    assert!(!recorded.later && !world.store().work_sweep(10).await.unwrap());
    // Nor where the bound has room.
    assert!(!world.record_marking(vec![world.upsert_call(&["a", "b"])], 6).await.later);
}

/// Whatever a link is like, it ends as it would have within the change.
pub async fn later_marks_are_those_of_the_change<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (at_once, later) = (world.sync().await, world.sync().await);
    world.link_people(&["linked", "settled"]).await;
    world.upsert(&["parked", "failed", "linked"]).await;
    for leased in world.claim(100).await.leased {
        let reply = match leased.link.id.person.as_str() {
            "parked" => Reply::Status(422),
            "failed" => Reply::Status(500),
            _ => continue,
        };
        world.reply(&leased, reply).await;
    }
    world.upsert(&["owed"]).await;
    let people = ["linked", "settled", "parked", "failed", "owed", "new"];
    assert!(world.record_marking(vec![world.upsert_call(&people)], people.len()).await.later);
    assert!(world.link(&later, "parked").await.parked.is_some(), "not yet");
    world.sweep(4).await;
    for person in people {
        let mut expected = timeless(&world, &at_once, person).await;
        let marked = timeless(&world, &later, person).await;
        assert!(marked.is_owed() && marked.parked.is_none(), "{marked:?}");
        if let Some(snapshot) = &marked.extras.first_snapshot {
            assert_eq!(expected.extras.first_snapshot.as_ref(), Some(snapshot));
        }
        // What their own requests and leases drew.
        expected.key.clone_from(&marked.key);
        expected.lease.clone_from(&marked.lease);
        expected.settled_token = marked.settled_token;
        expected.id.sync = later.id;
        assert_eq!(marked, expected, "{person}");
    }
}

/// The lookup that resolves it is rendered from whom it carried: that is overwritten by the change itself.
pub async fn an_unresolved_create_keeps_its_snapshot_at_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.settings.lookup = Some(crate::build::lookup())).await;
    world.record(vec![Call::Upsert(vec![patch("lost", "first"), patch("flying", "first")])], None).await;
    let claimed = world.claim(10).await.leased;
    for leased in claimed.iter().filter(|leased| leased.link.id.person.as_str() == "lost") {
        world.reply(leased, Reply::Lost).await;
    }
    let call = Call::Upsert(vec![patch("lost", "second"), patch("flying", "second"), patch("new", "second")]);
    assert!(world.record_marking(vec![call], 0).await.later);
    let snapshot = async |person: &str| {
        let snapshot = world.link(&sync, person).await.extras.first_snapshot.expect("it is kept");
        (snapshot.version, snapshot.first_name.clone())
    };
    for person in ["lost", "flying"] {
        assert_eq!(snapshot(person).await, (1, Some("first".to_owned())), "{person}");
        assert!(world.link(&sync, person).await.is_owed());
    }
    assert!(world.find_link(&sync, "new").await.is_none());
    for leased in claimed.iter().filter(|leased| leased.link.id.person.as_str() == "flying") {
        world.reply(leased, Reply::Lost).await;
    }
    // Neither another change nor the marks that were left take it back.
    world.record_marking(vec![Call::Upsert(vec![patch("lost", "third"), patch("flying", "third")])], 0).await;
    world.sweep(10).await;
    for person in ["lost", "flying"] {
        assert_eq!(world.link(&sync, person).await.state, LinkState::Uncertain);
        assert_eq!(snapshot(person).await, (1, Some("first".to_owned())), "{person}");
    }
    assert_eq!(owed(&world, &sync).await, ["flying", "lost", "new"]);
}

/// And a tombstone stays until then.
pub async fn who_goes_meanwhile_is_told_where_there_is_a_record<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["there"]).await;
    world.record_marking(vec![world.upsert_call(&["new"])], 0).await;
    let ids = ["there", "new"].map(person_id).to_vec();
    assert!(world.record_marking(vec![Call::Delete(ids)], 0).await.later);
    world.pass(100 * 24 * 3600).await;
    assert_eq!(world.store().purge_tombstones(10).await.unwrap(), 0);
    world.sweep(10).await;
    assert_eq!(owed(&world, &sync).await, ["there"]);
    assert!(world.find_link(&sync, "new").await.is_none(), "nothing is known of them there");
    assert_eq!(world.store().purge_tombstones(10).await.unwrap(), 1, "who is owed to nobody goes");
    assert_eq!(people_of(&world.claim(10).await.leased), ["there"]);
}

/// It goes with all that was still to be done to it.
pub async fn a_deleted_sync_is_owed_nothing_more<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (doomed, other) = (world.sync().await, world.sync().await);
    world.record_marking(vec![world.upsert_call(&["a", "b"])], 0).await;
    world.store().work_sweep(1).await.unwrap();
    assert!(world.store().delete_sync(world.account, doomed.id).await.unwrap());
    world.sweep(10).await;
    assert!(world.links(&doomed).await.is_empty());
    assert_eq!(owed(&world, &other).await, ["a", "b"]);
    assert!(!world.store().work_sweep(10).await.unwrap());
    // The id is free again: nothing of it is left.
    world.store().create_sync(&doomed, false).await.unwrap();
    world.sweep(10).await;
    assert!(world.links(&doomed).await.is_empty());
}

/// Neither waits for the marks that were left before.
pub async fn a_later_change_and_a_hand_off_go_their_way<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (first, second) = (world.sync().await, world.sync().await);
    world.record_marking(vec![world.upsert_call(&["a", "b"])], 0).await;
    let hand_off = HandOff { token: world.random.token(), links_max: 10 };
    let request = world.record_request(vec![world.upsert_call(&["a"])], None);
    let recorded = world
        .store()
        .record_changes(RecordRequest { hand_off: Some(hand_off), marks_max: 1, ..request })
        .await
        .unwrap();
    assert_eq!((recorded.leased.len(), recorded.leased[0].link.id.sync), (1, first.id));
    assert!(recorded.later);
    world.reply(&recorded.leased[0], super::world::accepted(&recorded.leased[0])).await;
    world.sweep(10).await;
    assert_eq!(owed(&world, &first).await, ["a", "b"]);
    assert_eq!(owed(&world, &second).await, ["a", "b"]);
    world.drain().await;
    assert!(world.links(&first).await.iter().all(|link| matches!(link.state, LinkState::Linked(_))));
}

async fn with_another<F: StoreFixture>() -> (World<F>, AccountId, SyncConfig) {
    let world = World::<F>::new().await;
    let other = Account { id: world.random.account(), name: "other".to_owned() };
    world.fixture.create_account(&other).await;
    let theirs = sync(other.id, world.random.sync(), world.now().await);
    world.store().create_sync(&theirs, false).await.unwrap();
    (world, other.id, theirs)
}

async fn upsert_there<F: StoreFixture>(world: &World<F>, account: AccountId, people: &[&str], marks_max: usize) {
    let request = world.record_request(vec![world.upsert_call(people)], None);
    world.store().record_changes(RecordRequest { account, marks_max, ..request }).await.unwrap();
}

async fn owed_there<F: StoreFixture>(world: &World<F>, account: AccountId, sync: &SyncConfig) -> i64 {
    world.store().runtimes(account, &[sync.id]).await.unwrap()[0].1.counts.owed
}

/// People of the same ids.
pub async fn later_marks_stay_within_their_account<F: StoreFixture>() {
    let (world, other, theirs) = with_another::<F>().await;
    let mine = world.sync().await;
    upsert_there(&world, other, &["a", "b"], 100).await;
    world.record_marking(vec![world.upsert_call(&["a"])], 0).await;
    let before = owed_there(&world, other, &theirs).await;
    world.sweep(10).await;
    assert_eq!(owed(&world, &mine).await, ["a"]);
    assert_eq!(owed_there(&world, other, &theirs).await, before);
}

/// One account's million links keep nobody else waiting.
pub async fn accounts_take_turns<F: StoreFixture>() {
    let (world, other, theirs) = with_another::<F>().await;
    let mine = world.sync().await;
    world.link_people(&["a", "b", "c", "d"]).await;
    upsert_there(&world, other, &["a", "b", "c", "d"], 100).await;
    world.drain_all(&theirs).await;
    for (account, sync) in [(world.account, &mine), (other, &theirs)] {
        world.store().resync(account, sync.id, ResyncScope::All, false).await.unwrap();
    }
    for batches in 1..=4 {
        for _ in 0..2 {
            assert!(world.store().work_sweep(1).await.unwrap());
        }
        let done = (owed_there(&world, world.account, &mine).await, owed_there(&world, other, &theirs).await);
        assert_eq!(done, (batches, batches));
    }
}

/// Within an account.
pub async fn sweeps_and_later_marks_take_turns<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (swept, marked) = (world.sync().await, world.sync().await);
    world.link_people(&["a", "b", "c"]).await;
    world.store().resync(world.account, swept.id, ResyncScope::All, false).await.unwrap();
    // Only the second one is left for later.
    world.record_marking(vec![world.upsert_call(&["x", "y", "z"])], 3).await;
    for batches in 1..=3 {
        for _ in 0..2 {
            assert!(world.store().work_sweep(1).await.unwrap());
        }
        assert_eq!(owed(&world, &marked).await.len(), batches);
        assert_eq!(owed(&world, &swept).await.len(), 3 + batches);
    }
}
