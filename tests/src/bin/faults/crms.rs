//! The CRMs of a run: one for each way to keep a create from being done twice.

use crate::source::{pages, same};
use anyhow::{Result, ensure};
use mock_crm::{FaultRate, Faults, MockCrm, MockCrmOptions};
use product_tests::Api;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a create whose answer never came is resolved by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A lookup rule.
    Lookup,
    /// An id that we choose.
    ChosenId,
    /// An `Idempotency-Key` that the CRM heeds.
    Key,
    /// Nothing: the person is parked.
    Park,
}

pub(crate) const WAYS: [Way; 4] = [Way::Lookup, Way::ChosenId, Way::Key, Way::Park];

/// A CRM and the sync that goes to it.
pub(crate) struct Crm {
    pub(crate) way: Way,
    pub(crate) mock: MockCrm,
    pub(crate) sync: String,
}

impl Crm {
    pub(crate) async fn start(way: Way, api: &Api) -> Result<Self> {
        let options = MockCrmOptions {
            put_creates: way == Way::ChosenId,
            idempotency_keys: way == Way::Key,
            ..MockCrmOptions::default()
        };
        let mock = MockCrm::start(options).await?;
        let url = mock.url();
        let data = "{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }";
        let create = |method: &str, path: &str, more: Value| {
            let url = format!("{url}/contacts{path}");
            let mut rule = json!({ "method": method, "url": url, "data": data, "timeoutSeconds": 1 });
            for (name, value) in more.as_object().into_iter().flatten() {
                rule[name] = value.clone();
            }
            rule
        };
        let rules = match way {
            Way::Lookup => json!({}),
            Way::ChosenId => json!({
                "lookup": null, "uniqueId": { "template": "{{ person.id }}" },
                "createUsers": create("PUT", "/{{ person.id }}", json!({})),
            }),
            // A template that names the key tells that this CRM heeds it: a create is then repeated for a person who is deleted by now, too.
            Way::Key => {
                let headers = json!([{ "name": "X-Create-Key", "value": "{{ idempotency_key }}" }]);
                json!({ "lookup": null, "createUsers": create("POST", "", json!({ "headers": headers })) })
            }
            Way::Park => {
                json!({ "lookup": null, "createUsers": create("POST", "", json!({ "onUncertain": "PARK" })) })
            }
        };
        let mut input = json!({ "friendlyName": format!("{way:?}"), "limits": { "maxConcurrency": 64 } });
        for (name, value) in rules.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        let sync = api.create_sync(&url, input).await;
        Ok(Self { way, mock, sync })
    }

    /// Sets how many of the requests go wrong, and how. Where neither a lookup nor a chosen id tells a record's id, no answer
    /// is cut: a create that was accepted without telling its id is parked, and waits for somebody.
    pub(crate) fn fail(&self, faults: &[&str], seed: u64) -> Result<()> {
        let may_cut = matches!(self.way, Way::Lookup | Way::ChosenId);
        let faults = faults.iter().filter(|fault| may_cut || !fault.starts_with("cut"));
        let rates = faults.map(|fault| fault.parse::<FaultRate>()).collect::<Result<_, _>>()?;
        Ok(self.mock.set_faults(Faults { rates, seed, ..Faults::default() })?)
    }

    /// Compares what it holds with the directory. Who is parked may differ, but is not there twice. Returns how many are
    /// parked.
    pub(crate) async fn check(&self, api: &Api, directory: &BTreeMap<String, String>) -> Result<usize> {
        let mut records = BTreeMap::new();
        for record in self.mock.records() {
            let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
            let before = records.insert(text("external_id"), text("name"));
            ensure!(before.is_none(), "the CRM {:?} holds {} twice", self.way, text("external_id"));
        }
        let parked = self.parked(api).await?;
        ensure!(self.way == Way::Park || parked.is_empty(), "the CRM {:?} has parked people: {parked:?}", self.way);
        let wrong: Vec<_> = parked.iter().filter(|(_, code)| code != "UNCERTAIN").collect();
        ensure!(wrong.is_empty(), "the CRM {:?} has people who are parked for another reason: {wrong:?}", self.way);
        let parked: BTreeSet<_> = parked.into_iter().map(|(id, _)| id).collect();
        let but_parked = |people: &BTreeMap<String, String>| -> BTreeMap<_, _> {
            people.iter().filter(|(id, _)| !parked.contains(*id)).map(|(id, name)| (id.clone(), name.clone())).collect()
        };
        same(&format!("the CRM {:?}", self.way), &but_parked(&records), &but_parked(directory))?;
        Ok(parked.len())
    }

    /// What an administrator does about those who are parked as uncertain: removes what a create without an answer left in
    /// the CRM, and has them tried again. Otherwise they become more and more.
    pub(crate) async fn resolve(&self, api: &Api) -> Result<()> {
        let parked = self.parked(api).await?.into_iter().filter(|(_, code)| code == "UNCERTAIN");
        let parked: BTreeSet<_> = parked.map(|(id, _)| id).take(1000).collect();
        if parked.is_empty() {
            return Ok(());
        }
        for record in self.mock.records() {
            if record["external_id"].as_str().is_some_and(|id| parked.contains(id)) {
                self.mock.remove(record["id"].as_str().unwrap_or(&record["id"].to_string()));
            }
        }
        let query = "mutation ($sync: ID!, $people: [ID!]!) { retry(filter: { syncId: $sync, personIds: $people }) { marked } }";
        api.ok(query, json!({ "sync": self.sync, "people": parked })).await;
        Ok(())
    }

    /// Who is parked, and why.
    async fn parked(&self, api: &Api) -> Result<Vec<(String, String)>> {
        let query = "query ($id: ID!, $after: String) { sync(id: $id) { links(filter: { parked: true }, first: 1000, \
                     after: $after) { nodes { person { id } parkedCode } pageInfo { hasNextPage endCursor } } } }";
        let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let nodes = pages(api, query, json!({ "id": self.sync }), "/sync/links").await?;
        Ok(nodes.iter().map(|node| (of(&node["person"]["id"]), of(&node["parkedCode"]))).collect())
    }
}
