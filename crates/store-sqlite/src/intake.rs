//! Recording changes.

use crate::error::Fault;
use crate::later;
use crate::sql::{Db, values};
use crate::tables::{links, people, syncs};
use std::collections::HashMap;
use sync_core::claim::{RecordRequest, Recorded, fold, ids_of};
use sync_core::plan::intake::{HandOffSync, hand_off, leaves_due, mark_changed, mark_unresolved, takes_hand_off};
use sync_core::plan::later::marked_at_once;
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;

pub(crate) fn record(db: &mut Db, request: &RecordRequest, now: Timestamp) -> Result<Recorded, Fault> {
    let account = request.account;
    let floor = db.number("SELECT version_floor AS n FROM accounts WHERE account = ?", &values![account.0])?;
    let known = db.number("SELECT count(*) AS n FROM accounts WHERE account = ?", &values![account.0])?;
    if known == 0 {
        return Err(Fault::Refused("no such account".to_owned()));
    }
    let held = people::read(db, account, &ids_of(&request.calls))?;
    let folded = fold(&request.calls, held, floor, now);
    if folded.changed.is_empty() {
        return Ok(Recorded { results: folded.results, leased: Vec::new(), due: false, syncs: 0, later: false });
    }
    people::write(db, account, &folded.changed)?;
    let mut live = syncs::live(db, account)?;
    let syncs = live.len();
    let later = live.split_off(marked_at_once(folded.changed.len(), request.marks_max).min(syncs));
    let configs: Vec<SyncConfig> = live.iter().map(|sync| sync.config.clone()).collect();
    let changed = || folded.changed.iter().map(|changed| &changed.after.id);
    let mut rows = HashMap::new();
    for sync in &configs {
        let found = links::of_people(db, account, sync.id, changed())?;
        rows.extend(found.into_iter().map(|link| (link.id.clone(), link)));
    }
    let mut writes = mark_changed(&folded.changed, &configs, rows, &request.policy, now);
    let mut leased = Vec::new();
    if let Some(wanted) = request.hand_off.as_ref().filter(|wanted| wanted.links_max > 0) {
        let mut loads = Vec::new();
        for sync in live.into_iter().filter(|sync| takes_hand_off(&sync.config)) {
            loads.push(HandOffSync {
                leased: links::leased(db, account, sync.config.id, now)?,
                backlog: links::claimable(db, account, sync.config.id, now, 1)? > 0,
                config: sync.config,
                governor: sync.governor,
            });
        }
        leased = hand_off(&mut writes, &folded.changed, &loads, wanted, &request.policy, now);
    }
    if !later.is_empty() {
        let later: Vec<SyncConfig> = later.into_iter().map(|sync| sync.config).collect();
        for sync in &later {
            let links = later::unresolved(db, account, sync.id, changed())?;
            writes.extend(mark_unresolved(&folded.changed, links, &request.policy, now));
        }
        later::add(db, account, &later, changed(), now)?;
    }
    links::write(db, &writes)?;
    let later = syncs > configs.len();
    Ok(Recorded { due: leaves_due(&writes), results: folded.results, leased, syncs, later })
}
