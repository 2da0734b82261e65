//! `backup FILE`: one consistent file of the embedded database, while a server works on it.

use crate::compose::{self, BackupProgress};
use crate::config::{Config, Database};
use crate::secret_key;
use crate::tell::{note, say};
use anyhow::{Context, Result, bail};
use clap::Args;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often it is said how far it has come.
const TOLD_EVERY: Duration = Duration::from_secs(2);

#[derive(Args)]
pub(crate) struct Backup {
    /// Where to; it must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(crate) async fn run(config: &Config, arguments: &Backup) -> Result<()> {
    let Database::Sqlite(path) = &config.database else {
        bail!(
            "`backup` copies the embedded database; of Postgres take backups with its own tools, such as pg_dump or \
             pg_basebackup (docs/operations.md)"
        );
    };
    let file = &arguments.file;
    if file.try_exists().with_context(|| format!("cannot look for {}", file.display()))? {
        bail!("{} is there already, and is not overwritten: name another file", file.display());
    }
    check_folder(file).with_context(|| format!("cannot make the backup {}", file.display()))?;
    let store = compose::embedded(config, path).await?;
    let progress = BackupProgress::default();
    let copying = store.back_up(file, progress.clone());
    tokio::pin!(copying);
    let mut told = tokio::time::interval(TOLD_EVERY);
    told.tick().await;
    let backup = loop {
        tokio::select! {
            done = &mut copying => break done.with_context(|| format!("cannot make the backup {}", file.display()))?,
            _ = told.tick() => if let Some((done, total)) = progress.bytes() {
                note!("{} of about {} written", size(done), size(total));
            },
        }
    };
    say!("{} holds {} as it stood when the backup began ({})", file.display(), path.display(), size(backup.bytes));
    say!("It is marked as a copy: `crm-sync serve` takes it after `crm-sync after-restore`.");
    if std::env::var_os(secret_key::SECRET_KEY).is_none() {
        say!("The secret key is not in it: keep {} as well, elsewhere.", secret_key::path_beside(path).display());
    }
    Ok(())
}

/// Whether the backup's folder is there and takes files: a fault of it is none of the database.
fn check_folder(file: &Path) -> Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let shown = folder.display();
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => bail!("{shown} is not a folder: name a file in one that is there"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("the folder {shown} does not exist: make it, or name a file in another")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot look for the folder {shown}")),
    }
    if file.file_name().is_none() {
        bail!("{} names no file: name one, such as {}", file.display(), folder.join("crm-sync.db").display());
    }
    // Rights alone do not tell: a file system may be mounted read-only, or be none for files.
    let tried = folder.join(format!(".crm-sync-backup-{}.part", std::process::id()));
    std::fs::File::create_new(&tried)
        .and_then(|_| std::fs::remove_file(&tried))
        .with_context(|| format!("the folder {shown} cannot be written to: name a file in another"))
}

fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes < 10 * MIB { format!("{} KiB", bytes.div_ceil(1024)) } else { format!("{} MiB", bytes / MIB) }
}
