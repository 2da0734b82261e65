//! What a template means is the edition's that its rule was saved in.

use crate::support::*;
use serde_json::{Value, json};
use sync_core::id::SyncId;
use sync_core::ports::{Clock as _, DirectoryStore as _};
use sync_core::sync::{Edition, Rule};
use uuid::Uuid;

const DATA: &str = r#"{"name": "{{ person.name }}", "left": {{ 10.1 | minus: 2.2 }}}"#;
const WARNINGS: &str = "query($id: ID!) { sync(id: $id) { warnings } }";

/// A sync of a plain CRM as it was saved before there were editions.
async fn saved_before(world: &World) -> String {
    let id = SyncId(Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001));
    let mut sync = testkit::build::sync(world.mine, id, world.clock.now());
    let settings = &mut sync.settings;
    for rule in [&mut settings.create, &mut settings.update, &mut settings.delete].into_iter().flatten() {
        // An older version's document has no word of it.
        let mut document = serde_json::to_value(&*rule).unwrap();
        document.as_object_mut().unwrap().remove("edition");
        *rule = serde_json::from_value::<Rule>(document).unwrap();
        assert_eq!(rule.edition, Edition::First);
    }
    settings.create.as_mut().unwrap().data = Some(DATA.to_owned());
    world.store.create_sync(&sync, false).await.unwrap();
    id.0.to_string()
}

async fn warned(world: &World, id: &str) -> bool {
    let shown = world.data(WARNINGS, json!({ "id": id })).await;
    shown.to_string().contains("createUsers.data: this template keeps what it meant when it was saved")
}

/// Whether a create of a person was sent with this in it.
fn carried(world: &World, person: &str, said: &str) -> bool {
    let sent = world.crm.sent.lock().unwrap();
    let bodies = sent.iter().filter_map(|request| request.body.as_ref()).map(|body| String::from_utf8_lossy(body));
    bodies.into_iter().any(|body| body.contains(person) && body.contains(&format!("\"left\":{said}}}")))
}

#[tokio::test]
async fn a_rule_that_was_saved_before_goes_on_as_it_was_until_its_templates_are_edited() {
    let world = world().await;
    let id = saved_before(&world).await;
    assert!(warned(&world, &id).await);
    world.push(&["ada"]).await;
    world.deliver(1).await;
    assert!(carried(&world, "ada", "7.8999999999999995"), "as it was");

    let update = "mutation($id: ID!, $rule: RuleInput!) { updateSync(id: $id, input: { createUsers: $rule }) { id } }";
    let edit = async |rule: Value| world.data(update, json!({ "id": id, "rule": rule })).await;
    edit(json!({ "timeoutSeconds": 7, "data": DATA })).await;
    assert!(warned(&world, &id).await, "the same template given again");
    edit(json!({ "data": format!("{DATA} ") })).await;
    assert!(!warned(&world, &id).await, "edited, it means what it says today");
    world.push(&["grace"]).await;
    // An edit makes ada's record owed an update, too.
    world.deliver(2).await;
    assert!(carried(&world, "grace", "7.9"));
}

#[tokio::test]
async fn what_cannot_be_meant_as_there_is_refused_at_its_place() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    input["createUsers"]["data"] = "{\n{% if '2' > 1 %}\"a\": 1{% endif %}}".into();
    let error = world.error(CREATE_SYNC, json!({ "input": input })).await;
    let field = &error["extensions"]["fields"][0];
    assert_eq!((&field["line"], &field["column"]), (&json!(2), &json!(1)), "{error}");
    assert_eq!(field["path"], json!(["input", "createUsers", "data"]));

    let mut input = plain_crm("CRM");
    input["createUsers"]["format"] = "XML".into();
    input["createUsers"]["data"] = "<a>\n{{ person.name }}<b></a>".into();
    let error = world.error(CREATE_SYNC, json!({ "input": input })).await;
    let field = &error["extensions"]["fields"][0];
    assert_eq!((&field["line"], &field["column"]), (&json!(2), &json!(21)), "{error}");
    assert_eq!(field["path"], json!(["input", "createUsers", "data"]));
}

#[tokio::test]
async fn a_token_between_quotes_in_a_query_is_warned_of() {
    let world = world().await;
    let mut input = plain_crm("CRM");
    let lookup = |filter: &str| json!({ "url": format!("https://crm.test/contacts?$filter=email%20eq%20'{{{{ person.email{filter} }}}}'"), "path": "$.value[*].id" });
    for (filter, told) in [("", true), (" | odata", false)] {
        input["lookup"] = lookup(filter);
        let made = world.data(CREATE_SYNC, json!({ "input": input })).await;
        let shown = world.data(WARNINGS, json!({ "id": made["createSync"]["id"] })).await.to_string();
        assert_eq!(shown.contains("lookup.url: this token stands between quotes in a query"), told, "{shown}");
    }
}
