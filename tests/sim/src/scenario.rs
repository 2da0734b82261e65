//! A scenario is a value: what is done and what fails, each at its time. It can be drawn from a seed, shrunk, written to
//! a case file and run again.

use serde::{Deserialize, Serialize};

/// Milliseconds of virtual time since the beginning.
pub type Millis = u64;

/// One whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// What chance inside of the run is drawn from: latencies, tokens, which requests of a faulty time are hit.
    pub seed: u64,
    /// How many nodes work on the store, 1 to 3.
    pub nodes: usize,
    /// By how many seconds each node's wall clock is wrong; left out: by none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skews: Vec<i64>,
    /// The external systems, each with the sync that is made for it.
    pub syncs: Vec<SyncPlan>,
    /// What clients and administrators do, in order of time.
    pub steps: Vec<Timed>,
    /// What fails.
    pub faults: Vec<Fault>,
    /// The most links that a change marks at once; the rest is marked behind it. Left out: as many as there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks_max: Option<usize>,
}

/// What can resolve an uncertain create of an external system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// The id is chosen by us and created by POST: 409 if it exists.
    ChosenPost,
    /// The id is chosen by us and created by PUT: overwrites.
    ChosenPut,
    /// It honours the idempotency key, and the create rule mentions it.
    Key,
    /// A lookup by the person's id.
    LookupById,
    /// A lookup by the email, which changes.
    LookupByValue,
    /// Nothing; the create is sent again.
    Resend,
    /// Nothing; the link parks.
    Park,
    /// Records are kept under the email, which is the id that we choose and follow: it moves.
    KeyedByEmail,
    /// As before, and a lookup by the person's id.
    KeyedByEmailFound,
}

impl Means {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ChosenPost,
        Self::ChosenPut,
        Self::Key,
        Self::LookupById,
        Self::LookupByValue,
        Self::Resend,
        Self::Park,
        Self::KeyedByEmail,
        Self::KeyedByEmailFound,
    ];

    /// Whether every uncertain create can be resolved, so that nobody ever has two records.
    pub const fn resolves(self) -> bool {
        !matches!(self, Self::Resend | Self::Park)
    }

    /// Whether unique ids are chosen by us.
    pub const fn chosen(self) -> bool {
        matches!(self, Self::ChosenPost | Self::ChosenPut) || self.moves()
    }

    /// Whether there is a lookup rule.
    pub const fn lookup(self) -> bool {
        matches!(self, Self::LookupById | Self::LookupByValue | Self::KeyedByEmailFound)
    }

    /// Whether a record's id moves.
    pub const fn moves(self) -> bool {
        matches!(self, Self::KeyedByEmail | Self::KeyedByEmailFound)
    }
}

/// One external system and its sync.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncPlan {
    /// When the sync is made.
    pub at: Millis,
    /// Whether people who are there already are included.
    pub include_existing: bool,
    /// What resolves its uncertain creates.
    pub means: Means,
    /// Whether a 404 on an update creates again (else it parks).
    pub recreate: bool,
    /// Whether the create says everything that the update says.
    pub create_covers_update: bool,
    /// Whether requests carry a password.
    pub authenticates: bool,
    /// Requests in flight over all nodes.
    pub max_concurrency: u16,
    /// Requests a second over all nodes.
    pub requests_per_second: Option<f64>,
    /// The rules' timeout.
    pub timeout_seconds: u16,
    /// How the external system is, beside what it should be. Left out: in no other way.
    #[serde(default, skip_serializing_if = "Habits::is_plain")]
    pub habits: Habits,
    /// What the sync makes use of beside the defaults.
    #[serde(default, skip_serializing_if = "Options::is_plain")]
    pub options: Options,
}

/// How an external system is. Unlike a fault, that never ceases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Habits {
    /// Its search knows what was written only so much later.
    pub search_lag: Millis,
    /// Its search finds nobody, ever.
    pub search_is_blind: bool,
    /// What it makes of an idempotency key that it has seen.
    pub keys: Keys,
    /// A create of somebody who is there is an update of that record.
    pub upserts: bool,
    /// A create of somebody who is there is refused with 409.
    pub is_unique: bool,
    /// An update at an id that a record was moved away from makes another one.
    pub updates_make: bool,
    /// How much it takes, without telling when it will take more.
    pub quota: Option<Quota>,
    /// Whose records were there before us, by number.
    pub before: Vec<usize>,
}

impl Habits {
    /// Whether it is as it should be.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// What a key store makes of a key that it has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// Answers as it did.
    #[default]
    Replays,
    /// Answers as it did to the same request, 422 to another one.
    ChecksBody,
    /// Answers 409.
    Refuses,
}

