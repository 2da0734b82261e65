//! The only functions that change a stored link: marking, leasing, settling. Every store reads rows under a lock, calls
//! these, and writes what comes back; so no store has rules of its own.

use crate::backoff::Policy;
use crate::claim::{Known, Leased};
use crate::counts::LinkCounts;
use crate::decide::{Decision, SyncRules, decide};
use crate::governor::{Change, Governor, Observed, Signal};
use crate::id::{AccountId, LeaseToken, LinkId, LogId, PersonId, SyncId, uuid_of};
use crate::link::{CreateKey, Extras, KeptAnswer, Lease, Link, LinkState, Notes, ParkReason, Parked, UniqueId};
use crate::log::{FailureKind, LogEntry, LogOutcome};
use crate::news::{NewsOf, between};
use crate::person::{Person, Version};
use crate::settle::{Next, Settled};
use crate::stats::{CounterKey, CounterKind};
use crate::sweeps::SweepKind;
use crate::sync::{Operation, SyncConfig};
use crate::time::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Why a link becomes owed.
#[derive(Clone, Copy, Debug)]
pub enum Mark<'a> {
    /// The person changed; what the directory held before, `None` where the person was unknown.
    Change(Option<&'a Person>),
    /// An administrator's resync.
    Resync {
        /// Whether equal requests are sent too.
        force: bool,
    },
    /// An administrator's retry.
    Retry,
    /// The rules were edited: un-parks, ends long waits, and looks at Unaddressable links again. Others are left alone.
    Edit,
    /// The breaker closed: links parked *retries spent* are tried again. Others are left alone.
    Recovered,
    /// An administrator said that the create made nothing: an Uncertain or Unaddressable link is created anew. Others are
    /// left alone.
    CreateAgain,
    /// Another person was found to write the same record, or gave up the id that this link waits for.
    Disturbed,
    /// The rules were edited, and the person is deleted while the record was left as it was: it may be to go now.
    LeftBehind,
    /// The first edition parked it as refused by what is no refusal any more: a lock, a time-out, a lookup's answer that
    /// could not be read. Others are left alone.
    Reconsider,
}

/// Makes a link owed: raises its generation and sets `due_at`, unconditionally (also while a lease is out, also where it
/// is due already). Returns false where the mark leaves this link alone.
pub fn mark(link: &mut Link, mark: Mark<'_>, policy: &Policy, now: Timestamp) -> bool {
    let backing_off = link.tries > 0 || link.deferrals > 0;
    match mark {
        Mark::Edit if link.parked.is_none() && link.state != LinkState::Unaddressable && !waits_long(link, now) => {
            return false;
        }
        Mark::CreateAgain if !matches!(link.state, LinkState::Uncertain | LinkState::Unaddressable) => return false,
        Mark::Recovered if link.parked.as_ref().is_none_or(|parked| parked.reason != ParkReason::RetriesSpent) => {
            return false;
        }
        Mark::Reconsider if !link.parked.as_ref().is_some_and(Parked::is_of_the_first_edition) => return false,
        _ => {}
    }
    let retries_spent = link.parked.as_ref().is_some_and(|parked| parked.reason == ParkReason::RetriesSpent);
    let was_parked = link.parked.take();
    let notes = &mut link.extras.notes;
    if was_parked.is_some() {
        // Asked again after an un-parking: much may have happened there.
        notes.looked_up &= link.state == LinkState::Uncertain;
        notes.asking = None;
        // One create that nothing can resolve, for each wish.
        let wishes = matches!(mark, Mark::Change(_) | Mark::Resync { force: true });
        link.allow_resend |= wishes && notes.page && link.state == LinkState::Uncertain;
    }
    if matches!(mark, Mark::Change(_)) {
        notes.none_for_deleted = false;
        notes.kept = false;
        notes.no_search = None;
        if link.state == LinkState::Unlinked {
            notes.forget_searches();
        }
    }
    // What an administrator said of the create holds on, unless an attempt was out.
    let holds_on = notes.create_again == Some(link.generation) && link.lease.is_none();
    let says_so = matches!(mark, Mark::CreateAgain);
    notes.create_again = (holds_on || says_so).then_some(link.generation + 1);
    let due = match mark {
        Mark::Change(before) => {
            keep_first_snapshot(link, before);
            if retries_spent {
                // One try, not a new schedule: a person whom the system cannot take costs one request a change.
                link.tries = policy.last_try();
                link.last_tried_at.map_or(now, |tried| tried.plus(policy.change_floor).max(now))
            } else if was_parked.is_some() {
                link.tries = 0;
                now
            } else if backing_off {
                let floor = link.last_tried_at.map_or(now, |tried| tried.plus(policy.change_floor).max(now));
                link.due_at.map_or(floor, |due| due.min(floor))
            } else {
                link.due_at.map_or(now, |due| due.min(now))
            }
        }
        Mark::Resync { force } => {
            link.force |= force;
            link.asked = true;
            link.refused_digest = None;
            if was_parked.is_some() {
                link.tries = 0;
            }
            if backing_off { link.due_at.map_or(now, |due| due) } else { now }
        }
        Mark::Retry => {
            // A lock may be there again.
            link.extras.notes.not_yet = None;
            // The lookup found it nowhere, or several, which the person's parking says: who retries has looked.
            let was_searched = was_parked
                .as_ref()
                .is_some_and(|parked| matches!(parked.reason, ParkReason::Missing | ParkReason::Ambiguous));
            link.extras.notes.searched |= link.extras.notes.may_have_moved && was_searched;
            link.tries = 0;
            link.deferrals = 0;
            link.asked = true;
            link.refused_digest = None;
            link.allow_resend |= was_parked.is_some_and(|parked| parked.reason == ParkReason::Uncertain);
            now
        }
        Mark::Recovered => {
            link.tries = policy.last_try();
            link.refused_digest = None;
            now
        }
        Mark::Edit | Mark::Reconsider => {
            link.tries = 0;
            link.deferrals = 0;
            link.refused_digest = None;
            now
        }
        Mark::CreateAgain => {
            link.tries = 0;
            link.deferrals = 0;
            link.asked = true;
            link.refused_digest = None;
            now
        }
        Mark::LeftBehind => now,
        Mark::Disturbed => {
            if let Some(sent) = &mut link.sent {
                sent.digest = None;
            }
            link.due_at.map_or(now, |due| due.min(now))
        }
    };
    link.generation += 1;
    link.due_at = Some(due);
    link.updated_at = now;
    true
}

