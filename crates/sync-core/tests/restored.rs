//! An older copy of the database was restored: what its links need before anything is made again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use sync_core::claim::ClaimRequest;
use sync_core::decide::{Decision, KEY_LIFETIME, SyncRules, decide};
use sync_core::governor::brake::BrakeKind;
use sync_core::governor::{Governor, Wish};
use sync_core::id::{AccountId, LeaseToken, LinkId, PersonId, SyncId};
use sync_core::link::{Asking, CreateKey, Link, LinkState, ParkReason, Parked, Sent, UniqueId};
use sync_core::person::Person;
use sync_core::plan::lease::{Candidate, lease_share, shares};
use sync_core::plan::sweep::sweep_link;
use sync_core::ports::SweepKind;
use sync_core::sync::{
    AdoptedRecords, BodyFormat, LookupRule, LookupWhen, Method, OnExisting, OnMissing, OnUncertain, Operation, Rule,
    Settings, SyncConfig, UniqueIdSource,
};
use sync_core::time::Timestamp;
use sync_core::transition::distrust;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const TOKEN: LeaseToken = LeaseToken(Uuid::from_u128(7));

fn rule(method: Method, data: Option<&str>) -> Rule {
    Rule {
        enabled: true,
        method,
        url: "https://crm.test/contacts/{{ person.id }}".to_owned(),
        headers: Vec::new(),
        data: data.map(str::to_owned),
        format: BodyFormat::Json,
        ssl_verification: true,
        timeout_seconds: 10,
        on_missing: OnMissing::Park,
        on_uncertain: OnUncertain::Resend,
        on_existing: OnExisting::Park,
        adopted: AdoptedRecords::Keep,
        edition: sync_core::sync::Edition::CURRENT,
    }
}

fn settings() -> Settings {
    Settings {
        unique_id: Some(UniqueIdSource::Path("$.id".to_owned())),
        create: Some(rule(Method::Post, Some("{}"))),
        update: Some(rule(Method::Put, Some("{}"))),
        delete: Some(rule(Method::Delete, None)),
        ..Settings::default()
    }
}

fn sync(change: impl FnOnce(&mut SyncConfig)) -> SyncConfig {
    let mut sync = SyncConfig {
        account: AccountId(Uuid::from_u128(1)),
        id: SyncId(Uuid::from_u128(2)),
        friendly_name: "A CRM".to_owned(),
        revision: 1,
        unique_id_revision: 1,
        paused: false,
        settings: settings(),
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
    };
    change(&mut sync);
    sync
}

fn looks_up(sync: &mut SyncConfig) {
    let request = rule(Method::Get, None);
    let when = LookupWhen::Uncertain;
    sync.settings.lookup =
        Some(LookupRule { request, path: "$[*].id".to_owned(), when, empty_when: None, settle_seconds: 30 });
}

fn chooses(sync: &mut SyncConfig) {
    sync.settings.unique_id = Some(UniqueIdSource::Template("{{ person.id }}".to_owned()));
}

