//! One person, one sync, one CRM: driven step by step through the real `mark`, `lease`, `decide` and `settle`.
//!
//! Time is moved, never waited for. The CRM keeps records by id; what it makes of a request is written out here, so that
//! answers can be lost before and after it was carried out.

#![allow(dead_code, reason = "each test target uses its part")]
#![expect(unreachable_pub, reason = "a module of several test targets")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::{Known, Leased};
use sync_core::decide::{Decision, SyncRules};
use sync_core::digest::Digest;
use sync_core::governor::Governor;
use sync_core::id::{AccountId, LeaseToken, LinkId, PersonId, SyncId};
use sync_core::judge::{Judging, Reading, judge};
use sync_core::link::{Link, LinkState, ParkReason, UniqueId};
use sync_core::outcome::{Answer, BodyRead, NoAnswer, NotSent, Outcome};
use sync_core::person::{Patch, Person, PersonPatch, Upserted, Version};
use sync_core::settle::{self, Attempt, Context, Settled};
use sync_core::sync::{AdoptedRecords, Limits, LookupWhen, OnExisting, OnMissing, OnUncertain, Operation};
use sync_core::time::Timestamp;
use sync_core::transition::{self, BatchInput, LeaseTerms, Leasing, Mark, SettleResult, Settlement, SyncView};
use sync_core::unique_id::IdFault;
use uuid::Uuid;

/// What can resolve an uncertain create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// The id is chosen by us and created by POST: 409 if it exists.
    ChosenPost,
    /// The id is chosen by us and created by PUT: overwrites.
    ChosenPut,
    /// The CRM honours the idempotency key, and the rule mentions it.
    Key,
    /// A lookup by our person id.
    LookupById,
    /// A lookup by something that changes.
    LookupByValue,
    /// Nothing; resend.
    Resend,
    /// Nothing; park.
    Park,
}

impl Means {
    pub const ALL: [Self; 7] =
        [Self::ChosenPost, Self::ChosenPut, Self::Key, Self::LookupById, Self::LookupByValue, Self::Resend, Self::Park];

    /// Whether every uncertain create can be resolved.
    pub fn resolves(self) -> bool {
        !matches!(self, Self::Resend | Self::Park)
    }

    pub fn rules(self) -> SyncRules {
        SyncRules {
            revision: 1,
            unique_id_revision: 1,
            create_on: true,
            update_on: true,
            delete_on: true,
            lookup: matches!(self, Self::LookupById | Self::LookupByValue),
            lookup_when: LookupWhen::Uncertain,
            lookup_settle: Duration::from_secs(30),
            lookup_empty_status: None,
            lookup_names_person: self == Self::LookupById,
            chosen_id: matches!(self, Self::ChosenPost | Self::ChosenPut),
            chosen_of_person: matches!(self, Self::ChosenPost | Self::ChosenPut),
            id_in_header: false,
            follow_id: false,
            refuses_pages: true,
            unique_id: true,
            create_mentions_key: self == Self::Key,
            on_uncertain: if self == Self::Park { OnUncertain::Park } else { OnUncertain::Resend },
            on_existing: OnExisting::Park,
            on_missing: OnMissing::Park,
            // Found by something that others may share: ours, for all that can be told.
            adopted: if self == Self::LookupByValue { AdoptedRecords::Delete } else { AdoptedRecords::Keep },
        }
    }
}

/// What comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Carried out and answered.
    Answered,
    /// Carried out; the answer is lost.
    LostAfter,
    /// Not carried out, and no answer.
    LostBefore,
    /// Answered with this status without being carried out.
    Refused(u16),
    /// Answered with this status although it was carried out.
    RefusedAfter(u16),
    /// Carried out and accepted with a 2xx, but no id is read from the answer, whose body is the id all the same.
    Unread,
    /// Carried out and accepted with a 2xx whose body was cut.
    CutBody,
    /// Answered with this status, and so many seconds of `Retry-After`.
    RetryAfter(u16, u32),
    /// Certainly not sent.
    NotSent,
    /// Given back unsent.
    Released,
}

/// The external system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crm {
    pub records: BTreeMap<String, String>,
    pub next: u32,
    /// Answers kept by idempotency key.
    pub keys: BTreeMap<Uuid, String>,
    pub requests: u32,
}

