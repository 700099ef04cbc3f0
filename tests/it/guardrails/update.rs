//! A guardrail is changed without losing a check, an action or a secret.

use portkey_admin_mcp::{mask::SENTINEL, sandbox::Received};
use serde_json::{Value, json};

use super::stored;
use crate::support::{Served, serve, settings};

const JSON: &str = "pg-json-7a8b9c";

/// Updates a guardrail, asserts what left, and gives what the tool told.
async fn update(served: &Served, slug: &str, change: Value, body: Value) -> Value {
    let mut args = change;
    args["guardrail_id"] = slug.into();
    served.sent();
    let called = served.call("update_guardrail", args).await;
    let sent = served.sent();
    let put = sent.iter().find(|request| request.method == "PUT");
    assert_eq!(put.map_or(Value::Null, Received::json), body, "{}", called.answer.body);
    if let Some(put) = put {
        assert_eq!(put.path, format!("/v1/guardrails/{slug}"));
    }
    called.data().clone()
}

#[tokio::test]
async fn only_what_is_given_is_sent_and_the_rest_stays() {
    let served = serve(settings()).await;
    let before = stored(&served, JSON).await;
    let told =
        update(&served, JSON, json!({ "name": "In form" }), json!({ "name": "In form" })).await;
    assert_eq!((&told["action"], &told["guardrail_id"]), (&json!("updated"), &json!(JSON)));
    assert!(told["version_id"].is_string(), "{told}");
    let after = stored(&served, JSON).await;
    for field in ["checks", "actions", "target", "workspace_id", "slug"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let none = update(&served, JSON, json!({ "name": "In form" }), Value::Null).await;
    assert_eq!(none["action"], "unchanged");

    let mut actions = before["actions"].clone();
    actions["deny"] = true.into();
    actions["on_fail"]["feedback"]["value"] = (-9).into();
    let change = json!({ "actions": { "deny": true, "on_fail": { "value": -9 } } });
    update(&served, JSON, change, json!({ "actions": actions })).await;
    assert_eq!(stored(&served, JSON).await["checks"], before["checks"]);
}

#[tokio::test]
async fn checks_are_merged_by_id_and_name_and_none_is_lost() {
    let served = serve(settings()).await;
    let before = stored(&served, JSON).await["checks"].clone();
    let mut checks = before.clone();
    checks[1]["is_enabled"] = false.into();
    checks[1]["parameters"] = json!({ "rule": "ftp://", "not": true });
    checks[2]["parameters"] = json!({ "minWords": 1, "maxWords": 50 });
    let added = json!({ "id": "default.regexMatch", "name": "No shouting", "parameters": { "rule": "[A-Z]{9}" } });
    checks.as_array_mut().unwrap().push(added.clone());
    let change = json!({ "checks": [
        { "id": "default.regexMatch", "name": "No link", "is_enabled": false, "parameters": { "rule": "ftp://" } },
        { "id": "default.wordCount", "parameters": { "maxWords": 50 } },
        added,
    ] });
    let told = update(&served, JSON, change, json!({ "checks": checks })).await;
    let paths: Vec<_> = told["changes"].as_array().unwrap().iter().map(|it| &it["path"]).collect();
    assert_eq!(paths.len(), 4, "{told}");
    assert_eq!(stored(&served, JSON).await["checks"], checks);

    let mut fewer = checks.clone();
    fewer.as_array_mut().unwrap().remove(3);
    let change = json!({ "remove_checks": ["No shouting"],
        "checks": [{ "id": "default.wordCount", "parameters": { "minWords": null } }] });
    fewer[2]["parameters"] = json!({ "maxWords": 50 });
    update(&served, JSON, change, json!({ "checks": fewer })).await;
    let only = json!([{ "id": "portkey.language", "parameters": { "language": "eng_Latn" } }]);
    let change = json!({ "checks": only, "replace": true, "dry_run": true });
    let told = update(&served, JSON, change.clone(), Value::Null).await;
    assert_eq!(told["action"], "would_update");
    assert_eq!(stored(&served, JSON).await["checks"], fewer);
    let change = json!({ "checks": only, "replace": true });
    update(&served, JSON, change, json!({ "checks": only })).await;
}

#[tokio::test]
async fn every_argument_at_once_makes_one_request() {
    let served = serve(settings()).await;
    let before = stored(&served, JSON).await;
    let mut actions = before["actions"].clone();
    actions["async"] = true.into();
    let checks = json!([before["checks"][0], before["checks"][2], { "id": "default.contains" }]);
    let change = json!({ "name": "All", "checks": [{ "id": "default.contains" }],
        "remove_checks": ["No link"], "replace": false, "actions": { "async": true },
        "dry_run": false });
    let body = json!({ "name": "All", "checks": checks, "actions": actions });
    update(&served, JSON, change, body).await;
}

#[tokio::test]
async fn a_secret_that_was_shown_masked_is_kept_and_goes_nowhere_else() {
    let served = serve(settings()).await;
    let slug = "pg-secret-0d1e2f";
    let before = stored(&served, slug).await;
    let shown = served.call("get_guardrail", json!({ "guardrail_id": slug })).await;
    let mut checks = shown.data()["checks"].clone();
    assert_eq!(checks[0]["parameters"]["headers"]["x-dlp-key"], SENTINEL);
    checks[0]["parameters"]["timeout"] = 100.into();
    let mut want = before["checks"].clone();
    want[0]["parameters"]["timeout"] = 100.into();
    // Merged, with the check as it was shown.
    update(&served, slug, json!({ "checks": checks }), json!({ "checks": want })).await;
    // Replaced by what was shown.
    let shown = served.call("get_guardrail", json!({ "guardrail_id": slug })).await;
    let change = json!({ "checks": shown.data()["checks"], "replace": true });
    assert_eq!(update(&served, slug, change, Value::Null).await["action"], "unchanged");
    let elsewhere = json!({ "guardrail_id": slug, "checks": [{ "id": "default.webhook", "name": "DLP",
        "parameters": { "webhookURL": "https://elsewhere.example" } }] });
    let error = served.call("update_guardrail", elsewhere).await.error();
    assert!(error["message"].as_str().unwrap().contains("webhookURL"), "{error}");
    assert_eq!(served.sent_lines().last().unwrap(), &format!("GET /v1/guardrails/{slug}"));
}

#[tokio::test]
async fn what_is_not_clear_is_refused_and_nothing_is_written() {
    let served = serve(settings()).await;
    let table = [
        (json!({}), "nothing to change"),
        (json!({ "checks": [{ "name": "x" }] }), "`checks[0]`"),
        (
            json!({ "checks": [{ "id": "default.regexMatch", "is_enabled": false }] }),
            "`checks[0].id`",
        ),
        (
            json!({ "checks": [{ "id": "default.wordCount" }, { "id": "default.wordCount" }] }),
            "`checks[1]`",
        ),
        (json!({ "remove_checks": ["No such check"] }), "`remove_checks[0]`"),
        (
            json!({ "remove_checks": ["default.regexMatch", "default.wordCount"] }),
            "`remove_checks`",
        ),
        (
            json!({ "checks": [{ "id": "new", "parameters": { "headers": { "a": SENTINEL } } }] }),
            "masked",
        ),
    ];
    for (change, named) in table {
        let mut args = change.clone();
        args["guardrail_id"] = JSON.into();
        let error = served.call("update_guardrail", args).await.error();
        assert_eq!(error["kind"], "invalid_arguments", "{error}");
        assert!(error["message"].as_str().unwrap().contains(named), "{change}: {error}");
        assert!(served.sent().iter().all(|request| request.method == "GET"), "{change}");
    }
}

/// A change that is built upon a stale read would undo the one before it.
#[tokio::test]
async fn a_stale_read_is_not_built_upon() {
    let served = serve(settings()).await;
    let change = |words: u64| {
        json!({ "guardrail_id": JSON,
            "checks": [{ "id": "default.wordCount", "parameters": { "maxWords": words } }] })
    };
    served.sandbox.faults().stale_for_reads(2);
    served.call("update_guardrail", change(10)).await.data();
    let rename = json!({ "guardrail_id": JSON, "actions": { "deny": true } });
    served.call("update_guardrail", rename).await.data();
    served.call("update_guardrail", change(20)).await.data();
    served.sandbox.faults().fresh();
    let after = stored(&served, JSON).await;
    assert_eq!(after["checks"][2]["parameters"]["maxWords"], 20);
    assert_eq!(after["actions"]["deny"], true);

    served.sandbox.faults().stale_for_reads(100);
    let told = served.call("update_guardrail", change(30)).await;
    assert!(told.data()["note"].as_str().unwrap().contains("older"), "{}", told.data());
    let error = served.call("update_guardrail", change(40)).await.error();
    assert_eq!((&error["kind"], &error["retry_helps"]), (&json!("stale"), &json!(true)), "{error}");
}
