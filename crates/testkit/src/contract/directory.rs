//! People, syncs and links, as administrators and programs see them.

use super::world::accepted;
use super::{StoreFixture, World};
use crate::build::{lookup, patch, person_id, rule};
use crate::reply::Reply;
use std::sync::Arc;
use sync_core::alert::AlertSettings;
use sync_core::claim::Call;
use sync_core::id::{AccountId, LinkId};
use sync_core::link::{ParkReason, StateName};
use sync_core::page::{PageRequest, SyncPlace};
use sync_core::person::{Patch, PersonPatch};
use sync_core::ports::{AlertStore, BoxError, DirectoryStore, LinkFilter, PeopleFilter, Reseal, SetResult};
use sync_core::sync::{
    Authentication, Header, HeaderValue, Limits, Method, Sealed, Settings, SyncConfig, UniqueIdSource,
};

/// Byte by byte.
pub async fn people_are_paged_by_id<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let ids = ["A", "Z", "a", "aa", "b", "Ä", "ß", "😀"];
    world.upsert(&["b", "😀", "a", "Z", "ß", "aa", "A", "Ä", "gone"]).await;
    world.delete(&["gone"]).await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest { first: 3, after: after.clone() };
        let page = world.store().people(world.account, &PeopleFilter::default(), request).await.unwrap();
        assert!(page.items.len() <= 3);
        seen.extend(page.items.iter().map(|person| person.id.to_string()));
        after = page.items.last().map(|person| person.id.clone());
        if !page.has_next {
            break;
        }
    }
    assert_eq!(seen, ids);
    let with_deleted = PeopleFilter { include_deleted: true, ..PeopleFilter::default() };
    assert_eq!(world.people_where(with_deleted).await.len(), 9);
}

/// No row that was there all the time is shown twice or left out.
pub async fn pages_are_stable_while_rows_come_and_go<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.upsert(&["b", "d", "f", "h"]).await;
    let filter = PeopleFilter::default();
    let first = world.store().people(world.account, &filter, PageRequest::first(2)).await.unwrap();
    assert_eq!((first.items.len(), first.has_next), (2, true));
    world.upsert(&["a", "c", "e"]).await;
    world.delete(&["d"]).await;
    let after = Some(first.items[1].id.clone());
    let rest = world.store().people(world.account, &filter, PageRequest { first: 10, after }).await.unwrap();
    let rest: Vec<_> = rest.items.iter().map(|person| person.id.as_str()).collect();
    assert_eq!(rest, ["e", "f", "h"]);
}

/// Id, first, last and whole name, any email, in any case; nothing of it is a pattern.
pub async fn people_are_found_by_the_beginning_of_their_terms<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let text = |text: &str| Patch::Set(text.to_owned());
    let people = vec![
        PersonPatch {
            first_name: text("Ada"),
            last_name: text("Lovelace"),
            emails: Patch::Set(vec!["one@x.test".to_owned(), "COUNTESS@y.test".to_owned()]),
            ..PersonPatch::new(person_id("U-1"))
        },
        PersonPatch { name: text("Élan Vital"), first_name: text("x"), ..PersonPatch::new(person_id("u-2")) },
        PersonPatch { first_name: text("100%_"), ..PersonPatch::new(person_id("v")) },
    ];
    world.record(vec![Call::Upsert(people)], None).await;
    for (search, found) in [
        ("u-", vec!["U-1", "u-2"]),
        ("ADA", vec!["U-1"]),
        ("ada love", vec!["U-1"]),
        ("lovel", vec!["U-1"]),
        ("countess@", vec!["U-1"]),
        ("one@x.test", vec!["U-1"]),
        ("élan v", vec!["u-2"]),
        ("ÉLAN", vec!["u-2"]),
        ("100%_", vec!["v"]),
        ("%", vec![]),
        ("_", vec![]),
        ("x.test", vec![]),
        ("ada  ", vec![]),
        ("\u{10ffff}", vec![]),
        ("", vec!["U-1", "u-2", "v"]),
    ] {
        let filter = PeopleFilter { search: Some(search.to_owned()), include_deleted: false };
        assert_eq!(world.people_where(filter.clone()).await, found, "{search}");
        // Once, also where several terms begin alike; page by page.
        let page = world.store().people(world.account, &filter, PageRequest::first(1)).await.unwrap();
        assert_eq!((page.items.len(), page.has_next), (found.len().min(1), found.len() > 1), "{search}");
    }
}

