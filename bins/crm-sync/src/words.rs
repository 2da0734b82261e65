//! Words of what commands say.

use std::fmt::Display;

/// A number with its noun: `1 link`, `2 links`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(count: N, one: &str, several: &str) -> String {
    let noun = if count == N::from(1) { one } else { several };
    format!("{count} {noun}")
}
