//! The memory store under the contract: the oracle.

use crate::clock::ManualClock;
use crate::contract::StoreFixture;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use store_memory::MemoryStore;
use sync_core::backoff::Policy;
use sync_core::key::Account;
use sync_core::time::Timestamp;

/// A memory store with its clock.
#[derive(Debug)]
pub struct MemoryFixture {
    store: MemoryStore,
    clock: Arc<ManualClock>,
}

#[async_trait]
impl StoreFixture for MemoryFixture {
    type Store = MemoryStore;

    async fn fresh() -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = MemoryStore::new(clock.clone(), Arc::new(Policy::default()));
        Self { store, clock }
    }

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    async fn create_account(&self, account: &Account) {
        assert!(self.store.create_account(account), "the account is there already");
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn freeze(&self, at: Timestamp) {
        self.clock.set(at);
    }
}
