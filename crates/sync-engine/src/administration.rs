//! What administrators do with syncs: configure, pause, resync, retry, preview, test.

use crate::compiled::{CompiledSync, in_words};
use crate::dispatch::Unusable;
use crate::error::{EngineError, EngineResult};
use crate::{AccountScope, Engine};
use secrecy::SecretString;
use sync_core::fault::Fault;
use sync_core::governor::Wish;
use sync_core::governor::brake::BrakeKind;
use sync_core::id::SyncId;
use sync_core::link::{Link, ParkReason, StateName};
use sync_core::page::{PageRequest, SyncPlace};
use sync_core::patch::{Merged, SyncPatch, Unmerged, merge, rule_field};
use sync_core::ports::{LinkFilter, ResyncScope, RetryFilter, SetResult, StoreError, SweepKind};
use sync_core::sync::{Sealed, Settings, SyncConfig};

/// What becomes of existing links when a rule's origin changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedLinks {
    /// The new origin knows the same unique ids.
    Keep,
    /// Everybody is new there.
    Forget,
}

/// How many links or syncs are read at once where all are looked at.
const LOOKED_AT_ONCE: usize = 500;
/// Among how many owed people somebody is looked for to probe with.
const PROBES_LOOKED_AT: usize = 50;
/// How often a patch without `ifRevision` is merged anew when somebody else was faster.
const MERGES_MAX: usize = 10;

impl AccountScope {
    /// Makes a sync. It may have its name alone; it sends nothing until the create rule is set up.
    pub async fn create_sync(&self, patch: &SyncPatch, include_existing: bool) -> EngineResult<SyncConfig> {
        let config = self.checked(SyncId(self.engine.new_id()), patch)?;
        self.store().create_sync(&config, include_existing).await?;
        Ok(config)
    }

    /// A new sync that may be saved, and is not yet.
    pub(crate) fn checked(&self, id: SyncId, patch: &SyncPatch) -> EngineResult<SyncConfig> {
        let merged = merge(None, patch, &self.seal(id)).map_err(|unmerged| self.all_faults(id, unmerged, None))?;
        let config = self.unsaved(id, merged.friendly_name, merged.settings);
        self.check(config.clone(), None)?;
        Ok(config)
    }

    /// Changes a sync. Without `if_revision` the last writer wins.
    pub async fn update_sync(
        &self,
        id: SyncId,
        patch: &SyncPatch,
        if_revision: Option<i32>,
        links: Option<MovedLinks>,
    ) -> EngineResult<SyncConfig> {
        for _ in 0..MERGES_MAX {
            let saved = self.sync(id).await?;
            if let Some(expected) = if_revision
                && expected != saved.revision
            {
                return Err(revision_conflict(expected, saved.revision));
            }
            let merged = merge(Some((&saved.friendly_name, &saved.settings)), patch, &self.seal(id))
                .map_err(|unmerged| self.all_faults(id, unmerged, Some(&saved.settings)))?;
            let compiled = SyncConfig {
                friendly_name: merged.friendly_name.clone(),
                settings: merged.settings.clone(),
                ..saved.clone()
            };
            self.check(compiled, Some(&saved.settings))?;
            let sweeps = self.sweeps_of(&saved, &merged, links).await?;
            let set = self
                .store()
                .update_sync(self.account, id, saved.revision, &merged.friendly_name, &merged.settings, &sweeps)
                .await?;
            match set {
                SetResult::Set(config) => {
                    self.engine.wake();
                    return Ok(config);
                }
                SetResult::NotFound => return Err(EngineError::NotFound("sync")),
                SetResult::Conflict(now) => {
                    if let Some(expected) = if_revision {
                        return Err(revision_conflict(expected, now.revision));
                    }
                }
            }
        }
        Err(EngineError::Conflict("others change this sync all the time: try again".to_owned()))
    }

