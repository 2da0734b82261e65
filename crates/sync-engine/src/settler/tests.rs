use super::aside::{Refused, TRIES};
use super::persist::REFUSED_MAX;
use super::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use sync_core::ports::WorkStore;
use testkit::contract::{World, accepted};
use testkit::memory::MemoryFixture;

/// What a store says of a batch before it settles it.
type Refuses = Box<dyn Fn(&[Settlement]) -> Option<StoreError> + Send + Sync>;

/// A store in memory that refuses what a test wants it to.
struct Refusing {
    world: World<MemoryFixture>,
    refuses: Mutex<Refuses>,
    is_ready: bool,
    calls: AtomicUsize,
    done: AtomicUsize,
}

impl Ledger for Refusing {
    async fn settle(&self, batch: &[Settlement]) -> StoreResult<()> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some(refusal) = (self.refuses.lock().unwrap())(batch) {
            return Err(refusal);
        }
        self.world.store().settle(batch.to_vec()).await?;
        Ok(())
    }

    async fn ready(&self) -> StoreResult<()> {
        if self.is_ready { Ok(()) } else { Err(unavailable()) }
    }

    fn is_done_with(&self, settlements: usize) {
        self.done.fetch_add(settlements, Ordering::SeqCst);
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { operation: "settle", source: "[53100] kein Speicherplatz mehr".into() }
}

fn unknown() -> StoreError {
    StoreError::Unknown { operation: "settle", source: "[XX000] リモートノードへの接続に失敗".into() }
}

/// A refusal of batches that hold one of these people.
fn of(people: &'static [&'static str], error: fn() -> StoreError) -> Refuses {
    let is_of = move |settlement: &Settlement| people.contains(&settlement.link.person.as_str());
    Box::new(move |batch| batch.iter().any(is_of).then(error))
}

fn nothing() -> Refuses {
    Box::new(|_| None)
}

