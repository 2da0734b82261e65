//! How a sync is configured and changed: defaults, what stays, what is cleared, what becomes of secrets, and faults with
//! their places.

use secrecy::{ExposeSecret, SecretString};
use sync_core::fault::Fault;
use sync_core::id::{AccountId, SyncId};
use sync_core::patch::{
    AuthenticationInput, CREDENTIAL_CHARACTERS_MAX, HEADERS_MAX, HeaderInput, LimitsPatch, LookupPatch, Merged,
    NAME_CHARACTERS_MAX, RulePatch, SyncPatch, merge, misses_secret, name_fault,
};
use sync_core::person::Patch::{self, Clear, Keep, Set};
use sync_core::plan::revise::revised;
use sync_core::sync::{
    Authentication, BodyFormat, Edition, Header, HeaderValue, Limits, Method, OnMissing, OnUncertain, Operation,
    Origin, Pages, Sealed, Settings, SyncConfig, UniqueIdSource,
};
use sync_core::time::Timestamp;
use uuid::Uuid;

/// "Seals" so that tests can see what was sealed.
fn seal(secret: &SecretString) -> Sealed {
    Sealed { key_id: "test".into(), ciphertext: format!("<{}>", secret.expose_secret()) }
}

fn sealed(secret: &str) -> Sealed {
    seal(&secret.into())
}

fn rule(method: Method, url: &str) -> RulePatch {
    RulePatch { method: Set(method), url: Set(url.into()), ..RulePatch::default() }
}

fn header(name: &str, value: Option<&str>, secret: Option<bool>) -> HeaderInput {
    HeaderInput { name: name.into(), value: value.map(Into::into), secret }
}

fn basic(username: &str, password: Option<&str>) -> Patch<AuthenticationInput> {
    Set(AuthenticationInput::Basic { username: username.into(), password: password.map(Into::into) })
}

/// All rules at one origin, with every kind of secret.
fn full() -> SyncPatch {
    let create = RulePatch {
        enabled: Set(false),
        headers: Set(vec![header("X-Plain", Some("{{ person.id }}"), None), header("X-Key", Some("k1"), Some(true))]),
        data: Set("{}".into()),
        format: Set(BodyFormat::Text),
        ssl_verification: Set(false),
        timeout_seconds: Set(120),
        on_uncertain: Set(OnUncertain::Park),
        ..rule(Method::Put, "https://crm.test/people")
    };
    SyncPatch {
        friendly_name: Set("CRM".into()),
        authentication: basic("desk", Some("pw:\"1\"")),
        unique_id: Set(UniqueIdSource::Path("$.id".into())),
        create: Set(create),
        update: Set(RulePatch { on_missing: Set(OnMissing::Recreate), ..rule(Method::Patch, "https://crm.test/u") }),
        delete: Set(rule(Method::Delete, "https://crm.test/d")),
        lookup: Set(LookupPatch {
            request: RulePatch { url: Set("https://crm.test/search".into()), ..RulePatch::default() },
            path: Set("$[*].id".into()),
            ..LookupPatch::default()
        }),
        limits: Set(LimitsPatch { max_concurrency: Set(3), requests_per_second: Set(2.5), ..LimitsPatch::default() }),
        ..SyncPatch::default()
    }
}

fn made(patch: &SyncPatch) -> Merged {
    merge(None, patch, &seal).unwrap()
}

fn changed(before: &Merged, patch: &SyncPatch) -> Merged {
    merge(Some((&before.friendly_name, &before.settings)), patch, &seal).unwrap()
}

fn paths(faults: &[Fault]) -> Vec<String> {
    let path = |fault: &Fault| fault.path.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    faults.iter().map(path).collect()
}

/// The faults of a patch to a full sync.
fn faults(patch: &SyncPatch) -> Vec<String> {
    let full = made(&full());
    paths(&merge(Some((&full.friendly_name, &full.settings)), patch, &seal).unwrap_err().faults)
}

fn on_create(patch: RulePatch) -> SyncPatch {
    SyncPatch { create: Set(patch), ..SyncPatch::default() }
}

// -------------------------------------------------------------------------------------------- defaults, stays, clears

