//! What really happened, noted where it happens: commits in the store, requests at the external systems. From it follow the
//! promises that can be checked at every instant; those at rest are in [`crate::check`].

use crate::crm::{Asked, NOWHERE, before_id};
use crate::rules::{Fields, tag_of};
use crate::scenario::{Means, Millis, PEOPLE, Scenario};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use sync_core::claim::{Call, Leased};
use sync_core::id::{LeaseToken, LogId, SyncId};
use sync_core::link::ParkReason;
use sync_core::person::{Patch, PersonPatch};
use sync_core::settle::Next;
use sync_core::sync::{Operation, SyncConfig};
use sync_core::transition::{SettleResult, Settlement};

/// How long a change may take to an external system that is well, on nodes that are well, among at most eight people.
const DELAY_MAX: Millis = 10_000;

/// A (sync, person) pair, by number.
pub type Pair = (usize, usize);

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Once changes and faults stop, every external system holds what the directory holds, or the link is shown as parked.
    Converges,
    /// A newer state is never overwritten by an older one.
    InOrder,
    /// A change that was acknowledged is there.
    NothingLost,
    /// One record per person; creates are not repeated blindly.
    OneRecord,
    /// A record that was there before us is not deleted, where it is to be kept.
    AdoptedKept,
    /// At most one request in flight per (sync, person), each under a lease, and one for each lease.
    OneInFlight,
    /// A request that would equal the last accepted one is not sent.
    NoNeedlessCalls,
    /// At most what was leased before a pause still goes.
    PauseHolds,
    /// Nothing is sent before the time that `Retry-After` named, but for what was leased before.
    RetryAfterHolds,
    /// Concurrency and rate are kept over all nodes.
    LimitsHold,
    /// Whatever a person's name holds, the request is well formed.
    WellFormed,
    /// A slow or failing external system delays only itself.
    NeighboursUnhurt,
    /// For each request there is a log entry, and for each link a reason why nothing is sent.
    Explained,
    /// Secrets are seen in requests only.
    SecretsStaySecret,
    /// Kept counts are those of the rows.
    CountsAgree,
    /// The engine goes on until it is told to stop, and then ends.
    Runs,
    /// Use cases answer as they should: no internal error, nothing refused that is right.
    Answers,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// When.
    pub at: Millis,
    /// How.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} broken at {} ms: {}", self.promise, self.at, self.what)
    }
}

/// A lease as it was given out.
#[derive(Clone, Debug)]
struct Given {
    node: usize,
    incarnation: u32,
    token: LeaseToken,
    operation: Option<Operation>,
    until: Millis,
    /// Its number: leases with a lower one were given out before.
    number: u64,
    used: bool,
    /// Whether an administrator asked for equal requests too.
    forced: bool,
}

/// A request at an external system.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Whom it is about.
    pub pair: Pair,
    /// What it asks.
    pub asked: Asked,
    /// Whether it is a control: somebody who is linked is looked up, to see whether the lookup finds anybody.
    pub is_control: bool,
}

/// What is known of one (sync, person) pair.
#[derive(Clone, Debug, Default)]
pub struct PairNotes {
    /// Requests that the external system is at work on.
    working: u32,
    /// The newest state of the person, by number, that was written.
    last_written: Option<usize>,
    /// The newest state that it may have been.
    newest_written: Option<usize>,
    /// Whether anything but clean acceptance happened since the last accepted request: then its digest may be forgotten.
    doubtful: bool,
    /// Requests that went out.
    pub sent: u64,
    /// What was last accepted, as long as nothing is doubtful.
    accepted: Option<String>,
    /// Creates whose acceptance never reached the store.
    pub lost_creates: u32,
    /// A create that is on its way, or whose answer was not settled.
    create_under_way: bool,
    /// The log entries of requests that were settled.
    pub logged: BTreeSet<LogId>,
    /// Settlements that were given again when the row with their token was gone, and perhaps another there: the store cannot
    /// know, and counts them twice.
    pub settled_again: u64,
    /// Deletes that were settled when another had removed the row: they may have been settled before, for all that the store
    /// knows, and are not counted.
    pub settled_late: u64,
    /// Whether somebody removed its record.
    pub removed: bool,
    /// Whether a create was accepted without an id that could be read.
    pub unreadable: bool,
    /// Whether the link went after a create in doubt: a lookup had found none.
    pub forgotten_in_doubt: bool,
    /// Whether it was parked *uncertain*: an administrator who retries says that nothing was made.
    pub parked_in_doubt: bool,
    /// The seconds of a `Retry-After` that is not settled yet.
    retry_after: Option<u64>,
}

