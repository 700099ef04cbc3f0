//! Prompts and their versions.
//!
//! As Portkey does it: one version is the default and is what a read shows; an update that touches
//! the content adds a version and publishes nothing; metadata is called `template_metadata` on
//! creation and reading and `prompt_metadata` on update; `patch: true` fills what is not sent from
//! the latest version; renaming, moving, the description and the virtual key alone add no version
//! and answer `{}`.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    collections::COLLECTIONS,
    dates::Dates,
    resource::{
        Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, search_name, taken,
    },
    state::State,
    store::{Row, Version},
};

pub(super) const PROMPTS: Resource = Resource {
    table: "prompts",
    title: "Prompt",
    object: "prompt",
    slug: Some("pp-"),
    named: Named::Either,
    home: Home::Anywhere,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "slug",
            "name",
            "collection_id",
            "model",
            "status",
            "workspace_id",
            "created_at",
            "last_updated_at",
            "object",
        ],
        object: Some("list"),
        paging: Paging::zero_based(Some(100), 1_000),
        needs_workspace: false,
        filters: &[("search", search_name), ("collection_id", in_collection)],
    },
    read: &[],
    body: &[
        kept("name", Kind::Text).required(),
        taken("collection_id", Kind::Text).required(),
        taken("string", Kind::Text).required(),
        taken("parameters", Kind::Object).required(),
        taken("virtual_key", Kind::Text).required(),
        taken("model", Kind::Text),
        taken("functions", Kind::Array),
        taken("tools", Kind::Array),
        taken("tool_choice", Kind::Any),
        taken("version_description", Kind::Text),
        taken("template_metadata", Kind::Object),
        taken("prompt_metadata", Kind::Object),
        taken("is_raw_template", Kind::Flag),
        taken("patch", Kind::Flag),
        taken("workspace_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete: |_, _| Ok(nothing().into()), derive },
};

/// What a version holds under the names of a read; the others of a version are its number and label.
const CONTENT: &[&str] = &[
    "string",
    "parameters",
    "model",
    "virtual_key",
    "version_description",
    "functions",
    "tools",
    "tool_choice",
    "is_raw_template",
    "template_metadata",
];

/// What may be changed without a new version.
const LOOSE: &[&str] = &["virtual_key", "version_description"];

/// The number of the default version, in the row.
const DEFAULT: &str = "default_version";

fn in_collection(call: &Call<'_>, row: &Row, wanted: &str) -> Result<bool, Refusal> {
    if wanted.is_empty() {
        return Ok(true);
    }
    let collection = call.named(&COLLECTIONS, wanted)?;
    Ok(row.text("collection_id") == Some(&collection.id))
}

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    settle(call, row)?;
    row.fields.insert("status".to_owned(), "active".into());
    row.fields.insert(DEFAULT.to_owned(), 1.into());
    let id = call.state.fresh_id();
    add_version(row, id, sent(call, "template_metadata"));
    Ok(())
}

/// Puts the prompt into the collection of the request, and so into its workspace.
fn settle(call: &Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    if let Some(key) = call.text("collection_id") {
        let collection = call.named(&COLLECTIONS, key)?;
        row.workspace.clone_from(&collection.workspace);
        row.fields.insert("collection_id".to_owned(), collection.id.clone().into());
    }
    Ok(())
}

/// The content fields of the request, under the names of a read.
fn sent(call: &Call<'_>, metadata: &str) -> Map<String, Value> {
    let from = |field: &str| {
        if field == "template_metadata" { metadata.to_owned() } else { field.to_owned() }
    };
    let value = |&field: &&str| Some((field.to_owned(), call.body.get(&from(field))?.clone()));
    CONTENT.iter().filter_map(value).collect()
}

