//! The promises at rest: nothing is owed, all faults have ceased.

use crate::oracle::{Oracle, Pair, Promise};
use crate::rules::PASSWORD;
use crate::run::{ACCOUNT, chosen_id, wanted};
use crate::scenario::{Edit, Fate, Fault, Keys, Means, PEOPLE, REFUSED_NAME, Step, SyncPlan};
use crate::world::{BEGINNING, World};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;
use sync_core::counts::LinkCounts;
use sync_core::decide::KEY_LIFETIME;
use sync_core::id::SyncId;
use sync_core::link::{Link, LinkState, ParkReason};
use sync_core::log::LogFilter;
use sync_core::page::PageRequest;
use sync_core::ports::{CounterFilter, LinkFilter};
use sync_core::stats;
use sync_core::sync::Operation;
use sync_core::time::Timestamp;

/// More than any run writes.
const EVERYTHING: usize = 100_000;

/// The syncs that are there, with their links by person.
fn live_syncs(world: &World) -> Vec<(usize, SyncId, BTreeMap<usize, Link>)> {
    let ids: Vec<(usize, SyncId)> = {
        let oracle = world.oracle();
        let live = oracle.syncs.iter().enumerate().filter(|(_, sync)| !sync.deleted);
        live.filter_map(|(at, sync)| Some((at, sync.id?))).collect()
    };
    ids.into_iter()
        .map(|(at, id)| {
            let page = PageRequest::first(EVERYTHING);
            let links = world.at_once(world.store.links(ACCOUNT, id, &LinkFilter::default(), page));
            let links = links.expect("the store itself never fails").items;
            let oracle = world.oracle();
            let by_person = links.into_iter().filter_map(|link| Some((oracle.person(link.id.person.as_str())?, link)));
            (at, id, by_person.collect())
        })
        .collect()
}

/// What is owed, in words.
pub fn owed(world: &World) -> String {
    let owed = live_syncs(world).into_iter().flat_map(|(sync, _, links)| {
        links
            .into_iter()
            .filter(|(_, link)| link.is_owed())
            .map(move |(person, link)| format!("{:?} {:?} {:?}", (sync, person), link.state, link.last_decision))
    });
    owed.collect::<Vec<_>>().join("; ")
}

/// Every external system holds what the directory holds, but for parked links, which say why; and nobody has two records
/// where that can be helped.
pub fn at_rest(world: &World) {
    look(world, false);
}

/// As [`at_rest`], after everything was retried and resynced: now nothing is out of step but what only people can mend.
pub fn mended(world: &World) {
    look(world, true);
}

fn look(world: &World, is_mended: bool) {
    directory(world);
    for (sync, _, links) in live_syncs(world) {
        let records = world.crms()[sync].records.clone();
        let mut oracle = world.oracle();
        for person in 0..PEOPLE.len() {
            let pair =
                Look { oracle: &mut oracle, world, pair: (sync, person), link: links.get(&person), records: &records };
            if is_mended { pair.mended() } else { pair.at_rest() }
        }
        one_person_each(&mut oracle, world, sync, &links);
    }
}

/// No two people are on one record.
fn one_person_each(oracle: &mut Oracle, world: &World, sync: usize, links: &BTreeMap<usize, Link>) {
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for (&person, link) in links {
        let Some(id) = link.state.unique_id() else { continue };
        if let Some(other) = holders.insert(id.as_str(), person) {
            let what = format!("sync {sync}: {person} and {other} are both linked to {}", id.as_str());
            oracle.broken(Promise::OneRecord, world.now(), what);
        }
    }
}

