//! Who may use an MCP server, and who is connected to what stands behind it.

use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    crud::Page,
    mcp_capabilities::{done, paged},
    mcp_servers::MCP_SERVERS,
    resource::Paging,
    store::Row,
};

/// Whether a user may use a server, and whether that is said for this user.
fn access(server: &Row, user: &str) -> (bool, bool) {
    let own = server.fields.get("user_access").and_then(|access| access.get(user)?.as_bool());
    (own.unwrap_or(server.text("default_user_access") != Some("deny")), own.is_some())
}

fn is_connected(server: &Row, user: &str) -> bool {
    server.fields.get("connections").is_some_and(|connections| connections.get(user).is_some())
}

/// `GET /mcp-servers/{id}/user-access`: the members of its workspace.
pub(super) fn users(call: &mut Call<'_>) -> Outcome {
    let server = call.row(&MCP_SERVERS)?.seen();
    let wanted = call.query.get("search").unwrap_or_default().to_lowercase();
    let users = call.state.store.rows("users").iter().filter(|user| {
        let workspace = server.workspace.as_deref().unwrap_or_default();
        let member = user.fields.get("memberships").is_some_and(|it| it.get(workspace).is_some());
        let text = |name| user.text(name).unwrap_or_default().to_lowercase();
        let name = format!("{} {} {}", text("first_name"), text("last_name"), text("email"));
        user.organisation == server.organisation && member && name.contains(&wanted)
    });
    let rows = users.map(|user| {
        let (enabled, own) = access(server, &user.id);
        let connected = is_connected(server, &user.id);
        json!({
            "user_id": user.id, "first_name": user.text("first_name"),
            "last_name": user.text("last_name"), "enabled": enabled, "has_override": own,
            "connection_status": if connected { "connected" } else { "not_connected" },
        })
    });
    let mut answer = paged(call, rows.collect())?;
    answer.insert("default_user_access".to_owned(), json!(server.text("default_user_access")));
    Ok(Value::Object(answer).into())
}

/// `PUT /mcp-servers/{id}/user-access`: users that are not named keep what they have.
pub(super) fn update(call: &mut Call<'_>) -> Outcome {
    let mut server = call.row(&MCP_SERVERS)?.clone();
    for one in call.body.get("user_access").and_then(Value::as_array).into_iter().flatten() {
        let id = one.get("user_id").and_then(Value::as_str).unwrap_or_default();
        let enabled = one.get("enabled").and_then(Value::as_bool);
        let enabled = enabled.ok_or_else(|| Refusal::bad_request("\"enabled\" is required"))?;
        let user = call.state.store.find("users", server.organisation, id);
        let user = user.ok_or_else(|| Refusal::not_found("User"))?;
        if let Some(access) = server.fields.get_mut("user_access").and_then(Value::as_object_mut) {
            access.insert(user.id.clone(), enabled.into());
        }
    }
    match call.body.get("default_user_access") {
        None => {}
        Some(Value::String(access)) if matches!(&**access, "allow" | "deny") => {
            server.fields.insert("default_user_access".to_owned(), access.clone().into());
        }
        Some(_) => {
            return Err(Refusal::bad_request("\"default_user_access\" must be allow or deny"));
        }
    }
    done(call, &MCP_SERVERS, server)
}

/// `GET /mcp-servers/{id}/user-access/check`: whether whose key this is may use it. The sandbox's
/// keys are service keys, which may.
pub(super) fn check(call: &mut Call<'_>) -> Outcome {
    let server = call.row(&MCP_SERVERS)?.seen();
    Ok(json!({ "has_access": server.text("status") == Some("active") }).into())
}

/// `GET /mcp-servers/{id}/connections`: everybody's, as with any service key.
pub(super) fn connections(call: &mut Call<'_>) -> Outcome {
    let server = call.row(&MCP_SERVERS)?.seen();
    let wanted = call.query.get("user_id");
    let stored = server.fields.get("connections").and_then(Value::as_object);
    let rows: Vec<Value> = stored
        .into_iter()
        .flatten()
        .filter(|(user, _)| wanted.is_none_or(|wanted| wanted == *user))
        .map(|(user, at)| {
            json!({ "user_id": user, "connected": true, "created_at": at, "last_updated_at": at })
        })
        .collect();
    let total = rows.len();
    let page = Page::of(&Paging::zero_based(Some(100), 500), &call.query)?;
    let data: Vec<Value> = page.cut(rows.into_iter()).collect();
    let page: usize = call.query.number("current_page")?.unwrap_or(0);
    let size: usize = call.query.number("page_size")?.unwrap_or(100);
    let more = page.saturating_add(1).saturating_mul(size) < total;
    Ok(json!({ "data": data, "total": total, "has_more": more }).into())
}

/// `DELETE /mcp-servers/{id}/connections?user_id=`, which a service key has to name.
pub(super) fn disconnect(call: &mut Call<'_>) -> Outcome {
    let mut server = call.row(&MCP_SERVERS)?.clone();
    let Some(user) = call.query.get("user_id") else {
        return Err(Refusal::bad_request("\"user_id\" is required with a service API key"));
    };
    let stored = server.fields.get_mut("connections").and_then(Value::as_object_mut);
    if stored.and_then(|stored| stored.shift_remove(user)).is_none() {
        return Err(Refusal::not_found("Connection"));
    }
    done(call, &MCP_SERVERS, server)
}
