//! MCP servers: MCP integrations as a workspace uses them.

use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    ids,
    mcp_integrations::{self, MCP_INTEGRATIONS, serves},
    resource::{
        Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, search_name, taken,
    },
    state::State,
    store::Row,
};

pub(super) const MCP_SERVERS: Resource = Resource {
    table: "mcp_servers",
    title: "MCP server",
    object: "mcp-server",
    slug: Some(""),
    named: Named::Either,
    home: Home::NamedWorkspace,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "organisation_id",
            "name",
            "description",
            "status",
            "created_at",
            "owner_id",
            "slug",
            "workspace_id",
            "mcp_integration_id",
            "mcp_integration_slug",
            "mcp_integration_url",
            "auth_type",
            "workspace_name",
            "workspace_slug",
            "url",
        ],
        object: None,
        paging: Paging::zero_based(Some(100), 100),
        needs_workspace: true,
        filters: &[("id", one_of), ("search", search_name)],
    },
    read: &[
        "id",
        "slug",
        "name",
        "status",
        "description",
        "created_at",
        "mcp_integration_id",
        "mcp_integration_details",
        "workspace_id",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        kept("description", Kind::Text),
        taken("mcp_integration_id", Kind::Text).required(),
        taken("slug", Kind::Text),
        taken("workspace_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

fn one_of(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || wanted.split(',').any(|id| row.is(id.trim())))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let integration =
        call.named(&MCP_INTEGRATIONS, call.text("mcp_integration_id").unwrap_or(""))?;
    let Some(workspace) = &row.workspace else {
        return Err(Refusal::bad_request("\"workspace_id\" is required"));
    };
    if !serves(integration, workspace) {
        return Err(Refusal::forbidden("the workspace has no access to the MCP integration"));
    }
    let integration = integration.id.clone();
    if let Some(slug) = call.text("slug") {
        row.slug = Some(ids::words(slug));
    }
    let same = |other: &Row| other.organisation == row.organisation && other.slug == row.slug;
    if call.state.store.rows("mcp_servers").iter().any(same) {
        return Err(Refusal::conflict("an MCP server of this slug exists already"));
    }
    describe(row, &integration, &call.caller.key_id);
    Ok(())
}

/// The fields that every server has besides those of the request.
pub(super) fn describe(row: &mut Row, integration: &str, by: &str) {
    for (field, value) in [
        ("description", Value::Null),
        ("status", "active".into()),
        ("owner_id", by.into()),
        ("mcp_integration_id", integration.into()),
        ("capabilities", json!({})),
        ("default_user_access", "allow".into()),
        ("user_access", json!({})),
        ("connections", json!({})),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "slug": row.slug })
}

fn update(call: &mut Call<'_>, _: &mut Row) -> Outcome {
    if call.body.is_empty() {
        return Err(Refusal::bad_request("the body must have at least 1 key"));
    }
    Ok(nothing().into())
}

fn delete(_: &mut Call<'_>, _: &Row) -> Outcome {
    Ok(nothing().into())
}

/// What the server is built on.
pub(super) fn integration<'a>(state: &'a State, row: &Row) -> Option<&'a Row> {
    state.store.find("mcp_integrations", row.organisation, row.text("mcp_integration_id")?)
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    let below = |field: &str| integration(state, row)?.fields.get(field).cloned();
    let workspace = || state.store.find("workspaces", row.organisation, row.workspace.as_deref()?);
    match key {
        "mcp_integration_slug" => Some(json!(integration(state, row)?.slug)),
        "mcp_integration_url" => below("url"),
        "auth_type" => below("auth_type"),
        "workspace_name" => Some(json!(workspace()?.text("name"))),
        "workspace_slug" => Some(json!(workspace()?.slug)),
        "url" => {
            let slug = row.slug.as_deref().unwrap_or_default();
            Some(format!("https://mcp.portkey.ai/{slug}/mcp").into())
        }
        "mcp_integration_details" => {
            let below = integration(state, row)?;
            Some(json!({
                "id": below.id, "slug": below.slug, "status": below.text("status"),
                "configurations": below.fields.get("configurations"), "url": below.text("url"),
                "transport": below.text("transport"), "auth_type": below.text("auth_type"),
            }))
        }
        _ => None,
    }
}

/// `POST /mcp-servers/{id}/test`.
pub(super) fn test(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&MCP_SERVERS)?;
    let below =
        integration(call.state, row).ok_or_else(|| Refusal::not_found("MCP integration"))?;
    Ok(mcp_integrations::probed(below).into())
}

/// `GET /mcp-servers/{id}/metadata`.
pub(super) fn metadata(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&MCP_SERVERS)?.seen();
    let below =
        integration(call.state, row).ok_or_else(|| Refusal::not_found("MCP integration"))?;
    Ok(mcp_integrations::described(below).into())
}