/// A lease under way.
#[derive(Clone, Debug)]
pub struct Flight {
    pub leased: Leased,
    pub kind: Kind,
    /// The rules that decided and rendered: edits come after.
    pub rules: SyncRules,
}

#[derive(Clone, Debug)]
pub enum Kind {
    /// Settled without a request.
    Decided(Settled),
    /// A request with the value it carries.
    Request { attempt: Attempt, value: String, key: Option<Uuid> },
}

#[derive(Clone, Debug)]
pub struct World {
    pub means: Means,
    pub rules: SyncRules,
    pub policy: Arc<Policy>,
    pub now: Timestamp,
    pub person: Option<Person>,
    pub floor: Version,
    pub link: Option<Link>,
    pub governor: Governor,
    pub flight: Option<Flight>,
    pub crm: Crm,
    pub tokens: u128,
    /// Another person who holds this unique id.
    pub held_by_other: Option<String>,
    /// How many links of the sync are owed, as the governor is told.
    pub owed: i64,
    /// Whether the create says everything that the update says.
    pub create_covers_update: bool,
}

pub fn link_id() -> LinkId {
    LinkId {
        account: AccountId(Uuid::from_u128(1)),
        sync: SyncId(Uuid::from_u128(2)),
        person: PersonId::new("p").unwrap(),
    }
}

impl World {
    pub fn new(means: Means) -> Self {
        Self {
            means,
            rules: means.rules(),
            policy: Arc::new(Policy::default()),
            now: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
            person: None,
            floor: 0,
            link: None,
            governor: Governor::default(),
            flight: None,
            crm: Crm::default(),
            tokens: 0,
            held_by_other: None,
            owed: 100,
            create_covers_update: true,
        }
    }

    /// In step with the person A.
    pub fn with_a(means: Means) -> Self {
        let mut world = Self::new(means);
        world.upsert("A");
        world.run();
        world.assert_in_step();
        world
    }

    /// Edits the rules: the revision rises, and the edit's sweep passes by. Returns whether it marked the link.
    pub fn edit(&mut self, change: impl FnOnce(&mut SyncRules)) -> bool {
        change(&mut self.rules);
        self.rules.revision += 1;
        self.mark(Mark::Edit)
    }

    /// Claims, and says what is under way.
    pub fn next(&mut self) -> String {
        if !self.claim() {
            return "nothing is owed".to_owned();
        }
        let flight = self.flight.as_ref().unwrap();
        match &flight.kind {
            Kind::Request { attempt, value, .. } => match attempt.operation {
                Operation::Create if attempt.repeat => format!("repeat {value}"),
                Operation::Delete => format!("delete {}", attempt.unique_id.as_ref().unwrap()),
                operation => format!("{} {value}", operation.as_str()),
            },
            Kind::Decided(settled) => match &settled.next {
                settle::Next::Park(reason, _) => format!("park {reason:?}"),
                settle::Next::Remove => "forget".to_owned(),
                settle::Next::Done | settle::Next::Owed(_) => settled.message.clone(),
            },
        }
    }

    /// Claims, says what was under way, and lets it come to its end.
    pub fn step(&mut self, fate: Fate) -> String {
        let said = self.next();
        if self.flight.is_some() {
            assert_eq!(self.finish(fate), SettleResult::Applied, "{said}");
        }
        said
    }

    /// The link, there being one.
    pub fn link(&self) -> &Link {
        self.link.as_ref().expect("there is a link")
    }

    /// The digest of what was last accepted, where one is known.
    pub fn digest(&self) -> Option<Digest> {
        self.link().sent.as_ref().and_then(|sent| sent.digest)
    }

    /// The idempotency key of the flight.
    pub fn key_in_flight(&self) -> Option<Uuid> {
        match &self.flight.as_ref().expect("something is in flight").kind {
            Kind::Request { key, .. } => *key,
            Kind::Decided(_) => None,
        }
    }

