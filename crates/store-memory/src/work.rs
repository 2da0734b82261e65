use crate::state::{State, claimable_after, is_claimable};
use crate::{MemoryStore, refused};
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use std::collections::{BTreeSet, HashMap};
use sync_core::backoff::Policy;
use sync_core::claim::{ClaimRequest, Claimed, RecordRequest, Recorded, fold, ids_of};
use sync_core::id::{AccountId, LinkId, PersonId};
use sync_core::link::Link;
use sync_core::plan::LinkWrite;
use sync_core::plan::intake::{HandOffSync, hand_off, leaves_due, mark_changed, mark_unresolved, takes_hand_off};
use sync_core::plan::later::{Turn, mark_later, marked_at_once};
use sync_core::plan::lease::{
    Candidate, in_turn, is_retrying, lease_share, leaves_more, newest_first, next_in, pick, shares, waits_until,
};
use sync_core::plan::sweep::{Reach, Sweep, reach, retry_link, sweep_link};
use sync_core::ports::{RETRY_AT_ONCE, Retried, RetryFilter, Signal, StoreResult, SweepKind, WorkStore};
use sync_core::stats::{MINUTE_MICROS, span_start};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;
use sync_core::transition::{
    BatchInput, SettleResult, Settlement, SyncView, disturbed, settle_batch, unique_keys, unsure_entries,
};

#[async_trait]
impl WorkStore for MemoryStore {
    async fn record_changes(&self, request: RecordRequest) -> StoreResult<Recorded> {
        let recorded = record(&mut self.lock(), &request, self.clock_now())?;
        if recorded.due {
            self.publish(Signal::Due);
        }
        Ok(recorded)
    }

    async fn claim(&self, request: ClaimRequest) -> StoreResult<Claimed> {
        Ok(claim(&mut self.lock(), &request, self.clock_now()))
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> StoreResult<Vec<SettleResult>> {
        let now = self.clock_now();
        let mut state = self.lock();
        let output = settle_batch(read_batch(&state, &settlements), settlements, &self.policy, now);
        let writes = output
            .removed
            .into_iter()
            .map(|id| LinkWrite { before: state.links.get(&id).cloned(), after: None })
            .chain(
                output
                    .updated
                    .into_iter()
                    .map(|link| LinkWrite { before: state.links.get(&link.id).cloned(), after: Some(link) }),
            )
            .collect();
        state.write_links(writes);
        let held: Vec<LinkWrite> = output
            .disturbed
            .iter()
            .filter_map(|holder| state.links.get(holder))
            .map(|link| LinkWrite { before: Some(link.clone()), after: Some(disturbed(link, &self.policy, now)) })
            .collect();
        state.write_links(held);
        for (id, governor) in output.governors {
            if let Some(row) = state.syncs.get_mut(&id) {
                row.governor = governor;
            }
        }
        for (account, sync, kind) in &output.sweeps {
            state.add_sweep(*account, *sync, *kind);
        }
        let minute = span_start(now, MINUTE_MICROS);
        for ((account, sync, key), count) in output.counters {
            *state.counters.entry((account, sync, minute, MINUTE_MICROS, key)).or_default() += count;
        }
        let logged: Vec<_> = output.log.iter().map(|entry| (entry.account, entry.id)).collect();
        for entry in output.log {
            state.logs.entry((entry.account, entry.id)).or_insert(entry);
        }
        drop(state);
        self.signals.publish_logged(&logged);
        if output.due_now || !output.sweeps.is_empty() || !output.disturbed.is_empty() {
            self.publish(Signal::Due);
        }
        Ok(output.results)
    }

    async fn retry(&self, account: AccountId, filter: &RetryFilter, after: Option<&LinkId>) -> StoreResult<Retried> {
        let now = self.clock_now();
        let mut state = self.lock();
        let people: Option<BTreeSet<&PersonId>> = filter.people.as_ref().map(|people| people.iter().collect());
        let writes: Vec<LinkWrite> = state
            .live_syncs(account)
            .filter(|sync| filter.sync.is_none_or(|wanted| wanted == sync.config.id))
            .flat_map(|sync| state.links_of(account, sync.config.id, None))
            .filter(|link| people.as_ref().is_none_or(|people| people.contains(&link.id.person)))
            .filter(|link| after.is_none_or(|after| link.id > *after))
            .filter_map(|link| retry_link(link.clone(), filter, now))
            .take(RETRY_AT_ONCE)
            .collect();
        let marked = writes.len();
        let last = writes.last().and_then(|write| Some(write.before.as_ref()?.id.clone()));
        state.write_links(writes);
        drop(state);
        if marked > 0 {
            self.publish(Signal::Due);
        }
        Ok(Retried { marked, last: last.filter(|_| marked == RETRY_AT_ONCE) })
    }

    async fn work_sweep(&self, rows_max: usize) -> StoreResult<bool> {
        let now = self.clock_now();
        let mut state = self.lock();
        let sweeps: Vec<AccountId> = state.sweeps.values().map(|sweep| sweep.account).collect();
        let later: Vec<AccountId> = state.later_marks.keys().map(|(account, ..)| *account).collect();
        let marked = match state.turns.next(&sweeps, &later) {
            None => return Ok(false),
            Some(Turn::LaterMarks(account)) => work_later_marks(&mut state, account, rows_max, &self.policy, now),
            Some(Turn::Sweep(account)) => {
                let oldest = state.sweeps.values().find(|sweep| sweep.account == account).cloned();
                let Some(sweep) = oldest else { return Ok(false) };
                match reach(sweep.kind) {
                    Reach::Everything => {
                        delete_batch(&mut state, &sweep, rows_max);
                        false
                    }
                    reach => mark_batch(&mut state, &sweep, reach, rows_max, now),
                }
            }
        };
        drop(state);
        if marked {
            self.publish(Signal::Due);
        }
        Ok(true)
    }

    fn signals(&self) -> BoxStream<'static, Signal> {
        self.signals.listen()
    }
}