/// What is known of one sync.
#[derive(Clone, Debug, Default)]
pub struct SyncNotes {
    /// Its id, once it is made.
    pub id: Option<SyncId>,
    /// When it was made.
    pub made_at: Millis,
    /// Whether a forced resync was ever asked for.
    pub forced: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Its configuration now.
    pub config: Option<SyncConfig>,
    /// Whether its rules were ever edited, so that records may show different ones.
    pub edited: bool,
    /// Leases from this number on must send nothing: it is paused or deleted.
    stopped_from: Option<u64>,
    /// Until when it is held, and from which lease on.
    held: Option<(Millis, u64)>,
    /// Requests begun whose outcome the node does not have yet.
    live: u32,
    /// When leases were given out lately, and how many.
    leases: VecDeque<(Millis, usize)>,
}

impl SyncNotes {
    /// Whether a rule is on.
    pub fn on(&self, operation: Operation) -> bool {
        self.config.as_ref().and_then(|config| config.settings.rule(operation)).is_some_and(|rule| rule.enabled)
    }

    /// Whether a rule goes to an address where nothing is.
    pub fn goes_nowhere(&self) -> bool {
        let rules = self.config.iter().flat_map(|config| config.settings.rules());
        rules.into_iter().any(|(_, rule)| rule.url.contains(NOWHERE))
    }

    /// The tag that updates write now.
    pub fn tag(&self) -> Option<u8> {
        self.config.as_ref()?.settings.update.as_ref()?.data.as_deref().and_then(tag_of)
    }
}

/// The notes of a whole run.
pub struct Oracle {
    /// The plan.
    pub scenario: Scenario,
    /// The directory: fields and the newest call's mark of each person who is there.
    pub directory: Vec<Option<(Fields, u64)>>,
    /// Every state that each person was in; `None`: not there. Each with its time.
    pub history: Vec<Vec<(Millis, Option<Fields>)>>,
    /// By pair.
    pub pairs: BTreeMap<Pair, PairNotes>,
    /// By plan.
    pub syncs: Vec<SyncNotes>,
    /// What was broken, first things first.
    pub violations: Vec<Violation>,
    /// What happened, in words.
    pub trace: Vec<String>,
    /// Requests that went out.
    pub requests: u64,
    /// Whether the trace is kept; its digest always is.
    keep_trace: bool,
    digest: u64,
    given: HashMap<Pair, Given>,
    numbers: u64,
    beyond_margin: bool,
    /// By plan and person: whether nothing is wrong with them, so that nothing may hold them up, whatever their neighbours suffer.
    healthy: Vec<Vec<bool>>,
    ids: HashMap<SyncId, usize>,
    people: HashMap<&'static str, usize>,
}

impl Oracle {
    /// Nothing happened yet.
    pub fn new(scenario: &Scenario, keep_trace: bool) -> Self {
        Self {
            scenario: scenario.clone(),
            directory: vec![None; PEOPLE.len()],
            history: vec![Vec::new(); PEOPLE.len()],
            pairs: BTreeMap::new(),
            syncs: vec![SyncNotes::default(); scenario.syncs.len()],
            violations: Vec::new(),
            trace: Vec::new(),
            requests: 0,
            keep_trace,
            digest: 0,
            given: HashMap::new(),
            numbers: 0,
            beyond_margin: scenario.beyond_margin(),
            healthy: (0..scenario.syncs.len())
                .map(|sync| (0..PEOPLE.len()).map(|person| scenario.is_healthy(sync, person)).collect())
                .collect(),
            ids: HashMap::new(),
            people: PEOPLE.iter().enumerate().map(|(at, id)| (*id, at)).collect(),
        }
    }