    /// Pushes a person with this first name. False where nothing differs.
    pub fn upsert(&mut self, value: &str) -> bool {
        let mut patch = PersonPatch::new(PersonId::new("p").unwrap());
        patch.first_name = Patch::Set(value.to_owned());
        let before = self.person.clone();
        match sync_core::person::upsert(before.as_ref(), self.floor, &patch, self.now) {
            Upserted::Unchanged(_) => false,
            Upserted::Created(person, _) | Upserted::Updated(person, _) => {
                let link = self.link.get_or_insert_with(|| Link::new(link_id(), self.now));
                transition::mark(link, Mark::Change(before.as_ref()), &self.policy, self.now);
                self.person = Some(person);
                true
            }
        }
    }

    /// Deletes the person. False where there is nobody.
    pub fn delete(&mut self) -> bool {
        let before = self.person.clone();
        let Some((tombstone, _)) = sync_core::person::delete(before.as_ref(), self.now) else { return false };
        if let Some(link) = &mut self.link {
            transition::mark(link, Mark::Change(before.as_ref()), &self.policy, self.now);
        }
        self.person = Some(tombstone);
        true
    }

    /// Purges the tombstone, where the rules allow it.
    pub fn purge(&mut self) -> bool {
        let Some(tombstone) = self.person.clone().filter(Person::is_deleted) else { return false };
        if !sync_core::plan::may_purge(self.link.as_ref()) {
            return false;
        }
        if self.link.as_ref().is_some_and(|link| link.state == LinkState::Unlinked) {
            self.link = None;
        }
        self.floor = self.floor.max(tombstone.version);
        self.person = None;
        true
    }

    pub fn mark(&mut self, mark: Mark<'_>) -> bool {
        let policy = self.policy.clone();
        self.link.as_mut().is_some_and(|link| transition::mark(link, mark, &policy, self.now))
    }

    /// Claims the link as soon as time allows. False where nothing is owed, or something is in flight.
    pub fn claim(&mut self) -> bool {
        if self.flight.is_some() {
            return false;
        }
        for _ in 0..2 {
            let Some(at) = self.link.as_ref().and_then(Link::claimable_at) else { return false };
            self.now = self.now.max(at);
            let limits = Limits::default();
            while let Some(at) = self.governor.grant(self.now, &limits, 0, 1).again_at {
                self.now = at;
            }
            let grant = self.governor.grant(self.now, &limits, 0, 1);
            self.tokens += 1;
            let terms = LeaseTerms {
                token: LeaseToken(Uuid::from_u128(self.tokens)),
                duration: Duration::from_secs(40),
                quiet: Duration::from_secs(30),
                probe: grant.probe,
                rules: self.rules.clone(),
                known: Known {
                    lookup_proven: self.governor.lookup_proven(),
                    lookup_uncontrolled: false,
                    update_proven: self.governor.proofs.update.proven,
                    restored: self.governor.is_restored(),
                    since_create: None,
                },
            };
            let link = self.link.as_mut().expect("it was claimable");
            match transition::lease(link, self.person.as_ref(), &terms, self.now) {
                Leasing::Quiet => {}
                Leasing::Leased(leased) => {
                    let until = self.now.plus(terms.duration);
                    self.governor.take(self.now, &limits, grant, 1, grant.probe.then_some((terms.token, until)), false);
                    let kind = self.prepare(&leased);
                    self.flight = Some(Flight { leased: *leased, kind, rules: self.rules.clone() });
                    return true;
                }
            }
        }
        panic!("a link may wait out its quiet time only once");
    }

