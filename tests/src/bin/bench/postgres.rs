//! The scratch cluster: its size, and what it costs.

use anyhow::{Context, Result, ensure};
use product_tests::{Database, process};
use tokio_postgres::{Client, NoTls};

/// A database on the cluster that `cargo xtask bench` starts.
pub(crate) struct Postgres {
    client: Client,
    database: String,
    postmaster: u32,
}

impl Postgres {
    /// Looks at a database of the cluster.
    pub(crate) async fn connect(database: &Database) -> Result<Self> {
        let (cluster, database) = database.url.rsplit_once('/').context("a Postgres URL names a database")?;
        // Not to the database itself: its own connections are part of what is measured.
        let (client, connection) = tokio_postgres::connect(&format!("{cluster}/postgres"), NoTls)
            .await
            .context("cannot connect to the scratch cluster")?;
        tokio::spawn(connection);
        let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let postmaster = process::parent(u32::try_from(backend)?)?;
        let name = process::name(postmaster)?;
        ensure!(name.starts_with("postgres"), "the parent of Postgres' backend is {name}: is it on this machine?");
        Ok(Self { client, database: database.to_owned(), postmaster })
    }

    /// What the database holds on disk, the write-ahead log not included.
    pub(crate) async fn bytes(&self) -> Result<u64> {
        let row = self.client.query_one("SELECT pg_database_size($1::text::name)", &[&self.database]).await?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }

    /// Write-ahead log that the whole cluster has written, in bytes.
    pub(crate) async fn log_bytes(&self) -> Result<u64> {
        let query = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
        Ok(self.client.query_one(query, &[]).await?.get::<_, i64>(0).unsigned_abs())
    }

    /// Processor time of all of the cluster's processes, in seconds.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        process::family_cpu_seconds(self.postmaster)
    }

    /// Transactions on the database, as far as the connections that made them have ended.
    pub(crate) async fn transactions(&self) -> Result<u64> {
        let query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1::text::name";
        Ok(self.client.query_one(query, &[&self.database]).await?.get::<_, i64>(0).unsigned_abs())
    }

    /// Writes what is dirty, which the cluster would otherwise do at some time of its own.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        self.client.batch_execute("CHECKPOINT").await.context("cannot write a checkpoint")
    }

    /// Removes the database.
    pub(crate) async fn drop_database(&self) -> Result<()> {
        let statement = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.database);
        self.client.batch_execute(&statement).await.context("cannot drop the database of this run")
    }
}
