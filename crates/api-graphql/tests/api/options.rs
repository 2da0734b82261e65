//! Wrong, missing and contradictory values of what a sync can be told beside its three requests (`docs/options.md`), one row for
//! each kind: refused with its code, at its field, with words that name the mend.

use crate::support::{CREATE_SYNC, World, plain_crm, world};
use serde_json::{Value, json};
use sync_core::key::Role;

/// A value that is none of its type: the library's own refusal, which names the place in its words.
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const INPUT: &str = "BAD_USER_INPUT";
const CONFLICT: &str = "CONFLICT";

/// Where the faulty value stands, the value, the code, the places of its faults ("" where the code has none), and words of the
/// message.
type Row = (&'static str, Value, &'static str, &'static str, &'static str);

fn lookup(extra: Value) -> Value {
    let mut lookup = json!({ "url": "https://crm.test/search?q={{ person.id }}", "path": "$[*].id" });
    lookup.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    lookup
}

fn empty_when(value: Value) -> Value {
    lookup(json!({ "emptyWhen": value }))
}

fn equals(path: &str, value: &str) -> Value {
    empty_when(json!({ "equals": { "path": path, "value": value } }))
}

/// Of a new sync.
fn options() -> Vec<Row> {
    let status = |status: Value| empty_when(json!({ "status": status }));
    let settle = |seconds: Value| lookup(json!({ "settleSeconds": seconds }));
    let limits = |requests: Value| json!({ "requestsPerDay": requests });
    vec![
        (
            "/pages",
            json!("MAYBE"),
            INVALID,
            "",
            "\"input.pages\", enumeration type \"Pages\" does not contain the value \"MAYBE\"; give one of REFUSE, ACCEPT",
        ),
        ("/pages", json!("accept"), INVALID, "", "give one of REFUSE, ACCEPT"),
        ("/pages", json!(5), INVALID, "", "\"input.pages\", expected type \"Pages\""),
        ("/createUsers/onExisting", json!("ADOPT"), INPUT, "createUsers/onExisting", "set up the lookup, or use PARK"),
        ("/createUsers/onExisting", json!("TAKE"), INVALID, "", "give one of PARK, ADOPT"),
        ("/updateUsers/onExisting", json!("PARK"), INPUT, "updateUsers/onExisting", "createUsers only; leave it out"),
        ("/deleteUsers/onExisting", json!("ADOPT"), INPUT, "deleteUsers/onExisting", "createUsers only; leave it out"),
        (
            "/lookup",
            lookup(json!({ "onExisting": "ADOPT" })),
            INVALID,
            "",
            "unknown field \"onExisting\" of type \"LookupRuleInput\"; its fields are method, url",
        ),
        (
            "/updateUsers/onMissing",
            json!("LOOKUP"),
            INPUT,
            "updateUsers/onMissing",
            "set up the lookup, or use PARK or RECREATE",
        ),
        ("/updateUsers/onMissing", json!("FIND"), INVALID, "", "give one of PARK, RECREATE, LOOKUP"),
        ("/updateUsers/onMissng", json!("PARK"), INVALID, "", "of type \"RuleInput\"; did you mean onMissing?"),
        ("/createUsers/onMissing", json!("LOOKUP"), INPUT, "createUsers/onMissing", "updateUsers only; leave it out"),
        ("/deleteUsers/onMissing", json!("LOOKUP"), INPUT, "deleteUsers/onMissing", "updateUsers only; leave it out"),
        ("/deleteUsers/adopted", json!("MAYBE"), INVALID, "", "give one of KEEP, DELETE"),
        ("/deleteUsers/adopted", json!(true), INVALID, "", "\"input.deleteUsers.adopted\", expected type"),
        ("/createUsers/adopted", json!("DELETE"), INPUT, "createUsers/adopted", "deleteUsers only; leave it out"),
        ("/updateUsers/adopted", json!("KEEP"), INPUT, "updateUsers/adopted", "deleteUsers only; leave it out"),
        ("/lookup", lookup(json!({ "when": "SOMETIMES" })), INVALID, "", "give one of UNCERTAIN, EXISTING, ALWAYS"),
        ("/lookup", lookup(json!({ "when": ["ALWAYS"] })), INVALID, "", "\"input.lookup.when\", expected type"),
        (
            "/lookup",
            empty_when(json!({})),
            INVALID,
            "",
            "\"input.lookup.emptyWhen\", give exactly one of status, equals",
        ),
        (
            "/lookup",
            empty_when(json!({ "status": null })),
            INVALID,
            "",
            "\"input.lookup.emptyWhen\", give exactly one of status, equals",
        ),
        (
            "/lookup",
            empty_when(json!({ "status": 404, "equals": { "path": "$.total", "value": "0" } })),
            INVALID,
            "",
            "give exactly one of status, equals",
        ),
        (
            "/lookup",
            empty_when(json!(404)),
            INPUT,
            "lookup/emptyWhen",
            "is no object; give one with exactly one of status, equals",
        ),
        ("/lookup", status(json!(-1)), INPUT, "lookup/emptyWhen/status", "200 to 499, such as 404 or 204"),
        ("/lookup", status(json!(199)), INPUT, "lookup/emptyWhen/status", "200 to 499"),
        ("/lookup", status(json!(500)), INPUT, "lookup/emptyWhen/status", "200 to 499"),
        ("/lookup", status(json!(70_000)), INPUT, "lookup/emptyWhen/status", "200 to 499"),
        ("/lookup", status(json!(401)), INPUT, "lookup/emptyWhen/status", "none of 401, 403 and 429"),
        ("/lookup", status(json!(403)), INPUT, "lookup/emptyWhen/status", "none of 401, 403 and 429"),
        ("/lookup", status(json!(429)), INPUT, "lookup/emptyWhen/status", "none of 401, 403 and 429"),
        ("/lookup", status(json!("404")), INVALID, "", "\"input.lookup.emptyWhen.status\", expected type \"Int\""),
        ("/lookup", equals("total", "0"), INPUT, "lookup/emptyWhen/equals/path", "write $.total instead"),
        ("/lookup", equals("", "0"), INPUT, "lookup/emptyWhen/equals/path", "write a JSONPath such as"),
        ("/lookup", equals("$.total", "none"), INPUT, "lookup/emptyWhen/equals/value", r#"in quotes: "\"none\"""#),
        ("/lookup", equals("$.total", "[]"), INPUT, "lookup/emptyWhen/equals/value", "give one, such as 0"),
        ("/lookup", equals("$.total", ""), INPUT, "lookup/emptyWhen/equals/value", "give one, such as 0"),
        ("/lookup", equals("total", "none"), INPUT, "lookup/emptyWhen/equals/path lookup/emptyWhen/equals/value", ""),
        (
            "/lookup",
            empty_when(json!({ "equals": { "path": "$.total" } })),
            INVALID,
            "",
            "field \"value\" of type \"String!\" is required",
        ),
        ("/lookup", settle(json!(-1)), INPUT, "lookup/settleSeconds", "give 0 to 3600 seconds"),
        ("/lookup", settle(json!(3601)), INPUT, "lookup/settleSeconds", "give 0 to 3600 seconds"),
        ("/lookup", settle(json!(1.5)), INVALID, "", "\"input.lookup.settleSeconds\", expected type \"Int\""),
        ("/lookup", settle(json!(99_999_999_999_i64)), INPUT, "lookup/settleSeconds", "give a whole number from"),
        (
            "/lookup",
            lookup(json!({ "url": "https://crm.test/search?q=ann" })),
            INPUT,
            "lookup/url",
            "put {{ person.id }} or {{ person.email }} into the URL or the data",
        ),
        ("/uniqueId", json!({ "template": "x" }), INPUT, "uniqueId/template", "write {{ person.id }} into it"),
        ("/followUniqueId", json!("yes"), INVALID, "", "\"input.followUniqueId\", expected type \"Boolean\""),
        ("/limits", limits(json!(0)), INPUT, "limits/requestsPerDay", "give 1 to 1000000000, or null"),
        ("/limits", limits(json!(-5)), INPUT, "limits/requestsPerDay", "give 1 to 1000000000, or null"),
        ("/limits", limits(json!(1_000_000_001)), INPUT, "limits/requestsPerDay", "give 1 to 1000000000, or null"),
        (
            "/limits",
            limits(json!(5_000_000_000_i64)),
            INPUT,
            "limits/requestsPerDay",
            "give a whole number from 1 to 1,000,000,000",
        ),
        (
            "/limits",
            limits(json!("9")),
            INVALID,
            "",
            "\"input.limits.requestsPerDay\", expected type \"Int\"; give a whole number from 1 to 1,000,000,000",
        ),
        (
            "/limits",
            json!({ "requestsPerDay": 0, "requestsPerSecond": -1.0, "maxConcurrency": 999 }),
            INPUT,
            "limits/maxConcurrency limits/requestsPerSecond limits/requestsPerDay",
            "",
        ),
        (
            "/limits",
            json!({ "headerNames": ["X-Reset"] }),
            INVALID,
            "",
            "; its fields are maxConcurrency, requestsPerSecond, requestsPerDay",
        ),
        ("/limits", json!(9), INPUT, "limits", "is no object; give one with members such as maxConcurrency"),
        ("/createUsers/format", json!("xml"), INVALID, "", "give one of JSON, FORM, TEXT, NONE, XML"),
        (
            "/createUsers/headers",
            json!([{ "name": "X-Api-Key", "valueSet": true }]),
            INVALID,
            "",
            "unknown field \"valueSet\" of type \"HeaderInput\"; its fields are name, value, secret",
        ),
        ("/createUsers/headers", json!([{ "name": "X-Api-Key" }]), INPUT, "createUsers/headers/0/value", "is missing"),
        ("/uniqueId", json!({ "template": "{{ person.email }}" }), INPUT, "uniqueId/template", "set followUniqueId"),
    ]
}

/// The places of an error's faults, as paths joined by slashes without the argument's name, and all that it says.
fn told(error: &Value, argument: &str) -> (String, String) {
    let fields = error["extensions"]["fields"].as_array().cloned().unwrap_or_default();
    let place = |field: &Value| {
        let parts = field["path"].as_array().unwrap().iter();
        let parts: Vec<_> = parts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
        let path = parts.join("/");
        path.strip_prefix(&format!("{argument}/")).unwrap_or(&path).to_owned()
    };
    let places = fields.iter().map(place).collect::<Vec<_>>().join(" ");
    let messages = fields.iter().map(|field| field["message"].as_str().unwrap().to_owned());
    let words = messages.chain([error["message"].as_str().unwrap().to_owned()]).collect::<Vec<_>>().join("\n");
    (places, words)
}

async fn is_refused(
    world: &World,
    document: &str,
    variables: Value,
    argument: &str,
    (what, value, code, places, words): Row,
) {
    let answer = world.answer(Role::Admin, document, variables).await;
    assert_eq!(answer.errors.len(), 1, "{what} {value}: {answer:?}");
    let error = serde_json::to_value(&answer.errors[0]).unwrap();
    assert_eq!(error["extensions"]["code"], code, "{what} {value}: {error}");
    let (found, said) = told(&error, argument);
    assert_eq!(found, places, "{what} {value}: {error}");
    assert!(said.contains(words), "{what} {value}: {said}");
}

#[tokio::test]
async fn wrong_options_of_a_new_sync_are_refused_at_their_fields() {
    let world = world().await;
    for row in options() {
        let mut input = plain_crm("CRM");
        let (parent, field) = row.0.rsplit_once('/').unwrap();
        input.pointer_mut(parent).unwrap()[field] = row.1.clone();
        is_refused(&world, CREATE_SYNC, json!({ "input": input }), "input", row).await;
    }
    assert_eq!(world.data("{ syncs { nodes { id } } }", Value::Null).await["syncs"]["nodes"], json!([]));
}

/// The same words in a saved sync, in a preview and in a test.
#[tokio::test]
async fn wrong_options_of_a_saved_sync_are_refused_at_their_fields() {
    let world = world().await;
    let id = world.sync("CRM").await;
    let update = "mutation($id: ID!, $v: SyncPatch!) { updateSync(id: $id, input: $v) { id } }";
    let preview = "query($id: ID!, $v: SyncPatch!) {
        preview(input: { saved: { syncId: $id, operation: CREATE, changes: $v } }) { url } }";
    let test = "mutation($id: ID!, $v: SyncPatch!) { testSync(input: { syncId: $id, operation: CREATE, changes: $v }) { error } }";
    let rows: [Row; 12] = [
        (
            "onMissing",
            json!({ "updateUsers": { "onMissing": "LOOKUP" } }),
            INPUT,
            "updateUsers/onMissing",
            "set up the lookup",
        ),
        (
            "onExisting",
            json!({ "createUsers": { "onExisting": "ADOPT" } }),
            INPUT,
            "createUsers/onExisting",
            "set up the lookup",
        ),
        ("pages", json!({ "pages": "X" }), INVALID, "", "give one of REFUSE, ACCEPT"),
        (
            "when",
            json!({ "lookup": { "when": "ALWAYS" } }),
            INPUT,
            "lookup/url lookup/path",
            "write a JSONPath such as",
        ),
        (
            "emptyWhen",
            json!({ "lookup": { "emptyWhen": { "status": 404 } } }),
            INPUT,
            "lookup/url lookup/path",
            "is missing",
        ),
        (
            "emptyWhen",
            json!({ "lookup": { "emptyWhen": { "status": 9 } } }),
            INPUT,
            "lookup/url lookup/path lookup/emptyWhen/status",
            "",
        ),
        (
            "settleSeconds",
            json!({ "lookup": { "settleSeconds": -1 } }),
            INPUT,
            "lookup/url lookup/path lookup/settleSeconds",
            "",
        ),
        (
            "followUniqueId",
            json!({ "followUniqueId": true, "updateUsers": null, "uniqueId": null }),
            INPUT,
            "followUniqueId followUniqueId",
            "set up updateUsers, or use false",
        ),
        (
            "followUniqueId",
            json!({ "followUniqueId": true, "uniqueId": null }),
            INPUT,
            "followUniqueId",
            "say where it is in uniqueId",
        ),
        (
            "options of other rules",
            json!({ "deleteUsers": { "adopted": "KEEP", "onMissing": "PARK", "onExisting": "PARK" } }),
            INPUT,
            "deleteUsers/onMissing deleteUsers/onExisting",
            "leave it out here",
        ),
        ("requestsPerDay", json!({ "limits": { "requestsPerDay": 0 } }), INPUT, "limits/requestsPerDay", "or null"),
        (
            "all at once",
            json!({ "limits": { "requestsPerDay": 0 }, "createUsers": { "onExisting": "ADOPT" }, "updateUsers": { "onMissing": "LOOKUP" },
                "uniqueId": { "path": "id" } }),
            INPUT,
            "uniqueId/path limits/requestsPerDay createUsers/onExisting updateUsers/onMissing",
            "",
        ),
    ];
    for row in rows {
        let variables = || json!({ "id": id, "v": row.1 });
        is_refused(&world, update, variables(), "input", row.clone()).await;
        // Of what only says when or how often something is sent, a preview shows the same fault.
        is_refused(&world, preview, variables(), "input/saved/changes", row.clone()).await;
        is_refused(&world, test, variables(), "input/changes", row.clone()).await;
    }
    // What else needs it goes with it, or stays.
    let lookup = json!({ "lookup": { "url": "https://crm.test/{{ person.id }}", "path": "$[*].id" }, "updateUsers": { "onMissing": "LOOKUP" } });
    world.data(update, json!({ "id": id, "v": lookup })).await;
    let row = ("lookup", json!({ "lookup": null }), INPUT, "updateUsers/onMissing", "set up the lookup, or use PARK");
    is_refused(&world, update, json!({ "id": id, "v": row.1 }), "input", row).await;
}

