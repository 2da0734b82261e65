//! One leased link: from its decision to a request, and from the outcome to a settlement. Policy is sync-core's; here it
//! is brought together with templates. No I/O.

use crate::compiled::{CompiledSync, IdPlan, in_words};
use crate::system::uuid_v7;
use std::sync::Arc;
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::{Known, Leased};
use sync_core::decide::Decision;
use sync_core::digest::{CONSTANT_KEY, Digest};
use sync_core::id::{LogId, PersonId, uuid_of};
use sync_core::judge::{Judging, Reading, Verdict, judge};
use sync_core::link::{LinkState, UniqueId};
use sync_core::log::{LogEntry, LogOutcome, LoggedRequest, LoggedResponse};
use sync_core::outcome::{Answer, Exchange, NotSent, Outcome, Request};
use sync_core::person::Person;
use sync_core::ports::{Clock, Random, RenderContext};
use sync_core::settle::{self, Attempt, Context, Control, Settled};
use sync_core::stats::{CounterKey, CounterKind};
use sync_core::sync::{OnMissing, Operation};
use sync_core::time::Timestamp;
use sync_core::transition::{Settlement, repeats_first_bytes, repeats_first_person};
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
            let mut settled = settle::settle_decision(&leased.link, &leased.decision, &sync.rules);
            if is_deleted(&leased) {
                // Another person's record may be there, which our create has overwritten: then its holder is told.
                settled.claims = chosen_in_doubt(&leased, &sync);
            }
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
    // The create that was accepted carried this one.
    let person = leased.link.extras.first_snapshot.as_deref().or(leased.person.as_ref()).unwrap_or(&nobody);
    let found = match &sync.ids {
        IdPlan::Choose(_) => sync.choose_id(&context_of(&sync, person, None, CONSTANT_KEY)).and_then(Result::ok),
        IdPlan::Read(source) => {
            leased.link.extras.answer.as_deref().and_then(|kept| unique_id::read_kept(source, kept).ok())
        }
    };
    let settled = match found {
        Some(id) => settle::settle_readdressed(&leased.link, id),
        None if sync.rules.for_link(&leased.link).lookup => return render(leased, sync, Operation::Lookup, around),
        None => settle::settle_unreadable(&leased.link, &sync.rules),
    };
    Prepared::Settled(Box::new(settlement(&leased, &sync, settled, None, around)))
}

