//! People, syncs and logs to look at.

use crate::Stage;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use mock_crm::Faults;
use product_tests::{WallClock, eventually};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);
/// Looks, a fiftieth of a second apart.
const QUIET_LOOKS: usize = 4;
/// Steps of half an hour: a day.
const STEPS: usize = 48;

/// What `fill` made, by what it shows. Ids, as they stand in addresses.
pub struct Seeded {
    /// An active sync with logs of all kinds.
    pub sync: String,
    /// A suspended one.
    pub suspended: String,
    /// One that is not set up.
    pub empty: String,
    /// A person with links in several states.
    pub person: &'static str,
    /// A log entry of a failure.
    pub entry: String,
}

const NAMES: [(&str, &str, &str, &str); 24] = [
    ("Ada", "Lovelace", "Analytical Engines", "en"),
    ("Amélie", "Rousseau", "Atelier Rousseau", "fr"),
    ("Søren", "Kjær", "Nordlys A/S", "da"),
    ("Zoë", "O'Connor", "Shamrock Legal", "en"),
    ("李", "小龍", "Jade Trading", "zh"),
    ("محمد", "الخوارزمي", "House of Wisdom", "ar"),
    ("Priya", "Raghunathan", "Monsoon Labs", "en"),
    ("Łukasz", "Wiśniewski", "Wisła Logistics", "pl"),
    ("Beatriz", "Fernández de la Cruz", "Cruz y Asociados", "es"),
    ("Jonas", "Müller-Lüdenscheidt", "Müller & Söhne", "de"),
    ("Grace", "Hopper", "Harbour Computing", "en"),
    ("Thandiwe", "Nkosi", "Ubuntu Health", "en"),
    ("Kenji", "Watanabe", "Watanabe 製作所", "ja"),
    ("Oluwaseun", "Adeyemi", "Lagos Freight", "en"),
    ("Chloé", "Lefèvre", "Lefèvre et Fils", "fr"),
    ("Mateo", "Rossi", "Rossi Marmi", "it"),
    ("Ingrid", "Þórsdóttir", "Reykjavík Energy", "is"),
    ("Nguyễn", "Thị Minh Khai", "Saigon Textiles", "vi"),
    ("Sam", "Taylor", "Taylor Cycles", "en"),
    ("Fatima", "Zahra Benali", "Atlas Imports", "fr"),
    ("Dmitri", "Volkov", "Volkov Instruments", "ru"),
    ("Hannah", "Goldberg", "Goldberg Partners", "en"),
    ("Rafael", "Souza", "Souza Café", "pt"),
    ("Mei-Ling", "Chen", "Formosa Design", "zh"),
];

fn person(n: usize, round: usize) -> Value {
    let (first, last, organization, language) = NAMES[n % NAMES.len()];
    let plan = ["free", "team", "enterprise"][(n + round) % 3];
    let mail = format!("{}.{n}@example.test", first.to_lowercase().chars().filter(char::is_ascii).collect::<String>());
    json!({
        "id": id(n), "firstName": first, "lastName": last, "emails": [mail], "phones": [format!("+44 20 7946 {:04}", 100 + n)],
        "organizations": [organization], "language": language, "labels": if n.is_multiple_of(3) { json!(["customer", "vip"]) } else { json!(["customer"]) },
        "custom": { "plan": plan, "seats": n * 3 + round }
    })
}

fn id(n: usize) -> String {
    format!("usr_{}", 48_201 + n * 37)
}

