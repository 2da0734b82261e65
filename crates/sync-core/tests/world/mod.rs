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
    /// Answered 200 with a web page, before anything was carried out.
    PageBefore,
    /// Carried out, and answered 200 with a web page.
    PageAfter,
    /// Not carried out, and answered 200 with an error inside.
    ErrorInside,
    /// Answered with this status, and so many seconds of `Retry-After`.
    RetryAfter(u16, u32),
    /// Certainly not sent.
    NotSent,
    /// Given back unsent.
    Released,
}

/// What else is true of the external system; nothing, by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "habits, each there or not")]
pub struct Habits {
    /// Everybody has one address, whatever their value; else the value is the address.
    pub one_address: bool,
    /// A second record of one address is refused by 409.
    pub unique: bool,
    /// Records are addressed by their address: a create of one that is there is refused by 409, an update moves the record.
    pub keyed: bool,
    /// An update of an id that is not there makes a record at that id.
    pub upserts: bool,
    /// A search sees a record only so long after it was made.
    pub lag: Option<Duration>,
    /// A search never finds anything.
    pub blind: bool,
    /// A replayed key with another value is refused by 422.
    pub checks_keys: bool,
    /// Creates that are carried out tell no id.
    pub tells_no_id: bool,
    /// Creates that are carried out are answered by a web page.
    pub answers_pages: bool,
    /// The URL of updates is wrong: each is answered 404.
    pub wrong_update: bool,
    /// The value C is refused with this status.
    pub refuses_c: Option<u16>,
}

/// A record there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub value: String,
    pub address: String,
    /// It names our person, so that a search by the person's id finds it.
    pub names_person: bool,
    /// Others made it, or share it since.
    pub foreign: bool,
    pub made_at: Timestamp,
}

/// The external system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crm {
    pub records: BTreeMap<String, Record>,
    /// Records that others made were deleted.
    pub foreign_deleted: bool,
    /// What was carried out last.
    pub carried: Option<String>,
    pub next: u32,
    /// Answers kept by idempotency key, with the value that was sent.
    pub keys: BTreeMap<Uuid, (String, String)>,
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
    pub habits: Habits,
}

