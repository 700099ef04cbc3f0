//! Partials: pieces of text that prompts take in by `{{>slug}}`, with versions of their own.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/prompts/partials>. `PUT`
//! changes only what it is given and adds a version; it takes `version_description` and ignores the
//! `description` that the page names (facts.md, "Spec against reality" 5). Lists come as `{data}`,
//! where the description says a bare array.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{PagingIfAsked, Status};
use crate::{
    answer,
    json::Json,
    tool::{Tool, WHOLE, delete, get, post, put},
};

pub const TOOLS: &[Tool] = &[
    post::<CreatePartial>(
        "create_prompt_partial",
        "/prompts/partials",
        "Create a partial, which templates take in by {{>slug}}, with its first version published.
         Returns id, slug and version_id.",
    )
    .read_back("list_prompt_partials")
    .scopes(&["prompts.create"])
    .intents(&[
        "make a reusable prompt snippet",
        "share text between prompts",
        "create a partial for the tone of voice",
    ]),
    get::<ListPartials>(
        "list_prompt_partials",
        "/prompts/partials",
        "List partials: id, slug, name, collection, status. get_prompt_partial shows the text of
         one.",
    )
    .lists(WHOLE)
    .scopes(&["prompts.list"])
    .intents(&["show all partials", "find a prompt snippet", "partials of a workspace"]),
    get::<GetPartial>(
        "get_prompt_partial",
        "/prompts/partials/{prompt_partial_id}",
        "Get one partial with the text of its published version, or of the version given.",
    )
    .scopes(&["prompts.read"])
    .intents(&[
        "show the text of a partial",
        "what does this partial say",
        "published version of a partial",
    ]),
    put::<UpdatePartial>(
        "update_prompt_partial",
        "/prompts/partials/{prompt_partial_id}",
        "Change a partial; what is not given stays. A new text makes a version, which
         publish_partial publishes. Name and status change at once.",
    )
    .read_back("list_partial_versions")
    .scopes(&["prompts.update"])
    .intents(&[
        "edit a partial",
        "change the text that prompts share",
        "rename a partial",
        "archive a partial",
    ]),
    delete::<PartialId>(
        "delete_prompt_partial",
        "/prompts/partials/{prompt_partial_id}",
        "Delete a partial and its versions for good. Refused while a template takes it in by
         {{>slug}}.",
    )
    .read_back("list_prompt_partials")
    .scopes(&["prompts.delete"])
    .intents(&["remove a partial", "delete a prompt snippet", "clean up unused partials"]),
    get::<PartialVersions>(
        "list_partial_versions",
        "/prompts/partials/{prompt_partial_id}/versions",
        "List every version of a partial with its text, number and status (active is the published
         one). The number serves publish_partial.",
    )
    .lists(WHOLE)
    .reads(with_numbers)
    .scopes(&["prompts.read"])
    .intents(&[
        "history of a partial",
        "older text of a partial",
        "which versions does a partial have",
    ]),
    put::<PublishPartial>(
        "publish_partial",
        "/prompts/partials/{prompt_partial_id}/makeDefault",
        "Publish a version of a partial by its number: prompts take in that text from then on. An
         older version rolls back.",
    )
    .replayable()
    .read_back("list_partial_versions")
    .scopes(&["prompts.publish"])
    .intents(&["make a partial version live", "roll back a partial", "deploy a partial"]),
];

/// The number of a version comes as text in the list of versions.
fn with_numbers(list: &mut Json<'_>) {
    for row in list.rows_mut("data").into_iter().flatten() {
        let Json::Object(fields) = row else { continue };
        let numbers = fields.iter_mut().filter(|(name, _)| name == "version");
        numbers.for_each(|(_, version)| answer::number(version));
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CreatePartial {
    #[schemars(length(min = 1))]
    name: String,
    /// The text; may hold {{variables}}.
    string: String,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    /// For the history.
    version_description: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListPartials {
    /// From list_collections.
    collection_id: Option<String>,
    /// From list_workspaces.
    workspace_id: Option<String>,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PartialId {
    /// From list_prompt_partials.
    #[schemars(length(min = 1))]
    prompt_partial_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GetPartial {
    #[serde(flatten)]
    partial: PartialId,
    #[schemars(range(min = 1))]
    version: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PartialVersions {
    #[serde(flatten)]
    partial: PartialId,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

/// As the API takes it; the model's form is [`UpdatePartialArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdatePartialArgs")]
pub struct UpdatePartial {
    #[serde(flatten)]
    partial: PartialId,
    name: Option<String>,
    string: Option<String>,
    version_description: Option<String>,
    status: Option<Status>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdatePartialArgs {
    #[serde(flatten)]
    partial: PartialId,
    #[schemars(length(min = 1))]
    name: Option<String>,
    string: Option<String>,
    #[schemars(extend("x-aliases" = ["description"]))]
    version_description: Option<String>,
    status: Option<Status>,
}

impl TryFrom<UpdatePartialArgs> for UpdatePartial {
    type Error = String;

    fn try_from(args: UpdatePartialArgs) -> Result<Self, String> {
        let UpdatePartialArgs { partial, name, string, version_description, status } = args;
        if name.is_none() && string.is_none() && version_description.is_none() && status.is_none() {
            return Err("nothing to change: give `name`, `string`, `version_description` or \
                        `status`"
                .into());
        }
        Ok(Self { partial, name, string, version_description, status })
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct PublishPartial {
    #[serde(flatten)]
    partial: PartialId,
    /// Number, from list_partial_versions.
    #[schemars(range(min = 1))]
    version: u32,
}
