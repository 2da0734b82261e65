//! What an outcome means for a link. Pure: no clock, no randomness, no rendering; delays, not times, come out.
//!
//! *Response rules* with *adopt* are to slot in where `refused` is called for a first create's 409.

use crate::backoff::{Policy, spread};
use crate::decide::{Decision, SyncRules, no_unique_id_mend};
use crate::digest::Digest;
use crate::governor::Signal;
use crate::link::{DETAIL_BYTES_MAX, KeptAnswer, Link, LinkState, ParkReason, Sent, UniqueId};
use crate::log::{FailureKind, LogOutcome};
use crate::outcome::{Answer, BodyRead, NoAnswer, NotSent, Outcome};
use crate::person::Version;
use crate::retry_after;
use crate::sync::{OnMissing, Operation};
use crate::text;
use crate::time::Timestamp;
use crate::unique_id::{self, IdFault};
use std::time::Duration;

/// What was tried.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which request.
    pub operation: Operation,
    /// The id it was addressed to (update, delete) or that we chose for it (create).
    pub unique_id: Option<UniqueId>,
    /// Whether it is a create whose earlier request may have been carried out.
    pub repeat: bool,
    /// The claimed snapshot's version.
    pub person_version: Version,
    /// Whether the person was deleted in the claimed snapshot.
    pub person_deleted: bool,
    /// The sync's revision that rendered it.
    pub revision: i32,
    /// Its digest.
    pub digest: Option<Digest>,
    /// Whether it is the probe of a suspended sync: it uses up no tries.
    pub probe: bool,
    /// Its timeout.
    pub timeout: Duration,
}

/// What the configured places of an answer held.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Nothing was to be read.
    Nothing,
    /// A create's unique id.
    Id(Result<UniqueId, IdFault>),
    /// The distinct unique ids of a lookup.
    Ids(Result<Vec<UniqueId>, IdFault>),
}

/// What settling needs to know besides.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The sync's rules.
    pub rules: &'a SyncRules,
    /// The delays.
    pub policy: &'a Policy,
    /// From 0 to 1.
    pub jitter: f64,
    /// The node's time, to read a `Retry-After` date against.
    pub now: Timestamp,
    /// What was read from the answer.
    pub reading: Reading,
    /// After a create: the digest of the update rendered from the claimed snapshot with the id just read, where the
    /// create said everything of the person that the update says.
    pub update_digest: Option<Digest>,
    /// Whether a lookup of this sync ever found something: only then does a lookup's 404 mean "none".
    pub lookup_has_found: bool,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing more is owed.
    Done,
    /// The row goes, the person being deleted; otherwise the link is Unlinked and owed.
    Remove,
    /// Still owed, after a delay.
    Owed(Duration),
    /// Parked.
    Park(ParkReason, String),
}

/// An outcome's meaning: applied to the stored link by [`crate::transition`].
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// What the external system is known to hold now.
    pub state: LinkState,
    /// What it last accepted.
    pub sent: Option<Sent>,
    /// Whether the create is resolved: its key and first snapshot are dropped.
    pub resolved: bool,
    /// Tries used up.
    pub tries: i16,
    /// Failures that used up none.
    pub deferrals: i16,
    /// Whether a RECREATE stands since the last accepted update.
    pub recreated: bool,
    /// Whether an administrator's retry still allows a create: the one that it allows was not sent.
    pub allow_resend: bool,
    /// Nothing is sent for this long.
    pub quiet: Option<Duration>,
    /// What follows.
    pub next: Next,
    /// Kept for an Unaddressable link.
    pub answer: Option<Box<KeptAnswer>>,
    /// The digest of the refused request.
    pub refused_digest: Option<Digest>,
    /// What it says about the endpoint.
    pub signal: Signal,
    /// Whether a lookup found a record.
    pub lookup_found: bool,
    /// Whether a request went out (or was tried).
    pub tried: bool,
    /// How the log names it.
    pub outcome: LogOutcome,
    /// What went wrong.
    pub failure: Option<FailureKind>,
    /// In words: the log's message and the link's newest decision.
    pub message: String,
}

impl Settled {
    /// As the link stands, with nothing learnt.
    fn unchanged_from(link: &Link) -> Self {
        Self {
            state: link.state.clone(),
            sent: link.sent.clone(),
            resolved: false,
            tries: link.tries,
            deferrals: link.deferrals,
            recreated: link.recreated,
            allow_resend: link.allow_resend,
            quiet: None,
            next: Next::Done,
            answer: link.extras.answer.clone(),
            refused_digest: link.refused_digest,
            signal: Signal::Nothing,
            lookup_found: false,
            tried: false,
            outcome: LogOutcome::Skipped,
            failure: None,
            message: String::new(),
        }
    }

