//! The work queue's port.

use crate::sql::Db;
use crate::{SqliteStore, claim, intake, later, settle, sweeps};
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use std::sync::PoisonError;
use sync_core::claim::{ClaimRequest, Claimed, RecordRequest, Recorded};
use sync_core::id::{AccountId, LinkId};
use sync_core::plan::later::Turn;
use sync_core::ports::{Retried, RetryFilter, Signal, StoreResult, WorkStore};
use sync_core::transition::{SettleResult, Settlement};

#[async_trait]
impl WorkStore for SqliteStore {
    async fn record_changes(&self, request: RecordRequest) -> StoreResult<Recorded> {
        let shared = self.shared.clone();
        let work = move |db: &mut _, after: &mut crate::writer::Afterwards| {
            let recorded = intake::record(db, &request, shared.now())?;
            after.signals.extend(recorded.due.then_some(Signal::Due));
            Ok(recorded)
        };
        self.writer.run("record changes", work).await
    }

    async fn claim(&self, request: ClaimRequest) -> StoreResult<Claimed> {
        let shared = self.shared.clone();
        let work = move |db: &mut _, after: &mut crate::writer::Afterwards| {
            claim::claim(db, &request, shared.now(), &mut after.news)
        };
        self.writer.run("claim", work).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> StoreResult<Vec<SettleResult>> {
        if settlements.is_empty() {
            return Ok(Vec::new());
        }
        let shared = self.shared.clone();
        let work = move |db: &mut _, after: &mut crate::writer::Afterwards| {
            let settled = settle::settle(db, settlements, &shared.policy, shared.now())?;
            after.signals.extend(crate::signals::logged(&settled.logged));
            after.signals.extend(settled.due.then_some(Signal::Due));
            after.news.extend(settled.news);
            Ok(settled.results)
        };
        self.writer.run("settle", work).await
    }

    async fn retry(&self, account: AccountId, filter: &RetryFilter, after: Option<&LinkId>) -> StoreResult<Retried> {
        let (shared, filter, last) = (self.shared.clone(), filter.clone(), after.cloned());
        let work = move |db: &mut _, after: &mut crate::writer::Afterwards| {
            let retried = sweeps::retry(db, account, &filter, last.as_ref(), shared.now())?;
            after.signals.extend((retried.marked > 0).then_some(Signal::Due));
            Ok(retried)
        };
        self.writer.run("retry", work).await
    }

    async fn work_sweep(&self, rows_max: usize) -> StoreResult<bool> {
        // Asked often, and mostly for nothing: the writer is not bothered then.
        let waiting = "SELECT (SELECT count(*) FROM sweeps) + (SELECT count(*) FROM later_marks) AS n";
        if self.readers.run("look for a sweep", move |db| db.number(waiting, &[])).await? == 0 {
            return Ok(false);
        }
        let shared = self.shared.clone();
        let work = move |db: &mut Db, after: &mut crate::writer::Afterwards| {
            let (sweeps, later) = (sweeps::accounts(db)?, later::accounts(db)?);
            let turn = shared.turns.lock().unwrap_or_else(PoisonError::into_inner).next(&sweeps, &later);
            let marked = match turn {
                None => return Ok(false),
                Some(Turn::Sweep(account)) => sweeps::work(db, account, rows_max, shared.now())?,
                Some(Turn::LaterMarks(account)) => {
                    Some(later::work(db, account, rows_max, &shared.policy, shared.now())?)
                }
            };
            after.signals.extend(marked.is_some_and(|marked| marked).then_some(Signal::Due));
            Ok(marked.is_some())
        };
        self.writer.run("work a sweep", work).await
    }

    fn signals(&self) -> BoxStream<'static, Signal> {
        self.shared.signals.listen()
    }
}
