//! The runner: owns every loop of an engine, watches over them, and ends them in an order in which nothing is lost.

use crate::dispatch::Dispatching;
use crate::error::chain;
use crate::{Engine, Logged, alerts, intake, maintenance, settler};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use sync_core::ports::Signal;
use sync_core::transition::Settlement;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;
use tracing::{error, info, warn};

/// How long a stopping engine waits to hear from the store what it has settled last. In this process it is heard at once,
/// over Postgres a moment later.
const LAST_HEARD_WITHIN: Duration = Duration::from_secs(1);

/// One loop of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Records changes of people.
    Intake,
    /// Writes what came of requests.
    Settler,
    /// Hands the store's signals on.
    Signals,
    /// Works sweeps.
    Sweeps,
    /// Keeps the store tidy.
    Housekeeping,
    /// Tells administrators.
    Alerts,
    /// Claims and sends.
    Dispatcher,
}

impl Part {
    /// What ends first, when an engine stops.
    const WORKERS: [Self; 4] = [Self::Sweeps, Self::Housekeeping, Self::Alerts, Self::Dispatcher];
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Intake => "intake",
            Self::Settler => "settler",
            Self::Signals => "follower of signals",
            Self::Sweeps => "worker of sweeps",
            Self::Housekeeping => "housekeeping",
            Self::Alerts => "teller of alerts",
            Self::Dispatcher => "dispatcher",
        })
    }
}

/// Why an engine cannot go on. Whoever runs it ends the process or builds another engine: nothing is lost by either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// A loop panicked.
    #[error("the engine's {part} panicked: {message}")]
    Panicked {
        /// Which.
        part: Part,
        /// What it said.
        message: String,
    },
    /// The database cannot be held: another process works on it.
    #[error("{0}")]
    NotHeld(String),
    /// A loop ended although nobody had told it to.
    #[error("the engine's {part} ended by itself")]
    Ended {
        /// Which.
        part: Part,
    },
}

/// Whom a database is told to be held by, unless the program has said so before.
const PURPOSE: &str = "an engine of crm-sync";

/// How an engine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was built, and is not run yet.
    NotRunning,
    /// It works.
    Running,
    /// It was told to stop, and finishes what is under way.
    Stopping,
    /// It has stopped, or what ran it was dropped.
    Stopped,
    /// It cannot go on. What was in flight is finished, then [`Runner::run`] ends with this error.
    Failed(RunError),
}

/// Runs an engine: all of its loops, and nothing outlives it. Made with the engine by [`crate::EngineBuilder::build`], and
/// run once.
#[must_use = "an engine without its runner takes no change in and sends nothing"]
pub struct Runner {
    engine: Engine,
    outcomes: mpsc::Receiver<Settlement>,
    calls: mpsc::UnboundedReceiver<intake::Lane>,
    ends: Ends,
}

/// What is to be ended however a runner ends: also where it is dropped half way.
struct Ends(Engine);

impl Drop for Ends {
    fn drop(&mut self) {
        let inner = &self.0.inner;
        inner.dispatching.stop_hand_offs();
        inner.dispatching.attempts.abort();
        inner.standing.send_if_modified(|standing| {
            let goes_on = !matches!(standing, Standing::Failed(_));
            if goes_on {
                *standing = Standing::Stopped;
            }
            goes_on
        });
    }
}

impl Runner {
    pub(crate) fn new(
        engine: Engine,
        outcomes: mpsc::Receiver<Settlement>,
        calls: mpsc::UnboundedReceiver<intake::Lane>,
    ) -> Self {
        Self { ends: Ends(engine.clone()), engine, outcomes, calls }
    }

