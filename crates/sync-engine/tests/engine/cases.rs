//! Inputs that failed once against real systems, each under the name that it was filed by, from the change to what the other
//! system gets.

use crate::support::{SYNC, World, eventually, link_is, world};
use std::time::Duration;
use sync_core::id::PersonId;
use sync_core::link::{Link, LinkState, ParkReason, UniqueId};
use sync_core::patch::{AuthenticationInput, HeaderInput, LookupPatch, RulePatch, SyncPatch};
use sync_core::person::Patch;
use sync_core::ports::RetryFilter;
use sync_core::sync::{BodyFormat, EmptyWhen, Method, OnExisting, UniqueIdSource};
use testkit::build;
use testkit::crm::Arrival;
use tokio::time::{Instant, timeout};

/// What [`usual_with_lookup`]'s search answers where nobody is there.
pub(crate) const NOBODY: &str = r#"{"results":[]}"#;
const DATA: &str = r#"{"ext":"{{ person.id }}","name":"{{ person.name }}"}"#;

pub(crate) fn rule(method: Method, url: &str, data: Option<&str>) -> RulePatch {
    RulePatch {
        enabled: Patch::Set(true),
        method: Patch::Set(method),
        url: Patch::Set(format!("https://crm.test/{url}")),
        format: Patch::Set(if data.is_some() { BodyFormat::Json } else { BodyFormat::None }),
        data: data.map_or(Patch::Clear, |data| Patch::Set(data.to_owned())),
        ..RulePatch::default()
    }
}

/// The sync that the cases were seen with.
pub(crate) fn usual() -> SyncPatch {
    SyncPatch {
        unique_id: Patch::Set(UniqueIdSource::Path("$.id".to_owned())),
        create: Patch::Set(rule(Method::Post, "contacts", Some(DATA))),
        update: Patch::Set(rule(Method::Put, "contacts/{{ unique_id }}", Some(DATA))),
        delete: Patch::Set(rule(Method::Delete, "contacts/{{ unique_id }}", None)),
        ..SyncPatch::default()
    }
}

pub(crate) fn lookup(url: &str, path: &str) -> LookupPatch {
    LookupPatch { request: rule(Method::Get, url, None), path: Patch::Set(path.to_owned()), ..LookupPatch::default() }
}

pub(crate) fn usual_with_lookup() -> SyncPatch {
    SyncPatch { lookup: Patch::Set(lookup("search?ext={{ person.id }}", "$.results[*].id")), ..usual() }
}

pub(crate) async fn world_with(patch: &SyncPatch) -> World {
    let world = world().await;
    world.scope().update_sync(SYNC, patch, None, None).await.unwrap();
    world
}

impl World {
    /// The next request, which must come within a day.
    pub(crate) async fn next(&mut self) -> Arrival {
        timeout(Duration::from_secs(24 * 3600), self.arrivals.next()).await.expect("a request comes")
    }

    /// The next request, which must be this one.
    pub(crate) async fn expect(&mut self, method: Method, path: &str) -> Arrival {
        let arrival = self.next().await;
        let request = &arrival.request;
        let url = &request.url;
        let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        assert_eq!((request.method, target.as_str()), (method, path));
        arrival
    }

    /// Links a person under this id.
    pub(crate) async fn linked(&mut self, person: &str, id: &str) {
        self.push(&[person]).await.unwrap();
        self.expect(Method::Post, "/contacts").await.created(id);
        link_is(self, person, |link| !link.is_owed()).await;
    }

    /// Pushes a person whose create is sent, and never answered.
    pub(crate) async fn create_in_doubt(&mut self, person: &str) {
        self.push(&[person]).await.unwrap();
        drop(self.expect(Method::Post, "/contacts").await);
    }

    /// Answers lookups that nobody is there, until another request comes. Returns that, and how many lookups came.
    pub(crate) async fn finds_nobody(&mut self) -> (Arrival, usize) {
        let mut lookups = 0;
        loop {
            let next = self.next().await;
            if next.request.method != Method::Get {
                return (next, lookups);
            }
            next.answer(200, NOBODY);
            lookups += 1;
        }
    }

    /// Nothing is sent for so long, in virtual time.
    pub(crate) async fn is_silent_for(&mut self, seconds: u64) {
        let sent = timeout(Duration::from_secs(seconds), self.arrivals.next()).await;
        assert!(sent.is_err(), "{:?}", sent.map(|sent| sent.request));
    }

    /// The person's link is parked for this reason. Returns it.
    pub(crate) async fn is_parked(&self, person: &str, reason: ParkReason) -> Link {
        let link = link_is(self, person, |link| link.parked.is_some()).await;
        assert_eq!(link.parked.as_ref().map(|parked| parked.reason), Some(reason), "{:?}", link.parked);
        link
    }

