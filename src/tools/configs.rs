//! Configs: routing, cache, retry and fallback settings that requests name by slug.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/configs>. The live service
//! keeps `config` as JSON text in a flat answer and `PUT` replaces it (facts.md, "Spec against
//! reality" 1–3); here it is a document: read whole, merged on update.

mod document;
mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::PagingIfAsked;
use crate::tool::{Effect, PAGES_IF_ASKED, Result, Tool, WHOLE, delete, get, post, run};
use document::{Document, Flat, fold};
use update::{GetConfig, UpdateConfig};

pub const TOOLS: &[Tool] = &[
    get::<ListConfigs>(
        "list_configs",
        "/configs",
        "List configs: id, slug, name, status, workspace. get_config shows one with its document.",
    )
    .lists(PAGES_IF_ASKED)
    .scopes(&["configs.list"])
    .intents(&[
        "show all gateway configs",
        "find the slug of a config",
        "which routing configs do we have",
        "configs of a workspace",
    ]),
    run::<GetConfig>(
        "get_config",
        Effect::Reads,
        "Get one config with its whole document, secrets masked. version_id serves update_config's
         if_version.",
    )
    .scopes(&["configs.read"])
    .intents(&[
        "show the routing of a config",
        "what does this config do",
        "fallback targets of a config",
        "cache and retry settings",
    ]),
    post::<CreateConfig>(
        "create_config",
        "/configs",
        "Create a config. It takes effect once a key, prompt or request names its slug. Returns id
         and version_id.",
    )
    .read_back("list_configs")
    .scopes(&["configs.create"])
    .intents(&[
        "make a new routing config",
        "set up load balancing",
        "create a fallback between providers",
        "add conditional routing",
        "turn on semantic cache",
    ]),
    run::<UpdateConfig>(
        "update_config",
        Effect::Replaces,
        "Change a config. The document is merged (RFC 7396: null deletes a key, a list replaces a
         list, so send masked secrets in one back as they are; null there deletes one) unless
         replace is true. Takes effect at once for all who name the slug. Try dry_run first.",
    )
    .document("config")
    .read_back("get_config")
    .scopes(&["configs.read", "configs.update"])
    .intents(&[
        "change the weight of a target",
        "edit routing of a config",
        "rename a config",
        "deactivate a config",
        "add a fallback model",
        "roll back a config to an older version",
    ]),
    delete::<Slug>(
        "delete_config",
        "/configs/{slug}",
        "Delete a config and its versions for good. Requests that still name its slug fail.",
    )
    .read_back("list_configs")
    .scopes(&["configs.delete"])
    .intents(&["remove a config", "delete routing config", "clean up unused configs"]),
    get::<Versions>(
        "list_config_versions",
        "/configs/{slug}/versions",
        "List every version of a config with its document. To roll back give an old one to
         update_config with replace.",
    )
    .lists(WHOLE)
    .scopes(&["configs.read"])
    .intents(&[
        "history of a config",
        "who changed this config",
        "previous version of a config",
        "compare config versions",
    ]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListConfigs {
    /// From list_workspaces.
    workspace_id: Option<String>,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Slug {
    /// From list_configs.
    #[schemars(length(min = 1))]
    slug: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Versions {
    /// From list_configs.
    #[schemars(length(min = 1))]
    slug: String,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

/// As the API takes it; the model's form is [`CreateConfigArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateConfigArgs")]
pub struct CreateConfig {
    name: String,
    config: Document,
    #[serde(rename = "isDefault")]
    is_default: Option<u8>,
    workspace_id: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateConfigArgs {
    #[schemars(length(min = 1))]
    name: String,
    config: Option<Document>,
    is_default: Option<bool>,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    #[serde(flatten)]
    flat: Flat,
}

impl TryFrom<CreateConfigArgs> for CreateConfig {
    type Error = String;

    fn try_from(args: CreateConfigArgs) -> Result<Self, String> {
        let CreateConfigArgs { name, config, is_default, workspace_id, flat } = args;
        let config = fold(config, flat)?
            .ok_or("`config` is required: the routing document, such as {\"targets\":[…]}")?;
        Ok(Self { name, config, is_default: is_default.map(u8::from), workspace_id })
    }
}
