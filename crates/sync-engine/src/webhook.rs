//! An alert as a signed request, by Standard Webhooks 1.0 (<https://www.standardwebhooks.com>). No I/O.

use crate::compiled::USER_AGENT;
use crate::vault::fill;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::time::Duration;
use sync_core::alert::Alert;
use sync_core::fault::Fault;
use sync_core::outcome::{Request, RequestHeader};
use sync_core::sync::{BodyFormat, Method};
use sync_core::time::Timestamp;
use zeroize::Zeroizing;

/// One deadline over everything: as long as receivers are told to take at most.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);
/// What a symmetric secret begins with.
const PREFIX: &str = "whsec_";
/// How many bytes the specification lets a secret have.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Draws a new secret of 32 random bytes.
pub(crate) fn new_secret() -> SecretString {
    let mut bytes = Zeroizing::new([0; 32]);
    fill(bytes.as_mut_slice());
    format!("{PREFIX}{}", BASE64.encode(bytes.as_slice())).into()
}

/// Checks a secret that an administrator gave.
pub(crate) fn check_secret(secret: &SecretString) -> Result<(), Fault> {
    // The value is not repeated.
    key_of(secret).map(drop).ok_or_else(|| {
        let mend = "is no signing secret; write whsec_ and behind it the base64 of 24 to 64 random bytes, or leave it out \
                    to have one made";
        Fault::at(["secret"], mend)
    })
}

fn key_of(secret: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(BASE64.decode(secret.expose_secret().strip_prefix(PREFIX)?).ok()?);
    BYTES.contains(&bytes.len()).then_some(bytes)
}

/// The request that tells an alert, signed as sent at `now`. `Err`, in words, for what no checked settings hold.
pub(crate) fn request(alert: &Alert, url: &str, secret: &SecretString, now: Timestamp) -> Result<Request, String> {
    let url = url.parse().map_err(|_| "the address is no URL: set it again".to_owned())?;
    let key = key_of(secret).ok_or("the secret is no signing secret: set it again")?;
    let (id, timestamp, body) = (alert.id.to_string(), now.as_millis().div_euclid(1000).to_string(), alert.body());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| "the secret cannot sign: set it again")?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    let signature = format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    let header = |name: &str, value: String| RequestHeader { name: name.to_owned(), value, secret: false };
    Ok(Request {
        method: Method::Post,
        url,
        headers: vec![
            header("Content-Type", "application/json".to_owned()),
            header("webhook-id", id),
            header("webhook-timestamp", timestamp),
            header("webhook-signature", signature),
            header("User-Agent", USER_AGENT.to_owned()),
        ],
        body: Some(body.into()),
        format: BodyFormat::Json,
        ssl_verification: true,
        timeout: TIMEOUT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;
    use sync_core::alert::AlertKind;
    use sync_core::id::AlertId;
    use sync_core::ports::Clock;

    fn alert() -> Alert {
        let now = Timestamp::from_micros(1_769_851_815_000_000);
        Alert { id: AlertId(uuid::Uuid::from_u128(7)), kind: AlertKind::Test, at: now, about: None }
    }

    /// What a receiver's library says of the request.
    fn verified(request: &Request, secret: &SecretString) -> bool {
        let receiver = standardwebhooks::Webhook::new(secret.expose_secret()).unwrap();
        let mut headers = http::HeaderMap::new();
        for header in &request.headers {
            let name = http::HeaderName::try_from(&header.name).unwrap();
            headers.insert(name, header.value.parse().unwrap());
        }
        receiver.verify(request.body.as_ref().unwrap(), &headers).is_ok()
    }

    #[test]
    fn a_receivers_library_verifies_the_signature() {
        for secret in [new_secret(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()] {
            let request = request(&alert(), "https://a.test/hook?x=1", &secret, SystemClock.now()).unwrap();
            assert!(verified(&request, &secret));
            assert!(!verified(&request, &new_secret()), "another secret");
            let mut forged = request.clone();
            forged.body = Some("{}".into());
            assert!(!verified(&forged, &secret), "another body");
        }
    }

    #[test]
    fn secrets_are_checked_and_never_repeated() {
        assert!(check_secret(&new_secret()).is_ok());
        let of = |bytes: usize| format!("whsec_{}", BASE64.encode(vec![7; bytes]));
        assert!(check_secret(&of(24).into()).is_ok() && check_secret(&of(64).into()).is_ok());
        for wrong in [String::new(), "whsec_".into(), "whsec_!".into(), of(23), of(65), of(32).replace("whsec_", "")] {
            let fault = check_secret(&wrong.clone().into()).unwrap_err();
            assert!(wrong.len() < 7 || !fault.to_string().contains(&wrong), "{fault}");
        }
    }
}
