//! The schema: migrations embedded in the program.

use crate::error::Fault;
use crate::sql::Db;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Whether nothing is to be done. Refuses a schema that is newer than this program.
pub(crate) fn is_current(db: &mut Db) -> Result<bool, Fault> {
    refuse_newer(db)?;
    Ok(applied(db)?.len() == known()?.len())
}

/// Brings the schema up to date.
pub(crate) fn migrate(db: &mut Db) -> Result<(), Fault> {
    refuse_newer(db)?;
    // What a large table is made anew with does not fit in memory: beyond some MiB it goes to the directory of temporary files.
    db.batch("PRAGMA temp_store = FILE")?;
    let run = db.bare().run_pending_migrations(MIGRATIONS);
    run.map(drop).map_err(|error| Fault::Schema(format!("it could not be brought up to date: {error}")))
}

/// Refuses a schema that is not this program's, saying how to mend it.
pub(crate) fn check(db: &mut Db) -> Result<(), Fault> {
    refuse_newer(db)?;
    let known = known()?.len();
    let applied = applied(db)?.len();
    if applied < known {
        let missing = known - applied;
        return Err(Fault::Schema(format!("{missing} migrations are to be applied: run `crm-sync migrate`")));
    }
    Ok(())
}

fn refuse_newer(db: &mut Db) -> Result<(), Fault> {
    let known = known()?;
    match applied(db)?.into_iter().find(|applied| !known.contains(applied)) {
        Some(newer) => Err(Fault::Schema(format!(
            "the database has the migration {newer}, which this program does not know: run the program that made it, \
             or a newer one"
        ))),
        None => Ok(()),
    }
}

fn known() -> Result<Vec<String>, Fault> {
    let migrations: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(Fault::Caller)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// Versions in the database; none where it is empty.
fn applied(db: &mut Db) -> Result<Vec<String>, Fault> {
    let there = db.number(
        "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'",
        &[],
    )?;
    if there == 0 {
        return Ok(Vec::new());
    }
    let applied: Vec<MigrationVersion<'static>> = db.bare().applied_migrations().map_err(Fault::Caller)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}