fn names_a_key(sync: &mut SyncConfig) {
    let create = sync.settings.create.as_mut().unwrap();
    create.data = Some(r#"{"key":"{{ idempotency_key }}"}"#.to_owned());
}

fn person(deleted: bool) -> Person {
    Person { deleted_at: deleted.then_some(NOW), ..Person::empty(PersonId::new("ada").unwrap(), 1, NOW) }
}

fn owed(sync: &SyncConfig) -> Link {
    let id = LinkId { account: sync.account, sync: sync.id, person: PersonId::new("ada").unwrap() };
    Link { due_at: Some(NOW), generation: 1, ..Link::new(id, NOW) }
}

/// What a claim after the restore does to a link: the operation that it leases, or `None` where it waits; and the link.
fn claimed(sync: &SyncConfig, link: Link, deleted: bool, governor: &Governor) -> (Option<Decision>, Link) {
    let mut candidate = Candidate { config: sync.clone(), governor: governor.clone(), leased: 0, due: 1 };
    let request = ClaimRequest { token: TOKEN, links_max: 10, policy: Arc::default() };
    let share = shares(std::slice::from_ref(&candidate), &request, NOW)[0];
    let person = person(deleted);
    let people = HashMap::from([(person.id.clone(), person)]);
    let mut out = lease_share(&mut candidate, share, vec![link], &people, &request, NOW);
    let after = out.writes.remove(0).after.unwrap();
    (out.leased.pop().map(|leased| leased.decision), after)
}

fn restored() -> Governor {
    let mut governor = Governor::default();
    governor.restore(NOW);
    governor
}

#[test]
fn whoever_is_not_known_to_be_linked_is_found_before_anything_is_made() {
    type Case = (&'static str, fn(&mut SyncConfig), bool, Option<Decision>);
    let cases: [Case; 8] = [
        ("lookup", looks_up, false, Some(Decision::Send(Operation::Lookup))),
        ("lookup, deleted", looks_up, true, Some(Decision::Send(Operation::Lookup))),
        ("chosen id", chooses, false, Some(Decision::Repeat)),
        ("chosen id, deleted", chooses, true, Some(Decision::DeleteChosen)),
        ("nothing tells", |_| {}, false, None),
        ("nothing tells, deleted", |_| {}, true, Some(Decision::Forget)),
        ("a key that is made now", names_a_key, false, None),
        (
            "deletes are off",
            |sync| {
                looks_up(sync);
                sync.settings.delete = None;
            },
            true,
            Some(Decision::Forget),
        ),
    ];
    for (name, change, deleted, decision) in cases {
        let sync = sync(change);
        // Swept or not: one who comes only after the restore is treated alike.
        let mut swept = owed(&sync);
        distrust(&mut swept, NOW);
        for link in [swept, owed(&sync)] {
            let (decided, after) = claimed(&sync, link.clone(), deleted, &restored());
            assert_eq!(decided, decision, "{name}");
            assert!(after.notes().restored, "{name}");
            assert_eq!(decision.is_none(), after.lease.is_none() && after.due_at > Some(NOW), "{name}");
            // Another day.
            let before = claimed(&sync, owed(&sync), deleted, &Governor::default()).0;
            let usual = if deleted { Decision::Forget } else { Decision::Send(Operation::Create) };
            assert_eq!(before, Some(usual), "{name}");
        }
    }
}

#[test]
fn a_key_of_the_copy_that_is_still_known_makes_no_second_record() {
    let sync = sync(names_a_key);
    let version = person(false).version;
    let with_key = |state: LinkState, version, age: Duration| {
        let key = CreateKey { key: Uuid::from_u128(9), version, first_used_at: NOW.minus(age) };
        Link { state, key: Some(key), ..owed(&sync) }
    };
    let young = Duration::from_secs(60);
    for (state, version, age, goes) in [
        (LinkState::Uncertain, version, young, true),
        (LinkState::Uncertain, version + 1, young, true),
        (LinkState::Uncertain, version, KEY_LIFETIME, false),
        (LinkState::Unlinked, version, young, true),
        (LinkState::Unlinked, version + 1, young, false),
    ] {
        let (decided, after) = claimed(&sync, with_key(state.clone(), version, age), false, &restored());
        assert_eq!(decided.is_some(), goes, "{state:?} {version} {age:?}");
        assert_eq!(after.key.map(|key| key.key), Some(Uuid::from_u128(9)));
    }
}

/// After "none" the create goes, and the hold's release lets the others go.
#[test]
fn the_hold_ends_by_a_proof_or_by_an_administrator() {
    let by_lookup = sync(looks_up);
    let mut asked = owed(&by_lookup);
    asked.extras.notes.looked_up = true;
    assert_eq!(claimed(&by_lookup, asked, false, &restored()).0, Some(Decision::Send(Operation::Create)));
    let sync = sync(|_| {});
    let (_, held) = claimed(&sync, owed(&sync), false, &restored());
    let mut governor = restored();
    let (_, sweep) = governor.change(|governor| governor.grant_wish(&Wish::Release(BrakeKind::Restored), NOW));
    assert_eq!((sweep, governor.is_restored()), (Some(SweepKind::Lifted), false));
    let lifted = sweep_link(SweepKind::Lifted, held.id.clone(), None, Some(held), NOW).unwrap().after.unwrap();
    assert_eq!(claimed(&sync, lifted, false, &governor).0, Some(Decision::Send(Operation::Create)));
    assert_eq!(governor, Governor::default());
}

/// No answer lifts it, nor an edit; and it is no brake on other requests.
#[test]
fn it_holds_creates_only_and_nothing_but_a_release_ends_it() {
    let sync = sync(|_| {});
    let mut governor = restored();
    let linked = Link { state: LinkState::Linked(UniqueId::text("7").unwrap()), ..owed(&sync) };
    assert_eq!(claimed(&sync, linked.clone(), false, &governor).0, Some(Decision::Send(Operation::Update)));
    assert_eq!(claimed(&sync, linked, true, &governor).0, Some(Decision::Send(Operation::Delete)));
    governor.edited(&sync.settings, &settings(), 2, NOW);
    assert!(governor.is_restored() && governor.needs_claim());
    assert!(governor.reason(NOW).unwrap().contains("restored"));
    let text = serde_json::to_string(&governor).unwrap();
    assert_eq!(serde_json::from_str::<Governor>(&text).unwrap(), governor);
}

#[test]
fn what_was_asked_before_the_copy_says_nothing_of_what_was_made_since() {
    let sync = sync(looks_up);
    let rules = SyncRules::of(&sync);
    let decided = |link: &Link| decide(Some(&person(false)), link, &rules, NOW);
    // The lookup had found none, before a first create and after one in doubt.
    for repeats in [false, true] {
        let mut link = owed(&sync);
        (link.extras.notes.looked_up, link.extras.notes.repeats) = (!repeats, repeats);
        assert_ne!(decided(&link), Decision::Send(Operation::Lookup));
        distrust(&mut link, NOW);
        assert_eq!(decided(&link), Decision::Send(Operation::Lookup), "{repeats}");
    }
    // The record was gone, and the lookup was to be asked where it went: its "none" would make a deleted person again.
    let state = LinkState::Linked(UniqueId::text("7").unwrap());
    let mut link = Link { state, sent: Some(Sent { version: 1, revision: 1, digest: None }), ..owed(&sync) };
    link.extras.notes.asking = Some(Asking::Gone("404".to_owned()));
    link.extras.notes.adopted_unseen = true;
    distrust(&mut link, NOW);
    assert_eq!(decided(&link), Decision::Send(Operation::Update));
    assert!(!link.notes().adopted_unseen);
    // Whoever is parked stays so, and is looked up once un-parked.
    let parked = Parked { reason: ParkReason::Refused, detail: "422".to_owned(), at: NOW };
    let mut link = Link { due_at: None, parked: Some(parked), ..owed(&sync) };
    distrust(&mut link, NOW);
    assert_eq!((link.due_at, decided(&link)), (None, Decision::Send(Operation::Lookup)));
}
