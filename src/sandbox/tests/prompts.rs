//! Prompts: versions, publishing, labels, rendering and running.

use super::*;

async fn prompt(api: &Api, name: &str) -> String {
    format!("/prompts/{}", api.seeded("/prompts", name, "slug").await)
}

#[tokio::test]
async fn a_list_is_narrowed_by_collection_and_search() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let dev = api.seeded("/collections", "dev", "id").await;
    let list = api.get(&format!("/prompts?collection_id={dev}&search=SUPPORT")).await;
    assert_eq!(names(&list), ["support-reply-dev"]);
    let page = api.get("/prompts?page_size=3&current_page=2").await;
    assert_eq!(page["total"], 8);
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_read_shows_the_default_version_and_any_other_on_demand() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let path = prompt(&api, "ticket-summary-dev").await;
    let read = api.get(&path).await;
    assert_eq!(read["prompt_version"], 1);
    assert_eq!(read["prompt_version_status"], "active");
    assert_eq!(read["template_metadata"], json!({ "app": "helpdesk", "env": "dev" }));
    let second = api.get(&format!("{path}?version=2")).await;
    assert_eq!(second["prompt_version"], 2);
    assert_eq!(second["prompt_version_status"], "archived");
    let id = second["prompt_version_id"].as_str().unwrap();
    assert_eq!(api.get(&format!("{path}/versions/{id}")).await, second);
    let path = format!("{path}?version=9");
    assert_eq!(api.refused(Method::GET, &path, None).await, code(404, "AB02"));
}

#[tokio::test]
async fn an_update_adds_a_version_that_is_not_published() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let path = prompt(&api, "triage-dev").await;
    let before = api.get(&path).await;
    let body =
        json!({ "patch": true, "string": "New {{message}}", "prompt_metadata": { "env": "qa" } });
    let answer = api.put(&path, body).await;
    assert_eq!(api.get(&path).await["string"], before["string"]);
    let added = api.get(&format!("{path}?version=2")).await;
    assert_eq!(added["prompt_version_id"], answer["prompt_version_id"]);
    assert_eq!(added["string"], "New {{message}}");
    assert_eq!(added["template_metadata"], json!({ "env": "qa" }));
    assert_eq!(added["parameters"], before["parameters"]);
    assert_eq!(added["virtual_key"], before["virtual_key"]);
    let versions = api.get(&format!("{path}/versions")).await;
    let numbers: Vec<&Value> =
        versions["data"].as_array().unwrap().iter().map(|v| &v["prompt_version"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    assert_eq!(api.put(&format!("{path}/makeDefault"), json!({ "version": 2 })).await, json!({}));
    assert_eq!(api.get(&path).await["string"], "New {{message}}");
    let unknown = (Method::PUT, format!("{path}/makeDefault"), Some(json!({ "version": 7 })));
    assert_eq!(api.refused(unknown.0, &unknown.1, unknown.2).await, code(404, "AB02"));
}

#[tokio::test]
async fn without_patch_the_version_fields_come_together() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let path = prompt(&api, "triage-dev").await;
    let refused = api.refused(Method::PUT, &path, Some(json!({ "string": "x" }))).await;
    assert_eq!(refused, code(400, "AB01"));
    let whole = json!({ "string": "x", "parameters": {}, "model": "gpt-4o" });
    assert!(api.put(&path, whole).await["prompt_version_id"].is_string());
    let added = api.get(&format!("{path}?version=2")).await;
    assert_eq!(added["template_metadata"], json!({}));
}

#[tokio::test]
async fn renaming_moving_and_describing_add_no_version() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let path = prompt(&api, "triage-dev").await;
    let staging = api.seeded("/collections", "staging", "id").await;
    let body =
        json!({ "name": "triage", "collection_id": staging, "version_description": "moved" });
    assert_eq!(api.put(&path, body).await, json!({}));
    let read = api.get(&path).await;
    assert_eq!(read["name"], "triage");
    assert_eq!(read["collection_id"], json!(staging));
    assert_eq!(read["prompt_version_description"], "moved");
    assert_eq!(api.get(&format!("{path}/versions")).await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn creation_needs_what_the_description_requires() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let collection = api.seeded("/collections", "dev", "slug").await;
    let whole = json!({
        "name": "mine", "collection_id": collection, "string": "Hello {{who}}", "parameters": {},
        "virtual_key": "any", "model": "gpt-4o", "template_metadata": { "app": "x" },
    });
    for field in ["name", "collection_id", "string", "parameters", "virtual_key"] {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(
            api.refused(Method::POST, "/prompts", Some(body)).await,
            code(400, "AB01"),
            "{field}"
        );
    }
    let made = api.post("/prompts", whole).await;
    assert_eq!(made["object"], "prompt");
    let read = api.get(&format!("/prompts/{}", made["slug"].as_str().unwrap())).await;
    assert_eq!(read["id"], made["id"]);
    assert_eq!(read["prompt_version_id"], made["version_id"]);
    assert_eq!(read["template_metadata"], json!({ "app": "x" }));
}

