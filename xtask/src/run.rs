//! Running programs, with what is run shown and failures named.

use crate::stop;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// Where cargo builds.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = Cmd::cargo(["metadata", "--no-deps", "--format-version", "1", "--locked"]).output()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata tells no target directory")?.into())
}

/// A command in the workspace's root.
pub(crate) struct Cmd(Command, Manner);

/// How a command is run, and ended when we are told to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As a process group of its own, which is told too.
    Ordinary,
    /// With the terminal, whose Ctrl-C reaches it by itself.
    Interactive,
    /// Not at all: it clears away.
    CleanUp,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(root()).stdin(Stdio::null());
        Self(command, Manner::Ordinary)
    }

    pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let mut cargo = Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What cargo told us of this package: build scripts look at it, and would be run anew for each way of calling cargo.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_CFG_") {
                cargo.0.env_remove(&*name);
            }
        }
        cargo.args(arguments);
        cargo
    }

    pub(crate) fn args<S: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = S>) -> &mut Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.0.env(name, value);
        self
    }

    /// Lets it read from the terminal.
    pub(crate) fn interactive(&mut self) -> &mut Self {
        self.0.stdin(Stdio::inherit());
        self.1 = Manner::Interactive;
        self
    }

    /// Lets it run to its end although we were told to stop.
    pub(crate) fn clean_up(&mut self) -> &mut Self {
        self.1 = Manner::CleanUp;
        self
    }

    /// Shows its output on standard error, so that what is asked for stands alone on standard output.
    pub(crate) fn on_stderr(&mut self) -> &mut Self {
        self.0.stdout(std::io::stderr());
        self
    }

    /// Runs it; its output is shown.
    pub(crate) fn run(&mut self) -> Result<()> {
        let status = match self.1 {
            Manner::Ordinary => stop::check().and_then(|()| stop::wait(&mut self.0.process_group(0).spawn()?)),
            Manner::Interactive => self.0.status().map_err(Into::into),
            Manner::CleanUp => self.0.process_group(0).status().map_err(Into::into),
        };
        let status = status.with_context(|| format!("cannot run {}", self.shown()))?;
        if !status.success() {
            bail!("{} failed ({status})", self.shown());
        }
        if self.1 == Manner::Ordinary { stop::check() } else { Ok(()) }
    }

    /// Runs it; its output is shown. Returns its exit code, 1 where a signal ended it.
    pub(crate) fn exit_code(&mut self) -> Result<i32> {
        let status = self.0.status().with_context(|| format!("cannot run {}", self.shown()))?;
        Ok(status.code().unwrap_or(1))
    }

    /// Runs it, and returns what it writes to standard output.
    pub(crate) fn output(&mut self) -> Result<String> {
        let output = self.0.stderr(Stdio::piped()).output().with_context(|| format!("cannot run {}", self.shown()))?;
        stop::check()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{} failed ({}): {}", self.shown(), output.status, said.trim());
        }
        String::from_utf8(output.stdout).with_context(|| format!("{} wrote no text", self.shown()))
    }

    /// Whether it can be run and succeeds; its output is dropped.
    pub(crate) fn succeeds(&mut self) -> bool {
        self.0.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn shown(&self) -> String {
        let mut text = self.0.get_program().to_string_lossy().into_owned();
        for argument in self.0.get_args() {
            text.push(' ');
            text.push_str(&argument.to_string_lossy());
        }
        text
    }
}
