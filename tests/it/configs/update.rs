//! What `update_config` writes, and when it writes nothing.

use portkey_admin_mcp::{mask::SENTINEL, sandbox::Received};
use serde_json::{Value, json};

use crate::support::{Account, Served, joined, line, serve, settings};

/// A config with everything that an update could lose.
pub(super) fn document() -> Value {
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
pub(super) async fn stored() -> (Served, Account, String) {
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

pub(super) async fn parsed(account: &Account, slug: &str) -> Value {
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
    // It says of every secret what becomes of it.
    let args = json!({ "slug": slug, "config": { "virtual_key": "only" }, "replace": true });
    let called = served.call("update_config", args).await;
    assert_eq!(called.complaints(), ["config.api_key", "config.headers"], "{}", called.text());
    let config = json!({ "virtual_key": "only", "api_key": null, "headers": null });
    let args = json!({ "slug": slug, "config": config, "replace": true });
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
    assert_eq!((&error["kind"], &error["retry_helps"]), (&json!("stale"), &json!(true)), "{error}");
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
async fn a_write_whose_answer_is_lost_is_not_sent_again_and_says_how_to_find_out() {
    let (served, account, slug) = stored().await;
    let path = format!("/configs/{slug}");
    served.sandbox.faults().inject(
        Some(http::Method::PUT),
        &path,
        1,
        portkey_admin_mcp::sandbox::Fault::Lost,
    );
    let args = json!({ "slug": slug, "config": { "request_timeout": 7 } });
    let error = served.call("update_config", args).await.error();
    let remedy = error["remedy"].as_str().unwrap();
    assert!(remedy.contains("get_config") && error["retry_helps"] == false, "{error}");
    let sent = served.sandbox.requests();
    assert_eq!(sent.iter().filter(|it| it.method == http::Method::PUT).count(), 1);
    assert_eq!(parsed(&account, &slug).await["request_timeout"], 7);
}

#[tokio::test]
async fn a_changed_document_is_held_to_what_a_new_one_is_held_to() {
    let served = serve(settings()).await;
    let slug = served.seeded("admin", "/configs", "Default routing", "slug").await;
    for (config, argument) in [
        (json!({ "cache": { "mode": "bogus" } }), "config.cache.mode"),
        (json!({ "retry": { "attempts": 9 } }), "config.retry.attempts"),
        (json!({ "retry": "often" }), "config.retry"),
        (json!({ "request_timeout": -1 }), "config.request_timeout"),
        (json!({ "targets": "x" }), "config.targets"),
        (json!({ "strategy": { "mode": "zzz" } }), "config.strategy.mode"),
    ] {
        for more in [json!({}), json!({ "dry_run": true }), json!({ "replace": true })] {
            let args = joined(json!({ "slug": slug, "config": config }), &more);
            served.sent();
            let called = served.call("update_config", args).await;
            assert_eq!(called.complaints(), [argument], "{}", called.wire());
            assert!(served.sent_lines().iter().all(|line| line.starts_with("GET ")));
        }
    }
}
