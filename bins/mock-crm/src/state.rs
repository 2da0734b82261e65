//! What all connections share.

use crate::MockCrmOptions;
use crate::api::Contacts;
use crate::auth::Auth;
use crate::counts::{Counts, Stats};
use crate::fault::Fault;
use crate::faults::{Faults, FaultsError, Injector};
use crate::manner::{KeyStore, Manner};
use crate::quota::{Quota, Quotas};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) auth: Auth,
    pub(crate) record_requests: usize,
    contacts: Mutex<Contacts>,
    counts: Mutex<Counts>,
    injector: Mutex<Injector>,
    quotas: Mutex<Quotas>,
    began: Instant,
    /// What the options say of every request.
    beneath: Fault,
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
            quotas: Mutex::default(),
            began: Instant::now(),
            beneath: Fault {
                manner: Manner { keys: options.idempotency_keys.then_some(KeyStore::Replay), ..Manner::default() },
                ..Fault::default()
            },
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

    /// What goes wrong with the next request, where `asked` is what it asks for itself.
    pub(crate) fn fault(&self, asked: Option<Fault>) -> Fault {
        let mut injector = lock(&self.injector);
        let fault = asked.or_else(|| injector.draw()).unwrap_or_default();
        fault.over(injector.always()).over(&self.beneath)
    }

    /// Counts a request against a quota. An error is the wait in seconds after which the next one fits.
    pub(crate) fn take(&self, quota: Quota) -> Result<(), f64> {
        lock(&self.quotas).take(quota, self.began.elapsed().as_secs_f64())
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
