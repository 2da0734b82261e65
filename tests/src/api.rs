//! The GraphQL API as a client sees it.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A client of one server with one key.
#[derive(Clone)]
pub struct Api {
    http: Client<HttpConnector, Full<Bytes>>,
    url: String,
    key: String,
    header: Option<(String, String)>,
}

/// An answer: status and JSON body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Api {
    /// A client of the server at `url` (without path).
    pub fn new(url: &str, key: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Self { http, url: url.to_owned(), key: key.to_owned(), header: None }
    }

    /// The same server with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// The same server and key, with one more header.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        Self { header: Some((name.to_owned(), value.to_owned())), ..self.clone() }
    }

    /// Sends a document; `Err` where there is no HTTP answer.
    pub async fn send(&self, query: &str, variables: Value) -> Result<Answer, String> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = http::Request::post(format!("{}/graphql", self.url));
        if let Some((name, value)) = &self.header {
            request = request.header(name, value);
        }
        let request = request
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.key))
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let answer = self.http.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = serde_json::from_slice(&body).map_err(|error| format!("{status}: {error}"))?;
        Ok(Answer { status, body })
    }

    /// Sends a document that must succeed. Returns its data.
    ///
    /// # Panics
    /// Where there is no answer, or one with errors.
    pub async fn ok(&self, query: &str, variables: Value) -> Value {
        let answer = self.send(query, variables).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        assert!(answer.body.get("errors").is_none(), "{query}: {}", answer.body);
        answer.body["data"].clone()
    }

    /// Sends a document that must fail. Returns the code and message of its first error, and its fields.
    ///
    /// # Panics
    /// Where there is no answer, or one without errors.
    pub async fn fails(&self, query: &str, variables: Value) -> (String, Value) {
        let answer = self.send(query, variables).await.unwrap_or_else(|error| panic!("{query}: {error}"));
        let error = &answer.body["errors"][0];
        assert!(error.is_object(), "{query} succeeded: {}", answer.body);
        (error["extensions"]["code"].as_str().unwrap_or("").to_owned(), error.clone())
    }

    /// GET of a path without a key, for health checks. Returns the status.
    pub async fn get(&self, path: &str) -> Result<u16, String> {
        let uri = format!("{}{path}", self.url).parse().map_err(|error| format!("{error}"))?;
        Ok(self.http.get(uri).await.map_err(|error| error.to_string())?.status().as_u16())
    }

    /// GET of a whole URL without a key. Returns the text of an answer with status 200.
    pub async fn text(url: &str) -> Result<String, String> {
        let http: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let answer =
            http.get(url.parse().map_err(|error| format!("{error}"))?).await.map_err(|error| error.to_string())?;
        if answer.status() != 200 {
            return Err(answer.status().to_string());
        }
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        String::from_utf8(body.to_vec()).map_err(|error| error.to_string())
    }

    /// GET of a document (percent-encoded). Returns the status.
    pub async fn get_document(&self, query: &str) -> Result<u16, String> {
        let request = http::Request::get(format!("{}/graphql?query={query}", self.url))
            .header("authorization", format!("Bearer {}", self.key))
            .body(Full::default())
            .map_err(|error| error.to_string())?;
        Ok(self.http.request(request).await.map_err(|error| error.to_string())?.status().as_u16())
    }

    /// Makes a sync with the usual rules of a contact store at `crm`, as far as `changes` does not say otherwise.
    pub async fn create_sync(&self, crm: &str, changes: Value) -> String {
        let data = "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }";
        let mut input = json!({
            "friendlyName": "CRM",
            "uniqueId": { "path": "$.id" },
            "createUsers": { "method": "POST", "url": format!("{crm}/contacts"), "data": data, "timeoutSeconds": 2 },
            "updateUsers": {
                "method": "PUT", "url": format!("{crm}/contacts/{{{{ unique_id }}}}"), "data": data, "timeoutSeconds": 2
            },
            "deleteUsers": {
                "method": "DELETE", "url": format!("{crm}/contacts/{{{{ unique_id }}}}"), "timeoutSeconds": 2
            },
            "lookup": {
                "url": format!("{crm}/contacts?external_id={{{{ person.id }}}}"), "path": "$.contacts[*].id",
                "timeoutSeconds": 2, "settleSeconds": 1
            },
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        let made = self
            .ok("mutation ($input: SyncInput!) { createSync(input: $input) { id } }", json!({ "input": input }))
            .await;
        made["createSync"]["id"].as_str().expect("an id").to_owned()
    }

    /// Pushes people; each has an id, a first name and an email.
    pub async fn push(&self, people: &[(String, String)]) {
        for people in people.chunks(1000) {
            self.ok(UPSERT, json!({ "input": people_input(people) })).await;
        }
    }

    /// The directory: of each id name and email, as [`crate::records`] tells those of a CRM.
    pub async fn directory(&self) -> BTreeMap<String, String> {
        let query = "query ($after: String) { people(first: 1000, after: $after) { nodes { id name email } pageInfo { hasNextPage endCursor } } }";
        let (mut all, mut after) = (BTreeMap::new(), json!(null));
        loop {
            let page = self.ok(query, json!({ "after": after })).await["people"].clone();
            for person in page["nodes"].as_array().into_iter().flatten() {
                let text = |name: &str| person[name].as_str().unwrap_or("").to_owned();
                all.insert(text("id"), format!("{} {}", text("name"), text("email")));
            }
            if page["pageInfo"]["hasNextPage"] == false {
                return all;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// A sync's counts: (linked, owed, parked, uncertain).
    pub async fn counts(&self, sync: &str) -> (i64, i64, i64, i64) {
        let query = "query ($id: ID!) { sync(id: $id) { stats { linked owed parked uncertain } } }";
        let stats = &self.ok(query, json!({ "id": sync })).await["sync"]["stats"];
        let of = |name: &str| stats[name].as_i64().expect("a count");
        (of("linked"), of("owed"), of("parked"), of("uncertain"))
    }
}

/// The mutation that pushes people.
pub const UPSERT: &str = "mutation ($input: [PersonInput!]!) { upsertPeople(input: $input) { id change version } }";

/// People as its input.
pub fn people_input(people: &[(String, String)]) -> Value {
    people
        .iter()
        .map(|(id, name)| json!({ "id": id, "firstName": name, "emails": [format!("{id}@example.test")] }))
        .collect()
}
