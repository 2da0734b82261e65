//! What an external system sends back of the secrets that it was given is kept nowhere.

use crate::cases::{rule, usual, world_with};
use crate::support::{ACCOUNT, link_is};
use sync_core::log::LogFilter;
use sync_core::page::PageRequest;
use sync_core::patch::{AuthenticationInput, HeaderInput, SyncPatch};
use sync_core::person::Patch;
use sync_core::ports::LogStore;
use sync_core::sync::Method;

const TOKEN: &str = "sk-live-0123456789";
const KEY: &str = "k/ey\"7890";

#[tokio::test(start_paused = true)]
async fn a_secret_that_comes_back_is_kept_nowhere() {
    let mut create = rule(Method::Post, "contacts", Some(r#"{"name":"{{ person.name }}"}"#));
    let header = HeaderInput { name: "X-Key".to_owned(), value: Some(KEY.into()), secret: Some(true) };
    create.headers = Patch::Set(vec![header]);
    let authentication = Patch::Set(AuthenticationInput::Bearer { token: TOKEN.into() });
    let mut world = world_with(&SyncPatch { authentication, create: Patch::Set(create), ..usual() }).await;
    world.push(&["p1"]).await.unwrap();
    let create = world.next().await;
    assert_eq!(create.header("authorization"), Some("Bearer sk-live-0123456789"), "it is sent");
    let body = r#"{"error":"wrong key sk-live-0123456789, or k\/ey\"7890"}"#;
    create.answer_with(400, &[("x-auth", "Bearer sk-live-0123456789")], body);
    let link = link_is(&world, "p1", |link| link.parked.is_some()).await;
    let page = PageRequest { after: None, first: 10 };
    let log = world.store.logs(ACCOUNT, &LogFilter::default(), page).await.unwrap().items;
    let response = log[0].response.as_ref().expect("it is logged");
    let kept = format!("{link:?} {:?} {response:?}", log[0].message);
    assert!(kept.contains("wrong key [redacted], or [redacted]"), "{kept}");
    for secret in [TOKEN, KEY, r#"k\/ey\"7890"#] {
        assert!(!kept.contains(secret), "{secret}: {kept}");
    }
    world.stop().await;
}

/// A short secret is part of many an id.
#[tokio::test(start_paused = true)]
async fn an_id_that_holds_a_secret_is_read_as_it_is() {
    let authentication = Patch::Set(AuthenticationInput::Bearer { token: "test".into() });
    let mut world = world_with(&SyncPatch { authentication, ..usual() }).await;
    world.linked("p1", "test-7").await;
    world.is_linked_to("p1", "test-7").await;
    world.rename("p1", "b").await;
    world.expect(Method::Put, "/contacts/test-7").await.answer(200, "{}");
    world.stop().await;
}
