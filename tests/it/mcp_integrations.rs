//! The MCP integration tools, from the endpoint to what the sandbox stores.

use http::Method;
use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Served, joined, serve, serve_key, settings};

/// Id of the seeded integration of that name.
async fn seeded(served: &Served, name: &str) -> String {
    let list = served.account("admin").get("/mcp-integrations").await;
    let rows = list["data"].as_array().unwrap().iter();
    let row = rows.into_iter().find(|row| row["name"] == name).unwrap();
    row["id"].as_str().unwrap().to_owned()
}

/// What is stored, as the API shows it.
async fn stored(served: &Served, id: &str) -> Value {
    served.account("admin").get(&format!("/mcp-integrations/{id}")).await
}

async fn workspace(served: &Served, name: &str) -> Value {
    let list = served.account("admin").get("/admin/workspaces").await;
    let rows = list["data"].as_array().unwrap().iter();
    rows.into_iter().find(|row| row["name"] == name).unwrap().clone()
}

#[tokio::test]
async fn integrations_are_listed_with_their_secrets_masked() {
    let served = serve(settings()).await;
    let target = "GET /v1/mcp-integrations?current_page=0&page_size=20";
    let list = served.sends_one("list_mcp_integrations", json!({}), target, Value::Null).await;
    assert_eq!(list.data()["total"], 3);
    let rows = list.data()["data"].as_array().unwrap();
    let docs = rows.iter().find(|row| row["name"] == "Docs search").unwrap();
    assert_eq!(docs["configurations"]["custom_headers"]["Authorization"], SENTINEL);
    assert_eq!(docs["configurations"]["passthrough_header"]["x-user-id"]["type"], "string");
    let research = workspace(&served, "Research").await;
    let args = json!({
        "organisation_id": docs["organisation_id"], "type": "workspace",
        "workspace_id": research["id"], "search": "lab", "current_page": 0, "page_size": 1000,
    });
    let target = format!(
        "GET /v1/mcp-integrations?organisation_id={}&type=workspace&workspace_id={}&search=lab\
         &current_page=0&page_size=1000",
        docs["organisation_id"].as_str().unwrap(),
        research["id"].as_str().unwrap()
    );
    let list = served.sends_one("list_mcp_integrations", args, &target, Value::Null).await;
    assert_eq!(list.data()["data"][0]["name"], "Lab notebook");
    assert_eq!(list.data()["total"], 1);
    let served = serve_key(settings(), "other-admin").await;
    assert_eq!(served.call("list_mcp_integrations", json!({})).await.data()["total"], 0);
}

#[tokio::test]
async fn an_integration_is_created_as_it_was_given() {
    let served = serve(settings()).await;
    let least = json!({ "name": "Wiki", "url": "https://wiki.example.com/mcp", "auth_type": "none",
        "transport": "http" });
    let target = "POST /v1/mcp-integrations";
    let made = served.sends_one("create_mcp_integration", least.clone(), target, least).await;
    assert!(made.data()["slug"].as_str().unwrap().starts_with("mcp-wiki"), "{}", made.data());
    let workspace = workspace(&served, "Staging").await;
    let references = served.account("admin").get("/secret-references").await;
    let reference = &references["data"][0]["slug"];
    let whole = json!({
        "name": "Wiki", "url": "https://wiki.example.com/mcp", "auth_type": "headers",
        "transport": "sse", "slug": "wiki", "description": "d",
        "configurations": { "custom_headers": { "Authorization": "Bearer x" }, "newer": { "a": null } },
        "secret_mappings": [{ "target_field": "configurations.oauth_metadata",
            "secret_reference_id": reference, "secret_key": "k", "value_format": "json" }],
        "workspace_id": workspace["id"],
    });
    let made = served.sends_one("create_mcp_integration", whole.clone(), target, whole).await;
    let row = stored(&served, made.data()["id"].as_str().unwrap()).await;
    assert_eq!((&row["type"], &row["workspace_id"]), (&json!("workspace"), &workspace["id"]));
    // The reference's flat argument.
    let args = json!({ "name": "W", "url": "https://w.example.com", "auth_type": "headers",
        "transport": "http", "custom_headers": { "x-token": "t" } });
    let body = json!({ "name": "W", "url": "https://w.example.com", "auth_type": "headers",
        "transport": "http", "configurations": { "custom_headers": { "x-token": "t" } } });
    served.sends_one("create_mcp_integration", args, target, body).await;
}

