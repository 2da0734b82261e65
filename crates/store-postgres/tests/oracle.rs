//! The Postgres store answers random lists of operations as the memory store does.

mod fixture;

/// To look into one seed: `ORACLE_SEED=7 ORACLE_STEPS=2000 cargo xtask test -p store-postgres oracle`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_operations_are_answered_as_by_the_oracle() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let steps = number("ORACLE_STEPS").unwrap_or(200) as usize;
    let seeds = number("ORACLE_SEED").map_or(0..4, |seed| seed..seed + 1);
    for seed in seeds {
        testkit::oracle::compare::<fixture::PostgresFixture>(seed, steps).await;
    }
}
