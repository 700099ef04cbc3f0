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
         update by name, safe to repeat, use migrate_prompt.",
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
        "List prompts: id, slug, name, collection, model, status. get_prompt shows one whole.",
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
        "Get one prompt whole: template, parameters, model, tools, metadata, labels of its published
         version (or the one given), and all versions. A chat template is JSON text in string.",
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
        "Change a prompt: what is given makes a new version, the rest is kept, metadata is merged.
         Requests get it once published: by publish at once, or publish_prompt. Equal content adds
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
        "Publish a version of a prompt, by its number or id: requests get it from then on. An older
         version rolls back.",
    )
    .replayable()
    .read_back("get_prompt")
    .scopes(&["prompts.publish", "prompts.read"])
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
         template. publish_prompt takes the number.",
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
        "Fill a prompt's template and return the request that the model would get, without calling
         it. To call it: run_prompt_completion.",
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
         workspace key. To see the filled template for free use render_prompt.",
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
        "Bring the prompt of that name in a collection to the state given: creates it, adds a
         version where it differs, or does nothing: safe to repeat. Metadata is merged. publish also
         publishes, even if equal; try dry_run first.",
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
         prompt there, adds a version, or does nothing if equal: safe to repeat. publish also
         publishes, even if equal; try dry_run first.",
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
        "Check, without any request, whether metadata has what run_prompt_completion demands:
         client_id, app, env. Returns valid, errors and warnings.",
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
        "Get one version of a prompt whole: template, parameters, model, tools, metadata, label. By
         number: get_prompt.",
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
        "Put a label on a version of a prompt, or take it off with clear. Changes what requests get
         that name the label. Content: update_prompt.",
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
    /// From list_collections.
    collection_id: Option<String>,
    /// From list_workspaces.
    workspace_id: Option<String>,
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
    /// From list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PromptVersions {
    /// From list_prompts.
    #[schemars(length(min = 1))]
    prompt_id: String,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PromptVersion {
    /// From list_prompts.
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
    /// Label to put on it, from list_prompt_labels.
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
