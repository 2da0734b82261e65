//! Changes that merge while a CRM is down, and changes that need no request.

use crate::figures::{Figure, figure};
use crate::server::DATA;
use crate::stage::{Common, DELIVERY, Stage, rate};
use crate::{PERSON, seconds_between};
use anyhow::{Result, ensure};
use product_tests::api::UPSERT;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const LANE: &str = "keep";
/// How long after a retry the next one may help.
const AGAIN: Duration = Duration::from_secs(3);

/// Whether many changes become one request: a check that counts
///
/// People are created at the CRM. It goes down (503), and each of them changes several times. It returns: exactly one
/// request per person must come, and the CRM must hold the newest state of each. Then each person changes in a field that
/// is not sent: no request must come. Fails unless the numbers are exactly so. Requests that were tried while the CRM was
/// down are counted apart. When it returns, an administrator's `retry` and `resumeSync` end the waits between tries,
/// which are as shipped; nothing else is helped along.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// How many people change
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    people: u32,
    /// How often each changes while the CRM is down
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    changes: u32,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { common, people, changes } = arguments;
    common
        .measure(json!({ "people": people, "changes": changes }), 3, async |report, bare| {
            let run = Stage::play(common, async |stage| coalesce(stage, *people as usize, *changes, bare).await);
            report.add("", run.await?);
            Ok(())
        })
        .await
}

async fn coalesce(stage: &mut Stage, people: usize, changes: u32, bare: Option<f64>) -> Result<Vec<Figure>> {
    let crm = stage.sink.url(LANE);
    let update = json!({ "method": "PUT", "url": format!("{crm}/contacts/{{{{ unique_id }}}}"), "data": DATA });
    let sync = stage.server.create_sync(&crm, json!({ "updateUsers": update })).await?;
    let all = people as u64;

    stage.next_step(&format!("{people} people are created at the CRM"));
    push(stage, people, |_| json!({ "firstName": "Ada", "lastName": "Lovelace" })).await?;
    stage.accepted(LANE, all).await?;
    stage.settled(0).await?;
    stage.sink.reset().await?;

    stage.next_step(&format!("the CRM is down, and each of them changes {changes} times"));
    stage.sink.set_up(false).await?;
    let before = stage.reading().await?;
    for change in 1..=changes {
        push(stage, people, |_| json!({ "firstName": format!("Ada {change}") })).await?;
    }
    let counts = stage.server.all_counts().await?;
    ensure!(counts.owed == all, "each of {people} people must be owed once: {counts:?}");

    stage
        .next_step("the CRM returns; an administrator retries the links and resumes the sync, so that no wait is left");
    let down = stage.sink.count(LANE).await?;
    stage.sink.set_up(true).await?;
    let returned = crate::now();
    let mut helped = Instant::now();
    help(stage, &sync).await?;
    let newest = stage.wait(async || {
        let count = stage.sink.count(LANE).await?;
        // A request that failed while the CRM returned begins its wait after the first retry.
        if helped.elapsed() >= AGAIN {
            helped = Instant::now();
            help(stage, &sync).await?;
        }
        Ok((count.people >= all).then_some(count.newest).ok_or(format!("{} of {people} people arrived", count.people)))
    });
    let newest = newest.await?;
    stage.settled(0).await?;
    let cost = stage.cost(&before, people as f64, &DELIVERY).await?;
    let sent = stage.sink.count(LANE).await?;
    let requests = sent.accepted;
    ensure!(down.accepted == 0, "the CRM accepted {} requests while it was down", down.accepted);
    ensure!(
        (requests, sent.people) == (all, all),
        "{people} people who changed {changes} times must be {people} requests, one each: {sent:?}"
    );
    let held = stage.sink.held(LANE).await?;
    for number in 0..people {
        let body = held.get(&number).map(String::as_str).unwrap_or_default();
        let name = format!("\"name\":\"Ada {changes} Lovelace\"");
        ensure!(body.contains(&name), "person {number} must be held as {name}: {body}");
    }

    stage.next_step("each of them changes in a field that is not sent");
    let unchanged = stage.server.counts(&sync).await?.unchanged;
    push(stage, people, |_| json!({ "summary": "not sent" })).await?;
    stage.settled(0).await?;
    let after = stage.sink.count(LANE).await?;
    let unchanged = stage.server.counts(&sync).await?.unchanged - unchanged;
    ensure!(after.requests == sent.requests, "a change that renders the same request must send none: {after:?}");
    ensure!(unchanged == all, "{people} changes must be told as unchanged, not {unchanged}");

    let per_second = people as f64 / seconds_between(returned, newest);
    let mut figures = rate("catching_up_per_second", "requests per second when it was back", per_second, bare);
    let saved = all * u64::from(changes) - requests;
    figures.push(figure("changes", "changes while the CRM was down", 0, f64::from(changes) * people as f64));
    figures.push(figure("requests", "requests when it was back", 0, requests as f64));
    figures.push(figure("requests_saved", "requests saved by merging", 0, saved as f64));
    let refused = sent.requests - sent.accepted;
    figures.push(figure("requests_while_down", "requests that were tried while it was down", 0, refused as f64));
    figures.push(figure("unchanged", "changes of a field that is not sent", 0, unchanged as f64));
    let needless = after.requests - sent.requests;
    figures.push(figure("requests_for_unchanged", "requests for those", 0, needless as f64));
    figures.extend(cost);
    Ok(figures)
}

/// What an administrator does when a CRM is back.
async fn help(stage: &Stage, sync: &str) -> Result<()> {
    stage.server.retry(sync).await?;
    stage.server.resume(sync).await
}

/// Changes everybody.
async fn push(stage: &Stage, people: usize, change: impl Fn(usize) -> Value) -> Result<()> {
    for first in (0..people).step_by(1000) {
        let input: Vec<Value> = (first..people.min(first + 1000))
            .map(|number| {
                let mut person = change(number);
                person["id"] = format!("{PERSON}{number}").into();
                person
            })
            .collect();
        let answer = stage.server.ask(UPSERT, json!({ "input": input })).await?;
        let unchanged =
            answer["upsertPeople"].as_array().into_iter().flatten().filter(|it| it["change"] == "UNCHANGED");
        ensure!(unchanged.count() == 0, "a push must change everybody");
    }
    Ok(())
}
