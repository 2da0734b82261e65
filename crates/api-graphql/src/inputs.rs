//! What administrators say of a sync. In a patch, left out = stays, null = clears, at every depth.

use crate::enums::{AdoptedRecords, BodyFormat, HttpMethod, LookupWhen, OnExisting, OnMissing, OnUncertain, Pages};
use async_graphql::{InputObject, MaybeUndefined, OneofObject};
use sync_core::fault::Fault;
use sync_core::patch;
use sync_core::person::Patch;
use sync_core::sync;

/// Left out, null or a value, as the core says it.
pub(crate) fn patch<T>(said: MaybeUndefined<T>) -> Patch<T> {
    match said {
        MaybeUndefined::Undefined => Patch::Keep,
        MaybeUndefined::Null => Patch::Clear,
        MaybeUndefined::Value(value) => Patch::Set(value),
    }
}

/// A value, or nothing said.
fn given<T>(said: Option<T>) -> Patch<T> {
    said.map_or(Patch::Keep, Patch::Set)
}

/// A new sync
#[derive(InputObject)]
pub(crate) struct SyncInput {
    /// 1 to 200 characters; need not be unique
    friendly_name: String,
    authentication: Option<AuthenticationInput>,
    unique_id: Option<UniqueIdInput>,
    create_users: Option<RuleInput>,
    update_users: Option<RuleInput>,
    delete_users: Option<RuleInput>,
    lookup: Option<LookupRuleInput>,
    limits: Option<LimitsInput>,
    /// Left out: REFUSE
    pages: Option<Pages>,
    /// Reads the unique id again from accepted updates, for systems where it may move, such as an e-mail. Left out: false
    follow_unique_id: Option<bool>,
    /// Also push the people who are already in the directory. Left out: false
    include_existing: Option<bool>,
}

impl SyncInput {
    /// What the engine is told, and whether people who are there already are pushed.
    pub(crate) fn checked(self) -> Result<(patch::SyncPatch, bool), Fault> {
        let said = patch::SyncPatch {
            friendly_name: Patch::Set(self.friendly_name),
            authentication: authentication(given(self.authentication))?,
            unique_id: given(self.unique_id).map(Into::into),
            create: given(self.create_users).map(Into::into),
            update: given(self.update_users).map(Into::into),
            delete: given(self.delete_users).map(Into::into),
            lookup: given(self.lookup).map(Into::into),
            limits: given(self.limits).map(Into::into),
            pages: given(self.pages).map(Into::into),
            follow_unique_id: given(self.follow_unique_id),
        };
        Ok((said, self.include_existing.unwrap_or(false)))
    }
}

/// Left out: stays as it is. null: friendlyName is refused, a rule is removed, the others go back to none or to their
/// defaults
#[derive(InputObject)]
pub(crate) struct SyncPatch {
    friendly_name: MaybeUndefined<String>,
    authentication: MaybeUndefined<AuthenticationInput>,
    unique_id: MaybeUndefined<UniqueIdInput>,
    create_users: MaybeUndefined<RulePatch>,
    update_users: MaybeUndefined<RulePatch>,
    delete_users: MaybeUndefined<RulePatch>,
    lookup: MaybeUndefined<LookupRulePatch>,
    limits: MaybeUndefined<LimitsInput>,
    pages: MaybeUndefined<Pages>,
    follow_unique_id: MaybeUndefined<bool>,
}

impl SyncPatch {
    /// What the engine is told.
    pub(crate) fn checked(self) -> Result<patch::SyncPatch, Fault> {
        Ok(patch::SyncPatch {
            friendly_name: patch(self.friendly_name),
            authentication: authentication(patch(self.authentication))?,
            unique_id: patch(self.unique_id).map(Into::into),
            create: patch(self.create_users).map(Into::into),
            update: patch(self.update_users).map(Into::into),
            delete: patch(self.delete_users).map(Into::into),
            lookup: patch(self.lookup).map(Into::into),
            limits: patch(self.limits).map(Into::into),
            pages: patch(self.pages).map(Into::into),
            follow_unique_id: patch(self.follow_unique_id),
        })
    }
}

/// How requests show who sends them: exactly one
#[derive(OneofObject)]
pub(crate) enum AuthenticationInput {
    Basic(BasicInput),
    Bearer(BearerInput),
    /// Only true
    None(bool),
}

/// HTTP Basic
#[derive(InputObject)]
pub(crate) struct BasicInput {
    username: String,
    /// May be left out in updateSync, preview and testSync where one is set: it stays
    password: Option<String>,
}

/// HTTP Bearer
#[derive(InputObject)]
pub(crate) struct BearerInput {
    token: String,
}

