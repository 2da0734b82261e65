//! Filters on text.

use super::{Call, Spec, spec};
use crate::decimal::Number as Decimal;
use crate::sink::one_line;
use liquid_core::Result;
use liquid_core::model::{ArrayView, ObjectView, Value, ValueView};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use url::form_urlencoded;

pub(super) const FILTERS: [Spec; 22] = [
    spec("upcase", (0, 0), "In capital letters", (r"{{ person.first_name | upcase }}", "ADA"), |call| {
        on_text(call, |text| text.to_uppercase().into())
    }),
    spec("downcase", (0, 0), "In small letters", (r"{{ person.first_name | downcase }}", "ada"), |call| {
        on_text(call, |text| text.to_lowercase().into())
    }),
    spec(
        "capitalize",
        (0, 0),
        "The first letter as a capital, the others small",
        (r#"{{ "aDA" | capitalize }}"#, "Ada"),
        |call| on_text(call, |text| capitalize(text).into()),
    ),
    spec("append", (1, 1), "A text put behind", (r#"{{ person.id | append: "-x" }}"#, "1042-x"), |call| {
        joined(call, &call.text(), &call.text_argument(0))
    }),
    spec("prepend", (1, 1), "A text put in front", (r#"{{ person.id | prepend: "p-" }}"#, "p-1042"), |call| {
        joined(call, &call.text_argument(0), &call.text())
    }),
    spec(
        "replace",
        (1, 2),
        "Each occurrence of a text replaced by another",
        (r#"{{ "a-b-c" | replace: "-", "+" }}"#, "a+b+c"),
        |call| replaced(call, usize::MAX, &call.text_argument(1)),
    ),
    spec(
        "replace_first",
        (1, 2),
        "The first occurrence of a text replaced by another",
        (r#"{{ "a-b-c" | replace_first: "-", "+" }}"#, "a+b-c"),
        |call| replaced(call, 1, &call.text_argument(1)),
    ),
    spec(
        "remove",
        (1, 1),
        "Each occurrence of a text removed",
        (r#"{{ person.phone | remove: " " }}"#, "+442079460001"),
        |call| replaced(call, usize::MAX, ""),
    ),
    spec(
        "remove_first",
        (1, 1),
        "The first occurrence of a text removed",
        (r#"{{ person.phone | remove_first: "+" }}"#, "44 20 7946 0001"),
        |call| replaced(call, 1, ""),
    ),
    spec("strip", (0, 0), "White space at both ends removed", (r#"{{ "  a " | strip }}"#, "a"), |call| {
        on_text(call, |text| text.trim_matches(white(call)).into())
    }),
    spec("lstrip", (0, 0), "White space at the beginning removed", (r#"{{ "  a" | lstrip }}"#, "a"), |call| {
        on_text(call, |text| text.trim_start_matches(white(call)).into())
    }),
    spec("rstrip", (0, 0), "White space at the end removed", (r#"{{ "a  " | rstrip }}"#, "a"), |call| {
        on_text(call, |text| text.trim_end_matches(white(call)).into())
    }),
    spec("strip_newlines", (0, 0), "Line breaks removed", ("{{ \"a\nb\" | strip_newlines }}", "ab"), |call| {
        on_text(call, |text| text.replace(['\r', '\n'], "").into())
    }),
    spec(
        "one_line",
        (0, 0),
        "Line breaks and other control characters as one space",
        ("{{ \"a\nb\" | one_line }}", "a b"),
        |call| {
            on_text(call, |text| {
                let mut line = String::with_capacity(text.len());
                one_line(text, &mut line);
                line.into()
            })
        },
    ),
    spec(
        "truncate",
        (0, 2),
        "At most so many characters (50), with `...` or another text at the end where it was cut",
        (r"{{ person.summary | truncate: 9 }}", "Writes..."),
        truncate,
    ),
    spec(
        "truncatewords",
        (0, 2),
        "At most so many words (15), with `...` or another text at the end where it was cut",
        (r"{{ person.summary | truncatewords: 2 }}", "Writes the..."),
        truncate_words,
    ),
    spec("escape", (0, 0), "As HTML text", (r#"{{ "a < b" | escape }}"#, "a &lt; b"), |call| {
        let text = call.text();
        call.check_length(text.len() + text.matches(['&', '<', '>', '"', '\'']).count() * 5)?;
        on_text(call, |text| escape(text).into())
    }),
    spec(
        "url_encode",
        (0, 0),
        "As form data. URLs and form data are encoded anyway",
        (r#"{{ "a b&c" | url_encode }}"#, "a+b%26c"),
        |call| {
            call.check_length(call.text().len() * 3)?;
            on_text(call, |text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().into())
        },
    ),
    spec("url_decode", (0, 0), "Read as form data", (r#"{{ "a+b%26c" | url_decode }}"#, "a b&c"), |call| {
        on_text(call, |text| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().replace('\0', "").into())
    }),
    spec(
        "split",
        (1, 1),
        "The parts between the occurrences of a text, a list, without empty ones at its end; by a space: the words",
        (r#"{{ person.email | split: "@" | last }}"#, "example.com"),
        split,
    ),
    spec(
        "slice",
        (1, 2),
        "One character, or so many, from a place on (from 0; from -1 backwards); items of a list",
        (r"{{ person.first_name | slice: 0, 2 }}", "Ad"),
        slice,
    ),
    spec("size", (0, 0), "The number of characters, or of items", (r"{{ person.labels | size }}", "2"), |call| {
        if call.is_second() && Decimal::of(call.input).is_some() {
            return Err(call.fault("a number has no size; make a text of it first: `append: \"\"`"));
        }
        let items = call.input.as_array().map(ArrayView::size);
        let members = || call.input.as_object().filter(|_| !call.is_unset()).map(ObjectView::size);
        Ok(Value::scalar(items.or_else(members).unwrap_or_else(|| call.text().chars().count() as i64)))
    }),
];

/// What counts as white space: the first edition takes all of Unicode's.
fn white(call: &Call<'_>) -> fn(char) -> bool {
    if call.is_second() { |c| matches!(c, ' ' | '\t'..='\r') } else { char::is_whitespace }
}

/// Changes a text. What is unset stays so.
fn on_text(call: &Call<'_>, change: impl Fn(&str) -> Cow<'_, str>) -> Result<Value> {
    if call.is_unset() {
        return Ok(Value::Nil);
    }
    call.text_value(&change(&call.text()))
}

fn joined(call: &Call<'_>, first: &str, second: &str) -> Result<Value> {
    call.check_length(first.len() + second.len())?;
    call.text_value(&[first, second].concat())
}

fn replaced(call: &Call<'_>, most: usize, by: &str) -> Result<Value> {
    if call.is_unset() {
        return Ok(Value::Nil);
    }
    let (text, what) = (call.text(), call.text_argument(0));
    if what.is_empty() {
        return Err(call.fault("the text to be replaced is empty; give one"));
    }
    let found = text.matches(&*what).take(most).count();
    call.check_length(text.len() - found * what.len() + found.saturating_mul(by.len()))?;
    call.text_value(&text.replacen(&*what, by, found))
}

fn capitalize(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters.flat_map(char::to_lowercase)).collect(),
        None => String::new(),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn ending<'c>(call: &'c Call<'_>) -> Cow<'c, str> {
    if call.has_argument(1) { call.text_argument(1) } else { "...".into() }
}

fn truncate(call: &Call<'_>) -> Result<Value> {
    let most = usize::try_from(call.whole_argument(0, 50)?.max(0)).unwrap_or(usize::MAX);
    let ending = ending(call);
    on_text(call, |text| {
        if text.chars().nth(most).is_none() {
            return text.into();
        }
        let kept = most.saturating_sub(ending.chars().count());
        let cut = text.char_indices().nth(kept).map_or(text.len(), |(at, _)| at);
        format!("{}{ending}", &text[..cut]).into()
    })
}

fn truncate_words(call: &Call<'_>) -> Result<Value> {
    let most = usize::try_from(call.whole_argument(0, 15)?.max(1)).unwrap_or(usize::MAX);
    let ending = ending(call);
    on_text(call, |text| {
        let mut words = text.split(white(call)).filter(|word| !word.is_empty());
        let kept: Vec<&str> = words.by_ref().take(most).collect();
        if words.next().is_none() { text.into() } else { format!("{}{ending}", kept.join(" ")).into() }
    })
}

fn split(call: &Call<'_>) -> Result<Value> {
    let (text, by) = (call.text(), call.text_argument(0));
    if text.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    let part = |part: &str| Value::scalar(part.to_owned());
    if by.is_empty() {
        call.check_items(text.chars().count())?;
        return Ok(Value::Array(text.chars().map(|c| part(c.encode_utf8(&mut [0; 4]))).collect()));
    }
    call.check_items(text.matches(&*by).count() + 1)?;
    if !call.is_second() {
        return Ok(Value::Array(text.split(&*by).map(part).collect()));
    }
    let mut parts: Vec<&str> = match &*by {
        " " => text.split(white(call)).filter(|word| !word.is_empty()).collect(),
        by => text.split(by).collect(),
    };
    // Empty parts at the end go.
    parts.truncate(parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1));
    call.check_items(parts.len())?;
    Ok(Value::Array(parts.into_iter().map(part).collect()))
}

fn slice(call: &Call<'_>) -> Result<Value> {
    let (from, length) = (call.whole_argument(0, 0)?, call.whole_argument(1, 1)?);
    let range = |count: usize| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let first = if from < 0 { count.saturating_add(from) } else { from };
        if first < 0 { (0, 0) } else { (first.unsigned_abs() as usize, length.max(0).unsigned_abs() as usize) }
    };
    if let Some(array) = call.input.as_array() {
        let (first, length) = range(usize::try_from(array.size()).unwrap_or(0));
        return Ok(Value::Array(array.values().skip(first).take(length).map(ValueView::to_value).collect()));
    }
    on_text(call, |text| {
        let (first, length) = range(text.chars().count());
        text.chars().skip(first).take(length).collect::<String>().into()
    })
}
