//! What commands say to people who meet them for the first time: what is wrong, where, and how to go on.

use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::server::command;
use product_tests::{Database, Server, ServerOptions, eventually};
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(60);

/// Runs a command that must end by itself. Returns whether it succeeded, and everything that it said.
async fn run(database: &Database, arguments: &[&str], without: &[&str]) -> (bool, String) {
    let mut command = command(database);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in without {
        command.env_remove(name);
    }
    let child = command.spawn().unwrap();
    let output = timeout(WITHIN, child.wait_with_output()).await;
    let output = output.unwrap_or_else(|_| panic!("{arguments:?} goes on and on")).unwrap();
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    (output.status.success(), said)
}

const KEY_OF_ENVIRONMENT: &[&str] = &["CRM_SYNC_SECRET_KEY"];

/// A database that was copied without its key file.
#[tokio::test]
async fn a_copy_without_its_key_file_gets_no_new_one_while_it_holds_secrets() {
    let (database, crm) = (Database::sqlite(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let server = Server::start(&database, &ServerOptions::default()).await;
    let authentication = json!({ "bearer": { "token": "very-secret-token" } });
    let changes = json!({ "friendlyName": "With a token", "authentication": authentication });
    server.api().create_sync(&crm.url(), changes).await;
    assert!(server.stop().await);
    let file = database.directory.join("test.db.key");
    assert!(!file.exists(), "the environment gives the key");

    let (fine, said) = run(&database, &["serve", "--listen", "127.0.0.1:0"], KEY_OF_ENVIRONMENT).await;
    assert!(!fine, "{said}");
    for part in
        [file.to_str().unwrap(), "is missing", "`With a token`", "Copy test.db.key", "CRM_SYNC_SECRET_KEY", "openssl"]
    {
        assert!(said.contains(part), "{part} is not said: {said}");
    }
    assert!(!file.exists(), "none was made");
    let (fine, said) = run(&database, &["doctor"], KEY_OF_ENVIRONMENT).await;
    assert!(!fine && said.contains("WRONG  secret key") && said.contains("`With a token`"), "{said}");
}

/// Nothing is lost by a new key, where nothing was sealed.
#[tokio::test]
async fn a_database_without_secrets_goes_on_with_a_new_key_file() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    server.api().create_sync("http://127.0.0.1:9", json!({ "friendlyName": "Open" })).await;
    assert!(server.stop().await);
    let (fine, said) = run(&database, &["doctor"], KEY_OF_ENVIRONMENT).await;
    assert!(fine && said.contains("secret key: not there yet") && said.contains("ok     syncs"), "{said}");
    let mut serve = command(&database);
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env_remove("CRM_SYNC_SECRET_KEY").stdin(Stdio::null());
    let mut child = serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let file = database.directory.join("test.db.key");
    eventually("the key file is made", WITHIN, || async { file.exists() }).await;
    child.kill().await.unwrap();
}
