//! Groups of an identity provider as members of workspaces.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tools::shared::WorkspaceRole;

/// A page, which the reference calls `page`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Paging {
    /// From 0.
    #[schemars(extend("x-aliases" = ["page"]))]
    current_page: Option<u32>,
    #[schemars(range(min = 1, max = 100))]
    page_size: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListMappings {
    /// From list_workspaces.
    workspace_id: Option<String>,
    /// From list_scim_groups.
    scim_group_id: Option<String>,
    role: Option<WorkspaceRole>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListGroups {
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct MappingId {
    /// From list_scim_workspace_mappings.
    #[schemars(length(min = 1))]
    mapping_id: String,
}

/// The model's form is [`MapGroupArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "MapGroupArgs")]
pub struct MapGroup(MapGroupArgs);

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct MapGroupArgs {
    /// From list_workspaces.
    #[schemars(length(min = 1))]
    workspace_id: String,
    role: WorkspaceRole,
    /// From list_scim_groups.
    #[schemars(length(min = 1))]
    scim_group_id: Option<String>,
    /// Instead of the id, its name; not one of automatic provisioning (ws-name-role-admin).
    #[schemars(length(min = 1))]
    scim_group_name: Option<String>,
}

impl TryFrom<MapGroupArgs> for MapGroup {
    type Error = String;

    fn try_from(args: MapGroupArgs) -> Result<Self, String> {
        if args.scim_group_id.is_some() == args.scim_group_name.is_some() {
            return Err("give either `scim_group_id` or `scim_group_name`".into());
        }
        Ok(Self(args))
    }
}
