//! The server that a test plays on, with a mock CRM beside it.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::server::{KEY, ServerOptions};
use product_tests::{Api, Database, Server, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// How long deliveries may take.
const WITHIN: Duration = Duration::from_secs(20);

/// Server, database and mock CRM of one test.
pub struct Stage {
    /// The server, which may reach loopback.
    pub server: Server,
    /// A mock CRM that keeps what it was sent.
    pub crm: MockCrm,
    /// The server's API with the admin key.
    pub api: Api,
    /// Where the server keeps its data.
    pub database: Database,
}

impl Stage {
    /// A server on SQLite; what fails is not tried again for an hour.
    pub async fn start() -> Self {
        let options = ServerOptions { retry_schedule: "1h", ..ServerOptions::default() };
        Self::start_on(Database::sqlite(), &options).await
    }

    /// A server on a database.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start_on(database: Database, options: &ServerOptions) -> Self {
        let server = Server::start(&database, options).await;
        let crm = MockCrmOptions { record_requests: 1000, ..MockCrmOptions::default() };
        let crm = MockCrm::start(crm).await.expect("a mock CRM starts");
        Self { api: server.api(), server, crm, database }
    }

    /// The key to sign in with as an admin.
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// Makes a key. Returns its id and the key itself.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub async fn new_key(&self, name: &str, role: &str) -> (String, String) {
        let make = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { key { id } secret } }";
        let made = self.api.ok(make, json!({ "input": { "name": name, "role": role } })).await["createApiKey"].clone();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (text(&made["key"]["id"]), text(&made["secret"]))
    }

    /// Makes a sync with the usual rules of the mock CRM, as far as `changes` does not say otherwise. Returns its id.
    pub async fn sync(&self, name: &str, mut changes: Value) -> String {
        changes["friendlyName"] = name.into();
        self.api.create_sync(&self.crm.url(), changes).await
    }

    /// Says something of people, as `upsertPeople` takes it.
    pub async fn push(&self, people: Value) {
        self.api.ok(product_tests::api::UPSERT, json!({ "input": people })).await;
    }

    /// Waits until a sync has so many links that are linked, and nothing owed that could be sent.
    pub async fn linked(&self, sync: &str, count: i64) {
        eventually("all are linked", WITHIN, || async {
            let (linked, owed, ..) = self.api.counts(sync).await;
            (linked, owed) == (count, 0)
        })
        .await;
    }

    /// What goes wrong at the mock CRM from now on: a fault for each of the next requests.
    ///
    /// # Panics
    /// Where a fault is none.
    pub fn next_faults(&self, faults: &[&str]) {
        let next = faults.iter().map(|fault| fault.parse().expect("a fault")).collect();
        self.crm.set_faults(Faults { next, ..Faults::default() }).expect("faults can be set");
    }
}
