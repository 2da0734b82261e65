//! Counters of what was sent, by time and latency, and what is read from them.

use crate::log::LogOutcome;
use crate::outcome::{NotSent, Outcome};
use crate::sync::Operation;
use crate::time::Timestamp;
use std::time::Duration;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CounterKind {
    /// A request that was accepted.
    Succeeded,
    /// A request that was tried, and whose entry is RETRYING or PARKED.
    Failed,
    /// A change settled without a request, because it would have equalled the last accepted one.
    Unchanged,
}

impl CounterKind {
    /// All, in the order of their stored numbers.
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Unchanged];
    /// The stored number.
    pub const fn code(self) -> i16 {
        self as i16
    }
    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// Upper bounds of the latency buckets in milliseconds; one more bucket follows for everything slower.
pub const LATENCY_BOUNDS_MS: [u32; 29] = [
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000,
    15_000, 20_000, 30_000, 60_000, 120_000,
];
const BUCKETS: usize = LATENCY_BOUNDS_MS.len() + 1;

/// The latency bucket of a duration.
pub fn latency_bucket(duration: Duration) -> i16 {
    let micros = duration.as_micros();
    LATENCY_BOUNDS_MS.partition_point(|&bound| u128::from(bound) * 1000 < micros) as i16
}

/// What a counter row is kept under, within its account and sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey {
    /// The operation.
    pub operation: Operation,
    /// What is counted.
    pub kind: CounterKind,
    /// Latency bucket; 0 for [`CounterKind::Unchanged`].
    pub bucket: i16,
}

impl CounterKey {
    /// What is counted of an attempt that came to `entry`; `None`: nothing, since our own rules kept it from being tried.
    pub fn of_attempt(operation: Operation, outcome: &Outcome, took: Duration, entry: LogOutcome) -> Option<Self> {
        let kind = if entry == LogOutcome::Succeeded { CounterKind::Succeeded } else { CounterKind::Failed };
        let is_kept_back = matches!(outcome, Outcome::NotSent(NotSent::AddressRefused | NotSent::Released, _));
        (!is_kept_back).then(|| Self { operation, kind, bucket: latency_bucket(took) })
    }
}

/// Counted events of one span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterRow {
    /// The beginning of the minute or hour.
    pub start: Timestamp,
    /// What was counted.
    pub key: CounterKey,
    /// How often.
    pub count: i64,
}

/// A minute in microseconds.
pub const MINUTE_MICROS: i64 = 60_000_000;
/// An hour in microseconds.
pub const HOUR_MICROS: i64 = 60 * MINUTE_MICROS;
/// For how long counters are kept by the minute; older ones are folded into hours.
pub const MINUTES_KEPT: Duration = Duration::from_secs(24 * 3600);

/// The beginning of the span of `micros` microseconds that `at` lies in.
pub fn span_start(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.as_micros().div_euclid(micros) * micros)
}

/// What was sent in a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sums {
    /// Accepted requests.
    pub succeeded: i64,
    /// Requests that were tried, and not accepted.
    pub failed: i64,
    /// Changes that needed no request.
    pub unchanged: i64,
    latencies: Vec<i64>,
}

impl Sums {
    /// Adds a counter row.
    pub fn add(&mut self, key: CounterKey, count: i64) {
        match key.kind {
            CounterKind::Succeeded => self.succeeded += count,
            CounterKind::Failed => self.failed += count,
            CounterKind::Unchanged => {
                self.unchanged += count;
                return;
            }
        }
        self.latencies.resize(BUCKETS, 0);
        let bucket = usize::try_from(key.bucket).unwrap_or(0).min(BUCKETS - 1);
        self.latencies[bucket] += count;
    }

    /// Requests sent.
    pub fn sent(&self) -> i64 {
        self.succeeded + self.failed
    }

    /// succeeded / sent; `None` when nothing was sent.
    pub fn success_rate(&self) -> Option<f64> {
        (self.sent() > 0).then(|| self.succeeded as f64 / self.sent() as f64)
    }

    /// The latency in milliseconds that a share of the requests (0 to 1) stayed within, interpolated within its bucket.
    pub fn latency_ms(&self, share: f64) -> Option<f64> {
        let total: i64 = self.latencies.iter().sum();
        if total == 0 {
            return None;
        }
        let rank = share.clamp(0.0, 1.0) * total as f64;
        let mut below = 0.0;
        for (bucket, &count) in self.latencies.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && below + count >= rank {
                let low = if bucket == 0 { 0.0 } else { f64::from(LATENCY_BOUNDS_MS[bucket - 1]) };
                let high = LATENCY_BOUNDS_MS.get(bucket).map_or(low, |&bound| f64::from(bound));
                return Some(low + (high - low) * ((rank - below) / count).clamp(0.0, 1.0));
            }
            below += count;
        }
        None
    }
}

/// One span of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesPoint {
    /// Its beginning, included.
    pub start: Timestamp,
    /// Its end, excluded.
    pub end: Timestamp,
    /// What was sent.
    pub sums: Sums,
}

/// Adds up rows.
pub fn sum(rows: &[CounterRow]) -> Sums {
    let mut sums = Sums::default();
    for row in rows {
        sums.add(row.key, row.count);
    }
    sums
}

/// Splits `since` to `until` into at most `buckets` equal spans of whole minutes (of whole hours where `since` lies
/// before the last day, since such counters are folded), and adds up the rows of each.
pub fn series(
    rows: &[CounterRow],
    since: Timestamp,
    until: Timestamp,
    now: Timestamp,
    buckets: usize,
) -> Vec<SeriesPoint> {
    let unit = if since < now.minus(MINUTES_KEPT) { HOUR_MICROS } else { MINUTE_MICROS };
    let first = span_start(since, unit).as_micros();
    let end = span_start(Timestamp::from_micros(until.as_micros().saturating_add(unit - 1)), unit).as_micros();
    if end <= first {
        return Vec::new();
    }
    let units = (end - first) / unit;
    let width = unit * (units + buckets.max(1) as i64 - 1).div_euclid(buckets.max(1) as i64).max(1);
    let mut points: Vec<SeriesPoint> = Vec::new();
    let mut start = first;
    while start < end {
        let stop = (start + width).min(end);
        points.push(SeriesPoint {
            start: Timestamp::from_micros(start),
            end: Timestamp::from_micros(stop),
            sums: Sums::default(),
        });
        start = stop;
    }
    for row in rows {
        let at = (row.start.as_micros() - first).div_euclid(width);
        if let Some(point) = usize::try_from(at).ok().and_then(|at| points.get_mut(at)) {
            point.sums.add(row.key, row.count);
        }
    }
    points
}
