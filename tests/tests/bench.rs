//! The measuring instrument itself: that each measurement runs, at sizes whose figures say nothing about speed.

use product_tests::server::binary;
use serde_json::Value;
use tokio::process::Command;

/// Runs `bench`. Returns its lines of JSON, or what it says against it.
async fn bench(arguments: &str) -> Result<Vec<Value>, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(arguments.split(' '))
        .args(["--runs", "1", "--bare", "0", "--time-limit", "60", "--json"])
        .env("CRM_SYNC_TEST_SERVER", binary())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let lines = String::from_utf8(output.stdout).unwrap();
    Ok(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

async fn merges(store: &str) {
    let lines = bench(&format!("coalesce --store {store} --people 20 --changes 3")).await.unwrap();
    let of = |name: &str| lines[0][name].as_f64().unwrap().to_string();
    let names = ["changes", "requests", "requests_saved", "unchanged", "requests_for_unchanged"];
    assert_eq!(names.map(of), ["60", "20", "40", "20", "0"]);
}

#[tokio::test]
async fn many_changes_become_one_request_on_sqlite() {
    merges("sqlite").await;
}

#[tokio::test]
async fn many_changes_become_one_request_on_postgres() {
    merges("postgres").await;
}

#[tokio::test]
async fn each_measurement_tells_a_rate_per_case() {
    for (arguments, cases, rate) in [
        ("deliver --store sqlite --people 20", 1, "deliveries_per_second"),
        ("latency --store sqlite --people 20", 1, "deliveries_per_second"),
        ("intake --store sqlite --people 20 --per-request 7 --sync none,active", 2, "accepted_per_second"),
        ("backlog --store sqlite --links 50,100 --deliveries 30", 3, "deliveries_per_second"),
        (
            "backlog --store sqlite --links 50 --state paused --syncs 3 --owner one --deliveries 30",
            1,
            "deliveries_per_second",
        ),
        (
            "backlog --store sqlite --links 200 --state settled --parked 90 --syncs 2 --deliveries 30",
            1,
            "deliveries_per_second",
        ),
        ("neighbours --store sqlite --people 20 --syncs 2 --backlog 0", 4, "deliveries_per_second"),
        ("read --store sqlite --links 100 --seconds 0", 7, "queries_per_second"),
    ] {
        let lines = bench(arguments).await.unwrap_or_else(|said| panic!("bench {arguments}: {said}"));
        assert_eq!(lines.len(), cases, "bench {arguments}");
        assert!(lines[0][rate].as_f64() > Some(0.0), "bench {arguments}: {}", lines[0]);
        assert!(lines[0]["peak_memory_mib"].as_f64() > Some(0.0), "bench {arguments}: {}", lines[0]);
    }
}

#[tokio::test]
async fn nodes_are_measured_by_their_number() {
    let lines = bench("nodes --store postgres --senders 1,2 --steady 20 --people 20 --syncs 2").await.unwrap();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert!(line["deliveries_per_second"].as_f64() > Some(0.0), "{line}");
        assert!(line["accept_to_arrival_ms"]["p95"].as_f64() >= Some(0.0), "{line}");
    }
}

#[tokio::test]
async fn a_limit_is_measured_by_what_was_refused_and_used() {
    let small = "limits --store sqlite --people 40 --quota fixed:20:1s --refused-below 90 --used-from 1";
    let lines = bench(small).await.unwrap();
    let of = |name: &str| lines[0][name].as_f64().unwrap();
    assert!(of("requests") > 40.0 && of("refused_percent") > 0.0 && of("used_percent") > 1.0, "{}", lines[0]);
    let said = bench(&small.replace("below 90", "below 0")).await.unwrap_err();
    assert!(said.contains("too many were refused"), "{said}");
    let said = bench("limits --store sqlite --quota fixed:20:1s,page").await.unwrap_err();
    assert!(said.contains("more than a quota"), "{said}");
}

/// Each path comes to what it should, which is what fails the measurement; how quickly, an unoptimized build cannot tell.
#[tokio::test]
async fn paths_are_read_as_they_should_be() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["paths", "--runs", "1", "--limit-ms", "60000", "--json"])
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["case"], "150,000 ids: $[*], several ids");
    assert!(lines.lines().count() > 20 && first["read_ms"].is_number(), "{lines}");
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused() {
    let said = bench("nodes --store sqlite").await.unwrap_err();
    assert!(said.contains("one process"), "{said}");
    let said = bench("backlog --store sqlite --parked 5").await.unwrap_err();
    assert!(said.contains("--parked 5 needs --state settled"), "{said}");
    let said = bench("deliver --store sqlite --people 0").await.unwrap_err();
    assert!(said.contains("--people"), "{said}");
}