fn render(leased: Leased, sync: Arc<CompiledSync>, operation: Operation, around: &Surroundings) -> Prepared {
    let settle_with = |leased: &Leased, settled: Settled| {
        Prepared::Settled(Box::new(settlement(leased, &sync, settled, None, around)))
    };
    let nobody = nobody(&leased);
    let repeats = leased.decision == Decision::Repeat;
    let first_bytes = repeats && repeats_first_bytes(&leased.link, &sync.rules);
    let first = leased.link.extras.first_snapshot.as_deref().or(leased.person.as_ref());
    let person = match operation {
        // The search is for what the unresolved create made.
        Operation::Lookup => first,
        Operation::Create if repeats && repeats_first_person(&leased.link, &sync.rules) => first,
        // What a create in doubt may have made is deleted at the id that it was sent with.
        Operation::Delete if leased.link.state.unique_id().is_none() => first,
        _ => leased.person.as_ref(),
    }
    .unwrap_or(&nobody);
    let mut key = leased.link.key.as_ref().map_or(CONSTANT_KEY, |key| key.key);
    let mut id = leased.link.state.unique_id().cloned();
    let mut moves_to = None;
    let chooses = match operation {
        Operation::Create => true,
        Operation::Update => id.is_none() || sync.rules.follow_id,
        Operation::Delete => id.is_none(),
        Operation::Lookup => false,
    };
    if chooses {
        match sync.choose_id(&context_of(&sync, person, None, key)) {
            Some(Ok(chosen)) => {
                moves_to = Some(chosen.clone()).filter(|_| sync.rules.follow_id);
                let link = &leased.link;
                let is_another = link.notes().create_id.as_ref().is_some_and(|sent| *sent != chosen);
                if operation == Operation::Create
                    && link.state == LinkState::Uncertain
                    && is_another
                    && !link.allow_resend
                {
                    return settle_with(&leased, settle::settle_id_changed(link, &chosen));
                }
                // A create in doubt was sent with an id of its own.
                let sent = leased.link.notes().create_id.clone().filter(|_| operation == Operation::Delete);
                id = id.or(sent).or(Some(chosen));
            }
            Some(Err(fault)) => return settle_with(&leased, settle::settle_template(&leased.link, &fault)),
            None => {}
        }
    }
    if operation == Operation::Create
        && sync.rules.follow_id
        && let Some(id) = &id
    {
        // Key and id are of one snapshot: another id is another request.
        key = key_for(key, id);
    }
    let Some(rule) = sync.rule(operation) else {
        let fault = format!("there is no rule to {}", operation.as_str());
        return settle_with(&leased, settle::settle_template(&leased.link, &fault));
    };
    let addressed = id.as_ref().filter(|_| matches!(operation, Operation::Update | Operation::Delete));
    // Where the id may move, the same request to another id is the same request.
    let told_apart = addressed.filter(|_| !sync.rules.follow_id);
    let request = match rule.render(&context_of(&sync, person, addressed, key)) {
        Ok(request) => request,
        Err(faults) => return settle_with(&leased, settle::settle_template(&leased.link, &in_words(&faults))),
    };
    let digest = if rule.tokens().idempotency_key || told_apart != addressed {
        let constant = UniqueId::text("constant");
        let addressed = told_apart.or(constant.as_ref().filter(|_| addressed.is_some()));
        rule.render(&context_of(&sync, person, addressed, CONSTANT_KEY)).ok().map(|request| Digest::of(&request))
    } else {
        Some(Digest::of(&request))
    };
    let link = &leased.link;
    if operation == Operation::Lookup && searches_for_nobody(&sync, person) {
        let settled = settle::settle_nothing_to_search(link, sync.config.revision);
        return settle_with(&leased, settled);
    }
    // An administrator who asked for it all the same has looked.
    if first_bytes && digest != link.notes().create_digest && !link.allow_resend {
        return settle_with(&leased, settle::settle_rule_changed(link));
    }
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
        moves_to: moves_to.filter(|_| operation == Operation::Update),
        repeat: repeats,
        first_bytes,
        person_version: person.version,
        outdated: leased.person.as_ref().is_some_and(|newest| newest.version != person.version),
        person_deleted: is_deleted(&leased),
        revision: sync.config.revision,
        digest,
        probe: leased.probe,
        timeout: sync.timeout(operation),
    };
    let request = sync.dress(request, operation, leased.link.key.as_ref().map(|_| key));
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

    /// What the configured places of an answer hold. In time linear in the answer.
    pub(crate) fn read(&self, outcome: &Outcome) -> Reading {
        reading(&self.sync, &self.attempt, outcome)
    }

    /// Whether a control of the lookup rule would tell what the answer is worth: it says that nobody is there, and the rule
    /// has found nobody yet since its last edit.
    pub(crate) fn wants_control(&self, outcome: &Outcome, reading: &Reading, around: &Surroundings) -> bool {
        let known = &self.leased.known;
        if self.operation() != Operation::Lookup || known.lookup_proven || !known.lookup_uncontrolled {
            return false;
        }
        let worth = |lookup_proven| judge(&self.judging(around, lookup_proven), outcome, reading).verdict;
        let needs_proof =
            matches!(self.leased.link.state, LinkState::Linked(_) | LinkState::Leaving(_) | LinkState::Unaddressable)
                || self.leased.link.notes().page;
        worth(true) == Verdict::NoneFound && (needs_proof || worth(false) != Verdict::NoneFound)
    }

    /// The lookup of a person who is linked: finding that record proves the rule. `None` where it cannot be rendered.
    pub(crate) fn control(&self, linked: &Person) -> Option<Request> {
        let rule = self.sync.rule(Operation::Lookup)?;
        let request = rule.render(&context_of(&self.sync, linked, None, CONSTANT_KEY)).ok()?;
        if searches_for_nobody(&self.sync, linked) {
            return None;
        }
        Some(self.sync.dress(request, Operation::Lookup, None))
    }

    /// Takes what is secret out of an answer, once its ids are read and before anything is kept of it.
    pub(crate) fn redact(&self, exchange: &mut Exchange) {
        self.sync.redactor.redact(exchange);
    }

    /// The id of ours that this request would write to and the link does not hold: it may be another person's. `None`
    /// where it cannot be.
    pub(crate) fn reaches_for(&self) -> Option<&UniqueId> {
        let id = self.attempt.moves_to.as_ref().or(self.attempt.unique_id.as_ref())?;
        let held = self.leased.link.state.unique_id();
        (self.sync.ids_may_clash && held != Some(id)).then_some(id)
    }

    /// The settlement of a request that is not sent, since its id is another person's.
    pub(crate) fn taken(&self, id: UniqueId, around: &Surroundings) -> Settlement {
        settlement(&self.leased, &self.sync, settle::settle_taken(&self.leased.link, id), None, around)
    }

    /// Gives the link back unsent.
    pub(crate) fn released(&self, why: &str) -> Settlement {
        release(&self.leased, why)
    }

    pub(crate) fn sync(&self) -> Arc<CompiledSync> {
        self.sync.clone()
    }

    pub(crate) fn link(&self) -> &sync_core::link::Link {
        &self.leased.link
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.attempt.timeout
    }

    fn judging(&self, around: &Surroundings, lookup_proven: bool) -> Judging<'_> {
        Judging {
            operation: self.attempt.operation,
            not_yet_spent: self.attempt.not_yet_spent(&self.leased.link),
            rules: &self.sync.rules,
            lookup_proven,
            now: around.clock.now(),
        }
    }

    /// The settlement of what came of it. `control`: what came of a control that was sent meanwhile.
    pub(crate) fn conclude(
        self,
        exchange: &Exchange,
        reading: &Reading,
        control: Option<Control>,
        around: &Surroundings,
    ) -> Settlement {
        let proved = control.as_ref().is_some_and(|control| control.proves == Some(true));
        let lookup_proven = self.leased.known.lookup_proven || proved;
        let known = Known { lookup_proven, ..self.leased.known };
        let judged = judge(&self.judging(around, lookup_proven), &exchange.outcome, reading);
        let Self { request, leased, sync, attempt } = self;
        let update_digest = match &judged.verdict {
            Verdict::Accepted(Some(id)) if attempt.operation == Operation::Create && !attempt.repeat => {
                update_digest(&leased, &sync, id)
            }
            _ => None,
        };
        let accepted = matches!(judged.verdict, Verdict::Accepted(_));
        let context = Context {
            rules: &sync.rules,
            policy: &around.policy,
            jitter: around.random.fraction(),
            update_digest,
            lookup_digest: accepted.then(|| lookup_digest(&leased, &sync)).flatten(),
            known,
        };
        let mut settled = settle::settle(&leased.link, &attempt, &exchange.outcome, &judged, &context);
        settled.control = control;
        settlement(&leased, &sync, settled, Some((&request, &attempt, exchange)), around)
    }
}

