//! How many people each hold keeps waiting.

use crate::support::{CREATE_SYNC, World, plain_crm, world};
use serde_json::{Value, json};
use std::time::Duration;
use sync_core::ports::{ProvenanceStore, WorkStore};
use sync_engine::Logged;

const HOLDS: &str =
    "query($id: ID!) { sync(id: $id) { holds { kind operation people peopleAtLeast } stats { owed } } }";

/// Makes a sync of a CRM that is sent one request at a time: after the one that brings a hold about, none is under way.
async fn one_by_one(world: &World, edit: impl FnOnce(&mut Value)) -> String {
    let mut input = plain_crm("CRM");
    input["limits"] = json!({ "maxConcurrency": 1 });
    edit(&mut input);
    let made = world.data(CREATE_SYNC, json!({ "input": input })).await;
    made["createSync"]["id"].as_str().unwrap().to_owned()
}

/// Sends what is owed until so many attempts are in the log; each is answered so.
async fn attempt(world: &World, attempts: usize, status: u16, body: &str) {
    for _ in 0..attempts {
        world.crm.answer(status, body);
    }
    let mut logged = world.engine.logged();
    let running = world.run();
    let mut entries = 0;
    while entries < attempts {
        match logged.recv().await.unwrap() {
            Logged::Entries(found) => entries += found.len(),
            Logged::Missed => panic!("nothing is missed in memory"),
        }
    }
    world.stop();
    running.await.unwrap();
    assert_eq!(entries, attempts);
}

/// The holds of a sync, and how many people are owed in all.
async fn holds(world: &World, id: &str) -> (Value, Value) {
    let mut sync = world.data(HOLDS, json!({ "id": id })).await["sync"].take();
    (sync["holds"].take(), sync["stats"]["owed"].take())
}

fn people(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number:02}")).collect()
}

async fn push(world: &World, people: &[String]) {
    world.push(&people.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// Changes people who are there.
async fn change(world: &World, people: &[String]) {
    let people: Vec<Value> = people.iter().map(|id| json!({ "id": id, "lastName": "Changed" })).collect();
    let upsert = "mutation($input: [PersonInput!]!) { upsertPeople(input: $input) { id } }";
    world.data(upsert, json!({ "input": people })).await;
}

#[tokio::test]
async fn a_hold_of_deletes_keeps_deleted_people_waiting_and_nobody_else() {
    let world = world().await;
    let id = one_by_one(&world, |_| {}).await;
    let people = people(27);
    push(&world, &people).await;
    world.deliver(people.len()).await;
    world.data("mutation($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": &people[..25] })).await;
    attempt(&world, 20, 404, "").await;
    change(&world, &people[25..]).await;
    push(&world, &["new".to_owned()]).await;
    let held = json!([{ "kind": "MISSING_DELETES", "operation": "DELETE", "people": 5, "peopleAtLeast": false }]);
    assert_eq!(holds(&world, &id).await, (held, json!(8)), "two updates and a create go on");
}

#[tokio::test]
async fn a_hold_of_creates_keeps_people_waiting_who_are_not_there_yet() {
    let world = world().await;
    let id = one_by_one(&world, |_| {}).await;
    push(&world, &["linked".to_owned()]).await;
    world.deliver(1).await;
    push(&world, &people(7)).await;
    attempt(&world, 3, 201, "{}").await;
    change(&world, &["linked".to_owned()]).await;
    world.data("mutation { deletePeople(ids: [\"p06\"]) { deleted } }", Value::Null).await;
    let held = json!([{ "kind": "SILENT_CREATES", "operation": "CREATE", "people": 3, "peopleAtLeast": false }]);
    let (holds, owed) = holds(&world, &id).await;
    assert_eq!((holds, owed), (held, json!(5)), "whoever is gone again needs no create");
}

#[tokio::test]
async fn pages_keep_creates_waiting_and_one_that_may_have_been_carried_out_too() {
    let world = world().await;
    let id = one_by_one(&world, |input| {
        let data = r#"{"name": "{{ person.name }}", "key": "{{ idempotency_key }}"}"#;
        input["createUsers"]["data"] = json!(data);
    })
    .await;
    push(&world, &people(5)).await;
    *world.crm.headers.lock().unwrap() = vec![("content-type".to_owned(), "text/html".to_owned())];
    attempt(&world, 3, 200, "<!DOCTYPE html><html></html>").await;
    let held = json!([{ "kind": "PAGES", "operation": "CREATE", "people": 5, "peopleAtLeast": false }]);
    assert_eq!(holds(&world, &id).await, (held, json!(5)), "its create is repeated under its key");
}

