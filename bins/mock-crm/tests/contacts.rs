//! Every path, and every fault of a connection, over real sockets.

mod support;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use mock_crm::{Auth, Fault, Faults, IdKind, MockCrm, MockCrmOptions};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{JSON, Rehearsal};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_record_lives_from_post_to_delete() {
    let rehearsal = Rehearsal::plain().await;
    let created = rehearsal.json(Method::POST, "/contacts", json!({"name": "Anna", "email": "anna@x.example"})).await;
    assert_eq!((created.status, created.header("location")), (StatusCode::CREATED, "/contacts/1"));
    assert_eq!(created.json(), json!({"id": 1, "name": "Anna", "email": "anna@x.example"}));
    assert_eq!(rehearsal.get("/contacts/1").await.json(), created.json());
    let replaced = rehearsal.json(Method::PUT, "/contacts/1", json!({"name": "Bea", "id": 99})).await;
    assert_eq!((replaced.status, replaced.json()), (StatusCode::OK, json!({"id": 1, "name": "Bea"})));
    let merged = rehearsal.json(Method::PATCH, "/contacts/1", json!({"phone": "1", "name": null})).await;
    assert_eq!((merged.status, merged.json()), (StatusCode::OK, json!({"id": 1, "phone": "1"})));
    assert_eq!(rehearsal.crm.records(), [json!({"id": 1, "phone": "1"})]);
    let deleted = rehearsal.send(Method::DELETE, "/contacts/1", &[], "").await.unwrap();
    assert_eq!((deleted.status, deleted.body.len()), (StatusCode::NO_CONTENT, 0));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(rehearsal.send(method, "/contacts/1", &[], "").await.unwrap().status, StatusCode::NOT_FOUND);
    }
    for method in [Method::PUT, Method::PATCH] {
        assert_eq!(rehearsal.json(method, "/contacts/1", json!({})).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(rehearsal.json(Method::POST, "/contacts", json!({})).await.header("location"), "/contacts/2");
}

#[tokio::test]
async fn ids_are_given_as_text_or_chosen_by_the_client() {
    let rehearsal =
        Rehearsal::start(MockCrmOptions { ids: IdKind::Strings, put_creates: true, ..MockCrmOptions::default() }).await;
    let created = rehearsal.json(Method::POST, "/contacts", json!({"name": "Anna"})).await;
    assert_eq!(created.json()["id"], "c-1");
    let chosen = rehearsal.json(Method::POST, "/contacts", json!({"id": "a b/\u{e9}"})).await;
    assert_eq!((chosen.status, chosen.header("location")), (StatusCode::CREATED, "/contacts/a%20b%2F%C3%A9"));
    assert_eq!(rehearsal.get(chosen.header("location")).await.json()["id"], "a b/\u{e9}");
    let again = rehearsal.json(Method::POST, "/contacts", json!({"id": "a b/\u{e9}"})).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(rehearsal.json(Method::POST, "/contacts", json!({"id": [1]})).await.status, StatusCode::BAD_REQUEST);
    let put = rehearsal.json(Method::PUT, "/contacts/p-7", json!({"name": "Bea"})).await;
    assert_eq!((put.status, put.json()), (StatusCode::CREATED, json!({"id": "p-7", "name": "Bea"})));
    assert_eq!(rehearsal.json(Method::PUT, "/contacts/p-7", json!({"name": "Bea"})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_put_creates_a_number_where_ids_are_numbers() {
    let rehearsal = Rehearsal::start(MockCrmOptions { put_creates: true, ..MockCrmOptions::default() }).await;
    assert_eq!(rehearsal.json(Method::PUT, "/contacts/7", json!({})).await.json(), json!({"id": 7}));
    assert_eq!(rehearsal.json(Method::PUT, "/contacts/07", json!({})).await.json(), json!({"id": "07"}));
}

#[tokio::test]
async fn contacts_are_listed_and_searched() {
    let rehearsal = Rehearsal::plain().await;
    for n in 1..=5 {
        let body = json!({"email": format!("Anna+{}@x.example", n % 2), "external_id": n.to_string()});
        assert_eq!(rehearsal.json(Method::POST, "/contacts", body).await.status, StatusCode::CREATED);
    }
    let ids = async |path: &str| -> (Value, Vec<Value>) {
        let list = rehearsal.get(path).await.json();
        let ids = list["contacts"].as_array().unwrap().iter().map(|contact| contact["id"].clone()).collect();
        (list["total"].clone(), ids)
    };
    assert_eq!(ids("/contacts?limit=2&offset=1").await, (json!(5), vec![json!(2), json!(3)]));
    assert_eq!(ids("/contacts?email=anna%2B0@x.example").await, (json!(2), vec![json!(2), json!(4)]));
    assert_eq!(ids("/contacts/?external_id=3").await, (json!(1), vec![json!(3)]));
    assert_eq!(ids("/contacts?external_id=3&email=anna%2B0@x.example").await, (json!(0), vec![]));
    for path in ["/contacts?limit=x", "/contacts?e-mail=a"] {
        assert_eq!(rehearsal.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn forms_are_taken_and_other_bodies_refused() {
    let rehearsal = Rehearsal::plain().await;
    let form = rehearsal.send(Method::POST, "/contacts", &[FORM], "name=Zo%C3%AB+S&tag=a&tag=b").await.unwrap();
    assert_eq!(form.json(), json!({"id": 1, "name": "Zo\u{eb} S", "tag": ["a", "b"]}));
    for (headers, body, status) in [
        (&[JSON][..], "{\"name\":", StatusCode::BAD_REQUEST),
        (&[JSON], "[1]", StatusCode::BAD_REQUEST),
        (&[JSON], "", StatusCode::BAD_REQUEST),
        (&[("content-type", "text/plain")], "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&[], "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&[("content-type", "application/vnd.api+json; charset=utf-8")], "{}", StatusCode::CREATED),
    ] {
        let reply = rehearsal.send(Method::POST, "/contacts", headers, body).await.unwrap();
        assert_eq!(reply.status, status, "{headers:?} {body}");
    }
    let large = rehearsal.send(Method::POST, "/contacts", &[JSON], &" ".repeat(11 << 20)).await;
    assert!(large.is_none_or(|reply| reply.status == StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(rehearsal.crm.records().len(), 2);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let rehearsal = Rehearsal::plain().await;
    for path in ["/", "/contact", "/contactsx", "/contacts/1/2", "/_mock/x"] {
        assert_eq!(rehearsal.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (method, path) in [
        (Method::DELETE, "/contacts"),
        (Method::DELETE, "/contacts/"),
        (Method::POST, "/contacts/1"),
        (Method::POST, "/_mock/stats"),
    ] {
        let reply = rehearsal.send(method, path, &[], "").await.unwrap();
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(reply.header("allow").contains("GET"));
    }
}

#[tokio::test]
async fn credentials_are_asked_for_everywhere_but_in_administration() {
    let options = MockCrmOptions { auth: Auth::basic("anna", "p:w"), record_requests: 10, ..MockCrmOptions::default() };
    let rehearsal = Rehearsal::start(options).await;
    let without = rehearsal.get("/contacts").await;
    assert_eq!(
        (without.status, without.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Basic realm=\"mock-crm\"")
    );
    let with = rehearsal.send(Method::GET, "/contacts", &[("authorization", "Basic YW5uYTpwOnc=")], "").await.unwrap();
    assert_eq!(with.status, StatusCode::OK);
    for path in ["/healthz", "/_mock/stats", "/_mock/records", "/_mock/requests", "/_mock/faults"] {
        assert_eq!(rehearsal.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(rehearsal.crm.requests()[1].header("authorization"), Some("Basic [redacted]"));
    let rehearsal = Rehearsal::start(MockCrmOptions { auth: Auth::bearer("t0ken"), ..MockCrmOptions::default() }).await;
    assert_eq!(rehearsal.get("/contacts").await.header("www-authenticate"), "Bearer realm=\"mock-crm\"");
    let with = rehearsal.send(Method::GET, "/contacts", &[("authorization", "Bearer t0ken")], "").await.unwrap();
    assert_eq!(with.status, StatusCode::OK);
}

#[tokio::test]
async fn an_idempotency_key_gives_the_same_answer_again() {
    let rehearsal = Rehearsal::start(MockCrmOptions { idempotency_keys: true, ..MockCrmOptions::default() }).await;
    let post = async |key, body| {
        rehearsal.send(Method::POST, "/contacts", &[JSON, ("idempotency-key", key)], body).await.unwrap()
    };
    let first = post("k1", r#"{"name":"Anna"}"#).await;
    let second = post("k1", r#"{"name":"Bea"}"#).await;
    assert_eq!((second.status, second.json(), second.header("location")), (first.status, first.json(), "/contacts/1"));
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(post("k2", "{}").await.json()["id"], 2);
    assert_eq!(rehearsal.crm.stats().by_idempotency_key, [("k1".into(), 2), ("k2".into(), 1)].into());
    rehearsal.crm.clear();
    assert_eq!(post("k1", "{}").await.json()["id"], 3);

    let deaf = Rehearsal::plain().await;
    for id in [1, 2] {
        let reply = deaf.send(Method::POST, "/contacts", &[JSON, ("idempotency-key", "k1")], "{}").await.unwrap();
        assert_eq!(reply.json()["id"], id);
    }
}

#[tokio::test]
async fn unique_emails_and_a_full_store_are_refused() {
    let options = MockCrmOptions { unique_emails: true, records_max: 1, ..MockCrmOptions::default() };
    let rehearsal = Rehearsal::start(options).await;
    let anna = json!({"email": "anna@x.example"});
    assert_eq!(rehearsal.json(Method::POST, "/contacts", anna.clone()).await.status, StatusCode::CREATED);
    assert_eq!(rehearsal.json(Method::POST, "/contacts", anna).await.status, StatusCode::CONFLICT);
    assert_eq!(rehearsal.json(Method::POST, "/contacts", json!({})).await.status, StatusCode::INSUFFICIENT_STORAGE);
}

#[tokio::test]
async fn faults_before_storing_store_nothing() {
    let rehearsal = Rehearsal::plain().await;
    let failed = rehearsal.create_with("status=503,retry-after=3").await.unwrap();
    assert_eq!((failed.status.as_u16(), failed.header("retry-after")), (503, "3"));
    let limited = rehearsal.create_with("retry-after=3").await.unwrap();
    assert_eq!((limited.status.as_u16(), limited.header("retry-after")), (429, "3"));
    let redirected = rehearsal.create_with("redirect").await.unwrap();
    assert_eq!((redirected.status.as_u16(), redirected.header("location")), (307, "/elsewhere"));
    assert!(rehearsal.create_with("hangup=before").await.is_none());
    assert_eq!(rehearsal.create_with("nonsense").await.unwrap().status, StatusCode::BAD_REQUEST);
    assert_eq!(rehearsal.crm.records(), Vec::<Value>::new());
    let by_fault = rehearsal.crm.stats().by_fault;
    assert_eq!(by_fault, [("status", 1), ("retry-after", 2), ("redirect", 1), ("hangup=before", 1)].into());
}

#[tokio::test]
async fn a_hang_up_after_storing_leaves_the_record() {
    let rehearsal = Rehearsal::plain().await;
    assert!(rehearsal.create_with("hangup=after").await.is_none());
    assert_eq!(rehearsal.crm.records(), [json!({"id": 1, "name": "Anna"})]);
    // The server goes on.
    assert_eq!(rehearsal.get("/contacts/1").await.status, StatusCode::OK);
    let stats = rehearsal.crm.stats();
    assert_eq!((stats.total, stats.by_status), (2, [(200, 1)].into()));
}

#[tokio::test]
async fn distorted_bodies_come_after_storing() {
    let rehearsal = Rehearsal::plain().await;
    let malformed = rehearsal.create_with("malformed").await.unwrap();
    assert_eq!((malformed.status, &malformed.body[..]), (StatusCode::CREATED, &br#"{"id":1,"name":"Anna""#[..]));
    let cut = rehearsal.create_with("cut").await.unwrap();
    assert_eq!((cut.status, cut.whole, &cut.body[..]), (StatusCode::CREATED, false, &br#"{"id":2,"na"#[..]));
    let huge = rehearsal.create_with("huge").await.unwrap();
    assert_eq!((huge.status, huge.whole), (StatusCode::CREATED, true));
    assert!(huge.body.len() > 64 << 20 && huge.body.starts_with(br#"{"id":3,"name":"Anna","filler":"x"#));
    assert!(huge.body.ends_with(b"x\"}"));
    assert_eq!(rehearsal.crm.records().len(), 3);
    let deleted = rehearsal.send(Method::DELETE, "/contacts/1", &[("x-mock-fault", "cut")], "").await.unwrap();
    assert_eq!((deleted.status, deleted.whole), (StatusCode::OK, false));
}

#[tokio::test]
async fn delays_delay_and_store_though_the_client_has_gone() {
    let rehearsal = Rehearsal::plain().await;
    for fault in ["delay=80ms", "delay=after:80ms"] {
        let started = Instant::now();
        assert_eq!(rehearsal.create_with(fault).await.unwrap().status, StatusCode::CREATED);
        assert!(started.elapsed() >= Duration::from_millis(80));
    }
    rehearsal.crm.clear();
    let impatient = tokio::time::timeout(Duration::from_millis(50), rehearsal.create_with("delay=300ms")).await;
    assert!(impatient.is_err());
    assert_eq!(rehearsal.crm.records().len(), 0);
    let stored = async {
        while rehearsal.crm.records().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), stored).await.unwrap();
}

#[tokio::test]
async fn a_hanging_request_ends_with_its_client_or_the_server() {
    let rehearsal = Rehearsal::plain().await;
    for (fault, stored) in [("hang", 0), ("hang=after", 1)] {
        let hanging = tokio::time::timeout(Duration::from_millis(100), rehearsal.create_with(fault)).await;
        assert!(hanging.is_err());
        assert_eq!(rehearsal.crm.records().len(), stored);
    }
    let gone = async {
        while rehearsal.crm.stats().in_flight > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    let Rehearsal { crm, client } = rehearsal;
    let hanging = tokio::spawn(client.get(format!("{}/fault/hang/contacts", crm.url()).parse().unwrap()));
    while crm.stats().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(Duration::from_secs(10), crm.stop()).await.unwrap();
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test]
async fn a_fault_can_stand_in_the_path() {
    let rehearsal = Rehearsal::plain().await;
    for path in ["/fault/status=418/contacts", "/fault/status%3D418/contacts/1?x=y"] {
        assert_eq!(rehearsal.get(path).await.status.as_u16(), 418, "{path}");
    }
    let created = rehearsal.json(Method::POST, "/fault/delay=1ms/contacts", json!({})).await;
    assert_eq!((created.status, created.header("location")), (StatusCode::CREATED, "/contacts/1"));
    assert_eq!(rehearsal.get("/fault/delay=1ms/contacts/1").await.status, StatusCode::OK);
    assert_eq!(rehearsal.get("/fault/nonsense/contacts").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn faults_come_by_script_and_by_share_and_can_be_set_over_http() {
    let rehearsal = Rehearsal::plain().await;
    let next: Vec<Fault> = vec!["status=500".parse().unwrap(), "hangup=after".parse().unwrap()];
    rehearsal.crm.set_faults(Faults { next: next.into(), ..Faults::default() }).unwrap();
    assert_eq!(rehearsal.json(Method::POST, "/contacts", json!({})).await.status.as_u16(), 500);
    // Administration takes none of them.
    assert_eq!(rehearsal.get("/healthz").await.status, StatusCode::OK);
    assert!(rehearsal.send(Method::POST, "/contacts", &[JSON], "{}").await.is_none());
    assert_eq!(rehearsal.json(Method::POST, "/contacts", json!({})).await.json()["id"], 2);

    let faults = json!({"rates": [{"fault": "status=500", "share": 0.5}], "seed": 3});
    let set = rehearsal.json(Method::PUT, "/_mock/faults", faults).await;
    assert_eq!(set.json(), json!({"next": [], "rates": [{"fault": "status=500", "share": 0.5}], "seed": 3}));
    let mut failed = 0;
    for _ in 0..200 {
        failed += u32::from(rehearsal.get("/contacts").await.status.as_u16() == 500);
    }
    assert!((70..130).contains(&failed), "{failed}");
    for bad in
        [json!({"rates": [{"fault": "status=500", "share": 2.0}]}), json!({"next": ["nonsense"]}), json!({"rate": []})]
    {
        let refused = rehearsal.json(Method::PUT, "/_mock/faults", bad).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.json()["error"].as_str().unwrap().len() > 10);
    }
}

#[tokio::test]
async fn requests_are_counted_and_recorded() {
    let rehearsal = Rehearsal::start(MockCrmOptions { record_requests: 2, ..MockCrmOptions::default() }).await;
    rehearsal.json(Method::POST, "/contacts?x=1", json!({"n": 1})).await;
    rehearsal.get("/contacts/1?y=2").await;
    rehearsal.get("/contacts/9").await;
    let stats = rehearsal.get("/_mock/stats").await.json();
    assert_eq!(stats["total"], 3);
    assert_eq!(stats["by_method"], json!({"GET": 2, "POST": 1}));
    assert_eq!(stats["by_status"], json!({"200": 1, "201": 1, "404": 1}));
    assert_eq!((&stats["in_flight"], &stats["in_flight_max"], &stats["records"]), (&json!(0), &json!(1), &json!(1)));
    let recorded = rehearsal.get("/_mock/requests").await.json();
    let paths: Vec<_> = recorded.as_array().unwrap().iter().map(|request| request["path"].clone()).collect();
    assert_eq!(paths, ["/contacts/1?y=2", "/contacts/9"]);
    rehearsal.json(Method::PATCH, "/contacts/1", json!({"n": 2})).await;
    let newest = rehearsal.crm.requests().pop().unwrap();
    assert_eq!((newest.method.as_str(), newest.header("content-type")), ("PATCH", Some("application/json")));
    assert_eq!(&newest.body[..], br#"{"n":2}"#);
    assert_eq!(rehearsal.get("/_mock/records").await.json(), json!([{"id": 1, "n": 2}]));
    for path in ["/_mock/records", "/_mock/stats"] {
        assert_eq!(rehearsal.send(Method::DELETE, path, &[], "").await.unwrap().status, StatusCode::NO_CONTENT);
    }
    let stats = rehearsal.crm.stats();
    assert_eq!((stats.total, stats.records, rehearsal.crm.requests().len()), (0, 0, 0));
}

#[tokio::test]
async fn many_at_once_are_counted_as_such() {
    let rehearsal = Rehearsal::plain().await;
    let all = (0..20).map(|_| rehearsal.create_with("delay=100ms"));
    let replies = futures_util::future::join_all(all).await;
    assert!(replies.iter().all(|reply| reply.as_ref().unwrap().status == StatusCode::CREATED));
    let stats = rehearsal.crm.stats();
    assert_eq!((stats.total, stats.records, stats.in_flight, stats.in_flight_max), (20, 20, 0, 20));
}

#[tokio::test]
async fn http_2_is_spoken_to_whoever_starts_with_it() {
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let answer = client.get(format!("{}/contacts", crm.url()).parse().unwrap()).await.unwrap();
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, http::Version::HTTP_2));
}

#[tokio::test]
async fn an_address_in_use_or_impossible_faults_are_told() {
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let listen = crm.address();
    let fault = MockCrm::start(MockCrmOptions { listen, ..MockCrmOptions::default() }).await.unwrap_err();
    assert_eq!(fault.to_string(), format!("cannot listen on {listen}"));
    let faults = Faults { rates: vec!["huge:1.5".parse().unwrap()], ..Faults::default() };
    assert!(MockCrm::start(MockCrmOptions { faults, ..MockCrmOptions::default() }).await.is_err());
    drop(crm);
    // Dropped, it lets go of its address.
    let freed = async {
        while MockCrm::start(MockCrmOptions { listen, ..MockCrmOptions::default() }).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), freed).await.unwrap();
}
