//! Providers: an integration's credentials as one workspace uses them, under a slug.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/providers>. An organisation
//! key names the workspace in every call: in the query but for creation (operations.json). `PUT`
//! keeps the fields that it is not given; `usage_limits` is sent whole (`shared/change.rs`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shared::{
    Paging,
    change::{Change, names},
    limits::{Folded, Limits, Unit},
};
use crate::tool::{
    Call, Effect, Error, PAGES, Result, Tool, Workflow, delete, fields, get, post, run,
};

const PATH: &str = "/providers/{slug}{?workspace_id}";

pub const TOOLS: &[Tool] = &[
    get::<ListProviders>(
        "list_providers",
        "/providers",
        "List a workspace's providers: slug, name, integration, status, limits. Requests name the
         slug. Their models: list_models.",
    )
    .lists(PAGES)
    .scopes(&["providers.list"])
    .intents(&[
        "which providers does this workspace have",
        "find a provider's slug",
        "providers with a budget",
        "which provider is exhausted",
    ]),
    post::<CreateProvider>(
        "create_provider",
        "/providers",
        "Create a provider in a workspace from an integration that it may use. Returns id and
         slug.",
    )
    .read_back("list_providers")
    .scopes(&["providers.create"])
    .intents(&[
        "give a workspace access to OpenAI",
        "add a provider to a workspace",
        "make a provider from an integration",
        "connect an integration to a team",
    ]),
    get::<Provider>(
        "get_provider",
        "/providers/{slug}",
        "Get one provider: integration, status, limits, expiry. Its credentials are the
         integration's.",
    )
    .scopes(&["providers.read"])
    .intents(&[
        "show a provider",
        "what is the budget of this provider",
        "when does this provider expire",
    ]),
    run::<UpdateProvider>(
        "update_provider",
        Effect::Replaces,
        "Change a provider at once for all who use it; what is not given stays, usage_limits are
         merged.",
    )
    .read_back("get_provider")
    .scopes(&["providers.read", "providers.update"])
    .intents(&[
        "raise the budget of a provider",
        "set a rate limit on a provider",
        "reset the usage of a provider",
        "let a provider expire",
        "rename a provider",
    ]),
    delete::<Provider>(
        "delete_provider",
        "/providers/{slug}",
        "Delete a provider from its workspace for good. Requests, configs and prompts that name its
         slug fail; the integration stays.",
    )
    .read_back("list_providers")
    .scopes(&["providers.delete"])
    .intents(&[
        "remove a provider",
        "take a provider away from a workspace",
        "disconnect a provider",
    ]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListProviders {
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Provider {
    /// From list_providers.
    #[schemars(length(min = 1))]
    slug: String,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
}

/// The model's form is [`CreateProviderArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateProviderArgs")]
pub struct CreateProvider {
    #[serde(flatten)]
    new: New,
    #[serde(flatten)]
    limits: Folded<Unit>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateProviderArgs {
    #[serde(flatten)]
    new: New,
    #[serde(flatten)]
    limits: Limits<Unit>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct New {
    #[schemars(length(min = 1))]
    name: String,
    /// Slug, from list_integrations.
    #[schemars(length(min = 1))]
    integration_id: String,
    /// Id; needed with an organisation key.
    workspace_id: Option<String>,
    slug: Option<String>,
    note: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
}

impl TryFrom<CreateProviderArgs> for CreateProvider {
    type Error = String;

    fn try_from(args: CreateProviderArgs) -> Result<Self, String> {
        Ok(Self { new: args.new, limits: args.limits.fold_new()? })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct UpdateProvider {
    #[serde(flatten)]
    provider: Provider,
    #[serde(flatten)]
    set: Set,
    #[serde(flatten)]
    limits: Limits<Unit>,
    clear: Option<Vec<Clearable>>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[("usage_limits", "As in create_provider."), ("rate_limits", "As in create_provider.")],
    );
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Set {
    #[schemars(length(min = 1))]
    name: Option<String>,
    note: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
    reset_usage: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    ExpiresAt,
    Note,
    RateLimits,
    UsageLimits,
    #[serde(rename = "usage_limits.alert_threshold")]
    AlertThreshold,
    #[serde(rename = "usage_limits.periodic_reset")]
    PeriodicReset,
}

impl Workflow for UpdateProvider {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { provider, set, limits, clear } = self;
        let mut given = fields(set)?;
        given.extend(fields(limits.fold().map_err(|why| Error::argument("", why))?)?);
        let change = Change {
            path: PATH,
            named: fields(provider)?,
            fields: given,
            clear: names(clear)?,
            documents: &["usage_limits"],
        };
        change.write(call).await
    }
}
