//! The filters. Each is a row of a table; none can panic, and none builds more than its bound.

mod convert;
mod date;
mod list;
mod math;
mod text;

use crate::limits::{ITEMS_MAX, VALUE_BYTES_MAX};
use crate::sink::burn;
use crate::values::{UNSET, to_text, weigh};
use liquid_core::model::{Value, ValueCow, ValueView};
use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{Error, Expression, Filter, FilterReflection, Language, ParseFilter, Result, Runtime};
use std::borrow::Cow;
use std::fmt;
use sync_core::ports::FilterInfo;
use sync_core::sync::Edition;

/// Says what is wrong with an argument that is written out.
type CheckLiteral = fn(&str) -> std::result::Result<(), String>;

/// One filter.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    /// How many arguments it takes: at least, at most.
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// The arguments that it takes by name.
    pub(crate) keywords: &'static [&'static str],
    pub(crate) description: &'static str,
    /// A template, and what it renders as text.
    pub(crate) example: (&'static str, &'static str),
    pub(crate) run: fn(&Call<'_>) -> Result<Value>,
    /// Checks the first argument where it is written out; what is wrong with it, in words.
    pub(crate) literal: Option<CheckLiteral>,
    /// What a use counts beside a step and its bytes; see [`crate::limits::WORK_MAX`].
    pub(crate) work: usize,
}

const fn spec(
    name: &'static str,
    (least, most): (usize, usize),
    description: &'static str,
    example: (&'static str, &'static str),
    run: fn(&Call<'_>) -> Result<Value>,
) -> Spec {
    Spec { name, least, most, keywords: &[], description, example, run, literal: None, work: 0 }
}

const GENERAL: [Spec; 3] = [
    Spec {
        keywords: &["allow_false"],
        ..spec(
            "default",
            (1, 1),
            "Another value where this one is unset, empty or false; `allow_false: true` lets false stand",
            ("{{ person.custom.tier | default: \"basic\" }}", "basic"),
            |call| Ok(default(call)),
        )
    },
    spec(
        "json",
        (0, 0),
        "The value as JSON text. At the end of an output outside of a JSON string it changes nothing: values are written as JSON there anyway",
        ("{{ person.labels | json }}", r#"["customer","vip"]"#),
        |call| call.text_value(&crate::values::to_json(call.input)),
    ),
    spec(
        "or_omit",
        (0, 0),
        "At the end of an output of JSON data: where the value is unset or empty, its member or item is left out",
        (
            r#"{"phone": "{{ person.phone | or_omit }}", "fax": "{{ person.contact.fax | or_omit }}"}"#,
            r#"{"phone":"+44 20 7946 0001"}"#,
        ),
        |call| Ok(call.input.to_value()),
    ),
];

fn default(call: &Call<'_>) -> Value {
    let allow_false = call.keyword("allow_false").is_some_and(|given| is_truth(given, true));
    let stands = if is_truth(call.input, false) { allow_false } else { !crate::values::is_empty(call.input) };
    if stands { call.input.to_value() } else { call.argument(0).to_value() }
}

fn is_truth(value: &dyn ValueView, truth: bool) -> bool {
    matches!(crate::values::plain(value), Some(crate::values::Plain::Truth(found)) if found == truth)
}

fn all() -> impl Iterator<Item = &'static Spec> {
    GENERAL
        .iter()
        .chain(&text::FILTERS)
        .chain(&math::FILTERS)
        .chain(&convert::FILTERS)
        .chain(&list::FILTERS)
        .chain(&date::FILTERS)
}

/// The filter of this name.
pub(crate) fn find(name: &str) -> Option<&'static Spec> {
    all().find(|spec| spec.name == name)
}

/// The names of all filters.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|spec| spec.name)
}

/// Our name of what other template engines and languages call otherwise.
pub(crate) fn of_other_engines(name: &str) -> Option<&'static str> {
    let plain = name.replace(['_', '-'], "").to_ascii_lowercase();
    Some(match plain.as_str() {
        "upper" | "uppercase" | "toupper" | "touppercase" => "upcase",
        "lower" | "lowercase" | "tolower" | "tolowercase" => "downcase",
        "title" | "titlecase" | "ucfirst" => "capitalize",
        "trim" | "trimspace" => "strip",
        "length" | "len" | "count" => "size",
        "tojson" | "jsonencode" => "json",
        "dateformat" | "formatdate" | "strftime" => "date",
        "urlencode" | "encodeuri" | "encodeuricomponent" | "urlquery" => "url_encode",
        "substr" | "substring" => "slice",
        "int" | "float" | "tonumber" | "tointeger" => "number",
        "concatenate" => "append",
        "fallback" | "ifempty" | "coalesce" => "default",
        "base64encode" | "b64encode" => "base64",
        _ => return None,
    })
}

