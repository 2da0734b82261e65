//! What an answer is worth. Pure, and the only place that looks at a status code: [`crate::settle`] maps what is said here
//! to what follows, and live attempts, tests and rehearsals share it.
//!
//! *Response rules* and the rule's own condition for *accepted* are to be asked at the beginning of `answered`.

use crate::decide::SyncRules;
use crate::link::UniqueId;
use crate::log::FailureKind;
use crate::outcome::{Answer, BodyRead, NoAnswer, NotSent, Outcome};
use crate::sync::Operation;
use crate::text;
use crate::time::Timestamp;
use crate::unique_id::{self, IdFault};
use crate::wait::{self, Wait};

/// How far into a body is looked for the beginning of a page.
const PAGE_LOOKED_AT_BYTES: usize = 4096;
/// The most bytes of a refusal's body that stand in words.
const SAID_BYTES_MAX: usize = 300;

/// What the configured places of an answer held.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Nothing was to be read.
    Nothing,
    /// A unique id: a create's, or that of an update whose record may have moved.
    Id(Result<UniqueId, IdFault>),
    /// What a lookup's answer held.
    Found {
        /// The distinct unique ids, two at most.
        ids: Result<Vec<UniqueId>, IdFault>,
        /// Whether the answer shows that there are none: the list that the path speaks of is there and no error is, or
        /// `emptyWhen` says so.
        proves_none: bool,
    },
}

/// What an answer is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was carried out. With the record's id where one was read (a create's, or a moved one's).
    Accepted(Option<UniqueId>),
    /// The lookup found records: their distinct ids, one or several.
    Found(Vec<UniqueId>),
    /// The lookup proved that there is none.
    NoneFound,
    /// Nothing can be told from it.
    Unreadable(Unreadable),
    /// A create was accepted, and no unique id can be read from the answer.
    NoId(IdFault),
    /// The record is gone.
    Gone,
    /// The record exists already.
    Exists,
    /// This request is refused.
    Refused {
        /// Whether the answer to a repeated create may speak of the repetition, and not of what the first one carried.
        of_repetition: bool,
    },
    /// Forbidden: the credentials', or this person's.
    Forbidden,
    /// It failed, and may have been carried out.
    MaybeLater,
    /// Not carried out, and not refused either: a lock.
    NotYet,
    /// Too many requests; with the wait that was named.
    Limited(Option<Wait>),
    /// The endpoint fails as a whole, whoever asks.
    EndpointFails {
        /// Whether it fails for whoever asks (401), or maybe for this person's data alone.
        everybodys: bool,
        /// Whether an update may have changed something all the same, so that its digest is not believed any longer.
        forgets_digest: bool,
    },
    /// Certainly not sent.
    NotSent(NotSent),
    /// Given back unsent, for a reason of this process.
    Released,
    /// A redirect, which is never followed.
    Redirected {
        /// Whether the request may have been carried out before it was redirected (300 to 303).
        may_be_done: bool,
    },
    /// It may have been carried out; no whole answer came.
    NoAnswer(NoAnswer),
}

/// Why nothing can be told from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// A web page: a maintenance page, a login.
    Page,
    /// A lookup's answer that shows neither records nor that there are none.
    NoProof,
}

/// What is known of an attempt, as far as judging needs it.
#[derive(Clone, Copy, Debug)]
pub struct Judging<'a> {
    /// Which request.
    pub operation: Operation,
    /// Whether a 409 came to this operation and version before.
    pub not_yet_spent: bool,
    /// The sync's rules.
    pub rules: &'a SyncRules,
    /// Whether the lookup rule is proven: only then does its 404 mean "none".
    pub lookup_proven: bool,
    /// The node's time, to read dates against where the answer has none of its own.
    pub now: Timestamp,
}

/// An outcome's worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What it is worth.
    pub verdict: Verdict,
    /// What came, in words: "answered 422: the e-mail is taken".
    pub said: String,
    /// What went wrong, as a fixed word; `None` where nothing did.
    pub failure: Option<FailureKind>,
    /// Answers that are alike for the brake on a rule that answers everybody the same: the status, and where it leads.
    pub alike: Option<String>,
}

