//! Who may do what. Every root field of the served schema must be told here, so that none lands unguarded.

use crate::support::{World, key, world};
use api_graphql::Caller;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{Request, Response};
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::BTreeSet;
use sync_core::key::Role;

/// What another account's caller gets to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stranger {
    /// The caller's own: there is no id to try.
    Own,
    /// The code NOT_FOUND.
    NotFound,
    /// null, or an empty list at this place of the data.
    Nothing(&'static str),
    /// The first waiting event never comes; it is tried in `subscriptions`.
    Waits,
}

/// Root type, field, the lowest role, a document with `$SYNC`, `$PERSON`, `$LOG` and `$KEY` for ids, and what comes of
/// these being another account's.
type Row = (&'static str, &'static str, Role, &'static str, Stranger);

const ROWS: [Row; 32] = [
    ("Query", "viewer", Role::Reader, "{ viewer { keyName role account { id } } }", Stranger::Own),
    ("Query", "server", Role::Reader, "{ server { version } }", Stranger::Own),
    ("Query", "syncs", Role::Reader, "{ syncs { nodes { id } } }", Stranger::Nothing("/syncs/nodes")),
    ("Query", "sync", Role::Reader, "{ sync(id: \"$SYNC\") { id } }", Stranger::Nothing("/sync")),
    ("Query", "people", Role::Reader, "{ people { nodes { id } } }", Stranger::Nothing("/people/nodes")),
    ("Query", "person", Role::Reader, "{ person(id: \"$PERSON\") { id } }", Stranger::Nothing("/person")),
    (
        "Query",
        "logs",
        Role::Reader,
        "{ logs(filter: { syncId: \"$SYNC\" }) { nodes { id } } }",
        Stranger::Nothing("/logs/nodes"),
    ),
    ("Query", "log", Role::Reader, "{ log(id: \"$LOG\") { id } }", Stranger::Nothing("/log")),
    ("Query", "stats", Role::Reader, "{ stats { series { sent: succeeded } } }", Stranger::Own),
    ("Query", "tokens", Role::Reader, "{ tokens { token } }", Stranger::Own),
    ("Query", "templateFilters", Role::Reader, "{ templateFilters { name } }", Stranger::Own),
    (
        "Query",
        "preview",
        Role::Reader,
        "{ preview(input: { saved: { syncId: \"$SYNC\", operation: CREATE, personId: \"$PERSON\" } }) { url } }",
        Stranger::NotFound,
    ),
    ("Query", "apiKeys", Role::Admin, "{ apiKeys { id } }", Stranger::Own),
    (
        "Mutation",
        "createSync",
        Role::Admin,
        "mutation { createSync(input: { friendlyName: \"A\" }) { id } }",
        Stranger::Own,
    ),
    (
        "Mutation",
        "updateSync",
        Role::Admin,
        "mutation { updateSync(id: \"$SYNC\", input: { friendlyName: \"B\" }) { id } }",
        Stranger::NotFound,
    ),
    ("Mutation", "pauseSync", Role::Admin, "mutation { pauseSync(id: \"$SYNC\") { id } }", Stranger::NotFound),
    (
        "Mutation",
        "forgetLinks",
        Role::Admin,
        "mutation { forgetLinks(syncId: \"$SYNC\", expected: 1) { forgotten } }",
        Stranger::NotFound,
    ),
    (
        "Mutation",
        "releaseHold",
        Role::Admin,
        "mutation { releaseHold(syncId: \"$SYNC\", kind: LIMIT) { id } }",
        Stranger::NotFound,
    ),
    ("Mutation", "resumeSync", Role::Admin, "mutation { resumeSync(id: \"$SYNC\") { id } }", Stranger::NotFound),
    (
        "Mutation",
        "testSync",
        Role::Admin,
        "mutation { testSync(input: { syncId: \"$SYNC\", operation: CREATE }) { durationMs } }",
        Stranger::NotFound,
    ),
    (
        "Mutation",
        "resync",
        Role::Admin,
        "mutation { resync(syncId: \"$SYNC\", scope: ALL) { marked } }",
        Stranger::NotFound,
    ),
    (
        "Mutation",
        "upsertPeople",
        Role::Writer,
        "mutation { upsertPeople(input: [{ id: \"new\" }]) { id } }",
        Stranger::Own,
    ),
    (
        "Mutation",
        "deletePeople",
        Role::Writer,
        "mutation { deletePeople(ids: [\"$PERSON\"]) { deleted } }",
        Stranger::Nothing("/deletePeople/deleted"),
    ),
    (
        "Mutation",
        "retry",
        Role::Writer,
        "mutation { retry(filter: { syncId: \"$SYNC\" }) { marked } }",
        Stranger::NotFound,
    ),
    (
        "Mutation",
        "createApiKey",
        Role::Admin,
        "mutation { createApiKey(input: { name: \"A\", role: READER }) { secret } }",
        Stranger::Own,
    ),
    ("Mutation", "revokeApiKey", Role::Admin, "mutation { revokeApiKey(id: \"$KEY\") { id } }", Stranger::NotFound),
    ("Query", "alertSettings", Role::Reader, "{ alertSettings { url } }", Stranger::Nothing("/alertSettings")),
    (
        "Mutation",
        "setAlerts",
        Role::Admin,
        "mutation { setAlerts(input: { url: \"https://alerts.test/\" }) { secret } }",
        Stranger::Own,
    ),
    ("Mutation", "testAlert", Role::Admin, "mutation { testAlert { error } }", Stranger::Own),
    ("Mutation", "removeAlerts", Role::Admin, "mutation { removeAlerts }", Stranger::Own),
    ("Mutation", "deleteSync", Role::Admin, "mutation { deleteSync(id: \"$SYNC\") }", Stranger::NotFound),
    ("Subscription", "logs", Role::Reader, "subscription { logs { id } }", Stranger::Waits),
];

/// Every root field that is served.
fn served() -> BTreeSet<(String, String)> {
    let document = parse_schema(api_graphql::sdl()).unwrap();
    let mut fields = BTreeSet::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(found) = definition else { continue };
        let name = found.node.name.node.to_string();
        if let (TypeKind::Object(object), true) =
            (found.node.kind, ["Query", "Mutation", "Subscription"].contains(&name.as_str()))
        {
            fields.extend(object.fields.iter().map(|field| (name.clone(), field.node.name.node.to_string())));
        }
    }
    fields
}

