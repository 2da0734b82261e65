//! One measurement: people pushed to an idle server with an empty database, until the sink has seen them all and
//! nothing is owed any more.

use crate::figures::{Figure, Summary, quantile};
use crate::postgres::Postgres;
use crate::server::Server;
use crate::{bare, child, load, process, sink};
use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use product_tests::Database;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often the sink and the server are asked how far they are.
const POLL: Duration = Duration::from_millis(50);

/// How fast, and at what cost, changes of people reach a CRM
///
/// Runs the release server as shipped, a client that pushes people over 32 connections, and a sink in place of the CRM, each
/// as a process of its own on loopback; and first a bare hyper client with 64 requests in flight against the same sink, for
/// what the machine gives at most. Every person is one create request. It fails if a person does not arrive exactly
/// once or is not linked in the end.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The database
    #[arg(long, value_enum)]
    store: Store,
    /// How many people are pushed
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// People per upsertPeople call
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_request: u32,
    /// People pushed per second [default: as fast as they are accepted]
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<f64>,
    /// Repeats all of it; the least, the median and the greatest of each figure are told
    #[arg(long, value_name = "RUNS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Gives a run up after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    time_limit: u64,
    /// One line of JSON instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    /// A file, on the file system of the directory for temporary files (TMPDIR)
    Sqlite,
    /// A scratch cluster with commits that reach the disk
    Postgres,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.1..=1_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("give people per second, from 0.1 to 1000000".to_owned()),
    }
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let mut runs = Vec::new();
    for run in 1..=arguments.runs {
        if arguments.runs > 1 {
            eprintln!("bench: run {run} of {}", arguments.runs);
        }
        runs.push(measure(arguments).await?);
    }
    let summary = Summary::of(&runs);
    if arguments.json {
        let mut line = arguments.as_json();
        line.append(&mut summary.json());
        println!("{}", Value::from(line));
    } else {
        println!("{}", summary.table());
    }
    Ok(())
}

impl Arguments {
    fn as_json(&self) -> Map<String, Value> {
        let store = self.store.to_possible_value().map(|value| value.get_name().to_owned());
        let cores = std::thread::available_parallelism().map(usize::from).ok();
        let line = json!({
            "store": store, "people": self.people, "per_request": self.per_request, "rate": self.rate, "runs": self.runs,
            "cores": cores,
        });
        line.as_object().cloned().unwrap_or_default()
    }
}

