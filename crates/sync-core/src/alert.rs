//! Alerts to an administrator: what is told of a sync, and when. Level-triggered: a look compares how a sync stands with
//! what was told of it last, so that nothing depends on having seen the moment of a change, and each news is told once.
//!
//! Per sync and topic one alert waits at most. News that is over before it could be told is dropped, and a newer one takes
//! the place of an older: nobody hears of a suspension hours after it has ended.

use crate::backoff::Policy;
use crate::counts::LinkCounts;
use crate::fault::Fault;
use crate::governor::{Breaker, Governor};
use crate::id::{AccountId, AlertId, SyncId};
use crate::outcome::Outcome;
use crate::retry_after;
use crate::sync::Sealed;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use uuid::Uuid;

/// The most tries of one alert: about a day by the product's schedule, then it is given up.
pub const TRIES_MAX: i16 = 10;
/// The longest wait that a receiver's `Retry-After` can ask for.
pub const ASKED_WAIT_MAX: Duration = Duration::from_secs(3600);
/// Parked links above which a sync is told of, where the administrator says nothing else.
pub const PARKED_ABOVE: i64 = 100;
/// The largest threshold that can be given.
pub const PARKED_ABOVE_MAX: i64 = 1_000_000_000;
/// The most characters of an address.
pub const URL_CHARACTERS_MAX: usize = 2048;

/// What an alert tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A sync was suspended by its breaker.
    Suspended,
    /// It sends again.
    Recovered,
    /// More of its links are parked than the threshold.
    Parked,
    /// Nothing: an administrator tries the address.
    Test,
}

impl AlertKind {
    /// The event type, as it is sent.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Suspended => "sync.suspended",
            Self::Recovered => "sync.recovered",
            Self::Parked => "sync.parked",
            Self::Test => "alert.test",
        }
    }

    /// Whether it tells that something is wrong.
    const fn is_bad(self) -> bool {
        matches!(self, Self::Suspended | Self::Parked)
    }
}

/// Where an account's alerts go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSettings {
    /// An http or https URL without user info, see [`check_url`].
    pub url: String,
    /// What they are signed with, bound to the account's id.
    pub secret: Sealed,
    /// Told where more links of a sync are parked, 0 to [`PARKED_ABOVE_MAX`]; `None`: never told.
    pub parked_above: Option<i64>,
}

/// What came of an account's alerts so far.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AlertStatus {
    /// When one was last accepted.
    pub last_sent_at: Option<Timestamp>,
    /// Why the last try failed, in words; `None` where it was accepted.
    pub last_error: Option<String>,
    /// When a try last failed.
    pub last_error_at: Option<Timestamp>,
    /// How many wait to be sent.
    pub waiting: i64,
}

impl AlertStatus {
    /// Learns what came of a try.
    pub fn note(&mut self, verdict: &Verdict, now: Timestamp) {
        self.last_error = verdict.error().map(str::to_owned);
        match self.last_error {
            Some(_) => self.last_error_at = Some(now),
            None => self.last_sent_at = Some(now),
        }
    }
}

/// A suspension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Since when.
    pub since: Timestamp,
    /// Why, in words.
    pub reason: String,
}

/// How a sync stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the administrator calls it.
    pub friendly_name: String,
    /// Its suspension.
    pub suspended: Option<Suspension>,
    /// Its links.
    pub counts: LinkCounts,
}

impl Standing {
    /// Of what a store holds of a sync.
    pub fn of(friendly_name: String, governor: &Governor, counts: LinkCounts) -> Self {
        let suspended = match &governor.breaker {
            Breaker::Open { since, reason, .. } => Some(Suspension { since: *since, reason: reason.clone() }),
            Breaker::Closed => None,
        };
        Self { friendly_name, suspended, counts }
    }
}

/// One alert, as it was when it was noted; it is the same at each try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// A UUID version 7: by it a receiver knows a repeated one.
    pub id: AlertId,
    /// What it tells.
    pub kind: AlertKind,
    /// When it was noted.
    pub at: Timestamp,
    /// Of which sync; `None` in a test.
    pub about: Option<About>,
}

