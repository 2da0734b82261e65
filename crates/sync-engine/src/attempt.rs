//! One leased link: from its decision to a request, and from the outcome to a settlement. Policy is sync-core's; here it
//! is brought together with templates. No I/O.

use crate::compiled::{CompiledSync, IdPlan, in_words};
use crate::system::uuid_v7;
use std::sync::Arc;
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::Leased;
use sync_core::decide::Decision;
use sync_core::digest::{CONSTANT_KEY, Digest};
use sync_core::id::LogId;
use sync_core::link::{LinkState, UniqueId};
use sync_core::log::{LogEntry, LogOutcome, LoggedRequest, LoggedResponse};
use sync_core::outcome::{Exchange, NotSent, Outcome, Request};
use sync_core::person::Person;
use sync_core::ports::{Clock, Random, RenderContext};
use sync_core::settle::{self, Attempt, Context, Reading, Settled};
use sync_core::stats::{CounterKey, CounterKind, latency_bucket};
use sync_core::sync::Operation;
use sync_core::transition::Settlement;
use sync_core::unique_id;
use uuid::Uuid;

/// What settling draws on besides the link.
pub(crate) struct Surroundings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) policy: Arc<Policy>,
}

/// What is to be done with a leased link.
pub(crate) enum Prepared {
    /// Nothing is sent.
    Settled(Box<Settlement>),
    /// This is sent.
    Send(Box<Sending>),
}

/// A request on its way.
pub(crate) struct Sending {
    pub(crate) request: Request,
    leased: Leased,
    sync: Arc<CompiledSync>,
    attempt: Attempt,
}

/// Renders what a leased link decided to send; settles at once what needs no request.
pub(crate) fn prepare(leased: Leased, sync: Arc<CompiledSync>, around: &Surroundings) -> Prepared {
    let operation = match &leased.decision {
        Decision::Forget | Decision::Nothing(..) | Decision::Park(..) => {
            let settled = settle::settle_decision(&leased.link, &leased.decision);
            return Prepared::Settled(Box::new(settlement(&leased, &sync, settled, None, around)));
        }
        Decision::Readdress { .. } => return readdress(leased, sync, around),
        Decision::Send(operation) => *operation,
        Decision::Repeat => Operation::Create,
        Decision::DeleteChosen => Operation::Delete,
    };
    render(leased, sync, operation, around)
}

/// Finds the id of an Unaddressable link: chosen by us, or in the kept answer, or by a lookup.
fn readdress(leased: Leased, sync: Arc<CompiledSync>, around: &Surroundings) -> Prepared {
    let nobody = nobody(&leased);
    let person = leased.person.as_ref().unwrap_or(&nobody);
    let found = match &sync.ids {
        IdPlan::Choose(_) => sync.choose_id(&context_of(&sync, person, None, CONSTANT_KEY)).and_then(Result::ok),
        IdPlan::Read(source) => {
            leased.link.extras.answer.as_deref().and_then(|kept| unique_id::read_kept(source, kept).ok())
        }
    };
    let settled = match found {
        Some(id) => settle::settle_readdressed(&leased.link, id),
        None if sync.rules.lookup => return render(leased, sync, Operation::Lookup, around),
        None => settle::settle_unreadable(&leased.link, &sync.rules),
    };
    Prepared::Settled(Box::new(settlement(&leased, &sync, settled, None, around)))
}

