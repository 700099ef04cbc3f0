//! Masks in documents that are written back: what they stand for, and where none may.

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::json;

use super::update::{document, parsed, stored};
use crate::support::{joined, serve, settings};

#[tokio::test]
async fn a_mask_stands_for_the_secret_that_is_stored() {
    let (served, account, slug) = stored().await;
    let got = served.call("get_config", json!({ "slug": slug })).await;
    let mut shown = got.data()["config"].clone();
    assert_eq!(
        (&shown["api_key"], &shown["headers"]["x-auth"]),
        (&json!(SENTINEL), &json!(SENTINEL))
    );
    let mut want = document();
    for (replace, timeout) in [(true, 9), (false, 10)] {
        shown["request_timeout"] = timeout.into();
        want["request_timeout"] = timeout.into();
        let args = json!({ "slug": slug, "config": shown, "replace": replace });
        served.call("update_config", args).await.data();
        assert_eq!(parsed(&account, &slug).await, want, "replace: {replace}");
        // In a merge a null deletes; the document is shown with one.
        shown["override_params"] = json!({});
    }
}

#[tokio::test]
async fn a_secret_does_not_go_to_a_host_that_changed() {
    let (served, account, slug) = stored().await;
    let masked = json!({ "custom_host": "https://other.example", "api_key": SENTINEL });
    let whole = {
        let got = served.call("get_config", json!({ "slug": slug })).await;
        let mut shown = got.data()["config"].clone();
        shown["custom_host"] = "https://other.example".into();
        shown
    };
    let left_out = json!({ "custom_host": "https://other.example" });
    let gone = json!({ "custom_host": null });
    for (config, replace) in
        [(&masked, false), (&whole, false), (&whole, true), (&left_out, false), (&gone, false)]
    {
        served.sent();
        let args = json!({ "slug": slug, "config": config, "replace": replace });
        let complaints = served.call("update_config", args).await.complaints();
        assert!(complaints.contains(&"config.custom_host".to_owned()), "{complaints:?}");
        assert!(served.sent().iter().all(|request| request.method == http::Method::GET));
    }
    assert_eq!(account.document(&slug).await, document().to_string());
    let new = json!({ "custom_host": "https://other.example", "api_key": "new", "headers": { "x-auth": "new" } });
    let args = json!({ "slug": slug, "config": new });
    assert_eq!(served.call("update_config", args).await.data()["action"], "updated");
}

/// A load balancer between two keys, as its operator changes it.
#[tokio::test]
async fn a_weight_beside_a_masked_secret_can_be_changed() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let target = |name: &str, weight: f64, key: &str| json!({ "name": name, "provider": "openai", "weight": weight, "api_key": key });
    let unnamed = json!({ "provider": "mistral-ai", "weight": 0.1, "api_key": "kept-three" });
    let stored =
        json!({ "targets": [target("a", 0.4, "kept-one"), target("b", 0.5, "kept-two"), unnamed] });
    let slug = account.config("Balanced", &stored).await;
    let mut want = stored.clone();
    for (i, weight) in [(0, 0.25), (1, 0.75), (2, 0.5)] {
        for replace in [false, true] {
            let got = served.call("get_config", json!({ "slug": slug })).await;
            let mut shown = got.data()["config"].clone();
            let weight = if replace { weight + 1.0 } else { weight };
            shown["targets"][i]["weight"] = weight.into();
            want["targets"][i]["weight"] = weight.into();
            let args = json!({ "slug": slug, "config": shown, "replace": replace });
            served.call("update_config", args).await.data();
            assert_eq!(parsed(&account, &slug).await, want);
        }
    }
}

#[tokio::test]
async fn a_secret_that_a_list_leaves_out_is_kept_or_deleted_but_never_lost() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let target = json!({ "name": "a", "provider": "openai", "weight": 1.0, "api_key": "kept" });
    let slug = account.config("Guarded", &json!({ "targets": [target] })).await;
    let update = |target: serde_json::Value| {
        let args = json!({ "slug": slug, "config": { "targets": [target] } });
        served.call("update_config", args)
    };
    let bare = json!({ "name": "a", "provider": "openai", "weight": 0.5 });
    let refused = update(bare.clone()).await;
    assert_eq!(refused.complaints(), ["config.targets[0].api_key"]);
    assert!(refused.text().contains("null to delete it"), "{}", refused.text());
    assert_eq!(
        parsed(&account, &slug).await,
        json!({ "targets": [target] }),
        "nothing was written"
    );

    let mut kept = bare.clone();
    kept["api_key"] = SENTINEL.into();
    update(kept.clone()).await.data();
    kept["api_key"] = "kept".into();
    assert_eq!(parsed(&account, &slug).await, json!({ "targets": [kept] }));

    let mut deleted = bare.clone();
    deleted["api_key"] = json!(null);
    let told = update(deleted.clone()).await;
    let change = json!([{ "path": "config.targets[0].api_key", "before": SENTINEL }]);
    assert_eq!(told.data()["changes"], change, "{}", told.data());
    assert_eq!(parsed(&account, &slug).await, json!({ "targets": [bare] }));
    assert_eq!(update(deleted).await.data()["action"], "unchanged");
}

