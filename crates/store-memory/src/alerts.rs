//! Alerts.

use crate::state::{AlertRow, State};
use crate::{MemoryStore, refused};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::time::Duration;
use sync_core::alert::{AlertSettings, AlertStatus, Book, ClaimedAlert, Standing, Verdict, look};
use sync_core::id::{AccountId, LeaseToken, SyncId};
use sync_core::ports::{AlertStore, Reseal, StoreError, StoreResult};
use sync_core::time::Timestamp;
use uuid::Uuid;

#[async_trait]
impl AlertStore for MemoryStore {
    async fn alerts(&self, account: AccountId) -> StoreResult<Option<(AlertSettings, AlertStatus)>> {
        let state = self.lock();
        let waiting = live_books(&state, account).map(|(_, book)| book.waiting()).sum();
        let row = state.alert_settings.get(&account);
        Ok(row.map(|row| (row.settings.clone(), AlertStatus { waiting, ..row.status.clone() })))
    }

    async fn alert_accounts(&self) -> StoreResult<Vec<AccountId>> {
        Ok(self.lock().alert_settings.keys().copied().collect())
    }

    async fn set_alerts(&self, account: AccountId, settings: &AlertSettings) -> StoreResult<()> {
        let now = self.clock_now();
        let mut state = self.lock();
        if state.account(account).is_none() {
            return Err(refused("set alerts", "no such account"));
        }
        let row = state.alert_settings.entry(account).or_insert_with(|| AlertRow {
            settings: settings.clone(),
            status: AlertStatus::default(),
            held_until: now,
            lease: None,
        });
        row.settings = settings.clone();
        row.status = AlertStatus { last_sent_at: row.status.last_sent_at, ..AlertStatus::default() };
        for ((of, _), book) in &mut state.alerts {
            if *of == account {
                book.hurry(now);
            }
        }
        Ok(())
    }

    async fn remove_alerts(&self, account: AccountId) -> StoreResult<bool> {
        let mut state = self.lock();
        state.alerts.retain(|(of, _), _| *of != account);
        Ok(state.alert_settings.remove(&account).is_some())
    }

    async fn note_alerts(&self, account: AccountId, seed: Uuid) -> StoreResult<usize> {
        let now = self.clock_now();
        let mut state = self.lock();
        let Some(row) = state.alert_settings.get(&account) else { return Ok(0) };
        let books: BTreeMap<SyncId, Book> = books(&state, account).map(|(sync, book)| (sync, book.clone())).collect();
        let standing = |row: &crate::state::SyncRow| {
            (row.config.id, Standing::of(row.config.friendly_name.clone(), &row.governor, row.counts))
        };
        let standings = state.live_syncs(account).map(standing).collect();
        let writes = look(&row.settings, &books, &standings, now, seed);
        let written = writes.len();
        for (sync, book) in writes {
            match book {
                Some(book) => state.alerts.insert((account, sync), book),
                None => state.alerts.remove(&(account, sync)),
            };
        }
        Ok(written)
    }

    async fn claim_alert(&self, token: LeaseToken, lease: Duration) -> StoreResult<Option<ClaimedAlert>> {
        let now = self.clock_now();
        let mut state = self.lock();
        let free = state.alert_settings.iter().filter(|(_, row)| row.held_until <= now);
        let due = free.filter_map(|(&account, row)| Some((row.held_until, account, due(&state, account, now)?)));
        let Some((_, account, sync)) = due.min() else { return Ok(None) };
        let claimed = state.alerts.get_mut(&(account, sync)).and_then(|book| book.claim(now));
        let Some((alert, tries)) = claimed else { return Ok(None) };
        Ok(state.alert_settings.get_mut(&account).map(|row| {
            row.held_until = now.plus(lease);
            row.lease = Some(token);
            ClaimedAlert { account, settings: row.settings.clone(), alert, tries }
        }))
    }

    async fn settle_alert(
        &self,
        token: LeaseToken,
        claimed: &ClaimedAlert,
        verdict: &Verdict,
        gap: Duration,
    ) -> StoreResult<()> {
        let now = self.clock_now();
        let mut state = self.lock();
        let row = state.alert_settings.get_mut(&claimed.account).filter(|row| row.lease == Some(token));
        let Some(row) = row else { return Ok(()) };
        row.lease = None;
        row.held_until = now.plus(gap);
        row.status.note(verdict, now);
        let sync = claimed.alert.about.as_ref().map(|about| about.sync);
        if let Some(book) = sync.and_then(|sync| state.alerts.get_mut(&(claimed.account, sync))) {
            book.settle(&claimed.alert, claimed.tries, verdict, now);
        }
        Ok(())
    }
}

fn books(state: &State, account: AccountId) -> impl Iterator<Item = (SyncId, &Book)> {
    state.alerts.iter().filter(move |((of, _), _)| *of == account).map(|((_, sync), book)| (*sync, book))
}

/// Books of syncs that are not deleted.
fn live_books(state: &State, account: AccountId) -> impl Iterator<Item = (SyncId, &Book)> {
    let live = move |sync| state.syncs.get(&(account, sync)).is_some_and(|row| row.config.deleted_at.is_none());
    books(state, account).filter(move |(sync, _)| live(*sync))
}

/// The sync with the earliest due alert.
fn due(state: &State, account: AccountId, now: Timestamp) -> Option<SyncId> {
    let due = live_books(state, account).filter_map(|(sync, book)| Some((book.due_at()?, sync)));
    due.filter(|(at, _)| *at <= now).min().map(|(_, sync)| sync)
}

/// Seals the secrets of all accounts anew. Returns how many were written.
pub(crate) fn reseal(state: &mut State, reseal: &dyn Reseal) -> StoreResult<usize> {
    let mut written = 0;
    for (account, row) in &mut state.alert_settings {
        let sealed = reseal
            .reseal_alerts(*account, &row.settings.secret)
            .map_err(|source| StoreError::Internal { operation: "seal an alert secret anew", source })?;
        if let Some(secret) = sealed {
            row.settings.secret = secret;
            written += 1;
        }
    }
    Ok(written)
}
