//! The tracing tools: feedback, one or several at once, and that the analytics move by it.

use serde_json::{Value, json};

use crate::support::{Served, serve, serve_key, settings};

/// Number of feedbacks of all time, and their scores.
async fn feedback(served: &Served) -> (u64, Value) {
    let always = json!({ "time_of_generation_min": "2020-01-01T00:00:00Z",
        "time_of_generation_max": "2100-01-01T00:00:00Z" });
    let graph = served.call("get_feedback_analytics", always.clone()).await;
    let scores = served.call("get_feedback_scores_analytics", always).await;
    (graph.data()["summary"]["total"].as_u64().unwrap(), scores.data()["data_points"].clone())
}

#[tokio::test]
async fn feedback_that_is_not_there_cannot_be_changed() {
    let served = serve_key(settings(), "workspace").await;
    let unknown = json!({ "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "value": 1 });
    assert_eq!(served.call("update_feedback", unknown).await.error()["status"], 404);
}

#[tokio::test]
async fn one_feedback_or_a_batch_is_given_and_not_both() {
    let served = serve_key(settings(), "workspace").await;
    let one = json!({ "trace_id": "t", "value": 1 });
    for (args, named) in [
        (json!({}), "trace_id"),
        (json!({ "value": 3 }), "trace_id"),
        (json!({ "trace_id": "t" }), "value"),
        (json!({ "batch": [one], "value": 3 }), "batch"),
        (json!({ "batch": [one], "metadata": {} }), "batch"),
        (json!({ "batch": [] }), "batch"),
        (json!({ "batch": [{ "value": 3 }] }), "batch[0].trace_id"),
        (json!({ "batch": [{ "trace_id": "t", "value": 11 }] }), "batch[0].value"),
        (json!({ "trace_id": "t", "value": 2.5 }), "value"),
        (json!({ "trace_id": "t", "value": 1, "weight": 1.5 }), "weight"),
    ] {
        let error = served.refused("create_feedback", args.clone()).await;
        assert_eq!(error["problems"][0]["argument"], named, "{args}: {error}");
    }
}

#[tokio::test]
async fn feedback_moves_the_analytics() {
    let served = serve_key(settings(), "workspace").await;
    let trace = "order-4711";
    let entry = json!({ "request": { "url": "https://api.openai.com/v1/chat/completions",
        "body": { "model": "gpt-4o" } }, "response": { "body": {} }, "metadata": { "trace_id": trace } });
    served.account("workspace").post("/logs", &entry).await;
    let (before, _) = feedback(&served).await;
    let args = json!({ "trace_id": trace, "value": 9, "weight": 0.5 });
    let made = served.call("create_feedback", args).await;
    let (after, scores) = feedback(&served).await;
    assert_eq!(after, before + 1);
    let count = |scores: &Value| {
        let rows = scores.as_array().unwrap().iter();
        rows.filter(|row| row["score"] == 9).filter_map(|row| row["total"].as_u64()).sum::<u64>()
    };
    assert_eq!(count(&scores), 1, "{scores}");
    let args = json!({ "id": made.data()["feedback_ids"][0], "value": -9 });
    served.call("update_feedback", args).await.data();
    let (same, scores) = feedback(&served).await;
    assert_eq!((same, count(&scores)), (after, 0), "{scores}");
}

#[tokio::test]
async fn an_organisation_key_is_refused_with_the_reason() {
    let served = serve(settings()).await;
    let error =
        served.call("create_feedback", json!({ "trace_id": "t", "value": 1 })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")), "{error}");
    assert!(error["likely_cause"].as_str().unwrap().contains("`logs.write`"), "{error}");
}
