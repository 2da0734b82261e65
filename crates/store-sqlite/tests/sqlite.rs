//! What only this store has: a file, a writer's thread, a schema that refuses what no correct program writes.

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store_sqlite::{Durability, Options, SqliteStore};
use sync_core::claim::{Call, ClaimRequest, RecordRequest};
use sync_core::id::AccountId;
use sync_core::key::{Account, Role};
use sync_core::link::LinkState;
use sync_core::log::LogFilter;
use sync_core::page::PageRequest;
use sync_core::ports::{
    DirectoryStore, KeyStore, LinkFilter, LogStore, MaintenanceStore, PeopleFilter, StoreError, WorkStore,
};
use sync_core::sync::SyncConfig;
use sync_core::transition::{SettleResult, Settlement};
use testkit::build;
use testkit::clock::ManualClock;
use testkit::random::SeededRandom;
use testkit::reply::{Reply, Sender};

/// A directory of its own with a database file in it.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("store-sqlite-test-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("crm-sync.db")
    }

    fn open(&self) -> SqliteStore {
        let options = Options { clock: Some(Arc::new(ManualClock::default())), ..Options::default() };
        SqliteStore::open(&self.file(), options).unwrap()
    }

    /// Runs SQL beside the store.
    fn sql(&self, text: &str) -> Result<(), diesel::result::Error> {
        let mut connection = SqliteConnection::establish(self.file().to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000;").unwrap();
        connection.batch_execute(text)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

struct Setting {
    random: SeededRandom,
    account: AccountId,
    sync: SyncConfig,
}

/// An account with a sync.
async fn furnish(store: &SqliteStore) -> Setting {
    store.migrate().await.unwrap();
    let random = SeededRandom::new(3);
    let account = Account { id: random.account(), name: "one".to_owned() };
    let now = store.now().await.unwrap();
    let key = build::key(account.id, random.key(), Role::Admin, now);
    assert!(store.create_first_account(&account, &key).await.unwrap());
    let mut sync = build::sync(account.id, random.sync(), now);
    sync.settings.limits.max_concurrency = 100;
    store.create_sync(&sync, false).await.unwrap();
    Setting { random, account: account.id, sync }
}

fn upsert(setting: &Setting, people: &[&str]) -> RecordRequest {
    let patches = people.iter().map(|id| build::patch(id, "Name")).collect();
    RecordRequest {
        account: setting.account,
        calls: vec![Call::Upsert(patches)],
        hand_off: None,
        marks_max: sync_core::plan::later::MARKS_MAX,
        policy: Arc::default(),
    }
}

/// Claims what is due and makes settlements of creates that were accepted.
async fn accept(store: &SqliteStore, setting: &Setting) -> Vec<Settlement> {
    let request = ClaimRequest { token: setting.random.token(), links_max: 100, policy: Arc::default() };
    let policy = Arc::clone(&request.policy);
    let claimed = store.claim(request).await.unwrap();
    let now = store.now().await.unwrap();
    let settle = |leased: &sync_core::claim::Leased| {
        let sender = Sender { sync: &setting.sync, policy: &policy, now, log: setting.random.log() };
        sender.settlement(leased, &Reply::Created(format!("crm-{}", leased.link.id.person)))
    };
    claimed.leased.iter().map(settle).collect()
}

async fn linked(store: &SqliteStore, setting: &Setting) -> Vec<String> {
    let page = PageRequest::first(100);
    let links = store.links(setting.account, setting.sync.id, &LinkFilter::default(), page).await.unwrap();
    let linked = links.items.iter().filter(|link| matches!(link.state, LinkState::Linked(_)));
    linked.map(|link| link.id.person.to_string()).collect()
}

async fn log(store: &SqliteStore, setting: &Setting) -> Vec<String> {
    let entries = store.logs(setting.account, &LogFilter::default(), PageRequest::first(100)).await.unwrap();
    let mut people: Vec<String> = entries.items.iter().map(|entry| entry.person.to_string()).collect();
    people.sort();
    people
}

/// One row that the database refuses never stops the others.
#[tokio::test]
async fn a_bad_row_is_left_alone_and_the_others_settle() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    store.record_changes(upsert(&setting, &["a", "b", "c", "d", "e"])).await.unwrap();
    place
        .sql(
            "CREATE TRIGGER poison BEFORE UPDATE ON links WHEN new.unique_id = 'crm-c' \
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END;",
        )
        .unwrap();
    let settlements = accept(&store, &setting).await;
    let results = store.settle(settlements).await.unwrap();
    let applied = SettleResult::Applied;
    assert_eq!(results, [&applied, &applied, &SettleResult::Gone, &applied, &applied].map(Clone::clone));
    assert_eq!(linked(&store, &setting).await, ["a", "b", "d", "e"]);
    assert_eq!(log(&store, &setting).await, ["a", "b", "d", "e"]);
}

/// What the database's surroundings are the cause of loses no settlement: nothing is settled, and all of it afterwards.
#[tokio::test]
async fn a_settlement_waits_for_what_is_not_its_own_fault() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    store.record_changes(upsert(&setting, &["a", "b"])).await.unwrap();
    let settlements = accept(&store, &setting).await;
    for message in ["database or disk is full", "disk I/O error", "interrupted", "no such table: links"] {
        for table in ["links", "log_entries"] {
            let event = if table == "links" { "UPDATE" } else { "INSERT" };
            place
                .sql(&format!(
                    "CREATE TRIGGER away BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END;"
                ))
                .unwrap();
            let told = store.settle(settlements.clone()).await;
            assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{message}: {told:?}");
            place.sql("DROP TRIGGER away;").unwrap();
        }
    }
    assert_eq!(store.settle(settlements).await.unwrap(), vec![SettleResult::Applied; 2]);
    assert_eq!(linked(&store, &setting).await, ["a", "b"]);
    assert_eq!(log(&store, &setting).await, ["a", "b"]);
}

