//! What queries show.

use crate::support::{key, plain_crm, world};
use api_graphql::Caller;
use async_graphql::Request;
use serde_json::{Value, json};
use std::time::Duration;
use sync_core::key::Role;
use sync_core::ports::{Clock, MaintenanceStore};
use testkit::staged::Trouble;

#[tokio::test]
async fn the_viewer_is_the_key() {
    let world = world().await;
    world.push(&["a", "b"]).await;
    let document = "{ viewer { role keyName keyId sessionExpiresAt account { id name peopleCount } } server { version mockCrmUrl } }";
    let data = world.data(document, Value::Null).await;
    assert_eq!(data["viewer"]["role"], "ADMIN");
    assert_eq!(data["viewer"]["sessionExpiresAt"], Value::Null);
    let account = json!({ "id": world.mine.to_string(), "name": "mine", "peopleCount": 2 });
    assert_eq!(data["viewer"]["account"], account);
    assert_eq!(data["server"], json!({ "version": "1.2.3", "mockCrmUrl": null }));
    let session = Caller::new(key(world.mine, Role::Reader)).in_session(world.clock.now());
    let answer = world.schema.execute(Request::new("{ viewer { sessionExpiresAt } }").data(session)).await;
    assert_eq!(answer.data.into_json().unwrap()["viewer"]["sessionExpiresAt"], "2026-01-31T09:30:15Z");
}