fn authentication(said: Patch<AuthenticationInput>) -> Result<Patch<patch::AuthenticationInput>, Fault> {
    Ok(Patch::Set(match said {
        Patch::Keep => return Ok(Patch::Keep),
        Patch::Clear => return Ok(Patch::Clear),
        Patch::Set(AuthenticationInput::Basic(basic)) => {
            patch::AuthenticationInput::Basic { username: basic.username, password: basic.password.map(Into::into) }
        }
        Patch::Set(AuthenticationInput::Bearer(bearer)) => {
            patch::AuthenticationInput::Bearer { token: bearer.token.into() }
        }
        Patch::Set(AuthenticationInput::None(true)) => patch::AuthenticationInput::None,
        Patch::Set(AuthenticationInput::None(false)) => {
            return Err(Fault::at(["authentication", "none"], "is false; give true, or leave authentication out"));
        }
    }))
}

/// Where the unique id comes from: exactly one
#[derive(OneofObject)]
pub(crate) enum UniqueIdInput {
    /// JSONPath (RFC 9535) on the JSON answer of the create request, such as $.id
    Path(String),
    /// Name of a header of that answer; of a URL, the last path segment (or what its last parentheses hold)
    Header(String),
    /// A template: the id is chosen here, such as {{ person.id }}, and the create may be repeated safely
    Template(String),
}

impl From<UniqueIdInput> for sync::UniqueIdSource {
    fn from(input: UniqueIdInput) -> Self {
        match input {
            UniqueIdInput::Path(path) => Self::Path(path),
            UniqueIdInput::Header(header) => Self::Header(header),
            UniqueIdInput::Template(template) => Self::Template(template),
        }
    }
}

/// A new rule
#[derive(InputObject)]
pub(crate) struct RuleInput {
    /// Left out: true
    enabled: Option<bool>,
    method: HttpMethod,
    url: String,
    headers: Option<Vec<HeaderInput>>,
    data: Option<String>,
    /// Left out: JSON
    format: Option<BodyFormat>,
    /// Left out: true
    ssl_verification: Option<bool>,
    /// 1 to 120. Left out: 10
    timeout_seconds: Option<i32>,
    /// UPDATE only. Left out: PARK
    on_missing: Option<OnMissing>,
    /// CREATE only. Left out: RESEND
    on_uncertain: Option<OnUncertain>,
    /// CREATE only. Left out: PARK
    on_existing: Option<OnExisting>,
    /// DELETE only. Left out: KEEP
    adopted: Option<AdoptedRecords>,
}

impl From<RuleInput> for patch::RulePatch {
    fn from(input: RuleInput) -> Self {
        Self {
            enabled: given(input.enabled),
            method: Patch::Set(input.method.into()),
            url: Patch::Set(input.url),
            headers: given(input.headers).map(headers),
            data: given(input.data),
            format: given(input.format).map(Into::into),
            ssl_verification: given(input.ssl_verification),
            timeout_seconds: given(input.timeout_seconds),
            on_missing: given(input.on_missing).map(Into::into),
            on_uncertain: given(input.on_uncertain).map(Into::into),
            on_existing: given(input.on_existing).map(Into::into),
            adopted: given(input.adopted).map(Into::into),
        }
    }
}

/// Left out: stays as it is. null: back to what RuleInput says for left out. A rule not set up yet needs method and url
#[derive(InputObject)]
pub(crate) struct RulePatch {
    enabled: MaybeUndefined<bool>,
    method: MaybeUndefined<HttpMethod>,
    url: MaybeUndefined<String>,
    headers: MaybeUndefined<Vec<HeaderInput>>,
    data: MaybeUndefined<String>,
    format: MaybeUndefined<BodyFormat>,
    ssl_verification: MaybeUndefined<bool>,
    timeout_seconds: MaybeUndefined<i32>,
    on_missing: MaybeUndefined<OnMissing>,
    on_uncertain: MaybeUndefined<OnUncertain>,
    on_existing: MaybeUndefined<OnExisting>,
    adopted: MaybeUndefined<AdoptedRecords>,
}

impl From<RulePatch> for patch::RulePatch {
    fn from(input: RulePatch) -> Self {
        Self {
            enabled: patch(input.enabled),
            method: patch(input.method).map(Into::into),
            url: patch(input.url),
            headers: patch(input.headers).map(headers),
            data: patch(input.data),
            format: patch(input.format).map(Into::into),
            ssl_verification: patch(input.ssl_verification),
            timeout_seconds: patch(input.timeout_seconds),
            on_missing: patch(input.on_missing).map(Into::into),
            on_uncertain: patch(input.on_uncertain).map(Into::into),
            on_existing: patch(input.on_existing).map(Into::into),
            adopted: patch(input.adopted).map(Into::into),
        }
    }
}

/// A new lookup rule
#[derive(InputObject)]
pub(crate) struct LookupRuleInput {
    /// Left out: GET
    method: Option<HttpMethod>,
    url: String,
    headers: Option<Vec<HeaderInput>>,
    data: Option<String>,
    /// Left out: NONE
    format: Option<BodyFormat>,
    /// JSONPath to the unique ids of the matching records
    path: String,
    /// Left out: true
    ssl_verification: Option<bool>,
    /// 1 to 120. Left out: 10
    timeout_seconds: Option<i32>,
    /// Left out: UNCERTAIN
    when: Option<LookupWhen>,
    /// Left out: an empty list at the path
    empty_when: Option<EmptyWhenInput>,
    /// How long after a create's last try a "none" is no proof: 0 to 3600. Left out: 30
    settle_seconds: Option<i32>,
}