/// A log entry that cannot be written never fails a settlement, nor the entries beside it.
#[tokio::test]
async fn a_bad_log_entry_is_left_out() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    store.record_changes(upsert(&setting, &["a", "b", "c"])).await.unwrap();
    place
        .sql(
            "CREATE TRIGGER poison BEFORE INSERT ON log_entries WHEN new.person = 'b' \
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END;",
        )
        .unwrap();
    let settlements = accept(&store, &setting).await;
    assert_eq!(store.settle(settlements).await.unwrap(), vec![SettleResult::Applied; 3]);
    assert_eq!(linked(&store, &setting).await, ["a", "b", "c"]);
    assert_eq!(log(&store, &setting).await, ["a", "c"]);
}

/// Without its answer, the link is Unaddressable all the same.
#[tokio::test]
async fn a_bad_answer_is_left_out() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    store.record_changes(upsert(&setting, &["a", "b"])).await.unwrap();
    place
        .sql(
            "CREATE TRIGGER poison BEFORE INSERT ON link_extras WHEN new.person = 'b' \
             BEGIN SELECT RAISE(ABORT, 'poisoned'); END;",
        )
        .unwrap();
    let mut settlements = accept(&store, &setting).await;
    for settlement in &mut settlements {
        settlement.settled.state = LinkState::Unaddressable;
        settlement.settled.answer = Some(Box::new(sync_core::link::KeptAnswer {
            status: 201,
            headers: vec![],
            body: "kept".to_owned(),
            looked_at_revision: 1,
        }));
    }
    assert_eq!(store.settle(settlements).await.unwrap(), vec![SettleResult::Applied; 2]);
    let page = PageRequest::first(10);
    let links = store.links(setting.account, setting.sync.id, &LinkFilter::default(), page).await.unwrap().items;
    let kept: Vec<bool> = links.iter().map(|link| link.extras.answer.is_some()).collect();
    assert_eq!(kept, [true, false]);
    assert!(links.iter().all(|link| link.state == LinkState::Unaddressable && link.lease.is_none()));
}

/// An operation that fails undoes nothing of those that share its transaction.
#[tokio::test]
async fn a_failing_operation_is_alone_in_its_group() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let setting = furnish(&store).await;
    let calls = (0..40).map(|n| {
        let mut request = upsert(&setting, &[format!("p{n:02}").as_str()]);
        if n % 4 == 0 {
            request.account = AccountId(uuid::Uuid::from_u128(n + 1));
        }
        let store = store.clone();
        tokio::spawn(async move { store.record_changes(request).await.is_ok() })
    });
    let calls: Vec<_> = calls.collect();
    let mut recorded = 0;
    for call in calls {
        recorded += usize::from(call.await.unwrap());
    }
    assert_eq!(recorded, 30);
    let filter = PeopleFilter::default();
    let people = store.people(setting.account, &filter, PageRequest::first(100)).await.unwrap();
    assert_eq!(people.items.len(), 30);
}

/// What was answered with success is there after the process is gone, leases too: the next one ends them.
#[tokio::test]
async fn a_reopened_store_goes_on() {
    let place = Place::new();
    let setting = {
        let store = place.open();
        let setting = furnish(&store).await;
        store.record_changes(upsert(&setting, &["a"])).await.unwrap();
        assert_eq!(accept(&store, &setting).await.len(), 1);
        setting
    };
    let store = place.open();
    store.ready().await.unwrap();
    assert_eq!(
        store.syncs_by_ids(setting.account, &[setting.sync.id]).await.unwrap(),
        std::slice::from_ref(&setting.sync)
    );
    assert!(accept(&store, &setting).await.is_empty(), "it is leased");
    assert_eq!(store.end_stale_leases().await.unwrap(), 1);
}

