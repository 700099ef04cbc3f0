//! The tools: what is listed, and who answers a call.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, ClientCapabilities, JsonObject, Tool},
    service::RequestContext,
};
use serde_json::{Value, json};

use crate::{Change, Everything, asks, content, rounds, tasks::Job};

/// Names and texts of the tools without arguments. The first must be harmless: the suite calls it.
const PLAIN: [(&str, &str); 27] = [
    ("test_simple_text", "Answers with a text."),
    ("test_image_content", "Answers with an image."),
    ("test_audio_content", "Answers with a sound."),
    ("test_embedded_resource", "Answers with a resource."),
    ("test_multiple_content_types", "Answers with a text, an image and a resource."),
    ("test_error_handling", "Fails."),
    ("test_tool_with_logging", "Logs three messages."),
    ("test_tool_with_progress", "Reports three steps."),
    ("test_reconnection", "Answers after a while."),
    ("test_elicitation_sep1034_defaults", "Asks for values that have defaults."),
    ("test_elicitation_sep1330_enums", "Asks for a choice in each of the five forms."),
    ("test_missing_capability", "Needs a client that samples."),
    ("test_streaming_elicitation", "Asks for input without a request of its own."),
    ("test_logging_tool", "Logs where the request wants it."),
    ("test_trigger_tool_change", "Says that the list of tools changed."),
    ("test_trigger_prompt_change", "Says that the list of prompts changed."),
    ("test_input_required_result_elicitation", "Asks for a name."),
    ("test_input_required_result_sampling", "Asks the model for a capital."),
    ("test_input_required_result_list_roots", "Asks for the roots."),
    ("test_input_required_result_request_state", "Asks, and knows its question again."),
    ("test_input_required_result_multiple_inputs", "Asks three things at once."),
    ("test_input_required_result_multi_round", "Asks twice."),
    ("test_input_required_result_tampered_state", "Asks, and refuses a forged state."),
    ("test_input_required_result_capabilities", "Asks only what the client can answer."),
    ("failing_job", "A task that fails as a tool."),
    ("protocol_error_job", "A task that fails as a request."),
    ("multi_input", "A task that asks two things at once."),
];

pub fn all() -> Vec<Tool> {
    let plain = PLAIN.map(|(name, about)| tool(name, about, &json!({ "type": "object" })));
    let with_arguments = [
        tool("test_sampling", "Has the client's model answer.", &object("prompt", "string")),
        tool("test_elicitation", "Asks the user.", &object("message", "string")),
        tool("greet", "Greets, at once.", &object("name", "string")),
        tool("slow_compute", "A task that takes its time.", &compute()),
        tool("confirm_delete", "A task that asks first.", &object("filename", "string")),
        tool("test_tool_with_task", "Asks, then becomes a task.", &json!({ "type": "object" })),
        tool("test_custom_header", "Has an argument that a header repeats.", &in_header()),
        tool("json_schema_2020_12_tool", "Has a schema of many words.", &dialect()),
    ];
    plain.into_iter().chain(with_arguments).collect()
}

fn tool(name: &'static str, about: &'static str, schema: &Value) -> Tool {
    Tool::new(name, about, Arc::new(schema.as_object().unwrap().clone()))
}

fn object(name: &str, kind: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": kind } }, "required": [name] })
}

fn compute() -> Value {
    json!({ "type": "object", "properties": {
        "seconds": { "type": "number" },
        "label": { "type": "string" },
    } })
}

fn in_header() -> Value {
    json!({
        "type": "object",
        "properties": { "region": { "type": "string", "x-mcp-header": "Region" } },
        "required": ["region"],
    })
}

/// Words of JSON Schema 2020-12 that a server may not lose.
fn dialect() -> Value {
    let by_phone = json!({ "properties": { "contactMethod": { "const": "phone" } },
        "required": ["contactMethod"] });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
        } },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": by_phone,
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}

impl Everything {
    pub async fn call(
        &self,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let nothing = JsonObject::default();
        let arguments = request.arguments.as_ref().unwrap_or(&nothing);
        let text = |name: &str| {
            let missing = || ErrorData::invalid_params(format!("`{name}` has to be a text"), None);
            arguments.get(name).and_then(Value::as_str).ok_or_else(missing)
        };
        match &*request.name {
            "test_tool_with_logging" => content::logged(context).await,
            "test_tool_with_progress" => content::stepwise(context).await,
            "test_reconnection" => content::slow().await,
            "test_logging_tool" => content::logged_if_wanted(context).await,
            "test_sampling" => asks::sample(text("prompt")?, context).await,
            "test_elicitation" => asks::elicit(text("message")?, &asks::user(), context).await,
            "test_elicitation_sep1034_defaults" => {
                asks::elicit("Values with defaults", &asks::defaults(), context).await
            }
            "test_elicitation_sep1330_enums" => {
                asks::elicit("Five choices", &asks::choices(), context).await
            }
            "test_missing_capability" => match context.client_capabilities() {
                Some(ClientCapabilities { sampling: Some(_), .. }) => Ok(content::text("sampled")),
                _ => Err(ErrorData::missing_required_client_capability(
                    ClientCapabilities::builder().enable_sampling().build(),
                )),
            },
            "test_trigger_tool_change" => Ok(self.change(Change::Tools)),
            "test_trigger_prompt_change" => Ok(self.change(Change::Prompts)),
            "test_custom_header" => Ok(content::text(text("region")?)),
            "greet" => Ok(content::text(&format!("Hello, {}!", text("name")?))),
            "json_schema_2020_12_tool" => Ok(content::text("valid")),
            name => {
                if let Some(job) = Job::of(name, arguments) {
                    return self.begin(job, request, context).await;
                }
                let rounds = rounds::answer(name, request, context, &self.key);
                rounds.or_else(|| content::fixed(name).map(Ok)).unwrap_or_else(|| {
                    let why = format!("there is no tool `{name}`");
                    Err(ErrorData::invalid_params(why, None))
                })
            }
        }
    }

    fn change(&self, what: Change) -> CallToolResponse {
        // Nobody may be listening.
        let told = self.changes.send(what).unwrap_or_default();
        content::text(&format!("told {told}"))
    }
}
