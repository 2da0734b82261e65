//! Recording changes.

use super::{StoreFixture, World};
use crate::build::{patch, person_id};
use crate::reply::Reply;
use std::sync::Arc;
use sync_core::claim::{Call, CallResult, UpsertOutcome};
use sync_core::digits::{number, text as text_of};
use sync_core::id::AccountId;
use sync_core::link::LinkState;
use sync_core::page::PageRequest;
use sync_core::person::{ChangeKind, Patch};
use sync_core::ports::{DirectoryStore, StoreError, WorkStore};
use sync_core::time::Timestamp;

/// Paused and suspended syncs too.
pub async fn a_new_person_is_owed_to_every_live_sync<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let (active, paused, suspended) = (world.sync().await, world.sync().await, world.sync().await);
    world.suspend(&suspended, &["s1", "s2", "s3", "s4", "s5"]).await;
    world.pause(&paused, true).await;
    let recorded = world.upsert(&["a"]).await;
    assert!(recorded.due);
    assert!(recorded.leased.is_empty());
    for sync in [&active, &paused, &suspended] {
        let link = world.link(sync, "a").await;
        assert_eq!((link.state.clone(), link.generation, link.is_owed()), (LinkState::Unlinked, 1, true));
    }
}

/// A deleted person without a row owes nothing to anybody.
pub async fn nothing_is_made_for_deleted_people<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let before = world.sync().await;
    world.upsert(&["a"]).await;
    let after = world.sync().await;
    let calls = vec![Call::Delete(vec![person_id("a")]), world.upsert_call(&["b"]), Call::Delete(vec![person_id("b")])];
    world.record(calls, None).await;
    assert!(world.find_link(&before, "a").await.is_some_and(|link| link.generation == 2));
    assert!(world.find_link(&after, "a").await.is_none());
    assert!(world.links(&after).await.is_empty());
}

/// What differs in nothing is no change.
pub async fn an_unchanged_upsert_marks_nothing<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let call = world.upsert_call(&["a"]);
    world.record(vec![call.clone()], None).await;
    world.drain().await;
    let before = (world.link(&sync, "a").await, world.find_person("a").await);
    let recorded = world.record(vec![call], None).await;
    assert!(!recorded.due);
    let CallResult::Upserted(results) = &recorded.results[0] else { panic!("an upsert was recorded") };
    assert_eq!((results[0].outcome, results[0].version), (UpsertOutcome::Unchanged, 1));
    assert_eq!((world.link(&sync, "a").await, world.find_person("a").await), before);
}

/// One person twice in a transaction is folded.
pub async fn calls_apply_in_order_and_each_gets_its_result<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    let calls = vec![
        Call::Upsert(vec![patch("b", "one"), patch("a", "one"), patch("a", "two")]),
        Call::Delete(vec![person_id("a"), person_id("nobody")]),
        Call::Upsert(vec![patch("a", "three")]),
    ];
    let recorded = world.record(calls, None).await;
    let CallResult::Upserted(first) = &recorded.results[0] else { panic!("an upsert comes first") };
    let seen: Vec<_> = first.iter().map(|r| (r.id.as_str(), r.outcome, r.version)).collect();
    let (created, updated) = (UpsertOutcome::Created, UpsertOutcome::Updated);
    assert_eq!(seen, [("b", created, 1), ("a", created, 1), ("a", updated, 2)]);
    let deleted = CallResult::Deleted { deleted: vec![person_id("a")], unknown: vec![person_id("nobody")] };
    assert_eq!(recorded.results[1], deleted);
    let CallResult::Upserted(last) = &recorded.results[2] else { panic!("an upsert comes last") };
    assert_eq!((last[0].outcome, last[0].version), (created, 4));
    let person = world.find_person("a").await.unwrap();
    assert_eq!((person.version, person.first_name.as_deref(), person.deleted_at), (4, Some("three"), None));
    assert_eq!(world.link(&sync, "a").await.generation, 1);
    assert_eq!(world.store().people_count(world.account).await.unwrap(), 2);
}

