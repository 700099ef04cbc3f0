//! The collections tools, from the endpoint to what the sandbox stores.

use serde_json::{Value, json};

use crate::support::{serve, serve_key, settings};

#[tokio::test]
async fn a_renamed_collection_keeps_its_slug_and_what_is_in_it() {
    let served = serve_key(settings(), "workspace").await;
    let made = served.call("create_collection", json!({ "name": "team" })).await;
    let team = made.data()["slug"].clone();
    let inner = json!({ "name": "inner", "parent_collection_id": team });
    served.call("create_collection", inner).await.data();
    let renamed = json!({ "collection_id": team, "name": "crew" });
    served.call("update_collection", renamed).await.data();
    let got = served.call("get_collection", json!({ "collection_id": team })).await;
    assert_eq!((&got.data()["name"], &got.data()["slug"]), (&json!("crew"), &team));
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