#[tokio::test]
async fn what_cannot_be_created_is_refused_before_anything_is_sent() {
    let served = serve(settings()).await;
    let mapping = |field: &str| json!({ "target_field": field, "secret_reference_id": "s" });
    let headers = json!({ "custom_headers": { "a": "b" } });
    for (name, value, argument, word) in [
        ("url", json!("no url"), "url", ""),
        ("auth_type", json!("basic"), "auth_type", ""),
        ("transport", json!("stdio"), "transport", ""),
        ("slug", json!("a b"), "slug", ""),
        ("secret_mappings", json!([mapping("key")]), "secret_mappings", "configurations.FIELD"),
        (
            "secret_mappings",
            json!([mapping("configurations.a"), mapping("configurations.a")]),
            "secret_mappings",
            "twice",
        ),
        ("configurations", headers, "custom_headers", "are the same"),
    ] {
        let mut args = json!({ "name": "W", "url": "https://w.example.com", "auth_type": "none",
            "transport": "http" });
        if name == "configurations" {
            args["custom_headers"] = json!({ "a": "c" });
        }
        args[name] = value;
        let called = served.call("create_mcp_integration", args).await;
        assert_eq!(called.complaints(), [argument], "{name}");
        assert!(called.text().contains(word), "{name}: {}", called.text());
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn one_integration_is_read_with_its_secrets_masked() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Docs search").await;
    let target = format!("GET /v1/mcp-integrations/{id}");
    let got =
        served.sends_one("get_mcp_integration", json!({ "id": id }), &target, Value::Null).await;
    let headers = json!({ "Authorization": SENTINEL, "x-team": SENTINEL });
    assert_eq!(got.data()["configurations"]["custom_headers"], headers);
    let slug = got.data()["slug"].clone();
    let same = served.call("get_mcp_integration", json!({ "id": slug })).await;
    assert_eq!(same.data(), got.data());
}

/// `PUT` replaces the configurations: a header that the call does not mention must not be lost.
#[tokio::test]
async fn an_update_keeps_what_it_does_not_mention() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Docs search").await;
    let before = stored(&served, &id).await;
    let target = format!("PUT /v1/mcp-integrations/{id}");
    let args = json!({ "id": id, "name": "Renamed" });
    served.sends_one("update_mcp_integration", args, &target, json!({ "name": "Renamed" })).await;

    let headers = json!({ "custom_headers": { "x-team": "search", "Authorization": SENTINEL } });
    let args = json!({ "id": id, "configurations": headers });
    let told = served.call("update_mcp_integration", args).await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let sent = served.sent();
    assert_eq!(sent.len(), 3, "read, then written, then looked at");
    let token = &before["configurations"]["custom_headers"]["Authorization"];
    let merged = json!({
        "custom_headers": { "Authorization": token, "x-team": "search" },
        "passthrough_header": { "x-user-id": { "type": "string" } },
    });
    assert_eq!(sent[1].json(), json!({ "configurations": merged }));
    let mut after = stored(&served, &id).await;
    assert_eq!(after["configurations"], merged);
    let mut wanted = before.clone();
    wanted["name"] = "Renamed".into();
    for changed in ["configurations", "last_updated_at"] {
        wanted[changed].take();
        after[changed].take();
    }
    assert_eq!(after, wanted);
}

#[tokio::test]
async fn an_update_sends_every_field() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Lab notebook").await;
    let references = served.account("admin").get("/secret-references").await;
    let mapping = json!([{ "target_field": "configurations.x",
        "secret_reference_id": references["data"][0]["id"] }]);
    let args = json!({
        "id": id, "name": "Notebook", "url": "https://up.example.com/sse",
        "auth_type": "oauth_client_credentials", "transport": "http", "secret_mappings": mapping,
        "clear": ["description"], "custom_headers": { "x": "y" },
    });
    served.call("update_mcp_integration", args).await.data();
    assert_eq!(
        served.written(),
        json!({
            "name": "Notebook", "url": "https://up.example.com/sse",
            "auth_type": "oauth_client_credentials", "transport": "http", "secret_mappings": mapping,
            "description": null, "configurations": { "custom_headers": { "x": "y" } },
        })
    );
    assert_eq!(stored(&served, &id).await["transport"], "http");
}

