//! The guardrails tools, from the endpoint to what the sandbox stores.

mod enforcement;
mod update;

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Served, serve, settings};

const SERVER: &str = "3c90c3cc-0d44-4b50-8888-8dd25736052a";
const OTHER: &str = "9f1e2d3c-0d44-4b50-8888-8dd25736052a";

/// A check and actions that the API takes.
fn least() -> Value {
    json!({ "name": "Short", "checks": [{ "id": "newer.thanThisServer" }], "actions": { "deny": true } })
}

/// A guardrail as it is stored.
async fn stored(served: &Served, key: &str) -> Value {
    served.account("admin").get(&format!("/guardrails/{key}")).await
}

#[tokio::test]
async fn lists_and_reads_send_what_they_were_given() {
    let served = serve(settings()).await;
    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "id").await;
    let line = "GET /v1/guardrails?current_page=0&page_size=20";
    let all = served.sends_one("list_guardrails", json!({}), line, Value::Null).await;
    assert_eq!(all.data()["total"], 5);
    let row = &all.data()["data"][0];
    let (organisation, id) =
        (row["organisation_id"].as_str().unwrap(), row["id"].as_str().unwrap());
    let every = json!({ "workspace_id": workspace, "organisation_id": organisation,
        "ids": [id, "pg-json-7a8b9c"], "current_page": 1, "page_size": 1 });
    let line = format!(
        "GET /v1/guardrails?workspace_id={workspace}&organisation_id={organisation}&ids={id}%2Cpg-json-7a8b9c&current_page=1&page_size=1"
    );
    let second = served.sends_one("list_guardrails", every, &line, Value::Null).await;
    assert_eq!(second.data()["data"][0]["slug"], "pg-json-7a8b9c");
    assert_eq!(second.data()["total"], 2);

    let args = json!({ "guardrail_id": "pg-secret-0d1e2f" });
    let line = "GET /v1/guardrails/pg-secret-0d1e2f";
    let got = served.sends_one("get_guardrail", args, line, Value::Null).await;
    let parameters = &got.data()["checks"][0]["parameters"];
    assert_eq!(parameters["headers"], json!({ "x-dlp-key": SENTINEL }), "{parameters}");
    assert_eq!(parameters["webhookURL"], "https://dlp.example.com/check");
    assert!(!got.wire().contains("not-a-key"), "{}", got.wire());
    assert_eq!(got.data()["actions"]["on_fail"]["feedback"]["value"], -5);
}

/// The API wants all four actions, and what they record under `feedback`.
#[tokio::test]
async fn a_guardrail_is_created_with_its_actions_wrapped_and_complete() {
    let served = serve(settings()).await;
    let feedback = |value: i64, metadata: &str| json!({ "feedback": { "value": value, "weight": 1, "metadata": metadata } });
    let mut body = least();
    body["actions"] = json!({ "deny": true, "async": false, "on_success": feedback(5, ""),
        "on_fail": feedback(-5, "") });
    let post = "POST /v1/guardrails";
    let made = served.sends_one("create_guardrail", least(), post, body).await;
    assert!(made.data()["slug"].is_string() && made.data()["version_id"].is_string());

    let workspace = served.seeded("admin", "/admin/workspaces", "Staging", "id").await;
    let organisation = served.seeded("admin", "/labels", "stable", "organisation_id").await;
    let check = json!({ "id": "default.webhook", "name": "W", "is_enabled": false,
        "parameters": { "webhookURL": "https://h.example", "headers": { "x": "y" }, "other": null } });
    let args = json!({ "name": "Whole", "target": "llm", "checks": [check],
        "actions": { "deny": false, "async": true, "on_success": { "value": 2, "weight": 0.5,
            "metadata": { "a": 1 } }, "on_fail": feedback(-3, "m"), "message": "no" },
        "workspace_id": workspace, "organisation_id": organisation });
    let mut body = args.clone();
    body["actions"]["on_success"] =
        json!({ "feedback": { "value": 2, "weight": 0.5, "metadata": "{\"a\":1}" } });
    let made = served.sends_one("create_guardrail", args, post, body.clone()).await;
    let stored = stored(&served, made.data()["id"].as_str().unwrap()).await;
    for field in ["name", "target", "checks", "actions", "workspace_id"] {
        assert_eq!(stored[field], body[field], "{field}");
    }
    let tools = json!({ "name": "Tools", "target": "mcp_tools" });
    served.sends_one("create_guardrail", tools.clone(), post, tools).await.data();
}

