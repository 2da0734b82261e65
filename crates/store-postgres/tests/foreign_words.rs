//! A server that speaks German, or Japanese: what went wrong is known by its code. A trigger raises each class of faults on each
//! hot statement.

mod fixture;

use fixture::{PostgresFixture, client};
use std::time::Duration;
use sync_core::claim::Call;
use sync_core::key::Role;
use sync_core::link::LinkState;
use sync_core::ports::{
    DirectoryStore, KeyStore, LogStore, MaintenanceStore, ResyncScope, Retention, RetryFilter, SessionStore,
    StoreError, StoreResult, WorkStore,
};
use sync_core::session::NewSession;
use sync_core::sync::SyncConfig;
use sync_core::transition::SettleResult::{Applied, Gone};
use sync_core::transition::Settlement;
use testkit::build::{self, person_id};
use testkit::contract::World;
use testkit::reply::Reply;
use tokio_postgres::Client;

const GERMAN: &str =
    "konnte Datei »base/16384/16385« nicht erweitern: Auf dem Gerät ist kein Speicherplatz mehr verfügbar";
const JAPANESE: &str = "リモートノードへの接続に失敗しました";

/// What is known to pass, or to be mended by an operator: connections, credentials, resources, operators, the system, rollbacks
/// for others (repeated in vain), and a read-only server.
const OUTAGES: [&str; 21] = [
    "08000", "08001", "08003", "08006", "08P01", "25006", "28000", "28P01", "40001", "40P01", "40003", "53000",
    "53100", "53200", "53300", "55P03", "57014", "57P01", "57P03", "58000", "58030",
];
/// What is not known: a proxy's own fault, a trigger's, a plan that is out of date, storage, rights, limits.
const UNKNOWN: [&str; 11] =
    ["XX000", "XX001", "XX002", "P0001", "0A000", "26000", "42501", "42883", "54000", "72000", "ZZ123"];
/// What is the data's fault.
const DATA: [&str; 8] = ["21000", "22001", "22003", "22021", "22P02", "23502", "23514", "44000"];

/// A trigger on each table, which raises what the table `test_fault` says; of one person alone, where it names one.
const TRIGGERS: &str = "CREATE TABLE test_fault (tables text[], person text, code text, message text);
    CREATE FUNCTION test_fault() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE fault test_fault;
    BEGIN
        SELECT * INTO fault FROM test_fault f
            WHERE regexp_replace(TG_TABLE_NAME, '^log_entries_.*', 'log_entries') = ANY (f.tables)
            AND (f.person IS NULL OR f.person = to_jsonb(NEW) ->> 'person');
        IF FOUND THEN RAISE EXCEPTION USING errcode = fault.code, message = fault.message; END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    DO $$ DECLARE t text; BEGIN
        FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^log_entries_'
                AND tablename NOT IN ('test_fault', '__diesel_schema_migrations') LOOP
            EXECUTE format('CREATE TRIGGER test_fault BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW \
                EXECUTE FUNCTION test_fault()', t);
        END LOOP;
    END $$;";

/// Lets statements fail that write to these tables, of one person alone where one is named.
async fn fail(database: &Client, tables: &[&str], person: Option<&str>, code: &str, message: &str) {
    mend(database).await;
    let fault = "INSERT INTO test_fault VALUES ($1, $2, $3, $4)";
    database.execute(fault, &[&tables, &person, &code, &message]).await.unwrap();
}

async fn mend(database: &Client) {
    database.batch_execute("TRUNCATE test_fault").await.unwrap();
}

/// A full disk loses no settlement, whatever language that is said in: nothing is settled, and all of it once there is room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_in_german_loses_no_settlement() {
    let world = World::<PostgresFixture>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b", "c"]).await;
    let settlements = created(&world).await;
    let database = client(&world.fixture.database).await;
    database.batch_execute(TRIGGERS).await.unwrap();
    fail(&database, &["links", "log_entries"], None, "53100", GERMAN).await;
    let refused = world.store().settle(settlements.clone()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");

    mend(&database).await;
    assert_eq!(world.store().settle(settlements).await.unwrap(), [Applied, Applied, Applied]);
    assert!(world.links(&sync).await.iter().all(|link| matches!(link.state, LinkState::Linked(_))));
    assert_eq!(world.log().await.len(), 3);
}

