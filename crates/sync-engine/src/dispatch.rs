//! The dispatcher: claims what is due, sends it, hands the outcomes to be settled. The only loop that sends.

use crate::attempt::{self, Prepared, Sending, Surroundings};
use crate::compiled::{Cache, CompiledSync, in_words};
use crate::error::chain;
use crate::metrics::{Metrics, Stage};
use crate::settler::Unheard;
use crate::trace::{self, Origins};
use crate::vault::Vault;
use crate::work::LongWork;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use sync_core::claim::{ClaimRequest, HandOff, Leased};
use sync_core::id::{AccountId, LeaseToken, LinkId, PersonId, SyncId};
use sync_core::link::{StateName, UniqueId};
use sync_core::outcome::Exchange;
use sync_core::page::PageRequest;
use sync_core::person::Person;
use sync_core::ports::{Dispatcher, LinkFilter, Store, StoreError, TemplateEngine};
use sync_core::settle::{self, Control};
use sync_core::time::Timestamp;
use sync_core::transition::Settlement;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument, Span, debug, error, warn};

/// The most links of one claim.
const CLAIM_MAX: usize = 1000;
/// Of the permits that are free, a claim leaves so many (or half of them) to a hand-off while its transaction lasts, and a
/// hand-off to a claim: else a backlog that is claimed without end would keep all that is fresh waiting for the next claim.
const LEFT_TO_OTHERS: usize = 64;
/// How often the table is looked at although nothing said that something is due: the net under lost wake-ups.
const POLL: Duration = Duration::from_secs(1);
/// Among how many linked people somebody is looked for to try a lookup with.
const CONTROLS_LOOKED_AT: usize = 20;
/// How long to wait after a claim failed.
const CLAIM_FAILED: Duration = Duration::from_millis(500);

/// Everything that sending needs.
pub(crate) struct Dispatching {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) http: Arc<dyn Dispatcher>,
    pub(crate) templates: Arc<dyn TemplateEngine>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) around: Arc<Surroundings>,
    pub(crate) work: LongWork,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) in_flight_max: usize,
    /// What is being sent.
    pub(crate) attempts: Attempts,
    pub(crate) outcomes: mpsc::Sender<Settlement>,
    /// Something may be due.
    pub(crate) wake: Arc<Notify>,
    /// There may be a sweep.
    pub(crate) sweeps: Arc<Notify>,
    /// A batch was settled: room may be free.
    pub(crate) settled: Arc<Notify>,
    /// How many outcomes are on their way to be settled.
    pub(crate) unsettled: watch::Sender<usize>,
    /// Log entries of the last batch that the store has not told of yet.
    pub(crate) unheard: Unheard,
    /// Whether the loop runs: only then is anything handed off.
    pub(crate) running: AtomicBool,
    /// How many transactions of the intake are under way.
    pub(crate) recording: Recording,
    /// The most links that one of them marks.
    pub(crate) marks_max: usize,
    pub(crate) metrics: Metrics,
}

/// Counts what is under way.
#[derive(Default)]
pub(crate) struct Recording(AtomicUsize);

impl Recording {
    /// One more, until what is returned is dropped.
    pub(crate) fn begin(&self) -> impl Drop + '_ {
        struct Begun<'a>(&'a AtomicUsize);
        impl Drop for Begun<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::AcqRel);
            }
        }
        self.0.fetch_add(1, Ordering::AcqRel);
        Begun(&self.0)
    }
}

/// The requests of one engine, each on a task of its own. They end with what runs the engine.
pub(crate) struct Attempts(Mutex<Option<JoinSet<()>>>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }
}

