//! The directory's port.

use crate::error::Fault;
use crate::sql::{Db, Value, json_texts, json_uuids, values};
use crate::tables::people::{ChangeRow, PersonRow};
use crate::tables::{links, people, remembered, syncs};
use crate::{SqliteStore, later};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use sync_core::chosen::{MadeSync, RememberedSync};
use sync_core::governor::{Governor, Granted, Wish};
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::link::{Link, StateName};
use sync_core::news::between;
use sync_core::page::{Page, PageRequest, SyncPlace};
use sync_core::person::{Person, PersonChange, Version};
use sync_core::plan::next::{NEXT_LOOKED_AT, NextRequests, furthest};
use sync_core::plan::revise::revised;
use sync_core::plan::search::{after_prefix, fold};
use sync_core::plan::sweep::INCLUDE_EXISTING;
use sync_core::ports::{
    DirectoryStore, LinkFilter, PeopleFilter, Reseal, ResyncScope, SetResult, Signal, StoreResult, SweepKind,
    SyncRuntime,
};
use sync_core::sync::{Settings, SyncConfig};

/// A WHERE clause that grows.
pub(crate) struct Where {
    text: String,
    values: Vec<Value>,
}

impl Where {
    pub(crate) fn new(condition: &str, values: impl Into<Vec<Value>>) -> Self {
        Self { text: format!("WHERE {condition}"), values: values.into() }
    }

    pub(crate) fn and(&mut self, condition: &str, values: impl Into<Vec<Value>>) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.extend(values.into());
    }

    pub(crate) fn finish(mut self, order: &str, limit: usize) -> (String, Vec<Value>) {
        self.values.push(limit.into());
        (format!("{} ORDER BY {order} LIMIT ?", self.text), self.values)
    }

    pub(crate) fn grouped(self, columns: &str) -> (String, Vec<Value>) {
        (format!("{} GROUP BY {columns} ORDER BY {columns}", self.text), self.values)
    }

    /// That a person is found by a text.
    fn and_found_by(&mut self, column: &str, account: AccountId, text: &str) {
        let prefix = fold(text);
        let mut condition = format!("{column} IN (SELECT person FROM people_search WHERE account = ? AND term >= ?");
        let mut values = Vec::from(values![account.0, prefix.as_str()]);
        if let Some(end) = after_prefix(&prefix) {
            condition.push_str(" AND term < ?");
            values.push(end.into());
        }
        condition.push(')');
        self.and(&condition, values);
    }
}

#[async_trait]
impl DirectoryStore for SqliteStore {
    async fn people(
        &self,
        account: AccountId,
        filter: &PeopleFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Person>> {
        let mut wanted = Where::new("account = ?", values![account.0]);
        if let Some(after) = &page.after {
            wanted.and("id > ?", values![after]);
        }
        if !filter.include_deleted {
            wanted.and("deleted_at IS NULL", []);
        }
        if let Some(text) = &filter.search {
            wanted.and_found_by("id", account, text);
        }
        let (text, values) = wanted.finish("id", page.first + 1);
        let read = move |db: &mut Db| {
            let rows: Vec<PersonRow> = db.rows(&format!("SELECT person FROM people {text}"), &values)?;
            rows.iter().map(PersonRow::person).collect::<Result<Vec<_>, _>>()
        };
        Ok(Page::of(self.readers.run("read people", read).await?, page.first))
    }

    async fn people_by_ids(&self, account: AccountId, ids: &[PersonId]) -> StoreResult<Vec<Person>> {
        let ids = ids.to_vec();
        let read = move |db: &mut Db| Ok(people::read(db, account, &ids)?.into_values().collect());
        self.readers.run("read people", read).await
    }

    async fn people_count(&self, account: AccountId) -> StoreResult<i64> {
        let read =
            move |db: &mut Db| db.number("SELECT people AS n FROM accounts WHERE account = ?", &values![account.0]);
        self.readers.run("count people", read).await
    }

    async fn person_changes(
        &self,
        account: AccountId,
        person: &PersonId,
        page: PageRequest<Version>,
    ) -> StoreResult<Page<PersonChange>> {
        let mut wanted = Where::new("account = ? AND person = ?", values![account.0, person]);
        if let Some(after) = page.after {
            wanted.and("version < ?", values![after]);
        }
        let (text, values) = wanted.finish("version DESC", page.first + 1);
        let read = move |db: &mut Db| {
            let text = format!("SELECT version, kind, at, fields FROM person_changes {text}");
            let rows: Vec<ChangeRow> = db.rows(&text, &values)?;
            rows.into_iter().map(ChangeRow::change).collect::<Result<Vec<_>, _>>()
        };
        Ok(Page::of(self.readers.run("read a person's changes", read).await?, page.first))
    }

    async fn create_sync(&self, sync: &SyncConfig, include_existing: bool) -> StoreResult<()> {
        let (shared, sync) = (self.shared.clone(), sync.clone());
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            syncs::insert(db, &sync)?;
            if include_existing {
                syncs::add_sweep(db, sync.account, sync.id, INCLUDE_EXISTING, shared.now())?;
            }
            after.signals.push(Signal::Changed);
            Ok(())
        };
        self.writer.run("create a sync", work).await
    }