/// The directory holds what was acknowledged.
fn directory(world: &World) {
    let ids: Vec<_> = PEOPLE.iter().map(|id| testkit::build::person_id(id)).collect();
    let held = world.at_once(world.store.people_by_ids(ACCOUNT, &ids)).expect("the store itself never fails");
    let count = world.at_once(world.store.people_count(ACCOUNT)).expect("the store itself never fails");
    let at = world.now();
    let mut oracle = world.oracle();
    for (person, id) in PEOPLE.iter().enumerate() {
        let held = held.iter().find(|held| held.id.as_str() == *id && !held.is_deleted());
        let held = held.map(|held| {
            let fields = crate::rules::Fields {
                name: held.first_name.clone().unwrap_or_default(),
                email: held.emails.first().cloned().unwrap_or_default(),
                phone: held.phones.first().cloned().unwrap_or_default(),
            };
            (fields, held.custom.get("call").and_then(Value::as_u64).unwrap_or(0))
        });
        if held != oracle.directory[person] {
            let what = format!("person {person}: {:?} was committed, {held:?} is held", oracle.directory[person]);
            oracle.broken(Promise::NothingLost, at, what);
        }
    }
    let present = oracle.directory.iter().flatten().count() as i64;
    if count != present {
        oracle.broken(Promise::CountsAgree, at, format!("{present} people are there, {count} are counted"));
    }
}

type Records = BTreeMap<String, Map<String, Value>>;

/// One pair at rest.
struct Look<'a> {
    oracle: &'a mut Oracle,
    world: &'a World,
    pair: Pair,
    link: Option<&'a Link>,
    records: &'a Records,
}