#[tokio::test]
async fn instants_are_answered_in_utc_to_the_microsecond() {
    let world = world().await;
    let document = "mutation($at: DateTime) { upsertPeople(input: [{ id: 1, lastLoggedIn: $at }]) { id } }";
    for (given, answered) in [
        ("2026-01-31T09:30:00.123456789+05:30", "2026-01-31T04:00:00.123456Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ] {
        world.data(document, json!({ "at": given })).await;
        let data = world.data("{ person(id: \"1\") { lastLoggedIn } }", Value::Null).await;
        assert_eq!(data["person"]["lastLoggedIn"], answered);
    }
}

#[tokio::test]
async fn a_number_and_its_digits_are_the_same_id() {
    let world = world().await;
    let document = "mutation($id: ID!) { upsertPeople(input: [{ id: $id }]) { id change } }";
    let first = world.data(document, json!({ "id": 42 })).await;
    assert_eq!(first["upsertPeople"][0], json!({ "id": "42", "change": "CREATED" }));
    let second = world.data(document, json!({ "id": "42" })).await;
    assert_eq!(second["upsertPeople"][0]["change"], "UNCHANGED");
    assert_eq!(world.data("{ person(id: 42) { id } }", Value::Null).await["person"]["id"], "42");
}

#[tokio::test]
async fn a_delivery_is_seen_from_every_side() {
    let world = world().await;
    let id = world.sync("CRM").await;
    world.push(&["ada"]).await;
    let before = world
        .data(
            "{ person(id: \"ada\") { links { owed operation state nextAttemptAt sentVersion tries inFlight } } }",
            Value::Null,
        )
        .await;
    let link = &before["person"]["links"][0];
    assert_eq!(
        (&link["owed"], &link["operation"], &link["state"]),
        (&json!(true), &json!("CREATE"), &json!("UNLINKED"))
    );
    assert!(link["nextAttemptAt"].is_string() && link["sentVersion"].is_null(), "{link}");
    world.deliver(1).await;
    let document = "query($id: ID!) {
        sync(id: $id) { status statusReason heldUntil warnings resyncCount(scope: ALL)
            stats { sent succeeded failed successRate latencyP50Ms linked owed parked series(buckets: 2) { succeeded } }
            links(filter: { state: LINKED, owed: false, search: \"ADA\" }) { nodes { id uniqueId owed operation sentVersion person { id } } }
            logs { nodes { operation outcome message attempt durationMs uniqueId
                request { method url headers { name value } body } response { status headers { name value } body } } } }
        stats(operation: CREATE) { sent linked }
        person(id: \"ada\") { changes { nodes { version kind fields } } logs { nodes { id } } }
    }";
    let data = world.data(document, json!({ "id": id })).await;
    let sync = &data["sync"];
    assert_eq!((&sync["status"], &sync["statusReason"]), (&json!("ACTIVE"), &Value::Null));
    assert_eq!(sync["resyncCount"], 1);
    assert_eq!(sync["stats"]["sent"], 1);
    assert_eq!(sync["stats"]["successRate"], 1.0);
    assert_eq!(sync["stats"]["linked"], 1);
    assert_eq!(
        sync["stats"]["series"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| point["succeeded"].as_i64().unwrap())
            .sum::<i64>(),
        1
    );
    assert_eq!(data["stats"], json!({ "sent": 1, "linked": 1 }));
    let link = &sync["links"]["nodes"][0];
    assert_eq!(
        (&link["uniqueId"], &link["operation"], &link["sentVersion"]),
        (&json!("crm-0"), &Value::Null, &json!(1))
    );
    let entry = &sync["logs"]["nodes"][0];
    assert_eq!(
        (&entry["operation"], &entry["outcome"], &entry["attempt"]),
        (&json!("CREATE"), &json!("SUCCEEDED"), &json!(1))
    );
    assert_eq!(entry["request"]["body"], "{\"name\":\"First ada\"}");
    assert_eq!(entry["response"]["status"], 201);
    assert_eq!(entry["response"]["headers"][0], json!({ "name": "set-cookie", "value": "[redacted]" }));
    assert_eq!(data["person"]["changes"]["nodes"][0]["kind"], "CREATED");
    assert_eq!(data["person"]["logs"]["nodes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn status_is_told_in_words() {
    let world = world().await;
    let status = async |id: &str| {
        let document =
            "query($id: ID!) { sync(id: $id) { status statusReason heldUntil authentication { secretSet } } }";
        world.data(document, json!({ "id": id })).await["sync"].clone()
    };
    let bare = world.data("mutation { createSync(input: { friendlyName: \"Bare\" }) { id } }", Value::Null).await;
    let found = status(bare["createSync"]["id"].as_str().unwrap()).await;
    assert_eq!(
        (&found["status"], &found["statusReason"]),
        (&json!("ACTIVE"), &json!("sends nothing yet: set up Create Users"))
    );
    let mut input = plain_crm("CRM");
    input["authentication"] = json!({ "bearer": { "token": "t" } });
    let made = world.data(crate::support::CREATE_SYNC, json!({ "input": input })).await;
    let id = made["createSync"]["id"].as_str().unwrap().to_owned();
    world.data("mutation($id: ID!) { pauseSync(id: $id) { status } }", json!({ "id": id })).await;
    let found = status(&id).await;
    assert_eq!((&found["status"], &found["statusReason"]), (&json!("PAUSED"), &json!("paused by an administrator")));
    world.data("mutation($id: ID!) { resumeSync(id: $id) { status } }", json!({ "id": id })).await;
    assert_eq!(status(&id).await["status"], "ACTIVE");
    // A new origin: the saved token does not follow.
    let moved =
        "mutation($id: ID!) { updateSync(id: $id, input: { createUsers: { url: \"https://other.test/\" } }) { id } }";
    world.data(moved, json!({ "id": id })).await;
    let found = status(&id).await;
    assert_eq!(found["authentication"]["secretSet"], false);
    assert!(found["statusReason"].as_str().unwrap().contains("the token"), "{found}");
}

#[tokio::test]
async fn a_suspended_sync_says_why_and_until_when() {
    let world = world().await;
    let id = world.sync("CRM").await;
    world.push(&["ada", "bob"]).await;
    let mut logged = world.engine.logged();
    for _ in 0..2 {
        world.crm.answer(401, "");
    }
    let running = world.run();
    logged.recv().await.unwrap();
    world.stop();
    running.await.unwrap();
    let document = "query($id: ID!) { sync(id: $id) { status statusReason heldUntil } }";
    let sync = world.data(document, json!({ "id": id })).await["sync"].clone();
    assert_eq!(sync["status"], "SUSPENDED");
    assert!(sync["statusReason"].is_string() && sync["heldUntil"].is_string(), "{sync}");
    world.clock.advance(Duration::from_secs(24 * 3600));
    let sync = world.data(document, json!({ "id": id })).await["sync"].clone();
    assert_eq!(sync["heldUntil"], Value::Null, "the probe is due");
}

#[tokio::test]
async fn templates_are_told_and_previewed() {
    let world = world().await;
    let data = world
        .data(
            "{ tokens { token description example open operations } templateFilters { name description example } }",
            Value::Null,
        )
        .await;
    let tokens = data["tokens"].as_array().unwrap();
    let named = |name: &str| tokens.iter().find(|token| token["token"] == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(named("person.first_name")["open"], false);
    assert!(!named("unique_id")["operations"].as_array().unwrap().contains(&json!("CREATE")));
    assert!(!data["templateFilters"].as_array().unwrap().is_empty());

    let shown = "method url headers { name value } body unchanged faults { path message line column }";
    let mut input = plain_crm("CRM");
    input["authentication"] = json!({ "bearer": { "token": "very-secret" } });
    input["createUsers"]["headers"] = json!([{ "name": "X-Key", "value": "hidden-value", "secret": true }]);
    let made = world.data(crate::support::CREATE_SYNC, json!({ "input": input })).await;
    let id = made["createSync"]["id"].clone();
    world.push(&["ada"]).await;
    let saved = format!("query($i: SavedRuleInput!) {{ preview(input: {{ saved: $i }}) {{ {shown} }} }}");
    let preview = world.data(&saved, json!({ "i": { "syncId": id, "operation": "CREATE", "personId": "ada" } })).await
        ["preview"]
        .clone();
    assert_eq!(preview["body"], "{\"name\":\"First ada\"}");
    assert_eq!((&preview["faults"], &preview["method"]), (&json!([]), &json!("POST")));
    let text = preview.to_string();
    assert!(!text.contains("very-secret") && !text.contains("hidden-value"), "{text}");
    assert_eq!(text.matches("[redacted]").count(), 2, "{text}");
    let changes = json!({ "createUsers": { "data": "{\"x\": \"{{ person.nope }}\"}" } });
    let preview = world.data(&saved, json!({ "i": { "syncId": id, "operation": "CREATE", "changes": changes } })).await
        ["preview"]
        .clone();
    assert_eq!(preview["faults"][0]["path"], json!(["data"]));
    assert_eq!(preview["faults"][0]["line"], 1);
    // The rest is rendered all the same, whatever is wrong with other rules.
    assert_eq!((&preview["url"], &preview["body"]), (&json!("https://crm.test/contacts"), &Value::Null), "{preview}");
    assert!(preview.to_string().contains("Authorization"), "{preview}");
    let changes = json!({
        "createUsers": { "url": "https://crm.test/{{ nope }}", "headers": [
            { "name": "X-One", "value": "{{ person.id }}" }, { "name": "X-Two", "value": "{{ person.id" },
            { "name": "X-Three", "value": "3" },
        ] },
        "updateUsers": { "method": "PUT", "url": "https://crm.test/{{ nope }}" },
    });
    let asked = json!({ "i": { "syncId": id, "operation": "CREATE", "changes": changes, "personId": "ada" } });
    let preview = world.data(&saved, asked).await["preview"].clone();
    assert_eq!((&preview["url"], &preview["body"]), (&Value::Null, &json!("{\"name\":\"First ada\"}")), "{preview}");
    let paths: Vec<_> = preview["faults"].as_array().unwrap().iter().map(|fault| fault["path"].clone()).collect();
    assert_eq!(paths, [json!(["url"]), json!(["headers", "1", "value"])], "{preview}");
    let names: Vec<_> = preview["headers"].as_array().unwrap().iter().map(|header| header["name"].clone()).collect();
    assert_eq!(
        names,
        ["X-One", "X-Three", "Content-Type", "Authorization", "Idempotency-Key", "User-Agent"],
        "{preview}"
    );
    let bad =
        json!({ "i": { "syncId": id, "operation": "CREATE", "changes": { "createUsers": { "timeoutSeconds": 0 } } } });
    assert_eq!(
        world.faults(&saved, bad).await[0].0,
        json!(["input", "saved", "changes", "createUsers", "timeoutSeconds"])
    );

    let draft = format!("query($i: DraftRuleInput!) {{ preview(input: {{ draft: $i }}) {{ {shown} }} }}");
    let rule = json!({ "method": "POST", "url": "https://crm.test/", "data": "{\"id\": {{ person.id }}}" });
    let preview = world.data(&draft, json!({ "i": { "rule": rule, "operation": "CREATE" } })).await["preview"].clone();
    assert_eq!((&preview["faults"], &preview["unchanged"]), (&json!([]), &Value::Null), "{preview}");
    let faults = world.faults(&draft, json!({ "i": { "rule": rule, "operation": "LOOKUP" } })).await;
    assert_eq!(faults[0].0, json!(["input", "draft", "operation"]));
    let mut late = rule.clone();
    late["timeoutSeconds"] = json!(121);
    let faults = world.faults(&draft, json!({ "i": { "rule": late, "operation": "CREATE" } })).await;
    assert_eq!(faults[0].0, json!(["input", "draft", "rule", "timeoutSeconds"]));
    let faults = world.faults(&draft, json!({ "i": { "rule": rule, "operation": "CREATE", "personId": "" } })).await;
    assert_eq!(faults[0].0, json!(["input", "draft", "personId"]));
    assert!(world.crm.sent.lock().unwrap().is_empty(), "a preview sends nothing");
}

/// What a field that must not be null fails with reaches up to the next field that may be.
#[tokio::test]
async fn a_failing_field_makes_the_next_nullable_one_null() {
    let world = world().await;
    let id = world.sync("CRM").await;
    let document =
        format!("{{ server {{ version }} sync(id: \"{id}\") {{ id links(first: 0) {{ nodes {{ id }} }} }} }}");
    let answer = world.answer(Role::Reader, &document, Value::Null).await;
    assert_eq!(answer.data.into_json().unwrap(), json!({ "server": { "version": "1.2.3" }, "sync": null }));
    let path = serde_json::to_value(&answer.errors[0]).unwrap()["path"].clone();
    assert_eq!(path, json!(["sync", "links"]));
}

#[tokio::test]
async fn what_the_store_says_is_not_sent() {
    let world = world().await;
    for (trouble, code) in [(Trouble::Unavailable, "UNAVAILABLE"), (Trouble::Internal, "INTERNAL")] {
        for (method, document) in [
            ("syncs", "{ syncs { nodes { id } } }"),
            ("syncs_by_ids", "{ sync(id: \"018f0000-0000-7000-8000-000000000000\") { id } }"),
            ("keys", "{ apiKeys { id } }"),
            ("create_sync", "mutation { createSync(input: { friendlyName: \"A\" }) { id } }"),
        ] {
            world.store.trouble(method, trouble, None);
            let error = world.error(document, Value::Null).await;
            assert_eq!(error["extensions"]["code"], code, "{method}");
            assert!(!error.to_string().contains("password"), "{error}");
        }
    }
}

/// A stranger's secrets, in every place where an administrator may put them, are never answered.
#[tokio::test]
async fn secrets_are_never_answered() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    input["authentication"] = json!({ "basic": { "username": "ada", "password": "pass-4711" } });
    input["createUsers"]["headers"] = json!([{ "name": "X-Key", "value": "head-4711", "secret": true }]);
    let made = world.data(crate::support::CREATE_SYNC, json!({ "input": input })).await;
    world.push(&["ada"]).await;
    world.deliver(1).await;
    let document = "query($id: ID!) { sync(id: $id) { statusReason warnings authentication { kind username secretSet }
        createUsers { headers { name value secret } } logs { nodes { message request { url headers { name value } body } } } } }";
    let shown = world.data(document, json!({ "id": made["createSync"]["id"] })).await.to_string();
    assert!(!shown.contains("4711"), "{shown}");
    assert!(!shown.contains("YWRhOnBhc3MtNDcxMQ"), "nor as they are sent: {shown}");
    let sent = format!("{:?}", world.crm.sent.lock().unwrap());
    assert!(!sent.contains("4711"), "nor are they in debugging output");
    assert!(shown.contains("[redacted]"));
}

/// A `Retry-After` of a month counts as a day, and is told alike wherever it is shown.
#[tokio::test]
async fn a_wait_beyond_the_cap_is_the_same_time_everywhere() {
    let world = world().await;
    let id = world.sync("CRM").await;
    world.push(&["ada"]).await;
    *world.crm.headers.lock().unwrap() = vec![("retry-after".to_owned(), "2592000".to_owned())];
    world.crm.answer(429, "slow down");
    let mut logged = world.engine.logged();
    let running = world.run();
    logged.recv().await.unwrap();
    world.stop();
    running.await.unwrap();
    let document = "query($id: ID!) { sync(id: $id) { heldUntil holds { kind until } links { nodes { nextAttemptAt lastDecision } }
        logs { nodes { nextAttemptAt message } } } }";
    let sync = world.data(document, json!({ "id": id })).await["sync"].clone();
    let until = world.clock.now().plus(Duration::from_secs(24 * 3600)).to_string();
    let (link, entry) = (&sync["links"]["nodes"][0], &sync["logs"]["nodes"][0]);
    assert_eq!(sync["heldUntil"], json!(until));
    assert_eq!(sync["holds"], json!([{ "kind": "LIMIT", "until": until }]));
    assert_eq!((&link["nextAttemptAt"], &entry["nextAttemptAt"]), (&json!(until), &json!(until)));
    let said = format!("answered 429: too many requests; nothing of this sync is sent before {until}");
    assert_eq!((&link["lastDecision"], &entry["message"]), (&json!(said), &json!(said)));
}

/// Whether a call was carried out is told as it is, in words and in `carriedOut`.
#[tokio::test]
async fn unavailable_tells_what_became_of_the_call() {
    const NAMED: &str = "mutation Make($name: String!) { createSync(input: { friendlyName: $name }) { id status } }";
    let world = world().await;
    for (method, trouble, carried_out, words) in [
        ("create_sync", Trouble::Unavailable, "NO", "nothing was changed"),
        ("create_sync", Trouble::Lost, "UNKNOWN", "it may have been carried out"),
        // The sync is there, and its status cannot be read.
        ("runtimes", Trouble::Unavailable, "YES", "carried out"),
    ] {
        world.store.trouble(method, trouble, Some(1));
        let error = world.error(NAMED, json!({ "name": method })).await;
        assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error}");
        assert_eq!(error["extensions"]["carriedOut"], carried_out, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        assert!(carried_out == "NO" || !message.contains("nothing was changed"), "{message}");
    }
    let syncs = world.data("{ syncs { nodes { friendlyName } } }", Value::Null).await;
    assert_eq!(syncs["syncs"]["nodes"], json!([{ "friendlyName": "runtimes" }]));
}

/// A record is left as it was, and its person's tombstone goes: the link is listed all the same, with what is known of the person.
#[tokio::test]
async fn links_of_purged_people_are_listed() {
    let world = world().await;
    let id = world.sync("CRM").await;
    let off = "mutation($id: ID!) { updateSync(id: $id, input: { deleteUsers: { enabled: false } }) { id } }";
    world.push(&["ada", "bob"]).await;
    world.deliver(2).await;
    world.data(off, json!({ "id": id })).await;
    world.data("mutation { deletePeople(ids: [\"ada\"]) { deleted } }", Value::Null).await;
    let running = world.run();
    while world.store.purge_tombstones(10).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
    world.stop();
    running.await.unwrap();
    let document = "query($id: ID!) { sync(id: $id) { links { nodes { person { id firstName deletedAt } state } } } }";
    let links = world.data(document, json!({ "id": id })).await["sync"]["links"]["nodes"].clone();
    let mut told: Vec<_> =
        links.as_array().unwrap().iter().map(|link| link["person"]["id"].as_str().unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, ["ada", "bob"]);
    let ada = links.as_array().unwrap().iter().find(|link| link["person"]["id"] == "ada").unwrap();
    assert!(ada["person"]["deletedAt"].is_string() && ada["person"]["firstName"].is_null(), "{ada}");
}
