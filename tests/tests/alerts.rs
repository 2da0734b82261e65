//! What an administrator's receiver hears: each news once, signed, whatever goes wrong on the way.

use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::prometheus::Scrape;
use product_tests::{Api, Database, Server, ServerOptions, eventually, listen, people};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);

/// A receiver of alerts: refuses the first ones, accepts the others, and keeps all.
#[derive(Clone)]
struct Receiver {
    url: String,
    refuses: Arc<AtomicUsize>,
    refused: Arc<Mutex<Vec<Heard>>>,
    accepted: Arc<Mutex<Vec<Heard>>>,
}

#[derive(Clone)]
struct Heard {
    headers: HeaderMap,
    body: Bytes,
}

impl Heard {
    fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Receiver {
    async fn start(refuses: usize) -> Self {
        let mut receiver = Self {
            url: String::new(),
            refuses: Arc::new(AtomicUsize::new(refuses)),
            refused: Arc::default(),
            accepted: Arc::default(),
        };
        let taking = receiver.clone();
        let address = listen("127.0.0.1:0", move |request| taking.clone().take(request)).await;
        receiver.url = format!("http://{address}/alerts?for=crm-sync");
        receiver
    }

    async fn take(self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let headers = request.headers().clone();
        let heard = Heard { headers, body: request.into_body().collect().await.unwrap().to_bytes() };
        let down = self.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let (kept, status) = if down {
            (&self.refused, StatusCode::SERVICE_UNAVAILABLE)
        } else {
            (&self.accepted, StatusCode::NO_CONTENT)
        };
        kept.lock().unwrap().push(heard);
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        response
    }

    fn accepted(&self) -> Vec<Heard> {
        self.accepted.lock().unwrap().clone()
    }

    fn refused(&self) -> Vec<Heard> {
        self.refused.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<String> {
        self.accepted().iter().map(|heard| heard.json()["type"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until so many were accepted. Returns the last one.
    async fn hears(&self, alerts: usize) -> Heard {
        eventually("the receiver hears of it", WITHIN, || async { self.accepted().len() >= alerts }).await;
        self.accepted()[alerts - 1].clone()
    }
}

fn faults(text: &str) -> Faults {
    let rates = if text.is_empty() { json!([]) } else { json!([{ "fault": text, "share": 1.0 }]) };
    serde_json::from_value(json!({ "rates": rates, "seed": 1 })).unwrap()
}

async fn settings(api: &Api) -> Value {
    let query = "{ alertSettings { url parkedAbove waiting lastSentAt lastError } }";
    api.ok(query, json!({})).await["alertSettings"].clone()
}

async fn each_news_is_told_once(database: Database, nodes: usize) {
    let options = ServerOptions { alerts_every: "100ms", ..ServerOptions::default() };
    let start = async || {
        let mut servers = Vec::new();
        for _ in 0..nodes {
            servers.push(Server::start(&database, &options).await);
        }
        servers
    };
    let servers = start().await;
    let (api, crm) = (servers[0].api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let receiver = Receiver::start(2).await;
    let input = json!({ "url": receiver.url, "parkedAbove": 10 });
    let set = "mutation ($input: AlertsInput!) { setAlerts(input: $input) { secret } }";
    let secret = api.ok(set, json!({ "input": input })).await["setAlerts"]["secret"].as_str().unwrap().to_owned();
    let sync = api.create_sync(&crm.url(), json!({})).await;

    // A CRM that is down suspends its sync; the receiver is down at first too.
    crm.set_faults(faults("status=500")).unwrap();
    api.push(&people("a", 0..10)).await;
    let suspended = receiver.hears(1).await;
    let told = suspended.json();
    assert_eq!(told["type"], "sync.suspended");
    assert_eq!((&told["data"]["syncId"], &told["data"]["friendlyName"]), (&json!(sync), &json!("CRM")));
    assert!(told["data"]["reason"].as_str().unwrap().contains("500"), "{told}");
    assert!(told["data"]["suspendedAt"].is_string() && told["data"]["owed"].as_i64() > Some(0), "{told}");
    let refused = receiver.refused();
    assert_eq!(refused.len(), 2);
    for tried in &refused {
        assert_eq!((tried.id(), &tried.body), (suspended.id(), &suspended.body), "it is the same at each try");
    }
    eventually("it is settled", WITHIN, || async { settings(&api).await["lastSentAt"].is_string() }).await;
    let seen = settings(&api).await;
    assert_eq!((&seen["waiting"], &seen["lastError"]), (&json!(0), &Value::Null), "{seen}");

    // It works again.
    crm.set_faults(faults("")).unwrap();
    let recovered = receiver.hears(2).await.json();
    assert_eq!(recovered["type"], "sync.recovered");
    assert_eq!(recovered["data"]["suspendedAt"], told["data"]["suspendedAt"], "it says what is over");
    // With nothing owed: what follows a create that was repeated would be refused, too.
    eventually("all are linked", WITHIN, || async { matches!(api.counts(&sync).await, (10, 0, ..)) }).await;

    // Fifteen people are refused (so few that the rule does not look wrong), one alert tells of them.
    crm.set_faults(faults("status=422")).unwrap();
    api.push(&people("b", 0..15)).await;
    let parked = receiver.hears(3).await.json();
    assert_eq!((&parked["type"], &parked["data"]["parkedAbove"]), (&json!("sync.parked"), &json!(10)));
    eventually("all are parked", WITHIN, || async { api.counts(&sync).await.2 == 15 }).await;

    // Nothing is told anew after a crash of every node.
    for server in servers {
        server.kill().await;
    }
    let servers = start().await;
    let api = servers[0].api();
    crm.set_faults(faults("status=500")).unwrap();
    api.push(&people("c", 0..10)).await;
    receiver.hears(4).await;
    assert_eq!(receiver.kinds(), ["sync.suspended", "sync.recovered", "sync.parked", "sync.suspended"]);

    // Each is signed with the secret that was shown, and has an id of its own.
    let verifier = standardwebhooks::Webhook::new(&secret).unwrap();
    let all: Vec<Heard> = receiver.refused().into_iter().chain(receiver.accepted()).collect();
    for heard in &all {
        verifier.verify(&heard.body, &heard.headers).expect("a signature that holds");
    }
    let ids: std::collections::BTreeSet<_> = all.iter().map(Heard::id).collect();
    assert_eq!(ids.len(), 4);

    // No address, no alert.
    assert_eq!(api.ok("mutation { removeAlerts }", json!({})).await["removeAlerts"], true);
    assert_eq!(settings(&api).await, Value::Null);
    for server in servers {
        assert!(server.stop().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_news_is_told_once_on_sqlite() {
    each_news_is_told_once(Database::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_news_is_told_once_by_two_nodes_on_postgres() {
    each_news_is_told_once(Database::postgres().await, 2).await;
}

/// What cannot be told is not told late: a suspension that is over by then is dropped, and the failure is shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hears_of_a_suspension_that_is_over() {
    let database = Database::sqlite();
    // The refused alert is not tried again while this test looks, and neither is anybody.
    let options = ServerOptions { alerts_every: "100ms", retry_schedule: "1h", ..ServerOptions::default() };
    let server = Server::start(&database, &options).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let receiver = Receiver::start(1).await;
    let set = "mutation ($input: AlertsInput!) { setAlerts(input: $input) { secret } }";
    api.ok(set, json!({ "input": { "url": receiver.url } })).await;
    api.create_sync(&crm.url(), json!({})).await;
    crm.set_faults(faults("status=500")).unwrap();
    api.push(&people("a", 0..10)).await;
    eventually("one was refused", WITHIN, || async { receiver.refused().len() == 1 }).await;
    eventually("it is shown", WITHIN, || async { settings(&api).await["lastError"] == "the receiver answered 503" })
        .await;
    crm.set_faults(faults("")).unwrap();
    api.push(&people("b", 0..1)).await;
    let heard = receiver.hears(1).await.json();
    assert_eq!(heard["type"], "sync.recovered");
    assert!(heard["data"]["reason"].is_string(), "it says what is over: {heard}");
    let told = async |outcome| {
        let scrape = Scrape::parse(&Api::text(&server.metrics_url).await.unwrap());
        scrape.count("crm_sync_alerts_total", &[("outcome", outcome)])
    };
    eventually("both tries are counted", WITHIN, || async { told("accepted").await == 1 }).await;
    assert_eq!((told("retrying").await, told("given_up").await), (1, 0));
    server.kill().await;
}
