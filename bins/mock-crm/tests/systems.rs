//! What systems do beyond failing: limits, answers that are not true, late searches, keys, locks, and taking leave.

mod support;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Version};
use mock_crm::{Faults, IdKind, MockCrm, MockCrmOptions};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use support::{JSON, Rehearsal, Reply};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A store where every request gets this fault.
async fn always(fault: &str) -> Rehearsal {
    always_with(fault, MockCrmOptions::default()).await
}

async fn always_with(fault: &str, options: MockCrmOptions) -> Rehearsal {
    let faults = Faults { always: fault.parse().unwrap(), ..Faults::default() };
    Rehearsal::start(MockCrmOptions { faults, ..options }).await
}

fn anna() -> Value {
    json!({ "external_id": "p1", "name": "Anna", "email": "anna@x.example" })
}

#[tokio::test]
async fn a_quota_refuses_what_exceeds_it() {
    for (quota, status, header, wait) in [
        ("fixed:3:600s", 429, None, ""),
        ("sliding:3:600s:retry-after", 429, Some("retry-after"), "600"),
        ("bucket:3:600s:503", 503, Some("retry-after"), "200"),
        ("fixed:3:600s:ratelimit", 429, Some("ratelimit"), "\"default\";r=0;t=600"),
        ("daily:3:reset", 429, Some("x-ratelimit-reset"), ""),
    ] {
        let rehearsal = always(&format!("quota={quota}")).await;
        for _ in 0..3 {
            assert_eq!(
                rehearsal.json(Method::POST, "/contacts", json!({})).await.status,
                StatusCode::CREATED,
                "{quota}"
            );
        }
        let refused = rehearsal.get("/contacts").await;
        assert_eq!(refused.status.as_u16(), status, "{quota}");
        assert_eq!(refused.headers.contains_key("retry-after"), header == Some("retry-after"), "{quota}");
        if let Some(header) = header {
            assert!(refused.header(header).starts_with(wait), "{quota}: {}", refused.header(header));
        }
        // Administration is no request.
        assert_eq!(rehearsal.get("/healthz").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn quotas_by_path_are_counted_apart() {
    let rehearsal = Rehearsal::plain().await;
    for path in ["/fault/quota=fixed:1:600s/contacts", "/fault/quota=sliding:1:600s/contacts"] {
        let statuses = [rehearsal.get(path).await.status, rehearsal.get(path).await.status];
        assert_eq!(statuses, [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS], "{path}");
    }
    assert_eq!(rehearsal.get("/contacts").await.status, StatusCode::OK);
}

#[tokio::test]
async fn pages_and_errors_come_with_200_before_or_after_storing() {
    let rehearsal = Rehearsal::plain().await;
    for (fault, stored) in [("page", 0), ("page=after", 1), ("error", 1), ("error=after", 2)] {
        let reply = rehearsal.create_with(fault).await.unwrap();
        assert_eq!((reply.status, rehearsal.crm.records().len()), (StatusCode::OK, stored), "{fault}");
        if fault.starts_with("page") {
            assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
            assert!(reply.whole && reply.body.starts_with(b"<!DOCTYPE html>"));
        } else {
            assert_eq!(reply.json()["errors"].as_array().unwrap().len(), 1);
        }
    }
    let by_fault = rehearsal.crm.stats().by_fault;
    assert_eq!(by_fault, [("page=before", 1), ("page=after", 1), ("error=before", 1), ("error=after", 1)].into());
}

/// Ids that a search for p1 finds, by a path prefix.
async fn searched(rehearsal: &Rehearsal, prefix: &str) -> usize {
    let list = rehearsal.get(&format!("{prefix}/contacts?external_id=p1")).await.json();
    assert_eq!(list["total"].as_u64(), list["contacts"].as_array().map(|contacts| contacts.len() as u64));
    list["contacts"].as_array().unwrap().len()
}

#[tokio::test]
async fn searches_lag_behind_or_never_find() {
    let rehearsal = Rehearsal::plain().await;
    rehearsal.json(Method::POST, "/contacts", anna()).await;
    for (prefix, found) in
        [("", 1), ("/fault/search-lag=0s", 1), ("/fault/search-lag=600s", 0), ("/fault/search-lag=never", 0)]
    {
        assert_eq!(searched(&rehearsal, prefix).await, found, "{prefix}");
    }
    // By id and in the whole list it is there at once.
    for path in ["/fault/search-lag=never/contacts/1", "/fault/search-lag=never/contacts"] {
        assert!(rehearsal.get(path).await.json().to_string().contains("Anna"), "{path}");
    }
    let found = async {
        while searched(&rehearsal, "/fault/search-lag=100ms").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), found).await.unwrap();
}

#[tokio::test]
async fn a_key_store_replays_checks_the_body_or_refuses() {
    for (keys, same, other) in [("replay", 201, 201), ("check", 201, 422), ("refuse", 400, 400)] {
        let rehearsal = always(&format!("keys={keys}")).await;
        let post = async |body| {
            rehearsal.send(Method::POST, "/contacts", &[JSON, ("idempotency-key", "k1")], body).await.unwrap()
        };
        let first: Reply = post(r#"{"name":"Anna"}"#).await;
        assert_eq!(first.status, StatusCode::CREATED);
        assert_eq!(post(r#"{"name":"Anna"}"#).await.status.as_u16(), same, "{keys}");
        let with_other = post(r#"{"name":"Bea"}"#).await;
        assert_eq!(with_other.status.as_u16(), other, "{keys}");
        assert_eq!(with_other.headers.contains_key("idempotency-replayed"), keys == "replay");
        assert_eq!(rehearsal.crm.records().len(), 1, "{keys}");
    }
}

#[tokio::test]
async fn records_may_be_kept_by_their_email() {
    let rehearsal = Rehearsal::start(MockCrmOptions { ids: IdKind::Emails, ..MockCrmOptions::default() }).await;
    let created = rehearsal.json(Method::POST, "/contacts", anna()).await;
    assert_eq!(
        (created.json()["id"].as_str(), created.header("location")),
        (Some("anna@x.example"), "/contacts/anna%40x.example")
    );
    assert_eq!(rehearsal.json(Method::POST, "/contacts", anna()).await.status, StatusCode::CONFLICT);
    assert_eq!(rehearsal.json(Method::POST, "/contacts", json!({})).await.status, StatusCode::BAD_REQUEST);
    let moved = rehearsal.json(Method::PATCH, "/contacts/anna@x.example", json!({ "email": "a@y.example" })).await;
    assert_eq!((moved.status, moved.json()["id"].as_str()), (StatusCode::OK, Some("a@y.example")));
    assert_eq!(rehearsal.get("/contacts/anna@x.example").await.status, StatusCode::NOT_FOUND);
    assert_eq!(rehearsal.get("/contacts/a@y.example").await.json()["name"], "Anna");
}

#[tokio::test]
async fn an_upsert_changes_the_record_with_that_email() {
    let rehearsal = always("upsert").await;
    assert_eq!(rehearsal.json(Method::POST, "/contacts", anna()).await.status, StatusCode::CREATED);
    let again = rehearsal.json(Method::POST, "/contacts", json!({ "email": "ANNA@x.example", "name": "Bea" })).await;
    assert_eq!((again.status, again.json()["id"].as_u64()), (StatusCode::OK, Some(1)));
    assert_eq!(rehearsal.crm.records().len(), 1);
    assert_eq!(rehearsal.crm.records()[0]["name"], "Bea");
    assert_eq!(rehearsal.json(Method::POST, "/contacts", json!({ "name": "C" })).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_record_is_locked_after_it_was_written() {
    let rehearsal = Rehearsal::plain().await;
    rehearsal.json(Method::POST, "/contacts", anna()).await;
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        let locked = rehearsal.json(method, "/fault/lock=600s/contacts/1", json!({ "name": "Bea" })).await;
        assert_eq!(locked.status, StatusCode::LOCKED);
    }
    assert_eq!(rehearsal.get("/fault/lock=600s/contacts/1").await.json()["name"], "Anna");
    let unlocked = async {
        while rehearsal.json(Method::PATCH, "/fault/lock=100ms/contacts/1", json!({ "name": "Bea" })).await.status
            != StatusCode::OK
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), unlocked).await.unwrap();
}

#[tokio::test]
async fn one_persons_requests_always_fail() {
    let rehearsal = Rehearsal::plain().await;
    rehearsal.json(Method::POST, "/contacts", anna()).await;
    rehearsal.json(Method::POST, "/contacts", json!({ "external_id": "p2" })).await;
    for (method, path, body, status) in [
        (Method::POST, "/contacts", anna(), 500),
        (Method::POST, "/contacts", json!({ "email": "p1" }), 500),
        (Method::PUT, "/contacts/1", json!({}), 500),
        (Method::DELETE, "/contacts/1", json!({}), 500),
        (Method::GET, "/contacts?external_id=p1", json!({}), 500),
        (Method::PUT, "/contacts/2", json!({ "external_id": "p2" }), 200),
        (Method::GET, "/contacts?external_id=p2", json!({}), 200),
        (Method::POST, "/contacts", json!({ "external_id": "p11" }), 201),
    ] {
        let reply = rehearsal.json(method.clone(), &format!("/fault/poison=p1{path}"), body).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}");
    }
    assert_eq!(rehearsal.crm.records().len(), 3);
}

#[tokio::test]
async fn what_a_request_asks_for_comes_before_what_all_get() {
    let rehearsal = always("status=503,delay=1ms").await;
    assert_eq!(rehearsal.create_with("status=418").await.unwrap().status.as_u16(), 418);
    assert_eq!(rehearsal.get("/contacts").await.status.as_u16(), 503);
    let set = rehearsal.json(Method::PUT, "/_mock/faults", json!({ "always": "page" })).await;
    assert_eq!(set.json()["always"], "page=before");
    assert_eq!(rehearsal.get("/contacts").await.header("content-type"), "text/html; charset=utf-8");
    rehearsal.json(Method::PUT, "/_mock/faults", json!({})).await;
    assert_eq!(rehearsal.get("/contacts").await.header("content-type"), "application/json");
}

// ------------------------------------------------------------------------------------------------------ TLS and HTTP/2

struct Secure {
    crm: MockCrm,
    requests: h2::client::SendRequest<Bytes>,
}

impl Secure {
    /// A connection over TLS that speaks HTTP/2.
    async fn connect() -> Self {
        let crm = MockCrm::start(MockCrmOptions { tls: true, ..MockCrmOptions::default() }).await.unwrap();
        assert!(crm.url().starts_with("https://127.0.0.1:"));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(crm.certificate().unwrap().to_vec())).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(crm.address()).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Self { crm, requests }
    }

    /// Sends a create under a fault. Returns its answer, once it comes.
    async fn create(&self, fault: &str) -> h2::client::ResponseFuture {
        let uri = format!("{}/fault/{fault}/contacts", self.crm.url());
        let request = Request::post(uri).version(Version::HTTP_2).header(JSON.0, JSON.1).body(()).unwrap();
        let mut requests = self.requests.clone().ready().await.unwrap();
        let (answer, mut body) = requests.send_request(request, false).unwrap();
        body.send_data(Bytes::from_static(b"{}"), true).unwrap();
        answer
    }

    /// Waits until so many requests are worked on.
    async fn under_way(&self, count: u64) {
        let come = async {
            while self.crm.stats().in_flight < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), come).await.unwrap();
    }
}

#[tokio::test]
async fn goaway_lets_what_was_begun_end_and_does_nothing_beyond_it() {
    let secure = Secure::connect().await;
    assert_eq!(secure.create("delay=0s").await.await.unwrap().status(), StatusCode::CREATED);
    let begun = secure.create("delay=after:300ms").await;
    secure.under_way(1).await;
    let (refused, beyond) = (secure.create("goaway").await, secure.create("delay=0s").await);
    for answer in [refused, beyond] {
        let error = answer.await.unwrap_err();
        assert!(error.is_go_away() && error.is_remote(), "{error:?}");
        assert_eq!(error.reason(), Some(h2::Reason::NO_ERROR));
    }
    assert_eq!(begun.await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(secure.crm.records().len(), 2, "neither of the two was stored");
    assert_eq!(secure.crm.stats().by_fault.get("goaway"), Some(&1));
}

#[tokio::test]
async fn goaway_at_the_first_request_does_none() {
    let secure = Secure::connect().await;
    let error = secure.create("goaway").await.await.unwrap_err();
    assert!(error.is_go_away(), "{error:?}");
    assert!(secure.crm.records().is_empty());
}

#[tokio::test]
async fn a_stream_is_refused_and_its_connection_goes_on() {
    let secure = Secure::connect().await;
    let error = secure.create("refused-stream").await.await.unwrap_err();
    assert!(error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM), "{error:?}");
    assert_eq!(secure.create("delay=0s").await.await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(secure.crm.records().len(), 1);
}

#[tokio::test]
async fn over_http_1_taking_leave_is_hanging_up() {
    let rehearsal = Rehearsal::plain().await;
    for fault in ["goaway", "refused-stream"] {
        assert!(rehearsal.create_with(fault).await.is_none(), "{fault}");
    }
    assert!(rehearsal.crm.records().is_empty());
    assert_eq!(rehearsal.get("/contacts").await.status, StatusCode::OK);
}
