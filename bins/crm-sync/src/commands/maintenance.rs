//! Maintenance on a given database: the same commands that `cargo xtask` forwards to.

use super::sync_named;
use crate::compose;
use crate::config::Config;
use crate::secret_key;
use crate::tell::{note, say};
use crate::words::counted;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use std::time::Duration;
use sync_core::link::StateName;
use sync_core::ports::{ResyncScope, Retention, RetryFilter};

/// Rows of one transaction.
const ROWS: usize = 1000;

#[derive(Args)]
pub(crate) struct PruneLogs {
    /// Remove entries older than this, such as 30days or 12h
    #[arg(long, value_name = "DURATION", value_parser = age)]
    older_than: Duration,
}

fn age(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text.trim())
        .map_err(|_| "write a number with its unit, such as 30days, 12h or 90m".to_owned())
}

#[derive(Args)]
pub(crate) struct OfSync {
    /// The sync's id or friendly name, as `crm-sync syncs` lists them
    #[arg(long, value_name = "SYNC")]
    sync: String,
}

#[derive(Args)]
pub(crate) struct Resync {
    #[command(flatten)]
    of: OfSync,
    /// Whom to mark
    #[arg(long, value_enum, default_value = "all")]
    scope: Scope,
    /// Send requests that equal the last accepted one too
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Scope {
    All,
    Unlinked,
    Parked,
}

pub(crate) async fn migrate(config: &Config) -> Result<()> {
    let store = compose::store(config, compose::Missing::Make).await?;
    store.migrate().await.context("cannot bring the schema up to date")?;
    say!("the schema is up to date");
    Ok(())
}

pub(crate) async fn prune_logs(config: &Config, arguments: &PruneLogs) -> Result<()> {
    let store = compose::ready_store(config).await?;
    let retention = Retention { successes: arguments.older_than, failures: arguments.older_than };
    let mut removed = 0;
    loop {
        let rows = store.prune_logs(&retention, ROWS).await?;
        removed += rows;
        if rows > 0 {
            note!("removed {} so far", counted(removed, "row", "rows"));
        }
        if rows < ROWS {
            break;
        }
    }
    say!(
        "removed {} (log entries and changes) older than {}",
        counted(removed, "row", "rows"),
        humantime::format_duration(arguments.older_than)
    );
    Ok(())
}

pub(crate) async fn retry(config: &Config, arguments: &OfSync) -> Result<()> {
    let engine = compose::idle_engine(config, compose::ready_store(config).await?)?;
    let sync = sync_named(&engine, &arguments.sync).await?;
    let filter = RetryFilter { sync: Some(sync.id), people: None, ..RetryFilter::default() };
    let marked = engine.account(sync.account).retry(&filter).await?;
    let links = counted(marked, "link", "links");
    say!("marked {links} of `{}` as due now; a running server sends what is due", sync.friendly_name);
    Ok(())
}

pub(crate) async fn resync(config: &Config, arguments: &Resync) -> Result<()> {
    let engine = compose::idle_engine(config, compose::ready_store(config).await?)?;
    let sync = sync_named(&engine, &arguments.of.sync).await?;
    let scope = match arguments.scope {
        Scope::All => ResyncScope::All,
        Scope::Unlinked => ResyncScope::Unlinked,
        Scope::Parked => ResyncScope::Parked,
    };
    let marked = engine.account(sync.account).resync(sync.id, scope, arguments.force).await?;
    let people = counted(marked, "person is", "people are");
    say!("{people} being marked as owed to `{}`; a running server sends what is owed", sync.friendly_name);
    Ok(())
}

pub(crate) async fn stats(config: &Config) -> Result<()> {
    let totals = compose::ready_store(config).await?.totals().await?;
    say!("accounts     {}", totals.accounts);
    say!("people       {}", totals.people);
    say!("syncs        {}", totals.syncs);
    for state in StateName::ALL {
        say!("links        {} {}", totals.links.of(state), format!("{state:?}").to_lowercase());
    }
    say!("owed         {}", totals.links.owed);
    say!("parked       {}", totals.links.parked);
    say!("log entries  {}", totals.log_entries);
    Ok(())
}

pub(crate) async fn rotate_secrets(config: &Config) -> Result<()> {
    let store = compose::ready_store(config).await?;
    let vault = secret_key::vault(config, compose::Missing::Refuse)?;
    let written = store
        .reseal(std::sync::Arc::new(vault))
        .await
        .context("cannot seal all secrets anew; give the former key in CRM_SYNC_SECRET_KEY_PREVIOUS")?;
    say!("the secrets of {} were sealed with the present key", counted(written, "sync or alert", "syncs and alerts"));
    Ok(())
}
