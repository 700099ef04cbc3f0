//! Partials and their versions, which templates take in by `{{>slug}}` or `{{>slug@version}}`.
//!
//! As Portkey does it: lists come as `{data}`, an update that brings a text adds a version and
//! publishes nothing, `version_description` describes it and `description` is ignored.

use serde_json::{Map, Value, json};

use super::{
    answer::{Outcome, Refusal},
    call::Call,
    collections::in_collection,
    dates::Dates,
    resource::{Home, Hooks, Kind, List, Named, Paging, Resource, kept, nothing, taken},
    state::State,
    store::{Row, Store, Version},
};

pub(super) const PARTIALS: Resource = Resource {
    table: "partials",
    title: "Prompt partial",
    object: "partial",
    slug: Some("pp-part-"),
    named: Named::Either,
    home: Home::NamedWorkspace,
    dates: Dates::Iso,
    list: List {
        keys: &[
            "id",
            "slug",
            "name",
            "collection_id",
            "created_at",
            "last_updated_at",
            "status",
            "object",
        ],
        object: None,
        paging: Paging::zero_based(None, usize::MAX),
        needs_workspace: false,
        filters: &[("collection_id", in_collection)],
    },
    read: &[],
    body: &[
        kept("name", Kind::Text).required(),
        taken("string", Kind::Text).required(),
        taken("version_description", Kind::Text),
        kept("status", Kind::Text),
        taken("workspace_id", Kind::Text),
    ],
    hooks: Hooks { create, created, update, delete, derive: |_, _, _| None },
};

/// The number of the published version, in the row.
const DEFAULT: &str = "default_version";

fn create(call: &mut Call<'_>, row: &mut Row) -> Result<(), Refusal> {
    row.fields.insert("status".to_owned(), "active".into());
    let collection = home(&call.state.store, row.workspace.as_deref());
    row.fields.insert("collection_id".to_owned(), collection.into());
    row.fields.insert(DEFAULT.to_owned(), 1.into());
    let id = call.state.fresh_id();
    let text = call.text("string").unwrap_or_default();
    add_version(row, id, text, call.text("version_description"));
    Ok(())
}

/// The collection of a workspace's partials: the default one, or its first.
pub(super) fn home(store: &Store, workspace: Option<&str>) -> Option<String> {
    let rows = || {
        let rows = store.rows("collections").iter();
        rows.filter(|row| row.workspace.as_deref() == workspace)
    };
    let default = rows().find(|row| row.fields.get("is_default") == Some(&Value::Bool(true)));
    default.or_else(|| rows().next()).map(|row| row.id.clone())
}

pub(super) fn add_version(row: &mut Row, id: String, text: &str, description: Option<&str>) {
    let mut fields = Map::new();
    fields.insert("number".to_owned(), (row.versions.len() + 1).into());
    fields.insert("string".to_owned(), text.into());
    fields.insert("description".to_owned(), description.into());
    row.versions.push(Version { id, created_at: row.updated_at, fields });
}

fn created(_: &State, row: &Row) -> Value {
    let version = row.versions.last().map(|version| &version.id);
    json!({ "id": row.id, "slug": row.slug, "version_id": version })
}

fn update(call: &mut Call<'_>, row: &mut Row) -> Outcome {
    if row.text("status").is_none_or(|status| !matches!(status, "active" | "archived")) {
        return Err(Refusal::bad_request("\"status\" must be one of [active, archived]"));
    }
    let description = call.text("version_description").map(str::to_owned);
    let Some(text) = call.body.get("string").and_then(Value::as_str).map(str::to_owned) else {
        if let (Some(latest), Some(text)) = (row.versions.last_mut(), description) {
            latest.fields.insert("description".to_owned(), text.into());
        }
        return Ok(nothing().into());
    };
    let id = call.state.fresh_id();
    add_version(row, id.clone(), &text, description.as_deref());
    Ok(json!({ "prompt_partial_version_id": id }).into())
}

/// A partial that a template names stays.
fn delete(call: &mut Call<'_>, row: &Row) -> Outcome {
    let names = [row.slug.as_deref().unwrap_or_default(), &*row.id];
    let uses = |text: &str| named_in(text).any(|(key, _)| names.contains(&key));
    let templates = |table| {
        let rows = call.state.store.rows(table).iter();
        rows.filter(|other| other.organisation == row.organisation && other.id != row.id)
    };
    let user = templates("prompts").chain(templates("partials")).find(|other| {
        other
            .versions
            .iter()
            .any(|version| version.fields.get("string").and_then(Value::as_str).is_some_and(uses))
    });
    match user {
        Some(user) => {
            let name = user.slug.as_deref().unwrap_or_default();
            Err(Refusal::conflict(format!("the partial is used by {name}")))
        }
        None => Ok(nothing().into()),
    }
}

