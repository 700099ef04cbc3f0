//! What holds for the whole organisation: its default guardrails, and who is let off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::DEFAULTS;
use crate::{
    tool::{Call, Error, JsonObject, Result, Workflow, unwrapped},
    tools::shared::change::done,
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
        let mut stored = Value::Null;
        if input_guardrails.is_none() || output_guardrails.is_none() {
            stored = unwrapped(call.get(DEFAULTS, json!({})).await?);
        }
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
        let body = Value::Object(body);
        let answer = unwrapped(call.put(DEFAULTS, body.clone()).await?);
        Ok(done(body, answer).into())
    }
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
