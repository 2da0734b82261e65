//! Rehearsing a rule: previews that send nothing, and tests that send one real request and link nothing.

use crate::attempt::{context_of, reading, searches_for_nobody};
use crate::compiled::CompiledSync;
use crate::dispatch::Unusable;
use crate::{AccountScope, EngineError, EngineResult};
use std::sync::Arc;
use std::time::Duration;
use sync_core::claim::Known;
use sync_core::digest::{CONSTANT_KEY, Digest};
use sync_core::fault::{Fault, PathPart};
use sync_core::governor::Wish;
use sync_core::id::{PersonId, SyncId};
use sync_core::judge::{Judging, Reading, judge};
use sync_core::link::{Link, UniqueId};
use sync_core::log::{FailureKind, LogOutcome};
use sync_core::outcome::{Exchange, NotSent, Outcome, Request};
use sync_core::patch::{SyncPatch, merge, rule_field};
use sync_core::person::Person;
use sync_core::ports::Preview;
use sync_core::settle::{self, Attempt, Context};
use sync_core::sync::{LookupRule, LookupWhen, Operation, SETTLE_SECONDS_DEFAULT, Settings, SyncConfig};

/// For whom a rule is rendered.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// `None`: the sample person.
    pub person: Option<PersonId>,
    /// `None`: the link's, else a sample (previews) or a fault (tests of updates and deletes).
    pub unique_id: Option<String>,
}

/// A rule as it would be sent.
#[derive(Clone, Debug)]
pub struct Previewed {
    /// The method.
    pub method: sync_core::sync::Method,
    /// What could be rendered, and what is wrong with the rest.
    pub parts: Preview,
    /// Equal to the last accepted request; `None` without a saved sync and a person.
    pub unchanged: Option<bool>,
}

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Tested {
    /// What was sent.
    pub request: Request,
    /// What came of it.
    pub exchange: Exchange,
    /// Why it would not count as accepted, in words.
    pub error: Option<String>,
    /// The same as a fixed word.
    pub failure: Option<FailureKind>,
    /// The unique id found in the answer (create and lookup).
    pub unique_id: Option<UniqueId>,
}

impl AccountScope {
    /// Renders a saved sync's rule (as if it had been changed by `changes`) without sending anything.
    pub async fn preview_saved(
        &self,
        id: SyncId,
        operation: Operation,
        subject: &Subject,
        changes: Option<&SyncPatch>,
    ) -> EngineResult<Previewed> {
        let sync = match self.changed(id, changes).await {
            Ok(sync) => sync,
            Err(Changed::Error(error)) => return Err(error),
            Err(Changed::Faults(config, faults)) => {
                let link = self.link(id, subject).await?;
                return self.faulty(*config, operation, subject, link.as_ref(), faults).await;
            }
        };
        let link = self.link(id, subject).await?;
        self.preview(&sync, operation, subject, link.as_ref()).await
    }

    /// Renders a rule of no sync. Lookups are refused here.
    pub async fn preview_draft(
        &self,
        rule: &sync_core::patch::RulePatch,
        operation: Operation,
        subject: &Subject,
    ) -> EngineResult<Previewed> {
        if operation == Operation::Lookup {
            let message = "LOOKUP needs a saved sync; use saved with changes";
            return Err(EngineError::invalid(Fault::at(["operation"], message)));
        }
        let mut rule = rule.clone();
        // What these mean hangs on a lookup, which a draft is without, and changes nothing of what is sent.
        match operation {
            Operation::Create => rule.on_existing = sync_core::person::Patch::Keep,
            Operation::Update => rule.on_missing = sync_core::person::Patch::Keep,
            Operation::Delete | Operation::Lookup => {}
        }
        let rule = sync_core::person::Patch::Set(rule);
        let mut patch =
            SyncPatch { friendly_name: sync_core::person::Patch::Set("Draft".to_owned()), ..SyncPatch::default() };
        match operation {
            Operation::Create => patch.create = rule,
            Operation::Update => patch.update = rule,
            Operation::Delete | Operation::Lookup => patch.delete = rule,
        }
        let id = SyncId(self.engine.new_id());
        let merged = merge(None, &patch, &self.seal(id)).map_err(|unmerged| {
            let inner = unmerged.faults.into_iter().map(|mut fault| {
                // From the rule on: the draft has no sync around it.
                if fault.path.first() == Some(&rule_field(operation).into()) {
                    fault.path[0] = "rule".into();
                }
                fault
            });
            EngineError::Invalid(inner.collect())
        })?;
        let config = self.unsaved(id, merged.friendly_name, merged.settings);
        match CompiledSync::compile(config.clone(), self.engine.templates(), &self.engine.inner.dispatching.vault) {
            Ok(sync) => self.preview(&sync, operation, subject, None).await,
            Err(faults) => self.faulty(config, operation, subject, None, faults).await,
        }
    }

