//! The limits' tools, from the endpoint to what the sandbox stores.

use serde_json::{Value, json};

use crate::support::{Account, Sends, Served, joined, serve, serve_key, settings};

const ORGANISATION: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

async fn seeded() -> (Served, Account, String) {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let list = account.get("/admin/workspaces").await;
    let workspace = list["data"][0]["id"].as_str().unwrap().to_owned();
    (served, account, workspace)
}

async fn first(account: &Account, family: &str) -> (String, Value) {
    let list = account.get(&format!("/policies/{family}")).await;
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let row = account.get(&format!("/policies/{family}/{id}")).await;
    (id, row)
}

fn reads(tool: &'static str, args: Value, path: &str, query: &'static str) -> Sends<'static> {
    Sends { tool, args, line: format!("GET /policies/{path}"), query, body: Value::Null }
}

#[tokio::test]
async fn policies_are_listed_and_read_as_they_are() {
    let (served, account, workspace) = seeded().await;
    let paging = "current_page=0&page_size=20";
    for (family, list, get) in [
        ("rate-limits", "list_rate_limits", "get_rate_limit"),
        ("usage-limits", "list_usage_limits", "get_usage_limit"),
    ] {
        let all = account.get(&format!("/policies/{family}")).await;
        let told = served.sends(reads(list, json!({}), family, paging)).await;
        assert_eq!((&told.data()["total"], &told.data()["data"]), (&all["total"], &all["data"]));
        let (id, row) = first(&account, family).await;
        let got =
            served.sends(reads(get, json!({ "id": id }), &format!("{family}/{id}"), "")).await;
        assert_eq!(got.data(), &row);
    }
    let args = json!({
        "workspace_id": workspace, "status": "archived", "type": "tokens", "unit": "rpw",
        "target": "mcp_tools", "current_page": 2, "page_size": 3,
    });
    let query = format!(
        "workspace_id={workspace}&status=archived&type=tokens&unit=rpw&target=mcp_tools&current_page=2&page_size=3"
    );
    let sends = |tool, args, line: &str, query| Sends {
        tool,
        args,
        line: line.to_owned(),
        query,
        body: Value::Null,
    };
    served.sends(sends("list_rate_limits", args, "GET /policies/rate-limits", &query)).await;
    let args = json!({
        "workspace_id": workspace, "status": "active", "type": "cost", "current_page": 1, "page_size": 1,
    });
    let query =
        format!("workspace_id={workspace}&status=active&type=cost&current_page=1&page_size=1");
    served.sends(sends("list_usage_limits", args, "GET /policies/usage-limits", &query)).await;
    let (id, _) = first(&account, "usage-limits").await;
    let args = json!({ "id": id, "status": "active", "include_usage": true });
    let path = format!("GET /policies/usage-limits/{id}");
    let got = served
        .sends(sends("get_usage_limit", args, &path, "status=active&include_usage=true"))
        .await;
    let usage = got.data()["value_key_usage_map"].as_object().unwrap();
    assert!(usage.values().all(|it| it["current_usage"].is_number()), "{usage:?}");
    let (id, _) = first(&account, "rate-limits").await;
    let path = format!("GET /policies/rate-limits/{id}");
    let args = json!({ "id": id, "status": "active" });
    served.sends(sends("get_rate_limit", args, &path, "status=active")).await;
}

