//! A fake of sending: a leased link and what the external system replies become a settlement, by the core's own rules.

use std::sync::Arc;
use std::time::Duration;
use sync_core::backoff::Policy;
use sync_core::claim::Leased;
use sync_core::decide::{Decision, SyncRules};
use sync_core::digest::Digest;
use sync_core::id::LogId;
use sync_core::judge::{Judging, Reading, judge};
use sync_core::link::UniqueId;
use sync_core::log::{LogEntry, LoggedHeader, LoggedRequest, LoggedResponse};
use sync_core::outcome::{Answer, BodyRead, NoAnswer, NotSent, Outcome};
use sync_core::person::Person;
use sync_core::settle::{Attempt, Context, Settled, settle, settle_decision, settle_readdressed};
use sync_core::stats::CounterKey;
use sync_core::sync::{Method, Operation, SyncConfig, UniqueIdSource};
use sync_core::time::Timestamp;
use sync_core::transition::Settlement;
use sync_core::unique_id::{IdSource, JsonPath, read, read_all};

/// What the external system replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 201 with `{"id": …}`.
    Created(String),
    /// 200 with `{}`.
    Accepted,
    /// 200 with a list of records of these ids, as a lookup's path reads them.
    Found(Vec<String>),
    /// A status with a short body.
    Status(u16),
    /// 503 with `Retry-After`, in seconds.
    RetryAfter(u64),
    /// The request was sent; no answer came.
    Lost,
    /// No connection.
    Refused,
    /// Not tried: the node is stopping.
    Released,
}

impl Reply {
    fn outcome(&self) -> Outcome {
        let answer = |status: u16, headers: Vec<(String, String)>, body: String| {
            Outcome::Answered(Answer { status, headers, body: body.into(), body_read: BodyRead::Whole })
        };
        match self {
            Self::Created(id) => answer(201, vec![], serde_json::json!({ "id": id }).to_string()),
            Self::Accepted => answer(200, vec![], "{}".to_owned()),
            Self::Found(ids) => {
                let records: Vec<_> = ids.iter().map(|id| serde_json::json!({ "id": id })).collect();
                answer(200, vec![], serde_json::Value::from(records).to_string())
            }
            Self::Status(status) => answer(*status, vec![], "said so".to_owned()),
            Self::RetryAfter(seconds) => {
                answer(503, vec![("retry-after".to_owned(), seconds.to_string())], String::new())
            }
            Self::Lost => Outcome::NoAnswer(NoAnswer::Timeout, "10 s passed".to_owned()),
            Self::Refused => Outcome::NotSent(NotSent::Connection, "connection refused".to_owned()),
            Self::Released => Outcome::NotSent(NotSent::Released, "stopping".to_owned()),
        }
    }
}

/// What a settlement is made with, beside link and reply.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The sync.
    pub sync: &'a SyncConfig,
    /// The delays.
    pub policy: &'a Policy,
    /// The node's time.
    pub now: Timestamp,
    /// The id of the log entry.
    pub log: LogId,
}

