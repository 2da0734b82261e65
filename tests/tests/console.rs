//! The console as a browser meets it: its files and what they say, sign-in, and what a session may do and from where.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::header::{self, HeaderMap};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use product_tests::api::{UPSERT, people_input};
use product_tests::server::KEY;
use product_tests::{Api, Database, Server, ServerOptions, on_both};
use serde_json::{Value, json};
use std::io::Read;
use std::time::Duration;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
const JSON: (&str, &str) = ("content-type", "application/json");

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

async fn ask(server: &Server, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut request = Request::builder().method(method).uri(format!("{}{path}", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = client.request(request.body(body.to_owned().into()).unwrap()).await.expect("an answer");
    let (parts, body) = answer.into_parts();
    Answer { status: parts.status, headers: parts.headers, body: body.collect().await.expect("a body").to_bytes() }
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(server, Method::GET, path, headers, "").await
}

async fn started() -> (Database, Server) {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    (database, server)
}

/// Signs in. Returns the cookie as it is sent back.
async fn sign_in(server: &Server, key: &str) -> String {
    let answer = ask(server, Method::POST, "/session", &[JSON], &json!({ "key": key }).to_string()).await;
    assert_eq!(answer.status, 204, "{:?}", answer.body);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// Asks the API with a cookie, and whatever else.
async fn with_cookie(server: &Server, cookie: &str, more: &[(&str, &str)], query: &str, variables: Value) -> Value {
    let headers: Vec<_> = [JSON, ("cookie", cookie)].into_iter().chain(more.iter().copied()).collect();
    let body = json!({ "query": query, "variables": variables }).to_string();
    ask(server, Method::POST, "/graphql", &headers, &body).await.json()
}

async fn viewer(server: &Server, cookie: &str, more: &[(&str, &str)]) -> Result<Value, Value> {
    let query = "{ viewer { role keyName sessionExpiresAt } }";
    let mut answer = with_cookie(server, cookie, more, query, json!({})).await;
    match answer.get("errors").and_then(|errors| errors.get(0)) {
        None => Ok(answer["data"]["viewer"].take()),
        Some(error) => Err(error.clone()),
    }
}

/// Makes a key. Returns its id and secret.
async fn new_key(api: &Api, role: &str) -> (String, String) {
    let query = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { key { id } secret } }";
    let made = api.ok(query, json!({ "input": { "name": role, "role": role } })).await["createApiKey"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["key"]["id"]), text(&made["secret"]))
}

async fn revoke(api: &Api, id: &str) {
    api.ok("mutation ($id: ID!) { revokeApiKey(id: $id) { id } }", json!({ "id": id })).await;
}

fn says_what_browsers_need(answer: &Answer) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("permissions-policy").contains("geolocation=()"));
}

#[tokio::test]
async fn the_page_is_wherever_a_browser_navigates() {
    let (_database, server) = started().await;
    let page = get(&server, "/", &[]).await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    assert!(page.body.starts_with(b"<!doctype html>"));
    says_what_browsers_need(&page);
    for path in ["/syncs/0198/create", "/people/a.b%2Fc", "/sign-in?to=%2Fkeys"] {
        let deep = get(&server, path, &[PAGE]).await;
        assert_eq!((deep.status, &deep.body), (StatusCode::OK, &page.body), "{path}");
        says_what_browsers_need(&deep);
    }
    let head = ask(&server, Method::HEAD, "/", &[], "").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-length"), page.body.len().to_string());
    assert_eq!(head.header("etag"), page.header("etag"));
    for (method, path, headers, expected) in [
        (Method::GET, "/assets/nope", vec![PAGE], 404),
        (Method::GET, "/assets/../Cargo.toml", vec![], 404),
        (Method::GET, "/assets/%2e%2e/Cargo.toml", vec![], 404),
        (Method::GET, "/nothing", vec![("accept", "application/json")], 404),
        (Method::POST, "/", vec![], 405),
        (Method::POST, "/nothing", vec![], 404),
        (Method::GET, "/session", vec![PAGE], 405),
    ] {
        let answer = ask(&server, method, path, &headers, "").await;
        assert_eq!(answer.status, expected, "{path}");
        says_what_browsers_need(&answer);
    }
    // What is not the console's stays as it was.
    assert_eq!(get(&server, "/healthz", &[PAGE]).await.body, "ok\n");
    assert_eq!(get(&server, "/graphql?query=%7Bviewer%7Brole%7D%7D", &[]).await.status, 401);
}

