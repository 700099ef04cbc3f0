//! Collections, labels, virtual keys, workspaces, bounds and staleness.

use super::*;

#[tokio::test]
async fn collections_nest_and_are_deleted_when_empty() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    assert_eq!(api.refused(Method::GET, "/collections", None).await, code(400, "AB01"));
    let workspace = api.seeded("/admin/workspaces", "Production", "slug").await;
    let list = api.get(&format!("/collections?workspace_id={workspace}")).await;
    assert_eq!(names(&list), ["dev", "staging", "prod"]);
    assert_eq!(list["data"][0]["collection_details"]["prompts_count"], 4);
    let dev = list["data"][0]["slug"].as_str().unwrap();
    let child =
        api.post("/collections", json!({ "name": "inner", "parent_collection_id": dev })).await;
    let again = json!({ "name": "inner", "parent_collection_id": dev });
    assert_eq!(api.refused(Method::POST, "/collections", Some(again)).await, code(409, "AB07"));
    let read = api.get(&format!("/collections/{dev}")).await;
    assert_eq!(read["child_collections"][0]["id"], child["id"]);
    let path = format!("/collections/{dev}");
    assert_eq!(api.refused(Method::DELETE, &path, None).await, code(409, "AB07"));
    let inner = format!("/collections/{}", child["slug"].as_str().unwrap());
    assert_eq!(api.put(&inner, json!({ "name": "renamed" })).await, json!({}));
    assert_eq!(api.delete(&inner).await, json!({}));
}

#[tokio::test]
async fn label_names_follow_the_rule_and_are_unique() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    for name in ["latest", "default", "42", "a b", "a@b"] {
        let body = Some(json!({ "name": name }));
        assert_eq!(api.refused(Method::POST, "/labels", body).await, code(400, "AB01"), "{name}");
    }
    let made = api.post("/labels", json!({ "name": "beta_2", "color_code": "#fff" })).await;
    let path = format!("/labels/{}", made["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await["is_universal"], true);
    let again = Some(json!({ "name": "beta_2" }));
    assert_eq!(api.refused(Method::POST, "/labels", again).await, code(409, "AB07"));
    api.put(&path, json!({ "description": "new" })).await;
    assert_eq!(api.get(&path).await["description"], "new");
    api.delete(&path).await;
    assert_eq!(api.refused(Method::GET, &path, None).await, code(404, "AB02"));
}

#[tokio::test]
async fn the_secret_of_a_virtual_key_never_comes_back() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let body = json!({
        "name": "Azure east", "provider": "azure-openai", "key": "sk-abcdefghijklmnop",
        "resourceName": "east", "awsSecretAccessKey": "hidden-0001",
    });
    let made = api.post("/virtual-keys", body).await;
    let path = format!("/virtual-keys/{}", made["data"]["slug"].as_str().unwrap());
    let read = api.get(&path).await;
    assert_eq!(read["masked_api_key"], "sk-********nop");
    assert_eq!(read["key"], "");
    assert_eq!(read["model_config"], json!({ "resourceName": "east" }));
    assert!(!read.to_string().contains("abcdef"));
    api.put(
        &path,
        json!({ "key": "sk-zyxwvutsrqponm", "note": null, "usage_limits": { "credit_limit": 5 } }),
    )
    .await;
    assert_eq!(api.get(&path).await["masked_api_key"], "sk-********onm");
    let bad = Some(json!({ "usage_limits": { "credit_limit": 0 } }));
    assert_eq!(api.refused(Method::PUT, &path, bad).await, code(400, "AB01"));
    assert_eq!(api.delete(&path).await, json!({}));
    let missing = Some(json!({ "name": "x", "provider": "openai" }));
    assert_eq!(api.refused(Method::POST, "/virtual-keys", missing).await, code(400, "AB01"));
}

#[tokio::test]
async fn a_virtual_key_in_use_cannot_be_deleted() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let slug = api.seeded("/virtual-keys", "OpenAI production", "slug").await;
    let path = format!("/virtual-keys/{slug}");
    assert_eq!(api.refused(Method::DELETE, &path, None).await, code(409, "AB07"));
}

#[tokio::test]
async fn workspaces_are_filtered_by_name_and_status() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    assert_eq!(names(&api.get("/admin/workspaces").await), ["Production", "Staging", "Research"]);
    assert_eq!(names(&api.get("/admin/workspaces?name=St").await), ["Staging"]);
    assert!(
        names(&api.get("/admin/workspaces?name=st&exact_name=Staging&status=archived").await)
            .is_empty()
    );
    assert_eq!(
        names(&api.get("/admin/workspaces?status=active,archived&page_size=1").await),
        ["Production"]
    );
    let bad = "/admin/workspaces?status=gone";
    assert_eq!(api.refused(Method::GET, bad, None).await, code(400, "AB01"));
}

