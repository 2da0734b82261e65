//! `/contacts`: what a request does to the records and is answered. No I/O, no faults.

use crate::answer::Answer;
use crate::manner::{KeyStore, Lag, Manner};
use crate::store::{Fields, Refusal, SEARCHABLE, Store};
use crate::{MockCrmOptions, store};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

const LIST_LIMIT: usize = 100;
const LIST_LIMIT_MAX: usize = 1000;
/// Idempotency keys remembered; the oldest are forgotten.
const KEYS_MAX: usize = 100_000;
/// RFC 3986, section 2.3.
const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Sent with an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A request to `/contacts`, its body read.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// From `/contacts` on, still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The records with what is remembered about requests for them.
#[derive(Debug)]
pub(crate) struct Contacts {
    pub(crate) store: Store,
    put_creates: bool,
    keys: Keys,
}

#[derive(Debug, Default)]
struct Keys {
    /// The body that each came with first, and the answer.
    answers: HashMap<String, (Bytes, Answer)>,
    order: VecDeque<String>,
}

impl Keys {
    fn remember(&mut self, key: String, body: Bytes, answer: Answer) {
        if self.order.len() == KEYS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.answers.insert(key, (body, answer));
    }
}

impl Contacts {
    pub(crate) fn new(options: &MockCrmOptions) -> Self {
        Self {
            store: Store::new(options.ids, options.unique_emails, options.records_max),
            put_creates: options.put_creates,
            keys: Keys::default(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.store.clear();
        self.keys = Keys::default();
    }

    /// Does what is asked, as records of this manner do.
    pub(crate) fn answer(&mut self, call: &Call, manner: &Manner, now: Instant) -> Answer {
        self.store.set_now(now);
        let nothing_here = || Answer::error(StatusCode::NOT_FOUND, "there is nothing at this path");
        let Some(rest) = call.path.strip_prefix("/contacts") else { return nothing_here() };
        let id = match rest.strip_prefix('/') {
            _ if rest.is_empty() || rest == "/" => None,
            Some(id) if !id.contains('/') => Some(percent_decode_str(id).decode_utf8_lossy().into_owned()),
            _ => return nothing_here(),
        };
        if manner.poison.as_ref().is_some_and(|person| self.is_about(call, id.as_deref(), person)) {
            return Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "this person's requests fail");
        }
        let changes = matches!(call.method, Method::PUT | Method::PATCH | Method::DELETE);
        let written = id.as_deref().filter(|_| changes).and_then(|id| self.store.written(id));
        if let (Some(lock), Some(written)) = (manner.lock, written)
            && now.saturating_duration_since(written) < lock
        {
            return Answer::error(StatusCode::LOCKED, "the record was just written");
        }
        match (&call.method, id) {
            (&Method::GET, None) => self.list(call.query.as_deref(), manner, now),
            (&Method::POST, None) => self.create(call, manner),
            (_, None) => {
                Answer::error(StatusCode::METHOD_NOT_ALLOWED, "/contacts takes GET and POST").with(ALLOW, "GET, POST")
            }
            (&Method::GET, Some(id)) => found(self.store.get(&id)),
            (&Method::PUT, Some(id)) => self.replace(&id, call),
            (&Method::PATCH, Some(id)) => match fields(call) {
                Ok(fields) => found(self.store.merge(&id, fields)),
                Err(answer) => answer,
            },
            (&Method::DELETE, Some(id)) => match self.store.delete(&id) {
                Ok(()) => Answer::empty(StatusCode::NO_CONTENT),
                Err(refusal) => refused(refusal),
            },
            (_, Some(_)) => Answer::error(StatusCode::METHOD_NOT_ALLOWED, "a contact takes GET, PUT, PATCH and DELETE")
                .with(ALLOW, "GET, PUT, PATCH, DELETE"),
        }
    }

    /// Whether a request is about a person: by its body, what it searches for, or the record that it is for.
    fn is_about(&self, call: &Call, id: Option<&str>, person: &str) -> bool {
        let names =
            |fields: &Fields| SEARCHABLE.iter().any(|name| fields.get(*name).and_then(Value::as_str) == Some(person));
        let searched = url::form_urlencoded::parse(call.query.as_deref().unwrap_or_default().as_bytes());
        fields(call).is_ok_and(|fields| names(&fields))
            || searched.into_iter().any(|(_, value)| value == person)
            || id.and_then(|id| self.store.get(id).ok()).is_some_and(names)
    }

    fn create(&mut self, call: &Call, manner: &Manner) -> Answer {
        let key = manner.keys.and_then(|keys| Some((keys, idempotency_key(&call.headers)?)));
        if let Some((keys, key)) = &key
            && let Some((body, answer)) = self.keys.answers.get(key)
        {
            return match keys {
                KeyStore::Check if *body != call.body => {
                    Answer::error(StatusCode::UNPROCESSABLE_ENTITY, "this idempotency key came with another body")
                }
                KeyStore::Refuse => {
                    let refusal = json!({ "code": 159, "error": "this idempotency key has been used" });
                    Answer::json(StatusCode::BAD_REQUEST, &refusal)
                }
                KeyStore::Replay | KeyStore::Check => answer.clone().with(REPLAYED, "true"),
            };
        }
        let answer = match fields(call) {
            Ok(fields) => self.created(fields, manner.upsert),
            Err(answer) => answer,
        };
        if let Some((_, key)) = key {
            self.keys.remember(key, call.body.clone(), answer.clone());
        }
        answer
    }

    fn created(&mut self, fields: Fields, upsert: bool) -> Answer {
        if let Some(id) = self.store.id_by_email(&fields).filter(|_| upsert) {
            return found(self.store.merge(&id, fields));
        }
        match self.store.create(fields) {
            Ok((id, record)) => created(&id, record),
            Err(refusal) => refused(refusal),
        }
    }

    fn replace(&mut self, id: &str, call: &Call) -> Answer {
        let put_creates = self.put_creates;
        match fields(call).map(|fields| self.store.replace(id, fields, put_creates)) {
            Ok(Ok((true, record))) => created(id, record),
            Ok(replaced) => found(replaced.map(|(_, record)| record)),
            Err(answer) => answer,
        }
    }

    fn list(&self, query: Option<&str>, manner: &Manner, now: Instant) -> Answer {
        let (mut wanted, mut offset, mut limit) = (Vec::new(), 0, LIST_LIMIT);
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let number = || value.parse::<usize>().map_err(|_| format!("{name}: {value:?} is not a whole number"));
            let read = match (name.as_ref(), SEARCHABLE.iter().position(|field| *field == name)) {
                (_, Some(field)) => {
                    wanted.push((field, value.clone().into_owned()));
                    Ok(())
                }
                ("offset", _) => number().map(|number| offset = number),
                ("limit", _) => number().map(|number| limit = number.min(LIST_LIMIT_MAX)),
                _ => Err(format!("{name} is not a parameter; there are email, external_id, limit and offset")),
            };
            if let Err(message) = read {
                return Answer::error(StatusCode::BAD_REQUEST, &message);
            }
        }
        let until = match manner.search_lag.filter(|_| !wanted.is_empty()) {
            Some(Lag::Never) => return Answer::json(StatusCode::OK, &json!({ "total": 0, "contacts": [] })),
            Some(Lag::For(lag)) => now.checked_sub(lag),
            None => Some(now),
        };
        // Nothing was written before the machine's clock began.
        let Some(until) = until else { return Answer::json(StatusCode::OK, &json!({ "total": 0, "contacts": [] })) };
        let (total, contacts) = self.store.find(&wanted, Some(until), offset, limit);
        Answer::json(StatusCode::OK, &json!({ "total": total, "contacts": contacts }))
    }
}

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Option<String> {
    headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned())
}

