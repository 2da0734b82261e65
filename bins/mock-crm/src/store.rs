//! The records, in memory. No I/O.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

/// What ids the store gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdKind {
    /// 1, 2, 3: JSON numbers.
    #[default]
    Numbers,
    /// `"c-1"`, `"c-2"`: JSON strings.
    Strings,
    /// The record's email in lower case: an update that changes it moves the record to another id.
    Emails,
}

/// A record's fields, its `id` among them.
pub(crate) type Fields = Map<String, Value>;

/// Fields that can be searched for.
pub(crate) const SEARCHABLE: [&str; 2] = ["email", "external_id"];

/// Why a record is not stored or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Missing,
    IdTaken,
    EmailTaken,
    NoEmail,
    BadId,
    Full,
}

#[derive(Debug)]
pub(crate) struct Store {
    id_kind: IdKind,
    unique_emails: bool,
    records_max: usize,
    /// By order of creation.
    records: BTreeMap<u64, Fields>,
    by_id: HashMap<String, u64>,
    by_field: [HashMap<String, BTreeSet<u64>>; 2],
    created: u64,
    next_id: u64,
    /// When each record was written last.
    written: HashMap<u64, Instant>,
    /// The instant of what is done now.
    now: Instant,
}

impl Store {
    pub(crate) fn new(id_kind: IdKind, unique_emails: bool, records_max: usize) -> Self {
        Self {
            id_kind,
            unique_emails,
            records_max,
            records: BTreeMap::new(),
            by_id: HashMap::new(),
            by_field: Default::default(),
            created: 0,
            next_id: 0,
            written: HashMap::new(),
            now: Instant::now(),
        }
    }

    /// What follows happens at `now`.
    pub(crate) fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Ids are not given again afterwards.
    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.written.clear();
        self.by_id.clear();
        self.by_field = Default::default();
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Fields> {
        self.records.values()
    }

    pub(crate) fn get(&self, id: &str) -> Result<&Fields, Refusal> {
        self.by_id.get(id).and_then(|at| self.records.get(at)).ok_or(Refusal::Missing)
    }

    /// When a record was written last.
    pub(crate) fn written(&self, id: &str) -> Option<Instant> {
        self.by_id.get(id).and_then(|at| self.written.get(at)).copied()
    }

    /// The id of the oldest record with an email.
    pub(crate) fn id_by_email(&self, fields: &Fields) -> Option<String> {
        let email = fields.get(SEARCHABLE[0]).and_then(search_text)?;
        let at = self.by_field[0].get(&normal(0, &email))?.first()?;
        self.records.get(at)?.get("id").and_then(id_text)
    }

    /// Stores a record under the `id` among its fields, or a new one.
    pub(crate) fn create(&mut self, mut fields: Fields) -> Result<(String, &Fields), Refusal> {
        let chosen = fields.shift_remove("id");
        if self.id_kind == IdKind::Emails {
            let id = email_id(&fields).ok_or(Refusal::NoEmail)?;
            return self.insert(id, fields);
        }
        let id = match chosen {
            Some(id) => id,
            None => self.unused_id(),
        };
        self.insert(id, fields)
    }

    /// Exchanges all fields but the id. `may_create`: stores a record that is not there.
    pub(crate) fn replace(
        &mut self,
        id: &str,
        mut fields: Fields,
        may_create: bool,
    ) -> Result<(bool, &Fields), Refusal> {
        fields.shift_remove("id");
        match self.by_id.get(id).copied() {
            Some(at) => Ok((false, self.exchange(at, fields)?)),
            None if may_create => {
                let number = id.parse::<u64>().ok().filter(|n| self.id_kind == IdKind::Numbers && n.to_string() == id);
                let id = number.map_or_else(|| Value::from(id), Value::from);
                Ok((true, self.insert(id, fields)?.1))
            }
            None => Err(Refusal::Missing),
        }
    }

    /// Sets the given fields; one that is null is removed (RFC 7396, one level deep).
    pub(crate) fn merge(&mut self, id: &str, fields: Fields) -> Result<&Fields, Refusal> {
        let at = self.by_id.get(id).copied().ok_or(Refusal::Missing)?;
        let mut merged = self.records.get(&at).cloned().ok_or(Refusal::Missing)?;
        for (name, value) in fields {
            if value.is_null() {
                merged.shift_remove(&name);
            } else {
                merged.insert(name, value);
            }
        }
        merged.shift_remove("id");
        self.exchange(at, merged)
    }

    pub(crate) fn delete(&mut self, id: &str) -> Result<(), Refusal> {
        let at = self.by_id.remove(id).ok_or(Refusal::Missing)?;
        self.take(at);
        Ok(())
    }

