//! The world of one run: virtual time, the shared store, the external systems, and the nodes' lives.

use crate::crm::Crm;
use crate::oracle::Oracle;
use crate::scenario::{Call, Fault, Millis, Moment, Scenario, Trouble};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use sync_core::ports::{Clock, Store};
use sync_core::time::Timestamp;
use testkit::random::SeededRandom;
use tokio::sync::Notify;
use tokio::time::Instant;

/// When every run begins: 2026-01-31T09:30:15Z.
pub const BEGINNING: Timestamp = Timestamp::from_micros(1_769_851_815_000_000);

/// The store's clock: virtual time as it was when the call began. (A store's thread has no virtual time of its own.)
#[derive(Debug)]
pub struct StoreClock(AtomicI64);

impl StoreClock {
    /// Stands at the beginning.
    pub fn begin() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(BEGINNING.as_micros())))
    }
}

impl Clock for StoreClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// The wall clock of a node: virtual time, and by how much it is wrong.
pub struct NodeClock {
    start: Instant,
    skew_seconds: i64,
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        let at = BEGINNING.plus(self.start.elapsed());
        Timestamp::from_micros(at.as_micros() + self.skew_seconds * 1_000_000)
    }
}

/// Everything that a run shares.
pub struct World {
    /// The plan.
    pub scenario: Scenario,
    /// What really happened.
    oracle: Mutex<Oracle>,
    /// The external systems.
    crms: Mutex<Vec<Crm>>,
    /// The store that all nodes work on.
    pub store: Arc<dyn Store>,
    store_clock: Arc<StoreClock>,
    start: Instant,
    /// Crashes that are still to come.
    crashes: Mutex<Vec<Fault>>,
    draws: AtomicU64,
    /// Until when faults happen at all.
    pub faults_end: Millis,
    /// A mistake that is made on purpose, to see that it is found.
    pub sabotage: Option<crate::Sabotage>,
}

impl World {
    /// The world before anything happened. Must be called within the run's runtime.
    pub fn new(
        scenario: &Scenario,
        store: Arc<dyn Store>,
        store_clock: Arc<StoreClock>,
        keep_trace: bool,
        sabotage: Option<crate::Sabotage>,
    ) -> Arc<Self> {
        let crashes = scenario.faults.iter().filter(|fault| matches!(fault, Fault::Crash { .. })).cloned().collect();
        Arc::new(Self {
            scenario: scenario.clone(),
            oracle: Mutex::new(Oracle::new(scenario, keep_trace)),
            crms: Mutex::new(scenario.syncs.iter().map(Crm::new).collect()),
            store,
            store_clock,
            start: Instant::now(),
            crashes: Mutex::new(crashes),
            draws: AtomicU64::new(0),
            faults_end: scenario.ends_at(),
            sabotage,
        })
    }

    /// Virtual time.
    pub fn now(&self) -> Millis {
        self.start.elapsed().as_millis() as Millis
    }

    /// The instant of a time.
    pub fn instant(&self, at: Millis) -> Instant {
        self.start + Duration::from_millis(at)
    }

    /// The wall clock of a node.
    pub fn clock_of(&self, node: usize) -> Arc<NodeClock> {
        let skew_seconds = self.scenario.skews.get(node).copied().unwrap_or(0);
        Arc::new(NodeClock { start: self.start, skew_seconds })
    }

    /// The notes.
    pub fn oracle(&self) -> MutexGuard<'_, Oracle> {
        self.oracle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The external systems.
    pub fn crms(&self) -> MutexGuard<'_, Vec<Crm>> {
        self.crms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a call of the store to its end within one instant of virtual time. It blocks this thread, the only one with
    /// virtual time, so that no clock runs on while a store's own thread is at work, and nothing else happens meanwhile:
    /// the same seed gives the same run on every store.
    pub fn at_once<T>(&self, call: impl Future<Output = T>) -> T {
        let now = BEGINNING.plus(self.start.elapsed());
        self.store_clock.0.store(now.as_micros(), Ordering::SeqCst);
        futures_executor::block_on(tokio::task::unconstrained(call))
    }

    /// A number drawn for this moment of this run.
    pub fn draw(&self) -> u64 {
        let draw = self.draws.fetch_add(1, Ordering::SeqCst);
        SeededRandom::new(self.scenario.seed ^ draw.wrapping_mul(0xA24B_AED4_963E_E407)).next()
    }
}

