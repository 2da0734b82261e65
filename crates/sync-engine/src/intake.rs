//! Intake: calls that arrive while the last transaction commits, and a moment longer, go into the next one together.

use crate::dispatch::Dispatching;
use crate::error::{EngineError, EngineResult, chain};
use crate::gather::{gather, receive};
use crate::metrics::Stage;
use crate::trace::Origins;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use sync_core::claim::{Call, CallResult, RecordRequest};
use sync_core::id::AccountId;
use sync_core::ports::StoreError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tracing::{Span, warn};

/// The most calls and people of one transaction.
const CALLS_MAX: usize = 256;
const PEOPLE_MAX: usize = 2000;
/// How long calls are gathered at most, and which part of what the last transaction took. Callers who wait for their answer
/// come back in groups, and a transaction for two groups costs the database little more than one for each. Nobody waits
/// after a transaction that carried one call.
const GATHER_MAX: Duration = Duration::from_millis(1);
const GATHER_PART: u32 = 4;
/// The most people of one call.
pub const PEOPLE_PER_CALL_MAX: usize = 1000;

/// One call that waits for its transaction.
pub(crate) struct Waiting {
    pub(crate) account: AccountId,
    pub(crate) call: Call,
    pub(crate) span: Span,
    pub(crate) done: oneshot::Sender<EngineResult<CallResult>>,
}

/// Records what comes in, until it is told to stop, and then all that has come.
pub(crate) async fn run(
    dispatching: Arc<Dispatching>,
    mut calls: mpsc::Receiver<Waiting>,
    mut stop: watch::Receiver<bool>,
) {
    let mut gathered = Vec::new();
    let mut gather_for = Duration::ZERO;
    while receive(&mut calls, &mut gathered, CALLS_MAX, &mut stop).await {
        gather(&mut calls, &mut gathered, CALLS_MAX, gather_for, || !gather_for.is_zero()).await;
        let (begun, is_alone) = (Instant::now(), gathered.len() == 1);
        let mut by_account: HashMap<AccountId, Vec<Waiting>> = HashMap::new();
        for waiting in gathered.drain(..) {
            by_account.entry(waiting.account).or_default().push(waiting);
        }
        for (account, waiting) in by_account {
            for batch in bounded(waiting) {
                record(&dispatching, account, batch).await;
            }
        }
        gather_for = if is_alone { Duration::ZERO } else { GATHER_MAX.min(begun.elapsed() / GATHER_PART) };
    }
}

/// Splits calls, in order, into batches of at most [`PEOPLE_MAX`] people (or one call).
fn bounded(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut batches: Vec<Vec<Waiting>> = Vec::new();
    let mut people = PEOPLE_MAX;
    for waiting in waiting {
        let size = match &waiting.call {
            Call::Upsert(patches) => patches.len(),
            Call::Delete(ids) => ids.len(),
        };
        if people + size > PEOPLE_MAX {
            batches.push(Vec::new());
            people = 0;
        }
        people += size;
        batches.last_mut().expect("one was pushed").push(waiting);
    }
    batches
}

async fn record(dispatching: &Arc<Dispatching>, account: AccountId, waiting: Vec<Waiting>) {
    let origins = Origins::of(&waiting);
    let (calls, mut done): (Vec<_>, Vec<_>) = waiting.into_iter().map(|w| (w.call, w.done)).unzip();
    match record_calls(dispatching, account, calls.clone(), &origins).await {
        Ok(results) => {
            for (done, result) in done.into_iter().zip(results) {
                // A caller that went away has its change recorded all the same.
                let _gone = done.send(Ok(result));
            }
        }
        // One bad call must not fail the others.
        Err(error) if calls.len() > 1 && !matches!(error, StoreError::Unavailable { .. }) => {
            warn!(
                calls = calls.len(),
                error = chain(&error),
                "recording a batch failed, its calls are repeated one by one"
            );
            for (call, done) in calls.into_iter().zip(done) {
                let result = record_calls(dispatching, account, vec![call], &origins).await;
                let result = result.map(|mut results| results.remove(0)).map_err(EngineError::from);
                let _gone = done.send(result);
            }
        }
        Err(error) => {
            warn!(calls = calls.len(), error = chain(&error), "recording failed");
            let last = done.pop();
            for done in done {
                let _gone = done.send(Err(EngineError::Unavailable(None)));
            }
            if let Some(done) = last {
                let _gone = done.send(Err(error.into()));
            }
        }
    }
}

async fn record_calls(
    dispatching: &Arc<Dispatching>,
    account: AccountId,
    calls: Vec<Call>,
    origins: &Origins,
) -> Result<Vec<CallResult>, StoreError> {
    dispatching.metrics.batch(Stage::Intake, calls.len());
    let permits = dispatching.reserve(PEOPLE_MAX);
    let request = RecordRequest {
        account,
        calls,
        hand_off: permits.as_ref().map(crate::dispatch::HandOffPermits::hand_off),
        policy: dispatching.around.policy.clone(),
    };
    let recorded = dispatching.store.record_changes(request).await?;
    dispatching.metrics.recorded(&recorded.results);
    if let Some(permits) = permits {
        dispatching.metrics.batch(Stage::HandOff, recorded.leased.len());
        dispatching.start(recorded.leased, permits, origins);
    }
    if recorded.due {
        dispatching.wake.notify_one();
    }
    Ok(recorded.results)
}
