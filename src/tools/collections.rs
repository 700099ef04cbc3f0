//! Collections: folders of prompts in a workspace, which may nest.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/prompts/collections>. `PUT`
//! takes a name and nothing else; the `description` that other clients send is passed on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::Paging;
use crate::tool::{PAGES, Tool, delete, get, post, put};

pub const TOOLS: &[Tool] = &[
    get::<ListCollections>(
        "list_collections",
        "/collections",
        "List prompt collections: id, slug, name, parent, how many prompts and collections each
         holds. Prompts of one: list_prompts.",
    )
    .lists(PAGES)
    .scopes(&["prompts.list"])
    .intents(&[
        "show prompt folders",
        "find the id of a collection",
        "which collections does a workspace have",
        "how many prompts are in a collection",
    ]),
    post::<CreateCollection>(
        "create_collection",
        "/collections",
        "Create an empty collection for prompts, at the top or inside another. Returns its id and
         slug.",
    )
    .read_back("list_collections")
    .scopes(&["prompts.create"])
    .intents(&[
        "make a new prompt folder",
        "add a collection for a team",
        "create a nested collection",
        "set up dev staging and prod collections",
    ]),
    get::<CollectionId>(
        "get_collection",
        "/collections/{collection_id}",
        "Get one collection with the collections inside it. Its prompts: list_prompts with
         collection_id.",
    )
    .scopes(&["prompts.read"])
    .intents(&["show a collection", "what is inside a prompt folder", "sub-collections of a collection"]),
    put::<UpdateCollection>(
        "update_collection",
        "/collections/{collection_id}",
        "Rename a collection; its id and slug stay. A prompt is moved to another collection with
         update_prompt.",
    )
    .replayable()
    .read_back("get_collection")
    .scopes(&["prompts.update"])
    .intents(&["rename a collection", "change the name of a prompt folder", "fix a collection's name"]),
    delete::<CollectionId>(
        "delete_collection",
        "/collections/{collection_id}",
        "Delete an empty collection for good. One that holds prompts or collections, and the default
         one, is refused.",
    )
    .read_back("list_collections")
    .scopes(&["prompts.delete"])
    .intents(&["remove a collection", "delete a prompt folder", "clean up empty collections"]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListCollections {
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CreateCollection {
    /// Name, unique beside its siblings.
    #[schemars(length(min = 1))]
    name: String,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    /// Collection to put it into: id or slug, from list_collections.
    parent_collection_id: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CollectionId {
    /// From list_collections.
    #[schemars(length(min = 1))]
    collection_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateCollection {
    #[serde(flatten)]
    collection: CollectionId,
    #[schemars(length(min = 1))]
    name: String,
    #[schemars(extend("x-hidden" = true))]
    description: Option<String>,
}
