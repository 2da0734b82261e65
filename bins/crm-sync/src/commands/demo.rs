//! `demo`: the whole job in one terminal, with nothing installed. An embedded database, a mock CRM and a sync; people are
//! pushed through create, update and delete; what is sent and answered is shown live; both sides are compared at the end.

use crate::config::{Config, Database, Mode};
use crate::serve::{Running, start, until_told_to_stop};
use crate::tell::say;
use crate::words::counted;
use anyhow::{Context, Result, bail};
use clap::Args;
use mock_crm::{Faults, MockCrm, MockCrmOptions};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use sync_core::backoff::Policy;
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::log::{LogEntry, LogOutcome};
use sync_core::page::PageRequest;
use sync_core::patch::{LookupPatch, RulePatch, SyncPatch};
use sync_core::person::{Patch, Person, PersonPatch};
use sync_core::ports::PeopleFilter;
use sync_core::sync::{Method, UniqueIdSource};
use sync_engine::{AccountScope, Engine, Logged};

/// How long both sides may take to be equal after the last change.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Arguments {
    /// How many people are pushed
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    people: u32,
    /// Let the mock CRM answer everything at the first try
    #[arg(long)]
    no_faults: bool,
    /// Leave server and mock CRM running until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// A directory that goes with the demo.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind at worst: the system clears its temporary directory.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) async fn run(config: Config, arguments: Arguments) -> Result<ExitCode> {
    let scratch = Scratch(std::env::temp_dir().join(format!("crm-sync-demo-{}", std::process::id())));
    std::fs::create_dir_all(&scratch.0).context("cannot make a temporary directory")?;
    let crm = MockCrm::start(MockCrmOptions::default()).await.context("cannot start the mock CRM")?;
    let config = Config {
        database: Database::Sqlite(scratch.0.join("demo.db")),
        mode: Mode::All,
        listen: if arguments.keep { config.listen } else { ([127, 0, 0, 1], 0).into() },
        // What takes minutes in earnest takes moments here.
        policy: Policy::new(
            [200, 400, 800, 1600, 3000, 3000, 3000, 3000].map(Duration::from_millis).to_vec(),
            [300, 500, 1000].map(Duration::from_millis).to_vec(),
            Duration::from_millis(300),
        ),
        ..config
    };
    let running = start(&config, "crm-sync demo", None, Some(&crm)).await?;
    let equal = rehearse(&running, &crm, &arguments).await;
    if arguments.keep && equal.is_ok() {
        keep(&running, &crm).await;
    }
    let stopped = running.stop().await;
    crm.stop().await;
    drop(scratch);
    stopped?;
    Ok(if equal? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The rehearsal. Returns whether both sides are equal at the end.
async fn rehearse(running: &Running, crm: &MockCrm, arguments: &Arguments) -> Result<bool> {
    let engine = &running.engine;
    let account = engine.store().accounts().await?.first().context("the demo has an account")?.id;
    let scope = engine.account(account);
    say!("crm-sync demo\n");
    say!("  server      http://{}   (GraphQL at /graphql)", running.address);
    say!("  mock CRM    {}", crm.url());
    let sync = scope.create_sync(&demo_sync(&crm.url()), false).await.context("cannot make the demo's sync")?;
    say!("  sync        `{}`: POST, PUT and DELETE {}/contacts", sync.friendly_name, crm.url());
    if !arguments.no_faults {
        say!("  faults      the mock CRM answers some requests with 500 or 429, and hangs up on others");
        crm.set_faults(faults()?).context("cannot set the demo's faults")?;
    }
    let tail = tokio::spawn(tail(engine.clone(), account));

    step(&format!("{} created", counted(arguments.people, "person is", "people are")));
    push(&scope, (0..arguments.people).map(|n| person(n, 0)).collect()).await?;
    catch_up(engine, account, sync.id).await?;
    step("two of three are updated, twice in a row: the changes merge");
    let changed = || (0..arguments.people).filter(|n| n % 3 != 0);
    push(&scope, changed().map(|n| person(n, 1)).collect()).await?;
    push(&scope, changed().map(|n| person(n, 2)).collect()).await?;
    catch_up(engine, account, sync.id).await?;
    step("every fourth one is deleted");
    let leaving: Vec<_> = (0..arguments.people).filter(|n| n % 4 == 0).map(id).collect();
    for ids in leaving.chunks(sync_engine::PEOPLE_PER_CALL_MAX) {
        scope.delete_people(ids.to_vec()).await?;
    }
    catch_up(engine, account, sync.id).await?;
    // The last entries are on their way to the terminal.
    tokio::time::sleep(Duration::from_millis(100)).await;
    tail.abort();

    let directory = directory_of(engine, account).await?;
    let records = records_of(crm);
    step("both sides compared");
    say!("  directory   {}", counted(directory.len(), "person", "people"));
    say!(
        "  mock CRM    {} after {}",
        counted(records.len(), "record", "records"),
        counted(crm.stats().total, "request", "requests")
    );
    let equal = directory == records && records.len() == crm.records().len();
    if equal {
        say!("\nBoth sides are equal.");
    } else {
        say!("\nThe two sides DIFFER:");
        for (id, person) in &directory {
            if records.get(id) != Some(person) {
                say!("  {id}: directory {person}, CRM {}", records.get(id).map_or("nothing", String::as_str));
            }
        }
        for id in records.keys().filter(|id| !directory.contains_key(*id)) {
            say!("  {id}: only in the CRM");
        }
    }
    Ok(equal)
}

fn step(text: &str) {
    say!("\n== {text}");
}

async fn keep(running: &Running, crm: &MockCrm) {
    say!("\nLeft running until Ctrl-C:");
    if let Some(url) = &running.console_url {
        say!("  console     {url}");
    }
    say!("  GraphQL     http://{}/graphql", running.address);
    if let Some(key) = &running.first_key {
        say!("  admin key   {}", key.expose_secret());
    }
    say!("  mock CRM    {}/contacts", crm.url());
    until_told_to_stop().await;
}

fn demo_sync(crm: &str) -> SyncPatch {
    let data = r#"{ "external_id": "{{ person.id }}", "first_name": "{{ person.first_name }}", "last_name": "{{ person.last_name }}", "name": "{{ person.name }}", "email": "{{ person.email }}" }"#;
    let rule = |method, path: &str, data: Option<&str>| RulePatch {
        method: Patch::Set(method),
        url: Patch::Set(format!("{crm}{path}")),
        data: data.map_or(Patch::Keep, |data| Patch::Set(data.to_owned())),
        ..RulePatch::default()
    };
    SyncPatch {
        friendly_name: Patch::Set("Demo CRM".to_owned()),
        unique_id: Patch::Set(UniqueIdSource::Path("$.id".to_owned())),
        create: Patch::Set(rule(Method::Post, "/contacts", Some(data))),
        update: Patch::Set(rule(Method::Put, "/contacts/{{ unique_id }}", Some(data))),
        delete: Patch::Set(rule(Method::Delete, "/contacts/{{ unique_id }}", None)),
        lookup: Patch::Set(LookupPatch {
            request: rule(Method::Get, "/contacts?external_id={{ person.id }}", None),
            path: Patch::Set(LOOKUP_PATH.to_owned()),
            // The mock CRM's list shows at once what was written.
            settle_seconds: Patch::Set(1),
            ..LookupPatch::default()
        }),
        ..SyncPatch::default()
    }
}

/// Where the mock CRM's list answers hold the ids.
const LOOKUP_PATH: &str = "$.contacts[*].id";

const NAMES: [(&str, &str); 12] = [
    ("Ada", "Lovelace"),
    ("Grace", "Hopper"),
    ("Edsger", "Dijkstra"),
    ("Barbara", "Liskov"),
    ("Alan", "Turing"),
    ("Søren", "Kierkegaard"),
    ("Zoë", "O'Connor \"Z\""),
    ("李", "小龍"),
    ("محمد", "الخوارزمي"),
    ("Donald", "Knuth"),
    ("Hedy", "Lamarr"),
    ("Katherine", "Johnson"),
];

fn id(n: u32) -> PersonId {
    PersonId::new(format!("user-{n}")).expect("a short id without control characters")
}

fn person(n: u32, round: u32) -> PersonPatch {
    let (first, last) = NAMES[n as usize % NAMES.len()];
    let email = if round == 0 { format!("user-{n}@example.test") } else { format!("user-{n}+{round}@example.test") };
    PersonPatch {
        first_name: Patch::Set(first.to_owned()),
        last_name: Patch::Set(last.to_owned()),
        emails: Patch::Set(vec![email]),
        ..PersonPatch::new(id(n))
    }
}

async fn push(scope: &AccountScope, people: Vec<PersonPatch>) -> Result<()> {
    for people in people.chunks(sync_engine::PEOPLE_PER_CALL_MAX) {
        scope.upsert_people(people.to_vec()).await?;
    }
    Ok(())
}

/// Waits until nothing is owed.
async fn catch_up(engine: &Engine, account: AccountId, sync: SyncId) -> Result<()> {
    let begun = Instant::now();
    loop {
        let runtimes = engine.store().runtimes(account, &[sync]).await?;
        let counts = runtimes.first().context("the demo has a sync")?.1.counts;
        if counts.parked > 0 {
            bail!("{} parked: the demo's rules do not fit its CRM", counted(counts.parked, "link is", "links are"));
        }
        if counts.owed == 0 {
            return Ok(());
        }
        if begun.elapsed() > CATCH_UP_WITHIN {
            bail!(
                "{} still owed after {} s",
                counted(counts.owed, "person is", "people are"),
                CATCH_UP_WITHIN.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn directory_of(engine: &Engine, account: AccountId) -> Result<BTreeMap<String, String>> {
    let mut people = BTreeMap::new();
    let mut page = PageRequest::first(sync_core::page::PAGE_MAX);
    loop {
        let found = engine.store().people(account, &PeopleFilter::default(), page.clone()).await?;
        page.after = found.items.last().map(|person| person.id.clone());
        people.extend(found.items.iter().map(|person| (person.id.to_string(), shown(person))));
        if !found.has_next {
            return Ok(people);
        }
    }
}

fn shown(person: &Person) -> String {
    format!("{} <{}>", person.name(), person.emails.first().map_or("", String::as_str))
}

fn records_of(crm: &MockCrm) -> BTreeMap<String, String> {
    let text = |record: &serde_json::Value, key: &str| record[key].as_str().unwrap_or("").to_owned();
    let line = |record: &serde_json::Value| format!("{} <{}>", text(record, "name"), text(record, "email"));
    crm.records().iter().map(|record| (text(record, "external_id"), line(record))).collect()
}

fn faults() -> Result<Faults> {
    FAULTS.iter().try_fold(Faults::default(), |faults, spec| add_fault(faults, spec))
}

/// Shares of the requests.
const FAULTS: [&str; 4] = ["status=500:0.08", "retry-after=1:0.02", "hangup=before:0.05", "hangup=after:0.05"];

fn add_fault(mut faults: Faults, spec: &str) -> Result<Faults> {
    faults.rates.push(spec.parse().with_context(|| format!("the fault {spec}"))?);
    Ok(faults)
}

/// Prints log entries as they are written.
fn tail(engine: Engine, account: AccountId) -> impl Future<Output = ()> {
    let mut logged = engine.logged();
    async move {
        while let Ok(logged) = logged.recv().await {
            let Logged::Entries(ids) = logged else { continue };
            let ids: Vec<_> = ids.iter().filter(|(of, _)| *of == account).map(|(_, id)| *id).collect();
            let Ok(mut entries) = engine.store().logs_by_ids(account, &ids).await else { continue };
            entries.sort_by_key(|entry| entry.id);
            entries.iter().for_each(print_entry);
        }
    }
}

fn print_entry(entry: &LogEntry) {
    let sign = match entry.outcome {
        LogOutcome::Succeeded => "ok   ",
        LogOutcome::Retrying => "later",
        LogOutcome::Parked => "stop ",
        LogOutcome::Skipped => "skip ",
    };
    let request = entry.request.as_ref().map_or_else(String::new, |request| {
        let path = request.url.splitn(4, '/').nth(3).unwrap_or("");
        format!("{:<6} /{path}", request.method.as_str())
    });
    let took = entry.duration_ms.map_or_else(String::new, |ms| format!(" ({ms} ms)"));
    say!("  {sign} {:<8} {request:<36} {}{took}", entry.person.as_str(), entry.message);
}