#[tokio::test]
async fn a_label_is_on_one_version_of_a_prompt_and_can_be_taken_off() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let path = prompt(&api, "support-reply-dev").await;
    let label = api.seeded("/labels", "candidate", "id").await;
    let versions = api.get(&format!("{path}/versions")).await;
    let id = |n: usize| versions["data"][n]["id"].as_str().unwrap().to_owned();
    for n in [0, 1] {
        api.put(&format!("{path}/versions/{}", id(n)), json!({ "label_id": label })).await;
    }
    let labels = |list: Value| -> Vec<Value> {
        list["data"].as_array().unwrap().iter().map(|version| version["label_id"].clone()).collect()
    };
    let versions = api.get(&format!("{path}/versions")).await;
    assert_eq!(labels(versions), [Value::Null, json!(label), Value::Null]);
    let read = api.get(&format!("{path}?version=candidate")).await;
    assert_eq!(read["prompt_version"], 2);
    assert_eq!(read["labels"], json!(["candidate"]));
    api.put(&format!("{path}/versions/{}", id(1)), json!({ "label_id": null })).await;
    let versions = api.get(&format!("{path}/versions")).await;
    assert_eq!(labels(versions), [Value::Null, Value::Null, Value::Null]);
}

#[tokio::test]
async fn a_render_fills_the_variables_and_lays_overrides_on_top() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let path = prompt(&api, "support-reply-dev").await;
    let body = json!({
        "variables": { "customer_name": "A \"B\"", "language": "Welsh", "question": "{{no}}?" },
        "temperature": 0.9,
        "hyperparameters": { "top_p": 0.1 },
    });
    let answer = api.post(&format!("{path}/render"), body.clone()).await;
    assert_eq!(answer["success"], true);
    let request = &answer["data"];
    let system = request["messages"][0]["content"][0]["text"].as_str().unwrap();
    assert_eq!(system, "You answer customers of a small shop in Welsh. The customer is A \"B\".");
    assert_eq!(request["messages"][1]["content"][0]["text"], "{{no}}?");
    assert_eq!(request["temperature"], 0.9);
    assert_eq!(request["max_tokens"], 400);
    assert!(request.get("top_p").is_none());
    let first = api.post(&format!("{path}@1/render"), body).await;
    assert_eq!(
        first["data"]["messages"][0]["content"],
        "You answer customers of a small shop, kindly and in two sentences."
    );
    let missing = api.refused(Method::POST, &format!("{path}/render"), Some(json!({}))).await;
    assert_eq!(missing, code(400, "AB01"));
}

#[tokio::test]
async fn a_completion_is_the_same_for_the_same_text_and_is_logged() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "workspace");
    let path = prompt(&api, "product-tags-dev").await;
    let body = json!({
        "variables": { "count": 3, "description": "a red kettle" },
        "metadata": { "_user": "sam", "client_id": "test-client" },
    });
    let (one, two) = (
        api.post(&format!("{path}/completions"), body.clone()).await,
        api.post(&format!("{path}/completions"), body).await,
    );
    assert_eq!(one["object"], "chat.completion");
    assert_eq!(one["choices"], two["choices"]);
    assert_ne!(one["id"], two["id"]);
    let usage = &one["usage"];
    assert_eq!(
        usage["total_tokens"].as_u64().unwrap(),
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap()
    );
    let range =
        "time_of_generation_min=2026-03-31T00:00:00Z&time_of_generation_max=2026-04-01T00:00:00Z";
    let metadata = "%7B%22client_id%22%3A%22test-client%22%7D";
    let graph = api.get(&format!("/analytics/graphs/tokens?{range}&metadata={metadata}")).await;
    assert_eq!(
        graph["summary"]["total"].as_u64().unwrap(),
        2 * usage["total_tokens"].as_u64().unwrap()
    );
    let groups = api.get(&format!("/analytics/groups/users?{range}&metadata={metadata}")).await;
    assert_eq!(groups["data"][0]["user"], "sam");
    assert_eq!(groups["data"][0]["requests"], "2");
    let short = json!({ "variables": {}, "max_tokens": 2 });
    let short = api.post(&format!("{path}/completions"), short).await;
    assert_eq!(short["choices"][0]["finish_reason"], "length");
    assert_eq!(short["usage"]["completion_tokens"], 2);
}
