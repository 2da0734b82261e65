//! The CRM of a measurement: an HTTP server that does as little as can be done, and notes when each person arrived.

use crate::{PERSON, child, now};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;

/// `bench sink`
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// People are numbered from 0 to one less than this.
    #[arg(long)]
    people: usize,
}

struct Sink {
    /// By person: when the first request came, in microseconds since 1970; 0: never.
    arrivals: Vec<AtomicU64>,
    /// People who arrived.
    people: AtomicU64,
    /// Requests, repeated ones and ones about nobody included.
    requests: AtomicU64,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Count {
    /// People who arrived.
    pub(crate) people: u64,
    /// Requests, repeated ones and ones about nobody included.
    pub(crate) requests: u64,
}

/// Serves until standard input ends, so that it never outlives who started it.
pub(crate) async fn run(arguments: &Arguments) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the sink cannot listen")?;
    println!("listens on http://{}", listener.local_addr()?);
    let arrivals = (0..arguments.people).map(|_| AtomicU64::new(0)).collect();
    let sink = Arc::new(Sink { arrivals, people: AtomicU64::new(0), requests: AtomicU64::new(0) });
    tokio::select! {
        served = serve(&listener, &sink) => served,
        () = input_ended() => Ok(()),
    }
}

/// Resolves when standard input ends; on a thread of its own, which is not waited for.
async fn input_ended() {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        tell.send(read)
    });
    let _either_way = told.await;
}

async fn serve(listener: &TcpListener, sink: &Arc<Sink>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("the sink cannot accept")?;
        stream.set_nodelay(true)?;
        let sink = sink.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(sink.clone(), request));
            // A client that goes away is none of the sink's business.
            let _gone = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(sink: Arc<Sink>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let (status, body) = match (head.method, head.uri.path()) {
        (Method::POST, "/contacts") => match body.collect().await {
            Ok(body) => (StatusCode::CREATED, sink.arrived(&body.to_bytes())),
            Err(_) => (StatusCode::BAD_REQUEST, String::new()),
        },
        (Method::POST, "/reset") => {
            sink.reset();
            (StatusCode::OK, "{}".to_owned())
        }
        (Method::GET, "/count") => (StatusCode::OK, serde_json::to_string(&sink.count()).unwrap_or_default()),
        (Method::GET, "/arrivals") => (StatusCode::OK, serde_json::to_string(&sink.arrivals).unwrap_or_default()),
        _ => (StatusCode::NOT_FOUND, String::new()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Ok(response)
}

impl Sink {
    fn arrived(&self, body: &[u8]) -> String {
        let at = now();
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(arrival) = person(body).and_then(|number| self.arrivals.get(number))
            && arrival.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            self.people.fetch_add(1, Ordering::Relaxed);
        }
        format!("{{\"id\":\"{request}\"}}")
    }

    fn reset(&self) {
        for arrival in &self.arrivals {
            arrival.store(0, Ordering::Relaxed);
        }
        self.people.store(0, Ordering::Relaxed);
        self.requests.store(0, Ordering::Relaxed);
    }

    fn count(&self) -> Count {
        Count { people: self.people.load(Ordering::Relaxed), requests: self.requests.load(Ordering::Relaxed) }
    }
}

/// The number of the person that a body is about.
fn person(body: &[u8]) -> Option<usize> {
    let begin = body.windows(PERSON.len()).position(|window| window == PERSON.as_bytes())? + PERSON.len();
    let digits = body[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&body[begin..begin + digits]).ok()?.parse().ok()
}

/// The process, seen from the one that started it. Ends when dropped.
pub(crate) struct Process {
    _child: tokio::process::Child,
    http: Client<HttpConnector, Full<Bytes>>,
    /// Its address as a URL without path.
    pub(crate) url: String,
}

impl Process {
    pub(crate) async fn start(people: usize) -> Result<Self> {
        let mut command = child::command(["sink", "--people", &people.to_string()])?;
        let mut child = command.spawn().context("cannot start the sink")?;
        let url = child::address("sink", &mut child, "listens on ").await?;
        let http = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { _child: child, http, url })
    }

    pub(crate) async fn count(&self) -> Result<Count> {
        self.ask(Method::GET, "/count").await
    }

    /// By person: when the first request came, in microseconds since 1970; 0: never.
    pub(crate) async fn arrivals(&self) -> Result<Vec<u64>> {
        self.ask(Method::GET, "/arrivals").await
    }

    pub(crate) async fn reset(&self) -> Result<()> {
        self.ask::<serde_json::Value>(Method::POST, "/reset").await.map(|_| ())
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, method: Method, path: &str) -> Result<T> {
        let request =
            Request::builder().method(method).uri(format!("{}{path}", self.url)).body(Full::new(Bytes::new()))?;
        let answer = self.http.request(request).await.with_context(|| format!("no answer from the sink to {path}"))?;
        if answer.status() != StatusCode::OK {
            bail!("the sink answered {} to {path}", answer.status());
        }
        let body = answer.into_body().collect().await?.to_bytes();
        serde_json::from_slice(&body).with_context(|| format!("the sink's answer to {path} cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_person_in_a_body() {
        assert_eq!(person(crate::body(1234).as_bytes()), Some(1234));
        assert_eq!(person(b"{\"external_id\": \"bench-person-\"}"), None);
        assert_eq!(person(b"{}"), None);
    }

    #[test]
    fn counts_a_person_once_and_each_request() {
        let sink = Sink {
            arrivals: (0..2).map(|_| AtomicU64::new(0)).collect(),
            people: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        };
        assert_eq!(sink.arrived(crate::body(1).as_bytes()), "{\"id\":\"0\"}");
        let first = sink.arrivals[1].load(Ordering::Relaxed);
        for other in [crate::body(1), crate::body(2), String::new()] {
            sink.arrived(other.as_bytes());
        }
        let count = sink.count();
        assert_eq!((count.people, count.requests), (1, 4));
        assert_eq!(sink.arrivals[1].load(Ordering::Relaxed), first);
        sink.reset();
        assert_eq!((sink.count().people, sink.count().requests), (0, 0));
    }
}