/// Whether a link waits for what an edit may have mended: it used up its tries and waits for better times instead of being
/// parked, or the system itself did not take it.
fn waits_long(link: &Link, now: Timestamp) -> bool {
    let waits = |from: Timestamp| link.due_at.is_some_and(|due| due > from);
    (link.tries > 0 && waits(now.plus(LONG))) || (link.deferrals > 0 && waits(now))
}

/// A lookup renders from the snapshot that the unresolved create carried: kept when the person is overwritten.
fn keep_first_snapshot(link: &mut Link, before: Option<&Person>) {
    if overwrites_snapshot(link) {
        link.extras.first_snapshot = before.cloned().map(Box::new);
    }
}

/// Whether a change of the person overwrites the snapshot that an unresolved create carried: such a link is marked in the
/// change's own transaction. It is Uncertain or Unaddressable, or a create of it is under way, or it is Unlinked and something
/// is remembered of it beside its row; stores look among those.
pub fn overwrites_snapshot(link: &Link) -> bool {
    let creating = link.lease.as_ref().is_some_and(|lease| lease.operation == Some(Operation::Create));
    let told_nothing = link.state == LinkState::Unaddressable;
    (link.repeats_create() || told_nothing || creating) && link.extras.first_snapshot.is_none()
}

/// What leasing a link came to.
#[derive(Debug)]
pub enum Leasing {
    /// It is leased.
    Leased(Box<Leased>),
    /// An earlier lease was found that was neither settled nor released, and its request may still be at work: the link
    /// waits out its quiet time. The row is to be written all the same.
    Quiet,
}

/// What all links of a sync share while they are leased.
#[derive(Clone, Debug)]
pub struct LeaseTerms {
    /// The claim's token.
    pub token: LeaseToken,
    /// How long the lease lasts.
    pub duration: Duration,
    /// Nothing is sent for this long after a lease that was neither settled nor released.
    pub quiet: Duration,
    /// Whether this is the probe of a suspended sync.
    pub probe: bool,
    /// The sync's rules.
    pub rules: SyncRules,
    /// What is known of its rules.
    pub known: Known,
}

impl LeaseTerms {
    /// The terms of a sync.
    pub fn of(sync: &SyncConfig, governor: &Governor, token: LeaseToken, policy: &Policy, probe: bool) -> Self {
        Self {
            token,
            duration: sync.lease_duration(),
            quiet: policy.quiet_after(sync.settings.timeout_max()),
            probe,
            rules: SyncRules::of(sync),
            known: Known {
                lookup_proven: governor.lookup_proven(),
                // At the end of a hold one request goes, and no other beside it.
                lookup_uncontrolled: !governor.proofs.lookup.controlled && governor.pace.hold.is_none(),
                update_proven: governor.proofs.update.proven,
                restored: governor.is_restored(),
                since_doubt: None,
            },
        }
    }
}

/// Brings an owed link that is claimable at `now` up to date, before it is decided what it needs: what a lease that was neither
/// settled nor released may have done, and what an administrator has said. False where it waits out its quiet time first.
pub fn catch_up(link: &mut Link, person: Option<&Person>, terms: &LeaseTerms, now: Timestamp) -> bool {
    if let Some(lost) = link.lease.take() {
        recover(link, &lost, person, &terms.rules);
        let quiet_until = lost.until.plus(terms.quiet);
        if lost.operation.is_some() && quiet_until > now {
            link.quiet_until = Some(quiet_until);
            link.updated_at = now;
            return false;
        }
    }
    if link.notes().create_again == Some(link.generation) {
        begin_anew(link);
    }
    true
}

/// Leases an owed link that is claimable at `now`, and writes down the operation it may send. `person` must have been
/// read after the link was locked, so that a new generation is never paired with an old person.
pub fn lease(link: &mut Link, person: Option<&Person>, terms: &LeaseTerms, now: Timestamp) -> Leasing {
    if !catch_up(link, person, terms, now) {
        return Leasing::Quiet;
    }
    let decision = decide(person, link, &terms.rules, now);
    let version = person.map_or_else(|| link.sent.as_ref().map_or(0, |sent| sent.version), |person| person.version);
    let operation = decision.operation_sent(&terms.rules.for_link(link));
    match decision {
        // Never sent before, or definitely not carried out: a new snapshot to look for, and a new key, unless it is still the
        // same request.
        Decision::Send(Operation::Create) => {
            if link.key.as_ref().is_none_or(|key| key.version != version) {
                link.key = Some(new_key(&link.id, terms.token, version, now));
            }
            link.extras.first_snapshot = None;
        }
        Decision::Repeat => {
            if link.key.is_none() {
                link.key = Some(new_key(&link.id, terms.token, version, now));
            }
            // What is sent now is what there is to look for.
            if !repeats_first_person(link, &terms.rules) {
                link.extras.first_snapshot = None;
                // Nobody was looked for as this version would be.
                link.extras.notes.looked_up &= link.key.as_ref().is_some_and(|key| key.version == version);
            }
        }
        _ => {}
    }
    link.lease = Some(Lease { token: terms.token, until: now.plus(terms.duration), operation, version });
    link.updated_at = now;
    Leasing::Leased(Box::new(Leased {
        link: link.clone(),
        person: person.cloned(),
        revision: terms.rules.revision,
        decision,
        probe: terms.probe,
        known: Known { since_doubt: link.notes().doubted_at.map(|tried| now.since(tried)), ..terms.known },
        lease_duration: terms.duration,
    }))
}

