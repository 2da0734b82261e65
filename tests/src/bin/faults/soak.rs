//! A long run under random load and faults, after which nothing may have grown.

use crate::Store;
use crate::crms::{Crm, WAYS, Way};
use crate::kill::{converged, push};
use crate::sizes::{Scales, Sizes};
use crate::source::{self, Source};
use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use product_tests::{Api, Database, Server, ServerOptions};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

const SOURCES: usize = 3;
/// People that each source knows of.
const PEOPLE: usize = 300;
/// The longest pause of a source between two calls, in milliseconds.
const PAUSE_MS: u64 = 500;
/// Kills before what is measured, and after.
const KILLS: u32 = 4;
/// Lines of the table, and what is measured for each.
const LINES: usize = 12;
const SAMPLES_PER_LINE: usize = 10;
/// Of what is measured, the share that is left out at first: caches fill, and so do indexes. CRMs give ids in order, and Postgres
/// uses a page of them again only once nobody on it is left: after some lives of a link, each of about two minutes.
const WARM_UP: f64 = 0.2;
/// How much more the last third may take than the first.
const GROWTH_MAX: f64 = 1.10;
const CONVERGES_WITHIN: Duration = Duration::from_secs(300);
/// What a CRM may do wrong for a while.
const MOODS: [&[&str]; 9] = [
    &[],
    &["status=500:0.3"],
    &["status=503:1"],
    &["retry-after=1:0.2"],
    &["hangup=before:0.1", "hangup=after:0.1"],
    &["cut:0.1"],
    &["delay=200ms:0.5"],
    &["hang:0.05", "hang=after:0.02"],
    &["status=502:0.1", "delay=after:1500ms:0.05"],
];

/// Random load and faults for a long time; memory and database must stay flat
///
/// Sources create, change and delete a bounded set of people, while four CRMs fail in every way by turns, syncs are paused,
/// edited and resynced, and somebody sees to those who are parked. The server is killed some times at first and at the end;
/// between, one process goes on and is measured: its own memory, and its tables without those of history (log, changes,
/// counters), which retention bounds and which are shown beside. The first fifth is left out: caches and pages fill, for which
/// six minutes are enough and one is not. Exit code 1 where the last third takes more than 10 % above the first, or where not
/// all converges.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The database
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Store,
    /// How long one process goes on and is measured
    #[arg(long, default_value_t = 30.0, value_parser = parse_minutes)]
    minutes: f64,
    /// The same seed draws the same load and faults [default: of the clock]
    #[arg(long)]
    seed: Option<u64>,
}

fn parse_minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if (0.1..=10_000.0).contains(&minutes) => Ok(minutes),
        _ => Err("give minutes, from 0.1 to 10000".to_owned()),
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let (store, minutes) = (arguments.store.name(), arguments.minutes);
    soak(arguments, seed).await.with_context(|| format!("soak of {minutes} minutes on {store}, seed {seed}"))
}

/// A run, between two lives of the server.
struct Soak {
    database: Database,
    options: ServerOptions,
    random: Rng,
    sources: Vec<Source>,
    crms: Vec<Crm>,
}

