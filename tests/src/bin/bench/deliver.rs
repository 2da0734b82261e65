//! People pushed to an idle server with an empty database, until the sink has seen them all and nothing is owed any more.

use crate::figures::{Figure, figure, percentiles};
use crate::stage::{Common, DELIVERY, Stage, rate};
use crate::{load, parse_rate, seconds_between};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// How fast, and at what cost, changes of people reach a CRM
///
/// Runs the release server as shipped, a client that pushes people over 32 connections, and a sink in place of the CRM, each
/// as a process of its own on loopback; and first a bare hyper client with 64 requests in flight against the same sink, for
/// what the machine gives at most. Every person is one create request. It fails if a person does not arrive exactly
/// once or is not linked in the end.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// How many people are pushed
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// People per upsertPeople call
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_request: u32,
    /// People pushed per second [default: as fast as they are accepted]
    #[arg(long, value_name = "R", value_parser = parse_rate)]
    rate: Option<f64>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, people, per_request, rate } = arguments;
    let settings = json!({ "people": people, "per_request": per_request, "rate": rate });
    measure(common, settings, *people, *per_request, *rate).await
}

/// Also what `latency` measures: the same at a steady rate.
pub(crate) async fn measure(
    common: &Common,
    settings: Value,
    people: u32,
    per_request: u32,
    rate: Option<f64>,
) -> Result<()> {
    common
        .measure(settings, 3, async |report, bare| {
            let run = Stage::play(common, async |stage| {
                deliver(stage, people as usize, per_request as usize, rate, bare).await
            });
            report.add("", run.await?);
            Ok(())
        })
        .await
}

async fn deliver(
    stage: &mut Stage,
    people: usize,
    per_request: usize,
    people_per_second: Option<f64>,
    bare: Option<f64>,
) -> Result<Vec<Figure>> {
    stage.server.create_sync(&stage.sink.url("ok"), json!({})).await?;
    let before = stage.reading().await?;
    stage.next_step(&format!("pushing {people} people"));
    let load = load::Arguments { rate: people_per_second, ..stage.load(0, people, per_request) };
    let load = load.run().await?;
    let newest = stage.accepted("ok", people as u64).await?.newest;
    // What follows an arrival is part of its cost: the answer is read, and the link and the log are written.
    let counts = stage.settled(0).await?;
    let cost = stage.cost(&before, people as f64, &DELIVERY).await?;
    ensure!(
        (counts.linked, counts.parked, counts.uncertain) == (people as u64, 0, 0),
        "every one of {people} people must be linked in the end: {counts:?}"
    );
    let count = stage.sink.count("ok").await?;
    ensure!(
        (count.requests, count.people) == (people as u64, people as u64),
        "{people} people must be {people} requests: {count:?}"
    );
    let arrivals = stage.sink.arrivals("ok", 0..people).await?;
    let label = "deliveries per second, first push to last arrival";
    let mut figures = rate("deliveries_per_second", label, people as f64 / seconds_between(load.begun(), newest), bare);
    figures.push(figure("accepted_per_second", "people accepted per second", 0, people as f64 / load.seconds()));
    figures.extend(percentiles("accept_to_arrival", "accept to arrival", &load.accept_to_arrival(&arrivals)));
    figures.extend(percentiles("send_to_arrival", "send to arrival", &load.send_to_arrival(&arrivals)));
    figures.extend(percentiles("push", "a push, sent to answered", &load.push_times()));
    figures.extend(cost);
    if stage.postgres.is_some() {
        // Counted only when the connections end.
        stage.server.stop().await?;
    }
    if let Some(postgres) = &stage.postgres {
        let label = "database, transactions per delivery";
        figures.push(figure(
            "transactions_per_delivery",
            label,
            2,
            postgres.transactions().await? as f64 / people as f64,
        ));
    }
    Ok(figures)
}
