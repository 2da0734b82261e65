//! Each value is encoded for the place where it stands.

use crate::support::*;
use serde_json::json;
use sync_core::digits::number;
use sync_core::link::UniqueId;
use sync_core::person::Person;
use sync_core::ports::{HeaderSource, HeaderText};
use sync_core::sync::BodyFormat::{Form, Json, None as NoBody, Text, Xml};
use sync_core::sync::Operation;

fn ada_with(custom: serde_json::Value) -> Person {
    Person { custom: custom.as_object().expect("an object").clone(), ..ada() }
}

fn tricky() -> Person {
    Person { first_name: Some("A \"B\" \\ \n\u{0} {{ person.id }} é😀".to_owned()), ..ada() }
}

#[test]
fn the_seed_example_works_as_it_stands() {
    let data = r#"{ "first_name": "{{ person.first_name }}", "last_name": "{{ person.last_name }}", "name": "{{ person.name }}", "email": "{{ person.email }}", "created_at": "{{user.created_at}}", "updated_at": "{{user.updated_at}}" }"#;
    let expected = r#"{"first_name":"Ada","last_name":"Lovelace","name":"Ada Lovelace","email":"ada@example.com","created_at":"2025-11-03T09:30:00Z","updated_at":"2026-01-31T09:30:00Z"}"#;
    let request = render(&rule(Json, data), &ada()).expect("renders");
    assert_eq!(request.body.as_deref(), Some(expected.as_bytes()));
    assert_eq!(request.headers.len(), 1);
    assert_eq!(
        (request.headers[0].name.as_str(), request.headers[0].value.as_str()),
        ("Content-Type", "application/json")
    );
    let unset = r#"{"first_name":"","last_name":"","name":"","email":"","created_at":"2025-11-03T09:30:00Z","updated_at":"2025-11-03T09:30:00Z"}"#;
    assert_eq!(json(data, &nobody()).as_deref(), Ok(unset));
}

