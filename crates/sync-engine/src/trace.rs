//! Spans that follow a change from the API call to the external system's answer: *record changes* (the wait for, and the
//! commit of, the intake's transaction), *attempt* (one leased link), and the request itself.
//!
//! They are ordinary spans of the `tracing` crate under one target, so that a subscriber can tell them from everything
//! else; where none is interested they cost next to nothing. A link that the intake hands over has the call's span as its
//! attempt's parent. One that is claimed (a retry, a backlog, another node's change) begins a trace of its own: nothing is
//! stored for it. Spans carry no person, no body, no header and no path.

use crate::intake::Waiting;
use std::collections::HashMap;
use sync_core::claim::{Call, Leased, ids_of};
use sync_core::id::PersonId;
use sync_core::log::LogOutcome;
use sync_core::outcome::{Exchange, Outcome, Request};
use sync_core::transition::Settlement;
use tracing::field::Empty;
use tracing::{Span, debug_span};

/// The target of all spans that follow a change; their level is DEBUG.
pub const TARGET: &str = "crm_sync::trace";

/// A call that waits for its transaction.
pub(crate) fn recording(call: &Call) -> Span {
    let people = match call {
        Call::Upsert(patches) => patches.len(),
        Call::Delete(ids) => ids.len(),
    };
    debug_span!(target: TARGET, "record changes", people)
}

/// The spans of calls, by the people that they touch.
#[derive(Default)]
pub(crate) struct Origins(HashMap<PersonId, Span>);

impl Origins {
    /// Of calls that go into one transaction; of several that touch a person, the last one.
    pub(crate) fn of(waiting: &[Waiting]) -> Self {
        let mut spans = HashMap::new();
        for waiting in waiting.iter().filter(|waiting| !waiting.span.is_disabled()) {
            let people = ids_of(std::slice::from_ref(&waiting.call));
            spans.extend(people.into_iter().map(|person| (person, waiting.span.clone())));
        }
        Self(spans)
    }

    /// The span of a leased link's attempt.
    pub(crate) fn attempt(&self, leased: &Leased) -> Span {
        let parent = self.0.get(&leased.link.id.person).and_then(Span::id);
        debug_span!(
            target: TARGET,
            parent: parent,
            "attempt",
            sync.id = %leased.link.id.sync,
            sync.operation = leased.decision.operation().as_str(),
            attempt.number = i32::from(leased.link.tries) + i32::from(leased.link.deferrals) + 1,
            attempt.outcome = Empty,
            otel.status_code = Empty,
        )
    }
}

/// What an attempt came to.
pub(crate) fn settled(span: &Span, settlement: &Settlement) {
    let (outcome, failed) = match settlement.settled.outcome {
        LogOutcome::Succeeded => ("succeeded", false),
        LogOutcome::Retrying => ("retrying", true),
        LogOutcome::Parked => ("parked", true),
        LogOutcome::Skipped => ("skipped", false),
    };
    span.record("attempt.outcome", outcome);
    if failed {
        span.record("otel.status_code", "ERROR");
    }
}

/// A request about to be sent.
pub(crate) fn request(request: &Request) -> Span {
    debug_span!(
        target: TARGET,
        "request",
        otel.name = request.method.as_str(),
        otel.kind = "client",
        http.request.method = request.method.as_str(),
        server.address = request.url.host_str().unwrap_or(""),
        server.port = request.url.port_or_known_default().unwrap_or(0),
        http.response.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// What came of a request.
pub(crate) fn answered(span: &Span, exchange: &Exchange) {
    let failure = match &exchange.outcome {
        Outcome::Answered(answer) => {
            span.record("http.response.status_code", answer.status);
            if answer.is_success() {
                return;
            }
            answer.status.to_string()
        }
        Outcome::NoAnswer(..) => "no_answer".to_owned(),
        Outcome::NotSent(..) => "not_sent".to_owned(),
    };
    span.record("error.type", failure.as_str());
    span.record("otel.status_code", "ERROR");
}