    fn prepare(&self, leased: &Leased) -> Kind {
        let link = &leased.link;
        let operation = match &leased.decision {
            Decision::Forget | Decision::Nothing(..) | Decision::Park(..) => {
                return Kind::Decided(settle::settle_decision(link, &leased.decision, &self.rules));
            }
            Decision::Readdress { .. } => {
                let kept =
                    link.extras.answer.as_ref().filter(|kept| kept.looked_at_revision < self.rules.unique_id_revision);
                match (self.chosen(), kept) {
                    (Some(id), _) => return Kind::Decided(settle::settle_readdressed(link, id)),
                    (None, Some(kept)) if UniqueId::text(kept.body.as_str()).is_some() => {
                        let id = UniqueId::text(kept.body.as_str()).unwrap();
                        return Kind::Decided(settle::settle_readdressed(link, id));
                    }
                    _ if self.rules.lookup => Operation::Lookup,
                    _ => return Kind::Decided(settle::settle_unreadable(link, &self.rules)),
                }
            }
            Decision::Send(operation) => *operation,
            Decision::Repeat => Operation::Create,
            Decision::DeleteChosen => Operation::Delete,
        };
        let empty = Person::empty(link.id.person.clone(), 0, self.now);
        let first_bytes =
            leased.decision == Decision::Repeat && transition::repeats_first_bytes(&leased.link, &self.rules);
        let person = match operation {
            Operation::Lookup => link.extras.first_snapshot.as_deref().or(leased.person.as_ref()),
            Operation::Create if first_bytes => link.extras.first_snapshot.as_deref().or(leased.person.as_ref()),
            _ => leased.person.as_ref(),
        }
        .unwrap_or(&empty);
        let value = person.first_name.clone().unwrap_or_default();
        let digest = digest(operation, &value);
        if first_bytes && link.notes().create_digest != Some(digest) && !link.allow_resend {
            return Kind::Decided(settle::settle_rule_changed(link));
        }
        if operation == Operation::Update
            && !link.force
            && matches!(link.state, LinkState::Linked(_))
            && link.sent.as_ref().is_some_and(|sent| sent.digest == Some(digest))
        {
            return Kind::Decided(settle::settle_unchanged(link, person.version, self.rules.revision));
        }
        if link.refused_digest == Some(digest) && !link.force {
            return Kind::Decided(settle::settle_still_refused(link));
        }
        let known = link.state.unique_id().cloned();
        let unique_id = known.or_else(|| self.chosen().filter(|_| operation != Operation::Lookup));
        let attempt = Attempt {
            operation,
            unique_id,
            moves_to: None,
            repeat: leased.decision == Decision::Repeat,
            first_bytes,
            person_version: person.version,
            outdated: leased.person.as_ref().is_some_and(|newest| newest.version != person.version),
            person_deleted: leased.person.as_ref().is_none_or(Person::is_deleted),
            revision: leased.revision,
            digest: Some(digest),
            probe: leased.probe,
            timeout: Duration::from_secs(10),
        };
        let key = link.key.as_ref().map(|key| key.key).filter(|_| operation == Operation::Create);
        Kind::Request { attempt, value, key }
    }

    fn chosen(&self) -> Option<UniqueId> {
        self.rules.chosen_id.then(|| UniqueId::text("X").unwrap())
    }

    /// What the CRM makes of a request: status and ids.
    fn carry_out(&mut self, attempt: &Attempt, value: &str, key: Option<Uuid>) -> (u16, Vec<String>) {
        self.crm.requests += 1;
        let crm = &mut self.crm;
        let id = attempt.unique_id.as_ref().map(ToString::to_string);
        match attempt.operation {
            Operation::Create => {
                if let Some(id) = key.filter(|_| self.means == Means::Key).and_then(|key| crm.keys.get(&key)) {
                    return (201, vec![id.clone()]);
                }
                let id = match (self.means, id) {
                    (Means::ChosenPost, Some(id)) if crm.records.contains_key(&id) => return (409, vec![]),
                    (Means::ChosenPost | Means::ChosenPut, Some(id)) => id,
                    _ => {
                        crm.next += 1;
                        format!("r{}", crm.next)
                    }
                };
                crm.records.insert(id.clone(), value.to_owned());
                if let Some(key) = key {
                    crm.keys.insert(key, id.clone());
                }
                (201, vec![id])
            }
            Operation::Update => match crm.records.get_mut(&id.unwrap()) {
                Some(record) => {
                    value.clone_into(record);
                    (200, vec![])
                }
                None => (404, vec![]),
            },
            Operation::Delete => match crm.records.remove(&id.unwrap()) {
                Some(_) => (204, vec![]),
                None => (404, vec![]),
            },
            Operation::Lookup => {
                let by_id = self.means == Means::LookupById;
                let found = crm.records.iter().filter(|(_, record)| by_id || *record == value);
                (200, found.map(|(id, _)| id.clone()).collect())
            }
        }
    }

    /// Lets the flight come to its end. Returns the settlement's result.
    pub fn finish(&mut self, fate: Fate) -> SettleResult {
        let settlement = self.settlement(fate);
        self.settle(settlement)
    }

