//! Alerts to administrators: where they go, and the loop that notes and sends them. What is told is sync-core's.

use crate::error::{EngineError, EngineResult, chain};
use crate::vault::Vault;
use crate::{AccountScope, Engine, webhook};
use secrecy::SecretString;
use std::time::Duration;
use sync_core::alert::{self, Alert, AlertKind, AlertSettings, AlertStatus, ClaimedAlert, Verdict};
use sync_core::fault::Fault;
use sync_core::id::{AccountId, AlertId, LeaseToken};
use sync_core::outcome::{Exchange, Request};
use sync_core::person::Patch;
use sync_core::ports::StoreError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, warn};

/// How often syncs are looked at, and the least time between two alerts of an account.
pub const ALERTS_EVERY: Duration = Duration::from_secs(10);
/// The most alerts of all accounts under way from this node.
const UNDER_WAY_MAX: usize = 16;
/// How long an alert that was taken is another node's: longer than its request can take.
const LEASE: Duration = Duration::from_secs(60);

/// What an administrator says of alerts.
#[derive(Clone, Debug)]
pub struct AlertsPatch {
    /// Where they go.
    pub url: String,
    /// What they are signed with. Kept: the saved one stays, or one is made; cleared: a new one is made.
    pub secret: Patch<SecretString>,
    /// Told where more links of a sync are parked. Kept: as saved, at first [`alert::PARKED_ABOVE`]; cleared: never.
    pub parked_above: Patch<i64>,
}

/// What came of a test alert.
#[derive(Clone, Debug)]
pub struct AlertTested {
    /// As it was sent.
    pub request: Request,
    /// What came back.
    pub exchange: Exchange,
    /// Why it does not count as accepted, in words.
    pub error: Option<String>,
}

impl AccountScope {
    /// Where alerts go, and what came of them; `None`: nowhere.
    pub async fn alerts(&self) -> EngineResult<Option<(AlertSettings, AlertStatus)>> {
        Ok(self.store().alerts(self.account).await?)
    }

    /// Says where alerts go. Returns the secret where it is a new one: it is shown this once.
    pub async fn set_alerts(
        &self,
        said: AlertsPatch,
    ) -> EngineResult<(AlertSettings, AlertStatus, Option<SecretString>)> {
        let saved = self.store().alerts(self.account).await?.map(|(settings, _)| settings);
        let mut faults: Vec<Fault> = Vec::new();
        let url = match alert::check_url(&said.url) {
            Ok(url) => Some(url),
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        let given = match said.secret {
            Patch::Set(secret) => {
                faults.extend(webhook::check_secret(&secret).err());
                Some(secret)
            }
            Patch::Keep if saved.is_some() => None,
            Patch::Keep | Patch::Clear => Some(webhook::new_secret()),
        };
        let parked_above = match said.parked_above {
            Patch::Set(links) => {
                faults.extend(alert::check_parked_above(links).err());
                Some(links)
            }
            Patch::Keep => saved.as_ref().map_or(Some(alert::PARKED_ABOVE), |saved| saved.parked_above),
            Patch::Clear => None,
        };
        let vault = &self.engine.inner.dispatching.vault;
        let sealed = match (&given, saved) {
            (Some(secret), _) => Some(vault.seal_of_account(self.account, secret)),
            (None, saved) => saved.map(|saved| saved.secret),
        };
        let (Some(url), Some(secret), true) = (url, sealed, faults.is_empty()) else {
            return Err(EngineError::Invalid(faults));
        };
        let settings = AlertSettings { url, secret, parked_above };
        self.store().set_alerts(self.account, &settings).await?;
        let set = self.store().alerts(self.account).await.map_err(|error| EngineError::from(error).after_a_part())?;
        let (settings, status) = set.ok_or(EngineError::NotFound(ADDRESS))?;
        Ok((settings, status, given))
    }

    /// Removes where alerts go, and what waits. False where there was nothing.
    pub async fn remove_alerts(&self) -> EngineResult<bool> {
        Ok(self.store().remove_alerts(self.account).await?)
    }

    /// Sends a test alert now and tells what was answered. It is tried once.
    pub async fn test_alert(&self) -> EngineResult<AlertTested> {
        let (settings, _) = self.store().alerts(self.account).await?.ok_or(EngineError::NotFound(ADDRESS))?;
        let now = self.engine.now();
        let test = Alert { id: AlertId(self.engine.new_id()), kind: AlertKind::Test, at: now, about: None };
        let request = self.engine.alert_request(self.account, &settings, &test).map_err(EngineError::Conflict)?;
        let exchange = self.engine.inner.dispatching.http.send(&request).await;
        let error = alert::refusal(&exchange.outcome);
        Ok(AlertTested { request, exchange, error })
    }
}

const ADDRESS: &str = "address of alerts in this account: set one first";

impl Engine {
    fn alert_request(&self, account: AccountId, settings: &AlertSettings, alert: &Alert) -> Result<Request, String> {
        let vault: &Vault = &self.inner.dispatching.vault;
        let secret = vault
            .open_of_account(account, &settings.secret)
            .map_err(|error| format!("the signing secret cannot be opened: {error}"))?;
        webhook::request(alert, &settings.url, &secret, self.now())
    }

