//! Workspaces of an integration.

use serde_json::{Value, json};

use super::{seeded, serve, settings, workspace};

#[tokio::test]
async fn workspaces_are_listed_by_slug_with_their_limits() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let target = format!("GET /v1/integrations/{slug}/workspaces");
    let args = json!({ "slug": slug });
    let list = served.sends_one("list_integration_workspaces", args, &target, Value::Null).await;
    assert_eq!(list.data()["total"], 2);
    let first = &list.data()["data"][0];
    assert_eq!(first["id"], workspace(&served, "Production").await["slug"]);
    assert_eq!(first["usage_limits"][0]["credit_limit"], 1000);
    let args = json!({ "slug": slug, "page_size": 1, "current_page": 1 });
    let target = format!("{target}?current_page=1&page_size=1");
    let page = served.sends_one("list_integration_workspaces", args, &target, Value::Null).await;
    assert_eq!(page.data()["data"][0]["usage_limits"], Value::Null);
}

#[tokio::test]
async fn limits_are_sent_as_lists_and_those_not_named_stay() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let (production, staging) = (
        workspace(&served, "Production").await["slug"].clone(),
        workspace(&served, "Staging").await["slug"].clone(),
    );
    let target = format!("PUT /v1/integrations/{slug}/workspaces");
    let named = json!([{ "id": staging, "enabled": false }]);
    let args = json!({ "slug": slug, "workspaces": named });
    let body = json!({ "workspaces": named });
    let told = served.sends_one("update_integration_workspaces", args, &target, body).await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": slug }));
    let args = json!({
        "slug": slug,
        "workspaces": [{
            "id": staging, "enabled": true, "reset_usage": true, "create_default_provider": true,
            "default_provider_slug": "openai-staging",
            // One limit stands for a list of it.
            "usage_limits": { "type": "tokens", "credit_limit": 50_000, "alert_threshold": 40_000,
                "periodic_reset_days": 14, "next_usage_reset_at": "2030-01-01T00:00:00Z" },
            "rate_limits": [{ "type": "tokens", "unit": "rph", "value": 9000 }],
        }],
        "global_workspace_access_enabled": true,
        "global_usage_limits": [{ "type": "cost", "credit_limit": 10, "periodic_reset": "weekly" }],
        "global_rate_limits": [{ "type": "requests", "unit": "rpd", "value": 100 }],
        "override_existing_workspace_access": false, "create_default_provider": false,
        "default_provider_slug": "openai-default",
    });
    let mut body = args.clone();
    let fields = body.as_object_mut().unwrap();
    fields.shift_remove("slug");
    fields.shift_remove("global_workspace_access_enabled");
    let (usage, rates) = (
        fields.shift_remove("global_usage_limits").unwrap(),
        fields.shift_remove("global_rate_limits").unwrap(),
    );
    body["global_workspace_access"] =
        json!({ "enabled": true, "usage_limits": usage, "rate_limits": rates });
    let budget = body["workspaces"][0]["usage_limits"].take();
    body["workspaces"][0]["usage_limits"] = json!([budget]);
    served.sends_one("update_integration_workspaces", args, &target, body).await.data();
    let list = served.call("list_integration_workspaces", json!({ "slug": slug })).await;
    let rows = list.data()["data"].as_array().unwrap();
    let row = |id: &Value| rows.iter().find(|row| row["id"] == *id).unwrap();
    assert_eq!(row(&production)["usage_limits"][0]["credit_limit"], 1000);
    assert_eq!(row(&staging)["usage_limits"][0]["periodic_reset_days"], 14);
    assert_eq!(row(&staging)["enabled"], true);
    assert_eq!(list.data()["global_workspace_access"]["enabled"], true);
}

