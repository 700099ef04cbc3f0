//! The configs tools, from the endpoint to what the sandbox stores.

mod lossless;
mod masks;
mod update;

use std::collections::BTreeSet;

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{line, serve, serve_key, settings};

/// Slugs that would leave their endpoint if they were taken for more than a name, and how each
/// leaves; `None` for those that do not.
const SLUGS: [(&str, Option<&str>); 15] = [
    ("", None),
    (".", None),
    ("..", None),
    ("a\nb", None),
    ("\t", None),
    ("a\0", None),
    ("a\u{85}b", None),
    ("%2e%2e", Some("%252e%252e")),
    ("%2E", Some("%252E")),
    ("a/b", Some("a%2Fb")),
    ("../prompts", Some("..%2Fprompts")),
    ("a?b", Some("a%3Fb")),
    ("a#b", Some("a%23b")),
    ("a\\..\\b", Some("a%5C..%5Cb")),
    (" ", Some("%20")),
];

#[tokio::test]
async fn a_slug_that_cannot_be_sent_is_a_wrong_argument() {
    let served = serve(settings()).await;
    for (slug, _) in SLUGS.iter().filter(|(_, sent)| sent.is_none()) {
        for tool in ["get_config", "delete_config"] {
            let error = served.call(tool, json!({ "slug": slug })).await.error().clone();
            assert_eq!(error["kind"], "invalid_arguments", "{slug:?}: {error}");
            assert_eq!(error["problems"][0]["argument"], "slug", "{slug:?}: {error}");
        }
    }
    assert_eq!(served.sent().len(), 0);
}

#[tokio::test]
async fn a_mask_in_what_is_made_is_told_to_be_the_value() {
    let served = serve(settings()).await;
    let args = json!({ "name": "a", "config": { "api_key": SENTINEL } });
    let error = served.call("create_config", args).await.error().clone();
    let why = error["problems"][0]["problem"].as_str().unwrap();
    assert!(why.contains("give the value itself") && !why.contains("leave"), "{error}");
}

#[tokio::test]
async fn a_key_of_the_organisation_is_told_that_the_gateway_takes_it_not() {
    let (admin, scoped) = (serve(settings()).await, serve_key(settings(), "read-only").await);
    let metadata = json!({ "client_id": "c", "app": "a", "env": "e" });
    let render = json!({ "prompt_id": "triage-dev", "variables": { "message": "hi" } });
    let mut complete = render.clone();
    complete["metadata"] = metadata;
    for (tool, args, scope) in [
        ("render_prompt", render, "`prompts.render`"),
        ("run_prompt_completion", complete, "`completions.write`"),
    ] {
        for served in [&admin, &scoped] {
            let error = served.call(tool, args.clone()).await.error().clone();
            assert_eq!(error["status"], 403, "{error}");
            let cause = error["likely_cause"].as_str().unwrap();
            assert!(cause.starts_with("the key is no workspace key"), "{error}");
            assert!(cause.contains(scope) && !cause.contains("missing scope"), "{error}");
            let remedy = "use a workspace key (sandbox: --sandbox-key workspace)";
            assert_eq!(error["remedy"], remedy, "{error}");
        }
    }
}

#[tokio::test]
async fn configs_are_listed_a_page_at_a_time() {
    let served = serve(settings()).await;
    let all = served.account("admin").slugs().await;
    let mut seen = Vec::new();
    let mut page = json!(0);
    while !page.is_null() {
        let list =
            served.call("list_configs", json!({ "current_page": page, "page_size": 5 })).await;
        assert_eq!(list.data()["total"], all.len());
        let rows = list.data()["data"].as_array().unwrap();
        assert!(rows.len() == 5 || list.data().get("next_page").is_none(), "{}", list.data());
        seen.extend(rows.iter().map(|row| row["slug"].as_str().unwrap().to_owned()));
        page = list.data()["next_page"].clone();
    }
    assert_eq!(seen, all);
    let queries: Vec<_> = served.sent().into_iter().map(|request| request.query).collect();
    assert_eq!(
        queries,
        ["current_page=0&page_size=5", "current_page=1&page_size=5", "current_page=2&page_size=5"]
    );
}

#[tokio::test]
async fn a_list_shows_one_workspace_when_asked() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let workspaces = account.get("/admin/workspaces").await;
    let mut total = 0;
    for workspace in workspaces["data"].as_array().unwrap() {
        for key in ["id", "slug"] {
            let args = json!({ "workspace_id": workspace[key], "page_size": 100 });
            let list = served.call("list_configs", args).await;
            let rows = list.data()["data"].as_array().unwrap();
            assert!(!rows.is_empty());
            assert!(rows.iter().all(|row| row["workspace_id"] == workspace["id"]), "{workspace}");
            total += rows.len();
        }
    }
    assert_eq!(total, 2 * account.slugs().await.len());
}

