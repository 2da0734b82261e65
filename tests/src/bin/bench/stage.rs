//! Where a measurement takes place: a sink, an empty database and the server as shipped, for as long as it takes.

use crate::figures::{Figure, Report, figure};
use crate::load;
use crate::postgres::Postgres;
use crate::server::{Counts, Server};
use crate::sink::{Count, Sink};
use crate::{bare, child};
use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use product_tests::{Database, process};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

/// How often the sink and the server are asked how far they are.
const POLL: Duration = Duration::from_millis(20);
/// How often progress is shown.
const SHOWN: Duration = Duration::from_secs(5);

/// What every measurement takes.
#[derive(Clone, clap::Args)]
pub(crate) struct Common {
    /// The database
    #[arg(long, value_enum)]
    pub(crate) store: Store,
    /// Measures all of it this often, and tells the least, the median and the greatest of each figure [default: 3; for
    /// backlog, limits and read 1]
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: Option<u32>,
    /// How long the bare client is measured before each run; 0: not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=60))]
    bare: u64,
    /// Gives up, and fails, where anything that is waited for takes longer than this
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) time_limit: u64,
    /// One line of JSON per case instead of tables
    #[arg(long)]
    json: bool,
}

/// On which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// A file, on the file system of the directory for temporary files (TMPDIR)
    Sqlite,
    /// A scratch cluster with commits that reach the disk
    Postgres,
}

impl Common {
    /// Runs a measurement as often as asked, and shows what came of it. `settings`: an object of what it was told. `measure`
    /// is given the report to add to, and the bare client's requests per second.
    pub(crate) async fn measure(
        &self,
        settings: Value,
        runs: u32,
        mut measure: impl AsyncFnMut(&mut Report, Option<f64>) -> Result<()>,
    ) -> Result<()> {
        let runs = self.runs.unwrap_or(runs);
        let store = self.store.to_possible_value().map(|value| value.get_name().to_owned());
        let cores = std::thread::available_parallelism().map(usize::from).ok();
        let mut all = json!({ "store": store, "runs": runs, "cores": cores });
        for (name, value) in settings.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let mut report = Report::new(&all);
        for run in 1..=runs {
            if runs > 1 {
                eprintln!("bench: run {run} of {runs}");
            }
            let bare = self.bare().await?;
            measure(&mut report, bare).await?;
        }
        println!("{}", report.shown(self.json));
        Ok(())
    }

    /// Requests per second of a bare hyper client with 64 requests in flight: what the machine gives at most.
    async fn bare(&self) -> Result<Option<f64>> {
        if self.bare == 0 {
            return Ok(None);
        }
        eprintln!("bench: a bare client against the sink");
        let sink = Sink::start().await?;
        let line =
            ["bare".to_owned(), "--sink".to_owned(), sink.url("ok"), "--seconds".to_owned(), self.bare.to_string()];
        let report: bare::Report = child::report("bare client", child::command(line)?).await?;
        Ok(Some(report.requests_per_second))
    }
}

/// A sink, a database and a server on it.
pub(crate) struct Stage {
    pub(crate) sink: Sink,
    pub(crate) server: Server,
    mode: &'static str,
    database: Database,
    pub(crate) postgres: Option<Postgres>,
    time_limit: u64,
    deadline: Instant,
}

impl Stage {
    /// Builds a fresh one, plays on it, and clears it away.
    pub(crate) async fn play<T>(common: &Common, play: impl AsyncFnOnce(&mut Self) -> Result<T>) -> Result<T> {
        Self::play_as(common, "all", play).await
    }

