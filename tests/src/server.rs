//! The real binary as a process.

use crate::{Api, Database};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The bootstrap key of every server under test.
pub const KEY: &str = "test-key-of-at-least-32-characters-0123456789";
/// 32 zero bytes: the secret key of every server under test.
const SECRET_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Waits between tries.
    pub retry_schedule: &'static str,
    /// Waits between probes.
    pub probe_schedule: &'static str,
    /// Quiet time after a request without an answer.
    pub quiet_time: &'static str,
    /// Which part of the work the node does.
    pub mode: &'static str,
    /// How often syncs are looked at for alerts.
    pub alerts_every: &'static str,
    /// Where traces are sent.
    pub otlp_endpoint: Option<String>,
    /// How long Postgres may take to answer.
    pub database_timeout: &'static str,
    /// Whose hands turn the server's wall clock.
    pub clock: Option<crate::WallClock>,
    /// A file for its log, with the level info. Left out: where the test's own output goes.
    pub log: Option<std::path::PathBuf>,
    /// Further options.
    pub more: &'static [&'static str],
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            retry_schedule: "50ms,100ms,200ms,400ms,800ms,1s,1s,1s,1s,1s,1s,1s",
            probe_schedule: "100ms,200ms,500ms",
            quiet_time: "200ms",
            mode: "all",
            alerts_every: "10s",
            otlp_endpoint: None,
            database_timeout: "30s",
            clock: None,
            log: None,
            more: &[],
        }
    }
}

/// A server that runs. Killed when dropped.
pub struct Server {
    child: Child,
    /// Its address as a URL without path.
    pub url: String,
    /// Where its metrics are.
    pub metrics_url: String,
}

/// The binary under test: as `cargo xtask test` hands it over, else beside this test's own binary.
pub fn binary() -> std::path::PathBuf {
    if let Some(given) = std::env::var_os("CRM_SYNC_TEST_SERVER") {
        return given.into();
    }
    let mut path = std::env::current_exe().expect("this test's own path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.join("crm-sync")
}

/// The command with the environment of tests; nothing of the caller's own settings.
pub fn command(database: &Database) -> Command {
    // Beyond a limit of a file's size, which stands for a full disk in tests, a write fails as on one. Without this, the
    // system would end the process.
    let shell = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""].map(str::to_owned);
    let mut words = database.enter().into_iter().chain(shell);
    let mut command = Command::new(words.next().expect("at least a shell"));
    command.args(words).arg(binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CRM_SYNC_")) {
        command.env_remove(name);
    }
    command
        .env("CRM_SYNC_DATABASE", &database.url)
        .env("CRM_SYNC_DATA_DIR", &database.directory)
        .env("CRM_SYNC_SECRET_KEY", SECRET_KEY)
        .env("CRM_SYNC_BOOTSTRAP_ADMIN_KEY", KEY)
        .kill_on_drop(true);
    command
}

impl Server {
    /// Starts a server, brings its database up to date before, and waits until it listens.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start(database: &Database, options: &ServerOptions) -> Self {
        if database.url.starts_with("postgres") {
            let migrated = command(database).arg("migrate").output().await.expect("the binary runs");
            assert!(migrated.status.success(), "migrate: {}", String::from_utf8_lossy(&migrated.stderr));
        }
        let mut serve = command(database);
        if let Some(log) = &options.log {
            serve.stderr(std::fs::File::create(log).expect("the log's file can be made"));
        }
        let level = if options.log.is_some() { "info" } else { "warn" };
        let mut child = serve
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--allow-network", "127.0.0.0/8", "--mode", options.mode])
            .args(["--retry-schedule", options.retry_schedule, "--probe-schedule", options.probe_schedule])
            .args(["--metrics-listen", "127.0.0.1:0"])
            .args(options.otlp_endpoint.iter().flat_map(|url| ["--otlp-endpoint", url]))
            .args(["--quiet-time", options.quiet_time, "--grace", "10s", "--alerts-every", options.alerts_every])
            .args(["--database-timeout", options.database_timeout])
            .args(options.more)
            .envs(options.clock.iter().flat_map(crate::WallClock::environment))
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned()))
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary starts: build it with `cargo build -p crm-sync`");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut metrics_url = None;
        let url = tokio::time::timeout(Duration::from_secs(30), async {
            while let Some(line) = lines.next_line().await.expect("text") {
                if let Some((_, url)) = line.split_once("metrics are at ") {
                    metrics_url = Some(url.to_owned());
                } else if let Some((_, url)) = line.split_once("listens on ") {
                    return url.to_owned();
                }
            }
            panic!("the server ended before it listened");
        });
        let url = url.await.expect("the server listens in time");
        // Nothing more is expected, but a full pipe must not stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, url, metrics_url: metrics_url.expect("metrics are on") }
    }

    /// Its API with the admin key.
    pub fn api(&self) -> Api {
        Api::new(&self.url, KEY)
    }

    /// The process id.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// kill -9.
    ///
    /// # Panics
    /// Where it cannot be killed.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the server can be killed");
    }

    /// SIGTERM, and waits for its end. Returns whether it ended by itself with success.
    ///
    /// # Panics
    /// Where it cannot be told.
    pub async fn stop(mut self) -> bool {
        let pid = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill runs");
        assert!(told.success());
        match tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await {
            Ok(ended) => ended.is_ok_and(|status| status.success()),
            Err(_) => false,
        }
    }
}