/// Claims what is due. Returns settlements of creates that were accepted.
async fn created(world: &World<PostgresFixture>) -> Vec<Settlement> {
    let mut settlements = Vec::new();
    for leased in world.claim(100).await.leased {
        settlements.push(world.settlement(&leased, &Reply::Created(format!("crm-{}", leased.link.id.person))).await);
    }
    settlements
}

/// An account in which each hot statement has something to do.
struct Busy {
    world: World<PostgresFixture>,
    sync: SyncConfig,
    /// Of two people, who are leased.
    settlements: Vec<Settlement>,
    session: NewSession,
}

/// Each operation, and the tables that it writes to.
const OPERATIONS: [(&str, &[&str]); 13] = [
    ("record changes", &["people", "person_changes", "people_terms", "people_counts", "links", "link_counts"]),
    ("delete people", &["people", "links"]),
    ("claim", &["links"]),
    ("settle", &["links", "link_counts", "counters", "log_entries"]),
    ("retry", &["links"]),
    ("work a sweep", &["links", "sweeps"]),
    ("prune the log", &["log_entries", "person_changes"]),
    ("fold counters", &["counters"]),
    ("purge tombstones", &["people"]),
    ("change a sync", &["syncs"]),
    ("resync", &["sweeps"]),
    ("make a key", &["api_keys"]),
    ("open a session", &["sessions"]),
];

impl Busy {
    async fn new() -> Self {
        let world = World::<PostgresFixture>::new().await;
        let sync = world.sync().await;
        world.link_people(&["a", "b", "gone"]).await;
        world.delete(&["gone"]).await;
        world.drain().await;
        // Counters that are to be folded, log entries that are to be pruned.
        world.pass(3 * 24 * 3600).await;
        world.upsert(&["leased1", "leased2"]).await;
        let settlements = created(&world).await;
        assert_eq!(settlements.len(), 2);
        world.upsert(&["due"]).await;
        assert!(world.store().resync(world.account, sync.id, ResyncScope::All, true).await.unwrap().is_some());
        let key = build::key(world.account, world.random.key(), Role::Writer, world.now().await);
        world.store().create_key(&key).await.unwrap();
        let session =
            NewSession { account: world.account, key: key.id, hash: [7; 32], lasts: Duration::from_secs(3600) };
        Self { world, sync, settlements, session }
    }

