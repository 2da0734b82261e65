//! What the console says is what is: of live updates, of a sync that is suspended, of what somebody else saved meanwhile, of how
//! many a button is for, and of secrets that did not follow.

use console_tests::page::Role;
use console_tests::{Browser, Stage, browse};
use serde_json::{Value, json};

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
