//! One process works on a database file; what that means for the file, and for what is left when a store is dropped.

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store_sqlite::{Options, SqliteStore};
use sync_core::claim::{Call, RecordRequest};
use sync_core::id::{AccountId, KeyId};
use sync_core::key::{Account, Role};
use sync_core::plan::later::MARKS_MAX;
use sync_core::ports::{DirectoryStore, KeyStore, MaintenanceStore, StoreError, WorkStore};
use sync_core::time::Timestamp;
use testkit::build;
use uuid::Uuid;

const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));

/// A directory of its own.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("store-sqlite-hold-{}", Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("crm-sync.db")
    }

    fn open(&self) -> SqliteStore {
        open(&self.file())
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, Options::default()).unwrap()
}

/// Makes the account, once, and people.
async fn push(store: &SqliteStore, people: usize) {
    let account = Account { id: ACCOUNT, name: "one".to_owned() };
    let key = build::key(ACCOUNT, KeyId(Uuid::from_u128(2)), Role::Admin, Timestamp::from_micros(0));
    store.create_first_account(&account, &key).await.unwrap();
    let patches = (0..people).map(|n| build::patch(&format!("p{n}"), "Ada")).collect();
    let calls = vec![Call::Upsert(patches)];
    let request =
        RecordRequest { account: ACCOUNT, calls, hand_off: None, marks_max: MARKS_MAX, policy: Arc::default() };
    store.record_changes(request).await.unwrap();
}

/// Two processes would end each other's leases, and send what the other sends.
#[tokio::test]
async fn a_second_one_is_refused_and_told_who_is_there() {
    let place = Place::new();
    let first = place.open();
    first.migrate().await.unwrap();
    assert_eq!(first.holder().await.unwrap(), None);
    first.hold("the first program").await.unwrap();
    first.hold("it again").await.unwrap();
    first.end_stale_leases().await.unwrap();
    let second = place.open();
    second.ready().await.expect("looking at it is allowed");
    push(&second, 3).await;
    for refused in [second.hold("the second program").await, second.end_stale_leases().await.map(drop)] {
        let StoreError::Held(by) = refused.expect_err("the first one works on it") else { panic!("not held") };
        let pid = format!("process {}", std::process::id());
        for part in ["crm-sync.db", "`the first program`", pid.as_str(), "since 2"] {
            assert!(by.contains(part), "{part}: {by}");
        }
    }
    assert!(second.holder().await.unwrap().unwrap().starts_with("`the first program`, process "));
    drop(first);
    second.hold("the second program").await.expect("the first one is gone");
    assert!(place.open().holder().await.unwrap().unwrap().starts_with("`the second program`"));
}

#[cfg(unix)]
#[tokio::test]
async fn it_is_the_same_file_by_another_name() {
    let place = Place::new();
    let first = place.open();
    first.hold("one").await.unwrap();
    let link = place.0.join("link.db");
    std::os::unix::fs::symlink(place.file(), &link).unwrap();
    let second = open(&link);
    assert!(matches!(second.hold("two").await, Err(StoreError::Held(_))));
    // By a way around.
    std::fs::create_dir(place.0.join("sub")).unwrap();
    let third = open(&place.0.join("sub/../crm-sync.db"));
    assert!(matches!(third.hold("three").await, Err(StoreError::Held(_))));
}

/// What stands in the file is for people: the kernel's lock decides.
#[tokio::test]
async fn what_a_dead_process_left_holds_nothing() {
    for left in ["pid 1\npurpose a server that was killed\n", "", "\u{0}\u{1}rubbish", "pid\n"] {
        // A place each: a store lets go of its lock only once its threads have ended.
        let place = Place::new();
        let lock = place.0.join("crm-sync.db-lock");
        std::fs::write(&lock, left).unwrap();
        let store = place.open();
        assert_eq!(store.holder().await.unwrap(), None, "{left:?}");
        store.hold("the next one").await.unwrap();
        assert!(place.open().holder().await.unwrap().unwrap().starts_with("`the next one`"));
        // Somebody writes over it meanwhile.
        std::fs::write(&lock, left).unwrap();
        assert!(place.open().holder().await.unwrap().is_some(), "{left:?}");
    }
}

/// The tables of a server that runs do not change under it.
#[tokio::test]
async fn the_schema_is_not_changed_beside_a_server() {
    let place = Place::new();
    let server = place.open();
    server.hold("a server").await.unwrap();
    let error = place.open().migrate().await.expect_err("it is not current");
    assert!(matches!(&error, StoreError::Held(by) if by.contains("a server")), "{error:?}");
    server.migrate().await.expect("its own it changes");
    place.open().migrate().await.expect("nothing is to be done");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_only_where_that_is_asked_for() {
    let place = Place::new();
    let options = Options { make: false, ..Options::default() };
    let error = SqliteStore::open(&place.file(), options.clone()).expect_err("there is none");
    assert!(format!("{error:?}").contains("crm-sync.db"), "{error:?}");
    assert_eq!(place.files(), [""; 0]);
    drop(place.open());
    SqliteStore::open(&place.file(), options).expect("there is one");
}

#[tokio::test]
async fn after_a_checkpoint_the_file_alone_is_complete() {
    let (place, copy) = (Place::new(), Place::new());
    let store = place.open();
    store.migrate().await.unwrap();
    push(&store, 300).await;
    store.checkpoint().await.unwrap();
    assert_eq!(std::fs::metadata(place.0.join("crm-sync.db-wal")).unwrap().len(), 0);
    std::fs::copy(place.file(), copy.file()).unwrap();
    assert_eq!(copy.open().people_count(ACCOUNT).await.unwrap(), 300);
    push(&store, 301).await;
    store.checkpoint().await.expect("it may be done again");
}

/// A process beside that reads keeps the log from being emptied: that is told, and nothing is lost.
#[tokio::test]
async fn a_checkpoint_that_a_reader_is_in_the_way_of_is_told() {
    let place = Place::new();
    let store = place.open();
    store.migrate().await.unwrap();
    push(&store, 3).await;
    let mut reader = SqliteConnection::establish(place.file().to_str().unwrap()).unwrap();
    reader.batch_execute("BEGIN; SELECT count(*) FROM people").unwrap();
    push(&store, 4).await;
    let error = store.checkpoint().await.expect_err("somebody reads what was");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    drop(reader);
    store.checkpoint().await.unwrap();
    assert_eq!(store.people_count(ACCOUNT).await.unwrap(), 4);
}

/// Threads, connections, lock: the last connection takes the log away with it, and that of the writer comes after the last
/// write that was asked for.
#[tokio::test]
async fn a_dropped_store_leaves_nothing_open() {
    let place = Place::new();
    let store = place.open();
    store.migrate().await.unwrap();
    store.hold("one").await.unwrap();
    push(&store, 10).await;
    assert_eq!(store.people_count(ACCOUNT).await.unwrap(), 10);
    drop(store);
    // It waits a moment for threads that end just now.
    let next = place.open();
    next.hold("two").await.unwrap();
    drop(next);
    let gone = SqliteStore::open(&place.file(), Options { make: false, ..Options::default() }).unwrap();
    gone.hold("three").await.unwrap();
    assert_eq!(gone.people_count(ACCOUNT).await.unwrap(), 10);
}
