//! A large directory: how a server works off what is owed, and how it delivers beside what is not.

use crate::figures::{Figure, figure, percentiles};
use crate::stage::{Common, DELIVERY, Stage, rate};
use crate::{load, now, seconds_between};
use anyhow::{Result, ensure};
use clap::ValueEnum;
use product_tests::process::peak_memory_mib;
use serde_json::json;

/// People per request while links are made.
const PEOPLE_PER_REQUEST: usize = 1000;
/// Connections while links are made.
const CONNECTIONS: usize = 4;

/// What a million links do to rate and memory
///
/// First N links are made over the API, then the server is started anew, so that its peak memory and processor time are those
/// of what is measured. With several sizes, the last table tells each rate in per cent of the first one's.
///
/// `--state owed`: N links are owed to paused syncs, which are resumed; the rate is that of the first deliveries.
/// `--state paused`: N links are owed to paused syncs, and fresh people are delivered to one more sync beside them.
/// `--state settled`: N links are up to date or, `--parked` of each hundred, parked (the sink refused them), and fresh people
/// are delivered by the same syncs; making these takes as long as delivering them.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// How many links: one case for each
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_values_t = [100_000],
          value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    links: Vec<u32>,
    /// How the links stand
    #[arg(long, value_enum, default_value = "owed")]
    state: State,
    /// Of settled links, this many of each hundred are parked
    #[arg(long, value_name = "PER CENT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    parked: u32,
    /// How many syncs the account has
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    syncs: u32,
    /// Whose the links are: all of one sync, or of each sync the same number
    #[arg(long, value_enum, default_value = "even")]
    owner: Owner,
    /// Over how many deliveries the rate is measured, at most
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    deliveries: u32,
    /// Fresh people per upsertPeople call
    #[arg(long, value_name = "K", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_request: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    Owed,
    Paused,
    Settled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Owner {
    One,
    Even,
}

/// The links that were made.
struct Made {
    syncs: Vec<String>,
    people: usize,
    links: u64,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, state, parked, syncs, owner, deliveries, per_request, .. } = arguments;
    ensure!(*parked == 0 || *state == State::Settled, "--parked {parked} needs --state settled: others are owed");
    let settings = json!({
        "state": format!("{state:?}").to_lowercase(), "parked_per_cent": parked, "syncs": syncs,
        "owner": format!("{owner:?}").to_lowercase(), "deliveries": deliveries, "per_request": per_request,
    });
    common
        .measure(settings, 1, async |report, bare| {
            let mut rates = Vec::new();
            for &links in &arguments.links {
                let run = Stage::play(common, async |stage| measure(stage, arguments, links, bare).await).await?;
                rates.extend(run.first().map(|rate| (links, rate.value)));
                report.add(&format!("{links} links"), run);
            }
            if let [(least, first), others @ ..] = rates.as_slice()
                && !others.is_empty()
            {
                let compared = others.iter().map(|(links, rate)| {
                    let label = format!("rate with {links} links, in % of that with {least}");
                    figure(format!("percent_with_{links}"), label, 1, rate * 100.0 / first)
                });
                report.add("growth", compared.collect());
            }
            Ok(())
        })
        .await
}

/// The first figure is the rate.
async fn measure(stage: &mut Stage, arguments: &Arguments, links: u32, bare: Option<f64>) -> Result<Vec<Figure>> {
    let before = stage.reading().await?;
    let begun = now();
    let made = make(stage, arguments, links).await?;
    let seconds = seconds_between(begun, now());
    let grown = stage.reading().await?.bytes_since(&before);
    let peak = peak_memory_mib(stage.server.pid)?;
    stage.restart_server().await?;
    let mut figures = match arguments.state {
        State::Owed => drain(stage, arguments, &made, bare).await?,
        State::Paused | State::Settled => fresh(stage, arguments, &made, bare).await?,
    };
    let links = made.links as f64;
    figures.push(figure("made_per_second", "links made per second, before", 0, links / seconds));
    figures.push(figure("database_bytes_per_link", "database, bytes per link that was made", 0, grown / links));
    figures.push(figure("peak_memory_mib_before", "server, peak memory while they were made, MiB", 0, peak));
    Ok(figures)
}

