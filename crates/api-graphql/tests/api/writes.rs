//! What mutations do.

use crate::support::{CREATE_SYNC, key, plain_crm, world};
use secrecy::SecretString;
use serde_json::{Value, json};
use sync_core::key::Role;

#[tokio::test]
async fn people_are_answered_in_order_and_applied_twice_where_they_stand_twice() {
    let world = world().await;
    let document = "mutation { upsertPeople(input: [{ id: \"b\", firstName: \"1\" }, { id: \"a\" }, { id: \"b\", firstName: \"2\" },
        { id: \"b\", firstName: \"2\" }]) { id change version } }";
    let done = world.data(document, Value::Null).await["upsertPeople"].clone();
    assert_eq!(
        done,
        json!([
            { "id": "b", "change": "CREATED", "version": 1 },
            { "id": "a", "change": "CREATED", "version": 1 },
            { "id": "b", "change": "UPDATED", "version": 2 },
            { "id": "b", "change": "UNCHANGED", "version": 2 },
        ])
    );
    let gone =
        world.data("mutation { deletePeople(ids: [\"b\", \"x\", \"b\"]) { deleted unknown } }", Value::Null).await;
    assert_eq!(gone["deletePeople"], json!({ "deleted": ["b"], "unknown": ["x", "b"] }));
    assert_eq!(world.data("{ people { nodes { id } } }", Value::Null).await["people"]["nodes"], json!([{ "id": "a" }]));
    let none =
        world.data("mutation { upsertPeople(input: []) { id } deletePeople(ids: []) { deleted } }", Value::Null).await;
    assert_eq!(none, json!({ "upsertPeople": [], "deletePeople": { "deleted": [] } }));
}

#[tokio::test]
async fn existing_people_are_pushed_where_asked_for() {
    let world = world().await;
    world.push(&["ada"]).await;
    let links = "query($id: ID!) { sync(id: $id) { links { nodes { owed } } } }";
    for (include, owed) in [(None, 0), (Some(true), 1)] {
        let mut input = plain_crm("CRM");
        if let Some(include) = include {
            input["includeExisting"] = json!(include);
        }
        let id = world.data(CREATE_SYNC, json!({ "input": input })).await["createSync"]["id"].clone();
        while world.engine.store().work_sweep(100).await.unwrap() {}
        let found = world.data(links, json!({ "id": id })).await;
        assert_eq!(found["sync"]["links"]["nodes"].as_array().unwrap().len(), owed);
    }
}

#[tokio::test]
async fn a_parked_link_is_retried() {
    let world = world().await;
    let id = world.sync("CRM").await;
    world.push(&["ada"]).await;
    let mut logged = world.engine.logged();
    world.crm.answer(422, "{\"error\": \"no\"}");
    let running = world.run();
    logged.recv().await.unwrap();
    world.stop();
    running.await.unwrap();
    let document = "query($id: ID!) { sync(id: $id) { resyncCount(scope: PARKED) stats { parked owed failed }
        links(filter: { parked: true, parkedCode: REFUSED }) { nodes { parkedCode parkedReason parkedAt owed tries } } } }";
    let sync = world.data(document, json!({ "id": id })).await["sync"].clone();
    let link = &sync["links"]["nodes"][0];
    assert_eq!((&link["parkedCode"], &link["owed"]), (&json!("REFUSED"), &json!(false)));
    assert!(link["parkedReason"].is_string() && link["parkedAt"].is_string());
    assert_eq!(sync["stats"], json!({ "parked": 1, "owed": 0, "failed": 1 }));
    assert_eq!(sync["resyncCount"], 1);
    let nobody = world.data("mutation { retry(filter: { personIds: [] }) { marked } }", Value::Null).await;
    assert_eq!(nobody["retry"]["marked"], 0, "an empty list names nobody");
    let retry = "mutation($id: ID) { retry(filter: { syncId: $id, personIds: [\"ada\", \"eve\"] }) { marked } }";
    assert_eq!(world.data(retry, json!({ "id": id })).await["retry"]["marked"], 1);
    let sync = world.data(document, json!({ "id": id })).await["sync"].clone();
    assert_eq!(sync["stats"], json!({ "parked": 0, "owed": 1, "failed": 1 }));
}