impl Sender<'_> {
    /// Carries out what was decided for a leased link, and makes its settlement. Where the decision is to send nothing,
    /// the reply does not matter.
    pub fn settlement(&self, leased: &Leased, reply: &Reply) -> Settlement {
        let rules = SyncRules::of(self.sync);
        let operation = leased.decision.operation_sent(&rules).unwrap_or_else(|| leased.decision.operation());
        let outcome = reply.outcome();
        let settled = match &leased.decision {
            Decision::Forget | Decision::Nothing(..) | Decision::Park(..) => {
                settle_decision(&leased.link, &leased.decision, &rules)
            }
            Decision::Readdress { .. } if rules.chosen_id => settle_readdressed(&leased.link, Self::chosen(leased)),
            _ => {
                let attempt = self.attempt(leased, operation);
                let judging = Judging {
                    operation,
                    not_yet_spent: attempt.not_yet_spent(&leased.link),
                    rules: &rules,
                    lookup_proven: leased.known.lookup_proven,
                    now: self.now,
                };
                let judged = judge(&judging, &outcome, &self.reading(leased, operation, &outcome));
                settle(&leased.link, &attempt, &outcome, &judged, &self.context(&rules, leased))
            }
        };
        let counted = CounterKey::of_attempt(operation, &outcome, Duration::from_millis(25), settled.outcome);
        let counted = counted.filter(|_| settled.tried);
        Settlement {
            link: leased.link.id.clone(),
            token: leased.link.lease.as_ref().expect("a leased link has a lease").token,
            generation: leased.link.generation,
            operation,
            person_deleted: leased.person.as_ref().is_none_or(Person::is_deleted),
            revision: leased.revision,
            log: settled.tried.then(|| self.entry(leased, operation, &settled, &outcome)),
            counter: counted,
            lease_duration: leased.lease_duration,
            settled,
        }
    }

    fn chosen(leased: &Leased) -> UniqueId {
        UniqueId::text(format!("our-{}", leased.link.id.person)).expect("a person's id is a sound id")
    }

    fn attempt(&self, leased: &Leased, operation: Operation) -> Attempt {
        let chosen = matches!(self.sync.settings.unique_id, Some(UniqueIdSource::Template(_)));
        Attempt {
            operation,
            unique_id: leased.link.state.unique_id().cloned().or_else(|| chosen.then(|| Self::chosen(leased))),
            moves_to: None,
            repeat: leased.decision == Decision::Repeat,
            first_bytes: false,
            outdated: false,
            person_version: leased.person.as_ref().map_or(0, |person| person.version),
            person_deleted: leased.person.as_ref().is_none_or(Person::is_deleted),
            revision: leased.revision,
            digest: leased.person.as_ref().map(digest_of),
            probe: leased.probe,
            timeout: Duration::from_secs(10),
        }
    }

    fn reading(&self, leased: &Leased, operation: Operation, outcome: &Outcome) -> Reading {
        let path = |text: &str| JsonPath::parse(text).expect("tests give sound paths");
        match (operation, outcome) {
            (Operation::Create, Outcome::Answered(answer)) => match &self.sync.settings.unique_id {
                Some(UniqueIdSource::Path(text)) => Reading::Id(read(&IdSource::Path(path(text)), answer)),
                Some(UniqueIdSource::Header(name)) => Reading::Id(read(&IdSource::Header(name.clone()), answer)),
                Some(UniqueIdSource::Template(_)) => Reading::Id(Ok(Self::chosen(leased))),
                None => Reading::Nothing,
            },
            (Operation::Lookup, Outcome::Answered(answer)) => match &self.sync.settings.lookup {
                Some(lookup) => {
                    let path = path(&lookup.path);
                    let proves_none = path.container_is_there(answer);
                    Reading::Found { ids: read_all(&path, answer), proves_none }
                }
                None => Reading::Nothing,
            },
            _ => Reading::Nothing,
        }
    }

    fn context<'a>(&'a self, rules: &'a SyncRules, leased: &Leased) -> Context<'a> {
        Context {
            rules,
            policy: self.policy,
            jitter: 0.5,
            update_digest: None,
            lookup_digest: None,
            known: leased.known,
        }
    }

    fn entry(&self, leased: &Leased, operation: Operation, settled: &Settled, outcome: &Outcome) -> LogEntry {
        let header = |name: &str, value: &str| LoggedHeader { name: name.to_owned(), value: value.to_owned() };
        let response = match outcome {
            Outcome::Answered(answer) => Some(LoggedResponse::of(answer)),
            _ => None,
        };
        LogEntry {
            account: leased.link.id.account,
            id: self.log,
            at: self.now,
            sync: leased.link.id.sync,
            person: leased.link.id.person.clone(),
            person_version: leased.person.as_ref().map_or(0, |person| person.version),
            operation,
            outcome: settled.outcome,
            failure: settled.failure,
            message: settled.message.clone(),
            unique_id: settled.state.unique_id().cloned(),
            attempt: Some(i32::from(leased.link.tries) + 1),
            duration_ms: Some(25),
            request: Some(Arc::new(LoggedRequest {
                method: Method::Post,
                url: "https://crm.test/contacts".to_owned(),
                headers: vec![header("Content-Type", "application/json"), header("Authorization", "[redacted]")],
                body: Some(r#"{"name":"…"}"#.to_owned()),
                body_truncated: false,
            })),
            response: response.map(Arc::new),
            next_attempt_at: None,
        }
    }
}

/// What stands for the digest of a request made for a person: different names, different digests.
pub fn digest_of(person: &Person) -> Digest {
    let mut bytes = [0_u8; 32];
    for (at, byte) in person.name().bytes().enumerate() {
        bytes[at % 32] = bytes[at % 32].wrapping_mul(31).wrapping_add(byte);
    }
    Digest(bytes)
}