/// One life of a node: from its start to its end. Whatever its engine still does after its end reaches nobody.
pub struct Life {
    /// The world.
    pub world: Arc<World>,
    /// Which node.
    pub node: usize,
    /// Its how manieth life.
    pub incarnation: u32,
    over: AtomicBool,
    /// For how long the node is gone, once its life is over. (No `watch`: that wakes those who wait in random order.)
    down: OnceLock<Millis>,
    ended: Notify,
    /// The syncs of requests that are under way.
    live: Mutex<Vec<usize>>,
    frozen: Vec<(Millis, Millis)>,
}

impl Life {
    /// Begins.
    pub fn begin(world: Arc<World>, node: usize, incarnation: u32) -> Arc<Self> {
        let frozen = world.scenario.frozen(node);
        let over = AtomicBool::new(false);
        let (down, ended) = (OnceLock::new(), Notify::new());
        Arc::new(Self { world, node, incarnation, over, down, ended, live: Mutex::default(), frozen })
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Waits for its end, and tells for how long the node is gone.
    pub async fn ended(&self) -> Millis {
        loop {
            let ended = self.ended.notified();
            if let Some(down) = self.down.get() {
                return *down;
            }
            ended.await;
        }
    }

    /// Ends it.
    pub fn end(&self, why: &str, down: Millis) {
        if self.over.swap(true, Ordering::SeqCst) {
            return;
        }
        let at = self.world.now();
        let mut oracle = self.world.oracle();
        oracle.tell(at, format_args!("node {} ends: {why}", self.node));
        oracle.all_doubtful();
        for sync in std::mem::take(&mut *self.live()) {
            oracle.abandoned(sync);
        }
        drop(oracle);
        // Only once: see above.
        let _first = self.down.set(down);
        self.ended.notify_waiters();
    }

    fn live(&self) -> MutexGuard<'_, Vec<usize>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request to a sync's system is under way.
    pub fn began(&self, sync: usize) {
        self.live().push(sync);
    }

    /// It is over.
    pub fn finished(&self, sync: usize) {
        let mut live = self.live();
        if let Some(at) = live.iter().position(|&other| other == sync) {
            live.swap_remove(at);
        }
    }

    /// Nothing passes after the end, and while the process stands still.
    pub async fn gate(&self) {
        loop {
            if self.is_over() {
                std::future::pending::<()>().await;
            }
            let now = self.world.now();
            let Some((_, until)) = self.frozen.iter().find(|(from, until)| (*from..*until).contains(&now)) else {
                return;
            };
            tokio::time::sleep_until(self.world.instant(*until)).await;
        }
    }

    /// Crashes here, where that is planned.
    pub async fn may_crash(&self, is_moment: impl Fn(Moment) -> bool) {
        if let Some((moment, down)) = self.crash_planned(is_moment) {
            self.end(&format!("kill -9, {moment:?}"), down);
            self.gate().await;
        }
    }

    /// When the next crash at no particular moment is planned.
    pub fn next_crash_at_once(&self) -> Option<Millis> {
        let crashes = self.world.crashes.lock().unwrap_or_else(PoisonError::into_inner);
        let times = crashes.iter().filter_map(|fault| match fault {
            Fault::Crash { node, at, moment: Moment::Now, .. } if *node == self.node => Some(*at),
            _ => None,
        });
        times.min()
    }

    fn crash_planned(&self, is_moment: impl Fn(Moment) -> bool) -> Option<(Moment, Millis)> {
        let now = self.world.now();
        let mut crashes = self.world.crashes.lock().unwrap_or_else(PoisonError::into_inner);
        let at = crashes.iter().position(|fault| {
            matches!(fault, Fault::Crash { node, at, moment, .. }
                if *node == self.node && (*at..self.world.faults_end).contains(&now) && is_moment(*moment))
        })?;
        match crashes.remove(at) {
            Fault::Crash { moment, down, .. } => Some((moment, down)),
            _ => None,
        }
    }

    /// What is wrong with a store call just now.
    pub fn trouble(&self) -> Option<Trouble> {
        let now = self.world.now();
        self.world.scenario.faults.iter().find_map(|fault| match fault {
            Fault::Store { node, from, until, one_in, trouble }
                if *node == self.node
                    && (*from..*until).contains(&now)
                    && self.world.draw().is_multiple_of((*one_in).max(1)) =>
            {
                Some(*trouble)
            }
            _ => None,
        })
    }

    /// Whether a moment is the one before this call.
    pub fn before(method: &str) -> impl Fn(Moment) -> bool + '_ {
        move |moment| matches!(moment, Moment::Before(call) if Call::is(call, method))
    }

    /// Whether a moment is the one after this call.
    pub fn after(method: &str) -> impl Fn(Moment) -> bool + '_ {
        move |moment| matches!(moment, Moment::After(call) if Call::is(call, method))
    }
}
