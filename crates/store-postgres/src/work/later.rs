//! Marks that a change leaves for later: written with it, worked in batches.

use crate::batch::Batch;
use crate::error::Fault;
use crate::links::{self, Shard};
use crate::signals::notify;
use crate::sql::sql_query;
use crate::{Conn, PostgresStore, people};
use diesel::sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures_util::future::try_join;
use sync_core::backoff::Policy;
use sync_core::claim::ChangedPerson;
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::plan::LinkWrite;
use sync_core::plan::intake::mark_unresolved;
use sync_core::plan::later::{LaterMarks, mark_later};
use sync_core::ports::{Signal, StoreError};
use sync_core::sync::SyncConfig;
use sync_core::time::Timestamp;
use uuid::Uuid;

/// What a change leaves for later.
pub(super) struct Left<'a> {
    pub(super) account: AccountId,
    pub(super) syncs: &'a [SyncConfig],
    pub(super) changed: &'a [ChangedPerson],
}

impl Left<'_> {
    /// Those links whose snapshot the change overwrites, marked, so far as they are seen: claims may be half done. Locks them.
    pub(super) async fn unresolved(
        &self,
        c: &mut Conn,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Vec<LinkWrite>, Fault> {
        let rows: Vec<LinkKey> = sql_query(format!(
            "SELECT u.sync, u.person FROM UNNEST($2) AS k(sync) CROSS JOIN LATERAL ( \
                 SELECT l.sync, l.person FROM links l WHERE l.sync = k.sync AND (l.account = $1) IS TRUE \
                     AND (l.state IN (1, 4) OR (l.state = 0 AND l.has_extras)) AND l.person = ANY($3) \
                 UNION SELECT l.sync, l.person FROM links l WHERE {} AND l.lease_token IS NOT NULL \
                     AND l.lease_operation = 0 AND l.person = ANY($3)) AS u ORDER BY u.sync, u.person",
            links::in_queue("$1", "k.sync")
        ))
        .bind::<SqlUuid, _>(self.account.0)
        .bind::<Array<SqlUuid>, _>(self.sync_ids())
        .bind::<Array<Text>, _>(self.people())
        .get_results(c)
        .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids = rows.into_iter().map(|row| row.id(self.account)).collect::<Result<Vec<_>, StoreError>>()?;
        let locked = links::lock(c, &ids).await?;
        let mut held = links::by_id(c, locked).await?;
        let found = ids.iter().filter_map(|id| held.remove(id));
        Ok(mark_unresolved(self.changed, found, policy, now))
    }

    /// Locks the syncs' runtime rows: claims take these first, so none is half done from then on.
    pub(super) async fn lock_runtimes(&self, c: &mut Conn) -> Result<(), Fault> {
        sql_query(
            "SELECT FROM UNNEST($2) AS k(sync) JOIN sync_runtime r ON r.account = $1 AND r.sync = k.sync \
             ORDER BY r.sync FOR UPDATE OF r",
        )
        .bind::<SqlUuid, _>(self.account.0)
        .bind::<Array<SqlUuid>, _>(self.sync_ids())
        .execute(c)
        .await?;
        Ok(())
    }

    /// Adds what is left: whom the change changed, once, and each sync.
    pub(super) fn add(&self, batch: &mut Batch<'_>) {
        batch.add(
            sql_query(
                "WITH p AS (INSERT INTO later_people (account, people) VALUES ($1, $2) RETURNING account, id) \
                 INSERT INTO later_marks (account, id, sync, done) \
                 SELECT p.account, p.id, k.sync, 0 FROM p CROSS JOIN UNNEST($3) AS k(sync)",
            )
            .bind::<SqlUuid, _>(self.account.0)
            .bind::<Array<Text>, _>(self.people())
            .bind::<Array<SqlUuid>, _>(self.sync_ids()),
        );
    }

    fn sync_ids(&self) -> Vec<Uuid> {
        self.syncs.iter().map(|sync| sync.id.0).collect()
    }

    fn people(&self) -> Vec<String> {
        self.changed.iter().map(|changed| changed.after.id.as_str().to_owned()).collect()
    }
}

#[derive(diesel::QueryableByName)]
struct LinkKey {
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Text)]
    person: String,
}

impl LinkKey {
    fn id(self, account: AccountId) -> Result<LinkId, StoreError> {
        let key = format!("{account} {} {:?}", self.sync, self.person);
        let person =
            PersonId::new(self.person).map_err(|_| StoreError::Corrupt { table: "links", column: "person", key })?;
        Ok(LinkId { account, sync: SyncId(self.sync), person })
    }
}

#[derive(diesel::QueryableByName)]
struct Whose {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
}