    /// The settlement of the flight's end, not yet applied.
    pub fn settlement(&mut self, fate: Fate) -> Settlement {
        let Flight { leased, kind, rules } = self.flight.take().expect("something is in flight");
        let (settled, operation) = match kind {
            Kind::Decided(settled) => (settled, leased.decision.operation()),
            Kind::Request { attempt, value, key } => {
                let (outcome, ids) = self.outcome(fate, &attempt, &value, key);
                (self.meaning(&leased, &rules, &attempt, &outcome, ids), attempt.operation)
            }
        };
        Settlement {
            link: leased.link.id.clone(),
            token: leased.link.lease.as_ref().unwrap().token,
            generation: leased.link.generation,
            operation,
            person_deleted: leased.person.as_ref().is_none_or(Person::is_deleted),
            revision: leased.revision,
            settled,
            lease_duration: Duration::from_secs(40),
            log: None,
            counter: None,
        }
    }

    fn outcome(&mut self, fate: Fate, attempt: &Attempt, value: &str, key: Option<Uuid>) -> (Outcome, Vec<String>) {
        let answer = |status| {
            Outcome::Answered(Answer { status, headers: vec![], body: bytes::Bytes::new(), body_read: BodyRead::Whole })
        };
        match fate {
            Fate::Answered => {
                let (status, ids) = self.carry_out(attempt, value, key);
                (answer(status), ids)
            }
            Fate::LostAfter => {
                self.carry_out(attempt, value, key);
                (Outcome::NoAnswer(NoAnswer::Timeout, "timeout".into()), vec![])
            }
            Fate::Unread => {
                let (status, ids) = self.carry_out(attempt, value, key);
                let body = ids.first().cloned().unwrap_or_default().into();
                (Outcome::Answered(Answer { status, headers: vec![], body, body_read: BodyRead::Whole }), vec![])
            }
            Fate::CutBody => {
                let (status, _) = self.carry_out(attempt, value, key);
                let body = bytes::Bytes::new();
                (Outcome::Answered(Answer { status, headers: vec![], body, body_read: BodyRead::Cut }), vec![])
            }
            Fate::RetryAfter(status, seconds) => {
                let headers = vec![("retry-after".to_owned(), seconds.to_string())];
                let body = bytes::Bytes::new();
                (Outcome::Answered(Answer { status, headers, body, body_read: BodyRead::Whole }), vec![])
            }
            // Under a key that it honours, a CRM that has carried the create out answers as before.
            Fate::Refused(status)
                if attempt.repeat
                    && self.means == Means::Key
                    && matches!(status, 400 | 404 | 410)
                    && key.is_some_and(|key| self.crm.keys.contains_key(&key)) =>
            {
                let (status, ids) = self.carry_out(attempt, value, key);
                (answer(status), ids)
            }
            Fate::LostBefore => (Outcome::NoAnswer(NoAnswer::Cut, "cut".into()), vec![]),
            Fate::Refused(status) => (answer(status), vec![]),
            Fate::RefusedAfter(status) => {
                self.carry_out(attempt, value, key);
                (answer(status), vec![])
            }
            Fate::NotSent => (Outcome::NotSent(NotSent::Connection, "refused".into()), vec![]),
            Fate::Released => (Outcome::NotSent(NotSent::Released, "stopping".into()), vec![]),
        }
    }

    fn meaning(
        &self,
        leased: &Leased,
        rules: &SyncRules,
        attempt: &Attempt,
        outcome: &Outcome,
        ids: Vec<String>,
    ) -> Settled {
        let link = &leased.link;
        let ids: Vec<UniqueId> = ids.into_iter().filter_map(UniqueId::text).collect();
        let success = matches!(outcome, Outcome::Answered(answer) if answer.is_success());
        let reading = match attempt.operation {
            Operation::Create if success => Reading::Id(ids.first().cloned().ok_or(IdFault::Nothing)),
            Operation::Lookup if success => Reading::Found { ids: Ok(ids), proves_none: true },
            _ => Reading::Nothing,
        };
        let lookup_proven = leased.known.lookup_proven;
        let not_yet_spent = attempt.not_yet_spent(link);
        let judging = Judging { operation: attempt.operation, not_yet_spent, rules, lookup_proven, now: self.now };
        let judged = judge(&judging, outcome, &reading);
        let claimed_value = claimed_value(attempt);
        let context = Context {
            rules,
            policy: &self.policy,
            jitter: 0.5,
            update_digest: (self.create_covers_update && matches!(reading, Reading::Id(Ok(_))))
                .then(|| claimed_value.map(|value| digest(Operation::Update, &value)))
                .flatten(),
            lookup_digest: (rules.on_missing == OnMissing::Lookup)
                .then(|| leased.person.as_ref()?.first_name.as_deref())
                .flatten()
                .map(|value| digest(Operation::Lookup, value)),
            known: leased.known,
        };
        settle::settle(link, attempt, outcome, &judged, &context)
    }

