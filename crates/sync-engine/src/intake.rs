//! Intake: calls of an account that arrive while its last transaction commits, and a moment longer, go into the next one
//! together.

use crate::dispatch::Dispatching;
use crate::error::{EngineError, EngineResult, chain};
use crate::gather::{gather, receive};
use crate::metrics::Stage;
use crate::runner::message;
use crate::trace::Origins;
use futures_util::FutureExt;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sync_core::claim::{Call, CallResult, RecordRequest};
use sync_core::id::AccountId;
use sync_core::ports::StoreError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};
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

/// The most calls of one account that wait; callers beyond wait for a place.
const WAITING_MAX: usize = 4096;
/// An account's lane ends after so long without a call.
const LANE_IDLE: Duration = Duration::from_secs(60);

/// One call that waits for its transaction.
pub(crate) struct Waiting {
    pub(crate) account: AccountId,
    pub(crate) call: Call,
    pub(crate) span: Span,
    pub(crate) done: Reply,
}

/// Whom a call's result is told. One that is dropped says that there is none, and whether it may have been carried out.
pub(crate) struct Reply {
    to: Option<oneshot::Sender<EngineResult<CallResult>>>,
    is_begun: bool,
}

impl Reply {
    pub(crate) fn new() -> (Self, oneshot::Receiver<EngineResult<CallResult>>) {
        let (to, answer) = oneshot::channel();
        (Self { to: Some(to), is_begun: false }, answer)
    }

    /// A caller that went away has its change recorded all the same.
    fn send(mut self, result: EngineResult<CallResult>) {
        let _gone = self.to.take().map(|to| to.send(result));
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(to) = self.to.take() {
            // A transaction that has begun goes on.
            let told = if self.is_begun { EngineError::Lost(None) } else { EngineError::Unavailable(None) };
            let _gone = to.send(Err(told));
        }
    }
}

/// The way of calls into the intake: each account has a lane of its own, so that one whose transaction waits (for a lock,
/// say) keeps nobody else waiting.
pub(crate) struct Lanes {
    open: Mutex<HashMap<AccountId, mpsc::Sender<Waiting>>>,
    begun: mpsc::UnboundedSender<Lane>,
}

/// The calls of one account, on their way.
pub(crate) struct Lane {
    account: AccountId,
    calls: mpsc::Receiver<Waiting>,
}

impl Lanes {
    /// No lanes yet, and where they are told of.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Lane>) {
        let (begun, beginning) = mpsc::unbounded_channel();
        (Self { open: Mutex::default(), begun }, beginning)
    }

    /// Takes a call to its account's lane. False where the intake has ended.
    pub(crate) async fn take_in(&self, waiting: Waiting) -> bool {
        let mut waiting = waiting;
        loop {
            let lane = self.lane(waiting.account);
            let Err(mpsc::error::SendError(back)) = lane.send(waiting).await else { return true };
            // It ended just now: for want of calls, or with the intake.
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if open.get(&back.account).is_some_and(|known| known.same_channel(&lane)) {
                open.remove(&back.account);
            }
            if self.begun.is_closed() {
                return false;
            }
            waiting = back;
        }
    }

    fn lane(&self, account: AccountId) -> mpsc::Sender<Waiting> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || {
            let (lane, calls) = mpsc::channel(WAITING_MAX);
            // Where the intake has ended, the lane is closed at once.
            let _ended = self.begun.send(Lane { account, calls });
            lane
        };
        open.entry(account).or_insert_with(begin).clone()
    }
}

/// Records what comes in, until it is told to stop, and then all that has come.
pub(crate) async fn run(
    dispatching: Arc<Dispatching>,
    mut lanes: mpsc::UnboundedReceiver<Lane>,
    stop: watch::Receiver<bool>,
) {
    let mut working = JoinSet::new();
    let mut told = stop.clone();
    loop {
        tokio::select! {
            biased;
            _ = told.wait_for(|stop| *stop), if !lanes.is_closed() => lanes.close(),
            Some(ended) = working.join_next() => sound(ended),
            lane = lanes.recv() => match lane {
                Some(lane) => drop(working.spawn(work_lane(dispatching.clone(), lane, stop.clone()))),
                None => break,
            },
        }
    }
    while let Some(ended) = working.join_next().await {
        sound(ended);
    }
}

/// A lane that panicked is the intake's panic.
fn sound(ended: Result<(), JoinError>) {
    if let Err(Ok(panic)) = ended.map_err(JoinError::try_into_panic) {
        resume_unwind(panic);
    }
}

