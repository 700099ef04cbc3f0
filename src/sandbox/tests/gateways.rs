//! Deployments, integrations and MCP servers: scopes, versions, and what belongs to whom.

use super::*;

#[tokio::test]
async fn deployments_live_in_the_second_version_alone() {
    let sandbox = sandbox().await;
    let mut api = Api::new(&sandbox, "admin");
    let (status, body) = api.ask(Method::GET, "/deployments", None).await;
    assert_eq!((status, body.is_string()), (404, true), "{body}");
    api.base = api.base.join("/v2").unwrap();
    assert_eq!(api.get("/deployments").await["total"], 2);
    assert_eq!(api.ask(Method::GET, "/configs", None).await.0, 404);
    let id = api.get("/deployments").await["data"][0]["id"].as_str().unwrap().to_owned();
    // The answer has no body at all.
    let path = format!("/deployments/{id}");
    assert_eq!(api.ask(Method::DELETE, &path, None).await, (200, Value::Null));
    assert_eq!(api.get(&path).await["status"], "archived");
    let mut workspace = Api::new(&sandbox, "workspace");
    workspace.base = api.base.clone();
    let body = Some(json!({ "name": "x" }));
    assert_eq!(workspace.refused(Method::POST, "/deployments", body).await, code(403, "AB03"));
}

#[tokio::test]
async fn one_of_two_scopes_is_enough() {
    let sandbox = sandbox().await;
    let (workspace, reader) = (Api::new(&sandbox, "workspace"), Api::new(&sandbox, "read-only"));
    // A workspace key has the scopes of workspaces, which organisation keys have as well.
    let body = json!({ "name": "Own", "ai_provider_id": "openai", "key": "sk-0123456789abcdef" });
    let made = workspace.post("/integrations", body.clone()).await;
    let row = workspace.get(&format!("/integrations/{}", made["slug"].as_str().unwrap())).await;
    assert_eq!(row["masked_key"], "sk-********def");
    assert_eq!(reader.refused(Method::POST, "/integrations", Some(body)).await, code(403, "AB03"));
    assert_eq!(reader.get("/integrations?type=workspace").await["total"], 2);
    let state = sandbox.shared.state.lock().unwrap();
    let mut entries = state.audit.entries();
    let own = |entry: &&Value| entry["resource_type"] == "organisation_integrations";
    let entry = entries.find(own).unwrap();
    assert_eq!((&entry["action"], &entry["response_status_code"]), (&json!("create"), &json!(200)));
    assert!(!entry.to_string().contains("0123456789"));
}

#[tokio::test]
async fn names_without_a_clouds_prefix_are_refused() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for configurations in [
        json!({ "region": "eu-west-1" }),
        json!({ "aws_region": "eu-west-1" }),
        json!({ "aws_auth_type": "assumedRole" }),
    ] {
        let body =
            json!({ "name": "x", "ai_provider_id": "bedrock", "configurations": configurations });
        let refused = api.refused(Method::POST, "/integrations", Some(body)).await;
        assert_eq!(refused, code(400, "AB01"), "{configurations}");
    }
}

#[tokio::test]
async fn lists_of_capabilities_count_their_pages_from_one() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let id = api.seeded("/mcp-integrations", "Issue tracker", "id").await;
    let path = format!("/mcp-integrations/{id}/capabilities");
    let first = api.get(&format!("{path}?page=1&page_size=5")).await;
    let second = api.get(&format!("{path}?page=2&page_size=5")).await;
    assert_eq!((&first["has_more"], &second["has_more"]), (&json!(true), &json!(false)));
    assert_eq!(second["data"].as_array().unwrap().len(), 3);
    for query in ["page=0", "page_size=501", "page_size=0"] {
        let refused = api.refused(Method::GET, &format!("{path}?{query}"), None).await;
        assert_eq!(refused, code(400, "AB01"), "{query}");
    }
}
