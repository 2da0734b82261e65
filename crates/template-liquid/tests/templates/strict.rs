//! What is wrong is told when a rule is saved, at its place and with the mend.

use crate::support::*;
use sync_core::ports::{HeaderSource, HeaderText, IdTokens, RenderContext, RuleSource, TemplateEngine as _};
use sync_core::sync::BodyFormat::{Form, Json, Xml};
use sync_core::sync::{Edition, Operation};
use template_liquid::LiquidTemplates;

#[test]
fn faults_of_data_are_told_at_their_place() {
    for (data, expected) in [
        (
            r#"{"a": "{{ person.frist_name }}"}"#,
            "data: unknown token person.frist_name; did you mean person.first_name? (line 1, column 11)",
        ),
        (
            "{\n  \"é\": {{ pperson.email }}}",
            "data: unknown token pperson.email; did you mean person.email? (line 2, column 11)",
        ),
        ("[{{ first_name }}]", "unknown token first_name; did you mean person.first_name? (line 1, column 5)"),
        ("[{{ user.firstName }}]", "unknown token user.firstName; did you mean user.first_name?"),
        ("[{{ unique_ID }}]", "unknown token unique_ID; did you mean unique_id?"),
        ("[{{ sync }}]", "unknown token sync"),
        ("[{{ quux }}]", "unknown token quux; a person's tokens are written like person.first_name"),
        ("{% assign total = 1 %}[{{ totl }}]", "unknown token totl; did you mean total?"),
        ("[{% for x in person.labels %}1{% endfor %},{{ x }}]", "unknown token x"),
        ("[{{ person.email.domain }}]", "`person.email` is one text"),
        ("[{{ person.labels.name }}]", "`person.labels` is a list"),
        ("[{{ person[operation] }}]", "must be written out"),
        ("[{{ person.email | upcse }}]", "unknown filter upcse; did you mean upcase? the filters are "),
        ("[{{ person.email | upper }}]", "unknown filter upper; did you mean upcase? the filters are "),
        ("[{{ person.email | plus }}]", "the filter plus has 0 arguments, but takes 1; an example: {{ 3 | plus: 4 }}"),
        ("[{{ person.email | upcase: 1 }}]", "the filter upcase has 1 arguments, but takes none"),
        ("[{{ person.email | upcase: x: 1 }}]", "takes no `x:`"),
        ("[{% iff person.email %}{% endif %}]", "unknown tag iff; did you mean if? (line 1, column 2)"),
        ("{% tablerow x in person.labels cols:0 %}{% endtablerow %}", "unknown tag tablerow"),
        ("{% include 'x' %}", "unknown tag include"),
        ("[{% if person.email %}1]", "`if` is not closed; end it with `{% endif %}` (line 1, column 2)"),
        ("[{% if person.email %}1{% endfor %}]", "`endfor` stands where `endif` is expected"),
        ("[1{% endif %}]", "`endif` ends nothing"),
        ("[{% else %}1]", "`else` has no block here"),
        ("[{% if person.email = 1 %}1{% endif %}]", "write `==` to compare"),
        ("[{% if person.email | size %}1{% endif %}]", "filters cannot stand in a condition"),
        ("[{% break %}]", "only inside of a `for`"),
        ("[{% assign person = 1 %}]", "`person` is taken"),
        ("[{{ forloop.index }}]", "only inside of a `for`"),
        ("[{{ person.email ]", "`{{` is not closed; end it with `}}` (line 1, column 2)"),
        ("{\"email\": \"{{ person.email \"}", "`{{` is not closed; end it with `}}` (line 1, column 12)"),
        (
            "{\"email\": \"{{ person.email \", \"name\": \"{{ person.name }}\"}",
            "`{{` is not closed; end it with `}}` (line 1, column 12)",
        ),
        ("[{{ person.email | append: 'x }}]", "the quote is not closed within its tag; close it (line 1, column 28)"),
        ("[{% raw %}]", "end it with `{% endraw %}`"),
        ("[{{ }}]", "the braces are empty"),
        ("[{{ person.email person.phone }}]", "unexpected `person`"),
        ("[{{ person. }}]", "a name behind the dot is missing (line 1, column 13)"),
        ("[{{ person.custom.2nd }}]", "a name cannot begin with a digit"),
        ("[{{ person.email && person.phone }}]", "write `and`"),
        ("[{{ 99999999999999999999 }}]", "the number is too large"),
        ("[{{ \"a\" | or_omit | upcase }}]", "`or_omit` must be the last filter"),
        ("[\"\\{{ person.email }}\"]", "right behind a backslash"),
        ("a\u{0}", "U+0000"),
        ("{\"a\": 1", "data: the JSON ends too early: a bracket or brace is not closed (line 1, column 8)"),
        (
            "{\n \"a\": {{ person.id }}\n \"b\": 2}",
            "data: not JSON: a comma or `}` is expected here (line 3, column 2)",
        ),
        ("{'a': 1}", "a member's name in double quotes is expected here (line 1, column 2)"),
        ("{\"a\": \"x}", "a string is opened here and not closed; close it with `\"` (line 1, column 7)"),
        ("{\"a\": {{ person.id }}{{ person.id }}}", "a comma or `}` is expected here"),
        ("{\"a\": \"{% if person.phone %}x\"{% endif %}}", "must be closed in it"),
        (
            "{\"a\": {% if person.phone %}\"x{% endif %}\"}",
            "must be closed in it, and one opened before it behind it (line 1, column 28)",
        ),
        ("[{% for x in person.labels %}\"{% break %}\"{% endfor %}]", "must be closed in it"),
        ("  ", "data: the data renders empty"),
        ("{{ '' | or_omit }}", "drops a member or an item, not all of the data"),
        ("[{{ person.id | divided_by: 0 }}]", "nothing can be divided by 0 (line 1, column 2)"),
        ("[{{ person.created_at | date: '%Q' }}]", "%Q, which means nothing"),
        ("{% case person.id %}x{% when 1 %}{% endcase %}", "between `case` and its first `when`"),
        ("{% case person.id %}{% endcase %}", "a `case` needs a `when`"),
    ] {
        let said = json_fault(data);
        assert!(said.contains(expected), "{data}\n  said:     {said}\n  expected: {expected}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let mut source = rule(Json, "{{ person.a1 }}\n{{ nope | nope }}\n{% nope %}");
    source.url = "ftp://{{ x }}".to_owned();
    let header =
        |name: &str, value: &str| HeaderSource { name: name.to_owned(), value: HeaderText::Plain(value.to_owned()) };
    source.headers =
        vec![header("a b", "{{ y }}"), header("X", "1"), header("x", "2"), header("Host", "h"), header("Y", "a\nb")];
    let said = fault(&source);
    let places: Vec<&str> = said.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        places,
        [
            "url",
            "url",
            "headers.0.name",
            "headers.0.value",
            "headers.2.name",
            "headers.3.name",
            "headers.4.value",
            "data",
            "data",
            "data",
            "data"
        ],
        "{said}"
    );
}

#[test]
fn faults_of_urls() {
    for (url, expected) in [
        ("", "the URL is empty"),
        ("crm.example.com/x", "must begin with https://"),
        ("{{ person.custom.url }}", "must begin with https://"),
        ("ftp://crm.example.com/", "must begin with https://"),
        ("https://{{ person.custom.host }}/", "must be written out"),
        ("https://crm.{% if person.id %}x{% endif %}/", "must be written out"),
        ("https://crm.example.com{{ person.id }}", "must be written out"),
        ("https://crm.example.com:{{ person.id }}/", "must be written out"),
        ("https://a:b@crm.example.com/", "user name or password"),
        ("https://crm.example.com:99999/", "host and port cannot be read"),
        ("\u{a0}https://crm.example.com/", "begins with a character that cannot be seen"),
        ("\u{feff}https://crm.example.com/", "begins with a character that cannot be seen"),
        ("https://crm.example.com\u{200b}/", "a character that cannot be seen"),
        ("https://crm\u{3000}example.com/", "white space"),
        ("https://crm example.com/", "white space"),
        ("https:///x", "host and port cannot be read"),
        ("https://crm.example.com/#{{ person.id }}", "never sent"),
        ("https://crm.example.com/a\\b", "backslash"),
        ("https://crm.example.com/a/../b", "a path segment is `.` or `..`"),
        ("https://crm.example.com/a/%2E", "a path segment is `.` or `..`"),
        ("https://crm.example.com/a/{{ '' }}", "renders empty"),
        ("https://crm.example.com/a b", "white space"),
        ("https://crm.example.com/{{ person.id | or_omit }}", "only stand at the end of an output of JSON data"),
        (
            "https://crm.example.com/{{ person.id | or_omit }}",
            "put what is to be left out between {% if person.phone %} and {% endif %}",
        ),
    ] {
        let said = fault(&at_url(url));
        assert!(said.starts_with("url: ") && said.contains(expected), "{url}\n  said: {said}");
    }
}

#[test]
fn faults_of_headers() {
    for (name, value, expected) in [
        ("", "x", "headers.0.name: a header's name consists of"),
        ("a:b", "x", "headers.0.name: a header's name consists of"),
        ("Content-Length", "1", "headers.0.name: Content-Length cannot be set"),
        ("transfer-ENCODING", "chunked", "cannot be set"),
        ("Idempotency-Key", "x", "cannot be set"),
        ("Connection", "close", "cannot be set"),
        ("accept-encoding", "gzip", "cannot be set"),
        ("X", "a\r\nb", "headers.0.value: a header's value stands on one line"),
        (
            "X",
            "{{ person.nme }}",
            "headers.0.value: unknown token person.nme; did you mean person.name? (line 1, column 4)",
        ),
    ] {
        let said = fault(&with_header(name, value));
        assert!(said.contains(expected), "{name}: {value}\n  said: {said}");
    }
    assert!(compile(&with_header("User-Agent", "mine")).is_ok());
}

#[test]
fn a_unique_id_is_used_only_where_it_is_known() {
    for operation in Operation::ALL {
        let source = RuleSource { operation, ..rule(Form, "id={{ unique_id }}") };
        match operation {
            Operation::Update | Operation::Delete => assert!(compile(&source).is_ok()),
            Operation::Create => {
                assert!(fault(&source).contains("not known in a create rule: the external system gives it"));
            }
            Operation::Lookup => {
                assert!(fault(&source).contains("not known in a lookup rule: the lookup is what finds it"));
            }
        }
    }
    let compiled = compile(&rule(Form, "id={{ unique_id }}")).expect("compiles");
    let person = ada();
    let context = RenderContext { person: &person, unique_id: None, idempotency_key: KEY, sync_name: "" };
    let faults = compiled.render(&context).expect_err("it is not given");
    assert_eq!(said(&faults), "data: the record's unique id is not known (line 1, column 4)");
}

#[test]
fn unique_id_templates() {
    let engine = LiquidTemplates::new();
    let person = ada();
    let context = RenderContext { person: &person, unique_id: None, idempotency_key: KEY, sync_name: "" };
    for (template, expected) in [
        ("crm-{{ person.id }}", "crm-1042"),
        (" {{ user.id | prepend: 'x/' | upcase }}\n", "X/1042"),
        ("{% assign a = person.id | slice: 0, 2 %}{% if a == '10' %}{{ a }}{% endif %}", "10"),
    ] {
        let text =
            engine.compile_unique_id(template, IdTokens::Lasting, Edition::CURRENT).expect(template).render(&context);
        assert_eq!(text.as_deref(), Ok(expected), "{template}");
    }
    for (template, expected) in [
        ("{{ person.email }}", "may use person.id, texts and filters only"),
        ("{{ person }}", "may use person.id, texts and filters only"),
        ("{{ idempotency_key }}", "may use person.id, texts and filters only"),
        ("{{ unique_id }}", "may use person.id, texts and filters only"),
        ("{{ person.custom.x }}", "may use person.id, texts and filters only"),
        ("{{ person.idd }}", "did you mean person.id?"),
        (" ", "the template is empty"),
        ("{{ person.id | divided_by: 0 }}", "divided by 0"),
    ] {
        let faults = engine.compile_unique_id(template, IdTokens::Lasting, Edition::CURRENT).err().expect(template);
        assert!(said(&faults).contains(expected), "{template}: {}", said(&faults));
    }
    for (template, expected) in
        [("{{ person.email | downcase }}", "ada@example.com"), ("{{ person.id }}-{{ person.custom.x }}", "1042-")]
    {
        let text =
            engine.compile_unique_id(template, IdTokens::OfPerson, Edition::CURRENT).expect(template).render(&context);
        assert_eq!(text.as_deref(), Ok(expected), "{template}");
    }
    for template in ["{{ person }}", "{{ idempotency_key }}", "{{ unique_id }}", "{{ sync.name }}"] {
        let faults = engine.compile_unique_id(template, IdTokens::OfPerson, Edition::CURRENT).err().expect(template);
        assert!(said(&faults).contains("may use the person's tokens"), "{template}: {}", said(&faults));
    }
}

#[test]
fn a_template_that_works_for_some_is_accepted() {
    for data in [
        r#"{% if person.custom.kind == "a" %}{"a": 1}{% elsif person.custom.kind == "b" %}{"b": 1}{% endif %}"#,
        r#"{"a": {{ person.custom.age | plus: 1 }}}"#,
        r#"{"a": "{{ person.custom.a.b.c }}", "b": "{{ person.custom.a }}"}"#,
        r#"{"a": "{{ person.custom.born | date: "%Y" }}"}"#,
    ] {
        assert_eq!(compile(&rule(Json, data)).map_err(|faults| said(&faults)).err(), None, "{data}");
    }
    assert!(compile(&at_url("https://crm.example.com/{{ person.custom.crm.id }}/{{ person.contact.x }}")).is_ok());
}

/// What can hardly be meant in a rule, in words.
fn objections(source: &RuleSource) -> Vec<String> {
    let compiled = LiquidTemplates::new().compile(source).map_err(|faults| said(&faults)).unwrap();
    compiled.objections().iter().map(ToString::to_string).collect()
}

/// Case `json_inside_a_json_string`.
#[test]
fn a_bare_token_in_json_that_is_a_string_is_objected_to() {
    for data in [
        r#"{"columns": "{ \"text\": \"{{ person.last_name }}\" }"}"#,
        r#"{"columns": "[\"{{ person.last_name }}\"]"}"#,
        r#"{"a": 1, "columns": "{ \"text\": {{ person.last_name }} }"}"#,
    ] {
        let told = objections(&rule(Json, data));
        assert!(
            told.len() == 1 && told[0].starts_with("data: ") && told[0].contains("filter json"),
            "{data}: {told:?}"
        );
    }
    for data in [
        r#"{"columns": "{ \"text\": {{ person.last_name | json }} }"}"#,
        r#"{"note": "{{ person.last_name }} said \"hello\""}"#,
        r#"{"note": "[{{ person.last_name }}]"}"#,
        r#"{"note": "{ \"text\": 1 }", "name": "{{ person.last_name }}"}"#,
    ] {
        assert_eq!(objections(&rule(Json, data)), [""; 0], "{data}");
    }
}

/// Case `url_encode_filter_in_url`.
#[test]
fn url_encode_in_a_url_is_objected_to() {
    let told =
        objections(&at_url("https://crm.example.com/search?q={{ person.email | url_encode }}&u={{ unique_id }}"));
    assert!(told.len() == 1 && told[0].starts_with("url: ") && told[0].contains("encoded twice"), "{told:?}");
    let data = r#"{"link": "https://x.test/{{ person.id | url_encode }}"}"#;
    assert_eq!(objections(&rule(Json, data)), [""; 0]);
}

/// Case `delete_rule_without_any_token`.
#[test]
fn an_update_or_delete_that_is_the_same_for_everybody_is_objected_to() {
    let of = |operation, url: &str| {
        objections(&RuleSource { operation, data: None, format: sync_core::sync::BodyFormat::None, ..at_url(url) })
    };
    for operation in [Operation::Update, Operation::Delete] {
        let told = of(operation, "https://crm.example.com/contacts");
        assert!(told.len() == 1 && told[0].starts_with("url: ") && told[0].contains("whole collection"), "{told:?}");
        assert_eq!(of(operation, "https://crm.example.com/contacts/{{ unique_id }}"), [""; 0]);
        assert_eq!(of(operation, "https://crm.example.com/contacts?email={{ person.email }}"), [""; 0]);
    }
    assert_eq!(of(Operation::Create, "https://crm.example.com/contacts"), [""; 0]);
}

#[test]
fn xml_that_is_not_well_formed_is_refused_at_its_place() {
    let omitted = fault(&rule(Xml, "<a>{{ person.phone | or_omit }}</a>"));
    assert!(omitted.contains("between {% if person.phone %} and {% endif %}"), "{omitted}");
    for (data, expected) in [
        ("<a>\n <b>{{ person.name }}</a>", "(line 2, column 22)"),
        ("<a>{{ person.name }}", "an element is not closed"),
        ("<a>{{ person.name }}</a><b/>", "a second root, `b`; put all into one element (line 1, column 25)"),
        (
            "<a>{{ person.name }}&nbsp;</a>",
            "an entity is not known: XML has amp, lt, gt, quot and apos, and numbers such as &#160; (line 1, column 21)",
        ),
        ("<!DOCTYPE a SYSTEM \"x\">\n<a>{{ person.name }}</a>", "DOCTYPE"),
        ("<a b='1' b='{{ person.name }}'/>", "not XML: "),
        ("{{ person.name }}<a/>", "text stands outside of the root"),
        ("<a>{% if person.phone %}<b>{% endif %}</b></a>", "not XML: "),
        ("<{{ person.name }}/>", "a token cannot be a name in a tag"),
        ("<a {{ person.name }}='1'/>", "nor stand among attributes: a value could add others"),
        ("<a b={{ person.name }}/>", "in quotes"),
        ("<a></{{ person.name }}>", "a token cannot be a name in a tag"),
        ("<a><!-- {{ person.name }} --></a>", "a token cannot stand in a comment: a value could end it"),
        ("<a><![CDATA[{{ person.name }}]]></a>", "a token cannot stand in a CDATA section"),
        ("<?x {{ person.name }}?><a/>", "a token cannot stand in a processing instruction"),
        ("<a {% if person.phone %}b='{% endif %}'/>", "must be closed in it"),
        ("<a>{% for x in person.labels %}<b {% break %}/>{% endfor %}</a>", "must be closed in it"),
    ] {
        let said = fault(&rule(Xml, data));
        assert!(said.starts_with("data: ") && said.contains(expected), "{data}: {said}");
        let first = RuleSource { edition: Edition::First, ..rule(Xml, data) };
        assert!(compile(&first).is_ok(), "{data}: saved before, it goes on as it was");
    }
    for data in [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"{{ person.name }}\">{% if person.phone %}<c>{{ person.phone }}</c>{% endif %}</a>",
        "<a {% if person.phone %}b='{{ person.phone }}'{% endif %}/>",
        "{% capture x %}<{{ person.name }}{% endcapture %}<a>{{ x }}</a>",
        "{% if person.custom.kind == 'a' %}<a>{{ person.name }}</a>{% endif %}",
        "<a>{% for x in person.labels %}<b>{{ x }}</b>{% if x == 'vip' %}{% break %}{% endif %}{% endfor %}</a>",
    ] {
        assert_eq!(compile(&rule(Xml, data)).map_err(|faults| said(&faults)).err(), None, "{data}");
    }
    // What no sample shows is told when it is rendered, and never sent.
    let source = rule(Xml, "<a>{% if person.custom.kind == 'b' %}<b>{% endif %}{{ person.name }}</a>");
    let mut person = ada();
    assert!(render(&source, &person).is_ok());
    person.custom.insert("kind".to_owned(), "b".into());
    assert!(render(&source, &person).unwrap_err().contains("not XML: "));
    let told = objections(&rule(Xml, "<a>{{ person.name | escape }}</a>"));
    assert!(told.len() == 1 && told[0].contains("encoded twice"), "{told:?}");
}

#[test]
fn a_token_between_quotes_in_a_query_is_warned_of() {
    let warnings = |url: &str| -> Vec<String> {
        let compiled = compile(&at_url(url)).map_err(|faults| said(&faults)).expect(url);
        compiled.warnings().iter().map(ToString::to_string).collect()
    };
    for (url, places) in [
        (
            "https://crm.example.com/query?q=SELECT%20Id%20FROM%20Contact%20WHERE%20Email='{{ person.email }}'",
            "column 79",
        ),
        ("https://crm.example.com/people?$top=1&$filter=email%20eq%20%27{{ person.email | downcase }}%27", "column 63"),
        ("https://crm.example.com/people?q='x{{ person.email | soql | upcase }}'", "column 36"),
        ("https://crm.example.com/people?q=a='{{ person.id | soql }}'%20AND%20b='{{ person.email }}'", "column 72"),
        (
            "https://crm.example.com/people?q={% if person.email %}'{{ person.email }}'{% else %}'{{ person.id | odata }}'{% endif %}",
            "column 56",
        ),
    ] {
        let told = warnings(url);
        assert!(told.len() == 1, "{url}: {told:?}");
        assert!(told[0].starts_with("url: ") && told[0].contains("soql") && told[0].contains("odata"), "{told:?}");
        assert!(told[0].contains(places), "{url}: {told:?}");
    }
    for url in [
        "https://crm.example.com/query?q=Email='{{ person.email | soql }}'",
        "https://crm.example.com/people?$filter=email%20eq%20'{{ person.email | downcase | odata }}'",
        "https://crm.example.com/people?$filter=hash%20eq%20'{{ person.email | md5 }}'",
        "https://crm.example.com/people?email={{ person.email }}&note=it's",
        "https://crm.example.com/people('{{ unique_id }}')?x={{ person.email }}",
        "https://crm.example.com/people?note=it's{{ person.email }}&x='y'",
    ] {
        assert_eq!(warnings(url), [""; 0], "{url}");
    }
    let assigned = "https://crm.example.com/{% assign e = person.email | odata %}people?$filter=email%20eq%20'{{ e }}'";
    assert_eq!(warnings(assigned), [""; 0]);
    let again = assigned.replace("people?", "{% assign e = person.email %}people?");
    assert_eq!(warnings(&again).len(), 1, "assigned anew");
}
