//! The sequences that broke a draft of the rules' second edition, from the change to the request: the name's beginning is the
//! hazard's number.

use crate::cases::{NOBODY, lookup, rule, usual, usual_with_lookup, world_with};
use crate::rarer::found;
use crate::support::{SYNC, World, eventually, link_is};
use sync_core::governor::brake::BrakeKind;
use sync_core::link::{LinkState, ParkReason, UniqueId};
use sync_core::patch::{RulePatch, SyncPatch};
use sync_core::person::Patch;
use sync_core::ports::{DirectoryStore, ResyncScope, RetryFilter};
use sync_core::sync::{AdoptedRecords, Method, OnExisting, OnMissing, OnUncertain, UniqueIdSource};
use testkit::staged::Trouble;
use tokio::time::{Duration, Instant, timeout};

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
    world.is_forgotten("p1").await;
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

/// Where something else tells what became of the first create, that is asked; where nothing does, it is sent again as before.
#[tokio::test(start_paused = true)]
async fn h05_an_edit_in_doubt_changes_nothing_else() {
    let edited = |mut patch: SyncPatch, data: &str| {
        if let Patch::Set(create) = &mut patch.create {
            create.data = Patch::Set(data.to_owned());
        }
        patch
    };
    let data = r#"{"name":"{{ person.name }}","kind":"lead"}"#;
    // A lookup.
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("p1").await;
    world.edit(&edited(usual_with_lookup(), data)).await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"7"}]}"#);
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
    // An id of ours, and nothing: the create of today's rule.
    for (patch, method, path) in
        [(chosen("{{ person.id }}"), Method::Put, "/contacts/p1"), (usual(), Method::Post, "/contacts")]
    {
        let mut world = world_with(&patch).await;
        world.push(&["p1"]).await.unwrap();
        let first = world.expect(method, path).await;
        let key = first.header("idempotency-key").unwrap().to_owned();
        drop(first);
        world.edit(&edited(patch, data)).await;
        let repeated = world.expect(method, path).await;
        assert!(repeated.body().contains("lead"), "{}", repeated.body());
        assert_eq!(repeated.header("idempotency-key"), Some(key.as_str()), "the same operation");
        world.tell_to_stop();
    }
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

