//! The model check: a breadth-first search over one person and one sync, up to 4 directory events and 2 faults, driving
//! the real `mark`, `lease`, `decide` and `settle`. Every state reached is let come to rest, and must then keep the
//! promises: the CRM holds what the directory holds, each person once, or the link is shown as parked where nothing could
//! resolve an uncertain create. `systems` does so with the habits that real CRMs have.

mod systems;
#[path = "../world/mod.rs"]
mod world;

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use sync_core::link::{LinkState, ParkReason};
use sync_core::time::Timestamp;
use sync_core::transition::{Mark, SettleResult};
use world::{Fate, Kind, Means, World};

#[derive(Clone)]
struct Node {
    world: World,
    events: u32,
    faults: u32,
    trace: Option<Arc<Step>>,
}

/// A path, shared by its continuations.
struct Step {
    name: &'static str,
    before: Option<Arc<Step>>,
}

fn trace_of(mut step: Option<&Arc<Step>>) -> String {
    let mut names = Vec::new();
    while let Some(at) = step {
        names.push(at.name);
        step = at.before.as_ref();
    }
    names.reverse();
    names.join(" ; ")
}

/// What tells states apart: everything but absolute times and tokens.
fn key(node: &Node) -> u64 {
    let world = &node.world;
    let mut text = String::new();
    let _ = write!(text, "{} {} {} {:?} ", node.events, node.faults, world.floor, world.rules);
    for (id, record) in &world.crm.records {
        let age = world.now.since(record.made_at).min(world.habits.lag.unwrap_or_default());
        let _ = write!(text, "{id} {:?} ", world::Record { made_at: Timestamp::MIN, ..record.clone() });
        let _ = write!(text, "{age:?} ");
    }
    let _ = write!(text, "{} {} ", world.crm.foreign_deleted, world.governor.lookup_proven());
    let known = |key: &uuid::Uuid| world.crm.keys.get(key);
    if let Some(person) = &world.person {
        let _ = write!(text, "{} {:?} {} ", person.version, person.first_name, person.is_deleted());
    }
    if let Some(link) = &world.link {
        let _ = write!(
            text,
            "{:?} {} {} {} {} {:?} {:?} {} {} {} {:?} {:?} {:?} {:?} ",
            link.state,
            link.due_at.is_some(),
            link.quiet_until.is_some_and(|at| at > world.now),
            link.force,
            link.allow_resend,
            link.sent.as_ref().map(|sent| (sent.version, sent.digest)),
            link.key.as_ref().map(|key| (key.version, known(&key.key))),
            link.tries,
            link.deferrals,
            link.recreated,
            link.parked.as_ref().map(|parked| parked.reason),
            link.refused_digest,
            link.lease.as_ref().map(|lease| (lease.operation, lease.version)),
            link.extras.first_snapshot.as_ref().map(|person| person.first_name.clone()),
        );
        let notes = sync_core::link::Notes { doubted_at: None, ..link.notes().clone() };
        // How long ago a create was tried tells only until an index has caught up.
        let since = link.notes().doubted_at.map(|at| world.now.since(at).min(world.rules.lookup_settle));
        let _ = write!(text, "{notes:?} {since:?} ");
        if let Some(flight) = &world.flight {
            let _ = write!(text, "{} ", link.generation - flight.leased.link.generation);
        }
    }
    if let Some(flight) = &world.flight {
        let _ = match &flight.kind {
            Kind::Decided(settled) => write!(text, "{:?} {:?}", settled.next, settled.state),
            Kind::Request { attempt, value, key } => {
                write!(
                    text,
                    "{:?} {value} {} {:?}",
                    attempt.operation,
                    attempt.person_version,
                    key.map(|k| known(&k).cloned())
                )
            }
        };
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What happens, and whether it could.
type Event = (&'static str, fn(&mut World) -> bool);

#[derive(Clone, Copy, Default)]
struct Bounds {
    events: u32,
    faults: u32,
    /// Whether an administrator joins in.
    administrator: bool,
    /// What happens besides; each one is an event.
    events_besides: &'static [Event],
    /// What comes of requests besides; each one is a fault.
    fates_besides: &'static [(&'static str, Fate)],
}

fn steps(node: &Node, bounds: &Bounds) -> Vec<Node> {
    let mut next = Vec::new();
    let mut go = |name: &'static str, event: bool, fault: bool, act: &dyn Fn(&mut World) -> bool| {
        let spent = (event && node.events == bounds.events) || (fault && node.faults == bounds.faults);
        if spent {
            return;
        }
        let mut world = node.world.clone();
        if act(&mut world) {
            let trace = Some(Arc::new(Step { name, before: node.trace.clone() }));
            let (events, faults) = (node.events + u32::from(event), node.faults + u32::from(fault));
            next.push(Node { world, events, faults, trace });
        }
    };
    go("upsert A", true, false, &|w| w.upsert("A"));
    go("upsert B", true, false, &|w| w.upsert("B"));
    go("delete", true, false, &World::delete);
    if bounds.administrator {
        go("retry", true, false, &|w| w.mark(Mark::Retry));
        go("resync, forced", true, false, &|w| w.mark(Mark::Resync { force: true }));
    }
    for (name, happens) in bounds.events_besides {
        go(name, true, false, happens);
    }
    go("purge", false, false, &World::purge);
    go("claim", false, false, &World::claim);
    let Some(flight) = &node.world.flight else { return next };
    let done = |fate| move |w: &mut World| w.finish(fate) == SettleResult::Applied;
    go("answered", false, false, &done(Fate::Answered));
    if matches!(flight.kind, Kind::Request { .. }) {
        go("carried out, answer lost", false, true, &done(Fate::LostAfter));
        go("lost on the way", false, true, &done(Fate::LostBefore));
        go("carried out, answered 500", false, true, &done(Fate::RefusedAfter(500)));
        go("answered 503", false, true, &done(Fate::Refused(503)));
        go("not sent", false, true, &done(Fate::NotSent));
        go("carried out, kill -9", false, true, &|w| {
            w.crash(true);
            true
        });
    }
    for (name, fate) in bounds.fates_besides {
        go(name, false, true, &|w| w.meets(*fate) && done(*fate)(w));
    }
    go("released", false, true, &|w| {
        matches!(w.flight.as_ref().unwrap().kind, Kind::Request { .. }) && done(Fate::Released)(w)
    });
    go("kill -9 before it is sent", false, true, &|w| {
        w.crash(false);
        true
    });
    go("answered, settled twice", false, true, &|w| {
        let settlement = w.settlement(Fate::Answered);
        w.settle(settlement.clone()) == SettleResult::Applied && {
            let before = w.link.clone();
            let again = w.settle(settlement);
            // A row that went with the first settlement is simply gone.
            assert!(again == SettleResult::AlreadyDone || before.is_none());
            before == w.link
        }
    });
    next
}

