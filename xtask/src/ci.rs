//! `ci`: everything that must hold before a change lands.

use crate::run::{Cmd, root};
use crate::{edges, test};
use anyhow::{Context, Result, bail};
use std::time::Instant;

/// The version of cargo-deny that is installed where there is none.
const CARGO_DENY: &str = "0.20.2";

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("format", || Cmd::cargo(["fmt", "--all", "--check"]).run()),
    ("edges between crates", edges::check),
    ("clippy", || Cmd::cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]).run()),
    ("a server without traces", || {
        Cmd::cargo(["clippy", "-p", "crm-sync", "--no-default-features", "--locked", "--", "-D", "warnings"]).run()
    }),
    ("deny: bans, licenses, sources", deny),
    ("tests", || test::run(&test::Arguments::default())),
    ("docs", || {
        let mut doc = Cmd::cargo(["doc", "--workspace", "--no-deps", "--locked", "--document-private-items"]);
        doc.env("RUSTDOCFLAGS", "-D warnings").run()
    }),
    ("schema drift", schema),
];

pub(crate) fn run() -> Result<()> {
    let begun = Instant::now();
    for (name, step) in STEPS {
        eprintln!("\nxtask ci: {name}");
        let at = Instant::now();
        step().with_context(|| format!("ci: {name}"))?;
        eprintln!("xtask ci: {name} took {} s", at.elapsed().as_secs());
    }
    eprintln!("\nxtask ci: all is well after {} s", begun.elapsed().as_secs());
    Ok(())
}

fn deny() -> Result<()> {
    if !Cmd::cargo(["deny", "--version"]).succeeds() {
        eprintln!("xtask: installing cargo-deny {CARGO_DENY}");
        Cmd::cargo(["install", "cargo-deny", "--locked", "--version", CARGO_DENY]).run()?;
    }
    // Advisories need a database from the network, which not every machine reaches.
    Cmd::cargo(["deny", "--locked", "check", "bans", "licenses", "sources"]).run()
}

fn schema() -> Result<()> {
    let served = Cmd::cargo(["run", "--locked", "--quiet", "-p", "crm-sync", "--", "schema"]).output()?;
    let committed = std::fs::read_to_string(root().join("schema.graphql")).context("schema.graphql")?;
    if served != committed {
        bail!("schema.graphql is not what is served: run `cargo xtask schema` and commit it");
    }
    Ok(())
}