    /// Runs until `stop` turns true (or its sender is gone): takes changes in, sends what is due, works sweeps, keeps the
    /// store tidy. Then it claims no more, finishes what is in flight within the grace period, settles it, records the calls
    /// that still wait, tells subscribers all of it, has the store bring all into its file, and returns. What is in flight after that counts as *sent, no answer*
    /// once its lease is over.
    ///
    /// Dropping the future ends every loop and every request at once, as a crash would: nothing that was acknowledged is
    /// lost.
    ///
    /// # Errors
    /// [`RunError::NotHeld`], at once, where another process works on the database and one alone may. Otherwise where a loop
    /// panics or ends by itself: [`Engine::standing`] tells it at once; what is in flight is
    /// finished first, as after `stop`.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), RunError> {
        let Self { engine, outcomes, calls, ends: _ends } = self;
        // Before anything else: two processes would end each other's leases, and send what the other sends.
        if let Err(error) = engine.store().hold(PURPOSE).await {
            let failure = RunError::NotHeld(chain(&error));
            engine.inner.standing.send_replace(Standing::Failed(failure.clone()));
            return Err(failure);
        }
        // Listened to before anything can happen.
        let signals = engine.store().signals();
        engine.inner.standing.send_replace(Standing::Running);
        let told = Told::default();
        let mut loops = Loops::new(engine.clone());
        let dispatching = &engine.inner.dispatching;
        loops.begin(Part::Settler, settler::run(dispatching.clone(), outcomes, told.settler.subscribe()));
        loops.begin(Part::Intake, intake::run(dispatching.clone(), calls, told.intake.subscribe()));
        loops.begin(Part::Signals, follow_signals(engine.clone(), signals, told.signals.subscribe()));
        loops.begin(Part::Sweeps, maintenance::sweep(engine.clone(), told.workers.subscribe()));
        loops.begin(Part::Housekeeping, maintenance::tidy(engine.clone(), told.workers.subscribe()));
        if engine.inner.dispatches {
            match engine.store().end_stale_leases().await {
                Ok(0) => {}
                Ok(links) => warn!(links, "leases of an earlier process were found: it did not stop by itself"),
                Err(error) => warn!(error = chain(&error), "looking for stale leases failed"),
            }
            loops.begin(Part::Alerts, alerts::run(engine.clone(), told.workers.subscribe()));
            loops.begin(Part::Dispatcher, dispatching.clone().run(told.workers.subscribe()));
        }
        tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => {
                engine.inner.standing.send_replace(Standing::Stopping);
            }
            () = loops.until_one_ends() => {}
        }
        let ended = loops.stop(&told).await;
        if let Err(error) = engine.store().checkpoint().await {
            warn!(error = chain(&error), "the database's log was not brought into its file: keep both together");
        }
        ended
    }
}

async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody can stop it any more: the same as stopped.
    let _gone = stop.wait_for(|stop| *stop).await;
}

/// Whom a stopping engine has told to end, in this order.
struct Told {
    workers: watch::Sender<bool>,
    intake: watch::Sender<bool>,
    settler: watch::Sender<bool>,
    signals: watch::Sender<bool>,
}

impl Default for Told {
    fn default() -> Self {
        let new = || watch::channel(false).0;
        Self { workers: new(), intake: new(), settler: new(), signals: new() }
    }
}

/// The loops that run. Those that are left end when this is dropped.
struct Loops {
    engine: Engine,
    tasks: JoinSet<()>,
    parts: HashMap<Id, Part>,
    may_end: Vec<Part>,
    failure: Option<RunError>,
}

impl Loops {
    fn new(engine: Engine) -> Self {
        Self { engine, tasks: JoinSet::new(), parts: HashMap::new(), may_end: Vec::new(), failure: None }
    }

    fn begin(&mut self, part: Part, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(work).id();
        self.parts.insert(id, part);
    }

