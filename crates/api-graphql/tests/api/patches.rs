//! Left out, null and an unset variable, at every depth.

use crate::support::{World, plain_crm, world};
use serde_json::{Value, json};

const SHOWN: &str = "id friendlyName revision authentication { kind username secretSet } uniqueId { path header template }
    createUsers { enabled method url headers { name value secret } data format sslVerification timeoutSeconds onUncertain onMissing }
    updateUsers { onMissing onUncertain } deleteUsers { method } lookup { method url path format }
    limits { maxConcurrency requestsPerSecond }";

/// A sync on which everything differs from its default.
async fn full(world: &World) -> Value {
    let mut input = plain_crm("Full");
    input["authentication"] = json!({ "basic": { "username": "ada", "password": "secret" } });
    input["limits"] = json!({ "maxConcurrency": 3, "requestsPerSecond": 2.5 });
    input["lookup"] = json!({ "url": "https://crm.test/search?q={{ person.id }}", "path": "$[*].id" });
    input["createUsers"] = json!({
        "enabled": false, "method": "PUT", "url": "https://crm.test/contacts", "data": "name={{ person.name }}",
        "format": "FORM", "sslVerification": false, "timeoutSeconds": 7, "onUncertain": "PARK",
        "headers": [{ "name": "X-Plain", "value": "a" }, { "name": "X-Secret", "value": "b", "secret": true }],
    });
    input["updateUsers"]["onMissing"] = json!("RECREATE");
    let document = format!("mutation($input: SyncInput!) {{ createSync(input: $input) {{ {SHOWN} }} }}");
    world.data(&document, json!({ "input": input })).await["createSync"].clone()
}

async fn update(world: &World, id: &Value, input: &str, variables: &str, mut values: Value) -> Value {
    values["id"] = id.clone();
    let document = format!("mutation($id: ID!{variables}) {{ updateSync(id: $id, input: {input}) {{ {SHOWN} }} }}");
    world.data(&document, values).await["updateSync"].clone()
}

#[tokio::test]
async fn a_new_sync_shows_what_was_given_and_no_secret() {
    let world = world().await;
    let sync = full(&world).await;
    assert_eq!(sync["authentication"], json!({ "kind": "BASIC", "username": "ada", "secretSet": true }));
    let rule = &sync["createUsers"];
    assert_eq!(rule["headers"][0], json!({ "name": "X-Plain", "value": "a", "secret": false }));
    assert_eq!(rule["headers"][1], json!({ "name": "X-Secret", "value": null, "secret": true }));
    assert_eq!(rule["onUncertain"], "PARK");
    assert_eq!(rule["onMissing"], Value::Null, "belongs to UPDATE");
    assert_eq!(sync["updateUsers"], json!({ "onMissing": "RECREATE", "onUncertain": null }));
    assert_eq!(sync["lookup"]["method"], "GET");
    assert_eq!(sync["lookup"]["format"], "NONE");
    assert_eq!(sync["limits"], json!({ "maxConcurrency": 3, "requestsPerSecond": 2.5 }));
}

#[tokio::test]
async fn what_is_left_out_or_unset_stays() {
    let world = world().await;
    let before = full(&world).await;
    let unset = [
        ("{}", ""),
        ("{ friendlyName: $a }", ", $a: String"),
        ("{ authentication: $a }", ", $a: AuthenticationInput"),
        ("{ uniqueId: $a }", ", $a: UniqueIdInput"),
        ("{ createUsers: $a, updateUsers: $b }", ", $a: RulePatch, $b: RulePatch"),
        ("{ createUsers: {} }", ""),
        ("{ createUsers: { enabled: $a, url: $b, headers: $c } }", ", $a: Boolean, $b: String, $c: [HeaderInput!]"),
        ("{ createUsers: { timeoutSeconds: $a, data: $b, format: $c } }", ", $a: Int, $b: String, $c: BodyFormat"),
        ("{ lookup: { path: $a, method: $b } }", ", $a: String, $b: HttpMethod"),
        ("{ limits: { maxConcurrency: $a, requestsPerSecond: $b } }", ", $a: Int, $b: Float"),
        ("{ authentication: { basic: { username: \"ada\", password: $a } } }", ", $a: String"),
        (
            "{ createUsers: { headers: [{ name: \"X-Plain\", value: \"a\" }, { name: \"X-Secret\", value: $a, secret: $b }] } }",
            ", $a: String, $b: Boolean",
        ),
    ];
    for (input, variables) in unset {
        let mut after = update(&world, &before["id"], input, variables, json!({})).await;
        after["revision"] = before["revision"].clone();
        assert_eq!(after, before, "{input}");
    }
    // The same, with the whole input in one variable.
    for input in [json!({}), json!({ "createUsers": {} }), json!({ "limits": {} }), json!({ "lookup": {} })] {
        let mut after =
            update(&world, &before["id"], "$input", ", $input: SyncPatch!", json!({ "input": input.clone() })).await;
        after["revision"] = before["revision"].clone();
        assert_eq!(after, before, "{input}");
    }
}

