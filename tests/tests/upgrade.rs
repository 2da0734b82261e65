//! A database of commit 0c15de1, from before answers were judged by what they are worth, goes on with this program: whoever
//! was owed is sent the same requests as by the old program, and so is whoever changes since.
//!
//! `upgrade/sqlite.sql` and `upgrade/postgres.sql` are dumps of that program's databases (most of the log left out). Five
//! syncs were made and paused, with people in step, owed, in doubt, refused and unaddressable, and twenty deletes that found
//! nothing had suspended one. `upgrade/sent.json` is what that program itself sent from there: when the syncs were resumed, and
//! then for changes. A request's digest holds its URL, so the system is where it was then.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use product_tests::{Api, Database, Server, ServerOptions, eventually, listen};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);
const PORT: u16 = 17731;

/// A request as `sent.json` tells it, and the key that its own header carried.
#[derive(Clone, Debug, PartialEq)]
struct Sent {
    told: String,
    once: Option<String>,
}

/// The system that the syncs speak to: it keeps nothing, and calls the record of a person `c-` and the person's id.
#[derive(Clone, Default)]
struct System {
    heard: Arc<Mutex<Vec<Sent>>>,
}

impl System {
    async fn start(host: &str) -> Self {
        let system = Self::default();
        let answering = system.clone();
        listen((host, PORT), move |request| answering.clone().answer(request)).await;
        system
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (method, path) = (request.method().clone(), request.uri().to_string());
        let (kind, trace, once) = (header("content-type"), header("x-trace"), header("x-once"));
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let words = [Some(method.to_string()), Some(path.clone()), kind, Some(body.clone()), trace];
        let told: Vec<String> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
        self.heard.lock().unwrap().push(Sent { told: told.join(" "), once });
        let who = || serde_json::from_str::<Value>(&body).unwrap()["external_id"].as_str().unwrap().to_owned();
        let (status, answer) = match (method, path.as_str()) {
            (Method::POST, "/oneway") => (200, "<!DOCTYPE html><p>Thank you".to_owned()),
            (Method::POST, "/park") if who() == "taken" => (409, "{\"error\":\"there is one\"}".to_owned()),
            (Method::POST, _) => (201, json!({ "id": format!("c-{}", who()) }).to_string()),
            (Method::GET, path) => {
                let (_, id) = path.split_once('=').unwrap();
                (200, json!({ "contacts": [{ "id": format!("c-{id}") }] }).to_string())
            }
            (Method::DELETE, path) if path.starts_with("/gone/") => (404, "{}".to_owned()),
            _ => (200, "{}".to_owned()),
        };
        Response::builder().status(status).body(Full::new(answer.into())).unwrap()
    }

    /// What was heard so far, in an order that does not depend on when.
    fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = self.heard.lock().unwrap().iter().map(|sent| sent.told.clone()).collect();
        told.sort();
        told
    }

    fn keys_of(&self, beginning: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|sent| sent.told.starts_with(beginning)).filter_map(|sent| sent.once.clone()).collect()
    }

    fn forget(&self) {
        self.heard.lock().unwrap().clear();
    }
}

fn sent_by_the_old_program(part: &str) -> Vec<String> {
    let sent: Value = serde_json::from_str(include_str!("upgrade/sent.json")).unwrap();
    let mut sent: Vec<String> = serde_json::from_value(sent[part].clone()).unwrap();
    sent.sort();
    sent
}

/// The syncs by name: id, what is wrong with it, which operations are held, pages.
async fn syncs(api: &Api) -> Value {
    let asked = "{ syncs(first: 10) { nodes { id friendlyName status pages holds { kind } } } }";
    let all = api.ok(asked, json!({})).await["syncs"]["nodes"].clone();
    all.as_array()
        .unwrap()
        .iter()
        .map(|sync| (sync["friendlyName"].as_str().unwrap().to_owned(), sync.clone()))
        .collect()
}

async fn nothing_is_owed(api: &Api, syncs: &Value, but: &[(&str, i64)]) {
    eventually("nothing is owed any more", WITHIN, || async {
        for (name, sync) in syncs.as_object().unwrap() {
            let owed = but.iter().find(|(left, _)| left == name).map_or(0, |(_, owed)| *owed);
            if api.counts(sync["id"].as_str().unwrap()).await.1 != owed {
                return false;
            }
        }
        true
    })
    .await;
}

