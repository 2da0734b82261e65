//! Every token and filter that is shown works as it is shown.

use crate::support::*;
use sync_core::ports::{RuleSource, TemplateEngine as _};
use sync_core::sync::BodyFormat::{Json, Text};
use sync_core::sync::Operation;
use template_liquid::LiquidTemplates;

#[test]
fn every_token_renders_its_example() {
    let tokens = LiquidTemplates::new().tokens();
    assert_eq!(tokens.len(), 23);
    for token in tokens {
        assert!(!token.description.is_empty());
        let written = token.token.replace("<type>", "whatsapp").replace("<key>", "plan");
        assert_eq!(written != token.token, token.open);
        let data = format!("{{{{ {written} }}}}");
        assert_eq!(text(&data).as_deref(), Ok(token.example.as_str()), "{data}");
        for operation in Operation::ALL {
            let source = RuleSource { operation, ..rule(Text, &data) };
            assert_eq!(compile(&source).is_ok(), token.operations.contains(&operation), "{data} in {operation:?}");
        }
    }
}

#[test]
fn every_filter_renders_its_example() {
    let filters = LiquidTemplates::new().filters();
    for filter in &filters {
        assert!(!filter.description.is_empty());
        let (template, expected) = filter.example.rsplit_once(" renders ").expect("an example");
        assert!(template.contains(&format!("| {}", filter.name)), "{template}");
        let format = if template.starts_with("{\"") { Json } else { Text };
        assert_eq!(body(format, template, &ada()).as_deref(), Ok(expected), "{template}");
    }
    for name in [
        "upcase",
        "downcase",
        "capitalize",
        "default",
        "append",
        "prepend",
        "replace",
        "replace_first",
        "remove",
        "remove_first",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "join",
        "first",
        "last",
        "size",
        "plus",
        "minus",
        "times",
        "divided_by",
        "modulo",
        "round",
        "floor",
        "ceil",
        "abs",
        "truncate",
        "slice",
        "date",
        "json",
        "url_encode",
        "escape",
        "map",
        "sort",
        "uniq",
        "reverse",
        "compact",
        "concat",
        "or_omit",
    ] {
        assert!(filters.iter().any(|filter| filter.name == name), "{name}");
    }
}

#[test]
fn filters_at_their_edges() {
    for (template, expected) in [
        ("{{ -7 | divided_by: 2 }} {{ -7 | modulo: 2 }} {{ 7 | modulo: -2 }}", "-4 1 -1"),
        ("{{ 7 | divided_by: 2.0 }} {{ '3' | plus: '4' }} {{ 1 | plus: 0.5 }}", "3.5 7 1.5"),
        ("{{ 9223372036854775807 | modulo: 9223372036854775807 }}", "0"),
        ("{{ -9223372036854775808 | modulo: -1 }}", "0"),
        (
            "[{{ person.custom.nope | upcase }}{{ person.custom.nope | date: '%Y' }}] {{ person.custom.nope | plus: 1 }}",
            "[] 1",
        ),
        ("{{ 2.5 | round }} {{ -2.5 | floor }} {{ 3 | round: 2 }}", "3 -3 3"),
        (
            "{{ 'aé😀' | size }} {{ 'aé😀' | slice: -1 }} {{ 'aé😀' | slice: 1, 9 }} [{{ 'a' | slice: 5 }}]",
            "3 😀 é😀 []",
        ),
        ("{{ 'aé😀' | split: '' | join: '-' }}", "a-é-😀"),
        (
            "{{ 'abcdef' | truncate: 4 }} {{ 'abcd' | truncate: 4 }} {{ 'abcdef' | truncate: 2 }} {{ 'abcdef' | truncate: 4, '' }}",
            "a... abcd ... abcd",
        ),
        (
            "{{ false | default: 1 }} {{ false | default: 1, allow_false: true }} {{ '' | default: 2 }} {{ 0 | default: 3 }}",
            "1 false 2 0",
        ),
        (
            "{{ '2026-01-05T07:08:09.123456+02:00' | date: '%a %-d %b %Y %I:%M:%S.%L %p %z %:z %s %j %%' }}",
            "Mon 5 Jan 2026 07:08:09.123 AM +0200 +02:00 1767589689 005 %",
        ),
        (
            "{{ '2026-01-31' | date: '%d/%m/%y %A' }} {{ 0 | date: '%F %T' }} [{{ '' | date: '%Y' }}]",
            "31/01/26 Saturday 1970-01-01 00:00:00 []",
        ),
        (
            "{{ '10,9,b,a' | split: ',' | sort }} {{ person.custom.orders | sort: 'id' | map: 'id' | last }}",
            "10, 9, a, b 2",
        ),
        ("{{ 'x' | first }} {{ person.custom.nope | last }}{{ person.custom.nope | size }}", "x 0"),
        (
            "{{ 9223372036854775807 | plus: 1 }} {{ -9223372036854775808 | abs }} {{ -9223372036854775808 | divided_by: -1 }}",
            "9223372036854775808 9223372036854775808 9223372036854775808",
        ),
        ("{{ 1000000000000000000000.0 | floor }}", "1000000000000000000000"),
        ("{{ 'ß' | upcase }} {{ 'İx' | capitalize }}", "SS İx"),
    ] {
        assert_eq!(text(template).as_deref(), Ok(expected), "{template}");
    }
    for (template, expected) in [
        ("{{ 1 | divided_by: 0 }}", "nothing can be divided by 0"),
        ("{{ 1 | modulo: 0.0 }}", "nothing can be divided by 0"),
        ("{{ 'abc' | plus: 1 }}", "the value is no number"),
        ("{{ 'abc' | replace: '', 'x' }}", "the text to be replaced is empty"),
        ("{{ 'abc' | truncate: 1.5 }}", "a whole number is expected"),
        ("{{ '2026-01-31' | date: '%' }}", "the format ends in `%`"),
    ] {
        let said = fault(&rule(Text, template));
        assert!(said.contains(expected), "{template}: {said}");
    }
}
