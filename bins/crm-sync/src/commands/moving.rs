//! `move --to URL`: carries everything from one database into another, empty one.

use crate::compose::{self, Missing};
use crate::config::{Config, Database};
use crate::secret_key;
use crate::tell::{note, say};
use crate::words::counted;
use anyhow::{Context, Result, bail};
use clap::Args;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::{Duration, Instant};
use sync_core::moving::{Checksum, Moving, Part, Row};
use sync_core::ports::{MovingStore, Reseal};
use sync_core::provenance::{Noted, Obstacle};
use sync_engine::Vault;

/// Rows of one transaction.
const ROWS: usize = 1000;
/// How often it is said how far it has come.
const TOLD_EVERY: Duration = Duration::from_secs(2);
const PURPOSE: &str = "crm-sync move";

#[derive(Args)]
pub(crate) struct Move {
    /// The database to move to, as --database names one: it must be empty, or half filled by this very move
    #[arg(long, env = "CRM_SYNC_MOVE_TO", value_name = "URL", hide_env_values = true)]
    to: SecretString,
    /// Move the log, too
    #[arg(long)]
    logs: bool,
}

/// The two databases, without secrets.
struct Names {
    from: String,
    to: String,
}

pub(crate) async fn run(config: &Config, arguments: &Move) -> Result<()> {
    let there = Config { database: Database::given("--to", &arguments.to, &config.data_dir)?, ..config.clone() };
    let names = Names { from: config.database.describe(), to: there.database.describe() };
    if names.from == names.to {
        bail!("--to: {} is where the data is already", names.to);
    }
    // All that can be refused is, before anything is made at the target.
    let former = secret_key::vault(config, Missing::Refuse)?;
    let given = secret_key::given_for_target(&there)?;
    let source = compose::moving_store(config, Missing::Refuse).await?;
    source.hold_alone(PURPOSE).await.context("nobody else may work on the source")?;
    compose::make_ready(config, source.as_ref()).await.context("the source")?;
    let target = open_target(&there, source.as_ref(), &names).await?;
    target.migrate().await.context("--to: its schema cannot be made")?;
    target.ready().await.context("--to")?;

    let vault = former.sealing_with(secret_key::of_target(&there, target.as_ref(), given).await?);
    let begun = begin(source.as_ref(), target.as_ref(), &names, arguments.logs).await?;
    if let Some(moving) = begun {
        work_off(source.as_ref()).await?;
        copy(source.as_ref(), target.as_ref(), &vault, moving).await?;
        compare(source.as_ref(), target.as_ref(), (&former, &vault), arguments.logs).await?;
        // First this: the two are never both to be worked on.
        let (noted, _) = source.provenance().await?;
        source.note_provenance(&Noted { moved_to: Some(names.to.clone()), ..noted }).await?;
    }
    let (noted, found) = target.provenance().await?;
    target.note_provenance(&Noted { moving: None, ..noted }.at_home(found)).await?;
    target.checkpoint().await?;
    say!("moved {} to {}: give that one in --database from now on", names.from, names.to);
    say!(
        "The former database stays as it is, and `crm-sync serve` refuses it. Sessions of the console were not moved."
    );
    if !arguments.logs {
        say!("The log was not moved (--logs moves it).");
    }
    Ok(())
}

/// The target, held by this move alone: there, and empty or half filled by a move, or made now.
async fn open_target(there: &Config, source: &dyn MovingStore, names: &Names) -> Result<Arc<dyn MovingStore>> {
    let is_new = match &there.database {
        Database::Sqlite(path) => !path.try_exists().with_context(|| format!("--to: cannot look for {}", names.to))?,
        Database::Postgres(_) => false,
    };
    let (noted, found) = source.provenance().await?;
    match noted.obstacle(found.as_ref()) {
        Some(Obstacle::MovedTo(to)) if to == names.to && !is_new => {}
        Some(obstacle) => bail!("{obstacle}"),
        None => {}
    }
    let target =
        compose::moving_store(there, if is_new { Missing::Make } else { Missing::Refuse }).await.context("--to")?;
    target.hold_alone(PURPOSE).await.context("--to: nobody else may work on it")?;
    // Where there are no tables yet, neither can be read.
    let is_filled = target.accounts().await.is_ok_and(|accounts| !accounts.is_empty());
    let is_half_moved = || async { target.provenance().await.is_ok_and(|(noted, _)| noted.moving.is_some()) };
    let is_done = noted.moved_to.is_some();
    if is_filled && !is_done && !is_half_moved().await {
        bail!("--to: {} is not empty: name a database that is new", names.to);
    }
    Ok(target)
}

