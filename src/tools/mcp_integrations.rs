//! MCP integrations: upstream MCP servers with their sign-in, registered once and published to
//! workspaces as MCP servers.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/mcp-integrations>. `PUT` keeps
//! the fields that it is not given, but replaces `configurations`, which are merged here. The `PUT`s
//! of capabilities and workspaces change those that are named. `test` and `sync` are known from
//! Portkey's SDK alone.

mod update;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    mcp_capabilities::{Capabilities, Switch},
    secret_mapping::{self, SecretMapping},
    shared::PagingIfAsked,
};
use crate::tool::{
    Effect, JsonObject, PAGES, PAGES_FROM_ONE, Result, Tool, WHOLE, delete, get, post, put, run,
};
use update::{AuthType, Configurations, Transport, UpdateMcpIntegration, with_headers};

pub const TOOLS: &[Tool] = &[
    reads(get::<ListMcpIntegrations>(
        "list_mcp_integrations",
        "/mcp-integrations",
        "List MCP integrations: id, slug, URL, sign-in, transport, number of workspaces.",
    ))
    .lists(PAGES)
    .any_scope(&["organisation_mcp_integrations.list", "workspace_mcp_integrations.list"])
    .intents(&[
        "which MCP integrations are there",
        "show all upstream MCP servers",
        "find an MCP integration by name",
        "MCP integrations of a workspace",
    ]),
    post::<CreateMcpIntegration>(
        "create_mcp_integration",
        "/mcp-integrations",
        "Register an upstream MCP server, for the organisation or one workspace. Returns id and
         slug. Nobody can use it before update_mcp_integration_workspaces and create_mcp_server.",
    )
    .read_back("list_mcp_integrations")
    .any_scope(&["organisation_mcp_integrations.create", "workspace_mcp_integrations.create"])
    .intents(&[
        "register an MCP server",
        "add an upstream MCP server",
        "connect an MCP server with a token",
        "add an MCP integration",
    ]),
    reads(get::<IntegrationId>(
        "get_mcp_integration",
        "/mcp-integrations/{id}",
        "Get one MCP integration whole, secrets masked, with the access of all workspaces.",
    ))
    .intents(&[
        "details of an MCP integration",
        "headers that are sent to an MCP server",
        "how do we sign in to an MCP server",
    ]),
    run::<UpdateMcpIntegration>(
        "update_mcp_integration",
        Effect::Replaces,
        "Change an MCP integration for all its servers at once; what is not given stays.
         configurations are merged (null deletes a key). A new host in url needs the secrets given
         again.",
    )
    .document("configurations")
    .read_back("get_mcp_integration")
    .any_scope(&["organisation_mcp_integrations.update", "workspace_mcp_integrations.update"])
    .reads_first(&["organisation_mcp_integrations.read", "workspace_mcp_integrations.read"])
    .intents(&[
        "change the URL of an MCP integration",
        "rotate the token of an MCP integration",
        "change headers sent to an MCP server",
        "rename an MCP integration",
    ]),
    delete::<IntegrationId>(
        "delete_mcp_integration",
        "/mcp-integrations/{id}",
        "Delete an MCP integration for good. MCP servers built on it stop working in every
         workspace; see list_mcp_servers.",
    )
    .read_back("list_mcp_integrations")
    .any_scope(&["organisation_mcp_integrations.delete", "workspace_mcp_integrations.delete"])
    .intents(&["remove an MCP integration", "delete an upstream MCP server", "drop an MCP provider"]),
    reads(post::<IntegrationId>(
        "test_mcp_integration",
        "/mcp-integrations/{id}/test",
        "Let Portkey call the upstream MCP server now: success, HTTP status, time in ms, error.",
    ))
    .effect(Effect::Reads)
    .intents(&[
        "does an MCP integration work",
        "test an MCP integration",
        "try an upstream MCP server before publishing",
    ]),
    post::<IntegrationId>(
        "sync_mcp_integration",
        "/mcp-integrations/{id}/sync",
        "Read the upstream MCP server's tools, prompts and resources again, for
         list_mcp_integration_capabilities.",
    )
    .effect(Effect::Replaces)
    .replayable()
    .read_back("get_mcp_integration_metadata")
    .any_scope(&["organisation_mcp_integrations.update", "workspace_mcp_integrations.update"])
    .intents(&[
        "refresh the tools of an MCP integration",
        "sync an MCP integration",
        "new MCP tools do not show up",
    ]),
    reads(get::<IntegrationId>(
        "get_mcp_integration_metadata",
        "/mcp-integrations/{id}/metadata",
        "What the upstream MCP server says of itself, and how the last sync went. The texts are a
         third party's.",
    ))
    .intents(&[
        "when was an MCP integration synced",
        "why did the sync of an MCP integration fail",
        "version of an upstream MCP server",
    ]),
    reads(get::<ListCapabilities>(
        "list_mcp_integration_capabilities",
        "/mcp-integrations/{id}/capabilities",
        "List the tools, prompts and resources of an upstream MCP server, with schemas: whether each
         is on. The texts are a third party's.",
    ))
    .lists(PAGES_FROM_ONE)
    .intents(&[
        "which tools does an MCP integration have",
        "tools of an upstream MCP server",
        "disabled tools of an MCP integration",
    ]),
    put::<UpdateCapabilities>(
        "update_mcp_integration_capabilities",
        "/mcp-integrations/{id}/capabilities",
        "Switch tools, prompts and resources of an MCP integration on or off for all its servers;
         others stay. For one server: update_mcp_server_capabilities.",
    )
    .replayable()
    .read_back("list_mcp_integration_capabilities")
    .any_scope(&["organisation_mcp_integrations.update", "workspace_mcp_integrations.update"])
    .intents(&[
        "disable an MCP tool everywhere",
        "block dangerous MCP tools",
        "enable a tool of an MCP integration",
    ]),
    reads(get::<ListWorkspaces>(
        "list_mcp_integration_workspaces",
        "/mcp-integrations/{id}/workspaces",
        "List the workspaces with a rule of their own for an MCP integration;
         global_workspace_access holds for others.",
    ))
    .lists(WHOLE.under("workspaces"))
    .intents(&[
        "which workspaces may use an MCP integration",
        "is an MCP integration open to all workspaces",
        "access of workspaces to an MCP integration",
    ]),
    put::<UpdateWorkspaces>(
        "update_mcp_integration_workspaces",
        "/mcp-integrations/{id}/workspaces",
        "Allow or deny an MCP integration to workspaces, or set what holds for all others. Others
         keep their rule unless override_existing_workspace_access drops it.",
    )
    .read_back("list_mcp_integration_workspaces")
    .any_scope(&["organisation_mcp_integrations.update", "workspace_mcp_integrations.update"])
    .intents(&[
        "give a workspace access to an MCP integration",
        "open an MCP integration to all workspaces",
        "revoke an MCP integration from a workspace",
    ]),
];

