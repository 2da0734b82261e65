//! `syncs`: lists the syncs, with their ids and how each stands.

use super::all_syncs;
use crate::compose;
use crate::config::Config;
use crate::tell::say;
use crate::words::counted;
use anyhow::Result;
use std::fmt;
use sync_core::counts::LinkCounts;
use sync_core::governor::brake::BrakeKind;
use sync_core::governor::{Breaker, Governor};
use sync_core::key::Account;
use sync_core::plan::next::NextRequests;
use sync_core::ports::{Store, SyncRuntime};
use sync_core::sync::{Operation, SyncConfig};
use sync_core::time::Timestamp;

/// How many syncs' counts are read at once.
const READ_AT_ONCE: usize = 100;

/// How a sync stands.
pub(crate) struct Standing {
    pub(crate) sync: SyncConfig,
    account: Account,
    counts: LinkCounts,
    /// `active`, `paused` or `suspended`, as the API calls it.
    status: &'static str,
    /// Why it is paused, suspended or held, each in words; empty: it flows.
    pub(crate) held: Vec<String>,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sync, account, counts, status, held } = self;
        let (owed, parked) = (counts.owed, counts.parked);
        let name = &sync.friendly_name;
        write!(f, "{}  {status:<9}  {name}  (account {}, {owed} owed, {parked} parked)", sync.id, account.name)?;
        let create = sync.settings.create.is_none().then(|| "sends nothing yet: set up Create Users".to_owned());
        let lacks = sync.settings.dropped_secrets.iter().chain(&create);
        held.iter().chain(lacks).try_for_each(|why| write!(f, "\n    {why}"))
    }
}

pub(crate) async fn list(config: &Config) -> Result<()> {
    let standings = standings(compose::ready_store(config).await?.as_ref()).await?;
    if standings.is_empty() {
        say!("there is no sync yet: set one up in the console of `crm-sync serve`, or by its API (createSync)");
    }
    for standing in standings {
        say!("{standing}");
    }
    Ok(())
}

/// Of all syncs, account by account.
pub(crate) async fn standings(store: &dyn Store) -> Result<Vec<Standing>> {
    let now = store.now().await?;
    let mut standings = Vec::new();
    for account in store.accounts().await? {
        for syncs in all_syncs(store, account.id).await?.chunks(READ_AT_ONCE) {
            let ids: Vec<_> = syncs.iter().map(|sync| sync.id).collect();
            let runtimes = store.runtimes(account.id, &ids).await?;
            let braked = runtimes.iter().filter(|(_, runtime)| runtime.governor.brakes().next().is_some());
            let braked: Vec<_> = braked.map(|(id, _)| *id).collect();
            let next = if braked.is_empty() { Vec::new() } else { store.next_requests(account.id, &braked).await? };
            for sync in syncs {
                // One that was deleted between the two is none any more.
                let Some((_, runtime)) = runtimes.iter().find(|(id, _)| *id == sync.id) else { continue };
                let next = next.iter().find(|(id, _)| *id == sync.id).map(|(_, next)| next);
                standings.push(Standing {
                    status: status(sync, &runtime.governor),
                    held: held(sync, runtime, next, now),
                    counts: runtime.counts,
                    sync: sync.clone(),
                    account: account.clone(),
                });
            }
        }
    }
    Ok(standings)
}

fn status(sync: &SyncConfig, governor: &Governor) -> &'static str {
    match (sync.paused, governor.is_suspended()) {
        (true, _) => "paused",
        (false, true) => "suspended",
        (false, false) => "active",
    }
}

/// `next` is what those who are owed need next, where a kind of request is held.
fn held(sync: &SyncConfig, runtime: &SyncRuntime, next: Option<&NextRequests>, now: Timestamp) -> Vec<String> {
    let governor = &runtime.governor;
    let mut held = Vec::new();
    if sync.paused {
        held.push("paused by an administrator".to_owned());
    }
    if let Breaker::Open { since, reason, .. } = &governor.breaker {
        held.push(format!("suspended since {since}: {reason}"));
    }
    if let Some(hold) = governor.pace.hold.as_ref().filter(|hold| hold.until > now) {
        held.push(format!("held until {}, {}: {}", hold.until, waiting(runtime.counts.owed, false), hold.reason));
    }
    if let Some(day) = governor.day_used_up(now, &sync.settings.limits) {
        held.push(format!("held until {}, {}: {}", day.until, waiting(runtime.counts.owed, false), day.reason));
    }
    held.extend(governor.brakes().map(|(operation, brake)| {
        let people = next.map(|next| waiting(next.behind(operation, brake.kind), next.is_cut()));
        let people = people.map_or_else(String::new, |people| format!(", {people}"));
        if brake.kind == BrakeKind::Restored {
            return format!(
                "doubtful creates are held since an older copy was restored ({}){people}: release them when everybody has \
                 been pushed again (docs/operations.md)",
                brake.since
            );
        }
        let which = match operation {
            Operation::Create => "creates",
            Operation::Update => "updates",
            Operation::Delete => "deletes",
            Operation::Lookup => "lookups",
        };
        // `None`: nothing but an edit or an administrator's release ends it.
        let until = brake.lets_at.map_or_else(|| "until an edit or a release".to_owned(), |at| format!("the next one goes at {at}"));
        format!("{which} are held since {}, {until}{people}: {}", brake.since, brake.reason)
    }));
    held
}

/// How many people a hold keeps waiting. `is_cut`: not all who are owed were looked at.
fn waiting(people: i64, is_cut: bool) -> String {
    let at_least = if is_cut { "at least " } else { "" };
    format!("{at_least}{}", counted(people, "person waits", "people wait"))
}
