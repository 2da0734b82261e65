//! A link: what one external system is known to hold of one person, and what is still owed.

use crate::digest::Digest;
use crate::id::{LeaseToken, LinkId};
use crate::person::{Person, Version};
use crate::sync::Operation;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// The id by which the external system knows a person: 1 to [`UniqueId::BYTES_MAX`] bytes without control characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UniqueId {
    text: String,
    number: bool,
}

impl UniqueId {
    /// The most bytes of an id: it stands in a unique index, whose entries are bounded.
    pub const BYTES_MAX: usize = 512;

    /// An id that was given as text. `None` where it is no id.
    pub fn text(text: impl Into<String>) -> Option<Self> {
        Self::checked(text.into(), false)
    }

    /// An id that was given as a number, with its digits as they were written. `None` where it is no id.
    pub fn number(digits: impl Into<String>) -> Option<Self> {
        Self::checked(digits.into(), true)
    }

    /// From stored parts; `None` where they are no id.
    pub fn from_parts(text: String, number: bool) -> Option<Self> {
        Self::checked(text, number)
    }

    fn checked(text: String, number: bool) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::BYTES_MAX && !text.chars().any(char::is_control);
        fits.then_some(Self { text, number })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the external system wrote it as a number, so that `{{ unique_id }}` outside a string stays one.
    pub fn is_number(&self) -> bool {
        self.number
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UniqueId({:?})", self.text)
    }
}

/// What the external system is known to hold. Only the lease's holder changes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// Nothing of ours for this person.
    Unlinked,
    /// A create may have been carried out; its answer never came.
    Uncertain,
    /// The record is known by its unique id.
    Linked(UniqueId),
    /// A delete may have been carried out: it is finished first, whatever the person is by now.
    Leaving(UniqueId),
    /// A create was accepted, but no unique id could be read from its answer.
    Unaddressable,
}

/// A state without its data, as filters and counts name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "as in LinkState")]
pub enum StateName {
    Unlinked,
    Uncertain,
    Linked,
    Leaving,
    Unaddressable,
}

impl StateName {
    /// All of them, in the order of their stored numbers.
    pub const ALL: [Self; 5] = [Self::Unlinked, Self::Uncertain, Self::Linked, Self::Leaving, Self::Unaddressable];

    /// The stored number, 0 to 4.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

impl LinkState {
    /// Its name.
    pub fn name(&self) -> StateName {
        match self {
            Self::Unlinked => StateName::Unlinked,
            Self::Uncertain => StateName::Uncertain,
            Self::Linked(_) => StateName::Linked,
            Self::Leaving(_) => StateName::Leaving,
            Self::Unaddressable => StateName::Unaddressable,
        }
    }

    /// The unique id, where it is known.
    pub fn unique_id(&self) -> Option<&UniqueId> {
        match self {
            Self::Linked(id) | Self::Leaving(id) => Some(id),
            _ => None,
        }
    }

    /// From stored parts; `None` where they do not fit together (a CHECK of the database forbids that too).
    pub fn from_parts(name: StateName, unique_id: Option<UniqueId>) -> Option<Self> {
        match (name, unique_id) {
            (StateName::Unlinked, None) => Some(Self::Unlinked),
            (StateName::Uncertain, None) => Some(Self::Uncertain),
            (StateName::Linked, Some(id)) => Some(Self::Linked(id)),
            (StateName::Leaving, Some(id)) => Some(Self::Leaving(id)),
            (StateName::Unaddressable, None) => Some(Self::Unaddressable),
            _ => None,
        }
    }
}

/// Why a link waits until somebody, a new change or an edit mends what is wrong. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParkReason {
    /// The external system refuses this person's data.
    Refused,
    /// A template could not be rendered for this person.
    Template,
    /// Created, but no unique id could be read from the answer.
    NoUniqueId,
    /// The lookup found several records.
    Ambiguous,
    /// The unique id already belongs to another person of this sync.
    Conflict,
    /// The record is gone.
    Missing,
    /// The answer to the create never came, and nothing can resolve it.
    Uncertain,
    /// The answer was a redirect.
    Redirected,
    /// The retry schedule came to its end.
    RetriesSpent,
}

