//! What a failed exchange is called.

use crate::connect::ConnectFault;
use crate::tls;
use hyper_util::client::legacy;
use std::error::Error;
use std::io;
use sync_core::outcome::{NoAnswer, NotSent, Outcome};

/// What came of a request that failed before it had a connection; `None` where the fault is not the endpoint's: another
/// request was about to bring the connection that this one waited for, and gave up. Nothing was written in either case.
pub(crate) fn unconnected(error: &legacy::Error, target: &str) -> Option<Outcome> {
    if let Some(fault) = beneath::<ConnectFault>(error) {
        return Some(Outcome::NotSent(fault.reason(), fault.to_string()));
    }
    // hyper's own: the connection ended between its making and its first use.
    beneath::<hyper::Error>(error).map(|_| ended_unused(target))
}

/// What came of a request that failed after it was given to a connection.
pub(crate) fn connected(error: &legacy::Error, target: &str) -> Outcome {
    let hyper = beneath::<hyper::Error>(error);
    // hyper hands such a request back: the connection ended before it took the request up.
    if hyper.is_some_and(hyper::Error::is_canceled) {
        return ended_unused(target);
    }
    if hyper.is_some_and(hyper::Error::is_parse_too_large) {
        return malformed(format!("the head of the answer of {target} is too large"));
    }
    if hyper.is_some_and(hyper::Error::is_parse) {
        return malformed(format!("what {target} answered is not HTTP"));
    }
    if let Some(h2) = beneath::<h2::Error>(error) {
        return match h2.reason() {
            // Remote ones reach only what lies beyond a GOAWAY's last stream; the others' answers still come.
            Some(reason)
                if h2.is_remote() && (h2.is_go_away() || (h2.is_reset() && reason == h2::Reason::REFUSED_STREAM)) =>
            {
                let text = format!("{target} says that it did not begin the request: {reason:?}");
                Outcome::NotSent(NotSent::Unprocessed, text)
            }
            _ if h2.is_library() => malformed(format!("what {target} answered is not HTTP/2")),
            Some(reason) => cut(format!("{target} gave the request up: {reason:?}")),
            None => cut(format!("{target} ended the connection before it answered")),
        };
    }
    match tls::fault_beneath(error) {
        Some(fault) => cut(format!("{target} ended the connection before it answered: {}", tls::fault_words(fault))),
        None if beneath::<io::Error>(error).is_some_and(|io| io.kind() == io::ErrorKind::ConnectionReset) => {
            cut(format!("{target} reset the connection before it answered"))
        }
        None => cut(format!("{target} ended the connection before it answered")),
    }
}

fn ended_unused(target: &str) -> Outcome {
    Outcome::NotSent(NotSent::Connection, format!("{target} ended the connection before the request was written"))
}

fn malformed(text: String) -> Outcome {
    Outcome::NoAnswer(NoAnswer::Malformed, text)
}

fn cut(text: String) -> Outcome {
    Outcome::NoAnswer(NoAnswer::Cut, text)
}

fn beneath<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