/// Whether a repeated create carries what the first one carried: known only where its digest is.
pub fn repeats_first_bytes(link: &Link, rules: &SyncRules) -> bool {
    rules.repeats_first_bytes() && link.notes().create_digest.is_some()
}

/// Whether a repeated create is rendered from the snapshot that the first one carried: for its bytes, or since the newest
/// state would have another id of ours, and make a second record under that.
pub fn repeats_first_person(link: &Link, rules: &SyncRules) -> bool {
    let moves = rules.chosen_id && rules.follow_id;
    repeats_first_bytes(link, rules) || (moves && !link.notes().first_refused)
}

/// An administrator said that the create made nothing.
fn begin_anew(link: &mut Link) {
    link.state = LinkState::Unlinked;
    link.sent = None;
    link.key = None;
    link.extras = Extras::default();
}

/// Drawn from the lease's random token: random, and never made of person or version alone.
fn new_key(link: &LinkId, token: LeaseToken, version: Version, now: Timestamp) -> CreateKey {
    let key = uuid_of(&[token.0.as_bytes(), link.sync.0.as_bytes(), link.person.as_str().as_bytes()]);
    CreateKey { key, version, first_used_at: now }
}

/// Where a delete went: to the record that is held, or to what a create in doubt may have made at the id that we chose for it.
fn deleted_at(link: &Link, rules: &SyncRules) -> Option<UniqueId> {
    match &link.state {
        LinkState::Linked(id) => Some(id.clone()),
        LinkState::Uncertain if rules.chosen_id => link.notes().create_id.clone(),
        _ => None,
    }
}

/// An earlier lease was neither settled nor released: *sent, no answer*.
fn recover(link: &mut Link, lost: &Lease, person: Option<&Person>, rules: &SyncRules) {
    match lost.operation {
        Some(Operation::Create) => {
            if link.state == LinkState::Unlinked {
                link.state = LinkState::Uncertain;
            }
            link.allow_resend = false;
            let notes = &mut link.extras.notes;
            if !(notes.repeats && rules.repeats_first_bytes()) {
                notes.create_digest = None;
            }
            (notes.repeats, notes.doubted_at) = (true, Some(lost.until));
            // Unless the person changed meanwhile (then the mark kept it), the create carried the snapshot of today.
            if link.extras.first_snapshot.is_none() {
                link.extras.first_snapshot =
                    person.filter(|person| person.version == lost.version).cloned().map(Box::new);
            }
        }
        Some(Operation::Delete) => {
            if let Some(id) = deleted_at(link, rules) {
                link.state = LinkState::Leaving(id);
            }
        }
        Some(Operation::Update) if rules.follow_id => {
            let notes = &mut link.extras.notes;
            (notes.may_have_moved, notes.moved_unseen, notes.searched) = (true, true, false);
            notes.doubted_at = Some(lost.until);
        }
        Some(Operation::Update | Operation::Lookup) | None => {}
    }
    if lost.operation.is_some()
        && let Some(sent) = &mut link.sent
    {
        sent.digest = None;
    }
    if link.notes().forget {
        forget_at_last(link);
    }
}

/// Whether the intake's transaction may lease a link that it has just marked: only fresh links without history go past
/// the claim; everything else waits its turn there. The sync must be active, without a rate limit, and have room.
pub fn may_hand_off(link: &Link, now: Timestamp) -> bool {
    link.lease.is_none()
        && link.parked.is_none()
        && link.tries == 0
        && link.deferrals == 0
        && link.quiet_until.is_none_or(|until| until <= now)
        && matches!(link.state, LinkState::Unlinked | LinkState::Linked(_))
}

/// A settled lease, on its way into the store.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which link.
    pub link: LinkId,
    /// The lease's token.
    pub token: LeaseToken,
    /// The claimed generation.
    pub generation: i64,
    /// The operation that was decided on.
    pub operation: Operation,
    /// Whether the person was deleted in the claimed snapshot.
    pub person_deleted: bool,
    /// The sync's revision that decided and rendered.
    pub revision: i32,
    /// The meaning.
    pub settled: Settled,
    /// How long the lease lasts: what it was leased at follows from its end, by the store's own clock.
    pub lease_duration: Duration,
    /// The entry to log; its `next_attempt_at` is filled in here.
    pub log: Option<LogEntry>,
    /// What to count.
    pub counter: Option<CounterKey>,
}

/// What a store knows of a sync while it settles.
#[derive(Clone, Debug)]
pub struct SyncView {
    /// Its revision now.
    pub revision: i32,
    /// Its governor, locked.
    pub governor: Governor,
    /// How many of its links are owed.
    pub owed: i64,
}

/// Names a unique id within all accounts.
pub type UniqueKey = (AccountId, SyncId, String);

/// Names a log entry within all accounts.
pub type EntryKey = (AccountId, LogId);

