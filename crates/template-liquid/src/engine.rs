//! The adapter: rules and unique ids compiled, tried and rendered.

use crate::address::Address;
use crate::check::{Allowed, Reading, Used};
use crate::header::Header;
use crate::json::{self, compact};
use crate::sink::Place;
use crate::template::Template;
use crate::{filters, samples, tokens, xml};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use sync_core::fault::Fault;
use sync_core::link::UniqueId;
use sync_core::outcome::{Request, RequestHeader};
use sync_core::person::Person;
use sync_core::ports::{
    CompiledRule, CompiledText, FilterInfo, IdTokens, Preview, RenderContext, RuleSource, TemplateEngine, TokenInfo,
    TokensUsed,
};
use sync_core::sync::{BodyFormat, Edition, Method, Operation};
use url::Url;
use uuid::Uuid;

/// Liquid templates. Holds nothing: what is compiled is the caller's to keep.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiquidTemplates;

impl LiquidTemplates {
    /// The engine.
    pub const fn new() -> Self {
        Self
    }
}

impl TemplateEngine for LiquidTemplates {
    fn compile(&self, source: &RuleSource) -> Result<Arc<dyn CompiledRule>, Vec<Fault>> {
        let mut rule = Rule::new(source)?;
        rule.try_out()?;
        if source.edition < Edition::CURRENT {
            rule.warnings.extend(rule.means_otherwise(source));
        }
        Ok(Arc::new(rule))
    }

    fn compile_unique_id(
        &self,
        template: &str,
        tokens: IdTokens,
        edition: Edition,
    ) -> Result<Arc<dyn CompiledText>, Vec<Fault>> {
        if template.trim().is_empty() {
            return Err(vec![Fault::here("the template is empty; write one such as crm-{{ person.id }}")]);
        }
        let mut text = Text::new(template, tokens, edition)?;
        let rendered = text.try_out()?;
        if edition < Edition::CURRENT {
            let anew = Text::new(template, tokens, Edition::CURRENT).and_then(|text| text.try_out());
            text.warnings.extend((anew.ok() != Some(rendered)).then(|| Fault::here(MEANS_OTHERWISE)));
        }
        Ok(Arc::new(text))
    }

    fn tokens(&self) -> Vec<TokenInfo> {
        tokens::infos()
    }

    fn filters(&self) -> Vec<FilterInfo> {
        filters::infos()
    }

    fn sample_person(&self) -> Person {
        samples::all_set()
    }
}

/// A compiled unique id template.
struct Text {
    template: Template,
    warnings: Vec<Fault>,
    objections: Vec<Fault>,
}

/// What is said of a template of an older edition that would be another one today.
const MEANS_OTHERWISE: &str = "this template keeps what it meant when it was saved. Saved anew it means what Shopify's Liquid means, \
     and renders otherwise for some people, or is refused: when you edit it, look at its preview";

impl Text {
    fn new(template: &str, tokens: IdTokens, edition: Edition) -> Result<Self, Vec<Fault>> {
        let reading = Reading { allowed: Allowed::UniqueId(tokens), edition };
        let template = Template::trimmed(template, Place::Text, reading)?;
        let is_constant = template.used.tokens.person.is_empty();
        let constant = is_constant.then(|| {
            Fault::here(
                "this unique id is the same for everybody, so that one person alone could have it. Make it of the person: \
                 write {{ person.id }} into it",
            )
        });
        Ok(Self { template, warnings: Vec::new(), objections: constant.into_iter().collect() })
    }

    /// What it renders for each sample person, where it fails not for all.
    fn try_out(&self) -> Result<Vec<Option<String>>, Vec<Fault>> {
        let people = people(&self.template.used.open);
        let rendered = people.each_ref().map(|person| self.render(&context(person, None)));
        common(rendered.iter().map(|rendered| rendered.clone().err().unwrap_or_default()))?;
        Ok(rendered.into_iter().map(Result::ok).collect())
    }
}

impl CompiledText for Text {
    fn render(&self, context: &RenderContext<'_>) -> Result<String, Vec<Fault>> {
        self.template.render(context).map(|rendered| rendered.text).map_err(|fault| vec![fault])
    }

    fn warnings(&self) -> &[Fault] {
        &self.warnings
    }

    fn objections(&self) -> &[Fault] {
        &self.objections
    }
}

/// A compiled rule.
struct Rule {
    allowed: Allowed,
    edition: Edition,
    method: Method,
    address: Address,
    headers: Vec<Header>,
    data: Option<Template>,
    format: BodyFormat,
    ssl_verification: bool,
    timeout: Duration,
    tokens: TokensUsed,
    open: BTreeSet<Vec<String>>,
    objections: Vec<Fault>,
    warnings: Vec<Fault>,
}

/// The parts of a request, those that could be rendered.
struct Parts {
    url: Option<Url>,
    headers: Vec<RequestHeader>,
    body: Option<String>,
    faults: Vec<Fault>,
}

