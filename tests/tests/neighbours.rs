//! One bad neighbour hurts nobody, and the database is asked in batches.

use dispatch_http::HttpDispatcher;
use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::{Api, Database, Server, ServerOptions, eventually};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::patch::{LimitsPatch, RulePatch, SyncPatch};
use sync_core::person::{Patch, PersonPatch};
use sync_core::ports::Store;
use sync_core::sync::{Method, UniqueIdSource};
use sync_engine::{Engine, RunError, SecretKey, Vault};
use template_liquid::LiquidTemplates;
use tokio::sync::watch;

struct Running {
    engine: Engine,
    account: AccountId,
    stop: watch::Sender<bool>,
    done: tokio::task::JoinHandle<Result<(), RunError>>,
}

async fn run(store: Arc<dyn Store>) -> Running {
    store.migrate().await.unwrap();
    let options = dispatch_http::Options {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..dispatch_http::Options::default()
    };
    let http = Arc::new(HttpDispatcher::new(options).unwrap());
    let vault = Vault::new(SecretKey::generate(), []);
    let (engine, runner) = Engine::builder(store, http, Arc::new(LiquidTemplates::new()), vault).build();
    engine.bootstrap(None).await.unwrap();
    let account = engine.store().accounts().await.unwrap()[0].id;
    let (stop, stopped) = watch::channel(false);
    let done = tokio::spawn(runner.run(stopped));
    Running { engine, account, stop, done }
}

impl Running {
    async fn sync(&self, url: &str) -> SyncId {
        let rule = RulePatch {
            method: Patch::Set(Method::Post),
            url: Patch::Set(format!("{url}/contacts")),
            data: Patch::Set("{ \"external_id\": \"{{ person.id }}\" }".to_owned()),
            timeout_seconds: Patch::Set(120),
            ..RulePatch::default()
        };
        let patch = SyncPatch {
            friendly_name: Patch::Set("x".to_owned()),
            unique_id: Patch::Set(UniqueIdSource::Path("$.id".to_owned())),
            create: Patch::Set(rule),
            limits: Patch::Set(LimitsPatch { max_concurrency: Patch::Set(256), ..LimitsPatch::default() }),
            ..SyncPatch::default()
        };
        self.engine.account(self.account).create_sync(&patch, false).await.unwrap().id
    }

    async fn push(&self, prefix: &str, people: u32) {
        let scope = self.engine.account(self.account);
        let all: Vec<_> =
            (0..people).map(|n| PersonPatch::new(PersonId::new(format!("{prefix}{n}")).unwrap())).collect();
        for people in all.chunks(1000) {
            scope.upsert_people(people.to_vec()).await.unwrap();
        }
    }
}

/// Pushes people whose ids begin with `prefix`. Returns how long it takes until the CRM holds `records` more.
async fn time(api: &Api, crm: &MockCrm, prefix: &str, people: usize, records: usize) -> Duration {
    let all: Vec<_> = (0..people).map(|n| (format!("{prefix}{n}"), "Ada".to_owned())).collect();
    let held = crm.stats().records;
    let begun = Instant::now();
    api.push(&all).await;
    eventually("all arrived", Duration::from_secs(60), || async { crm.stats().records >= held + records }).await;
    begun.elapsed()
}

/// An endpoint that accepts connections and never answers. Ends when dropped.
struct Silent {
    url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Silent {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((socket, _)) = listener.accept().await {
                open.push(socket);
            }
        });
        Self { url, serving }
    }
}

