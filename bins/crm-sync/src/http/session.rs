//! `POST /session` exchanges an API key for the cookie of a console session, `DELETE /session` ends it. Errors are JSON:
//! `{"error": "..."}`.

use super::console::secured;
use super::credential::{set_cookie, token_of};
use super::{Served, is_json};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use sync_engine::{EngineError, chain};
use tracing::error;

/// The most bytes of a body: a key is 48 characters, or as long as a script chose it.
const BODY_BYTES_MAX: usize = 4096;

/// What a session is opened with.
#[derive(Deserialize)]
struct Opening {
    key: SecretString,
}

/// Both methods.
pub(super) async fn handle(State(served): State<Served>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let done = match parts.method {
        Method::POST => open(&served, &parts, body).await,
        Method::DELETE => close(&served, &parts).await,
        _ => Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "POST opens a session, DELETE ends it")),
    };
    let mut response = done.unwrap_or_else(IntoResponse::into_response);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    secured(response)
}

async fn open(served: &Served, request: &Parts, body: Body) -> Result<Response, Refused> {
    let Some(home) = &served.console else { return Err(Refused::new(StatusCode::NOT_FOUND, "the console is off")) };
    // Nobody else's page may sign a browser in, as whomever.
    home.check(request).map_err(|foreign| Refused::new(StatusCode::FORBIDDEN, foreign))?;
    if !is_json(&request.headers) {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send application/json"));
    }
    let too_large =
        |_| Refused::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body has over {BODY_BYTES_MAX} bytes"));
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(too_large)?;
    let Ok(Opening { key }) = serde_json::from_slice(&body) else {
        return Err(Refused::new(StatusCode::BAD_REQUEST, "the body is not of the form {\"key\": \"an API key\"}"));
    };
    // Whoever pastes a key pastes what stands around it too.
    let key = SecretString::from(key.expose_secret().trim());
    let Some((_, token)) = served.engine.open_session(&key).await? else {
        return Err(Refused::new(StatusCode::UNAUTHORIZED, "this API key is unknown or revoked"));
    };
    // A browser has one session: the one before it would be left behind.
    if let Some(former) = token_of(home, request) {
        served.engine.close_session(&former).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(home, Some(&token)))]).into_response())
}

async fn close(served: &Served, request: &Parts) -> Result<Response, Refused> {
    let Some(home) = &served.console else { return Err(Refused::new(StatusCode::NOT_FOUND, "the console is off")) };
    home.check(request).map_err(|foreign| Refused::new(StatusCode::FORBIDDEN, foreign))?;
    if let Some(token) = token_of(home, request) {
        served.engine.close_session(&token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(home, None))]).into_response())
}

/// Why nothing was done.
struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, message: impl ToString) -> Self {
        Self { status, message: message.to_string() }
    }
}

impl From<EngineError> for Refused {
    fn from(failed: EngineError) -> Self {
        error!(error = chain(&failed), "a console session failed");
        match failed {
            EngineError::Unavailable(_) | EngineError::Lost(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not available now: try again later")
            }
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "an internal error"),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
        let mut response = (self.status, kind, json!({ "error": self.message }).to_string()).into_response();
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST, DELETE"));
        }
        response
    }
}
