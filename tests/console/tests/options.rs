//! The rules' finer options: set over the tabs, refused at their fields; holds, links that are forgotten, creates in doubt, records
//! that were there before.

use console_tests::accessibility::Rules;
use console_tests::page::Role;
use console_tests::{Browser, Stage, browse};
use product_tests::server::KEY;
use product_tests::{Database, ServerOptions, eventually};
use serde_json::{Value, json};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(20);

/// Chooses an option by its value, in a select by its label.
async fn choose(page: &Browser, label: &str, value: &str) {
    page.find(Role::Field, label).await;
    let script = r"
        const select = [...document.querySelectorAll('select')].find((one) => one.labels[0]?.textContent.trim() === arguments[0]);
        select.value = arguments[1];
        select.dispatchEvent(new Event('change', { bubbles: true }));
        return select.value === arguments[1];
    ";
    assert_eq!(page.script(script, json!([label, value])).await, true, "{label}: {value}");
}

/// Waits for what is said to be wrong with a field.
async fn fault_of(page: &Browser, label: &str) -> String {
    let script = r"
        const field = [...document.querySelectorAll('input, select')].find((one) => one.labels[0]?.textContent.trim() === arguments[0]);
        return field?.closest('.field, .check')?.querySelector('.field-error')?.innerText;
    ";
    page.until(&format!("{label} is said to be wrong"), script, json!([label])).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_option_is_set_refused_at_its_field_and_saved() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({})).await;
    browse("options", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/create")).await;
        choose(page, "When a web page comes instead of data", "ACCEPT").await;
        choose(page, "When the record exists already (409 or 412)", "ADOPT").await;
        page.click(Role::Field, "Read it again from updates").await;
        page.click_on("input[value=XML]").await;
        page.fill_code("createUsers.data", r"<contact><name>{{ person.name }}</name></contact>").await;
        page.sees("<name>Ada Lovelace</name>").await;
        page.click(Role::Tab, "Update Users").await;
        choose(page, "When the record is gone (404 or 410)", "LOOKUP").await;
        page.click(Role::Tab, "Delete Users").await;
        choose(page, "Records that were there before", "DELETE").await;
        page.click(Role::Tab, "Lookup").await;
        choose(page, "Asked before a first create", "ALWAYS").await;
        page.click_on("input[value=equals]").await;
        page.fill("Path to the value", "$.[").await;
        page.fill("Value for nobody", "none").await;
        page.fill("Settling time", "4000").await;
        page.click(Role::Tab, "Limits").await;
        page.fill("Requests a day", "0").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Not saved: 4 values are wrong.").await;
        page.is_at(&format!("/syncs/{sync}/lookup")).await;
        assert!(fault_of(page, "Settling time").await.contains("3600"));
        fault_of(page, "Path to the value").await;
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
        assert!(fault_of(page, "Value for nobody").await.contains("no string, number"));
        page.fill("Path to the value", "$.total").await;
        page.fill("Value for nobody", "0").await;
        page.fill("Settling time", "60").await;
        page.click(Role::Tab, "Limits").await;
        fault_of(page, "Requests a day").await;
        page.fill("Requests a day", "many").await;
        page.click(Role::Button, "Save sync").await;
        assert!(fault_of(page, "Requests a day").await.contains("not a whole number"));
        page.fill("Requests a day", "5000").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Saved.").await;
        // What leans on a rule that is not there is refused at its own field.
        page.click(Role::Tab, "Lookup").await;
        page.click(Role::Field, "Look people up").await;
        page.click(Role::Tab, "Create Users").await;
        page.sees("It needs a lookup rule: set one up on the tab Lookup.").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Not saved: 2 values are wrong.").await;
        assert!(fault_of(page, "When the record exists already (409 or 412)").await.contains("lookup"));
        page.click(Role::Button, "Discard changes").await;
        page.click_on("input[value=none]").await;
        page.click(Role::Button, "Save sync").await;
        assert!(fault_of(page, "Read it again from updates").await.contains("no unique id"));
        let marked = "return document.querySelector('[role=switch][aria-invalid=true]')?.labels[0].textContent";
        assert_eq!(page.script(marked, json!([])).await, "Read it again from updates");
        page.click(Role::Button, "Discard changes").await;
    })
    .await;
    let query = "query ($id: ID!) { sync(id: $id) { pages followUniqueId createUsers { format onExisting } updateUsers { onMissing } deleteUsers { adopted }
        lookup { when settleSeconds emptyWhen { status equals { path value } } } limits { requestsPerDay } } }";
    let saved = stage.api.ok(query, json!({ "id": sync })).await["sync"].clone();
    let expected = json!({
        "pages": "ACCEPT", "followUniqueId": true, "createUsers": { "format": "XML", "onExisting": "ADOPT" }, "updateUsers": { "onMissing": "LOOKUP" },
        "deleteUsers": { "adopted": "DELETE" }, "limits": { "requestsPerDay": 5000 },
        "lookup": { "when": "ALWAYS", "settleSeconds": 60, "emptyWhen": { "status": null, "equals": { "path": "$.total", "value": "0" } } }
    });
    assert_eq!(saved, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_told_and_released_and_links_are_forgotten_while_paused() {
    let stage = Stage::start().await;
    let gone = format!("{}/fault/status=404/contacts/{{{{ unique_id }}}}", stage.crm.url());
    let sync = stage.sync("CRM", json!({ "deleteUsers": { "method": "DELETE", "url": gone } })).await;
    let people: Vec<Value> = (0..32).map(|n| json!({ "id": format!("{n:02}"), "firstName": "Ada" })).collect();
    stage.push(people.into()).await;
    stage.linked(&sync, 32).await;
    let delete = async |ids: std::ops::Range<usize>| {
        let ids: Vec<String> = ids.map(|n| format!("{n:02}")).collect();
        stage.api.ok("mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": ids })).await;
    };
    let held = async || {
        let found = stage.api.ok("query ($id: ID!) { sync(id: $id) { holds { kind } } }", json!({ "id": sync })).await;
        found["sync"]["holds"].as_array().is_some_and(|holds| !holds.is_empty())
    };
    delete(0..20).await;
    eventually("deletes are held", WITHIN, held).await;
    delete(20..30).await;
    let (_, reader) = stage.new_key("onlooker", "READER").await;
    browse("holds", &stage.server.url, async |page| {
        page.open_as(&reader, &format!("/syncs/{sync}/delete")).await;
        page.sees("Deletes are held: they find nothing").await;
        assert!(!page.has(Role::Button, "Release deletes …").await);
    })
    .await;
    browse("holds", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/").await;
        page.sees("Held").await;
        page.open(&format!("/syncs/{sync}/delete")).await;
        page.sees("until an edit of the rule, or until it is released").await;
        page.sees("10 people wait; nothing is lost.").await;
        page.click(Role::Button, "Release deletes …").await;
        page.sees("Say so where these records are rightly gone").await;
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
        page.click(Role::Button, "Release deletes").await;
        page.sees("Released.").await;
        page.until(
            "the hold is not shown any more",
            "return !document.body.innerText.includes('Deletes are held')",
            json!([]),
        )
        .await;
        stage.linked(&sync, 2).await;

        // While it sends, links are not to be forgotten.
        page.click(Role::Button, "More to do with this sync").await;
        page.find(Role::MenuItem, "Resync people …").await;
        assert!(!page.has(Role::MenuItem, "Forget links …").await);
        page.keys(thirtyfour::Key::Escape + "").await;
        page.click(Role::Button, "Pause sync").await;
        page.find(Role::Button, "Resume sync").await;
        page.click(Role::Button, "More to do with this sync").await;
        page.click(Role::MenuItem, "Forget links …").await;
        page.find(Role::Field, "Type the number of links, 2, to forget them").await;
        assert!(!page.has(Role::Button, "Forget 2 links").await, "it asks for the number first");
        page.fill("Type the number of links, 2, to forget them", "2").await;
        page.click(Role::Button, "Forget 2 links").await;
        page.sees("2 links forgotten").await;
    })
    .await;
    eventually("nobody is linked", WITHIN, || async { stage.api.counts(&sync).await.0 == 0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hold_of_a_restored_database_is_told_and_released() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({ "lookup": null })).await;
    let Stage { server, crm: _crm, database, .. } = stage;
    assert!(server.stop().await);
    let restored = product_tests::server::command(&database).arg("after-restore").output().await.unwrap();
    assert!(restored.status.success(), "{restored:?}");
    let options = ServerOptions { retry_schedule: "1h", ..ServerOptions::default() };
    let server = product_tests::Server::start(&database, &options).await;
    let api = server.api();
    api.ok(product_tests::api::UPSERT, json!({ "input": [{ "id": "ada", "firstName": "Ada" }] })).await;
    browse("restored", &server.url, async |page| {
        page.open_as(KEY, &format!("/syncs/{sync}/create")).await;
        page.sees("Doubtful creates are held: an older copy of the database was restored").await;
        page.sees("until it is released").await;
        page.sees("1 person waits; nothing is lost.").await;
        page.click(Role::Button, "Release creates …").await;
        page.sees("whoever was made since the copy is made a second time").await;
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
        page.click(Role::Button, "Release creates").await;
        page.sees("Released.").await;
    })
    .await;
    eventually("the create went", WITHIN, || async { api.counts(&sync).await.0 == 1 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_days_requests_that_are_used_up_are_told_and_nothing_releases_them() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({ "limits": { "requestsPerDay": 3 } })).await;
    stage.push((0..5).map(|n| json!({ "id": format!("{n}"), "firstName": "Ada" })).collect()).await;
    eventually("three are linked", WITHIN, || async { stage.api.counts(&sync).await.0 == 3 }).await;
    browse("daily_limit", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/").await;
        page.sees("Held").await;
        page.open(&format!("/syncs/{sync}/create")).await;
        page.sees("All requests are held: a day’s requests are used up").await;
        page.sees("the next request goes").await;
        page.sees("2 people wait; nothing is lost.").await;
        assert!(!page.has(Role::Button, "Send now …").await, "only the day's end lifts it, and an edit");
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creates_in_doubt_are_created_again_by_who_has_looked() {
    let options = ServerOptions { quiet_time: "50ms", ..ServerOptions::default() };
    let stage = Stage::start_on(Database::sqlite(), &options).await;
    let crm = stage.crm.url();
    let create = json!({ "method": "POST", "url": format!("{crm}/contacts"), "data": r#"{ "external_id": "{{ person.id }}" }"#, "onUncertain": "PARK" });
    stage.next_faults(&["hangup=before", "hangup=before"]);
    let sync = stage.sync("CRM", json!({ "createUsers": create, "lookup": null })).await;
    stage.push(json!([{ "id": "1", "firstName": "Ada" }, { "id": "2", "firstName": "Grace" }])).await;
    eventually("both are parked", WITHIN, || async { stage.api.counts(&sync).await.2 == 2 }).await;
    let (_, writer) = stage.new_key("help desk", "WRITER").await;
    let place = format!("/syncs/{sync}/people?state=UNCERTAIN");
    browse("in_doubt_writer", &stage.server.url, async |page| {
        page.open_as(&writer, &place).await;
        page.find(Role::Button, "Retry these 2").await;
        assert!(!page.has(Role::Button, "Create again …").await, "that is an admin's");
    })
    .await;
    browse("in_doubt", &stage.server.url, async |page| {
        page.open_as(stage.key(), &place).await;
        page.click(Role::Button, "Create again …").await;
        page.sees("Create 2 people again?").await;
        assert_eq!(page.violations(Rules::All).await, [""; 0]);
        assert!(!page.has(Role::Button, "Create 2 people again").await, "one has to have looked");
        page.click(Role::Field, "I have looked: the external system holds no record of these 2 people").await;
        page.click(Role::Button, "Create 2 people again").await;
        page.sees("2 creates due now").await;
        page.sees("No link fits").await;
    })
    .await;
    stage.linked(&sync, 2).await;
    assert_eq!(stage.crm.records().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_was_there_before_is_kept_and_shown() {
    let stage = Stage::start().await;
    let crm = stage.crm.url();
    let by_mail = format!("{crm}/contacts?email={{{{ person.email }}}}");
    let lookup = json!({ "url": by_mail, "path": "$.contacts[*].id", "when": "ALWAYS" });
    let first = stage.sync("First", json!({})).await;
    stage.push(json!([{ "id": "1", "firstName": "Ada", "emails": ["ada@example.test"] }])).await;
    stage.linked(&first, 1).await;
    stage.api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": first })).await;
    let sync = stage.sync("Second", json!({ "lookup": lookup, "includeExisting": true })).await;
    stage.linked(&sync, 1).await;
    browse("kept", &stage.server.url, async |page| {
        page.open_as(stage.key(), &format!("/syncs/{sync}/people")).await;
        page.click_on(".wt-row a.row-open").await;
        page.sees("Was there before, or may have been: a lookup found it").await;
        page.click(Role::Button, "Close").await;
        stage.api.ok("mutation { deletePeople(ids: [\"1\"]) { deleted } }", json!({})).await;
        // The list follows, and so do the counts.
        page.until("it is counted", "return [...document.querySelectorAll('.count')].some((one) => one.innerText.replace(/\\s+/g, ' ') === '1 Kept')", json!([])).await;
        page.click(Role::Button, "1 Kept").await;
        page.is_at(&format!("/syncs/{sync}/people?kept=true")).await;
        page.sees("Kept: the person is deleted, and the record is left as it is").await;
    })
    .await;
    assert_eq!(stage.crm.records().len(), 1);
}
