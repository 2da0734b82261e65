//! GraphQL over HTTP by the specification of the GraphQL foundation (draft of 2025): negotiation, status codes, and no
//! mutation by GET.

use super::credential::Credential;
use super::{Served, is_json, websocket};
use crate::telemetry;
use crate::telemetry::metrics::{Answered, api_answered};
use api_graphql::Caller;
use async_graphql::parser::types::OperationType;
use async_graphql::{ErrorExtensionValues, Response as Answer, ServerError, Value, Variables};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::borrow::Cow;
use std::time::Instant;
use sync_engine::{EngineError, chain};
use tracing::{Instrument, error};

const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// How the answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    /// `application/graphql-response+json`: the status tells whether the document ran.
    Graphql,
    /// `application/json`, as older clients expect it: 200 also for a document that never ran.
    Json,
}

/// A request by the specification.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default)]
    variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// POST and GET requests; a WebSocket handshake goes on there.
pub(super) async fn handle(State(served): State<Served>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if parts.method == Method::GET && parts.headers.contains_key(header::UPGRADE) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &served).await {
            Ok(upgrade) => websocket::upgrade(served, upgrade, &parts),
            Err(refused) => refused.into_response(),
        };
    }
    let begun = Instant::now();
    let mut seen = Seen { kind: "unknown", answered: Answered::Error };
    let response = respond(served, parts, body, &mut seen).await;
    api_answered(seen.kind, seen.answered, begun.elapsed());
    response
}

/// What is measured of a request: an error, until it has been answered without one.
struct Seen {
    kind: &'static str,
    answered: Answered,
}

async fn respond(served: Served, parts: Parts, body: Body, seen: &mut Seen) -> Response {
    let Some(media) = negotiate(&parts.headers) else {
        return (StatusCode::NOT_ACCEPTABLE, format!("accept {GRAPHQL_RESPONSE} or {JSON}\n")).into_response();
    };
    let caller = match authenticate(&served, &parts).await {
        Ok(caller) => caller,
        Err(refused) => return refused.response(media),
    };
    let query = match parts.method {
        Method::GET => parse_query_string(parts.uri.query().unwrap_or("")),
        Method::POST => match parse_body(&parts.headers, body).await {
            Ok(parameters) => parameters,
            Err(status) => return status.into_response(),
        },
        _ => return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response(),
    };
    let mut query = match query {
        Ok(parameters) => request_of(parameters),
        Err(fault) => return bad_request(media, fault),
    };
    if parts.method == Method::GET {
        match api_graphql::parsed(&mut query) {
            Ok(document) => {
                // Without a name, one operation is meant: with several, executing refuses it anyway.
                if document.operations.iter().any(|(_, operation)| operation.node.ty != OperationType::Query) {
                    return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]).into_response();
                }
            }
            Err(fault) => return answer(media, api_graphql::coded(Answer::from_errors(vec![fault]))),
        }
    }
    seen.kind = kind_of(&mut query);
    let span = telemetry::traces::of_call(&parts.headers, seen.kind);
    // On a task of its own: a client that hangs up must not cut a mutation in half.
    let work = async move { served.schema.execute(query.data(caller)).await };
    let running = tokio::spawn(work.instrument(span.clone()));
    match running.await {
        Ok(done) => {
            if done.is_ok() {
                seen.answered = Answered::Ok;
            } else {
                span.record("otel.status_code", "ERROR");
            }
            answer(media, api_graphql::coded(done))
        }
        Err(failed) => {
            error!(error = chain(&failed), "a GraphQL request failed");
            Refused::internal().response(media)
        }
    }
}

/// The type of the operation that a request means.
fn kind_of(query: &mut async_graphql::Request) -> &'static str {
    let name = query.operation_name.clone();
    // What cannot be parsed is told where it is executed.
    let Ok(document) = api_graphql::parsed(query) else { return "unknown" };
    let mut operations = document.operations.iter();
    let meant = match &name {
        Some(name) => operations.find(|(given, _)| given.is_some_and(|given| given.as_str() == name)),
        None => operations.next(),
    };
    match meant.map(|(_, operation)| operation.node.ty) {
        Some(OperationType::Query) => "query",
        Some(OperationType::Mutation) => "mutation",
        Some(OperationType::Subscription) => "subscription",
        None => "unknown",
    }
}

/// The code of what cannot be served now.
const UNAVAILABLE: &str = "UNAVAILABLE";

/// Why a request is not executed.
struct Refused {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
}

