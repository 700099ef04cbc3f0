//! The logging tools: one log, inserted ones, and exports from their draft to their file.

mod exports;

use portkey_admin_mcp::mask::SENTINEL;
use serde_json::{Value, json};

use crate::support::{Served, serve, serve_key, settings};

/// A field of the only log with this trace.
async fn logged(served: &Served, trace: &str, field: &str) -> Value {
    let account = served.account("workspace");
    let body = json!({ "filters": { "trace_id": trace }, "requested_data": ["id", field] });
    let made = account.post("/logs/exports", &body).await;
    assert_eq!(made["total"], 1, "{trace}");
    let path = format!("/logs/exports/{}", made["id"].as_str().unwrap());
    account.post(&format!("{path}/start"), &json!({})).await;
    for _ in 0..2 {
        account.get(&path).await;
    }
    let link = account.get(&format!("{path}/download")).await;
    let file = reqwest::Client::builder().no_proxy().build().unwrap();
    let file = file.get(link["signed_url"].as_str().unwrap()).send().await.unwrap();
    let line: Value = serde_json::from_str(file.text().await.unwrap().trim()).unwrap();
    line[field].clone()
}

fn entry(trace: &str) -> Value {
    json!({
        "request": { "url": "https://h.example/v1/chat", "body": { "model": "gpt-4o", "x": null } },
        "response": { "body": { "usage": { "prompt_tokens": 3, "completion_tokens": 4 } } },
        "metadata": { "trace_id": trace },
    })
}

/// What is sent for [`entry`]: both spellings of what says where it belongs.
fn spelt(trace: &str) -> Value {
    let mut sent = entry(trace);
    sent["metadata"] = json!({ "trace_id": trace, "traceId": trace });
    sent
}

#[tokio::test]
async fn one_log_is_sent_as_it_is_and_several_as_a_list() {
    let served = serve_key(settings(), "workspace").await;
    let post = "POST /v1/logs";
    let least = json!({ "entries": [{ "request": { "url": "u", "body": {} }, "response": { "body": {} } }] });
    let body = least["entries"][0].clone();
    let told = served.sends_one("insert_log", least, post, body).await;
    assert_eq!(told.data(), &json!({ "success": true, "inserted": 1 }));
    served
        .sends_one("insert_log", json!({ "entries": entry("one") }), post, spelt("one"))
        .await
        .data();
    let args = json!({ "entries": [entry("two"), entry("three")] });
    let body = json!([spelt("two"), spelt("three")]);
    let told = served.sends_one("insert_log", args, post, body).await;
    assert_eq!(told.data()["inserted"], 2);

    let args = json!({ "entries": [{
        "request": { "url": "u", "method": "POST", "provider": "openai", "headers": { "a": "b" }, "body": { "c": 1 }, "new": 1 },
        "response": { "status": 429, "headers": {}, "body": {}, "response_time": 12, "streaming_mode": true },
        "metadata": { "traceId": "t", "span_id": "s", "span_name": "n", "parent_span_id": "p",
            "user": "ann", "organization": "o", "team": "blue" },
    }] });
    let mut body = args["entries"][0].clone();
    body["response"] = json!({ "status": 429, "headers": {}, "body": {}, "response_time": 12, "streamingMode": true });
    body["metadata"] = json!({ "traceId": "t", "span_id": "s", "span_name": "n", "parent_span_id": "p",
        "user": "ann", "organization": "o", "team": "blue", "trace_id": "t", "spanId": "s",
        "spanName": "n", "parentSpanId": "p" });
    served.sends_one("insert_log", args, post, body).await.data();
    assert_eq!(logged(&served, "t", "metadata").await["team"], "blue");
}