    /// Waits until a loop ends, and notes how.
    async fn until_one_ends(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => self.ended(id, None),
            Some(Err(error)) => self.ended(error.id(), Some(error)),
            // Nothing is left that could end.
            None => std::future::pending().await,
        }
    }

    fn ended(&mut self, id: Id, error: Option<JoinError>) {
        let Some(part) = self.parts.remove(&id) else { return };
        let failure = match error.map(JoinError::try_into_panic) {
            Some(Ok(panic)) => RunError::Panicked { part, message: message(panic.as_ref()) },
            None if self.may_end.contains(&part) => return,
            // Cancelled only with the whole runtime.
            None | Some(Err(_)) => RunError::Ended { part },
        };
        error!(error = %failure, "the engine cannot go on");
        if self.failure.is_none() {
            self.failure = Some(failure.clone());
            self.engine.inner.standing.send_replace(Standing::Failed(failure));
        }
    }

    fn runs(&self, part: Part) -> bool {
        self.parts.values().any(|&running| running == part)
    }

    /// Waits until none of these runs, no longer than the grace period.
    async fn end(&mut self, parts: &[Part]) {
        let grace = self.engine.inner.grace;
        let ended = async {
            while parts.iter().any(|part| self.runs(*part)) {
                self.until_one_ends().await;
            }
        };
        if timeout(grace, ended).await.is_err() {
            let left: Vec<_> = parts.iter().filter(|part| self.runs(**part)).map(Part::to_string).collect();
            warn!(parts = left.join(", "), "some parts of the engine did not end in time, and are cut off");
        }
    }

    /// Waits for something, no longer than the grace period and than the settler lives. Whether it came.
    async fn settled_within_grace(&mut self, wanted: impl Future<Output = ()>) -> bool {
        let grace = tokio::time::sleep(self.engine.inner.grace);
        let settler_ends = async {
            while self.runs(Part::Settler) {
                self.until_one_ends().await;
            }
        };
        tokio::select! {
            biased;
            () = wanted => true,
            () = settler_ends => false,
            () = grace => false,
        }
    }

    /// Ends all loops: each when nothing comes any more that it would be needed for.
    async fn stop(mut self, told: &Told) -> Result<(), RunError> {
        let engine = self.engine.clone();
        self.may_end.extend(Part::WORKERS);
        told.workers.send_replace(true);
        engine.inner.dispatching.stop_hand_offs();
        if self.settled_within_grace(engine.inner.dispatching.nothing_in_flight()).await {
            info!("nothing is in flight any more");
        } else {
            warn!("some requests are still in flight after the grace period");
        }
        if !self.settled_within_grace(engine.inner.dispatching.nothing_unsettled()).await {
            warn!("some outcomes could not be settled in time");
        }
        self.end(&Part::WORKERS).await;
        self.may_end.push(Part::Intake);
        told.intake.send_replace(true);
        self.end(&[Part::Intake]).await;
        self.may_end.push(Part::Settler);
        told.settler.send_replace(true);
        self.end(&[Part::Settler]).await;
        self.may_end.push(Part::Signals);
        told.signals.send_replace(true);
        self.end(&[Part::Signals]).await;
        self.failure.take().map_or(Ok(()), Err)
    }
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it said nothing".to_owned())
}

/// Hands the store's signals on: wake-ups to the loops, log entries to subscribers. When it is told to stop, it goes on until
/// subscribers have heard what was settled last.
async fn follow_signals(engine: Engine, mut signals: BoxStream<'static, Signal>, mut stop: watch::Receiver<bool>) {
    loop {
        let signal = tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => break,
            signal = signals.next() => signal,
        };
        let Some(signal) = signal else { return };
        hand_on(&engine, signal);
    }
    let dispatching: &Arc<Dispatching> = &engine.inner.dispatching;
    let last = async {
        while !dispatching.unheard.is_empty() {
            let Some(signal) = signals.next().await else { return };
            hand_on(&engine, signal);
        }
    };
    let _missed = timeout(LAST_HEARD_WITHIN, last).await;
    while let Some(Some(signal)) = signals.next().now_or_never() {
        hand_on(&engine, signal);
    }
}

fn hand_on(engine: &Engine, signal: Signal) {
    match signal {
        Signal::Due => engine.inner.dispatching.wake.notify_one(),
        Signal::Logged(ids) if ids.is_empty() => {
            engine.inner.dispatching.unheard.clear();
            let _nobody_listens = engine.inner.logged.send(Logged::Missed);
        }
        Signal::Logged(ids) => {
            engine.inner.dispatching.unheard.heard(&ids);
            let _nobody_listens = engine.inner.logged.send(Logged::Entries(Arc::new(ids)));
        }
        Signal::Changed => {
            engine.changed();
            engine.inner.sweeps.notify_one();
        }
    }
}
