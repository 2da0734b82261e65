//! How Postgres runs what is asked of it, whatever it believes of the tables: nothing may look at more of a table that grows
//! than it asks for.
//!
//! Each text that the contract's cases run is planned as the store's own connections plan it: without looking at its
//! values. That is done on a fresh database that was never analysed, and on analysed ones of awkward shapes.

use crate::fixture::{self, PostgresFixture as Fixture};
use crate::sql::ran::TEXTS;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use testkit::contract::{self, StoreFixture};
use tokio_postgres::Client;

/// What a scan's condition must speak of (one of these) so that it reads no more than it should: of links, for example,
/// never all of an account, which may have 1000 syncs.
const SCOPES: [(&str, &[&str]); 11] = [
    ("links", &["sync = ", "queue = ", "queue > "]),
    ("link_extras", &["person = "]),
    ("people", &["id = ", "id > ", "deleted_at IS NOT NULL"]),
    ("people_terms", &["term = ", "term >= "]),
    ("person_changes", &["person = ", "at < "]),
    ("log_entries", &["id = ", "id < ", "id >= ", "sync = ", "person = ", "at < "]),
    ("counters", &["sync = ", "start < "]),
    ("sessions", &["hash = ", "api_key = ", "expires_at <= "]),
    ("syncs", &["account = ", "id = "]),
    ("sync_runtime", &["account = "]),
    ("link_counts", &["account = "]),
];

/// Scans that read more, by the beginning of their statement and the table (any, where it is empty), and why they may.
const EXCEPTIONS: [(&str, &str, &str); 10] = [
    ("SELECT s.account, s.id, s.paused, r.governor", "", "gauges over all syncs, read when metrics are"),
    ("WITH RECURSIVE owing", "links", "the first entry of the index: where its leaps begin"),
    ("SELECT (SELECT count(*) FROM accounts)", "", "`crm-sync stats`, asked by operators"),
    ("SELECT coalesce(sum(n.unlinked)", "", "`crm-sync stats`, asked by operators"),
    ("SELECT s.account, s.id, s.friendly_name", "syncs", "all syncs: `rotate-secrets`, and the check at start"),
    (
        "SELECT (SELECT count(*) FROM links l",
        "people",
        "a resync's size, counted once when an administrator asks for it",
    ),
    ("SELECT count(*) AS n FROM people p", "people", "a resync's size, counted once when an administrator asks for it"),
    ("SELECT account, id, at, sync, person", "log_entries", "an account's page: newest first, until it is full"),
    ("SELECT EXISTS (SELECT 1 FROM log_entries_", "log_entries", "whether a partition is empty: its first entry"),
    ("SELECT to_regclass($1) IS NOT NULL", "log_entries", "the default partition: entries of clocks that are wrong"),
];

/// The statements that deliveries are made of, by a part of their texts, and the indexes that they must read.
const HOT: [(&str, &[&str], &str); 12] = [
    (
        "claim: who waits",
        &["WITH RECURSIVE owing", "SELECT s.account, s.id FROM s"],
        "links_claimable sync_runtime_pkey syncs_pkey",
    ),
    (
        "claim: when to look again",
        &["WITH RECURSIVE owing", "AS next FROM s"],
        "links_claimable sync_runtime_pkey syncs_pkey",
    ),
    ("claim: governors", &["SELECT account, sync, governor FROM sync_runtime"], "sync_runtime_pkey"),
    ("claim: loads", &["s.settings", "AS leased", "AS retrying"], "links_claimable links_leased syncs_pkey"),
    ("claim: picks", &["AS k(account, sync, links_max)"], "links_claimable"),
    ("hand-off: who has a backlog", &["SELECT r.sync, r.governor FROM UNNEST"], "links_claimable sync_runtime_pkey"),
    ("hand-off: loads", &["AS leased FROM UNNEST"], "links_claimable links_leased"),
    ("settle: lock", &["AS k(account, sync, person)", "FOR UPDATE OF l"], "links_pkey"),
    ("settle: who holds a unique id", &["l.unique_id, l.person FROM links l"], "links_unique_id"),
    ("settle: write", &["UPDATE links l SET"], "links_pkey"),
    ("holds: whom they keep waiting", &["UNNEST($2) AS k(sync)", "ORDER BY l.claimable_at DESC"], "links_claimable"),
    ("intake: people", &["AS k(id)", "FOR UPDATE OF p"], "people_pkey"),
];

