//! A consistent copy of the database in one file, while a server works on it.

use crate::SqliteStore;
use crate::error::Fault;
use crate::provenance;
use crate::sql::{Db, values};
use diesel::Connection;
use diesel::sqlite::SqliteConnection;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use sync_core::ports::StoreResult;
use sync_core::provenance::Noted;

/// How far a backup has come. Cheap to clone, all clones are one.
#[derive(Clone, Debug, Default)]
pub struct BackupProgress {
    shared: Arc<(AtomicU64, std::sync::Mutex<Option<PathBuf>>)>,
}

impl BackupProgress {
    /// Bytes that are written, and about how many there will be; `None`: it has not begun yet.
    pub fn bytes(&self) -> Option<(u64, u64)> {
        let (total, path) = &*self.shared;
        let path = path.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()?;
        let written = std::fs::metadata(path).ok()?.len();
        Some((written, total.load(Ordering::Relaxed).max(written)))
    }

    fn begin(&self, total: u64, path: &Path) {
        self.shared.0.store(total, Ordering::Relaxed);
        *self.shared.1.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(path.to_owned());
    }
}

/// A copy that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its size.
    pub bytes: u64,
}

impl SqliteStore {
    /// Copies the database, as it stands at one instant, into a file that must not be there yet, readable by its owner alone.
    /// The copy is [marked](Noted::copied_at) as one, and complete as soon as it has its name. Whoever works on the
    /// database goes on; its log of writes grows meanwhile.
    ///
    /// # Errors
    /// As every operation; [`sync_core::ports::StoreError::Unavailable`] where the file is there already, or cannot be written.
    pub async fn back_up(&self, to: &Path, progress: BackupProgress) -> StoreResult<Backup> {
        let (to, now) = (to.to_owned(), self.shared.now());
        self.blocking("make a backup", move |opener| {
            let mut source = opener.writer()?;
            let total = source.number(
                "SELECT (p.page_count - f.freelist_count) * s.page_size AS n \
                 FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s",
                &[],
            )?;
            let part = Part::make(&to)?;
            progress.begin(u64::try_from(total).unwrap_or(0), &part.0);
            let name = part.0.to_str().ok_or_else(|| refused(&part.0, "its name is not UTF-8"))?;
            // Into an empty file, which keeps its mode. What is in the log of writes is in it.
            source.run("VACUUM INTO ?", &values![name])?;
            let mut copy = Db::new(SqliteConnection::establish(name)?, Arc::default());
            let noted = provenance::read(&mut copy)?;
            provenance::write(&mut copy, &Noted { copied_at: Some(now), ..noted })?;
            drop(copy);
            let bytes = part.name_it(&to)?;
            Ok(Backup { bytes })
        })
        .await
    }
}

/// A file that is being written, beside the one that it becomes. Removed unless it is named.
struct Part(PathBuf);

impl Part {
    fn make(to: &Path) -> Result<Self, Fault> {
        if to.try_exists().map_err(|error| refused(to, error))? {
            return Err(refused(to, "it is there already, and is not overwritten"));
        }
        let mut name = to.file_name().ok_or_else(|| refused(to, "it names no file"))?.to_owned();
        name.push(format!(".{}.part", uuid::Uuid::new_v4().simple()));
        let path = to.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).map_err(|error| refused(&path, error))?;
        Ok(Self(path))
    }

    /// Gives it its name, when all of it is on the disk. Returns its size.
    fn name_it(self, to: &Path) -> Result<u64, Fault> {
        let on_disk = || -> std::io::Result<u64> {
            let file = File::open(&self.0)?;
            file.sync_all()?;
            let bytes = file.metadata()?.len();
            // A link never overwrites. Some file systems know none.
            match std::fs::hard_link(&self.0, to) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
                Err(_) if !to.try_exists()? => std::fs::rename(&self.0, to)?,
                Err(error) => return Err(error),
            }
            #[cfg(unix)]
            if let Some(directory) = to.parent() {
                let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
                File::open(directory)?.sync_all()?;
            }
            Ok(bytes)
        };
        on_disk().map_err(|error| refused(to, error))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Its other name stays; where it was renamed, it is gone already.
        let _gone = std::fs::remove_file(&self.0);
    }
}

fn refused(path: &Path, why: impl std::fmt::Display) -> Fault {
    Fault::Unavailable(format!("{}: {why}", path.display()))
}
