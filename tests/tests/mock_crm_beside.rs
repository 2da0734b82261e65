//! `serve --mock-crm`: a mock CRM beside the server, for trying out, and what it opens.

use product_tests::server::{KEY, command};
use product_tests::{Api, Database, eventually};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

/// The words of `listed` that are URLs, by the line that they stand on.
fn url_after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.split_once(words)).map(|(_, url)| url.trim())
}

/// What a test of the create rule came to.
async fn test_create(api: &Api, url: String) -> Value {
    let input = json!({ "friendlyName": "CRM", "createUsers": { "method": "POST", "url": url, "data": "{}" } });
    let made = api.ok("mutation ($input: SyncInput!) { createSync(input: $input) { id } }", json!({ "input": input }));
    let id = made.await["createSync"]["id"].clone();
    let test = "mutation ($input: TestSyncInput!) { testSync(input: $input) { failure error response { status } } }";
    api.ok(test, json!({ "input": { "syncId": id, "operation": "CREATE" } })).await["testSync"].clone()
}

#[tokio::test]
async fn a_mock_crm_runs_beside_the_server_and_only_its_address_is_opened() {
    let database = Database::sqlite();
    let mut serve = command(&database);
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("CRM_SYNC_MOCK_CRM", "127.0.0.1:0").stdout(Stdio::piped());
    let mut child = serve.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = String::new();
    while url_after(&said, "listens on ").is_none() {
        said.push_str(&lines.next_line().await.unwrap().expect("the server listens"));
        said.push('\n');
    }
    let crm = url_after(&said, "a mock CRM, for trying out, is at ").expect("its address is printed").to_owned();
    let server = url_after(&said, "listens on ").unwrap().to_owned();
    let api = Api::new(&server, KEY);
    assert_eq!(api.ok("{ server { mockCrmUrl } }", json!({})).await["server"]["mockCrmUrl"], crm.as_str());

    let through = test_create(&api, format!("{crm}/contacts")).await;
    assert_eq!((&through["response"]["status"], &through["error"]), (&json!(201), &Value::Null), "{through}");
    // The server's own address, and the mock CRM's port elsewhere on loopback.
    for refused in [server, crm.replace("127.0.0.1", "127.0.0.2"), crm.replace("127.0.0.1", "[::1]")] {
        let refused = test_create(&api, format!("{refused}/contacts")).await;
        assert_eq!(refused["failure"], "ADDRESS_REFUSED", "{refused}");
    }
    let records = Api::text(&format!("{crm}/_mock/records")).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&records).unwrap().as_array().unwrap().len(), 1, "{records}");
    child.kill().await.unwrap();
    eventually("it ends with the server", Duration::from_secs(5), || async { Api::text(&crm).await.is_err() }).await;
}

#[tokio::test]
async fn a_mock_crm_is_refused_where_others_could_reach_it() {
    let database = Database::sqlite();
    let file = database.directory.join("c.toml");
    std::fs::write(&file, "mock-crm = \"192.0.2.1:9090\"").unwrap();
    for (arguments, part) in [
        (vec!["--mock-crm", "0.0.0.0:9090"], "--mock-crm: 0.0.0.0:9090 is not a loopback address"),
        (vec!["--config", file.to_str().unwrap()], "write one such as 127.0.0.1:9090"),
        (vec!["--mock-crm", "localhost"], "--mock-crm"),
    ] {
        let output = command(&database).arg("serve").args(&arguments).output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(part), "{arguments:?}: {said}");
    }
}