    async fn create_sync_once(&self, sync: &SyncConfig, include_existing: bool, input: &str) -> StoreResult<MadeSync> {
        let (shared, sync, input) = (self.shared.clone(), sync.clone(), input.to_owned());
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            let (account, id) = (sync.account, sync.id);
            let key = values![account.0, id.0];
            let remembered = remembered::read(db, "WHERE account = ? AND sync = ?", &key)?.pop();
            let there = syncs::read(db, "WHERE s.account = ? AND s.id = ?", &key)?.pop();
            if let Some(found) = MadeSync::of(remembered, there.map(|sync| sync.config)) {
                return Ok(found);
            }
            syncs::insert(db, &sync)?;
            remembered::write(db, &RememberedSync { account, id, input: Some(input), deleted_at: None })?;
            if include_existing {
                syncs::add_sweep(db, account, id, INCLUDE_EXISTING, shared.now())?;
            }
            after.signals.push(Signal::Changed);
            Ok(MadeSync::Made)
        };
        self.writer.run("create a sync", work).await
    }

    async fn forget_ids(&self, rows_max: usize) -> StoreResult<usize> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| remembered::forget(db, shared.now(), rows_max);
        self.writer.run("forget ids of syncs", work).await
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
        let (shared, name, settings) = (self.shared.clone(), friendly_name.to_owned(), settings.clone());
        let sweeps = sweeps.to_vec();
        let work = move |db: &mut Db, afterwards: &mut crate::writer::Afterwards| {
            let Some(mut before) = syncs::find(db, account, id)? else { return Ok(SetResult::NotFound) };
            if before.config.revision != expected {
                return Ok(SetResult::Conflict(before.config));
            }
            let after = revised(&before.config, &name, &settings, shared.now());
            syncs::update(db, &after)?;
            let edited = |governor: &mut Governor| {
                governor.edited(&before.config.settings, &after.settings, after.revision, shared.now());
                governor.sweeps_begun(&sweeps);
            };
            let governor = before.governor.clone();
            let ((), lifted) = before.governor.change(edited);
            afterwards.news.extend(between(&governor, &before.governor).into_iter().map(|news| (id, news)));
            syncs::write_governor(db, account, id, &before.governor)?;
            afterwards.signals.push(Signal::Due);
            for kind in lifted.into_iter().chain(sweeps) {
                syncs::add_sweep(db, account, id, kind, shared.now())?;
            }
            afterwards.signals.push(Signal::Changed);
            Ok(SetResult::Set(after))
        };
        self.writer.run("update a sync", work).await
    }

    async fn set_paused(&self, account: AccountId, id: SyncId, paused: bool) -> StoreResult<SetResult<SyncConfig>> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            let Some(mut sync) = syncs::find(db, account, id)? else { return Ok(SetResult::NotFound) };
            let now = shared.now();
            if sync.config.paused != paused {
                sync.config.paused = paused;
                sync.config.updated_at = now;
                syncs::update(db, &sync.config)?;
            }
            after.signals.push(Signal::Changed);
            if !paused {
                let before = sync.governor.clone();
                sync.governor.probe_now(now);
                after.news.extend(between(&before, &sync.governor).into_iter().map(|news| (id, news)));
                syncs::write_governor(db, account, id, &sync.governor)?;
                after.signals.push(Signal::Due);
            }
            Ok(SetResult::Set(sync.config))
        };
        self.writer.run("pause or resume a sync", work).await
    }

    async fn delete_sync(&self, account: AccountId, id: SyncId) -> StoreResult<bool> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            let Some(mut sync) = syncs::find(db, account, id)? else { return Ok(false) };
            let now = shared.now();
            sync.config.deleted_at = Some(now);
            syncs::update(db, &sync.config)?;
            remembered::write(db, &RememberedSync { account, id, input: None, deleted_at: Some(now) })?;
            db.run("DELETE FROM sweeps WHERE account = ? AND sync = ?", &values![account.0, id.0])?;
            later::forget_sync(db, account, id)?;
            syncs::add_sweep(db, account, id, SweepKind::Delete, now)?;
            after.signals.push(Signal::Changed);
            Ok(true)
        };
        self.writer.run("delete a sync", work).await
    }

    async fn resync(
        &self,
        account: AccountId,
        id: SyncId,
        scope: ResyncScope,
        force: bool,
    ) -> StoreResult<Option<i64>> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            if syncs::find(db, account, id)?.is_none() {
                return Ok(None);
            }
            syncs::add_sweep(db, account, id, SweepKind::Resync { scope, force }, shared.now())?;
            count_resync(db, account, id, scope).map(Some)
        };
        self.writer.run("resync", work).await
    }

    async fn sweep(&self, account: AccountId, id: SyncId, kind: SweepKind) -> StoreResult<bool> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, _: &mut crate::writer::Afterwards| {
            let found = syncs::find(db, account, id)?.is_some();
            if found {
                syncs::add_sweep(db, account, id, kind, shared.now())?;
            }
            Ok(found)
        };
        self.writer.run("begin a sweep", work).await
    }

    async fn govern(&self, account: AccountId, id: SyncId, wish: &Wish) -> StoreResult<Option<Granted>> {
        let (shared, wish) = (self.shared.clone(), wish.clone());
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            let Some(mut sync) = syncs::find(db, account, id)? else { return Ok(None) };
            let before = sync.governor.clone();
            let (granted, lifted) = sync.governor.change(|governor| governor.grant_wish(&wish, shared.now()));
            if let Some(kind) = lifted {
                syncs::add_sweep(db, account, id, kind, shared.now())?;
            }
            syncs::write_governor(db, account, id, &sync.governor)?;
            after.news.extend(between(&before, &sync.governor).into_iter().map(|news| (id, news)));
            after.signals.push(Signal::Due);
            Ok(Some(granted))
        };
        self.writer.run("change a governor", work).await
    }

    async fn resync_count(&self, account: AccountId, id: SyncId, scope: ResyncScope) -> StoreResult<i64> {
        let read = move |db: &mut Db| match syncs::find(db, account, id)? {
            Some(_) => count_resync(db, account, id, scope),
            None => Ok(0),
        };
        self.readers.run("count a resync", read).await
    }

    async fn syncs(&self, account: AccountId, page: PageRequest<SyncPlace>) -> StoreResult<Page<SyncConfig>> {
        let mut wanted = Where::new("s.account = ? AND s.deleted_at IS NULL", values![account.0]);
        if let Some(after) = page.after {
            wanted.and("(s.created_at, s.id) < (?, ?)", values![after.created_at, after.id.0]);
        }
        let (text, values) = wanted.finish("s.created_at DESC, s.id DESC", page.first + 1);
        let read = move |db: &mut Db| Ok(syncs::read(db, &text, &values)?.into_iter().map(|s| s.config).collect());
        Ok(Page::of(self.readers.run("read syncs", read).await?, page.first))
    }

    async fn syncs_by_ids(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<SyncConfig>> {
        let ids = json_uuids(ids.iter().map(|id| id.0));
        let read = move |db: &mut Db| Ok(by_ids(db, account, ids)?.into_iter().map(|sync| sync.config).collect());
        self.readers.run("read syncs", read).await
    }

    async fn runtimes(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, SyncRuntime)>> {
        let ids = json_uuids(ids.iter().map(|id| id.0));
        let runtime =
            |sync: syncs::LiveSync| (sync.config.id, SyncRuntime { governor: sync.governor, counts: sync.counts });
        let read = move |db: &mut Db| Ok(by_ids(db, account, ids)?.into_iter().map(runtime).collect());
        self.readers.run("read syncs' runtime", read).await
    }

    async fn next_requests(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, NextRequests)>> {
        let ids = json_uuids(ids.iter().map(|id| id.0));
        let now = self.shared.now();
        let count = move |db: &mut Db, sync: &syncs::LiveSync| {
            let id = sync.config.id;
            let fresh = links::owed(db, account, id, false, NEXT_LOOKED_AT + 1)?;
            let owed = furthest(fresh, links::owed(db, account, id, true, NEXT_LOOKED_AT + 1)?);
            let people: Vec<PersonId> = owed.iter().map(|link| link.id.person.clone()).collect();
            let people = people::outlines(db, account, &people)?;
            Ok((id, NextRequests::count(&sync.config, &sync.governor, owed, &people, now)))
        };
        let read = move |db: &mut Db| by_ids(db, account, ids)?.iter().map(|sync| count(db, sync)).collect();
        self.readers.run("count what is needed next", read).await
    }

    async fn links(
        &self,
        account: AccountId,
        sync: SyncId,
        filter: &LinkFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Link>> {
        let (text, values) = links_wanted(account, sync, filter, &page).finish("l.person", page.first + 1);
        let read = move |db: &mut Db| match syncs::find(db, account, sync)? {
            Some(_) => links::read(db, &text, &values),
            None => Ok(Vec::new()),
        };
        Ok(Page::of(self.readers.run("read links", read).await?, page.first))
    }

    async fn links_of_people(&self, account: AccountId, people: &[PersonId]) -> StoreResult<Vec<Link>> {
        let people = json_texts(people.iter().map(PersonId::as_str));
        let read = move |db: &mut Db| {
            links::read(
                db,
                "WHERE l.account = ? AND l.sync IN (SELECT s.id FROM syncs s WHERE s.account = l.account \
                     AND s.deleted_at IS NULL) AND l.person IN (SELECT value FROM json_each(?))",
                &values![account.0, people],
            )
        };
        self.readers.run("read people's links", read).await
    }

    async fn links_by_ids(&self, ids: &[LinkId]) -> StoreResult<Vec<Link>> {
        let mut people: BTreeMap<(AccountId, SyncId), Vec<PersonId>> = BTreeMap::new();
        for LinkId { account, sync, person } in ids {
            people.entry((*account, *sync)).or_default().push(person.clone());
        }
        let read = move |db: &mut Db| {
            let mut found = Vec::new();
            for ((account, sync), people) in people {
                found.extend(links::of_people(db, account, sync, &people)?);
            }
            Ok(found)
        };
        self.readers.run("read links", read).await
    }

    async fn reseal(&self, reseal: Arc<dyn Reseal>) -> StoreResult<usize> {
        let read = |db: &mut Db| syncs::read(db, "WHERE s.deleted_at IS NULL", &[]);
        let syncs = self.readers.run("read syncs", read).await?;
        let mut written = 0;
        for (account, id) in syncs.into_iter().map(|sync| (sync.config.account, sync.config.id)) {
            let reseal = reseal.clone();
            let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
                let Some(mut sync) = syncs::find(db, account, id)? else { return Ok(false) };
                let Some(settings) = reseal.reseal(&sync.config).map_err(Fault::Caller)? else { return Ok(false) };
                sync.config.settings = settings;
                syncs::update(db, &sync.config)?;
                after.signals.push(Signal::Changed);
                Ok(true)
            };
            written += usize::from(self.writer.run("seal a sync's secrets anew", work).await?);
        }
        Ok(written + self.reseal_alerts(&reseal).await?)
    }
}