/// Every filter as it is shown.
pub(crate) fn infos() -> Vec<FilterInfo> {
    let info = |spec: &Spec| FilterInfo {
        name: spec.name.to_owned(),
        description: spec.description.to_owned(),
        example: format!("{} renders {}", spec.example.0, spec.example.1),
    };
    all().map(info).collect()
}

/// Adds every filter, as an edition means it, to a language.
pub(crate) fn register(language: &mut Language, edition: Edition) {
    for spec in all() {
        language.filters.register(spec.name.to_owned(), Box::new(Parse(spec, edition)));
    }
}

#[derive(Clone, Copy)]
struct Parse(&'static Spec, Edition);

impl ParseFilter for Parse {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        Ok(Box::new(Parsed {
            spec: self.0,
            edition: self.1,
            positional: arguments.positional.collect(),
            keyword: arguments.keyword.map(|(name, value)| (name.to_owned(), value)).collect(),
        }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

impl FilterReflection for Parse {
    fn name(&self) -> &str {
        self.0.name
    }
    fn description(&self) -> &str {
        self.0.description
    }
    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

struct Parsed {
    spec: &'static Spec,
    edition: Edition,
    positional: Vec<Expression>,
    keyword: Vec<(String, Expression)>,
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)
    }
}

impl fmt::Display for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)
    }
}

impl Filter for Parsed {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let positional = self.positional.iter().map(|argument| argument.evaluate(runtime)).collect::<Result<_>>()?;
        let keyword = self.keyword.iter().map(|(name, value)| Ok((name.as_str(), value.evaluate(runtime)?)));
        let call = Call {
            name: self.spec.name,
            edition: self.edition,
            input,
            positional,
            keyword: keyword.collect::<Result<_>>()?,
        };
        // A rule of the first edition may do as much as it could.
        let work = if self.edition >= Edition::Second { self.spec.work } else { 0 };
        burn(runtime, weigh(input) + work)?;
        let value = (self.spec.run)(&call)?;
        burn(runtime, weigh(&value))?;
        Ok(value)
    }
}

/// One use of a filter on a value.
pub(crate) struct Call<'a> {
    name: &'static str,
    edition: Edition,
    pub(crate) input: &'a dyn ValueView,
    positional: Vec<ValueCow<'a>>,
    keyword: Vec<(&'a str, ValueCow<'a>)>,
}

impl<'a> Call<'a> {
    /// Whether it means what Shopify's Liquid means.
    pub(crate) fn is_second(&self) -> bool {
        self.edition >= Edition::Second
    }

    /// Whether nothing is known of what it is used on. Most filters let that be.
    pub(crate) fn is_unset(&self) -> bool {
        self.input.is_nil() || self.input.is_state()
    }

    /// What it is used on, as text.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        to_text(self.input)
    }

    /// An argument; unset where it was not given.
    pub(crate) fn argument(&self, n: usize) -> &dyn ValueView {
        self.positional.get(n).map_or(&UNSET, |argument| argument.as_view())
    }

    /// Whether an argument was given.
    pub(crate) fn has_argument(&self, n: usize) -> bool {
        self.positional.len() > n
    }

    /// An argument as text.
    pub(crate) fn text_argument(&self, n: usize) -> Cow<'_, str> {
        to_text(self.argument(n))
    }

    /// An argument by name.
    pub(crate) fn keyword(&self, name: &str) -> Option<&dyn ValueView> {
        self.keyword.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_view())
    }

    /// A fault of this filter.
    pub(crate) fn fault(&self, message: &str) -> Error {
        Error::with_msg(format!("the filter {}: {message}", self.name))
    }

    /// Refuses a text that would get too long, before it is made.
    pub(crate) fn check_length(&self, bytes: usize) -> Result<()> {
        if bytes > VALUE_BYTES_MAX {
            return Err(self.fault(&format!("the text gets longer than {VALUE_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    /// Refuses a list that would get too long, before it is made.
    pub(crate) fn check_items(&self, items: usize) -> Result<()> {
        if items > ITEMS_MAX {
            return Err(self.fault(&format!("the list gets longer than {ITEMS_MAX} items")));
        }
        Ok(())
    }

    /// A text as the result.
    pub(crate) fn text_value(&self, text: &str) -> Result<Value> {
        self.check_length(text.len())?;
        Ok(Value::scalar(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_engines_lead_to_filters_that_are_there() {
        for name in [
            "upper",
            "lowercase",
            "title",
            "trim",
            "length",
            "to_json",
            "date_format",
            "urlencode",
            "substring",
            "int",
            "concatenate",
            "coalesce",
            "b64encode",
        ] {
            let meant = super::of_other_engines(name).unwrap();
            assert!(meant == "json" || find(meant).is_some(), "{name}: {meant}");
        }
        assert_eq!(super::of_other_engines("nonsense"), None);
    }
}
