//! What commands say to people who meet them for the first time: what is wrong, where, and how to go on.

use mock_crm::{Faults, MockCrm, MockCrmOptions};
use product_tests::server::command;
use product_tests::{Database, Server, ServerOptions, eventually, people};
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
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

/// The mock CRMs of tests are there.
const DOCTOR_OF_LOOPBACK: &[&str] = &["doctor", "--allow-network", "127.0.0.0/8"];
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
    for part in [
        file.to_str().unwrap(),
        "is missing",
        "`With a token`",
        "Copy the key file of the server whose database this is, crm-sync.db.key unless",
        "CRM_SYNC_SECRET_KEY",
        "openssl",
    ] {
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
    let (fine, said) = run(&database, DOCTOR_OF_LOOPBACK, KEY_OF_ENVIRONMENT).await;
    assert!(fine && said.contains("secret key: not there yet") && said.contains("ok     syncs"), "{said}");
    let mut serve = command(&database);
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env_remove("CRM_SYNC_SECRET_KEY").stdin(Stdio::null());
    let mut child = serve.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let file = database.directory.join("test.db.key");
    eventually("the key file is made", WITHIN, || async { file.exists() }).await;
    child.kill().await.unwrap();
}

/// One suspended, one paused, one held by a limit, one that flows, each named like that.
async fn syncs_that_stand_differently(database: &Database) -> Vec<String> {
    let server = Server::start(database, &ServerOptions { probe_schedule: "1h", ..ServerOptions::default() }).await;
    let (api, crm) = (server.api(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
    let limited = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let always = "retry-after=600".parse().unwrap();
    limited.set_faults(Faults { always, ..Faults::default() }).unwrap();
    let mut ids = Vec::new();
    for (name, url) in [
        // Nobody listens there.
        ("suspended", "http://127.0.0.1:9".to_owned()),
        ("paused", crm.url()),
        ("limited", limited.url()),
        ("flowing", crm.url()),
    ] {
        ids.push(api.create_sync(&url, json!({ "friendlyName": name })).await);
    }
    api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": ids[1] })).await;
    api.push(&people("p", 0..5)).await;
    eventually("they stand so", WITHIN, || async {
        let syncs = api.ok("{ syncs { nodes { friendlyName status holds { kind } } } }", json!({})).await.to_string();
        syncs.contains("SUSPENDED") && syncs.contains("LIMIT")
    })
    .await;
    assert!(server.stop().await);
    ids
}

#[tokio::test]
async fn syncs_are_listed_with_their_ids_and_what_holds_them() {
    let database = Database::sqlite();
    let ids = syncs_that_stand_differently(&database).await;
    let (fine, listed) = run(&database, &["syncs"], &[]).await;
    assert!(fine, "{listed}");
    let of = |id: &String| {
        let lines: Vec<_> = listed.lines().skip_while(|line| !line.starts_with(id)).collect();
        let more = lines.iter().skip(1).take_while(|line| line.starts_with(' ')).count();
        lines[..=more].join("\n")
    };
    for (id, parts) in ids.iter().zip([
        ["  suspended  suspended  (account default, 5 owed", "\n    suspended since 20"],
        ["  paused     paused  (account default, 5 owed", "\n    paused by an administrator"],
        ["  active     limited  (account default, 5 owed", "Z, 5 people wait: "],
        ["  active     flowing  (account default, 0 owed, 0 parked)", ")"],
    ]) {
        for part in parts {
            assert!(of(id).contains(part), "{part} is not in {}", of(id));
        }
    }
    assert_eq!(of(&ids[3]).lines().count(), 1, "nothing is said of it");
    // Where a command needs one, it says where to look.
    for arguments in [
        &["retry"][..],
        &["resync"],
        &["retry", "--sync", "none"],
        &["resync", "--sync", "00000000-0000-7000-8000-000000000000"],
    ] {
        let (fine, said) = run(&database, arguments, &[]).await;
        assert!(!fine && said.contains("--sync") && said.contains("`crm-sync syncs`"), "{arguments:?}: {said}");
    }
    let (fine, said) = run(&database, &["retry", "--sync", &ids[0]], &[]).await;
    assert!(fine, "{said}");
}

#[tokio::test]
async fn doctor_names_syncs_that_do_not_flow_and_by_which_options_it_judges() {
    let database = Database::sqlite();
    let ids = syncs_that_stand_differently(&database).await;
    let (fine, said) = run(&database, &["doctor", "--allow-network", "10.0.0.0/8,127.0.0.0/8"], &[]).await;
    assert!(fine, "nothing is wrong with the set-up: {said}");
    for part in [
        format!("HELD   sync `suspended` ({}): suspended since 20", ids[0]),
        format!("HELD   sync `paused` ({}): paused by an administrator", ids[1]),
        format!("HELD   sync `limited` ({}): held until 20", ids[2]),
        "3 syncs are paused, suspended or held".to_owned(),
        "with these network options (--allow-network), requests go to public addresses, and 10.0.0.0/8, 127.0.0.0/8. A server goes by".to_owned(),
    ] {
        assert!(said.contains(&part), "{part} is not said: {said}");
    }
    assert!(!said.contains("`flowing`"), "{said}");
}

/// A path that is mistyped is found by that.
#[tokio::test]
async fn doctor_says_that_there_is_no_database_yet() {
    let database = Database::sqlite();
    let typo = database.directory.join("typo");
    let typo = typo.to_str().unwrap();
    let arguments = ["doctor", "--data-dir", typo];
    let (fine, said) = run(&database, &arguments, &["CRM_SYNC_DATABASE", "CRM_SYNC_SECRET_KEY"]).await;
    let line = format!("NONE   database: there is no database yet at {typo}/crm-sync.db: `crm-sync serve` makes it");
    assert!(fine && said.contains(&line), "{said}");
    let last = said.lines().last().unwrap();
    assert!(last.contains("there is no database yet, so it was not checked"), "{said}");
    assert!(!said.contains("ok     database") && !last.starts_with("nothing is wrong"), "{said}");
}

/// Escape codes are for terminals: in a file they hide what is looked for.
#[tokio::test]
async fn text_logs_that_are_written_to_a_file_have_no_colours() {
    let database = Database::sqlite();
    let mut serve = command(&database);
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--mock-crm", "127.0.0.1:0"])
        .env("RUST_LOG", "info")
        .env_remove("NO_COLOR");
    let mut child = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = timeout(WITHIN, lines.next_line()).await.expect("something is logged").unwrap().unwrap();
    child.kill().await.unwrap();
    assert!(line.contains("INFO") && !line.contains('\u{1b}'), "{line:?}");
}

#[tokio::test]
async fn the_help_of_a_command_lists_what_it_obeys() {
    let database = Database::sqlite();
    for (command, obeyed, ignored) in [
        ("backup", "--data-dir", "--database-timeout"),
        ("stats", "--database-timeout", "--listen"),
        ("doctor", "--allow-network", "--retry-schedule"),
        ("demo", "--people", "--mode"),
        ("serve", "--retry-schedule", "--people"),
    ] {
        for arguments in [&[command, "--help"], &[command, "-h"], &["help", command]] {
            let (fine, said) = run(&database, arguments, &[]).await;
            assert!(fine && said.contains(obeyed) && !said.contains(ignored), "{arguments:?}: {said}");
        }
    }
    // What is no option, since it is a secret, has its place, too.
    for (command, variables, others) in [
        (
            "serve",
            &["CRM_SYNC_SECRET_KEY\n", "CRM_SYNC_SECRET_KEY_PREVIOUS", "CRM_SYNC_BOOTSTRAP_ADMIN_KEY"][..],
            "KEY_TO",
        ),
        ("move", &["CRM_SYNC_SECRET_KEY\n", "CRM_SYNC_SECRET_KEY_PREVIOUS", "CRM_SYNC_SECRET_KEY_TO"], "BOOTSTRAP"),
        ("doctor", &["CRM_SYNC_SECRET_KEY\n", "CRM_SYNC_SECRET_KEY_PREVIOUS"], "BOOTSTRAP"),
        ("rotate-secrets", &["CRM_SYNC_SECRET_KEY\n", "CRM_SYNC_SECRET_KEY_PREVIOUS"], "BOOTSTRAP"),
        ("stats", &[], "SECRET_KEY"),
    ] {
        for help in ["--help", "-h"] {
            let (fine, said) = run(&database, &[command, help], &[]).await;
            assert!(fine && variables.iter().all(|name| said.contains(name)), "{command} {help}: {said}");
            assert!(!said.contains(others), "{command} {help}: {said}");
        }
    }
    let (fine, said) = run(&database, &["retry", "--help"], &[]).await;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(fine && said.contains("parked as uncertain is created again, under the same Idempotency-Key"), "{said}");
    // A script may give the same options to each.
    let (fine, said) = run(&database, &["migrate", "--listen", "127.0.0.1:1", "--retry-schedule", "5s"], &[]).await;
    assert!(fine, "{said}");
}

#[tokio::test]
async fn small_inputs_that_are_wrong_are_named_with_the_mend() {
    let database = Database::sqlite();
    let (fine, said) = run(&database, &["migrate"], &[]).await;
    assert!(fine, "{said}");
    let nowhere = database.directory.join("nowhere/x.db");
    let (fine, said) = run(&database, &["backup", nowhere.to_str().unwrap()], &[]).await;
    let folder = format!("the folder {} does not exist", database.directory.join("nowhere").display());
    assert!(!fine && said.contains(&folder) && !said.contains("database is unavailable"), "{said}");
    // A folder that takes no files, not even root's.
    let (fine, said) = run(&database, &["backup", "/proc/x.db"], &[]).await;
    assert!(!fine && said.contains("the folder /proc cannot be written to") && !said.contains("unavailable"), "{said}");
    let (fine, said) = run(&database, &["doctor", "--allow-network", "localhost"], &[]).await;
    assert!(!fine && said.contains("`localhost` is not a network") && said.contains("10.1.0.0/16"), "{said}");
    for (arguments, form) in [
        (&["keys", "revoke", "nope"][..], "it is the first word of its line in `crm-sync keys list`"),
        (&["prune-logs", "--older-than", "soon"], "such as 30days, 12h or 90m"),
        (&["serve", "--listen", "8182"], "write an IP address and a port, such as 127.0.0.1:8182"),
        (&["serve", "--metrics-listen", "localhost:9464"], "such as 127.0.0.1:9464"),
        (&["serve", "--mock-crm", "here"], "such as 127.0.0.1:8080"),
    ] {
        let (fine, said) = run(&database, arguments, &[]).await;
        assert!(!fine && said.starts_with("error: ") && said.contains(form), "{arguments:?}: {said}");
    }
    let (fine, said) = run(&database, &["doctor", "--allow-network", "127.0.0.1,10.0.0.0/8"], &[]).await;
    assert!(fine && said.contains("and 127.0.0.1/32, 10.0.0.0/8"), "{said}");
}

/// Whoever reads the first line only, as `head -1` does, gets no panic, and the exit code stays.
#[tokio::test]
async fn a_reader_that_goes_away_ends_nothing() {
    let database = Database::sqlite();
    assert!(run(&database, &["migrate"], &[]).await.0);
    for arguments in [&["doctor"][..], &["schema"], &["stats"], &["syncs"], &["--help"], &["migrate"]] {
        let mut command = command(&database);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = timeout(WITHIN, child.wait_with_output()).await.expect("it ends").unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.is_empty(), "{arguments:?}: {said}");
        assert!(output.status.success(), "{arguments:?}: {:?}", output.status);
    }
    // One that takes nothing is told of: its disk is full.
    let mut command = command(&database);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = command.arg("stats").stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = timeout(WITHIN, child.wait_with_output()).await.expect("it ends").unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.starts_with("error: cannot write to stdout"), "{said}");
}

