//! The commands beside `serve`.

pub(crate) mod after_restore;
pub(crate) mod backup;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod keys;
pub(crate) mod maintenance;
pub(crate) mod moving;
pub(crate) mod syncs;

use anyhow::{Result, bail};
use sync_core::id::{AccountId, SyncId};
use sync_core::key::Account;
use sync_core::page::{PAGE_MAX, PageRequest, SyncPlace};
use sync_core::ports::{Store, StoreResult};
use sync_core::sync::SyncConfig;
use sync_engine::Engine;

/// The account that a command works on: there must be exactly one, or one of this name.
pub(crate) async fn account(engine: &Engine) -> Result<Account> {
    let accounts = engine.store().accounts().await?;
    match accounts.as_slice() {
        [] => bail!("the database holds no account yet: start `crm-sync serve` once"),
        [account, ..] => Ok(account.clone()),
    }
}

/// All syncs of an account.
pub(crate) async fn all_syncs(store: &dyn Store, account: AccountId) -> StoreResult<Vec<SyncConfig>> {
    let (mut found, mut page) = (Vec::new(), PageRequest::first(PAGE_MAX));
    loop {
        let syncs = store.syncs(account, page.clone()).await?;
        page.after = syncs.items.last().map(SyncPlace::from);
        found.extend(syncs.items);
        if !syncs.has_next {
            return Ok(found);
        }
    }
}

/// A sync of any account by its id, or by its friendly name where that is unique.
pub(crate) async fn sync_named(engine: &Engine, name: &str) -> Result<SyncConfig> {
    let id = name.parse::<SyncId>().ok();
    let mut found = Vec::new();
    for account in engine.store().accounts().await? {
        match id {
            Some(id) => found.extend(engine.store().syncs_by_ids(account.id, &[id]).await?),
            None => found.extend(all_syncs(engine.store().as_ref(), account.id).await?),
        }
    }
    found.retain(|sync| id.is_some() || sync.friendly_name == name);
    match found.len() {
        0 => bail!("--sync: there is no sync with the id or friendly name `{name}`; `crm-sync syncs` lists them"),
        1 => Ok(found.remove(0)),
        several => {
            bail!("--sync: {several} syncs are called `{name}`; give the id instead, which `crm-sync syncs` lists")
        }
    }
}
