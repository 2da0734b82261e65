//! Several nodes on one Postgres: together they do what one does, and no more.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::api::{UPSERT, people_input};
use product_tests::{Api, Arrivals, Database, Server, ServerOptions, eventually, people};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(90);
/// How often a dispatcher looks for work that nobody told it of.
const POLL: Duration = Duration::from_secs(1);

async fn node(database: &Database, mode: &'static str) -> Server {
    Server::start(database, &ServerOptions { mode, ..ServerOptions::default() }).await
}

/// A CRM that takes this long to answer, so that requests are under way at any time.
async fn slow_crm(delay: &str) -> MockCrm {
    let faults = Faults { rates: vec![format!("{delay}:1").parse().unwrap()], ..Faults::default() };
    MockCrm::start(MockCrmOptions { faults, ..MockCrmOptions::default() }).await.unwrap()
}

async fn all_linked(api: &Api, sync: &str, people: i64) {
    eventually("everybody is linked", WITHIN, || async { api.counts(sync).await == (people, 0, 0, 0) }).await;
}

/// How many records the CRM holds of each person.
fn records_of_people(crm: &MockCrm) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for record in crm.records() {
        *all.entry(record["external_id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_send_each_change_once() {
    let database = Database::postgres().await;
    let front = node(&database, "api").await;
    let senders = [node(&database, "dispatch").await, node(&database, "dispatch").await, node(&database, "all").await];
    let (api, crm) = (front.api(), slow_crm("delay=10ms").await);
    let sync = api.create_sync(&crm.url(), json!({ "limits": { "maxConcurrency": 64 } })).await;
    // Through two doors at once: the one hands over to itself what it takes, the other leaves all to others.
    let (left, right) = (people("l", 0..600), people("r", 0..600));
    let both = senders[2].api();
    tokio::join!(api.push(&left), async {
        for people in right.chunks(30) {
            both.push(people).await;
        }
    });
    all_linked(&api, &sync, 1200).await;
    assert_eq!(crm.stats().total, 1200, "each person is one request");
    assert_eq!(records_of_people(&crm).len(), 1200);
    for sender in senders {
        assert!(sender.stop().await, "it ends in order");
    }
}

/// A node dies with requests under way. Nobody touches its people before its leases are over, then others find out what
/// became of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_node_held_is_taken_over() {
    const ALL: i64 = 100;
    let database = Database::postgres().await;
    let (front, doomed) = (node(&database, "api").await, node(&database, "dispatch").await);
    // The answers come after the record was stored, and too late for the doomed one.
    let (api, crm) = (front.api(), slow_crm("delay=after:700ms").await);
    let sync = api.create_sync(&crm.url(), json!({ "limits": { "maxConcurrency": 32 } })).await;
    api.push(&people("p", 0..ALL as usize)).await;
    eventually("all the room is taken", WITHIN, || async { crm.stats().records >= 32 }).await;
    doomed.kill().await;
    let killed = Instant::now();
    crm.set_faults(Faults::default()).unwrap();
    let held = ALL - api.counts(&sync).await.0;
    let successors = [node(&database, "dispatch").await, node(&database, "dispatch").await];
    all_linked(&api, &sync, ALL).await;
    let waited = killed.elapsed();
    assert!(held >= 1, "it held some");
    println!("{held} people were not linked when the node was killed; all were {waited:?} later");
    let twice: Vec<_> = records_of_people(&crm).into_iter().filter(|(_, records)| *records != 1).collect();
    assert!(twice.is_empty(), "more than one record of {twice:?}");
    assert_eq!(crm.records().len(), ALL as usize);
    drop(successors);
}

/// A change that one node takes reaches another by a notification, not when that one looks by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_wakes_another_node() {
    const CHANGES: usize = 60;
    let database = Database::postgres().await;
    let (front, _sender) = (node(&database, "api").await, node(&database, "dispatch").await);
    let (api, crm) = (front.api(), Arrivals::start().await);
    let sync = api.create_sync(crm.url(), json!({ "lookup": null })).await;
    let mut times = Vec::new();
    for n in 0..CHANGES {
        api.push(&people("p", n..n + 1)).await;
        let accepted = Instant::now();
        eventually("it arrived", WITHIN, || async { crm.all().len() > n }).await;
        let (person, arrived) = crm.all().swap_remove(n);
        assert_eq!(person, format!("p{n}"));
        times.push(arrived.saturating_duration_since(accepted));
    }
    all_linked(&api, &sync, CHANGES as i64).await;
    times.sort_unstable();
    let at = |share: usize| times[CHANGES * share / 100];
    println!(
        "accepted by one node, arrived from another: p50 {:?}, p95 {:?}, most {:?}",
        at(50),
        at(95),
        times[CHANGES - 1]
    );
    assert!(at(50) < POLL / 4, "half take longer than {:?}: that is looking, not hearing", at(50));
}