/// Adds a version with this content; what is absent is empty.
pub(super) fn add_version(row: &mut Row, id: String, mut content: Map<String, Value>) {
    for field in CONTENT {
        let empty = match *field {
            "parameters" | "template_metadata" => json!({}),
            "is_raw_template" => 0.into(),
            _ => Value::Null,
        };
        content.entry(*field).or_insert(empty);
    }
    let number = row.versions.len() + 1;
    content.insert("number".to_owned(), number.into());
    content.insert("label_id".to_owned(), Value::Null);
    row.versions.push(Version { id, created_at: row.updated_at, fields: content });
}

fn created(_: &State, row: &Row) -> Value {
    json!({
        "id": row.id,
        "slug": row.slug,
        "version_id": row.versions.last().map(|version| &version.id),
        "object": "prompt",
    })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    settle(call, row)?;
    let patch = call.body.get("patch").is_some_and(|flag| flag == true || flag == 1);
    let mut content = sent(call, "prompt_metadata");
    let loose = content.keys().all(|field| LOOSE.contains(&field.as_str()));
    let latest = row.versions.last_mut();
    match latest {
        Some(latest) if loose && !patch => {
            latest.fields.extend(content);
            return Ok(nothing().into());
        }
        _ if content.is_empty() => return Ok(nothing().into()),
        Some(latest) => {
            let filled: &[&str] = if patch { CONTENT } else { LOOSE };
            for field in filled {
                let old = latest.fields.get(*field).cloned().unwrap_or_default();
                content.entry(*field).or_insert(old);
            }
        }
        None => {}
    }
    if let Some(missing) =
        ["string", "parameters", "model"].iter().find(|field| !content.contains_key(**field))
    {
        let rule = format!("\"{missing}\" is required: send every version field, or patch: true");
        return Err(Refusal::bad_request(rule));
    }
    let id = call.state.fresh_id();
    add_version(row, id.clone(), content);
    Ok(json!({ "id": row.id, "slug": row.slug, "prompt_version_id": id }).into())
}

fn derive(_: &State, row: &Row, key: &str) -> Option<Value> {
    (key == "model")
        .then(|| default_version(row).and_then(|version| version.fields.get("model").cloned()))?
}

pub(super) fn default_version(row: &Row) -> Option<&Version> {
    let number = row.fields.get(DEFAULT)?;
    row.versions.iter().find(|version| version.fields.get("number") == Some(number))
}

/// The version that a text names: a number, `latest`, `default` or a label.
pub(super) fn version_called<'a>(state: &State, row: &'a Row, name: &str) -> Option<&'a Version> {
    let number: Option<u64> = name.parse().ok();
    match (name, number) {
        ("default", _) => default_version(row),
        ("latest", _) => row.versions.last(),
        (_, Some(number)) => row
            .versions
            .iter()
            .find(|v| v.fields.get("number").and_then(Value::as_u64) == Some(number)),
        (label, None) => {
            let labels = state.store.rows("labels").iter();
            let mut labels =
                labels.filter(|row| row.text("name") == Some(label)).map(|row| &*row.id);
            let id = labels
                .find(|id| row.versions.iter().any(|version| label_of(version) == Some(*id)))?;
            row.versions.iter().find(|version| label_of(version) == Some(id))
        }
    }
}

fn label_of(version: &Version) -> Option<&str> {
    version.fields.get("label_id")?.as_str()
}

/// `GET /prompts/{id}`, of the default version or of `?version=`.
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&PROMPTS)?.seen();
    let version = match call.query.get("version") {
        Some(name) => version_called(call.state, row, name),
        None => default_version(row),
    };
    let version = version.ok_or_else(|| Refusal::not_found("Prompt version"))?;
    Ok(document(call.state, row, version).into())
}

/// `GET /prompts/{id}/versions/{version id}`
pub(super) fn read_version(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&PROMPTS)?.seen();
    let version = row.versions.iter().find(|version| version.id == call.param(1));
    let version = version.ok_or_else(|| Refusal::not_found("Prompt version"))?;
    Ok(document(call.state, row, version).into())
}

