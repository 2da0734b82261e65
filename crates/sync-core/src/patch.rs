//! How a sync is configured and changed: inputs, their checks, and what becomes of saved secrets.
//!
//! Templates themselves are checked by the template engine; here stands everything else. Faults have paths as the GraphQL
//! input writes them, all at once.

use crate::fault::Fault;
use crate::person::Patch;
use crate::sync::{
    AdoptedRecords, Authentication, BodyFormat, CONCURRENCY_MAX, Edition, EmptyWhen, Header, HeaderValue, Limits,
    LookupRule, LookupWhen, Method, OnExisting, OnMissing, OnUncertain, Operation, Origin, Pages, REQUESTS_PER_DAY_MAX,
    REQUESTS_PER_SECOND_MAX, Rule, SETTLE_SECONDS_DEFAULT, SETTLE_SECONDS_MAX, Sealed, Settings,
    TIMEOUT_SECONDS_DEFAULT, TIMEOUT_SECONDS_MAX, UniqueIdSource,
};
use crate::unique_id::{JsonPath, Scalar};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;

/// The most characters of a friendly name or a key's name.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// The most headers of a rule.
pub const HEADERS_MAX: usize = 64;
/// The most characters of a user name, password or token.
pub const CREDENTIAL_CHARACTERS_MAX: usize = 4096;

/// What is said of a sync. For a new one, left out means the default; for an old one, it stays.
#[derive(Clone, Debug, Default)]
pub struct SyncPatch {
    /// 1 to [`NAME_CHARACTERS_MAX`] characters; cannot be cleared.
    pub friendly_name: Patch<String>,
    /// Cleared: none.
    pub authentication: Patch<AuthenticationInput>,
    /// Cleared: none.
    pub unique_id: Patch<UniqueIdSource>,
    /// Cleared: the rule is removed.
    pub create: Patch<RulePatch>,
    /// Cleared: the rule is removed.
    pub update: Patch<RulePatch>,
    /// Cleared: the rule is removed.
    pub delete: Patch<RulePatch>,
    /// Cleared: the rule is removed.
    pub lookup: Patch<LookupPatch>,
    /// Cleared: the defaults.
    pub limits: Patch<LimitsPatch>,
    /// Cleared: REFUSE.
    pub pages: Patch<Pages>,
    /// Cleared: false.
    pub follow_unique_id: Patch<bool>,
}

/// How requests show who sends them, in the clear.
#[derive(Clone, Debug)]
pub enum AuthenticationInput {
    /// HTTP Basic.
    Basic {
        /// User name.
        username: String,
        /// `None`: stays as it is.
        password: Option<SecretString>,
    },
    /// HTTP Bearer.
    Bearer {
        /// Token.
        token: SecretString,
    },
    /// Not at all.
    None,
}

/// What is said of a rule; see [`Rule`].
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields are those of Rule")]
pub struct RulePatch {
    pub enabled: Patch<bool>,
    pub method: Patch<Method>,
    pub url: Patch<String>,
    pub headers: Patch<Vec<HeaderInput>>,
    pub data: Patch<String>,
    pub format: Patch<BodyFormat>,
    pub ssl_verification: Patch<bool>,
    pub timeout_seconds: Patch<i32>,
    pub on_missing: Patch<OnMissing>,
    pub on_uncertain: Patch<OnUncertain>,
    pub on_existing: Patch<OnExisting>,
    pub adopted: Patch<AdoptedRecords>,
}

/// What is said of the lookup rule.
#[derive(Clone, Debug, Default)]
pub struct LookupPatch {
    /// The request; its method defaults to GET, its format to none.
    pub request: RulePatch,
    /// JSONPath to the unique ids of the matching records.
    pub path: Patch<String>,
    /// Cleared: UNCERTAIN.
    pub when: Patch<LookupWhen>,
    /// Cleared: an empty list.
    pub empty_when: Patch<EmptyWhen>,
    /// 0 to [`SETTLE_SECONDS_MAX`]; cleared: the default.
    pub settle_seconds: Patch<i32>,
}

/// A header as it is given.
#[derive(Clone, Debug)]
pub struct HeaderInput {
    /// Its name.
    pub name: String,
    /// Its value; `None`: a secret header that the rule already has under this name stays.
    pub value: Option<SecretString>,
    /// `None`: as the header of this name was, else not.
    pub secret: Option<bool>,
}

