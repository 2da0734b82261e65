//! The work queue.

mod claim;
pub(crate) mod later;
mod record;
mod settle;
mod sweep;

use crate::PostgresStore;
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use std::sync::Arc;
use sync_core::claim::{ClaimRequest, Claimed, RecordRequest, Recorded};
use sync_core::id::{AccountId, LinkId};
use sync_core::ports::{Retried, RetryFilter, Signal, StoreResult, WorkStore};
use sync_core::transition::{SettleResult, Settlement};

#[async_trait]
impl WorkStore for PostgresStore {
    async fn record_changes(&self, request: RecordRequest) -> StoreResult<Recorded> {
        let (store, request) = (self.clone(), Arc::new(request));
        self.transact_ahead("record changes", move |c| {
            let (store, request) = (store.clone(), request.clone());
            Box::pin(async move { record::record(&store, c, &request).await })
        })
        .await
    }

    async fn claim(&self, request: ClaimRequest) -> StoreResult<Claimed> {
        let (store, request) = (self.clone(), Arc::new(request));
        let claimed = self.transact_ahead("claim", move |c| {
            let (store, request) = (store.clone(), request.clone());
            Box::pin(async move { claim::claim(&store, c, &request).await })
        });
        let (claimed, news) = claimed.await?;
        crate::news::tell(news);
        Ok(claimed)
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> StoreResult<Vec<SettleResult>> {
        settle::settle(self, settlements).await
    }

    async fn retry(&self, account: AccountId, filter: &RetryFilter, after: Option<&LinkId>) -> StoreResult<Retried> {
        let (store, filter, after) = (self.clone(), Arc::new(filter.clone()), after.cloned());
        self.transact("retry", move |c| {
            let (store, filter, after) = (store.clone(), filter.clone(), after.clone());
            Box::pin(async move { sweep::retry(&store, c, account, &filter, after).await })
        })
        .await
    }

    async fn work_sweep(&self, rows_max: usize) -> StoreResult<bool> {
        let store = self.clone();
        self.transact("work a sweep", move |c| {
            let store = store.clone();
            Box::pin(async move { sweep::work(&store, c, rows_max).await })
        })
        .await
    }

    fn signals(&self) -> BoxStream<'static, Signal> {
        self.inner.signals.listen()
    }
}
