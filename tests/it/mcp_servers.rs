//! The MCP server tools, from the endpoint to what the sandbox stores.

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Served, serve, serve_key, settings};

const USER: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

/// Id of the workspace of that name.
async fn workspace(served: &Served, name: &str) -> String {
    let list = served.account("admin").get("/admin/workspaces").await;
    let rows = list["data"].as_array().unwrap().iter();
    let row = rows.into_iter().find(|row| row["name"] == name).unwrap();
    row["id"].as_str().unwrap().to_owned()
}

/// Id of a seeded server of Production.
async fn server(served: &Served, integration: &str) -> String {
    let workspace = workspace(served, "Production").await;
    let list = served.account("admin").get(&format!("/mcp-servers?workspace_id={workspace}")).await;
    let rows = list["data"].as_array().unwrap().iter();
    let row = rows.into_iter().find(|row| row["name"].as_str().unwrap().starts_with(integration));
    row.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn integration(served: &Served, name: &str) -> String {
    let list = served.account("admin").get("/mcp-integrations").await;
    let rows = list["data"].as_array().unwrap().iter();
    let row = rows.into_iter().find(|row| row["name"] == name).unwrap();
    row["slug"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn servers_are_listed_for_a_workspace() {
    let served = serve(settings()).await;
    let production = workspace(&served, "Production").await;
    let id = server(&served, "Docs search").await;
    let target =
        format!("GET /v1/mcp-servers?workspace_id={production}&current_page=0&page_size=20");
    let args = json!({ "workspace_id": production });
    let list = served.sends_one("list_mcp_servers", args, &target, Value::Null).await;
    assert_eq!(list.data()["total"], 2);
    assert_eq!(list.data()["data"][0]["mcp_integration_url"], "https://issues.example.com/mcp");
    let args = json!({ "workspace_id": production, "ids": [id, "other"], "search": "docs",
        "current_page": 0, "page_size": 100 });
    let target = format!(
        "GET /v1/mcp-servers?workspace_id={production}&id={id}%2Cother&search=docs&current_page=0\
         &page_size=100"
    );
    let list = served.sends_one("list_mcp_servers", args, &target, Value::Null).await;
    assert_eq!(list.data()["data"][0]["id"], id);
    // An organisation key has to say which workspace.
    let error = served.call("list_mcp_servers", json!({})).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(400), &json!("AB01")));
    let served = serve_key(settings(), "workspace").await;
    assert_eq!(served.call("list_mcp_servers", json!({})).await.data()["total"], 2);
}

#[tokio::test]
async fn a_server_is_published_to_a_workspace_that_has_access() {
    let served = serve(settings()).await;
    let (production, staging) =
        (workspace(&served, "Production").await, workspace(&served, "Staging").await);
    let (tracker, docs) =
        (integration(&served, "Issue tracker").await, integration(&served, "Docs search").await);
    let args =
        json!({ "name": "Least", "mcp_integration_id": tracker, "workspace_id": production });
    let made =
        served.sends_one("create_mcp_server", args.clone(), "POST /v1/mcp-servers", args).await;
    assert!(made.data()["slug"].as_str().unwrap().starts_with("least-"), "{}", made.data());
    let args = json!({ "name": "All", "mcp_integration_id": docs, "workspace_id": production,
        "slug": "docs-2", "description": "d" });
    let made =
        served.sends_one("create_mcp_server", args.clone(), "POST /v1/mcp-servers", args).await;
    assert_eq!(made.data()["slug"], "docs-2");
    let args = json!({ "name": "Held back", "mcp_integration_id": docs, "workspace_id": staging });
    assert_eq!(served.call("create_mcp_server", args).await.error()["status"], 403);
    let args = json!({ "name": "No workspace", "mcp_integration_id": tracker });
    assert_eq!(served.call("create_mcp_server", args).await.error()["status"], 400);
    for slug in ["ab", "a b", &"a".repeat(51)] {
        let args = json!({ "name": "x", "mcp_integration_id": tracker, "slug": slug });
        assert_eq!(served.call("create_mcp_server", args).await.complaints(), ["slug"]);
    }
}

#[tokio::test]
async fn a_server_shows_its_integration_without_secrets() {
    let served = serve(settings()).await;
    let id = server(&served, "Docs search").await;
    let target = format!("GET /v1/mcp-servers/{id}");
    let got = served.sends_one("get_mcp_server", json!({ "id": id }), &target, Value::Null).await;
    let details = &got.data()["mcp_integration_details"];
    assert_eq!(details["url"], "https://docs.example.com/mcp");
    let headers = &details["configurations"]["custom_headers"];
    assert_eq!(*headers, json!({ "Authorization": SENTINEL, "x-team": SENTINEL }));
    let error = served.call("get_mcp_server", json!({ "id": "none" })).await.error();
    assert_eq!(error["status"], 404);
}

#[tokio::test]
async fn an_update_keeps_what_it_does_not_mention() {
    let served = serve(settings()).await;
    let id = server(&served, "Docs search").await;
    let target = format!("PUT /v1/mcp-servers/{id}");
    let before = served.call("get_mcp_server", json!({ "id": id })).await;
    let args = json!({ "id": id, "description": "new" });
    let told =
        served.sends_one("update_mcp_server", args, &target, json!({ "description": "new" })).await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let args = json!({ "id": id, "name": "Renamed", "clear": ["description"] });
    let body = json!({ "name": "Renamed", "description": null });
    served.sends_one("update_mcp_server", args, &target, body).await;
    let after = served.call("get_mcp_server", json!({ "id": id })).await;
    let mut wanted = before.data().clone();
    wanted["name"] = "Renamed".into();
    assert_eq!(after.data(), &wanted);
    served.sent();
    let called = served.call("update_mcp_server", json!({ "id": id })).await;
    assert_eq!(called.complaints(), [""]);
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_deleted_server_is_gone() {
    let served = serve(settings()).await;
    let id = server(&served, "Docs search").await;
    let target = format!("DELETE /v1/mcp-servers/{id}");
    let told =
        served.sends_one("delete_mcp_server", json!({ "id": id }), &target, Value::Null).await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let error = served.call("delete_mcp_server", json!({ "id": id })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(404), &json!("AB02")));
}

#[tokio::test]
async fn a_test_tells_whether_the_upstream_answers() {
    let served = serve(settings()).await;
    let id = server(&served, "Issue tracker").await;
    let target = format!("POST /v1/mcp-servers/{id}/test");
    let well = served.sends_one("test_mcp_server", json!({ "id": id }), &target, json!({})).await;
    assert_eq!((&well.data()["success"], &well.data()["status_code"]), (&json!(true), &json!(200)));
    let research = workspace(&served, "Research").await;
    let list = served.call("list_mcp_servers", json!({ "workspace_id": research })).await;
    let ill = served.call("test_mcp_server", json!({ "id": list.data()["data"][0]["slug"] })).await;
    assert_eq!(ill.data()["success"], false);
    assert_eq!(ill.data()["error"], "connect ETIMEDOUT");
}

#[tokio::test]
async fn metadata_and_the_keys_own_access_are_read() {
    let served = serve(settings()).await;
    let id = server(&served, "Issue tracker").await;
    for (tool, tail, field, value) in [
        ("get_mcp_server_metadata", "metadata", "sync_status", json!("synced")),
        ("check_mcp_server_user_access", "user-access/check", "has_access", json!(true)),
    ] {
        let target = format!("GET /v1/mcp-servers/{id}/{tail}");
        let got = served.sends_one(tool, json!({ "id": id }), &target, Value::Null).await;
        assert_eq!(got.data()[field], value, "{tool}");
        assert_eq!(served.call(tool, json!({ "id": "none" })).await.error()["status"], 404);
    }
}

/// The reference sends `current_page`, which the API does not know, and never gets past the first.
#[tokio::test]
async fn capabilities_page_from_one() {
    let served = serve(settings()).await;
    let id = server(&served, "Issue tracker").await;
    let mut names = Vec::new();
    let mut page = json!(0);
    let mut sent = 1;
    while !page.is_null() {
        let args = json!({ "id": id, "current_page": page, "page_size": 3 });
        let target = format!("GET /v1/mcp-servers/{id}/capabilities?page={sent}&page_size=3");
        let list =
            served.sends_one("list_mcp_server_capabilities", args, &target, Value::Null).await;
        assert_eq!(list.data()["total"], 8);
        assert_eq!(list.data()["counts"]["tools"], json!({ "total": 5, "enabled": 4 }));
        assert!(list.data().get("has_more").is_none());
        let rows = list.data()["data"].as_array().unwrap().iter();
        names.extend(rows.map(|row| row["name"].as_str().unwrap().to_owned()));
        page = list.data()["next_page"].clone();
        sent += 1;
    }
    assert_eq!(names.len(), 8);
    assert_eq!(names.last().unwrap(), "page");
    let args = json!({ "id": id, "type": "resource_template", "page_size": 500 });
    let target = format!(
        "GET /v1/mcp-servers/{id}/capabilities?type=resource_template&page=1&page_size=500"
    );
    let list = served.sends_one("list_mcp_server_capabilities", args, &target, Value::Null).await;
    assert_eq!(list.data()["data"][0]["uri_template"], "doc://{page}");
}

#[tokio::test]
async fn a_capability_that_is_not_named_stays() {
    let served = serve(settings()).await;
    let id = server(&served, "Issue tracker").await;
    let target = format!("PUT /v1/mcp-servers/{id}/capabilities");
    let off = json!([{ "name": "create", "type": "tool", "enabled": false }]);
    let args = json!({ "id": id, "capabilities": off });
    let told = served
        .sends_one("update_mcp_server_capabilities", args, &target, json!({ "capabilities": off }))
        .await;
    assert_eq!(told.data()["success"], true);
    let list = served.call("list_mcp_server_capabilities", json!({ "id": id })).await;
    let enabled: Vec<_> = list.data()["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["enabled"] == true)
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(enabled, ["search", "read", "comment", "summarise", "handbook", "page"]);
    // What the integration holds back stays off here.
    let held = list.data()["data"].as_array().unwrap().iter().find(|row| row["name"] == "delete");
    assert_eq!(held.unwrap()["integration_enabled"], false);
    let several = json!([
        { "name": "summarise", "type": "prompt", "enabled": false },
        { "name": "handbook", "type": "resource", "enabled": false },
    ]);
    let args = json!({ "id": id, "capabilities": several });
    served
        .sends_one(
            "update_mcp_server_capabilities",
            args,
            &target,
            json!({ "capabilities": several }),
        )
        .await;
    for wrong in [json!([]), json!([{ "name": "x", "type": "resource_template", "enabled": true }])]
    {
        let args = json!({ "id": id, "capabilities": wrong });
        let complaints = served.call("update_mcp_server_capabilities", args).await.complaints();
        assert!(complaints[0].starts_with("capabilities"), "{complaints:?}");
    }
}

#[tokio::test]
async fn access_is_listed_from_one_and_changed_for_those_named() {
    let served = serve(settings()).await;
    let id = server(&served, "Issue tracker").await;
    let path = format!("/v1/mcp-servers/{id}/user-access");
    let target = format!("GET {path}?page=1&page_size=20");
    let list = served
        .sends_one("list_mcp_server_user_access", json!({ "id": id }), &target, Value::Null)
        .await;
    assert_eq!(list.data()["total"], 5);
    assert_eq!(list.data()["default_user_access"], "allow");
    let rows = list.data()["data"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["enabled"] == true && row["has_override"] == false));
    let (first, second) = (&rows[0]["user_id"], &rows[1]["user_id"]);

    let users = json!([{ "user_id": first, "enabled": true }]);
    let args = json!({ "id": id, "users": users, "default_user_access": "deny" });
    let body = json!({ "user_access": users, "default_user_access": "deny" });
    served.sends_one("update_mcp_server_user_access", args, &format!("PUT {path}"), body).await;
    let users = json!([{ "user_id": second, "enabled": false }]);
    let args = json!({ "id": id, "users": users });
    let body = json!({ "user_access": users });
    served.sends_one("update_mcp_server_user_access", args, &format!("PUT {path}"), body).await;

    let args = json!({ "id": id, "search": "example", "current_page": 1, "page_size": 3 });
    let target = format!("GET {path}?search=example&page=2&page_size=3");
    let second_page =
        served.sends_one("list_mcp_server_user_access", args, &target, Value::Null).await;
    assert_eq!(second_page.data()["data"].as_array().unwrap().len(), 2);
    let list = served.call("list_mcp_server_user_access", json!({ "id": id })).await;
    let rows = list.data()["data"].as_array().unwrap();
    let rights: Vec<_> = rows.iter().map(|row| (&row["enabled"], &row["has_override"])).collect();
    let (yes, no) = (&json!(true), &json!(false));
    assert_eq!(rights, [(yes, yes), (no, yes), (no, no), (no, no), (no, no)]);
    served.sent();
    let called = served.call("update_mcp_server_user_access", json!({ "id": id })).await;
    assert_eq!(called.complaints(), [""]);
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn a_disconnected_user_is_no_longer_connected() {
    let served = serve(settings()).await;
    let id = server(&served, "Issue tracker").await;
    let path = format!("/v1/mcp-servers/{id}/connections");
    let target = format!("GET {path}?current_page=0&page_size=20");
    let list = served
        .sends_one("list_mcp_server_connections", json!({ "id": id }), &target, Value::Null)
        .await;
    assert_eq!(list.data()["total"], 3);
    let user = list.data()["data"][0]["user_id"].as_str().unwrap().to_owned();
    let production = workspace(&served, "Production").await;
    let args = json!({ "id": id, "user_id": user, "workspace_id": production,
        "current_page": 0, "page_size": 2 });
    let target =
        format!("GET {path}?user_id={user}&workspace_id={production}&current_page=0&page_size=2");
    let one = served.sends_one("list_mcp_server_connections", args, &target, Value::Null).await;
    assert_eq!(one.data()["data"][0]["connected"], true);

    // A service key has to say whom.
    let error = served
        .sends_one(
            "disconnect_mcp_server_connection",
            json!({ "id": id }),
            &format!("DELETE {path}"),
            Value::Null,
        )
        .await
        .error();
    assert_eq!(error["status"], 400);
    let args = json!({ "id": id, "user_id": user, "workspace_id": production });
    let target = format!("DELETE {path}?user_id={user}&workspace_id={production}");
    let told =
        served.sends_one("disconnect_mcp_server_connection", args, &target, Value::Null).await;
    assert_eq!(told.data()["success"], true);
    let list = served.call("list_mcp_server_connections", json!({ "id": id })).await;
    assert_eq!(list.data()["total"], 2);
    let args = json!({ "id": id, "user_id": USER });
    assert_eq!(served.call("disconnect_mcp_server_connection", args).await.error()["status"], 404);
}