    /// Records in order of creation whose searchable fields equal those given (email without regard to case), how many
    /// there are, and those of them from `offset` on. Of a search only those that were written no later than `until`.
    pub(crate) fn find(
        &self,
        wanted: &[(usize, String)],
        until: Option<Instant>,
        offset: usize,
        limit: usize,
    ) -> (usize, Vec<&Fields>) {
        let Some(((field, value), others)) = wanted.split_first() else {
            return (self.len(), self.records.values().skip(offset).take(limit).collect());
        };
        let found: Vec<u64> = self.by_field[*field]
            .get(&normal(*field, value))
            .into_iter()
            .flatten()
            .copied()
            .filter(|at| others.iter().all(|(field, value)| self.holds(*at, *field, &normal(*field, value))))
            .filter(|at| until.is_none_or(|until| self.written.get(at).is_some_and(|written| *written <= until)))
            .collect();
        (found.len(), found.iter().skip(offset).take(limit).filter_map(|at| self.records.get(at)).collect())
    }

    fn holds(&self, at: u64, field: usize, value: &str) -> bool {
        self.by_field[field].get(value).is_some_and(|holders| holders.contains(&at))
    }

    fn unused_id(&mut self) -> Value {
        loop {
            self.next_id += 1;
            let id = match self.id_kind {
                IdKind::Numbers => Value::from(self.next_id),
                IdKind::Strings | IdKind::Emails => Value::from(format!("c-{}", self.next_id)),
            };
            // A client may have chosen it already.
            if id_text(&id).is_some_and(|text| !self.by_id.contains_key(&text)) {
                return id;
            }
        }
    }

    fn insert(&mut self, id: Value, fields: Fields) -> Result<(String, &Fields), Refusal> {
        let text = id_text(&id).ok_or(Refusal::BadId)?;
        if self.by_id.contains_key(&text) {
            return Err(Refusal::IdTaken);
        }
        self.check_email(&fields, None)?;
        if self.len() >= self.records_max {
            return Err(Refusal::Full);
        }
        self.created += 1;
        self.by_id.insert(text.clone(), self.created);
        Ok((text, self.put(self.created, id, fields)))
    }

    fn exchange(&mut self, at: u64, fields: Fields) -> Result<&Fields, Refusal> {
        self.check_email(&fields, Some(at))?;
        let held = self.records.get(&at).and_then(|record| record.get("id")).cloned().ok_or(Refusal::Missing)?;
        let moved = email_id(&fields).filter(|id| self.id_kind == IdKind::Emails && *id != held);
        if let Some((from, to)) = moved.as_ref().and_then(|id| Some((id_text(&held)?, id_text(id)?))) {
            if self.by_id.contains_key(&to) {
                return Err(Refusal::IdTaken);
            }
            self.by_id.remove(&from);
            self.by_id.insert(to, at);
        }
        self.take(at).ok_or(Refusal::Missing)?;
        Ok(self.put(at, moved.unwrap_or(held), fields))
    }

    fn check_email(&self, fields: &Fields, except: Option<u64>) -> Result<(), Refusal> {
        let email = fields.get(SEARCHABLE[0]).and_then(search_text).map(|email| normal(0, &email));
        let holders = email.and_then(|email| self.by_field[0].get(&email));
        let taken = self.unique_emails && holders.is_some_and(|holders| holders.iter().any(|at| Some(*at) != except));
        if taken { Err(Refusal::EmailTaken) } else { Ok(()) }
    }

    fn put(&mut self, at: u64, id: Value, fields: Fields) -> &Fields {
        let mut record = Fields::with_capacity(fields.len() + 1);
        record.insert("id".to_owned(), id);
        record.extend(fields);
        for (field, name) in SEARCHABLE.iter().enumerate() {
            if let Some(text) = record.get(*name).and_then(search_text) {
                self.by_field[field].entry(normal(field, &text)).or_default().insert(at);
            }
        }
        self.written.insert(at, self.now);
        self.records.entry(at).or_insert(record)
    }

    fn take(&mut self, at: u64) -> Option<Fields> {
        let record = self.records.remove(&at)?;
        self.written.remove(&at);
        for (field, name) in SEARCHABLE.iter().enumerate() {
            if let Some(text) = record.get(*name).and_then(search_text).map(|text| normal(field, &text))
                && let Some(holders) = self.by_field[field].get_mut(&text)
            {
                holders.remove(&at);
                if holders.is_empty() {
                    self.by_field[field].remove(&text);
                }
            }
        }
        Some(record)
    }
}

/// An id as it stands in a path: a string or a number, 1 to 512 bytes without control characters.
pub(crate) fn id_text(id: &Value) -> Option<String> {
    let text = search_text(id)?;
    (!text.is_empty() && text.len() <= 512 && !text.contains(char::is_control)).then_some(text)
}

