//! What paths select, what they refuse, and that none takes long.

use super::*;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What a path selects, as JSON.
fn selected(path: &str, body: &str) -> Result<Vec<Value>, TooMuchWork> {
    let document = Document::parse(body).unwrap_or_else(|| panic!("{body} is JSON"));
    let mut values = Vec::new();
    let path = JsonPath::parse(path).unwrap_or_else(|fault| panic!("{path} {fault}"));
    path.visit(&document, |value| {
        values.push(match value {
            Selected::Null => Value::Null,
            Selected::Bool(value) => value.into(),
            Selected::Text(text) => text.into_owned().into(),
            Selected::Number(written) | Selected::List(written) | Selected::Object(written) => {
                serde_json::from_str(written).unwrap()
            }
        });
        ControlFlow::Continue(())
    })?;
    Ok(values)
}

fn assert_selects(cases: &[(&str, &str, Value)]) {
    for (path, body, expected) in cases {
        assert_eq!(selected(path, body).map(Value::Array), Ok(expected.clone()), "{path} of {body}");
    }
}

#[test]
fn segments_and_selectors_select_in_order() {
    let shelf = r#"{"a":{"b":[1,2,3]},"c d":4,"e":null}"#;
    assert_selects(&[
        ("$", shelf, json!([{ "a": { "b": [1, 2, 3] }, "c d": 4, "e": null }])),
        ("$.a.b", shelf, json!([[1, 2, 3]])),
        ("$['c d']", shelf, json!([4])),
        ("$[\"c d\", 'e']", shelf, json!([4, null])),
        ("$ ['a'] .b [ 0 ]", shelf, json!([1])),
        ("$.a.b[-1]", shelf, json!([3])),
        ("$.a.b[-4]", shelf, json!([])),
        ("$.a.b[3]", shelf, json!([])),
        ("$.a.b[0,0,2]", shelf, json!([1, 1, 3])),
        ("$.a.b[1:]", shelf, json!([2, 3])),
        ("$.a.b[:-1]", shelf, json!([1, 2])),
        ("$.a.b[::2]", shelf, json!([1, 3])),
        ("$.a.b[::-1]", shelf, json!([3, 2, 1])),
        ("$.a.b[5:0:-2]", shelf, json!([3])),
        ("$.a.b[0:3:0]", shelf, json!([])),
        ("$.a.b[-9007199254740991:9007199254740991]", shelf, json!([1, 2, 3])),
        ("$.a.*[0]", shelf, json!([1])),
        ("$.a[0]", shelf, json!([])),
        ("$.a.b.c", shelf, json!([])),
        ("$..b", shelf, json!([[1, 2, 3]])),
        ("$..[0]", shelf, json!([1])),
        ("$.\u{e9}\u{1f600}_1", "{\"\u{e9}\u{1f600}_1\":1}", json!([1])),
        (r"$['\u00e9\ud83d\ude00\'\n']", "{\"\u{e9}\u{1f600}'\\n\":1}", json!([1])),
        ("$.id", r#"{"\u0069d":1}"#, json!([1])),
        ("$.id", r#"{"id":1,"id":2}"#, json!([2])),
        // Depth first, lists in order, selectors each for itself: RFC 9535, 2.5.2.
        ("$..['a','d']", r#"[{"a":"b","d":"e"},{"a":"c","d":"f"}]"#, json!(["b", "e", "c", "f"])),
        ("$..*", r#"{"o":{"j":1,"k":2},"a":[5,3]}"#, json!([{ "j": 1, "k": 2 }, [5, 3], 1, 2, 5, 3])),
    ]);
}

#[test]
fn filters_ask_each_child() {
    let list = r#"[{"k":"a","n":1},{"k":"b","n":2.5},{"k":"ab","n":null},{"n":{"x":[]}}]"#;
    let numbers = |path| selected(path, list).unwrap().iter().map(|item| item["n"].clone()).collect::<Vec<_>>();
    for (path, expected) in [
        ("$[?@.k]", json!([1, 2.5, null])),
        ("$[?!@.k]", json!([{ "x": [] }])),
        ("$[?@.n.x]", json!([{ "x": [] }])),
        ("$[?@.k=='a']", json!([1])),
        ("$[?@.k!=\"a\"]", json!([2.5, null, { "x": [] }])),
        ("$[?@.k>'a']", json!([2.5, null])),
        ("$[?@.k<='ab' && @.n]", json!([1, null])),
        ("$[?@.n==null]", json!([null])),
        ("$[?@.missing==@.k]", json!([{ "x": [] }])),
        ("$[?@.n>1||@.n<=1]", json!([1, 2.5])),
        ("$[?(@.k=='a' || @.k=='b') && !(@.n<2)]", json!([2.5])),
        ("$[? @.k == 'a' || @.k == 'b' && @.n > 100 ]", json!([1])),
        ("$[?length(@.k)==2]", json!([null])),
        ("$[?length(@)==1]", json!([{ "x": [] }])),
        ("$[?length(@.n)==1]", json!([{ "x": [] }])),
        ("$[?count(@.*)==2]", json!([1, 2.5, null])),
        ("$[?value(@..x)==$[3].n.x]", json!([{ "x": [] }])),
        ("$[?match(@.k,'a.?')]", json!([1, null])),
        ("$[?match(@.k,'b')]", json!([2.5])),
        ("$[?search(@.k,'b')]", json!([2.5, null])),
        ("$[?!search(@.k,'[ab]')]", json!([{ "x": [] }])),
        ("$[?match(@.k,$[0].k)]", json!([1])),
        ("$[?true==false]", json!([])),
    ] {
        assert_eq!(Value::Array(numbers(path)), expected, "{path}");
    }
    assert_selects(&[
        ("$[?@[?@>1]]", "[[0],[0,1],[0,1,2],[42]]", json!([[0, 1, 2], [42]])),
        ("$[?@==$[0]]", r#"[{"a":[1,{"b":2}],"c":0},{"c":0.0,"a":[1.0,{"b":2}]},{"a":[1],"c":0}]"#, {
            json!([{ "a": [1, { "b": 2 }], "c": 0 }, { "c": 0.0, "a": [1.0, { "b": 2 }] }])
        }),
        ("$[?@==$[0]]", "[[],{},[[]],null]", json!([[]])),
        // A dot stands for neither line break, and `whole` means all alternatives.
        ("$[?match(@,'a.b')]", r#"["a\nb","a\rb","a b"]"#, json!(["a b"])),
        ("$[?match(@,'a|b')]", r#"["a","b","ab"]"#, json!(["a", "b"])),
        (r"$[?match(@,'[.]\\.')]", r#"["..","a.",".a"]"#, json!([".."])),
        // A pattern of the answer that is none matches nothing.
        ("$[?match('a',@)]", r#"["(","a","a{1000}"]"#, json!(["a"])),
    ]);
}

/// path_comparison_with_fractions.json
#[test]
fn numbers_are_compared_whatever_their_digits() {
    assert_selects(&[
        ("$.results[?@.score > 0.5].id", r#"{"results":[{"id":"r1","score":0.93}]}"#, json!(["r1"])),
        (
            "$.results[?!(@.score<0.5)].id",
            r#"{"results":[{"id":"r1","score":0.93},{"id":"r2","score":0.1}]}"#,
            json!(["r1"]),
        ),
        (
            "$[?@.n==1.1].id",
            r#"[{"id":1,"n":1.1},{"id":2,"n":1.10},{"id":3,"n":"1.1"},{"id":4,"n":1.2}]"#,
            json!([1, 2]),
        ),
        (
            "$[?@.n==100].id",
            r#"[{"id":1,"n":1E2},{"id":2,"n":1e+2},{"id":3,"n":100.0},{"id":4,"n":1e1}]"#,
            json!([1, 2, 3]),
        ),
        ("$[?@.n==0].id", r#"[{"id":1,"n":-0},{"id":2,"n":-0.0e5},{"id":3,"n":1e-400}]"#, json!([1, 2])),
        (
            "$[?@.n==9007199254740993].id",
            r#"[{"id":1,"n":9007199254740992},{"id":2,"n":9007199254740993}]"#,
            json!([2]),
        ),
        (
            "$[?@.n==12345678901234567890].id",
            r#"[{"id":1,"n":12345678901234567891},{"id":2,"n":12345678901234567890}]"#,
            json!([2]),
        ),
        ("$[?@.n>12345678901234567890].id", r#"[{"id":1,"n":12345678901234567891},{"id":2,"n":1}]"#, json!([1])),
        ("$[?@.n<=1e400].id", r#"[{"id":1,"n":1e400},{"id":2,"n":1.01e400}]"#, json!([1])),
        ("$[?@.a==@.b].id", r#"[{"id":1,"a":0.30000000000000001,"b":0.3},{"id":2,"a":0.3,"b":0.30}]"#, json!([2])),
        // An epsilon is no equality.
        ("$[?@.n==0].id", r#"[{"id":1,"n":1e-17}]"#, json!([])),
    ]);
}

#[test]
fn a_path_that_is_none_is_refused_with_its_place_and_the_mend() {
    for (path, part) in [
        ("", "is empty"),
        ("   ", "is empty"),
        ("id", "write $.id"),
        (".data.id", "write $.data.id"),
        (&format!("$.{}", "a".repeat(300)), "256 characters"),
        ("$.[", "character 3 begins no name"),
        ("$.first-name", "character 8 is none"),
        ("$.", "it ends early, the next character begins no name"),
        ("$[", "it ends early, the next character must be a name in quotes"),
        ("$[0", "must be ] or a comma"),
        ("$[id]", "write names as in ['name']"),
        ("$[01]", "character 3 begins no index"),
        ("$[-0]", "begins no index"),
        ("$[9007199254740992]", "begins no index"),
        ("$['a]", "character 3 begins a text that does not end"),
        ("$['\\x']", "begins no escape"),
        ("$['\\ud800']", "begins no escape"),
        ("$['\n']", "is a control character"),
        ("$.id ", "character 5 is none"),
        ("$..a..b", "character 5 begins a second descendant"),
        ("$..a[?@..b]", "begins a second descendant"),
        ("$[?@.a=1]", "must be ] or a comma"),
        ("$[?@.a==]", "must be @, $"),
        ("$[?@.a==01]", "begins no number"),
        ("$[?@.a==x]", "begins x, which is no value"),
        ("$[?True==@.a]", "must be @, $"),
        ("$[?1]", "compared with nothing"),
        ("$[?'a'||@.b]", "compared with nothing"),
        ("$[?length(@.a)]", "compared with nothing"),
        ("$[?count(@.*)]", "compared with nothing"),
        ("$[?value(@.a)]", "compared with nothing"),
        ("$[?@.*==1]", "character 4 begins a query that may select several"),
        ("$[?length(@.*)<3]", "may select several"),
        ("$[?1==$..a]", "may select several"),
        ("$[?match(@.a,'a')==true]", "begins a condition"),
        ("$[?count(1)==1]", "must be a query"),
        ("$[?match(@.a)]", "must be ,"),
        ("$[?length(@.a,@.b)==1]", "must be )"),
        ("$[?in(@.a,@.b)]", "begins in, which is no function"),
        ("$[?match(@.a,'(')]", "no regular expression"),
        ("$[?match(@.a,'((a{100}){100}){100}')]", "too large"),
        ("$[?(@.a]", "must be )"),
        ("$[?!@.a==1]", "must be ] or a comma"),
        ("$[?(@.a)==1]", "must be ] or a comma"),
    ] {
        let fault = JsonPath::parse(path).map(|_| ()).expect_err(path);
        assert!(fault.contains(part), "{path}: {fault}");
    }
}

/// A path of 256 characters of which each is a step of the parser or of the evaluation.
#[test]
fn no_path_exhausts_the_stack() {
    let deep = format!("{}7{}", "[".repeat(128), "]".repeat(128));
    for path in [
        format!("$[?{}@{}]", "(".repeat(120), ")".repeat(120)),
        format!("$[?{}", "value(".repeat(42)),
        format!("$[?{}", "length(".repeat(36)),
        format!("${}", "[?@".repeat(85)),
        format!("$[?{}@", "!(".repeat(120)),
        format!("$[?{}@]", "!".repeat(200)),
    ] {
        let fault = JsonPath::parse(&path).map(|_| ()).expect_err(&path);
        assert!(fault.contains("nested more than 32 deep") || fault.contains("must be"), "{path}: {fault}");
    }
    for path in [
        format!("${}", ".a".repeat(127)),
        format!("${}", ".*".repeat(127)),
        format!("${}", "[*]".repeat(85)),
        format!("${}{}", "[?@".repeat(32), "]".repeat(32)),
        format!("$[?{}@{}]", "(".repeat(31), ")".repeat(31)),
        format!("$[?{}@.a{}=={0}@{1}]", "length(".repeat(15), ")".repeat(15)),
        format!("${}[?@=={}]", "[*]".repeat(3), format_args!("${}", "[0]".repeat(75))),
    ] {
        assert!(path.len() <= PATH_CHARACTERS_MAX);
        let _ = selected(&path, &deep);
    }
}

#[test]
fn a_path_that_multiplies_an_answer_is_stopped() {
    let list = |items: usize| format!("[{}]", vec!["7"; items].join(","));
    let texts = format!("[{}]", vec![format!("\"{}\"", "ab".repeat(900)); 30].join(","));
    let patterns = (0..1000).fold(String::from("[\"x\""), |mut patterns, n| {
        write!(patterns, ",\"a{n}\"").unwrap();
        patterns
    }) + "]";
    for (path, body) in [
        ("$[?count($[*])>5]".to_owned(), list(20_000)),
        ("$[?$[?$[?$[?@>8]]]]".to_owned(), list(400)),
        (format!("${}", "[0,0]".repeat(30)), format!("{}7{}", "[".repeat(30), "]".repeat(30))),
        (format!("${}", "[*,*]".repeat(30)), format!("{}7{}", "[".repeat(30), "]".repeat(30))),
        (format!("${}", "[?@,?@]".repeat(30)), format!("{}7{}", "[".repeat(30), "]".repeat(30))),
        ("$[?@==$[0]][?count($..*)>1]".to_owned(), list(100_000).replacen('7', "[8]", 1)),
        (format!("$[{}]", vec!["::-1"; 50].join(",")), list(60_000)),
        ("$[?match('a',@)]".to_owned(), patterns),
        ("$[?search(@,'(a|b)*a(a|b){12}x')]".to_owned(), {
            let mut seed = 1_u32;
            let letters = (0..60_000).map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if seed & 0x8000_0000 == 0 { 'a' } else { 'b' }
            });
            format!("[\"{}\"]", letters.collect::<String>())
        }),
        (format!("$[{}]", vec!["?search(@,'b{9}')"; 14].join(",")), texts),
        ("$[?search(@,'a')]".to_owned(), format!("[\"{}\"]", "b".repeat(70_000))),
    ] {
        let document = Document::parse(body.as_str()).unwrap();
        let visited = JsonPath::parse(&path).unwrap().visit(&document, |_| ControlFlow::Continue(()));
        assert_eq!(visited, Err(TooMuchWork), "{path}");
    }
}

#[test]
fn a_path_that_goes_over_an_answer_once_is_not_stopped() {
    let records = (0..5000).fold(String::from(r#"{"results":["#), |mut body, n| {
        let comma = if n > 0 { "," } else { "" };
        write!(body, r#"{comma}{{"id":"r{n}","score":0.{n:04},"email":"ada{n}@example.test","tags":["a","b"]}}"#)
            .unwrap();
        body
    }) + "]}";
    for (path, found) in [
        ("$.results[*].id", 5000),
        ("$..id", 5000),
        ("$.results[-1].id", 1),
        ("$.results[?@.score>0.4 && @.score<0.5 && @.email!='x' && @.id!='y' && @.tags[0]=='a'].id", 999),
        ("$.results[?search(@.email,'7@example[.]test')].id", 500),
        ("$.results[?length(@.id)==2 && count(@.tags[*])==2 && @.email==$.results[7].email].id", 1),
    ] {
        assert_eq!(selected(path, &records).map(|values| values.len()), Ok(found), "{path}");
    }
    let dense = format!("[{}]", vec!["7"; 100_000].join(","));
    assert_eq!(selected("$[*]", &dense).map(|found| found.len()), Ok(100_000));
}

#[test]
fn a_document_is_what_serde_json_takes_and_no_digit_of_it_is_lost() {
    for text in [
        "null",
        " [ 1 , 2 ] ",
        "\u{feff}{}",
        "{}\0\0",
        r#"{"a":{"b":[[],{}]},"c":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#,
        "[1e999,-0,1.50,123456789012345678901234567890]",
        "\"}{][\"",
    ] {
        assert!(Document::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,}",
        "[1 2]",
        "01",
        "+1",
        "nul",
        "\"",
        "\"\u{1}\"",
        r#""\x""#,
        r#""\ud800""#,
        r#"{"\udc00":1}"#,
        "{}{}",
        "[]x",
        "{\"id\":\"a\0b\"}",
        "\0{}",
        "[1]\0]",
        "'a'",
    ] {
        assert!(Document::parse(text).is_none(), "{text}");
    }
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Document::parse(nested(128)).is_some() && Document::parse(nested(129)).is_none());
    assert!(Document::parse("[".repeat(100_000)).is_none());
    let document = Document::parse("[1e999,-0,1.50,1E2,123456789012345678901234567890]").unwrap();
    let mut numbers = Vec::new();
    let visited = JsonPath::parse("$[*]").unwrap().visit(&document, |value| {
        numbers.extend(if let Selected::Number(digits) = value { Some(digits) } else { None });
        ControlFlow::Continue(())
    });
    assert_eq!(visited, Ok(()));
    assert_eq!(numbers, ["1e999", "-0", "1.50", "1E2", "123456789012345678901234567890"]);
}

#[test]
fn visiting_ends_when_it_is_told_to() {
    let document = Document::parse("[1,2,3]").unwrap();
    let mut seen = 0;
    let visited = JsonPath::parse("$[*]").unwrap().visit(&document, |_| {
        seen += 1;
        ControlFlow::Break(())
    });
    assert_eq!((visited, seen), (Ok(()), 1));
}

proptest::proptest! {
    /// Whatever serde_json reads is read here, and means the same; whatever it does not, is not.
    #[test]
    fn documents_are_read_as_serde_json_reads_them(text in "[\\[\\]{}:,\" \\\\u0-9a-de.+\u{e9}-]{0,24}", value in json_value()) {
        let ours = Document::parse(text.as_str()).is_some();
        let theirs = serde_json::from_str::<Value>(&text);
        let out_of_range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        proptest::prop_assert_eq!(ours, theirs.is_ok() || out_of_range);
        proptest::prop_assert_eq!(selected("$", &value.to_string()), Ok(vec![value.clone()]));
        let every = |value: &Value| {
            let mut rest = vec![value];
            let mut scalars = Vec::new();
            while let Some(value) = rest.pop() {
                match value {
                    Value::Array(items) => rest.extend(items.iter().rev()),
                    Value::Object(members) => rest.extend(members.values().rev()),
                    scalar => scalars.push(scalar.clone()),
                }
            }
            scalars
        };
        let below = selected("$..*", &value.to_string()).unwrap();
        let mut scalars: Vec<String> =
            below.iter().filter(|value| !value.is_array() && !value.is_object()).map(Value::to_string).collect();
        let mut expected: Vec<String> = every(&value).iter().map(Value::to_string).collect();
        if !value.is_array() && !value.is_object() {
            expected.clear();
        }
        scalars.sort();
        expected.sort();
        proptest::prop_assert_eq!(scalars, expected);
    }

    /// No text makes the parser panic or take long.
    #[test]
    fn any_text_is_a_path_or_a_fault(text in "\\$[\\[\\].*?@'\"a-c0-2:,()!=<>&| \\\\-]{0,40}", body in json_value()) {
        if let Ok(path) = JsonPath::parse(&text) {
            let body = body.to_string();
            let document = Document::parse(body.as_str()).unwrap();
            let _ = path.visit(&document, |_| ControlFlow::Continue(()));
        }
    }
}

fn json_value() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,6}|[\"\\\\\n\u{1}a]{0,4}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-c\"\\\\\u{e9}]{0,3}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