#[tokio::test]
async fn files_are_known_again_and_come_compressed() {
    let (_database, server) = started().await;
    let plain = get(&server, "/assets/index.html", &[]).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (StatusCode::OK, ""));
    assert_eq!(plain.header("vary"), "accept-encoding");
    let etag = plain.header("etag");
    for known in [etag.to_owned(), format!("W/{etag}"), format!("\"other\", {etag}")] {
        let again = get(&server, "/assets/index.html", &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (StatusCode::NOT_MODIFIED, 0, etag));
        says_what_browsers_need(&again);
    }
    assert_eq!(get(&server, "/assets/index.html", &[("if-none-match", "\"other\"")]).await.status, 200);
    // The largest file, so that there is something to gain.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/console/assets");
    let largest = largest(&folder);
    let path = format!("/assets/{}", largest.strip_prefix(&folder).unwrap().to_str().unwrap());
    let expected = std::fs::read(&largest).unwrap();
    for (accept, encoding) in [("gzip, deflate", "gzip"), ("gzip, deflate, br, zstd", "br")] {
        let coded = get(&server, &path, &[("accept-encoding", accept)]).await;
        assert_eq!((coded.status, coded.header("content-encoding")), (StatusCode::OK, encoding), "{path}");
        assert!(coded.body.len() < expected.len() * 2 / 3, "{path}: {} of {}", coded.body.len(), expected.len());
        let mut back = Vec::new();
        match encoding {
            "gzip" => flate2::read::GzDecoder::new(&*coded.body).read_to_end(&mut back).unwrap(),
            _ => brotli::Decompressor::new(&*coded.body, 4096).read_to_end(&mut back).unwrap(),
        };
        assert!(back == expected, "{path} is not what it was");
        let known = [("accept-encoding", accept), ("if-none-match", coded.header("etag"))];
        assert_eq!(get(&server, &path, &known).await.status, 304);
    }
}

fn largest(folder: &std::path::Path) -> std::path::PathBuf {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.map(|path| if path.is_dir() { largest(&path) } else { path });
    files.max_by_key(|path| std::fs::metadata(path).unwrap().len()).expect("a file")
}

#[tokio::test]
async fn the_console_can_be_turned_off() {
    let database = Database::sqlite();
    let server =
        Server::start(&database, &ServerOptions { more: &["--console", "false"], ..ServerOptions::default() }).await;
    assert_eq!(get(&server, "/", &[PAGE]).await.status, 404);
    let body = json!({ "key": KEY }).to_string();
    assert_eq!(ask(&server, Method::POST, "/session", &[JSON], &body).await.status, 404);
    assert_eq!(server.api().ok("{ viewer { role } }", json!({})).await["viewer"]["role"], "ADMIN");
}

