//! Clients and administrators: they do what the scenario says, again where no answer came, and note what was acknowledged.

use crate::nodes::Nodes;
use crate::oracle::Promise;
use crate::rules::{data, lookup_url, sync_patch, update_url};
use crate::scenario::{Edit, FIRST_NAMES, PEOPLE, Push, Scope, Step};
use crate::world::World;
use std::sync::Arc;
use std::time::Duration;
use sync_core::id::{AccountId, PersonId, SyncId};
use sync_core::patch::{LookupPatch, RulePatch, SyncPatch};
use sync_core::person::{Patch, PersonPatch};
use sync_core::ports::{ResyncScope, RetryFilter};
use sync_core::sync::Operation;
use sync_engine::{AccountScope, EngineError, EngineResult};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long a client waits before it asks again.
const AGAIN: Duration = Duration::from_millis(200);

/// Who does things.
pub(crate) struct Clients {
    pub(crate) world: Arc<World>,
    pub(crate) nodes: Arc<Nodes>,
    account: AccountId,
    /// One call at a time for each person, so that the order of acceptance is known.
    turns: Vec<Arc<Mutex<()>>>,
}

impl Clients {
    pub(crate) fn new(world: Arc<World>, nodes: Arc<Nodes>, account: AccountId) -> Arc<Self> {
        Arc::new(Self { world, nodes, account, turns: PEOPLE.iter().map(|_| Arc::default()).collect() })
    }

    /// Makes a plan's sync.
    pub(crate) async fn make_sync(&self, sync: usize) {
        let plan = &self.world.scenario.syncs[sync];
        let patch = sync_patch(sync, plan);
        self.insist(sync % self.world.scenario.nodes, async |scope| {
            if self.sync(sync).is_none() {
                scope.create_sync(&patch, plan.include_existing).await?;
            }
            Ok(())
        })
        .await;
    }

    /// Does one step. `mark` names the call.
    pub(crate) async fn perform(&self, node: usize, step: &Step, mark: u64) {
        match step {
            Step::Upsert(pushes) => self.upsert(node, pushes, mark).await,
            Step::Delete(people) => self.delete(node, people).await,
            Step::Pause(sync) => {
                self.of_sync(node, *sync, async |scope, id| scope.pause_sync(id).await.map(drop)).await;
            }
            Step::Resume(sync) => {
                self.of_sync(node, *sync, async |scope, id| scope.resume_sync(id).await.map(drop)).await;
            }
            Step::Edit(sync, edit) => {
                let patch = self.edit(*sync, *edit);
                let edit = async |scope: AccountScope, id| scope.update_sync(id, &patch, None, None).await.map(drop);
                self.of_sync(node, *sync, edit).await;
            }
            Step::DeleteSync(sync) => self.of_sync(node, *sync, async |scope, id| scope.delete_sync(id).await).await,
            Step::Resync { sync, scope, force } => {
                let marked = match scope {
                    Scope::All => ResyncScope::All,
                    Scope::Unlinked => ResyncScope::Unlinked,
                    Scope::Parked => ResyncScope::Parked,
                };
                let resync = async |scope: AccountScope, id| scope.resync(id, marked, *force).await.map(drop);
                self.of_sync(node, *sync, resync).await;
            }
            Step::Retry(sync) => {
                let filter =
                    RetryFilter { sync: sync.and_then(|sync| self.sync(sync)), people: None, ..RetryFilter::default() };
                self.insist(node, async |scope| scope.retry(&filter).await.map(drop)).await;
            }
            Step::RemoveRecord { sync, person } => {
                let mut crms = self.world.crms();
                for id in crms[*sync].ids_of(PEOPLE[*person]) {
                    crms[*sync].remove(&id);
                    self.world.oracle().removed(self.world.now(), (*sync, *person));
                }
            }
            Step::Restart => self.nodes.restart(node),
        }
    }

    fn sync(&self, sync: usize) -> Option<SyncId> {
        self.world.oracle().syncs[sync].id
    }

    /// Something about a sync that is there, or was.
    async fn of_sync(&self, node: usize, sync: usize, act: impl AsyncFn(AccountScope, SyncId) -> EngineResult<()>) {
        if let Some(id) = self.sync(sync) {
            self.insist(node, async |scope| act(scope, id).await).await;
        }
    }