#[test]
fn what_is_left_out_of_a_new_sync_has_its_default() {
    let name_only = SyncPatch { friendly_name: Set("  CRM ".into()), ..SyncPatch::default() };
    let merged = made(&name_only);
    assert_eq!((merged.friendly_name.as_str(), merged.moved.len()), ("CRM", 0));
    assert_eq!(merged.settings, Settings { pages: Some(Pages::Refuse), ..Settings::default() });

    let merged = made(&SyncPatch { create: Set(rule(Method::Post, "https://crm.test/")), ..name_only.clone() });
    let create = merged.settings.create.unwrap();
    assert!(create.enabled && create.ssl_verification);
    assert_eq!((create.timeout_seconds, create.format), (10, BodyFormat::Json));
    assert_eq!((create.headers, create.data), (vec![], None));
    assert_eq!((create.on_missing, create.on_uncertain), (OnMissing::Park, OnUncertain::Resend));

    let lookup = LookupPatch {
        request: RulePatch { url: Set("https://crm.test/".into()), ..RulePatch::default() },
        path: Set("$.id".into()),
        ..LookupPatch::default()
    };
    let lookup = made(&SyncPatch { lookup: Set(lookup), ..name_only }).settings.lookup.unwrap();
    assert_eq!((lookup.request.method, lookup.request.format), (Method::Get, BodyFormat::None));
}

#[test]
fn what_is_said_is_what_is_set() {
    let Merged { settings, .. } = made(&full());
    assert_eq!(
        settings.authentication,
        Authentication::Basic { username: "desk".into(), password: Some(sealed("pw:\"1\"")) }
    );
    let create = settings.create.as_ref().unwrap();
    assert!(!create.enabled && !create.ssl_verification);
    assert_eq!((create.method, create.format, create.timeout_seconds), (Method::Put, BodyFormat::Text, 120));
    assert_eq!((create.data.as_deref(), create.on_uncertain), (Some("{}"), OnUncertain::Park));
    let plain = Header { name: "X-Plain".into(), value: HeaderValue::Template("{{ person.id }}".into()) };
    let secret = Header { name: "X-Key".into(), value: HeaderValue::Secret(Some(sealed("k1"))) };
    assert_eq!(create.headers, [plain, secret]);
    assert_eq!(settings.update.as_ref().unwrap().on_missing, OnMissing::Recreate);
    assert_eq!(settings.limits, Limits { max_concurrency: 3, requests_per_second: Some(2.5), requests_per_day: None });
    assert_eq!(settings.lookup.as_ref().unwrap().path, "$[*].id");
    assert_eq!(settings.timeout_max().as_secs(), 120);
}

#[test]
fn a_patch_that_says_nothing_changes_nothing() {
    let before = made(&full());
    assert_eq!(changed(&before, &SyncPatch::default()), before);
    // Also rule by rule: an empty patch of a rule leaves it as it is.
    let empty = || Set(RulePatch::default());
    let patch = SyncPatch {
        create: empty(),
        update: empty(),
        delete: empty(),
        lookup: Set(LookupPatch::default()),
        limits: Set(LimitsPatch::default()),
        ..SyncPatch::default()
    };
    assert_eq!(changed(&before, &patch), before);
}

fn cleared_settings() -> Settings {
    Settings { pages: Some(Pages::Refuse), ..Settings::default() }
}

#[test]
fn null_clears_what_can_be_cleared() {
    let before = made(&full());
    let cleared = SyncPatch {
        friendly_name: Keep,
        authentication: Clear,
        unique_id: Clear,
        create: Clear,
        update: Clear,
        delete: Clear,
        lookup: Clear,
        limits: Clear,
        ..SyncPatch::default()
    };
    let after = changed(&before, &cleared);
    assert_eq!((after.friendly_name.as_str(), after.settings), ("CRM", cleared_settings()));

    let fields = RulePatch {
        enabled: Clear,
        headers: Clear,
        data: Clear,
        format: Clear,
        ssl_verification: Clear,
        timeout_seconds: Clear,
        on_missing: Clear,
        on_uncertain: Clear,
        ..RulePatch::default()
    };
    let after = changed(&before, &on_create(fields));
    assert_eq!(
        after.settings.create,
        made(&SyncPatch { friendly_name: Set("x".into()), ..on_create(rule(Method::Put, "https://crm.test/people")) })
            .settings
            .create
    );
    let limits = LimitsPatch { max_concurrency: Clear, requests_per_second: Clear, ..LimitsPatch::default() };
    let after = changed(&before, &SyncPatch { limits: Set(limits), ..SyncPatch::default() });
    assert_eq!(after.settings.limits, Limits::default());
    let none = SyncPatch { authentication: Set(AuthenticationInput::None), ..SyncPatch::default() };
    assert_eq!(changed(&before, &none).settings.authentication, Authentication::None);
    // The lookup's method has a default to go back to.
    let request = RulePatch { method: Set(Method::Post), ..RulePatch::default() };
    let lookup =
        |request| SyncPatch { lookup: Set(LookupPatch { request, ..LookupPatch::default() }), ..SyncPatch::default() };
    let posts = changed(&before, &lookup(request));
    assert_eq!(posts.settings.lookup.as_ref().unwrap().request.method, Method::Post);
    let gets = changed(&posts, &lookup(RulePatch { method: Clear, ..RulePatch::default() }));
    assert_eq!(gets.settings.lookup.unwrap().request.method, Method::Get);
}