    fn forget_digest(&mut self) {
        if let Some(sent) = &mut self.sent {
            sent.digest = None;
        }
    }

    fn park(mut self, reason: ParkReason, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let detail = text::without_nul(text::cut(&detail, DETAIL_BYTES_MAX).0).into_owned();
        self.outcome = LogOutcome::Parked;
        self.message.clone_from(&detail);
        self.next = Next::Park(reason, detail);
        self
    }

    fn succeed(mut self, message: impl Into<String>) -> Self {
        self.outcome = LogOutcome::Succeeded;
        self.failure = None;
        self.message = message.into();
        self.tries = 0;
        self.deferrals = 0;
        self.refused_digest = None;
        self
    }
}

/// Settles a decision that sends nothing: Forget, Nothing and Park.
pub fn settle_decision(link: &Link, decision: &Decision) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    match decision {
        Decision::Nothing(_, why) => {
            settled.message.clone_from(why);
            settled
        }
        Decision::Park(_, reason, detail) => {
            settled.failure = (*reason == ParkReason::NoUniqueId).then_some(FailureKind::NoUniqueId);
            settled.park(*reason, detail.clone())
        }
        _ => {
            settled.next = Next::Remove;
            settled.message = "forgotten: deleted, and the external system holds nothing of this person".to_owned();
            settled
        }
    }
}

/// Settles an update that would equal the last accepted request.
pub fn settle_unchanged(link: &Link, person_version: Version, revision: i32) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    if let Some(sent) = &mut settled.sent {
        sent.version = person_version;
        sent.revision = revision;
    }
    settled.tries = 0;
    settled.deferrals = 0;
    settled.message = "unchanged, the request equals the one accepted before".to_owned();
    settled
}

/// Settles a request that would equal the one that was refused: it stays parked, without a call.
pub fn settle_still_refused(link: &Link) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    settled.failure = Some(FailureKind::Status);
    settled.park(
        ParkReason::Refused,
        "the external system refused this very request before, so it is not sent again: change the person's data or \
         the rule, or retry",
    )
}

/// Settles a lease that is given back unsent.
pub fn settle_released(link: &Link, why: &str) -> Settled {
    Settled { next: Next::Owed(Duration::ZERO), message: why.to_owned(), ..Settled::unchanged_from(link) }
}

/// Settles a request that could not be rendered: it is never sent.
pub fn settle_template(link: &Link, faults: &str) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    settled.failure = Some(FailureKind::Template);
    settled.park(ParkReason::Template, format!("could not be rendered for this person: {faults}"))
}

/// Settles an Unaddressable link whose id is known now without a request.
pub fn settle_readdressed(link: &Link, id: UniqueId) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    settled.message = format!("the record's unique id is known now: {id}");
    link_to(&mut settled, id);
    settled.next = Next::Owed(Duration::ZERO);
    settled.outcome = LogOutcome::Succeeded;
    settled
}

/// Settles an Unaddressable link whose id could not be found without a request, there being no lookup rule.
pub fn settle_unreadable(link: &Link, rules: &SyncRules) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    if let Some(answer) = &mut settled.answer {
        answer.looked_at_revision = rules.unique_id_revision;
    }
    settled.failure = Some(FailureKind::NoUniqueId);
    settled.park(ParkReason::NoUniqueId, no_unique_id_mend(rules))
}

fn link_to(settled: &mut Settled, id: UniqueId) {
    settled.state = LinkState::Linked(id);
    settled.resolved = true;
    settled.answer = None;
}

/// Says what an outcome means for the link as it was claimed.
pub fn settle(link: &Link, attempt: &Attempt, outcome: &Outcome, context: &Context<'_>) -> Settled {
    let settled = Settled { tried: true, ..Settled::unchanged_from(link) };
    match outcome {
        Outcome::NotSent(NotSent::Released, why) => settle_released(link, why),
        Outcome::NotSent(kind, why) => not_sent(settled, attempt, *kind, why, context),
        Outcome::NoAnswer(kind, why) => no_answer(settled, attempt, *kind, why, context),
        Outcome::Answered(answer) => answered(settled, link, attempt, answer, context),
    }
}

fn not_sent(mut settled: Settled, attempt: &Attempt, kind: NotSent, why: &str, context: &Context<'_>) -> Settled {
    settled.failure = Some(match kind {
        NotSent::AddressRefused => FailureKind::AddressRefused,
        NotSent::Dns => FailureKind::Dns,
        NotSent::Tls => FailureKind::Tls,
        NotSent::ConnectTimeout => FailureKind::Timeout,
        NotSent::Connection | NotSent::Released => FailureKind::Connection,
    });
    settled.message = format!("not sent: {why}");
    settled.signal = Signal::Fails(settled.message.clone());
    defer(settled, attempt, context)
}

