//! A sync: the configuration that keeps one external system in step.
//!
//! The type is called [`SyncConfig`] because a struct named `Sync` would hide the trait.

use crate::id::{AccountId, SyncId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// A secret as it is kept: authenticated ciphertext bound to the sync's id, with the id of the key that made it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Which secret key sealed it.
    pub key_id: String,
    /// Nonce and ciphertext, base64.
    pub ciphertext: String,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[sealed by {}]", self.key_id)
    }
}

/// How requests show who sends them.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Authentication {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic (RFC 7617), UTF-8.
    Basic {
        /// User name; holds no colon.
        username: String,
        /// Password; `None` where it was dropped, see [`crate::patch`].
        password: Option<Sealed>,
    },
    /// HTTP Bearer (RFC 6750).
    Bearer {
        /// Token; `None` where it was dropped.
        token: Option<Sealed>,
    },
}

/// Where the unique id comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UniqueIdSource {
    /// A JSONPath (RFC 9535) on the answer of the create request.
    Path(String),
    /// The name of a header of that answer.
    Header(String),
    /// A template: the id is chosen by us.
    Template(String),
}

/// HTTP methods that rules may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What the data template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// `application/json`.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `text/plain; charset=utf-8`.
    Text,
    /// No body.
    None,
    /// `application/xml`.
    Xml,
}

/// What a 404 or 410 on an update does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// Parks *missing record*.
    #[default]
    Park,
    /// Forgets the id and creates again, once.
    Recreate,
    /// Asks the lookup where the record went; finds it, or creates again, once.
    Lookup,
}

/// What a first create does whose record exists already (409 or 412).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExisting {
    /// Parks *refused*.
    #[default]
    Park,
    /// Asks the lookup for the record, and adopts it.
    Adopt,
}

/// What the deletion of a person does to a record that existed before us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdoptedRecords {
    /// Nothing is sent: the record stays.
    #[default]
    Keep,
    /// It is deleted like any other.
    Delete,
}

/// When the lookup is asked before a first create.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupWhen {
    /// Not at all: only where a create may have been carried out.
    #[default]
    Uncertain,
    /// For people who were there before the link: whom includeExisting or a resync brought in.
    Existing,
    /// Before every first create.
    Always,
}

/// What a lookup answers for nobody, where it answers no empty list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyWhen {
    /// This status, 200 to 499.
    Status(u16),
    /// An answer in which a path selects exactly this value.
    Equals {
        /// A JSONPath.
        path: String,
        /// A string, number, boolean or null, as JSON.
        value: String,
    },
}

/// What a web page with 2xx is worth, where data was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pages {
    /// Nothing: a maintenance page, or a login.
    #[default]
    Refuse,
    /// It is an answer like any other.
    Accept,
}

/// What a create whose answer never came does when nothing can resolve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUncertain {
    /// Sends it again with the same idempotency key.
    #[default]
    Resend,
    /// Parks *uncertain*.
    Park,
}

/// What the templates of a rule mean. A rule keeps the edition that it was saved in, so that a better meaning changes no request
/// that somebody relies on; what is made or edited takes [`Edition::CURRENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// Of rules that were saved before there were editions: what stands in no document.
    #[default]
    First,
    /// Liquid means what Shopify's Liquid means, or is refused; XML is well-formed.
    Second,
}

impl Edition {
    /// The one that rules are made in.
    pub const CURRENT: Self = Self::Second;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_first(&self) -> bool {
        *self == Self::First
    }
}

/// A header of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name, as given.
    pub name: String,
    /// Its value.
    pub value: HeaderValue,
}

/// A header's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderValue {
    /// A template.
    Template(String),
    /// A template that is write-only; `None` where it was dropped because the rule's origin changed.
    Secret(Option<Sealed>),
}

/// The request that one kind of change makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Whether it is on.
    pub enabled: bool,
    /// HTTP method.
    pub method: Method,
    /// URL template; scheme, host and port are literal.
    pub url: String,
    /// Headers, in order; names are unique without regard to case.
    pub headers: Vec<Header>,
    /// Data template; `None`: no body and no `Content-Type`, whatever the format.
    pub data: Option<String>,
    /// What the data is.
    pub format: BodyFormat,
    /// Whether the server's certificate is verified.
    pub ssl_verification: bool,
    /// One deadline over everything, 1 to [`TIMEOUT_SECONDS_MAX`].
    pub timeout_seconds: u16,
    /// Update only.
    pub on_missing: OnMissing,
    /// Create only.
    pub on_uncertain: OnUncertain,
    /// Create only.
    #[serde(default)]
    pub on_existing: OnExisting,
    /// Delete only.
    #[serde(default)]
    pub adopted: AdoptedRecords,
    /// What its templates mean.
    #[serde(default, skip_serializing_if = "Edition::is_first")]
    pub edition: Edition,
}

