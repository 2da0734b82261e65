//! Measures the product from outside: `cargo xtask bench deliver`.
//!
//! # Where to find what
//! - `deliver`: one run, from an empty database to the figures. `figures`: what is measured, and how it is shown.
//! - `sink`, `load`, `bare`: the other processes of a run. `child`: starting and ending them.
//! - `server`: the server as shipped. `postgres`: databases on the scratch cluster. `process`: what the system counts of a
//!   process.

mod bare;
mod child;
mod deliver;
mod figures;
mod load;
mod postgres;
mod process;
mod server;
mod sink;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Measures crm-sync from outside
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// How fast, and at what cost, changes of people reach a CRM
    Deliver(deliver::Arguments),
    #[command(hide = true)]
    Sink(sink::Arguments),
    #[command(hide = true)]
    Load(load::Arguments),
    #[command(hide = true)]
    Bare(bare::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Deliver(arguments) => tokio::select! {
            done = deliver::run(&arguments) => done,
            // What was started ends with the run that is dropped here.
            () = told_to_stop() => Err(anyhow::anyhow!("told to stop")),
        },
        Command::Sink(arguments) => sink::run(&arguments).await,
        Command::Load(arguments) => load::run(&arguments).await,
        Command::Bare(arguments) => bare::run(&arguments).await,
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
