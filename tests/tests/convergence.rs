//! The main job, with the real binary: people are pushed while the CRM fails in every way, and at the end it holds exactly
//! the directory.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::{Api, Database, Proxy, Server, ServerOptions, eventually, on_both, records};
use serde_json::json;
use std::time::Duration;

const PEOPLE: u32 = 500;
const WITHIN: Duration = Duration::from_secs(150);

fn faults() -> Faults {
    let mut faults = Faults { seed: 7, ..Faults::default() };
    for fault in ["status=500:0.06", "retry-after=1:0.002", "hangup=before:0.04", "hangup=after:0.04", "cut:0.01"] {
        faults.rates.push(fault.parse().unwrap());
    }
    faults
}

async fn crm() -> MockCrm {
    MockCrm::start(MockCrmOptions::default()).await.unwrap()
}

fn people(name: &str) -> Vec<(String, String)> {
    (0..PEOPLE).map(|n| (format!("p{n}"), format!("{name} {n} \"q\" \\ é"))).collect()
}

async fn caught_up(api: &Api, sync: &str) {
    eventually("nothing is owed any more", WITHIN, || async { api.counts(sync).await.1 == 0 }).await;
    let query = "query ($id: ID!) { sync(id: $id) { links(filter: { parked: true }) { nodes { person { id } parkedReason } } } }";
    let parked = api.ok(query, json!({ "id": sync })).await["sync"]["links"]["nodes"].clone();
    assert_eq!(parked, json!([]));
    assert_eq!(api.counts(sync).await.3, 0, "none is uncertain");
}

/// 500 people created, changed twice and partly deleted, while the CRM fails.
async fn converges(database: Database) {
    let (server, crm) = (Server::start(&database, &ServerOptions::default()).await, crm().await);
    let api = server.api();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    crm.set_faults(faults()).unwrap();
    api.push(&people("Ada")).await;
    api.push(&people("Grace")).await;
    api.push(&people("Hedy")[..300]).await;
    let leaving: Vec<_> = (0..PEOPLE).filter(|n| n % 5 == 0).map(|n| format!("p{n}")).collect();
    api.ok("mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": leaving })).await;
    caught_up(&api, &sync).await;
    let directory = api.directory().await;
    assert_eq!(directory.len(), 400);
    assert_eq!(records(&crm), directory);
    assert!(crm.stats().by_fault.values().sum::<u64>() > 20, "there were faults: {:?}", crm.stats().by_fault);
    // Nothing is said twice: a second push of the same people sends nothing.
    let requests = crm.stats().total;
    api.push(&people("Hedy")[1..300].iter().filter(|(id, _)| !leaving.contains(id)).cloned().collect::<Vec<_>>()).await;
    caught_up(&api, &sync).await;
    assert_eq!(crm.stats().total, requests);
    assert!(server.stop().await, "SIGTERM ends it in order");
}

/// The same with `kill -9` in the middle, several times.
async fn survives_kill_9(database: Database) {
    // On Postgres, each kill costs the time that the dead node's leases last.
    let kills = if database.url.starts_with("sqlite") { 3 } else { 1 };
    let crm = crm().await;
    let mut server = Server::start(&database, &ServerOptions::default()).await;
    let sync = server.api().create_sync(&crm.url(), json!({})).await;
    crm.set_faults(faults()).unwrap();
    for (round, name) in ["Ada", "Grace", "Hedy"].into_iter().enumerate() {
        let requests = crm.stats().total;
        server.api().push(&people(name)).await;
        let enough = 60;
        eventually("some were sent", WITHIN, || async { crm.stats().total > requests + enough }).await;
        if round < kills {
            server.kill().await;
            server = Server::start(&database, &ServerOptions::default()).await;
        }
    }
    let api = server.api();
    caught_up(&api, &sync).await;
    let directory = api.directory().await;
    assert_eq!(directory.len(), PEOPLE as usize);
    assert!(directory.values().all(|person| person.starts_with("Hedy")), "every acknowledged change is there");
    assert_eq!(records(&crm), directory);
}

/// Changes during a pause are sent once each, newest state only.
async fn a_pause_merges_changes(database: Database) {
    let (server, crm) = (Server::start(&database, &ServerOptions::default()).await, crm().await);
    let api = server.api();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&people("Ada")[..50]).await;
    caught_up(&api, &sync).await;
    assert_eq!(crm.stats().total, 50);
    let paused =
        api.ok("mutation ($id: ID!) { pauseSync(id: $id) { status statusReason } }", json!({ "id": sync })).await;
    assert_eq!(paused["pauseSync"]["status"], "PAUSED");
    for name in ["Grace", "Hedy", "Joan"] {
        api.push(&people(name)[..50]).await;
    }
    assert_eq!(api.counts(&sync).await.1, 50, "remembered");
    assert_eq!(crm.stats().total, 50, "nothing is sent");
    api.ok("mutation ($id: ID!) { resumeSync(id: $id) { status } }", json!({ "id": sync })).await;
    caught_up(&api, &sync).await;
    assert_eq!(crm.stats().total, 100, "each person once");
    assert_eq!(records(&crm), api.directory().await);
}

/// An id chosen by us needs no lookup: creates are repeated at it.
async fn a_chosen_id_needs_no_lookup(database: Database) {
    let options = MockCrmOptions { put_creates: true, ..MockCrmOptions::default() };
    let (server, crm) =
        (Server::start(&database, &ServerOptions::default()).await, MockCrm::start(options).await.unwrap());
    let api = server.api();
    let url = crm.url();
    let data =
        "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }";
    let changes = json!({
        "uniqueId": { "template": "{{ person.id }}" }, "lookup": null,
        "createUsers": { "method": "PUT", "url": format!("{url}/contacts/{{{{ person.id }}}}"), "data": data, "timeoutSeconds": 2 },
    });
    let sync = api.create_sync(&url, changes).await;
    crm.set_faults(faults()).unwrap();
    api.push(&people("Ada")).await;
    api.push(&people("Grace")).await;
    caught_up(&api, &sync).await;
    assert_eq!(records(&crm), api.directory().await);
}

/// A proxy before the CRM resets, closes and stalls connections at any byte.
async fn converges_behind_a_bad_proxy(database: Database) {
    let (server, crm) = (Server::start(&database, &ServerOptions::default()).await, crm().await);
    let proxy = Proxy::start(crm.address(), 7).await;
    let api = server.api();
    let sync = api.create_sync(&proxy.url(), json!({})).await;
    api.push(&people("Ada")[..150]).await;
    api.push(&people("Grace")[..150]).await;
    let leaving: Vec<_> = (0..30).map(|n| format!("p{n}")).collect();
    api.ok("mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": leaving })).await;
    caught_up(&api, &sync).await;
    assert_eq!(records(&crm), api.directory().await);
    assert!(proxy.counts().iter().all(|count| *count > 3), "resets, closes, stalls: {:?}", proxy.counts());
}

on_both!(converges, survives_kill_9, a_pause_merges_changes, a_chosen_id_needs_no_lookup, converges_behind_a_bad_proxy,);
