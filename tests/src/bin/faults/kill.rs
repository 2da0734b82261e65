//! Rounds that end with kill -9 at a random instant.

use crate::Store;
use crate::crms::{Crm, WAYS};
use crate::source::{self, Source, Step};
use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use product_tests::{Api, Server, ServerOptions};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Sources that push at once.
const SOURCES: usize = 3;
/// People that each source knows of.
const PEOPLE: usize = 80;
/// The server lives for so long in a round, in milliseconds.
const LIVES_MS: std::ops::RangeInclusive<u64> = 20..=800;
/// Half of the rounds begin to count when something was delivered. On Postgres, the leases of dead nodes may take up all the
/// concurrency of a sync, for half a minute.
const DELIVERS_WITHIN: Duration = Duration::from_secs(60);
/// How long all may take to converge at the end. On Postgres, what a dead node had leased is left alone for half a minute.
const CONVERGES_WITHIN: Duration = Duration::from_secs(180);
/// What goes wrong at the CRMs besides.
const FAULTS: [&str; 4] = ["status=500:0.04", "hangup=before:0.02", "hangup=after:0.03", "cut:0.01"];

/// kill -9 at random instants, while people are pushed and delivered
///
/// Three sources push, change and delete people; four CRMs are kept in step, one for each way to keep a create from being done
/// twice: a lookup rule, a chosen id, an Idempotency-Key, and parking. A call without an answer must turn out to be done as a
/// whole or not at all. At the end, the directory must hold exactly what was acknowledged, and each CRM what the directory
/// holds, nobody twice. The last line is a summary; exit code 1 where something is not as promised.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The database
    #[arg(long, value_enum)]
    store: Store,
    /// How often the server is killed
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// The same seed draws the same changes, faults and instants [default: of the clock]
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let (store, rounds) = (arguments.store.name(), arguments.rounds);
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    rounds_of(arguments, seed).await.with_context(|| format!("{rounds} rounds on {store}, seed {seed}"))
}

async fn rounds_of(arguments: &Arguments, seed: u64) -> Result<()> {
    let (store, rounds, begun) = (arguments.store.name(), arguments.rounds, Instant::now());
    let (database, options) = (arguments.store.database().await?, ServerOptions::default());
    let mut random = Rng::with_seed(seed);
    let mut server = Server::start(&database, &options).await;
    let mut crms = Vec::new();
    for way in WAYS {
        let crm = Crm::start(way, &server.api()).await?;
        crm.fail(&FAULTS, random.u64(..))?;
        crms.push(crm);
    }
    let requests = || crms.iter().map(|crm| crm.mock.stats().total).sum::<u64>();
    let mut sources: Vec<_> = (0..SOURCES).map(|number| Source::new(number, seed, PEOPLE)).collect();
    for round in 1..=rounds {
        let (lives, before) = (Duration::from_millis(random.u64(LIVES_MS)), requests());
        let (api, delivers) = (server.api(), random.bool());
        let pushing = push(std::mem::take(&mut sources), &api, 0);
        let begun = Instant::now();
        while delivers && requests() == before {
            ensure!(begun.elapsed() < DELIVERS_WITHIN, "round {round}: nothing is delivered after {DELIVERS_WITHIN:?}");
            sleep(Duration::from_millis(5)).await;
        }
        sleep(lives).await;
        server.kill().await;
        sources = pushing.stopped().await?;
        let acknowledged: u64 = sources.iter().map(|source| source.tally.acknowledged).sum();
        eprintln!(
            "round {round} of {rounds}: killed after {} ms with {} requests; {acknowledged} changes acknowledged so far",
            lives.as_millis(),
            requests() - before
        );
        server = Server::start(&database, &options).await;
    }
    let api = server.api();
    // It listens before its engine runs.
    let mut asked = 0;
    while api.get("/readyz").await != Ok(200) {
        ensure!(asked < 400, "it is not ready 10 s after the last start");
        asked += 1;
        sleep(Duration::from_millis(25)).await;
    }
    for source in &mut sources {
        source.look(&api).await?;
        ensure!(!source.is_in_doubt(), "the restarted server does not answer");
    }
    let directory = source::check(&sources, &api).await?;
    converged(&crms, &api, CONVERGES_WITHIN).await?;
    let mut parked = 0;
    for crm in &crms {
        parked += crm.check(&api, &directory).await?;
    }
    ensure!(server.stop().await, "the server does not end in order");
    let sum = |of: fn(&Source) -> u64| sources.iter().map(of).sum::<u64>();
    println!(
        "{rounds} rounds on {store}, seed {seed}: {} changes acknowledged and all there; of {} calls in doubt {} were done, \
         {} not at all; {} people, {} requests to {} CRMs, all converged, nobody twice, {parked} uncertain ones parked; {} s",
        sum(|source| source.tally.acknowledged),
        sum(|source| source.tally.doubtful_done + source.tally.doubtful_undone),
        sum(|source| source.tally.doubtful_done),
        sum(|source| source.tally.doubtful_undone),
        directory.len(),
        requests(),
        crms.len(),
        begun.elapsed().as_secs()
    );
    Ok(())
}

/// Sources that push until they are stopped.
pub(crate) struct Pushing {
    sources: JoinSet<Result<Source>>,
    stop: watch::Sender<bool>,
}

/// Lets each source push, with pauses of at most so many milliseconds.
pub(crate) fn push(sources: Vec<Source>, api: &Api, pause_ms: u64) -> Pushing {
    let (mut pushing, stop) = (JoinSet::new(), watch::Sender::new(false));
    for mut source in sources {
        let (api, stopped) = (api.clone(), stop.subscribe());
        pushing.spawn(async move {
            while !*stopped.borrow() {
                if source.step(&api).await? == Step::Doubtful {
                    sleep(Duration::from_millis(5)).await;
                }
                if pause_ms > 0 {
                    sleep(source.millis(pause_ms)).await;
                }
            }
            Ok(source)
        });
    }
    Pushing { sources: pushing, stop }
}

impl Pushing {
    pub(crate) async fn stopped(self) -> Result<Vec<Source>> {
        self.stop.send_replace(true);
        self.sources.join_all().await.into_iter().collect()
    }
}

/// Waits until nothing is owed to any CRM.
pub(crate) async fn converged(crms: &[Crm], api: &Api, within: Duration) -> Result<()> {
    let begun = Instant::now();
    loop {
        let mut owed = 0;
        for crm in crms {
            owed += api.counts(&crm.sync).await.1;
        }
        if owed == 0 {
            return Ok(());
        }
        ensure!(begun.elapsed() < within, "{owed} links are still owed after {within:?}");
        sleep(Duration::from_millis(100)).await;
    }
}
