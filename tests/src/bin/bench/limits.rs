//! A CRM whose limit nobody told, and a backlog.

use crate::figures::{Figure, figure};
use crate::load;
use crate::stage::{Common, Stage};
use anyhow::{Context, Result, ensure};
use mock_crm::{Fault, Faults, MockCrm, MockCrmOptions, Quota};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

/// How well a limit is kept that a CRM has and does not tell: a check that counts
///
/// A mock CRM takes 100 requests in each 10 s and answers 429 to more, without a word of how long to wait. People are pushed at
/// once, nothing is configured (requests at once neither), and the server works the backlog off in real time: 12,000 people
/// take 20 minutes. Told are the share of the requests that were refused, and the share of the limit that was used, from
/// the first push until the last person is there. Fails unless few enough were refused, enough was used, and each person
/// has exactly one record.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// How many people are pushed
    #[arg(long, value_name = "N", default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// The mock CRM's limit, as its faults take it: fixed, sliding or bucket, requests, in how long
    #[arg(long, value_name = "QUOTA", default_value = "fixed:100:10s", value_parser = parse_quota)]
    quota: Quota,
    /// Fails unless fewer per cent of the requests are refused
    #[arg(long, value_name = "PERCENT", default_value_t = 3.0)]
    refused_below: f64,
    /// Fails unless at least so many per cent of the limit are used
    #[arg(long, value_name = "PERCENT", default_value_t = 90.0)]
    used_from: f64,
}

fn parse_quota(text: &str) -> Result<Quota, String> {
    let fault = format!("quota={text}").parse::<Fault>().map_err(|fault| fault.to_string())?;
    // What a comma brings in is no quota.
    let alone = Fault { quota: fault.quota, ..Fault::default() };
    fault.quota.filter(|_| fault == alone).ok_or_else(|| format!("{text:?} is more than a quota"))
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let settings = json!({ "people": arguments.people, "quota": arguments.quota.to_string() });
    let measured = arguments.common.measure(settings, 1, async |report, _bare| {
        let run = Stage::play(&arguments.common, async |stage| limits(stage, arguments).await);
        report.add("", run.await?);
        Ok(())
    });
    measured.await
}

async fn limits(stage: &mut Stage, arguments: &Arguments) -> Result<Vec<Figure>> {
    let people = arguments.people as usize;
    let always = Fault { quota: Some(arguments.quota), ..Fault::default() };
    let options = MockCrmOptions { faults: Faults { always, ..Faults::default() }, ..MockCrmOptions::default() };
    let crm = MockCrm::start(options).await.context("cannot start the mock CRM")?;
    // As a new sync is: no limit but how many requests there may be at once.
    stage.server.create_sync(&crm.url(), json!({ "limits": {} })).await?;
    let before = stage.reading().await?;

    stage.next_step(&format!("pushing {people} people to a CRM that takes {} and does not say so", arguments.quota));
    let begun = Instant::now();
    let load = load::Arguments { ..stage.load(0, people, people.min(1000)) };
    load.run().await?;
    let there = stage.wait(async || {
        let records = crm.stats().records;
        Ok((records >= people).then_some(()).ok_or(format!("{records} of {people} people are there")))
    });
    there.await?;
    let seconds = begun.elapsed().as_secs_f64();
    let counts = stage.settled(0).await?;
    ensure!(
        (counts.linked, counts.parked, counts.uncertain) == (people as u64, 0, 0),
        "every one of {people} people must be linked in the end: {counts:?}"
    );
    let records = crm.records();
    let persons: BTreeSet<_> = records.iter().filter_map(|record| record["external_id"].as_str()).collect();
    ensure!(
        (records.len(), persons.len()) == (people, people),
        "{people} people must be {people} records: {} of {} people",
        records.len(),
        persons.len()
    );

    let stats = crm.stats();
    let refused = stats.total.saturating_sub(people as u64);
    let refused_percent = refused as f64 * 100.0 / stats.total as f64;
    let per_second = f64::from(arguments.quota.count) / arguments.quota.span.as_secs_f64();
    let used_percent = people as f64 * 100.0 / (per_second * seconds);
    let told = format!(
        "{refused} of {} requests were refused ({refused_percent:.2} %), {used_percent:.1} % of the limit were used in {seconds:.0} s",
        stats.total
    );
    eprintln!("bench: {told}");
    ensure!(refused_percent < arguments.refused_below, "too many were refused: {told}");
    ensure!(used_percent >= arguments.used_from, "too little was used: {told}");
    let mut figures = vec![
        figure("refused_percent", "requests refused, %", 2, refused_percent),
        figure("used_percent", "share of the limit that was used, %", 1, used_percent),
        figure("seconds", "from the first push until all were there, s", 0, seconds),
        figure("requests", "requests", 0, stats.total as f64),
    ];
    figures.extend(stage.cost(&before, people as f64, &crate::stage::DELIVERY).await?);
    Ok(figures)
}
