//! Installing what tests need, where that can be done: Debian and its like, as root or by `sudo -n`.

use crate::run::Cmd;
use anyhow::{Result, bail};
use std::path::Path;

/// Installs a package. `what` says what it is for, to those who have to install it by hand.
pub(crate) fn install(package: &str, what: &str) -> Result<()> {
    if !is_here() {
        bail!("the tests need {what}: install it as your system does, so that it is on the PATH");
    }
    eprintln!("xtask: the tests need {what}: installing {package}");
    as_root(&["apt-get", "update", "-q"], what)?;
    as_root(&["apt-get", "install", "-q", "-y", "--no-install-recommends", package], what)
}

/// Writes a line into a file of the system, unless the file is there.
pub(crate) fn write_unless_there(file: &str, line: &str) -> Result<()> {
    let path = Path::new(file);
    let Some(directory) = path.parent().filter(|_| !path.exists()) else { return Ok(()) };
    let write = format!("mkdir -p {} && echo '{line}' > {file}", directory.display());
    as_root(&["sh", "-c", &write], file)
}

fn as_root(command: &[&str], what: &str) -> Result<()> {
    let mut root = if is_root() {
        Cmd::new(command[0])
    } else if Cmd::new("sudo").args(["-n", "true"]).succeeds() {
        let mut sudo = Cmd::new("sudo");
        sudo.args(["-n", command[0]]);
        sudo
    } else {
        bail!("the tests need {what}: run `{}` as root", command.join(" "));
    };
    root.args(&command[1..]).env("DEBIAN_FRONTEND", "noninteractive").on_stderr().run()
}

/// Whether this is Debian or its like.
pub(crate) fn is_here() -> bool {
    Cmd::new("apt-get").args(["--version"]).succeeds()
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}