/// What an alert says of its sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The sync.
    pub sync: SyncId,
    /// What the administrator calls it.
    pub friendly_name: String,
    /// The suspension, or the one that is over.
    pub suspension: Option<Suspension>,
    /// Links that waited for a request.
    pub owed: i64,
    /// Links that were parked.
    pub parked: i64,
    /// The threshold that they passed.
    pub parked_above: Option<i64>,
}

impl Alert {
    /// The body, by Standard Webhooks: `type`, `timestamp`, `data`.
    pub fn body(&self) -> String {
        let mut data = serde_json::Map::new();
        if let Some(about) = &self.about {
            data.insert("syncId".to_owned(), json!(about.sync));
            data.insert("friendlyName".to_owned(), json!(about.friendly_name));
            if let Some(suspension) = &about.suspension {
                data.insert("reason".to_owned(), json!(suspension.reason));
                data.insert("suspendedAt".to_owned(), json!(suspension.since.to_rfc3339()));
            }
            data.insert("owed".to_owned(), json!(about.owed));
            data.insert("parked".to_owned(), json!(about.parked));
            if let Some(above) = about.parked_above {
                data.insert("parkedAbove".to_owned(), json!(above));
            }
        }
        json!({ "type": self.kind.event(), "timestamp": self.at.to_rfc3339(), "data": data }).to_string()
    }
}

/// What was told of a sync, and what waits to be.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Book {
    suspension: Topic,
    parked: Topic,
    /// The suspension that was noted last, to say of a recovery what is over.
    last: Option<Suspension>,
}

/// One thing that can be wrong with a sync.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Topic {
    /// Whether the receiver knows it to be wrong.
    told: bool,
    /// Whether something else may have been heard: a try was begun and not acknowledged.
    doubtful: bool,
    waiting: Option<Waiting>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    alert: Alert,
    /// Tries that failed.
    tries: i16,
    due_at: Timestamp,
}

impl Topic {
    /// Whether it is wrong by the newest that is told or waits to be.
    fn is_wrong(&self) -> bool {
        self.waiting.as_ref().map_or(self.told, |waiting| waiting.alert.kind.is_bad())
    }

    /// What waits, once it is known whether it is wrong now.
    fn look(&mut self, wrong: bool, now: Timestamp, alert: impl FnOnce() -> Alert) {
        if self.waiting.as_ref().is_some_and(|waiting| waiting.alert.kind.is_bad() == wrong) {
            return;
        }
        let news = self.told != wrong || self.doubtful;
        self.waiting = news.then(|| Waiting { alert: alert(), tries: 0, due_at: now });
    }

    fn is_waiting(&self, alert: &Alert) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.alert.id == alert.id)
    }

    /// `alert` is over: heard, or given up, which is not tried again either.
    fn over(&mut self, alert: &Alert) {
        self.told = alert.kind.is_bad();
        self.doubtful = false;
        let told = self.told;
        self.waiting.take_if(|waiting| waiting.alert.kind.is_bad() == told);
    }
}

/// What a look writes: books that changed, and (`None`) those of syncs that are gone.
pub type BookWrites = Vec<(SyncId, Option<Book>)>;

/// Compares how the syncs of an account stand with what was told of them. `seed` is random: the ids of new alerts are made
/// of it.
pub fn look(
    settings: &AlertSettings,
    books: &BTreeMap<SyncId, Book>,
    standings: &BTreeMap<SyncId, Standing>,
    now: Timestamp,
    seed: Uuid,
) -> BookWrites {
    let ids: BTreeSet<SyncId> = books.keys().chain(standings.keys()).copied().collect();
    let mut writes = Vec::new();
    for sync in ids {
        let Some(standing) = standings.get(&sync) else {
            writes.push((sync, None));
            continue;
        };
        let before = books.get(&sync).cloned().unwrap_or_default();
        let mut after = before.clone();
        after.look(sync, standing, settings, now, seed);
        if after != before {
            writes.push((sync, Some(after)));
        }
    }
    writes
}

