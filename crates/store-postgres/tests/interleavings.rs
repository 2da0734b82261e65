//! What Postgres does when transactions meet, held on a real one: hazards S1.2, S1.10 and S1.13. One side is a transaction
//! written out here and held open; the other is the store.

mod fixture;

use fixture::{PostgresFixture, client};
use std::sync::Arc;
use sync_core::link::LinkState;
use sync_core::ports::WorkStore;
use sync_core::transition::SettleResult::{Applied, Gone};
use testkit::contract::World;
use testkit::reply::Reply;

/// Waits until somebody waits for a lock in this database: the other side has come that far.
async fn until_blocked(database: &str) {
    let observer = client("postgres").await;
    let blocked = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'";
    for _ in 0..10_000 {
        let row = observer.query_one(blocked, &[&database]).await.unwrap();
        if row.get::<_, i64>(0) > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody waits for a lock");
}

/// What intake does to one person and their links, as far as the other side can see it.
const CHANGE: &str = "UPDATE people SET version = version + 1, first_name = 'newer' WHERE id = 'a'; \
    UPDATE links SET generation = generation + 1, due_at = now() WHERE person = 'a';";

/// S1.2 (a): a settle waits for an intake that is not committed yet. It must see the newer generation, and leave the link
/// due.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_2_a_settle_that_waits_for_an_intake_leaves_the_link_due() {
    let world = Arc::new(World::<PostgresFixture>::new().await);
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let leased = world.claim_one().await;
    let intake = client(&world.fixture.database).await;
    intake.batch_execute(&format!("BEGIN; {CHANGE}")).await.unwrap();
    let settling = {
        let world = world.clone();
        tokio::spawn(async move { world.reply(&leased, Reply::Created("1".to_owned())).await })
    };
    until_blocked(&world.fixture.database).await;
    intake.batch_execute("COMMIT").await.unwrap();
    assert_eq!(settling.await.unwrap(), Applied);
    let link = world.link(&sync, "a").await;
    assert!(matches!(link.state, LinkState::Linked(_)), "what was learnt is kept");
    assert!(link.is_owed(), "the newer change is still owed");
    let again = world.claim_one().await;
    assert_eq!(again.person.unwrap().first_name.as_deref(), Some("newer"));
}

/// S1.2 (b): a claim meets an intake that is not committed yet. It must never pair the new generation with the old person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_2_a_claim_never_pairs_a_new_generation_with_an_old_person() {
    let world = World::<PostgresFixture>::new().await;
    world.sync().await;
    world.upsert(&["a"]).await;
    let intake = client(&world.fixture.database).await;
    intake.batch_execute(&format!("BEGIN; {CHANGE}")).await.unwrap();
    assert!(world.claim(10).await.leased.is_empty(), "a locked link is skipped, not waited for");
    intake.batch_execute("COMMIT").await.unwrap();
    let leased = world.claim_one().await;
    assert_eq!((leased.link.generation, leased.person.unwrap().version), (2, 2));
}

/// S1.2 (c): an intake meets a claim that is not committed yet, whose link still looks due and unleased. The generation is
/// raised all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_2_an_intake_marks_what_looks_due_already() {
    let world = Arc::new(World::<PostgresFixture>::new().await);
    let sync = world.sync().await;
    world.upsert(&["a"]).await;
    let claiming = client(&world.fixture.database).await;
    let lease = "BEGIN; UPDATE links SET lease_token = gen_random_uuid(), lease_until = now() + interval '40 s', \
         lease_operation = 0, lease_version = 1 WHERE person = 'a';";
    claiming.batch_execute(lease).await.unwrap();
    let intake = {
        let world = world.clone();
        tokio::spawn(async move { world.upsert(&["a"]).await })
    };
    until_blocked(&world.fixture.database).await;
    claiming.batch_execute("COMMIT").await.unwrap();
    intake.await.unwrap();
    let link = world.link(&sync, "a").await;
    assert_eq!(link.generation, 2);
    assert!(link.is_owed() && link.lease.is_some());
    assert_eq!(link.extras.first_snapshot.map(|person| person.version), Some(1), "what the create under way carries");
}

