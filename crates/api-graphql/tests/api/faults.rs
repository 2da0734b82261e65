//! Bad input: the code, the path and the words.

use crate::support::{CREATE_SYNC, plain_crm, world};
use serde_json::{Value, json};

/// A plain CRM with one field changed, the path of its fault and a word that the message must hold.
fn bad_syncs() -> Vec<(&'static str, Value, Value, &'static str)> {
    let at = |path: &str| {
        let parts = path.split('/').map(|part| part.parse::<u64>().map_or_else(|_| json!(part), |index| json!(index)));
        Value::Array(std::iter::once(json!("input")).chain(parts).collect())
    };
    vec![
        ("/createUsers/data", json!("{\"name\": }"), at("createUsers/data"), "JSON"),
        ("/createUsers/data", json!("not json"), at("createUsers/data"), "JSON"),
        ("/createUsers/data", json!("{\"a\": \"{{ person.nickname }}\"}"), at("createUsers/data"), "nickname"),
        ("/createUsers/data", json!("{\"a\": \"{{ unique_id }}\"}"), at("createUsers/data"), "unique_id"),
        ("/createUsers/data", json!("{\"a\": \"{% if person.name %}x\"}"), at("createUsers/data"), "if"),
        ("/createUsers/data", json!("{\"a\": \"{{ person.name\"}"), at("createUsers/data"), "close"),
        ("/createUsers/data", json!("{\"a\": \"\u{0}\"}"), at("createUsers/data"), ""),
        (
            "/createUsers",
            json!({ "method": "POST", "url": "https://crm.test/", "format": "TEXT", "data": "\u{0}" }),
            at("createUsers/data"),
            "",
        ),
        ("/createUsers/url", json!("https://crm.test/\u{0}"), at("createUsers/url"), ""),
        ("/uniqueId", json!({ "template": "\u{0}{{ person.id }}" }), at("uniqueId/template"), ""),
        ("/lookup", json!({ "url": "https://crm.test/", "path": "$['\u{0}']" }), at("lookup/path"), ""),
        ("/uniqueId", json!({ "path": "$['\u{0}']" }), at("uniqueId/path"), ""),
        ("/uniqueId", json!({ "path": "id" }), at("uniqueId/path"), "$"),
        ("/uniqueId", json!({ "path": "$[" }), at("uniqueId/path"), "JSONPath"),
        ("/uniqueId", json!({ "header": "a b" }), at("uniqueId/header"), "header"),
        ("/uniqueId", json!({ "template": "{{ person.custom.x }}" }), at("uniqueId/template"), ""),
        ("/createUsers/url", json!("https://{{ person.id }}.crm.test/"), at("createUsers/url"), ""),
        ("/createUsers/url", json!("file:///etc/passwd"), at("createUsers/url"), "http"),
        ("/createUsers/url", json!("https://ada:secret@crm.test/"), at("createUsers/url"), ""),
        ("/createUsers/url", json!("crm.test"), at("createUsers/url"), ""),
        ("/createUsers/url", json!(""), at("createUsers/url"), ""),
        ("/createUsers/timeoutSeconds", json!(0), at("createUsers/timeoutSeconds"), "1 to 120"),
        ("/createUsers/timeoutSeconds", json!(121), at("createUsers/timeoutSeconds"), "1 to 120"),
        ("/createUsers/onMissing", json!("PARK"), at("createUsers/onMissing"), "updateUsers"),
        (
            "/createUsers/headers",
            json!([{ "name": "X-A", "value": "a\r\nX-B: b" }]),
            at("createUsers/headers/0/value"),
            "control",
        ),
        ("/createUsers/headers", json!([{ "name": "X A", "value": "a" }]), at("createUsers/headers/0/name"), "name"),
        (
            "/createUsers/headers",
            json!([{ "name": "X-A", "value": "a" }, { "name": "x-a", "value": "b" }]),
            at("createUsers/headers/1/name"),
            "",
        ),
        ("/createUsers/headers", json!([{ "name": "X-A" }]), at("createUsers/headers/0/value"), "missing"),
        (
            "/createUsers/headers",
            json!([{ "name": "X-A", "secret": true }]),
            at("createUsers/headers/0/value"),
            "missing",
        ),
        ("/limits", json!({ "maxConcurrency": 0 }), at("limits/maxConcurrency"), "1 to 256"),
        ("/limits", json!({ "requestsPerSecond": 0.0 }), at("limits/requestsPerSecond"), "above 0"),
        ("/lookup", json!({ "url": "https://crm.test/", "path": "id" }), at("lookup/path"), "$"),
        (
            "/authentication",
            json!({ "basic": { "username": "a:b", "password": "p" } }),
            at("authentication/basic/username"),
            "colon",
        ),
        ("/authentication", json!({ "basic": { "username": "a" } }), at("authentication/basic/password"), "missing"),
        ("/authentication", json!({ "bearer": { "token": "" } }), at("authentication/bearer/token"), "empty"),
        ("/friendlyName", json!("  "), at("friendlyName"), "empty"),
        ("/friendlyName", json!("x".repeat(201)), at("friendlyName"), "200"),
    ]
}