    /// Sends an alert that was claimed, and settles it.
    async fn tell(self, token: LeaseToken, claimed: ClaimedAlert) {
        let around = &self.inner.dispatching.around;
        let jitter = around.random.fraction();
        let verdict = match self.alert_request(claimed.account, &claimed.settings, &claimed.alert) {
            Ok(request) => {
                let exchange = self.inner.dispatching.http.send(&request).await;
                Verdict::of(&exchange.outcome, claimed.tries, &around.policy, jitter, self.now())
            }
            Err(why) => Verdict::unsendable(why, claimed.tries, &around.policy, jitter),
        };
        let (account, alert, event) = (claimed.account, claimed.alert.id, claimed.alert.kind.event());
        match &verdict {
            Verdict::Heard => debug!(%account, %alert, event, "an alert was told"),
            Verdict::Again { error, after } => {
                debug!(%account, %alert, event, error, ?after, "an alert was not accepted");
            }
            Verdict::GivenUp { error } => warn!(%account, %alert, event, error, "an alert was given up"),
        }
        self.inner.dispatching.metrics.alert(&verdict);
        let gap = self.inner.alerts_every;
        if let Err(error) = self.store().settle_alert(token, &claimed, &verdict, gap).await {
            // Its lease runs out, and it is sent again with the same id.
            warn!(%account, %alert, error = chain(&error), "an alert could not be settled");
        }
    }
}

/// Notes and sends alerts until `stop`; what is under way then is finished within the grace period.
pub(crate) async fn run(engine: Engine, mut stop: watch::Receiver<bool>) {
    let mut under_way = JoinSet::new();
    while !*stop.borrow() {
        if let Err(error) = look(&engine, &mut under_way).await {
            warn!(error = chain(&error), "looking for alerts failed, it is tried again");
        }
        tokio::select! {
            biased;
            _ = stop.changed() => {}
            () = tokio::time::sleep(engine.inner.alerts_every) => {}
        }
    }
    let finished = async { while under_way.join_next().await.is_some() {} };
    // Whatever is cut off is sent again with the same id.
    let _cut_off = tokio::time::timeout(engine.inner.grace, finished).await;
}

/// Notes what is new of every account's syncs, and takes what is due.
async fn look(engine: &Engine, under_way: &mut JoinSet<()>) -> Result<(), StoreError> {
    let store = engine.store();
    let accounts = store.alert_accounts().await?;
    for account in &accounts {
        store.note_alerts(*account, engine.random().uuid()).await?;
    }
    while under_way.try_join_next().is_some() {}
    while !accounts.is_empty() && under_way.len() < UNDER_WAY_MAX {
        let token = LeaseToken(engine.random().uuid());
        let Some(claimed) = store.claim_alert(token, LEASE).await? else { break };
        under_way.spawn(engine.clone().tell(token, claimed));
    }
    Ok(())
}
