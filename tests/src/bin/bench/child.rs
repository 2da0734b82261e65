//! This program again, as another process of the same run.

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A command that runs a hidden subcommand; the process ends when it is dropped.
pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Result<Command> {
    let program = std::env::current_exe().context("cannot tell this program's path")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Runs one to its end. Returns what it reports: JSON on standard output.
pub(crate) async fn report<T: DeserializeOwned>(what: &str, mut command: Command) -> Result<T> {
    let child = command.spawn().with_context(|| format!("cannot start the {what}"))?;
    let output = child.wait_with_output().await.with_context(|| format!("cannot wait for the {what}"))?;
    if !output.status.success() {
        bail!("the {what} failed ({})", output.status);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("the {what} reported no JSON"))
}

/// Reads a child's first line that tells where it listens.
pub(crate) async fn address(what: &str, child: &mut Child, before: &str) -> Result<String> {
    let output = child.stdout.take().with_context(|| format!("the {what} has no output"))?;
    let mut lines = BufReader::new(output).lines();
    let found = async {
        while let Some(line) = lines.next_line().await? {
            if let Some((_, url)) = line.split_once(before) {
                return Ok(url.to_owned());
            }
        }
        bail!("the {what} ended before it listened")
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(30), found);
    let url = found.await.with_context(|| format!("the {what} does not listen in time"))??;
    // Nothing more is expected, but a full pipe must not stop it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(url)
}