/// What a batch of settlements is applied to: read under locks, in this order: links, then syncs' runtime rows.
#[derive(Debug, Default)]
pub struct BatchInput {
    /// The rows of the settlements' links, as far as they exist.
    pub links: HashMap<LinkId, Link>,
    /// Who holds the ids of [`unique_keys`] now.
    pub holders: HashMap<UniqueKey, PersonId>,
    /// The settlements' syncs; one that is missing is deleted.
    pub syncs: HashMap<(AccountId, SyncId), SyncView>,
    /// Which of the [`unsure_entries`] stand in the log.
    pub logged: HashSet<EntryKey>,
}

/// What became of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettleResult {
    /// Applied.
    Applied,
    /// Applied before: nothing changed, nothing was counted or logged again.
    AlreadyDone,
    /// The lease was taken over meanwhile: what was learnt was kept as far as it may be.
    TakenOver,
    /// The sync or the link is gone.
    Gone,
}

/// What a batch changes: to be written in one transaction.
#[derive(Debug, Default)]
pub struct BatchOutput {
    /// Rows to write, the newest state of each.
    pub updated: Vec<Link>,
    /// Rows to remove. Remove before you write: a unique id may pass from one link to another.
    pub removed: Vec<LinkId>,
    /// Governors to write.
    pub governors: HashMap<(AccountId, SyncId), Governor>,
    /// Links of holders whose record another person's request wrote: to be marked [`Mark::Disturbed`] in the same
    /// transaction.
    pub disturbed: Vec<LinkId>,
    /// Sweeps to begin: over links parked *retries spent* where a breaker closed, over links parked *conflict* where an
    /// id is free again.
    pub sweeps: Vec<(AccountId, SyncId, SweepKind)>,
    /// What changed about how syncs stand, to be told once the batch is committed.
    pub news: NewsOf,
    /// Differences of link counts.
    pub counts: HashMap<(AccountId, SyncId), LinkCounts>,
    /// What to add to the counters.
    pub counters: BTreeMap<(AccountId, SyncId, CounterKey), i64>,
    /// What to log.
    pub log: Vec<LogEntry>,
    /// One result for each settlement, in the order given.
    pub results: Vec<SettleResult>,
    /// Whether links are due at once.
    pub due_now: bool,
}

/// A holder whose record another person's request wrote, marked, for what [`BatchOutput::disturbed`] names.
pub fn disturbed(holder: &Link, policy: &Policy, now: Timestamp) -> Link {
    let mut after = holder.clone();
    mark(&mut after, Mark::Disturbed, policy, now);
    after
}

/// The unique ids whose holders [`settle_batch`] needs to know.
pub fn unique_keys(settlements: &[Settlement]) -> Vec<UniqueKey> {
    settlements
        .iter()
        .filter_map(|settlement| {
            let id = settlement.settled.takes_id()?;
            Some((settlement.link.account, settlement.link.sync, id.as_str().to_owned()))
        })
        .collect()
}

/// The log entries of settlements that their rows say nothing of: rows that are gone, or that others hold or settled since. Where an
/// entry stands in the log, its settlement was applied before, and is given again since the answer was lost.
pub fn unsure_entries(settlements: &[Settlement], links: &HashMap<LinkId, Link>) -> Vec<EntryKey> {
    let is_unsure = |settlement: &&Settlement| row_tells(settlement, links.get(&settlement.link)).is_none();
    settlements.iter().filter(is_unsure).filter_map(entry_key).collect()
}

fn entry_key(settlement: &Settlement) -> Option<EntryKey> {
    settlement.log.as_ref().map(|entry| (entry.account, entry.id))
}

/// Whether a settlement was applied before, as far as its row tells.
fn row_tells(settlement: &Settlement, row: Option<&Link>) -> Option<bool> {
    match row? {
        row if holds(row, settlement) => Some(false),
        row if row.settled_token == Some(settlement.token) => Some(true),
        _ => None,
    }
}

fn holds(row: &Link, settlement: &Settlement) -> bool {
    row.lease.as_ref().is_some_and(|lease| lease.token == settlement.token)
}

/// Applies settlements to their rows. Removals first: an id may pass from a deleted person to another.
pub fn settle_batch(input: BatchInput, settlements: Vec<Settlement>, policy: &Policy, now: Timestamp) -> BatchOutput {
    let mut batch = Batch { input, output: BatchOutput::default(), touched: BTreeMap::new(), policy, now };
    batch.output.results = vec![SettleResult::Gone; settlements.len()];
    // What came tells of the endpoint in the order in which it came.
    let mut seen = HashSet::new();
    for settlement in &settlements {
        if seen.insert((&settlement.link, settlement.token)) {
            batch.observe(settlement);
        }
    }
    let (removals, others): (Vec<_>, Vec<_>) =
        settlements.into_iter().enumerate().partition(|(_, s)| s.settled.takes_id().is_none());
    for (at, settlement) in removals.into_iter().chain(others) {
        batch.output.results[at] = batch.settle(settlement);
    }
    batch.finish()
}

/// What removed its row took the token with it. Given again it must not count again; its log entry has an id, so that it
/// cannot stand twice.
fn may_be_done(settlement: &Settlement, row: Option<&Link>) -> bool {
    row.is_none() && settlement.person_deleted && settlement.settled.next == Next::Remove
}

/// How often somebody is tried whose schedule is spent while nothing at all was accepted.
const DAILY: Duration = Duration::from_secs(24 * 3600);
/// From how far ahead on a link is thought to wait for that.
const LONG: Duration = Duration::from_secs(3600);