impl ParkReason {
    /// All of them, in the order of their stored numbers (which begin at 1).
    pub const ALL: [Self; 9] = [
        Self::Refused,
        Self::Template,
        Self::NoUniqueId,
        Self::Ambiguous,
        Self::Conflict,
        Self::Missing,
        Self::Uncertain,
        Self::Redirected,
        Self::RetriesSpent,
    ];

    /// The stored number, 1 to 9.
    pub const fn code(self) -> i16 {
        self as i16 + 1
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code.checked_sub(1)?).ok()?).copied()
    }
}

/// That a link is parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Why.
    pub reason: ParkReason,
    /// In words, with the mend. At most [`DETAIL_BYTES_MAX`] bytes.
    pub detail: String,
    /// Since when.
    pub at: Timestamp,
}

/// How the first edition began the words of what it took for a refusal, and what is tried later by now.
const REFUSED_AT_FIRST: [&str; 6] = [
    "answered 408",
    "answered 409",
    "answered 421",
    "answered 423",
    "answered 425",
    "the lookup's answer could not be used",
];

impl Parked {
    /// Whether the first edition parked it as refused by what is no refusal any more.
    pub(crate) fn is_of_the_first_edition(&self) -> bool {
        let is_lookups_404 = self.detail.contains("(correct the lookup's URL, or let it answer");
        self.reason == ParkReason::Refused
            && (is_lookups_404 || REFUSED_AT_FIRST.iter().any(|words| self.detail.starts_with(words)))
    }
}

/// The most bytes of a park detail or a decision in words.
pub const DETAIL_BYTES_MAX: usize = 1024;

/// What the external system last accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The person's version that it stood for.
    pub version: Version,
    /// The sync's revision that rendered it.
    pub revision: i32,
    /// The digest of the accepted request; `None`: unknown, so that the next request is sent whatever it is.
    pub digest: Option<Digest>,
}

/// The idempotency key of an unresolved create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateKey {
    /// The key, sent as `Idempotency-Key`. Random; never made of person or version.
    pub key: Uuid,
    /// The person's version of its first use.
    pub version: Version,
    /// The time of its first use.
    pub first_used_at: Timestamp,
}

/// Who may send for a link, until when, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The claim that leased it.
    pub token: LeaseToken,
    /// Until when, by the store's clock.
    pub until: Timestamp,
    /// The operation it may send; `None`: it may send nothing (a decision without a request is on its way).
    pub operation: Option<Operation>,
    /// The person's version that it may send.
    pub version: Version,
}

/// The answer of a create that no unique id could be read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, at most 16 KiB.
    pub body: String,
    /// The `unique_id_revision` under which it was last looked at.
    pub looked_at_revision: i32,
}

/// Why a lookup is asked for a link whose state alone does not call for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asking {
    /// A create was answered that the record exists. With the answer in words.
    Exists(String),
    /// A repeated create was refused: a second "none" makes the refusal definite. With the answer in words, and the
    /// person's version that was refused.
    Refused(String, Version),
    /// The record that the link holds is gone: it may have been merged into another, or moved. With the answer in words.
    Gone(String),
}

