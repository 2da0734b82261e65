//! A system that pushes people at random, and knows what the directory must hold.

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use product_tests::Api;
use product_tests::api::{UPSERT, people_input};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The most people of one call.
const BATCH_MAX: usize = 8;
/// A caller must never hang: without an answer by then, the run fails.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// One source. No two of them know the same people, so that what each has seen acknowledged is what must be there.
pub(crate) struct Source {
    number: usize,
    random: Rng,
    /// By person: the number that is in the name; none: not there.
    known: Vec<Option<u64>>,
    last: u64,
    /// A call without a definite answer, to be looked up before anything else is pushed.
    doubtful: Option<Call>,
    pub(crate) tally: Tally,
}

/// What has been pushed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Changes acknowledged.
    pub(crate) acknowledged: u64,
    /// Calls that were never answered, or with UNAVAILABLE, and that turned out to be done, or not.
    pub(crate) doubtful_done: u64,
    pub(crate) doubtful_undone: u64,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Acknowledged,
    /// No answer, or UNAVAILABLE.
    Doubtful,
}

/// The people of one call, and what is to become of each.
struct Call {
    people: Vec<usize>,
    to: Option<u64>,
}

impl Source {
    /// One that knows of so many people, at most 1000. None is pushed yet.
    pub(crate) fn new(number: usize, seed: u64, people: usize) -> Self {
        let random = Rng::with_seed(seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self { number, random, known: vec![None; people], last: 0, doubtful: None, tally: Tally::default() }
    }

    /// Pushes or deletes some people.
    pub(crate) async fn step(&mut self, api: &Api) -> Result<Step> {
        self.look(api).await?;
        if self.is_in_doubt() {
            return Ok(Step::Doubtful);
        }
        let call = self.draw();
        self.call(api, call).await
    }

    /// Pushes everybody.
    pub(crate) async fn fill(&mut self, api: &Api) -> Result<()> {
        self.last += 1;
        let call = Call { people: (0..self.known.len()).collect(), to: Some(self.last) };
        ensure!(self.call(api, call).await? == Step::Acknowledged, "the server does not answer");
        Ok(())
    }

    async fn call(&mut self, api: &Api, call: Call) -> Result<Step> {
        let ids: Vec<_> = call.people.iter().map(|person| self.id(*person)).collect();
        let sent = match call.to {
            Some(number) => {
                let people: Vec<_> = ids.into_iter().map(|id| (id, name(number))).collect();
                self.send(api, UPSERT, json!({ "input": people_input(&people) })).await?
            }
            None => {
                let query = "mutation ($ids: [ID!]!) { deletePeople(ids: $ids) { deleted } }";
                self.send(api, query, json!({ "ids": ids })).await?
            }
        };
        if sent.is_some() {
            self.tally.acknowledged += call.people.len() as u64;
            self.take(&call);
            Ok(Step::Acknowledged)
        } else {
            self.doubtful = Some(call);
            Ok(Step::Doubtful)
        }
    }

    /// Looks whether a call without a definite answer was done: as a whole, or not at all.
    pub(crate) async fn look(&mut self, api: &Api) -> Result<()> {
        let Some(call) = &self.doubtful else { return Ok(()) };
        let asked = call
            .people
            .iter()
            .enumerate()
            .map(|(n, person)| format!("p{n}: person(id: \"{}\") {{ name deletedAt }}", self.id(*person)));
        let query = format!("{{ {} }}", asked.collect::<Vec<_>>().join(" "));
        let Some(answer) = self.send(api, &query, json!({})).await? else { return Ok(()) };
        let held = (0..call.people.len()).map(|n| held(&answer[format!("p{n}")]));
        let held: Vec<_> = held.collect::<Result<_>>()?;
        let before: Vec<_> = call.people.iter().map(|person| self.known[*person]).collect();
        if held.iter().all(|held| *held == call.to) {
            self.tally.doubtful_done += 1;
            if let Some(call) = self.doubtful.take() {
                self.take(&call);
            }
        } else {
            ensure!(
                held == before,
                "source {}: of a call that was never acknowledged, people {:?} to {:?}, the directory holds {held:?}; \
                 acknowledged was {before:?}",
                self.number,
                call.people,
                call.to
            );
            self.tally.doubtful_undone += 1;
            self.doubtful = None;
        }
        Ok(())
    }

    pub(crate) fn is_in_doubt(&self) -> bool {
        self.doubtful.is_some()
    }

    /// Who must be in the directory, with name.
    pub(crate) fn people(&self) -> impl Iterator<Item = (String, String)> {
        self.known.iter().enumerate().filter_map(|(person, known)| Some((self.id(person), name((*known)?))))
    }

    /// For pauses between steps.
    pub(crate) fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.random.u64(..=most))
    }

    fn draw(&mut self) -> Call {
        let count = self.random.usize(1..=BATCH_MAX);
        let mut people = self.random.choose_multiple(0..self.known.len(), count);
        people.sort_unstable();
        if self.random.u8(..3) == 0 {
            let there: Vec<_> = people.iter().copied().filter(|person| self.known[*person].is_some()).collect();
            if !there.is_empty() {
                return Call { people: there, to: None };
            }
        }
        self.last += 1;
        Call { people, to: Some(self.last) }
    }

    fn take(&mut self, call: &Call) {
        for person in &call.people {
            self.known[*person] = call.to;
        }
    }

    fn id(&self, person: usize) -> String {
        format!("s{}-p{person}", self.number)
    }

    /// None where there is no answer, or UNAVAILABLE.
    async fn send(&self, api: &Api, query: &str, variables: Value) -> Result<Option<Value>> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, api.send(query, variables)).await;
        let Ok(answer) = answer.with_context(|| format!("the caller hangs: {query}"))? else { return Ok(None) };
        let Some(error) = answer.body.get("errors") else { return Ok(Some(answer.body["data"].clone())) };
        if error[0]["extensions"]["code"] == "UNAVAILABLE" {
            return Ok(None);
        }
        bail!("{query} is answered {}: {}", answer.status, answer.body)
    }
}

