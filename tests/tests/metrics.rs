//! `/metrics` tells the truth, and what is watched by the dashboard and the alerts is really exported.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::prometheus::{Sample, Scrape};
use product_tests::{Api, Database, Server, ServerOptions, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

async fn scrape(server: &Server) -> Scrape {
    let text = Api::text(&server.metrics_url).await.expect("an answer");
    Scrape::parse(&text)
}

/// Scrapes until it is as asked for: what is settled is written a moment after the CRM has answered, and the store is asked
/// every two seconds at most.
async fn scraped(server: &Server, what: &str, is: impl Fn(&Scrape) -> bool) -> Scrape {
    let begun = std::time::Instant::now();
    loop {
        let scrape = scrape(server).await;
        if is(&scrape) {
            return scrape;
        }
        assert!(begun.elapsed() < WITHIN, "not within {WITHIN:?}: {what}: {:#?}", of_crm_sync(&scrape));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn of_crm_sync(scrape: &Scrape) -> Vec<&Sample> {
    let is_ours = |sample: &&Sample| sample.name.starts_with("crm_sync_") && !sample.name.ends_with("_bucket");
    scrape.samples.iter().filter(is_ours).filter(|sample| sample.value != 0.0).collect()
}

fn people(range: std::ops::Range<u32>, name: &str) -> Vec<(String, String)> {
    range.map(|n| (n.to_string(), name.to_owned())).collect()
}

fn fault(text: &str, rate: f64) -> Faults {
    serde_json::from_value(json!({ "rates": [{ "fault": text, "share": rate }], "seed": 1 })).unwrap()
}

async fn tells_the_truth(database: Database) {
    // A retry must not come due while this test looks.
    let options = ServerOptions { retry_schedule: "1h", probe_schedule: "1h", ..ServerOptions::default() };
    let (server, crm) =
        (Server::start(&database, &options).await, MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let api = server.api();
    let owed_is = |owed: i64| move |scrape: &Scrape| scrape.count("crm_sync_owed", &[]) == owed;
    let sync = api.create_sync(&crm.url(), json!({})).await;

    api.push(&people(0..40, "Ada")).await;
    eventually("all are linked", WITHIN, || async { api.counts(&sync).await.0 == 40 }).await;
    let seen = scraped(&server, "nothing is owed", |s| {
        owed_is(0)(s) && s.count("crm_sync_links", &[("state", "linked")]) == 40
    })
    .await;
    assert_eq!(seen.count("crm_sync_people_changes_total", &[("change", "created")]), 40);
    assert_eq!(seen.count("crm_sync_requests_total", &[("operation", "create"), ("answer", "2xx")]), 40);
    assert_eq!(seen.count("crm_sync_requests_total", &[]), crm.stats().total as i64);
    assert_eq!(seen.count("crm_sync_settled_total", &[("operation", "create"), ("outcome", "succeeded")]), 40);
    assert_eq!(seen.count("crm_sync_request_duration_seconds_count", &[("operation", "create")]), 40);
    assert_eq!(seen.count("crm_sync_lag_seconds_count", &[]), 40);
    assert!(seen.sum("crm_sync_lag_seconds_sum", &[]) < 40.0 * 10.0, "they were handed over, or claimed soon");
    assert_eq!(seen.count("crm_sync_batch_size_sum", &[("stage", "settle")]), 40);
    let leased = seen.count("crm_sync_batch_size_sum", &[("stage", "hand_off")])
        + seen.count("crm_sync_batch_size_sum", &[("stage", "claim")]);
    assert_eq!(leased, 40);
    assert_eq!(seen.count("crm_sync_batch_size_count", &[("stage", "intake")]), 1);
    for (name, value) in [
        ("crm_sync_store_up", 1),
        ("crm_sync_in_flight", 0),
        ("crm_sync_unsettled", 0),
        ("crm_sync_queue_age_seconds", 0),
    ] {
        assert_eq!(seen.count(name, &[]), value, "{name}");
    }
    assert_eq!(seen.count("crm_sync_syncs", &[("status", "active")]), 1);
    assert!(seen.count("crm_sync_api_request_duration_seconds_count", &[("type", "mutation"), ("outcome", "ok")]) >= 2);
    assert!(seen.count("crm_sync_store_call_duration_seconds_count", &[("operation", "record changes")]) >= 1);
    assert_eq!(seen.count("crm_sync_store_failures_total", &[]), 0);
    assert!(seen.count("crm_sync_store_pool_wait_seconds_count", &[]) >= 1);
    let free = seen.count("crm_sync_store_pool_connections", &[("state", "free")]);
    let in_use = seen.count("crm_sync_store_pool_connections", &[("state", "in_use")]);
    assert_eq!(free + in_use, seen.count("crm_sync_store_pool_connections_max", &[]));

    // The same again is no change; one that no rule renders is settled without a request; a deleted one is deleted.
    api.push(&people(0..40, "Ada")).await;
    let summary = json!({ "input": [{ "id": "1", "summary": "of no interest to the CRM" }] });
    api.ok(product_tests::api::UPSERT, summary).await;
    api.ok("mutation { deletePeople(ids: [\"2\", \"nobody\"]) { deleted unknown } }", json!({})).await;
    let seen =
        scraped(&server, "the deleted one is gone", |s| s.count("crm_sync_links", &[("state", "linked")]) == 39).await;
    for (change, people) in [("created", 40), ("unchanged", 40), ("updated", 1), ("deleted", 1), ("unknown", 1)] {
        assert_eq!(seen.count("crm_sync_people_changes_total", &[("change", change)]), people, "{change}");
    }
    let seen = scraped(&server, "it is settled as unchanged", |s| {
        s.count("crm_sync_settled_total", &[("outcome", "unchanged")]) == 1
    })
    .await;
    assert_eq!(seen.count("crm_sync_requests_total", &[("operation", "update")]), 0);
    assert_eq!(seen.count("crm_sync_requests_total", &[("operation", "delete"), ("answer", "2xx")]), 1);

    // A refused person is parked.
    crm.set_faults(fault("status=422", 1.0)).unwrap();
    api.push(&people(50..51, "Ada")).await;
    let seen = scraped(&server, "one is parked", |s| s.count("crm_sync_parked", &[]) == 1).await;
    assert_eq!(seen.count("crm_sync_settled_total", &[("operation", "create"), ("outcome", "parked")]), 1);
    assert_eq!(seen.count("crm_sync_failures_total", &[("failure", "status")]), 1);
    assert_eq!(seen.count("crm_sync_requests_total", &[("answer", "4xx")]), 1);
    assert_eq!(seen.count("crm_sync_owed", &[]), 0);

    // A CRM that is down suspends its sync, and what is owed to it is counted, but is not late.
    crm.set_faults(fault("status=500", 1.0)).unwrap();
    api.push(&people(60..70, "Ada")).await;
    let seen = scraped(&server, "it is suspended", |s| {
        s.count("crm_sync_syncs", &[("status", "suspended")]) == 1 && owed_is(10)(s)
    })
    .await;
    assert_eq!(seen.count("crm_sync_syncs", &[("status", "active")]), 0);
    assert_eq!(seen.count("crm_sync_queue_age_seconds", &[]), 0);
    assert!(seen.count("crm_sync_requests_total", &[("answer", "5xx")]) >= 5);
    assert_eq!(seen.count("crm_sync_requests_total", &[]), crm.stats().total as i64);
    api.ok("mutation ($id: ID!) { pauseSync(id: $id) { status } }", json!({ "id": sync })).await;
    let seen = scraped(&server, "it is paused", |s| s.count("crm_sync_syncs", &[("status", "paused")]) == 1).await;
    assert_eq!(seen.count("crm_sync_syncs", &[("status", "suspended")]), 0);
    assert!(api.send("{ nope }", json!({})).await.unwrap().body["errors"].is_array());
    let seen = scrape(&server).await;
    assert_eq!(
        seen.count("crm_sync_api_request_duration_seconds_count", &[("type", "query"), ("outcome", "error")]),
        1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_tell_the_truth_on_sqlite() {
    tells_the_truth(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_tell_the_truth_on_postgres() {
    tells_the_truth(Database::postgres().await).await;
}

/// What waits is late where a sync's own limit holds it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_grows_old() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    crm.set_faults(fault("delay=1500ms", 1.0)).unwrap();
    let api = server.api();
    let limits = json!({ "limits": { "maxConcurrency": 1 } });
    api.create_sync(&crm.url(), limits).await;
    api.push(&people(0..3, "Ada")).await;
    let seen =
        scraped(&server, "the oldest is older than a second", |s| s.sum("crm_sync_queue_age_seconds", &[]) > 1.0).await;
    assert!(seen.count("crm_sync_owed", &[]) >= 1);
    assert!(seen.count("crm_sync_in_flight", &[]) >= 1);
}

/// Nothing is claimed to be known of a database that cannot be asked, and what is known of the node is still told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_is_unknown_on_postgres() {
    let database = Database::postgres().await;
    let (cluster, name) = database.url.rsplit_once('/').unwrap();
    let (admin, connection) =
        tokio_postgres::connect(&format!("{cluster}/postgres"), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let server = Server::start(&database, &ServerOptions::default()).await;
    assert_eq!(scrape(&server).await.count("crm_sync_store_up", &[]), 1);
    admin.batch_execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    admin.execute(end, &[&name]).await.unwrap();
    let gone = scraped(&server, "the database is gone", |s| s.count("crm_sync_store_up", &[]) == 0).await;
    for gauge in ["crm_sync_owed", "crm_sync_parked", "crm_sync_links", "crm_sync_syncs", "crm_sync_queue_age_seconds"]
    {
        assert!(gone.sum(gauge, &[]).is_nan(), "{gauge}");
    }
    assert_eq!(gone.count("crm_sync_in_flight", &[]), 0);
    assert!(gone.count("crm_sync_store_failures_total", &[]) >= 1);
    admin.batch_execute(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")).await.unwrap();
    let back = scraped(&server, "the database is back", |s| s.count("crm_sync_store_up", &[]) == 1).await;
    assert_eq!(back.count("crm_sync_owed", &[]), 0);
}

/// They are the operator's, not the API clients'.
#[tokio::test]
async fn metrics_are_not_on_the_apis_address() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    assert_eq!(server.api().get("/metrics").await.unwrap(), 404);
    assert_ne!(server.metrics_url, format!("{}/metrics", server.url));
    let elsewhere = server.metrics_url.replace("/metrics", "/graphql");
    assert!(Api::text(&elsewhere).await.is_err(), "the API is not on theirs");
}

/// Every metric and label value that a query of the dashboard or of an alert names is exported, every exported metric has a
/// description, and all of ours stand in the documentation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboard_alerts_and_documentation_name_what_is_exported() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let api = server.api();
    api.create_sync(&crm.url(), json!({})).await;
    api.push(&people(0..3, "Ada")).await;
    let exported = scraped(&server, "all is sent and settled", |s| {
        s.count("crm_sync_links", &[("state", "linked")]) == 3 && s.count("crm_sync_owed", &[]) == 0
    })
    .await;

    let dashboard: Value = serde_json::from_str(include_str!("../../docs/monitoring/grafana-dashboard.json")).unwrap();
    let mut queries = Vec::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_i64().unwrap()), "two panels have one id: {panel}");
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        assert_eq!(targets.is_empty(), panel["type"] == "row", "{panel}");
        queries.extend(targets.iter().map(|target| target["expr"].as_str().unwrap().to_owned()));
    }
    let alerts: Value = serde_yaml_ng::from_str(include_str!("../../docs/monitoring/alerts.yaml")).unwrap();
    for rule in alerts["groups"][0]["rules"].as_array().unwrap() {
        queries.push(rule["expr"].as_str().unwrap().to_owned());
        assert!(rule["labels"]["severity"].is_string() && rule["annotations"]["description"].is_string(), "{rule}");
    }
    assert!(queries.len() > 40, "only {} queries were found", queries.len());

    let names = exported.names();
    let mut used = BTreeSet::new();
    for query in &queries {
        for (name, matchers) in selectors(query) {
            if name == "up" {
                continue;
            }
            assert!(names.contains(&name), "{name} is not exported: {query}");
            for (label, value) in matchers {
                let exists = exported.samples.iter().any(|s| s.name == name && s.labels.get(&label) == Some(&value));
                assert!(exists, "{name} has no {label}=\"{value}\": {query}");
            }
            used.insert(name);
        }
    }
    assert!(used.len() > 25, "only {used:?} are used");

    let documentation = include_str!("../../docs/monitoring.md");
    for name in exported.types.keys() {
        assert!(exported.described.contains(name), "{name} has no description");
        assert!(
            !name.starts_with("crm_sync_") || documentation.contains(&format!("`{name}`")),
            "{name} is not documented"
        );
    }
    for name in words(documentation).filter(|word| word.starts_with("crm_sync_")) {
        assert!(exported.types.contains_key(name), "{name} is documented and not exported");
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !in_word(c))
}

/// The metrics that a PromQL query selects, with the label values that it names; the labels `job` and `instance` are the
/// scraper's.
fn selectors(query: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut selectors = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(in_word) {
        let end = rest[start..].find(|c| !in_word(c)).map_or(rest.len(), |length| start + length);
        let name = &rest[start..end];
        rest = &rest[end..];
        if !(name.starts_with("crm_sync_") || name.starts_with("process_") || name == "up") {
            continue;
        }
        let braces = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inside, _)| inside);
        let mut matchers = Vec::new();
        for (label, value) in braces.split(',').filter_map(|matcher| matcher.trim().split_once('=')) {
            let label = label.trim_end_matches('!');
            // Of a pattern (`=~`) each alternative.
            let values = value.trim_matches(['~', '"']).split('|').map(|value| (label.to_owned(), value.to_owned()));
            matchers.extend(values.filter(|(label, _)| !["job", "instance"].contains(&label.as_str())));
        }
        selectors.push((name.to_owned(), matchers));
    }
    selectors
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Else the kernel rounds up what is held, a little more every few minutes: `process_resident_memory_bytes` would grow on.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_kernel_is_told_not_to_round_memory_up_to_huge_pages() {
    let server = Server::start(&Database::sqlite(), &ServerOptions::default()).await;
    let pid = server.pid().expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("THP_enabled:\t0\n"), "{status}");
}