/// Whether a lookup would be the same for a person of whom nothing is known, whoever that is: what it found would be anybody's. A
/// header that names the person by id is for tracing, and searches for nobody.
pub(crate) fn searches_for_nobody(sync: &CompiledSync, person: &Person) -> bool {
    let Some(rule) = sync.rule(Operation::Lookup).filter(|_| !sync.rules.lookup_names_person) else { return false };
    let lookup = |person: &Person| rule.render(&context_of(sync, person, None, CONSTANT_KEY)).ok();
    let unknown = |id: PersonId| Person {
        created_at: person.created_at,
        updated_at: person.updated_at,
        ..Person::empty(id, person.version, person.updated_at)
    };
    let another = PersonId::new("somebody-else").map(unknown).ok();
    let (Some(own), Some(nobodys), Some(anothers)) =
        (lookup(person), lookup(&unknown(person.id.clone())), another.and_then(|another| lookup(&another)))
    else {
        return false;
    };
    let by_id = nobodys.url != anothers.url || nobodys.body != anothers.body;
    !by_id && Digest::of(&own) == Digest::of(&nobodys)
}

/// The id of ours that the create in doubt was sent with.
fn chosen_in_doubt(leased: &Leased, sync: &CompiledSync) -> Option<UniqueId> {
    let link = &leased.link;
    if link.state != LinkState::Uncertain || !sync.rules.chosen_id {
        return None;
    }
    let first = link.extras.first_snapshot.as_deref().or(leased.person.as_ref());
    let rendered = || sync.choose_id(&context_of(sync, first?, None, CONSTANT_KEY))?.ok();
    link.notes().create_id.clone().or_else(rendered)
}

