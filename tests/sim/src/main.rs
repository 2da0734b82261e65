//! Runs seeds; see `cargo xtask sim --help`. The last line says how many passed.

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use sim::oracle::{Promise, Violation};
use sim::scenario::Scenario;
use sim::{StoreKind, generate, run, run_with, shrink};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Deterministic simulation: the engine under seeded faults, held against the promises
#[derive(Parser)]
#[command(name = "cargo xtask sim")]
struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// On which store; a seed passes on both where it passes on each
    #[arg(long, value_enum, default_value_t = Stores::Memory)]
    store: Stores,
    /// Seeds that run at the same time; left out: as many as there are processors
    #[arg(long)]
    jobs: Option<usize>,
    /// Show what happened in the first seed, whether it passes or not
    #[arg(long)]
    trace: bool,
    /// Do not shrink what fails, nor keep it as a case
    #[arg(long)]
    no_shrink: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Stores {
    Memory,
    Sqlite,
    Both,
}

impl Stores {
    fn kinds(self) -> &'static [StoreKind] {
        match self {
            Self::Memory => &[StoreKind::Memory],
            Self::Sqlite => &[StoreKind::Sqlite],
            Self::Both => &[StoreKind::Memory, StoreKind::Sqlite],
        }
    }
}

/// How many failing seeds are shrunk: the rest is mostly the same again.
const SHRUNK_MAX: usize = 5;
/// How often progress is told.
const PROGRESS: Duration = Duration::from_secs(5);

struct Failed {
    seed: u64,
    store: StoreKind,
    violation: Violation,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.trace {
        let kind = arguments.store.kinds()[0];
        let report = run_with(&generate::scenario(arguments.from), kind, true, None);
        println!("{}", report.trace.join("\n"));
    }
    let failed = run_all(&arguments);
    let seeds: std::collections::BTreeSet<u64> = failed.iter().map(|failed| failed.seed).collect();
    if !arguments.no_shrink {
        for failed in failed.iter().take(SHRUNK_MAX) {
            keep(failed)?;
        }
    }
    println!("{} seeds passed, {} failed", arguments.seeds - seeds.len() as u64, seeds.len());
    Ok(if seeds.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_all(arguments: &Arguments) -> Vec<Failed> {
    let jobs = arguments.jobs.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1);
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let failed = Mutex::new(Vec::new());
    let begun = Instant::now();
    let told = Mutex::new(begun);
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= arguments.seeds {
                        return;
                    }
                    let seed = arguments.from + at;
                    for &store in arguments.store.kinds() {
                        if let Some(violation) = breach(&generate::scenario(seed), store) {
                            eprintln!("seed {seed} on {store:?}: {violation}");
                            failed.lock().expect("no holder panics").push(Failed { seed, store, violation });
                        }
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    let mut told = told.lock().expect("no holder panics");
                    if told.elapsed() > PROGRESS {
                        *told = Instant::now();
                        let rate = done as f64 / begun.elapsed().as_secs_f64();
                        let failed = failed.lock().expect("no holder panics").len();
                        eprintln!("{done} of {} seeds, {failed} failed, {rate:.0} a second", arguments.seeds);
                    }
                }
            });
        }
    });
    let took = begun.elapsed().as_secs_f64();
    eprintln!("{} seeds took {took:.1} s, {:.0} a second", arguments.seeds, arguments.seeds as f64 / took);
    let mut failed = failed.into_inner().expect("no holder panics");
    failed.sort_by_key(|failed| failed.seed);
    failed
}

/// The first promise that a scenario breaks. A panic breaks one too.
fn breach(scenario: &Scenario, store: StoreKind) -> Option<Violation> {
    let report = catch_unwind(AssertUnwindSafe(|| run(scenario, store)));
    match report {
        Ok(report) => report.violations.into_iter().next(),
        Err(_) => Some(Violation { promise: Promise::Answers, at: 0, what: "the run panicked".to_owned() }),
    }
}

/// Shrinks what failed, shows it, and writes it to a case file.
fn keep(failed: &Failed) -> Result<()> {
    eprintln!("shrinking seed {}", failed.seed);
    let small = shrink::shrink(&generate::scenario(failed.seed), failed.store, failed.violation.promise);
    let report = run_with(&small, failed.store, true, None);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cases/seed-{}.json", failed.seed));
    let case = serde_json::to_string_pretty(&small)? + "\n";
    std::fs::create_dir_all(file.parent().context("a file lies in a directory")?)?;
    std::fs::write(&file, &case).with_context(|| format!("cannot write {}", file.display()))?;
    println!("\nseed {} on {:?}, shrunk to {}:\n{case}", failed.seed, failed.store, file.display());
    println!("{}", report.trace.join("\n"));
    if let Some(violation) = report.violations.first() {
        println!("{violation}\n");
    }
    Ok(())
}
