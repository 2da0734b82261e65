//! What commands print.
//!
//! A reader may close the pipe early (`crm-sync doctor | head -1`): the rest is then told to nobody, and the command still does
//! its work and keeps its exit code. The standard `println!` would panic. SIGPIPE stays ignored, as its default would also end
//! the process for a connection to a database that breaks.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// Why stdout took no more, unless its reader merely went away.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// As `println!`, for a stdout that may be closed.
macro_rules! say {
    ($($text:tt)*) => { $crate::tell::to_stdout(format_args!("{}\n", format_args!($($text)*))) };
}

/// As `eprintln!`, for a stderr that may be closed.
macro_rules! note {
    ($($text:tt)*) => { $crate::tell::to_stderr(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {note, say};

pub(crate) fn to_stdout(text: Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_fmt(text).and_then(|()| stdout.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        // The first one tells why; the others follow from it.
        let _told_already = FAILED.set(error);
    }
}

pub(crate) fn to_stderr(text: Arguments<'_>) {
    // Where stderr takes nothing, there is nowhere left to say so.
    let _nowhere_to_tell = io::stderr().lock().write_fmt(text);
}

/// Why not all could be printed, such as a disk that is full. `None` where it could, and where nobody reads any more.
pub(crate) fn failed() -> Option<&'static io::Error> {
    FAILED.get()
}
