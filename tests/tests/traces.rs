//! One trace follows a change from the API call to the CRM's answer, as a collector sees it.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use mock_crm::{MockCrm, MockCrmOptions};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use product_tests::api::{UPSERT, people_input};
use product_tests::{Database, Server, ServerOptions, eventually, listen};
use prost::Message;
use serde_json::json;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

const WITHIN: Duration = Duration::from_secs(30);
/// The example of W3C Trace Context.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// An OTLP collector over HTTP: keeps every span with its service's name.
struct Collector {
    url: String,
    received: Arc<Mutex<Vec<(String, ExportTraceServiceRequest)>>>,
}

impl Collector {
    async fn start() -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        let address = listen("127.0.0.1:0", move |request| take(request, kept.clone())).await;
        let url = format!("http://{address}");
        Self { url, received }
    }

    fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let batches = received.iter().flat_map(|(_, request)| &request.resource_spans);
        batches.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }
}

async fn take(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<(String, ExportTraceServiceRequest)>>>,
) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    kept.lock().unwrap().push((path, ExportTraceServiceRequest::decode(body).unwrap()));
    Response::new(Full::default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}

fn attribute(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    Some(match found.value.as_ref()?.value.as_ref()? {
        AnyValue::StringValue(text) => text.clone(),
        AnyValue::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

async fn started(otlp_endpoint: Option<String>) -> (Database, Server, MockCrm) {
    let database = Database::sqlite();
    let options = ServerOptions { otlp_endpoint, ..ServerOptions::default() };
    let server = Server::start(&database, &options).await;
    let crm = MockCrm::start(MockCrmOptions { record_requests: 100, ..MockCrmOptions::default() }).await.unwrap();
    (database, server, crm)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_follows_a_change_to_the_crm() {
    let collector = Collector::start().await;
    let (_database, server, crm) = started(Some(collector.url.clone())).await;
    let api = server.api();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    // The first attempt of a new sync may be claimed rather than handed over.
    api.push(&[("warm".to_owned(), "up".to_owned())]).await;
    eventually("the first one is linked", WITHIN, || async { api.counts(&sync).await.0 == 1 }).await;

    let input = json!({ "input": people_input(&[("secret-id".to_owned(), "Ada".to_owned())]) });
    let traced = api.with_header("traceparent", &format!("00-{TRACE}-{CALLER}-01"));
    traced.ok(UPSERT, input).await;
    eventually("it is linked", WITHIN, || async { api.counts(&sync).await.0 == 2 }).await;
    let sent = crm
        .requests()
        .into_iter()
        .find(|request| String::from_utf8_lossy(&request.body).contains("secret-id"))
        .unwrap();
    let sent_on = sent.header("traceparent").expect("traceparent is sent on").to_owned();
    assert!(server.stop().await, "what is left is exported at the end");

    let spans = collector.spans();
    let in_trace: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let named = |name: &str| {
        let mut found = in_trace.iter().filter(|span| span.name == name);
        let span = found.next().unwrap_or_else(|| panic!("no span {name} in {in_trace:#?}"));
        assert!(found.next().is_none(), "two spans {name}");
        *span
    };
    let (call, recording, attempt, request) =
        (named("graphql mutation"), named("record changes"), named("attempt"), named("POST"));
    assert_eq!(in_trace.len(), 4);
    assert_eq!(hex(&call.parent_span_id), CALLER, "the caller's trace goes on");
    assert_eq!(recording.parent_span_id, call.span_id);
    assert_eq!(attempt.parent_span_id, recording.span_id);
    assert_eq!(request.parent_span_id, attempt.span_id);
    assert_eq!(sent_on, format!("00-{TRACE}-{}-01", hex(&request.span_id)), "the CRM's part would hang on the request");
    assert_eq!((call.kind(), request.kind()), (SpanKind::Server, SpanKind::Client));
    // The call was answered when the change was durable, before or after the CRM answered.
    assert!(call.start_time_unix_nano <= recording.start_time_unix_nano);
    assert!(recording.end_time_unix_nano <= call.end_time_unix_nano);
    assert!(attempt.start_time_unix_nano <= request.start_time_unix_nano);
    assert!(request.end_time_unix_nano <= attempt.end_time_unix_nano);
    assert_eq!(attribute(attempt, "attempt.outcome").as_deref(), Some("succeeded"));
    assert_eq!(attribute(attempt, "sync.id").as_deref(), Some(sync.as_str()));
    assert_eq!(attribute(request, "http.response.status_code").as_deref(), Some("201"));
    assert_eq!(attribute(request, "server.address").as_deref(), Some("127.0.0.1"));
    // Nothing of a person, no body, no header, no path, nobody else's spans.
    let whole = format!("{spans:?}");
    for secret in ["secret-id", "Ada", "example.test", "/contacts", product_tests::server::KEY, "upsertPeople"] {
        assert!(!whole.contains(secret), "{secret} is in {whole}");
    }
    let names: std::collections::BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["POST", "attempt", "graphql mutation", "graphql query", "record changes"]
    );
    let received = collector.received.lock().unwrap();
    for (path, request) in received.iter() {
        assert_eq!(path, "/v1/traces");
        let resource = request.resource_spans[0].resource.as_ref().unwrap();
        let named = resource.attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
        assert!(format!("{named:?}").contains("crm-sync"));
    }
}

/// A retry is no part of the call's trace: it begins one of its own. What is sent is the same, so nothing is sent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_claimed_later_has_a_trace_of_its_own() {
    let collector = Collector::start().await;
    let (_database, server, crm) = started(Some(collector.url.clone())).await;
    let api = server.api();
    let own = json!([{ "name": "traceparent", "value": "my-own" }]);
    let data = "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\" }";
    let update = json!({ "method": "PUT", "url": format!("{}/contacts/{{{{ unique_id }}}}", crm.url()), "data": data, "headers": own });
    let create = json!({ "method": "POST", "url": format!("{}/contacts", crm.url()), "data": data });
    let sync = api.create_sync(&crm.url(), json!({ "createUsers": create, "updateUsers": update })).await;
    crm.set_faults(serde_json::from_value(json!({ "next": ["status=503"] })).unwrap()).unwrap();
    let traced = api.with_header("traceparent", &format!("00-{TRACE}-{CALLER}-01"));
    let push = async |name: &str| {
        traced.ok(UPSERT, json!({ "input": people_input(&[("1".to_owned(), name.to_owned())]) })).await;
    };
    push("Ada").await;
    eventually("the retry is linked", WITHIN, || async { api.counts(&sync).await.0 == 1 }).await;
    let seen = crm.requests();
    assert_eq!(seen.len(), 2);
    let parents: Vec<&str> = seen.iter().map(|request| request.header("traceparent").unwrap()).collect();
    assert_ne!(parents[0].split('-').nth(1), parents[1].split('-').nth(1), "two traces");
    // A rule's own header stays.
    push("Grace").await;
    eventually("the update is sent", WITHIN, || async { crm.requests().len() == 3 }).await;
    assert_eq!(crm.requests()[2].header("traceparent"), Some("my-own"));
    // A trace differs with every call, and makes no difference: the request is the same as the last one accepted.
    api.ok(UPSERT, json!({ "input": [{ "id": "1", "summary": "of no interest" }] })).await;
    eventually("nothing is owed", WITHIN, || async { api.counts(&sync).await.1 == 0 }).await;
    assert_eq!(crm.requests().len(), 3, "nothing was sent");
    assert!(server.stop().await);
    let failed = collector
        .spans()
        .into_iter()
        .find(|span| span.name == "attempt" && attribute(span, "attempt.outcome").as_deref() == Some("retrying"));
    assert_eq!(failed.expect("the first attempt").status.unwrap().code(), StatusCode::Error);
}

/// Off unless asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_on_without_traces() {
    let (_database, server, crm) = started(None).await;
    let api = server.api().with_header("traceparent", &format!("00-{TRACE}-{CALLER}-01"));
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&[("1".to_owned(), "Ada".to_owned())]).await;
    eventually("it is linked", WITHIN, || async { api.counts(&sync).await.0 == 1 }).await;
    assert_eq!(crm.requests()[0].header("traceparent"), None);
}

/// A collector that is gone costs nothing but its traces.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_gone_stops_nothing() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let (_database, server, crm) = started(Some(url)).await;
    let api = server.api();
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&[("1".to_owned(), "Ada".to_owned())]).await;
    eventually("it is linked", WITHIN, || async { api.counts(&sync).await.0 == 1 }).await;
    assert!(server.stop().await, "and it ends by itself");
}