/// A key that is another one for another id.
fn key_for(key: Uuid, id: &UniqueId) -> Uuid {
    uuid_of(&[key.as_bytes(), id.as_str().as_bytes()])
}

/// Where a missing record is looked for: the digest of the lookup for what was sent, so that a "none" of another search is
/// not believed.
fn lookup_digest(leased: &Leased, sync: &CompiledSync) -> Option<Digest> {
    if sync.rules.on_missing != OnMissing::Lookup {
        return None;
    }
    let rule = sync.rule(Operation::Lookup)?;
    let request = rule.render(&context_of(sync, leased.person.as_ref()?, None, CONSTANT_KEY)).ok()?;
    Some(Digest::of(&request))
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
        lease_duration: leased.lease_duration,
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
    let constant = UniqueId::text("constant").filter(|_| sync.rules.follow_id);
    let id = constant.as_ref().unwrap_or(id);
    let request = rule.render(&context_of(sync, person, Some(id), CONSTANT_KEY)).ok()?;
    Some(Digest::of(&request))
}

/// Whether what came of a lookup is exactly the record of this id.
pub(crate) fn finds(sync: &CompiledSync, outcome: &Outcome, id: &UniqueId) -> bool {
    let Outcome::Answered(answer) = outcome else { return false };
    answer.is_success() && matches!(found(sync, answer), Reading::Found { ids: Ok(ids), .. } if ids == [id.clone()])
}

/// What came of a control: the lookup of somebody whose record is `held`.
pub(crate) fn control(sync: &CompiledSync, mut exchange: Exchange, held: &UniqueId, now: Timestamp) -> Control {
    let reading = match &exchange.outcome {
        Outcome::Answered(answer) if answer.is_success() => found(sync, answer),
        _ => Reading::Nothing,
    };
    let finds = finds(sync, &exchange.outcome, held);
    sync.redactor.redact(&mut exchange);
    let judging =
        Judging { operation: Operation::Lookup, not_yet_spent: false, rules: &sync.rules, lookup_proven: true, now };
    let judged = judge(&judging, &exchange.outcome, &reading);
    Control::of(&judged, finds)
}

/// What the configured places of an answer hold.
pub(crate) fn reading(sync: &CompiledSync, attempt: &Attempt, outcome: &Outcome) -> Reading {
    let Outcome::Answered(answer) = outcome else { return Reading::Nothing };
    if !answer.is_success() {
        return Reading::Nothing;
    }
    match attempt.operation {
        Operation::Create => Reading::Id(match &sync.ids {
            IdPlan::Read(source) => unique_id::read(source, answer),
            IdPlan::Choose(_) => attempt.unique_id.clone().ok_or(unique_id::IdFault::NotConfigured),
        }),
        Operation::Lookup => found(sync, answer),
        Operation::Update if sync.rules.follow_id => Reading::Id(match &sync.ids {
            IdPlan::Read(source) => unique_id::read(source, answer),
            IdPlan::Choose(_) => attempt.moves_to.clone().ok_or(unique_id::IdFault::NotConfigured),
        }),
        Operation::Update | Operation::Delete => Reading::Nothing,
    }
}

/// What the places of a lookup's answer hold.
fn found(sync: &CompiledSync, answer: &Answer) -> Reading {
    let Some(path) = &sync.lookup_path else { return Reading::Nothing };
    let ids = unique_id::read_all(path, answer);
    let says_nobody = || match &sync.empty_equals {
        Some((path, value)) => path.equals(answer, value),
        None => path.container_is_there(answer),
    };
    let proves_none = match &ids {
        Ok(ids) => ids.is_empty() && says_nobody(),
        Err(_) => sync.empty_equals.is_some() && says_nobody(),
    };
    Reading::Found { ids, proves_none }
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
        || settled.claims.is_some()
}

fn counter(operation: Operation, settled: &Settled, tried: Option<Tried<'_>>) -> Option<CounterKey> {
    match (tried, settled.outcome) {
        (Some((_, _, exchange)), outcome) => {
            CounterKey::of_attempt(operation, &exchange.outcome, exchange.duration, outcome)
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
