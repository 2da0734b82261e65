//! The log.

use crate::enums::{FailureKind, HttpMethod, Operation, Outcome};
use crate::errors::{ApiError, Result};
use crate::guard::{account, engine};
use crate::loaders::{PersonKey, SyncKey, load};
use crate::page::{Connection, Node, request};
use crate::people::{PersonNode, person_id, version};
use crate::scalars::DateTime;
use crate::syncs::SyncNode;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use std::collections::BTreeSet;
use std::sync::Arc;
use sync_core::fault::Fault;
use sync_core::id::LogId;
use sync_core::log::LogEntry;

#[derive(Clone)]
pub(crate) struct LogEntryNode(pub(crate) Arc<LogEntry>);

impl Node for LogEntryNode {
    type Key = LogId;
    const ORDER: u8 = 5;
    fn key(&self) -> LogId {
        self.0.id
    }
}

impl LogEntryNode {
    /// A page of the caller's log.
    pub(crate) async fn page(
        ctx: &Context<'_>,
        filter: &sync_core::log::LogFilter,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<Self>> {
        let request = request::<Self>(first, after.as_deref())?;
        let page = engine(ctx).store().logs(account(ctx)?, filter, request).await?;
        Ok(Connection::of(page, after.is_some(), |entry| Self(Arc::new(entry))))
    }
}

/// One attempt, or one decision not to send
#[Object(name = "LogEntry")]
impl LogEntryNode {
    /// Sorts by time
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn at(&self) -> DateTime {
        self.0.at.into()
    }

    /// null once the sync is deleted
    async fn sync(&self, ctx: &Context<'_>) -> Result<Option<SyncNode>> {
        Ok(load(ctx, SyncKey(self.0.account, self.0.sync)).await?.map(SyncNode))
    }

    async fn sync_id(&self) -> ID {
        self.0.sync.into()
    }

    /// null once the person is forgotten
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<PersonNode>> {
        Ok(load(ctx, PersonKey(self.0.account, self.0.person.clone())).await?.map(PersonNode))
    }

    async fn person_id(&self) -> ID {
        ID(self.0.person.as_str().to_owned())
    }

    /// The version that was sent or decided on
    async fn person_version(&self) -> i32 {
        version(self.0.person_version)
    }

    async fn operation(&self) -> Operation {
        self.0.operation.into()
    }

    async fn outcome(&self) -> Outcome {
        self.0.outcome.into()
    }

    /// What went wrong as a fixed word, for programs; null when nothing did
    async fn failure(&self) -> Option<FailureKind> {
        self.0.failure.map(Into::into)
    }

    /// In words: what happened and, where something is to be done, what
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// The id used, or read from this answer
    async fn unique_id(&self) -> Option<&str> {
        self.0.unique_id.as_ref().map(sync_core::link::UniqueId::as_str)
    }

    /// Which try this was, from 1; null when nothing was sent
    async fn attempt(&self) -> Option<i32> {
        self.0.attempt
    }

    async fn duration_ms(&self) -> Option<i32> {
        self.0.duration_ms
    }

    /// null when nothing was sent
    async fn request(&self) -> Option<LoggedRequest> {
        self.0.request.as_deref().cloned().map(Into::into)
    }

    /// null when nothing came back
    async fn response(&self) -> Option<LoggedResponse> {
        self.0.response.as_deref().cloned().map(Into::into)
    }

    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.0.next_attempt_at.map(DateTime::from)
    }
}

/// A request as it was sent, secrets redacted
#[derive(SimpleObject)]
pub(crate) struct LoggedRequest {
    method: HttpMethod,
    url: String,
    headers: Vec<LoggedHeader>,
    body: Option<String>,
    body_truncated: bool,
}

/// An answer as it came, in which the secrets of the sync are redacted
#[derive(SimpleObject)]
pub(crate) struct LoggedResponse {
    status: i32,
    headers: Vec<LoggedHeader>,
    body: Option<String>,
    body_truncated: bool,
}

