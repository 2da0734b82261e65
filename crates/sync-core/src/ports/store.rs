use super::ProvenanceStore;
use crate::alert::{AlertSettings, AlertStatus, ClaimedAlert, Verdict};
use crate::chosen::{MadeKey, MadeSync};
use crate::claim::{ClaimRequest, Claimed, RecordRequest, Recorded};
use crate::counts::LinkCounts;
use crate::governor::{Governor, Granted, Wish};
use crate::id::{AccountId, KeyId, LeaseToken, LinkId, LogId, PersonId, SyncId};
use crate::key::{Account, ApiKey};
use crate::link::{Link, ParkReason, StateName};
use crate::log::{LogEntry, LogFilter};
use crate::page::{Page, PageRequest, SyncPlace};
use crate::person::{Person, PersonChange, Version};
use crate::plan::next::NextRequests;
use crate::session::{NewSession, Session};
use crate::stats::CounterRow;
pub use crate::sweeps::{ResyncScope, SweepKind};
use crate::sync::{Operation, Sealed, Settings, SyncConfig};
use crate::time::Timestamp;
use crate::transition::{SettleResult, Settlement};
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What can go wrong in a store. `Display` says what failed on what; causes are sources.
///
/// A store MUST tell them apart by codes, never by texts in a language that a server may change: [`StoreError::Internal`] only
/// what is known to be the fault of what was asked, [`StoreError::Unavailable`] what is known to pass or to be mended by an
/// operator, and [`StoreError::Unknown`] all else. Whatever is not [`StoreError::Lost`] changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is read-only or full, or is stopping: nothing was changed; try again later.
    #[error("the database is unavailable ({operation})")]
    Unavailable {
        /// Which operation.
        operation: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// COMMIT was sent, and what became of it was not heard: the operation was carried out as a whole, or not at all. Try again
    /// later, where doing it twice does no harm.
    #[error("the database is unavailable, and whether it committed is not known ({operation})")]
    Lost {
        /// Which operation.
        operation: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The database failed, and it is not known why: as [`StoreError::Unavailable`], nothing was changed, and it is tried
    /// again later. It may be that one row is the cause.
    #[error("the database is unavailable, for a reason that is not known ({operation})")]
    Unknown {
        /// Which operation.
        operation: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The database's schema is not this program's: older, newer, or not there.
    #[error("the database's schema does not fit this program: {0}")]
    Schema(String),
    /// Another process works on a database that one process alone may work on: which, in words.
    #[error("another process works on the database {0}: stop it, or give this one a database of its own")]
    Held(String),
    /// A row that no correct program wrote.
    #[error("a corrupt row: table {table}, column {column}, key {key}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Key, in words.
        key: String,
    },
    /// Anything else: a fault of this program.
    #[error("the database refused an operation ({operation})")]
    Internal {
        /// Which operation.
        operation: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
}

/// A cause from a library.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// What store methods answer with.
pub type StoreResult<T> = Result<T, StoreError>;

/// What a compare-and-set found.
#[derive(Clone, Debug, PartialEq)]
pub enum SetResult<T> {
    /// It was set; as it stands now.
    Set(T),
    /// There is no such row (or it is being deleted).
    NotFound,
    /// Somebody else was faster; as it stands now.
    Conflict(T),
}

/// What happened in a store, on whichever node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Links may be due.
    Due,
    /// Log entries were written. Ids only; at most 100 in one signal. Empty: some may have been missed (a listener
    /// reconnected): ask the log.
    Logged(Vec<(AccountId, LogId)>),
    /// A sync, a key, a session or an account changed: what is cached of them is to be read again.
    Changed,
}

/// Which links a retry marks.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RetryFilter {
    /// Of this sync; `None`: of all syncs of the account.
    pub sync: Option<SyncId>,
    /// Of these people; `None`: of all. Only owed and parked links are marked.
    pub people: Option<Vec<PersonId>>,
    /// Parked for one of these reasons; `None`: for any, or owed.
    pub reasons: Option<Vec<ParkReason>>,
    /// Whether an administrator says that the creates made nothing: only Uncertain and Unaddressable links are marked, as
    /// [`crate::transition::Mark::CreateAgain`].
    pub create_again: bool,
}

/// Which people are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PeopleFilter {
    /// Case-insensitive beginning of the id, the first, last or whole name, or any email.
    pub search: Option<String>,
    /// Tombstones too.
    pub include_deleted: bool,
}

