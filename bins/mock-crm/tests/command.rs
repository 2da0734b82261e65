//! The binary.

use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

#[tokio::test]
async fn it_serves_until_it_is_told_to_stop() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-crm"));
    command.args(["--listen", "127.0.0.1:0", "--ids", "strings", "--fault-rate", "status=500:0", "--auth", "bearer:t"]);
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let address = line.trim().strip_prefix("mock-crm listens on http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "POST /contacts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nConnection: close\r\n\
                   Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n") && answer.ends_with(r#"{"id":"c-1"}"#), "{answer}");
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(ended.success());
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    for (arguments, named) in [
        (["--fault-rate", "status=5:0.1"], "is not a fault"),
        (["--fault-rate", "status=500"], "share"),
        (["--auth", "basic:only-user"], "basic:USER:PASSWORD"),
        (["--fault-rate", "huge:2"], "not between 0 and 1"),
        (["--always", "quota=fixed:0:1s"], "is not a fault"),
        (["--ids", "names"], "emails"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_mock-crm")).args(arguments).output().await.unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(named), "{text}");
    }
}

#[tokio::test]
async fn every_fault_stands_in_the_help_and_is_given_to_all() {
    let help = Command::new(env!("CARGO_BIN_EXE_mock-crm")).arg("--help").output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for named in [
        "status=",
        "retry-after=",
        "redirect",
        "delay=",
        "hangup=",
        "hang ",
        "huge",
        "malformed",
        "cut",
        "page=after",
        "error=after",
        "goaway",
        "refused-stream",
        "quota=fixed:",
        "sliding",
        "bucket",
        "quota=daily:",
        "search-lag=never",
        "keys=replay",
        "keys=check",
        "keys=refuse",
        "lock=",
        "upsert",
        "poison=",
        "--always",
        "--tls",
        "emails",
    ] {
        assert!(help.contains(named), "{named} is missing in {help}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-crm"));
    command.args(["--listen", "127.0.0.1:0", "--always", "status=418"]);
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let address = line.trim().strip_prefix("mock-crm listens on http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /contacts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 418 "), "{answer}");
}

#[tokio::test]
async fn the_faults_that_the_help_shows_are_taken_as_they_stand() {
    let help = Command::new(env!("CARGO_BIN_EXE_mock-crm")).arg("--help").output().await.unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let from = help.find(r#"{"always""#).expect("the help shows faults to PUT");
    let shown = help[from..].split("\n\n").next().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-crm"));
    let mut child =
        command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let address = line.trim().strip_prefix("mock-crm listens on http://").unwrap();
    let ask = async |request: String| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let head = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let put = format!("PUT /_mock/faults {head}Content-Length: {}\r\n\r\n{shown}", shown.len());
    let answer = ask(put).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("status=503"), "{answer}");
    let first = ask(format!("GET /contacts {head}\r\n")).await;
    assert!(first.starts_with("HTTP/1.1 503 "), "the first of `next`: {first}");
}
