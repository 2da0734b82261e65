//! The use cases that drive the ports, and the only loops: intake, dispatcher, administration, maintenance.
//!
//! This is what other programs embed:
//!
//! ```no_run
//! # async fn example(store: std::sync::Arc<dyn sync_core::ports::Store>, http: std::sync::Arc<dyn sync_core::ports::Dispatcher>,
//! #   templates: std::sync::Arc<dyn sync_core::ports::TemplateEngine>, account: sync_core::id::AccountId) -> Result<(), Box<dyn std::error::Error>> {
//! use sync_core::{id::PersonId, person::{Patch, PersonPatch}};
//! use sync_engine::{Engine, SecretKey, Vault};
//!
//! let (engine, runner) = Engine::builder(store, http, templates, Vault::new(SecretKey::generate(), [])).build();
//! let (stop, stopped) = tokio::sync::watch::channel(false);
//! let running = tokio::spawn(runner.run(stopped));
//! let ada = PersonPatch { first_name: Patch::Set("Ada".into()), ..PersonPatch::new(PersonId::new("1")?) };
//! engine.account(account).upsert_people(vec![ada]).await?;
//! stop.send(true)?;
//! running.await??;
//! # Ok(()) }
//! ```

mod administration;
mod alerts;
mod attempt;
mod chosen;
mod compiled;
mod dispatch;
mod error;
mod gather;
mod intake;
mod keys;
mod maintenance;
pub mod metrics;
mod people;
mod redact;
mod rehearsal;
mod runner;
mod sessions;
mod settler;
mod system;
pub mod trace;
mod vault;
mod warnings;
mod webhook;
mod work;

pub use administration::MovedLinks;
pub use alerts::{ALERTS_EVERY, AlertTested, AlertsPatch};
pub use compiled::USER_AGENT;
pub use error::{EngineError, EngineResult, chain};
pub use intake::PEOPLE_PER_CALL_MAX;
pub use keys::{CHOSEN_KEY_CHARACTERS_MIN, KEY_PREFIX};
pub use people::DeletedPeople;
pub use rehearsal::{Previewed, Subject, Tested};
pub use runner::{Part, RunError, Runner, Standing};
pub use system::{SystemClock, SystemRandom};
pub use vault::{OpenError, SecretKey, SecretKeyError, Vault, sealing_keys};

use attempt::Surroundings;
use compiled::Cache;
use dispatch::{Attempts, Dispatching};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::id::{AccountId, LogId};
use sync_core::key::ApiKey;
use sync_core::plan::later::MARKS_MAX;
use sync_core::ports::{Clock, Dispatcher, Random, Retention, Store, TemplateEngine};
use sync_core::session::Session;
use sync_core::time::Timestamp;
use tokio::sync::{Notify, Semaphore, broadcast, mpsc, watch};

/// The most requests in flight of one node, over all syncs.
pub const IN_FLIGHT_MAX: usize = 1024;
/// How long a stopping engine waits for what is in flight.
pub const GRACE: Duration = Duration::from_secs(30);
/// How many batches of new log entries a subscriber may fall behind.
const LOGGED_BUFFER: usize = 4096;

/// The engine: cheap to clone, all clones are one.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) dispatching: Arc<Dispatching>,
    pub(crate) retention: Retention,
    pub(crate) sweeps: Arc<Notify>,
    intake: intake::Lanes,
    logged: broadcast::Sender<Logged>,
    changes: watch::Sender<u64>,
    change_number: AtomicU64,
    pub(crate) known_keys: keys::Known<ApiKey>,
    pub(crate) known_sessions: keys::Known<Session>,
    pub(crate) grace: Duration,
    pub(crate) alerts_every: Duration,
    dispatches: bool,
    standing: watch::Sender<Standing>,
}

/// Log entries that were written, on whichever node.
#[derive(Clone, Debug)]
pub enum Logged {
    /// These.
    Entries(Arc<Vec<(AccountId, LogId)>>),
    /// Some may have been missed: ask the log.
    Missed,
}

/// Puts an engine together.
pub struct EngineBuilder {
    store: Arc<dyn Store>,
    http: Arc<dyn Dispatcher>,
    templates: Arc<dyn TemplateEngine>,
    vault: Vault,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    policy: Policy,
    retention: Retention,
    in_flight_max: usize,
    marks_max: usize,
    grace: Duration,
    alerts_every: Duration,
    dispatches: bool,
}

