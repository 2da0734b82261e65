//! One request: its faults around what it does.

use crate::admin;
use crate::answer::{Answer, Body};
use crate::api::{self, Call};
use crate::connection::Connection;
use crate::counts::RecordedRequest;
use crate::fault::{Fault, Phase};
use crate::state::State;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

/// Longest body taken.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Asks for a fault.
const FAULT_HEADER: HeaderName = HeaderName::from_static("x-mock-fault");
/// Also asks for one: `/fault/status=500/contacts`.
const FAULT_PREFIX: &str = "/fault/";

/// Answers the connection's request of this number, or ends it or its connection. An error resets its stream.
pub(crate) async fn handle(
    state: Arc<State>,
    connection: Arc<Connection>,
    number: u32,
    request: Request<Incoming>,
) -> Result<Response<Body>, h2::Error> {
    let is_http_2 = request.version() == Version::HTTP_2;
    let (head, body) = request.into_parts();
    let (path, query) = (head.uri.path(), head.uri.query());
    let body = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(too_large().into_response(None)),
    };
    if path == "/healthz" || path.starts_with("/_mock/") {
        return Ok(admin::answer(&state, &head.method, path, &body).into_response(None));
    }
    let under_way = UnderWay::start(state.clone(), head.method.as_str(), api::idempotency_key(&head.headers));
    if state.record_requests > 0 {
        let path = head.uri.path_and_query().map_or(path, |path| path.as_str());
        let recorded = recorded(head.method.as_str(), path, &head.headers, &body);
        state.counts().record(recorded, state.record_requests);
    }
    let (fault, path) = match wanted_fault(path, &head.headers) {
        Ok((fault, path)) => (state.fault(fault), path.to_owned()),
        Err(answer) => return Ok(under_way.answered(answer, &Fault::default())),
    };
    under_way.count_fault(&fault);
    let query = query.map(str::to_owned);
    let call = Call { method: head.method, path, query, headers: head.headers, body };
    if fault.goaway && is_http_2 {
        connection.go_away();
    }
    if (fault.goaway || fault.refused_stream) && !is_http_2 {
        connection.hang_up();
        return pending().await;
    }
    // What the connection's GOAWAY has promised not to do is not done.
    if fault.goaway || !connection.begins(number) {
        return if connection.spoke_of(number) { Err(h2::Reason::REFUSED_STREAM.into()) } else { pending().await };
    }
    if fault.refused_stream {
        return Err(h2::Reason::REFUSED_STREAM.into());
    }
    Ok(match with_fault(&state, &fault, call).await {
        Some(answer) => under_way.answered(answer, &fault),
        None => {
            connection.hang_up();
            pending().await
        }
    })
}

/// The fault that a request asks for by path or header, and its path without that.
fn wanted_fault<'a>(path: &'a str, headers: &HeaderMap) -> Result<(Option<Fault>, &'a str), Answer> {
    let parse =
        |text: &str| text.parse::<Fault>().map_err(|fault| Answer::error(StatusCode::BAD_REQUEST, &fault.to_string()));
    if let Some(rest) = path.strip_prefix(FAULT_PREFIX) {
        let (text, _) = rest.split_once('/').unwrap_or((rest, ""));
        let fault = parse(&percent_decode_str(text).decode_utf8_lossy())?;
        return Ok((Some(fault), &rest[text.len()..]));
    }
    let fault = match headers.get(FAULT_HEADER) {
        Some(value) => Some(parse(&String::from_utf8_lossy(value.as_bytes()))?),
        None => None,
    };
    Ok((fault, path))
}

/// Does what is asked, and goes wrong where it shall. `None`: the connection ends without an answer.
async fn with_fault(state: &Arc<State>, fault: &Fault, call: Call) -> Option<Answer> {
    let waits_before = matches!(fault.delay, Some((Phase::Before, _)));
    let answer = if waits_before {
        // On a task of its own: as in a real system, it is done even if the client is gone by then.
        let (state, fault) = (state.clone(), fault.clone());
        tokio::spawn(async move {
            wait(&state, &fault, Phase::Before).await?;
            done(&state, &fault, &call).await
        })
        .await
        .ok()
        .flatten()?
    } else {
        done(state, fault, &call).await?
    };
    wait(state, fault, Phase::After).await?;
    end_here(fault, Phase::After).await?;
    Some(answer)
}

