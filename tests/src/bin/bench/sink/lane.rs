//! What was sent to one lane of the sink.

use crate::{PERSON, now};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// People are numbered below this: a bound on what a lane holds.
const PEOPLE_MAX: usize = 100_000_000;

#[derive(Default)]
pub(super) struct Lane {
    /// By person: when the first accepted request came, in microseconds since 1970; 0: never.
    arrivals: Vec<u64>,
    /// By person: the body of the newest accepted request.
    held: BTreeMap<usize, String>,
    count: Count,
}

/// How far a lane is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    /// People of whom a request was accepted.
    pub(crate) people: u64,
    /// Requests, repeated ones, refused ones and ones about nobody included.
    pub(crate) requests: u64,
    /// Requests that were accepted.
    pub(crate) accepted: u64,
    /// When the newest accepted one came, in microseconds since 1970.
    pub(crate) newest: u64,
}

impl Lane {
    /// Counts a request. Returns its number.
    pub(super) fn arrived(&mut self, person: Option<usize>, is_accepted: bool) -> u64 {
        let number = self.count.requests;
        self.count.requests += 1;
        if !is_accepted {
            return number;
        }
        let at = now();
        self.count.accepted += 1;
        self.count.newest = at;
        if let Some(person) = person.filter(|&person| person < PEOPLE_MAX) {
            if self.arrivals.len() <= person {
                self.arrivals.resize(person + 1, 0);
            }
            if self.arrivals[person] == 0 {
                self.arrivals[person] = at;
                self.count.people += 1;
            }
        }
        number
    }

    pub(super) fn keep(&mut self, person: Option<usize>, body: &Bytes) {
        if let Some(person) = person {
            self.held.insert(person, String::from_utf8_lossy(body).into_owned());
        }
    }

    pub(super) fn count(&self) -> Count {
        self.count
    }

    pub(super) fn held(&self) -> BTreeMap<usize, String> {
        self.held.clone()
    }

    pub(super) fn arrivals(&self, people: Range<usize>) -> Vec<u64> {
        people.map(|person| self.arrivals.get(person).copied().unwrap_or(0)).collect()
    }
}

/// The number of the person that a body is about.
pub(super) fn person(body: &[u8]) -> Option<usize> {
    let begin = body.windows(PERSON.len()).position(|window| window == PERSON.as_bytes())? + PERSON.len();
    let digits = body[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&body[begin..begin + digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_person_in_a_body() {
        assert_eq!(person(crate::body(1234).as_bytes()), Some(1234));
        assert_eq!(person(b"{\"external_id\": \"bench-person-\"}"), None);
        assert_eq!(person(b"{}"), None);
    }

    #[test]
    fn counts_a_person_once_and_each_request() {
        let mut lane = Lane::default();
        assert_eq!(lane.arrived(Some(1), true), 0);
        let first = lane.arrivals(0..3);
        assert!(first[1] > 0 && first[0] == 0 && first[2] == 0);
        for (person, is_accepted) in [(Some(1), true), (None, true), (Some(2), false)] {
            lane.arrived(person, is_accepted);
        }
        let count = lane.count();
        assert_eq!((count.people, count.requests, count.accepted), (1, 4, 3));
        assert_eq!(lane.arrivals(0..3), first);
    }
}