impl Rule {
    /// Whether its templates, and what they make, are those of another rule.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.url, &self.headers, &self.data, self.format) == (&other.url, &other.headers, &other.data, other.format)
    }
}

/// The longest timeout of a rule, in seconds.
pub const TIMEOUT_SECONDS_MAX: u16 = 120;
/// The timeout where nothing is said, in seconds.
pub const TIMEOUT_SECONDS_DEFAULT: u16 = 10;

/// A search request that finds a person's record by something else than its unique id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupRule {
    /// The request. `enabled` is true; what belongs to create, update or delete means nothing here.
    pub request: Rule,
    /// JSONPath to the unique ids of the matching records.
    pub path: String,
    /// When it is asked before a first create.
    #[serde(default)]
    pub when: LookupWhen,
    /// What is answered for nobody; `None`: an empty list at the path.
    #[serde(default)]
    pub empty_when: Option<EmptyWhen>,
    /// How long after a create's last try a "none" is no proof, 0 to [`SETTLE_SECONDS_MAX`].
    #[serde(default = "settle_seconds_default")]
    pub settle_seconds: u16,
}

/// The longest time that a search index is given.
pub const SETTLE_SECONDS_MAX: u16 = 3600;
/// The time that a search index is given where nothing is said.
pub const SETTLE_SECONDS_DEFAULT: u16 = 30;

fn settle_seconds_default() -> u16 {
    SETTLE_SECONDS_DEFAULT
}

/// What a sync may use of its external system.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Requests in flight over all nodes, 1 to [`CONCURRENCY_MAX`].
    pub max_concurrency: u16,
    /// Requests a second over all nodes, above 0 to [`REQUESTS_PER_SECOND_MAX`]; `None`: no limit.
    pub requests_per_second: Option<f64>,
    /// Requests in 24 hours over all nodes, 1 to [`REQUESTS_PER_DAY_MAX`]; `None`: no limit.
    #[serde(default)]
    pub requests_per_day: Option<u32>,
}

/// The most requests in flight that a sync may be allowed.
pub const CONCURRENCY_MAX: u16 = 256;
/// The highest rate limit.
pub const REQUESTS_PER_SECOND_MAX: f64 = 10_000.0;
/// The highest daily limit.
pub const REQUESTS_PER_DAY_MAX: u32 = 1_000_000_000;

impl Default for Limits {
    fn default() -> Self {
        Self { max_concurrency: 16, requests_per_second: None, requests_per_day: None }
    }
}

/// What an administrator configures, beside the friendly name.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// Shared by all rules.
    pub authentication: Authentication,
    /// `None`: people are created, and can be neither updated nor deleted.
    pub unique_id: Option<UniqueIdSource>,
    /// What the unique id's template means, where it is one.
    #[serde(default, skip_serializing_if = "Edition::is_first")]
    pub unique_id_edition: Edition,
    /// Create Users.
    pub create: Option<Rule>,
    /// Update Users.
    pub update: Option<Rule>,
    /// Delete Users.
    pub delete: Option<Rule>,
    /// How a record is found without its unique id.
    pub lookup: Option<LookupRule>,
    /// Limits.
    pub limits: Limits,
    /// What a web page is worth; `None`: nothing was ever said, see [`Settings::pages`].
    #[serde(default)]
    pub pages: Option<Pages>,
    /// Whether the unique id is read again from accepted updates.
    #[serde(default)]
    pub follow_unique_id: bool,
    /// Secrets that were dropped because an origin changed, in words for the administrator.
    #[serde(default)]
    pub dropped_secrets: Option<String>,
    /// Where the authentication may go while there is no rule that says so: the origins of the rules that were taken away last.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub last_origins: BTreeSet<Origin>,
}

impl Settings {
    /// The rule of an operation, whether on or off.
    pub fn rule(&self, operation: Operation) -> Option<&Rule> {
        match operation {
            Operation::Create => self.create.as_ref(),
            Operation::Update => self.update.as_ref(),
            Operation::Delete => self.delete.as_ref(),
            Operation::Lookup => self.lookup.as_ref().map(|lookup| &lookup.request),
        }
    }

    /// Every rule that is set up, with its operation.
    pub fn rules(&self) -> impl Iterator<Item = (Operation, &Rule)> {
        Operation::ALL.into_iter().filter_map(|operation| Some((operation, self.rule(operation)?)))
    }

    /// What a web page with 2xx is worth. Where nothing was said (syncs of an older edition), one without unique id and
    /// lookup goes on as it was: it reads no answers, and its system may really answer pages.
    pub fn pages(&self) -> Pages {
        let reads_nothing = self.unique_id.is_none() && self.lookup.is_none();
        self.pages.unwrap_or(if reads_nothing { Pages::Accept } else { Pages::Refuse })
    }

