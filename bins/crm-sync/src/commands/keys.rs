//! `keys create|list|revoke`.

use super::account;
use crate::compose;
use crate::config::Config;
use crate::tell::say;
use anyhow::{Context, Result};
use clap::ValueEnum;
use secrecy::ExposeSecret;
use sync_core::id::KeyId;
use sync_core::key::Role;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key; it is printed this once
    Create {
        /// A name to recognise it by
        #[arg(long)]
        name: String,
        /// What it may do
        #[arg(long, value_enum)]
        role: RoleName,
    },
    /// List the keys, newest first
    List,
    /// Revoke a key, at once
    Revoke {
        /// The key's id, as `keys list` shows it
        #[arg(value_parser = key_id)]
        id: KeyId,
    },
}

fn key_id(text: &str) -> Result<KeyId, String> {
    text.trim().parse().map_err(|_| {
        "write the key's id, such as 0198c1d2-7a3b-7c4d-8e5f-60718293a4b5: it is the first word of its line in `crm-sync keys list`"
            .to_owned()
    })
}

/// READER sees; WRITER also writes people and retries; ADMIN also configures.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    Reader,
    Writer,
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Reader => Self::Reader,
            RoleName::Writer => Self::Writer,
            RoleName::Admin => Self::Admin,
        }
    }
}

pub(crate) async fn run(config: &Config, command: Command) -> Result<()> {
    let engine = compose::idle_engine(config, compose::ready_store(config).await?)?;
    let account = account(&engine).await?;
    match command {
        Command::Create { name, role } => {
            let (_, secret) = engine.create_key(account.id, &name, role.into()).await.context("--name")?;
            say!("{}", secret.expose_secret());
        }
        Command::List => {
            for key in engine.store().keys(account.id).await? {
                let state = match (key.revoked_at, key.last_used_at) {
                    (Some(at), _) => format!("revoked {at}"),
                    (None, Some(at)) => format!("last used {at}"),
                    (None, None) => "never used".to_owned(),
                };
                say!(
                    "{}  {:<6}  {}…  {}  ({state})",
                    key.id,
                    format!("{:?}", key.role).to_uppercase(),
                    key.prefix,
                    key.name
                );
            }
        }
        Command::Revoke { id } => {
            let key = engine.revoke_key(account.id, id).await?;
            say!("revoked {} ({})", key.id, key.name);
        }
    }
    Ok(())
}
