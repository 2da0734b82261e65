//! What all connections share.

use crate::MockCrmOptions;
use crate::api::Contacts;
use crate::auth::Auth;
use crate::counts::{Counts, Stats};
use crate::fault::{Fault, Faults, FaultsError, Injector};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) auth: Auth,
    pub(crate) record_requests: usize,
    contacts: Mutex<Contacts>,
    counts: Mutex<Counts>,
    injector: Mutex<Injector>,
    stopping: watch::Sender<bool>,
}

impl State {
    pub(crate) fn new(options: &MockCrmOptions) -> Result<Self, FaultsError> {
        options.faults.check()?;
        Ok(Self {
            auth: options.auth.clone(),
            record_requests: options.record_requests,
            contacts: Mutex::new(Contacts::new(options)),
            counts: Mutex::default(),
            injector: Mutex::new(Injector::new(options.faults.clone())),
            stopping: watch::Sender::new(false),
        })
    }

    /// Tells everything to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns when everything is to end.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as this state: it cannot fail.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    pub(crate) fn contacts(&self) -> MutexGuard<'_, Contacts> {
        lock(&self.contacts)
    }

    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        lock(&self.counts)
    }

    pub(crate) fn stats(&self) -> Stats {
        let records = self.contacts().store.len();
        Stats { records, ..self.counts().stats.clone() }
    }

    pub(crate) fn draw_fault(&self) -> Option<Fault> {
        lock(&self.injector).draw()
    }

    pub(crate) fn faults(&self) -> Faults {
        lock(&self.injector).faults().clone()
    }

    pub(crate) fn set_faults(&self, faults: Faults) -> Result<(), FaultsError> {
        faults.check()?;
        *lock(&self.injector) = Injector::new(faults);
        Ok(())
    }
}

/// A poisoned lock means that a test's thread panicked; what it guards is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
