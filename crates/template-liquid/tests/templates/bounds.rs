//! Templates that hang, abort or blow up a plain Liquid engine are a clean fault, or do no harm.

use crate::support::*;
use std::time::{Duration, Instant};
use sync_core::person::Person;
use sync_core::sync::BodyFormat::{Json, Text};

/// Far beyond what any of them needs, also unoptimised on a busy machine, and far below what the plain engine takes.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn templates_that_would_harm_are_refused() {
    let double = "{% assign a = a | append: a %}".repeat(40);
    let concat = "{% assign a = a | concat: a %}".repeat(40);
    let nested_ifs = "{% if true %}".repeat(5_000);
    let elsifs = format!("{{% if true %}}{}{{% endif %}}", "{% elsif true %}".repeat(3_000));
    let brackets = format!("{{{{ person.custom{} }}}}", "[person.custom".repeat(4_000));
    let ands = format!("{{% if true {}%}}{{% endif %}}", "and true ".repeat(6_000));
    for (template, expected) in [
        ("{% for i in (1..1000000000) %}x{% endfor %}", "too much work"),
        ("{% for i in (-9223372036854775808..9223372036854775807) %}{% endfor %}", "too much work"),
        ("{% for i in (1..9000) %}{% for j in (1..9000) %}{% endfor %}{% endfor %}", "too much work"),
        (
            "{% assign a = 'x' %}{% for i in (1..17) %}{% assign a = a | append: a %}{% endfor %}{% for i in (1..30000) %}{% if a %}{% endif %}{% endfor %}",
            "too much work",
        ),
        ("{{ 99999999999999999999 }}", "the number is too large"),
        ("{% if 99999999999999999999 == 1 %}{% endif %}", "the number is too large"),
        (
            "{% assign a = 9 %}{% for i in (1..12) %}{% assign a = a | times: a %}{% endfor %}",
            "the result is too large",
        ),
        (
            "{% assign a = 0.3 %}{% for i in (1..12) %}{% assign a = a | times: a %}{% endfor %}",
            "the result is too large",
        ),
        ("{% tablerow x in person.labels cols:0 %}{% endtablerow %}", "unknown tag"),
        (&format!("{{% assign a = 'x' %}}{double}"), "the text gets longer than"),
        (&format!("{{% assign a = 'x,y' | split: ',' %}}{concat}"), "the list gets longer than"),
        (
            "{% assign a = 'rr' %}{% for i in (1..30) %}{% assign a = a | replace: 'r', a %}{% endfor %}",
            "the text gets longer than",
        ),
        (
            "{% for i in (1..30000) %}{% capture a %}{{ a }}{{ a }}xxxxxxxxxxxxxx{% endcapture %}{% endfor %}",
            "too much work",
        ),
        (&nested_ifs, "blocks nest deeper than 32"),
        (&elsifs, "blocks and `elsif`s"),
        (&brackets, "the tag has more than 1024 terms"),
        (&ands, "the tag has more than 1024 terms"),
        (
            "{{ person.custom[person.custom[person.custom[person.custom[person.custom[person.custom[person.custom[person.custom[person.custom[person.custom]]]]]]]]] }}",
            "brackets nest deeper than 8",
        ),
        ("{{ '2026-01-31' | date: '%0999999999d' }}", "%0, which means nothing"),
        (&"x".repeat(70_000), "more than the 65536 allowed"),
    ] {
        let began = Instant::now();
        let said = fault(&rule(Text, template));
        assert!(said.contains(expected), "{}\n  said: {said}", &template[..template.len().min(200)]);
        assert!(began.elapsed() < SOON, "{}: {:?}", &template[..template.len().min(200)], began.elapsed());
    }
}

#[test]
fn white_space_costs_nothing() {
    for space in [" ", "\t", "\n", "\u{2003}"] {
        let began = Instant::now();
        let template =
            format!("[{}{{{{{}person.id{}}}}}]", " ".repeat(20_000), space.repeat(6_000), space.repeat(6_000));
        assert_eq!(text(&template).map(|text| text.trim_matches(['[', ']', ' ']).to_owned()).as_deref(), Ok("1042"));
        assert!(began.elapsed() < SOON);
    }
}

