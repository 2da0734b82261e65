//! How many links of a sync stand in which state, kept as differences so that nothing is ever counted by scanning.

use crate::link::{Link, StateName};

/// Numbers of links, or differences of such numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LinkCounts {
    /// By state, in the order of [`StateName::ALL`]. Parked and owed links are in here too.
    pub by_state: [i64; 5],
    /// Links that wait for a request.
    pub owed: i64,
    /// Parked links.
    pub parked: i64,
    /// Links of deleted people whose record is kept, since it existed before.
    pub kept: i64,
}

impl LinkCounts {
    /// The number in a state.
    pub fn of(&self, state: StateName) -> i64 {
        self.by_state[state as usize]
    }

    /// Adds the difference between a link before and after; `None` where there is no row.
    pub fn note(&mut self, before: Option<&Link>, after: Option<&Link>) {
        for (link, sign) in [(before, -1), (after, 1)] {
            if let Some(link) = link {
                self.by_state[link.state.name() as usize] += sign;
                self.owed += sign * i64::from(link.is_owed());
                self.parked += sign * i64::from(link.parked.is_some());
                self.kept += sign * i64::from(link.notes().kept);
            }
        }
    }

    /// Adds other numbers.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.by_state.iter_mut().zip(other.by_state) {
            *mine += theirs;
        }
        self.owed += other.owed;
        self.parked += other.parked;
        self.kept += other.kept;
    }

    /// Whether nothing differs.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}
