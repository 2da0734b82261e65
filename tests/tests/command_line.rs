//! The command line: first start, keys, doctor, maintenance, and clear errors.

use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::server::command;
use product_tests::{Database, Server, ServerOptions, eventually};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::time::Duration;

/// Runs a command to its end. Returns its success and everything that it said.
async fn run(database: &Database, arguments: &[&str]) -> (bool, String) {
    let output = command(database).args(arguments).output().await.unwrap();
    (output.status.success(), said(&output))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn the_demo_ends_by_itself_with_both_sides_equal() {
    let database = Database::sqlite();
    let output =
        command(&database).args(["demo", "--people", "24"]).env_remove("CRM_SYNC_DATABASE").output().await.unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("Both sides are equal."), "{}", said(&output));
}

#[tokio::test]
async fn a_first_start_makes_an_admin_key_and_a_secret_key_file() {
    let database = Database::sqlite();
    let mut serve = command(&database);
    serve
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env_remove("CRM_SYNC_BOOTSTRAP_ADMIN_KEY")
        .env_remove("CRM_SYNC_SECRET_KEY");
    let mut child = serve.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    let mut text = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        text.push_str(&line);
        text.push('\n');
        if line.contains("listens on") {
            break;
        }
    }
    let key = text.split_whitespace().find(|word| word.starts_with("crms_")).expect("the key is printed");
    let url = text.split_whitespace().rfind(|word| word.starts_with("http://")).unwrap();
    let api = product_tests::Api::new(url, key);
    assert_eq!(api.ok("{ viewer { role } }", json!({})).await["viewer"]["role"], "ADMIN");
    for file in ["test.db", "test.db.key"] {
        let mode = std::fs::metadata(database.directory.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    child.kill().await.unwrap();
}

/// Nobody would ever see a key that is made before the server is refused.
#[tokio::test]
async fn a_first_start_on_a_port_that_is_taken_makes_no_key() {
    let database = Database::sqlite();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [
        ["--listen", &address, "--metrics-listen", "127.0.0.1:0"],
        ["--listen", "127.0.0.1:0", "--metrics-listen", &address],
    ] {
        let mut serve = command(&database);
        serve.arg("serve").args(arguments).env_remove("CRM_SYNC_BOOTSTRAP_ADMIN_KEY");
        let refused = serve.output().await.unwrap();
        let (option, said) = (if arguments[1] == address { "--listen" } else { "--metrics-listen" }, said(&refused));
        assert!(!refused.status.success() && said.contains(&format!("{option}: {address} is taken")), "{said}");
        assert!(said.contains(&format!("give another {option}")), "{said}");
        let (fine, stats) = run(&database, &["stats"]).await;
        assert!(fine && stats.contains("accounts     0"), "{stats}");
    }
}

#[tokio::test]
async fn keys_are_made_listed_and_revoked() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let api = server.api();
    let (fine, made) = run(&database, &["keys", "create", "--name", "help desk", "--role", "writer"]).await;
    assert!(fine, "{made}");
    let writer = api.with_key(made.trim());
    assert_eq!(
        writer.ok("{ viewer { role keyName } }", json!({})).await["viewer"],
        json!({ "role": "WRITER", "keyName": "help desk" })
    );
    let (_, listed) = run(&database, &["keys", "list"]).await;
    let line = listed.lines().find(|line| line.contains("help desk")).expect("it is listed");
    assert!(!listed.contains(made.trim()), "never the key itself");
    let id = line.split_whitespace().next().unwrap();
    let (fine, revoked) = run(&database, &["keys", "revoke", id]).await;
    assert!(fine, "{revoked}");
    eventually("the running server refuses it", Duration::from_secs(10), || async {
        writer.send("{ viewer { role } }", json!({})).await.is_ok_and(|answer| answer.status == 401)
    })
    .await;
}