#[test]
fn one_field_of_a_rule_changes_alone() {
    let before = made(&full());
    let after = changed(&before, &on_create(RulePatch { enabled: Set(true), ..RulePatch::default() }));
    let (was, mut is) = (before.settings.create.clone().unwrap(), after.settings.create.clone().unwrap());
    assert!(is.enabled);
    is.enabled = was.enabled;
    assert_eq!(is, was);
    assert_eq!(after.settings.update, before.settings.update);
}

// ----------------------------------------------------------------------------------------------------------- secrets

#[test]
fn a_secret_that_is_not_given_again_stays_at_its_origin() {
    let before = made(&full());
    // The user name changes, the password is left out.
    let after = changed(&before, &SyncPatch { authentication: basic("other", None), ..SyncPatch::default() });
    let kept = Authentication::Basic { username: "other".into(), password: Some(sealed("pw:\"1\"")) };
    assert_eq!(after.settings.authentication, kept);
    // The header is named in another case, without a value; another path of the same origin.
    let patch = RulePatch {
        url: Set("https://CRM.test:443/v2/people".into()),
        headers: Set(vec![header("x-key", None, None)]),
        ..RulePatch::default()
    };
    let after = changed(&before, &on_create(patch));
    let header = Header { name: "x-key".into(), value: HeaderValue::Secret(Some(sealed("k1"))) };
    assert_eq!(after.settings.create.as_ref().unwrap().headers, [header]);
    assert_eq!((after.moved.len(), misses_secret(&after.settings)), (0, false));
}

#[test]
fn a_secret_header_stays_one_unless_said_otherwise() {
    let before = made(&full());
    let with = |input: HeaderInput| {
        let patch = on_create(RulePatch { headers: Set(vec![input]), ..RulePatch::default() });
        changed(&before, &patch).settings.create.unwrap().headers[0].value.clone()
    };
    assert_eq!(with(header("X-Key", Some("k2"), None)), HeaderValue::Secret(Some(sealed("k2"))));
    assert_eq!(with(header("X-Key", Some("k2"), Some(false))), HeaderValue::Template("k2".into()));
    assert_eq!(with(header("X-Plain", Some("p"), None)), HeaderValue::Template("p".into()));
    assert_eq!(with(header("X-Plain", Some("p"), Some(true))), HeaderValue::Secret(Some(sealed("p"))));
    assert_eq!(with(header("X-Key", None, Some(true))), HeaderValue::Secret(Some(sealed("k1"))));
}

/// Case `authorization_header_in_clear`.
#[test]
fn headers_named_for_a_secret_are_secret_unless_said_otherwise() {
    let of = |name: &str, value: &str, secret: Option<bool>| {
        let headers = Set(vec![header(name, Some(value), secret)]);
        let create = RulePatch { headers, ..rule(Method::Post, "https://crm.test/people") };
        let settings =
            made(&SyncPatch { friendly_name: Set("a".into()), create: Set(create), ..SyncPatch::default() }).settings;
        settings.create.unwrap().headers[0].value.clone()
    };
    for name in
        ["Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Client-Secret", "APIKEY"]
    {
        assert_eq!(of(name, "abc", None), HeaderValue::Secret(Some(sealed("abc"))), "{name}");
        assert_eq!(of(name, "abc", Some(false)), HeaderValue::Template("abc".into()), "{name}");
        // What is made of a person is no secret.
        let token = "{{ person.id }}";
        assert_eq!(of(name, token, None), HeaderValue::Template(token.into()), "{name}");
    }
    for name in ["Idempotency-Key", "X-Trace", "Accept"] {
        assert_eq!(of(name, "abc", None), HeaderValue::Template("abc".into()), "{name}");
    }
}

/// Everything moves to another origin.
fn moved(create: RulePatch) -> SyncPatch {
    let url = |path: &str| RulePatch { url: Set(format!("https://other.test/{path}")), ..RulePatch::default() };
    SyncPatch {
        create: Set(RulePatch { url: Set("https://other.test/people".into()), ..create }),
        update: Set(url("u")),
        delete: Set(url("d")),
        lookup: Set(LookupPatch { request: url("search"), ..LookupPatch::default() }),
        ..SyncPatch::default()
    }
}