/// Which links of a sync are asked for: all that are given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LinkFilter {
    /// In this state.
    pub state: Option<StateName>,
    /// Owed, or not.
    pub owed: Option<bool>,
    /// Parked, or not.
    pub parked: Option<bool>,
    /// Parked for this reason.
    pub parked_reason: Option<ParkReason>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// With this unique id.
    pub unique_id: Option<String>,
    /// Of a deleted person whose record is kept, since it existed before; or not.
    pub kept: Option<bool>,
    /// As in [`PeopleFilter`].
    pub search: Option<String>,
}

/// Which counters are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterFilter {
    /// Of this sync; `None`: of all syncs of the account.
    pub sync: Option<SyncId>,
    /// Of this operation; `None`: of all.
    pub operation: Option<Operation>,
    /// Spans that begin at or after.
    pub since: Timestamp,
    /// Spans that begin before.
    pub until: Timestamp,
}

/// How old log entries may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Successes, skipped entries and people's changes.
    pub successes: Duration,
    /// Failures.
    pub failures: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { successes: Duration::from_secs(30 * 24 * 3600), failures: Duration::from_secs(90 * 24 * 3600) }
    }
}

/// What a store holds, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StoreTotals {
    /// Accounts.
    pub accounts: i64,
    /// People that are not deleted.
    pub people: i64,
    /// Syncs.
    pub syncs: i64,
    /// Links by state and debt.
    pub links: LinkCounts,
    /// Log entries (may be an estimate).
    pub log_entries: i64,
}

/// What waits in a store, over all accounts, for operators to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Links by state and debt, of all syncs.
    pub links: LinkCounts,
    /// Syncs that send.
    pub active: i64,
    /// Syncs paused by an administrator.
    pub paused: i64,
    /// Syncs suspended by their breaker, and not paused.
    pub suspended: i64,
    /// For how long the oldest claimable link of an active sync has waited; `None`: none waits. What is being sent or waits
    /// for its next try is not claimable, and what waits behind a pause or a suspension does not count.
    pub oldest_due: Option<Duration>,
}

impl Backlog {
    /// Adds a sync that is not deleted. `first_claimable` is when the first of its links became claimable, or will.
    pub fn add(
        &mut self,
        paused: bool,
        governor: &Governor,
        links: &LinkCounts,
        first_claimable: Option<Timestamp>,
        now: Timestamp,
    ) {
        self.links.add(links);
        if paused {
            self.paused += 1;
        } else if governor.is_suspended() {
            self.suspended += 1;
        } else {
            self.active += 1;
            let waits = first_claimable.filter(|at| *at <= now).map(|at| now.since(at));
            self.oldest_due = self.oldest_due.max(waits);
        }
    }
}

/// The connections to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// At most this many.
    pub connections_max: usize,
    /// In use now.
    pub in_use: usize,
    /// Callers that wait for one.
    pub waiting: usize,
}

/// Names under which stores measure themselves with the `metrics` facade; what they mean is said in `sync-engine`.
pub mod measures {
    /// Histogram, seconds: one call of a store, as its caller sees it. Label `operation`, as in [`super::StoreError`].
    pub const CALL_SECONDS: &str = "crm_sync_store_call_duration_seconds";
    /// Counter: calls that failed. Label `operation`.
    pub const FAILURES: &str = "crm_sync_store_failures_total";
    /// Histogram, seconds: the wait for a connection of the pool.
    pub const POOL_WAIT_SECONDS: &str = "crm_sync_store_pool_wait_seconds";
}

/// What a sync looks like from outside, beside its configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncRuntime {
    /// Its governor.
    pub governor: Governor,
    /// Its links by state and debt.
    pub counts: LinkCounts,
}

/// The work queue: what the engine's hot path drives.
///
/// For all of a store's methods: one method is one transaction, which is durable when the method returns `Ok`, and left
/// no trace when it returns an error; only where that is [`StoreError::Lost`] may it have been committed, and the answer lost. Every method is scoped by account. Times are by the store's own clock.
#[async_trait]
pub trait WorkStore: Send + Sync {
    /// Records changes of people and marks their links, and leases fresh ones for a hand-off.
    ///
    /// MUST lock the account shared (so that no sync is made or deleted meanwhile), then the people in order of id, then
    /// links in order of (sync, person), then the syncs' runtime rows in order of id; raise every link's generation
    /// unconditionally, for paused and suspended syncs too; make rows for people who have none (never for deleted ones);
    /// apply all calls or none. Where it answers with an error and there are several calls, the engine repeats them one
    /// by one. A transaction that the database aborts for a deadlock or serialization failure MUST be repeated here.
    ///
    /// MUST mark the syncs with the lowest ids, [as many](crate::plan::later::marked_at_once) as the request's bound allows, and
    /// of the others the links whose [snapshot](crate::transition::overwrites_snapshot) would be overwritten (no claim
    /// of these syncs may be half done when it looks for them); for the rest it writes [later
    /// marks](crate::plan::later) in the same transaction, which [`Self::work_sweep`] works.
    async fn record_changes(&self, request: RecordRequest) -> StoreResult<Recorded>;

