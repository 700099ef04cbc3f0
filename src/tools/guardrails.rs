//! Guardrails: checks on what goes to models and tools and on what comes back.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/guardrails>. `PUT` replaces
//! `checks` and `actions` whole, so update_guardrail reads, merges and writes (facts.md, "Spec
//! against reality" 8). Organisation defaults and exclusions are of the changelog and of other
//! clients; their answers are shown as they come.

mod document;
mod enforcement;
mod update;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::shared::{HiddenPaging, Paging};
use crate::{
    portkey::Base,
    tool::{Effect, PAGES, Tool, WHOLE, delete, get, post, put, run},
};
use document::CreateGuardrail;
use enforcement::{Exclusions, OrganisationDefaults, OrganisationId, UpdateDefaults};
use update::UpdateGuardrail;

pub const TOOLS: &[Tool] = &[
    get::<ListGuardrails>(
        "list_guardrails",
        "/guardrails",
        "List guardrails: id, slug, name, status, workspace (null for the organisation's).
         get_guardrail shows the checks and actions of one.",
    )
    .lists(PAGES)
    .any_scope(&["guardrails.list", "organisation_guardrails.list"])
    .intents(&[
        "show all guardrails",
        "which guardrails does a workspace have",
        "find the slug of a guardrail",
        "guardrails of the organisation",
    ]),
    get::<GuardrailId>(
        "get_guardrail",
        "/guardrails/{guardrail_id}",
        "Get one guardrail whole: checks and actions, secrets masked.",
    )
    .any_scope(&["guardrails.read", "organisation_guardrails.read"])
    .intents(&[
        "what does this guardrail check",
        "does the guardrail deny or only log",
        "show the PII check",
    ]),
    post::<CreateGuardrail>(
        "create_guardrail",
        "/guardrails",
        "Create a guardrail. It works once a config, a workspace or update_organisation_defaults
         names it. Without deny it only records. Returns id and slug.",
    )
    .read_back("list_guardrails")
    .any_scope(&["guardrails.create", "organisation_guardrails.create"])
    .intents(&[
        "block personal data in prompts",
        "add a PII guardrail",
        "check answers against a JSON schema",
        "deny requests that match a regex",
        "make a guardrail for MCP tools",
    ]),
    run::<UpdateGuardrail>(
        "update_guardrail",
        Effect::Replaces,
        "Change a guardrail at once for all who use it. Checks are merged by id and name (RFC 7396:
         null deletes a key), others added or kept; remove_checks takes some out, replace makes
         checks the whole list. Try dry_run first.",
    )
    .document("checks")
    .read_back("get_guardrail")
    .any_scope(&["guardrails.update", "organisation_guardrails.update"])
    .reads_first(&["guardrails.read", "organisation_guardrails.read"])
    .intents(&[
        "make a guardrail deny",
        "turn off a check",
        "change the threshold of a check",
        "add a check to a guardrail",
        "rename a guardrail",
    ]),
    delete::<GuardrailId>(
        "delete_guardrail",
        "/guardrails/{guardrail_id}",
        "Delete a guardrail for good: nothing is checked by it any more. Refused while configs or
         defaults name it.",
    )
    .read_back("list_guardrails")
    .any_scope(&["guardrails.delete", "organisation_guardrails.delete"])
    .intents(&["remove a guardrail", "delete a guardrail", "clean up unused guardrails"]),
    get::<GuardrailId>(
        "list_guardrail_mcp_servers",
        "/guardrails/{guardrail_id}/mcp-servers",
        "Show which MCP servers a guardrail of target mcp_tools protects, and how.",
    )
    .any_scope(&["guardrails.read", "organisation_guardrails.read"])
    .intents(&[
        "which MCP servers does a guardrail protect",
        "is this MCP server guarded",
        "guardrail coverage of MCP tools",
    ]),
    put::<ReplaceServers>(
        "replace_guardrail_mcp_servers",
        "/guardrails/{guardrail_id}/mcp-servers",
        "Replace the whole map of MCP servers that a guardrail protects: those left out lose it at
         once, {} clears all. For one server: upsert_guardrail_mcp_server.",
    )
    .replayable()
    .read_back("list_guardrail_mcp_servers")
    .any_scope(&["guardrails.update", "organisation_guardrails.update"])
    .intents(&[
        "set the MCP servers of a guardrail",
        "take a guardrail off all MCP servers",
        "map a guardrail to several MCP servers",
    ]),
    put::<UpsertServer>(
        "upsert_guardrail_mcp_server",
        "/guardrails/{guardrail_id}/mcp-servers/{mcp_server_id}",
        "Let a guardrail protect one MCP server, or replace how it does. What is left out falls back
         to its default.",
    )
    .replayable()
    .read_back("list_guardrail_mcp_servers")
    .any_scope(&["guardrails.update", "organisation_guardrails.update"])
    .intents(&[
        "guard an MCP server",
        "add a guardrail to MCP tools",
        "check only the output of an MCP server",
    ]),
    get::<OrganisationDefaults>(
        "get_organisation_defaults",
        DEFAULTS,
        "Get the guardrails that every request of the organisation passes, unless its workspace is
         excluded.",
    )
    .base(DISPUTED)
    .enterprise()
    .scopes(&["organisation_settings.read"])
    .intents(&[
        "organisation-wide guardrails",
        "which guardrails are enforced everywhere",
        "default guardrails of the organisation",
    ]),
    run::<UpdateDefaults>(
        "update_organisation_defaults",
        Effect::Replaces,
        "Set the guardrails that every request of the organisation passes. A list that is given
         replaces the stored one at once ([] removes all). To let workspaces off:
         update_input_guardrail_workspace_exclusions.",
    )
    .base(DISPUTED)
    .replayable()
    .enterprise()
    .read_back("get_organisation_defaults")
    .scopes(&["organisation_settings.read", "organisation_settings.update"])
    .intents(&[
        "enforce a guardrail for the whole organisation",
        "remove an organisation-wide guardrail",
        "set default guardrails",
    ]),
    exclusions(
        "list_input_guardrail_workspace_exclusions",
        "/workspace-exclusions/input-guardrails",
        "List the workspaces that the organisation's input guardrails do not check.",
    )
    .intents(&[
        "which workspaces skip input guardrails",
        "exceptions from the organisation's input guardrails",
        "who is not checked on input",
    ]),
    exclude(
        "update_input_guardrail_workspace_exclusions",
        "/workspace-exclusions/input-guardrails",
        "Let workspaces off the organisation's input guardrails, or put them back, at once. Others
         stay, unless override_existing replaces the whole list.",
        "list_input_guardrail_workspace_exclusions",
    )
    .intents(&[
        "let a workspace skip input guardrails",
        "exclude a workspace from input checks",
        "put input guardrails back on a workspace",
    ]),
    exclusions(
        "list_output_guardrail_workspace_exclusions",
        "/workspace-exclusions/output-guardrails",
        "List the workspaces that the organisation's output guardrails do not check.",
    )
    .intents(&[
        "which workspaces skip output guardrails",
        "exceptions from the organisation's output guardrails",
        "who is not checked on output",
    ]),
    exclude(
        "update_output_guardrail_workspace_exclusions",
        "/workspace-exclusions/output-guardrails",
        "Let workspaces off the organisation's output guardrails, or put them back, at once. Others
         stay, unless override_existing replaces the whole list.",
        "list_output_guardrail_workspace_exclusions",
    )
    .intents(&[
        "let a workspace skip output guardrails",
        "exclude a workspace from output checks",
        "put output guardrails back on a workspace",
    ]),
];

