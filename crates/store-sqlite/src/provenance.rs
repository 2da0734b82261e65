//! What the database says of itself, and what follows a restore.

use crate::SqliteStore;
use crate::error::Fault;
use crate::sql::{Db, values};
use crate::tables::{from_json, syncs, to_json};
use crate::writer::Afterwards;
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use sync_core::ports::{ProvenanceStore, RestoreBegun, Signal, StoreResult, SweepKind};
use sync_core::provenance::{Cluster, Noted};

#[async_trait]
impl ProvenanceStore for SqliteStore {
    async fn provenance(&self) -> StoreResult<(Noted, Option<Cluster>)> {
        // A file has no place of its own: where it lies says nothing.
        Ok((self.readers.run("read where the database is from", read).await?, None))
    }

    async fn note_provenance(&self, noted: &Noted) -> StoreResult<()> {
        let noted = noted.clone();
        let work = move |db: &mut Db, _: &mut Afterwards| write(db, &noted);
        self.writer.run("note where the database is from", work).await
    }

    async fn begin_restore(&self) -> StoreResult<RestoreBegun> {
        let shared = self.shared.clone();
        let work = move |db: &mut Db, after: &mut Afterwards| {
            let now = shared.now();
            let sessions = db.run("DELETE FROM sessions", &[])?;
            let live = syncs::read(db, "WHERE s.deleted_at IS NULL ORDER BY s.account, s.id", &[])?;
            for mut sync in live.iter().cloned() {
                let (account, id) = (sync.config.account, sync.config.id);
                sync.governor.restore(now);
                syncs::write_governor(db, account, id, &sync.governor)?;
                syncs::add_sweep(db, account, id, SweepKind::Restored, now)?;
            }
            let noted = read(db)?;
            write(db, &Noted { restoring: true, ..noted })?;
            after.signals.push(Signal::Changed);
            Ok(RestoreBegun { sessions, syncs: live.len() })
        };
        self.writer.run("begin a restore", work).await
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    noted: String,
}

pub(crate) fn read(db: &mut Db) -> Result<Noted, Fault> {
    let row: Option<Row> = db.row("SELECT noted FROM provenance", &[])?;
    row.map_or_else(|| Ok(Noted::default()), |row| from_json(&row.noted, "provenance", "noted", "the only row"))
}

pub(crate) fn write(db: &mut Db, noted: &Noted) -> Result<(), Fault> {
    db.run(
        "INSERT INTO provenance (one, noted) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET noted = excluded.noted",
        &values![to_json(noted)?],
    )?;
    Ok(())
}
