//! The wall clock as a server sees it, set from outside.

use std::path::{Path, PathBuf};

/// A wall clock that a test sets while a server runs: libfaketime stands between the server and the system. The steady clock,
/// by which programs measure and wait, stays the system's.
#[derive(Clone, Debug)]
pub struct WallClock {
    library: PathBuf,
    file: PathBuf,
}

impl WallClock {
    /// A clock that is right, set by a file in a directory. `cargo xtask test` installs what it needs.
    ///
    /// # Panics
    /// Where libfaketime is not installed.
    pub fn right(directory: &Path) -> Self {
        let directories = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        let library = directories
            .map(|directory| directory.path().join("faketime/libfaketimeMT.so.1"))
            .find(|library| library.exists())
            .expect("libfaketime is installed: run `cargo xtask test`, or apt-get install libfaketime");
        let clock = Self { library, file: directory.join("wall-clock") };
        clock.set("+0");
        clock
    }

    /// Makes it go wrong by so much, such as `+3h` or `-1d`.
    ///
    /// # Panics
    /// Where the file cannot be written.
    pub fn set(&self, offset: &str) {
        std::fs::write(&self.file, format!("{offset}\n")).expect("the clock's file can be written");
    }

    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("LD_PRELOAD", self.library.clone()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.clone()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}