impl Rule {
    fn new(source: &RuleSource) -> Result<Self, Vec<Fault>> {
        let allowed = Allowed::Rule(source.operation);
        let reading = Reading { allowed, edition: source.edition };
        let mut faults = Vec::new();
        let mut told = |found: Vec<Fault>| faults.extend(found);
        let address = Address::new(&source.url, reading);
        let address = address.map_err(|found| told(found.into_iter().map(|fault| fault.under("url")).collect())).ok();
        let mut headers = Vec::new();
        for (n, header) in source.headers.iter().enumerate() {
            match Header::new(header, &source.headers[..n], reading) {
                Ok(header) => headers.push(header),
                Err(found) => told(found.into_iter().map(|fault| fault.under(n).under("headers")).collect()),
            }
        }
        let place = match source.format {
            BodyFormat::Json => Some(Place::Json),
            BodyFormat::Form => Some(Place::Form),
            BodyFormat::Text => Some(Place::Text),
            BodyFormat::Xml => Some(Place::Xml),
            BodyFormat::None => None,
        };
        let data = source.data.as_ref().zip(place).map(|(data, place)| {
            if place == Place::Json && data.trim().is_empty() {
                return Err(vec![Fault::here(json::EMPTY)]);
            }
            match place {
                Place::Text => Template::new(data, place, reading),
                _ => Template::trimmed(data, place, reading),
            }
        });
        let data = data.transpose().map_err(|found| told(found.into_iter().map(|fault| fault.under("data")).collect()));
        let (Some(address), Ok(data), true) = (address, data, faults.is_empty()) else {
            return Err(faults);
        };
        let mut rule = Self {
            allowed,
            edition: source.edition,
            method: source.method,
            format: if data.is_some() { source.format } else { BodyFormat::None },
            ssl_verification: source.ssl_verification,
            timeout: source.timeout,
            tokens: TokensUsed::default(),
            open: BTreeSet::new(),
            objections: Vec::new(),
            warnings: Vec::new(),
            address,
            headers,
            data,
        };
        rule.note_used();
        rule.objections = rule.objected();
        rule.warnings = rule.address.template.warnings.iter().cloned().map(|fault| fault.under("url")).collect();
        Ok(rule)
    }

    fn objected(&self) -> Vec<Fault> {
        let under = |template: &Template, part: &str| -> Vec<Fault> {
            template.objections.iter().cloned().map(|fault| fault.under(part)).collect()
        };
        let mut objections = under(&self.address.template, "url");
        objections.extend(self.data.iter().flat_map(|data| under(data, "data")));
        let addresses = matches!(self.allowed, Allowed::Rule(Operation::Update | Operation::Delete));
        if addresses && !self.tokens.unique_id && self.tokens.person.is_empty() {
            let message = "this request is the same for everybody: neither URL, headers nor data name the record or the person, \
                           so that a delete may empty the whole collection. Put {{ unique_id }} into the URL";
            objections.push(Fault::at(["url"], message));
        }
        if matches!(self.allowed, Allowed::Rule(Operation::Lookup)) && self.tokens.person.is_empty() {
            let message = "this lookup is the same for everybody, so what it finds is anybody's. Search for the person: put \
                           {{ person.id }} or {{ person.email }} into the URL or the data";
            objections.push(Fault::at(["url"], message));
        }
        objections
    }

    fn note_used(&mut self) {
        let headers = self.headers.iter().map(|header| &header.template);
        let templates = std::iter::once(&self.address.template).chain(headers).chain(&self.data);
        for Used { tokens, open, .. } in templates.map(|template| &template.used) {
            self.tokens.person.extend(tokens.person.iter().cloned());
            self.tokens.unique_id |= tokens.unique_id;
            self.tokens.idempotency_key |= tokens.idempotency_key;
            self.open.extend(open.iter().cloned());
        }
    }

    /// What it renders for sample people.
    fn tried(&self) -> [Parts; 3] {
        let known = matches!(self.allowed, Allowed::Rule(operation) if tokens::WITH_UNIQUE_ID.contains(&operation));
        let ids = [UniqueId::text("8a7f31"), UniqueId::number("42"), UniqueId::text("\"/../{{ 😀")];
        let people = people(&self.open);
        std::array::from_fn(|n| self.parts(&context(&people[n], ids[n].as_ref().filter(|_| known))))
    }

    /// Tells which parts would be others today for sample people, of an older edition's rule that was made from `source`.
    fn means_otherwise(&self, source: &RuleSource) -> Vec<Fault> {
        let anew = Self::new(&RuleSource { edition: Edition::CURRENT, ..source.clone() });
        let anew = match anew.and_then(|anew| anew.try_out().map(|()| anew)) {
            Ok(anew) => anew,
            Err(faults) => {
                let refused =
                    |fault: Fault| Fault { message: format!("{MEANS_OTHERWISE} ({})", fault.message), ..fault };
                return faults.into_iter().map(refused).collect();
            }
        };
        let (mut url, mut headers, mut data) = (false, false, false);
        for (before, after) in self.tried().into_iter().zip(anew.tried()) {
            url |= before.url != after.url;
            headers |= before.headers != after.headers;
            data |= before.body != after.body;
        }
        let parts = [("url", url), ("headers", headers), ("data", data)].into_iter().filter(|(_, differs)| *differs);
        parts.map(|(part, _)| Fault::at([part], MEANS_OTHERWISE)).collect()
    }

