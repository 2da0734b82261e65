//! From nothing to the first person sent, with the mock CRM that runs beside the server.

use console_tests::page::Role;
use console_tests::{Stage, browse};
use product_tests::{Api, Database, ServerOptions, on_both};
use serde_json::{Value, json};

async fn three_steps_lead_to_a_first_success(database: Database) {
    let name = if database.url.starts_with("postgres") { "first_run_postgres" } else { "first_run_sqlite" };
    let options = ServerOptions { more: &["--mock-crm", "127.0.0.1:0"], ..ServerOptions::default() };
    let stage = Stage::start_on(database, &options).await;
    let beside = stage.api.ok("{ server { mockCrmUrl } }", json!({})).await["server"]["mockCrmUrl"].clone();
    let beside = beside.as_str().expect("it runs beside the server").to_owned();
    browse(name, &stage.server.url, async |page| {
        page.open_as(stage.key(), "/").await;
        page.sees("Welcome to crm-sync").await;
        page.sees(&beside).await;
        page.click(Role::Button, "Use the mock CRM").await;
        page.sees("Mock CRM is set up.").await;
        page.click(Role::Button, "Send the sample person").await;
        page.sees("Ada Lovelace is in the directory.").await;
        page.sees("It arrived").await;
        page.sees("knows Ada Lovelace as record 1").await;
        page.click(Role::Link, "See what was sent and what came back").await;
        page.is_at("/people/crm-sync-sample").await;
        page.sees("Linked").await;
    })
    .await;
    let records = Api::text(&format!("{beside}/_mock/records")).await.expect("the mock CRM answers");
    let records: Value = serde_json::from_str(&records).expect("JSON");
    assert_eq!(records[0]["name"], "Ada Lovelace", "{records}");
}

on_both!(three_steps_lead_to_a_first_success);
