//! An engine within another program, whose runner is cut off: its tasks, threads, connections and lock end with it. Alone in
//! this binary, since it looks at all of the process.
#![cfg(target_os = "linux")]

use dispatch_http::HttpDispatcher;
use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::{Database, eventually};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store_sqlite::{Options, SqliteStore};
use sync_core::id::PersonId;
use sync_core::patch::{RulePatch, SyncPatch};
use sync_core::person::{Patch, PersonPatch};
use sync_core::ports::{MaintenanceStore, Store, StoreError};
use sync_core::sync::Method;
use sync_engine::{Engine, Runner, SecretKey, Vault};
use template_liquid::LiquidTemplates;

async fn build(file: &Path) -> (Engine, Runner) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(file, Options::default()).unwrap());
    store.migrate().await.unwrap();
    let options = dispatch_http::Options {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..dispatch_http::Options::default()
    };
    let http = Arc::new(HttpDispatcher::new(options).unwrap());
    let vault = Vault::new(SecretKey::generate(), []);
    Engine::builder(store, http, Arc::new(LiquidTemplates::new()), vault).build()
}

/// Files of this process that lie in a directory.
fn open_files(directory: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    open.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|file| file.starts_with(directory))).count()
}

/// Threads of stores.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    tasks.filter_map(name).filter(|name| name.starts_with("sqlite-")).count()
}

async fn nothing_is_left(directory: &Path) {
    eventually("files are closed", Duration::from_secs(10), || async { open_files(directory) == 0 }).await;
    eventually("threads end", Duration::from_secs(10), || async { threads() == 0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outlives_it() {
    let database = Database::sqlite();
    let file = database.directory.join("test.db");

    // Built, and never run.
    let (engine, runner) = build(&file).await;
    assert!(open_files(&database.directory) > 0 && threads() > 0);
    drop((engine, runner));
    nothing_is_left(&database.directory).await;

    // Cut off while it takes changes in, sends, and waits for an answer that never comes.
    let (engine, runner) = build(&file).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(runner.run(stopped));
    engine.bootstrap(None).await.unwrap();
    let account = engine.store().accounts().await.unwrap()[0].id;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let scope = engine.account(account);
    let create = RulePatch {
        method: Patch::Set(Method::Post),
        url: Patch::Set(format!("{}/fault/hang/contacts", crm.url())),
        timeout_seconds: Patch::Set(120),
        ..RulePatch::default()
    };
    let sync =
        SyncPatch { friendly_name: Patch::Set("CRM".to_owned()), create: Patch::Set(create), ..SyncPatch::default() };
    scope.create_sync(&sync, false).await.unwrap();
    scope.upsert_people(vec![PersonPatch::new(PersonId::new("ada").unwrap())]).await.unwrap();
    eventually("it is sent", Duration::from_secs(10), || async { crm.stats().total == 1 }).await;
    let other = SqliteStore::open(&file, Options::default()).unwrap();
    assert!(matches!(other.hold("another").await, Err(StoreError::Held(_))));
    let pushing = tokio::spawn(async move {
        for n in 0.. {
            let people = vec![PersonPatch::new(PersonId::new(format!("p{n}")).unwrap())];
            if scope.upsert_people(people).await.is_err() {
                break;
            }
        }
    });
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    pushing.await.unwrap();
    // `stop` is there yet: it is not what ended it.
    drop((engine, stop));
    other.hold("another").await.expect("the lock is free");
    drop(other);
    nothing_is_left(&database.directory).await;
}