async fn make(stage: &mut Stage, arguments: &Arguments, links: u32) -> Result<Made> {
    let Arguments { state, syncs, owner, parked, .. } = *arguments;
    let owners = if owner == Owner::One { 1 } else { syncs };
    let people = links.div_ceil(owners) as usize;
    let made = people as u64 * u64::from(owners);
    stage.next_step(&format!("making {made} links of {people} people and {owners} syncs"));
    let mut all = Vec::new();
    for _ in 0..owners {
        all.push(sync(stage, state).await?);
    }
    if parked > 0 {
        stage.sink.refuse(people, parked).await?;
    }
    let load = load::Arguments { connections: CONNECTIONS, ..stage.load(0, people, PEOPLE_PER_REQUEST) };
    load.run().await?;
    if state == State::Settled {
        stage.next_step("waiting until all are settled");
        let counts = stage.settled(0).await?;
        let refused = (0..people).filter(|person| person % 100 < parked as usize).count() as u64 * u64::from(owners);
        let linked = made - refused;
        ensure!(
            (counts.linked, counts.parked) == (linked, refused),
            "{linked} links must be linked and {refused} parked: {counts:?}"
        );
    } else {
        let counts = stage.server.all_counts().await?;
        ensure!(counts.owed == made, "{made} links must be owed: {counts:?}");
    }
    for _ in owners..syncs {
        all.push(sync(stage, state).await?);
    }
    Ok(Made { syncs: all, people, links: made })
}

async fn sync(stage: &Stage, state: State) -> Result<String> {
    let sync = stage.server.create_sync(&stage.sink.url("ok"), json!({})).await?;
    if state != State::Settled {
        stage.server.pause(&sync).await?;
    }
    Ok(sync)
}

/// The paused syncs are resumed.
async fn drain(stage: &mut Stage, arguments: &Arguments, made: &Made, bare: Option<f64>) -> Result<Vec<Figure>> {
    let deliveries = u64::from(arguments.deliveries).min(made.links);
    stage.next_step(&format!("resuming, for {deliveries} deliveries"));
    let before = stage.reading().await?;
    let begun = now();
    for sync in &made.syncs {
        stage.server.resume(sync).await?;
    }
    let count = stage.accepted("ok", deliveries).await?;
    let cost = stage.cost(&before, count.accepted as f64, &DELIVERY).await?;
    let per_second = count.accepted as f64 / seconds_between(begun, count.newest);
    let mut figures = rate("deliveries_per_second", "deliveries per second, from the resuming on", per_second, bare);
    figures.extend(cost);
    Ok(figures)
}

/// Fresh people beside the links.
async fn fresh(stage: &mut Stage, arguments: &Arguments, made: &Made, bare: Option<f64>) -> Result<Vec<Figure>> {
    let is_paused = arguments.state == State::Paused;
    let (lane, receivers) = if is_paused { ("ok-fresh", 1) } else { ("ok", made.syncs.len()) };
    if is_paused {
        stage.server.create_sync(&stage.sink.url(lane), json!({})).await?;
    }
    let people = (arguments.deliveries as usize / receivers).max(1);
    let deliveries = people as u64 * receivers as u64;
    let (requests_before, owed_before) =
        (stage.sink.count(lane).await?.accepted, stage.server.all_counts().await?.owed);
    stage.next_step(&format!("pushing {people} fresh people, for {deliveries} deliveries"));
    let before = stage.reading().await?;
    let load = stage.load(made.people, people, arguments.per_request as usize).run().await?;
    let count = stage.accepted(lane, requests_before + deliveries).await?;
    let paused = if is_paused { made.syncs.len() } else { 0 };
    stage.settled(owed_before + (people * paused) as u64).await?;
    let cost = stage.cost(&before, deliveries as f64, &DELIVERY).await?;
    let per_second = deliveries as f64 / seconds_between(load.begun(), count.newest);
    let label = "deliveries per second, first push to last arrival";
    let mut figures = rate("deliveries_per_second", label, per_second, bare);
    figures.push(figure("accepted_per_second", "people accepted per second", 0, people as f64 / load.seconds()));
    let arrivals = stage.sink.arrivals(lane, made.people..made.people + people).await?;
    let times = load.accept_to_arrival(&arrivals);
    figures.extend(percentiles("accept_to_arrival", "accept to (first) arrival", &times));
    figures.extend(cost);
    Ok(figures)
}