#[tokio::test]
async fn each_fault_of_a_sync_is_told_at_its_field() {
    let world = world().await;
    for (place, value, path, word) in bad_syncs() {
        let mut input = plain_crm("CRM");
        let (parent, field) = place.rsplit_once('/').unwrap();
        input.pointer_mut(parent).unwrap()[field] = value.clone();
        let faults = world.faults(CREATE_SYNC, json!({ "input": input })).await;
        let found = faults.iter().find(|(at, _)| *at == path);
        let Some((_, message)) = found else { panic!("{place} = {value}: no fault at {path} in {faults:?}") };
        assert!(message.contains(word), "{place} = {value}: {message}");
    }
    let made = world.data("{ syncs { nodes { id } } }", Value::Null).await;
    assert_eq!(made["syncs"]["nodes"], json!([]), "nothing was half done");
}

#[tokio::test]
async fn a_fault_in_a_template_has_line_and_column() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    input["createUsers"]["data"] = json!("{\n  \"a\": \"{{ person.nickname }}\"\n}");
    let error = world.error(CREATE_SYNC, json!({ "input": input })).await;
    let field = &error["extensions"]["fields"][0];
    assert_eq!((&field["line"], field["column"].is_u64()), (&json!(2), true), "{error}");
    let mut input = plain_crm("CRM");
    input["createUsers"]["timeoutSeconds"] = json!(0);
    let error = world.error(CREATE_SYNC, json!({ "input": input })).await;
    assert!(error["extensions"]["fields"][0].get("line").is_none(), "{error}");
}

#[tokio::test]
async fn all_faults_come_at_once() {
    let world = world().await;
    let mut input = plain_crm("");
    input["createUsers"]["timeoutSeconds"] = json!(0);
    input["uniqueId"]["path"] = json!("id");
    let faults = world.faults(CREATE_SYNC, json!({ "input": input })).await;
    assert_eq!(faults.len(), 3, "{faults:?}");
    let error = world.error(CREATE_SYNC, json!({ "input": input })).await;
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("the input has 3 faults, all of them in extensions.fields. The first: input."),
        "{message}"
    );
    // Templates are looked at too, also those of other rules, and nothing is told twice.
    input["createUsers"]["data"] = json!("{{ nope }}");
    input["updateUsers"] = json!({ "method": "PUT", "url": "https://crm.test/{{ nope }}", "timeoutSeconds": 900 });
    let faults = world.faults(CREATE_SYNC, json!({ "input": input })).await;
    let mut paths: Vec<_> = faults.iter().map(|(path, _)| path.to_string()).collect();
    paths.sort_unstable();
    let field = |rule, field| json!(["input", rule, field]).to_string();
    let expected = [
        field("createUsers", "data"),
        field("createUsers", "timeoutSeconds"),
        json!(["input", "friendlyName"]).to_string(),
        field("uniqueId", "path"),
        field("updateUsers", "timeoutSeconds"),
        field("updateUsers", "url"),
    ];
    assert_eq!(paths, expected, "{faults:?}");
}

