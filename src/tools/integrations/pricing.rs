//! Public prices of models, from the API's root and from Portkey's open price sheets: no key is sent
//! for them.
//!
//! Forms: `getModelPricing` of the official description, and <https://github.com/Portkey-AI/models>,
//! one sheet a provider, `default` in it for models that it does not know. Prices are in US cents for
//! one token.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    near::near,
    portkey::Base,
    tool::{Call, Error, JsonObject, Result, Workflow, unwrapped},
    tools::shared::Paging,
};

const MODEL: &str = "/model-configs/pricing/{provider}/{model}";
const SHEET: &str = "/pricing/{provider}.json";

/// Price of models that a sheet does not know.
const UNKNOWN: &str = "default";

#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetModelPricing {
    /// Such as openai, azure-openai, bedrock, vertex-ai.
    #[schemars(length(min = 1))]
    provider: String,
    /// As the provider names it, from list_model_pricing.
    #[schemars(length(min = 1))]
    model: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListModelPricing {
    /// Such as openai, azure-openai, bedrock, vertex-ai.
    #[schemars(length(min = 1))]
    provider: String,
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Workflow for GetModelPricing {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { provider, model } = self;
        if let Some(prices) = priced(call, &provider, &model).await? {
            return Ok(told(&provider, &model, &prices));
        }
        let sheet = sheet(call, &provider).await?;
        let same = |name: &&String| name.eq_ignore_ascii_case(&model);
        let found = sheet.get_key_value(&model).or_else(|| {
            let name = sheet.keys().find(same)?;
            sheet.get_key_value(name)
        });
        let Some((name, entry)) = found.filter(|(name, _)| *name != UNKNOWN) else {
            let hint = near(&model, sheet.keys().map(String::as_str).filter(|it| *it != UNKNOWN));
            let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            return Err(Error::precondition(
                format!("the price sheet of `{provider}` has no model `{model}`{hint}"),
                "look for its name with list_model_pricing",
            ));
        };
        Ok(told(&provider, name, entry))
    }
}

impl Workflow for ListModelPricing {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { provider, search, paging } = self;
        let sheet = sheet(call, &provider).await?;
        let wanted = search.unwrap_or_default().to_lowercase();
        let models: Vec<(&String, &Value)> = sheet
            .iter()
            .filter(|(name, _)| *name != UNKNOWN && name.to_lowercase().contains(&wanted))
            .collect();
        let page = usize::try_from(paging.current_page.unwrap_or(0)).unwrap_or(usize::MAX);
        let size = usize::try_from(paging.page_size.unwrap_or(20)).unwrap_or(usize::MAX);
        let rows: Vec<Value> = models
            .iter()
            .skip(page.saturating_mul(size))
            .take(size)
            .map(|(name, entry)| row(name, entry))
            .collect();
        let mut list = json!({ "total": models.len(), "unit": "US cents per token" });
        let next = page.saturating_add(1);
        if let Value::Object(list) = &mut list {
            if !rows.is_empty() && next.saturating_mul(size) < models.len() {
                list.insert("next_page".into(), next.into());
            }
            list.insert("data".into(), rows.into());
        }
        Ok(list)
    }
}

/// What the API itself says of a model, if it knows it by this very name.
///
/// It answers 404 to other spellings and does not say what is near, so the sheet has to; and the
/// root of a base URL that is not Portkey's own may refuse the route, redirect to a login page or
/// show one, where the sheet still has the price. What may pass (429, 5xx, no answer) is an error.
async fn priced(call: &Call, provider: &str, model: &str) -> Result<Option<Value>> {
    if model == UNKNOWN {
        return Ok(None);
    }
    match call.get(MODEL, json!({ "provider": provider, "model": model })).await.map(unwrapped) {
        Ok(prices) => Ok(Some(prices).filter(|it| config(it).get("pay_as_you_go").is_some())),
        Err(Error::Portkey(error)) if error.status().is_some() && !error.retryable() => Ok(None),
        Err(error) => Err(error),
    }
}

/// All that a provider's sheet says.
async fn sheet(call: &Call, provider: &str) -> Result<JsonObject> {
    let answer = call.get_from(Base::Prices, SHEET, json!({ "provider": provider })).await;
    match answer.map(unwrapped) {
        Ok(Value::Object(sheet)) => Ok(sheet),
        Ok(_) => Err(Error::Answer("a price sheet that is no object".into())),
        // The host answers either to what is not there.
        Err(Error::Portkey(error)) if matches!(error.status(), Some(403 | 404)) => {
            Err(Error::precondition(
                format!("there is no price sheet of a provider `{provider}`"),
                "give the provider as Portkey names it, in lower case with hyphens, such as openai, \
                 anthropic, azure-openai, bedrock, vertex-ai, mistral-ai",
            ))
        }
        Err(error) => Err(error),
    }
}

/// The answer of `get_model_pricing`.
fn told(provider: &str, model: &str, entry: &Value) -> Value {
    let mut told = JsonObject::new();
    told.insert("provider".into(), provider.into());
    told.insert("model".into(), model.into());
    told.insert("unit".into(), "US cents per token".into());
    if let Some(usd) = per_million(entry) {
        told.insert("usd_per_million_tokens".into(), usd);
    }
    if let Value::Object(prices) = config(entry) {
        told.extend(prices.clone());
    }
    told.into()
}

fn config(entry: &Value) -> &Value {
    entry.get("pricing_config").unwrap_or(entry)
}

/// The price of each kind of token that has one.
fn row(name: &str, entry: &Value) -> Value {
    let mut row = JsonObject::new();
    row.insert("model".into(), name.into());
    for (kind, price) in prices(entry) {
        row.insert(kind.clone(), price.into());
    }
    row.into()
}

fn prices(entry: &Value) -> impl Iterator<Item = (&String, f64)> {
    let kinds = config(entry).get("pay_as_you_go").and_then(Value::as_object).into_iter().flatten();
    kinds.filter_map(|(kind, it)| Some((kind, it.get("price")?.as_f64()?)))
}

/// A price of the sheet as people compare them, rounded to what is told apart there.
fn per_million(entry: &Value) -> Option<Value> {
    const DOLLARS: f64 = 10_000.0;
    const PARTS: f64 = 1_000_000.0;
    let usd: JsonObject = prices(entry)
        .filter(|(kind, _)| kind.ends_with("_token"))
        .map(|(kind, price)| (kind.clone(), ((price * DOLLARS * PARTS).round() / PARTS).into()))
        .collect();
    (!usd.is_empty()).then(|| usd.into())
}
