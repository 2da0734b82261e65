//! Postgres is frozen, stopped and restarted in the middle of deliveries, on a cluster of the test's own: readiness tells the
//! truth, intake answers UNAVAILABLE within a bound with nothing half done, and all recovers by itself.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::api::{UPSERT, people_input};
use product_tests::{Api, Cluster, Database, Server, ServerOptions, eventually, people};
use serde_json::json;
use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

/// All is told within this: 5 s for a connection and 2 s for an answer, twice, since the key is read first.
const BOUND: Duration = Duration::from_secs(20);
/// Longer than a lease of the sync's: 2 s and 30 s.
const WITHIN: Duration = Duration::from_secs(60);

/// People under way to a slow CRM.
struct Delivering {
    server: Server,
    api: Api,
    crm: MockCrm,
    sync: String,
    _database: Database,
}

async fn delivering(cluster: &Cluster) -> Delivering {
    let database = cluster.database().await;
    let options = ServerOptions { database_timeout: "2s", ..ServerOptions::default() };
    let server = Server::start(&database, &options).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let rates = vec!["delay=after:100ms:1".parse().unwrap()];
    crm.set_faults(Faults { rates, ..Faults::default() }).unwrap();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&people("early", 0..200)).await;
    eventually("some are sent", WITHIN, || async { crm.stats().total > 20 }).await;
    // Connections that are there and idle are what a frozen database hangs on; a new one is given up soon enough.
    let asks = (0..30).map(|_| {
        let (api, sync) = (api.clone(), sync.clone());
        tokio::spawn(async move { api.counts(&sync).await })
    });
    for ask in asks.collect::<Vec<_>>() {
        ask.await.unwrap();
    }
    Delivering { server, api, crm, sync, _database: database }
}

async fn in_time<T>(what: &str, done: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, done).await.unwrap_or_else(|_| panic!("not within {BOUND:?}: {what}"))
}

/// While the database is away: every push is refused as a whole, also when there are more than there are connections; not
/// ready, and alive.
async fn is_away(delivering: &Delivering) {
    let api = &delivering.api;
    let pushes = (0..15).map(|n| {
        let (api, input) = (api.clone(), json!({ "input": people_input(&people(&format!("meanwhile{n}-"), 0..3)) }));
        tokio::spawn(async move { in_time("an answer to a push", api.fails(UPSERT, input)).await })
    });
    for push in pushes.collect::<Vec<_>>() {
        let (code, error) = push.await.unwrap();
        assert_eq!(code, "UNAVAILABLE", "{error}");
    }
    assert_eq!(in_time("an answer to /readyz", api.get("/readyz")).await, Ok(503));
    assert_eq!(in_time("an answer to /healthz", api.get("/healthz")).await, Ok(200));
}

/// Once it is back: ready, all is delivered, once each, and who was refused is not there.
async fn recovers(delivering: &Delivering) {
    let Delivering { api, crm, sync, server, _database } = delivering;
    eventually("it is ready again", BOUND, || async { api.get("/readyz").await == Ok(200) }).await;
    in_time("a push", api.push(&people("late", 0..20))).await;
    eventually("all is sent", WITHIN, || async { api.counts(sync).await.1 == 0 }).await;
    assert_eq!(api.counts(sync).await, (220, 0, 0, 0));
    let held: Vec<_> = crm.records().iter().map(|record| record["external_id"].as_str().unwrap().to_owned()).collect();
    let once: BTreeSet<_> = held.iter().cloned().collect();
    assert_eq!(held.len(), once.len(), "nobody twice");
    assert_eq!(once, people("early", 0..200).into_iter().chain(people("late", 0..20)).map(|(id, _)| id).collect());
    assert!(server.pid().is_some(), "the same process");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_postgres_hangs_nobody() {
    let cluster = Cluster::start().await;
    let delivering = delivering(&cluster).await;
    cluster.freeze();
    is_away(&delivering).await;
    cluster.thaw();
    recovers(&delivering).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_refuses_connections_is_waited_for() {
    let mut cluster = Cluster::start().await;
    let delivering = delivering(&cluster).await;
    cluster.stop().await;
    is_away(&delivering).await;
    cluster.resume().await;
    recovers(&delivering).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_postgres_loses_nothing_acknowledged() {
    let mut cluster = Cluster::start().await;
    let delivering = delivering(&cluster).await;
    let (api, done) = (delivering.api.clone(), tokio::sync::watch::Sender::new(false));
    let pushing = {
        let done = done.clone();
        tokio::spawn(async move {
            let (mut taken, mut refused) = (BTreeSet::new(), 0);
            for n in 0.. {
                if *done.borrow() {
                    break;
                }
                let id = format!("p{n}");
                let input = json!({ "input": people_input(&[(id.clone(), "Ada".to_owned())]) });
                let answer = in_time("an answer to a push", api.send(UPSERT, input)).await.unwrap();
                match answer.body["errors"][0]["extensions"]["code"].as_str() {
                    None => _ = taken.insert(id),
                    Some("UNAVAILABLE") => refused += 1,
                    Some(_) => panic!("{}", answer.body),
                }
            }
            (taken, refused)
        })
    };
    cluster.stop().await;
    cluster.resume().await;
    let api = &delivering.api;
    eventually("it is ready again", BOUND, || async { api.get("/readyz").await == Ok(200) }).await;
    done.send_replace(true);
    let (taken, refused) = pushing.await.unwrap();
    assert!(refused > 0, "it was away");
    eventually("all is sent", WITHIN, || async { api.counts(&delivering.sync).await.1 == 0 }).await;
    let held: Vec<_> = delivering.crm.records().iter().map(|record| record["external_id"].clone()).collect();
    let missing: Vec<_> = taken.iter().filter(|id| !held.contains(&json!(id))).collect();
    assert!(missing.is_empty(), "acknowledged, and not there: {missing:?}");
    let once: BTreeSet<_> = held.iter().map(ToString::to_string).collect();
    assert_eq!(held.len(), once.len(), "nobody twice");
}
