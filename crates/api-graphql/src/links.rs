//! Links: what each external system is known to hold of each person.

use crate::enums::{LinkState, Operation, ParkReason};
use crate::errors::{ApiError, Result};
use crate::guard::engine;
use crate::loaders::{PersonKey, RuntimeKey, SyncKey, load};
use crate::page::{Connection, Node, request};
use crate::people::{PersonNode, person_id, version};
use crate::scalars::DateTime;
use crate::syncs::SyncNode;
use async_graphql::{Context, ID, InputObject, Object};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use futures_util::future::try_join;
use std::sync::Arc;
use sync_core::decide::{SyncRules, decide};
use sync_core::fault::Fault;
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::person::Person;
use sync_core::text::without_nul;

/// The most characters of a search.
const SEARCH_CHARACTERS_MAX: usize = 255;

#[derive(Clone)]
pub(crate) struct LinkNode(pub(crate) Arc<Link>);

impl Node for LinkNode {
    type Key = PersonId;
    const ORDER: u8 = 4;
    fn key(&self) -> PersonId {
        self.0.id.person.clone()
    }
}

impl LinkNode {
    pub(crate) async fn page(
        ctx: &Context<'_>,
        (account, sync): (AccountId, SyncId),
        filter: Option<LinkFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<Self>> {
        let filter = filter.unwrap_or_default().checked()?;
        let request = request::<Self>(first, after.as_deref())?;
        let page = engine(ctx).store().links(account, sync, &filter, request).await?;
        Ok(Connection::of(page, after.is_some(), |link| Self(Arc::new(link))))
    }

    fn sync_key(&self) -> SyncKey {
        SyncKey(self.0.id.account, self.0.id.sync)
    }

    fn person_key(&self) -> PersonKey {
        PersonKey(self.0.id.account, self.0.id.person.clone())
    }
}

/// The state of one (sync, person) pair
#[Object(name = "Link")]
impl LinkNode {
    async fn id(&self) -> ID {
        let mut bytes = self.0.id.sync.0.as_bytes().to_vec();
        bytes.extend(self.0.id.person.as_str().as_bytes());
        ID(BASE64.encode(bytes))
    }

    async fn sync(&self, ctx: &Context<'_>) -> Result<SyncNode> {
        load(ctx, self.sync_key()).await?.map(SyncNode).ok_or_else(|| ApiError::not_found("sync"))
    }

    async fn person(&self, ctx: &Context<'_>) -> Result<PersonNode> {
        // Its tombstone may be gone while the record was left as it is: of such a person the id is known.
        let purged = || Person {
            deleted_at: Some(self.0.updated_at),
            ..Person::empty(self.0.id.person.clone(), 0, self.0.updated_at)
        };
        Ok(PersonNode(load(ctx, self.person_key()).await?.unwrap_or_else(|| Arc::new(purged()))))
    }

    async fn state(&self) -> LinkState {
        self.0.state.name().into()
    }

    async fn unique_id(&self) -> Option<&str> {
        self.0.state.unique_id().map(sync_core::link::UniqueId::as_str)
    }

    async fn owed(&self) -> bool {
        self.0.is_owed()
    }

    /// What it needs next; null when nothing is owed
    async fn operation(&self, ctx: &Context<'_>) -> Result<Option<Operation>> {
        if !self.0.is_owed() {
            return Ok(None);
        }
        let (sync, person) = try_join(load(ctx, self.sync_key()), load(ctx, self.person_key())).await?;
        let Some(sync) = sync else { return Ok(None) };
        let decision = decide(person.as_deref(), &self.0, &SyncRules::of(&sync), engine(ctx).now());
        Ok(Some(decision.operation().into()))
    }

    /// A request for it is on its way
    async fn in_flight(&self, ctx: &Context<'_>) -> bool {
        self.0.is_leased(engine(ctx).now())
    }

    /// At the earliest; not before the sync's hold after a "too many requests" is over, and requests of the day are available again
    async fn next_attempt_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let Some(at) = self.0.claimable_at() else { return Ok(None) };
        let runtime = load(ctx, RuntimeKey(self.0.id.account, self.0.id.sync)).await?;
        let Some(runtime) = runtime else { return Ok(Some(at.into())) };
        let now = engine(ctx).now();
        let sync = load(ctx, self.sync_key()).await?;
        let day = sync.and_then(|sync| runtime.governor.day_used_up(now, &sync.settings.limits));
        let at = runtime.governor.not_before(at, now);
        Ok(Some(day.map_or(at, |day| at.max(day.until)).into()))
    }

    async fn tries(&self) -> i32 {
        self.0.tries.into()
    }

    async fn parked_at(&self) -> Option<DateTime> {
        self.0.parked.as_ref().map(|parked| parked.at.into())
    }

    /// In words, with the mend; null when not parked
    async fn parked_reason(&self) -> Option<&str> {
        self.0.parked.as_ref().map(|parked| parked.detail.as_str())
    }

    /// The same as a fixed word, for programs
    async fn parked_code(&self) -> Option<ParkReason> {
        self.0.parked.as_ref().map(|parked| parked.reason.into())
    }

    /// The newest decision about this link in words, such as: unchanged, the request equals the one accepted before
    async fn last_decision(&self) -> Option<&str> {
        self.0.last_decision.as_deref()
    }

    /// The person's version that the external system last accepted
    async fn sent_version(&self) -> Option<i32> {
        self.0.sent.as_ref().map(|sent| version(sent.version))
    }

    /// The record existed before, or may have: a lookup found it
    async fn adopted(&self) -> bool {
        self.0.notes().adopted
    }

    /// The person is deleted and the record is left as it is, since it existed before
    async fn kept(&self) -> bool {
        self.0.notes().kept
    }

    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}

/// Which links are asked for: all that are given must hold
#[derive(InputObject, Default)]
pub(crate) struct LinkFilter {
    state: Option<LinkState>,
    owed: Option<bool>,
    parked: Option<bool>,
    parked_code: Option<ParkReason>,
    person_id: Option<ID>,
    unique_id: Option<String>,
    /// Of a deleted person whose record is kept, since it existed before
    kept: Option<bool>,
    /// As in people
    search: Option<String>,
}

impl LinkFilter {
    fn checked(self) -> Result<sync_core::ports::LinkFilter> {
        let mut faults = Vec::new();
        let mut note = |fault: Fault, field: &str| faults.push(fault.under(field).under("filter"));
        let person = self.person_id.and_then(|id| person_id(id).map_err(|fault| note(fault, "personId")).ok());
        let search = search(self.search).unwrap_or_else(|fault| {
            note(fault, "search");
            None
        });
        ApiError::of_faults(faults)?;
        Ok(sync_core::ports::LinkFilter {
            state: self.state.map(Into::into),
            owed: self.owed,
            parked: self.parked,
            parked_reason: self.parked_code.map(Into::into),
            person,
            unique_id: self.unique_id.map(|id| without_nul(&id).into_owned()),
            kept: self.kept,
            search,
        })
    }
}

/// A search as it is given to the store: an empty one is none.
pub(crate) fn search(text: Option<String>) -> std::result::Result<Option<String>, Fault> {
    let text = text.map(|text| without_nul(&text).into_owned()).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > SEARCH_CHARACTERS_MAX => {
            Err(Fault::here(format!("has more than {SEARCH_CHARACTERS_MAX} characters; give a shorter beginning")))
        }
        text => Ok(text),
    }
}
