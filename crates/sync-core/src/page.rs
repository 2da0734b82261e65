//! Pages: forward only, by key, so that no row that was there all the time is shown twice or left out.

use crate::id::SyncId;
use crate::sync::SyncConfig;
use crate::time::Timestamp;

/// Where a sync stands among those of its account: newest first. Ids tell no age, since clients may choose them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncPlace {
    /// When it was made.
    pub created_at: Timestamp,
    /// Its id, where several were made at once.
    pub id: SyncId,
}

impl From<&SyncConfig> for SyncPlace {
    fn from(sync: &SyncConfig) -> Self {
        Self { created_at: sync.created_at, id: sync.id }
    }
}

/// What part of an ordered list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// At most this many rows, 1 to [`PAGE_MAX`].
    pub first: usize,
    /// Only rows that come after this key in the list's order.
    pub after: Option<K>,
}

/// The most rows of a page.
pub const PAGE_MAX: usize = 1000;
/// Rows of a page where nothing else is said.
pub const PAGE_DEFAULT: usize = 100;

impl<K> PageRequest<K> {
    /// The first `first` rows.
    pub fn first(first: usize) -> Self {
        Self { first, after: None }
    }
}

/// A part of an ordered list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in order.
    pub items: Vec<T>,
    /// Whether more rows follow.
    pub has_next: bool,
}

impl<T> Page<T> {
    /// Makes a page of rows that were read with a limit of `first + 1`.
    pub fn of(mut items: Vec<T>, first: usize) -> Self {
        let has_next = items.len() > first;
        items.truncate(first);
        Self { items, has_next }
    }

    /// Converts each row.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), has_next: self.has_next }
    }
}