/// There is no "already due, skip".
pub async fn a_change_is_marked_while_a_lease_is_out<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    world.upsert(&["a"]).await;
    assert_eq!(world.link(&sync, "a").await.generation, 2);
    let leased = world.claim_one().await;
    world.upsert(&["a"]).await;
    world.delete(&["a"]).await;
    let link = world.link(&sync, "a").await;
    assert_eq!(link.generation, 4);
    assert!(link.is_owed());
    assert_eq!(link.lease, leased.link.lease);
}

/// Deleting keeps the last snapshot; coming back starts from empty fields.
pub async fn a_deleted_person_stays_as_a_tombstone_and_counts_on<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let with_name =
        |id: &str| sync_core::person::PersonPatch { last_name: Patch::Set("Last".to_owned()), ..patch(id, "First") };
    world.record(vec![Call::Upsert(vec![with_name("a")])], None).await;
    world.delete(&["a"]).await;
    let tombstone = world.find_person("a").await.unwrap();
    assert!(tombstone.is_deleted());
    assert_eq!((tombstone.version, tombstone.last_name.as_deref()), (2, Some("Last")));
    assert_eq!(world.store().people_count(world.account).await.unwrap(), 0);
    world.record(vec![Call::Upsert(vec![patch("a", "Again")])], None).await;
    let back = world.find_person("a").await.unwrap();
    assert!(!back.is_deleted());
    assert_eq!((back.version, back.first_name.as_deref(), back.last_name), (3, Some("Again"), None));
    assert_eq!(world.store().people_count(world.account).await.unwrap(), 1);
}

/// A lookup renders from what the create carried, not from what the person is by now.
pub async fn the_snapshot_of_an_unresolved_create_is_kept<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.record(vec![Call::Upsert(vec![patch("a", "first"), patch("b", "first")])], None).await;
    let claimed = world.claim(10).await;
    // While the create is under way.
    world.record(vec![Call::Upsert(vec![patch("a", "second")])], None).await;
    for leased in &claimed.leased {
        assert_eq!(world.reply(leased, Reply::Lost).await, sync_core::transition::SettleResult::Applied);
    }
    // Once it is uncertain; only the first snapshot counts.
    world.record(vec![Call::Upsert(vec![patch("a", "third"), patch("b", "second")])], None).await;
    world.delete(&["b"]).await;
    for person in ["a", "b"] {
        let link = world.link(&sync, person).await;
        assert_eq!(link.state, LinkState::Uncertain);
        let snapshot = link.extras.first_snapshot.expect("the first snapshot is kept");
        assert_eq!((snapshot.version, snapshot.first_name.as_deref()), (1, Some("first")));
    }
    world.pass(3600).await;
    world.drain().await;
    let link = world.link(&sync, "a").await;
    assert!(matches!(link.state, LinkState::Linked(_)));
    assert!(link.extras.is_empty(), "the snapshot is dropped once the create is resolved");
}

/// All or nothing.
pub async fn an_unknown_account_leaves_no_trace<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let mut request = world.record_request(vec![world.upsert_call(&["a"])], Some(5));
    request.account = AccountId(uuid::Uuid::from_u128(99));
    let account = request.account;
    let error = world.store().record_changes(request).await.expect_err("there is no such account");
    assert!(matches!(error, StoreError::Internal { .. }), "{error:?}");
    assert_eq!(world.store().people_count(account).await.unwrap(), 0);
    assert!(world.store().people_by_ids(account, &[person_id("a")]).await.unwrap().is_empty());
}

