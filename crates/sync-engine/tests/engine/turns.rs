//! Whoever is held back with others has a turn, however often somebody was tried in vain (H13).

use crate::cases::{usual, world_with};
use crate::support::{ACCOUNT, SYNC, World, eventually, link_is};
use sync_core::governor::Governor;
use sync_core::governor::brake::BrakeKind;
use sync_core::link::ParkReason;
use sync_core::ports::DirectoryStore;
use sync_core::sync::Method;
use tokio::time::{Duration, Instant};

/// In order of id, and of their changes.
const OWED: [&str; 3] = ["b1", "b2", "b3"];

impl World {
    async fn governor(&self) -> Governor {
        self.store.runtimes(ACCOUNT, &[SYNC]).await.unwrap().remove(0).1.governor
    }
}

/// Five people whose creates are refused, so that creates are held, and three more who are owed: each was refused once.
async fn all_tried_in_vain() -> World {
    let mut world = world_with(&usual()).await;
    for parked in ["a1", "a2", "a3", "a4", "a5"] {
        world.push(&[parked]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(422, "no");
        world.is_parked(parked, ParkReason::Refused).await;
    }
    assert!(world.governor().await.brakes().any(|(_, brake)| brake.kind == BrakeKind::Alike), "creates are held");
    for owed in OWED {
        world.push(&[owed]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let mut came = Vec::new();
    for _ in OWED {
        came.push(refuses_one(&mut world).await);
    }
    came.sort_unstable();
    assert_eq!(came, OWED);
    world
}

/// Whose create comes next; it is refused.
async fn refuses_one(world: &mut World) -> &'static str {
    let create = world.expect(Method::Post, "/contacts").await;
    let body = create.body();
    create.answer(422, "no");
    let person = OWED.into_iter().find(|person| body.contains(&format!("\"{person}\"")));
    let person = person.unwrap_or_else(|| panic!("nobody who is owed: {body}"));
    link_is(world, person, |link| link.lease.is_none()).await;
    person
}

/// Who changed last is not tried for ever while others, whom the system would take by now, wait.
#[tokio::test(start_paused = true)]
async fn h13_whoever_was_refused_longest_ago_is_tried_next() {
    let mut world = all_tried_in_vain().await;
    for round in 2..5 {
        let mut came = Vec::new();
        for _ in OWED {
            came.push(refuses_one(&mut world).await);
        }
        came.sort_unstable();
        assert_eq!(came, OWED, "round {round}");
    }
    world.stop().await;
}

/// Each release lets another one through, at once, and not the lowest id each time.
#[tokio::test(start_paused = true)]
async fn h13_releases_let_everybody_through_in_turn() {
    let mut world = all_tried_in_vain().await;
    for round in 2..5 {
        let mut came = Vec::new();
        for _ in OWED {
            let began = Instant::now();
            world.scope().release_hold(SYNC, Some(BrakeKind::Alike), None).await.unwrap();
            came.push(refuses_one(&mut world).await);
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        }
        came.sort_unstable();
        assert_eq!(came, OWED, "round {round}");
    }
    world.stop().await;
}

/// While the system is suspended and all who come later are bad, an older one has a turn all the same.
#[tokio::test(start_paused = true)]
async fn h15_a_stream_of_newer_bad_people_starves_nobody() {
    let mut world = world_with(&usual()).await;
    let bad: Vec<String> = (0..6).map(|n| format!("first{n}")).collect();
    world.push(&bad.iter().map(String::as_str).collect::<Vec<_>>()).await.unwrap();
    for _ in &bad {
        world.expect(Method::Post, "/contacts").await.answer(500, "");
    }
    eventually("it is suspended", async || world.governor().await.is_suspended().then_some(())).await;
    world.push(&["well", "zzz"]).await.unwrap();
    let began = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let mut pushed = 0;
    loop {
        tokio::select! {
            arrival = world.arrivals.next() => {
                if arrival.body().contains(r#""well""#) {
                    arrival.created("7");
                    break;
                }
                arrival.answer(500, "");
            }
            _ = tick.tick() => {
                pushed += 1;
                assert!(pushed < 7200, "nobody else in two hours");
                world.push(&[&format!("bad{pushed}")]).await.unwrap();
            }
        }
    }
    assert!(began.elapsed() < Duration::from_secs(180), "{:?}", began.elapsed());
    world.is_linked_to("well", "7").await;
    world.stop().await;
}
