//! What the database says of itself, where it is found, and what follows a restore.

use crate::error::Fault;
use crate::signals::notify;
use crate::sql::sql_query;
use crate::syncs::{as_json, change_governor, sweep_insertion};
use crate::{Conn, PostgresStore};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use std::sync::{Mutex, PoisonError};
use sync_core::governor::Governor;
use sync_core::id::{AccountId, SyncId};
use sync_core::ports::{ProvenanceStore, RestoreBegun, Signal, StoreError, StoreResult, SweepKind};
use sync_core::provenance::{Cluster, Noted};
use uuid::Uuid;

/// Where the database was when it was noted. A connection that leads elsewhere is not used: what was sent since may be missing
/// there.
#[derive(Debug, Default)]
pub(crate) struct Home(Mutex<Option<Cluster>>);

impl Home {
    fn set(&self, cluster: Option<Cluster>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cluster;
    }

    /// Why a new connection is not used.
    pub(crate) async fn refuses(&self, c: &mut Conn) -> Option<String> {
        let home = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        // A connection outlives its standby's taking over, and would be on the new timeline then, unseen.
        let asked = sql_query("SELECT pg_is_in_recovery() AS recovers");
        if asked.get_result::<Recovers>(c).await.is_ok_and(|row| row.recovers) {
            return Some("it leads to a standby that has not taken over".to_owned());
        }
        found(c).await.is_elsewhere(&home).then(|| {
            "it leads to another server, timeline or database than at the start: restart crm-sync, which says what is to be \
             done"
                .to_owned()
        })
    }
}

#[derive(QueryableByName)]
struct Recovers {
    #[diesel(sql_type = Bool)]
    recovers: bool,
}

#[derive(QueryableByName)]
struct Allowed {
    #[diesel(sql_type = Bool)]
    system: bool,
    #[diesel(sql_type = Bool)]
    wal: bool,
    #[diesel(sql_type = Bool)]
    checkpoint: bool,
}

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = Nullable<Text>)]
    system: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    timeline: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    database: Option<i64>,
}

/// Where the database is, as far as the server tells this role: what it may not call, or what a server that is no Postgres does
/// not have, stays unknown.
async fn found(c: &mut Conn) -> Cluster {
    let asked = sql_query(
        "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS system, \
         has_function_privilege('pg_walfile_name(pg_lsn)', 'EXECUTE') \
         AND has_function_privilege('pg_current_wal_lsn()', 'EXECUTE') AND NOT pg_is_in_recovery() AS wal, \
         has_function_privilege('pg_control_checkpoint()', 'EXECUTE') AS checkpoint",
    );
    let allowed = asked.get_result(c).await.unwrap_or(Allowed { system: false, wal: false, checkpoint: false });
    let system = if allowed.system { "(SELECT system_identifier::text FROM pg_control_system())" } else { "NULL" };
    let timeline = match (allowed.wal, allowed.checkpoint) {
        // Of what is written now. The last checkpoint's is an older one for a while after a standby has taken over.
        (true, _) => "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint",
        (false, true) => "(SELECT timeline_id::bigint FROM pg_control_checkpoint())",
        (false, false) => "NULL",
    };
    for (system, timeline) in [(system, timeline), ("NULL", "NULL")] {
        let asked = sql_query(format!(
            "SELECT {system}::text AS system, {timeline}::bigint AS timeline, \
             (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database"
        ));
        if let Ok(FoundRow { system, timeline, database }) = asked.get_result(c).await {
            return Cluster { system, timeline, database };
        }
    }
    Cluster::default()
}

#[derive(QueryableByName)]
struct NotedRow {
    #[diesel(sql_type = Jsonb)]
    noted: serde_json::Value,
}

async fn read(c: &mut Conn) -> Result<Noted, Fault> {
    let rows: Vec<NotedRow> = sql_query("SELECT noted FROM provenance").get_results(c).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(Noted::default()) };
    let corrupt = |_| StoreError::Corrupt { table: "provenance", column: "noted", key: "the only row".to_owned() };
    Ok(serde_json::from_value(row.noted).map_err(corrupt)?)
}

pub(crate) async fn write(c: &mut Conn, noted: &Noted) -> Result<(), Fault> {
    sql_query(
        "INSERT INTO provenance (one, noted) VALUES (true, $1) ON CONFLICT (one) DO UPDATE SET noted = EXCLUDED.noted",
    )
    .bind::<Jsonb, _>(as_json(noted)?)
    .execute(c)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct SyncKey {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[async_trait]
impl ProvenanceStore for PostgresStore {
    async fn provenance(&self) -> StoreResult<(Noted, Option<Cluster>)> {
        self.read("read where the database is from", |c| {
            Box::pin(async move {
                let noted = read(c).await?;
                Ok((noted, Some(found(c).await)))
            })
        })
        .await
    }

    async fn note_provenance(&self, noted: &Noted) -> StoreResult<()> {
        let kept = noted.clone();
        self.transact("note where the database is from", move |c| {
            let noted = kept.clone();
            Box::pin(async move { write(c, &noted).await })
        })
        .await?;
        self.inner.home.set(noted.cluster.clone());
        Ok(())
    }

    async fn begin_restore(&self) -> StoreResult<RestoreBegun> {
        let store = self.clone();
        self.transact("begin a restore", move |c| {
            let store = store.clone();
            Box::pin(async move {
                let now = store.clock_now(c).await?;
                let sessions = sql_query("DELETE FROM sessions").execute(c).await?;
                let live = "SELECT account, id FROM syncs WHERE deleted_at IS NULL ORDER BY account, id";
                let syncs: Vec<SyncKey> = sql_query(live).get_results(c).await?;
                for key in &syncs {
                    let (account, id) = (AccountId(key.account), SyncId(key.id));
                    change_governor(c, account, id, |governor: &mut Governor| governor.restore(now)).await?;
                    sweep_insertion(account, id, SweepKind::Restored).execute(c).await?;
                }
                let noted = read(c).await?;
                write(c, &Noted { restoring: true, ..noted }).await?;
                notify(c, &Signal::Changed).await?;
                Ok(RestoreBegun { sessions, syncs: syncs.len() })
            })
        })
        .await
    }
}