/// Nothing would arrive there, whatever else is right.
#[tokio::test]
async fn doctor_names_addresses_that_its_network_options_refuse() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let changes = json!({ "friendlyName": "Inside",
        "lookup": { "url": "http://10.1.2.3/?q={{ person.id }}", "path": "$[*].id" } });
    let id = server.api().create_sync("http://127.0.0.1:9", changes).await;
    assert!(server.stop().await);
    let (fine, said) = run(&database, &["doctor"], &[]).await;
    for part in [
        format!(
            "WRONG  network: `Inside` ({id}), lookup: 10.1.2.3 is a private address, which is not allowed: restart the server"
        ),
        format!(
            "WRONG  network: `Inside` ({id}), createUsers, updateUsers, deleteUsers: 127.0.0.1 is a loopback address"
        ),
        "with `--allow-network 127.0.0.1` to allow it".to_owned(),
    ] {
        assert!(!fine && said.contains(&part), "{part} is not said: {said}");
    }
    let (fine, said) = run(&database, DOCTOR_OF_LOOPBACK, &[]).await;
    assert!(!fine && said.contains("10.1.2.3") && !said.contains("127.0.0.1 is"), "{said}");
    let (fine, said) = run(&database, &["doctor", "--allow-network", "127.0.0.1,10.1.0.0/16"], &[]).await;
    assert!(fine && said.ends_with("nothing is wrong\n"), "{said}");
}

