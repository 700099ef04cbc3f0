//! Invitations to an organisation. One that is cancelled stays to be seen.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    resource::{Home, Hooks, Kind, List, Named, Resource, kept, nothing, taken},
    state::State,
    store::Row,
    users::{CAMEL_CASE, of_email, of_role},
};

pub(super) const INVITES: Resource = Resource {
    table: "invites",
    title: "Invite",
    object: "invite",
    slug: None,
    named: Named::Uuid,
    home: Home::Organisation,
    dates: Dates::Bare,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: CAMEL_CASE,
        needs_workspace: false,
        filters: &[("role", of_role), ("email", of_email), ("status", of_status)],
    },
    read: ROW,
    body: &[
        kept("email", Kind::Text).required(),
        kept("role", Kind::Text).required(),
        taken("workspaces", Kind::Array).required(),
        taken("workspace_api_key_details", Kind::Object),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

const ROW: &[&str] = &[
    "object",
    "id",
    "email",
    "role",
    "created_at",
    "expires_at",
    "accepted_at",
    "status",
    "invited_by",
    "workspaces",
];

/// How long an invitation can be accepted.
const VALID: SignedDuration = SignedDuration::from_hours(7 * 24);

fn of_status(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || row.text("status") == Some(wanted))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let email = row.text("email").unwrap_or_default();
    if !email.contains('@') {
        return Err(Refusal::bad_request("\"email\" must be a valid email"));
    }
    if !matches!(row.text("role"), Some("admin" | "member")) {
        return Err(Refusal::bad_request("\"role\" must be admin or member"));
    }
    let details = call.body.get("workspace_api_key_details");
    if details.is_some_and(|details| !details["scopes"].is_array()) {
        return Err(Refusal::bad_request("\"workspace_api_key_details.scopes\" is required"));
    }
    let same = |table: &str, status: Option<&str>| {
        call.state.store.rows(table).iter().any(|other| {
            other.organisation == row.organisation
                && other.text("email") == Some(email)
                && (status.is_none() || other.text("status") == status)
        })
    };
    if same("users", None) || same("invites", Some("pending")) {
        return Err(Refusal::conflict("this person is a user or invited already"));
    }
    let mut places = Vec::new();
    for place in call.body.get("workspaces").and_then(Value::as_array).into_iter().flatten() {
        let key = place.get("id").and_then(Value::as_str).unwrap_or_default();
        let role = place.get("role").and_then(Value::as_str).unwrap_or_default();
        let Some(workspace) = call.state.store.find("workspaces", row.organisation, key) else {
            return Err(Refusal::bad_request(format!("there is no workspace {key}")));
        };
        if !matches!(role, "admin" | "member" | "manager") {
            return Err(Refusal::bad_request(
                "\"workspaces.role\" must be admin, member or manager",
            ));
        }
        places.push(json!({ "workspace_id": workspace.slug, "role": role }));
    }
    let by = call.caller.key_id.clone();
    describe(row, &by, "pending", places);
    Ok(())
}

/// The fields that every invitation has besides those of the request.
pub(super) fn describe(row: &mut Row, by: &str, status: &str, places: Vec<Value>) {
    let end = |at: Timestamp, after: SignedDuration| {
        let at = at.checked_add(after).unwrap_or(at);
        Value::from(Dates::Bare.write(at))
    };
    let accepted = match status {
        "accepted" => end(row.created_at, SignedDuration::from_hours(5)),
        _ => Value::Null,
    };
    for (field, value) in [
        ("status", Value::from(status)),
        ("expires_at", end(row.created_at, VALID)),
        ("accepted_at", accepted),
        ("invited_by", by.into()),
        ("workspaces", places.into()),
    ] {
        row.fields.insert(field.to_owned(), value);
    }
}

fn link(id: &str) -> String {
    format!("https://app.example.com/invite/{id}")
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "invite_link": link(&row.id) })
}

/// There is no route that changes one.
fn update(_: &mut Call<'_>, _: &mut Row) -> Outcome {
    Ok(nothing().into())
}

fn delete(_: &mut Call<'_>, _: &Row) -> Outcome {
    Ok(nothing().into())
}

fn derive(_: &State, _: &Row, _: &str) -> Option<Value> {
    None
}

/// `DELETE /admin/users/invites/{id}`.
pub(super) fn cancel(call: &mut Call<'_>) -> Outcome {
    let mut row = pending(call)?;
    row.fields.insert("status".to_owned(), "cancelled".into());
    row.updated_at = call.now;
    call.state.store.replace("invites", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}

/// `POST /admin/users/invites/{id}/resend`; the link has another name here than on creation.
pub(super) fn resend(call: &mut Call<'_>) -> Outcome {
    let row = pending(call)?;
    Ok(json!({ "inviteLink": link(&row.id) }).into())
}

fn pending(call: &Call<'_>) -> Result<Row, Refusal> {
    let row = call.row(&INVITES)?;
    match row.text("status") {
        Some("pending") => Ok(row.clone()),
        other => {
            let status = other.unwrap_or_default();
            Err(Refusal::bad_request(format!("the invite is {status}, not pending")))
        }
    }
}
