//! Templates as plain as tests of the engine need them: `{{ person.id }}`, `{{ person.name }}`, `{{ unique_id }}` and
//! `{{ idempotency_key }}` are replaced as they stand, nothing else is understood, and nothing is encoded. `{{ person["id"] }}` is
//! replaced, and not counted among the tokens that are used.

use std::sync::Arc;
use sync_core::fault::Fault;
use sync_core::outcome::{Request, RequestHeader};
use sync_core::person::Person;
use sync_core::ports::{
    CompiledRule, CompiledText, FilterInfo, HeaderText, IdTokens, Preview, RenderContext, RuleSource, TemplateEngine,
    TokenInfo, TokensUsed,
};
use sync_core::time::Timestamp;

/// Replaces what tests use.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainTemplates;

struct PlainRule {
    source: RuleSource,
    tokens: TokensUsed,
}

struct PlainText(String);

fn render(template: &str, context: &RenderContext<'_>) -> String {
    let id = context.unique_id.map_or("", |id| id.as_str());
    template
        .replace("{{ person.id }}", context.person.id.as_str())
        .replace("{{ person[\"id\"] }}", context.person.id.as_str())
        .replace("{{ person.name }}", &context.person.name())
        .replace("{{ unique_id }}", id)
        .replace("{{ idempotency_key }}", &context.idempotency_key.to_string())
}

impl TemplateEngine for PlainTemplates {
    fn compile(&self, source: &RuleSource) -> Result<Arc<dyn CompiledRule>, Vec<Fault>> {
        let text = format!("{} {}", source.url, source.data.as_deref().unwrap_or(""));
        if text.contains("{{ nope }}") {
            return Err(vec![Fault::at(["data"], "the token nope is not known")]);
        }
        let person = ["id", "name"].into_iter().filter(|token| text.contains(&format!("{{{{ person.{token} }}}}")));
        let tokens = TokensUsed {
            person: person.map(str::to_owned).collect(),
            unique_id: text.contains("{{ unique_id }}"),
            idempotency_key: text.contains("{{ idempotency_key }}"),
        };
        Ok(Arc::new(PlainRule { source: source.clone(), tokens }))
    }

    fn compile_unique_id(
        &self,
        template: &str,
        _tokens: IdTokens,
        _edition: sync_core::sync::Edition,
    ) -> Result<Arc<dyn CompiledText>, Vec<Fault>> {
        Ok(Arc::new(PlainText(template.to_owned())))
    }

    fn tokens(&self) -> Vec<TokenInfo> {
        Vec::new()
    }

    fn filters(&self) -> Vec<FilterInfo> {
        Vec::new()
    }

    fn sample_person(&self) -> Person {
        Person::empty(crate::build::person_id("sample"), 1, Timestamp::from_micros(0))
    }
}

impl CompiledRule for PlainRule {
    fn render(&self, context: &RenderContext<'_>) -> Result<Request, Vec<Fault>> {
        let source = &self.source;
        let url = render(&source.url, context);
        let url = url.parse().map_err(|_| vec![Fault::at(["url"], "this is no URL")])?;
        let headers = source.headers.iter().filter_map(|header| match &header.value {
            HeaderText::Plain(value) => {
                Some(RequestHeader { name: header.name.clone(), value: render(value, context), secret: false })
            }
            HeaderText::Secret(_) => None,
        });
        Ok(Request {
            method: source.method,
            url,
            headers: headers.collect(),
            body: source.data.as_deref().map(|data| render(data, context).into()),
            format: source.format,
            ssl_verification: source.ssl_verification,
            timeout: source.timeout,
        })
    }

    fn preview(&self, context: &RenderContext<'_>) -> Preview {
        match self.render(context) {
            Ok(request) => Preview {
                url: Some(request.url),
                headers: request.headers,
                body: request.body.map(|body| String::from_utf8_lossy(&body).into_owned()),
                faults: Vec::new(),
            },
            Err(faults) => Preview { url: None, headers: Vec::new(), body: None, faults },
        }
    }

    fn tokens(&self) -> &TokensUsed {
        &self.tokens
    }
}

impl CompiledText for PlainText {
    fn render(&self, context: &RenderContext<'_>) -> Result<String, Vec<Fault>> {
        Ok(render(&self.0, context))
    }
}
