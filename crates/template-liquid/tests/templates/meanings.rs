//! Liquid means what Shopify's Liquid means, or is refused. A rule that was saved before goes on as it was.

use crate::support::*;
use serde_json::json;
use sync_core::person::Person;
use sync_core::ports::{IdTokens, RuleSource, TemplateEngine as _};
use sync_core::sync::BodyFormat::Text;
use sync_core::sync::Edition;
use template_liquid::LiquidTemplates;

fn person() -> Person {
    let mut person = ada();
    let custom = json!({
        "price": 10.1,
        "two": "2",
        "true": true,
        "false": false,
        "number": 5,
        "empty": "",
        "list": ["b", ["a", "c"], []],
        "mixed": [1, "a"],
        "rows": [{"n": 2}, {"m": 0}, {"n": 1}],
        "object": {"b": 2, "a": 1},
        "lines": "  a b\n\tc  ",
    });
    person.custom = serde_json::from_value(custom).expect("an object");
    person
}

fn in_edition(edition: Edition, template: &str) -> Result<String, String> {
    let source = RuleSource { edition, ..rule(Text, template) };
    let body = render(&source, &person())?.body.unwrap_or_default();
    Ok(String::from_utf8(body.to_vec()).expect("UTF-8"))
}

/// What a template means to the first edition and to the second. What the second says is what Shopify's Liquid renders.
fn differs(cases: &[(&str, &str, &str)]) {
    for (template, first, second) in cases {
        assert_eq!(in_edition(Edition::First, template).as_deref(), Ok(*first), "{template}, as it was");
        assert_eq!(in_edition(Edition::Second, template).as_deref(), Ok(*second), "{template}");
    }
}