    /// Leases due links of active syncs: for each with room (by its governor, its limits and the leases out over all
    /// nodes) its due links, oldest first (of each sync's share at least half are links without failed tries, where
    /// there are some, so that retries do not starve fresh work), skipping locked ones.
    ///
    /// MUST read people and syncs after the links are locked; MUST write rows that were only recovered
    /// ([`crate::transition::Leasing::Quiet`]). Paused syncs lease nothing. Links of one sync never take the room of
    /// another: the share of a call is spread over all syncs that have due links.
    async fn claim(&self, request: ClaimRequest) -> StoreResult<Claimed>;

    /// Settles leases; see [`crate::transition::settle_batch`], which says what is written. Counters are added in the
    /// same transaction; log entries too, but one that cannot be written MUST never fail a settlement, unless that is
    /// [`StoreError::Unavailable`]. The same batch settled twice changes nothing.
    ///
    /// A batch that fails for its data ([`StoreError::Internal`], [`StoreError::Corrupt`]) MUST be halved down to the row, so
    /// that one bad row never stops the others: a single bad row is settled without its log, then without its answer, and
    /// left to its lease's end ([`SettleResult::Gone`]) where it is refused even so. What is not known to be the data's
    /// fault MUST fail the call and settle nothing more: the caller repeats it. A database that is full, cut off or
    /// unknown of is never a reason to forget what an external system was told. Where one row is why a batch fails with
    /// [`StoreError::Unknown`], the caller finds that out: after five repeats, while the store is ready, it halves the batch.
    /// A row that goes on to be refused alone, while others are written before and after it, is logged, and its lease runs out.
    async fn settle(&self, settlements: Vec<Settlement>) -> StoreResult<Vec<SettleResult>>;

    /// Marks links as [`crate::transition::Mark::Retry`]. Returns how many. At most [`RETRY_AT_ONCE`] are marked within
    /// the call; it is repeated with `after` the last one looked at.
    async fn retry(&self, account: AccountId, filter: &RetryFilter, after: Option<&LinkId>) -> StoreResult<Retried>;

    /// Works one batch of one sweep, or of marks that a change left for later: at most `rows_max` rows. Returns whether there
    /// was anything to do. Accounts take [turns](crate::plan::later::Turns), as far as no other node is at theirs. Marks
    /// lock the account shared, then people, then links, as a change does.
    async fn work_sweep(&self, rows_max: usize) -> StoreResult<bool>;

    /// What happens in the store from now on. A listener that falls behind gets [`Signal::Logged`] with no ids.
    fn signals(&self) -> BoxStream<'static, Signal>;
}

/// The most links that one call of [`WorkStore::retry`] marks.
pub const RETRY_AT_ONCE: usize = 1000;

/// What a retry marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retried {
    /// How many links.
    pub marked: usize,
    /// The last one looked at, to go on from; `None` when all were.
    pub last: Option<LinkId>,
}

