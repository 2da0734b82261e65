//! The log, counters, keys and maintenance.

use crate::{MemoryStore, refused};
use async_trait::async_trait;
use std::collections::BTreeMap;
use sync_core::chosen::MadeKey;
use sync_core::id::{AccountId, KeyId, LinkId, LogId};
use sync_core::key::{Account, ApiKey, Role};
use sync_core::link::{Link, LinkState};
use sync_core::log::{LogEntry, LogFilter, LogOutcome};
use sync_core::page::{Page, PageRequest};
use sync_core::plan::{LinkWrite, may_purge};
use sync_core::ports::{
    Backlog, CounterFilter, KeyStore, LogStore, MaintenanceStore, PoolStatus, Retention, SetResult, Signal,
    StoreResult, StoreTotals,
};
use sync_core::stats::{CounterKey, CounterRow, HOUR_MICROS, MINUTE_MICROS, MINUTES_KEPT, span_start};
use sync_core::time::Timestamp;

#[async_trait]
impl LogStore for MemoryStore {
    async fn logs(
        &self,
        account: AccountId,
        filter: &LogFilter,
        page: PageRequest<LogId>,
    ) -> StoreResult<Page<LogEntry>> {
        let state = self.lock();
        let entries = state
            .logs
            .values()
            .rev()
            .filter(|entry| entry.account == account && page.after.is_none_or(|after| entry.id < after))
            .filter(|entry| filter.matches(entry))
            .take(page.first + 1);
        Ok(Page::of(entries.cloned().collect(), page.first))
    }

    async fn logs_by_ids(&self, account: AccountId, ids: &[LogId]) -> StoreResult<Vec<LogEntry>> {
        let state = self.lock();
        Ok(ids.iter().filter_map(|id| state.logs.get(&(account, *id)).cloned()).collect())
    }

    async fn counters(&self, account: AccountId, filter: &CounterFilter) -> StoreResult<Vec<CounterRow>> {
        let state = self.lock();
        let mut rows: BTreeMap<(Timestamp, CounterKey), i64> = BTreeMap::new();
        for ((of, sync, start, _, key), count) in &state.counters {
            if *of == account
                && filter.sync.is_none_or(|wanted| wanted == *sync)
                && filter.operation.is_none_or(|wanted| wanted == key.operation)
                && (filter.since..filter.until).contains(start)
            {
                *rows.entry((*start, *key)).or_default() += count;
            }
        }
        Ok(rows.into_iter().map(|((start, key), count)| CounterRow { start, key, count }).collect())
    }
}

#[async_trait]
impl KeyStore for MemoryStore {
    async fn create_first_account(&self, account: &Account, key: &ApiKey) -> StoreResult<bool> {
        let mut state = self.lock();
        if !state.accounts.is_empty() {
            return Ok(false);
        }
        state.create_account(account);
        state.keys.push(key.clone());
        drop(state);
        self.publish(Signal::Changed);
        Ok(true)
    }

    async fn create_key(&self, key: &ApiKey) -> StoreResult<()> {
        let mut state = self.lock();
        if state.account(key.account).is_none() {
            return Err(refused("create a key", "no such account"));
        }
        state.keys.retain(|held| held.hash != key.hash);
        state.keys.push(key.clone());
        drop(state);
        self.publish(Signal::Changed);
        Ok(())
    }

    async fn create_key_once(&self, key: &ApiKey) -> StoreResult<MadeKey> {
        let now = self.clock_now();
        let mut state = self.lock();
        if state.account(key.account).is_none() {
            return Err(refused("create a key", "no such account"));
        }
        let held = state.keys.iter_mut().find(|held| (held.account, held.id) == (key.account, key.id));
        let made = match held {
            None => {
                state.keys.push(key.clone());
                MadeKey::Made(key.clone())
            }
            Some(held) => {
                let again = MadeKey::again(held.clone(), key, now);
                if let MadeKey::Made(after) = &again {
                    *held = after.clone();
                }
                again
            }
        };
        drop(state);
        if matches!(made, MadeKey::Made(_)) {
            self.publish(Signal::Changed);
        }
        Ok(made)
    }

    async fn key_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<ApiKey>> {
        Ok(self.lock().keys.iter().find(|key| key.hash == *hash).cloned())
    }

    async fn keys(&self, account: AccountId) -> StoreResult<Vec<ApiKey>> {
        let mut keys: Vec<ApiKey> = self.lock().keys.iter().filter(|key| key.account == account).cloned().collect();
        keys.sort_by_key(|key| std::cmp::Reverse((key.created_at, key.id)));
        Ok(keys)
    }

    async fn revoke_key(&self, account: AccountId, id: KeyId) -> StoreResult<SetResult<ApiKey>> {
        let now = self.clock_now();
        let mut state = self.lock();
        let counts = |key: &ApiKey| key.account == account && key.role == Role::Admin && key.revoked_at.is_none();
        let admins = state.keys.iter().filter(|key| counts(key)).count();
        let Some(key) = state.keys.iter_mut().find(|key| key.account == account && key.id == id) else {
            return Ok(SetResult::NotFound);
        };
        if counts(key) && admins == 1 {
            return Ok(SetResult::Conflict(key.clone()));
        }
        key.revoked_at.get_or_insert(now);
        let key = key.clone();
        drop(state);
        self.publish(Signal::Changed);
        Ok(SetResult::Set(key))
    }

    async fn touch_key(&self, account: AccountId, id: KeyId, at: Timestamp) -> StoreResult<()> {
        let mut state = self.lock();
        if let Some(key) = state.keys.iter_mut().find(|key| key.account == account && key.id == id) {
            key.last_used_at = Some(at);
        }
        Ok(())
    }

