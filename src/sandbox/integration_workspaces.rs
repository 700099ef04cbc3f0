//! Which workspaces may use an integration, and how much. Their ids are slugs here.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    integration_models::asked,
    integrations::{INTEGRATIONS, provide},
    resource::nothing,
    store::Row,
};

/// Whether a workspace may use an integration.
pub(super) fn serves(row: &Row, workspace: &str) -> bool {
    if let Some(own) = &row.workspace {
        return own == workspace;
    }
    let access = row.fields.get("access").and_then(|access| access.get(workspace));
    access.and_then(|access| access.get("enabled")?.as_bool()).unwrap_or_default()
}

/// `GET /integrations/{slug}/workspaces`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&INTEGRATIONS)?.seen();
    let access = row.fields.get("access");
    let at = |at| Dates::Iso.write(at);
    let rows = call.state.store.rows("workspaces").iter();
    let workspaces: Vec<Value> = rows
        .filter(|it| it.organisation == row.organisation && call.caller.sees(it))
        .filter_map(|it| {
            let own = row.workspace.as_ref() == Some(&it.id);
            let access = access.and_then(|access| access.get(&it.id));
            if access.is_none() && !own {
                return None;
            }
            let field = |name: &str| access.and_then(|access| access.get(name)).cloned();
            Some(json!({
                "id": it.slug, "enabled": serves(row, &it.id), "usage_limits": field("usage_limits"),
                "rate_limits": field("rate_limits"), "status": it.text("status"),
                "created_at": at(row.created_at), "last_updated_at": at(row.updated_at),
                "last_reset_at": field("last_reset_at"),
            }))
        })
        .collect();
    let total = workspaces.len();
    let workspaces = asked(&call.query, workspaces)?;
    Ok(json!({
        "object": "list", "total": total, "workspaces": workspaces,
        "global_workspace_access": row.fields.get("global_workspace_access_settings"),
    })
    .into())
}

/// Refuses limits that are no list of at most one.
fn check(access: &Value) -> Result<(), Refusal> {
    for field in ["usage_limits", "rate_limits"] {
        let fits = match access.get(field) {
            None | Some(Value::Null) => true,
            Some(Value::Array(limits)) => limits.len() <= 1,
            Some(_) => false,
        };
        if !fits {
            return Err(Refusal::bad_request(format!("\"{field}\" must be an array of at most 1")));
        }
    }
    Ok(())
}

/// `PUT /integrations/{slug}/workspaces`: those that are not named stay, unless all are overridden.
pub(super) fn update(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&INTEGRATIONS)?.clone();
    if row.workspace.is_some() {
        return Err(Refusal::bad_request("the integration belongs to one workspace"));
    }
    let overrides = call.body.get("override_existing_workspace_access") == Some(&Value::Bool(true));
    let before = row.fields.get("access").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut access = if overrides { Map::new() } else { before.clone() };
    let sent = call.body.get("workspaces").and_then(Value::as_array).cloned().unwrap_or_default();
    let makes = call.body.get("create_default_provider") != Some(&Value::Bool(false));
    for one in &sent {
        check(one)?;
        let id = one.get("id").and_then(Value::as_str).unwrap_or_default();
        let workspace = call.workspace(id)?.ok_or_else(|| Refusal::not_found("Workspace"))?;
        let Some(enabled) = one.get("enabled").and_then(Value::as_bool) else {
            return Err(Refusal::bad_request("\"enabled\" is required"));
        };
        let own = access.entry(workspace.clone()).or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            own.insert("enabled".to_owned(), enabled.into());
            for field in ["usage_limits", "rate_limits"] {
                own.extend(one.get(field).map(|limits| (field.to_owned(), limits.clone())));
            }
            if one.get("reset_usage") == Some(&Value::Bool(true)) {
                own.insert("last_reset_at".to_owned(), Dates::Iso.write(call.now).into());
            }
        }
        let had = before.get(&workspace).and_then(|it| it.get("enabled")) == Some(&true.into());
        let makes = one.get("create_default_provider").and_then(Value::as_bool).unwrap_or(makes);
        if enabled && !had && makes {
            let slug = one.get("default_provider_slug").and_then(Value::as_str);
            let slug = slug.or_else(|| call.text("default_provider_slug")).map(str::to_owned);
            provide(call, &row, &workspace, slug)?;
        }
    }
    row.fields.insert("access".to_owned(), access.into());
    if let Some(global) = call.body.get("global_workspace_access") {
        check(global)?;
        row.fields.insert("global_workspace_access_settings".to_owned(), global.clone());
    }
    row.updated_at = call.now;
    call.state.store.replace("integrations", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}
