//! Everything is carried from the embedded database to Postgres, and back: people, links with their ids, keys, secrets, the log.

use mock_crm::{Auth, MockCrm, MockCrmOptions};
use product_tests::server::command;
use product_tests::{Api, Database, Server, ServerOptions, eventually, people};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(90);
/// Of the database that is moved to; the tests' usual one is 32 zero bytes.
const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const USUAL_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Runs a command to its end. Returns whether it succeeded, and everything that it said.
async fn run(database: &Database, arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    let mut command = command(database);
    command.args(arguments).envs(environment.iter().copied());
    let output = timeout(WITHIN, command.stdin(Stdio::null()).output()).await.expect("it ends").unwrap();
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    (output.status.success(), said)
}

fn url_of(database: &Database) -> String {
    match database.url.strip_prefix("sqlite:") {
        Some(file) => format!("sqlite:{}", database.directory.join(file).display()),
        None => database.url.clone(),
    }
}

async fn caught_up(api: &Api, sync: &str) {
    eventually("nothing is owed any more", WITHIN, || async { api.counts(sync).await.1 == 0 }).await;
}

/// All that the API tells, page by page.
async fn told(api: &Api, sync: &str) -> Value {
    let mut all = Vec::new();
    for (field, nodes, within) in [
        ("people", "id name emails version createdAt updatedAt custom labels", ""),
        (
            "logs",
            "id at operation outcome message uniqueId attempt person { id } request { method url body } response { status body }",
            "",
        ),
        ("links", "person { id } state uniqueId owed parkedReason sentVersion lastDecision", "sync"),
    ] {
        let mut after = json!(null);
        loop {
            let asked = format!(
                "{field}(first: 1000, after: $after) {{ nodes {{ {nodes} }} pageInfo {{ hasNextPage endCursor }} }}"
            );
            let (query, variables) = if within.is_empty() {
                (format!("query ($after: String) {{ {asked} }}"), json!({ "after": after }))
            } else {
                (
                    format!("query ($id: ID!, $after: String) {{ sync(id: $id) {{ {asked} }} }}"),
                    json!({ "id": sync, "after": after }),
                )
            };
            let mut answer = api.ok(&query, variables).await;
            let page = if within.is_empty() { answer[field].take() } else { answer["sync"][field].take() };
            all.push(page["nodes"].clone());
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
    let others = "query ($id: ID!) { sync(id: $id) { friendlyName revision stats { linked owed parked uncertain } } \
                  apiKeys { id name role prefix createdAt revokedAt } alertSettings { url parkedAbove } }";
    all.push(api.ok(others, json!({ "id": sync })).await);
    Value::from(all)
}

/// A server's database, stopped: 60 people linked, one of them deleted, one parked, a second key, alerts, a secret token.
async fn filled(database: &Database, crm: &MockCrm, more: usize) -> String {
    let server = Server::start(database, &ServerOptions::default()).await;
    let api = server.api();
    let authentication = json!({ "bearer": { "token": "very-secret-token" } });
    let sync = api.create_sync(&crm.url(), json!({ "authentication": authentication })).await;
    api.push(&people("p", 0..60)).await;
    caught_up(&api, &sync).await;
    let custom = json!({ "input": [{ "id": "p7", "custom": { "big": 12_345_678_901_234_567_890_u64, "deep": { "z": 1, "a": [null] } } }] });
    api.ok(product_tests::api::UPSERT, custom).await;
    api.ok("mutation { deletePeople(ids: [\"p3\"]) { deleted } }", json!({})).await;
    api.ok(
        "mutation { setAlerts(input: { url: \"https://alerts.example.com/x\", parkedAbove: 7 }) { secret } }",
        json!({}),
    )
    .await;
    let (fine, _) = run(database, &["keys", "create", "--name", "second", "--role", "reader"], &[]).await;
    assert!(fine);
    caught_up(&api, &sync).await;
    // Owed when it is moved.
    api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": sync })).await;
    api.push(&people("owed", 0..5 + more)).await;
    // Ids that a client chose.
    for id in [MADE, GONE] {
        api.ok(MAKE, json!({ "id": id })).await;
    }
    api.ok("mutation ($id: ID!) { deleteSync(id: $id) }", json!({ "id": GONE })).await;
    assert!(server.stop().await);
    sync
}

const MADE: &str = "8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7e";
const GONE: &str = "0e6a3bd2-54a9-4a49-8f5b-3a0b51d5a3f1";
const MAKE: &str = "mutation ($id: ID!) { createSync(id: $id, input: { friendlyName: \"Chosen\" }) { id revision } }";

async fn crm() -> MockCrm {
    let options = MockCrmOptions { auth: Auth::bearer("very-secret-token"), ..MockCrmOptions::default() };
    MockCrm::start(options).await.unwrap()
}

async fn what_is_told(database: &Database, sync: &str) -> Value {
    let server = Server::start(database, &ServerOptions::default()).await;
    let all = told(&server.api(), sync).await;
    assert!(server.stop().await);
    all
}

/// By another key there, and by the usual one back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_carried_there_and_back() {
    let (first, there, back) = (Database::sqlite(), Database::postgres().await, Database::sqlite());
    let crm = crm().await;
    let sync = filled(&first, &crm, 0).await;
    let before = what_is_told(&first, &sync).await;
    let (fine, stats) = run(&first, &["stats"], &[]).await;
    assert!(fine);

    let to = url_of(&there);
    let server = Server::start(&first, &ServerOptions::default()).await;
    let (fine, said) = run(&first, &["move", "--to", &to], &[]).await;
    assert!(!fine && said.contains("`crm-sync serve`"), "while a server runs: {said}");
    assert!(server.stop().await);
    let (fine, said) = run(&first, &["move", "--logs", "--to", &to], &[("CRM_SYNC_SECRET_KEY_TO", OTHER_KEY)]).await;
    assert!(fine && said.contains("compared links: 64, all equal"), "{said}");
    assert!(!said.contains("very-secret") && !said.contains(OTHER_KEY), "{said}");
    let (fine, said) = run(&first, &["serve", "--listen", "127.0.0.1:0"], &[]).await;
    assert!(!fine && said.contains("was moved to postgres://"), "{said}");
    // Its secrets are sealed with the key of there.
    let (fine, doctor) =
        run(&there, &["doctor", "--allow-network", "127.0.0.0/8"], &[("CRM_SYNC_SECRET_KEY", OTHER_KEY)]).await;
    assert!(fine && doctor.contains("ok     syncs"), "{doctor}");
    let (fine, doctor) = run(&there, &["doctor"], &[]).await;
    assert!(!fine && doctor.contains("cannot"), "{doctor}");
    let (fine, said) = run(&first, &["move", "--to", &to], &[]).await;
    assert!(!fine && said.contains("was moved to"), "{said}");

    let keys = [("CRM_SYNC_SECRET_KEY", OTHER_KEY), ("CRM_SYNC_SECRET_KEY_TO", USUAL_KEY)];
    let (fine, said) = run(&there, &["move", "--logs", "--to", &url_of(&back)], &keys).await;
    assert!(fine, "{said}");
    let (fine, said) = run(&there, &["serve", "--listen", "127.0.0.1:0"], &[]).await;
    assert!(!fine && said.contains("was moved to sqlite:"), "{said}");
    assert_eq!(what_is_told(&back, &sync).await, before);
    assert_eq!(run(&back, &["stats"], &[]).await, (true, stats));

    // And it goes on: with its ids, and its token.
    let server = Server::start(&back, &ServerOptions::default()).await;
    let api = server.api();
    let again = api.ok(MAKE, json!({ "id": MADE })).await;
    assert_eq!(again["createSync"], json!({ "id": MADE, "revision": 1 }), "it is known what it was made of");
    let (code, error) = api.fails(MAKE, json!({ "id": GONE })).await;
    assert!(code == "CONFLICT" && error["message"].as_str().unwrap().contains("was deleted"), "{error}");
    api.ok("mutation ($id: ID!) { resumeSync(id: $id) { id } }", json!({ "id": sync })).await;
    let changed: Vec<_> = (10..20).map(|n| (format!("p{n}"), "Grace".to_owned())).collect();
    api.push(&changed).await;
    caught_up(&api, &sync).await;
    assert_eq!(api.counts(&sync).await, (64, 0, 0, 0));
    assert_eq!(crm.records().len(), 64);
    assert_eq!(crm.records().iter().filter(|record| record["name"] == "Grace").count(), 10);
    assert!(server.stop().await);
}

/// Kills a move as soon as it says this.
async fn killed(from: &Database, to: &str, at: &str) {
    let mut moving =
        command(from).args(["move", "--to", to]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(moving.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains(at) {
            moving.kill().await.unwrap();
            return;
        }
    }
    panic!("it never said {at}");
}

async fn is_killed_and_resumed(from: Database, to: Database, another: Database) {
    let crm = crm().await;
    let sync = filled(&from, &crm, 4000).await;
    let before = run(&from, &["stats"], &[]).await;
    let url = url_of(&to);
    for at in ["moving people", "moving links"] {
        killed(&from, &url, at).await;
        let (fine, said) = run(&to, &["serve", "--listen", "127.0.0.1:0"], &[]).await;
        assert!(!fine && said.contains("was interrupted"), "{said}");
    }
    // The source is whole yet, and another move does not mix with this one.
    let (fine, said) = run(&from, &["move", "--to", &url, "--logs"], &[]).await;
    assert!(!fine && said.contains("without --logs"), "{said}");
    let _other = filled(&another, &crm, 0).await;
    let (fine, said) = run(&another, &["move", "--to", &url], &[]).await;
    assert!(!fine && said.contains("is not finished"), "{said}");
    let (fine, said) = run(&from, &["move", "--to", &url], &[]).await;
    assert!(fine && said.contains("that was interrupted goes on"), "{said}");
    let (fine, said) = run(&another, &["move", "--to", &url], &[]).await;
    assert!(!fine && said.contains("is not empty"), "{said}");
    let after = run(&to, &["stats"], &[]).await;
    let without_log =
        |stats: &str| stats.lines().filter(|line| !line.starts_with("log")).collect::<Vec<_>>().join("\n");
    assert_eq!(without_log(&after.1), without_log(&before.1));
    let server = Server::start(&to, &ServerOptions::default()).await;
    let api = server.api();
    api.ok("mutation ($id: ID!) { resumeSync(id: $id) { id } }", json!({ "id": sync })).await;
    caught_up(&api, &sync).await;
    assert_eq!(api.counts(&sync).await, (4064, 0, 0, 0));
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_to_postgres_is_killed_and_resumed() {
    is_killed_and_resumed(Database::sqlite(), Database::postgres().await, Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_back_is_killed_and_resumed() {
    is_killed_and_resumed(Database::postgres().await, Database::sqlite(), Database::sqlite()).await;
}

/// What is refused leaves nothing at the target, neither a database nor a key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_refused_leaves_nothing_at_the_target() {
    let (source, elsewhere) = (Database::sqlite(), Database::sqlite());
    let folder = elsewhere.directory.join("new");
    let to = format!("sqlite:{}", folder.join("there.db").display());
    let without_key: &[(&str, &str)] = &[("CRM_SYNC_SECRET_KEY", "")];
    let nothing_is_there = || !folder.exists();
    // No source.
    let (fine, said) = run(&source, &["move", "--to", &to], &[]).await;
    assert!(!fine && nothing_is_there(), "{said}");
    let server = Server::start(&source, &ServerOptions::default()).await;
    server.api().push(&people("p", 0..3)).await;
    std::fs::write(source.directory.join("test.db.key"), USUAL_KEY).unwrap();
    // A server works on the source.
    let (fine, said) = run(&source, &["move", "--to", &to], without_key).await;
    assert!(!fine && said.contains("`crm-sync serve`") && nothing_is_there(), "{said}");
    // The source is a copy.
    let copy = Database::sqlite();
    let (fine, said) = run(&source, &["backup", copy.directory.join("test.db").to_str().unwrap()], &[]).await;
    assert!(fine, "{said}");
    assert!(server.stop().await);
    std::fs::write(copy.directory.join("test.db.key"), USUAL_KEY).unwrap();
    let (fine, said) = run(&copy, &["move", "--to", &to], without_key).await;
    assert!(!fine && said.contains("after-restore") && nothing_is_there(), "{said}");
    // The target is not empty: it is left as it is, and gets no key file.
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(source.directory.join("test.db"), folder.join("there.db")).unwrap();
    let before = std::fs::read(folder.join("there.db")).unwrap();
    let (fine, said) = run(&source, &["move", "--to", &to], without_key).await;
    assert!(!fine && said.contains("is not empty") && !folder.join("there.db.key").exists(), "{said}");
    assert!(std::fs::read(folder.join("there.db")).unwrap() == before, "not a byte of it has changed");
    // Moved away, and what it was moved to is gone.
    std::fs::remove_dir_all(&folder).unwrap();
    let (fine, said) = run(&source, &["move", "--to", &to], without_key).await;
    assert!(fine && folder.join("there.db.key").exists(), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
    let (fine, said) = run(&source, &["move", "--to", &to], without_key).await;
    assert!(!fine && said.contains("was moved to") && nothing_is_there(), "{said}");
}
