//! The server and its command line.

mod commands;
mod compose;
mod config;
mod help;
mod http;
mod secret_key;
mod serve;
mod telemetry;
mod tell;
mod words;

use clap::{Parser, Subcommand};
use config::Options;
use std::process::ExitCode;
use tell::note;

/// Each delivery is a few hundred small allocations: with glibc's allocator they were a third of the server's CPU time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keeps CRMs and other systems in step with a directory of people
#[derive(Parser)]
#[command(name = "crm-sync", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    options: Options,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and send what is due
    Serve,
    /// Bring the database's schema up to date
    Migrate,
    /// Copy the embedded database into one file, while a server works on it
    Backup(commands::backup::Backup),
    /// Make a restored copy, or a database that failed over, fit to work on: who may have been sent since is looked up first
    AfterRestore(commands::after_restore::AfterRestore),
    /// Carry everything into another database, from the embedded one to Postgres or back
    Move(commands::moving::Move),
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(commands::keys::Command),
    /// Show the whole job in this terminal: an embedded database, a mock CRM, people pushed through create, update and delete
    Demo(commands::demo::Arguments),
    /// Check database, secret key, clock and network rules, and say what is wrong
    Doctor,
    /// Print the GraphQL schema
    Schema,
    /// Remove log entries that are older than asked for
    PruneLogs(commands::maintenance::PruneLogs),
    /// Un-park the links of a sync, and end the wait of those backing off
    ///
    /// Who is parked as uncertain is created again, under the same Idempotency-Key: a system that does not honour it may hold two
    /// records then. Look there first.
    Retry(commands::maintenance::OfSync),
    /// Mark people as owed to a sync
    Resync(commands::maintenance::Resync),
    /// Say what the database holds
    Stats,
    /// List the syncs: id, friendly name, how each stands, and why it is suspended or held
    Syncs,
    /// Seal all saved secrets with the present secret key
    RotateSecrets,
}

fn main() -> ExitCode {
    keep_pages_small();
    let cli = help::parse::<Cli>().unwrap_or_else(|error| error.exit());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(run(cli));
            // Blocking work that nobody waits for any more, such as a look-up of a name, must not hold the exit up.
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
            done
        }
        Err(error) => Err(error.into()),
    };
    match done.and_then(|code| {
        tell::failed().map_or(Ok(code), |error| Err(anyhow::anyhow!("cannot write to stdout: {error}")))
    }) {
        Ok(code) => code,
        Err(error) => {
            // The chain once, at the edge, in the form of what the command line's own errors have.
            note!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Without huge pages. The kernel would go on filling up to 2 MiB each what allocator and SQLite have touched here and there,
/// and memory would grow on; no slower without (docs/performance.md). See PR_SET_THP_DISABLE in prctl(2).
fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    // Where that is refused, only memory is lost.
    let _refused = rustix::thread::disable_transparent_huge_pages(true);
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if matches!(cli.command, Command::Schema) {
        tell::to_stdout(format_args!("{}", api_graphql::sdl()));
        return Ok(ExitCode::SUCCESS);
    }
    let config = cli.options.load()?;
    let quiet = !matches!(cli.command, Command::Serve);
    let traces = telemetry::init(&config, if quiet { "warn" } else { "info" })?;
    let done = command(cli.command, config).await;
    traces.end().await;
    done
}

async fn command(command: Command, config: config::Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => serve::serve(&config).await?,
        Command::Migrate => commands::maintenance::migrate(&config).await?,
        Command::Backup(arguments) => commands::backup::run(&config, &arguments).await?,
        Command::AfterRestore(arguments) => commands::after_restore::run(&config, &arguments).await?,
        Command::Move(arguments) => commands::moving::run(&config, &arguments).await?,
        Command::Keys(command) => commands::keys::run(&config, command).await?,
        Command::Demo(arguments) => return commands::demo::run(config, arguments).await,
        Command::Doctor => return commands::doctor::run(&config).await,
        Command::Schema => {}
        Command::PruneLogs(arguments) => commands::maintenance::prune_logs(&config, &arguments).await?,
        Command::Retry(arguments) => commands::maintenance::retry(&config, &arguments).await?,
        Command::Resync(arguments) => commands::maintenance::resync(&config, &arguments).await?,
        Command::Syncs => commands::syncs::list(&config).await?,
        Command::Stats => commands::maintenance::stats(&config).await?,
        Command::RotateSecrets => commands::maintenance::rotate_secrets(&config).await?,
    }
    Ok(ExitCode::SUCCESS)
}
