//! The wall clock jumps while people are pushed and delivered: hours ahead, then a day back, then right again. Nothing is
//! lost, sent twice or held back by it, and sign-ins last.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::{Database, Server, ServerOptions, WallClock, eventually, on_both, people};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sync_core::time::Timestamp;

const WITHIN: Duration = Duration::from_secs(30);
/// Pushed under each setting of the clock.
const EACH: usize = 60;

async fn a_clock_that_jumps_changes_nothing(database: Database) {
    let clock = WallClock::right(&database.directory);
    let options = ServerOptions { clock: Some(clock.clone()), ..ServerOptions::default() };
    let server = Server::start(&database, &options).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let rates = ["status=503:0.2", "delay=after:50ms:0.5", "retry-after=1:0.05"].map(|rate| rate.parse().unwrap());
    crm.set_faults(Faults { rates: rates.to_vec(), ..Faults::default() }).unwrap();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    let offsets = ["+0", "+3h", "-1d", "+40d", "+0"];
    for (n, offset) in offsets.into_iter().enumerate() {
        clock.set(offset);
        let before = crm.stats().total;
        api.push(&people(&format!("at{n}-"), 0..EACH)).await;
        // The first ones change: what waits for a retry is overtaken.
        let changed: Vec<_> = people("at0-", 0..EACH).into_iter().map(|(id, _)| (id, format!("Ada {n}"))).collect();
        api.push(&changed).await;
        eventually("requests go on", WITHIN, || async { crm.stats().total >= before + 20 }).await;
    }
    crm.set_faults(Faults::default()).unwrap();
    let all = (EACH * offsets.len()) as i64;
    eventually("all is sent", WITHIN, || async { api.counts(&sync).await == (all, 0, 0, 0) }).await;
    let records = crm.records();
    let ids: BTreeSet<_> = records.iter().map(|record| record["external_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((records.len() as i64, ids.len() as i64), (all, all), "each once");
    let newest = records.iter().filter(|record| record["external_id"].as_str().unwrap().starts_with("at0-"));
    assert!(newest.clone().all(|record| record["name"] == "Ada 4"), "the newest state: {:?}", newest.take(1).next());
    let newest = &api.ok("{ logs(first: 1) { nodes { at } } }", json!({})).await["logs"]["nodes"][0]["at"];
    let newest = Timestamp::parse(newest.as_str().unwrap()).unwrap();
    let now = Timestamp::from_micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64);
    assert!(newest.since(now) > Duration::from_secs(39 * 24 * 3600), "the server took the clock for right: {newest:?}");
    assert!(server.stop().await, "the same process, and it ends in order");
}

on_both!(a_clock_that_jumps_changes_nothing);