fn status(row: &Row, version: &Version) -> &'static str {
    if default_version(row).is_some_and(|default| default.id == version.id) {
        "active"
    } else {
        "archived"
    }
}

fn document(state: &State, row: &Row, version: &Version) -> Value {
    let field = |name: &str| version.fields.get(name).cloned().unwrap_or_default();
    let label = label_of(version);
    let name = label
        .and_then(|id| state.store.rows("labels").iter().find(|row| row.id == id)?.text("name"));
    json!({
        "id": row.id,
        "slug": row.slug,
        "name": row.text("name"),
        "collection_id": row.text("collection_id"),
        "string": field("string"),
        "parameters": field("parameters"),
        "prompt_version": field("number"),
        "prompt_version_id": version.id,
        "prompt_version_status": status(row, version),
        "prompt_version_description": field("version_description"),
        "prompt_version_label_id": field("label_id"),
        "prompt_version_labels": label.into_iter().collect::<Vec<_>>(),
        "labels": name.into_iter().collect::<Vec<_>>(),
        "virtual_key": field("virtual_key"),
        "model": field("model"),
        "functions": field("functions"),
        "tools": field("tools"),
        "tool_choice": field("tool_choice"),
        "template_metadata": field("template_metadata"),
        "is_raw_template": field("is_raw_template"),
        "status": row.text("status"),
        "created_at": Dates::Iso.write(row.created_at),
        "last_updated_at": Dates::Iso.write(row.updated_at),
        "object": "prompt",
    })
}

/// `GET /prompts/{id}/versions`: newest first, under `data` (the description says a bare array).
pub(super) fn versions(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&PROMPTS)?.seen();
    let version = |version: &Version| {
        let field = |name: &str| version.fields.get(name).cloned().unwrap_or_default();
        json!({
            "id": version.id,
            "prompt_id": row.id,
            "prompt_template": { "string": field("string") },
            "prompt_version": field("number"),
            "prompt_description": field("version_description"),
            "label_id": field("label_id"),
            "created_at": Dates::Iso.write(version.created_at),
            "status": status(row, version),
            "object": "prompt",
        })
    };
    let data: Vec<Value> = row.versions.iter().rev().map(version).collect();
    Ok(json!({ "data": data }).into())
}

/// `PUT /prompts/{id}/makeDefault` with the NUMBER of a version.
pub(super) fn make_default(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&PROMPTS)?.clone();
    let Some(number) = call.body.get("version").and_then(Value::as_u64) else {
        return Err(Refusal::bad_request("\"version\" must be the number of a version"));
    };
    if version_called(call.state, &row, &number.to_string()).is_none() {
        return Err(Refusal::not_found("Prompt version"));
    }
    row.fields.insert(DEFAULT.to_owned(), number.into());
    store(call, row)
}

/// `PUT /prompts/{id}/versions/{version id}`: moves a label to this version; null takes it off.
pub(super) fn label_version(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&PROMPTS)?.clone();
    if !row.versions.iter().any(|version| version.id == call.param(1)) {
        return Err(Refusal::not_found("Prompt version"));
    }
    let label = match call.body.get("label_id") {
        None => return Ok(nothing().into()),
        Some(Value::Null) => Value::Null,
        Some(id) => {
            let id =
                id.as_str().ok_or_else(|| Refusal::bad_request("\"label_id\" must be a string"))?;
            call.named(&super::labels::LABELS, id)?.id.clone().into()
        }
    };
    for version in &mut row.versions {
        let here = version.id == call.param(1);
        if here || (!label.is_null() && version.fields.get("label_id") == Some(&label)) {
            let value = if here { label.clone() } else { Value::Null };
            version.fields.insert("label_id".to_owned(), value);
        }
    }
    store(call, row)
}

fn store(call: &mut Call<'_>, mut row: Row) -> Outcome {
    row.updated_at = call.now;
    call.state.store.replace("prompts", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}
