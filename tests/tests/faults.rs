//! The faults instrument itself, at small sizes: some rounds of kill -9 on each database.

use product_tests::server::binary;
use tokio::process::Command;

/// Runs `faults`. Returns its last line, or what it says against it.
async fn faults(arguments: &str) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_faults"))
        .args(arguments.split(' '))
        .env("CRM_SYNC_TEST_SERVER", binary())
        .env("RUST_LOG", "error")
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        return Err(said(&output.stdout) + &said(&output.stderr));
    }
    Ok(said(&output.stdout).lines().last().unwrap_or_default().to_owned())
}

async fn rounds(store: &str) {
    let last =
        faults(&format!("kill --store {store} --rounds 3 --seed 7")).await.unwrap_or_else(|said| panic!("{said}"));
    assert!(last.starts_with(&format!("3 rounds on {store}, seed 7: ")), "{last}");
    assert!(last.contains("all converged, nobody twice"), "{last}");
}

#[tokio::test]
async fn kill_9_loses_nothing_on_sqlite() {
    rounds("sqlite").await;
}

#[tokio::test]
async fn kill_9_loses_nothing_on_postgres() {
    rounds("postgres").await;
}

#[tokio::test]
async fn what_cannot_be_run_is_refused() {
    let said = faults("kill --store sqlite --rounds 0").await.unwrap_err();
    assert!(said.contains("--rounds"), "{said}");
    let said = faults("soak --minutes 0").await.unwrap_err();
    assert!(said.contains("--minutes"), "{said}");
}
