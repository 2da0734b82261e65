//! The real server against each kind of system that answers what is not so, or lets little through: in the end the CRM holds
//! the directory, nobody twice, and people who have nothing to do with it are not held up.

use mock_crm::{Fault, Faults, IdKind, MockCrm, MockCrmOptions};
use product_tests::{Api, Database, Server, ServerOptions, eventually, on_both, people, records};
use serde_json::{Value, json};
use std::time::Duration;

/// Everything is as it should be by then.
const WITHIN: Duration = Duration::from_secs(90);
/// Others' people are there by then.
const OTHERS_WITHIN: Duration = Duration::from_secs(10);
const DATA: &str =
    "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }";

fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}

fn always(text: &str) -> Faults {
    Faults { always: fault(text), ..Faults::default() }
}

/// These for the next requests, one each, and `always` for all.
fn next(texts: &[&str], always: Faults) -> Faults {
    Faults { next: texts.iter().map(|text| fault(text)).collect(), ..always }
}

/// A server with a sync to a strange CRM, and one to a plain CRM.
struct Stage {
    server: Server,
    api: Api,
    crm: MockCrm,
    sync: String,
    plain: MockCrm,
    plain_sync: String,
}

impl Stage {
    /// `changes`: what the sync's settings are beyond the usual ones.
    async fn new(database: &Database, crm: MockCrmOptions, changes: impl FnOnce(&str) -> Value) -> Self {
        Self::on(Server::start(database, &ServerOptions::default()).await, crm, changes).await
    }

    async fn on(server: Server, crm: MockCrmOptions, changes: impl FnOnce(&str) -> Value) -> Self {
        let api = server.api();
        let (crm, plain) =
            (MockCrm::start(crm).await.unwrap(), MockCrm::start(MockCrmOptions::default()).await.unwrap());
        let sync = api.create_sync(&crm.url(), changes(&crm.url())).await;
        let plain_sync = api.create_sync(&plain.url(), json!({})).await;
        Self { server, api, crm, sync, plain, plain_sync }
    }

    async fn usual(database: &Database, faults: Faults) -> Self {
        let options = MockCrmOptions { faults, ..MockCrmOptions::default() };
        Self::new(database, options, |_| json!({})).await
    }

    fn set(&self, faults: Faults) {
        self.crm.set_faults(faults).unwrap();
    }

    /// Pushes people, and sees them arrive at the plain CRM in time, whatever the strange one does.
    async fn push(&self, people: &[(String, String)]) {
        self.api.push(people).await;
        let all = || async { records(&self.plain) == self.api.directory().await };
        eventually("others' people are there", OTHERS_WITHIN, all).await;
    }

    /// Loses the answer of one person's create, so that the lookup finds somebody.
    async fn proves_the_lookup(&self) {
        self.set(next(&["hangup=after"], Faults::default()));
        self.push(&people("first", 0..1)).await;
        eventually("the lookup is proven", WITHIN, || async { self.api.counts(&self.sync).await.0 == 1 }).await;
    }

    async fn delete(&self, ids: &[&str]) {
        self.api.ok("mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }", json!({ "ids": ids })).await;
    }

    /// Waits until nothing is owed. Then the CRM holds the directory, nobody twice, and nothing is parked.
    async fn settles(self) {
        let nothing_owed = || async { self.api.counts(&self.sync).await.1 == 0 };
        eventually("nothing is owed", WITHIN, nothing_owed).await;
        let query = "query ($id: ID!) { sync(id: $id) { status statusReason links(filter: { parked: true }) { nodes { person { id } parkedReason } } } }";
        let sync = self.api.ok(query, json!({ "id": self.sync })).await["sync"].clone();
        assert_eq!(sync["links"]["nodes"], json!([]), "{sync}");
        assert_eq!((&sync["status"], &sync["statusReason"]), (&json!("ACTIVE"), &Value::Null));
        assert_eq!(records(&self.crm), self.api.directory().await);
        assert_eq!(self.api.counts(&self.plain_sync).await.1, 0);
        assert!(self.server.stop().await, "SIGTERM ends it in order");
    }
}

// -------------------------------------------------------------------------------------------------------------- limits

