//! The providers' tools, from the endpoint to what the sandbox stores.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Sends, Served, joined, serve, serve_key, settings};

/// A sandbox with the id of a workspace, the slug of a provider in it, and its integration.
async fn seeded() -> (Served, String, String, String) {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let workspaces = account.get("/admin/workspaces").await;
    let workspace = workspaces["data"][0]["id"].as_str().unwrap().to_owned();
    let list = account.get(&format!("/providers?workspace_id={workspace}")).await;
    let text = |field: &str| list["data"][0][field].as_str().unwrap().to_owned();
    let (slug, integration) = (text("slug"), text("integration_id"));
    (served, workspace, slug, integration)
}

/// The provider as it is stored.
async fn stored(served: &Served, slug: &str, workspace: &str) -> Value {
    served.account("admin").get(&format!("/providers/{slug}?workspace_id={workspace}")).await
}

#[tokio::test]
async fn providers_are_listed_a_page_at_a_time() {
    let (served, workspace, ..) = seeded().await;
    let all = served.account("admin").get(&format!("/providers?workspace_id={workspace}")).await;
    let mut seen = Vec::new();
    for page in 0..2 {
        let args = json!({ "workspace_id": workspace, "current_page": page, "page_size": 2 });
        let list = served
            .sends(Sends {
                tool: "list_providers",
                args,
                line: "GET /providers".into(),
                query: &format!("workspace_id={workspace}&current_page={page}&page_size=2"),
                body: Value::Null,
            })
            .await;
        seen.extend(list.data()["data"].as_array().unwrap().clone());
        assert_eq!(list.data().get("next_page"), (page == 0).then_some(&json!(1)));
    }
    assert_eq!(json!(seen), all["data"]);
    // A workspace's key needs no more; an organisation's is told what is missing.
    let own = serve_key(settings(), "workspace").await;
    let list = own
        .sends(Sends {
            tool: "list_providers",
            args: json!({}),
            line: "GET /providers".into(),
            query: "current_page=0&page_size=20",
            body: Value::Null,
        })
        .await;
    assert_eq!(list.data()["total"], all["total"]);
    let error = served.call("list_providers", json!({})).await.error();
    assert_eq!(error["status"], 400);
    assert!(error["message"].as_str().unwrap().contains("workspace_id"), "{error}");
}

#[tokio::test]
async fn a_provider_is_created_with_the_least_and_with_everything() {
    let (served, workspace, _, integration) = seeded().await;
    let least =
        json!({ "name": "Least", "integration_id": integration, "workspace_id": workspace });
    let made = served
        .sends(Sends {
            tool: "create_provider",
            args: least.clone(),
            line: "POST /providers".into(),
            query: "",
            body: least.clone(),
        })
        .await;
    assert!(made.data()["id"].is_string() && made.data()["slug"].is_string(), "{}", made.data());

    let whole = joined(
        least,
        &json!({
            "name": "Whole", "slug": "whole", "note": "all of it", "expires_at": "2031-01-01T00:00:00Z",
            "usage_limits": {
                "type": "tokens", "credit_limit": 1_000_000, "alert_threshold": 900_000,
                "periodic_reset_days": 10, "next_usage_reset_at": "2030-12-01T00:00:00Z",
            },
            "rate_limits": [
                { "type": "requests", "unit": "rph", "value": 100 },
                { "type": "tokens", "unit": "rpd", "value": 5_000_000 },
            ],
        }),
    );
    served
        .sends(Sends {
            tool: "create_provider",
            args: whole.clone(),
            line: "POST /providers".into(),
            query: "",
            body: whole.clone(),
        })
        .await;
    let kept = stored(&served, "whole", &workspace).await;
    for field in ["name", "note", "integration_id", "usage_limits", "rate_limits"] {
        let mut want = whole[field].clone();
        if field == "usage_limits" {
            want["next_usage_reset_at"] = kept[field]["next_usage_reset_at"].clone();
        }
        assert_eq!(kept[field], want, "{field}");
    }
}

#[tokio::test]
async fn the_references_flat_limits_make_the_same_provider() {
    let (served, workspace, _, integration) = seeded().await;
    let base = json!({ "name": "Flat", "integration_id": integration, "workspace_id": workspace });
    let flat = json!({
        "credit_limit": 20, "alert_threshold": 15, "usage_limit_type": "tokens",
        "periodic_reset": "weekly", "rate_limit_value": 60, "rate_limit_unit": "rph",
    });
    let limits = json!({
        "usage_limits": { "type": "tokens", "credit_limit": 20, "alert_threshold": 15, "periodic_reset": "weekly" },
        "rate_limits": [{ "type": "requests", "unit": "rph", "value": 60 }],
    });
    served
        .sends(Sends {
            tool: "create_provider",
            args: joined(base.clone(), &flat),
            line: "POST /providers".into(),
            query: "",
            body: joined(base, &limits),
        })
        .await;
}

