//! Which crate may use which: the arrows of ARCHITECTURE.md, held against `cargo metadata`.

use crate::run::Cmd;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;

/// A crate, what it may depend on, and what its tests may besides. Those that are missing may use anything.
const ALLOWED: &[(&str, &[&str], &[&str])] = &[
    ("sync-core", &[], &[]),
    ("sync-engine", &["sync-core"], &["testkit", "store-memory"]),
    ("store-memory", &["sync-core"], &["testkit"]),
    ("store-sqlite", &["sync-core"], &["testkit", "store-memory"]),
    ("store-postgres", &["sync-core"], &["testkit", "store-memory"]),
    ("dispatch-http", &["sync-core"], &["testkit"]),
    ("template-liquid", &["sync-core"], &["testkit"]),
    ("api-graphql", &["sync-engine", "sync-core"], &["testkit", "store-memory", "template-liquid", "dispatch-http"]),
    ("testkit", &["sync-core", "store-memory"], &[]),
    ("console", &[], &[]),
    ("xtask", &[], &[]),
];

/// Binaries, `tests` and `examples` are wired freely; but only tests use the testkit.
const FREE: &[&str] = &["crm-sync", "mock-crm", "product-tests", "sim", "console-tests", "examples"];
const TESTS: &[&str] = &["product-tests", "sim", "console-tests"];

pub(crate) fn check() -> Result<()> {
    let metadata = Cmd::cargo(["metadata", "--no-deps", "--format-version", "1", "--locked"]).output()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut wrong = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        let rule = ALLOWED.iter().find(|(of, ..)| *of == name);
        if rule.is_none() && !FREE.contains(&name) {
            wrong.push(format!("{name} is new: say in xtask/src/edges.rs and ARCHITECTURE.md what it may use"));
            continue;
        }
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or("");
            if !ours.contains(used) {
                continue;
            }
            let in_tests = dependency["kind"] == "dev";
            let allowed = match rule {
                Some((_, always, tests)) => always.contains(&used) || (in_tests && tests.contains(&used)),
                None => used != "testkit" || in_tests || TESTS.contains(&name),
            };
            if !allowed {
                wrong.push(format!("{name} must not use {used}"));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("arrows between crates that ARCHITECTURE.md does not have:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}
