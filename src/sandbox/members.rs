//! Members of a workspace: `/admin/workspaces/{}/users`. A membership is kept with its user.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    crud::Page,
    dates::Dates,
    resource::{Paging, nothing},
    store::Row,
    users::{USERS, of_email},
    workspaces::WORKSPACES,
};

const PAGING: Paging = Paging::zero_based(Some(50), 100);

/// Makes a user a member.
pub(super) fn join(user: &mut Row, workspace: &str, role: &str) {
    let memberships = user.fields.entry("memberships").or_insert_with(|| json!({}));
    if let Some(memberships) = memberships.as_object_mut() {
        memberships.insert(workspace.to_owned(), role.into());
    }
}

fn leave(user: &mut Row, workspace: &str) {
    if let Some(memberships) = user.fields.get_mut("memberships").and_then(Value::as_object_mut) {
        memberships.shift_remove(workspace);
    }
}

fn role_of<'a>(user: &'a Row, workspace: &str) -> Option<&'a str> {
    user.fields.get("memberships")?.get(workspace)?.as_str()
}

/// The user as a member of the workspace, where it is one.
pub(super) fn member(user: &Row, workspace: &str) -> Option<Value> {
    let role = role_of(user, workspace)?;
    Some(json!({
        "object": "workspace-user",
        "id": user.id,
        "first_name": user.text("first_name"),
        "last_name": user.text("last_name"),
        "org_role": user.text("role"),
        "role": role,
        "created_at": Dates::Iso.write(user.created_at),
        "last_updated_at": Dates::Iso.write(user.updated_at),
        "status": "active",
        "workspace_id": workspace,
        "email": user.text("email"),
        "scopes": [],
        "settings": null,
    }))
}

/// The UUID of the workspace that the path names.
fn workspace(call: &Call<'_>) -> Result<String, Refusal> {
    Ok(call.named(&WORKSPACES, call.param(0))?.id.clone())
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let workspace = workspace(call)?;
    let (role, email) = (call.query.get("role"), call.query.get("email").unwrap_or_default());
    let mut members = Vec::new();
    for user in call.state.store.rows("users") {
        let user = user.seen();
        let fits = role.is_none_or(|role| role_of(user, &workspace) == Some(role));
        if user.organisation == call.caller.organisation && fits && of_email(call, user, email)? {
            members.extend(member(user, &workspace));
        }
    }
    let total = members.len();
    let page = Page::of(&PAGING, &call.query)?;
    let data: Vec<Value> = page.cut(members.into_iter()).collect();
    Ok(json!({ "total": total, "object": "list", "data": data }).into())
}

/// `POST` with `{users:[{id, role}]}`.
pub(super) fn add(call: &mut Call<'_>) -> Outcome {
    let workspace = workspace(call)?;
    let named = call.body.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
    if named.is_empty() {
        return Err(Refusal::bad_request("\"users\" must contain at least 1 items"));
    }
    let mut joined = Vec::new();
    for place in &named {
        let field = |name: &str| place.get(name).and_then(Value::as_str).unwrap_or_default();
        let role = checked(field("role"))?;
        let user = call.named(&USERS, field("id"))?;
        if role_of(user, &workspace).is_some() {
            return Err(Refusal::conflict(format!("{} is a member already", user.id)));
        }
        let mut user = user.clone();
        join(&mut user, &workspace, role);
        joined.push(user);
    }
    for user in joined {
        keep(call, user)?;
    }
    Ok(nothing().into())
}

/// The live answer has no id and puts `ws-` before the role.
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let (workspace, user) = named(call)?;
    let Some(Value::Object(mut fields)) = member(user.seen(), &workspace) else {
        return Err(Refusal::not_found("Workspace user"));
    };
    fields.shift_remove("id");
    if let Some(Value::String(role)) = fields.get_mut("role") {
        role.insert_str(0, "ws-");
    }
    Ok(Value::Object(fields).into())
}

pub(super) fn update(call: &mut Call<'_>) -> Outcome {
    let (workspace, mut user) = named(call)?;
    let role = checked(call.text("role").unwrap_or_default())?.to_owned();
    join(&mut user, &workspace, &role);
    keep(call, user)
}

pub(super) fn remove(call: &mut Call<'_>) -> Outcome {
    let (workspace, mut user) = named(call)?;
    leave(&mut user, &workspace);
    keep(call, user)
}

fn checked(role: &str) -> Result<&str, Refusal> {
    if matches!(role, "admin" | "manager" | "member") {
        return Ok(role);
    }
    Err(Refusal::bad_request("\"role\" must be one of [admin, member, manager]"))
}

/// The workspace and the member that the path names.
fn named(call: &Call<'_>) -> Result<(String, Row), Refusal> {
    let workspace = workspace(call)?;
    let user = call.named(&USERS, call.param(1))?;
    if role_of(user, &workspace).is_none() {
        return Err(Refusal::not_found("Workspace user"));
    }
    Ok((workspace, user.clone()))
}

fn keep(call: &mut Call<'_>, mut user: Row) -> Outcome {
    user.updated_at = call.now;
    call.state.store.replace("users", user, call.bytes, call.staleness)?;
    Ok(Value::Object(Map::new()).into())
}