#[tokio::test]
async fn a_stored_secret_is_not_sent_to_another_host() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Docs search").await;
    let elsewhere = "https://elsewhere.example.net/mcp";
    let other = json!({ "custom_headers": { "x-team": "other" } });
    for args in [
        json!({ "id": id, "url": elsewhere }),
        json!({ "id": id, "url": elsewhere, "configurations": other }),
    ] {
        let called = served.call("update_mcp_integration", args).await;
        assert_eq!(called.complaints(), ["url"], "{}", called.text());
        assert!(served.sent_lines().iter().all(|line| line.starts_with("GET")));
    }
    // The same host, or other secrets, may be.
    let moved = json!({ "id": id, "url": "https://docs.example.com/v2/mcp" });
    served.call("update_mcp_integration", moved).await.data();
    let headers = json!({ "custom_headers": { "Authorization": "Bearer new", "x-team": null } });
    let args = json!({ "id": id, "url": elsewhere, "configurations": headers });
    served.call("update_mcp_integration", args).await.data();
    let row = stored(&served, &id).await;
    assert_eq!(row["url"], elsewhere);
    assert_eq!(row["configurations"]["custom_headers"], json!({ "Authorization": "Bearer new" }));
}

/// An integration of another client's, with these configurations.
async fn made(served: &Served, configurations: Value, mappings: Value) -> Value {
    let body = json!({ "name": "Signed in", "auth_type": "oauth_client_credentials",
        "transport": "http", "url": "https://signed.example.com/mcp",
        "configurations": configurations, "secret_mappings": mappings });
    let made = served.account("admin").send(Method::POST, "/mcp-integrations", &body).await;
    made["id"].clone()
}

#[tokio::test]
async fn a_stored_secret_is_not_sent_to_another_token_endpoint() {
    let served = serve(settings()).await;
    let idp = json!({ "token_endpoint": "https://idp.example.com/token" });
    let configurations = json!({ "client_secret": "kept", "oauth_metadata": idp });
    let id = made(&served, configurations, json!([])).await;
    let moved = json!({ "token_endpoint": "https://elsewhere.example.net/token" });
    for metadata in [moved.clone(), json!({ "token_endpoint": null }), json!(null)] {
        let args = json!({ "id": id, "configurations": { "oauth_metadata": metadata } });
        let called = served.call("update_mcp_integration", args).await;
        let path = "configurations.oauth_metadata.token_endpoint";
        assert_eq!(called.complaints(), [path], "{}", called.text());
    }
    let fresh = json!({ "client_secret": "new", "oauth_metadata": moved });
    let args = json!({ "id": id, "configurations": fresh });
    served.call("update_mcp_integration", args).await.data();
    assert_eq!(stored(&served, id.as_str().unwrap()).await["configurations"], fresh);
}

/// What a secret store holds is known to nobody here, and goes where the rest says.
#[tokio::test]
async fn a_secret_of_a_store_is_not_sent_to_another_host() {
    let served = serve(settings()).await;
    let references = served.account("admin").get("/secret-references").await;
    let mappings = json!([{ "target_field": "configurations.client_secret",
        "secret_reference_id": references["data"][0]["id"] }]);
    let idp = json!({ "token_endpoint": "https://idp.example.com/token" });
    let id = made(&served, json!({ "oauth_metadata": idp }), mappings.clone()).await;
    let moved = json!({ "oauth_metadata": { "token_endpoint": "https://elsewhere.example.net" } });
    for (change, path) in [
        (json!({ "url": "https://elsewhere.example.net/mcp" }), "url"),
        (json!({ "configurations": moved }), "configurations.oauth_metadata.token_endpoint"),
    ] {
        let mut args = joined(json!({ "id": id }), &change);
        let called = served.call("update_mcp_integration", args.clone()).await;
        assert_eq!(called.complaints(), [path], "{}", called.text());
        args["secret_mappings"] = mappings.clone();
        served.call("update_mcp_integration", args).await.data();
    }
}

#[tokio::test]
async fn an_update_of_nothing_or_of_a_mask_is_refused() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Docs search").await;
    let called = served.call("update_mcp_integration", json!({ "id": id })).await;
    assert_eq!(called.complaints(), [""]);
    let masked = format!("https://{SENTINEL}@docs.example.com/mcp");
    let called = served.call("update_mcp_integration", json!({ "id": id, "url": masked })).await;
    assert!(called.complaints().contains(&"url".to_owned()), "{}", called.text());
    assert_eq!(served.sent_lines(), [""; 0]);
    let unknown = json!({ "custom_headers": { "x-unknown": SENTINEL } });
    let args = json!({ "id": id, "configurations": unknown });
    let called = served.call("update_mcp_integration", args).await;
    assert_eq!(called.complaints(), ["configurations.custom_headers.x-unknown"]);
}

