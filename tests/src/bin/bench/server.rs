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

/// A sync's counts.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) linked: u64,
    pub(crate) owed: u64,
    pub(crate) parked: u64,
    pub(crate) uncertain: u64,
}

impl Server {
    pub(crate) async fn start(database: &Database) -> Result<Self> {
        if database.url.starts_with("postgres") {
            let migrated = command(database).arg("migrate").output().await.context("cannot run crm-sync migrate")?;
            if !migrated.status.success() {
                bail!("crm-sync migrate: {}", String::from_utf8_lossy(&migrated.stderr));
            }
        }
        let log = database.directory.join("server.log");
        let log = std::fs::File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
        let mut child = command(database)
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-network", "127.0.0.0/8"])
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

    /// Makes a sync that creates contacts at the sink. Returns its id.
    pub(crate) async fn create_sync(&self, sink: &str) -> Result<String> {
        let data =
            "{\"external_id\":\"{{ person.id }}\",\"name\":\"{{ person.name }}\",\"email\":\"{{ person.email }}\"}";
        let input = json!({
            "friendlyName": "Sink",
            "uniqueId": { "path": "$.id" },
            "createUsers": { "method": "POST", "url": format!("{sink}/contacts"), "data": data },
            "limits": { "maxConcurrency": 64 },
        });
        let made = self
            .ask("mutation ($input: SyncInput!) { createSync(input: $input) { id } }", json!({ "input": input }))
            .await?;
        Ok(made["createSync"]["id"].as_str().context("createSync answers no id")?.to_owned())
    }

    pub(crate) async fn counts(&self, sync: &str) -> Result<Counts> {
        let query = "query ($id: ID!) { sync(id: $id) { stats { linked owed parked uncertain } } }";
        let answer = self.ask(query, json!({ "id": sync })).await?;
        let of = |name: &str| answer["sync"]["stats"][name].as_u64().with_context(|| format!("no stats.{name}"));
        Ok(Counts { linked: of("linked")?, owed: of("owed")?, parked: of("parked")?, uncertain: of("uncertain")? })
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let answer = self.api.send(query, variables).await.map_err(anyhow::Error::msg)?;
        if answer.body.get("errors").is_some() {
            bail!("the server refuses {query}: {}", answer.body);
        }
        Ok(answer.body["data"].clone())
    }

    /// SIGTERM, and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<()> {
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
