//! The public price sheets.

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
