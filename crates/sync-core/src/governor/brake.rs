//! Brakes on one kind of request, while the others of the sync go on: a rule that answers everybody the same, deletes that
//! find nothing, creates that tell no unique id.

use super::note_person;
use crate::sync::Operation;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Different people that must be answered alike in a row while the rule has not been seen to work since its last edit.
pub const ALIKE_PEOPLE_NEW: usize = 5;
/// And where it has.
pub const ALIKE_PEOPLE: usize = 20;
/// Deletes answered 404 or 410 in a row, with none accepted between: a wrong URL looks the same.
pub const MISSING_DELETES: u32 = 20;
/// Different people whose creates told no unique id in a row.
pub const SILENT_PEOPLE: usize = 3;
/// When somebody is let through at first, and at last.
const LETS_FIRST: Duration = Duration::from_secs(5);
const LETS_LAST: Duration = Duration::from_secs(5 * 60);
/// And a create while pages come instead of answers.
const PAGE_FIRST: Duration = Duration::from_secs(60);
const PAGE_LAST: Duration = Duration::from_secs(15 * 60);

/// Why one kind of request is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrakeKind {
    /// Everybody is answered the same.
    Alike,
    /// Deletes find nothing.
    MissingDeletes,
    /// Creates tell no unique id.
    SilentCreates,
    /// Web pages come instead of answers to creates.
    Pages,
    /// An older copy of the database was restored: creates that nothing tells from those of before.
    Restored,
}

impl BrakeKind {
    /// When one person is let through after so many in vain; `None`: nobody is.
    fn lets_at(self, tries: u32, now: Timestamp) -> Option<Timestamp> {
        let (first, last) = match self {
            Self::Alike => (LETS_FIRST, LETS_LAST),
            Self::Pages => (PAGE_FIRST, PAGE_LAST),
            Self::MissingDeletes | Self::SilentCreates | Self::Restored => return None,
        };
        Some(now.plus((first * (1 << tries)).min(last)))
    }
}

/// One kind of request is held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// Why.
    pub kind: BrakeKind,
    /// Since when.
    pub since: Timestamp,
    /// In words.
    pub reason: String,
    /// When one person is let through; `None`: nobody is, until an edit or a release.
    pub lets_at: Option<Timestamp>,
    /// How many were let through in vain.
    tries: u32,
}

/// The people answered in a row, as short hashes.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Brakes {
    /// The brakes that hold, by operation.
    held: Vec<(Operation, Brake)>,
    /// Who was answered alike in a row: operation, answer, people.
    alike: Vec<(Operation, String, Vec<u64>)>,
    missing: u32,
    /// Whether an administrator has said for this revision that deletes may find nothing.
    missing_released: bool,
    /// Whose creates told no unique id in a row; where [`Self::silence_is_found`], of whom lookups found no record either.
    silent: Vec<u64>,
    /// Since the last edit a lookup has found the record of such a create: this is how the system answers, and no fault.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    silence_is_found: bool,
    pages: Vec<u64>,
    /// Beside the others, since it holds some creates only. No answer lifts it, and no edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<Brake>,
}

impl Brakes {
    /// Whether nothing is held and nothing was noted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The brake on a kind of request.
    pub fn on(&self, operation: Operation) -> Option<&Brake> {
        self.held.iter().find(|(held, _)| *held == operation).map(|(_, brake)| brake)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (Operation, &Brake)> {
        let restored = self.restored.iter().map(|brake| (Operation::Create, brake));
        self.held.iter().map(|(operation, brake)| (*operation, brake)).chain(restored)
    }

    /// Whether an older copy of the database was restored, and nobody has said yet that what was lost is here again.
    pub fn is_restored(&self) -> bool {
        self.restored.is_some()
    }

    /// An older copy of the database was restored.
    pub(super) fn restore(&mut self, now: Timestamp) {
        let reason = "an older copy of the database was restored, and the external system may hold more than it knows: creates \
                      without a lookup, a chosen id or a key that it replays are held, and RECREATE acts as PARK. Push again \
                      who was changed since the copy; set up a lookup where creates are held, since a release sends them, and whoever \
                      was made since the copy is made twice; then release the hold"
            .to_owned();
        self.restored = Some(Brake { kind: BrakeKind::Restored, since: now, reason, lets_at: None, tries: 0 });
    }

    /// When a create that waits for the release of a restored database is looked at again.
    pub(super) fn restored_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.is_restored().then(|| now.plus(LETS_LAST))
    }