struct Batch<'a> {
    input: BatchInput,
    output: BatchOutput,
    /// What each touched row was before the batch.
    touched: BTreeMap<LinkId, Option<Link>>,
    policy: &'a Policy,
    now: Timestamp,
}

impl Batch<'_> {
    fn settle(&mut self, mut settlement: Settlement) -> SettleResult {
        let sync_key = (settlement.link.account, settlement.link.sync);
        let Some(view) = self.input.syncs.get(&sync_key) else { return SettleResult::Gone };
        let revision = view.revision;
        let row = self.input.links.get(&settlement.link).cloned();
        if self.is_done(&settlement, row.as_ref()) {
            return SettleResult::AlreadyDone;
        }
        let holds = row.as_ref().is_some_and(|row| holds(row, &settlement));
        let may_be_done = may_be_done(&settlement, row.as_ref());
        self.check_conflict(&mut settlement, row.as_ref().filter(|_| holds));
        self.spare(&mut settlement);
        self.say_until(&mut settlement);
        let (after, result) = match row.clone() {
            Some(row) if holds => (apply(row, &settlement, revision, self.policy, self.now), SettleResult::Applied),
            Some(row) => (Some(taken_over(row, &mut settlement, self.now)), SettleResult::TakenOver),
            None => match late_create(&settlement, self.now) {
                Some(link) => (Some(link), SettleResult::TakenOver),
                None => (None, SettleResult::Gone),
            },
        };
        if let Some(mut entry) = settlement.log.take() {
            let due = after.as_ref().and_then(Link::claimable_at).filter(|_| entry.outcome == LogOutcome::Retrying);
            let governor = self.input.syncs.get(&sync_key).map(|view| &view.governor);
            entry.next_attempt_at = due.map(|due| governor.map_or(due, |held| held.not_before(due, self.now)));
            self.output.log.push(entry);
        }
        if let Some(counter) = settlement.counter.filter(|_| !may_be_done) {
            *self.output.counters.entry((sync_key.0, sync_key.1, counter)).or_default() += 1;
        }
        self.write(&settlement.link, row, after);
        result
    }

    /// Whether it was applied before, as the row says, or the log where the row cannot.
    fn is_done(&self, settlement: &Settlement, row: Option<&Link>) -> bool {
        let is_logged = || entry_key(settlement).is_some_and(|key| self.input.logged.contains(&key));
        row_tells(settlement, row).unwrap_or_else(is_logged)
    }

    /// An id that is another person's parks that row alone, whether a request told of it or none was sent for it; for the
    /// first three tries it is tried later, since the other's removal may be on its way.
    fn check_conflict(&mut self, settlement: &mut Settlement, row: Option<&Link>) {
        let Some(id) = settlement.settled.takes_id() else { return };
        let key = (settlement.link.account, settlement.link.sync, id.as_str().to_owned());
        let Some(holder) = self.input.holders.get(&key).filter(|holder| **holder != settlement.link.person) else {
            return;
        };
        let detail = format!("the unique id {id} already belongs to the person {holder} of this sync");
        let holder = LinkId { person: holder.clone(), ..settlement.link.clone() };
        let unsent = settlement.settled.claims.is_some();
        if !unsent {
            keep_without_id(settlement, row);
        }
        let tries = row.map_or(0, |row| row.tries).saturating_add(1);
        let delay = self.policy.retry_delay(tries, 0.5).filter(|_| tries <= 3);
        // Both write the same record, so that the holder's is not believed to be in step.
        let both_wrote = row.is_some_and(|row| {
            if unsent {
                // An earlier create may have, before the other was known to hold the id. Told once.
                row.repeats_create() && delay.is_none()
            } else {
                // What a lookup finds of a create in doubt, that may have written.
                let found_in_doubt = settlement.operation == Operation::Lookup && row.repeats_create();
                found_in_doubt || matches!(settlement.operation, Operation::Create | Operation::Update)
            }
        });
        if both_wrote {
            self.output.disturbed.push(holder);
        }
        let settled = &mut settlement.settled;
        settled.failure = Some(FailureKind::Conflict);
        settled.tries = tries;
        settled.outcome = if delay.is_some() { LogOutcome::Retrying } else { LogOutcome::Parked };
        let unsent = if unsent { "nothing sent: " } else { "" };
        settled.message =
            format!("{unsent}{detail}: remove one of the two records or correct the unique id, then retry");
        settled.next = match delay {
            Some(delay) => Next::Owed(delay),
            None => Next::Park(ParkReason::Conflict, settled.message.clone()),
        };
        if let Some(entry) = &mut settlement.log {
            entry.outcome = settled.outcome;
            entry.failure = settled.failure;
            entry.message.clone_from(&settled.message);
        }
        if let Some(counter) = &mut settlement.counter {
            counter.kind = CounterKind::Failed;
        }
    }

    fn observe(&mut self, settlement: &Settlement) {
        let sync_key = (settlement.link.account, settlement.link.sync);
        let row = self.input.links.get(&settlement.link);
        let lease = row.and_then(|row| row.lease.as_ref()).filter(|lease| lease.token == settlement.token);
        let leased_at = lease.map(|lease| lease.until.minus(settlement.lease_duration));
        if self.is_done(settlement, row) || may_be_done(settlement, row) {
            return;
        }
        let Some(view) = self.input.syncs.get_mut(&sync_key) else { return };
        let owed = view.owed;
        let before = view.governor.clone();
        let settled = &settlement.settled;
        let proves = settled.control.as_ref().and_then(|control| control.proves);
        if proves.is_some() {
            view.governor.controlled(settlement.revision);
        }
        if settled.lookup_found || proves == Some(true) {
            view.governor.prove(Operation::Lookup, settlement.revision);
        }
        if let Signal::Works { operation, accepted: true } = settled.signal
            && operation != Operation::Lookup
        {
            view.governor.prove(operation, settlement.revision);
        }
        let observed = Observed {
            token: settlement.token,
            person: &settlement.link.person,
            owed,
            sent_at: leased_at.unwrap_or(Timestamp::MIN),
        };
        let (policy, now) = (self.policy, self.now);
        let (change, lifted) = view.governor.change(|governor| {
            let change = governor.observe(&settled.signal, &observed, policy, now);
            // Sent after it, so that it tells last.
            if let Some(control) = settled.control.as_ref().filter(|control| control.signal != Signal::Nothing) {
                governor.observe(&control.signal, &observed, policy, now);
            }
            change
        });
        let (account, sync) = sync_key;
        if change == Change::Closed {
            let since = before.trouble_since;
            self.output.sweeps.push((account, sync, SweepKind::Recovered { since }));
        }
        self.output.sweeps.extend(lifted.map(|sweep| (account, sync, sweep)));
        if view.governor != before {
            self.output.news.extend(between(&before, &view.governor).into_iter().map(|news| (sync, news)));
            self.output.governors.insert(sync_key, view.governor.clone());
        }
    }

    /// What the endpoint answers everybody, or does while nothing is accepted at all, is not this person's: the link stays
    /// owed.
    fn spare(&self, settlement: &mut Settlement) {
        let Some(view) = self.input.syncs.get(&(settlement.link.account, settlement.link.sync)) else { return };
        let settled = &mut settlement.settled;
        let Next::Park(reason, _) = &settled.next else { return };
        // Where nobody else is owed there is nobody to spare: what came is told, and is not asked for again and again.
        let everybodys = view.owed > 1
            && matches!(reason, ParkReason::Refused | ParkReason::Missing | ParkReason::Redirected)
            && view.governor.answers_everybody(settlement.operation, &settled.signal);
        let spent = *reason == ParkReason::RetriesSpent
            && view.governor.is_in_trouble_for(self.policy.schedule_takes(), self.now);
        if !everybodys && !spent {
            return;
        }
        settled.refused_digest = None;
        settled.tries = settled.tries.min(self.policy.last_try());
        let delay = if spent { DAILY } else { Duration::ZERO };
        let why = if spent { "nothing of this sync was accepted meanwhile: tried once a day" } else { "held back" };
        settled.message = format!("{}; {why}", settled.message);
        settled.outcome = LogOutcome::Retrying;
        settled.next = Next::Owed(delay);
        if let Some(entry) = &mut settlement.log {
            entry.outcome = settled.outcome;
            entry.message.clone_from(&settled.message);
        }
    }

    /// What is said of a "too many requests" says until when nothing is sent: of what was asked for, a day counts.
    fn say_until(&self, settlement: &mut Settlement) {
        let Some(view) = self.input.syncs.get(&(settlement.link.account, settlement.link.sync)) else { return };
        let settled = &mut settlement.settled;
        let until = view.governor.not_before(self.now, self.now);
        if !matches!(settled.signal, Signal::Limited { .. }) || until == self.now {
            return;
        }
        settled.message = format!("{}; nothing of this sync is sent before {until}", settled.message);
        if let Some(entry) = &mut settlement.log {
            entry.message.clone_from(&settled.message);
        }
    }

    fn write(&mut self, id: &LinkId, before: Option<Link>, after: Option<Link>) {
        for (link, held) in [(&before, false), (&after, true)] {
            if let Some(unique_id) = link.as_ref().and_then(|link| link.state.unique_id()) {
                let key = (id.account, id.sync, unique_id.as_str().to_owned());
                if held {
                    self.input.holders.insert(key, id.person.clone());
                } else if self.input.holders.get(&key) == Some(&id.person) {
                    self.input.holders.remove(&key);
                }
            }
        }
        self.free_id(id, before.as_ref(), after.as_ref());
        match after {
            Some(after) => self.input.links.insert(id.clone(), after),
            None => self.input.links.remove(id),
        };
        self.touched.entry(id.clone()).or_insert(before);
    }

    /// Where a link gives an id up, others of its sync may wait for it, parked *conflict*.
    fn free_id(&mut self, id: &LinkId, before: Option<&Link>, after: Option<&Link>) {
        let held = |link: Option<&Link>| link.and_then(|link| link.state.unique_id()).cloned();
        let conflicts = |link: Option<&Link>| {
            link.and_then(|link| link.parked.as_ref()).is_some_and(|parked| parked.reason == ParkReason::Conflict)
        };
        let sync_key = (id.account, id.sync);
        let Some(view) = self.input.syncs.get_mut(&sync_key) else { return };
        if conflicts(after) && !view.governor.conflicts {
            view.governor.conflicts = true;
            self.output.governors.insert(sync_key, view.governor.clone());
        }
        if view.governor.conflicts && held(before).is_some() && held(before) != held(after) {
            view.governor.conflicts = false;
            self.output.governors.insert(sync_key, view.governor.clone());
            self.output.sweeps.push((id.account, id.sync, SweepKind::Conflicts));
        }
    }

    fn finish(mut self) -> BatchOutput {
        for id in std::mem::take(&mut self.output.disturbed) {
            match self.input.links.remove(&id) {
                // A row of this batch is marked in it.
                Some(link) => {
                    self.input.links.insert(id.clone(), disturbed(&link, self.policy, self.now));
                    self.touched.entry(id).or_insert(Some(link));
                }
                None => self.output.disturbed.push(id),
            }
        }
        for (id, before) in std::mem::take(&mut self.touched) {
            let after = self.input.links.remove(&id);
            self.output.counts.entry((id.account, id.sync)).or_default().note(before.as_ref(), after.as_ref());
            match after {
                Some(link) => {
                    self.output.due_now |= link.claimable_at().is_some_and(|at| at <= self.now);
                    if before.as_ref() != Some(&link) {
                        self.output.updated.push(link);
                    }
                }
                None if before.is_some() => self.output.removed.push(id),
                None => {}
            }
        }
        self.output
    }
}

