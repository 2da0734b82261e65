//! Pushing people.

use crate::intake::{PEOPLE_PER_CALL_MAX, Reply, Waiting};
use crate::trace;
use crate::{AccountScope, EngineError, EngineResult};
use sync_core::claim::{Call, CallResult, UpsertResult};
use sync_core::fault::Fault;
use sync_core::id::PersonId;
use sync_core::person::PersonPatch;
use tracing::Instrument;

/// What a delete did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedPeople {
    /// Who was deleted.
    pub deleted: Vec<PersonId>,
    /// Who was unknown or already deleted.
    pub unknown: Vec<PersonId>,
}

impl AccountScope {
    /// Creates or changes people, at most [`PEOPLE_PER_CALL_MAX`] a call, all or nothing, answered in the order given.
    /// When this returns `Ok`, the change survives a crash at any instant.
    pub async fn upsert_people(&self, patches: Vec<PersonPatch>) -> EngineResult<Vec<UpsertResult>> {
        bounded(patches.len(), "input")?;
        let (mut checked, mut faults) = (Vec::with_capacity(patches.len()), Vec::new());
        for (index, patch) in patches.into_iter().enumerate() {
            match patch.check() {
                Ok(patch) => checked.push(patch),
                Err(found) => faults.extend(found.into_iter().map(|fault| fault.under(index).under("input"))),
            }
        }
        if !faults.is_empty() {
            return Err(EngineError::Invalid(faults));
        }
        if checked.is_empty() {
            return Ok(Vec::new());
        }
        match self.record(Call::Upsert(checked)).await? {
            CallResult::Upserted(results) => Ok(results),
            CallResult::Deleted { .. } => unreachable!("an upsert is answered as one"),
        }
    }

    /// Deletes people, at most [`PEOPLE_PER_CALL_MAX`] a call. Unknown and already deleted ids are reported, not an error.
    pub async fn delete_people(&self, ids: Vec<PersonId>) -> EngineResult<DeletedPeople> {
        bounded(ids.len(), "ids")?;
        if ids.is_empty() {
            return Ok(DeletedPeople { deleted: Vec::new(), unknown: Vec::new() });
        }
        match self.record(Call::Delete(ids)).await? {
            CallResult::Deleted { deleted, unknown } => Ok(DeletedPeople { deleted, unknown }),
            CallResult::Upserted(_) => unreachable!("a delete is answered as one"),
        }
    }

    async fn record(&self, call: Call) -> EngineResult<CallResult> {
        let (done, answer) = Reply::new();
        let span = trace::recording(&call);
        let waiting = Waiting { account: self.account, call, span: span.clone(), done };
        let recorded = async {
            if !self.engine.inner.intake.take_in(waiting).await {
                return Err(EngineError::Unavailable(None));
            }
            answer.await.map_err(|_| EngineError::Lost(None))?
        };
        recorded.instrument(span).await
    }
}

fn bounded(people: usize, field: &str) -> EngineResult<()> {
    if people > PEOPLE_PER_CALL_MAX {
        let message = format!("holds {people} people; give at most {PEOPLE_PER_CALL_MAX} a call");
        return Err(EngineError::invalid(Fault::at([field], message)));
    }
    Ok(())
}
