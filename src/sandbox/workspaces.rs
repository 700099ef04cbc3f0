//! Workspaces, with their members embedded when one is read.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Outcome, Refusal},
    call::Call,
    dates::Dates,
    ids,
    members::{join, member},
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
    check_limits(call)?;
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

/// Takes the defaults of the request in place of those of the row; null clears.
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
            row.fields.insert("defaults".to_owned(), sent.clone());
        }
    }
    Ok(())
}

/// One budget for each kind, and rates in the units that the description has.
fn check_limits(call: &Call<'_>) -> Result<(), Refusal> {
    let list = |name: &str| call.body.get(name).and_then(Value::as_array).into_iter().flatten();
    let text =
        |limit: &Value, name: &str| limit.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut kinds = Vec::new();
    for limit in list("usage_limits") {
        let kind = text(limit, "type").unwrap_or_else(|| "cost".to_owned());
        if !matches!(&*kind, "cost" | "tokens") {
            return Err(Refusal::bad_request("\"usage_limits.type\" must be cost or tokens"));
        }
        if kinds.contains(&kind) {
            return Err(Refusal::bad_request(format!("more than one usage limit of type {kind}")));
        }
        if limit.get("credit_limit").and_then(Value::as_f64).is_some_and(|it| it < 1.0) {
            return Err(Refusal::bad_request("\"usage_limits.credit_limit\" must be at least 1"));
        }
        kinds.push(kind);
    }
    for rate in list("rate_limits") {
        let known = matches!(text(rate, "type").as_deref(), Some("requests" | "tokens"))
            && matches!(text(rate, "unit").as_deref(), Some("rpm" | "rph" | "rpd"))
            && rate.get("value").is_some_and(Value::is_u64);
        if !known {
            return Err(Refusal::bad_request("\"rate_limits\" takes type, unit and value"));
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
    check_limits(call)?;
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
    Some(users.filter_map(|user| member(user.seen(), &row.id)).collect())
}
