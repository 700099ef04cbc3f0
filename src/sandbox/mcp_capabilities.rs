//! Tools, prompts and resources of MCP integrations, and which of them a server passes on.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    crud::Page,
    dates::Dates,
    mcp_integrations::MCP_INTEGRATIONS,
    mcp_servers::{MCP_SERVERS, integration},
    resource::{Paging, Resource},
    store::Row,
};

/// These lists count their pages from one.
pub(super) const FROM_ONE: Paging =
    Paging { page: "page", size: "page_size", first: 1, default: Some(100), cap: 500 };

const TYPES: [(&str, &str); 4] = [
    ("tool", "tools"),
    ("prompt", "prompts"),
    ("resource", "resources"),
    ("resource_template", "resource_templates"),
];

/// Every field that a capability may have.
const FIELDS: [&str; 14] = [
    "name",
    "type",
    "title",
    "description",
    "icons",
    "input_schema",
    "output_schema",
    "execution",
    "annotations",
    "arguments",
    "uri",
    "uri_template",
    "mime_type",
    "size",
];

/// `GET /mcp-integrations/{id}/capabilities`.
pub(super) fn of_integration(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&MCP_INTEGRATIONS)?.seen();
    let (made, changed) = (Dates::Iso.write(row.created_at), Dates::Iso.write(row.updated_at));
    let shown = capabilities(row).iter().map(|it| {
        let mut shown = whole(it);
        shown.insert("enabled".to_owned(), is_enabled(it).into());
        shown.insert("created_at".to_owned(), made.clone().into());
        shown.insert("last_updated_at".to_owned(), changed.clone().into());
        shown
    });
    listed(call, &shown.collect::<Vec<_>>())
}

/// `GET /mcp-servers/{id}/capabilities`: what its integration has and does not hold back.
pub(super) fn of_server(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&MCP_SERVERS)?.seen();
    let below =
        integration(call.state, row).ok_or_else(|| Refusal::not_found("MCP integration"))?;
    let own = row.fields.get("capabilities");
    let shown = capabilities(below).iter().map(|it| {
        let mut shown = whole(it);
        let own = own.and_then(|own| own.get(key(it))?.as_bool()).unwrap_or(true);
        shown.insert("enabled".to_owned(), (own && is_enabled(it)).into());
        shown.insert("integration_enabled".to_owned(), is_enabled(it).into());
        shown
    });
    listed(call, &shown.collect::<Vec<_>>())
}

fn capabilities(row: &Row) -> &[Value] {
    row.fields.get("capabilities").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn is_enabled(capability: &Value) -> bool {
    capability.get("enabled").and_then(Value::as_bool).unwrap_or(true)
}

/// What tells capabilities apart.
fn key(capability: &Value) -> String {
    format!("{}/{}", text(capability, "type"), text(capability, "name"))
}

fn whole(capability: &Value) -> Map<String, Value> {
    let field = |name: &&str| capability.get(*name).cloned().unwrap_or_default();
    FIELDS.iter().map(|name| ((*name).to_owned(), field(name))).collect()
}

fn listed(call: &Call<'_>, all: &[Map<String, Value>]) -> Outcome {
    let kind = |it: &Map<String, Value>| it.get("type").and_then(Value::as_str).map(str::to_owned);
    let count = |wanted: &str| {
        let of_type = || all.iter().filter(|it| kind(it).as_deref() == Some(wanted));
        let enabled = of_type().filter(|it| it.get("enabled") == Some(&Value::Bool(true)));
        json!({ "total": of_type().count(), "enabled": enabled.count() })
    };
    let counts: Map<String, Value> =
        TYPES.iter().map(|(one, many)| ((*many).to_owned(), count(one))).collect();
    let wanted = call.query.get("type");
    if let Some(wanted) = wanted.filter(|wanted| TYPES.iter().all(|(one, _)| one != wanted)) {
        return Err(Refusal::bad_request(format!("\"type\" cannot be {wanted}")));
    }
    let rows: Vec<Value> = all
        .iter()
        .filter(|it| wanted.is_none() || kind(it).as_deref() == wanted)
        .map(|it| Value::Object(it.clone()))
        .collect();
    let mut answer = paged(call, rows)?;
    answer.insert("counts".to_owned(), counts.into());
    Ok(Value::Object(answer).into())
}

/// A page that is counted from one, with `has_more`.
pub(super) fn paged(call: &Call<'_>, rows: Vec<Value>) -> Result<Map<String, Value>, Refusal> {
    let total = rows.len();
    let page: usize = call.query.number("page")?.unwrap_or(1);
    let size: usize = call.query.number("page_size")?.unwrap_or(100);
    let data: Vec<Value> = Page::of(&FROM_ONE, &call.query)?.cut(rows.into_iter()).collect();
    let mut answer = Map::new();
    answer.insert("has_more".to_owned(), (page.saturating_mul(size) < total).into());
    answer.insert("total".to_owned(), total.into());
    answer.insert("data".to_owned(), data.into());
    Ok(answer)
}

/// The capabilities of the body, each of them known.
fn named(call: &Call<'_>, known: &[Value]) -> Result<Vec<(String, bool)>, Refusal> {
    let sent = call.body.get("capabilities").and_then(Value::as_array).filter(|it| !it.is_empty());
    let sent = sent.ok_or_else(|| Refusal::bad_request("\"capabilities\" is required"))?;
    sent.iter()
        .map(|one| {
            let key = key(one);
            let enabled = one.get("enabled").and_then(Value::as_bool);
            let enabled = enabled.ok_or_else(|| Refusal::bad_request("\"enabled\" is required"))?;
            if !known.iter().any(|it| self::key(it) == key) {
                return Err(Refusal::bad_request(format!("there is no capability {key}")));
            }
            Ok((key, enabled))
        })
        .collect()
}

/// `PUT /mcp-integrations/{id}/capabilities`: only those that are named change.
pub(super) fn update_integration(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&MCP_INTEGRATIONS)?.clone();
    let wanted = named(call, capabilities(&row))?;
    let stored = row.fields.get_mut("capabilities").and_then(Value::as_array_mut);
    for capability in stored.into_iter().flatten() {
        let key = key(capability);
        if let (Some((_, enabled)), Some(fields)) =
            (wanted.iter().find(|(wanted, _)| *wanted == key), capability.as_object_mut())
        {
            fields.insert("enabled".to_owned(), (*enabled).into());
        }
    }
    done(call, &MCP_INTEGRATIONS, row)
}

/// `PUT /mcp-servers/{id}/capabilities`: only those that are named change.
pub(super) fn update_server(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&MCP_SERVERS)?.clone();
    let below =
        integration(call.state, &row).ok_or_else(|| Refusal::not_found("MCP integration"))?;
    let wanted = named(call, capabilities(below))?;
    if let Some(own) = row.fields.get_mut("capabilities").and_then(Value::as_object_mut) {
        own.extend(wanted.into_iter().map(|(key, enabled)| (key, enabled.into())));
    }
    done(call, &MCP_SERVERS, row)
}

pub(super) fn done(call: &mut Call<'_>, resource: &Resource, mut row: Row) -> Outcome {
    row.updated_at = call.now;
    call.state.store.replace(resource.table, row, call.bytes, call.staleness)?;
    Ok(json!({ "success": true }).into())
}