impl Attempts {
    fn lock(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets those that are over. One that panicked has cost its own link an answer, and nobody else anything.
    fn reap(&self) {
        while let Some(ended) = self.lock().as_mut().and_then(JoinSet::try_join_next) {
            if let Err(Ok(panic)) = ended.map_err(JoinError::try_into_panic) {
                error!(error = crate::runner::message(panic.as_ref()), "an attempt panicked; its lease runs out");
            }
        }
    }

    /// Ends all, and lets none begin any more.
    pub(crate) fn abort(&self) {
        drop(self.lock().take());
    }
}

/// Permits taken for a hand-off, before its transaction.
pub(crate) struct HandOffPermits {
    permits: OwnedSemaphorePermit,
    asked_at: Instant,
    token: LeaseToken,
}

impl Dispatching {
    /// Takes free permits for a hand-off of at most `links_max` links; `None` where nothing can be handed off.
    pub(crate) fn reserve(&self, links_max: usize) -> Option<HandOffPermits> {
        if !self.running.load(Ordering::Acquire) {
            return None;
        }
        // One whose transaction waits leaves the others half.
        let others = self.recording.0.load(Ordering::Acquire) > 1;
        let most = if others { self.permits.available_permits() / 2 } else { usize::MAX };
        let permits = self.take_permits(links_max.min(most))?;
        Some(HandOffPermits { permits, asked_at: Instant::now(), token: self.token() })
    }

    /// Takes what is free, as far as it is not left to others.
    fn take_permits(&self, links_max: usize) -> Option<OwnedSemaphorePermit> {
        let free = self.permits.available_permits();
        let taken = (free - LEFT_TO_OTHERS.min(free / 2)).min(links_max).min(CLAIM_MAX);
        let taken = u32::try_from(taken).ok().filter(|&taken| taken > 0)?;
        self.permits.clone().try_acquire_many_owned(taken).ok()
    }

    /// How many requests are in flight (or about to be).
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight_max.saturating_sub(self.permits.available_permits())
    }

    fn token(&self) -> LeaseToken {
        LeaseToken(self.around.random.uuid())
    }

    /// Sends what was leased. Permits that are left over are given back.
    pub(crate) fn start(self: &Arc<Self>, leased: Vec<Leased>, mut permits: HandOffPermits, origins: &Origins) {
        self.attempts.reap();
        let mut attempts = self.attempts.lock();
        // The engine has ended meanwhile: the leases run out.
        let Some(attempts) = attempts.as_mut() else { return };
        for leased in leased {
            let Some(permit) = permits.permits.split(1) else {
                error!("more was leased than there were permits; the lease runs out");
                continue;
            };
            let (this, asked_at, span) = (self.clone(), permits.asked_at, origins.attempt(&leased));
            let work = async move {
                this.work(leased, asked_at).await;
                drop(permit);
            };
            attempts.spawn(work.instrument(span));
        }
    }