    /// Whether a web page is no answer of this system's: any rule speaks JSON, or reads an answer by JSONPath.
    pub fn expects_data(&self) -> bool {
        let speaks_json = |(operation, rule): (Operation, &Rule)| {
            operation != Operation::Lookup && rule.format == BodyFormat::Json && rule.data.is_some()
        };
        self.lookup.is_some()
            || matches!(self.unique_id, Some(UniqueIdSource::Path(_)))
            || self.rules().any(speaks_json)
    }

    /// The largest timeout of the rules.
    pub fn timeout_max(&self) -> Duration {
        let seconds = self.rules().map(|(_, rule)| rule.timeout_seconds).max().unwrap_or(TIMEOUT_SECONDS_DEFAULT);
        Duration::from_secs(seconds.into())
    }
}

/// One sync as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncConfig {
    /// The account it belongs to.
    pub account: AccountId,
    /// Its id.
    pub id: SyncId,
    /// A name for people, 1 to 200 characters, not unique.
    pub friendly_name: String,
    /// Raised by each change of the configuration, from 1.
    pub revision: i32,
    /// Raised by what may make an Unaddressable link addressable: unique id and lookup.
    pub unique_id_revision: i32,
    /// Stopped by an administrator.
    pub paused: bool,
    /// What is configured.
    pub settings: Settings,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Set while its links and logs are being deleted; such a sync is shown to nobody.
    pub deleted_at: Option<Timestamp>,
}

impl SyncConfig {
    /// How long a lease of one of its links lasts.
    pub fn lease_duration(&self) -> Duration {
        self.settings.timeout_max() + LEASE_MARGIN
    }
}

/// What a lease lasts beyond the largest timeout.
pub const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// What must be left of a lease beyond a request's timeout for the request to begin.
pub const LEASE_RESERVE: Duration = Duration::from_secs(10);

/// What a link needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Make the record.
    Create,
    /// Bring the record up to date.
    Update,
    /// Remove the record.
    Delete,
    /// Find the record.
    Lookup,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Create, Self::Update, Self::Delete, Self::Lookup];

    /// The stored number.
    pub const fn code(self) -> i16 {
        self as i16
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }

    /// In words, for messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Lookup => "lookup",
        }
    }
}

/// Scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(String);

/// Why a URL template has no origin: where in it, as a byte offset, and in words with the mend.
pub type NoOrigin = (usize, String);

impl Origin {
    /// The origin that a URL template is written for; see [`Self::read`]. `None` where it has none.
    pub fn of_template(url: &str) -> Option<Self> {
        Self::read(url).ok().map(|(origin, _)| origin)
    }

    /// The origin that a URL template is written for, and the byte at which host and port end. Template tags begin after them, so
    /// that what stands before is literal. ASCII white space around the template does not count. The one reader of origins: what it
    /// refuses is neither saved, nor sealed for, nor sent to.
    ///
    /// # Errors
    /// Where it is no http or https URL with host and port written out, in characters that all readers of URLs take alike.
    pub fn read(url: &str) -> Result<(Self, usize), NoOrigin> {
        let start = url.len() - url.trim_ascii_start().len();
        let text = url.trim_ascii();
        let fault = |at: usize, message: &str| Err((start + at, message.to_owned()));
        if text.is_empty() {
            return fault(0, "the URL is empty; give one such as https://crm.example.com/people");
        }
        if text.starts_with(|first: char| first.is_whitespace() || first.is_control() || is_unseen(first)) {
            return fault(0, "the URL begins with a character that cannot be seen; remove it");
        }
        let scheme = text
            .find("://")
            .filter(|&at| text[..at].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)));
        let Some(scheme) = scheme else {
            return fault(
                0,
                "the URL must begin with https:// or http://, and scheme, host and port must be written out",
            );
        };
        if !matches!(text[..scheme].to_ascii_lowercase().as_str(), "http" | "https") {
            return fault(0, "the URL must begin with https:// or http://");
        }
        let host_at = scheme + 3;
        let end = text[host_at..].find(['/', '?', '#', '\\', '{']).map_or(text.len(), |at| host_at + at);
        if text[end..].starts_with("{{") || text[end..].starts_with("{%") {
            return fault(
                end,
                "scheme, host and port must be written out: a token can only stand behind the `/` that follows them",
            );
        }
        if text[host_at..end].contains('@') {
            return fault(host_at, "the URL holds a user name or password; set them as the sync's authentication");
        }
        let odd = text[host_at..end].find(|at: char| at.is_whitespace() || at.is_control() || is_unseen(at));
        if let Some(at) = odd {
            return fault(host_at + at, "host and port hold a blank or a character that cannot be seen; remove it");
        }
        match url::Url::parse(&text[..end]) {
            Ok(url) => Ok((Self::of(&url), start + end)),
            Err(reason) => fault(host_at, &format!("host and port cannot be read: {reason}")),
        }
    }

    /// The origin of a URL.
    pub fn of(url: &url::Url) -> Self {
        Self(url.origin().ascii_serialization())
    }
}

/// Characters of Unicode that show nothing and that readers of URLs drop, keep or trim, each in its way.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
