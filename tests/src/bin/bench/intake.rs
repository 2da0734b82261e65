//! How fast people are accepted, apart from how fast they are delivered.

use crate::figures::{Figure, percentiles};
use crate::stage::{Common, PERSON, Stage, rate};
use anyhow::{Result, ensure};
use clap::ValueEnum;
use serde_json::json;

/// How fast, and at what cost, people are accepted over the API
///
/// People who are new, over 32 connections as fast as they are accepted, into an empty database: with no sync, beside a
/// paused sync to which all of them are owed, and beside an active one that is sending to the sink meanwhile. A push is
/// measured from being sent to its answer.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// How many people are pushed
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// People per upsertPeople call: one case for each
    #[arg(long, value_name = "K,..", value_delimiter = ',', default_values_t = [1, 100],
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_request: Vec<u32>,
    /// Which syncs there are: one case for each
    #[arg(long, value_name = "SYNC,..", value_delimiter = ',', default_values_t = [Beside::None, Beside::Paused, Beside::Active])]
    sync: Vec<Beside>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Beside {
    None,
    Paused,
    Active,
}

impl std::fmt::Display for Beside {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Paused => "paused",
            Self::Active => "active",
        })
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, people, .. } = arguments;
    common
        .measure(json!({ "people": people }), 3, async |report, bare| {
            for &per_request in &arguments.per_request {
                for &beside in &arguments.sync {
                    let run = Stage::play(common, async |stage| {
                        intake(stage, *people as usize, per_request as usize, beside, bare).await
                    });
                    report.add(&format!("sync: {beside}, people per request: {per_request}"), run.await?);
                }
            }
            Ok(())
        })
        .await
}

async fn intake(
    stage: &mut Stage,
    people: usize,
    per_request: usize,
    beside: Beside,
    bare: Option<f64>,
) -> Result<Vec<Figure>> {
    if beside != Beside::None {
        let sync = stage.server.create_sync(&stage.sink.url("ok"), json!({})).await?;
        if beside == Beside::Paused {
            stage.server.pause(&sync).await?;
        }
    }
    let before = stage.reading().await?;
    stage.next_step(&format!("pushing {people} people, {per_request} a request, sync: {beside}"));
    let load = stage.load(0, people, per_request).run().await?;
    let cost = stage.cost(&before, people as f64, &PERSON).await?;
    let counts = stage.server.all_counts().await?;
    let owed_or_linked = counts.owed + counts.linked;
    let expected = if beside == Beside::None { 0 } else { people as u64 };
    ensure!(owed_or_linked == expected, "{expected} links must be owed or linked: {counts:?}");
    let label = "people accepted per second";
    let mut figures = rate("accepted_per_second", label, people as f64 / load.seconds(), bare);
    figures.extend(percentiles("push", "a push, sent to answered", &load.push_times()));
    figures.extend(cost);
    Ok(figures)
}