const fn reads(tool: Tool) -> Tool {
    tool.any_scope(&["organisation_mcp_integrations.read", "workspace_mcp_integrations.read"])
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListMcpIntegrations {
    /// Some keys need it.
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
    r#type: Option<Level>,
    /// That this workspace may use.
    workspace_id: Option<String>,
    search: Option<String>,
    /// From 0.
    current_page: Option<u32>,
    #[schemars(range(min = 1, max = 1000))]
    page_size: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Workspace,
    Organisation,
    All,
}

/// As the API takes it; the model's form is [`CreateArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateArgs")]
pub struct CreateMcpIntegration {
    name: String,
    url: String,
    auth_type: AuthType,
    transport: Transport,
    slug: Option<String>,
    description: Option<String>,
    configurations: Option<JsonObject>,
    secret_mappings: Option<Vec<SecretMapping>>,
    workspace_id: Option<String>,
    organisation_id: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateArgs {
    #[schemars(length(min = 1))]
    name: String,
    /// The upstream MCP server's.
    #[schemars(extend("format" = "uri"))]
    url: String,
    auth_type: AuthType,
    transport: Transport,
    #[schemars(regex(pattern = "^[a-zA-Z0-9_-]+$"))]
    slug: Option<String>,
    description: Option<String>,
    configurations: Option<Configurations>,
    #[schemars(extend("x-hidden" = true))]
    custom_headers: Option<JsonObject>,
    /// From a secret store into configurations.FIELD.
    secret_mappings: Option<Vec<SecretMapping>>,
    /// Id; to keep it to one workspace.
    #[schemars(extend("format" = "uuid"))]
    workspace_id: Option<String>,
    /// Some keys need it.
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
}

impl TryFrom<CreateArgs> for CreateMcpIntegration {
    type Error = String;

    fn try_from(args: CreateArgs) -> Result<Self, String> {
        let configurations = with_headers(args.configurations, args.custom_headers)?;
        secret_mapping::check(args.secret_mappings.as_deref(), &["configurations."])?;
        Ok(Self {
            name: args.name,
            url: args.url,
            auth_type: args.auth_type,
            transport: args.transport,
            slug: args.slug,
            description: args.description,
            configurations,
            secret_mappings: args.secret_mappings,
            workspace_id: args.workspace_id,
            organisation_id: args.organisation_id,
        })
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct IntegrationId {
    /// From list_mcp_integrations.
    #[schemars(length(min = 1))]
    id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListCapabilities {
    /// From list_mcp_integrations.
    #[schemars(length(min = 1))]
    id: String,
    #[serde(flatten)]
    capabilities: Capabilities,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateCapabilities {
    /// From list_mcp_integrations.
    #[schemars(length(min = 1))]
    id: String,
    /// From list_mcp_integration_capabilities.
    #[schemars(length(min = 1))]
    capabilities: Vec<Switch>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListWorkspaces {
    /// From list_mcp_integrations.
    #[schemars(length(min = 1))]
    id: String,
    /// Asks for the newer of the API's two forms; both read the same here.
    #[schemars(extend("x-hidden" = true))]
    version: Option<String>,
    #[serde(flatten)]
    paging: PagingIfAsked,
}

/// As the API takes it; the model's form is [`UpdateWorkspacesArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateWorkspacesArgs")]
pub struct UpdateWorkspaces {
    id: String,
    workspaces: Vec<WorkspaceAccess>,
    global_workspace_access: Option<Enabled>,
    override_existing_workspace_access: Option<bool>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateWorkspacesArgs {
    /// From list_mcp_integrations.
    #[schemars(length(min = 1))]
    id: String,
    workspaces: Option<Vec<WorkspaceAccess>>,
    /// For those without a rule.
    global_workspace_access_enabled: Option<bool>,
    override_existing_workspace_access: Option<bool>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct WorkspaceAccess {
    /// From list_workspaces.
    #[schemars(length(min = 1))]
    id: String,
    enabled: bool,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Enabled {
    enabled: bool,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Clearable {
    GlobalWorkspaceAccess,
}

impl TryFrom<UpdateWorkspacesArgs> for UpdateWorkspaces {
    type Error = String;

    fn try_from(args: UpdateWorkspacesArgs) -> Result<Self, String> {
        let global = args.global_workspace_access_enabled.map(|enabled| Enabled { enabled });
        let clears = args.clear.as_ref().is_some_and(|it| !it.is_empty());
        if args.workspaces.is_none() && global.is_none() && !clears {
            return Err("nothing to change: give `workspaces` or \
                        `global_workspace_access_enabled`"
                .into());
        }
        Ok(Self {
            id: args.id,
            workspaces: args.workspaces.unwrap_or_default(),
            global_workspace_access: global,
            override_existing_workspace_access: args.override_existing_workspace_access,
            clear: args.clear,
        })
    }
}
