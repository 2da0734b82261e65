//! The filters that make what other systems want: numbers, telephone numbers, hashes, query values, times of a zone.

use crate::support::*;
use proptest::prelude::*;
use serde_json::json;
use sync_core::person::Person;
use sync_core::sync::BodyFormat::{Json, Text};

fn with(custom: serde_json::Value) -> Person {
    Person { custom: serde_json::from_value(custom).expect("an object"), ..ada() }
}

#[test]
fn numbers_are_made_of_texts_or_left_unset() {
    for (value, expected) in [
        (json!("12.50"), "12.50"),
        (json!(" -7 "), "-7"),
        (json!("007"), "7"),
        (json!("+5"), "5"),
        (json!("1e3"), "1e3"),
        (json!("123456789012345678901234567890.10"), "123456789012345678901234567890.10"),
        (json!(12.5), "12.5"),
        (json!("1,234.50"), "null"),
        (json!("many"), "null"),
        (json!(""), "null"),
        (json!(true), "null"),
        (json!(["1"]), "null"),
        (json!(null), "null"),
    ] {
        let rendered = json("{{ person.custom.n | number }}", &with(json!({"n": value.clone()})));
        assert_eq!(rendered.as_deref(), Ok(expected), "{value}");
    }
    let data = r#"{"n": {{ person.custom.n | number | or_omit }} {% assign n = person.custom.n | number %}{% if n > 18 %}, "adult": true{% endif %}}"#;
    assert_eq!(json(data, &with(json!({"n": "36"}))).as_deref(), Ok(r#"{"n":36,"adult":true}"#));
    assert_eq!(json(data, &with(json!({"n": "many"}))).as_deref(), Ok("{}"));
    let long = json(&format!("{{{{ '{}' | number }}}}", "9".repeat(5_000)), &ada());
    assert_eq!(long.as_deref(), Ok("null"), "no number here has as many digits");
}

#[test]
fn telephone_numbers_are_e164_or_unset() {
    let data = r#"{"phone": "{{ person.phone | e164: "GB" | or_omit }}", "raw": "{{ person.phone | digits }}"}"#;
    let phone = |phone: &str| Person { phones: vec![phone.to_owned()], ..ada() };
    assert_eq!(json(data, &phone("020 7946 0001")).as_deref(), Ok(r#"{"phone":"+442079460001","raw":"02079460001"}"#));
    assert_eq!(
        json(data, &phone("+49 (0)89 1234567")).as_deref(),
        Ok(r#"{"phone":"+49891234567","raw":"490891234567"}"#)
    );
    assert_eq!(json(data, &phone("ask at the desk")).as_deref(), Ok(r#"{"raw":""}"#));
    assert_eq!(json(data, &nobody()).as_deref(), Ok(r#"{"raw":""}"#));
    // The region may be the person's.
    let of_person = "{{ person.phone | e164: person.custom.country }}";
    let from = |country| Person { phones: vec!["020 7946 0001".to_owned()], ..with(json!({"country": country})) };
    assert_eq!(body(Text, of_person, &from(Some("gb"))).as_deref(), Ok("+442079460001"));
    assert_eq!(body(Text, of_person, &from(None)).as_deref(), Ok(""), "without a region, what does not begin with +");
    assert!(body(Text, of_person, &from(Some("Britain"))).unwrap_err().contains("`Britain` is no region"));
    let loops = "{% for i in (1..100000) %}{% assign x = person.phone | e164: 'GB' %}{% endfor %}";
    assert!(fault(&rule(Text, loops)).contains("too much work"));
}

#[test]
fn hashes_and_encodings_are_of_the_text() {
    for (template, expected) in [
        ("{{ '' | md5 }}", "d41d8cd98f00b204e9800998ecf8427e"),
        ("{{ 'é' | sha256 }}", "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"),
        (
            "{{ 'what do ya want for nothing?' | hmac_sha256: 'Jefe' }}",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        ("{{ 'a😀' | base64 }}", "YfCfmIA="),
        (
            "[{{ person.custom.nope | md5 }}{{ person.custom.nope | sha256 }}{{ person.custom.nope | hmac_sha256: 'k' }}{{ person.custom.nope | base64 }}{{ person.custom.nope | soql }}{{ person.custom.nope | odata }}{{ person.custom.nope | digits }}]",
            "[]",
        ),
        ("{{ 5 | base64 }} {{ person.labels | base64 }}", "NQ== Y3VzdG9tZXIsIHZpcA=="),
    ] {
        assert_eq!(text(template).as_deref(), Ok(expected), "{template}");
    }
    assert!(fault(&rule(Text, "{{ person.id | hmac_sha256: '' }}")).contains("the key is empty"));
}

#[test]
fn a_value_cannot_leave_its_quotes_in_a_query() {
    let email = "o'hara\\' OR Id != null \"\n\t\u{7}@x.test";
    let person = Person { emails: vec![email.to_owned()], ..ada() };
    let rendered = body(Text, "SELECT Id FROM Contact WHERE Email = '{{ person.email | soql }}'", &person);
    let expected = r#"SELECT Id FROM Contact WHERE Email = 'o\'hara\\\' OR Id != null \"\n\t@x.test'"#;
    assert_eq!(rendered.as_deref(), Ok(expected));
    let url = at_url("https://crm.example.com/contacts?$filter=email%20eq%20'{{ person.email | odata }}'");
    let url = render(&url, &person).expect("renders").url;
    let (_, filter) = url.query_pairs().next().expect("a query");
    assert_eq!(filter, format!("email eq '{}'", email.replace('\'', "''")));
}

proptest! {
    #[test]
    fn no_number_whatever_panics(text in "[+0-9 ()./*#x-]{0,80}|\\PC{0,20}", region in "[A-Z]{2}") {
        let person = Person { phones: vec![text], ..with(json!({"region": region})) };
        let source = rule(Text, "{{ person.phone | e164: person.custom.region }}");
        match render(&source, &person) {
            Ok(request) => {
                let number = String::from_utf8(request.body.unwrap_or_default().to_vec()).expect("UTF-8");
                prop_assert!(number.is_empty() || number.strip_prefix('+').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())));
            }
            Err(said) => prop_assert!(said.contains("is no region"), "{}", said),
        }
    }
}

#[test]
fn times_are_told_in_a_zone() {
    for (template, expected) in [
        ("{{ '2026-07-01T12:00:00Z' | in_time_zone: 'Europe/Berlin' }}", "2026-07-01T14:00:00+02:00"),
        ("{{ '2026-01-01T12:00:00.5Z' | in_time_zone: 'America/New_York' }}", "2026-01-01T07:00:00.5-05:00"),
        (
            "{{ '2026-10-25T00:30:00Z' | in_time_zone: 'Europe/Berlin' }} {{ '2026-10-25T01:30:00Z' | in_time_zone: 'Europe/Berlin' }}",
            "2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00",
        ),
        ("{{ '2026-07-01T14:00:00+02:00' | in_time_zone: 'utc' | date: '%H:%M %z' }}", "12:00 +0000"),
        ("{{ '1800-01-01T12:00:00Z' | in_time_zone: 'Europe/Berlin' }}", "1800-01-01T12:53:00+00:53"),
        ("{{ 0 | in_time_zone: 'Asia/Kolkata' }}", "1970-01-01T05:30:00+05:30"),
        ("{{ person.last_logged_in | in_time_zone: person.timezone | date: '%d.%m. %H:%M' }}", "30.01. 08:15"),
        ("[{{ person.custom.nope | in_time_zone: 'UTC' }}]", "[]"),
    ] {
        assert_eq!(text(template).as_deref(), Ok(expected), "{template}");
    }
    let of_person = rule(Text, "{{ person.created_at | in_time_zone: person.timezone }}");
    let lives = |zone: Option<&str>| Person { timezone: zone.map(str::to_owned), ..ada() };
    assert!(render(&of_person, &lives(None)).unwrap_err().contains("the time zone is not set"));
    assert!(render(&of_person, &lives(Some("../../etc/passwd"))).unwrap_err().contains("is no time zone"));
    let of_custom = rule(Text, "{{ person.created_at | in_time_zone: person.custom.tz }}");
    let rendered = render(&of_custom, &with(json!({"tz": "Asia/Tokyo"}))).unwrap();
    assert!(String::from_utf8_lossy(&rendered.body.unwrap()).ends_with("+09:00"));
    for template in ["{{ 'soon' | in_time_zone: 'UTC' }}", "{{ '9999-12-31T23:59:59Z' | in_time_zone: 'Asia/Tokyo' }}"]
    {
        assert!(text(template).is_err(), "{template}");
    }
}

#[test]
fn a_region_or_zone_that_is_none_is_refused_at_its_place() {
    for (data, expected) in [
        (
            "{\"p\": \"{{ person.phone | e164: \"UK\" }}\"}",
            "data: the filter e164: `UK` is no region of telephone numbers; give two letters, such as GB, US or DE (line 1, column 32)",
        ),
        (
            "{\n\"t\": \"{{ person.created_at | in_time_zone: \"Berlin\" }}\"}",
            "data: the filter in_time_zone: `Berlin` is no time zone; give one such as Europe/Berlin or UTC (line 2, column 44)",
        ),
        (
            "\"{{ person.phone | e164 }}\"",
            "the filter e164 has 0 arguments, but takes 1; an example: {{ \"020 7946 0001\" | e164: \"GB\" }}",
        ),
        ("\"{{ person.phone | digits: 3 }}\"", "the filter digits has 1 arguments, but takes none"),
        ("\"{{ person.phone | e146: 'GB' }}\"", "did you mean e164?"),
        ("\"{{ person.phone | e164: 44 }}\"", "`44` is no region"),
    ] {
        let said = fault(&rule(Json, data));
        assert!(said.contains(expected), "{data}: {said}");
    }
}

/// As `docs/options.md` tells it.
#[test]
fn a_value_that_is_missing_is_to_each_filter_what_the_docs_say() {
    let stays = "upcase|capitalize|strip|replace: 'a', 'b'|remove: 'a'|truncate: 3|truncatewords: 2|slice: 0|escape|url_encode|md5|sha256|\
                 hmac_sha256: 'k'|base64|soql|odata|in_time_zone: 'Europe/Berlin'|date: '%Y'|number|digits|e164: 'GB'|first|last|json";
    let empty_list = "split: ','|map: 'x'|sort|uniq|reverse|compact";
    let others = [
        ("append: 'x'", "\"x\""),
        ("prepend: 'x'", "\"x\""),
        ("join: ','", "\"\""),
        ("size", "0"),
        ("plus: 1", "1"),
        ("times: 2", "0"),
        ("round", "0"),
        ("at_least: 5", "5"),
        ("concat: person.labels", r#"["customer","vip"]"#),
        ("default: 'd'", "\"d\""),
    ];
    let stays = stays.split('|').map(|filter| (filter, "null"));
    let empty_list = empty_list.split('|').map(|filter| (filter, "[]"));
    for (filter, expected) in stays.chain(empty_list).chain(others) {
        let rendered = json(&format!("{{{{ person.custom.nope | {filter} }}}}"), &ada());
        assert_eq!(rendered.as_deref(), Ok(expected), "{filter}");
    }
}
