//! The public price sheets, `GET /pricing/{provider}.json`: no key, no version, no envelope.
//!
//! Prices are in US cents for one token. Form: <https://github.com/Portkey-AI/models>.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    log,
};

/// The provider whose sheet a request asks for.
pub(super) fn provider<'a>(method: &str, path: &'a str) -> Option<&'a str> {
    let name = path.strip_prefix("/pricing/")?.strip_suffix(".json")?;
    (method == "GET" && !name.contains('/')).then_some(name)
}

/// All models of a provider, after the prices of what is not known.
pub(super) fn sheet(provider: &str) -> Outcome {
    let entry = |request: f64, response: f64| {
        json!({ "pricing_config": {
            "pay_as_you_go": {
                "request_token": { "price": request },
                "response_token": { "price": response },
            },
            "calculate": {
                "request": { "operation": "multiply",
                    "operands": [{ "value": "input_tokens" }, { "value": "rates.request_token" }] },
            },
            "currency": "USD",
        } })
    };
    let models: Map<String, Value> = log::prices(provider)
        .map(|(model, request, response)| (model.to_owned(), entry(request, response)))
        .collect();
    if models.is_empty() {
        return Err(Refusal::no_route("GET", provider));
    }
    let unknown = ("default".to_owned(), entry(0.0, 0.0));
    Ok(Value::Object(std::iter::once(unknown).chain(models).collect()).into())
}