    /// What an edit does to existing links: an edit of rules, authentication, unique id or lookup un-parks; friendly name
    /// and limits do not.
    async fn sweeps_of(
        &self,
        saved: &SyncConfig,
        merged: &Merged,
        links: Option<MovedLinks>,
    ) -> EngineResult<Vec<SweepKind>> {
        let mut sweeps = Vec::new();
        if !merged.moved.is_empty() {
            match links {
                Some(MovedLinks::Keep) => {}
                Some(MovedLinks::Forget) => sweeps.push(SweepKind::Forget),
                None => {
                    let runtimes = self.store().runtimes(self.account, &[saved.id]).await?;
                    let linked = runtimes.first().map_or(0, |(_, runtime)| {
                        runtime.counts.by_state.iter().sum::<i64>()
                            - runtime.counts.of(sync_core::link::StateName::Unlinked)
                    });
                    if linked > 0 {
                        let names: Vec<_> = merged.moved.iter().map(|&operation| rule_field(operation)).collect();
                        return Err(EngineError::Conflict(format!(
                            "{} moved to another origin while {linked} people are linked: say with links what becomes \
                             of them, KEEP (the new origin knows the same unique ids) or FORGET (everybody is new there)",
                            names.join(", ")
                        )));
                    }
                    // What the old origin answers to a first create that is under way means nothing at the new one.
                    sweeps.push(SweepKind::Forget);
                }
            }
        }
        let sends_otherwise = |settings: &Settings| Settings {
            limits: sync_core::sync::Limits::default(),
            dropped_secrets: None,
            ..settings.clone()
        };
        if sends_otherwise(&saved.settings) != sends_otherwise(&merged.settings) {
            sweeps.push(SweepKind::Edit);
        }
        Ok(sweeps)
    }

    /// Deletes a sync with its links and logs, in the background. The records in the external system stay.
    pub async fn delete_sync(&self, id: SyncId) -> EngineResult<()> {
        if !self.store().delete_sync(self.account, id).await? {
            return Err(EngineError::NotFound("sync"));
        }
        self.engine.inner.dispatching.cache.forget(self.account, id);
        self.engine.wake();
        Ok(())
    }

    /// Stops sending; at most what is leased already still goes.
    pub async fn pause_sync(&self, id: SyncId) -> EngineResult<SyncConfig> {
        self.set_paused(id, true).await
    }

    /// Ends a pause. On a suspended sync: probes now.
    pub async fn resume_sync(&self, id: SyncId) -> EngineResult<SyncConfig> {
        let config = self.set_paused(id, false).await?;
        self.let_one_be_due(id).await.map_err(EngineError::after_a_part)?;
        Ok(config)
    }

    /// A probe of a suspended sync needs somebody who is due: where everybody backs off, one of those who failed least is made
    /// due.
    async fn let_one_be_due(&self, id: SyncId) -> EngineResult<()> {
        let runtimes = self.store().runtimes(self.account, &[id]).await?;
        if !runtimes.iter().any(|(_, runtime)| runtime.governor.is_suspended()) {
            return Ok(());
        }
        let filter = LinkFilter { owed: Some(true), ..LinkFilter::default() };
        let page = PageRequest { after: None, first: PROBES_LOOKED_AT };
        let owed = self.store().links(self.account, id, &filter, page).await?.items;
        let now = self.engine.inner.dispatching.around.clock.now();
        if owed.iter().any(|link| link.claimable_at().is_some_and(|at| at <= now)) {
            return Ok(());
        }
        if let Some(link) = owed.into_iter().min_by_key(|link| link.tries) {
            let people = Some(vec![link.id.person]);
            self.retry(&RetryFilter { sync: Some(id), people, ..RetryFilter::default() }).await?;
        }
        Ok(())
    }

    async fn set_paused(&self, id: SyncId, paused: bool) -> EngineResult<SyncConfig> {
        match self.store().set_paused(self.account, id, paused).await? {
            SetResult::Set(config) | SetResult::Conflict(config) => {
                self.engine.wake();
                Ok(config)
            }
            SetResult::NotFound => Err(EngineError::NotFound("sync")),
        }
    }

    /// Marks people as owed to a sync. Returns how many, as things stand; they are marked in the background.
    pub async fn resync(&self, id: SyncId, scope: ResyncScope, force: bool) -> EngineResult<i64> {
        let marked = self.store().resync(self.account, id, scope, force).await?;
        self.engine.wake();
        marked.ok_or(EngineError::NotFound("sync"))
    }

    /// Un-parks links and ends the wait of those backing off. Returns how many.
    pub async fn retry(&self, filter: &RetryFilter) -> EngineResult<i64> {
        if let Some(sync) = filter.sync {
            self.sync(sync).await?;
        }
        let (mut marked, mut after) = (0, None);
        loop {
            let retried = self.store().retry(self.account, filter, after.as_ref()).await;
            let retried = retried.map_err(|error| after_some(error, marked))?;
            marked += retried.marked as i64;
            self.engine.wake();
            after = retried.last;
            if after.is_none() {
                return Ok(marked);
            }
        }
    }

