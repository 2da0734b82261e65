//! The rarer sequences that broke a draft of the rules' second edition, and those of configured cases, from the change to the
//! request: the name's beginning is the sequence's number.

use crate::cases::{NOBODY, lookup, usual, usual_with_lookup, world_with};
use crate::support::{ACCOUNT, SYNC, World, eventually, link_is};
use sync_core::governor::brake::BrakeKind;
use sync_core::link::{LinkState, ParkReason, UniqueId};
use sync_core::patch::{LookupPatch, SyncPatch};
use sync_core::person::Patch;
use sync_core::ports::{DirectoryStore, ResyncScope, RetryFilter};
use sync_core::sync::{LookupWhen, Method, OnExisting, OnMissing, UniqueIdSource};
use testkit::build::{patch, person_id};
use tokio::time::{Duration, Instant};

pub(crate) fn found(id: &str) -> String {
    format!(r#"{{"results":[{{"id":"{id}"}}]}}"#)
}

/// As [`usual_with_lookup`], and asked before every first create.
pub(crate) fn always_looked_up() -> SyncPatch {
    let search = lookup("search?name={{ person.name }}", "$.results[*].id");
    let lookup = LookupPatch { when: Patch::Set(LookupWhen::Always), ..search };
    SyncPatch { lookup: Patch::Set(lookup), ..usual() }
}

fn on_missing(mut patch: SyncPatch, wanted: OnMissing) -> SyncPatch {
    if let Patch::Set(update) = &mut patch.update {
        update.on_missing = Patch::Set(wanted);
    }
    patch
}

impl World {
    /// Links a person under its own id, and has an update accepted.
    async fn linked_and_updated(&mut self, person: &str) {
        self.push(&[person]).await.unwrap();
        loop {
            let next = self.next().await;
            match next.request.method {
                Method::Get => next.answer(200, NOBODY),
                Method::Post => break next.created(person),
                other => panic!("{other:?}"),
            }
        }
        self.is_linked_to(person, person).await;
        self.rename(person, &format!("{person}!")).await;
        self.expect(Method::Put, &format!("/contacts/{person}")).await.answer(200, "{}");
        self.is_linked_to(person, person).await;
    }

    async fn retry(&self, filter: RetryFilter) -> i64 {
        self.scope().retry(&RetryFilter { sync: Some(SYNC), ..filter }).await.unwrap()
    }

    async fn owed(&self) -> i64 {
        self.store.runtimes(ACCOUNT, &[SYNC]).await.unwrap().remove(0).1.counts.owed
    }
}

/// It is probably our own record, which an index does not show yet.
#[tokio::test(start_paused = true)]
async fn s201_exists_on_a_repeat_is_looked_up_until_the_index_shows_it() {
    for on_existing in [OnExisting::Park, OnExisting::Adopt] {
        let mut sync = usual_with_lookup();
        if let Patch::Set(create) = &mut sync.create {
            create.on_existing = Patch::Set(on_existing);
        }
        let mut world = world_with(&sync).await;
        world.create_in_doubt("p1").await;
        let (repeated, _) = world.finds_nobody().await;
        repeated.answer(409, "exists");
        for _ in 0..3 {
            world.expect(Method::Get, "/search?ext=p1").await.answer(200, NOBODY);
        }
        world.expect(Method::Get, "/search?ext=p1").await.answer(200, &found("7"));
        world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
        world.is_linked_to("p1", "7").await;
        assert!(!world.link("p1").await.unwrap().notes().adopted, "ours");
        world.stop().await;
    }
}

/// With an id of ours that is not the person's own id it may be a stranger's record.
#[tokio::test(start_paused = true)]
async fn s201_exists_at_an_id_that_others_may_have_links_nobody_blindly() {
    for looks in [false, true] {
        let mut sync =
            SyncPatch { unique_id: Patch::Set(UniqueIdSource::Template("{{ person.name }}".to_owned())), ..usual() };
        if looks {
            sync.lookup = Patch::Set(lookup("search?ext={{ person.id }}", "$.results[*].id"));
        }
        let mut world = world_with(&sync).await;
        world.create_in_doubt("p1").await;
        if looks {
            let (repeated, _) = world.finds_nobody().await;
            repeated.answer(409, "exists");
            world.expect(Method::Get, "/search?ext=p1").await.answer(200, &found("p1"));
            world.expect(Method::Put, "/contacts/p1").await.answer(200, "{}");
            world.is_linked_to("p1", "p1").await;
        } else {
            world.expect(Method::Post, "/contacts").await.answer(409, "exists");
            let link = world.is_parked("p1", ParkReason::Uncertain).await;
            assert_eq!(link.state, LinkState::Uncertain);
        }
        world.stop().await;
    }
}

/// A merged record still has the old name: the "none" for the new one makes no second record.
#[tokio::test(start_paused = true)]
async fn s202_a_none_of_another_search_than_the_one_that_was_accepted_creates_nobody() {
    let search = lookup("search?name={{ person.name }}", "$.results[*].id");
    let sync = on_missing(SyncPatch { lookup: Patch::Set(search), ..usual() }, OnMissing::Lookup);
    let mut world = world_with(&sync).await;
    // So that its "none" is believed.
    world.create_in_doubt("seen").await;
    world.expect(Method::Get, "/search?name=seen").await.answer(200, &found("s"));
    world.expect(Method::Put, "/contacts/s").await.answer(200, "{}");
    world.is_linked_to("seen", "s").await;
    world.linked_and_updated("p1").await;
    world.rename("p1", "other").await;
    world.expect(Method::Put, "/contacts/p1").await.answer(404, "");
    world.expect(Method::Get, "/search?name=other").await.answer(200, NOBODY);
    let link = world.is_parked("p1", ParkReason::Missing).await;
    assert!(matches!(link.state, LinkState::Linked(_)) && world.arrivals.is_empty());
    world.stop().await;
}

/// The same search, whose "none" is believed: the record is made again, once.
#[tokio::test(start_paused = true)]
async fn s202_a_none_of_the_same_search_creates_once() {
    let mut world = world_with(&on_missing(usual_with_lookup(), OnMissing::Lookup)).await;
    world.create_in_doubt("seen").await;
    world.expect(Method::Get, "/search?ext=seen").await.answer(200, &found("s"));
    world.expect(Method::Put, "/contacts/s").await.answer(200, "{}");
    world.is_linked_to("seen", "s").await;
    world.linked_and_updated("p1").await;
    world.rename("p1", "other").await;
    world.expect(Method::Put, "/contacts/p1").await.answer(404, "");
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, NOBODY);
    world.expect(Method::Post, "/contacts").await.created("8");
    world.is_linked_to("p1", "8").await;
    world.rename("p1", "third").await;
    world.expect(Method::Put, "/contacts/8").await.answer(404, "");
    world.is_parked("p1", ParkReason::Missing).await;
    world.stop().await;
}