/// People, syncs and their links, as administrators and programs see them.
#[async_trait]
pub trait DirectoryStore: Send + Sync {
    /// People in order of id.
    async fn people(
        &self,
        account: AccountId,
        filter: &PeopleFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Person>>;

    /// Those of the people that exist, tombstones too, in any order.
    async fn people_by_ids(&self, account: AccountId, ids: &[PersonId]) -> StoreResult<Vec<Person>>;

    /// People that are not deleted; kept, never counted by scanning.
    async fn people_count(&self, account: AccountId) -> StoreResult<i64>;

    /// What happened to a person, newest first.
    async fn person_changes(
        &self,
        account: AccountId,
        person: &PersonId,
        page: PageRequest<Version>,
    ) -> StoreResult<Page<PersonChange>>;

    /// Makes a sync (revision 1, not paused), with a sweep over existing people where asked for. Takes the account
    /// exclusively, so that no person falls between.
    async fn create_sync(&self, sync: &SyncConfig, include_existing: bool) -> StoreResult<()>;

    /// As [`Self::create_sync`], under an id that a client chose, unless there is or was a sync with this id in its account:
    /// see [`MadeSync::of`]. Remembers the id with what tells its input from others. MUST look and make in one go: of calls at
    /// once one makes it, and the others find it.
    async fn create_sync_once(&self, sync: &SyncConfig, include_existing: bool, input: &str) -> StoreResult<MadeSync>;

    /// Forgets at most `rows_max` ids of syncs that were deleted [`crate::chosen::REMEMBERED`] ago. Returns how many; fewer than
    /// `rows_max`: done.
    async fn forget_ids(&self, rows_max: usize) -> StoreResult<usize>;

    /// Replaces friendly name and settings where the revision is still `expected`; raises the revision by one, and
    /// `unique_id_revision` where unique id or lookup differ; makes the given sweeps in the same transaction.
    async fn update_sync(
        &self,
        account: AccountId,
        id: SyncId,
        expected: i32,
        friendly_name: &str,
        settings: &Settings,
        sweeps: &[SweepKind],
    ) -> StoreResult<SetResult<SyncConfig>>;

    /// Pauses or resumes. Resuming also lets a suspended sync probe now ([`Governor::probe_now`]). Does not raise the
    /// revision.
    async fn set_paused(&self, account: AccountId, id: SyncId, paused: bool) -> StoreResult<SetResult<SyncConfig>>;

    /// Marks a sync as deleted (it is shown to nobody from then on) with a sweep that removes it, and remembers its id. False
    /// where there is no such sync.
    async fn delete_sync(&self, account: AccountId, id: SyncId) -> StoreResult<bool>;

    /// Makes a resync's sweep. Returns how many people and links it will mark as things stand; `None`: no such sync.
    async fn resync(&self, account: AccountId, id: SyncId, scope: ResyncScope, force: bool)
    -> StoreResult<Option<i64>>;

    /// Begins a sweep over a sync's links. Returns false where there is no such sync.
    async fn sweep(&self, account: AccountId, id: SyncId, kind: SweepKind) -> StoreResult<bool>;

    /// Changes a sync's governor as an administrator wishes, its runtime row locked. Returns what the change came to; `None`:
    /// no such sync.
    async fn govern(&self, account: AccountId, id: SyncId, wish: &Wish) -> StoreResult<Option<Granted>>;

    /// How many people and links a resync would mark now.
    async fn resync_count(&self, account: AccountId, id: SyncId, scope: ResyncScope) -> StoreResult<i64>;

    /// Syncs, newest first.
    async fn syncs(&self, account: AccountId, page: PageRequest<SyncPlace>) -> StoreResult<Page<SyncConfig>>;

    /// Those of the syncs that exist and are not deleted, in any order.
    async fn syncs_by_ids(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<SyncConfig>>;

    /// Governors and counts of syncs, in any order.
    async fn runtimes(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, SyncRuntime)>>;

    /// What the owed links of syncs need next, of those of the syncs that are not deleted, in any order. MUST look at no more
    /// links of a sync than [`NextRequests::count`] does, by an index, in the order of [`crate::plan::next::furthest`], and read
    /// no more of people than [`crate::plan::next::outline`] has.
    async fn next_requests(&self, account: AccountId, ids: &[SyncId]) -> StoreResult<Vec<(SyncId, NextRequests)>>;

    /// Links of a sync in order of the person's id.
    async fn links(
        &self,
        account: AccountId,
        sync: SyncId,
        filter: &LinkFilter,
        page: PageRequest<PersonId>,
    ) -> StoreResult<Page<Link>>;

    /// Links of people with syncs that are not deleted, in any order.
    async fn links_of_people(&self, account: AccountId, people: &[PersonId]) -> StoreResult<Vec<Link>>;

    /// Those of the links that exist, in any order.
    async fn links_by_ids(&self, ids: &[LinkId]) -> StoreResult<Vec<Link>>;

    /// Replaces every sealed secret of all syncs, and of the accounts' alerts, by what `reseal` makes of it, one sync or
    /// account a transaction, without raising revisions. Returns how many syncs and alerts were written.
    async fn reseal(&self, reseal: Arc<dyn Reseal>) -> StoreResult<usize>;
}

/// Makes new seals of old ones, see [`DirectoryStore::reseal`].
pub trait Reseal: Send + Sync {
    /// The settings with every secret sealed anew; `None` where nothing is to be done.
    fn reseal(&self, sync: &SyncConfig) -> Result<Option<Settings>, BoxError>;

    /// The secret of an account's alerts sealed anew; `None` where nothing is to be done.
    fn reseal_alerts(&self, account: AccountId, secret: &Sealed) -> Result<Option<Sealed>, BoxError>;
}

/// Where alerts go, what was told, what waits to be sent. The rules are [`crate::alert`]'s.
///
/// Per account one transaction at a time: whatever writes takes the account's settings exclusively.
#[async_trait]
pub trait AlertStore: Send + Sync {
    /// Where an account's alerts go, and what came of them; `None`: nowhere.
    async fn alerts(&self, account: AccountId) -> StoreResult<Option<(AlertSettings, AlertStatus)>>;

    /// The accounts whose alerts go somewhere.
    async fn alert_accounts(&self) -> StoreResult<Vec<AccountId>>;

    /// Says where an account's alerts go. What was told stays; what waits is due now ([`crate::alert::Book::hurry`]).
    async fn set_alerts(&self, account: AccountId, settings: &AlertSettings) -> StoreResult<()>;

    /// Removes where they go, what was told and what waits. False where there was nothing.
    async fn remove_alerts(&self, account: AccountId) -> StoreResult<bool>;

    /// Writes what [`crate::alert::look`] says of an account's syncs that are not deleted, `seed` being random. MUST read
    /// kept counts, never links, and write nothing where nothing is new. Returns how many books were written.
    async fn note_alerts(&self, account: AccountId, seed: Uuid) -> StoreResult<usize>;

    /// Takes the earliest due alert of an account that has none under way, the account that has waited longest first. The
    /// account's other alerts wait until it is settled, or the lease is over. `None` where nothing is due.
    async fn claim_alert(&self, token: LeaseToken, lease: Duration) -> StoreResult<Option<ClaimedAlert>>;

    /// Settles a claimed alert, see [`crate::alert::Book::settle`]; the account's next one goes no earlier than `gap` from
    /// now. A lease that is not there any more changes nothing.
    async fn settle_alert(
        &self,
        token: LeaseToken,
        claimed: &ClaimedAlert,
        verdict: &Verdict,
        gap: Duration,
    ) -> StoreResult<()>;
}

/// The log and the counters.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// Entries, newest first.
    async fn logs(
        &self,
        account: AccountId,
        filter: &LogFilter,
        page: PageRequest<LogId>,
    ) -> StoreResult<Page<LogEntry>>;

    /// Those of the entries that exist, in any order.
    async fn logs_by_ids(&self, account: AccountId, ids: &[LogId]) -> StoreResult<Vec<LogEntry>>;

    /// Counters, minutes and hours together: each event is in exactly one row.
    async fn counters(&self, account: AccountId, filter: &CounterFilter) -> StoreResult<Vec<CounterRow>>;
}

/// Accounts and keys.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Makes an account with its first key, unless there is any account yet. False where there is one.
    async fn create_first_account(&self, account: &Account, key: &ApiKey) -> StoreResult<bool>;

