//! Log entries as they are written.

use crate::support::{World, key, world};
use api_graphql::Caller;
use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Request, Response, Variables};
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use sync_core::id::LogId;
use sync_core::key::Role;
use sync_core::ports::Signal;
use uuid::Uuid;

const LOGS: &str =
    "subscription($f: LogFilter) { logs(filter: $f) { id outcome personId sync { friendlyName } person { name } } }";

/// Subscribes at once, not at the first answer.
fn subscribe(world: &World, account: sync_core::id::AccountId, filter: Value) -> BoxStream<'static, Response> {
    let caller = Caller::new(key(account, Role::Admin));
    let variables = Variables::from_json(json!({ "f": filter }));
    let mut answers = world.schema.execute_stream(Request::new(LOGS).variables(variables).data(caller));
    assert!(answers.next().now_or_never().is_none(), "nothing was written yet");
    answers
}

async fn next(answers: &mut BoxStream<'static, Response>) -> Value {
    let answer = answers.next().await.expect("the subscription goes on");
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    answer.data.into_json().unwrap()["logs"].clone()
}

/// The error that ends a subscription.
async fn end(answers: &mut BoxStream<'static, Response>) -> Value {
    let answer = answers.next().await.expect("an error comes first");
    assert!(answers.next().await.is_none(), "nothing comes after the error");
    serde_json::to_value(&answer.errors[0]).unwrap()["extensions"]["code"].clone()
}

#[tokio::test]
async fn entries_come_as_they_are_written_and_as_they_are_filtered() {
    let world = world().await;
    world.sync("CRM").await;
    let mut all = subscribe(&world, world.mine, Value::Null);
    let mut bobs = subscribe(&world, world.mine, json!({ "personId": "bob" }));
    let mut failures = subscribe(&world, world.mine, json!({ "outcomes": ["RETRYING", "PARKED"] }));
    let mut theirs = subscribe(&world, world.theirs, Value::Null);
    world.crm.answer(201, "{\"id\": 1}");
    world.crm.answer(201, "{\"id\": 2}");
    world.crm.answer(422, "{}");
    let running = world.run();
    for id in ["ada", "bob", "eve"] {
        world.push(&[id]).await;
        let entry = next(&mut all).await;
        assert_eq!((&entry["personId"], &entry["sync"]["friendlyName"]), (&json!(id), &json!("CRM")));
        assert_eq!(entry["person"]["name"], format!("First {id}"));
    }
    assert_eq!(next(&mut bobs).await["personId"], "bob");
    let failure = next(&mut failures).await;
    assert_eq!((&failure["personId"], &failure["outcome"]), (&json!("eve"), &json!("PARKED")));
    assert!(bobs.next().now_or_never().is_none(), "nothing else is Bob's");
    assert!(theirs.next().now_or_never().is_none(), "another account sees nothing");
    world.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn a_bad_filter_is_refused() {
    let world = world().await;
    let caller = Caller::new(key(world.mine, Role::Reader));
    let document = "subscription { logs(filter: { outcomes: [] }) { id } }";
    let mut answers = world.schema.execute_stream(Request::new(document).data(caller));
    let error = serde_json::to_value(&answers.next().await.unwrap().errors[0]).unwrap();
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
    assert_eq!(error["extensions"]["fields"][0]["path"], json!(["filter", "outcomes"]));
}

/// Says that entries of an account were written, and waits until the engine has handed it on.
async fn written(world: &World, account: sync_core::id::AccountId, batches: u128) {
    let mut logged = world.engine.logged();
    for batch in 0..batches {
        let ids = (0..100).map(|n| (account, LogId(Uuid::from_u128(batch * 100 + n)))).collect();
        world.store.signal(Signal::Logged(ids));
        logged.recv().await.unwrap();
    }
}

#[tokio::test]
async fn who_falls_1000_entries_behind_is_ended() {
    let world = world().await;
    let running = world.run();
    tokio::task::yield_now().await;
    let mut slow = subscribe(&world, world.mine, Value::Null);
    let mut other = subscribe(&world, world.theirs, Value::Null);
    written(&world, world.mine, 11).await;
    assert_eq!(end(&mut slow).await, "UNAVAILABLE");
    assert!(other.next().now_or_never().is_none(), "entries of one account hold nobody else up");
    let mut quick = subscribe(&world, world.mine, Value::Null);
    written(&world, world.mine, 10).await;
    assert!(quick.next().now_or_never().is_none(), "1000 are not too many; these are gone from the log");
    world.stop();
    running.await.unwrap();
}

#[tokio::test]
async fn who_may_have_missed_entries_is_ended() {
    let world = world().await;
    let running = world.run();
    tokio::task::yield_now().await;
    let mut answers = subscribe(&world, world.mine, Value::Null);
    world.store.signal(Signal::Logged(Vec::new()));
    assert_eq!(end(&mut answers).await, "UNAVAILABLE");
    world.stop();
    running.await.unwrap();
}

/// Over a WebSocket, queries run as streams: their errors have codes too.
#[tokio::test]
async fn documents_over_a_stream_get_codes() {
    let world = world().await;
    let cases = [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ syncs(first: 0) { nodes { id } } }", "BAD_USER_INPUT"),
    ];
    for (document, code) in cases {
        let caller = Caller::new(key(world.mine, Role::Reader));
        let answer = world.schema.execute_stream(Request::new(document).data(caller)).next().await.unwrap();
        assert_eq!(serde_json::to_value(&answer.errors[0]).unwrap()["extensions"]["code"], code, "{document}");
    }
}
