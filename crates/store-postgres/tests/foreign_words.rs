//! A server that speaks German, or Japanese: what went wrong is known by its code. A trigger raises each class of faults on each
//! hot statement.

mod fixture;

use fixture::{PostgresFixture, client};
use sync_core::link::LinkState;
use sync_core::ports::{StoreError, WorkStore};
use sync_core::transition::SettleResult::Applied;
use testkit::contract::World;
use testkit::reply::Reply;

const GERMAN: &str =
    "konnte Datei »base/16384/16385« nicht erweitern: Auf dem Gerät ist kein Speicherplatz mehr verfügbar";

/// A trigger on each table, which raises what the table `test_fault` says.
const TRIGGERS: &str = "CREATE TABLE test_fault (tables text[], code text, message text);
    CREATE FUNCTION test_fault() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE fault test_fault;
    BEGIN
        SELECT * INTO fault FROM test_fault WHERE TG_TABLE_NAME = ANY (tables) LIMIT 1;
        IF FOUND THEN RAISE EXCEPTION USING errcode = fault.code, message = fault.message; END IF;
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END $$;
    DO $$ DECLARE t text; BEGIN
        FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'log_entries_%'
                AND tablename NOT IN ('test_fault', '__diesel_schema_migrations') LOOP
            EXECUTE format('CREATE TRIGGER test_fault BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW \
                EXECUTE FUNCTION test_fault()', t);
        END LOOP;
    END $$;";

/// A full disk loses no settlement, whatever language that is said in: nothing is settled, and all of it once there is room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_in_german_loses_no_settlement() {
    let world = World::<PostgresFixture>::new().await;
    let sync = world.sync().await;
    world.upsert(&["a", "b", "c"]).await;
    let mut settlements = Vec::new();
    for leased in world.claim(10).await.leased {
        settlements.push(world.settlement(&leased, &Reply::Created(format!("crm-{}", leased.link.id.person))).await);
    }
    let database = client(&world.fixture.database).await;
    database.batch_execute(TRIGGERS).await.unwrap();
    let full = "INSERT INTO test_fault VALUES (ARRAY['links', 'log_entries'], '53100', $1)";
    database.execute(full, &[&GERMAN]).await.unwrap();
    let refused = world.store().settle(settlements.clone()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");

    database.batch_execute("TRUNCATE test_fault").await.unwrap();
    assert_eq!(world.store().settle(settlements).await.unwrap(), [Applied, Applied, Applied]);
    assert!(world.links(&sync).await.iter().all(|link| matches!(link.state, LinkState::Linked(_))));
    assert_eq!(world.log().await.len(), 3);
}
