//! What the product's tests share: the real binary as a process, its API over HTTP, databases to run it on, and what goes
//! wrong around it.

pub mod api;
pub mod arrivals;
pub mod clock;
pub mod cluster;
pub mod database;
pub mod listener;
pub mod lost_commits;
pub mod process;
pub mod prometheus;
pub mod proxy;
pub mod server;
pub mod small_disk;

pub use api::Api;
pub use arrivals::Arrivals;
pub use clock::WallClock;
pub use cluster::Cluster;
pub use database::Database;
pub use listener::listen;
pub use lost_commits::LostCommits;
pub use proxy::Proxy;
pub use server::{Server, ServerOptions};
pub use small_disk::SmallDisk;

use mock_crm::MockCrm;
use std::collections::BTreeMap;
use std::future::Future;
use std::ops::Range;
use std::time::{Duration, Instant};

/// People to push, all called Ada: their ids are `prefix` and a number.
pub fn people(prefix: &str, numbers: Range<usize>) -> Vec<(String, String)> {
    numbers.map(|n| (format!("{prefix}{n}"), "Ada".to_owned())).collect()
}

/// What a CRM holds, by our id: name and email.
///
/// # Panics
/// Where it holds two records of one person.
pub fn records(crm: &MockCrm) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for record in crm.records() {
        let text = |key: &str| record[key].as_str().unwrap_or("").to_owned();
        let before = all.insert(text("external_id"), format!("{} {}", text("name"), text("email")));
        assert_eq!(before, None, "two records of {}", text("external_id"));
    }
    all
}

/// Asks again and again until the answer is yes. Panics with `what` after `within`.
pub async fn eventually<F: Future<Output = bool>>(what: &str, within: Duration, mut ask: impl FnMut() -> F) {
    let begun = Instant::now();
    while !ask().await {
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Makes a test of each case on SQLite, and one on Postgres.
#[macro_export]
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::Database::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case($crate::Database::postgres().await).await;
            })*
        }
    };
}
