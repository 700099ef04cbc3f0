//! Keys, scopes, organisations and workspaces.

use super::*;

#[tokio::test]
async fn a_missing_or_unknown_key_is_401() {
    let sandbox = sandbox().await;
    let mut api = Api::new(&sandbox, "admin");
    let answer = api.http.get(format!("{}/configs", api.base)).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    api.key = SecretString::from("sandbox-admin-guess");
    assert_eq!(api.refused(Method::GET, "/configs", None).await, code(401, "AB05"));
    assert_eq!(sandbox.requests()[1].key, None);
}

#[tokio::test]
async fn keys_differ_between_processes_of_the_same_seed() {
    let (one, two) = (sandbox().await, sandbox().await);
    for name in Sandbox::key_names() {
        let (one, two) = (one.key(name).unwrap(), two.key(name).unwrap());
        assert_ne!(one.expose_secret(), two.expose_secret(), "{name}");
    }
    assert!(one.key("nobody").is_none());
}

#[tokio::test]
async fn a_scope_covers_one_verb() {
    let sandbox = sandbox().await;
    let reader = Api::new(&sandbox, "read-only");
    let slug = reader.seeded("/configs", "Default routing", "slug").await;
    reader.get(&format!("/configs/{slug}")).await;
    let body = json!({ "name": "x", "config": {} });
    assert_eq!(reader.refused(Method::POST, "/configs", Some(body)).await, code(403, "AB03"));
    let path = format!("/configs/{slug}");
    assert_eq!(reader.refused(Method::DELETE, &path, None).await, code(403, "AB03"));
}

#[tokio::test]
async fn organisations_see_nothing_of_each_other() {
    let sandbox = sandbox().await;
    let (own, other) = (Api::new(&sandbox, "admin"), Api::new(&sandbox, "other-admin"));
    for path in [
        "/configs",
        "/prompts",
        "/virtual-keys",
        "/labels",
        "/admin/workspaces",
        "/integrations",
        "/mcp-integrations",
    ] {
        let (own, other) = (own.get(path).await, other.get(path).await);
        let ids = |list: &Value| -> Vec<String> {
            list["data"].as_array().unwrap().iter().map(|row| row["id"].to_string()).collect()
        };
        assert!(ids(&own).iter().all(|id| !ids(&other).contains(id)), "{path}");
    }
    let slug = own.seeded("/configs", "Default routing", "slug").await;
    let path = format!("/configs/{slug}");
    // The same answer as for a slug that does not exist: it says nothing about the other side.
    assert_eq!(other.refused(Method::GET, &path, None).await, code(404, "AB02"));
    assert_eq!(other.refused(Method::DELETE, &path, None).await, code(404, "AB02"));
    let workspace = own.seeded("/admin/workspaces", "Staging", "slug").await;
    let path = format!("/configs?workspace_id={workspace}");
    assert_eq!(other.refused(Method::GET, &path, None).await, code(404, "AB02"));
}

#[tokio::test]
async fn a_workspace_key_sees_only_its_workspace() {
    let sandbox = sandbox().await;
    let (admin, staging) = (Api::new(&sandbox, "admin"), Api::new(&sandbox, "staging"));
    let all = admin.get("/configs").await;
    let own = staging.get("/configs").await;
    assert_eq!(all["total"], 12);
    assert_eq!(own["total"], 3);
    assert_eq!(names(&staging.get("/admin/workspaces").await), ["Staging"]);
    let elsewhere = admin.seeded("/configs", "Default routing", "slug").await;
    let path = format!("/configs/{elsewhere}");
    assert_eq!(staging.refused(Method::GET, &path, None).await, code(403, "AB03"));
    let production = admin.seeded("/admin/workspaces", "Production", "id").await;
    let body = json!({ "name": "x", "config": {}, "workspace_id": production });
    assert_eq!(staging.refused(Method::POST, "/configs", Some(body)).await, code(403, "AB03"));
    let filtered = admin.get(&format!("/configs?workspace_id={production}")).await;
    assert_eq!(filtered["total"], 6);
}

#[tokio::test]
async fn only_workspace_keys_may_use_the_data_plane() {
    let sandbox = sandbox().await;
    let (admin, workspace) = (Api::new(&sandbox, "admin"), Api::new(&sandbox, "workspace"));
    let slug = admin.seeded("/prompts", "triage-dev", "slug").await;
    for action in ["render", "completions"] {
        let path = format!("/prompts/{slug}/{action}");
        let body = json!({ "variables": { "message": "where is it?" } });
        assert_eq!(admin.refused(Method::POST, &path, Some(body.clone())).await, code(403, "AB03"));
        workspace.post(&path, body).await;
    }
}

#[tokio::test]
async fn an_unknown_route_is_a_404_that_is_not_portkeys() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for (method, path) in [
        (Method::GET, "/nothing"),
        (Method::PATCH, "/configs"),
        (Method::GET, "/configs/"),
        (Method::GET, "/analytics/graphs/nothing"),
    ] {
        let (status, body) = api.ask(method, path, None).await;
        assert_eq!(status, 404, "{path}");
        assert!(body.as_str().is_some_and(|text| text.starts_with("Cannot ")), "{path}: {body}");
    }
}

#[tokio::test]
async fn every_write_leaves_an_audit_entry_without_secrets() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    api.get("/configs").await;
    api.post(
        "/virtual-keys",
        json!({ "name": "A", "provider": "openai", "key": "sk-very-secret-0001" }),
    )
    .await;
    api.refused(Method::DELETE, "/labels/none", None).await;
    let state = sandbox.shared.state.lock().unwrap();
    let entries: Vec<&Value> =
        state.audit.entries().filter(|entry| entry["user_type"] == "api_key").collect();
    assert_eq!(entries.len(), 2, "beside the seeded ones, which are of people");
    assert_eq!(entries[0]["action"], "create");
    assert_eq!(entries[0]["resource_type"], "virtual_keys");
    assert_eq!(entries[0]["organisation_id"], json!(state.organisations[0]));
    assert!(!entries[0].to_string().contains("very-secret"));
    assert_eq!(entries[1]["response_status_code"], 404);
}