fn no_answer(mut settled: Settled, attempt: &Attempt, kind: NoAnswer, why: &str, context: &Context<'_>) -> Settled {
    settled.failure = Some(match kind {
        NoAnswer::Timeout => FailureKind::Timeout,
        NoAnswer::Malformed => FailureKind::Malformed,
        NoAnswer::Cut | NoAnswer::Crashed => FailureKind::NoAnswer,
    });
    settled.message = format!("sent, but no answer came: {why}");
    settled.signal = Signal::Fails(settled.message.clone());
    settled.quiet = Some(context.policy.quiet_after(attempt.timeout));
    may_have_been_carried_out(&mut settled, attempt);
    try_later(settled, attempt, ParkReason::RetriesSpent, context)
}

/// The state after a request that may or may not have been carried out.
fn may_have_been_carried_out(settled: &mut Settled, attempt: &Attempt) {
    match attempt.operation {
        Operation::Create => {
            settled.state = LinkState::Uncertain;
            settled.allow_resend = false;
        }
        Operation::Delete => {
            if let Some(id) = &attempt.unique_id {
                settled.state = LinkState::Leaving(id.clone());
            }
        }
        Operation::Update | Operation::Lookup => {}
    }
    settled.forget_digest();
}

fn answered(mut settled: Settled, link: &Link, attempt: &Attempt, answer: &Answer, context: &Context<'_>) -> Settled {
    let status = answer.status;
    settled.signal = Signal::Works { delete_accepted: attempt.operation == Operation::Delete && answer.is_success() };
    settled.failure = Some(match answer.body_read {
        _ if !answer.is_success() => FailureKind::Status,
        BodyRead::TooLarge => FailureKind::TooLarge,
        BodyRead::Malformed => FailureKind::Malformed,
        BodyRead::Cut => FailureKind::NoAnswer,
        BodyRead::Whole => FailureKind::Status,
    });
    settled.message = format!("answered {status}");
    if !matches!(status, 429 | 503) && matches!(attempt.operation, Operation::Update | Operation::Delete) {
        settled.forget_digest();
    }
    match (attempt.operation, status) {
        (Operation::Create, 200..=299) => created(settled, link, attempt, answer, context),
        (Operation::Update, 200..=299) => updated(settled, attempt),
        (Operation::Delete, 200..=299) => deleted(settled, attempt, format!("deleted: answered {status}")),
        // Half a list says nothing about what it did not come to say.
        (Operation::Lookup, 200..=299) if answer.body_read == BodyRead::Cut => {
            settled.message = format!("answered {status}, but the answer ended early");
            try_later(settled, attempt, ParkReason::RetriesSpent, context)
        }
        (Operation::Lookup, 200..=299) => looked_up(settled, link, attempt, context),
        (_, 300..=399) => {
            settled.failure = Some(FailureKind::Redirect);
            let to = answer.header("location").unwrap_or("nowhere");
            let detail = format!(
                "answered {status}, a redirect to {to}, which is never followed: put the final URL in the rule"
            );
            settled.park(ParkReason::Redirected, detail)
        }
        (Operation::Delete, 404 | 410) => {
            settled.signal = Signal::DeleteMissing;
            deleted(settled, attempt, format!("already gone: answered {status}"))
        }
        (Operation::Update, 404 | 410) => missing(settled, link, status, context),
        (Operation::Lookup, 404) if context.lookup_has_found => found(settled, link, attempt, Vec::new()),
        (_, 401) => {
            settled.message = "answered 401: check the sync's authentication".to_owned();
            settled.signal = Signal::Fails(settled.message.clone());
            defer(settled, attempt, context)
        }
        (_, 429 | 503) => {
            let hold = answer.header("retry-after").and_then(|value| retry_after::parse(value, context.now));
            settled.signal = match (hold, status) {
                (Some(delay), _) => Signal::HoldFor(delay, format!("answered {status} with Retry-After")),
                (None, 503) => Signal::Fails(settled.message.clone()),
                // Too many requests: the endpoint lives.
                (None, _) => Signal::Nothing,
            };
            defer(settled, attempt, context)
        }
        (_, 408 | 500 | 502 | 504 | 506..) => {
            settled.signal = Signal::Fails(settled.message.clone());
            if attempt.operation == Operation::Create || attempt.operation == Operation::Delete {
                may_have_been_carried_out(&mut settled, attempt);
            }
            try_later(settled, attempt, ParkReason::RetriesSpent, context)
        }
        (_, 501 | 505) => {
            settled.signal = Signal::Fails(settled.message.clone());
            try_later(settled, attempt, ParkReason::RetriesSpent, context)
        }
        (Operation::Create, 409 | 412) if attempt.repeat && context.rules.chosen_id && attempt.unique_id.is_some() => {
            let id = attempt.unique_id.clone().expect("checked by the guard");
            settled.sent = Some(first_sent(link, attempt));
            settled.message = format!("answered {status}: the earlier create was carried out, the record is {id}");
            link_to(&mut settled, id);
            settled.next = Next::Owed(Duration::ZERO);
            settled.outcome = LogOutcome::Succeeded;
            settled.failure = None;
            settled
        }
        (Operation::Create, _) if attempt.repeat => {
            let detail = format!(
                "answered {status} to a repeated create whose first answer never came, so the external system may hold \
                 this person: look there, then retry, or set up a lookup rule"
            );
            if status == 403 {
                settled.signal = Signal::Forbidden;
            }
            settled.park(ParkReason::Uncertain, detail)
        }
        (_, 403) => {
            settled.signal = Signal::Forbidden;
            try_later(settled, attempt, ParkReason::Refused, context)
        }
        _ => refused(settled, attempt, answer),
    }
}

