//! What an upsert, a deletion and a call of several make of the directory.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use sync_core::claim::{Call, CallResult, UpsertOutcome, fold, ids_of};
use sync_core::digits::{Kept, kept, number};
use sync_core::id::{PersonId, PersonIdError};
use sync_core::person::{
    ChangeKind, PERSON_BYTES_MAX, Patch, Person, PersonChange, PersonPatch, Upserted, delete, upsert,
};
use sync_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const LATER: Timestamp = Timestamp::from_micros(1_790_000_060_000_000);
const GIVEN: Timestamp = Timestamp::from_micros(1_600_000_000_000_000);

fn id(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn patch() -> PersonPatch {
    PersonPatch::new(id("p"))
}

fn text(value: &str) -> Patch<String> {
    Patch::Set(value.to_owned())
}

fn list(values: &[&str]) -> Patch<Vec<String>> {
    Patch::Set(values.iter().map(ToString::to_string).collect())
}

/// Everything set.
fn full() -> Person {
    let given = PersonPatch {
        first_name: text("Ada"),
        last_name: text("King"),
        name: text("Countess Ada"),
        emails: list(&["a@x.test", "b@x.test"]),
        phones: list(&["+1"]),
        organizations: list(&["Org"]),
        labels: list(&["vip"]),
        summary: text("s"),
        timezone: text("UTC"),
        language: text("en"),
        contact: Patch::Set(json!({"whatsapp": "+2"})),
        custom: Patch::Set(json!({"plan": "gold", "age": 36})),
        last_logged_in: Patch::Set(GIVEN),
        created_at: Patch::Set(GIVEN),
        updated_at: Patch::Set(GIVEN),
        ..patch()
    };
    match upsert(None, 0, &given, NOW) {
        Upserted::Created(person, _) => person,
        other => panic!("{other:?}"),
    }
}

fn updated(held: &Person, patch: &PersonPatch) -> (Person, PersonChange) {
    match upsert(Some(held), 0, patch, LATER) {
        Upserted::Updated(person, change) => (person, change),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_first_upsert_creates_with_what_is_given_and_nothing_else() {
    let Upserted::Created(person, change) = upsert(None, 0, &patch(), NOW) else { panic!("created") };
    assert_eq!(person, Person::empty(id("p"), 1, NOW));
    assert_eq!(change, PersonChange { version: 1, kind: ChangeKind::Created, at: NOW, fields: vec![] });
    let person = full();
    assert_eq!((person.created_at, person.updated_at, person.last_logged_in), (GIVEN, GIVEN, Some(GIVEN)));
    assert_eq!(person.custom["age"], 36);
}

/// Each field: a patch that sets it, one that clears it, the names of what differs then, and whether clearing differs.
#[test]
fn absent_stays_null_clears_and_a_value_replaces_in_every_field() {
    type Field =
        (&'static str, fn(&mut PersonPatch), fn(&mut PersonPatch), &'static [&'static str], fn(&Person) -> Value);
    let fields: [Field; 13] = [
        (
            "firstName",
            |p| p.first_name = text("B"),
            |p| p.first_name = Patch::Clear,
            &["firstName"],
            |p| json!(p.first_name),
        ),
        (
            "lastName",
            |p| p.last_name = text("B"),
            |p| p.last_name = Patch::Clear,
            &["lastName"],
            |p| json!(p.last_name),
        ),
        ("name", |p| p.name = text("B"), |p| p.name = Patch::Clear, &["name"], |p| json!(p.name)),
        ("emails", |p| p.emails = list(&["c"]), |p| p.emails = Patch::Clear, &["emails"], |p| json!(p.emails)),
        ("phones", |p| p.phones = list(&["c"]), |p| p.phones = Patch::Clear, &["phones"], |p| json!(p.phones)),
        (
            "organizations",
            |p| p.organizations = list(&["c"]),
            |p| p.organizations = Patch::Clear,
            &["organizations"],
            |p| json!(p.organizations),
        ),
        ("labels", |p| p.labels = list(&["c"]), |p| p.labels = Patch::Clear, &["labels"], |p| json!(p.labels)),
        ("summary", |p| p.summary = text("B"), |p| p.summary = Patch::Clear, &["summary"], |p| json!(p.summary)),
        ("timezone", |p| p.timezone = text("B"), |p| p.timezone = Patch::Clear, &["timezone"], |p| json!(p.timezone)),
        ("language", |p| p.language = text("B"), |p| p.language = Patch::Clear, &["language"], |p| json!(p.language)),
        (
            "contact",
            |p| p.contact = Patch::Set(json!({"whatsapp": "+9"})),
            |p| p.contact = Patch::Clear,
            &["contact.whatsapp"],
            |p| json!(p.contact),
        ),
        (
            "custom",
            |p| p.custom = Patch::Set(json!({"plan": "tin", "age": 36})),
            |p| p.custom = Patch::Clear,
            &["custom.plan"],
            |p| json!(p.custom),
        ),
        (
            "lastLoggedIn",
            |p| p.last_logged_in = Patch::Set(NOW),
            |p| p.last_logged_in = Patch::Clear,
            &["lastLoggedIn"],
            |p| json!(p.last_logged_in),
        ),
    ];
    let held = full();
    for (name, set, clear, differs, read) in fields {
        let mut setting = patch();
        set(&mut setting);
        let (after, change) = updated(&held, &setting);
        assert_ne!(read(&after), read(&held), "{name}");
        assert_eq!(change.fields, differs, "{name}");
        assert_eq!((after.version, after.updated_at), (2, LATER), "{name}");
        // Nothing else changed.
        for (other, _, _, _, read) in fields {
            assert!(other == name || read(&after) == read(&held), "{other} with {name}");
        }
        assert_eq!(upsert(Some(&after), 0, &setting, LATER), Upserted::Unchanged(2), "the same again: {name}");

        let mut clearing = patch();
        clear(&mut clearing);
        let (after, change) = updated(&held, &clearing);
        assert!(
            matches!(read(&after), Value::Null) || read(&after) == json!([]) || read(&after) == json!({}),
            "{name}"
        );
        assert!(change.fields.iter().all(|field| field.starts_with(name)), "{name}: {:?}", change.fields);
        assert_eq!(upsert(Some(&after), 0, &clearing, LATER), Upserted::Unchanged(2), "clear already: {name}");
    }
    assert_eq!(upsert(Some(&held), 0, &patch(), LATER), Upserted::Unchanged(1), "nothing said, nothing changed");
}

#[test]
fn the_name_is_what_was_given_else_first_and_last_name() {
    let named = |first: Option<&str>, last: Option<&str>, name: Option<&str>| {
        Person {
            first_name: first.map(str::to_owned),
            last_name: last.map(str::to_owned),
            name: name.map(str::to_owned),
            ..Person::empty(id("p"), 1, NOW)
        }
        .name()
    };
    assert_eq!(named(Some("A"), Some("K"), None), "A K");
    assert_eq!(named(Some("A"), None, None), "A");
    assert_eq!(named(None, Some("K"), None), "K");
    assert_eq!(named(None, None, None), "");
    assert_eq!(named(Some("A"), Some("K"), Some("Ada")), "Ada");
    // A first name changes the joined name too.
    let Upserted::Created(held, _) = upsert(None, 0, &PersonPatch { first_name: text("A"), ..patch() }, NOW) else {
        panic!("created")
    };
    let (_, change) = updated(&held, &PersonPatch { first_name: text("B"), ..patch() });
    assert_eq!(change.fields, ["firstName", "name"]);
}

#[test]
fn objects_are_replaced_whole_and_their_members_named() {
    let new = json!({"age": 37, "nested": {"a": [1, null]}});
    let (after, change) = updated(&full(), &PersonPatch { custom: Patch::Set(new.clone()), ..patch() });
    assert_eq!(Value::Object(after.custom), new);
    let mut fields = change.fields;
    fields.sort();
    assert_eq!(fields, ["custom.age", "custom.nested", "custom.plan"]);
}

#[test]
fn updated_at_is_what_was_given_else_the_time_of_a_difference() {
    let held = full();
    let (after, change) = updated(&held, &PersonPatch { updated_at: Patch::Set(NOW), ..patch() });
    assert_eq!((after.updated_at, change.fields), (NOW, vec!["updatedAt".to_owned()]));
    let both = PersonPatch { summary: text("new"), updated_at: Patch::Set(GIVEN), ..patch() };
    let (after, change) = updated(&held, &both);
    assert_eq!((after.updated_at, change.fields), (GIVEN, vec!["summary".to_owned()]), "given, and the same as before");
    let null = PersonPatch { updated_at: Patch::Clear, ..patch() };
    assert_eq!(upsert(Some(&held), 0, &null, LATER), Upserted::Unchanged(1), "now, if anything else differs");
    let (after, _) = updated(&held, &PersonPatch { summary: text("new"), ..null });
    assert_eq!(after.updated_at, LATER);
    let (after, _) = updated(&held, &PersonPatch { created_at: Patch::Set(NOW), ..patch() });
    assert_eq!((after.created_at, after.updated_at), (NOW, LATER));
}

#[test]
fn a_deletion_keeps_the_last_snapshot_and_a_re_creation_starts_from_empty_fields() {
    let held = full();
    let (tombstone, change) = delete(Some(&held), LATER).unwrap();
    assert_eq!(tombstone, Person { version: 2, deleted_at: Some(LATER), ..held });
    assert_eq!((change.kind, change.version, change.at), (ChangeKind::Deleted, 2, LATER));
    assert_eq!(delete(Some(&tombstone), LATER), None);
    assert_eq!(delete(None, LATER), None);
    let Upserted::Created(again, change) =
        upsert(Some(&tombstone), 0, &PersonPatch { summary: text("new"), ..patch() }, LATER)
    else {
        panic!("created")
    };
    assert_eq!(again, Person { summary: Some("new".into()), ..Person::empty(id("p"), 3, LATER) });
    assert_eq!((change.kind, change.fields), (ChangeKind::Created, vec!["summary".to_owned()]));
}

#[test]
fn versions_start_above_the_floor_and_never_restart() {
    let Upserted::Created(new, _) = upsert(None, 41, &patch(), NOW) else { panic!("created") };
    assert_eq!(new.version, 42);
    // The floor is for people never seen; whoever is held goes on counting.
    let (after, _) = updated(&full(), &PersonPatch { summary: text("new"), ..patch() });
    assert_eq!(after.version, 2);
}

// ------------------------------------------------------------------------------------------------------------ checks

fn faults(patch: PersonPatch) -> Vec<(String, String)> {
    let faults = patch.check().unwrap_err();
    let path =
        |fault: &sync_core::fault::Fault| fault.path.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    faults.iter().map(|fault| (path(fault), fault.message.clone())).collect()
}

#[test]
fn u0000_is_removed_from_every_text() {
    let nasty = PersonPatch {
        first_name: text("A\0da"),
        last_name: text("\0"),
        name: text("\0N"),
        summary: text("s\0"),
        timezone: text("U\0TC"),
        language: text("e\0n"),
        emails: list(&["a\0@x", "b"]),
        phones: list(&["\0+1"]),
        organizations: list(&["\0o"]),
        labels: list(&["l\0"]),
        contact: Patch::Set(json!({"what\0sapp": "+\u{0}2"})),
        custom: Patch::Set(json!({"a\0": ["x\0", {"b\0": "y\0"}], "n": 1})),
        ..patch()
    };
    let clean = nasty.check().unwrap();
    assert!(!format!("{clean:?}").contains("\\0"), "{clean:?}");
    assert_eq!(clean.first_name, text("Ada"));
    assert_eq!(clean.contact, Patch::Set(json!({"whatsapp": "+2"})));
    assert_eq!(clean.custom, Patch::Set(json!({"a": ["x", {"b": "y"}], "n": 1})));
}

#[test]
fn contact_and_custom_are_objects_and_addresses_are_text() {
    for (value, kind) in [
        (json!([1]), "a list"),
        (json!("x"), "a string"),
        (json!(1), "a number"),
        (json!(true), "a boolean"),
        (json!(null), "null"),
    ] {
        let wrong = PersonPatch { contact: Patch::Set(value.clone()), custom: Patch::Set(value), ..patch() };
        let faults = faults(wrong);
        assert_eq!(faults.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["contact", "custom"]);
        assert!(faults.iter().all(|(_, message)| message.contains(kind) && message.contains("give {}")), "{faults:?}");
    }
    let wrong = json!({"whatsapp": 5, "sms": "+1", "fax": null, "post": {"street": "x"}});
    let faults = faults(PersonPatch { contact: Patch::Set(wrong), ..patch() });
    assert_eq!(faults.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["contact.whatsapp", "contact.post"]);
    let dropped = PersonPatch { contact: Patch::Set(json!({"fax": null, "sms": "+1"})), ..patch() }.check().unwrap();
    assert_eq!(dropped.contact, Patch::Set(json!({"sms": "+1"})), "null is no address");
}

/// Case `number_beyond_64_bits_rounded`: an ICCID of 20 digits was kept as 8.901410321111851e+19.
#[test]
fn numbers_keep_their_digits_and_a_change_of_digits_is_a_change() {
    let of = |digits: &str| PersonPatch { custom: Patch::Set(json!({ "iccid": number(digits).unwrap() })), ..patch() };
    let first = of("89014103211118510720").check().unwrap();
    let Upserted::Created(held, _) = upsert(None, 0, &first, NOW) else { panic!("nobody was there before") };
    let Some(Value::String(iccid)) = held.custom.get("iccid") else { panic!("{:?}", held.custom) };
    assert_eq!(kept(iccid), Kept::Number("89014103211118510720"));
    assert_eq!(upsert(Some(&held), 0, &first, LATER), Upserted::Unchanged(1));
    // As floating point numbers, they would be one and the same.
    let (_, change) = updated(&held, &of("89014103211118510721").check().unwrap());
    assert_eq!(change.fields, ["custom.iccid"]);
    let stored: Person = serde_json::from_str(&serde_json::to_string(&held).unwrap()).unwrap();
    assert_eq!(stored, held);
}

#[test]
fn numbers_beyond_their_bounds_are_refused_with_their_place() {
    let long = "9".repeat(101);
    let given = PersonPatch {
        custom: Patch::Set(json!({ "sim": [{ "iccid": number(&long).unwrap() }], "huge": number("1e309").unwrap() })),
        contact: Patch::Set(json!({ "sms": number("1234567890123456789012").unwrap() })),
        ..patch()
    };
    let mut faults = faults(given);
    faults.sort();
    let expected = [
        ("contact.sms", "must be text, but is a number; write the address as a string"),
        ("custom.huge", "is a number whose exponent is beyond 308; write it as a string"),
        ("custom.sim.0.iccid", "is a number of 101 digits, more than 100; write it as a string"),
    ];
    assert_eq!(faults, expected.map(|(path, message)| (path.to_owned(), message.to_owned())));
    let listed = PersonPatch { custom: Patch::Set(number("1e5").unwrap()), ..patch() };
    assert_eq!(self::faults(listed)[0].1, "must be an object, but is a number; give {} to clear it");
}

#[test]
fn one_person_is_bounded() {
    let of = |bytes: usize| PersonPatch { summary: text(&"x".repeat(bytes)), ..patch() };
    assert!(of(PERSON_BYTES_MAX).check().is_ok());
    let faults = faults(of(PERSON_BYTES_MAX + 1));
    assert_eq!(faults[0].0, "");
    assert!(faults[0].1.contains("262145") && faults[0].1.contains("262144"), "{faults:?}");
    // Many small things count too.
    let many = PersonPatch { labels: Patch::Set(vec![String::new(); PERSON_BYTES_MAX / 8 + 1]), ..patch() };
    assert!(many.check().is_err());
    let deep = PersonPatch { custom: Patch::Set(json!({"a": "x".repeat(PERSON_BYTES_MAX)})), ..patch() };
    assert!(deep.check().is_err());
}

#[test]
fn ids_have_1_to_255_characters_without_control_characters() {
    assert!(PersonId::new("é".repeat(255)).is_ok());
    assert_eq!(PersonId::new("é".repeat(256)), Err(PersonIdError::TooLong));
    assert_eq!(PersonId::new(""), Err(PersonIdError::Empty));
    for control in ["a\0", "a\n", "\u{85}"] {
        assert_eq!(PersonId::new(control), Err(PersonIdError::ControlCharacter));
    }
    assert!(PersonId::new(" a/../b?# ").is_ok(), "whatever else the source system uses");
    assert!(serde_json::from_str::<PersonId>("\"\"").is_err());
}

// -------------------------------------------------------------------------------------------------------------- fold

fn named(person: &str, name: &str) -> PersonPatch {
    PersonPatch { first_name: text(name), ..PersonPatch::new(id(person)) }
}

#[test]
fn one_id_twice_in_a_call_and_across_calls_is_folded() {
    let calls = [
        Call::Upsert(vec![named("b", "1"), named("a", "1"), named("b", "2")]),
        Call::Upsert(vec![named("b", "2"), named("b", "3")]),
        Call::Delete(vec![id("a"), id("unknown"), id("a")]),
    ];
    assert_eq!(ids_of(&calls), [id("a"), id("b"), id("unknown")]);
    let held = Person { first_name: Some("0".into()), ..Person::empty(id("b"), 7, GIVEN) };
    let folded = fold(&calls, HashMap::from([(id("b"), held.clone())]), 3, NOW);
    let outcomes = |at: usize| match &folded.results[at] {
        CallResult::Upserted(results) => {
            results.iter().map(|r| (r.id.to_string(), r.outcome, r.version)).collect::<Vec<_>>()
        }
        CallResult::Deleted { .. } => panic!("an upsert"),
    };
    use UpsertOutcome::{Created, Unchanged, Updated};
    assert_eq!(outcomes(0), [("b".into(), Updated, 8), ("a".into(), Created, 4), ("b".into(), Updated, 9)]);
    assert_eq!(outcomes(1), [("b".into(), Unchanged, 9), ("b".into(), Updated, 10)]);
    let deleted = CallResult::Deleted { deleted: vec![id("a")], unknown: vec![id("unknown"), id("a")] };
    assert_eq!(folded.results[2], deleted);

    assert_eq!(folded.changed.len(), 2, "each once, in order of id");
    let [a, b] = &folded.changed[..] else { panic!("two") };
    assert_eq!((&a.before, a.after.version, a.after.is_deleted()), (&None, 5, true));
    assert_eq!(a.changes.iter().map(|c| c.kind).collect::<Vec<_>>(), [ChangeKind::Created, ChangeKind::Deleted]);
    assert_eq!((b.before.as_ref(), b.after.version, b.after.first_name.as_deref()), (Some(&held), 10, Some("3")));
    assert_eq!(b.changes.iter().map(|c| c.version).collect::<Vec<_>>(), [8, 9, 10], "each version's change");
}

#[test]
fn calls_that_change_nothing_fold_to_nothing() {
    let held = Person { first_name: Some("1".into()), ..Person::empty(id("a"), 1, GIVEN) };
    let calls = [Call::Upsert(vec![named("a", "1")]), Call::Delete(vec![id("b")])];
    let folded = fold(&calls, HashMap::from([(id("a"), held)]), 0, NOW);
    assert!(folded.changed.is_empty());
    assert_eq!(folded.results.len(), 2);
    assert!(fold(&[], HashMap::new(), 0, NOW).results.is_empty());
}

#[test]
fn patches_map_and_tell_whether_something_is_said() {
    assert_eq!(Patch::Set(2).map(|n| n + 1), Patch::Set(3));
    assert_eq!(Patch::<i32>::Clear.map(|n| n + 1), Patch::Clear);
    assert_eq!(Patch::Set(2).as_ref(), Patch::Set(&2));
    assert!(Patch::<i32>::Clear.is_given() && Patch::Set(1).is_given() && !Patch::<i32>::Keep.is_given());
    assert_eq!(LATER.since(NOW), Duration::from_secs(60));
}
