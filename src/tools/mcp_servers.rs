//! MCP servers: MCP integrations that a workspace passes on to its users through the gateway.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/mcp-servers>. Every `PUT` is
//! partial by the official description: fields, capabilities and users that are not named stay.
//! Capabilities and user access page from one (facts.md, "Pagination"). The metadata and the check
//! of access are known from Portkey's SDK alone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    mcp_capabilities::{Capabilities, Switch},
    shared::{LargePaging, Paging},
};
use crate::tool::{Effect, PAGES, PAGES_FROM_ONE, Result, Tool, delete, get, post, put};

pub const TOOLS: &[Tool] = &[
    get::<ListMcpServers>(
        "list_mcp_servers",
        "/mcp-servers",
        "List the MCP servers of a workspace: id, slug, integration, upstream URL, gateway URL for
         clients. get_mcp_server shows one whole.",
    )
    .lists(PAGES)
    .scopes(&["mcp_servers.list"])
    .intents(&[
        "which MCP servers does a workspace have",
        "gateway URL of an MCP server",
        "find an MCP server by name",
        "show all MCP servers",
    ]),
    post::<CreateMcpServer>(
        "create_mcp_server",
        "/mcp-servers",
        "Publish an MCP integration to a workspace as an MCP server, which needs access to it:
         update_mcp_integration_workspaces. Returns id and slug. Its capabilities are on unless
         switched off.",
    )
    .read_back("list_mcp_servers")
    .scopes(&["mcp_servers.create"])
    .intents(&[
        "give a workspace an MCP server",
        "publish an MCP integration",
        "make tools available to a team",
    ]),
    get::<ServerId>(
        "get_mcp_server",
        "/mcp-servers/{id}",
        "Get one MCP server with its integration: URL, transport, sign-in, configurations with
         secrets masked.",
    )
    .scopes(&["mcp_servers.read"])
    .intents(&[
        "details of an MCP server",
        "which integration is behind an MCP server",
        "how does an MCP server sign in upstream",
    ]),
    put::<UpdateMcpServer>(
        "update_mcp_server",
        "/mcp-servers/{id}",
        "Rename or describe an MCP server; what is not given stays. URL and sign-in belong to its
         integration: update_mcp_integration.",
    )
    .replayable()
    .read_back("get_mcp_server")
    .scopes(&["mcp_servers.update"])
    .intents(&["rename an MCP server", "describe an MCP server", "change an MCP server"]),
    delete::<ServerId>(
        "delete_mcp_server",
        "/mcp-servers/{id}",
        "Delete an MCP server with its access rules and connections for good: its gateway URL stops
         working. The integration stays.",
    )
    .read_back("list_mcp_servers")
    .scopes(&["mcp_servers.delete"])
    .intents(&["remove an MCP server", "unpublish an MCP integration", "take an MCP server down"]),
    post::<ServerId>(
        "test_mcp_server",
        "/mcp-servers/{id}/test",
        "Let Portkey call the upstream of an MCP server now: success, HTTP status, time in ms,
         error.",
    )
    .effect(Effect::Reads)
    .scopes(&["mcp_servers.read"])
    .intents(&[
        "is an MCP server reachable",
        "test the connection of an MCP server",
        "why does an MCP server fail",
    ]),
    get::<ServerId>(
        "get_mcp_server_metadata",
        "/mcp-servers/{id}/metadata",
        "What the upstream of an MCP server says of itself, and its last sync. The texts are a third
         party's.",
    )
    .scopes(&["mcp_servers.read"])
    .intents(&[
        "version of an MCP server",
        "instructions of an MCP server",
        "protocol version of an MCP server",
    ]),
    get::<ListCapabilities>(
        "list_mcp_server_capabilities",
        "/mcp-servers/{id}/capabilities",
        "List the tools, prompts and resources of an MCP server: whether each is on here and in the
         integration, with schemas. The texts are a third party's.",
    )
    .lists(PAGES_FROM_ONE)
    .scopes(&["mcp_servers.read"])
    .intents(&[
        "which tools does an MCP server offer",
        "which MCP tools are disabled",
        "prompts of an MCP server",
        "count the tools of an MCP server",
    ]),
    put::<UpdateCapabilities>(
        "update_mcp_server_capabilities",
        "/mcp-servers/{id}/capabilities",
        "Switch tools, prompts and resources of one MCP server on or off; others stay. For all
         servers: update_mcp_integration_capabilities.",
    )
    .replayable()
    .read_back("list_mcp_server_capabilities")
    .scopes(&["mcp_servers.update"])
    .intents(&[
        "disable a tool of an MCP server",
        "hide dangerous tools from a team",
        "enable an MCP tool for a workspace",
    ]),
    get::<ListUserAccess>(
        "list_mcp_server_user_access",
        "/mcp-servers/{id}/user-access",
        "List who may use an MCP server: each user with the effective right and whether connected;
         default_user_access holds for others.",
    )
    .lists(PAGES_FROM_ONE)
    .scopes(&["mcp_servers.read"])
    .intents(&[
        "who can use an MCP server",
        "does a user have access to an MCP server",
        "default access of an MCP server",
    ]),
    put::<UpdateUserAccess>(
        "update_mcp_server_user_access",
        "/mcp-servers/{id}/user-access",
        "Allow or deny an MCP server to users, or set what holds for all others. Users not named
         keep their rule.",
    )
    .replayable()
    .read_back("list_mcp_server_user_access")
    .scopes(&["mcp_servers.update"])
    .intents(&[
        "give a user access to an MCP server",
        "block a user from an MCP server",
        "deny an MCP server by default",
    ]),
    get::<ServerId>(
        "check_mcp_server_user_access",
        "/mcp-servers/{id}/user-access/check",
        "Whether the user of this server's own key may use an MCP server. Others:
         list_mcp_server_user_access.",
    )
    .scopes(&["mcp_servers.read"])
    .intents(&[
        "may I use an MCP server",
        "check my access to an MCP server",
        "can this key use an MCP server",
    ]),
    get::<ListConnections>(
        "list_mcp_server_connections",
        "/mcp-servers/{id}/connections",
        "List who has signed in to the upstream of an MCP server, and since when.",
    )
    .lists(PAGES)
    .scopes(&["mcp_servers.read"])
    .intents(&[
        "who is connected to an MCP server",
        "sign-ins to an MCP server",
        "has a user connected an MCP server",
    ]),
    delete::<Disconnect>(
        "disconnect_mcp_server_connection",
        "/mcp-servers/{id}/connections",
        "Disconnect a user from the upstream of an MCP server: the user has to sign in again. The
         right to use it stays: update_mcp_server_user_access.",
    )
    .read_back("list_mcp_server_connections")
    .scopes(&["mcp_servers.update"])
    .intents(&[
        "disconnect a user from an MCP server",
        "revoke the sign-in to an MCP server",
        "log a user out of an MCP server",
    ]),
];

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListMcpServers {
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    /// MCP server ids.
    #[serde(rename(serialize = "id"))]
    ids: Option<Vec<String>>,
    #[schemars(length(max = 255))]
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CreateMcpServer {
    #[schemars(length(min = 1, max = 255))]
    name: String,
    /// From list_mcp_integrations.
    #[schemars(length(min = 1))]
    mcp_integration_id: String,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    /// Part of the gateway URL.
    #[schemars(regex(pattern = "^[a-zA-Z0-9_-]{3,50}$"))]
    slug: Option<String>,
    #[schemars(length(max = 500))]
    description: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ServerId {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateMcpServerArgs")]
pub struct UpdateMcpServer {
    id: String,
    name: Option<String>,
    description: Option<String>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateMcpServerArgs {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
    #[schemars(length(min = 1, max = 255))]
    name: Option<String>,
    #[schemars(length(max = 500))]
    description: Option<String>,
    clear: Option<Vec<Clearable>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clearable {
    Description,
}

impl TryFrom<UpdateMcpServerArgs> for UpdateMcpServer {
    type Error = String;

    fn try_from(args: UpdateMcpServerArgs) -> Result<Self, String> {
        let UpdateMcpServerArgs { id, name, description, clear } = args;
        if name.is_none() && description.is_none() && clear.as_ref().is_none_or(Vec::is_empty) {
            return Err("nothing to change: give `name` or `description`".into());
        }
        Ok(Self { id, name, description, clear })
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListCapabilities {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
    #[serde(flatten)]
    capabilities: Capabilities,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpdateCapabilities {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
    /// From list_mcp_server_capabilities.
    #[schemars(length(min = 1))]
    capabilities: Vec<Switch>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListUserAccess {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
    /// In name or e-mail.
    search: Option<String>,
    #[serde(flatten)]
    paging: LargePaging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateUserAccessArgs")]
pub struct UpdateUserAccess {
    id: String,
    user_access: Option<Vec<UserAccess>>,
    default_user_access: Option<Access>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateUserAccessArgs {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
    /// From list_mcp_server_user_access.
    #[schemars(length(min = 1), extend("x-aliases" = ["user_access"]))]
    users: Option<Vec<UserAccess>>,
    /// For users without a rule.
    default_user_access: Option<Access>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct UserAccess {
    #[schemars(length(min = 1))]
    user_id: String,
    enabled: bool,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Access {
    Allow,
    Deny,
}

impl TryFrom<UpdateUserAccessArgs> for UpdateUserAccess {
    type Error = String;

    fn try_from(args: UpdateUserAccessArgs) -> Result<Self, String> {
        let UpdateUserAccessArgs { id, users, default_user_access } = args;
        if users.is_none() && default_user_access.is_none() {
            return Err("nothing to change: give `users` or `default_user_access`".into());
        }
        Ok(Self { id, user_access: users, default_user_access })
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListConnections {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
    /// From list_all_users.
    #[schemars(extend("format" = "uuid"))]
    user_id: Option<String>,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
    #[serde(flatten)]
    paging: LargePaging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Disconnect {
    /// From list_mcp_servers.
    #[schemars(length(min = 1))]
    id: String,
    /// Needed unless the key is a user's.
    #[schemars(extend("format" = "uuid"))]
    user_id: Option<String>,
    /// Needed with an organisation key.
    workspace_id: Option<String>,
}