    /// The same; the server does that part of the work only (`--mode`).
    pub(crate) async fn play_as<T>(
        common: &Common,
        mode: &'static str,
        play: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let sink = Sink::start().await?;
        let (database, postgres) = match common.store {
            Store::Sqlite => (Database::sqlite(), None),
            Store::Postgres => {
                ensure!(
                    std::env::var_os("CRM_SYNC_TEST_POSTGRES").is_some(),
                    "CRM_SYNC_TEST_POSTGRES is not set: run `cargo xtask bench`, which starts a cluster, or set it to the \
                     URL of one on this machine"
                );
                let database = Database::postgres().await;
                let postgres = Postgres::connect(&database).await?;
                (database, Some(postgres))
            }
        };
        let server = Server::start(&database, mode).await?;
        let deadline = Instant::now() + Duration::from_secs(common.time_limit);
        let mut stage = Self { sink, server, mode, database, postgres, time_limit: common.time_limit, deadline };
        let played = play(&mut stage).await.with_context(|| {
            let log = std::fs::read_to_string(stage.database.directory.join("server.log")).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(10).collect();
            format!("the run failed; the server's last log lines, newest first:\n{}\n", lines.join("\n"))
        });
        let Self { mut server, postgres, database, sink, .. } = stage;
        // Not told to stop: it would wait for requests that a sink leaves hanging. All figures were read.
        server.kill().await?;
        if let Some(postgres) = &postgres {
            postgres.drop_database().await?;
        }
        drop((database, sink));
        played
    }

    /// Stops the server in peace and starts it again, so that its peak memory and time are those of what follows. What was
    /// written before has reached the disk by then: else the more there was of it, the longer would commits wait behind it.
    pub(crate) async fn restart_server(&mut self) -> Result<()> {
        self.server.stop().await?;
        if let Some(postgres) = &self.postgres {
            postgres.checkpoint().await?;
        }
        let synced = Command::new("sync").status().await.context("cannot run sync")?;
        ensure!(synced.success(), "sync failed");
        self.server = Server::start(&self.database, self.mode).await?;
        Ok(())
    }

    /// A further server on the same database, that sends only.
    pub(crate) async fn dispatcher(&self) -> Result<Server> {
        Server::start(&self.database, "dispatch").await
    }

    /// Begins the time limit anew.
    pub(crate) fn next_step(&mut self, what: &str) {
        eprintln!("bench: {what}");
        self.deadline = Instant::now() + Duration::from_secs(self.time_limit);
    }

    /// A load of people who are pushed as fast as they are accepted.
    pub(crate) fn load(&self, first: usize, people: usize, per_request: usize) -> load::Arguments {
        load::Arguments {
            server: self.server.url.trim_start_matches("http://").to_owned(),
            first,
            people,
            per_request,
            connections: load::CONNECTIONS,
            rate: None,
            time_limit: self.time_limit,
        }
    }

    /// Looks again and again, until there is a value; as long as there is none, `look` says how far it is.
    pub(crate) async fn wait<T>(&self, mut look: impl AsyncFnMut() -> Result<Result<T, String>>) -> Result<T> {
        let mut shown = Instant::now();
        loop {
            match look().await? {
                Ok(value) => return Ok(value),
                Err(how_far) if Instant::now() >= self.deadline => {
                    bail!("only this after {} s: {how_far}", self.time_limit)
                }
                Err(how_far) if shown.elapsed() >= SHOWN => {
                    shown = Instant::now();
                    eprintln!("bench: {how_far}");
                }
                Err(_) => {}
            }
            sleep(POLL).await;
        }
    }

    /// Waits until a lane has accepted this many requests.
    pub(crate) async fn accepted(&self, lane: &str, requests: u64) -> Result<Count> {
        self.wait(async || {
            let count = self.sink.count(lane).await?;
            let how_far = format!("{} of {requests} requests arrived", count.accepted);
            Ok((count.accepted >= requests).then_some(count).ok_or(how_far))
        })
        .await
    }

    /// Waits until no more links are owed than this: the answers are read, and links and log are written.
    pub(crate) async fn settled(&self, owed: u64) -> Result<Counts> {
        self.wait(async || {
            let counts = self.server.all_counts().await?;
            let how_far = format!("{} links are owed, not {owed}", counts.owed);
            Ok((counts.owed <= owed).then_some(counts).ok_or(how_far))
        })
        .await
    }

    /// Reads off what the system has counted until now.
    pub(crate) async fn reading(&self) -> Result<Reading> {
        let server_cpu = process::cpu_seconds(self.server.pid)?;
        let load = process::load_average()?;
        Ok(match &self.postgres {
            Some(postgres) => Reading {
                load,
                server_cpu,
                database_cpu: postgres.cpu_seconds()?,
                database_bytes: postgres.bytes().await?,
                log_bytes: Some(postgres.log_bytes().await?),
            },
            None => Reading {
                load,
                server_cpu,
                database_cpu: 0.0,
                database_bytes: process::bytes_of_files(&self.database.directory, "test.db")?,
                log_bytes: None,
            },
        })
    }