/// What is said of the limits.
#[derive(Clone, Debug, Default)]
pub struct LimitsPatch {
    /// 1 to [`CONCURRENCY_MAX`]; cleared: the default.
    pub max_concurrency: Patch<i32>,
    /// Above 0, to [`REQUESTS_PER_SECOND_MAX`]; cleared: no limit.
    pub requests_per_second: Patch<f64>,
    /// 1 to [`REQUESTS_PER_DAY_MAX`]; cleared: no limit.
    pub requests_per_day: Patch<i32>,
}

/// A sync's configuration after a patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The friendly name.
    pub friendly_name: String,
    /// The settings. `dropped_secrets` says which secrets did not follow to a new origin.
    pub settings: Settings,
    /// Rules whose origin changed from one that was set.
    pub moved: Vec<Operation>,
}

/// The GraphQL name of a rule.
pub const fn rule_field(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "createUsers",
        Operation::Update => "updateUsers",
        Operation::Delete => "deleteUsers",
        Operation::Lookup => "lookup",
    }
}

/// A patch that cannot be applied.
#[derive(Debug)]
pub struct Unmerged {
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// What it would come to, as far as it is right: never to be saved, but for finding what else is wrong.
    pub settings: Settings,
}

/// Applies a patch to a sync (`None`: a new one), sealing what is secret. All faults at once.
pub fn merge(
    saved: Option<(&str, &Settings)>,
    patch: &SyncPatch,
    seal: &dyn Fn(&SecretString) -> Sealed,
) -> Result<Merged, Box<Unmerged>> {
    let none = Settings::default();
    let (saved_name, before) = saved.map_or((None, &none), |(name, settings)| (Some(name), settings));
    let mut merge =
        Merge { faults: Vec::new(), seal, origins: homes_of(before), dropped: Vec::new(), drop_auth: false };
    let friendly_name = merge.friendly_name(saved_name, &patch.friendly_name);
    let create = merge.rule(Operation::Create, before.create.as_ref(), &patch.create);
    let update = merge.rule(Operation::Update, before.update.as_ref(), &patch.update);
    let delete = merge.rule(Operation::Delete, before.delete.as_ref(), &patch.delete);
    let lookup = merge.lookup(before.lookup.as_ref(), &patch.lookup);
    let authentication = merge.authentication(&before.authentication, &patch.authentication);
    let unique_id = merge.unique_id(before.unique_id.as_ref(), &patch.unique_id);
    // An id's meaning changes with its template only: what is known under the old one is found by it.
    let is_template = matches!(unique_id, Some(UniqueIdSource::Template(_)));
    let unique_id_edition = match () {
        () if !is_template => Edition::default(),
        () if unique_id == before.unique_id => before.unique_id_edition,
        () => Edition::CURRENT,
    };
    let limits = merge.limits(before.limits, &patch.limits);
    // What is said of a new sync stands; of an older one nothing may have been said yet.
    let pages = match patch.pages {
        Patch::Set(pages) => Some(pages),
        Patch::Clear => Some(Pages::default()),
        Patch::Keep => saved.map_or(Some(Pages::default()), |_| before.pages),
    };
    let follow_unique_id = merged(&patch.follow_unique_id, Some(before.follow_unique_id), bool::default);
    let mut settings = Settings {
        authentication,
        unique_id,
        unique_id_edition,
        create,
        update,
        delete,
        lookup,
        limits,
        pages,
        follow_unique_id,
        dropped_secrets: None,
        last_origins: BTreeSet::new(),
    };
    if settings.rules().next().is_none() && !matches!(settings.authentication, Authentication::None) {
        settings.last_origins.clone_from(&merge.origins);
    }
    merge.authorization_once(&settings);
    merge.options_fit(&settings);
    if !merge.faults.is_empty() {
        return Err(Box::new(Unmerged { faults: merge.faults, settings }));
    }
    settings.dropped_secrets = if merge.dropped.is_empty() {
        before.dropped_secrets.clone().filter(|_| misses_secret(&settings))
    } else {
        Some(format!("moved to another origin, so saved secrets were dropped: give again {}", merge.dropped.join(", ")))
    };
    let moved = before
        .rules()
        .filter(|(operation, rule)| {
            let origin = |rule: &Rule| Origin::of_template(&rule.url);
            settings.rule(*operation).is_some_and(|after| origin(after) != origin(rule))
        })
        .map(|(operation, _)| operation)
        .collect();
    Ok(Merged { friendly_name, settings, moved })
}

