//! Secrets that an external system sends back: taken out of its answers before anything keeps, logs or shows them.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use std::fmt;
use sync_core::outcome::{Exchange, Outcome};

/// What stands in the place of a secret.
const REDACTED: &str = "[redacted]";
/// Shorter ones stand in every other word, and protect nothing.
const SECRET_BYTES_MIN: usize = 4;

/// Finds the secrets of a sync: as they are, in base64, percent-encoded, and escaped as in JSON.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Option<AhoCorasick>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// One that finds these.
    pub(crate) fn new<'a>(secrets: impl Iterator<Item = &'a SecretString>) -> Self {
        let forms: BTreeSet<String> =
            secrets.filter(|secret| secret.expose_secret().len() >= SECRET_BYTES_MIN).flat_map(forms).collect();
        // It fails only for patterns of gigabytes, and the secrets of a sync are bounded.
        let found = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(forms);
        Self(found.ok().filter(|found| found.patterns_len() > 0))
    }

    /// Takes the secrets out of an answer.
    pub(crate) fn redact(&self, exchange: &mut Exchange) {
        let (Some(secrets), Outcome::Answered(answer)) = (&self.0, &mut exchange.outcome) else { return };
        for (_, value) in &mut answer.headers {
            if secrets.is_match(value.as_str()) {
                *value = secrets.replace_all(value, &vec![REDACTED; secrets.patterns_len()]);
            }
        }
        if secrets.is_match(&answer.body) {
            answer.body = secrets.replace_all_bytes(&answer.body, &vec![REDACTED; secrets.patterns_len()]).into();
        }
    }
}

/// The texts that a secret may come back as.
fn forms(secret: &SecretString) -> Vec<String> {
    let secret = secret.expose_secret();
    let quoted = serde_json::to_string(secret).unwrap_or_default();
    let escaped = quoted.trim_matches('"').to_owned();
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    vec![
        secret.to_owned(),
        escaped.replace('/', "\\/"),
        escaped,
        percent.to_ascii_lowercase(),
        percent,
        // The padding that may follow tells nothing.
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use sync_core::outcome::{Answer, BodyRead};

    #[test]
    fn secrets_are_found_in_every_form() {
        let secrets = [SecretString::from("sk/live\"7+é"), SecretString::from("abc")];
        let redactor = Redactor::new(secrets.iter());
        for form in forms(&secrets[0]) {
            let answer = Answer {
                status: 401,
                headers: vec![("x-request-auth".to_owned(), format!("Bearer {form}!"))],
                body: format!("{{\"error\":\"wrong key {form}\",\"abc\":1}}").into(),
                body_read: BodyRead::Whole,
            };
            let mut exchange = Exchange { outcome: Outcome::Answered(answer), duration: Duration::ZERO };
            redactor.redact(&mut exchange);
            let Outcome::Answered(answer) = exchange.outcome else { unreachable!() };
            assert_eq!(answer.headers[0].1, "Bearer [redacted]!", "{form}");
            assert_eq!(answer.body, "{\"error\":\"wrong key [redacted]\",\"abc\":1}", "{form}");
        }
    }
}
