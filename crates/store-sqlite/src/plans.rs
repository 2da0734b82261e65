//! How SQLite runs what is asked of it: nothing that is asked often may look at a whole table that grows.

use crate::sql::{Db, TEXTS, Value};
use crate::{Durability, Options, SqliteStore};
use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use std::sync::Arc;
use std::time::Duration;
use sync_core::key::Account;
use sync_core::ports::MaintenanceStore;
use sync_core::time::Timestamp;
use testkit::clock::ManualClock;
use testkit::contract::StoreFixture;

struct Fixture(SqliteStore, Arc<ManualClock>);

#[async_trait]
impl StoreFixture for Fixture {
    type Store = SqliteStore;

    async fn fresh() -> Self {
        let clock = Arc::new(ManualClock::default());
        let options = Options { durability: Durability::Normal, clock: Some(clock.clone()), ..Options::default() };
        let store = SqliteStore::temporary(options).unwrap();
        store.migrate().await.unwrap();
        Self(store, clock)
    }

    fn store(&self) -> &SqliteStore {
        &self.0
    }

    async fn create_account(&self, account: &Account) {
        assert!(self.0.create_account(account).await.unwrap());
    }

    async fn advance(&self, by: Duration) {
        self.1.advance(by);
    }

    async fn freeze(&self, at: Timestamp) {
        self.1.set(at);
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// Tables that grow with people, syncs × people, changes or attempts.
const GROWING: [&str; 13] = [
    "people",
    "people_search",
    "person_changes",
    "links",
    "link_extras",
    "log_entries",
    "counters",
    "sessions",
    "p",
    "l",
    "e",
    "s",
    "syncs",
];

/// What may look at a whole table: asked at start, by operators, or of few rows.
fn may_scan(text: &str, table: &str) -> bool {
    match table {
        // Each active sync is asked for its due links: there are as many as there are syncs.
        "s" | "syncs" => text.contains("s.paused = 0") || text.contains("WHERE s.deleted_at IS NULL"),
        // Once, before the first claim.
        "l" => text.ends_with("WHERE l.lease_until > ? LIMIT 500"),
        _ => false,
    }
}

/// What is asked for each delivery, by a part of its text, and how its rows must be found: by as much of an index as that.
const HOT: [(&str, &str); 14] = [
    ("FROM json_each(?) j CROSS JOIN people p", "SEARCH p USING INDEX sqlite_autoindex_people_1 (account=? AND id=?)"),
    (
        "l.retrying = ? AND l.claimable_at <= ? ORDER BY l.claimable_at, l.person LIMIT ?",
        "SEARCH l USING INDEX links_claimable (account=? AND sync=? AND retrying=? AND claimable_at<?)",
    ),
    // What keeps people waiting is asked while anybody looks at a sync that has a hold.
    (
        "l.claimable_at IS NOT NULL ORDER BY l.claimable_at DESC",
        "SEARCH l USING INDEX links_claimable (account=? AND sync=? AND retrying=? AND claimable_at>?)",
    ),
    (
        "SELECT count(*) AS n FROM (SELECT 1 FROM links",
        "SEARCH links USING COVERING INDEX links_claimable (account=? AND sync=? AND retrying=? AND claimable_at<?)",
    ),
    (
        "sync = ? AND lease_until > ?",
        "SEARCH links USING COVERING INDEX links_leased (account=? AND sync=? AND lease_until>?)",
    ),
    (
        "l.person IN (SELECT value FROM json_each(?)) ORDER BY l.person",
        "SEARCH l USING INDEX sqlite_autoindex_links_1 (account=? AND sync=? AND person=?)",
    ),
    ("UPDATE links SET", "SEARCH links USING INDEX sqlite_autoindex_links_1 (account=? AND sync=? AND person=?)"),
    ("CROSS JOIN links l", "SEARCH l USING INDEX links_by_unique_id (account=? AND sync=? AND unique_id=?)"),
    ("l.state IN (1, 3, 4)", "SEARCH l USING INDEX links_unresolved (account=? AND sync=? AND state=?)"),
    // What a change looks for in the syncs that it leaves for later, and what is marked then.
    ("u.state <> 3", "SEARCH u USING COVERING INDEX links_unresolved (account=? AND sync=? AND state=? AND person=?)"),
    ("+c.person IN", "SEARCH c USING INDEX links_leased (account=? AND sync=? AND lease_until>?)"),
    ("+c.person IN", "SEARCH l USING INDEX sqlite_autoindex_links_1 (account=? AND sync=? AND person=?)"),
    ("FROM later_marks m JOIN later_people p", "SEARCH m USING PRIMARY KEY (account=?)"),
    ("AND sync = ? ORDER BY id DESC LIMIT ?", "SEARCH log_entries USING INDEX log_entries_by_sync (sync=?)"),
];

#[tokio::test]
async fn no_statement_looks_at_a_whole_table_that_grows() {
    // Every port is driven by these.
    for seed in 0..3 {
        testkit::oracle::compare::<Fixture>(seed, 250).await;
    }
    testkit::contract::records::the_log_is_filtered_by_everything::<Fixture>().await;
    testkit::contract::records::counters_are_summed_by_minute_and_key::<Fixture>().await;
    testkit::contract::directory::links_are_filtered_by_everything::<Fixture>().await;
    testkit::contract::directory::links_are_found_by_id_and_by_person::<Fixture>().await;
    testkit::contract::records::keys_are_listed_newest_first::<Fixture>().await;
    testkit::contract::sessions::the_oldest_session_of_a_key_makes_room::<Fixture>().await;
    testkit::contract::sessions::expired_sessions_are_pruned::<Fixture>().await;
    testkit::contract::alerts::each_news_is_told_once::<Fixture>().await;
    let texts = TEXTS.lock().unwrap().clone();
    assert!(texts.len() > 60, "only {} texts were run", texts.len());
    let fixture = Fixture::fresh().await;
    let scans = fixture.0.readers.run("explain", move |db: &mut Db| {
        let mut scans = Vec::new();
        for (part, _) in HOT {
            assert!(texts.iter().any(|text| text.contains(part)), "{part:?} was not run");
        }
        for text in texts {
            let values = vec![Value::Null; text.matches('?').count()];
            let steps: Vec<Step> = db.rows(&format!("EXPLAIN QUERY PLAN {text}"), &values)?;
            for (_, wanted) in HOT.iter().filter(|(part, _)| text.contains(part)) {
                if !steps.iter().any(|step| step.detail == *wanted) {
                    scans.push(format!("not {wanted:?}: {text}"));
                }
            }
            for Step { detail } in steps {
                let Some(table) = detail.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()) else {
                    continue;
                };
                if GROWING.contains(&table) && !may_scan(&text, table) {
                    scans.push(format!("{detail}: {text}"));
                }
            }
        }
        Ok(scans)
    });
    let scans = scans.await.unwrap();
    assert!(scans.is_empty(), "{scans:#?}");
}