/// How many requests an external system takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    /// So many within each window of so many milliseconds.
    Window(u32, Millis),
    /// So many within any so many milliseconds.
    Sliding(u32, Millis),
}

/// What a sync makes use of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Who exists there already is looked up and adopted.
    pub adopts: bool,
    /// A missing record is looked up.
    pub looks_for_missing: bool,
    /// When the lookup is asked before a first create.
    pub lookup_when: LookupWhen,
    /// Adopted records are left as they are when the person is deleted.
    pub keeps_adopted: bool,
}

impl Options {
    /// Whether it makes use of nothing.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// When a lookup is asked before a first create.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the option's values")]
pub enum LookupWhen {
    #[default]
    Uncertain,
    Existing,
    Always,
}

/// Something that is done at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// When.
    pub at: Millis,
    /// Through which node; one that is down is waited for.
    pub node: usize,
    /// What.
    #[serde(rename = "do")]
    pub step: Step,
}

/// What clients and administrators do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// One call that creates or changes people.
    Upsert(Vec<Push>),
    /// One call that deletes people, by number.
    Delete(Vec<usize>),
    /// Pauses a sync.
    Pause(usize),
    /// Resumes a sync.
    Resume(usize),
    /// Edits a sync's rules.
    Edit(usize, Edit),
    /// Deletes a sync.
    DeleteSync(usize),
    /// Marks people as owed to a sync.
    Resync {
        /// Which sync.
        sync: usize,
        /// Whom.
        scope: Scope,
        /// Whether equal requests are sent too.
        force: bool,
    },
    /// Retries parked links and ends backoff, of one sync or all.
    Retry(Option<usize>),
    /// Somebody removes a person's records in the external system.
    RemoveRecord {
        /// In which.
        sync: usize,
        /// Of whom.
        person: usize,
    },
    /// The node stops by itself, finishing what is in flight, and begins anew.
    Restart,
}

/// One person of an upsert: what is given; the rest stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Push {
    /// Who, by number.
    pub person: usize,
    /// First name, by number in [`FIRST_NAMES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<usize>,
    /// Email, by number: always given, so that a lookup by it can find somebody.
    pub email: usize,
    /// A field that only updates carry where the create does not cover them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<usize>,
}

/// A change of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Records get another literal tag from now on.
    Tag(u8),
    /// Create on or off.
    Create(bool),
    /// Update on or off.
    Update(bool),
    /// Delete on or off.
    Delete(bool),
    /// The friendly name alone.
    Name(u8),
    /// Updates go to an address where nothing is, or to the right one again.
    WrongUpdateUrl(bool),
    /// Lookups go to an address where nothing is, or to the right one again.
    WrongLookupUrl(bool),
}

/// Whom a resync marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All.
    All,
    /// People without a record.
    Unlinked,
    /// Parked links.
    Parked,
}

/// First names: some need encoding, one is refused by every external system.
pub const FIRST_NAMES: [&str; 8] =
    ["Ada", "Grace", "O\"Brien \\ 'x'", "two\nlines\t{{ person.id }}", "Zoë 🦀", "", "null", REFUSED_NAME];
/// External systems answer 422 to people of this name.
pub const REFUSED_NAME: &str = "Refused";
/// People's ids: some need encoding in a URL.
pub const PEOPLE: [&str; 8] = ["p0", "p1", "p2", "p3", "a/b?c=d#e f", "ü%2F", "..x", "p7"];

/// Something that fails for a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Requests to an external system fare badly.
    Crm {
        /// Which.
        sync: usize,
        /// From when.
        from: Millis,
        /// Until when.
        until: Millis,
        /// One request in so many is hit.
        one_in: u64,
        /// Only those about this person are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<usize>,
        /// How.
        fate: Fate,
    },
    /// Store calls of a node fare badly.
    Store {
        /// Whose.
        node: usize,
        /// From when.
        from: Millis,
        /// Until when.
        until: Millis,
        /// One call in so many is hit.
        one_in: u64,
        /// How.
        trouble: Trouble,
    },
    /// kill -9 of a node, which begins anew later.
    Crash {
        /// Which.
        node: usize,
        /// When; at the first moment from then on that fits.
        at: Millis,
        /// At which moment.
        moment: Moment,
        /// For how long it is gone.
        down: Millis,
    },
    /// The node's process stands still.
    Freeze {
        /// Which.
        node: usize,
        /// From when.
        from: Millis,
        /// For how long. Below ten seconds it is within every lease's margin.
        lasts: Millis,
    },
}

/// How long a process may stand still within every lease's margin.
pub const MARGIN: Millis = 9_000;

