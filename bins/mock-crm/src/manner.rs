//! How the records behave, beyond keeping what they are told.

use std::time::Duration;

/// How the records behave towards one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// How late a search finds what was written.
    pub search_lag: Option<Lag>,
    /// What an `Idempotency-Key` seen before does.
    pub keys: Option<KeyStore>,
    /// For how long a record that was written is locked.
    pub lock: Option<Duration>,
    /// Whether a POST with the email of a record changes that one.
    pub upsert: bool,
    /// Whose requests fail: an `external_id` or an email.
    pub poison: Option<String>,
}

/// How late a search finds what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// So long after it was created or changed.
    For(Duration),
    /// Not at all.
    Never,
}

/// What a POST with the `Idempotency-Key` of an earlier one is answered. Nothing is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStore {
    /// As the earlier one.
    Replay,
    /// As the earlier one if the bodies are equal, else 422.
    Check,
    /// 400, with code 159 (as Parse Server does).
    Refuse,
}

impl KeyStore {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Replay, Self::Check, Self::Refuse].into_iter().find(|keys| keys.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Check => "check",
            Self::Refuse => "refuse",
        }
    }
}

impl Manner {
    /// What this one leaves open is as another says.
    pub(crate) fn over(self, beneath: &Self) -> Self {
        Self {
            search_lag: self.search_lag.or(beneath.search_lag),
            keys: self.keys.or(beneath.keys),
            lock: self.lock.or(beneath.lock),
            upsert: self.upsert || beneath.upsert,
            poison: self.poison.or_else(|| beneath.poison.clone()),
        }
    }
}
