//! `/_mock/...`: looking at the store and setting its faults. Needs no credentials and never fails on purpose.

use crate::answer::Answer;
use crate::faults::Faults;
use crate::state::State;
use http::header::ALLOW;
use http::{Method, StatusCode};
use serde_json::json;

pub(crate) fn answer(state: &State, method: &Method, path: &str, body: &[u8]) -> Answer {
    match (method, path) {
        (&Method::GET, "/healthz") => Answer::json(StatusCode::OK, &json!({ "status": "ok" })),
        (&Method::GET, "/_mock/stats") => Answer::json(StatusCode::OK, &state.stats()),
        (&Method::DELETE, "/_mock/stats") => {
            state.counts().reset();
            Answer::empty(StatusCode::NO_CONTENT)
        }
        (&Method::GET, "/_mock/records") => {
            let records: Vec<_> = state.contacts().store.all().cloned().collect();
            Answer::json(StatusCode::OK, &records)
        }
        (&Method::DELETE, "/_mock/records") => {
            state.contacts().clear();
            Answer::empty(StatusCode::NO_CONTENT)
        }
        (&Method::GET, "/_mock/requests") => {
            let recorded = state.counts().recorded.clone();
            Answer::json(StatusCode::OK, &recorded)
        }
        (&Method::GET, "/_mock/faults") => Answer::json(StatusCode::OK, &state.faults()),
        (&Method::PUT, "/_mock/faults") => {
            let set = serde_json::from_slice::<Faults>(body)
                .map_err(|fault| fault.to_string())
                .and_then(|faults| state.set_faults(faults).map_err(|fault| fault.to_string()));
            match set {
                Ok(()) => Answer::json(StatusCode::OK, &state.faults()),
                Err(message) => Answer::error(StatusCode::BAD_REQUEST, &message),
            }
        }
        (_, "/healthz" | "/_mock/requests") => not_allowed("GET"),
        (_, "/_mock/stats" | "/_mock/records") => not_allowed("GET, DELETE"),
        (_, "/_mock/faults") => not_allowed("GET, PUT"),
        _ => Answer::error(
            StatusCode::NOT_FOUND,
            "there are /_mock/stats, /_mock/records, /_mock/requests and /_mock/faults",
        ),
    }
}

fn not_allowed(methods: &str) -> Answer {
    Answer::error(StatusCode::METHOD_NOT_ALLOWED, &format!("this path takes {methods}")).with(ALLOW, methods)
}