/// A draft has no lookup around it: what would need one is not looked at, the rest is.
#[tokio::test]
async fn a_draft_is_previewed_whatever_it_does_with_a_lookup() {
    let world = world().await;
    let preview = "query($v: PreviewInput!) { preview(input: $v) { url faults { message } } }";
    for (operation, option) in
        [("CREATE", json!({ "onExisting": "ADOPT" })), ("UPDATE", json!({ "onMissing": "LOOKUP" }))]
    {
        let mut rule = json!({ "method": "POST", "url": "https://crm.test/{{ person.id }}" });
        rule.as_object_mut().unwrap().extend(option.as_object().unwrap().clone());
        let draft = json!({ "draft": { "operation": operation, "rule": rule } });
        let shown = world.data(preview, json!({ "v": draft })).await["preview"].clone();
        assert!(shown["url"].is_string() && shown["faults"] == json!([]), "{shown}");
        let mut wrong = draft.clone();
        wrong["draft"]["rule"]["adopted"] = json!("KEEP");
        let row = ("draft", wrong, INPUT, "rule/adopted", "leave it out");
        is_refused(&world, preview, json!({ "v": row.1 }), "input/draft", row).await;
    }
}

/// What an administrator does: the arguments of `retry`, `releaseHold` and `forgetLinks`.
#[tokio::test]
async fn wrong_arguments_of_what_an_administrator_does_are_refused_at_their_places() {
    let world = world().await;
    let id = world.sync("CRM").await;
    let retry = "mutation($f: RetryFilter!, $c: Boolean, $e: Int) { retry(filter: $f, createAgain: $c, expected: $e) { marked } }";
    let release =
        "mutation($s: ID!, $k: HoldKind!, $r: Int) { releaseHold(syncId: $s, kind: $k, ifRevision: $r) { id } }";
    let forget = "mutation($s: ID!, $e: Int!) { forgetLinks(syncId: $s, expected: $e) { forgotten } }";
    let of_sync = json!({ "syncId": id });
    let rows: Vec<(&str, Row)> = vec![
        (
            retry,
            (
                "createAgain",
                json!({ "f": {}, "c": true }),
                INPUT,
                "filter expected",
                "createAgain needs syncId, personIds or parkedCodes",
            ),
        ),
        (
            retry,
            (
                "createAgain",
                json!({ "f": of_sync, "c": true }),
                INPUT,
                "expected",
                "give the number of links that createAgain is meant for",
            ),
        ),
        (retry, ("createAgain", json!({ "f": {}, "c": true, "e": 0 }), INPUT, "filter", "createAgain needs syncId")),
        (retry, ("createAgain", json!({ "f": of_sync, "c": true, "e": -1 }), INPUT, "expected", "0 or more")),
        (
            retry,
            (
                "createAgain",
                json!({ "f": of_sync, "c": true, "e": 5 }),
                CONFLICT,
                "",
                "0 uncertain or unaddressable links, not 5",
            ),
        ),
        (retry, ("createAgain", json!({ "f": { "syncId": "x" }, "c": true, "e": 5 }), "NOT_FOUND", "", "no such sync")),
        (
            retry,
            (
                "createAgain",
                json!({ "f": of_sync, "c": "yes" }),
                INVALID,
                "",
                "\"createAgain\", expected type \"Boolean\"",
            ),
        ),
        (
            retry,
            (
                "expected",
                json!({ "f": of_sync, "e": 5 }),
                INPUT,
                "expected",
                "belongs to createAgain only; leave it out",
            ),
        ),
        (retry, ("expected", json!({ "f": of_sync, "c": false, "e": 5 }), INPUT, "expected", "createAgain only")),
        (
            retry,
            (
                "expected",
                json!({ "f": of_sync, "c": true, "e": 5_000_000_000_i64 }),
                INPUT,
                "expected",
                "give a whole number from",
            ),
        ),
        (
            retry,
            (
                "parkedCodes",
                json!({ "f": { "parkedCodes": [] } }),
                INPUT,
                "filter/parkedCodes",
                "give at least one reason, or leave it out",
            ),
        ),
        (
            retry,
            ("parkedCodes", json!({ "f": { "parkedCodes": ["NOPE"] } }), INVALID, "", "give one of REFUSED, TEMPLATE"),
        ),
        (
            retry,
            (
                "all at once",
                json!({ "f": { "personIds": ["fine", ""], "parkedCodes": [] }, "e": 1 }),
                INPUT,
                "filter/parkedCodes expected filter/personIds/1",
                "",
            ),
        ),
        (retry, ("the filter", json!({ "f": { "reasons": ["REFUSED"] } }), INVALID, "", "unknown field \"reasons\"")),
        (
            release,
            (
                "kind",
                json!({ "s": id, "k": "ALL" }),
                INVALID,
                "",
                "give one of LIMIT, DAILY_LIMIT, ALIKE, MISSING_DELETES",
            ),
        ),
        (
            release,
            ("kind", json!({ "s": id }), INVALID, "", "Variable \"$k\" of type \"HoldKind!\" is missing; give it"),
        ),
        (release, ("ifRevision", json!({ "s": id, "k": "ALIKE", "r": 7 }), CONFLICT, "", "Read it again")),
        (release, ("syncId", json!({ "s": "x", "k": "ALIKE" }), "NOT_FOUND", "", "no such sync")),
        (forget, ("expected", json!({ "s": id }), INVALID, "", "Variable \"$e\" of type \"Int!\" is missing; give it")),
        (forget, ("expected", json!({ "s": id, "e": -1 }), INPUT, "expected", "0 or more")),
        (forget, ("expected", json!({ "s": id, "e": 1.5 }), INVALID, "", "\"expected\", expected type \"Int\"")),
        (forget, ("the sync", json!({ "s": id, "e": 0 }), CONFLICT, "", "not paused: pause it")),
        (forget, ("syncId", json!({ "s": "x", "e": 0 }), "NOT_FOUND", "", "no such sync")),
    ];
    for (document, row) in rows {
        is_refused(&world, document, row.1.clone(), "", row).await;
    }
    world.data("mutation($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": id })).await;
    let row = ("expected", json!({ "s": id, "e": 3 }), CONFLICT, "", "0 links of the sync are not UNLINKED");
    is_refused(&world, forget, row.1.clone(), "", row).await;
}

