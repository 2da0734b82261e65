//! The disk is full, for SQLite, in the middle of deliveries: readiness tells the truth, intake answers UNAVAILABLE with
//! nothing half done, and all recovers by itself once there is room. A limit of a file's size stands for the disk: beyond it,
//! writes fail, and nobody needs to be root to set it.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::api::{UPSERT, people_input};
use product_tests::{Database, Server, ServerOptions, eventually, people};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::process::Command;

const WITHIN: Duration = Duration::from_secs(40);

/// Sets how long a file of the server may become.
async fn limit(server: &Server, bytes: &str) {
    let pid = server.pid().expect("it runs").to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status().await;
    assert!(set.expect("prlimit, of util-linux, runs").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_waited_for() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let rates = vec!["delay=after:100ms:1".parse().unwrap()];
    crm.set_faults(Faults { rates, ..Faults::default() }).unwrap();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&people("early", 0..200)).await;
    eventually("some are sent", WITHIN, || async { crm.stats().total > 20 }).await;

    limit(&server, "4096").await;
    eventually("it is not ready", WITHIN, || async { api.get("/readyz").await == Ok(503) }).await;
    assert_eq!(api.get("/healthz").await, Ok(200), "it lives");
    for n in 0..5 {
        let input = json!({ "input": people_input(&people(&format!("meanwhile{n}-"), 0..3)) });
        let (code, error) = api.fails(UPSERT, input).await;
        assert_eq!(code, "UNAVAILABLE", "{error}");
    }
    assert!(api.counts(&sync).await.1 > 0, "what is held can be read");

    limit(&server, "unlimited").await;
    eventually("it is ready again", WITHIN, || async { api.get("/readyz").await == Ok(200) }).await;
    api.push(&people("late", 0..20)).await;
    eventually("all is sent", WITHIN, || async { api.counts(&sync).await.1 == 0 }).await;
    assert_eq!(api.counts(&sync).await, (220, 0, 0, 0));
    let held: Vec<_> = crm.records().iter().map(|record| record["external_id"].as_str().unwrap().to_owned()).collect();
    let once: BTreeSet<_> = held.iter().cloned().collect();
    assert_eq!(held.len(), once.len(), "nobody twice");
    assert_eq!(once, people("early", 0..200).into_iter().chain(people("late", 0..20)).map(|(id, _)| id).collect());
    assert!(server.stop().await, "the same process, and it ends in order");
}
