//! What is configured of a sync, as it is shown. Secrets are write-only.

use crate::enums::{
    AdoptedRecords, AuthenticationKind, BodyFormat, HttpMethod, LookupWhen, OnExisting, OnMissing, OnUncertain,
};
use async_graphql::SimpleObject;
use sync_core::sync::{self, HeaderValue, Operation};

/// Secrets are write-only: only whether one is set is ever shown
#[derive(SimpleObject)]
pub(crate) struct Authentication {
    kind: AuthenticationKind,
    username: Option<String>,
    secret_set: bool,
}

impl From<&sync::Authentication> for Authentication {
    fn from(authentication: &sync::Authentication) -> Self {
        match authentication {
            sync::Authentication::None => Self { kind: AuthenticationKind::None, username: None, secret_set: false },
            sync::Authentication::Basic { username, password } => Self {
                kind: AuthenticationKind::Basic,
                username: Some(username.clone()),
                secret_set: password.is_some(),
            },
            sync::Authentication::Bearer { token } => {
                Self { kind: AuthenticationKind::Bearer, username: None, secret_set: token.is_some() }
            }
        }
    }
}

/// Where the unique id comes from: exactly one is set
#[derive(Default, SimpleObject)]
pub(crate) struct UniqueIdSource {
    /// JSONPath on the JSON answer of the create request
    path: Option<String>,
    /// Name of a header of that answer
    header: Option<String>,
    /// A template: the id is chosen here
    template: Option<String>,
}

impl From<&sync::UniqueIdSource> for UniqueIdSource {
    fn from(source: &sync::UniqueIdSource) -> Self {
        match source.clone() {
            sync::UniqueIdSource::Path(path) => Self { path: Some(path), ..Self::default() },
            sync::UniqueIdSource::Header(header) => Self { header: Some(header), ..Self::default() },
            sync::UniqueIdSource::Template(template) => Self { template: Some(template), ..Self::default() },
        }
    }
}

/// The request that one kind of change makes
#[derive(SimpleObject)]
pub(crate) struct Rule {
    enabled: bool,
    method: HttpMethod,
    url: String,
    headers: Vec<Header>,
    /// The template as it was given. null: no body and no Content-Type is sent, whatever the format
    data: Option<String>,
    format: BodyFormat,
    ssl_verification: bool,
    timeout_seconds: i32,
    /// UPDATE only: what a 404 or 410 does
    on_missing: Option<OnMissing>,
    /// CREATE only: what an answer that never came does when nothing can resolve it
    on_uncertain: Option<OnUncertain>,
    /// CREATE only: what 409 or 412 to a first create does
    on_existing: Option<OnExisting>,
    /// DELETE only: what the deletion of a person does to a record that existed before
    adopted: Option<AdoptedRecords>,
}

impl Rule {
    /// The rule of an operation.
    pub(crate) fn of(operation: Operation, rule: &sync::Rule) -> Self {
        Self {
            enabled: rule.enabled,
            method: rule.method.into(),
            url: rule.url.clone(),
            headers: rule.headers.iter().map(Into::into).collect(),
            data: rule.data.clone(),
            format: rule.format.into(),
            ssl_verification: rule.ssl_verification,
            timeout_seconds: rule.timeout_seconds.into(),
            on_missing: (operation == Operation::Update).then(|| rule.on_missing.into()),
            on_uncertain: (operation == Operation::Create).then(|| rule.on_uncertain.into()),
            on_existing: (operation == Operation::Create).then(|| rule.on_existing.into()),
            adopted: (operation == Operation::Delete).then(|| rule.adopted.into()),
        }
    }
}

/// A search request that finds a person's record by something else than its unique id
#[derive(SimpleObject)]
pub(crate) struct LookupRule {
    method: HttpMethod,
    url: String,
    headers: Vec<Header>,
    data: Option<String>,
    format: BodyFormat,
    /// JSONPath to the unique ids of the matching records
    path: String,
    ssl_verification: bool,
    timeout_seconds: i32,
    /// When it is asked before a first create
    when: LookupWhen,
    /// What is answered for nobody; null: an empty list at the path
    empty_when: Option<EmptyWhen>,
    /// How long after a create's last try a "none" is no proof, since a search index may lag
    settle_seconds: i32,
}

/// What a lookup answers for nobody: exactly one is set
#[derive(Default, SimpleObject)]
pub(crate) struct EmptyWhen {
    /// This status
    status: Option<i32>,
    /// An answer in which a path selects exactly this value
    equals: Option<EmptyEquals>,
}

/// A place in an answer, and what it holds for nobody
#[derive(SimpleObject)]
pub(crate) struct EmptyEquals {
    /// JSONPath
    path: String,
    /// A string, number, boolean or null, as JSON
    value: String,
}

impl From<&sync::EmptyWhen> for EmptyWhen {
    fn from(empty_when: &sync::EmptyWhen) -> Self {
        match empty_when.clone() {
            sync::EmptyWhen::Status(status) => Self { status: Some(status.into()), ..Self::default() },
            sync::EmptyWhen::Equals { path, value } => {
                Self { equals: Some(EmptyEquals { path, value }), ..Self::default() }
            }
        }
    }
}

impl From<&sync::LookupRule> for LookupRule {
    fn from(lookup: &sync::LookupRule) -> Self {
        let rule = Rule::of(Operation::Lookup, &lookup.request);
        Self {
            method: rule.method,
            url: rule.url,
            headers: rule.headers,
            data: rule.data,
            format: rule.format,
            path: lookup.path.clone(),
            ssl_verification: rule.ssl_verification,
            timeout_seconds: rule.timeout_seconds,
            when: lookup.when.into(),
            empty_when: lookup.empty_when.as_ref().map(Into::into),
            settle_seconds: lookup.settle_seconds.into(),
        }
    }
}

/// A header of a rule
#[derive(SimpleObject)]
pub(crate) struct Header {
    name: String,
    /// null when secret
    value: Option<String>,
    secret: bool,
    /// false: its secret was dropped since the rule moved to another origin; give it again
    value_set: bool,
}

impl From<&sync::Header> for Header {
    fn from(header: &sync::Header) -> Self {
        let (value, secret) = match &header.value {
            HeaderValue::Template(text) => (Some(text.clone()), false),
            HeaderValue::Secret(_) => (None, true),
        };
        let value_set = !matches!(header.value, HeaderValue::Secret(None));
        Self { name: header.name.clone(), value, secret, value_set }
    }
}

/// What a sync may use of its external system
#[derive(SimpleObject)]
pub(crate) struct Limits {
    /// Requests in flight over all nodes
    max_concurrency: i32,
    /// null: no limit
    requests_per_second: Option<f64>,
    /// In any 24 hours, counted by whole hours of UTC: the present one and the 23 before it. A request counts no more from the beginning of
    /// the hour a day after its own, which may be up to an hour before 24 hours are over. null: no limit
    requests_per_day: Option<i32>,
}

impl From<sync::Limits> for Limits {
    fn from(limits: sync::Limits) -> Self {
        Self {
            max_concurrency: limits.max_concurrency.into(),
            requests_per_second: limits.requests_per_second,
            requests_per_day: limits.requests_per_day.map(|n| i32::try_from(n).unwrap_or(i32::MAX)),
        }
    }
}
