//! Clocks of tests: one that they set, and one that goes with tokio's time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use sync_core::ports::Clock;
use sync_core::time::Timestamp;
use tokio::time::Instant;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Stands at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.as_micros()))
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_micros()).expect("tests move by less than 292,000 years"), Ordering::SeqCst);
    }

    /// Stands at `at` from now on.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_micros(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// 2026-01-31T09:30:15Z: in no minute's or hour's first second.
    fn default() -> Self {
        Self::at(Timestamp::from_micros(1_769_851_815_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A clock that goes with tokio's time: where that is paused, it goes as tests let it.
#[derive(Debug)]
pub struct VirtualClock {
    began: Instant,
    at: Timestamp,
}

impl Default for VirtualClock {
    /// Begins where [`ManualClock`] stands.
    fn default() -> Self {
        Self { began: Instant::now(), at: ManualClock::default().now() }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.at.plus(self.began.elapsed())
    }
}