/// S1.10: one row that the database refuses never stops the others of its batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_10_a_poisoned_row_does_not_stop_its_batch() {
    let world = World::<PostgresFixture>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b", "c", "d", "e"]).await;
    let leased = world.claim(10).await.leased;
    let poison = "ALTER TABLE links ADD CHECK (person <> 'c' OR state <> 2); \
         ALTER TABLE log_entries ADD CHECK (person <> 'd')";
    client(&world.fixture.database).await.batch_execute(poison).await.unwrap();
    let mut settlements = Vec::new();
    for leased in &leased {
        settlements.push(world.settlement(leased, &Reply::Created(format!("crm-{}", leased.link.id.person))).await);
    }
    let results = world.store().settle(settlements).await.unwrap();
    for (leased, result) in leased.iter().zip(results) {
        let person = leased.link.id.person.as_str();
        let link = world.link(&sync, person).await;
        if person == "c" {
            assert_eq!(result, Gone);
            assert_eq!(link.state, LinkState::Unlinked, "its lease ends by time");
        } else {
            assert_eq!(result, Applied);
            assert!(matches!(link.state, LinkState::Linked(_)), "{person}");
        }
    }
    let mut logged: Vec<_> = world.log().await.iter().map(|entry| entry.person.to_string()).collect();
    logged.sort();
    assert_eq!(logged, ["a", "b", "e"], "a log that cannot be written never fails a settlement");
}

/// S1.13: a sync is made while people are pushed from all sides: nobody falls between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_13_nobody_falls_between_a_new_sync_and_parallel_pushes() {
    let world = Arc::new(World::<PostgresFixture>::new().await);
    let other_node = world.fixture.another_node().await;
    let mut pushes = Vec::new();
    for n in 0..100 {
        let (world, other_node) = (world.clone(), other_node.clone());
        pushes.push(tokio::spawn(async move {
            let person = format!("p{n:03}");
            let request = world.record_request(vec![world.upsert_call(&[&person])], None);
            // Two nodes take changes in.
            let recorded = if n % 2 == 0 {
                world.store().record_changes(request).await
            } else {
                other_node.record_changes(request).await
            };
            recorded.unwrap();
        }));
        if n == 50 {
            tokio::task::yield_now().await;
        }
    }
    let sync = testkit::build::sync(world.account, world.random.sync(), world.now().await);
    sync_core::ports::DirectoryStore::create_sync(world.store(), &sync, true).await.unwrap();
    world.remember(&sync);
    for push in pushes {
        push.await.unwrap();
    }
    world.sweep(7).await;
    assert_eq!(world.links(&sync).await.len(), 100);
    assert!(world.links(&sync).await.iter().all(sync_core::link::Link::is_owed));
}

/// Two nodes settle and claim the same links at once: each link is leased once, and nothing deadlocks for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_work_one_queue() {
    let world = Arc::new(World::<PostgresFixture>::new().await);
    let sync = world.sync_with(|sync| sync.settings.limits.max_concurrency = 256).await;
    let people: Vec<String> = (0..120).map(|n| format!("p{n:03}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    world.upsert(&people).await;
    let other_node = world.fixture.another_node().await;
    let mut nodes = Vec::new();
    for node in [world.store().clone(), other_node] {
        let world = world.clone();
        nodes.push(tokio::spawn(async move {
            let mut sent = Vec::new();
            loop {
                let claimed = node.claim(world.claim_request(7)).await.unwrap();
                if claimed.leased.is_empty() {
                    return sent;
                }
                let mut settlements = Vec::new();
                for leased in &claimed.leased {
                    let person = leased.link.id.person.to_string();
                    settlements.push(world.settlement(leased, &Reply::Created(person.clone())).await);
                    sent.push(person);
                }
                node.settle(settlements).await.unwrap();
            }
        }));
    }
    let mut sent = Vec::new();
    for node in nodes {
        sent.extend(node.await.unwrap());
    }
    sent.sort();
    assert_eq!(sent, people, "each once");
    assert!(world.links(&sync).await.iter().all(|link| matches!(link.state, LinkState::Linked(_))));
}
