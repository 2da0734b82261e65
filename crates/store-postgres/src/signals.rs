//! What happens in the database, on whichever node: NOTIFY within the transactions, LISTEN on a connection of its own.

use crate::Conn;
use crate::connect::Connector;
use crate::error::in_words;
use crate::sql::{Sql, sql_query};
use diesel::sql_types::{Array, Text};
use diesel_async::RunQueryDsl;
use futures_core::stream::BoxStream;
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use std::time::Duration;
use sync_core::id::{AccountId, LogId};
use sync_core::ports::{BoxError, Signal};
use tokio::sync::broadcast;
use tokio_postgres::AsyncMessage;
use tracing::warn;
use uuid::Uuid;

const CHANNEL: &str = "crm_sync";
/// How far a listener may fall behind.
const BEHIND_MAX: usize = 1024;
/// The most log entries that one notification names: a payload ends at 8000 bytes.
const LOGGED_MAX: usize = 100;
/// Wait before listening again after the connection was lost.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Hands on what other connections notify.
pub(crate) struct Signals {
    sender: broadcast::Sender<Signal>,
    listener: tokio::task::JoinHandle<()>,
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Signals {
    pub(crate) fn start(connector: Connector) -> Self {
        let sender = broadcast::channel(BEHIND_MAX).0;
        let listener = tokio::spawn(listen(connector, sender.clone()));
        Self { sender, listener }
    }

    pub(crate) fn listen(&self) -> BoxStream<'static, Signal> {
        let start = (self.sender.subscribe(), VecDeque::new());
        stream::unfold(start, |(mut receiver, mut missed)| async move {
            if let Some(signal) = missed.pop_front() {
                return Some((signal, (receiver, missed)));
            }
            match receiver.recv().await {
                Ok(signal) => Some((signal, (receiver, missed))),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    missed.extend([Signal::Changed, Signal::Due]);
                    Some((Signal::Logged(Vec::new()), (receiver, missed)))
                }
                Err(broadcast::error::RecvError::Closed) => None,
            }
        })
        .boxed()
    }
}

async fn listen(connector: Connector, sender: broadcast::Sender<Signal>) {
    loop {
        if let Err(fault) = listen_once(&connector, &sender).await {
            warn!(error = in_words(fault.as_ref()), "listening for signals failed, it is tried again");
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn listen_once(connector: &Connector, sender: &broadcast::Sender<Signal>) -> Result<(), BoxError> {
    let (client, mut messages) = connector.listen().await?;
    let begin = format!("LISTEN {CHANNEL}");
    let mut listening = std::pin::pin!(client.batch_execute(&begin));
    let mut listens = false;
    loop {
        tokio::select! {
            begun = &mut listening, if !listens => {
                begun?;
                listens = true;
                // What was notified before is missed: look at everything.
                for signal in [Signal::Changed, Signal::Due, Signal::Logged(Vec::new())] {
                    let _nobody_listens = sender.send(signal);
                }
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(notification))) => {
                    if let Some(signal) = parse(notification.payload()) {
                        let _nobody_listens = sender.send(signal);
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(fault)) => return Err(fault.into()),
                None => return Ok(()),
            },
        }
    }
}

/// Notifies within the transaction: heard only if it commits.
pub(crate) async fn notify(mut c: &Conn, signal: &Signal) -> diesel::QueryResult<()> {
    if let Some(statement) = notification(std::slice::from_ref(signal)) {
        statement.execute(&mut c).await?;
    }
    Ok(())
}

/// Several signals in one statement; none where there is nothing to tell.
pub(crate) fn notification<'q>(signals: &[Signal]) -> Option<Sql<'q>> {
    let payloads: Vec<String> = signals.iter().flat_map(payloads).collect();
    (!payloads.is_empty()).then(|| {
        sql_query("SELECT pg_notify($1, payload) FROM UNNEST($2) AS n(payload)")
            .bind::<Text, _>(CHANNEL)
            .bind::<Array<Text>, _>(payloads)
    })
}

/// `D`, `C`, or `L` with an account and its entries: `L<account>:<id><id>…`, 32 hexadecimal digits each.
fn payloads(signal: &Signal) -> Vec<String> {
    match signal {
        Signal::Due => vec!["D".to_owned()],
        Signal::Changed => vec!["C".to_owned()],
        Signal::Logged(ids) => ids
            .chunk_by(|a, b| a.0 == b.0)
            .flat_map(|of_account| of_account.chunks(LOGGED_MAX))
            .map(|ids| {
                let mut payload = format!("L{}:", ids[0].0.0.simple());
                for (_, id) in ids {
                    payload.push_str(&id.0.simple().to_string());
                }
                payload
            })
            .collect(),
    }
}

fn parse(payload: &str) -> Option<Signal> {
    match payload.as_bytes().first()? {
        b'D' => Some(Signal::Due),
        b'C' => Some(Signal::Changed),
        b'L' => {
            let (account, ids) = payload[1..].split_once(':')?;
            let account = AccountId(Uuid::parse_str(account).ok()?);
            let ids = ids.as_bytes().chunks(32).map(|id| Some((account, LogId(Uuid::try_parse_ascii(id).ok()?))));
            ids.collect::<Option<Vec<_>>>().map(Signal::Logged)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notifications_read_as_they_are_written() {
        let id = |n: u128| LogId(Uuid::from_u128(n));
        let accounts = [AccountId(Uuid::from_u128(1)), AccountId(Uuid::from_u128(2))];
        let logged: Vec<_> = (0..250).map(|n| (accounts[usize::from(n >= 120)], id(n))).collect();
        let payloads = payloads(&Signal::Logged(logged.clone()));
        assert!(payloads.iter().all(|payload| payload.len() < 8000));
        let read: Vec<_> = payloads
            .iter()
            .flat_map(|payload| match parse(payload) {
                Some(Signal::Logged(ids)) => ids,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(read, logged);
        assert_eq!(parse("D"), Some(Signal::Due));
        assert_eq!(parse("X"), None);
    }
}
