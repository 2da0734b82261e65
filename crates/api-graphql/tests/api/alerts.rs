//! Alerts to administrators, as they set and see them.

use crate::support::{World, world};
use serde_json::{Value, json};
use sync_core::key::Role;

const SET: &str = "mutation($input: AlertsInput!) { setAlerts(input: $input) { secret settings { url parkedAbove } } }";

async fn set(world: &World, input: Value) -> Value {
    world.data(SET, json!({ "input": input })).await["setAlerts"].clone()
}

#[tokio::test]
async fn a_secret_is_shown_once_and_stays_until_it_is_replaced() {
    let world = world().await;
    let settings = "{ alertSettings { url parkedAbove waiting lastSentAt lastError lastErrorAt } }";
    assert_eq!(world.data(settings, Value::Null).await["alertSettings"], Value::Null);
    let made = set(&world, json!({ "url": "https://alerts.test/hook?t=1" })).await;
    assert_eq!(made["settings"], json!({ "url": "https://alerts.test/hook?t=1", "parkedAbove": 100 }));
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{}", secret.len());
    let kept = set(&world, json!({ "url": "https://alerts.test/", "parkedAbove": null })).await;
    assert_eq!(kept, json!({ "secret": null, "settings": { "url": "https://alerts.test/", "parkedAbove": null } }));
    let replaced = set(&world, json!({ "url": "https://alerts.test/", "secret": null, "parkedAbove": 0 })).await;
    assert_ne!(replaced["secret"], json!(secret));
    assert_eq!(replaced["settings"]["parkedAbove"], 0);
    let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let own = set(&world, json!({ "url": "https://alerts.test/", "secret": given })).await;
    assert_eq!((own["secret"].as_str(), &own["settings"]["parkedAbove"]), (Some(given), &json!(0)));
    let seen = world.answer(Role::Reader, settings, Value::Null).await;
    assert!(seen.errors.is_empty() && !seen.data.to_string().contains("whsec_"), "{seen:?}");
    let removed = world.data("mutation { removeAlerts }", Value::Null).await;
    assert_eq!(removed["removeAlerts"], true);
    assert_eq!(world.data("mutation { removeAlerts }", Value::Null).await["removeAlerts"], false);
    assert_eq!(world.data(settings, Value::Null).await["alertSettings"], Value::Null);
}

#[tokio::test]
async fn every_fault_is_told_at_its_field() {
    let world = world().await;
    let input = json!({ "url": "https://user:pass@alerts.test/", "secret": "whsec_c2hvcnQ=", "parkedAbove": -1 });
    let faults = world.faults(SET, json!({ "input": input })).await;
    let paths: Vec<_> = faults.iter().map(|(path, _)| path.clone()).collect();
    assert_eq!(paths, [json!(["input", "url"]), json!(["input", "secret"]), json!(["input", "parkedAbove"])]);
    assert!(!format!("{faults:?}").contains("c2hvcnQ"), "{faults:?}");
    for (url, told) in [("ftp://a.test/", "http"), ("alerts", "no URL"), ("https://a.test/#x", "fragment")] {
        let faults = world.faults(SET, json!({ "input": { "url": url } })).await;
        assert!(faults[0].1.contains(told), "{url}: {faults:?}");
    }
    let nothing = world.data("{ alertSettings { url } }", Value::Null).await;
    assert_eq!(nothing["alertSettings"], Value::Null, "nothing was half done");
}

const TEST: &str = "mutation { testAlert { request { method url headers { name value } body } response { status } error durationMs } }";

#[tokio::test]
async fn a_test_alert_tells_what_was_answered() {
    let world = world().await;
    let error = world.error(TEST, Value::Null).await;
    assert_eq!(error["extensions"]["code"], "NOT_FOUND", "{error}");
    set(&world, json!({ "url": "https://alerts.test/hook" })).await;
    world.crm.answer(204, "");
    let told = world.data(TEST, Value::Null).await["testAlert"].clone();
    assert_eq!((&told["error"], &told["response"]["status"]), (&Value::Null, &json!(204)));
    let request = &told["request"];
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!("https://alerts.test/hook")));
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["type"], &body["data"]), (&json!("alert.test"), &json!({})));
    let names: Vec<_> = request["headers"].as_array().unwrap().iter().map(|header| header["name"].clone()).collect();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        assert!(names.contains(&json!(name)), "{name}: {names:?}");
    }
    world.crm.answer(500, "no");
    let refused = world.data(TEST, Value::Null).await["testAlert"].clone();
    assert_eq!(refused["error"], "the receiver answered 500");
    let unreachable = world.data(TEST, Value::Null).await["testAlert"].clone();
    assert!(unreachable["error"].as_str().unwrap().contains("refused") && unreachable["response"].is_null());
}
