//! `doctor`: checks database, secret key, clock and network rules, and says what is wrong, and which syncs do not flow.

use super::all_syncs;
use super::syncs::{self, Standing};
use crate::compose::{self, Missing};
use crate::config::{Config, Database};
use crate::secret_key;
use crate::tell::say;
use crate::words::counted;
use anyhow::{Result, bail};
use dispatch_http::AddressGuard;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use sync_core::ports::{Clock, Store};
use sync_core::sync::{Operation, Origin, Settings};
use sync_engine::{SecretKey, SystemClock, Vault};
use url::Url;

/// How far the database's clock may be from this machine's.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(5);

struct Report {
    wrong: usize,
    /// Syncs that are paused, suspended or held: nothing that the set-up could mend.
    held: usize,
}

impl Report {
    fn fine(what: &str, detail: &str) {
        say!("ok     {what}: {detail}");
    }

    fn wrong(&mut self, what: &str, detail: &str) {
        self.wrong += 1;
        say!("WRONG  {what}: {detail}");
    }
}

pub(crate) async fn run(config: &Config) -> Result<ExitCode> {
    let mut report = Report { wrong: 0, held: 0 };
    let place = match &config.database {
        Database::Sqlite(path) => format!("embedded, {}", path.display()),
        Database::Postgres(_) => "Postgres".to_owned(),
    };
    let absent = match &config.database {
        Database::Sqlite(path) if !path.exists() => Some(path),
        _ => None,
    };
    if let Some(path) = absent {
        say!(
            "NONE   database: there is no database yet at {}: `crm-sync serve` makes it; --data-dir and --database name another",
            path.display()
        );
        check_key(config, &mut report, Secrets::None).await;
    } else {
        let store = check_database(config, &place, &mut report).await;
        let secrets = store.as_deref().map_or(Secrets::Unknown, Secrets::In);
        let vault = check_key(config, &mut report, secrets).await;
        if let Some(store) = &store {
            check_standings(store.as_ref(), &mut report).await;
        }
        if let (Some(store), Some(vault)) = (store.clone(), vault) {
            check_syncs(config, store, vault, &mut report).await;
        }
        if let Some(store) = &store {
            check_addresses(config, store.as_ref(), &mut report).await;
        }
    }
    check_networks(config);
    if report.held > 0 {
        say!("{} paused, suspended or held, as said above", counted(report.held, "sync is", "syncs are"));
    }
    if report.wrong == 0 {
        say!(
            "{}",
            match (absent, report.held) {
                (Some(_), _) => "there is no database yet, so it was not checked; nothing else is wrong",
                (None, 0) => "nothing is wrong",
                (None, _) => "nothing is wrong with the set-up",
            }
        );
        return Ok(ExitCode::SUCCESS);
    }
    say!("{} of the checks found something wrong", report.wrong);
    Ok(ExitCode::FAILURE)
}

/// Which secrets a key is needed for.
#[derive(Clone, Copy)]
enum Secrets<'s> {
    /// None: the database is not there yet.
    None,
    /// Those in this store.
    In(&'s dyn Store),
    /// The database cannot be read.
    Unknown,
}

/// What opens the secrets; `None` where something is wrong with it.
async fn check_key(config: &Config, report: &mut Report, secrets: Secrets<'_>) -> Option<Vault> {
    let found = match secret_key::missing_file(config) {
        Ok(None) => {
            if let Some(file) = secret_key::file(config) {
                check_private(&file, report);
            }
            secret_key::vault(config, Missing::Refuse).map(|vault| (vault, "can be read"))
        }
        Ok(Some(file)) => check_missing_key(&file, secrets).await,
        Err(error) => Err(error),
    };
    match found {
        Ok((vault, detail)) => {
            Report::fine("secret key", detail);
            Some(vault)
        }
        Err(error) => {
            report.wrong("secret key", &format!("{error:#}"));
            None
        }
    }
}