impl Book {
    fn look(&mut self, sync: SyncId, standing: &Standing, settings: &AlertSettings, now: Timestamp, seed: Uuid) {
        let alert = |kind, suspension: Option<Suspension>, parked_above| Alert {
            id: alert_id(now, seed, sync, kind),
            kind,
            at: now,
            about: Some(About {
                sync,
                friendly_name: standing.friendly_name.clone(),
                suspension,
                owed: standing.counts.owed,
                parked: standing.counts.parked,
                parked_above,
            }),
        };
        let suspended = standing.suspended.clone();
        let begins = suspended.is_some() && !self.suspension.is_wrong();
        let (kind, facts) = match suspended {
            Some(suspension) => (AlertKind::Suspended, Some(suspension)),
            None => (AlertKind::Recovered, self.last.clone()),
        };
        if begins {
            self.last = facts.clone();
        }
        self.suspension.look(kind.is_bad(), now, || alert(kind, facts, None));
        let parked = standing.counts.parked;
        // Told again only after it has fallen to half: a count that dances about the threshold is told once.
        let above = settings.parked_above.filter(|&above| {
            let wrong_above = if self.parked.is_wrong() { above / 2 } else { above };
            parked > wrong_above
        });
        if above.is_some() {
            self.parked.look(true, now, || alert(AlertKind::Parked, None, above));
        } else {
            // That it is well again is not told.
            self.parked = Topic::default();
        }
    }

    /// When the first of what waits is due.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.topics().into_iter().filter_map(|topic| topic.waiting.as_ref()).map(|waiting| waiting.due_at).min()
    }

    /// How many alerts wait.
    pub fn waiting(&self) -> i64 {
        self.topics().into_iter().filter(|topic| topic.waiting.is_some()).count() as i64
    }

    /// Takes the alert that is due at `now`, with the number of its failed tries. From here on it may have been heard,
    /// until it is settled.
    pub fn claim(&mut self, now: Timestamp) -> Option<(Alert, i16)> {
        let due = |topic: &&mut Topic| topic.waiting.as_ref().is_some_and(|waiting| waiting.due_at <= now);
        let topic = [&mut self.suspension, &mut self.parked]
            .into_iter()
            .filter(due)
            .min_by_key(|topic| topic.waiting.as_ref().map(|waiting| waiting.due_at))?;
        topic.doubtful = true;
        topic.waiting.as_ref().map(|waiting| (waiting.alert.clone(), waiting.tries))
    }

    /// Learns what came of a try of `alert`, after `tries` failed ones.
    pub fn settle(&mut self, alert: &Alert, tries: i16, verdict: &Verdict, now: Timestamp) {
        let topic = match alert.kind {
            AlertKind::Suspended | AlertKind::Recovered => &mut self.suspension,
            AlertKind::Parked => &mut self.parked,
            AlertKind::Test => return,
        };
        match verdict {
            Verdict::Heard => topic.over(alert),
            // What has taken its place meanwhile goes on in its stead.
            Verdict::GivenUp { .. } if topic.is_waiting(alert) => topic.over(alert),
            Verdict::Again { after, .. } if topic.is_waiting(alert) => {
                topic.waiting =
                    Some(Waiting { alert: alert.clone(), tries: tries.saturating_add(1), due_at: now.plus(*after) });
            }
            Verdict::Again { .. } | Verdict::GivenUp { .. } => {}
        }
    }

    /// Whatever waits is due now, as if it had never been tried: the address was mended.
    pub fn hurry(&mut self, now: Timestamp) {
        for topic in [&mut self.suspension, &mut self.parked] {
            if let Some(waiting) = &mut topic.waiting {
                waiting.tries = 0;
                waiting.due_at = now;
            }
        }
    }

    fn topics(&self) -> [&Topic; 2] {
        [&self.suspension, &self.parked]
    }
}

