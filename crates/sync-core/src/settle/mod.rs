//! What a verdict means for a link. Pure: no clock, no randomness, no rendering, and no status code, which [`crate::judge`]
//! has read; delays, not times, come out.
//!
//! One module for each kind of request holds its column of the table: `create`, `record` (update and delete) and
//! `lookup`.

mod create;
mod lookup;
mod record;

use crate::backoff::{Policy, spread};
use crate::claim::Known;
use crate::decide::{Decision, SyncRules, no_unique_id_mend};
use crate::digest::Digest;
use crate::governor::{Signal, Trouble};
use crate::judge::{Judged, Unreadable, Verdict};
use crate::link::{Asking, DETAIL_BYTES_MAX, KeptAnswer, Link, LinkState, Notes, ParkReason, Sent, UniqueId};
use crate::log::{FailureKind, LogOutcome};
use crate::outcome::{Answer, NotSent, Outcome};
use crate::person::Version;
use crate::sync::Operation;
use crate::text;
use std::time::Duration;

/// What was tried.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which request.
    pub operation: Operation,
    /// The id it was addressed to (update, delete) or that we chose for it (create).
    pub unique_id: Option<UniqueId>,
    /// The id that an update may have moved the record to, where we choose it.
    pub moves_to: Option<UniqueId>,
    /// Whether it is a create whose earlier request may have been carried out.
    pub repeat: bool,
    /// Whether it is a repeated create that carried the bytes of the first one under a key that the system honours.
    pub first_bytes: bool,
    /// The version of the snapshot that it carried.
    pub person_version: Version,
    /// Whether the person has changed since that snapshot.
    pub outdated: bool,
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

impl Attempt {
    /// Whether a 409 came to this operation and version of the link before.
    pub fn not_yet_spent(&self, link: &Link) -> bool {
        link.notes().not_yet == Some((self.operation, self.person_version))
    }
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
    /// After a create: the digest of the update rendered from the claimed snapshot with the id just read, where the
    /// create said everything of the person that the update says.
    pub update_digest: Option<Digest>,
    /// After a create or update, where a missing record is looked for: the digest of the lookup for the snapshot sent.
    pub lookup_digest: Option<Digest>,
    /// What was known when the link was leased, and what a control has proven since.
    pub known: Known,
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
    /// Whether a record was made again or adopted since the last accepted update: it is not done twice.
    pub recreated: bool,
    /// Whether an administrator's retry still allows a create: the one that it allows was not sent.
    pub allow_resend: bool,
    /// Nothing is sent for this long.
    pub quiet: Option<Duration>,
    /// What follows.
    pub next: Next,
    /// Kept for an Unaddressable link.
    pub answer: Option<Box<KeptAnswer>>,
    /// What is remembered beyond the state.
    pub notes: Notes,
    /// The digest of the refused request.
    pub refused_digest: Option<Digest>,
    /// What it says about the endpoint.
    pub signal: Signal,
    /// Whether a lookup found a record.
    pub lookup_found: bool,
    /// What came of a control of the lookup rule, where one was sent.
    pub control: Option<Control>,
    /// The id that we choose for a request that was not sent, since it is another person's: whether it still is, is
    /// looked at once more while this is settled.
    pub claims: Option<UniqueId>,
    /// Whether a search index may have to learn of a create, or of a move of the record, that has just been tried.
    pub index_lags: bool,
    /// Whether a request went out (or was tried).
    pub tried: bool,
    /// How the log names it.
    pub outcome: LogOutcome,
    /// What went wrong.
    pub failure: Option<FailureKind>,
    /// In words: the log's message and the link's newest decision.
    pub message: String,
}

/// What came of a control of the lookup rule: the lookup of somebody who is linked.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Whether it found the record that it should; `None`: its answer tells nothing of the rule, so that another control may
    /// be sent.
    pub proves: Option<bool>,
    /// What it says of the endpoint.
    pub signal: Signal,
}