    /// Until when a kind of request waits at `now`; `None`: it may go.
    pub(super) fn waits_until(&self, operation: Operation, now: Timestamp) -> Option<Timestamp> {
        let brake = self.on(operation)?;
        let at = brake.lets_at.unwrap_or(now.plus(LETS_LAST));
        (at > now).then_some(at)
    }

    /// One is let through: the next one later.
    pub(super) fn let_through(&mut self, operation: Operation, now: Timestamp) {
        let Some((_, brake)) = self.held.iter_mut().find(|(held, _)| *held == operation) else { return };
        brake.tries = (brake.tries + 1).min(12);
        brake.lets_at = brake.kind.lets_at(brake.tries, now);
    }

    fn hold(&mut self, operation: Operation, kind: BrakeKind, reason: String, now: Timestamp) {
        if self.on(operation).is_some() {
            return;
        }
        let lets_at = kind.lets_at(0, now);
        self.held.push((operation, Brake { kind, since: now, reason, lets_at, tries: 0 }));
    }

    fn lift(&mut self, operation: Operation, kinds: &[BrakeKind]) {
        self.held.retain(|(held, brake)| *held != operation || !kinds.contains(&brake.kind));
    }

    /// A request of this kind was accepted.
    pub(super) fn accepted(&mut self, operation: Operation) {
        self.alike.retain(|(noted, ..)| *noted != operation);
        self.lift(operation, &[BrakeKind::Alike]);
        self.pages.clear();
        self.lift(Operation::Create, &[BrakeKind::Pages]);
        match operation {
            Operation::Create => {
                self.silent.clear();
                self.silence_is_found = false;
                self.lift(Operation::Create, &[BrakeKind::SilentCreates]);
            }
            Operation::Delete => self.missing = 0,
            Operation::Update | Operation::Lookup => {}
        }
    }

    /// An id was found by a lookup: the records of creates that tell none can be known all the same.
    pub(super) fn found(&mut self, person: u64) {
        self.silence_is_found |= self.silent.contains(&person);
        if self.silence_is_found {
            self.silent.clear();
        }
        self.lift(Operation::Create, &[BrakeKind::SilentCreates]);
    }

    /// A request was refused, gone, redirected or told that the record exists.
    pub(super) fn refused(&mut self, operation: Operation, alike: &str, person: u64, proven: bool, now: Timestamp) {
        let most = if proven { ALIKE_PEOPLE } else { ALIKE_PEOPLE_NEW };
        let at = match self.alike.iter().position(|(noted, ..)| *noted == operation) {
            Some(at) => at,
            None => {
                self.alike.push((operation, String::new(), Vec::new()));
                self.alike.len() - 1
            }
        };
        let (_, before, people) = &mut self.alike[at];
        if before != alike {
            alike.clone_into(before);
            people.clear();
        }
        note_person(people, person, ALIKE_PEOPLE);
        if people.len() >= most {
            let reason = format!(
                "{most} people in a row were {alike} to their {}, and nobody's was accepted between: the rule may be wrong. \
                 They stay owed; one is tried now and then",
                operation.as_str()
            );
            self.hold(operation, BrakeKind::Alike, reason, now);
        }
    }

