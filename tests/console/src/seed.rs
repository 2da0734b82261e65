//! People, syncs and logs to look at.

use crate::Stage;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use mock_crm::Faults;
use product_tests::eventually;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    ("Ελένη", "Παπαδοπούλου", "Aegean Shipping", "el"),
    ("محمد", "الخوارزمي", "House of Wisdom", "ar"),
    ("Priya", "Raghunathan", "Monsoon Labs", "en"),
    ("Łukasz", "Wiśniewski", "Wisła Logistics", "pl"),
    ("Beatriz", "Fernández de la Cruz", "Cruz y Asociados", "es"),
    ("Jonas", "Müller-Lüdenscheidt", "Müller & Söhne", "de"),
    ("Grace", "Hopper", "Harbour Computing", "en"),
    ("Thandiwe", "Nkosi", "Ubuntu Health", "en"),
    ("Kenji", "Watanabe", "Watanabe Seisakusho", "ja"),
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

/// Puts people into the directory and syncs beside it, in all the states that the console shows. `day`: as if it had happened over the
/// last 24 hours, on SQLite.
///
/// # Panics
/// Where the server does not do what it is told.
pub async fn fill(stage: &Stage, day: bool) -> Seeded {
    let crm = stage.crm.url();
    let data = r#"{
  "external_id": "{{ person.id }}",
  "first_name": "{{ person.first_name }}",
  "last_name": "{{ person.last_name }}",
  "email": "{{ person.email }}",
  "company": "{{ person.organization_list | first }}",
  "plan": "{{ person.custom.plan }}",
  "seats": {{ person.custom.seats }}
}"#;
    let rule = |method: &str, url: String| json!({ "method": method, "url": url, "data": data });
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

    let delays = ["delay=35ms:0.3", "delay=120ms:0.1"].as_slice();
    let failures = if day { ["status=500:0.05", "status=422:0.02"].as_slice() } else { &[] };
    let rates = delays.iter().chain(failures).map(|rate| rate.parse().expect("a fault")).collect();
    stage.crm.set_faults(Faults { rates, seed: 7, ..Faults::default() }).expect("faults can be set");
    let steps = if day { STEPS } else { 4 };
    let mut begun = Vec::new();
    for step in 0..steps {
        begun.push(now_micros());
        // People come by day.
        let busy = 1 + (step * 5 % 7) + if (16..36).contains(&step) { 6 } else { 0 };
        let people: Vec<Value> = (0..busy).map(|n| person((step * 3 + n) % 60, step)).collect();
        stage.push(people.into()).await;
        settled(stage).await;
        if step + 2 == steps {
            stage.api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": paused })).await;
        }
    }
    if day {
        spread(stage, &begun);
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

fn now_micros() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_micros()
}

/// Moves what happened since each of the times of `begun` back, so that half an hour lies between them. Counters are counted anew.
fn spread(stage: &Stage, begun: &[u128]) {
    let rounds: Vec<String> =
        begun.iter().rev().enumerate().map(|(ago, begun)| format!("({begun}, {})", ago * 1_800_000_000)).collect();
    let back = "(SELECT back FROM rounds WHERE begun <= at ORDER BY begun DESC LIMIT 1)";
    let statement = format!(
        "BEGIN IMMEDIATE;
         CREATE TEMP TABLE rounds (begun INTEGER PRIMARY KEY, back INTEGER);
         INSERT INTO rounds VALUES {rounds};
         UPDATE person_changes SET at = at - {back} WHERE {back} > 0;
         UPDATE log_entries SET at = at - {back},
             id = unhex(printf('%012x', (at - {back}) / 1000) || substr(hex(id), 13)) WHERE {back} > 0;
         DELETE FROM counters WHERE kind < 2;
         INSERT INTO counters (account, sync, start, width, operation, kind, bucket, count)
             SELECT account, sync, at / 60000000 * 60000000, 60000000, operation, outcome <> 0,
                 (SELECT count(*) FROM json_each('{bounds:?}') WHERE value < duration_ms), count(*)
             FROM log_entries WHERE attempt IS NOT NULL GROUP BY 1, 2, 3, 5, 6, 7;
         DROP TABLE rounds;
         COMMIT;",
        rounds = rounds.join(", "),
        bounds = sync_core::stats::LATENCY_BOUNDS_MS,
    );
    write(stage, &statement);
}

/// Runs statements on a stage's SQLite file, beside the server.
fn write(stage: &Stage, statements: &str) {
    let file = stage.database.directory.join("test.db");
    let mut database = SqliteConnection::establish(file.to_str().expect("a path of text")).expect("the database");
    database.batch_execute("PRAGMA busy_timeout = 20000;").expect("a pragma");
    database.batch_execute(statements).expect("the database can be written");
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
    // Ids are UUIDs of version 7: milliseconds, version, and what makes them differ.
    let statement = format!(
        "BEGIN IMMEDIATE;
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
    write(stage, &statement);
}