/// What comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Certainly not sent: refused, or no such name.
    NotSent,
    /// Lost on the way; the connection is cut, or the deadline passes.
    LostBefore,
    /// Carried out; the answer is lost.
    LostAfter,
    /// The deadline passes, and the request is carried out so much later.
    Late(Millis),
    /// Carried out, and answered within the deadline but slowly.
    Slow,
    /// Answered with this status without being carried out.
    Status(u16),
    /// Carried out, but answered with this status.
    StatusAfter(u16),
    /// 429 or 503, with so many seconds of `Retry-After`.
    RetryAfter(u16, u64),
    /// A create is carried out and accepted, but its answer holds no id.
    Unreadable,
    /// As before, in another form.
    NoId(NoId),
    /// 200 with a web page, without being carried out.
    Page,
    /// Carried out, but answered with 200 and a web page.
    PageAfter,
    /// 200, but the body tells of an error; without being carried out. Creates and lookups only: of an update it cannot be
    /// told from acceptance.
    ErrorInside,
}

/// What an accepted create answers instead of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoId {
    /// Nothing.
    Empty,
    /// An object without one.
    Object,
    /// Null.
    Null,
    /// Words.
    Text,
}

impl NoId {
    /// The body.
    pub const fn body(self) -> &'static str {
        match self {
            Self::Empty => "",
            Self::Object => "{}",
            Self::Null => r#"{"id":null}"#,
            Self::Text => "created",
        }
    }
}

/// What comes of a store call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Not available: nothing is done.
    Unavailable,
    /// Done, but the node does not hear of it: it gets an error.
    Unheard,
    /// So slow.
    Slow(Millis),
}

/// The moment of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// At once.
    Now,
    /// Before a store call does anything.
    Before(Call),
    /// After a store call committed, before the node hears of it.
    After(Call),
    /// When a request goes out.
    Sending,
}

/// The store calls whose moments matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the port's methods")]
pub enum Call {
    RecordChanges,
    Claim,
    Settle,
    WorkSweep,
    Any,
}

impl Call {
    /// Whether a method of this name is meant.
    pub fn is(self, method: &str) -> bool {
        match self {
            Self::RecordChanges => method == "record_changes",
            Self::Claim => method == "claim",
            Self::Settle => method == "settle",
            Self::WorkSweep => method == "work_sweep",
            Self::Any => true,
        }
    }
}

impl Scenario {
    /// Whether a process is slower than its lease's margin: then fewer promises hold, see [`crate::check`].
    pub fn beyond_margin(&self) -> bool {
        (0..self.nodes).any(|node| self.frozen(node).iter().any(|(from, until)| until - from > MARGIN))
    }

    /// Whether nothing holds up a person of a sync: nothing fails but other external systems and answers to other people, the
    /// sync has no rate limit, and nobody stops or edits it.
    pub fn is_healthy(&self, of: usize, person: usize) -> bool {
        let steps = self.steps.iter().all(|timed| match &timed.step {
            Step::Pause(sync) | Step::DeleteSync(sync) | Step::Edit(sync, _) => *sync != of,
            Step::Restart => false,
            _ => true,
        });
        let faults = self.faults.iter().all(|fault| match fault {
            Fault::Crm { sync, .. } if *sync != of => true,
            Fault::Crm { person: Some(other), fate: Fate::Status(500..=599), .. } => *other != person,
            _ => false,
        });
        let plan = &self.syncs[of];
        steps && faults && plan.requests_per_second.is_none() && plan.habits.is_plain() && plan.options.is_plain()
    }

    /// When a node's process stands still, from and until, in order; times that touch are one.
    pub fn frozen(&self, of: usize) -> Vec<(Millis, Millis)> {
        let mut times: Vec<(Millis, Millis)> = self
            .faults
            .iter()
            .filter_map(|fault| match fault {
                Fault::Freeze { node, from, lasts } if *node == of => Some((*from, from + lasts)),
                _ => None,
            })
            .collect();
        times.sort_unstable();
        let mut merged: Vec<(Millis, Millis)> = Vec::new();
        for (from, until) in times {
            match merged.last_mut().filter(|last| from <= last.1 + 1_000) {
                Some(last) => last.1 = last.1.max(until),
                None => merged.push((from, until)),
            }
        }
        merged
    }

    /// When the last step is done and the last fault begins to cease.
    pub fn ends_at(&self) -> Millis {
        let steps = self.steps.iter().map(|step| step.at);
        let syncs = self.syncs.iter().map(|sync| sync.at);
        let faults = self.faults.iter().map(|fault| match fault {
            Fault::Crm { until, .. } | Fault::Store { until, .. } => *until,
            Fault::Crash { at, .. } => *at,
            Fault::Freeze { from, lasts, .. } => from + lasts,
        });
        steps.chain(syncs).chain(faults).max().unwrap_or(0) + 1000
    }
}
