//! A sync that sends to an endpoint as its governor lets it, in virtual time.

use crate::endpoint::Endpoint;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::governor::{Governor, Observed, Signal};
use sync_core::id::{LeaseToken, PersonId};
use sync_core::sync::{Limits, Operation};
use sync_core::time::Timestamp;
use sync_core::wait;
use uuid::Uuid;

/// 2026-11-24T06:00:00Z, a whole day's beginning no more than any.
const START: Timestamp = Timestamp::from_micros(1_795_500_000_000_000);

/// How a sync sends.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    /// Requests at once.
    pub(crate) concurrency: u16,
    /// From sending to the answer, in seconds; it varies by 30 %.
    pub(crate) latency: f64,
    /// By how much it is longer at some times.
    pub(crate) spike: fn(f64) -> f64,
    /// By how much a claim comes late at most, in seconds, at some times.
    pub(crate) late: fn(f64) -> f64,
    /// People who change each second, on average; `None`: there is always somebody who waits.
    pub(crate) changes_per_second: Option<f64>,
    /// For how many seconds.
    pub(crate) seconds: f64,
}

impl Default for Client {
    fn default() -> Self {
        Self { concurrency: 16, latency: 0.1, spike: |_| 1.0, late: |_| 0.0, changes_per_second: None, seconds: 3600.0 }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// What the endpoint let it have.
    pub(crate) allowed: f64,
    /// The longest that anybody waited, in seconds.
    pub(crate) longest_wait: f64,
}

impl Course {
    pub(crate) fn refused_percent(&self) -> f64 {
        self.refused as f64 * 100.0 / (self.accepted + self.refused).max(1) as f64
    }

    pub(crate) fn used_percent(&self) -> f64 {
        self.accepted as f64 * 100.0 / self.allowed
    }
}

/// What happens at an instant.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// Something may be granted.
    Ask,
    /// A person changes.
    Change,
    /// The answer to the request of this number comes.
    Answer(u64),
}

struct UnderWay {
    number: u64,
    sent_at: Timestamp,
    /// Since when the person waits.
    since: Timestamp,
    signal: Signal,
}

struct Run<'a> {
    client: &'a Client,
    endpoint: Endpoint,
    governor: Governor,
    limits: Limits,
    now: Timestamp,
    events: BinaryHeap<Reverse<(Timestamp, u64, Event)>>,
    /// Makes events of one instant come in the order in which they were made.
    made: u64,
    /// When the next `Ask` comes.
    asks_at: Timestamp,
    under_way: Vec<UnderWay>,
    waiting: VecDeque<Timestamp>,
    random: u64,
    course: Course,
}

impl Client {
    /// Sends to an endpoint with nothing configured.
    pub(crate) fn run(&self, endpoint: &Endpoint) -> Course {
        let limits = Limits { max_concurrency: self.concurrency, requests_per_second: None, requests_per_day: None };
        self.run_within(endpoint, limits)
    }

    /// Sends to an endpoint within configured limits.
    pub(crate) fn run_within(&self, endpoint: &Endpoint, limits: Limits) -> Course {
        let mut run = Run {
            client: self,
            endpoint: endpoint.clone(),
            governor: Governor::default(),
            limits,
            now: START,
            events: BinaryHeap::new(),
            made: 0,
            asks_at: Timestamp::MIN,
            under_way: Vec::new(),
            waiting: VecDeque::new(),
            random: 1,
            course: Course { accepted: 0, refused: 0, allowed: endpoint.allowed(self.seconds), longest_wait: 0.0 },
        };
        run.event(START, Event::Ask);
        if self.changes_per_second.is_some() {
            run.event(START, Event::Change);
        }
        while let Some(Reverse((at, _, event))) = run.events.pop() {
            if at.since(START).as_secs_f64() > self.seconds {
                break;
            }
            run.now = at;
            run.happen(event);
        }
        run.course
    }
}

impl Run<'_> {
    fn event(&mut self, at: Timestamp, event: Event) {
        self.made += 1;
        self.events.push(Reverse((at, self.made, event)));
    }

    /// A number between 0 and 1 (splitmix64).
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn seconds(&self) -> f64 {
        self.now.since(START).as_secs_f64()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Ask => {}
            Event::Change => {
                self.waiting.push_back(self.now);
                let rate = self.client.changes_per_second.unwrap_or(1.0);
                let gap = -(1.0 - self.draw()).ln() / rate;
                self.event(self.now.plus(Duration::from_secs_f64(gap)), Event::Change);
            }
            Event::Answer(number) => self.answered(number),
        }
        self.send();
    }

    fn answered(&mut self, number: u64) {
        let at = self.under_way.iter().position(|under_way| under_way.number == number).expect("it is under way");
        let UnderWay { sent_at, since, signal, .. } = self.under_way.swap_remove(at);
        if matches!(signal, Signal::Limited { .. }) {
            self.course.refused += 1;
            if self.client.changes_per_second.is_some() {
                self.waiting.push_front(since);
            }
        } else {
            self.course.accepted += 1;
        }
        let person = PersonId::new(format!("p{}", number % 7)).expect("an id");
        let token = LeaseToken(Uuid::from_u128(u128::from(number)));
        let observed = Observed { token, person: &person, owed: 1000, sent_at };
        self.governor.observe(&signal, &observed, &Policy::default(), self.now);
    }

    /// Sends what is granted, as a claim does.
    fn send(&mut self) {
        let endless = self.client.changes_per_second.is_none();
        let due = if endless { usize::from(self.client.concurrency) + 1 } else { self.waiting.len() };
        if due == 0 {
            return;
        }
        let want = due.min(usize::from(self.client.concurrency));
        let grant = self.governor.grant(self.now, &self.limits, self.under_way.len(), want);
        let links = grant.links.min(due);
        let waits = endless || due > links;
        self.governor.take(self.now, &self.limits, grant, links, None, waits);
        for _ in 0..links {
            let since = if endless { self.now } else { self.waiting.pop_front().expect("somebody waits") };
            self.send_one(since);
        }
        if let Some(at) = grant.again_at.filter(|_| due > links)
            && (self.asks_at <= self.now || at < self.asks_at)
        {
            let late = self.draw() * (self.client.late)(self.seconds());
            self.asks_at = at.plus(Duration::from_secs_f64(late));
            self.event(self.asks_at, Event::Ask);
        }
    }

    fn send_one(&mut self, since: Timestamp) {
        self.course.longest_wait = self.course.longest_wait.max(self.now.since(since).as_secs_f64());
        let latency = self.client.latency * (0.7 + 0.6 * self.draw()) * (self.client.spike)(self.seconds());
        let arrives = self.seconds() + latency / 2.0;
        let signal = if self.endpoint.takes(arrives) {
            Signal::Works { operation: Operation::Update, accepted: true }
        } else {
            let epoch = START.as_micros() as f64 / 1e6;
            let wait =
                wait::read(&self.endpoint.refusal(arrives, epoch), self.now.plus(Duration::from_secs_f64(latency)));
            Signal::Limited { wait, reason: "answered 429".to_owned() }
        };
        let number = self.made;
        self.under_way.push(UnderWay { number, sent_at: self.now, since, signal });
        self.event(self.now.plus(Duration::from_secs_f64(latency)), Event::Answer(number));
    }
}
