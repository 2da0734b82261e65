//! One process works on an SQLite file: a second one is refused, and told who it is; the file alone is complete after a
//! SIGTERM; and no command but those that serve makes a database.

use mock_crm::{MockCrm, MockCrmOptions};
use product_tests::server::command;
use product_tests::{Database, Server, ServerOptions, eventually};
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::time::timeout;

/// Runs a command that must end by itself. Returns its exit code and everything that it said.
async fn run(database: &Database, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = command(database);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let output = timeout(Duration::from_secs(15), child.wait_with_output()).await;
    let output = output.unwrap_or_else(|_| panic!("{arguments:?} goes on and on")).unwrap();
    let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
    (output.status.code(), said)
}

#[tokio::test]
async fn a_second_server_is_refused_and_told_who_works_on_the_file() {
    let database = Database::sqlite();
    let first = Server::start(&database, &ServerOptions::default()).await;
    let pid = first.pid().unwrap();
    let (code, said) = run(&database, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(code, Some(1), "{said}");
    for part in [format!("process {pid}"), "`crm-sync serve`".to_owned(), "test.db".to_owned()] {
        assert!(said.contains(&part), "{part} is not told: {said}");
    }
    let (_, doctor) = run(&database, &["doctor"]).await;
    assert!(doctor.contains(&format!("process {pid}")), "{doctor}");
    // The first one works on, and the file is free once it is gone, however it goes.
    first.api().push(&[("1".to_owned(), "Ada".to_owned())]).await;
    first.kill().await;
    let (_, doctor) = run(&database, &["doctor"]).await;
    assert!(!doctor.contains(&format!("process {pid}")), "{doctor}");
    let second = Server::start(&database, &ServerOptions::default()).await;
    assert!(second.stop().await);
}

/// By another name it is the same file.
#[tokio::test]
async fn a_link_to_the_file_leads_to_the_same_lock() {
    let database = Database::sqlite();
    let first = Server::start(&database, &ServerOptions::default()).await;
    let link = database.directory.join("elsewhere.db");
    std::os::unix::fs::symlink(database.directory.join("test.db"), &link).unwrap();
    let url = format!("sqlite:{}", link.display());
    let (code, said) = run(&database, &["serve", "--listen", "127.0.0.1:0", "--database", &url]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(first.stop().await);
}

/// By a hard link it would be another lock, and another log of writes.
#[tokio::test]
async fn a_hard_link_lets_no_second_server_in() {
    let database = Database::sqlite();
    let first = Server::start(&database, &ServerOptions::default()).await;
    let link = database.directory.join("elsewhere.db");
    std::fs::hard_link(database.directory.join("test.db"), &link).unwrap();
    let url = format!("sqlite:{}", link.display());
    let (code, said) = run(&database, &["serve", "--listen", "127.0.0.1:0", "--database", &url]).await;
    assert!(code == Some(1) && said.contains("has more than one name (hard links)"), "{said}");
    first.api().push(&[("1".to_owned(), "Ada".to_owned())]).await;
    assert!(first.stop().await, "the one that works goes on");
    let (code, said) = run(&database, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(code == Some(1) && said.contains("remove the other names"), "{said}");
    std::fs::remove_file(&link).unwrap();
    assert!(Server::start(&database, &ServerOptions::default()).await.stop().await);
}

#[tokio::test]
async fn maintenance_goes_on_beside_a_server() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    server.api().create_sync(&crm.url(), json!({ "friendlyName": "CRM" })).await;
    server.api().push(&[("1".to_owned(), "Ada".to_owned())]).await;
    eventually("it is there", Duration::from_secs(10), || async { crm.records().len() == 1 }).await;
    for arguments in [
        &["stats"][..],
        &["doctor", "--allow-network", "127.0.0.0/8"],
        &["retry", "--sync", "CRM"],
        &["resync", "--sync", "CRM", "--force"],
        &["keys", "list"],
        &["prune-logs", "--older-than", "30days"],
        &["rotate-secrets"],
        &["migrate"],
    ] {
        let (code, said) = run(&database, arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
    }
    eventually("what was marked is sent", Duration::from_secs(10), || async { crm.stats().total == 2 }).await;
    assert!(server.stop().await);
}

#[tokio::test]
async fn after_a_sigterm_the_file_alone_is_complete() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let people: Vec<_> = (0..500).map(|n| (format!("p{n}"), "Ada".to_owned())).collect();
    server.api().push(&people).await;
    assert!(server.stop().await);
    let copy = Database::sqlite();
    std::fs::copy(database.directory.join("test.db"), copy.directory.join("test.db")).unwrap();
    let (code, stats) = run(&copy, &["stats"]).await;
    assert!(code == Some(0) && stats.contains("people       500"), "{stats}");
}

#[tokio::test]
async fn no_other_command_makes_a_database() {
    let database = Database::sqlite();
    let file = database.directory.join("test.db");
    for arguments in [
        &["stats"][..],
        &["retry", "--sync", "CRM"],
        &["resync", "--sync", "CRM"],
        &["keys", "list"],
        &["keys", "create", "--name", "x", "--role", "admin"],
        &["prune-logs", "--older-than", "30days"],
        &["rotate-secrets"],
    ] {
        let (code, said) = run(&database, arguments).await;
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        assert!(said.contains(file.to_str().unwrap()) && said.contains("crm-sync serve"), "{arguments:?}: {said}");
    }
    let (code, said) = run(&database, &["doctor"]).await;
    assert!(code == Some(0) && said.contains("there is no database yet at"), "{said}");
    let nowhere = database.directory.join("no/such/directory");
    let (code, _) = run(&database, &["stats", "--data-dir", nowhere.to_str().unwrap()]).await;
    assert_eq!((code, nowhere.exists()), (Some(1), false));
    let left: Vec<_> = std::fs::read_dir(&database.directory).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