    /// Asks until there is an answer.
    async fn insist(&self, node: usize, act: impl AsyncFn(AccountScope) -> EngineResult<()>) {
        loop {
            let (engine, life) = self.nodes.engine(node).await;
            let answered = tokio::select! {
                biased;
                _ = life.ended() => Err(EngineError::Lost(None)),
                answered = act(engine.account(self.account)) => answered,
            };
            match answered {
                Ok(()) | Err(EngineError::NotFound(_)) => return,
                Err(EngineError::Unavailable(_) | EngineError::Lost(_)) => tokio::time::sleep(AGAIN).await,
                Err(error) => {
                    let what = sync_engine::chain(&error);
                    return self.world.oracle().broken(Promise::Answers, self.world.now(), what);
                }
            }
        }
    }

    async fn take_turns(&self, people: impl Iterator<Item = usize>) -> Vec<OwnedMutexGuard<()>> {
        let mut people: Vec<usize> = people.collect();
        people.sort_unstable();
        people.dedup();
        let mut turns = Vec::new();
        for person in people {
            turns.push(self.turns[person].clone().lock_owned().await);
        }
        turns
    }

    async fn upsert(&self, node: usize, pushes: &[Push], mark: u64) {
        let _turns = self.take_turns(pushes.iter().map(|push| push.person)).await;
        let patches: Vec<PersonPatch> = pushes.iter().map(|push| patch(push, mark)).collect();
        self.insist(node, async |scope| {
            let results = scope.upsert_people(patches.clone()).await?;
            let mut oracle = self.world.oracle();
            let held = |push: &Push| oracle.directory[push.person].as_ref().is_some_and(|(_, held)| *held == mark);
            if results.len() != patches.len() || !pushes.iter().all(held) {
                oracle.broken(Promise::NothingLost, self.world.now(), format!("{pushes:?} is acknowledged, not there"));
            }
            Ok(())
        })
        .await;
    }

    async fn delete(&self, node: usize, people: &[usize]) {
        let _turns = self.take_turns(people.iter().copied()).await;
        let ids: Vec<PersonId> = people.iter().map(|&person| testkit::build::person_id(PEOPLE[person])).collect();
        self.insist(node, async |scope| {
            scope.delete_people(ids.clone()).await?;
            let mut oracle = self.world.oracle();
            if people.iter().any(|&person| oracle.directory[person].is_some()) {
                oracle.broken(Promise::NothingLost, self.world.now(), format!("the delete of {people:?} is lost"));
            }
            Ok(())
        })
        .await;
    }

    fn edit(&self, sync: usize, edit: Edit) -> SyncPatch {
        let plan = &self.world.scenario.syncs[sync];
        let switch = |on| Patch::Set(RulePatch { enabled: Patch::Set(on), ..RulePatch::default() });
        let none = SyncPatch::default();
        match edit {
            Edit::Tag(tag) => {
                let rule = |operation| {
                    let data = Patch::Set(data(plan, operation, tag));
                    Patch::Set(RulePatch { data, ..RulePatch::default() })
                };
                SyncPatch { create: rule(Operation::Create), update: rule(Operation::Update), ..none }
            }
            Edit::Create(on) => SyncPatch { create: switch(on), ..none },
            Edit::Update(on) => SyncPatch { update: switch(on), ..none },
            Edit::Delete(on) => SyncPatch { delete: switch(on), ..none },
            Edit::WrongUpdateUrl(wrong) => {
                let url = Patch::Set(update_url(sync, wrong));
                SyncPatch { update: Patch::Set(RulePatch { url, ..RulePatch::default() }), ..none }
            }
            Edit::WrongLookupUrl(wrong) => {
                let Some(url) = lookup_url(sync, plan, wrong).map(Patch::Set) else { return none };
                let request = RulePatch { url, ..RulePatch::default() };
                SyncPatch { lookup: Patch::Set(LookupPatch { request, ..LookupPatch::default() }), ..none }
            }
            // Still the plan's name: by it the sync is known again.
            Edit::Name(_) => SyncPatch { friendly_name: Patch::Set(crate::rules::friendly_name(sync)), ..none },
        }
    }
}

/// What a push gives of a person.
fn patch(push: &Push, mark: u64) -> PersonPatch {
    let given = |value: Option<String>| value.map_or(Patch::Keep, Patch::Set);
    PersonPatch {
        first_name: given(push.first.map(|first| FIRST_NAMES[first].to_owned())),
        emails: Patch::Set(vec![format!("{}.{}@people.test", push.person, push.email)]),
        phones: push.phone.map_or(Patch::Keep, |phone| Patch::Set(vec![format!("+1 555 {phone}")])),
        custom: Patch::Set(serde_json::json!({ "call": mark })),
        ..PersonPatch::new(testkit::build::person_id(PEOPLE[push.person]))
    }
}