fn by_ids(db: &mut Db, account: AccountId, ids: String) -> Result<Vec<syncs::LiveSync>, Fault> {
    syncs::read(
        db,
        "WHERE s.account = ? AND s.deleted_at IS NULL AND s.id IN (SELECT unhex(value) FROM json_each(?))",
        &values![account.0, ids],
    )
}

fn links_wanted(account: AccountId, sync: SyncId, filter: &LinkFilter, page: &PageRequest<PersonId>) -> Where {
    let mut wanted = Where::new("l.account = ? AND l.sync = ?", values![account.0, sync.0]);
    if let Some(after) = &page.after {
        wanted.and("l.person > ?", values![after]);
    }
    if let Some(state) = filter.state {
        wanted.and(&format!("l.state = {}", state.code()), []);
        // SQLite uses the index of rare states only where it reads the index's own condition.
        if matches!(state, StateName::Uncertain | StateName::Leaving | StateName::Unaddressable) {
            wanted.and("l.state IN (1, 3, 4)", []);
        }
    }
    let set = |column: &str, set: bool| format!("{column} IS {}NULL", if set { "NOT " } else { "" });
    if let Some(owed) = filter.owed {
        wanted.and(&set("l.due_at", owed), []);
    }
    if let Some(parked) = filter.parked {
        wanted.and(&set("l.parked", parked), []);
    }
    if let Some(reason) = filter.parked_reason {
        wanted.and("l.parked IS NOT NULL AND l.parked = ?", values![reason.code()]);
    }
    if let Some(person) = &filter.person {
        wanted.and("l.person = ?", values![person]);
    }
    if let Some(unique_id) = &filter.unique_id {
        wanted.and("l.unique_id IS NOT NULL AND l.unique_id = ?", values![unique_id.as_str()]);
    }
    if let Some(kept) = filter.kept {
        let not = if kept { "" } else { "NOT " };
        wanted.and(
            &format!(
                "{not}EXISTS (SELECT 1 FROM link_extras k WHERE k.account = l.account AND k.sync = l.sync \
                 AND k.person = l.person AND k.notes ->> '$.kept' = 1)"
            ),
            [],
        );
    }
    if let Some(text) = &filter.search {
        wanted.and_found_by("l.person", account, text);
    }
    wanted
}

/// How many people and links a resync would mark: as `sync_core::plan::sweep::resyncs` says of each.
fn count_resync(db: &mut Db, account: AccountId, sync: SyncId, scope: ResyncScope) -> Result<i64, Fault> {
    let of_people = |exists: &str, states: &str| {
        format!(
            "SELECT count(*) AS n FROM links l WHERE l.account = ? AND l.sync = ? {states} AND {exists} \
             (SELECT 1 FROM people p WHERE p.account = l.account AND p.id = l.person AND p.deleted_at IS NULL)"
        )
    };
    let values = values![account.0, sync.0];
    let present = db.number("SELECT people AS n FROM accounts WHERE account = ?", &values![account.0])?;
    match scope {
        ResyncScope::All => Ok(present + db.number(&of_people("NOT EXISTS", ""), &values)?),
        ResyncScope::Unlinked => Ok(present - db.number(&of_people("EXISTS", "AND l.state <> 0"), &values)?),
        ResyncScope::Parked => {
            db.number("SELECT parked AS n FROM sync_runtime WHERE account = ? AND sync = ?", &values)
        }
    }
}
