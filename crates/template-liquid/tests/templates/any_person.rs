//! For any person whatever, the body is JSON whose values are the person's, and the URL keeps its origin.

use crate::support::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use sync_core::id::PersonId;
use sync_core::link::UniqueId;
use sync_core::person::Person;
use sync_core::ports::{CompiledRule, RenderContext};
use sync_core::sync::BodyFormat::{Form, Json, Text, Xml};

fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "\"",
        "\\",
        "\n",
        "\r\n",
        "😀",
        "\u{202e}",
        "עברית",
        "{{",
        "}}",
        "{%",
        "%}",
        "{{ person.id }}",
        "../",
        ".",
        "%2e",
        "\u{0}",
        "\u{1}",
        "\u{7f}",
        "\u{2028}",
        ",",
        "}",
        "]",
        ":",
        "null",
        "&",
        "=",
        "+",
        "#",
        "?",
        "@evil.example.com",
        "\u{feff}",
        " ",
        "é",
        "\\u0022",
        "1",
        "-",
        "/",
    ]);
    prop_oneof![
        4 => prop::collection::vec(nasty, 0..12).prop_map(|parts| parts.concat()),
        4 => any::<String>(),
        1 => prop::sample::select(vec!["\"", "a", "😀", "\\", "\n", "{{"]).prop_map(|text| text.repeat(10_000)),
        1 => Just(String::new()),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any_text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect()))
        ]
    })
}

prop_compose! {
    fn any_person()(
        id in any_text(),
        first_name in prop::option::of(any_text()),
        last_name in prop::option::of(any_text()),
        name in prop::option::of(any_text()),
        emails in prop::collection::vec(any_text(), 0..3),
        labels in prop::collection::vec(any_text(), 0..4),
        plan in any_json(),
    ) -> Person {
        let id: String = id.chars().filter(|c| !c.is_control()).take(255).collect();
        let mut person = nobody();
        person.id = PersonId::new(id).unwrap_or(person.id);
        Person { first_name, last_name, name, emails, labels, custom: [("plan".to_owned(), plan)].into_iter().collect(), ..person }
    }
}

fn clean(text: &str) -> String {
    text.replace('\0', "")
}

fn cleaned(value: &Value) -> Value {
    let mut value = value.clone();
    sync_core::text::clean_json(&mut value);
    value
}