#[tokio::test]
async fn a_test_sends_one_request_and_links_nothing() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    input["authentication"] = json!({ "bearer": { "token": "very-secret" } });
    let id = world.data(CREATE_SYNC, json!({ "input": input })).await["createSync"]["id"].clone();
    let document = "mutation($i: TestSyncInput!) { testSync(input: $i) { error failure uniqueId durationMs
        request { method url body headers { name value } } response { status body } } }";
    world.crm.answer(201, "{\"id\": 77}");
    let test = world.data(document, json!({ "i": { "syncId": id, "operation": "CREATE" } })).await["testSync"].clone();
    assert_eq!((&test["uniqueId"], &test["error"], &test["durationMs"]), (&json!("77"), &Value::Null, &json!(25)));
    assert_eq!(test["response"]["status"], 201);
    assert!(!test.to_string().contains("very-secret"), "{test}");
    world.crm.answer(404, "");
    let update = json!({ "i": { "syncId": id, "operation": "UPDATE", "uniqueId": "5" } });
    let test = world.data(document, update).await["testSync"].clone();
    assert_eq!((&test["failure"], test["error"].is_string()), (&json!("STATUS"), true), "{test}");
    let faults = world.faults(document, json!({ "i": { "syncId": id, "operation": "UPDATE" } })).await;
    assert_eq!(faults[0].0, json!(["input", "uniqueId"]));
    let faults = world.faults(document, json!({ "i": { "syncId": id, "operation": "LOOKUP" } })).await;
    assert_eq!(faults[0].0, json!(["input", "operation"]));
    let changes = json!({ "createUsers": { "url": "ftp://crm.test/" } });
    let faults =
        world.faults(document, json!({ "i": { "syncId": id, "operation": "CREATE", "changes": changes } })).await;
    assert_eq!(faults[0].0, json!(["input", "changes", "createUsers", "url"]));
    let seen = world.data("{ logs { nodes { id } } people { nodes { id } } }", Value::Null).await;
    assert_eq!(seen, json!({ "logs": { "nodes": [] }, "people": { "nodes": [] } }));
    assert_eq!(world.crm.sent.lock().unwrap().len(), 2);
}

/// What an empty search finds is anybody's, and would prove the rule.
#[tokio::test]
async fn a_lookup_is_not_tested_for_whom_it_has_nothing_to_search_by() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    input["lookup"] = json!({ "url": "https://crm.test/search?email={{ person.email }}", "path": "$[*].id" });
    let id = world.data(CREATE_SYNC, json!({ "input": input })).await["createSync"]["id"].clone();
    world.push(&["ada"]).await;
    let document = "mutation($i: TestSyncInput!) { testSync(input: $i) { uniqueId } }";
    let test = json!({ "i": { "syncId": id, "operation": "LOOKUP", "personId": "ada" } });
    let faults = world.faults(document, test).await;
    assert_eq!(faults[0].0, json!(["input", "personId"]));
    assert!(world.crm.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_key_is_shown_once_and_revoked_at_once() {
    let world = world().await;
    let document = "mutation($n: String!) { createApiKey(input: { name: $n, role: WRITER }) { secret key { id name role prefix createdAt lastUsedAt revokedAt } } }";
    let made = world.data(document, json!({ "n": " pusher " })).await["createApiKey"].clone();
    let secret = SecretString::from(made["secret"].as_str().unwrap());
    assert!(made["secret"].as_str().unwrap().starts_with(made["key"]["prefix"].as_str().unwrap()));
    assert_eq!((&made["key"]["name"], &made["key"]["role"]), (&json!("pusher"), &json!("WRITER")));
    let opened = world.engine.authenticate(&secret).await.unwrap().expect("the key opens the account");
    assert_eq!(opened.account, world.mine);
    assert_eq!(world.faults(document, json!({ "n": "" })).await[0].0, json!(["input", "name"]));
    let revoke = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedAt } }";
    for _ in 0..2 {
        let revoked = world.data(revoke, json!({ "id": made["key"]["id"] })).await;
        assert!(revoked["revokeApiKey"]["revokedAt"].is_string());
    }
    assert!(world.engine.authenticate(&secret).await.unwrap().is_none());
    let keys = world.data("{ apiKeys { id revokedAt } }", Value::Null).await["apiKeys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 4, "of this account only, revoked ones too");
    let theirs = key(world.theirs, Role::Admin).id.to_string();
    assert_eq!(world.error(revoke, json!({ "id": theirs })).await["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_deleted_sync_is_shown_to_nobody() {
    let world = world().await;
    let id = world.sync("CRM").await;
    let gone = world.data("mutation($id: ID!) { deleteSync(id: $id) }", json!({ "id": id })).await;
    assert_eq!(gone["deleteSync"], json!(id));
    assert_eq!(world.data("query($id: ID!) { sync(id: $id) { id } }", json!({ "id": id })).await["sync"], Value::Null);
    let again = world.error("mutation($id: ID!) { deleteSync(id: $id) }", json!({ "id": id })).await;
    assert_eq!(again["extensions"]["code"], "NOT_FOUND");
}

const SYNC: &str =
    "mutation ($input: SyncInput!, $id: ID) { createSync(input: $input, id: $id) { id friendlyName revision } }";
const KEY: &str =
    "mutation ($input: ApiKeyInput!, $id: ID) { createApiKey(input: $input, id: $id) { key { id name role } secret } }";
const ID: &str = "8f4cde0a-8e0f-4f0c-9a53-0d6d3f2c1b7e";

/// The same id and input make a sync once, whatever became of it; another input is told by its fields.
#[tokio::test]
async fn a_repeated_call_makes_a_sync_once() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    input["authentication"] = json!({ "bearer": { "token": "secret-4711" } });
    let made = world.data(SYNC, json!({ "id": ID.to_uppercase(), "input": input })).await;
    assert_eq!(made["createSync"], json!({ "id": ID, "friendlyName": "CRM", "revision": 1 }));
    assert_eq!(world.data(SYNC, json!({ "id": ID, "input": input })).await, made);
    let edit = "mutation ($id: ID!) { updateSync(id: $id, input: { friendlyName: \"Edited\" }) { revision } }";
    world.data(edit, json!({ "id": ID })).await;
    let again = world.data(SYNC, json!({ "id": ID, "input": input })).await;
    assert_eq!(again["createSync"], json!({ "id": ID, "friendlyName": "Edited", "revision": 2 }));
    for (member, value, field) in [
        ("friendlyName", json!("Edited"), "friendlyName"),
        ("authentication", json!({ "bearer": { "token": "secret-4712" } }), "authentication"),
        ("includeExisting", json!(true), "includeExisting"),
    ] {
        let mut other = input.clone();
        other[member] = value;
        let error = world.error(SYNC, json!({ "id": ID, "input": other })).await;
        assert_eq!(error["extensions"]["code"], "CONFLICT", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&format!("another input ({field})")) && !message.contains("4711"), "{message}");
    }
    world.data("mutation ($id: ID!) { deleteSync(id: $id) }", json!({ "id": ID })).await;
    let error = world.error(SYNC, json!({ "id": ID, "input": input })).await;
    assert_eq!(error["extensions"]["code"], "CONFLICT", "{error}");
    assert!(error["message"].as_str().unwrap().contains("was deleted"), "{error}");
    let left = world.data(SYNC, json!({ "id": null, "input": input })).await;
    assert_ne!(left["createSync"]["id"], ID, "null is as if it were left out");
}