impl Refusing {
    /// A store, and settlements of accepted creates for so many people, `p000` and on.
    async fn with(people: usize, refuses: Refuses) -> (Self, Vec<Settlement>) {
        let world = World::<MemoryFixture>::new().await;
        world.sync_with(|sync| sync.settings.limits.max_concurrency = 256).await;
        let ids: Vec<String> = (0..people).map(|n| format!("p{n:03}")).collect();
        world.upsert(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut settlements = Vec::new();
        for leased in world.claim(people).await.leased {
            settlements.push(world.settlement(&leased, &accepted(&leased)).await);
        }
        assert_eq!(settlements.len(), people);
        settlements.sort_by(|a, b| a.link.cmp(&b.link));
        let (calls, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        (Self { world, refuses: Mutex::new(refuses), is_ready: true, calls, done }, settlements)
    }

    fn refuse(&self, refuses: Refuses) {
        *self.refuses.lock().unwrap() = refuses;
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// How many people the log has.
    async fn logged(&self) -> usize {
        self.world.log().await.len()
    }

    /// Settles a batch, what comes in meanwhile, and what is set aside, for so long.
    async fn settle_for(&self, seconds: u64, batch: Vec<Settlement>, incoming: Vec<Settlement>) {
        let persister = Persister::new(self);
        let (sender, mut receiver) = mpsc::channel(100);
        for settlement in incoming {
            sender.send(settlement).await.unwrap();
        }
        let (aside, refused) = mpsc::channel(aside::ROWS_MAX);
        let batches = async {
            persister.persist(batch, &mut receiver, &aside).await;
            while let Some(settlement) = receiver.recv().await {
                persister.persist(vec![settlement], &mut receiver, &aside).await;
            }
        };
        let all = async { tokio::join!(biased; batches, aside::run(&persister, refused)) };
        // The sender is not gone: it goes on until then.
        assert!(tokio::time::timeout(Duration::from_secs(seconds), all).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_a_database_that_is_away_and_nothing_is_lost() {
    for (error, is_ready) in [(unavailable as fn() -> StoreError, false), (unavailable, true), (unknown, true)] {
        let (mut store, batch) = Refusing::with(40, Box::new(move |_| Some(error()))).await;
        store.is_ready = is_ready;
        store.settle_for(3600, batch.clone(), vec![]).await;
        assert_eq!((store.done(), store.logged().await), (0, 0), "all of it waits, whatever it is told");
        store.refuse(nothing());
        store.settle_for(60, batch, vec![]).await;
        assert_eq!((store.done(), store.logged().await), (40, 40));
    }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_away_is_asked_in_measure() {
    let (store, batch) = Refusing::with(40, Box::new(|_| Some(unknown()))).await;
    store.settle_for(600, batch, vec![]).await;
    // One call every two seconds, and those that look for rows: down to `REFUSED_MAX` of them.
    let calls = store.calls.load(Ordering::SeqCst);
    assert!(calls < 300 * (1 + 3 * REFUSED_MAX), "{calls} calls");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_refused_for_an_unknown_reason_stops_no_others_and_is_given_up() {
    let (store, batch) = Refusing::with(40, of(&["p017"], unknown)).await;
    let again = batch.clone();
    store.settle_for(10, batch, vec![]).await;
    assert_eq!((store.done(), store.logged().await), (39, 39), "the others, within 10 s; it is tried on");
    store.settle_for(30, again, vec![]).await;
    assert_eq!((store.done(), store.logged().await), (39 + 40, 39), "given up");
}

#[tokio::test(start_paused = true)]
async fn a_row_is_given_up_after_some_tries_and_only_where_others_are_written() {
    let (store, mut batch) = Refusing::with(3, of(&["p001"], unknown)).await;
    let later = batch.pop().unwrap();
    let persister = Persister::new(&store);
    let (aside, refused) = mpsc::channel(aside::ROWS_MAX);
    assert!(aside.send(Refused::new(batch.remove(1), 0)).await.is_ok());
    let trying = async {
        for _ in 0..100 * TRIES {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        assert_eq!(store.done(), 0, "it is kept while nothing shows that others can be written");
        assert!(store.calls.load(Ordering::SeqCst) > 10 * TRIES as usize);
        persister.write(&[later]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(store.done(), 2, "given up");
        drop(aside);
    };
    tokio::join!(aside::run(&persister, refused), trying);
    assert_eq!(store.logged().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_refused_by_a_database_that_is_away_in_part_is_kept() {
    let (store, batch) = Refusing::with(40, of(&["p003", "p030"], unavailable)).await;
    let (late, batch) = (batch[39..].to_vec(), batch[..39].to_vec());
    store.settle_for(3600, batch.clone(), late).await;
    assert_eq!((store.done(), store.logged().await), (38, 38), "the others are written, these two are kept");
    store.refuse(nothing());
    store.settle_for(60, batch, vec![]).await;
    assert_eq!(store.logged().await, 40);
}

#[tokio::test(start_paused = true)]
async fn bad_rows_in_front_do_not_hide_good_ones() {
    static BAD: [&str; 20] = [
        "p000", "p001", "p002", "p003", "p004", "p005", "p006", "p007", "p008", "p009", "p010", "p011", "p012", "p013",
        "p014", "p015", "p016", "p017", "p018", "p019",
    ];
    let (store, batch) = Refusing::with(40, of(&BAD, unknown)).await;
    store.settle_for(30, batch, vec![]).await;
    assert_eq!(store.logged().await, 20);
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_a_batch_waits_is_written_with_it() {
    let (store, batch) = Refusing::with(4, of(&["p000"], unknown)).await;
    // A row that is alone cannot be told from a database that is away; those that come show the difference.
    let (first, later) = (batch[..1].to_vec(), batch[1..].to_vec());
    store.settle_for(20, first, later).await;
    assert_eq!(store.logged().await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_can_be_written_bare_is() {
    let refuses = Box::new(|batch: &[Settlement]| {
        let is_bad = |settlement: &Settlement| settlement.link.person.as_str() == "p001" && settlement.log.is_some();
        batch.iter().any(is_bad).then(unknown)
    });
    let (store, batch) = Refusing::with(3, refuses).await;
    let (late, batch) = (batch[2..].to_vec(), batch[..2].to_vec());
    let persister = Persister::new(&store);
    let (aside, refused) = mpsc::channel(aside::ROWS_MAX);
    let (_sender, mut incoming) = mpsc::channel(1);
    let trying = async {
        persister.persist(batch, &mut incoming, &aside).await;
        persister.write(&late).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(aside);
    };
    tokio::join!(aside::run(&persister, refused), trying);
    assert_eq!(store.logged().await, 2, "without its log");
    assert!(store.world.claim(10).await.leased.is_empty(), "all three are settled");
}

#[tokio::test(start_paused = true)]
async fn what_the_store_calls_the_datas_fault_is_given_up_at_once() {
    let corrupt = || StoreError::Corrupt { table: "links", column: "state", key: "p000".to_owned() };
    let (store, batch) = Refusing::with(1, of(&["p000"], corrupt)).await;
    store.settle_for(5, batch, vec![]).await;
    assert_eq!((store.done(), store.calls.load(Ordering::SeqCst)), (1, 1));
}