/// Says what an outcome is worth.
pub fn judge(judging: &Judging<'_>, outcome: &Outcome, reading: &Reading) -> Judged {
    match outcome {
        Outcome::NotSent(NotSent::Released, why) => judged(Verdict::Released, why.clone(), None),
        Outcome::NotSent(kind, why) => {
            let failure = match kind {
                NotSent::AddressRefused => FailureKind::AddressRefused,
                NotSent::Dns => FailureKind::Dns,
                NotSent::Tls => FailureKind::Tls,
                NotSent::ConnectTimeout => FailureKind::Timeout,
                NotSent::Connection | NotSent::Unprocessed | NotSent::Released => FailureKind::Connection,
            };
            judged(Verdict::NotSent(*kind), format!("not sent: {why}"), Some(failure))
        }
        Outcome::NoAnswer(kind, why) => {
            let failure = match kind {
                NoAnswer::Timeout => FailureKind::Timeout,
                NoAnswer::Malformed => FailureKind::Malformed,
                NoAnswer::Cut | NoAnswer::Crashed => FailureKind::NoAnswer,
            };
            judged(Verdict::NoAnswer(*kind), format!("sent, but no answer came: {why}"), Some(failure))
        }
        Outcome::Answered(answer) => answered(judging, answer, reading),
    }
}

fn judged(verdict: Verdict, said: String, failure: Option<FailureKind>) -> Judged {
    Judged { verdict, said, failure, alike: None }
}

fn answered(judging: &Judging<'_>, answer: &Answer, reading: &Reading) -> Judged {
    let operation = judging.operation;
    let status = answer.status;
    let plain = format!("answered {status}");
    let failed = |verdict, said: String| judged(verdict, said, Some(FailureKind::Status));
    if operation == Operation::Lookup
        && let Some(judged) = looked_up(judging, answer, reading)
    {
        return judged;
    }
    match status {
        200..=299 => accepted(judging, answer, reading),
        300..=399 => {
            let to = answer.header("location").unwrap_or("nowhere");
            let said = format!("answered {status}, a redirect to {}", text::cut(to, SAID_BYTES_MAX).0);
            let may_be_done = status <= 303;
            let alike = Some(said.clone());
            Judged { alike, ..judged(Verdict::Redirected { may_be_done }, said, Some(FailureKind::Redirect)) }
        }
        401 => failed(
            Verdict::EndpointFails { everybodys: true, forgets_digest: true },
            "answered 401: check the sync's authentication".to_owned(),
        ),
        403 => failed(Verdict::Forbidden, plain),
        404 | 410 if matches!(operation, Operation::Update | Operation::Delete) => {
            Judged { alike: Some(plain.clone()), ..failed(Verdict::Gone, plain) }
        }
        408 | 500 | 502 | 504 | 506.. => failed(Verdict::MaybeLater, plain),
        409 if operation == Operation::Create => exists(answer),
        409 if matches!(operation, Operation::Update | Operation::Delete) && !judging.not_yet_spent => {
            failed(Verdict::NotYet, with_body(answer))
        }
        412 if operation == Operation::Create => exists(answer),
        421 | 423 | 425 => failed(Verdict::NotYet, plain),
        429 => failed(Verdict::Limited(wait::read(answer, judging.now)), format!("{plain}: too many requests")),
        503 => match wait::read(answer, judging.now) {
            Some(wait) => failed(Verdict::Limited(Some(wait)), plain),
            None => failed(Verdict::EndpointFails { everybodys: false, forgets_digest: false }, plain),
        },
        501 | 505 => failed(Verdict::EndpointFails { everybodys: false, forgets_digest: true }, plain),
        _ => Judged {
            alike: Some(plain),
            ..failed(Verdict::Refused { of_repetition: status == 422 }, with_body(answer))
        },
    }
}

fn exists(answer: &Answer) -> Judged {
    let alike = Some(format!("answered {}", answer.status));
    Judged { alike, ..judged(Verdict::Exists, with_body(answer), Some(FailureKind::Status)) }
}

/// The status and the beginning of what the body says.
fn with_body(answer: &Answer) -> String {
    let said = answer.text();
    let said = text::cut(said.trim(), SAID_BYTES_MAX).0;
    let colon = if said.is_empty() { "" } else { ": " };
    format!("answered {}{colon}{said}", answer.status)
}

/// Why a whole answer could not be read, as a fixed word.
fn unread(answer: &Answer) -> Option<FailureKind> {
    match answer.body_read {
        BodyRead::Whole => None,
        BodyRead::TooLarge => Some(FailureKind::TooLarge),
        BodyRead::Malformed => Some(FailureKind::Malformed),
        BodyRead::Late => Some(FailureKind::Timeout),
        BodyRead::Cut => Some(FailureKind::NoAnswer),
    }
}