fn render(leased: Leased, sync: Arc<CompiledSync>, operation: Operation, around: &Surroundings) -> Prepared {
    let settle_with = |leased: &Leased, settled: Settled| {
        Prepared::Settled(Box::new(settlement(leased, &sync, settled, None, around)))
    };
    let nobody = nobody(&leased);
    let person = match operation {
        // The search is for what the unresolved create made.
        Operation::Lookup => leased.link.extras.first_snapshot.as_deref().or(leased.person.as_ref()),
        _ => leased.person.as_ref(),
    }
    .unwrap_or(&nobody);
    let key = leased.link.key.as_ref().map_or(CONSTANT_KEY, |key| key.key);
    let mut id = leased.link.state.unique_id().cloned();
    if id.is_none() && operation != Operation::Lookup {
        match sync.choose_id(&context_of(&sync, person, None, key)) {
            Some(Ok(chosen)) => id = Some(chosen),
            Some(Err(fault)) => return settle_with(&leased, settle::settle_template(&leased.link, &fault)),
            None => {}
        }
    }
    let Some(rule) = sync.rule(operation) else {
        let fault = format!("there is no rule to {}", operation.as_str());
        return settle_with(&leased, settle::settle_template(&leased.link, &fault));
    };
    let addressed = id.as_ref().filter(|_| matches!(operation, Operation::Update | Operation::Delete));
    let request = match rule.render(&context_of(&sync, person, addressed, key)) {
        Ok(request) => request,
        Err(faults) => return settle_with(&leased, settle::settle_template(&leased.link, &in_words(&faults))),
    };
    let digest = if rule.tokens().idempotency_key {
        rule.render(&context_of(&sync, person, addressed, CONSTANT_KEY)).ok().map(|request| Digest::of(&request))
    } else {
        Some(Digest::of(&request))
    };
    let link = &leased.link;
    if operation == Operation::Update
        && !link.force
        && matches!(link.state, LinkState::Linked(_))
        && digest.is_some()
        && link.sent.as_ref().is_some_and(|sent| sent.digest == digest)
    {
        let settled = settle::settle_unchanged(link, person.version, sync.config.revision);
        return settle_with(&leased, settled);
    }
    if digest.is_some() && link.refused_digest == digest && !link.force {
        return settle_with(&leased, settle::settle_still_refused(link));
    }
    let attempt = Attempt {
        operation,
        unique_id: id,
        repeat: leased.decision == Decision::Repeat,
        person_version: person.version,
        person_deleted: is_deleted(&leased),
        revision: sync.config.revision,
        digest,
        probe: leased.probe,
        timeout: sync.timeout(operation),
    };
    let request = sync.dress(request, operation, leased.link.key.as_ref().map(|key| key.key));
    Prepared::Send(Box::new(Sending { request, leased, sync: sync.clone(), attempt }))
}

impl Sending {
    pub(crate) fn operation(&self) -> Operation {
        self.attempt.operation
    }

    /// Why this request must not begin, although its link is leased; `None`: it may. `left` is what is left of the lease.
    pub(crate) fn not_now(&self, left: Duration) -> Option<Outcome> {
        if left <= self.attempt.timeout + sync_core::sync::LEASE_RESERVE {
            let why = "what was left of the lease is too short".to_owned();
            return Some(Outcome::NotSent(NotSent::Released, why));
        }
        let why = self.sync.blocked.clone()?;
        Some(Outcome::NotSent(NotSent::Connection, why))
    }

    /// The settlement of what came of it.
    pub(crate) fn conclude(self, exchange: &Exchange, around: &Surroundings) -> Settlement {
        let Self { request, leased, sync, attempt } = self;
        let reading = self::reading(&sync, &attempt, &exchange.outcome);
        let update_digest = match &reading {
            Reading::Id(Ok(id)) if !attempt.repeat => update_digest(&leased, &sync, id),
            _ => None,
        };
        let context = Context {
            rules: &sync.rules,
            policy: &around.policy,
            jitter: around.random.fraction(),
            now: around.clock.now(),
            reading,
            update_digest,
            lookup_has_found: leased.lookup_has_found,
        };
        let settled = settle::settle(&leased.link, &attempt, &exchange.outcome, &context);
        settlement(&leased, &sync, settled, Some((&request, &attempt, exchange)), around)
    }
}

/// Gives a leased link back unsent, before anything was rendered.
pub(crate) fn release(leased: &Leased, why: &str) -> Settlement {
    decided(leased, settle::settle_released(&leased.link, why))
}

/// A settlement that neither logs nor counts.
pub(crate) fn decided(leased: &Leased, settled: Settled) -> Settlement {
    Settlement {
        link: leased.link.id.clone(),
        token: token_of(leased),
        generation: leased.link.generation,
        operation: leased.decision.operation(),
        person_deleted: is_deleted(leased),
        revision: leased.revision,
        settled,
        log: None,
        counter: None,
    }
}

/// The digest of the update as it would render for the claimed snapshot with the id just read: only where the create said
/// everything that the update says.
fn update_digest(leased: &Leased, sync: &CompiledSync, id: &UniqueId) -> Option<Digest> {
    let person = leased.person.as_ref()?;
    if !sync.rules.update_on || !sync.create_covers_update() {
        return None;
    }
    let rule = sync.rule(Operation::Update)?;
    let request = rule.render(&context_of(sync, person, Some(id), CONSTANT_KEY)).ok()?;
    Some(Digest::of(&request))
}

fn reading(sync: &CompiledSync, attempt: &Attempt, outcome: &Outcome) -> Reading {
    let Outcome::Answered(answer) = outcome else { return Reading::Nothing };
    if !answer.is_success() {
        return Reading::Nothing;
    }
    match attempt.operation {
        Operation::Create => Reading::Id(match &sync.ids {
            IdPlan::Read(source) => unique_id::read(source, answer),
            IdPlan::Choose(_) => attempt.unique_id.clone().ok_or(unique_id::IdFault::NotConfigured),
        }),
        Operation::Lookup => match &sync.lookup_path {
            Some(path) => Reading::Ids(unique_id::read_all(path, answer)),
            None => Reading::Nothing,
        },
        Operation::Update | Operation::Delete => Reading::Nothing,
    }
}