impl Control {
    /// What a control's worth comes to. `finds`: whether exactly the record of the linked person was found.
    pub fn of(judged: &Judged, finds: bool) -> Self {
        let says_nothing = matches!(
            judged.verdict,
            Verdict::MaybeLater
                | Verdict::NotYet
                | Verdict::Limited(_)
                | Verdict::EndpointFails { .. }
                | Verdict::NotSent(_)
                | Verdict::Released
                | Verdict::NoAnswer(_)
                | Verdict::Unreadable(Unreadable::Page)
        );
        let signal = match judged.verdict {
            Verdict::Limited(wait) => Signal::Limited { wait, reason: judged.said.clone() },
            // What else it says is said by the attempts themselves.
            _ => Signal::Nothing,
        };
        Self { proves: (!says_nothing).then_some(finds), signal }
    }
}

/// The longest wait of a person to whom "too many requests" is said. At first nobody waits longer than the sync is held; said
/// again and again it may be of this one record, and would hold the others each time.
const LIMITED_MAX: Duration = Duration::from_secs(15 * 60);

impl Settled {
    /// The id that the link takes, or would take: who holds it is to be known when this is applied.
    pub fn takes_id(&self) -> Option<&UniqueId> {
        self.claims.as_ref().or_else(|| self.state.unique_id())
    }

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
            notes: link.extras.notes.clone(),
            refused_digest: link.refused_digest,
            signal: Signal::Nothing,
            lookup_found: false,
            control: None,
            claims: None,
            index_lags: false,
            tried: false,
            outcome: LogOutcome::Skipped,
            failure: None,
            message: String::new(),
        }
    }

    pub(crate) fn forget_digest(&mut self) {
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

    /// An acceptance that sets tries back: a create with an id, an update, a delete.
    fn succeed(mut self, message: impl Into<String>) -> Self {
        self.tries = 0;
        self.deferrals = 0;
        self.refused_digest = None;
        self.learn(message)
    }

    /// A step that came to what it was for, and sets no tries back.
    fn learn(mut self, message: impl Into<String>) -> Self {
        self.outcome = LogOutcome::Succeeded;
        self.failure = None;
        self.message = message.into();
        self
    }

    /// Owed again at once, to be gone on with otherwise.
    fn go_on(mut self, message: impl Into<String>) -> Self {
        self.outcome = LogOutcome::Retrying;
        self.message = message.into();
        self.next = Next::Owed(Duration::ZERO);
        self
    }

    fn link_to(&mut self, id: UniqueId) {
        self.state = LinkState::Linked(id);
        self.resolved = true;
        self.answer = None;
        self.notes.resolve_create();
        (self.notes.none_spent, self.notes.existing, self.notes.look_first) = (false, false, false);
    }

    /// The external system holds nothing of ours.
    fn unlink(&mut self) {
        self.state = LinkState::Unlinked;
        self.sent = None;
        self.resolved = true;
        self.answer = None;
        let existing = self.notes.existing;
        self.notes = Notes {
            existing,
            none_spent: self.notes.none_spent,
            create_again: self.notes.create_again,
            forget: self.notes.forget,
            ..Notes::default()
        };
    }
}

