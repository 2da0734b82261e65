//! The disk is full, for SQLite, in the middle of deliveries: readiness tells the truth, intake answers UNAVAILABLE with
//! nothing half done, what was acknowledged is there, and all recovers by itself once there is room. Twice a small file system
//! is filled, once a limit of a file's size is the end.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::api::{UPSERT, people_input};
use product_tests::server::command;
use product_tests::{Api, Database, Server, ServerOptions, eventually, people};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::process::Command;

const WITHIN: Duration = Duration::from_secs(40);
/// The write-ahead log alone takes 4 MiB before it is used again.
const DISK_MIB: usize = 12;

/// People under way to a slow CRM.
struct Delivering {
    crm: MockCrm,
    sync: String,
    /// Who was acknowledged.
    taken: BTreeSet<String>,
}

impl Delivering {
    async fn begin(api: &Api) -> Self {
        let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
        let rates = vec!["delay=after:100ms:1".parse().unwrap()];
        crm.set_faults(Faults { rates, ..Faults::default() }).unwrap();
        let sync = api.create_sync(&crm.url(), json!({})).await;
        let mut delivering = Self { crm, sync, taken: BTreeSet::new() };
        assert_eq!(delivering.push(api, "early", 200).await, None);
        eventually("some are sent", WITHIN, || async { delivering.crm.stats().total > 20 }).await;
        delivering
    }

    /// Pushes so many people. Returns the code of the error, if it is one.
    async fn push(&mut self, api: &Api, prefix: &str, count: usize) -> Option<String> {
        let people = people(prefix, 0..count);
        let answer = api.send(UPSERT, json!({ "input": people_input(&people) })).await.expect("an answer");
        if answer.body.get("errors").is_none() {
            self.taken.extend(people.into_iter().map(|(id, _)| id));
            return None;
        }
        Some(answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// While there is no room: alive, not ready, every push refused, and what is held can be read.
    async fn is_told(&mut self, api: &Api) {
        eventually("it is not ready", WITHIN, || async { api.get("/readyz").await == Ok(503) }).await;
        assert_eq!(api.get("/healthz").await, Ok(200), "it lives");
        for n in 0..5 {
            assert_eq!(self.push(api, &format!("meanwhile{n}-"), 3).await.as_deref(), Some("UNAVAILABLE"));
        }
        assert_eq!(api.get("/readyz").await, Ok(503));
        assert_eq!(directory(api).await, self.taken, "who was acknowledged, nobody else");
        assert!(api.counts(&self.sync).await.1 > 0, "what is owed can be read");
    }

    /// Once there is room: ready, and all are delivered, once each.
    async fn recovers(&mut self, api: &Api) {
        eventually("it is ready again", WITHIN, || async { api.get("/readyz").await == Ok(200) }).await;
        assert_eq!(self.push(api, "late", 20).await, None);
        eventually("all is sent", WITHIN, || async { api.counts(&self.sync).await.1 == 0 }).await;
        assert_eq!(api.counts(&self.sync).await, (self.taken.len() as i64, 0, 0, 0));
        let held: Vec<_> = self.crm.records().iter().map(|record| text(&record["external_id"])).collect();
        let once: BTreeSet<_> = held.iter().cloned().collect();
        assert_eq!(held.len(), once.len(), "nobody twice");
        assert_eq!(once, self.taken);
        assert_eq!(directory(api).await, self.taken);
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Who is in the directory.
async fn directory(api: &Api) -> BTreeSet<String> {
    let query = "query ($after: String) { people(first: 1000, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    let (mut ids, mut after) = (BTreeSet::new(), Value::Null);
    loop {
        let page = api.ok(query, json!({ "after": after })).await["people"].clone();
        ids.extend(page["nodes"].as_array().expect("nodes").iter().map(|person| text(&person["id"])));
        if page["pageInfo"]["hasNextPage"] != true {
            return ids;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Takes up the room while people are pushed, until that is refused; then what was given back meanwhile, too.
async fn fill(database: &Database, api: &Api, delivering: &mut Delivering) {
    database.disk().fill();
    for n in 0.. {
        assert!(n < 2000, "more is taken in than there is room for");
        match delivering.push(api, &format!("filling{n}-"), 20).await.as_deref() {
            None => {}
            Some("UNAVAILABLE") => break,
            Some(code) => panic!("{code}"),
        }
    }
    database.disk().fill();
}

/// A server on a disk that was filled in the middle of deliveries, and said so.
async fn on_a_full_disk() -> (Database, Server, Delivering) {
    let database = Database::on_small_disk(DISK_MIB);
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    let mut delivering = Delivering::begin(&api).await;
    fill(&database, &api, &mut delivering).await;
    delivering.is_told(&api).await;
    (database, server, delivering)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_waited_for() {
    let (database, server, mut delivering) = on_a_full_disk().await;

    database.disk().clear();
    delivering.recovers(&server.api()).await;
    assert!(server.stop().await, "the same process, and it ends in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_on_a_full_disk_loses_nothing() {
    let (database, server, mut delivering) = on_a_full_disk().await;
    server.kill().await;

    let mut start = command(&database);
    let start = start.args(["serve", "--listen", "127.0.0.1:0"]).output();
    let refused = tokio::time::timeout(WITHIN, start).await.expect("it ends").expect("the binary runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("disk is full"), "{said}");

    database.disk().clear();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    assert_eq!(directory(&api).await, delivering.taken, "who was acknowledged, nobody else");
    delivering.recovers(&api).await;
    assert!(server.stop().await, "it ends in order");
}

/// Sets how long a file of the server may become.
async fn limit(server: &Server, bytes: &str) {
    let pid = server.pid().expect("it runs").to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status().await;
    assert!(set.expect("prlimit, of util-linux, runs").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_grow_is_waited_for() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    let mut delivering = Delivering::begin(&api).await;
    limit(&server, "4096").await;
    delivering.is_told(&api).await;

    limit(&server, "unlimited").await;
    delivering.recovers(&api).await;
    assert!(server.stop().await, "the same process, and it ends in order");
}
