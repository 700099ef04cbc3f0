//! What is read and written back is what was stored, whatever was stored.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::support::{
    Account, Served,
    hostile::{DEEPEST, document},
    serve, serve_key, settings,
};

/// Reads a config and writes it back, once as it is and once so that it has to be sent; what is
/// stored stays equal, byte by byte.
async fn round_trip(served: &Served, account: &Account, slug: &str) -> Result<(), TestCaseError> {
    let stored = account.document(slug).await;
    let got = served.call("get_config", json!({ "slug": slug })).await;
    let shown = got.data()["config"].clone();
    for replace in [true, false] {
        let args = json!({ "slug": slug, "config": shown, "replace": replace });
        // A merge deletes what is null; a document with nulls comes back whole by `replace` alone.
        if replace || !has_null(&shown) {
            let told = served.call("update_config", args).await;
            prop_assert_eq!(&told.data()["action"], "unchanged", "{}", told.data());
        }
    }
    let mut marked = shown;
    marked["zz_mark"] = 1.into();
    let args = json!({ "slug": slug, "config": marked, "replace": true });
    let told = served.call("update_config", args).await;
    prop_assert_eq!(&told.data()["action"], "updated", "{}", told.data());
    let args = json!({ "slug": slug, "config": { "zz_mark": null } });
    let told = served.call("update_config", args).await;
    prop_assert_eq!(&told.data()["action"], "updated", "{}", told.data());
    prop_assert_eq!(account.document(slug).await, stored);
    Ok(())
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

#[tokio::test]
async fn every_seeded_config_survives_a_round_trip() {
    for key in ["admin", "other-admin"] {
        let served = serve_key(settings(), key).await;
        let account = served.account(key);
        for slug in account.slugs().await {
            round_trip(&served, &account, &slug).await.unwrap();
        }
    }
}

/// What other clients stored, of other types than this server's schema suggests.
#[tokio::test]
async fn a_stored_document_is_never_bent_to_the_schema() {
    let served = serve(settings()).await;
    let account = served.account("admin");
    let documents = [
        json!({ "retry": { "attempts": "3", "on_status_codes": "429,500" } }),
        json!({ "cache": null, "retry": null, "request_timeout": null }),
        json!({ "request_timeout": "1000", "cache": { "mode": "newer", "max_age": -1 } }),
        json!({ "targets": [{ "weight": "0.5", "name": 5, "override_params": null }] }),
        json!({ "input_guardrails": "pg-1", "cache": "{\"mode\":\"simple\"}" }),
        json!({ "request_timeout": 1.0, "retry": { "attempts": 9 } }),
        json!({ "n": [0.1, 1e300, 5e-324, -0.0, 9_007_199_254_740_993_u64, u64::MAX, i64::MIN, 1.0] }),
    ];
    for document in documents {
        let slug = account.config("Foreign", &document).await;
        round_trip(&served, &account, &slug).await.unwrap();
    }
}

#[tokio::test]
async fn a_message_that_is_too_deep_is_refused_and_not_cut() {
    let served = serve(settings()).await;
    let nested = |levels| (1..levels).fold(json!({}), |inner, _| json!({ "x": inner }));
    let args = |levels| json!({ "name": "Deep", "config": nested(levels) });
    let made = served.call("create_config", args(DEEPEST)).await;
    let id = made.data()["id"].as_str().unwrap();
    assert_eq!(served.account("admin").document(id).await, nested(DEEPEST).to_string());
    let refused = served.call("create_config", args(DEEPEST + 1)).await;
    assert_eq!(refused.answer.code(), Some(-32600), "{}", refused.answer.body);
}

#[test]
fn generated_documents_survive_create_get_and_replace() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let served = runtime.block_on(serve(settings()));
    let account = served.account("admin");
    let mut runner =
        TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&document(), |document| {
        runtime.block_on(async {
            let args = json!({ "name": "Generated", "config": document });
            let made = served.call("create_config", args).await;
            let id = made.data()["id"].as_str().unwrap().to_owned();
            let stored = account.document(&id).await;
            prop_assert_eq!(&stored, &document.to_string());
            let got = served.call("get_config", json!({ "slug": id })).await;
            prop_assert!(!got.wire().contains("canary"), "{}", got.wire());
            round_trip(&served, &account, &id).await?;
            served.call("delete_config", json!({ "slug": id })).await.data();
            Ok(())
        })
    });
    outcome.unwrap();
}
