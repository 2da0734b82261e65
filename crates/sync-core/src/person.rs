//! A person of the directory, and how a change applies to one.

use crate::digits::{self, Kept};
use crate::fault::Fault;
use crate::id::PersonId;
use crate::text;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A person's version: 1 when first seen, one more with each change, never restarted.
pub type Version = i64;
/// The highest version (GraphQL's `Int`).
pub const VERSION_MAX: Version = i32::MAX as Version;
/// The most bytes that one person may take as JSON: a bound on what a single call can make the stores hold.
pub const PERSON_BYTES_MAX: usize = 256 * 1024;

/// One entry of the directory: its newest state. What is empty is left out of its JSON: stores keep a person as that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The id that the source system uses.
    pub id: PersonId,
    /// 1 when first seen, one more with each change.
    pub version: Version,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The whole name where one was given; see [`Person::name`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Email addresses, the first one being *the* email.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Phone numbers, the first one being *the* phone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<String>,
    /// Organizations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// A summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Address by type, such as `whatsapp`. Texts are kept as [`digits::text`] says.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub contact: Map<String, Value>,
    /// Any JSON values by key. Numbers are kept as [`digits::number`] says, texts as [`digits::text`] does: [`digits::kept`]
    /// tells what a text is.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub custom: Map<String, Value>,
    /// When the person last logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_logged_in: Option<Timestamp>,
    /// As the source system says, else when first seen here.
    pub created_at: Timestamp,
    /// As the source system says, else when last changed here.
    pub updated_at: Timestamp,
    /// Set on a tombstone: the person was deleted, its last snapshot is kept until every link is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

impl Person {
    /// A person with nothing but an id.
    pub fn empty(id: PersonId, version: Version, now: Timestamp) -> Self {
        Self {
            id,
            version,
            first_name: None,
            last_name: None,
            name: None,
            emails: Vec::new(),
            phones: Vec::new(),
            organizations: Vec::new(),
            labels: Vec::new(),
            summary: None,
            timezone: None,
            language: None,
            contact: Map::new(),
            custom: Map::new(),
            last_logged_in: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// The name given, else first and last name joined by a space.
    pub fn name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        match (self.first_name.as_deref().unwrap_or(""), self.last_name.as_deref().unwrap_or("")) {
            (first, "") => first.to_owned(),
            ("", last) => last.to_owned(),
            (first, last) => format!("{first} {last}"),
        }
    }

    /// Whether this is a tombstone.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }
}

/// What is said of one field: nothing, that it is unset, or its new value.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Left out: stays as it is.
    #[default]
    Keep,
    /// null: cleared, or back to the default.
    Clear,
    /// A new value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether a new value is given.
    pub fn is_set(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    /// Converts a value that is set.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(f(value)),
        }
    }

    /// By reference.
    pub fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(value),
        }
    }

    /// Whether something is said at all.
    pub fn is_given(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

/// What a program says of one person. Fields left out stay; null clears; lists and objects are replaced whole. Values of
/// `contact` and `custom` are given as a [`Person`] keeps them.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of Person")]
pub struct PersonPatch {
    pub id: PersonId,
    pub first_name: Patch<String>,
    pub last_name: Patch<String>,
    pub name: Patch<String>,
    pub emails: Patch<Vec<String>>,
    pub phones: Patch<Vec<String>>,
    pub organizations: Patch<Vec<String>>,
    pub labels: Patch<Vec<String>>,
    pub summary: Patch<String>,
    pub timezone: Patch<String>,
    pub language: Patch<String>,
    pub contact: Patch<Value>,
    pub custom: Patch<Value>,
    pub last_logged_in: Patch<Timestamp>,
    pub created_at: Patch<Timestamp>,
    pub updated_at: Patch<Timestamp>,
}

impl PersonPatch {
    /// A patch that says nothing but the id.
    pub fn new(id: PersonId) -> Self {
        Self {
            id,
            first_name: Patch::Keep,
            last_name: Patch::Keep,
            name: Patch::Keep,
            emails: Patch::Keep,
            phones: Patch::Keep,
            organizations: Patch::Keep,
            labels: Patch::Keep,
            summary: Patch::Keep,
            timezone: Patch::Keep,
            language: Patch::Keep,
            contact: Patch::Keep,
            custom: Patch::Keep,
            last_logged_in: Patch::Keep,
            created_at: Patch::Keep,
            updated_at: Patch::Keep,
        }
    }

    /// Checks what types cannot: objects are objects, addresses are text, the whole is not too large; and removes
    /// U+0000 from every text. Faults are told by GraphQL field name.
    pub fn check(mut self) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        for field in [
            &mut self.first_name,
            &mut self.last_name,
            &mut self.name,
            &mut self.summary,
            &mut self.timezone,
            &mut self.language,
        ] {
            if let Patch::Set(value) = field {
                *value = text::without_nul(value).into_owned();
            }
        }
        for field in [&mut self.emails, &mut self.phones, &mut self.organizations, &mut self.labels] {
            if let Patch::Set(values) = field {
                for value in values {
                    *value = text::without_nul(value).into_owned();
                }
            }
        }
        for (name, field) in [("contact", &mut self.contact), ("custom", &mut self.custom)] {
            if let Patch::Set(value) = field {
                text::clean_json(value);
                if !value.is_object() {
                    faults.push(Fault::at(
                        [name],
                        format!("must be an object, but is {}; give {{}} to clear it", kind_of(value)),
                    ));
                }
                digits::check(value, &mut vec![name.into()], &mut faults);
            }
        }
        if let Patch::Set(Value::Object(contact)) = &mut self.contact {
            contact.retain(|_, address| !address.is_null());
            for (kind, address) in contact.iter() {
                if kind_of(address) != A_STRING {
                    faults.push(Fault::at(
                        ["contact", kind.as_str()],
                        format!("must be text, but is {}; write the address as a string", kind_of(address)),
                    ));
                }
            }
        }
        let bytes = self.bytes();
        if bytes > PERSON_BYTES_MAX {
            faults.push(Fault::here(format!(
                "holds {bytes} bytes, more than the {PERSON_BYTES_MAX} that one person may have; send less"
            )));
        }
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }

    fn bytes(&self) -> usize {
        let texts = [&self.first_name, &self.last_name, &self.name, &self.summary, &self.timezone, &self.language];
        let lists = [&self.emails, &self.phones, &self.organizations, &self.labels];
        let values = [&self.contact, &self.custom];
        let mut bytes = 0;
        for text in texts {
            if let Patch::Set(text) = text {
                bytes += text.len();
            }
        }
        for list in lists {
            if let Patch::Set(list) = list {
                bytes += list.iter().map(|text| text.len() + 8).sum::<usize>();
            }
        }
        for value in values {
            if let Patch::Set(value) = value {
                bytes += value.to_string().len();
            }
        }
        bytes
    }
}

