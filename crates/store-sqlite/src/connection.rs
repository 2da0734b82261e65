//! Opening: files, PRAGMAs, the clock.

use crate::error::Fault;
use crate::hold::Hold;
use crate::sql::Db;
use diesel::Connection;
use diesel::sqlite::SqliteConnection;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use sync_core::ports::Clock;
use sync_core::time::Timestamp;

/// Pages kept by each connection. The rest is the system's page cache, which is not the program's memory: so no mmap.
const WRITER_CACHE_KIB: u32 = 32 * 1024;
const READER_CACHE_KIB: u32 = 2 * 1024;

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// Power loss too: each group of commits waits for the disk.
    #[default]
    Full,
    /// A crash of the process; power loss may take the last commits.
    Normal,
}

/// How connections are made.
pub(crate) struct Opener {
    pub(crate) path: PathBuf,
    pub(crate) durability: Durability,
    pub(crate) statements: Arc<AtomicU64>,
    /// Given up when the last connection that writes is closed: the writer's thread has this too.
    pub(crate) hold: Hold,
}

impl Opener {
    /// Where there is no file, makes it, readable by its owner alone, or refuses. WAL and shared memory take over its mode.
    pub(crate) fn find_file(&self, make: bool) -> Result<(), Fault> {
        if !make {
            // SQLite would make it.
            return match self.path.try_exists() {
                Ok(true) => Ok(()),
                Ok(false) => Err(Fault::Unavailable(format!("there is no file {}", self.path.display()))),
                Err(error) => Err(Fault::Unavailable(format!("cannot look for {}: {error}", self.path.display()))),
            };
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(Fault::Unavailable(format!("cannot make {}: {error}", self.path.display()))),
        }
    }

    /// The connection that writes.
    pub(crate) fn writer(&self) -> Result<Db, Fault> {
        let mut db = self.open()?;
        let synchronous = match self.durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        db.batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -{WRITER_CACHE_KIB};"
        ))?;
        Ok(db)
    }

    /// A connection that only reads.
    pub(crate) fn reader(&self) -> Result<Db, Fault> {
        let mut db = self.open()?;
        db.batch(&format!("PRAGMA query_only = ON; PRAGMA cache_size = -{READER_CACHE_KIB};"))?;
        Ok(db)
    }

    fn open(&self) -> Result<Db, Fault> {
        let path = self.path.to_str().ok_or_else(|| {
            Fault::Unavailable(format!("the path {} is not UTF-8: choose another", self.path.display()))
        })?;
        let mut db = Db::new(SqliteConnection::establish(path)?, self.statements.clone());
        // The wait comes first, so that switching to WAL itself waits for others.
        db.batch("PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY;")?;
        Ok(db)
    }
}

/// Wall time when it was made, going on with the monotonic clock: it never steps back while the process runs.
pub(crate) struct SteadyClock {
    began: Instant,
    at: Timestamp,
}

impl SteadyClock {
    pub(crate) fn begin() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Self { began: Instant::now(), at: Timestamp::from_micros(micros) }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        self.at.plus(self.began.elapsed())
    }
}

/// A directory of its own, removed with all it holds.
#[derive(Debug)]
pub(crate) struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    pub(crate) fn make() -> Result<Self, Fault> {
        let path = std::env::temp_dir().join(format!("crm-sync-{}", uuid::Uuid::new_v4()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(Fault::Unavailable(format!("cannot make {}: {error}", path.display()))),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(error = %error, "a temporary directory was not removed");
        }
    }
}
