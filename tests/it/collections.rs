//! The collections tools, from the endpoint to what the sandbox stores.

use serde_json::{Value, json};

use crate::support::{serve, serve_key, settings};

#[tokio::test]
async fn each_tool_sends_what_it_was_given_and_nothing_else() {
    let served = serve(settings()).await;
    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "slug").await;
    let list = format!("GET /v1/collections?workspace_id={workspace}");
    let dev = served
        .sends_one(
            "list_collections",
            json!({ "workspace_id": workspace }),
            &format!("{list}&current_page=0&page_size=20"),
            Value::Null,
        )
        .await
        .data()["data"][0]
        .clone();
    assert_eq!(dev["name"], "dev");
    assert!(dev["collection_details"]["prompts_count"].is_number(), "{dev}");
    let every =
        json!({ "workspace_id": workspace, "search": "o", "current_page": 0, "page_size": 1 });
    let wanted = format!("{list}&search=o&current_page=0&page_size=1");
    let found = served.sends_one("list_collections", every, &wanted, Value::Null).await;
    assert_eq!(found.data()["data"][0]["name"], "prod");

    let made = served
        .sends_one(
            "create_collection",
            json!({ "name": "team", "workspace_id": workspace }),
            "POST /v1/collections",
            json!({ "name": "team", "workspace_id": workspace }),
        )
        .await;
    let team = made.data()["slug"].as_str().unwrap().to_owned();
    let body = json!({ "name": "inner", "workspace_id": workspace, "parent_collection_id": team });
    served.sends_one("create_collection", body.clone(), "POST /v1/collections", body).await.data();
    let path = format!("/v1/collections/{team}");
    let id = json!({ "collection_id": team });
    let got =
        served.sends_one("get_collection", id.clone(), &format!("GET {path}"), Value::Null).await;
    assert_eq!(got.data()["child_collections"][0]["name"], "inner");

    let renamed = json!({ "collection_id": team, "name": "crew" });
    let put = format!("PUT {path}");
    let told =
        served.sends_one("update_collection", renamed, &put, json!({ "name": "crew" })).await;
    assert_eq!(told.data(), &json!({ "success": true, "collection_id": team }));
    let described =
        json!({ "collection_id": team, "name": "crew", "description": "of the reference" });
    let body = json!({ "name": "crew", "description": "of the reference" });
    served.sends_one("update_collection", described, &put, body).await.data();
    let got = served.call("get_collection", id.clone()).await;
    assert_eq!((&got.data()["name"], &got.data()["slug"]), (&json!("crew"), &json!(team)));
    assert_eq!(got.data()["child_collections"][0]["name"], "inner");
}

#[tokio::test]
async fn a_collection_that_holds_something_stays_and_an_empty_one_goes() {
    let served = serve_key(settings(), "workspace").await;
    let dev = served.seeded("workspace", "/collections", "dev", "slug").await;
    let error = served.call("delete_collection", json!({ "collection_id": dev })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(409), &json!("AB07")), "{error}");
    let made = served.call("create_collection", json!({ "name": "outer" })).await;
    let outer = made.data()["id"].clone();
    let inner = json!({ "name": "inner", "parent_collection_id": outer });
    let inner = served.call("create_collection", inner).await.data()["id"].clone();
    let error = served.call("delete_collection", json!({ "collection_id": outer })).await.error();
    assert_eq!(error["code"], "AB07", "{error}");
    for id in [inner, outer] {
        let args = json!({ "collection_id": id });
        let wanted = format!("DELETE /v1/collections/{}", id.as_str().unwrap());
        served.sends_one("delete_collection", args.clone(), &wanted, Value::Null).await.data();
        let error = served.call("get_collection", args).await.error();
        assert_eq!(error["status"], 404, "{error}");
    }
}

#[tokio::test]
async fn an_organisation_key_is_told_that_a_workspace_is_missing() {
    let served = serve(settings()).await;
    for (tool, args) in
        [("list_collections", json!({})), ("create_collection", json!({ "name": "nowhere" }))]
    {
        let error = served.call(tool, args).await.error();
        assert_eq!(error["status"], 400, "{error}");
        assert!(error["message"].as_str().unwrap().contains("workspace_id"), "{error}");
    }
    let error = served.refused("update_collection", json!({ "collection_id": "x" })).await;
    assert_eq!(error["problems"][0]["argument"], "name", "{error}");
}
