//! MCP integrations: upstream MCP servers, of one workspace or of the organisation, which then says
//! what workspaces may use them.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    ids,
    integration::{check_mappings, level, of_level, served, take_down},
    resource::{
        Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, search_name, taken,
    },
    state::State,
    store::Row,
};

pub(super) const MCP_INTEGRATIONS: Resource = Resource {
    table: "mcp_integrations",
    title: "MCP integration",
    object: "mcp-integration",
    slug: Some("mcp-"),
    named: Named::Either,
    home: Home::Anywhere,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "organisation_id",
            "name",
            "owner_id",
            "status",
            "type",
            "url",
            "auth_type",
            "transport",
            "configurations",
            "created_at",
            "last_updated_at",
            "slug",
            "workspace_id",
            "description",
            "workspaces_count",
            "secret_mappings",
        ],
        object: Some("list"),
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: false,
        filters: &[
            ("organisation_id", in_organisation),
            ("type", of_level),
            ("workspace_id", for_workspace),
            ("search", search_name),
        ],
    },
    read: &[
        "id",
        "name",
        "description",
        "owner_id",
        "status",
        "created_at",
        "last_updated_at",
        "configurations",
        "global_workspace_access",
        "workspace_id",
        "slug",
        "url",
        "auth_type",
        "transport",
        "type",
        "secret_mappings",
        "object",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        kept("description", Kind::Text),
        kept("url", Kind::Text).required(),
        kept("auth_type", Kind::Text).required(),
        kept("transport", Kind::Text).required(),
        kept("configurations", Kind::Object),
        kept("secret_mappings", Kind::Array),
        taken("slug", Kind::Text),
        taken("workspace_id", Kind::Text),
        taken("organisation_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

fn in_organisation(call: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || call.state.organisation_id(row) == Some(wanted))
}

fn for_workspace(call: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(call.workspace(wanted)?.is_none_or(|workspace| serves(row, &workspace)))
}

/// Whether a workspace may use an integration.
pub(super) fn serves(row: &Row, workspace: &str) -> bool {
    if let Some(own) = &row.workspace {
        return own == workspace;
    }
    let explicit = row.fields.get("access").and_then(|access| access.get(workspace)?.as_bool());
    let global = row.fields.get("global_workspace_access");
    explicit.unwrap_or_else(|| {
        global.and_then(|global| global.get("enabled")?.as_bool()).unwrap_or_default()
    })
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    if let Some(slug) = call.text("slug") {
        row.slug = Some(ids::words(slug));
    }
    let same = |other: &Row| other.organisation == row.organisation && other.slug == row.slug;
    if call.state.store.rows("mcp_integrations").iter().any(same) {
        return Err(Refusal::conflict("an MCP integration of this slug exists already"));
    }
    describe(row, &call.caller.key_id);
    check(call, row)
}

/// The fields that every integration has besides those of the request.
pub(super) fn describe(row: &mut Row, by: &str) {
    for (field, value) in [
        ("description", Value::Null),
        ("owner_id", by.into()),
        ("status", "active".into()),
        ("configurations", json!({})),
        ("secret_mappings", json!([])),
        ("global_workspace_access", Value::Null),
        ("access", json!({})),
        ("capabilities", json!([])),
        ("synced_at", Value::Null),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

fn check(call: &Call<'_>, row: &Row) -> Result<(), Refusal> {
    let url = url::Url::parse(row.text("url").unwrap_or_default());
    if !url.is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return Err(Refusal::bad_request("\"url\" must be a valid uri"));
    }
    for (field, known) in [
        ("auth_type", &["oauth_auto", "oauth_client_credentials", "headers", "none"][..]),
        ("transport", &["http", "sse"]),
    ] {
        if !known.contains(&row.text(field).unwrap_or_default()) {
            let known = known.join(", ");
            return Err(Refusal::bad_request(format!("\"{field}\" must be one of [{known}]")));
        }
    }
    check_mappings(call, row, &["configurations."])
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "slug": row.slug })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    if call.body.is_empty() {
        return Err(Refusal::bad_request("the body must have at least 1 key"));
    }
    check(call, row)?;
    Ok(nothing().into())
}

/// Takes the servers that are built on it down as well.
fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    take_down(call, "mcp_servers", "mcp_integration_id", row);
    Ok(nothing().into())
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    match key {
        "type" => Some(level(row).into()),
        "workspaces_count" => Some(served(state, row, serves).into()),
        _ => None,
    }
}