impl Refused {
    fn internal() -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "INTERNAL", message: "an internal error".into() }
    }

    fn response(self, media: Media) -> Response {
        let mut response = write(media, self.status, &Answer::from_errors(vec![coded(self.code, &self.message)]), true);
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

async fn authenticate(served: &Served, request: &Parts) -> Result<Caller, Refused> {
    let unauthenticated = |message: String| {
        let message = message.into();
        Refused { status: StatusCode::UNAUTHORIZED, code: "UNAUTHENTICATED", message }
    };
    let credential = match Credential::of(served, request) {
        Ok(Some(credential)) => credential,
        Ok(None) => {
            return Err(unauthenticated("no API key: send it as Authorization: Bearer KEY".to_owned()));
        }
        Err(foreign) => return Err(unauthenticated(format!("the session's cookie is not taken here: {foreign}"))),
    };
    match credential.caller(&served.engine).await {
        Ok(Some((caller, _))) => Ok(caller),
        Ok(None) => Err(unauthenticated(credential.refusal().to_owned())),
        Err(error @ (EngineError::Unavailable(_) | EngineError::Lost(_))) => {
            error!(error = chain(&error), "checking an API key failed");
            let message = "not available now, nothing was changed: try again later".into();
            Err(Refused { status: StatusCode::SERVICE_UNAVAILABLE, code: UNAVAILABLE, message })
        }
        Err(error) => {
            error!(error = chain(&error), "checking an API key failed");
            Err(Refused::internal())
        }
    }
}

/// The first media type of `Accept` that is known here. Left out: JSON.
fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let Some(accept) = headers.get(header::ACCEPT) else { return Some(Media::Json) };
    let mut wildcard = None;
    for range in accept.to_str().ok()?.split(',') {
        match range.split(';').next().unwrap_or("").trim() {
            GRAPHQL_RESPONSE => return Some(Media::Graphql),
            JSON => return Some(Media::Json),
            "*/*" | "application/*" => wildcard = Some(Media::Json),
            _ => {}
        }
    }
    wildcard
}

async fn parse_body(headers: &HeaderMap, body: Body) -> Result<Result<Parameters, String>, StatusCode> {
    if !is_json(headers) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = to_bytes(body, super::BODY_BYTES_MAX).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(parse(&body).map_err(|fault| format!("the body is no GraphQL request: {fault}")))
}

/// Reads JSON; numbers keep their digits.
fn parse<T: serde::de::DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    // A fault is told where it stands in what was sent.
    serde_json::from_slice(&api_graphql::take_in(json)).or_else(|_| serde_json::from_slice(json))
}

fn parse_query_string(query: &str) -> Result<Parameters, String> {
    let mut parameters = Parameters { query: String::new(), operation_name: None, variables: None, extensions: None };
    let mut has_query = false;
    let json =
        |name: &str, value: &str| parse(value.as_bytes()).map_err(|fault| format!("{name} is no JSON object: {fault}"));
    for (name, value) in url_decoded(query) {
        match name.as_str() {
            "query" => {
                has_query = true;
                parameters.query = value;
            }
            "operationName" => parameters.operation_name = Some(value).filter(|name| !name.is_empty()),
            "variables" => parameters.variables = json("variables", &value)?,
            "extensions" => parameters.extensions = json("extensions", &value)?,
            _ => {}
        }
    }
    if has_query { Ok(parameters) } else { Err("the parameter query is missing".to_owned()) }
}

fn url_decoded(query: &str) -> Vec<(String, String)> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&format!("/?{query}").parse().unwrap_or_default())
        .map(|pairs| pairs.0)
        .unwrap_or_default()
}

fn request_of(parameters: Parameters) -> async_graphql::Request {
    let mut request = async_graphql::Request::new(parameters.query);
    if let Some(name) = parameters.operation_name {
        request = request.operation_name(name);
    }
    if let Some(variables) = parameters.variables {
        request = request.variables(Variables::from_json(variables.into()));
    }
    request
}

fn coded(code: &'static str, message: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    if code == UNAVAILABLE {
        extensions.set("carriedOut", "NO");
    }
    error.extensions = Some(extensions);
    error
}

fn bad_request(media: Media, fault: String) -> Response {
    let error = coded("BAD_USER_INPUT", &fault);
    write(media, StatusCode::BAD_REQUEST, &Answer::from_errors(vec![error]), true)
}

fn answer(media: Media, done: Answer) -> Response {
    // A document that never ran has no data, and no error has a path.
    let never_ran = done.is_err() && done.data == Value::Null && done.errors.iter().all(|error| error.path.is_empty());
    let status = if never_ran && media == Media::Graphql { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    write(media, status, &done, never_ran)
}

fn write(media: Media, status: StatusCode, answer: &Answer, without_data: bool) -> Response {
    let body = serde_json::to_value(answer).and_then(|mut value| {
        if let (true, Some(object)) = (without_data, value.as_object_mut()) {
            object.remove("data");
        }
        serde_json::to_string(&value).map(api_graphql::give_out)
    });
    let Ok(body) = body else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let kind = match media {
        Media::Graphql => "application/graphql-response+json; charset=utf-8",
        Media::Json => "application/json; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        // A browser that shows an answer as a page must not take it for one.
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}
