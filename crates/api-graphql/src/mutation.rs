//! Writing.

use crate::alerts::{AlertsInput, SetAlertsResult, TestAlertResult};
use crate::enums::{HoldKind, MovedLinks, ParkReason, ResyncScope};
use crate::errors::{ApiError, Result, under};
use crate::guard::{ADMIN, WRITER, account, engine, scope};
use crate::inputs::{SyncInput, SyncPatch};
use crate::keys::{ApiKey, ApiKeyInput, CreatedApiKey};
use crate::people::{DeletedPeople, PersonInput, UpsertedPerson, person_id};
use crate::scalars::SafeInt;
use crate::syncs::SyncNode;
use crate::templates::{TestResult, TestSyncInput, sync_id};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use secrecy::ExposeSecret;
use sync_core::fault::Fault;
use sync_core::id::{KeyId, PersonId, SyncId};
use sync_engine::{EngineError, PEOPLE_PER_CALL_MAX};
use uuid::Uuid;

/// The root of mutations.
pub struct Mutation;

/// Writing. People and retries need WRITER, everything else needs ADMIN
#[Object]
impl Mutation {
    /// A sync may be made with its name alone; it sends nothing until createUsers is set up. id: chosen by the client, a random
    /// UUID, so that the call can be repeated where its answer was lost: the same id and input answer the sync as it stands now
    /// and make nothing twice. CONFLICT where a sync with this id was made of another input, or deleted (ids of deleted syncs are
    /// remembered for 400 days). Left out: the server chooses one, and each call makes a sync
    #[graphql(guard = "ADMIN")]
    async fn create_sync(&self, ctx: &Context<'_>, input: SyncInput, id: Option<ID>) -> Result<SyncNode> {
        let id = id.as_ref().map(chosen_id).transpose()?.map(SyncId);
        let (said, include_existing) = input.checked().map_err(|fault| fault.under("input"))?;
        let created = match id {
            Some(id) => scope(ctx)?.create_sync_once(id, &said, include_existing).await,
            None => scope(ctx)?.create_sync(&said, include_existing).await,
        };
        Ok(created.map_err(under(&["input"]))?.into())
    }

    /// Fields left out stay as they are, at every depth; null clears an optional one. A list given (headers) replaces the
    /// list. Saved secrets never follow to an origin that no rule of the saved sync had: unless given again in the same
    /// call, the authentication's secret is dropped (secretSet turns false), and so are that rule's secret headers;
    /// statusReason says so. links: what becomes of existing links when a rule's origin changes; left out while there are
    /// any: CONFLICT. ifRevision: CONFLICT unless the sync still has this revision; left out: the last writer wins.
    #[graphql(guard = "ADMIN")]
    async fn update_sync(
        &self,
        ctx: &Context<'_>,
        id: ID,
        input: SyncPatch,
        if_revision: Option<i32>,
        links: Option<MovedLinks>,
    ) -> Result<SyncNode> {
        let said = input.checked().map_err(|fault| fault.under("input"))?;
        let updated = scope(ctx)?.update_sync(sync_id(&id)?, &said, if_revision, links.map(Into::into)).await;
        Ok(updated.map_err(under(&["input"]))?.into())
    }

    /// Deletes the sync with its links and logs. The records in the external system stay
    #[graphql(guard = "ADMIN")]
    async fn delete_sync(&self, ctx: &Context<'_>, id: ID) -> Result<ID> {
        let id = sync_id(&id)?;
        scope(ctx)?.delete_sync(id).await?;
        Ok(id.into())
    }

    /// Stops sending; changes go on being remembered and are sent, newest state only, after resumeSync
    #[graphql(guard = "ADMIN")]
    async fn pause_sync(&self, ctx: &Context<'_>, id: ID) -> Result<SyncNode> {
        Ok(scope(ctx)?.pause_sync(sync_id(&id)?).await?.into())
    }

