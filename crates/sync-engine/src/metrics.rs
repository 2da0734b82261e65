//! What operators measure, through the facade of the `metrics` crate: a program that installs a recorder before it builds
//! an engine sees all of it, one that does not pays next to nothing.
//!
//! Every metric of crm-sync is named and described here but those of a server's own API. Labels are words of fixed lists:
//! never a person, an account or a sync, of which there may be thousands (ask the API's `stats` for those).
//!
//! Counters and histograms speak of this node, since it started. Gauges that [`Engine::measure`](crate::Engine::measure)
//! reads from the store speak of the whole store: on several nodes each tells the same, so take their maximum, not their
//! sum.

use ::metrics::{Counter, Gauge, Histogram, Unit, counter, gauge, histogram};
use std::time::{Duration, Instant};
use sync_core::alert::Verdict;
use sync_core::claim::{CallResult, UpsertOutcome};
use sync_core::counts::LinkCounts;
use sync_core::link::StateName;
use sync_core::log::{FailureKind, LogOutcome};
use sync_core::outcome::{Exchange, Outcome};
use sync_core::ports::{Backlog, PoolStatus, Store, measures};
use sync_core::stats::CounterKind;
use sync_core::sync::Operation;
use sync_core::time::Timestamp;
use sync_core::transition::Settlement;

const PEOPLE: &str = "crm_sync_people_changes_total";
const BATCH: &str = "crm_sync_batch_size";
const REQUESTS: &str = "crm_sync_requests_total";
const REQUEST_SECONDS: &str = "crm_sync_request_duration_seconds";
const LAG_SECONDS: &str = "crm_sync_lag_seconds";
const SETTLED: &str = "crm_sync_settled_total";
const FAILURES: &str = "crm_sync_failures_total";
const ALERTS: &str = "crm_sync_alerts_total";
const IN_FLIGHT: &str = "crm_sync_in_flight";
const IN_FLIGHT_MAX: &str = "crm_sync_in_flight_max";
const UNSETTLED: &str = "crm_sync_unsettled";
const STORE_UP: &str = "crm_sync_store_up";
const LINKS: &str = "crm_sync_links";
const OWED: &str = "crm_sync_owed";
const PARKED: &str = "crm_sync_parked";
const QUEUE_AGE_SECONDS: &str = "crm_sync_queue_age_seconds";
const SYNCS: &str = "crm_sync_syncs";
const POOL: &str = "crm_sync_store_pool_connections";
const POOL_MAX: &str = "crm_sync_store_pool_connections_max";
const POOL_WAITING: &str = "crm_sync_store_pool_waiting";

/// Bucket bounds in seconds for metrics of requests, waits and store calls (`.._duration_seconds`, `.._wait_seconds`):
/// from a fast database call to the longest timeout of a rule.
pub const DURATION_BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Bucket bounds in seconds for the lag (`crm_sync_lag_seconds`): from a hand-off to a day of backlog.
pub const LAG_BUCKETS: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0];
/// Bucket bounds for sizes of batches (`crm_sync_batch_size`).
pub const BATCH_BUCKETS: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0];

/// Where things are done in batches.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    /// Calls of one transaction of the intake.
    Intake,
    /// Links leased by such a transaction.
    HandOff,
    /// Links of a claim.
    Claim,
    /// Settlements of one transaction.
    Settle,
}

const STAGES: [&str; 4] = ["intake", "hand_off", "claim", "settle"];
const CHANGES: [&str; 5] = ["created", "updated", "unchanged", "deleted", "unknown"];
const ANSWERS: [&str; 7] = ["2xx", "3xx", "4xx", "5xx", "other", "no_answer", "not_sent"];
const VERDICTS: [&str; 3] = ["accepted", "retrying", "given_up"];
const OUTCOMES: [&str; 5] = ["succeeded", "retrying", "parked", "skipped", "unchanged"];
const OPERATIONS: [Operation; 4] = [Operation::Create, Operation::Update, Operation::Delete, Operation::Lookup];