/// A 2xx to a create, update or delete.
fn accepted(judging: &Judging<'_>, answer: &Answer, reading: &Reading) -> Judged {
    let Judging { operation, rules, .. } = *judging;
    let said = format!("answered {}", answer.status);
    let id = match reading {
        Reading::Id(id) => Some(id),
        Reading::Nothing | Reading::Found { .. } => None,
    };
    // What a configured header says counts whatever the body is.
    if operation == Operation::Create
        && rules.id_in_header
        && let Some(Ok(id)) = id
    {
        return judged(Verdict::Accepted(Some(id.clone())), said, None);
    }
    if rules.refuses_pages && is_web_page(answer) {
        return page(answer);
    }
    match (operation, id) {
        (Operation::Create, Some(Ok(id))) => judged(Verdict::Accepted(Some(id.clone())), said, None),
        (Operation::Create, fault) => {
            let fault = fault.and_then(|id| id.as_ref().err().cloned()).unwrap_or(IdFault::NotConfigured);
            let failure = unread(answer).unwrap_or(match fault {
                IdFault::Unreadable => FailureKind::NotJson,
                _ => FailureKind::NoUniqueId,
            });
            judged(Verdict::NoId(fault), said, Some(failure))
        }
        (_, id) => judged(Verdict::Accepted(id.and_then(|id| id.as_ref().ok().cloned())), said, None),
    }
}

fn page(answer: &Answer) -> Judged {
    let said = format!("answered {} with a web page instead of data", answer.status);
    judged(Verdict::Unreadable(Unreadable::Page), said, Some(FailureKind::Page))
}

/// An answer to a lookup that says who was found, or does not; `None` where its status says something else.
fn looked_up(judging: &Judging<'_>, answer: &Answer, reading: &Reading) -> Option<Judged> {
    let status = answer.status;
    let none = || Some(judged(Verdict::NoneFound, format!("answered {status}"), None));
    // A status that may mean nobody may be that of found records, too, and that of a login.
    let finds = matches!(reading, Reading::Found { ids: Ok(ids), .. } if !ids.is_empty());
    match status {
        200..=299 if judging.rules.refuses_pages && is_web_page(answer) => Some(page(answer)),
        _ if judging.rules.lookup_empty_status == Some(status) && !finds => none(),
        200..=299 => {
            let (said, failure) = match reading {
                Reading::Found { ids: Ok(ids), .. } if !ids.is_empty() => {
                    return Some(judged(Verdict::Found(ids.clone()), format!("answered {status}"), None));
                }
                Reading::Found { proves_none: true, .. } => return none(),
                Reading::Found { ids: Ok(_), .. } => (
                    "shows no record, and nothing that means \"nobody\": neither an empty list at the lookup's path nor what \
                     emptyWhen says"
                        .to_owned(),
                    FailureKind::NoUniqueId,
                ),
                Reading::Found { ids: Err(fault), .. } => {
                    (format!("could not be read: {fault}"), unread(answer).unwrap_or(failure_of(fault)))
                }
                Reading::Nothing | Reading::Id(_) => {
                    ("could not be read: correct the lookup rule".to_owned(), FailureKind::NoUniqueId)
                }
            };
            let said = format!("answered {status}, but the lookup's answer {said}");
            Some(judged(Verdict::Unreadable(Unreadable::NoProof), said, Some(failure)))
        }
        404 | 410 if judging.lookup_proven => none(),
        404 | 410 => {
            let said = format!(
                "answered {status}, which counts as \"nobody\" only once this lookup rule has found somebody: test it with a \
                 person who is there, or set emptyWhen to the status {status}"
            );
            Some(judged(Verdict::Unreadable(Unreadable::NoProof), said, Some(FailureKind::Status)))
        }
        // "As refused": a conflict says nothing about who is there.
        409 | 412 => Some(Judged {
            alike: Some(format!("answered {status}")),
            ..judged(Verdict::Refused { of_repetition: false }, with_body(answer), Some(FailureKind::Status))
        }),
        _ => None,
    }
}

fn failure_of(fault: &IdFault) -> FailureKind {
    match fault {
        IdFault::Unreadable => FailureKind::NotJson,
        _ => FailureKind::NoUniqueId,
    }
}

/// Whether a body begins as a web page does. What comes before is white space at most, so that its beginning tells.
pub fn is_web_page(answer: &Answer) -> bool {
    let begin = &answer.body[..answer.body.len().min(PAGE_LOOKED_AT_BYTES)];
    unique_id::is_web_page(&String::from_utf8_lossy(begin))
}