#[test]
fn every_root_field_is_told_here() {
    let told: BTreeSet<_> = ROWS.into_iter().map(|(root, field, ..)| (root.to_owned(), field.to_owned())).collect();
    assert_eq!(told, served());
}

/// The first answer to a document, whichever kind it is; `None` where a subscription waits.
async fn first(world: &World, document: &str, caller: Option<Caller>) -> Option<Response> {
    let mut request = Request::new(document);
    if let Some(caller) = caller {
        request = request.data(caller);
    }
    let mut answers = world.schema.execute_stream(request);
    tokio::select! {
        biased;
        answer = answers.next() => answer,
        () = tokio::time::sleep(std::time::Duration::from_secs(1)), if document.starts_with("subscription") => None,
    }
}

fn code(answer: &Response) -> Option<Value> {
    let error = answer.errors.first()?;
    Some(serde_json::to_value(error).unwrap()["extensions"]["code"].clone())
}

/// A world with a sync, a person, a log entry and a key of the first account; their ids put into a document.
async fn furnished() -> (World, impl Fn(&str) -> String) {
    let world = world().await;
    let sync = world.sync("CRM").await;
    world.push(&["ada"]).await;
    world.deliver(1).await;
    world
        .data("mutation { setAlerts(input: { url: \"https://mine.test/\" }) { secret } }", serde_json::json!({}))
        .await;
    let data = world.data("{ logs { nodes { id } } apiKeys { id role } }", serde_json::json!({})).await;
    let log = data["logs"]["nodes"][0]["id"].as_str().unwrap().to_owned();
    let reader = data["apiKeys"].as_array().unwrap().iter().find(|key| key["role"] == "READER").unwrap()["id"].clone();
    let with_ids = move |document: &str| {
        document
            .replace("$SYNC", &sync)
            .replace("$PERSON", "ada")
            .replace("$LOG", &log)
            .replace("$KEY", reader.as_str().unwrap())
    };
    (world, with_ids)
}

#[tokio::test]
async fn nobody_gets_anything() {
    let (world, with_ids) = furnished().await;
    for (root, field, _, document, _) in ROWS {
        let answer = first(&world, &with_ids(document), None).await.expect("refused at once");
        assert_eq!(code(&answer), Some("UNAUTHENTICATED".into()), "{root}.{field}");
        assert_eq!(answer.data, async_graphql::Value::Null, "{root}.{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn roles_below_are_refused_and_the_role_itself_is_let_through() {
    let (world, with_ids) = furnished().await;
    for (root, field, needed, document, _) in ROWS {
        for role in Role::ALL {
            let caller = Caller::new(key(world.mine, role));
            let answer = first(&world, &with_ids(document), Some(caller)).await;
            let found = answer.as_ref().and_then(code);
            if role < needed {
                assert_eq!(found, Some("FORBIDDEN".into()), "{root}.{field} as {role:?}");
            } else {
                assert_eq!(found, None, "{root}.{field} as {role:?}: {answer:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_accounts_ids_name_nothing() {
    let (world, with_ids) = furnished().await;
    let before = world.data("{ syncs { nodes { id revision } } people { nodes { id version } } }", Value::Null).await;
    for (root, field, _, document, stranger) in ROWS {
        let caller = Caller::new(key(world.theirs, Role::Admin));
        let answer = first(&world, &with_ids(document), Some(caller)).await;
        let data = answer.as_ref().map(|answer| answer.data.clone().into_json().unwrap());
        match stranger {
            Stranger::NotFound => {
                assert_eq!(answer.as_ref().and_then(code), Some("NOT_FOUND".into()), "{root}.{field}");
            }
            Stranger::Nothing(place) => {
                let data = data.unwrap();
                let found = data.pointer(place);
                assert!(found == Some(&Value::Null) || found == Some(&Value::Array(vec![])), "{root}.{field}: {data}");
            }
            Stranger::Own => assert_eq!(answer.as_ref().and_then(code), None, "{root}.{field}"),
            Stranger::Waits => assert!(answer.is_none(), "{root}.{field}"),
        }
    }
    let after = world.data("{ syncs { nodes { id revision } } people { nodes { id version } } }", Value::Null).await;
    assert_eq!(before, after, "nothing of the first account changed");
}
