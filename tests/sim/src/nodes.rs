//! The nodes: each begins, crashes or is stopped, and begins anew.

use crate::network::NodeDispatcher;
use crate::node_store::NodeStore;
use crate::oracle::Promise;
use crate::scenario::Moment;
use crate::templates;
use crate::world::{Life, World};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::plan::later::MARKS_MAX;
use sync_engine::{Engine, RunError, SecretKey, Vault};
use testkit::random::SeededRandom;
use tokio::sync::{Notify, watch};
use tokio::task::JoinError;

/// The delays of the rules: shorter than the product's, so that a run is over soon; the quiet time is the product's.
pub(crate) fn policy() -> Policy {
    let seconds = |steps: &[u64]| steps.iter().copied().map(Duration::from_secs).collect();
    Policy::new(seconds(&[2, 5, 20, 40, 60]), seconds(&[5, 10, 30]), Duration::from_secs(30))
}

/// The secret key of all nodes.
const SECRET_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// One node as clients see it.
pub(crate) struct Node {
    /// Its engine while it is up.
    up: Mutex<Option<(Engine, Arc<Life>)>>,
    /// It is up again. (No `watch`: that wakes those who wait in random order.)
    began: Notify,
    restart: Notify,
}

impl Node {
    fn up(&self) -> Option<(Engine, Arc<Life>)> {
        self.up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_up(&self, up: Option<(Engine, Arc<Life>)>) {
        *self.up.lock().unwrap_or_else(PoisonError::into_inner) = up;
        self.began.notify_waiters();
    }
}

/// All nodes.
pub(crate) struct Nodes(Vec<Node>);

impl Nodes {
    /// Begins all of them.
    pub(crate) fn begin(world: &Arc<World>) -> Arc<Self> {
        let node = |_| Node { up: Mutex::default(), began: Notify::new(), restart: Notify::new() };
        let nodes = Arc::new(Self((0..world.scenario.nodes).map(node).collect()));
        for node in 0..nodes.0.len() {
            tokio::spawn(live(nodes.clone(), world.clone(), node));
        }
        nodes
    }

    /// Whether every node is up.
    pub(crate) fn all_up(&self) -> bool {
        self.0.iter().all(|node| node.up().is_some())
    }

    /// Stops a node gracefully; it begins anew.
    pub(crate) fn restart(&self, node: usize) {
        if self.0[node].up().is_some() {
            self.0[node].restart.notify_one();
        }
    }

    /// A node's engine, once it is up.
    pub(crate) async fn engine(&self, node: usize) -> (Engine, Arc<Life>) {
        loop {
            let began = self.0[node].began.notified();
            if let Some(found) = self.0[node].up() {
                return found;
            }
            began.await;
        }
    }
}

async fn live(nodes: Arc<Nodes>, world: Arc<World>, node: usize) {
    let this = &nodes.0[node];
    for incarnation in 0.. {
        let life = Life::begin(world.clone(), node, incarnation);
        world.oracle().tell(world.now(), format_args!("node {node} begins"));
        let key = SecretKey::parse(SECRET_KEY).expect("it is 32 bytes in base64");
        let seed = world.scenario.seed ^ ((node as u64 + 1) << 32) ^ (u64::from(incarnation) << 40);
        let (engine, runner) = Engine::builder(
            Arc::new(NodeStore::of(life.clone())),
            Arc::new(NodeDispatcher::of(life.clone())),
            templates::shared(),
            Vault::new(key, []),
        )
        .clock(world.clock_of(node))
        .random(Arc::new(SeededRandom::new(seed)))
        .policy(policy())
        .marks_max(world.scenario.marks_max.unwrap_or(MARKS_MAX))
        .build();
        let (stop, stopped) = watch::channel(false);
        let mut running = tokio::spawn(runner.run(stopped));
        this.set_up(Some((engine, life.clone())));
        tokio::spawn(crash_at_once(life.clone()));
        tokio::select! {
            biased;
            _ = life.ended() => {}
            ran = &mut running => failed(&life, ran),
            () = this.restart.notified() => {
                this.set_up(None);
                stop.send_replace(true);
                tokio::select! {
                    biased;
                    _ = life.ended() => {}
                    ran = running => match ran {
                        Ok(Ok(())) => life.end("it was stopped", 0),
                        ran => failed(&life, ran),
                    },
                }
            }
        }
        this.set_up(None);
        tokio::time::sleep(Duration::from_millis(life.ended().await)).await;
    }
}

/// The engine ended although nobody had told it to, or by an error.
fn failed(life: &Life, ran: Result<Result<(), RunError>, JoinError>) {
    let broken = format!("node {}'s engine ended: {ran:?}", life.node);
    life.world.oracle().broken(Promise::Runs, life.world.now(), broken);
    life.end("its engine failed", 0);
}

/// kill -9 at a time, whatever the node is doing.
async fn crash_at_once(life: Arc<Life>) {
    while !life.is_over() && life.world.now() < life.world.faults_end {
        let Some(at) = life.next_crash_at_once() else { return };
        tokio::time::sleep_until(life.world.instant(at)).await;
        life.may_crash(|moment| moment == Moment::Now).await;
    }
}