async fn check_missing_key(file: &Path, secrets: Secrets<'_>) -> Result<(Vault, &'static str)> {
    match secrets {
        Secrets::None => {}
        Secrets::In(store) => secret_key::check_missing(file, store).await?,
        Secrets::Unknown => {
            bail!("{} is missing beside the database: restore it, or give secrets again", file.display())
        }
    }
    // As good as the one that will be made.
    Ok((Vault::new(SecretKey::generate(), []), "not there yet: `crm-sync serve` makes it beside the database"))
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

/// The database, where it can be read.
async fn check_database(config: &Config, place: &str, report: &mut Report) -> Option<Arc<dyn Store>> {
    let store = match compose::store(config, Missing::Refuse).await {
        Ok(store) => store,
        Err(error) => {
            report.wrong("database", &format!("{place}: {error:#}"));
            return None;
        }
    };
    check_holder(store.as_ref(), report).await;
    if let Database::Sqlite(path) = &config.database
        && let Some(kind) = store_sqlite::network_file_system(path)
    {
        report.wrong("file system", &format!("{kind}: {}", compose::NETWORK_FILE_SYSTEM));
    }
    if let Err(error) = store.ready().await {
        report.wrong("database", &format!("{place}: {}", sync_engine::chain(&error)));
        return None;
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
    Some(store)
}

async fn check_syncs(config: &Config, store: Arc<dyn Store>, vault: Vault, report: &mut Report) {
    let unusable = match compose::secret_engine(config, store, vault) {
        Ok(engine) => engine.unusable_syncs().await,
        Err(error) => return report.wrong("syncs", &format!("{error:#}")),
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

/// Addresses in the rules of syncs that `serve` would refuse, given the same options. Names are not looked up.
async fn check_addresses(config: &Config, store: &dyn Store, report: &mut Report) {
    let guard = AddressGuard::new(config.allow_networks.clone()).and_sockets(config.mock_crm.into_iter().collect());
    let accounts = match store.accounts().await {
        Ok(accounts) => accounts,
        Err(error) => return report.wrong("network", &sync_engine::chain(&error)),
    };
    for account in accounts {
        match all_syncs(store, account.id).await {
            Ok(syncs) => {
                for sync in syncs {
                    for (why, rules) in refused(&guard, &sync.settings) {
                        let (name, rules) = (&sync.friendly_name, rules.join(", "));
                        report.wrong("network", &format!("`{name}` ({}), {rules}: {why}", sync.id));
                    }
                }
            }
            Err(error) => report.wrong("network", &sync_engine::chain(&error)),
        }
    }
}

/// Why addresses are refused, and which rules have them, as the API calls them.
fn refused(guard: &AddressGuard, settings: &Settings) -> BTreeMap<String, Vec<&'static str>> {
    let mut refused: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, operation) in [
        ("createUsers", Operation::Create),
        ("updateUsers", Operation::Update),
        ("deleteUsers", Operation::Delete),
        ("lookup", Operation::Lookup),
    ] {
        let origin =
            settings.rule(operation).filter(|rule| rule.enabled).and_then(|rule| Origin::of_template(&rule.url));
        let url = origin.and_then(|origin| Url::parse(&origin.to_string()).ok());
        if let Some(why) = url.and_then(|url| guard.refusal(&url)) {
            refused.entry(why).or_default().push(name);
        }
    }
    refused
}

/// That is how other systems stand, or what an administrator wants: nothing is wrong with the set-up.
async fn check_standings(store: &dyn Store, report: &mut Report) {
    let standings = match syncs::standings(store).await {
        Ok(standings) => standings,
        Err(error) => return report.wrong("syncs", &format!("{error:#}")),
    };
    for Standing { sync, held, .. } in standings.into_iter().filter(|standing| !standing.held.is_empty()) {
        report.held += 1;
        say!("HELD   sync `{}` ({}): {}", sync.friendly_name, sync.id, held.join("; "));
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
        "public addresses only".to_owned()
    } else {
        format!("public addresses, and {}", allowed.join(", "))
    };
    Report::fine(
        "network",
        &format!(
            "with these network options (--allow-network), requests go to {detail}. A server goes by its own: give doctor the same \
             flags, variables and --config"
        ),
    );
}
