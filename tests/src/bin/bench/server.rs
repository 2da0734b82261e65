//! The server as it is shipped: nothing but where it listens, its database and the sink's network is given.

use crate::child;
use anyhow::{Context, Result, bail};
use product_tests::server::command;
use product_tests::{Api, Database};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::process::Child;

/// A server that runs. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) pid: u32,
    /// Its address as a URL without path.
    pub(crate) url: String,
    api: Api,
}

/// How the links of a sync or of the account stand.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) linked: u64,
    pub(crate) owed: u64,
    pub(crate) parked: u64,
    pub(crate) uncertain: u64,
    /// Settled without a request.
    pub(crate) unchanged: u64,
}

/// What the rules send of a person; [`crate::body`] is the same, rendered.
pub(crate) const DATA: &str =
    "{\"external_id\":\"{{ person.id }}\",\"name\":\"{{ person.name }}\",\"email\":\"{{ person.email }}\"}";

impl Counts {
    fn of(stats: &Value) -> Result<Self> {
        let of = |name: &str| stats[name].as_u64().with_context(|| format!("no stats.{name}"));
        Ok(Self {
            linked: of("linked")?,
            owed: of("owed")?,
            parked: of("parked")?,
            uncertain: of("uncertain")?,
            unchanged: of("unchanged")?,
        })
    }
}

impl Server {
    /// `mode`: which part of the work the node does, as `--mode` takes it.
    pub(crate) async fn start(database: &Database, mode: &str) -> Result<Self> {
        if database.url.starts_with("postgres") {
            let migrated = command(database).arg("migrate").output().await.context("cannot run crm-sync migrate")?;
            if !migrated.status.success() {
                bail!("crm-sync migrate: {}", String::from_utf8_lossy(&migrated.stderr));
            }
        }
        let log = database.directory.join("server.log");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot make {}", log.display()))?;
        let mut child = command(database)
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-network", "127.0.0.0/8", "--mode", mode])
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start crm-sync serve")?;
        let pid = child.id().context("the server ended at once")?;
        let url = child::address("server", &mut child, "listens on ").await?;
        let api = Api::new(&url, product_tests::server::KEY);
        Ok(Self { child, pid, url, api })
    }

    /// Makes a sync that creates contacts at `crm`; `more` is what else its input holds. Returns its id.
    pub(crate) async fn create_sync(&self, crm: &str, more: Value) -> Result<String> {
        let mut input = json!({
            "friendlyName": "Sink",
            "uniqueId": { "path": "$.id" },
            "createUsers": { "method": "POST", "url": format!("{crm}/contacts"), "data": DATA },
            "limits": { "maxConcurrency": 256 },
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        let made = self
            .ask("mutation ($input: SyncInput!) { createSync(input: $input) { id } }", json!({ "input": input }))
            .await?;
        Ok(made["createSync"]["id"].as_str().context("createSync answers no id")?.to_owned())
    }

    pub(crate) async fn pause(&self, sync: &str) -> Result<()> {
        self.ask("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": sync })).await.map(|_| ())
    }

    pub(crate) async fn resume(&self, sync: &str) -> Result<()> {
        self.ask("mutation ($id: ID!) { resumeSync(id: $id) { id } }", json!({ "id": sync })).await.map(|_| ())
    }

    /// Makes every owed and parked link of a sync due now.
    pub(crate) async fn retry(&self, sync: &str) -> Result<()> {
        let query = "mutation ($id: ID!) { retry(filter: { syncId: $id }) { marked } }";
        self.ask(query, json!({ "id": sync })).await.map(|_| ())
    }

    pub(crate) async fn counts(&self, sync: &str) -> Result<Counts> {
        let query = "query ($id: ID!) { sync(id: $id) { stats { linked owed parked uncertain unchanged } } }";
        Counts::of(&self.ask(query, json!({ "id": sync })).await?["sync"]["stats"])
    }

    /// Over all syncs.
    pub(crate) async fn all_counts(&self) -> Result<Counts> {
        Counts::of(&self.ask("{ stats { linked owed parked uncertain unchanged } }", json!({})).await?["stats"])
    }

    /// Its API.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let answer = self.api.send(query, variables).await.map_err(anyhow::Error::msg)?;
        if answer.body.get("errors").is_some() {
            bail!("the server refuses {query}: {}", answer.body);
        }
        Ok(answer.body["data"].clone())
    }

    /// SIGKILL, for those that would wait for requests under way.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")
    }

    /// SIGTERM, and waits for its end.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let told = tokio::process::Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await?;
        if !told.success() {
            bail!("cannot tell the server to stop");
        }
        let ended = tokio::time::timeout(std::time::Duration::from_secs(30), self.child.wait()).await;
        let status = ended.context("the server does not stop")??;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }
}