    /// Makes a key; one with the same hash is replaced (a script's bootstrap key given again).
    async fn create_key(&self, key: &ApiKey) -> StoreResult<()>;

    /// Makes a key under an id that a client chose. Where its account has one with this id, revoked ones too, it is what
    /// [`MadeKey::again`] says, by the store's clock. MUST look and make in one go: of calls at once one makes it.
    async fn create_key_once(&self, key: &ApiKey) -> StoreResult<MadeKey>;

    /// The key with a hash, revoked ones too.
    async fn key_by_hash(&self, hash: &[u8; 32]) -> StoreResult<Option<ApiKey>>;

    /// The keys of an account, newest first, revoked ones too.
    async fn keys(&self, account: AccountId) -> StoreResult<Vec<ApiKey>>;

    /// Revokes a key. Conflict: it is the last ADMIN key that is not revoked. Revoking twice is no error.
    async fn revoke_key(&self, account: AccountId, id: KeyId) -> StoreResult<SetResult<ApiKey>>;

    /// Notes that a key was used.
    async fn touch_key(&self, account: AccountId, id: KeyId, at: Timestamp) -> StoreResult<()>;

    /// All accounts, oldest first.
    async fn accounts(&self) -> StoreResult<Vec<Account>>;
}

/// Sessions of the console, on whichever node they were opened.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Opens a session; `None` where there is no such key, or it is revoked. MUST take the key exclusively, so that one that
    /// is revoked meanwhile opens nothing. Removes the key's expired sessions, and of the others the oldest, as far as there
    /// would be more than [`crate::session::SESSIONS_PER_KEY_MAX`]; tells [`Signal::Changed`] where it removed such a one.
    async fn open_session(&self, session: &NewSession) -> StoreResult<Option<Session>>;

    /// The session with a hash, unless it has expired or its key is revoked.
    async fn session(&self, hash: &[u8; 32]) -> StoreResult<Option<Session>>;

    /// Ends a session. False where there was none; otherwise it tells [`Signal::Changed`].
    async fn close_session(&self, hash: &[u8; 32]) -> StoreResult<bool>;

    /// Removes at most `rows_max` expired sessions. Returns how many; fewer than `rows_max`: done.
    async fn prune_sessions(&self, rows_max: usize) -> StoreResult<usize>;
}

