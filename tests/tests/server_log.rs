//! What the operator's log says of syncs: each change once, however many requests there are.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::{Database, Server, ServerOptions, eventually, on_both, people};
use serde_json::{Value, json};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);

fn always(fault: &str) -> Faults {
    Faults { always: fault.parse().unwrap(), ..Faults::default() }
}

async fn changes_of_a_sync_are_in_the_servers_log(database: Database) {
    let log = database.directory.join("server.log");
    let more = &["--log-format", "json"];
    let options = ServerOptions { log: Some(log.clone()), more, ..ServerOptions::default() };
    let (server, crm) = (
        Server::start(&database, &options).await,
        MockCrm::start(MockCrmOptions { faults: always("status=503"), ..MockCrmOptions::default() }).await.unwrap(),
    );
    let api = server.api();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    // What was said of it so far, in order: level, message, kind of hold.
    let told = || {
        let text = std::fs::read_to_string(&log).unwrap();
        let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_sync = entries.filter(|entry| entry["fields"]["sync.id"] == json!(sync));
        let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = of_sync.map(|entry| {
            let fields = &entry["fields"];
            assert_eq!(entry["level"] == "WARN", fields["reason"].is_string(), "{entry}");
            [&entry["level"], &fields["message"], &fields["hold"]].map(words)
        });
        told.collect::<Vec<_>>()
    };
    let mut expected: Vec<[&str; 3]> = Vec::new();
    let mut comes = async |what: [&'static str; 3]| {
        expected.push(what);
        eventually(what[1], WITHIN, || async { told().len() >= expected.len() }).await;
        assert_eq!(told(), expected);
    };
    api.push(&people("p", 0..20)).await;
    comes(["WARN", "a sync is suspended", ""]).await;
    crm.set_faults(Faults::default()).unwrap();
    comes(["INFO", "a sync is active again", ""]).await;
    eventually("all arrive", WITHIN, || async { crm.records().len() == 20 }).await;
    crm.set_faults(always("status=422")).unwrap();
    api.push(&people("q", 0..40)).await;
    comes(["WARN", "a hold begins", "ALIKE"]).await;
    crm.set_faults(Faults::default()).unwrap();
    let release = "mutation ($id: ID!) { releaseHold(syncId: $id, kind: ALIKE) { id } }";
    api.ok(release, json!({ "id": sync })).await;
    comes(["INFO", "a hold ends", "ALIKE"]).await;
    let limit = "mutation ($id: ID!) { updateSync(id: $id, input: { limits: { requestsPerDay: 5 } }) { id } }";
    api.ok(limit, json!({ "id": sync })).await;
    api.push(&people("r", 0..20)).await;
    comes(["WARN", "a hold begins", "DAILY_LIMIT"]).await;
    assert!(server.stop().await);
    assert_eq!(told().len(), 5, "{:?}", told());
}

on_both!(changes_of_a_sync_are_in_the_servers_log);