async fn a_session_is_its_key(database: Database) {
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    let answer =
        ask(&server, Method::POST, "/session", &[JSON], &json!({ "key": format!(" {KEY}\n") }).to_string()).await;
    assert_eq!(
        (answer.status, answer.body.len(), answer.header("cache-control")),
        (StatusCode::NO_CONTENT, 0, "no-store")
    );
    let (cookie, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
    let token = cookie.strip_prefix("crm_sync_session=").unwrap();
    assert_eq!(token.len(), 43, "256 bits");
    let admin = viewer(&server, cookie, &[]).await.unwrap();
    assert_eq!((&admin["role"], &admin["keyName"]), (&json!("ADMIN"), &json!("bootstrap")));
    assert!(admin["sessionExpiresAt"].is_string());
    let by_key = api.ok("{ viewer { sessionExpiresAt } }", json!({})).await;
    assert_eq!(by_key["viewer"]["sessionExpiresAt"], Value::Null);
    // A role is what it is for the key.
    let ((reader_id, reader), (_, writer)) = (new_key(&api, "READER").await, new_key(&api, "WRITER").await);
    let (reader, writer) = (sign_in(&server, &reader).await, sign_in(&server, &writer).await);
    let person = json!({ "input": people_input(&[("1".to_owned(), "Ada".to_owned())]) });
    let create = "mutation { createSync(input: { friendlyName: \"x\" }) { id } }";
    for (cookie, query, variables, code) in [
        (reader.as_str(), UPSERT, &person, "FORBIDDEN"),
        (&writer, UPSERT, &person, ""),
        (&writer, create, &json!({}), "FORBIDDEN"),
        (cookie, create, &json!({}), ""),
    ] {
        let answer = with_cookie(&server, cookie, &[], query, variables.clone()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"].as_str().unwrap_or(""), code, "{answer}");
    }
    // An API key wins over the cookie, right or wrong.
    let key = format!("Bearer {KEY}");
    let wins = viewer(&server, &reader, &[("authorization", &key)]).await.unwrap();
    assert_eq!(wins, json!({ "role": "ADMIN", "keyName": "bootstrap", "sessionExpiresAt": null }));
    let wrong = viewer(&server, &reader, &[("authorization", "Bearer wrong")]).await.unwrap_err();
    assert_eq!(wrong["extensions"]["code"], "UNAUTHENTICATED");
    // It ends with its key, at once, and no other does.
    assert_eq!(viewer(&server, &reader, &[]).await.unwrap()["role"], "READER");
    revoke(&api, &reader_id).await;
    assert_eq!(viewer(&server, &reader, &[]).await.unwrap_err()["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(viewer(&server, &writer, &[]).await.unwrap()["role"], "WRITER");
    // A restart ends none; signing out ends one, and takes the cookie back.
    assert!(server.stop().await);
    let server = Server::start(&database, &ServerOptions::default()).await;
    assert_eq!(viewer(&server, &writer, &[]).await.unwrap()["role"], "WRITER");
    let out = ask(&server, Method::DELETE, "/session", &[("cookie", &writer)], "").await;
    assert_eq!((out.status, out.header("cache-control")), (StatusCode::NO_CONTENT, "no-store"));
    assert_eq!(out.header("set-cookie"), "crm_sync_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    assert_eq!(viewer(&server, &writer, &[]).await.unwrap_err()["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(viewer(&server, cookie, &[]).await.unwrap()["role"], "ADMIN");
    assert_eq!(ask(&server, Method::DELETE, "/session", &[("cookie", &writer)], "").await.status, 204);
    // Signing in again leaves no session behind.
    let body = json!({ "key": KEY }).to_string();
    let again = ask(&server, Method::POST, "/session", &[JSON, ("cookie", cookie)], &body).await;
    assert_eq!(again.status, 204);
    assert!(viewer(&server, cookie, &[]).await.is_err());
}

#[tokio::test]
async fn bad_sign_ins_are_refused_in_words() {
    let (_database, server) = started().await;
    let right = json!({ "key": KEY }).to_string();
    let long = json!({ "key": "x".repeat(5000) }).to_string();
    for (headers, body, status, part) in [
        (vec![JSON], json!({ "key": "wrong" }).to_string(), 401, "unknown or revoked"),
        (vec![JSON], json!({ "key": "" }).to_string(), 401, "unknown or revoked"),
        (vec![JSON], "{".to_owned(), 400, "\"key\""),
        (vec![JSON], json!({ "kee": KEY }).to_string(), 400, "\"key\""),
        (vec![JSON], json!({ "key": 5 }).to_string(), 400, "\"key\""),
        (vec![JSON], long, 413, "4096 bytes"),
        (vec![], right.clone(), 415, "application/json"),
        (vec![("content-type", "text/plain")], right.clone(), 415, "application/json"),
        (vec![("content-type", "application/x-www-form-urlencoded")], right.clone(), 415, "application/json"),
        (vec![JSON, ("origin", "http://evil.example")], right.clone(), 403, "--public-url"),
        (vec![JSON, ("origin", "null")], right.clone(), 403, "null"),
        (vec![JSON, ("sec-fetch-site", "same-site")], right.clone(), 403, "another site"),
    ] {
        let answer = ask(&server, Method::POST, "/session", &headers, &body).await;
        assert_eq!(answer.status, status, "{headers:?} {body:.100}");
        assert!(answer.json()["error"].as_str().unwrap().contains(part), "{:?}", answer.body);
        assert_eq!((answer.header("set-cookie"), answer.header("cache-control")), ("", "no-store"));
        says_what_browsers_need(&answer);
    }
    let cookie = sign_in(&server, KEY).await;
    let foreign = [("cookie", cookie.as_str()), ("origin", "http://evil.example")];
    assert_eq!(ask(&server, Method::DELETE, "/session", &foreign, "").await.status, 403);
    assert!(viewer(&server, &cookie, &[]).await.is_ok(), "another site's page signs nobody out");
}

#[tokio::test]
async fn a_cookie_is_taken_from_our_own_pages_only() {
    let (_database, server) = started().await;
    let cookie = sign_in(&server, KEY).await;
    let elsewhere = server.url.replace("127.0.0.1", "localhost");
    for own in [
        vec![],
        vec![("origin", server.url.as_str())],
        vec![("origin", &server.url), ("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "none")],
    ] {
        assert!(viewer(&server, &cookie, &own).await.is_ok(), "{own:?}");
    }
    for foreign in [
        vec![("origin", "http://evil.example")],
        vec![("origin", elsewhere.as_str())],
        vec![("origin", "http://127.0.0.1")],
        vec![("origin", "null")],
        vec![("origin", server.url.as_str()), ("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
    ] {
        let refused = viewer(&server, &cookie, &foreign).await.unwrap_err();
        assert_eq!(refused["extensions"]["code"], "UNAUTHENTICATED", "{foreign:?}");
        assert!(refused["message"].as_str().unwrap().contains("cookie is not taken"), "{refused}");
        // A key is no browser's to send by itself.
        let by_key = [("authorization", format!("Bearer {KEY}"))];
        let with_key: Vec<_> = foreign.iter().copied().chain([("authorization", by_key[0].1.as_str())]).collect();
        assert!(viewer(&server, &cookie, &with_key).await.is_ok(), "{foreign:?}");
    }
    // What a form of another site can send is no request, whatever it says.
    let query = json!({ "query": "{ viewer { role } }" }).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let headers = [("content-type", kind), ("cookie", cookie.as_str())];
        assert_eq!(ask(&server, Method::POST, "/graphql", &headers, &query).await.status, 415, "{kind}");
    }
    let by_get = async |document: &str| {
        get(&server, &format!("/graphql?query={document}"), &[("cookie", &cookie)]).await.status.as_u16()
    };
    assert_eq!(by_get("%7Bviewer%7Brole%7D%7D").await, 200);
    assert_eq!(by_get("mutation%7BcreateSync(input:%7BfriendlyName:%22x%22%7D)%7Bid%7D%7D").await, 405);
    assert_eq!(by_get("subscription%7Blogs%7Bid%7D%7D").await, 405);
}

/// Behind a proxy that ends TLS, the operator says where browsers find the console.
#[tokio::test]
async fn behind_tls_the_cookie_is_bound_to_the_host() {
    let database = Database::sqlite();
    let options = ServerOptions { more: &["--public-url", "https://crm.example"], ..ServerOptions::default() };
    let server = Server::start(&database, &options).await;
    let headers = [JSON, ("origin", "https://crm.example"), ("host", "crm.example")];
    let answer = ask(&server, Method::POST, "/session", &headers, &json!({ "key": KEY }).to_string()).await;
    let (cookie, attributes) = answer.header("set-cookie").split_once("; ").unwrap();
    assert!(cookie.starts_with("__Host-crm_sync_session="), "{cookie}");
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=43200");
    assert!(viewer(&server, cookie, &[("origin", "https://crm.example")]).await.is_ok());
    assert!(viewer(&server, cookie, &[("origin", &server.url)]).await.is_err());
    let plain = cookie.replace("__Host-", "");
    assert!(viewer(&server, &plain, &[]).await.is_err(), "one that a neighbour by http could have set");
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn socket(server: &Server, cookie: &str, origin: Option<&str>, payload: Value) -> Socket {
    let mut request = server.url.replace("http", "ws").into_client_request().unwrap();
    *request.uri_mut() = format!("{}/graphql", server.url.replace("http", "ws")).parse().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    headers.insert(header::COOKIE, cookie.parse().unwrap());
    if let Some(origin) = origin {
        headers.insert(header::ORIGIN, origin.parse().unwrap());
    }
    let (mut socket, _) = connect_async(request).await.unwrap();
    socket.send(Message::text(json!({ "type": "connection_init", "payload": payload }).to_string())).await.unwrap();
    socket
}

/// The next message's type, or the code and reason with which the socket was closed.
async fn next(socket: &mut Socket) -> Result<String, (u16, String)> {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("a message in time");
        match message.expect("the socket is open").expect("a whole message") {
            Message::Text(text) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                return Ok(message["type"].as_str().unwrap().to_owned());
            }
            Message::Close(frame) => {
                return Err(frame.map_or((0, String::new()), |frame| (frame.code.into(), frame.reason.to_string())));
            }
            _ => {}
        }
    }
}

async fn opened(server: &Server, cookie: &str) -> Socket {
    let mut socket = socket(server, cookie, Some(&server.url), json!({})).await;
    assert_eq!(next(&mut socket).await.as_deref(), Ok("connection_ack"));
    socket
}

async fn still_open(socket: &mut Socket) {
    socket.send(Message::text(json!({ "type": "ping" }).to_string())).await.unwrap();
    assert_eq!(next(socket).await.as_deref(), Ok("pong"));
}

#[tokio::test]
async fn a_websocket_takes_the_cookie_from_our_own_pages_only() {
    let (_database, server) = started().await;
    let cookie = sign_in(&server, KEY).await;
    drop(opened(&server, &cookie).await);
    let elsewhere = server.url.replace("127.0.0.1", "localhost");
    for origin in [None, Some("http://evil.example"), Some(elsewhere.as_str()), Some("null")] {
        let mut refused = socket(&server, &cookie, origin, json!({})).await;
        let (code, reason) = next(&mut refused).await.unwrap_err();
        assert_eq!(code, 4403, "{origin:?}");
        assert!(reason.starts_with("Forbidden: "), "{reason}");
        // A key is taken from wherever it comes.
        let payload = json!({ "Authorization": format!("Bearer {KEY}") });
        let mut by_key = socket(&server, &cookie, origin, payload).await;
        assert_eq!(next(&mut by_key).await.as_deref(), Ok("connection_ack"), "{origin:?}");
    }
    let mut nobody = socket(&server, "crm_sync_session=wrong", Some(&server.url), json!({})).await;
    assert_eq!(next(&mut nobody).await.unwrap_err().0, 4403);
    let mut wrong_key = socket(&server, &cookie, Some(&server.url), json!({ "Authorization": "Bearer wrong" })).await;
    assert_eq!(next(&mut wrong_key).await.unwrap_err().0, 4403);
}

/// A browser takes an end without it for a fault of the connection.
#[tokio::test]
async fn a_close_frame_is_answered() {
    let (_database, server) = started().await;
    let mut socket = opened(&server, &sign_in(&server, KEY).await).await;
    socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "Normal Closure".into() })).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap_err().0, 1000);
    assert!(socket.next().await.is_none(), "the handshake of closing is complete");
}

async fn what_ends_a_session_closes_its_sockets(database: Database) {
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    let (id, secret) = new_key(&api, "READER").await;
    let (first, second, other) =
        (sign_in(&server, &secret).await, sign_in(&server, &secret).await, sign_in(&server, KEY).await);
    let mut sockets = [opened(&server, &first).await, opened(&server, &second).await, opened(&server, &other).await];
    assert_eq!(ask(&server, Method::DELETE, "/session", &[("cookie", &first)], "").await.status, 204);
    assert_eq!(next(&mut sockets[0]).await.unwrap_err().0, 4403, "signed out");
    still_open(&mut sockets[1]).await;
    revoke(&api, &id).await;
    assert_eq!(next(&mut sockets[1]).await.unwrap_err().0, 4403, "its key was revoked");
    still_open(&mut sockets[2]).await;
}

on_both!(a_session_is_its_key, what_ends_a_session_closes_its_sockets,);

/// A session is in the database: signed in on one node, it works on another, and ends on both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_works_on_every_node() {
    let database = Database::postgres().await;
    let node = ServerOptions { mode: "api", ..ServerOptions::default() };
    let (left, right) = (Server::start(&database, &node).await, Server::start(&database, &node).await);
    let cookie = sign_in(&left, KEY).await;
    assert_eq!(viewer(&right, &cookie, &[]).await.unwrap()["role"], "ADMIN");
    let mut sockets = [opened(&left, &cookie).await, opened(&right, &cookie).await];
    assert_eq!(ask(&left, Method::DELETE, "/session", &[("cookie", &cookie)], "").await.status, 204);
    for socket in &mut sockets {
        assert_eq!(next(socket).await.unwrap_err().0, 4403);
    }
    for node in [&left, &right] {
        assert!(viewer(node, &cookie, &[]).await.is_err());
    }
}

/// By itself, and with whatever is open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_when_its_time_is_over() {
    let database = Database::postgres().await;
    let server = Server::start(&database, &ServerOptions::default()).await;
    let cookie = sign_in(&server, KEY).await;
    // Twelve hours are over in a moment.
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let soon = "UPDATE sessions SET expires_at = clock_timestamp() + interval '1500 milliseconds'";
    assert_eq!(client.execute(soon, &[]).await.unwrap(), 1);
    let mut socket = opened(&server, &cookie).await;
    still_open(&mut socket).await;
    assert_eq!(next(&mut socket).await.unwrap_err().0, 4403);
    assert_eq!(viewer(&server, &cookie, &[]).await.unwrap_err()["extensions"]["code"], "UNAUTHENTICATED");
}