/// Neither older nor newer.
#[tokio::test]
async fn a_schema_that_is_not_this_programs_is_refused() {
    let place = Place::new();
    let store = place.open();
    let error = store.ready().await.expect_err("there is no schema yet");
    assert!(matches!(&error, StoreError::Schema(what) if what.contains("crm-sync migrate")), "{error:?}");
    store.migrate().await.unwrap();
    store.ready().await.unwrap();
    place.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").unwrap();
    for error in [store.ready().await.expect_err("newer"), store.migrate().await.expect_err("newer")] {
        assert!(matches!(&error, StoreError::Schema(what) if what.contains("9999")), "{error:?}");
    }
}

/// The migrations before that which made a new table of links, as an older program ran them.
const OLDER: [(&str, &str); 5] = [
    ("0001", include_str!("../../../migrations/sqlite/0001_initial/up.sql")),
    ("0002", include_str!("../../../migrations/sqlite/0002_lean/up.sql")),
    ("0003", include_str!("../../../migrations/sqlite/0003_by_age/up.sql")),
    ("0004", include_str!("../../../migrations/sqlite/0004_alerts/up.sql")),
    ("0005", include_str!("../../../migrations/sqlite/0005_sessions/up.sql")),
];

/// The columns of the log, in whatever order they were added.
const LOG: &str = "account, id, at, sync, person, person_version, operation, outcome, failure, message, unique_id, \
     unique_id_number, attempt, duration_ms, status, next_attempt_at, exchange";

/// Links keep all they hold, their leases too.
#[tokio::test]
async fn an_older_database_is_migrated_with_what_it_holds() {
    let (newer, older) = (Place::new(), Place::new());
    let store = newer.open();
    let setting = furnish(&store).await;
    store.record_changes(upsert(&setting, &["c", "a", "d"])).await.unwrap();
    let settlements = accept(&store, &setting).await;
    assert_eq!(store.settle(settlements).await.unwrap(), vec![SettleResult::Applied; 3]);
    store.record_changes(upsert(&setting, &["b"])).await.unwrap();
    let leased = accept(&store, &setting).await;
    store.record_changes(upsert(&setting, &["e"])).await.unwrap();
    let links = async |store: &SqliteStore| {
        let page = PageRequest::first(100);
        store.links(setting.account, setting.sync.id, &LinkFilter::default(), page).await.unwrap().items
    };
    let held = links(&store).await;
    let logged = log(&store, &setting).await;
    drop(store);
    // What an older database does not have.
    newer.sql("ALTER TABLE sync_runtime DROP COLUMN kept; ALTER TABLE link_extras DROP COLUMN notes").unwrap();

    older
        .sql("CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP)")
        .unwrap();
    for (version, text) in OLDER {
        older.sql(text).unwrap();
        older.sql(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')")).unwrap();
    }
    let tables =
        ["accounts", "api_keys", "people", "people_search", "person_changes", "syncs", "sync_runtime", "links"];
    let copy = tables
        .iter()
        .chain(&["link_extras", "counters"])
        .fold(format!("ATTACH '{}' AS newer;", newer.file().display()), |copy, table| {
            format!("{copy} INSERT INTO main.{table} SELECT * FROM newer.{table};")
        });
    let copy = format!("{copy} INSERT INTO main.log_entries ({LOG}) SELECT {LOG} FROM newer.log_entries;");
    older.sql(&copy).unwrap();

    let store = older.open();
    let error = store.ready().await.expect_err("it is older");
    assert!(matches!(&error, StoreError::Schema(what) if what.contains("crm-sync migrate")), "{error:?}");
    store.migrate().await.unwrap();
    store.ready().await.unwrap();
    assert_eq!(held.len(), 5);
    assert_eq!(links(&store).await, held);
    assert_eq!(log(&store, &setting).await, logged);
    assert_eq!(store.settle(leased).await.unwrap(), [SettleResult::Applied], "the lease went on");
    let rest = accept(&store, &setting).await;
    assert_eq!(store.settle(rest).await.unwrap(), [SettleResult::Applied], "what was owed is claimed");
    assert_eq!(linked(&store, &setting).await, ["a", "b", "c", "d", "e"]);
    let twice = older.sql("UPDATE links SET unique_id = 'crm-a' WHERE person = 'b'");
    assert!(twice.is_err(), "a unique id is that of one person still");
}

/// It holds people's data.
#[cfg(unix)]
#[tokio::test]
async fn files_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.open();
    furnish(&store).await;
    store.end_stale_leases().await.unwrap();
    let files: Vec<PathBuf> = std::fs::read_dir(&place.0).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
    }
}

