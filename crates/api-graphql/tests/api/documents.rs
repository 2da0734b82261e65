//! Documents that never run, and what they may cost.

use crate::support::{World, world};
use serde_json::{Value, json};
use std::fmt::Write;
use sync_core::key::Role;

async fn code(world: &World, document: &str, variables: Value) -> Value {
    let answer = world.answer(Role::Admin, document, variables).await;
    assert!(!answer.errors.is_empty(), "{document} was not refused");
    let codes = answer.errors.iter().map(|error| serde_json::to_value(error).unwrap()["extensions"]["code"].clone());
    let codes: std::collections::BTreeSet<String> = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
    Value::String(codes.into_iter().collect::<Vec<_>>().join(" "))
}

#[tokio::test]
async fn what_cannot_be_parsed_is_told_so() {
    let world = world().await;
    for document in ["", "{", "query { syncs( }", "{ a b \u{0} }", "subscription"] {
        assert_eq!(code(&world, document, json!({})).await, "GRAPHQL_PARSE_FAILED", "{document}");
    }
}

#[tokio::test]
async fn what_does_not_fit_the_schema_is_told_so() {
    let world = world().await;
    let documents = [
        ("{ nothing }", json!({})),
        ("{ syncs { nodes { nothing } } }", json!({})),
        ("{ sync { id } }", json!({})),
        ("{ syncs(first: \"ten\") { nodes { id } } }", json!({})),
        ("query($n: Int) { syncs(first: $n) { nodes { id } } }", json!({ "n": "ten" })),
        ("query($id: ID!) { sync(id: $id) { id } }", json!({})),
        ("query($id: ID!) { sync(id: $id) { id } }", json!({ "id": null })),
        ("mutation { upsertPeople(input: [{ id: \"1\", nickname: \"A\" }]) { id } }", json!({})),
        (
            "mutation($p: [PersonInput!]!) { upsertPeople(input: $p) { id } }",
            json!({ "p": [{ "id": "1", "nickname": "A" }] }),
        ),
        ("mutation { resync(syncId: 1, scope: SOME) { marked } }", json!({})),
        ("{ logs(filter: { since: 5 }) { nodes { id } } }", json!({})),
        ("{ preview(input: {}) { url } }", json!({})),
        ("query A { server { version } } query B { server { version } }", json!({})),
    ];
    for (document, variables) in documents {
        assert_eq!(code(&world, document, variables).await, "GRAPHQL_VALIDATION_FAILED", "{document}");
    }
}

#[tokio::test]
async fn an_unknown_person_field_is_named() {
    let world = world().await;
    let document = "mutation($p: [PersonInput!]!) { upsertPeople(input: $p) { id } }";
    let error = world.error(document, json!({ "p": [{ "id": "1" }, { "id": "2", "nickname": "A" }] })).await;
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("nickname") && message.contains("PersonInput"), "{message}");
}

#[tokio::test]
async fn an_int_out_of_range_is_bad_input() {
    let world = world().await;
    let mut input = crate::support::plain_crm("CRM");
    input["createUsers"]["timeoutSeconds"] = json!(99_999_999_999_i64);
    let faults = world.faults(crate::support::CREATE_SYNC, json!({ "input": input })).await;
    assert_eq!(faults[0].0, json!(["input", "createUsers", "timeoutSeconds"]));
    assert!(faults[0].1.contains("give a whole number from"), "{faults:?}");
}

/// `depth` links deep: a link's person's links.
fn deep(depth: usize) -> String {
    let mut document = "{ people(first: 1) { nodes { ".to_owned();
    document.push_str(&"links { person { ".repeat(depth));
    document.push_str("id ");
    document.push_str(&"} } ".repeat(depth));
    document + "} } }"
}

/// Fragments that each spread the next one ten times.
fn fan_out(levels: usize) -> String {
    let mut document = "{ people { nodes { ...f0 } } }".to_owned();
    for level in 0..levels {
        write!(document, " fragment f{level} on Person {{ {} }}", format!("...f{} ", level + 1).repeat(10)).unwrap();
    }
    write!(document, " fragment f{levels} on Person {{ id }}").unwrap();
    document
}

#[tokio::test]
async fn bombs_are_refused_before_anything_is_read() {
    let world = world().await;
    let wide = "{ syncs(first: 1000) { nodes { links(first: 1000) { nodes { id } } } } }".to_owned();
    let three = "{ syncs { nodes { links { nodes { person { changes { nodes { version } } } } } } } }".to_owned();
    let absurd = "{ people(first: 2147483647) { nodes { logs(first: 2147483647) { nodes { id } } } } }".to_owned();
    let aliases = (0..1100).fold("{ ".to_owned(), |text, n| text + &format!("a{n}: server {{ version }} ")) + "}";
    let many = format!("{{ server {{ {} }} }}", "version ".repeat(20_000));
    let cycle = "{ people { nodes { ...a } } } fragment a on Person { ...b ...b } fragment b on Person { ...a ...a }";
    let directives = format!("{{ server {} {{ version }} }}", "@include(if: true) ".repeat(9));
    let lists = format!("{{ people(search: {}{}) {{ nodes {{ id }} }} }}", "[".repeat(50_000), "]".repeat(50_000));
    let bombs =
        [lists, deep(11), deep(200), fan_out(25), wide, three, absurd, aliases, many, cycle.to_owned(), directives];
    for bomb in bombs {
        let shown: String = bomb.chars().take(80).collect();
        let found = code(&world, &bomb, json!({})).await;
        assert!(found == "TOO_COMPLEX" || found == "GRAPHQL_PARSE_FAILED", "{shown}: {found}");
    }
    assert_eq!(world.store.take_calls(), [""; 0]);
}