async fn soak(arguments: &Arguments, seed: u64) -> Result<()> {
    let (database, options) = (arguments.store.database().await?, ServerOptions::default());
    let mut server = Server::start(&database, &options).await;
    let mut crms = Vec::new();
    for way in WAYS {
        crms.push(Crm::start(way, &server.api()).await?);
    }
    let mut sources: Vec<_> = (0..SOURCES).map(|number| Source::new(number, seed, PEOPLE)).collect();
    for source in &mut sources {
        source.fill(&server.api()).await?;
    }
    let mut soak = Soak { database, options, random: Rng::with_seed(seed), sources, crms };
    server = soak.kills(server).await?;
    let (samples, server) = soak.measured(server, arguments.minutes).await?;
    let server = soak.kills(server).await?;
    let api = server.api();
    soak.calm(&api).await?;
    for source in &mut soak.sources {
        source.look(&api).await?;
        ensure!(!source.is_in_doubt(), "the server does not answer");
    }
    let directory = source::check(&soak.sources, &api).await?;
    converged(&soak.crms, &api, CONVERGES_WITHIN).await?;
    let mut parked = 0;
    for crm in &soak.crms {
        parked += crm.check(&api, &directory).await?;
    }
    ensure!(server.stop().await, "the server does not end in order");
    let grown = report(&samples);
    let acknowledged: u64 = soak.sources.iter().map(|source| source.tally.acknowledged).sum();
    let requests: u64 = soak.crms.iter().map(|crm| crm.mock.stats().total).sum();
    println!(
        "{} minutes on {}, seed {seed}: {acknowledged} changes acknowledged, {requests} requests, {} people; all converged, \
         nobody twice, {parked} uncertain ones parked; {}",
        arguments.minutes,
        arguments.store.name(),
        directory.len(),
        if grown.is_empty() { "flat".to_owned() } else { format!("GROWN: {}", grown.join(", ")) }
    );
    ensure!(grown.is_empty(), "grown by more than {:.0} %: {}", (GROWTH_MAX - 1.0) * 100.0, grown.join(", "));
    Ok(())
}

impl Soak {
    /// Some lives of the server, each ended by kill -9 or, at times, by SIGTERM.
    async fn kills(&mut self, mut server: Server) -> Result<Server> {
        for kill in 1..=KILLS {
            let ends = Instant::now() + Duration::from_millis(self.random.u64(200..=4000));
            let pushing = push(std::mem::take(&mut self.sources), &server.api(), PAUSE_MS);
            let mut chaos = self.random.fork();
            while Instant::now() < ends {
                self.mood(&mut chaos)?;
                let next = Instant::now() + Duration::from_millis(chaos.u64(200..=1000));
                sleep_until(next.min(ends).into()).await;
            }
            if kill == KILLS {
                ensure!(server.stop().await, "the server does not end in order");
            } else {
                server.kill().await;
            }
            self.sources = pushing.stopped().await?;
            server = Server::start(&self.database, &self.options).await;
            eprintln!("soak: ended and started again, {kill} of {KILLS}");
        }
        Ok(server)
    }

    /// The long life that is measured.
    async fn measured(&mut self, server: Server, minutes: f64) -> Result<(Vec<Sizes>, Server)> {
        let (api, pid) = (server.api(), server.pid().context("the server has ended")?);
        let mut scales = Scales::of(&self.database).await?;
        let pushing = push(std::mem::take(&mut self.sources), &api, PAUSE_MS);
        let every = Duration::from_secs_f64(minutes * 60.0 / (LINES * SAMPLES_PER_LINE) as f64);
        let mut sampling = interval(every);
        sampling.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sampling.tick().await;
        let mut chaos = self.random.fork();
        let mut next = tokio::time::Instant::now();
        let mut samples = Vec::new();
        while samples.len() < LINES * SAMPLES_PER_LINE {
            tokio::select! {
                _ = sampling.tick() => {
                    ensure!(api.get("/readyz").await == Ok(200), "it is not ready");
                    let sizes = scales.weigh(pid).await?;
                    let Sizes { memory, steady, history, .. } = sizes;
                    samples.push(sizes);
                    if samples.len() % SAMPLES_PER_LINE == 0 {
                        let part = samples.len() / SAMPLES_PER_LINE;
                        eprintln!("soak: {part}/{LINES}: {memory:.1} MiB, {steady:.0} KiB and history {history:.0} KiB");
                    }
                }
                () = sleep_until(next) => {
                    self.act(&api, &mut chaos).await?;
                    next = tokio::time::Instant::now() + Duration::from_millis(chaos.u64(500..=4000));
                }
            }
        }
        self.sources = pushing.stopped().await?;
        Ok((samples, server))
    }

    fn mood(&self, random: &mut Rng) -> Result<()> {
        let crm = &self.crms[random.usize(..self.crms.len())];
        crm.fail(MOODS[random.usize(..MOODS.len())], random.u64(..))
    }

