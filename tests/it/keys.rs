//! The keys' tools, from the endpoint to what the sandbox stores.

mod change;
mod once;
mod virtual_keys;

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Account, Sends, Served, joined, serve, serve_key, settings};

/// A sandbox, its own API, and the ids of a workspace and a user.
async fn seeded() -> (Served, Account, String, String) {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let list = account.get("/admin/workspaces").await;
    let workspace = list["data"][0]["id"].as_str().unwrap().to_owned();
    let read = account.get(&format!("/admin/workspaces/{workspace}")).await;
    let user = read["users"][0]["id"].as_str().unwrap().to_owned();
    (served, account, workspace, user)
}

/// The id of the seeded API key of that name.
async fn key_called(account: &Account, name: &str) -> String {
    let list = account.get("/api-keys").await;
    let row = list["data"].as_array().unwrap().iter().find(|row| row["name"] == name);
    row.unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_kind_of_an_api_key_chooses_the_path() {
    let (served, account, workspace, user) = seeded().await;
    let base = json!({ "name": "made", "scopes": ["completions.write"] });
    for (kind, more) in [
        (["organisation", "service"], json!({})),
        (["workspace", "service"], json!({ "workspace_id": workspace })),
        (["workspace", "user"], json!({ "workspace_id": workspace, "user_id": user })),
    ] {
        let body = joined(base.clone(), &more);
        let made = served
            .sends(Sends {
                tool: "create_api_key",
                args: joined(body.clone(), &json!({ "type": kind[0], "sub_type": kind[1] })),
                line: format!("POST /api-keys/{}/{}", kind[0], kind[1]),
                query: "",
                body,
            })
            .await;
        let id = made.data()["id"].as_str().unwrap();
        let stored = account.get(&format!("/api-keys/{id}")).await;
        assert_eq!(stored["type"], format!("{}-{}", kind[0], kind[1]));
        assert_eq!(stored["user_id"], more.get("user_id").cloned().unwrap_or_default());
    }
}

#[tokio::test]
async fn an_api_key_is_made_with_everything_and_read_back() {
    let (served, account, workspace, user) = seeded().await;
    let config = account.slugs().await.remove(0);
    let whole = json!({
        "name": "whole", "scopes": ["completions.write", "logs.write"], "description": "all of it",
        "workspace_id": workspace, "user_id": user,
        "organisation_id": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
        "alert_emails": ["ops@example.com"], "expires_at": "2031-01-01T00:00:00Z",
        "usage_limits": {
            "type": "tokens", "credit_limit": 1000, "alert_threshold": 900, "periodic_reset": "weekly",
        },
        "rate_limits": [
            { "type": "requests", "unit": "rps", "value": 5 }, { "type": "tokens", "unit": "rpw", "value": 9 },
        ],
        "defaults": { "metadata": { "team": "a" }, "config_id": config, "allow_config_override": false },
        "rotation_policy": { "rotation_period": "weekly", "key_transition_period_ms": 1_800_000 },
    });
    let made = served
        .sends(Sends {
            tool: "create_api_key",
            args: joined(whole.clone(), &json!({ "type": "workspace", "sub_type": "user" })),
            line: "POST /api-keys/workspace/user".into(),
            query: "",
            body: whole.clone(),
        })
        .await;
    let id = &made.data()["id"];
    let got = served
        .sends(Sends {
            tool: "get_api_key",
            args: json!({ "id": id }),
            line: format!("GET /api-keys/{}", id.as_str().unwrap()),
            query: "",
            body: Value::Null,
        })
        .await;
    for field in
        ["name", "scopes", "description", "alert_emails", "expires_at", "rate_limits", "defaults"]
    {
        assert_eq!(got.data()[field], whole[field], "{field}");
    }
    assert_eq!(got.data()["rotation_policy"]["rotation_period"], "weekly");
    let key = got.data()["key"].as_str().unwrap();
    assert!(key.contains("***") && key != SENTINEL, "Portkey's own mask stays readable: {key}");
}

#[tokio::test]
async fn a_key_that_would_reach_elsewhere_than_it_says_is_refused() {
    let (served, _, workspace, user) = seeded().await;
    let base = json!({ "name": "k", "scopes": ["configs.read"] });
    let table = [
        (json!({ "type": "organisation", "sub_type": "user", "user_id": user }), "`sub_type`"),
        (
            json!({ "type": "organisation", "sub_type": "service", "workspace_id": workspace }),
            "`workspace_id`",
        ),
        (json!({ "type": "organisation", "sub_type": "service", "user_id": user }), "`user_id`"),
        (json!({ "type": "workspace", "sub_type": "service" }), "`workspace_id`"),
        (
            json!({ "type": "workspace", "sub_type": "service", "workspace_id": "" }),
            "`workspace_id`",
        ),
        (
            json!({ "type": "workspace", "sub_type": "service", "workspace_id": workspace, "user_id": user }),
            "`user_id`",
        ),
        (
            json!({ "type": "workspace", "sub_type": "user", "workspace_id": workspace }),
            "`user_id`",
        ),
        (json!({ "type": "workspace", "sub_type": "user", "user_id": user }), "`workspace_id`"),
        (json!({ "type": "team", "sub_type": "service" }), "`type`"),
        (json!({ "type": "organisation", "sub_type": "service", "scopes": [] }), "`scopes`"),
        (
            json!({ "type": "organisation", "sub_type": "service", "alert_emails": ["nobody"] }),
            "`alert_emails[0]`",
        ),
    ];
    for (args, named) in table {
        let message = served.refuses("create_api_key", joined(base.clone(), &args)).await;
        assert!(message.contains(named), "{args}: {message}");
    }
}

#[tokio::test]
async fn rotation_leaves_the_old_secret_thirty_minutes_at_least() {
    let (served, account, ..) = seeded().await;
    let id = key_called(&account, "storefront").await;
    let service =
        json!({ "type": "organisation", "sub_type": "service", "name": "k", "scopes": ["a.b"] });
    for (policy, named) in [
        (
            json!({ "rotation_period": "weekly", "key_transition_period_ms": 1_799_999 }),
            "key_transition_period_ms",
        ),
        (
            json!({ "rotation_period": "weekly", "key_transition_period_ms": 604_800_000 }),
            "key_transition_period_ms",
        ),
        (
            json!({ "rotation_period": "monthly", "next_rotation_at": "2031-01-01T00:00:00Z" }),
            "rotation_policy.next_rotation_at",
        ),
        (json!({ "key_transition_period_ms": 1_800_000 }), "rotation_period"),
        (json!({ "next_rotation_at": "soon" }), "next_rotation_at"),
    ] {
        let args = joined(service.clone(), &json!({ "rotation_policy": policy }));
        let message = served.refuses("create_api_key", args).await;
        assert!(message.contains(named), "{policy}: {message}");
    }
    let short = json!({ "id": id, "key_transition_period_ms": 1_799_999 });
    assert!(served.refuses("rotate_api_key", short).await.contains("1800000"));
    let turned = served
        .sends(Sends {
            tool: "rotate_api_key",
            args: json!({ "id": id, "key_transition_period_ms": 1_800_000 }),
            line: format!("POST /api-keys/{id}/rotate"),
            query: "",
            body: json!({ "key_transition_period_ms": 1_800_000 }),
        })
        .await;
    assert!(turned.data()["key_transition_expires_at"].is_string());
    let again = served.call("rotate_api_key", json!({ "id": id })).await.error();
    assert_eq!((&again["status"], &again["code"]), (&json!(409), &json!("AB07")), "{again}");
    let other = key_called(&account, "helpdesk-bot").await;
    served
        .sends(Sends {
            tool: "rotate_api_key",
            args: json!({ "id": other }),
            line: format!("POST /api-keys/{other}/rotate"),
            query: "",
            body: json!({}),
        })
        .await;
}

#[tokio::test]
async fn api_keys_are_listed_masked_and_by_workspace() {
    let (served, account, workspace, _) = seeded().await;
    let list = served
        .sends(Sends {
            tool: "list_api_keys",
            args: json!({}),
            line: "GET /api-keys".into(),
            query: "current_page=0&page_size=20",
            body: Value::Null,
        })
        .await;
    let all = account.get("/api-keys").await;
    assert_eq!((&list.data()["total"], &list.data()["data"]), (&all["total"], &all["data"]));
    let page = served
        .sends(Sends {
            tool: "list_api_keys",
            args: json!({ "workspace_id": workspace, "current_page": 1, "page_size": 2 }),
            line: "GET /api-keys".into(),
            query: &format!("workspace_id={workspace}&current_page=1&page_size=2"),
            body: Value::Null,
        })
        .await;
    assert_eq!(page.data()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_references_flat_arguments_make_the_same_api_key() {
    let (served, account, ..) = seeded().await;
    let config = account.slugs().await.remove(0);
    let base = json!({ "name": "flat", "scopes": ["configs.read"] });
    let kind = json!({ "type": "organisation", "sub_type": "service" });
    let flat = json!({
        "credit_limit": 20, "alert_threshold": 15, "rate_limit_rpm": 60, "default_config_id": config,
        "default_metadata": { "a": "b" }, "default_allow_config_override": true,
    });
    let body = json!({
        "usage_limits": {
            "type": "cost", "credit_limit": 20, "alert_threshold": 15, "periodic_reset": "monthly",
        },
        "rate_limits": [{ "type": "requests", "unit": "rpm", "value": 60 }],
        "defaults": { "metadata": { "a": "b" }, "config_id": config, "allow_config_override": true },
    });
    let made = served
        .sends(Sends {
            tool: "create_api_key",
            args: joined(joined(base.clone(), &kind), &flat),
            line: "POST /api-keys/organisation/service".into(),
            query: "",
            body: joined(base, &body),
        })
        .await;
    // The reference's flag is a number.
    let id = made.data()["id"].as_str().unwrap();
    served
        .sends(Sends {
            tool: "update_api_key",
            args: json!({ "id": id, "reset_usage": 1 }),
            line: format!("PUT /api-keys/{id}"),
            query: "",
            body: json!({ "reset_usage": true }),
        })
        .await;
    for (name, document) in [("default_metadata", "metadata"), ("default_config_id", "config_id")] {
        let value = if document == "metadata" { json!({ "x": "y" }) } else { json!("pc-x") };
        let args = json!({ "id": id, "defaults": { document: value }, name: value });
        let message = served.refuses("update_api_key", args).await;
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
}

#[tokio::test]
async fn a_revoked_api_key_is_gone_and_a_missing_scope_is_named() {
    let (served, account, ..) = seeded().await;
    let id = key_called(&account, "storefront").await;
    let told = served
        .sends(Sends {
            tool: "delete_api_key",
            args: json!({ "id": id }),
            line: format!("DELETE /api-keys/{id}"),
            query: "",
            body: Value::Null,
        })
        .await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let error = served.call("get_api_key", json!({ "id": id })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(404), &json!("AB02")));
    assert!(served.refuses("get_api_key", json!({ "id": "no-uuid" })).await.contains("`id`"));
    let reader = serve_key(settings(), "read-only").await;
    let error = reader.call("delete_api_key", json!({ "id": id })).await.error();
    let cause = error["likely_cause"].as_str().unwrap();
    assert!(
        cause.starts_with("missing scope: one of `organisation_service_api_keys.delete`"),
        "{cause}"
    );
}
