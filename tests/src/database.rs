//! Databases to run the server on: an SQLite file, or a database of its own on the scratch cluster.

use crate::SmallDisk;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// A database of one test, in a directory of its own that goes with it.
pub struct Database {
    /// The URL that the server is given.
    pub url: String,
    /// Where the test may keep files.
    pub directory: PathBuf,
    /// What the directory is on, where it is to be filled.
    disk: Option<SmallDisk>,
}

impl Database {
    /// An SQLite file.
    ///
    /// # Panics
    /// Where no directory can be made.
    pub fn sqlite() -> Self {
        let directory = std::env::temp_dir().join(format!("crm-sync-test-{}", Uuid::new_v4().simple()));
        std::fs::create_dir_all(&directory).expect("a temporary directory");
        Self { url: "sqlite:test.db".to_owned(), directory, disk: None }
    }

    /// An SQLite file on a file system of its own, of some MiB. What is in the directory only the server sees.
    ///
    /// # Panics
    /// Where none can be made.
    pub fn on_small_disk(mib: usize) -> Self {
        let mut database = Self::sqlite();
        let disk = SmallDisk::mount(database.directory.clone(), mib);
        database.directory = disk.directory().to_owned();
        database.disk = Some(disk);
        database
    }

    /// What it is on.
    ///
    /// # Panics
    /// Where that is no small one.
    pub fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("a database on a small disk")
    }

    /// What a command that uses it begins with.
    pub(crate) fn enter(&self) -> Vec<String> {
        self.disk.as_ref().map(SmallDisk::enter).unwrap_or_default()
    }

    /// An empty database on the scratch cluster that `cargo xtask test` hands over.
    ///
    /// # Panics
    /// Where there is no cluster.
    pub async fn postgres() -> Self {
        let cluster = Self::scratch_cluster();
        let (client, connection) = tokio_postgres::connect(&cluster, NoTls).await.expect("the scratch cluster runs");
        tokio::spawn(connection);
        let name = format!("product_{}", Uuid::new_v4().simple());
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
        let (server, _) = cluster.rsplit_once('/').expect("a URL with a database");
        let mut database = Self::sqlite();
        database.url = format!("{server}/{name}");
        database
    }

    /// Where its Postgres listens.
    ///
    /// # Panics
    /// Where it is none, or listens at no address.
    pub fn address(&self) -> SocketAddr {
        let (_, rest) = self.url.rsplit_once('@').expect("a URL with a user");
        rest.split('/').next().and_then(|address| address.parse().ok()).expect("an address and a port")
    }

    /// Has the server come to it by another address.
    ///
    /// # Panics
    /// Where it is no Postgres.
    pub fn reached_by(&mut self, address: SocketAddr) {
        self.url = self.url.replacen(&self.address().to_string(), &address.to_string(), 1);
    }

    /// The URL of the scratch cluster that `cargo xtask` hands over.
    ///
    /// # Panics
    /// Where there is none.
    pub fn scratch_cluster() -> String {
        std::env::var("CRM_SYNC_TEST_POSTGRES").expect(
            "CRM_SYNC_TEST_POSTGRES is not set: run `cargo xtask test -p product-tests`, or set it to what \
             `cargo xtask db up` prints",
        )
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Left behind at worst: the system clears its temporary directory.
        let _left = std::fs::remove_dir_all(&self.directory);
    }
}
