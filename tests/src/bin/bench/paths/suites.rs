//! The public suites of JSONPath and Liquid, run from copies that are fetched for it.

use crate::figures::{Report, figure};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;
use sync_core::fault::Fault;
use sync_core::jsonpath::{Document, Selected};
use sync_core::ports::{RenderContext, RuleSource, TemplateEngine};
use sync_core::sync::{BodyFormat, Edition, Method, Operation};
use sync_core::unique_id::JsonPath;
use template_liquid::LiquidTemplates;
use uuid::Uuid;

/// Of Golden Liquid, how many templates without data rendered as Shopify's Liquid when this was last looked at.
const LIQUID_RIGHT: usize = 310;

fn tests(file: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let suite: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    let tests = suite["tests"].as_array().with_context(|| format!("{} holds no tests", file.display()))?;
    Ok(tests.clone())
}

/// Whether any of the results that a test allows is this one.
fn allows(test: &Value, result: &Value) -> bool {
    test["result"] == *result || test["results"].as_array().is_some_and(|results| results.contains(result))
}

/// Fails unless all of the suite holds.
pub(super) fn rfc9535(file: &Path, report: &mut Report) -> Result<()> {
    let (mut valid, mut right, mut invalid, mut refused) = (0, 0, 0, 0);
    for test in tests(file)? {
        let selector = test["selector"].as_str().context("a test has no selector")?;
        let path = JsonPath::parse(selector);
        if test["invalid_selector"] == true {
            invalid += 1;
            refused += usize::from(path.is_err());
            continue;
        }
        valid += 1;
        let body = test["document"].to_string();
        let selected = path.ok().and_then(|path| select(&path, &body));
        if selected.is_some_and(|selected| allows(&test, &selected)) {
            right += 1;
        } else {
            eprintln!("bench: {selector} on {body}");
        }
    }
    report.add("RFC 9535 compliance suite", shares([("valid", right, valid), ("invalid", refused, invalid)]));
    ensure!(right == valid && refused == invalid, "RFC 9535: {right} of {valid}, {refused} of {invalid} invalid ones");
    Ok(())
}

fn select(path: &JsonPath, body: &str) -> Option<Value> {
    let document = Document::parse(body)?;
    let mut selected = Vec::new();
    path.visit(&document, |value| {
        selected.push(match value {
            Selected::Null => Value::Null,
            Selected::Bool(value) => value.into(),
            Selected::Text(text) => text.into_owned().into(),
            Selected::Number(json) | Selected::List(json) | Selected::Object(json) => {
                serde_json::from_str(json).unwrap_or_default()
            }
        });
        ControlFlow::Continue(())
    })
    .ok()?;
    Some(selected.into())
}

/// Only templates that need no data: data of a template here is always a person's. Fails where one is
/// rendered otherwise and not refused, or fewer are rendered as they were.
pub(super) fn golden_liquid(file: &Path, report: &mut Report) -> Result<()> {
    let (mut offered, mut right, mut invalid, mut refused) = (0, 0, 0, 0);
    for test in tests(file)? {
        let empty = |member: &str| test[member].as_object().is_none_or(serde_json::Map::is_empty);
        if !empty("data") || !empty("templates") {
            continue;
        }
        let rendered = render(test["template"].as_str().context("a test has no template")?);
        if test["invalid"] == true {
            invalid += 1;
            refused += usize::from(rendered.is_err());
        } else if let Ok(text) = rendered {
            offered += 1;
            right += usize::from(allows(&test, &text.into()));
        }
    }
    report.add("Golden Liquid, without data", shares([("offered", right, offered), ("invalid", refused, invalid)]));
    ensure!(right == offered, "Golden Liquid: {} are neither rendered so nor refused", offered - right);
    ensure!(right >= LIQUID_RIGHT, "Golden Liquid: {right} are right, fewer than {LIQUID_RIGHT}");
    Ok(())
}

fn render(template: &str) -> Result<String, Vec<Fault>> {
    let engine = LiquidTemplates::new();
    let rule = engine.compile(&RuleSource {
        operation: Operation::Update,
        method: Method::Post,
        url: "https://crm.example/people".to_owned(),
        headers: Vec::new(),
        data: Some(template.to_owned()),
        format: BodyFormat::Text,
        edition: Edition::CURRENT,
        ssl_verification: true,
        timeout: Duration::from_secs(10),
    })?;
    let person = engine.sample_person();
    let context = RenderContext { person: &person, unique_id: None, idempotency_key: Uuid::nil(), sync_name: "Golden" };
    let body = rule.render(&context)?.body.unwrap_or_default();
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn shares(parts: [(&str, usize, usize); 2]) -> Vec<crate::figures::Figure> {
    let figures = parts.into_iter().flat_map(|(name, good, all)| {
        let done = if name == "invalid" { "refused" } else { "right" };
        [
            figure(format!("{name}.{done}"), format!("{name}, {done}"), 0, good as f64),
            figure(format!("{name}.all"), format!("{name}, all"), 0, all as f64),
        ]
    });
    figures.collect()
}
