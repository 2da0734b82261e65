//! An engine with one account and one sync.

use std::sync::Arc;
use std::time::Duration;
use store_memory::MemoryStore;
use sync_core::backoff::Policy;
use sync_core::id::{AccountId, LinkId, SyncId};
use sync_core::key::Account;
use sync_core::link::Link;
use sync_core::ports::{Clock, DirectoryStore};
use sync_engine::{AccountScope, Engine, EngineBuilder, EngineResult, RunError, Runner, SecretKey, Standing, Vault};
use testkit::build;
use testkit::clock::VirtualClock;
use testkit::crm::{Arrivals, Crm};
use testkit::random::SeededRandom;
use testkit::staged::StagedStore;
use testkit::templates::PlainTemplates;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

pub(crate) const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));
pub(crate) const OTHER_ACCOUNT: AccountId = AccountId(Uuid::from_u128(2));
pub(crate) const SYNC: SyncId = SyncId(Uuid::from_u128(3));

/// What an engine is built over.
pub(crate) struct Stage {
    pub(crate) store: Arc<StagedStore>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) crm: Arc<Crm>,
    pub(crate) arrivals: Arrivals,
}

/// A store with an account and its sync, and the system that it sends to.
pub(crate) async fn stage() -> Stage {
    let clock = Arc::new(VirtualClock::default());
    let memory = MemoryStore::new(clock.clone(), Arc::new(Policy::default()));
    for (id, name) in [(ACCOUNT, "one"), (OTHER_ACCOUNT, "other")] {
        assert!(memory.create_account(&Account { id, name: name.to_owned() }));
    }
    memory.create_sync(&build::sync(ACCOUNT, SYNC, clock.now()), false).await.unwrap();
    let (crm, arrivals) = Crm::new();
    Stage { store: Arc::new(StagedStore::new(Arc::new(memory))), clock, crm, arrivals }
}

impl Stage {
    pub(crate) fn builder(&self) -> EngineBuilder {
        let key = SecretKey::parse("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
        Engine::builder(self.store.clone(), self.crm.clone(), Arc::new(PlainTemplates), Vault::new(key, []))
            .clock(self.clock.clone())
            .random(Arc::new(SeededRandom::new(1)))
    }

    /// Runs the engine that is built by default.
    pub(crate) fn run(self) -> World {
        let (engine, runner) = self.builder().build();
        World::of(self, engine, runner)
    }
}

/// An engine that runs.
pub(crate) struct World {
    pub(crate) store: Arc<StagedStore>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) crm: Arc<Crm>,
    pub(crate) arrivals: Arrivals,
    pub(crate) engine: Engine,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) running: JoinHandle<Result<(), RunError>>,
}

/// One that runs by default.
pub(crate) async fn world() -> World {
    stage().await.run()
}

impl World {
    pub(crate) fn of(stage: Stage, engine: Engine, runner: Runner) -> Self {
        let (stop, stopped) = watch::channel(false);
        let Stage { store, clock, crm, arrivals } = stage;
        let running = tokio::spawn(runner.run(stopped));
        Self { store, clock, crm, arrivals, engine, stop, running }
    }

    pub(crate) fn scope(&self) -> AccountScope {
        self.engine.account(ACCOUNT)
    }

    /// Pushes people whose first name is their id.
    pub(crate) async fn push(&self, ids: &[&str]) -> EngineResult<()> {
        push(&self.engine, ACCOUNT, ids).await
    }

    /// A person's link, if there is one.
    pub(crate) async fn link(&self, person: &str) -> Option<Link> {
        let id = LinkId { account: ACCOUNT, sync: SYNC, person: build::person_id(person) };
        self.store.links_by_ids(&[id]).await.unwrap().pop()
    }

    pub(crate) fn tell_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Stops, which must end well. What it was built over is left.
    pub(crate) async fn stop(self) -> Stage {
        self.tell_to_stop();
        self.running.await.expect("it does not panic").expect("it ends as it was told to");
        assert_eq!(*self.engine.standing().borrow(), Standing::Stopped);
        Stage { store: self.store, clock: self.clock, crm: self.crm, arrivals: self.arrivals }
    }
}

pub(crate) async fn push(engine: &Engine, account: AccountId, ids: &[&str]) -> EngineResult<()> {
    engine.account(account).upsert_people(ids.iter().map(|id| build::patch(id, id)).collect()).await.map(drop)
}

/// Waits, in virtual time, until something holds; a day at most.
pub(crate) async fn eventually<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..24 * 3600 * 10 {
        if let Some(found) = found().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}")
}

/// Waits until a person's link is as wanted.
pub(crate) async fn link_is(world: &World, person: &str, wanted: impl Fn(&Link) -> bool) -> Link {
    eventually(person, async || world.link(person).await.filter(&wanted)).await
}
