//! The database is gone, or read-only, in mid-flight: readiness tells the truth, intake answers UNAVAILABLE with nothing half
//! done, and all recovers by itself.

use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::api::{UPSERT, people_input};
use product_tests::{Database, Server, ServerOptions, eventually};
use serde_json::json;
use std::time::Duration;
use tokio_postgres::NoTls;

const WITHIN: Duration = Duration::from_secs(40);

/// What breaks a database, and what mends it.
async fn breaks(broken: &str, mended: &str) {
    let database = Database::postgres().await;
    let (server, name) = database.url.rsplit_once('/').unwrap();
    let (admin, connection) = tokio_postgres::connect(&format!("{server}/postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    let running = Server::start(&database, &ServerOptions::default()).await;
    let (api, crm) = (running.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&[("before".to_owned(), "Ada".to_owned())]).await;

    admin.batch_execute(&broken.replace("{name}", name)).await.unwrap();
    admin.batch_execute(&end).await.unwrap();
    eventually("it is not ready", WITHIN, || async { api.get("/readyz").await == Ok(503) }).await;
    assert_eq!(api.get("/healthz").await, Ok(200), "it lives");
    let person = json!({ "input": people_input(&[("meanwhile".to_owned(), "Grace".to_owned())]) });
    let (code, error) = api.fails(UPSERT, person).await;
    assert_eq!(code, "UNAVAILABLE", "{error}");
    assert!(!error.to_string().contains(name), "internal causes go to the log: {error}");

    admin.batch_execute(&mended.replace("{name}", name)).await.unwrap();
    admin.batch_execute(&end).await.unwrap();
    eventually("it is ready again", WITHIN, || async { api.get("/readyz").await == Ok(200) }).await;
    eventually("changes are taken in again", WITHIN, || async {
        let person = json!({ "input": people_input(&[("after".to_owned(), "Hedy".to_owned())]) });
        api.send(UPSERT, person).await.is_ok_and(|answer| answer.body.get("errors").is_none())
    })
    .await;
    eventually("all is sent", WITHIN, || async { api.counts(&sync).await.1 == 0 }).await;
    let mut held: Vec<_> = crm.records().iter().map(|record| record["external_id"].to_string()).collect();
    held.sort();
    assert_eq!(held, ["\"after\"", "\"before\""], "what was refused was not half done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_comes_back() {
    breaks("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false", "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_read_only_is_told() {
    breaks(
        "ALTER DATABASE {name} SET default_transaction_read_only = on",
        "ALTER DATABASE {name} RESET default_transaction_read_only",
    )
    .await;
}