#[tokio::test]
async fn limits_that_contradict_themselves_are_refused() {
    let (served, workspace, slug, _) = seeded().await;
    let table = [
        (
            json!({ "usage_limits": { "periodic_reset": "weekly", "periodic_reset_days": 3 } }),
            "`usage_limits.periodic_reset_days`",
        ),
        (
            json!({ "usage_limits": { "credit_limit": 5, "alert_threshold": 6 } }),
            "`usage_limits.alert_threshold`",
        ),
        (
            json!({ "usage_limits": { "credit_limit": 5 }, "credit_limit": 5 }),
            "`usage_limits.credit_limit`",
        ),
        (
            json!({ "usage_limits": { "type": "cost" }, "usage_limit_type": "cost" }),
            "`usage_limits.type`",
        ),
        (json!({ "rate_limits": [], "rate_limit_value": 5 }), "`rate_limit_value`"),
        (json!({ "rate_limit_rpm": 5, "rate_limit_value": 5 }), "`rate_limit_rpm`"),
        (json!({ "rate_limit_unit": "rpm" }), "`rate_limit_unit`"),
        (json!({ "note": "n", "clear": ["note"] }), "`note`"),
        (
            json!({ "usage_limits": { "alert_threshold": 1 }, "clear": ["usage_limits.alert_threshold"] }),
            "`usage_limits.alert_threshold`",
        ),
        (json!({}), "nothing to change"),
        (
            json!({ "rate_limits": [{ "type": "requests", "unit": "rps", "value": 1 }] }),
            "rate_limits[0].unit",
        ),
        (json!({ "usage_limits": { "credit_limit": 0 } }), "usage_limits.credit_limit"),
        (json!({ "expires_at": "tomorrow" }), "expires_at"),
    ];
    for (args, named) in table {
        let base = json!({ "slug": slug, "workspace_id": workspace });
        let message = served.refuses("update_provider", joined(base, &args)).await;
        assert!(message.contains(named), "{args}: {message}");
    }
}

#[tokio::test]
async fn an_update_carries_the_workspace_in_the_query_and_keeps_what_it_does_not_name() {
    let (served, workspace, slug, _) = seeded().await;
    let before = stored(&served, &slug, &workspace).await;
    let query = format!("workspace_id={workspace}");
    let sends = |args: Value, body: Value| Sends {
        tool: "update_provider",
        args: joined(json!({ "slug": slug, "workspace_id": workspace }), &args),
        line: format!("PUT /providers/{slug}"),
        query: &query,
        body,
    };
    let told =
        served.sends(sends(json!({ "note": "only this" }), json!({ "note": "only this" }))).await;
    assert_eq!(told.data()["slug"], json!(slug));
    let after = stored(&served, &slug, &workspace).await;
    assert_eq!(after, joined(before.clone(), &json!({ "note": "only this" })));

    // The budget is a document that the API replaces: the rest of it is sent along.
    let mut whole = before["usage_limits"].clone();
    whole["credit_limit"] = 900.into();
    let args = json!({ "usage_limits": { "credit_limit": 900 } });
    served.sends(sends(args, json!({ "usage_limits": whole }))).await;
    let after = stored(&served, &slug, &workspace).await;
    assert_eq!(after["usage_limits"], whole);
    assert_eq!(after["rate_limits"], before["rate_limits"]);

    let everything = json!({
        "name": "Renamed", "note": "n", "expires_at": "2031-01-01T00:00:00Z", "reset_usage": true,
        "usage_limits": { "type": "tokens", "credit_limit": 70, "alert_threshold": 7, "periodic_reset_days": 9 },
        "rate_limits": [{ "type": "tokens", "unit": "rpd", "value": 1 }],
    });
    let mut body = everything.clone();
    // The other form of reset goes, and its next time with it.
    body["usage_limits"]["periodic_reset"] = Value::Null;
    served.sends(sends(everything, body)).await;
    let after = stored(&served, &slug, &workspace).await;
    assert_eq!(
        (&after["name"], &after["usage_limits"]["periodic_reset_days"]),
        (&json!("Renamed"), &json!(9))
    );
}

