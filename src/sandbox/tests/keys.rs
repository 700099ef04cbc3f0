//! API keys, providers and models.

use super::*;

const MAKE: &str = "/api-keys/workspace/service";

#[tokio::test]
async fn the_secret_of_an_api_key_is_told_once() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let workspace = api.seeded("/admin/workspaces", "Staging", "slug").await;
    let body =
        json!({ "name": "once", "scopes": ["completions.write"], "workspace_id": workspace });
    let made = api.post(MAKE, body).await;
    let (id, secret) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let path = format!("/api-keys/{id}");
    let read = api.get(&path).await;
    let shown = format!("{}*******{}", &secret[..2], &secret[secret.len() - 2..]);
    assert_eq!((&read["key"], &read["type"]), (&json!(shown), &json!("workspace-service")));
    assert!(!api.get("/api-keys").await.to_string().contains(secret));
    assert!(!read.to_string().contains(secret));

    let rotate = format!("{path}/rotate");
    let short = Some(json!({ "key_transition_period_ms": 1_799_999 }));
    assert_eq!(api.refused(Method::POST, &rotate, short).await, code(400, "AB01"));
    let turned = api.post(&rotate, json!({ "key_transition_period_ms": 1_800_000 })).await;
    assert_ne!(turned["key"], made["key"]);
    assert_eq!(turned["id"], made["id"]);
    let until: Timestamp = turned["key_transition_expires_at"].as_str().unwrap().parse().unwrap();
    let end: Timestamp = END.parse().unwrap();
    assert!((1_795..1_830).contains(&(until.as_second() - end.as_second())), "{until}");
    let again = api.refused(Method::POST, &rotate, Some(json!({}))).await;
    assert_eq!(again, code(409, "AB07"));
    assert_eq!(api.delete(&path).await, json!({}));
    assert_eq!(api.refused(Method::GET, &path, None).await, code(404, "AB02"));
}

#[tokio::test]
async fn the_kind_of_an_api_key_says_what_it_needs() {
    let sandbox = sandbox().await;
    let (api, own) = (Api::new(&sandbox, "admin"), Api::new(&sandbox, "staging"));
    let workspace = api.seeded("/admin/workspaces", "Staging", "id").await;
    let base = json!({ "name": "k", "scopes": ["configs.read"] });
    let with = |more: Value| {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(body)
    };
    let wrong = [
        ("/api-keys/organisation/user", with(json!({})), 400),
        (MAKE, with(json!({})), 400),
        ("/api-keys/workspace/user", with(json!({ "workspace_id": workspace })), 400),
        (
            "/api-keys/workspace/user",
            with(json!({ "workspace_id": workspace, "user_id": workspace })),
            404,
        ),
        (
            MAKE,
            with(json!({ "workspace_id": workspace, "defaults": { "config_id": "none" } })),
            400,
        ),
    ];
    for (path, body, status) in wrong {
        assert_eq!(api.refused(Method::POST, path, body).await.0, status, "{path}");
    }
    // A workspace's key makes keys of its workspace and none of the organisation.
    let made = own.post(MAKE, base.clone()).await;
    let path = format!("/api-keys/{}", made["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await["workspace_id"], json!(workspace));
    let refused =
        own.refused(Method::POST, "/api-keys/organisation/service", with(json!({}))).await;
    assert_eq!(refused, code(403, "AB03"));
    let all = api.get("/api-keys").await;
    let kind = |list: &Value, kind: &str| {
        list["data"].as_array().unwrap().iter().filter(|row| row["type"] == kind).count()
    };
    assert!(kind(&all, "organisation-service") > 0 && kind(&all, "workspace-user") > 0);
    let seen = own.get("/api-keys").await;
    assert_eq!(kind(&seen, "organisation-service"), 0, "{seen}");
    let id =
        all["data"].as_array().unwrap().iter().find(|row| row["type"] == "organisation-service");
    let path = format!("/api-keys/{}", id.unwrap()["id"].as_str().unwrap());
    assert_eq!(own.refused(Method::GET, &path, None).await, code(403, "AB03"));
    assert_eq!(own.refused(Method::DELETE, &path, None).await, code(403, "AB03"));
}

#[tokio::test]
async fn rotation_policies_are_held_to_their_rules() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let id = api.seeded("/api-keys", "storefront", "id").await;
    let path = format!("/api-keys/{id}");
    for policy in [
        json!({}),
        json!({ "rotation_period": "daily" }),
        json!({ "rotation_period": "weekly", "next_rotation_at": "2026-05-01T00:00:00Z" }),
        json!({ "rotation_period": "weekly", "key_transition_period_ms": 60_000 }),
    ] {
        let body = Some(json!({ "rotation_policy": policy }));
        assert_eq!(api.refused(Method::PUT, &path, body).await, code(400, "AB01"), "{policy}");
    }
    api.put(&path, json!({ "rotation_policy": { "next_rotation_at": "2026-05-01T09:30:00Z" } }))
        .await;
    let read = api.get(&path).await;
    assert_eq!(read["rotation_policy"]["next_rotation_at"], "2026-05-01T00:00:00.000Z");
    api.put(&path, json!({ "rotation_policy": null })).await;
    assert_eq!(api.get(&path).await["rotation_policy"], Value::Null);
}

#[tokio::test]
async fn a_key_whose_budget_is_used_up_is_exhausted_until_its_usage_is_reset() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let id = api.seeded("/api-keys", "storefront", "id").await;
    let path = format!("/api-keys/{id}");
    assert_eq!(api.get(&path).await["status"], "active");
    api.put(&path, json!({ "usage_limits": { "type": "cost", "credit_limit": 1 } })).await;
    assert_eq!(api.get(&path).await["status"], "exhausted");
    api.put(&path, json!({ "reset_usage": true })).await;
    assert_eq!(api.get(&path).await["status"], "active");
    api.put(&path, json!({ "expires_at": "2026-03-01T00:00:00Z" })).await;
    assert_eq!(api.get(&path).await["status"], "expired");
    api.put(&path, json!({ "usage_limits": null, "expires_at": null })).await;
    let read = api.get(&path).await;
    assert_eq!((&read["status"], &read["usage_limits"]), (&json!("active"), &Value::Null));
}