#[test]
fn what_a_person_holds_costs_no_more_than_it_is() {
    let summary = Some("x".repeat(100_000));
    let list: Vec<serde_json::Value> = (0..20_000).map(Into::into).collect();
    let custom = [("list".to_owned(), list.into())].into_iter().collect();
    let person = Person { summary, custom, ..ada() };
    let began = Instant::now();
    for (template, expected) in [
        ("{% for i in (1..10000) %}{{ person.custom.list[i] }}{% endfor %}", Ok(38_894)),
        ("{% for i in (1..10000) %}{% if person.summary contains 'y' %}{% endif %}{% endfor %}", Err("too much work")),
        (
            "{% for i in (1..10000) %}{% for x in person.custom.list %}{% break %}{% endfor %}{% endfor %}",
            Err("too much work"),
        ),
    ] {
        match (body(Text, template, &person), expected) {
            (Ok(text), Ok(length)) => assert_eq!(text.len(), length, "{template}"),
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{template}: {said}"),
            (rendered, _) => panic!("{template}: {rendered:?}"),
        }
    }
    assert!(began.elapsed() < SOON);
}

#[test]
fn output_is_bounded() {
    let long = Person { summary: Some("é".repeat(100_000)), ..ada() };
    let said = body(
        Text,
        "{{ person.summary }}{{ person.summary }}{{ person.summary }}{{ person.summary }}{{ person.summary }}{{ person.summary }}",
        &long,
    );
    assert!(
        said.as_ref().is_err_and(|said| said.contains("renders more than 1048576 bytes")),
        "{:?}",
        said.map(|text| text.len())
    );
    let said = render(&at_url("https://crm.example.com/{{ person.summary }}"), &long).expect_err("too long");
    assert!(said.contains("the URL renders more than"), "{said}");
    let said = render(&with_header("X", "{{ person.summary }}"), &long).expect_err("too long");
    assert!(said.contains("headers.0.value: the header's value renders more than"), "{said}");
}

#[test]
fn as_much_as_is_allowed_works() {
    let blocks = format!("{}[1]{}", "{% if true %}".repeat(32), "{% endif %}".repeat(32));
    assert_eq!(json(&blocks, &ada()).as_deref(), Ok("[1]"));
    let elsifs = format!("{{% if false %}}{}[1]{{% endif %}}", "{% elsif true %}".repeat(60));
    assert!(compile(&rule(Json, &elsifs)).is_ok());
    let terms = format!("{{% if true {}%}}[1]{{% endif %}}", "and true ".repeat(500));
    assert_eq!(json(&terms, &ada()).as_deref(), Ok("[1]"));
    let many = format!("[{}]", "{{ person.id }},".repeat(4_000));
    assert!(json(&many, &ada()).is_ok());
    let deep = (0..100).fold(serde_json::json!(1), |value, _| serde_json::json!([value]));
    let deep = Person { custom: [("deep".to_owned(), deep)].into_iter().collect(), ..ada() };
    assert_eq!(json("{{ person.custom.deep }}", &deep).map(|body| body.len()), Ok(201));
}

#[test]
fn garbage_is_never_more_than_a_fault() {
    let parts = [
        "{{",
        "}}",
        "{%",
        "%}",
        "-",
        "if",
        "for",
        " x in ",
        "person",
        ".",
        "[",
        "]",
        "'",
        "\"",
        "|",
        ":",
        "endif",
        "endfor",
        "raw",
        "endraw",
        "comment",
        "(1..2)",
        "é",
        "\\",
        "assign a =",
        "case",
        "when",
        "else",
        "1",
        "#",
        "\n",
        "capture z",
        "endcapture",
    ];
    // A small generator of its own: the same garbage each time.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut seen = 0;
    for _ in 0..3_000 {
        let mut template = String::new();
        for _ in 0..12 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            template.push_str(parts[(state % parts.len() as u64) as usize]);
            template.push(' ');
        }
        for format in [Json, Text] {
            if let Err(faults) = compile(&rule(format, &template)) {
                assert!(!said(&faults).contains("engine failed"), "{template}: {}", said(&faults));
                seen += 1;
            }
        }
    }
    assert!(seen > 1_000, "most of it is garbage: {seen}");
}