/// A header of a request or answer
#[derive(SimpleObject)]
pub(crate) struct LoggedHeader {
    pub(crate) name: String,
    /// Secrets show as `[redacted]`
    pub(crate) value: String,
}

fn headers(headers: Vec<sync_core::log::LoggedHeader>) -> Vec<LoggedHeader> {
    headers.into_iter().map(|header| LoggedHeader { name: header.name, value: header.value }).collect()
}

impl From<sync_core::log::LoggedRequest> for LoggedRequest {
    fn from(request: sync_core::log::LoggedRequest) -> Self {
        Self {
            method: request.method.into(),
            url: request.url,
            headers: headers(request.headers),
            body: request.body,
            body_truncated: request.body_truncated,
        }
    }
}

impl From<sync_core::log::LoggedResponse> for LoggedResponse {
    fn from(response: sync_core::log::LoggedResponse) -> Self {
        Self {
            status: response.status.into(),
            headers: headers(response.headers),
            body: response.body,
            body_truncated: response.body_truncated,
        }
    }
}

/// All that are given must hold; an empty list is BAD_USER_INPUT. since is included, until is not
#[derive(InputObject, Default)]
pub(crate) struct LogFilter {
    sync_id: Option<ID>,
    person_id: Option<ID>,
    operations: Option<Vec<Operation>>,
    outcomes: Option<Vec<Outcome>>,
    failures: Option<Vec<FailureKind>>,
    status_at_least: Option<i32>,
    status_at_most: Option<i32>,
    since: Option<DateTime>,
    until: Option<DateTime>,
}

impl LogFilter {
    /// Refuses a sync where the filter stands under one.
    pub(crate) fn without_sync(self) -> Result<Self> {
        if self.sync_id.is_some() {
            let message = "must be left out here: these are the logs of one sync; ask logs for those of another";
            return Err(Fault::at(["filter", "syncId"], message).into());
        }
        Ok(self)
    }

    /// The filter, or every fault with its path.
    pub(crate) fn checked(self) -> Result<sync_core::log::LogFilter> {
        let mut faults = Vec::new();
        let mut note = |fault: Fault, field: &str| faults.push(fault.under(field).under("filter"));
        let sync = self.sync_id.and_then(|id| {
            id.parse().map_err(|_| note(Fault::here("is no id of a sync; give one as syncs answers it"), "syncId")).ok()
        });
        let person = self.person_id.and_then(|id| person_id(id).map_err(|fault| note(fault, "personId")).ok());
        let mut instant =
            |at: Option<DateTime>, field: &str| at.and_then(|at| at.checked().map_err(|fault| note(fault, field)).ok());
        let (since, until) = (instant(self.since, "since"), instant(self.until, "until"));
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            note(Fault::here("is after until; give an earlier one"), "since");
        }
        if let (Some(least), Some(most)) = (self.status_at_least, self.status_at_most)
            && least > most
        {
            note(Fault::here("is more than statusAtMost; give a smaller one"), "statusAtLeast");
        }
        let empty = [
            (self.operations.as_ref().is_some_and(Vec::is_empty), "operations"),
            (self.outcomes.as_ref().is_some_and(Vec::is_empty), "outcomes"),
            (self.failures.as_ref().is_some_and(Vec::is_empty), "failures"),
        ];
        for (_, field) in empty.into_iter().filter(|(is_empty, _)| *is_empty) {
            note(Fault::here("is empty, which nothing can match; leave it out to ask for all"), field);
        }
        ApiError::of_faults(faults)?;
        Ok(sync_core::log::LogFilter {
            sync,
            person,
            operations: self.operations.map(distinct),
            outcomes: self.outcomes.map(distinct),
            failures: self.failures.map(distinct),
            status_at_least: self.status_at_least,
            status_at_most: self.status_at_most,
            since,
            until,
        })
    }
}

/// Each word once, so that a list is no longer than its enum.
fn distinct<W: Into<T>, T: Copy + Ord>(words: Vec<W>) -> Vec<T> {
    words.into_iter().map(Into::into).collect::<BTreeSet<T>>().into_iter().collect()
}