#[test]
fn saved_secrets_never_follow_to_another_origin() {
    let before = made(&full());
    let after = changed(&before, &moved(RulePatch::default()));
    let none = Authentication::Basic { username: "desk".into(), password: None };
    assert_eq!(after.settings.authentication, none);
    assert_eq!(after.settings.create.as_ref().unwrap().headers[1].value, HeaderValue::Secret(None));
    let said = after.settings.dropped_secrets.as_deref().unwrap();
    assert!(said.contains("the header X-Key of createUsers") && said.contains("the password"), "{said}");
    assert!(misses_secret(&after.settings));
    assert_eq!(after.moved, [Operation::Create, Operation::Update, Operation::Delete, Operation::Lookup]);
    // What is missing stays said until it is given again.
    let renamed = SyncPatch { friendly_name: Set("New".into()), ..SyncPatch::default() };
    let still = changed(&after, &renamed);
    assert_eq!((still.settings.dropped_secrets.as_deref(), still.moved.len()), (Some(said), 0));
    let headers = Set(vec![header("X-Key", Some("k3"), None)]);
    let again = SyncPatch {
        authentication: basic("desk", Some("new")),
        ..on_create(RulePatch { headers, ..RulePatch::default() })
    };
    let whole = changed(&still, &again);
    assert_eq!((whole.settings.dropped_secrets.as_deref(), misses_secret(&whole.settings)), (None, false));
}

#[test]
fn a_bearer_token_does_not_follow_either() {
    let bearer = |token: &str| Set(AuthenticationInput::Bearer { token: token.into() });
    let before = made(&SyncPatch { authentication: bearer("t1"), ..full() });
    let after = changed(&before, &moved(RulePatch::default()));
    assert_eq!(after.settings.authentication, Authentication::Bearer { token: None });
    assert!(after.settings.dropped_secrets.as_deref().unwrap().contains("the token"));
    let given = changed(&before, &SyncPatch { authentication: bearer("t2"), ..moved(RulePatch::default()) });
    assert_eq!(given.settings.authentication, Authentication::Bearer { token: Some(sealed("t2")) });
}

#[test]
fn secrets_given_again_in_the_same_call_go_along() {
    let before = made(&full());
    let headers = Set(vec![header("x-key", Some("k2"), None)]);
    let patch = SyncPatch {
        authentication: basic("desk", Some("new")),
        ..moved(RulePatch { headers, ..RulePatch::default() })
    };
    let after = changed(&before, &patch);
    assert_eq!(after.settings.dropped_secrets, None);
    assert_eq!(after.settings.create.as_ref().unwrap().headers[0].value, HeaderValue::Secret(Some(sealed("k2"))));
    assert_eq!(after.moved.len(), 4, "what is moved is told all the same");
    // Cleared in the same call: nothing is missing.
    let cleared = SyncPatch { authentication: Clear, ..moved(RulePatch { headers: Clear, ..RulePatch::default() }) };
    assert_eq!(changed(&before, &cleared).settings.dropped_secrets, None);
}

#[test]
fn one_rule_that_moves_takes_the_shared_secret_from_all() {
    let before = made(&full());
    let update = Set(RulePatch { url: Set("http://crm.test/u".into()), ..RulePatch::default() });
    let after = changed(&before, &SyncPatch { update, ..SyncPatch::default() });
    assert_eq!(after.moved, [Operation::Update], "http is another origin than https");
    assert!(after.settings.dropped_secrets.as_deref().unwrap().contains("the password"));
    let kept = &after.settings.create.as_ref().unwrap().headers[1].value;
    assert_eq!(*kept, HeaderValue::Secret(Some(sealed("k1"))), "the create rule's own stays where it was");
}

/// The authentication is that of all rules; a header's secret was given for its own rule.
#[test]
fn a_rule_that_moves_to_an_origin_that_the_sync_has_already_keeps_the_authentication_alone() {
    let two = SyncPatch { delete: Set(rule(Method::Delete, "https://delete.test/d")), ..full() };
    let before = made(&two);
    let patch = RulePatch { url: Set("https://delete.test/people".into()), ..RulePatch::default() };
    let after = changed(&before, &on_create(patch));
    let said = after.settings.dropped_secrets.as_deref().unwrap();
    assert!(said.contains("the header X-Key of createUsers") && !said.contains("the password"), "{said}");
    assert_eq!(after.settings.create.as_ref().unwrap().headers[1].value, HeaderValue::Secret(None));
    assert_eq!(after.settings.authentication, before.settings.authentication);
    assert_eq!(after.moved, [Operation::Create]);
}

