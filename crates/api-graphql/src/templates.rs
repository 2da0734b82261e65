//! Templates: what they may use, and rules rehearsed with them.

use crate::enums::{FailureKind, HttpMethod, Operation};
use crate::errors::{ApiError, Result, under};
use crate::inputs::{RuleInput, SyncPatch};
use crate::logs::{LoggedHeader, LoggedRequest, LoggedResponse};
use crate::people::person_id;
use async_graphql::{ID, InputObject, OneofObject, SimpleObject};
use sync_core::fault;
use sync_core::id::SyncId;
use sync_core::outcome::REDACTED;
use sync_core::ports::{FilterInfo, TokenInfo};
use sync_engine::{AccountScope, Previewed, Subject, Tested};

/// A token that templates may use
#[derive(SimpleObject)]
pub(crate) struct Token {
    /// As it is written between the braces: person.first_name; of an open family: `person.contact.<type>`
    token: String,
    description: String,
    example: String,
    /// The last part is a name of one's own choosing
    open: bool,
    /// Where it may be used; unique_id, for one, not in CREATE
    operations: Vec<Operation>,
}

impl From<TokenInfo> for Token {
    fn from(info: TokenInfo) -> Self {
        Self {
            token: info.token,
            description: info.description,
            example: info.example,
            open: info.open,
            operations: info.operations.into_iter().map(Into::into).collect(),
        }
    }
}

/// A Liquid filter that templates may use
#[derive(SimpleObject)]
pub(crate) struct TemplateFilter {
    name: String,
    description: String,
    example: String,
}

impl From<FilterInfo> for TemplateFilter {
    fn from(info: FilterInfo) -> Self {
        Self { name: info.name, description: info.description, example: info.example }
    }
}

/// Which rule is previewed: exactly one
#[derive(OneofObject)]
pub(crate) enum PreviewInput {
    Saved(SavedRuleInput),
    Draft(DraftRuleInput),
}

/// personId left out: the sample person. uniqueId left out: the link's, else a sample. changes: shown as if updateSync had
/// been called with them
#[derive(InputObject)]
pub(crate) struct SavedRuleInput {
    sync_id: ID,
    operation: Operation,
    person_id: Option<ID>,
    unique_id: Option<String>,
    changes: Option<SyncPatch>,
}

/// A rule of no sync. LOOKUP is refused here
#[derive(InputObject)]
pub(crate) struct DraftRuleInput {
    rule: RuleInput,
    operation: Operation,
    person_id: Option<ID>,
    unique_id: Option<String>,
}

/// As SavedRuleInput. Saved secrets are sent only where the changed rule has the origin they were given for. UPDATE and
/// DELETE need uniqueId or a linked person
#[derive(InputObject)]
pub(crate) struct TestSyncInput {
    sync_id: ID,
    operation: Operation,
    person_id: Option<ID>,
    unique_id: Option<String>,
    changes: Option<SyncPatch>,
}

/// A sync's id; what is none names no sync.
pub(crate) fn sync_id(id: &ID) -> Result<SyncId> {
    id.parse().map_err(|_| ApiError::not_found("sync"))
}

fn subject(person: Option<ID>, unique_id: Option<String>) -> std::result::Result<Subject, fault::Fault> {
    let person = person.map(person_id).transpose().map_err(|fault| fault.under("personId"))?;
    Ok(Subject { person, unique_id })
}

fn changes(said: Option<SyncPatch>) -> std::result::Result<Option<sync_core::patch::SyncPatch>, fault::Fault> {
    said.map(SyncPatch::checked).transpose().map_err(|fault| fault.under("changes"))
}

