//! Pages, cursors, and what a page costs the store.

use crate::support::{World, world};
use serde_json::{Value, json};
use std::time::Duration;

fn ids(connection: &Value) -> Vec<String> {
    let nodes = connection["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

const PEOPLE: &str = "query($first: Int, $after: String, $search: String) {
    people(first: $first, after: $after, search: $search) {
        pageInfo { hasPreviousPage hasNextPage startCursor endCursor } edges { cursor node { id } } nodes { id }
    }
}";

#[tokio::test]
async fn first_is_1_to_1000() {
    let world = world().await;
    for first in [0, -1, 1001, i32::MAX, i32::MIN] {
        for field in ["syncs", "people", "logs"] {
            let document = format!("query($n: Int) {{ {field}(first: $n) {{ nodes {{ id }} }} }}");
            let faults = world.faults(&document, json!({ "n": first })).await;
            assert_eq!(faults, [(json!(["first"]), format!("is {first}; give 1 to 1000"))], "{field}");
        }
    }
    for first in [json!(1), json!(1000), Value::Null] {
        world.data("query($n: Int) { syncs(first: $n) { nodes { id } } }", json!({ "n": first })).await;
    }
}

#[tokio::test]
async fn a_cursor_stays_valid_while_rows_come_and_go() {
    let world = world().await;
    world.push(&["b", "d", "f", "h", "j"]).await;
    let first = world.data(PEOPLE, json!({ "first": 2 })).await["people"].clone();
    assert_eq!(ids(&first), ["b", "d"]);
    assert_eq!(first["pageInfo"]["hasPreviousPage"], false);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    assert_eq!(first["pageInfo"]["startCursor"], first["edges"][0]["cursor"]);
    assert_eq!(first["pageInfo"]["endCursor"], first["edges"][1]["cursor"]);
    assert_eq!(first["edges"][1]["node"]["id"], "d");
    // Before, at and behind the cursor.
    world.push(&["a", "c", "e"]).await;
    world.data("mutation { deletePeople(ids: [\"d\", \"f\"]) { deleted } }", Value::Null).await;
    let after = first["pageInfo"]["endCursor"].clone();
    let second = world.data(PEOPLE, json!({ "first": 10, "after": after })).await["people"].clone();
    assert_eq!(ids(&second), ["e", "h", "j"]);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    // A cursor belongs to the order, not to the filter.
    let searched = world.data(PEOPLE, json!({ "after": after, "search": "h" })).await["people"].clone();
    assert_eq!(ids(&searched), ["h"]);
}

#[tokio::test]
async fn an_empty_page_has_no_cursors() {
    let world = world().await;
    let page = world.data(PEOPLE, json!({})).await["people"]["pageInfo"].clone();
    assert_eq!(page, json!({ "hasPreviousPage": false, "hasNextPage": false, "startCursor": null, "endCursor": null }));
}

#[tokio::test]
async fn a_broken_cursor_is_refused_by_name() {
    let world = world().await;
    world.push(&["ada"]).await;
    let people = world.data(PEOPLE, json!({})).await["people"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let long = "A".repeat(100_000);
    for cursor in ["", "x", "AQ", "====", "ümlaut", long.as_str(), &people] {
        let document = "query($c: String) { syncs(after: $c) { nodes { id } } }";
        let faults = world.faults(document, json!({ "c": cursor })).await;
        assert_eq!(faults[0].0, json!(["after"]), "{cursor:.20}");
    }
}

#[tokio::test]
async fn every_connection_goes_on_from_its_cursor() {
    let world = world().await;
    let (older, newer) = (world.sync("older").await, {
        world.clock.advance(Duration::from_secs(1));
        world.sync("newer").await
    });
    world.push(&["1", "2", "3"]).await;
    world.deliver(6).await;
    world.clock.advance(Duration::from_secs(1));
    world.data("mutation { upsertPeople(input: [{ id: \"1\", summary: \"s\" }]) { id } }", Value::Null).await;
    let syncs = world.data("{ syncs { nodes { id } } }", Value::Null).await["syncs"].clone();
    assert_eq!(ids(&syncs), [newer.clone(), older.clone()], "newest first");
    let lists = [
        ("syncs".to_owned(), "/syncs", "id", 2),
        ("people".to_owned(), "/people", "id", 3),
        ("logs".to_owned(), "/logs", "id", 6),
        (format!("sync(id: \"{older}\") {{ links"), "/sync/links", "id", 3),
        (format!("sync(id: \"{older}\") {{ logs"), "/sync/logs", "id", 3),
        ("person(id: 1) { changes".to_owned(), "/person/changes", "version", 2),
        ("person(id: 1) { logs".to_owned(), "/person/logs", "id", 2),
    ];
    for (list, place, key, rows) in lists {
        let close = if list.contains('{') { "}" } else { "" };
        let select = format!("{{ pageInfo {{ hasNextPage endCursor }} nodes {{ {key} }} }} {close}");
        let all = world.data(&format!("{{ {list}(first: 1000) {select} }}"), Value::Null).await;
        let all = all.pointer(place).unwrap()["nodes"].as_array().unwrap().clone();
        assert_eq!(all.len(), rows, "{list}");
        let (mut walked, mut after) = (Vec::new(), Value::Null);
        loop {
            let document = format!("query($after: String) {{ {list}(first: 1, after: $after) {select} }}");
            let page = world.data(&document, json!({ "after": after })).await.pointer(place).unwrap().clone();
            walked.extend(page["nodes"].as_array().unwrap().clone());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(walked, all, "{list}");
    }
}

/// Three syncs, fifty people, and a log entry for each pair.
async fn busy() -> World {
    let world = world().await;
    for name in ["a", "b", "c"] {
        world.sync(name).await;
    }
    let people: Vec<_> = (0..50).map(|n| format!("person-{n:02}")).collect();
    world.push(&people.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.deliver(150).await;
    world.store.take_calls();
    world
}

#[tokio::test]
async fn a_page_of_the_log_costs_a_fixed_number_of_queries() {
    let world = busy().await;
    let document = "query($n: Int) { logs(first: $n) { nodes { id sync { id status heldUntil } person { id name
        links { id sync { friendlyName } operation } } } } }";
    let mut costs = Vec::new();
    for rows in [1, 50, 150] {
        let data = world.data(document, json!({ "n": rows })).await;
        let nodes = data["logs"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), rows);
        assert!(
            nodes
                .iter()
                .all(|node| node["sync"]["id"].is_string() && node["person"]["links"].as_array().unwrap().len() == 3)
        );
        costs.push(world.store.take_calls());
    }
    assert_eq!(
        costs[0],
        ["links_of_people", "logs", "people_by_ids", "runtimes", "syncs_by_ids", "syncs_by_ids", "syncs_by_ids"]
    );
    assert_eq!(costs[1], costs[0]);
    assert_eq!(costs[2], costs[0]);
}

