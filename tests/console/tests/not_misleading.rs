//! What the console says is what is: of live updates, of a sync that is suspended, of what somebody else saved meanwhile, of how
//! many a button is for, and of secrets that did not follow.

use console_tests::accessibility::Rules;
use console_tests::page::Role;
use console_tests::{Browser, Stage, browse};
use product_tests::{Database, LostCommits, ServerOptions, eventually};
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
        let closed =
            page.until("the socket is closed", "return closedSockets.length && closedSockets", json!([])).await;
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
async fn saving_a_suspended_sync_says_so_and_probes_at_once() {
    let options = ServerOptions { retry_schedule: "1h", probe_schedule: "1h", ..ServerOptions::default() };
    let stage = Stage::start_on(Database::sqlite(), &options).await;
    let crm = stage.crm.url();
    let data = r#"{ "external_id": "{{ person.id }}" }"#;
    let create = json!({ "method": "POST", "url": format!("{crm}/fault/status=503/contacts"), "data": data });
    let sync = stage.sync("CRM", json!({ "createUsers": create })).await;
    let people: Vec<Value> = (0..5).map(|n| json!({ "id": n.to_string(), "firstName": "Ada" })).collect();
    stage.push(people.into()).await;
    let status = || async {
        let found = stage.api.ok("query ($id: ID!) { sync(id: $id) { status } }", json!({ "id": sync })).await;
        found["sync"]["status"].clone()
    };
    eventually("it is suspended", Duration::from_secs(20), || async { status().await == "SUSPENDED" }).await;
    let before = stage.crm.requests().len();
    browse("saved_suspended", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/create")).await;
        page.sees("Suspended").await;
        page.fill("Timeout", "5").await;
        page.click(Role::Button, "Save sync").await;
        // Nothing is mended: a request goes all the same, and what came of it is said with the wait.
        page.sees("Saved. The sync is suspended: one request goes now, as a probe.").await;
        page.sees("The probe failed").await;
        page.sees("Next request in").await;
        assert!(stage.crm.requests().len() > before, "a probe was sent");
        page.fill_code("createUsers.url", &format!("{crm}/contacts")).await;
        page.click(Role::Button, "Save sync").await;
        page.sees("The probe was accepted: the sync is active again.").await;
        page.sees("Active").await;
    })
    .await;
    eventually("it sends", Duration::from_secs(20), || async { status().await == "ACTIVE" }).await;
}

