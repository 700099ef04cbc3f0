//! Groups of an identity provider, and which of them are members of which workspace.
//!
//! `GET /v2/scim/groups` is in no official description; its rows stand under `groups` here.

use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::{Call, Query},
    crud::Page,
    dates::Dates,
    resource::{Paging, search_name},
    store::Row,
};

pub(super) const GROUPS: &str = "scim_groups";
pub(super) const MAPPINGS: &str = "scim_mappings";

const PAGING: Paging =
    Paging { page: "page", size: "page_size", first: 0, default: Some(100), cap: 100 };

/// Only keys of the whole organisation see what its identity provider sends.
fn organisation_only(call: &Call<'_>) -> Result<(), Refusal> {
    match call.caller.workspace {
        Some(_) => Err(Refusal::forbidden("SCIM needs an organisation API key")),
        None => Ok(()),
    }
}

fn paged(query: &Query, under: &str, rows: Vec<Value>) -> Outcome {
    let total = rows.len();
    let rows: Vec<Value> = Page::of(&PAGING, query)?.cut(rows.into_iter()).collect();
    Ok(json!({ under: rows, "total_count": total }).into())
}

fn own<'a>(call: &'a Call<'_>, table: &str) -> impl Iterator<Item = &'a Row> {
    let organisation = call.caller.organisation;
    call.state.store.rows(table).iter().filter(move |row| row.organisation == organisation)
}

pub(super) fn groups(call: &mut Call<'_>) -> Outcome {
    organisation_only(call)?;
    let wanted = call.query.get("search").unwrap_or_default();
    let mut rows = Vec::new();
    for row in own(call, GROUPS) {
        if search_name(call, row, wanted)? {
            let created = Dates::Iso.write(row.created_at);
            rows.push(json!({ "id": row.id, "name": row.text("name"), "created_at": created }));
        }
    }
    paged(&call.query, "groups", rows)
}

fn mapping(row: &Row) -> Value {
    json!({
        "id": row.id,
        "workspace_id": row.workspace,
        "scim_group": row.text("scim_group"),
        "scim_group_id": row.text("scim_group_id"),
        "role": row.text("role"),
    })
}

pub(super) fn mappings(call: &mut Call<'_>) -> Outcome {
    organisation_only(call)?;
    let workspace = call.workspace(call.query.get("workspace_id").unwrap_or_default())?;
    let same = |row: &Row, name: &str| {
        call.query.get(name).is_none_or(|wanted| row.text(name) == Some(wanted))
    };
    let rows = own(call, MAPPINGS).filter(|row| {
        row.text("status") == Some("active")
            && (workspace.is_none() || row.workspace == workspace)
            && same(row, "scim_group_id")
            && same(row, "role")
    });
    paged(&call.query, "mappings", rows.map(mapping).collect())
}

pub(super) fn map(call: &mut Call<'_>) -> Outcome {
    organisation_only(call)?;
    let role = call.text("role").unwrap_or_default().to_owned();
    if !matches!(&*role, "admin" | "member" | "manager") {
        return Err(Refusal::bad_request("\"role\" must be admin, member or manager"));
    }
    let workspace = call.workspace(call.text("workspace_id").unwrap_or_default())?;
    let Some(workspace) = workspace else {
        return Err(Refusal::bad_request("\"workspace_id\" is required"));
    };
    let (group_id, group) = group(call)?;
    let taken = own(call, MAPPINGS).any(|row| {
        row.workspace.as_ref() == Some(&workspace)
            && row.text("scim_group_id") == Some(&group_id)
            && row.text("status") == Some("active")
    });
    if taken {
        return Err(Refusal::conflict("the group is mapped to this workspace already"));
    }
    let mut row = Row::new(call.state.fresh_id(), call.caller.organisation, call.now);
    row.workspace = Some(workspace);
    describe(&mut row, &group_id, &group, &role);
    let answer = mapping(&row);
    call.state.store.insert(MAPPINGS, row, call.bytes)?;
    Ok(answer.into())
}

pub(super) fn describe(row: &mut Row, group_id: &str, group: &str, role: &str) {
    for (field, value) in
        [("scim_group_id", group_id), ("scim_group", group), ("role", role), ("status", "active")]
    {
        row.fields.insert(field.to_owned(), value.into());
    }
}

/// Id and name of the group that the request names; one that is not there yet is made.
fn group(call: &mut Call<'_>) -> Result<(String, String), Refusal> {
    let of = |row: &Row| (row.id.clone(), row.text("name").unwrap_or_default().to_owned());
    match (call.text("scim_group_id"), call.text("scim_group_name")) {
        (Some(id), None) => {
            let found = own(call, GROUPS).find(|row| row.id == id).map(of);
            found.ok_or_else(|| Refusal::not_found("SCIM group"))
        }
        (None, Some(name)) => {
            let automatic = name.starts_with("ws-") && name.contains("-role-");
            if automatic {
                return Err(Refusal::bad_request("the name is one of automatic provisioning"));
            }
            let name = name.to_owned();
            if let Some(found) = own(call, GROUPS).find(|row| row.text("name") == Some(&name)) {
                return Ok(of(found));
            }
            let mut row = Row::new(call.state.fresh_id(), call.caller.organisation, call.now);
            row.fields.insert("name".to_owned(), name.into());
            let made = of(&row);
            call.state.store.insert(GROUPS, row, call.bytes)?;
            Ok(made)
        }
        _ => Err(Refusal::bad_request(
            "\"value\" must contain exactly one of [scim_group_id, scim_group_name]",
        )),
    }
}

/// Archives a mapping; the group and its members stay.
pub(super) fn unmap(call: &mut Call<'_>) -> Outcome {
    organisation_only(call)?;
    let wanted = call.param(0);
    let mut found = own(call, MAPPINGS)
        .filter(|row| row.id == wanted && row.text("status") == Some("active"))
        .cloned();
    let Some(mut row) = found.next() else {
        return Err(Refusal::not_found("SCIM workspace mapping"));
    };
    drop(found);
    row.fields.insert("status".to_owned(), "archived".into());
    call.state.store.replace(MAPPINGS, row, call.bytes, None)?;
    Ok(json!({ "success": true }).into())
}
