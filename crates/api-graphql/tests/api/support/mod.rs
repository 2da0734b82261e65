//! A server's schema over a store in memory, in process.

use api_graphql::{Caller, Schema, ServerInfo};
use async_graphql::{Request, Response, Variables};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store_memory::MemoryStore;
use sync_core::backoff::Policy;
use sync_core::id::{AccountId, KeyId};
use sync_core::key::{Account, ApiKey, Role};
use sync_core::outcome::{Answer, BodyRead, Exchange, NotSent, Outcome, Request as Sent};
use sync_core::ports::{Clock, Dispatcher, KeyStore};
use sync_engine::{Engine, EngineBuilder, Logged, SecretKey, Vault};
use template_liquid::LiquidTemplates;
use testkit::clock::ManualClock;
use testkit::staged::StagedStore;
use tokio::sync::watch;
use uuid::Uuid;

/// An external system that answers what it is told to, in order, and then refuses connections.
#[derive(Default)]
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<(u16, String)>>,
    /// What every answer's headers are.
    pub(crate) headers: Mutex<Vec<(String, String)>>,
    pub(crate) sent: Mutex<Vec<Sent>>,
}

impl Scripted {
    pub(crate) fn answer(&self, status: u16, body: &str) {
        self.answers.lock().unwrap().push_back((status, body.to_owned()));
    }
}

#[async_trait::async_trait]
impl Dispatcher for Scripted {
    async fn send(&self, request: &Sent) -> Exchange {
        self.sent.lock().unwrap().push(request.clone());
        let outcome = match self.answers.lock().unwrap().pop_front() {
            Some((status, body)) => Outcome::Answered(Answer {
                status,
                headers: {
                    let mut headers = self.headers.lock().unwrap().clone();
                    headers.push(("set-cookie".to_owned(), "session=1".to_owned()));
                    headers
                },
                body: body.into(),
                body_read: BodyRead::Whole,
            }),
            None => Outcome::NotSent(NotSent::Connection, "connection refused".to_owned()),
        };
        Exchange { outcome, duration: Duration::from_millis(25) }
    }
}

/// Two accounts, with a key of each role for the first.
pub(crate) struct World {
    pub(crate) schema: Schema,
    /// Takes changes in, and sends nothing.
    pub(crate) engine: Engine,
    pub(crate) store: Arc<StagedStore>,
    pub(crate) crm: Arc<Scripted>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) mine: AccountId,
    pub(crate) theirs: AccountId,
    stop: watch::Sender<bool>,
    /// Ends the engine that takes changes in.
    _until_dropped: watch::Sender<bool>,
}

pub(crate) async fn world() -> World {
    let clock = Arc::new(ManualClock::default());
    let memory = MemoryStore::new(clock.clone(), Arc::new(Policy::default()));
    let (mine, theirs) = (AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2)));
    for (id, name) in [(mine, "mine"), (theirs, "theirs")] {
        assert!(memory.create_account(&Account { id, name: name.to_owned() }), "the account is new");
    }
    let store = Arc::new(StagedStore::new(Arc::new(memory)));
    for (account, role) in [(mine, Role::Reader), (mine, Role::Writer), (mine, Role::Admin), (theirs, Role::Admin)] {
        store.create_key(&key(account, role)).await.unwrap();
    }
    let crm = Arc::new(Scripted::default());
    let (engine, runner) = builder(&store, &crm, &clock).dispatches(false).build();
    let (until_dropped, dropped) = watch::channel(false);
    tokio::spawn(runner.run(dropped));
    // It listens, and has tidied up: what is counted from now on is asked for by documents.
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    store.take_calls();
    let server = ServerInfo { version: "1.2.3".to_owned(), mock_crm_url: None };
    let schema = api_graphql::schema(engine.clone(), server);
    World {
        schema,
        engine,
        store,
        crm,
        clock,
        mine,
        theirs,
        stop: watch::channel(false).0,
        _until_dropped: until_dropped,
    }
}

/// An engine over the world's store and system. All of them have the same secret key.
fn builder(store: &Arc<StagedStore>, crm: &Arc<Scripted>, clock: &Arc<ManualClock>) -> EngineBuilder {
    let key = SecretKey::parse("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").expect("it is 32 bytes in base64");
    Engine::builder(store.clone(), crm.clone(), Arc::new(LiquidTemplates), Vault::new(key, [])).clock(clock.clone())
}