/// What JSON calls text.
const A_STRING: &str = "a string";

/// What JSON calls a value, with its article. A value of a person: what is kept as text may be a number.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if matches!(digits::kept(text), Kept::Number(_)) => "a number",
        Value::String(_) => A_STRING,
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What happened to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChangeKind {
    /// First seen, or seen again after it was deleted.
    Created,
    /// Changed.
    Updated,
    /// Deleted.
    Deleted,
}

impl ChangeKind {
    /// All, in the order of their stored numbers.
    pub const ALL: [Self; 3] = [Self::Created, Self::Updated, Self::Deleted];

    /// The stored number.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// One entry of a person's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonChange {
    /// The version that the change made.
    pub version: Version,
    /// What happened.
    pub kind: ChangeKind,
    /// When, by the store's clock.
    pub at: Timestamp,
    /// Names of the fields that differ from the version before, as in GraphQL; `custom.plan` for one member.
    pub fields: Vec<String>,
}

/// What became of an upsert.
#[derive(Clone, Debug, PartialEq)]
pub enum Upserted {
    /// The person is new, or new again.
    Created(Person, PersonChange),
    /// The person differs now.
    Updated(Person, PersonChange),
    /// Nothing given differs from what is held; the version held.
    Unchanged(Version),
}

/// Applies a patch to what the directory holds. `floor` is the account's version floor: a person never seen (or purged)
/// starts above it, so that versions never restart.
pub fn upsert(held: Option<&Person>, floor: Version, patch: &PersonPatch, now: Timestamp) -> Upserted {
    let (before, kind) = match held {
        Some(person) if !person.is_deleted() => (person.clone(), ChangeKind::Updated),
        // A re-created person starts from empty fields, and goes on counting.
        Some(tombstone) => (Person::empty(patch.id.clone(), tombstone.version, now), ChangeKind::Created),
        None => (Person::empty(patch.id.clone(), floor, now), ChangeKind::Created),
    };
    let mut after = before.clone();
    set(&mut after.first_name, &patch.first_name);
    set(&mut after.last_name, &patch.last_name);
    set(&mut after.name, &patch.name);
    set(&mut after.summary, &patch.summary);
    set(&mut after.timezone, &patch.timezone);
    set(&mut after.language, &patch.language);
    set(&mut after.last_logged_in, &patch.last_logged_in);
    set_or_default(&mut after.emails, &patch.emails);
    set_or_default(&mut after.phones, &patch.phones);
    set_or_default(&mut after.organizations, &patch.organizations);
    set_or_default(&mut after.labels, &patch.labels);
    for (field, said) in [(&mut after.contact, &patch.contact), (&mut after.custom, &patch.custom)] {
        match said {
            Patch::Keep => {}
            Patch::Clear => field.clear(),
            Patch::Set(value) => field.clone_from(value.as_object().unwrap_or(&Map::new())),
        }
    }
    if let Patch::Set(at) = patch.created_at {
        after.created_at = at;
    }
    if let Patch::Set(at) = patch.updated_at {
        after.updated_at = at;
    }
    let fields = differing_fields(&before, &after);
    if kind == ChangeKind::Updated && fields.is_empty() {
        return Upserted::Unchanged(before.version);
    }
    if !matches!(patch.updated_at, Patch::Set(_)) {
        after.updated_at = now;
    }
    after.version = before.version + 1;
    let change = PersonChange { version: after.version, kind, at: now, fields };
    match kind {
        ChangeKind::Created => Upserted::Created(after, change),
        _ => Upserted::Updated(after, change),
    }
}

