//! What the console says is what is: of live updates, of a sync that is suspended, of what somebody else saved meanwhile, of how
//! many a button is for, and of secrets that did not follow.

use console_tests::page::Role;
use console_tests::{Browser, Stage, browse};
use product_tests::eventually;
use serde_json::{Value, json};
use std::time::Duration;

/// Notes how each WebSocket of the pages that are opened from now on is closed: its code, and whether cleanly.
async fn note_closed_sockets(page: &Browser) {
    let source = "
        window.closedSockets = [];
        window.WebSocket = class extends WebSocket {
            constructor(...given) {
                super(...given);
                this.addEventListener('close', ({ code, wasClean }) => closedSockets.push([code, wasClean]));
            }
        };
    ";
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
}

const BANNER: &str = "
    const done = arguments[arguments.length - 1];
    requestAnimationFrame(() => requestAnimationFrame(() => done(document.querySelector('.offline')?.innerText ?? null)));
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_the_logs_is_no_interruption_and_a_server_that_goes_is_one() {
    let stage = Stage::start().await;
    browse("left_logs", &stage.server.url, async |page| {
        note_closed_sockets(page).await;
        page.open_as(stage.key(), "/logs").await;
        page.sees("Live").await;
        page.click(Role::Link, "People").await;
        page.is_at("/people").await;
        let closed = page.until("the socket is closed", "return closedSockets.length && closedSockets", json!([])).await;
        assert_eq!(page.async_script(BANNER, json!([])).await, Value::Null, "nobody follows anything: {closed}");
        assert_eq!(closed, json!([[1000, true]]), "the server answers the Close frame");

        page.click(Role::Link, "Logs").await;
        page.sees("Live").await;
        let pid = stage.server.pid().expect("it runs");
        product_tests::process::signal("TERM", &[pid]);
        page.sees("Live updates are interrupted").await;
        let closed = page.script("return closedSockets[1]", json!([])).await;
        assert_eq!(closed, json!([1001, true]), "the server says that it goes");
        // That the server is gone is a complaint of the browser's own.
        page.complaints().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_is_for_those_who_are_shown_and_the_list_follows() {
    let stage = Stage::start().await;
    let crm = stage.crm.url();
    let url = format!(
        "{crm}/{{% if person.language == 'fr' %}}fault/status=422/{{% elsif person.language == 'it' %}}fault/status=302/{{% endif %}}contacts"
    );
    let create = json!({ "method": "POST", "url": url, "data": r#"{ "external_id": "{{ person.id }}" }"# });
    let sync = stage.sync("CRM", json!({ "createUsers": create })).await;
    let people = |ids: std::ops::Range<usize>, language: &str| -> Vec<Value> {
        ids.map(|n| json!({ "id": format!("{language}{n}"), "firstName": "Ada", "language": language })).collect()
    };
    // One is accepted between: a rule that answers everybody the same would be held.
    for some in [people(0..2, "fr"), people(0..1, "en"), people(2..3, "fr"), people(0..2, "it")] {
        stage.push(some.into()).await;
    }
    let counts = || async { stage.api.counts(&sync).await };
    eventually("five are parked", Duration::from_secs(20), || async { counts().await.2 == 5 }).await;
    browse("retry_shown", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/people?parked=true")).await;
        page.find(Role::Button, "Retry all 5 parked").await;
        page.open(&format!("/syncs/{sync}/people?parked=true&why=REFUSED")).await;
        page.click(Role::Button, "Retry these 3").await;
        page.sees("Retry 3 people?").await;
        page.sees("parked: Data refused").await;
        let before = stage.crm.requests().len();
        page.click(Role::Button, "Retry 3 people").await;
        page.sees("3 links due now").await;
        eventually("three are sent", Duration::from_secs(20), || async {
            stage.crm.requests().len() == before + 3 && counts().await.2 == 5
        })
        .await;
        // Two are accepted from now on: what happens elsewhere is seen here without reloading.
        stage.push(json!([{ "id": "fr0", "language": "en" }, { "id": "fr1", "language": "en" }])).await;
        let rows = "return document.querySelectorAll('.wt-row a.row-open').length === 1";
        page.until("two have left the list", rows, json!([])).await;
        page.find(Role::Button, "Retry this one").await;
    })
    .await;
}