/// Whether a secret that the settings need is not there.
pub fn misses_secret(settings: &Settings) -> bool {
    let authentication = match &settings.authentication {
        Authentication::None => false,
        Authentication::Basic { password, .. } => password.is_none(),
        Authentication::Bearer { token } => token.is_none(),
    };
    authentication
        || settings
            .rules()
            .any(|(_, rule)| rule.headers.iter().any(|header| matches!(header.value, HeaderValue::Secret(None))))
}

/// Where the saved authentication may go.
fn homes_of(settings: &Settings) -> BTreeSet<Origin> {
    let origins: BTreeSet<_> = settings.rules().filter_map(|(_, rule)| Origin::of_template(&rule.url)).collect();
    if origins.is_empty() { settings.last_origins.clone() } else { origins }
}

struct Merge<'a> {
    faults: Vec<Fault>,
    seal: &'a dyn Fn(&SecretString) -> Sealed,
    /// Where the saved authentication may go; nowhere yet where it is empty.
    origins: BTreeSet<Origin>,
    /// Names of secrets that were dropped.
    dropped: Vec<String>,
    drop_auth: bool,
}

impl Merge<'_> {
    fn fault(&mut self, path: &[&str], message: impl Into<String>) {
        self.faults.push(Fault::at(path.iter().copied(), message));
    }

    fn friendly_name(&mut self, saved: Option<&str>, said: &Patch<String>) -> String {
        let name = match (said, saved) {
            (Patch::Set(name), _) => name.trim().to_owned(),
            (Patch::Keep, Some(saved)) => return saved.to_owned(),
            (Patch::Keep, None) => {
                self.fault(&["friendlyName"], "is missing; give a name of 1 to 200 characters");
                return String::new();
            }
            (Patch::Clear, _) => {
                self.fault(&["friendlyName"], "cannot be null; give a name of 1 to 200 characters");
                return String::new();
            }
        };
        if let Some(message) = name_fault(&name) {
            self.fault(&["friendlyName"], message);
        }
        name
    }

    fn rule(&mut self, operation: Operation, saved: Option<&Rule>, said: &Patch<RulePatch>) -> Option<Rule> {
        match said {
            Patch::Keep => {
                let rule = saved.cloned();
                rule.map(|rule| self.keep_secrets_home(operation, saved, rule, &BTreeSet::new()))
            }
            Patch::Clear => None,
            Patch::Set(patch) => self.patched(operation, saved, patch, (None, BodyFormat::Json)),
        }
    }

    fn lookup(&mut self, saved: Option<&LookupRule>, said: &Patch<LookupPatch>) -> Option<LookupRule> {
        let patch = match said {
            Patch::Keep => {
                let mut lookup = saved.cloned()?;
                let before = lookup.request.clone();
                lookup.request =
                    self.keep_secrets_home(Operation::Lookup, Some(&before), lookup.request, &BTreeSet::new());
                return Some(lookup);
            }
            Patch::Clear => return None,
            Patch::Set(patch) => patch,
        };
        let defaults = (Some(Method::Get), BodyFormat::None);
        let request = self.patched(Operation::Lookup, saved.map(|lookup| &lookup.request), &patch.request, defaults);
        let path = match (&patch.path, saved) {
            (Patch::Set(path), _) => Some(path.clone()),
            (Patch::Keep, Some(saved)) => Some(saved.path.clone()),
            (Patch::Keep, None) => {
                self.fault(&["lookup", "path"], "is missing; write a JSONPath such as $[*].id");
                None
            }
            (Patch::Clear, _) => {
                self.fault(&["lookup", "path"], "cannot be null; write a JSONPath such as $[*].id");
                None
            }
        };
        if let Some(Err(message)) = path.as_deref().map(JsonPath::parse) {
            self.fault(&["lookup", "path"], message);
        }
        let when = merged(&patch.when, saved.map(|saved| saved.when), LookupWhen::default);
        let empty_when = match &patch.empty_when {
            Patch::Set(empty_when) => {
                self.empty_when(empty_when);
                Some(empty_when.clone())
            }
            Patch::Keep => saved.and_then(|saved| saved.empty_when.clone()),
            Patch::Clear => None,
        };
        let settle_seconds = merged(&patch.settle_seconds, saved.map(|s| i32::from(s.settle_seconds)), || {
            i32::from(SETTLE_SECONDS_DEFAULT)
        });
        if !(0..=i32::from(SETTLE_SECONDS_MAX)).contains(&settle_seconds) {
            let message = format!("is {settle_seconds}; give 0 to {SETTLE_SECONDS_MAX} seconds");
            self.fault(&["lookup", "settleSeconds"], message);
        }
        let settle_seconds = u16::try_from(settle_seconds).unwrap_or(SETTLE_SECONDS_DEFAULT);
        Some(LookupRule { request: request?, path: path?, when, empty_when, settle_seconds })
    }

    fn empty_when(&mut self, empty_when: &EmptyWhen) {
        match empty_when {
            EmptyWhen::Status(status) if !(200..=499).contains(status) || matches!(status, 401 | 403 | 429) => {
                let message = "is no status that can mean \"nobody\"; give one from 200 to 499, such as 404 or 204, but none of 401, \
                               403 and 429";
                self.fault(&["lookup", "emptyWhen", "status"], message);
            }
            EmptyWhen::Status(_) => {}
            EmptyWhen::Equals { path, value } => {
                if let Err(message) = JsonPath::parse(path) {
                    self.fault(&["lookup", "emptyWhen", "equals", "path"], message);
                }
                if scalar_of(value).is_none() {
                    let message = "is no string, number, boolean or null; give one, such as 0. It is read as JSON, so that a string is \
                                   written in quotes: \"\\\"none\\\"\"";
                    self.fault(&["lookup", "emptyWhen", "equals", "value"], message);
                }
            }
        }
    }

    fn patched(
        &mut self,
        operation: Operation,
        saved: Option<&Rule>,
        patch: &RulePatch,
        (method_default, format_default): (Option<Method>, BodyFormat),
    ) -> Option<Rule> {
        let field = rule_field(operation);
        let method = match &patch.method {
            Patch::Set(method) => Some(*method),
            Patch::Keep => saved.map(|rule| rule.method).or(method_default),
            Patch::Clear => method_default,
        };
        let url = match &patch.url {
            Patch::Set(url) => Some(url.clone()),
            Patch::Keep => saved.map(|rule| rule.url.clone()),
            Patch::Clear => None,
        };
        if method.is_none() {
            self.fault(&[field, "method"], "is missing; a rule needs its method");
        }
        if url.is_none() {
            self.fault(&[field, "url"], "is missing; a rule needs its URL");
        }
        if operation != Operation::Update && matches!(patch.on_missing, Patch::Set(_)) {
            self.fault(&[field, "onMissing"], "belongs to updateUsers only; leave it out here");
        }
        let create_only = [("onUncertain", patch.on_uncertain.is_set()), ("onExisting", patch.on_existing.is_set())];
        for (option, _) in create_only.into_iter().filter(|(_, said)| *said && operation != Operation::Create) {
            self.fault(&[field, option], "belongs to createUsers only; leave it out here");
        }
        if operation != Operation::Delete && patch.adopted.is_set() {
            self.fault(&[field, "adopted"], "belongs to deleteUsers only; leave it out here");
        }
        let timeout = merged(&patch.timeout_seconds, saved.map(|r| i32::from(r.timeout_seconds)), || {
            i32::from(TIMEOUT_SECONDS_DEFAULT)
        });
        if !(1..=i32::from(TIMEOUT_SECONDS_MAX)).contains(&timeout) {
            self.fault(&[field, "timeoutSeconds"], format!("is {timeout}; give 1 to {TIMEOUT_SECONDS_MAX} seconds"));
        }
        let saved_headers = saved.map(|rule| rule.headers.as_slice()).unwrap_or_default();
        let (headers, given) = match &patch.headers {
            Patch::Set(headers) => self.headers(field, saved_headers, headers),
            Patch::Keep => (saved_headers.to_vec(), BTreeSet::new()),
            Patch::Clear => (Vec::new(), BTreeSet::new()),
        };
        let data = match &patch.data {
            Patch::Set(data) => Some(data.clone()),
            Patch::Keep => saved.and_then(|rule| rule.data.clone()),
            Patch::Clear => None,
        };
        let mut rule = Rule {
            enabled: merged(&patch.enabled, saved.map(|r| r.enabled), || true),
            method: method?,
            url: url?,
            headers,
            data,
            format: merged(&patch.format, saved.map(|r| r.format), || format_default),
            ssl_verification: merged(&patch.ssl_verification, saved.map(|r| r.ssl_verification), || true),
            timeout_seconds: u16::try_from(timeout).unwrap_or(TIMEOUT_SECONDS_DEFAULT),
            on_missing: merged(&patch.on_missing, saved.map(|r| r.on_missing), OnMissing::default),
            on_uncertain: merged(&patch.on_uncertain, saved.map(|r| r.on_uncertain), OnUncertain::default),
            on_existing: merged(&patch.on_existing, saved.map(|r| r.on_existing), OnExisting::default),
            adopted: merged(&patch.adopted, saved.map(|r| r.adopted), AdoptedRecords::default),
            edition: Edition::CURRENT,
        };
        if let Some(saved) = saved.filter(|saved| saved.says_the_same(&rule)) {
            rule.edition = saved.edition;
        }
        Some(self.keep_secrets_home(operation, saved, rule, &given))
    }

    /// The headers, and the lower-case names of those whose secret value was given in this call.
    fn headers(&mut self, field: &str, saved: &[Header], given: &[HeaderInput]) -> (Vec<Header>, BTreeSet<String>) {
        if given.len() > HEADERS_MAX {
            self.fault(&[field, "headers"], format!("has {} headers; give at most {HEADERS_MAX}", given.len()));
        }
        let mut fresh = BTreeSet::new();
        let mut headers = Vec::new();
        for (index, input) in given.iter().enumerate() {
            let before = saved.iter().find(|header| header.name.eq_ignore_ascii_case(&input.name));
            let was_secret = before.is_some_and(|header| matches!(header.value, HeaderValue::Secret(_)));
            // What was saved stays as it was.
            let by_name =
                || before.is_none() && input.value.as_ref().is_some_and(|v| is_secret_by_name(&input.name, v));
            let secret = input.secret.unwrap_or_else(|| was_secret || by_name());
            let value = match (&input.value, secret) {
                (Some(value), true) => {
                    fresh.insert(input.name.to_ascii_lowercase());
                    HeaderValue::Secret(Some((self.seal)(value)))
                }
                (Some(value), false) => HeaderValue::Template(value.expose_secret().to_owned()),
                (None, true) if was_secret => before.map_or(HeaderValue::Secret(None), |header| header.value.clone()),
                (None, _) => {
                    let message = "is missing; it may be left out only for a secret header that this rule already has";
                    self.faults.push(Fault::at(["value"], message).under(index).under("headers").under(field));
                    continue;
                }
            };
            headers.push(Header { name: input.name.clone(), value });
        }
        (headers, fresh)
    }

    /// Saved secrets never follow to another origin: the authentication to none that no rule of the saved sync had, a secret header to
    /// none but that of the rule that it was given for. A URL without an origin is another one.
    fn keep_secrets_home(
        &mut self,
        operation: Operation,
        saved: Option<&Rule>,
        mut rule: Rule,
        given: &BTreeSet<String>,
    ) -> Rule {
        let origin = Origin::of_template(&rule.url);
        let is_home = origin.as_ref().is_some_and(|origin| self.origins.contains(origin));
        self.drop_auth |= !self.origins.is_empty() && !is_home;
        if origin.is_some() && saved.is_some_and(|saved| Origin::of_template(&saved.url) == origin) {
            return rule;
        }
        for header in &mut rule.headers {
            if let HeaderValue::Secret(sealed) = &mut header.value
                && sealed.is_some()
                && !given.contains(&header.name.to_ascii_lowercase())
            {
                *sealed = None;
                self.dropped.push(format!("the header {} of {}", header.name, rule_field(operation)));
            }
        }
        rule
    }

    fn authentication(&mut self, saved: &Authentication, said: &Patch<AuthenticationInput>) -> Authentication {
        let (mut authentication, given) = match said {
            Patch::Keep => (saved.clone(), false),
            Patch::Clear | Patch::Set(AuthenticationInput::None) => (Authentication::None, true),
            Patch::Set(AuthenticationInput::Bearer { token }) => {
                self.check_credential(&["authentication", "bearer", "token"], token.expose_secret(), false);
                (Authentication::Bearer { token: Some((self.seal)(token)) }, true)
            }
            Patch::Set(AuthenticationInput::Basic { username, password }) => {
                self.check_credential(&["authentication", "basic", "username"], username, true);
                if username.contains(':') {
                    let message = "holds a colon, which HTTP Basic cannot carry in a user name; remove it";
                    self.fault(&["authentication", "basic", "username"], message);
                }
                let kept = match saved {
                    Authentication::Basic { password, .. } => password.clone(),
                    _ => None,
                };
                match password {
                    Some(password) => {
                        self.check_credential(&["authentication", "basic", "password"], password.expose_secret(), true);
                        let password = Some((self.seal)(password));
                        (Authentication::Basic { username: username.clone(), password }, true)
                    }
                    None => {
                        if kept.is_none() {
                            let message = "is missing; it may be left out only where a password is set already";
                            self.fault(&["authentication", "basic", "password"], message);
                        }
                        (Authentication::Basic { username: username.clone(), password: kept }, false)
                    }
                }
            }
        };
        if self.drop_auth && !given {
            let dropped = match &mut authentication {
                Authentication::Basic { password, .. } => password.take().map(|_| "the password"),
                Authentication::Bearer { token } => token.take().map(|_| "the token"),
                Authentication::None => None,
            };
            self.dropped.extend(dropped.map(str::to_owned));
        }
        authentication
    }

    fn check_credential(&mut self, path: &[&str], text: &str, may_be_empty: bool) {
        if text.is_empty() && !may_be_empty {
            self.fault(path, "is empty; give the credential");
        }
        if text.chars().count() > CREDENTIAL_CHARACTERS_MAX {
            self.fault(path, format!("has more than {CREDENTIAL_CHARACTERS_MAX} characters; give a shorter one"));
        }
        if text.chars().any(char::is_control) {
            self.fault(path, "holds a control character; remove it");
        }
    }

    fn unique_id(&mut self, saved: Option<&UniqueIdSource>, said: &Patch<UniqueIdSource>) -> Option<UniqueIdSource> {
        let source = match said {
            Patch::Keep => return saved.cloned(),
            Patch::Clear => return None,
            Patch::Set(source) => source.clone(),
        };
        match &source {
            UniqueIdSource::Path(path) => {
                if let Err(message) = JsonPath::parse(path) {
                    self.fault(&["uniqueId", "path"], message);
                }
            }
            UniqueIdSource::Header(name) => {
                if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                    self.fault(&["uniqueId", "header"], "is no header name; write one such as Location");
                }
            }
            // Checked by the template engine.
            UniqueIdSource::Template(_) => {}
        }
        Some(source)
    }

    fn limits(&mut self, saved: Limits, said: &Patch<LimitsPatch>) -> Limits {
        let patch = match said {
            Patch::Keep => return saved,
            Patch::Clear => return Limits::default(),
            Patch::Set(patch) => patch,
        };
        let default = Limits::default();
        let concurrency =
            merged(&patch.max_concurrency, Some(i32::from(saved.max_concurrency)), || default.max_concurrency.into());
        if !(1..=i32::from(CONCURRENCY_MAX)).contains(&concurrency) {
            self.fault(&["limits", "maxConcurrency"], format!("is {concurrency}; give 1 to {CONCURRENCY_MAX}"));
        }
        let requests_per_second = match patch.requests_per_second {
            Patch::Keep => saved.requests_per_second,
            Patch::Clear => None,
            Patch::Set(rate) => {
                if !(rate > 0.0 && rate <= REQUESTS_PER_SECOND_MAX) {
                    let message = format!("is {rate}; give a number above 0, to {REQUESTS_PER_SECOND_MAX}, or null");
                    self.fault(&["limits", "requestsPerSecond"], message);
                }
                Some(rate)
            }
        };
        let requests_per_day = match patch.requests_per_day {
            Patch::Keep => saved.requests_per_day,
            Patch::Clear => None,
            Patch::Set(requests) => {
                let fits = u32::try_from(requests).ok().filter(|n| (1..=REQUESTS_PER_DAY_MAX).contains(n));
                if fits.is_none() {
                    let message = format!("is {requests}; give 1 to {REQUESTS_PER_DAY_MAX}, or null");
                    self.fault(&["limits", "requestsPerDay"], message);
                }
                fits
            }
        };
        let max_concurrency = u16::try_from(concurrency).unwrap_or(default.max_concurrency);
        Limits { max_concurrency, requests_per_second, requests_per_day }
    }

    /// Options that mean nothing without another rule.
    fn options_fit(&mut self, settings: &Settings) {
        let adopts = settings.create.as_ref().is_some_and(|rule| rule.on_existing == OnExisting::Adopt);
        if adopts && settings.lookup.is_none() {
            let message = "is ADOPT, which finds the record by the lookup rule: set up the lookup, or use PARK";
            self.fault(&["createUsers", "onExisting"], message);
        }
        let looks = settings.update.as_ref().is_some_and(|rule| rule.on_missing == OnMissing::Lookup);
        if looks && settings.lookup.is_none() {
            let message = "is LOOKUP, but there is no lookup rule: set up the lookup, or use PARK or RECREATE";
            self.fault(&["updateUsers", "onMissing"], message);
        }
        if settings.follow_unique_id && settings.update.is_none() {
            let message = "is true, but there are no updates to read the id from: set up updateUsers, or use false";
            self.fault(&["followUniqueId"], message);
        }
        if settings.follow_unique_id && settings.unique_id.is_none() {
            let message = "is true, but no unique id is configured: say where it is in uniqueId, or use false";
            self.fault(&["followUniqueId"], message);
        }
    }

    /// An `Authorization` header beside an authentication would send two.
    fn authorization_once(&mut self, settings: &Settings) {
        if settings.authentication == Authentication::None {
            return;
        }
        for (operation, rule) in settings.rules() {
            for (index, header) in rule.headers.iter().enumerate() {
                if header.name.eq_ignore_ascii_case("authorization") {
                    let message =
                        "is Authorization, which the sync's authentication sends already; remove one of the two";
                    self.faults
                        .push(Fault::at(["name"], message).under(index).under("headers").under(rule_field(operation)));
                }
            }
        }
    }
}