async fn parked(api: &Api, sync: &Value) -> Vec<(String, String)> {
    let asked =
        "query ($id: ID!) { sync(id: $id) { links(filter: { parked: true }) { nodes { person { id } parkedCode } } } }";
    let links = api.ok(asked, json!({ "id": sync["id"] })).await["sync"]["links"]["nodes"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    links.as_array().unwrap().iter().map(|link| (text(&link["person"]["id"]), text(&link["parkedCode"]))).collect()
}

/// Goes on with the older database, which is in place already. `kept_key`: the key of the create in doubt of "lost" at "keyed".
async fn goes_on(database: Database, host: &str, kept_key: &str) {
    let system = System::start(host).await;
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    let all = syncs(&api).await;
    for (name, sync) in all.as_object().unwrap() {
        assert_eq!(sync["status"], "PAUSED", "{name}");
        assert_eq!(sync["pages"], if name == "oneway" { "ACCEPT" } else { "REFUSE" }, "{name}");
        // Twenty deletes had found nothing: deletes are held, and not the whole sync.
        let holds = if name == "gone" { json!([{ "kind": "MISSING_DELETES" }]) } else { json!([]) };
        assert_eq!(sync["holds"], holds, "{name}");
    }
    assert_eq!(system.told(), Vec::<String>::new(), "all are paused");

    for sync in all.as_object().unwrap().values() {
        api.ok("mutation ($id: ID!) { resumeSync(id: $id) { id } }", json!({ "id": sync["id"] })).await;
    }
    nothing_is_owed(&api, &all, &[("gone", 1)]).await;
    let release = "mutation ($id: ID!) { releaseHold(syncId: $id, kind: MISSING_DELETES) { id } }";
    api.ok(release, json!({ "id": all["gone"]["id"] })).await;
    nothing_is_owed(&api, &all, &[]).await;
    let mut expected = sent_by_the_old_program("resumed");
    // Parked by a 409, which was final then: tried once more, and refused again.
    expected.push(
        r#"POST /park application/json {"external_id":"taken","name":"Ada","email":"taken@example.test"}"#.to_owned(),
    );
    expected.sort();
    assert_eq!(system.told(), expected);
    assert_eq!(system.keys_of("POST /keyed application/json {\"external_id\":\"lost\""), [kept_key]);
    let refused = |id: &str| (id.to_owned(), "REFUSED".to_owned());
    let mut at_park = parked(&api, &all["park"]).await;
    at_park.sort();
    assert_eq!(at_park, [refused("bad"), ("lost".to_owned(), "UNCERTAIN".to_owned()), refused("taken")]);
    // What was kept of an answer without an id is not judged again.
    assert_eq!(parked(&api, &all["keyed"]).await, [("noid".to_owned(), "NO_UNIQUE_ID".to_owned())]);

    system.forget();
    let people = json!([
        { "id": "eve", "firstName": "Ada", "emails": ["eve@example.test"] },
        { "id": "ada", "firstName": "Adele" },
        { "id": "dan", "firstName": "Daniel" },
    ]);
    api.ok("mutation ($input: [PersonInput!]!) { upsertPeople(input: $input) { id } }", json!({ "input": people }))
        .await;
    nothing_is_owed(&api, &all, &[]).await;
    api.ok("mutation { deletePeople(ids: [\"bob\"]) { deleted } }", json!({})).await;
    nothing_is_owed(&api, &all, &[]).await;
    assert_eq!(system.told(), sent_by_the_old_program("changed"));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_database_of_the_first_edition_goes_on() {
    use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
    let database = Database::sqlite();
    let file = database.directory.join("test.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    connection.batch_execute(include_str!("upgrade/sqlite.sql")).unwrap();
    drop(connection);
    goes_on(database, "127.93.7.11", "b792c67b-9da3-421e-a12f-6051d1291886").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_database_of_the_first_edition_goes_on() {
    let database = Database::postgres().await;
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(include_str!("upgrade/postgres.sql")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    goes_on(database, "127.93.7.12", "b0d718ea-40d9-43a8-95ba-627643024e6f").await;
}
