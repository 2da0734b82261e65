//! The API over real sockets: GraphQL over HTTP and WebSocket, keys, roles, health.

use futures_util::{SinkExt, StreamExt};
use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::api::{UPSERT, people_input};
use product_tests::server::KEY;
use product_tests::{Api, Database, Server, ServerOptions, eventually};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

async fn started() -> (Database, Server, MockCrm) {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    (database, server, MockCrm::start(MockCrmOptions::default()).await.unwrap())
}

async fn new_key(api: &Api, role: &str) -> (String, Api) {
    let query = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { key { id } secret } }";
    let made = api.ok(query, json!({ "input": { "name": role, "role": role } })).await["createApiKey"].clone();
    (made["key"]["id"].as_str().unwrap().to_owned(), api.with_key(made["secret"].as_str().unwrap()))
}

#[tokio::test]
async fn roles_and_keys_are_kept() {
    let (_database, server, _crm) = started().await;
    let api = server.api();
    let (reader_id, reader) = new_key(&api, "READER").await;
    let (_, writer) = new_key(&api, "WRITER").await;
    let person = json!({ "input": people_input(&[("1".to_owned(), "Ada".to_owned())]) });
    assert_eq!(reader.ok("{ viewer { role } }", json!({})).await["viewer"]["role"], "READER");
    assert_eq!(reader.fails(UPSERT, person.clone()).await.0, "FORBIDDEN");
    writer.ok(UPSERT, person).await;
    let create = "mutation { createSync(input: { friendlyName: \"x\" }) { id } }";
    assert_eq!(writer.fails(create, json!({})).await.0, "FORBIDDEN");
    let wrong = api.with_key("wrong").send("{ viewer { role } }", json!({})).await.unwrap();
    assert_eq!((wrong.status, &wrong.body["errors"][0]["extensions"]["code"]), (401, &json!("UNAUTHENTICATED")));
    let revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { revokedAt } }";
    api.ok(revoke, json!({ "id": reader_id })).await;
    let revoked = reader.send("{ viewer { role } }", json!({})).await.unwrap();
    assert_eq!(revoked.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    // The last admin key stays.
    let keys = api.ok("{ apiKeys { id role } }", json!({})).await;
    let admin = keys["apiKeys"].as_array().unwrap().iter().find(|key| key["role"] == "ADMIN").unwrap()["id"].clone();
    assert_eq!(api.fails(revoke, json!({ "id": admin })).await.0, "CONFLICT");
}

#[tokio::test]
async fn bad_input_is_answered_at_its_place() {
    let (_database, server, crm) = started().await;
    let api = server.api();
    let query = "mutation ($input: SyncInput!) { createSync(input: $input) { id } }";
    let with = |field: &str, value: Value| {
        let mut rule = json!({ "method": "POST", "url": format!("{}/contacts", crm.url()) });
        rule[field] = value;
        json!({ "input": { "friendlyName": "x", "createUsers": rule } })
    };
    for (variables, path, part) in [
        (with("data", json!("{ \"a\": ")), json!(["input", "createUsers", "data"]), "JSON"),
        (
            with("data", json!("{ \"a\": \"{{ person.frist_name }}\" }")),
            json!(["input", "createUsers", "data"]),
            "person.first_name",
        ),
        (with("data", json!("{ \"a\": \"{{ person.id \" }")), json!(["input", "createUsers", "data"]), ""),
        (with("url", json!("https://{{ person.id }}.example/")), json!(["input", "createUsers", "url"]), ""),
        (with("url", json!("file:///etc/passwd")), json!(["input", "createUsers", "url"]), ""),
        (with("url", json!("https://user:pw@crm.example/")), json!(["input", "createUsers", "url"]), ""),
        (with("timeoutSeconds", json!(0)), json!(["input", "createUsers", "timeoutSeconds"]), "1 to 120"),
        (with("timeoutSeconds", json!(121)), json!(["input", "createUsers", "timeoutSeconds"]), "1 to 120"),
        (
            with("headers", json!([{ "name": "X-A", "value": "1" }, { "name": "x-a", "value": "2" }])),
            json!(["input", "createUsers", "headers", 1, "name"]),
            "",
        ),
        (
            with("headers", json!([{ "name": "X-A", "value": "a\nb" }])),
            json!(["input", "createUsers", "headers", 0, "value"]),
            "",
        ),
        (
            json!({ "input": { "friendlyName": "x", "uniqueId": { "path": "$.[" } } }),
            json!(["input", "uniqueId", "path"]),
            "RFC 9535",
        ),
        (json!({ "input": { "friendlyName": "" } }), json!(["input", "friendlyName"]), "empty"),
    ] {
        let (code, error) = api.fails(query, variables.clone()).await;
        assert_eq!(code, "BAD_USER_INPUT", "{variables}: {error}");
        let fields = error["extensions"]["fields"].as_array().unwrap();
        let found = fields.iter().find(|field| field["path"] == path).unwrap_or_else(|| panic!("{variables}: {error}"));
        assert!(found["message"].as_str().unwrap().contains(part), "{variables}: {found}");
    }
    let many: Vec<_> = (0..1001).map(|n| (n.to_string(), "x".to_owned())).collect();
    for (input, part) in [
        (people_input(&many), "1000"),
        (people_input(&[("x".repeat(10_000), "x".to_owned())]), "255"),
        (json!([{ "id": "1", "contact": "none" }]), "object"),
    ] {
        let (code, error) = api.fails(UPSERT, json!({ "input": input })).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(error.to_string().contains(part), "{error}");
    }
    let (code, _) = api.fails(UPSERT, json!({ "input": [{ "id": "1", "shoeSize": 43 }] })).await;
    assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code.as_str()), "{code}");
    assert_eq!(api.fails("{ nope }", json!({})).await.0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(api.fails("{ nope", json!({})).await.0, "GRAPHQL_PARSE_FAILED");
    // Nothing was half applied.
    assert_eq!(
        api.ok("{ syncs { nodes { id } } people { nodes { id } } }", json!({})).await,
        json!({ "syncs": { "nodes": [] }, "people": { "nodes": [] } })
    );
}

