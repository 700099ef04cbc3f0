//! Models: what can be called through the providers that a key sees.
//!
//! API: <https://portkey.ai/docs/api-reference/inference-api/models/list-models>. It pages by
//! `limit` and `offset`. Reading and deleting one model go through to the provider and are left out
//! (operations.json, `why`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::Paging;
use crate::tool::{OFFSET, Tool, get};

pub const TOOLS: &[Tool] = &[get::<ListModels>(
    "list_models",
    "/models",
    "List the models that the key can call: id (@provider-slug/model, as requests name it), slug,
     canonical slug. Providers: list_providers.",
)
.lists(OFFSET)
.any_scope(&["completions.write", "virtual_keys.list"])
.intents(&[
    "which models can we use",
    "available models",
    "models of a provider",
    "is this model enabled",
    "find the id of a model",
])];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListModels {
    /// Such as openai.
    ai_service: Option<String>,
    /// Slug, from list_providers.
    provider: Option<String>,
    sort: Option<Sort>,
    order: Option<Order>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    Name,
    Provider,
    AiService,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    Desc,
}
