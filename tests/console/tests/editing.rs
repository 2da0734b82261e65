//! A sync is set up over its tabs: saving, what is refused, and what is not saved yet.

use console_tests::page::Role;
use console_tests::{Browser, Stage, browse};
use serde_json::json;

/// What is said to be wrong with a code field.
async fn fault_of(page: &Browser, field: &str) -> String {
    let script = r#"return document.querySelector(`[data-testid="${arguments[0]}"] .field-error`)?.innerText"#;
    page.until(&format!("{field} is said to be wrong"), script, json!([field])).await.as_str().unwrap().to_owned()
}

/// Waits until the focus is in a field that is marked as wrong.
async fn is_in_wrong_field(page: &Browser, label: &str) {
    let script = "const at = document.activeElement; return at.getAttribute('aria-invalid') === 'true' && at.labels[0].textContent === arguments[0]";
    page.until(&format!("the focus is in the wrong field {label}"), script, json!([label])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_tabs_are_filled_in_refused_mended_and_saved() {
    let stage = Stage::start().await;
    stage.sync("CRM", json!({})).await;
    let crm = stage.crm.url();
    browse("editing", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/").await;
        page.click(Role::Button, "Add sync").await;
        page.click(Role::MenuItem, "Webhook").await;
        page.find(Role::Heading, "New Webhook Sync").await;
        page.fill("Friendly name", "Contacts").await;
        page.fill_code("createUsers.url", &format!("{crm}/contacts")).await;
        page.click(Role::Button, "Start from an example").await;
        assert!(page.code_text("createUsers.data").await.contains(r#""email": "{{ person.email }}""#));
        // Faults are shown as one types, at their place.
        page.fill_code("createUsers.data", "{\n  \"name\": \"{{ person.nam }}\"\n}").await;
        assert!(fault_of(page, "createUsers.data").await.contains("person.name"), "the nearest known name is offered");
        // Three values on two tabs, told at once: one is led to the first, and the other tab is marked.
        page.fill("Friendly name", "").await;
        page.click(Role::Tab, "Limits").await;
        page.fill("Requests at a time", "0").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Not saved: 3 values are wrong.").await;
        is_in_wrong_field(page, "Friendly name").await;
        let limits = page.find(Role::Tab, "Limits").await.text().await.unwrap();
        assert!(limits.contains("has an error"), "{limits}");
        page.fill("Friendly name", "Contacts").await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Not saved: 2 values are wrong.").await;
        // A template is refused at its place, and the focus goes into its editor.
        assert!(fault_of(page, "createUsers.data").await.contains("person.name"));
        let within = "return document.activeElement.dataset.field === 'createUsers.data'";
        page.until("the focus is in the editor", within, json!([])).await;
        page.fill_code("createUsers.data", r#"{ "external_id": "{{ person.id }}", "name": "{{ person.name }}" }"#)
            .await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Not saved: one value is wrong.").await;
        is_in_wrong_field(page, "Requests at a time").await;
        page.fill("Requests at a time", "4").await;
        page.click(Role::Tab, "Update Users").await;
        page.click(Role::Field, "Update people in this system").await;
        page.fill_code("updateUsers.url", &format!("{crm}/contacts/{{{{ unique_id }}}}")).await;
        page.fill_code("updateUsers.data", r#"{ "name": "{{ person.name }}" }"#).await;
        page.click(Role::Tab, "Delete Users").await;
        page.click(Role::Field, "Delete people in this system").await;
        page.fill_code("deleteUsers.url", &format!("{crm}/contacts/{{{{ unique_id }}}}")).await;
        page.click(Role::Button, "Save sync").await;
        page.sees("Saved.").await;
        page.find(Role::Heading, "Contacts").await;
    })
    .await;
    let query = "{ syncs { nodes { friendlyName uniqueId { path } limits { maxConcurrency }
        createUsers { method url data } updateUsers { enabled url data } deleteUsers { enabled method url } } } }";
    let saved = stage.api.ok(query, json!({})).await["syncs"]["nodes"][0].clone();
    assert_eq!(saved["friendlyName"], "Contacts");
    assert_eq!(saved["limits"]["maxConcurrency"], 4);
    assert_eq!(saved["createUsers"]["url"], format!("{crm}/contacts"));
    assert_eq!(saved["createUsers"]["data"], r#"{ "external_id": "{{ person.id }}", "name": "{{ person.name }}" }"#);
    assert_eq!(saved["updateUsers"]["url"], format!("{crm}/contacts/{{{{ unique_id }}}}"));
    assert_eq!(saved["deleteUsers"]["enabled"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_saved_is_guarded_and_a_sync_is_paused_resynced_and_deleted() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({})).await;
    stage.push(json!([{ "id": "1", "firstName": "Ada" }, { "id": "2", "firstName": "Grace" }])).await;
    stage.linked(&sync, 2).await;
    browse("guarded", &stage.server.url, async |page| {
        let own = format!("/syncs/{sync}/create");
        page.open_as(stage.key(), "/").await;
        page.click(Role::Link, "CRM").await;
        page.fill("Friendly name", "Renamed").await;
        page.click(Role::Link, "People").await;
        page.sees("Leave without saving?").await;
        page.click(Role::Button, "Stay here").await;
        page.is_at(&own).await;
        page.driver().back().await.unwrap();
        page.sees("Leave without saving?").await;
        page.click(Role::Button, "Stay here").await;
        page.is_at(&own).await;
        page.sees("Unsaved changes in Create Users").await;
        page.click(Role::Link, "People").await;
        page.click(Role::Button, "Discard changes and leave").await;
        page.is_at("/people").await;

        page.open(&own).await;
        page.click(Role::Field, "SSL verification").await;
        page.sees("The certificate is not checked").await;
        page.click(Role::Button, "Discard changes").await;
        page.click(Role::Button, "Pause sync").await;
        page.find(Role::Button, "Resume sync").await;
        page.sees("Paused").await;
        page.click(Role::Button, "Resume sync").await;
        page.find(Role::Button, "Pause sync").await;
        page.click(Role::Button, "More to do with this sync").await;
        page.click(Role::MenuItem, "Resync people …").await;
        page.sees("Everybody").await;
        page.click_on("dialog[open] input[value=ALL]").await;
        page.click(Role::Field, "Send even what is unchanged").await;
        page.click(Role::Button, "Resync 2 people").await;
        page.sees("2 people marked as owed.").await;
        page.click(Role::Button, "More to do with this sync").await;
        page.click(Role::MenuItem, "Delete sync …").await;
        page.sees("to delete it").await;
        assert!(!page.has(Role::Button, "Delete sync").await, "it asks for the name first");
        page.fill("Type the name of the sync, CRM, to delete it", "CRM").await;
        page.click(Role::Button, "Delete sync").await;
        page.is_at("/").await;
        page.sees("Welcome to crm-sync").await;
    })
    .await;
}
