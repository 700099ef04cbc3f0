//! The deployments tools, from the endpoint to what the sandbox stores.

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Served, line, serve, serve_key, settings};

/// The id of the seeded deployment of that name.
async fn seeded(served: &Served, name: &str) -> Value {
    let list = served.call("list_deployments", json!({})).await;
    let rows = list.data()["data"].as_array().unwrap().iter();
    let id = rows.clone().find(|row| row["name"] == name).unwrap()["id"].clone();
    served.sent();
    id
}

#[tokio::test]
async fn a_list_goes_where_the_family_lives_with_every_filter() {
    let served = serve(settings()).await;
    let list = served.call("list_deployments", json!({})).await;
    // The first request of the family settles where it lives.
    assert_eq!(served.sent_lines(), ["GET /v2/deployments", "GET /v2/deployments"]);
    assert_eq!(list.data()["total"], 2);
    assert_eq!(list.data()["data"][0]["is_default"], true);
    let args = json!({
        "organisation_id": "o", "status": "active", "type": "non_production", "search": "test",
        "workspace_slug": ["ws-a", "ws-b"], "tags": { "region": "eu-central-1" },
    });
    let list = served.call("list_deployments", args).await;
    let [sent] = &served.sent()[..] else { panic!("one request") };
    assert_eq!(
        sent.query,
        "organisation_id=o&status=active&type=non_production&workspace_slug=ws-a%2Cws-b&search=test\
         &tags=%7B%22region%22%3A%22eu-central-1%22%7D"
    );
    let rows = list.data()["data"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["name"], "Test gateway");
}

#[tokio::test]
async fn registering_shows_the_credentials_this_one_time() {
    let served = serve(settings()).await;
    let made = served.call("register_deployment", json!({ "name": "US gateway" })).await;
    let sent = served.sent();
    assert_eq!(line(sent.last().unwrap()), "POST /v2/deployments");
    assert_eq!(sent.last().unwrap().json(), json!({ "name": "US gateway" }));
    for secret in [&made.data()["client_auth"], &made.data()["credentials"]["password"]] {
        let secret = secret.as_str().unwrap();
        assert!(secret.len() > 16 && secret != SENTINEL, "{}", made.data());
    }
    let id = made.data()["id"].clone();
    let got = served.call("get_deployment", json!({ "id": id, "organisation_id": "o" })).await;
    let [sent] = &served.sent()[..] else { panic!("one request") };
    assert_eq!(line(sent), format!("GET /v2/deployments/{}", id.as_str().unwrap()));
    assert_eq!(sent.query, "organisation_id=o");
    for secret in [&made.data()["client_auth"], &made.data()["credentials"]["password"]] {
        assert!(!got.wire().contains(secret.as_str().unwrap()), "{}", got.data());
    }
    let note = made.data()["handling"].as_str().unwrap();
    assert!(note.contains("`client_auth` and `credentials`"), "{note}");
    let plain = served.call("get_deployment", json!({ "id": id })).await;
    assert_eq!(plain.data(), got.data());
}

#[tokio::test]
async fn what_a_gateway_serves_is_sent_as_its_settings() {
    let served = serve(settings()).await;
    let workspaces = served.account("admin").get("/admin/workspaces").await;
    let slug = workspaces["data"][0]["slug"].clone();
    let args = json!({
        "name": "Full", "organisation_id": "o", "slug": "dp-full", "type": "non_production",
        "is_default": true, "deployment_config": { "log_store": "local" }, "tags": { "a": "b" },
        "gateway_base_url": "https://g.example.com", "mcp_gateway_base_url": "https://m.example.com",
        "is_dataservice_hosted": 1, "is_playground_proxy_allowed": false,
        "workspaces_allowed": [slug], "jwt_subs_allowed": ["robot"],
        "jwt_sub_workspace_mapping": { "other": slug },
    });
    let made = served.call("register_deployment", args).await;
    let sent = served.sent().pop().unwrap().json();
    assert_eq!(
        sent,
        json!({
            "name": "Full", "organisation_id": "o", "slug": "dp-full", "type": "non_production",
            "is_default": true, "deployment_config": { "log_store": "local" }, "tags": { "a": "b" },
            "auth_settings": {
                "gateway_base_url": "https://g.example.com",
                "mcp_gateway_base_url": "https://m.example.com",
                "is_dataservice_hosted": 1, "is_playground_proxy_allowed": 0,
                "workspaces_allowed": [slug], "jwt_subs_allowed": ["robot"],
                "jwt_sub_workspace_mapping": { "other": slug },
            },
        })
    );
    let got = served.call("get_deployment", json!({ "id": made.data()["id"] })).await;
    assert_eq!(got.data()["auth_settings"]["jwt_subs_allowed"], json!(["robot", "other"]));
    assert_eq!(got.data()["workspaces"][0]["slug"], slug);
}