/// A record's id where emails are ids.
fn email_id(fields: &Fields) -> Option<Value> {
    let email = fields.get(SEARCHABLE[0]).and_then(search_text)?;
    Some(normal(0, &email)).filter(|email| !email.is_empty()).map(Value::from)
}

fn search_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn normal(field: usize, text: &str) -> String {
    if field == 0 { text.trim().to_lowercase() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        match value {
            Value::Object(fields) => fields,
            other => panic!("{other}"),
        }
    }

    fn emails(store: &Store, email: &str) -> usize {
        store.find(&[(0, email.to_owned())], None, 0, 10).0
    }

    #[test]
    fn given_ids_step_over_chosen_ones() {
        let mut store = Store::new(IdKind::Numbers, false, 10);
        assert_eq!(store.create(fields(json!({"id": 1}))).unwrap().0, "1");
        assert_eq!(store.create(fields(json!({"id": "2"}))).unwrap().0, "2");
        let (id, record) = store.create(fields(json!({"name": "Anna"}))).unwrap();
        assert_eq!((id.as_str(), Value::from(record.clone())), ("3", json!({"id": 3, "name": "Anna"})));
        assert_eq!(store.create(fields(json!({"id": "1"}))), Err(Refusal::IdTaken));
        for id in [json!(null), json!(""), json!([1]), json!(true), json!("a\nb")] {
            assert_eq!(store.create(fields(json!({ "id": id }))), Err(Refusal::BadId));
        }
    }

    #[test]
    fn the_indices_follow_every_change() {
        let mut store = Store::new(IdKind::Strings, false, 10);
        store.create(fields(json!({"email": "Anna@x.example", "external_id": "p1"}))).unwrap();
        store.create(fields(json!({"email": "anna@x.example", "external_id": "p2"}))).unwrap();
        assert_eq!(emails(&store, "ANNA@x.example"), 2);
        assert_eq!(store.find(&[(0, "anna@x.example".into()), (1, "p2".into())], None, 0, 10).0, 1);
        store.replace("c-1", fields(json!({"id": "x", "email": "b@x.example"})), false).unwrap();
        assert_eq!((emails(&store, "anna@x.example"), emails(&store, "b@x.example")), (1, 1));
        assert_eq!(store.get("c-1").unwrap()["id"], "c-1");
        store.merge("c-1", fields(json!({"email": null, "name": "B"}))).unwrap();
        assert_eq!(Value::from(store.get("c-1").unwrap().clone()), json!({"id": "c-1", "name": "B"}));
        assert_eq!(emails(&store, "b@x.example"), 0);
        store.delete("c-2").unwrap();
        assert_eq!((store.len(), emails(&store, "anna@x.example")), (1, 0));
        assert_eq!(store.delete("c-2"), Err(Refusal::Missing));
    }

    #[test]
    fn where_emails_are_ids_a_change_moves_the_record() {
        let mut store = Store::new(IdKind::Emails, false, 10);
        assert_eq!(store.create(fields(json!({"email": " Anna@x.example"}))).unwrap().0, "anna@x.example");
        assert_eq!(store.create(fields(json!({"email": "ANNA@x.example"}))), Err(Refusal::IdTaken));
        assert_eq!(store.create(fields(json!({"name": "Anna"}))), Err(Refusal::NoEmail));
        store.create(fields(json!({"email": "b@x.example"}))).unwrap();
        assert_eq!(store.merge("b@x.example", fields(json!({"email": "anna@x.example"}))), Err(Refusal::IdTaken));
        let moved = store.merge("anna@x.example", fields(json!({"email": "c@x.example"}))).unwrap();
        assert_eq!(moved["id"], "c@x.example");
        assert_eq!(store.get("anna@x.example"), Err(Refusal::Missing));
        assert_eq!(store.merge("c@x.example", fields(json!({"name": "Anna"}))).unwrap()["id"], "c@x.example");
        store.delete("c@x.example").unwrap();
        assert_eq!((store.len(), emails(&store, "c@x.example")), (1, 0));
    }

    #[test]
    fn unique_emails_hold_on_create_and_update() {
        let mut store = Store::new(IdKind::Numbers, true, 2);
        store.create(fields(json!({"email": "a@x.example"}))).unwrap();
        assert_eq!(store.create(fields(json!({"email": "A@x.example"}))), Err(Refusal::EmailTaken));
        // The refused one used up an id, as it does in a database.
        assert_eq!(store.create(fields(json!({"email": "b@x.example"}))).unwrap().0, "3");
        assert_eq!(store.merge("3", fields(json!({"email": "a@x.example"}))), Err(Refusal::EmailTaken));
        assert!(store.merge("3", fields(json!({"email": "B@x.example"}))).is_ok());
        assert_eq!(store.create(fields(json!({}))), Err(Refusal::Full));
    }
}
