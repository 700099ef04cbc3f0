//! Providers: the virtual keys of a workspace, seen as what its integrations give it.
//!
//! Both surfaces show the same rows (facts.md: integrations and providers replace virtual keys). An
//! organisation key names the workspace, in the query of every call but the creation.

use serde_json::Value;

use super::{
    answer::{Outcome, Refusal},
    budget::{self, Mark},
    call::Call,
    crud,
    dates::Dates,
    ids, integration_workspaces,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, taken},
    state::State,
    store::Row,
    virtual_keys::{self, UNITS},
};

pub(super) const PROVIDERS: Resource = Resource {
    table: "virtual_keys",
    title: "Provider",
    object: "provider",
    slug: Some(""),
    named: Named::Either,
    home: Home::NamedWorkspace,
    dates: Dates::Iso,
    list: List {
        keys: ROW,
        object: Some("list"),
        paging: Paging::zero_based(Some(50), 1_000),
        needs_workspace: true,
        filters: &[],
    },
    read: ROW,
    body: &[
        kept("name", Kind::Text).required(),
        kept("integration_id", Kind::Text).required(),
        taken("slug", Kind::Text),
        kept("note", Kind::Text),
        taken("usage_limits", Kind::Object),
        taken("rate_limits", Kind::Any),
        taken("reset_usage", Kind::Flag),
        kept("expires_at", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete: virtual_keys::delete, derive: budget::derive },
};

const ROW: &[&str] = &[
    "name",
    "integration_id",
    "note",
    "status",
    "usage_limits",
    "reset_usage",
    "created_at",
    "slug",
    "rate_limits",
    "expires_at",
    "object",
];

/// `GET /providers`
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    budget::settle(call, PROVIDERS.table, &Mark::VirtualKey);
    crud::list(call, &PROVIDERS)
}

/// `GET /providers/{slug}`
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    in_workspace(call)?;
    budget::settle(call, PROVIDERS.table, &Mark::VirtualKey);
    crud::read(call, &PROVIDERS)
}

/// `PUT /providers/{slug}`
pub(super) fn change(call: &mut Call<'_>) -> Outcome {
    in_workspace(call)?;
    crud::update(call, &PROVIDERS)
}

/// `DELETE /providers/{slug}`
pub(super) fn remove(call: &mut Call<'_>) -> Outcome {
    in_workspace(call)?;
    crud::delete(call, &PROVIDERS)
}

fn in_workspace(call: &Call<'_>) -> Result<(), Refusal> {
    if call.caller.workspace.is_none() && call.query.get("workspace_id").is_none() {
        return Err(Refusal::bad_request("\"workspace_id\" is required in the query"));
    }
    Ok(())
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let wanted = row.text("integration_id").unwrap_or_default();
    let integration = integration(call, wanted, row.workspace.as_deref())
        .ok_or_else(|| Refusal::not_found("Integration"))?;
    let service = integration.text("ai_provider_id").unwrap_or_default().to_owned();
    let id = integration.id.clone();
    let mark: String = row.id.chars().take(6).collect();
    let slug = call.text("slug").map_or_else(
        || format!("{}-{mark}", ids::words(row.text("name").unwrap_or_default())),
        ids::words,
    );
    let taken = call.state.store.find(PROVIDERS.table, row.organisation, &slug).is_some();
    if taken {
        return Err(Refusal::conflict("a provider of this slug exists already"));
    }
    row.slug = Some(slug);
    row.fields.insert("integration_id".to_owned(), id.into());
    budget::keep(call, row, UNITS)?;
    virtual_keys::describe(row, &service, "");
    Ok(())
}

/// The integration that is named by UUID or slug, where it serves the workspace.
fn integration<'a>(call: &'a Call<'_>, key: &str, workspace: Option<&str>) -> Option<&'a Row> {
    let row = call.state.store.find("integrations", call.caller.organisation, key)?;
    workspace.is_some_and(|workspace| integration_workspaces::serves(row, workspace)).then_some(row)
}

fn shown(row: &Row) -> Value {
    serde_json::json!({ "id": row.id, "slug": row.slug })
}

fn created(_: &State, row: &Row) -> Value {
    shown(row)
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    budget::keep(call, row, UNITS)?;
    Ok(shown(row).into())
}
