//! `test`: one cluster and one build of the binaries, handed to the tests by environment.

use crate::debian;
use crate::postgres::{Cluster, Durability};
use crate::run::{Cmd, target_dir};
use anyhow::Result;
use clap::Args;

#[derive(Args, Default)]
pub(crate) struct Arguments {
    /// Only tests whose name holds this
    filter: Option<String>,
    /// Only the tests of this package
    #[arg(short, long)]
    package: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !Cmd::new("curl").args(["--version"]).succeeds() {
        debian::install("curl", "curl, to run the README's commands")?;
    }
    if !has_faketime() {
        debian::install("libfaketime", "libfaketime, to set a server's wall clock")?;
    }
    install_browser()?;
    let cluster = Cluster::start(Durability::None)?;
    eprintln!("xtask: building the binaries");
    Cmd::cargo(["build", "--locked", "-p", "crm-sync", "-p", "mock-crm"]).run()?;
    let bin = target_dir()?.join("debug");
    let has_nextest = Cmd::cargo(["nextest", "--version"]).succeeds();
    let mut tests = Cmd::cargo(if has_nextest { ["nextest", "run"].as_slice() } else { ["test"].as_slice() });
    tests.args(["--locked"]);
    if has_nextest && std::env::var_os("CI").is_some() {
        tests.args(["--profile", "ci"]);
    }
    if has_nextest && std::env::var_os("NEXTEST_TEST_THREADS").is_none() {
        // Many tests wait for time to pass: one more than there are processors.
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) + 1;
        tests.args([format!("--test-threads={threads}")]);
    }
    match &arguments.package {
        Some(package) => tests.args(["-p", package]),
        // Doctests have a run of their own, since nextest does not know them.
        None => tests.args(["--workspace"]),
    };
    if !has_nextest {
        tests.args(["--lib", "--bins", "--tests"]);
    }
    tests.args(&arguments.filter);
    hand_over(&mut tests, &cluster, &bin).run()?;
    if arguments.filter.is_none() && arguments.package.is_none() {
        let mut doctests = Cmd::cargo(["test", "--locked", "--workspace", "--doc", "--quiet"]);
        hand_over(&mut doctests, &cluster, &bin).run()?;
        // Built with the features of the workspace, as the tests were: by itself it would build most dependencies once more.
        Cmd::cargo(["build", "--locked", "--quiet", "--workspace", "--example", "embedded"]).run()?;
        Cmd::new(bin.join("examples/embedded")).run()?;
    }
    Ok(())
}

fn hand_over<'a>(tests: &'a mut Cmd, cluster: &Cluster, bin: &std::path::Path) -> &'a mut Cmd {
    tests
        .env("CRM_SYNC_TEST_POSTGRES", cluster.url("postgres"))
        .env("CRM_SYNC_TEST_SERVER", bin.join("crm-sync"))
        .env("CRM_SYNC_TEST_MOCK_CRM", bin.join("mock-crm"))
}

/// What drives the console. Debian keeps browser and driver in step.
pub(crate) fn install_browser() -> Result<()> {
    for (program, package) in [("chromium", "chromium"), ("chromedriver", "chromium-driver")] {
        if !Cmd::new(program).args(["--version"]).succeeds() {
            debian::install(package, &format!("{program}, to drive the console"))?;
        }
    }
    Ok(())
}

/// As `tests/src/clock.rs` looks for it.
fn has_faketime() -> bool {
    let directories = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    directories.map(|directory| directory.path()).any(|path| path.join("faketime/libfaketimeMT.so.1").exists())
}