/// What begins with a blank that not all readers of URLs take for one has no origin, and gets no secret.
#[test]
fn a_url_without_an_origin_gets_no_secret() {
    let before = made(&full());
    for url in [
        "\u{a0}https://evil.test/",
        "\u{85}https://evil.test/",
        "\u{2003}https://evil.test/",
        "\u{3000}https://evil.test/",
        "\u{feff}https://evil.test/",
        "evil.test",
        "https:\\\\evil.test/",
        "https://crm.test\u{200b}/",
        "https://crm.test\u{a0}.evil.test/",
    ] {
        assert_eq!(Origin::of_template(url), None, "{url:?}");
        let after = changed(&before, &on_create(RulePatch { url: Set(url.into()), ..RulePatch::default() }));
        let said = after.settings.dropped_secrets.as_deref().unwrap_or_default();
        assert!(said.contains("the header X-Key of createUsers") && said.contains("the password"), "{url:?}: {said}");
    }
}

#[test]
fn a_sync_whose_rules_are_taken_away_and_set_anew_elsewhere_has_lost_its_secrets() {
    let before = made(&full());
    let gone = SyncPatch { create: Clear, update: Clear, delete: Clear, lookup: Clear, ..SyncPatch::default() };
    let empty = changed(&before, &gone);
    assert_eq!(empty.settings.authentication, before.settings.authentication, "it may come back");
    let at = |url: &str| SyncPatch { create: Set(rule(Method::Post, url)), ..SyncPatch::default() };
    let elsewhere = changed(&empty, &at("https://evil.test/"));
    assert!(elsewhere.settings.dropped_secrets.as_deref().unwrap().contains("the password"));
    assert_eq!(changed(&empty, &at("https://crm.test/")).settings.authentication, before.settings.authentication);
}

#[test]
fn a_secret_header_follows_to_no_origin_that_a_lookup_introduced() {
    let before = made(&full());
    let url = |url: &str| RulePatch { url: Set(url.into()), ..RulePatch::default() };
    let lookup = LookupPatch { request: url("https://evil.test/search"), ..LookupPatch::default() };
    let introduced = changed(&before, &SyncPatch { lookup: Set(lookup), ..SyncPatch::default() });
    let after = changed(&introduced, &on_create(url("https://evil.test/")));
    assert_eq!(after.settings.create.as_ref().unwrap().headers[1].value, HeaderValue::Secret(None));
}

#[test]
fn removing_a_rule_moves_nothing() {
    let before = made(&full());
    let after = changed(&before, &SyncPatch { create: Clear, ..SyncPatch::default() });
    assert_eq!((after.moved.len(), after.settings.dropped_secrets), (0, None));
}

#[test]
fn origins_are_scheme_host_and_port() {
    let origin = |url: &str| Origin::of_template(url).map(|origin| origin.to_string());
    for (url, expected) in [
        ("https://crm.test/a", Some("https://crm.test")),
        ("https://crm.test", Some("https://crm.test")),
        ("https://CRM.test:443/{{ unique_id }}", Some("https://crm.test")),
        ("http://crm.test:8080?x=1", Some("http://crm.test:8080")),
        ("http://crm.test:80#f", Some("http://crm.test")),
        ("https://crm.test{{ person.id }}", None),
        ("ftp://crm.test/", None),
        ("crm.test", None),
        ("https://", None),
        ("", None),
    ] {
        assert_eq!(origin(url).as_deref(), expected, "{url}");
    }
    let url = url::Url::parse("https://crm.test:443/x").unwrap();
    assert_eq!(Some(Origin::of(&url)), Origin::of_template("https://crm.test/y"));
}

// ------------------------------------------------------------------------------------------------------------ faults

