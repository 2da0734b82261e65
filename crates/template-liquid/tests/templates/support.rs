//! What the tests share: a rule and a person that each test changes to its needs.

use std::sync::Arc;
use std::time::Duration;
use sync_core::fault::Fault;
use sync_core::id::PersonId;
use sync_core::link::UniqueId;
use sync_core::outcome::Request;
use sync_core::person::Person;
use sync_core::ports::{CompiledRule, HeaderSource, HeaderText, RenderContext, RuleSource, TemplateEngine as _};
use sync_core::sync::{BodyFormat, Edition, Method, Operation};
use sync_core::time::Timestamp;
use template_liquid::LiquidTemplates;
use uuid::Uuid;

pub(crate) const KEY: Uuid = Uuid::from_u128(0x6f1c_9ed0_52f3_4c11_9a51_0b7f_3d1f_2a77);

pub(crate) fn rule(format: BodyFormat, data: &str) -> RuleSource {
    RuleSource {
        operation: Operation::Update,
        method: Method::Post,
        url: "https://crm.example.com/people".to_owned(),
        headers: Vec::new(),
        data: Some(data.to_owned()),
        format,
        edition: Edition::CURRENT,
        ssl_verification: true,
        timeout: Duration::from_secs(10),
    }
}

pub(crate) fn at_url(url: &str) -> RuleSource {
    RuleSource { url: url.to_owned(), data: None, ..rule(BodyFormat::None, "") }
}

pub(crate) fn with_header(name: &str, value: &str) -> RuleSource {
    let header = HeaderSource { name: name.to_owned(), value: HeaderText::Plain(value.to_owned()) };
    RuleSource { headers: vec![header], ..at_url("https://crm.example.com/") }
}

pub(crate) fn compile(source: &RuleSource) -> Result<Arc<dyn CompiledRule>, Vec<Fault>> {
    LiquidTemplates::new().compile(source)
}

pub(crate) fn ada() -> Person {
    LiquidTemplates::new().sample_person()
}

pub(crate) fn nobody() -> Person {
    let at = Timestamp::from_micros(1_762_162_200_000_000);
    Person::empty(PersonId::new("7").expect("an id"), 1, at)
}

pub(crate) fn id() -> UniqueId {
    UniqueId::text("8a7f31").expect("an id")
}

pub(crate) fn render_for(source: &RuleSource, person: &Person, unique_id: &UniqueId) -> Result<Request, Vec<Fault>> {
    let context = RenderContext { person, unique_id: Some(unique_id), idempotency_key: KEY, sync_name: "My CRM" };
    compile(source)?.render(&context)
}

pub(crate) fn render(source: &RuleSource, person: &Person) -> Result<Request, String> {
    render_for(source, person, &id()).map_err(|faults| said(&faults))
}

pub(crate) fn said(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The body of data for a person, or what is said.
pub(crate) fn body(format: BodyFormat, data: &str, person: &Person) -> Result<String, String> {
    let request = render(&rule(format, data), person)?;
    Ok(String::from_utf8(request.body.expect("a body").to_vec()).expect("UTF-8"))
}

pub(crate) fn json(data: &str, person: &Person) -> Result<String, String> {
    body(BodyFormat::Json, data, person)
}

pub(crate) fn text(data: &str) -> Result<String, String> {
    body(BodyFormat::Text, data, &ada())
}

/// What is said of a rule that does not compile.
pub(crate) fn fault(source: &RuleSource) -> String {
    match compile(source) {
        Ok(_) => panic!("compiles: {source:?}"),
        Err(faults) => said(&faults),
    }
}

/// What is said of JSON data that does not compile.
pub(crate) fn json_fault(data: &str) -> String {
    fault(&rule(BodyFormat::Json, data))
}
