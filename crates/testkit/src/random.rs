//! Random values that are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};
use sync_core::id::{AccountId, KeyId, LeaseToken, LogId, SyncId};
use sync_core::ports::Random;
use sync_core::time::Timestamp;
use uuid::Uuid;

/// Seeded random values (SplitMix64).
#[derive(Debug)]
pub struct SeededRandom {
    state: AtomicU64,
    ids: AtomicU64,
}

impl SeededRandom {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed), ids: AtomicU64::new(0) }
    }

    /// A random number.
    pub fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.state.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// One of some values.
    pub fn one_of<T: Clone>(&self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// True once in `times`.
    pub fn once_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A lease token.
    pub fn token(&self) -> LeaseToken {
        LeaseToken(self.uuid())
    }

    /// An account's id.
    pub fn account(&self) -> AccountId {
        AccountId(self.uuid())
    }

    /// A key's id.
    pub fn key(&self) -> KeyId {
        KeyId(self.uuid())
    }

    /// A sync's id; later ones sort behind.
    pub fn sync(&self) -> SyncId {
        SyncId(self.ordered())
    }

    /// A log entry's id; later ones sort behind.
    pub fn log(&self) -> LogId {
        LogId(self.ordered())
    }

    fn ordered(&self) -> Uuid {
        let millis = 1_769_851_815_000 + self.ids.fetch_add(1, Ordering::SeqCst);
        let bytes = self.next().to_be_bytes();
        let random = [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], 1, 2];
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A time within a day after `from`.
    pub fn time_after(&self, from: Timestamp) -> Timestamp {
        from.plus(std::time::Duration::from_secs(self.below(86_400) as u64))
    }
}

impl Random for SeededRandom {
    fn uuid(&self) -> Uuid {
        let (high, low) = (self.next().to_be_bytes(), self.next().to_be_bytes());
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high);
        bytes[8..].copy_from_slice(&low);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
