//! Words of what commands say.

use std::fmt::Display;

/// A number with its noun: `1 link`, `2 links`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(count: N, one: &str, several: &str) -> String {
    let noun = if count == N::from(1) { one } else { several };
    format!("{count} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_is_told_as_one() {
        let told: Vec<_> = [0_i64, 1, 2, 21].map(|n| counted(n, "link", "links")).into();
        assert_eq!(told, ["0 links", "1 link", "2 links", "21 links"]);
        assert_eq!(counted(1_usize, "person is", "people are"), "1 person is");
    }
}
