//! Scratch Postgres clusters: found or installed, started unprivileged, gone afterwards.

use crate::debian::{self, is_root};
use crate::run::{Cmd, target_dir};
use anyhow::{Context, Result, bail};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// The unprivileged user that Postgres runs as when we are root: Debian's `nobody`.
const NOBODY: u32 = 65534;
/// Connections: tests run many stores at once.
const CONNECTIONS_MAX: u32 = 300;

/// Whether commits reach the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As in production: for measuring.
    Full,
    /// Not at all: for tests, whose cluster never outlives them.
    None,
}

/// A running cluster. Stopped and removed when dropped, unless it was left.
pub(crate) struct Cluster {
    bin: PathBuf,
    directory: PathBuf,
    port: u16,
    left: bool,
}

impl Cluster {
    /// Starts a fresh cluster in a temporary directory.
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        // A short path: a socket's path has at most 107 bytes.
        let directory = std::env::temp_dir().join(format!("crms-pg-{}", std::process::id()));
        Self::start_in(directory, durability)
    }

    fn start_in(directory: PathBuf, durability: Durability) -> Result<Self> {
        let bin = binaries()?;
        if directory.exists() {
            std::fs::remove_dir_all(&directory).with_context(|| format!("cannot clear {}", directory.display()))?;
        }
        std::fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        give_to_nobody(&directory)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let cluster = Self { bin, directory, port, left: false };
        let data = cluster.data();
        unprivileged(cluster.bin.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
            .args([&data])
            .output()
            .context("cannot make a scratch Postgres cluster")?;
        let durable = if durability == Durability::Full { "on" } else { "off" };
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={} -c max_connections={CONNECTIONS_MAX} \
             -c fsync={durable} -c synchronous_commit={durable} -c full_page_writes={durable}",
            cluster.directory.display()
        );
        let started = unprivileged(cluster.bin.join("pg_ctl"))
            .args(["start", "--wait", "--silent", "-D"])
            .args([&data])
            .args(["-l".as_ref(), cluster.log().as_os_str()])
            .args(["-o", &options])
            .run();
        if let Err(error) = started {
            let log = std::fs::read_to_string(cluster.log()).unwrap_or_default();
            bail!("{error:#}\n{log}");
        }
        Ok(cluster)
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    fn stop(&self) -> Result<()> {
        unprivileged(self.bin.join("pg_ctl"))
            .args(["stop", "--silent", "--mode=immediate", "-D"])
            .args([self.data()])
            .clean_up()
            .run()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        if let Err(error) = self.stop() {
            eprintln!("xtask: {error:#}");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("xtask: cannot remove {}: {error}", self.directory.display());
        }
    }
}

/// Where the development cluster's place is noted.
fn note() -> Result<PathBuf> {
    Ok(target_dir()?.join("scratch-postgres"))
}

/// The development cluster: started if it does not run yet, and left running.
pub(crate) fn development() -> Result<Cluster> {
    if let Some(cluster) = noted()? {
        return Ok(cluster);
    }
    // Of this target directory alone: another checkout's cluster, which may run, is not to be cleared. A short path, as above.
    let mut place = DefaultHasher::new();
    target_dir()?.hash(&mut place);
    let directory = std::env::temp_dir().join(format!("crms-dev-{:08x}", place.finish() as u32));
    let mut cluster = Cluster::start_in(directory, Durability::None)?;
    cluster.left = true;
    let note = note()?;
    if let Some(parent) = note.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(note, format!("{}\n{}\n", cluster.port, cluster.directory.display()))?;
    Ok(cluster)
}

fn noted() -> Result<Option<Cluster>> {
    let Ok(text) = std::fs::read_to_string(note()?) else { return Ok(None) };
    let mut lines = text.lines();
    let (Some(port), Some(directory)) = (lines.next().and_then(|port| port.parse().ok()), lines.next()) else {
        return Ok(None);
    };
    let cluster = Cluster { bin: binaries()?, directory: directory.into(), port, left: true };
    let runs = unprivileged(cluster.bin.join("pg_ctl")).args(["status", "-D"]).args([cluster.data()]).succeeds();
    Ok(runs.then_some(cluster))
}

pub(crate) fn stop_development() -> Result<()> {
    match noted()? {
        Some(mut cluster) => {
            cluster.left = false;
            drop(cluster);
            std::fs::remove_file(note()?)?;
            println!("stopped");
        }
        None => println!("it does not run"),
    }
    Ok(())
}

pub(crate) fn psql(arguments: &[String]) -> Result<()> {
    let cluster = development()?;
    Cmd::new(cluster.bin.join("psql")).interactive().args([cluster.url("postgres")]).args(arguments).run()
}

/// The directory of Postgres' programs; installs them where that can be done.
fn binaries() -> Result<PathBuf> {
    if let Some(found) = find_binaries() {
        return Ok(found);
    }
    // Debian would make and start a cluster of its own.
    if debian::is_here() {
        debian::write_unless_there("/etc/postgresql-common/createcluster.conf", "create_main_cluster = false")?;
    }
    debian::install("postgresql", "PostgreSQL's programs (initdb, pg_ctl, psql), version 14 or newer")?;
    find_binaries().context("Postgres was installed, but its initdb is not found in /usr/lib/postgresql/*/bin")
}

fn find_binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    versions.sort();
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|directory| directory.join("initdb").exists())
    };
    versions.pop().map(|(_, bin)| bin).or_else(on_path)
}

/// Postgres refuses to run as root.
fn unprivileged(program: PathBuf) -> Cmd {
    if !is_root() {
        return Cmd::new(program);
    }
    let id = NOBODY.to_string();
    let mut command = Cmd::new("setpriv");
    command.args([format!("--reuid={id}"), format!("--regid={id}"), "--clear-groups".to_owned()]);
    command.args([program]).env("HOME", "/tmp");
    command
}

fn give_to_nobody(directory: &Path) -> Result<()> {
    if is_root() {
        std::os::unix::fs::chown(directory, Some(NOBODY), Some(NOBODY))
            .with_context(|| format!("cannot give {} to nobody", directory.display()))?;
    }
    Ok(())
}
