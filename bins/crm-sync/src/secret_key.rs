//! The secret key that secrets are sealed with: where it is kept, and when a new one may be made.

use crate::commands::all_syncs;
use crate::compose::Missing;
use crate::config::{Config, Database};
use crate::words::counted;
use anyhow::{Context, Result, bail};
use secrecy::{ExposeSecret, SecretString};
use std::io::Write;
use std::path::{Path, PathBuf};
use sync_core::ports::Store;
use sync_engine::{SecretKey, Vault, sealing_keys};

/// The variable with the secret key.
pub(crate) const SECRET_KEY: &str = "CRM_SYNC_SECRET_KEY";
/// The variable with former secret keys, separated by commas, while `rotate-secrets` has not run yet.
pub(crate) const SECRET_KEY_PREVIOUS: &str = "CRM_SYNC_SECRET_KEY_PREVIOUS";
/// The variable with the secret key of the database that is moved to.
pub(crate) const SECRET_KEY_TO: &str = "CRM_SYNC_SECRET_KEY_TO";

/// The secret keys: of the environment, else (embedded database only) of a file beside the database, made where there is none
/// and that is asked for.
pub(crate) fn vault(config: &Config, missing: Missing) -> Result<Vault> {
    let previous = previous()?;
    let key = match (variable(SECRET_KEY)?, &config.database) {
        (Some(key), _) => SecretKey::parse(key.expose_secret()).context(SECRET_KEY)?,
        (None, Database::Sqlite(path)) => key_file(&path_beside(path), missing)?,
        (None, Database::Postgres(_)) => bail!(
            "{SECRET_KEY} is not set. It encrypts the secrets of syncs in the database, and all nodes need the same one. \
             Make one with: openssl rand -base64 32"
        ),
    };
    Ok(Vault::new(key, previous))
}

/// As [`vault`] for a server: a key file is made where there is none, unless the database holds secrets that a new key could not
/// open: it is a copy without its key file then.
pub(crate) async fn vault_of(config: &Config, store: &dyn Store) -> Result<Vault> {
    if let Some(file) = missing_file(config)? {
        check_missing(&file, store).await?;
    }
    vault(config, Missing::Make)
}

/// The file that the key is to come from; `None`: it comes from the environment.
pub(crate) fn file(config: &Config) -> Option<PathBuf> {
    let Database::Sqlite(path) = &config.database else { return None };
    // What is no text is no key either, and said where it is read.
    let is_given = std::env::var_os(SECRET_KEY).is_some_and(|key| !key.to_string_lossy().trim().is_empty());
    (!is_given).then(|| path_beside(path))
}

/// The key file, where the key is to come from it, and it is not there.
pub(crate) fn missing_file(config: &Config) -> Result<Option<PathBuf>> {
    let Some(file) = file(config) else { return Ok(None) };
    let exists =
        file.try_exists().with_context(|| format!("cannot look for the secret key file {}", file.display()))?;
    Ok((!exists).then_some(file))
}

/// Nothing, where no secret of the database needs the key of a file that is missing.
///
/// # Errors
/// Where one does: which, and what to do.
pub(crate) async fn check_missing(file: &Path, store: &dyn Store) -> Result<()> {
    let previous = previous()?;
    let opened = |key_id: &String| previous.iter().any(|key| key.id() == key_id);
    let (mut syncs, mut alerts) = (Vec::new(), false);
    for account in store.accounts().await? {
        for sync in all_syncs(store, account.id).await? {
            if !sealing_keys(&sync.settings).iter().all(opened) {
                syncs.push(format!("`{}`", sync.friendly_name));
            }
        }
        alerts |= store.alerts(account.id).await?.is_some_and(|(settings, _)| !opened(&settings.secret.key_id));
    }
    let of_syncs = match syncs.as_slice() {
        [] => None,
        [name] => Some(format!("the sync {name}")),
        [name, ..] => Some(format!("{}, {name} among them", counted(syncs.len(), "sync", "syncs"))),
    };
    let whose: Vec<_> = of_syncs.into_iter().chain(alerts.then(|| "alerts".to_owned())).collect();
    if whose.is_empty() {
        return Ok(());
    }
    // What the server's database is called, a copy does not know: as it is called if nobody chose a name.
    bail!(
        "the secret key file {0} is missing, and the secrets in the database (of {1}) cannot be opened without it. Copy the key file \
         of the server whose database this is, crm-sync.db.key unless that has another name, to {0}, or give the key in {SECRET_KEY}. If the \
         key is lost, make a new one, and give these secrets again: (umask 077; openssl rand -base64 32 > {0})",
        file.display(),
        whose.join(", and of "),
    )
}

/// The secret key that is given for a database that is moved to: for there, or for both; `None`: it is that of a file beside an
/// embedded one.
pub(crate) fn given_for_target(to: &Config) -> Result<Option<SecretKey>> {
    for name in [SECRET_KEY_TO, SECRET_KEY] {
        if let Some(key) = variable(name)? {
            return Ok(Some(SecretKey::parse(key.expose_secret()).context(name)?));
        }
    }
    match &to.database {
        Database::Sqlite(_) => Ok(None),
        Database::Postgres(_) => bail!(
            "{SECRET_KEY_TO} is not set. It encrypts the secrets of syncs in the database that is moved to; all nodes need it as \
             {SECRET_KEY} from then on. Make one with: openssl rand -base64 32"
        ),
    }
}

/// What seals the secrets of a database that is moved to: what is given, else the key of the file beside it, which is made where
/// there is none, unless a move that was interrupted sealed secrets with it.
pub(crate) async fn of_target(to: &Config, store: &dyn Store, given: Option<SecretKey>) -> Result<SecretKey> {
    match (given, &to.database) {
        (Some(key), _) => Ok(key),
        (None, Database::Postgres(_)) => bail!("{SECRET_KEY_TO} is not set"),
        (None, Database::Sqlite(path)) => {
            let file = path_beside(path);
            if !file.try_exists().with_context(|| format!("cannot look for the secret key file {}", file.display()))? {
                check_missing(&file, store).await?;
            }
            key_file(&file, Missing::Make)
        }
    }
}

/// Where the embedded database's secret key is kept.
pub(crate) fn path_beside(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".key");
    database.with_file_name(name)
}

fn previous() -> Result<Vec<SecretKey>> {
    let Some(keys) = variable(SECRET_KEY_PREVIOUS)? else { return Ok(Vec::new()) };
    let keys = keys.expose_secret().split(',').map(|key| SecretKey::parse(key).context(SECRET_KEY_PREVIOUS));
    keys.collect()
}

fn variable(name: &str) -> Result<Option<SecretString>> {
    match std::env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.into())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{name} is not text (UTF-8)"),
    }
}

fn key_file(path: &Path, missing: Missing) -> Result<SecretKey> {
    match std::fs::read_to_string(path) {
        Ok(text) => SecretKey::parse(&text).with_context(|| format!("the secret key file {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && missing == Missing::Make => {
            let key = SecretKey::generate();
            let mut file =
                private_file(path).with_context(|| format!("cannot make the secret key file {}", path.display()))?;
            writeln!(file, "{}", key.to_base64().expose_secret())?;
            file.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("there is no secret key file {}: restore it, or give the key in {SECRET_KEY}", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("cannot read the secret key file {}", path.display())),
    }
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)
}
