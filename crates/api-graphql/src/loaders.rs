//! Look-ups by id, batched: all rows of a page that need a sync, a person, links or a runtime ask for them in one query
//! each. Nothing is cached, so nothing goes stale; keys name the account, so nothing crosses accounts.

use crate::errors::{ApiError, Result};
use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};
use async_graphql::runtime::{TokioSpawner, TokioTimer};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::link::Link;
use sync_core::page::SyncPlace;
use sync_core::person::Person;
use sync_core::plan::next::NextRequests;
use sync_core::ports::{Store, SyncRuntime};
use sync_core::sync::SyncConfig;

/// A sync by its id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SyncKey(pub(crate) AccountId, pub(crate) SyncId);

/// A sync's governor and counts by its id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct RuntimeKey(pub(crate) AccountId, pub(crate) SyncId);

/// What a sync's owed people need next, by its id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct NextKey(pub(crate) AccountId, pub(crate) SyncId);

/// A person by its id.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct PersonKey(pub(crate) AccountId, pub(crate) PersonId);

/// The links of a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct LinksKey(pub(crate) AccountId, pub(crate) PersonId);

/// Asks the store.
pub(crate) struct Batches {
    store: Arc<dyn Store>,
}

/// The loader of a schema.
pub(crate) fn loader(store: Arc<dyn Store>) -> DataLoader<Batches> {
    DataLoader::new(Batches { store }, TokioSpawner::current(), TokioTimer::default())
}

/// What a key stands for, if there is such a thing.
pub(crate) async fn load<K>(ctx: &Context<'_>, key: K) -> Result<Option<<Batches as Loader<K>>::Value>>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Batches: Loader<K, Error = ApiError>,
{
    ctx.data_unchecked::<DataLoader<Batches>>().load_one(key).await
}

/// Ids by account: a batch may hold requests of several.
fn by_account<'k, K, I: Clone + 'k>(
    keys: &'k [K],
    parts: impl Fn(&'k K) -> (AccountId, &'k I),
) -> HashMap<AccountId, Vec<I>> {
    let mut accounts: HashMap<AccountId, Vec<I>> = HashMap::new();
    for key in keys {
        let (account, id) = parts(key);
        accounts.entry(account).or_default().push(id.clone());
    }
    accounts
}

impl Loader<SyncKey> for Batches {
    type Value = Arc<SyncConfig>;
    type Error = ApiError;

    async fn load(&self, keys: &[SyncKey]) -> Result<HashMap<SyncKey, Self::Value>> {
        let mut found = HashMap::new();
        for (account, ids) in by_account(keys, |key| (key.0, &key.1)) {
            let syncs = self.store.syncs_by_ids(account, &ids).await?;
            found.extend(syncs.into_iter().map(|sync| (SyncKey(account, sync.id), Arc::new(sync))));
        }
        Ok(found)
    }
}

impl Loader<RuntimeKey> for Batches {
    type Value = Arc<SyncRuntime>;
    type Error = ApiError;

    async fn load(&self, keys: &[RuntimeKey]) -> Result<HashMap<RuntimeKey, Self::Value>> {
        let mut found = HashMap::new();
        for (account, ids) in by_account(keys, |key| (key.0, &key.1)) {
            let runtimes = self.store.runtimes(account, &ids).await?;
            found.extend(runtimes.into_iter().map(|(id, runtime)| (RuntimeKey(account, id), Arc::new(runtime))));
        }
        Ok(found)
    }
}

impl Loader<NextKey> for Batches {
    type Value = NextRequests;
    type Error = ApiError;

    async fn load(&self, keys: &[NextKey]) -> Result<HashMap<NextKey, Self::Value>> {
        let mut found = HashMap::new();
        for (account, ids) in by_account(keys, |key| (key.0, &key.1)) {
            let counted = self.store.next_requests(account, &ids).await?;
            found.extend(counted.into_iter().map(|(id, next)| (NextKey(account, id), next)));
        }
        Ok(found)
    }
}

impl Loader<PersonKey> for Batches {
    type Value = Arc<Person>;
    type Error = ApiError;

    async fn load(&self, keys: &[PersonKey]) -> Result<HashMap<PersonKey, Self::Value>> {
        let mut found = HashMap::new();
        for (account, ids) in by_account(keys, |key| (key.0, &key.1)) {
            let people = self.store.people_by_ids(account, &ids).await?;
            found.extend(people.into_iter().map(|person| (PersonKey(account, person.id.clone()), Arc::new(person))));
        }
        Ok(found)
    }
}

impl Loader<LinksKey> for Batches {
    type Value = Vec<Arc<Link>>;
    type Error = ApiError;

    async fn load(&self, keys: &[LinksKey]) -> Result<HashMap<LinksKey, Self::Value>> {
        let mut found: HashMap<LinksKey, Self::Value> = HashMap::new();
        for (account, people) in by_account(keys, |key| (key.0, &key.1)) {
            let mut links = self.store.links_of_people(account, &people).await?;
            let ids: BTreeSet<SyncId> = links.iter().map(|link| link.id.sync).collect();
            let syncs = self.store.syncs_by_ids(account, &Vec::from_iter(ids)).await?;
            let places: HashMap<SyncId, SyncPlace> =
                syncs.iter().map(|sync| (sync.id, SyncPlace::from(sync))).collect();
            // Newest sync first, as syncs are listed. One that was deleted just now comes last.
            links.sort_by_key(|link| Reverse(places.get(&link.id.sync)));
            for link in links {
                found.entry(LinksKey(account, link.id.person.clone())).or_default().push(Arc::new(link));
            }
        }
        Ok(found)
    }
}
