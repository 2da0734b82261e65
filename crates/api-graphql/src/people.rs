//! People: what is held of them, and how programs push them.

use crate::enums::{ChangeKind, UpsertOutcome};
use crate::errors::Result;
use crate::guard::{account, engine};
use crate::inputs::patch;
use crate::limits::{list_cost, page_cost};
use crate::links::LinkNode;
use crate::loaders::{LinksKey, load};
use crate::logs::LogEntryNode;
use crate::page::{self, Connection, Node};
use crate::scalars::{DateTime, Json};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use std::sync::Arc;
use sync_core::claim::UpsertResult;
use sync_core::fault::Fault;
use sync_core::id::PersonId;
use sync_core::log::LogFilter;
use sync_core::person::{Patch, Person, PersonChange, PersonPatch, Version};
use sync_core::time::Timestamp;

/// A version as the schema's `Int`; the core never lets one pass it.
pub(crate) fn version(version: Version) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

/// A person id, or a fault that is to be put under the field's path.
pub(crate) fn person_id(id: ID) -> std::result::Result<PersonId, Fault> {
    PersonId::new(id.0).map_err(|error| Fault::here(error.to_string()))
}

#[derive(Clone)]
pub(crate) struct PersonNode(pub(crate) Arc<Person>);

impl Node for PersonNode {
    type Key = PersonId;
    const ORDER: u8 = 2;
    fn key(&self) -> PersonId {
        self.0.id.clone()
    }
}

/// One entry of the directory
#[Object(name = "Person")]
impl PersonNode {
    /// 1 to 255 characters, compared byte by byte; 42 and "42" are the same id
    async fn id(&self) -> ID {
        ID(self.0.id.as_str().to_owned())
    }

    /// 1 when first seen, one more with each change
    async fn version(&self) -> i32 {
        version(self.0.version)
    }

    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    async fn last_name(&self) -> Option<&str> {
        self.0.last_name.as_deref()
    }

    /// The name given, else first and last name joined
    async fn name(&self) -> String {
        self.0.name()
    }

    /// The first of emails
    async fn email(&self) -> Option<&str> {
        self.0.emails.first().map(String::as_str)
    }

    async fn emails(&self) -> &[String] {
        &self.0.emails
    }

    async fn summary(&self) -> Option<&str> {
        self.0.summary.as_deref()
    }

    /// The first of phones
    async fn phone(&self) -> Option<&str> {
        self.0.phones.first().map(String::as_str)
    }

    async fn phones(&self) -> &[String] {
        &self.0.phones
    }

    async fn organizations(&self) -> &[String] {
        &self.0.organizations
    }

    /// An object: type -> address
    async fn contact(&self) -> Json {
        Json::object(&self.0.contact)
    }

    async fn labels(&self) -> &[String] {
        &self.0.labels
    }

    /// An object
    async fn custom(&self) -> Json {
        Json::object(&self.0.custom)
    }

    async fn timezone(&self) -> Option<&str> {
        self.0.timezone.as_deref()
    }

    async fn language(&self) -> Option<&str> {
        self.0.language.as_deref()
    }

    async fn last_logged_in(&self) -> Option<DateTime> {
        self.0.last_logged_in.map(DateTime::from)
    }

    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }

    async fn deleted_at(&self) -> Option<DateTime> {
        self.0.deleted_at.map(DateTime::from)
    }

    /// One for each sync that has anything to do with this person
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn links(&self, ctx: &Context<'_>) -> Result<Vec<LinkNode>> {
        let links = load(ctx, LinksKey(account(ctx)?, self.0.id.clone())).await?;
        Ok(links.unwrap_or_default().into_iter().map(LinkNode).collect())
    }

    /// What happened to this person here, newest first
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<PersonChangeNode>> {
        let request = page::request::<PersonChangeNode>(first, after.as_deref())?;
        let page = engine(ctx).store().person_changes(account(ctx)?, &self.0.id, request).await?;
        Ok(Connection::of(page, after.is_some(), |change| PersonChangeNode(Arc::new(change))))
    }

    /// Newest first
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    async fn logs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<LogEntryNode>> {
        let filter = LogFilter { person: Some(self.0.id.clone()), ..LogFilter::default() };
        LogEntryNode::page(ctx, &filter, first, after).await
    }
}

#[derive(Clone)]
pub(crate) struct PersonChangeNode(Arc<PersonChange>);

impl Node for PersonChangeNode {
    type Key = Version;
    const ORDER: u8 = 3;
    fn key(&self) -> Version {
        self.0.version
    }
}

/// One entry of a person's history
#[Object(name = "PersonChange")]
impl PersonChangeNode {
    async fn version(&self) -> i32 {
        version(self.0.version)
    }

    async fn kind(&self) -> ChangeKind {
        self.0.kind.into()
    }

