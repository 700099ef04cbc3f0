//! Guardrails of the whole organisation, and the workspaces that are let off.
//!
//! The answers of these routes are not documented. Defaults are read as rows with id and slug; a
//! list that a `PUT` leaves out is emptied here, the stricter of the ways that Portkey may have.

use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    guardrails::GUARDRAILS,
    resource::nothing,
    store::Row,
};

/// Table of the defaults, a row for each organisation.
pub(super) const DEFAULTS: &str = "organisation_defaults";
const LISTS: [&str; 2] = ["input_guardrails", "output_guardrails"];

/// `GET /admin/organisation/defaults`
pub(super) fn defaults(call: &mut Call<'_>) -> Outcome {
    let organisation = call.caller.organisation;
    let rows = call.state.store.rows(DEFAULTS).iter();
    let row = rows.filter(|row| row.organisation == organisation).map(Row::seen).next();
    let list = |name: &str| row.and_then(|row| row.fields.get(name).cloned());
    let [input, output] = LISTS.map(|name| list(name).unwrap_or_else(|| json!([])));
    Ok(json!({ "input_guardrails": input, "output_guardrails": output }).into())
}

/// `PUT /admin/organisation/defaults`
pub(super) fn set_defaults(call: &mut Call<'_>) -> Outcome {
    let organisation = call.caller.organisation;
    let mut row = Row::new(call.state.fresh_id(), organisation, call.now);
    for name in LISTS {
        let sent = call.body.get(name).cloned().unwrap_or_else(|| json!([]));
        let Value::Array(sent) = sent else {
            return Err(Refusal::bad_request(format!("\"{name}\" must be an array")));
        };
        let mut list = Vec::new();
        for key in sent {
            let key = key.as_str().unwrap_or_default();
            let guardrail = call.named(&GUARDRAILS, key)?;
            list.push(json!({ "id": guardrail.id, "slug": guardrail.slug }));
        }
        row.fields.insert(name.to_owned(), list.into());
    }
    let old = call.state.store.rows(DEFAULTS).iter();
    let old = old.filter(|row| row.organisation == organisation).map(|row| row.id.clone()).next();
    match old {
        Some(id) => {
            row.id = id;
            call.state.store.replace(DEFAULTS, row, call.bytes, call.staleness)?;
        }
        None => call.state.store.insert(DEFAULTS, row, call.bytes)?,
    }
    Ok(nothing().into())
}

/// Table of the workspaces that are let off, a row for each and kind.
pub(super) const EXCLUSIONS: &str = "exclusions";

/// `GET /workspace-exclusions/{kind}`
pub(super) fn excluded(call: &mut Call<'_>) -> Outcome {
    let kind = call.param(0).to_owned();
    let named = call.query.get("organisation_id").map(str::to_owned);
    own(call, named.as_deref())?;
    let organisation = call.caller.organisation;
    let store = &call.state.store;
    let rows = store.rows(EXCLUSIONS).iter().filter(|row| row.organisation == organisation);
    let mut data = Vec::new();
    for row in rows.filter(|row| row.text("kind") == Some(&kind)) {
        let id = row.text("workspace_id").unwrap_or_default();
        let Some(workspace) = store.find("workspaces", organisation, id) else { continue };
        data.push(json!({ "workspace_id": id, "workspace_slug": workspace.slug,
            "workspace_name": workspace.text("name"), "excluded": true }));
    }
    Ok(json!({ "object": "list", "total": data.len(), "data": data }).into())
}

/// `PUT /workspace-exclusions/{kind}`
pub(super) fn exclude(call: &mut Call<'_>) -> Outcome {
    let kind = call.param(0).to_owned();
    let named = call.text("organisation_id").map(str::to_owned);
    own(call, named.as_deref())?;
    let sent = call.body.get("workspaces").and_then(Value::as_array).cloned();
    let sent = sent.ok_or_else(|| Refusal::bad_request("\"workspaces\" must be an array"))?;
    let mut states = Vec::new();
    for state in &sent {
        let id = state.get("workspace_id").and_then(Value::as_str).unwrap_or_default();
        let excluded = state.get("excluded").and_then(Value::as_bool);
        let (Some(id), Some(excluded)) = (call.workspace(id)?, excluded) else {
            let rule = "\"workspaces\" must be of workspace_id and excluded";
            return Err(Refusal::bad_request(rule));
        };
        states.push((id, excluded));
    }
    let all = call.body.get("override_existing") == Some(&Value::Bool(true));
    let organisation = call.caller.organisation;
    let gone: Vec<String> = call
        .state
        .store
        .rows(EXCLUSIONS)
        .iter()
        .filter(|row| row.organisation == organisation && row.text("kind") == Some(&kind))
        .filter(|row| all || states.iter().any(|(id, _)| row.text("workspace_id") == Some(id)))
        .map(|row| row.id.clone())
        .collect();
    for id in gone {
        call.state.store.remove(EXCLUSIONS, &id);
    }
    for (workspace, _) in states.into_iter().filter(|(_, excluded)| *excluded) {
        let row = Row::new(call.state.fresh_id(), organisation, call.now);
        call.state.store.insert(EXCLUSIONS, exclusion(row, &kind, &workspace), call.bytes)?;
    }
    Ok(nothing().into())
}

/// The row that lets a workspace off.
pub(super) fn exclusion(mut row: Row, kind: &str, workspace: &str) -> Row {
    row.fields.insert("kind".to_owned(), kind.into());
    row.fields.insert("workspace_id".to_owned(), workspace.into());
    row
}

/// Refuses another organisation than the key's.
fn own(call: &Call<'_>, named: Option<&str>) -> Result<(), Refusal> {
    let own = call.state.organisations.get(call.caller.organisation).map(String::as_str);
    match named {
        None => Err(Refusal::bad_request("\"organisation_id\" is required")),
        Some(_) if named == own => Ok(()),
        Some(_) => Err(Refusal::forbidden("the organisation is not that of the key")),
    }
}