/// A key of an account; the same each time.
pub(crate) fn key(account: AccountId, role: Role) -> ApiKey {
    let id = KeyId(Uuid::from_u128(account.0.as_u128() * 100 + u128::from(role.code().unsigned_abs())));
    testkit::build::key(account, id, role, ManualClock::default().now())
}

impl World {
    /// Sends all that is owed, one request a person, and waits until it is in the log.
    pub(crate) async fn deliver(&self, people: usize) {
        for n in 0..people {
            self.crm.answer(201, &json!({ "id": format!("crm-{n}") }).to_string());
        }
        let mut logged = self.engine.logged();
        let running = self.run();
        let mut entries = 0;
        while entries < people {
            match logged.recv().await.unwrap() {
                Logged::Entries(found) => entries += found.len(),
                Logged::Missed => panic!("nothing is missed in memory"),
            }
        }
        self.stop();
        running.await.unwrap();
        self.stop.send_replace(false);
    }

    /// Lets another engine send.
    pub(crate) fn run(&self) -> tokio::task::JoinHandle<()> {
        let (_, runner) = builder(&self.store, &self.crm, &self.clock).build();
        let stop = self.stop.subscribe();
        tokio::spawn(async { runner.run(stop).await.expect("nothing panics") })
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// The answer to a document sent with a key of a role of the first account.
    pub(crate) async fn answer(&self, role: Role, document: &str, variables: Value) -> Response {
        self.answer_to(&key(self.mine, role), document, variables).await
    }

    /// The answer to a document sent with a key.
    pub(crate) async fn answer_to(&self, key: &ApiKey, document: &str, variables: Value) -> Response {
        let request = Request::new(document).variables(Variables::from_json(variables)).data(Caller::new(key.clone()));
        self.schema.execute(request).await
    }

    /// The data of a document that must succeed, sent with the first account's admin key.
    pub(crate) async fn data(&self, document: &str, variables: Value) -> Value {
        let answer = self.answer(Role::Admin, document, variables).await;
        assert!(answer.errors.is_empty(), "{document}\n{:?}", answer.errors);
        answer.data.into_json().unwrap()
    }

    /// The one error of a document that must fail, sent with the first account's admin key.
    pub(crate) async fn error(&self, document: &str, variables: Value) -> Value {
        let answer = self.answer(Role::Admin, document, variables).await;
        assert_eq!(answer.errors.len(), 1, "{document}\n{answer:?}");
        serde_json::to_value(&answer.errors[0]).unwrap()
    }

    /// The code and the paths of the faults of the one error.
    pub(crate) async fn faults(&self, document: &str, variables: Value) -> Vec<(Value, String)> {
        let error = self.error(document, variables).await;
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
        let fields = error["extensions"]["fields"].as_array().unwrap_or_else(|| panic!("no fields: {error}")).clone();
        fields.into_iter().map(|field| (field["path"].clone(), field["message"].as_str().unwrap().to_owned())).collect()
    }

    /// Makes a sync of a plain CRM, paused or not, and returns its id.
    pub(crate) async fn sync(&self, name: &str) -> String {
        let made = self.data(CREATE_SYNC, json!({ "input": plain_crm(name) })).await;
        made["createSync"]["id"].as_str().unwrap().to_owned()
    }

    /// Pushes people with these ids.
    pub(crate) async fn push(&self, ids: &[&str]) {
        let people: Vec<_> = ids.iter().map(|id| json!({ "id": id, "firstName": format!("First {id}") })).collect();
        self.data(
            "mutation($input: [PersonInput!]!) { upsertPeople(input: $input) { id } }",
            json!({ "input": people }),
        )
        .await;
    }
}

pub(crate) const CREATE_SYNC: &str = "mutation($input: SyncInput!) { createSync(input: $input) { id } }";

/// The input of a plain CRM.
pub(crate) fn plain_crm(name: &str) -> Value {
    let data = r#"{"name": "{{ person.name }}"}"#;
    json!({
        "friendlyName": name,
        "uniqueId": { "path": "$.id" },
        "createUsers": { "method": "POST", "url": "https://crm.test/contacts", "data": data },
        "updateUsers": { "method": "PATCH", "url": "https://crm.test/contacts/{{ unique_id }}", "data": data },
        "deleteUsers": { "method": "DELETE", "url": "https://crm.test/contacts/{{ unique_id }}" },
    })
}
