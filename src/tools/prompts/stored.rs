//! What Portkey stores: a prompt with its versions, and a prompt by its name.
//!
//! Reads can lag behind writes (facts.md, "Spec against reality" 14), so they are repeated for a
//! moment where they show less than this server knows.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::tool::{Call, Error, JsonObject, LIST, Result, unwrapped};

pub const PATH: &str = "/prompts/{prompt_id}";
const VERSIONS: &str = "/prompts/{prompt_id}/versions";
const VERSION: &str = "/prompts/{prompt_id}/versions/{version_id}";

/// The most rows that a page of prompts can have.
const PAGE_SIZE: u64 = 100;

/// A prompt as it is shown, with every version, and whether that is older than the last write.
#[derive(Debug)]
pub struct Shown {
    /// With the fields of its default version, or of the one that was asked for.
    pub prompt: JsonObject,
    pub versions: Vec<JsonObject>,
    pub stale: bool,
}

/// A prompt and its newest version, published or not: what a write adds to.
#[derive(Debug)]
pub struct Stored {
    /// With the fields of its default version.
    pub prompt: JsonObject,
    pub latest: JsonObject,
}

impl Shown {
    pub fn newest_number(&self) -> Option<u64> {
        number(newest(&self.versions)?, "prompt_version")
    }
}

impl Stored {
    pub fn prompt_id(&self) -> &str {
        text(&self.prompt, "id").unwrap_or_default()
    }

    pub fn version_id(&self) -> Option<&str> {
        text(&self.latest, "prompt_version_id")
    }

    pub fn version(&self) -> Option<u64> {
        number(&self.latest, "prompt_version")
    }

    /// Whether requests get the newest version.
    pub fn is_published(&self) -> bool {
        self.version_id() == text(&self.prompt, "prompt_version_id")
    }
}

pub fn text<'a>(fields: &'a JsonObject, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str()
}