const UPSERT: &str = "mutation($people: [PersonInput!]!) { upsertPeople(input: $people) { id change version } }";

#[tokio::test]
async fn each_fault_of_a_person_is_told_at_its_field() {
    let world = world().await;
    let people = json!([
        { "id": "fine" },
        { "id": "x".repeat(10_000), "contact": [] },
        { "id": "" },
        { "id": "a\u{7}" },
        { "id": "c", "contact": "no" },
        { "id": "d", "contact": { "whatsapp": 5 } },
        { "id": "e", "custom": [1], "createdAt": "yesterday", "lastLoggedIn": "0000-01-01T00:00:00Z" },
        { "id": "f", "custom": { "big": "x".repeat(300_000) } },
    ]);
    let faults = world.faults(UPSERT, json!({ "people": people })).await;
    let paths: Vec<_> = faults.iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(
        paths,
        [
            json!(["input", 1, "id"]),
            json!(["input", 1, "contact"]),
            json!(["input", 2, "id"]),
            json!(["input", 3, "id"]),
            json!(["input", 4, "contact"]),
            json!(["input", 5, "contact", "whatsapp"]),
            json!(["input", 6, "lastLoggedIn"]),
            json!(["input", 6, "createdAt"]),
            json!(["input", 6, "custom"]),
            json!(["input", 7]),
        ]
    );
    assert_eq!(world.data("{ person(id: \"fine\") { id } }", Value::Null).await["person"], Value::Null);
}

#[tokio::test]
async fn at_most_1000_people_a_call() {
    let world = world().await;
    let people = |n: usize| Value::Array((0..n).map(|n| json!({ "id": n })).collect());
    assert_eq!(world.faults(UPSERT, json!({ "people": people(1001) })).await[0].0, json!(["input"]));
    let done = world.data(UPSERT, json!({ "people": people(1000) })).await;
    assert_eq!(done["upsertPeople"].as_array().unwrap().len(), 1000);
    let delete = "mutation($ids: [ID!]!) { deletePeople(ids: $ids) { deleted unknown } }";
    let ids: Vec<_> = (0..1001).collect();
    assert_eq!(world.faults(delete, json!({ "ids": ids })).await[0].0, json!(["ids"]));
    assert_eq!(world.faults(delete, json!({ "ids": ["ok", ""] })).await[0].0, json!(["ids", 1]));
    let retry = "mutation($f: RetryFilter!) { retry(filter: $f) { marked } }";
    assert_eq!(world.faults(retry, json!({ "f": { "personIds": ids } })).await[0].0, json!(["filter", "personIds"]));
    assert_eq!(
        world.faults(retry, json!({ "f": { "personIds": [""] } })).await[0].0,
        json!(["filter", "personIds", 0])
    );
}

#[tokio::test]
async fn filters_are_checked() {
    let world = world().await;
    let sync = world.sync("CRM").await;
    let long = "x".repeat(10_000);
    let logs = "query($f: LogFilter) { logs(filter: $f) { nodes { id } } }";
    let links = "query($f: LinkFilter, $s: ID!) { sync(id: $s) { links(filter: $f) { nodes { id } } } }";
    let under = "query($f: LogFilter, $s: ID!) { sync(id: $s) { logs(filter: $f) { nodes { id } } } }";
    let cases = [
        (logs, json!({ "operations": [] }), json!(["filter", "operations"])),
        (logs, json!({ "outcomes": [] }), json!(["filter", "outcomes"])),
        (logs, json!({ "failures": [] }), json!(["filter", "failures"])),
        (logs, json!({ "personId": long }), json!(["filter", "personId"])),
        (logs, json!({ "syncId": 42 }), json!(["filter", "syncId"])),
        (logs, json!({ "since": "now" }), json!(["filter", "since"])),
        (logs, json!({ "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z" }), json!(["filter", "since"])),
        (logs, json!({ "statusAtLeast": 500, "statusAtMost": 400 }), json!(["filter", "statusAtLeast"])),
        (under, json!({ "syncId": sync }), json!(["filter", "syncId"])),
        (links, json!({ "personId": "" }), json!(["filter", "personId"])),
        (links, json!({ "search": long }), json!(["filter", "search"])),
    ];
    for (document, filter, path) in cases {
        let mut variables = json!({ "f": filter });
        if document.contains("$s") {
            variables["s"] = json!(sync);
        }
        let faults = world.faults(document, variables).await;
        assert_eq!(faults.len(), 1, "{filter}");
        assert_eq!(faults[0].0, path, "{filter}");
    }
    let person = format!("{{ person(id: \"{long}\") {{ id }} }}");
    assert_eq!(world.faults(&person, Value::Null).await[0].0, json!(["id"]));
    let people = format!("{{ people(search: \"{long}\") {{ nodes {{ id }} }} }}");
    assert_eq!(world.faults(&people, Value::Null).await[0].0, json!(["search"]));
}