    /// The person's row is gone.
    pub(crate) async fn is_forgotten(&self, person: &str) {
        eventually(person, async || self.link(person).await.is_none().then_some(())).await;
    }

    /// Changes the sync.
    pub(crate) async fn edit(&self, patch: &SyncPatch) {
        self.scope().update_sync(SYNC, patch, None, None).await.unwrap();
    }

    /// Answers 401 until a minute lies between the probes, and lets some seconds pass.
    async fn refuse_until_a_minute_lies_between(&mut self, path: &str) {
        let mut waited = Duration::ZERO;
        while waited < Duration::from_secs(60) {
            let asked = Instant::now();
            self.expect(Method::Put, path).await.answer(401, "");
            waited = asked.elapsed();
        }
        tokio::time::sleep(Duration::from_secs(6)).await;
    }

    pub(crate) async fn rename(&self, person: &str, name: &str) {
        self.scope().upsert_people(vec![build::patch(person, name)]).await.unwrap();
    }

    pub(crate) async fn delete(&self, person: &str) {
        self.scope().delete_people(vec![PersonId::new(person).unwrap()]).await.unwrap();
    }

    pub(crate) async fn is_linked_to(&self, person: &str, id: &str) {
        let wanted = LinkState::Linked(UniqueId::text(id).unwrap());
        link_is(self, person, |link| link.state == wanted && !link.is_owed()).await;
    }
}

/// Case `maintenance_page_200_strands_creates`.
#[tokio::test(start_paused = true)]
async fn after_a_page_instead_of_an_answer_the_person_is_created_once_the_system_works() {
    let mut world = world_with(&usual()).await;
    let page = "<html>Down for maintenance</html>";
    let uncertain = |link: &Link| link.parked.as_ref().is_some_and(|parked| parked.reason == ParkReason::Uncertain);
    for person in ["p1", "p2"] {
        world.push(&[person]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(200, page);
        link_is(&world, person, uncertain).await;
    }
    // A change, and an administrator who says that nothing was made.
    world.rename("p1", "b").await;
    world.expect(Method::Post, "/contacts").await.created("7");
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    let filter = RetryFilter { sync: Some(SYNC), create_again: true, ..RetryFilter::default() };
    assert_eq!(world.scope().retry(&filter).await.unwrap(), 1);
    world.expect(Method::Post, "/contacts").await.created("8");
    world.is_linked_to("p2", "8").await;
    world.stop().await;
}

/// Case `lookup_404_before_first_find`.
#[tokio::test(start_paused = true)]
async fn where_it_is_said_so_a_404_means_nobody_from_the_start() {
    let empty_when = Patch::Set(EmptyWhen::Status(404));
    let by_key = LookupPatch { empty_when, ..lookup("contacts/{{ person.id }}", "$.id") };
    let mut world = world_with(&SyncPatch { lookup: Patch::Set(by_key), ..usual() }).await;
    world.create_in_doubt("p1").await;
    world.expect(Method::Get, "/contacts/p1").await.answer(404, r#"{"message":"resource not found"}"#);
    world.expect(Method::Post, "/contacts").await.created("7");
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// Beside it: the status that means nobody may be that of records, and that of a login.
#[tokio::test(start_paused = true)]
async fn a_status_that_means_nobody_hides_no_record_and_no_page() {
    let empty_when = Patch::Set(EmptyWhen::Status(200));
    let search = LookupPatch { empty_when, ..lookup("search?ext={{ person.id }}", "$.results[*].id") };
    let mut world = world_with(&SyncPatch { lookup: Patch::Set(search), ..usual() }).await;
    world.create_in_doubt("p1").await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, "<!doctype html><html>Sign in</html>");
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"7"}]}"#);
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.create_in_doubt("p2").await;
    world.expect(Method::Get, "/search?ext=p2").await.answer(200, r#"{"message":"nobody"}"#);
    world.expect(Method::Post, "/contacts").await.created("8");
    world.expect(Method::Put, "/contacts/8").await.answer(200, "{}");
    world.is_linked_to("p2", "8").await;
    world.stop().await;
}

/// Case `lookup_answer_without_list_is_no_proof`.
#[tokio::test(start_paused = true)]
async fn an_answer_that_shows_no_list_proves_nobody_missing() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("p1").await;
    for _ in 0..3 {
        let search = world.expect(Method::Get, "/search?ext=p1").await;
        search.answer(200, r#"{"errors":[{"message":"slow down"}]}"#);
    }
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"7"}]}"#);
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// Case `garbled_lookup_answer_parks_for_good`.
#[tokio::test(start_paused = true)]
async fn half_an_answer_to_a_lookup_is_asked_for_again() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.create_in_doubt("p1").await;
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"#);
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"7"}]}"#);
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// Case `path_comparison_with_fractions`.
#[tokio::test(start_paused = true)]
async fn a_lookup_by_score_finds_the_record() {
    let by_score = lookup("search?ext={{ person.id }}", "$.results[?@.score > 0.5].id");
    let mut world = world_with(&SyncPatch { lookup: Patch::Set(by_score), ..usual() }).await;
    world.create_in_doubt("p1").await;
    let found = r#"{"results":[{"id":"r0","score":0.4},{"id":"r1","score":0.93}]}"#;
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, found);
    world.expect(Method::Put, "/contacts/r1").await.answer(200, "{}");
    world.is_linked_to("p1", "r1").await;
    world.stop().await;
}

