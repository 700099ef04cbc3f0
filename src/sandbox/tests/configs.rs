//! Configs and their versions.

use super::*;

#[tokio::test]
async fn a_list_has_object_total_and_rows_without_documents() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let list = api.get("/configs").await;
    assert_eq!(list["object"], "list");
    assert_eq!(list["total"], 12);
    let row = &list["data"][0];
    assert!(row["slug"].as_str().unwrap().starts_with("pc-"));
    assert!(row.get("config").is_none());
    assert_eq!(list["data"].as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn pages_are_zero_based_and_cover_the_list_once() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let all = api.get("/configs").await;
    let mut rows = Vec::new();
    for page in 0..4 {
        let part = api.get(&format!("/configs?current_page={page}&page_size=5")).await;
        assert_eq!(part["total"], 12);
        rows.extend(part["data"].as_array().unwrap().clone());
    }
    assert_eq!(json!(rows), all["data"]);
    for path in [
        "/configs?page_size=0",
        "/configs?page_size=1001",
        "/configs?current_page=-1",
        "/configs?page_size=x",
    ] {
        assert_eq!(api.refused(Method::GET, path, None).await, code(400, "AB01"), "{path}");
    }
}

#[tokio::test]
async fn a_document_comes_back_as_a_json_string_exactly_as_it_was_sent() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let document = json!({
        "strategy": { "mode": "conditional", "conditions": [{ "query": { "metadata.a": { "$ne": null } }, "then": "b" }], "default": "c" },
        "targets": [
            { "name": "b", "virtual_key": "vk", "weight": 0.25, "override_params": { "temperature": null } },
            { "name": "c", "strategy": { "mode": "loadbalance" }, "targets": [{ "virtual_key": "vk" }] },
        ],
        "zeta": 1, "alpha": 2,
    });
    let made = api.post("/configs", json!({ "name": "Mine", "config": document })).await;
    assert_eq!(made["success"], true);
    let id = made["data"]["id"].as_str().unwrap();
    let read = api.get(&format!("/configs/{id}")).await;
    assert_eq!(read["config"], document.to_string());
    assert_eq!(read["version_id"], made["data"]["version_id"]);
    let slug = read["slug"].as_str().unwrap();
    assert_eq!(api.get(&format!("/configs/{slug}")).await, read);
}

#[tokio::test]
async fn an_update_replaces_the_whole_document_and_keeps_the_old_one_as_a_version() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let slug = api.seeded("/configs", "Answers from cache", "slug").await;
    let path = format!("/configs/{slug}");
    let before = api.get(&path).await;
    let answer = api.put(&path, json!({ "config": { "retry": { "attempts": 1 } } })).await;
    let after = api.get(&path).await;
    assert_eq!(after["config"], r#"{"retry":{"attempts":1}}"#);
    assert_eq!(after["name"], before["name"]);
    assert_eq!(after["version_id"], answer["data"]["version_id"]);
    let versions = api.get(&format!("{path}/versions")).await;
    assert_eq!(versions["total"], 2);
    assert_eq!(versions["data"][0]["config"], after["config"]);
    assert_eq!(versions["data"][1]["config"], before["config"]);
    api.put(&path, json!({ "name": "Renamed" })).await;
    let renamed = api.get(&path).await;
    assert_eq!(renamed["config"], after["config"]);
    assert_eq!(api.get(&format!("{path}/versions")).await["total"], 3);
}

#[tokio::test]
async fn the_default_config_of_a_workspace_cannot_be_deleted() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let slug = api.seeded("/configs", "Default routing", "slug").await;
    let path = format!("/configs/{slug}");
    assert_eq!(api.refused(Method::DELETE, &path, None).await, code(409, "AB07"));
    let slug = api.seeded("/configs", "Canary", "slug").await;
    let path = format!("/configs/{slug}");
    assert_eq!(api.delete(&path).await, json!({}));
    assert_eq!(api.refused(Method::GET, &path, None).await, code(404, "AB02"));
}

#[tokio::test]
async fn bad_documents_and_bad_bodies_are_refused() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for body in [
        json!({ "config": {} }),
        json!({ "name": "", "config": {} }),
        json!({ "name": "x", "config": "{}" }),
        json!({ "name": "x", "config": { "strategy": { "mode": "magic" }, "targets": [] } }),
        json!({ "name": "x", "config": { "strategy": { "mode": "conditional" }, "targets": [] } }),
        json!({ "name": "x", "config": { "strategy": { "mode": "fallback" } } }),
        json!([1]),
    ] {
        let (status, error) = api.refused(Method::POST, "/configs", Some(body.clone())).await;
        assert_eq!((status, &*error), (400, "AB01"), "{body}");
    }
}

#[tokio::test]
async fn the_seed_shows_every_kind_of_routing() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let list = api.get("/configs").await;
    let mut documents = String::new();
    for row in list["data"].as_array().unwrap() {
        let read = api.get(&format!("/configs/{}", row["slug"].as_str().unwrap())).await;
        documents.push_str(read["config"].as_str().unwrap());
    }
    for part in [
        "\"single\"",
        "\"loadbalance\"",
        "\"fallback\"",
        "\"conditional\"",
        "weight",
        "on_status_codes",
        "query",
        "cache",
        "retry",
        "override_params",
        "output_guardrails",
        "custom_host",
        "x-host-secret",
        "null",
    ] {
        assert!(documents.contains(part), "{part}");
    }
}
