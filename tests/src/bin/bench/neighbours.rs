//! What bad neighbours and large backlogs cost those who have nothing to do with them.

use crate::figures::{Figure, figure, percentiles, quantile};
use crate::stage::{Common, DELIVERY, Stage, rate};
use crate::{load, parse_rate, seconds_between};
use anyhow::{Result, ensure};
use serde_json::json;

/// The lane of the healthy.
const HEALTHY: &str = "ok";
/// Lanes of the bad ones.
const BAD: [&str; 3] = ["hang", "500", "429"];
/// RFC 2606: a name that never resolves.
const NO_NAME: &str = "http://no-such-host.invalid";

/// What bad neighbours and large backlogs cost the others
///
/// First part: people are pushed to an account with a number of healthy syncs; then to one that has four more, which are
/// paused (for what owing alone costs); then to one where these four are active: one hangs, one answers 500, one 429 with
/// Retry-After, and the name of one does not resolve. Told is the rate of the healthy ones, also in per cent of what it is
/// alone.
///
/// Second part: how long a fresh change takes to its CRM, at a steady rate, beside another sync that is idle, and beside one
/// that works off a backlog meanwhile. It fails if the backlog is gone before the fresh changes are.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Healthy syncs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    syncs: u32,
    /// How many people are pushed to them; 0: without the first part
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    people: u32,
    /// People per upsertPeople call, in the first part
    #[arg(long, value_name = "K", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_request: u32,
    /// Links that the other sync owes; 0: without the second part
    #[arg(long, value_name = "N", default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(0..=50_000_000))]
    backlog: u32,
    /// Fresh people beside the backlog, one a request
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    fresh: u32,
    /// Fresh people per second
    #[arg(long, value_name = "R", default_value_t = 100.0, value_parser = parse_rate)]
    rate: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nobody,
    Paused,
    Bad,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, syncs, people, per_request, backlog, fresh, rate } = arguments;
    let settings = json!({
        "syncs": syncs, "people": people, "per_request": per_request, "backlog": backlog, "fresh": fresh, "rate": rate,
    });
    ensure!(*people > 0 || *backlog > 0, "--people 0 --backlog 0 leaves nothing to measure");
    common
        .measure(settings, 3, async |report, bare| {
            if *people > 0 {
                let mut rates = Vec::new();
                for (title, beside) in [
                    (format!("{syncs} healthy syncs alone"), Beside::Nobody),
                    (format!("{syncs} beside 4 that are paused"), Beside::Paused),
                    (format!("{syncs} beside 4 bad ones"), Beside::Bad),
                ] {
                    let run = Stage::play(common, async |stage| healthy(stage, arguments, beside, bare).await).await?;
                    rates.extend(run.first().map(|rate| rate.value));
                    report.add(&title, run);
                }
                report.add("the rate of the healthy ones", shares(&rates));
            }
            if *backlog > 0 {
                let mut both = Vec::new();
                for (title, links) in [
                    ("fresh changes beside an idle sync".to_owned(), 0),
                    (format!("fresh changes beside a backlog of {backlog}"), *backlog),
                ] {
                    let play = async |stage: &mut Stage| fresh_changes(stage, arguments, links).await;
                    let (times, figures) = Stage::play(common, play).await?;
                    report.add(&title, figures);
                    both.push(times);
                }
                let [without, with] = [&both[0], &both[1]];
                let mut added =
                    delays("accept_to_arrival", "accept to arrival", &without.from_accept, &with.from_accept);
                added.extend(delays("send_to_arrival", "send to arrival", &without.from_send, &with.from_send));
                report.add("what the backlog adds", added);
            }
            Ok(())
        })
        .await
}

/// Of the rates alone, beside the paused and beside the bad.
fn shares(rates: &[f64]) -> Vec<Figure> {
    let share = |of: f64| of * 100.0 / rates[0];
    vec![
        figure("percent_beside_paused", "beside 4 that are paused, in % of alone", 1, share(rates[1])),
        figure("percent_beside_bad", "beside 4 bad ones, in % of alone", 1, share(rates[2])),
        figure(
            "percent_bad_of_paused",
            "beside 4 bad ones, in % of beside 4 that are paused",
            1,
            rates[2] * 100.0 / rates[1],
        ),
    ]
}

/// What a time is more with a backlog than without, both sorted, in ms.
fn delays(name: &str, label: &str, without: &[f64], with: &[f64]) -> Vec<Figure> {
    let of = |(percentile, share): (&str, f64)| {
        let delay = quantile(with, share) - quantile(without, share);
        figure(
            format!("{name}_delay_ms.{percentile}"),
            format!("{label}, with less without, ms, {percentile}"),
            1,
            delay,
        )
    };
    [("p50", 0.5), ("p99", 0.99)].map(of).into()
}

