//! The models of an integration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::tool::{JsonObject, Result};

/// As the API takes it; the model's form is [`UpdateArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateArgs")]
pub struct UpdateIntegrationModels {
    slug: String,
    models: Vec<Model>,
    allow_all_models: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateArgs {
    /// From list_integrations.
    #[schemars(length(min = 1))]
    slug: String,
    models: Option<Vec<Model>>,
    /// Also those that the provider adds later.
    allow_all_models: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Model {
    /// From list_integration_models, or new.
    #[schemars(length(min = 1))]
    slug: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_custom: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_finetune: Option<bool>,
    /// Of a fine-tuned model.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_model_slug: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configurations: Option<Host>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing_config: Option<Pricing>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Host {
    #[schemars(extend("format" = "uri"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_headers: Option<JsonObject>,
}

/// US cents per token.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Pricing {
    r#type: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_as_you_go: Option<PayAsYouGo>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Static,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct PayAsYouGo {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_token: Option<Price>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_token: Option<Price>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Price {
    #[schemars(range(min = 0))]
    price: Number,
}

impl TryFrom<UpdateArgs> for UpdateIntegrationModels {
    type Error = String;

    fn try_from(args: UpdateArgs) -> Result<Self, String> {
        let UpdateArgs { slug, models, allow_all_models } = args;
        if models.as_ref().is_none_or(Vec::is_empty) && allow_all_models.is_none() {
            return Err("nothing to change: give `models` or `allow_all_models`".into());
        }
        Ok(Self { slug, models: models.unwrap_or_default(), allow_all_models })
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct DeleteIntegrationModel {
    /// From list_integrations.
    #[schemars(length(min = 1))]
    slug: String,
    /// Slugs of custom models, from list_integration_models.
    #[schemars(length(min = 1), extend("x-aliases" = ["slugs", "model_slugs"]))]
    #[serde(rename(serialize = "slugs"))]
    model_slug: Vec<String>,
}
