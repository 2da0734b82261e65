//! The tokens that templates may use: what they are called, where they may stand and what they stand for.

use crate::values;
use liquid_core::model::{KString, KStringCow, Object, ScalarCow, Value, ValueCow, ValueView, try_find};
use sync_core::digits::{Kept, kept};
use sync_core::person::Person;
use sync_core::ports::{RenderContext, TokenInfo};
use sync_core::sync::Operation;

/// What a token of a person holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One text or timestamp.
    One,
    /// A list of texts.
    List,
    /// Members of one's own choosing.
    Open,
}

/// A token of a person.
pub(crate) struct Field {
    /// Its name behind `person.`.
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    description: &'static str,
    example: &'static str,
}

const fn field(name: &'static str, shape: Shape, description: &'static str, example: &'static str) -> Field {
    Field { name, shape, description, example }
}

/// The tokens of a person, in the order in which they are shown.
pub(crate) const FIELDS: [Field; 19] = [
    field("id", Shape::One, "The id that the source system uses", "1042"),
    field("first_name", Shape::One, "First name", "Ada"),
    field("last_name", Shape::One, "Last name", "Lovelace"),
    field("name", Shape::One, "The name given, else first and last name", "Ada Lovelace"),
    field("summary", Shape::One, "The summary", "Writes the first program"),
    field("email", Shape::One, "The first email address", "ada@example.com"),
    field("emails", Shape::List, "All email addresses, a list", "ada@example.com, ada@work.example.com"),
    field("phone", Shape::One, "The first phone number", "+44 20 7946 0001"),
    field("phones", Shape::List, "All phone numbers, a list", "+44 20 7946 0001, +44 20 7946 0002"),
    field(
        "organizations",
        Shape::One,
        "The organizations, as text, separated by commas",
        "Analytical Engines, Royal Society",
    ),
    field("organization_list", Shape::List, "The organizations, a list", "Analytical Engines, Royal Society"),
    field("contact", Shape::Open, "Address by type, such as whatsapp", "+44 20 7946 0003"),
    field("last_logged_in", Shape::One, "When the person last logged in", "2026-01-30T08:15:00Z"),
    field("timezone", Shape::One, "Time zone", "Europe/London"),
    field("language", Shape::One, "Language", "en"),
    field("created_at", Shape::One, "When the person was created", "2025-11-03T09:30:00Z"),
    field("updated_at", Shape::One, "When the person was last changed", "2026-01-31T09:30:00Z"),
    field("labels", Shape::List, "Labels, a list", "customer, vip"),
    field("custom", Shape::Open, "Any value by key", "gold"),
];

/// The token of a person with this name.
pub(crate) fn person_field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// The operations in which the external system's record is known by its unique id.
pub(crate) const WITH_UNIQUE_ID: [Operation; 2] = [Operation::Update, Operation::Delete];

const OTHERS: [(&str, &str, &str); 4] = [
    ("unique_id", "The id by which the external system knows the person", "8a7f31"),
    ("operation", "What is done: create, update, delete or lookup", "update"),
    ("idempotency_key", "The same over all tries of one operation, else new", "6f1c9ed0-52f3-4c11-9a51-0b7f3d1f2a77"),
    ("sync.name", "The sync's friendly name", "My CRM"),
];

/// Every token as it is shown.
pub(crate) fn infos() -> Vec<TokenInfo> {
    let people = FIELDS.iter().map(|field| {
        let last = match field.name {
            "contact" => ".<type>",
            "custom" => ".<key>",
            _ => "",
        };
        TokenInfo {
            token: format!("person.{}{last}", field.name),
            description: field.description.to_owned(),
            example: field.example.to_owned(),
            open: field.shape == Shape::Open,
            operations: Operation::ALL.to_vec(),
        }
    });
    let others = OTHERS.iter().map(|&(token, description, example)| TokenInfo {
        token: token.to_owned(),
        description: description.to_owned(),
        example: example.to_owned(),
        open: false,
        operations: if token == "unique_id" { WITH_UNIQUE_ID.to_vec() } else { Operation::ALL.to_vec() },
    });
    people.chain(others).collect()
}

