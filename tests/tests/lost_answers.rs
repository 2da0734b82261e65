//! Postgres carries a COMMIT out, and its answer is lost on the way: the server says that it cannot know, and a call that is
//! repeated with the same id makes nothing twice.

use product_tests::api::{UPSERT, people_input};
use product_tests::{Api, Database, LostCommits, Server, ServerOptions};
use serde_json::{Value, json};

const CREATE_SYNC: &str =
    "mutation ($input: SyncInput!, $id: ID) { createSync(input: $input, id: $id) { id friendlyName revision } }";
const CREATE_KEY: &str =
    "mutation ($input: ApiKeyInput!, $id: ID) { createApiKey(input: $input, id: $id) { key { id name } secret } }";
const SYNCS: &str = "{ syncs { nodes { id friendlyName } } }";

struct World {
    api: Api,
    server: Server,
    proxy: LostCommits,
    _database: Database,
}

async fn world() -> World {
    let mut database = Database::postgres().await;
    let proxy = LostCommits::start(database.address()).await;
    database.reached_by(proxy.address());
    let server = Server::start(&database, &ServerOptions::default()).await;
    World { api: server.api(), server, proxy, _database: database }
}

impl World {
    /// A call whose transaction is carried out, and whose answer is lost.
    async fn loses(&self, statement: &str, call: &str, variables: Value) {
        let before = self.proxy.lost();
        self.proxy.lose_next(statement);
        let (code, error) = self.api.fails(call, variables).await;
        assert_eq!(self.proxy.lost(), before + 1, "{error}");
        assert_eq!(code, "UNAVAILABLE", "{error}");
        assert_eq!(error["extensions"]["carriedOut"], "UNKNOWN", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("may have been carried out") && !message.contains("nothing was changed"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_is_made_once() {
    let world = world().await;
    let id = "8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7e";
    let input = json!({ "id": id, "input": {
        "friendlyName": "CRM", "authentication": { "bearer": { "token": "secret" } },
        "createUsers": { "method": "POST", "url": "http://127.0.0.1:9/contacts" } } });
    world.loses("INSERT INTO syncs", CREATE_SYNC, input.clone()).await;
    let repeated = world.api.ok(CREATE_SYNC, input).await;
    assert_eq!(repeated["createSync"], json!({ "id": id, "friendlyName": "CRM", "revision": 1 }));
    let syncs = world.api.ok(SYNCS, Value::Null).await;
    assert_eq!(syncs["syncs"]["nodes"], json!([{ "id": id, "friendlyName": "CRM" }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_made_once_and_the_last_secret_opens() {
    let world = world().await;
    let id = "0e6a3bd2-54a9-4a49-8f5b-3a0b51d5a3f1";
    let input = json!({ "id": id, "input": { "name": "billing", "role": "READER" } });
    world.loses("INSERT INTO api_keys", CREATE_KEY, input.clone()).await;
    // The answer to this one is lost, too: what it would have shown opens nothing.
    world.loses("UPDATE api_keys SET prefix", CREATE_KEY, input.clone()).await;
    let made = world.api.ok(CREATE_KEY, input).await;
    assert_eq!(made["createApiKey"]["key"], json!({ "id": id, "name": "billing" }));
    let keys = world.api.ok("{ apiKeys { name } }", Value::Null).await;
    let named = |name: &str| keys["apiKeys"].as_array().unwrap().iter().filter(|key| key["name"] == name).count();
    assert_eq!(named("billing"), 1, "{keys}");
    let secret = made["createApiKey"]["secret"].as_str().unwrap();
    let theirs = Api::new(&world.server.url, secret);
    assert_eq!(theirs.ok("{ viewer { keyId } }", Value::Null).await["viewer"]["keyId"], id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_pushed_again_and_are_as_they_should_be() {
    let world = world().await;
    let input =
        json!({ "input": people_input(&[("1".to_owned(), "Ada".to_owned()), ("2".to_owned(), "Grace".to_owned())]) });
    world.loses("INSERT INTO people ", UPSERT, input.clone()).await;
    let again = world.api.ok(UPSERT, input).await;
    for person in again["upsertPeople"].as_array().unwrap() {
        assert_eq!((&person["change"], &person["version"]), (&json!("UNCHANGED"), &json!(1)), "{again}");
    }
    let counted = world.api.ok("{ viewer { account { peopleCount } } }", Value::Null).await;
    assert_eq!(counted["viewer"]["account"]["peopleCount"], 2);
}

/// What is refused before COMMIT was sent changed nothing, and is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_came_to_commit_changed_nothing() {
    let mut database = Database::postgres().await;
    let proxy = LostCommits::start(database.address()).await;
    database.reached_by(proxy.address());
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    api.ok("{ viewer { keyId } }", Value::Null).await;
    drop(proxy);
    for (call, variables) in [
        (CREATE_SYNC, json!({ "input": { "friendlyName": "CRM" } })),
        (UPSERT, json!({ "input": people_input(&[("1".to_owned(), "Ada".to_owned())]) })),
    ] {
        let answer = api.send(call, variables).await.unwrap();
        let error = &answer.body["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error}");
        assert_eq!(error["extensions"]["carriedOut"], "NO", "{error}");
        assert!(error["message"].as_str().unwrap().contains("nothing was changed"), "{error}");
    }
}
