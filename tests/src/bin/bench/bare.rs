//! What the machine and hyper give at most: a client that only sends the same requests to the same sink.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Requests in flight.
const IN_FLIGHT: usize = 64;
/// Not counted: connecting.
const WARM_UP: Duration = Duration::from_millis(500);

/// `bench bare`
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The URL of a lane of the sink.
    #[arg(long)]
    sink: String,
    /// How long it is measured, from 1.
    #[arg(long)]
    seconds: u64,
}

/// What it reports.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) requests_per_second: f64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IN_FLIGHT).build(connector);
    let url: http::Uri = format!("{}/contacts", arguments.sink).parse().context("--sink is no URL")?;
    let from = Instant::now() + WARM_UP;
    let measured = Duration::from_secs(arguments.seconds);
    let until = from + measured;
    let mut workers = JoinSet::new();
    for worker in 0..IN_FLIGHT {
        workers.spawn(send(client.clone(), url.clone(), worker, from, until));
    }
    let mut sent = 0;
    while let Some(worker) = workers.join_next().await {
        sent += worker??;
    }
    let report = Report { requests_per_second: sent as f64 / measured.as_secs_f64() };
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// Sends one request after the other. Returns how many were answered between `from` and `until`.
async fn send(
    client: Client<HttpConnector, Full<Bytes>>,
    url: http::Uri,
    worker: usize,
    from: Instant,
    until: Instant,
) -> Result<u64> {
    let (mut number, mut answered) = (worker, 0);
    loop {
        let request = Request::post(url.clone())
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(crate::body(number))))?;
        number += IN_FLIGHT;
        let answer = client.request(request).await?;
        if answer.status() != StatusCode::CREATED {
            bail!("the sink answered {}", answer.status());
        }
        answer.into_body().collect().await?;
        let at = Instant::now();
        if at >= until {
            return Ok(answered);
        }
        answered += u64::from(at >= from);
    }
}