    /// A delete found nothing.
    pub(super) fn missing(&mut self, now: Timestamp) {
        self.missing = self.missing.saturating_add(1);
        if self.missing >= MISSING_DELETES && !self.missing_released {
            let reason = format!(
                "{MISSING_DELETES} deletes in a row were answered 404 or 410 and none was accepted: check the URL of Delete \
                 Users. If these records are rightly gone, release the hold; if not, those people are given up: the log lists them \
                 (DELETE, answered 404)"
            );
            self.hold(Operation::Delete, BrakeKind::MissingDeletes, reason, now);
        }
    }

    /// A create was accepted and told no unique id.
    pub(super) fn silent(&mut self, person: u64, now: Timestamp) {
        if self.silence_is_found {
            return;
        }
        note_person(&mut self.silent, person, SILENT_PEOPLE);
        if self.silent.len() >= SILENT_PEOPLE {
            let reason = format!(
                "the creates of {SILENT_PEOPLE} people in a row were accepted, but no unique id could be read from the \
                 answers: correct the unique id or the lookup, or release the hold to let one create through"
            );
            self.hold(Operation::Create, BrakeKind::SilentCreates, reason, now);
        }
    }

    /// Of a create that told no unique id a lookup finds no record.
    pub(super) fn vanished(&mut self, person: u64, now: Timestamp) {
        if !self.silence_is_found {
            return;
        }
        note_person(&mut self.silent, person, SILENT_PEOPLE);
        if self.silent.len() >= SILENT_PEOPLE {
            self.silence_is_found = false;
            let reason = format!(
                "the creates of {SILENT_PEOPLE} people in a row were accepted, and the lookup finds none of their records: look in \
                 the external system, then correct the rule, or release the hold to let one create through"
            );
            self.hold(Operation::Create, BrakeKind::SilentCreates, reason, now);
        }
    }

    /// A page came instead of an answer to a create.
    pub(super) fn page(&mut self, person: u64, now: Timestamp) {
        note_person(&mut self.pages, person, SILENT_PEOPLE);
        if self.pages.len() >= SILENT_PEOPLE {
            let reason =
                "web pages come instead of answers to creates: the system may be down for maintenance, and then they go on by \
                 themselves. If it is not, check URL and credentials of Create Users; if pages are its answers, set pages to ACCEPT"
                    .to_owned();
            self.hold(Operation::Create, BrakeKind::Pages, reason, now);
        }
    }

    /// A rule was edited: what was noted of it is over.
    pub(super) fn edited(&mut self, operation: Operation) {
        self.held.retain(|(held, _)| *held != operation);
        self.alike.retain(|(noted, ..)| *noted != operation);
        match operation {
            Operation::Create => {
                self.silent.clear();
                self.silence_is_found = false;
                self.pages.clear();
            }
            Operation::Delete => (self.missing, self.missing_released) = (0, false),
            Operation::Lookup | Operation::Update => {}
        }
    }

    /// An administrator's release of all brakes of one kind. Returns whether there was any.
    pub(super) fn release(&mut self, kind: BrakeKind, now: Timestamp) -> bool {
        if kind == BrakeKind::Restored {
            return self.restored.take().is_some();
        }
        let mut brakes = self.held.iter_mut().map(|(_, brake)| brake).filter(|brake| brake.kind == kind).peekable();
        let found = brakes.peek().is_some();
        // One goes, and tells.
        brakes.for_each(|brake| brake.lets_at = Some(now));
        if found && kind == BrakeKind::MissingDeletes {
            // Once for this revision: the rest is rightly gone.
            (self.missing, self.missing_released) = (0, true);
            self.lift(Operation::Delete, &[kind]);
        }
        found
    }

    /// Whether some of those who waited for a brake need not wait so long any more.
    pub(super) fn eased_since(&self, before: &Self) -> bool {
        let is_eased = |now: &Brake, before: &Brake| match (now.lets_at, before.lets_at) {
            (Some(now), Some(before)) => now < before,
            (Some(_), None) => true,
            (None, _) => false,
        };
        (before.is_restored() && !self.is_restored())
            || before.held.iter().any(|(operation, before)| self.on(*operation).is_none_or(|now| is_eased(now, before)))
    }
}