/// Case `lookup_lag_drops_idempotency_key`.
#[tokio::test(start_paused = true)]
async fn the_create_after_a_lookup_that_found_nobody_carries_the_first_ones_key() {
    let key = |arrival: &Arrival| arrival.header("idempotency-key").expect("creates carry a key").to_owned();
    let mut world = world_with(&usual_with_lookup()).await;
    world.push(&["p1"]).await.unwrap();
    let first = world.expect(Method::Post, "/contacts").await;
    let first_key = key(&first);
    drop(first);
    let second = loop {
        let next = world.next().await;
        if next.request.method == Method::Post {
            break next;
        }
        next.answer(200, r#"{"results":[]}"#);
    };
    assert_eq!(key(&second), first_key);
    world.stop().await;
}

/// Case `transient_4xx_parked_at_once`: what a status says alone.
#[tokio::test(start_paused = true)]
async fn locks_and_first_conflicts_are_tried_again() {
    let mut world = world_with(&usual()).await;
    world.linked("p1", "7").await;
    for (status, name) in [(423, "a"), (425, "b"), (409, "c")] {
        world.rename("p1", name).await;
        world.expect(Method::Put, "/contacts/7").await.answer(status, r#"{"error":"concurrent modification"}"#);
        let again = world.expect(Method::Put, "/contacts/7").await;
        assert!(again.body().contains(name));
        again.answer(200, "{}");
        world.is_linked_to("p1", "7").await;
    }
    world.stop().await;
}

/// Case `words_of_a_repeated_create`.
#[tokio::test(start_paused = true)]
async fn the_words_of_a_refused_repetition_hold_both_answers_and_the_mend() {
    let mut world = world_with(&usual()).await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(500, "");
    let refused = r#"{"errors":{"email":"Contact already exists with this email"}}"#;
    world.expect(Method::Post, "/contacts").await.answer(400, refused);
    let link = link_is(&world, "p1", |link| link.parked.is_some()).await;
    let parked = link.parked.unwrap();
    assert_eq!(parked.reason, ParkReason::Uncertain);
    for part in ["answered 400", "already exists with this email", "answered 500", "set up a lookup rule"] {
        assert!(parked.detail.contains(part), "{part}: {}", parked.detail);
    }
    world.stop().await;
}

/// Case `conflict_409_adopt_existing`.
#[tokio::test(start_paused = true)]
async fn who_exists_already_is_looked_up_and_updated() {
    let mut patch = usual_with_lookup();
    if let Patch::Set(create) = &mut patch.create {
        create.on_existing = Patch::Set(OnExisting::Adopt);
    }
    let mut world = world_with(&patch).await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(409, "Contact already exists. Existing ID: 4711");
    world.expect(Method::Get, "/search?ext=p1").await.answer(200, r#"{"results":[{"id":"4711"}]}"#);
    world.expect(Method::Put, "/contacts/4711").await.answer(200, "{}");
    world.is_linked_to("p1", "4711").await;
    world.stop().await;
}

/// The same without the option: the words name it.
#[tokio::test(start_paused = true)]
async fn who_exists_already_is_refused_with_the_option_named() {
    let mut world = world_with(&usual_with_lookup()).await;
    world.push(&["p1"]).await.unwrap();
    world.expect(Method::Post, "/contacts").await.answer(409, "Contact already exists. Existing ID: 4711");
    let link = link_is(&world, "p1", |link| link.parked.is_some()).await;
    let parked = link.parked.unwrap();
    assert!(parked.reason == ParkReason::Refused && parked.detail.contains("ADOPT"), "{parked:?}");
    world.stop().await;
}

/// Case `record_keyed_by_email_moves`.
#[tokio::test(start_paused = true)]
async fn the_id_that_an_update_moved_is_the_one_that_is_deleted() {
    let mut world = world_with(&SyncPatch { follow_unique_id: Patch::Set(true), ..usual() }).await;
    world.linked("k", "a@x.test").await;
    world.rename("k", "b").await;
    world.expect(Method::Put, "/contacts/a@x.test").await.answer(200, r#"{"id":"b@x.test"}"#);
    world.is_linked_to("k", "b@x.test").await;
    world.delete("k").await;
    world.expect(Method::Delete, "/contacts/b@x.test").await.answer(204, "");
    world.is_forgotten("k").await;
    world.stop().await;
}

/// Case `poison_person_suspends_quiet_sync`.
#[tokio::test(start_paused = true)]
async fn one_person_who_always_gets_500_delays_nobody_else() {
    let mut world = world_with(&usual()).await;
    world.linked("p", "1").await;
    world.linked("o", "2").await;
    world.rename("p", "poison").await;
    for _ in 0..3 {
        world.expect(Method::Put, "/contacts/1").await.answer(500, "");
    }
    link_is(&world, "p", |link| link.lease.is_none()).await;
    let began = Instant::now();
    world.rename("o", "fine").await;
    world.expect(Method::Put, "/contacts/2").await.answer(200, "{}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    world.stop().await;
}

/// Case `token_renewed_waits_for_probe`.
#[tokio::test(start_paused = true)]
async fn a_new_token_of_a_suspended_sync_is_tried_at_once() {
    let bearer = |token: &str| Patch::Set(AuthenticationInput::Bearer { token: token.into() });
    let mut world = world_with(&SyncPatch { authentication: bearer("one"), ..usual() }).await;
    world.linked("p1", "7").await;
    world.rename("p1", "b").await;
    world.refuse_until_a_minute_lies_between("/contacts/7").await;
    let began = Instant::now();
    let patch = SyncPatch { authentication: bearer("two"), ..SyncPatch::default() };
    world.scope().update_sync(SYNC, &patch, None, None).await.unwrap();
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    world.stop().await;
}

/// The same by hand: whoever resumes a suspended sync sees at once whether it works.
#[tokio::test(start_paused = true)]
async fn a_resume_of_a_suspended_sync_probes_at_once_though_everybody_backs_off() {
    let mut world = world_with(&usual()).await;
    world.linked("p1", "7").await;
    world.rename("p1", "b").await;
    world.refuse_until_a_minute_lies_between("/contacts/7").await;
    let began = Instant::now();
    world.scope().resume_sync(SYNC).await.unwrap();
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    world.stop().await;
}

/// Case `mass_deletes_404_suspend`.
#[tokio::test(start_paused = true)]
async fn deletes_that_find_nobody_hold_back_deletes_only() {
    let mut world = world_with(&usual()).await;
    let gone: Vec<String> = (0..40).map(|n| format!("g{n}")).collect();
    for person in &gone {
        world.linked(person, person).await;
    }
    world.linked("stays", "s").await;
    let ids = gone.iter().map(|id| PersonId::new(id.as_str()).unwrap()).collect();
    world.scope().delete_people(ids).await.unwrap();
    let mut deletes = 0;
    while let Ok(arrival) = timeout(Duration::from_secs(20), world.arrivals.next()).await {
        assert_eq!(arrival.request.method, Method::Delete);
        arrival.answer(404, "");
        deletes += 1;
    }
    assert!((20..40).contains(&deletes), "{deletes}");
    let began = Instant::now();
    world.rename("stays", "b").await;
    world.expect(Method::Put, "/contacts/s").await.answer(200, "{}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    world.stop().await;
}

/// Case `update_200_with_error_inside`: what 200 with a page says.
#[tokio::test(start_paused = true)]
async fn a_page_accepts_no_update() {
    let mut world = world_with(&usual()).await;
    world.linked("p1", "7").await;
    world.rename("p1", "b").await;
    world.expect(Method::Put, "/contacts/7").await.answer(200, "<!DOCTYPE html><html>Sign in</html>");
    world.expect(Method::Put, "/contacts/7").await.answer(200, "{}");
    world.is_linked_to("p1", "7").await;
    world.stop().await;
}

/// Case `refusal_inside_200_holds_a_foreign_id`: without anything that says what is accepted, it is warned of.
#[tokio::test(start_paused = true)]
async fn a_path_that_may_select_the_id_of_an_error_is_warned_of() {
    let mut patch = SyncPatch { unique_id: Patch::Set(UniqueIdSource::Path("$..id".to_owned())), ..usual() };
    if let Patch::Set(create) = &mut patch.create {
        let value = Some("abc".into());
        create.headers = Patch::Set(vec![HeaderInput { name: "X-Api-Key".to_owned(), value, secret: Some(false) }]);
    }
    let world = world_with(&patch).await;
    let config = world.scope().sync(SYNC).await.unwrap();
    let warnings = world.scope().warnings(&config).await;
    assert!(warnings.iter().any(|warning| warning.contains("an id within an error")), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("the header X-Api-Key of the")), "{warnings:?}");
    let filter = RetryFilter { sync: Some(SYNC), ..RetryFilter::default() };
    assert_eq!(world.scope().retry(&filter).await.unwrap(), 0);
}