async fn done(state: &State, fault: &Fault, call: &Call) -> Option<Answer> {
    end_here(fault, Phase::Before).await?;
    if let Some(quota) = fault.quota
        && let Err(wait) = state.take(quota)
    {
        return Some(quota.refusal(wait));
    }
    if let Some(answer) = refusal(fault).or_else(|| untrue(fault, Phase::Before)) {
        return Some(answer);
    }
    if let Err(scheme) = state.auth.check(&call.headers) {
        let answer = Answer::error(StatusCode::UNAUTHORIZED, "the credentials are missing or wrong");
        return Some(answer.with(WWW_AUTHENTICATE, format!("{scheme} realm=\"mock-crm\"")));
    }
    let answer = state.contacts().answer(call, &fault.manner, Instant::now());
    Some(untrue(fault, Phase::After).unwrap_or(answer))
}

/// A 200 that tells nothing of what was done.
fn untrue(fault: &Fault, here: Phase) -> Option<Answer> {
    let page = || (fault.page == Some(here)).then(Answer::page);
    let error = || (fault.error == Some(here)).then(Answer::error_inside);
    page().or_else(error)
}

/// Waits as long as the fault says; `None` if the server ends meanwhile.
async fn wait(state: &State, fault: &Fault, here: Phase) -> Option<()> {
    let Some((_, delay)) = fault.delay.filter(|(phase, _)| *phase == here) else { return Some(()) };
    tokio::select! {
        () = tokio::time::sleep(delay) => Some(()),
        () = state.stopped() => None,
    }
}

/// `None` where the connection ends here; does not return where the client is to wait for ever.
async fn end_here(fault: &Fault, here: Phase) -> Option<()> {
    if fault.hang == Some(here) {
        pending::<()>().await;
    }
    (fault.hangup != Some(here)).then_some(())
}

/// The answer of a fault that keeps from storing anything.
fn refusal(fault: &Fault) -> Option<Answer> {
    if fault.redirect {
        let answer = Answer::error(StatusCode::TEMPORARY_REDIRECT, "this is elsewhere");
        return Some(answer.with(LOCATION, "/elsewhere"));
    }
    let status = fault.status.or(fault.retry_after.map(|_| 429))?;
    let answer = Answer::error(StatusCode::from_u16(status).ok()?, "this fault was asked for");
    Some(match fault.retry_after {
        Some(seconds) => answer.with(RETRY_AFTER, seconds.to_string()),
        None => answer,
    })
}

fn too_large() -> Answer {
    Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "the body is cut or larger than 10 MiB")
}

fn recorded(method: &str, path: &str, headers: &HeaderMap, body: &Bytes) -> RecordedRequest {
    let headers = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = match value.split_once(' ') {
            Some((scheme, _)) if name == AUTHORIZATION => format!("{scheme} [redacted]"),
            None if name == AUTHORIZATION => "[redacted]".to_owned(),
            _ => value.into_owned(),
        };
        (name.as_str().to_owned(), value)
    });
    RecordedRequest { method: method.into(), path: path.into(), headers: headers.collect(), body: body.clone() }
}

/// Counts a request as long as it is worked on, however it ends.
struct UnderWay {
    state: Arc<State>,
}

impl UnderWay {
    fn start(state: Arc<State>, method: &str, key: Option<String>) -> Self {
        state.counts().arrived(method, key);
        Self { state }
    }

    fn count_fault(&self, fault: &Fault) {
        let mut kinds = fault.kinds().peekable();
        if kinds.peek().is_some() {
            let mut counts = self.state.counts();
            kinds.for_each(|kind| *counts.stats.by_fault.entry(kind).or_default() += 1);
        }
    }

    fn answered(self, answer: Answer, fault: &Fault) -> Response<Body> {
        let response = answer.into_response(fault.body);
        *self.state.counts().stats.by_status.entry(response.status().as_u16()).or_default() += 1;
        response
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.state.counts().stats.in_flight -= 1;
    }
}
