//! Numbers of people keep their digits: as literals, in variables, in answers and in what is sent. Cases
//! `number_beyond_64_bits_rounded`.

use crate::support::{World, plain_crm, world};
use api_graphql::{Caller, give_out, take_in};
use async_graphql::{Request, Variables};
use serde_json::{Value, json};
use sync_core::key::Role;

/// What goes in, and has to come out.
const CUSTOM: &str = concat!(
    r#"{"iccid":89014103211118510720,"long":123456789012345678901234567890,"price":1.10,"large":1E+5,"zero":-0,"#,
    r#""list":[0.1,2.50,{"deep":1e-300}],"held":18446744073709551615,"text":"89014103211118510720"}"#
);

/// The answer to a document and its variables, both as they come over a wire: JSON text.
async fn answer(world: &World, document: &str, variables: &str) -> String {
    let variables: Value = serde_json::from_slice(&take_in(variables.as_bytes())).unwrap();
    let caller = Caller::new(crate::support::key(world.mine, Role::Admin));
    let request = Request::new(document).variables(Variables::from_json(variables)).data(caller);
    give_out(serde_json::to_string(&world.schema.execute(request).await).unwrap())
}

async fn held(world: &World) -> String {
    answer(world, r#"{ person(id: "1") { custom } }"#, "{}").await
}

/// Members without quotation marks, as a literal has them.
fn literal(json: &str) -> String {
    let value: Value = serde_json::from_slice(&take_in(json.as_bytes())).unwrap();
    let mut text = json.to_owned();
    let mut names = vec!["deep".to_owned()];
    names.extend(value.as_object().unwrap().keys().cloned());
    for name in names {
        text = text.replace(&format!("\"{name}\":"), &format!("{name}: "));
    }
    text
}

#[tokio::test]
async fn digits_come_back_whichever_way_they_came() {
    let expected = format!(r#"{{"data":{{"person":{{"custom":{CUSTOM}}}}}}}"#);
    let literal = literal(CUSTOM);
    let ways = [
        (format!("mutation {{ upsertPeople(input: {{ id: 1, custom: {literal} }}) {{ id }} }}"), "{}".to_owned()),
        (
            "mutation($p: [PersonInput!]!) { upsertPeople(input: $p) { id } }".to_owned(),
            format!(r#"{{"p": [{{"id": 1, "custom": {CUSTOM}}}]}}"#),
        ),
        (
            "mutation($c: JSON) { upsertPeople(input: { id: 1, custom: $c }) { id } }".to_owned(),
            format!(r#"{{"c": {CUSTOM}}}"#),
        ),
        (
            format!("mutation($c: JSON = {literal}) {{ upsertPeople(input: {{ id: 1, custom: $c }}) {{ id }} }}"),
            "{}".to_owned(),
        ),
        (
            format!(
                "mutation other {{ upsertPeople(input: {{ id: 2, custom: {{ other: 9.90 }} }}) {{ id }} }} \
                 mutation wanted {{ upsertPeople(input: {{ id: 1, custom: {literal} }}) {{ ...P }} }} \
                 fragment P on UpsertedPerson {{ id }}"
            ),
            "wanted".to_owned(),
        ),
    ];
    for (document, variables) in ways {
        let world = world().await;
        let answer = if variables == "wanted" {
            let caller = Caller::new(crate::support::key(world.mine, Role::Admin));
            let request = Request::new(&document).operation_name("wanted").data(caller);
            serde_json::to_string(&world.schema.execute(request).await).unwrap()
        } else {
            self::answer(&world, &document, &variables).await
        };
        assert_eq!(answer, r#"{"data":{"upsertPeople":[{"id":"1"}]}}"#, "{document}");
        assert_eq!(held(&world).await, expected, "{document}");
    }
}

#[tokio::test]
async fn digits_are_sent() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    input["createUsers"]["data"] = json!("{\"sim\": {{ person.custom.iccid }}, \"all\": {{ person.custom }}}");
    world.data(crate::support::CREATE_SYNC, json!({ "input": input })).await;
    let push =
        r"mutation { upsertPeople(input: [{ id: 1, custom: { iccid: 89014103211118510720, price: 1.10 } }]) { id } }";
    answer(&world, push, "{}").await;
    world.deliver(1).await;
    let sent = world.crm.sent.lock().unwrap()[0].body.clone().unwrap();
    let expected = r#"{"sim":89014103211118510720,"all":{"iccid":89014103211118510720,"price":1.10}}"#;
    assert_eq!(std::str::from_utf8(&sent).unwrap(), expected);
    let shown = answer(&world, "{ logs { nodes { person { custom } } } }", "{}").await;
    assert!(shown.contains(r#"{"custom":{"iccid":89014103211118510720,"price":1.10}}"#), "{shown}");
}

#[tokio::test]
async fn numbers_beyond_their_bounds_are_refused_at_their_place() {
    let world = world().await;
    let long = "7".repeat(101);
    let push = "mutation($p: [PersonInput!]!) { upsertPeople(input: $p) { id } }";
    let variables = format!(r#"{{"p": [{{"id": 1}}, {{"id": 2, "custom": {{"a": [1, {long}], "b": 1e309}}}}]}}"#);
    let literal = format!(
        "mutation {{ upsertPeople(input: [{{ id: 1 }}, {{ id: 2, custom: {{ a: [1, {long}], b: 1e309 }} }}]) {{ id }} }}"
    );
    for told in [answer(&world, push, &variables).await, answer(&world, &literal, "{}").await] {
        let told: Value = serde_json::from_str(&told).unwrap();
        let extensions = &told["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "BAD_USER_INPUT", "{told}");
        let fields = json!([
            { "path": ["input", 1, "custom", "a", 1], "message": "is a number of 101 digits, more than 100; write it as a string" },
            { "path": ["input", 1, "custom", "b"], "message": "is a number whose exponent is beyond 308; write it as a string" },
        ]);
        assert_eq!(extensions["fields"], fields);
    }
    let contact = "mutation { upsertPeople(input: { id: 1, contact: { sms: 12345678901234567890123 } }) { id } }";
    let told: Value = serde_json::from_str(&answer(&world, contact, "{}").await).unwrap();
    let expected = json!([{ "path": ["input", 0, "contact", "sms"], "message": "must be text, but is a number; write the address as a string" }]);
    assert_eq!(told["errors"][0]["extensions"]["fields"], expected);
}

/// Where a number is no part of any JSON, it is what it was: no text gets in for a number, and none for a text.
#[tokio::test]
async fn elsewhere_numbers_are_what_they_were() {
    let world = world().await;
    let sync = "mutation($i: SyncInput!) { createSync(input: $i) { limits { requestsPerSecond } } }";
    let mut input = plain_crm("CRM");
    input["limits"] = json!({ "requestsPerSecond": 0 });
    let input = input.to_string().replace("\"requestsPerSecond\":0", "\"requestsPerSecond\":2.50");
    let made = answer(&world, sync, &format!(r#"{{"i": {input}}}"#)).await;
    assert_eq!(made, r#"{"data":{"createSync":{"limits":{"requestsPerSecond":2.5}}}}"#);

    let push = "mutation($n: String) { upsertPeople(input: { id: 1, firstName: $n }) { id } }";
    let told = answer(&world, push, r#"{"n": 1.10}"#).await;
    assert!(told.contains("GRAPHQL_VALIDATION_FAILED") && told.contains("String"), "{told}");
    let told = answer(&world, "mutation { upsertPeople(input: { id: 1, firstName: 1.10 }) { id } }", "{}").await;
    assert!(told.contains("String"), "{told}");
    let told = answer(&world, push, r#"{"n": 1e400}"#).await;
    assert!(told.contains("BAD_USER_INPUT") && told.contains("$n") && told.contains("1e400"), "{told}");
    let told = answer(&world, "{\n  people(first: 1e400) { nodes { id } } }", "{}").await;
    assert!(
        told.contains("GRAPHQL_PARSE_FAILED") && told.contains(r#""locations":[{"line":2,"column":17}]"#),
        "{told}"
    );
    let named = answer(
        &world,
        "mutation { upsertPeople(input: { id: 1, firstName: \"1.10\", custom: {a: 1.10, a: 2} }) { id } }",
        "{}",
    )
    .await;
    assert!(named.contains("given twice"), "{named}");
}

/// What a fault says of a place in a document is not moved by the numbers before it.
#[tokio::test]
async fn places_in_documents_are_those_of_the_text() {
    let world = world().await;
    let document =
        "mutation { a: upsertPeople(input: { id: 1, custom: { a: 89014103211118510720 } }) { id } b: nothing }";
    let told: Value = serde_json::from_str(&answer(&world, document, "{}").await).unwrap();
    let column = document.find("b: nothing").unwrap() + 1;
    assert_eq!(told["errors"][0]["locations"], json!([{ "line": 1, "column": column }]), "{told}");
}

/// What looks like a number's mark inside is a text.
#[tokio::test]
async fn a_text_that_begins_as_a_number_is_kept_stays_a_text() {
    let world = world().await;
    let custom =
        "{\"a\":\"\u{FDD0}1.10\",\"b\":[\"\u{FDD0}\u{FDD0}\",\"\u{FDD0}0123456789abcdef0123456789abcdef:1.10\"]}";
    let push = "mutation($p: PersonInput!) { upsertPeople(input: [$p]) { id } }";
    answer(&world, push, &format!(r#"{{"p": {{"id": 1, "firstName": "{0}1.10", "custom": {custom}}}}}"#, '\u{FDD0}'))
        .await;
    assert_eq!(held(&world).await, format!(r#"{{"data":{{"person":{{"custom":{custom}}}}}}}"#));
    let name = answer(&world, r#"{ person(id: "1") { firstName } }"#, "{}").await;
    assert_eq!(name, "{\"data\":{\"person\":{\"firstName\":\"\u{FDD0}1.10\"}}}");
}