impl PreviewInput {
    /// Renders without sending anything.
    pub(crate) async fn render(self, scope: &AccountScope) -> Result<RenderedRequest> {
        let previewed = match self {
            Self::Saved(input) => {
                let at = |fault: fault::Fault| ApiError::from(fault.under("saved").under("input"));
                let subject = subject(input.person_id, input.unique_id).map_err(at)?;
                let changes = changes(input.changes).map_err(at)?;
                scope
                    .preview_saved(sync_id(&input.sync_id)?, input.operation.into(), &subject, changes.as_ref())
                    .await
                    .map_err(under(&["input", "saved"]))?
            }
            Self::Draft(input) => {
                let at = |fault: fault::Fault| ApiError::from(fault.under("draft").under("input"));
                let subject = subject(input.person_id, input.unique_id).map_err(at)?;
                scope
                    .preview_draft(&input.rule.into(), input.operation.into(), &subject)
                    .await
                    .map_err(under(&["input", "draft"]))?
            }
        };
        Ok(previewed.into())
    }
}

impl TestSyncInput {
    /// Sends one real request.
    pub(crate) async fn send(self, scope: &AccountScope) -> Result<TestResult> {
        let at = |fault: fault::Fault| ApiError::from(fault.under("input"));
        let subject = subject(self.person_id, self.unique_id).map_err(at)?;
        let changes = changes(self.changes).map_err(at)?;
        let tested = scope
            .test_sync(sync_id(&self.sync_id)?, self.operation.into(), &subject, changes.as_ref())
            .await
            .map_err(under(&["input"]))?;
        Ok(tested.into())
    }
}

/// A rule as it would be sent
#[derive(SimpleObject)]
pub(crate) struct RenderedRequest {
    method: HttpMethod,
    /// null when it could not be rendered
    url: Option<String>,
    /// As they would be sent, those that crm-sync adds too
    headers: Vec<LoggedHeader>,
    body: Option<String>,
    /// Empty when the request could be sent
    faults: Vec<Fault>,
    /// Equal to the last accepted request, so that it would not be sent; null without a saved sync and a person
    unchanged: Option<bool>,
}

impl From<Previewed> for RenderedRequest {
    fn from(previewed: Previewed) -> Self {
        let parts = previewed.parts;
        let headers = parts.headers.into_iter().map(|header| LoggedHeader {
            name: header.name,
            value: if header.secret { REDACTED.to_owned() } else { header.value },
        });
        Self {
            method: previewed.method.into(),
            url: parts.url.map(String::from),
            headers: headers.collect(),
            body: parts.body,
            faults: parts.faults.into_iter().map(Into::into).collect(),
            unchanged: previewed.unchanged,
        }
    }
}

/// What is wrong with a rule
#[derive(SimpleObject)]
pub(crate) struct Fault {
    /// From the rule on, such as `["headers", "0", "value"]` or `["data"]`
    path: Vec<String>,
    message: String,
    /// From 1
    line: Option<i32>,
    /// In characters, from 1
    column: Option<i32>,
}

impl From<fault::Fault> for Fault {
    fn from(fault: fault::Fault) -> Self {
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        Self {
            path: fault.path.iter().map(ToString::to_string).collect(),
            message: fault.message,
            line: fault.position.map(|position| number(position.line)),
            column: fault.position.map(|position| number(position.column)),
        }
    }
}

/// What came of a test
#[derive(SimpleObject)]
pub(crate) struct TestResult {
    request: LoggedRequest,
    response: Option<LoggedResponse>,
    /// Why it would not count as accepted, in words
    error: Option<String>,
    failure: Option<FailureKind>,
    /// CREATE and LOOKUP: the unique id found in the answer
    unique_id: Option<String>,
    duration_ms: i32,
}

impl From<Tested> for TestResult {
    fn from(tested: Tested) -> Self {
        Self {
            request: sync_core::log::LoggedRequest::of(&tested.request).into(),
            response: sync_core::log::LoggedResponse::of_outcome(&tested.exchange.outcome).map(Into::into),
            error: tested.error,
            failure: tested.failure.map(Into::into),
            unique_id: tested.unique_id.map(|id| id.as_str().to_owned()),
            duration_ms: tested.exchange.duration_ms(),
        }
    }
}