/// `GET /mcp-integrations/{id}/workspaces`, in its older form unless a version is asked for.
pub(super) fn workspaces(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&MCP_INTEGRATIONS)?.seen();
    let at = |at| Dates::Iso.write(at);
    let rows = call.state.store.rows("workspaces").iter();
    let named: Vec<Value> = rows
        .filter(|it| it.organisation == row.organisation && call.caller.sees(it))
        .filter_map(|it| {
            let explicit =
                row.fields.get("access").and_then(|access| access.get(&it.id)?.as_bool());
            let enabled = if row.workspace.is_some() {
                serves(row, &it.id).then_some(true)
            } else {
                explicit
            };
            Some(json!({
                "id": it.slug, "enabled": enabled?, "status": it.text("status"),
                "created_at": at(row.created_at), "last_updated_at": at(row.updated_at),
            }))
        })
        .collect();
    let global = row.fields.get("global_workspace_access");
    Ok(match call.query.get("version") {
        Some(_) => {
            json!({ "data": named, "total": named.len(), "global_workspace_access": global })
        }
        None => json!({ "workspaces": named, "global_workspace_access": global }),
    }
    .into())
}

/// `PUT /mcp-integrations/{id}/workspaces`: what is not named stays, unless it is overridden.
pub(super) fn grant(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&MCP_INTEGRATIONS)?.clone();
    if row.workspace.is_some() {
        return Err(Refusal::bad_request("the MCP integration belongs to one workspace"));
    }
    let Some(named) = call.body.get("workspaces").and_then(Value::as_array) else {
        return Err(Refusal::bad_request("\"workspaces\" is required"));
    };
    let overrides = call.body.get("override_existing_workspace_access") == Some(&Value::Bool(true));
    let mut access = match row.fields.get("access") {
        Some(Value::Object(access)) if !overrides => access.clone(),
        _ => Map::new(),
    };
    for one in named {
        let id = one.get("id").and_then(Value::as_str).unwrap_or_default();
        let workspace = call.workspace(id)?.ok_or_else(|| Refusal::not_found("Workspace"))?;
        let enabled = one.get("enabled").and_then(Value::as_bool);
        let enabled = enabled.ok_or_else(|| Refusal::bad_request("\"enabled\" is required"))?;
        access.insert(workspace, enabled.into());
    }
    row.fields.insert("access".to_owned(), access.into());
    if let Some(global) = call.body.get("global_workspace_access") {
        row.fields.insert("global_workspace_access".to_owned(), global.clone());
    }
    row.updated_at = call.now;
    call.state.store.replace("mcp_integrations", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}

/// `GET …/metadata` of an integration.
pub(super) fn metadata(call: &mut Call<'_>) -> Outcome {
    Ok(described(call.row(&MCP_INTEGRATIONS)?.seen()).into())
}

/// What the upstream server says of itself.
pub(super) fn described(row: &Row) -> Value {
    let synced = row.fields.get("synced_at").cloned().unwrap_or_default();
    let known = !synced.is_null();
    let capable = json!({ "tools": {}, "prompts": {}, "resources": { "subscribe": false } });
    json!({
        "server_name": known.then(|| row.text("name")), "server_version": known.then_some("1.4.0"),
        "protocol_version": known.then_some("2025-06-18"), "title": row.text("name"),
        "description": null, "website_url": null, "icons": null,
        "capability_flags": known.then_some(capable),
        "instructions": known.then_some("Search before you create."),
        "sync_status": if known { "synced" } else { "pending" }, "last_synced_at": synced,
        "sync_error": null, "object": "mcp-server-metadata",
    })
}

/// `POST …/test` of an integration.
pub(super) fn test(call: &mut Call<'_>) -> Outcome {
    Ok(probed(call.row(&MCP_INTEGRATIONS)?).into())
}

/// Whether the upstream server answers; hosts whose name begins with `down` do not.
pub(super) fn probed(row: &Row) -> Value {
    let url = row.text("url").unwrap_or_default();
    let well = !is_down(url);
    json!({
        "success": well, "status_code": well.then_some(200),
        "response_time_ms": well.then_some(84), "url": url, "server_name": row.text("name"),
        "error": (!well).then_some("connect ETIMEDOUT"),
    })
}

fn is_down(url: &str) -> bool {
    let url = url::Url::parse(url).ok();
    url.and_then(|url| Some(url.host_str()?.starts_with("down"))).unwrap_or_default()
}

/// `POST …/sync`: reads what the upstream server offers now.
pub(super) fn sync(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&MCP_INTEGRATIONS)?.clone();
    if is_down(row.text("url").unwrap_or_default()) {
        return Err(Refusal::bad_request("the MCP server does not answer"));
    }
    let found = json!({
        "name": "list_changes", "type": "tool", "title": "List changes",
        "description": "What changed since a day.", "enabled": true,
        "input_schema": { "type": "object", "properties": { "since": { "type": "string" } } },
    });
    if let Some(capabilities) = row.fields.get_mut("capabilities").and_then(Value::as_array_mut)
        && !capabilities.iter().any(|it| it.get("name") == found.get("name"))
    {
        capabilities.push(found);
    }
    row.fields.insert("synced_at".to_owned(), Dates::Iso.write(call.now).into());
    row.updated_at = call.now;
    call.state.store.replace("mcp_integrations", row, 0, call.staleness)?;
    Ok(json!({ "success": true, "sync_status": "synced" }).into())
}