#[tokio::test]
async fn a_limit_keeps_everybody_waiting_who_is_owed() {
    let world = world().await;
    let id = one_by_one(&world, |_| {}).await;
    push(&world, &people(3)).await;
    *world.crm.headers.lock().unwrap() = vec![("retry-after".to_owned(), "600".to_owned())];
    attempt(&world, 1, 429, "slow down").await;
    let held =
        |people: usize| json!([{ "kind": "LIMIT", "operation": null, "people": people, "peopleAtLeast": false }]);
    assert_eq!(holds(&world, &id).await, (held(3), json!(3)));
    world.clock.advance(Duration::from_secs(601));
    assert_eq!(holds(&world, &id).await, (json!([]), json!(3)), "it is over");
}

/// One store call for the holds of all syncs of a page, and none where nobody asks how many people wait.
#[tokio::test]
async fn after_a_restore_doubtful_creates_wait_and_a_page_of_syncs_is_counted_at_once() {
    let world = world().await;
    let plain = one_by_one(&world, |_| {}).await;
    let lookup = json!({ "url": "https://crm.test/contacts?external={{ person.id }}", "path": "$[*].id" });
    let found = one_by_one(&world, |input| input["lookup"] = lookup).await;
    push(&world, &people(4)).await;
    world.store.begin_restore().await.unwrap();
    while world.store.work_sweep(100).await.unwrap() {}
    for (id, waiting) in [(&plain, 4), (&found, 0)] {
        let held = json!([{ "kind": "RESTORED", "operation": "CREATE", "people": waiting, "peopleAtLeast": false }]);
        assert_eq!(holds(&world, id).await, (held, json!(4)));
    }
    for (asked, calls) in [("kind", 0), ("people peopleAtLeast again: people", 1)] {
        world.store.take_calls();
        let syncs = world.data(&format!("{{ syncs {{ nodes {{ holds {{ {asked} }} }} }} }}"), Value::Null).await;
        assert_eq!(syncs["syncs"]["nodes"].as_array().unwrap().len(), 2);
        let taken = world.store.take_calls();
        assert_eq!(taken.iter().filter(|call| **call == "next_requests").count(), calls, "{taken:?}");
    }
}

/// A day's requests that are used up are told wherever one looks why nothing is sent.
#[tokio::test]
async fn a_daily_limit_that_is_used_up_is_told_as_a_hold() {
    let world = world().await;
    let id = one_by_one(&world, |input| {
        input["limits"] = json!({ "maxConcurrency": 1, "requestsPerDay": 2 });
        input["uniqueId"] = json!({ "template": "{{ person.id }}" });
    })
    .await;
    push(&world, &people(5)).await;
    attempt(&world, 2, 201, "{}").await;
    let document = "query($id: ID!) { sync(id: $id) { statusReason heldUntil holds { kind operation reason until people peopleAtLeast }
        links(filter: { owed: true }) { nodes { nextAttemptAt } } } }";
    let sync = world.data(document, json!({ "id": id })).await["sync"].take();
    let hold = sync["holds"][0].clone();
    let words = "the 2 requests of a day (requestsPerDay) are used up: raise limits.requestsPerDay, or wait";
    assert_eq!(
        (&hold["kind"], &hold["operation"], &hold["reason"]),
        (&json!("DAILY_LIMIT"), &Value::Null, &json!(words))
    );
    assert_eq!((&hold["people"], &hold["peopleAtLeast"]), (&json!(3), &json!(false)));
    assert_eq!(sync["statusReason"], words);
    assert_eq!(sync["heldUntil"], hold["until"]);
    assert_eq!(sync["links"]["nodes"][0]["nextAttemptAt"], hold["until"]);
    let release = "mutation($id: ID!) { releaseHold(syncId: $id, kind: DAILY_LIMIT) { id } }";
    let faults = world.faults(release, json!({ "id": id })).await;
    assert_eq!(faults[0].0, json!(["kind"]));
    // A larger limit lets them go.
    let raise =
        "mutation($id: ID!) { updateSync(id: $id, input: { limits: { requestsPerDay: 10 } }) { holds { kind } } }";
    assert_eq!(world.data(raise, json!({ "id": id })).await["updateSync"]["holds"], json!([]));
}
