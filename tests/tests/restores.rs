//! An older copy of a database is restored: `serve` refuses it until `after-restore` has run, and then nobody is made twice
//! whom a lookup finds or whose id we choose.

use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::server::command;
use product_tests::{Api, Cluster, Database, Server, ServerOptions, eventually, people};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(60);

/// Runs a command that must end by itself. Returns whether it succeeded, and everything that it said.
async fn run(database: &Database, arguments: &[&str]) -> (bool, String) {
    let mut command = command(database);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let output = timeout(WITHIN, child.wait_with_output()).await;
    let output = output.unwrap_or_else(|_| panic!("{arguments:?} goes on and on")).unwrap();
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    (output.status.success(), said)
}

async fn serve_is_refused(database: &Database, why: &str) {
    let (fine, said) = run(database, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(!fine && said.contains(why), "{why}: {said}");
    let (fine, said) = run(database, &["doctor"]).await;
    assert!(!fine && said.contains("WRONG  provenance") && said.contains(why), "{said}");
}

async fn caught_up(api: &Api, sync: &str) {
    eventually("nothing is owed any more", WITHIN, || async { api.counts(sync).await.1 == 0 }).await;
}

async fn pause(api: &Api, sync: &str, paused: bool) {
    let call = if paused { "pauseSync" } else { "resumeSync" };
    api.ok(&format!("mutation ($id: ID!) {{ {call}(id: $id) {{ id }} }}"), json!({ "id": sync })).await;
}

async fn holds(api: &Api, sync: &str) -> Vec<String> {
    let asked = "query ($id: ID!) { sync(id: $id) { holds { kind } } }";
    let holds = api.ok(asked, json!({ "id": sync })).await["sync"]["holds"].clone();
    holds.as_array().unwrap().iter().map(|hold| hold["kind"].as_str().unwrap().to_owned()).collect()
}

async fn release(api: &Api, sync: &str) {
    let call = "mutation ($id: ID!) { releaseHold(syncId: $id, kind: RESTORED) { id } }";
    api.ok(call, json!({ "id": sync })).await;
}

async fn parked(api: &Api, sync: &str) -> Vec<(String, String)> {
    let asked =
        "query ($id: ID!) { sync(id: $id) { links(filter: { parked: true }) { nodes { person { id } parkedCode } } } }";
    let links = api.ok(asked, json!({ "id": sync })).await["sync"]["links"]["nodes"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    links.as_array().unwrap().iter().map(|link| (text(&link["person"]["id"]), text(&link["parkedCode"]))).collect()
}

/// How many records there are of each person beyond one, in all.
fn second_records(crm: &MockCrm) -> usize {
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for record in crm.records() {
        *of.entry(record["external_id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    of.values().map(|records| records - 1).sum()
}

/// A copy of the time when 30 people were linked and 30 were owed. Since then these were sent, 40 more came, and of the first
/// ones 5 changed and 5 were deleted.
struct Restored {
    crm: MockCrm,
    sync: String,
    copy: Database,
}

async fn restored(changes: impl Fn(&str) -> Value) -> Restored {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let sync = api.create_sync(&crm.url(), changes(&crm.url())).await;
    api.push(&people("linked", 0..30)).await;
    caught_up(&api, &sync).await;
    pause(&api, &sync, true).await;
    api.push(&people("owed", 0..30)).await;
    let copy = Database::sqlite();
    let file = copy.directory.join("test.db");
    let (fine, said) = run(&database, &["backup", file.to_str().unwrap()]).await;
    assert!(fine && said.contains("after-restore"), "{said}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    pause(&api, &sync, false).await;
    api.push(&people("late", 0..40)).await;
    api.push(&changed()).await;
    let gone: Vec<_> = (5..10).map(|n| format!("linked{n}")).collect();
    api.ok("mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": gone })).await;
    caught_up(&api, &sync).await;
    assert_eq!((crm.records().len(), second_records(&crm)), (95, 0));
    assert!(server.stop().await);
    Restored { crm, sync, copy }
}

fn changed() -> Vec<(String, String)> {
    (0..5).map(|n| (format!("linked{n}"), "Grace".to_owned())).collect()
}

/// What the source of the directory pushes again.
async fn push_again(api: &Api) {
    api.push(&people("owed", 0..30)).await;
    api.push(&people("late", 0..40)).await;
    api.push(&changed()).await;
}

/// A chosen id, at which the system refuses a second record.
fn chosen(url: &str) -> Value {
    let data = "{ \"id\": \"{{ person.id }}\", \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\" }";
    json!({
        "uniqueId": { "template": "{{ person.id }}" }, "lookup": null,
        "createUsers": { "method": "POST", "url": format!("{url}/contacts"), "data": data },
        "updateUsers": {
            "method": "PUT", "url": format!("{url}/contacts/{{{{ unique_id }}}}"), "data": data, "onMissing": "RECREATE"
        },
    })
}

fn looks_up(url: &str) -> Value {
    let data = "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\" }";
    json!({ "updateUsers": {
        "method": "PUT", "url": format!("{url}/contacts/{{{{ unique_id }}}}"), "data": data, "onMissing": "RECREATE"
    } })
}

/// With a lookup, and with a chosen id: 0 second records, everybody linked who is there, and nobody made again who was deleted.
async fn nobody_is_made_twice(changes: impl Fn(&str) -> Value) {
    let Restored { crm, sync, copy } = restored(changes).await;
    serve_is_refused(&copy, "crm-sync after-restore").await;
    let (fine, said) = run(&copy, &["after-restore"]).await;
    assert!(fine && said.contains("marked 60 links of 1 sync:"), "{said}");
    assert!(said.contains("bootstrap") || said.contains("ADMIN"), "the keys: {said}");
    // As good as once.
    let (fine, said) = run(&copy, &["after-restore"]).await;
    assert!(fine, "{said}");
    let server = Server::start(&copy, &ServerOptions::default()).await;
    let api = server.api();
    assert_eq!(holds(&api, &sync).await, ["RESTORED"]);
    pause(&api, &sync, false).await;
    push_again(&api).await;
    caught_up(&api, &sync).await;
    assert_eq!((crm.records().len(), second_records(&crm)), (95, 0));
    let gone: Vec<_> = (5..10).map(|n| (format!("linked{n}"), "MISSING".to_owned())).collect();
    assert_eq!(parked(&api, &sync).await, gone, "RECREATE acts as PARK");
    assert!(crm.records().iter().filter(|record| record["name"] == "Grace").count() == 5, "no update is left out");
    // Whoever is new is made, looked up before or not; and whoever is told again to be deleted goes.
    let ids: Vec<_> = (5..10).map(|n| format!("linked{n}")).chain(["late0".to_owned()]).collect();
    api.ok("mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": ids })).await;
    api.push(&people("new", 0..3)).await;
    caught_up(&api, &sync).await;
    assert_eq!((crm.records().len(), second_records(&crm), parked(&api, &sync).await.len()), (97, 0, 0));
    release(&api, &sync).await;
    assert_eq!(holds(&api, &sync).await, Vec::<String>::new());
    assert!(server.stop().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_lookup_nobody_is_made_twice() {
    nobody_is_made_twice(looks_up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_chosen_id_nobody_is_made_twice() {
    nobody_is_made_twice(chosen).await;
}

/// The fault that all this is about, so that these tests are known to see it: a copy that is taken for the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_after_restore_seventy_are_made_twice() {
    let Restored { crm, sync, copy } = restored(looks_up).await;
    let (fine, said) = run(&copy, &["after-restore", "--nothing-lost"]).await;
    assert!(fine && said.contains("nothing was marked"), "{said}");
    let server = Server::start(&copy, &ServerOptions::default()).await;
    let api = server.api();
    pause(&api, &sync, false).await;
    push_again(&api).await;
    caught_up(&api, &sync).await;
    assert_eq!(second_records(&crm), 70, "those that were owed, and those that came since");
}

/// And somebody who was owed in the copy, was sent since, and is deleted after the restore: the record is found and goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_deleted_after_the_restore_goes_there_too() {
    for changes in [looks_up, chosen] {
        let Restored { crm, sync, copy } = restored(changes).await;
        let (fine, said) = run(&copy, &["after-restore"]).await;
        assert!(fine, "{said}");
        let server = Server::start(&copy, &ServerOptions::default()).await;
        let api = server.api();
        let ids: Vec<_> = (0..10).map(|n| format!("owed{n}")).collect();
        api.ok("mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": ids })).await;
        pause(&api, &sync, false).await;
        caught_up(&api, &sync).await;
        assert_eq!((crm.records().len(), second_records(&crm)), (85, 0));
        assert!(server.stop().await);
    }
}

/// Nothing tells: the creates wait, are shown, and go when an administrator says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creates_that_nothing_tells_are_held_until_they_are_released() {
    let Restored { crm, sync, copy } = restored(|_| json!({ "lookup": null })).await;
    let (fine, said) = run(&copy, &["after-restore"]).await;
    assert!(fine && said.contains("Creates are held") && said.contains("CRM"), "{said}");
    let server = Server::start(&copy, &ServerOptions::default()).await;
    let api = server.api();
    pause(&api, &sync, false).await;
    push_again(&api).await;
    eventually("only creates are owed", WITHIN, || async { api.counts(&sync).await.1 == 70 }).await;
    assert_eq!((second_records(&crm), holds(&api, &sync).await), (0, vec!["RESTORED".to_owned()]));
    let before = crm.stats().total;
    api.push(&[("linked0".to_owned(), "Hedy".to_owned())]).await;
    eventually("updates go on", WITHIN, || async { crm.stats().total == before + 1 }).await;
    assert_eq!(second_records(&crm), 0);
    release(&api, &sync).await;
    caught_up(&api, &sync).await;
    assert_eq!(second_records(&crm), 70, "as was wished");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_whole_and_overwrites_nothing() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    let copy = Database::sqlite();
    let file = copy.directory.join("test.db");
    let path = file.to_str().unwrap().to_owned();
    // While people are pushed.
    let pushing = tokio::spawn(async move {
        for n in 0..40 {
            api.push(&people(&format!("p{n}-"), 0..25)).await;
        }
    });
    let (fine, said) = run(&database, &["backup", &path]).await;
    assert!(fine, "{said}");
    pushing.await.unwrap();
    let (fine, said) = run(&database, &["backup", &path]).await;
    assert!(!fine && said.contains("is there already"), "{said}");
    let nowhere = copy.directory.join("no/such/file");
    let (fine, said) = run(&database, &["backup", nowhere.to_str().unwrap()]).await;
    assert!(!fine && said.contains("no/such/file"), "{said}");
    let files: Vec<PathBuf> = std::fs::read_dir(&copy.directory).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(files, [file], "nothing half done is left");
    // Each push is in it whole, or not at all.
    let (fine, stats) = run(&copy, &["stats"]).await;
    let held = stats.lines().find_map(|line| line.strip_prefix("people       ")?.parse::<usize>().ok()).unwrap();
    assert!(fine && held % 25 == 0, "{stats}");
    assert!(server.stop().await);
    // A copy of a copy is one, too; a database that is nobody's copy goes on.
    serve_is_refused(&copy, "is a copy").await;
    let again = Server::start(&database, &ServerOptions::default()).await;
    let (fine, said) = run(&database, &["after-restore"]).await;
    assert!(!fine && said.contains("`crm-sync serve`"), "while a server runs: {said}");
    assert!(again.stop().await);
}

/// On Postgres it is the server that tells: its identifier, its timeline, and which database it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_another_one_is_refused() {
    let mut cluster = Cluster::start().await;
    let database = cluster.database().await;
    let server = Server::start(&database, &ServerOptions::default()).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&people("early", 0..20)).await;
    caught_up(&api, &sync).await;
    let pid = server.pid().unwrap();
    let (fine, said) = run(&database, &["after-restore"]).await;
    assert!(!fine && said.contains(&format!("process {pid}")), "while a node runs: {said}");
    let (fine, said) = run(&database, &["backup", "x"]).await;
    assert!(!fine && said.contains("pg_dump"), "{said}");
    assert!(server.stop().await);
    let again = Server::start(&database, &ServerOptions::default()).await;
    eventually("an ordinary restart needs nothing", WITHIN, || async { again.api().get("/readyz").await == Ok(200) })
        .await;
    assert!(again.stop().await);

    // A copy within the server.
    let copy = cluster.copy(&database).await;
    let server = Server::start(&database, &ServerOptions::default()).await;
    server.api().push(&people("late", 0..20)).await;
    caught_up(&server.api(), &sync).await;
    serve_is_refused(&copy, "another one of its server").await;
    let (fine, said) = run(&copy, &["after-restore"]).await;
    assert!(fine && said.contains("20 links"), "{said}");
    let restored = Server::start(&copy, &ServerOptions::default()).await;
    restored.api().push(&people("late", 0..20)).await;
    caught_up(&restored.api(), &sync).await;
    assert_eq!((crm.records().len(), second_records(&crm)), (40, 0));
    assert!(restored.stop().await);

    // A standby takes over beneath a running node: it works on no longer, and says why.
    let requests = crm.stats().total;
    cluster.stop().await;
    cluster.promote().await;
    let api = server.api();
    eventually("it is not ready", WITHIN, || async { api.get("/readyz").await == Ok(503) }).await;
    let (code, _) = api.fails(product_tests::api::UPSERT, json!({ "input": [{ "id": "x", "firstName": "X" }] })).await;
    assert_eq!((code.as_str(), crm.stats().total), ("UNAVAILABLE", requests));
    server.stop().await;
    serve_is_refused(&database, "the server's timeline is 2 and was 1").await;
    let (fine, said) = run(&database, &["after-restore", "--nothing-lost"]).await;
    assert!(fine, "{said}");
    let again = Server::start(&database, &ServerOptions::default()).await;
    eventually("it is ready", WITHIN, || async { again.api().get("/readyz").await == Ok(200) }).await;
    assert!(again.stop().await);
}

/// A role that may not ask where it is works on, and is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_ask_works_on() {
    let cluster = Cluster::start().await;
    let database = cluster.database().await;
    let plain = cluster.plain_role(&database).await;
    let server = Server::start(&plain, &ServerOptions::default()).await;
    server.api().push(&people("p", 0..3)).await;
    assert!(server.stop().await);
    let (fine, doctor) = run(&plain, &["doctor"]).await;
    assert!(fine && doctor.contains("ok     provenance"), "{doctor}");
}