#[tokio::test]
async fn a_rate_limit_is_created_with_the_least_and_with_everything() {
    let (served, account, workspace) = seeded().await;
    let least = json!({
        "conditions": [{ "key": "api_key", "value": ["*"] }], "group_by": [{ "key": "api_key" }],
        "type": "requests", "unit": "rpm", "value": 100, "workspace_id": workspace,
    });
    let mut body = least.clone();
    // One value goes as text, which is all that the official description knows.
    body["conditions"][0]["value"] = "*".into();
    let create = |args: Value, body: Value| Sends {
        tool: "create_rate_limit",
        args,
        line: "POST /policies/rate-limits".into(),
        query: "",
        body,
    };
    let made = served.sends(create(least, body)).await;
    assert_eq!(made.data()["object"], "policy_rate_limits");
    let conditions = json!([
        { "key": "workspace_id", "value": workspace },
        { "key": "mcp_tool", "value": ["a", "b"], "excludes": ["c"] },
        { "key": "metadata.team", "value": "x*", "excludes": ["xa", "xb"] },
    ]);
    let whole = json!({
        "conditions": conditions, "group_by": [{ "key": "metadata.team" }, { "key": "mcp_server" }],
        "type": "tokens", "unit": "rpw", "value": 0.5, "name": "whole", "target": "mcp_tools",
        "workspace_id": workspace, "organisation_id": ORGANISATION,
    });
    let mut body = whole.clone();
    body["conditions"][1]["excludes"] = "c".into();
    let made = served.sends(create(whole, body.clone())).await;
    let id = made.data()["id"].as_str().unwrap();
    let stored = account.get(&format!("/policies/rate-limits/{id}")).await;
    for field in ["conditions", "group_by", "type", "unit", "value", "name", "target"] {
        assert_eq!(stored[field], body[field], "{field}");
    }
}

#[tokio::test]
async fn a_budget_takes_every_type_and_every_form_of_reset() {
    let (served, account, workspace) = seeded().await;
    let base = json!({
        "conditions": [{ "key": "model", "value": "gpt-*" }], "group_by": [{ "key": "metadata._user" }],
        "workspace_id": workspace,
    });
    let forms = [
        json!({ "type": "cost", "credit_limit": 12.5 }),
        json!({ "type": "tokens", "credit_limit": 5, "periodic_reset": "monthly" }),
        json!({ "type": "requests", "credit_limit": 5, "periodic_reset": "weekly" }),
        json!({ "type": "cost", "credit_limit": 5, "periodic_reset_days": 365 }),
        json!({
            "type": "cost", "credit_limit": 5, "alert_threshold": 4.5, "periodic_reset": "monthly",
            "next_usage_reset_at": "2031-02-03T00:00:00Z", "name": "n", "description": "d",
            "organisation_id": ORGANISATION,
        }),
    ];
    for form in forms {
        let body = joined(base.clone(), &form);
        let made = served
            .sends(Sends {
                tool: "create_usage_limit",
                args: body.clone(),
                line: "POST /policies/usage-limits".into(),
                query: "",
                body,
            })
            .await;
        let id = made.data()["id"].as_str().unwrap();
        let stored = account.get(&format!("/policies/usage-limits/{id}")).await;
        for (field, value) in form.as_object().unwrap() {
            let computed = ["next_usage_reset_at", "organisation_id"].contains(&field.as_str());
            assert!(computed || stored[field] == *value, "{field} of {form}: {stored}");
        }
    }
    for (wrong, named) in [
        (json!({ "periodic_reset": "monthly", "periodic_reset_days": 3 }), "`periodic_reset_days`"),
        (json!({ "alert_threshold": 5 }), "`alert_threshold`"),
        (json!({ "periodic_reset_days": 366 }), "`periodic_reset_days`"),
        (json!({ "periodic_reset": "daily" }), "`periodic_reset`"),
        (json!({ "credit_limit": -1 }), "`credit_limit`"),
        (json!({ "conditions": [] }), "`conditions`"),
        (json!({ "conditions": [{ "key": "model", "value": [] }] }), "`conditions[0].value`"),
        (json!({ "group_by": [{ "key": "" }] }), "`group_by[0].key`"),
        (json!({ "name": "x".repeat(256) }), "`name`"),
        (json!({ "next_usage_reset_at": "2031-02-03" }), "`next_usage_reset_at`"),
    ] {
        let args =
            joined(joined(base.clone(), &json!({ "type": "cost", "credit_limit": 5 })), &wrong);
        let message = served.refuses("create_usage_limit", args).await;
        assert!(message.contains(named), "{wrong}: {message}");
    }
}

