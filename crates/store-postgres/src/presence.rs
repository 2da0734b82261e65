//! Which processes work on the database: each holds an advisory lock on a connection of its own, shared with the others, which
//! ends with the process, however that ends. Who must work alone holds it alone.

use crate::connect::Connector;
use crate::error::in_words;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use std::time::{Duration, Instant};
use sync_core::ports::BoxError;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage};
use tracing::warn;

/// The lock's number; any that nobody else uses: "crm-node" in ASCII.
const LOCK: i64 = 0x63_72_6d_2d_6e_6f_64_65;
/// For how long somebody else's lock is waited for: a process that ends just now.
const WAIT: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How many others are named.
const NAMED_MAX: usize = 5;

/// The lock of this store, perhaps held.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    held: tokio::sync::Mutex<Option<(bool, JoinHandle<()>)>>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some((_, keeper)) = self.held.get_mut() {
            keeper.abort();
        }
    }
}

/// Why the lock is not held.
pub(crate) enum NotHeld {
    /// By these, in words.
    By(String),
    /// The database cannot be asked.
    Fault(BoxError),
}

impl From<tokio_postgres::Error> for NotHeld {
    fn from(fault: tokio_postgres::Error) -> Self {
        Self::Fault(fault.into())
    }
}

impl Presence {
    /// Takes the lock until this is dropped; after a lost connection it is taken again.
    pub(crate) async fn hold(&self, connector: &Connector, purpose: &str, alone: bool) -> Result<(), NotHeld> {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|(is_alone, _)| *is_alone || !alone) {
            return Ok(());
        }
        if let Some((_, keeper)) = held.take() {
            keeper.abort();
            let _ended = keeper.await;
        }
        let name = name(purpose);
        let taken = take(connector, &name, alone).await?;
        let connector = connector.clone();
        let keeper = tokio::spawn(async move {
            let mut taken = Some(taken);
            loop {
                if let Some((client, messages)) = taken.take() {
                    messages.for_each(|_| async {}).await;
                    drop(client);
                }
                match take(&connector, &name, alone).await {
                    Ok(again) => taken = Some(again),
                    Err(NotHeld::By(others)) => {
                        warn!(others, "another process works on the database alone; it is tried again");
                    }
                    Err(NotHeld::Fault(fault)) => {
                        warn!(
                            error = in_words(fault.as_ref()),
                            "this node cannot be seen by others, it is tried again"
                        );
                    }
                }
                tokio::time::sleep(LOOK_AGAIN * 5).await;
            }
        });
        *held = Some((alone, keeper));
        Ok(())
    }
}

/// Who this is, within what Postgres keeps of a name.
fn name(purpose: &str) -> String {
    let name = format!("{purpose}, process {}", std::process::id());
    name.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').filter(|c| !"'\\".contains(*c)).take(63).collect()
}

type Taken = (Client, BoxStream<'static, Result<AsyncMessage, tokio_postgres::Error>>);

async fn take(connector: &Connector, name: &str, alone: bool) -> Result<Taken, NotHeld> {
    let (client, messages) = connector.listen().await.map_err(NotHeld::Fault)?;
    let mut messages = messages;
    let lock = if alone { "pg_try_advisory_lock" } else { "pg_try_advisory_lock_shared" };
    let ask = format!("SELECT CASE WHEN {lock}({LOCK}) THEN 'yes' ELSE 'no' END");
    run(&client, &mut messages, &format!("SET application_name = '{name}'")).await?;
    let began = Instant::now();
    loop {
        if run(&client, &mut messages, &ask).await?.first().is_some_and(|answer| answer == "yes") {
            return Ok((client, messages));
        }
        if began.elapsed() >= WAIT {
            let others = run(&client, &mut messages, WHO).await?;
            return Err(NotHeld::By(in_list(&others)));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Who works on the database, this store too; `None`: nobody.
pub(crate) async fn holders(connector: &Connector) -> Result<Option<String>, NotHeld> {
    let (client, mut messages) = connector.listen().await.map_err(NotHeld::Fault)?;
    let who = run(&client, &mut messages, WHO).await?;
    Ok((!who.is_empty()).then(|| in_list(&who)))
}

fn in_list(who: &[String]) -> String {
    let mut list = who.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("; ");
    if who.len() > NAMED_MAX {
        list.push_str("; and others");
    }
    if list.is_empty() { "another process".to_owned() } else { list }
}

/// Those who hold the lock, in words. A role may be told of its own sessions only: the others are there all the same.
const WHO: &str = "SELECT coalesce(nullif(a.application_name, ''), 'another process') || \
     coalesce(' at ' || host(a.client_addr), '') || coalesce(', since ' || to_char(a.backend_start AT TIME ZONE 'UTC', \
     'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '') FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
     WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND l.classid::bigint = 1668443437 AND l.objid::bigint = 1852793957 AND l.pid <> pg_backend_pid() ORDER BY 1";

/// Runs one statement, the connection being driven beside it. Returns the first column.
async fn run(
    client: &Client,
    messages: &mut BoxStream<'static, Result<AsyncMessage, tokio_postgres::Error>>,
    statement: &str,
) -> Result<Vec<String>, NotHeld> {
    let mut answer = std::pin::pin!(client.simple_query(statement));
    loop {
        tokio::select! {
            answer = &mut answer => {
                let rows = answer?.into_iter().filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
                    _ => None,
                });
                return Ok(rows.collect());
            }
            message = messages.next() => match message {
                Some(Ok(_)) => {}
                Some(Err(fault)) => return Err(fault.into()),
                None => return Err(NotHeld::Fault("the connection ended".into())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_looked_for_by_its_halves() {
        for half in [LOCK >> 32, LOCK & 0xffff_ffff] {
            assert!(WHO.contains(&half.to_string()), "{half}");
        }
    }

    #[test]
    fn a_name_needs_no_escapes_and_fits() {
        let name = name(&format!("it's \\ {}", "x".repeat(100)));
        assert!(name.starts_with("its  xxx") && name.len() <= 63, "{name}");
    }
}