const DEFAULTS: &str = "/admin/organisation/defaults";
const DISPUTED: Base = Base::Disputed { family: DEFAULTS };

const fn exclusions(name: &'static str, path: &'static str, about: &'static str) -> Tool {
    get::<ListExclusions>(name, path, about)
        .lists(WHOLE)
        .enterprise()
        .scopes(&["organisation_exclusions.list"])
}

const fn exclude(
    name: &'static str,
    path: &'static str,
    about: &'static str,
    read_back: &'static str,
) -> Tool {
    put::<Exclusions>(name, path, about)
        .replayable()
        .enterprise()
        .read_back(read_back)
        .scopes(&["organisation_exclusions.update"])
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListExclusions {
    #[serde(flatten)]
    organisation: OrganisationId,
    #[serde(flatten)]
    paging: HiddenPaging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListGuardrails {
    /// UUID, from list_workspaces.
    #[schemars(extend("format" = "uuid"))]
    workspace_id: Option<String>,
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
    ids: Option<Vec<String>>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GuardrailId {
    /// From list_guardrails.
    #[schemars(length(min = 1))]
    guardrail_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ReplaceServers {
    #[serde(flatten)]
    guardrail: GuardrailId,
    mcp_servers: Servers,
}

/// Every server to protect, by its UUID from list_mcp_servers.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "BTreeMap<String, Option<Mapping>>")]
struct Servers(BTreeMap<String, Mapping>);

impl TryFrom<BTreeMap<String, Option<Mapping>>> for Servers {
    type Error = String;

    fn try_from(servers: BTreeMap<String, Option<Mapping>>) -> Result<Self, String> {
        let server = |(id, mapping): (String, Option<Mapping>)| {
            if Uuid::try_parse(&id).is_err() {
                return Err("`mcp_servers` takes UUIDs of MCP servers as its keys".to_owned());
            }
            let none = || "`mcp_servers` has a null: leave out a server to drop it".to_owned();
            Ok((id, mapping.ok_or_else(none)?))
        };
        servers.into_iter().map(server).collect::<Result<_, _>>().map(Self)
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Mapping {
    /// Default both.
    #[schemars(length(min = 1))]
    #[serde(default = "both")]
    run_on: Vec<Phase>,
    /// UUIDs; default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    mcp_integration_capability_ids: Option<Vec<Capability>>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("format" = "uuid"))]
struct Capability(String);

fn both() -> Vec<Phase> {
    vec![Phase::Input, Phase::Output]
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Phase {
    Input,
    Output,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct UpsertServer {
    #[serde(flatten)]
    guardrail: GuardrailId,
    /// UUID, from list_mcp_servers.
    #[schemars(extend("format" = "uuid"))]
    mcp_server_id: String,
    #[serde(flatten)]
    mapping: Mapping,
}