#[tokio::test]
async fn spans_of_statistics_are_checked() {
    let world = world().await;
    let cases = [
        ("{ stats(since: \"2027-01-01T00:00:00Z\") { sent } }", json!(["since"])),
        ("{ stats(until: \"2020-01-01T00:00:00Z\") { sent } }", json!(["until"])),
        ("{ stats(since: \"soon\") { sent } }", json!(["since"])),
        ("{ stats { series(buckets: 0) { start } } }", json!(["buckets"])),
        ("{ stats { series(buckets: 501) { start } } }", json!(["buckets"])),
    ];
    for (document, path) in cases {
        assert_eq!(world.faults(document, Value::Null).await[0].0, path, "{document}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = world().await;
    let id = "018f0000-0000-7000-8000-000000000000";
    for id in [id, "abc", "42"] {
        let mutations = [
            format!("mutation {{ updateSync(id: \"{id}\", input: {{}}) {{ id }} }}"),
            format!("mutation {{ deleteSync(id: \"{id}\") }}"),
            format!("mutation {{ pauseSync(id: \"{id}\") {{ id }} }}"),
            format!("mutation {{ resync(syncId: \"{id}\", scope: ALL) {{ marked }} }}"),
            format!("mutation {{ retry(filter: {{ syncId: \"{id}\" }}) {{ marked }} }}"),
            format!("mutation {{ revokeApiKey(id: \"{id}\") {{ id }} }}"),
            format!("{{ preview(input: {{ saved: {{ syncId: \"{id}\", operation: CREATE }} }}) {{ url }} }}"),
        ];
        for document in mutations {
            let error = world.error(&document, Value::Null).await;
            assert_eq!(error["extensions"]["code"], "NOT_FOUND", "{document}");
        }
        let data =
            world.data(&format!("{{ sync(id: \"{id}\") {{ id }} log(id: \"{id}\") {{ id }} }}"), Value::Null).await;
        assert_eq!(data, json!({ "sync": null, "log": null }));
    }
}

#[tokio::test]
async fn conflicts_are_told() {
    let world = world().await;
    let id = world.sync("CRM").await;
    let update = "mutation($id: ID!, $n: Int) { updateSync(id: $id, input: { friendlyName: \"B\" }, ifRevision: $n) { revision } }";
    let error = world.error(update, json!({ "id": id, "n": 7 })).await;
    assert_eq!(error["extensions"]["code"], "CONFLICT");
    assert_eq!(world.data(update, json!({ "id": id, "n": 1 })).await["updateSync"]["revision"], 2);
    assert_eq!(world.data(update, json!({ "id": id })).await["updateSync"]["revision"], 3);
    world.push(&["ada"]).await;
    world.deliver(1).await;
    let moved = "mutation($id: ID!, $links: MovedLinks) { updateSync(id: $id, links: $links,
        input: { updateUsers: { url: \"https://other.test/{{ unique_id }}\" } }) { revision } }";
    assert_eq!(world.error(moved, json!({ "id": id })).await["extensions"]["code"], "CONFLICT");
    world.data(moved, json!({ "id": id, "links": "KEEP" })).await;
    let key = crate::support::key(world.mine, sync_core::key::Role::Admin).id.to_string();
    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedAt } }";
    assert_eq!(world.error(revoke, json!({ "id": key })).await["extensions"]["code"], "CONFLICT");
}
