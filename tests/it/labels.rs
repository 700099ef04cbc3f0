//! The labels tools, from the endpoint to what the sandbox stores.

use serde_json::{Value, json};

use crate::support::{serve, settings};

const ORGANISATION: &str = "organisation_id";

#[tokio::test]
async fn each_tool_sends_what_it_was_given_and_nothing_else() {
    let served = serve(settings()).await;
    let workspace = served.seeded("admin", "/admin/workspaces", "Production", "id").await;
    let least = "GET /v1/labels?current_page=0&page_size=20";
    let all = served.sends_one("list_prompt_labels", json!({}), least, Value::Null).await;
    let organisation = all.data()["data"][0][ORGANISATION].as_str().unwrap().to_owned();
    let every = json!({ "organisation_id": organisation, "workspace_id": workspace,
        "search": "cand", "current_page": 0, "page_size": 2 });
    let wanted = format!(
        "GET /v1/labels?organisation_id={organisation}&workspace_id={workspace}&search=cand&current_page=0&page_size=2"
    );
    let found = served.sends_one("list_prompt_labels", every, &wanted, Value::Null).await;
    assert_eq!(found.data()["data"][0]["name"], "candidate");
    assert_eq!(found.data()["total"], 1);

    let body = json!({ "name": "beta" });
    let made = served.sends_one("create_prompt_label", body.clone(), "POST /v1/labels", body).await;
    let id = made.data()["id"].as_str().unwrap().to_owned();
    let body = json!({ "name": "qa_2", "organisation_id": organisation, "workspace_id": workspace,
        "description": "checked by hand", "color_code": "#00FF7f" });
    served.sends_one("create_prompt_label", body.clone(), "POST /v1/labels", body).await.data();

    let path = format!("/v1/labels/{id}");
    let args = json!({ "label_id": id });
    let got = served
        .sends_one("get_prompt_label", args.clone(), &format!("GET {path}"), Value::Null)
        .await;
    assert_eq!(got.data()["is_universal"], true);
    let every = json!({ "label_id": id, "organisation_id": organisation });
    let wanted = format!("GET {path}?organisation_id={organisation}");
    served.sends_one("get_prompt_label", every, &wanted, Value::Null).await.data();

    let put = format!("PUT {path}");
    let every = json!({ "name": "gamma", "description": "d", "color_code": "#2f9e44" });
    let mut given = every.clone();
    given["label_id"] = json!(id);
    served.sends_one("update_prompt_label", given, &put, every).await.data();
    let one = json!({ "label_id": id, "description": "only this" });
    served
        .sends_one("update_prompt_label", one, &put, json!({ "description": "only this" }))
        .await
        .data();
    let got = served.call("get_prompt_label", args.clone()).await;
    for (field, kept) in
        [("name", "gamma"), ("description", "only this"), ("color_code", "#2f9e44")]
    {
        assert_eq!(got.data()[field], kept);
    }
    let gone = served
        .sends_one("delete_prompt_label", args.clone(), &format!("DELETE {path}"), Value::Null)
        .await;
    assert_eq!(gone.data(), &json!({ "success": true, "label_id": id }));
    assert_eq!(served.call("get_prompt_label", args).await.error()["status"], 404);
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
