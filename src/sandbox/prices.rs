//! The public prices, which need no key: `GET /model-configs/pricing/{provider}/{model}` and the
//! sheets, `GET /pricing/{provider}.json`. Neither has a version or an envelope.
//!
//! Prices are in US cents for one token. Forms: Portkey's official description and
//! <https://github.com/Portkey-AI/models>.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    log,
};

/// The prices that a request asks for.
pub(super) enum Prices<'a> {
    /// All of a provider.
    Sheet(Cow<'a, str>),
    /// Those of one model of a provider.
    Model(Cow<'a, str>, Cow<'a, str>),
}

impl<'a> Prices<'a> {
    pub fn find(method: &str, path: &'a str) -> Option<Self> {
        let decoded = |segment: &'a str| percent_decode_str(segment).decode_utf8().ok();
        let mut segments = path.strip_prefix('/').filter(|_| method == "GET")?.split('/');
        let found = match segments.next()? {
            "pricing" => Self::Sheet(decoded(segments.next()?.strip_suffix(".json")?)?),
            "model-configs" if segments.next() == Some("pricing") => {
                Self::Model(decoded(segments.next()?)?, decoded(segments.next()?)?)
            }
            _ => return None,
        };
        segments.next().is_none().then_some(found)
    }

    pub fn answer(&self) -> Outcome {
        match self {
            Self::Sheet(provider) => sheet(provider),
            Self::Model(provider, name) => {
                let mut models = log::prices(provider);
                let found = models.find(|(model, ..)| model == name);
                let (_, request, response) =
                    found.ok_or_else(|| Refusal::public("Model not found"))?;
                Ok(prices(provider, request, response).into())
            }
        }
    }
}

/// All models of a provider, after the prices of what is not known.
fn sheet(provider: &str) -> Outcome {
    let entry = |request: f64, response: f64| {
        let prices = prices(provider, request, response);
        json!({ "pricing_config": prices })
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

fn prices(provider: &str, request: f64, response: f64) -> Value {
    let product = |tokens: &str, rate: &str| json!({ "operation": "multiply", "operands": [{ "value": tokens }, { "value": rate }] });
    let mut prices = json!({
        "pay_as_you_go": {
            "request_token": { "price": request },
            "response_token": { "price": response },
        },
        "calculate": {
            "request": product("input_tokens", "rates.request_token"),
            "response": product("output_tokens", "rates.response_token"),
        },
        "currency": "USD",
    });
    // Of the providers here, it is the one that sells training by the token.
    if let (Value::Object(prices), "openai") = (&mut prices, provider) {
        let training = json!({ "pay_per_token": { "price": (request * 1e7).round() / 1e6 } });
        prices.insert("finetune_config".to_owned(), training);
    }
    prices
}