async fn measure(arguments: &Arguments) -> Result<Vec<Figure>> {
    let machine_load = process::load_average()?;
    let sink = sink::Process::start(arguments.people as usize).await?;
    eprintln!("bench: a bare client against the sink");
    let bare: bare::Report = child::report("bare client", child::command(["bare", "--sink", &sink.url])?).await?;
    sink.reset().await?;
    let (database, postgres) = match arguments.store {
        Store::Sqlite => (Database::sqlite(), None),
        Store::Postgres => {
            ensure!(
                std::env::var_os("CRM_SYNC_TEST_POSTGRES").is_some(),
                "CRM_SYNC_TEST_POSTGRES is not set: run `cargo xtask bench`, which starts a cluster, or set it to the URL \
                 of one on this machine"
            );
            let database = Database::postgres().await;
            let postgres = Postgres::connect(&database).await?;
            (database, Some(postgres))
        }
    };
    let measured = deliver(arguments, &sink, &database, postgres.as_ref()).await;
    if let Some(postgres) = &postgres {
        postgres.drop_database().await?;
    }
    let measured = measured.with_context(|| {
        let log = std::fs::read_to_string(database.directory.join("server.log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(10).collect();
        format!("the run failed; the server's last log lines, newest first:\n{}\n", lines.join("\n"))
    })?;
    Ok(figures(arguments, machine_load, bare.requests_per_second, &measured))
}

/// What can be read off at any moment.
struct Reading {
    server_cpu: f64,
    database_cpu: f64,
    database_bytes: u64,
    log_bytes: u64,
}

impl Reading {
    async fn take(server: &Server, database: &Database, postgres: Option<&Postgres>) -> Result<Self> {
        let server_cpu = process::cpu_seconds(server.pid)?;
        Ok(match postgres {
            Some(postgres) => Self {
                server_cpu,
                database_cpu: postgres.cpu_seconds()?,
                database_bytes: postgres.bytes().await?,
                log_bytes: postgres.log_bytes().await?,
            },
            None => Self {
                server_cpu,
                database_cpu: 0.0,
                database_bytes: process::bytes_of_files(&database.directory, "test.db")?,
                log_bytes: 0,
            },
        })
    }
}

struct Measured {
    before: Reading,
    after: Reading,
    peak_memory_mib: f64,
    transactions: u64,
    /// From the first push to the last accepted one, and to the last arrival.
    accepted_seconds: f64,
    arrived_seconds: f64,
    /// Sorted, in ms.
    accept_to_arrival: Vec<f64>,
}

async fn deliver(
    arguments: &Arguments,
    sink: &sink::Process,
    database: &Database,
    postgres: Option<&Postgres>,
) -> Result<Measured> {
    let deadline = Instant::now() + Duration::from_secs(arguments.time_limit);
    let server = Server::start(database).await?;
    let sync = server.create_sync(&sink.url).await?;
    let before = Reading::take(&server, database, postgres).await?;
    eprintln!("bench: pushing {} people", arguments.people);
    let load = load::Arguments {
        server: server.url.trim_start_matches("http://").to_owned(),
        people: arguments.people as usize,
        per_request: arguments.per_request as usize,
        rate: arguments.rate,
        time_limit: arguments.time_limit,
    };
    let load: load::Report = child::report("load", child::command(load.to_command_line())?).await?;
    let people = u64::from(arguments.people);
    let mut shown = Instant::now();
    loop {
        let count = sink.count().await?;
        if count.people >= people {
            break;
        }
        if Instant::now() >= deadline {
            bail!("only {} of {people} people arrived within {} s", count.people, arguments.time_limit);
        }
        if shown.elapsed() >= Duration::from_secs(2) {
            shown = Instant::now();
            eprintln!("bench: {} of {people} arrived", count.people);
        }
        sleep(POLL).await;
    }
    // What follows an arrival is part of its cost: the answer is read, and the link and the log are written.
    let counts = loop {
        let counts = server.counts(&sync).await?;
        if counts.owed == 0 {
            break counts;
        }
        ensure!(Instant::now() < deadline, "still owed after {} s: {counts:?}", arguments.time_limit);
        sleep(POLL).await;
    };
    let after = Reading::take(&server, database, postgres).await?;
    let peak_memory_mib = process::peak_memory_mib(server.pid)?;
    ensure!(
        (counts.linked, counts.parked, counts.uncertain) == (people, 0, 0),
        "every one of {people} people must be linked in the end: {counts:?}"
    );
    let requests = sink.count().await?.requests;
    ensure!(requests == people, "{people} people must be {people} requests, not {requests}");
    let arrivals = sink.arrivals().await?;
    server.stop().await?;
    let transactions = match postgres {
        Some(postgres) => postgres.transactions().await?,
        None => 0,
    };
    let last = arrivals.iter().max().context("nobody arrived")?;
    let last_accepted = load.accepted.iter().max().context("nothing was accepted")?;
    Ok(Measured {
        before,
        after,
        peak_memory_mib,
        transactions,
        accepted_seconds: seconds_between(load.begun, *last_accepted),
        arrived_seconds: seconds_between(load.begun, *last),
        accept_to_arrival: latencies(&load.accepted, &arrivals, arguments.per_request as usize),
    })
}

/// In ms, sorted. A person who arrived before the answer to its push did counts as 0.
fn latencies(accepted: &[u64], arrivals: &[u64], per_request: usize) -> Vec<f64> {
    let of = |(number, arrival): (usize, &u64)| arrival.saturating_sub(accepted[number / per_request]) as f64 / 1000.0;
    let mut latencies: Vec<f64> = arrivals.iter().enumerate().map(of).collect();
    latencies.sort_by(f64::total_cmp);
    latencies
}

/// Of two moments in microseconds.
fn seconds_between(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1_000_000.0
}

fn figures(arguments: &Arguments, machine_load: f64, bare: f64, measured: &Measured) -> Vec<Figure> {
    let Measured { before, after, .. } = measured;
    let people = f64::from(arguments.people);
    let per_second = people / measured.arrived_seconds;
    let per_1000 = |amount: f64| amount * 1000.0 / people;
    let percentile = |share| quantile(&measured.accept_to_arrival, share);
    let figure = |name, label, digits, value| Figure { name, label, digits, value };
    let grown = |before: u64, after: u64| after.saturating_sub(before) as f64 / people;
    let mut figures = vec![
        figure("deliveries_per_second", "deliveries per second, first push to last arrival", 0, per_second),
        figure("accepted_per_second", "people accepted per second", 0, people / measured.accepted_seconds),
        figure("bare_client_per_second", "bare client, requests per second", 0, bare),
        figure("percent_of_bare_client", "deliveries in percent of the bare client", 2, per_second * 100.0 / bare),
        figure(
            "server_cpu_seconds_per_1000",
            "server, CPU seconds per 1000 deliveries",
            3,
            per_1000(after.server_cpu - before.server_cpu),
        ),
        figure(
            "database_cpu_seconds_per_1000",
            "database, CPU seconds per 1000 deliveries (SQLite: in the server's)",
            3,
            per_1000(after.database_cpu - before.database_cpu),
        ),
        figure("accept_to_arrival_ms.p50", "accept to arrival, ms, p50", 1, percentile(0.5)),
        figure("accept_to_arrival_ms.p95", "accept to arrival, ms, p95", 1, percentile(0.95)),
        figure("accept_to_arrival_ms.p99", "accept to arrival, ms, p99", 1, percentile(0.99)),
        figure("peak_memory_mib", "server, peak memory, MiB", 0, measured.peak_memory_mib),
        figure(
            "database_bytes_per_delivery",
            "database, bytes per delivery",
            0,
            grown(before.database_bytes, after.database_bytes),
        ),
    ];
    if arguments.store == Store::Postgres {
        figures.push(figure(
            "log_bytes_per_delivery",
            "database, write-ahead log bytes per delivery",
            0,
            grown(before.log_bytes, after.log_bytes),
        ));
        figures.push(figure(
            "transactions_per_delivery",
            "database, transactions per delivery",
            2,
            measured.transactions as f64 / people,
        ));
    }
    figures.push(figure("machine_load_before", "load average of the machine before", 2, machine_load));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_compared_with_the_request_that_carried_it() {
        let latencies = latencies(&[10_000, 20_000], &[15_000, 9_000, 20_500], 2);
        assert_eq!(latencies, [0.0, 0.5, 5.0]);
    }
}