fn description(version: &Version) -> &str {
    version.fields.get("description").and_then(Value::as_str).unwrap_or_default()
}

fn number_of(version: &Version) -> Option<u64> {
    version.fields.get("number")?.as_u64()
}

/// The published version, or the one of this number.
fn version_of(row: &Row, number: Option<u64>) -> Option<&Version> {
    let number = number.or_else(|| row.fields.get(DEFAULT)?.as_u64());
    row.versions.iter().find(|version| number_of(version) == number)
}

/// `GET /prompts/partials/{id}`, of the published version or of `?version=`.
pub(super) fn read(call: &mut Call<'_>) -> Outcome {
    let wanted: Option<u64> = call.query.number("version")?;
    let row = call.row(&PARTIALS)?.seen();
    let version =
        version_of(row, wanted).ok_or_else(|| Refusal::not_found("Prompt partial version"))?;
    Ok(json!({
        "id": row.id,
        "slug": row.slug,
        "name": row.text("name"),
        "collection_id": row.text("collection_id"),
        "string": version.fields.get("string"),
        "version": version.fields.get("number"),
        "version_description": description(version),
        "prompt_partial_version_id": version.id,
        "created_at": Dates::Iso.write(row.created_at),
        "last_updated_at": Dates::Iso.write(row.updated_at),
        "status": row.text("status"),
    })
    .into())
}

/// `GET /prompts/partials/{id}/versions`: newest first; the number of a version is text here.
pub(super) fn versions(call: &mut Call<'_>) -> Outcome {
    let row = call.row(&PARTIALS)?.seen();
    let default = version_of(row, None).map(|version| &version.id);
    let version = |version: &Version| {
        let active = Some(&version.id) == default;
        json!({
            "prompt_partial_id": row.id,
            "prompt_partial_version_id": version.id,
            "slug": row.slug,
            "version": number_of(version).map(|number| number.to_string()),
            "string": version.fields.get("string"),
            "description": description(version),
            "created_at": Dates::Iso.write(version.created_at),
            "prompt_version_status": if active { "active" } else { "archived" },
            "object": "partial",
        })
    };
    let data: Vec<Value> = row.versions.iter().rev().map(version).collect();
    Ok(json!({ "data": data }).into())
}

/// `PUT /prompts/partials/{id}/makeDefault` with the NUMBER of a version.
pub(super) fn make_default(call: &mut Call<'_>) -> Outcome {
    let mut row = call.row(&PARTIALS)?.clone();
    let Some(number) = call.body.get("version").and_then(Value::as_u64) else {
        return Err(Refusal::bad_request("\"version\" must be the number of a version"));
    };
    if version_of(&row, Some(number)).is_none() {
        return Err(Refusal::not_found("Prompt partial version"));
    }
    row.fields.insert(DEFAULT.to_owned(), number.into());
    row.updated_at = call.now;
    call.state.store.replace("partials", row, call.bytes, call.staleness)?;
    Ok(nothing().into())
}

/// Partials that take each other in end here.
const DEPTH: usize = 5;

/// The template with its partials in place; what names none that the workspace has stays.
pub(super) fn expand(store: &Store, workspace: Option<&str>, template: &str) -> String {
    expand_to(store, workspace, template, DEPTH)
}

fn expand_to(store: &Store, workspace: Option<&str>, template: &str, depth: usize) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{>") {
        out.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            out.push_str("{{>");
            rest = after;
            continue;
        };
        let (key, number) = key_of(name);
        let row = store
            .rows("partials")
            .iter()
            .find(|row| row.is(key) && row.workspace.as_deref() == workspace);
        let text = row
            .and_then(|row| version_of(row, number))
            .and_then(|version| version.fields.get("string")?.as_str());
        match text {
            Some(text) if depth > 0 => {
                out.push_str(&expand_to(store, workspace, text, depth - 1));
            }
            _ => out.push_str(&format!("{{{{>{name}}}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The partials that a template names: id or slug, and the version if it says one.
fn named_in(template: &str) -> impl Iterator<Item = (&str, Option<u64>)> {
    let named = template.split("{{>").skip(1);
    named.filter_map(|after| Some(key_of(after.split_once("}}")?.0)))
}

fn key_of(name: &str) -> (&str, Option<u64>) {
    match name.trim().split_once('@') {
        Some((key, version)) => (key, version.parse().ok()),
        None => (name.trim(), None),
    }
}