#[tokio::test]
async fn a_workspace_lives_from_creation_to_deletion() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let production = api.seeded("/admin/workspaces", "Production", "slug").await;
    let read = api.get(&format!("/admin/workspaces/{production}")).await;
    assert_eq!(read["users"].as_array().unwrap().len(), 5);
    let user = read["users"][0]["id"].as_str().unwrap();
    let made = api.post("/admin/workspaces", json!({ "name": "Trial", "users": [user] })).await;
    let path = format!("/admin/workspaces/{}", made["slug"].as_str().unwrap());
    assert_eq!(api.get(&path).await["users"][0]["id"], json!(user));
    assert_eq!(
        api.put(&path, json!({ "defaults": { "metadata": { "a": "b" } } })).await,
        json!({})
    );
    assert_eq!(api.get(&path).await["defaults"]["metadata"], json!({ "a": "b" }));
    api.put(&path, json!({ "defaults": null, "usage_limits": null })).await;
    assert_eq!(api.get(&path).await["defaults"], Value::Null);
    let again = Some(json!({ "name": "Trial" }));
    assert_eq!(api.refused(Method::POST, "/admin/workspaces", again).await, code(409, "AB07"));

    let id = made["id"].as_str().unwrap();
    api.post("/configs", json!({ "name": "c", "config": {}, "workspace_id": id })).await;
    let delete = |body| api.ask(Method::DELETE, &path, Some(body));
    assert_eq!(delete(json!({ "name": "Wrong" })).await.0, 400);
    assert_eq!(delete(json!({ "name": "Trial" })).await.0, 409);
    // The answer has no body at all.
    assert_eq!(delete(json!({ "name": "Trial", "force_delete": true })).await, (200, Value::Null));
    assert_eq!(api.refused(Method::GET, &path, None).await, code(404, "AB02"));
    assert!(!names(&api.get("/configs").await).contains(&"c"));
}

#[tokio::test]
async fn a_full_sandbox_refuses_rows_until_some_are_deleted() {
    let sandbox = Sandbox::start(Settings { max_rows: 500, ..settings() }).await.unwrap();
    let api = Api::new(&sandbox, "admin");
    let mut made = Vec::new();
    let refused = loop {
        let body = json!({ "name": format!("label-{}", made.len()) });
        let (status, answer) = api.ask(Method::POST, "/labels", Some(body)).await;
        if status != 200 {
            break status;
        }
        made.push(answer["id"].as_str().unwrap().to_owned());
        assert!(made.len() < 500);
    };
    assert_eq!(refused, 413);
    api.delete(&format!("/labels/{}", made[0])).await;
    api.post("/labels", json!({ "name": "fits-again" })).await;
}

#[tokio::test]
async fn too_many_bytes_are_refused() {
    let sandbox = Sandbox::start(Settings { max_bytes: 400_000, ..settings() }).await.unwrap();
    let api = Api::new(&sandbox, "admin");
    let slug = api.seeded("/configs", "Canary", "slug").await;
    let body = json!({ "config": { "note": "x".repeat(30_000) } });
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses
            .push(api.ask(Method::PUT, &format!("/configs/{slug}"), Some(body.clone())).await.0);
    }
    assert_eq!(statuses.first(), Some(&200));
    assert_eq!(statuses.last(), Some(&413));
    let huge = json!({ "name": "x", "config": { "note": "x".repeat(2 << 20) } });
    assert_eq!(api.refused(Method::POST, "/configs", Some(huge)).await, code(413, "AB01"));
}

#[tokio::test]
async fn reads_can_be_stale_for_a_number_of_reads() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let slug = api.seeded("/configs", "Canary", "slug").await;
    let path = format!("/configs/{slug}");
    sandbox.faults().stale_for_reads(2);
    api.put(&path, json!({ "name": "New" })).await;
    assert_eq!(api.get(&path).await["name"], "Canary");
    assert!(names(&api.get("/configs").await).contains(&"Canary"));
    assert_eq!(api.get(&path).await["name"], "New");
    sandbox.faults().fresh();
    api.put(&path, json!({ "name": "Newer" })).await;
    assert_eq!(api.get(&path).await["name"], "Newer");
}

#[tokio::test]
async fn reads_can_be_stale_for_a_time() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let slug = api.seeded("/configs", "Canary", "slug").await;
    let path = format!("/configs/{slug}");
    sandbox.faults().stale_for(Duration::from_millis(300));
    api.put(&path, json!({ "name": "New" })).await;
    assert_eq!(api.get(&path).await["name"], "Canary");
    soon(async { while api.get(&path).await["name"] != "New" {} }).await;
}

#[tokio::test]
async fn a_partial_that_is_named_stays_until_it_is_not() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let slug = api.seeded("/prompts/partials", "refund-policy", "slug").await;
    let body = json!({ "name": "Policy", "string": format!("{{{{> {slug}@1 }}}}") });
    let user = api.post("/prompts/partials", body).await;
    let path = format!("/prompts/partials/{slug}");
    assert_eq!(api.refused(Method::DELETE, &path, None).await, code(409, "AB07"));
    api.delete(&format!("/prompts/partials/{}", user["id"].as_str().unwrap())).await;
    assert_eq!(api.delete(&path).await, json!({}));
    let wrong = Some(json!({ "status": "gone" }));
    let other = api.seeded("/prompts/partials", "tone-of-voice", "slug").await;
    let path = format!("/prompts/partials/{other}");
    assert_eq!(api.refused(Method::PUT, &path, wrong).await, code(400, "AB01"));
}
