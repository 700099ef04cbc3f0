//! The public prices: of one model, and the sheets.

use super::*;

#[tokio::test]
async fn a_price_sheet_needs_no_key_and_lists_the_models_of_a_provider() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let host = api.base.as_str().strip_suffix("/v1").unwrap();
    let ask = async |path: &str| api.http.get(format!("{host}{path}")).send().await.unwrap();
    let sheet: Value = ask("/pricing/openai.json").await.json().await.unwrap();
    let price = |model: &str| sheet[model]["pricing_config"]["pay_as_you_go"].clone();
    assert_eq!(price("gpt-4o")["request_token"]["price"], 0.000_25);
    assert_eq!(price("gpt-4o")["response_token"]["price"], 0.001);
    assert_eq!(price("default")["request_token"]["price"], 0.0);
    assert_eq!(ask("/pricing/nobody.json").await.status(), 404);
    assert_eq!(ask("/pricing/a/b.json").await.status(), 401);
    assert_eq!(
        api.http.delete(format!("{host}/pricing/openai.json")).send().await.unwrap().status(),
        401
    );
    assert!(sandbox.requests().iter().all(|request| request.key.is_none()));
}

#[tokio::test]
async fn the_price_of_one_model_is_that_of_the_sheet_and_stands_at_the_root() {
    let sandbox = sandbox().await;
    let api = Api::new(&sandbox, "admin");
    let host = api.base.as_str().strip_suffix("/v1").unwrap();
    let ask = async |path: &str| api.http.get(format!("{host}{path}")).send().await.unwrap();
    for provider in ["openai", "anthropic", "bedrock"] {
        let sheet: Value = ask(&format!("/pricing/{provider}.json")).await.json().await.unwrap();
        for (model, entry) in sheet.as_object().unwrap().iter().skip(1) {
            let path = format!("/model-configs/pricing/{provider}/{model}");
            let prices: Value = ask(&path).await.json().await.unwrap();
            assert_eq!(prices, entry["pricing_config"], "{provider} {model}");
            assert_eq!(prices.get("finetune_config").is_some(), provider == "openai");
        }
    }
    for path in ["/openai/GPT-4o", "/openai/default", "/nobody/gpt-4o", "/openai/gpt%2F4o"] {
        let answer = ask(&format!("/model-configs/pricing{path}")).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "error": "Model not found" }));
    }
    for path in ["/v1/model-configs/pricing/openai/gpt-4o", "/model-configs/pricing/openai"] {
        assert_eq!(ask(path).await.status(), 401, "{path}");
    }
}