fn created(mut settled: Settled, link: &Link, attempt: &Attempt, answer: &Answer, context: &Context<'_>) -> Settled {
    let id = match &context.reading {
        Reading::Id(id) => id.clone(),
        _ => Err(IdFault::NotConfigured),
    };
    settled.sent = Some(if attempt.repeat {
        first_sent(link, attempt)
    } else {
        let digest = context.update_digest;
        Sent { version: attempt.person_version, revision: attempt.revision, digest }
    });
    match id {
        Ok(id) => {
            let message = format!("created: answered {}, unique id {id}", answer.status);
            link_to(&mut settled, id);
            // An answer replayed by the key speaks of the first request: the newest state is still owed.
            settled.next = if attempt.repeat { Next::Owed(Duration::ZERO) } else { Next::Done };
            settled.succeed(message)
        }
        Err(fault) => {
            settled.state = LinkState::Unaddressable;
            settled.resolved = true;
            settled.forget_digest();
            settled.answer = Some(Box::new(unique_id::keep(answer, context.rules.unique_id_revision)));
            let message = format!("created: answered {}, but {fault}", answer.status);
            if !context.rules.unique_id && !context.rules.lookup {
                settled.next = Next::Done;
                return settled.succeed(message);
            }
            if settled.failure == Some(FailureKind::Status) {
                settled.failure = Some(FailureKind::NoUniqueId);
            }
            if context.rules.lookup {
                // The record may take a while until searches find it.
                let failure = settled.failure;
                settled = settled.succeed(message);
                settled.failure = failure;
                settled.outcome = LogOutcome::Retrying;
                settled.next = Next::Owed(context.policy.quiet_time);
                settled
            } else {
                settled.park(ParkReason::NoUniqueId, format!("{message}. {}", no_unique_id_mend(context.rules)))
            }
        }
    }
}

/// What stands as sent once an uncertain create turns out to have been carried out: the version of the key's first use.
fn first_sent(link: &Link, attempt: &Attempt) -> Sent {
    let version = link.key.as_ref().map_or(attempt.person_version, |key| key.version);
    Sent { version, revision: attempt.revision, digest: None }
}

fn updated(mut settled: Settled, attempt: &Attempt) -> Settled {
    settled.sent = Some(Sent { version: attempt.person_version, revision: attempt.revision, digest: attempt.digest });
    if let LinkState::Leaving(id) = &settled.state {
        settled.state = LinkState::Linked(id.clone());
    }
    settled.recreated = false;
    settled.next = Next::Done;
    settled.succeed("updated")
}

fn deleted(mut settled: Settled, attempt: &Attempt, message: String) -> Settled {
    settled.state = LinkState::Unlinked;
    settled.sent = None;
    settled.resolved = true;
    settled.answer = None;
    settled.recreated = false;
    settled.next = if attempt.person_deleted { Next::Remove } else { Next::Owed(Duration::ZERO) };
    settled.succeed(message)
}

