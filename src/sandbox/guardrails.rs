//! Guardrails, of a workspace or of the whole organisation, and the MCP servers that they protect.
//!
//! As Portkey does it: `checks` and `actions` of a `PUT` replace the stored ones, all four actions
//! are required and what they record is wrapped in `feedback`, a deletion has no body.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    answer::{Answer, Outcome, Refusal},
    call::Call,
    configs::document,
    dates::Dates,
    enforcement,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, taken},
    state::State,
    store::Row,
};

pub(super) const GUARDRAILS: Resource = Resource {
    table: "guardrails",
    title: "Guardrail",
    object: "guardrail",
    slug: Some("pg-"),
    named: Named::Either,
    home: Home::Anywhere,
    dates: Dates::Iso,
    list: List {
        keys: ROW,
        object: None,
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: false,
        filters: &[("organisation_id", in_organisation), ("ids", one_of)],
    },
    read: &[
        "id",
        "name",
        "slug",
        "organisation_id",
        "workspace_id",
        "status",
        "created_at",
        "last_updated_at",
        "owner_id",
        "updated_by",
        "target",
        "checks",
        "actions",
    ],
    body: &[
        kept("name", Kind::Text).required(),
        kept("target", Kind::Text),
        kept("checks", Kind::Array),
        kept("actions", Kind::Object),
        taken("workspace_id", Kind::Text),
        taken("organisation_id", Kind::Text),
    ],
    hooks: Hooks { create, created: told, update, delete, derive: |_, _, _| None },
};

const ROW: &[&str] = &[
    "id",
    "name",
    "slug",
    "organisation_id",
    "workspace_id",
    "status",
    "created_at",
    "last_updated_at",
    "owner_id",
    "updated_by",
];

fn in_organisation(call: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || call.state.organisation_id(row) == Some(wanted))
}

fn one_of(_: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    Ok(wanted.is_empty() || wanted.split(',').any(|key| row.is(key.trim())))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let foreign =
        call.text("organisation_id").is_some_and(|id| call.state.organisation_id(row) != Some(id));
    if foreign {
        return Err(Refusal::forbidden("the organisation is not that of the key"));
    }
    describe(row, &call.caller.key_id);
    check(row)?;
    let version = call.state.fresh_id();
    row.fields.insert("version_id".to_owned(), version.into());
    Ok(())
}

/// The fields that every guardrail has besides those of the request.
pub(super) fn describe(row: &mut Row, owner: &str) {
    for (field, value) in [
        ("target", Value::from("llm")),
        ("status", "active".into()),
        ("owner_id", owner.into()),
        ("updated_by", owner.into()),
        ("mcp_servers", json!({})),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

fn told(_: &State, row: &Row) -> Value {
    json!({ "id": row.id, "slug": row.slug, "version_id": row.fields.get("version_id") })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    check(row)?;
    let version = call.state.fresh_id();
    row.fields.insert("version_id".to_owned(), version.into());
    row.fields.insert("updated_by".to_owned(), call.caller.key_id.clone().into());
    Ok(told(call.state, row).into())
}

fn check(row: &Row) -> Result<(), Refusal> {
    let target = row.text("target").unwrap_or_default();
    if !matches!(target, "llm" | "mcp_tools") {
        return Err(Refusal::bad_request("\"target\" must be one of [llm, mcp_tools]"));
    }
    let field = |name: &str| row.fields.get(name).filter(|value| !value.is_null());
    let checks = field("checks").and_then(Value::as_array);
    let nameless = |check: &Value| check.get("id").is_none_or(|id| !id.is_string());
    let wrong = match checks {
        Some(checks) if checks.is_empty() => Some("\"checks\" must contain at least 1 items"),
        Some(checks) => checks.iter().any(nameless).then_some("\"checks.id\" is required"),
        None => (target == "llm").then_some("\"checks\" is required"),
    };
    if let Some(wrong) = wrong {
        return Err(Refusal::bad_request(wrong));
    }
    let Some(actions) = field("actions") else {
        return match target {
            "llm" => Err(Refusal::bad_request("\"actions\" is required")),
            _ => Ok(()),
        };
    };
    for name in ["deny", "async"] {
        if actions.get(name).is_none_or(|flag| !flag.is_boolean()) {
            return Err(Refusal::bad_request(format!("\"actions.{name}\" must be a boolean")));
        }
    }
    for name in ["on_success", "on_fail"] {
        let feedback = actions.get(name).and_then(|action| action.get("feedback"));
        let number =
            |field: &str| feedback.and_then(|it| it.get(field)).is_some_and(Value::is_number);
        let text = feedback.and_then(|it| it.get("metadata")).is_some_and(Value::is_string);
        if !(number("value") && number("weight") && text) {
            let rule = format!("\"actions.{name}.feedback\" must have value, weight and metadata");
            return Err(Refusal::bad_request(rule));
        }
    }
    Ok(())
}

/// A guardrail that a config, a workspace or the organisation names stays.
fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    let names = [row.slug.clone().unwrap_or_default(), row.id.clone()];
    let quoted = names.map(|name| format!("\"{name}\""));
    let named = |text: &str| quoted.iter().any(|name| text.contains(name));
    let rows = |table| {
        let rows = call.state.store.rows(table).iter();
        rows.filter(|other| other.organisation == row.organisation)
    };
    let config = rows("configs").find(|config| named(&document(config).to_string()));
    let workspace = rows("workspaces")
        .find(|it| it.fields.get("defaults").is_some_and(|defaults| named(&defaults.to_string())));
    let everywhere =
        rows(enforcement::DEFAULTS).find(|it| named(&Value::Object(it.fields.clone()).to_string()));
    if let Some(user) = config.or(workspace).or(everywhere) {
        let name = user.slug.as_deref().unwrap_or("the organisation's defaults");
        return Err(Refusal::conflict(format!("the guardrail is used by {name}")));
    }
    Ok(Answer::Empty)
}

/// `GET /guardrails/{id}/mcp-servers`
pub(super) fn servers(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&GUARDRAILS)?.seen();
    Ok(json!({ "mcp_servers": row.fields.get("mcp_servers") }).into())
}