/// What is remembered of a link beyond its state. Most links have nothing of it, so it is kept in a side table.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// An earlier create of this operation may have been carried out, and nothing definite came since: the next create
    /// is a *repeated* one. Holds in Uncertain, and in Unlinked after a lookup found none.
    #[serde(skip_serializing_if = "is_false")]
    pub repeats: bool,
    /// The digest of the create in doubt as it was sent; `None` where it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_digest: Option<Digest>,
    /// The id that we chose for the create in doubt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_id: Option<UniqueId>,
    /// The create in doubt was refused when it was repeated: the next one carries the newest state, and so another id of ours
    /// where that moves with the person.
    #[serde(skip_serializing_if = "is_false")]
    pub first_refused: bool,
    /// When a create, or an update that may have moved the record, was last tried: what a search says too soon after it is no
    /// proof.
    #[serde(alias = "create_tried_at", skip_serializing_if = "Option::is_none")]
    pub doubted_at: Option<Timestamp>,
    /// What came of the create in doubt, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_said: Option<String>,
    /// What the refused request was answered, in words; it stands beside the link's `refused_digest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_said: Option<String>,
    /// A web page came instead of the create's answer.
    #[serde(skip_serializing_if = "is_false")]
    pub page: bool,
    /// A "none" has allowed a create already after one that told nothing: there is no second.
    #[serde(skip_serializing_if = "is_false")]
    pub none_spent: bool,
    /// The lookup found none before the first create: the create needs no other lookup, and what is found after it is ours.
    #[serde(skip_serializing_if = "is_false")]
    pub looked_up: bool,
    /// The record may be there: the lookup, where there is one, is asked before the first create.
    #[serde(skip_serializing_if = "is_false")]
    pub look_first: bool,
    /// An older copy of the database was restored: a create that it does not know of may have been carried out. The record
    /// is looked for first, or made again at the id that we choose; a deleted person's, too.
    #[serde(skip_serializing_if = "is_false")]
    pub restored: bool,
    /// The person was there before the link: brought in by a resync or the sweep over existing people.
    #[serde(skip_serializing_if = "is_false")]
    pub existing: bool,
    /// Why a lookup comes next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asking: Option<Asking>,
    /// For a deleted person the lookup found none once: it is asked once more before the row goes.
    #[serde(skip_serializing_if = "is_false")]
    pub none_for_deleted: bool,
    /// The record existed before us, or may have: a lookup found it.
    #[serde(skip_serializing_if = "is_false")]
    pub adopted: bool,
    /// No update was accepted since the adoption.
    #[serde(skip_serializing_if = "is_false")]
    pub adopted_unseen: bool,
    /// The person is deleted, and the adopted record was left as it is.
    #[serde(skip_serializing_if = "is_false")]
    pub kept: bool,
    /// An update that could move the record's id went out, and none was accepted since: "gone" is not believed.
    #[serde(skip_serializing_if = "is_false")]
    pub may_have_moved: bool,
    /// Since then the lookup has found nothing, or tells nothing: the id that is held counts again.
    #[serde(skip_serializing_if = "is_false")]
    pub searched: bool,
    /// The sync's revision whose lookup has nothing of the person to search by: for this person there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_search: Option<i32>,
    /// A crash took the id along that it may have moved to.
    #[serde(skip_serializing_if = "is_false")]
    pub moved_unseen: bool,
    /// The ids that the record may have moved to, the oldest first; at most [`MOVED_TO_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved_to: Vec<UniqueId>,
    /// The operation and the person's version that were answered *not yet* by a 409: it counts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_yet: Option<(Operation, Version)>,
    /// The digest of the lookup as it would have been rendered with the last accepted request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup_digest: Option<Digest>,
    /// The generation for which an administrator said that the create made nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_again: Option<i64>,
    /// The link is to be forgotten as soon as the attempt that is under way has settled.
    #[serde(skip_serializing_if = "is_false")]
    pub forget: bool,
}

/// The most ids that are written down for a record that may have moved.
pub const MOVED_TO_MAX: usize = 4;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Notes {
    /// Forgets the create in doubt: a definite answer came.
    pub fn resolve_create(&mut self) {
        *self = Self {
            adopted: self.adopted,
            adopted_unseen: self.adopted_unseen,
            may_have_moved: self.may_have_moved,
            searched: self.searched,
            no_search: self.no_search,
            moved_unseen: self.moved_unseen,
            moved_to: std::mem::take(&mut self.moved_to),
            lookup_digest: self.lookup_digest,
            none_spent: self.none_spent,
            existing: self.existing,
            look_first: self.look_first,
            create_again: self.create_again,
            forget: self.forget,
            ..Self::default()
        };
    }

    /// The person is another since a lookup was asked before the first create: what it said is of who they were.
    pub(crate) fn forget_searches(&mut self) {
        if !self.repeats {
            self.looked_up = false;
        }
        if matches!(self.asking, Some(Asking::Exists(_))) {
            self.asking = None;
        }
    }

    /// Writes down an id that the record may have moved to. The oldest gives way.
    pub fn note_move(&mut self, id: UniqueId) {
        self.may_have_moved = true;
        self.moved_to.retain(|known| *known != id);
        if self.moved_to.len() == MOVED_TO_MAX {
            self.moved_to.remove(0);
        }
        self.moved_to.push(id);
    }
}

