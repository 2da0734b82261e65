//! Alerts to administrators.

use crate::inputs::patch;
use crate::logs::{LoggedRequest, LoggedResponse};
use crate::scalars::{DateTime, SafeInt};
use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use secrecy::ExposeSecret;
use sync_core::alert;
use sync_engine::{AlertTested, AlertsPatch};

/// Where this account's alerts go, and what came of them. The signing secret is never shown here
#[derive(SimpleObject)]
pub(crate) struct AlertSettings {
    url: String,
    /// sync.parked is sent where more links of a sync are parked; null: never
    parked_above: Option<SafeInt>,
    /// Alerts that wait to be sent
    waiting: SafeInt,
    /// When one was last accepted
    last_sent_at: Option<DateTime>,
    /// Why the last try failed, in words; null where it was accepted
    last_error: Option<String>,
    /// When a try last failed
    last_error_at: Option<DateTime>,
}

impl From<(alert::AlertSettings, alert::AlertStatus)> for AlertSettings {
    fn from((settings, status): (alert::AlertSettings, alert::AlertStatus)) -> Self {
        Self {
            url: settings.url,
            parked_above: settings.parked_above.map(Into::into),
            waiting: status.waiting.into(),
            last_sent_at: status.last_sent_at.map(Into::into),
            last_error: status.last_error,
            last_error_at: status.last_error_at.map(Into::into),
        }
    }
}

/// Where alerts go
#[derive(InputObject)]
pub(crate) struct AlertsInput {
    /// An http or https URL without user name and password, at most 2048 characters
    url: String,
    /// whsec_ and the base64 of 24 to 64 bytes. Left out: the saved one stays, or one is made; null: a new one is made
    secret: MaybeUndefined<String>,
    /// 0 to 1000000000. Left out: as saved, at first 100; null: sync.parked is never sent
    parked_above: MaybeUndefined<i32>,
}

impl From<AlertsInput> for AlertsPatch {
    fn from(input: AlertsInput) -> Self {
        Self {
            url: input.url,
            secret: patch(input.secret).map(Into::into),
            parked_above: patch(input.parked_above).map(i64::from),
        }
    }
}

/// The secret is shown this once
#[derive(SimpleObject)]
pub(crate) struct SetAlertsResult {
    settings: AlertSettings,
    /// What receivers verify signatures with; null where the saved one stays
    secret: Option<String>,
}

impl SetAlertsResult {
    pub(crate) fn of(
        (settings, status, secret): (alert::AlertSettings, alert::AlertStatus, Option<secrecy::SecretString>),
    ) -> Self {
        Self { settings: (settings, status).into(), secret: secret.map(|secret| secret.expose_secret().to_owned()) }
    }
}

/// What came of a test alert
#[derive(SimpleObject)]
pub(crate) struct TestAlertResult {
    request: LoggedRequest,
    response: Option<LoggedResponse>,
    /// Why it does not count as accepted, in words; null: it was accepted
    error: Option<String>,
    duration_ms: i32,
}

impl From<AlertTested> for TestAlertResult {
    fn from(tested: AlertTested) -> Self {
        Self {
            request: sync_core::log::LoggedRequest::of(&tested.request).into(),
            response: sync_core::log::LoggedResponse::of_outcome(&tested.exchange.outcome).map(Into::into),
            error: tested.error,
            duration_ms: tested.exchange.duration_ms(),
        }
    }
}
