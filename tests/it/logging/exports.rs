//! Exports of logs.

use serde_json::{Value, json};

use crate::support::{Served, serve, serve_key, settings};

const FROM: &str = "2026-01-01T00:00:00Z";
const TO: &str = "2100-01-01T00:00:00Z";
const POST: &str = "POST /v1/logs/exports";

/// The filters of an export as they are stored.
async fn stored(served: &Served, id: &str) -> Value {
    served.account("workspace").get(&format!("/logs/exports/{id}")).await
}

async fn draft(served: &Served, args: Value, body: Value) -> String {
    let made = served.sends_one("create_log_export", args, POST, body).await;
    assert!(made.data()["total"].is_number(), "{}", made.data());
    made.data()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_export_is_drafted_in_either_form_with_lists_as_the_api_takes_them() {
    let served = serve_key(settings(), "workspace").await;
    let least = json!({ "requested_data": ["id"] });
    draft(&served, least, json!({ "filters": {}, "requested_data": ["id"] })).await;

    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "slug").await;
    let filters = json!({
        "time_of_generation_min": FROM, "time_of_generation_max": TO, "workspace_slug": workspace,
        "ai_model": ["gpt-4o", "gpt-4o-mini"], "ai_org_model": ["openai__gpt-4o"],
        "status_code": [200, 429], "virtual_keys": ["vk-1"], "configs": ["pc-1", "pc-2"],
        "trace_id": ["t"], "prompt_slug": "pp-1", "metadata": { "env": "prod" }, "cost_min": 0.5,
        "cost_max": 9, "total_units_min": 1, "total_units_max": 2, "prompt_token_min": 3,
        "prompt_token_max": 4, "completion_token_min": 5, "completion_token_max": 6,
        "weighted_feedback_min": -10, "weighted_feedback_max": 9.5, "page_size": 50_000,
        "current_page": 0,
    });
    let fields = [
        "id",
        "trace_id",
        "created_at",
        "request",
        "response",
        "is_success",
        "ai_org",
        "ai_model",
        "req_units",
        "res_units",
        "total_units",
        "request_url",
        "cost",
        "cost_currency",
        "response_time",
        "response_status_code",
        "mode",
        "config",
        "prompt_slug",
        "metadata",
    ];
    let mut sent = filters.clone();
    for (name, text) in [
        ("ai_model", "gpt-4o,gpt-4o-mini"),
        ("ai_org_model", "openai__gpt-4o"),
        ("status_code", "200,429"),
        ("virtual_keys", "vk-1"),
        ("configs", "pc-1,pc-2"),
        ("trace_id", "t"),
    ] {
        sent[name] = text.into();
    }
    let mut args = json!({ "requested_data": fields, "filters": filters, "workspace_id": workspace,
        "description": "all of it", "filter_form": "time_of_generation" });
    let mut body = json!({ "requested_data": fields, "filters": sent, "workspace_id": workspace,
        "description": "all of it" });
    draft(&served, args.clone(), body.clone()).await;
    // The other form, by choice and by what was given.
    let filters = body["filters"].as_object_mut().unwrap();
    filters.remove("time_of_generation_min");
    filters.remove("time_of_generation_max");
    filters.insert("created_at".into(), json!({ "gte": FROM, "lte": TO }));
    args["filter_form"] = "created_at".into();
    draft(&served, args, body).await;
    let given = json!({ "requested_data": ["id"], "filters": { "created_at": { "gte": FROM } } });
    draft(&served, given.clone(), given).await;
}

#[tokio::test]
async fn the_references_flat_arguments_make_the_same_filters() {
    let served = serve_key(settings(), "workspace").await;
    let flat = json!({ "time_min": FROM, "time_max": TO, "requested_fields": ["cost"], "cost_min": 0.5,
        "cost_max": 2.5, "total_units_min": 1, "total_units_max": 2, "ai_model": ["a", "b"],
        "description": "d" });
    let body = json!({ "requested_data": ["cost"], "description": "d", "filters": {
        "time_of_generation_min": FROM, "time_of_generation_max": TO, "cost_min": 0.5,
        "cost_max": 2.5, "total_units_min": 1, "total_units_max": 2, "ai_model": "a,b" } });
    draft(&served, flat.clone(), body).await;
    let mut both = flat;
    both["filters"] = json!({ "cost_min": 1 });
    let error = served.refused("create_log_export", both).await;
    assert_eq!(error["problems"][0]["argument"], "cost_min", "{error}");
}