/// What a lookup answers for nobody, where it answers no empty list: exactly one
#[derive(OneofObject)]
pub(crate) enum EmptyWhenInput {
    /// This status: 200 to 499, but 401, 403 and 429
    Status(i32),
    /// An answer in which a path selects exactly this value
    Equals(EmptyEqualsInput),
}

/// A place in an answer, and what it holds for nobody
#[derive(InputObject)]
pub(crate) struct EmptyEqualsInput {
    /// JSONPath, such as $.total
    path: String,
    /// A string, number, boolean or null, as JSON, so that a string has its quotes: 0 or "none"
    value: String,
}

impl From<EmptyWhenInput> for sync::EmptyWhen {
    fn from(input: EmptyWhenInput) -> Self {
        match input {
            // What is no status is refused as the status 0.
            EmptyWhenInput::Status(status) => Self::Status(u16::try_from(status).unwrap_or(0)),
            EmptyWhenInput::Equals(equals) => Self::Equals { path: equals.path, value: equals.value },
        }
    }
}

impl From<LookupRuleInput> for patch::LookupPatch {
    fn from(input: LookupRuleInput) -> Self {
        let request = patch::RulePatch {
            method: given(input.method).map(Into::into),
            url: Patch::Set(input.url),
            headers: given(input.headers).map(headers),
            data: given(input.data),
            format: given(input.format).map(Into::into),
            ssl_verification: given(input.ssl_verification),
            timeout_seconds: given(input.timeout_seconds),
            ..patch::RulePatch::default()
        };
        Self {
            request,
            path: Patch::Set(input.path),
            when: given(input.when).map(Into::into),
            empty_when: given(input.empty_when).map(Into::into),
            settle_seconds: given(input.settle_seconds),
        }
    }
}

/// As RulePatch. A lookup not set up yet needs url and path
#[derive(InputObject)]
pub(crate) struct LookupRulePatch {
    method: MaybeUndefined<HttpMethod>,
    url: MaybeUndefined<String>,
    headers: MaybeUndefined<Vec<HeaderInput>>,
    data: MaybeUndefined<String>,
    format: MaybeUndefined<BodyFormat>,
    path: MaybeUndefined<String>,
    ssl_verification: MaybeUndefined<bool>,
    timeout_seconds: MaybeUndefined<i32>,
    when: MaybeUndefined<LookupWhen>,
    empty_when: MaybeUndefined<EmptyWhenInput>,
    settle_seconds: MaybeUndefined<i32>,
}

impl From<LookupRulePatch> for patch::LookupPatch {
    fn from(input: LookupRulePatch) -> Self {
        let request = patch::RulePatch {
            method: patch(input.method).map(Into::into),
            url: patch(input.url),
            headers: patch(input.headers).map(headers),
            data: patch(input.data),
            format: patch(input.format).map(Into::into),
            ssl_verification: patch(input.ssl_verification),
            timeout_seconds: patch(input.timeout_seconds),
            ..patch::RulePatch::default()
        };
        Self {
            request,
            path: patch(input.path),
            when: patch(input.when).map(Into::into),
            empty_when: patch(input.empty_when).map(Into::into),
            settle_seconds: patch(input.settle_seconds),
        }
    }
}

/// A header of a rule
#[derive(InputObject)]
pub(crate) struct HeaderInput {
    name: String,
    /// A template. May be left out for a secret header that this rule already has under this name: it stays
    value: Option<String>,
    /// Left out: as the header of this name was; of a new one, true where its name is Authorization, Proxy-Authorization or
    /// Cookie, or holds key, token or secret, and its value no template tag
    secret: Option<bool>,
}

fn headers(inputs: Vec<HeaderInput>) -> Vec<patch::HeaderInput> {
    let header = |input: HeaderInput| patch::HeaderInput {
        name: input.name,
        value: input.value.map(Into::into),
        secret: input.secret,
    };
    inputs.into_iter().map(header).collect()
}

/// What a sync may use of its external system
#[derive(InputObject)]
pub(crate) struct LimitsInput {
    /// 1 to 256. Left out when a sync is made: 16
    max_concurrency: MaybeUndefined<i32>,
    /// Above 0, to 10,000; null: no limit
    requests_per_second: MaybeUndefined<f64>,
    /// 1 to 1,000,000,000 in any 24 hours, counted by whole hours as Limits.requestsPerDay says; null: no limit
    requests_per_day: MaybeUndefined<i32>,
}

impl From<LimitsInput> for patch::LimitsPatch {
    fn from(input: LimitsInput) -> Self {
        Self {
            max_concurrency: patch(input.max_concurrency),
            requests_per_second: patch(input.requests_per_second),
            requests_per_day: patch(input.requests_per_day),
        }
    }
}
