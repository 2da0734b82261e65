//! Who may do what: a reader's view, sessions that end, and the keyboard alone.

use console_tests::page::Role;
use console_tests::{Stage, browse};
use serde_json::json;
use thirtyfour::Key;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_and_changes_nothing_until_the_key_is_revoked() {
    let stage = Stage::start().await;
    stage.next_faults(&["status=503"]);
    let sync = stage.sync("CRM", json!({})).await;
    stage.push(json!([{ "id": "1", "firstName": "Ada", "lastName": "Lovelace" }])).await;
    let (id, reader) = stage.new_key("onlooker", "READER").await;
    browse("reader", &stage.server.url, async |page| {
        page.open_as(&reader, "/").await;
        page.sees("onlooker · Reader").await;
        page.find(Role::Link, "CRM").await;
        for absent in ["Add sync", "Create key"] {
            assert!(!page.has(Role::Button, absent).await, "{absent}");
        }
        assert!(!page.has(Role::Link, "Keys").await);
        page.open(&format!("/syncs/{sync}/create")).await;
        page.sees("changing it needs a key with the role Admin").await;
        page.settles().await;
        for absent in ["Pause sync", "More to do with this sync", "Send test …", "Add header", "Save sync"] {
            assert!(!page.has(Role::Button, absent).await, "{absent}");
        }
        let writable = "return [...document.querySelectorAll('[role=tabpanel] :is(input, select)')].filter((field) => !field.matches(':disabled, aside *')).length";
        assert_eq!(page.script(writable, json!([])).await, 0);
        let editable = "return [...document.querySelectorAll('.code-field')].filter((field) => field.shadowRoot.querySelector('.cm-content').isContentEditable).length";
        assert_eq!(page.script(editable, json!([])).await, 0);
        page.open("/logs").await;
        page.click_on("[role=row][data-at] .row-open").await;
        page.sees("503").await;
        assert!(!page.has(Role::Button, "Retry now").await);
        page.open("/keys").await;
        page.sees("Only admins see keys").await;

        // The session may no more than the page offers.
        let pause = r"
            const done = arguments[arguments.length - 1];
            fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({
                query: 'mutation ($id: ID!) { pauseSync(id: $id) { id } }', variables: { id: arguments[0] } }) })
                .then((answer) => answer.json()).then((answer) => done(answer.errors?.[0]?.extensions?.code ?? 'done'));
        ";
        assert_eq!(page.async_script(pause, json!([sync])).await, "FORBIDDEN");
        let status = stage.api.ok("query ($id: ID!) { sync(id: $id) { status } }", json!({ "id": sync })).await;
        assert_ne!(status["sync"]["status"], "PAUSED");

        // Revoked: at the next thing that is asked, one is back at the beginning, and comes back to where one was.
        page.open("/logs").await;
        page.sees("Live").await;
        stage.api.ok("mutation ($id: ID!) { revokeApiKey(id: $id) { id } }", json!({ "id": id })).await;
        page.sees("Your session has ended.").await;
        assert_eq!(page.address().await, "/sign-in?back=%2Flogs");
        page.fill("API key", &reader).await;
        page.click(Role::Button, "Sign in").await;
        page.until("the refusal stands at the field", "return document.querySelector('.field-error')?.innerText", json!([])).await;
        page.sign_in(stage.key()).await;
        page.is_at("/logs").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_alone_signs_in_opens_a_sync_and_signs_out() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({})).await;
    browse("keyboard", &stage.server.url, async |page| {
        page.open("/").await;
        page.until("the focus is in the field", "return document.activeElement.type === 'password'", json!([])).await;
        page.keys(stage.key()).await;
        page.keys(Key::Enter + "").await;
        page.find(Role::Link, "CRM").await;
        page.tab_to("a: Skip to the page").await;
        page.keys(Key::Enter + "").await;
        page.until("the focus is on the page", "return document.activeElement.id === 'main'", json!([])).await;
        page.tab_to("a: CRM").await;
        let ring = page.script("const style = getComputedStyle(document.activeElement); return style.outlineStyle !== 'none' || style.boxShadow !== 'none'", json!([])).await;
        assert_eq!(ring, true, "the focus is to be seen");
        page.keys(Key::Enter + "").await;
        page.is_at(&format!("/syncs/{sync}/create")).await;
        page.settles().await;
        page.tab_to("tab: Create Users").await;
        page.keys(Key::Right + "").await;
        page.is_at(&format!("/syncs/{sync}/update")).await;
        page.until("the focus goes along", "return document.activeElement.textContent.includes('Update Users')", json!([])).await;
        // The editor does not hold the keyboard.
        page.tab_to("textbox: Webhook URL").await;
        page.tab_to("textbox: Data").await;
        page.tab_to("switch: SSL verification").await;
        // A dialog holds the focus, and gives it back.
        page.open("/keys").await;
        page.find(Role::Button, "Create key").await;
        page.tab_to("button: Create key").await;
        page.keys(Key::Enter + "").await;
        page.sees("Create an API key").await;
        for _ in 0..12 {
            page.keys(Key::Tab + "").await;
            let outside = "const at = document.activeElement; return at !== document.body && !at.closest('dialog')";
            assert_eq!(page.script(outside, json!([])).await, false, "the focus stays in the dialog");
        }
        page.keys(Key::Escape + "").await;
        page.until("the focus is back", "return document.activeElement.textContent === 'Create key' && !document.querySelector('dialog[open]')", json!([])).await;
        // Signed out: the cookie is gone, not only the page.
        page.open("/").await;
        page.find(Role::Link, "CRM").await;
        page.click_on(".side .who").await;
        page.until("the menu has the focus", "return document.activeElement.matches('[role^=menuitem]')", json!([])).await;
        // Round from the first entry to the last.
        page.keys(Key::Up + "").await;
        page.until("the last entry has the focus", "return document.activeElement.textContent === 'Sign out'", json!([])).await;
        page.keys(Key::Enter + "").await;
        page.is_at("/sign-in").await;
        page.open("/people").await;
        page.is_at("/sign-in?back=%2Fpeople").await;
    })
    .await;
}