#[test]
fn all_faults_are_told_at_once_with_their_places() {
    let bad_rule = || RulePatch {
        timeout_seconds: Set(0),
        on_missing: Set(OnMissing::Park),
        on_uncertain: Set(OnUncertain::Park),
        headers: Set(vec![header("A", Some("1"), None), header("B", None, None), header("C", None, Some(true))]),
        ..RulePatch::default()
    };
    let patch = SyncPatch {
        friendly_name: Clear,
        authentication: basic("a:b", None),
        unique_id: Set(UniqueIdSource::Path("id".into())),
        create: Set(bad_rule()),
        update: Set(bad_rule()),
        delete: Set(bad_rule()),
        lookup: Set(LookupPatch { request: bad_rule(), ..LookupPatch::default() }),
        limits: Set(LimitsPatch { max_concurrency: Set(0), requests_per_second: Set(0.0), ..LimitsPatch::default() }),
        ..SyncPatch::default()
    };
    let faults = merge(None, &patch, &seal).unwrap_err().faults;
    assert_eq!(
        paths(&faults),
        [
            "friendlyName",
            "createUsers.method",
            "createUsers.url",
            "createUsers.onMissing",
            "createUsers.timeoutSeconds",
            "createUsers.headers.1.value",
            "createUsers.headers.2.value",
            "updateUsers.method",
            "updateUsers.url",
            "updateUsers.onUncertain",
            "updateUsers.timeoutSeconds",
            "updateUsers.headers.1.value",
            "updateUsers.headers.2.value",
            "deleteUsers.method",
            "deleteUsers.url",
            "deleteUsers.onMissing",
            "deleteUsers.onUncertain",
            "deleteUsers.timeoutSeconds",
            "deleteUsers.headers.1.value",
            "deleteUsers.headers.2.value",
            "lookup.url",
            "lookup.onMissing",
            "lookup.onUncertain",
            "lookup.timeoutSeconds",
            "lookup.headers.1.value",
            "lookup.headers.2.value",
            "lookup.path",
            "authentication.basic.username",
            "authentication.basic.password",
            "uniqueId.path",
            "limits.maxConcurrency",
            "limits.requestsPerSecond",
        ]
    );
    assert!(faults.iter().all(|fault| !fault.message.is_empty() && fault.position.is_none()));
}

#[test]
fn numbers_have_bounds() {
    let timeout = |seconds| on_create(RulePatch { timeout_seconds: Set(seconds), ..RulePatch::default() });
    let concurrency = |max| SyncPatch {
        limits: Set(LimitsPatch { max_concurrency: Set(max), requests_per_second: Keep, ..LimitsPatch::default() }),
        ..SyncPatch::default()
    };
    let rate = |rate| SyncPatch {
        limits: Set(LimitsPatch { max_concurrency: Keep, requests_per_second: Set(rate), ..LimitsPatch::default() }),
        ..SyncPatch::default()
    };
    let before = made(&full());
    for good in [timeout(1), timeout(120), concurrency(1), concurrency(256), rate(0.001), rate(10_000.0)] {
        changed(&before, &good);
    }
    for bad in [0, 121, -1, i32::MIN, i32::MAX, 65_537] {
        assert_eq!(faults(&timeout(bad)), ["createUsers.timeoutSeconds"], "{bad}");
    }
    for bad in [0, 257, -1, i32::MAX, 65_537] {
        assert_eq!(faults(&concurrency(bad)), ["limits.maxConcurrency"], "{bad}");
    }
    for bad in [0.0, -1.0, 10_000.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(faults(&rate(bad)), ["limits.requestsPerSecond"], "{bad}");
    }
}

#[test]
fn names_have_1_to_200_characters_without_control_characters() {
    let named = |name: &str| SyncPatch { friendly_name: Set(name.into()), ..SyncPatch::default() };
    assert_eq!(made(&named(&"é".repeat(NAME_CHARACTERS_MAX))).friendly_name.chars().count(), 200);
    for (bad, part) in [("", "empty"), (" \t ", "empty"), (&*"é".repeat(201), "200"), ("a\nb", "control")] {
        assert_eq!(faults(&named(bad)), ["friendlyName"], "{bad:?}");
        assert!(name_fault(bad).unwrap().contains(part));
    }
    assert_eq!(paths(&merge(None, &SyncPatch::default(), &seal).unwrap_err().faults), ["friendlyName"]);
    assert_eq!(faults(&SyncPatch { friendly_name: Clear, ..SyncPatch::default() }), ["friendlyName"]);
}

#[test]
fn what_a_rule_needs_cannot_be_cleared() {
    let cleared = RulePatch { method: Clear, url: Clear, ..RulePatch::default() };
    assert_eq!(faults(&on_create(cleared.clone())), ["createUsers.method", "createUsers.url"]);
    let lookup = LookupPatch { request: cleared, path: Clear, ..LookupPatch::default() };
    assert_eq!(faults(&SyncPatch { lookup: Set(lookup), ..SyncPatch::default() }), ["lookup.url", "lookup.path"]);
}

#[test]
fn options_belong_to_their_rule() {
    let missing = RulePatch { on_missing: Set(OnMissing::Recreate), ..RulePatch::default() };
    let uncertain = RulePatch { on_uncertain: Set(OnUncertain::Park), ..RulePatch::default() };
    assert_eq!(faults(&on_create(missing.clone())), ["createUsers.onMissing"]);
    let on_update = |rule| SyncPatch { update: Set(rule), ..SyncPatch::default() };
    assert_eq!(faults(&on_update(uncertain)), ["updateUsers.onUncertain"]);
    changed(&made(&full()), &on_update(missing));
}