#[tokio::test]
async fn of_very_many_wrong_masks_the_first_are_told() {
    let (served, _, slug) = stored().await;
    let targets = vec![json!({ "api_key": SENTINEL }); 20_000];
    let args = json!({ "slug": slug, "config": { "targets": targets } });
    let refused = served.call("update_config", args).await;
    assert_eq!(refused.complaints().len(), 20);
    assert!(refused.text().len() < 16_384, "{} bytes", refused.text().len());
}

/// The gateway reads both ways to write a name.
#[tokio::test]
async fn names_in_camel_case_are_secrets_and_hosts_too() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let document = json!({
        "apiKey": "kept", "customHost": "https://h.example", "awsSecretAccessKey": "kept",
        "targets": [{ "azureEntraClientSecret": "kept", "baseURL": "https://b.example" }],
        "requestHeaders": { "x": "kept" }, "weightOfToken": 5, "overrideParams": { "maxTokens": 7 },
    });
    let slug = account.config("Camel", &document).await;
    let got = served.call("get_config", json!({ "slug": slug })).await;
    assert!(!got.wire().contains("kept"), "{}", got.wire());
    let mut shown = got.data()["config"].clone();
    assert_eq!(shown["overrideParams"]["maxTokens"], 7);
    shown["customHost"] = "https://other.example".into();
    for other in [shown, json!({ "custom_host": "https://other.example" })] {
        let args = json!({ "slug": slug, "config": other });
        let complaints = served.call("update_config", args).await.complaints();
        assert_eq!(complaints.len(), 1, "{complaints:?}");
    }
    assert_eq!(account.document(&slug).await, document.to_string());
}

#[tokio::test]
async fn a_host_may_change_where_no_secret_goes_there() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let document = json!({
        "custom_host": "https://h.example", "targets": [{ "api_key": "", "weight": 1 }],
        "other": [{ "custom_host": "https://o.example" }],
    });
    let slug = account.config("Open", &document).await;
    let change = json!({ "custom_host": "https://other.example", "other": [{ "custom_host": "https://n.example" }] });
    served.call("update_config", json!({ "slug": slug, "config": change })).await.data();
    assert_eq!(parsed(&account, &slug).await["custom_host"], "https://other.example");
}

#[tokio::test]
async fn masks_that_stand_for_nothing_are_refused_with_their_path() {
    let (served, _, slug) = stored().await;
    let wrong = [
        (json!({ "client_secret": SENTINEL }), "config.client_secret"),
        (json!({ "cache": { "mode": SENTINEL } }), "config.cache.mode"),
        (json!({ "targets": [{ "virtual_key": "a", "api_key": SENTINEL }] }), "config.targets[0]"),
        (json!({ "metadata": { "note": format!("see {SENTINEL}") } }), "config.metadata.note"),
        (json!({ "api_key": "sk-***m40" }), "config.api_key"),
        (json!({ "headers": { "x-auth": "kept***" } }), "config.headers.x-auth"),
    ];
    for (config, path) in wrong {
        // One that replaces is told of the secrets that it leaves out as well.
        let rest = json!({ "api_key": null, "headers": { "x-auth": null } });
        let replacing = joined(rest, &config);
        for (config, replace) in [(&config, false), (&replacing, true)] {
            served.sent();
            let args = json!({ "slug": slug, "config": config, "replace": replace });
            let complaints = served.call("update_config", args).await.complaints();
            assert!(complaints.contains(&path.to_owned()), "{config}: {complaints:?}");
            assert!(served.sent().iter().all(|request| request.method == http::Method::GET));
        }
    }
    for (tool, args, path) in [
        (
            "create_config",
            json!({ "name": "x", "config": { "api_key": SENTINEL } }),
            "config.api_key",
        ),
        (
            "create_config",
            json!({ "name": "x", "config": { "api_key": "sk-***m40" } }),
            "config.api_key",
        ),
        ("create_config", json!({ "name": SENTINEL, "config": {} }), "name"),
        ("update_config", json!({ "slug": slug, "name": SENTINEL }), "name"),
    ] {
        served.sent();
        assert_eq!(served.call(tool, args).await.complaints(), [path]);
        assert_eq!(served.sent_lines(), [""; 0]);
    }
}

/// What Portkey shows masked is not the secret: written back, it would destroy it.
#[tokio::test]
async fn a_secret_that_portkey_masks_is_never_written_back() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let slug =
        account.config("Masked", &json!({ "api_key": "sk-***m40", "request_timeout": 1 })).await;
    let shown = json!({ "api_key": SENTINEL, "request_timeout": 2 });
    for (config, replace) in
        [(json!({ "request_timeout": 2 }), false), (shown.clone(), false), (shown, true)]
    {
        let args = json!({ "slug": slug, "config": config, "replace": replace });
        let complaints = served.call("update_config", args).await.complaints();
        assert_eq!(complaints, ["config.api_key"]);
    }
    let args = json!({ "slug": slug, "config": { "request_timeout": 2, "api_key": "given-anew" } });
    served.call("update_config", args).await.data();
    assert_eq!(account.document(&slug).await, r#"{"api_key":"given-anew","request_timeout":2}"#);
    served.call("update_config", json!({ "slug": slug, "name": "Renamed" })).await.data();
}
