//! Alerts: where they go, what waits, who sends.

use super::{StoreFixture, World};
use crate::build;
use std::time::Duration;
use sync_core::alert::{AlertKind, AlertSettings, ClaimedAlert, Verdict};
use sync_core::id::{AccountId, LeaseToken, SyncId};
use sync_core::key::Account;
use sync_core::ports::{AlertStore, DirectoryStore, Random};
use sync_core::sync::Sealed;

const LEASE: Duration = Duration::from_secs(60);
const GAP: Duration = Duration::from_secs(10);

fn settings(parked_above: Option<i64>) -> AlertSettings {
    let secret = Sealed { key_id: "k1".to_owned(), ciphertext: "c2VjcmV0".to_owned() };
    AlertSettings { url: "https://alerts.example/crm?a=1".to_owned(), secret, parked_above }
}

impl<F: StoreFixture> World<F> {
    async fn note(&self) -> usize {
        self.store().note_alerts(self.account, self.random.uuid()).await.unwrap()
    }

    async fn claim_alert(&self) -> Option<(LeaseToken, ClaimedAlert)> {
        let token = self.random.token();
        Some((token, self.store().claim_alert(token, LEASE).await.unwrap()?))
    }

    async fn settle_alert(&self, (token, claimed): &(LeaseToken, ClaimedAlert), verdict: Verdict) {
        self.store().settle_alert(*token, claimed, &verdict, GAP).await.unwrap();
    }

    /// Has all that is due heard. Returns what.
    async fn hear(&self) -> Vec<AlertKind> {
        let mut heard = Vec::new();
        while let Some(claimed) = self.claim_alert().await {
            self.settle_alert(&claimed, Verdict::Heard).await;
            heard.push(claimed.1.alert.kind);
            self.pass(11).await;
            assert!(heard.len() < 100, "it does not come to an end");
        }
        heard
    }

    async fn waiting(&self) -> i64 {
        self.store().alerts(self.account).await.unwrap().unwrap().1.waiting
    }
}

fn again(seconds: u64) -> Verdict {
    Verdict::Again { after: Duration::from_secs(seconds), error: "the receiver answered 503".to_owned() }
}

/// And their settings come back as they were given.
pub async fn each_news_is_told_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync_with(|sync| sync.friendly_name = "Sales \u{1F4DE}".to_owned()).await;
    assert_eq!(world.store().alerts(world.account).await.unwrap(), None);
    assert_eq!(world.note().await, 0, "there is no address");
    world.store().set_alerts(world.account, &settings(None)).await.unwrap();
    assert_eq!(world.store().alert_accounts().await.unwrap(), [world.account]);
    assert_eq!(world.note().await, 0, "all is well");
    world.suspend(&sync, &["a", "b", "c", "d", "e"]).await;
    assert_eq!(world.note().await, 1);
    assert_eq!(world.note().await, 0, "it is noted already");
    assert_eq!(world.waiting().await, 1);
    let claimed = world.claim_alert().await.unwrap();
    let ClaimedAlert { account, settings: sent_to, alert, tries } = &claimed.1;
    assert_eq!((*account, sent_to, *tries), (world.account, &settings(None), 0));
    assert_eq!(alert.kind, AlertKind::Suspended);
    assert_eq!(alert.id.0.get_version_num(), 7);
    let about = alert.about.as_ref().unwrap();
    assert_eq!((about.sync, about.friendly_name.as_str(), about.owed), (sync.id, "Sales \u{1F4DE}", 5));
    assert!(about.suspension.is_some());
    world.settle_alert(&claimed, Verdict::Heard).await;
    let (saved, status) = world.store().alerts(world.account).await.unwrap().unwrap();
    assert_eq!(saved, settings(None));
    assert!(status.last_sent_at.is_some() && status.last_error.is_none() && status.waiting == 0, "{status:?}");
    assert_eq!(world.note().await, 0, "it was told");
    world.pass(3600).await;
    let probe = world.claim_one().await;
    world.reply(&probe, super::accepted(&probe)).await;
    assert_eq!(world.note().await, 1);
    world.pass(11).await;
    assert_eq!(world.hear().await, [AlertKind::Recovered]);
    assert_eq!(world.note().await, 0);
}

