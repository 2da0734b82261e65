//! Fixed words of the schema, each converted from and to the core's. Clients treat a word they do not know as "other".

use async_graphql::Enum;

/// READER sees; WRITER also writes people and retries; ADMIN also configures, tests, pauses, resyncs and manages keys
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::key::Role")]
pub(crate) enum Role {
    Reader,
    Writer,
    Admin,
}

/// What becomes of existing links when a rule's origin changes
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_engine::MovedLinks")]
pub(crate) enum MovedLinks {
    /// The new origin knows the same unique ids
    Keep,
    /// Another system, such as production after a sandbox: everybody is new there
    Forget,
}

/// Whether a sync sends
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum SyncStatus {
    Active,
    /// Stopped by an administrator
    Paused,
    /// Its endpoint fails as a whole; one probe at a time
    Suspended,
}

/// How requests show who sends them
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AuthenticationKind {
    None,
    Basic,
    Bearer,
}

/// HTTP methods that rules may use
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::Method")]
pub(crate) enum HttpMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// What the data template makes
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::BodyFormat")]
pub(crate) enum BodyFormat {
    Json,
    Form,
    Text,
    None,
    /// application/xml: values are encoded for the place where they stand
    Xml,
}

/// What a 404 or 410 on an update does
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::OnMissing")]
pub(crate) enum OnMissing {
    Park,
    /// Forgets the id and creates again, once. Only after an update was accepted since updateUsers was last edited: a wrong
    /// URL answers 404 to everybody
    Recreate,
    /// Asks the lookup where the record went, and links it anew; where it finds none, creates again, once. Acts as RECREATE
    /// only after an accepted update
    Lookup,
}

/// What a first create does whose record exists already (409 or 412)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::OnExisting")]
pub(crate) enum OnExisting {
    Park,
    /// Asks the lookup for the record, links it and updates it. Needs a lookup
    Adopt,
}

/// What the deletion of a person does to a record that existed before, or may have
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::AdoptedRecords")]
pub(crate) enum AdoptedRecords {
    /// Nothing is sent; the link is kept and counted
    Keep,
    /// It is deleted like any other
    Delete,
}

/// When the lookup is asked before a first create
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::LookupWhen")]
pub(crate) enum LookupWhen {
    /// Only where a create may have been carried out
    Uncertain,
    /// Also for people who were there before the link: whom includeExisting or a resync brought in
    Existing,
    /// Before every first create
    Always,
}

/// What a web page with a status of 2xx is worth, where data was expected
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::Pages")]
pub(crate) enum Pages {
    /// No answer: a maintenance page, or a login
    Refuse,
    /// An answer like any other
    Accept,
}

/// What a create whose answer never came does when nothing can resolve it
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::sync::OnUncertain")]
pub(crate) enum OnUncertain {
    /// The create is sent again with the same Idempotency-Key: a system that ignores the key may hold the person twice
    Resend,
    Park,
}

/// Why one kind of request, or all of them, is held back
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum HoldKind {
    /// The system said "too many requests": nothing is sent until the hold is over
    Limit,
    /// As many requests went in this hour and the 23 before it as limits.requestsPerDay allows (see there). Until the oldest of these
    /// hours no longer counts, or a larger limit is set
    DailyLimit,
    /// Everybody is answered the same: the rule may be wrong. One is let through now and then; releaseHold lets one through at once
    Alike,
    /// Deletes find nothing. Until releaseHold, or an edit
    MissingDeletes,
    /// Creates tell no unique id. Until an edit; releaseHold lets one through
    SilentCreates,
    /// Web pages come instead of answers to creates. Until anything is accepted; releaseHold lets one through at once
    Pages,
    /// An older copy of the database was restored: creates without a lookup, a chosen id or a key that is replayed are held, and
    /// RECREATE acts as PARK. Until releaseHold
    Restored,
}

/// What happened to a person
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::person::ChangeKind")]
pub(crate) enum ChangeKind {
    Created,
    Updated,
    Deleted,
}

/// What an upsert did
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::claim::UpsertOutcome")]
pub(crate) enum UpsertOutcome {
    Created,
    Updated,
    /// Nothing given differs from what is held: no new version, nothing is owed
    Unchanged,
}

/// What the external system is known to hold
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::link::StateName")]
pub(crate) enum LinkState {
    Unlinked,
    /// A create may have been carried out; its answer never came
    Uncertain,
    Linked,
    /// A delete may have been carried out; it is finished first, whatever the person is by now
    Leaving,
    /// Created, but no unique id could be read
    Unaddressable,
}

/// Why a link waits for a mend
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::link::ParkReason")]
pub(crate) enum ParkReason {
    /// The external system refuses this person's data
    Refused,
    /// A template could not be rendered for this person
    Template,
    /// Created, but no unique id could be read from the answer
    NoUniqueId,
    /// The lookup found several records
    Ambiguous,
    /// The unique id already belongs to another person of this sync
    Conflict,
    /// The record is gone, and onMissing is PARK
    Missing,
    /// The answer to the create never came, nothing can resolve it, and onUncertain is PARK
    Uncertain,
    /// The answer was a redirect
    Redirected,
    /// The retry schedule came to its end
    RetriesSpent,
}

/// Which people a resync marks
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::ports::ResyncScope")]
pub(crate) enum ResyncScope {
    All,
    /// People of whom the sync holds no record yet
    Unlinked,
    Parked,
}

/// What a link needs, or an attempt did
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
#[graphql(remote = "sync_core::sync::Operation")]
pub(crate) enum Operation {
    Create,
    Update,
    Delete,
    Lookup,
}

/// What an attempt or decision came to
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::log::LogOutcome")]
pub(crate) enum Outcome {
    Succeeded,
    /// Failed; tried again at nextAttemptAt
    Retrying,
    /// Failed or not to be sent, and nothing more happens until a person, a new change or an edit mends it
    Parked,
    /// Rightly not sent, such as a delete whose rule is off. Unchanged requests are counted and shown on the link, not
    /// logged
    Skipped,
}

/// What went wrong
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "sync_core::log::FailureKind")]
pub(crate) enum FailureKind {
    /// Not sent: a template could not be rendered
    Template,
    /// Not sent: the address is not allowed
    AddressRefused,
    /// Not sent: the name does not resolve
    Dns,
    /// Not sent: no connection
    Connection,
    /// Not sent: the TLS handshake failed
    Tls,
    /// The deadline passed
    Timeout,
    /// Sent; the connection ended before a whole answer came
    NoAnswer,
    /// The answer is larger than is read
    TooLarge,
    /// The answer is not HTTP, or its encoding is broken
    Malformed,
    /// The status says that it was not accepted
    Status,
    /// A redirect, which is never followed
    Redirect,
    /// Accepted, but without a usable unique id
    NoUniqueId,
    /// The lookup found several records
    Ambiguous,
    /// The unique id already belongs to another person of this sync
    Conflict,
    /// The answer is not JSON, where JSON was to be read
    NotJson,
    /// A web page came instead of an answer
    Page,
}