/// Handles of everything that is counted on the way of a change: got once, since getting one is a look-up.
pub(crate) struct Metrics {
    people: [Counter; CHANGES.len()],
    batches: [Histogram; STAGES.len()],
    requests: [[Counter; ANSWERS.len()]; OPERATIONS.len()],
    request_seconds: [Histogram; OPERATIONS.len()],
    lag_seconds: Histogram,
    settled: [[Counter; OUTCOMES.len()]; OPERATIONS.len()],
    failures: [Counter; FailureKind::ALL.len()],
    alerts: [Counter; VERDICTS.len()],
    in_flight: Gauge,
    unsettled: Gauge,
    backlog: BacklogGauges,
}

struct BacklogGauges {
    up: Gauge,
    links: [Gauge; StateName::ALL.len()],
    owed: Gauge,
    parked: Gauge,
    queue_age: Gauge,
    syncs: [Gauge; 3],
}

impl Metrics {
    /// Describes and gets everything from the recorder that is installed now.
    pub(crate) fn new(in_flight_max: usize) -> Self {
        describe();
        gauge!(IN_FLIGHT_MAX).set(in_flight_max as f64);
        Self {
            people: CHANGES.map(|change| counter!(PEOPLE, "change" => change)),
            batches: STAGES.map(|stage| histogram!(BATCH, "stage" => stage)),
            requests: OPERATIONS.map(|operation| {
                ANSWERS.map(|answer| counter!(REQUESTS, "operation" => operation.as_str(), "answer" => answer))
            }),
            request_seconds: OPERATIONS.map(|operation| histogram!(REQUEST_SECONDS, "operation" => operation.as_str())),
            lag_seconds: histogram!(LAG_SECONDS),
            settled: OPERATIONS.map(|operation| {
                OUTCOMES.map(|outcome| counter!(SETTLED, "operation" => operation.as_str(), "outcome" => outcome))
            }),
            failures: FailureKind::ALL.map(|failure| counter!(FAILURES, "failure" => failure_name(failure))),
            alerts: VERDICTS.map(|outcome| counter!(ALERTS, "outcome" => outcome)),
            in_flight: gauge!(IN_FLIGHT),
            unsettled: gauge!(UNSETTLED),
            backlog: BacklogGauges {
                up: gauge!(STORE_UP),
                links: StateName::ALL.map(|state| gauge!(LINKS, "state" => state_name(state))),
                owed: gauge!(OWED),
                parked: gauge!(PARKED),
                queue_age: gauge!(QUEUE_AGE_SECONDS),
                syncs: ["active", "paused", "suspended"].map(|status| gauge!(SYNCS, "status" => status)),
            },
        }
    }

    /// What came of a try to tell an alert.
    pub(crate) fn alert(&self, verdict: &Verdict) {
        let outcome = match verdict {
            Verdict::Heard => 0,
            Verdict::Again { .. } => 1,
            Verdict::GivenUp { .. } => 2,
        };
        self.alerts[outcome].increment(1);
    }

    /// So many were done together.
    pub(crate) fn batch(&self, stage: Stage, size: usize) {
        if size > 0 {
            self.batches[stage as usize].record(size as f64);
        }
    }

    /// Calls were recorded.
    pub(crate) fn recorded(&self, results: &[CallResult]) {
        let mut changes = [0; CHANGES.len()];
        for result in results {
            match result {
                CallResult::Upserted(people) => people.iter().for_each(|person| {
                    changes[match person.outcome {
                        UpsertOutcome::Created => 0,
                        UpsertOutcome::Updated => 1,
                        UpsertOutcome::Unchanged => 2,
                    }] += 1;
                }),
                CallResult::Deleted { deleted, unknown } => {
                    changes[3] += deleted.len() as u64;
                    changes[4] += unknown.len() as u64;
                }
            }
        }
        for (counter, changes) in self.people.iter().zip(changes) {
            counter.increment(changes);
        }
    }