/// "See other" mostly means done; "temporary redirect" that nothing was.
#[tokio::test(start_paused = true)]
async fn h09_after_a_redirect_that_may_mean_done_the_mended_rule_makes_no_second_record() {
    let mended = || SyncPatch { create: Patch::Set(rule(Method::Post, "v2/contacts", None)), ..SyncPatch::default() };
    for (status, state) in [(303, LinkState::Uncertain), (307, LinkState::Unlinked)] {
        let mut world = world_with(&usual_with_lookup()).await;
        world.push(&["p1"]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(status, "");
        assert_eq!(world.is_parked("p1", ParkReason::Redirected).await.state, state);
        world.edit(&mended()).await;
        let next = world.next().await;
        assert_eq!(next.request.method, if status == 303 { Method::Get } else { Method::Post }, "{:?}", next.request);
        world.tell_to_stop();
    }
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
    for (searched, asked_first) in [("ext={{ person.id }}", true), ("name={{ person.name }}", false)] {
        let search = lookup(&format!("search?{searched}"), "$.results[*].id");
        let sync = SyncPatch { follow_unique_id: Patch::Set(true), lookup: Patch::Set(search), ..usual() };
        let mut world = world_with(&sync).await;
        world.linked("k", "a").await;
        world.rename("k", "moved").await;
        // Carried out: the record is b now.
        drop(world.expect(Method::Put, "/contacts/a").await);
        world.delete("k").await;
        if asked_first {
            world.expect(Method::Get, "/search?ext=k").await.answer(200, r#"{"results":[{"id":"b"}]}"#);
        } else {
            world.expect(Method::Delete, "/contacts/a").await.answer(404, "");
            world.expect(Method::Get, "/search?name=moved").await.answer(200, r#"{"results":[{"id":"b"}]}"#);
        }
        world.expect(Method::Delete, "/contacts/b").await.answer(204, "");
        world.is_forgotten("k").await;
        world.stop().await;
    }
}

/// A create may have been carried out at one id: that its repetition is refused there sends nothing to another one.
#[tokio::test(start_paused = true)]
async fn h11_a_create_in_doubt_that_is_refused_goes_to_no_other_id() {
    let mut world = world_with(&SyncPatch { follow_unique_id: Patch::Set(true), ..chosen("{{ person.name }}") }).await;
    world.push(&["p1"]).await.unwrap();
    drop(world.expect(Method::Put, "/contacts/p1").await);
    world.rename("p1", "b").await;
    world.expect(Method::Put, "/contacts/p1").await.answer(400, "no");
    let link = world.is_parked("p1", ParkReason::Uncertain).await;
    assert!(link.parked.unwrap().detail.contains("Look whether p1 is there"));
    assert!(world.arrivals.is_empty());
    world.scope().retry(&RetryFilter { sync: Some(SYNC), ..RetryFilter::default() }).await.unwrap();
    for _ in ["the create", "the update of what a repetition may have found"] {
        world.expect(Method::Put, "/contacts/b").await.answer(200, "{}");
    }
    world.is_linked_to("p1", "b").await;
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
        // Nor is a delete that comes after it taken for done.
        world.delete("p1").await;
        world.expect(Method::Delete, "/contacts/7").await.answer(204, "");
        world.is_forgotten("p1").await;
        world.stop().await;
    }
}

/// A sync whose create rule names the idempotency key.
fn with_key() -> SyncPatch {
    let data = r#"{"name":"{{ person.name }}","key":"{{ idempotency_key }}"}"#;
    SyncPatch { create: Patch::Set(rule(Method::Post, "contacts", Some(data))), ..usual() }
}

/// A sync that chooses the id itself, and creates by PUT.
fn chosen(template: &str) -> SyncPatch {
    let data = Some(r#"{"name":"{{ person.name }}"}"#);
    SyncPatch {
        unique_id: Patch::Set(UniqueIdSource::Template(template.to_owned())),
        create: Patch::Set(rule(Method::Put, &format!("contacts/{template}"), data)),
        ..usual()
    }
}

/// H4 (a): under a key that is honoured the refusal is the first request's own.
#[tokio::test(start_paused = true)]
async fn h04_a_first_bytes_that_are_refused_give_way_to_the_change_that_mends() {
    let mut world = world_with(&with_key()).await;
    world.push(&["bad"]).await.unwrap();
    let first = world.expect(Method::Post, "/contacts").await;
    let key = first.header("idempotency-key").unwrap().to_owned();
    drop(first);
    world.rename("bad", "good").await;
    let repeated = world.expect(Method::Post, "/contacts").await;
    assert_eq!(repeated.header("idempotency-key"), Some(key.as_str()));
    assert!(repeated.body().contains(r#""bad""#), "the first bytes: {}", repeated.body());
    repeated.answer(400, "bad is no name");
    let mended = world.expect(Method::Post, "/contacts").await;
    assert!(mended.body().contains(r#""good""#) && mended.header("idempotency-key") != Some(key.as_str()));
    mended.created("7");
    world.is_linked_to("bad", "7").await;
    // With nothing mended it is refused, and nothing is in doubt any more.
    world.create_in_doubt("p2").await;
    world.expect(Method::Post, "/contacts").await.answer(400, "p2 is no name");
    let link = world.is_parked("p2", ParkReason::Refused).await;
    assert!(link.state == LinkState::Unlinked && link.key.is_none(), "{link:?}");
    world.stop().await;
}

/// H4 (b): a second "none" makes the refusal definite.
#[tokio::test(start_paused = true)]
async fn h04_b_with_a_lookup_a_refused_repetition_is_looked_up_once_more() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("p1").await;
    let (repeated, _) = world.finds_nobody().await;
    let refused = Instant::now();
    repeated.answer(400, "no");
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, NOBODY);
    assert!(refused.elapsed() >= Duration::from_secs(30), "an index may lag: {:?}", refused.elapsed());
    let link = world.is_parked("p1", ParkReason::Refused).await;
    assert_eq!(link.state, LinkState::Unlinked);
    assert!(link.parked.unwrap().detail.contains("answered 400"));
    // The change that mends is sent as it is.
    world.rename("p1", "mended").await;
    let next = world.expect(Method::Post, "/contacts").await;
    assert!(next.body().contains("mended"));
    next.created("7");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// H4: a lookup searches for what was sent last, and the newest state is what is sent.
#[tokio::test(start_paused = true)]
async fn h04_what_was_sent_last_is_what_is_searched_for() {
    let by_name = lookup("search?name={{ person.name }}", "$.results[*].id");
    let mut world = world_with(&SyncPatch { lookup: Patch::Set(by_name), ..usual() }).await;
    world.push(&["p1"]).await.unwrap();
    let first = world.expect(Method::Post, "/contacts").await;
    world.rename("p1", "b").await;
    drop(first);
    world.expect(Method::Get, "/search?name=p1").await.answer(200, NOBODY);
    let (second, _) = world.finds_nobody().await;
    assert!(second.body().contains(r#""b""#), "{}", second.body());
    drop(second);
    world.expect(Method::Get, "/search?name=b").await.answer(200, r#"{"results":[{"id":"7"}]}"#);
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// H4 (c): the record may be there all the same.
#[tokio::test(start_paused = true)]
async fn h04_c_with_a_chosen_id_the_newest_state_is_repeated_and_a_refusal_stays_uncertain() {
    let mut world = world_with(&chosen("{{ person.id }}")).await;
    world.push(&["p1"]).await.unwrap();
    let first = world.expect(Method::Put, "/contacts/p1").await;
    world.rename("p1", "b").await;
    drop(first);
    let repeated = world.expect(Method::Put, "/contacts/p1").await;
    assert!(repeated.body().contains(r#""b""#), "the newest state: {}", repeated.body());
    repeated.answer(400, "no");
    let link = world.is_parked("p1", ParkReason::Refused).await;
    assert_eq!(link.state, LinkState::Uncertain);
    world.rename("p1", "c").await;
    let next = world.expect(Method::Put, "/contacts/p1").await;
    assert!(next.body().contains(r#""c""#));
    next.answer(200, "{}");
    // Of which of both it was the answer is not known.
    world.expect(Method::Put, "/contacts/p1").await.answer(200, "{}");
    world.is_linked_to("p1", "p1").await;
    world.stop().await;
}

/// H4 (d): nothing tells; but each change is sent as it is.
#[tokio::test(start_paused = true)]
async fn h04_d_with_nothing_that_tells_the_change_that_mends_is_sent() {
    let mut world = world_with(&usual()).await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(502, "");
    world.expect(Method::Post, "/contacts").await.answer(400, "no");
    let link = world.is_parked("p1", ParkReason::Uncertain).await;
    let detail = link.parked.unwrap().detail;
    assert!(link.state == LinkState::Uncertain && detail.contains("answered 400") && detail.contains("answered 502"));
    world.rename("p1", "mended").await;
    let next = world.expect(Method::Post, "/contacts").await;
    assert!(next.body().contains("mended"));
    next.created("7");
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// People whose data is bad come first after an edit: whoever is well goes within ten seconds, wherever in the queue.
#[tokio::test(start_paused = true)]
async fn h13_bad_people_who_come_first_hold_nobody_else_for_long() {
    let mut world = world_with(&usual()).await;
    for bad in ["a1", "a2", "a3", "a4", "a5"] {
        world.push(&[bad]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(422, "no");
    }
    let began = Instant::now();
    eventually("creates are held", async || world.held().await.contains(&BrakeKind::Alike).then_some(())).await;
    world.push(&["a6", "a7"]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.push(&["z"]).await.unwrap();
    let let_through = world.expect(Method::Post, "/contacts").await;
    assert!(let_through.body().contains(r#""z""#), "the newest change: {}", let_through.body());
    let_through.created("z");
    world.is_linked_to("z", "z").await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // One acceptance lifts it.
    for id in ["6", "7"] {
        world.expect(Method::Post, "/contacts").await.created(id);
    }
    assert!(began.elapsed() < Duration::from_secs(11) && world.held().await.is_empty());
    world.stop().await;
}

/// Nobody is tried again and again while others have not been tried.
#[tokio::test(start_paused = true)]
async fn h13_everybody_has_a_turn() {
    let mut world = world_with(&usual()).await;
    let bad: Vec<String> = (0..24).map(|n| format!("a{n:02}")).collect();
    world.push(&bad.iter().map(String::as_str).chain(["b"]).collect::<Vec<_>>()).await.unwrap();
    let mut tried = std::collections::BTreeSet::new();
    loop {
        let create = world.next().await;
        if create.body().contains(r#""b""#) {
            create.created("b");
            break;
        }
        assert!(tried.insert(create.body()), "twice, before others: {}", create.body());
        create.answer(422, "no");
    }
    world.is_linked_to("b", "b").await;
    world.stop().await;
}

/// A rule that worked, and then is refused for everybody (a licence that ended): people stay owed.
#[tokio::test(start_paused = true)]
async fn h13_a_rule_that_breaks_later_strands_nobody() {
    let mut world = world_with(&usual()).await;
    let people: Vec<String> = (0..60).map(|n| format!("p{n}")).collect();
    for person in &people {
        world.linked(person, person).await;
        world.rename(person, "b").await;
        world.expect(Method::Put, &format!("/contacts/{person}")).await.answer(200, "{}");
        world.is_linked_to(person, person).await;
    }
    for person in &people {
        world.rename(person, "c").await;
    }
    let mut refused = 0;
    while let Ok(arrival) = timeout(Duration::from_secs(4), world.arrivals.next()).await {
        arrival.answer(402, "your plan has ended");
        refused += 1;
    }
    assert!((20..=40).contains(&refused), "{refused}");
    let runtime = world.store.runtimes(crate::support::ACCOUNT, &[SYNC]).await.unwrap().remove(0).1;
    assert!(runtime.counts.owed >= 40, "{:?}", runtime.counts);
    let mut accepted = 0;
    while let Ok(arrival) = timeout(Duration::from_secs(20), world.arrivals.next()).await {
        arrival.answer(200, "{}");
        accepted += 1;
    }
    let runtime = world.store.runtimes(crate::support::ACCOUNT, &[SYNC]).await.unwrap().remove(0).1;
    assert!(runtime.counts.owed == 0 && accepted >= 40, "{:?}", runtime.counts);
    world.stop().await;
}

/// Fifty people whom the system cannot take, changed at once: nobody else waits for them.
#[tokio::test(start_paused = true)]
async fn h15_bulk_of_bad_people_makes_nobody_else_wait() {
    let mut world = world_with(&usual()).await;
    let people: Vec<String> = (0..200).map(|n| format!("p{n:03}")).collect();
    for person in &people {
        world.linked(person, person).await;
    }
    let (bad, well) = people.split_at(50);
    for person in bad {
        world.rename(person, "bad").await;
    }
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut waits = std::collections::HashMap::new();
    let (mut longest, mut turn) = (Duration::ZERO, 0);
    while turn < 1200 {
        tokio::select! {
            arrival = world.arrivals.next() => {
                let person = arrival.request.url.path().trim_start_matches("/contacts/").to_owned();
                if bad.contains(&person) {
                    arrival.answer(500, "");
                } else {
                    let since: Instant = waits.remove(&person).expect("it was changed");
                    longest = longest.max(since.elapsed());
                    arrival.answer(200, "{}");
                }
            }
            _ = tick.tick() => {
                let person = &well[turn % well.len()];
                waits.entry(person.clone()).or_insert_with(Instant::now);
                world.rename(person, &format!("{turn}")).await;
                turn += 1;
            }
        }
    }
    let longest = waits.values().map(Instant::elapsed).fold(longest, Duration::max);
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    world.stop().await;
}

/// Thirty people whom the system cannot take are new, and nobody is linked yet who could show that others are taken: who comes
/// after them does not wait for them.
#[tokio::test(start_paused = true)]
async fn h15_bulk_of_new_bad_people_makes_nobody_new_wait() {
    let mut world = world_with(&usual_with_lookup()).await;
    let bad: Vec<String> = (0..30).map(|n| format!("bad{n:02}")).collect();
    world.push(&bad.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    let mut tick = tokio::time::interval(Duration::from_secs(7));
    let mut waits = std::collections::HashMap::new();
    let mut all = Vec::new();
    let mut turn = 0;
    while turn < 200 {
        tokio::select! {
            arrival = world.arrivals.next() => {
                let said = arrival.request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
                let well = waits.keys().find(|person: &&String| said.contains(&format!("\"{person}\""))).cloned();
                match (arrival.request.method, well) {
                    (Method::Get, _) => arrival.answer(200, NOBODY),
                    (_, Some(person)) => {
                        let since: Instant = waits.remove(&person).unwrap();
                        all.push((turn, since.elapsed()));
                        arrival.created(&person);
                    }
                    (_, None) => arrival.answer(500, ""),
                }
            }
            _ = tick.tick() => {
                let person = format!("well{turn:03}");
                waits.insert(person.clone(), Instant::now());
                world.push(&[&person]).await.unwrap();
                turn += 1;
            }
        }
    }
    let longest = waits.values().map(Instant::elapsed).chain(all.iter().map(|(_, wait)| *wait)).max().unwrap();
    assert!(longest < Duration::from_secs(10), "{longest:?}");
    world.stop().await;
}

/// One person gets "too many requests" whenever it is asked, as systems do that limit changes of one record: others, who come now
/// and then, do not wait for the holds that this begins.
#[tokio::test(start_paused = true)]
async fn one_persons_429_makes_nobody_else_wait_long() {
    for every in [20, 300] {
        let mut world = world_with(&usual()).await;
        world.linked("limited", "limited").await;
        let (mut waits, mut all, mut refused) = (std::collections::HashMap::new(), Vec::new(), 0);
        let mut tick = tokio::time::interval(Duration::from_secs(every));
        world.rename("limited", "b").await;
        while all.len() < 100 {
            tokio::select! {
                arrival = world.arrivals.next() => {
                    if arrival.request.method == Method::Put {
                        refused += 1;
                        arrival.answer(429, "");
                        continue;
                    }
                    let said = String::from_utf8_lossy(arrival.request.body.as_ref().unwrap()).into_owned();
                    let person = waits.keys().find(|person: &&String| said.contains(&format!("\"{person}\""))).cloned().unwrap();
                    all.push(waits.remove(&person).map(|since: Instant| since.elapsed()).unwrap());
                    arrival.created(&person);
                }
                _ = tick.tick() => {
                    let person = format!("well{}", all.len() + waits.len());
                    waits.insert(person.clone(), Instant::now());
                    world.push(&[&person]).await.unwrap();
                }
            }
        }
        let longest = all.iter().max().unwrap();
        assert!(*longest < Duration::from_secs(10) && refused > 5, "{refused} refused; {longest:?}");
        world.stop().await;
    }
}

/// Nor do the holds of some such people, pushed together, add up.
#[tokio::test(start_paused = true)]
async fn some_peoples_429_make_nobody_else_wait_long() {
    let mut world = world_with(&usual()).await;
    let limited: Vec<String> = (0..12).map(|n| format!("limited{n:02}")).collect();
    let well: Vec<String> = (0..50).map(|n| format!("well{n:02}")).collect();
    for person in limited.iter().chain(&well) {
        world.linked(person, person).await;
    }
    for person in &limited {
        world.rename(person, "b").await;
    }
    let mut tick = tokio::time::interval(Duration::from_secs(2));
    let (mut waits, mut all, mut turn) = (std::collections::HashMap::new(), Vec::new(), 0);
    while turn < 150 {
        tokio::select! {
            arrival = world.arrivals.next() => {
                let person = arrival.request.url.path().trim_start_matches("/contacts/").to_owned();
                match waits.remove(&person) {
                    Some(since) => {
                        all.push(Instant::elapsed(&since));
                        arrival.answer(200, "{}");
                    }
                    None => arrival.answer(429, ""),
                }
            }
            _ = tick.tick() => {
                let person = &well[turn % well.len()];
                waits.entry(person.clone()).or_insert_with(Instant::now);
                world.rename(person, &format!("{turn}")).await;
                turn += 1;
            }
        }
    }
    let longest = waits.values().map(Instant::elapsed).chain(all).max().unwrap();
    assert!(longest < Duration::from_secs(20), "{longest:?}");
    world.stop().await;
}

/// A system that answers creates by 202, and whose records a search finds, except those of some people. Returns how many creates
/// came, and how long after the first change the last one did.
async fn created_silently(world: &mut World, people: &[String]) -> (usize, Duration) {
    let began = Instant::now();
    world.push(&people.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    let (mut creates, mut last) = (0, Duration::ZERO);
    while let Ok(arrival) = timeout(Duration::from_secs(3600), world.arrivals.next()).await {
        let query = arrival.request.url.query().map(|query| query.trim_start_matches("ext=").to_owned());
        match (arrival.request.method, query) {
            (Method::Post, _) => {
                (creates, last) = (creates + 1, began.elapsed());
                arrival.answer(202, "{}");
            }
            (Method::Get, Some(person)) if person.starts_with("lost") => arrival.answer(200, NOBODY),
            (Method::Get, Some(person)) => arrival.answer(200, &found(&person)),
            _ => arrival.answer(200, "{}"),
        }
    }
    (creates, last)
}

#[tokio::test(start_paused = true)]
async fn h08_ids_that_lookups_find_make_silence_no_fault() {
    let mut world = world_with(&usual_with_lookup()).await;
    let people = |name: &str, most| (0..most).map(|n| format!("{name}{n:03}")).collect::<Vec<_>>();
    let (creates, last) = created_silently(&mut world, &people("p", 200)).await;
    assert!(creates == 200 && last < Duration::from_secs(70), "{creates} {last:?}");
    // What vanishes is not sent without end.
    let (creates, _) = created_silently(&mut world, &people("lost", 30)).await;
    assert!((30..50).contains(&creates), "{creates}");
    assert_eq!(world.held().await, [BrakeKind::SilentCreates]);
    world.stop().await;
}

/// A system that is dead for two hours, with somebody new every ten seconds.
#[tokio::test(start_paused = true)]
async fn h15_a_dead_system_is_asked_with_few_creates() {
    let mut world = world_with(&usual()).await;
    let (mut requests, mut pushed) = (0, 0);
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    while pushed < 720 {
        tokio::select! {
            arrival = world.arrivals.next() => {
                requests += 1;
                arrival.answer(502, "");
            }
            _ = tick.tick() => {
                world.push(&[&format!("p{pushed}")]).await.unwrap();
                pushed += 1;
            }
        }
    }
    assert!((100..=150).contains(&requests), "{requests}");
    world.stop().await;
}

impl World {
    /// What holds requests of the sync back.
    async fn held(&self) -> Vec<BrakeKind> {
        let runtimes = self.store.runtimes(crate::support::ACCOUNT, &[SYNC]).await.unwrap();
        runtimes[0].1.governor.brakes().map(|(_, brake)| brake.kind).collect()
    }

    /// A create of this person is under way while the links of the emptied system are forgotten.
    async fn forgotten_meanwhile(&mut self, person: &str, expected: i64) -> testkit::crm::Arrival {
        self.push(&[person]).await.unwrap();
        let create = self.expect(Method::Post, "/contacts").await;
        self.scope().pause_sync(SYNC).await.unwrap();
        assert_eq!(self.scope().forget_links(SYNC, expected).await.unwrap(), expected);
        link_is(self, person, |link| link.notes().forget).await;
        create
    }
}

/// The create is carried out in the emptied system: its record is not made twice.
#[tokio::test(start_paused = true)]
async fn h17_what_is_made_while_links_are_forgotten_is_kept() {
    let mut world = world_with(&usual()).await;
    let create = world.forgotten_meanwhile("p1", 0).await;
    create.created("7");
    link_is(&world, "p1", |link| link.lease.is_none()).await;
    world.scope().resume_sync(SYNC).await.unwrap();
    world.is_linked_to("p1", "7").await;
    assert!(world.arrivals.is_empty(), "made as it is");
    // Also for somebody who was deleted meanwhile: the record goes.
    let create = world.forgotten_meanwhile("p2", 1).await;
    world.delete("p2").await;
    create.created("8");
    world.scope().resume_sync(SYNC).await.unwrap();
    let mut gone = false;
    while !gone {
        let next = world.next().await;
        match (next.request.method, next.request.url.path()) {
            // p1 was forgotten.
            (Method::Post, _) => next.created("9"),
            (Method::Delete, "/contacts/8") => {
                next.answer(204, "");
                gone = true;
            }
            other => panic!("{other:?}"),
        }
    }
    world.is_forgotten("p2").await;
    world.stop().await;
}

/// Without an answer nobody knows whether it was made.
#[tokio::test(start_paused = true)]
async fn h17_a_create_without_an_answer_stays_in_doubt() {
    let mut world = world_with(&usual_with_lookup()).await;
    drop(world.forgotten_meanwhile("p1", 0).await);
    link_is(&world, "p1", |link| link.lease.is_none() && link.state == LinkState::Uncertain).await;
    world.scope().resume_sync(SYNC).await.unwrap();
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"7"}]}"#);
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// Two people with one address at a system that is keyed by it: the second one's create would overwrite the first one's record.
#[tokio::test(start_paused = true)]
async fn h18_nobodys_record_is_written_for_somebody_else() {
    let mut world = world_with(&SyncPatch { follow_unique_id: Patch::Set(true), ..chosen("{{ person.name }}") }).await;
    world.push(&["p"]).await.unwrap();
    world.expect(Method::Put, "/contacts/p").await.answer(200, "{}");
    world.is_linked_to("p", "p").await;
    world.rename("q", "p").await;
    let link = world.is_parked("q", ParkReason::Conflict).await;
    assert_eq!(link.state, LinkState::Unlinked);
    assert!(link.parked.unwrap().detail.contains("nothing sent: the unique id p already belongs to the person p"));
    assert!(world.arrivals.is_empty(), "nothing was sent");
    // As soon as the id is free, it is taken.
    world.rename("p", "other").await;
    world.expect(Method::Put, "/contacts/p").await.answer(200, "{}");
    world.is_linked_to("p", "other").await;
    world.expect(Method::Put, "/contacts/p").await.answer(200, "{}");
    world.is_linked_to("q", "p").await;
    // Nor does an update move one record onto another's.
    world.rename("q", "other").await;
    let link = world.is_parked("q", ParkReason::Conflict).await;
    assert_eq!(link.state, LinkState::Linked(UniqueId::text("p").unwrap()));
    assert!(world.arrivals.is_empty(), "nothing was sent");
    // Nor is one's record deleted for another.
    world.rename("q", "free").await;
    drop(world.expect(Method::Put, "/contacts/p").await);
    world.stop().await;
}

/// A create in doubt of one person, at the id that another one holds by now: neither repeated nor deleted there, and the other's
/// data is sent once more, since it may have been overwritten.
#[tokio::test(start_paused = true)]
async fn h18_what_may_have_overwritten_a_record_is_told_to_its_holder() {
    for deleted in [false, true] {
        let mut world = world_with(&chosen("{{ person.name }}")).await;
        world.push(&["p"]).await.unwrap();
        let mine = world.expect(Method::Put, "/contacts/p").await;
        world.rename("q", "p").await;
        drop(world.expect(Method::Put, "/contacts/p").await);
        mine.answer(200, "{}");
        world.is_linked_to("p", "p").await;
        if deleted {
            world.delete("q").await;
        }
        // The holder's.
        let next = world.expect(Method::Put, "/contacts/p").await;
        world.is_parked("q", ParkReason::Conflict).await;
        next.answer(200, "{}");
        world.is_linked_to("p", "p").await;
        assert!(world.arrivals.is_empty());
        world.stop().await;
    }
}

/// Nor is it overlooked where a lookup finds that record.
#[tokio::test(start_paused = true)]
async fn h18_what_a_lookup_finds_of_a_create_in_doubt_is_told_to_its_holder() {
    let search = Patch::Set(lookup("search?ext={{ person.id }}", "$.results[*].id"));
    let mut world = world_with(&SyncPatch { lookup: search, ..chosen("{{ person.name }}") }).await;
    world.push(&["p"]).await.unwrap();
    let mine = world.expect(Method::Put, "/contacts/p").await;
    world.rename("q", "p").await;
    drop(world.expect(Method::Put, "/contacts/p").await);
    mine.answer(200, "{}");
    world.is_linked_to("p", "p").await;
    world.delete("q").await;
    let mut told = false;
    while !told || world.link("q").await.unwrap().parked.is_none() {
        let next = world.next().await;
        match next.request.method {
            Method::Get => next.answer(200, &found("p")),
            Method::Put => {
                assert!(next.body().contains(r#""ext":"p""#), "{}", next.body());
                told = true;
                next.answer(200, "{}");
            }
            other => panic!("{other:?}: another's record"),
        }
        link_is(&world, "q", |link| link.lease.is_none()).await;
    }
    world.is_parked("q", ParkReason::Conflict).await;
    world.stop().await;
}

/// A system that is dead for the store, too: who holds an id is asked for again.
#[tokio::test(start_paused = true)]
async fn h18_nothing_is_sent_while_nobody_can_tell_who_holds_an_id() {
    let mut world = world_with(&chosen("{{ person.name }}")).await;
    world.store.trouble("links", Trouble::Unavailable, Some(2));
    world.push(&["p"]).await.unwrap();
    world.expect(Method::Put, "/contacts/p").await.answer(200, "{}");
    world.is_linked_to("p", "p").await;
    assert!(world.store.calls("links") >= 3);
    // The person's own id is nobody else's: nobody is asked.
    let asked = world.store.calls("links");
    world
        .edit(&SyncPatch { unique_id: Patch::Set(UniqueIdSource::Template("{{ person.id }}".to_owned())), ..usual() })
        .await;
    world.push(&["n"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(200, "{}");
    world.is_linked_to("n", "n").await;
    assert_eq!(world.store.calls("links"), asked);
    world.stop().await;
}

/// R1: an index that lags for longer than one settling time.
#[tokio::test(start_paused = true)]
async fn r1_a_none_for_a_deleted_person_is_asked_once_more_an_hour_later() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("p1").await;
    world.delete("p1").await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, NOBODY);
    let asked = Instant::now();
    assert!(world.link("p1").await.is_some(), "the row does not go yet");
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"7"}]}"#);
    assert!(asked.elapsed() >= Duration::from_secs(3600), "{:?}", asked.elapsed());
    world.expect(Method::Delete, "/contacts/7").await.answer(204, "");
    world.is_forgotten("p1").await;
    // Where nobody is there an hour later, either, nothing is left to do.
    world.create_in_doubt("p2").await;
    world.delete("p2").await;
    for _ in 0..2 {
        world.expect(Method::Get, "/search?ext=p2").await.answer(200, NOBODY);
    }
    world.is_forgotten("p2").await;
    world.stop().await;
}

/// A lookup's control is a request like any other: what it is answered holds the sync, and proves nothing.
#[tokio::test(start_paused = true)]
async fn a_control_that_is_limited_holds_the_sync_and_is_sent_again() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.linked("p0", "0").await;
    world.create_in_doubt("p1").await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(404, "");
    world.expect(Method::Get, "/search?ext=p0").await.answer_with(429, &[("retry-after", "300")], "");
    let limited = Instant::now();
    link_is(&world, "p1", |link| link.lease.is_none()).await;
    world.rename("p0", "b").await;
    let next = world.next().await;
    assert!(limited.elapsed() >= Duration::from_secs(300), "{:?}: {:?}", limited.elapsed(), next.request);
    assert_eq!(next.request.method, Method::Put);
    next.answer(200, "{}");
    world.expect(Method::Get, "/search?ext=p1").await.answer(404, "");
    world.expect(Method::Get, "/search?ext=p0").await.answer(200, r#"{"results":[{"id":"0"}]}"#);
    // It is proven now.
    world.expect(Method::Post, "/contacts").await.created("1");
    world.expect(Method::Put, "/contacts/1").await.answer(200, "{}");
    world.is_linked_to("p1", "1").await;
    world.stop().await;
}

/// What the old system answers to a first create names another's record at the new one.
#[tokio::test(start_paused = true)]
async fn a_create_that_is_under_way_while_the_rules_move_links_nobody_at_the_new_origin() {
    let mut world = world_with(&usual()).await;
    world.push(&["p1"]).await.unwrap();
    let old = world.expect(Method::Post, "/contacts").await;
    world.rename("p1", "b").await;
    let at_new = |rule: Patch<RulePatch>| match rule {
        Patch::Set(rule) => {
            let Patch::Set(url) = &rule.url else { panic!("it has a URL") };
            Patch::Set(RulePatch { url: Patch::Set(url.replace("crm.test", "new.test")), ..rule })
        }
        other => other,
    };
    let SyncPatch { create, update, delete, .. } = usual();
    let (create, update, delete) = (at_new(create), at_new(update), at_new(delete));
    world.edit(&SyncPatch { create, update, delete, ..SyncPatch::default() }).await;
    old.created("r1");
    let next = world.expect(Method::Post, "/contacts").await;
    assert_eq!(next.request.url.host_str(), Some("new.test"));
    next.created("n1");
    world.is_linked_to("p1", "n1").await;
    assert!(world.arrivals.is_empty());
    world.stop().await;
}