    /// Notes what happened.
    pub fn tell(&mut self, at: Millis, what: fmt::Arguments<'_>) {
        let line = format!("{at:>7} {what}");
        let mut hasher = DefaultHasher::new();
        (self.digest, &line).hash(&mut hasher);
        self.digest = hasher.finish();
        if self.keep_trace {
            self.trace.push(line);
        }
    }

    /// A number that differs where two runs differ.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// A promise is broken.
    pub fn broken(&mut self, promise: Promise, at: Millis, what: String) {
        self.tell(at, format_args!("BROKEN {promise:?}: {what}"));
        self.violations.push(Violation { promise, at, what });
    }

    /// The number of a person.
    pub fn person(&self, id: &str) -> Option<usize> {
        self.people.get(id).copied()
    }

    fn pair_of(&self, link: &sync_core::id::LinkId) -> Option<Pair> {
        Some((*self.ids.get(&link.sync)?, self.person(link.person.as_str())?))
    }

    /// Everything may be in doubt from now on: a node crashed, or a store call went wrong.
    pub fn all_doubtful(&mut self) {
        for notes in self.pairs.values_mut() {
            notes.doubtful = true;
        }
        for sync in 0..self.syncs.len() {
            for person in 0..PEOPLE.len() {
                self.pairs.entry((sync, person)).or_default().doubtful = true;
            }
        }
    }

    /// A forced resync was asked for: equal requests may be sent too.
    pub fn forced(&mut self, sync: usize) {
        self.syncs[sync].forced = true;
    }

    // --- The store's commits.

    /// Calls were committed.
    pub fn recorded(&mut self, at: Millis, calls: &[Call]) {
        for call in calls {
            match call {
                Call::Upsert(patches) => patches.iter().for_each(|patch| self.upserted(at, patch)),
                Call::Delete(ids) => {
                    for id in ids {
                        let Some(person) = self.person(id.as_str()) else { continue };
                        if self.directory[person].take().is_some() {
                            self.history[person].push((at, None));
                            self.tell(at, format_args!("committed: {id} deleted"));
                        }
                    }
                }
            }
        }
    }

    fn upserted(&mut self, at: Millis, patch: &PersonPatch) {
        let Some(person) = self.person(patch.id.as_str()) else { return };
        let (mut fields, mut mark) = self.directory[person].clone().unwrap_or_default();
        let is_new = self.directory[person].is_none();
        if let Patch::Set(name) = &patch.first_name {
            fields.name.clone_from(name);
        }
        if let Patch::Set(emails) = &patch.emails {
            fields.email = emails.first().cloned().unwrap_or_default();
        }
        if let Patch::Set(phones) = &patch.phones {
            fields.phone = phones.first().cloned().unwrap_or_default();
        }
        if let Patch::Set(custom) = &patch.custom {
            mark = custom.get("call").and_then(serde_json::Value::as_u64).unwrap_or(mark);
        }
        if is_new || self.directory[person].as_ref().is_some_and(|(held, _)| *held != fields) {
            self.history[person].push((at, Some(fields.clone())));
            self.tell(at, format_args!("committed: {} is {fields:?}", patch.id));
        }
        self.directory[person] = Some((fields, mark));
    }

