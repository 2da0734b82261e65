//! The ambient clock and randomness, behind their ports: the only place where they are read.

use crate::vault::fill;
use std::time::{SystemTime, UNIX_EPOCH};
use sync_core::ports::{Clock, Random};
use sync_core::time::Timestamp;
use uuid::Uuid;

/// The operating system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    fn fraction(&self) -> f64 {
        let mut bytes = [0; 8];
        fill(&mut bytes);
        // 53 random bits: every value is exact.
        (u64::from_be_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A UUID version 7 (RFC 9562) of a time and random bits.
pub(crate) fn uuid_v7(now: Timestamp, random: &dyn Random) -> Uuid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    let bytes = random.uuid().into_bytes();
    let mut tail = [0; 10];
    tail.copy_from_slice(&bytes[..10]);
    // Version and variant bits of the random UUID would be no random bits: take those beside them.
    tail[6] = bytes[12];
    tail[8] = bytes[14];
    uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
}
