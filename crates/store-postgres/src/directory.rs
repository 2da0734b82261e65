//! People, syncs and their links, as administrators and programs see them.

use crate::columns::{Time, time_opt};
use crate::error::Fault;
use crate::link_row::{self, LinkRow};
use crate::links::{Keys, with_extras};
use crate::news;
use crate::next;
use crate::people::{self, PersonRow, TERM_BYTES_MAX, people_of};
use crate::remembered;
use crate::signals::notify;
use crate::sql::{given, sql_query};
use crate::syncs::{
    self, COUNTS, Count, CountsRow, SyncRow, change_governor, configs, count_resync, governor_of, lock_account,
    lock_sync, sweep_insertion,
};
use crate::work::later;
use crate::{Conn, PostgresStore};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Json, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::sync::Arc;
use sync_core::chosen::{MadeSync, RememberedSync};
use sync_core::governor::{Governor, Granted, Wish};
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::page::{Page, PageRequest, SyncPlace};
use sync_core::person::{ChangeKind, Person, PersonChange, Version};
use sync_core::plan::next::NextRequests;
use sync_core::plan::revise::revised;
use sync_core::plan::search;
use sync_core::ports::{
    DirectoryStore, LinkFilter, PeopleFilter, Reseal, ResyncScope, SetResult, Signal, StoreError, StoreResult,
    SweepKind, SyncRuntime,
};
use sync_core::sync::{Settings, SyncConfig};
use uuid::Uuid;

/// The folded terms from `search` on, and where they end.
fn term_range(search: Option<&str>) -> Option<(String, Option<String>)> {
    let folded = search::fold(search?);
    let from = sync_core::text::cut(&folded, TERM_BYTES_MAX).0.to_owned();
    let until = search::after_prefix(&from);
    Some((sync_core::text::without_nul(&from).into_owned(), until))
}

/// And that `person` has a term in `range`: from `$from` up to `$until`, of which only those are named that are given.
fn found(range: Option<&(String, Option<String>)>, person: &str, from: &str, until: &str) -> String {
    let Some((_, end)) = range else { return String::new() };
    let end = if end.is_some() { format!("AND t.term < {until}") } else { String::new() };
    format!("AND {person} IN (SELECT t.person FROM people_terms t WHERE t.account = $1 AND t.term >= {from} {end})")
}

/// Of a deleted person whose record is kept. Such links have extras, which most have not.
const KEPT: &str = "AND l.has_extras AND EXISTS (SELECT 1 FROM link_extras k WHERE k.account = l.account AND k.sync = l.sync \
     AND k.person = l.person AND k.notes ->> 'kept' = 'true')";
const NOT_KEPT: &str = "AND NOT (l.has_extras AND EXISTS (SELECT 1 FROM link_extras k WHERE k.account = l.account \
     AND k.sync = l.sync AND k.person = l.person AND k.notes ->> 'kept' = 'true'))";

