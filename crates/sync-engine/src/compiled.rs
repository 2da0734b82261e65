//! A sync whose rules are compiled and whose secrets are open, kept by its revision.

use crate::redact::Redactor;
use crate::vault::Vault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sync_core::decide::SyncRules;
use sync_core::fault::Fault;
use sync_core::id::{AccountId, SyncId};
use sync_core::link::UniqueId;
use sync_core::outcome::{Request, RequestHeader};
use sync_core::patch::{rule_field, scalar_of};
use sync_core::ports::{
    CompiledRule, CompiledText, HeaderSource, HeaderText, IdTokens, RenderContext, RuleSource, TemplateEngine,
};
use sync_core::sync::{Authentication, EmptyWhen, HeaderValue, Operation, Rule, Settings, SyncConfig, UniqueIdSource};
use sync_core::unique_id::{IdSource, JsonPath, Scalar};

/// What is sent as `User-Agent` unless a header of the rule says otherwise.
pub const USER_AGENT: &str = concat!("crm-sync/", env!("CARGO_PKG_VERSION"));

/// Templates up to this size are rendered in place, unless they hold a loop. In bytes.
const TEMPLATE_BYTES_SHORT: usize = 16 * 1024;

/// Where unique ids come from, ready to be used.
#[derive(Clone)]
pub(crate) enum IdPlan {
    Read(IdSource),
    Choose(Arc<dyn CompiledText>),
}

/// A compiled sync.
pub(crate) struct CompiledSync {
    /// What it was compiled from.
    pub(crate) config: SyncConfig,
    /// What its rules come to.
    pub(crate) rules: SyncRules,
    /// Why nothing can be sent at all: a secret is missing or cannot be opened.
    pub(crate) blocked: Option<String>,
    pub(crate) ids: IdPlan,
    pub(crate) lookup_path: Option<JsonPath>,
    /// What in a lookup's answer means "nobody".
    pub(crate) empty_equals: Option<(JsonPath, Scalar)>,
    /// Whether the id that we choose for one person may be that of another.
    pub(crate) ids_may_clash: bool,
    /// Whether rendering its rules may take milliseconds.
    pub(crate) renders_long: bool,
    compiled: HashMap<Operation, Arc<dyn CompiledRule>>,
    authorization: Option<SecretString>,
    /// Takes its secrets out of answers.
    pub(crate) redactor: Redactor,
}

