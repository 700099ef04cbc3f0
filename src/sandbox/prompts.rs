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
    collections::{COLLECTIONS, in_collection},
    dates::Dates,
    prompt_versions::default_version,
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
pub(super) const DEFAULT: &str = "default_version";

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
