//! What holds for the whole organisation: its default guardrails, and who is let off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::DEFAULTS;
use crate::{
    tool::{Call, Error, JsonObject, Result, Workflow, unwrapped},
    tools::{fresh::Resource, shared::change::done},
};

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct OrganisationDefaults {}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateDefaults {
    /// All input guardrails, by slug or id, from list_guardrails.
    input_guardrails: Option<Vec<String>>,
    /// All output guardrails, likewise.
    output_guardrails: Option<Vec<String>>,
}

impl Workflow for UpdateDefaults {
    type Output = Value;

    /// Sends both lists: whether `PUT` keeps one that it is not given is not documented.
    async fn run(self, call: &Call) -> Result<Value> {
        let Self { input_guardrails, output_guardrails } = self;
        if input_guardrails.is_none() && output_guardrails.is_none() {
            let why = "nothing to change: give `input_guardrails` or `output_guardrails`";
            return Err(Error::argument("", why));
        }
        let defaults = Resource { path: DEFAULTS, named: None, version };
        let stored = defaults.read(call).await?;
        let mut body = JsonObject::new();
        for (name, given) in
            [("input_guardrails", input_guardrails), ("output_guardrails", output_guardrails)]
        {
            let list = match (given, stored.get(name)) {
                (Some(given), _) => given,
                (None, Some(stored)) => names(name, stored)?,
                // Nothing is known of it, so nothing is said of it.
                (None, None) => continue,
            };
            body.insert(name.into(), json!(list));
        }
        let answer = unwrapped(call.put(DEFAULTS, body.clone().into()).await?);
        let note = defaults.wrote(call, &stored, &by_slug(&body, &stored)).await;
        let mut told = done(body.into(), answer);
        told.extend(note.map(|note| ("note".to_owned(), note.into())));
        Ok(told.into())
    }
}

const LISTS: [&str; 2] = ["input_guardrails", "output_guardrails"];

/// Which guardrails there are, in whatever order and form.
fn version(shown: &Value) -> Value {
    let list = |field: &str| {
        let mut names = names(field, shown.get(field)?).ok()?;
        names.sort();
        Some(names)
    };
    LISTS.iter().map(|field| json!(list(field))).collect()
}

/// The lists as they will be read, as far as that is known: what came by its id has a slug there.
fn by_slug(body: &JsonObject, stored: &Value) -> JsonObject {
    let rows = || LISTS.iter().filter_map(|field| stored.get(field)?.as_array()).flatten();
    let slug = |name: &Value| {
        let row = rows().find(|row| row.get("id") == Some(name));
        row.and_then(|row| row.get("slug")).unwrap_or(name).clone()
    };
    let list = |names: &Value| names.as_array().into_iter().flatten().map(slug).collect();
    body.iter().map(|(field, names)| (field.clone(), list(names))).collect()
}

/// The guardrails of a stored list, which holds rows with id and slug, or only those.
fn names(field: &str, stored: &Value) -> Result<Vec<String>> {
    let unknown = || Error::Answer(format!("`{field}` of the organisation's defaults is no list"));
    let rows = match stored {
        Value::Null => return Ok(Vec::new()),
        Value::Array(rows) => rows,
        _ => return Err(unknown()),
    };
    let name = |row: &Value| {
        let name =
            row.as_str().or_else(|| row.get("slug")?.as_str()).or_else(|| row.get("id")?.as_str());
        name.map(str::to_owned).ok_or_else(unknown)
    };
    rows.iter().map(name).collect()
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct OrganisationId {
    /// From get_guardrail or list_prompt_labels.
    #[schemars(length(min = 1))]
    organisation_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Exclusions {
    #[serde(flatten)]
    organisation: OrganisationId,
    #[schemars(length(min = 1))]
    workspaces: Vec<Exclusion>,
    /// Check all others again.
    override_existing: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct Exclusion {
    /// From list_workspaces.
    #[schemars(length(min = 1))]
    workspace_id: String,
    /// true: not checked.
    excluded: bool,
}