fn record(state: &mut State, request: &RecordRequest, now: Timestamp) -> StoreResult<Recorded> {
    let account = request.account;
    let floor = state.account(account).ok_or_else(|| refused("record changes", "no such account"))?.version_floor;
    let folded = fold(&request.calls, state.people_among(account, &ids_of(&request.calls)), floor, now);
    let mut syncs: Vec<SyncConfig> = state.live_syncs(account).map(|row| row.config.clone()).collect();
    let live = if folded.changed.is_empty() { 0 } else { syncs.len() };
    let later = syncs.split_off(marked_at_once(folded.changed.len(), request.marks_max).min(syncs.len()));
    let mut links = HashMap::new();
    for sync in &syncs {
        links.extend(state.links_among(sync, &folded.changed).map(|link| (link.id.clone(), link)));
    }
    let mut writes = mark_changed(&folded.changed, &syncs, links, &request.policy, now);
    let mut leased = Vec::new();
    if let Some(wanted) = &request.hand_off {
        let loads: Vec<HandOffSync> = state
            .live_syncs(account)
            .take(syncs.len())
            .filter(|row| takes_hand_off(&row.config))
            .map(|row| HandOffSync {
                config: row.config.clone(),
                governor: row.governor.clone(),
                leased: state.leased(&row.config, now),
                backlog: state.links_of(account, row.config.id, None).any(|link| is_claimable(link, now)),
            })
            .collect();
        leased = hand_off(&mut writes, &folded.changed, &loads, wanted, &request.policy, now);
    }
    for sync in &later {
        let links: Vec<Link> = state.links_among(sync, &folded.changed).collect();
        writes.extend(mark_unresolved(&folded.changed, links, &request.policy, now));
    }
    let due = leaves_due(&writes);
    state.write_links(writes);
    let is_later = !later.is_empty() && !folded.changed.is_empty();
    if is_later {
        state.add_later_marks(account, &later, folded.changed.iter().map(|changed| changed.after.id.clone()).collect());
    }
    let mut people = 0;
    for changed in folded.changed {
        let present = |person: &sync_core::person::Person| i64::from(!person.is_deleted());
        people += present(&changed.after) - changed.before.as_ref().map_or(0, present);
        for change in changed.changes {
            state.changes.insert((account, changed.after.id.clone(), change.version), change);
        }
        state.people.insert((account, changed.after.id.clone()), changed.after);
    }
    if let Some(row) = state.account(account) {
        row.people += people;
    }
    Ok(Recorded { results: folded.results, leased, due, syncs: live, later: is_later })
}

fn claim(state: &mut State, request: &ClaimRequest, now: Timestamp) -> Claimed {
    let mut candidates: Vec<Candidate> = state
        .syncs
        .values()
        .filter(|row| !row.config.paused && row.config.deleted_at.is_none())
        .map(|row| Candidate {
            config: row.config.clone(),
            governor: row.governor.clone(),
            leased: state.leased(&row.config, now),
            due: state
                .links_of(row.config.account, row.config.id, None)
                .filter(|link| is_claimable(link, now))
                .take(request.links_max + 1)
                .count(),
        })
        .filter(|candidate| candidate.due > 0)
        .collect();
    let mut claimed = Claimed::default();
    let mut times = Vec::new();
    let shares = shares(&candidates, request, now);
    for (candidate, share) in candidates.iter_mut().zip(shares) {
        let (account, sync) = (candidate.config.account, candidate.config.id);
        let mut taken = 0;
        if share.links > 0 {
            let due = |retrying: bool| {
                let links = state.links_of(account, sync, None);
                let mut links: Vec<Link> =
                    links.filter(|l| is_claimable(l, now) && is_retrying(l) == retrying).cloned().collect();
                links.sort_by(if share.grant.newest_first { newest_first } else { in_turn });
                links.truncate(share.rows());
                links
            };
            let picked = pick(due(false), due(true), share, request.token);
            let people = state.people_among(account, picked.iter().map(|link| &link.id.person));
            let out = lease_share(candidate, share, picked, &people, request, now);
            taken = out.writes.len();
            claimed.leased.extend(out.leased);
            state.write_links(out.writes);
            if let Some(row) = state.syncs.get_mut(&(account, sync)) {
                row.governor = candidate.governor.clone();
            }
        }
        claimed.more |= leaves_more(candidate, share, taken);
        times.extend(waits_until(candidate, share, taken));
    }
    for row in state.syncs.values().filter(|row| !row.config.paused && row.config.deleted_at.is_none()) {
        let links = state.links_of(row.config.account, row.config.id, None);
        times.extend(links.filter_map(|link| claimable_after(link, now)).min());
    }
    claimed.next_in = next_in(now, times);
    claimed
}