/// The same in a document's own text, deep in it, and where a variable stands for a part only.
#[tokio::test]
async fn values_that_are_none_of_their_type_are_told_at_their_place_wherever_they_stand() {
    let world = world().await;
    let id = world.sync("CRM").await;
    let limits = "mutation($l: LimitsInput) { createSync(input: { friendlyName: \"x\", limits: $l }) { id } }";
    let literal = "mutation { createSync(input: { friendlyName: \"x\", limits: { requestsPerDay: 5000000000 }, lookup: { url: \"https://crm.test/\",
        path: \"$.id\", settleSeconds: -99999999999, emptyWhen: 7 } }) { id } }";
    let deep = "query($id: ID!, $n: Int) { sync(id: $id) { ...Found } } fragment Found on Sync { links(first: $n) { nodes { id } } }";
    let rows: [(&str, Value, &str); 3] = [
        (limits, json!({ "l": { "requestsPerDay": 5_000_000_000_i64 } }), "input/limits/requestsPerDay"),
        (literal, json!({}), "input/limits/requestsPerDay input/lookup/settleSeconds input/lookup/emptyWhen"),
        (deep, json!({ "id": id, "n": 3_000_000_000_i64 }), "first"),
    ];
    for (document, variables, places) in rows {
        is_refused(&world, document, variables, "", (document, Value::Null, INPUT, places, "")).await;
    }
}