/// By kept counts, once for all of them.
pub async fn parked_links_are_told_above_the_threshold<F: StoreFixture>() {
    let world = World::<F>::new().await;
    world.sync().await;
    world.store().set_alerts(world.account, &settings(Some(2))).await.unwrap();
    world.upsert(&["a", "b", "c"]).await;
    for (n, leased) in world.claim(10).await.leased.iter().enumerate() {
        assert_eq!(world.note().await, 0, "{n} are not above 2");
        world.reply(leased, crate::reply::Reply::Status(422)).await;
    }
    assert_eq!(world.note().await, 1);
    let claimed = world.claim_alert().await.unwrap();
    let about = claimed.1.alert.about.clone().unwrap();
    assert_eq!((claimed.1.alert.kind, about.parked, about.parked_above), (AlertKind::Parked, 3, Some(2)));
    world.settle_alert(&claimed, Verdict::Heard).await;
    assert_eq!(world.note().await, 0);
    world.pass(60).await;
    assert_eq!(world.hear().await, []);
}

/// The account's other alerts wait for it; those of other accounts do not.
pub async fn one_alert_of_an_account_is_under_way<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let other = Account { id: AccountId(uuid::Uuid::from_u128(5)), name: "other".to_owned() };
    world.fixture.create_account(&other).await;
    let theirs = build::sync(other.id, SyncId(uuid::Uuid::from_u128(6)), world.now().await);
    world.store().create_sync(&theirs, false).await.unwrap();
    world.store().set_alerts(other.id, &settings(None)).await.unwrap();
    world.store().set_alerts(world.account, &settings(Some(0))).await.unwrap();
    let sync = world.sync().await;
    world.upsert(&["p"]).await;
    let parked = world.claim_one().await;
    world.reply(&parked, crate::reply::Reply::Status(422)).await;
    world.suspend(&sync, &["a", "b", "c", "d", "e"]).await;
    world.note().await;
    assert_eq!(world.store().note_alerts(other.id, world.random.uuid()).await.unwrap(), 0, "theirs is well");
    assert_eq!(world.waiting().await, 2);
    let first = world.claim_alert().await.unwrap();
    assert_eq!(world.claim_alert().await, None, "one is under way");
    world.settle_alert(&first, Verdict::Heard).await;
    assert_eq!(world.claim_alert().await, None, "not in floods");
    world.pass(11).await;
    let second = world.claim_alert().await.unwrap();
    assert_ne!(first.1.alert.id, second.1.alert.id);
    world.settle_alert(&second, Verdict::Heard).await;
    world.pass(60).await;
    assert_eq!(world.claim_alert().await, None);
}

/// With the same id; a settlement that comes too late changes nothing.
pub async fn a_lost_lease_is_sent_again<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.store().set_alerts(world.account, &settings(None)).await.unwrap();
    world.suspend(&sync, &["a", "b", "c", "d", "e"]).await;
    world.note().await;
    let lost = world.claim_alert().await.unwrap();
    world.pass(61).await;
    let again_claimed = world.claim_alert().await.unwrap();
    assert_eq!(again_claimed.1, lost.1);
    world.settle_alert(&lost, Verdict::Heard).await;
    assert_eq!(world.waiting().await, 1, "it came too late");
    world.settle_alert(&again_claimed, again(30)).await;
    let status = world.store().alerts(world.account).await.unwrap().unwrap().1;
    assert_eq!(status.last_error.as_deref(), Some("the receiver answered 503"));
    assert!(status.last_error_at.is_some() && status.last_sent_at.is_none());
    world.pass(29).await;
    assert_eq!(world.claim_alert().await, None, "it backs off");
    world.pass(2).await;
    let third = world.claim_alert().await.unwrap();
    assert_eq!((third.1.alert.id, third.1.tries), (lost.1.alert.id, 1));
    world.settle_alert(&third, Verdict::GivenUp { error: "gone".to_owned() }).await;
    world.note().await;
    world.pass(3600).await;
    assert_eq!(world.claim_alert().await, None, "it was given up");
}