    /// An administrator's own "nothing was created there": creates Uncertain and Unaddressable links anew. `expected` is
    /// how many the filter names; with another number nothing happens.
    pub async fn create_again(&self, filter: &RetryFilter, expected: i64) -> EngineResult<i64> {
        if filter.sync.is_none() && filter.people.is_none() && filter.reasons.is_none() {
            let message = "names nobody; createAgain needs syncId, personIds or parkedCodes";
            return Err(EngineError::invalid(Fault::at(["filter"], message)));
        }
        let syncs = match filter.sync {
            Some(id) => vec![self.sync(id).await?],
            None => self.all_syncs().await?,
        };
        let mut named: Vec<Link> = Vec::new();
        for sync in syncs {
            for state in [StateName::Uncertain, StateName::Unaddressable] {
                named.extend(self.named(sync.id, state, filter).await?);
            }
        }
        let found = named.len() as i64;
        if found != expected {
            return Err(EngineError::Conflict(format!(
                "the filter names {found} uncertain or unaddressable links, not {expected}: look at them again"
            )));
        }
        let mut marked = 0;
        for link in named {
            let one = RetryFilter { sync: Some(link.id.sync), people: Some(vec![link.id.person]), ..filter.clone() };
            let retried = self.store().retry(self.account, &one, None).await;
            marked += retried.map_err(|error| after_some(error, marked))?.marked as i64;
        }
        self.engine.wake();
        Ok(marked)
    }

    /// The links of a sync in a state that are owed or parked, as a filter names them.
    async fn named(&self, sync: SyncId, state: StateName, filter: &RetryFilter) -> EngineResult<Vec<Link>> {
        let (mut named, mut page) = (Vec::new(), PageRequest::first(LOOKED_AT_ONCE));
        let wanted = LinkFilter { state: Some(state), ..LinkFilter::default() };
        loop {
            let found = self.store().links(self.account, sync, &wanted, page.clone()).await?;
            page.after = found.items.last().map(|link| link.id.person.clone());
            named.extend(found.items.into_iter().filter(|link| {
                let reason = link.parked.as_ref().map(|parked| parked.reason);
                let asked = |reasons: &Vec<ParkReason>| reason.is_some_and(|reason| reasons.contains(&reason));
                (link.is_owed() || reason.is_some())
                    && filter.people.as_ref().is_none_or(|people| people.contains(&link.id.person))
                    && filter.reasons.as_ref().is_none_or(asked)
            }));
            if !found.has_next {
                return Ok(named);
            }
        }
    }

    async fn all_syncs(&self) -> EngineResult<Vec<SyncConfig>> {
        let (mut syncs, mut page) = (Vec::new(), PageRequest::first(LOOKED_AT_ONCE));
        loop {
            let found = self.store().syncs(self.account, page.clone()).await?;
            page.after = found.items.last().map(SyncPlace::from);
            syncs.extend(found.items);
            if !found.has_next {
                return Ok(syncs);
            }
        }
    }

    /// Forgets the links of a paused sync whose external system was emptied. `expected` is how many of them are not
    /// Unlinked; with another number nothing happens.
    pub async fn forget_links(&self, id: SyncId, expected: i64) -> EngineResult<i64> {
        let sync = self.sync(id).await?;
        if !sync.paused {
            let message = "the sync is not paused: pause it, so that nothing is sent while its links are forgotten";
            return Err(EngineError::Conflict(message.to_owned()));
        }
        let runtimes = self.store().runtimes(self.account, &[id]).await?;
        let linked = runtimes.first().map_or(0, |(_, runtime)| {
            runtime.counts.by_state.iter().sum::<i64>() - runtime.counts.of(StateName::Unlinked)
        });
        if linked != expected {
            return Err(EngineError::Conflict(format!(
                "{linked} links of the sync are not UNLINKED (its stats: linked, uncertain, leaving and unaddressable), not \
                 {expected}: look at them again"
            )));
        }
        if !self.store().sweep(self.account, id, SweepKind::ForgetHere).await? {
            return Err(EngineError::NotFound("sync"));
        }
        self.engine.wake();
        Ok(linked)
    }