#[tokio::test]
async fn after_restore_beside_a_server_says_to_stop_it() {
    let database = Database::sqlite();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let (fine, said) = run(&database, &["after-restore"], &[]).await;
    assert!(!fine && said.starts_with("error: another process works on the database"), "{said}");
    assert!(said.contains(": stop it, then run this again") && !said.contains("of its own"), "{said}");
    assert!(server.stop().await);
}

#[tokio::test]
async fn one_alone_is_told_as_one() {
    let (database, copy) = (Database::sqlite(), Database::sqlite());
    let crm = MockCrm::start(MockCrmOptions::default()).await.unwrap();
    let server = Server::start(&database, &ServerOptions::default()).await;
    let sync = server.api().create_sync(&crm.url(), json!({})).await;
    server.api().push(&people("p", 0..1)).await;
    eventually("it is linked", WITHIN, || async { server.api().counts(&sync).await.0 == 1 }).await;
    assert!(server.stop().await);
    let file = copy.directory.join("test.db");
    let (fine, said) = run(&database, &["backup", file.to_str().unwrap()], &[]).await;
    assert!(fine && said.contains("as it stood when the backup began"), "{said}");
    for (database, arguments, told) in [
        (&database, &["resync", "--sync", &sync, "--force"][..], "1 person is being marked as owed"),
        (&copy, &["after-restore"], "marked 1 link of 1 sync: nothing"),
        (&copy, &["syncs"], "doubtful creates are held since an older copy was restored (20"),
        (&copy, DOCTOR_OF_LOOPBACK, "Z), 0 people wait: release them when"),
    ] {
        let (fine, said) = run(database, arguments, &[]).await;
        assert!(fine && said.contains(told), "{arguments:?}: {said}");
    }
}
