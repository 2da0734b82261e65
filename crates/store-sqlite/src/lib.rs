//! The store on embedded SQLite: one file, no server.
//!
//! One thread writes; what gathers while it commits goes into the next transaction (`writer`). A few connections read
//! beside it (`readers`). Every method of the ports is one operation of the one or the other.
//!
//! One process runs engines on a database file at a time: see [`SqliteStore::hold`](sync_core::ports::MaintenanceStore::hold).
//! Others may open it meanwhile, to read or to mark.

mod alerts;
mod backup;
mod claim;
mod connection;
mod directory;
mod error;
mod hold;
mod intake;
mod later;
mod maintenance;
mod moving;
mod news;
#[cfg(test)]
mod plans;
mod provenance;
mod readers;
mod records;
mod schema;
mod sessions;
mod settle;
mod signals;
mod sql;
mod sweeps;
mod tables;
mod work;
mod writer;

pub use crate::backup::{Backup, BackupProgress};
pub use crate::connection::Durability;
pub use crate::hold::network_file_system;

use crate::connection::{Opener, SteadyClock, TemporaryDirectory};
use crate::hold::Hold;
use crate::readers::Readers;
use crate::signals::Signals;
use crate::sql::values;
use crate::writer::Writer;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use sync_core::backoff::Policy;
use sync_core::key::Account;
use sync_core::plan::later::Turns;
use sync_core::ports::{Clock, StoreResult};
use sync_core::time::Timestamp;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// What a commit survives.
    pub durability: Durability,
    /// Settlements take the delays that they need from here.
    pub policy: Arc<Policy>,
    /// The store's clock; `None`: wall time when it is opened, going on with the monotonic clock. Tests set their own.
    pub clock: Option<Arc<dyn Clock>>,
    /// Connections that read at the same time, at least 1.
    pub readers: usize,
    /// Whether a file is made where there is none.
    pub make: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { durability: Durability::default(), policy: Arc::default(), clock: None, readers: 4, make: true }
    }
}

/// A store on an SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    shared: Arc<Shared>,
    /// The last field: connections are gone when it is removed.
    directory: Option<TemporaryDirectory>,
}

/// What operations need besides their connection.
struct Shared {
    opener: Arc<Opener>,
    signals: Arc<Signals>,
    clock: Arc<dyn Clock>,
    policy: Arc<Policy>,
    /// Whose sweep comes next.
    turns: Mutex<Turns>,
}

impl Shared {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl SqliteStore {
    /// Opens a database file, making it (readable by its owner alone) where there is none and [`Options::make`] says so. Its schema is neither made nor
    /// checked here: see `migrate` and `ready`.
    ///
    /// # Errors
    /// [`sync_core::ports::StoreError::Unavailable`] where the file cannot be made or opened, or is not there.
    pub fn open(path: &Path, options: Options) -> StoreResult<Self> {
        Self::open_in(path, options, None)
    }

    /// Opens a database that is removed when the store is dropped.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn temporary(options: Options) -> StoreResult<Self> {
        let directory = TemporaryDirectory::make().map_err(|fault| fault.told("make a temporary database"))?;
        let path = directory.path().join("crm-sync.db");
        Self::open_in(&path, options, Some(directory))
    }

    fn open_in(path: &Path, options: Options, directory: Option<TemporaryDirectory>) -> StoreResult<Self> {
        let opener = Arc::new(Opener {
            path: path.to_owned(),
            durability: options.durability,
            statements: Arc::new(AtomicU64::new(0)),
            hold: Hold::of(path),
        });
        let signals = Arc::new(Signals::default());
        let begin = || {
            opener.find_file(options.make)?;
            Writer::begin(opener.writer()?, opener.clone(), signals.clone())
        };
        let writer = begin().map_err(|fault| fault.told("open the database"))?;
        Ok(Self {
            writer,
            readers: Readers::new(opener.clone(), options.readers.max(1)),
            shared: Arc::new(Shared {
                opener,
                signals,
                clock: options.clock.unwrap_or_else(|| Arc::new(SteadyClock::begin())),
                policy: options.policy,
                turns: Mutex::default(),
            }),
            directory,
        })
    }

    /// Makes an account beside the first one. False where there is one of that id.
    ///
    /// # Errors
    /// As every operation.
    pub async fn create_account(&self, account: &Account) -> StoreResult<bool> {
        let account = account.clone();
        let made = self.writer.run("create an account", move |db, _| {
            db.run(
                "INSERT INTO accounts (account, name) VALUES (?, ?) ON CONFLICT (account) DO NOTHING",
                &values![account.id.0, account.name],
            )
        });
        Ok(made.await? == 1)
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let temporary = self.directory.is_some();
        f.debug_struct("SqliteStore")
            .field("path", &self.shared.opener.path)
            .field("temporary", &temporary)
            .finish_non_exhaustive()
    }
}