/// The known token that is most like an unknown one.
pub(crate) fn nearest_token(unknown: &str, locals: &[String]) -> Option<String> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let (root, rest) = unknown.split_once('.').unwrap_or(("", unknown));
    let prefix = if root == "user" { "user" } else { "person" };
    // `firstName` and a bare `first_name` are meant, whatever else is as near.
    let field = FIELDS.iter().find(|field| plain(field.name) == plain(rest));
    if let Some(field) = field {
        return Some(format!("{prefix}.{}", field.name));
    }
    let people = FIELDS.iter().map(|field| format!("{prefix}.{}", field.name));
    let others = OTHERS.iter().map(|(token, ..)| (*token).to_owned());
    nearest(unknown, people.chain(others).chain(locals.iter().cloned()))
}

/// The name that is most like an unknown one, where one is like it at all.
pub(crate) fn nearest<N: AsRef<str>>(unknown: &str, names: impl IntoIterator<Item = N>) -> Option<N> {
    if unknown.len() > 100 {
        return None;
    }
    let far = (unknown.chars().count() / 3).max(2);
    let near = names.into_iter().map(|name| (strsim::damerau_levenshtein(unknown, name.as_ref()), name));
    near.filter(|(distance, _)| *distance <= far).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// The value of a path that begins with a token; `None` where it is unset.
pub(crate) fn find<'a>(context: &RenderContext<'a>, path: &[ScalarCow<'_>]) -> Option<ValueCow<'a>> {
    let (root, rest) = path.split_first()?;
    let value = match root.to_kstr().as_str() {
        "person" | "user" => return find_in_person(context.person, rest),
        "unique_id" => {
            let id = context.unique_id?;
            if id.is_number() { values::number(id.as_str()) } else { values::text(id.as_str()) }
        }
        "idempotency_key" => Value::scalar(context.idempotency_key.to_string()),
        "sync" => {
            let (name, rest) = rest.split_first()?;
            let value = (name.to_kstr() == "name").then(|| values::text(context.sync_name))?;
            return within(value, rest);
        }
        _ => return None,
    };
    within(value, rest)
}

fn find_in_person<'a>(person: &'a Person, path: &[ScalarCow<'_>]) -> Option<ValueCow<'a>> {
    let Some((name, rest)) = path.split_first() else {
        return Some(ValueCow::Owned(whole(person)));
    };
    let name = name.to_kstr();
    let members = match name.as_str() {
        "contact" => &person.contact,
        "custom" => &person.custom,
        name => {
            if let (Some(items), Some((step, rest))) = (list(person, name), rest.split_first()) {
                return match element(items, step) {
                    Element::Item(item) => within(values::text(item), rest),
                    Element::Size(size) => Some(ValueCow::Owned(Value::scalar(size))),
                    Element::None => None,
                };
            }
            let value = field_value(person, name)?;
            return if rest.is_empty() { Some(value) } else { within(value.into_owned(), rest) };
        }
    };
    let Some((key, rest)) = rest.split_first() else {
        return Some(ValueCow::Owned(Value::Object(values::object(members))));
    };
    let key = key.to_kstr();
    match members.get(key.as_str()) {
        Some(json) => find_in_json(json, rest).map(ValueCow::Owned),
        None => (key == "size").then(|| ValueCow::Owned(Value::scalar(members.len() as i64))),
    }
}

/// What a path leads to within JSON: no more than that is copied.
fn find_in_json(json: &serde_json::Value, path: &[ScalarCow<'_>]) -> Option<Value> {
    use serde_json::Value as Json;
    let Some((step, rest)) = path.split_first() else {
        return Some(values::from_json(json));
    };
    let name = step.to_kstr();
    let inner = match json {
        Json::Object(members) if members.contains_key(name.as_str()) => members.get(name.as_str())?,
        Json::Object(members) if name == "size" => return Some(Value::scalar(members.len() as i64)),
        Json::Array(items) => match element(items, step) {
            Element::Item(item) => item,
            Element::Size(size) => return Some(Value::scalar(size)),
            Element::None => return None,
        },
        Json::String(text) if name == "size" => match kept(text) {
            Kept::Text(text) => return Some(Value::scalar(text.chars().count() as i64)),
            Kept::Number(_) => return None,
        },
        _ => return None,
    };
    find_in_json(inner, rest)
}

/// What a step leads to in a list.
enum Element<'l, T> {
    Item(&'l T),
    Size(i64),
    None,
}

fn element<'l, T>(items: &'l [T], step: &ScalarCow<'_>) -> Element<'l, T> {
    let item = match (step.to_integer(), step.to_kstr().as_str()) {
        (_, "first") => items.first(),
        (_, "last") => items.last(),
        (_, "size") => return Element::Size(items.len() as i64),
        (Some(at), _) if at < 0 => {
            usize::try_from(at.unsigned_abs()).ok().and_then(|back| items.get(items.len().checked_sub(back)?))
        }
        (Some(at), _) => usize::try_from(at).ok().and_then(|at| items.get(at)),
        (None, _) => None,
    };
    item.map_or(Element::None, Element::Item)
}

/// The list that a token stands for.
fn list<'a>(person: &'a Person, name: &str) -> Option<&'a [String]> {
    match name {
        "emails" => Some(&person.emails),
        "phones" => Some(&person.phones),
        "organization_list" => Some(&person.organizations),
        "labels" => Some(&person.labels),
        _ => None,
    }
}

/// The value of a token of a person, borrowed where it stands in the person as it is.
fn field_value<'a>(person: &'a Person, name: &str) -> Option<ValueCow<'a>> {
    let owned = |value: Value| Some(ValueCow::Owned(value));
    let text = |text: &'a String| {
        if text.contains('\0') { ValueCow::Owned(values::text(text)) } else { ValueCow::Borrowed(text) }
    };
    match name {
        "id" => owned(values::text(person.id.as_str())),
        "first_name" => person.first_name.as_ref().map(text),
        "last_name" => person.last_name.as_ref().map(text),
        "name" => match &person.name {
            Some(name) => Some(text(name)),
            None => Some(person.name()).filter(|name| !name.is_empty()).and_then(|name| owned(values::text(&name))),
        },
        "summary" => person.summary.as_ref().map(text),
        "email" => person.emails.first().map(text),
        "phone" => person.phones.first().map(text),
        "organizations" if person.organizations.is_empty() => None,
        "organizations" => owned(values::text(&person.organizations.join(", "))),
        "last_logged_in" => person.last_logged_in.and_then(|at| owned(Value::scalar(at.to_rfc3339()))),
        "timezone" => person.timezone.as_ref().map(text),
        "language" => person.language.as_ref().map(text),
        "created_at" => owned(Value::scalar(person.created_at.to_rfc3339())),
        "updated_at" => owned(Value::scalar(person.updated_at.to_rfc3339())),
        name => list(person, name).and_then(|items| owned(values::texts(items))),
    }
}