#[tokio::test]
async fn what_a_guardrail_lacks_is_named_before_anything_is_sent() {
    let served = serve(settings()).await;
    for (change, named) in [
        (json!({ "checks": null }), "`checks`"),
        (json!({ "actions": null }), "`actions`"),
        (json!({ "checks": [] }), "`checks`"),
        (json!({ "checks": [{ "name": "no id" }] }), "`checks[0].id`"),
        (json!({ "workspace_id": "ws-slug" }), "`workspace_id`"),
        (json!({ "target": "agents" }), "`target`"),
        (
            json!({ "actions": { "on_fail": { "value": 1, "feedback": { "value": 2 } } } }),
            "`actions.on_fail`",
        ),
        (
            json!({ "checks": [{ "id": "x", "parameters": { "headers": { "a": SENTINEL } } }] }),
            "`checks[0].parameters.headers.a`",
        ),
    ] {
        let mut args = least();
        args.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let error = served.refused("create_guardrail", args).await;
        assert!(error["message"].as_str().unwrap().contains(named), "{change}: {error}");
    }
}

#[tokio::test]
async fn a_guardrail_in_use_stays_and_another_goes_with_an_empty_answer() {
    let served = serve(settings()).await;
    for slug in ["pg-person-1a2b3c", "pg-secret-0d1e2f"] {
        let error = served.call("delete_guardrail", json!({ "guardrail_id": slug })).await.error();
        assert_eq!((&error["status"], &error["code"]), (&json!(409), &json!("AB07")), "{error}");
    }
    let args = json!({ "guardrail_id": "pg-tool-3a4b5c" });
    let line = "DELETE /v1/guardrails/pg-tool-3a4b5c";
    let gone = served.sends_one("delete_guardrail", args.clone(), line, Value::Null).await;
    assert_eq!(gone.data(), &json!({ "success": true, "guardrail_id": "pg-tool-3a4b5c" }));
    assert_eq!(served.call("get_guardrail", args).await.error()["status"], 404);
}

#[tokio::test]
async fn the_map_of_mcp_servers_is_replaced_or_changed_by_one() {
    let served = serve(settings()).await;
    let id = json!({ "guardrail_id": "pg-tool-3a4b5c" });
    let with = |more: Value| {
        let mut args = id.clone();
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let path = "/v1/guardrails/pg-tool-3a4b5c/mcp-servers";
    let both = json!({ "run_on": ["input", "output"] });
    let given = json!({ "mcp_servers": { SERVER: {} } });
    let sent = json!({ "mcp_servers": { SERVER: both } });
    let put = format!("PUT {path}");
    served.sends_one("replace_guardrail_mcp_servers", with(given), &put, sent).await.data();
    let one = json!({ "run_on": ["output"], "mcp_integration_capability_ids": [OTHER] });
    let mut args = with(one.clone());
    args["mcp_server_id"] = OTHER.into();
    let line = format!("{put}/{OTHER}");
    served.sends_one("upsert_guardrail_mcp_server", args, &line, one.clone()).await.data();
    let args = with(json!({ "mcp_server_id": SERVER }));
    let line = format!("{put}/{SERVER}");
    served.sends_one("upsert_guardrail_mcp_server", args, &line, both.clone()).await.data();
    let get = format!("GET {path}");
    let map = served.sends_one("list_guardrail_mcp_servers", id.clone(), &get, Value::Null).await;
    assert_eq!(map.data()["mcp_servers"][OTHER], one);
    assert_eq!(map.data()["mcp_servers"][SERVER]["run_on"], both["run_on"]);
    let every = json!({ "mcp_servers": { OTHER: one } });
    served
        .sends_one("replace_guardrail_mcp_servers", with(every.clone()), &put, every)
        .await
        .data();
    let none = json!({ "mcp_servers": {} });
    let map = served.call("list_guardrail_mcp_servers", id.clone()).await;
    assert_eq!(map.data()["mcp_servers"].as_object().unwrap().len(), 1);
    served.sends_one("replace_guardrail_mcp_servers", with(none.clone()), &put, none).await.data();

    for wrong in [
        json!({ "mcp_servers": { "not-a-uuid": {} } }),
        json!({ "mcp_servers": { SERVER: null } }),
        json!({ "mcp_servers": { SERVER: { "runon": ["input"] } } }),
        json!({ "mcp_servers": { SERVER: { "run_on": [] } } }),
        json!({ "mcp_servers": { SERVER: { "run_on": ["both"] } } }),
        json!({ "mcp_servers": { SERVER: { "mcp_integration_capability_ids": ["x"] } } }),
    ] {
        let error = served.refused("replace_guardrail_mcp_servers", with(wrong)).await;
        assert!(error["message"].as_str().unwrap().contains("`mcp_servers"), "{error}");
    }
    let llm = json!({ "guardrail_id": "pg-json-7a8b9c", "mcp_server_id": SERVER });
    assert_eq!(served.call("upsert_guardrail_mcp_server", llm).await.error()["status"], 400);
}