/// Keeps a limit that is refused in this way.
async fn keeps_a_quota(database: &Database, quota: &str) {
    let stage = Stage::usual(database, always(&format!("quota={quota}"))).await;
    stage.push(&people("p", 0..20)).await;
    let refused = || async { stage.crm.stats().by_status.keys().any(|status| matches!(status, 429 | 503)) };
    eventually("the limit is met", WITHIN, refused).await;
    stage.push(&people("q", 0..5)).await;
    stage.settles().await;
}

async fn a_fixed_window(database: Database) {
    keeps_a_quota(&database, "fixed:8:1s").await;
}

async fn a_sliding_window_that_names_its_wait(database: Database) {
    keeps_a_quota(&database, "sliding:8:1s:retry-after").await;
}

async fn a_bucket_that_answers_503(database: Database) {
    keeps_a_quota(&database, "bucket:8:1s:503").await;
}

async fn a_day_that_is_spent_and_begins_anew(database: Database) {
    let stage = Stage::usual(&database, always("quota=daily:10:reset")).await;
    stage.push(&people("p", 0..15)).await;
    let query = "query ($id: ID!) { sync(id: $id) { holds { kind until } } }";
    let held = || async {
        let holds = stage.api.ok(query, json!({ "id": stage.sync })).await["sync"]["holds"].clone();
        holds[0]["kind"] == "LIMIT" && holds[0]["until"].is_string()
    };
    eventually("the day is spent", WITHIN, held).await;
    assert_eq!(records(&stage.crm).len(), 10);
    // A new day, which an administrator knows of.
    stage.set(Faults::default());
    let release = "mutation ($id: ID!) { releaseHold(syncId: $id, kind: LIMIT) { status } }";
    stage.api.ok(release, json!({ "id": stage.sync })).await;
    stage.settles().await;
}

/// Who was refused for a limit waits for the hold's end, not for the schedule of failures: here its second step is a minute.
async fn nobody_waits_beyond_a_hold(database: Database) {
    let options = ServerOptions { retry_schedule: "100ms,60s,60s", ..ServerOptions::default() };
    let server = Server::start(&database, &options).await;
    let stage = Stage::on(server, MockCrmOptions::default(), |_| json!({})).await;
    stage.set(next(&["status=429", "status=429"], Faults::default()));
    stage.push(&people("p", 0..1)).await;
    eventually("it is there after holds of 1 and 2 s", OTHERS_WITHIN, || async { stage.crm.stats().records == 1 })
        .await;
    stage.settles().await;
}

// ------------------------------------------------------------------------------------------------ answers that are untrue

/// Two people's creates are answered so, one carried out and one not.
async fn a_page_for_two(database: Database) {
    let stage = Stage::usual(&database, next(&["page=after", "page"], Faults::default())).await;
    stage.push(&people("p", 0..10)).await;
    stage.settles().await;
}

/// All requests are answered by a page, and carried out; then it is over.
async fn a_maintenance_page_for_all(database: Database) {
    let stage = Stage::usual(&database, always("page=after")).await;
    stage.push(&people("p", 0..8)).await;
    eventually("some are there", WITHIN, || async { records(&stage.crm).len() >= 3 }).await;
    stage.set(Faults::default());
    stage.settles().await;
}

/// And a page that comes before anything is carried out: a "nobody" of the lookup counts, since it has found somebody before.
async fn a_page_before_everything(database: Database) {
    let stage = Stage::usual(&database, Faults::default()).await;
    stage.proves_the_lookup().await;
    stage.set(always("page"));
    stage.push(&people("p", 0..8)).await;
    let asked = || async { stage.crm.stats().by_fault.get("page=before").is_some_and(|pages| *pages >= 3) };
    eventually("some were sent", WITHIN, asked).await;
    stage.set(Faults::default());
    stage.settles().await;
}

async fn an_error_within_200(database: Database) {
    let stage = Stage::usual(&database, Faults::default()).await;
    stage.proves_the_lookup().await;
    stage.set(next(&["error=after", "error"], Faults::default()));
    stage.push(&people("p", 0..10)).await;
    stage.settles().await;
}