#[tokio::test]
async fn what_no_export_can_be_is_refused_here() {
    let served = serve_key(settings(), "workspace").await;
    for (change, named) in [
        (json!({ "requested_data": [] }), "requested_data"),
        (json!({ "requested_data": ["colour"] }), "requested_data[0]"),
        (json!({ "filters": { "page_size": 50_001 } }), "filters.page_size"),
        (
            json!({ "filters": { "time_of_generation_min": "yesterday" } }),
            "filters.time_of_generation_min",
        ),
        (
            json!({ "filters": { "time_of_generation_min": TO, "time_of_generation_max": FROM } }),
            "filters.time_of_generation_max",
        ),
        (
            json!({ "filters": { "created_at": { "gte": FROM }, "time_of_generation_min": FROM } }),
            "filters.created_at.gte",
        ),
        (json!({ "filters": { "cost_min": 2, "cost_max": 1 } }), "filters.cost_max"),
        (json!({ "filter_form": "both" }), "filter_form"),
    ] {
        let mut args = json!({ "requested_data": ["id"] });
        args.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = served.refused("create_log_export", args).await;
        assert_eq!(error["problems"][0]["argument"], named, "{change}: {error}");
    }
}

#[tokio::test]
async fn an_update_keeps_the_filters_that_it_does_not_mention() {
    let served = serve_key(settings(), "workspace").await;
    let filters = json!({ "time_of_generation_min": FROM, "ai_model": "gpt-4o", "cost_min": 0,
        "metadata": { "env": "prod" } });
    let body = json!({ "filters": filters, "requested_data": ["id", "cost"] });
    let account = served.account("workspace");
    let made = account.post("/logs/exports", &body).await;
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/logs/exports/{id}");
    let put = async |args: Value, wanted: Value| {
        let mut args = args;
        args["export_id"] = id.into();
        served.sent();
        let told = served.call("update_log_export", args).await.data().clone();
        let sent = served.sent();
        let lines: Vec<_> = sent.iter().map(|it| format!("{} {}", it.method, it.path)).collect();
        let get = format!("GET {path}");
        assert_eq!(lines, [get.clone(), format!("PUT {path}"), get]);
        assert_eq!(sent[1].json(), wanted);
        assert_eq!(told["id"], id);
        told
    };
    // The reference's own argument.
    let mut filters = filters;
    filters["time_of_generation_max"] = TO.into();
    let wanted = json!({ "filters": filters, "requested_data": ["id", "cost"] });
    put(json!({ "time_of_generation_max": TO }), wanted).await;
    filters.as_object_mut().unwrap().remove("cost_min");
    filters["ai_model"] = "a,b".into();
    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "id").await;
    let wanted =
        json!({ "workspace_id": workspace, "filters": filters, "requested_data": ["mode"] });
    let args = json!({ "filters": { "cost_min": null, "ai_model": ["a", "b"] },
        "requested_fields": ["mode"], "workspace_id": workspace });
    put(args, wanted).await;
    assert_eq!(stored(&served, id).await["filters"], filters);
    // Another form is chosen, and then stays.
    let window = json!({ "gte": FROM, "lte": TO });
    let wanted = json!({ "requested_data": ["mode"], "filters":
        { "ai_model": "a,b", "metadata": { "env": "prod" }, "created_at": window } });
    put(json!({ "filter_form": "created_at" }), wanted.clone()).await;
    let mut wanted = wanted;
    wanted["filters"]["created_at"]["lte"] = json!("2099-01-01T00:00:00Z");
    put(json!({ "filters": { "time_of_generation_max": "2099-01-01T00:00:00Z" } }), wanted).await;
    let error = served.refused("update_log_export", json!({ "export_id": id })).await;
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
}

/// A change that is built upon a stale read would lose the one before it.
#[tokio::test]
async fn a_stale_read_is_not_built_upon() {
    let served = serve_key(settings(), "workspace").await;
    let made = served.call("create_log_export", json!({ "requested_data": ["id"] })).await;
    let id = made.data()["id"].as_str().unwrap();
    let change = |name: &str, value: u64| json!({ "export_id": id, "filters": { name: value } });
    served.sandbox.faults().stale_for_reads(2);
    served.call("update_log_export", change("cost_min", 1)).await.data();
    served.call("update_log_export", change("cost_max", 9)).await.data();
    served.sandbox.faults().fresh();
    for _ in 0..3 {
        stored(&served, id).await;
    }
    assert_eq!(stored(&served, id).await["filters"], json!({ "cost_min": 1, "cost_max": 9 }));
    served.sandbox.faults().stale_for_reads(100);
    let told = served.call("update_log_export", change("cost_min", 2)).await;
    assert!(told.data()["note"].as_str().unwrap().contains("older"), "{}", told.data());
    let error = served.call("update_log_export", change("cost_max", 8)).await.error();
    assert_eq!(error["kind"], "stale", "{error}");
}