    /// Ends a pause. On a suspended sync: probes now instead of at heldUntil
    #[graphql(guard = "ADMIN")]
    async fn resume_sync(&self, ctx: &Context<'_>, id: ID) -> Result<SyncNode> {
        Ok(scope(ctx)?.resume_sync(sync_id(&id)?).await?.into())
    }

    /// Ends one hold. MISSING_DELETES: once for this revision, the rest is rightly gone. SILENT_CREATES, ALIKE and PAGES: one
    /// request goes, and tells. LIMIT: the next request goes now. DAILY_LIMIT cannot be released: set a larger limits.requestsPerDay. RESTORED: what was lost is here again, all go on. Where nothing is held for this reason, nothing happens.
    /// ifRevision: CONFLICT unless the sync still has this revision
    #[graphql(guard = "ADMIN")]
    async fn release_hold(
        &self,
        ctx: &Context<'_>,
        sync_id: ID,
        kind: HoldKind,
        if_revision: Option<i32>,
    ) -> Result<SyncNode> {
        let id = self::sync_id(&sync_id)?;
        let brake = kind.brake()?;
        Ok(scope(ctx)?.release_hold(id, brake, if_revision).await?.into())
    }

    /// Sends one real request for a person (or a sample person) and shows what came back; links nothing and is not in the
    /// log. A CREATE makes a real record, which stays.
    #[graphql(guard = "ADMIN")]
    async fn test_sync(&self, ctx: &Context<'_>, input: TestSyncInput) -> Result<TestResult> {
        input.send(&scope(ctx)?).await
    }

    /// Marks people as owed to a sync. Requests equal to the last accepted one are still not sent, unless forced. force
    /// left out: false
    #[graphql(guard = "ADMIN")]
    async fn resync(
        &self,
        ctx: &Context<'_>,
        sync_id: ID,
        #[graphql(name = "scope")] which: ResyncScope,
        force: Option<bool>,
    ) -> Result<ResyncResult> {
        let sync = crate::templates::sync_id(&sync_id)?;
        let marked = scope(ctx)?.resync(sync, which.into(), force.unwrap_or(false)).await?;
        Ok(ResyncResult { marked: marked.into() })
    }

    /// Creates or changes people, at most 1000 a call, all or nothing, answered in the order given. Fields left out stay
    /// as they are; null clears. An id that stands twice in a call is applied twice, in order.
    #[graphql(guard = "WRITER")]
    async fn upsert_people(&self, ctx: &Context<'_>, input: Vec<PersonInput>) -> Result<Vec<UpsertedPerson>> {
        bounded(input.len(), "input")?;
        let people = PersonInput::all_checked(input).map_err(EngineError::Invalid)?;
        let upserted = scope(ctx)?.upsert_people(people).await?;
        Ok(upserted.into_iter().map(Into::into).collect())
    }

