//! The people that examples are shown for and rules are tried on.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use sync_core::id::PersonId;
use sync_core::person::Person;
use sync_core::time::Timestamp;

fn id(text: &str) -> PersonId {
    PersonId::new(text).unwrap_or_else(|fault| unreachable!("{text:?}: {fault}"))
}

/// 2025-11-03T09:30:00Z
const CREATED: Timestamp = Timestamp::from_micros(1_762_162_200_000_000);
/// 2026-01-30T08:15:00Z
const LOGGED_IN: Timestamp = Timestamp::from_micros(1_769_760_900_000_000);
/// 2026-01-31T09:30:00Z
const UPDATED: Timestamp = Timestamp::from_micros(1_769_851_800_000_000);

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// A person with everything set.
pub(crate) fn all_set() -> Person {
    let text = |text: &str| Some(text.to_owned());
    let list = |items: [&str; 2]| items.map(str::to_owned).to_vec();
    Person {
        first_name: text("Ada"),
        last_name: text("Lovelace"),
        emails: list(["ada@example.com", "ada@work.example.com"]),
        phones: list(["+44 20 7946 0001", "+44 20 7946 0002"]),
        organizations: list(["Analytical Engines", "Royal Society"]),
        labels: list(["customer", "vip"]),
        summary: text("Writes the first program"),
        timezone: text("Europe/London"),
        language: text("en"),
        contact: members(json!({"whatsapp": "+44 20 7946 0003", "facebook": "ada.lovelace"})),
        custom: members(json!({"plan": "gold", "age": 36, "orders": [{"id": 1, "note": "gift"}, {"id": 2}]})),
        last_logged_in: Some(LOGGED_IN),
        updated_at: UPDATED,
        ..Person::empty(id("1042"), 3, CREATED)
    }
}

/// A person with nothing but an id.
pub(crate) fn all_unset() -> Person {
    Person::empty(id("1043"), 1, CREATED)
}

/// A person who holds what breaks careless templates.
pub(crate) fn nasty() -> Person {
    const NASTY: &str = "\"\\ '\r\n\t{{ person.id }}{% raw %}</a>&?#/..%2e😀\u{202e}עברית\u{2028},}]";
    let text = || Some(NASTY.to_owned());
    let list = || vec![NASTY.to_owned(), String::new()];
    Person {
        first_name: text(),
        last_name: text(),
        name: text(),
        emails: list(),
        phones: list(),
        organizations: list(),
        labels: list(),
        summary: text(),
        timezone: text(),
        language: text(),
        contact: members(json!({"whatsapp": NASTY})),
        custom: members(json!({"plan": NASTY, "age": -1.5, "orders": [NASTY, null, {"id": NASTY}]})),
        last_logged_in: Some(Timestamp::MAX),
        ..Person::empty(id("\"/../{{ 😀"), 1, Timestamp::MIN)
    }
}

/// Gives a person a value at each path of a template into `custom` and `contact`, so that the template is tried with
/// the keys that its own people have.
pub(crate) fn fill(person: &mut Person, paths: &BTreeSet<Vec<String>>, value: &str) {
    for path in paths {
        // These can stand behind a list or text.
        let names: Vec<&String> =
            path[1..].iter().take_while(|name| !matches!(name.as_str(), "first" | "last" | "size")).collect();
        set(if path[0] == "contact" { &mut person.contact } else { &mut person.custom }, &names, value);
    }
}

fn set(members: &mut Map<String, Value>, names: &[&String], value: &str) {
    match names {
        [] => {}
        [last] => _ = members.entry((*last).clone()).or_insert_with(|| json!(value)),
        [name, deeper @ ..] => {
            let member = members.entry((*name).clone()).or_insert_with(|| json!({}));
            if !member.is_object() {
                *member = json!({});
            }
            if let Value::Object(members) = member {
                set(members, deeper, value);
            }
        }
    }
}