/// Settles a decision that sends nothing: Forget, Nothing and Park.
pub fn settle_decision(link: &Link, decision: &Decision, rules: &SyncRules) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    match decision {
        Decision::Nothing(operation, why) => {
            settled.message.clone_from(why);
            // A record that is kept is updated without looking back, should the person be there again.
            settled.notes.kept = *operation == Operation::Delete && crate::decide::keeps(link, rules);
            if settled.notes.kept {
                settled.forget_digest();
            }
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
    let said = link.notes().refused_said.as_deref().map(|said| format!(" ({said})")).unwrap_or_default();
    settled.park(
        ParkReason::Refused,
        format!(
            "the external system refused this very request before{said}, so it is not sent again: change the person's data or \
             the rule, or retry"
        ),
    )
}

/// Settles a repeated create whose first bytes today's rule would not render any more: sent under the same key it would be
/// another request, and under a new one a second record.
pub fn settle_rule_changed(link: &Link) -> Settled {
    let settled = Settled::unchanged_from(link);
    let detail = format!(
        "{}, and Create Users was edited since, so the idempotency key does not stand for what it would send today. Look \
         whether the record is there, then retry, or set up a lookup rule",
        crate::decide::in_doubt(link)
    );
    settled.park(ParkReason::Uncertain, detail)
}

/// Settles a repeated create that would choose another id than the one in doubt: it would make a second record.
pub fn settle_id_changed(link: &Link, chosen: &UniqueId) -> Settled {
    let settled = Settled::unchanged_from(link);
    let sent = link.notes().create_id.as_ref().map(ToString::to_string).unwrap_or_default();
    let detail = format!(
        "{}, as {sent}, and the id that is chosen would be {chosen} by now. Look whether {sent} is there and remove it, then \
         retry, or set up a lookup rule",
        crate::decide::in_doubt(link)
    );
    settled.park(ParkReason::Uncertain, detail)
}

/// Settles a lease that is given back unsent.
pub fn settle_released(link: &Link, why: &str) -> Settled {
    Settled { next: Next::Owed(Duration::ZERO), message: why.to_owned(), ..Settled::unchanged_from(link) }
}

/// Settles a request that is not sent, since the id that we choose for it is another person's: it would write that person's
/// record. Where that person has given the id up meanwhile, it goes on at once.
pub fn settle_taken(link: &Link, id: UniqueId) -> Settled {
    let message = format!("nothing sent: the unique id {id} belonged to another person of this sync");
    let settled = Settled { claims: Some(id), ..Settled::unchanged_from(link) };
    settled.go_on(message)
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
    settled.link_to(id);
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

/// Settles a lookup that is not sent, since it would be the same for a person of whom nothing is known: whatever it found would
/// be a stranger's. For this link there is no lookup, until the person or the rules change.
pub fn settle_nothing_to_search(link: &Link, revision: i32) -> Settled {
    let mut settled = Settled::unchanged_from(link);
    settled.notes.no_search = Some(revision);
    settled.next = Next::Owed(Duration::ZERO);
    settled.message = "not looked up: the lookup has nothing of this person to search by".to_owned();
    if matches!(link.state, LinkState::Linked(_) | LinkState::Leaving(_))
        && let Some(Asking::Gone(said)) = settled.notes.asking.take()
    {
        let detail = format!(
            "{said}: the record is gone, and the lookup has nothing of this person to search by. Look in the external system, \
             then change the person's data or the lookup rule; then retry"
        );
        return settled.park(ParkReason::Missing, detail);
    }
    settled
}

/// One outcome on its way through the table.
struct Settling<'a> {
    link: &'a Link,
    attempt: &'a Attempt,
    judged: &'a Judged,
    /// The answer, where one came.
    answer: Option<&'a Answer>,
    context: &'a Context<'a>,
}

/// Says what an outcome, and what it is worth, mean for the link as it was claimed.
pub fn settle(link: &Link, attempt: &Attempt, outcome: &Outcome, judged: &Judged, context: &Context<'_>) -> Settled {
    if judged.verdict == Verdict::Released {
        return settle_released(link, &judged.said);
    }
    let answer = match outcome {
        Outcome::Answered(answer) => Some(answer),
        Outcome::NotSent(..) | Outcome::NoAnswer(..) => None,
    };
    let rules = context.rules.for_link(link);
    let context = &Context { rules: &rules, ..context.clone() };
    let settling = Settling { link, attempt, judged, answer, context };
    let settled = Settled {
        tried: true,
        signal: signal(attempt, judged, link),
        failure: judged.failure,
        message: judged.said.clone(),
        ..Settled::unchanged_from(link)
    };
    match attempt.operation {
        Operation::Create => settling.created(settled),
        Operation::Update => settling.updated(settled),
        Operation::Delete => settling.deleted(settled),
        Operation::Lookup => settling.looked_up(settled),
    }
}

/// What a link remembers of an answer's words.
fn remembered(said: &str) -> String {
    const BYTES_MAX: usize = 200;
    text::cut(said, BYTES_MAX).0.to_owned()
}

/// What an outcome says about the endpoint, whatever it means for the person.
fn signal(attempt: &Attempt, judged: &Judged, link: &Link) -> Signal {
    let operation = attempt.operation;
    let alike = || judged.alike.clone().unwrap_or_default();
    match &judged.verdict {
        Verdict::Found(_) => Signal::Finds,
        Verdict::Accepted(_) | Verdict::NoneFound => Signal::Works { operation, accepted: true },
        Verdict::NoId(_) => Signal::Silent,
        Verdict::Unreadable(Unreadable::Page) => Signal::Fails { reason: judged.said.clone(), trouble: Trouble::Page },
        Verdict::Unreadable(Unreadable::NoProof) | Verdict::NotYet => Signal::Works { operation, accepted: false },
        Verdict::Gone if operation == Operation::Delete => {
            let counts = !link.notes().adopted && !link.notes().may_have_moved;
            if counts { Signal::DeleteMissing } else { Signal::Works { operation, accepted: false } }
        }
        Verdict::Gone | Verdict::Exists | Verdict::Refused { .. } | Verdict::Redirected { .. } => {
            Signal::Refuses { operation, alike: alike() }
        }
        Verdict::Forbidden => Signal::Forbidden,
        Verdict::MaybeLater => Signal::Fails { reason: judged.said.clone(), trouble: Trouble::Persons },
        Verdict::EndpointFails { everybodys, .. } => {
            let trouble = if *everybodys { Trouble::Everybodys } else { Trouble::Persons };
            Signal::Fails { reason: judged.said.clone(), trouble }
        }
        Verdict::NoAnswer(_) => Signal::Fails { reason: judged.said.clone(), trouble: Trouble::Persons },
        Verdict::Limited(wait) => Signal::Limited { wait: *wait, reason: judged.said.clone() },
        Verdict::NotSent(NotSent::Released) | Verdict::Released => Signal::Nothing,
        // It lives, and may take leave of many requests at once.
        Verdict::NotSent(NotSent::Unprocessed) => {
            Signal::Fails { reason: judged.said.clone(), trouble: Trouble::Persons }
        }
        Verdict::NotSent(_) => Signal::Fails { reason: judged.said.clone(), trouble: Trouble::Everybodys },
    }
}

impl Settling<'_> {
    /// Later, using up a try; parks once the schedule is spent.
    fn try_later(&self, mut settled: Settled, spent: ParkReason) -> Settled {
        if self.attempt.probe {
            return self.defer(settled);
        }
        settled.tries = settled.tries.saturating_add(1);
        match self.context.policy.retry_delay(settled.tries, self.context.jitter) {
            Some(delay) => {
                settled.outcome = LogOutcome::Retrying;
                settled.next = Next::Owed(delay.max(settled.quiet.unwrap_or_default()));
                settled
            }
            None => {
                let detail =
                    format!("{}; all {} tries are used up: mend it, then retry", settled.message, settled.tries);
                settled.park(spent, detail)
            }
        }
    }

    /// Later, without using up a try: the fault is the endpoint's, not the person's.
    fn defer(&self, mut settled: Settled) -> Settled {
        let policy = self.context.policy;
        settled.deferrals = settled.deferrals.saturating_add(1);
        let delay = if self.attempt.probe {
            // Behind the others, so that the next probe takes another person.
            spread(policy.probe_delay(settled.deferrals), self.context.jitter)
        } else {
            let limited = matches!(self.judged.verdict, Verdict::Limited(_));
            let deferrals = if limited { settled.deferrals.saturating_sub(1).max(1) } else { settled.deferrals };
            let delay = policy.deferral_delay(deferrals, self.context.jitter);
            if limited { delay.min(LIMITED_MAX) } else { delay }
        };
        settled.outcome = LogOutcome::Retrying;
        settled.next = Next::Owed(delay.max(settled.quiet.unwrap_or_default()));
        settled
    }

    /// After *sent, no answer* nothing is sent for a while.
    fn quiet(&self, settled: &mut Settled) {
        settled.quiet = Some(self.context.policy.quiet_after(self.attempt.timeout));
    }

    /// Parks *refused*, with what was said and the mend.
    fn refuse(&self, mut settled: Settled, mend: &str) -> Settled {
        settled.refused_digest = self.attempt.digest;
        settled.notes.refused_said = Some(remembered(&self.judged.said));
        let detail = format!("{} ({mend})", self.judged.said);
        settled.park(ParkReason::Refused, detail)
    }

    fn redirect(&self, settled: Settled) -> Settled {
        let detail = format!("{}, which is never followed: put the final URL in the rule", self.judged.said);
        settled.park(ParkReason::Redirected, detail)
    }

    /// What stands as sent once a create in doubt turns out to have been carried out: the version of the key's first use.
    fn first_sent(&self) -> Sent {
        let version = self.link.key.as_ref().map_or(self.attempt.person_version, |key| key.version);
        Sent { version, revision: self.attempt.revision, digest: None }
    }
}