    /// Deletes people, at most 1000 a call. Unknown and already deleted ids are reported, not an error
    #[graphql(guard = "WRITER")]
    async fn delete_people(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<DeletedPeople> {
        bounded(ids.len(), "ids")?;
        let mut faults = Vec::new();
        let people = person_ids(ids, &["ids"], &mut faults);
        ApiError::of_faults(faults)?;
        Ok(scope(ctx)?.delete_people(people).await?.into())
    }

    /// Un-parks links, ends the wait of those backing off, and makes them due now with their tries at 0. An empty filter
    /// means all owed and parked links. createAgain (ADMIN only): the administrator has looked, and the creates made nothing
    /// there: UNCERTAIN and UNADDRESSABLE links that the filter names are created anew. Of a deleted person the link is
    /// forgotten, and a record that was made all the same stays. It needs a filter, and expected: the number of such links,
    /// else CONFLICT
    #[graphql(guard = "WRITER")]
    async fn retry(
        &self,
        ctx: &Context<'_>,
        filter: RetryFilter,
        create_again: Option<bool>,
        expected: Option<i32>,
    ) -> Result<RetryResult> {
        let create_again = create_again.unwrap_or(false);
        if create_again {
            ADMIN.of(ctx)?;
        }
        let (filter, expected) = filter.checked(create_again, expected)?;
        let marked = match expected {
            Some(expected) => scope(ctx)?.create_again(&filter, expected).await?,
            None => scope(ctx)?.retry(&filter).await?,
        };
        Ok(RetryResult { marked: marked.into() })
    }

    /// Forgets the links of a sync whose external system was emptied: everybody is created anew, and looked up first where
    /// there is a lookup. Deleted people are forgotten. The sync must be paused, and expected the number of its links that
    /// are not UNLINKED, else CONFLICT. Returns that number; it is done in the background
    #[graphql(guard = "ADMIN")]
    async fn forget_links(&self, ctx: &Context<'_>, sync_id: ID, expected: i32) -> Result<ForgetLinksResult> {
        let id = self::sync_id(&sync_id)?;
        ApiError::of_faults(negative(expected).into_iter().collect())?;
        Ok(ForgetLinksResult { forgotten: scope(ctx)?.forget_links(id, expected.into()).await?.into() })
    }

    /// Makes an API key. Its secret is shown this once. id: chosen by the client, a random UUID, so that the call can be repeated
    /// where its answer was lost: the same id and input make no second key, but give it another secret, which is shown, while
    /// nobody has used the key and it is under 10 minutes old. Else CONFLICT. Left out: the server chooses one, and each call makes a key
    #[graphql(guard = "ADMIN")]
    async fn create_api_key(&self, ctx: &Context<'_>, input: ApiKeyInput, id: Option<ID>) -> Result<CreatedApiKey> {
        let id = id.as_ref().map(chosen_id).transpose()?.map(KeyId);
        let (engine, account, role) = (engine(ctx), account(ctx)?, input.role.into());
        let made = match id {
            Some(id) => engine.create_key_once(account, id, &input.name, role).await,
            None => engine.create_key(account, &input.name, role).await,
        };
        let (key, secret) = made.map_err(under(&["input"]))?;
        Ok(CreatedApiKey { key: key.into(), secret: secret.expose_secret().to_owned() })
    }

    /// At once, sessions opened with it too. The last ADMIN key is refused with CONFLICT. Revoking twice is no error
    #[graphql(guard = "ADMIN")]
    async fn revoke_api_key(&self, ctx: &Context<'_>, id: ID) -> Result<ApiKey> {
        let id = id.parse().map_err(|_| ApiError::not_found("API key"))?;
        Ok(engine(ctx).revoke_key(account(ctx)?, id).await?.into())
    }

    /// Says where alerts go: a sync suspended, recovered, links parked above a threshold; once each, signed by Standard
    /// Webhooks. What stands badly now is told at once; what waits to be sent goes to this address
    #[graphql(guard = "ADMIN")]
    async fn set_alerts(&self, ctx: &Context<'_>, input: AlertsInput) -> Result<SetAlertsResult> {
        let set = scope(ctx)?.set_alerts(input.into()).await;
        Ok(SetAlertsResult::of(set.map_err(under(&["input"]))?))
    }

    /// No more alerts; what waits is dropped. false: there was no address
    #[graphql(guard = "ADMIN")]
    async fn remove_alerts(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(scope(ctx)?.remove_alerts().await?)
    }

    /// Sends an alert of the type alert.test to the saved address now, once, and shows what came back. NOT_FOUND where no
    /// address is set
    #[graphql(guard = "ADMIN")]
    async fn test_alert(&self, ctx: &Context<'_>) -> Result<TestAlertResult> {
        Ok(scope(ctx)?.test_alert().await?.into())
    }
}

/// What a resync marked
#[derive(SimpleObject)]
struct ResyncResult {
    marked: SafeInt,
}

/// What forgetLinks will forget
#[derive(SimpleObject)]
struct ForgetLinksResult {
    forgotten: SafeInt,
}

/// Which links a retry marks
#[derive(InputObject)]
struct RetryFilter {
    /// Of this sync. Left out: of all
    sync_id: Option<ID>,
    /// Of these people, at most 1000. Left out: of all
    person_ids: Option<Vec<ID>>,
    /// Parked for one of these reasons, at least one. Left out: for any, or owed
    parked_codes: Option<Vec<ParkReason>>,
}

impl RetryFilter {
    /// What the engine is told, and the number that createAgain is meant for, which is there with it only; or every fault.
    fn checked(
        self,
        create_again: bool,
        expected: Option<i32>,
    ) -> Result<(sync_core::ports::RetryFilter, Option<i64>)> {
        let mut faults: Vec<Fault> = Vec::new();
        if create_again && self.sync_id.is_none() && self.person_ids.is_none() && self.parked_codes.is_none() {
            faults.push(Fault::at(["filter"], "names nobody; createAgain needs syncId, personIds or parkedCodes"));
        }
        if self.parked_codes.as_ref().is_some_and(Vec::is_empty) {
            let message = "is empty; give at least one reason, or leave it out for any";
            faults.push(Fault::at(["filter", "parkedCodes"], message));
        }
        match expected {
            None if create_again => {
                let message = "is missing; give the number of links that createAgain is meant for";
                faults.push(Fault::at(["expected"], message));
            }
            Some(_) if !create_again => {
                faults.push(Fault::at(["expected"], "belongs to createAgain only; leave it out here"));
            }
            _ => faults.extend(expected.and_then(negative)),
        }
        let people = match self.person_ids {
            None => None,
            Some(ids) if ids.len() > PEOPLE_PER_CALL_MAX => {
                let message = format!("holds {} people; give at most {PEOPLE_PER_CALL_MAX} a call", ids.len());
                faults.push(Fault::at(["filter", "personIds"], message));
                None
            }
            Some(ids) => Some(person_ids(ids, &["filter", "personIds"], &mut faults)),
        };
        ApiError::of_faults(faults)?;
        let sync = self.sync_id.as_ref().map(sync_id).transpose()?;
        let reasons = self.parked_codes.map(|codes| codes.into_iter().map(Into::into).collect::<Vec<_>>());
        Ok((sync_core::ports::RetryFilter { sync, people, reasons, create_again }, expected.map(i64::from)))
    }
}

/// A number of links that can be none.
fn negative(expected: i32) -> Option<Fault> {
    let message = || format!("is {expected}; give the number of links that you see, 0 or more");
    (expected < 0).then(|| Fault::at(["expected"], message()))
}

/// What a retry marked
#[derive(SimpleObject)]
struct RetryResult {
    marked: SafeInt,
}

/// An id that the client chose for what it makes.
fn chosen_id(id: &ID) -> Result<Uuid> {
    Ok(sync_core::chosen::chosen_id(id).map_err(|error| Fault::at(["id"], error.to_string()))?)
}

fn bounded(people: usize, field: &str) -> Result<()> {
    if people > PEOPLE_PER_CALL_MAX {
        let message = format!("holds {people} people; give at most {PEOPLE_PER_CALL_MAX} a call");
        return Err(Fault::at([field], message).into());
    }
    Ok(())
}

/// The person ids that are sound; of the others, each fault with its path.
fn person_ids(ids: Vec<ID>, path: &[&str], faults: &mut Vec<Fault>) -> Vec<PersonId> {
    let mut people = Vec::with_capacity(ids.len());
    for (index, id) in ids.into_iter().enumerate() {
        match person_id(id) {
            Ok(id) => people.push(id),
            Err(fault) => faults.push(path.iter().rev().fold(fault.under(index), |fault, part| fault.under(*part))),
        }
    }
    people
}