#[tokio::test]
async fn a_deletion_takes_the_servers_down() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Docs search").await;
    let target = format!("DELETE /v1/mcp-integrations/{id}");
    let args = json!({ "id": id });
    let told = served.sends_one("delete_mcp_integration", args, &target, Value::Null).await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let production = workspace(&served, "Production").await;
    let servers =
        served.call("list_mcp_servers", json!({ "workspace_id": production["slug"] })).await;
    assert_eq!(servers.data()["total"], 1);
    let error = served.call("delete_mcp_integration", json!({ "id": id })).await.error();
    assert_eq!(error["status"], 404);
    let served = serve_key(settings(), "read-only").await;
    let error = served.call("delete_mcp_integration", json!({ "id": "x" })).await.error();
    let cause = error["likely_cause"].as_str().unwrap();
    assert!(cause.contains("one of `organisation_mcp_integrations.delete`"), "{cause}");
}

#[tokio::test]
async fn upstreams_are_tested_and_synced() {
    let served = serve(settings()).await;
    let (up, down) =
        (seeded(&served, "Issue tracker").await, seeded(&served, "Lab notebook").await);
    for (id, well) in [(&up, true), (&down, false)] {
        let target = format!("POST /v1/mcp-integrations/{id}/test");
        let args = json!({ "id": id });
        let told = served.sends_one("test_mcp_integration", args, &target, json!({})).await;
        assert_eq!(told.data()["success"], well);
        let target = format!("GET /v1/mcp-integrations/{id}/metadata");
        let args = json!({ "id": id });
        let said =
            served.sends_one("get_mcp_integration_metadata", args, &target, Value::Null).await;
        assert_eq!(said.data()["sync_status"], if well { "synced" } else { "pending" });
    }
    let target = format!("POST /v1/mcp-integrations/{up}/sync");
    let told =
        served.sends_one("sync_mcp_integration", json!({ "id": up }), &target, json!({})).await;
    assert_eq!(told.data()["success"], true);
    let args = json!({ "id": up, "type": "tool" });
    let list = served.call("list_mcp_integration_capabilities", args).await;
    assert_eq!(list.data()["data"][5]["name"], "list_changes");
    assert_eq!(
        served.call("sync_mcp_integration", json!({ "id": down })).await.error()["status"],
        400
    );
}

/// The reference asks for no page at all and stops at the first.
#[tokio::test]
async fn capabilities_page_from_one_and_are_switched_one_by_one() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Issue tracker").await;
    let path = format!("/v1/mcp-integrations/{id}/capabilities");
    let list = |args: Value, query: &str| {
        let target = format!("GET {path}?{query}");
        let served = &served;
        async move {
            served.sends_one("list_mcp_integration_capabilities", args, &target, Value::Null).await
        }
    };
    let first = list(json!({ "id": id }), "page=1&page_size=20").await;
    assert_eq!((&first.data()["total"], first.data().get("next_page")), (&json!(8), None));
    let args = json!({ "id": id, "type": "tool", "current_page": 1, "page_size": 2 });
    let second = list(args, "type=tool&page=2&page_size=2").await;
    let names: Vec<_> =
        second.data()["data"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["create", "comment"]);
    assert_eq!(second.data()["next_page"], 2);

    let target = format!("PUT {path}");
    for switched in [
        json!([{ "name": "search", "type": "tool", "enabled": false }]),
        json!([{ "name": "delete", "type": "tool", "enabled": true },
            { "name": "handbook", "type": "resource", "enabled": false }]),
    ] {
        let args = json!({ "id": id, "capabilities": switched });
        let body = json!({ "capabilities": switched });
        served.sends_one("update_mcp_integration_capabilities", args, &target, body).await.data();
    }
    let all = served.call("list_mcp_integration_capabilities", json!({ "id": id })).await;
    let off = all.data()["data"].as_array().unwrap().iter().filter(|row| row["enabled"] == false);
    assert_eq!(off.map(|row| &row["name"]).collect::<Vec<_>>(), ["search", "handbook"]);
    let wrong = json!([{ "name": "nothing", "type": "tool", "enabled": true }]);
    let args = json!({ "id": id, "capabilities": wrong });
    assert_eq!(
        served.call("update_mcp_integration_capabilities", args).await.error()["status"],
        400
    );
}

