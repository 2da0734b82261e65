//! One run: a scenario in virtual time, then all faults cease, and what is at rest is held against the promises.

use crate::check;
use crate::clients::Clients;
use crate::nodes::{Nodes, policy};
use crate::oracle::{Promise, Violation};
use crate::scenario::{Edit, Millis, PEOPLE, Push, Scenario, Scope, Step};
use crate::world::{BEGINNING, StoreClock, World};
use crate::{Sabotage, rules};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use store_memory::MemoryStore;
use store_sqlite::{Durability, Options, SqliteStore};
use sync_core::governor::Wish;
use sync_core::id::{AccountId, KeyId};
use sync_core::key::{Account, Role};
use sync_core::ports::Store;
use sync_core::sync::Operation;
use uuid::Uuid;

/// On which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// In memory.
    Memory,
    /// On a temporary SQLite file.
    Sqlite,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was broken; empty: every promise was kept.
    pub violations: Vec<Violation>,
    /// What happened, in words, where that was asked for.
    pub trace: Vec<String>,
    /// A number made of all that happened.
    pub digest: u64,
    /// Requests that went out.
    pub requests: u64,
    /// How long it took, in virtual time.
    pub lasted: Millis,
}

/// The one account of a run.
pub(crate) const ACCOUNT: AccountId = AccountId(Uuid::from_u128(0x0051_3A00));
/// How long it may take, in virtual time, until nothing is owed any more.
/// A person whose tries are used up while nobody else tells that the system is well waits for a day.
const REST_MAX: Millis = 30 * 3_600_000;

/// Runs a scenario.
pub fn run(scenario: &Scenario, store: StoreKind) -> Report {
    run_with(scenario, store, false, None)
}

/// Runs a scenario, keeping its trace, or with a mistake made on purpose.
pub fn run_with(scenario: &Scenario, store: StoreKind, keep_trace: bool, sabotage: Option<Sabotage>) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        // What a store's own thread woke comes first, however many turns this thread took: else runs on SQLite would differ.
        .global_queue_interval(1)
        .build()
        .expect("a runtime without I/O can always be made");
    let report = runtime.block_on(drive(scenario, store, keep_trace, sabotage));
    runtime.shutdown_background();
    report
}

async fn drive(scenario: &Scenario, kind: StoreKind, keep_trace: bool, sabotage: Option<Sabotage>) -> Report {
    let clock = StoreClock::begin();
    let store: Arc<dyn Store> = match kind {
        StoreKind::Memory => Arc::new(MemoryStore::new(clock.clone(), Arc::new(policy()))),
        StoreKind::Sqlite => {
            let policy = Arc::new(policy());
            // What a commit survives is not what is simulated here.
            let options =
                Options { durability: Durability::Normal, policy, clock: Some(clock.clone()), readers: 1, make: true };
            Arc::new(SqliteStore::temporary(options).expect("the temporary directory is writable"))
        }
    };
    let world = World::new(scenario, store, clock, keep_trace, sabotage);
    begin(&world);
    let nodes = Nodes::begin(&world);
    let clients = Clients::new(world.clone(), nodes, ACCOUNT);
    let all_is_done = tokio::time::timeout(Duration::from_millis(world.faults_end + REST_MAX), act(&clients)).await;
    if all_is_done.is_err() {
        world.oracle().broken(Promise::Answers, world.now(), "a client's call never came to its end".to_owned());
    }
    tokio::time::sleep_until(world.instant(world.faults_end)).await;
    let _first_breach = rest(&clients).await;
    let lasted = world.now();
    let mut oracle = world.oracle();
    Report {
        violations: std::mem::take(&mut oracle.violations),
        trace: std::mem::take(&mut oracle.trace),
        digest: oracle.digest(),
        requests: oracle.requests,
        lasted,
    }
}

fn begin(world: &World) {
    world.at_once(world.store.migrate()).expect("a fresh store");
    let account = Account { id: ACCOUNT, name: "simulated".to_owned() };
    let key = testkit::build::key(ACCOUNT, KeyId(Uuid::from_u128(1)), Role::Admin, BEGINNING);
    world.at_once(world.store.create_first_account(&account, &key)).expect("a fresh store");
}

/// Everything that is done by plan.
async fn act(clients: &Arc<Clients>) {
    let world = &clients.world;
    let syncs = (0..world.scenario.syncs.len()).map(async |sync| {
        tokio::time::sleep_until(world.instant(world.scenario.syncs[sync].at)).await;
        clients.make_sync(sync).await;
    });
    let steps = world.scenario.steps.iter().enumerate().map(async |(mark, timed)| {
        tokio::time::sleep_until(world.instant(timed.at)).await;
        clients.perform(timed.node, &timed.step, mark as u64 + 1).await;
    });
    tokio::join!(join_all(syncs), join_all(steps));
}