// ---------------------------------------------------------------------------------------- searches, keys, ids and upserts

/// The search is behind by less than `settleSeconds`: no "nobody" is believed meanwhile.
async fn a_search_that_lags(database: Database) {
    let lag = always("search-lag=700ms");
    let stage = Stage::usual(&database, next(&["hangup=after", "cut", "hangup=after"], lag)).await;
    stage.push(&people("p", 0..10)).await;
    stage.settles().await;
}

/// The create rule names the key, which is the sign that the system honours it (it is sent as Idempotency-Key anyway).
fn with_key(url: &str) -> Value {
    let headers = json!([{ "name": "X-Request-Key", "value": "{{ idempotency_key }}" }]);
    json!({ "method": "POST", "url": format!("{url}/contacts"), "data": DATA, "timeoutSeconds": 2, "headers": headers })
}

/// The search never finds, but the key store replays.
async fn a_search_that_never_finds_beside_keys_that_replay(database: Database) {
    let faults = next(&["hangup=after", "hangup=before"], always("search-lag=never,keys=replay"));
    let options = MockCrmOptions { faults, ..MockCrmOptions::default() };
    let stage = Stage::new(&database, options, |url| json!({ "createUsers": with_key(url) })).await;
    stage.push(&people("p", 0..10)).await;
    stage.settles().await;
}

/// The person changes while it is unknown whether the create was carried out: its repetition is the same body.
async fn keys_that_check_the_body(database: Database) {
    let faults = next(&["hangup=after"], always("keys=check"));
    let options = MockCrmOptions { faults, ..MockCrmOptions::default() };
    let stage = Stage::new(&database, options, |url| json!({ "createUsers": with_key(url), "lookup": null })).await;
    stage.api.push(&people("p", 0..1)).await;
    eventually("it is there", WITHIN, || async { stage.crm.stats().records == 1 }).await;
    stage.push(&[("p0".to_owned(), "Grace".to_owned())]).await;
    stage.push(&people("q", 0..5)).await;
    stage.settles().await;
}

/// A repeated key is refused: the lookup tells.
async fn keys_that_are_refused(database: Database) {
    let faults = next(&["hangup=after", "cut"], always("keys=refuse"));
    let stage = Stage::usual(&database, faults).await;
    stage.push(&people("p", 0..10)).await;
    stage.settles().await;
}

/// A change of email moves the record, and the answer to one of the changes is lost.
async fn records_kept_by_their_email(database: Database) {
    let options = MockCrmOptions { ids: IdKind::Emails, ..MockCrmOptions::default() };
    let stage = Stage::new(&database, options, |_| json!({ "followUniqueId": true })).await;
    stage.push(&people("p", 0..6)).await;
    eventually("all are there", WITHIN, || async { stage.api.counts(&stage.sync).await.0 == 6 }).await;
    stage.set(next(&["hangup=after"], Faults::default()));
    let moves = (0..3).map(|n| json!({ "id": format!("p{n}"), "emails": [format!("moved{n}@example.test")] }));
    let upsert = "mutation ($input: [PersonInput!]!) { upsertPeople(input: $input) { id } }";
    stage.api.ok(upsert, json!({ "input": moves.collect::<Vec<_>>() })).await;
    let moved = || async { stage.api.counts(&stage.sync).await.1 == 0 };
    eventually("they have moved", WITHIN, moved).await;
    // The new ids are known: a change and a deletion find them.
    let changed = json!([{ "id": "p0", "firstName": "Grace" }, { "id": "p1", "firstName": "Grace" }]);
    stage.api.ok(upsert, json!({ "input": changed })).await;
    stage.delete(&["p2", "p3"]).await;
    stage.settles().await;
}

/// A repeated create changes the record that the first one made.
async fn upserts_by_email(database: Database) {
    let faults = next(&["hangup=after", "hangup=before", "hangup=after"], always("upsert"));
    let options = MockCrmOptions { faults, ..MockCrmOptions::default() };
    let stage = Stage::new(&database, options, |_| json!({ "lookup": null })).await;
    stage.push(&people("p", 0..10)).await;
    // Who is deleted while it is not known whether a record was made is parked, rightly.
    eventually("all are linked", WITHIN, || async { stage.api.counts(&stage.sync).await.0 == 10 }).await;
    stage.delete(&["p3"]).await;
    stage.settles().await;
}