impl CompiledSync {
    /// Compiles a sync. Faults have paths as the GraphQL input writes them.
    pub(crate) fn compile(
        config: SyncConfig,
        templates: &dyn TemplateEngine,
        vault: &Vault,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut blocked = None;
        let mut secrets = Vec::new();
        let mut open = |what: &str, sealed: &Option<sync_core::sync::Sealed>| {
            let opened = match sealed {
                None => {
                    blocked.get_or_insert_with(|| format!("{what} is missing: give it again"));
                    SecretString::default()
                }
                Some(sealed) => vault.open(config.id, sealed).unwrap_or_else(|error| {
                    blocked.get_or_insert_with(|| format!("{what} cannot be opened: {error}"));
                    SecretString::default()
                }),
            };
            secrets.push(opened.clone());
            opened
        };
        let authorization = match &config.settings.authentication {
            Authentication::None => None,
            Authentication::Basic { username, password } => {
                let password = open("the saved password", password);
                let pair = format!("{username}:{}", password.expose_secret());
                Some(format!("Basic {}", BASE64.encode(pair)).into())
            }
            Authentication::Bearer { token } => {
                Some(format!("Bearer {}", open("the saved token", token).expose_secret()).into())
            }
        };
        let mut compiled = HashMap::new();
        for (operation, rule) in config.settings.rules() {
            let source =
                source_of(operation, rule, &mut |name, sealed| open(&format!("the secret header {name}"), sealed));
            match templates.compile(&source) {
                Ok(rule) => {
                    compiled.insert(operation, rule);
                }
                Err(found) => faults.extend(found.into_iter().map(|fault| fault.under(rule_field(operation)))),
            }
        }
        let ids = match &config.settings.unique_id {
            None => IdPlan::Read(IdSource::None),
            Some(UniqueIdSource::Header(name)) => IdPlan::Read(IdSource::Header(name.to_ascii_lowercase())),
            Some(UniqueIdSource::Path(path)) => match JsonPath::parse(path) {
                Ok(path) => IdPlan::Read(IdSource::Path(path)),
                Err(message) => {
                    faults.push(Fault::at(["uniqueId", "path"], message));
                    IdPlan::Read(IdSource::None)
                }
            },
            Some(UniqueIdSource::Template(template)) => {
                match templates.compile_unique_id(template, id_tokens(&config), config.settings.unique_id_edition) {
                    Ok(text) => IdPlan::Choose(text),
                    Err(found) => {
                        faults.extend(found.into_iter().map(|fault| fault.under("template").under("uniqueId")));
                        IdPlan::Read(IdSource::None)
                    }
                }
            }
        };
        let lookup_path = match config.settings.lookup.as_ref().map(|lookup| JsonPath::parse(&lookup.path)) {
            Some(Err(message)) => {
                faults.push(Fault::at(["lookup", "path"], message));
                None
            }
            Some(Ok(path)) => Some(path),
            None => None,
        };
        let empty_equals = match config.settings.lookup.as_ref().and_then(|lookup| lookup.empty_when.as_ref()) {
            Some(EmptyWhen::Equals { path, value }) => match (JsonPath::parse(path), scalar_of(value)) {
                (Ok(path), Some(value)) => Some((path, value)),
                (path, _) => {
                    let message = path.err().unwrap_or_else(|| "cannot be compared with the value".to_owned());
                    faults.push(Fault::at(["lookup", "emptyWhen", "equals", "path"], message));
                    None
                }
            },
            _ => None,
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        secrets.extend(authorization.as_ref().and_then(credentials));
        let redactor = Redactor::new(secrets.iter());
        let rules = SyncRules::of(&config);
        let renders_long = config.settings.rules().any(|(_, rule)| texts_of(rule).any(renders_long));
        let ids_may_clash = match &config.settings.unique_id {
            Some(UniqueIdSource::Template(template)) => !tells_everybody_apart(template),
            _ => false,
        };
        Ok(Self {
            config,
            rules,
            blocked,
            ids,
            lookup_path,
            empty_equals,
            ids_may_clash,
            renders_long,
            compiled,
            authorization,
            redactor,
        })
    }

    /// What can hardly be meant in rules that differ from those that were saved before.
    pub(crate) fn objections(&self, saved: Option<&Settings>) -> Vec<Fault> {
        let edited = self.config.settings.rules().filter(|(operation, rule)| {
            saved.and_then(|saved| saved.rule(*operation)).is_none_or(|before| before != *rule)
        });
        let objections = edited.filter_map(|(operation, _)| Some((operation, self.rule(operation)?)));
        let under = |(operation, rule): (Operation, &Arc<dyn CompiledRule>)| {
            rule.objections().iter().map(|fault| fault.clone().under(rule_field(operation))).collect::<Vec<_>>()
        };
        let mut objections: Vec<Fault> = objections.flat_map(under).collect();
        if let IdPlan::Choose(text) = &self.ids
            && saved.is_none_or(|saved| saved.unique_id != self.config.settings.unique_id)
        {
            let under = |fault: &Fault| fault.clone().under("template").under("uniqueId");
            objections.extend(text.objections().iter().map(under));
        }
        objections
    }

    /// The compiled rule of an operation.
    pub(crate) fn rule(&self, operation: Operation) -> Option<&Arc<dyn CompiledRule>> {
        self.compiled.get(&operation)
    }

    /// The timeout of an operation's rule.
    pub(crate) fn timeout(&self, operation: Operation) -> Duration {
        let seconds = self.config.settings.rule(operation).map_or(10, |rule| rule.timeout_seconds);
        Duration::from_secs(seconds.into())
    }

    /// Whether the create rule says everything of a person that the update rule says.
    pub(crate) fn create_covers_update(&self) -> bool {
        match (self.rule(Operation::Create), self.rule(Operation::Update)) {
            (Some(create), Some(update)) => create.tokens().covers(update.tokens()),
            _ => false,
        }
    }

    /// The id that we choose for a person.
    pub(crate) fn choose_id(&self, context: &RenderContext<'_>) -> Option<Result<UniqueId, String>> {
        let IdPlan::Choose(text) = &self.ids else { return None };
        let id = text.render(context).map_err(|faults| in_words(&faults)).and_then(|text| {
            UniqueId::text(text).ok_or_else(|| {
                "the unique id template renders no id: it must be 1 to 512 bytes without control characters".to_owned()
            })
        });
        Some(id)
    }

    /// Adds what crm-sync sends with every request: authentication, idempotency key (creates only), user agent.
    pub(crate) fn dress(&self, mut request: Request, operation: Operation, key: Option<uuid::Uuid>) -> Request {
        let mut add = |name: &str, value: String, secret| {
            if !request.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)) {
                request.headers.push(RequestHeader { name: name.to_owned(), value, secret });
            }
        };
        if let Some(authorization) = &self.authorization {
            add("Authorization", authorization.expose_secret().to_owned(), true);
        }
        if let (Operation::Create, Some(key)) = (operation, key) {
            add("Idempotency-Key", key.to_string(), false);
        }
        add("User-Agent", USER_AGENT.to_owned(), false);
        request
    }
}

/// What stands behind the scheme of an `Authorization` header.
fn credentials(authorization: &SecretString) -> Option<SecretString> {
    authorization.expose_secret().split_once(' ').map(|(_, credentials)| credentials.into())
}

/// What the unique id of a sync may be made of: what changes, only where the sync follows it.
fn id_tokens(config: &SyncConfig) -> IdTokens {
    if config.settings.follow_unique_id { IdTokens::OfPerson } else { IdTokens::Lasting }
}

