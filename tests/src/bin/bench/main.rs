//! Measures the product from outside: `cargo xtask bench --help`.
//!
//! # Where to find what
//! - `deliver`, `latency`, `intake`, `backlog`, `neighbours`, `coalesce`, `limits`, `read`, `nodes`: what is measured, one module
//!   each. `paths` alone measures inside, in this process.
//! - `stage`: where it takes place, what all of them are told, and what it costs. `figures`: how figures are shown.
//! - `sink`, `load`, `bare`: the other processes of a run. `child`: starting and ending them.
//! - `server`: the server as shipped. `postgres`: databases on the scratch cluster.

mod backlog;
mod bare;
mod child;
mod coalesce;
mod deliver;
mod figures;
mod intake;
mod latency;
mod limits;
mod load;
mod neighbours;
mod nodes;
mod paths;
mod postgres;
mod read;
mod server;
mod sink;
mod stage;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Measures crm-sync from outside
///
/// Each measurement starts the release server as shipped, on an empty database, and a CRM that does as little as can be
/// done (the sink), as processes of their own on this machine. Figures go to standard output, progress to standard error.
/// Processor time and memory are the system's, bytes the file system's and Postgres' own. A measurement fails, with exit
/// code 1, where what should have happened did not.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Intake(intake::Arguments),
    Deliver(deliver::Arguments),
    Latency(latency::Arguments),
    Backlog(backlog::Arguments),
    Neighbours(neighbours::Arguments),
    Coalesce(coalesce::Arguments),
    Limits(limits::Arguments),
    Read(read::Arguments),
    Nodes(nodes::Arguments),
    Paths(paths::Arguments),
    #[command(hide = true)]
    Sink(sink::Arguments),
    #[command(hide = true)]
    Load(load::Arguments),
    #[command(hide = true)]
    Bare(bare::Arguments),
}

impl Command {
    async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Intake(arguments) => intake::run(arguments).await,
            Self::Deliver(arguments) => deliver::run(arguments).await,
            Self::Latency(arguments) => latency::run(arguments).await,
            Self::Backlog(arguments) => backlog::run(arguments).await,
            Self::Neighbours(arguments) => neighbours::run(arguments).await,
            Self::Coalesce(arguments) => coalesce::run(arguments).await,
            Self::Limits(arguments) => limits::run(arguments).await,
            Self::Read(arguments) => read::run(arguments).await,
            Self::Nodes(arguments) => nodes::run(arguments).await,
            Self::Paths(arguments) => paths::run(arguments),
            Self::Sink(arguments) => sink::run(arguments).await,
            Self::Load(arguments) => load::run(arguments).await,
            Self::Bare(arguments) => bare::run(arguments).await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    let done = tokio::select! {
        done = command.run() => done,
        // What was started ends with the run that is dropped here.
        () = told_to_stop() => Err(anyhow::anyhow!("told to stop")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => std::future::pending().await,
    }
}

/// What the id of person 7 begins with, before the 7. The sink finds it in a request's body.
const PERSON: &str = "bench-person-";

/// The body that the sync's template makes for a person, and that the bare client sends.
fn body(number: usize) -> String {
    let id = format!("{PERSON}{number}");
    format!("{{\"external_id\":\"{id}\",\"name\":\"Ada Lovelace\",\"email\":\"{id}@example.test\"}}")
}

/// The clock of the whole machine, so that processes can be compared. Microseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_micros() as u64
}

/// Of two moments in microseconds.
fn seconds_between(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1_000_000.0
}

/// People per second, as an option.
fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.1..=1_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("give people per second, from 0.1 to 1000000".to_owned()),
    }
}