/// As long as nobody has used it, it is given another secret.
#[tokio::test]
async fn a_repeated_call_makes_a_key_once() {
    let world = world().await;
    let input = json!({ "name": " billing ", "role": "WRITER" });
    let first = world.data(KEY, json!({ "id": ID, "input": input })).await["createApiKey"].clone();
    let second = world.data(KEY, json!({ "id": ID, "input": input })).await["createApiKey"].clone();
    assert_eq!(first["key"], json!({ "id": ID, "name": "billing", "role": "WRITER" }));
    assert_eq!(first["key"], second["key"]);
    assert_ne!(first["secret"], second["secret"]);
    let opens = async |made: &Value| {
        let secret = made["secret"].as_str().unwrap().to_owned().into();
        world.engine.authenticate(&secret).await.unwrap().is_some()
    };
    assert!(!opens(&first).await);
    let other = json!({ "name": "billing", "role": "ADMIN" });
    let conflict = async |input: &Value, words: &str| {
        let error = world.error(KEY, json!({ "id": ID, "input": input })).await;
        assert_eq!(error["extensions"]["code"], "CONFLICT", "{error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    };
    conflict(&other, "another name or role").await;
    assert!(opens(&second).await, "and by that it is used");
    conflict(&input, "is in use").await;
    world.data("mutation ($id: ID!) { revokeApiKey(id: $id) { id } }", json!({ "id": ID })).await;
    conflict(&input, "revoked").await;
}

#[tokio::test]
async fn an_id_that_is_none_is_refused_with_the_mend() {
    let world = world().await;
    let input = |document: &str| match document {
        SYNC => json!({ "friendlyName": "CRM" }),
        _ => json!({ "name": "billing", "role": "READER" }),
    };
    for document in [SYNC, KEY] {
        for id in ["", "my-crm", "8f4cde0a8e0f4f0c9a530d6d3f2c1b7e", "00000000-0000-0000-0000-000000000000"] {
            let faults = world.faults(document, json!({ "id": id, "input": input(document) })).await;
            let [(path, message)] = faults.as_slice() else { panic!("{faults:?}") };
            assert_eq!(*path, json!(["id"]));
            assert!(message.contains("uuidgen"), "{message}");
        }
    }
}
