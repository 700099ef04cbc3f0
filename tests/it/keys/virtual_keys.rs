//! Virtual keys: a provider's key goes in and never comes out.

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use super::seeded;
use crate::support::{Account, Sends, joined};

async fn first(account: &Account) -> (String, Value) {
    let list = account.get("/virtual-keys").await;
    let slug = list["data"][0]["slug"].as_str().unwrap().to_owned();
    let row = account.get(&format!("/virtual-keys/{slug}")).await;
    (slug, row)
}

#[tokio::test]
async fn virtual_keys_are_listed_a_page_at_a_time() {
    let (served, account, workspace, _) = seeded().await;
    let all = account.get("/virtual-keys").await;
    let list = served
        .sends(Sends {
            tool: "list_virtual_keys",
            args: json!({}),
            line: "GET /virtual-keys".into(),
            query: "current_page=0&page_size=20",
            body: Value::Null,
        })
        .await;
    assert_eq!((&list.data()["total"], &list.data()["data"]), (&all["total"], &all["data"]));
    let row = &list.data()["data"][0];
    for field in ["id", "ai_provider_name", "workspace_id", "integration_id", "masked_api_key"] {
        assert!(row[field].is_string() && row[field] != SENTINEL, "{field}: {row}");
    }
    let page = served
        .sends(Sends {
            tool: "list_virtual_keys",
            args: json!({ "workspace_id": workspace, "current_page": 1, "page_size": 2 }),
            line: "GET /virtual-keys".into(),
            query: &format!("workspace_id={workspace}&current_page=1&page_size=2"),
            body: Value::Null,
        })
        .await;
    assert_eq!((&page.data()["total"], page.data().get("next_page")), (&json!(3), None));
}

#[tokio::test]
async fn a_virtual_key_is_stored_with_the_least_and_with_everything() {
    let (served, account, workspace, _) = seeded().await;
    let least = json!({ "name": "Least", "provider": "openai", "key": "sk-1234567890abcdef" });
    let made = served
        .sends(Sends {
            tool: "create_virtual_key",
            args: least.clone(),
            line: "POST /virtual-keys".into(),
            query: "",
            body: least,
        })
        .await;
    let slug = made.data()["slug"].as_str().unwrap();
    let got = served
        .sends(Sends {
            tool: "get_virtual_key",
            args: json!({ "slug": slug }),
            line: format!("GET /virtual-keys/{slug}"),
            query: "",
            body: Value::Null,
        })
        .await;
    assert_eq!(got.data()["masked_api_key"], "sk-********def");
    assert!(!got.wire().contains("1234567890"), "{}", got.wire());

    let plain = json!({
        "name": "Whole", "provider": "azure-openai", "note": "n", "workspace_id": workspace,
        "expires_at": "2031-01-01T00:00:00Z",
        "secret_mappings": [
            { "target_field": "key", "secret_reference_id": "vault-1", "secret_key": "k", "value_format": "string" },
            { "target_field": "model_config.awsSecretAccessKey", "secret_reference_id": "vault-2" },
        ],
        "usage_limits": { "type": "tokens", "credit_limit": 5, "periodic_reset_days": 30 },
        "rate_limits": [{ "type": "tokens", "unit": "rpd", "value": 9 }],
    });
    let args = json!({
        "api_version": "2024-10-21", "resource_name": "east", "deployment_name": "one",
        "deployment_configurations": [
            { "api_version": "2024-10-21", "deployment_name": "one", "alias": "gpt", "is_default": true },
            { "api_version": "2024-10-21", "deployment_name": "two" },
        ],
        "model_config": { "awsRegion": "eu-west-1", "awsSecretAccessKey": "canary-secret", "newer": 1 },
    });
    let body = json!({
        "apiVersion": "2024-10-21", "resourceName": "east", "deploymentName": "one",
        "deploymentConfig": [
            { "apiVersion": "2024-10-21", "deploymentName": "one", "alias": "gpt", "is_default": true },
            { "apiVersion": "2024-10-21", "deploymentName": "two" },
        ],
        "awsRegion": "eu-west-1", "awsSecretAccessKey": "canary-secret", "newer": 1,
    });
    let made = served
        .sends(Sends {
            tool: "create_virtual_key",
            args: joined(plain.clone(), &args),
            line: "POST /virtual-keys".into(),
            query: "",
            body: joined(plain.clone(), &body),
        })
        .await;
    let slug = made.data()["slug"].as_str().unwrap();
    let stored = account.get(&format!("/virtual-keys/{slug}")).await;
    for field in ["name", "note", "expires_at", "secret_mappings", "rate_limits", "workspace_id"] {
        assert_eq!(stored[field], plain[field], "{field}");
    }
    assert_eq!(stored["model_config"]["deploymentConfig"], body["deploymentConfig"]);
    let got = served.call("get_virtual_key", json!({ "slug": slug })).await;
    assert!(!got.wire().contains("canary"), "{}", got.wire());
}

