//! Versions of prompts: read, listed, published, labelled.

use serde_json::{Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    dates::Dates,
    labels::LABELS,
    prompts::{DEFAULT, PROMPTS},
    resource::nothing,
    state::State,
    store::{Row, Version},
};

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
            call.named(&LABELS, id)?.id.clone().into()
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
