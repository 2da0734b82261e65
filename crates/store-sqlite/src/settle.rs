//! Settling leases.

use crate::error::Fault;
use crate::sql::{Db, json_texts, values};
use crate::tables::{from_json, links, logs, small, sound, syncs};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use std::collections::{BTreeMap, HashMap, HashSet};
use sync_core::backoff::Policy;
use sync_core::id::{AccountId, LinkId, LogId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::log::LogEntry;
use sync_core::news::NewsOf;
use sync_core::plan::{LinkWrite, giving_up_first};
use sync_core::stats::{MINUTE_MICROS, span_start};
use sync_core::time::Timestamp;
use sync_core::transition::{
    BatchInput, BatchOutput, SettleResult, Settlement, SyncView, disturbed, settle_batch, unique_keys, unsure_entries,
};

/// What became of a batch.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) results: Vec<SettleResult>,
    pub(crate) logged: Vec<(AccountId, LogId)>,
    pub(crate) due: bool,
    pub(crate) news: NewsOf,
}

/// Settles a batch; one that fails on its data is halved down to the row. A single bad row is settled without its log,
/// then without its answer; one that fails even so is left to its lease's end, told in the program's own log.
pub(crate) fn settle(
    db: &mut Db,
    mut settlements: Vec<Settlement>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Settled, Fault> {
    let fault = match db.atomically(|db| settle_once(db, settlements.clone(), policy, now)) {
        Ok(settled) => return Ok(settled),
        Err(fault) if fault.is_of_the_database() => return Err(fault),
        Err(fault) => fault,
    };
    if settlements.len() > 1 {
        let second = settlements.split_off(settlements.len() / 2);
        let mut settled = settle(db, settlements, policy, now)?;
        let rest = settle(db, second, policy, now)?;
        settled.results.extend(rest.results);
        settled.logged.extend(rest.logged);
        settled.news.extend(rest.news);
        settled.due |= rest.due;
        return Ok(settled);
    }
    for settlement in &mut settlements {
        tracing::warn!(
            sync.id = %settlement.link.sync, person.id = %settlement.link.person, error = %fault,
            "a settlement was refused by the database: tried without its log, then without its answer"
        );
        settlement.log = None;
    }
    match db.atomically(|db| settle_once(db, settlements.clone(), policy, now)) {
        Err(fault) if fault.is_of_the_database() => return Err(fault),
        Err(_) => {}
        settled => return settled,
    }
    for settlement in &mut settlements {
        settlement.settled.answer = None;
    }
    match db.atomically(|db| settle_once(db, settlements.clone(), policy, now)) {
        Err(fault) if !fault.is_of_the_database() => {
            tracing::error!(error = %fault, "a settlement was refused by the database and given up");
            let results = settlements.iter().map(|_| SettleResult::Gone).collect();
            Ok(Settled { results, ..Settled::default() })
        }
        settled => settled,
    }
}

fn settle_once(db: &mut Db, settlements: Vec<Settlement>, policy: &Policy, now: Timestamp) -> Result<Settled, Fault> {
    let input = read(db, &settlements)?;
    let before = input.links.clone();
    let output = settle_batch(input, settlements, policy, now);
    write(db, output, &before, policy, now)
}

fn read(db: &mut Db, settlements: &[Settlement]) -> Result<BatchInput, Fault> {
    #[derive(QueryableByName)]
    struct View {
        #[diesel(sql_type = BigInt)]
        revision: i64,
        #[diesel(sql_type = Text)]
        governor: String,
        #[diesel(sql_type = BigInt)]
        owed: i64,
    }
    #[derive(QueryableByName)]
    struct Holder {
        #[diesel(sql_type = Text)]
        unique_id: String,
        #[diesel(sql_type = Text)]
        person: String,
    }
    let mut people: BTreeMap<(AccountId, SyncId), HashSet<&PersonId>> = BTreeMap::new();
    for LinkId { account, sync, person } in settlements.iter().map(|settlement| &settlement.link) {
        people.entry((*account, *sync)).or_default().insert(person);
    }
    let mut input = BatchInput::default();
    for ((account, sync), people) in people {
        let found = links::of_people(db, account, sync, people)?;
        input.links.extend(found.into_iter().map(|link| (link.id.clone(), link)));
        let view: Option<View> = db.row(
            "SELECT s.revision, r.governor, r.owed FROM syncs s JOIN sync_runtime r \
             ON r.account = s.account AND r.sync = s.id WHERE s.account = ? AND s.id = ? AND s.deleted_at IS NULL",
            &values![account.0, sync.0],
        )?;
        if let Some(view) = view {
            let view = SyncView {
                revision: small(view.revision, "syncs", "revision", sync)?,
                governor: from_json(&view.governor, "sync_runtime", "governor", sync)?,
                owed: view.owed,
            };
            input.syncs.insert((account, sync), view);
        }
    }
    let mut ids: BTreeMap<(AccountId, SyncId), Vec<String>> = BTreeMap::new();
    for (account, sync, id) in unique_keys(settlements) {
        ids.entry((account, sync)).or_default().push(id);
    }
    for ((account, sync), ids) in ids {
        let holders: Vec<Holder> = db.rows(
            "SELECT l.unique_id, l.person FROM json_each(?) j CROSS JOIN links l ON l.account = ? AND l.sync = ? \
             AND l.unique_id IS NOT NULL AND l.unique_id = j.value",
            &values![json_texts(ids.iter().map(String::as_str)), account.0, sync.0],
        )?;
        for Holder { unique_id, person } in holders {
            let person = sound(PersonId::new(person.as_str()).ok(), "links", "person", &person)?;
            input.holders.insert((account, sync, unique_id), person);
        }
    }
    for (account, id) in unsure_entries(settlements, &input.links) {
        if logs::exists(db, account, id)? {
            input.logged.insert((account, id));
        }
    }
    Ok(input)
}

fn write(
    db: &mut Db,
    output: BatchOutput,
    before: &HashMap<LinkId, Link>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Settled, Fault> {
    let removed = output.removed.iter().map(|id| LinkWrite { before: before.get(id).cloned(), after: None });
    let updated = giving_up_first(output.updated, before)
        .into_iter()
        .map(|link| LinkWrite { before: before.get(&link.id).cloned(), after: Some(link) });
    // Removed first: a unique id may pass from one link to another.
    let mut writes: Vec<LinkWrite> = removed.chain(updated).collect();
    for holder in &output.disturbed {
        let held = links::of_people(db, holder.account, holder.sync, [&holder.person])?;
        writes.extend(held.into_iter().map(|link| {
            let after = Some(disturbed(&link, policy, now));
            LinkWrite { before: Some(link), after }
        }));
    }
    links::write(db, &writes)?;
    for ((account, sync), governor) in &output.governors {
        syncs::write_governor(db, *account, *sync, governor)?;
    }
    for (account, sync, kind) in &output.sweeps {
        syncs::add_sweep(db, *account, *sync, *kind, now)?;
    }
    let minute = span_start(now, MINUTE_MICROS);
    for ((account, sync, key), count) in &output.counters {
        db.run(
            "INSERT INTO counters (account, sync, start, width, operation, kind, bucket, count) \
             VALUES (?, ?, ?, 60000000, ?, ?, ?, ?) \
             ON CONFLICT (account, sync, start, width, operation, kind, bucket) DO UPDATE SET count = count + excluded.count",
            &values![account.0, sync.0, minute, key.operation.code(), key.kind.code(), key.bucket, *count],
        )?;
    }
    let logged = write_log(db, &output.log)?;
    let due = output.due_now || !output.sweeps.is_empty() || !output.disturbed.is_empty();
    Ok(Settled { results: output.results, logged, due, news: output.news })
}

/// Writes log entries; those that cannot be written are left out. Links are written before, and are never undone by this.
fn write_log(db: &mut Db, entries: &[LogEntry]) -> Result<Vec<(AccountId, LogId)>, Fault> {
    let all = db.atomically(|db| entries.iter().try_for_each(|entry| logs::insert(db, entry)));
    match all {
        Ok(()) => return Ok(entries.iter().map(|entry| (entry.account, entry.id)).collect()),
        Err(fault) if fault.is_of_the_database() => return Err(fault),
        Err(_) => {}
    }
    let mut written = Vec::new();
    for entry in entries {
        match db.atomically(|db| logs::insert(db, entry)) {
            Ok(()) => written.push((entry.account, entry.id)),
            Err(fault) if fault.is_of_the_database() => return Err(fault),
            Err(fault) => tracing::warn!(sync.id = %entry.sync, error = %fault, "a log entry could not be written"),
        }
    }
    Ok(written)
}
