//! The store in memory: the oracle that other stores are compared with, and the store of simulations and tests.
//!
//! Every method locks one mutex: it is one transaction by construction. Nothing is indexed beyond what order gives, so
//! that it can be read at a glance; nothing outlives the process.

mod alerts;
mod directory;
mod provenance;
mod records;
mod sessions;
mod signals;
mod state;
mod work;

use crate::signals::Signals;
use crate::state::State;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use sync_core::backoff::Policy;
use sync_core::key::Account;
use sync_core::ports::{Clock, Signal, StoreError};
use sync_core::time::Timestamp;

/// A store in memory.
pub struct MemoryStore {
    state: Mutex<State>,
    signals: Signals,
    clock: Arc<dyn Clock>,
    policy: Arc<Policy>,
}

impl MemoryStore {
    /// An empty store. Its own clock is `clock`; settlements take the delays that they need from `policy`.
    pub fn new(clock: Arc<dyn Clock>, policy: Arc<Policy>) -> Self {
        Self { state: Mutex::default(), signals: Signals::default(), clock, policy }
    }

    /// Makes an account beside the first one. False where there is one of that id.
    pub fn create_account(&self, account: &Account) -> bool {
        self.lock().create_account(account)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic leaves a half-done transaction only where this program is wrong already.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    fn publish(&self, signal: Signal) {
        self.signals.publish(signal);
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// An operation that no correct caller asks for.
fn refused(operation: &'static str, why: &str) -> StoreError {
    StoreError::Internal { operation, source: why.into() }
}