#[tokio::test]
async fn an_update_of_a_policy_keeps_what_it_does_not_name() {
    let (served, account, _) = seeded().await;
    let conditions = json!([{ "key": "virtual_key", "value": ["a", "b"] }]);
    for (family, tool, steps) in [
        (
            "rate-limits",
            "update_rate_limit",
            vec![
                json!({ "value": 7 }),
                json!({ "name": "n", "unit": "rpw", "value": 9, "conditions": conditions }),
            ],
        ),
        (
            "usage-limits",
            "update_usage_limit",
            vec![
                json!({ "credit_limit": 7000 }),
                json!({
                    "name": "n", "description": "d", "credit_limit": 8000, "alert_threshold": 1,
                    "periodic_reset": "weekly", "next_usage_reset_at": "2031-02-03T00:00:00Z",
                    "conditions": conditions, "reset_usage_for_value": "api_key:x",
                }),
            ],
        ),
    ] {
        let (id, before) = first(&account, family).await;
        let path = format!("/policies/{family}/{id}");
        for step in steps {
            let told = served
                .sends(Sends {
                    tool,
                    args: joined(json!({ "id": id }), &step),
                    line: format!("PUT {path}"),
                    query: "",
                    body: step.clone(),
                })
                .await;
            assert_eq!(told.data(), &json!({ "success": true, "id": id }));
            let after = account.get(&path).await;
            for (field, value) in before.as_object().unwrap() {
                let moved = ["last_updated_at", "last_reset_at", "next_usage_reset_at"];
                if !moved.contains(&field.as_str()) && after[field] != *value {
                    assert_eq!(after[field], step[field], "{field} of {path}");
                }
            }
        }
        let message = served.refuses(tool, json!({ "id": id })).await;
        assert!(message.contains("nothing to change"), "{message}");
    }
}

#[tokio::test]
async fn one_form_of_reset_takes_the_place_of_the_other() {
    let (served, account, _) = seeded().await;
    let (id, _) = first(&account, "usage-limits").await;
    let path = format!("/policies/usage-limits/{id}");
    let put = |args: Value, body: Value| Sends {
        tool: "update_usage_limit",
        args: joined(json!({ "id": id }), &args),
        line: format!("PUT {path}"),
        query: "",
        body,
    };
    let args = json!({ "periodic_reset_days": 10, "clear": ["periodic_reset"] });
    served.sends(put(args, json!({ "periodic_reset_days": 10, "periodic_reset": null }))).await;
    let stored = account.get(&path).await;
    assert_eq!(
        (&stored["periodic_reset"], &stored["periodic_reset_days"]),
        (&Value::Null, &json!(10))
    );
    // A null might be a client's way of leaving out: it ends no reset and no alert.
    let nulls = json!({ "id": id, "name": "x", "alert_threshold": null });
    assert!(
        served.refuses("update_usage_limit", nulls).await.contains("`alert_threshold` is null")
    );
    let args = json!({ "clear": ["alert_threshold", "description", "periodic_reset_days"] });
    let body = json!({ "alert_threshold": null, "description": null, "periodic_reset_days": null });
    served.sends(put(args, body)).await;
    let stored = account.get(&path).await;
    assert_eq!(
        (&stored["alert_threshold"], &stored["next_usage_reset_at"]),
        (&Value::Null, &Value::Null)
    );
    let both = json!({ "id": id, "alert_threshold": 1, "clear": ["alert_threshold"] });
    assert!(served.refuses("update_usage_limit", both).await.contains("`alert_threshold`"));
}

#[tokio::test]
async fn a_deleted_policy_is_archived_and_can_still_be_read() {
    let (served, account, _) = seeded().await;
    for (family, delete, get, list) in [
        ("rate-limits", "delete_rate_limit", "get_rate_limit", "list_rate_limits"),
        ("usage-limits", "delete_usage_limit", "get_usage_limit", "list_usage_limits"),
    ] {
        let (id, _) = first(&account, family).await;
        let told = served
            .sends(Sends {
                tool: delete,
                args: json!({ "id": id }),
                line: format!("DELETE /policies/{family}/{id}"),
                query: "",
                body: Value::Null,
            })
            .await;
        assert_eq!(told.data(), &json!({ "success": true, "id": id }));
        assert_eq!(served.call(get, json!({ "id": id })).await.error()["status"], 404);
        let got = served.call(get, json!({ "id": id, "status": "archived" })).await;
        assert_eq!(got.data()["status"], "archived");
        let archived = served.call(list, json!({ "status": "archived" })).await;
        assert_eq!(
            (&archived.data()["total"], &archived.data()["data"][0]["id"]),
            (&json!(1), &json!(id))
        );
    }
}