#[test]
fn authorization_is_sent_once() {
    let with = |name: &str, authentication| SyncPatch {
        authentication,
        ..on_create(RulePatch { headers: Set(vec![header(name, Some("x"), None)]), ..RulePatch::default() })
    };
    assert_eq!(faults(&with("AUTHORIZATION", Keep)), ["createUsers.headers.0.name"]);
    let before = made(&full());
    let after = changed(&before, &with("Authorization", Clear));
    // Neither may come to the other.
    let patch = SyncPatch { authentication: basic("a", Some("b")), ..SyncPatch::default() };
    let fault = merge(Some(("CRM", &after.settings)), &patch, &seal).unwrap_err().faults;
    assert_eq!(paths(&fault), ["createUsers.headers.0.name"]);
}

#[test]
fn headers_and_credentials_are_bounded() {
    let headers = |count: usize| {
        let headers = (0..count).map(|n| header(&format!("X-{n}"), Some("v"), None)).collect();
        on_create(RulePatch { headers: Set(headers), ..RulePatch::default() })
    };
    changed(&made(&full()), &headers(HEADERS_MAX));
    assert_eq!(faults(&headers(HEADERS_MAX + 1)), ["createUsers.headers"]);

    let bearer = |token: &str| SyncPatch {
        authentication: Set(AuthenticationInput::Bearer { token: token.into() }),
        ..SyncPatch::default()
    };
    let basic =
        |name: &str, password: &str| SyncPatch { authentication: basic(name, Some(password)), ..SyncPatch::default() };
    let long = "é".repeat(CREDENTIAL_CHARACTERS_MAX + 1);
    for (bad, path) in [
        (bearer(""), "authentication.bearer.token"),
        (bearer("a\nb"), "authentication.bearer.token"),
        (bearer(&long), "authentication.bearer.token"),
        (basic("a:b", "p"), "authentication.basic.username"),
        (basic("a\0", "p"), "authentication.basic.username"),
        (basic(&long, "p"), "authentication.basic.username"),
        (basic("a", "p\r"), "authentication.basic.password"),
        (basic("a", &long), "authentication.basic.password"),
    ] {
        assert_eq!(faults(&bad), [path]);
    }
    let max = "é".repeat(CREDENTIAL_CHARACTERS_MAX);
    for good in [bearer(&max), basic("", ""), basic("Müller", "a:b\"c ü")] {
        changed(&made(&full()), &good);
    }
    // A password may be left out only where one is set already.
    let bearer_before = changed(&made(&full()), &bearer("t"));
    let without = SyncPatch {
        authentication: Set(AuthenticationInput::Basic { username: "a".into(), password: None }),
        ..SyncPatch::default()
    };
    let faults = merge(Some(("CRM", &bearer_before.settings)), &without, &seal).unwrap_err().faults;
    assert_eq!(paths(&faults), ["authentication.basic.password"]);
}

#[test]
fn unique_ids_come_from_a_path_a_header_or_a_template() {
    let of = |source| SyncPatch { unique_id: Set(source), ..SyncPatch::default() };
    for good in [
        UniqueIdSource::Path("$.data[0]['Id']".into()),
        UniqueIdSource::Header("Location".into()),
        UniqueIdSource::Template("{{ person.id }}".into()),
    ] {
        assert_eq!(changed(&made(&full()), &of(good.clone())).settings.unique_id, Some(good));
    }
    for path in ["", "id", "$.[", "$..a..b"] {
        assert_eq!(faults(&of(UniqueIdSource::Path(path.into()))), ["uniqueId.path"], "{path}");
    }
    for name in ["", "a b", "a:b", "é"] {
        assert_eq!(faults(&of(UniqueIdSource::Header(name.into()))), ["uniqueId.header"], "{name}");
    }
    let lookup = LookupPatch { path: Set("$..a..b".into()), ..LookupPatch::default() };
    assert_eq!(faults(&SyncPatch { lookup: Set(lookup), ..SyncPatch::default() }), ["lookup.path"]);
}

#[test]
fn secrets_show_in_no_debug_output() {
    let patch = full();
    let merged = made(&patch);
    for shown in [format!("{patch:?}"), format!("{merged:?}")] {
        assert!(!shown.contains("pw:") && !shown.contains("k1"), "{shown}");
    }
}