    /// A request is about to be sent at `now`.
    pub(crate) fn sending(&self, due_at: Option<Timestamp>, now: Timestamp) {
        if let Some(due_at) = due_at {
            self.lag_seconds.record(now.since(due_at));
        }
    }

    /// A request was sent, or could not be.
    pub(crate) fn exchanged(&self, operation: Operation, exchange: &Exchange) {
        let answer = match &exchange.outcome {
            Outcome::Answered(answer) => match answer.status {
                200..=299 => 0,
                300..=399 => 1,
                400..=499 => 2,
                500..=599 => 3,
                _ => 4,
            },
            Outcome::NoAnswer(..) => 5,
            Outcome::NotSent(..) => 6,
        };
        self.requests[of(operation)][answer].increment(1);
        self.request_seconds[of(operation)].record(exchange.duration);
    }

    /// A leased link came to this.
    pub(crate) fn settled(&self, settlement: &Settlement) {
        let unchanged = settlement.counter.is_some_and(|counter| counter.kind == CounterKind::Unchanged);
        let outcome = match settlement.settled.outcome {
            _ if unchanged => 4,
            LogOutcome::Succeeded => 0,
            LogOutcome::Retrying => 1,
            LogOutcome::Parked => 2,
            LogOutcome::Skipped => 3,
        };
        self.settled[of(settlement.operation)][outcome].increment(1);
        if let Some(failure) = settlement.settled.failure {
            self.failures[failure as usize].increment(1);
        }
    }

    /// What this node has under way.
    pub(crate) fn under_way(&self, in_flight: usize, unsettled: usize) {
        self.in_flight.set(in_flight as f64);
        self.unsettled.set(unsettled as f64);
    }

    /// How the store's connections stand.
    pub(crate) fn pool(status: PoolStatus) {
        let PoolStatus { connections_max, in_use, waiting } = status;
        gauge!(POOL, "state" => "in_use").set(in_use as f64);
        gauge!(POOL, "state" => "free").set(connections_max.saturating_sub(in_use) as f64);
        gauge!(POOL_MAX).set(connections_max as f64);
        gauge!(POOL_WAITING).set(waiting as f64);
    }

    /// What waits in the store; `None` where it cannot be asked: then nothing is claimed to be known.
    pub(crate) fn backlog(&self, found: Option<Backlog>) {
        let gauges = &self.backlog;
        gauges.up.set(f64::from(u8::from(found.is_some())));
        let known = |of: fn(&Backlog) -> i64| found.as_ref().map_or(f64::NAN, |backlog| of(backlog) as f64);
        gauges.owed.set(known(|backlog| backlog.links.owed));
        gauges.parked.set(known(|backlog| backlog.links.parked));
        let links = found.map(|backlog| backlog.links);
        for (gauge, state) in gauges.links.iter().zip(StateName::ALL) {
            gauge.set(links.as_ref().map_or(f64::NAN, |links: &LinkCounts| links.of(state) as f64));
        }
        let statuses: [fn(&Backlog) -> i64; 3] =
            [|backlog| backlog.active, |backlog| backlog.paused, |backlog| backlog.suspended];
        for (gauge, status) in gauges.syncs.iter().zip(statuses) {
            gauge.set(known(status));
        }
        let age = found.map_or(f64::NAN, |backlog| backlog.oldest_due.unwrap_or_default().as_secs_f64());
        gauges.queue_age.set(age);
    }
}

/// Reads what waits, for at most `within`. On a task of its own: a store call is never cut off half way.
pub(crate) async fn read_backlog(store: std::sync::Arc<dyn Store>, within: Duration) -> Option<Backlog> {
    let begun = Instant::now();
    let reading = tokio::spawn(async move { store.backlog().await });
    match tokio::time::timeout(within, reading).await {
        Ok(Ok(Ok(backlog))) => Some(backlog),
        Ok(Ok(Err(error))) => {
            tracing::warn!(error = crate::chain(&error), "what waits could not be read");
            None
        }
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(seconds = begun.elapsed().as_secs_f64(), "what waits could not be read in time");
            None
        }
    }
}