/// The id of the record that ours was merged into.
pub const MERGED: &str = "merged";

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
            habits: Habits::default(),
        }
    }

    /// Somebody else makes a record with our person's first address.
    pub fn made_before(&mut self, value: &str) {
        let record = Record { names_person: false, foreign: true, ..self.record(value) };
        let id = if self.habits.keyed { record.address.clone() } else { "before".to_owned() };
        self.crm.records.insert(id, record);
    }

    fn record(&self, value: &str) -> Record {
        Record {
            value: value.to_owned(),
            address: self.address(value),
            names_person: true,
            foreign: false,
            made_at: self.now,
        }
    }

    fn address(&self, value: &str) -> String {
        if self.habits.one_address { "one".to_owned() } else { value.to_owned() }
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
                rules: self.rules,
                known: Known {
                    lookup_proven: self.governor.lookup_proven(),
                    lookup_uncontrolled: false,
                    update_proven: self.governor.proofs.update.proven,
                    restored: self.governor.is_restored(),
                    since_doubt: None,
                },
            };
            let link = self.link.as_mut().expect("it was claimable");
            match transition::lease(link, self.person.as_ref(), &terms, self.now) {
                Leasing::Quiet => {}
                Leasing::Leased(leased) => {
                    let until = self.now.plus(terms.duration);
                    self.governor.take(self.now, &limits, grant, 1, grant.probe.then_some((terms.token, until)), false);
                    let kind = self.prepare(&leased);
                    self.flight = Some(Flight { leased: *leased, kind, rules: self.rules });
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
                let first = link.extras.first_snapshot.as_deref().or(leased.person.as_ref());
                let first = first.and_then(|person| person.first_name.as_deref()).unwrap_or_default();
                match (self.chosen(first), kept) {
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
        let repeats = leased.decision == Decision::Repeat;
        let first_bytes = repeats && transition::repeats_first_bytes(&leased.link, &self.rules);
        let first = link.extras.first_snapshot.as_deref().or(leased.person.as_ref());
        let person = match operation {
            Operation::Lookup => first,
            Operation::Create if repeats && transition::repeats_first_person(&leased.link, &self.rules) => first,
            Operation::Delete if link.state.unique_id().is_none() => first,
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
        let chosen = self.chosen(&value).filter(|_| operation != Operation::Lookup);
        if let (Operation::Create, LinkState::Uncertain, Some(chosen)) = (operation, &link.state, &chosen)
            && link.notes().create_id.as_ref().is_some_and(|sent| sent != chosen)
            && !link.allow_resend
        {
            return Kind::Decided(settle::settle_id_changed(link, chosen));
        }
        let moves_to = chosen.clone().filter(|_| self.rules.follow_id && operation == Operation::Update);
        let sent_with = link.notes().create_id.clone().filter(|_| operation == Operation::Delete);
        let unique_id = link.state.unique_id().cloned().or_else(|| sent_with.filter(|_| chosen.is_some())).or(chosen);
        let mut key = link.key.as_ref().map(|key| key.key).filter(|_| operation == Operation::Create);
        if let (Some(key), Some(id), true) = (&mut key, &unique_id, self.rules.follow_id) {
            // Key and id are of one snapshot.
            let id = id.as_str().bytes().fold(0, |sum: u128, byte| sum * 256 + u128::from(byte));
            *key = Uuid::from_u128(key.as_u128() ^ id);
        }
        let attempt = Attempt {
            operation,
            unique_id,
            moves_to,
            repeat: repeats,
            first_bytes,
            person_version: person.version,
            outdated: leased.person.as_ref().is_some_and(|newest| newest.version != person.version),
            person_deleted: leased.person.as_ref().is_none_or(Person::is_deleted),
            revision: leased.revision,
            digest: Some(digest),
            probe: leased.probe,
            timeout: Duration::from_secs(10),
        };
        Kind::Request { attempt, value, key }
    }

    /// The id that we choose: made of the person's id, or the address of a record that is addressed so.
    fn chosen(&self, value: &str) -> Option<UniqueId> {
        let id = if self.habits.keyed { self.address(value) } else { "X".to_owned() };
        self.rules.chosen_id.then(|| UniqueId::text(id)).flatten()
    }

    /// What the CRM makes of a request: status and ids.
    fn carry_out(&mut self, attempt: &Attempt, value: &str, key: Option<Uuid>) -> (u16, Vec<String>) {
        self.crm.requests += 1;
        let id = attempt.unique_id.as_ref().map(ToString::to_string);
        match attempt.operation {
            Operation::Create => self.carry_out_create(id, value, key),
            Operation::Update => self.carry_out_update(&id.unwrap(), value),
            Operation::Delete => {
                let id = id.unwrap();
                let Some(record) = self.crm.records.remove(&id) else { return (404, vec![]) };
                // A record that ours was merged into is our person's.
                self.crm.foreign_deleted |= record.foreign && id != MERGED;
                (204, vec![])
            }
            Operation::Lookup => (200, self.search(value)),
        }
    }

    fn carry_out_create(&mut self, chosen: Option<String>, value: &str, key: Option<Uuid>) -> (u16, Vec<String>) {
        let record = self.record(value);
        let habits = self.habits;
        let crm = &mut self.crm;
        let key = key.filter(|_| self.means == Means::Key);
        if let Some((id, first)) = key.and_then(|key| crm.keys.get(&key)) {
            return if habits.checks_keys && first != value { (422, vec![]) } else { (201, vec![id.clone()]) };
        }
        if let Some(status) = habits.refuses_c.filter(|_| value == "C") {
            return (status, vec![]);
        }
        let id = match (self.means, chosen) {
            _ if habits.keyed && crm.records.contains_key(&record.address) => return (409, vec![]),
            _ if habits.keyed => record.address.clone(),
            (Means::ChosenPost, Some(id)) if crm.records.contains_key(&id) => return (409, vec![]),
            (Means::ChosenPost | Means::ChosenPut, Some(id)) => id,
            _ if habits.unique && crm.records.values().any(|known| known.address == record.address) => {
                return (409, vec![]);
            }
            _ => {
                crm.next += 1;
                format!("r{}", crm.next)
            }
        };
        crm.records.insert(id.clone(), record);
        crm.carried = Some(value.to_owned());
        if let Some(key) = key {
            crm.keys.insert(key, (id.clone(), value.to_owned()));
        }
        (201, vec![id])
    }

    fn carry_out_update(&mut self, id: &str, value: &str) -> (u16, Vec<String>) {
        let address = self.address(value);
        let crm = &mut self.crm;
        if self.habits.wrong_update || (!crm.records.contains_key(id) && !self.habits.upserts) {
            return (404, vec![]);
        }
        if let Some(status) = self.habits.refuses_c.filter(|_| value == "C") {
            return (status, vec![]);
        }
        let moves = self.habits.keyed && address != id;
        if moves && crm.records.contains_key(&address) {
            return (409, vec![]);
        }
        let Some(record) = crm.records.remove(id) else {
            let made = Record {
                value: value.to_owned(),
                address: id.to_owned(),
                names_person: true,
                foreign: false,
                made_at: self.now,
            };
            crm.records.insert(id.to_owned(), made);
            return (201, vec![id.to_owned()]);
        };
        let id = if moves { address.clone() } else { id.to_owned() };
        crm.records.insert(id.clone(), Record { value: value.to_owned(), address, names_person: true, ..record });
        crm.carried = Some(value.to_owned());
        (200, vec![id])
    }

    fn search(&self, value: &str) -> Vec<String> {
        let address = self.address(value);
        let seen = |record: &Record| {
            !self.habits.blind && self.habits.lag.is_none_or(|lag| self.now.since(record.made_at) >= lag)
        };
        let meant = |record: &Record| match self.means {
            Means::LookupById => record.names_person,
            _ => record.address == address,
        };
        let found = self.crm.records.iter().filter(|(_, record)| seen(record) && meant(record));
        found.map(|(id, _)| id.clone()).collect()
    }

    /// Whether this can come of what is under way.
    pub fn meets(&self, fate: Fate) -> bool {
        let Some(Flight { kind: Kind::Request { attempt, .. }, .. }) = &self.flight else { return false };
        match fate {
            Fate::Unread | Fate::CutBody => attempt.operation == Operation::Create,
            // Within the answer to an update or a delete nobody looks.
            Fate::ErrorInside => matches!(attempt.operation, Operation::Create | Operation::Lookup),
            _ => true,
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
        let with_body = |status, body: &str| {
            let body = bytes::Bytes::copy_from_slice(body.as_bytes());
            Outcome::Answered(Answer { status, headers: vec![], body, body_read: BodyRead::Whole })
        };
        let answer = |status| with_body(status, "");
        let page = || with_body(200, "<!DOCTYPE html><title>We are back soon</title>");
        match fate {
            Fate::Answered => {
                let (status, ids) = self.carry_out(attempt, value, key);
                match attempt.operation {
                    Operation::Create if status < 300 && self.habits.answers_pages => (page(), vec![]),
                    Operation::Create if status < 300 && self.habits.tells_no_id => (answer(status), vec![]),
                    _ => (answer(status), ids),
                }
            }
            Fate::PageBefore => (page(), vec![]),
            Fate::PageAfter => {
                self.carry_out(attempt, value, key);
                (page(), vec![])
            }
            Fate::ErrorInside => (with_body(200, r#"{"errors":["busy"]}"#), vec![]),
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
            Operation::Update if success && rules.follow_id => Reading::Id(if rules.chosen_id {
                attempt.moves_to.clone().ok_or(IdFault::NotConfigured)
            } else {
                ids.first().cloned().ok_or(IdFault::Nothing)
            }),
            // An error inside says nothing of who is there.
            Operation::Lookup if success => {
                let proves_none = !matches!(outcome, Outcome::Answered(answer) if answer.text().contains("errors"));
                Reading::Found { ids: Ok(ids), proves_none }
            }
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
        assert!(self.comes_to_rest(), "it never comes to rest: {:?}", self.link);
    }

    /// Claims and answers until nothing is owed; false where it does not end.
    pub fn comes_to_rest(&mut self) -> bool {
        for _ in 0..60 {
            if self.flight.is_some() {
                self.finish(Fate::Answered);
            } else if !self.claim() {
                return true;
            }
        }
        false
    }

    pub fn records(&self) -> Vec<&str> {
        self.crm.records.values().map(|record| record.value.as_str()).collect()
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
