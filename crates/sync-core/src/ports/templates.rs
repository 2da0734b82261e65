use crate::fault::Fault;
use crate::link::UniqueId;
use crate::outcome::{Request, RequestHeader};
use crate::person::Person;
use crate::sync::{BodyFormat, Edition, Method, Operation};
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A header of a rule with its value in the clear, as templates are compiled from it.
#[derive(Clone, Debug)]
pub struct HeaderSource {
    /// Its name.
    pub name: String,
    /// Its value, a template. A secret one redacts itself.
    pub value: HeaderText,
}

/// A header's template.
#[derive(Clone, Debug)]
pub enum HeaderText {
    /// Shown.
    Plain(String),
    /// Write-only.
    Secret(SecretString),
}

/// What a rule is compiled from: [`crate::sync::Rule`] with its secrets in the clear.
#[derive(Clone, Debug)]
pub struct RuleSource {
    /// For which operation: decides which tokens may be used (`unique_id` not in CREATE and LOOKUP).
    pub operation: Operation,
    /// HTTP method.
    pub method: Method,
    /// URL template.
    pub url: String,
    /// Header templates.
    pub headers: Vec<HeaderSource>,
    /// Data template.
    pub data: Option<String>,
    /// What the data is.
    pub format: BodyFormat,
    /// What the templates mean.
    pub edition: Edition,
    /// Whether the server's certificate is verified.
    pub ssl_verification: bool,
    /// The deadline.
    pub timeout: Duration,
}

/// What a rule is rendered with.
#[derive(Clone, Copy, Debug)]
pub struct RenderContext<'a> {
    /// The person; `user.*` is the same object.
    pub person: &'a Person,
    /// The record's id; `None` for a create or lookup.
    pub unique_id: Option<&'a UniqueId>,
    /// The idempotency key: the same over all tries of one operation.
    pub idempotency_key: Uuid,
    /// The sync's friendly name.
    pub sync_name: &'a str,
}

/// The tokens that a rule uses, as far as rules about rules need to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokensUsed {
    /// Person tokens without `person.` or `user.`, such as `first_name`, `custom.plan`; for a token that names a whole
    /// family or the whole person (`person`, `person.custom`), that word itself (`""` for the whole person).
    pub person: BTreeSet<String>,
    /// Whether `unique_id` is used.
    pub unique_id: bool,
    /// Whether `idempotency_key` is used.
    pub idempotency_key: bool,
}

impl TokensUsed {
    /// Whether everything that `other` says of a person is said here too: token by token, the whole person saying
    /// everything, and a family everything in it.
    pub fn covers(&self, other: &Self) -> bool {
        let says = |token: &str| {
            let families = token.match_indices('.').map(|(at, _)| &token[..at]);
            families.chain(["", token]).any(|said| self.person.contains(said))
        };
        other.person.iter().all(|token| says(token))
    }
}

