//! The models tool.

use serde_json::{Value, json};

use crate::support::{line, serve_key, settings};

#[tokio::test]
async fn models_are_listed_by_offset_and_limit() {
    let served = serve_key(settings(), "workspace").await;
    let first = served.call("list_models", json!({})).await;
    let [sent] = &served.sent()[..] else { panic!("one request") };
    assert_eq!((line(sent), &*sent.query), ("GET /v1/models".to_owned(), "offset=0&limit=20"));
    let rows = first.data()["data"].as_array().unwrap();
    assert_eq!(first.data()["total"], rows.len());
    let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
    assert!(ids.iter().all(|id| id.as_str().unwrap().starts_with('@')), "{ids:?}");

    let slug = rows[0]["id"].as_str().unwrap()[1..].split('/').next().unwrap();
    let args = json!({
        "ai_service": "anthropic", "provider": slug, "sort": "ai_service", "order": "desc",
        "current_page": 1, "page_size": 1,
    });
    let second = served.call("list_models", args).await;
    let [sent] = &served.sent()[..] else { panic!("one request") };
    let query =
        format!("ai_service=anthropic&provider={slug}&sort=ai_service&order=desc&offset=1&limit=1");
    assert_eq!(sent.query, query);
    assert_eq!(second.data()["data"].as_array().unwrap().len(), 1);
    assert_eq!((&second.data()["total"], second.data().get("next_page")), (&json!(2), None));
}

#[tokio::test]
async fn every_page_of_the_models_together_is_all_of_them() {
    let served = serve_key(settings(), "admin").await;
    let all = served.account("admin").get("/models").await;
    let mut seen = Vec::new();
    let mut page = json!(0);
    while !page.is_null() {
        let list =
            served.call("list_models", json!({ "current_page": page, "page_size": 3 })).await;
        seen.extend(list.data()["data"].as_array().unwrap().clone());
        page = list.data()["next_page"].clone();
    }
    assert_eq!(seen.len(), all["data"].as_array().unwrap().len());
    assert_eq!(json!(seen.iter().map(|row| &row["id"]).collect::<Vec<_>>()), ids(&all));
}

fn ids(list: &Value) -> Value {
    list["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}