/// An index shows a record that is there no more.
#[tokio::test(start_paused = true)]
async fn s203_a_record_that_is_gone_at_the_first_update_after_its_adoption_was_never_there() {
    let mut world = world_with(&always_looked_up()).await;
    world.linked_and_updated("p0").await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Get, "/search?name=p1").await.answer(200, &found("dead"));
    world.expect(Method::Put, "/contacts/dead").await.answer(404, "");
    world.expect(Method::Post, "/contacts").await.created("7");
    world.is_linked_to("p1", "7").await;
    // It is not done twice.
    world.rename("p1", "b").await;
    world.expect(Method::Put, "/contacts/7").await.answer(404, "");
    world.is_parked("p1", ParkReason::Missing).await;
    // And where another record stands in the way, nothing is made.
    world.push(&["p2"]).await.unwrap();
    world.expect(Method::Get, "/search?name=p2").await.answer(200, &found("dead2"));
    world.expect(Method::Put, "/contacts/dead2").await.answer(410, "");
    world.expect(Method::Post, "/contacts").await.answer(409, "exists");
    world.is_parked("p2", ParkReason::Missing).await;
    world.stop().await;
}

/// What a lookup found before a first create is not remembered for ever.
#[tokio::test(start_paused = true)]
async fn s204_after_an_un_parking_the_lookup_is_asked_again() {
    let mut world = world_with(&always_looked_up()).await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Get, "/search?name=p1").await.answer(200, NOBODY);
    // Remembered while the create only has to wait.
    world.expect(Method::Post, "/contacts").await.answer(423, "");
    world.expect(Method::Post, "/contacts").await.answer(422, "no");
    world.is_parked("p1", ParkReason::Refused).await;
    // Sales make the record by hand.
    assert_eq!(world.retry(RetryFilter::default()).await, 1);
    world.expect(Method::Get, "/search?name=p1").await.answer(200, &found("7"));
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// Whatever makes a link Unlinked.
#[tokio::test(start_paused = true)]
async fn s204_after_recreate_forget_and_a_finished_delete_the_lookup_is_asked_again() {
    let mut world = world_with(&on_missing(always_looked_up(), OnMissing::Recreate)).await;
    world.linked_and_updated("p1").await;
    world.rename("p1", "b").await;
    world.expect(Method::Put, "/contacts/p1").await.answer(404, "");
    world.expect(Method::Get, "/search?name=b").await.answer(200, &found("8"));
    world.expect(Method::Put, "/contacts/8").await.answer(200, "{}");
    world.is_linked_to("p1", "8").await;
    // A delete that is finished although the person is back.
    world.linked_and_updated("p2").await;
    world.delete("p2").await;
    let delete = world.expect(Method::Delete, "/contacts/p2").await;
    world.push(&["p2"]).await.unwrap();
    delete.answer(204, "");
    world.expect(Method::Get, "/search?name=p2").await.answer(200, NOBODY);
    world.expect(Method::Post, "/contacts").await.created("9");
    world.is_linked_to("p2", "9").await;
    // Forgotten.
    world.scope().pause_sync(SYNC).await.unwrap();
    world.scope().forget_links(SYNC, 2).await.unwrap();
    for person in ["p1", "p2"] {
        link_is(&world, person, |link| link.state == LinkState::Unlinked).await;
    }
    world.scope().resume_sync(SYNC).await.unwrap();
    for _ in 0..2 {
        let next = world.next().await;
        assert_eq!(next.request.method, Method::Get, "{:?}", next.request);
        next.answer(200, NOBODY);
    }
    world.stop().await;
}

