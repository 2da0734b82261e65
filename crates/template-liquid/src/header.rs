//! The headers of a rule.

use crate::check::Reading;
use crate::limits::HEADER_BYTES_MAX;
use crate::sink::Place;
use crate::template::Template;
use http::{HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use sync_core::fault::Fault;
use sync_core::outcome::RequestHeader;
use sync_core::ports::{HeaderSource, HeaderText, RenderContext};

/// Headers that HTTP or crm-sync itself sets.
const REFUSED: [(&str, &str); 14] = [
    ("host", "it is the URL's host"),
    ("content-length", "it is counted when the request is sent"),
    ("accept-encoding", "crm-sync says which encodings of an answer it reads"),
    ("transfer-encoding", "requests are sent with their length"),
    ("connection", CONNECTION),
    ("keep-alive", CONNECTION),
    ("proxy-connection", CONNECTION),
    ("proxy-authenticate", CONNECTION),
    ("proxy-authorization", CONNECTION),
    ("te", CONNECTION),
    ("trailer", CONNECTION),
    ("upgrade", CONNECTION),
    ("expect", CONNECTION),
    (
        "idempotency-key",
        "crm-sync sends it with every create; the token idempotency_key puts the key into another header",
    ),
];
const CONNECTION: &str = "it concerns the connection, not the request";

/// A compiled header.
pub(crate) struct Header {
    name: String,
    pub(crate) template: Template,
    secret: bool,
}

impl Header {
    /// Compiles a header. `before` are the headers in front of it. Faults have paths from the header on.
    pub(crate) fn new(source: &HeaderSource, before: &[HeaderSource], reading: Reading) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if let Some(message) = name_fault(&source.name, before) {
            faults.push(Fault::at(["name"], message));
        }
        let (text, secret) = match &source.value {
            HeaderText::Plain(text) => (text.as_str(), false),
            HeaderText::Secret(text) => (text.expose_secret(), true),
        };
        match Template::trimmed(text, Place::Header, reading) {
            Ok(template) if faults.is_empty() => return Ok(Self { name: source.name.clone(), template, secret }),
            Ok(_) => {}
            Err(more) => faults.extend(more.into_iter().map(|fault| fault.under("value"))),
        }
        Err(faults)
    }

    /// Renders the header; `None` where it is empty and so not sent.
    pub(crate) fn render(&self, context: &RenderContext<'_>) -> Result<Option<RequestHeader>, Fault> {
        let rendered = self.template.render(context)?;
        let value = rendered.text.trim();
        if value.len() > HEADER_BYTES_MAX {
            let message = format!("the header's value renders more than {HEADER_BYTES_MAX} bytes");
            return Err(self.template.fault_at(&rendered, rendered.text.len(), message));
        }
        if HeaderValue::from_bytes(value.as_bytes()).is_err() {
            return Err(self.template.fault_at(&rendered, 0, "what is rendered is no header value"));
        }
        let header = RequestHeader { name: self.name.clone(), value: value.to_owned(), secret: self.secret };
        Ok((!header.value.is_empty()).then_some(header))
    }
}

fn name_fault(name: &str, before: &[HeaderSource]) -> Option<String> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        let message = "a header's name consists of letters, digits and the characters !#$%&'*+-.^_`|~, without spaces";
        return Some(message.to_owned());
    }
    let lower = name.to_ascii_lowercase();
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == lower) {
        return Some(format!("{name} cannot be set: {why}; remove the header"));
    }
    let twice = before.iter().any(|other| other.name.eq_ignore_ascii_case(name));
    twice.then(|| format!("{name} is there already (capital and small letters are the same); remove one of them"))
}