    /// Renders for sample people, and tells what fails for all of them; what is no XML, also where it fails for one: values are
    /// encoded by place, so this is the template's own.
    fn try_out(&self) -> Result<(), Vec<Fault>> {
        let tried = self.tried().map(|parts| {
            let mut faults = parts.faults;
            // Data may be for people that no sample is like.
            faults.retain(|fault| ![json::EMPTY, xml::EMPTY].contains(&fault.message.as_str()));
            faults
        });
        if let Some(fault) = tried.iter().flatten().find(|fault| fault.message.starts_with(xml::NOT_XML)) {
            return Err(vec![fault.clone()]);
        }
        common(tried.into_iter())
    }

    fn parts(&self, context: &RenderContext<'_>) -> Parts {
        let mut faults = Vec::new();
        let url = self.address.render(context).map_err(|fault| faults.push(fault.under("url"))).ok();
        let mut headers = Vec::with_capacity(self.headers.len() + 1);
        for (n, header) in self.headers.iter().enumerate() {
            match header.render(context) {
                Ok(header) => headers.extend(header),
                Err(fault) => faults.push(fault.under("value").under(n).under("headers")),
            }
        }
        let body =
            self.data.as_ref().and_then(|data| self.body(data, context).map_err(|fault| faults.push(fault)).ok());
        if let (Some(media_type), Some(_)) = (media_type(self.format), &body)
            && !headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(RequestHeader {
                name: "Content-Type".to_owned(),
                value: media_type.to_owned(),
                secret: false,
            });
        }
        Parts { url, headers, body, faults }
    }

    fn body(&self, data: &Template, context: &RenderContext<'_>) -> Result<String, Fault> {
        let rendered = data.render(context).map_err(|fault| fault.under("data"))?;
        match self.format {
            BodyFormat::Json => compact(&rendered.text, &rendered.omits)
                .map_err(|found| data.fault_at(&rendered, found.at, found.message).under("data")),
            BodyFormat::Xml if self.edition >= Edition::Second => match xml::check(&rendered.text) {
                Ok(()) => Ok(rendered.text),
                Err(found) => Err(data.fault_at(&rendered, found.at, found.message).under("data")),
            },
            _ => Ok(rendered.text),
        }
    }
}

impl CompiledRule for Rule {
    fn render(&self, context: &RenderContext<'_>) -> Result<Request, Vec<Fault>> {
        match self.parts(context) {
            Parts { url: Some(url), headers, body, faults } if faults.is_empty() => Ok(Request {
                method: self.method,
                url,
                headers,
                body: body.map(Into::into),
                format: self.format,
                ssl_verification: self.ssl_verification,
                timeout: self.timeout,
            }),
            parts => Err(parts.faults),
        }
    }

    fn preview(&self, context: &RenderContext<'_>) -> Preview {
        let Parts { url, headers, body, faults } = self.parts(context);
        Preview { url, headers, body, faults }
    }

    fn tokens(&self) -> &TokensUsed {
        &self.tokens
    }

    fn objections(&self) -> &[Fault] {
        &self.objections
    }

    fn warnings(&self) -> &[Fault] {
        &self.warnings
    }
}

const fn media_type(format: BodyFormat) -> Option<&'static str> {
    match format {
        BodyFormat::Json => Some("application/json"),
        BodyFormat::Form => Some("application/x-www-form-urlencoded"),
        BodyFormat::Text => Some("text/plain; charset=utf-8"),
        BodyFormat::Xml => Some("application/xml"),
        BodyFormat::None => None,
    }
}

/// The people that rules are tried on.
fn people(open: &BTreeSet<Vec<String>>) -> [Person; 3] {
    let mut people = [samples::all_set(), samples::all_unset(), samples::nasty()];
    // A text that reads as a number serves as either, and one that is a region and a time zone as both.
    samples::fill(&mut people[0], open, "1");
    samples::fill(&mut people[2], open, "GB");
    people
}

fn context<'a>(person: &'a Person, unique_id: Option<&'a UniqueId>) -> RenderContext<'a> {
    RenderContext { person, unique_id, idempotency_key: Uuid::nil(), sync_name: "My CRM" }
}

/// The faults of the parts that failed each time, as they were told the first time.
fn common(tried: impl Iterator<Item = Vec<Fault>>) -> Result<(), Vec<Fault>> {
    let mut tried = tried;
    let mut faults = tried.next().unwrap_or_default();
    for others in tried {
        faults.retain(|fault| others.iter().any(|other| other.path == fault.path));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}