/// Where to begin; `None`: all is moved but for the last step.
async fn begin(
    source: &dyn MovingStore,
    target: &dyn MovingStore,
    names: &Names,
    logs: bool,
) -> Result<Option<Moving>> {
    let (noted, found) = source.provenance().await?;
    let (there, _) = target.provenance().await?;
    let ours = there.moving.clone().filter(|moving| moving.from == names.from);
    match noted.obstacle(found.as_ref()) {
        None => {}
        Some(Obstacle::MovedTo(to)) if to == names.to && ours.is_some() => return Ok(None),
        Some(obstacle) => bail!("{obstacle}"),
    }
    match (there.moving, ours) {
        (_, Some(moving)) if moving.logs == logs => {
            let at = moving.part.map_or("comparing", Part::as_str);
            note!("a move that was interrupted goes on with {at}");
            Ok(Some(moving))
        }
        (_, Some(moving)) => bail!(
            "the move that was interrupted was begun {} --logs: give it as then",
            if moving.logs { "with" } else { "without" }
        ),
        (Some(moving), None) => bail!("--to: a move from {} to {} is not finished", moving.from, names.to),
        (None, None) if target.totals().await?.accounts > 0 => {
            bail!("--to: {} is not empty: name a database that is new", names.to)
        }
        (None, None) => Ok(Some(Moving { from: names.from.clone(), logs, part: Some(Part::Accounts), after: None })),
    }
}

/// What was left to be marked is marked here, so that it need not be moved.
async fn work_off(source: &dyn MovingStore) -> Result<()> {
    let mut told = Instant::now();
    let mut batches = 0_usize;
    while source.work_sweep(ROWS).await.context("run it again, it goes on where it was")? {
        batches += 1;
        if told.elapsed() >= TOLD_EVERY {
            note!("marking what was left to be marked, about {} links so far", batches * ROWS);
            told = Instant::now();
        }
    }
    Ok(())
}

async fn copy(source: &dyn MovingStore, target: &dyn MovingStore, vault: &Vault, from: Moving) -> Result<()> {
    let (there, _) = target.provenance().await?;
    let Some(first) = from.part else { return Ok(()) };
    let mut after = from.after.clone();
    for part in parts(from.logs).filter(|part| *part >= first) {
        note!("moving {}", part.as_str());
        let (mut told, mut moved) = (Instant::now(), 0);
        loop {
            let (mut rows, next) = source.moved_rows(part, after.as_deref(), ROWS).await?;
            moved += rows.len();
            for row in &mut rows {
                seal_anew(row, vault)?;
            }
            let at = match &next {
                Some(_) => Some(part),
                None => parts(from.logs).find(|following| *following > part),
            };
            let moving = Moving { part: at, after: next.clone(), ..from.clone() };
            let put = target.put_rows(rows, &Noted { moving: Some(moving), ..there.clone() }).await;
            put.with_context(|| format!("cannot write {}; run it again, it goes on where it was", part.as_str()))?;
            if told.elapsed() >= TOLD_EVERY {
                note!("  {moved} {} so far", part.as_str());
                told = Instant::now();
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}

fn parts(logs: bool) -> impl Iterator<Item = Part> {
    Part::ALL.into_iter().filter(move |part| logs || *part != Part::Logs)
}

fn seal_anew(row: &mut Row, vault: &Vault) -> Result<()> {
    match row {
        Row::Sync { config, .. } => {
            let sealed = vault.reseal(config).map_err(|fault| {
                let why = format!("the secrets of the sync `{}` cannot be opened", config.friendly_name);
                anyhow::anyhow!(fault).context(why)
            })?;
            if let Some(settings) = sealed {
                config.settings = settings;
            }
        }
        Row::Alerts(alerts) => {
            let sealed = vault.reseal_alerts(alerts.account, &alerts.settings.secret);
            if let Some(secret) = sealed.map_err(|fault| anyhow::anyhow!(fault))? {
                alerts.settings.secret = secret;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Both databases hold the same rows, and the same secrets, or it is said which part differs.
async fn compare(
    source: &dyn MovingStore,
    target: &dyn MovingStore,
    (former, vault): (&Vault, &Vault),
    logs: bool,
) -> Result<()> {
    for part in parts(logs) {
        let (here, there) = (checksum(source, part, former).await?, checksum(target, part, vault).await?);
        if here != there {
            bail!(
                "{} differ: {} at the source, {} at the target. The source was changed since the move was begun: empty the \
                 target, and begin anew",
                part.as_str(),
                counted(here.rows, "row", "rows"),
                counted(there.rows, "row", "rows")
            );
        }
        match here.rows {
            0 => note!("compared {}: none", part.as_str()),
            1 => note!("compared {}: 1, equal", part.as_str()),
            rows => note!("compared {}: {rows}, all equal", part.as_str()),
        }
    }
    Ok(())
}

async fn checksum(store: &dyn MovingStore, part: Part, vault: &Vault) -> Result<Checksum> {
    let (mut sum, mut after) = (Checksum::default(), None::<String>);
    loop {
        let (mut rows, next) = store.moved_rows(part, after.as_deref(), ROWS).await?;
        for row in &mut rows {
            match row {
                Row::Sync { config, .. } => vault.mark_secrets(config.id, &mut config.settings)?,
                Row::Alerts(alerts) => vault.mark_secret_of_account(alerts.account, &mut alerts.settings.secret)?,
                _ => {}
            }
            sum.add(row);
        }
        after = next;
        if after.is_none() {
            return Ok(sum);
        }
    }
}
