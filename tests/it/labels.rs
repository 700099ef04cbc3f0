//! The labels tools, from the endpoint to what the sandbox stores.

use serde_json::{Value, json};

use crate::support::{joined, serve, settings};

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name_and_a_deleted_label_is_gone() {
    let served = serve(settings()).await;
    let made = served.call("create_prompt_label", json!({ "name": "beta" })).await;
    let id = json!({ "label_id": made.data()["id"] });
    assert_eq!(served.call("get_prompt_label", id.clone()).await.data()["is_universal"], true);
    for change in [
        json!({ "name": "gamma", "description": "d", "color_code": "#2f9e44" }),
        json!({ "description": "only this" }),
    ] {
        served.call("update_prompt_label", joined(id.clone(), &change)).await.data();
    }
    let got = served.call("get_prompt_label", id.clone()).await;
    for (field, kept) in
        [("name", "gamma"), ("description", "only this"), ("color_code", "#2f9e44")]
    {
        assert_eq!(got.data()[field], kept);
    }
    served.call("delete_prompt_label", id.clone()).await.data();
    assert_eq!(served.call("get_prompt_label", id).await.error()["status"], 404);
}

#[tokio::test]
async fn a_deleted_label_is_on_no_version() {
    let served = serve(settings()).await;
    let label = served.seeded("admin", "/labels", "stable", "id").await;
    let prompt = served.seeded("admin", "/prompts", "support-reply-prod", "slug").await;
    let versions = json!({ "prompt_id": prompt });
    let before = served.call("list_prompt_versions", versions.clone()).await;
    assert_eq!(before.data()["data"][0]["label_id"], label);
    served.call("delete_prompt_label", json!({ "label_id": label })).await.data();
    let after = served.call("list_prompt_versions", versions).await;
    assert_eq!(after.data()["data"][0]["label_id"], Value::Null);
}

#[tokio::test]
async fn names_that_mean_versions_and_odd_colours_are_refused_here() {
    let served = serve(settings()).await;
    let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    for name in ["latest", "default", "42", "a b", "a@b", "a..b", "é é", "@"] {
        for (tool, mut args) in
            [("create_prompt_label", json!({})), ("update_prompt_label", json!({ "label_id": id }))]
        {
            args["name"] = name.into();
            let error = served.refused(tool, args).await;
            assert!(error["message"].as_str().unwrap().contains("`name`"), "{name}: {error}");
        }
    }
    for colour in ["green", "#fff", "#12345g", "2f9e44"] {
        let args = json!({ "name": "fine", "color_code": colour });
        let error = served.refused("create_prompt_label", args).await;
        assert_eq!(error["problems"][0]["argument"], "color_code", "{colour}: {error}");
    }
    let error = served.refused("update_prompt_label", json!({ "label_id": id })).await;
    assert!(error["message"].as_str().unwrap().contains("nothing to change"), "{error}");
    served.call("create_prompt_label", json!({ "name": "v2-beta_1" })).await.data();
    served.call("create_prompt_label", json!({ "name": "latest-2" })).await.data();
}
