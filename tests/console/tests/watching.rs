//! Why it did not arrive, and what happens now: the live log, and retry.

use console_tests::page::Role;
use console_tests::{Stage, browse};
use serde_json::json;

const ROWS: &str = "return document.querySelectorAll('[role=row][data-at]').length";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_appear_as_they_are_written_and_a_failed_one_is_retried() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({ "authentication": { "bearer": { "token": "never shown" } } })).await;
    stage.next_faults(&["status=503"]);
    browse("watching", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/logs").await;
        page.sees("Nothing was logged yet").await;
        page.sees("Live").await;
        stage.push(json!([{ "id": "1", "firstName": "Ada", "lastName": "Lovelace" }])).await;
        page.sees("Retrying").await;
        page.sees("503").await;
        assert_eq!(page.script(ROWS, json!([])).await, 1);
        // Held while paused, shown when let go.
        page.click(Role::Button, "Pause").await;
        stage.push(json!([{ "id": "2", "firstName": "Grace", "lastName": "Hopper" }])).await;
        page.click(Role::Button, "Show 1 new entry").await;
        page.sees("Grace Hopper").await;
        page.click(Role::Button, "Go live").await;
        page.sees("Live").await;

        // A filter leaves the failed one; its details offer to retry.
        page.open("/logs?outcome=RETRYING").await;
        page.until("the failed entry alone is listed", &format!("{ROWS} === 1"), json!([])).await;
        page.click_on("[role=row][data-at] .row-open").await;
        page.sees("Log entry").await;
        page.sees("[redacted]").await;
        page.click(Role::Button, "Retry now").await;
        page.sees("Succeeded").await;
        page.sees("Nothing is owed.").await;
        // What came of it stays, and so does the focus.
        assert_eq!(page.focused().await, "button: Retry now");
        page.sees("Succeeded").await;
        stage.linked(&sync, 2).await;
        page.click(Role::Button, "Close").await;
        page.open("/people/1").await;
        page.sees("Linked").await;
        page.sees("503").await;
    })
    .await;
    let names: Vec<_> = stage.crm.records().iter().map(|record| record["name"].clone()).collect();
    assert_eq!(names, ["Grace Hopper", "Ada Lovelace"]);
}
