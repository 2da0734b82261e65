//! Makes a failing scenario small: greedily, as long as the same promise is broken.

use crate::oracle::Promise;
use crate::run::{StoreKind, run};
use crate::scenario::{Fault, Habits, Options, Scenario, Step};

/// The most runs that shrinking may take.
const RUNS_MAX: usize = 3_000;

/// A smaller scenario that breaks the same promise.
pub fn shrink(scenario: &Scenario, store: StoreKind, promise: Promise) -> Scenario {
    shrink_by(scenario, &mut |candidate| {
        run(candidate, store).violations.first().is_some_and(|found| found.promise == promise)
    })
}

/// A smaller scenario that fails as well.
pub fn shrink_by(scenario: &Scenario, fails: &mut dyn FnMut(&Scenario) -> bool) -> Scenario {
    let mut runs = 0;
    let mut fails = |candidate: &Scenario| {
        runs += 1;
        runs <= RUNS_MAX && fails(candidate)
    };
    let mut small = scenario.clone();
    loop {
        let before = small.clone();
        remove_parts(&mut small, &mut fails);
        simplify(&mut small, &mut fails);
        if small == before {
            return small;
        }
    }
}

type Fails<'a> = dyn FnMut(&Scenario) -> bool + 'a;

fn remove_parts(small: &mut Scenario, fails: &mut Fails<'_>) {
    for length in [16, 8, 4, 2, 1] {
        let mut at = 0;
        while at < small.steps.len() {
            let mut candidate = small.clone();
            candidate.steps.drain(at..(at + length).min(small.steps.len()));
            if fails(&candidate) { *small = candidate } else { at += length }
        }
    }
    let mut at = 0;
    while at < small.faults.len() {
        let mut candidate = small.clone();
        candidate.faults.remove(at);
        if fails(&candidate) { *small = candidate } else { at += 1 }
    }
}

fn simplify(small: &mut Scenario, fails: &mut Fails<'_>) {
    let mut attempt = |small: &mut Scenario, change: &dyn Fn(&mut Scenario)| {
        let mut candidate = small.clone();
        change(&mut candidate);
        if candidate != *small && fails(&candidate) {
            *small = candidate;
        }
    };
    attempt(small, &|scenario| scenario.skews.clear());
    attempt(small, &|scenario| scenario.marks_max = None);
    attempt(small, &|scenario| {
        // The last sync, where nothing is about it any more.
        let last = scenario.syncs.len() - 1;
        let is_used = scenario.steps.iter().any(|timed| sync_of(&timed.step) == Some(last))
            || scenario.faults.iter().any(|fault| matches!(fault, Fault::Crm { sync, .. } if *sync == last));
        if last > 0 && !is_used {
            scenario.syncs.pop();
        }
    });
    for sync in 0..small.syncs.len() {
        attempt(small, &|scenario| scenario.syncs[sync].authenticates = false);
        attempt(small, &|scenario| scenario.syncs[sync].requests_per_second = None);
        attempt(small, &|scenario| scenario.syncs[sync].max_concurrency = 16);
        attempt(small, &|scenario| scenario.syncs[sync].create_covers_update = true);
        attempt(small, &|scenario| scenario.syncs[sync].at = 0);
        attempt(small, &|scenario| scenario.syncs[sync].options = Options::default());
        attempt(small, &|scenario| scenario.syncs[sync].habits = Habits::default());
        attempt(small, &|scenario| scenario.syncs[sync].habits.quota = None);
        attempt(small, &|scenario| scenario.syncs[sync].habits.before.clear());
        attempt(small, &|scenario| scenario.syncs[sync].habits.search_lag = 0);
    }
    for step in 0..small.steps.len() {
        let people = match &small.steps[step].step {
            Step::Upsert(pushes) => pushes.len(),
            Step::Delete(people) => people.len(),
            _ => 0,
        };
        for person in (0..people).rev().filter(|_| people > 1) {
            attempt(small, &|scenario| match &mut scenario.steps[step].step {
                Step::Upsert(pushes) if pushes.len() > 1 && person < pushes.len() => {
                    pushes.remove(person);
                }
                Step::Delete(people) if people.len() > 1 && person < people.len() => {
                    people.remove(person);
                }
                _ => {}
            });
        }
    }
}

fn sync_of(step: &Step) -> Option<usize> {
    match step {
        Step::Pause(sync)
        | Step::Resume(sync)
        | Step::Edit(sync, _)
        | Step::DeleteSync(sync)
        | Step::Resync { sync, .. }
        | Step::RemoveRecord { sync, .. }
        | Step::Retry(Some(sync)) => Some(*sync),
        _ => None,
    }
}
