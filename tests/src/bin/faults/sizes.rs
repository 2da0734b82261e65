//! What a server holds in memory, and its database on disk.

use anyhow::{Context, Result, ensure};
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use product_tests::{Database, process};
use std::collections::BTreeMap;
use tokio_postgres::NoTls;

/// Tables that grow with what has happened, until retention ends it: the log, the history of people, the counters.
const HISTORY: [&str; 3] = ["log_entries", "person_changes", "counters"];

/// What was measured at a moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sizes {
    /// The server's own memory, in MiB.
    pub(crate) memory: f64,
    /// All tables but those of history, with their indexes, in KiB.
    pub(crate) steady: f64,
    /// Those of history, in KiB.
    pub(crate) history: f64,
    /// All tables but those of history, one by one, in KiB.
    pub(crate) tables: BTreeMap<String, f64>,
}

/// Measures one database.
pub(crate) enum Scales {
    /// The pages of tables, without free ones.
    Sqlite(Box<SqliteConnection>),
    /// The files of tables. Before, they are vacuumed: autovacuum, which looks once a minute, would show in a short run as
    /// waves.
    Postgres(tokio_postgres::Client),
}

#[derive(diesel::QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

impl Scales {
    pub(crate) async fn of(database: &Database) -> Result<Self> {
        if database.url.starts_with("postgres") {
            let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await?;
            tokio::spawn(connection);
            return Ok(Self::Postgres(client));
        }
        let file = database.url.strip_prefix("sqlite:").context("a URL of SQLite")?;
        let file = database.directory.join(file);
        let mut connection = SqliteConnection::establish(file.to_str().context("a path in UTF-8")?)?;
        connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON")?;
        Ok(Self::Sqlite(Box::new(connection)))
    }

    pub(crate) async fn weigh(&mut self, server: u32) -> Result<Sizes> {
        let tables = match self {
            Self::Sqlite(connection) => sql_query(
                "SELECT m.tbl_name AS name, CAST(sum(s.pgsize) AS BIGINT) AS bytes FROM dbstat s \
                 JOIN sqlite_master m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY m.tbl_name",
            )
            .load::<Table>(&mut **connection)?,
            Self::Postgres(client) => {
                client.batch_execute("VACUUM").await?;
                let query = "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class \
                             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
                let rows = client.query(query, &[]).await?;
                rows.iter().map(|row| Table { name: row.get(0), bytes: row.get(1) }).collect()
            }
        };
        let mut sizes = Sizes { memory: process::own_memory_mib(server)?, ..Sizes::default() };
        for Table { name, bytes } in tables {
            let kib = bytes as f64 / 1024.0;
            if HISTORY.iter().any(|history| name.starts_with(history)) {
                sizes.history += kib;
            } else {
                sizes.steady += kib;
                sizes.tables.insert(name, kib);
            }
        }
        ensure!(sizes.steady > 0.0 && sizes.history > 0.0, "the database tells no sizes of its tables");
        Ok(sizes)
    }
}