/// What is allowed and may still be meant otherwise.
#[tokio::test]
async fn options_that_come_to_nothing_or_to_a_second_record_are_warned_of() {
    const SECOND: &str = "A lookup rule that searches by {{ person.id }} is asked first";
    const FOLLOWS_NOTHING: &str = "the unique id is to be read from updates, but Update Users is off";
    const ADOPTS_IDLY: &str = "a record that exists already is to be linked and updated, but Update Users is off";
    const READS: &str = "Create Users sends a GET";
    const DROPS_DATA: &str = "createUsers.data is not sent, since its format is NONE";
    const ALL_THE_SAME: &str = "Create Users says nothing of the person";
    const KEEPS_ID: &str = "Create Users does not hand it over";
    let world = world().await;
    let by_email = json!({ "url": "https://crm.test/search?email={{ person.email }}" });
    let off = json!({ "enabled": false });
    let chosen = json!({ "template": "crm-{{ person.id }}" });
    let create = |changes: Value| json!({ "createUsers": changes, "uniqueId": chosen });
    for (changes, wanted) in [
        (json!({}), vec![]),
        (json!({ "createUsers": { "method": "GET" } }), vec![READS]),
        (json!({ "createUsers": { "format": "NONE" } }), vec![DROPS_DATA, ALL_THE_SAME]),
        (json!({ "createUsers": { "data": "{\"a\": 1}" } }), vec![ALL_THE_SAME]),
        (create(json!({ "data": "{\"a\": {{ person.first_name }}}" })), vec![KEEPS_ID]),
        (create(json!({ "data": "{\"id\": \"crm-{{ person.id }}\"}" })), vec![]),
        (create(json!({ "method": "PUT", "url": "https://crm.test/contacts/crm-{{ person.id }}" })), vec![]),
        (json!({ "followUniqueId": true, "lookup": lookup(json!({})) }), vec![]),
        (json!({ "followUniqueId": true }), vec![SECOND]),
        (json!({ "followUniqueId": true, "lookup": lookup(by_email) }), vec![SECOND]),
        (json!({ "followUniqueId": true, "updateUsers": off }), vec![FOLLOWS_NOTHING]),
        (
            json!({ "createUsers": { "onExisting": "ADOPT" }, "lookup": lookup(json!({})), "updateUsers": off }),
            vec![ADOPTS_IDLY],
        ),
    ] {
        let mut input = plain_crm("CRM");
        for (field, value) in changes.as_object().unwrap() {
            match (&mut input[field], value) {
                (Value::Object(before), Value::Object(value)) if field != "uniqueId" => before.extend(value.clone()),
                (before, value) => *before = value.clone(),
            }
        }
        let made = world.data(CREATE_SYNC, json!({ "input": input })).await;
        let document = "query($id: ID!) { sync(id: $id) { warnings } }";
        let shown = world.data(document, json!({ "id": made["createSync"]["id"] })).await.to_string();
        for words in [SECOND, FOLLOWS_NOTHING, ADOPTS_IDLY, READS, DROPS_DATA, ALL_THE_SAME, KEEPS_ID] {
            assert_eq!(shown.contains(words), wanted.contains(&words), "{changes}: {shown}");
        }
    }
}