/// The whole person: every token by its name.
fn whole(person: &Person) -> Value {
    let member = |field: &Field| {
        let value = match field.name {
            "contact" => Value::Object(values::object(&person.contact)),
            "custom" => Value::Object(values::object(&person.custom)),
            name => field_value(person, name).map_or(Value::Nil, ValueCow::into_owned),
        };
        (KString::from_static(field.name), value)
    };
    Value::Object(FIELDS.iter().map(member).collect::<Object>())
}

/// What a path leads to within a value. The engine counts a text's `size` in bytes; here it is characters.
pub(crate) fn within<'a>(value: Value, path: &[ScalarCow<'_>]) -> Option<ValueCow<'a>> {
    if path.is_empty() {
        return Some(ValueCow::Owned(value));
    }
    find_within(&value, path).map(|found| ValueCow::Owned(found.into_owned()))
}

/// As [`within`], for a borrowed value.
pub(crate) fn find_within<'a>(value: &'a dyn ValueView, path: &[ScalarCow<'_>]) -> Option<ValueCow<'a>> {
    if let Some((last, before)) = path.split_last()
        && last.to_kstr() == KStringCow::from_static("size")
    {
        let holder = try_find(value, before)?;
        if holder.as_scalar().is_some() {
            return Some(ValueCow::Owned(Value::scalar(values::to_text(holder.as_view()).chars().count() as i64)));
        }
    }
    try_find(value, path)
}