async fn work_lane(dispatching: Arc<Dispatching>, lane: Lane, mut stop: watch::Receiver<bool>) {
    let Lane { account, mut calls } = lane;
    let mut gathered = Vec::new();
    let mut gather_for = Duration::ZERO;
    let mut wants = Wants::default();
    loop {
        match timeout(LANE_IDLE, receive(&mut calls, &mut gathered, CALLS_MAX, &mut stop)).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(_) => {
                // What comes in this very moment is recorded yet.
                calls.close();
                continue;
            }
        }
        gather(&mut calls, &mut gathered, CALLS_MAX, gather_for, || !gather_for.is_zero()).await;
        let (begun, is_alone) = (Instant::now(), gathered.len() == 1);
        for batch in bounded(std::mem::take(&mut gathered)) {
            record(&dispatching, account, batch, &mut wants).await;
        }
        gather_for = if is_alone { Duration::ZERO } else { GATHER_MAX.min(begun.elapsed() / GATHER_PART) };
    }
}

/// How much a hand-off of an account can make use of: permits that are reserved while a transaction waits are missed by others.
#[derive(Default)]
struct Wants {
    /// The account's live syncs, once they are known.
    syncs: Option<usize>,
}

impl Wants {
    fn links(&self, calls: &[Call]) -> usize {
        let people: usize = calls.iter().map(people_of).sum();
        self.syncs.map_or(PEOPLE_MAX, |syncs| people.saturating_mul(syncs))
    }
}

fn people_of(call: &Call) -> usize {
    match call {
        Call::Upsert(patches) => patches.len(),
        Call::Delete(ids) => ids.len(),
    }
}

/// Splits calls, in order, into batches of at most [`PEOPLE_MAX`] people (or one call).
fn bounded(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut batches: Vec<Vec<Waiting>> = Vec::new();
    let mut people = PEOPLE_MAX;
    for waiting in waiting {
        let size = people_of(&waiting.call);
        if people + size > PEOPLE_MAX {
            batches.push(Vec::new());
            people = 0;
        }
        people += size;
        batches.last_mut().expect("one was pushed").push(waiting);
    }
    batches
}

async fn record(dispatching: &Arc<Dispatching>, account: AccountId, waiting: Vec<Waiting>, wants: &mut Wants) {
    let origins = Origins::of(&waiting);
    let (calls, mut done): (Vec<_>, Vec<_>) = waiting.into_iter().map(|w| (w.call, w.done)).unzip();
    for done in &mut done {
        done.is_begun = true;
    }
    match record_calls(dispatching, account, calls.clone(), &origins, wants).await {
        Ok(results) => {
            for (done, result) in done.into_iter().zip(results) {
                done.send(Ok(result));
            }
        }
        // One bad call must not fail the others.
        Err(error) if calls.len() > 1 && !matches!(error, StoreError::Unavailable { .. } | StoreError::Lost { .. }) => {
            warn!(
                calls = calls.len(),
                error = chain(&error),
                "recording a batch failed, its calls are repeated one by one"
            );
            for (call, done) in calls.into_iter().zip(done) {
                let result = record_calls(dispatching, account, vec![call], &origins, wants).await;
                let result = result.map(|mut results| results.remove(0)).map_err(EngineError::from);
                done.send(result);
            }
        }
        Err(error) => {
            warn!(calls = calls.len(), error = chain(&error), "recording failed");
            let last = done.pop();
            let is_lost = matches!(error, StoreError::Lost { .. });
            for done in done {
                let told = if is_lost { EngineError::Lost(None) } else { EngineError::Unavailable(None) };
                done.send(Err(told));
            }
            if let Some(done) = last {
                done.send(Err(error.into()));
            }
        }
    }
}

async fn record_calls(
    dispatching: &Arc<Dispatching>,
    account: AccountId,
    calls: Vec<Call>,
    origins: &Origins,
    wants: &mut Wants,
) -> Result<Vec<CallResult>, StoreError> {
    dispatching.metrics.batch(Stage::Intake, calls.len());
    let _recording = dispatching.recording.begin();
    let permits = dispatching.reserve(wants.links(&calls));
    let request = RecordRequest {
        account,
        calls,
        hand_off: permits.as_ref().map(crate::dispatch::HandOffPermits::hand_off),
        marks_max: dispatching.marks_max,
        policy: dispatching.around.policy.clone(),
    };
    // A store that panics over one call must not end the intake of all others.
    let recorded = AssertUnwindSafe(dispatching.store.record_changes(request)).catch_unwind().await;
    let recorded = recorded.unwrap_or_else(|panic| {
        let source = format!("a panic: {}", message(panic.as_ref())).into();
        Err(StoreError::Internal { operation: "record changes", source })
    })?;
    dispatching.metrics.recorded(&recorded.results);
    if recorded.syncs > 0 {
        wants.syncs = Some(recorded.syncs);
    }
    if let Some(permits) = permits {
        dispatching.metrics.batch(Stage::HandOff, recorded.leased.len());
        dispatching.start(recorded.leased, permits, origins);
    }
    if recorded.due {
        dispatching.wake.notify_one();
    }
    if recorded.later {
        dispatching.sweeps.notify_one();
    }
    Ok(recorded.results)
}
