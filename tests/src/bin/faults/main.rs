//! Real faults around the real binary: `cargo xtask faults --help`, `cargo xtask soak --help`.
//!
//! # Where to find what
//! - `kill`: rounds that end with kill -9. `soak`: a long run, and what must stay flat meanwhile; `sizes`: of what.
//! - `source`: systems that push people and know what the directory must hold. `crms`: the CRMs, one for each way to keep a
//!   create from being done twice, and what they must hold.

mod crms;
mod kill;
mod sizes;
mod soak;
mod source;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use product_tests::Database;
use std::process::ExitCode;

/// Faults around the real binary, held against what is promised
#[derive(Parser)]
#[command(name = "cargo xtask faults", bin_name = "cargo xtask faults")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(bin_name = "cargo xtask faults")]
    Kill(kill::Arguments),
    #[command(bin_name = "cargo xtask soak")]
    Soak(soak::Arguments),
}

/// On which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Store {
    /// A file in the directory for temporary files (TMPDIR)
    Sqlite,
    /// A scratch cluster
    Postgres,
}

impl Store {
    async fn database(self) -> Result<Database> {
        if self == Self::Sqlite {
            return Ok(Database::sqlite());
        }
        ensure!(
            std::env::var_os("CRM_SYNC_TEST_POSTGRES").is_some(),
            "CRM_SYNC_TEST_POSTGRES is not set: run this by `cargo xtask`, which starts a cluster, or set it to the URL of one"
        );
        Ok(Database::postgres().await)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Kill(arguments) => kill::run(&arguments).await,
        Command::Soak(arguments) => soak::run(&arguments).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}