/// Whether a template for unique ids is the person's own id, as it is, with nothing but literal text around it: no two people
/// have the same, and nobody has to be asked for it.
fn tells_everybody_apart(template: &str) -> bool {
    let Some((tag, rest)) = template.split_once("{{").and_then(|(_, rest)| rest.split_once("}}")) else { return false };
    let of_person = matches!(tag.trim_matches('-').trim(), "person.id" | "user.id");
    of_person && !template.contains("{%") && !rest.contains("{{")
}

/// The templates of a rule.
fn texts_of(rule: &Rule) -> impl Iterator<Item = &str> {
    let headers = rule.headers.iter().filter_map(|header| match &header.value {
        HeaderValue::Template(text) => Some(text.as_str()),
        HeaderValue::Secret(_) => None,
    });
    headers.chain(rule.data.as_deref()).chain([rule.url.as_str()])
}

/// Whether a template may take milliseconds: it is large, repeats itself, or reads telephone numbers, of which the first of a region
/// takes long. What it is to do is bounded in any case.
fn renders_long(template: &str) -> bool {
    let loops = |tag: &str| tag.trim_start_matches('-').trim_start().starts_with("for");
    template.len() > TEMPLATE_BYTES_SHORT || template.contains("e164") || template.split("{%").skip(1).any(loops)
}

/// A rule with its secrets in the clear.
pub(crate) fn source_of(
    operation: Operation,
    rule: &Rule,
    open: &mut dyn FnMut(&str, &Option<sync_core::sync::Sealed>) -> SecretString,
) -> RuleSource {
    let headers = rule.headers.iter().map(|header| HeaderSource {
        name: header.name.clone(),
        value: match &header.value {
            HeaderValue::Template(text) => HeaderText::Plain(text.clone()),
            HeaderValue::Secret(sealed) => HeaderText::Secret(open(&header.name, sealed)),
        },
    });
    RuleSource {
        operation,
        method: rule.method,
        url: rule.url.clone(),
        headers: headers.collect(),
        data: rule.data.clone(),
        format: rule.format,
        edition: rule.edition,
        ssl_verification: rule.ssl_verification,
        timeout: Duration::from_secs(rule.timeout_seconds.into()),
    }
}

/// Faults in one line.
pub(crate) fn in_words(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Compiled syncs by account and id (of two accounts, each may have chosen the same), each at the newest revision seen.
#[derive(Default)]
pub(crate) struct Cache {
    syncs: Mutex<HashMap<(AccountId, SyncId), Arc<CompiledSync>>>,
    /// Held while a sync is read and compiled.
    pub(crate) reading: tokio::sync::Mutex<()>,
}

impl Cache {
    /// The compiled sync if it is at least at `revision`.
    pub(crate) fn at_least(&self, account: AccountId, id: SyncId, revision: i32) -> Option<Arc<CompiledSync>> {
        let cache = self.syncs.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(&(account, id)).filter(|sync| sync.config.revision >= revision).cloned()
    }

    /// Keeps a compiled sync, unless a newer one is there.
    pub(crate) fn put(&self, sync: CompiledSync) -> Arc<CompiledSync> {
        let sync = Arc::new(sync);
        let mut cache = self.syncs.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = cache.entry((sync.config.account, sync.config.id)).or_insert_with(|| sync.clone());
        if kept.config.revision < sync.config.revision {
            *kept = sync.clone();
        }
        sync
    }

    /// Drops what is kept of a sync.
    pub(crate) fn forget(&self, account: AccountId, id: SyncId) {
        self.syncs.lock().unwrap_or_else(PoisonError::into_inner).remove(&(account, id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_persons_own_id_tells_everybody_apart() {
        for sure in ["{{ person.id }}", "{{user.id}}", "crm-{{- person.id -}}!"] {
            assert!(tells_everybody_apart(sure), "{sure}");
        }
        for unsure in [
            "fixed",
            "{{ person.email }}",
            "{{ person.id | downcase }}",
            "{% if true %}{{ person.id }}{% endif %}",
            "{{ person.name }}{{ person.id }}",
            "{{ person.id }}{{ person.name }}",
        ] {
            assert!(!tells_everybody_apart(unsure), "{unsure}");
        }
    }

    #[test]
    fn templates_that_repeat_or_are_large_are_not_rendered_in_place() {
        for long in [
            "{% for x in person.labels %}{% endfor %}",
            "{%-for x in y-%}",
            "{\"a\":1}{%- \n for x",
            "{{ person.phone | e164: \"GB\" }}",
            &"a".repeat(16 * 1024 + 1),
        ] {
            assert!(renders_long(long), "{long:.40}");
        }
        for short in ["", "{{ person.name }} for you", "{% if person.phone %}for{% endif %}", &"a".repeat(16 * 1024)] {
            assert!(!renders_long(short), "{short:.40}");
        }
    }
}