impl Look<'_> {
    fn broken(&mut self, promise: Promise, what: &str) {
        let held = self.ids();
        let link = self.link.map(|link| (&link.state, &link.parked, &link.last_decision));
        let present = self.oracle.directory[self.pair.1].clone();
        let what = format!("{:?}: {what}; the person is {present:?}, records {held:?}, link {link:?}", self.pair);
        self.oracle.broken(promise, self.world.now(), what);
    }

    fn ids(&self) -> Vec<String> {
        let of =
            |record: &Map<String, Value>| record.get("external").and_then(Value::as_str) == Some(PEOPLE[self.pair.1]);
        self.records.iter().filter(|(_, record)| of(record)).map(|(id, _)| id.clone()).collect()
    }

    fn plan(&self) -> &SyncPlan {
        &self.world.scenario.syncs[self.pair.0]
    }

    fn means(&self) -> Means {
        self.plan().means
    }

    /// Whether every uncertain create can be resolved in this system.
    fn resolves(&self) -> bool {
        // Documented: a search that knows nothing can prove nothing.
        self.means().resolves() && !self.plan().habits.search_is_blind
    }

    /// Whether a record that a create in doubt made was not found by a search that finds nobody, and is in the way of the person
    /// who was deleted meanwhile and came again. Documented: an index that lags for longer than `settleSeconds` proves nothing.
    fn was_missed(&self) -> bool {
        let forgotten = self.oracle.pairs.get(&self.pair).is_some_and(|notes| notes.forgotten_in_doubt);
        let unlinked = self.link.is_some_and(|link| matches!(link.state, LinkState::Unlinked));
        self.plan().habits.search_is_blind && forgotten && unlinked && !self.ids().is_empty()
    }

    /// Whether the person had a record there before us.
    fn was_there(&self) -> bool {
        self.plan().habits.before.contains(&self.pair.1)
    }

    /// Whether the system refuses a create that it carried out before, and does not tell the id.
    fn refuses_repeats(&self) -> bool {
        let habits = &self.plan().habits;
        habits.keys != Keys::Replays || habits.is_unique
    }

    fn is_hit_by(&self, fate: impl Fn(Fate) -> bool) -> bool {
        self.world
            .scenario
            .faults
            .iter()
            .any(|fault| matches!(fault, Fault::Crm { sync, fate: of, .. } if *sync == self.pair.0 && fate(*of)))
    }

    /// Whether external systems refuse the person as it is now, or as it was last.
    fn is_refused(&self) -> bool {
        let last = self.oracle.history[self.pair.1].iter().rev().find_map(|(_, state)| state.as_ref());
        last.is_some_and(|fields| fields.name == REFUSED_NAME)
    }

    fn at_rest(mut self) {
        self.one_record();
        let notes = self.oracle.syncs[self.pair.0].clone();
        let present = self.oracle.directory[self.pair.1].clone();
        let Some(link) = self.link else {
            let changed_at = self.oracle.history[self.pair.1].last().map_or(0, |(at, _)| *at);
            let included = self.world.scenario.syncs[self.pair.0].include_existing || changed_at > notes.made_at;
            if present.is_some() && included {
                self.broken(Promise::Converges, "nothing is known of a person who changed since the sync was made");
            }
            return;
        };
        if let Some(parked) = &link.parked {
            if parked.detail.is_empty() {
                self.broken(Promise::Explained, "parked without saying why");
            }
            if !self.may_be_parked(parked.reason) {
                self.broken(Promise::Converges, "parked without any reason for it");
            }
            return;
        }
        if link.last_decision.is_none() {
            return self.broken(Promise::Explained, "a settled link does not say what was decided");
        }
        if !notes.edited {
            let covers = self.world.scenario.syncs[self.pair.0].create_covers_update;
            self.in_step(&link.state, notes.tag().unwrap_or(0), covers);
        } else if !self.is_in_step(&link.state, None, false)
            && [Operation::Create, Operation::Update, Operation::Delete].iter().all(|&operation| notes.on(operation))
            && !link.last_decision.as_deref().unwrap_or("").contains("is off")
        {
            self.broken(Promise::Converges, "out of step, and neither owed nor parked nor switched off");
        }
    }

    fn mended(mut self) {
        self.one_record();
        let present = self.oracle.directory[self.pair.1].is_some();
        let Some(link) = self.link else {
            if present {
                self.broken(Promise::Converges, "nothing is known of a person after a resync of all");
            }
            return;
        };
        if let Some(parked) = &link.parked {
            if !self.may_stay_parked(parked.reason, present) {
                self.broken(Promise::Converges, "parked, though a retry ought to mend it");
            }
            return;
        }
        let tag = self.oracle.syncs[self.pair.0].tag().unwrap_or(0);
        self.in_step(&link.state, tag, true);
    }

    /// The record is the person's, or there is none where the person is not there.
    fn in_step(&mut self, state: &LinkState, tag: u8, with_phone: bool) {
        if !self.is_in_step(state, Some(tag), with_phone) {
            self.broken(Promise::Converges, "out of step, and neither owed nor parked");
        }
    }

    fn is_in_step(&self, state: &LinkState, tag: Option<u8>, with_phone: bool) -> bool {
        let Some((fields, _)) = &self.oracle.directory[self.pair.1] else {
            // Whether a record is left is `one_record`'s to say.
            let ids = self.ids();
            // What a lookup found may have been there before us.
            let may_keep = self.plan().options.keeps_adopted && self.means() == Means::LookupByValue;
            let kept = may_keep && self.link.is_some_and(|link| link.notes().kept);
            return matches!(state, LinkState::Unlinked) || ids.is_empty() || kept;
        };
        let Some(record) = state.unique_id().and_then(|id| self.records.get(id.as_str())) else {
            // What somebody removed there is seen with the next update only.
            return state.unique_id().is_some() && self.oracle.pairs.get(&self.pair).is_some_and(|notes| notes.removed);
        };
        let (mut is, mut ought) = (record.clone(), wanted(fields, self.pair.1, tag.unwrap_or(0)));
        for members in [&mut is, &mut ought] {
            if !with_phone {
                members.remove("phone");
            }
            if tag.is_none() {
                members.remove("tag");
            }
        }
        is == ought
    }

    /// Nobody has more records than there are, but for creates whose answer never came where nothing can resolve them.
    fn one_record(&mut self) {
        let ids = self.ids();
        let notes = self.oracle.pairs.get(&self.pair).cloned().unwrap_or_default();
        // A create that was refused when it was repeated goes to no other id until somebody retries, in the simulation blindly.
        let retried = self.means() == Means::KeyedByEmail && notes.parked_in_doubt;
        let resolves = self.resolves() && !retried && !self.oracle.is_beyond_margin();
        let doubtful = if resolves { 0 } else { notes.lost_creates };
        let doubtful = doubtful + u32::from(self.was_there());
        let present = self.oracle.directory[self.pair.1].is_some();
        let kept = self.link.is_some_and(|link| !matches!(link.state, LinkState::Unlinked));
        let most = usize::from(present || kept) + doubtful as usize;
        if ids.len() > most && !self.oracle.is_beyond_margin() {
            self.broken(Promise::OneRecord, &format!("{} records where at most {most} may be", ids.len()));
        }
        let is_fixed = self.means().chosen() && !self.means().moves();
        if is_fixed && ids.iter().any(|id| *id != chosen_id(self.pair.1)) {
            self.broken(Promise::OneRecord, "a record has another id than the one chosen");
        }
    }

    /// Whether an update whose answer never came may have moved the record, and nothing finds it again.
    fn may_be_anywhere(&self) -> bool {
        self.means().moves()
    }

    /// Whether a rule went to an address where nothing is, for a time.
    fn was_sent_nowhere(&self) -> bool {
        self.world.scenario.steps.iter().any(|timed| {
            let wrong = matches!(timed.step, Step::Edit(_, Edit::WrongUpdateUrl(true) | Edit::WrongLookupUrl(true)));
            wrong && matches!(timed.step, Step::Edit(sync, _) if sync == self.pair.0)
        })
    }

    /// Whether something happened that parks for this reason.
    fn may_be_parked(&self, reason: ParkReason) -> bool {
        let pair = self.oracle.pairs.get(&self.pair).cloned().unwrap_or_default();
        let refusing = |fate| matches!(fate, Fate::Status(400..=499));
        match reason {
            ParkReason::Refused => {
                self.is_refused() || self.is_hit_by(refusing) || self.refuses_repeats() || self.was_missed()
            }
            ParkReason::Redirected => self.is_hit_by(|fate| fate == Fate::Status(302)),
            ParkReason::Missing => {
                pair.removed
                    || self.is_hit_by(|fate| fate == Fate::Status(404))
                    || self.was_sent_nowhere()
                    || self.may_be_anywhere()
                    || self.link.is_some_and(|link| matches!(link.state, LinkState::Leaving(_)))
            }
            ParkReason::Uncertain => !self.world.scenario.faults.is_empty(),
            ParkReason::NoUniqueId => pair.unreadable,
            ParkReason::RetriesSpent => self.is_hit_by(|_| true),
            // The record that was there before and ours have one address.
            ParkReason::Ambiguous => self.oracle.is_beyond_margin() || self.was_there(),
            ParkReason::Template | ParkReason::Conflict => self.oracle.is_beyond_margin(),
        }
    }

    /// Whether the create in doubt is older than external systems are trusted to know its key: then a repetition would prove
    /// nothing, and for a person who is deleted none is sent.
    fn key_is_over(&self) -> bool {
        let now = BEGINNING.plus(Duration::from_millis(self.world.now()));
        let key = self.link.and_then(|link| link.key.as_ref());
        self.means() == Means::Key && key.is_none_or(|key| now.since(key.first_used_at) >= KEY_LIFETIME)
    }

    /// Whether only people can mend it: not even a retry does when all faults have ceased.
    fn may_stay_parked(&self, reason: ParkReason, present: bool) -> bool {
        let pair = self.oracle.pairs.get(&self.pair).cloned().unwrap_or_default();
        match reason {
            ParkReason::Refused => self.is_refused() || self.refuses_repeats() || self.was_missed(),
            ParkReason::Missing => pair.removed || self.may_be_anywhere(),
            ParkReason::NoUniqueId => pair.unreadable,
            ParkReason::Uncertain => {
                (!present && (!self.resolves() || self.key_is_over()))
                    || self.is_refused()
                    || self.refuses_repeats()
                    || self.means() == Means::KeyedByEmail
                    || self.plan().habits.search_is_blind
                    || pair.unreadable
            }
            ParkReason::Ambiguous => self.oracle.is_beyond_margin() || self.was_there(),
            ParkReason::Conflict => self.oracle.is_beyond_margin(),
            ParkReason::Template | ParkReason::Redirected | ParkReason::RetriesSpent => false,
        }
    }
}