impl World {
    /// An administrator says of this person that the create made nothing.
    async fn create_again(&self, person: &str) {
        let people = Some(vec![person_id(person)]);
        let filter = RetryFilter { sync: Some(SYNC), people, create_again: true, ..RetryFilter::default() };
        assert_eq!(self.scope().create_again(&filter, 1).await.unwrap(), 1);
    }
}

/// It speaks of what had been made when it was said.
#[tokio::test(start_paused = true)]
async fn s205_create_again_is_dropped_when_an_attempt_that_was_out_settles() {
    let mut world = world_with(&usual()).await;
    for (person, id) in [("told", Some("7")), ("lost", None)] {
        world.create_in_doubt(person).await;
        let repeated = world.expect(Method::Post, "/contacts").await;
        let key = repeated.header("idempotency-key").unwrap().to_owned();
        world.create_again(person).await;
        match id {
            Some(id) => {
                repeated.created(id);
                world.expect(Method::Put, &format!("/contacts/{id}")).await.answer(200, "{}");
                world.is_linked_to(person, id).await;
            }
            None => {
                drop(repeated);
                let next = world.expect(Method::Post, "/contacts").await;
                assert_eq!(next.header("idempotency-key"), Some(key.as_str()), "still in doubt: the same operation");
                next.created("8");
                world.expect(Method::Put, "/contacts/8").await.answer(200, "{}");
                world.is_linked_to(person, "8").await;
            }
        }
        world.is_silent_for(3600).await;
    }
    world.stop().await;
}

/// Decided first, whatever else would be.
#[tokio::test(start_paused = true)]
async fn s205_create_again_goes_before_all_else() {
    // Updates are off, so that an Unaddressable link would be left alone.
    let mut sync = usual_with_lookup();
    if let Patch::Set(update) = &mut sync.update {
        update.enabled = Patch::Set(false);
    }
    let mut world = world_with(&sync).await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(201, "");
    link_is(&world, "p1", |link| link.state == LinkState::Unaddressable && link.lease.is_none()).await;
    world.create_again("p1").await;
    world.expect(Method::Post, "/contacts").await.created("7");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
    // A deleted person is forgotten, without a request.
    let mut world = world_with(&usual()).await;
    world.create_in_doubt("p2").await;
    world.delete("p2").await;
    world.is_parked("p2", ParkReason::Uncertain).await;
    world.create_again("p2").await;
    world.is_forgotten("p2").await;
    assert!(world.arrivals.is_empty());
    world.stop().await;
}