#[test]
fn conditions_are_read_from_the_right() {
    differs(&[
        ("{% if false and true or true %}1{% else %}0{% endif %}", "1", "0"),
        ("{% if true and false and false or true %}1{% else %}0{% endif %}", "1", "0"),
        ("{% unless false and true or true %}1{% else %}0{% endunless %}", "0", "1"),
    ]);
    for (template, expected) in [
        ("{% if true or false and false %}1{% else %}0{% endif %}", "1"),
        ("{% if false or true and true %}1{% else %}0{% endif %}", "1"),
        ("{% if true and true or false %}1{% else %}0{% endif %}", "1"),
        ("{% if false %}1{% elsif false %}2{% elsif true %}3{% else %}4{% endif %}", "3"),
        ("{% if false %}1{% elsif nil %}2{% else %}4{% endif %}", "4"),
        ("{% unless true %}1{% endunless %}", ""),
    ] {
        assert_eq!(in_edition(Edition::Second, template).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn nothing_is_converted_to_be_compared() {
    differs(&[
        ("{% if 1 == true %}1{% else %}0{% endif %}", "1", "0"),
        ("{% if person.custom.number == true %}1{% else %}0{% endif %}", "1", "0"),
        ("{% if nil == empty %}1{% else %}0{% endif %}", "1", "0"),
        ("{% if person.custom.nope == empty %}1{% else %}0{% endif %}", "1", "0"),
        ("{% if empty == blank %}1{% else %}0{% endif %}", "1", "0"),
        ("{% if blank %}1{% else %}0{% endif %}", "0", "1"),
        ("{% if person.first_name contains person.custom.nope %}1{% else %}0{% endif %}", "1", "0"),
        ("{% if person.custom.number contains 5 %}1{% else %}0{% endif %}", "1", "0"),
        ("{% case true %}{% when 1 %}1{% else %}0{% endcase %}", "1", "0"),
    ]);
    for (condition, holds) in [
        ("1 == 1.0", true),
        ("1 == '1'", false),
        ("'a' == 'a'", true),
        ("nil == blank", true),
        ("person.custom.false == blank", true),
        ("person.custom.empty == empty", true),
        ("'  ' == blank", true),
        ("'  ' == empty", false),
        ("nil < 1", false),
        ("true < 1", false),
        ("person.labels > 1", false),
        ("'abc' < 'acb'", true),
        ("10.10 >= 10.1", true),
        ("person.labels contains 'vip'", true),
        ("person.custom.object contains 'a'", true),
        ("'hel9lo' contains 9", true),
        ("person.labels == person.labels", true),
        ("person.custom.object != person.custom.rows", true),
    ] {
        let template = format!("{{% if {condition} %}}1{{% else %}}0{{% endif %}}");
        let expected = if holds { "1" } else { "0" };
        assert_eq!(in_edition(Edition::Second, &template).as_deref(), Ok(expected), "{condition}");
    }
}

#[test]
fn a_text_and_a_number_have_no_order() {
    for template in ["{% if '2' > 1 %}1{% endif %}", "{% if 1 <= 'a' %}1{% endif %}"] {
        let said = in_edition(Edition::Second, template).expect_err(template);
        assert!(said.contains("filter") || said.contains("| number"), "{said}");
        assert!(said.starts_with("data: ") && said.contains("(line 1, column 1)"), "at its place: {said}");
        assert!(in_edition(Edition::First, template).is_ok(), "{template}, as it was");
    }
    // Whether a person's value is a text is not known when the rule is saved.
    let source = rule(Text, "{% if person.custom.two > 1 %}1{% endif %}");
    assert!(compile(&source).is_ok());
    assert!(render(&source, &person()).unwrap_err().contains("a text is compared with a number"));
    assert_eq!(render(&source, &nobody()).map(|request| request.body.unwrap_or_default()), Ok("".into()));
    let said = in_edition(Edition::Second, "{% if 'a, b' contains person.labels %}1{% endif %}").unwrap_err();
    assert!(said.contains("cannot contain a list"), "{said}");
}

#[test]
fn every_case_that_is_the_same_is_rendered() {
    differs(&[
        ("{% case 'a' %}{% when 'a' %}1{% when 'b', 'a' %}2{% endcase %}", "1", "12"),
        ("{% case 'a' %}{% when 'a', 'a' %}1{% endcase %}", "1", "11"),
    ]);
    let broken = "{% for i in (1..3) %}{% case 1 %}{% when 1, 1 %}{{ i }}{% break %}{% endcase %}{% endfor %}";
    assert_eq!(in_edition(Edition::Second, broken).as_deref(), Ok("1"), "a break ends the case too");
    assert_eq!(in_edition(Edition::Second, "{% case 3 %}{% when 1 %}1{% else %}0{% endcase %}").as_deref(), Ok("0"));
}

#[test]
fn numbers_are_decimal() {
    differs(&[
        ("{{ 10.1 | minus: 2.2 }}", "7.8999999999999995", "7.9"),
        ("{{ person.custom.price | minus: '2.2' }}", "7.8999999999999995", "7.9"),
        ("{{ 0.1 | plus: 0.2 }}", "0.30000000000000004", "0.3"),
        ("{{ 1.1 | times: 3 }}", "3.3000000000000003", "3.3"),
        ("{{ 10.1 | modulo: 7.0 }}", "3.0999999999999996", "3.1"),
        ("{{ 5.666 | round: -2 }} {{ 1250 | round: -2 }}", "6 1250", "0 1300"),
        ("{{ 1.005 | round: 2 }}", "1.0", "1.01"),
        ("{{ person.custom.nope | plus: 1 }}", "", "1"),
        ("{{ '' | divided_by: 2 }}", "", "0"),
    ]);
    for (template, expected) in [
        ("{{ 20 | divided_by: 7.0 }} {{ 20 | divided_by: 7 }} {{ -7 | divided_by: 2 }}", "2.857142857142857 2 -4"),
        ("{{ -7.5 | modulo: 2 }} {{ 7.5 | modulo: -2 }}", "0.5 -0.5"),
        ("{{ 5.0 | plus: 2 }} {{ 2.5 | round }} {{ -2.5 | round }} {{ 4.6 | ceil }}", "7.0 3 -3 5"),
        ("{{ 12345678901234567890.25 | plus: 0.5 }}", "12345678901234567000.5"),
        ("{{ '12345678901234567890.25' | plus: '0.5' }}", "12345678901234567890.75"),
        ("{{ 3 | at_least: 5.0 }} {{ 3.5 | at_most: 2 }}", "5.0 2"),
    ] {
        assert_eq!(in_edition(Edition::Second, template).as_deref(), Ok(expected), "{template}");
    }
    for template in
        ["{{ '1e3' | plus: 1 }}", "{{ '7 people' | plus: 1 }}", "{{ person.labels | plus: 1 }}", "{{ 5 | size }}"]
    {
        assert!(in_edition(Edition::Second, template).is_err(), "{template}");
    }
}

#[test]
fn texts_and_lists_are_cut_as_there() {
    differs(&[
        ("{{ person.custom.lines | split: ' ' | join: '#' }}", "##a#b\n\tc##", "a#b#c"),
        ("{{ 'a,b,,' | split: ',' | size }}", "4", "2"),
        ("{{ ',' | split: ',' | size }}", "2", "0"),
        ("[{{ '\u{a0}a ' | strip }}]", "[a]", "[\u{a0}a]"),
        ("{{ 'hello' | first }}{{ 'hello' | last }}{{ 5 | first }}", "hellohello5", "ho"),
        ("{{ person.custom.list | reverse | join: '#' }}", "#a, c#b", "c#a#b"),
        ("{{ person.custom.rows | sort: 'n' | map: 'n' | join: '#' }}", "1#2#", "1#2#"),
        ("{{ person.custom.object | first | join: '#' }}", "{\"a\":1,\"b\":2}", "a#1"),
        ("{{ '1152098955' | date: '%Y' }}", "1152098955", "2006"),
    ]);
    for template in [
        "{{ 'March 14, 2016' | date: '%Y' }}",
        "{{ 'now' | date: '%Y' }}",
        "{{ person.custom.mixed | sort }}",
        "{{ person.labels | concat: 'x' }}",
        "{{ person.labels | map: 'x' }}",
    ] {
        assert!(in_edition(Edition::First, template).is_ok(), "{template}, as it was");
        assert!(in_edition(Edition::Second, template).is_err(), "{template}");
    }
}

#[test]
fn loops_go_over_what_has_items() {
    differs(&[
        ("{% for x in '' %}[{{ x }}]{% else %}none{% endfor %}", "[]", "none"),
        ("{% for x in person.custom.empty %}[{{ x }}]{% endfor %}", "[]", ""),
        ("{% for x in person.custom.true %}[{{ x }}]{% endfor %}", "[true]", ""),
        ("{% for x in 5 %}[{{ x }}]{% endfor %}", "[5]", ""),
    ]);
    let all = "{% for x in 'ab' %}[{{ x }}]{% endfor %}{% for x in person.labels limit: person.custom.nope %}{{ x }}{% endfor %}";
    assert_eq!(in_edition(Edition::Second, all).as_deref(), Ok("[ab]customervip"));
}

#[test]
fn blocks_of_white_space_alone_are_left_out() {
    differs(&[
        ("a{% if true %} {% endif %}b", "a b", "ab"),
        ("a{% if true %} {% assign x = 1 %} {% else %} {% endif %}b{{ x }}", "a  b1", "ab1"),
        ("a{% for i in (1..3) %} {% endfor %}b", "a   b", "ab"),
        ("a{% if true %} {% unless false %} {% endunless %} {% endif %}b", "a   b", "ab"),
    ]);
    for (template, expected) in [
        ("a{% if true %} {{ '' }} {% endif %}b", "a  b"),
        ("a{% if true %} {% else %}x{% endif %}b", "a b"),
        ("a{% if true %} {% if true %} {{ '' }}{% endif %}{% endif %}b", "a  b"),
        ("{% capture x %} {% endcapture %}a{{ x }}b", "a b"),
        ("{% if true %} {% capture x %}-{% endcapture %} {% endif %}a{{ x }}b", "a-b"),
    ] {
        assert_eq!(in_edition(Edition::Second, template).as_deref(), Ok(expected), "{template}");
    }
}

fn warnings(source: &RuleSource) -> Vec<String> {
    compile(source)
        .map_err(|faults| said(&faults))
        .expect("compiles")
        .warnings()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_saved_template_is_warned_of_only_where_its_meaning_would_change() {
    let first = |template: &str| RuleSource { edition: Edition::First, ..rule(Text, template) };
    for (template, part) in [
        ("{% if false and true or true %}1{% endif %}", "data: "),
        ("{{ person.custom.price | minus: 2.2 }}", "data: "),
        ("{% if '2' > 1 %}{% else %}1{% endif %}", "data: "),
    ] {
        let told = warnings(&first(template));
        assert!(
            told.len() == 1 && told[0].starts_with(part) && told[0].contains("when it was saved"),
            "{template}: {told:?}"
        );
        assert_eq!(warnings(&rule(Text, "x")), [""; 0]);
    }
    let source = RuleSource {
        edition: Edition::First,
        ..at_url(
            "https://crm.example.com/{{ person.custom.nope | plus: 1 }}/x{% if true %} {% endif %}?id={{ unique_id }}",
        )
    };
    assert!(compile(&source).is_err(), "a path segment that is empty, as it was");
    let source = RuleSource {
        edition: Edition::First,
        ..at_url("https://crm.example.com/?n={{ person.custom.nope | plus: 1 }}")
    };
    assert!(warnings(&source)[0].starts_with("url: "));
    for template in ["{{ person.first_name | upcase }}", "{% if person.phone and person.email %}1{% endif %}"] {
        assert_eq!(warnings(&first(template)), [""; 0], "{template}");
    }
    let engine = LiquidTemplates::new();
    let compiled =
        |template, edition| engine.compile_unique_id(template, IdTokens::Lasting, edition).expect("compiles");
    let chosen = "{% if false and true or true %}{{ person.id }}{% else %}x{{ person.id }}{% endif %}";
    assert_eq!(compiled(chosen, Edition::First).warnings().len(), 1);
    assert_eq!(compiled(chosen, Edition::Second).warnings().len(), 0);
    assert_eq!(compiled("crm-{{ person.id }}", Edition::First).warnings().len(), 0);
}
