//! Workspaces, with their members embedded when one is read.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Outcome, Refusal},
    call::Call,
    dates::Dates,
    ids,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, taken},
    state::State,
    store::Row,
};

pub(super) const WORKSPACES: Resource = Resource {
    table: "workspaces",
    title: "Workspace",
    object: "workspace",
    slug: Some("ws-"),
    named: Named::Either,
    home: Home::Anywhere,
    dates: Dates::Spaced,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: false,
        filters: &[("name", part_of_name), ("exact_name", exact_name), ("status", status)],
    },
    read: &[
        "id",
        "slug",
        "name",
        "description",
        "created_at",
        "last_updated_at",
        "defaults",
        "users",
        "usage_limits",
        "rate_limits",
        "icon",
        "security_settings",
        "settings",
        "is_default",
        "status",
        "object",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        kept("description", Kind::Text),
        kept("icon", Kind::Text),
        taken("slug", Kind::Text),
        taken("defaults", Kind::Object),
        taken("users", Kind::Array),
        kept("usage_limits", Kind::Array),
        kept("rate_limits", Kind::Array),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

const ROW: &[&str] = &[
    "id",
    "slug",
    "name",
    "description",
    "created_at",
    "last_updated_at",
    "defaults",
    "usage_limits",
    "rate_limits",
    "icon",
    "scim_source_id",
    "security_settings",
    "is_default",
    "status",
    "object",
];

fn part_of_name(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(row.text("name").is_some_and(|name| name.contains(wanted)))
}

fn exact_name(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("name") == Some(wanted))
}

fn status(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    let wanted = if wanted.is_empty() { "active" } else { wanted };
    if let Some(unknown) =
        wanted.split(',').find(|one| !matches!(one.trim(), "active" | "archived"))
    {
        return Err(Refusal::bad_request(format!(
            "\"status\" must be active or archived, not {unknown}"
        )));
    }
    Ok(wanted.split(',').any(|wanted| row.text("status") == Some(wanted.trim())))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    if call.caller.workspace.is_some() {
        return Err(Refusal::forbidden("a workspace API key cannot create workspaces"));
    }
    row.workspace = Some(row.id.clone());
    if let Some(slug) = call.text("slug") {
        row.slug = Some(ids::words(slug));
    }
    describe(row, false);
    default(call, row)?;
    unique(call, row)?;
    let users = call.body.get("users").and_then(Value::as_array).cloned().unwrap_or_default();
    let (organisation, id) = (row.organisation, row.id.clone());
    let named: Vec<&str> = users.iter().filter_map(Value::as_str).collect();
    for user in &named {
        if call.state.store.find("users", organisation, user).is_none() {
            return Err(Refusal::bad_request(format!("there is no user {user}")));
        }
    }
    for user in call.state.store.rows_mut("users").filter(|user| named.contains(&user.id.as_str()))
    {
        join(user, &id, "member");
    }
    Ok(())
}

/// The fields that every workspace has besides those of the request.
pub(super) fn describe(row: &mut Row, is_default: bool) {
    for (field, value) in [
        ("description", Value::Null),
        ("icon", Value::Null),
        ("defaults", json!({ "metadata": {} })),
        ("usage_limits", json!([])),
        ("rate_limits", json!([])),
        ("scim_source_id", Value::Null),
        ("security_settings", Value::Null),
        ("settings", Value::Null),
        ("is_default", u8::from(is_default).into()),
        ("status", "active".into()),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

/// Makes a user a member.
pub(super) fn join(user: &mut Row, workspace: &str, role: &str) {
    let memberships = user.fields.entry("memberships").or_insert_with(|| json!({}));
    if let Some(memberships) = memberships.as_object_mut() {
        memberships.insert(workspace.to_owned(), role.into());
    }
}

/// Lays the defaults of the request over those of the row; null clears.
fn default(call: &Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    match call.body.get("defaults") {
        None => {}
        Some(Value::Null) => {
            row.fields.insert("defaults".to_owned(), Value::Null);
        }
        Some(sent) => {
            let config = sent.get("user_api_key_config").and_then(Value::as_str);
            let known = |key| call.state.store.find("configs", row.organisation, key).is_some();
            if let Some(unknown) = config.filter(|key| !known(key)) {
                return Err(Refusal::bad_request(format!("there is no config {unknown}")));
            }
            let defaults = row.fields.entry("defaults").or_insert_with(|| json!({}));
            if defaults.is_null() {
                *defaults = json!({});
            }
            if let (Some(defaults), Some(sent)) = (defaults.as_object_mut(), sent.as_object()) {
                defaults.extend(sent.clone());
            }
        }
    }
    Ok(())
}

fn created(state: &State, row: &Row) -> Value {
    WORKSPACES.show(state, row, ROW)
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    if let Some(slug) = call.text("slug") {
        row.slug = Some(ids::words(slug));
    }
    default(call, row)?;
    unique(call, row)?;
    Ok(nothing().into())
}

fn unique(call: &Call<'_>, row: &Row) -> Result<(), Refusal> {
    let mut others = call.state.store.rows("workspaces").iter();
    let taken = others.any(|other| {
        other.id != row.id
            && other.organisation == row.organisation
            && (other.text("name") == row.text("name") || other.slug == row.slug)
    });
    if taken {
        Err(Refusal::conflict("a workspace of this name or slug exists already"))
    } else {
        Ok(())
    }
}

/// What hangs on a workspace and keeps it from being deleted without force.
const CONTENTS: &[&str] =
    &["configs", "prompts", "partials", "guardrails", "virtual_keys", "api_keys", "labels"];

/// `DELETE /admin/workspaces/{id}` with `{name, force_delete}`; the answer has no body.
fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    if row.fields.get("is_default").and_then(Value::as_u64) == Some(1) {
        return Err(Refusal::conflict("the default workspace cannot be deleted"));
    }
    if call.text("name") != row.text("name") {
        return Err(Refusal::bad_request("\"name\" must be the name of the workspace"));
    }
    let held = |table: &&str| {
        call.state.store.rows(table).iter().any(|other| other.workspace.as_deref() == Some(&row.id))
    };
    let force = call.body.get("force_delete") == Some(&Value::Bool(true));
    if let Some(held) = CONTENTS.iter().find(|table| held(table)).filter(|_| !force) {
        return Err(Refusal::conflict(format!("the workspace still has {held}: set force_delete")));
    }
    call.state.store.remove_workspace(&row.id);
    for user in call.state.store.rows_mut("users") {
        if let Some(memberships) = user.fields.get_mut("memberships").and_then(Value::as_object_mut)
        {
            memberships.shift_remove(&row.id);
        }
    }
    Ok(Answer::Empty)
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    if key != "users" {
        return None;
    }
    let users =
        state.store.rows("users").iter().filter(|user| user.organisation == row.organisation);
    let member = |user: &Row| {
        let role = user.fields.get("memberships")?.get(&row.id)?.clone();
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
            "workspace_id": row.id,
            "email": user.text("email"),
            "scopes": [],
            "settings": null,
        }))
    };
    Some(Value::Array(users.filter_map(member).collect()))
}