/// `PUT /guardrails/{id}/mcp-servers`: the map as it is to be.
pub(super) fn replace_servers(call: &mut Call<'_>) -> Outcome {
    let Some(sent) = call.body.get("mcp_servers").and_then(Value::as_object).cloned() else {
        return Err(Refusal::bad_request("\"mcp_servers\" must be an object"));
    };
    let mut servers = Map::new();
    for (id, mapping) in sent {
        servers.insert(uuid(&id)?, mapped(&mapping)?);
    }
    store(call, servers)
}

/// `PUT /guardrails/{id}/mcp-servers/{server}`
pub(super) fn upsert_server(call: &mut Call<'_>) -> Outcome {
    let id = uuid(call.param(1))?;
    let mapping = mapped(&Value::Object(call.body.clone()))?;
    let row = call.row(&GUARDRAILS)?;
    let stored = row.fields.get("mcp_servers").and_then(Value::as_object);
    let mut servers = stored.cloned().unwrap_or_default();
    servers.insert(id, mapping);
    store(call, servers)
}

fn store(call: &mut Call<'_>, servers: Map<String, Value>) -> Outcome {
    let mut row = call.row(&GUARDRAILS)?.clone();
    if row.text("target") != Some("mcp_tools") {
        return Err(Refusal::bad_request("the guardrail's target is not mcp_tools"));
    }
    row.fields.insert("mcp_servers".to_owned(), servers.into());
    row.updated_at = call.now;
    call.state.store.replace("guardrails", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}

fn uuid(id: &str) -> Result<String, Refusal> {
    Uuid::parse_str(id)
        .map(|id| id.to_string())
        .map_err(|_| Refusal::bad_request("the id of an MCP server must be a UUID"))
}

fn mapped(mapping: &Value) -> Result<Value, Refusal> {
    let phases = mapping.get("run_on").cloned().unwrap_or_else(|| json!(["input", "output"]));
    let known = |phase: &Value| matches!(phase.as_str(), Some("input" | "output"));
    if !phases.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(known)) {
        return Err(Refusal::bad_request("\"run_on\" must be of input and output"));
    }
    let capabilities =
        mapping.get("mcp_integration_capability_ids").cloned().unwrap_or_else(|| json!([]));
    Ok(json!({ "run_on": phases, "mcp_integration_capability_ids": capabilities }))
}