fn created(id: &str, record: &Fields) -> Answer {
    Answer::json(StatusCode::CREATED, record)
        .with(LOCATION, format!("/contacts/{}", utf8_percent_encode(id, PATH_SEGMENT)))
}

fn found(record: Result<&Fields, Refusal>) -> Answer {
    record.map_or_else(refused, |record| Answer::json(StatusCode::OK, record))
}

fn refused(refusal: Refusal) -> Answer {
    let (status, message) = match refusal {
        Refusal::Missing => (StatusCode::NOT_FOUND, "there is no contact with this id"),
        Refusal::IdTaken => (StatusCode::CONFLICT, "id: another contact has it"),
        Refusal::EmailTaken => (StatusCode::CONFLICT, "email: another contact has it"),
        Refusal::NoEmail => (StatusCode::BAD_REQUEST, "email: a contact is kept by its email, and has none"),
        Refusal::BadId => (StatusCode::BAD_REQUEST, "id: must be a number, or text of 1 to 512 bytes"),
        Refusal::Full => (StatusCode::INSUFFICIENT_STORAGE, "there are as many contacts as are kept"),
    };
    Answer::error(status, message)
}

/// The fields in a body, JSON or form by its content type.
fn fields(call: &Call) -> Result<store::Fields, Answer> {
    let content_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_type == "application/x-www-form-urlencoded" {
        return Ok(form(&call.body));
    }
    if media_type != "application/json" && !media_type.ends_with("+json") {
        let message = "Content-Type: must be application/json or application/x-www-form-urlencoded";
        return Err(Answer::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Answer::error(StatusCode::BAD_REQUEST, "the body is not a JSON object")),
        Err(fault) => Err(Answer::error(StatusCode::BAD_REQUEST, &format!("the body is not JSON: {fault}"))),
    }
}

/// A name that comes several times becomes an array.
fn form(body: &[u8]) -> store::Fields {
    let mut fields = store::Fields::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        let value = Value::from(value.into_owned());
        match fields.get_mut(name.as_ref()) {
            None => {
                fields.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    fields
}