/// The first figure is the rate of the healthy ones.
async fn healthy(stage: &mut Stage, arguments: &Arguments, beside: Beside, bare: Option<f64>) -> Result<Vec<Figure>> {
    let Arguments { syncs, people, per_request, .. } = *arguments;
    for _ in 0..syncs {
        stage.server.create_sync(&stage.sink.url(HEALTHY), json!({})).await?;
    }
    let mut others = Vec::new();
    if beside != Beside::Nobody {
        for crm in BAD.map(|lane| stage.sink.url(lane)).into_iter().chain([NO_NAME.to_owned()]) {
            let sync = stage.server.create_sync(&crm, json!({})).await?;
            if beside == Beside::Paused {
                stage.server.pause(&sync).await?;
            }
            others.push(sync);
        }
    }
    let deliveries = u64::from(people) * u64::from(syncs);
    stage.next_step(&format!("pushing {people} people to {syncs} healthy syncs and {} others", others.len()));
    let before = stage.reading().await?;
    let load = stage.load(0, people as usize, per_request as usize).run().await?;
    let count = stage.accepted(HEALTHY, deliveries).await?;
    let owed = u64::from(people) * others.len() as u64;
    stage.settled(owed).await?;
    let cost = stage.cost(&before, deliveries as f64, &DELIVERY).await?;
    for sync in others {
        let counts = stage.server.counts(&sync).await?;
        ensure!(counts.linked == 0, "a bad neighbour must hold nobody: {counts:?}");
    }
    if beside == Beside::Bad {
        for lane in BAD {
            let tried = async || {
                let tried = stage.sink.count(lane).await?.requests > 0;
                Ok(tried.then_some(()).ok_or(format!("the bad neighbour {lane} was not tried")))
            };
            stage.wait(tried).await?;
        }
    }
    let per_second = deliveries as f64 / seconds_between(load.begun(), count.newest);
    let label = "deliveries per second of the healthy, first push to last arrival";
    let mut figures = rate("deliveries_per_second", label, per_second, bare);
    figures.extend(cost);
    Ok(figures)
}

/// Until a fresh change arrived, sorted, in ms.
struct Times {
    from_accept: Vec<f64>,
    from_send: Vec<f64>,
}

async fn fresh_changes(stage: &mut Stage, arguments: &Arguments, links: u32) -> Result<(Times, Vec<Figure>)> {
    let Arguments { fresh, rate, .. } = *arguments;
    let (links, fresh) = (links as usize, fresh as usize);
    let other = stage.server.create_sync(&stage.sink.url("ok-other"), json!({})).await?;
    if links > 0 {
        stage.server.pause(&other).await?;
        stage.next_step(&format!("making a backlog of {links} links"));
        load::Arguments { connections: 4, ..stage.load(0, links, 1000) }.run().await?;
    }
    stage.server.create_sync(&stage.sink.url("ok-fresh"), json!({})).await?;
    stage.next_step(&format!("pushing {fresh} fresh people, {rate} a second"));
    if links > 0 {
        stage.server.resume(&other).await?;
        stage.accepted("ok-other", 1).await?;
    }
    let before = stage.reading().await?;
    let load = load::Arguments { rate: Some(rate), ..stage.load(links, fresh, 1) }.run().await?;
    stage.accepted("ok-fresh", fresh as u64).await?;
    let owed = stage.server.counts(&other).await?.owed;
    let others = stage.sink.count("ok-other").await?.accepted;
    ensure!(links == 0 || owed > 0, "the backlog was gone before the fresh changes were: give more than {links}");
    let cost = stage.cost(&before, others as f64 + fresh as f64, &DELIVERY).await?;
    let arrivals = stage.sink.arrivals("ok-fresh", links..links + fresh).await?;
    let times = Times { from_accept: load.accept_to_arrival(&arrivals), from_send: load.send_to_arrival(&arrivals) };
    let mut figures = percentiles("accept_to_arrival", "accept to arrival of the fresh", &times.from_accept);
    figures.extend(percentiles("send_to_arrival", "send to arrival of the fresh", &times.from_send));
    figures.push(figure("fresh_per_second", "fresh people accepted per second", 0, fresh as f64 / load.seconds()));
    figures.push(figure(
        "other_per_second",
        "deliveries per second of the other sync meanwhile",
        0,
        others as f64 / load.seconds(),
    ));
    figures.extend(cost);
    Ok((times, figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_are_compared_with_those_alone() {
        let shown = |figures: Vec<Figure>| figures.iter().map(|figure| figure.value.to_string()).collect::<Vec<_>>();
        assert_eq!(shown(shares(&[200.0, 160.0, 120.0])), ["80", "60", "75"]);
        assert_eq!(shown(delays("", "", &[1.0, 2.0], &[1.5, 12.0])), ["0.5", "10"]);
    }
}
