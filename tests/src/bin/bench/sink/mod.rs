//! The CRM of a measurement: an HTTP server that does as little as can be done, and notes when each person arrived.
//!
//! Requests go to `/LANE/contacts`. A lane is named for how it behaves, with whatever one likes after a dash (`ok-3`):
//! lanes are counted apart.

mod handle;
mod lane;

pub(crate) use handle::Sink;
pub(crate) use lane::Count;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lane::Lane;
use serde::Serialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::net::TcpListener;

/// `bench sink`
#[derive(clap::Args)]
pub(crate) struct Arguments {}

/// How a lane behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behaviour {
    /// Accepts everybody, but those whom it was told to refuse.
    Accepts,
    /// Accepts everybody and keeps what they are, while it is up; 503 while it is down.
    Keeps,
    /// Never answers.
    Hangs,
    /// 500 to everybody.
    Fails,
    /// 429 to everybody, with a `Retry-After` of a second.
    Limits,
}

impl Behaviour {
    fn of(lane: &str) -> Option<Self> {
        Some(match lane.split_once('-').map_or(lane, |(behaviour, _)| behaviour) {
            "ok" => Self::Accepts,
            "keep" => Self::Keeps,
            "hang" => Self::Hangs,
            "500" => Self::Fails,
            "429" => Self::Limits,
            _ => return None,
        })
    }
}

#[derive(Default)]
struct State {
    lanes: RwLock<HashMap<String, Arc<Mutex<Lane>>>>,
    is_down: AtomicBool,
    /// People with smaller numbers are refused with 400, this many of each hundred.
    refused_below: AtomicUsize,
    refused_per_cent: AtomicUsize,
}

type Answer = Response<Full<Bytes>>;

/// Serves until standard input ends, so that it never outlives who started it.
pub(crate) async fn run(_: &Arguments) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the sink cannot listen")?;
    println!("listens on http://{}", listener.local_addr()?);
    let state = Arc::new(State::default());
    tokio::select! {
        served = serve(&listener, &state) => served,
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

async fn serve(listener: &TcpListener, state: &Arc<State>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("the sink cannot accept")?;
        stream.set_nodelay(true)?;
        let state = state.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let state = state.clone();
                async move { Ok::<_, Infallible>(answer(&state, request).await) }
            });
            // A client that goes away is none of the sink's business.
            let _gone = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: &State, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let path: Vec<&str> = head.uri.path().split('/').skip(1).collect();
    match path.as_slice() {
        ["control", command @ ..] => state.control(command),
        [lane, "contacts", ..] => match Behaviour::of(lane) {
            None => text(StatusCode::NOT_FOUND, "no such lane"),
            Some(behaviour) => match body.collect().await {
                Ok(body) => state.contact(lane, behaviour, &head.method, &body.to_bytes()).await,
                Err(_) => text(StatusCode::BAD_REQUEST, "the body was cut"),
            },
        },
        _ => text(StatusCode::NOT_FOUND, ""),
    }
}

impl State {
    async fn contact(&self, lane: &str, behaviour: Behaviour, method: &Method, body: &Bytes) -> Answer {
        let person = lane::person(body);
        let status = match behaviour {
            Behaviour::Fails => StatusCode::INTERNAL_SERVER_ERROR,
            Behaviour::Limits => StatusCode::TOO_MANY_REQUESTS,
            Behaviour::Keeps if self.is_down.load(Ordering::SeqCst) => StatusCode::SERVICE_UNAVAILABLE,
            Behaviour::Accepts if self.refuses(person) => refusal(person),
            _ if method == Method::POST => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        let is_accepted = status.is_success() && behaviour != Behaviour::Hangs;
        let number = {
            let lane = self.lane(lane);
            let mut lane = lane.lock().unwrap_or_else(PoisonError::into_inner);
            if is_accepted && behaviour == Behaviour::Keeps {
                lane.keep(person, body);
            }
            lane.arrived(person, is_accepted)
        };
        match behaviour {
            Behaviour::Hangs => std::future::pending().await,
            Behaviour::Limits => {
                let mut answer = text(status, "{}");
                answer.headers_mut().insert("retry-after", HeaderValue::from_static("1"));
                answer
            }
            _ if is_accepted => text(status, format!("{{\"id\":\"{number}\"}}")),
            _ => text(status, "{}"),
        }
    }

    fn refuses(&self, person: Option<usize>) -> bool {
        let per_cent = self.refused_per_cent.load(Ordering::Relaxed);
        per_cent > 0
            && person
                .is_some_and(|person| person < self.refused_below.load(Ordering::Relaxed) && person % 100 < per_cent)
    }

    fn lane(&self, name: &str) -> Arc<Mutex<Lane>> {
        if let Some(lane) = self.lanes.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return lane.clone();
        }
        self.lanes.write().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default().clone()
    }

