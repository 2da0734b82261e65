//! The reads that consoles and integrations make, over a large directory.

use crate::figures::{Figure, percentiles};
use crate::load::{self, sorted};
use crate::stage::{Common, QUERY, Stage, rate};
use crate::{PERSON, now};
use anyhow::{Context, Result, ensure};
use product_tests::Api;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Rows of a page.
const PAGE: usize = 50;

/// How fast the common reads are, over a large directory
///
/// N people are delivered to one sync, one of each hundred refused and so parked; then each kind of read is asked over and
/// over for some seconds by a number of clients at once: lists page by page (50 rows each), people and searches at random.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// How many people, each with a link and a log entry
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=50_000_000))]
    links: u32,
    /// How many clients ask at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    clients: u32,
    /// How long each kind of read is measured; each client asks at least once
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=600))]
    seconds: u64,
}

/// A kind of read.
struct Kind {
    name: &'static str,
    query: &'static str,
    /// Where the list stands in the data; of none, each query is for a person at random.
    list: Option<&'static str>,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "people, page by page",
        query: "query ($first: Int, $after: String) { people(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { id name email version updatedAt } } }",
        list: Some("/people"),
    },
    Kind {
        name: "people by search of an email",
        query: "query ($search: String) { people(search: $search, first: 20) { nodes { id name email } } }",
        list: None,
    },
    Kind {
        name: "a person with links, changes and log",
        query: "query ($id: ID!) { person(id: $id) { id name version links { state uniqueId owed sync { friendlyName } }
            changes(first: 10) { nodes { version kind at } } logs(first: 10) { nodes { at operation outcome message } } } }",
        list: None,
    },
    Kind {
        name: "links of a sync, page by page",
        query: "query ($sync: ID!, $first: Int, $after: String) { sync(id: $sync) { links(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { state uniqueId owed parkedReason person { id name } } } } }",
        list: Some("/sync/links"),
    },
    Kind {
        name: "parked links of a sync, page by page",
        query: "query ($sync: ID!, $first: Int, $after: String) { sync(id: $sync) {
            links(filter: { parked: true }, first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { state parkedAt parkedReason person { id name } } } } }",
        list: Some("/sync/links"),
    },
    Kind {
        name: "log, page by page",
        query: "query ($first: Int, $after: String) { logs(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { at operation outcome message durationMs personId } } }",
        list: Some("/logs"),
    },
    Kind {
        name: "stats of a day, with a series",
        query: "query ($sync: ID!) { stats { sent succeeded failed linked owed parked }
            sync(id: $sync) { stats { sent latencyP99Ms series { start succeeded failed } } } }",
        list: None,
    },
];

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, links, clients, seconds } = arguments;
    common
        .measure(json!({ "links": links, "clients": clients, "seconds": seconds }), 1, async |report, bare| {
            let cases = Stage::play(common, async |stage| read(stage, arguments, bare).await).await?;
            for (title, figures) in cases {
                report.add(title, figures);
            }
            Ok(())
        })
        .await
}

async fn read(stage: &mut Stage, arguments: &Arguments, bare: Option<f64>) -> Result<Vec<(&'static str, Vec<Figure>)>> {
    let people = arguments.links as usize;
    let sync = stage.server.create_sync(&stage.sink.url("ok"), json!({})).await?;
    stage.sink.refuse(people, 1).await?;
    stage.next_step(&format!("delivering {people} people"));
    load::Arguments { connections: 4, ..stage.load(0, people, 1000) }.run().await?;
    let counts = stage.settled(0).await?;
    ensure!(counts.linked + counts.parked == people as u64, "{people} people must be linked or parked: {counts:?}");
    stage.restart_server().await?;
    let mut cases = Vec::new();
    for kind in KINDS {
        stage.next_step(&format!("asking: {}", kind.name));
        let before = stage.reading().await?;
        let begun = Instant::now();
        let until = begun + Duration::from_secs(arguments.seconds);
        let mut clients = JoinSet::new();
        for client in 0..arguments.clients as usize {
            clients.spawn(ask(stage.server.api().clone(), kind, sync.clone(), people, client, until));
        }
        let mut times = Vec::new();
        while let Some(client) = clients.join_next().await {
            times.extend(client?.with_context(|| kind.name)?);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let mut figures = rate("queries_per_second", "queries per second", times.len() as f64 / seconds, bare);
        figures.extend(percentiles("query", "a query, sent to answered", &sorted(times.iter().copied())));
        figures.extend(stage.cost(&before, times.len() as f64, &QUERY).await?);
        cases.push((kind.name, figures));
    }
    Ok(cases)
}

/// Asks one query after the other, at least one. Returns how long each took, in microseconds.
async fn ask(api: Api, kind: &Kind, sync: String, people: usize, client: usize, until: Instant) -> Result<Vec<u64>> {
    let mut times = Vec::new();
    let mut after = Value::Null;
    // Each client looks at people of its own, in steps that a prime makes look like chance.
    let mut person = client;
    loop {
        person = (person + 7_919) % people;
        let id = format!("{PERSON}{person}");
        let mut variables = json!({});
        for (name, value) in [
            ("sync", json!(sync)),
            ("first", json!(PAGE)),
            ("after", after.clone()),
            ("search", json!(format!("{id}@example"))),
            ("id", json!(id)),
        ] {
            if kind.query.contains(&format!("${name}:")) {
                variables[name] = value;
            }
        }
        let sent = now();
        let answer = api.send(kind.query, variables).await.map_err(anyhow::Error::msg)?;
        times.push(now().saturating_sub(sent));
        ensure!(answer.body.get("errors").is_none(), "the server refuses {}: {}", kind.query, answer.body);
        let data = &answer.body["data"];
        match kind.list {
            Some(list) => {
                let list = data.pointer(list).context("no list is answered")?;
                ensure!(list["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty()), "an empty page: {data}");
                let has_next = list["pageInfo"]["hasNextPage"] == true;
                after = if has_next { list["pageInfo"]["endCursor"].clone() } else { Value::Null };
            }
            None if kind.query.contains("$id") => ensure!(data["person"]["id"] == id, "not {id}: {data}"),
            None if kind.query.contains("$search") => {
                let found = data["people"]["nodes"].as_array().map_or(0, Vec::len);
                ensure!(found == 1, "{id} must be found once: {data}");
            }
            None => ensure!(data["stats"]["linked"].as_u64() > Some(0), "no stats: {data}"),
        }
        if Instant::now() >= until {
            return Ok(times);
        }
    }
}
