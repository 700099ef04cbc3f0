//! Prompts: versioned templates that requests name by id or slug.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/prompts>. A write adds a
//! version, which requests do not get until it is published (facts.md, "Spec against reality" 4).

mod compare;
mod completion;
mod edit;
mod migrate;
mod promote;
mod stored;
mod template;
#[cfg(test)]
mod tests;
mod write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{Paging, PagingIfAsked};
use crate::tool::{Effect, PAGES, Result, Tool, WHOLE, delete, get, post, put, run, run_typed};
use completion::{RenderPrompt, RunPromptCompletion, ValidateCompletionMetadata};
use edit::{CreatePrompt, GetPrompt, PublishPrompt, UpdatePrompt};
use migrate::MigratePrompt;
use promote::PromotePrompt;

pub const TOOLS: &[Tool] = &[
    run_typed::<CreatePrompt>(
        "create_prompt",
        Effect::Adds,
        "Create a prompt with its first version, from a text template or chat messages. To create or
         update by name, safe to repeat, use migrate_prompt. dry_run only shows what would be
         created.",
    )
    .read_back("list_prompts")
    .scopes(&["prompts.create"])
    .intents(&[
        "make a new prompt",
        "save a prompt template",
        "add a prompt to a collection",
        "store chat messages as a template",
    ]),
    get::<ListPrompts>(
        "list_prompts",
        "/prompts",
        "List prompts: id, slug, name, collection, model, status. get_prompt shows one with its
         template and versions.",
    )
    .lists(PAGES)
    .scopes(&["prompts.list"])
    .intents(&[
        "show all prompts",
        "find a prompt by name",
        "prompts in a collection",
        "prompts shared with us",
    ]),
    run::<GetPrompt>(
        "get_prompt",
        Effect::Reads,
        "Get one prompt whole: template, parameters, model, tools, metadata and labels of its
         published version (or of the version given), and all its versions. A chat template is JSON
         text in string.",
    )
    .scopes(&["prompts.read"])
    .intents(&[
        "show the template of a prompt",
        "which model does this prompt use",
        "what is published of this prompt",
        "variables of a prompt",
        "does the prompt have unpublished versions",
    ]),
    run_typed::<UpdatePrompt>(
        "update_prompt",
        Effect::Replaces,
        "Change a prompt: what is given makes a new version on top of the newest, the rest is kept,
         metadata is merged. Requests get the version once it is published: publish does so at
         once, else use publish_prompt. Name and collection change at once. Equal content adds
         nothing; try dry_run first.",
    )
    .document("parameters")
    .read_back("get_prompt")
    .scopes(&["prompts.read", "prompts.update", "prompts.publish"])
    .intents(&[
        "edit a prompt template",
        "change the model of a prompt",
        "set the temperature of a prompt",
        "rename a prompt",
        "move a prompt to another collection",
        "add tools to a prompt",
    ]),
    delete::<PromptId>(
        "delete_prompt",
        "/prompts/{prompt_id}",
        "Delete a prompt and all its versions for good. Requests that still name it fail.",
    )
    .read_back("list_prompts")
    .scopes(&["prompts.delete"])
    .intents(&["remove a prompt", "delete a prompt template", "clean up old prompts"]),
    run::<PublishPrompt>(
        "publish_prompt",
        Effect::Replaces,
        "Publish a version of a prompt, by its number or id: from then on requests that name the
         prompt get it. An older version rolls back.",
    )
    .replayable()
    .read_back("get_prompt")
    .scopes(&["prompts.publish"])
    .intents(&[
        "make a prompt version live",
        "roll back a prompt",
        "deploy a prompt version",
        "set the default version",
    ]),
    get::<PromptVersions>(
        "list_prompt_versions",
        "/prompts/{prompt_id}/versions",
        "List every version of a prompt: id, number, status (active is the published one), label,
         template. The number serves publish_prompt, the id get_prompt_version.",
    )
    .lists(WHOLE)
    .scopes(&["prompts.read"])
    .intents(&[
        "history of a prompt",
        "which versions does a prompt have",
        "find an older version of a prompt",
        "which version has a label",
    ]),
    post::<RenderPrompt>(
        "render_prompt",
        "/prompts/{prompt_id}/render",
        "Fill a prompt's template with variables and return the request that the model would get,
         without calling it. To call the model use run_prompt_completion.",
    )
    .effect(Effect::Reads)
    .workspace_key()
    .scopes(&["prompts.render"])
    .intents(&[
        "preview a prompt with variables",
        "test a template without cost",
        "what would be sent to the model",
        "fill in the variables of a prompt",
    ]),
    run::<RunPromptCompletion>(
        "run_prompt_completion",
        Effect::Adds,
        "Run a prompt: calls its model, which costs money, and returns the completion. Needs a
         workspace key; organisation admin keys are refused. metadata has to name client_id, app
         and env. To see the filled template for free use render_prompt.",
    )
    .shows(&["token"])
    .read_back("get_request_analytics")
    .workspace_key()
    .scopes(&["completions.write"])
    .intents(&[
        "run a prompt",
        "get a completion from a stored prompt",
        "try a prompt against its model",
        "execute a prompt template",
    ]),
    run_typed::<MigratePrompt>(
        "migrate_prompt",
        Effect::Replaces,
        "Bring the prompt of that exact name in a collection to the state given: creates it, adds a
         version where it differs from the newest, or leaves it unchanged, so it is safe to repeat.
         Metadata is merged. publish also publishes, even if the newest version is equal already;
         dry_run shows the differences.",
    )
    .read_back("list_prompts")
    .scopes(&[
        "prompts.list",
        "prompts.read",
        "prompts.create",
        "prompts.update",
        "prompts.publish",
    ])
    .intents(&[
        "sync a prompt from code",
        "create or update a prompt by name",
        "upsert a prompt",
        "deploy prompts from CI",
        "move prompts into Portkey",
    ]),
    run_typed::<PromotePrompt>(
        "promote_prompt",
        Effect::Replaces,
        "Copy the published version of a prompt into another environment's collection: creates the
         prompt there, adds a version, or leaves it unchanged if equal, so it is safe to repeat.
         Carries template, model, parameters, tools, metadata. publish also publishes, even if the
         newest version there is equal already; try dry_run first.",
    )
    .read_back("list_prompts")
    .scopes(&[
        "prompts.list",
        "prompts.read",
        "prompts.create",
        "prompts.update",
        "prompts.publish",
    ])
    .intents(&[
        "promote a prompt to production",
        "copy a prompt from dev to staging",
        "release a prompt to prod",
        "copy a prompt to another collection",
    ]),
    run_typed::<ValidateCompletionMetadata>(
        "validate_completion_metadata",
        Effect::Reads,
        "Check, without any request, whether metadata names what run_prompt_completion demands:
         client_id, app and env. Returns valid, errors and warnings.",
    )
    .closed_world()
    .intents(&[
        "check billing metadata",
        "is this metadata complete",
        "which metadata does a completion need",
    ]),
    get::<PromptVersion>(
        "get_prompt_version",
        "/prompts/{prompt_id}/versions/{version_id}",
        "Get one version of a prompt whole: template, parameters, model, tools, metadata, label. Ids
         come from list_prompt_versions; by number use get_prompt.",
    )
    .scopes(&["prompts.read"])
    .intents(&[
        "show an old version of a prompt",
        "template of a prompt version",
        "compare two prompt versions",
    ]),
    put::<UpdatePromptVersion>(
        "update_prompt_version",
        "/prompts/{prompt_id}/versions/{version_id}",
        "Put a label on a version of a prompt, or take it off with clear. Requests may name a prompt
         by label, so this can change what they get. Content is changed with update_prompt.",
    )
    .replayable()
    .read_back("list_prompt_versions")
    .scopes(&["prompts.update"])
    .intents(&[
        "label a prompt version",
        "tag a version as production",
        "remove a label from a prompt version",
    ]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListPrompts {
    /// Only of this collection: id or slug, from list_collections.
    collection_id: Option<String>,
    /// Only of this workspace: id or slug, from list_workspaces.
    workspace_id: Option<String>,
    /// Part of the name.
    search: Option<String>,
    /// shared: only prompts that other workspaces share (undocumented).
    #[serde(rename = "type")]
    kind: Option<Kind>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Shared,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PromptId {
    /// Id or slug, from list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PromptVersions {
    /// Id or slug, from list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PromptVersion {
    /// Id or slug, from list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
    /// Id of the version, not its number, from list_prompt_versions.
    #[schemars(extend("format" = "uuid"))]
    version_id: String,
}

/// The model's form is [`UpdatePromptVersionArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdatePromptVersionArgs")]
pub struct UpdatePromptVersion {
    #[serde(flatten)]
    version: PromptVersion,
    label_id: Option<String>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdatePromptVersionArgs {
    #[serde(flatten)]
    version: PromptVersion,
    /// Label to put on it, from list_labels.
    #[schemars(extend("format" = "uuid"))]
    label_id: Option<String>,
    /// Take the label off.
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    LabelId,
}

impl TryFrom<UpdatePromptVersionArgs> for UpdatePromptVersion {
    type Error = String;

    fn try_from(args: UpdatePromptVersionArgs) -> Result<Self, String> {
        let UpdatePromptVersionArgs { version, label_id, clear } = args;
        if label_id.is_none() && clear.as_ref().is_none_or(Vec::is_empty) {
            return Err("nothing to change: give `label_id`, or clear it with `clear`".into());
        }
        Ok(Self { version, label_id, clear })
    }
}
