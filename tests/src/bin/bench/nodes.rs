//! A server that takes changes and sends nothing, and others on the same database that send.

use crate::figures::{Figure, figure, percentiles};
use crate::stage::{Common, Stage, Store};
use crate::{load, parse_rate, seconds_between};
use anyhow::{Result, ensure};
use serde_json::json;

/// How several nodes on one Postgres work together
///
/// One node takes changes (`--mode api`), the others send (`--mode dispatch`); each number of senders is a case, on a
/// database of its own. First people are pushed one by one at a steady rate, to one sync: how long a change takes from the
/// node that accepted it, over a notification, to its arrival from another. Then people are pushed as fast as they are
/// accepted, to several syncs: deliveries per second. It fails if a person does not arrive exactly once at each sync.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Nodes that send; a case each
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 2, 3], value_parser = clap::value_parser!(u32).range(1..=16))]
    senders: Vec<u32>,
    /// People pushed one by one
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steady: u32,
    /// Of those, people pushed per second
    #[arg(long, value_name = "R", default_value_t = 50.0, value_parser = parse_rate)]
    rate: f64,
    /// People pushed as fast as they are accepted
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// Syncs that those go to
    #[arg(long, value_name = "S", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    syncs: u32,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, senders, steady, rate, people, syncs } = arguments;
    ensure!(common.store == Store::Postgres, "several nodes share a Postgres: --store sqlite serves one process");
    let settings = json!({ "steady": steady, "rate": rate, "people": people, "syncs": syncs });
    common
        .measure(settings, 3, async |report, _| {
            for &senders in senders {
                let run = Stage::play_as(common, "api", async |stage| measure(stage, senders, arguments).await);
                report.add(&format!("{senders} nodes that send"), run.await?);
            }
            Ok(())
        })
        .await
}

async fn measure(stage: &mut Stage, senders: u32, arguments: &Arguments) -> Result<Vec<Figure>> {
    let (steady, people) = (arguments.steady as usize, arguments.people as usize);
    let syncs = arguments.syncs as usize;
    let mut nodes = Vec::new();
    for _ in 0..senders {
        nodes.push(stage.dispatcher().await?);
    }
    stage.server.create_sync(&stage.sink.url("ok"), json!({})).await?;
    stage.next_step(&format!("pushing {steady} people one by one"));
    let load = load::Arguments { rate: Some(arguments.rate), ..stage.load(0, steady, 1) }.run().await?;
    stage.accepted("ok", steady as u64).await?;
    stage.settled(0).await?;
    let arrivals = stage.sink.arrivals("ok", 0..steady).await?;
    let latency = percentiles("accept_to_arrival", "accept to arrival", &load.accept_to_arrival(&arrivals));

    for _ in 1..syncs {
        stage.server.create_sync(&stage.sink.url("ok"), json!({})).await?;
    }
    stage.next_step(&format!("pushing {people} people to {syncs} syncs"));
    let load = stage.load(steady, people, 100).run().await?;
    let all = (steady + people * syncs) as u64;
    let newest = stage.accepted("ok", all).await?.newest;
    let counts = stage.settled(0).await?;
    ensure!(
        (counts.linked, counts.parked, counts.uncertain) == (all, 0, 0),
        "each of {all} links must be linked in the end: {counts:?}"
    );
    let requests = stage.sink.count("ok").await?.requests;
    ensure!(requests == all, "{all} links must be {all} requests: {requests}");
    let rate = (people * syncs) as f64 / seconds_between(load.begun(), newest);
    let label = "deliveries per second, first push to last arrival";
    let mut figures = vec![figure("deliveries_per_second", label, 0, rate)];
    figures.extend(latency);
    for mut node in nodes {
        node.stop().await?;
    }
    Ok(figures)
}
