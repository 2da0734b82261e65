//! crm-sync within a plain Rust program: an embedded database, a mock CRM, no server and no GraphQL.
//!
//! `cargo run --release -p examples --example embedded`

use anyhow::{Context, Result, ensure};
use dispatch_http::HttpDispatcher;
use mock_crm::{MockCrm, MockCrmOptions};
use std::sync::Arc;
use std::time::Duration;
use store_sqlite::SqliteStore;
use sync_core::id::PersonId;
use sync_core::patch::{RulePatch, SyncPatch};
use sync_core::person::{Patch, PersonPatch};
use sync_core::ports::{MaintenanceStore, Store};
use sync_core::sync::{Method, UniqueIdSource};
use sync_engine::{Engine, SecretKey, Vault};
use template_liquid::LiquidTemplates;
use tokio::sync::watch;

#[tokio::main]
async fn main() -> Result<()> {
    let crm = MockCrm::start(MockCrmOptions::default()).await?;

    // 1. Put the engine together: a store, a way to send, templates, and a key for secrets at rest.
    let store = SqliteStore::temporary(store_sqlite::Options::default())?;
    store.migrate().await?;
    let store: Arc<dyn Store> = Arc::new(store);
    let http = HttpDispatcher::new(dispatch_http::Options {
        allow_networks: vec!["127.0.0.1/32".parse()?],
        ..dispatch_http::Options::default()
    })?;
    let vault = Vault::new(SecretKey::generate(), []);
    let (engine, runner) = Engine::builder(store, Arc::new(http), Arc::new(LiquidTemplates::new()), vault).build();
    engine.bootstrap(None).await?;
    let account = engine.store().accounts().await?.first().context("bootstrap makes an account")?.id;

    // 2. Run it beside the rest of your program. Where it ends with an error, it cannot go on: end the process, or build another.
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(runner.run(stopped));

    // 3. Describe a sync.
    let scope = engine.account(account);
    let data = r#"{ "external_id": "{{ person.id }}", "name": "{{ person.name }}", "email": "{{ person.email }}" }"#;
    let rule = |method, path: &str| RulePatch {
        method: Patch::Set(method),
        url: Patch::Set(format!("{}{path}", crm.url())),
        data: Patch::Set(data.to_owned()),
        ..RulePatch::default()
    };
    let sync = scope
        .create_sync(
            &SyncPatch {
                friendly_name: Patch::Set("My CRM".to_owned()),
                unique_id: Patch::Set(UniqueIdSource::Path("$.id".to_owned())),
                create: Patch::Set(rule(Method::Post, "/contacts")),
                update: Patch::Set(rule(Method::Put, "/contacts/{{ unique_id }}")),
                delete: Patch::Set(RulePatch {
                    data: Patch::Clear,
                    ..rule(Method::Delete, "/contacts/{{ unique_id }}")
                }),
                ..SyncPatch::default()
            },
            false,
        )
        .await?;

    // 4. Push people: when this returns, the changes survive a crash, and the engine sends them.
    let person = |id: &str, first: &str, last: &str| -> Result<PersonPatch> {
        Ok(PersonPatch {
            first_name: Patch::Set(first.to_owned()),
            last_name: Patch::Set(last.to_owned()),
            emails: Patch::Set(vec![format!("{}@example.test", first.to_lowercase())]),
            ..PersonPatch::new(PersonId::new(id)?)
        })
    };
    scope.upsert_people(vec![person("1", "Ada", "Lovelace")?, person("2", "Grace", "Hopper")?]).await?;
    scope.upsert_people(vec![person("2", "Grace", "Murray Hopper")?]).await?;
    scope.delete_people(vec![PersonId::new("1")?]).await?;

    // 5. Wait until the CRM has caught up.
    loop {
        let runtimes = engine.store().runtimes(account, &[sync.id]).await?;
        if runtimes.first().is_some_and(|(_, runtime)| runtime.counts.owed == 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let records = crm.records();
    for record in &records {
        println!("the CRM holds {record}");
    }
    ensure!(records.len() == 1 && records[0]["name"] == "Grace Murray Hopper", "the CRM holds the directory");

    // 6. Stop: what is in flight is finished first.
    stop.send_replace(true);
    running.await??;
    crm.stop().await;
    Ok(())
}