    /// Something that a CRM or an administrator does.
    async fn act(&self, api: &Api, random: &mut Rng) -> Result<()> {
        let crm = &self.crms[random.usize(..self.crms.len())];
        let id = json!({ "id": crm.sync });
        match random.u8(..9) {
            0 => {
                api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", id).await;
            }
            1 | 2 => {
                api.ok("mutation ($id: ID!) { resumeSync(id: $id) { id } }", id).await;
            }
            3 => {
                let query = "mutation ($id: ID!, $most: Int!) \
                             { updateSync(id: $id, input: { limits: { maxConcurrency: $most } }) { id } }";
                api.ok(query, json!({ "id": crm.sync, "most": random.i32(4..=64) })).await;
            }
            4 => {
                for crm in self.crms.iter().filter(|crm| crm.way == Way::Park) {
                    crm.resolve(api).await?;
                }
            }
            // Whoever is parked as uncertain would be created again, at the risk that is the administrator's to take.
            5 if crm.way != Way::Park => {
                api.ok("mutation ($id: ID!) { resync(syncId: $id, scope: ALL) { marked } }", id).await;
            }
            _ => self.mood(random)?,
        }
        Ok(())
    }

    /// Ends all faults and pauses.
    async fn calm(&self, api: &Api) -> Result<()> {
        for crm in &self.crms {
            crm.fail(&[], 0)?;
            api.ok("mutation ($id: ID!) { resumeSync(id: $id) { id } }", json!({ "id": crm.sync })).await;
        }
        Ok(())
    }
}

/// What is measured: its name, and where it stands.
type Column = (&'static str, fn(&Sizes) -> f64);

/// Prints the table. Returns what has grown too much.
fn report(samples: &[Sizes]) -> Vec<String> {
    let columns: [Column; 3] = [
        ("memory, MiB", |sizes| sizes.memory),
        ("tables, KiB", |sizes| sizes.steady),
        ("history, KiB", |sizes| sizes.history),
    ];
    println!("{:>12} {:>14} {:>14} {:>14}", "part", columns[0].0, columns[1].0, columns[2].0);
    for (part, samples) in samples.chunks(SAMPLES_PER_LINE).enumerate() {
        let [memory, tables, history] = columns.map(|(_, of)| median(samples, of));
        println!("{:>9}/{LINES} {memory:>14.1} {tables:>14.0} {history:>14.0}", part + 1);
    }
    let warm = &samples[(samples.len() as f64 * WARM_UP) as usize..];
    let third = warm.len() / 3;
    let (first_third, last_third) = (&warm[..third], &warm[warm.len() - third..]);
    let mut grown = Vec::new();
    for (name, of) in &columns[..2] {
        let (first, last) = (median(first_third, of), median(last_third, of));
        println!("{name}: {first:.1} in the first third after warming up, {last:.1} in the last");
        if last > first * GROWTH_MAX {
            grown.push(format!("{name} from {first:.1} to {last:.1}"));
        }
    }
    for table in warm.last().into_iter().flat_map(|sizes| sizes.tables.keys()) {
        let of = |sizes: &Sizes| sizes.tables.get(table).copied().unwrap_or_default();
        let (first, last) = (median(first_third, of), median(last_third, of));
        if last > first {
            println!("  {table}: {first:.0} KiB, then {last:.0}");
        }
    }
    grown
}

fn median(samples: &[Sizes], of: impl Fn(&Sizes) -> f64) -> f64 {
    let mut values: Vec<_> = samples.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_is_told() {
        let sizes = |memory: f64, steady: f64| Sizes { memory, steady, ..Sizes::default() };
        let flat: Vec<_> = (0..120).map(|n| sizes(if n < 20 { 1.0 } else { 100.0 }, 50.0)).collect();
        assert_eq!(report(&flat), [""; 0]);
        let grown: Vec<_> = (0..120).map(|n| sizes(100.0, 100.0 + f64::from(n))).collect();
        assert_eq!(report(&grown), ["tables, KiB from 140.0 to 204.0"]);
    }
}
