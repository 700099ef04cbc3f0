//! The people of an organisation, as its API shows them.

use serde_json::Value;

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing},
    state::State,
    store::Row,
};

pub(super) const USERS: Resource = Resource {
    table: "users",
    title: "User",
    object: "user",
    slug: None,
    named: Named::Uuid,
    home: Home::Organisation,
    dates: Dates::Bare,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: CAMEL_CASE,
        needs_workspace: false,
        filters: &[("role", of_role), ("email", of_email)],
    },
    read: ROW,
    body: &[kept("role", Kind::Text)],
    hooks: Hooks { create, created, update, delete, derive },
};

const ROW: &[&str] = &[
    "object",
    "id",
    "first_name",
    "last_name",
    "role",
    "email",
    "created_at",
    "last_updated_at",
    "workspace_ids",
];

pub(super) const CAMEL_CASE: Paging =
    Paging { page: "currentPage", size: "pageSize", first: 0, default: Some(100), cap: 100 };

pub(super) fn of_role(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("role") == Some(wanted))
}

pub(super) fn of_email(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("email") == Some(wanted))
}

/// Nobody is made by the API: people join by invitation.
fn create(_: &mut Call<'_>, _: &mut Row) -> Result<(), Refusal> {
    Err(Refusal::bad_request("a user joins by invitation"))
}

fn created(_: &State, _: &Row) -> Value {
    nothing()
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    let role = row.text("role").unwrap_or_default();
    if !matches!(role, "admin" | "member") {
        return Err(Refusal::bad_request("\"role\" must be admin or member"));
    }
    let stored = call.state.store.find("users", row.organisation, &row.id);
    if stored.is_some_and(|user| user.text("role") == Some("owner")) {
        return Err(Refusal::forbidden("the role of the owner cannot be changed"));
    }
    Ok(nothing().into())
}

fn delete(_: &mut Call<'_>, row: &Row) -> Outcome {
    if row.text("role") == Some("owner") {
        return Err(Refusal::forbidden("the owner of the organisation cannot be removed"));
    }
    Ok(nothing().into())
}

fn derive(state: &State, row: &Row, key: &str) -> Option<Value> {
    if key != "workspace_ids" {
        return None;
    }
    let memberships = row.fields.get("memberships").and_then(Value::as_object);
    let slugs = memberships.into_iter().flatten().filter_map(|(id, _)| {
        Some(Value::from(state.store.find("workspaces", row.organisation, id)?.slug.clone()?))
    });
    Some(slugs.collect())
}