#[tokio::test]
async fn null_clears_at_every_depth() {
    let world = world().await;
    let before = full(&world).await;
    let cases = [
        ("{ createUsers: { enabled: $n } }", "Boolean", "/createUsers/enabled", json!(true)),
        ("{ createUsers: { headers: $n } }", "[HeaderInput!]", "/createUsers/headers", json!([])),
        ("{ createUsers: { format: $n, data: \"{}\" } }", "BodyFormat", "/createUsers/format", json!("JSON")),
        ("{ createUsers: { data: $n } }", "String", "/createUsers/data", Value::Null),
        ("{ createUsers: { sslVerification: $n } }", "Boolean", "/createUsers/sslVerification", json!(true)),
        ("{ createUsers: { timeoutSeconds: $n } }", "Int", "/createUsers/timeoutSeconds", json!(10)),
        ("{ createUsers: { onUncertain: $n } }", "OnUncertain", "/createUsers/onUncertain", json!("RESEND")),
        ("{ updateUsers: { onMissing: $n } }", "OnMissing", "/updateUsers/onMissing", json!("PARK")),
        ("{ limits: { requestsPerSecond: $n } }", "Float", "/limits/requestsPerSecond", Value::Null),
        ("{ limits: { maxConcurrency: $n } }", "Int", "/limits/maxConcurrency", json!(16)),
        ("{ authentication: $n }", "AuthenticationInput", "/authentication/kind", json!("NONE")),
        ("{ lookup: $n }", "LookupRulePatch", "/lookup", Value::Null),
        ("{ deleteUsers: $n }", "RulePatch", "/deleteUsers", Value::Null),
        ("{ uniqueId: $n, updateUsers: null }", "UniqueIdInput", "/uniqueId", Value::Null),
        ("{ createUsers: $n }", "RulePatch", "/createUsers", Value::Null),
    ];
    for (input, ty, place, cleared) in cases {
        // As a variable that is null, and as a literal.
        let after = update(&world, &before["id"], input, &format!(", $n: {ty}"), json!({ "n": null })).await;
        assert_eq!(after.pointer(place), Some(&cleared), "{input}");
        let after = update(&world, &before["id"], &input.replace("$n", "null"), "", json!({})).await;
        assert_eq!(after.pointer(place), Some(&cleared), "{input}");
    }
    for input in ["{ friendlyName: null }", "{ updateUsers: { method: null, url: null } }"] {
        let document = format!("mutation($id: ID!) {{ updateSync(id: $id, input: {input}) {{ id }} }}");
        let faults = world.faults(&document, json!({ "id": before["id"] })).await;
        assert_eq!(faults[0].0[0], "input", "{input}: {faults:?}");
    }
}

#[tokio::test]
async fn a_persons_fields_are_told_apart_too() {
    let world = world().await;
    let document = "mutation($first: String, $last: String, $custom: JSON, $emails: [String!]) {
        upsertPeople(input: [{ id: 1, firstName: $first, lastName: $last, custom: $custom, emails: $emails }]) { change version } }";
    let held = "{ person(id: 1) { firstName lastName name emails custom } }";
    let given = json!({ "first": "Ada", "last": "L", "custom": { "z": 1, "a": [true, null] }, "emails": ["a@b.test"] });
    world.data(document, given).await;
    let unset = world.data(document, json!({})).await;
    assert_eq!(unset["upsertPeople"][0], json!({ "change": "UNCHANGED", "version": 1 }));
    world.data(document, json!({ "first": null })).await;
    let person = world.data(held, Value::Null).await["person"].clone();
    assert_eq!(person["firstName"], Value::Null);
    assert_eq!(person["name"], "L");
    assert_eq!(person["custom"].to_string(), r#"{"z":1,"a":[true,null]}"#, "members keep their order");
    world.data(document, json!({ "custom": null, "emails": null })).await;
    let person = world.data(held, Value::Null).await["person"].clone();
    assert_eq!(person["custom"], json!({}));
    assert_eq!(person["emails"], json!([]));
}

/// An unset variable inside of an input must not keep the rest of it from being checked.
#[tokio::test]
async fn an_unknown_field_beside_an_unset_variable_is_refused() {
    let world = world().await;
    let document = "mutation($a: String) { upsertPeople(input: [{ id: 1, firstName: $a, nickname: \"x\" }]) { id } }";
    let error = world.error(document, json!({})).await;
    assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert!(error["message"].as_str().unwrap().contains("nickname"), "{error}");
}

#[tokio::test]
async fn exactly_one_of_a_one_of_is_taken() {
    let world = world().await;
    let document =
        "mutation($a: AuthenticationInput) { createSync(input: { friendlyName: \"A\", authentication: $a }) { id } }";
    for input in [json!({}), json!({ "none": true, "bearer": { "token": "t" } }), json!({ "bearer": null })] {
        let error = world.error(document, json!({ "a": input.clone() })).await;
        assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{input}");
    }
    let faults = world.faults(document, json!({ "a": { "none": false } })).await;
    assert_eq!(faults[0].0, json!(["input", "authentication", "none"]));
    world.data(document, json!({ "a": { "none": true } })).await;
    world.data(document, json!({})).await;
    world.data(document, json!({ "a": null })).await;
}