impl EngineBuilder {
    /// The wall clock; left out: the operating system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Randomness; left out: the operating system's.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// The delays of the rules; left out: the product's.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How old log entries may get; left out: 30 days for successes, 90 for failures.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Requests in flight of this node, over all syncs; left out: [`IN_FLIGHT_MAX`].
    pub fn in_flight_max(mut self, requests: usize) -> Self {
        self.in_flight_max = requests.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// The most links that a change marks as owed before it is answered; the rest is marked in batches behind it. Left out:
    /// [`MARKS_MAX`].
    pub fn marks_max(mut self, links: usize) -> Self {
        self.marks_max = links;
        self
    }

    /// How long a stopping engine waits for what is in flight; left out: [`GRACE`].
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How often syncs are looked at for alerts, and the least time between two alerts of an account, at least a
    /// millisecond; left out: [`ALERTS_EVERY`].
    pub fn alerts_every(mut self, every: Duration) -> Self {
        self.alerts_every = every.max(Duration::from_millis(1));
        self
    }

    /// Whether this node sends; left out: yes. One that does not takes changes in and leaves the sending to others.
    pub fn dispatches(mut self, dispatches: bool) -> Self {
        self.dispatches = dispatches;
        self
    }

    /// The engine, and what runs it. Nothing is begun yet: calls that change people wait until [`Runner::run`] is polled, and
    /// are refused once the runner is gone. Counts go to the recorder of the `metrics` crate that is installed by now.
    pub fn build(self) -> (Engine, Runner) {
        let (outcomes, outcomes_in) = mpsc::channel(4096);
        let (intake, intake_in) = intake::Lanes::new();
        let sweeps = Arc::new(Notify::new());
        let around = Surroundings { clock: self.clock, random: self.random, policy: Arc::new(self.policy) };
        let dispatching = Arc::new(Dispatching {
            store: self.store,
            http: self.http,
            templates: self.templates,
            vault: Arc::new(self.vault),
            cache: Arc::new(Cache::default()),
            around: Arc::new(around),
            work: work::LongWork::new(),
            permits: Arc::new(Semaphore::new(self.in_flight_max)),
            in_flight_max: self.in_flight_max,
            attempts: Attempts::default(),
            outcomes,
            wake: Arc::new(Notify::new()),
            sweeps: sweeps.clone(),
            settled: Arc::new(Notify::new()),
            unsettled: watch::channel(0).0,
            unheard: settler::Unheard::default(),
            running: AtomicBool::new(false),
            recording: dispatch::Recording::default(),
            marks_max: self.marks_max,
            metrics: metrics::Metrics::new(self.in_flight_max),
        });
        let inner = Inner {
            dispatching,
            retention: self.retention,
            sweeps,
            intake,
            logged: broadcast::channel(LOGGED_BUFFER).0,
            changes: watch::channel(0).0,
            change_number: AtomicU64::new(0),
            known_keys: keys::Known::default(),
            known_sessions: keys::Known::default(),
            grace: self.grace,
            alerts_every: self.alerts_every,
            dispatches: self.dispatches,
            standing: watch::channel(Standing::NotRunning).0,
        };
        let engine = Engine { inner: Arc::new(inner) };
        let runner = Runner::new(engine.clone(), outcomes_in, intake_in);
        (engine, runner)
    }
}

impl Engine {
    /// Begins to put an engine together.
    pub fn builder(
        store: Arc<dyn Store>,
        http: Arc<dyn Dispatcher>,
        templates: Arc<dyn TemplateEngine>,
        vault: Vault,
    ) -> EngineBuilder {
        EngineBuilder {
            store,
            http,
            templates,
            vault,
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            policy: Policy::default(),
            retention: Retention::default(),
            in_flight_max: IN_FLIGHT_MAX,
            marks_max: MARKS_MAX,
            grace: GRACE,
            alerts_every: ALERTS_EVERY,
            dispatches: true,
        }
    }

    /// One account's use cases.
    pub fn account(&self, account: AccountId) -> AccountScope {
        AccountScope { engine: self.clone(), account }
    }

    /// The store, for reading.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.dispatching.store
    }

    /// The template engine: tokens, filters, the sample person.
    pub fn templates(&self) -> &dyn TemplateEngine {
        self.inner.dispatching.templates.as_ref()
    }

    /// The vault, for rotation.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.inner.dispatching.vault
    }

    /// How the engine stands: from the first loop that fails on, [`Standing::Failed`].
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.inner.standing.subscribe()
    }

    /// New log entries from now on, of all accounts, on whichever node they are written, those too that are written while
    /// the engine stops. Needs [`Runner::run`].
    pub fn logged(&self) -> broadcast::Receiver<Logged> {
        self.inner.logged.subscribe()
    }

    /// Changes whenever a sync, a key, a session or an account did, on whichever node: what is known of them is to be read again.
    /// Needs [`Runner::run`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// A key, session, sync or account changed.
    pub(crate) fn changed(&self) {
        // In this order: what was read before is not remembered, nor found by whoever hears of the change.
        self.inner.change_number.fetch_add(1, Ordering::SeqCst);
        self.inner.known_keys.forget();
        self.inner.known_sessions.forget();
        self.inner.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    pub(crate) fn change_number(&self) -> u64 {
        self.inner.change_number.load(Ordering::SeqCst)
    }

    /// Looks for due links and sweeps now.
    pub(crate) fn wake(&self) {
        self.inner.dispatching.wake.notify_one();
        self.inner.sweeps.notify_one();
    }

    /// Reads the gauges of [`metrics`]: what this node has under way, and what waits in the store, which is asked for at
    /// most `within`. For whoever is about to show them; cheap, but it asks the store, so not more often than every few
    /// seconds.
    pub async fn measure(&self, within: Duration) {
        let dispatching = &self.inner.dispatching;
        dispatching.metrics.under_way(dispatching.in_flight(), *dispatching.unsettled.borrow());
        if let Some(status) = dispatching.store.pool() {
            metrics::Metrics::pool(status);
        }
        dispatching.metrics.backlog(metrics::read_backlog(dispatching.store.clone(), within).await);
    }

    /// The engine's clock.
    pub fn now(&self) -> Timestamp {
        self.inner.dispatching.around.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        self.inner.dispatching.around.random.as_ref()
    }
}

/// One account's use cases: people are pushed, syncs configured. Nothing crosses accounts.
#[derive(Clone)]
pub struct AccountScope {
    pub(crate) engine: Engine,
    pub(crate) account: AccountId,
}

impl AccountScope {
    /// The account.
    pub fn id(&self) -> AccountId {
        self.account
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.engine.store()
    }
}