#[async_trait]
impl DirectoryStore for PostgresStore {
    async fn people(
        &self,
        account: AccountId,
        filter: &PeopleFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Person>> {
        let range = term_range(filter.search.as_deref());
        let include_deleted = filter.include_deleted;
        self.read("read people", |c| {
            Box::pin(async move {
                let found = found(range.as_ref(), "p.id", "$4", "$5");
                let (from, until) = range.map_or((None, None), |(from, until)| (Some(from), until));
                let rows: Vec<PersonRow> = sql_query(format!(
                    "SELECT {} FROM people p WHERE p.account = $1 AND p.id > $2 AND ($3 OR p.deleted_at IS NULL) {found} \
                     ORDER BY p.id LIMIT $6",
                    people::COLUMNS,
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<Text, _>(page.after.map_or_else(String::new, String::from))
                .bind::<Bool, _>(include_deleted)
                .bind::<Nullable<Text>, _>(from)
                .bind::<Nullable<Text>, _>(until)
                .bind::<BigInt, _>(page.first as i64 + 1)
                .get_results(c)
                .await?;
                Ok(Page::of(people_of(rows)?, page.first))
            })
        })
        .await
    }

    async fn people_by_ids(&self, account: AccountId, ids: &[PersonId]) -> StoreResult<Vec<Person>> {
        let ids = ids.to_vec();
        self.read("read people", |c| {
            Box::pin(async move { Ok(people::read(c, account, &ids, false).await?.into_values().collect()) })
        })
        .await
    }

    async fn people_count(&self, account: AccountId) -> StoreResult<i64> {
        self.read("count people", |c| {
            Box::pin(async move {
                let rows: Vec<Count> = sql_query("SELECT people AS n FROM people_counts WHERE account = $1")
                    .bind::<SqlUuid, _>(account.0)
                    .get_results(c)
                    .await?;
                Ok(rows.into_iter().next().map_or(0, |row| row.n))
            })
        })
        .await
    }

    async fn person_changes(
        &self,
        account: AccountId,
        person: &PersonId,
        page: PageRequest<Version>,
    ) -> StoreResult<Page<PersonChange>> {
        let person = person.as_str().to_owned();
        self.read("read a person's changes", |c| {
            Box::pin(async move {
                let rows: Vec<ChangeRow> = sql_query(
                    "SELECT version, kind, at, fields FROM person_changes WHERE account = $1 AND person = $2 \
                     AND version < $3 ORDER BY version DESC LIMIT $4",
                )
                .bind::<SqlUuid, _>(account.0)
                .bind::<Text, _>(&person)
                .bind::<BigInt, _>(page.after.unwrap_or(i64::MAX))
                .bind::<BigInt, _>(page.first as i64 + 1)
                .get_results(c)
                .await?;
                let changes = rows.into_iter().map(|row| row.change(&person)).collect::<Result<_, _>>()?;
                Ok(Page::of(changes, page.first))
            })
        })
        .await
    }

    async fn create_sync(&self, sync: &SyncConfig, include_existing: bool) -> StoreResult<()> {
        let sync = Arc::new(sync.clone());
        self.transact("create a sync", move |c| {
            let sync = sync.clone();
            Box::pin(async move {
                lock_account(c, sync.account).await?;
                syncs::make(c, &sync, include_existing).await
            })
        })
        .await
    }

    async fn create_sync_once(&self, sync: &SyncConfig, include_existing: bool, input: &str) -> StoreResult<MadeSync> {
        let wanted = Arc::new((sync.clone(), input.to_owned()));
        self.transact("create a sync", move |c| {
            let wanted = wanted.clone();
            Box::pin(async move {
                let (sync, input) = &*wanted;
                let (account, id) = (sync.account, sync.id);
                // Whoever makes or deletes a sync of the account waits here.
                lock_account(c, account).await?;
                let known = remembered::find(c, account, id).await?;
                if let Some(found) = MadeSync::of(known, syncs::find(c, account, id).await?) {
                    return Ok(found);
                }
                syncs::make(c, sync, include_existing).await?;
                remembered::write(c, &RememberedSync { account, id, input: Some(input.clone()), deleted_at: None })
                    .await?;
                Ok(MadeSync::Made)
            })
        })
        .await
    }

    async fn forget_ids(&self, rows_max: usize) -> StoreResult<usize> {
        let store = self.clone();
        self.transact("forget ids of syncs", move |c| {
            let store = store.clone();
            Box::pin(async move { remembered::forget(c, store.clock_now(c).await?, rows_max).await })
        })
        .await
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
        let store = self.clone();
        let wanted = Arc::new((friendly_name.to_owned(), settings.clone(), sweeps.to_vec()));
        let updated = self.transact("update a sync", move |c| {
            let (store, wanted) = (store.clone(), wanted.clone());
            Box::pin(async move {
                let (friendly_name, settings, sweeps) = &*wanted;
                let Some(before) = lock_sync(c, account, id).await? else {
                    return Ok((SetResult::NotFound, None));
                };
                if before.revision != expected {
                    return Ok((SetResult::Conflict(before), None));
                }
                let now = store.clock_now(c).await?;
                let after = revised(&before, friendly_name, settings, now);
                syncs::write(c, &after).await?;
                let edited = |governor: &mut Governor| {
                    governor.edited(&before.settings, &after.settings, after.revision, now);
                    governor.sweeps_begun(sweeps);
                };
                let changed = change_governor(c, account, id, edited).await?;
                notify(c, &Signal::Due).await?;
                for kind in sweeps {
                    sweep_insertion(account, id, *kind).execute(c).await?;
                }
                notify(c, &Signal::Changed).await?;
                Ok((SetResult::Set(after), changed))
            })
        });
        let (updated, changed) = updated.await?;
        news::tell(changed.map_or_else(Vec::new, |((), news)| news));
        Ok(updated)
    }

    async fn set_paused(&self, account: AccountId, id: SyncId, paused: bool) -> StoreResult<SetResult<SyncConfig>> {
        let store = self.clone();
        let set = self.transact("pause or resume a sync", move |c| {
            let store = store.clone();
            Box::pin(async move {
                let Some(mut sync) = lock_sync(c, account, id).await? else {
                    return Ok((SetResult::NotFound, None));
                };
                let now = store.clock_now(c).await?;
                let mut changed = None;
                if sync.paused != paused {
                    sync.paused = paused;
                    sync.updated_at = now;
                    syncs::write(c, &sync).await?;
                }
                if !paused {
                    changed = change_governor(c, account, id, |governor| governor.probe_now(now)).await?;
                    notify(c, &Signal::Due).await?;
                }
                notify(c, &Signal::Changed).await?;
                Ok((SetResult::Set(sync), changed))
            })
        });
        let (set, changed) = set.await?;
        news::tell(changed.map_or_else(Vec::new, |((), news)| news));
        Ok(set)
    }

    async fn delete_sync(&self, account: AccountId, id: SyncId) -> StoreResult<bool> {
        let store = self.clone();
        self.transact("delete a sync", move |c| {
            let store = store.clone();
            Box::pin(async move {
                lock_account(c, account).await?;
                let Some(mut sync) = lock_sync(c, account, id).await? else { return Ok(false) };
                let now = store.clock_now(c).await?;
                sync.deleted_at = Some(now);
                syncs::write(c, &sync).await?;
                remembered::write(c, &RememberedSync { account, id, input: None, deleted_at: Some(now) }).await?;
                sql_query("DELETE FROM sweeps WHERE account = $1 AND sync = $2")
                    .bind::<SqlUuid, _>(account.0)
                    .bind::<SqlUuid, _>(id.0)
                    .execute(c)
                    .await?;
                later::forget_sync(c, account, id).await?;
                sweep_insertion(account, id, SweepKind::Delete).execute(c).await?;
                notify(c, &Signal::Changed).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn resync(
        &self,
        account: AccountId,
        id: SyncId,
        scope: ResyncScope,
        force: bool,
    ) -> StoreResult<Option<i64>> {
        self.transact("resync", move |c| {
            Box::pin(async move {
                if lock_sync(c, account, id).await?.is_none() {
                    return Ok(None);
                }
                let count = count_resync(c, account, id, scope).await?;
                sweep_insertion(account, id, SweepKind::Resync { scope, force }).execute(c).await?;
                notify(c, &Signal::Changed).await?;
                Ok(Some(count))
            })
        })
        .await
    }

    async fn sweep(&self, account: AccountId, id: SyncId, kind: SweepKind) -> StoreResult<bool> {
        self.transact("begin a sweep", move |c| {
            Box::pin(async move {
                let found = lock_sync(c, account, id).await?.is_some();
                if found {
                    sweep_insertion(account, id, kind).execute(c).await?;
                    notify(c, &Signal::Changed).await?;
                }
                Ok(found)
            })
        })
        .await
    }

    async fn govern(&self, account: AccountId, id: SyncId, wish: &Wish) -> StoreResult<Option<Granted>> {
        let (store, wish) = (self.clone(), Arc::new(wish.clone()));
        let granted = self.transact("change a governor", move |c| {
            let (store, wish) = (store.clone(), wish.clone());
            Box::pin(async move {
                if lock_sync(c, account, id).await?.is_none() {
                    return Ok(None);
                }
                let now = store.clock_now(c).await?;
                let granted = change_governor(c, account, id, |governor| governor.grant_wish(&wish, now)).await?;
                notify(c, &Signal::Due).await?;
                Ok(granted)
            })
        });
        Ok(granted.await?.map(|(granted, news)| {
            news::tell(news);
            granted
        }))
    }

    async fn resync_count(&self, account: AccountId, id: SyncId, scope: ResyncScope) -> StoreResult<i64> {
        self.read("count what a resync marks", |c| Box::pin(async move { count_resync(c, account, id, scope).await }))
            .await
    }

    async fn syncs(&self, account: AccountId, page: PageRequest<SyncPlace>) -> StoreResult<Page<SyncConfig>> {
        self.read("read syncs", |c| {
            Box::pin(async move {
                let rows: Vec<SyncRow> = sql_query(format!(
                    "SELECT {} FROM syncs s WHERE s.account = $1 AND s.deleted_at IS NULL {} \
                     ORDER BY s.created_at DESC, s.id DESC LIMIT $4",
                    syncs::COLUMNS,
                    given(page.after.is_some(), "AND (s.created_at, s.id) < ($2, $3)")
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<Nullable<Timestamptz>, _>(time_opt(page.after.map(|after| after.created_at)))
                .bind::<Nullable<SqlUuid>, _>(page.after.map(|after| after.id.0))
                .bind::<BigInt, _>(page.first as i64 + 1)
                .get_results(c)
                .await?;
                Ok(Page::of(configs(rows)?, page.first))
            })
        })
        .await
    }

    async fn syncs_by_ids(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<SyncConfig>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.read("read syncs", |c| {
            Box::pin(async move {
                let rows: Vec<SyncRow> = sql_query(format!(
                    "SELECT {} FROM syncs s WHERE s.account = $1 AND s.id = ANY($2) AND s.deleted_at IS NULL",
                    syncs::COLUMNS
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<Array<SqlUuid>, _>(ids)
                .get_results(c)
                .await?;
                configs(rows)
            })
        })
        .await
    }

    async fn runtimes(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, SyncRuntime)>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.read("read what syncs do", |c| {
            Box::pin(async move {
                let rows: Vec<RuntimeRow> = sql_query(format!(
                    "SELECT r.sync, r.governor, {COUNTS} FROM sync_runtime r JOIN syncs s ON s.account = r.account \
                         AND s.id = r.sync AND s.deleted_at IS NULL \
                     LEFT JOIN link_counts n ON n.account = r.account AND n.sync = r.sync \
                     WHERE r.account = $1 AND r.sync = ANY($2) AND s.id = ANY($2) GROUP BY r.sync, r.governor",
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<Array<SqlUuid>, _>(ids)
                .get_results(c)
                .await?;
                rows.into_iter()
                    .map(|row| {
                        let governor = governor_of(row.governor, account.0, row.sync)?;
                        Ok((SyncId(row.sync), SyncRuntime { governor, counts: row.counts.counts() }))
                    })
                    .collect()
            })
        })
        .await
    }

    async fn next_requests(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, NextRequests)>> {
        let (store, ids) = (self.clone(), ids.to_vec());
        self.read("count what is needed next", move |c| {
            Box::pin(async move {
                let now = store.clock_now(c).await?;
                next::count(c, account, &ids, now).await
            })
        })
        .await
    }

    async fn links(
        &self,
        account: AccountId,
        sync: SyncId,
        filter: &LinkFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Link>> {
        let filter = filter.clone();
        self.read("read links", |c| {
            Box::pin(async move {
                let range = term_range(filter.search.as_deref());
                // Only what is asked for is named: so that an index on it is of use.
                let conditions = [
                    given(filter.state.is_some(), "AND l.state = $4"),
                    given(filter.owed.is_some(), "AND (l.due_at IS NOT NULL) = $5"),
                    given(filter.owed == Some(true), "AND l.claimable_at IS NOT NULL AND l.queue = $2"),
                    given(filter.parked.is_some(), "AND (l.parked IS NOT NULL) = $6"),
                    given(filter.parked == Some(true), "AND l.parked IS NOT NULL"),
                    given(filter.parked_reason.is_some(), "AND l.parked = $7"),
                    given(filter.person.is_some(), "AND l.person = $8"),
                    given(filter.unique_id.is_some(), "AND l.unique_id = $9"),
                    given(filter.kept == Some(true), KEPT),
                    given(filter.kept == Some(false), NOT_KEPT),
                    &found(range.as_ref(), "l.person", "$10", "$11"),
                ]
                .join(" ");
                let (from, until) = range.map_or((None, None), |(from, until)| (Some(from), until));
                let rows: Vec<LinkRow> = sql_query(format!(
                    "SELECT {} FROM links l WHERE l.account = $1 AND l.sync = $2 AND l.person > $3 {conditions} \
                     AND EXISTS (SELECT 1 FROM syncs s WHERE s.account = $1 AND s.id = $2 AND s.deleted_at IS NULL) \
                     ORDER BY l.person LIMIT $12",
                    link_row::COLUMNS,
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<SqlUuid, _>(sync.0)
                .bind::<Text, _>(page.after.map_or_else(String::new, String::from))
                .bind::<Nullable<SmallInt>, _>(filter.state.map(sync_core::link::StateName::code))
                .bind::<Nullable<Bool>, _>(filter.owed)
                .bind::<Nullable<Bool>, _>(filter.parked)
                .bind::<Nullable<SmallInt>, _>(filter.parked_reason.map(sync_core::link::ParkReason::code))
                .bind::<Nullable<Text>, _>(filter.person.map(String::from))
                .bind::<Nullable<Text>, _>(filter.unique_id.map(|id| sync_core::text::without_nul(&id).into_owned()))
                .bind::<Nullable<Text>, _>(from)
                .bind::<Nullable<Text>, _>(until)
                .bind::<BigInt, _>(page.first as i64 + 1)
                .get_results(c)
                .await?;
                Ok(Page::of(with_extras(c, rows).await?, page.first))
            })
        })
        .await
    }

    async fn links_of_people(&self, account: AccountId, people: &[PersonId]) -> StoreResult<Vec<Link>> {
        let people: Vec<String> = people.iter().map(|id| id.as_str().to_owned()).collect();
        self.read("read links", |c| {
            Box::pin(async move {
                let rows: Vec<LinkRow> = sql_query(format!(
                    "SELECT {} FROM (SELECT DISTINCT s.account, s.id, k.person FROM syncs s CROSS JOIN UNNEST($2) AS k(person) \
                     WHERE s.account = $1 AND s.deleted_at IS NULL OFFSET 0) AS k \
                     JOIN links l ON l.account = k.account AND l.sync = k.id AND l.person = k.person",
                    link_row::COLUMNS
                ))
                .bind::<SqlUuid, _>(account.0)
                .bind::<Array<Text>, _>(people)
                .get_results(c)
                .await?;
                with_extras(c, rows).await
            })
        })
        .await
    }

    async fn links_by_ids(&self, ids: &[LinkId]) -> StoreResult<Vec<Link>> {
        let keys = Keys::of(ids);
        self.read("read links", |c| {
            Box::pin(async move {
                let rows: Vec<LinkRow> = sql_query(format!(
                    "SELECT {} FROM links l WHERE (l.account, l.sync, l.person) IN (SELECT * FROM UNNEST($1, $2, $3))",
                    link_row::COLUMNS
                ))
                .bind::<Array<SqlUuid>, _>(keys.accounts)
                .bind::<Array<SqlUuid>, _>(keys.syncs)
                .bind::<Array<Text>, _>(keys.people)
                .get_results(c)
                .await?;
                with_extras(c, rows).await
            })
        })
        .await
    }

    async fn reseal(&self, reseal: Arc<dyn Reseal>) -> StoreResult<usize> {
        let all: Vec<SyncConfig> = self
            .read("read syncs", |c| {
                Box::pin(async move {
                    let rows: Vec<SyncRow> = sql_query(format!(
                        "SELECT {} FROM syncs s WHERE s.deleted_at IS NULL ORDER BY s.account, s.id",
                        syncs::COLUMNS
                    ))
                    .get_results(c)
                    .await?;
                    configs(rows)
                })
            })
            .await?;
        let mut written = 0;
        for sync in all {
            let reseal = reseal.clone();
            let (account, id) = (sync.account, sync.id);
            written += self
                .transact("seal a sync's secrets anew", move |c| {
                    let reseal = reseal.clone();
                    Box::pin(async move { reseal_one(c, account, id, reseal.as_ref()).await })
                })
                .await?;
        }
        Ok(written + self.reseal_alerts(&reseal).await?)
    }
}

async fn reseal_one(c: &mut Conn, account: AccountId, id: SyncId, reseal: &dyn Reseal) -> Result<usize, Fault> {
    let Some(mut sync) = lock_sync(c, account, id).await? else { return Ok(0) };
    let sealed = reseal
        .reseal(&sync)
        .map_err(|source| StoreError::Internal { operation: "seal a sync's secrets anew", source })?;
    let Some(settings) = sealed else { return Ok(0) };
    sync.settings = settings;
    syncs::write(c, &sync).await?;
    notify(c, &Signal::Changed).await?;
    Ok(1)
}

#[derive(QueryableByName)]
pub(crate) struct ChangeRow {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Timestamptz)]
    at: Time,
    #[diesel(sql_type = Json)]
    fields: serde_json::Value,
}

impl ChangeRow {
    pub(crate) fn change(self, person: &str) -> Result<PersonChange, Fault> {
        let corrupt = |column| StoreError::Corrupt {
            table: "person_changes",
            column,
            key: format!("{person:?} {}", self.version),
        };
        Ok(PersonChange {
            version: self.version,
            kind: ChangeKind::from_code(self.kind).ok_or_else(|| corrupt("kind"))?,
            at: self.at.0,
            fields: serde_json::from_value(self.fields.clone()).map_err(|_| corrupt("fields"))?,
        })
    }
}

#[derive(QueryableByName)]
struct RuntimeRow {
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Jsonb)]
    governor: serde_json::Value,
    #[diesel(embed)]
    counts: CountsRow,
}
