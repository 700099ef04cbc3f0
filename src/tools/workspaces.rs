//! Workspaces, their members, and the groups of an identity provider that become members.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/workspaces>. A workspace is
//! named by UUID or slug. No scope of SCIM is documented: rows name those of what they change.

mod change;
mod members;
mod scim;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::{Paging, Status};
use crate::{
    portkey::Base,
    tool::{Effect, Listing, PAGES, Pages, Tool, delete, get, post, put, run},
};
use change::{CreateWorkspace, DeleteWorkspace, UpdateWorkspace};
use members::{
    AddMembers, GetMember, ListMembers, MemberId, UpdateMember, with_plain_roles, with_plain_users,
};
use scim::{ListGroups, ListMappings, MapGroup, MappingId};

/// SCIM pages by `page`, from zero; its count may be of the rows that came.
const SCIM: Listing = Listing {
    count: "total_count",
    counts_page: true,
    pages: Some(Pages { number: "page", ..Pages::ZERO_BASED }),
    ..PAGES
};

pub const TOOLS: &[Tool] = &[
    get::<ListWorkspaces>(
        "list_workspaces",
        "/admin/workspaces",
        "List workspaces: id, slug, name, defaults, limits, security settings. Archived ones only
         when asked for. get_workspace also shows members.",
    )
    .lists(PAGES)
    .scopes(&["workspaces.list"])
    .intents(&[
        "show all workspaces",
        "find the id of a workspace",
        "which teams use Portkey",
        "archived workspaces",
        "budgets of all workspaces",
    ]),
    get::<GetWorkspace>(
        "get_workspace",
        "/admin/workspaces/{workspace_id}",
        "Get one workspace whole: defaults, limits, security settings, members with roles. Many
         members: list_workspace_members.",
    )
    .reads(with_plain_users)
    .scopes(&["workspaces.read"])
    .intents(&[
        "show a workspace",
        "limits of a workspace",
        "default config of a workspace",
        "default guardrails of a workspace",
    ]),
    post::<CreateWorkspace>(
        "create_workspace",
        "/admin/workspaces",
        "Create a workspace. Returns it with id and slug. Members with another role than member:
         add_workspace_member.",
    )
    .read_back("list_workspaces")
    .scopes(&["workspaces.create"])
    .intents(&[
        "make a workspace for a team",
        "new workspace with a budget",
        "onboard a team",
        "set up a project workspace",
    ]),
    run::<UpdateWorkspace>(
        "update_workspace",
        Effect::Replaces,
        "Change a workspace; what is left out stays. metadata is merged (null deletes a key);
         guardrails, usage_limits and rate_limits replace theirs. They bind every request at once.",
    )
    .replayable()
    .read_back("get_workspace")
    .scopes(&["workspaces.read", "workspaces.update"])
    .intents(&[
        "rename a workspace",
        "set the budget of a workspace",
        "rate limit a workspace",
        "set default metadata of a workspace",
        "set default guardrails of a workspace",
        "change the default config of a workspace",
    ]),
    run::<DeleteWorkspace>(
        "delete_workspace",
        Effect::Destroys,
        "Delete a workspace for good. One that holds configs, prompts or keys is refused with 409
         unless force_delete is true, which deletes them all.",
    )
    .read_back("list_workspaces")
    .scopes(&["workspaces.read", "workspaces.delete"])
    .intents(&["remove a workspace", "close down a team's workspace", "delete an old workspace"]),
    run::<AddMembers>(
        "add_workspace_member",
        Effect::Adds,
        "Add users of the organisation to a workspace, one by user_id and role or several by users.
         New people: invite_user.",
    )
    .read_back("list_workspace_members")
    .scopes(&["workspace_users.create"])
    .intents(&[
        "give a user access to a workspace",
        "add people to a team",
        "make someone a workspace manager",
    ]),
    get::<ListMembers>(
        "list_workspace_members",
        "/admin/workspaces/{workspace_id}/users",
        "List the members of a workspace: id, name, e-mail, role there and in the organisation.",
    )
    .lists(PAGES)
    .reads(with_plain_roles)
    .scopes(&["workspace_users.list"])
    .intents(&[
        "who is in a workspace",
        "workspace admins",
        "is this person a member of the workspace",
        "members of a team",
    ]),
    run::<GetMember>(
        "get_workspace_member",
        Effect::Reads,
        "Get one member of a workspace: role there and in the organisation, scopes, status. A user
         who is no member gives 404.",
    )
    .scopes(&["workspace_users.read"])
    .intents(&[
        "role of a user in a workspace",
        "what may a member do in a workspace",
        "show a workspace member",
    ]),
    put::<UpdateMember>(
        "update_workspace_member",
        "/admin/workspaces/{workspace_id}/users/{user_id}",
        "Change a member's role in a workspace; effective at once. The role in the organisation:
         update_user.",
    )
    .replayable()
    .read_back("get_workspace_member")
    .scopes(&["workspace_users.update"])
    .intents(&[
        "promote a member to workspace admin",
        "change the role of a member",
        "demote a workspace admin",
    ]),
    delete::<MemberId>(
        "remove_workspace_member",
        "/admin/workspaces/{workspace_id}/users/{user_id}",
        "Take a user out of a workspace: access ends at once. Out of the organisation:
         delete_user.",
    )
    .read_back("list_workspace_members")
    .scopes(&["workspace_users.delete"])
    .intents(&[
        "remove a user from a workspace",
        "take somebody off a team",
        "revoke workspace access",
    ]),
    get::<ListMappings>(
        "list_scim_workspace_mappings",
        "/scim/workspaces",
        "List which groups of the identity provider (SCIM) are members of which workspace, with what
         role.",
    )
    .lists(SCIM.under("mappings"))
    .enterprise()
    .scopes(&["workspaces.list"])
    .intents(&[
        "which SCIM groups have access",
        "groups mapped to a workspace",
        "SCIM mappings",
        "which Okta groups are in a workspace",
    ]),
    post::<MapGroup>(
        "create_scim_workspace_mapping",
        "/scim/workspaces",
        "Make a group of the identity provider a member of a workspace: all its people get the role,
         now and later. An unknown name makes the group. Returns the id.",
    )
    .enterprise()
    .read_back("list_scim_workspace_mappings")
    .scopes(&["workspaces.update"])
    .intents(&[
        "give a SCIM group access to a workspace",
        "map an Okta group to a workspace",
        "provision a team by group",
    ]),
    delete::<MappingId>(
        "delete_scim_workspace_mapping",
        "/scim/workspaces/{mapping_id}",
        "Archive a mapping of a SCIM group to a workspace. Members who came by it stay:
         remove_workspace_member.",
    )
    .enterprise()
    .read_back("list_scim_workspace_mappings")
    .scopes(&["workspaces.update"])
    .intents(&[
        "unmap a SCIM group",
        "stop provisioning a group into a workspace",
        "remove a SCIM mapping",
    ]),
    get::<ListGroups>(
        "list_scim_groups",
        "/scim/groups",
        "List the groups of the identity provider (SCIM), for create_scim_workspace_mapping.",
    )
    .lists(SCIM.under("groups"))
    .base(Base::Disputed { family: "/scim/groups" })
    .enterprise()
    .scopes(&["workspaces.list"])
    .intents(&[
        "show SCIM groups",
        "find the id of an identity provider group",
        "groups from Okta or Entra",
    ]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListWorkspaces {
    /// Part of the name, case counts.
    name: Option<String>,
    exact_name: Option<String>,
    /// Default: active.
    status: Option<Vec<Status>>,
    name_format: Option<NameFormat>,
    #[serde(flatten)]
    paging: Paging,
}

/// plain: names without their icon.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum NameFormat {
    Plain,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct WorkspaceId {
    /// From list_workspaces.
    #[schemars(length(min = 1))]
    workspace_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GetWorkspace {
    #[serde(flatten)]
    workspace: WorkspaceId,
    name_format: Option<NameFormat>,
}