/// Runs every port.
async fn drive() {
    for seed in 0..3 {
        testkit::oracle::compare::<Fixture>(seed, 250).await;
    }
    contract::records::the_log_is_filtered_by_everything::<Fixture>().await;
    contract::records::counters_are_summed_by_minute_and_key::<Fixture>().await;
    contract::records::old_counters_are_folded_into_hours::<Fixture>().await;
    contract::records::keys_are_listed_newest_first::<Fixture>().await;
    contract::sessions::the_oldest_session_of_a_key_makes_room::<Fixture>().await;
    contract::sessions::expired_sessions_are_pruned::<Fixture>().await;
    contract::directory::links_are_filtered_by_everything::<Fixture>().await;
    contract::directory::links_are_found_by_id_and_by_person::<Fixture>().await;
    contract::maintenance::old_entries_are_pruned_by_outcome::<Fixture>().await;
    contract::maintenance::a_purge_takes_unlinked_rows_and_leaves_kept_ones::<Fixture>().await;
    contract::maintenance::retry_is_filtered::<Fixture>().await;
    contract::maintenance::retry_goes_on_after_the_last_one::<Fixture>().await;
    contract::sweeps::a_deleted_sync_goes_in_batches::<Fixture>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_plan_reads_more_than_is_asked_for() {
    drive().await;
    let texts = TEXTS.lock().unwrap().clone();
    assert!(texts.len() > 90, "only {} texts were run", texts.len());
    let mut faults = BTreeSet::new();
    for shape in [Shape::Fresh, Shape::Small, Shape::MostParked, Shape::ManySyncs, Shape::OneOwesAll] {
        let fixture = Fixture::fresh().await;
        let client = fixture::client(&fixture.database).await;
        if let Some(sql) = shape.sql() {
            client.batch_execute(&sql).await.unwrap();
        }
        client.batch_execute(crate::connect::PLANS).await.unwrap();
        let mut hot: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (text, types) in &texts {
            let Some(scans) = scans(&client, text, types).await else { continue };
            faults.extend(scans.iter().filter(|scan| !scan.is_bounded(text)).map(|scan| {
                format!("{shape:?}: {} reads {} by {:?} where {:?}", text, scan.table, scan.index, scan.condition)
            }));
            for (name, parts, _) in HOT {
                if parts.iter().all(|part| text.contains(part)) {
                    // Either finds one sync.
                    let index = |scan: &Scan| scan.index.replace("syncs_by_id", "syncs_pkey");
                    hot.entry(name).or_default().extend(scans.iter().map(index));
                }
            }
        }
        for (name, _, expected) in HOT {
            let found = hot.remove(name).unwrap_or_default();
            // Which counts are kept of a sync is read on the way by some.
            let found: Vec<String> = found.into_iter().filter(|index| index != "link_counts_pkey").collect();
            if found.join(" ") != expected {
                faults.insert(format!("{shape:?}: {name} reads by {found:?}, not {expected}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n\n"));
}

/// What a database is like.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Empty, and never analysed.
    Fresh,
    /// Analysed while it held 20 people: what is planned for that is kept until it is analysed again, which may take a minute.
    Small,
    /// 20,000 links of 4 syncs out of 200, 90 % of them parked, some owed.
    MostParked,
    /// 20 people, each in 1000 syncs of one account, all owed.
    ManySyncs,
    /// 200 syncs, one of which owes all its 20,000 links.
    OneOwesAll,
}

impl Shape {
    /// Fills a database, and analyses it.
    fn sql(self) -> Option<String> {
        let (people, syncs, linked, owed, parked) = match self {
            Self::Fresh => return None,
            Self::Small => (20, 200, "s <= 2", "p = 20", "p = 10"),
            Self::MostParked => (5000, 200, "s <= 4", "p % 50 = 0", "p % 10 > 0"),
            Self::ManySyncs => (20, 1000, "true", "true", "false"),
            Self::OneOwesAll => (20_000, 200, "s = 3 OR p <= 50", "s = 3", "false"),
        };
        // The log is never planned for while it is small: pruning, which reads it by age, comes long after.
        let logged = if matches!(self, Self::Small) { 1000 } else { people };
        let uuid = |n: &str| format!("lpad(to_hex({n}), 32, '0')::uuid");
        let (account, sync) = (uuid("1"), uuid("s"));
        Some(format!(
            "INSERT INTO accounts (id, name) VALUES ({account}, 'a'); \
             INSERT INTO syncs SELECT {account}, {sync}, 'x', 1, 1, false, '{{}}', now(), now() FROM generate_series(1, {syncs}) s; \
             INSERT INTO sync_runtime SELECT {account}, {sync}, '{{}}' FROM generate_series(1, {syncs}) s; \
             INSERT INTO link_counts SELECT {account}, {sync}, k, 0, 0, 0, 0, 0, 0, 0 \
                 FROM generate_series(1, {syncs}) s, generate_series(0, 3) k; \
             INSERT INTO people SELECT {account}, 'p' || p, 1, 'Ada', NULL, NULL, '{{}}', '{{}}', '{{}}', '{{}}', NULL, NULL, NULL, \
                 '{{}}', '{{}}', NULL, now(), now(), CASE WHEN p % 20 = 0 THEN now() END FROM generate_series(1, {people}) p; \
             INSERT INTO people_terms SELECT {account}, 'ada' || p % 100, 'p' || p FROM generate_series(1, {people}) p; \
             INSERT INTO person_changes SELECT {account}, 'p' || p, 1, 0, now() - p * interval '1 minute', '{{}}' \
                 FROM generate_series(1, {people}) p; \
             INSERT INTO links (account, sync, person, state, unique_id, unique_id_number, generation, due_at, force, \
                 allow_resend, asked, tries, deferrals, recreated, parked, parked_detail, parked_at, updated_at, has_extras) \
                 SELECT {account}, {sync}, 'p' || p, 2, 'u' || p, false, 1, CASE WHEN ({owed}) AND NOT ({parked}) THEN now() END, \
                 false, false, false, (p % 3) % 2, 0, false, CASE WHEN {parked} THEN 1 END, CASE WHEN {parked} THEN '' END, \
                 CASE WHEN {parked} THEN now() END, now(), false \
                 FROM generate_series(1, {syncs}) s, generate_series(1, {people}) p WHERE {linked}; \
             INSERT INTO link_extras SELECT account, sync, person, '{{}}', NULL FROM links WHERE tries > 0 LIMIT 1000; \
             INSERT INTO log_entries (account, id, at, sync, person, person_version, operation, outcome, message, \
                 unique_id_number) SELECT {account}, gen_random_uuid(), now() - p * interval '1 minute', {sync}, 'p' || p, 1, 0, \
                 p % 2, '', false FROM generate_series(1, {syncs}) s, generate_series(1, {logged}) p WHERE {linked}; \
             INSERT INTO counters SELECT {account}, {sync}, 60, now() - p * interval '1 minute', 0, 0, 0, 1 \
                 FROM generate_series(1, {syncs}) s, generate_series(1, 20) p; ANALYZE"
        ))
    }
}

/// How a plan reads a table.
struct Scan {
    /// The table; of a partition, what it is a part of.
    table: String,
    /// Empty where none is used.
    index: String,
    /// What of the index is read; empty for all of it.
    condition: String,
}

impl Scan {
    fn is_bounded(&self, text: &str) -> bool {
        let Some((_, scopes)) = SCOPES.iter().find(|(table, _)| *table == self.table) else { return true };
        let excepted = |(begin, table, _): &(&str, &str, &str)| {
            text.starts_with(begin) && (table.is_empty() || *table == self.table)
        };
        scopes.iter().any(|scope| self.condition.contains(scope)) || EXCEPTIONS.iter().any(excepted)
    }
}

/// The scans of a statement's plan; `None` where it is none that is planned.
async fn scans(client: &Client, text: &str, types: &[u32]) -> Option<Vec<Scan>> {
    if ["BEGIN", "COMMIT", "SAVEPOINT ", "RELEASE ", "LOCK "].iter().any(|begin| text.starts_with(begin)) {
        return None;
    }
    // As the prune itself does.
    let by_blocks = if text.starts_with("DELETE FROM person_changes") { "on" } else { "off" };
    client.batch_execute(&format!("SET enable_bitmapscan = {by_blocks}")).await.unwrap();
    let types = types.to_vec();
    let types: Vec<String> = client.query_one("SELECT $1::oid[]::regtype[]::text[]", &[&types]).await.unwrap().get(0);
    let list = |items: Vec<&str>| if items.is_empty() { String::new() } else { format!("({})", items.join(", ")) };
    let of_types = list(types.iter().map(String::as_str).collect());
    client.batch_execute(&format!("PREPARE planned {of_types} AS {text}")).await.unwrap_or_else(|fault| {
        panic!("{fault:?}: {text}");
    });
    let values = list(types.iter().map(|name| value(name)).collect());
    let explain = format!("EXPLAIN (FORMAT JSON, COSTS OFF) EXECUTE planned {values}");
    let plan: Value = client.query_one(&explain, &[]).await.unwrap().get(0);
    client.batch_execute("DEALLOCATE planned").await.unwrap();
    let mut scans = Vec::new();
    collect(&plan[0]["Plan"], &mut scans);
    Some(scans)
}

/// Values are not looked at, but which partitions are left out is decided by them: none is, where all are later.
fn value(type_name: &str) -> &'static str {
    match type_name {
        "uuid" => "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        _ => "NULL",
    }
}

fn collect(node: &Value, scans: &mut Vec<Scan>) {
    let text = |key: &str| node[key].as_str().unwrap_or_default().to_owned();
    let table = match text("Relation Name") {
        name if name.starts_with("log_entries") => "log_entries".to_owned(),
        // The scan of its index, below, has no table's name.
        name if text("Node Type") == "Bitmap Heap Scan" => format!("{name} by blocks"),
        name if name.is_empty() && text("Index Name") == "person_changes_at" => "person_changes".to_owned(),
        name => name,
    };
    if text("Node Type").ends_with("Scan") && !table.is_empty() {
        scans.push(Scan { table, index: text("Index Name"), condition: text("Index Cond") });
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect(child, scans);
    }
}