#[tokio::test]
async fn an_update_keeps_what_it_does_not_mention() {
    let served = serve(settings()).await;
    let id = seeded(&served, "EU gateway").await;
    let before = served.call("get_deployment", json!({ "id": id })).await;
    served.sent();
    let args = json!({ "id": id, "deployment_config": { "cache": { "ttl_seconds": 60 } } });
    let told = served.call("update_deployment", args).await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let sent = served.sent();
    let path = format!("/v2/deployments/{}", id.as_str().unwrap());
    assert_eq!(
        sent.iter().map(line).collect::<Vec<_>>(),
        [format!("GET {path}"), format!("PUT {path}"), format!("GET {path}")]
    );
    let merged = json!({ "log_store": "s3", "cache": { "kind": "redis", "ttl_seconds": 60 } });
    assert_eq!(sent[1].json(), json!({ "deployment_config": merged }));
    let after = served.call("get_deployment", json!({ "id": id })).await;
    let (mut before, mut after) = (before.data().clone(), after.data().clone());
    assert_eq!(after["deployment_config"], merged);
    for changed in ["deployment_config", "last_updated_at"] {
        before[changed].take();
        after[changed].take();
    }
    assert_eq!(after, before);
}

#[tokio::test]
async fn an_update_sends_each_field_in_its_place() {
    let served = serve(settings()).await;
    let id = seeded(&served, "Test gateway").await;
    let args = json!({
        "id": id, "name": "Renamed", "type": "production", "status": "active", "is_default": true,
        "rotate_auth": true, "override_existing": true, "tags": { "x": "y" },
        "gateway_base_url": "https://new.example.com", "jwt_subs_allowed": ["robot"],
        "allow_all_workspaces": false, "remove_workspaces_allowed": ["ws-x"],
        "remove_subs_allowed": ["old"], "clear": ["deployment_config"],
    });
    let told = served.call("update_deployment", args).await;
    assert_eq!(
        served.written(),
        json!({
            "name": "Renamed", "type": "production", "status": "active", "is_default": true,
            "rotate_auth": true, "override_existing": true, "tags": { "x": "y" },
            "deployment_config": null,
            "auth_settings": {
                "gateway_base_url": "https://new.example.com", "jwt_subs_allowed": ["robot"],
                "allow_all_workspaces": false, "remove_workspaces_allowed": ["ws-x"],
                "remove_subs_allowed": ["old"],
            },
        })
    );
    assert_ne!(told.data()["client_auth"], SENTINEL, "{}", told.data());
    let list = served.call("list_deployments", json!({})).await;
    let rows = list.data()["data"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["is_default"] == true).count(), 1);
}

#[tokio::test]
async fn an_update_that_changes_nothing_or_contradicts_itself_is_refused() {
    let served = serve(settings()).await;
    let id = seeded(&served, "EU gateway").await;
    for (args, argument) in [
        (json!({ "id": id }), ""),
        (json!({ "id": id, "override_existing": true }), ""),
        (json!({ "id": id, "tags": { "a": "b" }, "clear": ["tags"] }), "clear"),
        (json!({ "id": id, "deployment_config": {}, "clear": ["deployment_config"] }), "clear"),
        (json!({ "id": id, "gateway_base_url": "not a url" }), "gateway_base_url"),
    ] {
        let called = served.call("update_deployment", args).await;
        assert_eq!(called.complaints(), [argument], "{}", called.text());
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn an_archived_deployment_stays_listed_and_does_not_answer() {
    let served = serve(settings()).await;
    let id = seeded(&served, "EU gateway").await;
    let path = format!("/v2/deployments/{}", id.as_str().unwrap());
    let well = served.call("ping_deployment", json!({ "id": id })).await;
    assert_eq!(well.data()["inbound"], json!({ "status": "healthy" }));
    let told = served.call("archive_deployment", json!({ "id": id, "organisation_id": "o" })).await;
    assert_eq!(told.data(), &json!({ "success": true, "id": id }));
    let sent = served.sent();
    assert_eq!(line(&sent[0]), format!("GET {path}/ping"));
    assert_eq!((line(&sent[1]), &*sent[1].query), (format!("DELETE {path}"), "organisation_id=o"));
    let ill = served.call("ping_deployment", json!({ "id": id })).await;
    assert_eq!(ill.data()["outbound"]["status"], "unhealthy");
    let archived = served.call("list_deployments", json!({ "status": "archived" })).await;
    assert_eq!(archived.data()["data"][0]["id"], id);
    let back = json!({ "id": id, "status": "active" });
    served.call("update_deployment", back).await.data();
    assert_eq!(served.call("get_deployment", json!({ "id": id })).await.data()["status"], "active");
    served.call("archive_deployment", json!({ "id": "none" })).await.error();
}

#[tokio::test]
async fn what_a_key_may_not_do_is_said() {
    let served = serve_key(settings(), "read-only").await;
    let error = served.call("register_deployment", json!({ "name": "x" })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")));
    assert!(error["likely_cause"].as_str().unwrap().contains("deployments.create"), "{error}");
    let served = serve_key(settings(), "other-admin").await;
    assert_eq!(served.call("list_deployments", json!({})).await.data()["total"], 0);
}