#[tokio::test]
async fn every_seeded_config_is_read_whole_in_both_eras() {
    for key in ["admin", "other-admin"] {
        let served = serve_key(settings(), key).await;
        let account = served.account(key);
        for slug in account.slugs().await {
            let stored: Value = serde_json::from_str(&account.document(&slug).await).unwrap();
            let got = served.call("get_config", json!({ "slug": slug })).await;
            assert_eq!(unmasked(&got.data()["config"], &stored), stored, "{slug}");
            for field in ["id", "slug", "name", "status", "version_id", "workspace_id"] {
                assert!(got.data()[field].is_string(), "{slug} has no `{field}`: {}", got.data());
            }
            let legacy =
                served.call_legacy("2025-06-18", "get_config", json!({ "slug": slug })).await;
            assert_eq!(legacy.data(), got.data());
        }
    }
}

/// `shown` with what is masked taken from `stored`.
fn unmasked(shown: &Value, stored: &Value) -> Value {
    match (shown, stored) {
        (Value::String(text), Value::String(_)) if text == SENTINEL => stored.clone(),
        (Value::Array(items), Value::Array(others)) => {
            assert_eq!(items.len(), others.len());
            items.iter().zip(others).map(|(item, other)| unmasked(item, other)).collect()
        }
        (Value::Object(fields), Value::Object(_)) => {
            fields.iter().map(|(name, it)| (name.clone(), unmasked(it, &stored[name]))).collect()
        }
        _ => shown.clone(),
    }
}

#[tokio::test]
async fn the_seeded_configs_have_every_kind_of_routing() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let mut kinds = BTreeSet::new();
    for slug in account.slugs().await {
        let got = served.call("get_config", json!({ "slug": slug })).await;
        let config = &got.data()["config"];
        let found = [
            ("conditional", config["strategy"]["conditions"][0]["then"].is_string()),
            ("default", config["strategy"]["default"].is_string()),
            ("weights", config["targets"][0]["weight"].is_number()),
            ("overrides", config["targets"][0]["override_params"]["model"].is_string()),
            ("null overrides", config["override_params"].get("stop") == Some(&Value::Null)),
            ("guardrails", config["input_guardrails"][0].is_string()),
            ("hooks", config["before_request_hooks"][0]["deny"] == true),
            ("nested", config["targets"][0]["targets"][0].is_object()),
            (
                "secret",
                config["api_key"] == SENTINEL && config["headers"]["x-host-secret"] == SENTINEL,
            ),
        ];
        kinds.extend(found.into_iter().filter(|(_, found)| *found).map(|(kind, _)| kind));
    }
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

#[tokio::test]
async fn a_document_is_created_as_it_was_given() {
    let served = serve(settings()).await;
    let document = json!({
        "strategy": { "mode": "conditional", "default": "b",
            "conditions": [{ "query": { "metadata.plan": { "$eq": "paid" } }, "then": "a" }] },
        "targets": [
            { "name": "a", "virtual_key": "vk-1", "weight": 0.25, "override_params": { "temperature": null } },
            { "name": "b", "targets": [{ "virtual_key": "vk-2" }], "strategy": { "mode": "fallback" } },
        ],
        "output_guardrails": ["pg-1"], "newer_than_this_server": { "x": [1, 2.5, "3"] },
    });
    let args = json!({ "name": "Made here", "config": document, "is_default": true });
    let made = served.call("create_config", args).await;
    let [sent] = &served.sent()[..] else { panic!("one request") };
    assert_eq!(line(sent), "POST /v1/configs");
    assert_eq!(
        sent.json(),
        json!({ "name": "Made here", "config": document, "isDefault": 1 }),
        "nothing is added and nothing left out"
    );
    let id = made.data()["id"].as_str().unwrap();
    assert!(made.data()["version_id"].is_string());
    assert_eq!(served.account("admin").document(id).await, document.to_string());
}

#[tokio::test]
async fn the_references_flat_arguments_make_the_same_document() {
    let served = serve(settings()).await;
    let flat = json!({
        "name": "Flat", "cache_mode": "semantic", "cache_max_age": 60, "retry_attempts": 3,
        "retry_on_status_codes": [429, 503], "strategy_mode": "fallback",
        "targets": [{ "provider": "openai", "virtual_key": "vk" }, { "virtual_key": "other" }],
    });
    let made = served.call("create_config", flat).await;
    let stored = served.account("admin").document(made.data()["id"].as_str().unwrap()).await;
    let document = json!({
        "cache": { "mode": "semantic", "max_age": 60 },
        "retry": { "attempts": 3, "on_status_codes": [429, 503] },
        "strategy": { "mode": "fallback" },
        "targets": [{ "provider": "openai", "virtual_key": "vk" }, { "virtual_key": "other" }],
    });
    assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), document);
}

