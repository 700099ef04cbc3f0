//! Integrations: credentials of AI providers, kept for the organisation or one workspace, with the
//! models and workspaces that may use them; and the public prices of models.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/integrations>. `PUT` keeps the
//! fields that it is not given, but replaces `configurations` and `pricing_adjustments`, which are
//! merged here. The `PUT`s of models and workspaces change those that are named (facts.md). Prices
//! are in US cents for one token, and ids of workspaces are slugs.

mod access;
mod configurations;
mod models;
mod pricing;
mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    secret_mapping::{self, SecretMapping},
    shared::{Paging, PagingIfAsked, unmasked},
};
use crate::{
    portkey::Base,
    tool::{Effect, JsonObject, PAGES, PAGES_IF_ASKED, Result, Tool, delete, get, post, put, run},
};
use access::UpdateIntegrationWorkspaces;
use configurations::{Configurations, Flat};
use models::{DeleteIntegrationModel, UpdateIntegrationModels};
use pricing::{GetModelPricing, ListModelPricing};
use update::{PricingAdjustments, UpdateIntegration};

pub const TOOLS: &[Tool] = &[
    get::<ListIntegrations>(
        "list_integrations",
        "/integrations",
        "List provider integrations: id, slug, provider, name, status. get_integration shows one
         with its configurations. ",
    )
    .lists(PAGES)
    .any_scope(&["organisation_integrations.list", "workspace_integrations.list"])
    .intents(&[
        "which AI providers are connected",
        "show all provider credentials",
        "find the slug of an integration",
        "integrations of a workspace",
    ]),
    post::<CreateIntegration>(
        "create_integration",
        "/integrations",
        "Store a provider's credential as an integration, for the organisation or one workspace.
         Returns id and slug. Cloud providers need configurations. update_integration_workspaces
         then lets workspaces use it.",
    )
    .read_back("list_integrations")
    .any_scope(&["organisation_integrations.create", "workspace_integrations.create"])
    .intents(&[
        "connect an AI provider",
        "add an OpenAI key for the organisation",
        "connect AWS Bedrock",
        "connect Azure OpenAI",
        "add Vertex AI",
    ]),
    reads(get::<IntegrationSlug>(
        "get_integration",
        "/integrations/{slug}",
        "Get one integration whole, secrets masked, with the default access of workspaces.",
    ))
    .secrets(&["key"])
    .enterprise()
    .intents(&[
        "details of an integration",
        "region of a Bedrock integration",
        "deployments of an Azure integration",
        "price discount of an integration",
    ]),
    run::<UpdateIntegration>(
        "update_integration",
        Effect::Replaces,
        "Change an integration, at once for all who use it; what is not given stays. configurations
         and pricing_adjustments are merged (null deletes a key). Secrets that Portkey does not show
         have to be given again; so has key when a host changes.",
    )
    .document("configurations")
    .read_back("get_integration")
    .any_scope(&["organisation_integrations.update", "workspace_integrations.update"])
    .reads_first(READ)
    .intents(&[
        "replace the key of a provider",
        "change the region of an integration",
        "add an Azure deployment",
        "set a discount on a provider's prices",
        "rename an integration",
    ]),
    delete::<IntegrationSlug>(
        "delete_integration",
        "/integrations/{slug}",
        "Delete an integration and its credential for good. Providers and virtual keys made from it
         stop working.",
    )
    .read_back("list_integrations")
    .any_scope(&["organisation_integrations.delete", "workspace_integrations.delete"])
    .intents(&["remove an AI provider", "delete a provider credential", "drop an integration"]),
    reads(get::<OfIntegration>(
        "list_integration_models",
        "/integrations/{slug}/models",
        "List the models of an integration: on or off, custom or fine-tuned, own prices in US cents
         per token. Public prices: list_model_pricing.",
    ))
    .enterprise()
    .lists(PAGES_IF_ASKED.under("models"))
    .intents(&[
        "which models does an integration allow",
        "is a model enabled",
        "custom models of an integration",
        "our own prices of models",
    ]),
    put::<UpdateIntegrationModels>(
        "update_integration_models",
        "/integrations/{slug}/models",
        "Switch models of an integration on or off, add custom models, set own prices in US cents
         per token. Others stay.",
    )
    .replayable()
    .read_back("list_integration_models")
    .any_scope(&["organisation_integrations.update", "workspace_integrations.update"])
    .intents(&[
        "block an expensive model",
        "enable a model for the organisation",
        "add a custom model",
        "set the price of a fine-tuned model",
    ]),
    delete::<DeleteIntegrationModel>(
        "delete_integration_model",
        "/integrations/{slug}/models",
        "Delete custom models of an integration for good. The provider's own models can only be
         switched off: update_integration_models.",
    )
    .read_back("list_integration_models")
    .any_scope(&["organisation_integrations.update", "workspace_integrations.update"])
    .intents(&["remove a custom model", "delete a fine-tuned model", "clean up custom models"]),
    reads(get::<OfIntegration>(
        "list_integration_workspaces",
        "/integrations/{slug}/workspaces",
        "List the workspaces of an integration: access, budget and rate limit of each. Ids are
         workspace slugs.",
    ))
    .enterprise()
    .lists(PAGES_IF_ASKED.under("workspaces"))
    .intents(&[
        "which workspaces may use a provider",
        "budget of a workspace on an integration",
        "rate limits of an integration by workspace",
    ]),
    put::<UpdateIntegrationWorkspaces>(
        "update_integration_workspaces",
        "/integrations/{slug}/workspaces",
        "Let workspaces use an integration or not, with budget and rate limit each, or set what
         holds for new ones. Others stay, unless override_existing_workspace_access rewrites all.",
    )
    .read_back("list_integration_workspaces")
    .any_scope(&["organisation_integrations.update", "workspace_integrations.update"])
    .intents(&[
        "give a workspace access to a provider",
        "limit the spend of a workspace on a provider",
        "revoke a provider from a workspace",
        "set a rate limit for a workspace on an integration",
    ]),
    run::<GetModelPricing>(
        "get_model_pricing",
        Effect::Reads,
        "Get the public price of one model in US cents per token, with usd_per_million_tokens. Own
         prices: list_integration_models.",
    )
    .base(Base::Root)
    .shows(TOKENS)
    .intents(&[
        "what does a model cost",
        "price per token of a model",
        "price of cached tokens",
        "how much is a million tokens",
    ]),
    run::<ListModelPricing>(
        "list_model_pricing",
        Effect::Reads,
        "List a provider's models with public prices in US cents per token. With all details:
         get_model_pricing.",
    )
    .base(Base::Prices)
    .shows(TOKENS)
    .intents(&[
        "which models does a provider have",
        "compare the prices of models",
        "cheapest model of a provider",
        "model catalogue with prices",
    ]),
];

