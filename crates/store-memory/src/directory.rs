use crate::state::{State, SyncRow};
use crate::{MemoryStore, refused};
use async_trait::async_trait;
use std::sync::Arc;
use sync_core::chosen::{MadeSync, REMEMBERED, RememberedSync};
use sync_core::counts::LinkCounts;
use sync_core::governor::{Governor, Granted, Wish};
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::page::{Page, PageRequest, SyncPlace};
use sync_core::person::{Person, PersonChange, Version};
use sync_core::plan::next::{NextRequests, furthest};
use sync_core::plan::revise::revised;
use sync_core::plan::search;
use sync_core::plan::sweep::{INCLUDE_EXISTING, resyncs};
use sync_core::ports::{
    DirectoryStore, LinkFilter, PeopleFilter, Reseal, ResyncScope, SetResult, Signal, StoreError, StoreResult,
    SweepKind, SyncRuntime,
};
use sync_core::sync::{Settings, SyncConfig};

#[async_trait]
impl DirectoryStore for MemoryStore {
    async fn people(
        &self,
        account: AccountId,
        filter: &PeopleFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Person>> {
        let state = self.lock();
        let people = state
            .people_of(account, page.after.as_ref())
            .filter(|person| filter.include_deleted || !person.is_deleted())
            .filter(|person| filter.search.as_ref().is_none_or(|text| search::matches(person, text)))
            .take(page.first + 1);
        Ok(Page::of(people.cloned().collect(), page.first))
    }

    async fn people_by_ids(&self, account: AccountId, ids: &[PersonId]) -> StoreResult<Vec<Person>> {
        Ok(self.lock().people_among(account, ids).into_values().collect())
    }

    async fn people_count(&self, account: AccountId) -> StoreResult<i64> {
        Ok(self.lock().account(account).map_or(0, |row| row.people))
    }

    async fn person_changes(
        &self,
        account: AccountId,
        person: &PersonId,
        page: PageRequest<Version>,
    ) -> StoreResult<Page<PersonChange>> {
        let state = self.lock();
        let changes = state
            .changes
            .iter()
            .rev()
            .filter(|((of, id, _), _)| *of == account && id == person)
            .filter(|((_, _, version), _)| page.after.is_none_or(|after| *version < after))
            .map(|(_, change)| change.clone())
            .take(page.first + 1);
        Ok(Page::of(changes.collect(), page.first))
    }

    async fn create_sync(&self, sync: &SyncConfig, include_existing: bool) -> StoreResult<()> {
        let mut state = self.lock();
        if state.account(sync.account).is_none() {
            return Err(refused("create a sync", "no such account"));
        }
        if state.syncs.contains_key(&(sync.account, sync.id)) {
            return Err(refused("create a sync", "its id is taken"));
        }
        let row = SyncRow { config: sync.clone(), governor: Governor::default(), counts: LinkCounts::default() };
        state.syncs.insert((sync.account, sync.id), row);
        if include_existing {
            state.add_sweep(sync.account, sync.id, INCLUDE_EXISTING);
        }
        drop(state);
        self.publish(Signal::Changed);
        Ok(())
    }

    async fn create_sync_once(&self, sync: &SyncConfig, include_existing: bool, input: &str) -> StoreResult<MadeSync> {
        let mut state = self.lock();
        if state.account(sync.account).is_none() {
            return Err(refused("create a sync", "no such account"));
        }
        let key = (sync.account, sync.id);
        let there = state.syncs.get(&key).map(|row| row.config.clone());
        if let Some(found) = MadeSync::of(state.remembered_syncs.get(&key).cloned(), there) {
            return Ok(found);
        }
        let row = SyncRow { config: sync.clone(), governor: Governor::default(), counts: LinkCounts::default() };
        state.syncs.insert(key, row);
        let (account, id) = key;
        let remembered = RememberedSync { account, id, input: Some(input.to_owned()), deleted_at: None };
        state.remembered_syncs.insert(key, remembered);
        if include_existing {
            state.add_sweep(account, id, INCLUDE_EXISTING);
        }
        drop(state);
        self.publish(Signal::Changed);
        Ok(MadeSync::Made)
    }

    async fn forget_ids(&self, rows_max: usize) -> StoreResult<usize> {
        let now = self.clock_now();
        let mut state = self.lock();
        let is_old = |known: &RememberedSync| known.deleted_at.is_some_and(|at| now.since(at) >= REMEMBERED);
        let old = state.remembered_syncs.iter().filter(|(_, known)| is_old(known)).map(|(key, _)| *key);
        let old: Vec<_> = old.take(rows_max).collect();
        for key in &old {
            state.remembered_syncs.remove(key);
        }
        Ok(old.len())
    }

    async fn update_sync(
        &self,
        account: AccountId,
        id: SyncId,
        expected: i32,
        friendly_name: &str,
        settings: &Settings,
        sweeps: &[SweepKind],
    ) -> StoreResult<SetResult<SyncConfig>> {
        let now = self.clock_now();
        let mut state = self.lock();
        let Some(row) = state.sync(account, id) else { return Ok(SetResult::NotFound) };
        if row.config.revision != expected {
            return Ok(SetResult::Conflict(row.config.clone()));
        }
        let after = revised(&row.config, friendly_name, settings, now);
        let edited = |governor: &mut Governor| {
            governor.edited(&row.config.settings, &after.settings, after.revision, now);
            governor.sweeps_begun(sweeps);
        };
        let ((), lifted) = row.governor.change(edited);
        row.config = after.clone();
        for kind in lifted.iter().chain(sweeps) {
            state.add_sweep(account, id, *kind);
        }
        drop(state);
        self.publish(Signal::Changed);
        self.publish(Signal::Due);
        Ok(SetResult::Set(after))
    }

    async fn set_paused(&self, account: AccountId, id: SyncId, paused: bool) -> StoreResult<SetResult<SyncConfig>> {
        let now = self.clock_now();
        let mut state = self.lock();
        let Some(row) = state.sync(account, id) else { return Ok(SetResult::NotFound) };
        if row.config.paused != paused {
            row.config.paused = paused;
            row.config.updated_at = now;
        }
        if !paused {
            row.governor.probe_now(now);
        }
        let after = row.config.clone();
        drop(state);
        self.publish(Signal::Changed);
        if !paused {
            self.publish(Signal::Due);
        }
        Ok(SetResult::Set(after))
    }

    async fn delete_sync(&self, account: AccountId, id: SyncId) -> StoreResult<bool> {
        let now = self.clock_now();
        let mut state = self.lock();
        let Some(row) = state.sync(account, id) else { return Ok(false) };
        row.config.deleted_at = Some(now);
        let remembered = RememberedSync { account, id, input: None, deleted_at: Some(now) };
        state.remembered_syncs.insert((account, id), remembered);
        state.sweeps.retain(|_, sweep| (sweep.account, sweep.sync) != (account, id));
        state.later_marks.retain(|(of, _, sync), _| (*of, *sync) != (account, id));
        state.add_sweep(account, id, SweepKind::Delete);
        drop(state);
        self.publish(Signal::Changed);
        Ok(true)
    }

    async fn resync(
        &self,
        account: AccountId,
        id: SyncId,
        scope: ResyncScope,
        force: bool,
    ) -> StoreResult<Option<i64>> {
        let mut state = self.lock();
        if state.sync(account, id).is_none() {
            return Ok(None);
        }
        let count = count_resync(&state, account, id, scope);
        state.add_sweep(account, id, SweepKind::Resync { scope, force });
        Ok(Some(count))
    }

    async fn sweep(&self, account: AccountId, id: SyncId, kind: SweepKind) -> StoreResult<bool> {
        let mut state = self.lock();
        let found = state.sync(account, id).is_some();
        if found {
            state.add_sweep(account, id, kind);
        }
        Ok(found)
    }

    async fn govern(&self, account: AccountId, id: SyncId, wish: &Wish) -> StoreResult<Option<Granted>> {
        let now = self.clock_now();
        let mut state = self.lock();
        let Some(row) = state.sync(account, id) else { return Ok(None) };
        let (granted, lifted) = row.governor.change(|governor| governor.grant_wish(wish, now));
        if let Some(kind) = lifted {
            state.add_sweep(account, id, kind);
        }
        drop(state);
        self.publish(Signal::Due);
        Ok(Some(granted))
    }

    async fn resync_count(&self, account: AccountId, id: SyncId, scope: ResyncScope) -> StoreResult<i64> {
        let mut state = self.lock();
        Ok(if state.sync(account, id).is_some() { count_resync(&state, account, id, scope) } else { 0 })
    }

    async fn syncs(&self, account: AccountId, page: PageRequest<SyncPlace>) -> StoreResult<Page<SyncConfig>> {
        let state = self.lock();
        let follows = |sync: &SyncConfig| page.after.is_none_or(|after| SyncPlace::from(sync) < after);
        let mut syncs: Vec<_> = state.live_syncs(account).map(|row| &row.config).filter(|sync| follows(sync)).collect();
        syncs.sort_by_key(|sync| std::cmp::Reverse(SyncPlace::from(*sync)));
        Ok(Page::of(syncs.into_iter().take(page.first + 1).cloned().collect(), page.first))
    }

    async fn syncs_by_ids(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<SyncConfig>> {
        let state = self.lock();
        let syncs = state.live_syncs(account).filter(|row| ids.contains(&row.config.id));
        Ok(syncs.map(|row| row.config.clone()).collect())
    }

    async fn runtimes(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, SyncRuntime)>> {
        let state = self.lock();
        let syncs = state.live_syncs(account).filter(|row| ids.contains(&row.config.id));
        let runtime = |row: &SyncRow| SyncRuntime { governor: row.governor.clone(), counts: row.counts };
        Ok(syncs.map(|row| (row.config.id, runtime(row))).collect())
    }

    async fn next_requests(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, NextRequests)>> {
        let now = self.clock_now();
        let state = self.lock();
        let count = |row: &SyncRow| {
            let owed = state.links_of(account, row.config.id, None).filter(|link| link.is_owed()).cloned().collect();
            let owed = furthest(owed, Vec::new());
            let ids: Vec<_> = owed.iter().map(|link| link.id.person.clone()).collect();
            let people = state.people_among(account, &ids);
            (row.config.id, NextRequests::count(&row.config, &row.governor, owed, &people, now))
        };
        Ok(state.live_syncs(account).filter(|row| ids.contains(&row.config.id)).map(count).collect())
    }

    async fn links(
        &self,
        account: AccountId,
        sync: SyncId,
        filter: &LinkFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Link>> {
        let mut state = self.lock();
        if state.sync(account, sync).is_none() {
            return Ok(Page::of(Vec::new(), page.first));
        }
        let found = |link: &&Link| {
            let unique_id = link.state.unique_id().map(sync_core::link::UniqueId::as_str);
            filter.state.is_none_or(|state| link.state.name() == state)
                && filter.owed.is_none_or(|owed| link.is_owed() == owed)
                && filter.parked.is_none_or(|parked| link.parked.is_some() == parked)
                && filter.kept.is_none_or(|kept| link.notes().kept == kept)
                && filter.parked_reason.is_none_or(|reason| link.parked.as_ref().is_some_and(|p| p.reason == reason))
                && filter.person.as_ref().is_none_or(|person| link.id.person == *person)
                && filter.unique_id.as_ref().is_none_or(|wanted| unique_id == Some(wanted))
                && filter.search.as_ref().is_none_or(|text| {
                    state.person(account, &link.id.person).is_some_and(|person| search::matches(person, text))
                })
        };
        let links = state.links_of(account, sync, page.after.as_ref()).filter(found).take(page.first + 1);
        Ok(Page::of(links.cloned().collect(), page.first))
    }

    async fn links_of_people(&self, account: AccountId, people: &[PersonId]) -> StoreResult<Vec<Link>> {
        let state = self.lock();
        let links = state.live_syncs(account).flat_map(|sync| state.links_of(account, sync.config.id, None));
        Ok(links.filter(|link| people.contains(&link.id.person)).cloned().collect())
    }

    async fn links_by_ids(&self, ids: &[LinkId]) -> StoreResult<Vec<Link>> {
        let state = self.lock();
        Ok(state.links.iter().filter(|(id, _)| ids.contains(id)).map(|(_, link)| link.clone()).collect())
    }

    async fn reseal(&self, reseal: Arc<dyn Reseal>) -> StoreResult<usize> {
        let mut state = self.lock();
        let mut written = 0;
        for row in state.syncs.values_mut().filter(|row| row.config.deleted_at.is_none()) {
            let sealed = reseal
                .reseal(&row.config)
                .map_err(|source| StoreError::Internal { operation: "seal a sync's secrets anew", source })?;
            if let Some(settings) = sealed {
                row.config.settings = settings;
                written += 1;
            }
        }
        written += crate::alerts::reseal(&mut state, reseal.as_ref())?;
        drop(state);
        if written > 0 {
            self.publish(Signal::Changed);
        }
        Ok(written)
    }
}

fn count_resync(state: &State, account: AccountId, sync: SyncId, scope: ResyncScope) -> i64 {
    let link = |person: &PersonId| state.links.get(&LinkId { account, sync, person: person.clone() });
    let people = state.people_of(account, None).filter(|person| resyncs(scope, Some(person), link(&person.id))).count();
    let purged = state
        .links_of(account, sync, None)
        .filter(|link| state.person(account, &link.id.person).is_none() && resyncs(scope, None, Some(link)))
        .count();
    (people + purged) as i64
}