/// Who has sweeps, and whose links are left to be marked.
pub(super) async fn accounts(mut c: &Conn) -> Result<(Vec<AccountId>, Vec<AccountId>), Fault> {
    let sweeps = sql_query("SELECT DISTINCT account FROM sweeps").get_results(&mut c);
    let later = sql_query("SELECT DISTINCT account FROM later_marks").get_results(&mut c);
    let (sweeps, later): (Vec<Whose>, Vec<Whose>) = try_join(sweeps, later).await?;
    let ids = |rows: Vec<Whose>| rows.into_iter().map(|row| AccountId(row.account)).collect();
    Ok((ids(sweeps), ids(later)))
}

/// Nothing more is owed to a sync.
pub(crate) async fn forget_sync(c: &mut Conn, account: AccountId, sync: SyncId) -> Result<(), Fault> {
    sql_query("DELETE FROM later_marks WHERE account = $1 AND sync = $2")
        .bind::<SqlUuid, _>(account.0)
        .bind::<SqlUuid, _>(sync.0)
        .execute(c)
        .await?;
    tidy(c, account).await
}

async fn tidy(c: &mut Conn, account: AccountId) -> Result<(), Fault> {
    sql_query(
        "DELETE FROM later_people p WHERE p.account = $1 AND NOT EXISTS \
         (SELECT 1 FROM later_marks m WHERE m.account = p.account AND m.id = p.id)",
    )
    .bind::<SqlUuid, _>(account.0)
    .execute(c)
    .await?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Integer)]
    done: i32,
    #[diesel(sql_type = Array<Text>)]
    people: Vec<String>,
}

impl Row {
    fn marks(self, account: AccountId) -> Result<LaterMarks, StoreError> {
        let corrupt = |table, column| StoreError::Corrupt { table, column, key: format!("{account} {}", self.id) };
        let person = |id: String| PersonId::new(id).map_err(|_| corrupt("later_people", "people"));
        Ok(LaterMarks {
            account,
            id: self.id,
            sync: SyncId(self.sync),
            people: self.people.into_iter().map(person).collect::<Result<_, _>>()?,
            done: usize::try_from(self.done).map_err(|_| corrupt("later_marks", "done"))?,
        })
    }
}

/// Marks the next people of an account. Returns whether there was anything that nobody else is at.
pub(super) async fn work(
    store: &PostgresStore,
    c: &mut Conn,
    account: AccountId,
    rows_max: usize,
) -> Result<bool, Fault> {
    // First, as a change does. Where somebody makes or deletes a sync just now, others have their turn.
    let free = sql_query("SELECT FROM accounts WHERE id = $1 FOR SHARE SKIP LOCKED")
        .bind::<SqlUuid, _>(account.0)
        .execute(c)
        .await?;
    if free == 0 {
        return Ok(false);
    }
    let rows: Vec<Row> = sql_query(
        "SELECT m.id, m.sync, m.done, p.people FROM later_marks m JOIN later_people p ON p.account = m.account AND p.id = m.id \
         WHERE m.account = $1 ORDER BY m.id, m.sync LIMIT 1 FOR UPDATE OF m SKIP LOCKED",
    )
    .bind::<SqlUuid, _>(account.0)
    .get_results(c)
    .await?;
    let Some(row) = rows.into_iter().next() else { return Ok(false) };
    let marks = row.marks(account)?;
    let batch = marks.batch(rows_max);
    let people = people::read(c, account, batch, true).await?;
    let ids: Vec<LinkId> =
        batch.iter().map(|person| LinkId { account, sync: marks.sync, person: person.clone() }).collect();
    let rows = links::lock(c, &ids).await?;
    let mut held = links::by_id(c, rows).await?;
    let now = store.clock_now(c).await?;
    let writes: Vec<LinkWrite> = ids
        .iter()
        .filter_map(|id| mark_later(id.clone(), people.get(&id.person), held.remove(id), &store.inner.policy, now))
        .collect();
    let marked = !writes.is_empty();
    if marked {
        links::write(c, writes, Shard::Other).await?;
    }
    let key = |sql: &str| {
        sql_query(sql).bind::<SqlUuid, _>(account.0).bind::<BigInt, _>(marks.id).bind::<SqlUuid, _>(marks.sync.0)
    };
    match marks.done_after(batch.len()) {
        Some(done) => {
            key("UPDATE later_marks SET done = $4 WHERE account = $1 AND id = $2 AND sync = $3")
                .bind::<Integer, _>(i32::try_from(done).unwrap_or(i32::MAX))
                .execute(c)
                .await?;
        }
        None => {
            key("DELETE FROM later_marks WHERE account = $1 AND id = $2 AND sync = $3").execute(c).await?;
            tidy(c, account).await?;
        }
    }
    if marked {
        notify(c, &Signal::Due).await?;
    }
    Ok(true)
}