#[tokio::test]
async fn workspaces_are_listed_in_both_forms() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Docs search").await;
    let production = workspace(&served, "Production").await;
    let path = format!("/v1/mcp-integrations/{id}/workspaces");
    let mut answers = Vec::new();
    for (args, query) in
        [(json!({ "id": id }), ""), (json!({ "id": id, "version": "v2" }), "?version=v2")]
    {
        let target = format!("GET {path}{query}");
        let list =
            served.sends_one("list_mcp_integration_workspaces", args, &target, Value::Null).await;
        assert_eq!(list.data()["data"][0]["id"], production["slug"]);
        assert_eq!(list.data()["total"], 1);
        answers.push(list.data().clone());
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn workspaces_that_are_not_named_keep_their_rule() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Docs search").await;
    let [production, staging, research] = [
        workspace(&served, "Production").await,
        workspace(&served, "Staging").await,
        workspace(&served, "Research").await,
    ];
    let target = format!("PUT /v1/mcp-integrations/{id}/workspaces");
    let allowed = async |served: &Served| {
        let list = served.call("list_mcp_integration_workspaces", json!({ "id": id })).await;
        let rows = list.data()["data"].as_array().unwrap().clone();
        served.sent();
        (
            rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>(),
            list.data()["global_workspace_access"].clone(),
        )
    };
    let named = json!([{ "id": staging["slug"], "enabled": true }]);
    let args = json!({ "id": id, "workspaces": named });
    let body = json!({ "workspaces": named });
    served.sends_one("update_mcp_integration_workspaces", args, &target, body).await.data();
    let (ids, global) = allowed(&served).await;
    assert_eq!(
        (ids, global),
        (vec![production["slug"].clone(), staging["slug"].clone()], json!(null))
    );

    let named = json!([{ "id": research["id"], "enabled": false }]);
    let args = json!({ "id": id, "workspaces": named, "global_workspace_access_enabled": true,
        "override_existing_workspace_access": true });
    let body = json!({ "workspaces": named, "global_workspace_access": { "enabled": true },
        "override_existing_workspace_access": true });
    served.sends_one("update_mcp_integration_workspaces", args, &target, body).await.data();
    let (ids, global) = allowed(&served).await;
    assert_eq!((ids, global), (vec![research["slug"].clone()], json!({ "enabled": true })));

    let args = json!({ "id": id, "clear": ["global_workspace_access"] });
    let body = json!({ "workspaces": [], "global_workspace_access": null });
    served.sends_one("update_mcp_integration_workspaces", args, &target, body).await.data();
    assert_eq!(allowed(&served).await.1, json!(null));

    let called = served.call("update_mcp_integration_workspaces", json!({ "id": id })).await;
    assert_eq!(called.complaints(), [""]);
    assert_eq!(served.sent_lines(), [""; 0]);
    let lab = seeded(&served, "Lab notebook").await;
    let args = json!({ "id": lab, "global_workspace_access_enabled": true });
    assert_eq!(served.call("update_mcp_integration_workspaces", args).await.error()["status"], 400);
}

/// What another client stored with a secret in every place that has one.
#[tokio::test]
async fn no_place_of_an_integration_shows_a_secret() {
    const CANARY: &str = "kestrel-mcp";
    let served = serve(settings()).await;
    let body = json!({
        "name": "Planted", "auth_type": "oauth_client_credentials", "transport": "http",
        "url": format!("https://u:{CANARY}@mcp.example.com/x?token={CANARY}"),
        "configurations": {
            "custom_headers": { "x-any": CANARY }, "client_secret": CANARY,
            "oauth_metadata": { "client_secret": CANARY, "refresh_token": CANARY },
            "headers": { "y": [CANARY] },
        },
    });
    let account = served.account("admin");
    let made = account.send(Method::POST, "/mcp-integrations", &body).await;
    let (id, production) = (&made["id"], workspace(&served, "Production").await);
    let access = json!({ "id": id, "global_workspace_access_enabled": true });
    served.call("update_mcp_integration_workspaces", access).await.data();
    let server = json!({ "name": "P", "mcp_integration_id": id, "workspace_id": production["id"] });
    let server = served.call("create_mcp_server", server).await.data()["id"].clone();
    for (tool, args) in [
        ("list_mcp_integrations", json!({})),
        ("get_mcp_integration", json!({ "id": id })),
        ("test_mcp_integration", json!({ "id": id })),
        ("list_mcp_servers", json!({ "workspace_id": production["id"] })),
        ("get_mcp_server", json!({ "id": server })),
        ("test_mcp_server", json!({ "id": server })),
        (
            "update_mcp_integration",
            json!({ "id": id, "configurations": { "client_secret": SENTINEL } }),
        ),
        ("update_mcp_integration", json!({ "id": id, "url": "https://other.example.net" })),
    ] {
        let called = served.call(tool, args).await;
        assert!(!called.wire().contains(CANARY), "{tool}: {}", called.wire());
    }
    let kept = stored(&served, id.as_str().unwrap()).await;
    assert_eq!(kept["configurations"], body["configurations"]);
}
