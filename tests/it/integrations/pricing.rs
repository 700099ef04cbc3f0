//! Public prices: from the API's root and a host that get no key.

use http::Method;
use portkey_admin_mcp::sandbox::Fault;
use serde_json::{Value, json};

use super::{serve, settings};
use crate::support::{line, serve_key};

#[tokio::test]
async fn the_price_of_a_model_is_told_without_a_key() {
    let served = serve(settings()).await;
    let args = json!({ "provider": "openai", "model": "gpt-4o" });
    let got = served.call("get_model_pricing", args).await;
    let [sent] = &served.sent()[..] else { panic!("one request") };
    assert_eq!(line(sent), "GET /model-configs/pricing/openai/gpt-4o");
    assert_eq!(sent.key, None, "no key is sent");
    assert!(sent.headers.get("x-portkey-api-key").is_none());
    let data = got.data();
    assert_eq!(data["pay_as_you_go"]["request_token"]["price"], 0.00025);
    assert_eq!(
        data["usd_per_million_tokens"],
        json!({ "request_token": 2.5, "response_token": 10.0 })
    );
    assert_eq!((&data["currency"], &data["unit"]), (&json!("USD"), &json!("US cents per token")));
    assert_eq!(data["finetune_config"], json!({ "pay_per_token": { "price": 0.0025 } }));
}

#[tokio::test]
async fn a_name_that_the_api_does_not_know_is_looked_up_in_the_sheet_without_a_key() {
    let served = serve(settings()).await;
    let exact = json!({ "provider": "anthropic", "model": "claude-sonnet-4-5" });
    let exact = served.call("get_model_pricing", exact).await.data().clone();
    served.sent();
    let args = json!({ "provider": "anthropic", "model": "Claude-Sonnet-4-5" });
    let got = served.call("get_model_pricing", args).await;
    assert_eq!(got.data(), &exact, "both routes are answered in one shape");
    let sent = served.sent();
    let lines: Vec<_> = sent.iter().map(line).collect();
    let wanted =
        ["GET /model-configs/pricing/anthropic/Claude-Sonnet-4-5", "GET /pricing/anthropic.json"];
    assert_eq!(lines, wanted);
    for request in sent {
        assert_eq!((request.key, request.headers.get("x-portkey-api-key")), (None, None));
    }
}

/// A Portkey of one's own may not serve the route and refuse it, or show a login page.
#[tokio::test]
async fn where_the_root_does_not_serve_prices_the_sheet_does() {
    let served = serve(settings()).await;
    let args = json!({ "provider": "openai", "model": "gpt-4o" });
    let known = served.call("get_model_pricing", args.clone()).await.data().clone();
    for fault in [Fault::Status(401), Fault::Status(403), Fault::Html, Fault::Empty] {
        served.sent();
        served.sandbox.faults().inject(Some(Method::GET), "/model-configs", 1, fault);
        assert_eq!(served.call("get_model_pricing", args.clone()).await.data(), &known);
        assert_eq!(served.sent_lines().len(), 2);
    }
    served.sandbox.faults().inject(Some(Method::GET), "/model-configs", 9, Fault::Status(503));
    let error = served.call("get_model_pricing", args).await.error();
    assert_eq!((&error["status"], &error["retry_helps"]), (&json!(503), &json!(true)), "{error}");
    assert!(served.sent_lines().iter().all(|line| !line.starts_with("GET /pricing/")));
}

#[tokio::test]
async fn what_has_no_price_is_answered_with_what_is_near() {
    let served = serve(settings()).await;
    for (provider, model, words) in [
        ("openai", "gpt-4o-mni", ["did you mean `gpt-4o-mini`?", "list_model_pricing"]),
        ("openai", "default", ["no model `default`", "list_model_pricing"]),
        ("open-ai", "gpt-4o", ["no price sheet of a provider `open-ai`", "such as openai"]),
    ] {
        let args = json!({ "provider": provider, "model": model });
        let error = served.call("get_model_pricing", args).await.error();
        assert_eq!(error["kind"], "precondition", "{error}");
        let told = format!("{} {}", error["message"], error["remedy"]);
        assert!(words.iter().all(|word| told.contains(word)), "{error}");
    }
    served.sent();
    let args = json!({ "provider": "..", "model": "x" });
    served.call("get_model_pricing", args).await.error();
    let args = json!({ "provider": "a/../b", "model": "x" });
    served.call("get_model_pricing", args).await.error();
    assert!(served.sent_lines().iter().all(|line| !line.contains("..") || line.contains("%2F")));
}

#[tokio::test]
async fn the_models_of_a_provider_are_listed_a_page_at_a_time() {
    let served = serve(settings()).await;
    let target = "GET /pricing/openai.json";
    let list = served
        .sends_one("list_model_pricing", json!({ "provider": "openai" }), target, Value::Null)
        .await;
    assert_eq!(
        list.data(),
        &json!({ "total": 2, "unit": "US cents per token", "data": [
            { "model": "gpt-4o", "request_token": 0.00025, "response_token": 0.001 },
            { "model": "gpt-4o-mini", "request_token": 0.000015, "response_token": 0.00006 },
        ] })
    );
    let args = json!({ "provider": "openai", "search": "GPT", "current_page": 0, "page_size": 1 });
    let page = served.sends_one("list_model_pricing", args, target, Value::Null).await;
    assert_eq!((&page.data()["next_page"], &page.data()["total"]), (&json!(1), &json!(2)));
    let args = json!({ "provider": "openai", "current_page": 1, "page_size": 1 });
    let page = served.sends_one("list_model_pricing", args, target, Value::Null).await;
    assert_eq!(page.data()["data"][0]["model"], "gpt-4o-mini");
    assert!(page.data().get("next_page").is_none());
}

/// Any key will do, as none is sent; and what is read is read again when the host fails.
#[tokio::test]
async fn prices_are_read_with_every_key_and_tried_again() {
    let served = serve_key(settings(), "workspace").await;
    served.sandbox.faults().inject(Some(Method::GET), "/model-configs", 1, Fault::Status(503));
    let args = json!({ "provider": "bedrock", "model": "llama-3-70b-instruct" });
    served.call("get_model_pricing", args).await.data();
    assert_eq!(served.sent_lines().len(), 2);
    served.sandbox.faults().inject(Some(Method::GET), "/pricing", 9, Fault::Html);
    let args = json!({ "provider": "bedrock" });
    let error = served.call("list_model_pricing", args).await.error();
    assert!(error["remedy"].as_str().unwrap().contains("PORTKEY_PRICING_URL"), "{error}");
}