const fn of(operation: Operation) -> usize {
    match operation {
        Operation::Create => 0,
        Operation::Update => 1,
        Operation::Delete => 2,
        Operation::Lookup => 3,
    }
}

const fn failure_name(failure: FailureKind) -> &'static str {
    match failure {
        FailureKind::Template => "template",
        FailureKind::AddressRefused => "address_refused",
        FailureKind::Dns => "dns",
        FailureKind::Connection => "connection",
        FailureKind::Tls => "tls",
        FailureKind::Timeout => "timeout",
        FailureKind::NoAnswer => "no_answer",
        FailureKind::TooLarge => "too_large",
        FailureKind::Malformed => "malformed",
        FailureKind::Status => "status",
        FailureKind::Redirect => "redirect",
        FailureKind::NoUniqueId => "no_unique_id",
        FailureKind::Ambiguous => "ambiguous",
        FailureKind::Conflict => "conflict",
        FailureKind::NotJson => "not_json",
        FailureKind::Page => "page",
    }
}

const fn state_name(state: StateName) -> &'static str {
    match state {
        StateName::Unlinked => "unlinked",
        StateName::Uncertain => "uncertain",
        StateName::Linked => "linked",
        StateName::Leaving => "leaving",
        StateName::Unaddressable => "unaddressable",
    }
}

fn describe() {
    use ::metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(PEOPLE, Unit::Count, "People in calls of the API, by what came of each");
    describe_histogram!(BATCH, Unit::Count, "Sizes of batches: intake calls, links handed off or claimed, settlements");
    describe_counter!(REQUESTS, Unit::Count, "Requests to external systems, by operation and answer");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Requests to external systems, from DNS to the last byte read");
    describe_histogram!(LAG_SECONDS, Unit::Seconds, "From when a link was due to when its request began");
    describe_counter!(SETTLED, Unit::Count, "What leased links came to, by operation and outcome");
    describe_counter!(FAILURES, Unit::Count, "What went wrong, as the log names it");
    describe_counter!(ALERTS, Unit::Count, "Tries to tell administrators an alert, by outcome");
    describe_gauge!(IN_FLIGHT, Unit::Count, "Requests in flight of this node, or about to be");
    describe_gauge!(IN_FLIGHT_MAX, Unit::Count, "The most requests in flight of this node");
    describe_gauge!(UNSETTLED, Unit::Count, "Outcomes of this node that are not written yet");
    describe_gauge!(STORE_UP, Unit::Count, "Whether the store could be asked just now: 1 or 0");
    describe_gauge!(LINKS, Unit::Count, "Links of the whole store, by state");
    describe_gauge!(OWED, Unit::Count, "Links of the whole store that wait for a request");
    describe_gauge!(PARKED, Unit::Count, "Parked links of the whole store");
    describe_gauge!(QUEUE_AGE_SECONDS, Unit::Seconds, "For how long the oldest debt of an active sync has been due");
    describe_gauge!(SYNCS, Unit::Count, "Syncs of the whole store, by status");
    describe_gauge!(POOL, Unit::Count, "Database connections of this node, in use and free");
    describe_gauge!(POOL_MAX, Unit::Count, "The most database connections of this node");
    describe_gauge!(POOL_WAITING, Unit::Count, "Callers that wait for a database connection");
    describe_histogram!(measures::CALL_SECONDS, Unit::Seconds, "Store calls, waits and repeats included, by operation");
    describe_counter!(measures::FAILURES, Unit::Count, "Store calls that failed, by operation");
    describe_histogram!(measures::POOL_WAIT_SECONDS, Unit::Seconds, "Waits for a database connection");
}
