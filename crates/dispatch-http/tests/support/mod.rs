//! Servers that answer byte for byte as a test says, and requests to them.

use dispatch_http::{HttpDispatcher, Options};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use sync_core::outcome::{Answer, Exchange, NoAnswer, NotSent, Outcome, Request, RequestHeader};
use sync_core::ports::Dispatcher;
use sync_core::sync::{BodyFormat, Method};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Longer than anything here takes: reaching it fails the test.
pub(crate) const PATIENT: Duration = Duration::from_secs(10);
/// The deadline where a test is about reaching it.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// A server on a free port of 127.0.0.1, gone when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Gives each connection to `serve`.
    pub(crate) async fn start<F>(serve: impl Fn(Connection) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (count, seen) = (connections.clone(), requests.clone());
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let nth = count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(Connection { stream, nth, requests: seen.clone() }));
            }
        });
        Self { address, connections, requests, accepting }
    }

    /// Writes `answer` to each request, and keeps the connection.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<Vec<u8>> = Arc::new(answer.into());
        Self::start(move |mut connection| {
            let answer = answer.clone();
            async move {
                while connection.request().await.is_some() {
                    connection.write(&answer).await;
                }
            }
        })
        .await
    }

    /// Writes `answer` to one request of each connection, and closes it.
    pub(crate) async fn answering_once(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<Vec<u8>> = Arc::new(answer.into());
        Self::start(move |mut connection| {
            let answer = answer.clone();
            async move {
                if connection.request().await.is_some() {
                    connection.write(&answer).await;
                }
            }
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/contacts", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Requests in the order in which they were read, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// One accepted connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) nth: usize,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Connection {
    /// Reads one request with a body of its `Content-Length`; `None` once the client has closed.
    pub(crate) async fn request(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            read_some(&mut self.stream, &mut bytes).await?;
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
        assert!(!head.contains("transfer-encoding"), "chunked request: {head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while bytes.len() < head_end + length {
            read_some(&mut self.stream, &mut bytes).await?;
        }
        assert_eq!(bytes.len(), head_end + length, "more was sent than announced");
        let request = String::from_utf8_lossy(&bytes).into_owned();
        self.requests.lock().unwrap().push(request.clone());
        Some(request)
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // The client may have had enough and closed.
        let _ = self.stream.write_all(bytes).await;
    }

    /// Holds the connection until the client closes it.
    pub(crate) async fn hold(mut self) {
        let mut bytes = Vec::new();
        while read_some(&mut self.stream, &mut bytes).await.is_some() {
            bytes.clear();
        }
    }
}

async fn read_some(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(bytes).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}

/// An answer with a length.
pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An answer with an encoding and a length.
pub(crate) fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Options that let the test's own servers be reached.
pub(crate) fn loopback() -> Options {
    Options { allow_networks: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()], ..Options::default() }
}

pub(crate) fn dispatcher() -> HttpDispatcher {
    HttpDispatcher::new(loopback()).unwrap()
}

pub(crate) fn post(url: &str, body: &'static str) -> Request {
    Request {
        method: Method::Post,
        url: url.parse().unwrap(),
        headers: vec![RequestHeader { name: "Content-Type".into(), value: "application/json".into(), secret: false }],
        body: Some(body.into()),
        format: BodyFormat::Json,
        ssl_verification: true,
        timeout: PATIENT,
    }
}

pub(crate) fn within(request: Request, timeout: Duration) -> Request {
    Request { timeout, ..request }
}

/// Sends a POST and expects an answer.
pub(crate) async fn answer(url: &str) -> Answer {
    answered(dispatcher().send(&post(url, "{}")).await)
}

#[track_caller]
pub(crate) fn answered(exchange: Exchange) -> Answer {
    match exchange.outcome {
        Outcome::Answered(answer) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn not_sent(exchange: Exchange) -> (NotSent, String) {
    match exchange.outcome {
        Outcome::NotSent(reason, text) => (reason, text),
        other => panic!("may have been sent: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn no_answer(exchange: Exchange) -> (NoAnswer, String) {
    match exchange.outcome {
        Outcome::NoAnswer(reason, text) => (reason, text),
        other => panic!("not 'sent, no answer': {other:?}"),
    }
}