    /// Claims and sends until `stop`; then releases nothing that is under way, and returns: what is in flight goes on.
    pub(crate) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        self.running.store(true, Ordering::Release);
        while !*stop.borrow() {
            self.attempts.reap();
            let (left_some, wait) = self.claim_once().await;
            let timer = tokio::time::sleep(wait);
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                () = self.wake.notified() => {}
                () = self.settled.notified(), if left_some => {}
                () = timer => {}
            }
        }
        self.stop_hand_offs();
    }

    /// Hands nothing off any more.
    pub(crate) fn stop_hand_offs(&self) {
        self.running.store(false, Ordering::Release);
    }

    /// Waits until every permit is back: each is once its outcome is on its way to be settled.
    pub(crate) async fn nothing_in_flight(&self) {
        let all = u32::try_from(self.in_flight_max).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        let _permits = self.permits.acquire_many(all).await;
    }

    /// Waits until every outcome is settled.
    pub(crate) async fn nothing_unsettled(&self) {
        let mut unsettled = self.unsettled.subscribe();
        // Its sender is `self`.
        let _gone = unsettled.wait_for(|outcomes| *outcomes == 0).await;
    }

    /// One claim. Returns whether due links were left, and how long to wait where nothing wakes the loop.
    async fn claim_once(self: &Arc<Self>) -> (bool, Duration) {
        let Some(permits) = self.take_permits(CLAIM_MAX) else { return (true, POLL) };
        let free = permits.num_permits();
        let permits = HandOffPermits { permits, asked_at: Instant::now(), token: self.token() };
        let request = ClaimRequest { token: permits.token, links_max: free, policy: self.around.policy.clone() };
        match self.store.claim(request).await {
            Ok(claimed) => {
                debug!(links = claimed.leased.len(), more = claimed.more, "claimed");
                let wait = claimed.next_in.unwrap_or(POLL).min(POLL).max(Duration::from_millis(1));
                // A full claim: the next one at once.
                let wait = if claimed.more && claimed.leased.len() == free { Duration::ZERO } else { wait };
                self.metrics.batch(Stage::Claim, claimed.leased.len());
                self.start(claimed.leased, permits, &Origins::default());
                (claimed.more, wait)
            }
            Err(error) => {
                warn!(error = chain(&error), "claiming failed, it is tried again");
                (false, CLAIM_FAILED)
            }
        }
    }

    async fn work(self: &Arc<Self>, leased: Leased, asked_at: Instant) {
        let settlement = match self.sync_of(&leased).await {
            Ok(Some(sync)) => self.attempt(leased, sync, asked_at).await,
            Ok(None) => attempt::release(&leased, "the sync changed meanwhile"),
            Err(settlement) => *settlement,
        };
        self.metrics.settled(&settlement);
        trace::settled(&Span::current(), &settlement);
        self.unsettled.send_modify(|outcomes| *outcomes += 1);
        // The receiver lives as long as the engine runs.
        if self.outcomes.send(settlement).await.is_err() {
            error!("an outcome came after the end; its lease runs out");
        }
    }

    async fn attempt(&self, leased: Leased, sync: Arc<CompiledSync>, asked_at: Instant) -> Settlement {
        let (lease, due_at) = (leased.lease_duration, leased.link.due_at);
        let (long, around) = (sync.renders_long, self.around.clone());
        let sending = match self.work.run(long, move || attempt::prepare(leased, sync, &around)).await {
            Prepared::Settled(settlement) => return *settlement,
            Prepared::Send(sending) => sending,
        };
        if let Some(settlement) = self.taken(&sending).await {
            return settlement;
        }
        let left = lease.saturating_sub(asked_at.elapsed());
        let exchange = match sending.not_now(left) {
            Some(outcome) => Exchange { outcome, duration: Duration::ZERO },
            None => self.send(&sending, due_at).await,
        };
        let bytes = exchange.body_bytes();
        let mut exchange = exchange;
        let read = move || {
            let reading = sending.read(&exchange.outcome);
            sending.redact(&mut exchange);
            (reading, sending, exchange)
        };
        let (reading, sending, exchange) = self.work.read(bytes, read).await;
        let control = if sending.wants_control(&exchange.outcome, &reading, &self.around) {
            self.control(&sending, lease.saturating_sub(asked_at.elapsed())).await
        } else {
            None
        };
        let around = self.around.clone();
        self.work.read(bytes, move || sending.conclude(&exchange, &reading, control, &around)).await
    }

    /// Where the id that we choose for a request is another person's, the request would write that person's record: it is
    /// not sent.
    async fn taken(&self, sending: &Sending) -> Option<Settlement> {
        let id = sending.reaches_for()?.clone();
        let LinkId { account, sync, person } = &sending.link().id;
        let filter = LinkFilter { unique_id: Some(id.as_str().to_owned()), ..LinkFilter::default() };
        match self.store.links(*account, *sync, &filter, PageRequest::first(1)).await {
            Ok(page) => {
                page.items.iter().any(|link| link.id.person != *person).then(|| sending.taken(id, &self.around))
            }
            Err(error) => {
                warn!(sync.id = %sync, error = chain(&error), "who holds an id could not be read, its link is released");
                Some(sending.released("who holds its unique id could not be read"))
            }
        }
    }

    /// Sends the lookup of somebody who is linked, where there is somebody and time for it. Returns what came of it.
    async fn control(&self, sending: &Sending, left: Duration) -> Option<Control> {
        if left <= sending.timeout() + sync_core::sync::LEASE_RESERVE {
            return None;
        }
        let id = &sending.link().id;
        let (person, held) = self
            .somebody_linked(id.account, id.sync)
            .await
            .inspect_err(|error| {
                warn!(sync.id = %id.sync, error = chain(error), "nobody could be read to try the lookup with");
            })
            .ok()??;
        let request = sending.control(&person)?;
        let exchange = self.http.send(&request).await;
        self.metrics.exchanged(sending.operation(), &exchange);
        let bytes = exchange.body_bytes();
        let sync = sending.sync();
        let now = self.around.clock.now();
        Some(self.work.read(bytes, move || attempt::control(&sync, exchange, &held, now)).await)
    }

    /// A person who is linked and owed nothing, with the id that is held.
    async fn somebody_linked(
        &self,
        account: AccountId,
        sync: SyncId,
    ) -> Result<Option<(Person, UniqueId)>, StoreError> {
        let filter = LinkFilter { state: Some(StateName::Linked), owed: Some(false), ..LinkFilter::default() };
        let page = PageRequest { after: None, first: CONTROLS_LOOKED_AT };
        let linked = self.store.links(account, sync, &filter, page).await?.items;
        let ids: Vec<PersonId> = linked.iter().map(|link| link.id.person.clone()).collect();
        let people = self.store.people_by_ids(account, &ids).await?;
        Ok(linked.iter().find_map(|link| {
            let person = people.iter().find(|person| person.id == link.id.person && !person.is_deleted())?;
            Some((person.clone(), link.state.unique_id()?.clone()))
        }))
    }

    async fn send(&self, sending: &Sending, due_at: Option<Timestamp>) -> Exchange {
        self.metrics.sending(due_at, self.around.clock.now());
        let span = trace::request(&sending.request);
        let exchange = self.http.send(&sending.request).instrument(span.clone()).await;
        self.metrics.exchanged(sending.operation(), &exchange);
        trace::answered(&span, &exchange);
        exchange
    }

    /// The compiled sync at the leased revision; `None` where it is another by now. Where it cannot be compiled any
    /// more (a newer program refuses its templates), the link is parked with the reason.
    async fn sync_of(&self, leased: &Leased) -> Result<Option<Arc<CompiledSync>>, Box<Settlement>> {
        let id = &leased.link.id;
        let sync = match self.compiled(id.account, id.sync, leased.revision).await {
            Ok(sync) => sync,
            Err(Unusable::Store(error)) => {
                warn!(sync.id = %id.sync, error = chain(&error), "reading a sync failed, its link is released");
                return Ok(None);
            }
            Err(Unusable::Faults(faults)) => {
                let settled = settle::settle_template(&leased.link, &faults);
                return Err(Box::new(attempt::decided(leased, settled)));
            }
        };
        Ok(sync.filter(|sync| sync.config.revision == leased.revision))
    }

    /// A sync at least at `revision`, compiled; `None` where it is gone.
    pub(crate) async fn compiled(
        &self,
        account: AccountId,
        id: SyncId,
        revision: i32,
    ) -> Result<Option<Arc<CompiledSync>>, Unusable> {
        if let Some(sync) = self.cache.at_least(account, id, revision) {
            return Ok(Some(sync));
        }
        // One reads, the others wait for it: hundreds of links of one sync may start at once.
        let _reading = self.cache.reading.lock().await;
        if let Some(sync) = self.cache.at_least(account, id, revision) {
            return Ok(Some(sync));
        }
        let mut found = self.store.syncs_by_ids(account, &[id]).await.map_err(Unusable::Store)?;
        let Some(config) = found.pop() else {
            self.cache.forget(account, id);
            return Ok(None);
        };
        let sync = CompiledSync::compile(config, self.templates.as_ref(), &self.vault)
            .map_err(|faults| Unusable::Faults(in_words(&faults)))?;
        Ok(Some(self.cache.put(sync)))
    }
}

/// Why a sync cannot be used.
pub(crate) enum Unusable {
    Store(StoreError),
    Faults(String),
}

impl HandOffPermits {
    /// What the intake's transaction is told.
    pub(crate) fn hand_off(&self) -> HandOff {
        HandOff { token: self.token, links_max: self.permits.num_permits() }
    }
}
