//! What a version of a prompt holds: as a model gives it, and as the API takes it.
//!
//! The API keeps a chat template as JSON text of its messages in `string`, each with its content as
//! a list of parts (observed; the description says only "string"). Documents pass through as they
//! are: the types here check and describe, they do not carry.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::tool::{Error, JsonObject, Result};
pub use crate::tools::shared::Open;

/// The fields that most tools of this domain share.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct Template {
    /// Text with {{variables}}, or JSON text of messages.
    string: Option<String>,
    /// Chat template; instead of string.
    messages: Option<Vec<Message>>,
    model: Option<String>,
    /// For the history.
    version_description: Option<String>,
    /// Such as app and env; merged, null deletes.
    template_metadata: Option<Open>,
    /// Older form of tools.
    functions: Option<Vec<Function>>,
    /// An empty list removes the stored ones.
    tools: Option<Vec<ToolDefinition>>,
    tool_choice: Option<ToolChoice>,
    is_raw_template: Option<bool>,
}

/// A version's fields by the API's names. Metadata stands apart: POST and PUT name it differently.
#[derive(Debug, Default)]
pub struct Folded {
    pub version: JsonObject,
    pub metadata: Option<JsonObject>,
}

impl Template {
    /// The given fields as the API takes them.
    pub fn fold(self) -> Result<Folded> {
        let string = match (self.string, self.messages) {
            (Some(_), Some(_)) => {
                return Err(Error::argument("messages", "and `string` are the same: give one"));
            }
            (string, None) => string,
            (None, Some(messages)) => Some(chat(messages)?),
        };
        let list = |items: Vec<JsonObject>| items.into_iter().map(Value::Object).collect::<Value>();
        let fields = [
            ("string", string.map(Value::from)),
            ("model", self.model.map(Value::from)),
            ("version_description", self.version_description.map(Value::from)),
            ("functions", self.functions.map(|all| list(all.into_iter().map(|it| it.0).collect()))),
            ("tools", self.tools.map(|all| list(all.into_iter().map(|it| it.0).collect()))),
            ("tool_choice", self.tool_choice.map(ToolChoice::fold).transpose()?),
            ("is_raw_template", self.is_raw_template.map(|raw| u8::from(raw).into())),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let metadata = self.template_metadata.map(|Open(fields)| fields);
        Ok(Folded { version: given.collect(), metadata })
    }
}

impl Folded {
    /// Refuses a new prompt without a template.
    pub fn with_string(self) -> Result<Self> {
        if self.version.contains_key("string") {
            Ok(self)
        } else {
            Err(Error::argument("string", "or `messages` is required"))
        }
    }
}

/// For the other tools that take a template.
pub fn told_in_create_prompt(schema: &mut schemars::Schema) {
    crate::schema::tell_briefly(
        schema,
        &[
            ("messages", "As in create_prompt."),
            ("functions", "As in create_prompt."),
            ("tools", "As in create_prompt; [] removes them."),
            ("tool_choice", "As in create_prompt."),
        ],
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_message)]
struct Message(JsonObject);

fn describe_message(schema: &mut schemars::Schema) {
    describe(
        schema,
        json!({
            "description": "content: text or a list of parts.",
            "properties": { "role": { "type": "string" } },
            "required": ["role"],
        }),
    );
}

/// Chat messages as JSON text.
fn chat(messages: Vec<Message>) -> Result<String> {
    let mut folded = Vec::new();
    for (i, Message(mut message)) in messages.into_iter().enumerate() {
        match message.get_mut("content") {
            Some(content @ Value::String(_)) => {
                *content = json!([{ "type": "text", "text": content.take() }]);
            }
            Some(Value::Array(_) | Value::Null) => {}
            _ => {
                let argument = format!("messages[{i}].content");
                return Err(Error::argument(argument, "has to be text or a list of parts"));
            }
        }
        folded.push(Value::Object(message));
    }
    Ok(Value::Array(folded).to_string())
}

/// The messages in a template's text, if it is a chat template.
pub fn messages(string: &str) -> Option<Value> {
    let messages: Vec<JsonObject> = serde_json::from_str(string).ok()?;
    let all = !messages.is_empty() && messages.iter().all(|message| message.contains_key("role"));
    all.then(|| messages.into_iter().map(Value::Object).collect())
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_function)]
struct Function(JsonObject);

fn describe_function(schema: &mut schemars::Schema) {
    describe(
        schema,
        json!({
            "properties": { "name": { "type": "string" } },
            "required": ["name"],
        }),
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_tool)]
struct ToolDefinition(JsonObject);

fn describe_tool(schema: &mut schemars::Schema) {
    let function = json!({
        "type": "object",
        "description": "Name, description, parameters (JSON Schema).",
        "properties": { "name": { "type": "string" } },
        "additionalProperties": true,
    });
    describe(
        schema,
        json!({
            "properties": { "type": { "type": "string" }, "function": function },
            "required": ["type"],
        }),
    );
}