    fn control(&self, command: &[&str]) -> Answer {
        let of = |lane: &str| self.lane(lane);
        match command {
            ["count", lane] => json(&of(lane).lock().unwrap_or_else(PoisonError::into_inner).count()),
            ["held", lane] => json(&of(lane).lock().unwrap_or_else(PoisonError::into_inner).held()),
            ["arrivals", lane, from, to] => match (from.parse(), to.parse()) {
                (Ok(from), Ok(to)) => json(&of(lane).lock().unwrap_or_else(PoisonError::into_inner).arrivals(from..to)),
                _ => text(StatusCode::BAD_REQUEST, "no range"),
            },
            ["reset"] => {
                self.lanes.write().unwrap_or_else(PoisonError::into_inner).clear();
                text(StatusCode::OK, "null")
            }
            [state @ ("up" | "down")] => {
                self.is_down.store(*state == "down", Ordering::SeqCst);
                text(StatusCode::OK, "null")
            }
            ["refuse", below, per_cent] => match (below.parse(), per_cent.parse()) {
                (Ok(below), Ok(per_cent)) => {
                    self.refused_below.store(below, Ordering::Relaxed);
                    self.refused_per_cent.store(per_cent, Ordering::Relaxed);
                    text(StatusCode::OK, "null")
                }
                _ => text(StatusCode::BAD_REQUEST, "no numbers"),
            },
            _ => text(StatusCode::NOT_FOUND, "no such command"),
        }
    }
}

fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_string(value) {
        Ok(body) => text(StatusCode::OK, body),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}

/// How somebody is refused: not everybody alike, which would hold the rule back.
fn refusal(person: Option<usize>) -> StatusCode {
    const STATUSES: [StatusCode; 4] = [
        StatusCode::BAD_REQUEST,
        StatusCode::UNPROCESSABLE_ENTITY,
        StatusCode::NOT_ACCEPTABLE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
    ];
    STATUSES[person.unwrap_or(0) % STATUSES.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn status(state: &State, lane: &str, number: usize) -> u16 {
        let body = Bytes::from(crate::body(number));
        let behaviour = Behaviour::of(lane).unwrap();
        state.contact(lane, behaviour, &Method::POST, &body).await.status().as_u16()
    }

    #[tokio::test]
    async fn a_lane_behaves_as_it_is_named() {
        let state = State::default();
        for (lane, expected) in [("ok", 201), ("ok-7", 201), ("500", 500), ("429-a", 429), ("keep", 201)] {
            assert_eq!(status(&state, lane, 1).await, expected, "{lane}");
        }
        assert_eq!(Behaviour::of("okay"), None);
        let hangs = tokio::time::timeout(std::time::Duration::from_millis(1), status(&state, "hang", 1)).await;
        assert!(hangs.is_err());
    }

    #[tokio::test]
    async fn it_goes_down_and_comes_back() {
        let state = State::default();
        state.control(&["down"]);
        assert_eq!(status(&state, "keep", 1).await, 503);
        assert_eq!(status(&state, "ok", 1).await, 201);
        state.control(&["up"]);
        assert_eq!(status(&state, "keep", 1).await, 201);
        let count = state.lane("keep").lock().unwrap().count();
        assert_eq!((count.people, count.requests, count.accepted), (1, 2, 1));
        assert_eq!(state.lane("keep").lock().unwrap().held()[&1], crate::body(1));
    }

    #[tokio::test]
    async fn it_refuses_a_share_of_some_people() {
        let state = State::default();
        state.control(&["refuse", "1000", "90"]);
        let mut refused = Vec::new();
        for number in [0, 89, 90, 99, 100, 999, 1000, 1001] {
            if status(&state, "ok", number).await >= 400 {
                refused.push(number);
            }
        }
        assert_eq!(refused, [0, 89, 100]);
    }
}