    /// Links were leased by a committed claim or hand-off.
    pub fn leased(&mut self, at: Millis, node: usize, incarnation: u32, leased: &[Leased]) {
        let mut by_sync: BTreeMap<usize, usize> = BTreeMap::new();
        for leased in leased {
            let Some(pair) = self.pair_of(&leased.link.id) else { continue };
            let Some(lease) = &leased.link.lease else { continue };
            *by_sync.entry(pair.0).or_default() += 1;
            self.numbers += 1;
            let until = at + leased.lease_duration.as_millis() as Millis;
            let given = Given {
                node,
                incarnation,
                token: lease.token,
                operation: lease.operation,
                until,
                number: self.numbers,
                used: false,
                forced: leased.link.force && self.syncs[pair.0].forced,
            };
            self.tell(at, format_args!("node {node} leases {pair:?}: {:?}", leased.decision));
            if let Some(lost) = self.given.insert(pair, given) {
                self.tell(at, format_args!("an earlier lease of {pair:?} by node {} was lost", lost.node));
                let notes = self.pairs.entry(pair).or_default();
                notes.doubtful = true;
                notes.retry_after = None;
                notes.lost_creates += u32::from(std::mem::take(&mut notes.create_under_way));
            }
        }
        for (sync, count) in by_sync {
            self.check_rate(at, sync, count);
        }
    }

    /// Over any time, at most the rate's share of it and the burst (a tenth of a second's worth, at least one) is leased.
    fn check_rate(&mut self, at: Millis, sync: usize, count: usize) {
        let Some(rate) = self.scenario.syncs[sync].requests_per_second else { return };
        let leases = &mut self.syncs[sync].leases;
        leases.push_back((at, count));
        while leases.front().is_some_and(|(then, _)| then + 10_000 < at) {
            leases.pop_front();
        }
        for window in [1_000, 10_000] {
            let given: usize = self.syncs[sync].leases.iter().filter(|(then, _)| then + window > at).map(|l| l.1).sum();
            let most = (rate * window as f64 / 1000.0 + (rate / 10.0).floor().max(1.0)).floor() as usize;
            if given > most {
                let what = format!("sync {sync} got {given} leases within {window} ms, at most {most} are allowed");
                self.broken(Promise::LimitsHold, at, what);
            }
        }
    }

    /// Settlements were committed.
    pub fn settled(&mut self, at: Millis, settlements: &[Settlement], results: &[SettleResult]) {
        for (settlement, result) in settlements.iter().zip(results) {
            let Some(pair) = self.pair_of(&settlement.link) else { continue };
            let (settled, next) = (&settlement.settled, &settlement.settled.next);
            self.tell(at, format_args!("settled {pair:?} {result:?}: {} -> {next:?}", settled.message));
            let deleted = self.syncs[pair.0].deleted;
            let notes = self.pairs.entry(pair).or_default();
            if *result == SettleResult::AlreadyDone {
                continue;
            }
            if let Some(entry) = settlement.log.as_ref().filter(|entry| entry.request.is_some() && !deleted) {
                // That one is known not to be new: see `a-delete-settled-twice-is-counted-once`.
                let known = *result == SettleResult::Gone && settlement.operation == Operation::Delete;
                let again = !notes.logged.insert(entry.id);
                notes.settled_again += u64::from(again && !known);
                notes.settled_late += u64::from(!again && known);
            } else if settled.tried && !deleted {
                self.broken(Promise::Explained, at, format!("a request of {pair:?} is settled without a log entry"));
            }
            let notes = self.pairs.entry(pair).or_default();
            // Of a record that is kept nothing is known any more.
            if *result != SettleResult::Applied || settled.notes.kept {
                notes.doubtful = true;
            }
            notes.forgotten_in_doubt |= *next == Next::Remove && notes.lost_creates > 0;
            notes.parked_in_doubt |= matches!(next, Next::Park(ParkReason::Uncertain, _));
            if let Some(seconds) = notes.retry_after.take() {
                let until = at + seconds * 1000;
                let number = self.numbers;
                let held = &mut self.syncs[pair.0].held;
                if held.is_none_or(|(old, _)| old < until) {
                    *held = Some((until, held.map_or(number, |(old, since)| if old > at { since } else { number })));
                }
            }
            if self.given.get(&pair).is_some_and(|given| given.token == settlement.token) {
                self.given.remove(&pair);
                if settlement.operation == Operation::Create && settled.tried {
                    let notes = self.pairs.entry(pair).or_default();
                    notes.create_under_way = false;
                    notes.lost_creates += u32::from(settled.state == sync_core::link::LinkState::Uncertain);
                }
            }
        }
    }