    async fn at(&self) -> DateTime {
        self.0.at.into()
    }

    /// Names of the fields that differ from the version before, such as emails; custom.plan for one member
    async fn fields(&self) -> &[String] {
        &self.0.fields
    }
}

/// What is said of one person. Fields left out stay as they are; null clears
#[derive(InputObject)]
pub(crate) struct PersonInput {
    /// 1 to 255 characters without control characters
    id: ID,
    first_name: MaybeUndefined<String>,
    last_name: MaybeUndefined<String>,
    /// Never given, or null: first and last name joined, and kept so
    name: MaybeUndefined<String>,
    emails: MaybeUndefined<Vec<String>>,
    phones: MaybeUndefined<Vec<String>>,
    organizations: MaybeUndefined<Vec<String>>,
    labels: MaybeUndefined<Vec<String>>,
    summary: MaybeUndefined<String>,
    timezone: MaybeUndefined<String>,
    language: MaybeUndefined<String>,
    /// An object: type -> address, such as {"whatsapp": "+44..."}. Replaces the whole object
    contact: MaybeUndefined<Json>,
    /// An object of any JSON values. Replaces the whole object
    custom: MaybeUndefined<Json>,
    last_logged_in: MaybeUndefined<DateTime>,
    /// As the source system says. Never given, or null: when the person was first seen here
    created_at: MaybeUndefined<DateTime>,
    /// As the source system says. Left out, or null: now, if anything else differs
    updated_at: MaybeUndefined<DateTime>,
}

impl PersonInput {
    /// What the engine is told, or every fault with its path from the person on.
    fn checked(self) -> std::result::Result<PersonPatch, Vec<Fault>> {
        let mut faults = Vec::new();
        let id = person_id(self.id).map_err(|fault| faults.push(fault.under("id"))).ok();
        let mut instant = |field: &str, at: MaybeUndefined<DateTime>| match patch(at) {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(at) => {
                at.checked().map_err(|fault| faults.push(fault.under(field))).map_or(Patch::Keep, Patch::Set)
            }
        };
        let last_logged_in: Patch<Timestamp> = instant("lastLoggedIn", self.last_logged_in);
        let created_at = instant("createdAt", self.created_at);
        let updated_at = instant("updatedAt", self.updated_at);
        // A stand-in lets the other fields be checked beside a faulty id.
        let checked_id = id.or_else(|| PersonId::new("?").ok());
        let Some(id) = checked_id else { return Err(faults) };
        let person = PersonPatch {
            id,
            first_name: patch(self.first_name),
            last_name: patch(self.last_name),
            name: patch(self.name),
            emails: patch(self.emails),
            phones: patch(self.phones),
            organizations: patch(self.organizations),
            labels: patch(self.labels),
            summary: patch(self.summary),
            timezone: patch(self.timezone),
            language: patch(self.language),
            contact: patch(self.contact).map(|json| json.0),
            custom: patch(self.custom).map(|json| json.0),
            last_logged_in,
            created_at,
            updated_at,
        };
        match person.check() {
            Ok(person) if faults.is_empty() => Ok(person),
            Ok(_) => Err(faults),
            Err(more) => {
                faults.extend(more);
                Err(faults)
            }
        }
    }

    /// All people of a call, or all faults of all of them.
    pub(crate) fn all_checked(people: Vec<Self>) -> std::result::Result<Vec<PersonPatch>, Vec<Fault>> {
        let (mut checked, mut faults) = (Vec::with_capacity(people.len()), Vec::new());
        for (index, person) in people.into_iter().enumerate() {
            match person.checked() {
                Ok(person) => checked.push(person),
                Err(found) => faults.extend(found.into_iter().map(|fault| fault.under(index).under("input"))),
            }
        }
        if faults.is_empty() { Ok(checked) } else { Err(faults) }
    }
}

/// What became of one person of a call
#[derive(SimpleObject)]
pub(crate) struct UpsertedPerson {
    id: ID,
    change: UpsertOutcome,
    /// The version held now
    version: i32,
}

impl From<UpsertResult> for UpsertedPerson {
    fn from(result: UpsertResult) -> Self {
        Self { id: ID(result.id.as_str().to_owned()), change: result.outcome.into(), version: version(result.version) }
    }
}

/// What a delete did
#[derive(SimpleObject)]
pub(crate) struct DeletedPeople {
    deleted: Vec<ID>,
    /// Unknown or already deleted
    unknown: Vec<ID>,
}

impl From<sync_engine::DeletedPeople> for DeletedPeople {
    fn from(result: sync_engine::DeletedPeople) -> Self {
        let ids = |people: Vec<PersonId>| people.into_iter().map(|id| ID(id.into())).collect();
        Self { deleted: ids(result.deleted), unknown: ids(result.unknown) }
    }
}
