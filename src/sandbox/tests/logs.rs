//! Logs and their exports.

use std::collections::BTreeSet;

use super::*;

const ALWAYS: &str =
    "time_of_generation_min=2020-01-01T00:00:00Z&time_of_generation_max=2100-01-01T00:00:00Z";

/// The lines of an export of these filters and fields, which is run to its end.
async fn exported(api: &Api, filters: Value, fields: Value) -> Vec<Value> {
    let body = json!({ "filters": filters, "requested_data": fields });
    let made = api.post("/logs/exports", body).await;
    let path = format!("/logs/exports/{}", made["id"].as_str().unwrap());
    api.post(&format!("{path}/start"), json!({})).await;
    soon(async { while api.get(&path).await["status"] != "success" {} }).await;
    let link = api.get(&format!("{path}/download")).await;
    // The link carries its own permission.
    let file = Client::builder().no_proxy().build().unwrap();
    let file = file.get(link["signed_url"].as_str().unwrap()).send().await.unwrap();
    let lines = file.error_for_status().unwrap().text().await.unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(made["total"], lines.len());
    lines
}

#[tokio::test]
async fn an_export_holds_what_the_analytics_count() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let fields = json!(["id", "trace_id", "created_at", "total_units", "response_status_code"]);
    let lines = exported(&api, json!({}), fields).await;
    let tokens = api.get(&format!("/analytics/graphs/tokens?{ALWAYS}")).await;
    let sum: u64 = lines.iter().map(|line| line["total_units"].as_u64().unwrap()).sum();
    assert_eq!(tokens["summary"]["total"], sum);
    let errors = api.get(&format!("/analytics/graphs/errors?{ALWAYS}")).await;
    let failed = lines.iter().filter(|line| line["response_status_code"].as_u64() >= Some(400));
    assert_eq!(errors["summary"]["total"], failed.count());
    let ids: BTreeSet<_> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), lines.len());
    assert_eq!(lines[0].as_object().unwrap().len(), 5, "only what was asked for");
    let log = api.get(&format!("/logs/{}", lines[7]["id"].as_str().unwrap())).await;
    assert_eq!(log["metrics"]["trace_id"], lines[7]["trace_id"]);
    assert_eq!(log["request"]["portkeyHeaders"]["x-portkey-trace-id"], lines[7]["trace_id"]);
}

#[tokio::test]
async fn both_forms_of_the_window_and_every_filter_narrow_an_export() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let fields = || json!(["created_at", "ai_model", "ai_org", "metadata", "cost", "request"]);
    let (from, to) = ("2026-03-20T00:00:00Z", "2026-03-21T00:00:00Z");
    let one = json!({ "time_of_generation_min": from, "time_of_generation_max": to });
    let one = exported(&api, one, fields()).await;
    let other = exported(&api, json!({ "created_at": { "gte": from, "lte": to } }), fields()).await;
    assert_eq!(one, other);
    assert!(!one.is_empty());
    assert!(one.iter().all(|line| line["created_at"].as_str().unwrap().starts_with("2026-03-20")));
    assert!(one[0]["request"]["body"]["model"].is_string());
    let filters = json!({ "ai_model": "gpt-4o,no-such", "metadata": { "app": "helpdesk" },
        "ai_org_model": "openai__gpt-4o", "total_units_min": 1, "page_size": 3, "current_page": 1 });
    let some = exported(&api, filters, fields()).await;
    assert_eq!(some.len(), 3);
    for line in some {
        assert_eq!(line["ai_model"], "gpt-4o");
        assert_eq!(line["metadata"]["app"], "helpdesk");
    }
    for wrong in [
        json!({ "ai_model": ["gpt-4o"] }),
        json!({ "cost_min": "1" }),
        json!({ "page_size": 50_001 }),
        json!({ "colour": "red" }),
        json!({ "created_at": { "gte": "yesterday" } }),
    ] {
        let body = json!({ "filters": wrong, "requested_data": ["id"] });
        let refused = api.refused(Method::POST, "/logs/exports", Some(body)).await;
        assert_eq!(refused, code(400, "AB01"), "{wrong}");
    }
}

