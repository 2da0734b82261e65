//! The source system of a measurement: pushes people over GraphQL, and notes when each request was accepted.

use crate::{PERSON, child, now};
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
use tokio::time::{Instant, interval_at, sleep_until, timeout};

/// How many source systems push at once, each over a connection of its own, unless told otherwise.
pub(crate) const CONNECTIONS: usize = 32;
/// How often progress is shown.
const SHOWN: Duration = Duration::from_secs(5);

/// `bench load`
#[derive(Clone, clap::Args)]
pub(crate) struct Arguments {
    /// The server's address and port.
    #[arg(long)]
    pub(crate) server: String,
    /// The number of the first person.
    #[arg(long)]
    pub(crate) first: usize,
    #[arg(long)]
    pub(crate) people: usize,
    #[arg(long)]
    pub(crate) per_request: usize,
    #[arg(long)]
    pub(crate) connections: usize,
    /// People per second; left out: as fast as they are accepted.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Gives up after this many seconds.
    #[arg(long)]
    pub(crate) time_limit: u64,
}

/// What it reports. Times are microseconds since 1970. Request n holds the people from n times the people per request on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    per_request: usize,
    /// By request: just before it was sent.
    sent: Vec<u64>,
    /// By request: when its 200 came.
    accepted: Vec<u64>,
}

impl Arguments {
    /// Pushes in a process of its own.
    pub(crate) async fn run(&self) -> Result<Report> {
        let mut line = vec!["load".to_owned(), "--server".to_owned(), self.server.clone()];
        let numbers = [
            ("--first", self.first),
            ("--people", self.people),
            ("--per-request", self.per_request),
            ("--connections", self.connections),
        ];
        line.extend(numbers.into_iter().flat_map(|(name, number)| [name.to_owned(), number.to_string()]));
        line.extend(["--time-limit".to_owned(), self.time_limit.to_string()]);
        if let Some(rate) = self.rate {
            line.extend(["--rate".to_owned(), rate.to_string()]);
        }
        child::report("load", child::command(line)?).await
    }
}

impl Report {
    /// Just before the first push.
    pub(crate) fn begun(&self) -> u64 {
        self.sent.iter().min().copied().unwrap_or(0)
    }

    /// From the first push until the last one was accepted, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.accepted.iter().max().map_or(0.0, |&last| crate::seconds_between(self.begun(), last))
    }

    /// From sending a push to its answer, in ms, sorted.
    pub(crate) fn push_times(&self) -> Vec<f64> {
        sorted(self.sent.iter().zip(&self.accepted).map(|(&sent, &accepted)| accepted.saturating_sub(sent)))
    }

    /// From a push's being accepted to each of its people's arrival, in ms, sorted. Who arrived before the answer to the
    /// push did counts as 0.
    pub(crate) fn accept_to_arrival(&self, arrivals: &[u64]) -> Vec<f64> {
        self.times(&self.accepted, arrivals)
    }

    /// From a push's being sent to each of its people's arrival, in ms, sorted.
    pub(crate) fn send_to_arrival(&self, arrivals: &[u64]) -> Vec<f64> {
        self.times(&self.sent, arrivals)
    }

    fn times(&self, from: &[u64], arrivals: &[u64]) -> Vec<f64> {
        let of = |(person, arrival): (usize, &u64)| arrival.saturating_sub(from[person / self.per_request]);
        sorted(arrivals.iter().enumerate().map(of))
    }
}

/// Microseconds as sorted milliseconds.
pub(crate) fn sorted(micros: impl Iterator<Item = u64>) -> Vec<f64> {
    let mut millis: Vec<f64> = micros.map(|micros| micros as f64 / 1000.0).collect();
    millis.sort_by(f64::total_cmp);
    millis
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
    for _ in 0..arguments.connections {
        connections.push(connect(&arguments.server).await?);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut workers = JoinSet::new();
    for connection in connections {
        workers.spawn(work(connection, arguments.clone(), next.clone(), start));
    }
    let requests = arguments.people.div_ceil(arguments.per_request);
    let (mut sent, mut accepted) = (vec![0; requests], vec![0; requests]);
    let mut shown = interval_at(start + SHOWN, SHOWN);
    loop {
        tokio::select! {
            worker = workers.join_next() => match worker {
                None => return Ok(Report { per_request: arguments.per_request, sent, accepted }),
                Some(worker) => for (request, sent_at, accepted_at) in worker?? {
                    sent[request] = sent_at;
                    accepted[request] = accepted_at;
                },
            },
            _ = shown.tick() => {
                let pushed = (next.load(Ordering::Relaxed) * arguments.per_request).min(arguments.people);
                eprintln!("bench: {pushed} of {} people pushed", arguments.people);
            }
        }
    }
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
) -> Result<Vec<(usize, u64, u64)>> {
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
        let people = arguments.first + people.start..arguments.first + people.end;
        let (sent_at, accepted_at) = send(&mut connection, &arguments.server, people).await?;
        accepted.push((request, sent_at, accepted_at));
    }
}

/// Pushes some people. Returns when it was sent, and when the answer's head came.
async fn send(
    connection: &mut SendRequest<Full<Bytes>>,
    server: &str,
    people: std::ops::Range<usize>,
) -> Result<(u64, u64)> {
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
    let sent_at = now();
    let answer = connection.send_request(request).await.context("no answer to a push")?;
    let accepted_at = now();
    let status = answer.status();
    let body = answer.into_body().collect().await.context("no whole answer to a push")?.to_bytes();
    if status != StatusCode::OK {
        bail!("a push was answered {status}: {}", String::from_utf8_lossy(&body));
    }
    let answer: Value = serde_json::from_slice(&body).context("the answer to a push is no JSON")?;
    let made = answer["data"]["upsertPeople"].as_array().map_or(0, Vec::len);
    ensure!(made == count, "a push of {count} people was answered: {answer}");
    Ok((sent_at, accepted_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_compared_with_the_request_that_carried_it() {
        let report = Report { per_request: 2, sent: vec![8_000, 12_000], accepted: vec![10_000, 20_000] };
        let arrivals = [15_000, 9_000, 20_500];
        assert_eq!(report.accept_to_arrival(&arrivals), [0.0, 0.5, 5.0]);
        assert_eq!(report.send_to_arrival(&arrivals), [1.0, 7.0, 8.5]);
        assert_eq!(report.push_times(), [2.0, 8.0]);
        assert_eq!((report.begun(), report.seconds().to_string()), (8_000, "0.012".to_owned()));
    }
}
