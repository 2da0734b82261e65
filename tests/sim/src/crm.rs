//! A simulated external system: records by id, and what it makes of a request. It knows nothing of faults.

use crate::rules::PERSON_HEADER;
use crate::scenario::{Means, REFUSED_NAME};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use sync_core::outcome::Request;
use sync_core::sync::{Method, Operation};

/// What a request asks of the system.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Which operation it is.
    pub operation: Operation,
    /// Whom it is about.
    pub person: String,
    /// The id it is addressed to, or that it chooses.
    pub id: Option<String>,
    /// The record's members, but for `id` and `key`.
    pub members: Map<String, Value>,
    /// The idempotency key.
    pub key: Option<String>,
    /// What it searches for, by member.
    pub search: Option<(String, String)>,
}

impl Asked {
    /// Reads a request. An error says how it is not well formed.
    pub fn read(request: &Request) -> Result<Self, String> {
        let header = |name: &str| {
            request.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|header| header.value.clone())
        };
        if let Some(bad) = request.headers.iter().find(|header| header.value.chars().any(char::is_control)) {
            return Err(format!("the header {} does not stay one line", bad.name));
        }
        let person = header(PERSON_HEADER).ok_or("no header says whom it is about")?;
        let segments: Vec<String> = request
            .url
            .path_segments()
            .into_iter()
            .flatten()
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let id = match segments.as_slice() {
            [collection] if collection == "contacts" => None,
            [collection, id] if collection == "contacts" && !id.is_empty() => Some(id.clone()),
            _ => return Err(format!("the path {} left its place", request.url.path())),
        };
        let mut members = match &request.body {
            None => Map::new(),
            Some(body) => match serde_json::from_slice(body) {
                Ok(Value::Object(members)) => members,
                other => return Err(format!("the body is no JSON object: {other:?}")),
            },
        };
        let taken = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let (chosen, key) = (taken(members.remove("id")), taken(members.remove("key")));
        let search = request.url.query_pairs().next().map(|(name, value)| (name.into_owned(), value.into_owned()));
        let (operation, id) = match (request.method, id) {
            (Method::Post, None) => (Operation::Create, chosen),
            (Method::Put, Some(id)) => (Operation::Create, Some(id)),
            (Method::Patch, Some(id)) => (Operation::Update, Some(id)),
            (Method::Delete, Some(id)) => (Operation::Delete, Some(id)),
            (Method::Get, None) => (Operation::Lookup, None),
            (method, id) => return Err(format!("{} of {id:?} is no rule's request", method.as_str())),
        };
        Ok(Self { operation, person, id, members, key, search })
    }
}

/// What it answers, and what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// Whether a record was written or removed.
    pub wrote: bool,
}

/// One external system.
#[derive(Debug)]
pub struct Crm {
    means: Means,
    /// Its records by id.
    pub records: BTreeMap<String, Map<String, Value>>,
    keys: BTreeMap<String, String>,
    last_id: u64,
}

impl Crm {
    /// An empty one.
    pub fn new(means: Means) -> Self {
        Self { means, records: BTreeMap::new(), keys: BTreeMap::new(), last_id: 0 }
    }

    /// The ids of a person's records.
    pub fn ids_of(&self, person: &str) -> Vec<String> {
        let of = |record: &Map<String, Value>| record.get("external").and_then(Value::as_str) == Some(person);
        self.records.iter().filter(|(_, record)| of(record)).map(|(id, _)| id.clone()).collect()
    }

    /// Carries out a request.
    pub fn carry_out(&mut self, asked: &Asked) -> Reply {
        let reply = |status, body| Reply { status, body, wrote: false };
        let refused = asked.members.get("name").and_then(Value::as_str) == Some(REFUSED_NAME);
        match (asked.operation, asked.id.clone()) {
            (Operation::Create, _) if refused => reply(422, json!({ "error": "no such name" })),
            (Operation::Create, chosen) => {
                if let Some(id) = asked.key.as_ref().and_then(|key| self.keys.get(key)) {
                    return reply(201, json!({ "id": id }));
                }
                if self.means == Means::ChosenPost && chosen.as_ref().is_some_and(|id| self.records.contains_key(id)) {
                    return reply(409, json!({ "error": "the id is taken" }));
                }
                let id = chosen.unwrap_or_else(|| {
                    self.last_id += 1;
                    format!("r{}", self.last_id)
                });
                if let Some(key) = &asked.key {
                    self.keys.insert(key.clone(), id.clone());
                }
                self.records.insert(id.clone(), asked.members.clone());
                Reply { status: 201, body: json!({ "id": id }), wrote: true }
            }
            (Operation::Update, Some(id)) => match self.records.get_mut(&id) {
                None => reply(404, json!({})),
                Some(_) if refused => reply(422, json!({ "error": "no such name" })),
                Some(record) => {
                    record.extend(asked.members.clone());
                    Reply { status: 200, body: json!({}), wrote: true }
                }
            },
            (Operation::Delete, Some(id)) => match self.records.remove(&id) {
                None => reply(404, json!({})),
                Some(_) => Reply { status: 204, body: Value::Null, wrote: true },
            },
            (Operation::Lookup, _) => {
                let found: Vec<Value> = match &asked.search {
                    Some((member, value)) => self
                        .records
                        .iter()
                        .filter(|(_, record)| record.get(member).and_then(Value::as_str) == Some(value))
                        .map(|(id, _)| json!({ "id": id }))
                        .collect(),
                    None => Vec::new(),
                };
                reply(200, Value::Array(found))
            }
            _ => reply(400, json!({})),
        }
    }
}
