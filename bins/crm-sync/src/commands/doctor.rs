//! `doctor`: checks database, secret key, clock and network rules, and says what is wrong.

use crate::compose::{self, Missing};
use crate::config::{Config, Database};
use anyhow::Result;
use std::process::ExitCode;
use std::time::Duration;
use sync_core::ports::{Clock, Store};
use sync_engine::SystemClock;

/// How far the database's clock may be from this machine's.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(5);

struct Report {
    wrong: usize,
}

impl Report {
    fn fine(what: &str, detail: &str) {
        println!("ok     {what}: {detail}");
    }

    fn wrong(&mut self, what: &str, detail: &str) {
        self.wrong += 1;
        println!("WRONG  {what}: {detail}");
    }
}

pub(crate) async fn run(config: &Config) -> Result<ExitCode> {
    let mut report = Report { wrong: 0 };
    let place = match &config.database {
        Database::Sqlite(path) => format!("embedded, {}", path.display()),
        Database::Postgres(_) => "Postgres".to_owned(),
    };
    let is_new = matches!(&config.database, Database::Sqlite(path) if !path.exists());
    if is_new {
        Report::fine("database", &format!("{place} (not there yet: `crm-sync serve` makes it)"));
        check_key(config, &mut report, false);
    } else {
        check_key(config, &mut report, true);
        check_database(config, &place, &mut report).await;
    }
    check_networks(config);
    if report.wrong == 0 {
        println!("nothing is wrong");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} of the checks found something wrong", report.wrong);
    Ok(ExitCode::FAILURE)
}

fn check_key(config: &Config, report: &mut Report, database_exists: bool) {
    if let Database::Sqlite(path) = &config.database
        && std::env::var_os(compose::SECRET_KEY).is_none()
    {
        let file = compose::key_path(path);
        match (file.exists(), database_exists) {
            (false, false) => {
                return Report::fine("secret key", "not there yet: `crm-sync serve` makes it beside the database");
            }
            (false, true) => {
                let mend =
                    format!("{} is missing beside the database: restore it, or give secrets again", file.display());
                return report.wrong("secret key", &mend);
            }
            (true, _) => check_private(&file, report),
        }
    }
    match compose::vault(config, Missing::Refuse) {
        Ok(_) => Report::fine("secret key", "can be read"),
        Err(error) => report.wrong("secret key", &format!("{error:#}")),
    }
}

#[cfg(unix)]
fn check_private(file: &std::path::Path, report: &mut Report) {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(metadata) = std::fs::metadata(file)
        && metadata.permissions().mode() & 0o077 != 0
    {
        report.wrong("secret key", &format!("{0} can be read by others: chmod 600 {0}", file.display()));
    }
}

#[cfg(not(unix))]
fn check_private(_: &std::path::Path, _: &mut Report) {}

async fn check_database(config: &Config, place: &str, report: &mut Report) {
    let store = match compose::store(config, Missing::Refuse).await {
        Ok(store) => store,
        Err(error) => return report.wrong("database", &format!("{place}: {error:#}")),
    };
    check_holder(store.as_ref(), report).await;
    if let Database::Sqlite(path) = &config.database
        && let Some(kind) = store_sqlite::network_file_system(path)
    {
        report.wrong("file system", &format!("{kind}: {}", compose::NETWORK_FILE_SYSTEM));
    }
    if let Err(error) = store.ready().await {
        return report.wrong("database", &format!("{place}: {}", sync_engine::chain(&error)));
    }
    Report::fine("database", &format!("{place}, reachable, writable, schema current"));
    check_provenance(store.as_ref(), report).await;
    match store.now().await {
        Ok(theirs) => {
            let ours = SystemClock.now();
            let skew = ours.since(theirs).max(theirs.since(ours));
            if skew > CLOCK_SKEW_MAX {
                report
                    .wrong("clock", &format!("the database's clock is {} s away from this machine's", skew.as_secs()));
            } else {
                Report::fine("clock", "agrees with the database's");
            }
        }
        Err(error) => report.wrong("clock", &sync_engine::chain(&error)),
    }
    let unusable = match compose::secret_engine(config, store) {
        Ok(engine) => engine.unusable_syncs().await,
        // Said already where the key was checked.
        Err(_) => return,
    };
    match unusable {
        Ok(syncs) if syncs.is_empty() => Report::fine("syncs", "all rules and secrets can be used"),
        Ok(syncs) => {
            for (sync, why) in syncs {
                report.wrong("syncs", &format!("`{}` ({}) cannot send: {why}", sync.friendly_name, sync.id));
            }
        }
        Err(error) => report.wrong("syncs", &sync_engine::chain(&error)),
    }
}

/// Whether `serve` would take it for what it was.
async fn check_provenance(store: &dyn Store, report: &mut Report) {
    match store.provenance().await {
        Ok((noted, found)) => match noted.obstacle(found.as_ref()) {
            Some(obstacle) => report.wrong("provenance", &obstacle.to_string()),
            None => Report::fine("provenance", "no copy that waits for after-restore, not moved away"),
        },
        Err(error) => report.wrong("provenance", &sync_engine::chain(&error)),
    }
}

/// Whoever it is, nothing is wrong with that: it is who a second server would be refused for.
async fn check_holder(store: &dyn Store, report: &mut Report) {
    match store.holder().await {
        Ok(None) => Report::fine("process", "no server works on the database"),
        Ok(Some(holder)) => Report::fine("process", &format!("{holder}, works on the database")),
        Err(error) => report.wrong("process", &sync_engine::chain(&error)),
    }
}

fn check_networks(config: &Config) {
    let allowed: Vec<_> = config.allow_networks.iter().map(ToString::to_string).collect();
    let detail = if allowed.is_empty() {
        "public addresses only (allow others with --allow-network)".to_owned()
    } else {
        format!("public addresses, and {}", allowed.join(", "))
    };
    Report::fine("network", &detail);
}