/// The promises, at rest.
fn violation(world: &World, administrator: bool) -> Option<String> {
    let mut rest = world.clone();
    rest.run();
    let (have, want) = (rest.records(), rest.wanted());
    let in_step = have == want;
    let parked = rest.parked();
    let possible_second = || want.iter().all(|value| have.contains(value));
    let fine = match (world.means, parked) {
        (_, None) if in_step => true,
        // Shown as parked: the CRM may hold a record of a deleted person, or an uncertain one.
        (Means::Resend | Means::Park, Some(ParkReason::Uncertain)) => true,
        // A possible second record is what RESEND means; the newest state is there all the same.
        // An administrator's retry of a parked uncertain create sends it again too.
        (Means::Resend, None) => possible_second(),
        (Means::Park, None) if administrator => possible_second(),
        _ => false,
    };
    let settled = rest.link.as_ref().is_none_or(|link| link.lease.is_none());
    (!fine || !settled).then(|| format!("CRM {have:?}, directory {want:?}, parked {parked:?}, link {:?}", rest.link))
}

/// Searches all that the bounds allow, and returns how many states there are. Panics at the first that breaks a promise.
fn explore(start: World, bounds: &Bounds, violation: &dyn Fn(&World) -> Option<String>) -> usize {
    let start = Node { world: start, events: 0, faults: 0, trace: None };
    let mut seen = HashSet::from([key(&start)]);
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        if let Some(violation) = violation(&node.world) {
            panic!("{}\n  {violation}", trace_of(node.trace.as_ref()));
        }
        for next in steps(&node, bounds) {
            if seen.insert(key(&next)) {
                queue.push_back(next);
            }
        }
    }
    seen.len()
}

const FULL: Bounds = Bounds { events: 4, faults: 2, administrator: false, events_besides: &[], fates_besides: &[] };
const WITH_ADMINISTRATOR: Bounds = Bounds { events: 3, administrator: true, ..FULL };

fn explored(means: Means, bounds: &Bounds) -> usize {
    explore(World::new(means), bounds, &|world| violation(world, bounds.administrator))
}

macro_rules! model {
    ($($name:ident: $means:expr),* $(,)?) => {$(
        mod $name {
            use super::*;

            #[test]
            fn four_events_and_two_faults() {
                let states = explored($means, &FULL);
                assert!(states > 1000, "the search reaches far: {states}");
            }

            #[test]
            fn with_an_administrator() {
                let states = explored($means, &WITH_ADMINISTRATOR);
                assert!(states > 1000, "the search reaches far: {states}");
            }
        }
    )*};
}

model! {
    chosen_by_post: Means::ChosenPost,
    chosen_by_put: Means::ChosenPut,
    by_key: Means::Key,
    lookup_by_id: Means::LookupById,
    lookup_by_value: Means::LookupByValue,
    resend: Means::Resend,
    park: Means::Park,
}

/// The search finds what it looks for: with a rule taken out, the promise breaks.
#[test]
fn the_search_finds_a_broken_rule() {
    let mut world = World::new(Means::ChosenPost);
    world.upsert("A");
    world.claim();
    world.finish(Fate::Answered);
    world.upsert("B");
    world.claim();
    // A settle that forgets what the digest must forget.
    let mut settlement = world.settlement(Fate::LostAfter);
    settlement.settled.sent = world.link.as_ref().unwrap().sent.clone();
    world.settle(settlement);
    world.upsert("A");
    assert!(violation(&world, false).is_some_and(|found| found.contains("CRM [\"B\"], directory [\"A\"]")));
    assert!(matches!(world.state(), LinkState::Linked(_)));
}
