//! Gateway configs: one document each, of which every write makes a version.
//!
//! As Portkey does it: a config is read flat with the document as a JSON string; creation answers
//! `{success, data:{id, version_id}}`; an update replaces the whole document.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Outcome, Refusal},
    call::Call,
    dates::Dates,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, taken},
    state::State,
    store::{Row, Version},
};

pub(super) const CONFIGS: Resource = Resource {
    table: "configs",
    title: "Config",
    object: "config",
    slug: Some("pc-"),
    named: Named::Either,
    home: Home::Workspace,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "name",
            "slug",
            "organisation_id",
            "workspace_id",
            "is_default",
            "status",
            "owner_id",
            "updated_by",
            "created_at",
            "last_updated_at",
            "object",
        ],
        object: Some("list"),
        // Paging is not documented; clients send it, and without it everything comes at once.
        paging: Paging::zero_based(None, 1_000),
        needs_workspace: false,
        filters: &[],
    },
    read: ROW,
    body: &[
        kept("name", Kind::Text).required(),
        taken("config", Kind::Object),
        taken("isDefault", Kind::Flag),
        kept("status", Kind::Text),
        taken("workspace_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive },
};

const ROW: &[&str] = &[
    "id",
    "name",
    "workspace_id",
    "slug",
    "organisation_id",
    "is_default",
    "status",
    "owner_id",
    "updated_by",
    "created_at",
    "last_updated_at",
    "config",
    "format",
    "type",
    "version_id",
    "object",
];

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    let config = call.body.get("config").cloned().unwrap_or_else(|| json!({}));
    check(&config)?;
    let by = &call.caller.key_id;
    let is_default = call.body.get("isDefault").is_some_and(|flag| flag == 1 || flag == true);
    describe(row, by, is_default);
    if is_default {
        for other in call.state.store.rows_mut("configs") {
            if other.workspace == row.workspace && other.organisation == row.organisation {
                other.fields.insert("is_default".to_owned(), 0.into());
            }
        }
    }
    let id = call.state.fresh_id();
    add_version(row, id, &config);
    Ok(())
}

/// The fields that every config has besides its name.
pub(super) fn describe(row: &mut Row, by: &str, is_default: bool) {
    for (field, value) in [
        ("is_default", Value::from(u8::from(is_default))),
        ("status", "active".into()),
        ("owner_id", by.into()),
        ("updated_by", by.into()),
        ("format", "json".into()),
        ("type", "ORG_CONFIG".into()),
    ] {
        row.fields.entry(field).or_insert(value);
    }
}

/// Makes `config` the document of the row, as a new version.
pub(super) fn add_version(row: &mut Row, id: String, config: &Value) {
    let mut fields = Map::new();
    fields.insert("config".to_owned(), config.to_string().into());
    for field in ["name", "status", "updated_by"] {
        fields.insert(field.to_owned(), row.fields.get(field).cloned().unwrap_or_default());
    }
    row.versions.push(Version { id, created_at: row.updated_at, fields });
}

fn created(_: &State, row: &Row) -> Value {
    json!({ "success": true, "data": { "id": row.id, "version_id": latest(row).map(|version| &version.id) } })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    let config = match call.body.get("config") {
        Some(config) if !config.is_null() => config.clone(),
        _ => document(row),
    };
    check(&config)?;
    row.fields.insert("updated_by".to_owned(), call.caller.key_id.as_str().into());
    let id = call.state.fresh_id();
    add_version(row, id.clone(), &config);
    Ok(json!({ "success": true, "data": { "version_id": id } }).into())
}

fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    let names = |default: &Row| {
        let defaults = default.fields.get("defaults");
        defaults
            .and_then(|d| d.get("user_api_key_config"))
            .and_then(Value::as_str)
            .is_some_and(|key| row.is(key))
    };
    let workspace_default = call.state.store.rows("workspaces").iter().any(names);
    if workspace_default || row.fields.get("is_default").and_then(Value::as_u64) == Some(1) {
        return Err(Refusal::conflict(
            "the config is the default of a workspace and cannot be deleted",
        ));
    }
    Ok(nothing().into())
}

fn derive(_: &State, row: &Row, key: &str) -> Option<Value> {
    match key {
        "config" => latest(row)?.fields.get("config").cloned(),
        "version_id" => Some(latest(row)?.id.clone().into()),
        _ => None,
    }
}

/// `GET /configs/{slug}/versions`: newest first, the document a JSON string in each row.
pub(super) fn versions(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&CONFIGS)?.seen();
    let versions = row.versions.iter().rev();
    let data: Vec<Value> = versions
        .map(|version| {
            let mut shown = CONFIGS.show(call.state, row, ROW);
            if let Some(fields) = shown.as_object_mut() {
                fields.extend(version.fields.clone());
                fields.insert("version_id".to_owned(), version.id.clone().into());
                fields.insert("created_at".to_owned(), Dates::Iso.write(version.created_at).into());
                fields.insert(
                    "last_updated_at".to_owned(),
                    Dates::Iso.write(version.created_at).into(),
                );
            }
            shown
        })
        .collect();
    Ok(Answer::Json(json!({ "object": "list", "total": data.len(), "data": data })))
}

fn latest(row: &Row) -> Option<&Version> {
    row.versions.last()
}

/// The present document of a config.
pub(super) fn document(row: &Row) -> Value {
    let text = latest(row).and_then(|version| version.fields.get("config")?.as_str());
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

const STRATEGIES: &[&str] = &["single", "loadbalance", "fallback", "conditional"];

/// Refuses documents that the gateway could not follow; keys that it does not know pass.
fn check(config: &Value) -> Result<(), Refusal> {
    let wrong = |what: String| Err(Refusal::bad_request(format!("invalid config: {what}")));
    if let Some(strategy) = config.get("strategy") {
        let mode = strategy.get("mode").and_then(Value::as_str).unwrap_or_default();
        if !STRATEGIES.contains(&mode) {
            return wrong(format!("strategy.mode must be one of {}", STRATEGIES.join(", ")));
        }
        if mode == "conditional" && !strategy.get("conditions").is_some_and(Value::is_array) {
            return wrong("a conditional strategy needs an array strategy.conditions".to_owned());
        }
        if mode != "single" && !config.get("targets").is_some_and(Value::is_array) {
            return wrong(format!("the strategy {mode} needs an array of targets"));
        }
    }
    let targets = config.get("targets").and_then(Value::as_array);
    for target in targets.into_iter().flatten() {
        if !target.is_object() {
            return wrong("every target must be an object".to_owned());
        }
        check(target)?;
    }
    Ok(())
}

/// Whether a document names this virtual key anywhere.
pub(super) fn uses_virtual_key(document: &Value, slug: &str) -> bool {
    match document {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            (name == "virtual_key" && value == slug) || uses_virtual_key(value, slug)
        }),
        Value::Array(items) => items.iter().any(|item| uses_virtual_key(item, slug)),
        _ => false,
    }
}