#[tokio::test]
async fn a_counter_moves_with_traffic_and_is_reset_alone() {
    let served = serve_key(settings(), "workspace").await;
    let account = served.account("workspace");
    let body = json!({
        "conditions": [{ "key": "metadata.app", "value": "counted" }], "type": "requests",
        "group_by": [{ "key": "metadata.client_id" }], "credit_limit": 2,
    });
    let made = served.call("create_usage_limit", body).await;
    let id = made.data()["id"].as_str().unwrap().to_owned();
    let prompt = account.get("/prompts?search=triage").await["data"][0]["id"].clone();
    let run = async |client: &str| {
        let metadata = json!({ "client_id": client, "app": "counted", "env": "prod" });
        let args =
            json!({ "prompt_id": prompt, "variables": { "message": "m" }, "metadata": metadata });
        served.call("run_prompt_completion", args).await
    };
    run("one").await.data();
    run("two").await.data();
    run("one").await.data();
    let refused = run("one").await.error();
    assert_eq!(refused["status"], 412, "{refused}");
    let path = format!("GET /policies/usage-limits/{id}/entities");
    let list = served
        .sends(Sends {
            tool: "list_usage_limit_entities",
            args: json!({ "limit_id": id }),
            line: path.clone(),
            query: "current_page=0&page_size=20",
            body: Value::Null,
        })
        .await;
    let counter = |list: &Value, row: usize| {
        let row = &list["data"][row];
        (row["value_key"].as_str().unwrap().to_owned(), row["current_usage"].as_u64().unwrap())
    };
    let (one, two) = ("metadata.client_id:one", "metadata.client_id:two");
    assert_eq!(counter(list.data(), 0), (one.to_owned(), 2));
    assert_eq!(counter(list.data(), 1), (two.to_owned(), 1));
    let found = served
        .sends(Sends {
            tool: "list_usage_limit_entities",
            args: json!({ "limit_id": id, "status": "exhausted", "search": "one", "current_page": 0, "page_size": 5 }),
            line: path,
            query: "status=exhausted&search=one&current_page=0&page_size=5",
            body: Value::Null,
        })
        .await;
    assert_eq!(found.data()["total"], 1);
    let entity = found.data()["data"][0]["id"].as_str().unwrap();
    let told = served
        .sends(Sends {
            tool: "reset_usage_limit_entity",
            args: json!({ "limit_id": id, "entity_id": entity }),
            line: format!("PUT /policies/usage-limits/{id}/entities/{entity}/reset"),
            query: "",
            body: json!({}),
        })
        .await;
    assert_eq!(told.data(), &json!({ "success": true, "limit_id": id, "entity_id": entity }));
    let list = served.call("list_usage_limit_entities", json!({ "limit_id": id })).await;
    assert_eq!(counter(list.data(), 0), (one.to_owned(), 0));
    assert_eq!(counter(list.data(), 1), (two.to_owned(), 1));
    run("one").await.data();
    let unknown = json!({ "limit_id": id, "entity_id": "none" });
    assert_eq!(served.call("reset_usage_limit_entity", unknown).await.error()["status"], 404);
}

#[tokio::test]
async fn a_missing_scope_of_a_policy_is_named() {
    let served = serve_key(settings(), "read-only").await;
    let list = served.call("list_usage_limits", json!({})).await;
    let id = list.data()["data"][0]["id"].clone();
    let error = served.call("delete_usage_limit", json!({ "id": id })).await.error();
    assert!(error["likely_cause"].as_str().unwrap().contains("`policies.delete`"), "{error}");
}