/// A rule whose templates are compiled.
///
/// Every adapter MUST
/// - encode each value for the place where it stands, so that JSON stays JSON, URLs stay on their origin and headers
///   stay one line, whatever a person holds;
/// - refuse (fault) a URL with a path segment that renders empty, `.` or `..` from a token;
/// - leave out headers that render empty;
/// - render the same request for the same input, byte for byte;
/// - stay within its bounds on time, output and loops, and never panic.
pub trait CompiledRule: Send + Sync {
    /// Renders the request: the rule's own headers and, where there is a body and no header of that name, its
    /// `Content-Type`. Authentication, `Idempotency-Key` and `User-Agent` are added by the engine.
    ///
    /// Faults have paths from the rule on: `url`, `headers.0.value`, `data`.
    fn render(&self, context: &RenderContext<'_>) -> Result<Request, Vec<Fault>>;

    /// Renders what can be rendered, for the preview, with the faults of the rest.
    fn preview(&self, context: &RenderContext<'_>) -> Preview;

    /// The tokens that it uses anywhere.
    fn tokens(&self) -> &TokensUsed;

    /// What can hardly be meant, with paths as in [`Self::render`]: refused where the rule is made or edited. A rule that was
    /// saved before goes on as it is.
    fn objections(&self) -> &[Fault] {
        &[]
    }

    /// What may be meant, but should be known, with paths as in [`Self::render`].
    fn warnings(&self) -> &[Fault] {
        &[]
    }
}

/// The parts of a request that could be rendered.
#[derive(Clone, Debug)]
pub struct Preview {
    /// `None` when it could not be rendered.
    pub url: Option<url::Url>,
    /// Those that could be rendered and are not empty.
    pub headers: Vec<RequestHeader>,
    /// `None` when there is none, or it could not be rendered.
    pub body: Option<String>,
    /// What is wrong, with paths from the rule on. Empty when the request could be sent.
    pub faults: Vec<Fault>,
}

/// A compiled unique id template.
pub trait CompiledText: Send + Sync {
    /// Renders the text.
    fn render(&self, context: &RenderContext<'_>) -> Result<String, Vec<Fault>>;

    /// What can hardly be meant: refused where the template is made or edited.
    fn objections(&self) -> &[Fault] {
        &[]
    }

    /// What should be known of it.
    fn warnings(&self) -> &[Fault] {
        &[]
    }
}

/// A token that templates may use, for the API and the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// As it is written between the braces; of an open family: `person.contact.<type>`.
    pub token: String,
    /// What it stands for.
    pub description: String,
    /// What it renders for the sample person.
    pub example: String,
    /// Whether the last part is a name of one's own choosing.
    pub open: bool,
    /// In which operations' rules it may be used.
    pub operations: Vec<Operation>,
}

/// A filter that templates may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterInfo {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// A template with it, and what that renders.
    pub example: String,
}

/// What a unique id template may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdTokens {
    /// `person.id` alone: the id never changes.
    Lasting,
    /// Any token of the person: the id changes with them, and the sync follows it.
    OfPerson,
}

/// Compiles templates.
///
/// Every adapter MUST
/// - find every fault of a rule at once, each with its path, and with line and column where it stands in a template:
///   unknown tokens and filters (naming the nearest known one), unclosed tags, data that can never be JSON, a URL whose
///   scheme, host or port is not literal, or is not http(s), or that has user info, a header name or value that HTTP
///   does not allow;
/// - try the compiled rule on sample people (all set, all unset, nasty) and report what fails for all of them;
/// - stay within its bounds on time whatever the template, and never panic.
pub trait TemplateEngine: Send + Sync {
    /// Compiles a rule. Faults have paths from the rule on: `url`, `headers.0.name`, `headers.0.value`, `data`.
    fn compile(&self, source: &RuleSource) -> Result<Arc<dyn CompiledRule>, Vec<Fault>>;

    /// Compiles a unique id template of an edition: such tokens, literals and filters only.
    fn compile_unique_id(
        &self,
        template: &str,
        tokens: IdTokens,
        edition: Edition,
    ) -> Result<Arc<dyn CompiledText>, Vec<Fault>>;

    /// The tokens that templates may use.
    fn tokens(&self) -> Vec<TokenInfo>;

    /// The filters that templates may use.
    fn filters(&self) -> Vec<FilterInfo>;

    /// The person that examples and previews without a person are rendered for.
    fn sample_person(&self) -> Person;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_person_covers_everything_and_a_family_its_members() {
        for (create, update, covered) in [
            (vec![], vec![], true),
            (vec!["first_name"], vec![], true),
            (vec![], vec!["first_name"], false),
            (vec!["first_name", "email"], vec!["email"], true),
            (vec!["first_name"], vec!["first_name", "phone"], false),
            (vec![""], vec!["first_name", "custom.plan", "custom", ""], true),
            (vec!["first_name", "custom"], vec![""], false),
            (vec!["custom"], vec!["custom.plan", "custom.plan.name", "custom"], true),
            (vec!["custom.plan"], vec!["custom.plan.name"], true),
            (vec!["custom.plan"], vec!["custom"], false),
            (vec!["custom.plan"], vec!["custom.planet"], false),
            (vec!["custom"], vec!["contact.whatsapp"], false),
            (vec!["contact"], vec!["contact.whatsapp"], true),
        ] {
            let tokens = |names: &[&str]| TokensUsed {
                person: names.iter().map(ToString::to_string).collect(),
                ..TokensUsed::default()
            };
            assert_eq!(tokens(&create).covers(&tokens(&update)), covered, "{create:?} and {update:?}");
        }
    }
}