#[test]
fn json_data() {
    let ada =
        ada_with(json!({"plan": "gold", "age": 36, "score": 1.5, "ok": true, "big": 18_446_744_073_709_551_615_u64,
        "none": null, "address": {"city": "London", "a": [1, "x"]}, "empty": [], "one.oh": 1.0}));
    for (data, expected) in [
        (r#"{"a": {{ person.custom.age }}, "b": "{{ person.custom.age }}"}"#, r#"{"a":36,"b":"36"}"#),
        (
            r"[{{ person.custom.score }}, {{ person.custom.ok }}, {{ person.custom.none }}, {{ person.custom.nope }}]",
            "[1.5,true,null,null]",
        ),
        (
            r#"[{{ person.custom.big }}, "{{ person.custom.big }}", {{ person.custom["one.oh"] }}]"#,
            r#"[18446744073709551615,"18446744073709551615",1.0]"#,
        ),
        (r"{% assign b = person.custom.big %}[{{ b }}]", "[18446744073709551615]"),
        (
            r#"{"tags": {{ person.labels }}, "t": "{{ person.labels }}"}"#,
            r#"{"tags":["customer","vip"],"t":"customer, vip"}"#,
        ),
        (
            r#"{"org": {{ person.organization_list }}, "o": "{{ person.organizations }}"}"#,
            r#"{"org":["Analytical Engines","Royal Society"],"o":"Analytical Engines, Royal Society"}"#,
        ),
        (
            r#"{"c": {{ person.custom.address }}, "city": {{ person.custom.address.city }}}"#,
            r#"{"c":{"a":[1,"x"],"city":"London"},"city":"London"}"#,
        ),
        (
            r#"["{{ person.custom.address }}", "{{ person.labels | json }}", {{ person.labels | json }}]"#,
            r#"["{\"a\":[1,\"x\"],\"city\":\"London\"}","[\"customer\",\"vip\"]",["customer","vip"]]"#,
        ),
        (r"[{{ person.first_name | json | upcase }}]", r#"["\"ADA\""]"#),
        (
            r#"{"w": "{{ person.contact.whatsapp }}", "n": "{{ person.contact.nope }}"}"#,
            r#"{"w":"+44 20 7946 0003","n":""}"#,
        ),
        (r#"{% if person.phone %}{"p": 1,}{% else %}{}{% endif %}"#, r#"{"p":1}"#),
        (
            r#"{"tags": [{% for t in person.labels %}{"name": "{{ t }}"},{% endfor %}]}"#,
            r#"{"tags":[{"name":"customer"},{"name":"vip"}]}"#,
        ),
        (
            r#"{% capture full %}{{ person.first_name }} "{{ person.last_name }}"{% endcapture %}{"f": "{{ full }}", "g": {{ full }}}"#,
            r#"{"f":"Ada \"Lovelace\"","g":"Ada \"Lovelace\""}"#,
        ),
        (r#"{"k_{{ person.first_name }}": 1}"#, r#"{"k_Ada":1}"#),
        (r#"{% raw %}{"x": "{{ keep }}"}{% endraw %}"#, r#"{"x":"{{ keep }}"}"#),
        ("{% comment %} {{ nope | nope }} {% endcomment %}{%# note '\" %}[1]", "[1]"),
        ("[\n  {{- person.custom.age -}}  \n]", "[36]"),
        ("{\t\"a\":\n{{\tperson\n.\nfirst_name\n}}}", r#"{"a":"Ada"}"#),
        (r#"["{{ "}}" }}", "{{ 'a"b' }}", "{{ "%}" }}"]"#, r#"["}}","a\"b","%}"]"#),
        (
            r#"["{{ operation }}", "{{ idempotency_key }}", "{{ sync.name }}", {{ unique_id }}]"#,
            r#"["update","6f1c9ed0-52f3-4c11-9a51-0b7f3d1f2a77","My CRM","8a7f31"]"#,
        ),
        (r#"{% case person.language %}{% when "de", "fr" %}[1]{% when "en" %}[2]{% else %}[3]{% endcase %}"#, "[2]"),
        (
            r"[{% for i in (1..9) %}{% if i == 3 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }},{% endfor %}]",
            "[1,2,4]",
        ),
        (
            r"[{% for i in (1..9) reversed limit: 2 offset: 3 %}{{ i }},{{ forloop.first }},{% endfor %}]",
            "[5,true,4,false]",
        ),
        (r#"[{% for pair in person.contact %}"{{ pair[0] }}",{% endfor %}]"#, r#"["facebook","whatsapp"]"#),
        (
            r"[{% for i in (5..7) %}[{{ forloop.index }},{{ forloop.index0 }},{{ forloop.rindex }},{{ forloop.rindex0 }},{{ forloop.last }},{{ forloop.length }}],{% endfor %}]",
            "[[1,0,3,2,false,3],[2,1,2,1,false,3],[3,2,1,0,true,3]]",
        ),
        (r"[{% for x in person.custom.empty %}1{% else %}2{% endfor %}]", "[2]"),
        (
            r"[{{ person.first_name.size }}, {{ person.emails.size }}, {{ person.emails[1] }}, {{ person.emails.last }}]",
            r#"[3,2,"ada@work.example.com","ada@work.example.com"]"#,
        ),
        (
            r#"[{% unless person.custom.nope %}1{% endunless %}{% if person.custom.nope contains "x" %}2{% endif %}{% if person.custom.nope == blank %},3{% endif %}]"#,
            "[1,3]",
        ),
        (r"{% assign nullable = 1 %}{% assign truth = nullable | plus: 1 %}[{{ truth }}]", "[2]"),
        (r"[{% if person.custom.age >= 36 and person.custom.ok or false %}1{% endif %}]", "[1]"),
        (
            r#"{"a": "{{ person.custom.nope | or_omit }}", "b": {{ person.custom.nope | or_omit }}, "c": [{{ person.custom.empty | or_omit }}, 1], "d": "{{ person.first_name | or_omit }}", "e": "x{{ person.custom.nope | or_omit }}", "f": {{ person.custom.nope | json | or_omit }}}"#,
            r#"{"c":[1],"d":"Ada","e":"x"}"#,
        ),
        (r#"{"p": {{ person.custom.nope | default: "none" }}}"#, r#"{"p":"none"}"#),
    ] {
        assert_eq!(json(data, &ada).as_deref(), Ok(expected), "{data}");
    }
}

#[test]
fn white_space_control() {
    for (template, expected) in [
        ("a {%- if true -%} b {%- endif -%} c", "abc"),
        ("a {{- 'x' -}} b", "axb"),
        ("a {%- raw -%} {{ x }} {%- endraw -%} b", "a{{ x }}b"),
        ("a {% raw %} {{- x -}} {% endraw %} b", "a  {{- x -}}  b"),
        ("a {%- comment -%} x {% comment %} y {% endcomment %} {%- endcomment -%} b", "ab"),
        ("a {%-\n\t# it's a note -%} b", "ab"),
        ("{{-1-}}", "1"),
        ("{{ person.custom.a-b- }}{{ person.custom.plan-}}", "gold"),
        ("{ {% if true %}}{%endif%}{", "{ }{"),
    ] {
        assert_eq!(body(Text, template, &ada()).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn a_whole_person_is_an_object() {
    let body = json(r"{{ person }}", &ada()).expect("renders");
    let value: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(value["name"], json!("Ada Lovelace"));
    assert_eq!(value["custom"]["orders"][0]["note"], json!("gift"));
    assert_eq!(value.as_object().map(serde_json::Map::len), Some(19));
    assert_eq!(body, json(r"{{ user }}", &ada()).expect("renders"));
}

#[test]
fn what_a_person_holds_is_never_template_or_json_text() {
    let expected = r#"{"a":"A \"B\" \\ \n {{ person.id }} é😀","b":"A \"B\" \\ \n {{ person.id }} é😀"}"#;
    assert_eq!(
        json(r#"{"a": "{{ person.first_name }}", "b": {{ person.first_name }}}"#, &tricky()).as_deref(),
        Ok(expected)
    );
    // A text that begins as numbers are marked inside stays a text, and so does one that a filter made.
    let marked = Person { last_name: Some("\u{0}1,2".to_owned()), first_name: Some("\u{0}12".to_owned()), ..ada() };
    let data = r#"[{{ person.first_name }}, {{ person.last_name }}, {{ person.custom.big | append: ",3" }}]"#;
    let marked = Person { custom: json!({"big": u64::MAX}).as_object().expect("an object").clone(), ..marked };
    assert_eq!(json(data, &marked).as_deref(), Ok(r#"["12","1,2","18446744073709551615,3"]"#));
}

#[test]
fn a_unique_id_keeps_its_digits_and_type() {
    let data = r#"[{{ unique_id }}, "{{ unique_id }}"]"#;
    for (id, expected) in [
        (UniqueId::number("12345678901234567890"), r#"[12345678901234567890,"12345678901234567890"]"#),
        (
            UniqueId::number("123456789012345678901234567890.10"),
            r#"[123456789012345678901234567890.10,"123456789012345678901234567890.10"]"#,
        ),
        (UniqueId::number("42"), r#"[42,"42"]"#),
        (UniqueId::text("42"), r#"["42","42"]"#),
        (UniqueId::number("no number"), r#"["no number","no number"]"#),
    ] {
        let request = render_for(&rule(Json, data), &ada(), &id.expect("an id")).expect("renders");
        assert_eq!(request.body.as_deref(), Some(expected.as_bytes()));
    }
}

fn of_numbers(custom: &[(&str, &str)]) -> Person {
    let custom = custom.iter().map(|(key, digits)| ((*key).to_owned(), number(digits).expect("a number"))).collect();
    Person { custom, ..ada() }
}

/// Case `number_beyond_64_bits_rounded`: wherever a number goes, its digits go with it.
#[test]
fn numbers_keep_their_digits() {
    let mut person = of_numbers(&[("iccid", "89014103211118510720"), ("price", "1.10"), ("large", "1E+5"), ("n", "7")]);
    let list = ["2.50", "12345678901234567890123456789012345678901234567890"].map(|digits| number(digits).unwrap());
    person.custom.insert("list".to_owned(), json!({ "items": list }));
    let written = "[89014103211118510720,1.10,1E+5,7]";
    let data =
        "[{{ person.custom.iccid }}, {{ person.custom.price }}, {{ person.custom.large }}, {{ person.custom.n }}]";
    assert_eq!(json(data, &person).as_deref(), Ok(written));
    for (data, expected) in [
        (
            r#"["{{ person.custom.iccid }}", "{{ person.custom.price | append: " EUR" }}"]"#,
            r#"["89014103211118510720","1.10 EUR"]"#,
        ),
        ("{{ person.custom.list.items }}", "[2.50,12345678901234567890123456789012345678901234567890]"),
        ("{{ person.custom.list }}", r#"{"items":[2.50,12345678901234567890123456789012345678901234567890]}"#),
        (
            "{% assign x = person.custom.iccid %}[{{ x }}, {{ x | default: 0 }}]",
            "[89014103211118510720,89014103211118510720]",
        ),
        (
            "[{% for n in person.custom.list.items %}{{ n }},{% endfor %}]",
            "[2.50,12345678901234567890123456789012345678901234567890]",
        ),
        (
            "{% assign l = person.custom.list.items %}[{% for n in l %}{{ n }},{% endfor %}]",
            "[2.50,12345678901234567890123456789012345678901234567890]",
        ),
        (r#"{% capture c %}{{ person.custom.price }}{% endcapture %}"{{ c }}""#, r#""1.10""#),
        ("{{ person.custom.list.items | last }}", "12345678901234567890123456789012345678901234567890"),
    ] {
        assert_eq!(json(data, &person).as_deref(), Ok(expected), "{data}");
    }
    let url = render(&at_url("https://crm.example.com/{{ person.custom.iccid }}?p={{ person.custom.price }}"), &person);
    assert_eq!(url.expect("renders").url.as_str(), "https://crm.example.com/89014103211118510720?p=1.10");
}

/// What has many digits is a number all the same.
#[test]
fn numbers_that_keep_their_digits_are_compared_and_calculated_with() {
    let mut person = of_numbers(&[
        ("iccid", "89014103211118510720"),
        ("price", "1.10"),
        ("large", "1e5"),
        ("long", "2.00000000000000000001"),
    ]);
    person
        .custom
        .insert("list".to_owned(), json!([number("10.0").unwrap(), number("9.50").unwrap(), number("1e1").unwrap()]));
    let is =
        |condition: &str| json(&format!("{{% if {condition} %}}1{{% else %}}0{{% endif %}}"), &person).unwrap() == "1";
    for condition in [
        "person.custom.price == 1.1",
        "person.custom.price > 1",
        "person.custom.price < person.custom.large",
        "person.custom.large == 100000",
        "person.custom.iccid > 5",
        "person.custom.iccid == person.custom.iccid",
        "person.custom.list contains 9.5",
    ] {
        assert!(is(condition), "{condition}");
    }
    for condition in ["person.custom.price == 1", "person.custom.iccid < 5", "person.custom.large == blank"] {
        assert!(!is(condition), "{condition}");
    }
    let data = "{% for n in person.custom.list %}{% if n == 9.5 %}{{ n }}{% endif %}{% endfor %}";
    assert_eq!(json(data, &person).as_deref(), Ok("9.50"), "compared as a number, written by its digits");
    let data = "{% case person.custom.price %}{% when 1.1 %}1{% else %}0{% endcase %}";
    assert_eq!(json(data, &person).as_deref(), Ok("1"));
    for (data, expected) in [
        ("{{ person.custom.price | times: 2 }}", "2.2"),
        ("{{ person.custom.large | plus: 1 }}", "100001.0"),
        ("{{ person.custom.long | round: 2 }}", "2.0"),
        ("{{ 1 | plus: person.custom.price }}", "2.1"),
        ("{{ person.custom.list | sort }}", "[9.50,10.0,1e1]"),
        ("{{ person.custom.list | uniq | size }}", "3"),
    ] {
        assert_eq!(json(data, &person).as_deref(), Ok(expected), "{data}");
    }
    let next = json("{{ person.custom.iccid | plus: 1 }}", &person);
    assert_eq!(next.as_deref(), Ok("89014103211118510721"), "all digits are calculated with");
}

#[test]
fn form_and_text_data() {
    let form = "first={{ person.first_name }}&\n  mail={{ person.email }}&x=a+b%20";
    let request = render(&rule(Form, form), &tricky()).expect("renders");
    let expected = "first=A+%22B%22+%5C+%0A+%7B%7B+person.id+%7D%7D+%C3%A9%F0%9F%98%80&mail=ada%40example.com&x=a+b%20";
    assert_eq!(request.body.as_deref(), Some(expected.as_bytes()));
    assert_eq!(request.headers[0].value, "application/x-www-form-urlencoded");

    let request = render(&rule(Text, " Hi {{ person.first_name }}\n"), &tricky()).expect("renders");
    assert_eq!(request.body.as_deref(), Some(" Hi A \"B\" \\ \n {{ person.id }} é😀\n".as_bytes()));
    assert_eq!(request.headers[0].value, "text/plain; charset=utf-8");
}

#[test]
fn without_data_there_is_neither_body_nor_content_type() {
    for source in [rule(NoBody, "{{ ignored"), sync_core::ports::RuleSource { data: None, ..rule(Json, "") }] {
        let request = render(&source, &ada()).expect("renders");
        assert_eq!((request.body, request.headers.len()), (None, 0));
    }
}

#[test]
fn urls() {
    let ada = Person { first_name: Some("a/b?c#d e%2f\\é".to_owned()), ..ada() };
    for (url, expected) in [
        ("https://crm.example.com/people/{{ person.id }}/?a=b c", Err("white space")),
        ("https://crm.example.com/people/{{ person.id }}/?a=b%20c", Ok("https://crm.example.com/people/1042/?a=b%20c")),
        (
            " https://crm.example.com:8443/p/{{ person.first_name }}\n",
            Ok("https://crm.example.com:8443/p/a%2Fb%3Fc%23d%20e%252f%5C%C3%A9"),
        ),
        (
            "http://localhost/?q={{ person.first_name }}&n={{ person.custom.nope }}",
            Ok("http://localhost/?q=a%2Fb%3Fc%23d%20e%252f%5C%C3%A9&n="),
        ),
        ("https://crm.example.com?q={{ person.id }}", Ok("https://crm.example.com/?q=1042")),
        ("HTTPS://[::1]:8443/{{ person.id }}", Ok("https://[::1]:8443/1042")),
        ("https://crm.example.com/a//b/", Ok("https://crm.example.com/a//b/")),
        ("https://crm.example.com/x-{{ person.custom.nope }}/y", Ok("https://crm.example.com/x-/y")),
        (
            "https://crm.example.com/p{% if unique_id %}/{{ unique_id }}{% endif %}",
            Ok("https://crm.example.com/p/8a7f31"),
        ),
        ("https://crm.example.com/{% assign who = person.id %}{{ who }}", Ok("https://crm.example.com/1042")),
        ("https://crm.example.com/p/{{ person.custom.nope }}", Ok("https://crm.example.com/p/1")),
    ] {
        let ada = Person {
            custom: if url.ends_with("p/{{ person.custom.nope }}") { json!({"nope": 1}) } else { json!({}) }
                .as_object()
                .expect("an object")
                .clone(),
            ..ada.clone()
        };
        match (render(&at_url(url), &ada), expected) {
            (Ok(request), Ok(expected)) => assert_eq!(request.url.as_str(), expected, "{url}"),
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{url}: {said}"),
            (rendered, _) => panic!("{url}: {rendered:?}"),
        }
    }
}

#[test]
fn a_path_segment_that_renders_empty_or_dots_is_refused() {
    for url in [
        "https://crm.example.com/p/{{ person.custom.x }}",
        "https://crm.example.com/p/{{ person.custom.x }}/y",
        "https://crm.example.com/p/{{ person.custom.x }}?a=1",
        "https://crm.example.com/{{ person.custom.x }}",
        "https://crm.example.com/p/{% if person.custom.x %}{{ person.custom.x }}{% endif %}",
        "https://crm.example.com/p/{% for x in person.custom.x %}{{ x }}{% endfor %}/y",
    ] {
        let said = render(&at_url(url), &nobody()).expect_err(url);
        assert!(said.starts_with("url: a path segment renders empty"), "{url}: {said}");
    }
    for x in [".", ".."] {
        let person = Person { last_name: Some(x.to_owned()), ..nobody() };
        let said = render(&at_url("https://crm.example.com/p/{{ person.last_name }}/y"), &person).expect_err(x);
        assert!(said.contains("renders `.` or `..`"), "{said}");
    }
    let person = Person { last_name: Some("%2e%2E".to_owned()), ..nobody() };
    let request = render(&at_url("https://crm.example.com/p/{{ person.last_name }}"), &person).expect("encoded");
    assert_eq!(request.url.path(), "/p/%252e%252E");
    let half = Person { last_name: Some(".".to_owned()), ..nobody() };
    assert!(render(&at_url("https://crm.example.com/p/%2E{{ person.last_name }}"), &half).is_err());
}

#[test]
fn headers() {
    let mut source = with_header("X-Name", " {{ person.first_name }}; v=\"1\"\t");
    let secret = HeaderText::Secret("Token {{ person.id }}".into());
    source.headers.push(HeaderSource { name: "X-Key".to_owned(), value: secret });
    source.headers.push(HeaderSource {
        name: "X-Empty".to_owned(),
        value: HeaderText::Plain("{{ person.custom.nope }}".to_owned()),
    });
    let request = render(&source, &Person { first_name: Some("a\r\nX-Evil: 1\u{0}\u{85}é".to_owned()), ..ada() })
        .expect("renders");
    let seen: Vec<_> =
        request.headers.iter().map(|header| (header.name.as_str(), header.value.as_str(), header.secret)).collect();
    assert_eq!(seen, [("X-Name", "a X-Evil: 1 é; v=\"1\"", false), ("X-Key", "Token 1042", true)]);
    assert!(!format!("{request:?}").contains("Token"));

    let mut source = rule(Json, "{}");
    source.headers = with_header("content-TYPE", "application/vnd.api+json").headers;
    let request = render(&source, &ada()).expect("renders");
    assert_eq!(request.headers.len(), 1);
    assert_eq!(request.headers[0].value, "application/vnd.api+json");
    source.headers = with_header("Content-Type", "{{ person.custom.nope | default: '' }}").headers;
    let request = render(&source, &nobody()).expect("renders");
    assert_eq!(request.headers[0].value, "application/json");
}

#[test]
fn the_same_input_renders_the_same_bytes() {
    let source = rule(Json, r"[{{ person }}, {{ person.custom }}, {{ person.contact }}]");
    let person = Person { custom: (0..50).map(|n| (format!("k{n}"), json!({"a": n, "b": [n]}))).collect(), ..ada() };
    let first = render(&source, &person).expect("renders");
    for _ in 0..5 {
        assert_eq!(render(&source, &person).as_ref(), Ok(&first));
    }
}

#[test]
fn a_preview_shows_what_can_be_rendered() {
    let mut source = rule(Json, r#"{"n": {{ person.custom.n | plus: 1 }}}"#);
    source.headers = with_header("X-Id", "{{ person.id }}").headers;
    let rule = compile(&source).expect("compiles");
    let person = ada_with(json!({"n": "many"}));
    let context =
        sync_core::ports::RenderContext { person: &person, unique_id: None, idempotency_key: KEY, sync_name: "My CRM" };
    let preview = rule.preview(&context);
    assert_eq!(preview.url.map(String::from).as_deref(), Some("https://crm.example.com/people"));
    assert_eq!(preview.headers.len(), 1);
    assert_eq!(preview.body, None);
    assert_eq!(
        said(&preview.faults),
        "data: the filter plus: the value is no number; where some are none, the filter number leaves them out (line 1, column 7)"
    );
    assert_eq!(rule.render(&context).map_err(|faults| said(&faults)).err(), Some(said(&preview.faults)));
}

#[test]
fn tokens_used_are_told() {
    let mut source = rule(
        Json,
        r#"{"a": "{{ user.first_name }}", "b": {{ person.custom.address.city }}, "c": {{ person.custom["x y"] }}, "d": "{{ idempotency_key }}"}"#,
    );
    source.url = "https://crm.example.com/{{ unique_id }}/{{ person.emails[0] }}".to_owned();
    source.headers =
        with_header("X", "{% for l in person.labels %}{{ l }}{% endfor %}{% if person.contact.fax %}{% endif %}")
            .headers;
    let compiled = compile(&source).expect("compiles");
    let tokens = compiled.tokens();
    let people: Vec<_> = tokens.person.iter().map(String::as_str).collect();
    assert_eq!(people, ["contact.fax", "custom.address", "custom.x y", "emails", "first_name", "labels"]);
    assert!(tokens.unique_id && tokens.idempotency_key);

    let whole = compile(&rule(Json, r"[{{ person }}, {{ person.custom }}, {{ person.contact[operation] }}]"))
        .expect("compiles");
    let people: Vec<_> = whole.tokens().person.iter().map(String::as_str).collect();
    assert_eq!(people, ["", "contact", "custom"]);
    assert!(!whole.tokens().unique_id);
}

#[test]
fn operations_are_named() {
    for operation in Operation::ALL {
        let source = sync_core::ports::RuleSource { operation, ..rule(Text, "{{ operation }}") };
        let request = render(&source, &ada()).expect("renders");
        assert_eq!(request.body.as_deref(), Some(operation.as_str().as_bytes()));
    }
}

/// Case `xml_text_body`.
#[test]
fn values_in_xml_are_text_wherever_they_stand() {
    let person = Person {
        first_name: Some("AT&T <x> \u{7}".to_owned()),
        last_name: Some("a & b < c \"d\" 'e'\n\u{FFFE}".to_owned()),
        ..ada()
    };
    let data = r#"<c n="{{ person.last_name }}"><name>{{ person.first_name }}</name><id>{{ person.id }}</id></c>"#;
    let expected = concat!(
        r#"<c n="a &amp; b &lt; c &quot;d&quot; &apos;e&apos;&#10;"><name>AT&amp;T &lt;x&gt; </name>"#,
        "<id>1042</id></c>"
    );
    let request = render(&rule(Xml, data), &person).expect("renders");
    assert_eq!(request.body.as_deref(), Some(expected.as_bytes()));
    let media = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"));
    assert!(media.is_some_and(|media| media.value.contains("xml")), "{:?}", request.headers);
}
