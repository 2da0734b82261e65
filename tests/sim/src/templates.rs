//! The real templates, compiled once for all runs of this process: the rules of the plans are few.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use sync_core::fault::Fault;
use sync_core::person::Person;
use sync_core::ports::{CompiledRule, CompiledText, FilterInfo, IdTokens, RuleSource, TemplateEngine, TokenInfo};
use sync_core::sync::Edition;
use template_liquid::LiquidTemplates;

type Compiled<T> = Mutex<HashMap<String, Result<Arc<T>, Vec<Fault>>>>;

/// The template engine with a memory.
#[derive(Default)]
struct Remembering {
    templates: LiquidTemplates,
    rules: Compiled<dyn CompiledRule>,
    texts: Compiled<dyn CompiledText>,
}

/// The one of this process.
pub(crate) fn shared() -> Arc<dyn TemplateEngine> {
    static SHARED: OnceLock<Arc<Remembering>> = OnceLock::new();
    SHARED.get_or_init(Arc::default).clone()
}

impl TemplateEngine for Remembering {
    fn compile(&self, source: &RuleSource) -> Result<Arc<dyn CompiledRule>, Vec<Fault>> {
        // No header of the plans is secret, so that nothing in here is redacted.
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.entry(format!("{source:?}")).or_insert_with(|| self.templates.compile(source)).clone()
    }

    fn compile_unique_id(
        &self,
        template: &str,
        tokens: IdTokens,
        edition: Edition,
    ) -> Result<Arc<dyn CompiledText>, Vec<Fault>> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = texts.entry(format!("{tokens:?} {edition:?} {template}"));
        known.or_insert_with(|| self.templates.compile_unique_id(template, tokens, edition)).clone()
    }

    fn tokens(&self) -> Vec<TokenInfo> {
        self.templates.tokens()
    }

    fn filters(&self) -> Vec<FilterInfo> {
        self.templates.filters()
    }

    fn sample_person(&self) -> Person {
        self.templates.sample_person()
    }
}