const fn reads(tool: Tool) -> Tool {
    tool.any_scope(READ).shows(TOKENS)
}

const READ: &[&str] = &["organisation_integrations.read", "workspace_integrations.read"];

/// What a token of each kind costs: no secrets, although their names end as those of secrets do.
const TOKENS: &[&str] = &[
    "cache_read_audio_input_token",
    "cache_read_image_input_token",
    "cache_read_input_token",
    "cache_read_text_input_token",
    "cache_write_image_input_token",
    "cache_write_input_token",
    "cache_write_text_input_token",
    "image_token",
    "pay_per_token",
    "prediction_accepted_token",
    "prediction_rejected_token",
    "reasoning_token",
    "request_audio_token",
    "request_image_token",
    "request_text_token",
    "request_token",
    "response_audio_token",
    "response_image_token",
    "response_text_token",
    "response_token",
    "thinking_token",
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListIntegrations {
    /// That this workspace may use.
    workspace_id: Option<String>,
    r#type: Option<Level>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Workspace,
    Organisation,
    All,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct IntegrationSlug {
    /// From list_integrations.
    #[schemars(length(min = 1))]
    slug: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct OfIntegration {
    /// From list_integrations.
    #[schemars(length(min = 1))]
    slug: String,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

/// As the API takes it; the model's form is [`CreateArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateArgs")]
pub struct CreateIntegration {
    name: String,
    ai_provider_id: String,
    slug: Option<String>,
    key: Option<String>,
    description: Option<String>,
    configurations: Option<JsonObject>,
    workspace_id: Option<String>,
    r#type: Option<NewLevel>,
    create_default_provider: Option<bool>,
    default_provider_slug: Option<String>,
    secret_mappings: Option<Vec<SecretMapping>>,
    pricing_adjustments: Option<PricingAdjustments>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateArgs {
    #[schemars(length(min = 1))]
    name: String,
    /// Such as openai, azure-openai, bedrock, vertex-ai.
    #[schemars(length(min = 1))]
    ai_provider_id: String,
    /// Not needed where secret_mappings fill it.
    #[schemars(length(min = 1))]
    key: Option<String>,
    configurations: Option<Configurations>,
    #[serde(flatten)]
    flat: Flat,
    #[schemars(regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    slug: Option<String>,
    description: Option<String>,
    /// To keep it to one workspace.
    workspace_id: Option<String>,
    #[schemars(extend("x-hidden" = true))]
    r#type: Option<NewLevel>,
    /// With workspace_id; default true.
    create_default_provider: Option<bool>,
    #[schemars(regex(pattern = "^[a-zA-Z0-9_-]{1,255}$"))]
    default_provider_slug: Option<String>,
    /// From a secret store into key or configurations.FIELD.
    secret_mappings: Option<Vec<SecretMapping>>,
    pricing_adjustments: Option<PricingAdjustments>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum NewLevel {
    Workspace,
    Organisation,
}

impl TryFrom<CreateArgs> for CreateIntegration {
    type Error = String;

    fn try_from(args: CreateArgs) -> Result<Self, String> {
        unmasked(args.key.as_deref())?;
        let mappings = args.secret_mappings.as_deref();
        secret_mapping::check(mappings, &["key", "configurations."])?;
        let configurations = configurations::fold(args.configurations, args.flat)?;
        if let Some(configurations) = &configurations {
            configurations::complete(configurations, |field| {
                mappings.unwrap_or_default().iter().any(|it| it.target_field == field)
            })?;
        }
        Ok(Self {
            name: args.name,
            ai_provider_id: args.ai_provider_id,
            slug: args.slug,
            key: args.key,
            description: args.description,
            configurations,
            workspace_id: args.workspace_id,
            r#type: args.r#type,
            create_default_provider: args.create_default_provider,
            default_provider_slug: args.default_provider_slug,
            secret_mappings: args.secret_mappings,
            pricing_adjustments: args.pricing_adjustments,
        })
    }
}
