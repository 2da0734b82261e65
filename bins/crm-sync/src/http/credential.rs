//! What a caller shows to be let in: an API key, or the cookie of a console session.

use super::home::{Foreign, Home};
use super::{Served, bearer};
use api_graphql::Caller;
use axum::http::header;
use axum::http::request::Parts;
use cookie::{Cookie, SameSite};
use secrecy::{ExposeSecret, SecretString};
use sync_core::session::SESSION_LASTS;
use sync_core::time::Timestamp;
use sync_engine::{Engine, EngineResult};

/// An API key or a session's token, not checked yet.
#[derive(Clone)]
pub(super) enum Credential {
    Key(SecretString),
    Session(SecretString),
}

impl Credential {
    /// What a request shows. A key wins over a cookie, which is taken only from our own pages: browsers send it by themselves,
    /// whichever page asks.
    pub(super) fn of(served: &Served, request: &Parts) -> Result<Option<Self>, Foreign> {
        Self::find(served, request, Home::check)
    }

    /// As [`Self::of`], for a WebSocket's handshake.
    pub(super) fn of_websocket(served: &Served, request: &Parts) -> Result<Option<Self>, Foreign> {
        Self::find(served, request, Home::check_websocket)
    }

    fn find(
        served: &Served,
        request: &Parts,
        check: impl Fn(&Home, &Parts) -> Result<(), Foreign>,
    ) -> Result<Option<Self>, Foreign> {
        if let Some(key) = bearer(&request.headers) {
            return Ok(Some(Self::Key(key)));
        }
        let Some(home) = &served.console else { return Ok(None) };
        let Some(token) = token_of(home, request) else { return Ok(None) };
        check(home, request)?;
        Ok(Some(Self::Session(token)))
    }

    /// Who calls, and when that ends by itself; `None` where the key is unknown or revoked, or the session has ended.
    pub(super) async fn caller(&self, engine: &Engine) -> EngineResult<Option<(Caller, Option<Timestamp>)>> {
        Ok(match self {
            Self::Key(key) => engine.authenticate(key).await?.map(|key| (Caller::new(key), None)),
            Self::Session(token) => engine.session(token).await?.map(|session| {
                let ends_at = session.expires_at;
                (Caller::new(session.key).in_session(ends_at), Some(ends_at))
            }),
        })
    }

    /// Why a caller is refused who shows this.
    pub(super) fn refusal(&self) -> &'static str {
        match self {
            Self::Key(_) => "this API key is unknown or revoked",
            Self::Session(_) => "this session has ended: sign in again",
        }
    }
}

/// The cookie's name. With TLS it begins so that browsers take it from this very host and by TLS only (RFC 6265bis, 4.1.3.2).
fn cookie_name(home: &Home) -> &'static str {
    if home.is_https() { "__Host-crm_sync_session" } else { "crm_sync_session" }
}

/// The session's token that a request brings, from wherever it comes.
pub(super) fn token_of(home: &Home, request: &Parts) -> Option<SecretString> {
    let name = cookie_name(home);
    let headers = request.headers.get_all(header::COOKIE).iter();
    headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| Cookie::split_parse(value).filter_map(Result::ok))
        .find(|cookie| cookie.name() == name && !cookie.value().is_empty())
        .map(|cookie| cookie.value().to_owned().into())
}

/// The `Set-Cookie` that hands a token out; `None` takes it back.
pub(super) fn set_cookie(home: &Home, token: Option<&SecretString>) -> String {
    let value = token.map_or("", ExposeSecret::expose_secret);
    let lasts = if token.is_some() { SESSION_LASTS.as_secs() } else { 0 };
    Cookie::build((cookie_name(home), value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(home.is_https())
        .max_age(cookie::time::Duration::seconds(lasts as i64))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn the_cookie_is_as_strict_as_can_be() {
        let here = Home::default();
        let there = Home { public_url: Some("https://crm.example".parse().unwrap()) };
        let token = SecretString::from("abc");
        for (home, token, expected) in [
            (&here, Some(&token), "crm_sync_session=abc; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"),
            (&here, None, "crm_sync_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"),
            (
                &there,
                Some(&token),
                "__Host-crm_sync_session=abc; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=43200",
            ),
        ] {
            assert_eq!(set_cookie(home, token), expected);
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let here = Home::default();
        for (sent, expected) in [
            ("crm_sync_session=abc", Some("abc")),
            ("a=b; crm_sync_session=abc; c=d", Some("abc")),
            ("xcrm_sync_session=abc", None),
            ("__Host-crm_sync_session=abc", None),
            ("crm_sync_session=", None),
            ("crm_sync_session", None),
            (";;=;", None),
        ] {
            let request = Request::get("/").header("cookie", sent).body(()).unwrap().into_parts().0;
            let token = token_of(&here, &request);
            assert_eq!(token.as_ref().map(ExposeSecret::expose_secret), expected, "{sent}");
        }
    }
}
