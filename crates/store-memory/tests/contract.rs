//! The memory store keeps the contract.

testkit::store_contract!(testkit::memory::MemoryFixture);

/// Two memory stores under the same random operations: what the comparison itself draws is the same every time.
#[tokio::test]
async fn the_comparison_agrees_with_itself() {
    for seed in 0..5 {
        testkit::oracle::compare::<testkit::memory::MemoryFixture>(seed, 300).await;
    }
}