type Tried<'a> = (&'a Request, &'a Attempt, &'a Exchange);

fn settlement(
    leased: &Leased,
    sync: &CompiledSync,
    settled: Settled,
    tried: Option<Tried<'_>>,
    around: &Surroundings,
) -> Settlement {
    let operation = tried.map_or_else(|| leased.decision.operation(), |(_, attempt, _)| attempt.operation);
    let tried = tried.filter(|_| settled.tried);
    let log = wants_log(leased, &settled).then(|| log_entry(leased, operation, &settled, tried, around));
    let counter = counter(operation, &settled, tried);
    Settlement { operation, revision: sync.config.revision, log, counter, ..decided(leased, settled) }
}

/// Attempts are logged; of decisions, those that park, forget, or answer an administrator's wish. *Unchanged* never is.
fn wants_log(leased: &Leased, settled: &Settled) -> bool {
    let unchanged = matches!(leased.decision, Decision::Send(_)) && settled.outcome == LogOutcome::Skipped;
    settled.tried
        || matches!(settled.next, settle::Next::Park(..) | settle::Next::Remove)
        || (leased.link.asked && !unchanged)
        || settled.outcome == LogOutcome::Succeeded
}

fn counter(operation: Operation, settled: &Settled, tried: Option<Tried<'_>>) -> Option<CounterKey> {
    match (tried, settled.outcome) {
        (Some((_, _, exchange)), outcome) => {
            let kind = if outcome == LogOutcome::Succeeded { CounterKind::Succeeded } else { CounterKind::Failed };
            Some(CounterKey { operation, kind, bucket: latency_bucket(exchange.duration) })
        }
        (None, LogOutcome::Skipped) if settled.message.starts_with("unchanged") => {
            Some(CounterKey { operation, kind: CounterKind::Unchanged, bucket: 0 })
        }
        _ => None,
    }
}

fn log_entry(
    leased: &Leased,
    operation: Operation,
    settled: &Settled,
    tried: Option<Tried<'_>>,
    around: &Surroundings,
) -> LogEntry {
    let now = around.clock.now();
    let link = &leased.link;
    let response = tried.and_then(|(_, _, exchange)| LoggedResponse::of_outcome(&exchange.outcome)).map(Arc::new);
    let sent_id = tried.and_then(|(_, attempt, _)| attempt.unique_id.clone());
    let version = tried.map_or_else(
        || leased.person.as_ref().map_or(0, |person| person.version),
        |(_, attempt, _)| attempt.person_version,
    );
    LogEntry {
        account: link.id.account,
        id: LogId(uuid_v7(now, around.random.as_ref())),
        at: now,
        sync: link.id.sync,
        person: link.id.person.clone(),
        person_version: version,
        operation,
        outcome: settled.outcome,
        failure: settled.failure,
        message: sync_core::text::without_nul(&settled.message).into_owned(),
        unique_id: settled.state.unique_id().cloned().or(sent_id).or_else(|| link.state.unique_id().cloned()),
        attempt: tried.map(|_| i32::from(link.tries) + i32::from(link.deferrals) + 1),
        duration_ms: tried.map(|(_, _, exchange)| exchange.duration_ms()),
        request: tried.map(|(request, _, _)| Arc::new(LoggedRequest::of(request))),
        response,
        next_attempt_at: None,
    }
}

/// What templates are rendered with.
pub(crate) fn context_of<'a>(
    sync: &'a CompiledSync,
    person: &'a Person,
    unique_id: Option<&'a UniqueId>,
    idempotency_key: Uuid,
) -> RenderContext<'a> {
    RenderContext { person, unique_id, idempotency_key, sync_name: &sync.config.friendly_name }
}

fn is_deleted(leased: &Leased) -> bool {
    leased.person.as_ref().is_none_or(Person::is_deleted)
}

/// Stands for a person who was purged: only the id is known.
fn nobody(leased: &Leased) -> Person {
    let version = leased.link.lease.as_ref().map_or(0, |lease| lease.version);
    Person::empty(leased.link.id.person.clone(), version, leased.link.updated_at)
}

fn token_of(leased: &Leased) -> sync_core::id::LeaseToken {
    leased.link.lease.as_ref().map_or(sync_core::id::LeaseToken(Uuid::nil()), |lease| lease.token)
}