#[tokio::test]
async fn one_leaf_in_both_forms_is_refused_and_different_ones_join() {
    let served = serve(settings()).await;
    let pairs = [
        (json!({ "cache": { "mode": "simple" } }), json!({ "cache_mode": "simple" })),
        (json!({ "cache": { "max_age": 1 } }), json!({ "cache_max_age": 1 })),
        (json!({ "retry": { "attempts": 1 } }), json!({ "retry_attempts": 2 })),
        (
            json!({ "retry": { "on_status_codes": [429] } }),
            json!({ "retry_on_status_codes": [429] }),
        ),
        (json!({ "strategy": { "mode": "single" } }), json!({ "strategy_mode": "fallback" })),
        (json!({ "targets": [] }), json!({ "targets": [{ "virtual_key": "a" }] })),
    ];
    for (document, flat) in pairs {
        let (name, _) = flat.as_object().unwrap().iter().next().unwrap();
        for (tool, key) in [("create_config", "name"), ("update_config", "slug")] {
            let mut args = flat.clone();
            args["config"] = document.clone();
            args[key] = "x".into();
            let error = served.call(tool, args).await.error();
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(&format!("`{name}`")), "{tool}: {error}");
        }
    }
    assert_eq!(served.sent_lines(), [""; 0]);
    let args = json!({ "name": "Joined", "config": { "cache": { "max_age": 5 } }, "cache_mode": "simple" });
    let made = served.call("create_config", args).await;
    let stored = served.account("admin").document(made.data()["id"].as_str().unwrap()).await;
    assert_eq!(stored, r#"{"cache":{"max_age":5,"mode":"simple"}}"#);
}

#[tokio::test]
async fn a_config_without_a_document_is_refused() {
    let served = serve(settings()).await;
    let error = served.call("create_config", json!({ "name": "Empty" })).await.error();
    assert!(error["message"].as_str().unwrap().contains("`config` is required"), "{error}");
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_deleted_config_is_gone() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let slug = account.config("Short-lived", &json!({ "virtual_key": "vk" })).await;
    let gone = served.call("delete_config", json!({ "slug": slug })).await;
    assert_eq!(gone.data(), &json!({ "success": true, "slug": slug }));
    assert_eq!(served.sent_lines(), [format!("DELETE /v1/configs/{slug}")]);
    assert!(!account.slugs().await.contains(&slug));
    let error = served.call("get_config", json!({ "slug": slug })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(404), &json!("AB02")), "{error}");
}

#[tokio::test]
async fn a_config_that_is_a_default_stays_and_the_error_says_why() {
    let served = serve(settings()).await;
    let rows = served.account("admin").get("/configs").await;
    let default =
        rows["data"].as_array().unwrap().iter().find(|row| row["is_default"] == 1).unwrap();
    let error = served.call("delete_config", json!({ "slug": default["slug"] })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(409), &json!("AB07")), "{error}");
    assert_eq!(error["retry_helps"], false);
}

#[tokio::test]
async fn a_key_without_the_scope_is_told_which_one_is_missing() {
    let served = serve_key(settings(), "read-only").await;
    let args = json!({ "name": "Not allowed", "config": { "virtual_key": "vk" } });
    let error = served.call("create_config", args).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")), "{error}");
    assert!(error["likely_cause"].as_str().unwrap().contains("`configs.create`"), "{error}");
}

#[tokio::test]
async fn no_slug_reaches_another_endpoint() {
    let served = serve(settings()).await;
    let before = served.account("admin").slugs().await;
    let tools = [
        ("get_config", "GET", ""),
        ("update_config", "GET", ""),
        ("delete_config", "DELETE", ""),
        ("list_config_versions", "GET", "/versions"),
    ];
    for (slug, leaves) in SLUGS {
        for (tool, method, tail) in tools {
            let mut args = json!({ "slug": slug });
            if tool == "update_config" {
                args["name"] = "New".into();
            }
            served.sent();
            let error = served.call(tool, args).await.error();
            let want: Vec<_> = leaves
                .map(|slug| format!("{method} /v1/configs/{slug}{tail}"))
                .into_iter()
                .collect();
            assert_eq!(served.sent_lines(), want, "{tool} {slug:?}");
            if leaves.is_none() {
                assert!(error["message"].as_str().unwrap().contains("`slug`"), "{tool}: {error}");
            } else {
                assert_eq!(error["status"], 404, "{tool} {slug:?}: {error}");
            }
        }
    }
    assert_eq!(served.account("admin").slugs().await, before);
}
