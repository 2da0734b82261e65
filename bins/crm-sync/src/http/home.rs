//! Where browsers find this server, and whether a request comes from a page of its own.

use axum::http::HeaderMap;
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use url::{Origin, Url};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where browsers find the console.
#[derive(Clone, Debug, Default)]
pub(crate) struct Home {
    /// As --public-url says. Left out: wherever the request was sent to, without TLS, since the server itself speaks none.
    pub(crate) public_url: Option<Url>,
}

/// A request that does not come from our own pages, as far as it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Foreign(String);

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Home {
    /// Whether browsers come by TLS.
    pub(super) fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Refuses what a page of somebody else may have sent: browsers say where a request comes from (`Origin`, RFC 6454;
    /// `Sec-Fetch-Site`, W3C Fetch Metadata). Whoever says nothing is no browser, or asks for a page.
    pub(super) fn check(&self, request: &Parts) -> Result<(), Foreign> {
        let text = |name| request.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("null"));
        for site in text(SEC_FETCH_SITE) {
            if !matches!(site, "same-origin" | "none") {
                return Err(Foreign(format!("the request was sent by a page of another site ({site})")));
            }
        }
        for origin in text(header::ORIGIN) {
            self.check_origin(origin, request)?;
        }
        Ok(())
    }

    /// As [`Self::check`], for a WebSocket: browsers always say where one comes from, and pages of others may open them.
    pub(super) fn check_websocket(&self, request: &Parts) -> Result<(), Foreign> {
        if !request.headers.contains_key(header::ORIGIN) {
            return Err(Foreign("a WebSocket with a cookie must have an Origin".to_owned()));
        }
        self.check(request)
    }

    fn check_origin(&self, origin: &str, request: &Parts) -> Result<(), Foreign> {
        let sent = Url::parse(origin).map(|url| url.origin());
        let own = self.own(request);
        // An opaque origin (`null`) equals no other, nor itself.
        if let (Ok(sent), Some(own)) = (&sent, &own)
            && sent.is_tuple()
            && sent == own
        {
            return Ok(());
        }
        let shown: String = origin.chars().filter(|c| !c.is_control()).take(200).collect();
        let own = own.map_or_else(|| "unknown".to_owned(), |own| own.ascii_serialization());
        Err(Foreign(format!(
            "the request comes from {shown}, and this server is {own}: open the console there, or start the server with \
             --public-url if browsers find it elsewhere"
        )))
    }

    fn own(&self, request: &Parts) -> Option<Origin> {
        if let Some(url) = &self.public_url {
            return Some(url.origin());
        }
        let host =
            host(&request.headers).or_else(|| request.uri.authority().map(axum::http::uri::Authority::as_str))?;
        Url::parse(&format!("http://{host}")).ok().map(|url| url.origin())
    }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn request(headers: &[(&str, &str)]) -> Parts {
        let request =
            headers.iter().fold(Request::post("/graphql"), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_our_own_pages_are_taken() {
        let here = Home::default();
        let there = Home { public_url: Some("https://crm.example".parse().unwrap()) };
        let host = ("host", "crm.example:8080");
        type Case<'a> = (&'a Home, &'a [(&'a str, &'a str)], bool);
        let cases: &[Case<'_>] = &[
            (&here, &[host], true),
            (&here, &[host, ("origin", "http://crm.example:8080")], true),
            (&here, &[host, ("origin", "http://CRM.example:8080")], true),
            (&here, &[host, ("origin", "http://crm.example:8080"), ("sec-fetch-site", "same-origin")], true),
            (&here, &[("host", "crm.example:80"), ("origin", "http://crm.example")], true),
            (&here, &[host, ("sec-fetch-site", "none")], true),
            (&here, &[host, ("origin", "http://crm.example")], false),
            (&here, &[host, ("origin", "https://crm.example:8080")], false),
            (&here, &[host, ("origin", "http://evil.example:8080")], false),
            (&here, &[host, ("origin", "http://crm.example:8080.evil.example")], false),
            (&here, &[host, ("origin", "null")], false),
            (&here, &[host, ("origin", "")], false),
            (&here, &[host, ("origin", "http://crm.example:8080"), ("origin", "http://evil.example")], false),
            (&here, &[host, ("origin", "http://crm.example:8080"), ("sec-fetch-site", "cross-site")], false),
            (&here, &[host, ("sec-fetch-site", "same-site")], false),
            (&here, &[("origin", "http://crm.example:8080")], false),
            (&there, &[host, ("origin", "https://crm.example")], true),
            (&there, &[host, ("origin", "http://crm.example:8080")], false),
            (&there, &[host, ("origin", "http://crm.example")], false),
        ];
        for (home, headers, expected) in cases {
            assert_eq!(home.check(&request(headers)).is_ok(), *expected, "{home:?} {headers:?}");
        }
        assert!(here.check_websocket(&request(&[host])).is_err());
        assert!(here.check_websocket(&request(&[host, ("origin", "http://crm.example:8080")])).is_ok());
    }

    #[test]
    fn a_refusal_says_the_mend() {
        let told = Home::default().check(&request(&[("host", "in.side"), ("origin", "https://out.side")])).unwrap_err();
        let told = told.to_string();
        assert!(told.contains("https://out.side") && told.contains("http://in.side") && told.contains("--public-url"));
    }
}