// ------------------------------------------------------------------------------------------- locks, people, and leave taken

/// A record that was just written refuses changes for a while.
async fn locks(database: Database) {
    let stage = Stage::usual(&database, always("lock=400ms")).await;
    stage.push(&people("p", 0..8)).await;
    eventually("all are there", WITHIN, || async { stage.crm.stats().records == 8 }).await;
    let changed: Vec<_> = people("p", 0..8).into_iter().map(|(id, _)| (id, "Grace".to_owned())).collect();
    stage.push(&changed).await;
    stage.delete(&["p1"]).await;
    eventually("a lock was met", WITHIN, || async { stage.crm.stats().by_status.contains_key(&423) }).await;
    stage.settles().await;
}

/// One person's requests always fail. The other people of the same sync are not held up.
async fn one_person_who_always_gets_500(database: Database) {
    let stage = Stage::usual(&database, always("poison=p0")).await;
    let healthy = || async {
        let mut directory = stage.api.directory().await;
        directory.remove("p0");
        records(&stage.crm) == directory
    };
    for name in ["Ada", "Grace", "Hedy"] {
        let changed: Vec<_> = people("p", 0..10).into_iter().map(|(id, _)| (id, name.to_owned())).collect();
        stage.push(&changed).await;
        eventually("the others are there", OTHERS_WITHIN, healthy).await;
    }
    let status = stage.api.ok("query ($id: ID!) { sync(id: $id) { status } }", json!({ "id": stage.sync })).await;
    assert_eq!(status["sync"]["status"], "ACTIVE", "one person's failures suspend nothing");
    stage.set(Faults::default());
    stage
        .api
        .ok("mutation ($id: ID!) { retry(filter: { syncId: $id }) { marked } }", json!({ "id": stage.sync }))
        .await;
    stage.settles().await;
}

/// Connections over TLS and HTTP/2 are taken leave of, and streams refused.
async fn goaway(database: Database) {
    let mut faults = Faults { seed: 3, ..Faults::default() };
    faults.rates.extend(["goaway:0.15", "refused-stream:0.1"].map(|rate| rate.parse().unwrap()));
    let options = MockCrmOptions { tls: true, faults, ..MockCrmOptions::default() };
    let stage = Stage::new(&database, options, |url| {
        let rule = |method: &str, path: &str, data: Option<&str>| {
            json!({ "method": method, "url": format!("{url}/contacts{path}"), "data": data, "timeoutSeconds": 2, "sslVerification": false })
        };
        // Nobody is uncertain: the system says that it did nothing.
        let mut create = rule("POST", "", Some(DATA));
        create["onUncertain"] = json!("PARK");
        json!({
            "createUsers": create,
            "updateUsers": rule("PUT", "/{{ unique_id }}", Some(DATA)),
            "deleteUsers": rule("DELETE", "/{{ unique_id }}", None),
            "lookup": null,
        })
    })
    .await;
    for name in ["Ada", "Grace"] {
        let changed: Vec<_> = people("p", 0..40).into_iter().map(|(id, _)| (id, name.to_owned())).collect();
        stage.push(&changed).await;
    }
    stage.delete(&["p0", "p1"]).await;
    eventually("leave was taken", WITHIN, || async { stage.crm.stats().by_fault.len() == 2 }).await;
    stage.settles().await;
}

on_both!(
    a_fixed_window,
    a_sliding_window_that_names_its_wait,
    a_bucket_that_answers_503,
    a_day_that_is_spent_and_begins_anew,
    nobody_waits_beyond_a_hold,
    a_page_for_two,
    a_maintenance_page_for_all,
    a_page_before_everything,
    an_error_within_200,
    a_search_that_lags,
    a_search_that_never_finds_beside_keys_that_replay,
    keys_that_check_the_body,
    keys_that_are_refused,
    records_kept_by_their_email,
    upserts_by_email,
    locks,
    one_person_who_always_gets_500,
    goaway,
);
