//! Some hundreds of seeds on each change; `cargo xtask sim` runs as many as one has time for.

use sim::{StoreKind, generate, run, run_with};

fn pass(seeds: std::ops::Range<u64>, store: StoreKind) {
    for seed in seeds {
        let report = run(&generate::scenario(seed), store);
        assert_eq!(report.violations, [], "seed {seed}: see `cargo xtask sim --seeds 1 --from {seed} --store both`");
    }
}

#[test]
fn memory_1_to_100() {
    pass(1..101, StoreKind::Memory);
}

#[test]
fn memory_101_to_200() {
    pass(101..201, StoreKind::Memory);
}

#[test]
fn memory_201_to_300() {
    pass(201..301, StoreKind::Memory);
}

#[test]
fn sqlite_1_to_25() {
    pass(1..26, StoreKind::Sqlite);
}

#[test]
fn sqlite_26_to_50() {
    pass(26..51, StoreKind::Sqlite);
}

/// A seed is a run: to the last step on one store, and of the same steps on another.
#[test]
fn the_same_seed_gives_the_same_run() {
    let mut requests = 0;
    for seed in 1..31 {
        let scenario = generate::scenario(seed);
        let [first, second] = [(); 2].map(|()| run_with(&scenario, StoreKind::Memory, true, None));
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.digest, second.digest, "seed {seed}");
        requests += first.requests;
        if seed < 7 {
            let [first, second] = [(); 2].map(|()| run(&scenario, StoreKind::Sqlite));
            assert_eq!(first.digest, second.digest, "seed {seed} on SQLite");
        }
    }
    assert!(requests > 500, "hardly anything is sent: {requests}");
}