#[tokio::test]
async fn a_page_of_links_costs_a_fixed_number_of_queries() {
    let world = busy().await;
    let id = world.data("{ syncs(first: 1) { nodes { id } } }", Value::Null).await["syncs"]["nodes"][0]["id"].clone();
    // All of them owed again, so that what each needs next is asked too.
    world.data("mutation($id: ID!) { resync(syncId: $id, scope: ALL) { marked } }", json!({ "id": id })).await;
    while world.engine.store().work_sweep(1000).await.unwrap() {}
    world.store.take_calls();
    let document = "query($id: ID!, $n: Int) { sync(id: $id) { links(first: $n) { nodes { id owed operation inFlight
        sync { id } person { id } } } stats { linked owed } } }";
    let mut costs = Vec::new();
    for rows in [1, 50] {
        let data = world.data(document, json!({ "id": id, "n": rows })).await;
        let nodes = data["sync"]["links"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), rows);
        assert!(nodes.iter().all(|node| node["owed"] == true && node["operation"] == "UPDATE"), "{nodes:?}");
        assert_eq!(data["sync"]["stats"], json!({ "linked": 50, "owed": 50 }));
        costs.push(world.store.take_calls());
    }
    assert_eq!(costs[0], ["counters", "links", "people_by_ids", "runtimes", "syncs_by_ids", "syncs_by_ids"]);
    assert_eq!(costs[1], costs[0]);
}

/// Requests of two accounts at the same moment share a batch of the loader, not an answer.
#[tokio::test]
async fn batches_do_not_cross_accounts() {
    let world = world().await;
    world.push(&["ada"]).await;
    let theirs = crate::support::key(world.theirs, sync_core::key::Role::Admin);
    let document = "{ person(id: \"ada\") { id } }";
    let (mine, theirs) = tokio::join!(
        world.answer(sync_core::key::Role::Reader, document, Value::Null),
        world.answer_to(&theirs, document, Value::Null)
    );
    assert_eq!(mine.data.into_json().unwrap(), json!({ "person": { "id": "ada" } }));
    assert_eq!(theirs.data.into_json().unwrap(), json!({ "person": null }));
}