fn name(number: u64) -> String {
    format!("N{number} \"q\" \\ é")
}

/// The number in the name that the directory holds; none: it holds nobody.
fn held(person: &Value) -> Result<Option<u64>> {
    if person.is_null() || !person["deletedAt"].is_null() {
        return Ok(None);
    }
    let number = person["name"].as_str().and_then(|name| name.strip_prefix('N')?.split(' ').next()?.parse().ok());
    Ok(Some(number.with_context(|| format!("a name that nobody pushed: {person}"))?))
}

/// The nodes of all pages of a list, which stands at `list` in the answers. The query takes `$after`.
pub(crate) async fn pages(api: &Api, query: &str, mut variables: Value, list: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    loop {
        let answer = api.send(query, variables.clone()).await.map_err(anyhow::Error::msg)?;
        let page = answer.body["data"].pointer(list).unwrap_or(&Value::Null);
        all.extend_from_slice(page["nodes"].as_array().with_context(|| format!("no {list}: {}", answer.body))?);
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(all);
        }
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
}

/// Compares the directory with what was acknowledged.
pub(crate) async fn check(sources: &[Source], api: &Api) -> Result<BTreeMap<String, String>> {
    let query = "query ($after: String) { people(first: 1000, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } }";
    let text = |person: &Value, key: &str| person[key].as_str().unwrap_or_default().to_owned();
    let people = pages(api, query, json!({}), "/people").await?;
    let directory = people.iter().map(|person| (text(person, "id"), text(person, "name"))).collect();
    let acknowledged: BTreeMap<_, _> = sources.iter().flat_map(Source::people).collect();
    same("the directory", &directory, &acknowledged)?;
    Ok(directory)
}

/// Fails, with the differences, where two are not the same.
pub(crate) fn same(what: &str, held: &BTreeMap<String, String>, due: &BTreeMap<String, String>) -> Result<()> {
    let ids = held.keys().chain(due.keys()).collect::<std::collections::BTreeSet<_>>();
    let differ: Vec<_> = ids
        .into_iter()
        .filter(|id| held.get(*id) != due.get(*id))
        .map(|id| format!("{id}: {:?}, not {:?}", held.get(id), due.get(id)))
        .collect();
    ensure!(differ.is_empty(), "{what} differs for {} people: {}", differ.len(), differ.join("; "));
    Ok(())
}
