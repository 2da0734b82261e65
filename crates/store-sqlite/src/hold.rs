//! Which process works on a database file. A lock of the kernel on a file beside it says so: it ends with the process,
//! however that ends. What stands in the file tells people who it is, and decides nothing.
//!
//! The lock is `flock`, on a file of its own: SQLite's locks on the database itself are of the other kind, which end where
//! any descriptor of the file is closed.

use crate::error::Fault;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use sync_core::time::Timestamp;

/// For how long somebody else's lock is waited for: a process that ends just now, or one that only looks who holds it.
const WAIT: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The most that is read of what a holder says of itself.
const SAID_BYTES_MAX: u64 = 4096;

/// The lock of one database, perhaps held by this store.
pub(crate) struct Hold {
    database: PathBuf,
    held: Mutex<Option<File>>,
}

impl Hold {
    pub(crate) fn of(database: &Path) -> Self {
        Self { database: database.to_owned(), held: Mutex::default() }
    }

    /// Takes the lock until this is dropped. Waits for a moment; so this blocks.
    pub(crate) fn take(&self, purpose: &str) -> Result<(), Fault> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(self.lock(purpose)?);
        }
        Ok(())
    }

    /// Does something that nobody else must work beside. Blocks as [`Self::take`].
    pub(crate) fn alone<T>(&self, purpose: &str, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let _until_done = match *held {
            Some(_) => None,
            None => Some(self.lock(purpose)?),
        };
        work()
    }

    /// Who holds it, if anybody does, in words: this store too.
    pub(crate) fn holder(&self) -> Result<Option<String>, Fault> {
        let (mut file, path) = match self.open(OpenOptions::new().read(true)) {
            Ok(opened) => opened,
            Err((error, _)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err((error, path)) => return Err(refused(&path, &error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(said(&mut file))),
            Err(TryLockError::Error(error)) => Err(refused(&path, &error)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the kernel tells of a free lock only those who wait without end")]
    fn lock(&self, purpose: &str) -> Result<File, Fault> {
        self.check_names()?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let (mut file, mut path) = self.open(&options).map_err(|(error, path)| refused(&path, &error))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => break,
                // Somebody removed it between opening and locking: it excludes nobody any more.
                Ok(()) => (file, path) = self.open(&options).map_err(|(error, path)| refused(&path, &error))?,
                Err(TryLockError::WouldBlock) if began.elapsed() < WAIT => std::thread::sleep(LOOK_AGAIN),
                Err(TryLockError::WouldBlock) => {
                    let holder = said(&mut file);
                    return Err(Fault::Held(format!("{}: {holder}", self.database.display())));
                }
                Err(TryLockError::Error(error)) => return Err(refused(&path, &error)),
            }
        }
        // The lock is what counts: a full disk must not keep a server from starting.
        if let Err(error) = say(&mut file, purpose) {
            tracing::warn!(error = %error, "who works on the database could not be written beside it");
        }
        Ok(file)
    }

    /// A file with several names has several logs of writes, each beside the name that it is opened by, and several locks.
    fn check_names(&self) -> Result<(), Fault> {
        #[cfg(unix)]
        if let Ok(found) = std::fs::metadata(&self.database)
            && std::os::unix::fs::MetadataExt::nlink(&found) > 1
        {
            return Err(Fault::Unavailable(format!(
                "{0} has more than one name (hard links), and SQLite keeps what was written last beside the name that it is opened \
                 by: remove the other names (find / -xdev -samefile {0}), or make a copy of the file in its place",
                self.database.display()
            )));
        }
        Ok(())
    }

    fn open(&self, options: &OpenOptions) -> Result<(File, PathBuf), (std::io::Error, PathBuf)> {
        // One file may have several names; its lock has one.
        let mut name = self.database.canonicalize().unwrap_or_else(|_| self.database.clone()).into_os_string();
        name.push("-lock");
        let path = PathBuf::from(name);
        match options.open(&path) {
            Ok(file) => Ok((file, path)),
            Err(error) => Err((error, path)),
        }
    }
}

/// Whether the file is the one that has this name now.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let of = |found: std::fs::Metadata| (found.dev(), found.ino());
        let ours = file.metadata().map(of);
        std::fs::metadata(path).map(of).is_ok_and(|named| ours.is_ok_and(|ours| ours == named))
    }
    #[cfg(not(unix))]
    {
        let _unknown = (file, path);
        true
    }
}

fn refused(path: &Path, error: &std::io::Error) -> Fault {
    Fault::Unavailable(format!(
        "{}: it cannot be locked ({error}); crm-sync needs a file system with locks, on a disk of this machine",
        path.display()
    ))
}

/// Writes who holds the lock.
fn say(file: &mut File, purpose: &str) -> std::io::Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = Timestamp::from_micros(i64::try_from(since.as_micros() / 1_000_000 * 1_000_000).unwrap_or(i64::MAX));
    let mut text = format!("pid {}\npurpose {}\nsince {since}\n", std::process::id(), purpose.replace('\n', " "));
    if let Some(host) = host() {
        let _infallible = writeln!(text, "host {host}");
    }
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

/// Reads who holds it, in words.
fn said(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(SAID_BYTES_MAX).read_to_string(&mut text));
    let found = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let (Ok(_), Some(pid)) = (read, found("pid")) else { return "another process".to_owned() };
    let mut words = format!("`{}`, process {pid}", found("purpose").unwrap_or("another program"));
    if let Some(there) = found("host").filter(|there| host().is_none_or(|here| here != *there)) {
        // Its number is that of its own container or machine.
        let _infallible = write!(words, " on {there}");
    }
    if let Some(since) = found("since") {
        let _infallible = write!(words, ", since {since}");
    }
    words
}

/// This machine's (or container's) name.
fn host() -> Option<String> {
    #[cfg(unix)]
    return Some(rustix::system::uname().nodename().to_str().ok()?.to_owned());
    #[cfg(not(unix))]
    None
}

/// The kind of network file system that a file lies on, where it is known to be one. SQLite's log in shared memory works for
/// the processes of one machine only, and a lock that another machine holds may not be seen.
///
/// On other systems than Linux nothing is known: `None`.
pub fn network_file_system(path: &Path) -> Option<&'static str> {
    #[cfg(target_os = "linux")]
    {
        // See statfs(2).
        let kind = u32::try_from(rustix::fs::statfs(path).ok()?.f_type).ok()?;
        match kind {
            0x6969 => Some("NFS"),
            0x517B | 0xFE53_4D42 | 0xFF53_4D42 => Some("SMB"),
            0x5346_414F | 0x6B41_4653 => Some("AFS"),
            0x0102_1997 => Some("9p"),
            0x00C3_6400 => Some("Ceph"),
            0x0BD0_0BD0 => Some("Lustre"),
            0x0116_1970 => Some("GFS2"),
            0x7461_636F => Some("OCFS2"),
            0x1983_0326 => Some("BeeGFS"),
            0x7375_7245 => Some("Coda"),
            _ => None,
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _unknown = path;
        None
    }
}