    /// Applies a settlement as stores do.
    pub fn settle(&mut self, settlement: Settlement) -> SettleResult {
        let id = link_id();
        let key = (id.account, id.sync);
        let mut input = BatchInput::default();
        if let Some(link) = &self.link {
            input.links.insert(id.clone(), link.clone());
            if let Some(unique_id) = link.state.unique_id() {
                input.holders.insert((id.account, id.sync, unique_id.to_string()), id.person.clone());
            }
        }
        if let Some(held) = &self.held_by_other {
            input.holders.insert((id.account, id.sync, held.clone()), PersonId::new("other").unwrap());
        }
        let owed = self.owed;
        input.syncs.insert(key, SyncView { revision: self.rules.revision, governor: self.governor.clone(), owed });
        let before = self.link.clone();
        let output = transition::settle_batch(input, vec![settlement], &self.policy, self.now);
        if let Some(governor) = output.governors.get(&key) {
            self.governor = governor.clone();
        }
        if !output.removed.is_empty() {
            self.link = None;
        }
        for link in output.updated {
            self.link = Some(link);
        }
        self.never_back(before.as_ref());
        output.results[0].clone()
    }

    /// A settled link never goes back to an older version of what it holds.
    fn never_back(&self, before: Option<&Link>) {
        if let (Some(before), Some(after)) = (before, &self.link)
            && before.state.unique_id().is_some()
            && before.state.unique_id() == after.state.unique_id()
            && let (Some(was), Some(is)) = (&before.sent, &after.sent)
        {
            assert!(is.version >= was.version, "went back from {was:?} to {is:?}");
        }
    }

    /// kill -9: the flight ends without a settlement. `carried_out`: its request reached the CRM before.
    pub fn crash(&mut self, carried_out: bool) {
        let flight = self.flight.take().expect("something is in flight");
        if let (true, Kind::Request { attempt, value, key }) = (carried_out, &flight.kind) {
            self.carry_out(attempt, value, *key);
        }
    }

    /// Claims and answers until nothing is owed. Panics where it never ends.
    pub fn run(&mut self) {
        for _ in 0..60 {
            if self.flight.is_some() {
                self.finish(Fate::Answered);
            } else if !self.claim() {
                return;
            }
        }
        panic!("it never comes to rest: {:?}", self.link);
    }

    pub fn records(&self) -> Vec<&str> {
        self.crm.records.values().map(String::as_str).collect()
    }

    pub fn wanted(&self) -> Vec<&str> {
        match &self.person {
            Some(person) if !person.is_deleted() => vec![person.first_name.as_deref().unwrap_or("")],
            _ => vec![],
        }
    }

    pub fn parked(&self) -> Option<ParkReason> {
        self.link.as_ref().and_then(|link| link.parked.as_ref()).map(|parked| parked.reason)
    }

    pub fn state(&self) -> &LinkState {
        &self.link.as_ref().expect("there is a link").state
    }

    /// The CRM holds exactly what the directory holds.
    pub fn assert_in_step(&self) {
        assert_eq!(self.records(), self.wanted(), "{:?}", self.link);
        assert_eq!(self.parked(), None);
    }
}

/// The value that the claimed snapshot renders: recovered from the create's digest.
fn claimed_value(attempt: &Attempt) -> Option<String> {
    let values = ["", "A", "B", "C"].into_iter();
    values.map(str::to_owned).find(|value| attempt.digest == Some(digest(attempt.operation, value)))
}

pub fn digest(operation: Operation, value: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes[0] = operation as u8 + 1;
    bytes[1..=value.len()].copy_from_slice(value.as_bytes());
    Digest(bytes)
}