/// `[name, base, mine, theirs]`, and what has to come of it: the values that differ from `base`, and what both changed.
fn merges() -> [(Value, Value); 5] {
    let row = |name: &str, value: &str| json!({ "key": value.len(), "name": name, "value": value });
    let base = json!({ "uniqueId": { "kind": "path", "value": "$.id" }, "lookup": { "enabled": true, "url": "a", "headers": [row("X", "1"), row("Y", "1")] } });
    let with = |path: &str, value: Value| {
        let mut values = base.clone();
        *values.pointer_mut(path).unwrap() = value;
        values
    };
    let case = |mine, theirs| json!([base, mine, theirs]);
    [
        // A place means nothing under another kind of place.
        (
            case(
                with("/uniqueId/value", json!("$.uid")),
                with("/uniqueId", json!({ "kind": "header", "value": "Location" })),
            ),
            json!([{ "kind": "path", "value": "$.uid" }, true, ["X=1", "Y=1"], ["uniqueId"]]),
        ),
        (
            case(with("/uniqueId/value", json!("$.uid")), with("/lookup/url", json!("b"))),
            json!([{ "kind": "path", "value": "$.uid" }, true, ["X=1", "Y=1"], []]),
        ),
        // A rule that somebody took away is not changed unseen.
        (
            case(with("/lookup/url", json!("c")), with("/lookup/enabled", json!(false))),
            json!([base["uniqueId"], true, ["X=1", "Y=1"], ["lookup"]]),
        ),
        (
            case(with("/uniqueId/value", json!("$.uid")), with("/lookup/enabled", json!(false))),
            json!([{ "kind": "path", "value": "$.uid" }, false, ["X=1", "Y=1"], []]),
        ),
        // Headers by name: one is changed by both, one taken away here, one added there.
        (
            case(
                with("/lookup/headers", json!([row("X", "mine")])),
                with("/lookup/headers", json!([row("X", "theirs"), row("Y", "1"), row("Z", "1")])),
            ),
            json!([base["uniqueId"], true, ["X=mine", "Z=1"], ["lookup headers X"]]),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_administrators_change_is_merged_by_field() {
    let stage = Stage::start().await;
    let headers = json!([{ "name": "X-Source", "value": "crm-sync" }, { "name": "X-Old", "value": "1" }]);
    let create =
        json!({ "method": "POST", "url": format!("{}/contacts", stage.crm.url()), "data": "{}", "headers": headers });
    let sync = stage.sync("CRM", json!({ "createUsers": create })).await;
    browse("merged", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/create")).await;
        for (given, expected) in merges() {
            let merge = r#"
                const [[base, mine, theirs], done] = arguments;
                import("/assets/app/sync/merge.js").then(({ mergedValues }) => {
                    const { values, both } = mergedValues(base, mine, theirs);
                    const headers = values.lookup.headers.map(({ name, value }) => `${name}=${value}`);
                    done([values.uniqueId, values.lookup.enabled, headers, both.map((path) => path.join(" "))]);
                });
            "#;
            assert_eq!(page.async_script(merge, json!([given])).await, expected, "{given}");
        }
        page.fill("Timeout", "30").await;
        page.click(Role::Button, "Add header").await;
        page.fill("Name of header 3", "X-Mine").await;
        page.fill_code("createUsers.headers.2.value", "mine").await;
        let theirs = json!({
            "createUsers": {
                "data": r#"{ "theirs": "{{ person.id }}" }"#,
                "timeoutSeconds": 20,
                "headers": [{ "name": "X-Source", "value": "theirs" }, { "name": "X-Theirs", "value": "2" }]
            },
            "limits": { "maxConcurrency": 3 }
        });
        let update = "mutation ($id: ID!, $input: SyncPatch!) { updateSync(id: $id, input: $input) { id } }";
        stage.api.ok(update, json!({ "id": sync, "input": theirs })).await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Somebody else changed this sync meanwhile").await;
        page.click(Role::Button, "Show theirs, keep my changes").await;
        page.until("their data is shown", "return !document.querySelector('dialog[open]')", json!([])).await;
        assert_eq!(page.code_text("createUsers.data").await, r#"{ "theirs": "{{ person.id }}" }"#);
        page.sees("Both of you changed Create Users timeout: yours stands").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Saved.").await;
    })
    .await;
    let query = "query ($id: ID!) { sync(id: $id) { createUsers { data timeoutSeconds headers { name value } } limits { maxConcurrency } } }";
    let saved = stage.api.ok(query, json!({ "id": sync })).await["sync"].clone();
    assert_eq!(saved["createUsers"]["data"], r#"{ "theirs": "{{ person.id }}" }"#);
    assert_eq!(saved["createUsers"]["timeoutSeconds"], 30);
    assert_eq!(saved["limits"]["maxConcurrency"], 3);
    let expected = json!([
        { "name": "X-Source", "value": "theirs" }, { "name": "X-Theirs", "value": "2" }, { "name": "X-Mine", "value": "mine" }
    ]);
    assert_eq!(saved["createUsers"]["headers"], expected);
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
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_that_did_not_follow_to_a_new_origin_are_asked_for() {
    let stage = Stage::start().await;
    let crm = stage.crm.url();
    let headers = json!([{ "name": "X-Api-Key", "value": "s3cret", "secret": true }]);
    let create = json!({ "method": "POST", "url": format!("{crm}/contacts"), "data": "{}", "headers": headers });
    let changes =
        json!({ "createUsers": create, "authentication": { "basic": { "username": "ada", "password": "pass" } } });
    let sync = stage.sync("CRM", changes).await;
    browse("dropped_secrets", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/create")).await;
        page.fill_code("createUsers.url", &format!("{}/contacts", crm.replace("127.0.0.1", "127.0.0.2"))).await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Saved, but secrets did not follow to the new address").await;
        page.sees("The password of the authentication").await;
        page.sees("The header X-Api-Key of Create Users").await;
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
        page.click(Role::Button, "Give them now").await;
        page.until("the focus is in the password", "return document.activeElement.type === 'password'", json!([])).await;
        let badge = "return [...document.querySelectorAll('.sync-title .badge')].some((one) => one.innerText === 'Password needed')";
        page.until("the badge says so", badge, json!([])).await;
        page.sees("The password was dropped when the address moved to another origin: give it again, then save.").await;
        let header = "return document.querySelector('.header-row')?.innerText.includes('The secret was dropped when the address moved')";
        page.until("the header says so", header, json!([])).await;
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
        page.open("/").await;
        page.sees("Password needed").await;
        // Given again, nothing is said any more.
        page.open(&format!("/syncs/{sync}/create")).await;
        page.fill("Password", "again").await;
        page.fill_code("createUsers.headers.0.value", "again").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Saved.").await;
        page.until("the badge is gone", "return !document.querySelector('.sync-title').innerText.includes('needed')", json!([])).await;
    })
    .await;
    let query = "query ($id: ID!) { sync(id: $id) { statusReason authentication { secretSet } } }";
    let saved = stage.api.ok(query, json!({ "id": sync })).await["sync"].clone();
    assert_eq!((&saved["authentication"]["secretSet"], &saved["statusReason"]), (&json!(true), &Value::Null));
}

/// What a click made, and whose answer was lost, the next click finds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_is_repeated_makes_nothing_twice() {
    let mut database = Database::postgres().await;
    let proxy = LostCommits::start(database.address()).await;
    database.reached_by(proxy.address());
    let stage = Stage::start_on(database, &ServerOptions::default()).await;
    browse("repeated_click", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/keys").await;
        page.click(Role::Button, "Create key").await;
        page.sees("Create an API key").await;
        page.fill("Name", "help desk").await;
        proxy.lose_next("INSERT INTO api_keys");
        page.click_on("dialog[open] button[type=submit]").await;
        page.sees("it may have been carried out").await;
        page.click_on("dialog[open] button[type=submit]").await;
        page.sees("It is shown this once").await;
        let keys = stage.api.ok("{ apiKeys { name } }", Value::Null).await;
        let named = keys["apiKeys"].as_array().unwrap().iter().filter(|key| key["name"] == "help desk").count();
        assert_eq!((named, proxy.lost()), (1, 1), "{keys}");
        page.click(Role::Button, "I have kept it").await;

        stage.sync("CRM", json!({})).await;
        page.open("/").await;
        for lost in [true, false] {
            if lost {
                proxy.lose_next("INSERT INTO syncs");
            }
            page.click(Role::Button, "Add sync").await;
            page.click(Role::MenuItem, "Webhook").await;
            if lost {
                page.sees("it may have been carried out").await;
            }
        }
        page.find(Role::Heading, "New Webhook Sync").await;
        let syncs = stage.api.ok("{ syncs { nodes { friendlyName } } }", Value::Null).await;
        let once = json!([{ "friendlyName": "New Webhook Sync" }, { "friendlyName": "CRM" }]);
        assert_eq!((&syncs["syncs"]["nodes"], proxy.lost()), (&once, 2));
    })
    .await;
}
