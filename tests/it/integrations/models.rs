//! Models of an integration.

use serde_json::{Value, json};

use super::{seeded, serve, settings};
use portkey_admin_mcp::mask::SENTINEL;

#[tokio::test]
async fn models_are_listed_whole_or_a_page_at_a_time() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let target = format!("GET /v1/integrations/{slug}/models");
    let args = json!({ "slug": slug });
    let list = served.sends_one("list_integration_models", args, &target, Value::Null).await;
    assert_eq!(
        (&list.data()["total"], &list.data()["allow_all_models"]),
        (&json!(3), &json!(true))
    );
    let tuned = &list.data()["data"][2];
    assert_eq!((&tuned["slug"], &tuned["is_custom"]), (&json!("ft-helpdesk"), &json!(true)));
    assert_eq!(tuned["configurations"]["custom_headers"]["x-tuned-key"], SENTINEL);
    let args = json!({ "slug": slug, "current_page": 1, "page_size": 2 });
    let target = format!("{target}?current_page=1&page_size=2");
    let page = served.sends_one("list_integration_models", args, &target, Value::Null).await;
    assert_eq!(page.data()["data"].as_array().unwrap().len(), 1);
    assert_eq!(page.data()["total"], 3);
}

#[tokio::test]
async fn models_that_are_not_named_stay() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let target = format!("PUT /v1/integrations/{slug}/models");
    let off = json!([{ "slug": "gpt-4o", "enabled": false }]);
    let args = json!({ "slug": slug, "models": off });
    let told = served
        .sends_one("update_integration_models", args, &target, json!({ "models": off }))
        .await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": slug }));
    let custom = json!([{
        "slug": "ours", "enabled": true, "is_custom": true, "is_finetune": true,
        "base_model_slug": "gpt-4o",
        "configurations": { "custom_host": "https://tuned.example.com",
            "custom_headers": { "x-key": "k" } },
        "pricing_config": { "type": "static", "pay_as_you_go": {
            "request_token": { "price": 0.0001 }, "response_token": { "price": 0.0004 } } },
    }]);
    let args = json!({ "slug": slug, "models": custom, "allow_all_models": false });
    let body = json!({ "models": custom, "allow_all_models": false });
    served.sends_one("update_integration_models", args, &target, body).await.data();
    let args = json!({ "slug": slug, "allow_all_models": true });
    let body = json!({ "models": [], "allow_all_models": true });
    served.sends_one("update_integration_models", args, &target, body).await.data();

    let list = served.call("list_integration_models", json!({ "slug": slug })).await;
    let rows = list.data()["data"].as_array().unwrap();
    let enabled: Vec<_> = rows.iter().map(|row| (&row["slug"], &row["enabled"])).collect();
    let (yes, no) = (&json!(true), &json!(false));
    assert_eq!(
        enabled,
        [
            (&json!("gpt-4o"), no),
            (&json!("gpt-4o-mini"), yes),
            (&json!("ft-helpdesk"), yes),
            (&json!("ours"), yes)
        ]
    );
    assert_eq!(rows[2]["pricing_config"]["pay_as_you_go"]["request_token"]["price"], 0.00003);
    assert_eq!(rows[3]["pricing_config"], custom[0]["pricing_config"]);

    served.sent();
    for (args, argument) in [
        (json!({ "slug": slug }), ""),
        (json!({ "slug": slug, "models": [] }), ""),
        (json!({ "slug": slug, "models": [{ "slug": "x" }] }), "models[0].enabled"),
        (
            json!({ "slug": slug, "models": [{ "slug": "x", "enabled": true, "pricing_config":
                { "type": "static", "pay_as_you_go": { "request_token": { "price": -1 } } } }] }),
            "models[0].pricing_config.pay_as_you_go.request_token.price",
        ),
    ] {
        let called = served.call("update_integration_models", args).await;
        assert_eq!(called.complaints(), [argument], "{}", called.text());
    }
    assert_eq!(served.sent_lines(), [""; 0]);
}

#[tokio::test]
async fn custom_models_are_deleted_by_their_slugs() {
    let served = serve(settings()).await;
    let slug = seeded(&served, "OpenAI organisation").await;
    let path = format!("DELETE /v1/integrations/{slug}/models");
    let other = json!([{ "slug": "other", "enabled": true, "is_custom": true }]);
    served.call("update_integration_models", json!({ "slug": slug, "models": other })).await.data();
    let args = json!({ "slug": slug, "model_slug": ["ft-helpdesk", "other"] });
    let target = format!("{path}?slugs=ft-helpdesk%2Cother");
    let told = served.sends_one("delete_integration_model", args, &target, Value::Null).await;
    assert_eq!(told.data(), &json!({ "success": true, "slug": slug }));
    let list = served.call("list_integration_models", json!({ "slug": slug })).await;
    assert_eq!(list.data()["total"], 2);
    // The reference's form: one text. The provider's own models cannot be deleted.
    let args = json!({ "slug": slug, "model_slug": "gpt-4o" });
    let target = format!("{path}?slugs=gpt-4o");
    let called = served.sends_one("delete_integration_model", args, &target, Value::Null).await;
    assert_eq!(called.error()["status"], 400);
}