/// The limit is that of the sync, not of each node: as strict over three as over one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_limit_is_exact_over_all_nodes() {
    const RATE: f64 = 40.0;
    /// What may go at once after a rest: a tenth of a second's worth.
    const BURST: f64 = 4.0;
    /// Requests leave up to this long after they were let go, on a busy machine.
    const LATE: f64 = 1.0;
    const ALL: usize = 320;
    let database = Database::postgres().await;
    let front = node(&database, "api").await;
    let senders = [node(&database, "all").await, node(&database, "dispatch").await, node(&database, "dispatch").await];
    let (api, crm) = (front.api(), Arrivals::start().await);
    let limits = json!({ "lookup": null, "limits": { "maxConcurrency": 64, "requestsPerSecond": RATE } });
    let sync = api.create_sync(crm.url(), limits).await;
    api.push(&people("p", 0..ALL / 2)).await;
    // What is handed over counts too.
    for n in 0..ALL / 2 {
        senders[0].api().push(&people("q", n..n + 1)).await;
    }
    all_linked(&api, &sync, ALL as i64).await;
    let arrivals: Vec<Instant> = crm.all().into_iter().map(|(_, at)| at).collect();
    assert_eq!(arrivals.len(), ALL, "each once");
    let took = (arrivals[ALL - 1] - arrivals[0]).as_secs_f64();
    println!("{ALL} requests in {took:.2} s at {RATE} a second over three nodes");
    // Any window, from each arrival to each later one.
    for (from, begin) in arrivals.iter().enumerate() {
        for (until, end) in arrivals.iter().enumerate().skip(from) {
            let (requests, seconds) = ((until - from + 1) as f64, (*end - *begin).as_secs_f64());
            let allowed = BURST + 1.0 + (seconds + LATE) * RATE;
            assert!(requests <= allowed, "{requests} requests within {seconds} s, {allowed} are allowed");
        }
    }
    // Neither is it left unused.
    assert!(took < 3.0 * ALL as f64 / RATE, "{took} s is far less than the limit allows");
}

/// Every node is replaced in turn while people are pushed: nothing is lost, and nothing sent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_nothing() {
    let database = Database::postgres().await;
    let mut nodes = vec![node(&database, "all").await, node(&database, "all").await, node(&database, "all").await];
    let crm = slow_crm("delay=30ms").await;
    let sync = nodes[0].api().create_sync(&crm.url(), json!({})).await;
    let doors = std::sync::Mutex::new(nodes.iter().map(Server::api).collect::<Vec<_>>());
    let restarted = AtomicBool::new(false);
    let pushing = async {
        let (mut pushed, mut refused) = (0, 0);
        while !restarted.load(Ordering::Acquire) {
            let batch = people("p", pushed..pushed + 10);
            let mut door = pushed / 10;
            // Whoever pushes takes another door where one is shut, as through a balancer.
            loop {
                let api = doors.lock().unwrap()[door % 3].clone();
                match api.send(UPSERT, json!({ "input": people_input(&batch) })).await {
                    Ok(answer) if answer.body.get("errors").is_none() => break,
                    _ => refused += 1,
                }
                door += 1;
            }
            pushed += 10;
        }
        (pushed, refused)
    };
    let restarting = async {
        for n in 0..3 {
            let before = crm.stats().total;
            eventually("requests are under way", WITHIN, || async { crm.stats().total > before + 20 }).await;
            let old = nodes.remove(0);
            assert!(old.stop().await, "node {n} ends in order");
            let new = node(&database, "all").await;
            doors.lock().unwrap()[n] = new.api();
            nodes.push(new);
        }
        restarted.store(true, Ordering::Release);
    };
    let ((pushed, refused), ()) = tokio::join!(pushing, restarting);
    all_linked(&nodes[0].api(), &sync, pushed as i64).await;
    println!("{pushed} people while three nodes were replaced; {refused} pushes took another door");
    assert_eq!(records_of_people(&crm).len(), pushed);
    assert_eq!(crm.stats().total, pushed as u64, "each person is one request");
}