/// Makes a tombstone of a person: the last snapshot stays, one version higher. `None` where there is nobody to delete.
pub fn delete(held: Option<&Person>, now: Timestamp) -> Option<(Person, PersonChange)> {
    let mut person = held.filter(|person| !person.is_deleted())?.clone();
    person.version += 1;
    person.deleted_at = Some(now);
    let change = PersonChange { version: person.version, kind: ChangeKind::Deleted, at: now, fields: Vec::new() };
    Some((person, change))
}

fn set<T: Clone>(field: &mut Option<T>, said: &Patch<T>) {
    match said {
        Patch::Keep => {}
        Patch::Clear => *field = None,
        Patch::Set(value) => *field = Some(value.clone()),
    }
}

fn set_or_default<T: Clone + Default>(field: &mut T, said: &Patch<T>) {
    match said {
        Patch::Keep => {}
        Patch::Clear => *field = T::default(),
        Patch::Set(value) => field.clone_from(value),
    }
}

fn differing_fields(before: &Person, after: &Person) -> Vec<String> {
    let mut fields = Vec::new();
    let mut note = |differs: bool, name: &str| {
        if differs {
            fields.push(name.to_owned());
        }
    };
    note(before.first_name != after.first_name, "firstName");
    note(before.last_name != after.last_name, "lastName");
    note(before.name() != after.name() || before.name != after.name, "name");
    note(before.emails != after.emails, "emails");
    note(before.phones != after.phones, "phones");
    note(before.organizations != after.organizations, "organizations");
    note(before.labels != after.labels, "labels");
    note(before.summary != after.summary, "summary");
    note(before.timezone != after.timezone, "timezone");
    note(before.language != after.language, "language");
    note(before.last_logged_in != after.last_logged_in, "lastLoggedIn");
    note(before.created_at != after.created_at, "createdAt");
    note(before.updated_at != after.updated_at, "updatedAt");
    for (family, before, after) in
        [("contact", &before.contact, &after.contact), ("custom", &before.custom, &after.custom)]
    {
        let mut keys: Vec<&String> =
            before.keys().chain(after.keys().filter(|key| !before.contains_key(*key))).collect();
        keys.retain(|key| before.get(*key) != after.get(*key));
        fields.extend(keys.into_iter().map(|key| format!("{family}.{key}")));
    }
    fields
}
