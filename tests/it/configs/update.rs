//! What `update_config` writes, and when it writes nothing.

use portkey_admin_mcp::{mask::SENTINEL, sandbox::Received};
use serde_json::{Value, json};

use crate::support::{Account, Served, line, serve, settings};

/// A config with everything that an update could lose.
fn document() -> Value {
    json!({
        "strategy": { "mode": "fallback", "on_status_codes": [429, 500] },
        "targets": [{ "virtual_key": "a", "weight": 0.5 }, { "virtual_key": "b", "weight": 0.5 }],
        "cache": { "mode": "simple", "max_age": 60 },
        "override_params": { "model": "gpt-4o", "stop": null },
        "custom_host": "https://h.example/v1", "api_key": "kept-secret",
        "headers": { "x-auth": "kept-header" },
    })
}

/// A sandbox with that config, its own API, and the slug.
async fn stored() -> (Served, Account, String) {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let slug = account.config("Edited", &document()).await;
    (served, account, slug)
}

/// The one PUT among what was sent.
fn put(sent: &[Received]) -> Value {
    let mut puts = sent.iter().filter(|request| request.method == http::Method::PUT);
    let body = puts.next().expect("a PUT").json();
    assert!(puts.next().is_none(), "one PUT");
    body
}

async fn parsed(account: &Account, slug: &str) -> Value {
    serde_json::from_str(&account.document(slug).await).unwrap()
}

#[tokio::test]
async fn an_update_merges_objects_deletes_nulls_and_replaces_lists() {
    let (served, account, slug) = stored().await;
    let patch = json!({
        "cache": { "max_age": 90 }, "targets": [{ "virtual_key": "c" }], "request_timeout": 5,
        "override_params": { "model": null, "top_p": 0.5 },
    });
    let updated = served.call("update_config", json!({ "slug": slug, "config": patch })).await;
    let mut want = document();
    want["cache"]["max_age"] = 90.into();
    want["targets"] = json!([{ "virtual_key": "c" }]);
    want["request_timeout"] = 5.into();
    want["override_params"] = json!({ "stop": null, "top_p": 0.5 });
    assert_eq!(parsed(&account, &slug).await, want);
    assert_eq!(put(&served.sent()), json!({ "config": want }), "only what changes is sent");
    let data = updated.data();
    assert_eq!((&data["action"], &data["slug"]), (&json!("updated"), &json!(slug)));
    let row = account.get(&format!("/configs/{slug}")).await;
    assert_eq!(data["version_id"], row["version_id"]);
    assert!(data.get("note").is_none(), "{data}");
}