    /// A sync was made.
    pub fn made(&mut self, at: Millis, config: &SyncConfig) {
        let made = (0..self.syncs.len()).find(|&sync| crate::rules::friendly_name(sync) == config.friendly_name);
        if let Some(sync) = made {
            self.tell(at, format_args!("committed: sync {sync} is made"));
            self.ids.insert(config.id, sync);
            self.syncs[sync].id = Some(config.id);
            self.syncs[sync].made_at = at;
            self.syncs[sync].config = Some(config.clone());
        }
    }

    /// The number of a sync.
    pub fn sync(&self, id: SyncId) -> Option<usize> {
        self.ids.get(&id).copied()
    }

    /// A sync was changed.
    pub fn changed(&mut self, at: Millis, config: &SyncConfig) {
        let Some(sync) = self.sync(config.id) else { return };
        self.tell(at, format_args!("committed: sync {sync} has revision {} paused {}", config.revision, config.paused));
        let (number, notes) = (self.numbers, &mut self.syncs[sync]);
        if notes.config.as_ref().is_some_and(|before| before.revision != config.revision) {
            notes.edited = true;
        }
        if config.paused {
            notes.stopped_from.get_or_insert(number);
        } else if !notes.deleted {
            notes.stopped_from = None;
        }
        notes.config = Some(config.clone());
    }

    /// A sync was resumed: that ends a hold too.
    pub fn resumed(&mut self, sync: SyncId) {
        if let Some(sync) = self.sync(sync) {
            self.syncs[sync].held = None;
        }
    }

    /// A sync was deleted.
    pub fn deleted(&mut self, at: Millis, sync: SyncId) {
        let Some(sync) = self.sync(sync) else { return };
        self.tell(at, format_args!("committed: sync {sync} is deleted"));
        let (number, notes) = (self.numbers, &mut self.syncs[sync]);
        notes.deleted = true;
        notes.stopped_from.get_or_insert(number);
    }

    // --- Requests.

    /// A node sends a request. `None` where it is not well formed.
    pub fn sends(
        &mut self,
        at: Millis,
        node: usize,
        incarnation: u32,
        sync: usize,
        asked: Result<Asked, String>,
        timeout: Millis,
    ) -> Option<Arrived> {
        self.requests += 1;
        let asked = match asked {
            Ok(asked) => asked,
            Err(fault) => {
                self.broken(Promise::WellFormed, at, format!("sync {sync} got a bad request: {fault}"));
                return None;
            }
        };
        let Some(person) = self.person(&asked.person) else {
            self.broken(Promise::WellFormed, at, format!("a request is about {:?}, whom nobody pushed", asked.person));
            return None;
        };
        let pair = (sync, person);
        self.tell(
            at,
            format_args!("node {node} sends {pair:?}: {:?} {:?} {:?}", asked.operation, asked.id, asked.members),
        );
        let is_leased =
            self.given.get(&pair).is_some_and(|given| (given.node, given.incarnation) == (node, incarnation));
        let is_control = !is_leased && asked.operation == Operation::Lookup;
        if !self.beyond_margin {
            if !is_control {
                self.check_lease(at, node, incarnation, pair, &asked, timeout);
            }
            let notes = self.pairs.entry(pair).or_default();
            if notes.working > 0 {
                self.broken(Promise::OneInFlight, at, format!("{pair:?} gets a request while another is at work"));
            }
        }
        let forced = self.given.get(&pair).is_some_and(|given| given.forced);
        let notes = self.pairs.entry(pair).or_default();
        // A search changes nothing there: nothing has to wait for it.
        notes.working += u32::from(asked.operation != Operation::Lookup);
        // A control is not for this person's sake.
        notes.sent += u64::from(!is_control);
        notes.retry_after = None;
        let content = (asked.operation == Operation::Update).then(|| asked.content());
        let equal = content.is_some() && notes.accepted == content && !notes.doubtful && !forced;
        if asked.operation == Operation::Create {
            notes.create_under_way = true;
        }
        if equal {
            let what = format!("{pair:?} gets an update that equals what was last accepted: {:?}", asked.members);
            self.broken(Promise::NoNeedlessCalls, at, what);
        }
        self.syncs[sync].live += 1;
        let most = u32::from(self.scenario.syncs[sync].max_concurrency);
        if self.syncs[sync].live > most && !self.beyond_margin {
            self.broken(Promise::LimitsHold, at, format!("sync {sync} has more than {most} requests in flight"));
        }
        Some(Arrived { pair, asked, is_control })
    }