/// What a request came to whose id turned out to be another person's: what it made is there, under an id that this link may
/// not have.
fn keep_without_id(settlement: &mut Settlement, row: Option<&Link>) {
    let settled = &mut settlement.settled;
    if let (Operation::Create, Some(entry)) = (settlement.operation, &settlement.log) {
        // Kept, so that nothing is created twice: the id is read again from it.
        settled.answer = entry.response.as_ref().map(|response| {
            let headers = response.headers.iter().map(|h| (h.name.clone(), h.value.clone())).collect();
            let body = response.body.clone().unwrap_or_default();
            Box::new(KeptAnswer { status: response.status, headers, body, looked_at_revision: -1 })
        });
    }
    settled.state = match (settlement.operation, row.map(|row| &row.state)) {
        (Operation::Create, _) => LinkState::Unaddressable,
        (_, Some(LinkState::Unaddressable)) => {
            settled.answer = row.and_then(|row| row.extras.answer.clone());
            LinkState::Unaddressable
        }
        (_, Some(state)) => {
            // Where the record went is not known yet.
            if let (Operation::Lookup, Some(row)) = (settlement.operation, row) {
                settled.notes.may_have_moved = row.notes().may_have_moved;
                settled.notes.moved_to.clone_from(&row.notes().moved_to);
                settled.notes.adopted = row.notes().adopted;
            }
            state.clone()
        }
        (_, None) => LinkState::Uncertain,
    };
    settled.resolved = settled.state == LinkState::Unaddressable;
    settled.sent = row.filter(|_| settlement.operation == Operation::Update).and_then(|row| row.sent.clone());
    settled.forget_digest();
}

