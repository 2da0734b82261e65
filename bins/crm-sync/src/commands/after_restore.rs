//! `after-restore`: what has to be done before an older copy of a database is worked on again.

use super::all_syncs;
use crate::compose::{self, Missing};
use crate::config::Config;
use crate::tell::{note, say};
use crate::words::counted;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use std::collections::BTreeMap;
use sync_core::decide::SyncRules;
use sync_core::ports::{Store, StoreError};
use sync_core::provenance::{Noted, Obstacle};
use sync_core::sync::SyncConfig;

/// Links of one transaction.
const ROWS: usize = 1000;
/// After how many links it is said how far it has come.
const TOLD_EVERY: usize = 20_000;

#[derive(Args)]
pub(crate) struct AfterRestore {
    /// Nothing can have been lost: the server was stopped before the copy was made, or a synchronous standby took over. Nothing
    /// is marked then
    #[arg(long)]
    nothing_lost: bool,
}

pub(crate) async fn run(config: &Config, arguments: &AfterRestore) -> Result<()> {
    let store = compose::store(config, Missing::Refuse).await?;
    store.hold_alone("crm-sync after-restore").await.map_err(|error| match error {
        // What it marks, another process would change meanwhile: a database of its own is no way out.
        StoreError::Held(who) => anyhow!("another process works on the database {who}: stop it, then run this again"),
        error => anyhow::Error::new(error).context("it must be the only one that works on the database"),
    })?;
    compose::make_ready(config, store.as_ref()).await?;
    let (noted, found) = store.provenance().await?;
    if let Some(obstacle @ (Obstacle::MovedTo(_) | Obstacle::HalfMoved(_))) = noted.obstacle(found.as_ref()) {
        bail!("{obstacle}");
    }
    if arguments.nothing_lost {
        if noted.restoring {
            bail!("`crm-sync after-restore` was begun without --nothing-lost: run it again without");
        }
        store.note_provenance(&noted.at_home(found)).await?;
        say!("nothing was marked: `crm-sync serve` goes on with the database as it is");
        return Ok(());
    }
    let begun = store.begin_restore().await?;
    let links = store.totals().await?.links.by_state.iter().sum::<i64>();
    mark(store.as_ref(), links).await?;
    let now = store.now().await?;
    store.note_provenance(&Noted { restored_at: Some(now), ..noted.at_home(found) }).await?;
    say!(
        "marked {} of {}: nothing is believed to be in step, and is sent once.",
        counted(links, "link", "links"),
        counted(begun.syncs, "sync", "syncs")
    );
    say!("{} ended.", counted(begun.sessions, "session of the console was", "sessions of the console were"));
    tell_syncs(store.as_ref()).await?;
    tell_keys(store.as_ref()).await?;
    say!(
        "\nWhat cannot be known: who was deleted or erased since the copy is back in it, as are syncs, rules and keys as they \
         were then; who was added since is missing until it is pushed again. Records that were deleted since show as *missing \
         record*: RECREATE acts as PARK.\n\
         Start `crm-sync serve`, push everybody again who was changed since the copy, delete again who was deleted, then release \
         the hold RESTORED of each sync (releaseHold). docs/operations.md tells more."
    );
    Ok(())
}

/// Works the sweeps here, so that nobody claims a link that is not marked yet.
async fn mark(store: &dyn Store, links: i64) -> Result<()> {
    let (mut done, mut told) = (0, 0);
    while store.work_sweep(ROWS).await.context("run it again, it goes on where it was")? {
        done += ROWS;
        if done - told >= TOLD_EVERY {
            told = done;
            note!(
                "about {} of {} marked",
                done.min(usize::try_from(links).unwrap_or(done)),
                counted(links, "link", "links")
            );
        }
    }
    Ok(())
}

async fn tell_syncs(store: &dyn Store) -> Result<()> {
    let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for account in store.accounts().await? {
        for sync in all_syncs(store, account.id).await? {
            by_kind.entry(kind(&sync)).or_default().push(sync.friendly_name);
        }
    }
    for (kind, names) in by_kind {
        say!("{kind}: {}", names.join(", "));
    }
    Ok(())
}

fn kind(sync: &SyncConfig) -> &'static str {
    let rules = SyncRules::of(sync);
    if rules.lookup {
        "Whoever is not known to be linked is looked up before a create"
    } else if rules.chosen_id {
        "Whoever is not known to be linked is made again at the id that is chosen for it"
    } else {
        "Creates are held, since nothing tells them from those since the copy (set up a lookup, or release the hold)"
    }
}

async fn tell_keys(store: &dyn Store) -> Result<()> {
    say!("These API keys are valid; some may have been revoked since the copy (`crm-sync keys revoke ID`):");
    for account in store.accounts().await? {
        for key in store.keys(account.id).await?.into_iter().filter(|key| key.revoked_at.is_none()) {
            let used = key.last_used_at.map_or("never used".to_owned(), |at| format!("last used {at}"));
            let role = format!("{:?}", key.role).to_uppercase();
            say!("  {}  {role:<6}  {}…  {}  (made {}, {used})", key.id, key.prefix, key.name, key.created_at);
        }
    }
    Ok(())
}