/// What was told stays told, what waits goes at once.
pub async fn a_mended_address_is_tried_at_once<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.store().set_alerts(world.account, &settings(None)).await.unwrap();
    world.suspend(&sync, &["a", "b", "c", "d", "e"]).await;
    world.note().await;
    let claimed = world.claim_alert().await.unwrap();
    world.settle_alert(&claimed, again(36_000)).await;
    world.pass(11).await;
    assert_eq!(world.claim_alert().await, None);
    let mended = AlertSettings { url: "https://mended.example/".to_owned(), ..settings(Some(7)) };
    world.store().set_alerts(world.account, &mended).await.unwrap();
    let status = world.store().alerts(world.account).await.unwrap().unwrap().1;
    assert_eq!((status.last_error, status.waiting), (None, 1));
    let claimed = world.claim_alert().await.unwrap();
    assert_eq!((&claimed.1.settings, claimed.1.tries), (&mended, 0));
    world.settle_alert(&claimed, Verdict::Heard).await;
    world.store().set_alerts(world.account, &mended).await.unwrap();
    assert_eq!(world.note().await, 0, "it was told");
}

/// Nothing of it is left: set anew, everything is told anew.
pub async fn removed_alerts_leave_nothing<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    assert!(!world.store().remove_alerts(world.account).await.unwrap());
    world.store().set_alerts(world.account, &settings(None)).await.unwrap();
    world.suspend(&sync, &["a", "b", "c", "d", "e"]).await;
    world.note().await;
    let claimed = world.claim_alert().await.unwrap();
    assert!(world.store().remove_alerts(world.account).await.unwrap());
    world.settle_alert(&claimed, Verdict::Heard).await;
    assert_eq!(world.store().alerts(world.account).await.unwrap(), None);
    assert_eq!(world.store().alert_accounts().await.unwrap(), []);
    assert_eq!(world.claim_alert().await, None);
    world.store().set_alerts(world.account, &settings(None)).await.unwrap();
    assert_eq!(world.note().await, 1);
    assert_eq!(world.hear().await, [AlertKind::Suspended]);
}

/// And what waits for it is not sent.
pub async fn a_deleted_sync_is_forgotten<F: StoreFixture>() {
    let world = World::<F>::new().await;
    let sync = world.sync().await;
    world.store().set_alerts(world.account, &settings(None)).await.unwrap();
    world.suspend(&sync, &["a", "b", "c", "d", "e"]).await;
    world.note().await;
    assert!(world.store().delete_sync(world.account, sync.id).await.unwrap());
    assert_eq!(world.claim_alert().await, None);
    assert_eq!(world.waiting().await, 0);
    assert_eq!(world.note().await, 1, "its book goes");
    assert_eq!(world.note().await, 0);
}

/// Many nodes claim at once.
pub async fn concurrent_claims_take_an_alert_once<F: StoreFixture>() {
    let world = std::sync::Arc::new(World::<F>::new().await);
    let sync = world.sync().await;
    world.store().set_alerts(world.account, &settings(None)).await.unwrap();
    world.suspend(&sync, &["a", "b", "c", "d", "e"]).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { (world.note().await, world.claim_alert().await) })
        })
        .collect();
    let (mut noted, mut claimed) = (0, 0);
    for task in tasks {
        let (written, taken) = task.await.unwrap();
        noted += written;
        claimed += usize::from(taken.is_some());
    }
    assert_eq!((noted, claimed), (1, 1));
}