    async fn accounts(&self) -> StoreResult<Vec<Account>> {
        Ok(self.lock().accounts.iter().map(|row| row.account.clone()).collect())
    }
}

#[async_trait]
impl MaintenanceStore for MemoryStore {
    async fn migrate(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn ready(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn hold(&self, _: &str) -> StoreResult<()> {
        // It is this process's own.
        Ok(())
    }

    async fn hold_alone(&self, _: &str) -> StoreResult<()> {
        Ok(())
    }

    async fn holder(&self) -> StoreResult<Option<String>> {
        Ok(None)
    }

    async fn checkpoint(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn end_stale_leases(&self) -> StoreResult<usize> {
        let now = self.clock_now();
        let mut ended = 0;
        for lease in self.lock().links.values_mut().filter_map(|link| link.lease.as_mut()) {
            if lease.until > now {
                lease.until = now;
                ended += 1;
            }
        }
        Ok(ended)
    }

    async fn prune_logs(&self, retention: &Retention, rows_max: usize) -> StoreResult<usize> {
        let now = self.clock_now();
        let mut state = self.lock();
        let mut pruned = 0;
        for (outcomes, kept) in [
            ([LogOutcome::Succeeded, LogOutcome::Skipped], retention.successes),
            ([LogOutcome::Retrying, LogOutcome::Parked], retention.failures),
        ] {
            let mut old: Vec<_> = state
                .logs
                .values()
                .filter(|entry| outcomes.contains(&entry.outcome) && entry.at < now.minus(kept))
                .map(|entry| (entry.at, entry.account, entry.id))
                .collect();
            old.sort_unstable();
            for (_, account, id) in old.into_iter().take(rows_max - pruned) {
                state.logs.remove(&(account, id));
                pruned += 1;
            }
        }
        let old = |change: &sync_core::person::PersonChange| change.at < now.minus(retention.successes);
        let mut changes: Vec<_> = state
            .changes
            .iter()
            .filter(|(_, change)| old(change))
            .map(|(id, change)| (change.at, id.clone()))
            .collect();
        changes.sort_unstable();
        for (_, id) in changes.into_iter().take(rows_max - pruned) {
            state.changes.remove(&id);
            pruned += 1;
        }
        Ok(pruned)
    }

    async fn fold_counters(&self) -> StoreResult<()> {
        // Whole hours only, so that no hour stands in both.
        let before = span_start(self.clock_now().minus(MINUTES_KEPT), HOUR_MICROS);
        let mut state = self.lock();
        let old: Vec<_> = state.counters.keys().filter(|id| id.3 == MINUTE_MICROS && id.2 < before).copied().collect();
        for id in old {
            let count = state.counters.remove(&id).unwrap_or_default();
            let (account, sync, start, _, key) = id;
            *state.counters.entry((account, sync, span_start(start, HOUR_MICROS), HOUR_MICROS, key)).or_default() +=
                count;
        }
        Ok(())
    }

    async fn purge_tombstones(&self, rows_max: usize) -> StoreResult<usize> {
        let mut state = self.lock();
        let links = |account: AccountId, person: &sync_core::person::Person| {
            let syncs = state.syncs.keys().filter(move |(of, _)| *of == account);
            let ids = syncs.map(|(_, sync)| LinkId { account, sync: *sync, person: person.id.clone() });
            ids.filter_map(|id| state.links.get(&id).cloned()).collect::<Vec<_>>()
        };
        let mut purged: Vec<_> = state
            .people
            .iter()
            .filter_map(|((account, _), person)| Some((person.deleted_at?, *account, person)))
            // Links of theirs may be owed yet.
            .filter(|(_, account, _)| !state.later_marks.keys().any(|(of, ..)| of == account))
            .map(|(at, account, person)| (at, account, person.id.clone(), person.version, links(account, person)))
            .filter(|(.., links)| may_purge(links))
            .collect();
        purged.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        purged.truncate(rows_max);
        let count = purged.len();
        for (_, account, id, version, links) in purged {
            let gone = links.into_iter().filter(|link| link.state == LinkState::Unlinked);
            state.write_links(gone.map(|link| LinkWrite { before: Some(link), after: None }).collect());
            state.people.remove(&(account, id));
            if let Some(row) = state.account(account) {
                row.version_floor = row.version_floor.max(version);
            }
        }
        Ok(count)
    }

    async fn totals(&self) -> StoreResult<StoreTotals> {
        let state = self.lock();
        let mut totals = StoreTotals {
            accounts: state.accounts.len() as i64,
            people: state.accounts.iter().map(|row| row.people).sum(),
            log_entries: state.logs.len() as i64,
            ..StoreTotals::default()
        };
        for row in state.syncs.values().filter(|row| row.config.deleted_at.is_none()) {
            totals.syncs += 1;
            totals.links.add(&row.counts);
        }
        Ok(totals)
    }

    async fn backlog(&self) -> StoreResult<Backlog> {
        let now = self.clock_now();
        let state = self.lock();
        let mut backlog = Backlog::default();
        for ((account, sync), row) in state.syncs.iter().filter(|(_, row)| row.config.deleted_at.is_none()) {
            let first = state.links_of(*account, *sync, None).filter_map(Link::claimable_at).min();
            backlog.add(row.config.paused, &row.governor, &row.counts, first, now);
        }
        Ok(backlog)
    }

    fn pool(&self) -> Option<PoolStatus> {
        None
    }

    async fn now(&self) -> StoreResult<Timestamp> {
        Ok(self.clock_now())
    }

    fn statements(&self) -> Option<u64> {
        None
    }
}