/// What is rare and fat, and therefore kept in a side table.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Extras {
    /// The snapshot that an unresolved create carried, kept when the person changed meanwhile: lookups render from it.
    pub first_snapshot: Option<Box<Person>>,
    /// The answer of an Unaddressable link's create.
    pub answer: Option<Box<KeptAnswer>>,
    /// What else is remembered.
    pub notes: Notes,
}

impl Extras {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.first_snapshot.is_none() && self.answer.is_none() && self.notes == Notes::default()
    }
}

/// The state of one (sync, person) pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Which pair.
    pub id: LinkId,
    /// What the external system is known to hold.
    pub state: LinkState,
    /// Raised by whatever makes the link owed: change, resync, retry, sweep, un-parking.
    pub generation: i64,
    /// Owed since, or again from; `None`: nothing is owed.
    pub due_at: Option<Timestamp>,
    /// Nothing is sent before: the external system may still be at work on a request whose answer never came.
    pub quiet_until: Option<Timestamp>,
    /// Whether an equal request is sent too.
    pub force: bool,
    /// Whether an administrator's retry allows one create although `on_uncertain` is PARK.
    pub allow_resend: bool,
    /// Whether the administrator asked for this (resync, retry), so that a decision not to send is logged.
    pub asked: bool,
    /// What was last accepted.
    pub sent: Option<Sent>,
    /// The key of an unresolved create.
    pub key: Option<CreateKey>,
    /// Tries used up since the last acceptance.
    pub tries: i16,
    /// Failures since the last acceptance that use up no tries (the endpoint's, not the person's).
    pub deferrals: i16,
    /// When a request was last tried.
    pub last_tried_at: Option<Timestamp>,
    /// Set by a RECREATE, cleared only by an accepted update.
    pub recreated: bool,
    /// Why it waits for a mend.
    pub parked: Option<Parked>,
    /// The digest of a refused request: a change that renders the same again stays parked.
    pub refused_digest: Option<Digest>,
    /// The lease. One whose time is over but that was neither settled nor released stays, as the sign of a crash.
    pub lease: Option<Lease>,
    /// The token last settled, so that the same settlement twice changes nothing.
    pub settled_token: Option<LeaseToken>,
    /// The newest decision, in words.
    pub last_decision: Option<String>,
    /// When this row last changed.
    pub updated_at: Timestamp,
    /// The rare and fat parts.
    pub extras: Extras,
}

impl Link {
    /// What is remembered beyond the state.
    pub fn notes(&self) -> &Notes {
        &self.extras.notes
    }

    /// Whether the next create would be a repeated one: an earlier one of this operation may have been carried out.
    pub fn repeats_create(&self) -> bool {
        self.state == LinkState::Uncertain || self.notes().repeats
    }

    /// A link that holds nothing and owes nothing.
    pub fn new(id: LinkId, now: Timestamp) -> Self {
        Self {
            id,
            state: LinkState::Unlinked,
            generation: 0,
            due_at: None,
            quiet_until: None,
            force: false,
            allow_resend: false,
            asked: false,
            sent: None,
            key: None,
            tries: 0,
            deferrals: 0,
            last_tried_at: None,
            recreated: false,
            parked: None,
            refused_digest: None,
            lease: None,
            settled_token: None,
            last_decision: None,
            updated_at: now,
            extras: Extras::default(),
        }
    }

    /// Whether it waits to have something sent. A parked link is neither owed nor settled.
    pub fn is_owed(&self) -> bool {
        self.due_at.is_some()
    }

    /// Whether a lease is out at `now`.
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }

    /// When it may be claimed; `None` while nothing is owed.
    pub fn claimable_at(&self) -> Option<Timestamp> {
        let due = self.due_at?;
        let quiet = self.quiet_until.unwrap_or(due);
        let leased = self.lease.as_ref().map_or(due, |lease| lease.until);
        Some(due.max(quiet).max(leased))
    }
}
