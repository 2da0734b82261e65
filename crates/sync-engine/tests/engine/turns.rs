//! Whoever is held back with others has a turn, however often somebody was tried in vain (H13).

use crate::cases::{usual, world_with};
use crate::support::{ACCOUNT, SYNC, World, link_is};
use sync_core::governor::brake::BrakeKind;
use sync_core::link::ParkReason;
use sync_core::ports::DirectoryStore;
use sync_core::sync::Method;
use tokio::time::{Duration, Instant};

/// In order of id, and of their changes.
const OWED: [&str; 3] = ["b1", "b2", "b3"];

/// Five people whose creates are refused, so that creates are held, and three more who are owed: each was refused once.
async fn all_tried_in_vain() -> World {
    let mut world = world_with(&usual()).await;
    for parked in ["a1", "a2", "a3", "a4", "a5"] {
        world.push(&[parked]).await.unwrap();
        world.expect(Method::Post, "/contacts").await.answer(422, "no");
        world.is_parked(parked, ParkReason::Refused).await;
    }
    let runtime = world.store.runtimes(ACCOUNT, &[SYNC]).await.unwrap().remove(0).1;
    assert!(runtime.governor.brakes().any(|(_, brake)| brake.kind == BrakeKind::Alike), "creates are held");
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