/// Of tombstones only where they are asked for.
pub async fn search_follows_changes<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let search = |text: &str, include_deleted| PeopleFilter { search: Some(text.to_owned()), include_deleted };
    world.record(vec![Call::Upsert(vec![patch("a", "Before")])], None).await;
    world.record(vec![Call::Upsert(vec![patch("a", "After")])], None).await;
    assert!(world.people_where(search("before", false)).await.is_empty());
    assert_eq!(world.people_where(search("after", false)).await, ["a"]);
    world.delete(&["a"]).await;
    assert!(world.people_where(search("after", false)).await.is_empty());
    assert_eq!(world.people_where(search("after", true)).await, ["a"]);
    let of_links = LinkFilter { search: Some("AFTER".to_owned()), ..LinkFilter::default() };
    assert_eq!(world.links_where(&sync, of_links.clone()).await.len(), 1);
    world.record(vec![Call::Upsert(vec![patch("a", "Again")])], None).await;
    assert!(world.people_where(search("after", true)).await.is_empty());
    assert!(world.links_where(&sync, of_links).await.is_empty());
}

/// All that are given must hold.
pub async fn links_are_filtered_by_everything<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["linked", "refused", "uncertain", "redirected", "owed"]).await;
    for leased in world.claim(10).await.leased {
        let reply = match leased.link.id.person.as_str() {
            "refused" => Reply::Status(422),
            "redirected" => Reply::Status(308),
            "uncertain" => Reply::Lost,
            "owed" => Reply::Released,
            _ => Reply::Created("id-1".to_owned()),
        };
        world.reply(&leased, reply).await;
    }
    let none = LinkFilter::default;
    for (filter, expected) in [
        (none(), vec!["linked", "owed", "redirected", "refused", "uncertain"]),
        (LinkFilter { state: Some(StateName::Linked), ..none() }, vec!["linked"]),
        (LinkFilter { state: Some(StateName::Uncertain), ..none() }, vec!["uncertain"]),
        (LinkFilter { state: Some(StateName::Leaving), ..none() }, vec![]),
        (LinkFilter { owed: Some(true), ..none() }, vec!["owed", "uncertain"]),
        (LinkFilter { owed: Some(false), ..none() }, vec!["linked", "redirected", "refused"]),
        (LinkFilter { parked: Some(true), ..none() }, vec!["redirected", "refused"]),
        (LinkFilter { parked: Some(false), owed: Some(false), ..none() }, vec!["linked"]),
        (LinkFilter { parked_reason: Some(ParkReason::Redirected), ..none() }, vec!["redirected"]),
        (LinkFilter { person: Some(person_id("owed")), ..none() }, vec!["owed"]),
        (LinkFilter { person: Some(person_id("owed")), parked: Some(true), ..none() }, vec![]),
        (LinkFilter { unique_id: Some("id-1".to_owned()), ..none() }, vec!["linked"]),
        (LinkFilter { unique_id: Some("id-".to_owned()), ..none() }, vec![]),
        (LinkFilter { search: Some("re".to_owned()), ..none() }, vec!["redirected", "refused"]),
        (
            LinkFilter { search: Some("RE".to_owned()), parked_reason: Some(ParkReason::Refused), ..none() },
            vec!["refused"],
        ),
    ] {
        let found = world.links_where(&sync, filter.clone()).await;
        let found: Vec<_> = found.iter().map(|link| link.id.person.as_str()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

/// With filters too.
pub async fn links_are_paged_by_person<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a", "b", "c", "d", "e"]).await;
    world.upsert(&["b", "d", "e"]).await;
    let filter = LinkFilter { owed: Some(true), ..LinkFilter::default() };
    let page = |after: Option<&str>| {
        let request = PageRequest { first: 2, after: after.map(person_id) };
        world.store().links(world.account, sync.id, &filter, request)
    };
    let first = page(None).await.unwrap();
    assert_eq!((first.items[0].id.person.as_str(), first.items[1].id.person.as_str()), ("b", "d"));
    assert!(first.has_next);
    let second = page(Some("d")).await.unwrap();
    assert_eq!((second.items.len(), second.items[0].id.person.as_str(), second.has_next), (1, "e", false));
}

/// Each exactly as it is anywhere else.
pub async fn links_are_found_by_id_and_by_person<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (one, two) = (world.sync().await, world.sync().await);
    world.link_people(&["a", "b"]).await;
    let mut of_a = world.store().links_of_people(world.account, &[person_id("a"), person_id("x")]).await.unwrap();
    of_a.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(of_a, [world.link(&one, "a").await, world.link(&two, "a").await]);
    let id =
        |sync: &SyncConfig, person: &str| LinkId { account: world.account, sync: sync.id, person: person_id(person) };
    let found = world.store().links_by_ids(&[id(&two, "b"), id(&one, "a"), id(&one, "x")]).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(world.store().links_by_ids(&[]).await.unwrap().is_empty());
    assert!(world.store().links_of_people(world.account, &[]).await.unwrap().is_empty());
    world.store().delete_sync(world.account, two.id).await.unwrap();
    let of_a = world.store().links_of_people(world.account, &[person_id("a")]).await.unwrap();
    assert_eq!(of_a.len(), 1, "a deleted sync's links are shown to nobody");
}