#[tokio::test]
async fn the_references_flat_arguments_make_the_same_log() {
    let served = serve_key(settings(), "workspace").await;
    let flat = json!({
        "request_url": "u", "request_provider": "openai", "request_method": "post",
        "request_headers": { "a": "b" }, "request_body": { "c": 1 }, "response_status": 201,
        "response_headers": {}, "response_body": { "d": 2 }, "response_time": 5,
        "streaming_mode": false, "metadata_organization": "o", "metadata_user": "ann",
        "metadata_trace_id": "t", "metadata_span_id": "s", "metadata_span_name": "n",
        "metadata_parent_span_id": "p", "metadata_custom": { "team": "blue" },
    });
    let body = json!({
        "request": { "url": "u", "provider": "openai", "method": "post", "headers": { "a": "b" }, "body": { "c": 1 } },
        "response": { "status": 201, "headers": {}, "body": { "d": 2 }, "response_time": 5, "streamingMode": false },
        "metadata": { "team": "blue", "organization": "o", "user": "ann", "trace_id": "t",
            "span_id": "s", "span_name": "n", "parent_span_id": "p", "traceId": "t", "spanId": "s",
            "spanName": "n", "parentSpanId": "p" },
    });
    served.sends_one("insert_log", flat.clone(), "POST /v1/logs", body).await.data();
    let mut both = flat;
    both["entries"] = json!([entry("x")]);
    let error = served.refused("insert_log", both).await;
    assert_eq!(error["problems"][0]["argument"], "entries", "{error}");
    let error = served.refused("insert_log", json!({ "metadata_user": "ann" })).await;
    let named: Vec<_> =
        error["problems"].as_array().unwrap().iter().map(|it| &it["argument"]).collect();
    assert_eq!(named, ["request_url", "request_body", "response_body"]);
}

#[tokio::test]
async fn a_log_that_lacks_something_is_refused_here() {
    let served = serve_key(settings(), "workspace").await;
    for (args, named) in [
        (json!({}), "entries"),
        (json!({ "entries": [] }), "entries"),
        (json!({ "entries": [{ "request": { "url": "u", "body": {} } }] }), "entries[0].response"),
        (
            json!({ "entries": [{ "request": { "body": {} }, "response": { "body": {} } }] }),
            "entries[0].request.url",
        ),
        (
            json!({ "entries": [{ "request": { "url": "u", "body": {} }, "response": { "body": {}, "status": 99 } }] }),
            "entries[0].response.status",
        ),
    ] {
        let error = served.refused("insert_log", args.clone()).await;
        assert_eq!(error["problems"][0]["argument"], named, "{args}: {error}");
    }
    let admin = serve(settings()).await;
    let error = admin.call("insert_log", json!({ "entries": [entry("x")] })).await.error();
    assert_eq!((&error["status"], &error["code"]), (&json!(403), &json!("AB03")), "{error}");
}

#[tokio::test]
async fn a_log_is_read_with_its_headers_masked_under_both_names() {
    let served = serve_key(settings(), "workspace").await;
    let mut secret = entry("masked");
    secret["request"]["headers"] = json!({ "authorization": "Bearer kestrel", "x-any": "kestrel" });
    secret["request"]["portkeyHeaders"] =
        json!({ "x-portkey-config": "{\"api_key\":\"kestrel\"}" });
    secret["response"]["headers"] = json!({ "set-cookie": "kestrel" });
    served.account("workspace").post("/logs", &secret).await;
    let id = logged(&served, "masked", "id").await;
    let path = format!("GET /v1/logs/{}", id.as_str().unwrap());
    let args = json!({ "log_id": id });
    let got = served.sends_one("get_log", args.clone(), &path, Value::Null).await;
    assert!(!got.wire().contains("kestrel"), "{}", got.wire());
    assert_eq!(got.data()["request"]["headers"]["x-any"], SENTINEL);
    assert_eq!(got.data()["request"]["portkeyHeaders"]["x-portkey-config"], SENTINEL);
    assert_eq!(got.data()["request"]["body"], secret["request"]["body"], "the body is shown");
    assert_eq!(got.data()["request"]["method"], "POST");
    assert_eq!(got.data()["metrics"]["total_units"], 7);
    assert_eq!(got.data()["metrics"]["trace_id"], "masked");
    let alias = served.sends_one("get_trace", args, &path, Value::Null).await;
    assert_eq!(alias.data(), got.data());

    let every = json!({ "log_id": id, "created_at": "2026-01-01T00:00:00Z", "path_format": "v2", "type": "hooks" });
    let line = format!("{path}?created_at=2026-01-01T00%3A00%3A00Z&path_format=v2&type=hooks");
    served.sends_one("get_log", every, &line, Value::Null).await.data();
    let other = serve_key(settings(), "staging").await;
    let error = other.call("get_log", json!({ "log_id": id })).await.error();
    assert_eq!(error["status"], 404, "{error}");
}