/// RFC 7396: null deletes a key, whatever type the key has.
#[tokio::test]
async fn null_deletes_any_key_of_the_document() {
    let (served, account, slug) = stored().await;
    // A strategy goes before its targets, and a host after the secrets that go there.
    let keys =
        ["strategy", "targets", "cache", "override_params", "headers", "api_key", "custom_host"];
    assert_eq!(keys.len(), document().as_object().unwrap().len());
    for key in keys {
        let patch = json!({ (key): null });
        served.call("update_config", json!({ "slug": slug, "config": patch })).await.data();
        let kept = parsed(&account, &slug).await;
        assert!(kept.get(key).is_none(), "{key} is still there: {kept}");
    }
    let patch = json!({ "retry": { "attempts": 2, "on_status_codes": [429] } });
    served.call("update_config", json!({ "slug": slug, "config": patch })).await.data();
    let patch = json!({ "retry": { "attempts": null } });
    served.call("update_config", json!({ "slug": slug, "config": patch })).await.data();
    assert_eq!(account.document(&slug).await, r#"{"retry":{"on_status_codes":[429]}}"#);
}

#[tokio::test]
async fn replace_puts_the_document_in_the_place_of_the_old_one() {
    let (served, account, slug) = stored().await;
    let args = json!({ "slug": slug, "config": { "virtual_key": "only" }, "replace": true });
    let updated = served.call("update_config", args).await;
    assert_eq!(account.document(&slug).await, r#"{"virtual_key":"only"}"#);
    let text = updated.text();
    assert!(text.contains("config.cache") && !text.contains("kept-"), "{text}");
}

#[tokio::test]
async fn name_and_status_change_without_the_document() {
    let (served, account, slug) = stored().await;
    let args = json!({ "slug": slug, "name": "Renamed", "status": "inactive" });
    served.call("update_config", args).await.data();
    assert_eq!(put(&served.sent()), json!({ "name": "Renamed", "status": "inactive" }));
    let row = account.get(&format!("/configs/{slug}")).await;
    assert_eq!((&row["name"], &row["status"]), (&json!("Renamed"), &json!("inactive")));
    assert_eq!(row["config"], document().to_string());
}

#[tokio::test]
async fn flat_arguments_merge_as_the_document_does() {
    let (served, account, slug) = stored().await;
    let args = json!({ "slug": slug, "cache_mode": "semantic", "retry_attempts": 2 });
    served.call("update_config", args).await.data();
    let mut want = document();
    want["cache"]["mode"] = "semantic".into();
    want["retry"] = json!({ "attempts": 2 });
    assert_eq!(parsed(&account, &slug).await, want);
}

#[tokio::test]
async fn a_dry_run_shows_the_change_and_writes_nothing() {
    let (served, account, slug) = stored().await;
    let patch = json!({ "cache": { "max_age": 90 }, "headers": { "x-auth": "new-header" } });
    let args = json!({ "slug": slug, "config": patch, "name": "New", "dry_run": true });
    let told = served.call("update_config", args).await;
    assert_eq!(told.data()["action"], "would_update");
    assert_eq!(
        told.data()["changes"],
        json!([
            { "path": "name", "before": "Edited", "after": "New" },
            { "path": "config.cache.max_age", "before": 60, "after": 90 },
            { "path": "config.headers.x-auth", "before": SENTINEL, "after": SENTINEL },
        ])
    );
    assert_eq!(served.sent_lines(), [format!("GET /v1/configs/{slug}")]);
    assert_eq!(account.document(&slug).await, document().to_string());
}

#[tokio::test]
async fn what_is_there_already_is_not_written_again() {
    let (served, account, slug) = stored().await;
    let before = account.get(&format!("/configs/{slug}")).await;
    let patches = [
        json!({ "config": { "cache": { "max_age": 60 } } }),
        json!({ "config": document(), "replace": true }),
        json!({ "name": "Edited", "status": "active", "config": {} }),
        json!({ "config": { "never_was": null } }),
    ];
    for mut args in patches {
        served.sent();
        args["slug"] = slug.clone().into();
        let told = served.call("update_config", args).await;
        assert_eq!(told.data()["action"], "unchanged");
        assert_eq!(told.data()["version_id"], before["version_id"]);
        assert_eq!(served.sent_lines(), [format!("GET /v1/configs/{slug}")]);
    }
    assert_eq!(account.get(&format!("/configs/{slug}")).await, before);
    let error = served.call("update_config", json!({ "slug": slug })).await.error();
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
}

#[tokio::test]
async fn another_version_than_the_one_meant_is_not_overwritten() {
    let (served, account, slug) = stored().await;
    let path = format!("/configs/{slug}");
    let read = account.get(&path).await["version_id"].clone();
    let change =
        |n: u32| json!({ "slug": slug, "config": { "request_timeout": n }, "if_version": read });
    let first = served.call("update_config", change(1)).await;
    assert_eq!(first.data()["action"], "updated");
    served.sent();
    let error = served.call("update_config", change(2)).await.error();
    assert_eq!(error["kind"], "precondition", "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(first.data()["version_id"].as_str().unwrap()), "{message}");
    assert!(served.sent().iter().all(|request| request.method == http::Method::GET));
    let mut again = change(2);
    again["if_version"] = first.data()["version_id"].clone();
    assert_eq!(served.call("update_config", again).await.data()["action"], "updated");
}

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
        for replace in [false, true] {
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

#[tokio::test]
async fn a_read_that_lags_behind_a_write_is_waited_for() {
    let (served, account, slug) = stored().await;
    served.sandbox.faults().stale_for_reads(2);
    let change = |n: u32| json!({ "slug": slug, "config": { "request_timeout": n } });
    let told = served.call("update_config", change(1)).await;
    assert!(told.data().get("note").is_none(), "{}", told.data());
    let sent = served.sent_lines();
    let path = format!("/v1/configs/{slug}");
    assert_eq!(
        sent,
        [
            format!("GET {path}"),
            format!("PUT {path}"),
            format!("GET {path}"),
            format!("GET {path}"),
            format!("GET {path}")
        ],
        "it reads until the new version shows"
    );
    let got = served.call("get_config", json!({ "slug": slug })).await;
    assert_eq!(got.data()["config"]["request_timeout"], 1);
    served.call("update_config", change(2)).await.data();
    assert_eq!(parsed(&account, &slug).await["request_timeout"], 2);
}

#[tokio::test]
async fn reads_that_stay_behind_are_reported_and_not_built_upon() {
    let (served, _, slug) = stored().await;
    served.sandbox.faults().stale_for_reads(1_000);
    let change = |n: u32| json!({ "slug": slug, "config": { "request_timeout": n } });
    let told = served.call("update_config", change(1)).await;
    assert_eq!(told.data()["action"], "updated");
    assert!(told.data()["note"].as_str().unwrap().contains("older version"), "{}", told.data());
    let got = served.call("get_config", json!({ "slug": slug })).await;
    assert!(got.data()["note"].as_str().unwrap().contains("older version"), "{}", got.data());
    served.sent();
    let error = served.call("update_config", change(2)).await.error();
    assert_eq!(error["kind"], "precondition", "{error}");
    assert!(served.sent().iter().all(|request| request.method == http::Method::GET));
}

#[tokio::test]
async fn an_old_version_comes_back_by_replace() {
    let (served, account, slug) = stored().await;
    let changes = [
        json!({ "slug": slug, "config": { "cache": null, "targets": [{ "virtual_key": "z" }] } }),
        json!({ "slug": slug, "config": { "strategy": { "mode": "loadbalance" }, "added": [1] } }),
    ];
    for change in changes {
        served.call("update_config", change).await.data();
    }
    served.sent();
    let versions = served.call("list_config_versions", json!({ "slug": slug })).await;
    let [request] = &served.sent()[..] else { panic!("one request") };
    assert_eq!((line(request), &*request.query), (format!("GET /v1/configs/{slug}/versions"), ""));
    let rows = versions.data()["data"].as_array().unwrap();
    assert_eq!((rows.len(), &versions.data()["total"]), (3, &json!(3)));
    let current = account.get(&format!("/configs/{slug}")).await;
    assert_eq!(rows[0]["version_id"], current["version_id"], "newest first");
    let old = &rows[2]["config"];
    assert_eq!((&old["cache"], &old["api_key"]), (&document()["cache"], &json!(SENTINEL)));
    let args = json!({ "slug": slug, "config": old, "replace": true, "if_version": rows[0]["version_id"] });
    served.call("update_config", args).await.data();
    assert_eq!(parsed(&account, &slug).await, document());
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_tried_again_since_it_changes_nothing_more() {
    let (served, account, slug) = stored().await;
    let path = format!("/configs/{slug}");
    served.sandbox.faults().inject(
        Some(http::Method::PUT),
        &path,
        1,
        portkey_admin_mcp::sandbox::Fault::Lost,
    );
    let args = json!({ "slug": slug, "config": { "request_timeout": 7 } });
    served.call("update_config", args).await.data();
    assert_eq!(parsed(&account, &slug).await["request_timeout"], 7);
}
