//! Log entries as they are written.

use crate::errors::{ApiError, Result};
use crate::guard::{READER, account, engine};
use crate::logs::{LogEntryNode, LogFilter};
use async_graphql::{Context, Subscription};
use futures_util::{Stream, stream};
use std::collections::VecDeque;
use std::sync::Arc;
use sync_core::id::{AccountId, LogId};
use sync_core::log::LogEntry;
use sync_engine::{Engine, Logged};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// How many entries a subscriber may fall behind.
const BEHIND_MAX: usize = 1000;
/// How many entries are read, and held, at once.
const READ_AT_ONCE: usize = 100;

/// The root of subscriptions.
pub struct Subscription;

/// What happens from now on
#[Subscription]
impl Subscription {
    /// Log entries as they are written, on whichever node. A subscriber that falls more than 1000 entries behind is ended
    /// with the code UNAVAILABLE: it asks logs for what it missed and subscribes again.
    #[graphql(guard = "READER")]
    async fn logs<'ctx>(
        &self,
        ctx: &Context<'ctx>,
        filter: Option<LogFilter>,
    ) -> Result<impl Stream<Item = Result<LogEntryNode>> + 'ctx> {
        let filter = filter.unwrap_or_default().checked()?;
        let engine = engine(ctx).clone();
        let follower = Follower {
            logged: engine.logged(),
            engine,
            account: account(ctx)?,
            filter,
            waiting: VecDeque::new(),
            ready: VecDeque::new(),
        };
        Ok(stream::unfold(Some(follower), |follower| async move {
            let mut follower = follower?;
            match follower.next().await {
                Ok(Some(entry)) => Some((Ok(LogEntryNode(Arc::new(entry))), Some(follower))),
                Ok(None) => None,
                // An error is the last that a subscriber gets.
                Err(error) => Some((Err(error), None)),
            }
        }))
    }
}

/// Follows the log for one subscriber.
struct Follower {
    engine: Engine,
    logged: Receiver<Logged>,
    account: AccountId,
    filter: sync_core::log::LogFilter,
    /// Written, not read yet.
    waiting: VecDeque<LogId>,
    /// Read, not handed over yet.
    ready: VecDeque<LogEntry>,
}

impl Follower {
    /// The next entry that is asked for; `None` once the engine is gone.
    async fn next(&mut self) -> Result<Option<LogEntry>> {
        loop {
            self.note_what_came()?;
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            if !self.waiting.is_empty() {
                self.read().await?;
                continue;
            }
            match self.logged.recv().await {
                Ok(logged) => self.note(logged)?,
                Err(RecvError::Lagged(_)) => return Err(behind()),
                Err(RecvError::Closed) => return Ok(None),
            }
        }
    }

    /// Notes all that was written meanwhile, so that it is known how far behind the subscriber is.
    fn note_what_came(&mut self) -> Result<()> {
        loop {
            match self.logged.try_recv() {
                Ok(logged) => self.note(logged)?,
                Err(TryRecvError::Lagged(_)) => return Err(behind()),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(()),
            }
        }
    }

    fn note(&mut self, logged: Logged) -> Result<()> {
        let Logged::Entries(entries) = logged else {
            return Err(ApiError::Behind(
                "entries may have been missed, since the connection to the database was lost",
            ));
        };
        self.waiting.extend(entries.iter().filter(|(account, _)| *account == self.account).map(|(_, id)| *id));
        if self.waiting.len() + self.ready.len() > BEHIND_MAX { Err(behind()) } else { Ok(()) }
    }

    async fn read(&mut self) -> Result<()> {
        let ids: Vec<_> = self.waiting.drain(..self.waiting.len().min(READ_AT_ONCE)).collect();
        let mut found = self.engine.store().logs_by_ids(self.account, &ids).await?;
        found.sort_by_key(|entry| ids.iter().position(|id| *id == entry.id));
        self.ready.extend(found.into_iter().filter(|entry| self.filter.matches(entry)));
        Ok(())
    }
}

fn behind() -> ApiError {
    ApiError::Behind("more than 1000 entries were written faster than they were taken")
}
