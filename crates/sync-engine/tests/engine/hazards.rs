//! The sequences that broke a draft of the rules' second edition, from the change to the request: the name's beginning is the
//! hazard's number.

use crate::cases::{lookup, rule, usual, usual_with_lookup, world_with};
use crate::support::{SYNC, World, eventually, link_is};
use sync_core::link::{LinkState, ParkReason};
use sync_core::patch::{RulePatch, SyncPatch};
use sync_core::person::Patch;
use sync_core::ports::{DirectoryStore, ResyncScope};
use sync_core::sync::{AdoptedRecords, Method, OnExisting, OnMissing, OnUncertain};
use tokio::time::{Duration, timeout};

const PAGE: &str = "<!DOCTYPE html><html>Sign in</html>";

/// A world in which p1 is linked to a record that was there before.
async fn adopted(adopted: AdoptedRecords) -> World {
    let mut patch = SyncPatch { lookup: Patch::Set(lookup("search?name={{ person.name }}", "$[*].id")), ..usual() };
    if let (Patch::Set(create), Patch::Set(delete)) = (&mut patch.create, &mut patch.delete) {
        create.on_existing = Patch::Set(OnExisting::Adopt);
        delete.adopted = Patch::Set(adopted);
    }
    let mut world = world_with(&patch).await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(409, "exists");
    world.expect(Method::Get, "/search?name=p1").await.answer(200, r#"[{"id":"4711"}]"#);
    world.expect(Method::Put, "/contacts/4711").await.answer(200, "{}");
    world.is_linked_to("p1", "4711").await;
    world
}

#[tokio::test(start_paused = true)]
async fn h01_a_create_that_was_accepted_without_an_id_is_never_repeated_by_itself() {
    let mut world = world_with(&usual()).await;
    for (person, body) in [("p1", ""), ("p2", "created")] {
        world.push(&[person]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(201, body);
        let link = link_is(&world, person, |link| link.parked.is_some()).await;
        assert_eq!((&link.state, link.parked.unwrap().reason), (&LinkState::Unaddressable, ParkReason::NoUniqueId));
        world.rename(person, "b").await;
        world.scope().resync(SYNC, ResyncScope::All, true).await.unwrap();
        assert!(timeout(Duration::from_secs(3600), world.arrivals.next()).await.is_err(), "{body}");
    }
    world.stop().await;
}

/// The first "none" of a rule that has found somebody is believed, and once.
#[tokio::test(start_paused = true)]
async fn h02_a_lookup_that_never_finds_makes_one_more_record_at_most() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("found").await;
    world.expect(Method::Get, "/search?ext=found").await.answer(200, r#"{"results":[{"id":"1"}]}"#);
    world.expect(Method::Put, "/contacts/1").await.answer(200, "{}");
    world.is_linked_to("found", "1").await;
    world.push(&["p1"]).await.unwrap();
    let mut creates = 0;
    while let Ok(arrival) = timeout(Duration::from_secs(6 * 3600), world.arrivals.next()).await {
        if arrival.request.method == Method::Post {
            creates += 1;
            arrival.answer(201, "");
        } else {
            arrival.answer(200, r#"{"results":[]}"#);
        }
    }
    assert_eq!(creates, 2);
    let link = world.link("p1").await.unwrap();
    assert_eq!(link.parked.unwrap().reason, ParkReason::NoUniqueId);
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h03_a_page_deletes_nobody() {
    let mut world = world_with(&usual()).await;
    world.linked("p1", "7").await;
    world.delete("p1").await;
    world.expect(Method::Delete, "/contacts/7").await.answer(200, PAGE);
    assert!(matches!(world.link("p1").await.unwrap().state, LinkState::Linked(_) | LinkState::Leaving(_)));
    world.expect(Method::Delete, "/contacts/7").await.answer(204, "");
    eventually("the link is gone", async || world.link("p1").await.is_none().then_some(())).await;
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h05_an_edit_in_doubt_does_not_let_the_next_change_decide() {
    let with_key = |data: &str| SyncPatch { create: Patch::Set(rule(Method::Post, "contacts", Some(data))), ..usual() };
    let mut world = world_with(&with_key(r#"{"name":"{{ person.name }}","key":"{{ idempotency_key }}"}"#)).await;
    world.create_in_doubt("p1").await;
    let edited = with_key(r#"{"name":"{{ person.name }}","kind":"lead","key":"{{ idempotency_key }}"}"#);
    world.scope().update_sync(SYNC, &edited, None, None).await.unwrap();
    let parked = |link: &sync_core::link::Link| {
        link.parked.as_ref().is_some_and(|parked| parked.reason == ParkReason::Uncertain)
    };
    let link = link_is(&world, "p1", parked).await;
    assert!(link.key.is_some(), "the key is kept");
    assert!(world.arrivals.is_empty());
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h06_h07_what_was_there_before_is_kept_and_updated_again_when_the_person_comes_back() {
    let mut world = adopted(AdoptedRecords::Keep).await;
    world.delete("p1").await;
    let link = link_is(&world, "p1", |link| !link.is_owed()).await;
    assert!(link.notes().kept && world.arrivals.is_empty());
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Put, "/contacts/4711").await.answer(200, "{}");
    world.is_linked_to("p1", "4711").await;
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h06_where_it_is_said_so_it_is_deleted() {
    let mut world = adopted(AdoptedRecords::Delete).await;
    world.delete("p1").await;
    world.expect(Method::Delete, "/contacts/4711").await.answer(204, "");
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h08_creates_that_tell_no_id_hold_back_creates_only() {
    let mut world = world_with(&usual()).await;
    world.linked("old", "1").await;
    world.push(&["a", "b", "c", "d", "e"]).await.unwrap();
    let mut creates = 0;
    while let Ok(arrival) = timeout(Duration::from_secs(3600), world.arrivals.next()).await {
        assert_eq!(arrival.request.method, Method::Post);
        arrival.answer(201, "{}");
        creates += 1;
    }
    assert!((3..=5).contains(&creates), "{creates}");
    world.push(&["f"]).await.unwrap();
    world.rename("old", "new").await;
    // Not the create.
    world.expect(Method::Put, "/contacts/1").await.answer(200, "{}");
    let runtimes = world.store.runtimes(crate::support::ACCOUNT, &[SYNC]).await.unwrap();
    assert_eq!(runtimes[0].1.governor.brakes().count(), 1);
    world.stop().await;
}

/// A lock was not carried out; a bad gateway may have been.
#[tokio::test(start_paused = true)]
async fn h09_later_and_maybe_later_are_told_apart() {
    let mut patch = usual();
    if let Patch::Set(create) = &mut patch.create {
        create.on_uncertain = Patch::Set(OnUncertain::Park);
    }
    let mut world = world_with(&patch).await;
    world.push(&["locked"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(423, "");
    world.expect(Method::Post, "/contacts").await.created("1");
    world.is_linked_to("locked", "1").await;
    world.push(&["maybe"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(502, "");
    let link = link_is(&world, "maybe", |link| link.parked.is_some()).await;
    assert_eq!((&link.state, link.parked.unwrap().reason), (&LinkState::Uncertain, ParkReason::Uncertain));
    assert!(world.arrivals.is_empty());
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h10_one_persons_501_and_403_stop_nobody_else() {
    let mut world = world_with(&usual()).await;
    world.linked("p", "1").await;
    world.linked("o", "2").await;
    for (status, name) in [(501, "a"), (503, "b"), (403, "c")] {
        world.rename("p", name).await;
        for _ in 0..3 {
            world.expect(Method::Put, "/contacts/1").await.answer(status, "");
        }
        link_is(&world, "p", |link| link.lease.is_none()).await;
        world.rename("o", name).await;
        let began = tokio::time::Instant::now();
        world.expect(Method::Put, "/contacts/2").await.answer(200, "{}");
        assert!(began.elapsed() < Duration::from_secs(2), "{status}: {:?}", began.elapsed());
        world.is_linked_to("o", "2").await;
        // Once more, so that the next status comes to a person who is well.
        world.expect(Method::Put, "/contacts/1").await.answer(200, "{}");
        world.is_linked_to("p", "1").await;
    }
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h11_a_record_that_may_have_moved_is_deleted_where_it_is() {
    let mut world = world_with(&SyncPatch { follow_unique_id: Patch::Set(true), ..usual_with_lookup() }).await;
    world.linked("k", "a").await;
    world.rename("k", "moved").await;
    // Carried out: the record is b now.
    drop(world.expect(Method::Put, "/contacts/a").await);
    world.delete("k").await;
    world.expect(Method::Delete, "/contacts/a").await.answer(404, "");
    world.expect(Method::Get, "/search?ext=k").await.answer(200, r#"{"results":[{"id":"b"}]}"#);
    world.expect(Method::Delete, "/contacts/b").await.answer(204, "");
    eventually("the link is gone", async || world.link("k").await.is_none().then_some(())).await;
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h12_under_a_wrong_url_nobody_is_created_again() {
    for on_missing in [OnMissing::Recreate, OnMissing::Lookup] {
        let mut world = world_with(&usual_with_lookup()).await;
        world.linked("p1", "7").await;
        let update = RulePatch {
            url: Patch::Set("https://crm.test/nowhere/{{ unique_id }}".to_owned()),
            on_missing: Patch::Set(on_missing),
            ..RulePatch::default()
        };
        let patch = SyncPatch { update: Patch::Set(update), ..SyncPatch::default() };
        world.scope().update_sync(SYNC, &patch, None, None).await.unwrap();
        world.rename("p1", "b").await;
        world.expect(Method::Put, "/nowhere/7").await.answer(404, "");
        let link = link_is(&world, "p1", |link| link.parked.is_some()).await;
        assert!(link.parked.unwrap().reason == ParkReason::Missing && matches!(link.state, LinkState::Linked(_)));
        assert!(world.arrivals.is_empty());
        world.stop().await;
    }
}