/// What shows no list of records proves nobody missing.
#[tokio::test(start_paused = true)]
async fn s206_none_is_proven_by_an_array_at_the_container_and_no_error() {
    for (path, proofs, no_proofs) in [
        ("$..id", &["[]"][..], &["{}", r#"{"results":[]}"#, r#"{"error":"slow down"}"#][..]),
        (
            "$.results[0].id",
            &[r#"{"results":[]}"#][..],
            &["{}", r#"{"results":{}}"#, r#"{"results":[],"errors":["slow down"]}"#],
        ),
        (
            "$.data.people[*].id",
            &[r#"{"data":{"people":[]}}"#, r#"{"data":{"people":[]},"errors":[]}"#],
            &[
                r#"{"data":{"people":[]},"errors":[{"message":"timeout"}]}"#,
                r#"{"data":{"people":null}}"#,
                r#"{"data":{}}"#,
            ],
        ),
    ] {
        let sync = SyncPatch { lookup: Patch::Set(lookup("search?ext={{ person.id }}", path)), ..usual() };
        for (answer, proves) in
            proofs.iter().map(|answer| (answer, true)).chain(no_proofs.iter().map(|answer| (answer, false)))
        {
            let mut world = world_with(&sync).await;
            let warnings = world.scope().warnings(&world.scope().sync(SYNC).await.unwrap()).await;
            let warned = warnings.iter().any(|warning| warning.starts_with("the lookup's path"));
            assert_eq!(warned, path != "$.data.people[*].id", "{path}: {warnings:?}");
            world.create_in_doubt("p1").await;
            world.expect(Method::Get, "/search?ext=p1").await.answer(200, answer);
            let next = world.next().await;
            let created = next.request.method == Method::Post;
            assert_eq!(created, proves, "{path}: {answer}");
            world.tell_to_stop();
        }
    }
}

/// A wrong URL answers 404 to everybody: what the lookup found before its edit proves nothing.
#[tokio::test(start_paused = true)]
async fn s207_an_edit_makes_a_404_of_the_lookup_no_none_again() {
    let url = |url: &str| SyncPatch { lookup: Patch::Set(lookup(url, "$.results[*].id")), ..SyncPatch::default() };
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("seen").await;
    world.expect(Method::Get, "/search?ext=seen").await.answer(200, &found("s"));
    world.expect(Method::Put, "/contacts/s").await.answer(200, "{}");
    world.is_linked_to("seen", "s").await;
    world.create_in_doubt("p1").await;
    world.edit(&url("nowhere?ext={{ person.id }}")).await;
    world.expect(Method::Get, "/nowhere?ext=p1").await.answer(404, "");
    // The control finds nobody either: the rule is not proven by it.
    world.expect(Method::Get, "/nowhere?ext=seen").await.answer(404, "");
    for _ in 0..2 {
        world.expect(Method::Get, "/nowhere?ext=p1").await.answer(404, "");
    }
    // Mended, it is a none once the control has found somebody.
    world.edit(&url("search?ext={{ person.id }}")).await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(404, "");
    world.expect(Method::Get, "/search?ext=seen").await.answer(200, &found("s"));
    world.expect(Method::Post, "/contacts").await.created("7");
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// A system that answers creates with 202 and no id, and shows the record to a search a moment later.
#[tokio::test(start_paused = true)]
async fn s208_creates_whose_ids_come_by_lookup_are_not_held_back() {
    let mut world = world_with(&usual_with_lookup()).await;
    for person in ["p1", "p2", "p3", "p4", "p5", "p6"] {
        world.push(&[person]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(202, "{}");
        world.expect(Method::Get, &format!("/search?ext={person}")).await.answer(200, &found(person));
        // What was made later than the create is made known by an update.
        world.expect(Method::Put, &format!("/contacts/{person}")).await.answer(200, "{}");
        world.is_linked_to(person, person).await;
    }
    world.stop().await;
}

/// One record's id in several spellings.
#[tokio::test(start_paused = true)]
async fn s211_an_id_in_another_form_costs_no_second_update() {
    let mut world = world_with(&SyncPatch { follow_unique_id: Patch::Set(true), ..usual() }).await;
    world.linked("p1", "0031t00000abcde").await;
    for (name, answer) in [
        ("b", r#"{"id":"0031t00000abcdeAAA"}"#),
        ("c", r#"{"id":"0031T00000ABCDEAAA"}"#),
        ("d", r#"{"id":31}"#),
        ("e", r#"{"id":"31"}"#),
        ("f", "{}"),
    ] {
        world.rename("p1", name).await;
        let update = world.next().await;
        assert_eq!(update.request.method, Method::Put);
        update.answer(200, answer);
        link_is(&world, "p1", |link| !link.is_owed() && link.lease.is_none()).await;
        // The same person again: nothing differs, though the held id does.
        world.scope().resync(SYNC, ResyncScope::All, false).await.unwrap();
        world.is_silent_for(120).await;
    }
    assert_eq!(world.link("p1").await.unwrap().state, LinkState::Linked(UniqueId::text("31").unwrap()));
    world.stop().await;
}

/// An update that answers with another person's id has written that person's record.
#[tokio::test(start_paused = true)]
async fn s211_another_persons_id_is_a_conflict_and_the_holders_data_is_sent_again() {
    let mut world = world_with(&SyncPatch { follow_unique_id: Patch::Set(true), ..usual() }).await;
    world.linked("p", "1").await;
    world.linked("q", "2").await;
    world.rename("q", "b").await;
    world.expect(Method::Put, "/contacts/2").await.answer(200, r#"{"id":"1"}"#);
    let mut holders = 0;
    loop {
        let next = world.next().await;
        match next.request.url.path() {
            "/contacts/1" => {
                assert!(next.body().contains(r#""p""#), "{}", next.body());
                holders += 1;
                next.answer(200, "{}");
            }
            _ => next.answer(200, r#"{"id":"1"}"#),
        }
        if world.link("q").await.unwrap().parked.is_some() && holders > 0 {
            break;
        }
    }
    let link = world.is_parked("q", ParkReason::Conflict).await;
    assert_eq!(link.state, LinkState::Linked(UniqueId::text("2").unwrap()), "state and id stay");
    world.stop().await;
}

/// A lock looks like a conflict, once.
#[tokio::test(start_paused = true)]
async fn s212_a_409_is_a_lock_once_for_each_version_and_once_more_for_each_retry() {
    let mut world = world_with(&usual()).await;
    world.linked("p1", "7").await;
    world.rename("p1", "b").await;
    for _ in 0..2 {
        world.expect(Method::Put, "/contacts/7").await.answer(409, "locked");
    }
    world.is_parked("p1", ParkReason::Refused).await;
    // Forced by hand it is the same version.
    world.scope().resync(SYNC, ResyncScope::Parked, true).await.unwrap();
    world.expect(Method::Put, "/contacts/7").await.answer(409, "locked");
    world.is_parked("p1", ParkReason::Refused).await;
    assert_eq!(world.retry(RetryFilter::default()).await, 1);
    for _ in 0..2 {
        world.expect(Method::Put, "/contacts/7").await.answer(409, "locked");
    }
    world.is_parked("p1", ParkReason::Refused).await;
    // Another version.
    world.rename("p1", "c").await;
    world.expect(Method::Put, "/contacts/7").await.answer(409, "locked");
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    // And another operation.
    world.delete("p1").await;
    world.expect(Method::Delete, "/contacts/7").await.answer(409, "locked");
    world.expect(Method::Delete, "/contacts/7").await.answer(204, "");
    world.is_forgotten("p1").await;
    world.stop().await;
}

/// People who came back while their delete may have been carried out wait behind the hold, too.
#[tokio::test(start_paused = true)]
async fn s213_who_is_leaving_waits_for_the_release_of_held_deletes() {
    let mut world = world_with(&usual()).await;
    let gone: Vec<String> = (0..20).map(|n| format!("g{n}")).collect();
    for person in gone.iter().map(String::as_str).chain(["back"]) {
        world.linked(person, person).await;
    }
    world.delete("back").await;
    drop(world.expect(Method::Delete, "/contacts/back").await);
    link_is(&world, "back", |link| matches!(link.state, LinkState::Leaving(_))).await;
    world.scope().delete_people(gone.iter().map(|id| person_id(id)).collect()).await.unwrap();
    for _ in &gone {
        let delete = world.next().await;
        assert_eq!(delete.request.method, Method::Delete);
        delete.answer(404, "");
    }
    eventually("deletes are held", async || (world.owed().await == 1).then_some(())).await;
    world.scope().upsert_people(vec![patch("back", "again")]).await.unwrap();
    world.is_silent_for(3600).await;
    world.scope().release_hold(SYNC, Some(BrakeKind::MissingDeletes), None).await.unwrap();
    world.expect(Method::Delete, "/contacts/back").await.answer(404, "");
    world.expect(Method::Post, "/contacts").await.created("9");
    world.is_linked_to("back", "9").await;
    world.stop().await;
}

/// Records that were there before, and that are gone, say nothing of the rule.
#[tokio::test(start_paused = true)]
async fn s213_adopted_records_that_are_gone_hold_back_no_deletes() {
    let mut sync = always_looked_up();
    if let Patch::Set(delete) = &mut sync.delete {
        delete.adopted = Patch::Set(sync_core::sync::AdoptedRecords::Delete);
    }
    let mut world = world_with(&sync).await;
    for n in 0..25 {
        let person = format!("p{n}");
        world.push(&[&person]).await.unwrap();
        world.expect(Method::Get, &format!("/search?name={person}")).await.answer(200, &found(&person));
        world.expect(Method::Put, &format!("/contacts/{person}")).await.answer(200, "{}");
        world.is_linked_to(&person, &person).await;
        world.delete(&person).await;
        let asked = Instant::now();
        world.expect(Method::Delete, &format!("/contacts/{person}")).await.answer(404, "");
        assert!(asked.elapsed() < Duration::from_secs(2), "{n}: {:?}", asked.elapsed());
        world.is_forgotten(&person).await;
    }
    world.stop().await;
}

/// A search for an empty value finds whoever is first there: it is not sent.
#[tokio::test(start_paused = true)]
async fn who_has_nothing_to_search_by_is_not_looked_up() {
    // Before the first create nobody can be found: the person is created.
    let mut world = world_with(&always_looked_up()).await;
    world.rename("p1", "").await;
    world.expect(Method::Post, "/contacts").await.created("7");
    world.is_linked_to("p1", "7").await;
    // A create in doubt cannot be looked for: the person is parked, which says so.
    world.rename("p2", "").await;
    drop(world.expect(Method::Post, "/contacts").await);
    let link = world.is_parked("p2", ParkReason::Uncertain).await;
    assert!(link.parked.unwrap().detail.contains("nothing of this person to search by"));
    // Nor can a record that is there already: it is not adopted.
    let mut sync = always_looked_up();
    if let Patch::Set(create) = &mut sync.create {
        create.on_existing = Patch::Set(OnExisting::Adopt);
    }
    world.edit(&sync).await;
    world.is_parked("p2", ParkReason::Uncertain).await;
    world.rename("p3", "").await;
    world.expect(Method::Post, "/contacts").await.answer(409, "exists");
    world.is_parked("p3", ParkReason::Refused).await;
    // With a name there is something to search by.
    world.rename("p3", "Ann").await;
    world.expect(Method::Get, "/search?name=Ann").await.answer(200, &found("8"));
    world.expect(Method::Put, "/contacts/8").await.answer(200, "{}");
    world.is_linked_to("p3", "8").await;
    world.stop().await;
}

/// A record that is gone is not made anew where the search that should say so has nothing to search by.
#[tokio::test(start_paused = true)]
async fn who_is_gone_and_has_nothing_to_search_by_is_parked() {
    let mut world = world_with(&on_missing(always_looked_up(), OnMissing::Lookup)).await;
    world.linked_and_updated("seen").await;
    world.rename("p1", "").await;
    world.expect(Method::Post, "/contacts").await.created("7");
    world.is_linked_to("p1", "7").await;
    world.scope().resync(SYNC, ResyncScope::All, true).await.unwrap();
    loop {
        let next = world.next().await;
        let gone = next.request.url.path().ends_with("/7");
        assert_eq!(next.request.method, Method::Put);
        next.answer(if gone { 404 } else { 200 }, "{}");
        if gone {
            break;
        }
    }
    let link = world.is_parked("p1", ParkReason::Missing).await;
    assert!(link.parked.unwrap().detail.contains("nothing of this person to search by"));
    world.stop().await;
}

/// What an administrator says of one create does not let it pass a hold on all of them.
#[tokio::test(start_paused = true)]
async fn create_again_waits_for_a_hold_on_creates() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("p1").await;
    let unanswered = world.expect(Method::Get, "/search?ext=p1").await;
    for person in ["s1", "s2", "s3"] {
        world.push(&[person]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(202, "{}");
    }
    unanswered.answer(500, "");
    link_is(&world, "p1", |link| link.lease.is_none()).await;
    world.create_again("p1").await;
    while let Ok(arrival) = tokio::time::timeout(Duration::from_secs(3600), world.arrivals.next()).await {
        assert_eq!(arrival.request.method, Method::Get, "creates are held");
        arrival.answer(200, NOBODY);
    }
    world.scope().release_hold(SYNC, Some(BrakeKind::SilentCreates), None).await.unwrap();
    world.expect(Method::Post, "/contacts").await.created("7");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}