#[tokio::test]
async fn limits_are_lifted_and_all_access_is_rewritten_when_asked() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let production = workspace(&served, "Production").await["slug"].clone();
    let target = format!("PUT /v1/integrations/{slug}/workspaces");
    let args = json!({ "slug": slug, "override_existing_workspace_access": true, "workspaces":
        [{ "id": production, "enabled": true, "clear": ["usage_limits", "rate_limits"] }] });
    let body = json!({ "override_existing_workspace_access": true, "workspaces":
        [{ "id": production, "enabled": true, "usage_limits": null, "rate_limits": null }] });
    served.sends_one("update_integration_workspaces", args, &target, body).await.data();
    let list = served.call("list_integration_workspaces", json!({ "slug": slug })).await;
    assert_eq!(list.data()["total"], 1);
    assert_eq!(list.data()["data"][0]["usage_limits"], Value::Null);
    // A null lifts nothing: it might be a client's way of leaving out.
    let args = json!({ "slug": slug,
        "workspaces": [{ "id": production, "enabled": true, "rate_limits": null }] });
    let why = served.refuses("update_integration_workspaces", args).await;
    assert!(why.contains("`workspaces[0].rate_limits` is null"), "{why}");
}

/// The reference can say cost by the month and requests by the minute, and no more.
#[tokio::test]
async fn the_references_flat_limits_are_folded_in() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let staging = workspace(&served, "Staging").await["slug"].clone();
    let args = json!({
        "slug": slug,
        "workspaces": [{ "id": staging, "enabled": true, "credit_limit": 100, "alert_threshold": 80,
            "rate_limit_rpm": 60 }],
        "global_workspace_access_enabled": true, "global_credit_limit": 50,
        "global_alert_threshold": 40, "global_rate_limit_rpm": 30,
    });
    let limits = |limit: u64, alert: u64, rpm: u64| {
        (
            json!([{ "type": "cost", "credit_limit": limit, "alert_threshold": alert,
                "periodic_reset": "monthly" }]),
            json!([{ "type": "requests", "unit": "rpm", "value": rpm }]),
        )
    };
    let ((usage, rate), (usage_for_all, rate_for_all)) = (limits(100, 80, 60), limits(50, 40, 30));
    let body = json!({
        "workspaces": [{ "id": staging, "enabled": true, "usage_limits": usage, "rate_limits": rate }],
        "global_workspace_access":
            { "enabled": true, "usage_limits": usage_for_all, "rate_limits": rate_for_all },
    });
    let target = format!("PUT /v1/integrations/{slug}/workspaces");
    served.sends_one("update_integration_workspaces", args, &target, body).await.data();
}

#[tokio::test]
async fn what_contradicts_itself_is_refused_before_anything_is_sent() {
    let served = serve(settings()).await;
    let one = |more: Value| {
        let mut workspace = json!({ "id": "w", "enabled": true });
        workspace.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "slug": "s", "workspaces": [workspace] })
    };
    for (args, argument, word) in [
        (json!({ "slug": "s" }), "", "nothing to change"),
        (json!({ "slug": "s", "workspaces": [] }), "", "nothing to change"),
        (
            json!({ "slug": "s", "global_credit_limit": 5 }),
            "global_workspace_access_enabled",
            "is needed with global limits",
        ),
        (
            one(json!({ "credit_limit": 5, "usage_limits": [{ "credit_limit": 5 }] })),
            "workspaces[0].credit_limit",
            "same",
        ),
        (
            one(json!({ "rate_limit_rpm": 5,
                "rate_limits": [{ "type": "requests", "unit": "rpm", "value": 5 }] })),
            "workspaces[0].rate_limit_rpm",
            "workspaces[0].rate_limits",
        ),
        (
            one(
                json!({ "usage_limits": [{ "periodic_reset": "weekly", "periodic_reset_days": 3 }] }),
            ),
            "workspaces[0].usage_limits[0].periodic_reset",
            "exclude each other",
        ),
        (
            one(json!({ "credit_limit": 5, "alert_threshold": 6 })),
            "workspaces[0].usage_limits[0].alert_threshold",
            "never alert",
        ),
        (
            one(json!({ "credit_limit": 5, "clear": ["usage_limits"] })),
            "workspaces[0].usage_limits",
            "cleared at once",
        ),
        (
            one(json!({ "rate_limits": [{ "type": "requests", "unit": "rps", "value": 5 }] })),
            "workspaces[0].rate_limits[0].unit",
            "",
        ),
        (
            one(json!({ "usage_limits": [{ "credit_limit": 1 }, { "credit_limit": 2 }] })),
            "workspaces[0].usage_limits",
            "",
        ),
    ] {
        let called = served.call("update_integration_workspaces", args.clone()).await;
        assert_eq!(called.complaints(), [argument], "{args}: {}", called.text());
        assert!(called.text().contains(word), "{args}: {}", called.text());
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}