    /// Sends one real request and shows what came back. Links nothing and is not in the log.
    pub async fn test_sync(
        &self,
        id: SyncId,
        operation: Operation,
        subject: &Subject,
        changes: Option<&SyncPatch>,
    ) -> EngineResult<Tested> {
        let sync = self.changed(id, changes).await.map_err(|changed| match changed {
            Changed::Error(error) => error,
            Changed::Faults(_, faults) => {
                let under = |fault: Fault| if changes.is_some() { fault.under("changes") } else { fault };
                EngineError::Invalid(faults.into_iter().map(under).collect())
            }
        })?;
        let Some(rule) = sync.rule(operation) else { return Err(no_rule(operation)) };
        let link = self.link(id, subject).await?;
        let person = self.person_of(subject).await?;
        let key = self.engine.random().uuid();
        let addressed = match operation {
            Operation::Update | Operation::Delete => {
                let given = subject.unique_id.as_deref().map(unique_id_of).transpose()?;
                let known = given.or_else(|| link.and_then(|link| link.state.unique_id().cloned()));
                Some(known.or_else(|| Self::chosen(&sync, &person)).ok_or_else(|| {
                    let message = "is missing, and the person is not linked: give the unique id of a record";
                    EngineError::invalid(Fault::at(["uniqueId"], message))
                })?)
            }
            Operation::Create => Self::chosen(&sync, &person),
            Operation::Lookup => None,
        };
        let shown = addressed.as_ref().filter(|_| operation != Operation::Create);
        let request = rule.render(&context_of(&sync, &person, shown, key)).map_err(|faults| {
            EngineError::Invalid(faults.into_iter().map(|fault| fault.under(rule_field(operation))).collect())
        })?;
        if operation == Operation::Lookup && searches_for_nobody(&sync, &person) {
            let message = "has nothing that the lookup searches by, so that it is not sent: give another person, or put \
                           {{ person.id }} or {{ person.email }} into the rule";
            return Err(EngineError::invalid(Fault::at(["personId"], message)));
        }
        let request = sync.dress(request, operation, Some(key));
        let exchange = match &sync.blocked {
            Some(why) => {
                Exchange { outcome: Outcome::NotSent(NotSent::Connection, why.clone()), duration: Duration::ZERO }
            }
            None => self.engine.inner.dispatching.http.send(&request).await,
        };
        let (bytes, scope, revision) = (exchange.body_bytes(), self.clone(), sync.config.revision);
        let judge = move || scope.judge(&sync, operation, addressed, &person, request, exchange);
        let tested = self.engine.inner.dispatching.work.read(bytes, judge).await;
        if operation == Operation::Lookup && changes.is_none() && tested.unique_id.is_some() {
            // The saved rule has found somebody: from now on its "nobody" is believed.
            let wish = Wish::LookupProven { revision };
            let proven = self.store().govern(self.account, id, &wish).await;
            proven.map_err(|error| EngineError::from(error).after_a_part())?;
        }
        Ok(tested)
    }

    /// What the rules would say of a test's outcome.
    fn judge(
        &self,
        sync: &CompiledSync,
        operation: Operation,
        addressed: Option<UniqueId>,
        person: &Person,
        request: Request,
        mut exchange: Exchange,
    ) -> Tested {
        let now = self.engine.now();
        let link_id = sync_core::id::LinkId { account: self.account, sync: sync.config.id, person: person.id.clone() };
        let mut link = Link::new(link_id, now);
        if let (Operation::Update | Operation::Delete, Some(id)) = (operation, &addressed) {
            link.state = sync_core::link::LinkState::Linked(id.clone());
        }
        let attempt = Attempt {
            operation,
            unique_id: addressed,
            moves_to: None,
            repeat: false,
            first_bytes: false,
            person_version: person.version,
            outdated: false,
            person_deleted: false,
            revision: sync.config.revision,
            digest: None,
            probe: false,
            timeout: sync.timeout(operation),
        };
        let reading = reading(sync, &attempt, &exchange.outcome);
        sync.redactor.redact(&mut exchange);
        let found = match &reading {
            Reading::Id(Ok(id)) => Some(id.clone()),
            Reading::Found { ids: Ok(ids), .. } if ids.len() == 1 => ids.first().cloned(),
            _ => None,
        };
        // What is tried is the rule as it is shown: nobody has proved it yet.
        let known = Known::default();
        let lookup_proven = known.lookup_proven;
        let judging = Judging { operation, not_yet_spent: true, rules: &sync.rules, lookup_proven, now };
        let judged = judge(&judging, &exchange.outcome, &reading);
        let context = Context {
            rules: &sync.rules,
            policy: &self.engine.inner.dispatching.around.policy,
            jitter: 0.5,
            update_digest: None,
            lookup_digest: None,
            known,
        };
        let settled = settle::settle(&link, &attempt, &exchange.outcome, &judged, &context);
        let accepted = settled.outcome == LogOutcome::Succeeded;
        Tested {
            request,
            exchange,
            error: (!accepted).then(|| settled.message.clone()),
            failure: settled.failure.filter(|_| !accepted),
            unique_id: found,
        }
    }

