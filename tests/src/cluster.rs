//! A Postgres of one test's own, to be frozen and stopped. Its programs and its user are those of the scratch cluster that
//! `cargo xtask test` hands over, so that finding or installing them is told in one place.

use crate::{Database, eventually, process};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// How long it may take to start and to stop.
const WITHIN: Duration = Duration::from_secs(30);

/// A cluster of one test. Stopped and removed when dropped.
pub struct Cluster {
    bin: PathBuf,
    user: User,
    directory: PathBuf,
    port: u16,
    postmaster: Option<Child>,
}

/// The user that Postgres runs as; where that is not us, we are root.
#[derive(Clone, Copy)]
struct User {
    id: u32,
    group: u32,
    is_other: bool,
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Panics
    /// Where that cannot be done.
    pub async fn start() -> Self {
        let postmaster = scratch_postmaster().await;
        let program = std::fs::read_link(format!("/proc/{postmaster}/exe"))
            .expect("the scratch cluster runs on this machine, as our user or under root");
        let user = User::of(postmaster);
        let name = format!("crms-pg-{}", &Uuid::new_v4().simple().to_string()[..12]);
        let mut cluster = Self {
            bin: program.parent().expect("a program lies in a directory").to_owned(),
            user,
            directory: std::env::temp_dir().join(name),
            port: TcpListener::bind(("127.0.0.1", 0)).expect("a free port").local_addr().expect("an address").port(),
            postmaster: None,
        };
        std::fs::create_dir_all(&cluster.directory).expect("a temporary directory");
        if user.is_other {
            std::os::unix::fs::chown(&cluster.directory, Some(user.id), Some(user.group)).expect("we are root");
        }
        let options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"];
        let made = cluster.program("initdb").args(options).arg(cluster.data()).output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        cluster.resume().await;
        cluster
    }

    /// An empty database on it.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub async fn database(&self) -> Database {
        let (client, connection) = tokio_postgres::connect(&self.url("postgres"), NoTls).await.expect("it runs");
        tokio::spawn(connection);
        client.batch_execute("CREATE DATABASE product").await.expect("a database");
        let mut database = Database::sqlite();
        database.url = self.url("product");
        database
    }

    /// A copy of a database that nobody works on, beside it.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub async fn copy(&self, database: &Database) -> Database {
        let (_, name) = database.url.rsplit_once('/').expect("a URL with a database");
        let copied = format!("{name}_copied");
        self.run("postgres", &format!("CREATE DATABASE {copied} TEMPLATE {name}")).await;
        let mut copy = Database::sqlite();
        copy.url = self.url(&copied);
        copy
    }

    /// The same database for a role of its own, which owns it and may not ask the server where it is.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub async fn plain_role(&self, database: &Database) -> Database {
        let (_, name) = database.url.rsplit_once('/').expect("a URL with a database");
        let asks = "pg_control_system(), pg_control_checkpoint(), pg_current_wal_lsn(), pg_walfile_name(pg_lsn)";
        self.run(name, &format!("CREATE ROLE plain LOGIN; REVOKE EXECUTE ON FUNCTION {asks} FROM PUBLIC")).await;
        self.run("postgres", &format!("ALTER DATABASE {name} OWNER TO plain")).await;
        self.run(name, "ALTER SCHEMA public OWNER TO plain").await;
        let mut plain = Database::sqlite();
        plain.url = database.url.replace("postgres@", "plain@");
        plain
    }

    /// Starts it as a standby that takes over at once: on a new timeline, all that was written being there.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn promote(&mut self) {
        let signal = self.data().join("recovery.signal");
        std::fs::write(&signal, "").expect("a file in the data directory");
        if self.user.is_other {
            std::os::unix::fs::chown(&signal, Some(self.user.id), Some(self.user.group)).expect("we are root");
        }
        self.resume().await;
        let url = self.url("postgres");
        eventually("the standby takes over", WITHIN, || async {
            let Ok((client, connection)) = tokio_postgres::connect(&url, NoTls).await else { return false };
            tokio::spawn(connection);
            client.query_one("SELECT pg_is_in_recovery()", &[]).await.is_ok_and(|row| !row.get::<_, bool>(0))
        })
        .await;
    }

    async fn run(&self, database: &str, statements: &str) {
        let (client, connection) = tokio_postgres::connect(&self.url(database), NoTls).await.expect("it runs");
        tokio::spawn(connection);
        client.batch_execute(statements).await.expect("it is done");
    }

    /// Freezes all of its processes: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        process::signal("STOP", &self.family());
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        process::signal("CONT", &self.family());
    }

    /// Stops it, as an administrator does: connections end, and further ones are refused.
    ///
    /// # Panics
    /// Where it does not stop.
    pub async fn stop(&mut self) {
        if let Some(mut postmaster) = self.postmaster.take() {
            process::signal("INT", &[postmaster.id()]);
            let ended = tokio::task::spawn_blocking(move || postmaster.wait());
            let ended = tokio::time::timeout(WITHIN, ended).await.expect("Postgres stops in time").expect("no panic");
            ended.expect("Postgres can be waited for");
        }
    }

    /// Starts it, and returns when it answers.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn resume(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.directory.join("log")).expect("a log");
        let sockets = format!("unix_socket_directories={}", self.directory.display());
        let child = self
            .program("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("port={}", self.port), "-c", &sockets])
            .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "restore_command=/bin/false"])
            .stderr(log)
            .stdout(Stdio::null())
            .spawn()
            .expect("postgres starts");
        self.postmaster = Some(child);
        let url = self.url("postgres");
        eventually("the cluster answers", WITHIN, || async { tokio_postgres::connect(&url, NoTls).await.is_ok() })
            .await;
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// The postmaster first, so that it begins nothing meanwhile.
    fn family(&self) -> Vec<u32> {
        let Some(postmaster) = &self.postmaster else { return Vec::new() };
        let mut family = vec![postmaster.id()];
        family.extend(process::children(postmaster.id()).unwrap_or_default());
        family
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.stdin(Stdio::null()).current_dir(Path::new("/tmp"));
        if self.user.is_other {
            command.uid(self.user.id).gid(self.user.group).env("HOME", "/tmp");
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.thaw();
        if let Some(mut postmaster) = self.postmaster.take() {
            process::signal("QUIT", &[postmaster.id()]);
            let _ended = postmaster.wait();
        }
        // Left behind at worst: the system clears its temporary directory.
        let _left = std::fs::remove_dir_all(&self.directory);
    }
}

impl User {
    fn of(pid: u32) -> Self {
        use std::os::unix::fs::MetadataExt;
        let of = |pid: &str| std::fs::metadata(format!("/proc/{pid}")).expect("it runs");
        let (other, own) = (of(&pid.to_string()), of("self"));
        Self { id: other.uid(), group: other.gid(), is_other: other.uid() != own.uid() }
    }
}

/// The process id of the scratch cluster's postmaster.
async fn scratch_postmaster() -> u32 {
    let scratch = Database::scratch_cluster();
    let (client, connection) = tokio_postgres::connect(&scratch, NoTls).await.expect("the scratch cluster runs");
    tokio::spawn(connection);
    let row = client.query_one("SELECT pg_backend_pid()", &[]).await.expect("an answer");
    let backend: i32 = row.get(0);
    process::parent(backend.unsigned_abs()).expect("the scratch cluster runs on this machine")
}