#[tokio::test]
async fn what_would_be_lost_or_stored_wrong_is_refused() {
    let (served, account, ..) = seeded().await;
    let (slug, _) = first(&account).await;
    let create = json!({ "name": "n", "provider": "openai" });
    let mapping = json!({ "target_field": "key", "secret_reference_id": "v" });
    let deployment = json!({ "api_version": "1", "deployment_name": "d", "is_default": true });
    for (args, named) in [
        (json!({ "secret_mappings": [mapping, mapping] }), "`secret_mappings`"),
        (
            json!({ "secret_mappings": [{ "target_field": "note", "secret_reference_id": "v" }] }),
            "key or model_config.FIELD",
        ),
        (
            json!({ "deployment_configurations": [deployment, deployment] }),
            "`deployment_configurations`",
        ),
        (json!({ "key": "sk-********nop" }), "`key`"),
        (json!({ "key": SENTINEL }), "`key`"),
        (json!({ "credit_limit": 1, "usage_limits": { "credit_limit": 1 } }), "`credit_limit`"),
    ] {
        for (tool, base) in [
            ("create_virtual_key", create.clone()),
            ("update_virtual_key", json!({ "slug": slug })),
        ] {
            let message = served.refuses(tool, joined(base, &args)).await;
            assert!(message.contains(named), "{tool} {args}: {message}");
        }
    }
    let message = served
        .refuses("create_virtual_key", joined(create, &json!({ "model_config": { "key": "k" } })))
        .await;
    assert!(message.contains("`model_config.key`"), "{message}");
}

#[tokio::test]
async fn an_update_of_a_virtual_key_keeps_what_it_does_not_name() {
    let (served, account, ..) = seeded().await;
    let (slug, before) = first(&account).await;
    let path = format!("/virtual-keys/{slug}");
    let put = |args: Value, body: Value| Sends {
        tool: "update_virtual_key",
        args: joined(json!({ "slug": slug }), &args),
        line: format!("PUT {path}"),
        query: "",
        body,
    };
    let told = served.sends(put(json!({ "note": "n" }), json!({ "note": "n" }))).await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": slug }));
    assert_eq!(account.get(&path).await, joined(before.clone(), &json!({ "note": "n" })));

    let mut budget = before["usage_limits"].clone();
    budget["alert_threshold"] = 300.into();
    served
        .sends(put(
            json!({ "usage_limits": { "alert_threshold": 300 } }),
            json!({ "usage_limits": budget }),
        ))
        .await;
    // The merged budget is held to the rules as well.
    let too_high = json!({ "slug": slug, "usage_limits": { "alert_threshold": 501 } });
    let error = served.call("update_virtual_key", too_high).await.error();
    assert!(error["message"].as_str().unwrap().contains("alert_threshold"), "{error}");

    let args = json!({
        "name": "New", "key": "sk-zyxwvutsrqponm", "rate_limit_rpm": 5,
        "deployment_configurations": [{ "api_version": "1", "deployment_name": "d" }],
        "secret_mappings": [{ "target_field": "key", "secret_reference_id": "v" }],
    });
    let body = json!({
        "name": "New", "key": "sk-zyxwvutsrqponm",
        "rate_limits": [{ "type": "requests", "unit": "rpm", "value": 5 }],
        "deploymentConfig": [{ "apiVersion": "1", "deploymentName": "d" }],
        "secret_mappings": [{ "target_field": "key", "secret_reference_id": "v" }],
    });
    served.sends(put(args, body)).await;
    let after = account.get(&path).await;
    assert_eq!(
        (&after["name"], &after["masked_api_key"]),
        (&json!("New"), &json!("sk-********onm"))
    );
    let clear = json!({ "clear": ["note", "rate_limits", "usage_limits"] });
    served
        .sends(put(clear, json!({ "note": null, "rate_limits": null, "usage_limits": null })))
        .await;
    assert_eq!(account.get(&path).await["usage_limits"], Value::Null);
}

#[tokio::test]
async fn a_virtual_key_in_use_stays_and_another_goes() {
    let (served, account, ..) = seeded().await;
    let (slug, _) = first(&account).await;
    let error = served.call("delete_virtual_key", json!({ "slug": slug })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(409), &json!("AB07")), "{error}");
    let body = json!({ "name": "Unused", "provider": "openai", "key": "sk-1234567890abcdef" });
    let made = account.post("/virtual-keys", &body).await;
    let slug = made["data"]["slug"].as_str().unwrap();
    let told = served
        .sends(Sends {
            tool: "delete_virtual_key",
            args: json!({ "slug": slug }),
            line: format!("DELETE /virtual-keys/{slug}"),
            query: "",
            body: Value::Null,
        })
        .await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": slug }));
}