    async fn preview(
        &self,
        sync: &CompiledSync,
        operation: Operation,
        subject: &Subject,
        link: Option<&Link>,
    ) -> EngineResult<Previewed> {
        let Some(rule) = sync.rule(operation) else { return Err(no_rule(operation)) };
        let method = sync.config.settings.rule(operation).map(|rule| rule.method).ok_or_else(|| no_rule(operation))?;
        let person = self.person_of(subject).await?;
        let given = subject.unique_id.as_deref().map(unique_id_of).transpose()?;
        let id = match operation {
            Operation::Update | Operation::Delete => given
                .or_else(|| link.and_then(|link| link.state.unique_id().cloned()))
                .or_else(|| Self::chosen(sync, &person))
                .or_else(|| UniqueId::text("sample-unique-id")),
            Operation::Create | Operation::Lookup => None,
        };
        let key = self.engine.random().uuid();
        let context = context_of(sync, &person, id.as_ref(), key);
        let mut parts = rule.preview(&context);
        let unchanged = match (link, subject.person.is_some(), operation) {
            (Some(link), true, Operation::Update) => {
                let digest =
                    rule.render(&context_of(sync, &person, id.as_ref(), CONSTANT_KEY)).ok().map(|r| Digest::of(&r));
                Some(digest.is_some() && link.sent.as_ref().is_some_and(|sent| sent.digest == digest))
            }
            (_, true, _) if link.is_some() => Some(false),
            _ => None,
        };
        if let Ok(request) = rule.render(&context) {
            parts.headers = sync.dress(request, operation, Some(key)).headers;
        }
        Ok(Previewed { method, parts, unchanged })
    }

    /// A preview of a rule that does not compile: what is wrong with it, and what the rest of it renders.
    async fn faulty(
        &self,
        config: SyncConfig,
        operation: Operation,
        subject: &Subject,
        link: Option<&Link>,
        faults: Vec<Fault>,
    ) -> EngineResult<Previewed> {
        let method = config.settings.rule(operation).map(|rule| rule.method).ok_or_else(|| no_rule(operation))?;
        // What is wrong with other rules is theirs.
        let others: Vec<PathPart> =
            Operation::ALL.iter().filter(|other| **other != operation).map(|other| rule_field(*other).into()).collect();
        let mut faults: Vec<Fault> =
            faults.into_iter().filter(|fault| fault.path.first().is_none_or(|at| !others.contains(at))).collect();
        for fault in &mut faults {
            if fault.path.first() == Some(&rule_field(operation).into()) {
                fault.path.remove(0);
            }
        }
        let rest = without(config, operation, &faults);
        let mut previewed =
            match CompiledSync::compile(rest, self.engine.templates(), &self.engine.inner.dispatching.vault) {
                Ok(sync) => self.preview(&sync, operation, subject, link).await?,
                Err(_) => {
                    let nothing = Preview { url: None, headers: Vec::new(), body: None, faults: Vec::new() };
                    Previewed { method, parts: nothing, unchanged: None }
                }
            };
        if !faults.is_empty() {
            previewed.unchanged = None;
        }
        if names(&faults, "url") {
            previewed.parts.url = None;
        }
        faults.append(&mut previewed.parts.faults);
        previewed.parts.faults = faults;
        Ok(previewed)
    }