/// How many requests each pair got that is in step (and not parked).
pub fn sent_to_sound_pairs(world: &World) -> BTreeMap<Pair, u64> {
    let mut sent = BTreeMap::new();
    for (sync, _, links) in live_syncs(world) {
        let oracle = world.oracle();
        for (person, link) in links {
            if link.parked.is_none() {
                let pair = (sync, person);
                sent.insert(pair, oracle.pairs.get(&pair).map_or(0, |notes| notes.sent));
            }
        }
    }
    sent
}

/// Nothing was sent for these pairs.
pub fn nothing_sent_since(world: &World, before: &BTreeMap<Pair, u64>, what: &str) {
    let mut oracle = world.oracle();
    for (pair, before) in before {
        let sent = oracle.pairs.get(pair).map_or(0, |notes| notes.sent);
        if sent != *before {
            let what = format!("{pair:?} got {} requests for {what}", sent - before);
            oracle.broken(Promise::NoNeedlessCalls, world.now(), what);
        }
    }
}

/// Log, counters and counts say what happened, and no secret is in them.
pub fn records(world: &World) {
    for (sync, id, links) in live_syncs(world) {
        let filter = LogFilter { sync: Some(id), ..LogFilter::default() };
        let log = world.at_once(world.store.logs(ACCOUNT, &filter, PageRequest::first(EVERYTHING)));
        let log = log.expect("the store itself never fails").items;
        let filter = CounterFilter { sync: Some(id), operation: None, since: Timestamp::MIN, until: Timestamp::MAX };
        let counters = world.at_once(world.store.counters(ACCOUNT, &filter)).expect("the store itself never fails");
        let runtimes = world.at_once(world.store.runtimes(ACCOUNT, &[id])).expect("the store itself never fails");
        let at = world.now();
        let mut oracle = world.oracle();
        let mut logged: BTreeMap<usize, u64> = BTreeMap::new();
        for entry in log.iter().filter(|entry| entry.request.is_some()) {
            if let Some(person) = oracle.person(entry.person.as_str()) {
                *logged.entry(person).or_default() += 1;
            }
        }
        if log.iter().any(|entry| format!("{entry:?}").contains(PASSWORD)) {
            oracle.broken(Promise::SecretsStaySecret, at, format!("the log of sync {sync} shows its password"));
        }
        for person in 0..PEOPLE.len() {
            let settled = oracle.pairs.get(&(sync, person)).map_or(0, |notes| notes.logged.len() as u64);
            let logged = logged.get(&person).copied().unwrap_or(0);
            if settled != logged {
                let what = format!("{:?}: {settled} requests were settled, {logged} are logged", (sync, person));
                oracle.broken(Promise::Explained, at, what);
            }
        }
        let sent = stats::sum(&counters).sent();
        let all: u64 = logged.values().sum();
        let pairs = || (0..PEOPLE.len()).filter_map(|person| oracle.pairs.get(&(sync, person)));
        let again: u64 = pairs().map(|notes| notes.settled_again).sum();
        let late: u64 = pairs().map(|notes| notes.settled_late).sum();
        if sent < (all - late) as i64 || sent > (all + again) as i64 {
            oracle.broken(Promise::CountsAgree, at, format!("sync {sync}: {all} requests are logged, {sent} counted"));
        }
        let mut counts = LinkCounts::default();
        for link in links.values() {
            counts.note(None, Some(link));
        }
        let kept = runtimes.first().map(|(_, runtime)| runtime.counts);
        if kept != Some(counts) {
            oracle.broken(Promise::CountsAgree, at, format!("sync {sync}: links are {counts:?}, kept is {kept:?}"));
        }
    }
}