/// A UUID version 7 of the time and what a random seed, the sync and the kind come to.
fn alert_id(now: Timestamp, seed: Uuid, sync: SyncId, kind: AlertKind) -> AlertId {
    let mut hash = Sha256::new();
    hash.update(seed.as_bytes());
    hash.update(sync.0.as_bytes());
    hash.update(kind.event());
    let hash: [u8; 32] = hash.finalize().into();
    let mut tail = [0; 10];
    tail.copy_from_slice(&hash[..10]);
    AlertId(uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.as_millis()).unwrap_or(0), &tail).into_uuid())
}

/// An alert that was claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedAlert {
    /// Whose.
    pub account: AccountId,
    /// Where it goes.
    pub settings: AlertSettings,
    /// What is sent.
    pub alert: Alert,
    /// Tries that failed.
    pub tries: i16,
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Heard,
    /// It is tried again.
    Again {
        /// After this long.
        after: Duration,
        /// Why it was not accepted, in words.
        error: String,
    },
    /// It is not tried again.
    GivenUp {
        /// Why it was not accepted, in words.
        error: String,
    },
}

impl Verdict {
    /// After `tries` failed ones: any 2xx is accepted, 410 is given up, everything else is tried again by the schedule, or
    /// later where the receiver asks for it.
    pub fn of(outcome: &Outcome, tries: i16, policy: &Policy, jitter: f64, now: Timestamp) -> Self {
        let Some(error) = refusal(outcome) else { return Self::Heard };
        let (asked, gone) = match outcome {
            Outcome::Answered(answer) => {
                (answer.header("retry-after").and_then(|value| retry_after::parse(value, now)), answer.status == 410)
            }
            Outcome::NotSent(..) | Outcome::NoAnswer(..) => (None, false),
        };
        Self::failed(error, tries, gone, asked, policy, jitter)
    }

    /// A try that could not even begin.
    pub fn unsendable(error: String, tries: i16, policy: &Policy, jitter: f64) -> Self {
        Self::failed(error, tries, false, None, policy, jitter)
    }

    fn failed(error: String, tries: i16, gone: bool, asked: Option<Duration>, policy: &Policy, jitter: f64) -> Self {
        let tries = tries.saturating_add(1);
        match policy.retry_delay(tries, jitter) {
            Some(delay) if tries < TRIES_MAX && !gone => {
                Self::Again { after: delay.max(asked.unwrap_or_default().min(ASKED_WAIT_MAX)), error }
            }
            _ => Self::GivenUp { error },
        }
    }

    /// Why it was not accepted.
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Heard => None,
            Self::Again { error, .. } | Self::GivenUp { error } => Some(error),
        }
    }
}

/// Why an outcome is no acceptance, in words; `None`: it is one.
pub fn refusal(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Answered(answer) if answer.is_success() => None,
        Outcome::Answered(answer) => Some(format!("the receiver answered {}", answer.status)),
        Outcome::NotSent(_, why) => Some(format!("it was not sent: {why}")),
        Outcome::NoAnswer(_, why) => Some(format!("no answer came: {why}")),
    }
}

/// Checks an address.
///
/// # Errors
/// Where it is no absolute http or https URL, or has user info or a fragment, or is too long. The value is not repeated:
/// it may hold a token.
pub fn check_url(text: &str) -> Result<String, Fault> {
    let wrong = |message: &str| Err(Fault::at(["url"], message));
    if text.chars().count() > URL_CHARACTERS_MAX {
        return wrong("has more than 2048 characters; give a shorter one");
    }
    let Ok(url) = url::Url::parse(text.trim()) else {
        return wrong("is no URL; write it whole, such as https://alerts.example.com/crm-sync");
    };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return wrong("must begin with https:// or http:// and name a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("holds a user name or password; leave them out: alerts are signed instead");
    }
    if url.fragment().is_some() {
        return wrong("holds a fragment (#), which is never sent; leave it out");
    }
    Ok(url.into())
}

/// Checks a threshold.
///
/// # Errors
/// Where it is out of bounds.
pub fn check_parked_above(links: i64) -> Result<i64, Fault> {
    if (0..=PARKED_ABOVE_MAX).contains(&links) {
        return Ok(links);
    }
    Err(Fault::at(["parkedAbove"], format!("is {links}; give 0 to {PARKED_ABOVE_MAX}, or null to be told of none")))
}