#[tokio::test]
async fn preview_and_test_show_the_real_request() {
    let (_database, server, crm) = started().await;
    let api = server.api();
    let changes = json!({ "authentication": { "basic": { "username": "us", "password": "se:cret" } } });
    let sync = api.create_sync(&crm.url(), changes).await;
    let shown = api
        .ok("query ($id: ID!) { sync(id: $id) { authentication { kind username secretSet } } }", json!({ "id": sync }))
        .await;
    assert_eq!(shown["sync"]["authentication"], json!({ "kind": "BASIC", "username": "us", "secretSet": true }));
    let preview = "query ($input: PreviewInput!) { preview(input: $input) { method url body headers { name value } faults { message } } }";
    let saved = json!({ "input": { "saved": { "syncId": sync, "operation": "CREATE" } } });
    let request = api.ok(preview, saved).await["preview"].clone();
    assert_eq!((&request["method"], &request["faults"]), (&json!("POST"), &json!([])));
    let headers = request["headers"].to_string();
    assert!(headers.contains("[redacted]") && !headers.contains("cret"), "{headers}");
    let test =
        "mutation ($input: TestSyncInput!) { testSync(input: $input) { error uniqueId response { status body } } }";
    let tested = api.ok(test, json!({ "input": { "syncId": sync, "operation": "CREATE" } })).await["testSync"].clone();
    assert_eq!(
        (&tested["error"], &tested["response"]["status"], &tested["uniqueId"]),
        (&json!(null), &json!(201), &json!("1"))
    );
    assert_eq!(crm.records().len(), 1, "a test makes a real record");
    assert_eq!(
        api.ok("{ logs { nodes { id } } }", json!({})).await["logs"]["nodes"],
        json!([]),
        "and is not in the log"
    );
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn socket(server: &Server, path: &str, payload: Value) -> Socket {
    let mut request = server.url.replace("http", "ws").into_client_request().unwrap();
    *request.uri_mut() = format!("{}{path}", server.url.replace("http", "ws")).parse().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let init = json!({ "type": "connection_init", "payload": payload });
    socket.send(Message::text(init.to_string())).await.unwrap();
    socket
}

async fn next(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("a message in time");
        match message.expect("the socket is open").expect("a whole message") {
            Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(frame) => return Err(frame.map_or(0, |frame| frame.code.into())),
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_log_is_followed_over_a_websocket() {
    let (_database, server, crm) = started().await;
    let api = server.api();
    let (key, reader) = new_key(&api, "READER").await;
    drop(reader);
    let secret = api
        .ok("mutation { createApiKey(input: { name: \"ws\", role: READER }) { key { id } secret } }", json!({}))
        .await;
    let secret = secret["createApiKey"].clone();
    for (path, name) in [("/graphql/ws", "Authorization"), ("/graphql", "authorization")] {
        let payload = json!({ name: format!("Bearer {}", secret["secret"].as_str().unwrap()) });
        let mut socket = socket(&server, path, payload).await;
        assert_eq!(next(&mut socket).await.unwrap()["type"], "connection_ack");
        let query = "subscription { logs(filter: { operations: [CREATE] }) { operation outcome person { id } sync { friendlyName } } }";
        let subscribe = json!({ "id": "1", "type": "subscribe", "payload": { "query": query } });
        socket.send(Message::text(subscribe.to_string())).await.unwrap();
        // A subscription has no acknowledgement of its own: a ping that is answered came after it.
        socket.send(Message::text(json!({ "type": "ping" }).to_string())).await.unwrap();
        assert_eq!(next(&mut socket).await.unwrap()["type"], "pong");
        let sync = api.create_sync(&crm.url(), json!({ "friendlyName": path })).await;
        api.push(&[(format!("person of {path}"), "Ada".to_owned())]).await;
        let entry = next(&mut socket).await.unwrap();
        assert_eq!(entry["type"], "next");
        let logged = &entry["payload"]["data"]["logs"];
        assert_eq!((&logged["operation"], &logged["outcome"]), (&json!("CREATE"), &json!("SUCCEEDED")));
        assert_eq!(logged["person"]["id"], format!("person of {path}"));
        api.ok("mutation ($id: ID!) { deleteSync(id: $id) }", json!({ "id": sync })).await;
    }
    let mut wrong = socket(&server, "/graphql/ws", json!({ "Authorization": "Bearer wrong" })).await;
    assert_eq!(next(&mut wrong).await.unwrap_err(), 4403);
    // Revoking a key ends what was opened with it.
    let payload = json!({ "Authorization": format!("Bearer {}", secret["secret"].as_str().unwrap()) });
    let mut open = socket(&server, "/graphql/ws", payload).await;
    assert_eq!(next(&mut open).await.unwrap()["type"], "connection_ack");
    let revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { id } }";
    api.ok(revoke, json!({ "id": secret["key"]["id"] })).await;
    api.ok(revoke, json!({ "id": key })).await;
    assert_eq!(next(&mut open).await.unwrap_err(), 4403);
}

#[tokio::test]
async fn get_asks_and_never_changes() {
    let (_database, server, _crm) = started().await;
    let api = server.api();
    assert_eq!(api.get_document("%7Bviewer%7Brole%7D%7D").await, Ok(200));
    let mutation = "mutation%7BcreateSync(input:%7BfriendlyName:%22x%22%7D)%7Bid%7D%7D";
    assert_eq!(api.get_document(mutation).await, Ok(405));
    // Brackets that nest deep must not overflow the stack.
    let deep = format!("%7Bsync(id:{}1{})%7Bid%7D%7D", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(api.get_document(&deep).await, Ok(200));
    assert_eq!(api.ok("{ syncs { nodes { id } } }", json!({})).await["syncs"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_request_that_the_network_rules_refuse_counts_as_none_that_was_sent() {
    let (_database, server, _crm) = started().await;
    let api = server.api();
    // No public address, and none that the server may reach.
    let sync = api.create_sync("http://10.0.0.1", json!({})).await;
    api.push(&[("1".to_owned(), "Ada".to_owned())]).await;
    let of_sync = json!({ "id": sync });
    let query = "query ($id: ID!) { logs(filter: { syncId: $id }) { nodes { failure } } }";
    eventually("it is refused", Duration::from_secs(10), || async {
        api.ok(query, of_sync.clone()).await.to_string().contains("ADDRESS_REFUSED")
    })
    .await;
    let stats = "query ($id: ID!) { sync(id: $id) { stats { sent succeeded failed successRate latencyP50Ms } } }";
    let stats = api.ok(stats, of_sync.clone()).await["sync"]["stats"].clone();
    let nothing = json!({ "sent": 0, "succeeded": 0, "failed": 0, "successRate": null, "latencyP50Ms": null });
    assert_eq!(stats, nothing);
}

#[tokio::test]
async fn health_tells_the_truth() {
    let (_database, server, _crm) = started().await;
    let api = server.api();
    assert_eq!(api.get("/healthz").await, Ok(200));
    eventually("it is ready", Duration::from_secs(10), || async { api.get("/readyz").await == Ok(200) }).await;
    assert_eq!(api.get("/graphql").await, Ok(401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_sends_another_sees() {
    let database = Database::postgres().await;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let api_node = Server::start(&database, &ServerOptions { mode: "api", ..ServerOptions::default() }).await;
    let sender = Server::start(&database, &ServerOptions { mode: "dispatch", ..ServerOptions::default() }).await;
    let api = api_node.api();
    assert_eq!(sender.api().get("/readyz").await, Ok(200));
    assert_eq!(sender.api().get("/graphql").await, Ok(404));
    let mut socket = socket(&api_node, "/graphql/ws", json!({ "Authorization": format!("Bearer {KEY}") })).await;
    assert_eq!(next(&mut socket).await.unwrap()["type"], "connection_ack");
    let subscribe =
        json!({ "id": "1", "type": "subscribe", "payload": { "query": "subscription { logs { operation } }" } });
    socket.send(Message::text(subscribe.to_string())).await.unwrap();
    socket.send(Message::text(json!({ "type": "ping" }).to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await.unwrap()["type"], "pong");
    let sync = api.create_sync(&crm.url(), json!({})).await;
    api.push(&[("1".to_owned(), "Ada".to_owned())]).await;
    assert_eq!(next(&mut socket).await.unwrap()["payload"]["data"]["logs"]["operation"], "CREATE");
    eventually("it is linked", Duration::from_secs(10), || async { api.counts(&sync).await.0 == 1 }).await;
    assert_eq!(crm.records().len(), 1);
}
