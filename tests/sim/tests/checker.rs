//! The checker can fail: a mistake made on purpose breaks the promise that forbids it.

use sim::oracle::Promise;
use sim::scenario::{Fate, Fault, Means, Scenario, SyncPlan};
use sim::{Sabotage, StoreKind, generate, run_with, shrink};

/// Whether some seed shows that the promise breaks.
fn finds(promise: Promise, sabotage: Sabotage, fits: impl Fn(&Scenario) -> bool) -> bool {
    let scenarios = (1..400).map(generate::scenario).filter(fits);
    let mut broken = scenarios.filter_map(|scenario| {
        Some(run_with(&scenario, StoreKind::Memory, false, Some(sabotage)).violations.first()?.promise)
    });
    broken.any(|broken| broken == promise)
}

#[test]
fn a_lost_change_is_found() {
    assert!(finds(Promise::NothingLost, Sabotage::LoseChange, |_| true));
}

#[test]
fn a_request_carried_out_twice_is_found() {
    let is_simple = |sync: &SyncPlan| matches!(sync.means, Means::LookupById | Means::Resend | Means::Park);
    assert!(finds(Promise::OneRecord, Sabotage::SendTwice, |scenario| scenario.syncs.iter().any(is_simple)));
}

#[test]
fn a_change_wiped_out_by_a_settlement_is_found() {
    assert!(finds(Promise::Converges, Sabotage::IgnoreGeneration, |_| true));
}

#[test]
fn a_retry_after_that_nobody_reads_is_found() {
    let asks_to_wait = |fault: &Fault| matches!(fault, Fault::Crm { fate: Fate::RetryAfter(..), .. });
    assert!(finds(Promise::RetryAfterHolds, Sabotage::IgnoreRetryAfter, |scenario| {
        scenario.faults.iter().any(asks_to_wait)
    }));
}

#[test]
fn a_failing_scenario_is_made_small() {
    let sabotage = Some(Sabotage::LoseChange);
    let fails = |scenario: &Scenario| {
        run_with(scenario, StoreKind::Memory, false, sabotage)
            .violations
            .first()
            .is_some_and(|v| v.promise == Promise::NothingLost)
    };
    let whole = (1..100).map(generate::scenario).find(fails).expect("some seed fails");
    let small = shrink::shrink_by(&whole, &mut |scenario| fails(scenario));
    assert!(fails(&small));
    assert!(small.steps.len() <= 2 && small.faults.is_empty(), "{small:?}");
}