/// A string, number, boolean or null as JSON, its digits exact; `None` where it is none of them.
pub fn scalar_of(json: &str) -> Option<Scalar> {
    let value = serde_json::from_str::<serde_json::Value>(json).ok()?;
    if value.is_number() { Scalar::number(json.trim()) } else { Scalar::of_json(&value) }
}

/// Whether a header is taken for a secret although nobody says so: by its name, unless its value is made of a person.
fn is_secret_by_name(name: &str, value: &SecretString) -> bool {
    let name = name.to_ascii_lowercase();
    let named = matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie")
        || ["key", "token", "secret"].iter().any(|word| name.contains(word));
    let value = value.expose_secret();
    named && name != "idempotency-key" && !value.contains("{{") && !value.contains("{%")
}

/// Headers that would be secret if they were saved today, for a warning: saved ones stay as they are.
pub fn shown_secrets(settings: &Settings) -> Vec<(Operation, String)> {
    let rules =
        settings.rules().flat_map(|(operation, rule)| rule.headers.iter().map(move |header| (operation, header)));
    rules
        .filter_map(|(operation, header)| match &header.value {
            HeaderValue::Template(value) if is_secret_by_name(&header.name, &value.as_str().into()) => {
                Some((operation, header.name.clone()))
            }
            _ => None,
        })
        .collect()
}

/// What is wrong with a friendly name or a key's name.
pub fn name_fault(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("is empty; give a name of 1 to 200 characters")
    } else if name.chars().count() > NAME_CHARACTERS_MAX {
        Some("has more than 200 characters; give a shorter name")
    } else if name.chars().any(char::is_control) {
        Some("holds a control character; remove it")
    } else {
        None
    }
}

fn merged<T: Clone>(said: &Patch<T>, saved: Option<T>, default: impl FnOnce() -> T) -> T {
    match said {
        Patch::Set(value) => value.clone(),
        Patch::Keep => saved.unwrap_or_else(default),
        Patch::Clear => default(),
    }
}
