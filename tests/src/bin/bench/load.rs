//! The source system of a measurement: pushes people over GraphQL, and notes when each request was accepted.

use crate::{PERSON, now};
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use product_tests::api::UPSERT;
use product_tests::server::KEY;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// How many source systems push at once, each over a connection of its own.
const CONNECTIONS: usize = 32;

/// `bench load`
#[derive(Clone, clap::Args)]
pub(crate) struct Arguments {
    /// The server's address and port.
    #[arg(long)]
    pub(crate) server: String,
    #[arg(long)]
    pub(crate) people: usize,
    #[arg(long)]
    pub(crate) per_request: usize,
    /// People per second; left out: as fast as they are accepted.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Gives up after this many seconds.
    #[arg(long)]
    pub(crate) time_limit: u64,
}

/// What it reports. Times are microseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Just before the first push.
    pub(crate) begun: u64,
    /// By request: when its 200 came. Request n holds the people from n times the people per request on.
    pub(crate) accepted: Vec<u64>,
}

impl Arguments {
    /// As this program is given them.
    pub(crate) fn to_command_line(&self) -> Vec<String> {
        let mut line = vec!["load".to_owned(), "--server".to_owned(), self.server.clone()];
        line.extend(["--people".to_owned(), self.people.to_string()]);
        line.extend(["--per-request".to_owned(), self.per_request.to_string()]);
        line.extend(["--time-limit".to_owned(), self.time_limit.to_string()]);
        if let Some(rate) = self.rate {
            line.extend(["--rate".to_owned(), rate.to_string()]);
        }
        line
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let limit = Duration::from_secs(arguments.time_limit);
    let report = timeout(limit, push(arguments)).await;
    let report = report.with_context(|| format!("the people were not accepted within {limit:?}"))??;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

async fn push(arguments: &Arguments) -> Result<Report> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(connect(&arguments.server).await?);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let (begun, start) = (now(), Instant::now());
    let mut workers = JoinSet::new();
    for connection in connections {
        workers.spawn(work(connection, arguments.clone(), next.clone(), start));
    }
    let mut accepted = vec![0; arguments.people.div_ceil(arguments.per_request)];
    while let Some(worker) = workers.join_next().await {
        for (request, at) in worker?? {
            accepted[request] = at;
        }
    }
    Ok(Report { begun, accepted })
}

async fn connect(server: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(server).await.with_context(|| format!("cannot connect to {server}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Takes the next request, waits until it is due, and sends it, until there is none left.
async fn work(
    mut connection: SendRequest<Full<Bytes>>,
    arguments: Arguments,
    next: Arc<AtomicUsize>,
    start: Instant,
) -> Result<Vec<(usize, u64)>> {
    let mut accepted = Vec::new();
    loop {
        let request = next.fetch_add(1, Ordering::Relaxed);
        let first = request * arguments.per_request;
        if first >= arguments.people {
            return Ok(accepted);
        }
        if let Some(rate) = arguments.rate {
            sleep_until(start + Duration::from_secs_f64(first as f64 / rate)).await;
        }
        let people = first..(first + arguments.per_request).min(arguments.people);
        accepted.push((request, send(&mut connection, &arguments.server, people).await?));
    }
}

/// Pushes some people. Returns when the answer's head came.
async fn send(connection: &mut SendRequest<Full<Bytes>>, server: &str, people: std::ops::Range<usize>) -> Result<u64> {
    let count = people.len();
    let input: Vec<_> = people
        .map(|number| {
            let id = format!("{PERSON}{number}");
            json!({ "emails": [format!("{id}@example.test")], "id": id, "firstName": "Ada", "lastName": "Lovelace" })
        })
        .collect();
    let body = json!({ "query": UPSERT, "variables": { "input": input } }).to_string();
    let request = Request::post("/graphql")
        .header("host", server)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {KEY}"))
        .body(Full::new(Bytes::from(body)))?;
    connection.ready().await.context("the server closed a connection")?;
    let answer = connection.send_request(request).await.context("no answer to a push")?;
    let at = now();
    let status = answer.status();
    let body = answer.into_body().collect().await.context("no whole answer to a push")?.to_bytes();
    if status != StatusCode::OK {
        bail!("a push was answered {status}: {}", String::from_utf8_lossy(&body));
    }
    let answer: Value = serde_json::from_slice(&body).context("the answer to a push is no JSON")?;
    let made = answer["data"]["upsertPeople"].as_array().map_or(0, Vec::len);
    ensure!(made == count, "a push of {count} people was answered: {answer}");
    Ok(at)
}