/// By when they were made, and by id.
pub async fn syncs_are_paged_newest_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let syncs = [world.sync().await, world.sync().await, world.sync().await];
    let first = world.store().syncs(world.account, PageRequest::first(2)).await.unwrap();
    assert_eq!((first.items, first.has_next), (vec![syncs[2].clone(), syncs[1].clone()], true));
    let request = PageRequest { first: 2, after: Some(SyncPlace::from(&syncs[1])) };
    let rest = world.store().syncs(world.account, request).await.unwrap();
    assert_eq!((rest.items, rest.has_next), (vec![syncs[0].clone()], false));
    let some = world.store().syncs_by_ids(world.account, &[syncs[1].id, world.random.sync()]).await.unwrap();
    assert_eq!(some, [syncs[1].clone()]);
}

/// By revision.
pub async fn updating_compares_and_sets<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.pass(60).await;
    let settings = Settings {
        limits: Limits { max_concurrency: 3, requests_per_second: Some(0.5), requests_per_day: None },
        ..sync.settings.clone()
    };
    let update = |expected| world.store().update_sync(world.account, sync.id, expected, "new name", &settings, &[]);
    let SetResult::Set(after) = update(1).await.unwrap() else { panic!("nobody else changed it") };
    assert_eq!((after.revision, after.friendly_name.as_str(), &after.settings), (2, "new name", &settings));
    assert_eq!((after.unique_id_revision, after.created_at), (1, sync.created_at));
    assert!(after.updated_at > sync.updated_at);
    assert_eq!(world.store_sync(&sync).await, after);
    assert_eq!(update(1).await.unwrap(), SetResult::Conflict(after.clone()));
    assert_eq!(world.store_sync(&sync).await, after);
    let unknown = world.random.sync();
    let nobody = world.store().update_sync(world.account, unknown, 1, "x", &settings, &[]).await.unwrap();
    assert_eq!(nobody, SetResult::NotFound);
}

/// What may make an Unaddressable link addressable.
pub async fn unique_id_and_lookup_raise_their_revision<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let sync = world.edit(&sync, &[], |settings| settings.lookup = Some(lookup())).await;
    assert_eq!((sync.revision, sync.unique_id_revision), (2, 2));
    let sync = world.edit(&sync, &[], |s| s.unique_id = Some(UniqueIdSource::Header("location".to_owned()))).await;
    assert_eq!((sync.revision, sync.unique_id_revision), (3, 3));
    let sync = world.edit(&sync, &[], |s| s.update = None).await;
    assert_eq!((sync.revision, sync.unique_id_revision), (4, 3));
}

/// It is no configuration.
pub async fn pausing_does_not_raise_the_revision<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let set = world.store().set_paused(world.account, sync.id, true).await.unwrap();
    let SetResult::Set(paused) = set else { panic!("it is there") };
    assert!(paused.paused);
    assert_eq!(paused.revision, 1);
    assert_eq!(world.store_sync(&sync).await, paused);
    let unknown = world.store().set_paused(world.account, world.random.sync(), true).await.unwrap();
    assert_eq!(unknown, SetResult::NotFound);
}

/// From then on.
pub async fn a_deleted_sync_is_shown_to_nobody<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.link_people(&["a"]).await;
    let store = world.store();
    assert!(store.delete_sync(world.account, sync.id).await.unwrap());
    assert!(!store.delete_sync(world.account, sync.id).await.unwrap());
    assert!(store.syncs(world.account, PageRequest::first(10)).await.unwrap().items.is_empty());
    assert!(store.syncs_by_ids(world.account, &[sync.id]).await.unwrap().is_empty());
    assert!(store.runtimes(world.account, &[sync.id]).await.unwrap().is_empty());
    assert!(world.links(&sync).await.is_empty());
    let update = store.update_sync(world.account, sync.id, 1, "x", &sync.settings, &[]).await.unwrap();
    assert_eq!(update, SetResult::NotFound);
    assert_eq!(store.set_paused(world.account, sync.id, true).await.unwrap(), SetResult::NotFound);
    let scope = sync_core::ports::ResyncScope::All;
    assert_eq!(store.resync(world.account, sync.id, scope, false).await.unwrap(), None);
    assert_eq!(store.resync_count(world.account, sync.id, scope).await.unwrap(), 0);
    // Changes make no rows behind its sweep.
    world.upsert(&["b"]).await;
    assert!(world.find_link(&sync, "b").await.is_none());
}

