//! Development commands, and maintenance commands that forward to the `crm-sync` binary. Depends on no crate of the
//! project, so that it starts in a second.

mod ci;
mod debian;
mod edges;
mod postgres;
mod run;
mod stop;
mod test;

use anyhow::Result;
use clap::{Parser, Subcommand};
use run::Cmd;

/// Development and maintenance of crm-sync
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run all tests; installs and starts what they need
    Test(test::Arguments),
    /// Everything that must hold before a change lands
    Ci,
    /// A scratch Postgres for development
    #[command(subcommand)]
    Db(Db),
    /// Write the served GraphQL schema to schema.graphql
    Schema,
    /// Measure rates, latency, cost and memory; see `cargo xtask bench --help`
    #[command(disable_help_flag = true)]
    Bench {
        /// What `bench` takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Simulate: the engine under seeded faults, held against the promises; see `cargo xtask sim --help`
    #[command(disable_help_flag = true)]
    Sim {
        /// What `sim` takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill -9 at random instants, held against the promises; see `cargo xtask faults --help`
    #[command(disable_help_flag = true)]
    Faults {
        /// What `faults` takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Random load and faults for a long time; memory and database must stay flat; see `cargo xtask soak --help`
    #[command(disable_help_flag = true)]
    Soak {
        /// What `soak` takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Take a picture of each page of the console, light and dark, into target/screenshots
    Screenshots,
    /// Forwards to `crm-sync prune-logs`: removes log entries that are older than asked for
    #[command(disable_help_flag = true)]
    PruneLogs(Forwarded),
    /// Forwards to `crm-sync retry`: un-parks the links of a sync
    #[command(disable_help_flag = true)]
    Retry(Forwarded),
    /// Forwards to `crm-sync resync`: marks people as owed to a sync
    #[command(disable_help_flag = true)]
    Resync(Forwarded),
    /// Forwards to `crm-sync stats`: says what the database holds
    #[command(disable_help_flag = true)]
    Stats(Forwarded),
    /// Forwards to `crm-sync syncs`: lists the syncs with their ids
    #[command(disable_help_flag = true)]
    Syncs(Forwarded),
    /// Forwards to `crm-sync rotate-secrets`: seals all saved secrets with the present key
    #[command(disable_help_flag = true)]
    RotateSecrets(Forwarded),
}

#[derive(clap::Args)]
struct Forwarded {
    /// What the command takes; see its --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

#[derive(Subcommand)]
enum Db {
    /// Start it, and print its URL
    Up,
    /// Stop it, and remove its data
    Down,
    /// Open psql on it
    Psql {
        /// What psql takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    stop::listen()?;
    match cli.command {
        Command::Test(arguments) => test::run(&arguments),
        Command::Ci => ci::run(),
        Command::Db(Db::Up) => {
            println!("{}", postgres::development()?.url("postgres"));
            Ok(())
        }
        Command::Db(Db::Down) => postgres::stop_development(),
        Command::Db(Db::Psql { arguments }) => postgres::psql(&arguments),
        Command::Schema => {
            let sdl = Cmd::cargo(["run", "--locked", "--quiet", "-p", "crm-sync", "--", "schema"]).output()?;
            std::fs::write(run::root().join("schema.graphql"), sdl)?;
            Ok(())
        }
        Command::Bench { arguments } => on_release("bench", None, arguments),
        Command::Faults { arguments } => on_release("faults", Some("kill"), arguments),
        Command::Soak { arguments } => on_release("faults", Some("soak"), arguments),
        Command::Sim { arguments } => sim(arguments),
        Command::Screenshots => screenshots(),
        Command::PruneLogs(forwarded) => forward("prune-logs", forwarded),
        Command::Retry(forwarded) => forward("retry", forwarded),
        Command::Resync(forwarded) => forward("resync", forwarded),
        Command::Stats(forwarded) => forward("stats", forwarded),
        Command::Syncs(forwarded) => forward("syncs", forwarded),
        Command::RotateSecrets(forwarded) => forward("rotate-secrets", forwarded),
    }
}

fn forward(command: &str, forwarded: Forwarded) -> Result<()> {
    let mut cargo = Cmd::cargo(["run", "--release", "--locked", "--quiet", "-p", "crm-sync", "--", command]);
    cargo.args(forwarded.arguments);
    cargo.run()
}

/// Builds the release server and a program that works on it, and runs that, with a scratch cluster where it asks for Postgres.
fn on_release(program: &str, subcommand: Option<&str>, arguments: Vec<String>) -> Result<()> {
    Cmd::cargo(["build", "--release", "--locked", "-p", "crm-sync", "-p", "product-tests", "--bins"]).run()?;
    let bin = run::target_dir()?.join("release");
    let mut program = Cmd::new(bin.join(program));
    program.env("CRM_SYNC_TEST_SERVER", bin.join("crm-sync"));
    let cluster;
    if arguments.iter().any(|argument| argument.contains("postgres")) {
        cluster = postgres::Cluster::start(postgres::Durability::Full)?;
        program.env("CRM_SYNC_TEST_POSTGRES", cluster.url("postgres"));
    }
    program.args(subcommand).args(arguments);
    program.run()
}

/// Builds the server and the program that looks at its console, and runs that.
fn screenshots() -> Result<()> {
    test::install_browser()?;
    Cmd::cargo(["build", "--locked", "-p", "crm-sync", "-p", "console-tests", "--bins"]).run()?;
    let target = run::target_dir()?;
    let mut screenshots = Cmd::new(target.join("debug/screenshots"));
    screenshots.env("CRM_SYNC_TEST_SERVER", target.join("debug/crm-sync")).args([target.join("screenshots")]);
    screenshots.run()
}

/// Builds the simulation with optimizations, and runs it.
fn sim(arguments: Vec<String>) -> Result<()> {
    Cmd::cargo(["build", "--release", "--locked", "--quiet", "-p", "sim"]).run()?;
    let mut sim = Cmd::new(run::target_dir()?.join("release/sim"));
    // Temporary databases in memory, where there is such a place: what a disk does is not what is simulated.
    let memory = std::path::Path::new("/dev/shm");
    if std::env::var_os("TMPDIR").is_none() && memory.is_dir() {
        sim.env("TMPDIR", memory);
    }
    sim.args(arguments);
    // Its last line says how many passed: nothing is added to it.
    let code = sim.exit_code()?;
    if code != 0 {
        std::process::exit(code);
    }
    Ok(())
}