/// All faults have ceased: lets everything come to rest, checks, mends what is parked, checks again, and sees that nothing
/// more is sent. Ends at the first breach.
async fn rest(clients: &Arc<Clients>) -> Option<()> {
    let world = &clients.world;
    let whole = world.scenario.syncs.len();
    for sync in 0..whole {
        let paused = world.oracle().syncs[sync].config.as_ref().is_some_and(|config| config.paused);
        if paused {
            clients.perform(0, &Step::Resume(sync), 0).await;
        }
    }
    for sync in 0..whole {
        if world.oracle().syncs[sync].goes_nowhere() {
            clients.perform(0, &Step::Edit(sync, Edit::WrongUpdateUrl(false)), 0).await;
            clients.perform(0, &Step::Edit(sync, Edit::WrongLookupUrl(false)), 0).await;
        }
    }
    quiet(clients).await?;
    check::at_rest(world);
    sound(world)?;

    world.oracle().tell(world.now(), format_args!("administrators mend what is parked"));
    for sync in 0..whole {
        for (operation, edit) in [
            (Operation::Create, Edit::Create(true)),
            (Operation::Update, Edit::Update(true)),
            (Operation::Delete, Edit::Delete(true)),
        ] {
            let on = world.oracle().syncs[sync].on(operation);
            if !on {
                clients.perform(0, &Step::Edit(sync, edit), 0).await;
            }
        }
    }
    // What a process overtook that was slower than its lease's margin, a forced resync mends.
    let force = world.oracle().is_beyond_margin();
    resync(clients, force).await;
    quiet(clients).await?;
    // What parks then (a create that is uncertain, and was off) is retried; and what only updates carry follows creates.
    // Twice: a missing record is made again only once an update was accepted.
    for _ in 0..2 {
        clients.perform(0, &Step::Retry(None), 0).await;
        quiet(clients).await?;
        resync(clients, force).await;
        quiet(clients).await?;
    }
    check::mended(world);
    sound(world)?;

    let before = check::sent_to_sound_pairs(world);
    resync(clients, false).await;
    quiet(clients).await?;
    check::nothing_sent_since(world, &before, "a resync with nothing new");
    sound(world)?;

    let present: Vec<Push> = (0..PEOPLE.len()).filter_map(|person| unchanged(world, person)).collect();
    if !present.is_empty() {
        let before = check::sent_to_sound_pairs(world);
        clients.perform(0, &Step::Upsert(present), u64::MAX / 2).await;
        quiet(clients).await?;
        tokio::time::sleep(Duration::from_secs(120)).await;
        check::nothing_sent_since(world, &before, "changes that matter to no rule");
        sound(world)?;
    }
    check::records(world);
    sound(world)
}

/// A push that changes nothing that is rendered.
fn unchanged(world: &World, person: usize) -> Option<Push> {
    let (fields, _) = world.oracle().directory[person].clone()?;
    let email = fields.email.split(['.', '@']).nth(1)?.parse().ok()?;
    Some(Push { person, first: None, email, phone: None })
}

async fn resync(clients: &Arc<Clients>, force: bool) {
    for sync in 0..clients.world.scenario.syncs.len() {
        clients.perform(0, &Step::Resync { sync, scope: Scope::All, force }, 0).await;
    }
}

fn sound(world: &World) -> Option<()> {
    world.oracle().violations.is_empty().then_some(())
}

/// Waits until nothing is owed, no request is under way and every node is up. `None`: it never comes to rest, or a promise
/// was broken on the way.
async fn quiet(clients: &Arc<Clients>) -> Option<()> {
    let world = &clients.world;
    let until = world.now() + REST_MAX;
    let mut quiet = 0;
    loop {
        // Two looks: sweeps are worked every second.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        sound(world)?;
        release_holds(world);
        quiet = if clients.nodes.all_up() && is_quiet(world) { quiet + 1 } else { 0 };
        if quiet == 2 {
            return Some(());
        }
        if world.now() > until {
            let owed = check::owed(world);
            world.oracle().broken(Promise::Converges, world.now(), format!("it never comes to rest: {owed}"));
            return None;
        }
    }
}

/// Administrators see what is held back, and release it.
fn release_holds(world: &World) {
    let ids: Vec<_> = world.oracle().syncs.iter().filter(|sync| !sync.deleted).filter_map(|sync| sync.id).collect();
    let runtimes = world.at_once(world.store.runtimes(ACCOUNT, &ids)).expect("the store itself never fails");
    for (id, runtime) in runtimes {
        for (_, brake) in runtime.governor.brakes() {
            let wish = Wish::Release(brake.kind);
            world.at_once(world.store.govern(ACCOUNT, id, &wish)).expect("the store itself never fails");
        }
    }
}

fn is_quiet(world: &World) -> bool {
    let ids: Vec<_> = {
        let oracle = world.oracle();
        if oracle.is_at_work() {
            return false;
        }
        oracle.syncs.iter().filter(|sync| !sync.deleted).filter_map(|sync| sync.id).collect()
    };
    let runtimes = world.at_once(world.store.runtimes(ACCOUNT, &ids)).expect("the store itself never fails");
    runtimes.iter().all(|(_, runtime)| runtime.counts.owed == 0)
}

/// The unique-id template's result, which is the id of a record in systems whose ids are chosen by us.
pub(crate) fn chosen_id(person: usize) -> String {
    format!("our-{}", PEOPLE[person])
}

/// The members of a record that is in step.
pub(crate) fn wanted(fields: &rules::Fields, person: usize, tag: u8) -> serde_json::Map<String, serde_json::Value> {
    let mut members = fields.members(PEOPLE[person], true);
    members.insert("tag".to_owned(), format!("t{tag}").into());
    members
}