/// Puts people into the directory and syncs beside it, in all the states that the console shows. With a clock, that the stage's server
/// goes by, it happens over the last 24 hours; without one, now.
///
/// # Panics
/// Where the server does not do what it is told.
pub async fn fill(stage: &Stage, clock: Option<&WallClock>) -> Seeded {
    let crm = stage.crm.url();
    let data = r#"{
  "external_id": "{{ person.id }}",
  "first_name": "{{ person.first_name }}",
  "last_name": "{{ person.last_name }}",
  "email": "{{ person.email }}",
  "company": "{{ person.organizations | first }}",
  "plan": "{{ person.custom.plan }}",
  "seats": {{ person.custom.seats }}
}"#;
    let rule = |method: &str, url: String| json!({ "method": method, "url": url, "data": data });
    if let Some(clock) = clock {
        clock.set("-24h");
    }
    let empty = json!({ "input": { "friendlyName": "New Webhook Sync" } });
    let empty = stage.api.ok("mutation ($input: SyncInput!) { createSync(input: $input) { id } }", empty).await;
    let paused = stage.sync("Billing", json!({})).await;
    // It refuses whoever speaks French.
    let choosy = format!("{crm}/{{% if person.language == 'fr' %}}fault/status=422/{{% endif %}}contacts");
    let choosy = stage.sync("Newsletter", json!({ "createUsers": rule("POST", choosy) })).await;
    let failing = format!("{crm}/fault/status=503/contacts");
    let suspended = stage.sync("Legacy helpdesk", json!({ "createUsers": rule("POST", failing) })).await;
    let headers = json!([{ "name": "X-Api-Key", "value": "s3cret", "secret": true }, { "name": "X-Source", "value": "crm-sync" }]);
    let mut create = rule("POST", format!("{crm}/contacts"));
    create["headers"] = headers;
    let sync = json!({
        "authentication": { "bearer": { "token": "a-token" } },
        "createUsers": create,
        "updateUsers": rule("PUT", format!("{crm}/contacts/{{{{ unique_id }}}}")),
    });
    let sync = stage.sync("HubSpot", sync).await;

    // Without a clock that goes on, a sync that was suspended would stay so.
    let delays = ["delay=35ms:0.3", "delay=120ms:0.1"].as_slice();
    let failures = if clock.is_some() { ["status=500:0.05", "status=422:0.02"].as_slice() } else { &[] };
    let rates = delays.iter().chain(failures).map(|rate| rate.parse().expect("a fault")).collect();
    stage.crm.set_faults(Faults { rates, seed: 7, ..Faults::default() }).expect("faults can be set");
    let steps = if clock.is_some() { STEPS } else { 4 };
    for step in 0..steps {
        // People come by day.
        let busy = 1 + (step * 5 % 7) + if (16..36).contains(&step) { 6 } else { 0 };
        let people: Vec<Value> = (0..busy).map(|n| person((step * 3 + n) % 60, step)).collect();
        stage.push(people.into()).await;
        settled(stage).await;
        if step + 2 == steps {
            stage.api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": paused })).await;
        }
        if let Some(clock) = clock {
            clock.set(&format!("-{}m", (STEPS - 1 - step) * 30));
        }
    }
    stage.crm.set_faults(Faults::default()).expect("faults can be set");
    stage.push(json!([person(0, 99), person(1, 99)])).await;
    settled(stage).await;
    stage.new_key("help desk", "WRITER").await;
    let (revoked, _) = stage.new_key("Anna's laptop", "READER").await;
    stage.api.ok("mutation ($id: ID!) { revokeApiKey(id: $id) { id } }", json!({ "id": revoked })).await;
    let failed = json!({ "filter": { "syncId": choosy, "outcomes": ["PARKED"] } });
    let failed =
        stage.api.ok("query ($filter: LogFilter) { logs(filter: $filter, first: 1) { nodes { id } } }", failed).await;
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    Seeded {
        sync,
        suspended,
        empty: text(&empty["createSync"]["id"]),
        person: "usr_48238",
        entry: text(&failed["logs"]["nodes"][0]["id"]),
    }
}

/// Waits until nothing is sent for a moment: what is owed yet waits for its next try, far off.
async fn settled(stage: &Stage) {
    let quiet = Mutex::new((0, -1));
    eventually("nothing is sent any more", WITHIN, || async {
        let sent = stage.api.ok("{ stats { sent } }", json!({})).await["stats"]["sent"].as_i64().expect("a count");
        let mut quiet = quiet.lock().expect("nobody panicked");
        *quiet = if quiet.1 == sent { (quiet.0 + 1, sent) } else { (0, sent) };
        quiet.0 >= QUIET_LOOKS
    })
    .await;
}

/// Multiplies the newest log entry of a stage on SQLite: `count` entries, a second apart, all before it.
///
/// # Panics
/// Where the database cannot be written.
pub fn long_log(stage: &Stage, count: usize) {
    let file = stage.database.directory.join("test.db");
    let mut database = SqliteConnection::establish(file.to_str().expect("a path of text")).expect("the database");
    // Ids are UUIDs of version 7: milliseconds, version, and what makes them differ.
    let statement = format!(
        "PRAGMA busy_timeout = 20000;
         BEGIN IMMEDIATE;
         CREATE TEMP TABLE newest AS SELECT * FROM log_entries ORDER BY id DESC LIMIT 1;
         CREATE TEMP TABLE many AS
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
             SELECT newest.*, n FROM n, newest;
         UPDATE many SET at = at - n * 1000000,
             outcome = CASE WHEN n % 17 = 0 THEN 1 ELSE outcome END,
             status = CASE WHEN n % 17 = 0 THEN 503 ELSE status END,
             id = unhex(printf('%012x7%03x8%015x', at / 1000 - n * 1000, n % 4096, n));
         ALTER TABLE many DROP COLUMN n;
         INSERT INTO log_entries SELECT * FROM many;
         DROP TABLE many;
         DROP TABLE newest;
         COMMIT;"
    );
    database.batch_execute(&statement).expect("log entries can be written");
}