    async fn run(&self, operation: &str) -> StoreResult<()> {
        let (world, store) = (&self.world, self.world.store());
        match operation {
            "record changes" => {
                let call = world.upsert_call(&["a", "new"]);
                store.record_changes(world.record_request(vec![call], None)).await.map(drop)
            }
            "delete people" => {
                let call = Call::Delete(vec![person_id("b")]);
                store.record_changes(world.record_request(vec![call], None)).await.map(drop)
            }
            "claim" => {
                let leased = store.claim(world.claim_request(1)).await?.leased;
                assert_eq!(leased.len(), 1);
                Ok(())
            }
            "settle" => {
                assert_eq!(store.settle(self.settlements.clone()).await?, [Applied, Applied]);
                Ok(())
            }
            "retry" => {
                assert!(store.retry(world.account, &RetryFilter::default(), None).await?.marked > 0);
                Ok(())
            }
            "work a sweep" => {
                assert!(store.work_sweep(100).await?);
                Ok(())
            }
            "prune the log" => {
                let nothing = Retention { successes: Duration::ZERO, failures: Duration::ZERO };
                assert!(store.prune_logs(&nothing, 100).await? > 0);
                Ok(())
            }
            "fold counters" => store.fold_counters().await,
            "purge tombstones" => {
                assert_eq!(store.purge_tombstones(100).await?, 1);
                Ok(())
            }
            "change a sync" => store.set_paused(world.account, self.sync.id, true).await.map(drop),
            "resync" => store.resync(world.account, self.sync.id, ResyncScope::Parked, false).await.map(drop),
            "make a key" => {
                let key = build::key(world.account, world.random.key(), Role::Reader, world.now().await);
                store.create_key(&key).await
            }
            "open a session" => store.open_session(&self.session).await.map(drop),
            _ => unreachable!("{operation}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_class_means_the_same_on_each_hot_statement() {
    let busy = Busy::new().await;
    let database = client(&busy.world.fixture.database).await;
    database.batch_execute(TRIGGERS).await.unwrap();
    for (operation, tables) in OPERATIONS {
        for (n, code) in OUTAGES.iter().chain(&UNKNOWN).enumerate() {
            let (table, message) = (tables[n % tables.len()], [GERMAN, JAPANESE][n % 2]);
            // A log entry that cannot be written for an unknown reason fails no settlement: that is tested below.
            let is_log = table == "log_entries" && operation == "settle";
            let table = if is_log && UNKNOWN.contains(code) { "links" } else { table };
            fail(&database, &[table], None, code, message).await;
            let told = busy.run(operation).await;
            let is_as_known = match &told {
                // Also where COMMIT was sent along, and what a proxy or an ending session says of it tells nothing.
                Err(StoreError::Lost { .. }) => code.starts_with("08") || code.starts_with("57P"),
                Err(StoreError::Unavailable { .. }) => OUTAGES.contains(code),
                Err(StoreError::Unknown { .. }) => UNKNOWN.contains(code),
                _ => false,
            };
            assert!(is_as_known, "{operation}, {table}, {code}: {told:?}");
        }
    }
    // Nothing was done by halves: all of it is done now.
    mend(&database).await;
    for (operation, _) in OPERATIONS {
        busy.run(operation).await.unwrap_or_else(|error| panic!("{operation}: {error:?}"));
    }
    let world = &busy.world;
    for person in ["leased1", "leased2"] {
        assert!(matches!(world.link(&busy.sync, person).await.state, LinkState::Linked(_)), "{person}");
    }
    let counters = world.store().counters(world.account, &all_counters()).await.unwrap();
    assert_eq!(sync_core::stats::sum(&counters).sent(), 6, "each is counted once");
}

fn all_counters() -> sync_core::ports::CounterFilter {
    use sync_core::time::Timestamp;
    sync_core::ports::CounterFilter { sync: None, operation: None, since: Timestamp::MIN, until: Timestamp::MAX }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_datas_own_fault_is_told_as_such_and_stops_no_other_rows() {
    for (n, code) in DATA.iter().enumerate() {
        let busy = Busy::new().await;
        let (world, database) = (&busy.world, client(&busy.world.fixture.database).await);
        database.batch_execute(TRIGGERS).await.unwrap();
        let message = [GERMAN, JAPANESE][n % 2];
        fail(&database, &["links"], Some("leased1"), code, message).await;
        assert_eq!(world.store().settle(busy.settlements.clone()).await.unwrap(), [Gone, Applied], "{code}");
        fail(&database, &["people"], None, code, message).await;
        let told = busy.run("record changes").await;
        assert!(matches!(told, Err(StoreError::Internal { .. })), "{code}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_written_fails_no_settlement_unless_the_database_is_away() {
    for code in UNKNOWN.iter().chain(&DATA) {
        let busy = Busy::new().await;
        let (world, database) = (&busy.world, client(&busy.world.fixture.database).await);
        let before = world.log().await.len();
        database.batch_execute(TRIGGERS).await.unwrap();
        fail(&database, &["log_entries"], Some("leased1"), code, JAPANESE).await;
        busy.run("settle").await.unwrap_or_else(|error| panic!("{code}: {error:?}"));
        assert_eq!(world.log().await.len(), before + 1, "{code}: the other's");
    }
}

/// A table or a column that is not there, in whatever words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_that_does_not_fit_is_told_as_such() {
    let busy = Busy::new().await;
    let database = client(&busy.world.fixture.database).await;
    for change in ["ALTER TABLE links RENAME COLUMN parked_detail TO geparkt", "ALTER TABLE links RENAME TO verweise"] {
        database.batch_execute(change).await.unwrap();
        let told = busy.run("settle").await;
        let Err(StoreError::Schema(told)) = told else { panic!("{told:?}") };
        assert!(told.contains("crm-sync migrate") && told.contains("[42"), "{told}");
    }
}