/// What keeps a store healthy.
#[async_trait]
pub trait MaintenanceStore: Send + Sync {
    /// Brings the schema up to date. Refuses a database that is newer than the program.
    async fn migrate(&self) -> StoreResult<()>;

    /// Whether the database is reachable, writable and its schema current.
    async fn ready(&self) -> StoreResult<()>;

    /// Makes this process the one that runs engines on the database, where that may be one alone (an embedded database): until
    /// the store is dropped, or the process ends, however it does. `purpose` tells others who holds it, such as
    /// `crm-sync serve`. Held already by this store: no error, and nothing changes. MUST be let go by the system itself
    /// where the process dies, and never before this store's last write.
    ///
    /// # Errors
    /// [`StoreError::Held`] where another process holds it; of a store that several nodes may share, only where one
    /// [holds it alone](Self::hold_alone).
    async fn hold(&self, purpose: &str) -> StoreResult<()>;

    /// As [`Self::hold`], and where several may share the database, nobody else works on it: neither now, nor as long as this
    /// store lives.
    ///
    /// # Errors
    /// [`StoreError::Held`] where anybody else holds it.
    async fn hold_alone(&self, purpose: &str) -> StoreResult<()>;

    /// Who holds it, in words; `None`: nobody, or it is a store that needs no holder.
    async fn holder(&self) -> StoreResult<Option<String>>;

    /// Brings all that was written into the database's file, where it has one, so that this file alone is complete. Nothing is
    /// lost without; called when everything else has ended.
    async fn checkpoint(&self) -> StoreResult<()>;

    /// Ends the leases that a crashed process of this very store left, where the store can know (an embedded database
    /// has one process, which [holds](Self::hold) it): called once before the first claim. Such leases count as *sent, no
    /// answer*.
    async fn end_stale_leases(&self) -> StoreResult<usize>;

    /// Removes at most `rows_max` log entries and changes that are too old. Returns how many; fewer than `rows_max`: done.
    async fn prune_logs(&self, retention: &Retention, rows_max: usize) -> StoreResult<usize>;

    /// Folds counters older than [`crate::stats::MINUTES_KEPT`] into hours, and prepares log partitions ahead.
    async fn fold_counters(&self) -> StoreResult<()>;

    /// Removes at most `rows_max` tombstones of whom no link is owed, leased, parked, Uncertain or Unaddressable (Unlinked
    /// links without debt go with them; Linked ones kept because delete is off stay), and raises the account's version floor. Locks the person first.
    /// Leaves the tombstones of accounts alone that have later marks: their links may be owed yet.
    async fn purge_tombstones(&self, rows_max: usize) -> StoreResult<usize>;

    /// What it holds.
    async fn totals(&self) -> StoreResult<StoreTotals>;

    /// What waits. MUST read kept counts, syncs, and the beginning of an index: asked every few seconds, it may look at
    /// each sync, and never at each link. Syncs that are being deleted are left out.
    async fn backlog(&self) -> StoreResult<Backlog>;

    /// How its connections stand; `None` where there are none.
    fn pool(&self) -> Option<PoolStatus>;

    /// The store's clock.
    async fn now(&self) -> StoreResult<Timestamp>;

    /// How many statements were sent to the database so far, for tests that count them; `None` where there are none.
    fn statements(&self) -> Option<u64>;
}

/// A whole store.
pub trait Store:
    WorkStore + DirectoryStore + LogStore + KeyStore + SessionStore + AlertStore + MaintenanceStore + ProvenanceStore
{
}
impl<T> Store for T where
    T: WorkStore
        + DirectoryStore
        + LogStore
        + KeyStore
        + SessionStore
        + AlertStore
        + MaintenanceStore
        + ProvenanceStore
{
}