/// Applies a settlement to the row whose lease it holds. `None`: the row goes.
fn apply(mut row: Link, settlement: &Settlement, revision: i32, policy: &Policy, now: Timestamp) -> Option<Link> {
    let settled = &settlement.settled;
    let same_generation = row.generation == settlement.generation;
    row.lease = None;
    row.settled_token = Some(settlement.token);
    row.updated_at = now;
    row.state = settled.state.clone();
    row.sent.clone_from(&settled.sent);
    row.recreated = settled.recreated;
    row.allow_resend &= settled.allow_resend;
    // A retry during the attempt set the tries back; that counts.
    row.tries = settled.tries.min(row.tries.saturating_add(1));
    row.deferrals = settled.deferrals.min(row.deferrals.saturating_add(1));
    row.extras.answer = settled.answer.clone().filter(|_| row.state == LinkState::Unaddressable);
    if settled.resolved {
        row.key = None;
    }
    // A record whose id was not told is searched for as it was made.
    if settled.resolved && row.state != LinkState::Unaddressable {
        row.extras.first_snapshot = None;
    }
    row.extras.notes = learnt(&row.extras.notes, settlement, now);
    if row.state == LinkState::Unlinked && !row.notes().repeats {
        // Certainly not carried out: there is nothing to search for as it was sent.
        row.extras.first_snapshot = None;
        if !same_generation {
            row.extras.notes.forget_searches();
        }
    }
    if row.notes().forget {
        forget_after(&mut row, settlement);
    }
    if settled.tried {
        row.last_tried_at = Some(now);
    }
    if let Some(quiet) = settled.quiet {
        row.quiet_until = Some(now.plus(quiet));
    } else if settled.tried {
        row.quiet_until = None;
    }
    if same_generation {
        row.refused_digest = settled.refused_digest;
    }
    row.last_decision = Some(settled.message.clone());
    if !same_generation {
        let wished = row.due_at.unwrap_or(now);
        row.due_at = Some(match settled.next {
            Next::Owed(delay) if row.tries > 0 || row.deferrals > 0 => {
                wished.max(now.plus(policy.change_floor).min(now.plus(delay)))
            }
            _ => wished,
        });
        return Some(row);
    }
    match &settled.next {
        Next::Done => {
            row.due_at = (settlement.revision < revision).then_some(now);
            row.force = false;
            row.allow_resend = false;
            row.asked = false;
        }
        Next::Remove if settlement.person_deleted => return None,
        Next::Remove => row.due_at = Some(now),
        Next::Owed(delay) => row.due_at = Some(now.plus(*delay)),
        // What parks it was mended meanwhile, perhaps: the edit's sweep passed by while it was not parked yet.
        Next::Park(..) if settlement.revision < revision => {
            row.due_at = Some(now);
            row.refused_digest = None;
        }
        Next::Park(reason, detail) => {
            row.due_at = None;
            row.force = false;
            row.allow_resend = false;
            row.asked = false;
            row.parked = Some(Parked { reason: *reason, detail: detail.clone(), at: now });
        }
    }
    Some(row)
}