/// What the signed link gives, without any key.
async fn file(link: &str) -> Vec<Value> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let text =
        http.get(link).send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn an_export_runs_from_its_draft_to_its_file() {
    let served = serve_key(settings(), "workspace").await;
    let args =
        json!({ "requested_data": ["id", "ai_model"], "filters": { "ai_model": ["gpt-4o"] } });
    let made = served.call("create_log_export", args).await;
    let id = made.data()["id"].as_str().unwrap().to_owned();
    let args = json!({ "export_id": id });
    let path = format!("/v1/logs/exports/{id}");
    let early = served.call("download_log_export", args.clone()).await.error();
    assert_eq!(early["status"], 400, "{early}");
    let start = format!("POST {path}/start");
    served.sends_one("start_log_export", args.clone(), &start, json!({})).await.data();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let get = format!("GET {path}");
        let got = served.sends_one("get_log_export", args.clone(), &get, Value::Null).await;
        seen.push(got.data()["status"].clone());
    }
    assert_eq!(seen, ["in_progress", "success", "success"]);
    let get = format!("GET {path}/download");
    let link = served.sends_one("download_log_export", args.clone(), &get, Value::Null).await;
    assert!(link.data()["handling"].as_str().unwrap().contains("`signed_url`"), "{}", link.data());
    let lines = file(link.data()["signed_url"].as_str().unwrap()).await;
    assert_eq!(made.data()["total"], lines.len());
    assert!(!lines.is_empty() && lines.iter().all(|line| line["ai_model"] == "gpt-4o"));
    let log = served.call("get_log", json!({ "log_id": lines[0]["id"] })).await;
    assert_eq!(log.data()["metrics"]["ai_model"], "gpt-4o");

    let late = json!({ "export_id": id, "filters": { "cost_min": 1 } });
    let error = served.call("update_log_export", late).await.error();
    assert_eq!(error["kind"], "precondition", "{error}");
    let list =
        served.sends_one("list_log_exports", json!({}), "GET /v1/logs/exports", Value::Null).await;
    assert_eq!(list.data()["data"][0]["status"], "success");
    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "slug").await;
    let every = json!({ "workspace_id": workspace, "current_page": 1, "page_size": 1 });
    let line = format!("GET /v1/logs/exports?workspace_id={workspace}");
    let none = served.sends_one("list_log_exports", every, &line, Value::Null).await;
    assert_eq!((&none.data()["total"], &none.data()["data"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn a_running_export_is_stopped() {
    let served = serve_key(settings(), "workspace").await;
    let made = served.call("create_log_export", json!({ "requested_data": ["id"] })).await;
    let id = made.data()["id"].as_str().unwrap();
    let args = json!({ "export_id": id });
    let cancel = format!("POST /v1/logs/exports/{id}/cancel");
    let idle =
        served.sends_one("cancel_log_export", args.clone(), &cancel, json!({})).await.error();
    assert_eq!((&idle["status"], &idle["code"]), (&json!(409), &json!("AB07")), "{idle}");
    served.call("start_log_export", args.clone()).await.data();
    served.sends_one("cancel_log_export", args.clone(), &cancel, json!({})).await.data();
    let got = served.call("get_log_export", args).await;
    assert_eq!(got.data()["status"], "stopped");
}

/// The route of an export's id would take the name for one.
#[tokio::test]
async fn field_restrictions_are_no_export() {
    let served = serve(settings()).await;
    let research = served.seeded("admin", "/admin/workspaces", "Research", "slug").await;
    let path = "GET /v1/logs/exports/field-restrictions";
    let args = json!({ "workspace_id": research });
    let line = format!("{path}?workspace_id={research}");
    let tool = "get_log_export_field_restrictions";
    let denied = served.sends_one(tool, args, &line, Value::Null).await;
    assert_eq!(denied.data()["deniedFields"], json!(["request", "response"]));
    let args = json!({ "requested_data": ["id", "response"], "workspace_id": research });
    let error = served.call("create_log_export", args).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")), "{error}");
    let served = serve_key(settings(), "workspace").await;
    let none = served.sends_one(tool, json!({}), path, Value::Null).await;
    assert_eq!(none.data()["deniedFields"], json!([]));
}

/// What a read shows is no older state because it was there before: filters may go back and forth.
#[tokio::test]
async fn filters_that_come_back_are_not_taken_for_a_stale_read() {
    let served = serve_key(settings(), "workspace").await;
    let least = json!({ "requested_data": ["id"] });
    let id = draft(&served, least, json!({ "filters": {}, "requested_data": ["id"] })).await;
    for least in [1, 2, 1, 1, 2] {
        let args = json!({ "export_id": id, "filters": { "total_units_min": least } });
        let told = served.call("update_log_export", args).await;
        assert_eq!(told.data()["filters"]["total_units_min"], least);
        assert!(told.data().get("note").is_none(), "{}", told.data());
    }
}