    /// Each request goes out under a lease of its node that is long enough, for the operation that was written down, once;
    /// and not at all under one that was given out in a pause or hold.
    fn check_lease(&mut self, at: Millis, node: usize, incarnation: u32, pair: Pair, asked: &Asked, timeout: Millis) {
        let held = self.syncs[pair.0].held.filter(|(until, _)| at < *until);
        let stopped = self.syncs[pair.0].stopped_from;
        let given = self.given.get_mut(&pair).filter(|given| (given.node, given.incarnation) == (node, incarnation));
        let Some(given) = given else {
            return self.broken(Promise::OneInFlight, at, format!("node {node} sends for {pair:?} without a lease"));
        };
        let (used, number) = (std::mem::replace(&mut given.used, true), given.number);
        let (operation, until) = (given.operation, given.until);
        if used {
            self.broken(Promise::OneInFlight, at, format!("{pair:?} gets a second request under one lease"));
        }
        if operation != Some(asked.operation) {
            let what = format!("{pair:?}: the lease is for {operation:?}, the request is a {:?}", asked.operation);
            self.broken(Promise::OneRecord, at, what);
        }
        if at + timeout > until {
            self.broken(Promise::OneInFlight, at, format!("{pair:?}: a request begins that may outlive its lease"));
        }
        if stopped.is_some_and(|from| number > from) {
            self.broken(Promise::PauseHolds, at, format!("{pair:?} was leased and sent while its sync is stopped"));
        }
        if held.is_some_and(|(_, from)| number > from) {
            self.broken(Promise::RetryAfterHolds, at, format!("{pair:?} was leased and sent within a hold"));
        }
    }

    /// An external system carried out a request.
    pub fn carried_out(&mut self, at: Millis, arrived: &Arrived, status: u16, wrote: bool) {
        let (pair, asked) = (arrived.pair, &arrived.asked);
        self.tell(at, format_args!("carried out {pair:?}: {:?} -> {status}", asked.operation));
        let kept = self.scenario.syncs[pair.0].options.keeps_adopted
            && self.scenario.syncs[pair.0].means == Means::LookupByValue
            // What a create takes over by itself nobody can know.
            && !self.scenario.syncs[pair.0].habits.upserts;
        if wrote && kept && asked.operation == Operation::Delete && asked.id == Some(before_id(pair.1)) {
            self.broken(Promise::AdoptedKept, at, format!("{pair:?}: a record that was there before is deleted"));
        }
        if !wrote || self.beyond_margin {
            return;
        }
        let last = self.pairs.entry(pair).or_default().last_written;
        let with_phone = asked.members.contains_key("phone");
        let shows = |state: &Option<Fields>| match (asked.operation, state) {
            (Operation::Delete, None) => true,
            (Operation::Create | Operation::Update, Some(fields)) => {
                let mut members = asked.members.clone();
                members.remove("tag");
                members == fields.members(&asked.person, with_phone)
            }
            _ => false,
        };
        let states = &self.history[pair.1];
        let mut newer = states.iter().enumerate().skip(last.unwrap_or(0)).filter(|(_, (_, state))| shows(state));
        let found = newer.next().map(|(number, _)| number);
        let newest = newer.next_back().map(|(number, _)| number).or(found);
        let before = self.pairs.get(&pair).and_then(|notes| notes.newest_written);
        // Who is again as they were written last is in step: what a resync sends of them is no late change.
        let differs = |newest: &usize| before.is_none_or(|before| states[*newest].1 != states[before].1);
        let committed = newest.filter(|_| newest > before).filter(differs).map(|newest| states[newest].0);
        self.pairs.entry(pair).or_default().newest_written = newest.max(before);
        match found {
            Some(number) => self.pairs.entry(pair).or_default().last_written = Some(number),
            // A delete that may have been carried out is finished first, whatever the person is by now.
            None if asked.operation == Operation::Delete => {}
            None => {
                let what = format!("{pair:?}: {:?} is older than what was written before, or never was", asked.members);
                self.broken(Promise::InOrder, at, what);
            }
        }
        if let Some(committed) = committed {
            self.check_delay(at, pair, committed);
        }
    }