fn read_batch(state: &State, settlements: &[Settlement]) -> BatchInput {
    let mut input = BatchInput::default();
    for settlement in settlements {
        let id = &settlement.link;
        if let Some(link) = state.links.get(id) {
            input.links.insert(id.clone(), link.clone());
        }
        if let Some(row) = state.syncs.get(&(id.account, id.sync)).filter(|row| row.config.deleted_at.is_none()) {
            let view =
                SyncView { revision: row.config.revision, governor: row.governor.clone(), owed: row.counts.owed };
            input.syncs.insert((id.account, id.sync), view);
        }
    }
    for key in unique_keys(settlements) {
        let mut links = state.links_of(key.0, key.1, None);
        if let Some(link) = links.find(|link| link.state.unique_id().is_some_and(|id| id.as_str() == key.2)) {
            input.holders.insert(key, link.id.person.clone());
        }
    }
    let unsure = unsure_entries(settlements, &input.links).into_iter();
    input.logged = unsure.filter(|key| state.logs.contains_key(key)).collect();
    input
}

/// Works the next people of a sweep. Returns whether it marked any.
fn mark_batch(state: &mut State, sweep: &Sweep, reach: Reach, rows_max: usize, now: Timestamp) -> bool {
    let (account, sync) = (sweep.account, sweep.sync);
    let mut people: BTreeSet<PersonId> =
        state.links_of(account, sync, sweep.cursor.as_ref()).map(|link| link.id.person.clone()).collect();
    if reach == Reach::PeopleAndLinks {
        let present = state.people_of(account, sweep.cursor.as_ref()).filter(|person| !person.is_deleted());
        people.extend(present.map(|person| person.id.clone()));
    }
    let people: Vec<PersonId> = people.into_iter().take(rows_max).collect();
    let writes: Vec<LinkWrite> = people
        .iter()
        .filter_map(|person| {
            let id = LinkId { account, sync, person: person.clone() };
            let link = state.links.get(&id).cloned();
            sweep_link(sweep.kind, id, state.person(account, person), link, now)
        })
        .collect();
    let mut marked = !writes.is_empty();
    state.write_links(writes);
    if people.len() < rows_max {
        state.sweeps.remove(&sweep.id);
        if let (SweepKind::Forget, Some(row)) = (sweep.kind, state.syncs.get_mut(&(account, sync))) {
            row.governor.forgot();
            marked = true;
        }
    } else if let Some(row) = state.sweeps.get_mut(&sweep.id) {
        row.cursor = people.last().cloned();
    }
    marked
}

/// Marks the next people that a change left for later. Returns whether it marked any.
fn work_later_marks(state: &mut State, account: AccountId, rows_max: usize, policy: &Policy, now: Timestamp) -> bool {
    let first = state.later_marks.values().find(|marks| marks.account == account).cloned();
    let Some(marks) = first else { return false };
    let key = (account, marks.id, marks.sync);
    let batch = marks.batch(rows_max);
    let writes: Vec<LinkWrite> = batch
        .iter()
        .filter_map(|person| {
            let id = LinkId { account, sync: marks.sync, person: person.clone() };
            let link = state.links.get(&id).cloned();
            mark_later(id, state.person(account, person), link, policy, now)
        })
        .collect();
    let marked = !writes.is_empty();
    state.write_links(writes);
    match marks.done_after(batch.len()) {
        Some(done) => {
            if let Some(row) = state.later_marks.get_mut(&key) {
                row.done = done;
            }
        }
        None => drop(state.later_marks.remove(&key)),
    }
    marked
}

/// Removes some rows of a deleted sync; when nothing is left, its own.
fn delete_batch(state: &mut State, sweep: &Sweep, rows_max: usize) {
    let (account, sync) = (sweep.account, sweep.sync);
    let mut left = rows_max;
    let links: Vec<Link> = state.links_of(account, sync, None).take(left).cloned().collect();
    left -= links.len();
    state.write_links(links.into_iter().map(|link| LinkWrite { before: Some(link), after: None }).collect());
    let logs: Vec<_> =
        state.logs.values().filter(|e| e.account == account && e.sync == sync).take(left).map(|e| e.id).collect();
    left -= logs.len();
    for id in logs {
        state.logs.remove(&(account, id));
    }
    let counters: Vec<_> =
        state.counters.keys().filter(|id| id.0 == account && id.1 == sync).take(left).copied().collect();
    left -= counters.len();
    for id in counters {
        state.counters.remove(&id);
    }
    if left > 0 {
        state.syncs.remove(&(account, sync));
        state.sweeps.remove(&sweep.id);
    }
}
