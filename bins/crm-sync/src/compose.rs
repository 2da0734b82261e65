//! Composition: the only module that names concrete adapters.

use crate::config::{Config, Database};
use crate::secret_key;
use anyhow::{Context, Result, bail};
use dispatch_http::HttpDispatcher;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use store_postgres::PostgresStore;
pub(crate) use store_sqlite::BackupProgress;
use store_sqlite::SqliteStore;
use sync_core::ports::{MovingStore, Store};
use sync_engine::{Engine, Runner, SecretKey, Vault};
use template_liquid::LiquidTemplates;
use tracing::warn;

/// What becomes of an embedded database, or its key file, that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is made.
    Make,
    /// That is an error.
    Refuse,
}

/// Opens the database, without looking at its schema.
pub(crate) async fn store(config: &Config, missing: Missing) -> Result<Arc<dyn Store>> {
    match &config.database {
        Database::Sqlite(path) => Ok(Arc::new(sqlite(config, path, missing)?)),
        Database::Postgres(url) => {
            let store = postgres(config, url).await;
            Ok(Arc::new(store.context("cannot connect to the Postgres database of --database")?))
        }
    }
}

async fn postgres(config: &Config, url: &SecretString) -> Result<PostgresStore> {
    let policy = Arc::new(config.policy.clone());
    let operation_max = config.database_timeout;
    let options = store_postgres::Options { policy, operation_max, ..store_postgres::Options::default() };
    Ok(PostgresStore::connect(url, options).await?)
}

fn sqlite(config: &Config, path: &Path, missing: Missing) -> Result<SqliteStore> {
    let make = missing == Missing::Make;
    if make {
        if let Some(directory) = path.parent() {
            make_directory(directory)?;
        }
    } else if !path.try_exists().with_context(|| format!("cannot look for the database {}", path.display()))? {
        bail!(
            "there is no database {}: `crm-sync serve` makes it, --data-dir and --database name another",
            path.display()
        );
    }
    let policy = Arc::new(config.policy.clone());
    let options = store_sqlite::Options { policy, make, ..store_sqlite::Options::default() };
    SqliteStore::open(path, options).with_context(|| format!("cannot open the database {}", path.display()))
}

/// Opens a database that is moved, from or to.
pub(crate) async fn moving_store(config: &Config, missing: Missing) -> Result<Arc<dyn MovingStore>> {
    match &config.database {
        Database::Sqlite(path) => Ok(Arc::new(sqlite(config, path, missing)?)),
        Database::Postgres(url) => Ok(Arc::new(postgres(config, url).await?)),
    }
}

/// Opens the embedded database for what only it can do.
pub(crate) async fn embedded(config: &Config, path: &Path) -> Result<SqliteStore> {
    let store = sqlite(config, path, Missing::Refuse)?;
    make_ready(config, &store).await?;
    Ok(store)
}

/// Opens the database of commands that read or mark: it must be there. Its schema is made ready: the embedded one is brought
/// up to date, Postgres must be already.
pub(crate) async fn ready_store(config: &Config) -> Result<Arc<dyn Store>> {
    let store = store(config, Missing::Refuse).await?;
    make_ready(config, store.as_ref()).await?;
    Ok(store)
}

/// Opens the database that an engine is to run on, making it where there is none, and holds it: of an embedded one this is the
/// only process that runs an engine.
pub(crate) async fn held_store(config: &Config, purpose: &str) -> Result<Arc<dyn Store>> {
    let store = store(config, Missing::Make).await?;
    // Before anything is changed.
    store.hold(purpose).await?;
    if let Database::Sqlite(path) = &config.database
        && let Some(kind) = store_sqlite::network_file_system(path)
    {
        warn!(kind, "{NETWORK_FILE_SYSTEM}");
    }
    make_ready(config, store.as_ref()).await?;
    settle_in(store.as_ref()).await?;
    Ok(store)
}

/// Refuses a database that is a copy, an older state of itself, or was moved away, and notes where this one is.
async fn settle_in(store: &dyn Store) -> Result<()> {
    let (noted, found) = store.provenance().await?;
    if let Some(obstacle) = noted.obstacle(found.as_ref()) {
        bail!("{obstacle}");
    }
    if found.as_ref().is_some_and(|found| found.system.is_none() || found.timeline.is_none()) {
        warn!(
            "this role may not call pg_control_system() or pg_current_wal_lsn(): that the database was restored, or failed over, \
             may go unnoticed (docs/operations.md)"
        );
    }
    store.note_provenance(&noted.at_home(found)).await.context("cannot note where the database is")
}

/// What is wrong with a database on a network file system.
pub(crate) const NETWORK_FILE_SYSTEM: &str = "the embedded database lies on a network file system: another machine may not see \
     that it is held, and SQLite's log cannot be shared; keep it on a disk of this machine, or use Postgres";

pub(crate) async fn make_ready(config: &Config, store: &dyn Store) -> Result<()> {
    if matches!(config.database, Database::Sqlite(_)) {
        store.migrate().await.context("cannot bring the embedded database up to date")?;
    }
    store.ready().await.context("the database is not ready; run `crm-sync migrate` if its schema is older")
}

/// An engine over a store for use cases that only read or mark, and need no secret: it is not run, so it takes no change in and
/// sends nothing.
pub(crate) fn idle_engine(config: &Config, store: Arc<dyn Store>) -> Result<Engine> {
    // No secret key is read or made for it.
    let (engine, _never_run) = engine_with(config, store, None, Vault::new(SecretKey::generate(), []))?;
    Ok(engine)
}

/// As [`idle_engine`], with what opens the secrets.
pub(crate) fn secret_engine(config: &Config, store: Arc<dyn Store>, vault: Vault) -> Result<Engine> {
    let (engine, _never_run) = engine_with(config, store, None, vault)?;
    Ok(engine)
}

/// The engine over a store, perhaps beside a mock CRM that its requests may go to, and what runs it.
pub(crate) async fn engine(
    config: &Config,
    store: Arc<dyn Store>,
    mock_crm: Option<SocketAddr>,
) -> Result<(Engine, Runner)> {
    let vault = secret_key::vault_of(config, store.as_ref()).await?;
    engine_with(config, store, mock_crm, vault)
}

fn engine_with(
    config: &Config,
    store: Arc<dyn Store>,
    mock_crm: Option<SocketAddr>,
    vault: Vault,
) -> Result<(Engine, Runner)> {
    let options = dispatch_http::Options {
        allow_networks: config.allow_networks.clone(),
        allow_sockets: mock_crm.into_iter().collect(),
        native_roots: std::env::var_os("SSL_CERT_FILE").is_some() || std::env::var_os("SSL_CERT_DIR").is_some(),
        trace_headers: config.traces.as_ref().and(crate::telemetry::traces::HEADERS),
        ..dispatch_http::Options::default()
    };
    let http = HttpDispatcher::new(options).context("cannot set up the HTTP client")?;
    Ok(Engine::builder(store, Arc::new(http), Arc::new(LiquidTemplates::new()), vault)
        .policy(config.policy.clone())
        .grace(config.grace)
        .alerts_every(config.alerts_every)
        .dispatches(config.mode != crate::config::Mode::Api)
        .build())
}

fn make_directory(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("cannot make the data directory {}", path.display()))
}