    /// Where nothing is wrong with a sync, changes are there within seconds.
    fn check_delay(&mut self, at: Millis, pair: Pair, committed: Millis) {
        let known = committed > self.syncs[pair.0].made_at && !self.pairs.entry(pair).or_default().removed;
        if self.healthy[pair.0][pair.1] && known && at > committed + DELAY_MAX {
            let what = format!("{pair:?}: a change of {committed} ms is there only now, though its sync is well");
            self.broken(Promise::NeighboursUnhurt, at, what);
        }
    }

    /// An external system is done with a request.
    pub fn done(&mut self, pair: Pair) {
        let notes = self.pairs.entry(pair).or_default();
        notes.working = notes.working.saturating_sub(1);
    }

    /// A node has the outcome of a request; `accepted` with a 2xx, and whether that was whole.
    pub fn outcome(&mut self, at: Millis, arrived: &Arrived, status: Option<u16>, retry_after: Option<u64>) {
        let pair = arrived.pair;
        self.tell(at, format_args!("outcome of {pair:?}: {status:?}"));
        let covers = self.scenario.syncs[pair.0].create_covers_update;
        self.syncs[pair.0].live = self.syncs[pair.0].live.saturating_sub(1);
        let edited = self.syncs[pair.0].edited;
        let notes = self.pairs.entry(pair).or_default();
        // What a control is told is nobody's.
        notes.retry_after = retry_after.filter(|_| !arrived.is_control);
        let content = arrived.asked.content();
        match (arrived.asked.operation, status) {
            (Operation::Update, Some(200..=299)) => {
                notes.accepted = Some(content);
                notes.doubtful = false;
            }
            // Of a repeated create only the first request is known to be accepted; and where the update was off or another
            // when it was rendered, what it would have been is not known.
            (Operation::Create, Some(200..=299)) if covers && !edited && !notes.doubtful => {
                notes.accepted = Some(content);
            }
            (Operation::Create | Operation::Delete, Some(200..=299)) => notes.accepted = None,
            (Operation::Lookup, Some(200..=299)) => {}
            _ => notes.doubtful = true,
        }
    }

    /// A request is answered as if it were accepted, and the answer holds no id that can be read.
    pub fn told_no_id(&mut self, arrived: &Arrived) {
        let notes = self.pairs.entry(arrived.pair).or_default();
        notes.unreadable |= arrived.asked.operation == Operation::Create;
        notes.doubtful = true;
    }

    /// Somebody removed a person's record in the external system.
    pub fn removed(&mut self, at: Millis, pair: Pair) {
        self.tell(at, format_args!("somebody removed the records of {pair:?}"));
        let notes = self.pairs.entry(pair).or_default();
        notes.removed = true;
        notes.doubtful = true;
    }

    /// Whether an external system is still at work.
    pub fn is_at_work(&self) -> bool {
        self.pairs.values().any(|notes| notes.working > 0)
    }

    /// Whether fewer promises hold, since a process was slower than its lease's margin.
    pub fn is_beyond_margin(&self) -> bool {
        self.beyond_margin
    }

    /// A node is gone with what it had in flight.
    pub fn abandoned(&mut self, sync: usize) {
        self.syncs[sync].live = self.syncs[sync].live.saturating_sub(1);
    }
}