static DATA: LazyLock<Arc<dyn CompiledRule>> = LazyLock::new(|| {
    let data = r#"{ "id": "{{ person.id }}", "first": "{{ person.first_name }}", "bare": {{ person.first_name }}, "name": {{ person.name }},
        "emails": {{ person.emails }}, "labels": [{% for l in person.labels %}{"l": "{{ l }}"},{% endfor %}], "plan": {{ person.custom.plan }},
        "both": "<{{ person.first_name }}|{{ person.last_name }}>", "omit": "{{ person.last_name | or_omit }}",
        {% if person.email %}"email": "{{ person.email }}",{% endif %}
        {% capture c %}{{ person.first_name }}"{{ person.last_name }}{% endcapture %} "captured": "{{ c }}", "whole": {{ person }} }"#;
    compile(&rule(Json, data)).unwrap_or_else(|faults| panic!("{}", said(&faults)))
});
static AS_XML: LazyLock<Arc<dyn CompiledRule>> = LazyLock::new(|| {
    let data = r#"<?xml version="1.0"?><a b="{{ person.first_name }}" c='{{ person.last_name }}'>{{ person.name }}<d>{{ person.labels }}</d>{{ person.custom.plan }}</a>"#;
    compile(&rule(Xml, data)).unwrap_or_else(|faults| panic!("{}", said(&faults)))
});
static ELSEWHERE: LazyLock<[Arc<dyn CompiledRule>; 2]> = LazyLock::new(|| {
    [(Form, "a={{ person.first_name }}&b={{ person.last_name }}"), (Text, "<{{ person.first_name }}>")].map(|(format, data)| {
        let mut source = rule(format, data);
        source.url = "https://crm.example.com:8443/people/{{ person.first_name }}/{{ unique_id }}?n={{ person.last_name }}&l={{ person.labels }}".to_owned();
        source.headers = with_header("X-Name", "n={{ person.first_name }}{{ person.last_name }}").headers;
        compile(&source).unwrap_or_else(|faults| panic!("{}", said(&faults)))
    })
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_body_is_json_of_the_persons_values(person in any_person()) {
        let context = RenderContext { person: &person, unique_id: None, idempotency_key: KEY, sync_name: "My CRM" };
        let request = match DATA.render(&context) {
            Ok(request) => request,
            Err(faults) => {
                let fat = serde_json::to_string(&person).map_or(0, |text| text.len()) > 50_000;
                prop_assert!(fat && said(&faults).contains("renders more than"), "{}", said(&faults));
                return Ok(());
            }
        };
        let value: Value = serde_json::from_slice(request.body.as_deref().unwrap_or_default()).expect("JSON");
        let set = |text: &Option<String>| clean(text.as_deref().unwrap_or_default());
        let (first, last) = (set(&person.first_name), set(&person.last_name));
        prop_assert_eq!(&value["id"], &json!(person.id.as_str()));
        prop_assert_eq!(&value["first"], &json!(first));
        prop_assert_eq!(&value["bare"], &json!(person.first_name.as_deref().map(clean)));
        let name = if person.name.is_none() && person.name().is_empty() { Value::Null } else { json!(clean(&person.name())) };
        prop_assert_eq!(&value["name"], &name);
        prop_assert_eq!(&value["emails"], &json!(person.emails.iter().map(|text| clean(text)).collect::<Vec<_>>()));
        prop_assert_eq!(&value["labels"], &json!(person.labels.iter().map(|text| json!({"l": clean(text)})).collect::<Vec<_>>()));
        prop_assert_eq!(&value["plan"], &cleaned(&person.custom["plan"]));
        prop_assert_eq!(&value["both"], &json!(format!("<{first}|{last}>")));
        prop_assert_eq!(value.get("omit").cloned(), (!last.is_empty()).then(|| json!(last)));
        prop_assert_eq!(value.get("email").cloned(), person.emails.first().map(|email| json!(clean(email))));
        prop_assert_eq!(&value["captured"], &json!(format!("{first}\"{last}")));
        prop_assert_eq!(&value["whole"]["custom"]["plan"], &value["plan"]);
        prop_assert_eq!(&value["whole"]["labels"], &json!(person.labels.iter().map(|text| clean(text)).collect::<Vec<_>>()));
    }

    #[test]
    fn url_header_and_form_hold(person in any_person(), id in any_text()) {
        let id = UniqueId::text(id.chars().filter(|c| !c.is_control()).take(120).collect::<String>());
        let id = id.unwrap_or_else(crate::support::id);
        let context = RenderContext { person: &person, unique_id: Some(&id), idempotency_key: KEY, sync_name: "My CRM" };
        let (first, last) = (clean(person.first_name.as_deref().unwrap_or_default()), clean(person.last_name.as_deref().unwrap_or_default()));
        let [form, text] = &*ELSEWHERE;
        for (n, rule) in [form, text].into_iter().enumerate() {
            let preview = rule.preview(&context);
            let faults = said(&preview.faults);
            let dots = [first.as_str(), id.as_str()].iter().any(|segment| matches!(*segment, "" | "." | ".."));
            let Some(url) = preview.url else {
                prop_assert!(faults.contains("renders more than") || (dots && faults.contains("path segment")), "{}", faults);
                continue;
            };
            prop_assert!(!dots);
            prop_assert_eq!(url.origin().ascii_serialization(), "https://crm.example.com:8443");
            let segments: Vec<_> = url.path_segments().expect("a path").collect();
            prop_assert_eq!(segments.len(), 3);
            let decoded = |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8().map(String::from).expect("UTF-8");
            prop_assert_eq!(decoded(segments[1]), first.as_str());
            prop_assert_eq!(decoded(segments[2]), id.as_str());
            let query: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let labels = person.labels.iter().map(|text| clean(text)).collect::<Vec<_>>().join(", ");
            prop_assert_eq!(query, vec![("n".to_owned(), last.clone()), ("l".to_owned(), labels)]);
            prop_assert!(preview.headers.iter().all(|header| !header.value.chars().any(char::is_control)));
            let body = preview.body.expect("a body");
            if n == 0 {
                let form: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                prop_assert_eq!(form, vec![("a".to_owned(), first.clone()), ("b".to_owned(), last.clone())]);
            } else {
                prop_assert_eq!(body, format!("<{first}>"));
            }
        }
    }

    #[test]
    fn xml_stays_well_formed(person in any_person()) {
        let context = RenderContext { person: &person, unique_id: None, idempotency_key: KEY, sync_name: "My CRM" };
        // What is no XML is a fault of the rendering.
        let rendered = AS_XML.render(&context).map_err(|faults| said(&faults));
        prop_assert!(rendered.as_ref().map_or_else(|said| said.contains("renders more than"), |_| true), "{rendered:?}");
    }

    #[test]
    fn any_xml_whatever_is_checked(data in any_text(), tag in "[<>/!?&;#x'\"a-c =\\[\\]-]{0,40}") {
        for data in [&data, &tag, &format!("<a>{tag}{{{{ person.name }}}}</a>")] {
            _ = compile(&rule(Xml, data));
        }
    }

    #[test]
    fn any_template_whatever_is_compiled_or_refused(data in any_text(), url in any_text(), header in any_text()) {
        let mut source = rule(Json, &data);
        source.url = format!("https://crm.example.com/{url}");
        source.headers = with_header("X-Any", &header).headers;
        if let Ok(rule) = compile(&source) {
            let person = ada();
            let context = RenderContext { person: &person, unique_id: Some(&crate::support::id()), idempotency_key: KEY, sync_name: "My CRM" };
            if let Ok(request) = rule.render(&context) {
                prop_assert!(serde_json::from_slice::<Value>(request.body.as_deref().unwrap_or_default()).is_ok());
                prop_assert_eq!(request.url.host_str(), Some("crm.example.com"));
            }
        }
    }
}
