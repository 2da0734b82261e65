//! The sink's process, seen from the one that started it.

use super::Count;
use crate::child;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;

/// A sink that runs. Ends when dropped.
pub(crate) struct Sink {
    _child: tokio::process::Child,
    http: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

impl Sink {
    pub(crate) async fn start() -> Result<Self> {
        let mut child = child::command(["sink"])?.spawn().context("cannot start the sink")?;
        let url = child::address("sink", &mut child, "listens on ").await?;
        let http = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { _child: child, http, url })
    }

    /// A lane's address as a URL.
    pub(crate) fn url(&self, lane: &str) -> String {
        format!("{}/{lane}", self.url)
    }

    pub(crate) async fn count(&self, lane: &str) -> Result<Count> {
        self.ask(Method::GET, &format!("count/{lane}")).await
    }

    /// By person of a range: when the first accepted request came, in microseconds since 1970; 0: never.
    pub(crate) async fn arrivals(&self, lane: &str, people: Range<usize>) -> Result<Vec<u64>> {
        self.ask(Method::GET, &format!("arrivals/{lane}/{}/{}", people.start, people.end)).await
    }

    /// By person: the body of the newest accepted request; only of lanes that keep it.
    pub(crate) async fn held(&self, lane: &str) -> Result<BTreeMap<usize, String>> {
        self.ask(Method::GET, &format!("held/{lane}")).await
    }

    /// Forgets everything that came.
    pub(crate) async fn reset(&self) -> Result<()> {
        self.ask(Method::POST, "reset").await
    }

    /// The lanes `keep` go down (503), or come up again.
    pub(crate) async fn set_up(&self, is_up: bool) -> Result<()> {
        self.ask(Method::POST, if is_up { "up" } else { "down" }).await
    }

    /// The lanes `ok` refuse (400) this share of the people whose number is smaller.
    pub(crate) async fn refuse(&self, below: usize, per_cent: u32) -> Result<()> {
        self.ask(Method::POST, &format!("refuse/{below}/{per_cent}")).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, command: &str) -> Result<T> {
        let url = format!("{}/control/{command}", self.url);
        let request = Request::builder().method(method).uri(url).body(Full::new(Bytes::new()))?;
        let answer =
            self.http.request(request).await.with_context(|| format!("no answer from the sink to {command}"))?;
        if answer.status() != StatusCode::OK {
            bail!("the sink answered {} to {command}", answer.status());
        }
        let body = answer.into_body().collect().await?.to_bytes();
        serde_json::from_slice(&body).with_context(|| format!("the sink's answer to {command} cannot be read"))
    }
}
