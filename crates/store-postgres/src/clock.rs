//! Moves the store's clock: for tests only, since the clock is the database's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use sync_core::time::Timestamp;

/// Where the clock is not frozen.
const RUNS: i64 = i64::MIN;

/// By how much the clock is moved.
#[derive(Debug)]
pub(crate) struct TestClock {
    ahead_micros: AtomicI64,
    frozen_micros: AtomicI64,
}

impl Default for TestClock {
    fn default() -> Self {
        Self { ahead_micros: AtomicI64::new(0), frozen_micros: AtomicI64::new(RUNS) }
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.ahead_micros.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) fn freeze(&self, at: Timestamp) {
        self.ahead_micros.store(0, Ordering::SeqCst);
        self.frozen_micros.store(at.as_micros(), Ordering::SeqCst);
    }

    /// Where it stands, if it is frozen.
    pub(crate) fn frozen(&self) -> Option<Timestamp> {
        let frozen = self.frozen_micros.load(Ordering::SeqCst);
        (frozen != RUNS).then(|| self.moved(Timestamp::from_micros(frozen)))
    }

    /// The database's time, moved.
    pub(crate) fn moved(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_micros(at.as_micros().saturating_add(self.ahead_micros.load(Ordering::SeqCst)))
    }
}

/// How many statements were sent.
pub(crate) fn read_counter(counter: &std::sync::atomic::AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