/// What costs too much through a variable costs too much.
#[tokio::test]
async fn a_variable_counts_as_what_it_holds() {
    let world = world().await;
    let document = "query($n: Int) { people(first: $n) { nodes { logs(first: $n) { nodes { id } } } } }";
    assert_eq!(code(&world, document, json!({ "n": 1000 })).await, "TOO_COMPLEX");
    world.data(document, json!({ "n": 50 })).await;
    world.data(document, json!({})).await;
}

#[tokio::test]
async fn what_the_console_asks_is_allowed() {
    let world = world().await;
    let entry = "id at syncId personId personVersion operation outcome failure message uniqueId attempt durationMs \
                 nextAttemptAt request { method url headers { name value } body bodyTruncated } \
                 response { status headers { name value } body bodyTruncated } \
                 sync { id friendlyName status } person { id name email deletedAt }";
    world
        .data(
            &format!("{{ logs(first: 1000) {{ pageInfo {{ endCursor }} edges {{ cursor node {{ {entry} }} }} }} }}"),
            json!({}),
        )
        .await;
    let nested = "{ syncs(first: 100) { nodes { id friendlyName status statusReason links(first: 100) { nodes { id \
                  state owed uniqueId parkedReason person { id name } } } } } }";
    world.data(nested, json!({})).await;
}

/// The query that clients read schemas with, as graphql-js sends it.
#[tokio::test]
async fn the_standard_introspection_query_is_answered() {
    let world = world().await;
    let of_type = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind \
                   name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";
    let document = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name kind }} mutationType {{ name kind }} \
         subscriptionType {{ name kind }} types {{ ...FullType }} directives {{ name description locations \
         args(includeDeprecated: true) {{ ...InputValue }} }} }} }} \
         fragment FullType on __Type {{ kind name description isOneOf specifiedByURL fields(includeDeprecated: true) {{ \
         name description args(includeDeprecated: true) {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated \
         deprecationReason }} inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }} \
         enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ \
         ...TypeRef }} }} \
         fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated \
         deprecationReason }} fragment TypeRef on __Type {{ {of_type} }}"
    );
    let data = world.data(&document, json!({})).await;
    let types = data["__schema"]["types"].as_array().unwrap();
    assert!(types.iter().any(|ty| ty["name"] == "DateTime" && ty["specifiedByURL"].is_string()));
}

#[tokio::test]
async fn a_document_from_a_query_string_gets_a_code_too() {
    let fault = async_graphql::Request::new("{").parsed_query().unwrap_err();
    let answer = api_graphql::coded(async_graphql::Response::from_errors(vec![fault]));
    let error = serde_json::to_value(&answer.errors[0]).unwrap();
    assert_eq!(error["extensions"]["code"], "GRAPHQL_PARSE_FAILED");
}

/// The library's parser follows brackets on the stack, without a bound of its own.
#[tokio::test]
async fn deep_nesting_is_refused_before_it_is_parsed() {
    let world = world().await;
    let list = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let upsert =
        |custom: &str| format!("mutation {{ upsertPeople(input: [{{ id: 1, custom: {{ a: {custom} }} }}]) {{ id }} }}");
    world.data(&upsert(&list(80)), json!({})).await;
    let object = format!("{}1{}", "{a:".repeat(50_000), "}".repeat(50_000));
    let unclosed = "[".repeat(100_000);
    let fields = "{a".repeat(100_000);
    let ty = format!("query($a: {}) {{ server {{ version }} }}", "[".repeat(50_000));
    let bombs =
        [upsert(&list(150)), upsert(&list(50_000)), upsert(&object), unclosed, fields, ty, "{a(".repeat(50_000)];
    // Behind a block string that is not closed, which is two strings to the parser.
    let unclosed_block = format!("{{ people(search: [\"\"\"a\"{}", "[".repeat(50_000));
    for bomb in bombs.into_iter().chain([unclosed_block]) {
        assert_eq!(code(&world, &bomb, json!({})).await, "TOO_COMPLEX", "{bomb:.60}");
        assert!(api_graphql::parsed(&mut async_graphql::Request::new(bomb)).is_err());
    }
    // Brackets in texts and comments nest nothing.
    let brackets = "[".repeat(500);
    for text in [format!("\"{brackets}\\\"{brackets}\""), format!("\"\"\"{brackets}\\\"\"\" \" {brackets}\"\"\"")] {
        world.data(&upsert(&format!("{text} # {brackets}\n")), json!({})).await;
    }
    let quotes = format!("{{ people(search: \"{}\n{}", "\\\"".repeat(200_000), "[".repeat(100_000));
    assert_eq!(
        code(&world, &quotes, json!({})).await,
        "GRAPHQL_PARSE_FAILED",
        "nothing behind an open string is parsed"
    );
    // JSON is bounded by its own parser; what it lets through can be held and read back.
    let mut custom = json!({ "a": 1 });
    for _ in 0..110 {
        custom = json!({ "a": custom });
    }
    let document = "mutation($c: JSON) { upsertPeople(input: [{ id: 2, custom: $c }]) { id } }";
    world.data(document, json!({ "c": custom })).await;
    assert_eq!(world.data("{ person(id: 2) { custom } }", json!({})).await["person"]["custom"], custom);
}
