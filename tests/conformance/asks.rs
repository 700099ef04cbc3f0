//! Requests to a legacy client in the middle of a call (sampling and elicitation).

use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolResponse, ClientResult, ElicitRequest, ServerRequest},
    service::RequestContext,
};
use serde_json::{Value, json};

use crate::content::{gone, text};

pub async fn sample(
    prompt: &str,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let message = json!({ "role": "user", "content": { "type": "text", "text": prompt } });
    let params = json!({ "messages": [message], "maxTokens": 100 });
    let params = serde_json::from_value(params).expect("a request");
    let answer = gone(context.peer.create_message(params).await)?;
    let answer = serde_json::to_value(&answer).expect("JSON");
    Ok(text(&format!("LLM response: {}", answer["content"])))
}

pub async fn elicit(
    message: &str,
    schema: &Value,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let request = ServerRequest::ElicitRequest(elicitation(message, schema));
    let ClientResult::ElicitResult(answer) = gone(context.peer.send_request(request).await)? else {
        return Err(ErrorData::internal_error("this is no answer to an elicitation", None));
    };
    let answer = serde_json::to_value(&answer).expect("JSON");
    Ok(text(&format!("action={}, content={}", answer["action"], answer["content"])))
}

pub fn elicitation(message: &str, schema: &Value) -> ElicitRequest {
    let params = json!({ "message": message, "requestedSchema": schema });
    let request = json!({ "method": "elicitation/create", "params": params });
    serde_json::from_value(request).expect("a request")
}

/// A form; every field is required but those that have a default.
pub fn form(fields: &Value) -> Value {
    let fields = fields.as_object().expect("fields");
    let required: Vec<&String> = fields
        .iter()
        .filter(|(_, field)| field.get("default").is_none())
        .map(|(name, _)| name)
        .collect();
    json!({ "type": "object", "properties": fields, "required": required })
}

pub fn user() -> Value {
    form(&json!({
        "username": { "type": "string", "description": "What you are called" },
        "email": { "type": "string", "description": "Where you can be reached" },
    }))
}

/// SEP-1034: a default of every kind.
pub fn defaults() -> Value {
    form(&json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": {
            "type": "string", "enum": ["active", "inactive", "pending"], "default": "active"
        },
        "verified": { "type": "boolean", "default": true },
    }))
}

/// SEP-1330: a choice in each of its five forms.
pub fn choices() -> Value {
    let titled = json!([
        { "const": "value1", "title": "First" },
        { "const": "value2", "title": "Second" },
        { "const": "value3", "title": "Third" },
    ]);
    let plain = ["option1", "option2", "option3"];
    form(&json!({
        "untitledSingle": { "type": "string", "enum": plain },
        "titledSingle": { "type": "string", "oneOf": titled },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled } },
    }))
}