#[tokio::test]
async fn secrets_are_encrypted_at_rest_and_rotated() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let headers = json!([{ "name": "X-Api-Key", "value": "very-secret-header", "secret": true }]);
    let mut create = json!({ "method": "POST", "url": format!("{}/contacts", crm.url()) });
    create["headers"] = headers;
    let changes = json!({ "authentication": { "bearer": { "token": "very-secret-token" } }, "createUsers": create });
    let sync = server.api().create_sync(&crm.url(), changes).await;
    server.api().push(&[("1".to_owned(), "Ada".to_owned())]).await;
    eventually("it was sent", Duration::from_secs(10), || async { crm.stats().total > 0 }).await;
    let log = server.api().ok("{ logs { nodes { request { headers { name value } } } } }", json!({})).await.to_string();
    assert!(!log.contains("very-secret"), "{log}");
    assert!(server.stop().await);
    let held = || {
        let files = std::fs::read_dir(&database.directory).unwrap().flatten();
        files.map(|file| String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned()).collect::<String>()
    };
    assert!(!held().contains("very-secret"));
    // Another key: first it is told, then the former one is given, then it is no longer needed.
    let new_key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let with = |arguments: &[&str], previous: Option<&str>| {
        let mut command = command(&database);
        command.args(arguments).env("CRM_SYNC_SECRET_KEY", new_key);
        if let Some(previous) = previous {
            command.env("CRM_SYNC_SECRET_KEY_PREVIOUS", previous);
        }
        command
    };
    let doctor = with(&["doctor"], None).output().await.unwrap();
    assert!(!doctor.status.success() && said(&doctor).contains("cannot be opened"), "{}", said(&doctor));
    let former = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let rotated = with(&["rotate-secrets"], Some(former)).output().await.unwrap();
    assert!(rotated.status.success() && said(&rotated).contains("of 1 sync or alert were"), "{}", said(&rotated));
    let doctor = with(&["doctor", "--allow-network", "127.0.0.0/8"], None).output().await.unwrap();
    assert!(doctor.status.success(), "{}", said(&doctor));
    assert!(!sync.is_empty());
}

#[tokio::test]
async fn maintenance_works_on_a_database() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    server.api().create_sync(&crm.url(), json!({ "friendlyName": "The CRM" })).await;
    server.api().push(&[("1".to_owned(), "Ada".to_owned()), ("2".to_owned(), "Grace".to_owned())]).await;
    eventually("both are there", Duration::from_secs(10), || async { crm.records().len() == 2 }).await;
    assert!(server.stop().await);
    let (fine, stats) = run(&database, &["stats"]).await;
    assert!(fine && stats.contains("people       2") && stats.contains("links        2 linked"), "{stats}");
    let (fine, marked) = run(&database, &["resync", "--sync", "The CRM", "--force"]).await;
    assert!(fine && marked.contains("2 people"), "{marked}");
    let (fine, retried) = run(&database, &["retry", "--sync", "The CRM"]).await;
    assert!(fine, "{retried}");
    let (fine, unknown) = run(&database, &["retry", "--sync", "No such"]).await;
    assert!(!fine && unknown.contains("`No such`"), "{unknown}");
    let (fine, pruned) = run(&database, &["prune-logs", "--older-than", "0s"]).await;
    assert!(fine && pruned.contains("removed"), "{pruned}");
    // The forced resync is remembered: the next server sends it.
    let requests = crm.stats().total;
    let _server = Server::start(&database, &ServerOptions::default()).await;
    eventually("it is sent again", Duration::from_secs(10), || async { crm.stats().total == requests + 2 }).await;
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_mend() {
    let database = Database::sqlite();
    for (arguments, part) in [
        (vec!["serve", "--mode", "api"], "Postgres"),
        (vec!["serve", "--retry-schedule", "soon"], "--retry-schedule"),
        (vec!["serve", "--database", "mysql://x"], "--database"),
        (vec!["stats", "--config", "/no/such/file"], "/no/such/file"),
        (vec!["retry"], "--sync"),
    ] {
        let (fine, text) = run(&database, &arguments).await;
        assert!(!fine && text.contains(part), "{arguments:?}: {text}");
    }
    std::fs::write(database.directory.join("c.toml"), "lisen = \"x\"").unwrap();
    let file = database.directory.join("c.toml");
    let (fine, text) = run(&database, &["stats", "--config", file.to_str().unwrap()]).await;
    assert!(!fine && text.contains("lisen"), "{text}");
    let short = command(&database).arg("serve").env("CRM_SYNC_BOOTSTRAP_ADMIN_KEY", "short").output().await.unwrap();
    assert!(!short.status.success() && said(&short).contains("32 characters"), "{}", said(&short));
}

#[tokio::test]
async fn postgres_needs_its_schema_and_a_secret_key() {
    let database = Database::postgres().await;
    let (fine, text) = run(&database, &["serve"]).await;
    assert!(!fine && text.contains("crm-sync migrate"), "{text}");
    let (fine, text) = run(&database, &["migrate"]).await;
    assert!(fine, "{text}");
    let keyless = command(&database).arg("serve").env_remove("CRM_SYNC_SECRET_KEY").output().await.unwrap();
    assert!(!keyless.status.success() && said(&keyless).contains("openssl rand -base64 32"), "{}", said(&keyless));
    // A database that a newer program used.
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')").await.unwrap();
    let (fine, text) = run(&database, &["serve"]).await;
    assert!(!fine && text.contains("newer"), "{text}");
    let (fine, text) = run(&database, &["doctor"]).await;
    assert!(!fine && text.contains("WRONG  database") && text.contains("newer"), "{text}");
}