/// An update's record is gone.
fn missing(mut settled: Settled, link: &Link, status: u16, context: &Context<'_>) -> Settled {
    let id = link.state.unique_id().map(ToString::to_string).unwrap_or_default();
    let create_again = |mut settled: Settled, message: String| {
        settled.state = LinkState::Unlinked;
        settled.sent = None;
        settled.outcome = LogOutcome::Retrying;
        settled.next = Next::Owed(Duration::ZERO);
        settled.message = message;
        settled
    };
    if matches!(link.state, LinkState::Leaving(_)) {
        let message = format!("answered {status}: the earlier delete was carried out, the person is created again");
        return create_again(settled, message);
    }
    match context.rules.on_missing {
        OnMissing::Recreate if !link.recreated => {
            settled.recreated = true;
            create_again(settled, format!("answered {status}: the record {id} is gone, it is created again"))
        }
        _ => settled.park(
            ParkReason::Missing,
            format!(
                "answered {status}: the record {id} is gone. Check the URL of Update Users; to make a new record, set \
                 \"on missing\" to RECREATE and retry"
            ),
        ),
    }
}

fn looked_up(settled: Settled, link: &Link, attempt: &Attempt, context: &Context<'_>) -> Settled {
    match &context.reading {
        Reading::Ids(Ok(ids)) => found(settled, link, attempt, ids.clone()),
        Reading::Ids(Err(fault)) => settled
            .park(ParkReason::Refused, format!("the lookup's answer could not be used: {fault}; correct its path")),
        _ => settled.park(ParkReason::Refused, "the lookup's answer could not be used: correct the lookup rule"),
    }
}

fn found(mut settled: Settled, link: &Link, attempt: &Attempt, mut ids: Vec<UniqueId>) -> Settled {
    settled.lookup_found = !ids.is_empty();
    match ids.len() {
        0 if link.state == LinkState::Unaddressable => {
            settled.failure = Some(FailureKind::NoUniqueId);
            let detail = "the create was accepted, but the lookup finds no record: look in the external system, then \
                          correct the lookup rule or the unique id path and retry";
            settled.park(ParkReason::NoUniqueId, detail)
        }
        0 => {
            settled.state = LinkState::Unlinked;
            settled.sent = None;
            settled.resolved = true;
            settled.next = Next::Owed(Duration::ZERO);
            settled.succeed("looked up: no record, the create was not carried out")
        }
        1 => {
            let id = ids.remove(0);
            settled.sent = Some(first_sent(link, attempt));
            let message = format!("looked up: the record is {id}");
            link_to(&mut settled, id);
            settled.next = Next::Owed(Duration::ZERO);
            settled.succeed(message)
        }
        _ => {
            settled.failure = Some(FailureKind::Ambiguous);
            let detail = "the lookup finds several records: remove or merge the others there, then retry".to_owned();
            settled.park(ParkReason::Ambiguous, detail)
        }
    }
}

fn refused(mut settled: Settled, attempt: &Attempt, answer: &Answer) -> Settled {
    settled.refused_digest = attempt.digest;
    let said = answer.text();
    let said = text::cut(said.trim(), 300).0;
    let colon = if said.is_empty() { "" } else { ": " };
    let status = answer.status;
    let mend = match (attempt.operation, status) {
        (Operation::Lookup, 404) => "correct the lookup's URL, or let it answer an empty list for nobody; then retry",
        (_, 404 | 405 | 410) => "correct the rule's URL and method, then retry",
        _ => "change the person's data or the rule",
    };
    settled.park(ParkReason::Refused, format!("answered {status}{colon}{said} ({mend})"))
}

/// Later, using up a try; parks once the schedule is spent.
fn try_later(mut settled: Settled, attempt: &Attempt, spent: ParkReason, context: &Context<'_>) -> Settled {
    if attempt.probe {
        return defer(settled, attempt, context);
    }
    settled.tries = settled.tries.saturating_add(1);
    match context.policy.retry_delay(settled.tries, context.jitter) {
        Some(delay) => {
            settled.outcome = LogOutcome::Retrying;
            settled.next = Next::Owed(delay.max(settled.quiet.unwrap_or_default()));
            settled
        }
        None => {
            let detail = format!("{}; all {} tries are used up: mend it, then retry", settled.message, settled.tries);
            settled.park(spent, detail)
        }
    }
}

/// Later, without using up a try: the fault is the endpoint's, not the person's.
fn defer(mut settled: Settled, attempt: &Attempt, context: &Context<'_>) -> Settled {
    settled.deferrals = settled.deferrals.saturating_add(1);
    let delay = if attempt.probe {
        // Behind the others, so that the next probe takes another person.
        spread(context.policy.probe_delay(settled.deferrals), context.jitter)
    } else {
        context.policy.deferral_delay(settled.deferrals, context.jitter)
    };
    settled.outcome = LogOutcome::Retrying;
    settled.next = Next::Owed(delay.max(settled.quiet.unwrap_or_default()));
    settled
}
