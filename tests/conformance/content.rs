//! Answers of a fixed shape, and what comes before an answer: log messages and progress.

use std::time::Duration;

use rmcp::{
    ErrorData, RoleServer,
    model::{
        CallToolResponse, CallToolResult, LoggingLevel, LoggingMessageNotificationParam,
        ProgressNotificationParam,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// One pixel.
pub const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
/// A header and no sound.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

const PAUSE: Duration = Duration::from_millis(50);

/// A result of this kind; rmcp takes the type off again for legacy clients.
pub fn complete<T: DeserializeOwned>(mut result: Value) -> T {
    result["resultType"] = "complete".into();
    serde_json::from_value(result).expect("a result")
}

pub fn text(text: &str) -> CallToolResponse {
    said(text).into()
}

pub fn said(text: &str) -> CallToolResult {
    complete(json!({ "content": [{ "type": "text", "text": text }] }))
}

pub fn failed(text: &str) -> CallToolResult {
    complete(json!({ "isError": true, "content": [{ "type": "text", "text": text }] }))
}

/// The answer of a tool that always gives the same.
pub fn fixed(name: &str) -> Option<CallToolResponse> {
    let image = json!({ "type": "image", "data": PNG, "mimeType": "image/png" });
    let resource = |uri: &str, kind: &str, text: &str| json!({ "type": "resource", "resource": { "uri": uri, "mimeType": kind, "text": text } });
    let text = |text: &str| json!({ "type": "text", "text": text });
    let content = match name {
        "test_simple_text" => json!([text("This is a simple text response for testing.")]),
        "test_image_content" => json!([image]),
        "test_audio_content" => {
            json!([{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }])
        }
        "test_embedded_resource" => {
            json!([resource("test://embedded-resource", "text/plain", "An embedded resource.")])
        }
        "test_multiple_content_types" => json!([
            text("Three kinds of content:"),
            image,
            resource("test://mixed-content-resource", "application/json", r#"{"value":123}"#),
        ]),
        "test_error_handling" => {
            return Some(failed("Failed as told.").into());
        }
        _ => return None,
    };
    Some(complete::<CallToolResult>(json!({ "content": content })).into())
}

pub async fn logged(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    for message in ["Started", "Half done", "Done"] {
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(message));
        gone(context.peer.notify_logging_message(message).await)?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(text("logged"))
}

/// A modern request says itself what it wants logged.
pub async fn logged_if_wanted(
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    match context.meta.log_level() {
        Some(_) => logged(context).await,
        None => Ok(text("nothing logged")),
    }
}

pub async fn stepwise(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    for done in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let step = ProgressNotificationParam::new(token, done).with_total(100.0);
            gone(context.peer.notify_progress(step).await)?;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(text("done in three steps"))
}

pub async fn slow() -> Result<CallToolResponse, ErrorData> {
    tokio::time::sleep(PAUSE * 4).await;
    Ok(text("there"))
}

/// A client that has gone needs no answer.
pub fn gone<T>(sent: Result<T, rmcp::ServiceError>) -> Result<T, ErrorData> {
    sent.map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
