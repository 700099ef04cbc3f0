//! Deployments, integrations of providers and of MCP servers, and MCP servers.

use super::{
    super::{
        deployments::{self, DEPLOYMENTS},
        integration_models, integration_workspaces,
        integrations::INTEGRATIONS,
        mcp_access, mcp_capabilities,
        mcp_integrations::{self, MCP_INTEGRATIONS},
        mcp_servers::{self, MCP_SERVERS},
    },
    Plane::Control,
    Route,
    Run::{Create, Delete, List, Own, Read, Update},
    route,
};

const INTEGRATION_LIST: &str = "organisation_integrations.list | workspace_integrations.list";
const INTEGRATION_CREATE: &str = "organisation_integrations.create | workspace_integrations.create";
const INTEGRATION_READ: &str = "organisation_integrations.read | workspace_integrations.read";
const INTEGRATION_UPDATE: &str = "organisation_integrations.update | workspace_integrations.update";
const INTEGRATION_DELETE: &str = "organisation_integrations.delete | workspace_integrations.delete";
const MCP_LIST: &str = "organisation_mcp_integrations.list | workspace_mcp_integrations.list";
const MCP_CREATE: &str = "organisation_mcp_integrations.create | workspace_mcp_integrations.create";
const MCP_READ: &str = "organisation_mcp_integrations.read | workspace_mcp_integrations.read";
const MCP_UPDATE: &str = "organisation_mcp_integrations.update | workspace_mcp_integrations.update";
const MCP_DELETE: &str = "organisation_mcp_integrations.delete | workspace_mcp_integrations.delete";

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/deployments", "deployments.list", Control, List(&DEPLOYMENTS)).v2(),
    route("POST", "/deployments", "deployments.create", Control, Create(&DEPLOYMENTS)).v2(),
    route("GET", "/deployments/{}", "deployments.read", Control, Read(&DEPLOYMENTS)).v2(),
    route("PUT", "/deployments/{}", "deployments.update", Control, Update(&DEPLOYMENTS)).v2(),
    route("DELETE", "/deployments/{}", "deployments.delete", Control, Own(deployments::archive))
        .v2(),
    route("GET", "/deployments/{}/ping", "deployments.read", Control, Own(deployments::ping)).v2(),
    route("GET", "/mcp-servers", "mcp_servers.list", Control, List(&MCP_SERVERS)),
    route("POST", "/mcp-servers", "mcp_servers.create", Control, Create(&MCP_SERVERS)),
    route("GET", "/mcp-servers/{}", "mcp_servers.read", Control, Read(&MCP_SERVERS)),
    route("PUT", "/mcp-servers/{}", "mcp_servers.update", Control, Update(&MCP_SERVERS)),
    route("DELETE", "/mcp-servers/{}", "mcp_servers.delete", Control, Delete(&MCP_SERVERS)),
    route("POST", "/mcp-servers/{}/test", "mcp_servers.read", Control, Own(mcp_servers::test)),
    route(
        "GET",
        "/mcp-servers/{}/metadata",
        "mcp_servers.read",
        Control,
        Own(mcp_servers::metadata),
    ),
    route(
        "GET",
        "/mcp-servers/{}/capabilities",
        "mcp_servers.read",
        Control,
        Own(mcp_capabilities::of_server),
    ),
    route(
        "PUT",
        "/mcp-servers/{}/capabilities",
        "mcp_servers.update",
        Control,
        Own(mcp_capabilities::update_server),
    ),
    route(
        "GET",
        "/mcp-servers/{}/user-access",
        "mcp_servers.read",
        Control,
        Own(mcp_access::users),
    ),
    route(
        "PUT",
        "/mcp-servers/{}/user-access",
        "mcp_servers.update",
        Control,
        Own(mcp_access::update),
    ),
    route(
        "GET",
        "/mcp-servers/{}/user-access/check",
        "mcp_servers.read",
        Control,
        Own(mcp_access::check),
    ),
    route(
        "GET",
        "/mcp-servers/{}/connections",
        "mcp_servers.read",
        Control,
        Own(mcp_access::connections),
    ),
    route(
        "DELETE",
        "/mcp-servers/{}/connections",
        "mcp_servers.update",
        Control,
        Own(mcp_access::disconnect),
    ),
    route("GET", "/mcp-integrations", MCP_LIST, Control, List(&MCP_INTEGRATIONS)),
    route("POST", "/mcp-integrations", MCP_CREATE, Control, Create(&MCP_INTEGRATIONS)),
    route("GET", "/mcp-integrations/{}", MCP_READ, Control, Read(&MCP_INTEGRATIONS)),
    route("PUT", "/mcp-integrations/{}", MCP_UPDATE, Control, Update(&MCP_INTEGRATIONS)),
    route("DELETE", "/mcp-integrations/{}", MCP_DELETE, Control, Delete(&MCP_INTEGRATIONS)),
    route(
        "GET",
        "/mcp-integrations/{}/workspaces",
        MCP_READ,
        Control,
        Own(mcp_integrations::workspaces),
    ),
    route(
        "PUT",
        "/mcp-integrations/{}/workspaces",
        MCP_UPDATE,
        Control,
        Own(mcp_integrations::grant),
    ),
    route(
        "GET",
        "/mcp-integrations/{}/capabilities",
        MCP_READ,
        Control,
        Own(mcp_capabilities::of_integration),
    ),
    route(
        "PUT",
        "/mcp-integrations/{}/capabilities",
        MCP_UPDATE,
        Control,
        Own(mcp_capabilities::update_integration),
    ),
    route(
        "GET",
        "/mcp-integrations/{}/metadata",
        MCP_READ,
        Control,
        Own(mcp_integrations::metadata),
    ),
    route("POST", "/mcp-integrations/{}/test", MCP_READ, Control, Own(mcp_integrations::test)),
    route("POST", "/mcp-integrations/{}/sync", MCP_UPDATE, Control, Own(mcp_integrations::sync)),
    route("GET", "/integrations", INTEGRATION_LIST, Control, List(&INTEGRATIONS)),
    route("POST", "/integrations", INTEGRATION_CREATE, Control, Create(&INTEGRATIONS)),
    route("GET", "/integrations/{}", INTEGRATION_READ, Control, Read(&INTEGRATIONS)),
    route("PUT", "/integrations/{}", INTEGRATION_UPDATE, Control, Update(&INTEGRATIONS)),
    route("DELETE", "/integrations/{}", INTEGRATION_DELETE, Control, Delete(&INTEGRATIONS)),
    route(
        "GET",
        "/integrations/{}/models",
        INTEGRATION_READ,
        Control,
        Own(integration_models::list),
    ),
    route(
        "PUT",
        "/integrations/{}/models",
        INTEGRATION_UPDATE,
        Control,
        Own(integration_models::update),
    ),
    route(
        "DELETE",
        "/integrations/{}/models",
        INTEGRATION_UPDATE,
        Control,
        Own(integration_models::delete),
    ),
    route(
        "GET",
        "/integrations/{}/workspaces",
        INTEGRATION_READ,
        Control,
        Own(integration_workspaces::list),
    ),
    route(
        "PUT",
        "/integrations/{}/workspaces",
        INTEGRATION_UPDATE,
        Control,
        Own(integration_workspaces::update),
    ),
];