/// SQLite leaves out writes that change nothing, and they tell nothing of the disk.
#[tokio::test]
async fn readiness_is_a_write_that_reaches_the_disk() {
    let place = Place::new();
    let store = place.open();
    furnish(&store).await;
    place.sql("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    let log = place.file().with_extension("db-wal");
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0, "{}", log.display());
    store.ready().await.unwrap();
    assert!(std::fs::metadata(&log).unwrap().len() > 0, "{}", log.display());
}

/// It is told as such, and the writer goes on when it is over.
#[tokio::test]
async fn an_unavailable_database_is_told_and_outlived() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    place.sql("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    // SQLite's own message is all that tells a full disk.
    let full =
        "CREATE TRIGGER full BEFORE INSERT ON people BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;";
    place.sql(full).unwrap();
    let error = store.record_changes(upsert(&setting, &["a"])).await.expect_err("it is full");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    let error = store.record_changes(upsert(&setting, &["b"])).await.expect_err("it is still full");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(store.people_count(setting.account).await.unwrap(), 0);
    place.sql("DROP TRIGGER full;").unwrap();
    store.record_changes(upsert(&setting, &["a"])).await.expect("there is room again");
    assert_eq!(store.people_count(setting.account).await.unwrap(), 1);
    let nowhere = SqliteStore::open(Path::new("/nowhere/at/all.db"), Options::default());
    assert!(matches!(nowhere, Err(StoreError::Unavailable { .. })));
}

struct Panics;

impl sync_core::ports::Reseal for Panics {
    fn reseal(&self, _: &SyncConfig) -> Result<Option<sync_core::sync::Settings>, sync_core::ports::BoxError> {
        panic!("a fault of the caller");
    }

    fn reseal_alerts(
        &self,
        _: AccountId,
        _: &sync_core::sync::Sealed,
    ) -> Result<Option<sync_core::sync::Sealed>, sync_core::ports::BoxError> {
        panic!("a fault of this program")
    }
}

/// A fault of the program in one operation is not the end of all.
#[tokio::test]
async fn the_writer_outlives_a_panic() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    let error = store.reseal(Arc::new(Panics)).await.expect_err("it panicked");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    store.record_changes(upsert(&setting, &["a"])).await.expect("the writer goes on");
}

/// The database refuses the states that the types cannot hold.
#[tokio::test]
async fn illegal_rows_are_refused_by_the_schema() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    store.record_changes(upsert(&setting, &["a"])).await.unwrap();
    for fault in [
        "state = 5",
        "state = 2",
        "unique_id = 'x'",
        "due_at = NULL",
        "parked = 1, parked_detail = 'x', parked_at = 1",
        "parked = 10, parked_detail = 'x', parked_at = 1, due_at = NULL, claimable_at = NULL",
        "claimable_at = due_at - 1",
        "sent_version = 1",
        "key = zeroblob(16)",
        "lease_token = zeroblob(16)",
        "lease_operation = 1",
        "lease_token = zeroblob(15), lease_until = 1, lease_version = 1",
        "tries = -1",
        "generation = 'many'",
    ] {
        let refused = place.sql(&format!("UPDATE links SET {fault}"));
        assert!(refused.is_err(), "{fault} was not refused");
    }
    let page = PageRequest::first(10);
    let links = store.links(setting.account, setting.sync.id, &LinkFilter::default(), page).await.unwrap();
    assert!(links.items[0].is_owed());
}

/// A row that no correct program wrote is named.
#[tokio::test]
async fn a_corrupt_row_is_told_by_table_column_and_key() {
    let place = Place::new();
    let store = place.open();
    let setting = furnish(&store).await;
    place.sql("UPDATE sync_runtime SET governor = '{}'").unwrap();
    let error = store.runtimes(setting.account, &[setting.sync.id]).await.expect_err("it is corrupt");
    let StoreError::Corrupt { table, column, key } = error else { panic!("{error:?}") };
    assert_eq!((table, column, key), ("sync_runtime", "governor", setting.sync.id.to_string()));
}

/// Its directory goes with it.
#[tokio::test]
async fn a_temporary_store_leaves_nothing() {
    let options = Options { durability: Durability::Normal, ..Options::default() };
    let store = SqliteStore::temporary(options).unwrap();
    store.migrate().await.unwrap();
    let path = format!("{store:?}");
    let path = path.split('"').nth(1).unwrap();
    assert!(Path::new(path).exists());
    drop(store);
    assert!(!Path::new(path).exists());
}

/// The default clock is near the wall's and never steps back.
#[tokio::test]
async fn the_default_clock_goes_on() {
    let store = SqliteStore::temporary(Options::default()).unwrap();
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
    let first = store.now().await.unwrap();
    assert!((first.as_micros() - wall).abs() < 60_000_000);
    assert!(store.now().await.unwrap() >= first);
    store.migrate().await.unwrap();
    assert!(store.statements().is_some_and(|statements| statements > 0));
}