/// Bad endpoints beside healthy ones: the healthy ones keep their rate. Shares, not times: rounds in turn with the bad ones
/// paused and active, the median of each, and more rounds while these differ, so that neither the machine's other work nor a
/// lucky round decides.
async fn bad_ones_leave_the_healthy_their_rate(database: Database, healthy: usize, people: usize, only_silent: bool) {
    let server = Server::start(&database, &ServerOptions::default()).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let (silent, good) = (Silent::start().await, crm.url());
    let mut bad_urls = vec![silent.url.clone()];
    if !only_silent {
        bad_urls.extend([format!("{good}/fault/status=500"), format!("{good}/fault/retry-after=1")]);
        bad_urls.push("http://no-such-name.invalid".to_owned());
    }
    let sync = async |url: &str| {
        let create = json!({ "method": "POST", "url": format!("{url}/contacts"), "data": DATA, "timeoutSeconds": 120 });
        api.create_sync(url, json!({ "createUsers": create, "limits": { "maxConcurrency": 64 } })).await
    };
    for _ in 0..healthy {
        sync(&good).await;
    }
    let mut bad = Vec::new();
    for url in &bad_urls {
        bad.push(sync(url).await);
    }
    let records = people * healthy;
    time(&api, &crm, "warm", people / 2, records / 2).await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut rounds = 0;
    let share = loop {
        for id in &bad {
            api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": id })).await;
        }
        alone.push(time(&api, &crm, &format!("alone {rounds} "), people, records).await);
        for id in &bad {
            api.ok("mutation ($id: ID!) { resumeSync(id: $id) { id } }", json!({ "id": id })).await;
        }
        // What a resumed sync does at once (its whole concurrency, until its breaker opens) is no rate.
        time(&api, &crm, &format!("resumed {rounds} "), 5, 5 * healthy).await;
        beside.push(time(&api, &crm, &format!("beside {rounds} "), people, records).await);
        rounds += 1;
        let share = median(&mut alone).as_secs_f64() / median(&mut beside).as_secs_f64();
        if rounds == ROUNDS_MAX || (rounds >= 4 && share >= 0.9) {
            break share;
        }
    };
    for (id, url) in bad.iter().zip(&bad_urls) {
        let (linked, owed, ..) = api.counts(id).await;
        assert_eq!(linked, 0, "{url}");
        assert!(owed >= rounds * 2 * people as i64, "{url} waits: {owed}");
    }
    println!(
        "{healthy} healthy, alone {alone:?}, beside {} bad {beside:?}: {:.0} % of their rate in {rounds} rounds",
        bad.len(),
        share * 100.0
    );
    assert!(share >= 0.9, "alone {alone:?}, beside bad endpoints {beside:?}");
    server.kill().await;
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

const ROUNDS_MAX: i64 = 24;
const DATA: &str = "{ \"external_id\": \"{{ person.id }}\" }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_endpoint_leaves_the_healthy_one_its_rate_on_sqlite() {
    bad_ones_leave_the_healthy_their_rate(Database::sqlite(), 1, 600, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_endpoint_leaves_the_healthy_one_its_rate_on_postgres() {
    bad_ones_leave_the_healthy_their_rate(Database::postgres().await, 1, 600, true).await;
}

/// One hangs, one answers 500, one 429 with `Retry-After`, and the name of one does not resolve.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_bad_endpoints_leave_twenty_their_rate_on_sqlite() {
    bad_ones_leave_the_healthy_their_rate(Database::sqlite(), 20, 60, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_bad_endpoints_leave_twenty_their_rate_on_postgres() {
    bad_ones_leave_the_healthy_their_rate(Database::postgres().await, 20, 60, false).await;
}

/// Statements per 1000 deliveries stay in the tens, not the thousands: the database is asked in batches. Counted on
/// Postgres, where most are sent without a wait; on SQLite a statement is a call within the process. The sooner a transaction
/// is through, the smaller the next batch: 85 to 110, by how busy the machine is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_are_few() {
    let database = Database::postgres().await;
    let url = secrecy::SecretString::from(database.url.clone());
    let store = store_postgres::PostgresStore::connect(&url, store_postgres::Options::default()).await.unwrap();
    let running = run(Arc::new(store)).await;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let mut syncs = Vec::new();
    for _ in 0..4 {
        syncs.push(running.sync(&crm.url()).await);
    }
    let store = running.engine.store();
    let before = store.statements().unwrap();
    running.push("p", 1500).await;
    eventually("all arrived", Duration::from_secs(60), || async { crm.stats().records == 6000 }).await;
    // Stopping settles what is in flight; asking the store would cost statements of its own.
    running.stop.send_replace(true);
    running.done.await.unwrap().unwrap();
    let per_1000 = (store.statements().unwrap() - before) / 6;
    println!("{per_1000} statements per 1000 deliveries");
    assert!(per_1000 < 150, "{per_1000} statements per 1000 deliveries");
    for (_, runtime) in store.runtimes(running.account, &syncs).await.unwrap() {
        assert_eq!(runtime.counts.owed, 0, "all is settled");
    }
}