#[tokio::test]
async fn providers_are_the_virtual_keys_of_a_workspace() {
    let sandbox = sandbox().await;
    let (api, own) = (Api::new(&sandbox, "admin"), Api::new(&sandbox, "staging"));
    assert_eq!(api.refused(Method::GET, "/providers", None).await, code(400, "AB01"));
    let workspace = api.seeded("/admin/workspaces", "Staging", "id").await;
    let list = api.get(&format!("/providers?workspace_id={workspace}")).await;
    assert_eq!(names(&list), names(&own.get("/providers").await));
    assert_eq!(names(&list), ["OpenAI staging", "Anthropic staging"]);
    let integration = &list["data"][0]["integration_id"];
    let body = json!({
        "name": "New one", "integration_id": integration, "workspace_id": workspace, "slug": "New One",
        "rate_limits": { "type": "requests", "unit": "rpm", "value": 5 },
    });
    let made = api.post("/providers", body.clone()).await;
    assert_eq!(made["slug"], "new-one");
    assert_eq!(
        api.refused(Method::POST, "/providers", Some(body.clone())).await,
        code(409, "AB07")
    );
    let mut unknown = body;
    unknown["integration_id"] = "no-such".into();
    let refused = api.refused(Method::POST, "/providers", Some(unknown.clone())).await;
    assert_eq!(refused, code(404, "AB02"));
    // An integration of another workspace is none of this one's.
    let mut elsewhere = unknown;
    elsewhere["integration_id"] = api.seeded("/integrations", "Mistral lab", "slug").await.into();
    assert_eq!(api.refused(Method::POST, "/providers", Some(elsewhere)).await, code(404, "AB02"));
    let path = "/providers/new-one";
    assert_eq!(api.refused(Method::GET, path, None).await, code(400, "AB01"));
    let inside = Some(json!({ "workspace_id": workspace, "note": "n" }));
    assert_eq!(api.refused(Method::PUT, path, inside).await, code(400, "AB01"));
    let path = format!("{path}?workspace_id={workspace}");
    let changed = api.put(&path, json!({ "note": "n" })).await;
    assert_eq!(changed, json!({ "id": made["id"], "slug": "new-one" }));
    let read = api.get(&path).await;
    assert_eq!(read["note"], "n");
    assert_eq!(read["rate_limits"], json!([{ "type": "requests", "unit": "rpm", "value": 5 }]));
    assert_eq!(api.get("/virtual-keys/new-one").await["integration_id"], *integration);
    assert_eq!(api.delete(&path).await, json!({}));
    let used = list["data"][0]["slug"].as_str().unwrap();
    let path = format!("/providers/{used}?workspace_id={workspace}");
    assert_eq!(api.refused(Method::DELETE, &path, None).await, code(409, "AB07"));
}

#[tokio::test]
async fn models_are_those_of_the_providers_that_a_key_sees() {
    let sandbox = sandbox().await;
    let (api, own) = (Api::new(&sandbox, "admin"), Api::new(&sandbox, "staging"));
    let all = own.get("/models").await;
    assert_eq!(all["total"], 4);
    let row = &all["data"][0];
    let slug = row["id"].as_str().unwrap().trim_start_matches('@').split('/').next().unwrap();
    assert_eq!((&row["slug"], &row["object"]), (&json!("claude-haiku-4-5"), &json!("model")));
    assert_eq!(own.get(&format!("/models?provider={slug}")).await["total"], 2);
    let rest = own.get("/models?offset=3&limit=2&order=desc").await;
    assert_eq!((&rest["total"], rest["data"].as_array().unwrap().len()), (&json!(4), 1));
    assert_eq!(rest["data"][0], all["data"][0]);
    assert!(api.get("/models?ai_service=bedrock").await["total"] == 1);
    assert_eq!(api.refused(Method::GET, "/models?sort=price", None).await, code(400, "AB01"));
}