pub fn number(fields: &JsonObject, name: &str) -> Option<u64> {
    let value = fields.get(name)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// What is remembered of a prompt's replaced versions hangs on this.
pub fn key(prompt_id: &str) -> String {
    format!("prompts/{prompt_id}")
}

/// Reads a prompt with its versions, waiting a moment while they are older than the last write.
pub async fn show(call: &Call, prompt_id: &str, version: Option<u32>) -> Result<Shown> {
    let ((prompt, versions), fresh) = call
        .patiently(|| async {
            let asked = json!({ "prompt_id": prompt_id, "version": version });
            let (prompt, versions) =
                tokio::try_join!(call.get(PATH, asked), versions(call, prompt_id))?;
            let prompt = object(prompt)?;
            let key = key(text(&prompt, "id").unwrap_or(prompt_id));
            let latest = newest(&versions).and_then(|row| text(row, "id"));
            let fresh = latest.is_none_or(|id| !call.is_stale(&key, id));
            Ok(((prompt, versions), fresh))
        })
        .await?;
    Ok(Shown { prompt, versions, stale: !fresh })
}

/// The same for a workflow that writes.
///
/// # Errors
/// Also when the newest version stays one that this server has replaced: a write would build on it.
pub async fn show_fresh(call: &Call, prompt_id: &str) -> Result<Shown> {
    let shown = show(call, prompt_id, None).await?;
    if shown.stale {
        let message =
            "Portkey still shows a version that was replaced moments ago; nothing was written";
        return Err(Error::Stale(message.into()));
    }
    Ok(shown)
}

/// Reads a prompt and its newest version; errors as [`show_fresh`].
pub async fn read(call: &Call, prompt_id: &str) -> Result<Stored> {
    let Shown { prompt, versions, .. } = show_fresh(call, prompt_id).await?;
    let latest = match newest(&versions) {
        Some(row) if text(row, "id") != text(&prompt, "prompt_version_id") => {
            let asked = json!({ "prompt_id": prompt_id, "version_id": row.get("id") });
            let mut version = object(call.get(VERSION, asked).await?)?;
            for (name, given) in [("prompt_version_id", "id"), ("prompt_version", "prompt_version")]
            {
                version.entry(name).or_insert(row.get(given).cloned().unwrap_or_default());
            }
            version
        }
        _ => prompt.clone(),
    };
    Ok(Stored { prompt, latest })
}

/// The row of a version in the list; with `patient`, waiting a moment for it to show up.
pub async fn version(
    call: &Call,
    prompt_id: &str,
    version_id: &str,
    patient: bool,
) -> Result<Option<JsonObject>> {
    let (found, _) = call
        .patiently(|| async {
            let rows = versions(call, prompt_id).await?;
            let found = rows.into_iter().find(|row| text(row, "id") == Some(version_id));
            let enough = found.is_some() || !patient;
            Ok((found, enough))
        })
        .await?;
    Ok(found)
}

/// Whether the prompt shows this version as its default, waiting a moment for it.
pub async fn shows_default(call: &Call, prompt_id: &str, version: u64) -> bool {
    let shown = call
        .patiently(|| async {
            let prompt = call.get(PATH, json!({ "prompt_id": prompt_id })).await?;
            let shown = prompt.as_object().and_then(|prompt| number(prompt, "prompt_version"));
            Ok(((), shown == Some(version)))
        })
        .await;
    // A key that may publish need not be able to read.
    shown.map_or(true, |((), shown)| shown)
}

async fn versions(call: &Call, prompt_id: &str) -> Result<Vec<JsonObject>> {
    let answer = call.get(VERSIONS, json!({ "prompt_id": prompt_id })).await?;
    Ok(rows(LIST.read(answer.into(), None).into()))
}

fn newest(versions: &[JsonObject]) -> Option<&JsonObject> {
    versions.iter().max_by_key(|row| number(row, "prompt_version"))
}

/// Finds the prompt of that name in a collection, whatever its letters' case, on every page.
///
/// # Errors
/// Also when several have the name, or when one was created under it so lately that the search
/// does not show it yet.
pub async fn find(call: &Call, collection_id: &str, name: &str) -> Result<Option<JsonObject>> {
    let created = call.is_stale(&name_key(collection_id, name), CREATED);
    let (mut found, shown) = call
        .patiently(|| async {
            let found = search(call, collection_id, name).await?;
            let enough = !created || !found.is_empty();
            Ok((found, enough))
        })
        .await?;
    if !shown {
        return Err(Error::Stale(format!(
            "a prompt `{name}` was, or may have been, created moments ago and Portkey's search does not show it yet; nothing was written"
        )));
    }
    if found.len() > 1 {
        let all = found.iter().filter_map(|row| text(row, "id"));
        let ids = all.map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        return Err(Error::precondition(
            format!(
                "several prompts of the collection are called `{name}`: {ids}; nothing was written"
            ),
            "rename or delete all but one (update_prompt, delete_prompt), or change the right one with update_prompt",
        ));
    }
    Ok(found.pop())
}

/// Remembers that a prompt was, or may have been, created under this name.
pub fn remember_name(call: &Call, collection_id: &str, name: &str) {
    call.wrote(&name_key(collection_id, name), CREATED, None);
}

const CREATED: &str = "created";

fn name_key(collection_id: &str, name: &str) -> String {
    format!("prompts of {collection_id}\n{}", name.to_lowercase())
}

async fn search(call: &Call, collection_id: &str, name: &str) -> Result<Vec<JsonObject>> {
    let wanted = name.to_lowercase();
    let mut found = Vec::new();
    // A prompt can move to another page while the pages are read.
    let mut seen = HashSet::new();
    for page in 0_u64.. {
        let asked = json!({ "collection_id": collection_id, "search": name,
            "current_page": page, "page_size": PAGE_SIZE });
        let list: Value = LIST.read(call.get("/prompts", asked).await?.into(), None).into();
        let total = list.get("total").and_then(Value::as_u64).unwrap_or_default();
        let rows = rows(list);
        let (full, before) = (rows.len() as u64 >= PAGE_SIZE, seen.len());
        for row in rows {
            let named = text(&row, "name").is_some_and(|name| name.to_lowercase() == wanted);
            let new = seen.insert(text(&row, "id").unwrap_or_default().to_owned());
            if new && named {
                found.push(row);
            }
        }
        if seen.len() == before || !full && seen.len() as u64 >= total {
            break;
        }
    }
    Ok(found)
}

fn rows(list: Value) -> Vec<JsonObject> {
    let Value::Object(mut fields) = list else { return Vec::new() };
    let Some(Value::Array(rows)) = fields.remove("data") else { return Vec::new() };
    rows.into_iter()
        .filter_map(|row| if let Value::Object(row) = row { Some(row) } else { None })
        .collect()
}

fn object(answer: Value) -> Result<JsonObject> {
    match unwrapped(answer) {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::Answer("a prompt is no object".into())),
    }
}