    /// What `count` of a kind (`delivery`, `person`) have cost since a reading, and the server's peak memory.
    pub(crate) async fn cost(&self, before: &Reading, count: f64, unit: &Unit) -> Result<Vec<Figure>> {
        let after = self.reading().await?;
        let peak = process::peak_memory_mib(self.server.pid)?;
        Ok(cost(before, &after, peak, count, unit))
    }
}

/// What can be read off at any moment.
pub(crate) struct Reading {
    load: f64,
    server_cpu: f64,
    database_cpu: f64,
    database_bytes: u64,
    /// None on SQLite, whose write-ahead log is one of the files that are counted.
    log_bytes: Option<u64>,
}

impl Reading {
    /// Bytes that the database holds more than at an earlier reading.
    pub(crate) fn bytes_since(&self, before: &Self) -> f64 {
        self.database_bytes as f64 - before.database_bytes as f64
    }
}

/// What cost is told of.
pub(crate) struct Unit {
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

/// A request that reached the CRM.
pub(crate) const DELIVERY: Unit = Unit { one: "delivery", many: "deliveries" };
/// A query that was answered.
pub(crate) const QUERY: Unit = Unit { one: "query", many: "queries" };
/// A person who was accepted.
pub(crate) const PERSON: Unit = Unit { one: "person", many: "people" };

fn cost(before: &Reading, after: &Reading, peak: f64, count: f64, unit: &Unit) -> Vec<Figure> {
    let Unit { one, many } = unit;
    let per_1000 = |before: f64, after: f64| (after - before) * 1000.0 / count;
    let grown = |before: u64, after: u64| (after as f64 - before as f64) / count;
    let mut figures = vec![
        figure(
            "server_cpu_seconds_per_1000",
            format!("server, CPU seconds per 1000 {many}"),
            3,
            per_1000(before.server_cpu, after.server_cpu),
        ),
        figure(
            "database_cpu_seconds_per_1000",
            format!("database, CPU seconds per 1000 {many} (SQLite: in the server's)"),
            3,
            per_1000(before.database_cpu, after.database_cpu),
        ),
        figure("peak_memory_mib", "server, peak memory, MiB", 0, peak),
        figure(
            format!("database_bytes_per_{one}"),
            format!("database, bytes per {one}"),
            0,
            grown(before.database_bytes, after.database_bytes),
        ),
    ];
    if let (Some(before), Some(after)) = (before.log_bytes, after.log_bytes) {
        let label = format!("database, write-ahead log bytes per {one}");
        figures.push(figure(format!("log_bytes_per_{one}"), label, 0, grown(before, after)));
    }
    figures.push(figure("machine_load_before", "load average of the machine before", 2, before.load));
    figures
}

/// A rate, and its share of what a bare client reaches.
pub(crate) fn rate(name: &str, label: &str, per_second: f64, bare: Option<f64>) -> Vec<Figure> {
    let mut figures = vec![figure(name, label, 0, per_second)];
    if let Some(bare) = bare {
        figures.push(figure("bare_client_per_second", "bare client, requests per second", 0, bare));
        figures.push(figure("percent_of_bare_client", "share of the bare client, %", 2, per_second * 100.0 / bare));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_told_per_one_and_per_thousand() {
        let reading = |cpu: f64, bytes: u64| Reading {
            load: 0.5,
            server_cpu: cpu,
            database_cpu: cpu * 2.0,
            database_bytes: bytes,
            log_bytes: Some(bytes * 3),
        };
        let figures = cost(&reading(1.0, 1000), &reading(3.0, 5000), 40.0, 2000.0, &DELIVERY);
        let told: Vec<_> = figures.iter().map(|figure| (figure.name.as_str(), figure.value.to_string())).collect();
        let expected = [
            ("server_cpu_seconds_per_1000", "1"),
            ("database_cpu_seconds_per_1000", "2"),
            ("peak_memory_mib", "40"),
            ("database_bytes_per_delivery", "2"),
            ("log_bytes_per_delivery", "6"),
            ("machine_load_before", "0.5"),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name, value.to_owned())));
    }
}