#[tokio::test]
async fn an_export_runs_through_its_states() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let body = json!({ "filters": {}, "requested_data": ["id"], "description": "all" });
    let made = api.post("/logs/exports", body.clone()).await;
    let path = format!("/logs/exports/{}", made["id"].as_str().unwrap());
    let status = async || api.get(&path).await["status"].as_str().unwrap().to_owned();
    assert_eq!(status().await, "draft");
    let early = api.refused(Method::GET, &format!("{path}/download"), None).await;
    assert_eq!(early, code(400, "AB01"));
    let change = json!({ "filters": { "ai_model": "gpt-4o" } });
    let changed = api.put(&path, change.clone()).await;
    assert!(changed["total"].as_u64() < made["total"].as_u64(), "{changed}");
    assert_eq!(api.get(&path).await["requested_data"], json!(["id"]));
    api.post(&format!("{path}/start"), json!({})).await;
    let again = api.refused(Method::POST, &format!("{path}/start"), None).await;
    assert_eq!(again, code(409, "AB07"));
    assert_eq!(api.refused(Method::PUT, &path, Some(change)).await, code(400, "AB01"));
    assert_eq!(status().await, "in_progress");
    assert_eq!(status().await, "success");
    assert_eq!(status().await, "success");
    let second = api.post("/logs/exports", body).await;
    let path = format!("/logs/exports/{}", second["id"].as_str().unwrap());
    let idle = api.refused(Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!(idle, code(409, "AB07"));
    api.post(&format!("{path}/start"), json!({})).await;
    api.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!(api.get(&path).await["status"], "stopped");
    assert_eq!(api.get("/logs/exports").await["total"], 2);
}

#[tokio::test]
async fn a_workspace_may_deny_fields_and_a_link_needs_its_signature() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let refused = api.refused(Method::GET, "/logs/exports", None).await;
    assert_eq!(refused, code(400, "AB01"));
    let research = api.seeded("/admin/workspaces", "Research", "slug").await;
    let denied =
        api.get(&format!("/logs/exports/field-restrictions?workspace_id={research}")).await;
    assert_eq!(denied["deniedFields"], json!(["request", "response"]));
    let body = |fields: Value| {
        Some(json!({ "filters": {}, "requested_data": fields, "workspace_id": research }))
    };
    let refused = api.refused(Method::POST, "/logs/exports", body(json!(["id", "request"]))).await;
    assert_eq!(refused, code(403, "AB03"));
    let made = api.post("/logs/exports", body(json!(["id"])).unwrap()).await;
    let id = made["id"].as_str().unwrap();
    let url = format!("{}/exports/{id}.jsonl?signature=00", sandbox.base_url());
    let file = Client::builder().no_proxy().build().unwrap();
    assert_eq!(file.get(url).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn an_inserted_log_is_read_back_and_counted() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let entry = |trace: &str| {
        json!({
            "request": { "url": "https://h.example/v1", "provider": "mistral-ai", "body": { "model": "m" } },
            "response": { "status": 503, "response_time": 77,
                "body": { "usage": { "prompt_tokens": 11, "completion_tokens": 5 } } },
            "metadata": { "traceId": trace, "span_id": "s", "team": "blue" },
        })
    };
    let (status, nothing) =
        api.ask(Method::POST, "/logs", Some(json!([entry("one"), entry("two")]))).await;
    assert_eq!((status, nothing), (200, Value::Null));
    let fields = json!(["id", "trace_id", "metadata", "ai_org", "total_units", "response_time"]);
    let lines = exported(&api, json!({ "trace_id": "two" }), fields).await;
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&line["ai_org"], &line["total_units"]), (&json!("mistral-ai"), &json!(16)));
    assert_eq!(line["metadata"], json!({ "team": "blue" }));
    let log = api.get(&format!("/logs/{}", line["id"].as_str().unwrap())).await;
    assert_eq!(log["request"]["body"], entry("two")["request"]["body"]);
    assert_eq!(log["request"]["method"], "POST");
    assert_eq!(log["response"]["responseTime"], 77);
    assert_eq!(log["metrics"]["response_status_code"], 503);
    let other = Api::new(&sandbox, "staging");
    let path = format!("/logs/{}", line["id"].as_str().unwrap());
    assert_eq!(other.refused(Method::GET, &path, None).await, code(404, "AB02"));
    for wrong in [json!([]), json!({ "request": {}, "response": {} }), json!([1])] {
        assert_eq!(api.refused(Method::POST, "/logs", Some(wrong)).await, code(400, "AB01"));
    }
    let admin = Api::new(&sandbox, "admin");
    let refused = admin.refused(Method::POST, "/logs", Some(entry("three"))).await;
    assert_eq!(refused, code(403, "AB03"));
}
