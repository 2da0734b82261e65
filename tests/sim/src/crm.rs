//! A simulated external system: records by id, and what it makes of a request. It knows nothing of faults.

use crate::rules::PERSON_HEADER;
use crate::scenario::{Habits, Keys, Means, Millis, PEOPLE, Quota, REFUSED_NAME, SyncPlan};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use sync_core::outcome::Request;
use sync_core::sync::{Method, Operation};

/// The collection that is not there.
pub const NOWHERE: &str = "nowhere";

/// What a request asks of the system.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Which operation it is.
    pub operation: Operation,
    /// Whom it is about.
    pub person: String,
    /// The id it is addressed to, or that it chooses.
    pub id: Option<String>,
    /// The id that an update gives the record.
    pub moves_to: Option<String>,
    /// Whether it goes to an address where nothing is.
    pub nowhere: bool,
    /// The record's members, but for `id` and `key`.
    pub members: Map<String, Value>,
    /// The idempotency key.
    pub key: Option<String>,
    /// What it searches for, by member.
    pub search: Option<(String, String)>,
}

impl Asked {
    /// What tells it from another request to the same record.
    pub fn content(&self) -> String {
        format!("{} {:?}", self.nowhere, self.members)
    }

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
        let (id, nowhere) = match segments.as_slice() {
            [collection] if collection == "contacts" || collection == NOWHERE => (None, collection == NOWHERE),
            [collection, id] if (collection == "contacts" || collection == NOWHERE) && !id.is_empty() => {
                (Some(id.clone()), collection == NOWHERE)
            }
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
        let mut moves_to = None;
        let (operation, id) = match (request.method, id) {
            (Method::Post, None) => (Operation::Create, chosen),
            (Method::Put, Some(id)) => (Operation::Create, Some(id)),
            (Method::Patch, Some(id)) => {
                moves_to = chosen;
                (Operation::Update, Some(id))
            }
            (Method::Delete, Some(id)) => (Operation::Delete, Some(id)),
            (Method::Get, None) => (Operation::Lookup, None),
            (method, id) => return Err(format!("{} of {id:?} is no rule's request", method.as_str())),
        };
        Ok(Self { operation, person, id, moves_to, nowhere, members, key, search })
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

type Members = Map<String, Value>;

/// What the search knows of a record: since when, and what.
type Indexed = Vec<(Millis, Members)>;

/// One external system.
#[derive(Debug)]
pub struct Crm {
    means: Means,
    habits: Habits,
    /// Its records by id.
    pub records: BTreeMap<String, Members>,
    /// What the search finds them by, oldest first.
    index: BTreeMap<String, Indexed>,
    /// What was answered to a key, and to what.
    keys: BTreeMap<String, (String, Members)>,
    /// When it took requests lately.
    taken: VecDeque<Millis>,
    last_id: u64,
    /// Ids that records were moved away from.
    left: BTreeSet<String>,
}

/// The first name of records that were there before us.
pub const BEFORE: &str = "Before";

impl Crm {
    /// As it is before anything is sent.
    pub fn new(plan: &SyncPlan) -> Self {
        let mut crm = Self {
            means: plan.means,
            habits: plan.habits.clone(),
            records: BTreeMap::new(),
            index: BTreeMap::new(),
            keys: BTreeMap::new(),
            taken: VecDeque::new(),
            last_id: 0,
            left: BTreeSet::new(),
        };
        for &person in &plan.habits.before {
            let email = format!("{person}.0@people.test");
            let members = json!({ "external": PEOPLE[person], "name": BEFORE, "email": email });
            let Value::Object(members) = members else { continue };
            crm.index.insert(before_id(person), vec![(0, members.clone())]);
            crm.records.insert(before_id(person), members);
        }
        crm
    }

    /// The ids of a person's records.
    pub fn ids_of(&self, person: &str) -> Vec<String> {
        self.records.iter().filter(|(_, record)| is_of(record, person)).map(|(id, _)| id.clone()).collect()
    }

    /// Whether it has had enough for now; if not, one more request counts.
    pub fn refuses(&mut self, now: Millis) -> bool {
        let Some(quota) = self.habits.quota else { return false };
        let (most, since) = match quota {
            Quota::Window(most, window) => (most, now - now % window),
            Quota::Sliding(most, window) => (most, (now + 1).saturating_sub(window)),
        };
        while self.taken.front().is_some_and(|&at| at < since) {
            self.taken.pop_front();
        }
        if self.taken.len() >= most as usize {
            return true;
        }
        self.taken.push_back(now);
        false
    }

    /// Removes a record.
    pub fn remove(&mut self, id: &str) -> Option<Members> {
        self.index.remove(id);
        self.records.remove(id)
    }

    fn write(&mut self, now: Millis, id: &str, members: &Members) {
        self.left.remove(id);
        let record = self.records.entry(id.to_owned()).or_default();
        record.extend(members.clone());
        self.index.entry(id.to_owned()).or_default().push((now + self.habits.search_lag, record.clone()));
    }

    /// Whether an update at an id that is not there makes a record: only where one was moved away. What somebody removed is made
    /// anew nowhere, since its sync could not know where.
    fn makes(&self, id: &str) -> bool {
        self.habits.updates_make && self.left.contains(id)
    }

    /// Whether a request is a create that was carried out under its key: that says what is answered.
    pub fn knows_key(&self, asked: &Asked) -> bool {
        asked.operation == Operation::Create && asked.key.as_ref().is_some_and(|key| self.keys.contains_key(key))
    }

    /// Carries out a request.
    pub fn carry_out(&mut self, asked: &Asked, now: Millis) -> Reply {
        let reply = |status, body| Reply { status, body, wrote: false };
        if asked.nowhere {
            return reply(404, json!({ "error": "no such address" }));
        }
        let refused = asked.members.get("name").and_then(Value::as_str) == Some(REFUSED_NAME);
        match (asked.operation, &asked.id) {
            (Operation::Update, Some(id)) if !self.records.contains_key(id) && !self.makes(id) => reply(404, json!({})),
            (Operation::Create | Operation::Update, _) if refused => reply(422, json!({ "error": "no such name" })),
            (Operation::Create, _) => self.create(asked, now),
            (Operation::Update, Some(id)) => self.update(asked, id, now),
            (Operation::Delete, Some(id)) => match self.remove(id) {
                None => reply(404, json!({})),
                Some(_) => Reply { status: 204, body: Value::Null, wrote: true },
            },
            (Operation::Lookup, _) => {
                let search = asked.search.as_ref().filter(|_| !self.habits.search_is_blind);
                let found = search.into_iter().flat_map(|(member, value)| self.search(now, member, value));
                reply(200, found.map(|id| json!({ "id": id })).collect())
            }
            _ => reply(400, json!({})),
        }
    }

    fn search(&self, now: Millis, member: &str, value: &str) -> impl Iterator<Item = &String> {
        let shows = move |versions: &Indexed| {
            let known = versions.iter().rev().find(|(since, _)| *since <= now);
            known.is_some_and(|(_, record)| record.get(member).and_then(Value::as_str) == Some(value))
        };
        self.index.iter().filter(move |(_, versions)| shows(versions)).map(|(id, _)| id)
    }

    fn create(&mut self, asked: &Asked, now: Millis) -> Reply {
        let taken = |what| Reply { status: 409, body: json!({ "error": what }), wrote: false };
        if let Some((id, members)) = asked.key.as_ref().and_then(|key| self.keys.get(key)) {
            return match self.habits.keys {
                Keys::Refuses => taken("the key was used"),
                Keys::ChecksBody if *members != asked.members => {
                    Reply { status: 422, body: json!({ "error": "the key belongs to another request" }), wrote: false }
                }
                Keys::Replays | Keys::ChecksBody => Reply { status: 201, body: json!({ "id": id }), wrote: false },
            };
        }
        let posts = self.means == Means::ChosenPost || self.means.moves();
        if posts && asked.id.as_ref().is_some_and(|id| self.records.contains_key(id)) {
            return taken("the id is taken");
        }
        let there = self.ids_of(&asked.person).into_iter().next();
        if let Some(id) = there.as_ref().filter(|_| self.habits.upserts) {
            self.write(now, id, &asked.members);
            return Reply { status: 200, body: json!({ "id": id }), wrote: true };
        }
        if there.is_some() && self.habits.is_unique {
            return taken("the person is there");
        }
        let id = asked.id.clone().unwrap_or_else(|| {
            self.last_id += 1;
            format!("r{}", self.last_id)
        });
        if let Some(key) = &asked.key {
            self.keys.insert(key.clone(), (id.clone(), asked.members.clone()));
        }
        // What a PUT overwrites.
        self.records.remove(&id);
        self.write(now, &id, &asked.members);
        Reply { status: 201, body: json!({ "id": id }), wrote: true }
    }

    fn update(&mut self, asked: &Asked, id: &str, now: Millis) -> Reply {
        let target = asked.moves_to.as_deref().unwrap_or(id);
        let target = if self.records.contains_key(id) { target } else { id };
        if target != id {
            if self.records.contains_key(target) {
                return Reply { status: 409, body: json!({ "error": "the id is taken" }), wrote: false };
            }
            let record = self.remove(id).unwrap_or_default();
            self.left.insert(id.to_owned());
            self.records.insert(target.to_owned(), record);
        }
        self.write(now, target, &asked.members);
        Reply { status: 200, body: json!({ "id": target }), wrote: true }
    }
}

/// The id of a record that was there before us.
pub fn before_id(person: usize) -> String {
    format!("before-{person}")
}

fn is_of(record: &Members, person: &str) -> bool {
    record.get("external").and_then(Value::as_str) == Some(person)
}
