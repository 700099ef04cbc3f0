//! Checks and actions: carried as they are, with the keys that help a model named in the schemas.
//!
//! Ids of checks are open-ended, since plugins add some. The API wants all four actions and wraps
//! what is recorded in `feedback`; other clients give it flat, and both are taken here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tool::JsonObject;

/// Elements may be anything here: the argument of an update is carried past its schema.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_checks)]
pub struct Checks(pub Vec<Value>);

#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_actions)]
pub struct Actions(pub JsonObject);

fn describe_checks(schema: &mut schemars::Schema) {
    let described = json!({
        "type": "array",
        "description": "Parameters depend on the id.",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {
                "id": { "type": "string", "description": "Such as portkey.pii or default.regexMatch." },
                "name": { "type": "string" },
                "is_enabled": { "type": "boolean" },
                "parameters": { "type": "object", "properties": {},
                    "additionalProperties": { "description": "Any JSON value." } },
            },
            "required": ["id"],
            "additionalProperties": true,
        },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

fn describe_actions(schema: &mut schemars::Schema) {
    let feedback = json!({
        "type": "object",
        "description": "Feedback to record.",
        "properties": { "value": { "type": "number" }, "weight": { "type": "number" } },
        "additionalProperties": true,
    });
    let described = json!({
        "type": "object",
        "properties": {
            "deny": { "type": "boolean", "description": "Refuse when a check fails." },
            "async": { "type": "boolean", "description": "Check beside the request: no refusal." },
            "on_success": feedback,
            "on_fail": feedback,
        },
        "additionalProperties": true,
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

/// The actions with what is recorded wrapped in `feedback`, as the API wants it.
///
/// # Errors
/// When it came flat and wrapped at once.
pub fn wrapped(actions: Actions) -> Result<JsonObject, String> {
    let Actions(mut actions) = actions;
    for name in ["on_success", "on_fail"] {
        let Some(Value::Object(fields)) = actions.get_mut(name) else { continue };
        let mut flat = JsonObject::new();
        for field in ["value", "weight", "metadata"] {
            flat.extend(fields.shift_remove(field).map(|value| (field.to_owned(), value)));
        }
        if !flat.is_empty() {
            if fields.contains_key("feedback") {
                return Err(format!("`actions.{name}` has `feedback` and fields of it: give one"));
            }
            fields.insert("feedback".into(), flat.into());
        }
        // The API takes text; other clients give an object.
        if let Some(metadata) = fields.get_mut("feedback").and_then(|it| it.get_mut("metadata"))
            && metadata.is_object()
        {
            *metadata = metadata.to_string().into();
        }
    }
    Ok(actions)
}

/// Adds the defaults that the API documents, all of which it requires.
pub fn completed(mut actions: JsonObject) -> JsonObject {
    for name in ["deny", "async"] {
        actions.entry(name).or_insert(Value::Bool(false));
    }
    for (name, value) in [("on_success", 5), ("on_fail", -5)] {
        let fields = actions.entry(name).or_insert_with(|| json!({}));
        let Value::Object(fields) = fields else { continue };
        let feedback = fields.entry("feedback").or_insert_with(|| json!({}));
        let Value::Object(feedback) = feedback else { continue };
        for (field, default) in
            [("value", json!(value)), ("weight", json!(1)), ("metadata", json!(""))]
        {
            feedback.entry(field).or_insert(default);
        }
    }
    actions
}

/// As the API takes it; the model's form is [`CreateGuardrailArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "CreateGuardrailArgs")]
pub struct CreateGuardrail {
    name: String,
    target: Option<Target>,
    checks: Option<Checks>,
    actions: Option<JsonObject>,
    workspace_id: Option<String>,
    organisation_id: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct CreateGuardrailArgs {
    #[schemars(length(min = 1))]
    name: String,
    /// Default llm; mcp_tools needs no checks.
    target: Option<Target>,
    checks: Option<Checks>,
    actions: Option<Actions>,
    /// UUID, from list_workspaces.
    #[schemars(extend("format" = "uuid"))]
    workspace_id: Option<String>,
    /// For one that serves all workspaces.
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Target {
    Llm,
    McpTools,
}

impl TryFrom<CreateGuardrailArgs> for CreateGuardrail {
    type Error = String;

    fn try_from(args: CreateGuardrailArgs) -> Result<Self, String> {
        let CreateGuardrailArgs { name, target, checks, actions, workspace_id, organisation_id } =
            args;
        if target != Some(Target::McpTools) {
            let missing = [("checks", checks.is_none()), ("actions", actions.is_none())];
            if let Some((missing, _)) = missing.into_iter().find(|(_, missing)| *missing) {
                return Err(format!("`{missing}` is required unless `target` is mcp_tools"));
            }
        }
        let actions = actions.map(wrapped).transpose()?.map(completed);
        Ok(Self { name, target, checks, actions, workspace_id, organisation_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(actions: Value) -> Result<Value, String> {
        let actions = wrapped(serde_json::from_value(actions).unwrap())?;
        Ok(completed(actions).into())
    }

    #[test]
    fn what_is_recorded_is_wrapped_and_completed() {
        let fail = json!({ "feedback": { "value": -5, "weight": 1, "metadata": "" } });
        let given = json!({ "deny": true, "on_success": { "value": 1, "metadata": { "a": 1 } } });
        let feedback = json!({ "value": 1, "metadata": "{\"a\":1}", "weight": 1 });
        assert_eq!(
            sent(given).unwrap(),
            json!({ "deny": true, "async": false, "on_success": { "feedback": feedback }, "on_fail": fail })
        );
        let api = json!({ "deny": false, "async": true, "on_success": fail, "on_fail": fail,
            "on_fail_action": "x", "message": "m" });
        assert_eq!(sent(api.clone()).unwrap(), api);
        let both = json!({ "on_fail": { "feedback": {}, "value": 1 } });
        assert!(sent(both).unwrap_err().contains("`actions.on_fail`"));
    }
}
