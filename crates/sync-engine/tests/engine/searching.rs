//! Who has something to search by, and what a search that tells nothing leaves in doubt, from the change to the request.

use crate::cases::{NOBODY, lookup, rule, usual, usual_with_lookup, world_with};
use crate::rarer::{always_looked_up, found};
use crate::support::{World, link_is};
use secrecy::SecretString;
use sync_core::link::{LinkState, ParkReason, UniqueId};
use sync_core::patch::{HeaderInput, LookupPatch, SyncPatch};
use sync_core::person::Patch;
use sync_core::ports::RetryFilter;
use sync_core::sync::{LookupWhen, Method, UniqueIdSource};
use tokio::time::{Duration, timeout};

fn always(search: LookupPatch) -> SyncPatch {
    let lookup = LookupPatch { when: Patch::Set(LookupWhen::Always), ..search };
    SyncPatch { lookup: Patch::Set(lookup), ..usual() }
}

/// A search that was never sent has found nobody missing.
#[tokio::test(start_paused = true)]
async fn who_was_not_looked_up_is_looked_up_once_there_is_something_to_search_by() {
    let mut world = world_with(&always_looked_up()).await;
    world.rename("p1", "").await;
    world.expect(Method::Post, "/contacts").await.answer(423, "");
    link_is(&world, "p1", |link| link.lease.is_none()).await;
    // The lookup now searches by what every person has.
    world.edit(&always(lookup("search?ext={{ person.id }}", "$.results[*].id"))).await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, &found("7"));
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// However the lookup says the person's own id, it searches for that person, and for nobody by a header alone.
#[tokio::test(start_paused = true)]
async fn a_lookup_searches_by_what_of_it_differs_between_people() {
    let header = HeaderInput {
        name: "X-Person".to_owned(),
        value: Some(SecretString::from("{{ person.id }}")),
        secret: Some(false),
    };
    let mut traced = lookup("search?name={{ person.name }}", "$.results[*].id");
    traced.request.headers = Patch::Set(vec![header]);
    let keyed = lookup("search?name={{ person.name }}&key={{ idempotency_key }}", "$.results[*].id");
    let by_id = lookup(r#"search?ext={{ person["id"] }}"#, "$.results[*].id");
    for (search, searches) in [(by_id, true), (traced, false), (keyed, false)] {
        let url = format!("{:?}", search.request.url);
        let mut world = world_with(&always(search)).await;
        world.rename("p1", "").await;
        let first = world.next().await;
        assert_eq!(first.request.method == Method::Get, searches, "{url}");
        if searches {
            first.answer(200, NOBODY);
            world.expect(Method::Post, "/contacts").await.created("7");
        } else {
            first.created("7");
        }
        world.is_linked_to("p1", "7").await;
        world.stop().await;
    }
}

/// What else resolves the create does so for whom the lookup has nothing to search by.
#[tokio::test(start_paused = true)]
async fn a_create_in_doubt_without_a_search_is_resolved_by_a_chosen_id_or_a_named_key() {
    let chosen = SyncPatch {
        unique_id: Patch::Set(UniqueIdSource::Template("{{ person.id }}".to_owned())),
        ..always_looked_up()
    };
    let data = r#"{"name":"{{ person.name }}","key":"{{ idempotency_key }}"}"#;
    let named = SyncPatch { create: Patch::Set(rule(Method::Post, "contacts", Some(data))), ..always_looked_up() };
    for sync in [chosen, named] {
        let mut world = world_with(&sync).await;
        world.rename("p1", "").await;
        let first = world.expect(Method::Post, "/contacts").await;
        let (key, body) = (first.header("idempotency-key").unwrap().to_owned(), first.body().clone());
        drop(first);
        let again = world.expect(Method::Post, "/contacts").await;
        assert_eq!((again.header("idempotency-key"), again.body().as_ref()), (Some(key.as_str()), body.as_str()));
        again.created("p1");
        loop {
            // What a person may have been changed to since is made known.
            if !world.link("p1").await.unwrap().is_owed() {
                break;
            }
            world.expect(Method::Put, "/contacts/p1").await.answer(200, "{}");
            link_is(&world, "p1", |link| link.lease.is_none()).await;
        }
        world.is_linked_to("p1", "p1").await;
        world.stop().await;
    }
}

/// Where the record's id is the person's name, and an update whose answer was lost may have moved it.
async fn moving() -> World {
    let mut sync = SyncPatch { follow_unique_id: Patch::Set(true), ..usual_with_lookup() };
    sync.unique_id = Patch::Set(UniqueIdSource::Path("$.id".to_owned()));
    let mut world = world_with(&sync).await;
    world.linked("p1", "a").await;
    world.rename("p1", "b").await;
    drop(world.expect(Method::Put, "/contacts/a").await);
    link_is(&world, "p1", |link| link.notes().may_have_moved && link.lease.is_none()).await;
    world
}

impl World {
    /// Answers lookups so, until this person is parked.
    async fn looked_up_until_parked(&mut self, person: &str, answer: &str) {
        while self.link(person).await.unwrap().parked.is_none() {
            if let Ok(arrival) = timeout(Duration::from_secs(3600), self.arrivals.next()).await {
                assert_eq!(arrival.request.method, Method::Get);
                arrival.answer(200, answer);
                link_is(self, person, |link| link.lease.is_none()).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_person_whom_no_search_finds_is_deleted_at_the_id_that_is_held() {
    let mut world = moving().await;
    world.delete("p1").await;
    let mut deleted = false;
    while !deleted {
        let next = world.next().await;
        match next.request.method {
            Method::Get => next.answer(200, NOBODY),
            Method::Delete => {
                assert_eq!(next.request.url.path(), "/contacts/a");
                next.answer(204, "");
                deleted = true;
            }
            other => panic!("{other:?}"),
        }
    }
    world.is_forgotten("p1").await;
    world.stop().await;
}

/// A retry of everybody who is owed is no look.
#[tokio::test(start_paused = true)]
async fn a_retry_before_the_search_was_answered_leaves_the_doubt() {
    let mut world = moving().await;
    world.scope().retry(&RetryFilter::default()).await.unwrap();
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, &found("b"));
    world.expect(Method::Put, "/contacts/b").await.answer(200, r#"{"id":"b"}"#);
    world.is_linked_to("p1", "b").await;
    world.stop().await;
}

#[tokio::test(start_paused = true)]
async fn following_no_id_any_longer_leaves_the_doubt_about_a_lost_update() {
    let mut world = moving().await;
    world.edit(&SyncPatch { follow_unique_id: Patch::Set(false), ..SyncPatch::default() }).await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, &found("b"));
    world.expect(Method::Put, "/contacts/b").await.answer(200, r#"{"id":"b"}"#);
    world.is_linked_to("p1", "b").await;
    world.stop().await;
}

/// Another person's record tells nothing of where this one went.
#[tokio::test(start_paused = true)]
async fn a_record_of_another_person_that_is_found_leaves_the_doubt() {
    let mut world = moving().await;
    let lookup = world.expect(Method::Get, "/search?ext=p1").await;
    world.linked("p2", "b").await;
    lookup.answer(200, &found("b"));
    world.looked_up_until_parked("p1", &found("b")).await;
    let link = world.is_parked("p1", ParkReason::Conflict).await;
    assert_eq!(link.state, LinkState::Linked(UniqueId::text("a").unwrap()));
    world.delete("p2").await;
    world.expect(Method::Delete, "/contacts/b").await.answer(204, "");
    world.is_forgotten("p2").await;
    world.scope().retry(&RetryFilter::default()).await.unwrap();
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, &found("c"));
    world.expect(Method::Put, "/contacts/c").await.answer(200, r#"{"id":"c"}"#);
    world.is_linked_to("p1", "c").await;
    world.stop().await;
}

/// A create without an id that is repeated, since the lookup found none, is accepted without one again.
#[tokio::test(start_paused = true)]
async fn a_second_create_without_an_id_is_looked_up_too() {
    let mut world = world_with(&usual_with_lookup()).await;
    // So that the lookup's "none" is believed.
    world.create_in_doubt("seen").await;
    world.expect(Method::Get, "/search?ext=seen").await.answer(200, &found("s"));
    world.expect(Method::Put, "/contacts/s").await.answer(200, "{}");
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(202, "{}");
    let (repeated, _) = world.finds_nobody().await;
    assert_eq!(repeated.request.method, Method::Post);
    repeated.answer(202, "{}");
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, &found("7"));
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// Updates that are accepted lift the hold again and again; who gets a page backs off all the same.
#[tokio::test(start_paused = true)]
async fn a_hold_that_is_lifted_again_and_again_uses_up_nobodys_tries() {
    let chosen = UniqueIdSource::Template("{{ person.id }}".to_owned());
    let mut world = world_with(&SyncPatch { unique_id: Patch::Set(chosen), ..usual() }).await;
    world.linked("well", "well").await;
    let people: Vec<String> = (0..6).map(|n| format!("p{n}")).collect();
    world.push(&people.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    let (mut creates, mut turn) = (0, 0);
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    while turn < 60 {
        tokio::select! {
            arrival = world.arrivals.next() => match arrival.request.method {
                Method::Post => {
                    creates += 1;
                    arrival.answer(200, "<!DOCTYPE html><html>Maintenance</html>");
                }
                _ => arrival.answer(200, "{}"),
            },
            _ = tick.tick() => {
                turn += 1;
                world.rename("well", &format!("{turn}")).await;
            }
        }
    }
    for person in &people {
        let link = world.link(person).await.unwrap();
        assert!(link.parked.is_none(), "{person} after {creates} creates: {:?}", link.parked);
    }
    world.stop().await;
}

/// A search for what the person is called now says nothing of a record that may have moved under a name of before.
#[tokio::test(start_paused = true)]
async fn a_deleted_person_whom_another_search_does_not_find_is_not_forgotten() {
    let search = lookup("search?name={{ person.name }}", "$.results[*].id");
    let sync = SyncPatch { follow_unique_id: Patch::Set(true), lookup: Patch::Set(search), ..usual() };
    let mut world = world_with(&sync).await;
    world.create_in_doubt("seen").await;
    world.expect(Method::Get, "/search?name=seen").await.answer(200, &found("s"));
    world.expect(Method::Put, "/contacts/s").await.answer(200, "{}");
    world.is_linked_to("seen", "s").await;
    world.linked("p1", "a").await;
    world.rename("p1", "b").await;
    drop(world.expect(Method::Put, "/contacts/a").await);
    link_is(&world, "p1", |link| link.notes().may_have_moved && link.lease.is_none()).await;
    world.rename("p1", "c").await;
    world.delete("p1").await;
    world.expect(Method::Delete, "/contacts/a").await.answer(404, "");
    while world.link("p1").await.is_some_and(|link| link.parked.is_none()) {
        if let Ok(arrival) = timeout(Duration::from_secs(3600), world.arrivals.next()).await {
            arrival.answer(200, NOBODY);
        }
    }
    let parked = world.link("p1").await.expect("not forgotten").parked.unwrap();
    assert_eq!(parked.reason, ParkReason::Missing);
    assert!(parked.detail.contains("The search is not the one that found it before"), "{}", parked.detail);
    world.stop().await;
}
