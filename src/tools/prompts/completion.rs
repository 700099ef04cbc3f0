//! Using a prompt: filling its template, running it, and the metadata that its cost is booked on.
//!
//! Overrides of model parameters stand at the top level of the body (facts.md, "Spec against
//! reality" 15).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::template::Open;
use crate::tool::{Call, Error, JsonObject, Result, Workflow, unwrapped};

/// What a completion's metadata has to name.
const REQUIRED: [&str; 3] = ["client_id", "app", "env"];

/// The longest value of metadata that Portkey keeps, in characters.
const VALUE_MAX_CHARS: usize = 128;

/// As the API takes it; the model's form is [`RenderPromptArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "RenderPromptArgs")]
pub struct RenderPrompt {
    prompt_id: String,
    variables: JsonObject,
    #[serde(flatten)]
    overrides: JsonObject,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct RenderPromptArgs {
    /// Id or slug, with @version or @label if wanted.
    #[schemars(length(min = 1))]
    prompt_id: String,
    /// Values by name.
    variables: Open,
    hyperparameters: Option<Hyperparameters>,
}

impl TryFrom<RenderPromptArgs> for RenderPrompt {
    type Error = String;

    fn try_from(args: RenderPromptArgs) -> Result<Self, String> {
        let RenderPromptArgs { prompt_id, variables: Open(variables), hyperparameters } = args;
        let overrides = hyperparameters.map(Hyperparameters::fold).transpose()?.unwrap_or_default();
        Ok(Self { prompt_id, variables, overrides })
    }
}

/// Model parameters that override the prompt's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe)]
struct Hyperparameters(JsonObject);

fn describe(schema: &mut schemars::Schema) {
    let described = json!({
        "type": "object",
        "description": "Override the prompt's; others pass through.",
        "additionalProperties": true,
        "properties": {
            "max_tokens": { "type": "integer", "minimum": 1 },
            "max_completion_tokens": { "type": "integer", "minimum": 1 },
            "temperature": { "type": "number", "minimum": 0, "maximum": 2 },
            "top_p": { "type": "number", "minimum": 0, "maximum": 1 },
            "top_k": { "type": "number", "exclusiveMinimum": 0 },
            "presence_penalty": { "type": "number", "minimum": -2, "maximum": 2 },
            "frequency_penalty": { "type": "number", "minimum": -2, "maximum": 2 },
            "stop": { "type": "array", "items": { "type": "string" } },
        },
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

impl Hyperparameters {
    /// The overrides, none of which may stand for another argument.
    fn fold(self) -> Result<JsonObject, String> {
        let Self(fields) = self;
        for name in ["prompt_id", "variables", "metadata", "stream"] {
            if fields.contains_key(name) {
                return Err(format!("`hyperparameters.{name}` is no model parameter"));
            }
        }
        Ok(fields)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(transform = told_elsewhere)]
pub struct RunPromptCompletion {
    /// Id or slug, with @version or @label if wanted.
    #[schemars(length(min = 1))]
    prompt_id: String,
    /// Values by name.
    variables: Open,
    metadata: Metadata,
    hyperparameters: Option<Hyperparameters>,
}

fn told_elsewhere(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(schema, &[("hyperparameters", "As in render_prompt.")]);
}

/// What the request's cost is booked on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_metadata)]
struct Metadata(JsonObject);

fn describe_metadata(schema: &mut schemars::Schema) {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let plain = json!({ "type": "string" });
    let described = json!({
        "type": "object",
        "description": "What the request's cost is booked on; other keys pass through.",
        "additionalProperties": { "description": "Text of at most 128 characters." },
        "properties": {
            "client_id": plain,
            "app": plain,
            "env": text("Such as prod."),
            "project_id": text("Recommended."),
            "feature": plain,
        },
        "required": REQUIRED,
    });
    if let Value::Object(described) = described {
        *schema = described.into();
    }
}

impl Workflow for RunPromptCompletion {
    type Output = Value;

    async fn run(self, call: &Call) -> Result<Value> {
        let Self { prompt_id, variables: Open(variables), metadata: Metadata(metadata), .. } = self;
        let Validity { valid, errors, warnings } = check(&metadata);
        if !valid {
            return Err(Error::argument("metadata", errors.join("; ")));
        }
        let overrides = self.hyperparameters.map(Hyperparameters::fold).transpose();
        let overrides = overrides.map_err(|why| Error::argument("", why))?;
        let mut body = overrides.unwrap_or_default();
        body.insert("prompt_id".into(), prompt_id.into());
        body.insert("variables".into(), variables.into());
        body.insert("metadata".into(), metadata.into());
        body.insert("stream".into(), false.into());
        let answer = call.post("/prompts/{prompt_id}/completions", body.into()).await?;
        let mut answer = unwrapped(answer);
        if let Value::Object(fields) = &mut answer
            && !warnings.is_empty()
        {
            fields.insert("warnings".into(), warnings.into());
        }
        Ok(answer)
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ValidateCompletionMetadata {
    client_id: Option<String>,
    app: Option<String>,
    env: Option<String>,
    /// Recommended.
    project_id: Option<String>,
    feature: Option<String>,
}

/// Whether run_prompt_completion would take the metadata.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Validity {
    valid: bool,
    /// What stands in the way of a completion.
    errors: Vec<String>,
    /// What would be better.
    warnings: Vec<String>,
}

impl Workflow for ValidateCompletionMetadata {
    type Output = Validity;

    async fn run(self, _: &Call) -> Result<Validity> {
        let mut metadata = JsonObject::new();
        if let Ok(Value::Object(given)) = serde_json::to_value(self) {
            metadata.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
        }
        Ok(check(&metadata))
    }
}

fn check(metadata: &JsonObject) -> Validity {
    let blank = |name: &&str| {
        let value = metadata.get(*name).and_then(Value::as_str);
        value.is_none_or(|text| text.trim().is_empty())
    };
    let missing = REQUIRED.iter().filter(|name| blank(name));
    let errors: Vec<String> = missing.map(|name| format!("`{name}` is missing or empty")).collect();
    let mut warnings = Vec::new();
    if blank(&"project_id") {
        warnings.push("`project_id` is missing: the cost cannot be split by project".to_owned());
    }
    for (name, value) in metadata {
        match value.as_str() {
            None => warnings.push(format!("`{name}` is no text: Portkey may drop it")),
            Some(text) if text.chars().count() > VALUE_MAX_CHARS => {
                warnings.push(format!("`{name}` has more than {VALUE_MAX_CHARS} characters"));
            }
            Some(_) => {}
        }
    }
    Validity { valid: errors.is_empty(), errors, warnings }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(metadata: Value) -> Value {
        let Value::Object(metadata) = metadata else { unreachable!() };
        json!(check(&metadata))
    }

    #[test]
    fn metadata_names_client_app_and_env() {
        let whole = json!({ "client_id": "c", "app": "a", "env": "e", "project_id": "p" });
        assert_eq!(checked(whole), json!({ "valid": true, "errors": [], "warnings": [] }));
        let blank = checked(json!({ "client_id": "c", "app": " ", "seats": 5 }));
        assert_eq!(blank["valid"], false);
        assert_eq!(
            blank["errors"],
            json!(["`app` is missing or empty", "`env` is missing or empty"])
        );
        assert_eq!(blank["warnings"].as_array().map(Vec::len), Some(2), "{blank}");
    }

    #[test]
    fn overrides_stand_beside_the_variables_and_replace_none_of_them() {
        let args = json!({ "prompt_id": "p", "variables": { "a": null }, "hyperparameters": { "top_p": 1 } });
        let body: RenderPrompt = serde_json::from_value(args).unwrap();
        let want = json!({ "prompt_id": "p", "variables": { "a": null }, "top_p": 1 });
        assert_eq!(json!(body), want);
        let args =
            json!({ "prompt_id": "p", "variables": {}, "hyperparameters": { "stream": true } });
        let why = serde_json::from_value::<RenderPrompt>(args).unwrap_err().to_string();
        assert!(why.contains("`hyperparameters.stream` is no model parameter"), "{why}");
    }
}
