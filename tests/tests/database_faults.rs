//! The database is gone, read-only, or fails in words of its own, in mid-flight: readiness tells the truth, intake answers
//! UNAVAILABLE with nothing half done, nobody is made twice, and all recovers by itself.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::api::{UPSERT, people_input};
use product_tests::{Database, Server, ServerOptions, eventually, people};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_postgres::NoTls;

const WITHIN: Duration = Duration::from_secs(40);

/// What breaks a database, and what mends it.
async fn breaks(broken: &str, mended: &str) {
    let database = Database::postgres().await;
    let (server, name) = database.url.rsplit_once('/').unwrap();
    let (admin, connection) = tokio_postgres::connect(&format!("{server}/postgres"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    let running = Server::start(&database, &ServerOptions::default()).await;
    let (api, crm) = (running.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&[("before".to_owned(), "Ada".to_owned())]).await;

    admin.batch_execute(&broken.replace("{name}", name)).await.unwrap();
    admin.batch_execute(&end).await.unwrap();
    eventually("it is not ready", WITHIN, || async { api.get("/readyz").await == Ok(503) }).await;
    assert_eq!(api.get("/healthz").await, Ok(200), "it lives");
    let person = json!({ "input": people_input(&[("meanwhile".to_owned(), "Grace".to_owned())]) });
    let (code, error) = api.fails(UPSERT, person).await;
    assert_eq!(code, "UNAVAILABLE", "{error}");
    assert!(!error.to_string().contains(name), "internal causes go to the log: {error}");

    admin.batch_execute(&mended.replace("{name}", name)).await.unwrap();
    admin.batch_execute(&end).await.unwrap();
    eventually("it is ready again", WITHIN, || async { api.get("/readyz").await == Ok(200) }).await;
    eventually("changes are taken in again", WITHIN, || async {
        let person = json!({ "input": people_input(&[("after".to_owned(), "Hedy".to_owned())]) });
        api.send(UPSERT, person).await.is_ok_and(|answer| answer.body.get("errors").is_none())
    })
    .await;
    eventually("all is sent", WITHIN, || async { api.counts(&sync).await.1 == 0 }).await;
    let mut held: Vec<_> = crm.records().iter().map(|record| record["external_id"].to_string()).collect();
    held.sort();
    assert_eq!(held, ["\"after\"", "\"before\""], "what was refused was not half done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_comes_back() {
    breaks("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false", "ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_read_only_is_told() {
    breaks(
        "ALTER DATABASE {name} SET default_transaction_read_only = on",
        "ALTER DATABASE {name} RESET default_transaction_read_only",
    )
    .await;
}

/// Lets each settlement of a person whose id is like `{like}` fail, and counts that.
const FAILS: &str = "CREATE SEQUENCE refused; CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
    IF NEW.lease_token IS NULL AND NEW.person LIKE '{like}' THEN PERFORM nextval('refused'); \
    RAISE EXCEPTION USING errcode = '{code}', message = '{message}'; END IF; RETURN NEW; END $$; \
    CREATE TRIGGER fails BEFORE UPDATE ON links FOR EACH ROW EXECUTE FUNCTION fails()";

/// Forty creates are under way when settlements begin to fail in these words: those of people whose ids are like `like`.
struct Failing {
    server: Server,
    crm: MockCrm,
    sync: String,
    client: tokio_postgres::Client,
    _database: Database,
}

impl Failing {
    async fn begin(like: &str, code: &str, message: &str) -> Self {
        let database = Database::postgres().await;
        let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let server = Server::start(&database, &ServerOptions::default()).await;
        let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
        let rates = vec!["delay=before:1s:1".parse().unwrap()];
        crm.set_faults(Faults { rates, ..Faults::default() }).unwrap();
        // Without a lookup rule: a create that is uncertain is sent again.
        let sync = api.create_sync(&crm.url(), json!({ "lookup": null, "limits": { "maxConcurrency": 40 } })).await;
        let fails = FAILS.replace("{like}", like).replace("{code}", code).replace("{message}", message);
        client.batch_execute(&fails).await.unwrap();
        api.push(&people("p", 0..40)).await;
        Self { server, crm, sync, client, _database: database }
    }

    /// Waits until so many statements were refused.
    async fn refuses(&self, statements: i64) {
        eventually("settlements are refused, again and again", WITHIN, || async {
            self.client.query_one("SELECT last_value FROM refused", &[]).await.unwrap().get::<_, i64>(0) >= statements
        })
        .await;
    }

    /// The ids that the CRM holds, each as often as it holds it.
    fn held(&self) -> Vec<String> {
        self.crm.records().iter().map(|record| record["external_id"].as_str().unwrap().to_owned()).collect()
    }
}

/// A German server whose disk is full, and a Japanese proxy that has lost its other side: more repeats than it takes to look
/// whether it is a matter of rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_in_any_language_makes_nobody_twice() {
    let faults = [
        ("53100", "konnte Datei nicht erweitern: Auf dem Gerät ist kein Speicherplatz mehr verfügbar"),
        ("XX000", "リモートノードへの接続に失敗しました"),
    ];
    for (code, message) in faults {
        let failing = Failing::begin("%", code, message).await;
        let api = failing.server.api();
        failing.refuses(40).await;
        let (done, owed, ..) = api.counts(&failing.sync).await;
        assert_eq!((done, owed), (0, 40), "{code}: nothing could be written");

        failing.client.batch_execute("DROP TRIGGER fails ON links").await.unwrap();
        eventually("all is settled", WITHIN, || async { api.counts(&failing.sync).await == (40, 0, 0, 0) }).await;
        let held = failing.held();
        assert_eq!((held.len(), held.iter().collect::<BTreeSet<_>>().len()), (40, 40), "{code}: nobody twice");
    }
}

/// A row that the database refuses for a reason that nobody knows holds up nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_refused_holds_up_nobody_else() {
    let failing = Failing::begin("p7", "XX000", "フック関数のエラー").await;
    let api = failing.server.api();
    eventually("all others are settled", WITHIN, || async { api.counts(&failing.sync).await.0 == 39 }).await;
    let late = people("late", 0..5);
    api.push(&late).await;
    eventually("later ones, too", WITHIN, || async { api.counts(&failing.sync).await.0 == 44 }).await;
    let once: BTreeSet<_> = failing.held().into_iter().collect();
    assert_eq!(once.len(), 45);
}