/// What is remembered after a settlement: what it says, and what happened to the link meanwhile.
fn learnt(meanwhile: &Notes, settlement: &Settlement, now: Timestamp) -> Notes {
    let settled = &settlement.settled;
    let mut notes = settled.notes.clone();
    let unresolved = !matches!(settled.state, LinkState::Linked(_) | LinkState::Leaving(_));
    if settled.index_lags {
        notes.doubted_at = Some(now);
    }
    notes.forget = meanwhile.forget;
    notes.existing |= meanwhile.existing && unresolved;
    // What an administrator said does not hold for what an attempt that was out has made since.
    notes.create_again = meanwhile.create_again.filter(|_| !settled.tried);
    notes
}

/// The lease was taken over: the state is another's to change. The digest is emptied and the link marked, so that what
/// this late request did is overwritten; the id of a create is linked if nobody knows better.
fn taken_over(mut row: Link, settlement: &mut Settlement, now: Timestamp) -> Link {
    if !settlement.settled.tried {
        return row;
    }
    row.settled_token = Some(settlement.token);
    if let Some(sent) = &mut row.sent {
        sent.digest = None;
    }
    row.generation += 1;
    row.due_at = Some(row.due_at.map_or(now, |due| due.min(now)));
    row.parked = None;
    row.updated_at = now;
    if let (Operation::Create, LinkState::Linked(id)) = (settlement.operation, &settlement.settled.state) {
        if row.lease.is_none() && matches!(row.state, LinkState::Unlinked | LinkState::Uncertain) {
            row.state = LinkState::Linked(id.clone());
            row.sent = None;
            row.key = None;
            row.extras.first_snapshot = None;
            row.extras.notes.resolve_create();
        } else if row.state.unique_id() != Some(id)
            && let Some(entry) = &mut settlement.log
        {
            entry.message = orphan(id);
        }
    }
    row
}

fn orphan(id: &UniqueId) -> String {
    format!(
        "created the record {id}, but another attempt had taken over: the external system may hold an orphan, remove it"
    )
}

/// A create was accepted for a link whose row is gone: a new row, owed.
fn late_create(settlement: &Settlement, now: Timestamp) -> Option<Link> {
    let LinkState::Linked(id) = &settlement.settled.state else { return None };
    if settlement.operation != Operation::Create {
        return None;
    }
    let mut link = Link::new(settlement.link.clone(), now);
    link.state = LinkState::Linked(id.clone());
    link.generation = 1;
    link.due_at = Some(now);
    link.settled_token = Some(settlement.token);
    link.last_decision = Some(settlement.settled.message.clone());
    Some(link)
}

/// Forgets what was linked at another origin: everybody is new there. A request under way will settle into nothing.
pub fn forget(link: &mut Link, now: Timestamp) {
    let lease = link.lease.take();
    let id = link.id.clone();
    let generation = link.generation + 1;
    *link = Link { generation, due_at: Some(now), settled_token: lease.map(|lease| lease.token), ..Link::new(id, now) };
    link.last_decision = Some("forgotten: the rules moved to another origin".to_owned());
}

/// An older copy of the database was restored: what was sent since is not in it. Nothing is believed to be in step, and a
/// person who may have been created since is looked up first.
pub fn distrust(link: &mut Link, now: Timestamp) {
    link.generation += 1;
    link.updated_at = now;
    link.refused_digest = None;
    if let Some(sent) = &mut link.sent {
        sent.digest = None;
    }
    let notes = &mut link.extras.notes;
    // What was asked and answered before the copy says nothing of what was made since.
    notes.asking = None;
    (notes.looked_up, notes.none_for_deleted, notes.adopted_unseen) = (false, false, false);
    if link.state == LinkState::Unlinked && notes.repeats {
        // The lookup had found none: it is asked again.
        link.state = LinkState::Uncertain;
    }
    notes.restored = link.state == LinkState::Unlinked;
    if link.parked.is_none() {
        link.due_at.get_or_insert(now);
    }
}

/// While an older copy of the database that was restored still counts, the record of a person whom it does not know to be
/// linked may be there all the same: also of one who comes only now. To be called before it is decided what such a link needs.
pub fn suspect(link: &mut Link, terms: &LeaseTerms) {
    if !terms.known.restored || link.state != LinkState::Unlinked || link.notes().looked_up {
        return;
    }
    let lookup = terms.rules.for_link(link).lookup;
    let notes = &mut link.extras.notes;
    notes.restored = true;
    // What is made at an id that we choose is made again there.
    notes.repeats |= terms.rules.chosen_id && !lookup;
}

/// Forgets what was linked at a system that was emptied. While a request is under way it is only written down: what that
/// request makes is made in the emptied system.
pub fn forget_here(link: &mut Link, now: Timestamp) {
    link.generation += 1;
    link.due_at = Some(now);
    link.parked = None;
    link.updated_at = now;
    if link.lease.is_some() {
        link.extras.notes.forget = true;
    } else {
        forget_at_last(link);
    }
}

fn forget_at_last(link: &mut Link) {
    link.extras.notes.forget = false;
    if link.state == LinkState::Uncertain {
        // A request under way may have made it just now.
        return;
    }
    link.state = LinkState::Unlinked;
    link.sent = None;
    link.key = None;
    (link.tries, link.deferrals, link.recreated) = (0, 0, false);
    link.extras = Extras { notes: Notes { look_first: true, ..Notes::default() }, ..Extras::default() };
    link.last_decision = Some("forgotten: the external system was emptied".to_owned());
}

/// What a request that was under way while its link was forgotten leaves of it: the record that it has just made, whether its
/// id was told or not.
fn forget_after(row: &mut Link, settlement: &Settlement) {
    let made = settlement.operation == Operation::Create
        && matches!(row.state, LinkState::Linked(_) | LinkState::Unaddressable);
    if made {
        row.extras.notes.forget = false;
    } else {
        forget_at_last(row);
    }
}
