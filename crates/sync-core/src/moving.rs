//! Moving a whole database into another one: which parts it has, what their rows are, and what tells that they arrived.

use crate::alert::{AlertSettings, Book};
use crate::chosen::RememberedSync;
use crate::governor::Governor;
use crate::id::{AccountId, PersonId, SyncId};
use crate::key::{Account, ApiKey};
use crate::link::{Link, UniqueId};
use crate::log::LogEntry;
use crate::person::{Person, PersonChange, Version};
use crate::stats::CounterKey;
use crate::sync::SyncConfig;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A part of a database, in the order in which they are moved: what others speak of comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Accounts.
    Accounts,
    /// API keys.
    Keys,
    /// Syncs with their governors.
    Syncs,
    /// Ids of syncs that clients chose, and of deleted ones.
    SyncIds,
    /// Where alerts go.
    Alerts,
    /// What was told of each sync.
    Books,
    /// People, tombstones too.
    People,
    /// What happened to people.
    Changes,
    /// Links with what is remembered beside them.
    Links,
    /// Counters.
    Counters,
    /// Log entries.
    Logs,
}

impl Part {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Accounts,
        Self::Keys,
        Self::Syncs,
        Self::SyncIds,
        Self::Alerts,
        Self::Books,
        Self::People,
        Self::Changes,
        Self::Links,
        Self::Counters,
        Self::Logs,
    ];

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Keys => "keys",
            Self::Syncs => "syncs",
            Self::SyncIds => "remembered ids of syncs",
            Self::Alerts => "alert settings",
            Self::Books => "alerts",
            Self::People => "people",
            Self::Changes => "changes",
            Self::Links => "links",
            Self::Counters => "counters",
            Self::Logs => "log entries",
        }
    }
}

/// How far a move into a database has come. Noted in it, in the transactions that write its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// Where from, without secrets.
    pub from: String,
    /// Whether the log is moved, too.
    pub logs: bool,
    /// The part that is being moved; `None`: all were written.
    pub part: Option<Part>,
    /// After this row of it, as the source calls it; `None`: from its beginning.
    pub after: Option<String>,
}

/// Where alerts of an account go, and what came of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedAlerts {
    /// The account.
    pub account: AccountId,
    /// The settings.
    pub settings: AlertSettings,
    /// When one was last accepted.
    pub last_sent_at: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it did.
    pub last_error_at: Option<Timestamp>,
}

/// A row of any part.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names of the parts")]
pub enum Row {
    Account { account: Account, version_floor: Version },
    Key(ApiKey),
    Sync { config: Box<SyncConfig>, governor: Box<Governor> },
    SyncId(RememberedSync),
    Alerts(MovedAlerts),
    Book { account: AccountId, sync: SyncId, book: Box<Book> },
    Person { account: AccountId, person: Box<Person> },
    Change { account: AccountId, person: PersonId, change: PersonChange },
    Link(Box<Link>),
    Counter { account: AccountId, sync: SyncId, start: Timestamp, is_hour: bool, key: CounterKey, count: i64 },
    Log(Box<LogEntry>),
}

impl Row {
    /// All that it says, as text; sealed secrets as they are sealed.
    fn text(&self) -> String {
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        match self {
            // What `Debug` hides or cuts is said beside it.
            Self::Key(key) => format!("{key:?}{:?}", key.hash),
            Self::Sync { config, .. } => format!("{self:?}{}", json(serde_json::to_string(&config.settings))),
            Self::Alerts(alerts) => format!("{self:?}{}", json(serde_json::to_string(&alerts.settings))),
            Self::Link(link) => {
                let is_number = link.state.unique_id().is_some_and(UniqueId::is_number);
                let sent = link.sent.as_ref().and_then(|sent| sent.digest).map(|digest| digest.0);
                let notes = json(serde_json::to_string(link.notes()));
                format!("{self:?}{is_number}{sent:?}{:?}{notes}", link.refused_digest.map(|digest| digest.0))
            }
            Self::Log(entry) => {
                let is_number = entry.unique_id.as_ref().is_some_and(UniqueId::is_number);
                format!("{self:?}{is_number}")
            }
            _ => format!("{self:?}"),
        }
    }
}

/// What tells that two databases hold the same rows, in whatever order they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Checksum {
    /// How many rows.
    pub rows: u64,
    sum: [u64; 4],
}

impl Checksum {
    /// Takes a row in.
    pub fn add(&mut self, row: &Row) {
        // One of the databases cannot hold U+0000 in texts that are logged.
        let hash = Sha256::digest(row.text().replace("\\0", "").replace("\\u0000", ""));
        for (sum, word) in self.sum.iter_mut().zip(hash.chunks_exact(8)) {
            *sum = sum.wrapping_add(u64::from_be_bytes(word.try_into().expect("8 bytes")));
        }
        self.rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn row(name: &str) -> Row {
        let account = Account { id: AccountId(Uuid::from_u128(1)), name: name.to_owned() };
        Row::Account { account, version_floor: 0 }
    }

    fn sum(rows: &[Row]) -> Checksum {
        let mut sum = Checksum::default();
        for row in rows {
            sum.add(row);
        }
        sum
    }

    #[test]
    fn a_checksum_is_of_rows_and_not_of_their_order() {
        assert_eq!(sum(&[row("a"), row("b")]), sum(&[row("b"), row("a")]));
        assert_ne!(sum(&[row("a"), row("b")]), sum(&[row("a"), row("a")]));
        assert_ne!(sum(&[row("a"), row("a")]), sum(&[row("a")]));
        assert_ne!(sum(&[]), sum(&[row("a")]));
    }

    #[test]
    fn each_part_comes_after_what_it_speaks_of() {
        assert!(Part::ALL.is_sorted());
        assert!(Part::Accounts < Part::Keys && Part::Syncs < Part::Books && Part::People < Part::Links);
    }
}
