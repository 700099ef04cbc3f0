//! What integrations of providers and of MCP servers have in common.

use serde_json::Value;

use super::{answer::Refusal, call::Call, state::State, store::Row};

/// Whether it belongs to one workspace or to the organisation.
pub(super) fn level(row: &Row) -> &'static str {
    if row.workspace.is_some() { "workspace" } else { "organisation" }
}

/// A filter by that.
pub(super) fn of_level(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    match wanted {
        "" | "all" => Ok(true),
        "workspace" | "organisation" => Ok(wanted == level(row)),
        _ => Err(Refusal::bad_request("\"type\" must be workspace, organisation or all")),
    }
}

/// How many workspaces may use it.
pub(super) fn served(state: &State, row: &Row, serves: fn(&Row, &str) -> bool) -> usize {
    let rows = state.store.rows("workspaces").iter();
    let own = rows.filter(|it| it.organisation == row.organisation);
    own.filter(|it| serves(row, &it.id)).count()
}

/// Takes down the rows of a table that are built on it, which name it in a field.
pub(super) fn take_down(call: &mut Call<'_>, table: &str, field: &str, row: &Row) {
    let rows = call.state.store.rows(table).iter();
    let built: Vec<String> =
        rows.filter(|it| it.text(field) == Some(&row.id)).map(|it| it.id.clone()).collect();
    for id in built {
        call.state.store.remove(table, &id);
    }
}

/// Each mapping fills another field, from a secret reference that is there.
pub(super) fn check_mappings(call: &Call<'_>, row: &Row, fields: &[&str]) -> Result<(), Refusal> {
    let mappings = call.body.get("secret_mappings").and_then(Value::as_array);
    let mut seen = Vec::new();
    for mapping in mappings.into_iter().flatten() {
        let text = |name: &str| mapping.get(name).and_then(Value::as_str).unwrap_or_default();
        let target = text("target_field");
        if !fields.iter().any(|field| target.starts_with(field)) || seen.contains(&target) {
            let message = format!("\"target_field\" cannot be {target}, or is there twice");
            return Err(Refusal::bad_request(message));
        }
        seen.push(target);
        let reference = text("secret_reference_id");
        if call.state.store.find("secret_references", row.organisation, reference).is_none() {
            return Err(Refusal::not_found("Secret reference"));
        }
    }
    Ok(())
}