    /// Ends one hold of a sync: of its limit (`None`), or a brake.
    pub async fn release_hold(
        &self,
        id: SyncId,
        kind: Option<BrakeKind>,
        if_revision: Option<i32>,
    ) -> EngineResult<SyncConfig> {
        let sync = self.sync(id).await?;
        if let Some(expected) = if_revision
            && expected != sync.revision
        {
            return Err(revision_conflict(expected, sync.revision));
        }
        self.store().govern(self.account, id, &kind.map_or(Wish::ReleaseLimit, Wish::Release)).await?;
        self.engine.wake();
        Ok(sync)
    }

    /// A sync by its id.
    pub async fn sync(&self, id: SyncId) -> EngineResult<SyncConfig> {
        self.store().syncs_by_ids(self.account, &[id]).await?.pop().ok_or(EngineError::NotFound("sync"))
    }

    /// A sync's warnings: rules that are right, but cost more requests than one may expect.
    pub async fn warnings(&self, config: &SyncConfig) -> Vec<String> {
        match self.engine.inner.dispatching.compiled(self.account, config.id, config.revision).await {
            Ok(Some(sync)) => sync.warnings(&self.engine.templates().sample_person()),
            _ => Vec::new(),
        }
    }

    /// Why a sync can send nothing at all, in words: a secret is missing or cannot be opened, or its rules do not compile
    /// any more.
    pub async fn blocked(&self, config: &SyncConfig) -> Option<String> {
        match self.engine.inner.dispatching.compiled(self.account, config.id, config.revision).await {
            Ok(Some(sync)) => sync.blocked.clone(),
            Err(Unusable::Faults(faults)) => Some(faults),
            Ok(None) | Err(Unusable::Store(_)) => None,
        }
    }

    /// Checks what is to be saved, beside what was saved before.
    fn check(&self, config: SyncConfig, saved: Option<&Settings>) -> EngineResult<()> {
        let compiled = CompiledSync::compile(config, self.engine.templates(), &self.engine.inner.dispatching.vault)
            .map_err(EngineError::Invalid)?;
        let objections = compiled.objections(saved);
        if objections.is_empty() { Ok(()) } else { Err(EngineError::Invalid(objections)) }
    }

    /// What is wrong with a patch, and with the templates of what it would come to: all at once.
    fn all_faults(&self, id: SyncId, unmerged: Box<Unmerged>, saved: Option<&Settings>) -> EngineError {
        let Unmerged { mut faults, settings } = *unmerged;
        let config = self.unsaved(id, String::new(), settings);
        if let Err(EngineError::Invalid(more)) = self.check(config, saved) {
            // At the list of headers: their positions may have moved.
            let told: Vec<_> =
                faults.iter().map(|fault| fault.path.iter().take(2).cloned().collect::<Vec<_>>()).collect();
            faults.extend(more.into_iter().filter(|fault| !told.iter().any(|told| fault.path.starts_with(told))));
        }
        EngineError::Invalid(faults)
    }

    pub(crate) fn seal(&self, id: SyncId) -> impl Fn(&SecretString) -> Sealed + use<'_> {
        let vault = &self.engine.inner.dispatching.vault;
        move |secret| vault.seal(id, secret)
    }
}

/// What a call fails with that has marked so many links already.
fn after_some(error: StoreError, marked: i64) -> EngineError {
    let error = EngineError::from(error);
    if marked > 0 { error.after_a_part() } else { error }
}

fn revision_conflict(expected: i32, found: i32) -> EngineError {
    EngineError::Conflict(format!(
        "the sync has revision {found}, not {expected}: somebody changed it meanwhile. Read it again, then change it"
    ))
}

impl Engine {
    /// Why nothing can be compiled, in words: for `doctor`.
    pub async fn unusable_syncs(&self) -> EngineResult<Vec<(SyncConfig, String)>> {
        let mut unusable = Vec::new();
        for account in self.store().accounts().await? {
            let mut page = sync_core::page::PageRequest::first(100);
            loop {
                let found = self.store().syncs(account.id, page.clone()).await?;
                page.after = found.items.last().map(SyncPlace::from);
                for config in found.items {
                    match CompiledSync::compile(config.clone(), self.templates(), &self.inner.dispatching.vault) {
                        Ok(sync) => unusable.extend(sync.blocked.map(|why| (config, why))),
                        Err(faults) => unusable.push((config, in_words(&faults))),
                    }
                }
                if !found.has_next {
                    break;
                }
            }
        }
        Ok(unusable)
    }
}