/// Kept as differences, never counted by scanning.
pub async fn counts_follow_every_change<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b", "c", "d"]).await;
    let recorded = world.upsert_handing_off(&["e"], 5).await;
    assert!(recorded.leased.is_empty());
    for leased in world.claim(10).await.leased {
        let reply = match leased.link.id.person.as_str() {
            "a" => Reply::Lost,
            "b" => Reply::Status(422),
            _ => accepted(&leased),
        };
        world.reply(&leased, reply).await;
    }
    world.delete(&["c"]).await;
    world.claim_one().await;
    world.pass(100).await;
    world.claim(10).await;
    let counts = world.store().runtimes(world.account, &[sync.id]).await.unwrap().remove(0).1.counts;
    let mut expected = sync_core::counts::LinkCounts::default();
    for link in world.links(&sync).await {
        expected.note(None, Some(&link));
    }
    assert_eq!(counts, expected);
    assert_eq!(counts.by_state.iter().sum::<i64>(), 5);
    assert_eq!(counts.parked, 1);
}

struct NewKey;

impl Reseal for NewKey {
    fn reseal(&self, sync: &SyncConfig) -> Result<Option<Settings>, BoxError> {
        let Authentication::Bearer { token: Some(old) } = &sync.settings.authentication else { return Ok(None) };
        let token = Some(Sealed { key_id: "new".to_owned(), ciphertext: old.ciphertext.clone() });
        Ok(Some(Settings { authentication: Authentication::Bearer { token }, ..sync.settings.clone() }))
    }

    fn reseal_alerts(&self, _: AccountId, secret: &Sealed) -> Result<Option<Sealed>, BoxError> {
        let anew = Sealed { key_id: "new".to_owned(), ciphertext: secret.ciphertext.clone() };
        Ok((*secret != anew).then_some(anew))
    }
}

/// Of every sync that has secrets, and of alerts.
pub async fn sealing_anew_raises_no_revision<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let plain = world.sync().await;
    let sealed = |key: &str| Authentication::Bearer {
        token: Some(Sealed { key_id: key.to_owned(), ciphertext: "c2VjcmV0".to_owned() }),
    };
    let secret = world.sync_with(|sync| sync.settings.authentication = sealed("old")).await;
    let old = Sealed { key_id: "old".to_owned(), ciphertext: "c2VjcmV0".to_owned() };
    let alerts = AlertSettings { url: "https://a.test/".to_owned(), secret: old, parked_above: Some(3) };
    world.store().set_alerts(world.account, &alerts).await.unwrap();
    assert_eq!(world.store().reseal(Arc::new(NewKey)).await.unwrap(), 2);
    let (after, _) = world.store().alerts(world.account).await.unwrap().unwrap();
    assert_eq!((after.secret.key_id.as_str(), after.parked_above), ("new", Some(3)));
    assert_eq!(world.store_sync(&plain).await, plain);
    let after = world.store_sync(&secret).await;
    assert_eq!((after.revision, &after.settings.authentication), (1, &sealed("new")));
    assert_eq!(after.settings.create, secret.settings.create);
}

/// Every field.
pub async fn settings_come_back_as_they_were_given<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world
        .sync_with(|sync| {
            sync.friendly_name = "It's \"odd\" 😀 %_\\".to_owned();
            sync.paused = true;
            let settings = &mut sync.settings;
            settings.authentication = Authentication::Basic { username: "ü:".to_owned(), password: None };
            settings.unique_id = Some(UniqueIdSource::Template("our-{{ person.id }}".to_owned()));
            settings.lookup = Some(lookup());
            settings.limits = Limits { max_concurrency: 256, requests_per_second: Some(0.1), requests_per_day: None };
            settings.dropped_secrets = Some("the password".to_owned());
            let mut update = rule(Method::Put, "https://crm.test/{{ unique_id }}", Some("{\"a\":\n\"'\\\\\"}"));
            update.headers = vec![
                Header { name: "X-One".to_owned(), value: HeaderValue::Template("{{ person.id }}".to_owned()) },
                Header { name: "X-Two".to_owned(), value: HeaderValue::Secret(None) },
            ];
            update.enabled = false;
            settings.update = Some(update);
            settings.delete = None;
        })
        .await;
    assert_eq!(world.store_sync(&sync).await, sync);
}
