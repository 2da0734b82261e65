//! What exactly will be sent: the preview and the test of a rule, held against what the mock CRM then receives.

use console_tests::page::Role;
use console_tests::{Stage, browse};
use product_tests::eventually;
use serde_json::{Value, json};
use std::time::Duration;
use thirtyfour::Key;

/// Whatever may go wrong between a name and a page: quotes, lines, markup, tokens, emoji, writing from right to left.
const NASTY: &str = "O\"Con'nor \\ </script><script>alert(1)</script><img src=x onerror=alert(2)>\n{{ person.id }} {% raw %} 👩‍🚀 \u{202e}محمد\u{2028} &amp; 'ß";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_preview_of_a_nasty_person_is_what_the_crm_receives() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({})).await;
    stage.api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": sync })).await;
    stage
        .push(json!([{ "id": "nasty-1", "firstName": "Nasty", "name": NASTY, "emails": ["nasty@example.test"] }]))
        .await;
    let template =
        r#"{ "external_id": "{{ person.id }}", "name": "{{ person.name }}", "loud": "{{ person.name | upcase }}" }"#;
    let mut previewed = Value::Null;
    browse("preview", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/create")).await;
        page.fill_code("createUsers.data", template).await;
        page.click(Role::Field, "For the person").await;
        page.keys("nasty@").await;
        page.until("the person is found", "return [...document.querySelectorAll('[role=option]')].some((one) => one.textContent.includes('nasty@'))", json!([])).await;
        page.keys(Key::Enter + "").await;
        let body = "const body = document.querySelector('[data-testid=preview] [aria-label=\"Body of the request\"]'); return body && body.textContent.includes('loud') && body.textContent.includes('nasty-1') && body.textContent";
        let shown = page.until("the preview is of what stands in the editor", body, json!([])).await;
        previewed = serde_json::from_str(shown.as_str().unwrap()).expect("the preview is JSON");
        assert_eq!(page.script("return document.querySelectorAll('main script, main img[src=x]').length", json!([])).await, 0);
        page.click(Role::Button, "Save sync").await;
        page.sees("Saved.").await;
        page.click(Role::Button, "Resume sync").await;
        page.find(Role::Button, "Pause sync").await;
        stage.linked(&sync, 1).await;
        page.open("/people/nasty-1").await;
        page.sees("Linked").await;
        page.click_on("a[href*='entry=']").await;
        page.sees("Log entry").await;
        page.sees("alert(1)").await;
    })
    .await;
    let received = stage.crm.requests();
    let received: Value = serde_json::from_slice(&received[0].body).expect("the request is JSON");
    assert_eq!(received, previewed);
    assert_eq!((&received["external_id"], &received["name"]), (&json!("nasty-1"), &json!(NASTY)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_sent_and_a_click_on_its_answer_makes_the_unique_id_path() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({ "uniqueId": { "path": "$.nothing.of.the.kind" } })).await;
    browse("send_test", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/create")).await;
        page.click(Role::Button, "Send test …").await;
        page.sees("A create makes a real record in the external system.").await;
        page.click(Role::Button, "Send test request").await;
        page.sees("Answer").await;
        page.sees("It would not count as accepted").await;
        // The id is the number in the answer; the record's external_id is a text beside it.
        page.click_on("dialog[open] button.pick[title='Use $.id']").await;
        page.sees("Path now: $.id").await;
        page.click(Role::Button, "Send again").await;
        page.sees("Unique id found: 2").await;
        page.click(Role::Button, "Close").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Saved.").await;
        // A token is completed as one types.
        page.fill_code("createUsers.data", "").await;
        let editor = page.code("createUsers.data").await;
        editor.send_keys("{ \"mail\": \"{{ person.ema").await.unwrap();
        let offered = r#"return document.querySelector('[data-field="createUsers.data"]').shadowRoot.querySelector('.cm-tooltip-autocomplete')?.textContent"#;
        page.until("tokens are offered", &format!("return (() => {{ {offered} }})()?.includes('person.email')"), json!([])).await;
        editor.send_keys(Key::Enter + "").await.unwrap();
        page.until("the token is there", r#"return document.querySelector('[data-field="createUsers.data"]').shadowRoot.querySelector('.cm-content').textContent.includes('{{ person.email')"#, json!([])).await;
        // From the palette, at the cursor.
        page.click(Role::Button, "Discard changes").await;
    })
    .await;
    assert_eq!(stage.crm.records().len(), 2, "two tests made two records");
    let path = stage.api.ok("query ($id: ID!) { sync(id: $id) { uniqueId { path } } }", json!({ "id": sync })).await;
    assert_eq!(path["sync"]["uniqueId"]["path"], "$.id");
    eventually("nothing was linked", Duration::from_secs(5), || async { stage.api.counts(&sync).await.0 == 0 }).await;
}
