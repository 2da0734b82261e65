//! What has been asked of the store.

use bytes::Bytes;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, VecDeque};

/// Idempotency keys counted; further ones are not.
const KEYS_MAX: usize = 100_000;

/// How many requests to `/contacts` there were, since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// All of them.
    pub total: u64,
    /// By method.
    pub by_method: BTreeMap<String, u64>,
    /// By status answered; those that were hung up on have none.
    pub by_status: BTreeMap<u16, u64>,
    /// By fault: `status`, `retry-after`, `redirect`, `delay`, `hangup=before`, `hangup=after`, `hang`, `huge`,
    /// `malformed`, `cut`, `page=before`, `page=after`, `error=before`, `error=after`, `goaway`, `refused-stream`.
    pub by_fault: BTreeMap<&'static str, u64>,
    /// By `Idempotency-Key`, the first 100,000 of them.
    pub by_idempotency_key: BTreeMap<String, u64>,
    /// Being worked on now.
    pub in_flight: u64,
    /// Most at once.
    pub in_flight_max: u64,
    /// Records held now.
    pub records: usize,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedRequest {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, names in lower case. Of `authorization` only the scheme is kept.
    pub headers: Vec<(String, String)>,
    /// Body; shown as text.
    #[serde(serialize_with = "as_text")]
    pub body: Bytes,
}

impl RecordedRequest {
    /// The first header of a name (given in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

fn as_text<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) stats: Stats,
    pub(crate) recorded: VecDeque<RecordedRequest>,
}

impl Counts {
    pub(crate) fn arrived(&mut self, method: &str, key: Option<String>) {
        let stats = &mut self.stats;
        stats.total += 1;
        count(&mut stats.by_method, method);
        stats.in_flight += 1;
        stats.in_flight_max = stats.in_flight_max.max(stats.in_flight);
        if let Some(key) = key
            && (stats.by_idempotency_key.len() < KEYS_MAX || stats.by_idempotency_key.contains_key(&key))
        {
            *stats.by_idempotency_key.entry(key).or_default() += 1;
        }
    }

    /// Keeps the newest `max` requests.
    pub(crate) fn record(&mut self, request: RecordedRequest, max: usize) {
        while self.recorded.len() >= max {
            self.recorded.pop_front();
        }
        self.recorded.push_back(request);
    }

    /// Starts anew; what is in flight stays so.
    pub(crate) fn reset(&mut self) {
        let in_flight = self.stats.in_flight;
        *self = Self { stats: Stats { in_flight, in_flight_max: in_flight, ..Stats::default() }, ..Self::default() };
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}