/// With kind, version and the names of the fields that differ.
pub async fn changes_are_kept_newest_first<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let call = |name: &str| Call::Upsert(vec![patch("a", name)]);
    world.record(vec![call("one"), call("two")], None).await;
    world.delete(&["a"]).await;
    world.upsert(&["other"]).await;
    let id = person_id("a");
    let all = world.store().person_changes(world.account, &id, PageRequest::first(10)).await.unwrap();
    assert!(!all.has_next);
    let seen: Vec<_> = all.items.iter().map(|c| (c.version, c.kind, c.fields.join(" "))).collect();
    let expected = [
        (3, ChangeKind::Deleted, String::new()),
        (2, ChangeKind::Updated, "firstName name".to_owned()),
        (1, ChangeKind::Created, "firstName name emails".to_owned()),
    ];
    assert_eq!(seen, expected);
    let page = PageRequest { first: 1, after: Some(3) };
    let page = world.store().person_changes(world.account, &id, page).await.unwrap();
    assert_eq!((page.items.len(), page.items[0].version, page.has_next), (1, 2, true));
}

/// Transactions of different callers on the same people: each is applied once, on top of the others.
pub async fn concurrent_changes_are_all_kept<F: StoreFixture>() {
    const CALLERS: usize = 8;
    let world = Arc::new(World::<F>::new().await);
    let sync = world.sync().await;
    let tasks: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let world = world.clone();
            tokio::spawn(async move {
                // In different orders, so that stores with locks per row must sort them.
                let people: &[&str] = if caller % 2 == 0 { &["a", "b", "c"] } else { &["c", "b", "a"] };
                for _ in 0..5 {
                    world.upsert(people).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for person in ["a", "b", "c"] {
        assert_eq!(world.find_person(person).await.unwrap().version, 5 * CALLERS as i64);
        assert_eq!(world.link(&sync, person).await.generation, 5 * CALLERS as i64);
    }
    assert_eq!(world.store().people_count(world.account).await.unwrap(), 3);
}

/// Every field, with texts and numbers that databases stumble over.
pub async fn a_person_comes_back_as_it_was_given<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let at = |text: &str| Patch::Set(Timestamp::parse(text).unwrap());
    let text = |text: &str| Patch::Set(text.to_owned());
    let mut json = serde_json::json!({ "plan": "gold", "big": 12_345_678_901_234_567_u64, "nested": { "a": [1, 2.5, null, "é\"'\\"] }, "": "empty" });
    // Numbers that no JSON value holds, and a text that begins as such a number is kept (case number_beyond_64_bits_rounded).
    json["iccid"] = number("89014103211118510720").unwrap();
    json["digits"] =
        serde_json::json!([number("1.10").unwrap(), number(&"9".repeat(100)).unwrap(), text_of("\u{FDD0}1e5")]);
    let given = sync_core::person::PersonPatch {
        id: person_id("ünï '\"%_\\ 😀 id"),
        first_name: text("O'Brien %_\\"),
        last_name: text(""),
        name: text("Ann \u{1F600} Ω"),
        emails: Patch::Set(vec!["a@x.test".to_owned(), "\"q\",{}@x.test".to_owned(), String::new()]),
        phones: Patch::Set(vec!["+1 2".to_owned()]),
        organizations: Patch::Set(vec!["A, B".to_owned(), "NULL".to_owned()]),
        labels: Patch::Set(vec![]),
        summary: text("line\nline\ttab\u{7f}"),
        timezone: text("Europe/Berlin"),
        language: text("de"),
        contact: Patch::Set(serde_json::json!({ "whatsapp": "+1" })),
        custom: Patch::Set(json),
        last_logged_in: at("1969-12-31T23:59:59.123456Z"),
        created_at: at("0001-01-01T00:00:00Z"),
        updated_at: at("9999-12-31T23:59:59.999999Z"),
    };
    let given = given.check().unwrap();
    world.record(vec![Call::Upsert(vec![given.clone()])], None).await;
    let expected = sync_core::person::upsert(None, 0, &given, Timestamp::from_micros(0));
    let sync_core::person::Upserted::Created(expected, _) = expected else { panic!("nobody was there before") };
    let held = world.find_person(given.id.as_str()).await.unwrap();
    assert_eq!(held, expected);
    let keys: Vec<_> = held.custom.keys().collect();
    assert_eq!(keys, ["plan", "big", "nested", "", "iccid", "digits"], "members keep their order");
}