// ----------------------------------------------------------------------------------------------------------- revision

#[test]
fn what_may_make_records_addressable_raises_the_unique_id_revision() {
    let Merged { settings, .. } = made(&full());
    let at = Timestamp::from_micros;
    let before = SyncConfig {
        account: AccountId(Uuid::nil()),
        id: SyncId(Uuid::nil()),
        friendly_name: "CRM".into(),
        revision: 7,
        unique_id_revision: 3,
        paused: true,
        settings: settings.clone(),
        created_at: at(1),
        updated_at: at(2),
        deleted_at: None,
    };
    let revision = |change: fn(&mut Settings)| {
        let mut settings = settings.clone();
        change(&mut settings);
        let after = revised(&before, "New", &settings, at(3));
        assert_eq!((after.friendly_name.as_str(), after.paused), ("New", true));
        assert_eq!((after.created_at, after.updated_at, after.revision), (at(1), at(3), 8));
        after.unique_id_revision
    };
    assert_eq!(revision(|_| {}), 3);
    assert_eq!(revision(|settings| settings.update = None), 3);
    assert_eq!(revision(|settings| settings.unique_id = None), 4);
    assert_eq!(revision(|settings| settings.lookup.as_mut().unwrap().path = "$.x".into()), 4);
    assert_eq!(revision(|settings| settings.lookup = None), 4);
}

// ----------------------------------------------------------------------------------------------------------- editions

/// A sync as it was saved before there were editions.
fn from_before() -> Merged {
    let mut before = made(&full());
    let document = serde_json::to_value(&before.settings).unwrap();
    let without = |mut rule: serde_json::Value| {
        rule.as_object_mut().unwrap().remove("edition").expect("a rule that is made has an edition");
        rule
    };
    let mut old = document;
    for name in ["create", "update", "delete"] {
        if !old[name].is_null() {
            old[name] = without(old[name].take());
        }
    }
    old["lookup"]["request"] = without(old["lookup"]["request"].take());
    before.settings = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(serde_json::to_value(&before.settings).unwrap(), old, "the first edition stands in no document");
    before
}

fn editions(merged: &Merged) -> Vec<Edition> {
    merged.settings.rules().map(|(_, rule)| rule.edition).collect()
}

#[test]
fn a_rule_keeps_its_edition_until_its_templates_are_edited() {
    let new = made(&full());
    assert!(editions(&new).iter().all(|edition| *edition == Edition::CURRENT));
    let before = from_before();
    assert!(editions(&before).iter().all(|edition| *edition == Edition::First));

    let saved = before.settings.create.clone().unwrap();
    let create = |patch| changed(&before, &on_create(patch)).settings.create.unwrap().edition;
    assert_eq!(
        create(RulePatch { enabled: Set(false), timeout_seconds: Set(7), ..RulePatch::default() }),
        Edition::First
    );
    let same =
        RulePatch { url: Set(saved.url.clone()), data: saved.data.clone().map_or(Clear, Set), ..RulePatch::default() };
    assert_eq!(create(same), Edition::First, "given again as it was");
    for patch in [
        RulePatch { url: Set("https://crm.test/other".into()), ..RulePatch::default() },
        RulePatch { data: Set("{\"other\": 1}".into()), ..RulePatch::default() },
        RulePatch { format: Set(BodyFormat::Xml), ..RulePatch::default() },
        RulePatch {
            headers: Set(vec![HeaderInput { name: "X-A".into(), value: Some("1".into()), secret: Some(false) }]),
            ..RulePatch::default()
        },
    ] {
        assert_eq!(create(patch.clone()), Edition::CURRENT, "{patch:?}");
    }
    let edited = changed(&before, &on_create(RulePatch { data: Set("{}".into()), ..RulePatch::default() }));
    assert_eq!(edited.settings.update, before.settings.update, "other rules stay as they are");
}

#[test]
fn a_chosen_id_keeps_its_edition_until_its_template_is_edited() {
    let chosen = |template: &str| SyncPatch {
        unique_id: Set(UniqueIdSource::Template(template.into())),
        ..SyncPatch::default()
    };
    let mut before = from_before();
    before.settings.unique_id = Some(UniqueIdSource::Template("crm-{{ person.id }}".into()));
    let edition = |patch: &SyncPatch| changed(&before, patch).settings.unique_id_edition;
    assert_eq!(edition(&SyncPatch::default()), Edition::First);
    assert_eq!(edition(&chosen("crm-{{ person.id }}")), Edition::First);
    assert_eq!(edition(&chosen("x-{{ person.id }}")), Edition::CURRENT);
}