#[tokio::test]
async fn what_is_cleared_is_sent_as_null() {
    let (served, workspace, slug, _) = seeded().await;
    let before = stored(&served, &slug, &workspace).await;
    let base = json!({ "slug": slug, "workspace_id": workspace });
    let query = format!("workspace_id={workspace}");
    let mut budget = before["usage_limits"].clone();
    for field in ["alert_threshold", "periodic_reset", "periodic_reset_days", "next_usage_reset_at"]
    {
        budget[field] = Value::Null;
    }
    for (clear, body) in [
        (
            json!(["usage_limits.alert_threshold", "usage_limits.periodic_reset"]),
            json!({ "usage_limits": budget }),
        ),
        (
            json!(["note", "expires_at", "rate_limits", "usage_limits"]),
            json!({ "note": null, "expires_at": null, "rate_limits": null, "usage_limits": null }),
        ),
    ] {
        served
            .sends(Sends {
                tool: "update_provider",
                args: joined(base.clone(), &json!({ "clear": clear })),
                line: format!("PUT /providers/{slug}"),
                query: &query,
                body,
            })
            .await;
    }
    let after = stored(&served, &slug, &workspace).await;
    assert_eq!((&after["usage_limits"], &after["rate_limits"]), (&Value::Null, &Value::Null));
    // A null might be a client's way of leaving out: it lifts no budget.
    for field in ["usage_limits", "rate_limits", "note", "expires_at"] {
        let args = joined(base.clone(), &json!({ "name": "x", field: null }));
        let why = served.refuses("update_provider", args).await;
        assert!(why.contains(&format!("put `{field}` in `clear`")), "{why}");
    }
}

/// Reads lag behind writes: what was just written is built upon, not what a read still shows.
#[tokio::test]
async fn two_changes_in_a_row_both_stay_while_reads_are_stale() {
    let (served, workspace, slug, _) = seeded().await;
    let update = async |limits: Value| {
        let args = json!({ "slug": slug, "workspace_id": workspace, "usage_limits": limits });
        served.call("update_provider", args).await.data();
    };
    served.sandbox.faults().stale_for_reads(3);
    update(json!({ "credit_limit": 700 })).await;
    update(json!({ "alert_threshold": 600 })).await;
    update(json!({ "credit_limit": 800 })).await;
    served.sandbox.faults().fresh();
    served
        .call("update_provider", json!({ "slug": slug, "workspace_id": workspace, "note": "x" }))
        .await;
    let limits = &stored(&served, &slug, &workspace).await["usage_limits"];
    assert_eq!((&limits["credit_limit"], &limits["alert_threshold"]), (&json!(800), &json!(600)));
    assert_eq!(limits["periodic_reset"], "monthly");
}

#[tokio::test]
async fn what_was_cleared_does_not_come_back_while_reads_are_stale() {
    let (served, workspace, slug, _) = seeded().await;
    let base = json!({ "slug": slug, "workspace_id": workspace });
    served.sandbox.faults().stale_for_reads(1);
    for more in [
        json!({ "clear": ["usage_limits"] }),
        json!({ "usage_limits": { "type": "cost", "credit_limit": 50 } }),
    ] {
        served.call("update_provider", joined(base.clone(), &more)).await.data();
    }
    let sent = served.sent();
    let put = sent.iter().rfind(|it| it.method == Method::PUT).unwrap().json();
    assert_eq!(put["usage_limits"], json!({ "type": "cost", "credit_limit": 50 }));
}

#[tokio::test]
async fn a_provider_is_read_and_deleted_in_its_workspace() {
    let (served, workspace, slug, integration) = seeded().await;
    let got = served
        .sends(Sends {
            tool: "get_provider",
            args: json!({ "slug": slug, "workspace_id": workspace }),
            line: format!("GET /providers/{slug}"),
            query: &format!("workspace_id={workspace}"),
            body: Value::Null,
        })
        .await;
    assert_eq!(got.data(), &stored(&served, &slug, &workspace).await);
    let body =
        json!({ "name": "Gone soon", "integration_id": integration, "workspace_id": workspace });
    let made = served.account("admin").post("/providers", &body).await;
    let gone = made["slug"].as_str().unwrap();
    let told = served
        .sends(Sends {
            tool: "delete_provider",
            args: json!({ "slug": gone, "workspace_id": workspace }),
            line: format!("DELETE /providers/{gone}"),
            query: &format!("workspace_id={workspace}"),
            body: Value::Null,
        })
        .await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": gone }));
    let used =
        served.call("delete_provider", json!({ "slug": slug, "workspace_id": workspace })).await;
    assert_eq!(used.error()["code"], "AB07");
    let own = serve_key(settings(), "workspace").await;
    let get = own.call("get_provider", json!({ "slug": "no-such" })).await;
    assert_eq!(get.error()["status"], 404);
    let reader = serve_key(settings(), "read-only").await;
    let error = reader.call("delete_provider", json!({ "slug": slug })).await.error();
    assert!(error["likely_cause"].as_str().unwrap().contains("`providers.delete`"), "{error}");
    let requests = reader.sandbox.requests();
    assert!(requests.iter().any(|it| it.method == Method::DELETE));
}