    /// A saved sync as if it had been changed.
    async fn changed(&self, id: SyncId, changes: Option<&SyncPatch>) -> Result<Arc<CompiledSync>, Changed> {
        let saved = self.sync(id).await.map_err(Changed::Error)?;
        let Some(patch) = changes else {
            return match self.engine.inner.dispatching.compiled(self.account, id, saved.revision).await {
                Ok(Some(sync)) => Ok(sync),
                Ok(None) => Err(Changed::Error(EngineError::NotFound("sync"))),
                Err(Unusable::Store(error)) => Err(Changed::Error(error.into())),
                Err(Unusable::Faults(faults)) => Err(Changed::Error(EngineError::Conflict(faults))),
            };
        };
        let merged =
            merge(Some((&saved.friendly_name, &saved.settings)), patch, &self.seal(id)).map_err(|unmerged| {
                Changed::Error(EngineError::Invalid(
                    unmerged.faults.into_iter().map(|fault| fault.under("changes")).collect(),
                ))
            })?;
        let config = SyncConfig { friendly_name: merged.friendly_name, settings: merged.settings, ..saved };
        CompiledSync::compile(config.clone(), self.engine.templates(), &self.engine.inner.dispatching.vault)
            .map(Arc::new)
            .map_err(|faults| Changed::Faults(Box::new(config), faults))
    }

    async fn link(&self, sync: SyncId, subject: &Subject) -> EngineResult<Option<Link>> {
        let Some(person) = &subject.person else { return Ok(None) };
        let links = self.store().links_of_people(self.account, std::slice::from_ref(person)).await?;
        Ok(links.into_iter().find(|link| link.id.sync == sync))
    }

    async fn person_of(&self, subject: &Subject) -> EngineResult<Person> {
        match &subject.person {
            None => Ok(self.engine.templates().sample_person()),
            Some(id) => {
                let found = self.store().people_by_ids(self.account, std::slice::from_ref(id)).await?.pop();
                found.ok_or(EngineError::NotFound("person"))
            }
        }
    }

    fn chosen(sync: &CompiledSync, person: &Person) -> Option<UniqueId> {
        sync.choose_id(&context_of(sync, person, None, CONSTANT_KEY)).and_then(Result::ok)
    }

    /// A new sync, not saved yet.
    pub(crate) fn unsaved(&self, id: SyncId, friendly_name: String, settings: Settings) -> SyncConfig {
        let now = self.engine.now();
        SyncConfig {
            account: self.account,
            id,
            friendly_name,
            revision: 1,
            unique_id_revision: 1,
            paused: false,
            settings,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }
}

/// Why a changed sync cannot be used.
enum Changed {
    Error(EngineError),
    Faults(Box<SyncConfig>, Vec<Fault>),
}

/// A sync with one rule alone, and of that what is not faulty. The URL, which no rule is without, stands for one.
fn without(config: SyncConfig, operation: Operation, faults: &[Fault]) -> SyncConfig {
    let mut config = config;
    let all = std::mem::take(&mut config.settings);
    let mut rule = all.rule(operation).cloned();
    if let Some(rule) = &mut rule {
        if names(faults, "url") {
            rule.url = "https://url.invalid/".to_owned();
        }
        if names(faults, "data") {
            rule.data = None;
        }
        let is_faulty = |n: usize| faults.iter().any(|fault| fault.path.starts_with(&["headers".into(), n.into()]));
        let mut n = 0..;
        rule.headers.retain(|_| n.next().is_some_and(|n| !is_faulty(n)));
    }
    config.settings.authentication = all.authentication;
    config.settings.unique_id = all.unique_id.filter(|_| !names(faults, "uniqueId"));
    match operation {
        Operation::Create => config.settings.create = rule,
        Operation::Update => config.settings.update = rule,
        Operation::Delete => config.settings.delete = rule,
        Operation::Lookup => {
            config.settings.lookup = rule.map(|request| LookupRule {
                request,
                path: "$".to_owned(),
                when: LookupWhen::default(),
                empty_when: None,
                settle_seconds: SETTLE_SECONDS_DEFAULT,
            });
        }
    }
    config
}

/// Whether any of the faults is at a field, or within it.
fn names(faults: &[Fault], field: &'static str) -> bool {
    faults.iter().any(|fault| fault.path.first() == Some(&field.into()))
}

fn no_rule(operation: Operation) -> EngineError {
    let message = format!("this sync has no {} yet: set it up first", rule_field(operation));
    EngineError::invalid(Fault::at(["operation"], message))
}

fn unique_id_of(text: &str) -> EngineResult<UniqueId> {
    UniqueId::text(text).ok_or_else(|| {
        let message = "must be 1 to 512 bytes without control characters";
        EngineError::invalid(Fault::at(["uniqueId"], message))
    })
}
