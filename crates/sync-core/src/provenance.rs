//! Whether a database is the one that was worked on last: not a copy of it, not an older state of it, not one that was moved
//! away. What an external system was told since is missing in such a one, so nobody works on it before that is dealt with.

use crate::moving::Moving;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a database is found, as far as its server tells. `None`: it does not tell us, and nothing is concluded from that.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// What tells the server's data from that of all others.
    pub system: Option<String>,
    /// Raised when a standby takes over, and when an older state is restored.
    pub timeline: Option<i64>,
    /// The database within the server: another one is a copy.
    pub database: Option<i64>,
}

impl Cluster {
    /// What differs from where it was.
    fn differs(&self, before: &Self) -> Option<Obstacle> {
        fn other<T: PartialEq>(before: Option<&T>, now: Option<&T>) -> bool {
            matches!((before, now), (Some(before), Some(now)) if before != now)
        }
        if other(before.system.as_ref(), self.system.as_ref()) {
            return Some(Obstacle::OtherServer);
        }
        if other(before.database.as_ref(), self.database.as_ref()) {
            return Some(Obstacle::OtherDatabase);
        }
        match (before.timeline, self.timeline) {
            (Some(before), Some(now)) if before != now => Some(Obstacle::OtherTimeline { before, now }),
            _ => None,
        }
    }

    /// Whether it is another place than the one of before, as far as both are known.
    pub fn is_elsewhere(&self, before: &Self) -> bool {
        self.differs(before).is_some()
    }

    /// With what was known before and is not told now.
    fn or(self, before: Option<&Self>) -> Self {
        let before = before.cloned().unwrap_or_default();
        Self {
            system: self.system.or(before.system),
            timeline: self.timeline.or(before.timeline),
            database: self.database.or(before.database),
        }
    }
}

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Noted {
    /// It is a copy, made then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied_at: Option<Timestamp>,
    /// What follows a restore has begun, and has not come to its end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub restoring: bool,
    /// When what follows a restore was done last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<Timestamp>,
    /// Where it was found at the last start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// It was moved away: where to, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// It is being filled by a move that has not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moving: Option<Moving>,
}

impl Noted {
    /// Why nobody may work on it, found where it is.
    pub fn obstacle(&self, found: Option<&Cluster>) -> Option<Obstacle> {
        if let Some(to) = &self.moved_to {
            return Some(Obstacle::MovedTo(to.clone()));
        }
        if let Some(moving) = &self.moving {
            return Some(Obstacle::HalfMoved(moving.from.clone()));
        }
        if self.restoring {
            return Some(Obstacle::HalfRestored);
        }
        if let Some(at) = self.copied_at {
            return Some(Obstacle::Copy(at));
        }
        found?.differs(self.cluster.as_ref()?)
    }

    /// As it is to be noted when work begins at the place where it is found: it is nobody's copy any longer.
    #[must_use]
    pub fn at_home(&self, found: Option<Cluster>) -> Self {
        let cluster = found.map(|found| found.or(self.cluster.as_ref())).or_else(|| self.cluster.clone());
        Self { copied_at: None, restoring: false, cluster, ..self.clone() }
    }
}

/// Why nobody may work on a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is a copy.
    Copy(Timestamp),
    /// It is on another server.
    OtherServer,
    /// It is another database of the server.
    OtherDatabase,
    /// A standby took over, or an older state was restored.
    OtherTimeline {
        /// Of the last start.
        before: i64,
        /// Now.
        now: i64,
    },
    /// What follows a restore was begun.
    HalfRestored,
    /// It was moved away.
    MovedTo(String),
    /// A move to it was begun.
    HalfMoved(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copy(at) => write!(f, "the database is a copy, made {at}")?,
            Self::OtherServer => f.write_str("the database is on another server than at the last start")?,
            Self::OtherDatabase => f.write_str("the database is another one of its server than at the last start")?,
            Self::OtherTimeline { before, now } => write!(
                f,
                "the server's timeline is {now} and was {before} at the last start: a standby has taken over, or an older state \
                 was restored"
            )?,
            Self::HalfRestored => {
                return f.write_str("`crm-sync after-restore` was interrupted: run it again");
            }
            Self::MovedTo(to) => {
                return write!(f, "the database was moved to {to}: give that one in --database");
            }
            Self::HalfMoved(from) => {
                return write!(
                    f,
                    "a move from {from} to this database was interrupted: run the same `crm-sync move` again"
                );
            }
        }
        f.write_str(
            ". What the external systems were told since may be missing in it: run `crm-sync after-restore` first \
             (where nothing can be missing, `crm-sync after-restore --nothing-lost`); docs/operations.md tells more",
        )
    }
}

impl std::error::Error for Obstacle {}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(system: Option<&str>, timeline: Option<i64>, database: Option<i64>) -> Cluster {
        Cluster { system: system.map(str::to_owned), timeline, database }
    }

    fn noted(cluster: Cluster) -> Noted {
        Noted { cluster: Some(cluster), ..Noted::default() }
    }

    #[test]
    fn another_server_database_or_timeline_is_told() {
        let noted = noted(cluster(Some("7"), Some(1), Some(5)));
        let obstacle = |found| noted.obstacle(Some(&found));
        assert_eq!(obstacle(cluster(Some("7"), Some(1), Some(5))), None);
        assert_eq!(obstacle(cluster(Some("8"), Some(1), Some(5))), Some(Obstacle::OtherServer));
        assert_eq!(obstacle(cluster(Some("7"), Some(1), Some(6))), Some(Obstacle::OtherDatabase));
        let timeline = Some(Obstacle::OtherTimeline { before: 1, now: 2 });
        assert_eq!(obstacle(cluster(Some("7"), Some(2), Some(5))), timeline);
        // What the role may not read says nothing, and hides nothing else.
        assert_eq!(obstacle(cluster(None, None, None)), None);
        assert_eq!(obstacle(cluster(None, Some(2), Some(5))), timeline);
        // A new database, and an embedded one.
        assert_eq!(Noted::default().obstacle(Some(&cluster(Some("7"), Some(1), None))), None);
        assert_eq!(Noted::default().obstacle(None), None);
    }

    #[test]
    fn what_is_not_told_now_is_remembered() {
        let home = noted(cluster(Some("7"), Some(1), Some(5))).at_home(Some(cluster(None, Some(2), None)));
        assert_eq!(home.cluster, Some(cluster(Some("7"), Some(2), Some(5))));
        assert_eq!(home.obstacle(Some(&cluster(Some("8"), Some(2), None))), Some(Obstacle::OtherServer));
    }

    #[test]
    fn a_copy_is_one_until_its_restore_has_come_to_its_end() {
        let copy = Noted { copied_at: Some(Timestamp::MIN), ..Noted::default() };
        assert_eq!(copy.obstacle(None), Some(Obstacle::Copy(Timestamp::MIN)));
        let begun = Noted { restoring: true, ..copy };
        assert_eq!(begun.obstacle(None), Some(Obstacle::HalfRestored));
        assert_eq!(begun.at_home(None).obstacle(None), None);
        let moved = Noted { moved_to: Some("there".to_owned()), ..begun };
        assert_eq!(moved.at_home(None).obstacle(None), Some(Obstacle::MovedTo("there".to_owned())));
    }
}