/// Which tool the model uses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = describe_choice)]
struct ToolChoice(JsonObject);

fn describe_choice(schema: &mut schemars::Schema) {
    describe(
        schema,
        json!({
            "description": "Mode (function with function_name), or OpenAI's type and function.",
            "x-text": "mode",
            "properties": {
                "mode": { "type": "string", "enum": ["auto", "none", "required", "function"] },
                "function_name": { "type": "string" },
                "type": { "type": "string" },
                "function": { "type": "object", "properties": { "name": { "type": "string" } }, "additionalProperties": true },
            },
        }),
    );
}

impl ToolChoice {
    /// The form that models take: `"auto"`, or `{"type": "function", "function": {"name": …}}`.
    fn fold(self) -> Result<Value> {
        let Self(mut fields) = self;
        let Some(mode) = fields.shift_remove("mode") else {
            return Ok(Value::Object(fields));
        };
        let name = fields.shift_remove("function_name");
        let wrong = |why: &str| Err(Error::argument("tool_choice", why));
        match (name, mode == "function") {
            _ if !fields.is_empty() => wrong("has `mode` and other fields: give one form"),
            (Some(name), true) => Ok(json!({ "type": "function", "function": { "name": name } })),
            (None, true) => wrong("needs `function_name` with mode function"),
            (Some(_), false) => wrong("takes `function_name` only with mode function"),
            (None, false) => Ok(mode),
        }
    }
}

/// Makes `schema` an open object with this content.
fn describe(schema: &mut schemars::Schema, content: Value) {
    let object = schema.ensure_object();
    object.insert("type".into(), "object".into());
    object.insert("additionalProperties".into(), true.into());
    if let Value::Object(content) = content {
        object.extend(content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(template: Value) -> Result<Folded, String> {
        let template: Template = serde_json::from_value(template).unwrap();
        template.fold().map_err(|error| error.to_string())
    }

    fn choice(choice: &Value) -> Result<Value, String> {
        folded(json!({ "tool_choice": choice })).map(|it| it.version["tool_choice"].clone())
    }

    #[test]
    fn messages_become_the_text_that_the_api_stores() {
        let parts =
            json!([{ "type": "image_url", "image_url": { "url": "{{u}}", "detail": null } }]);
        let given = json!([
            { "role": "system", "content": "Be {{tone}}." },
            { "role": "user", "content": parts },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "1" }] },
        ]);
        let string = folded(json!({ "messages": given })).unwrap().version["string"].clone();
        let want = json!([
            { "role": "system", "content": [{ "type": "text", "text": "Be {{tone}}." }] },
            { "role": "user", "content": parts },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "1" }] },
        ]);
        assert_eq!(messages(string.as_str().unwrap()), Some(want));
    }

    #[test]
    fn a_template_comes_once_and_content_is_text_or_parts() {
        let both = folded(json!({ "string": "s", "messages": [] })).unwrap_err();
        assert!(both.contains("`messages` and `string` are the same"), "{both}");
        let wrong = folded(json!({ "messages": [{ "role": "user", "content": 5 }] })).unwrap_err();
        assert!(wrong.contains("`messages[0].content` has to be text"), "{wrong}");
        let none = folded(json!({})).unwrap().with_string().unwrap_err().to_string();
        assert!(none.contains("`string` or `messages` is required"), "{none}");
    }

    #[test]
    fn documents_keep_their_nulls_and_their_order() {
        let tools =
            json!([{ "type": "function", "function": { "name": "f", "strict": null, "a": 1 } }]);
        let given = json!({ "tools": tools, "functions": [], "is_raw_template": true,
            "template_metadata": { "gone": null } });
        let Folded { version, metadata } = folded(given).unwrap();
        let want = json!({ "functions": [], "tools": tools, "is_raw_template": 1 });
        assert_eq!(serde_json::to_string(&version).unwrap(), want.to_string());
        assert_eq!(Value::from(metadata.unwrap()), json!({ "gone": null }));
    }

    #[test]
    fn a_tool_choice_comes_in_both_forms() {
        let function = json!({ "type": "function", "function": { "name": "f" } });
        assert_eq!(choice(&json!({ "mode": "auto" })).unwrap(), "auto");
        assert_eq!(choice(&json!({ "mode": "function", "function_name": "f" })).unwrap(), function);
        assert_eq!(choice(&function).unwrap(), function);
        for wrong in [
            json!({ "mode": "function" }),
            json!({ "mode": "auto", "function_name": "f" }),
            json!({ "mode": "auto", "type": "function" }),
        ] {
            assert!(choice(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn text_that_is_no_list_of_messages_is_no_chat_template() {
        for text in ["Hello {{name}}", "[]", "[1]", "[{\"a\": 1}]", "{\"role\": \"user\"}"] {
            assert_eq!(messages(text), None, "{text}");
        }
    }
}
