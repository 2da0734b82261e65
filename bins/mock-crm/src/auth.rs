//! What a request must bring to be let in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use std::str::FromStr;

/// Credentials that every request to `/contacts` must bring. Written `none`, `basic:USER:PASSWORD` or `bearer:TOKEN`.
#[derive(Clone, Debug, Default)]
pub struct Auth(Option<Expected>);

#[derive(Clone, Debug)]
struct Expected {
    scheme: &'static str,
    credentials: SecretString,
}

/// Why a text names no credentials. It does not show them.
#[derive(Debug, thiserror::Error)]
#[error("authentication must be none, basic:USER:PASSWORD or bearer:TOKEN")]
pub struct AuthError;

impl Auth {
    /// Anybody is let in.
    pub fn none() -> Self {
        Self(None)
    }

    /// Basic (RFC 7617, UTF-8). `user` holds no colon.
    pub fn basic(user: &str, password: &str) -> Self {
        let credentials = STANDARD.encode(format!("{user}:{password}")).into();
        Self(Some(Expected { scheme: "Basic", credentials }))
    }

    /// A bearer token (RFC 6750).
    pub fn bearer(token: &str) -> Self {
        Self(Some(Expected { scheme: "Bearer", credentials: token.to_owned().into() }))
    }

    /// The scheme to name in `WWW-Authenticate` where a request brings none or others; `Ok` if it may pass.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        let Some(expected) = &self.0 else { return Ok(()) };
        let given = headers.get(AUTHORIZATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let matches = given.and_then(|value| value.split_once(' ')).is_some_and(|(scheme, credentials)| {
            scheme.eq_ignore_ascii_case(expected.scheme) && credentials.trim() == expected.credentials.expose_secret()
        });
        if matches { Ok(()) } else { Err(expected.scheme) }
    }
}

impl FromStr for Auth {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        match text.split_once(':') {
            None if text == "none" => Ok(Self::none()),
            Some(("basic", credentials)) => {
                let (user, password) = credentials.split_once(':').ok_or(AuthError)?;
                Ok(Self::basic(user, password))
            }
            Some(("bearer", token)) if !token.is_empty() => Ok(Self::bearer(token)),
            _ => Err(AuthError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        [(AUTHORIZATION, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn only_the_right_credentials_pass() {
        let auth: Auth = "basic:anna:p:\"\u{fc}\"".parse().unwrap();
        let right = STANDARD.encode("anna:p:\"\u{fc}\"");
        assert_eq!(auth.check(&headers(&format!("basic {right}"))), Ok(()));
        assert_eq!(auth.check(&headers(&format!("Bearer {right}"))), Err("Basic"));
        assert_eq!(auth.check(&headers("Basic d3Jvbmc6")), Err("Basic"));
        assert_eq!(auth.check(&HeaderMap::new()), Err("Basic"));
        let auth: Auth = "bearer:t0ken".parse().unwrap();
        assert_eq!(auth.check(&headers("Bearer t0ken")), Ok(()));
        assert_eq!(auth.check(&headers("Bearer t0ke")), Err("Bearer"));
        assert_eq!(Auth::none().check(&HeaderMap::new()), Ok(()));
    }

    #[test]
    fn credentials_are_neither_shown_nor_guessed() {
        for text in ["", "basic", "basic:anna", "bearer:", "digest:x"] {
            assert!(text.parse::<Auth>().is_err(), "{text}");
        }
        assert!(!format!("{:?}", Auth::bearer("t0ken")).contains("t0ken"));
    }
}
